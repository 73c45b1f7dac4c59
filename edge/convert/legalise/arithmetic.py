"""Operators whose kernels compute something else than Paddle, or nothing, and their equals that are right."""

from __future__ import annotations

from edge.convert.legalise.rule import Rule
from edge.paddle.draft import Draft, NewOp

_POWERS = frozenset(range(3, 17))  # more would be more operators than a power is worth
# set_value's element type (framework.proto's VarType.Type) -> the attribute that Paddle up to 2.4 kept the values in.
_VALUES = {0: "bool_values", 2: "int32_values", 5: "fp32_values"}


def _square(draft: Draft) -> int:
    count = 0
    for op in draft.ops("pow"):
        if op.attr("factor") == 2 and not op.input("FactorTensor"):
            op.set_type("square")
            op.drop_attr("factor")
            op.drop_input("FactorTensor")
            count += 1
    return count


def _products(draft: Draft) -> int:
    count = 0
    for op in draft.ops("pow"):
        factor, x, out = op.attr("factor"), op.input("X"), op.output("Out")
        if x is None or out is None or op.input("FactorTensor") or factor not in _POWERS:
            continue
        described = draft.tensor(out)
        shape, dtype = (described.shape, described.dtype) if described else ((), "float32")
        if dtype not in ("float32", "float64"):
            continue
        made = _power(draft, x, out, int(factor), (dtype, shape, op.block))
        draft.replace(op, *made)
        count += 1
    return count


def _power(draft: Draft, x: str, out: str, exponent: int, like: tuple[str, tuple[int, ...], int]) -> list[NewOp]:
    """Squares, and products of those that the exponent's binary digits name; the last product is `out`."""
    dtype, shape, block = like
    products = exponent.bit_length() + exponent.bit_count() - 2
    made: list[NewOp] = []

    def product(a: str, b: str) -> str:
        name = out if len(made) + 1 == products else draft.new_tensor(out, dtype, shape, block=block)
        made.append(NewOp("elementwise_mul", {"X": [a], "Y": [b]}, {"Out": [name]}, {"axis": -1}))
        return name

    square, power = x, ""
    while exponent:
        if exponent & 1:
            power = product(power, square) if power else square
        exponent >>= 1
        if exponent:
            square = product(square, square)
    return made


def _typed_values(draft: Draft) -> int:
    count = 0
    for op in draft.ops("set_value"):
        values, name = op.attr("values"), _VALUES.get(op.attr("dtype"))
        if values is not None and name is not None and not op.has_attr(name):
            if values:  # none where the values come as a tensor
                op.set_attr(name, [float(v) if name == "fp32_values" else int(v) for v in values])
            op.drop_attr("values")
            count += 1
    return count


def _sum_to_additions(draft: Draft) -> int:
    count = 0
    for op in draft.ops("sum"):
        terms, out = op.inputs.get("X", ()), op.output("Out")
        if len(terms) < 2 or out is None:
            continue
        described = draft.tensor(out)
        shape, dtype = (described.shape, described.dtype) if described else ((), "float32")
        partial, additions = terms[0], []
        for number, term in enumerate(terms[1:], 2):
            last = number == len(terms)
            total = out if last else draft.new_tensor(out, dtype, shape, block=op.block)
            additions.append(NewOp("elementwise_add", {"X": [partial], "Y": [term]}, {"Out": [total]}, {"axis": -1}))
            partial = total
        draft.replace(op, *additions)
        count += 1
    return count


def _one_element(draft: Draft) -> int:
    count = 0
    for op in draft.ops("fill_constant"):
        out = op.output("Out")
        open_shape = any(op.input(slot) for slot in ("ShapeTensor", "ShapeTensorList"))
        if out is not None and not open_shape and op.attr("shape") == ():
            op.set_attr("shape", [1])
            draft.set_shape(out, [1])
            count += 1
    return count


POW_TO_SQUARE = Rule(
    name="pow-to-square",
    reason="the engine raises to a power by exp and log, which is wrong for negative numbers; a power of 2 is a square",
    ops=frozenset({"pow"}),
    apply=_square,
)

POW_TO_PRODUCTS = Rule(
    name="pow-to-products",
    reason="the engine raises to a power by exp and log, which is no number for negative ones; whole powers are products",
    ops=frozenset({"pow"}),
    apply=_products,
)

SET_VALUE_TYPED = Rule(
    name="set-value-typed",
    reason="Paddle 2.5 and later keep set_value's numbers in `values`, where the engine does not look: it sets nothing, and "
    "dies of the output that it never made",
    ops=frozenset({"set_value"}),
    apply=_typed_values,
)

SUM_TO_ADDITIONS = Rule(
    name="sum-to-additions",
    reason="there is no kernel of sum for x86; elementwise_add of one term after the other is the same",
    ops=frozenset({"sum"}),
    apply=_sum_to_additions,
)

FILL_ONE_ELEMENT = Rule(
    name="fill-one-element",
    reason="the engine aborts on a fill_constant without dimensions (`no valid out_shape`); one dimension of one element "
    "broadcasts alike",
    ops=frozenset({"fill_constant"}),
    apply=_one_element,
)
