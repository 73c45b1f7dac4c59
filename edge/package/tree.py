"""The files that every format shares: `models/NAME/` with the model, what is known of it, and its labels."""

from __future__ import annotations

from collections.abc import Sequence

from edge.package.archive import ZipEntry
from edge.package.model import PackagedModel

ROOT = "models"
"""The directory below the assets; the helper (EdgeModel.java) looks there."""

_PAGE = 0x4000  # so that native code can map a model by itself, on devices with 16 KB pages too


def asset_entries(models: Sequence[PackagedModel], prefix: str = "assets/") -> list[ZipEntry]:
    """The entries of all models, each name below `prefix`."""
    entries = []
    for model in models:
        home = f"{prefix}{ROOT}/{model.name}"
        entries.append(ZipEntry(f"{home}/model.nb", model.nb, _PAGE))
        entries.append(ZipEntry(f"{home}/model.json", model.info_json()))
        if model.labels is not None:
            entries.append(ZipEntry(f"{home}/labels.txt", "".join(f"{label}\n" for label in model.labels).encode()))
    return entries
