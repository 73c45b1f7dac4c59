"""The benchmark program of this machine: docs/reference/device-contract.md, spoken from Python with paddlelite's own engine.

Stand-alone; Python 3.7 and later.
"""

import mmap
import os
import platform
import re
import struct
import sys

import bench_program
from bench_program import Failure

TARGETS = {b"2": "x86", b"3": "cuda", b"4": "arm", b"5": "opencl"}  # Paddle-Lite's TargetType; 1 runs everywhere
# VarType.Type of lite/model_parser/flatbuffers/framework.fbs, as numpy calls them
DTYPES = {
    0: "bool",
    1: "int16",
    2: "int32",
    3: "int64",
    4: "float16",
    5: "float32",
    6: "float64",
    20: "uint8",
    21: "int8",
}
HERE = "x86" if platform.machine() in ("x86_64", "AMD64") else "arm"


def check_nb(path):
    """Bytes, opt version and inputs of a whole .nb file; the engine aborts on any other.

    Layout, little-endian: u16 meta version, char[16] opt version, u64 topology size, topology; then, in meta version 2,
    u16 version, u16 size of a reserved part, the part, u16 header size, header (u16 number of parameters, ...), and for
    each parameter u32 size of what follows it.
    """
    try:
        with open(path, "rb") as file:
            content = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) if os.fstat(file.fileno()).st_size else b""
    except OSError as error:
        raise Failure(4, "the model %s cannot be read: %s" % (path, error.strerror)) from None
    try:
        meta, raw, topology = struct.unpack_from("<H16sQ", content)
        version = raw.partition(b"\0")[0]
        if meta not in (1, 2) or not re.fullmatch(rb"[!-~]+", version):
            raise Failure(5, "the model %s is no .nb file of opt" % path)
        end = 26 + topology
        if meta == 2:
            end += 4 + struct.unpack_from("<H", content, end + 2)[0]
            header, count = struct.unpack_from("<HH", content, end)
            end += 2 + header
            for _ in range(count):
                end += 4 + struct.unpack_from("<I", content, end)[0]
    except struct.error:
        end = len(content) + 1
    if end > len(content):
        raise Failure(5, "the model %s ends in mid-model: it was cut off, or is no .nb file" % path)
    # Kernels stand in the topology as op/alias/target/precision/layout. Given those of another target, this engine
    # crashes, or skips them without a word and is very fast.
    targets = set(re.findall(rb"\w/\w+/(\d+)/\d+/\d+", content[26 : 26 + topology]))
    foreign = sorted(TARGETS[number] for number in targets if TARGETS.get(number, HERE) != HERE)
    if foreign:
        raise Failure(5, "the model %s was made for %s, this engine runs %s" % (path, ", ".join(foreign), HERE))
    try:
        inputs = inputs_of(content[26 : 26 + topology])
    except (struct.error, ValueError, IndexError) as error:
        raise Failure(5, "the model %s has a broken topology: %s" % (path, error)) from None
    return len(content), version.decode("ascii"), inputs


class FlatTable:
    """A table of a FlatBuffer: a signed distance back to its vtable, which lists where each field lies.

    `left` is one number for all tables of the buffer: how much of it may still be read, a few times the whole.
    """

    def __init__(self, data, at, left=None):
        self.data, self.at = data, at
        self.left = [4 * len(data)] if left is None else left
        self.vtable = at - struct.unpack_from("<i", data, at)[0]

    def place(self, field):
        size = struct.unpack_from("<H", self.data, self.vtable)[0]
        entry = 4 + 2 * field
        offset = struct.unpack_from("<H", self.data, self.vtable + entry)[0] if entry < size else 0
        return self.at + offset if offset else None

    def number(self, field, form):
        place = self.place(field)
        return 0 if place is None else struct.unpack_from("<" + form, self.data, place)[0]

    def target(self, field):
        place = self.place(field)
        return None if place is None else ahead(self.data, place)

    def table(self, field):
        target = self.target(field)
        return None if target is None else FlatTable(self.data, target, self.left)

    def tables(self, field):
        return [FlatTable(self.data, ahead(self.data, place), self.left) for place in self.elements(field, 4)]

    def longs(self, field):
        return [struct.unpack_from("<q", self.data, place)[0] for place in self.elements(field, 8)]

    def string(self, field):
        return self.text(self.target(field))

    def strings(self, field):
        return [self.text(ahead(self.data, place)) for place in self.elements(field, 4)]

    def text(self, place):
        if place is None:
            return ""
        size = struct.unpack_from("<I", self.data, place)[0]
        self.take(4 + size)
        return self.data[place + 4 : place + 4 + size].decode("utf-8", "replace")

    def elements(self, field, width):
        start = self.target(field)
        if start is None:
            return range(0)
        count = struct.unpack_from("<I", self.data, start)[0]
        self.take(4 + width * count)
        return range(start + 4, start + 4 + width * count, width)

    def take(self, size):
        self.left[0] -= size
        if self.left[0] < 0:
            raise ValueError("it refers to the same things again and again")


def ahead(data, place):
    return place + struct.unpack_from("<I", data, place)[0]


def inputs_of(topology):
    """Name, dimensions (-1 where they are open) and type of each input, as the program in the .nb declares them.

    All operators are walked through: the engine is busy for hours with one that refers to the same things again and again.
    """
    block = FlatTable(topology, ahead(topology, 0)).tables(0)[0]
    names = []
    for op in block.tables(3):
        for slot in op.tables(1):
            slot.strings(1)
        made = [slot.strings(1) for slot in op.tables(2)]
        for attribute in op.tables(3):
            attribute.string(0)
        if op.string(0) == "feed":
            names += [name for slot in made for name in slot]
    declared, wanted = {}, set(names)
    for variable in block.tables(2):
        kind = variable.table(1) if variable.string(0) in wanted else None
        tensor = kind and kind.table(2) and kind.table(2).table(0)
        if tensor:
            declared[variable.string(0)] = tensor.longs(1), DTYPES.get(tensor.number(0, "i"))
    return [(name, *declared.get(name, ([], None))) for name in names]


class PaddleLite:
    """paddlelite's engine as `bench_program` drives it."""

    name = "paddle-lite"
    runner = "lite_bench 1"

    def version(self):
        from paddlelite import lite

        return lite.Opt().version()

    def check(self, path):
        size, opt, self._inputs = check_nb(path)
        return size, opt

    def load(self, given):
        from paddlelite import lite

        if HERE == "x86":
            bench_program.no_power_mode(given, "Paddle-Lite on x86")
        config = lite.MobileConfig()
        config.set_model_from_file(given.model)
        if hasattr(config, "set_threads"):  # builds for ARM
            config.set_threads(given.threads)
            config.set_power_mode(lite.PowerMode(given.power_mode or 0) if not given.cores else lite.PowerMode(3))
        self._predictor = lite.create_paddle_predictor(config)
        self.run = self._predictor.run
        return self._predictor.get_version()

    def input_names(self, count):
        return self._names("get_input_names", count)

    def input_dtype(self, index, shape):
        """Raises `Failure` for a shape that the model is not made for: the engine would run it, and compute something."""
        name, declared, dtype = self._inputs[index] if index < len(self._inputs) else ("", [], None)
        fits = len(declared) == len(shape) and all(own <= 0 or own == size for own, size in zip(declared, shape))
        if declared and not fits:
            asked = ",".join(map(str, shape))
            raise Failure(8, "the model's input %s is %s, not %s" % (name, ",".join(map(str, declared)), asked))
        return dtype or "float32"

    def set_input(self, index, name, values):
        self._predictor.get_input(index).from_numpy(values)

    def outputs(self):
        names = self._names("get_output_names", 1)
        return [(name, self._predictor.get_output(index).numpy()) for index, name in enumerate(names)]

    def _names(self, method, count):
        """Empty names from 2.10, which does not tell them."""
        return getattr(self._predictor, method)() if hasattr(self._predictor, method) else [""] * count


if __name__ == "__main__":
    sys.exit(bench_program.main(PaddleLite()))
