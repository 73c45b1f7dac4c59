"""The README's picture is the contract of layers; what CONTRIBUTING names is there; the package's door opens what it says."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import edge

ROOT = Path(__file__).parents[1]
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
# A path in backticks: it has a slash, or an ending. NAME, KIND and the like stand for what the reader adds.
_PATH = re.compile(r"`([\w.-]+(?:/[\w.-]+)*/?)`")


def test_the_picture_in_the_readme_is_the_contract() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    found = re.search(r"<!-- layers -->\n```\n(.*?)```\n<!-- end of layers -->", readme, re.DOTALL)
    assert found
    drawn = [re.split(r" {2,}", line)[0].strip() for line in found[1].splitlines()]
    contract = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]["contracts"]
    assert drawn == contract[0]["layers"]


def paths_named(text: str) -> list[str]:
    return [
        path for path in dict.fromkeys(_PATH.findall(text)) if "/" in path or path.endswith((".md", ".toml", ".txt"))
    ]


@pytest.mark.parametrize("path", [path for path in paths_named(CONTRIBUTING) if "NAME" not in path])
def test_every_path_of_the_shortest_paths_exists(path: str) -> None:
    found = ROOT / path
    assert found.is_dir() if path.endswith("/") else found.exists()


def test_the_shortest_paths_are_all_there() -> None:
    ways = re.findall(r"^## (.+)$", CONTRIBUTING, re.MULTILINE)
    assert ways == [
        *(
            "A model",
            "A legaliser rule",
            "A recipe",
            "An engine",
            "A device kind",
            "An export format",
            "A judgement",
            "A decision",
        )
    ]
    assert len(paths_named(CONTRIBUTING)) > 40


def test_no_class_name_stands_twice() -> None:
    """One word, one thing: a public class is known by its name alone, in whichever room it is read."""
    homes: dict[str, list[str]] = {}
    for path in sorted((ROOT / "edge").rglob("*.py")):
        for name in re.findall(r"^class ([A-Z]\w*)", path.read_text(encoding="utf-8"), re.MULTILINE):
            homes.setdefault(name, []).append(path.relative_to(ROOT / "edge").as_posix())
    # A worker runs in an engine's interpreter, which has no `edge`: its reader of FlatBuffers is the same thing again.
    homes["FlatTable"].remove("toolchain/workers/lite_bench.py")
    assert {name: where for name, where in homes.items() if len(where) > 1} == {}


def test_the_package_exports_the_api() -> None:
    assert set(edge.__all__) <= set(dir(edge))
    for name in edge.__all__:
        assert getattr(edge, name).__doc__ or name == "__version__"
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = edge.nothing  # type: ignore[attr-defined]  # a typo is found by the type checker, too


def test_the_api_is_imported_only_when_it_is_asked_for() -> None:
    code = (
        "import sys, edge; before = {m for m in sys.modules if m.startswith('edge.')}; edge.list_models;"
        "print(sorted(before), 'edge.api' in sys.modules, 'click' in sys.modules, 'numpy' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[] True False False"


def test_names_of_the_api_are_hidden_by_no_package() -> None:
    """`edge.convert` is a package: a function of that name would be gone once it is imported."""
    assert not {name for name in edge.__all__ if (ROOT / "edge" / name).exists()}


def test_every_python_that_is_promised_is_tested() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    promised = [one.rpartition(" ")[2] for one in project["classifiers"] if re.search(r":: 3\.\d+$", one)]
    script = (ROOT / "scripts/test_pythons.py").read_text(encoding="utf-8")
    tested = re.search(r"^VERSIONS = \((.+)\)$", script, re.MULTILINE)
    assert tested
    assert promised[0] == project["requires-python"].removeprefix(">=")
    assert set(promised) <= {version.strip('" ') for version in tested[1].split(",")}
