"""The entry point: every way out has its sentence and its exit code."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import click
import pytest

from edge import __version__
from edge.cli import main
from edge.cli.output import write_file
from edge.errors import DeviceError, UsageError

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> Callable[[BaseException], int]:
    """Run a command that raises the given error."""

    def run(error: BaseException, *options: str) -> int:
        @click.command()
        def command() -> None:
            raise error

        monkeypatch.setattr(main._Commands, "get_command", lambda *_: command)
        return main.run([*options, "list"])

    return run


def test_version(capsys: Capture) -> None:
    assert main.run(["--version"]) == 0
    assert __version__ in capsys.readouterr().out


@pytest.mark.parametrize("name", main.COMMANDS)
def test_every_command_has_help(name: str, capsys: Capture) -> None:
    command = import_module(main.COMMANDS[name]).command
    assert command.help
    for parameter in getattr(command, "params", []):
        if isinstance(parameter, click.Option) and not parameter.hidden:
            assert parameter.help, f"{name} {parameter.opts}"
    assert main.run([name, "--help"]) == 0
    assert "Usage: edgezoo" in capsys.readouterr().out


def test_help_shows_every_command_with_a_line(capsys: Capture) -> None:
    assert main.run(["--help"]) == 0
    shown = capsys.readouterr().out
    for name in main.COMMANDS:
        assert f"\n  {name} " in shown


def test_a_command_that_does_not_exist_is_answered_with_the_nearest(capsys: Capture) -> None:
    assert main.run(["lst"]) == 2
    assert "Did you mean 'list'?" in capsys.readouterr().err


def test_an_error_is_one_sentence_and_a_hint(failing: Callable[..., int], capsys: Capture) -> None:
    assert failing(DeviceError("the phone is gone", hint="plug it in")) == 1
    captured = capsys.readouterr()
    assert captured.err == "Error: the phone is gone\nHint: plug it in\n"
    assert captured.out == ""


def test_a_senseless_request_is_a_usage_error(failing: Callable[..., int]) -> None:
    assert failing(UsageError("0 launches are none")) == 2


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ("list --light", 0),
        ("nonsense", 2),
        ("list --nonsense", 2),
        ("list --threads 3", 2),
        ("list --series Nowhere", 2),
        ("show", 2),
        ("show Nowhere", 2),
        ("convert", 2),
        ("convert Nowhere", 2),
        ("coverage Nowhere", 2),
        ("coverage --engine 9.9", 2),
        ("bench nowhere.nb", 2),
        ("bench text.txt/nowhere.nb", 2),
        ("bench PPLCNet_x0_25 --runner nowhere", 2),
        ("bench PPLCNet_x0_25 --db text.txt", 2),
        ("bench PPLCNet_x0_25 --db .", 2),
        ("eval PPLCNet_x0_25", 2),
        ("eval PPLCNet_x0_25 --data nowhere", 2),
        ("package nowhere.nb", 2),
        ("package", 2),
        ("install nowhere.nb", 2),
        ("install nowhere.apk", 2),
        ("inspect nowhere.nb", 2),
        ("inspect text.txt", 1),
        ("results", 2),
        ("results list", 1),
        ("results list --db nowhere.db", 2),
        ("results list --db text.txt", 2),
        ("results list --since someday", 2),
        ("results show 1", 1),
        ("results show one", 2),
        ("results export -o nowhere/r.csv", 2),
        ("results compare 1", 2),
        ("device", 2),
        ("show \udcff", 2),
        ("results list --model \udcff", 2),
        ("results show 99999999999999999999", 2),
        ("results delete -y 99999999999999999999", 2),
        ("convert PPLCNet_x0_25 --weights random --seed -1", 2),
        ("coverage PPLCNet_x0_25 --seed 99999999999999999999", 2),
        ("bench PPLCNet_x0_25 --seed 99999999999999999999", 2),
        ("bench PPLCNet_x0_25 --timeout 1e308", 2),
        ("bench PPLCNet_x0_25 --cooldown 1e308", 2),
        ("bench PPLCNet_x0_25 --cool-limit 1e308", 2),
        ("bench PPLCNet_x0_25 --tolerance 101", 2),
        ("bench PPLCNet_x0_25 --warmup 99999999999999999999", 2),
        ("bench PPLCNet_x0_25 --launches 99999999999999999999", 2),
        ("eval PPLCNet_x0_25 --data . --timeout 1e308", 2),
        ("eval PPLCNet_x0_25 --data . --predictions .", 2),
        ("doctor nonsense", 2),
    ],
)
def test_the_exit_code(
    arguments: str, code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    """docs/reference/exit-codes.md: 2 where nothing was begun, by our checks as by click's; 1 where it could not be done."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("EDGEZOO_DATA_DIR", str(tmp_path / "data"))
    Path("text.txt").write_text("no database")
    assert main.run(arguments.split()) == code
    message = capsys.readouterr().err
    assert "Traceback" not in message
    assert "bug" not in message
    assert Path("text.txt").read_text() == "no database"
    assert [path.name for path in tmp_path.iterdir()] == ["text.txt"]


def test_ctrl_c(failing: Callable[..., int], capsys: Capture) -> None:
    assert failing(KeyboardInterrupt()) == 130
    assert capsys.readouterr().err.strip() == "Interrupted."


def test_a_bug_is_called_one(failing: Callable[..., int], capsys: Capture) -> None:
    assert failing(ZeroDivisionError("division by zero")) == 70
    message = capsys.readouterr().err
    assert "this is a bug in edgezoo: ZeroDivisionError: division by zero" in message
    assert "--debug" in message
    assert "Traceback" not in message


def test_debug_shows_the_traceback(failing: Callable[..., int], capsys: Capture) -> None:
    assert failing(ZeroDivisionError("division by zero"), "--debug") == 70
    assert "Traceback" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (OSError(errno.ENOSPC, "No space left on device", "/out/x.nb"), "Error: /out/x.nb: no room left on the disk"),
        (PermissionError(errno.EACCES, "Permission denied", "/out"), "Error: /out: Permission denied"),
        (IsADirectoryError(errno.EISDIR, "Is a directory", "/out"), "Error: /out: Is a directory"),
    ],
    ids=["full disk", "permission", "directory"],
)
def test_the_systems_refusals_name_the_file(
    error: OSError, sentence: str, failing: Callable[..., int], capsys: Capture
) -> None:
    assert failing(error) == 1
    assert capsys.readouterr().err.startswith(sentence + "\n")


def test_a_broken_pipe_that_is_not_our_output_is_no_silence(failing: Callable[..., int], capsys: Capture) -> None:
    assert failing(BrokenPipeError(errno.EPIPE, "Broken pipe")) == 70
    assert "a pipe to another program broke" in capsys.readouterr().err


def edgezoo(*arguments: str) -> list[str]:
    return [sys.executable, "-c", "import sys; from edge.cli.main import run; sys.exit(run())", *arguments]


def test_a_reader_that_stops_reading_is_no_error() -> None:
    process = subprocess.Popen(edgezoo("list", "--json"), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.read(10)
    process.stdout.close()
    assert process.stderr.read() == b""
    process.wait(300)


WAITING = """
import sys, time, click
from edge.cli import main
@click.command()
def command():
    try:
        print("ready", flush=True)
        time.sleep(60)
    finally:
        print("settings restored", flush=True)
main._Commands.get_command = lambda *_: command
sys.exit(main.run(["list"]))
"""


@pytest.mark.parametrize(("number", "code"), [(15, 143), (1, 129), (2, 130)], ids=["SIGTERM", "SIGHUP", "SIGINT"])
def test_a_signal_unwinds_what_was_begun(number: int, code: int) -> None:
    process = subprocess.Popen([sys.executable, "-c", WAITING], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    process.send_signal(number)
    rest, message = process.communicate(timeout=300)
    assert rest == b"settings restored\n"
    assert process.returncode == code
    assert b"Traceback" not in message


INTERRUPTED_IMPORT = """
import os, signal, sys
from edge.__main__ import main
left = int(sys.argv.pop(1))
def hook(event, arguments):
    global left
    if event == "import":
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGINT)
sys.addaudithook(hook)
sys.exit(main())
"""


@pytest.mark.parametrize("at", [1, 5, 30, 90, 150, 250, 400])
def test_an_interrupt_while_it_starts_is_without_a_traceback(at: int, tmp_path: Path) -> None:
    """At the nth import: of the command line itself, of the command, of what it uses."""
    command = ["bench", "PPLCNet_x1_0", "--weights", "random", "--device", "nowhere"]
    done = subprocess.run(
        [sys.executable, "-c", INTERRUPTED_IMPORT, str(at), *command],
        capture_output=True,
        text=True,
        env={**os.environ, "EDGEZOO_DATA_DIR": str(tmp_path)},
    )
    assert done.returncode in (-signal.SIGINT, 130)
    assert done.stderr.strip() in ("", "Interrupted.")
    assert list(tmp_path.iterdir()) == []


SWALLOWED = """
import os, sys, time, click
from edge.cli import main
class Interrupted:
    def __del__(self):
        os.kill(os.getpid(), int(sys.argv[1]))
        time.sleep(0.1)
@click.command()
def command():
    Interrupted()
    time.sleep(60)
main._Commands.get_command = lambda *_: command
sys.exit(main.run(["list"]))
"""


@pytest.mark.parametrize(("number", "code"), [(15, 143), (2, 130)], ids=["SIGTERM", "SIGINT"])
def test_a_signal_where_python_swallows_the_exception_ends_it_all_the_same(number: int, code: int) -> None:
    done = subprocess.run([sys.executable, "-c", SWALLOWED, str(number)], capture_output=True, text=True, timeout=30)
    assert done.returncode == code
    assert done.stderr.strip() == ("Ended by SIGTERM." if number == 15 else "Interrupted.")


HEAVY = (
    "numpy",
    "psutil",
    "msgspec",
    "platformdirs",
    "adbutils",
    "httpx",
    "google.protobuf",
    "sqlite3",
    "csv",
    "importlib.metadata",
)


@pytest.mark.parametrize("arguments", [["--version"], ["list"], ["show", "ResNet50"], ["--help"]])
def test_nothing_heavy_is_imported_for_a_quick_answer(arguments: list[str]) -> None:
    code = (
        "import sys; from edge.cli.main import run; run(sys.argv[1:]);"
        f"print([name for name in {HEAVY} if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True)
    assert done.stderr.splitlines()[-1] == "[]"


def test_a_report_goes_into_a_device_and_through_a_link(tmp_path: Path) -> None:
    null = Path("/dev/null")
    write_file(tmp_path / "real", "old")
    (tmp_path / "link").symlink_to("real")
    write_file(tmp_path / "link", "new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_text() == "new"
    (tmp_path / "device").symlink_to(null)  # were it replaced, it would be the link
    write_file(tmp_path / "device", "x")
    assert (tmp_path / "device").is_symlink()
    assert null.is_char_device()
