"""A small data set, and the metadata that makes a hand-made network one that `eval` can be asked for."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
from PIL import Image

from edge.bench.request import Job
from edge.bench.subject import read_subject
from tests.android_runner.network import CLASSES, SHAPE

SIDE = SHAPE[2]


def write_images(root: Path, count: int) -> Path:
    """Noise, so that no two images are alike, in one folder a class."""
    random = np.random.default_rng(5)
    for number in range(count):
        folder = root / str(number % CLASSES)
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(random.integers(0, 256, (SIDE + 9, SIDE, 3), np.uint8)).save(folder / f"{number:04}.png")
    return root


def job(nb: Path) -> Job:
    """The hand-made network of tests/android_runner."""
    return Job(nb, read_subject(nb, shapes=[SHAPE]))


def described(nb: Path, folder: Path, target: str) -> Path:
    """A copy of the network with metadata beside it."""
    copy = folder / "tiny.nb"
    copy.write_bytes(nb.read_bytes())
    metadata = {
        "format": "edgezoo-model/1", "name": "tiny", "sha256": hashlib.sha256(copy.read_bytes()).hexdigest(),
        "model": None, "inputs": [{"name": "x", "shape": list(SHAPE)}], "source": {"kind": "own"}, "target": target,
        "precision": "fp32", "opt_version": "v2.13-rc", "flops": None, "params": None,
        "verification": {"status": "skipped"},
    }  # fmt: skip
    copy.with_suffix(".json").write_text(json.dumps(metadata))
    return copy
