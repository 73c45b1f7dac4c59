"""The program that Paddle runs as the reference: the model as it came, with the outputs that it is judged by."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from edge.source.model import InferenceModel
from edge.toolchain.engines import engine

if TYPE_CHECKING:
    from edge.paddle.program import Program


def write_reference(source: InferenceModel, program: Program, folder: Path) -> Path:
    """Write it into `folder`; returns the file.

    `program` is the source's, with the outputs that are wanted. Of a model that Paddle 3 wrote, its own program is taken, so
    that the translation is judged too; the outputs that `program` has beyond it are fetched there under the same names.
    """
    if source.pir is None:
        place = folder / "reference.pdmodel"
        place.write_bytes(program.serialize())
        return place
    from edge.paddle.pir import PirProgram, translate

    pir = PirProgram.read(source.pir)
    own = {op.attrs["name"] for op in pir.ops if op.name == "pd_op.fetch"}
    values = translate(pir).values
    for spec in program.fetches:
        if spec.name not in own:
            pir = pir.with_fetch(values[spec.name], spec.name)
    place = folder / "reference.json"
    place.write_bytes(pir.serialize())
    return place


def reference_key(source: InferenceModel) -> dict[str, str]:
    """What of the reference can change a verification, besides the translated program and the parameters."""
    return {
        "paddle": engine(source.reference_engine).lock_hash,
        **({"pir": source.pir_sha256} if source.pir_sha256 else {}),
    }
