"""The benchmark program for inference programs on this machine: docs/reference/device-contract.md with Paddle Inference.

Stand-alone. The model is the program; its parameters lie beside it, under one of the usual names.
"""

import os
import sys

import bench_program
from bench_program import Failure

PARAMS = {"__model__": ("__params__", "params"), "model": ("params",)}  # of programs without the suffix .pdmodel

DTYPES = ("float32", "float16", "float64", "bool", "int8", "uint8", "int32", "int64")


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
        self._predictor = inference.create_predictor(config)
        self.run = self._predictor.run
        return paddle.__version__

    def input_names(self, count):
        return self._predictor.get_input_names()

    def input_dtype(self, index, shape):
        from paddle import inference

        kind = self._predictor.get_input_handle(self._predictor.get_input_names()[index]).type()
        known = {getattr(inference.DataType, name.upper(), None): name for name in DTYPES}
        return known.get(kind, "float32")

    def set_input(self, index, name, values):
        self._predictor.get_input_handle(name).copy_from_cpu(values)

    def outputs(self):
        predictor = self._predictor
        return [(name, predictor.get_output_handle(name).copy_to_cpu()) for name in predictor.get_output_names()]


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
