"""Short cuts through Paddle 2.6 on the way from a network to a program: what comes out is the same, to the byte."""

import contextlib
import os
import struct
import types

import numpy
import paddle
from paddle.base import core, framework
from paddle.base.layers import math_op_patch
from paddle.base.proto.framework_pb2 import VarType
from paddle.jit.dy2static import convert_call_func, partial_program, program_translator


@contextlib.contextmanager
def taken():
    """Within the block, `paddle.jit.save` takes all of them."""
    with contextlib.ExitStack() as stack:
        for short_cut in (
            _scopes_freed,
            _methods_translated_once,
            _calls_judged_at_once,
            _parameters_searched_once,
            _parameters_streamed,
            _without_call_stacks,
        ):
            stack.enter_context(short_cut())
        yield


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
def _calls_judged_at_once():
    """Look up whether a function is one of Python's or numpy's own: Paddle 2.6 compares it with thousands, one by one, at every
    call of a layer."""
    judge, modules = convert_call_func.is_unsupported, convert_call_func.BUILTIN_LIKELY_MODULES
    builtin = {id(function) for module in modules for function in convert_call_func.get_module_functions(module)}
    convert_call_func.BUILTIN_LIKELY_MODULES = []
    convert_call_func.is_unsupported = lambda function: id(function) in builtin or judge(function)
    try:
        yield
    finally:
        convert_call_func.is_unsupported, convert_call_func.BUILTIN_LIKELY_MODULES = judge, modules


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
    """Give operators no call stack: `strip` takes it out again, and until then every copy of the program copies it. Nor read
    the source of every caller for a warning that nobody sees."""
    traceback, inspect = framework.traceback, math_op_patch.inspect
    framework.traceback = types.SimpleNamespace(extract_stack=tuple)
    math_op_patch.inspect = types.SimpleNamespace(stack=lambda: (("", "", 0),) * 2)
    try:
        yield
    finally:
        framework.traceback, math_op_patch.inspect = traceback, inspect
