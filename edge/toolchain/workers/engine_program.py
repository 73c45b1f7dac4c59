"""An engine's one script: a worker that converts and runs for the judge, and, with arguments, a benchmark program. Stand-alone.

`main` takes an object that has what `bench_program.main` asks for, and besides:
`info()`, the versions for the greeting;
`convert(onnx, out, inputs, outputs)`, which makes the engine's file at `out` (and its parts beside it) from an ONNX file with
these inputs (names and shapes) and outputs (names), and returns the names of the parts, raising for what it cannot do
(afterwards `shapes` may say the file's own shapes of the inputs, names and shapes, where they are others);
`shown(model)`, for each output the name of the input of the softmax or sigmoid that makes it, or None;
`opened(model, names)`, a function from inputs by name to the arrays of these names.
"""

import os
import sys
import tempfile

import bench_program
import protocol


def main(engine):
    """Do what the command line says; returns the exit code."""
    if sys.argv[1:]:
        return bench_program.main(engine)
    does = Operations(engine)
    protocol.serve({"convert": does.convert, "points": does.points, "run": does.run}, engine.info)
    return 0


class Operations:
    """The worker's operations. `points` and `run` are those of onnx_worker.py, for the engine's own files."""

    def __init__(self, engine):
        self._engine = engine

    def convert(self, model, out, inputs, outputs):
        """Make the engine's file from an ONNX file; the answer names its parts, which lie beside it, and the shapes of its
        inputs where they are other than the ONNX file's.

        The converter works in a folder of its own: what it leaves in its working directory goes away with that.
        """
        model, out, here = os.path.abspath(model), os.path.abspath(out), os.getcwd()
        with tempfile.TemporaryDirectory(dir=os.path.dirname(out)) as scratch:
            os.chdir(scratch)
            try:
                parts = self._engine.convert(model, out, inputs, outputs)
            finally:
                os.chdir(here)
        for path in [out] + [os.path.join(os.path.dirname(out), part) for part in parts]:
            if not os.path.isfile(path) or not os.path.getsize(path):
                raise RuntimeError("the converter ended well, and made no %s" % os.path.basename(path))
        shapes = getattr(self._engine, "shapes", None)
        return {"parts": list(parts), "shapes": shapes}

    def points(self, model, wanted):
        """Which variables of the file can be compared: its outputs, and the inputs of the softmaxes that close them."""
        logits = self._engine.shown(model)
        return {
            "values": [one["name"] for one in wanted if one["name"] in logits],
            "logits": [one["name"] for one in wanted if one["logits"] and logits.get(one["name"]) is not None],
        }

    def run(self, model, inputs_npz, outputs_npz, wanted):
        """The outputs for several samples: arrays `<sample>/<variable>`, and `<sample>/<variable>/logits`."""
        import numpy

        logits = self._engine.shown(model)
        fetches = {one["name"]: one["name"] for one in wanted if one["name"] in logits}
        for one in wanted:
            if one["logits"] and logits.get(one["name"]) is not None:
                fetches[one["name"] + "/logits"] = logits[one["name"]]
        run = self._engine.opened(model, list(dict.fromkeys(fetches.values())))
        made, samples = {}, {}
        with numpy.load(inputs_npz) as given:
            for key in given.files:
                number, name = key.split("/", 1)
                samples.setdefault(number, {})[name] = given[key]
        for number in protocol.told(list(samples)):
            arrays = run(samples[number])
            for key, name in fetches.items():
                made["%s/%s" % (number, key)] = numpy.array(arrays[name])
        numpy.savez(outputs_npz, **made)
        return {"outputs": list(logits)}
