"""Long work speaks: in place on a terminal, a line a minute in a log."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
import time
from threading import Thread

import click
import pytest

from edge.cli import main, output
from edge.cli.output import Activity, ProgressLine, clock

Capture = pytest.CaptureFixture[str]


def work(quiet: bool = False) -> None:
    with ProgressLine(quiet=quiet) as progress:
        heard = progress.working("net")
        heard("verify", 0, 0)
        for done in range(5):
            heard("verify: Paddle", done, 8)
            time.sleep(0.05)
        heard("", 0, 0)
        time.sleep(0.1)


@pytest.mark.parametrize("kept", [False, True])
def test_what_a_ctrl_c_leaves_is_said_once_something_is_kept(
    kept: bool, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    @click.command()
    def command() -> None:
        with ProgressLine(resumes="Every launch is kept.", once_kept=True) as progress:
            if kept:  # heard from a device's thread
                (device := Thread(target=progress.kept)).start()
                device.join(10)
            raise KeyboardInterrupt

    monkeypatch.setattr(main._Commands, "get_command", lambda *_: command)
    assert main.run(["list"]) == 130
    assert capsys.readouterr().err.strip() == "Interrupted." + " Every launch is kept." * kept


def test_a_log_gets_a_line_from_time_to_time(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(output, "SHOW_EVERY", 0.01)
    monkeypatch.setattr(output, "LOG_EVERY", 0.09)
    work()
    lines = capsys.readouterr().err.splitlines()
    assert 1 <= len(lines) <= 3  # within 0.25 s, and none after its end
    assert all(line.startswith("net: verify: Paddle ") and " of 8, 0:00" in line for line in lines)


def test_a_minute_is_not_over_and_nothing_is_said(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(output, "SHOW_EVERY", 0.01)
    work()
    assert capsys.readouterr().err == ""


def test_quiet_says_nothing(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(output, "SHOW_EVERY", 0.01)
    monkeypatch.setattr(output, "LOG_EVERY", 0.02)
    work(quiet=True)
    assert capsys.readouterr().err == ""


def test_a_terminal_sees_it_in_place() -> None:
    code = "from edge.cli import output; output.SHOW_EVERY = 0.02; from tests.cli.test_progress import work; work()"
    ours, theirs = pty.openpty()
    with subprocess.Popen([sys.executable, "-c", code], stderr=theirs) as process:
        process.wait(60)
    os.close(theirs)
    seen = os.read(ours, 1 << 16).decode()
    os.close(ours)
    assert "net: verify: Paddle" in seen
    assert "2 of 8" in seen
    assert re.search("about 0:0[0-9] left", seen)  # of a quarter of a second: what a busy machine makes of it
    assert not seen.rpartition("\x1b[2K")[2].strip("\r\n\x1b[?25hA1 ")  # and is gone at its end


@pytest.mark.parametrize(
    ("done", "of", "passed", "says"),
    [
        (0, 0, 3.2, "net: convert, 0:03"),
        (0, 8, 3.2, "net: convert 0 of 8, 0:03"),
        (2, 8, 30, "net: convert 2 of 8, 0:30, about 1:30 left"),
        (1, 101, 60, "net: convert 1 of 101, 1:00, about 1:40:00 left"),
    ],
)
def test_what_is_said(done: int, of: int, passed: float, says: str) -> None:
    assert Activity("convert", done, of, time.monotonic() - passed).sentence("net") == says


def test_a_clock_has_hours_where_there_are_any() -> None:
    assert [clock(seconds) for seconds in (0, 59.6, 3599, 3600)] == ["0:00", "1:00", "59:59", "1:00:00"]
