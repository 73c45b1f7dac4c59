"""LiteRT: one file, `NAME.tflite`, which onnx2tf_program.py makes. Stand-alone; see engine_program.py."""

import os
import sys

import bench_program
import engine_program
from bench_program import Failure

CHANNELS_LAST = (0, 2, 3, 1)  # of an image as other engines take it


class LiteRt:
    """LiteRT's interpreter with its CPU delegate, XNNPACK, and as many threads as asked."""

    name = "litert"
    runner = "litert_program 1"

    def version(self):
        return engine_version()

    def info(self):
        return {"litert": engine_version(), "python": "%d.%d.%d" % sys.version_info[:3]}

    def shown(self, model):
        return logits(model_of(model))

    def opened(self, model, names):
        from ai_edge_litert import interpreter

        content = with_outputs(model_of(model), names)
        engine = interpreter.Interpreter(model_content=content, num_threads=1)
        engine.allocate_tensors()
        inputs, outputs = engine.get_input_details(), engine.get_output_details()

        def run(given):
            for one in inputs:
                engine.set_tensor(one["index"], fitting(given[one["name"]], one["shape"]))
            engine.invoke()
            made = {one["name"]: engine.get_tensor(one["index"]) for one in outputs}
            return {name: made[name] for name in names}

        return run

    def check(self, path):
        return bench_program.readable(path), None

    def load(self, given):
        from ai_edge_litert import interpreter

        bench_program.no_power_mode(given, "LiteRT")
        try:
            self._engine = interpreter.Interpreter(given.model, num_threads=given.threads)
            self._engine.allocate_tensors()
        except (RuntimeError, ValueError) as error:
            reason = "%s: %s" % (os.path.basename(given.model), str(error).partition("\n")[0])
            raise Failure(5, "the model cannot be loaded: %s" % reason) from None
        self.run = self._engine.invoke
        return engine_version()

    def input_names(self, count):
        return [one["name"] for one in self._engine.get_input_details()]

    def input_dtype(self, index, shape):
        import numpy

        one = self._engine.get_input_details()[index]
        if list(one["shape"]) != list(shape):
            wanted = [int(size) for size in one["shape"]]
            raise Failure(8, "the model's input %s is %s, not %s" % (one["name"], wanted, list(shape)))
        return numpy.dtype(one["dtype"]).name

    def set_input(self, index, name, values):
        self._engine.set_tensor(self._engine.get_input_details()[index]["index"], values)

    def outputs(self):
        return [(one["name"], self._engine.get_tensor(one["index"])) for one in self._engine.get_output_details()]


def engine_version():
    from importlib import metadata

    return metadata.version("ai-edge-litert")


def model_of(path):
    """The file as objects."""
    from ai_edge_litert import schema_py_generated as schema

    with open(path, "rb") as file:
        return schema.ModelT.InitFromPackedBuf(file.read(), 0)


def logits(model):
    """By output, the name of what the softmax or sigmoid that makes it is taken of, or None."""
    from ai_edge_litert import schema_py_generated as schema

    graph = model.subgraphs[0]
    closing = (schema.BuiltinOperator.SOFTMAX, schema.BuiltinOperator.LOGISTIC)
    makers = {out: op for op in graph.operators for out in op.outputs}
    found = {}
    for out in graph.outputs:
        maker = makers.get(out)
        closes = maker is not None and model.operatorCodes[maker.opcodeIndex].builtinCode in closing
        found[text_of(graph.tensors[out].name)] = text_of(graph.tensors[maker.inputs[0]].name) if closes else None
    return found


def with_outputs(model, names):
    """The file's bytes with the tensors of these names among the outputs."""
    import flatbuffers

    graph = model.subgraphs[0]
    model.signatureDefs = []
    outputs = list(graph.outputs)
    there = {text_of(graph.tensors[out].name) for out in outputs}
    outputs += [k for k, tensor in enumerate(graph.tensors) if text_of(tensor.name) in set(names) - there]
    graph.outputs = outputs
    builder = flatbuffers.Builder(1 << 20)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def text_of(name):
    return name.decode() if isinstance(name, bytes) else name


def fitting(array, shape):
    """An image with its channels last, where the input has them so."""
    import numpy

    if array.ndim == 4 and tuple(array.shape) != tuple(shape):
        array = array.transpose(CHANNELS_LAST)
    return numpy.ascontiguousarray(array)


if __name__ == "__main__":
    sys.exit(engine_program.main(LiteRt()))
