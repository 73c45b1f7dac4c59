"""A PaddleClas checkout of the user's own: what architectures it has, told from its text; none of its code runs here.

Its code runs in a worker of its own (`workers/checkout_worker.py`) when a network of it is exported.
"""

from __future__ import annotations

import ast
import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.machinery import all_suffixes
from pathlib import Path

from edge.errors import FormatError, UnknownModelError, UsageError
from edge.source.config import Config, parse_training_config
from edge.untrusted.files import read_bytes, read_text
from edge.untrusted.guard import guarded
from edge.zoo.catalogue import plain
from edge.zoo.model import ClasNetwork

_BACKBONE = Path("arch", "backbone", "__init__.py")
_MOST_FILES = 20_000  # PaddleClas has 742
_MOST_BYTES = 64 << 20  # of one file that can be imported
_MOST_TEXT = 4 << 20
_STARS = 8  # of modules that import all of another
_IMAGE = (3, 224, 224)
_HINT = "name the folder that `git clone` of PaddleClas made"


@dataclass(frozen=True, slots=True)
class Checkout:
    """`ppcls` is its package's folder; `sha256` that of everything in it that can be imported, or lies in `arch`."""

    place: Path
    ppcls: Path
    architectures: tuple[str, ...]
    sha256: str

    def search(self, text: str) -> list[str]:
        """The architectures whose name has every word of `text`; of none: all."""
        words = [plain(word) for word in text.split()]
        return [name for name in self.architectures if all(word in plain(name) for word in words)]

    def network(self, name: str) -> CheckoutNetwork:
        """The network of that name, in whatever letter case and with whatever separators.

        Raises `UnknownModelError`, with the nearest names as its hint.
        """
        by_name = {plain(one): one for one in self.architectures}
        if (architecture := by_name.get(plain(name))) is None:
            from difflib import get_close_matches

            near = [by_name[one] for one in get_close_matches(plain(name), by_name, n=3, cutoff=0.6)]
            hint = f"did you mean {' or '.join(near)}?" if near else f"edgezoo list --paddleclas {self.place}"
            raise UnknownModelError(f"no architecture '{name}' in {self.place}", hint=hint)
        size, config = _trained(self.ppcls, architecture)
        return CheckoutNetwork(architecture, architecture, (1, *(size or _IMAGE)), self, config, size is not None)


@dataclass(frozen=True, slots=True)
class CheckoutNetwork(ClasNetwork):
    """A network of a checkout; `config` is what it is trained by, `sized` whether that says its input's size."""

    checkout: Checkout
    config: Config | None
    sized: bool


def read_checkout(place: Path) -> Checkout:
    """The checkout in the folder `place`. Raises `UsageError` for what is none, or cannot be read."""
    found = next((one for one in (place / "ppcls", place / "paddleclas" / "ppcls", place) if _is_ppcls(one)), None)
    if found is None:
        what = "does not exist" if not place.exists() else "is no folder" if not place.is_dir() else ""
        raise UsageError(
            f"--paddleclas {place} {what or f'is no PaddleClas checkout: it has no ppcls/{_BACKBONE}'}", hint=_HINT
        )
    names = dict.fromkeys(name for name in _names(found / _BACKBONE, found) if not name.startswith("_"))
    return Checkout(place, found, tuple(names), content(found))


def content(ppcls: Path) -> str:
    """The SHA-256 of the checkout's code: names and content of what can be imported below `ppcls`, and of all below `arch`.

    Raises `UsageError` for a folder of very many files, or one that cannot be read.
    """
    digest, files = hashlib.sha256(), sorted(_files(ppcls))
    for path in files:
        body = read_bytes(path, _MOST_BYTES, str(path), error=UsageError)
        digest.update(f"{path.relative_to(ppcls)}\0{len(body)}\0".encode() + body)
    return digest.hexdigest()


def _is_ppcls(folder: Path) -> bool:
    return folder.name == "ppcls" and (folder / _BACKBONE).is_file()


def _files(ppcls: Path) -> Iterator[Path]:
    suffixes, seen, number = tuple(all_suffixes()), set(), 0
    for root, folders, names in os.walk(ppcls, followlinks=True):
        real = os.path.realpath(root)
        folders[:] = [] if real in seen else [one for one in folders if one != "__pycache__"]
        if real in seen:
            continue
        seen.add(real)
        data = Path(root).is_relative_to(ppcls / "arch")
        for name in names:
            number += 1
            if number > _MOST_FILES:
                raise UsageError(f"--paddleclas: {ppcls} has more than {_MOST_FILES} files", hint=_HINT)
            path = Path(root, name)
            if (data or name.endswith(suffixes)) and not name.endswith(".pyc") and path.is_file():
                yield path


def _names(module: Path, ppcls: Path, depth: int = 0) -> Iterator[str]:
    """What a module's text imports from the checkout, or defines, by name."""
    with guarded(UsageError, f"{module} is no Python code"):
        tree = ast.parse(read_text(module, _MOST_TEXT, str(module), error=UsageError))
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (source := _module(node, module, ppcls)) is not None:
            for alias in node.names:
                if alias.name != "*":
                    yield alias.asname or alias.name
                elif depth < _STARS:
                    yield from _names(source, ppcls, depth + 1)
    yield from (
        node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name != "get_apis"
    )


def _module(node: ast.ImportFrom, importing: Path, ppcls: Path) -> Path | None:
    """The checkout's file that is imported from; None for a package, or a module of elsewhere."""
    parts = (node.module or "").split(".") if node.module else []
    if node.level:
        base = importing.parents[node.level - 1]
    elif parts[:1] == ["ppcls"]:
        base, parts = ppcls, parts[1:]
    else:
        return None
    return next((one for one in (base.joinpath(*parts, "__init__.py"), base.joinpath(*parts).with_suffix(".py"))
                 if parts and one.is_file()), None)  # fmt: skip


def _trained(ppcls: Path, architecture: str) -> tuple[tuple[int, int, int] | None, Config | None]:
    """The size and the preprocessing that the checkout's own configuration of the network says."""
    folder = ppcls / "configs"
    for path in sorted(folder.rglob(f"{architecture}.yaml"), key=lambda one: ("ImageNet" not in one.parts, one)):
        name = str(path.relative_to(ppcls.parent))
        try:
            found = parse_training_config(read_text(path, _MOST_TEXT, name, error=FormatError), name, architecture)
        except FormatError as error:
            return None, Config(name, None, None, (error.message,))
        if found is not None:
            return found.size, found.config
    return None, None
