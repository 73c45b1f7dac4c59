"""Small inputs that ask for much work or memory, each by a way of its own; (door, what it is) -> the bytes."""

from __future__ import annotations

import gzip
import io
import itertools
import json
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from typing import Any

import numpy as np

from edge.paddle.draft import NewOp
from tests.paddle.programs import program
from tests.untrusted.doors import TINY

BOMBS: dict[tuple[str, str], Callable[[], bytes]] = {}


def _bomb(door: str, what: str) -> Callable[[Callable[[], bytes]], Callable[[], bytes]]:
    def add(make: Callable[[], bytes]) -> Callable[[], bytes]:
        BOMBS[door, what] = make
        return make

    return add


# Paddle-Lite's files


class _Flat:
    """A FlatBuffer put down from the root on: who refers stands before what it refers to."""

    def __init__(self) -> None:
        self.data = bytearray(4)

    def table(self, *fields: int) -> dict[int, int]:
        """A table with these fields, each four bytes; where they lie, and under -1 the table itself."""
        vtable = len(self.data)
        entries = [0] * (max(fields, default=-1) + 1)
        for place, field in enumerate(fields):
            entries[field] = 4 + 4 * place
        self.data += struct.pack(f"<HH{len(entries)}H", 4 + 2 * len(entries), 4 + 4 * len(fields), *entries)
        self.data += bytes(-len(self.data) % 4)
        at = len(self.data)
        self.data += struct.pack("<i", at - vtable) + bytes(4 * len(fields))
        return {-1: at, **{field: at + 4 + 4 * place for place, field in enumerate(fields)}}

    def refer(self, *places: int) -> None:
        """These fields refer to what comes next."""
        for place in places:
            struct.pack_into("<I", self.data, place, len(self.data) - place)

    def references(self, count: int) -> list[int]:
        """A vector of `count` references, to what `refer` is told."""
        self.data += struct.pack("<I", count)
        at = len(self.data)
        self.data += bytes(4 * count)
        return list(range(at, at + 4 * count, 4))

    def text(self, text: bytes) -> None:
        self.data += struct.pack("<I", len(text)) + text + bytes(4 - len(text) % 4)


def nb_of(topology: bytes) -> bytes:
    """A whole .nb file without weights."""
    return struct.pack("<H16sQ", 2, b"v2.13-rc", len(topology)) + topology + struct.pack("<HHHHI", 0, 0, 6, 0, 0)


def crossed(operators: int, attributes: int) -> bytes:
    """References to one operator, which has references to one attribute."""
    flat = _Flat()
    flat.refer(0)
    root = flat.table(0)
    struct.pack_into("<I", flat.data, 0, root[-1])
    flat.refer(root[0])
    (block_at,) = flat.references(1)
    vtable_before = len(flat.data)
    block = flat.table(3)
    struct.pack_into("<I", flat.data, block_at, block[-1] - block_at)
    assert vtable_before < block[-1]
    flat.refer(block[3])
    places = flat.references(operators)
    op = flat.table(0, 3)
    for place in places:
        struct.pack_into("<I", flat.data, place, op[-1] - place)
    flat.refer(op[0])
    flat.text(b"relu")
    flat.refer(op[3])
    places = flat.references(attributes)
    attribute = flat.table(0)
    for place in places:
        struct.pack_into("<I", flat.data, place, attribute[-1] - place)
    flat.refer(attribute[0])
    flat.text(b"axis")
    return bytes(flat.data)


def names(operators: int, slots: int, count: int) -> bytes:
    """References to one feed, of which each slot is the same, and each of its names."""
    flat = _Flat()
    root = flat.table(0)
    struct.pack_into("<I", flat.data, 0, root[-1])
    flat.refer(root[0])
    (block_at,) = flat.references(1)
    block = flat.table(3)
    struct.pack_into("<I", flat.data, block_at, block[-1] - block_at)
    flat.refer(block[3])
    places = flat.references(operators)
    op = flat.table(0, 2)
    for place in places:
        struct.pack_into("<I", flat.data, place, op[-1] - place)
    flat.refer(op[0])
    flat.text(b"feed")
    flat.refer(op[2])
    places = flat.references(slots)
    slot = flat.table(0, 1)
    for place in places:
        struct.pack_into("<I", flat.data, place, slot[-1] - place)
    flat.refer(slot[0])
    flat.text(b"Out")
    flat.refer(slot[1])
    places = flat.references(count)
    flat.refer(*places)
    flat.text(b"x")
    return bytes(flat.data)


def shared_names(slots: int, count: int) -> bytes:
    """One operator with many slots, each of its own, that share one long list of names."""
    flat = _Flat()
    root = flat.table(0)
    struct.pack_into("<I", flat.data, 0, root[-1])
    flat.refer(root[0])
    (block_at,) = flat.references(1)
    block = flat.table(3)
    struct.pack_into("<I", flat.data, block_at, block[-1] - block_at)
    flat.refer(block[3])
    (op_at,) = flat.references(1)
    op = flat.table(2)
    struct.pack_into("<I", flat.data, op_at, op[-1] - op_at)
    flat.refer(op[2])
    places = flat.references(slots)
    tables = [flat.table(1) for _ in places]
    for place, table in zip(places, tables, strict=True):
        struct.pack_into("<I", flat.data, place, table[-1] - place)
    flat.refer(*(table[1] for table in tables))
    strings = flat.references(count)
    flat.refer(*strings)
    flat.text(b"x" * 500)
    return bytes(flat.data)


BOMBS[".nb", "60,000 operators that are one, each with 60,000 attributes that are one"] = lambda: nb_of(
    crossed(60_000, 60_000)
)
BOMBS[".nb", "1e9 names that are one"] = lambda: nb_of(names(1000, 1000, 1000))
BOMBS[".nb", "3,000 slots that share 30,000 names"] = lambda: nb_of(shared_names(3000, 30_000))


@_bomb("shared library", "65,000 program headers, each the whole file")
def _headers() -> bytes:
    size, count = 3 << 20, 65_000
    data = bytearray(size + 56 * count)
    data[:16] = b"\x7fELF\x02\x01\x01" + bytes(9)
    struct.pack_into("<HHIQQQIHHHHHH", data, 16, 3, 183, 1, 0, 64, 0, 0, 64, 56, count, 0, 0, 0)
    for at in range(64, 64 + 56 * count, 56):
        struct.pack_into("<IIQQQQQQ", data, at, 2, 0, 0, 0, 0, len(data), 0, 8)
    return bytes(data)


# Archives


def _zipped(**entries: bytes) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, data in entries.items():
            archive.writestr(name.replace("__", "/").replace("_dot_", "."), data)
    return made.getvalue()


@_bomb("AAR", "2 MB that inflate to 2 GB")
def _inflating() -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        archive.writestr("classes.jar", b"")
        with archive.open("jni/arm64-v8a/liba.so", "w", force_zip64=True) as entry:
            for _ in range(2048):
                entry.write(bytes(1 << 20))
    return made.getvalue()


@_bomb("AAR", "a library of 1 GB")
def _large_library() -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        archive.writestr("classes.jar", b"")
        with archive.open("jni/arm64-v8a/liba.so", "w", force_zip64=True) as entry:
            for _ in range(1024):
                entry.write(bytes(1 << 20))
    return made.getvalue()


@_bomb("AAR", "entities in UTF-16, where a search for their bytes does not find them")
def _entities() -> bytes:
    levels = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))
    text = f'<?xml version="1.0" encoding="utf-16"?><!DOCTYPE m [<!ENTITY a0 "x">{levels}]><manifest package="&a9;"/>'
    return _zipped(classes_dot_jar=b"", AndroidManifest_dot_xml=text.encode("utf-16"))


@_bomb("published archive (tar)", "a header of 424 MB in 400 KB")
def _long_header() -> bytes:
    info = tarfile.TarInfo("x")
    info.type, info.size = tarfile.XHDTYPE, 424 << 20
    return gzip.compress(info.tobuf() + bytes(info.size) + bytes(1024))


@_bomb("published archive (tar)", "a sparse file of 7 GB in 1 KB")
def _sparse() -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as tar:
        info = tarfile.TarInfo("net/inference.pdiparams")
        map_ = f"1\n{7 << 30}\n0\n".encode().ljust(512, b"\0")
        info.size = len(map_)
        info.pax_headers = {"GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.realsize": str(7 << 30)}
        tar.addfile(info, io.BytesIO(map_))
    return out.getvalue()


@_bomb("published archive (tar)", "2 GB of zeros in 2 MB")
def _zeros() -> bytes:
    info = tarfile.TarInfo("net/inference.pdiparams")
    info.size = 2 << 30
    out = io.BytesIO()
    with gzip.GzipFile(fileobj=out, mode="wb", compresslevel=6) as file:
        file.write(info.tobuf())
        for _ in range(2048):
            file.write(bytes(1 << 20))
        file.write(bytes(1024))
    return out.getvalue()


@_bomb("samples (.npz)", "an array of 8 TB in 200 bytes")
def _claimed() -> bytes:
    header = b"{'descr': '<f4', 'fortran_order': False, 'shape': (2000000000000,), }".ljust(117) + b"\n"
    return _zipped(x_dot_npy=b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header)


@_bomb("samples (.npz)", "2 GB of zeros in 2 MB")
def _flat_samples() -> bytes:
    made = io.BytesIO()
    with (
        zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("x.npy", "w", force_zip64=True) as entry,
    ):
        np.lib.format.write_array_header_1_0(entry, {"descr": "<f4", "fortran_order": False, "shape": (512 << 20,)})
        for _ in range(2048):
            entry.write(bytes(1 << 20))
    return made.getvalue()


# Images


def _png(width: int, height: int, depth: int, kind: int, bits: int) -> bytes:
    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    packer = zlib.compressobj(9)
    row = bytes(1 + (width * bits + 7) // 8)
    many = 1 + (1 << 16) // len(row)  # at once: a million small calls take long
    body = b"".join(packer.compress(row * many) for _ in range(height // many))
    body += packer.compress(row * (height % many)) + packer.flush()
    head = struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


BOMBS["image", "172 KB of 169 million pixels"] = lambda: _png(13_000, 13_000, 1, 0, 1)
BOMBS["image", "169 million pixels in colour"] = lambda: _png(13_000, 13_000, 8, 2, 24)
BOMBS["image", "1 x 50,000,000 pixels"] = lambda: _png(1, 50_000_000, 1, 0, 1)


@_bomb("image", "a WebP of 16,383 x 16,383 pixels")
def _webp() -> bytes:
    bits = (16_382) | (16_382 << 14)
    body = b"\x2f" + struct.pack("<I", bits) + bytes(64)
    chunk = b"VP8L" + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)
    return b"RIFF" + struct.pack("<I", 4 + len(chunk)) + b"WEBP" + chunk


@_bomb("image", "PostScript, which Pillow would have run")
def _postscript() -> bytes:
    return b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n%%EndComments\nshowpage\n%%EOF\n"


# Text


def _changed(**changes: Any) -> bytes:
    return json.dumps({**json.loads(TINY.with_suffix(".json").read_bytes()), **changes}).encode()


def _deep(levels: int) -> bytes:
    return _changed(extra="@").replace(b'"@"', b"[" * levels + b"]" * levels)


BOMBS["metadata", "900 nested levels"] = lambda: _deep(900)
BOMBS["metadata", "100,000 nested levels"] = lambda: _deep(100_000)
BOMBS["metadata", "a size of 400 digits"] = lambda: _changed(
    class_num=10**400, outputs=[{"name": "y", "shape": [1, 10**400]}]
)
BOMBS["metadata", "a shape of 400 digits"] = lambda: _changed(
    inputs=[{"name": "x", "shape": [1, 3, 10**400, 16]}], preprocessing=None, flops=10**400, params=10**400
)
BOMBS["metadata", "an infinite deviation"] = lambda: _changed(class_num="@").replace(b'"@"', b"1e999")
BOMBS["edgezoo.json of an app", "nested levels"] = lambda: b"[" * 100_000
BOMBS["a worker's answers", "nested levels"] = lambda: b'{"id":1,"ok":true,"result":' + b"[" * 100_000
BOMBS["edgebench's lines", "nested levels"] = lambda: b'{"type":"hello","a":' + b"[" * 900 + b"]" * 900 + b"}\n"
BOMBS["list of images", "a class of 5,000 digits"] = lambda: b"a.png " + b"9" * 5000
BOMBS["labels", "a number of 5,000 digits"] = lambda: b"9" * 5000 + b" rose\n"
BOMBS["recipe", "a number of 5,000 digits"] = lambda: b'engine = "2.13rc0"\nsparse_threshold = ' + b"9" * 5000
BOMBS["recipe", "a number of 400 digits"] = lambda: b'engine = "2.13rc0"\ninput_shape = [1,3,' + b"9" * 400 + b",4]\n"
BOMBS["recipe", "nested levels"] = lambda: b"engine = " + b"[" * 5000 + b"]" * 5000
BOMBS["recipe", "dotted levels"] = lambda: b"a." * 5000 + b"b = 1\n"
BOMBS["configuration (YAML)", "1e9 words that are one"] = lambda: (
    b"a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n"
    + b"".join(b"a%d: &a%d [%b]\n" % (n, n, b",".join([b"*a%d" % (n - 1)] * 10)) for n in range(1, 10))
    + b"label_list: [*a9]\n"
)
BOMBS["configuration (YAML)", "a step of 1e9 words"] = lambda: (
    b"a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n"
    + b"".join(b"a%d: &a%d [%b]\n" % (n, n, b",".join([b"*a%d" % (n - 1)] * 10)) for n in range(1, 10))
    + b"PreProcess: {transform_ops: [{ResizeImage: {resize_short: 8, interpolation: *a9}}]}\n"
)
BOMBS["configuration (YAML)", "nested levels"] = lambda: b"[" * 100_000
BOMBS["configuration (YAML)", "4 MB of lists"] = lambda: b"label_list:\n" + b"- a\n" * 1_000_000
BOMBS["configuration (YAML)", "a size of 400 digits"] = lambda: (
    b"PreProcess:\n  transform_ops:\n  - ResizeImage: {resize_short: " + b"9" * 400 + b"}\n  - NormalizeImage: {}\n"
)


# Programs and weights


def _pir(*operators: dict[str, Any]) -> bytes:
    from tests.untrusted.doors import TESTS

    document = json.loads((TESTS / "paddle" / "pir" / "captured" / "paddle-3.3.json").read_bytes())
    block = document["program"]["regions"][0]["blocks"][0]
    block["ops"] = [*block["ops"][:-1], *operators, block["ops"][-1]]
    return json.dumps(document).encode()


def _attribute(name: str, kind: str, value: Any) -> dict[str, Any]:
    return {"N": name, "AT": {"#": f"1.{kind}", "D": value}}


def _made(id: int, shape: list[int]) -> dict[str, Any]:
    return {"%": id, "TT": {"#": "0.t_dtensor", "D": [{"#": "0.t_f32"}, shape, "NCHW", [], 0]}}


def _full(id: int, value: float, shape: list[int]) -> dict[str, Any]:
    attributes = [_attribute("shape", "a_intarray", shape), _attribute("value", "a_f64", value),
                  _attribute("dtype", "a_dtype", "float32")]  # fmt: skip
    return {"#": "1.full", "A": attributes, "I": [], "O": [_made(id, shape)]}


@_bomb("program of Paddle 3 (.json)", "a range of 1e12 numbers")
def _range() -> bytes:
    operands = [{"%": 9001}, {"%": 9002}, {"%": 9003}]
    arange = {
        "#": "1.arange",
        "A": [_attribute("dtype", "a_dtype", "float32")],
        "I": operands,
        "O": [_made(9004, [10**12])],
    }
    return _pir(_full(9001, 0, [1]), _full(9002, 1e12, [1]), _full(9003, 1, [1]), arange)


@_bomb("program of Paddle 3 (.json)", "a part of a constant of 1e12 numbers")
def _part() -> bytes:
    dtype = _attribute("dtype", "a_dtype", "int64")
    bounds = [
        {"#": "1.full_int_array", "A": [_attribute("value", "a_intarray", [n]), dtype], "I": [], "O": [_made(id, [1])]}
        for id, n in ((9002, 0), (9003, 1))
    ]
    attributes = [_attribute("axes", "a_intarray", [0]), _attribute("decrease_axis", "a_intarray", [])]
    cut = {"#": "1.slice", "A": attributes, "I": [{"%": 9001}, {"%": 9002}, {"%": 9003}], "O": [_made(9004, [1])]}
    return _pir(_full(9001, 1, [10**12]), *bounds, cut)


BOMBS["program of Paddle 3 (.json)", "nested levels"] = lambda: b'{"base_code":' + b"[" * 100_000
BOMBS["parameters (.pdiparams)", "a description of 4 GB"] = lambda: struct.pack("<IQIi", 0, 0, 0, 2**31 - 1)
BOMBS["parameters (.pdiparams)", "levels of 2**63 bytes"] = lambda: struct.pack("<IQQ", 0, 1, 2**63) + bytes(64)
BOMBS["checkpoint (.pdparams)", "4.6 GB for 8 bytes"] = lambda: b"\x80\x02Nr\xff\xff\xff\x11."
BOMBS["checkpoint (.pdparams)", "a frame of 2**62 bytes"] = lambda: b"\x80\x04\x95" + struct.pack("<Q", 2**62) + b"N."
BOMBS["checkpoint (.pdparams)", "bytes of 2**40"] = lambda: b"\x80\x04\x8e" + struct.pack("<Q", 2**40) + b"N."


def _global(name: str) -> bytes:
    return b"c" + name.rpartition(".")[0].encode() + b"\n" + name.rpartition(".")[2].encode() + b"\n"


def _text(text: bytes) -> bytes:
    return b"X" + struct.pack("<I", len(text)) + text


BOMBS["checkpoint (.pdparams)", "a table that holds itself"] = lambda: b"\x80\x04}\x94\x8c\x01ah\x00s."
BOMBS["checkpoint (.pdparams)", "tables in 100,000 tables"] = lambda: (
    b"\x80\x04" + b"}\x8c\x01a" * 100_000 + b"}" + b"s" * 100_000 + b"."
)
BOMBS["checkpoint (.safetensors)", "a head of 2**62 bytes"] = lambda: struct.pack("<Q", 2**62) + b"{"


def _safetensors(described: dict[str, Any], size: int) -> bytes:
    head = json.dumps(described).encode()
    return struct.pack("<Q", len(head)) + head + bytes(size)


@_bomb("checkpoint (.safetensors)", "1 MB that 10,000 bfloat16 tensors share")
def _shared_values() -> bytes:
    one = {"dtype": "BF16", "shape": [1 << 19], "data_offsets": [0, 1 << 20]}
    return _safetensors({str(number): one for number in range(10_000)}, 1 << 20)


@_bomb("checkpoint (.safetensors)", "a size of 400 digits")
def _long_size() -> bytes:
    return _safetensors({"a": {"dtype": "F32", "shape": [10**400, 0], "data_offsets": [0, 0]}}, 0)


@_bomb("checkpoint (.safetensors)", "10,000,000 lists in the head")
def _lists() -> bytes:
    head = b'{"a":[' + b"[]," * 10_000_000 + b"[]]}"
    return struct.pack("<Q", len(head)) + head


@_bomb("checkpoint (.pdparams)", "a pointer hidden behind a dtype")
def _pointer() -> bytes:
    """As `ndarray.__setstate__((1, (1,), dtype, False, bytes))` takes it; the dtype's own state says that it holds objects."""
    dtype = _global("numpy.dtype") + _text(b"f8") + b"\x89\x88\x87R"  # numpy.dtype('f8', False, True)
    state = (
        b"(K\x03" + _text(b"|") + b"NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x3ft" + b"b"
    )  # flags 63: NPY_OBJECT_DTYPE_FLAGS
    array = _global("numpy.core.multiarray._reconstruct") + _global("numpy.ndarray") + b"K\x00\x85C\x01b\x87R"
    content = b"C\x08" + struct.pack("<Q", 0x4141414141414141)
    return b"\x80\x04}" + _text(b"w") + array + b"(K\x01K\x01\x85" + dtype + state + b"\x89" + content + b"tb" + b"s."


@_bomb("checkpoint (.pdparams)", "a text of 1 MB, encoded 100,000 times")
def _encoded() -> bytes:
    once = _text(b"a" * (1 << 20)) + b"q\x000"  # put down as 0
    again = _global("_codecs.encode") + b"q\x010" + _text(b"latin1") + b"q\x020"
    return b"\x80\x02" + once + again + b"(" + b"h\x01h\x00h\x02\x86R" * 100_000 + b"l."


@_bomb("checkpoint (.pdparams)", "a name of 1e12 words")
def _laughing() -> bytes:
    doubled = b"".join(b"q%b0h%bh%b\x86" % (bytes([n]), bytes([n]), bytes([n])) for n in range(40))
    return b"\x80\x02}" + _text(b"x") + doubled + b"Ns."


@_bomb("checkpoint (.pdparams)", "a name nested 1,000,000 times")
def _nested_name() -> bytes:
    return b"\x80\x02})" + b"\x85" * 1_000_000 + b"Ns."


# Devices

BOMBS["an adb server", "a packet of 4 GB"] = lambda: b"OKAYOKAY\x01\xff\xff\xff\xffabc"
BOMBS["an adb server", "data of 4 GB"] = lambda: b"OKAYOKAYDATA\xff\xff\xff\xffabc"
BOMBS["an adb server", "a reason of 4 GB"] = lambda: b"OKAYOKAYFAIL\xff\xff\xff\xffabc"
BOMBS["an adb server", "a name of 4 GB"] = lambda: b"OKAYOKAYDENT" + b"\xff" * 16
BOMBS["an adb server", "a negative length"] = lambda: b"OKAY-001"
BOMBS["an adb server", "a megabyte of carriage returns"] = lambda: (
    b"OKAYOKAY" + b"\r" * (1 << 20) + b"edgezoo-end-0:0\r\r\n"
)
BOMBS["an adb server", "an exit code of 5,000 digits"] = lambda: b"OKAYOKAYedgezoo-end-0:" + b"9" * 5000 + b"\n"
_CPUS = b"edgezoo-section cores\n/sys/devices/system/cpu/"
BOMBS["a phone's answers", "1e9 cores"] = lambda: _CPUS + b"present=0-999999999\n"
BOMBS["a phone's answers", "a clock of superscripts"] = lambda: (
    _CPUS + "cpu0/cpufreq/cpuinfo_max_freq=\u00b2\n".encode()
)
BOMBS["a phone's answers", "a clock of 5,000 digits"] = lambda: (
    _CPUS + b"cpu0/cpufreq/cpuinfo_max_freq=" + b"9" * 5000 + b"\n"
)
BOMBS["a phone's answers", "an infinite temperature"] = lambda: (
    b"edgezoo-section thermal\nThermal Status: 0\nCurrent temperatures from HAL:\n"
    b"\tTemperature{mValue=inf, mType=0, mName=CPU0, mStatus=0}\n"
)
BOMBS["a phone's answers", "properties without an end"] = lambda: (
    b"edgezoo-section properties\n" + b"[a]: [\n" * 100_000
)
BOMBS["a phone's answers", "temperatures without an end"] = lambda: (
    b"edgezoo-section thermal\n" + b"Temperature{mValue=1, mType=1, mName=" * 20_000
)
BOMBS["a phone's answers", "100,000 lines of a section"] = lambda: (
    b"edgezoo-section boot\n" + b"abcdefghijkl\n" * 100_000
)
BOMBS["a phone's answers", "an SDK of superscripts"] = lambda: (
    "edgezoo-section properties\n[ro.build.version.sdk]: [\u00b3]\n".encode()
)


@_bomb("program that was read", "convolutions in a row, each of which looks at all")
def _convolutions() -> bytes:
    from tests.convert.legalise.rule_cases import CONV

    names = ["x", *(f"t{number}" for number in range(700))]
    ops = [
        NewOp("conv2d", {"Input": [a], "Filter": ["f"]}, {"Output": [b]}, CONV) for a, b in itertools.pairwise(names)
    ]
    shapes = dict.fromkeys(names[1:], (1, 8, 1, 1))
    return program(ops, {"x": (1, 8, 1, 1)}, [names[-1]], shapes, {"f": (8, 8, 1, 1)}).serialize()


@_bomb("program that was read", "more attributes than any operator has")
def _attributes() -> bytes:
    message = program([NewOp("relu", {"X": ["x"]}, {"Out": ["y"]})], {"x": (1, 8)}, ["y"], {"y": (1, 8)}).copy_message()
    for number in range(60_000):
        message.blocks[0].ops[1].attrs.add(name=f"a{number}", type=15, float64=1.0)
    return bytes(message.SerializeToString())


@_bomb("program that was read", "activations that compute in their own place, for ever")
def _circle() -> bytes:
    from tests.convert.legalise.rule_cases import CONV

    ops = [
        NewOp("conv2d", {"Input": ["x"], "Filter": ["f"]}, {"Output": ["a"]}, CONV),
        NewOp("relu", {"X": ["a"]}, {"Out": ["a"]}),
    ]
    shape = (1, 8, 1, 1)
    return program(ops, {"x": shape}, ["y"], {"a": shape, "y": shape}, {"f": (8, 8, 1, 1)}).serialize()
