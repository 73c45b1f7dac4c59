"""One spelling of what several commands share: over all commands, not by a list of them."""

from __future__ import annotations

import click
import pytest

from tests.cli.test_once import ALL

SPELLED = {  # the long spelling, and all others that it has
    "--device": {"-s"},
    "--adb-server": set(),
    "--db": set(),
    "--json": set(),
    "--quiet": {"-q"},
    "--columns": set(),
    "--wide": set(),
    "--output": {"-o"},
    "--threads": set(),
    "--weights": set(),
    "--jobs": {"-j"},
}
NO_JSON = {"completion show": "it prints a script"}
NO_QUIET = {  # all they say is their answer, what is wrong with it, or what a question was
    *("show", "choose", "inspect", "doctor", "report", "config show", "cache info"),
    *("runner list", "runner add", "runner remove"),
    *("completion install", "completion uninstall", "completion show"),
    *(
        f"results {name}"
        for name in (
            "list",
            "show",
            "export",
            "accuracy",
            "compare",
            "history",
            "check",
            "merge",
            "label",
            "delete",
            "backup",
        )
    ),
    *("results save-baseline", "results baselines"),
}
OPENS_A_DEVICE = {"bench", "eval", "install", "devices", "device clean"}
OPTIONS = [
    (" ".join(path), option) for path, command in ALL for option in command.params if isinstance(option, click.Option)
]


def having(spelling: str) -> set[str]:
    return {path for path, option in OPTIONS if spelling in option.opts}


@pytest.mark.parametrize("long", SPELLED)
def test_an_option_has_its_spelling_everywhere(long: str) -> None:
    for path, option in OPTIONS:
        spellings = set(option.opts)
        if long in spellings and not (long == "--output" and path == "eval"):  # there the network's output
            others = {"--calibrate-on"} if path == "estimate" else set()
            assert spellings - others == {long, *SPELLED[long]}, path
        else:
            assert not spellings & SPELLED[long] or (path == "convert" and "--out" in spellings), path


def test_every_command_speaks_json() -> None:
    assert {" ".join(path) for path, _ in ALL} - having("--json") == set(NO_JSON)


def test_every_command_that_works_or_remarks_can_be_quiet() -> None:
    assert {" ".join(path) for path, _ in ALL} - having("--quiet") == NO_QUIET


def test_what_opens_a_device_is_told_which_and_through_which_server() -> None:
    assert having("--adb-server") == OPENS_A_DEVICE
    assert having("--device") >= OPENS_A_DEVICE


def test_what_reads_results_is_told_which() -> None:
    assert having("--db") == {path for path in having("--db") if path.startswith("results ")} | {
        *("bench", "eval", "choose", "estimate", "report", "coverage"),
    }
    assert {" ".join(path) for path, _ in ALL if path[0] == "results"} <= having("--db")


def test_every_table_can_be_wide_or_of_chosen_columns() -> None:
    assert having("--columns") == having("--wide")
    assert having("--columns") >= {"list", "choose", "estimate", "bench", "eval", "coverage", "devices", "results list"}
