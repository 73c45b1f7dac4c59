"""The FLOPs of an inference model that nobody has counted: of the user's own, and of published archives."""

from __future__ import annotations

from collections.abc import Sequence

from edge.cache.keys import code_version, key_of
from edge.cache.paths import cache_dir
from edge.cache.store import Cache
from edge.errors import ToolchainError
from edge.paddle.program import Program
from edge.source.model import InferenceModel
from edge.toolchain.engines import WORKERS, engine
from edge.toolchain.worker import Lend

CODE = ("edge.source.flops", WORKERS / "paddle_worker.py")


def program_flops(source: InferenceModel, shapes: Sequence[Sequence[int]], lend: Lend) -> int | None:
    """Multiply-accumulates of one of the batch, for inputs of these shapes; None where they cannot be counted.

    `lend` gives a worker of the paddle engine.
    """
    feeds = Program.read(source.program).feeds
    given = {spec.name: list(shape) for spec, shape in zip(feeds, shapes, strict=True)}
    key = key_of(
        {
            "program": source.program_sha256,
            "shapes": given,
            "code": code_version(*CODE),
            "engine": engine("paddle").lock_hash,
        }
    )
    store = Cache(cache_dir() / "flops")
    if (entry := store.get(key)) is None:
        with store.making(key) as part:
            try:
                with lend() as worker:
                    facts = worker.call("program_flops", program=str(source.program), shapes=given)
            except ToolchainError:
                return None
            entry = store.put(key, part, facts)
    flops, batch = entry.facts["flops"], shapes[0][0] if shapes and shapes[0] else 1
    return flops // max(1, batch) if flops else None
