"""A program that was read, in the hands of everything that looks into it; and damage that leaves it readable."""

from __future__ import annotations

import math
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import Any

import numpy as np

from edge.errors import EdgezooError
from edge.paddle import schema
from edge.paddle.program import Program

ENGINES = ("2.10", "2.13rc0", "2.14rc0")
PRECISIONS = ("fp32", "fp16", "int8")


def seeds(_: Path) -> list[bytes]:
    from tests.convert.legalise.rule_cases import CASES
    from tests.paddle.test_quantised import FORMS

    return [case.network.serialize() for case in CASES] + [network.serialize() for network, _ in FORMS]


def handle(path: Path) -> None:
    """All that edgezoo does with a program by itself: rules, quantisation, cuts, twins. One may refuse it."""
    from edge.convert.kept import unquantised
    from edge.convert.legalise import legalise
    from edge.convert.verify.asked import rows_of
    from edge.convert.verify.batches import opened, safe_batch
    from edge.convert.verify.half import in_half
    from edge.convert.verify.rounded import quantised_weights
    from edge.convert.verify.x86_int8 import split_hard_swish
    from edge.paddle.constants import constants_of
    from edge.paddle.cut import cut
    from edge.paddle.double import doubled
    from edge.paddle.quantised import input_range, plain, stored_otherwise, without_observers

    program = Program.parse(path.read_bytes())
    params = _params(program)
    tries: list[Any] = [
        *(lambda e=e, p=p: legalise(program, engine=e, precision=p) for e in ENGINES for p in PRECISIONS),
        *(lambda one=one: one(program) for one in (
            without_observers, stored_otherwise, doubled, in_half, safe_batch, opened, split_hard_swish, rows_of,
            Program.logits)),
        lambda: in_half(program, order=1),
        lambda: constants_of(program).alone(),
        lambda: (found := constants_of(program)).folded({spec.name: np.zeros(1) for spec in found.results}),
        lambda: cut(program, [spec.name for spec in program.fetches[:1]]),
        lambda: unquantised(program, set(quantised_weights(program).values())),
        lambda: plain(program, params),
        lambda: input_range(program, params) if program.feeds else None,
    ]  # fmt: skip
    for one in tries:
        with suppress(EdgezooError):
            one()


def _params(program: Program) -> dict[str, Any]:
    """Values for the parameters that are small."""
    made = {}
    for spec in program.persistables:
        if (
            all(size >= 0 for size in spec.shape)
            and math.prod(spec.shape) < 10_000
            and not spec.dtype.startswith("type")
        ):
            kind = "float32" if spec.dtype == "bfloat16" else spec.dtype
            made[spec.name] = np.ones(spec.shape, kind)
    return made


def mutate_program(data: bytes, random: Random) -> bytes:
    """One to four operators or variables changed: what they read, make and hold, of which kind and how large."""
    message = Program.parse(data).copy_message()
    block = message.blocks[0]
    names = [var.name for var in block.vars]
    for _ in range(random.choice((1, 1, 2, 4))):
        if random.random() < 0.2:
            _change_variable(random.choice(block.vars), random)
        else:
            _change_operator(random.choice(block.ops), names, random)
    return bytes(message.SerializeToString())


def _change_variable(var: Any, random: Random) -> None:
    dims = var.type.lod_tensor.tensor.dims
    way = random.randrange(5)
    if way == 0:
        dims[:] = random.choice(
            ([], [1], [0], [-1, -1], [1] * 9, [2**31, 2**31], [1, 8, 1, 1], [1, 3, 0, 0], [-7, 2, 2, 2])
        )
    elif way == 1 and dims:
        dims[random.randrange(len(dims))] = random.choice((-1, 0, 1, 3, 2**31, 2**62, -(2**40)))
    elif way == 2:
        var.type.lod_tensor.tensor.data_type = random.choice((0, 3, 4, 23, 25, 99, -1))
    elif way == 3:
        var.type.type = random.choice((7, 8, 13, 99))
    else:
        var.persistable = not var.persistable


def _change_operator(op: Any, names: list[str], random: Random) -> None:
    way = random.randrange(8)
    slots = [*op.inputs, *op.outputs]
    if way < 3 and slots:
        slot = random.choice(slots)
        if way == 0:
            slot.parameter = random.choice(("X", "Y", "Out", "Input", "Filter", "nothing"))
        elif way == 1:
            del slot.arguments[:]
            slot.arguments.extend(random.choices([*names, "nowhere"], k=random.choice((0, 1, 1, 2))))
        else:
            del (op.inputs if slot in op.inputs else op.outputs)[0]
    elif way == 3 and op.attrs:
        del op.attrs[random.randrange(len(op.attrs))]
    elif way == 4 and op.attrs:
        random.choice(op.attrs).type = random.choice((*schema.ATTR_TYPES, 99))
    elif way == 5:
        _change_attribute(op, random)
    elif way == 6 and op.inputs and op.outputs and op.inputs[0].arguments:
        op.outputs[0].arguments[:] = list(op.inputs[0].arguments[:1])  # in its own place
    elif way == 7:
        op.type = random.choice(
            ("conv2d", "relu", "batch_norm", "elementwise_add", "slice", "softmax", "mul", "einsum", "reduce_sum", "hard_swish",
             "transpose2", "set_value", "repeat_interleave", "dropout", "fake_dequantize_max_abs", "quantize_linear", "pow")
        )  # fmt: skip


def _change_attribute(op: Any, random: Random) -> None:
    if not op.attrs:
        return
    attr = random.choice(op.attrs)
    whole = (-1, 0, 1, 2, 3, 7, 100, -100, 2**31 - 1, -(2**31))
    attr.i, attr.l, attr.f = (
        random.choice(whole),
        random.choice((*whole, 2**40)),
        random.choice((0.0, math.nan, math.inf, -1.5)),
    )
    attr.s = random.choice(("", "ab,bc->ac", "a,b->", "NHWC", "SAME"))
    many = random.choices(whole, k=random.randrange(6))
    for field in (attr.ints, attr.longs, attr.floats, attr.float64s):
        field[:] = many
    del attr.scalars[:]
    for value in many:
        attr.scalars.add(
            type=random.choice((1, 2, 3, 9)), b=True, i=value * 2**20, r=random.choice((0.5, math.nan, 1e300))
        )
