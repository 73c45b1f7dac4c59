"""With `--json` an error is a JSON document on standard output, and nothing else is there."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from edge.cli import main
from edge.cli.main import run

Capture = pytest.CaptureFixture[str]


@pytest.mark.parametrize(
    ("words", "kind", "code"),
    [
        ("show Nowhere --json", "UnknownModelError", 2),
        ("list --json --nonsense", "UsageError", 2),
        ("list --json --max-flops many", "UsageError", 2),
        ("results list --json", "ResultsError", 1),
        ("results export --json --raw --csv", "UsageError", 2),
        ("convert nowhere --json", "UnknownModelError", 2),
        ("bench nowhere.nb --json", "ModelFilesError", 2),
        ("results compare 1 2 --json --wide", "UsageError", 2),
    ],
)
def test_an_error_is_a_document(
    words: str, kind: str, code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(words.split()) == code
    told = capsys.readouterr()
    error = json.loads(told.out)["error"]
    assert (error["type"], error["exit_code"]) == (kind, code)
    assert error["message"].rstrip(".") in told.err
    assert set(error) == {"type", "message", "hint", "exit_code"}


def test_without_json_there_is_none(capsys: Capture) -> None:
    assert run(["show", "Nowhere"]) == 2
    assert capsys.readouterr().out == ""


def test_an_interrupt_and_a_bug_are_documents_too(monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    def failing(error: BaseException) -> Callable[..., None]:
        def fail(*_: object, **__: object) -> None:
            raise error

        return fail

    for error, kind, code in (
        (KeyboardInterrupt(), "Interrupted", 130),
        (SystemExit(143), "Interrupted", 143),
        (ZeroDivisionError("x"), "BugError", 70),
    ):
        monkeypatch.setattr("edge.api.show_model", failing(error))
        assert main.run(["show", "MobileNetV1", "--json"]) == code
        assert json.loads(capsys.readouterr().out)["error"]["type"] == kind
