"""The documents: links lead somewhere, pages are listed, the examples of the Python API run, variables are told."""

from __future__ import annotations

import ast
import doctest
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
_OURS = ("edge", "android_runner", "opt_configs", "scripts", "tests", "docs", ".ci")


def files(*endings: str) -> Iterator[Path]:
    """The project's own files, those of the root included."""
    places = [*ROOT.iterdir(), *(path for folder in _OURS for path in (ROOT / folder).rglob("*"))]
    for path in places:
        if path.is_file() and (path.suffix in endings) and "__pycache__" not in path.parts:
            yield path


PAGES = sorted(files(".md"))
_LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
_FENCED = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)


def short(path: Path) -> str:
    return str(path.relative_to(ROOT))


def prose(page: Path) -> str:
    return _FENCED.sub("", page.read_text(encoding="utf-8"))


def anchors(page: Path) -> set[str]:
    """As GitHub makes them of headings."""
    titles = re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES, ids=short)
def test_every_link_leads_somewhere(page: Path) -> None:
    for target in _LINK.findall(prose(page)):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        found = (page.parent / path).resolve() if path else page
        assert found.exists(), f"{target} leads nowhere"
        assert found.is_relative_to(ROOT), f"{target} leads out of the project"
        assert not anchor or anchor in anchors(found), f"there is no heading for {target}"


def test_every_page_that_code_or_text_names_exists() -> None:
    for file in files(".py", ".md", ".h", ".cpp", ".toml", ""):
        if file.name in ("LICENSE", "catalogue.py", "address.py"):  # these name documents of other projects
            continue
        for path in re.findall(r"(?<![\w/.])docs/[\w/-]+\.md", file.read_text(encoding="utf-8", errors="replace")):
            assert (ROOT / path).is_file(), f"{short(file)} names {path}"


@pytest.mark.parametrize("index", ["docs/README.md", "docs/decisions/README.md"])
def test_the_index_lists_every_page(index: str) -> None:
    """Of docs: all but the decisions, which have an index of their own."""
    place = (ROOT / index).parent
    listed = {(place / target).resolve() for target in _LINK.findall(prose(ROOT / index))}
    there = {path for path in place.rglob("*.md") if place.name == "decisions" or path.parent.name != "decisions"}
    assert there - {ROOT / index} <= listed


def test_every_kind_of_document_has_its_folder() -> None:
    folders = {path.name for path in (ROOT / "docs").iterdir() if path.is_dir()}
    assert folders == {"tutorial", "how-to", "reference", "explanation", "decisions", "pictures"}
    assert [path.name for path in (ROOT / "docs").iterdir() if path.is_file()] == ["README.md"]


def test_every_picture_is_small_shown_and_made_by_the_command() -> None:
    shown = {
        (page.parent / target).resolve()
        for page in PAGES
        for target in re.findall(r"!\[[^\]]+\]\(([^)\s]+)\)", prose(page))
    }
    there = set((ROOT / "docs/pictures").iterdir())
    assert there == shown
    script = (ROOT / "scripts/pictures.py").read_text(encoding="utf-8")
    assert all(f'"{path.name}"' in script and path.stat().st_size < 200_000 for path in there)


# The tutorial


def edgezoo_commands(text: str) -> list[list[str]]:
    lines = [line.partition(" >")[0] for line in text.splitlines() if line.startswith(".venv/bin/edgezoo ")]
    return [shlex.split(line) for line in lines]


def test_the_tutorial_takes_the_steps_of_the_demo() -> None:
    demo = (ROOT / "scripts/demo").read_text(encoding="utf-8")
    models = re.search(r'^models="(.+)"$', demo, re.MULTILINE)
    assert models
    steps = edgezoo_commands(demo.replace("$models", models[1]))
    told = edgezoo_commands((ROOT / "docs/tutorial/first-table.md").read_text(encoding="utf-8"))
    assert len(steps) == 3
    assert told[: len(steps)] == steps


# The Python API

API = ROOT / "docs/reference/python-api.md"
SECTIONS = re.split(r"^## ", API.read_text(encoding="utf-8"), flags=re.MULTILINE)


def examples(section: str) -> str:
    return "".join(re.findall(r"^```python\n(.*?)^```", section, re.MULTILINE | re.DOTALL))


@pytest.mark.parametrize(
    "section",
    [
        pytest.param(
            text, id=text.partition("\n")[0], marks=[] if text.startswith("The catalogue") else [pytest.mark.slow]
        )
        for text in SECTIONS[1:]
    ],
)
def test_the_examples_of_the_python_api_run(section: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    test = doctest.DocTestParser().get_doctest(examples(section), {}, section.partition("\n")[0], str(API), 0)
    assert test.examples
    message: list[str] = []
    result = doctest.DocTestRunner().run(test, out=message.append)
    assert not result.failed, "".join(message)


def test_the_page_of_the_python_api_tells_every_function() -> None:
    import edge

    told = set(re.findall(r"^\| `(\w+)\(", API.read_text(encoding="utf-8"), re.MULTILINE))
    assert told == {name for name in edge.__all__ if name.islower() and not name.startswith("_")}


# Environment variables

ENVIRONMENT = (ROOT / "docs/reference/environment.md").read_text(encoding="utf-8")
_OWN = re.compile(r"\bEDGEZOO_[A-Z]\w*")
_OF_ONE_VERSION = re.compile(r"EDGEZOO_PYTHON_\w*")


def told() -> set[str]:
    """The variables in the first column of the page's tables."""
    rows = re.findall(r"^\| (`[A-Z][\w`, ]+`) \|", ENVIRONMENT, re.MULTILINE)
    return {name for row in rows for name in re.findall(r"`(\w+)`", row)}


def names_read(source: str) -> Iterator[str]:
    """Of Python: the literal keys of `environ[...]`, `environ.get(...)`, `getenv(...)`, and what is set there."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Subscript(
                value=ast.Attribute(attr="environ") | ast.Name(id="environ"), slice=ast.Constant(value=str(n))
            ):
                yield n
            case ast.Call(func=ast.Attribute(attr="getenv"), args=[ast.Constant(value=str(n)), *_]):
                yield n
            case ast.Call(
                func=ast.Attribute(
                    value=ast.Attribute(attr="environ") | ast.Name(id="environ"), attr="get" | "setdefault"
                ),
                args=[ast.Constant(value=str(n)), *_],
            ):
                yield n
            case ast.Compare(
                left=ast.Constant(value=str(n)), comparators=[ast.Attribute(attr="environ") | ast.Name(id="environ")]
            ):
                yield n


def variables() -> set[str]:
    """All that the tree names: edgezoo's own anywhere but in tests, others where they are read."""
    found: set[str] = set()
    for file in files(".py", ".sh", ".h", ".cpp", ".toml", ""):
        text = file.read_text(encoding="utf-8", errors="replace")
        folder = file.relative_to(ROOT).parts[0]
        if folder != "tests" or file.name == "conftest.py":
            found |= set(_OWN.findall(text))
        if file.suffix == ".py" and folder != "tests":
            found |= set(names_read(text))
        if file.suffix == "" and folder in ("scripts", ".ci"):
            found |= set(re.findall(r"\$\{([A-Z]\w*):-", text))
        if file.suffix in (".h", ".cpp"):
            found |= set(re.findall(r'\bgetenv\("(\w+)"', text))
    return {_OF_ONE_VERSION.sub("EDGEZOO_PYTHON_3_10", name) for name in found}


# Set for the engines by a mapping, which no pattern finds; tests/toolchain/test_worker.py shows that it arrives.
_BY_MAPPING = {"LC_ALL", "MKL_DEBUG_CPU_TYPE"}


def test_the_page_of_environment_variables_is_whole_and_true() -> None:
    assert told() == variables() | _BY_MAPPING


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ('os.environ["A"]', {"A"}),
        ('os.environ.get("B") or environ.get("C")', {"B", "C"}),
        ('os.getenv("D", "")', {"D"}),
        ('"E" in os.environ', {"E"}),
        ('os.environ["F"] = "1"', {"F"}),
        ("os.environ.items()", set()),
    ],
)
def test_every_way_to_read_a_variable_is_found(source: str, names: set[str]) -> None:
    assert set(names_read(source)) == names
