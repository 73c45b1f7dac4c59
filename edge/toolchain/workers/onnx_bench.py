"""The benchmark program for ONNX models on this machine: docs/reference/device-contract.md with ONNX Runtime. Stand-alone."""

import os
import sys

import bench_program
from bench_program import Failure

DTYPES = {"tensor(float)": "float32", "tensor(float16)": "float16", "tensor(double)": "float64", "tensor(bool)": "bool"}
DTYPES.update(("tensor(%s)" % name, name) for name in ("int8", "uint8", "int16", "int32", "int64"))


class OnnxRuntime:
    """ONNX Runtime's CPU engine as `bench_program` drives it: its own graph optimisations, the threads asked for."""

    name = "onnxruntime"
    runner = "onnx_bench 1"

    def version(self):
        import onnxruntime

        return onnxruntime.__version__

    def check(self, path):
        return bench_program.readable(path), None

    def load(self, given):
        import onnxruntime
        from onnxruntime.capi import onnxruntime_pybind11_state as errors

        bench_program.no_power_mode(given, "ONNX Runtime")
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = given.threads
        options.inter_op_num_threads = 1
        options.add_session_config_entry("session.x64quantprecision", "1")  # as the file was verified
        try:
            self._session = onnxruntime.InferenceSession(given.model, options, providers=["CPUExecutionProvider"])
        except (errors.InvalidProtobuf, errors.InvalidGraph, errors.Fail) as error:
            raise Failure(5, "the model %s cannot be loaded: %s" % (os.path.basename(given.model), error)) from None
        self._inputs = {}
        return onnxruntime.__version__

    def input_names(self, count):
        return [value.name for value in self._session.get_inputs()]

    def input_dtype(self, index, shape):
        wanted = self._session.get_inputs()[index]
        fits = len(wanted.shape) == len(shape) and all(
            not isinstance(size, int) or size == given for size, given in zip(wanted.shape, shape)
        )
        if not fits:
            raise Failure(8, "the model's input %s is %s, not %s" % (wanted.name, wanted.shape, list(shape)))
        if wanted.type not in DTYPES:
            raise Failure(
                8, "the model's input %s holds %s, which this program cannot fill" % (wanted.name, wanted.type)
            )
        return DTYPES[wanted.type]

    def set_input(self, index, name, values):
        self._inputs[name] = values

    def run(self):
        self._made = self._session.run(None, self._inputs)

    def outputs(self):
        return [(value.name, made) for value, made in zip(self._session.get_outputs(), self._made)]


if __name__ == "__main__":
    sys.exit(bench_program.main(OnnxRuntime()))
