"""What goes into a package for one model: its .nb, what an app must know of it, its labels."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edge.cache.hashing import sha256_of
from edge.errors import PackageError
from edge.metadata.file import metadata_path, read
from edge.nb.header import read_header
from edge.nb.program import NbOp, read_ops
from edge.package.labels import check_count, known_labels, read_labels
from edge.package.metadata import asset_info
from edge.package.names import check_model_name


@dataclass(frozen=True, slots=True)
class PackagedModel:
    """A model ready to be packaged. `info` is the content of its model.json."""

    name: str
    nb: Path
    info: Mapping[str, Any]
    labels: tuple[str, ...] | None

    @property
    def opt_version(self) -> str:
        """Of the opt that wrote the file."""
        return str(self.info["opt_version"])

    @property
    def unproven(self) -> str | None:
        """Why it is not known to compute what Paddle computes, in words; None where a verification passed."""
        verification = self.info["verification"] or {}
        status = verification.get("status", "not verified")
        if status == "passed":
            return None
        reason = verification.get("reason")
        reasons = {"inconclusive": "its verification was inconclusive", "unavailable": "it could not be verified"}
        return reasons.get(status, "it was not verified") + (f" ({reason})" if reason else "")

    def info_json(self) -> bytes:
        """model.json: the same bytes for the same model."""
        return (json.dumps(self.info, indent=1, ensure_ascii=False) + "\n").encode()


def load_model(nb: Path, *, name: str | None = None, labels: Mapping[str, str] | None = None) -> PackagedModel:
    """A converted model: `nb` and the metadata beside it, under another name if one is given.

    `labels` maps the model's name, or "" for any, to a file or to `imagenet1k`; a catalogue network that it does not
    name gets ImageNet's. Raises NbFormatError if the file is no sound .nb, MetadataError if the metadata is
    missing or malformed, PackageError if it is not about this file, or if the file cannot run on Android.
    """
    header = read_header(nb)
    metadata_file = metadata_path(nb)
    metadata = read(metadata_file)
    sha256, size = sha256_of(nb), nb.stat().st_size
    if (metadata.sha256, metadata.bytes) != (sha256, size):
        raise PackageError(
            f"{metadata_file} describes another file than {nb.name}: its sha256 or its size differ",
            hint="convert the model again, or fetch the two files that belong together",
        )
    check_runs_on_android(read_ops(nb, header), nb)
    info = asset_info(metadata, name, header.opt_version, str(metadata_file))
    check_model_name(info["name"])
    source = (labels or {}).get(info["name"]) or (labels or {}).get("")
    chosen = read_labels(source) if source else known_labels(metadata)
    if chosen is not None:
        check_count(chosen, info["class_num"], info["name"])
    info["labels"] = None if chosen is None else "labels.txt"
    return PackagedModel(info["name"], nb, info, chosen)


def check_runs_on_android(ops: tuple[NbOp, ...], nb: Path) -> None:
    """PackageError if opt chose kernels that no Android build of Paddle-Lite has."""
    foreign = sorted({op.target for op in ops} & {"x86", "cuda", "xpu", "metal"})
    if foreign:
        raise PackageError(
            f"{nb} was converted for {foreign[0]}, which the Android library has no kernels for",
            hint="convert it with --target arm",
        )
