"""Options from files and variables: their effect, which comes first, and what is said of those that are none."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from edge.cli.main import run

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in a project, whose edgezoo.toml and the user's are read."""
    monkeypatch.delenv("EDGEZOO_CONFIG")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "user"))
    (tmp_path / "user/edgezoo").mkdir(parents=True)
    (tmp_path / "project/deep").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "project/deep")
    return tmp_path


def write(project: Path, text: str, *, user: bool = False) -> Path:
    path = project / ("user/edgezoo" if user else "project") / "edgezoo.toml"
    path.write_text(text)
    return path


def series(capsys: Capture, *words: str) -> set[str]:
    capsys.readouterr()
    assert run(["list", "--json", *words]) == 0
    return {one["series"] for one in json.loads(capsys.readouterr().out)}


def test_typed_then_variable_then_project_then_user(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    assert len(series(capsys)) > 10
    write(project, '[list]\nseries = ["ESNet"]\n', user=True)
    assert series(capsys) == {"ESNet"}
    write(project, '[list]\nseries = ["GhostNet", "ResNet"]\n')
    assert series(capsys) == {"GhostNet", "ResNet"}
    monkeypatch.setenv("EDGEZOO_LIST_SERIES", "ESNet GhostNet")
    assert series(capsys) == {"ESNet", "GhostNet"}
    assert series(capsys, "--series", "DLA") == {"DLA"}


def test_each_kind_of_value_has_its_effect(project: Path, capsys: Capture) -> None:
    write(project, '[list]\nlight = true\nreverse = false\nmax-sd855 = 5\nthreads = 4\nsort = "sd855"\njson = true\n')
    assert run(["list"]) == 0
    found = json.loads(capsys.readouterr().out)
    latencies = [one["published"]["sd855_ms"]["4"] for one in found]
    assert latencies == sorted(latencies)
    assert 0 < latencies[-1] <= 5


def test_one_of_several_that_choose_the_same_gives_way_to_what_is_typed(project: Path, capsys: Capture) -> None:
    write(project, "[results.export]\ncsv = true\n")
    assert run(["results", "export", "--json"]) == 1  # there are no results yet: of JSON and CSV nothing was said
    assert "exclude each other" not in capsys.readouterr().err


def test_what_all_commands_share_is_for_those_that_have_it(project: Path, capsys: Capture) -> None:
    write(project, 'db = "nowhere.db"\nquiet = true\nwide = true\nadb-server = "far.invalid:1"\n')
    assert run(["results", "list"]) == 2
    assert "nowhere.db" in capsys.readouterr().err
    assert run(["list", "--series", "ESNet"]) == 0
    assert capsys.readouterr().err == ""
    assert run(["list", "--series", "ESNet", "--json"]) == 0  # nobody typed --wide
    assert run(["estimate", "MobileNetV1", "--json"]) == 0  # where --db is for --calibrate-on
    assert run(["devices"]) == 1
    assert "far.invalid" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "words", "says"),
    [
        ("[list]\nserie = 1\n", ["list"], "edgezoo.toml, line 2, list.serie: list has no option 'serie'"),
        ("\n\nbenhc = 1\n", ["list"], "line 3, benhc: there is no command, and no key of all commands, 'benhc'"),
        ("[results]\nlits = 1\n", ["results", "list"], "results has no command 'lits'"),
        ("[list]\nmax-flops = 'many'\n", ["list"], "line 2, list.max-flops: 'many' is not a valid float"),
        ("[list]\nlight = 'perhaps'\n", ["list"], "list.light: 'perhaps' is neither true nor false"),
        ("[bench]\nthreads = '0'\n", ["bench", "x.nb"], "bench.threads: --threads 0 is no list of numbers"),
        ("[list]\nsearch = true\n", ["list"], "list.search: True is no value of --search"),
        ("list = 1\n", ["list"], "list: list is a section"),
        ("[list\n", ["list"], "is no TOML"),
    ],
)
def test_what_is_no_setting_is_one_sentence(
    text: str, words: list[str], says: str, project: Path, capsys: Capture
) -> None:
    path = write(project, text)
    assert run(words) == 2
    told = capsys.readouterr().err.splitlines()
    assert told[0].startswith(f"Error: {path}")
    assert says in told[0]
    assert len(told) == 2


def test_a_variable_that_is_none(monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    monkeypatch.setenv("EDGEZOO_LIST_SERIE", "x")
    assert run(["list"]) == 2
    assert "did you mean EDGEZOO_LIST_SERIES?" in capsys.readouterr().err


def test_help_is_there_whatever_the_file_says(project: Path, capsys: Capture) -> None:
    write(project, "[list]\nserie = 1\n")
    assert run(["list", "--help"]) == 0
    assert "Usage" in capsys.readouterr().out


def test_a_refusal_says_that_not_all_of_it_was_typed(project: Path, capsys: Capture) -> None:
    write(project, "[list]\nthreads = 4\n")
    assert run(["list"]) == 2
    assert "not all of it was typed:" in capsys.readouterr().err


def test_config_show_names_every_source(project: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    mine = write(project, '[bench]\nthreads = [1, 4]\nprotocol = "table"\n')
    users = write(project, '[bench]\nprotocol = "robust"\n[results.list]\ncolumns = ["id", "ms"]\n', user=True)
    monkeypatch.setenv("EDGEZOO_BENCH_LAUNCHES", "7")
    assert run(["config", "show", "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["files"] == [str(mine), str(users)]
    assert {(one["command"], one["option"]): (one["value"], one["source"]) for one in shown["settings"]} == {
        ("bench", "--threads"): ("1,4", f"{mine}, line 2, bench.threads"),
        ("bench", "--protocol"): ("table", f"{mine}, line 3, bench.protocol"),
        ("bench", "--launches"): ("7", "EDGEZOO_BENCH_LAUNCHES"),
        ("results list", "--columns"): ("id,ms", f"{users}, line 4, results.list.columns"),
    }
    assert run(["config", "show", "bench", "--json"]) == 0
    of_bench = {one["option"]: one for one in json.loads(capsys.readouterr().out)["settings"]}
    assert of_bench["--cool-limit"] == {
        "command": "bench",
        "option": "--cool-limit",
        "value": "300.0",
        "source": "default",
    }
    write(project, "[eval]\nnonsense = 1\n")
    assert run(["config", "show"]) == 2
    assert run(["config", "show", "nothing"]) == 2


def test_another_users_file_is_not_obeyed(project: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    path = write(project, "[list]\nlight = true\n")
    monkeypatch.setattr("os.geteuid", lambda: path.stat().st_uid + 7)
    if path.stat().st_uid == 0:
        pytest.skip("what belongs to root is everybody's")
    assert run(["list"]) == 2
    assert "belongs to another user" in capsys.readouterr().err
    monkeypatch.setenv("EDGEZOO_CONFIG", str(path))
    assert run(["list"]) == 0


def test_debug_may_be_set(project: Path, capsys: Capture) -> None:
    write(project, "debug = true\n")
    assert run(["show", "Nowhere"]) == 2
    assert "Traceback" in capsys.readouterr().err
