"""Orders of whatever product: what goes wrong with one stops no other, be it a bug; what makes no sense cannot be ordered."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from edge.cli import main
from edge.convert.calibrated import Calibration
from edge.convert.metadata import NbModel
from edge.convert.pipeline import convert_models
from edge.convert.products.calibrated import CalibratedOrder
from edge.convert.products.nb import NbOrder
from edge.convert.recipe import choose
from edge.convert.work import Work
from edge.errors import BugError, ConvertError, EdgezooError, OutputError, UsageError
from edge.metadata.file import of
from edge.metadata.model import FORMAT
from edge.source.weights import Weights
from edge.zoo.catalogue import lookup

RANDOM = Weights("random")
NAMES = ("MobileNetV1_x0_25", "MobileNetV1_x0_5", "MobileNetV1_x0_75")
SPOILT = NAMES[1]

pytestmark = pytest.mark.usefixtures("private_cache")


def spoil(patch: pytest.MonkeyPatch, error: Exception) -> None:
    """One order of the three raises; the others write a file without an engine."""

    def make(order: NbOrder, work: Work) -> tuple[NbModel, bool]:
        with work.stage("convert"):
            if order.name == SPOILT:
                raise error
        path = work.out / f"{order.name}.nb"
        path.write_bytes(b"nb")
        document: dict[str, object] = {
            "format": FORMAT,
            "name": order.name,
            "sha256": "0",
            "source": {"kind": "random"},
        }
        document |= {"inputs": [{"name": "x", "shape": [1]}], "verification": {"status": "passed"}}
        return NbModel(path, "0", 2, of(document, "net.json")), False

    patch.setattr(NbOrder, "make", make)


@pytest.mark.parametrize("jobs", [1, 3])
@pytest.mark.parametrize(
    ("error", "kind", "says"),
    [
        (KeyError("inputs"), BugError, "this is a bug in edgezoo: KeyError: 'inputs'"),
        (ConvertError("opt does not want it"), ConvertError, "opt does not want it"),
        (OSError(errno.ENOSPC, "No space left", "cache/x"), OutputError, "cache/x: no room left on the disk"),
    ],
    ids=["bug", "foreseen", "full disk"],
)
def test_what_goes_wrong_with_one_is_its_own_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, jobs: int, error: Exception, kind: type[EdgezooError], says: str
) -> None:
    spoil(monkeypatch, error)
    heard: list[str] = []
    orders = [NbOrder(name, lookup(name), RANDOM, choose()) for name in NAMES]
    outcomes = convert_models(orders, tmp_path, jobs=jobs, done=lambda outcome: heard.append(outcome.order.name))
    assert [outcome.made is not None for outcome in outcomes] == [True, False, True]
    assert sorted(heard) == sorted(NAMES)
    [spoilt] = [outcome for outcome in outcomes if outcome.error is not None]
    assert type(spoilt.error) is kind
    assert spoilt.error.message == says
    assert error in (spoilt.error, spoilt.error.__cause__)
    assert spoilt.seconds.keys() == {"convert"}


@pytest.mark.parametrize("debug", [False, True])
def test_the_traceback_is_shown_to_who_asks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], debug: bool
) -> None:
    spoil(monkeypatch, KeyError("inputs"))
    options = ["--debug"] if debug else []
    assert main.run([*options, "convert", *NAMES, "--weights", "random", "-o", str(tmp_path)]) == 1
    output = capsys.readouterr().err
    assert f"failed  {SPOILT}: this is a bug in edgezoo: KeyError: 'inputs'" in output
    assert "2 of 3 models" in output
    assert ("Traceback" in output, "raise error" in output) == (debug, debug)
    assert sorted(path.stem for path in tmp_path.glob("*.nb")) == sorted({*NAMES} - {SPOILT})


@pytest.mark.parametrize("debug", [False, True])
def test_a_survey_tells_of_a_bug_in_its_row(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], debug: bool
) -> None:
    spoil(monkeypatch, KeyError("inputs"))
    assert main.run([*(["--debug"] if debug else []), "coverage", SPOILT]) == 1
    told = capsys.readouterr()
    assert "this is a bug in edgezoo: KeyError: 'inputs'" in told.out
    assert ("Traceback" in told.err, "raise error" in told.err) == (debug, debug)


def test_static_int8_without_images_cannot_be_ordered() -> None:
    with pytest.raises(UsageError, match="int8-static needs images"):
        NbOrder(SPOILT, lookup(SPOILT), RANDOM, choose(precision="int8-static"))


def test_images_for_another_precision_cannot_be_ordered() -> None:
    with pytest.raises(UsageError, match="calibration is for int8-static"):
        CalibratedOrder(SPOILT, lookup(SPOILT), RANDOM, choose(), Calibration(()))
