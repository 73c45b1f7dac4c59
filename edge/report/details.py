"""Everything that is known of one cell, for a terminal."""

from __future__ import annotations

import time
from collections.abc import Sequence

from edge.report import facts
from edge.report.grid import Column, text
from edge.report.identity import parameters, shapes
from edge.report.sustained import windows
from edge.report.view import PLAIN, View
from edge.results import words
from edge.results.measurement import Measurement
from edge.results.pooling import pool, same_cell
from edge.results.statistics import SLOW
from edge.results.versions import engine_named


def render(measurement: Measurement, others: Sequence[Measurement] = (), view: View = PLAIN) -> str:
    """Facts, statistics, remarks, and a table of the launches; `others`: more measurements, from which those of the same
    cell in other sessions are pooled with it.
    """
    told = [(label, value) for label, value in _facts(measurement) if value is not None]
    if pooled := pool([one for one in others if same_cell(one, measurement)]):
        told.append(("All sessions", pooled.sentence))
    lines = [view.pairs(told, least=14)]
    remarks = words.remarks(measurement)
    if remarks:
        lines += ["", *view.prose([*remarks, *(f"What to do: {advice}." for advice in _advice(measurement))])]
    if measurement.launches:
        lines += ["", windows(measurement, view) or _launches(measurement, view)]
    return "\n".join(lines) + "\n"


def _advice(one: Measurement) -> list[str]:
    """What can be done about what makes it invalid, each once."""
    return [advice for advice in dict.fromkeys(reason.advice for reason in one.reasons) if advice]


def _facts(one: Measurement) -> list[tuple[str, str | None]]:
    subject, statistics = one.subject, one.statistics
    published = facts.published(subject)
    ratio = facts.ratio_to_published(one)
    reference = published.sd855_ms.get(one.threads) if published else None
    found: list[tuple[str, str | None]] = [
        ("Measurement", f"{one.id}, session {one.session}, {time.strftime('%Y-%m-%d %H:%M', time.localtime(one.started))}"),
        ("Status", one.status if one.status != "measured" else "valid" if one.valid else "not valid"),
        ("Labels", ", ".join(one.labels) or None),
        ("Model", f"{subject.name}, weights {subject.weights or 'unknown'}"),
        ("File", f"{subject.bytes} bytes ({subject.bytes / 2**20:.2f} MiB), sha256 {subject.sha256}"),
        ("Format", f"{subject.precision or 'unknown'}, {facts.maker(subject)}"),
        ("Proven", facts.verified(subject)),
        ("Inputs", f"{shapes(subject.shapes)}, {one.protocol.input}"),
        ("Device", facts.device_line(one.device)),
        ("System", one.identity.build),
        ("Program", f"{one.program.name}, sha256 {one.program.sha256}"),
        ("Engine", engine_named(*one.engine) or None),
        ("Threads", str(one.threads)),
        ("Protocol", f"{one.protocol.name}: {parameters(one.protocol)}"),
    ]  # fmt: skip
    if one.launches:
        found.append(("Launches", words.launches(len(one.counted), len(one.launches)) + _aside(one)))
    if statistics is not None:
        interval = statistics.interval
        level = interval.level_text if interval else ""
        of = "within this session" if one.sessions == 1 else f"over launches of {one.sessions} sessions"
        ci = f" ({level} interval {interval.low:.3f} to {interval.high:.3f}, {of})" if interval else ""
        p99 = "" if statistics.p99 is None else f", p99 {statistics.p99:.3f}"
        found += [
            ("Median", f"{statistics.median:.3f} ms{ci}"),
            ("Mean", f"{statistics.mean:.3f} ms, coefficient of variation {statistics.cv:.1%}"),
            (
                "Range",
                f"{statistics.min:.3f} to {statistics.max:.3f} ms, p10 {statistics.p10:.3f}, p90 {statistics.p90:.3f}{p99}",
            ),
            ("Slow runs", f"{statistics.slow_share:.1%} took more than {SLOW:g} times their launch's median"),
            ("MAD", f"{statistics.mad:.3f} ms, {statistics.outliers} outliers of {statistics.runs} runs, all kept"),
        ]
        if statistics.bimodal_launches:
            found.append(("Two groups", f"of runs in {statistics.bimodal_launches} of {statistics.launches} launches"))
    elif one.headline_ms is not None:
        found.append(("Mean", f"{one.headline_ms:.3f} ms (the program tells no samples)"))
    if one.accuracy is not None:
        top1 = one.accuracy.top1
        found.append(
            ("Top-1", f"{top1.value:.2%} (95 % interval {top1.low:.2%} to {top1.high:.2%}), {one.accuracy.words}")
        )
    if reference is not None:
        found.append(
            ("Published", f"{reference:.2f} ms on a Snapdragon 855" + (f", ratio {ratio:.2f}" if ratio else ""))
        )
        found += [("Doubtful", doubt.reason) for doubt in facts.doubts(subject, f"sd855_{one.threads}")]
    found += [("Not published", reason) for reason in facts.proven(subject).reasons]
    return found


def _aside(one: Measurement) -> str:
    """Which launches make no number."""
    numbers = [str(launch.number + 1) for launch in one.launches if launch not in one.counted]
    return f" make the numbers; set aside: {', '.join(numbers)}" if numbers else ""


def _launches(one: Measurement, view: View) -> str:
    columns = [Column("Launch", rank=0), Column("Runs", rank=1), Column("ms", rank=0)]
    columns += [Column(title, rank=2) for title in ("Load ms", "First run ms", "Peak MiB", "Seconds")]
    rows = [
        [
            str(launch.number + 1),
            str(len(launch.samples_ms) or (launch.extremes.runs if launch.extremes else 0)),
            f"{launch.level_ms:.3f}",
            _number(launch.load_ms),
            _number(launch.first_run_ms),
            _number(launch.peak_rss_bytes and launch.peak_rss_bytes / 2**20),
            _number(launch.seconds),
        ]
        for launch in one.launches
    ]
    return text(columns, rows, view)


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"
