"""`edgezoo results accuracy`, and accuracies beside latencies, in choose as in every view."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from edge.cli.main import run
from edge.results.store import Store
from tests.bench.examples import accuracy
from tests.cli.test_choose import measured, of

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def db(tmp_path: Path) -> Path:
    """MobileNetV1 measured on a phone; its accuracy, that of its int8 file and of another network on the same images."""
    path = tmp_path / "r.db"
    subject = of("MobileNetV1", "published")
    measured(path, subject, *[28.0 + n / 10 for n in range(6)])
    quantised = replace(subject, sha256="0a" * 32, precision="int8")
    measured(path, quantised, *[20.0 + n / 10 for n in range(6)])
    right, less = bytes([2] * 700 + [1] * 200 + [0] * 100), bytes([2] * 660 + [1] * 240 + [0] * 100)
    with Store(path) as store:
        store.accuracies.add(accuracy(right, subject=subject))
        store.accuracies.add(accuracy(less, subject=quantised))
        store.accuracies.add(
            accuracy(right, subject=of("MobileNetV2", "published"), dataset="other", dataset_sha256="ab" * 32)
        )
        store.accuracies.add(accuracy(right, subject=of("GhostNet_x1_0", "random", sha256="0b" * 32)))
    return path


def printed(capsys: Capture, db: Path, *words: str) -> str:
    capsys.readouterr()
    assert run([*words, "--db", str(db)]) == 0
    return capsys.readouterr().out


def test_they_are_listed(db: Path, capsys: Capture) -> None:
    lines = printed(capsys, db, "results", "accuracy").splitlines()
    assert len(lines) == 6
    assert "70.00" in lines[2]
    assert "67.09 to 72.76" in lines[2]
    assert "val efefefef" in lines[2]
    (one,) = json.loads(printed(capsys, db, "results", "accuracy", "--model", "MobileNetV2", "--json"))
    assert (one["id"], one["top1"]["hits"], one["images"]) == (3, 700, 1000)
    assert one["dataset"] == {"name": "other", "sha256": "ab" * 32}


def test_two_are_compared_image_by_image(db: Path, capsys: Capture) -> None:
    told = printed(capsys, db, "results", "accuracy", "1", "2")
    assert "MobileNetV1 (int8, 2) is less accurate than MobileNetV1 (fp32, 1): -4.00 points of top-1" in told
    made = json.loads(printed(capsys, db, "results", "accuracy", "2", "1", "--json"))
    assert (made["verdict"], made["only_second"]) == ("more accurate", 40)
    capsys.readouterr()
    assert run(["results", "accuracy", "1", "3", "--db", str(db)]) == 1
    assert "of different images" in capsys.readouterr().err


def test_one_is_deleted(db: Path, capsys: Capture) -> None:
    printed(capsys, db, "results", "accuracy", "--delete", "1")
    assert [one["id"] for one in json.loads(printed(capsys, db, "results", "accuracy", "--json"))] == [2, 3, 4]
    assert run(["results", "accuracy", "--delete", "1", "--db", str(db)]) == 2


@pytest.mark.parametrize("words", [["1"], ["1", "2", "3"], ["1", "2", "--model", "x"], ["--delete", "1", "-s", "host"]])
def test_what_is_neither_a_list_nor_a_comparison_is_refused(words: list[str], db: Path, capsys: Capture) -> None:
    assert run(["results", "accuracy", *words, "--db", str(db)]) == 2
    assert "accuracies are listed, or two of them compared" in capsys.readouterr().err


def test_accuracies_stand_beside_latencies_in_every_view(db: Path, capsys: Capture) -> None:
    table = printed(capsys, db, "results", "export")
    assert "Top-1 % here" in table
    assert "70.00 ±2.91 [1]" in table
    assert re.search(r"66\.00 ±2\.9\d \[1\]", table)
    assert "[1] Top-1 here: 1,000 images of val (sha256 efefefef), judged on host by paddle-lite 2.13rc0" in table
    cells = json.loads(printed(capsys, db, "results", "export", "--json"))
    assert [cell["accuracy"]["top1"]["value"] for cell in cells] == [0.7, 0.66]
    lines = list(csv.DictReader(io.StringIO(printed(capsys, db, "results", "export", "--csv"))))
    assert [(line["top1"], line["images"], line["dataset"]) for line in lines] == [
        ("0.7", "1000", "val"),
        ("0.66", "1000", "val"),
    ]
    assert "Top-1           70.00% (95 % interval 67.09% to 72.76%), 1,000 images of val" in printed(
        capsys, db, "results", "show", "1"
    )


def test_without_accuracies_there_is_no_column(tmp_path: Path, capsys: Capture) -> None:
    measured(tmp_path / "n.db", of("MobileNetV1"), *[28.0] * 6)
    assert "Top-1 % here" not in printed(capsys, tmp_path / "n.db", "results", "export")


def chosen(capsys: Capture, db: Path, *words: str) -> dict[str, Any]:
    found = json.loads(printed(capsys, db, "choose", *words, "--json"))["fitting"]
    return {f"{one['name']} {one['precision']}": one["top1"] for one in found}


def test_choose_takes_the_accuracies_of_one_set_of_images_or_the_published_ones(db: Path, capsys: Capture) -> None:
    published = chosen(capsys, db)
    assert (published["MobileNetV1 fp32"]["source"], published["MobileNetV1 int8"]) == ("published", None)
    here = chosen(capsys, db, "--on", "val")
    assert (here["MobileNetV1 fp32"]["source"], here["MobileNetV1 fp32"]["value"]) == ("measured", 0.7)
    assert here["MobileNetV1 int8"]["value"] == 0.66
    assert here["MobileNetV2 fp32"] is None  # judged on other images
    assert here["GhostNet_x1_0 fp32"] is None  # of random weights
    assert chosen(capsys, db, "--on", "efefef") == here
    assert set(chosen(capsys, db, "--on", "val", "--min-top1", "50")) == {"MobileNetV1 fp32", "MobileNetV1 int8"}


def test_an_interval_of_an_accuracy_straddles_the_limit(db: Path, capsys: Capture) -> None:
    told = printed(capsys, db, "choose", "--on", "val", "--min-top1", "68")
    assert "0.7000 (0.6709 to 0.7276) measured" in told
    assert "straddles --min-top1" in told
    assert "Top-1 measured: 1,000 images of val (sha256 efefefef), judged on host" in told


def test_a_set_of_images_that_is_not_known_or_not_one_is_refused(db: Path, capsys: Capture) -> None:
    assert run(["choose", "--on", "nothing", "--db", str(db)]) == 2
    assert "there are val (efefef), other (ababab)" in capsys.readouterr().err
    with Store(db) as store:
        store.accuracies.add(accuracy(dataset_sha256="cd" * 32))
    assert run(["choose", "--on", "val", "--db", str(db)]) == 2
    assert "--on val means 2 sets of images" in capsys.readouterr().err
