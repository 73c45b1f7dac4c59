"""The benchmark program for inference programs on this machine: docs/reference/device-contract.md with Paddle Inference.

Stand-alone. The model is the program; its parameters lie beside it, under one of the usual names.
"""

import os
import sys

import bench_program
from bench_program import Failure

PARAMS = {"__model__": ("__params__", "params"), "model": ("params",)}  # of programs without the suffix .pdmodel

DTYPES = {
    "FP32": "float32", "FP16": "float16", "FP64": "float64", "BOOL": "bool", "INT8": "int8", "UINT8": "uint8", "INT32": "int32",
    "INT64": "int64",
}  # fmt: skip


class PaddleEngine:
    """Paddle's CPU engine as `bench_program` drives it: graph passes and oneDNN on, the threads asked for."""

    name = "paddle"
    runner = "paddle_bench 1"
    onednn = True

    def version(self):
        os.environ["CUDA_VISIBLE_DEVICES"] = ""
        os.environ["GLOG_minloglevel"] = "2"
        import paddle

        return paddle.__version__

    def check(self, path):
        self._params = params_of(path)
        return bench_program.readable(path) + bench_program.readable(self._params), None

    def load(self, given):
        import paddle
        from paddle import inference

        bench_program.no_power_mode(given, "Paddle")
        config = inference.Config(given.model, self._params)
        config.disable_gpu()
        config.disable_glog_info()
        config.enable_memory_optim()
        # oneDNN by its former name. It is on whether it is enabled or not: only disabling it says something.
        (config.enable_mkldnn if self.onednn else config.disable_mkldnn)()
        if config.mkldnn_enabled() is not self.onednn:
            raise Failure(6, "Paddle does not switch oneDNN %s" % ("on" if self.onednn else "off"))
        config.set_cpu_math_library_num_threads(given.threads)
        self._kinds = input_kinds(given.model)
        self._predictor = inference.create_predictor(config)
        self.run = self._predictor.run
        return paddle.__version__

    def input_names(self, count):
        return self._predictor.get_input_names()

    def input_dtype(self, index, shape):
        return self._kinds.get(self._predictor.get_input_names()[index], "float32")

    def set_input(self, index, name, values):
        self._predictor.get_input_handle(name).copy_from_cpu(values)

    def outputs(self):
        predictor = self._predictor
        return [(name, predictor.get_output_handle(name).copy_to_cpu()) for name in predictor.get_output_names()]


def input_kinds(program):
    """The numpy names of the inputs' types: the predictor tells them only once it was given values."""
    from paddle.base import core

    with open(program, "rb") as file:
        whole = core.ProgramDesc(file.read())
    block, kinds = whole.block(0), {}
    for op in (block.op(index) for index in range(block.op_size())):
        if op.type() == "feed":
            name = op.output("Out")[0]
            kinds[name] = DTYPES.get(block.find_var(name.encode()).dtype().name, "float32")
    return kinds


def params_of(program):
    """The parameters' file beside a program."""
    folder, name = os.path.split(program)
    stem, suffix = os.path.splitext(name)
    names = (stem + ".pdiparams",) if suffix == ".pdmodel" else PARAMS.get(name, ())
    for candidate in names:
        if os.path.isfile(os.path.join(folder, candidate)):
            return os.path.join(folder, candidate)
    raise Failure(4, "there are no parameters beside the program %s" % program)


if __name__ == "__main__":
    sys.exit(bench_program.main(PaddleEngine()))
