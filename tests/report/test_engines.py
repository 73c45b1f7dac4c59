"""Networks in several engines: each beside the first of its network, what failed with its reason."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from edge.bench.host_engines import host_engine
from edge.convert.coverage import networks
from edge.convert.engine_coverage import EngineRow, surveyed
from edge.errors import ConvertError, RunnerBuildError
from edge.report import engine_coverage, engine_values, engines, intel, typed
from edge.report.json import cell as as_values
from edge.results.measurement import Measurement, RunnerProgram, Subject
from edge.results.missing import Missing
from edge.results.protocol import INTEL_TABLE, ROBUST
from edge.results.reasons import Code
from edge.zoo.catalogue import lookup, selected
from tests.bench.examples import SUBJECT, launch, measurement, network

HOST: dict[str, Any] = {"serial": "host", "kind": "host", "soc_model": "Xeon", "cores": [{"index": 0}, {"index": 1}]}
ORT = host_engine("onnxruntime")
DRIFT = [1 + 0.01 * i for i in range(8)]


def cell(
    id: int, engine: str, ms: float, *, name: str = "PPLCNet_x1_0", threads: int = 1, **changes: Any
) -> Measurement:
    launches = [
        replace(launch(k, ms * drift), started=1.7e9 + 10 * k + id, engine=engine, engine_version="1.2")
        for k, drift in enumerate(DRIFT)
    ]
    metadata = network(name, "random") | {"verification": {"status": "passed", "relative_error": 2e-5}}
    published = lookup(name).published
    params, flops = round((published.params_m or 0) * 1e6), round((published.flops_m or 0) * 1e6)
    subject = replace(SUBJECT, name=name, target=None, metadata=metadata, params=params, flops=flops)
    values = {"id": id, "subject": subject, "threads": threads, "device": HOST, **changes}
    return measurement(*launches, **values)


def made_by(one: Measurement, maker: str, version: str) -> Subject:
    metadata = {**(one.subject.metadata or {}), "engine": {"name": maker, "version": version}}
    return replace(one.subject, metadata=metadata)


def test_each_engine_is_compared_with_the_first_of_its_network() -> None:
    cells = [
        cell(1, "onnxruntime", 10),
        cell(2, "mnn", 12),
        cell(3, "onnxruntime", 5, threads=2),
        cell(4, "mnn", 5, threads=2),
        cell(5, "mnn", 7, name="GhostNet_x0_5"),
    ]
    found = engines.rows(cells, ORT)
    assert [row.comparison and row.comparison.ratio for row in found] == [
        None,
        pytest.approx(1.2),
        None,
        pytest.approx(1.0),
        None,
    ]
    assert [row.first for row in found] == [True, False, True, False, False]
    turned = engines.rows(cells[1::-1], ORT)  # the first that is named, wherever it stands
    assert [row.comparison and row.comparison.ratio for row in turned] == [pytest.approx(1.2), None]


def test_no_engine_takes_the_place_of_the_first_named() -> None:
    failed = cell(
        1, "onnxruntime", 10, launches=(), status="failed", error="it hung", program=RunnerProgram("onnx_bench", "ab")
    )
    others = [cell(2, "mnn", 12), cell(3, "ncnn", 6)]
    for cells in ([failed, *others], others):
        assert all(row.comparison is None and not row.first for row in engines.rows(cells, ORT)[-2:])
        lines = engines.render(cells, [], ORT, "markdown").splitlines()
        (number,) = [
            line[0] for line in lines if "no ratio: onnxruntime, the first engine named, has no latency" in line
        ]
        rows = [
            [one.strip() for one in line.split("|")]
            for line in lines
            if line.startswith("| PPLCNet_x1_0 | ") and "1.2" in line
        ]
        assert [(row[6], row[9]) for row in rows] == [("-", number)] * 2
        assert not any(line.startswith(("Ratio:", "Interval:")) for line in lines)
        assert [one["beside_first"] for one in json.loads(engine_values.as_json(cells, [], ORT))] == [None] * len(cells)


def test_of_two_versions_of_an_engine_the_named_one_is_the_first() -> None:
    def version(id: int, ms: float, by: str) -> Measurement:
        made = cell(id, "paddle-lite", ms)
        return replace(made, subject=made_by(made, "paddlelite", by))

    cells = [version(1, 10, "2.13rc0"), version(2, 12, "2.12")]
    assert [row.first for row in engines.rows(cells, host_engine("2.12"))] == [False, True]
    assert [row.first for row in engines.rows(cells, host_engine("paddle-lite"))] == [True, False]
    assert [row.first for row in engines.rows(cells[:1], host_engine("2.12"))] == [False]


def few(id: int, engine: str, ms: float, launches: int) -> Measurement:
    made = cell(id, engine, ms)
    return replace(made, launches=made.launches[:launches])


def test_every_interval_says_its_level_and_what_it_is_of() -> None:
    two = engines.render([few(1, "onnxruntime", 10, 2), few(2, "mnn", 12, 2)], [], ORT)
    assert "at 50 %" in two
    assert "± 95 % confidence interval of the median over launches" in two
    assert " (unpaired, " in two
    assert "Interval, unpaired: of the ratio at the level said" in two
    assert "laid beside each other" not in two
    eight = engines.render([cell(1, "onnxruntime", 10), cell(2, "mnn", 12)], [], ORT)
    assert "launches of one round are laid beside each other" in eight
    assert "unpaired" not in eight
    assert " at " not in eight.split("Ratio:")[0].splitlines()[6]
    one = engines.render([few(1, "onnxruntime", 10, 1), few(2, "mnn", 12, 1)], [], ORT)
    assert "Interval -: too few launches for one." in one
    assert "±" not in one.split("\n\n")[2]


def test_the_table_says_versions_errors_and_reasons() -> None:
    idle = Code.THREADS_IDLE(asked=2, busy=1)
    cells = [cell(1, "onnxruntime", 10), cell(2, "mnn", 12, notes=(idle,))]
    missing = [Missing("PPLCNet_x1_0", "ncnn", ConvertError("ncnn does not know a layer"))]
    lines = engines.render(cells, missing, ORT).splitlines()
    rows = [line.split() for line in lines if line.startswith("PPLCNet_x1_0")]
    assert rows[0][:3] + rows[0][6:8] == ["PPLCNet_x1_0", "onnxruntime", "1.2", "1", "2.0e-05"]
    assert rows[1][6] == "1.200"
    assert rows[2] == ["PPLCNet_x1_0", "ncnn", "2"]
    assert "1: of 2 threads 1 computed" in lines
    alike = cell(3, "onnxruntime", 10, notes=(idle, replace(idle, parameters=(*idle.parameters, ("of", "another")))))
    assert engines.render([alike], [], ORT, "markdown").splitlines()[5].endswith("| 1 |")  # one sentence, told once
    assert "2: no verified file: ncnn does not know a layer" in lines
    assert "| PPLCNet_x1_0 | mnn 1.2 | 1 |" in engines.render(cells, missing, ORT, "markdown")


@pytest.mark.parametrize(
    ("program", "maker", "name"),
    [
        ("edgebench", "paddlelite", "paddle-lite"),
        ("edgebench", "paddle2onnx", "onnxruntime"),
        ("onnx_bench", "paddle2onnx", "onnxruntime"),
        ("ncnn_program", "ncnn", "ncnn"),
        ("paddle_plain_bench", "paddle", "paddle-plain"),
        ("edgebench", None, "edgebench"),
    ],
)
def test_a_cell_that_never_ran_is_of_the_engine_that_was_meant(program: str, maker: str | None, name: str) -> None:
    metadata = network("PPLCNet_x1_0", "random") | ({"engine": {"name": maker, "version": "1"}} if maker else {})
    subject = replace(SUBJECT, metadata=metadata if maker else None)
    failed = measurement(
        id=1, subject=subject, status="failed", error="it hung", program=RunnerProgram(program, "ab" * 32)
    )
    assert engines.engine_of(failed) == name
    (row,) = json.loads(engine_values.as_json([failed], [], ORT))
    assert (row["engine"], row["engine_version"], row["status"]) == (name, None, "failed")
    assert f"| PPLCNet_x1_0 | {name} | 1 |" in engines.render([failed], [], ORT, "markdown")


def test_a_ratio_to_a_synthetic_engine_says_nothing() -> None:
    pretended = cell(1, "synthetic", 10)
    pretended = replace(
        pretended,
        subject=made_by(pretended, "paddlelite", "2.13rc0"),
        launches=tuple(replace(one, synthetic=True) for one in pretended.launches),
    )
    said = "A ratio to a synthetic engine says nothing of the network."
    assert said in engines.render([pretended, cell(2, "onnxruntime", 12)], [], host_engine("paddle-lite"))
    assert said not in engines.render([cell(1, "mnn", 10), cell(2, "onnxruntime", 12)], [], ORT)


def test_as_json() -> None:
    cells = [cell(1, "onnxruntime", 10), cell(2, "mnn", 12)]
    first, second, lost = json.loads(engine_values.as_json(cells, [Missing("A", "ncnn", ConvertError("no"))], ORT))
    assert (first["engine"], first["beside_first"], first["largest_error"]) == ("onnxruntime", None, 2e-5)
    assert second["beside_first"]["ratio"] == pytest.approx(1.2)
    assert second["beside_first"]["paired"] is True
    (intel_one,) = json.loads(
        engine_values.as_json([cell(1, "paddle", 3.48, name="PPLCNet_x0_25")], [], None, columns=True)
    )
    assert intel_one["published_intel"] == {
        "ms": 1.74,
        "on": "Xeon Gold 6148, Paddle with oneDNN",
        "threads": 10,
        "ratio": pytest.approx(2.07, abs=0.005),
    }
    page = (Path(__file__).parents[2] / "docs/reference/json.md").read_text(encoding="utf-8")
    (told,) = re.findall(r"^## `edgezoo bench` in several engines.*?\n(.*?)^## ", page, re.M | re.S)
    more = {*second, *intel_one} - {*as_values(cells[0])}
    assert set(re.findall(r"^\| `(\w+)` \|", told, re.M)) == more
    assert lost == {"model": "A", "engine": "ncnn", "status": "missing", "error": "no", "hint": ""}


def test_as_csv() -> None:
    """The same as JSON has, and a line for what has no cell."""
    cells = [cell(1, "onnxruntime", 10, name="PPLCNet_x0_25"), cell(2, "mnn", 12, name="PPLCNet_x0_25")]
    lacking = [Missing("MobileViT_XXS", "ncnn", ConvertError("no such layer"))]
    first, second, lost = csv.DictReader(io.StringIO(engine_values.as_csv(cells, lacking, ORT, columns=True)))
    assert (first["engine"], first["ratio_to_first"], first["largest_error"]) == ("onnxruntime", "", "2e-05")
    assert float(second["ratio_to_first"]) == pytest.approx(1.2)
    assert float(second["ratio_low"]) <= 1.2 <= float(second["ratio_high"])
    assert (float(second["ratio_level"]) >= 0.95, second["ratio_paired"]) == (True, "true")
    assert second["published_intel_ms"] == "1.74"
    assert float(second["ratio_to_intel"]) == pytest.approx(7.1, abs=0.1)
    told = (lost["model"], lost["engine"], lost["status"], lost["error"], lost["latency_median"])
    assert told == ("MobileViT_XXS", "ncnn", "missing", "no verified file: no such layer", "")
    alone = csv.DictReader(io.StringIO(engine_values.as_csv(cells, lacking, None)))
    assert alone.fieldnames == [one.name for one in typed.COLUMNS]


def test_the_page_of_engines() -> None:
    rows = [
        EngineRow(("PPLCNet_x1_0", "PPLCNet_x1_0_ssld"), "onnxruntime", "1.2", "verified", None, 1e-5, 2**20, 3.0),
        EngineRow(("PPLCNet_x1_0", "PPLCNet_x1_0_ssld"), "mnn", "1.2", "verified", None, 2e-5, 2**21, 3.0),
        EngineRow(("PPLCNet_x1_0", "PPLCNet_x1_0_ssld"), "ncnn", "1.2", "failed", "an unknown layer"),
    ]
    measured = {
        ("PPLCNet_x1_0", "onnxruntime"): cell(1, "onnxruntime", 10),
        ("PPLCNet_x1_0", "mnn"): cell(2, "mnn", 12),
    }
    page = engine_coverage.render(rows, measured, "markdown")
    assert "| mnn 1.2 | 1 | 0 | 0 | 0 | 2.0e-05 | 1.20 (1) |" in page
    assert f" Protocol: {measured['PPLCNet_x1_0', 'mnn'].protocol.name}." in page
    assert "| PPLCNet_x1_0 | mnn | verified | 2.0e-05 | 2.00 | 12.42 | 1.20 | 1.20 to 1.20 |  |" in page
    assert "| PPLCNet_x1_0 | ncnn | failed | - | - | - | - | - | an unknown layer |" in page
    assert "PPLCNet_x1_0: PPLCNet_x1_0_ssld" in page
    told = json.loads(engine_coverage.render(rows, measured, "json"))
    assert [one["ratio"] for one in told] == [None, pytest.approx(1.2), None]
    assert [(one["level"], one["paired"]) for one in told] == [(None, None), (0.95, True), (None, None)]
    assert page.startswith("# The light networks in six engines\n")
    assert "edgezoo bench --light --weights random" in page
    other = engine_coverage.render(rows, measured, "markdown", asked="PPLCNet_x1_0", seed=5)
    assert other.startswith("# Networks in six engines\n")
    assert "(seed 5)" in other
    assert "edgezoo bench PPLCNet_x1_0 --weights random" in other
    assert "edgezoo coverage PPLCNet_x1_0 --engines --seed 5 --markdown" in other
    assert engine_coverage.counts(rows) == "verified: onnxruntime 1.2 1 of 1, mnn 1.2 1 of 1, ncnn 1.2 0 of 1"
    assert "mnn  " in engine_coverage.render(rows, {}, "text")
    assert "failed: an unknown layer" in engine_coverage.sentence(rows[2])


def on_device(id: int, name: str, proof: dict[str, Any] | None, **changes: Any) -> Measurement:
    made = cell(id, "onnxruntime", 10, name=name, device=PHONE)
    subject = replace(made.subject, metadata={**(made.subject.metadata or {}), "proofs": [proof] if proof else []})
    return replace(made, subject=subject, **changes)


PHONE: dict[str, Any] = {
    "serial": "ab",
    "serialno": "cd",
    "kind": "android",
    "manufacturer": "Xiaomi",
    "model": "MI 9",
    "soc_model": "SM8150",
}


def test_the_largest_error_on_a_device_is_of_what_it_computed() -> None:
    """The verification on this machine was another library, on another processor."""
    here = cell(1, "onnxruntime", 10)
    assert engines.largest_error(here) == 2e-5
    assert engines.largest_error(replace(here, launches=(), status="failed", error="it hung")) is None
    there = on_device(2, "PPLCNet_x1_0", None)
    assert engines.largest_error(there) is None
    table = engines.render([there], [], ORT, "markdown")
    assert "2.0e-05" not in table
    assert "no outputs were compared there (--check-output); the file was verified on this machine" in table
    proof: dict[str, Any] = {
        "sha256": SUBJECT.sha256, "passed": True, "sentence": "it is", "date": "2026-11-26T12:00:00Z",
        "device": {"kind": "android", "serialno": "cd"}, "program": "edgebench", "program_sha256": there.program.sha256,
        "engine": "onnxruntime 1.2", "threads": 1, "inputs": 8, "relative_error": 1.5e-5,
    }  # fmt: skip
    checked = on_device(2, "PPLCNet_x1_0", proof)
    assert engines.largest_error(checked) == 1.5e-5
    table = engines.render([checked, here], [], ORT, "markdown")
    assert "Largest error on a device: of its outputs there" in table
    assert "no outputs were compared" not in table
    for other in (
        {"threads": 2},
        {"program_sha256": "ef"},
        {"sha256": "ef"},
        {"device": {"kind": "android", "serialno": "ef"}},
    ):
        assert engines.largest_error(on_device(2, "PPLCNet_x1_0", proof | other)) is None


def test_what_is_missing_says_what_and_what_to_do() -> None:
    """A program that is not there is no file that could not be verified."""
    error = RunnerBuildError("the benchmark program is not built for arm64-v8a", hint="edgezoo runner build")
    table = engines.render(
        [], [Missing("A", "onnxruntime", error, file=False), Missing("A", "ncnn", ConvertError("no"))], ORT
    )
    assert "1: not measured: the benchmark program is not built for arm64-v8a (edgezoo runner build)" in table
    assert "2: no verified file: no" in table


def test_the_page_tells_what_a_device_computed() -> None:
    names = ("PPLCNet_x1_0", "GhostNet_x0_5", "MobileViT_XXS", "ESNet_x0_25")
    program = cell(1, "onnxruntime", 10).program
    proof: dict[str, Any] = {
        "sha256": SUBJECT.sha256, "passed": True, "sentence": "it is", "date": "2026-11-26T12:00:00Z",
        "device": {"kind": "android", "serialno": "cd"},
        "program": "edgebench", "program_sha256": program.sha256, "engine": "onnxruntime 1.2", "threads": 1, "inputs": 8,
        "cosine": 0.9999999, "max_abs_error": 4.5e-6, "relative_error": 1.5e-5,
    }  # fmt: skip
    wrong = proof | {"passed": False, "sentence": "it differs", "relative_error": 0.7}
    unsaid = Code.OUTPUT_CHECKED(sentence="inconclusive: nothing to judge")
    devices = {
        (names[0], "onnxruntime"): on_device(1, names[0], proof, labels=("a stand-in",)),
        (names[1], "onnxruntime"): on_device(2, names[1], wrong, labels=("a stand-in",)),
        (names[2], "onnxruntime"): on_device(3, names[2], proof | {"program_sha256": "other"}, notes=(unsaid,)),
    }
    rows = [EngineRow((name,), "onnxruntime", "1.2", "verified") for name in names]
    page = engine_coverage.render(rows, {}, "markdown", devices=devices)
    assert "## On a device: onnxruntime 1.2" in page
    assert "Outputs on Xiaomi MI 9, SM8150 (a stand-in)" in page
    assert "1 of 4 networks compute what Paddle computes; their largest relative error is 1.5e-05" in " ".join(
        page.split()
    )
    assert f"| {names[0]} | Paddle's | 8 | 1.000000 | 4.5e-06 | 1.5e-05 |  |" in page
    assert f"| {names[1]} | differ | 8 | 1.000000 | 4.5e-06 | 7.0e-01 | it differs |" in page
    assert f"| {names[2]} | not compared | - | - | - | - | inconclusive: nothing to judge |" in page
    assert f"| {names[3]} | not compared | - | - | - | - | not measured there |" in page
    assert "--check-output\n" in page
    taken = {(names[0], "onnxruntime"): on_device(1, names[0], proof | {"samples_sha256": "ab"})}
    assert "--check-output --inputs SAMPLES.npz\n" in engine_coverage.render(rows, {}, "markdown", devices=taken)
    assert "On a device" not in engine_coverage.render(rows, {}, "markdown")


def test_the_page_says_how_it_was_measured_and_what_was_not_side_by_side() -> None:
    short = replace(ROBUST, warmup_ms=0, repeats_ms=0, tolerance=1.0)
    first, second = (cell(id, name, 10.0 * id, protocol=short) for id, name in ((1, "onnxruntime"), (2, "mnn")))
    few = replace(second, launches=second.launches[:3])
    rows = [EngineRow(("PPLCNet_x1_0",), engine, "1.2", "verified") for engine in ("onnxruntime", "mnn")]

    def page(*cells: Measurement) -> str:
        return engine_coverage.render(rows, {("PPLCNet_x1_0", str(one.engine[0])): one for one in cells}, "markdown")

    command = "--engine onnxruntime,mnn --threads 1"
    assert f"{command} \\\n  --warmup 10 --repeats 30 --tolerance 100\n" in page(first, second)
    assert f"{command}\n" in page(first, replace(second, protocol=ROBUST))
    assert re.search(r"2\.00 \| 2\.00 to 2\.00 \|", page(first, second))
    assert re.search(r"to [0-9.]+ \* \|", page(first, few))


def test_the_intel_columns() -> None:
    shared: dict[str, Any] = {"protocol": INTEL_TABLE}
    v1, v2 = "PPLCNet_x0_25", "PPLCNetV2_base"
    table = intel.render(
        [cell(1, "paddle", 3.48, name=v1, **shared), cell(2, "openvino", 8, name=v2, threads=10, **shared)], "markdown"
    )
    # PaddleClas' PP-LCNet document: 1.74 ms; its PP-LCNetV2 document: 4.32 ms
    assert f"| {v1} | paddle 1.2 | 1 | 3.60 | 1.74 | 2.07 | Xeon Gold 6148, Paddle with oneDNN | 1 |" in table
    assert f"| {v2} | openvino 1.2 | 10 | 8.28 | 4.32 | 1.92 | Xeon Gold 6271C, OpenVINO |  |" in table
    assert "1: measured with 1 thread, published with 10" in table
    last = cell(1, "litert", 3.48, name=v1, **shared)
    last = replace(last, subject=replace(last.subject, shapes=((1, 224, 224, 3),)))
    assert f"| {v1} | litert 1.2 | 1 | 3.60 | 1.74 | 2.07 |" in intel.render([last], "markdown")
    other = replace(last, subject=replace(last.subject, shapes=((1, 320, 320, 3),)))
    table_of_others = intel.render([other, cell(2, "paddle", 3, name="GhostNet_x0_5", **shared)], "markdown")
    assert "1: no published number: its input is 1x320x320x3, and the table's 1x3x224x224" in table_of_others
    assert "2: no published number: PaddleClas published none of it" in table_of_others
    assert "Xeon, 2 cores" in table
    lost = [Missing(v1, "ncnn", ConvertError("no such layer"))]
    rows = intel.render([cell(1, "paddle", 3.48, name=v1, **shared), other], "markdown", missing=lost).splitlines()
    (place,) = (number for number, row in enumerate(rows) if row.startswith(f"| {v1} | ncnn | "))
    assert rows[place - 2].startswith(f"| {v1} | paddle 1.2 ")  # those of a network stand together
    (number,) = (row.partition(":")[0] for row in rows if row.endswith(": no verified file: no such layer"))
    assert rows[place].endswith(f"| {number} |")
    assert ROBUST.headline == "median"
    assert INTEL_TABLE.headline == "mean"


def test_the_page_tells_of_every_light_network_in_every_engine() -> None:
    page = (Path(__file__).parents[2] / "docs/reference/engines.md").read_text(encoding="utf-8")
    cells = [[cell.strip() for cell in line.split("|")[1:-1]] for line in page.splitlines() if line.startswith("| ")]
    told = {(line[0], line[1]): line[2] for line in cells if line[0] not in ("Network", "Engine") and len(line) == 9}
    light = networks(map(lookup, selected((), series=(), light=True, everything=False)))
    assert set(told) == {(same[0].name, one.name) for same in light for one in surveyed()}
    assert set(told.values()) <= {"verified", "inconclusive", "wrong", "failed"}
    assert [engine for (name, engine), status in told.items() if name == "MobileViT_XXS" and status == "failed"] == [
        "ncnn"
    ]
