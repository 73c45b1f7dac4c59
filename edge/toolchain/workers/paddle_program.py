"""Inference programs: writing one from a network."""

import contextlib
import os
import struct
import tempfile
import types

import numpy
import paddle
from paddle import nn
from paddle.base import core, framework
from paddle.base.proto.framework_pb2 import VarType
from paddle.jit.dy2static import partial_program, program_translator


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
        with (
            _scopes_freed(),
            _methods_translated_once(),
            _parameters_searched_once(),
            _parameters_streamed(),
            _without_call_stacks(),
        ):
            paddle.jit.save(static, os.path.join(beside, "inference"))
        ends = strip(program)
        for path in (params, program):
            os.replace(path, os.path.join(out_dir, os.path.basename(path)))
    return ends


@contextlib.contextmanager
def _scopes_freed():
    """Free the scopes made inside the block.

    Paddle 2.6 keeps every scope in a pool for the life of the process; the one that `paddle.jit.save` makes holds all
    parameters of the network, so that a worker would grow by the size of each model it exports.
    """
    made, make = [], core.Scope

    def scope():
        made.append(make())
        return made[-1]

    core.Scope = scope
    try:
        yield
    finally:
        core.Scope = make
        for each in made:
            each._remove_from_pool()


@contextlib.contextmanager
def _methods_translated_once():
    """Translate the code of a layer's `forward` once for all layers of its class, half of the time that saving takes.

    Paddle 2.6 looks bound methods up among those that it translated; every access makes another, so that it finds none.
    """
    cache = program_translator._FUNCTION_CACHE
    translate = cache.convert_with_cache
    cache.convert_with_cache = lambda function: translate(getattr(function, "__func__", function))
    try:
        yield
    finally:
        del cache.convert_with_cache  # the class's own again


@contextlib.contextmanager
def _parameters_searched_once():
    """Find the parameters that a program uses in one walk through it: Paddle 2.6 walks once for each, a third of the time."""
    layer, slow = partial_program.PartialProgramLayer, partial_program.PartialProgramLayer._prune_unused_params

    def prune(self, program):
        operators = [op for block in program.blocks for op in block.ops]
        used = {name for op in operators for name in (*op.input_arg_names, *op.output_arg_names)}
        self._params = [param for param in self._params if param.name in used]

    layer._prune_unused_params = prune
    try:
        yield
    finally:
        layer._prune_unused_params = slow


@contextlib.contextmanager
def _parameters_streamed():
    """Write parameters one by one, as Paddle's `save_combine` would: it holds four copies of the file in memory first."""
    save_vars = paddle.static.io.save_vars

    def save(executor, dirname, main_program, predicate, filename):
        names = sorted(var.name for var in main_program.list_vars() if predicate(var))
        with open(os.path.join(dirname, filename), "wb") as file:
            for name in names:
                tensor = paddle.static.global_scope().find_var(name).get_tensor()
                desc = VarType.TensorDesc(data_type=int(tensor._dtype()), dims=tensor.shape()).SerializeToString()
                file.write(struct.pack("<IQIi", 0, 0, 0, len(desc)) + desc)  # of the tensor, its LoD, its description
                numpy.asarray(tensor).tofile(file)

    paddle.static.io.save_vars = save
    try:
        yield
    finally:
        paddle.static.io.save_vars = save_vars


@contextlib.contextmanager
def _without_call_stacks():
    """Give operators no call stack: `strip` takes it out again, and until then every copy of the program copies it."""
    traceback = framework.traceback
    framework.traceback = types.SimpleNamespace(extract_stack=tuple)
    try:
        yield
    finally:
        framework.traceback = traceback


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
