"""What `--weights` may say: a file is taken for a checkpoint if it begins and ends as paddle.save's do."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest

from edge.errors import UsageError
from edge.source.weights import Weights

STATE = {"conv.weight": np.ones((2, 3), np.float32)}


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_a_checkpoint_of_every_protocol_is_taken(tmp_path: Path, protocol: int) -> None:
    path = tmp_path / "mine.pdparams"
    path.write_bytes(pickle.dumps(STATE, protocol))
    assert Weights.parse(str(path)) == Weights("checkpoint", path=path)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "is empty"),
        (b"\x80", "begins otherwise"),
        (b"PK\3\4 as PyTorch's", "begins otherwise"),
        (pickle.dumps({}, 0), "begins otherwise"),
        (b"\x80\x09.", "begins otherwise"),
        (pickle.dumps(STATE, 4)[:-1], "its end is missing"),
        (pickle.dumps(STATE, 4)[:90], "its end is missing"),
    ],
)
def test_another_file_is_refused(tmp_path: Path, content: bytes, why: str) -> None:
    path = tmp_path / "mine.pdparams"
    path.write_bytes(content)
    with pytest.raises(UsageError, match=why) as refused:
        Weights.parse(str(path))
    assert str(path) in refused.value.message


def test_a_safetensors_checkpoint_is_taken_whole(tmp_path: Path) -> None:
    path = tmp_path / "mine.safetensors"
    path.write_bytes((2).to_bytes(8, "little") + b"{}")
    assert Weights.parse(str(path)) == Weights("checkpoint", path=path)
    for broken in (b"", b"{}", (3).to_bytes(8, "little") + b"{}", (2).to_bytes(8, "little") + b"PK"):
        path.write_bytes(broken)
        with pytest.raises(UsageError, match=r"is no whole \.safetensors file"):
            Weights.parse(str(path))


def test_a_program_in_a_folder_is_a_model_of_ones_own(tmp_path: Path) -> None:
    path = tmp_path / "net.pdmodel"
    path.touch()
    assert Weights.parse(str(path)) == Weights("own", path=path)
