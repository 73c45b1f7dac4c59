"""Control flow: Paddle 3's operators have values as results; the older ones write variables of the block around them."""

from __future__ import annotations

from edge.paddle.pir.constant import dtype_number
from edge.paddle.pir.reading import PirBlock, PirOp
from edge.paddle.pir.translator import Handler, Translator
from edge.paddle.pir.writing import SubBlock

_SCALAR = {"is_scalar_condition": True}


def _if(t: Translator, op: PirOp) -> None:
    """Two blocks of which one is run, and the choice of its results; of a constant condition, that block alone."""
    (condition,) = op.operands
    then, other = op.blocks
    if (constant := t.constant(condition)) is not None:
        chosen = then if constant.values[0] else other
        t.translate(chosen.ops[:-1])
        for result, id in zip(op.results, _yielded(chosen), strict=True):
            t.alias(result.id, id)
        return
    yes, no = t.tensor(condition), t.scratch("if_not", "bool", t.value(condition).shape)
    t.writer.op("logical_not", {"X": [yes]}, {"Out": [no]})
    made = {name: _branch(t, op, block, name) for name, block in ((yes, then), (no, other))}
    mask = t.scratch("if_mask", "int32", t.value(condition).shape)
    attrs = {"in_dtype": dtype_number("bool"), "out_dtype": dtype_number("int32")}
    t.writer.op("cast", {"X": [yes]}, {"Out": [mask]}, attrs)
    for result, first, second in zip(op.results, made[yes], made[no], strict=True):
        t.writer.op("select_input", {"X": [second, first], "Mask": [mask]}, {"Out": [t.make(result.id, "if")]})


def _branch(t: Translator, op: PirOp, block: PirBlock, condition: str) -> list[str]:
    """The variables that hold the block's results if it was run."""
    made = [t.scratch("if", result.dtype, result.shape) for result in op.results]
    with t.sub_block() as written:
        t.translate(block.ops[:-1])
        for name, id in zip(made, _yielded(block), strict=True):
            _assign(t, t.tensor(id), name)
    outputs = {"Out": made, "Scope": [t.writer.scopes("if")]}
    inputs = {"Cond": [condition], "Input": written.reads}
    t.writer.op("conditional_block", inputs, outputs, {**_SCALAR, "sub_block": written.number})
    return made


def _while(t: Translator, op: PirOp) -> None:
    """A block that is run again and again on the variables of the results, which begin as the operands."""
    condition, *first = op.operands
    (block,) = op.blocks
    again = t.scratch("while_condition", "bool", t.value(condition).shape)
    _assign(t, t.tensor(condition), again)
    state = [_begun(t, result.id, id) for result, id in zip(op.results, first, strict=True)]
    with t.sub_block(block.args, state) as written:
        t.translate(block.ops[:-1])
        following = [again, *state]
        results = [t.tensor(id) for id in _yielded(block)]
        # A variable that goes on as another would be overwritten before it is read.
        results = [
            _copy(t, id) if name in following and name != own else name
            for id, name, own in zip(_yielded(block), results, following, strict=True)
        ]
        for name, own in zip(results, following, strict=True):
            if name != own:
                _assign(t, name, own)
    _loop(t, written, again, state)


def _loop(t: Translator, written: SubBlock, again: str, state: list[str]) -> None:
    inputs = {"X": list(dict.fromkeys([*state, *written.reads])), "Condition": [again]}
    outputs = {"Out": [*state, again], "StepScopes": [t.writer.scopes("while")]}
    t.writer.op("while", inputs, outputs, {"sub_block": written.number, "is_test": True})


def _begun(t: Translator, result: int, operand: int) -> str:
    source = t.tensor(operand)
    name = t.make(result, "while")
    _assign(t, source, name)
    return name


def _copy(t: Translator, id: int) -> str:
    value = t.value(id)
    name = t.scratch("while_next", value.dtype, value.shape)
    _assign(t, t.tensor(id), name)
    return name


def _yielded(block: PirBlock) -> tuple[int, ...]:
    last = block.ops[-1]
    if last.name != "cf.yield":
        raise ValueError("a block without results at its end")
    return last.operands


def _assign(t: Translator, source: str, name: str) -> None:
    t.writer.op("assign", {"X": [source]}, {"Out": [name]})


FLOW: dict[str, Handler] = {"pd_op.if": _if, "pd_op.while": _while}
