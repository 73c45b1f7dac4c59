"""Exports are made once; whatever can change them is part of their key."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from edge.errors import ExportError
from edge.source.exported import export
from edge.source.weights import Weights
from edge.toolchain.toolbox import Toolbox
from edge.toolchain.worker import Worker
from edge.zoo.catalogue import lookup

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("private_cache")]

MODEL = lookup("MobileNetV1_x0_25")


def nobody() -> AbstractContextManager[Worker]:
    raise AssertionError("no engine is needed for what is in the cache")


def test_an_export_is_made_once() -> None:
    with Toolbox() as tools:
        made = export(MODEL, Weights("random"), lambda: tools.lend("paddle"))
        other = export(MODEL, Weights("random", seed=1), lambda: tools.lend("paddle"))
    assert export(MODEL, Weights("random"), nobody) == made
    assert made.params_sha256 != other.params_sha256
    assert (made.kind, made.seed, made.class_num, made.paddle_version) == ("random", 0, 1000, "2.6.2")
    assert (made.flops, made.params_count) == (43_564_416, 475_544)
    assert sorted(path.name for path in made.directory.glob("*.pd*")) == ["inference.pdiparams", "inference.pdmodel"]


def test_a_refused_checkpoint_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "mine.pdparams").write_bytes(b"\x80\x04no pickle.")
    weights = Weights.parse(str(tmp_path / "mine.pdparams"))
    with (
        Toolbox() as tools,
        pytest.raises(
            ExportError,
            match=r"MobileNetV1_x0_25 could not be exported: the checkpoint .* is refused: it asks for pickle",
        ),
    ):
        export(MODEL, weights, lambda: tools.lend("paddle"))
    assert not list((tmp_path / "cache" / "exports").glob("**/*.pd*"))
