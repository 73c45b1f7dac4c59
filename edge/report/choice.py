"""What `edgezoo choose` answers: a table, what is to be known of its numbers, and JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from edge.decide.answer import Answer
from edge.decide.choose import Choice
from edge.decide.measured import ENGINE, SD855
from edge.decide.number import Limit, Sourced
from edge.report.grid import Column, text
from edge.report.view import PLAIN, View

_UNITS = {"--max-ms": "ms", "--min-top1": "top-1", "--max-mb": "MB"}
_PARETO = {"yes": "*", "perhaps": "(*)", "no": ""}
_NUMBERS = (("Latency ms", 0, "ms"), ("Top-1", 0, "top1"), ("MB", 1, "mb"))


def render(answer: Answer, view: View = PLAIN) -> str:
    """The table of what fits, or of what is nearest; below it what its marks mean. It ends with a line break."""
    decision = answer.decision
    lines: list[str] = []
    if decision.fitting:
        lines += [_table(decision.fitting, view), ""]
    elif decision.nearest:
        lines += [view.paragraph(f"Nothing fits{_asked(answer)}. The nearest:"), "", _table(decision.nearest, view), ""]
    else:
        lines += [view.paragraph(f"Of no network the numbers asked for are known{_asked(answer)}.")]
    return "\n".join([*lines, *view.prose(_remarks(answer))]).rstrip() + "\n"


def as_dict(answer: Answer) -> dict[str, Any]:
    """The JSON object: what was asked, what fits, the nearest where nothing does, and what was left out."""
    asked, decision = answer.asked, answer.decision
    return {
        "asked": {
            **{limit.name.removeprefix("--").replace("-", "_"): limit.value for limit in asked.limits},
            "threads": asked.threads,
            "device": asked.device,
            "weights": asked.weights,
            "on": asked.on,
            "sources": list(asked.sources),
            "order": "fastest first" if asked.fastest_first else "most accurate first",
        },
        "fitting": [_choice(one) for one in decision.fitting],
        "nearest": [_choice(one) for one in decision.nearest],
        "latencies_by_source": answer.sources,
        "unknown": decision.unknown,
        "not_valid": answer.invalid,
    }


def _choice(one: Choice) -> dict[str, Any]:
    candidate = one.candidate
    return {
        "rank": one.rank,
        "tied": one.tied,
        "name": candidate.name,
        "catalogue": candidate.model is not None,
        "precision": candidate.precision,
        "engine": candidate.engine,
        "weights": candidate.weights,
        "pareto": one.pareto,
        "latency_ms": candidate.latency and asdict(candidate.latency),
        "top1": candidate.top1 and asdict(candidate.top1),
        "mb": candidate.mb and asdict(candidate.mb),
        "straddling": list(one.straddling),
        "missed": dict(one.missed),
    }


def _table(chosen: Sequence[Choice], view: View) -> str:
    ways = {(one.candidate.precision, one.candidate.engine) for one in chosen}
    precision = len(ways) > 1 or any(engine != ENGINE for _, engine in ways)
    columns = [Column("", rank=0, key="rank"), Column("Model", False, rank=0)]
    columns += [Column("Precision", False, rank=1)] * precision
    columns += [Column(title, False, rank, key) for title, rank, key in _NUMBERS]
    misses = any(one.missed for one in chosen)
    doubts = misses or any(one.straddling for one in chosen)
    columns += [Column("Misses by" if misses else "Beware", False, 0 if misses else 2, folds=True)] * doubts
    rows = []
    for one in chosen:
        candidate = one.candidate
        rank = f"{one.rank}{'=' if one.tied else ' '}{_PARETO[one.pareto]:<3}"
        engine = "" if candidate.engine == ENGINE else f" {candidate.engine}"
        row = [
            rank,
            candidate.name + ("" if candidate.model else " (own file)"),
            *[candidate.precision + engine] * precision,
        ]
        row += [
            _number(candidate.latency, 2),
            _number(candidate.top1, 4),
            _number(candidate.mb, 2),
        ]
        remark = [_missed(name, by) for name, by in one.missed] + [f"straddles {name}" for name in one.straddling]
        rows.append(row + ["; ".join(remark)] * doubts)
    return text(columns, rows, view)


def _number(of: Sourced | None, digits: int) -> str:
    if of is None:
        return "-"
    interval = f" ({of.low:.{digits}f} to {of.high:.{digits}f})" if of.low is not None and of.high is not None else ""
    doubtful = "?" if "doubtful" in of.note else ""
    return f"{of.value:6.{digits}f}{doubtful}{interval} {of.source}"


def _missed(name: str, by: float) -> str:
    return f"{by:.4f} {_UNITS[name]}" if name == "--min-top1" else f"{by:.2f} {_UNITS[name]}"


def _asked(answer: Answer) -> str:
    limits = " and ".join(_limit(limit) for limit in answer.asked.limits)
    return f" {limits}" if limits else ""


def _limit(limit: Limit) -> str:
    sign = "at most" if limit.most else "at least"
    return f"{sign} {limit.value:g} {_UNITS[limit.name]}"


def _remarks(answer: Answer) -> list[str]:
    asked, decision = answer.asked, answer.decision
    shown = [one.candidate for one in (*decision.fitting, *decision.nearest)]
    latencies = [one.latency for one in shown if one.latency is not None]
    lines = []
    if decision.fitting:
        order = "The fastest first" if asked.fastest_first else "The most accurate first"
        lines.append(f"{order}; * no other of these is both faster and more accurate" + _perhaps(decision.fitting))
        if any(one.tied for one in decision.fitting):
            lines.append("= of equal rank: their intervals do not tell them apart")
        if any(one.straddling for one in decision.fitting):
            lines.append("straddles: the number is within the limit or just beyond it, and its interval reaches across")
    sources = list(dict.fromkeys(one.source for one in latencies))
    threads = f"{asked.threads} thread{'s' * (asked.threads > 1)}"
    for source in sources:
        lines.append(_of_source(source, answer, threads))
    if len(sources) > 1:
        lines.append(f"Latencies of different sources stand side by side here: --source {sources[0]} shows one alone.")
    lines += [
        f"? {one.name}: {of.note}" for one in shown for of in (one.latency, one.top1) if of and "doubtful" in of.note
    ]
    if asked.on is not None:
        told = [one.top1.note for one in shown if one.top1]
        lines.append(
            f"Top-1 measured: {'; '.join(dict.fromkeys(told)) or 'of none of these'}; the interval is Wilson's, at 95 %."
        )
    if any(one.mb and one.mb.source == "converted" for one in shown):
        lines.append("MB converted: of the file that edgezoo makes for arm in float32.")
    if any(one.mb and one.mb.source == "published" for one in shown):
        lines.append("MB published: as printed by PaddleClas, MiB for most networks.")
    if decision.unknown:
        lines.append(
            f"Left out: {decision.unknown} networks of which the latency, or another number asked for, is not known."
        )
    if answer.invalid:
        lines.append(f"Left out: {answer.invalid} measurements that are not valid; `edgezoo results show ID` says why.")
    return lines


def _perhaps(chosen: Sequence[Choice]) -> str:
    return ", (*) one is, and their intervals overlap" if any(one.pareto == "perhaps" for one in chosen) else ""


def _of_source(source: str, answer: Answer, threads: str) -> str:
    asked = answer.asked
    where = "a Snapdragon 855" if asked.device == SD855 else asked.device
    if source == "measured":
        phones = "phones with a Snapdragon 855" if asked.device == SD855 else asked.device
        return f"measured: on {phones}, {threads}; the interval is of the median over launches."
    if source == "estimated":
        within = "the interval is what nine of ten such estimates were within (`edgezoo estimate --evaluate`)"
        return f"estimated, not measured: on {where}, {threads}, float32; {within}."
    return f"published: by PaddleClas, on {where}, {threads}, float32; means of one launch, without an interval."
