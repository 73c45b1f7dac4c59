"""What `eval` finds is kept: of which images, and what each of them came to."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Picture

from edge.evaluate.evaluation import evaluate
from edge.evaluate.keeping import Keeping
from edge.evaluate.network import Tensors
from edge.evaluate.report import EvaluatedModel, as_dict, table
from edge.images.dataset import Dataset, read_folders
from edge.results.accuracy import RIGHT, UNREADABLE, WRONG, Accuracy, compare_accuracies
from edge.results.store import Store
from edge.zoo.model import Preprocessing
from tests.bench.examples import SUBJECT

PLAIN = Preprocessing(8, (8, 8), mean=(0, 0, 0), std=(1, 1, 1))


class Channel:
    """Takes an image for the class of its brightest channel, or of its darkest."""

    def __init__(self, sign: int = 1) -> None:
        self._sign = sign

    def classify(self, tensors: Tensors) -> NDArray[np.float32]:
        return self._sign * np.stack([tensor.mean(axis=(0, 2, 3)) for tensor in tensors])


def images(root: Path) -> Path:
    for label in range(3):
        for number in range(4):
            folder = root / str(label)
            folder.mkdir(parents=True, exist_ok=True)
            colour = tuple(200 + number if channel == label else 7 * number for channel in range(3))
            Picture.new("RGB", (8, 8), colour).save(folder / f"{number}.png")
    return root


def kept(store: Store, data: Path, network: Channel | None = None, dataset: Dataset | None = None) -> Accuracy:
    dataset = dataset or read_folders(data)
    made = evaluate(network or Channel(), dataset, PLAIN)
    one = Keeping(store, dataset, data.name)(EvaluatedModel(SUBJECT, PLAIN, "engine 1", "host", made, 2.5))
    assert one.stored is not None
    assert as_dict(one)["id"] == one.stored.id
    assert as_dict(one)["dataset"] == {"name": data.name, "sha256": one.stored.dataset_sha256}
    assert f"kept as accuracy {one.stored.id}" in table([one])
    return store.accuracies.get(one.stored.id)


def test_the_same_images_are_the_same_wherever_they_lie(tmp_path: Path) -> None:
    with Store(tmp_path / "r.db") as store:
        data = images(tmp_path / "here")
        first = kept(store, data)
        assert (first.top1.hits, first.images, first.dataset) == (12, 12, "here")
        assert first.device["kind"] == "host"
        there = tmp_path / "there"
        shutil.copytree(data, there)
        for number, path in enumerate(sorted(there.rglob("*.png"))):
            path.rename(path.with_name(f"{97 - number}.png"))
        second = kept(store, there, Channel(-1))
        assert second.dataset_sha256 == first.dataset_sha256
        made = compare_accuracies(first, second)
        assert (made.only_first, made.only_second, made.verdict) == (12, 0, "less accurate")


def test_other_images_labels_or_numbers_of_them_are_another_set(tmp_path: Path) -> None:
    with Store(tmp_path / "r.db") as store:
        data = images(tmp_path / "data")
        hashes = [
            kept(store, data).dataset_sha256,
            kept(store, data, dataset=read_folders(data).spread(6)).dataset_sha256,
        ]
        (data / "0/0.png").rename(data / "1/9.png")
        hashes.append(kept(store, data).dataset_sha256)
        Picture.new("RGB", (8, 8), (1, 2, 3)).save(data / "2/0.png")
        hashes.append(kept(store, data).dataset_sha256)
        assert len(set(hashes)) == 4


def test_an_image_that_cannot_be_read_is_kept_as_such(tmp_path: Path) -> None:
    with Store(tmp_path / "r.db") as store:
        data = images(tmp_path / "data")
        (data / "0/0.png").write_bytes(b"no image")
        one = kept(store, data)
        assert (one.images, one.unreadable, one.top1.hits) == (11, 1, 11)
        assert sorted(one.outcomes) == [RIGHT] * 11 + [UNREADABLE]
        wrong = kept(store, data, Channel(-1))
        assert set(wrong.outcomes) == {WRONG + 1, UNREADABLE}  # of three classes it is among the five best
        assert wrong.top5 is None
