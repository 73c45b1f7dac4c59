"""`edgezoo choose`, as it is typed, over a database of measurements and without one."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import edge
from edge.cache.hashing import sha256_of
from edge.cli.main import run
from edge.results.measurement import Subject
from edge.results.protocol import ROBUST
from edge.results.store import Store
from edge.zoo.catalogue import lookup
from tests.bench.examples import PHONE, PROGRAM, SUBJECT, launch, network

Capture = pytest.CaptureFixture[str]
Chosen = Callable[..., dict[str, Any]]
OTHER = {**PHONE, "serial": "cd34", "soc": "kirin"}


def of(name: str, weights: str = "random", **changes: Any) -> Subject:
    """A file of that network of the catalogue, as its metadata proves."""
    published = lookup(name).published
    facts = {"params": round((published.params_m or 0) * 1e6), "flops": round((published.flops_m or 0) * 1e6)}
    return replace(
        SUBJECT,
        name=name,
        weights=weights,
        metadata=network(name, weights),
        **{"sha256": sha256_of(name.encode()), **facts, **changes},
    )


def measured(db: Path, subject: Subject, *levels: float, device: Any = PHONE, threads: int = 1, **changes: Any) -> int:
    with Store(db) as store:
        session = store.new_session(seed=1, device=device)
        protocol = changes.pop("protocol", ROBUST)
        cell = store.begin(session, subject=subject, threads=threads, protocol=protocol, program=PROGRAM)
        for number, level in enumerate(levels):
            store.add_launch(cell, session, launch(number, level, **{"engine": "paddle-lite", **changes}))
        store.finish(cell)
        return cell


@pytest.fixture
def chosen(tmp_path: Path, capsys: Capture) -> Chosen:
    def command(*words: str) -> dict[str, Any]:
        db = tmp_path / "r.db"
        given = ["--db", str(db)] if db.exists() else []
        assert run(["choose", *words, *given, "--json"]) == 0
        answer: dict[str, Any] = json.loads(capsys.readouterr().out)
        return answer

    return command


def named(answer: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {f"{one['name']} {one['precision']}": one for one in answer["fitting"]}


def test_without_a_database_the_published_numbers_answer(chosen: Chosen) -> None:
    found = chosen("--max-ms", "10", "--threads", "4", "--min-top1", "70", "--max-mb", "12")
    assert [one["name"] for one in found["fitting"]] == [
        *("PPLCNet_x1_0_ssld", "PPLCNet_x1_0", "MobileNetV3_small_x1_0_ssld", "ShuffleNetV2_swish"),
    ]
    best = found["fitting"][0]
    assert (best["latency_ms"]["value"], best["latency_ms"]["source"]) == (3.98, "published")
    assert (best["top1"]["value"], best["pareto"]) == (0.744, "yes")
    assert (best["mb"]["value"], best["mb"]["source"]) == (pytest.approx(11.9, abs=0.05), "converted")
    assert [one["pareto"] for one in found["fitting"]] == ["yes", "no", "yes", "no"]  # the second is slower in nothing
    assert (
        chosen("--max-mb", "150", "--min-top1", "78.5", "--source", "published")["fitting"][0]["mb"]["source"]
        == "converted"
    )


def test_what_nobody_published_is_estimated(chosen: Chosen) -> None:
    found = named(chosen("--threads", "4"))
    assert found["PPLCNetV2_base fp32"]["latency_ms"]["source"] == "estimated"
    assert found["PPLCNetV2_base fp32"]["latency_ms"]["low"] < 11.8 < found["PPLCNetV2_base fp32"]["latency_ms"]["high"]
    alone = named(chosen("--threads", "4", "--source", "estimated"))
    assert {one["latency_ms"]["source"] for one in alone.values()} == {"estimated"}
    assert alone["MobileNetV2 fp32"]["latency_ms"]["value"] != 8.10
    assert "ResNet50 fp32" not in alone


def test_a_distilled_network_has_the_latency_of_the_same_network(chosen: Chosen) -> None:
    found = named(chosen("--weights", "ssld"))
    twin = found["PPLCNet_x1_0_ssld fp32"]["latency_ms"]
    assert (twin["value"], twin["note"]) == (10.78, "of PPLCNet_x1_0, the same network")
    assert all("_ssld" in name for name in found)


def test_a_measured_latency_takes_the_place_of_the_published_one(chosen: Chosen, tmp_path: Path) -> None:
    measured(tmp_path / "r.db", of("MobileNetV1"), 28.0, 28.1, 28.2, 28.3, 28.4, 28.5)
    found = named(chosen())
    ours = found["MobileNetV1 fp32"]["latency_ms"]
    assert (ours["source"], ours["level"]) == ("measured", 0.95)
    assert ours["low"] <= ours["value"] <= ours["high"]
    assert found["MobileNetV1_ssld fp32"]["latency_ms"] == ours  # its weights change no latency
    assert found["MobileNetV2 fp32"]["latency_ms"]["source"] == "published"
    assert named(chosen("--source", "published"))["MobileNetV1 fp32"]["latency_ms"]["source"] == "published"
    assert set(named(chosen("--source", "measured"))) == {"MobileNetV1 fp32", "MobileNetV1_ssld fp32"}


def test_a_limit_inside_of_an_interval_is_said(chosen: Chosen, tmp_path: Path, capsys: Capture) -> None:
    measured(tmp_path / "r.db", of("MobileNetV1"), 9.8, 9.9, 9.9, 10.0, 10.1, 10.2)
    found = named(chosen("--max-ms", "10"))
    assert found["MobileNetV1 fp32"]["straddling"] == ["--max-ms"]
    assert run(["choose", "--max-ms", "10", "--db", str(tmp_path / "r.db")]) == 0
    told = capsys.readouterr().out
    assert re.search(r"9\.95 \(9\.8\d to 10\.1\d\) measured", told)
    assert "straddles --max-ms" in told
    assert "of different sources" in told


def test_another_precision_is_another_candidate_without_the_published_accuracy(chosen: Chosen, tmp_path: Path) -> None:
    measured(tmp_path / "r.db", of("MobileNetV1", precision="int8", bytes=4_300_000, sha256="0a" * 32), *[20.0] * 6)
    found = named(chosen())
    assert found["MobileNetV1 int8"]["top1"] is None
    assert found["MobileNetV1 int8"]["mb"]["value"] == pytest.approx(4.3)
    assert found["MobileNetV1 fp32"]["latency_ms"]["source"] == "published"
    assert "MobileNetV1 int8" not in named(chosen("--min-top1", "0.7"))


def test_an_engine_that_is_not_paddle_lite_is_named_also_where_it_is_the_only_one(
    tmp_path: Path, capsys: Capture
) -> None:
    db = tmp_path / "r.db"
    measured(db, of("PPLCNet_x1_0"), *[5.0] * 6, engine="ncnn", device=OTHER)
    assert run(["choose", "-s", "cd34", "--max-ms", "9", "--db", str(db)]) == 0
    assert re.search(r"PPLCNet_x1_0 +fp32 ncnn +5\.00", capsys.readouterr().out)
    measured(other := tmp_path / "other.db", of("PPLCNet_x1_0"), *[5.0] * 6, device=OTHER)
    assert run(["choose", "-s", "cd34", "--max-ms", "9", "--db", str(other)]) == 0
    assert "fp32 " not in capsys.readouterr().out


def test_another_phone_has_its_own_measurements_and_no_published_ones(chosen: Chosen, tmp_path: Path) -> None:
    db = tmp_path / "r.db"
    measured(db, of("MobileNetV1"), *[28.0] * 6)
    measured(db, of("MobileNetV2"), *[15.0] * 6, device=OTHER)
    assert set(named(chosen("-s", "cd34", "--source", "measured"))) == {"MobileNetV2 fp32", "MobileNetV2_ssld fp32"}
    assert named(chosen())["MobileNetV2 fp32"]["latency_ms"]["source"] == "published"


def test_what_is_not_valid_or_of_another_network_counts_for_nothing(chosen: Chosen, tmp_path: Path) -> None:
    db = tmp_path / "r.db"
    measured(db, replace(of("MobileNetV1"), metadata=None), *[1.0] * 6)  # a file's name proves nothing
    measured(db, of("MobileNetV2"), *[1.0] * 6, synthetic=True)
    measured(db, of("GhostNet_x0_5"), *[1.0] * 6, threads=2)
    found = chosen()["fitting"]
    assert "measured" not in {one["latency_ms"]["source"] for one in found if one["catalogue"]}
    assert [(one["name"], one["top1"]) for one in found if not one["catalogue"]] == [("MobileNetV1", None)]


def test_the_newest_of_one_cell_counts(chosen: Chosen, tmp_path: Path) -> None:
    db = tmp_path / "r.db"
    measured(db, of("MobileNetV1"), *[28.0] * 6)
    measured(db, of("MobileNetV1"), *[27.0] * 6)
    assert named(chosen())["MobileNetV1 fp32"]["latency_ms"]["value"] == 27.0


def test_nothing_fits(capsys: Capture) -> None:
    assert run(["choose", "--max-ms", "1", "--min-top1", "80"]) == 0
    told = capsys.readouterr().out
    assert told.startswith("Nothing fits at most 1 ms and at least 0.8 top-1. The nearest:")
    assert "0.94 ms; 0.3010 top-1" in told


def test_doubtful_numbers_are_marked(capsys: Capture) -> None:
    assert run(["choose", "--threads", "4", "--max-ms", "1.8"]) == 0
    told = capsys.readouterr().out
    assert "1.79? published" in told
    assert "slower than 1.70 on 2" in told


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--source", "measured"], 1, "there are no results yet"),
        (["-s", "nobody"], 1, "there are no results yet"),
        (["--source", "published", "--threads", "3"], 2, "for 1, 2 and 4 threads"),
        (["--source", "published", "-s", "cd34"], 2, "of a Snapdragon 855, not of cd34"),
        (["--max-ms", "0"], 2, "0"),
        (["--min-top1", "101"], 2, "101"),
    ],
)
def test_what_cannot_be_answered_is_refused(words: list[str], code: int, said: str, capsys: Capture) -> None:
    assert run(["choose", *words]) == code
    assert said in capsys.readouterr().err


def test_a_device_without_measurements_is_told(tmp_path: Path, capsys: Capture) -> None:
    db = tmp_path / "r.db"
    measured(db, of("MobileNetV1"), *[28.0] * 6)
    assert run(["choose", "-s", "ab12", "--threads", "4", "--db", str(db)]) == 2
    assert "nothing was measured on ab12 with 4 threads" in capsys.readouterr().err


def test_the_same_from_python(chosen: Chosen) -> None:
    found = edge.choose_models(max_ms=10, threads=4, min_top1=0.7, max_mb=12)
    assert [one.candidate.name for one in found.decision.fitting] == [
        one["name"]
        for one in chosen("--max-ms", "10", "--threads", "4", "--min-top1", "0.7", "--max-mb", "12")["fitting"]
    ]


@pytest.mark.slow
@pytest.mark.usefixtures("private_cache")
def test_a_real_session_of_this_machine_answers(tmp_path: Path, capsys: Capture) -> None:
    """What was measured and is valid, with its own numbers, and nothing else: the most accurate first."""
    names, db = ("MobileNetV1_x0_25", "PPLCNet_x0_25", "ShuffleNetV2_x0_25"), str(tmp_path / "r.db")
    short = ("--threads", "1", "--launches", "6", "--tolerance", "50", "--keep-invalid", "--db", db)
    run(["bench", *names, "--weights", "random", "--device", "host", *short, "--json"])
    cells = {one["model"]: one for one in json.loads(capsys.readouterr().out)}
    assert set(cells) == set(names)
    assert run(["choose", "--device", "host", "--source", "measured", "--max-ms", "10000", "--db", db, "--json"]) == 0
    fitting = json.loads(capsys.readouterr().out)["fitting"]
    assert {one["name"] for one in fitting} == {name for name, one in cells.items() if one["valid"]}
    for one in fitting:
        latency, measured = one["latency_ms"], cells[one["name"]]["latency_ms"]
        assert (latency["value"], latency["source"]) == (measured["headline"], "measured")
        assert [latency["low"], latency["high"]] == measured["interval"]
    assert [one["name"] for one in fitting] == sorted(
        (one["name"] for one in fitting), key=lambda name: -(lookup(name).published.top1 or 0)
    )
