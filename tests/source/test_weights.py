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
