"""ncnn: `NAME.ncnn.param` with its weights in `NAME.ncnn.bin`, made by pnnx. Stand-alone; see engine_program.py."""

import glob
import importlib.util
import os
import subprocess
import sys
import tempfile

import bench_program
import engine_program
from bench_program import Failure

CLOSING = ("Softmax", "Sigmoid")
HALF = ("use_fp16_packed", "use_fp16_storage", "use_fp16_arithmetic", "use_bf16_storage", "use_bf16_packed")


class Ncnn:
    """ncnn on the CPU in float32, with as many threads as asked."""

    name = "ncnn"
    runner = "ncnn_program 1"

    def version(self):
        return engine_version()

    def info(self):
        return {"ncnn": engine_version(), "python": "%d.%d.%d" % sys.version_info[:3]}

    def convert(self, onnx, out, inputs, outputs):
        """By pnnx' own program: its Python half wants torch. It names inputs and outputs by number; they get their names."""
        if any(shape[:1] != [1] for _, shape in inputs):
            raise RuntimeError("ncnn runs one image at a time, and a batch is asked for")
        os.symlink(onnx, "net.onnx")
        shapes = ",".join("[%s]" % ",".join(map(str, shape)) for _, shape in inputs)
        done = subprocess.run(
            [pnnx(), "net.onnx", "inputshape=" + shapes, "fp16=0"],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        if done.returncode or not glob.glob("net.ncnn.param"):
            last = [line for line in done.stdout.splitlines() if line.strip()][-1:]
            raise RuntimeError("pnnx ended with code %d: %s" % (done.returncode, "".join(last)))
        names = {"in%d" % k: name for k, (name, _) in enumerate(inputs)}
        names.update({"out%d" % k: name for k, name in enumerate(outputs)})
        with open("net.ncnn.param", encoding="utf-8") as file:
            lines = [renamed(line, names) for line in file.read().splitlines()]
        with open(out, "w", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")
        os.replace("net.ncnn.bin", weights_of(out))
        return [weights_of(os.path.basename(out))]

    def shown(self, model):
        net = opened_net(model, 1)
        blobs = net.blobs()
        found = dict.fromkeys(net.output_names())
        for layer in net.layers():
            for top in layer.tops:
                if blobs[top].name in found and layer.type in CLOSING:
                    found[blobs[top].name] = blobs[layer.bottoms[0]].name
        return found

    def opened(self, model, names):
        net = opened_net(model, 1)
        # what is nearer to the inputs first: extracting an end frees what led to it
        wanted = sorted(names, key=lambda name: name in net.output_names())

        def run(inputs):
            extractor = net.create_extractor()
            held = feed(extractor, {name: inputs[name] for name in net.input_names()})
            made = {name: taken(extractor, name) for name in wanted}
            del held
            return made

        return run

    def check(self, path):
        return bench_program.readable(path) + bench_program.readable(weights_of(path)), None

    def load(self, given):
        bench_program.no_power_mode(given, "ncnn")
        self._net = opened_net(given.model, given.threads)
        self.precision = "fp16" if any(getattr(self._net.opt, name) for name in HALF) else "fp32"
        self._inputs, self._made = {}, {}
        self._channels = channels(given.model)
        self._names = self._net.output_names()
        return engine_version()

    def input_names(self, count):
        return list(self._net.input_names())

    def input_dtype(self, index, shape):
        if shape[0] != 1:
            raise Failure(8, "ncnn runs one image at a time, not %s" % list(shape))
        name = self._net.input_names()[index]
        wanted = self._channels.get(name)
        if wanted is not None and len(shape) > 1 and shape[1] != wanted:
            raise Failure(8, "the model's input %s has %d channels, not %d" % (name, wanted, shape[1]))
        return "float32"

    def set_input(self, index, name, values):
        import ncnn

        self._inputs[name] = ncnn.Mat(values[0]).clone()

    def run(self):
        extractor = self._net.create_extractor()
        for name, mat in self._inputs.items():
            extractor.input(name, mat)
        for name in self._names:
            code, self._made[name] = extractor.extract(name)
            if code:
                raise Failure(6, "ncnn could not compute %s (code %d)" % (name, code))

    def outputs(self):
        import numpy

        return [(name, numpy.array(self._made[name])[None]) for name in self._names]


def engine_version():
    import ncnn

    return ncnn.__version__


def pnnx():
    """The program in the package of that name."""
    found = importlib.util.find_spec("pnnx")
    return os.path.join(os.path.dirname(found.origin), "pnnx")


def weights_of(path):
    """The file with the weights."""
    return os.path.splitext(path)[0] + ".bin"


def renamed(line, names):
    """A line of a `.param` file (type, name, counts, blobs, parameters) with other names of blobs."""
    words = line.split()
    if len(words) < 4 or not (words[2].isdigit() and words[3].isdigit()):
        return line
    last = 4 + int(words[2]) + int(words[3])
    return " ".join([*words[:4], *(names.get(word, word) for word in words[4:last]), *words[last:]])


def channels(model):
    """How many channels its inputs have, as far as convolutions of them tell: ncnn itself computes with any number.

    Of a convolution: 0 is the number of outputs, 1 and 11 the kernel, 6 the number of weights, 7 that of groups.
    """
    found, inputs = {}, set()
    with open(model, encoding="utf-8", errors="replace") as file:
        for line in file:
            words = line.split()
            if len(words) < 4 or not (words[2].isdigit() and words[3].isdigit()):
                continue
            bottoms = words[4 : 4 + int(words[2])]
            if words[0] == "Input":
                inputs.update(words[4:5])
            elif words[0] in ("Convolution", "ConvolutionDepthWise") and inputs.intersection(bottoms):
                has = dict(word.split("=", 1) for word in words if "=" in word)
                kernel = int(has.get("1", 0)) * int(has.get("11", has.get("1", 0)))
                if kernel and int(has.get("0", 0)):
                    found[bottoms[0]] = int(has.get("6", 0)) * int(has.get("7", 1)) // (int(has["0"]) * kernel)
    return found


def opened_net(model, threads):
    """The network. Raises `Failure` where ncnn refuses it; it says so by a code, or not at all."""
    import ncnn

    net = ncnn.Net()
    net.opt.num_threads = threads
    for name in HALF:
        setattr(net.opt, name, False)
    code, said = heard(lambda: net.load_param(model) or net.load_model(weights_of(model)))
    if code:
        raise Failure(5, "ncnn cannot load %s: %s" % (os.path.basename(model), said or "code %d" % code))
    return net


def heard(call):
    """What a call returns, and the first line that it wrote to standard error meanwhile."""
    kept = os.dup(2)
    with tempfile.TemporaryFile() as file:
        os.dup2(file.fileno(), 2)
        try:
            returned = call()
        finally:
            os.dup2(kept, 2)
            os.close(kept)
        file.seek(0)
        return returned, file.readline().decode(errors="replace").strip()


def feed(extractor, inputs):
    """Give the inputs; returns what must be kept until the outputs are taken."""
    import ncnn
    import numpy

    held = []
    for name, array in inputs.items():
        held.append(numpy.ascontiguousarray(array[0], dtype=numpy.float32))
        extractor.input(name, ncnn.Mat(held[-1]))
    return held


def taken(extractor, name):
    """An output as an array with its batch of one."""
    import numpy

    code, mat = extractor.extract(name)
    if code:
        raise RuntimeError("ncnn could not compute %s (code %d)" % (name, code))
    return numpy.array(mat)[None]


if __name__ == "__main__":
    sys.exit(engine_program.main(Ncnn()))
