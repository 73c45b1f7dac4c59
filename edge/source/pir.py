"""A model that Paddle 3 wrote: its program is translated once and kept in the cache; its parameters stay where they are."""

from __future__ import annotations

from pathlib import Path

from edge.cache.keys import code_version, key_of
from edge.cache.paths import cache_dir
from edge.cache.store import Cache
from edge.paddle.pir import PirProgram, translate

CODE = ("edge.paddle.pir.translate",)  # what decides a translation (edge.cache.keys)


def translated(pir: PirProgram, sha256: str, params: Path) -> Path:
    """The ProgramDesc of the program with that hash, in a folder with a link to `params`, named as their pair is usually.

    Raises `ProgramError`.
    """
    # The parameters' place is part of the key for the link's sake alone.
    key = key_of({"pir": sha256, "params": str(params.absolute()), "code": code_version(*CODE)})
    store = Cache(cache_dir() / "pir")
    if (entry := store.get(key, content=True)) is None:
        with store.making(key) as part:
            if (entry := store.get(key, content=True)) is None:
                (part / "inference.pdmodel").write_bytes(translate(pir).program.serialize())
                (part / "inference.pdiparams").symlink_to(params.absolute())
                entry = store.put(key, part, {"paddle_version": pir.version})
    return entry.folder / "inference.pdmodel"
