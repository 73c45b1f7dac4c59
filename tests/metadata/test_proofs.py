"""What no twin ran is named until a device's outputs were compared, and the comparison stays with the file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from edge.cache.files import write_text
from edge.cache.hashing import sha256_of
from edge.convert.output import write_output
from edge.metadata.file import as_document, as_text, changed, metadata_path, of, origin_of, read
from edge.metadata.model import Metadata, Proof, ProofDevice
from edge.metadata.proofs import not_run, record, unproven, words

PHONE = ProofDevice(kind="android", name="Xiaomi MI 9", serialno="8a1b", build="b1", soc="SM8150")


@pytest.fixture
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file with its metadata, as a conversion to fp16 leaves it."""
    monkeypatch.setenv("EDGEZOO_CACHE_DIR", str(tmp_path / "cache"))
    path = tmp_path / "net.nb"
    path.write_bytes(b"model")
    write_text(metadata_path(path), as_text(as_document(metadata())))
    return path


def metadata() -> Metadata:
    verification = {"status": "passed", "unproven": list(not_run({"arm fp16": 58, "arm fp32": 1}, sparse=False))}
    document: dict[str, Any] = {
        "format": "edgezoo-model/1",
        "name": "net",
        "sha256": sha256_of(b"model"),
        "source": {"kind": "own"},
        "inputs": [{"name": "x", "shape": [1, 3, 8, 8]}],
        "verification": verification,
    }
    return of(document, "net.json")


def proof(**changes: Any) -> Proof:
    given: dict[str, Any] = {
        "sha256": sha256_of(b"model"), "passed": True, "sentence": "", "date": "2026-11-25T20:00:00Z", "device": PHONE,
        "program": "edgebench", "program_sha256": "cd", "engine": "paddle-lite v2.13-rc", "threads": 1, "inputs": 8,
        "cosine": 0.9991,
    }  # fmt: skip
    return Proof(**{**given, **changes})


@pytest.mark.parametrize(
    ("kernels", "sparse", "kinds"),
    [
        ({"arm fp32": 58, "host any": 2}, False, ()),
        ({"arm fp16": 58, "arm fp32": 1}, False, ("arm fp16",)),
        ({"arm int8": 3, "arm fp32": 1}, False, ("arm int8",)),
        ({"opencl fp16": 58, "opencl any": 1, "arm fp32": 1}, False, ("opencl any", "opencl fp16")),
        ({"arm fp32": 58}, True, ("arm sparse",)),
        ({"x86 int8": 20, "x86 fp32": 3}, False, ()),
    ],
)
def test_kernels_that_no_twin_has_are_named(kernels: dict[str, int], sparse: bool, kinds: tuple[str, ...]) -> None:
    assert not_run(kernels, sparse=sparse) == kinds


def test_a_proof_is_kept_with_the_file_and_ends_the_doubt(model: Path) -> None:
    assert words(read(metadata_path(model))).startswith("the arm fp16 kernels ran nowhere yet: `edgezoo bench --check")
    assert record(model, proof()) is not None
    there = read(metadata_path(model))
    assert unproven(there) == ()
    assert words(there) == (
        "outputs on Xiaomi MI 9 SM8150 compared with Paddle's (paddle-lite v2.13-rc, cosine 0.999100, 2026-11-25T20:00:00Z)"
    )
    assert unproven(origin_of(as_document(there), "net")) == ()  # as the results keep it


def test_a_comparison_that_failed_proves_nothing_and_is_told(model: Path) -> None:
    record(model, proof(passed=False))
    there = read(metadata_path(model))
    assert unproven(there) == ("arm fp16",)
    assert "its outputs on Xiaomi MI 9 SM8150 differed from Paddle's" in words(there)
    assert "the arm fp16 kernels are not proven" in words(there)


def test_one_proof_for_each_device_and_program(model: Path) -> None:
    record(model, proof(passed=False))
    record(model, proof())
    other = ProofDevice(kind="android", serialno="other")
    record(model, proof(device=other))
    assert [one["device"]["serialno"] for one in json.loads(metadata_path(model).read_bytes())["proofs"]] == [
        "8a1b",
        "other",
    ]
    assert all(one.passed for one in read(metadata_path(model)).proofs or ())


def test_a_proof_of_other_bytes_is_not_kept(model: Path) -> None:
    assert record(model, proof(sha256="00")) is None
    assert not read(metadata_path(model)).proofs


def test_it_survives_another_conversion_of_the_same_file_and_of_no_other(model: Path, tmp_path: Path) -> None:
    record(model, proof())
    made = tmp_path / "made.nb"
    made.write_bytes(b"model")
    assert not write_output(made, model, metadata())
    assert unproven(read(metadata_path(model))) == ()
    made.write_bytes(b"another")
    write_output(made, model, changed(metadata(), sha256=sha256_of(b"another")))
    assert unproven(read(metadata_path(model))) == ("arm fp16",)
