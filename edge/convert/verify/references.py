"""Paddle's outputs, kept in the cache: the same program, parameters and inputs have the same ones.

A network is converted several times (another precision, target, format or rule), and checked on a device at several thread
counts; what it is judged by changes with none of these, and is the costliest half of a verification.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from edge.cache.hashing import sha256_of
from edge.cache.keys import code_version, key_of
from edge.cache.paths import cache_dir
from edge.cache.store import Cache
from edge.convert.verify.compare import Outputs
from edge.convert.verify.inputs import Sample
from edge.source.model import InferenceModel
from edge.toolchain.engines import WORKERS, engine

# What decides the outputs of given inputs (edge.cache.keys).
CODE: tuple[str | Path, ...] = (
    "edge.convert.verify.references",
    WORKERS / "paddle_worker.py",
    WORKERS / "pir_worker.py",
)
_MOST = 16 << 20  # bytes of a network's outputs that are kept: a classifier's take 0.1 MB, whole images are run again


def reference_outputs_key(
    source: InferenceModel, program: Path, params_sha256: str, names: Sequence[str], given: Sequence[Sample]
) -> str:
    """Everything that can change the outputs `names` that Paddle, the one of `source`, makes of the samples `given`."""
    return key_of(
        {
            "program": sha256_of(program),
            "params": params_sha256,
            "outputs": list(names),
            "inputs": digest(given),
            "paddle": engine(source.reference_engine).lock_hash,
            "code": code_version(*CODE),
        }
    )


def digest(given: Sequence[Sample]) -> str:
    """The XXH3 of the samples: their arrays' names, types, shapes and bytes, in order."""
    import xxhash

    made = xxhash.xxh3_128()
    for sample in given:
        for name, array in sorted(sample.items()):
            made.update(f"{name}\0{array.dtype.str}\0{array.shape}\0".encode())
            made.update(np.ascontiguousarray(array).data)
        made.update(b"\0\0")
    return made.hexdigest()


def kept_outputs(key: str, names: Sequence[str], run: Callable[[], Outputs]) -> Outputs:
    """The outputs `names` that are kept under `key`; else those that `run` makes, which are kept from then on.

    Outputs of which each sample has its own shape are not kept, nor are large ones.
    """
    store = Cache(cache_dir() / "references")
    if (entry := store.get(key, content=True)) is not None:
        with np.load(entry.folder / "outputs.npz", allow_pickle=False) as arrays:
            return [arrays[str(number)] for number in range(len(names))]
    outputs = run()
    if all(output.dtype != object for output in outputs) and sum(output.nbytes for output in outputs) <= _MOST:
        with store.making(key) as part:
            np.savez(part / "outputs.npz", **{str(number): output for number, output in enumerate(outputs)})  # type: ignore[arg-type]
            store.put(key, part, {"outputs": list(names)})
    return outputs
