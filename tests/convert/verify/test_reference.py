from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from edge.convert.verify.reference import reference_key, write_reference
from edge.paddle.program import Program
from edge.source.model import InferenceModel
from edge.toolchain.engines import engine
from tests.convert.verify.test_verify_fakes import network


def model(folder: Path) -> InferenceModel:
    return InferenceModel(folder, folder / "program", folder / "params", "", "", "own")


def test_of_paddle_2_the_program_itself_is_the_reference(tmp_path: Path) -> None:
    place = write_reference(model(tmp_path), network(), tmp_path)
    assert place.suffix == ".pdmodel"
    assert Program.read(place).serialize() == network().serialize()


def test_the_key_names_the_paddle_that_is_the_reference_and_the_program_it_runs(tmp_path: Path) -> None:
    old = model(tmp_path)
    new = replace(old, pir=tmp_path / "inference.json", pir_sha256="ab" * 32)
    assert reference_key(old) == {"paddle": engine("paddle").lock_hash}
    assert reference_key(new) == {"paddle": engine("paddle3").lock_hash, "pir": "ab" * 32}
    assert engine("paddle").lock_hash != engine("paddle3").lock_hash
