from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge.convert.legalise import legalise
from edge.convert.opt.optimise import optimise
from edge.convert.recipe import Recipe
from edge.errors import NbFormatError
from edge.nb.header import canonicalise, read_header
from edge.toolchain.toolbox import Toolbox
from tests.convert.legalise.rule_cases import CASES
from tests.paddle.programs import write_params


def nb(
    version: bytes = b"v2.13-rc\0\x8d\xf4J\xfd\x7f\0\0", meta: int = 2, params: tuple[bytes, ...] = (b"abc", b"defgh")
) -> bytes:
    """A file laid out as opt writes it, with a meaningless topology; `version` as on file, NUL and leftovers behind it."""
    topology = bytes(range(40))
    records = b"".join(struct.pack("<II", 4 + len(body), 4) + body for body in params)
    head = struct.pack("<HHHHI", 0, 0, 6, len(params), 5)
    return struct.pack("<H16sQ", meta, version, len(topology)) + topology + head + records


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "model.nb"


def test_the_head_is_read(path: Path) -> None:
    path.write_bytes(nb())
    header = read_header(path)
    assert header.opt_version == "v2.13-rc"
    assert (header.meta_version, header.topology_bytes, header.params_count) == (2, 40, 2)
    assert header.params_bytes == 12 + 8 + 3 + 8 + 5
    assert header.total_bytes == path.stat().st_size == 26 + header.topology_bytes + header.params_bytes


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_a_file_cut_off_anywhere_is_refused(path: Path, data: st.DataObject) -> None:
    whole = nb()
    length = data.draw(st.integers(0, len(whole) - 1))
    path.write_bytes(whole[:length])
    with pytest.raises(NbFormatError) as caught:
        read_header(path)
    assert str(path) in caught.value.message


@pytest.mark.parametrize(
    ("content", "output"),
    [
        (b"", "is empty"),
        (b"\x7fELF" + bytes(100), "does not begin like"),
        (b"PK\x03\x04" + bytes(100), "does not begin like"),
        (nb(version=b"\0" * 16), "does not begin like"),
        (nb(version=b"v2.13-rc-and-more"[:16]), "does not begin like"),
        (nb(meta=1), "naive buffer format 1"),
        (nb() + b"x", "goes on for 1 bytes"),
        (nb()[:-1], "is cut off"),
        (nb()[:66] + b"\1\0" + nb()[68:], "no parameters where its head says"),
    ],
    ids=[
        "empty",
        "elf",
        "zip",
        "no version",
        "version without end",
        "old format",
        "longer",
        "cut off",
        "no parameters",
    ],
)
def test_what_is_no_sound_file_is_named(path: Path, content: bytes, output: str) -> None:
    path.write_bytes(content)
    with pytest.raises(NbFormatError, match=output):
        read_header(path)


def test_a_missing_file_is_named(path: Path) -> None:
    with pytest.raises(NbFormatError, match="No such file"):
        read_header(path)


def test_files_that_differ_in_leftovers_only_become_equal(tmp_path: Path) -> None:
    made = []
    for number, leftovers in enumerate((b"\x8d\xf4J\xfd\x7f\0\0", b"1234567")):
        file = tmp_path / f"{number}.nb"
        file.write_bytes(nb(version=b"v2.13-rc\0" + leftovers))
        canonicalise(file)
        made.append(file.read_bytes())
    assert made[0] == made[1] == nb(version=b"v2.13-rc")


@pytest.mark.slow
def test_opt_writes_such_a_file_and_the_engine_still_loads_it(tmp_path: Path) -> None:
    case = next(case for case in CASES if case.rule == "matmul-weight-to-mul")
    legal, _ = legalise(case.network, engine=case.engine)
    params, inputs = tmp_path / "params", tmp_path / "inputs.npz"
    write_params(params, case.weights)
    given: dict[str, Any] = {"0/x": np.ones(case.network.feeds[0].shape, np.float32)}
    np.savez(inputs, **given)
    outputs, files = [], []
    with Toolbox() as tools, tools.lend("paddlelite", case.engine) as worker:
        for number in range(2):
            made, out = tmp_path / f"{number}.nb", tmp_path / f"{number}.npz"
            optimise(worker, legal, params, made, Recipe("x86", case.engine, target="x86", abi="x86_64"))
            header = read_header(made)
            assert header.opt_version == "v2.13-rc"
            assert header.params_count >= 1
            if number:
                canonicalise(made)
            assert read_header(made) == header
            worker.call("run", nb=str(made), inputs_npz=str(inputs), outputs_npz=str(out), feeds=["x"], fetches=["y"])
            with np.load(out) as arrays:
                outputs.append(arrays["0/y"])
            canonicalise(made)
            files.append(made.read_bytes())
    assert np.array_equal(outputs[0], outputs[1])
    assert files[0] == files[1]
