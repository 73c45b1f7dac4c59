"""An archive laid out as Paddle-Lite's releases are, with a library of the same interface that only adds up its input.

It is compiled for ARM by a real cross compiler; what is in the archive beside the library stands there as it does in a
release, links of demonstrations included.
"""

from __future__ import annotations

import io
import subprocess
import tarfile
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).with_name("lite")
NAME = "inference_lite_lib.armlinux.armv8.gcc.with_extra.with_cv"
NAME_32 = "inference_lite_lib.armlinux.armv7hf.gcc.with_extra.with_cv"


def release_archive(name: str = NAME, tools: str = "aarch64-linux-gnu") -> bytes:
    """NAME.tar.gz, by the compiler of those tools."""
    interface = (ROOT / "android_runner/src/engines/lite_api.h").read_text(encoding="utf-8")
    header = "#define EDGEBENCH_LITE_MINOR 13\n" + interface
    packed = io.BytesIO()
    with tempfile.TemporaryDirectory() as scratch, tarfile.open(fileobj=packed, mode="w:gz") as tar:
        place = Path(scratch)
        (place / "paddle_api.h").write_text(header, encoding="utf-8")
        compiler = [f"{tools}-g++", "-std=c++17", "-O1", "-w", "-I", scratch, "-c", str(HERE / "light.cpp")]
        subprocess.run([*compiler, "-o", str(place / "light.o")], check=True, timeout=300)
        archive = place / "libpaddle_api_light_bundled.a"
        subprocess.run([f"{tools}-ar", "rcs", str(archive), str(place / "light.o")], check=True, timeout=60)
        tar.add(place / "paddle_api.h", f"{name}/cxx/include/paddle_api.h")
        tar.add(archive, f"{name}/cxx/lib/{archive.name}")
        link = tarfile.TarInfo(f"{name}/demo/cxx/libs")
        link.type, link.linkname = tarfile.SYMTYPE, "../../cxx/lib"
        tar.addfile(link)
        words = b"cmake_minimum_required(VERSION 3.10)\n"
        demo = tarfile.TarInfo(f"{name}/demo/cxx/CMakeLists.txt")
        demo.size = len(words)
        tar.addfile(demo, io.BytesIO(words))
    return packed.getvalue()
