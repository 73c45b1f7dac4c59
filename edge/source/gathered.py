"""The forms of an inference model that are no pair of usual names, as such a pair: a folder of the cache."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from shutil import copyfileobj

from edge.cache.hashing import sha256_of
from edge.cache.keys import key_of
from edge.cache.paths import cache_dir
from edge.cache.store import Cache
from edge.errors import ModelFilesError
from edge.paddle import params as params_file
from edge.paddle.program import TensorSpec
from edge.untrusted.files import open_file, read_file

_NAMES = ("inference.pdmodel", "inference.pdiparams")


def linked(program: Path, params: Path) -> tuple[Path, Path]:
    """Links to the two files, named as a pair usually is."""
    places = {name: str(path.absolute()) for name, path in zip(_NAMES, (program, params), strict=True)}
    store, key = Cache(cache_dir() / "pairs"), key_of({"linked": places})
    if (entry := store.get(key)) is None:
        with store.making(key) as part:
            for name, place in places.items():
                (part / name).symlink_to(place)
            entry = store.put(key, part, {})
    return entry.folder / _NAMES[0], entry.folder / _NAMES[1]


def joined(program: Path, specs: Sequence[TensorSpec]) -> tuple[Path, Path]:
    """The program and its parameters in one file, which lie in a file each beside it, as Paddle 1.x wrote them by default.

    `specs` are the parameters in the order of a combined file: sorted by name. Raises `ModelFilesError` for a file that is not
    there, is cut off, or is another network's.
    """
    folder = program.parent
    files = [folder / spec.name for spec in specs]
    outside = [path for path in files if ".." in path.parts or not path.is_relative_to(folder)]
    missing = [spec.name for spec, path in zip(specs, files, strict=True) if path in outside or not path.is_file()]
    if missing:
        few = ", ".join(missing[:3]) + ", ..." * (len(missing) > 3)
        raise ModelFilesError(
            f"{program} has {len(specs)} parameters, and no file beside it for "
            + (f"{len(missing)} of them ({few})" if len(missing) < len(specs) else "any of them, nor one for all"),
            hint="copy the whole folder again: all parameters in one file, or one of its name for each",
        )
    for spec, path in zip(specs, files, strict=True):
        params_file.check(path, [spec])
    store = Cache(cache_dir() / "pairs")
    key = key_of({"program": sha256_of(program), "params": [sha256_of(path) for path in files]})
    if (entry := store.get(key, content=True)) is None:
        with store.making(key) as part:
            if (entry := store.get(key, content=True)) is None:
                (part / _NAMES[0]).write_bytes(read_file(program))
                with (part / _NAMES[1]).open("wb") as out:
                    for path in files:
                        with open_file(path) as one:
                            copyfileobj(one, out, 1 << 20)
                entry = store.put(key, part, {})
    return entry.folder / _NAMES[0], entry.folder / _NAMES[1]
