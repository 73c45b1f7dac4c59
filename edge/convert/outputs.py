"""The shapes of a network's outputs at the shapes that its inputs are used with."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from edge.convert.verify.reference import write_reference
from edge.errors import EdgezooError
from edge.images.noise import seeded_noise
from edge.paddle.by_data import SIZED_BY_DATA
from edge.paddle.program import Program
from edge.source.model import InferenceModel
from edge.toolchain.worker import Lend

_TIMEOUT = 1800.0


def output_shapes(
    source: InferenceModel, shapes: Sequence[Sequence[int]], scratch: Path, lend_paddle: Lend
) -> list[tuple[int, ...]]:
    """What the program says, and where it leaves a size open, what Paddle makes of inputs of these `shapes`.

    A size that depends on the data, or that Paddle cannot tell here, stays open: -1.
    """
    program = Program.read(source.program)
    declared = [spec.shape for spec in program.fetches]
    if all(size >= 0 for shape in declared for size in shape) or program.op_types & SIZED_BY_DATA:
        return declared
    made = scratch / "shapes.npz"
    given = {
        f"0/{spec.name}": seeded_noise(shape, 0) if spec.dtype == "float32" else np.ones(shape, spec.dtype)
        for spec, shape in zip(program.feeds, shapes, strict=True)
    }
    try:
        np.savez(scratch / "shapes-inputs.npz", **given)  # type: ignore[arg-type]
        with lend_paddle() as worker:
            worker.call(
                "run",
                timeout=_TIMEOUT,
                program=str(write_reference(source, program, scratch)),
                params=str(source.params),
                inputs_npz=str(scratch / "shapes-inputs.npz"),
                outputs_npz=str(made),
            )
        with np.load(made) as outputs:
            return [tuple(outputs[f"0/{spec.name}"].shape) for spec in program.fetches]
    except (EdgezooError, KeyError, TypeError):
        return declared
