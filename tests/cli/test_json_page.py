"""docs/reference/json.md against what the commands print: the same fields, and values of the types that it says."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from edge.cli.main import run
from tests.cli.json_outputs import LINES, results

Capture = pytest.CaptureFixture[str]
ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/reference/json.md").read_text(encoding="utf-8")
TYPES = {
    str: "string",
    bool: "boolean",
    int: "integer",
    float: "number",
    list: "list",
    dict: "object",
    type(None): "null",
}
SAME = {"show": "list", "results list": "results export"}


def told(name: str) -> dict[str, set[str]]:
    """Fields with their types, as the page has them."""
    title = "Any command, where it fails" if name.startswith("any") else f"`edgezoo {SAME.get(name, name)}`"
    title = title.replace("--baseline", "--baseline NAME")
    (section,) = re.findall(rf"^## {re.escape(title)}\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)
    found = {
        field: set(types.split(" or "))
        for field, types in re.findall(r"^\| `(\w+)` \| ([\w ]+) \|", section, re.MULTILINE)
    }
    return told("results export") | found if name == "results show" else found


@pytest.mark.parametrize("name", LINES)
def test_the_page_tells_what_is_printed(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("EDGEZOO_CACHE_DIR", str(tmp_path / "cache"))
    places = {"db": results(tmp_path / "r.db"), "tiny": ROOT / "tests/package/data/tiny.nb", "out": tmp_path / "o.aar"}
    run([word.format(**places) for word in LINES[name].split()])
    document: Any = json.loads(capsys.readouterr().out)
    fields = told(name)
    for one in document if isinstance(document, list) else [document]:
        assert set(one) == set(fields)
        for field, value in one.items():
            kind = TYPES[type(value)]
            assert kind in fields[field] or (kind == "integer" and "number" in fields[field]), field
