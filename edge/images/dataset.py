"""Labelled images on disk: a folder with one sub-folder a class, or a list of paths and class indices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from edge.cache.hashing import sha256_of
from edge.cache.regular import read_text
from edge.errors import UsageError

SUFFIXES = (".jpeg", ".jpg", ".png", ".bmp", ".webp", ".tif", ".tiff", ".gif", ".ppm")


@dataclass(frozen=True, slots=True)
class Image:
    """One image: where it is, what it is called in reports (its path below the data folder), its class index."""

    path: Path
    name: str
    label: int


@dataclass(frozen=True, slots=True)
class Dataset:
    """Images in the order they are judged. `sorted_folders`: how many folders got their index by order alone."""

    images: tuple[Image, ...]
    sorted_folders: int | None = None

    def spread(self, limit: int) -> Dataset:
        """At most `limit` images, evenly spread over all: the first ones would be of the first classes only."""
        count = len(self.images)
        if limit >= count:
            return self
        return replace(self, images=tuple(self.images[index * count // limit] for index in range(limit)))

    def contents(self) -> tuple[str, ...]:
        """Of each image what it is wherever it lies: the SHA-256 of its file (or why there is none), and its class."""
        found = []
        for image in self.images:
            try:
                found.append(f"{sha256_of(image.path)} {image.label}")
            except OSError:
                found.append(f"unreadable {image.label}")
        return tuple(found)

    def check(self, classes: int) -> None:
        """Raises `UsageError` if a network with so many classes cannot be judged on these labels."""
        if self.sorted_folders not in (None, classes):
            raise UsageError(
                f"the network has {classes} classes and the data {self.sorted_folders} folders: which is which?",
                hint="name the network's classes, one folder name a line, with --labels FILE; or give a --list",
            )
        worst = max(self.images, key=lambda image: image.label)
        if worst.label >= classes:
            raise UsageError(f"{worst.name} is of class {worst.label}, but the network has only {classes} classes")


def read_folders(root: Path, classes: Sequence[str] | None = None) -> Dataset:
    """The images below `root`, in one folder a class.

    A folder's class index is its place in `classes` (a line of which is the folder's name, or begins with it as its
    first word); without them, its number if all folders are named by numbers, else its place in sorted order, which is
    how ImageNet's synsets are counted. Raises `UsageError` for folders without an index, or no image at all.
    """
    if not root.is_dir():
        raise UsageError(f"{root} is no folder", hint="name a folder with one sub-folder of images a class")
    folders = sorted(path for path in root.iterdir() if path.is_dir() and not path.name.startswith("."))
    if not folders:
        raise UsageError(f"{root} has no sub-folders", hint="one sub-folder a class, or --list with paths and classes")
    names = [folder.name for folder in folders]
    numbered = classes is None and all(name.isascii() and name.isdecimal() for name in names)
    index = {name: int(name) for name in names} if numbered else _indices(names, classes or names)
    images = tuple(
        Image(path, str(path.relative_to(root)), index[folder.name])
        for folder in folders
        for path in sorted(folder.rglob("*"))
        if path.suffix.lower() in SUFFIXES
    )
    if not images:
        raise UsageError(f"the folders in {root} hold no images", hint="known are " + " ".join(SUFFIXES))
    return Dataset(images, len(folders) if classes is None and not numbered else None)


def read_list(root: Path, listing: Path) -> Dataset:
    """The images that a list names, as PaddleClas' val_list.txt: on each line a path below `root`, a space, a class index.

    Raises `UsageError` with the line that is none. Whether the images are there is seen when they are read.
    """
    try:
        lines = read_text(listing).splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"the list {listing} cannot be read: {error}") from error
    images = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        name, _, label = line.strip().rpartition(" ")
        if not name.strip() or not (label.isascii() and label.isdecimal()):
            raise UsageError(
                f"{listing}, line {number}: {line.strip()[:80]!r} is no path followed by a class index",
                hint="for instance: val/ILSVRC2012_val_00000001.JPEG 65",
            )
        images.append(Image(root / name.strip(), name.strip(), int(label)))
    if not images:
        raise UsageError(f"the list {listing} is empty")
    return Dataset(tuple(images))


def _indices(folders: Sequence[str], classes: Sequence[str]) -> dict[str, int]:
    whole = {name: index for index, name in enumerate(classes)}
    words = [name.split(maxsplit=1)[0] for name in classes]
    first = {word: index for index, word in enumerate(words) if words.count(word) == 1}
    unknown = [name for name in folders if name not in whole and name not in first]
    if unknown:
        more = f" and {len(unknown) - 1} more" if len(unknown) > 1 else ""
        raise UsageError(
            f"the labels do not name the folder {unknown[0]}{more}",
            hint="one line a class, in the order of the network's output, with the folder's name in it or before it",
        )
    return {name: whole.get(name, first.get(name, -1)) for name in folders}
