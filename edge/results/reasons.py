"""Everything that can be said of a measurement beside its numbers: a code, a sentence with blanks, and what to do.

A measurement keeps the code and what fills the blanks (`Remark`); every view makes the words from them. A new remark is
one more line in `Code`: its value is what the database holds, so it is never changed or used again.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from edge.errors import FormatError
from edge.typed import decode

Value = str | int | float | bool | None


class Code(Enum):
    """`value` is the code as it is stored, `template` the sentence (str.format), `advice` what to do about it."""

    template: str
    advice: str

    def __new__(cls, value: str, template: str, advice: str = "") -> Code:
        member = object.__new__(cls)
        member._value_ = value
        member.template, member.advice = template, advice
        return member

    def __call__(self, **parameters: Value) -> Remark:
        """The remark with its blanks filled."""
        return Remark(self.value, tuple(sorted(parameters.items())))

    # what was said in words only, before there were codes
    OTHER = "other", "{text}"
    # the device's temperature, and the clocks it allows
    MEASURED_HOT = "measured_hot", "measured hot: {why}", "let the device cool, or give it longer with --cool-limit"
    THERMAL_STATUS_UNKNOWN = "thermal_status_unknown", "thermal status unknown"
    CPU_TEMPERATURE_UNKNOWN = "cpu_temperature_unknown", "CPU temperature unknown"
    THERMAL_STATUS = "thermal_status", "thermal status {name} ({status})", "let the device cool"
    ABOVE_COOLEST = (
        "above_coolest",
        "{zone} at {celsius:.1f} °C, {above:.1f} °C above its coolest",
        "let the device cool",
    )
    COOLS_NO_FURTHER = "cools_no_further", "it cools no further: {why}"
    BATTERY_LOW = "battery_low", "the battery was at {percent} %: the system may save power", "charge it"
    BATTERY_CHARGING = "battery_charging", "the battery was charging, which warms it"
    BATTERY_SAVER = "battery_saver", "battery saver was on: the system lowers its clocks", "switch battery saver off"
    SCREEN_ON = "screen_on", "the screen was on"
    GOVERNOR_LEFT = (
        "governor_left",
        "its clocks were left to the governor {governor}, for it could not be set to performance",
        "let sudo set it without a password: the how-to page of boards has the line",
    )
    GOVERNOR_CHANGED = (
        "governor_changed",
        "its cores were under the governor {governor} where {wanted} had been set",
        "see what else sets governors there (tuned, power-profiles-daemon, cpufrequtils), and measure again",
    )
    GOVERNOR_UNKNOWN = (
        "governor_unknown",
        "its governor could be neither read nor set: what held its clocks is not known",
    )
    THERMAL_STATUS_ROSE = (
        "thermal_status_rose",
        "thermal status rose from {before} to {after}",
        "let the device cool; out of its case, away from the charger",
    )
    BOARD_LIMITED = (
        "board_limited",
        "the board's firmware held its clocks down: {what}",
        "cool the board: a heat sink, a fan, out of its case",
    )
    UNDER_VOLTAGE = (
        "under_voltage",
        "under-voltage: the board's power supply was too weak, and its firmware may have held the clocks down ({what})",
        "a stronger power supply, and a shorter cable: no waiting helps",
    )
    CORE_LIMITED = (
        "core_limited",
        "core {core} was limited to {allowed_ghz:.2f} of {top_ghz:.2f} GHz",
        "let the device cool, and end what saves its battery",
    )
    CORE_WENT_OFFLINE = "core_went_offline", "core {core} went offline", "measure again"
    BELOW_TOP_FREQUENCY = (
        "below_top_frequency",
        "its cores ran below their highest frequency for {share:.0%} of the time",
        "let the device cool, and close other apps",
    )
    # what the program's probes saw
    LOAD_ON_CORES = (
        "load_on_cores",
        "other work had its cores for more than {share:.0%} of the time",
        "end what else runs there, and measure again",
    )
    THREADS_OVER_CORES = (
        "threads_over_cores",
        "more threads ({threads}) than cores ({cores}): they waited for one another",
        "ask for fewer --threads, or more --cores",
    )
    CLOCK_LOW = (
        "clock_low",
        "core {core} ran at {ghz:.1f} GHz where {expected_ghz:.1f} GHz were expected",
        "let the device cool, and measure again",
    )
    CORES_LOST = "cores_lost", "{cores} could not be had", "measure again, or name other --cores"
    RAN_ELSEWHERE = "ran_elsewhere", "it ran on {cores}, not only on {asked}", "measure again, or name other --cores"
    THREAD_UNBOUND = "thread_unbound", "a thread of it was not bound to {asked}", "measure again"
    OUTPUTS_CHANGED = (
        "outputs_changed",
        "its outputs changed between the first and the last run",
        "measure again with --check-output",
    )
    WARM_UP_UNSETTLED = "warm_up_unsettled", "the warm-up ended at its limit while the runs still became faster"
    FEWER_RUNS = "fewer_runs", "fewer than {repeats} runs a launch: they take long"
    # its launches
    SLOWER_WITHIN_LAUNCH = (
        "slower_within_launch",
        "runs became {slowdown:.0%} slower within a launch (last third to first third)",
        "let the device cool, and measure again",
    )
    STRETCH = (
        "stretch",
        "a stretch of {count} launches ran {pace} than the rest of the session",
        "let the device cool, end what else runs there, and measure again",
    )
    CLOCK_BELOW_BEST = (
        "clock_below_best",
        "core {core} ran at {ghz:.2f} GHz, in other launches at {best_ghz:.2f} GHz",
        "let the device cool, and measure again",
    )
    SHORT_OF_CPU = (
        "short_of_cpu",
        "it had {share:.0%} less CPU time than its cell's best launches",
        "end what else runs there, and measure again",
    )
    STARTED_AGAIN = "started_again", "{ending}, and was started again"
    SET_ASIDE = "set_aside", "{count} of {launches} launches are set aside and were made again: {why}"
    NOT_LOOKED_AT = (
        "not_looked_at",
        "its session ended before it was looked at as a whole",
        "measure again with --fresh",
    )
    EARLIER_SESSIONS = (
        "earlier_sessions",
        "{earlier} of {launches} launches are from earlier sessions: the interval spans sessions",
    )
    TWO_GROUPS = (
        "two_groups",
        "its launches fall in two groups, {lows} near {low:.2f} ms and {highs} near {high:.2f} ms, as on two clocks: the"
        " median and its interval tell of neither",
    )
    NEIGHBOURS_ALIKE = (
        "neighbours_alike",
        "neighbouring launches are alike (correlation {correlation:.1f}): the interval is too narrow",
    )
    SESSION_NEIGHBOURS_ALIKE = (
        "session_neighbours_alike",
        "neighbouring launches of the session are alike (correlation {correlation:.1f}), whatever network they ran: the"
        " intervals may be too narrow",
    )
    OUTPUTS_DIFFER = "outputs_differ", "the outputs differ between launches", "measure again with --check-output"
    TOLERANCE_UNSHOWN = (
        "tolerance_unshown",
        "its launches do not show that the median holds within ±{tolerance:.1%}",
        "measure with more --launches, on a quieter device",
    )
    # a sustained measurement
    SUSTAINED = "sustained", "steady {steady_ms:.3f} ms, {ratio:.3f} times the {first_ms:.3f} ms of its start"
    STILL_CHANGING = (
        "still_changing",
        "it was still changing at its end, by {change:.1%}: there is no steady value yet",
        "measure for longer",
    )
    CUT_SHORT = "cut_short", "ended on request after {seconds:.0f} of {wanted:.0f} s", "run it again"
    # the engine, and what it computed
    THREADS_TRUNCATED = (
        "threads_truncated",
        "the engine ran {ran} threads instead of {asked}: there are no more {kind} cores",
        "ask for fewer --threads, or another --power-mode",
    )
    CORE_OFFLINE = "core_offline", "core {core} was offline, so the engine did not bind its threads", "measure again"
    CORES_OFFLINE = "cores_offline", "some cores were offline, so the engine did not bind its threads", "measure again"
    BINDING_FAILED = "binding_failed", "the engine could not bind its threads to core {core}", "name other --cores"
    OTHER_CORES = "other_cores", "the device has no cores for power mode {mode}: the {kind} ones ran"
    VERSION_MISMATCH = (
        "version_mismatch",
        "the model was converted by opt {opt}, the engine is {engine}: an older engine may misread it",
        "convert it with the engine's version",
    )
    OUTPUT_WRONG = "output_wrong", "{sentence}", "convert the model again, with another engine version or precision"
    OUTPUT_CHECKED = "output_checked", "{sentence}"
    # what the status and the engine mean for every reader
    FAILED = "failed", "failed: {error}"
    UNFINISHED = "unfinished", "unfinished: {launches} launches so far, run it again to go on"
    SYNTHETIC = (
        "synthetic",
        "synthetic engine: no measurement of the network",
        "build the program with an engine: edgezoo runner build (for a board: --for linux-arm64)",
    )
    THREADS_IGNORED = (
        "threads_ignored",
        "the x86 kernels of Paddle-Lite use one thread whatever is asked: the thread counts differ by noise only",
    )
    OTHER_PRECISION = (
        "other_precision",
        "the engine computes in {ran}, not in {asked}",
        "measure it on a processor, or with a version, that keeps to it",
    )
    THREADS_IDLE = "threads_idle", "of {asked} threads {busy} computed"
    THREADS_MORE = "threads_more", "{busy} threads computed, {asked} were asked for"
    SEVERAL_SESSIONS = "several_sessions", "its launches are from {sessions} sessions"
    UNKNOWN_PROTOCOL = "unknown_protocol", "measured by a protocol that has other parameters, too: {parameters}"


_CODES = {code.value: code for code in Code}


@dataclass(frozen=True, slots=True)
class Remark:
    """A code with what fills its blanks, by name. `str` gives the sentence.

    `launches`: in how many of a cell's launches it was seen, and of how many; None where it is of the whole.
    """

    code: str
    parameters: tuple[tuple[str, Value], ...] = ()
    launches: tuple[int, int] | None = None

    def __str__(self) -> str:
        return self.text + (f" (in {self.launches[0]} of {self.launches[1]} launches)" if self.launches else "")

    @property
    def text(self) -> str:
        """The sentence without the count of launches; of a code that is not known here, the code and its values."""
        code, values = _CODES.get(self.code), dict(self.parameters)
        if code is not None:
            try:
                return code.template.format(**values)
            except (KeyError, ValueError, IndexError, TypeError):
                pass  # a later edgezoo fills it otherwise
        return self.code + "".join(f", {name} {value}" for name, value in self.parameters)

    @property
    def advice(self) -> str:
        """What to do about it; empty where there is nothing to do."""
        code = _CODES.get(self.code)
        return code.advice if code else ""

    def as_json(self) -> dict[str, Any]:
        """For programs: the code, its values, the sentence and the advice."""
        found: dict[str, Any] = {"code": self.code, "text": str(self), "parameters": dict(self.parameters)}
        if self.launches:
            found["launches"] = list(self.launches)
        return found | ({"advice": self.advice} if self.advice else {})


def over_launches(remarks: Sequence[Iterable[Remark]]) -> list[Remark]:
    """The remarks of each launch as remarks of the cell: each once, with the number of launches it was made of."""
    found = dict.fromkeys(one for launch in remarks for one in launch)
    return [Remark(one.code, one.parameters, (sum(one in launch for launch in remarks), len(remarks))) for one in found]


def dump(remarks: Iterable[Remark]) -> str:
    """As the database holds them."""
    stored = to_store(remarks)
    return json.dumps(stored, ensure_ascii=False, allow_nan=False) if stored else "[]"


def to_store(remarks: Iterable[Remark]) -> list[dict[str, Any]]:
    """As JSON values, inside what else the database holds."""
    return [{"code": one.code, "parameters": dict(one.parameters)} | _counted(one) for one in remarks]


def load(text: str) -> tuple[Remark, ...]:
    """What `dump` wrote. Raises `ValueError` for anything else."""
    if text == "[]":
        return ()
    try:
        return from_store(decode(text, list[Any], "it"))
    except FormatError as error:
        raise ValueError(error.message) from error


def from_store(stored: object) -> tuple[Remark, ...]:
    """What `to_store` made. Raises `ValueError` for anything else."""
    if not isinstance(stored, list) or not all(isinstance(one, dict) for one in stored):
        raise ValueError("its remarks are no list of remarks")
    return tuple(_remark(one) for one in stored)


def _counted(one: Remark) -> dict[str, Any]:
    return {"launches": list(one.launches)} if one.launches else {}


def _remark(stored: Mapping[str, Any]) -> Remark:
    code, parameters, launches = stored.get("code"), stored.get("parameters", {}), stored.get("launches")
    if not isinstance(code, str) or not isinstance(parameters, dict):
        raise ValueError("a remark has no code, or its values have no names")
    if not all(value is None or isinstance(value, (str, int, float)) for value in parameters.values()):
        raise ValueError(f"the remark {code} has a value that is none")
    if launches is not None and not (
        isinstance(launches, list) and len(launches) == 2 and all(isinstance(number, int) for number in launches)
    ):
        raise ValueError(f"the remark {code} does not say of how many launches it is")
    return Remark(code, tuple(sorted(parameters.items())), tuple(launches) if launches else None)
