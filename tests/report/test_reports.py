"""The exporters on the same cells: what people and programs read."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from typing import Any

import pytest

from edge.report import csv as csv_report
from edge.report import facts, grid, markdown, text
from edge.report import json as json_report
from edge.results.measurement import Extremes, Measurement, RunnerProgram, Subject
from edge.results.protocol import TABLE
from edge.results.reasons import Code
from tests.bench.examples import PHONE, SUBJECT, launch, measurement, network

MOBILENET = replace(
    SUBJECT, name="MobileNetV1", sha256="11" * 32, weights="published", metadata=network("MobileNetV1", "published")
)
HOST: dict[str, Any] = {"serial": "host", "kind": "host", "model": "builder", "soc": "Xeon", "abis": ["x86_64"]}


def measured(subject: Subject = SUBJECT, threads: int = 1, at: float = 10.0, **changes: Any) -> Measurement:
    launches = [launch(i, at, at * 1.01, at * 1.02) for i in range(6)]
    return measurement(*launches, subject=subject, threads=threads, **changes)


CELLS = [
    measured(MOBILENET, 1, 30.24),
    measured(MOBILENET, 4, 10.3, reasons=(Code.THERMAL_STATUS_ROSE(before="NONE", after="LIGHT"),)),
    measured(SUBJECT, 1, 12.0),
    measurement(subject=SUBJECT, threads=4, status="failed", error="the runner crashed (SIGSEGV in the first run)"),
]


def test_the_table_has_a_row_a_model_and_a_column_a_thread_count() -> None:
    lines = text.render(CELLS).splitlines()
    head = next(line for line in lines if line.startswith("Model  "))
    rows = [line for line in lines if line.startswith(("MobileNetV1 ", "PPLCNet_x1_0 "))]
    for word in ("Top-1*", "1T median ms", "4T median ms", "FLOPs(M)", "Params(M)", "MB", "MiB", "SD855 1T*"):
        assert word in head
    assert len(rows) == 2
    assert "30.54 ±0.0%" in rows[0]
    assert "10.40 ±0.0%! [1]" in rows[0]
    assert "failed [2]" in rows[1]
    assert "11.89  11.33" in rows[0]


def test_what_is_wrong_stands_below() -> None:
    below = text.render(CELLS).split("\n\n")[-1]
    assert "[1] not valid: thermal status rose from NONE to LIGHT" in below
    assert "[2] failed: the runner crashed (SIGSEGV in the first run)" in below
    assert "Weights random" in below


def test_published_latencies_stand_apart_and_are_compared_on_their_soc() -> None:
    rendered = text.render(CELLS)
    assert "30.24" in rendered
    assert "1T / SD855*" in rendered
    assert facts.ratio_to_published(CELLS[0]) == pytest.approx(1.01)
    assert facts.ratio_to_published(CELLS[2]) is None  # the table has no latency for that model


def test_on_another_device_a_ratio_is_shown_only_when_asked_for() -> None:
    cell = measured(MOBILENET, at=30.24, device=HOST)
    assert "/ SD855" not in text.render([cell])
    assert "/ SD855" in text.render([cell], ratio=True)
    assert facts.ratio_to_published(cell) is None
    assert facts.ratio_to_published(cell, anyway=True) == pytest.approx(1.01)


def test_own_models_have_no_published_numbers_even_under_a_catalogue_name() -> None:
    own = replace(MOBILENET, metadata={"model": None})
    assert facts.published(own) is None
    assert facts.published(replace(MOBILENET, metadata=None)) is None  # a file that is merely called so
    assert facts.published(MOBILENET) is not None


@pytest.mark.parametrize("render", [text.render, markdown.render, csv_report.render, json_report.render])
def test_no_view_shows_another_networks_numbers_under_a_catalogue_name(render: Any) -> None:
    """Five classes, by the name of a network whose published latency is 30.24 ms and top-1 0.7099."""
    five = replace(MOBILENET, weights="own", metadata=network("MobileNetV1", "own", classes=5))
    assert "0.7099" in render([measured(MOBILENET, 1, 5.0)])
    assert "30.24" in render([measured(MOBILENET, 1, 5.0)])
    rendered = render([measured(five, 1, 5.0)], ratio=True)
    assert "0.7099" not in rendered
    assert "30.24" not in rendered
    assert "it has 5 classes, and the table's network 1000" in rendered


def test_a_doubtful_published_latency_is_marked_and_explained() -> None:
    swish = replace(MOBILENET, name="swish", metadata=network("ShuffleNetV2_swish", "published"))
    rendered = text.render([measured(swish, 1, 8.0), measured(swish, 2, 8.0)])
    assert "31.21?" in rendered
    assert "9.06 " in rendered
    assert "? the published number is doubtful: ShuffleNetV2_swish: 31.21 ms on 1 thread is 3.44 times" in rendered
    assert json.loads(json_report.render([measured(swish)]))[0]["published_doubts"][0]["number"] == "sd855_1"


def test_an_engine_that_ignores_threads_is_named() -> None:
    program = RunnerProgram("lite_bench", "ee" * 32, threads_honoured=False)
    cells = [measured(threads=count, program=program, device=HOST) for count in (1, 2)]
    assert "one thread whatever is asked" in text.render(cells)
    assert "one thread whatever is asked" not in text.render(cells[:1])


def test_a_note_of_every_cell_is_said_once() -> None:
    cells = [measured(threads=count, notes=(Code.CPU_TEMPERATURE_UNKNOWN(),)) for count in (1, 2)]
    rendered = text.render(cells)
    assert rendered.count("CPU temperature unknown") == 1
    assert "[1]" not in rendered


def test_the_table_protocol_shows_the_mean() -> None:
    cell = measurement(launch(0, 1.0, 1.0, 4.0), protocol=TABLE)
    assert "1T mean ms" in text.render([cell])
    assert json_report.cell(cell)["latency_ms"]["headline"] == 2.0


def test_a_program_without_samples_has_only_what_it_said() -> None:
    cell = measurement(launch(0, extremes=Extremes(30, 1.0, 2.0, 4.0)))
    message = json_report.cell(cell)
    assert message["latency_ms"] == {"headline": 2.0, "headline_is": "mean"}
    rendered = text.render([cell])
    assert "1T mean ms" in rendered
    assert "2.00" in rendered
    assert "tells no samples" in rendered


def test_synthetic_numbers_are_never_silent() -> None:
    cell = measurement(launch(0, 1.0, synthetic=True))
    assert "synthetic engine: no measurement" in text.render([cell])
    assert json_report.cell(cell)["synthetic"] is True


def test_two_devices_make_two_tables() -> None:
    rendered = text.render([measured(), measured(device={**PHONE, "serial": "cd34"})])
    assert rendered.count("Device: ") == 2


def test_json_is_a_list_with_one_object_a_cell() -> None:
    cells = json.loads(json_report.render(CELLS))
    assert [cell["threads"] for cell in cells] == [1, 4, 1, 4]
    assert [cell["valid"] for cell in cells] == [True, False, True, False]
    assert cells[0]["latency_ms"]["ci95"] == [pytest.approx(30.5424), pytest.approx(30.5424)]
    assert cells[0]["published"]["sd855_ms"] == 30.24
    assert cells[3]["latency_ms"] is None
    assert "launches" not in cells[0]
    assert len(json.loads(json_report.render(CELLS, raw=True))[0]["launches"][0]["samples_ms"]) == 3


def test_csv_has_a_line_a_cell() -> None:
    lines = list(csv.DictReader(io.StringIO(csv_report.render(CELLS))))
    assert len(lines) == 4
    assert float(lines[0]["latency_median"]) == pytest.approx(30.5424)
    assert lines[1]["reasons"] == "thermal status rose from NONE to LIGHT"
    assert lines[3]["latency_median"] == ""


def test_markdown_is_a_table() -> None:
    rendered = markdown.render(CELLS)
    rows = [line for line in rendered.splitlines() if line.startswith("|")]
    assert len(rows) == 4
    assert len({row.count("|") for row in rows}) == 1


def test_words_with_a_bar_do_not_break_markdown() -> None:
    assert grid.markdown([grid.Column("a|b")], [["x|y"]]).splitlines()[2] == "| x\\|y |"


@pytest.mark.parametrize(
    ("made_by", "said"),
    [
        (("paddlelite", "2.13rc0"), "made for arm by opt"),
        (("paddle2onnx", "1.3.1"), "ONNX by paddle2onnx 1.3.1"),
        (("mnn", "3.6.1"), "made by MNN 3.6.1"),
        (("openvino", "2025.3.0"), "made by OpenVINO 2025.3.0"),
        (("litert", "2.0"), "made by LiteRT 2.0"),
        (None, "made by an unknown tool"),
    ],
)
def test_a_file_is_made_by_what_made_it(made_by: tuple[str, str] | None, said: str) -> None:
    """opt has no part in the files of other engines."""
    metadata = {"engine": dict(zip(("name", "version"), made_by, strict=True))} if made_by else None
    own = made_by is not None and made_by[0] == "paddlelite"
    of: dict[str, Any] = {} if own else {"target": None, "opt_version": None}
    subject = replace(SUBJECT, metadata=metadata, **of)
    (line,) = [
        one for one in text.render([measurement(launch(0, 9.0), subject=subject)]).splitlines() if "Model files" in one
    ]
    assert said in line
    assert own or "opt" not in line
