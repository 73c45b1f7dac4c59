"""Every option of every command has its effect, read from what was made, or is refused. The table is complete.

A row is a command line. Of an `Effect` the same is looked at without the option, too: there it must be otherwise. Where
something stands in for what cannot be had here, it is the phone (tests/bench/scripted.py, tests/device_layer/simulated), or
the two hours of a survey; engines, conversions, files and databases are the real ones.
"""

# ruff: noqa: E501 - a row of the table is a line
from __future__ import annotations

import csv
import io
import json
import pickle
import shutil
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from edge.cache.hashing import sha256_of
from edge.cache.paths import cache_dir
from edge.cli.main import cli
from edge.convert.coverage import CoverageRow
from edge.convert.engine_coverage import EngineRow
from edge.device.base import Completed, Thermal, Zone
from edge.results.protocol import ROBUST
from edge.results.reasons import Code
from edge.results.store import Store
from tests.android_runner.network import convert, open_model
from tests.bench.examples import PHONE, PROGRAM, SUBJECT, accuracy, launch, network
from tests.bench.scripted import RUNNER, ScriptedDevice
from tests.cli.every_option import Effect, Made, Refused, Row, field_of, instead, start
from tests.cli.terminal_rows import rows as with_more
from tests.source.checkouts import make_checkout

Capture = pytest.CaptureFixture[str]
DATA = Path(__file__).parents[1] / "package" / "data"
NAME = "PPLCNet_x0_25"
CACHE = cache_dir()  # before a test has a home of its own


# What is looked at


def names(made: Made) -> list[str]:
    return [one["name"] for one in made.json]


def published(column: str, of: Callable[[list[float]], float]) -> Callable[[Made], float]:
    """The smallest or largest published number of what is listed, -1 where one has none."""

    def look(made: Made) -> float:
        values = [one["published"][column] for one in made.json]
        return of([-1 if value is None else value for value in values])

    return look


def sd855(threads: str) -> Callable[[Made], list[float]]:
    return lambda made: [one["published"]["sd855_ms"][threads] for one in made.json]


def of_cells(name: str) -> Callable[[Made], list[Any]]:
    return lambda made: [cell[name] for cell in made.json]


def file(name: str) -> Callable[[Made], bool]:
    return lambda made: made.code == 0 and Path(name).is_file()


def text_of(name: str) -> str:
    return Path(name).read_text(encoding="utf-8") if Path(name).is_file() else ""


def sent(*words: str) -> Callable[[Made], bool]:
    """The benchmark program was started with these words, one after another."""

    def look(made: Made) -> bool:
        command = made.more["device"].commands[-1]
        return any(tuple(command[place : place + len(words)]) == words for place in range(len(command)))

    return look


def query(sql: str, db: str = "r.db") -> Callable[[Made], Any]:
    def look(_: Made) -> Any:
        connection = sqlite3.connect(db)
        try:
            return connection.execute(sql).fetchone()[0]
        finally:
            connection.close()

    return look


def is_csv(made: Made) -> bool:
    return "model" in (csv.DictReader(io.StringIO(made.out)).fieldnames or ())


def is_json(made: Made) -> bool:
    return made.out.lstrip()[:1] in ("[", "{") and made.json is not None


# The commands that need nothing

LIST: dict[str, Sequence[Row]] = {
    "--series": [Effect("list --json --series GhostNet", lambda m: {o["series"] for o in m.json} == {"GhostNet"}),
                 Refused("list --series Nowhere", "Nowhere")],
    "--light": [Effect("list --json --light", lambda m: len(m.json), 55)],
    "--search": [Effect("list --json --search 'lcnet x2_5'", names, ["PPLCNet_x2_5_ssld", "PPLCNet_x2_5"],
                        without="list --json")],  # fmt: skip,
    "--paddleclas": [Effect("list --json --paddleclas {clas}", lambda m: m.json, ["NewNet_x1_0", "NewNet_grey"], without="list --json"),
                     Refused("list --paddleclas {images}", "is no PaddleClas checkout"),
                     Refused("list --paddleclas {clas} --light", "nothing is published of a checkout's networks")],
    "--min-top1": [Effect("list --json --min-top1 80", lambda m: published("top1", min)(m) >= 0.8)],
    "--max-top1": [Effect("list --json --max-top1 0.6", lambda m: published("top1", max)(m) <= 0.6)],
    "--max-flops": [Effect("list --json --max-flops 50", lambda m: published("flops_m", max)(m) <= 50)],
    "--max-params": [Effect("list --json --max-params 2", lambda m: published("params_m", max)(m) <= 2)],
    "--max-sd855": [Effect("list --json --max-sd855 5", lambda m: max(o["published"]["sd855_ms"].get("1", 99) for o in m.json) <= 5)],
    "--threads": [Effect("list --json --max-sd855 5 --threads 4", lambda m: max(sd855("1")(m)) > 5 >= max(sd855("4")(m)),
                         without="list --json --max-sd855 5"),
                  Refused("list --threads 4", "--threads says which column")],
    "--sort": [Effect("list --json --sort name", lambda m: names(m) == sorted(names(m), key=str.lower))],
    "--reverse": [Effect("list --json --sort name --reverse", lambda m: names(m) == sorted(names(m), key=str.lower, reverse=True),
                         without="list --json --sort name")],
    "--json": [Effect("list --json", is_json)],
}  # fmt: skip

SHOW: dict[str, Sequence[Row]] = {
    "--json": [Effect(f"show {NAME} --json", lambda m: is_json(m) and m.json["name"], NAME)]
}

CHOOSE_ = "choose --threads 4 --json "


def chosen(what: Callable[[list[Any]], Any]) -> Callable[[Made], Any]:
    """Of the networks that fit."""
    return lambda made: what(made.json["fitting"])


def sources(made: Made) -> set[str]:
    return {one["latency_ms"]["source"] for one in made.json["fitting"]}


CHOOSE: dict[str, Sequence[Row]] = {
    "--max-ms": [Effect(CHOOSE_ + "--max-ms 3", chosen(lambda found: 0 < max(one["latency_ms"]["value"] for one in found) <= 3))],
    "--threads": [Effect("choose --json --threads 4", chosen(lambda found: [one["latency_ms"]["value"] for one in found if one["name"] == "MobileNetV1"]), [10.3])],
    "--min-top1": [Effect(CHOOSE_ + "--min-top1 75", chosen(lambda found: min(one["top1"]["value"] for one in found) >= 0.75))],
    "--max-mb": [Effect(CHOOSE_ + "--max-mb 5", chosen(lambda found: 0 < max((one["mb"] or {"value": 99})["value"] for one in found) <= 5))],
    "--device": [Effect("choose --json --threads 2 --db {db} -s cd34", chosen(lambda found: {one["name"] for one in found}), {"MobileNetV2"},
                        without="choose --json --threads 2 --db {db}"),
                 Refused("choose --source published -s cd34", "are of a Snapdragon 855")],
    "--weights": [Effect(CHOOSE_ + "--weights ssld", chosen(lambda found: all("_ssld" in one["name"] for one in found)))],
    "--source": [Effect("choose --json --threads 2 -s ab12 --db {db} --source measured", sources, {"measured"}, without=CHOOSE_),
                 Effect(CHOOSE_ + "--source estimated", sources, {"estimated"}),
                 Effect(CHOOSE_ + "--source published", lambda m: m.json["asked"]["sources"], ["published"]),
                 Refused("choose --source measured", "there are no results yet")],
    "--on": [Effect("choose --json --threads 2 --db {db} --on val", chosen(lambda found: [one["top1"]["value"] for one in found if one["top1"]]), [0.7]),
             Refused("choose --on pictures --db {db}", "no accuracy is kept of the data set pictures")],
    "--db": [Effect("choose --json --threads 2 -s ab12 --db {db}", sources, {"measured"}, without=CHOOSE_)],
    "--json": [Effect("choose --json", is_json)],
}  # fmt: skip

ESTIMATE_ = "estimate MobileNetV2 --json "
ESTIMATE: dict[str, Sequence[Row]] = {
    "--threads": [Effect(ESTIMATE_ + "--threads 4", of_cells("threads"), [4]),
                  Refused(ESTIMATE_ + "--threads 3", "--threads 3: latencies are published for 1, 2 and 4")],
    "--calibrate-on": [Effect(ESTIMATE_ + "--calibrate-on fast --threads 2 --db {db}", lambda m: m.cell["calibrated_by"] == 1 and m.cell["ms"] < 2,
                              without=ESTIMATE_ + "--threads 2"),
                       Refused(ESTIMATE_ + "--calibrate-on nobody --db {db}", "nothing was measured on nobody")],
    "--input-shape": [Refused(ESTIMATE_ + "--input-shape 1,3,96,96", "--input-shape is for files"),
                      Refused("estimate {tiny} --input-shape 1,3,96,96", "is 1x3x16x16, which 1x3x96x96 does not fit"),
                      Effect("estimate {net}/inference.pdmodel --input-shape 1,3,64,64 --json", lambda m: m.code, 0, slow=True)],
    "--evaluate": [Effect("estimate --evaluate --json", lambda m: m.json["errors"]["its whole family"]["1"]["networks"], 40, without="estimate --json"),
                   Refused("estimate MobileNetV2 --evaluate", "it takes no names")],
    "--db": [Effect(ESTIMATE_ + "--calibrate-on fast --threads 2 --db {db}", lambda m: m.code, 0, without=ESTIMATE_ + "--calibrate-on fast --threads 2"),
             Refused(ESTIMATE_ + "--db {db}", "--db belongs to --calibrate-on")],
    "--quiet": [Effect("estimate {net}/inference.pdmodel --input-shape 1,3,64,64 -q", lambda m: m.err, "", slow=True)],
    "--json": [Effect("estimate MobileNetV2 --json", is_json)],
}  # fmt: skip

GROUP: dict[str, Sequence[Row]] = {
    "--version": [Effect("--version", lambda m: m.out.startswith("edgezoo"), without="list")],
    "--debug": [Effect("--debug show Nowhere", lambda m: "Traceback" in m.err)],
}

DOCTOR: dict[str, Sequence[Row]] = {
    "--fix": [Effect("doctor --fix paddlelite-2.13rc0", lambda m: m.more["ensured"], ["paddlelite-2.13rc0"]),
              Refused("doctor --fix nonsense", "there is no engine named 'nonsense'")],
    "--json": [Effect("doctor --json", is_json)],
    "ENGINE": [Effect("doctor --json paddlelite-2.13rc0", lambda m: names(m), ["paddlelite-2.13rc0"], without="doctor --json"),
               Refused("doctor nonsense", "there is no engine named 'nonsense'")],
}  # fmt: skip

INSPECT: dict[str, Sequence[Row]] = {"--json": [Effect("inspect {tiny} --json", is_json)]}

# Measuring: a phone that is made up, the rest is real

BENCH_ = "bench {tiny} --threads 1 --cooldown 0 --launches 2 --db r.db --json "
DEFAULT = "bench {tiny} --threads 1 --cooldown 0 --db r.db --json "
TWO = "bench {tiny} {catalogue} --threads 1 --cooldown 0 --db r.db --json "
LONG = "bench {tiny} --threads 1 --db r.db --json "
MANY = "--weights {checkpoint}"
HOST_ = f"bench {NAME} -s host --weights random --threads 1 --cooldown 0 --warmup 1 --repeats 3 --launches 2 --db r.db --json "

CHECKED = "bench {judged} -s host --threads 1 --cooldown 0 --launches 2 --check-output --json "


def checked_with(inputs: str) -> Callable[[Made], bool]:
    """The outputs were compared for these."""
    return lambda m: any(one["code"] == "output_checked" and inputs in one["text"] for one in m.cell["remarks"])


BENCH: dict[str, Sequence[Row]] = {
    "--series": [Refused(f"bench --series GhostNet {MANY}", "and 4 are named"), Refused("bench --series Nowhere", "Nowhere")],
    "--light": [Refused(f"bench --light {MANY}", "and 55 are named")],
    "--all": [Refused(f"bench --all {MANY}", "and 265 are named")],
    "--device": [Effect("bench {tiny} -s cd34 --threads 1 --cooldown 0 --json", lambda m: m.more["asked"], [("cd34", None)],
                        without="bench {tiny} --threads 1 --cooldown 0 --json"),
                 Refused("bench {tiny} -s host", "was made for arm")],
    "--adb-server": [Effect("bench {tiny} --threads 1 --cooldown 0 --adb-server far:5037 --json", lambda m: m.more["asked"], [(None, "far:5037")]),
                     Refused("bench {tiny} -s host --adb-server far:5037", "--adb-server is for devices"),
                     Refused("bench {tiny} --adb-server ''", "--adb-server is given without a value"),
                     Refused("bench {tiny} --adb-server :5037", "the adb server's address is ':5037'"),
                     Refused("bench {tiny} --adb-server [::1", "the adb server's address is '[::1'")],
    "--lab": [Refused("bench {tiny} --lab rig", "--lab without --match"), Refused("bench {tiny} --lab :1 --match soc=a", "is no address")],  # tests/lab
    "--match": [Refused("bench {tiny} --match soc=sd855", "--match is for the devices of a lab"),
                Refused("bench {tiny} --lab rig --match soc", "--match soc is no tag")],
    "--devices": [Refused("bench {tiny} --devices 2", "--devices is for the devices of a lab")],
    "--split": [Refused("bench {tiny} --lab rig --match soc=sd855 --split", "--split deals the models out to several devices")],
    "--plan": [Refused("bench {tiny} --plan {tiny}", "--plan and names exclude each other"),  # tests/bench/test_planned.py
               Refused("bench --plan {tiny}", "cannot be read: it is no UTF-8 text")],
    "--threads": [Effect("bench {tiny} --threads 2,4 --cooldown 0 --json", of_cells("threads"), [2, 4], without="bench {tiny} --cooldown 0 --json"),
                  Refused("bench {tiny} --threads 0", "no list of numbers")],
    "--protocol": [Refused(BENCH_ + "--protocol intel-table", "intel-table measures on this machine"),
                   Refused(f"bench {NAME} -s host --protocol intel-table --threads 200", "--threads 200"),
                   Effect(DEFAULT + "--protocol table", field_of("protocol", "name"), "table"),
                   Effect(DEFAULT + "--protocol table --launches 3", field_of("protocol", "name"), "table, changed: launches 3"),
                   Effect(DEFAULT + "--protocol table --launches 3", field_of("latency_ms", "headline_is"), "mean")],
    "--warmup": [Effect(BENCH_ + "--warmup 3", sent("--warmup", "3")),
                 Effect(instead(BENCH_, "--launches 1") + " --warmup 3 --protocol table", field_of("protocol", "name"), "table, changed: warm-up 3 runs")],
    "--repeats": [Effect(BENCH_ + "--repeats 7", sent("--repeats", "7"))],
    "--launches": [Effect(DEFAULT + "--launches 9", lambda m: len(m.cell["launches_ms"]), 9)],
    "--tolerance": [Effect(BENCH_ + "--tolerance 90", lambda m: m.cell["protocol"]["tolerance"], 0.9),
                    Refused(BENCH_ + "--protocol table --tolerance 5", "--tolerance says when the robust protocol")],
    "--compare": [Effect(TWO + "--compare", lambda m: '"name": "compare"' in query("SELECT protocol FROM cell")(m), without=TWO),
                  Refused(LONG + "--compare", "two")],
    "--max-launches": [Effect(TWO + "--compare --max-launches 10", lambda m: '"launches_max": 10' in query("SELECT protocol FROM cell")(m), without=TWO + "--compare"),
                       Refused(BENCH_ + "--max-launches 10", "--compare")],
    "--sustained": [Effect("bench {x86} -s host --threads 1 --sustained 10s --json", field_of("protocol", "duration_s"), 10.0,
                           without="bench {x86} -s host --threads 1 --launches 2 --cooldown 0 --json", slow=True),
                    Refused(LONG + "--sustained 1s", "between 10s and 24h")],
    "--cooldown": [Effect(instead(BENCH_, "--cooldown 0.2"), lambda m: m.cell["finished"] - m.cell["started"] >= 0.2
                          and m.cell["protocol"]["cooldown_s"] == 0.2, without=BENCH_)],
    "--cool-limit": [Effect("bench {tiny} -s hot --protocol table --cool-limit 0 --threads 1 --cooldown 0 --json",
                            lambda m: m.code == 0 and [one["code"] for one in m.cell["reasons"]][:1], ["measured_hot"],
                            without="bench {tiny} --protocol table --cool-limit 0 --threads 1 --cooldown 0 --json")],
    "--timeout": [Effect(BENCH_ + "--timeout 44", lambda m: set(m.more["device"].timeouts), {44.0})],
    "--seed": [Effect(BENCH_ + "--seed 5", query("SELECT seed FROM session"), 5)],
    "--power-mode": [Effect(BENCH_ + "--power-mode 3", sent("--power-mode", "3")),
                     Refused("bench {x86} -s host --power-mode 3", "the engines of this machine have no power modes")],
    "--cores": [Effect(BENCH_ + "--cores 7", sent("--cores", "7")),
                Refused(BENCH_ + "--cores 7 --power-mode 0", "exclude each other")],
    "--input": [Effect(BENCH_ + "--input seed:4", sent("--input", "seed:4")),
                Refused(BENCH_ + "--input zeros", "--input zeros is none")],
    "--shape": [Effect("bench {bare} --shape 1,3,32,32 --threads 1 --cooldown 0 --json", field_of("shapes"), [[1, 3, 32, 32]]),
                Refused(f"bench {NAME} --shape 1,3,640,640", "--shape is for files"),
                Refused("bench {x86} -s host --shape 1,3,96,96 --threads 1 --cooldown 0 --json", "is 1,3,64,64, not 1,3,96,96", slow=True)],
    "--weights": [Refused("bench {tiny} --weights random", "--weights is for models of the catalogue"),
                  Effect(HOST_, field_of("weights"), "random", without="bench {tiny} --threads 1 --cooldown 0 --json", slow=True)],
    "--precision": [Refused("bench {tiny} --precision int8", "only files are named"),
                    Effect(HOST_ + "--precision int8", field_of("precision"), "int8", without=HOST_, slow=True)],
    "--calibrate": [Effect(HOST_ + "--engine onnxruntime --precision int8-static --calibrate {images}", field_of("precision"), "int8-static", without=HOST_, slow=True),
                    Refused(f"bench {NAME} --calibrate {{images}}", "--calibrate is for int8-static"),
                    Refused(f"bench {NAME} --precision int8-static", "int8-static needs images to calibrate with")],
    "--target": [Refused("bench {tiny} --target arm", "only files are named"),
                 Refused(f"bench {NAME} -s host --target arm", "this machine runs x86"),
                 Effect(f"bench {NAME} --weights random --target opencl,arm --threads 1 --cooldown 0 --json", field_of("target"), "opencl,arm",
                        without=f"bench {NAME} --weights random --threads 1 --cooldown 0 --json", slow=True)],
    "--engine": [Refused("bench {tiny} -s cd34 --engine 2.12", "a device has its own engine"),
                 Refused("bench {tiny} --engine 2.12", "a device has its own engine"),
                 Refused("bench {tiny} --engine 9.9", "there is no paddlelite engine"),
                 Refused(HOST_ + "--engine mnn,9.9", "there is no paddlelite engine"),
                 Refused("bench {tiny} {tiny} -s host --engine paddle-lite,mnn --compare", "exclude each other"),
                 Effect(HOST_ + "--engine onnxruntime,paddle-lite", lambda m: [(one["engine"], one["beside_first"] is None) for one in m.json],
                        [("onnxruntime", True), ("paddle-lite", False)], slow=True),
                 Effect(HOST_ + "--engine onnxruntime", field_of("engine"), "onnxruntime", without=HOST_, slow=True)],
    "--runner": [Refused("bench {tiny} --runner nowhere", "the benchmark program nowhere does not exist"),
                 Effect("bench {x86} -s host --runner {stock} --runner-kind benchmark_bin --threads 1 --cooldown 0 --json",
                        field_of("program"), "benchmark_bin", without="bench {tiny} --threads 1 --cooldown 0 --json")],
    "--runner-kind": [Refused("bench {tiny} --runner-kind benchmark_bin", "name it: --runner PATH"),
                      Refused("bench {x86} -s host --runner {stock} --json", "if it is, name its kind"),
                      Effect("bench {x86} -s host --runner {stock} --runner-kind benchmark_bin_v8 --threads 1 --cooldown 0 --json",
                             field_of("program"), "benchmark_bin_v8",
                             without="bench {x86} -s host --runner {stock} --runner-kind benchmark_bin --threads 1 --cooldown 0 --json")],
    "--check-output": [Effect(HOST_ + "--check-output", lambda m: "output_checked" in [one["code"] for one in m.cell["remarks"]],
                              without=HOST_ + "--seed 1", slow=True)],
    "--input-range": [Effect(CHECKED + "--input-range 0,9", checked_with("0 to 9"), slow=True),
                      Refused("bench {tiny} --input-range 0,9", "is for the comparison with Paddle's outputs"),
                      Refused(CHECKED + "--input-range 9,0", "--input-range 9,0 is no range")],
    "--inputs": [Effect(CHECKED + "--inputs {samples}", checked_with("over 3 inputs of samples.npz"), slow=True),
                 Refused("bench {tiny} --inputs {samples}", "is for the comparison with Paddle's outputs"),
                 Refused(CHECKED + "--inputs {labels}", "is no .npz file")],
    "--allow-synthetic": [Effect("bench {tiny} -s synthetic --threads 1 --cooldown 0 --allow-synthetic --json", of_cells("status"), ["measured"],
                                 without="bench {tiny} -s synthetic --threads 1 --cooldown 0 --json")],
    "--fresh": [Effect(f"{BENCH_} && {BENCH_} --fresh", lambda m: m.cell["id"], 2, without=f"{BENCH_} && {BENCH_}"),
                Refused(BENCH_ + "--fresh --keep-invalid", "exclude each other")],
    "--keep-invalid": [Effect(f"{DEFAULT} -s hot --cool-limit 0 && {DEFAULT} -s hot --cool-limit 0 --keep-invalid", lambda m: m.cell["id"], 1,
                              without=f"{DEFAULT} -s hot --cool-limit 0 && {DEFAULT} -s hot --cool-limit 0")],
    "--db": [Effect("bench {tiny} --threads 1 --cooldown 0 --db mine.db", file("mine.db"))],
    "--json": [Effect("bench {tiny} --threads 1 --cooldown 0 --json", is_json, without="bench {tiny} --threads 1 --cooldown 0"),
               Refused("bench {tiny} --json -o r.csv", "the file's name says csv")],
    "--csv": [Effect("bench {tiny} --threads 1 --cooldown 0 --csv", is_csv, without="bench {tiny} --threads 1 --cooldown 0")],
    "--markdown": [Effect("bench {tiny} --threads 1 --cooldown 0 --markdown", lambda m: "|---" in m.out, without="bench {tiny} --threads 1 --cooldown 0")],
    "--text": [Effect("bench {tiny} --threads 1 --cooldown 0 --text -o r.out", lambda _: "----" in text_of("r.out"), without="bench {tiny} --csv --cooldown 0 -o r.out"),
               Refused("bench {tiny} --text -o r.csv", "the file's name says csv")],
    "--ratio": [Effect("bench {catalogue} -s other --threads 1 --cooldown 0 --ratio", lambda m: "1T / SD855*" in m.out,
                       without="bench {catalogue} -s other --threads 1 --cooldown 0")],
    "--output": [Effect("bench {tiny} --threads 1 --cooldown 0 -o r.csv", lambda _: text_of("r.csv").startswith("id,session"), without="bench {tiny} --cooldown 0"),
                 Effect("bench {tiny} --threads 1 --cooldown 0 -o r.json", lambda _: text_of("r.json")[:1], "["),
                 Effect("bench {tiny} --threads 1 --cooldown 0 -o r.md", lambda _: "|---" in text_of("r.md")),
                 Refused("bench {tiny} -o nowhere/r.md", "there is no folder nowhere")],
    "--quiet": [Effect("bench {tiny} --threads 1 --cooldown 0 -q", lambda m: m.err, "", without="bench {tiny} --threads 1 --cooldown 0"),
                Refused("bench {tiny} -s synthetic --threads 1 --cooldown 0 -q", "synthetic")],
}  # fmt: skip

# What was measured

KEPT = BENCH_ + "&& results save-baseline b --db r.db && " + BENCH_ + "--fresh && "
AGAINST = KEPT + "results compare --baseline b --db r.db --json "
SAVED = BENCH_ + "&& results save-baseline b --db r.db "


def filters(command: str, seen: Callable[[Made], Any], value: Any) -> dict[str, Sequence[Row]]:
    """With a filter that nothing fits."""
    return {
        "--model": [Effect(command + "--model nothing", seen, value)],
        "--device": [Effect(command + "-s nowhere", seen, value)],
        "--where": [
            Effect(command + "--where threads=77", seen, value),
            Refused(command + "--where colour=red", "colour"),
        ],
        "--since": [
            Effect(command + "--since 2999-01-01", seen, value),
            Refused(command + "--since someday", "someday"),
        ],
    }


def only(options: dict[str, Sequence[Row]], *names: str) -> dict[str, Sequence[Row]]:
    return {name: options[name] for name in names}


OF_REPORTS: dict[str, Sequence[Row]] = {
    "--json": [Effect("results export --db {db} --json", is_json, without="results export --db {db}")],
    "--csv": [Effect("results export --db {db} --csv", is_csv, without="results export --db {db}")],
    "--markdown": [Effect("results export --db {db} --markdown", lambda m: "|---" in m.out, without="results export --db {db}")],
    "--text": [Effect("results export --db {db} --text -o r", lambda _: "----" in text_of("r"), without="results export --db {db} --csv -o r")],
    "--ratio": [Effect("results export --db {db} --ratio", lambda m: "2T / SD855*" in m.out, without="results export --db {db}")],
    "--output": [Effect("results export --db {db} -o r.csv", lambda _: text_of("r.csv").startswith("id,session")),
                 Refused("results export --db {db} --json -o r.csv", "the file's name says csv")],
}  # fmt: skip
RESULTS: dict[str, dict[str, Sequence[Row]]] = {
    "results list": {
        **only(filters("results list --db {db} --json ", of_cells("id"), []), "--where", "--since"),
        "--model": [Effect("results list --db {db} --json --model MobileNetV1", of_cells("model"), ["MobileNetV1"])],
        "--device": [Effect("results list --db {db} --json -s cd34", of_cells("id"), [2])],
        "--db": [Effect("results list --db {db}", lambda m: m.code, 0, without="results list --db nowhere.db")],
        "--json": [Effect("results list --db {db} --json", is_json)],
    },
    "results show": {
        "--db": [Effect("results show 1 --db {db}", lambda m: m.code, 0, without="results show 1 --db nowhere.db")],
        "--json": [Effect("results show 1 --db {db} --json", is_json)],
    },
    "results check": {
        "--db": [Effect("results check --db {db}", lambda m: m.code, 0, without="results check --db nowhere.db")],
        "--json": [Effect("results check --db {db} --json", is_json)],
        "--repair": [Effect("results check --db {hurt} --json --repair", lambda m: "kept" in m.json)],
    },
    "results merge": {
        "--db": [Effect("results merge {db} --db mine.db && results list --db mine.db --json", lambda m: len(m.json) > 2, without="results merge {db} && results list --db mine.db --json"),
                 Refused("results merge {db} --db {db}", "is the database itself")],
        "--json": [Effect("results merge {db} --db mine.db --json", is_json, without="results merge {db} --db mine.db")],
    },
    "results backup": {
        "--db": [Effect("results backup copy.db --db {db} && results list --db copy.db --json", lambda m: len(m.json) > 2, without="results backup copy.db && results list --db copy.db --json"),
                 Refused("results backup {db} --db {db}", "is there already")],
        "--json": [Effect("results backup copy.db --db {db} --json", is_json, without="results backup copy.db --db {db}"),
                   Refused("results backup - --db {db} --json", "- is standard output")],
    },
    "results export": {
        **only(filters("results export --db {db} --json ", of_cells("id"), []), "--where", "--since"),
        "--model": [Effect("results export --db {db} --json --model MobileNetV1", of_cells("model"), ["MobileNetV1"]),
                    Refused("results export 1 --db {db} --model MobileNetV1", "ids and filters exclude each other")],
        "--device": [Effect("results export --db {db} --json -s cd34", of_cells("id"), [2]),
                     Refused("results export 1 --db {db} -s cd34", "ids and filters exclude each other")],
        "--xlsx": [Effect("results export --db {db} --xlsx -o r.xlsx", file("r.xlsx"), without="results export --db {db} --csv -o r.csv"),
                   Refused("results export --db {db} --xlsx", "whose name ends in .xlsx"), Refused("results export --db {db} --xlsx -o r.csv", "whose name ends in .xlsx"),
                   Refused("results export --db {db} --xlsx -o nowhere/r.xlsx", "there is no folder nowhere"),
                   Refused("results export --db {db} --xlsx --raw -o r.xlsx", "--raw belongs to --json")],
        "--raw": [Effect("results export --db {db} --json --raw", lambda m: "launches" in m.cell),
                  Refused("results export --db {db} --csv --raw", "--raw belongs to --json")],
        "--db": [Effect("results export --db {db}", lambda m: m.code, 0, without="results export --db nowhere.db")],
        **OF_REPORTS,
    },
    "results accuracy": {
        "--model": [Effect("results accuracy --db {db} --json --model nothing", of_cells("id"), []),
                    Refused("results accuracy 1 1 --db {db} --model x", "or two of them compared")],
        "--device": [Effect("results accuracy --db {db} --json -s nowhere", of_cells("id"), [])],
        "--delete": [Effect("results accuracy --delete 1 --db {copy} && results accuracy --db {copy} --json", of_cells("id"), [],
                            without="results accuracy --db {db} --json"),
                     Refused("results accuracy --delete 77 --db {db}", "there is no accuracy 77")],
        "--db": [Effect("results accuracy --db {db}", lambda m: m.code, 0, without="results accuracy --db nowhere.db")],
        "--json": [Effect("results accuracy --db {db} --json", is_json)],
    },
    "results history": {
        **only(filters("results history MobileNetV1 --db {db} --json ", lambda m: m.json, []), "--device", "--where", "--since"),
        "--threshold": [Effect("results history MobileNetV3 --db {db} --threshold 10", lambda m: "slower" not in m.out)],
        "--db": [Effect("results history MobileNetV1 --db {db}", lambda m: m.code, 0, without="results history MobileNetV1 --db nowhere.db")],
        "--json": [Effect("results history MobileNetV1 --db {db} --json", is_json)],
    },
    "results label": {
        "--remove": [Effect(BENCH_ + "&& results label 1 x --db r.db && results label 1 x --remove --db r.db && results list --db r.db --json --where label=x",
                            of_cells("id"), [])],
        "--db": [Effect(BENCH_ + "&& results label 1 x --db r.db", lambda m: m.code, 0, without="results label 1 x --db nowhere.db")],
    },
    "results delete": {
        "--yes": [Effect(BENCH_ + "&& results delete 1 --yes --db r.db && results list --db r.db --json", of_cells("id"), [],
                         without=BENCH_ + "&& results list --db r.db --json")],
        "--force": [Effect(SAVED + "&& results delete 1 -y --force --db r.db", lambda m: m.code, 0)],
        "--db": [Effect(BENCH_ + "&& results delete 1 -y --db r.db", lambda m: m.code, 0, without="results delete 1 -y --db nowhere.db")],
    },
    "results save-baseline": {
        **filters(SAVED, lambda m: m.code, 1),
        "--db": [Effect(SAVED, lambda m: m.code, 0, without="results save-baseline b --db nowhere.db")],
    },
    "results baselines": {
        "--delete": [Effect(SAVED + "&& results baselines --delete b --db r.db && results baselines --db r.db --json", lambda m: m.json, [],
                            without=SAVED + "&& results baselines --db r.db --json"),
                     Refused("results baselines --delete none --db {db}", "no baseline none")],
        "--db": [Effect("results baselines --db {db}", lambda m: m.code, 0, without="results baselines --db nowhere.db")],
        "--json": [Effect("results baselines --db {db} --json", is_json)],
    },
    "results compare": {
        **filters(AGAINST, lambda m: m.code, 1),
        "--baseline": [Effect(AGAINST, lambda m: m.code, 0), Refused("results compare --baseline none --db {db}", "no baseline none")],
        "--across": [Effect(SAVED + "&& bench {tiny} --threads 2 --cooldown 0 --launches 2 --db r.db && results compare --baseline b --db r.db --across threads",
                            lambda m: m.code, 0),
                     Refused("results compare 1 2 --across threads --db {db}", "--across")],
        "--threshold": [Effect("results compare 1 3 --db {db} --json --threshold 300", lambda m: m.json["threshold"], 3.0)],
        "--fail-over": [Effect("results compare 1 3 --db {db} --fail-over 3", lambda m: m.code, 1)],
        "--db": [Effect("results compare 1 2 --db {db}", lambda m: m.code, 0, without="results compare 1 2 --db nowhere.db")],
        "--json": [Effect("results compare 1 2 --db {db} --json", is_json)],
    },
}  # fmt: skip

# Reports

REPORT_ = "report --db {db} --json "


def reported(made: Made) -> int:
    """Of how many measurements the report is."""
    count: int = made.json["measurements"]
    return count


REPORT: dict[str, Sequence[Row]] = {
    "--output": [Effect("report --db {db} -o r.html", file("r.html")), Refused("report -o nowhere/r.html", "there is no folder nowhere"),
                 Refused("report --db {db} -o {images}", "is a folder")],
    "--format": [Effect("report --db {db} --figure size --format svg", lambda _: text_of("size.svg").startswith("<svg"), without="report --db {db} --figure size --format png"),
                 Effect("report --db {db} --figure size --format png", file("size.png"), without="report --db {db} --figure size --format svg"),
                 Refused("report --db {db} --format svg -o r.html", "the file's name says html"), Refused("report --db {db} --format svg", "every figure as svg needs a folder"),
                 Refused("report --db {db} --format svg -o {tiny}", "every figure as svg needs a folder, and"), Refused("report --format svg -o no/where", "there is no folder no"),
                 Effect("report --session 1 --db {db} --format svg -o figures/ --json", lambda m: len(m.json["files"]) > 4, without=REPORT_)],
    "--figure": [Effect("report --db {db} --figure cell-1 -o c.svg", lambda _: "Measurement 1:" in text_of("c.svg"), without="report --db {db} --figure size -o c.svg"),
                 Refused("report --figure size -o r.html", "--figure is for a figure alone"), Refused("report --db {db} --figure none -o n.svg", "no such figure")],
    "--theme": [Effect("report --figure size -o s.svg --theme dark", lambda _: "#16181c" in text_of("s.svg") and "#ffffff" not in text_of("s.svg")),
                Refused("report --theme dark", "--theme is for a figure alone")],
    "--session": [Effect(REPORT_ + "--session 2", reported, 1), Refused(REPORT_ + "--session 77", "no measurement matches: session 77")],
    "--label": [Effect("results label 2 x --db {copy} && report --db {copy} --json --label x", reported, 1), Refused(REPORT_ + "--label none", "no measurement matches: label none")],
    "--model": [Effect(REPORT_ + "--model MobileNetV1", reported, 1), Refused(REPORT_ + "--model nothing", "no measurement matches")],
    "--device": [Effect(REPORT_ + "-s cd34", reported, 1), Refused(REPORT_ + "-s nowhere", "no measurement matches: device nowhere")],
    "--where": [Effect(REPORT_ + "--where model=MobileNetV3", reported, 2), Refused(REPORT_ + "--where colour=red", "colour")],
    "--since": [Effect(REPORT_ + "--since 2999-01-01", lambda m: m.code, 2), Refused(REPORT_ + "--since someday", "someday")],
    "--threads": [Effect("report --db {db} --figure mobile -o m.svg --threads 2", lambda _: "latency at 2 threads" in text_of("m.svg"))],
    "--estimated": [Effect("report --figure mobile -o m.svg --estimated", lambda _: "estimated: Snapdragon 855" in text_of("m.svg"))],
    "--db": [Effect(REPORT_, reported, 5, without="report --json")],
    "--json": [Effect(REPORT_, is_json)],
}  # fmt: skip

# Converting: a small network of one's own, whose height and width are open; really converted, so slow

OWN = "convert --model-dir {net} --name net --input-shape 1,3,64,64 --json "
SAID = OWN + "--resize-short 72 --mean 0.485,0.456,0.406 --std 0.229,0.224,0.225 "
STATIC = SAID + "--precision int8-static --calibrate {images} "
SMALLER = OWN.replace("64,64", "60,60") + "--force "  # of a file that was there before
NARROW = SAID.replace("64,64", "64,3")  # are its channels first or last?


GREY = "convert --model-dir {grey} --name grey --input-shape 1,1,64,64 --json "  # its inference.yml decodes to RGB


def static(option: str, *path: str | int, value: Any) -> list[Row]:
    return [
        Effect(STATIC + option, field_of("calibration", *path), value, slow=True),
        Refused(f"convert {NAME} {option}", "is for int8-static"),
    ]


def prepared(option: str, *path: str | int, value: Any) -> list[Row]:
    """In any precision; int8-static calibrates so."""
    return [
        Effect(instead(SAID, option), field_of("preprocessing", *path), value, slow=True),
        Effect(instead(STATIC, option), field_of("calibration", "preprocessing", *path), value, slow=True),
    ]


CONVERT: dict[str, Sequence[Row]] = {
    "--series": [Refused(f"convert --series GhostNet {MANY}", "and 4 are named")],
    "--light": [Refused(f"convert --light {MANY}", "and 55 are named")],
    "--all": [Refused(f"convert --all {MANY}", "and 265 are named")],
    "--weights": [Effect(f"convert {NAME} --weights random --json", field_of("source", "kind"), "random",
                         without=OWN, slow=True),
                  Refused(f"convert {NAME} --weights nowhere", "that path does not exist"),
                  Refused(f"convert {NAME} --weights {{junk}}", "is no .pdparams checkpoint")],
    "--seed": [Effect(f"convert {NAME} --weights random --seed 3 --json", field_of("source", "seed"), 3,
                      without=f"convert {NAME} --weights random --json", slow=True),
               Refused(f"convert {NAME} --seed 3", "--seed is for random weights")],
    "--format": [Effect(OWN + "--format nb,onnx", lambda m: [one["kind"] for one in m.json], ["nb", "onnx"], slow=True),
                 Effect(OWN + "--format mnn", field_of("file"), "net.mnn", without=OWN, slow=True),
                 Refused(OWN + "--format gguf", "there is no gguf"),
                 Refused(OWN + "--format mnn --precision int8", "a mnn file is float32")],
    "--opset": [Effect(OWN + "--format onnx --opset 15", field_of("onnx", "opset"), 15, without=OWN + "--format onnx", slow=True),
                Refused(OWN + "--opset 15", "--opset belongs to ONNX files")],
    "--batch": [Effect(f"convert {NAME} --weights random --format onnx --batch dynamic --json", field_of("inputs", 0, "shape", 0), -1,
                       without=f"convert {NAME} --weights random --format onnx --json", slow=True),
                Refused(OWN + "--batch dynamic", "--batch belongs to ONNX files")],
    "--target": [Effect(OWN + "--target x86", field_of("target"), "x86", slow=True),
                 Refused(OWN + "--format onnx --target x86", "--target is for .nb files")],
    "--precision": [Effect(OWN + "--precision int8", lambda m: m.cell["nb"]["weights"].get("int8", 0) > 0, slow=True),
                    Refused(OWN + "--format onnx --precision int8", "an ONNX file is float32")],
    "--calibrate": [Effect(STATIC, field_of("calibration", "images"), 3, without=STATIC + "--calibration-images 2", slow=True),
                    Refused(STATIC.replace("{images}", "{damaged}"), "1.png cannot be read as an image"),
                    Refused(OWN + "--calibrate {images}", "is for int8-static")],
    "--calibration-images": static("--calibration-images 2", "images", value=2),
    "--calibration-algorithm": static("--calibration-algorithm abs_max", "algorithm", value="abs_max"),
    "--int8-keep": [Effect(f"convert {NAME} --weights random --precision int8-static --calibrate {{images}} --int8-keep 2 --json",
                           field_of("nb", "effect"), "30 of 30 convolutions on int8 kernels, 2 kept in float",
                           without=f"convert {NAME} --weights random --precision int8-static --calibrate {{images}} --json", slow=True),
                    Effect(STATIC + "--int8-keep 0.5", field_of("calibration", "keep"), 0.5, slow=True),
                    Effect(STATIC + "--int8-keep 9", lambda m: m.json[0]["message"],
                           "net: 9 of its convolutions are to stay float, and 1 could compute in int8", slow=True),
                    Refused(STATIC + "--int8-keep 1.5", "is neither a number of convolutions nor a cosine"),
                    Refused(STATIC + "--int8-keep nan", "is no number"),
                    Refused(f"convert {NAME} --int8-keep 2", "is for int8-static")],
    "--resize-short": [*prepared("--resize-short 70", "resize_short", value=70),
                       Refused(f"convert {NAME} --resize-short 70", "a short side of 70 is too small")],
    "--resize": [Effect(SAID.replace("-short 72", " 70,80"), field_of("preprocessing", "resize"), [80, 70], slow=True),
                 Refused(f"convert {NAME} --resize 300,300 --resize-short 300", "leave one of them out"),
                 Refused(f"convert {NAME} --resize 70,80", "too small for a crop")],
    "--crop": [Effect(f"{SAID} && {SMALLER} --crop 60,60", field_of("preprocessing", "crop"), [60, 60], slow=True),
               Refused(f"convert {NAME} --crop 60,60", "crops to 60 x 60")],
    "--mean": [*prepared("--mean 0.1,0.2,0.3", "mean", value=[0.1, 0.2, 0.3]),
               Refused(f"convert {NAME} --mean 127.5", "--scale 1 leaves the values 0 to 255")],
    "--std": [*prepared("--std 0.1,0.2,0.3", "std", value=[0.1, 0.2, 0.3]), Refused(f"convert {NAME} --std 0,1,1", "--std 0,1,1 is none")],
    "--scale": [Effect(OWN + "--resize-short 72 --mean 100 --std 50 --scale 1", field_of("preprocessing", "scale"), 1.0, slow=True),
                Refused(f"convert {NAME} --scale 1", "leave --scale out")],
    "--interpolation": prepared("--interpolation bicubic", "interpolation", value="bicubic"),
    "--bgr": prepared("--bgr", "channel_order", value="BGR"),
    "--grey": [Effect(GREY + "--grey", field_of("preprocessing", "channel_order"), "GREY", slow=True),
               Effect(GREY + "--precision int8-static --calibrate {images} --grey", field_of("calibration", "preprocessing", "channel_order"), "GREY", slow=True),
               Refused(f"convert {NAME} --grey", "leave --grey out"), Refused(f"convert {NAME} --grey --bgr", "leave one of them out")],
    "--layout": [Effect(NARROW + "--layout NCHW", field_of("preprocessing", "layout"), "NCHW", slow=True),
                 Refused(NARROW, "--layout NCHW or --layout NHWC", slow=True), Refused(f"convert {NAME} --layout NHWC", "leave --layout out")],
    "--config": [Effect(OWN + "--config sd855-int8", field_of("recipe", "name"), "sd855-int8+input_shape", slow=True),
                 Refused(OWN + "--config nowhere.toml", "there is no recipe nowhere.toml"),
                 Refused(OWN + "--config sd855-int8 --format onnx", "is float32")],
    "--engine": [Effect(OWN + "--engine 2.12", field_of("engine", "version"), "2.12", slow=True),
                 Refused(OWN + "--format onnx --engine 2.12", "--engine is for .nb files")],
    "--model-dir": [Effect(OWN, field_of("source", "kind"), "own", without=f"convert {NAME} --weights random --json", slow=True),
                    Refused("convert --model-dir nowhere --json", "nowhere does not exist")],
    "--name": [Effect(instead(OWN, "--name other"), field_of("name"), "other", slow=True),
               Refused(f"convert {NAME} --name x", "--name belongs to --model-dir")],
    "--paddleclas": [Effect("convert NewNet_x1_0 --paddleclas {clas} --weights random --json",
                            field_of("source", "built_by", "architecture"), "NewNet_x1_0",
                            without=f"convert {NAME} --weights random --json", slow=True),
                     Refused(f"convert {NAME} --paddleclas {{clas}} --weights random", f"no architecture '{NAME}' in"),
                     Refused("convert --model-dir {net} --paddleclas {clas}", "--model-dir is exported already")],
    "--input-shape": [Effect(OWN.replace("64,64", "96,96"), field_of("inputs", 0, "shape"), [1, 3, 96, 96], without=OWN, slow=True),
                      Effect(OWN.replace("1,3,64,64", "x=1,3,96,96"), field_of("inputs", 0, "shape"), [1, 3, 96, 96], without=OWN, slow=True),
                      Effect(f"convert {NAME} --weights random --input-shape 2,3,96,96 --json", field_of("inputs", 0, "shape"), [2, 3, 96, 96],
                             without=f"convert {NAME} --weights random --json", slow=True),
                      Refused("convert --model-dir {net} --name net", "has the open shape")],
    "--out": [Effect(OWN + "-o there", file("there/net.nb"), slow=True), Refused(OWN + "-o {tiny}", "is no folder")],
    "--jobs": [Effect("convert --light --weights random -j 3", lambda m: m.more["at_once"], 3,
                      without="convert --light --weights random -j 2")],
    "--verify": [Effect(OWN + "--no-verify", field_of("verification", "status"), "skipped", slow=True)],
    "--verify-seconds": [Effect(OWN + "--verify-seconds 0.001", field_of("verification", "inputs"), 2, slow=True),
                         Effect(OWN + "--verify-seconds 0.001", field_of("verification", "reason"),
                                "2 of 20 inputs in the 0.001 s of --verify-seconds", slow=True),
                         Refused(OWN + "--verify-seconds 0", "--verify-seconds 0 must be more than 0"),
                         Refused(OWN + "--verify-seconds 9 --format onnx", "--verify-seconds is for .nb files"),
                         Refused(OWN + "--verify-seconds 9 --no-verify", "--verify-seconds is for the verification")],
    "--input-range": [Effect(OWN + "--input-range 0,77", field_of("verification", "input_ranges"), ["0 to 77"], slow=True),
                      Refused(OWN + "--input-range 5,1", "--input-range 5,1 is no range"),
                      Refused(OWN + "--input-range 0,1 --no-verify", "--input-range is for the verification")],
    "--inputs": [Effect(OWN + "--inputs {samples}", field_of("verification", "inputs"), 3, slow=True),
                 Refused(OWN + "--inputs {labels}", "is no .npz file"),
                 Refused(OWN + "--inputs {samples} --input-range 0,1", "nothing left for --input-range"),
                 Refused(OWN + "--inputs {others}", "has no array for the input x"),
                 Refused(OWN.replace("64,64", "96,96") + "--inputs {samples}", "and the input [1, 3, 96, 96]")],
    "--strict": [Effect(OWN + "--inputs {same} --strict", lambda m: m.code, 1, slow=True),
                 Effect("convert MobileViT_XXS --weights random --target opencl,arm --strict --json",
                        lambda m: (m.code, bool(m.cell["nb"]["left"]), m.cell["verification"]["status"]), (1, True, "passed"), slow=True),
                 Refused(OWN + "--strict --no-verify", "--strict is for the verification")],
    "--force": [Effect(f"{OWN} && {OWN} --precision int8 --force", field_of("precision"), "int8", slow=True),
                Refused(f"{OWN} && {OWN} --precision int8", "--force replaces it", slow=True)],
    "--quiet": [Effect(OWN + "-q", lambda m: m.err, "", slow=True),
                Effect(f"{OWN} && {OWN} --precision int8 -q", lambda m: "failed" in m.err, without=OWN + "-q", slow=True)],
    "--json": [Effect(OWN, is_json, without=OWN.replace("--json", ""), slow=True)],
}  # fmt: skip

COVERAGE: dict[str, Sequence[Row]] = {
    "--series": [Effect("coverage --series GhostNet", lambda m: len(m.more["models"]), 4)],
    "--light": [Effect("coverage --light", lambda m: len(m.more["models"]), 55)],
    "--all": [Effect("coverage --all", lambda m: len(m.more["models"]), 265, without=f"coverage {NAME}")],
    "--target": [Effect("coverage --target opencl,arm", lambda m: m.more["recipe"].target, "opencl,arm")],
    "--engine": [Effect("coverage --engine 2.12", lambda m: m.more["recipe"].engine, "2.12")],
    "--seed": [Effect("coverage --seed 4", lambda m: m.more["weights"].seed, 4)],
    "--jobs": [Effect("coverage -j 3", lambda m: m.more["jobs"], 3)],
    "--engines": [Effect("coverage --engines --json", lambda m: [one["engine"] for one in m.json], ["paddle-lite"]),
                  Refused("coverage --engines --target arm", "--engines takes every engine")],
    "--db": [Refused("coverage --db {db}", "--db has the latencies of --engines")],
    "--fresh": [Effect("coverage --fresh", lambda m: m.more["fresh"])],
    "--markdown": [Effect("coverage --markdown", lambda m: m.out.startswith("# Coverage")),
                   Refused("coverage --markdown --json", "exclude each other")],
    "--output": [Effect("coverage --json -o c.json", lambda _: text_of("c.json")[:1], "["),
                 Effect("coverage --markdown -o c.md", lambda _: text_of("c.md")[:1], "#"),
                 Refused("coverage -o nowhere/c.md", "there is no folder nowhere")],
    "--quiet": [Effect("coverage -q", lambda m: "networks (" not in m.err), Refused("coverage -q", "it died")],
    "--json": [Effect("coverage --json", is_json)],
}  # fmt: skip

# Judging: the same small network, on nine images


def fed(made: Made) -> NDArray[np.float32]:
    """The tensor that the engine got for the first image."""
    tensor: NDArray[np.float32] = made.more["tensors"][0]
    return tensor


EVAL_ = "eval {judged} --data {images} --resize-short 70 --mean 0,0,0 --std 1,1,1 --json "
EVAL: dict[str, Sequence[Row]] = {
    "--data": [Effect(EVAL_, field_of("images"), 3, without=EVAL_ + "--limit 2", slow=True), Refused("eval {judged} --data nowhere", "nowhere")],
    "--list": [Effect(EVAL_ + "--list {listing}", field_of("images"), 2, slow=True)],
    "--labels": [Effect(EVAL_.replace("{images}", "{named}") + "--labels {labels} --predictions p.csv", lambda _: text_of("p.csv").splitlines()[1].split(",")[2],
                        "1", without=EVAL_.replace("{images}", "{named}") + "--predictions p.csv", slow=True),
                 Refused(EVAL_ + "--list {listing} --labels {labels}", "--labels is for folders")],
    "--limit": [Effect(EVAL_ + "--limit 2", field_of("images"), 2, slow=True)],
    "--device": [Refused(EVAL_ + "-s all", "eval judges on one device at a time"), Refused(EVAL_ + "-s cd34 --engine paddle", "does not measure on cd34")],
    "--adb-server": [Refused(EVAL_ + "--adb-server far:5037", "--adb-server is for devices"),
                     Refused(EVAL_ + "-s android --adb-server ''", "--adb-server is given without a value"),
                     Refused(EVAL_ + "-s android --adb-server far.invalid:5037", "far.invalid:5037")],
    "--runner": [Refused(EVAL_ + "--runner nowhere", "the benchmark program nowhere does not exist"),
                 Refused(EVAL_ + "--runner {stock}", "is no benchmark program")],
    "--timeout": [Refused(EVAL_ + "--timeout 5", "--timeout is for the benchmark program"),
                  Refused(EVAL_ + "--runner {synthetic} --allow-synthetic --timeout 0.0001", "did not end", slow=True)],
    "--allow-synthetic": [Effect(EVAL_ + "--runner {synthetic} --allow-synthetic", lambda m: m.code == 0 and m.cell["synthetic"],
                                 without=EVAL_ + "--runner {synthetic}", slow=True)],
    "--weights": [Refused(EVAL_ + "--weights random", "--weights is for models of the catalogue"),
                  Effect(f"eval {NAME} --weights random --data {{images}} --json", field_of("weights"), "random", without=EVAL_, slow=True)],
    "--precision": [Refused(EVAL_ + "--precision int8", "only files are named"),
                    Effect(f"eval {NAME} --weights random --data {{images}} --precision int8 --json", field_of("precision"), "int8",
                           without=f"eval {NAME} --weights random --data {{images}} --json", slow=True)],
    "--engine": [Refused(f"eval {NAME} --weights random --data {{images}} --engine mnn", "eval does not judge in mnn"),
                 Refused("eval x.mnn --data {images}", "eval does not judge in mnn"),
                 Effect(f"eval {NAME} --weights random --data {{images}} --engine onnxruntime --json", lambda m: m.cell["engine"].split("-")[0], "onnx",
                        without=f"eval {NAME} --weights random --data {{images}} --json", slow=True),
                 Refused(EVAL_ + "-s cd34 --engine 2.12", "the benchmark program has its own engine")],
    "--resize-short": [Effect(instead(EVAL_, "--resize-short 80"), field_of("preprocessing", "resize_short"), 80, slow=True)],
    "--mean": [Effect(instead(EVAL_, "--mean 0.1,0.2,0.3"), field_of("preprocessing", "mean"), [0.1, 0.2, 0.3], slow=True)],
    "--std": [Effect(instead(EVAL_, "--std 0.1,0.2,0.3"), field_of("preprocessing", "std"), [0.1, 0.2, 0.3], slow=True)],
    "--interpolation": [Effect(EVAL_ + "--interpolation bicubic", field_of("preprocessing", "interpolation"), "bicubic", slow=True)],
    "--bgr": [Effect(EVAL_ + "--bgr", field_of("preprocessing", "channel_order"), "BGR", slow=True),
              Effect(EVAL_.replace("{images}", "{red}") + "--bgr", lambda m: fed(m)[0].mean((1, 2)).tolist(), [0, 0, 1], slow=True)],
    "--resize": [Effect(EVAL_.replace("-short 70", " 70,80"), field_of("preprocessing", "resize"), [80, 70], without=EVAL_, slow=True),
                 Refused(EVAL_ + "--resize 70,80", "leave one of them out")],
    "--crop": [Effect("eval {cropped} --data {red} --crop 64,64 --json", lambda m: fed(m).shape, (1, 3, 64, 64), slow=True),
               Refused(EVAL_ + "--crop 60,60", "crops to 60 x 60", slow=True)],
    "--scale": [Effect(EVAL_.replace("0,0,0", "100").replace("1,1,1", "50") + "--scale 1", field_of("preprocessing", "scale"), 1.0, slow=True)],
    "--grey": [Effect("eval {grey_x86} --data {red} --grey --json", lambda m: (fed(m).shape, set(fed(m).flat)), ((1, 1, 64, 64), {76.0}), slow=True),
               Refused("eval {grey_x86} --data {red}", "say --grey", slow=True), Refused(EVAL_ + "--grey", "leave --grey out", slow=True)],
    "--layout": [Effect(EVAL_.format(judged="{narrow}", images="{red}") + "--layout NCHW", lambda m: fed(m)[0].mean((1, 2)).tolist(), [1, 0, 0],
                        without=EVAL_.format(judged="{narrow}", images="{red}") + "--layout NHWC", slow=True),
                 Refused(EVAL_.replace("{judged}", "{narrow}"), "--layout NCHW or --layout NHWC", slow=True),
                 Refused(EVAL_ + "--layout NHWC", "leave --layout out", slow=True)],
    "--output": [Effect(EVAL_.replace("{judged}", "{two}") + "--output scores", lambda m: m.more["answers"].sum(1).round(4).tolist(), [1.0] * 3,
                        without=EVAL_.replace("{judged}", "{two}") + "--output reversed", slow=True),
                 Refused(EVAL_.replace("{judged}", "{two}"), "name the one that is judged", slow=True),
                 Refused(EVAL_ + "--output boxes", "has no output boxes", slow=True)],
    "--db": [Effect(EVAL_ + "--db mine.db", query("SELECT count(*) FROM accuracy", "mine.db"), 1, without=EVAL_.replace(" eval", "") + "&& results list --db mine.db", slow=True),
             Refused(EVAL_ + "--db {tiny}", "is no results database")],
    "--predictions": [Effect(EVAL_ + "--predictions p.csv", lambda _: text_of("p.csv").startswith("model,image,label"), slow=True),
                      Refused(EVAL_ + "--predictions nowhere/p.csv", "there is no folder nowhere")],
    "--quiet": [Effect(EVAL_.replace("{images}", "{broken}") + "-q", lambda m: "is no image" in m.err, without=EVAL_ + "-q", slow=True)],
    "--json": [Effect(EVAL_, is_json, without=EVAL_.replace("--json", ""), slow=True)],
}  # fmt: skip

# Packaging

PACKAGE: dict[str, Sequence[Row]] = {
    "--format": [Effect("package {tiny} --format assets --app {app}", lambda m: "build.gradle" in m.out),
                 Refused("package {tiny} --format assets", "name it with --app DIR"),
                 Refused("package {tiny} -o x.apk", "x.apk would be an AAR")],
    "--output": [Effect("package {tiny} -o mine.aar", file("mine.aar")), Refused("package {tiny} -o nowhere/x.aar", "could not be written")],
    "--app": [Effect("package {tiny} --format assets --app {app}", lambda m: m.more["app"], without="package {tiny}"),
              Refused("package {tiny} --app {app}", "--app belongs to --format assets")],
    "--id": [Effect("package {tiny} --id a.b.c --json", lambda m: m.json["id"], "a.b.c"), Refused("package {tiny} --id nonsense", "no Android package id")],
    "--labels": [Effect("package {tiny} --labels {labels} --json", lambda m: m.json["models"][0]["labels"], 5),
                 Refused("package {tiny} --labels nowhere.txt", "cannot be read")],
    "--lite-lib": [Refused("package {tiny} --lite-lib {images}", "is no unpacked Paddle-Lite"), Refused("package {tiny} --format apk --lite-lib {images}", "no engine goes into it")],
    "--lite-version": [Refused("package {tiny} --lite-version 2.13", "name it with --lite-lib DIR")],
    "--abi": [Refused("package {tiny} --abi arm64-v8a", "name it with --lite-lib DIR")],
    "--keystore": [Refused("package {tiny} --keystore {tiny}", "only an APK is signed")],
    "--key-alias": [Refused("package {tiny} --key-alias a", "only an APK is signed")],
    "--key-password": [Refused("package {tiny} --key-password env:X", "only an APK is signed")],
    "--weights": [Refused("package {tiny} --weights random", "--weights is for models of the catalogue"),
                  Effect(f"package {NAME} --weights random --json", lambda m: m.json["models"][0]["source"]["kind"], "random",
                         without="package {tiny} --json", slow=True)],
    "--json": [Effect("package {tiny} --json", is_json)],
    "--quiet": [Effect(f"package {NAME} --weights random -q", lambda m: "Note" in m.err and "converting" not in m.err, without="list", slow=True)],
}  # fmt: skip
INSTALL: dict[str, Sequence[Row]] = {
    "--device": [Refused("install {tiny} -s host", "an Android device only"), Refused("install {tiny} -s nobody", "nobody")],
    "--labels": [Refused("install x.apk --labels {labels}", "an APK has its own"), Refused("install {tiny} --labels nowhere.txt", "cannot be read")],
    "--keystore": [Refused("install x.apk --keystore {tiny}", "the options of the key are for models")],
    "--key-alias": [Refused("install x.apk --key-alias a", "the options of the key are for models")],
    "--key-password": [Refused("install x.apk --key-password env:X", "the options of the key are for models")],
    "--weights": [Refused("install {tiny} --weights random", "--weights is for models of the catalogue")],
    "--quiet": [Effect("install {tiny} -q -s nobody", lambda m: "nobody" in m.err, without="list")],
}  # fmt: skip

# tests/runner: releases fetched and named, compilers, programs added and removed
PRETENDS = "runner build --for host --engine synthetic"
RUNNER_BUILD: dict[str, Sequence[Row]] = {
    "--for": [Effect("runner build --engine synthetic --json --for host", lambda m: m.json["platform"], "host", slow=True)],
    "--abi": [Refused("runner build --for host --abi arm64-v8a", "--abi is for Android"), Refused("runner build --abi armeabi-v7a --compiler debian", "needs the NDK")],
    "--engine": [Effect(f"{PRETENDS} --json", lambda m: m.json["engine"], "synthetic", slow=True)],
    "--lite-lib": [Refused("runner build --lite-lib nowhere", "there is nothing of that name"), Refused("runner build --for host --lite-lib {net}", "no installed paddlelite package")],
    "--lite-release": [Refused("runner build --lite-release newest", "--lite-release newest is none"), Refused("runner build --for host --lite-release 1.0", "there is no paddlelite engine")],
    "--ort-lib": [Refused("runner build --ort-lib x.aar", "--ort-lib is for ONNX Runtime"), Refused("runner build --engine onnxruntime --ort-lib x.aar", "is no file"),
                  Refused("runner build --engine onnxruntime --for host --ort-lib {tiny}", "is for no processor")],
    "--ort-release": [Refused("runner build --ort-release 1.22.1", "is for ONNX Runtime"), Refused("runner build --engine onnxruntime --ort-release newest", "is none")],
    "--compiler": [Refused("runner build --for host --compiler ndk", "--compiler is for Android")],
    "--test": [Refused("runner build --test", "on this machine only")],
    "--fresh": [Effect(f"{PRETENDS} -q && {PRETENDS} --fresh", lambda m: "host-synthetic: built" in m.out, slow=True)],
    "--verbose": [Effect(f"{PRETENDS} --verbose", lambda m: "Configuring done" in m.err, slow=True)],
    "--json": [Effect(f"{PRETENDS} --json", lambda m: bool(m.json["sha256"]), slow=True)],
    "--quiet": [Effect(f"{PRETENDS} -q", lambda m: m.err, "", slow=True)],
}  # fmt: skip

TABLE: dict[str, dict[str, Sequence[Row]]] = {
    "": GROUP, "list": LIST, "show": SHOW, "choose": CHOOSE, "estimate": ESTIMATE, "convert": CONVERT, "coverage": COVERAGE, "bench": BENCH, "eval": EVAL, **RESULTS, "report": REPORT,
    "package": PACKAGE, "install": INSTALL, "inspect": INSPECT, "doctor": DOCTOR,
    # tests/device_layer/test_cli.py: a list of devices and its JSON, one device emptied and all
    "devices": {"--json": [Effect("devices --json", lambda m: m.out.strip(), "[]")]},
    "runner build": RUNNER_BUILD, "runner list": {"--json": [Effect("runner list --json", lambda m: m.out.strip(), "[]")]},
    "runner add": {"--json": [Refused("runner add nowhere --json", "nowhere")]}, "runner remove": {"--json": [Refused("runner remove nothing --json", "nothing")]},
    "device clean": {"--device": [Refused("device clean -s nobody", "nobody")]},
}  # fmt: skip
TABLE = with_more(TABLE)


def options_of(command: click.Command, path: str = "") -> Iterator[tuple[str, str]]:
    """Every command with each of its options, by the longest spelling."""
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            yield path, max(parameter.opts, key=len)
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            child = command.get_command(context, name)
            assert child is not None
            yield from options_of(child, f"{path} {name}".strip())


def test_the_table_is_complete() -> None:
    """A new option without a row fails here; a row of an option that is gone, too."""
    told = {(command, option) for command, rows in TABLE.items() for option in rows if option.startswith("-")}
    assert told == set(options_of(cli))
    assert all(rows for command in TABLE.values() for rows in command.values())


def test_every_row_names_its_option() -> None:
    """With short spellings taken for long ones. What is refused for want of an option is a row of it as well."""
    for command, options in TABLE.items():
        for option, rows in options.items():
            if not option.startswith("-"):
                continue
            naming = [row for row in rows if {option, SHORT.get(option)} & set(row.given.split())]
            assert naming, (command, option)
            assert all(row in naming for row in rows if isinstance(row, Effect)), (command, option)


SHORT = {
    "--device": "-s", "--output": "-o", "--out": "-o", "--jobs": "-j", "--quiet": "-q", "--verify": "--no-verify",
}  # fmt: skip


# The stages


class Phone(ScriptedDevice):
    """Keeps the commands it was given."""

    def __init__(self, serial: str) -> None:
        super().__init__(synthetic=serial == "synthetic")
        self.serial = serial
        self.commands: list[Sequence[str]] = []
        if serial == "hot":
            self.thermals = lambda _: Thermal(3, (Zone("cpu-1-7", "cpu", 90_000),))
        if serial == "other":
            self.itself = {"soc": "kirin"}

    def run(self, command: Sequence[str], *, timeout: float, cwd: str | None = None) -> Completed:
        self.commands.append(command)
        return super().run(command, timeout=timeout, cwd=cwd)


@pytest.fixture
def phones(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Instead of adb, phones made up by serial number; this machine stays what it is."""
    from edge.bench import benchmark
    from edge.bench.programs import find_runner as real
    from edge.device import discover
    from edge.device.host import HostDevice

    more: dict[str, Any] = {"asked": []}
    known: dict[str, Phone] = {}

    def open_device(spec: str | None = None, adb_server: str | None = None) -> list[Any]:
        more["asked"].append((spec, adb_server))
        if spec == "host":
            return discover.open_device(spec)
        more["device"] = known.setdefault(spec or "ab12", Phone(spec or "ab12"))
        return [more["device"]]

    monkeypatch.setattr(benchmark, "open_device", open_device)
    monkeypatch.setattr(
        benchmark, "find_runner", lambda device, *given, **how: real(device, *given, **how) if isinstance(device, HostDevice) else RUNNER
    )  # fmt: skip
    return more


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """What the rows name: files that are there before a command runs, made once."""
    place = tmp_path_factory.mktemp("kept")
    images, named, broken, empty = (place / name for name in ("images", "named", "broken", "empty"))
    pixels = np.random.default_rng(0).integers(0, 256, (3, 80, 80, 3), np.uint8)
    for folder, label in ((images, "0"), (named, "dog"), (broken, "0")):
        (folder / label).mkdir(parents=True)
        for number, one in enumerate(pixels):
            Image.fromarray(one).save(folder / label / f"{number}.png")
    (broken / "0" / "1.png").write_bytes(b"no image")
    (place / "red/0").mkdir(parents=True)
    Image.new("RGB", (80, 80), (255, 0, 0)).save(place / "red/0/0.png")
    empty.mkdir()
    (place / "listing.txt").write_text("0/0.png 1\n0/2.png 2\n")
    (place / "labels.txt").write_text("\n".join(["cat", "dog", "cow", "hen", "fox"]))
    make_checkout(place / "clas")
    (place / "checkpoint.pdparams").write_bytes(pickle.dumps({}))
    (place / "junk.pdparams").write_bytes(b"weights")
    (place / "net").mkdir()
    open_model(place / "net")
    (place / "damaged").mkdir()
    for number in (0, 1):
        shutil.copy(images / f"0/{number}.png", place / "damaged")
    (place / "damaged/1.png").write_bytes((place / "damaged/1.png").read_bytes()[:9000])
    samples = np.random.default_rng(1).normal(0, 1, (3, 3, 64, 64)).astype(np.float32)
    np.savez(place / "samples.npz", x=samples)
    np.savez(place / "others.npz", y=samples)
    np.savez(place / "same.npz", x=np.repeat(samples[:1], 3, axis=0))
    app = place / "App"
    (app / "app/src/main").mkdir(parents=True)
    (app / "app/build.gradle").touch()
    stock = place / "benchmark_bin"
    stock.write_text("#!/bin/sh\nexit 1\n")
    stock.chmod(0o755)
    shutil.copy(DATA / "tiny.nb", place / "bare.nb")
    shutil.copy(DATA / "tiny.nb", place / "MobileNetV1.nb")
    with Store(place / "results.db") as store:
        for serial, name, ms in (
            *(("ab12", "MobileNetV1", 30.0), ("cd34", "MobileNetV2", 30.0)),
            *(("ab12", "MobileNetV3", 60.0), ("ab12", "MobileNetV3", 65.0)),
        ):
            session = store.new_session(seed=1, device={**PHONE, "serial": serial, "soc": "kirin"})
            subject = replace(SUBJECT, name=name, sha256=sha256_of(name.encode()))
            cell = store.begin(session, subject=subject, threads=2, protocol=ROBUST, program=PROGRAM)
            for number in range(6):
                store.add_launch(cell, session, launch(number, ms, ms + 0.1))
            store.finish(cell, notes=[Code.OUTPUTS_DIFFER()])
        session = store.new_session(seed=1, device={**PHONE, "serial": "fast", "soc": "kirin"})
        known = replace(
            SUBJECT,
            name="known",
            sha256="1c" * 32,
            params=4_250_000,
            flops=578_880_000,
            metadata=network("MobileNetV1", "random"),
        )
        cell = store.begin(session, subject=known, threads=2, protocol=ROBUST, program=PROGRAM)
        for number in range(6):
            store.add_launch(cell, session, launch(number, 1.786))  # a tenth of the published latency
        store.finish(cell)
        store.accuracies.add(
            accuracy(
                subject=replace(
                    SUBJECT,
                    name="MobileNetV1",
                    weights="published",
                    params=4_250_000,
                    flops=578_880_000,
                    metadata=network("MobileNetV1", "published"),
                )
            )
        )
    shutil.copy(place / "results.db", place / "copy.db")
    with Store(place / "hurt.db") as store:
        store.begin(store.new_session(seed=1, device={}), subject=SUBJECT, threads=2, protocol=ROBUST, program=PROGRAM)
    return {
        "copy": place / "copy.db", "tiny": DATA / "tiny.nb", "bare": place / "bare.nb", "catalogue": place / "MobileNetV1.nb", "images": images, "named": named,
        "broken": broken, "empty": empty, "listing": place / "listing.txt", "labels": place / "labels.txt", "app": app,
        "others": place / "others.npz", "junk": place / "junk.pdparams", "damaged": place / "damaged", "red": place / "red", "grey": place / "grey", "checkpoint": place / "checkpoint.pdparams", "samples": place / "samples.npz", "same": place / "same.npz", "stock": stock, "db": place / "results.db", "hurt": place / "hurt.db", "net": place / "net",
        "x86": place / "bare.nb", "judged": DATA / "tiny.nb", "synthetic": place / "edgebench", "clas": place / "clas",
    }  # fmt: skip


@pytest.fixture(scope="module")
def made(kept: dict[str, Path]) -> dict[str, Path]:
    """Also what only engines and compilers make."""
    from edge.cli.main import run
    from edge.toolchain.engines import engine
    from edge.toolchain.environment import ensure
    from tests.android_runner.conftest import build

    place = kept["net"].parent
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EDGEZOO_CACHE_DIR", str(CACHE))
        convert(ensure(engine("paddlelite")), place, "x86")
        (place / "grey").mkdir()
        open_model(place / "grey", channels=1)
        (place / "two").mkdir()
        open_model(place / "two", reversed_too=True)
        (place / "grey/inference.yml").write_text(ONE_CHANNEL)
        for folder, name, shape in (
            *(("net", "net", "1,3,64,64"), ("net", "narrow", "1,3,64,3")),
            *(("grey", "grey", "1,1,64,64"), ("two", "two", "1,3,64,64")),
        ):
            own = ["--model-dir", str(place / folder), "--name", name, "--input-shape", shape]
            assert run(["convert", *own, "--target", "x86", "-o", str(place)]) == 0
        with_preprocessing(place / "net.nb", place / "cropped.nb", channels=3, crop=[60, 60])
        with_preprocessing(place / "grey.nb", place / "grey_x86.nb", channels=1, crop=[64, 64])
        program = build(kept["synthetic"], "--for", "host", "--engine", "synthetic")
    nets = {name: place / f"{name}.nb" for name in ("cropped", "grey_x86", "narrow", "two")}
    return {**kept, **nets, "synthetic": program, "x86": place / "tiny_x86.nb", "judged": place / "net.nb"}


ONE_CHANNEL = """
PreProcess:
  transform_ops:
  - ResizeImage: {resize_short: 72}
  - CropImage: {size: 64}
  - NormalizeImage: {scale: 1.0/255.0, mean: [0.5], std: [0.5]}
  - ToCHWImage:
"""


def with_preprocessing(model: Path, copy: Path, *, channels: int, crop: list[int]) -> None:
    """A copy whose metadata was edited by hand: RGB as bytes, the short side to 72."""
    shutil.copy(model, copy)
    document = json.loads(model.with_suffix(".json").read_text())
    how = {"resize_short": 72, "crop": crop, "scale": 1.0, "mean": [0.0] * channels, "std": [1.0] * channels,
           "channel_order": "RGB", "layout": "NCHW", "interpolation": "bilinear"}  # fmt: skip
    copy.with_suffix(".json").write_text(json.dumps(document | {"preprocessing": how}))


@contextmanager
def survey(monkeypatch: pytest.MonkeyPatch, more: dict[str, Any]) -> Iterator[None]:
    """All networks would take hours: this keeps what it was asked, and tells of a network that failed."""
    from edge.convert import coverage, engine_coverage

    def short(models: Sequence[Any], recipe: Any, weights: Any, **how: Any) -> list[CoverageRow]:
        more.update(models=models, recipe=recipe, weights=weights, **how)
        row = CoverageRow(
            (NAME,),
            "PPLCNet",
            NAME,
            (1, 3, 224, 224),
            "failed",
            "it died",
            "2.13rc0",
            "arm",
            None,
            None,
            None,
            (),
            {},
            {},
        )
        how["done"](row, False)
        return [row]

    def in_engines(models: Sequence[Any], weights: Any, **how: Any) -> list[EngineRow]:
        more.update(models=models, weights=weights, **how)
        return [EngineRow((NAME,), "paddle-lite", "2.13rc0", "verified", relative_error=1e-5)]

    monkeypatch.setattr(coverage, "survey", short)
    monkeypatch.setattr(engine_coverage, "survey_engines", in_engines)
    yield


@contextmanager
def overheard(monkeypatch: pytest.MonkeyPatch, more: dict[str, Any]) -> Iterator[None]:
    """Keeps what the engine got, and what it answered."""
    from edge.evaluate.network import Answers, HostNetwork, Tensors

    real = HostNetwork.classify

    def classify(network: HostNetwork, tensors: Tensors) -> Answers:
        answers = real(network, tensors)
        more.update(tensors=tensors, answers=answers)
        return answers

    monkeypatch.setattr(HostNetwork, "classify", classify)
    yield


@contextmanager
def counted_orders(monkeypatch: pytest.MonkeyPatch, more: dict[str, Any]) -> Iterator[None]:
    """Conversions that only count how many are under way at once."""
    import threading

    from edge.convert.products.nb import NbOrder
    from edge.errors import ConvertError

    lock, under_way = threading.Lock(), [0]
    more["at_once"] = 0

    def make(_: NbOrder, work: Any) -> Any:
        del work
        with lock:
            under_way[0] += 1
            more["at_once"] = max(more["at_once"], under_way[0])
        threading.Event().wait(0.02)
        with lock:
            under_way[0] -= 1
        raise ConvertError("only counted")

    monkeypatch.setattr(NbOrder, "make", make)
    yield


@pytest.fixture
def begin(
    kept: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, phones: dict[str, Any], capsys: Capture, request: Any
) -> Callable[[str], Made]:  # fmt: skip
    """Run a row's command line in an empty folder; commands joined by && one after another."""
    places = request.getfixturevalue("made") if "slow" in {mark.name for mark in request.node.iter_markers()} else kept
    count = 0

    def command(text: str) -> Made:
        nonlocal count
        count += 1
        folder = tmp_path / f"run{count}"
        folder.mkdir()
        monkeypatch.chdir(folder)
        with monkeypatch.context() as patch:
            for variable in ("EDGEZOO_DATA_DIR", "HOME", "ZDOTDIR", "XDG_DATA_HOME", "XDG_CONFIG_HOME"):
                patch.setenv(variable, str(folder / "data"))
            patch.setenv("EDGEZOO_CACHE_DIR", str(CACHE))
            phones["asked"], phones["ensured"] = [], []
            shutil.copytree(kept["app"], folder / "App")
            if text.startswith("coverage"):
                patch.setenv("EDGEZOO_CACHE_DIR", str(folder / "cache"))
                stage = survey(patch, phones)
            elif text.startswith("eval"):
                phones["tensors"] = phones["answers"] = None
                stage = overheard(patch, phones)
            elif " -j " in text:
                stage = counted_orders(patch, phones)
            else:
                stage = contextmanager(lambda: iter([None]))()
            with stage:
                if text.startswith("doctor --fix"):
                    from edge.toolchain import environment

                    patch.setattr(environment, "ensure", lambda engine, **_: phones["ensured"].append(engine.name))
                for one in text.split("&&"):
                    last = start(one, {**places, "app": folder / "App"}, capsys, dict(phones))
        last.more = {**phones, "app": any((folder / "App").rglob("model.nb"))}
        return last

    return command


def without(command: str, option: str, row: Effect) -> str:
    """The same without the option: what the row says, or with the option and its value cut out."""
    if row.without:
        return row.without
    words = row.given.split()
    typed = option if option in words else SHORT[option]
    place = len(words) - 1 - words[::-1].index(typed)  # the last one counts
    found = next(one for path, one in parameters(cli) if path == command and option in one.opts)
    del words[place : place + (1 if found.is_flag or (found.flag_value is not None and found.name == "form") else 2)]
    return " ".join(words)


def parameters(command: click.Command, path: str = "") -> Iterator[tuple[str, click.Option]]:
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            yield path, parameter
    if isinstance(command, click.Group):
        for name in command.list_commands(click.Context(command)):
            child = command.get_command(click.Context(command), name)
            assert child is not None
            yield from parameters(child, f"{path} {name}".strip())


ROWS = [
    pytest.param(command, option, row, id=f"{command} {option}: {row.given}", marks=[pytest.mark.slow] if row.slow else [])
    for command, options in TABLE.items()
    for option, rows in options.items()
    for row in rows
]  # fmt: skip


@pytest.mark.usefixtures("adb_server")
@pytest.mark.parametrize(("command", "option", "row"), ROWS)
def test_it_has_its_effect_or_is_refused(command: str, option: str, row: Row, begin: Callable[[str], Made]) -> None:
    made = begin(row.given)
    if isinstance(row, Refused):
        assert made.code != 0
        assert row.message in made.err + made.out
        assert "Traceback" not in made.err
        return
    assert row.seen(made) == row.value, made.err
    other = begin(without(command, option, row))
    try:
        seen = row.seen(other)
    except (KeyError, IndexError, TypeError, ValueError, AssertionError, sqlite3.Error):
        return  # there is nothing of the kind
    assert seen != row.value, f"{option} made no difference"
