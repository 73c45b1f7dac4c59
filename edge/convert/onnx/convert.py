"""The middle of the ONNX pipeline: an inference model in, an entry of the store with a checked `model.onnx` out."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edge.cache.hashing import sha256_of
from edge.cache.store import Cache, CacheEntry
from edge.convert.onnx.recipe import OPEN_BATCH, OnnxRecipe
from edge.convert.onnx.verify import OnnxVerification, Reference, RuntimeDiedError, unusable
from edge.convert.output import NOTHING_WRITTEN
from edge.convert.verify.asked import NOTHING_ASKED, InputsAsked
from edge.errors import ConvertError, ProgramError, VerificationError, WorkerCrashedError, WorkerError
from edge.paddle.program import Program
from edge.source.model import InferenceModel
from edge.toolchain.answers import Exported
from edge.toolchain.toolbox import Toolbox
from edge.zoo.model import Preprocessing

_TIMEOUT = 1800.0  # seconds; light networks take a few, the catalogue's largest minutes
_LARGEST = 2**31 - 2**20  # bytes: protobuf ends at 2 GiB, and the graph needs some of it besides the parameters
_NEEDS_OPSET = re.compile(r"Due to the operator: (\w+), requires opset_version >= (\d+)")
_UNSUPPORTED = re.compile(r"operators not supported yet, including ([\w, ]*\w)")

Description = Mapping[str, Any]  # what onnx_worker says of a file


@dataclass(frozen=True, slots=True)
class Task:
    """What is to be converted, the shapes of its inputs (N, C, H, W for images), and what it is to be verified with."""

    source: InferenceModel
    program: Program
    shapes: Sequence[tuple[int, ...]]
    recipe: OnnxRecipe
    verify: bool = True
    asked: InputsAsked = NOTHING_ASKED
    preprocessing: Preprocessing | None = None


def convert(task: Task, tools: Toolbox, store: Cache, key: str) -> CacheEntry:
    """Convert, check, simplify, compare with Paddle, unless the store has the result.

    Raises `ConvertError` where paddle2onnx or onnx.checker refuses, `VerificationError` where the file computes something
    else than Paddle, or a `ToolchainError`. A simplification that is no good is left out, and `simplification` in the
    entry's facts says why.
    """
    if entry := store.get(key, content=True):
        return entry
    with store.making(key) as part:
        return store.get(key, content=True) or _make(task, tools, store, key, part)


def _make(task: Task, tools: Toolbox, store: Cache, key: str, part: Path) -> CacheEntry:
    raw, plain, simple = part / "raw.onnx", part / "plain.onnx", part / "simple.onnx"
    ends = _ends(task)
    exporter = _export(task.source, task.recipe, tools, raw)
    try:
        with tools.lend("onnx") as worker:
            before = worker.call("finish", timeout=_TIMEOUT, model=str(raw), out=str(plain), shapes=ends)
            versions = {"paddle2onnx": exporter, **{k: worker.info[k] for k in ("onnx", "onnxsim", "onnxruntime")}}
    except WorkerError as error:
        raise ConvertError(f"the ONNX file of {task.source.program} is not valid: {error.message}") from error
    problem = before.pop("problem")
    if problem is not None and not task.verify:
        raise ConvertError(
            f"the ONNX file of {task.source.program} is not valid: {problem}",
            hint="without --no-verify ONNX Runtime judges: it may run it all the same",
        )
    after, refused = _simplify(tools, plain, simple, before)
    verification: dict[str, Any] = {"status": "skipped", "reason": "--no-verify"}
    if task.verify:
        (part / "scratch").mkdir()
        reference = Reference(
            task.source,
            task.program,
            task.shapes,
            part / "scratch",
            lambda: tools.lend(task.source.reference_engine),
            dynamic=task.recipe.batch == "dynamic",
            asked=task.asked,
            preprocessing=task.preprocessing,
        )
        plain_outcome, simple_outcome = _verify(reference, tools, plain, simple if refused is None else None)
        if simple_outcome is not None and (why := simple_outcome.problem or _less(plain_outcome, simple_outcome)):
            refused, simple_outcome = f"afterwards, {why}", None
        verification = (simple_outcome or plain_outcome).as_metadata(f"onnxruntime {versions['onnxruntime']}")
        verification["before_simplification"] = plain_outcome.figures()
        if problem is not None:
            said = f"onnx.checker says against it: {problem}"
            verification["reason"] = "; ".join(one for one in (verification["reason"], said) if one)
    chosen, described = (simple, after) if refused is None else (plain, before)
    assert described is not None
    chosen.replace(part / "model.onnx")
    shutil.rmtree(part / "scratch", ignore_errors=True)
    for left in [path for path in part.iterdir() if path.name != "model.onnx"]:
        left.unlink()
    made = part / "model.onnx"
    facts = {
        "sha256": sha256_of(made),
        "bytes": made.stat().st_size,
        **described,
        "simplification": {"done": refused is None, "reason": refused, "nodes_before": before["nodes"]},
        "versions": versions,
        "verification": verification,
    }
    return store.put(key, part, facts)


def _export(source: InferenceModel, recipe: OnnxRecipe, tools: Toolbox, out: Path) -> str:
    """Run paddle2onnx; returns its version."""
    if source.params.stat().st_size > _LARGEST:
        raise ConvertError(
            f"{source.params} has {source.params.stat().st_size / 2**30:.1f} GiB of parameters; an ONNX file ends at 2 GiB"
        )
    try:
        with tools.lend("paddle") as worker:
            answer = worker.ask(
                Exported,
                "to_onnx",
                timeout=_TIMEOUT,
                program=str(source.program),
                params=str(source.params),
                out=str(out),
                opset=recipe.opset,
            )
    except WorkerError as error:
        raise explain(error, recipe.opset) from error
    return answer.paddle2onnx


def explain(error: WorkerError, opset: int) -> ConvertError:
    """What paddle2onnx printed before it gave up, as one sentence."""
    if needs := _NEEDS_OPSET.findall(error.log):
        operator, least = max(needs, key=lambda need: int(need[1]))  # one line an operator
        return ConvertError(
            f"the operator {operator} needs opset {least}, not {opset}", hint=f"--opset {least} or later"
        )
    if unsupported := _UNSUPPORTED.search(error.log):
        return ConvertError(f"paddle2onnx cannot translate the operators {', '.join(unsupported[1].split(','))}")
    how = error.message if isinstance(error, WorkerCrashedError) else f"paddle2onnx: {error.message}"
    return ConvertError(f"no ONNX file could be made: {how}", hint=error.hint)


def _ends(task: Task) -> dict[str, list[int | str | None]]:
    """The shapes of inputs and outputs as they shall stand in the file; None where ONNX's inference has to say.

    Raises `ProgramError`: a fixed batch cannot be opened.
    """
    batch: str | None = OPEN_BATCH if task.recipe.batch == "dynamic" else None
    ends: dict[str, list[int | str | None]] = {}
    for spec in task.program.fetches:
        sizes: list[int | str | None] = [None if size < 0 else size for size in spec.shape]
        ends[spec.name] = [batch, *sizes[1:]] if sizes[:1] == [None] else sizes
    for spec, shape in zip(task.program.feeds, task.shapes, strict=True):
        ends[spec.name] = list(shape)
        if batch is not None:
            if spec.shape[:1] != (-1,):
                raise ProgramError(
                    f"the batch of input {spec.name} is fixed in the model: {list(spec.shape)}",
                    hint="export the model with an open batch (-1), or convert with --batch fixed",
                )
            ends[spec.name][0] = batch
    return ends


def _simplify(tools: Toolbox, plain: Path, simple: Path, before: Description) -> tuple[Description | None, str | None]:
    """The simplified file's description, and why it must not be used (None: it may)."""
    try:
        with tools.lend("onnx") as worker:
            after = worker.call("simplify", timeout=_TIMEOUT, model=str(plain), out=str(simple))
    except WorkerError as error:
        return None, f"onnxsim: {' '.join(error.message.rpartition('Error] ')[2].split())}"
    return after, changed_ends(before, after)


def changed_ends(before: Description, after: Description) -> str | None:
    """What a simplification did to the names, types or shapes of inputs and outputs; None if nothing.

    An output's dimension that had no name and no number before may have become known.
    """
    for kind in ("inputs", "outputs"):
        was, now = ([tensor["name"] for tensor in side[kind]] for side in (before, after))
        if was != now:
            return f"onnxsim changed the {kind} from {', '.join(was)} to {', '.join(now)}"
        for old, new in zip(before[kind], after[kind], strict=True):
            if old["dtype"] != new["dtype"] or not _agree(old["shape"], new["shape"]):
                return (
                    f"onnxsim changed {old['name']} from {old['dtype']} {old['shape']} to {new['dtype']} {new['shape']}"
                )
    return None


def _agree(old: Sequence[int | str | None], new: Sequence[int | str | None]) -> bool:
    return len(old) == len(new) and all(a is None or a == b for a, b in zip(old, new, strict=True))


def _less(plain: OnnxVerification, simple: OnnxVerification) -> str | None:
    """What is no longer proven after simplification, and was before."""
    return simple.undecided if plain.undecided is None else None


def _verify(
    reference: Reference, tools: Toolbox, plain: Path, simple: Path | None
) -> tuple[OnnxVerification, OnnxVerification | None]:
    """How the file before and after simplification compares with Paddle. Raises `VerificationError` for the one before."""
    with tools.lend("onnx") as worker:
        try:
            first = reference.compare(worker, plain)
        except RuntimeDiedError as error:
            raise VerificationError(f"ONNX Runtime cannot run the converted network: {error}") from error
        if first.problem is not None:
            raise VerificationError(
                f"the converted network computes something else: {first.problem}",
                hint=NOTHING_WRITTEN,
            )
        if simple is None:
            return first, None
        try:
            return first, reference.compare(worker, simple)
        except RuntimeDiedError as error:
            return first, unusable(f"ONNX Runtime: {error}")
