"""Which measurement of a device tells what it computes there."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from edge.report.device_outputs import latest_on_devices, section
from edge.results.protocol import TABLE
from tests.bench.examples import PHONE, PROGRAM
from tests.results.test_beside import NETWORK, NETWORKS, measured

PROOF: dict[str, Any] = {
    "sha256": NETWORK.sha256, "passed": True, "sentence": "it is", "date": "2026-11-26T12:00:00Z",
    "device": {"kind": "android", "address": "ab12"}, "program": "edgebench",
    "program_sha256": PROGRAM.sha256, "engine": "onnxruntime 1",
    "threads": 1, "inputs": 8, "cosine": 0.9999999, "max_abs_error": 4.5e-6, "relative_error": 1.5e-5,
}  # fmt: skip
COMPARED = replace(NETWORK, metadata={**(NETWORK.metadata or {}), "proofs": [PROOF]})


def found(path: Path) -> list[float | None]:
    return [one.headline_ms for one in latest_on_devices(path, NETWORKS).values()]


def test_the_newest_that_a_real_engine_ran(tmp_path: Path) -> None:
    measured(tmp_path / "a.db", 9.0, device=PHONE)
    measured(tmp_path / "a.db", 10.0, device=PHONE, protocol=TABLE, threads=4)
    measured(tmp_path / "a.db", 11.0, device=PHONE, synthetic=True, threads=2)
    measured(tmp_path / "a.db", 12.0)
    assert found(tmp_path / "a.db") == [10.0]


def test_what_was_compared_stays_what_it_is_when_more_is_measured(tmp_path: Path) -> None:
    measured(tmp_path / "a.db", 9.0, device=PHONE, subject=COMPARED)
    measured(tmp_path / "a.db", 10.0, device=PHONE, subject=COMPARED, protocol=TABLE)
    measured(tmp_path / "a.db", 11.0, device=PHONE, threads=4)
    assert found(tmp_path / "a.db") == [10.0]
    page = " ".join(" ".join(section(["PPLCNet_x1_0"], latest_on_devices(tmp_path / "a.db", NETWORKS))).split())
    assert "1 of 1 networks compute what Paddle computes; their largest relative error is 1.5e-05." in page


def test_nothing_compared_has_no_error(tmp_path: Path) -> None:
    measured(tmp_path / "a.db", 9.0, device=PHONE)
    page = " ".join(section(["PPLCNet_x1_0"], latest_on_devices(tmp_path / "a.db", NETWORKS)))
    assert "0 of 1 networks compute what Paddle computes." in page
