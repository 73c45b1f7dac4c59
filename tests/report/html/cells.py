"""Measurements of every kind that a report shows."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from edge.report.html.material import Material
from edge.results.measurement import Launch, Measurement, RunnerProgram, Subject
from edge.results.probes import ClockReading, Clocks, Probes, Usage
from edge.results.reasons import Code
from edge.results.sessions import SessionRecord
from tests.bench.examples import PHONE, SUBJECT, accuracy, launch, measurement, network

HOSTILE = "</script><script>document.title='taken'</script>\"'><img src=x onerror=alert(1)>\u202e\x00&amp;\n=1+1"
HOST: dict[str, Any] = {"serial": "host", "kind": "host", "model": "builder", "soc": "Xeon", "serialno": "5a"}
MOBILENET = replace(
    SUBJECT, name="MobileNetV1", sha256="11" * 32, bytes=16_900_000, weights="published", flops=578_880_000, params=4_250_000,
    metadata=network("MobileNetV1", "published"),
)  # fmt: skip
RANDOM = replace(
    SUBJECT, name="MobileNetV3_small_x0_35", sha256="22" * 32, bytes=6_862_446, flops=14_555_930, params=1_670_226,
    metadata=network("MobileNetV3_small_x0_35", "random"),
)  # fmt: skip
INT8 = replace(RANDOM, sha256="33" * 32, bytes=1_700_000, precision="int8")
ORT = {"engine": "onnxruntime", "engine_version": "1.23.2"}
LITE = {"engine": "paddle-lite", "engine_version": "v2.13-rc"}
LATER = 1.7e9 + 2 * 86_400
USAGE = Usage(1000.0, 990.0, 1, 990.0, 1, (7,), None)


def _state(celsius: float) -> dict[str, Any]:
    zones = [{"name": "cpu-1", "kind": "cpu", "millicelsius": int(celsius * 1000)}]
    return {"before": {"zones": zones}, "after": {"zones": [{**zones[0], "millicelsius": int(celsius * 1000) + 1500}]}}


def launches(at: float, count: int = 6, begin: float = 1.7e9, **facts: Any) -> list[Launch]:
    """Of 30 runs each, with a clock and a temperature."""
    clocks = Clocks((ClockReading(7, 2_800_000_000),), (ClockReading(7, 2_790_000_000, 15),), (ClockReading(7, None),))
    made = []
    for number in range(count):
        samples = [at * (1 + 0.01 * ((7 * number + 3 * run) % 11)) for run in range(30)]
        one = launch(
            number, *samples, probes=Probes(USAGE, USAGE, clocks), state=_state(40 + number), **{**LITE, **facts}
        )
        made.append(replace(one, started=begin + 3 * number))
    return made


def cell(id: int, subject: Subject, at: float, *, begin: float = 1.7e9, **changes: Any) -> Measurement:
    """Six launches near `at` ms; `engine` as `ORT`."""
    engine = changes.pop("engine", LITE)
    made = launches(at, begin=begin, **engine)
    return measurement(*made, subject=subject, started=begin, **{"id": id, "session": 1, **changes})


JUDGED = accuracy(bytes([2] * 70 + [1] * 20 + [0] * 10))  # as the store gives it to every cell of that file
X86 = RunnerProgram("lite_bench", "ee" * 32, threads_honoured=False)
MEASURED = (
    cell(1, MOBILENET, 31.0),
    cell(2, MOBILENET, 18.0, threads=2),
    cell(3, RANDOM, 2.4, accuracy=JUDGED),
    cell(4, RANDOM, 1.9, threads=2, reasons=(Code.THERMAL_STATUS_ROSE(before="NONE", after="LIGHT"),)),
    cell(5, INT8, 1.5, accuracy=accuracy(bytes([2] * 60 + [1] * 20 + [0] * 20))),
    cell(6, RANDOM, 2.5, session=2, begin=1.7e9 + 86_400, labels=("after",), accuracy=JUDGED),
    cell(7, RANDOM, 4.0, session=3, device=HOST, program=X86, begin=LATER),
    cell(8, RANDOM, 1.2, session=3, device=HOST, program=X86, engine=ORT, begin=LATER),
    measurement(id=9, session=3, subject=MOBILENET, device=HOST, status="failed", error="it died", started=LATER),
    cell(10, MOBILENET, 0.1, session=3, device=PHONE, engine={**LITE, "synthetic": True}, begin=LATER),
)
RECORDS = {number: SessionRecord(number, 1.7e9, 40 + number, "0.1.0") for number in (1, 2, 3)}
MATERIAL = Material(MEASURED, RECORDS, "all there are")
HOSTILE_CELL = replace(
    cell(66, replace(RANDOM, name=HOSTILE, metadata={"model": {"name": HOSTILE}}, weights="own"), 3.0, begin=LATER),
    labels=(HOSTILE,),
    device={**PHONE, "serial": HOSTILE, "model": HOSTILE, "soc_model": HOSTILE, "build": HOSTILE},
    reasons=(Code.OTHER(text=HOSTILE),),
)  # fmt: skip
