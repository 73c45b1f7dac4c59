"""OpenVINO: `NAME.xml` with its weights in `NAME.bin`. Stand-alone; see engine_program.py."""

import os
import sys

import bench_program
import engine_program
from bench_program import Failure

CLOSING = ("Softmax", "Sigmoid")


class OpenVino:
    """The CPU plugin: one stream of as many threads as asked, in the precision of the file, which is float32."""

    name = "openvino"
    runner = "openvino_program 1"

    def version(self):
        return engine_version()

    def info(self):
        return {"openvino": engine_version(), "python": "%d.%d.%d" % sys.version_info[:3]}

    def convert(self, onnx, out, inputs, outputs):
        import openvino

        openvino.save_model(openvino.convert_model(onnx), out, compress_to_fp16=False)
        return [weights_of(os.path.basename(out))]

    def shown(self, model):
        import openvino

        return {output.get_any_name(): None if end is None else end.get_any_name()
                for output, end in logits(openvino.Core().read_model(model)).items()}  # fmt: skip

    def opened(self, model, names):
        import openvino

        core = openvino.Core()
        read = core.read_model(model)
        own = {output.get_any_name() for output in read.outputs}
        read.add_outputs([end for end in logits(read).values() if end is not None and end.get_any_name() in names
                          and end.get_any_name() not in own])  # fmt: skip
        request = core.compile_model(read, "CPU", settings(1)).create_infer_request()

        def run(inputs):
            made = request.infer(
                {name: inputs[name] for one in read.inputs for name in one.get_names() & inputs.keys()}
            )
            return {name: made[name] for name in names}

        return run

    def check(self, path):
        return bench_program.readable(path) + bench_program.readable(weights_of(path)), None

    def load(self, given):
        import openvino

        bench_program.no_power_mode(given, "OpenVINO")
        core = openvino.Core()
        try:
            self._model = core.read_model(given.model)
        except RuntimeError as error:
            reason = str(error).strip().splitlines()[-1]
            raise Failure(5, "the model %s cannot be loaded: %s" % (os.path.basename(given.model), reason)) from None
        compiled = core.compile_model(self._model, "CPU", settings(given.threads))
        self.precision = {"f32": "fp32", "f16": "fp16"}.get(
            compiled.get_property("INFERENCE_PRECISION_HINT").get_type_name(),
            compiled.get_property("INFERENCE_PRECISION_HINT").get_type_name(),
        )
        self._request = compiled.create_infer_request()
        self.run = self._request.infer
        return engine_version()

    def input_names(self, count):
        return [one.get_any_name() for one in self._model.inputs]

    def input_dtype(self, index, shape):
        one = self._model.inputs[index]
        if list(one.shape) != list(shape):
            raise Failure(8, "the model's input %s is %s, not %s" % (one.get_any_name(), list(one.shape), list(shape)))
        return str(one.get_element_type().to_dtype())

    def set_input(self, index, name, values):
        import openvino

        self._request.set_input_tensor(index, openvino.Tensor(values))

    def outputs(self):
        ends = self._model.outputs
        return [(one.get_any_name(), self._request.get_output_tensor(k).data) for k, one in enumerate(ends)]


def engine_version():
    """`2026.4.1` of the build's long name."""
    import openvino

    return openvino.__version__.split("-")[0]


def settings(threads):
    """One stream; float32 is asked for, because on some processors the plugin would take bfloat16 by itself."""
    return {"INFERENCE_NUM_THREADS": threads, "NUM_STREAMS": 1, "INFERENCE_PRECISION_HINT": "f32"}


def weights_of(path):
    """The file with the weights."""
    return os.path.splitext(path)[0] + ".bin"


def logits(model):
    """By output, what the softmax or sigmoid that makes it is taken of, or None."""
    found = {}
    for output in model.outputs:
        maker = output.get_node().input_value(0).get_node()
        found[output] = maker.input_value(0) if maker.get_type_name() in CLOSING else None
    return found


if __name__ == "__main__":
    sys.exit(engine_program.main(OpenVino()))
