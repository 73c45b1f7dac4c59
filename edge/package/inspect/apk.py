"""What is particular to an APK: how its entries are stored, and its signature."""

from __future__ import annotations

import struct
import zipfile
from pathlib import Path

from edge.errors import PackageError
from edge.package.inspect.report import Report
from edge.package.sdk import PACKAGES, run_tool
from edge.toolchain.android_sdk import find_tool
from edge.untrusted.files import open_file
from edge.untrusted.zip import ZipReader

_SIGNING_BLOCK = b"APK Sig Block 42"


def inspect_apk(report: Report, archive: ZipReader) -> None:
    """Add facts and checks."""
    stored = [info for info in archive.infos if info.compress_type == zipfile.ZIP_STORED]
    wanted = {name for name in archive.names if name.endswith("/model.nb") or name == "resources.arsc"}
    compressed = sorted(wanted - {info.filename for info in stored})
    report.check("models and resources are stored uncompressed", not compressed, f"not so: {', '.join(compressed)}")
    astray = [info.filename for info in stored if _data_offset(report.path, info) % 4]
    report.check("every stored entry is aligned to 4 bytes", not astray, f"not so: {', '.join(astray)}")
    if (aapt2 := find_tool("aapt2")) is not None:
        try:
            report.sections["App"] = {
                "package": run_tool([aapt2, "dump", "packagename", report.path], "no package").strip()
            }
        except PackageError as error:
            report.check("manifest", False, error.message)
    else:
        report.check("manifest", None, f"aapt2 is not here: sudo apt-get install {PACKAGES[0]}")
    _signature(report)


def _signature(report: Report) -> None:
    apksigner = find_tool("apksigner")
    if apksigner is None:
        with open_file(report.path) as stream:
            stream.seek(max(0, report.size - (8 << 20)))
            signed = _SIGNING_BLOCK in stream.read()
        missing = f"apksigner is not here: sudo apt-get install {PACKAGES[1]}"
        report.check("signature", None if signed else False, missing if signed else "there is none")
        return
    try:
        printed = run_tool([apksigner, "verify", "--print-certs", report.path], "apksigner")
    except PackageError as error:
        report.check("signature", False, error.message)
        return
    report.check("signature", True)
    signer = next((line.partition(": ")[2] for line in printed.splitlines() if "certificate DN" in line), "unknown")
    report.sections["Signer"] = {"certificate": signer}


def _data_offset(path: Path, info: zipfile.ZipInfo) -> int:
    """Where an entry's data begins: behind its local header, whose extra field differs from the directory's."""
    with open_file(path) as stream:
        stream.seek(info.header_offset + 26)
        name, extra = struct.unpack("<HH", stream.read(4))
    return info.header_offset + 30 + int(name) + int(extra)
