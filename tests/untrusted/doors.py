"""Every kind of bytes that comes from outside: sound ones to begin with, and all that edgezoo does with them by itself."""

from __future__ import annotations

import importlib.util
import io
import json
import math
import os
import pickle
import resource
import shutil
import signal
import tarfile
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stdout, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from types import FrameType
from typing import Any

import numpy as np
from PIL import Image

from edge.errors import EdgezooError
from edge.toolchain.engines import WORKERS
from tests.untrusted import programs
from tests.untrusted.mutations import mutate, mutate_json, mutate_tar, mutate_zip

TESTS = Path(__file__).parents[1]
TINY = TESTS / "package" / "data" / "tiny.nb"
SECONDS = 5.0  # of CPU time, for any input
BYTES = 400 << 20  # of memory, beyond what the process had


class TookTooLongError(BaseException):
    """No `Exception`: no reader may take it for damage."""


@dataclass(frozen=True)
class Door:
    """`enter` gets a file with the bytes, alone in a folder. `seeds` may use a folder of their own."""

    name: str
    seeds: Callable[[Path], Sequence[bytes]]
    enter: Callable[[Path], object]
    file: str = "input"
    mutate: Callable[[bytes, Random], bytes] = mutate
    refusals: tuple[type[Exception], ...] = (EdgezooError,)

    def try_(self, data: bytes, folder: Path) -> None:
        """Ends in success or a refusal. Whatever else comes is a bug: another error, too much time, too much memory."""
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        path = folder / self.file
        path.write_bytes(data)
        try:
            with bounded(SECONDS, BYTES):
                self.enter(path)
        except self.refusals as refusal:
            cause: BaseException | None = refusal
            while cause is not None:  # that the memory was at an end is no refusal, whatever it was called
                if isinstance(cause, MemoryError):
                    raise cause from None
                cause = cause.__cause__ or cause.__context__
            _told(str(refusal), getattr(refusal, "hint", ""))


def _told(*texts: str) -> None:
    """As a terminal and a file take it."""
    for text in texts:
        text.encode()
        if len(text) > 4000:
            raise AssertionError(f"an error of {len(text)} characters")


@contextmanager
def bounded(seconds: float, memory: int) -> Iterator[None]:
    """Raises TookTooLongError after so much CPU time; MemoryError where more is asked for."""

    def late(_number: int, _frame: FrameType | None) -> None:
        raise TookTooLongError(f"more than {seconds:g} s")

    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    has = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    before = signal.signal(signal.SIGPROF, late)
    resource.setrlimit(resource.RLIMIT_AS, (has + memory, hard))
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
        signal.signal(signal.SIGPROF, before)


# Models and what describes them


def _inspected(path: Path) -> None:
    """`edgezoo inspect` in both forms, without the Android tools (which have processes of their own)."""
    from edge.cli.inspect import _show
    from edge.cli.output import json_text
    from edge.package.inspect import inspect_file

    tools, os.environ["PATH"] = os.environ["PATH"], ""
    try:
        report = inspect_file(path)
    finally:
        os.environ["PATH"] = tools
    with redirect_stdout(io.TextIOWrapper(io.BytesIO(), encoding="utf-8")):
        _show(report)
    json_text(report.as_dict()).encode()


def _nb(path: Path) -> None:
    from edge.nb.header import read_header
    from edge.nb.params import read_params
    from edge.nb.program import read_inputs, read_ops

    header = read_header(path)
    assert sum(1 for _ in read_params(path, header)) == header.params_count
    read_ops(path, header)
    with suppress(EdgezooError):  # of its own: what comes after must be tried, too
        read_inputs(path, header)
    _inspected(path)


def _metadata_seeds(_: Path) -> list[bytes]:
    return [path.read_bytes() for path in sorted((TESTS / "metadata" / "data").glob("*.json"))] + [
        TINY.with_suffix(".json").read_bytes()
    ]


def _metadata(path: Path) -> None:
    """Beside its file it is inspected, packaged, measured with, carried over and written again."""
    from edge.bench.subject import read_subject
    from edge.images.overrides import Overrides, steps
    from edge.metadata.file import as_document, as_text, carried_over, parse
    from edge.package.model import load_model

    nb = path.with_suffix(".nb")
    shutil.copy(TINY, nb)
    document = None
    for one in (
        lambda: _inspected(nb),
        lambda: load_model(nb).info_json(),
        lambda: steps(read_subject(nb, shapes=[(1, 3, 16, 16)]), Overrides()),
        lambda: steps(read_subject(nb, shapes=[(1, 3, 16, 16)]), Overrides(resize_short=20, mean=(0.5,), std=(0.5,))),
    ):
        try:
            one()
        except EdgezooError as refusal:
            _told(refusal.message, refusal.hint)
    document = as_document(parse(path.read_bytes(), str(path)))
    as_text(document).encode()
    carried_over({**json.loads(TINY.with_suffix(".json").read_bytes()), "sha256": document["sha256"]}, path)


def _archive(kind: str) -> Callable[[Path], Sequence[bytes]]:
    def seeds(folder: Path) -> list[bytes]:
        from edge.cache.hashing import sha256_of
        from edge.package.aar import write_aar
        from edge.package.apk import write_apk
        from edge.package.keys import debug_key
        from edge.package.model import load_model
        from edge.package.sdk import find_tools

        nb = folder / "tiny.nb"
        shutil.copy(TINY, nb)
        metadata = json.loads(TINY.with_suffix(".json").read_bytes())
        metadata |= {"sha256": sha256_of(nb), "bytes": nb.stat().st_size}
        nb.with_suffix(".json").write_text(json.dumps(metadata))
        labels = folder / "labels.txt"
        labels.write_text("a\nb\nc\nd\ne\n")
        model = load_model(nb, labels={"": str(labels)})
        if kind == "aar":
            return [write_aar(folder / "a.aar", [model], "com.example.models")[0].read_bytes()]
        tools = find_tools()
        made = write_apk(folder / "a.apk", [model], "com.example.models", tools=tools, key=debug_key(tools))
        return [made.read_bytes()]

    return seeds


def _jar_seeds(_: Path) -> list[bytes]:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as jar:
        jar.writestr("com/baidu/paddle/lite/PaddlePredictor.class", b"\xca\xfe\xba\xbe")
    return [made.getvalue()]


def _jar(path: Path) -> None:
    from edge.package.litelib import _jar

    jar = path.parent / "java" / "jar" / "PaddlePredictor.jar"
    jar.parent.mkdir(parents=True)
    path.rename(jar)
    _jar(path.parent)


def _library_seeds(_: Path) -> list[bytes]:
    import subprocess

    compiler = shutil.which("gcc")
    if compiler is None:
        return [Path("/lib/x86_64-linux-gnu/libdl.so.2").read_bytes()]
    with open("/dev/null") as nothing:  # noqa: PTH123
        out = Path("/tmp") / f"edgezoo-seed-{os.getpid()}.so"
        command = [compiler, "-shared", "-fPIC", "-nostdlib", "-s", "-Wl,-soname,a.so", "-x", "c", "-", "-o", str(out)]
        subprocess.run(command, stdin=nothing, check=True)
    data = out.read_bytes()
    out.unlink()
    return [data]


def _library(path: Path) -> None:
    from edge.device.elf import read_library
    from edge.package import versions

    library = read_library(path.read_bytes(), path.name)
    assert library.page_size >= 0
    versions.find(path.read_bytes())


# Paddle's programs and weights


@cache
def _networks() -> tuple[tuple[bytes, bytes], ...]:
    """Programs that share their parameters, and these."""
    from tests.convert.legalise.rule_cases import CASES
    from tests.paddle.programs import write_params

    shared = [case for case in CASES if case.weights is CASES[0].weights]
    with TemporaryDirectory() as scratch:
        out = Path(scratch, "params")
        write_params(out, shared[0].weights)
        return tuple((case.network.serialize(), out.read_bytes()) for case in shared[::2])


def _own(folder: Path) -> None:
    """What `convert` makes of a folder before an engine is asked."""
    from edge.convert.preparation import prepared
    from edge.convert.shapes import input_shapes
    from edge.convert.verify.asked import rows_of
    from edge.images.overrides import Overrides
    from edge.paddle.program import Program
    from edge.source.own import read

    source = read(folder)
    program = Program.read(source.program)
    shapes = input_shapes(program.feeds, None)
    prepared("own", None, source, shapes, Overrides())
    rows_of(program)


def _pdmodel(path: Path) -> None:
    from edge.paddle.program import Program

    (path.parent / "inference.pdiparams").write_bytes(_networks()[0][1])
    Program.parse(path.read_bytes()).logits()
    _own(path.parent)


def _pdiparams(path: Path) -> None:
    (path.parent / "inference.pdmodel").write_bytes(_networks()[0][0])
    _own(path.parent)


def _pir_seeds(_: Path) -> list[bytes]:
    return [path.read_bytes() for path in sorted((TESTS / "paddle" / "pir" / "captured").glob("*.json"))]


def _pir(path: Path) -> None:
    from edge.paddle.pir import PirProgram, translate
    from tests.paddle.programs import write_params

    pir = PirProgram.parse(path.read_bytes())
    translated = translate(pir)
    (path.parent / "inference.pdmodel").write_bytes(translated.program.serialize())
    for name, value in list(translated.values.items())[:3]:
        pir.with_fetch(value, name).serialize()
    path.unlink()
    wanted = translated.program.persistables
    small = all(min(spec.shape, default=0) >= 0 and math.prod(spec.shape) < 10_000 for spec in wanted)
    write_params(
        path.parent / "inference.pdiparams",
        {spec.name: np.zeros(spec.shape, spec.dtype) for spec in wanted if small and spec.dtype == "float32"},
    )
    _own(path.parent)


def _load(name: str) -> Any:
    spec = importlib.util.spec_from_file_location(name, WORKERS / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


_checkpoint = _load("paddle_checkpoint")


def _pdparams_seeds(_: Path) -> list[bytes]:
    state = {"conv.weight": np.arange(12, dtype="float32").reshape(3, 4), "bn._mean": np.ones(3, "float32")}
    state["StructuredToParameterName@@"] = {"conv.weight": "conv2d_0.w_0"}  # type: ignore[assignment]
    return [pickle.dumps(state, protocol=protocol) for protocol in (2, 3, 4)]


def _safetensors_seeds(_: Path) -> list[bytes]:
    tensors = {"a": ("F32", [3], [0, 12]), "b": ("BF16", [2, 2], [12, 20]), "c": ("I64", [], [20, 28])}
    described = {
        name: {"dtype": dtype, "shape": shape, "data_offsets": place} for name, (dtype, shape, place) in tensors.items()
    }
    head = json.dumps({"__metadata__": {"format": "pd"}, **described}).encode()
    return [len(head).to_bytes(8, "little") + head + bytes(range(28))]


def _pdparams(path: Path) -> None:
    for value in _checkpoint.read(str(path))[0].values():
        np.isfinite(value).all()


def _tar_seeds(_: Path) -> list[bytes]:
    made = []
    for mode in ("w", "w:gz"):
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode=mode) as tar:
            for name, size in (("net_infer/inference.pdmodel", 700), ("net_infer/inference.pdiparams", 3000)):
                info = tarfile.TarInfo(name)
                info.size = size
                tar.addfile(info, io.BytesIO(bytes(range(256)) * 12))
        made.append(out.getvalue())
    return made


def _tar(path: Path) -> None:
    from edge.source.archive import unpack

    unpack(path, path.parent / "out")


# What people write


def _recipe(path: Path) -> None:
    from edge.convert.recipe import choose

    choose(path)


def _recipe_seeds(_: Path) -> list[bytes]:
    return [path.read_bytes() for path in sorted((TESTS.parent / "opt_configs").glob("*.toml"))]


def _list(path: Path) -> None:
    from edge.images.dataset import read_list

    read_list(path.parent, path).spread(10).check(1000)


def _labels(path: Path) -> None:
    from edge.package.labels import read_labels

    read_labels(str(path))


def _config_seeds(_: Path) -> list[bytes]:
    from tests.source import test_config

    return [value.encode() for value in vars(test_config).values() if isinstance(value, str) and "\n" in value][:6]


def _config(path: Path) -> None:
    from edge.source.config import read_config

    found = read_config(path.parent)
    assert found is not None
    _told(*found.remarks)
    if found.prepared is not None:
        from edge.images.overrides import fitting

        try:
            fitting("own", [(1, 3, 224, 224)], None, found.prepared)
        except EdgezooError as refusal:
            _told(refusal.message, refusal.hint)


def _image_seeds(_: Path) -> list[bytes]:
    pixels = np.random.default_rng(0).integers(0, 256, (24, 17, 3), np.uint8)
    made = []
    for form in ("PNG", "JPEG", "BMP", "GIF", "WEBP", "TIFF", "PPM"):
        out = io.BytesIO()
        Image.fromarray(pixels).save(out, form)
        made.append(out.getvalue())
    return made


def _image(path: Path) -> None:
    from edge.images.preprocess import prepare
    from edge.images.reading import check_image, read_image
    from edge.zoo.model import Preprocessing

    check_image(path, pixels=True)
    prepare(read_image(path), Preprocessing(256, (224, 224)))


def _samples_seeds(_: Path) -> list[bytes]:
    made = []
    for save in (np.savez, np.savez_compressed):
        out = io.BytesIO()
        save(out, x=np.ones((3, 1, 3, 8, 8), "float32"))
        made.append(out.getvalue())
    return made


def _samples(path: Path) -> None:
    from edge.convert.verify.asked import InputsAsked, read_samples
    from edge.paddle.program import TensorSpec

    InputsAsked(file=path)
    read_samples(path, [TensorSpec("x", (1, 3, 8, 8), "float32")], [(1, 3, 8, 8)])


# What programs and devices say


def _launch(path: Path) -> None:
    from edge.bench.contract import parse_launch
    from edge.typed import encode

    encode(parse_launch(path.read_bytes().decode(errors="replace"), 0))


def _launch_seeds(_: Path) -> list[bytes]:
    return [path.read_bytes() for path in sorted((TESTS / "bench" / "data").glob("edgebench-*.jsonl"))]


def _phone_seeds(_: Path) -> list[bytes]:
    words = [path.read_bytes() for path in sorted((TESTS / "device_layer" / "data").glob("*.txt"))]
    section = b"edgezoo-section "
    cores = b"/sys/devices/system/cpu/present=0-7\n/sys/devices/system/cpu/cpu0/cpufreq/cpuinfo_max_freq=1785600\n"
    zones = b"/sys/class/thermal/thermal_zone0/type=cpu-0\n/sys/class/thermal/thermal_zone0/temp=31000\n"
    battery = b"level: 87\nscale: 100\ntemperature: 301\nstatus: 2\n"
    return [
        *(section + b"thermal\n" + one for one in words[1:]),
        section + b"properties\n" + words[0] + b"\n" + section + b"cores\n" + cores + section + b"boot\n1-2\n",
        section + b"battery\n" + battery + section + b"saver\n0\n" + section + b"sysfs\n" + cores + zones,
        b"Filesystem 1K-blocks Used Available Use% Mounted on\n/dev/block/dm-5 115249236 17000 98000000 16% /data\n",
        b"5ae2 device usb:1-1 product:cepheus model:MI_9 device:cepheus transport_id:1\n",
        b'{"stay_on": "null", "fixed_performance": false}',
        b'{"token": "a", "host": "h", "boot": "b", "pid": 7, "started": "1", "user": "u", "since": "s"}',
    ]


def _phone(path: Path) -> None:
    """Everything that reads text of a device, whichever command it came from."""
    from edge.device.adb import probe, server, settings
    from edge.device.owner import Owner
    from edge.device.shell import answers
    from edge.device.ssh import probe as board
    from edge.device.ssh.settings import Governors

    text = path.read_bytes().decode(errors="replace")
    probe.properties(text, serial="s", adb_version="41")
    probe.state(text)
    probe.thermal(text)
    board.properties(text, serial="s")
    board.state(text)
    Governors.parse(text)
    answers.free_bytes(text)
    answers.digests(text, 64)
    server.parse_devices(text)
    settings.Before.parse(text)
    if (owner := Owner.parse(text)) is not None:
        owner.describe().encode()
        owner.alive(None)


def _adb_seeds(_: Path) -> list[bytes]:
    def packet(kind: int, data: bytes) -> bytes:
        return bytes([kind]) + len(data).to_bytes(4, "little") + data

    shell = packet(1, b"out\n") + packet(2, b"err\n") + packet(1, b"edgezoo-end-0:0\n") + packet(3, b"\0")
    return [
        b"OKAYOKAY" + shell,
        b"OKAYOKAYout\r\nedgezoo-end-0:0\r\n",
        b"OKAY0004002a",
        b"FAIL000enot authorized",
        b"OKAYOKAYDATA\x03\0\0\0abcDONE\0\0\0\0",
        b"OKAYOKAYFAIL\x05\0\0\0wrong",
        b"OKAYOKAYOKAY\0\0\0\0",
        b"OKAYOKAYDENT\xa4\x81\0\0\3\0\0\0\0\0\0\0\1\0\0\0aDONE" + bytes(16),
    ]


def _adb(path: Path) -> None:
    """Whatever listens where the adb server should: every question that is put to one, answered by these bytes."""
    import threading
    from pathlib import PurePosixPath

    from edge.device.adb import server, shell, sync
    from edge.device.adb.address import ServerAddress
    from edge.device.adb.connection import Deadline, open_service
    from edge.device.shell.way import CutOffError, Marker

    data = path.read_bytes()
    import socket

    def served(ask: Callable[[ServerAddress], object]) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listening:

            def answer() -> None:
                connection, _ = listening.accept()
                with connection:
                    try:
                        connection.sendall(data)
                        connection.shutdown(socket.SHUT_WR)
                        while connection.recv(1 << 16):
                            pass
                    except OSError:
                        return

            thread = threading.Thread(target=answer, daemon=True)
            thread.start()
            address = ServerAddress("127.0.0.1", listening.getsockname()[1])
            try:
                ask(address)
            except EdgezooError as refusal:
                _told(refusal.message)
            except (TimeoutError, CutOffError):
                pass
            thread.join(5)

    marker = Marker("edgezoo-end-0")

    def shelled(version_2: bool) -> Callable[[ServerAddress], object]:
        def ask(address: ServerAddress) -> object:
            with open_service(address, "s", shell.service("true", v2=version_2), Deadline(5)) as connection:
                return (shell.read_v2 if version_2 else shell.read_v1)(connection, marker)

        return ask

    def sent(address: ServerAddress) -> None:
        with sync.Sync.open(address, "s") as opened:
            opened.send(path, PurePosixPath("/data/local/tmp/a"), executable=False)
            opened.finish()

    def received(address: ServerAddress) -> None:
        with sync.Sync.open(address, "s") as opened:
            opened.receive(PurePosixPath("/data/local/tmp/a"), io.BytesIO())

    def listed(address: ServerAddress) -> None:
        with sync.Sync.open(address, "s") as opened:
            opened.list(PurePosixPath("/data/local/tmp"))

    for ask in (
        server.version,
        server.devices,
        lambda a: server.features(a, "s"),
        shelled(True),
        shelled(False),
        sent,
        received,
        listed,
    ):
        served(ask)


def _answer_seeds(_: Path) -> list[bytes]:
    return [
        b'{"id": 1, "ok": true, "result": {"outputs": ["a", {"name": "b"}]}}',
        b'{"id": 1, "ok": false, "kind": "ValueError", "message": "m", "traceback": "t"}',
    ]


def _answer(path: Path) -> None:
    from edge import typed
    from edge.errors import WorkerAnswerError
    from edge.toolchain.answers import Ran
    from edge.toolchain.worker import _Answer

    answer = typed.decode(path.read_bytes(), _Answer, "here", error=WorkerAnswerError)
    if answer.ok:
        typed.decode(answer.result, Ran, "here", error=WorkerAnswerError)


def _record(path: Path) -> None:
    from edge.package.assets import _read_record

    _read_record(path.parent)


_RECORD = b'{"format": "edgezoo-app/1", "files": {"libs/a.jar": ["00"]}}'
_VAL_LIST = b"val/ILSVRC2012_val_00000001.JPEG 65\nval/b c.JPEG 970\n\nval/d.JPEG 0\n"

DOORS: tuple[Door, ...] = (
    Door(".nb", lambda _: [TINY.read_bytes()], _nb, "model.nb"),
    Door("metadata", _metadata_seeds, _metadata, "model.json", mutate_json),
    Door("AAR", _archive("aar"), _inspected, "a.aar", mutate_zip),
    Door("APK", _archive("apk"), _inspected, "a.apk", mutate_zip),
    Door("jar of a release", _jar_seeds, _jar, "a.jar", mutate_zip),
    Door("shared library", _library_seeds, _library, "a.so"),
    Door("program (.pdmodel)", lambda _: [one for one, _ in _networks()], _pdmodel, "inference.pdmodel"),
    Door("program that was read", programs.seeds, programs.handle, "inference.pdmodel", programs.mutate_program),
    Door("parameters (.pdiparams)", lambda _: [_networks()[0][1]], _pdiparams, "inference.pdiparams"),
    Door("program of Paddle 3 (.json)", _pir_seeds, _pir, "inference.json", mutate_json),
    Door("checkpoint (.pdparams)", _pdparams_seeds, _pdparams, "a.pdparams", refusals=(_checkpoint.CheckpointError,)),
    Door("checkpoint (.safetensors)", _safetensors_seeds, _pdparams, "a.safetensors", refusals=(_checkpoint.CheckpointError,)),
    Door("published archive (tar)", _tar_seeds, _tar, "a.tar", mutate_tar),
    Door("recipe", _recipe_seeds, _recipe, "a.toml"),
    Door("list of images", lambda _: [_VAL_LIST], _list, "val_list.txt"),
    Door("labels", lambda _: [b"0 tench\n1 goldfish\n2 white shark\n", b"a\nb\n"], _labels, "labels.txt"),
    Door("configuration (YAML)", _config_seeds, _config, "inference.yml"),
    Door("image", _image_seeds, _image, "a.png"),
    Door("samples (.npz)", _samples_seeds, _samples, "a.npz", mutate_zip),
    Door("edgebench's lines", _launch_seeds, _launch, "out.jsonl"),
    Door("a phone's answers", _phone_seeds, _phone),
    Door("an adb server", _adb_seeds, _adb),
    Door("a worker's answers", _answer_seeds, _answer, "answer.json", mutate_json),
    Door("edgezoo.json of an app", lambda _: [_RECORD], _record, "edgezoo.json", mutate_json),
)  # fmt: skip
