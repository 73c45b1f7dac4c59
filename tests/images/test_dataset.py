"""Folders and lists of images: which class an image is of, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.errors import UsageError
from edge.images.dataset import Dataset, read_folders, read_list


def images(root: Path, *names: str) -> Path:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return root


def labels(dataset: Dataset) -> dict[str, int]:
    return {image.name: image.label for image in dataset.images}


def test_folders_are_counted_in_sorted_order(tmp_path: Path) -> None:
    images(tmp_path, "n02/a.JPEG", "n01/b.png", "n01/deeper/c.jpg", "n01/notes.txt", ".hidden/d.png")
    dataset = read_folders(tmp_path)
    assert labels(dataset) == {"n01/b.png": 0, "n01/deeper/c.jpg": 0, "n02/a.JPEG": 1}
    assert dataset.sorted_folders == 2


def test_folders_named_by_numbers_are_those_classes(tmp_path: Path) -> None:
    images(tmp_path, "10/a.png", "2/b.png", "0/c.png")
    dataset = read_folders(tmp_path)
    assert labels(dataset) == {"0/c.png": 0, "10/a.png": 10, "2/b.png": 2}
    dataset.check(1000)


def test_a_labels_file_gives_the_order_and_may_go_on_after_the_name(tmp_path: Path) -> None:
    images(tmp_path, "n01/a.png", "n02/b.png", "great white/c.png")
    classes = ["n02 goldfish", "tench", "n01 great white shark", "great white"]
    assert labels(read_folders(tmp_path, classes)) == {"great white/c.png": 3, "n01/a.png": 2, "n02/b.png": 0}


def test_a_folder_that_the_labels_do_not_name_is_refused(tmp_path: Path) -> None:
    images(tmp_path, "cat/a.png", "dog/a.png", "emu/a.png")
    with pytest.raises(UsageError, match="do not name the folder dog and 1 more"):
        read_folders(tmp_path, ["cat", "horse"])


def test_a_subset_of_the_classes_in_sorted_order_is_refused(tmp_path: Path) -> None:
    """The ten folders of Imagenette would be taken for ImageNet's first ten classes."""
    images(tmp_path, "n01440764/a.png", "n03417042/b.png")
    with pytest.raises(UsageError, match="1000 classes and the data 2 folders"):
        read_folders(tmp_path).check(1000)


def test_a_label_that_the_network_does_not_have_is_refused(tmp_path: Path) -> None:
    listing = tmp_path / "val.txt"
    listing.write_text("a.jpg 3\nb.jpg 12\n")
    read_list(tmp_path, listing).check(13)
    with pytest.raises(UsageError, match=r"b\.jpg is of class 12"):
        read_list(tmp_path, listing).check(12)


def test_a_list_of_paddleclas(tmp_path: Path) -> None:
    listing = tmp_path / "val_list.txt"
    listing.write_text("val/ILSVRC2012_val_00000001.JPEG 65\r\n\r\nval/with space.jpg 0\n", encoding="utf-8-sig")
    dataset = read_list(tmp_path, listing)
    assert labels(dataset) == {"val/ILSVRC2012_val_00000001.JPEG": 65, "val/with space.jpg": 0}
    assert dataset.images[0].path == tmp_path / "val/ILSVRC2012_val_00000001.JPEG"


@pytest.mark.parametrize("line", ["a.jpg", "a.jpg cat", "7", "a.jpg -1", "a.jpg 1.0", "a.jpg ²"])
def test_a_line_that_is_none_is_named(tmp_path: Path, line: str) -> None:
    listing = tmp_path / "val.txt"
    listing.write_text(f"good.jpg 1\n{line}\n", encoding="utf-8")
    with pytest.raises(UsageError, match="line 2"):
        read_list(tmp_path, listing)


def test_data_without_images_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is no folder"):
        read_folders(tmp_path / "missing")
    with pytest.raises(UsageError, match="no sub-folders"):
        read_folders(tmp_path)
    images(tmp_path, "cat/readme.md")
    with pytest.raises(UsageError, match="hold no images"):
        read_folders(tmp_path)
    (tmp_path / "empty.txt").touch()
    with pytest.raises(UsageError, match="is empty"):
        read_list(tmp_path, tmp_path / "empty.txt")


def test_a_limit_takes_images_of_all_classes(tmp_path: Path) -> None:
    images(tmp_path, *(f"{label}/{number}.png" for label in range(10) for number in range(7)))
    few = read_folders(tmp_path).spread(20)
    assert len(few.images) == 20
    assert [sum(image.label == label for image in few.images) for label in range(10)] == [2] * 10
    assert len(read_folders(tmp_path).spread(1000).images) == 70
