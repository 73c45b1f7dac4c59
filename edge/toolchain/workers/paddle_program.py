"""Inference programs: writing one from a network."""

import os
import tempfile

import paddle
import paddle_short_cuts
from paddle import nn
from paddle.base import core


class _Deployed(nn.Layer):
    """A network in the form of the published inference models: one input `x`, class probabilities out."""

    def __init__(self, network):
        super().__init__()
        self.network = network

    def forward(self, x):
        logits = self.network(x)
        if isinstance(logits, (list, tuple)):  # auxiliary classifiers follow the main one
            logits = logits[0]
        return nn.functional.softmax(logits)


def save(network, input_shape, out_dir):
    """Write `inference.pdmodel` and `inference.pdiparams` into `out_dir`; returns names and shapes of the ends."""
    deployed = _Deployed(network)
    deployed.eval()
    for name, buffer in deployed.named_buffers():
        if buffer.name.startswith("eager_tmp_"):  # the number goes on through the life of the process
            buffer.name = name
    spec = [paddle.static.InputSpec(shape=list(input_shape), dtype="float32", name="x")]
    # full_graph: the symbolic mode of Paddle 2.6 breaks on PP-LCNet
    static = paddle.jit.to_static(deployed, full_graph=True, input_spec=spec)
    os.makedirs(out_dir, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out_dir, prefix=".export-") as beside:
        program, params = (os.path.join(beside, "inference" + suffix) for suffix in (".pdmodel", ".pdiparams"))
        with paddle_short_cuts.taken():
            paddle.jit.save(static, os.path.join(beside, "inference"))
        ends = strip(program)
        for path in (params, program):
            os.replace(path, os.path.join(out_dir, os.path.basename(path)))
    return ends


def strip(program):
    """Drop the call stacks that Paddle leaves in some operators: they name this machine's folders and code lines.

    Returns the names and shapes of the program's inputs and outputs.
    """
    with open(program, "rb") as file:
        desc = core.ProgramDesc(file.read())
    ends = {"feed": [], "fetch": []}
    for number in range(desc.num_blocks()):
        block = desc.block(number)
        for op in (block.op(index) for index in range(block.op_size())):
            op.remove_attr("op_callstack")
            if op.type() in ends:
                name = (op.output("Out") if op.type() == "feed" else op.input("X"))[0]
                shape = list(block.find_var(name.encode()).shape())
                ends[op.type()].append({"name": name, "shape": shape, "dtype": "float32"})
    with open(program, "wb") as file:
        file.write(desc.serialize_to_string())
    return {"inputs": ends["feed"], "outputs": ends["fetch"]}
