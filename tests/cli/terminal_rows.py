"""Rows of the table of options (test_every_option.py) that are about the terminal: columns, quiet, JSON, caches, settings."""

# ruff: noqa: E501 - a row of the table is a line
from __future__ import annotations

from collections.abc import Callable, Sequence

from tests.cli.every_option import Effect, Made, Refused, Row


def is_json(made: Made) -> bool:
    return made.out.lstrip()[:1] in ("[", "{") and made.json is not None


def silent(made: Made) -> bool:
    return made.err == ""


def gone(title: str) -> Callable[[Made], bool]:
    """There is a table, and this heading is not in it."""
    return lambda made: "--" in made.out and title not in made.out


def of_table(command: str, columns: str, missing: str, *, slow: bool = False) -> dict[str, Sequence[Row]]:
    """What `--columns` and `--wide` do; the width itself is tried in test_tables.py."""
    return {
        "--columns": [Effect(f"{command} --columns {columns}", gone(missing), slow=slow),
                      Refused(f"{command} --columns nonsense", "there is no column 'nonsense'")],
        "--wide": [Refused(f"{command} --json --wide", "--wide is for tables")],
    }  # fmt: skip


BENCH = "bench {tiny} --threads 1 --cooldown 0 --db r.db "
BEFORE = BENCH + "--json && results save-baseline b --db r.db && "
AGAINST = BENCH + "--json && results save-baseline b --db r.db && " + BENCH + "--fresh --json && "
FILLED = "estimate MobileNetV2 -q && "

MORE: dict[str, dict[str, Sequence[Row]]] = {
    "list": {**of_table("list --series GhostNet", "model,top1", "SD855"), "--quiet": [Effect("list --series GhostNet -q", silent)]},
    "choose": of_table("choose", "model,ms", "Top-1"),
    "estimate": {**of_table("estimate MobileNetV2", "model,ms", "Case"),
                 "--calibrate-on": [Effect("estimate MobileNetV2 --json -s fast --calibrate-on fast --threads 2 --db {db}", lambda m: m.code, 2,
                                           without="estimate MobileNetV2 --json -s fast --threads 2 --db {db}")]},
    "bench": of_table(BENCH, "model,ms", "FLOPs(M)"),
    "eval": of_table("eval {judged} --data {images} --resize-short 70 --mean 0,0,0 --std 1,1,1", "model,top1", "Bytes", slow=True),
    "coverage": of_table("coverage", "network,status", "Seconds"),
    "results list": of_table("results list --db {db}", "id,ms", "Model"),
    "results show": of_table("results show 1 --db {db}", "launch,ms", "Load ms"),
    "results export": of_table("results export --db {db}", "model,ms", "MiB"),
    "results accuracy": of_table("results accuracy --db {db}", "id,top1", "Weights"),
    "results history": of_table("results history MobileNetV3 --db {db}", "id,ms", "Launches"),
    "results compare": {
        "--columns": [Effect(AGAINST + "results compare --baseline b --db r.db --columns ratio", gone("Answer"))],
        "--wide": [Refused("results compare 1 2 --json --wide", "--wide is for tables")],
    },
    "results baselines": of_table(BEFORE + "results baselines --db r.db", "name", "Saved"),
    "results label": {"--json": [Effect("results label 1 another --db {copy} --json", is_json)]},
    "results delete": {"--json": [Effect(BENCH + "&& results delete 1 -y --db r.db --json", is_json)]},
    "results save-baseline": {"--json": [Effect("results save-baseline c --db {copy} --json", is_json)]},
    "devices": {
        "--device": [Refused("devices -s nobody", "there is no device nobody")],
        "--adb-server": [Refused("devices --adb-server far.invalid:5037", "far.invalid:5037")],
        "--quiet": [Effect("devices -q", silent)],
        "--columns": [Refused("devices --columns nonsense", "there is no column 'nonsense'")],
        "--wide": [Refused("devices --json --wide", "--wide is for tables")],
    },
    "device clean": {
        "--adb-server": [Refused("device clean --adb-server far.invalid:5037", "far.invalid:5037")],
        "--quiet": [Effect("device clean -q -s nobody", lambda m: "nobody" in m.err, without="list")],
        "--json": [Effect("device clean -s nobody --json", is_json)],
    },
    "install": {
        "--adb-server": [Refused("install {tiny} --adb-server far.invalid:5037", "far.invalid:5037")],
        "--json": [Effect("install {tiny} -s nobody --json", is_json)],
    },
    "cache info": {**of_table(FILLED + "cache info", "kind", "Entries"), "--json": [Effect("cache info --json", is_json)]},
    "cache prune": {
        "--kind": [Refused("cache prune --kind nothing", "nothing")],
        "--older-than": [Refused("cache prune --older-than soon", "soon is no length of time")],
        "--all": [Effect(FILLED + "cache prune --all --json --dry-run", lambda m: any(one["kind"] == "estimates" for one in m.json["in_use"] + m.json["removed"]))],
        "--dry-run": [Effect("cache prune --json --dry-run", lambda m: m.json["dry_run"])],
        "--quiet": [Effect(FILLED + "cache prune --all --dry-run -q", silent)],
        "--json": [Effect("cache prune --dry-run --json", is_json)],
    },
    "config show": {**of_table("config show cache info", "option", "Source"), "--json": [Effect("config show --json", is_json)]},
    "completion install": {
        "--shell": [Effect("completion install --shell fish --json", lambda m: m.json["shell"], "fish", without="completion install --shell zsh --json"),
                    Refused("completion install --shell csh", "csh")],
        "--json": [Effect("completion install --shell fish --json", is_json)],
    },
    "completion uninstall": {
        "--shell": [Effect("completion uninstall --shell fish --json", lambda m: m.json["shell"], "fish", without="completion uninstall --shell zsh --json")],
        "--json": [Effect("completion uninstall --shell fish --json", is_json)],
    },
    "completion show": {"--shell": [Effect("completion show --shell fish", lambda m: "function _edgezoo_completion" in m.out, without="completion show --shell zsh")]},
}  # fmt: skip


def rows(table: dict[str, dict[str, Sequence[Row]]]) -> dict[str, dict[str, Sequence[Row]]]:
    """The table with these in it."""
    merged = {command: dict(options) for command, options in table.items()}
    for command, options in MORE.items():
        for option, more in options.items():
            known = merged.setdefault(command, {})
            known[option] = [*known.get(option, ()), *more]
    return merged
