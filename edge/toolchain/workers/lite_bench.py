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
HERE = "x86" if platform.machine() in ("x86_64", "AMD64") else "arm"


def check_nb(path):
    """Bytes and opt version of a whole .nb file; the engine aborts on any other.

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
    return len(content), version.decode("ascii")


class PaddleLite:
    """paddlelite's engine as `bench_program` drives it."""

    name = "paddle-lite"
    runner = "lite_bench 1"

    def version(self):
        from paddlelite import lite

        return lite.Opt().version()

    def check(self, path):
        return check_nb(path)

    def load(self, given):
        from paddlelite import lite

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
