"""Mutation testing with mutmut, in a copy of the tree; see docs/reference/mutation.md. Called by scripts/mutate."""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parent.parent
WORK = ROOT / "build" / "mutation"
HEART = ("edge/convert/verify", "edge/results/statistics.py", "edge/bench/gate.py")
KILLED = ("killed", "timeout", "segfault", "suspicious", "caught by type check")
RESULT = re.compile(r"^\s*(\S+)__mutmut_\d+: (.+)$")


def tests_of(path: str) -> str:
    """The tests of a path of edge/, which tests/ mirrors: its own file or folder if there is one, else its room's."""
    own = Path("tests") / Path(path).relative_to("edge")
    for place in (own.with_name(f"test_{own.name}"), own if own.suffix == "" else None, *own.parents):
        if place is not None and place != Path("tests") and (ROOT / place).exists():
            return place.as_posix()
    return "tests"


def configuration(paths: Sequence[str], tests: Sequence[str]) -> str:
    """What is added to the copy's pyproject.toml."""
    return "\n[tool.mutmut]\n" + "".join(
        f"{name} = {json.dumps(list(values))}\n"
        for name, values in {
            "source_paths": ["edge"],
            "only_mutate": [path if path.endswith(".py") else f"{path}/*" for path in paths],
            "also_copy": ["opt_configs", "android_runner", "scripts", "docs", "README.md"],
            # Seeded and in the written order, so that the figures can be had again.
            "pytest_add_cli_args": [
                "-m", "not slow and not device", "-p", "no:cacheprovider", "--no-cov", "--hypothesis-seed=0",
            ],
            "pytest_add_cli_args_test_selection": tests,
        }.items()
    )  # fmt: skip


def copied(paths: Sequence[str], tests: Sequence[str]) -> Path:
    """A copy of the files that git knows or would add, as they are now; the mutants are made there."""
    tree = WORK / "tree"
    shutil.rmtree(tree, ignore_errors=True)
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file():
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, tree / name)
    with (tree / "pyproject.toml").open("a") as file:
        file.write(configuration(paths, tests))
    return tree


def counted(text: str) -> dict[str, Counter[str]]:
    """From what `mutmut results` printed: for each module, how many mutants came to which end."""
    found: dict[str, Counter[str]] = {}
    for line in text.splitlines():
        if match := RESULT.match(line):
            module = match[1].rpartition(".")[0]
            found.setdefault(module, Counter())[match[2]] += 1
    return found


def table(found: dict[str, Counter[str]]) -> str:
    """As it stands in docs/reference/mutation.md."""
    lines = ["| module | mutants | killed | survived | no test | share killed |", "|---|---|---|---|---|---|"]
    total: Counter[str] = sum(found.values(), Counter())
    for name, ends in [*sorted(found.items()), ("all", total)]:
        killed, count = sum(ends[end] for end in KILLED), ends.total()
        share = killed / count if count else 1.0
        lines.append(f"| {name} | {count} | {killed} | {ends['survived']} | {ends['no tests']} | {share:.0%} |")
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts/mutate", description=__doc__)
    parser.add_argument("paths", nargs="*", default=HEART, metavar="PATH", help="a file or folder of edge/")
    parser.add_argument("--tests", action="append", metavar="PATH", help="these tests instead of the path's own")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="mutants at once")
    given = parser.parse_args()
    paths = [Path(path).resolve() for path in given.paths]
    for path in paths:
        if not path.exists() or not path.is_relative_to(ROOT / "edge"):
            parser.error(f"{path} is no file or folder of edge/")
    names = [path.relative_to(ROOT).as_posix() for path in paths]
    tests = given.tests or sorted({tests_of(name) for name in names})
    tree = copied(names, tests)
    mutmut = Path(sys.executable).with_name("mutmut")
    print(f"mutants of {' '.join(names)}; tests: {' '.join(tests)}; in {tree.relative_to(ROOT)}", flush=True)
    with (WORK / "log").open("w") as log:
        code = subprocess.run(
            [mutmut, "run", f"--max-children={given.jobs}"], cwd=tree, stdout=log, stderr=log
        ).returncode
    if code:
        print((WORK / "log").read_text()[-2000:], file=sys.stderr)
        print(f"scripts/mutate: mutmut ended with {code}; all it said: {WORK / 'log'}", file=sys.stderr)
        return code
    results = subprocess.run([mutmut, "results", "--all", "true"], cwd=tree, check=True, capture_output=True, text=True)
    (WORK / "results").write_text(results.stdout)
    print(
        "\n".join(line.strip() for line in results.stdout.splitlines() if line.endswith((": survived", ": no tests")))
    )
    print(table(counted(results.stdout)))
    print(f"one of them: cd {tree.relative_to(ROOT)} && {mutmut} show NAME")
    return 0


if __name__ == "__main__":
    sys.exit(main())
