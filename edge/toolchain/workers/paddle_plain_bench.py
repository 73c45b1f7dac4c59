"""The benchmark program for inference programs in Paddle without oneDNN: paddle_bench.py otherwise. Stand-alone."""

import sys

import bench_program
import paddle_bench


class PlainPaddle(paddle_bench.PaddleEngine):
    """Paddle's own CPU kernels."""

    name = "paddle-plain"
    runner = "paddle_plain_bench 1"
    onednn = False


if __name__ == "__main__":
    sys.exit(bench_program.main(PlainPaddle()))
