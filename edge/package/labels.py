"""Class labels: ImageNet-1k's, which come with edgezoo, and the user's own files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from edge.cache.regular import read_text
from edge.errors import FormatError, PackageError
from edge.images.labels import parse_labels
from edge.metadata.model import Metadata

IMAGENET = "imagenet1k"
"""The name of the built-in labels."""

_FILE = Path(__file__).parent / "data" / "imagenet1k.txt"  # PaddleClas 2.6, ppcls/utils/imagenet1k_label_list.txt


def imagenet_labels() -> tuple[str, ...]:
    """The 1000 labels of ImageNet-1k, in the order of the networks' outputs."""
    return tuple(_FILE.read_text(encoding="utf-8").splitlines())


def read_labels(source: str) -> tuple[str, ...]:
    """`imagenet1k`, or a UTF-8 file with one label a line; lines that begin with their own number lose it.

    Raises PackageError if the file cannot be read, has an empty line, or holds something that is no text.
    """
    if source == IMAGENET:
        return imagenet_labels()
    try:
        text = read_text(Path(source))
    except UnicodeDecodeError as error:
        raise PackageError(f"the labels in {source} are no UTF-8 text") from error
    except OSError as error:
        raise PackageError(
            f"the labels in {source} cannot be read: {error.strerror}", hint=f"name a file, or '{IMAGENET}'"
        ) from error
    try:
        return parse_labels(text, f"the labels in {source}")
    except FormatError as error:
        raise PackageError(error.message) from error


def known_labels(metadata: Metadata) -> tuple[str, ...] | None:
    """The labels that follow from a model's metadata: those in it, or ImageNet's for a catalogue network with 1000 classes.

    The latter only for published and random weights; your own may have 1000 classes of another kind.
    """
    if metadata.class_labels:
        return metadata.class_labels
    model = metadata.model
    if metadata.class_num != 1000 or metadata.source.kind not in ("published", "random") or model is None:
        return None
    from edge.zoo.catalogue import catalogue

    return imagenet_labels() if any(known.name == model.name for known in catalogue()) else None


def check_count(labels: Sequence[str], classes: int | None, name: str) -> None:
    """PackageError if there is not one label a class; an unknown number of classes is no reason to complain."""
    if classes is not None and len(labels) != classes:
        raise PackageError(
            f"{len(labels)} labels do not fit '{name}', which has {classes} classes",
            hint="one line a class, in the order of the network's output",
        )
