"""MNN: one file, `NAME.mnn`. Stand-alone; see engine_program.py."""

import os
import sys

import bench_program
import engine_program
from bench_program import Failure

CLOSING = ("Softmax", "Sigmoid")
PASSING_ON = ("Reshape", "Squeeze", "Unsqueeze", "Identity")  # the converter puts some around a softmax


class Mnn:
    """The CPU backend in high precision, which is float32, with as many threads as asked.

    A session computes in the memory of its inputs, so that they must be given before each run: that is part of it.
    """

    name = "mnn"
    runner = "mnn_program 1"

    def version(self):
        return engine_version()

    def info(self):
        return {"mnn": engine_version(), "python": "%d.%d.%d" % sys.version_info[:3]}

    def convert(self, onnx, out, inputs, outputs):
        # Not by MNN.tools: importing that would install a package that sends statistics.
        import _tools

        _tools.mnnconvert(["mnnconvert", "-f", "ONNX", "--modelFile", onnx, "--MNNModel", out, "--bizCode", "edgezoo",
                           "--keepInputFormat"])  # fmt: skip
        return []

    def shown(self, model):
        import MNN.expr

        graph = MNN.expr.load_as_dict(model)
        interpreter, session = session_of(model, 1)
        return {name: closing(graph.get(name)) for name in interpreter.getSessionOutputAll(session)}

    def opened(self, model, names):
        interpreter, session = session_of(model, 1, names)
        inputs = interpreter.getSessionInputAll(session)

        def run(given):
            for name, tensor in inputs.items():
                tensor.copyFrom(held_by(tensor, given[name]))
            interpreter.runSession(session)
            return {name: plain(interpreter.getSessionOutput(session, name)) for name in names}

        return run

    def check(self, path):
        return bench_program.readable(path), None

    def load(self, given):
        bench_program.no_power_mode(given, "MNN")
        with open(given.model, "rb") as file:
            if not file.read(4):
                raise Failure(5, "the model %s is empty" % os.path.basename(given.model))
        self._interpreter, self._session = session_of(given.model, given.threads)
        self._inputs = self._interpreter.getSessionInputAll(self._session)
        self._given = {}
        return engine_version()

    def input_names(self, count):
        return list(self._inputs)

    def input_dtype(self, index, shape):
        name = list(self._inputs)[index]
        wanted = self._inputs[name].getShape()
        if list(wanted) != list(shape):
            raise Failure(8, "the model's input %s is %s, not %s" % (name, list(wanted), list(shape)))
        return self._inputs[name].getNumpyData().dtype.name

    def set_input(self, index, name, values):
        self._given[name] = held_by(self._inputs[name], values)

    def run(self):
        for name, held in self._given.items():
            self._inputs[name].copyFrom(held)
        self._interpreter.runSession(self._session)

    def outputs(self):
        return [(name, plain(one)) for name, one in self._interpreter.getSessionOutputAll(self._session).items()]


def engine_version():
    import MNN

    return MNN.version()


def session_of(model, threads, names=None):
    """An interpreter and its session, which keeps the variables of these names beside the outputs."""
    import MNN

    config = {"backend": "CPU", "numThread": threads, "precision": "high"}
    if names is not None:
        config["saveTensors"] = tuple(names)
    interpreter = MNN.Interpreter(model)
    return interpreter, interpreter.createSession(config)


def held_by(tensor, values):
    """The values of an input, which lie as its shape says, for it to copy."""
    import MNN

    return MNN.Tensor(list(values.shape), tensor.getDataType(), values, MNN.Tensor_DimensionType_Caffe)


def plain(tensor):
    """A variable's values as its shape says; a copy, for the tensor's memory ends with it."""
    import MNN

    shape = tensor.getShape()
    host = MNN.Tensor(shape, tensor.getDataType(), MNN.Tensor_DimensionType_Caffe)
    tensor.copyToHostTensor(host)
    return host.getNumpyData().reshape(shape).copy()


def closing(variable):
    """The name of what the softmax or sigmoid that makes a variable is taken of; None if nothing of that kind does."""
    while variable is not None and variable.op_type in PASSING_ON:
        variable = variable.inputs[0] if variable.inputs else None
    return variable.inputs[0].name if variable is not None and variable.op_type in CLOSING else None


if __name__ == "__main__":
    sys.exit(engine_program.main(Mnn()))
