"""Every operator as Paddle 3 writes it: translated, it computes in Paddle 2.6 what the original does in Paddle 3."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from edge.paddle import params
from edge.paddle.pir import PirProgram, translate
from edge.paddle.pir.flow import FLOW
from edge.paddle.pir.operators import OPERATORS, REDUCTIONS
from edge.paddle.pir.special import SPECIAL
from edge.paddle.program import Op, Program
from edge.toolchain.engines import engine
from edge.toolchain.environment import ensure
from edge.toolchain.toolbox import Toolbox

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]

# Operators that no case has, because Paddle 3 writes them only for what is not at hand here (another device, another API).
NOT_SEEN = {
    "conv2d_transpose_bias", "norm", "mean_all", "share_data", "isinf", "isfinite", "logical_xor",
    "bitwise_and", "bitwise_or", "bitwise_xor", "bitwise_not", "mv", "acos", "asin", "cosh", "sinh", "tan", "log10",
    "amin", "box_coder", "multiclass_nms3",
}  # fmt: skip

# Paddle 3.3 writes them, and its own predictor does not read them again.
NOT_RUN = ("flow_constant", "flow_constant_else")

# In Paddle 2.6 they are of 64 bits; opt reads 32, and Paddle both.
_NARROW = {("reduce_any", "dim"), ("reduce_all", "dim")}
# Attributes that opt wants and Paddle 2.6 does not describe any more.
_FOR_OPT = {("swish", "beta"), ("softshrink", "lambda"), ("set_value", "values")}


@pytest.fixture(scope="module")
def tools() -> Iterator[Toolbox]:
    with Toolbox() as tools:
        yield tools


@pytest.fixture(scope="module")
def programs(written: Path) -> dict[str, Program]:
    """Every case translated; its parameters are found to belong to it."""
    made = {}
    for folder in sorted(written.iterdir()):
        made[folder.name] = translate(PirProgram.read(folder / "inference.json")).program
        params.check(folder / "inference.pdiparams", made[folder.name].persistables)
    return made


def test_the_cases_have_every_operator_that_is_known(written: Path) -> None:
    used = {
        op.name.partition(".")[2].rstrip("_")
        for folder in written.iterdir()
        for op in PirProgram.read(folder / "inference.json").walk()
    }
    known = set(OPERATORS) | set(REDUCTIONS) | {name.partition(".")[2] for name in FLOW}
    assert known - used == NOT_SEEN
    assert len(used) > 150
    assert len(SPECIAL) > 30


def test_every_case_computes_the_same(written: Path, programs: dict[str, Program], tools: Toolbox) -> None:
    wrong = {}
    for name, program in programs.items():
        if name in NOT_RUN:
            continue
        made = _translated(tools, written / name, program)
        expected = _run(tools, "paddle3", written / name, "inference.json")
        if problem := _difference(expected, made):
            wrong[name] = problem
    assert wrong == {}


def test_a_constant_condition_is_decided(written: Path, programs: dict[str, Program], tools: Toolbox) -> None:
    found = {}
    for name in (*NOT_RUN, "flow_if", "flow_outer"):
        (found[name],) = _translated(tools, written / name, programs[name]).values()
    assert np.allclose(found["flow_constant"], 3 * found["flow_if"])
    assert np.allclose(found["flow_constant_else"], 1 + found["flow_outer"], atol=1e-6)
    assert all("conditional_block" not in programs[name].op_types for name in NOT_RUN)
    assert "conditional_block" in programs["flow_if"].op_types


def _translated(tools: Toolbox, folder: Path, program: Program) -> dict[str, NDArray[Any]]:
    """What Paddle 2.6 computes by the translation."""
    (folder / "translated.pdmodel").write_bytes(program.serialize())
    random = np.random.default_rng(5)
    shapes = {spec.name: [2 if size == -1 else size for size in spec.shape] for spec in program.feeds}
    given = {f"0/{name}": random.standard_normal(shape).astype("float32") for name, shape in shapes.items()}
    np.savez(folder / "inputs.npz", **given)  # type: ignore[arg-type]
    return _run(tools, "paddle", folder, "translated.pdmodel")


def _run(tools: Toolbox, kind: str, folder: Path, program: str) -> dict[str, NDArray[Any]]:
    with tools.lend(kind) as worker:
        worker.call("run", program=str(folder / program), params=str(folder / "inference.pdiparams"),
                    inputs_npz=str(folder / "inputs.npz"), outputs_npz=str(folder / f"{kind}.npz"))  # fmt: skip
    with np.load(folder / f"{kind}.npz") as arrays:
        return dict(arrays)


def _difference(expected: dict[str, NDArray[Any]], made: dict[str, NDArray[Any]]) -> str | None:
    if list(expected) != list(made):
        return f"outputs {list(made)} instead of {list(expected)}"
    for name, right in expected.items():
        found = made[name]
        if (right.shape, right.dtype) != (found.shape, found.dtype):
            return f"{found.dtype} {found.shape} instead of {right.dtype} {right.shape}"
        if not np.allclose(right, found, rtol=1e-4, atol=1e-5):
            return f"differs by {np.abs(right.astype('float64') - found).max()}"
    return None


_DESCRIBE = """
import json, sys
from paddle.base.framework import OpProtoHolder
made = {}
for name in sys.argv[1:]:
    proto = OpProtoHolder.instance().get_op_proto(name)
    made[name] = {
        "inputs": {each.name: each.dispensable for each in proto.inputs},
        "outputs": [each.name for each in proto.outputs],
        "attrs": {each.name: each.type for each in proto.attrs},
    }
print(json.dumps(made))
"""


def test_slots_and_attributes_are_those_of_paddle_2_6(programs: dict[str, Program]) -> None:
    ops = [op for program in programs.values() for op in program.ops() if op.type not in ("feed", "fetch")]
    python = ensure(engine("paddle")).python
    command: list[str | Path] = [python, "-E", "-s", "-c", _DESCRIBE, *sorted({op.type for op in ops})]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    described = json.loads(done.stdout.splitlines()[-1])
    assert {problem for op in ops for problem in _against(op, described[op.type])} == set()


def _against(op: Op, described: dict[str, Any]) -> Iterator[str]:
    from edge.paddle.schema import ATTR_NUMBERS

    for slot in op.inputs.keys() - described["inputs"].keys():
        yield f"{op.type}: no input {slot}"
    for slot, dispensable in described["inputs"].items():
        if not dispensable and not op.inputs.get(slot):
            yield f"{op.type}: lacks the input {slot}"
    for slot in op.outputs.keys() - set(described["outputs"]):
        yield f"{op.type}: no output {slot}"
    for name, kind in op.attr_kinds.items():
        if (op.type, name) in _NARROW | _FOR_OPT:
            continue
        if name not in described["attrs"]:
            yield f"{op.type}: no attribute {name}"
        elif ATTR_NUMBERS[kind] != described["attrs"][name]:
            yield f"{op.type}: {name} is {kind}, not of type {described['attrs'][name]}"
