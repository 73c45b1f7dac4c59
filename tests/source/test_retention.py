"""Exports in the cache: large ones go after the last order that needs them, and never while somebody uses them."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.cache.store import Cache
from edge.source import retention as leftovers
from edge.source.model import InferenceModel
from edge.source.retention import ExportRetention


@pytest.fixture
def exported(private_cache: Path, monkeypatch: pytest.MonkeyPatch) -> InferenceModel:
    monkeypatch.setattr(leftovers, "LARGE", 10)
    store = Cache(private_cache / "exports")
    with store.making("k") as part:
        (part / "inference.pdmodel").write_bytes(b"program")
        (part / "inference.pdiparams").write_bytes(b"parameters of some length")
        folder = store.put("k", part, {"params": 3}).folder
    return InferenceModel(
        folder, folder / "inference.pdmodel", folder / "inference.pdiparams", "", "", kind="random"
    )  # fmt: skip


def store_of(model: InferenceModel) -> Cache:
    return Cache(model.directory.parent)


def test_a_large_export_goes_after_its_last_order_and_its_facts_stay(exported: InferenceModel) -> None:
    orders = ExportRetention(["net", "net"], keep_small=True)
    for files_after in (True, False):
        with orders.using("net", exported):
            assert exported.params.exists()
        orders.done_with("net")
        assert exported.params.exists() == files_after
    assert store_of(exported).get("k") is None
    kept = store_of(exported).get("k", hollow=True)
    assert kept is not None
    assert kept.facts == {"params": 3}


def test_a_small_export_stays(exported: InferenceModel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leftovers, "LARGE", 1000)
    orders = ExportRetention(["net"], keep_small=True)
    with orders.using("net", exported):
        pass
    orders.done_with("net")
    assert store_of(exported).get("k") is not None


def test_nothing_stays_if_nothing_shall(exported: InferenceModel) -> None:
    orders = ExportRetention(["net"], keep_small=False)
    with orders.using("net", exported):
        pass
    orders.done_with("net")
    assert not exported.directory.exists()


def test_what_another_is_using_stays(exported: InferenceModel) -> None:
    orders = ExportRetention(["net"], keep_small=False)
    with store_of(exported).using("k"):
        with orders.using("net", exported):
            pass
        orders.done_with("net")
        assert exported.params.exists()


def test_an_order_that_never_got_its_export_is_counted(exported: InferenceModel) -> None:
    orders = ExportRetention(["net", "other"], keep_small=False)
    orders.done_with("net")
    assert exported.params.exists()
