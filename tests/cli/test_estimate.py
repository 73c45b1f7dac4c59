"""`edgezoo estimate`, as it is typed: names, files, another phone, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import edge
from edge.cache.hashing import sha256_of
from edge.cli.main import run
from edge.zoo.catalogue import lookup
from tests.cli.test_choose import OTHER, measured, of

Capture = pytest.CaptureFixture[str]
TINY = Path(__file__).parents[1] / "package" / "data" / "tiny.nb"


def estimated(capsys: Capture, *words: str) -> list[dict[str, Any]]:
    capsys.readouterr()
    assert run(["estimate", *words, "--json"]) == 0
    found: list[dict[str, Any]] = json.loads(capsys.readouterr().out)
    return found


def test_a_table_of_networks_says_case_error_and_that_nothing_was_measured(capsys: Capture) -> None:
    assert run(["estimate", "MobileNetV2", "PPLCNetV2_base", "ResNet18"]) == 0
    told = capsys.readouterr().out
    lines = {line.split()[0]: line for line in told.splitlines()[2:5]}
    assert "family" in lines["MobileNetV2"]
    assert "near" in lines["PPLCNetV2_base"]
    assert lines["ResNet18"].split() == ["ResNet18", "far", "-", "-", "-"]
    assert "Estimated, not measured" in told
    assert "ResNet18: far: convolution 3x3" in told


def test_every_number_of_an_estimate_is_in_json(capsys: Capture) -> None:
    (one,) = estimated(capsys, "MobileNetV2", "--threads", "4")
    assert one["source"] == "estimated"
    assert one["low"] < one["ms"] < one["high"]
    assert one["ms"] == pytest.approx(lookup("MobileNetV2").published.sd855_ms[4], rel=0.1)
    assert one["expected_error"]["networks"] == 40
    assert (one["ms"] - one["low"]) / one["ms"] == pytest.approx(one["expected_error"]["nine_of_ten"])


def test_a_file_is_estimated_by_what_is_in_it(capsys: Capture) -> None:
    (one,) = estimated(capsys, str(TINY), "--threads", "1")
    assert (one["name"], one["case"], one["ms"]) == ("tiny", "far", None)  # 0.01 ms is no network of the table


def test_two_files_of_one_name_are_two_rows(tmp_path: Path, capsys: Capture) -> None:
    other = tmp_path / "tiny.nb"
    other.write_bytes(TINY.read_bytes())
    assert run(["estimate", str(TINY), str(other), "mobilenetv2"]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()[2:5]] == ["tiny", "tiny", "MobileNetV2"]


def test_another_phone_is_estimated_from_what_was_measured_there(capsys: Capture, tmp_path: Path) -> None:
    db = tmp_path / "r.db"
    for name in ("MobileNetV1", "MobileNetV3_small_x1_0", "GhostNet_x1_0"):
        ms = 2 * lookup(name).published.sd855_ms[1]
        measured(db, of(name, sha256=sha256_of(name.encode())), *[ms] * 6, device=OTHER)
    words = ["--calibrate-on", "cd34", "--threads", "1", "--db", str(db)]
    (one,) = estimated(capsys, "MobileNetV2", *words)
    assert one["ms"] == pytest.approx(2 * 20.74, rel=0.1)
    assert one["calibrated_by"] == one["expected_error"]["networks"] == 3
    assert run(["estimate", "MobileNetV2", *words]) == 0
    told = capsys.readouterr().out
    assert "Calibrated by networks measured on cd34: 3 at 1 thread." in told
    assert "each estimated from the others" in told
    assert edge.estimate_latency(["MobileNetV2"], threads=[1], calibrate_on="cd34", db=db)[0].ms == one["ms"]


def test_measurements_of_another_thread_count_tell_nothing(capsys: Capture, tmp_path: Path) -> None:
    db = tmp_path / "r.db"
    measured(db, of("MobileNetV1"), *[60.0] * 6, device=OTHER)
    one, two = estimated(capsys, "MobileNetV2", "--calibrate-on", "cd34", "--threads", "1,2", "--db", str(db))
    assert one["ms"] is not None
    assert (two["ms"], two["calibrated_by"]) == (None, 0)


def test_what_was_measured_in_another_precision_calibrates_nothing(capsys: Capture, tmp_path: Path) -> None:
    db = tmp_path / "r.db"
    measured(db, of("MobileNetV1", precision="int8"), *[60.0] * 6, device=OTHER)
    assert run(["estimate", "MobileNetV2", "--calibrate-on", "cd34", "--db", str(db)]) == 1
    assert "no valid float32 network of the catalogue" in capsys.readouterr().err


def test_choose_estimates_for_a_phone_that_was_measured(capsys: Capture, tmp_path: Path) -> None:
    db = tmp_path / "r.db"
    measured(db, of("MobileNetV1"), *[60.48] * 6, device=OTHER)
    assert run(["choose", "-s", "cd34", "--db", str(db), "--json"]) == 0
    found = {one["name"]: one["latency_ms"] for one in json.loads(capsys.readouterr().out)["fitting"]}
    assert found["MobileNetV1"]["source"] == found["MobileNetV1_ssld"]["source"] == "measured"
    assert found["MobileNetV2"]["source"] == "estimated"
    assert found["MobileNetV2"]["value"] == pytest.approx(2 * 20.74, rel=0.1)
    assert (found["MobileNetV2"]["low"], "too few to tell" in found["MobileNetV2"]["note"]) == (None, True)


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ([], 2, "no network is named"),
        (["MobileNetV9"], 2, "no model 'MobileNetV9'"),
        (["nowhere.nb"], 2, "nowhere.nb does not exist"),
        (["MobileNetV2", "--threads", "8"], 2, "published for 1, 2 and 4"),
        (["MobileNetV2", "--evaluate"], 2, "takes no names"),
    ],
)
def test_what_cannot_be_estimated_is_refused(words: list[str], code: int, said: str, capsys: Capture) -> None:
    assert run(["estimate", *words]) == code
    assert said in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.parametrize(
    ("options", "case", "reason"),
    [
        ([], "family", "other networks of MobileNetV3"),
        (["--precision", "int8"], "far", "its weights are int8"),
        (["--precision", "fp16"], "far", "arm fp16"),
        (["--target", "x86"], "far", "x86 fp32"),
    ],
    ids=["fp32", "int8", "fp16", "x86"],
)
def test_a_converted_file(options: list[str], case: str, reason: str, tmp_path: Path, capsys: Capture) -> None:
    name = "MobileNetV3_small_x0_35"
    convert = ["convert", name, "--weights", "random", "--no-verify", "-o", str(tmp_path), *options]
    assert run(convert) == 0
    (one,) = estimated(capsys, str(tmp_path / f"{name}.nb"), "--threads", "1")
    assert one["case"] == case
    assert reason in one["reason"]
    if case == "family":
        assert one["ms"] == estimated(capsys, name, "--threads", "1")[0]["ms"]


@pytest.mark.slow
def test_an_inference_model_is_converted_first(tmp_path: Path, capsys: Capture) -> None:
    """The same network, exported by Paddle: nobody says what it is, so it is near, and of the same size."""
    from edge.api import convert_models
    from edge.source.exported import export
    from edge.source.weights import Weights

    convert_models(["PPLCNet_x0_25"], weights="random", verify=False, out=tmp_path / "out")
    model = lookup("PPLCNet_x0_25")
    folder = export(model, Weights("random"), lambda: pytest.fail("it is in the cache")).directory
    (one,) = estimated(capsys, str(folder), "--threads", "1")
    assert one["case"] == "near"
    assert one["ms"] == pytest.approx(2.30, rel=0.1)


@pytest.mark.slow
def test_a_transformer_is_far(capsys: Capture) -> None:
    (one,) = estimated(capsys, "MobileViT_XXS", "--threads", "1")
    assert (one["case"], one["ms"], one["reason"]) == ("far", None, "it has the operator transpose2")
