from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from edge.convert.verify.engines import load, save
from edge.convert.verify.half import in_half
from edge.paddle.program import Program
from edge.toolchain.toolbox import Toolbox
from tests.convert.legalise.rule_cases import CASES, X
from tests.paddle.programs import write_params

BLOCK = next(case for case in CASES if case.rule == "conv-to-fc")


def test_every_result_is_rounded_and_keeps_its_name() -> None:
    program = in_half(BLOCK.network)
    made = {name: op.type for op in program.ops() for names in op.outputs.values() for name in names}
    computed = [op for op in BLOCK.network.ops() if op.type not in ("feed", "fetch")]
    results = [name for op in computed for names in op.outputs.values() for name in names]
    assert [made[name] for name in results] == ["cast"] * len(results)
    assert sum(op.type == "cast" for op in program.ops()) == 2 * len(results)
    assert program.fetches == BLOCK.network.fetches
    assert program.persistables == BLOCK.network.persistables


@pytest.mark.slow
def test_paddle_computes_it_to_eleven_bits(tmp_path: Path) -> None:
    write_params(tmp_path / "params", BLOCK.weights)
    given = [{"x": np.random.default_rng(0).standard_normal(X).astype(np.float32)}]
    save(tmp_path / "in.npz", given, ["x"])

    def run(program: Program) -> NDArray[Any]:
        (tmp_path / "program").write_bytes(program.serialize())
        with Toolbox() as tools, tools.lend("paddle") as worker:
            worker.call("run", program=str(tmp_path / "program"), params=str(tmp_path / "params"),
                        inputs_npz=str(tmp_path / "in.npz"), outputs_npz=str(tmp_path / "out.npz"))  # fmt: skip
        return load(tmp_path / "out.npz", ["y"], 1)[0]

    exact, rounded = run(BLOCK.network), run(in_half(BLOCK.network))
    assert np.array_equal(rounded, rounded.astype(np.float16).astype(np.float32))
    apart = np.abs(rounded - exact).max() / np.abs(exact).max()
    assert 2**-13 < apart < 2**-8
