"""Nothing that comes from others is obeyed by a terminal."""

from __future__ import annotations

import io
import json
import re
import shutil
import sys
from pathlib import Path

import click
import pytest

from edge.cli.main import run
from edge.cli.shield import harmless, shielded
from edge.errors import EdgezooError

TINY = Path(__file__).parents[1] / "package" / "data" / "tiny.nb"
TITLE = "\x1b]0;pwned\x07"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain\n\tlines stay", "plain\n\tlines stay"),
        (TITLE, "\\x1b]0;pwned\\x07"),
        ("\x9b31m of one byte", "\\x9b31m of one byte"),
        ("a\rb\bc", "a\\rb\\x08c"),
        ("\u202etxt.exe", "\\u202etxt.exe"),
        ("\ud800", "\\ud800"),
        ("\x1b[2J\x1b[31mred\x1b[0m", "\\x1b[2J\x1b[31mred\x1b[0m"),
        ("\x1b[8mhidden\x1b[30mblack", "\\x1b[8mhidden\\x1b[30mblack"),
        ("\x1b[38;5;16mblack\x1b[38;5;0m", "\\x1b[38;5;16mblack\\x1b[38;5;0m"),
        ("said before\r\x1b[K", "said before\\r\\x1b[K"),
    ],
)
def test_colours_pass_and_nothing_else(text: str, shown: str) -> None:
    assert harmless(text) == shown


def test_edgezoos_own_colours_pass() -> None:
    for colour in ("red", "bright_blue", 200):
        for weight in ({"bold": True}, {"dim": True}, {"underline": True}):
            styled = click.style("a", fg=colour, **weight)
            assert harmless(styled) == styled


def test_an_error_is_printable_and_not_long() -> None:
    error = EdgezooError(f"{TITLE}{'a' * 9000}", hint=TITLE)
    assert len(error.message) < 4100
    assert "\x1b" not in error.message + error.hint + str(error)


def _damaged(folder: Path) -> Path:
    nb = folder / "tiny.nb"
    shutil.copy(TINY, nb)
    document = json.loads(TINY.with_suffix(".json").read_bytes())
    document["source"]["path"] = document["outputs"][0]["name"] = TITLE
    document["preprocessing"]["layout"] = TITLE
    document["class_labels"] = [TITLE] * 5
    document["remarks"] = [TITLE]
    nb.with_suffix(".json").write_text(json.dumps(document))
    return nb


@pytest.mark.parametrize(
    "command", [["inspect"], ["inspect", "--json"], ["package", "--format", "aar", "-o", "out.aar"]], ids=" ".join
)
def test_no_command_prints_a_title_for_the_window(
    command: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    run([*command, str(_damaged(tmp_path))])
    out, err = capsys.readouterr()
    assert "pwned" in out + err
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f]", out + err)


def test_a_file_of_such_a_name_is_named_harmlessly(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["inspect", str(tmp_path / f"{TITLE}.nb")]) != 0
    assert "\\x1b]0;pwned" in (said := capsys.readouterr().err)
    assert "\x1b" not in said


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_bars_move_the_cursor_and_what_they_tell_of_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    from edge.cli.bars import Bars
    from edge.cli.output import Activity

    there = _Terminal()
    monkeypatch.setattr(sys, "stderr", there)
    with shielded():
        bars = Bars()
        bars.show({f"net{TITLE}": Activity(f"verify{TITLE}", 0, 0, 0.0)})
        bars.line(f"a line{TITLE}")
        bars.end()
    written = there.getvalue()
    assert "\x1b[?25l" in written  # the cursor hides while bars are drawn
    assert "verify\\x1b]0;" in written
    assert "a line\\x1b]0;" in written
    assert TITLE not in written
