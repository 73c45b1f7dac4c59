"""What networks compute on devices, beside Paddle: a part of docs/reference/engines.md, of what `bench --check-output` kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from edge.report import facts
from edge.report.grid import Column, markdown
from edge.results.beside import Networks, Place, measured_as_published
from edge.results.measurement import Measurement
from edge.results.reasons import Code
from edge.results.store import Store
from edge.results.versions import engine_named

_COLUMNS = (
    Column("Network", number=False), Column("Outputs", number=False), Column("Inputs"), Column("Cosine"),
    Column("Largest error"), Column("Relative error"), Column("Remark", number=False),
)  # fmt: skip
_UNSAID = "-"


def section(networks: Sequence[str], measured: Mapping[Place, Measurement]) -> list[str]:
    """A table for each engine that ran on a device: a row for each of the `networks`, also of those that it did not run."""
    lines: list[str] = []
    for engine in dict.fromkeys(engine for _, engine in measured):
        mine = {name: cell for (name, ran), cell in measured.items() if ran == engine}
        rows = [_row(name, mine.get(name)) for name in networks]
        lines += ["", *_head(rows, list(mine.values())), markdown(_COLUMNS, rows)]
    return lines


def _head(rows: Sequence[Sequence[str]], cells: Sequence[Measurement]) -> list[str]:
    same = sum(row[1] == "Paddle's" for row in rows)
    proofs = [proof for cell in cells if (proof := facts.proof(cell)) is not None]
    right = [proof for proof in proofs if proof.passed]
    samples = " --inputs SAMPLES.npz" if any(proof.samples_sha256 for proof in proofs) else ""
    errors = [proof.relative_error for proof in right if proof.relative_error is not None]
    worst = f"; their largest relative error is {max(errors):.1e}" if errors else ""
    engines = " and ".join(dict.fromkeys(engine_named(*cell.engine) for cell in cells))
    devices = " and ".join(dict.fromkeys(map(_device, cells)))
    return [
        f"## On a device: {engines}",
        "",
        f"Outputs on {devices} beside Paddle's, for the same inputs, by the judge "
        f"and the limits of `edgezoo convert`: {same} of {len(rows)} networks compute what Paddle computes{worst}. Made by",
        "```",
        "edgezoo bench --light --weights random -s SERIAL --engine onnxruntime --threads 1 --check-output" + samples,
        "edgezoo coverage --light --engines --markdown -o docs/reference/engines.md",
        "```",
        "What a device got right is not compared again.",
        "",
    ]


def _row(name: str, cell: Measurement | None) -> list[str]:
    if cell is None:
        return [name, "not compared", *[_UNSAID] * 4, "not measured there"]
    proof = facts.proof(cell)
    if proof is None:
        told = [str(one) for one in cell.remarks if one.code == Code.OUTPUT_CHECKED.value]
        return [name, "not compared", *[_UNSAID] * 4, "; ".join(told)]
    figures = (
        _UNSAID if proof.cosine is None else f"{proof.cosine:.6f}",
        *(_UNSAID if value is None else f"{value:.1e}" for value in (proof.max_abs_error, proof.relative_error)),
    )
    remark = "" if proof.passed else proof.sentence
    return [name, "Paddle's" if proof.passed else "differ", str(proof.inputs), *figures, remark]


def latest_on_devices(db: Path, networks: Networks) -> dict[Place, Measurement]:
    """The newest measurement on a device of each such network in each engine whose outputs were compared with Paddle's there.

    Where none were compared, the newest. Raises `ResultsError`.
    """
    found: dict[Place, Measurement] = {}
    with Store(db, create=False) as store:
        for name, one in reversed(measured_as_published(store, networks)):
            if one.device.kind == "host" or one.synthetic or not one.engine:
                continue
            known = found.get((name, one.engine))
            if known is None or (facts.proof(known) is None and facts.proof(store.get(one.id)) is not None):
                found[name, one.engine] = store.get(one.id)
    return found


def _device(cell: Measurement) -> str:
    """What it says it is, and what was said of the measurement since."""
    device = cell.device
    named = " ".join(str(device[key]) for key in ("manufacturer", "model") if device.get(key)) or str(
        device.get("kind")
    )
    chip = cell.identity.soc
    return named + (f", {chip}" if chip else "") + "".join(f" ({label})" for label in cell.labels)
