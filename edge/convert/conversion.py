"""The middle of the pipeline: an inference model and a recipe in, an entry of the store with a `model.nb` out."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from edge.cache.hashing import sha256_of
from edge.cache.store import Cache, CacheEntry
from edge.convert.effect import Effect, effect_of
from edge.convert.fold import compute, fold
from edge.convert.gain import Int8Work, int8_work
from edge.convert.legalise import legalise
from edge.convert.opt.messages import missing_kernels
from edge.convert.opt.optimise import optimise
from edge.convert.outputs import output_shapes
from edge.convert.recipe import Recipe
from edge.convert.shapes import input_shapes
from edge.convert.verify.x86_int8 import halved, split_hard_swish
from edge.errors import OptError
from edge.nb.header import canonicalise, read_header
from edge.paddle.program import Program
from edge.paddle.rewritten import turned
from edge.source.model import InferenceModel
from edge.toolchain.worker import Lend, Worker


def convert(
    source: InferenceModel,
    recipe: Recipe,
    worker: Worker,
    store: Cache,
    key: str,
    lend_paddle: Lend,
    lend_constants: Lend,
    kept: Collection[str] = (),
) -> CacheEntry:
    """Legalise and optimise, unless the store has the result.

    `lend_paddle` lends the Paddle of the network, `lend_constants` 2.6, which runs programs as the legaliser has them. Of
    int8-static, the convolutions with the weights `kept` must be float in the file. Raises `ConvertError` or a
    `ToolchainError`.
    """
    if entry := store.get(key, content=True):
        return entry
    with store.making(key) as part:
        return store.get(key, content=True) or _make(
            source, recipe, worker, store, key, part, lend_paddle, lend_constants, kept
        )


def _custom(error: OptError, lend_paddle: Lend) -> OptError | None:
    """What is wrong, where an operator that opt has no kernel for is none of Paddle's."""
    if (missing := missing_kernels(error.log)) is None:
        return None
    with lend_paddle() as paddle:
        own = paddle.call("unknown", timeout=60.0, operators=list(missing[1]))["unknown"]
    if not own:
        return None
    return OptError(
        f"{' and '.join(own)} {'is no operator' if len(own) == 1 else 'are no operators'} of Paddle but custom: "
        "no version of Paddle-Lite can have a kernel",
        hint="write the network with operators of Paddle, and train or export it again",
        log=error.log,
    )


def _make(
    source: InferenceModel,
    recipe: Recipe,
    worker: Worker,
    store: Cache,
    key: str,
    part: Path,
    lend_paddle: Lend,
    lend_constants: Lend,
    kept: Collection[str],
) -> CacheEntry:
    original = Program.read(source.program)
    constants = compute(original, source.params, part, lend_constants)
    plain, folded = fold(original, source.params, part, part / "folded.pdiparams")
    program, applied = legalise(plain, engine=recipe.engine, precision=recipe.precision)
    made = part / "model.nb"  # and model.pdmodel, the legalised program
    params = folded
    if recipe.target == "x86":
        program, params = split_hard_swish(program), halved(plain, params, part / "halved.pdiparams")
    read = turned(plain, program, params, part / "turned.pdiparams")
    try:
        optimise(worker, program, read, made, recipe)
    except OptError as error:
        raise _custom(error, lend_paddle) or error from error
    for beside in {folded, params, read} - {source.params}:
        beside.unlink()
    canonicalise(made)
    header = read_header(made)
    effect = effect_of(made, header, recipe, kept)
    shapes = input_shapes(program.feeds, recipe.input_shape)
    with TemporaryDirectory(prefix="edgezoo-shapes-") as scratch:
        made_shapes = output_shapes(source, shapes, Path(scratch), lend_paddle)
    facts: dict[str, Any] = {
        "sha256": sha256_of(made),
        "bytes": made.stat().st_size,
        "opt_version": header.opt_version,
        "topology_bytes": header.topology_bytes,
        "params_bytes": header.params_bytes,
        "kernels": dict(effect.kernels),
        "weights": dict(effect.weights),
        "effect": effect.sentence or None,
        "program_operators": sum(op.type not in ("feed", "fetch") for op in original.ops()),
        "left": dict(effect.left),
        "int8_work": asdict(work) if (work := _work(effect, program, recipe)) else None,
        "inputs": [
            {"name": spec.name, "shape": list(shape), "dtype": spec.dtype}
            for spec, shape in zip(program.feeds, shapes, strict=True)
        ],
        "outputs": [
            {"name": spec.name, "shape": list(shape), "dtype": spec.dtype}
            for spec, shape in zip(program.fetches, made_shapes, strict=True)
        ],
        "legalised": [asdict(rule) for rule in (*constants, *applied)],
    }
    return store.put(key, part, facts)


def _work(effect: Effect, program: Program, recipe: Recipe) -> Int8Work | None:
    """Of what its gain on ARM is told (edge.convert.gain)."""
    return int8_work(effect.ops, program) if (recipe.target, recipe.precision) == ("arm", "int8-static") else None
