"""Which measurement of an engine is the one that stands beside the others."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from edge.cache.hashing import sha256_of
from edge.results.beside import latest
from edge.results.identity import DeviceIdentity
from edge.results.merge import merge
from edge.results.protocol import ROBUST, TABLE
from edge.results.store import Store
from tests.bench.examples import PHONE, PROGRAM, SUBJECT, launch

HOST: dict[str, Any] = {"serial": "host", "kind": "host", "model": "builder", "soc": "Xeon", "serialno": "5a"}
HERE = DeviceIdentity.of(HOST)
NETWORK = replace(SUBJECT, name="PPLCNet_x1_0", target=None, weights="random", precision="fp32", sha256="0a" * 32)
NETWORKS = [("PPLCNet_x1_0",), ("MobileNetV1", "MobileNetV1_ssld")]


def measured(path: Path, ms: float, **changes: Any) -> None:
    values = {"subject": NETWORK, "threads": 1, "protocol": ROBUST, "program": PROGRAM}
    device, engine = changes.pop("device", HOST), changes.pop("engine", "onnxruntime")
    synthetic = changes.pop("synthetic", False)
    with Store(path) as store:
        session = store.new_session(seed=7, device=device)
        cell = store.begin(session, **{**values, **changes})
        store.add_launch(
            cell, session, replace(launch(0, ms, ms), engine=engine, engine_version="1", synthetic=synthetic)
        )
        store.finish(cell)


def found(path: Path) -> dict[tuple[str, str], float | None]:
    return {place: one.headline_ms for place, one in latest(path, NETWORKS, HERE).items()}


def test_the_newest_in_time_also_where_an_older_one_was_merged_later(tmp_path: Path) -> None:
    elsewhere, here = tmp_path / "elsewhere.db", tmp_path / "here.db"
    measured(elsewhere, 30.0, subject=replace(NETWORK, sha256="0b" * 32))
    measured(here, 10.0)
    merge(here, [elsewhere])
    with Store(here, create=False) as store:
        assert [store.get(id).headline_ms for id in sorted(store.ids())] == [10.0, 30.0]
    assert found(here) == {("PPLCNet_x1_0", "onnxruntime"): 10.0}


def in_one_session(path: Path, **ms: float) -> None:
    with Store(path) as store:
        session = store.new_session(seed=7, device=HOST)
        for engine, number in ms.items():
            subject = replace(NETWORK, sha256=sha256_of(engine.encode()))
            cell = store.begin(session, subject=subject, threads=1, protocol=ROBUST, program=PROGRAM)
            store.add_launch(cell, session, replace(launch(0, number, number), engine=engine, engine_version="1"))
            store.finish(cell)


def test_any_name_of_a_network(tmp_path: Path) -> None:
    measured(tmp_path / "a.db", 10.0)
    measured(tmp_path / "a.db", 12.0, subject=replace(NETWORK, name="MobileNetV1_ssld"))
    assert found(tmp_path / "a.db") == {("PPLCNet_x1_0", "onnxruntime"): 10.0, ("MobileNetV1", "onnxruntime"): 12.0}


def test_what_stands_side_by_side_was_measured_so(tmp_path: Path) -> None:
    """Never an engine of one session beside another's of another; of the sessions with the most engines, the newest, and under
    one name."""
    in_one_session(tmp_path / "a.db", onnxruntime=1.0, mnn=2.0)
    in_one_session(tmp_path / "a.db", onnxruntime=10.0, mnn=11.0)
    for name, engine, ms in (("MobileNetV1", "onnxruntime", 3.0), ("MobileNetV1_ssld", "mnn", 4.0)):
        measured(tmp_path / "a.db", ms, engine=engine, subject=replace(NETWORK, name=name))
    in_one_session(tmp_path / "a.db", onnxruntime=5.0)
    assert found(tmp_path / "a.db") == {
        ("PPLCNet_x1_0", "onnxruntime"): 10.0,
        ("PPLCNet_x1_0", "mnn"): 11.0,
        ("MobileNetV1", "mnn"): 4.0,
    }


def test_channels_last_is_the_same_size(tmp_path: Path) -> None:
    """LiteRT's files are: another layout, not another network."""
    measured(tmp_path / "a.db", 10.0, engine="litert", subject=replace(NETWORK, shapes=((1, 224, 224, 3),)))
    measured(tmp_path / "a.db", 5.0, engine="litert", subject=replace(NETWORK, shapes=((1, 192, 192, 3),)))
    assert found(tmp_path / "a.db") == {("PPLCNet_x1_0", "litert"): 10.0}


@pytest.mark.parametrize(
    "other",
    [
        {"device": {**HOST, "serialno": "5b"}},
        {"device": PHONE},
        {"threads": 2},
        {"protocol": TABLE},
        {"subject": replace(NETWORK, weights="published")},
        {"subject": replace(NETWORK, precision="int8-static")},
        {"subject": replace(NETWORK, shapes=((1, 3, 192, 192),))},
        {"subject": replace(NETWORK, name="ResNet50")},
    ],
)
def test_what_is_measured_otherwise_is_not_it(tmp_path: Path, other: dict[str, Any]) -> None:
    measured(tmp_path / "a.db", 10.0)
    measured(tmp_path / "a.db", 5.0, **other)
    assert found(tmp_path / "a.db") == {("PPLCNet_x1_0", "onnxruntime"): 10.0}
