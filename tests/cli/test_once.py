"""An option stands once, unless it gathers values: of two, one would have no effect. Nor would an empty one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from edge.cli.main import cli, run
from edge.cli.once import Once

Capture = pytest.CaptureFixture[str]


def commands(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))
        else:
            yield (*path, name), command


ALL = list(commands(cli))
TAKING = [
    (path, option)
    for path, command in ALL
    for option in command.params
    if isinstance(option, click.Option) and not option.is_flag
]
VALUE = [(path, option.opts[-1]) for path, option in TAKING]
ONE_VALUE = [(path, option.opts[-1]) for path, option in TAKING if not option.multiple]


def words(value: object) -> str:
    return " ".join(value) if isinstance(value, tuple) else str(value)


def test_every_command_is_one() -> None:
    assert [path for path, command in ALL if not isinstance(command, Once)] == []


@pytest.mark.parametrize(("path", "option"), VALUE, ids=words)
def test_an_empty_value_is_refused(path: tuple[str, ...], option: str, capsys: Capture) -> None:
    assert run([*path, option, ""]) == 2
    assert f"{option} is given without a value" in capsys.readouterr().err


@pytest.mark.parametrize(("path", "option"), ONE_VALUE, ids=words)
def test_a_value_given_twice_is_refused(path: tuple[str, ...], option: str, capsys: Capture) -> None:
    assert run([*path, option, "1", option, "2"]) == 2
    assert f"{option} is given twice" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("bench x.nb --json --csv", "--json and --csv exclude each other"),
        ("results export --text --markdown", "--text and --markdown exclude each other"),
        ("convert x --verify --no-verify", "--verify/--no-verify is given twice"),
        ("convert x -o a --out b", "--out is given twice"),
        ("convert x --precision=fp16 --precision int8", "--precision is given twice"),
    ],
)
def test_two_spellings_of_one_thing(line: str, message: str, capsys: Capture) -> None:
    assert run(line.split()) == 2
    assert message in capsys.readouterr().err


def test_what_says_the_same_or_gathers_is_taken(capsys: Capture) -> None:
    assert run(["list", "--series", "ESNet", "--series", "GhostNet", "--json", "--json"]) == 0
    told = capsys.readouterr().out
    assert '"ESNet"' in told
    assert '"GhostNet"' in told


def test_two_folders_of_one_name_do_not_clash(tmp_path: Path, capsys: Capture) -> None:
    """Neither is left out silently, nor takes the other's place."""
    for place in ("a", "b"):
        (tmp_path / place / "inference").mkdir(parents=True)
    both = [word for place in ("a", "b") for word in ("--model-dir", str(tmp_path / place / "inference"))]
    assert run(["convert", *both, "-o", str(tmp_path / "out")]) == 2
    assert "--model-dir is given twice" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("path", [path for path, _ in ALL], ids=words)
def test_no_help_speaks_of_none(path: tuple[str, ...], capsys: Capture) -> None:
    """A range without ends is none."""
    assert run([*path, "--help"]) == 0
    assert "None" not in capsys.readouterr().out


@pytest.mark.parametrize(
    "path",
    [path for path, command in ALL if any(isinstance(each, click.Argument) for each in command.params)],
    ids=words,
)
def test_an_empty_argument_is_refused(path: tuple[str, ...], capsys: Capture) -> None:
    assert run([*path, "", *(["1", "2"] if path == ("results", "label") else [])]) == 2
    assert " is empty" in capsys.readouterr().err
