"""Checkpoints are pickles, and pickles run code: this reader builds arrays and nothing else."""

from __future__ import annotations

import importlib.util
import io
import json
import pickle
import struct
import subprocess
import sys
from collections import OrderedDict
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge.toolchain.engines import WORKERS


def _load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("paddle_checkpoint", WORKERS / "paddle_checkpoint.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


reader = _load()
STATE = {"conv.weight": np.arange(12, dtype="float32").reshape(3, 4), "bn._mean": np.ones(3, "float32")}


class Tensor:
    """As much of a Paddle tensor as the reader touches."""

    def __init__(self, value: np.ndarray[Any, Any]) -> None:
        self.value, self.shape = value, list(value.shape)

    def numpy(self) -> np.ndarray[Any, Any]:
        return self.value

    def set_value(self, value: np.ndarray[Any, Any]) -> None:
        self.value = value


class Network:
    def __init__(self, **shapes: tuple[int, ...]) -> None:
        self.tensors = {name: Tensor(np.zeros(shape, "float32")) for name, shape in shapes.items()}

    def state_dict(self) -> dict[str, Tensor]:
        return self.tensors


class Attack:
    """Pickles to a call of whatever it is told."""

    def __init__(self, function: Any, *arguments: Any) -> None:
        self.call = function, arguments

    def __reduce__(self) -> tuple[Any, tuple[Any, ...]]:
        return self.call


def save(path: Path, content: Any, protocol: int = 4) -> str:
    path.write_bytes(pickle.dumps(content, protocol=protocol))
    return str(path)


@pytest.mark.parametrize("protocol", [2, 3, 4])
@pytest.mark.parametrize("kind", [dict, OrderedDict])
def test_arrays_are_read_from_every_protocol_of_paddle(tmp_path: Path, protocol: int, kind: type) -> None:
    content = kind(STATE | {"StructuredToParameterName@@": {"conv.weight": "conv2d_0.w_0"}})
    read, told = reader.read(save(tmp_path / "a.pdparams", content, protocol))
    assert not told
    assert read.keys() == STATE.keys()
    assert all((read[name] == STATE[name]).all() for name in STATE)


class Named:
    """Pickles as Paddle pickles a tensor in a table in a table: the tuple of its name and its array."""

    def __init__(self, value: np.ndarray[Any, Any]) -> None:
        self.value = value

    def __reduce__(self) -> tuple[Any, tuple[Any, ...]]:
        return tuple, (("conv2d_0.w_0", self.value),)


TENSORS = {name: Named(value) for name, value in STATE.items()}
OTHERS = {name: Named(value * 2) for name, value in STATE.items()}


@pytest.mark.parametrize("protocol", [2, 4])
@pytest.mark.parametrize(
    ("content", "says"),
    [
        (
            {"model": TENSORS, "epoch": 3, "optimizer": {"moment": np.ones(3)}},
            ["the parameters are those under 'model'"],
        ),
        ({"state_dict": TENSORS, "arch": "net"}, ["the parameters are those under 'state_dict'"]),
        ({"what else": STATE, "epoch": 3}, ["the parameters are those under 'what else'"]),
        (
            {"model": OTHERS, "model_ema": TENSORS},
            ["the parameters are those under 'model_ema' (averaged, EMA), not under 'model'"],
        ),
        (
            {"state_dict": OTHERS, "ema": {"decay": 0.9, "state": TENSORS}},
            [
                "the parameters are those under 'ema' (averaged, EMA), not under 'state_dict'",
                "the parameters are those under 'state'",
            ],
        ),
    ],
    ids=["model", "state_dict", "a single table", "EMA", "EMA in a table"],
)
def test_parameters_in_a_table_are_found_and_named(
    tmp_path: Path, content: dict[str, Any], says: list[str], protocol: int
) -> None:
    read, told = reader.read(save(tmp_path / "a.pdparams", content, protocol))
    assert told == says
    assert all((read[name] == STATE[name]).all() for name in STATE)


def prefixed(prefix: str, factor: int = 1) -> dict[str, Any]:
    return {prefix + name: value * factor for name, value in STATE.items()}


@pytest.mark.parametrize(
    ("state", "says"),
    [
        (STATE, []),
        (prefixed("module."), ["its names begin with 'module.', which was taken off"]),
        (prefixed("_layers."), ["its names begin with '_layers.', which was taken off"]),
        (
            {**prefixed("backbone."), "head.w": np.ones(1), "neck.b": np.ones(1)},
            ["its names begin with 'backbone.', which was taken off; what begins with 'head.', 'neck.' was left aside"],
        ),
        (
            {**prefixed("Teacher.backbone.", 2), **prefixed("Student.backbone.")},
            [
                "its names begin with 'Student.backbone.', which was taken off; what begins with 'Teacher.' was left aside"
            ],
        ),
    ],
    ids=["none", "module", "_layers", "backbone", "Student"],
)
def test_a_prefix_is_taken_off_and_named(state: dict[str, Any], says: list[str]) -> None:
    network = Network(**{"conv.weight": (3, 4), "bn._mean": (3,)})
    mine, told = reader.fitted(network, state, "a.pdparams")
    assert told == says
    reader.fill(network, mine, "a.pdparams")
    assert all((network.tensors[name].value == STATE[name]).all() for name in STATE)


def test_of_two_networks_neither_is_guessed() -> None:
    network = Network(**{"conv.weight": (3, 4), "bn._mean": (3,)})
    with pytest.raises(reader.CheckpointError, match=r"holds the network several times \('a\.', 'b\.'\): save one"):
        reader.fitted(network, {**prefixed("a."), **prefixed("b.", 2)}, "a.pdparams")


def test_a_parameter_that_is_missing_under_the_prefix_is_named() -> None:
    network = Network(**{"conv.weight": (3, 4), "bn._mean": (3,), "fc.b": (2,)})
    mine, _ = reader.fitted(network, prefixed("module."), "a.pdparams")
    with pytest.raises(reader.CheckpointError, match=r"fit the architecture: fc\.b is missing$"):
        reader.fill(network, mine, "a.pdparams")


def safetensors(**tensors: tuple[str, np.ndarray[Any, Any]]) -> bytes:
    described: dict[str, Any] = {"__metadata__": {"format": "pd"}}
    values = b""
    for name, (dtype, value) in tensors.items():
        described[name] = {
            "dtype": dtype,
            "shape": list(value.shape),
            "data_offsets": [len(values), len(values) + value.nbytes],
        }
        values += value.tobytes()
    head = json.dumps(described).encode()
    return struct.pack("<Q", len(head)) + head + values


def test_safetensors_are_read(tmp_path: Path) -> None:
    half = np.array([1.5, -2.0], "float32")
    content = safetensors(
        a=("F32", STATE["conv.weight"]),
        b=("F16", half.astype("float16")),
        c=("BF16", (half.view("uint32") >> 16).astype("uint16")),
        d=("I64", np.array([[7]])),
        e=("F32", np.array(3.0, "float32")),
    )
    (tmp_path / "a.safetensors").write_bytes(content)
    read, told = reader.read(str(tmp_path / "a.safetensors"))
    assert not told
    assert {name: array.tolist() for name, array in read.items()} == {
        "a": STATE["conv.weight"].tolist(),
        "b": half.tolist(),
        "c": half.tolist(),
        "d": [[7]],
        "e": 3.0,
    }


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_damaged_safetensors_are_a_sentence(tmp_path: Path, data: st.DataObject) -> None:
    whole = bytearray(safetensors(a=("F32", STATE["conv.weight"]), b=("F32", STATE["bn._mean"])))
    if data.draw(st.booleans()):
        whole = whole[: data.draw(st.integers(0, len(whole) - 1))]
    else:
        whole[data.draw(st.integers(0, 170))] ^= 1 << data.draw(st.integers(0, 7))
    path = tmp_path / "a.safetensors"
    path.write_bytes(whole)
    try:
        read, _ = reader.read(str(path))
    except reader.CheckpointError as error:
        assert "a.safetensors" in str(error)  # noqa: PT017 - a flipped bit in a name is no damage that shows
    else:
        assert all(isinstance(array, np.ndarray) for array in read.values())


@pytest.mark.parametrize(
    ("dtype", "shape", "place", "says"),
    [
        ("F32", [2], [4, 12], "damaged at 'a'"),
        ("F32", [2], [0, 8], "holds more than it describes"),
        ("F32", [4], [0, 16], "cut off or damaged at 'a'"),
        ("F32", [-3, -1], [0, 12], "description of 'a' is of a form that is not known"),
        ("F32", [3.0], [0, 12], "description of 'a' is of a form that is not known"),
        ("F8_E4M3", [12], [0, 12], "elements of type 'F8_E4M3'"),
    ],
)
def test_safetensors_whose_places_do_not_fit_are_refused(
    tmp_path: Path, dtype: str, shape: list[Any], place: list[int], says: str
) -> None:
    head = json.dumps({"a": {"dtype": dtype, "shape": shape, "data_offsets": place}}).encode()
    (tmp_path / "a.safetensors").write_bytes(struct.pack("<Q", len(head)) + head + bytes(12))
    with pytest.raises(reader.CheckpointError, match=says):
        reader.read(str(tmp_path / "a.safetensors"))


def test_values_of_safetensors_are_used_once(tmp_path: Path) -> None:
    one = {"dtype": "BF16", "shape": [6], "data_offsets": [0, 12]}
    head = json.dumps({"a": one, "b": one}).encode()
    (tmp_path / "a.safetensors").write_bytes(struct.pack("<Q", len(head)) + head + bytes(12))
    with pytest.raises(reader.CheckpointError, match="damaged at 'b'"):
        reader.read(str(tmp_path / "a.safetensors"))


def test_an_optimizers_numbered_tables_are_left_aside(tmp_path: Path) -> None:
    content = {"model": TENSORS, "optimizer": {"state": {0: np.ones(3), 1: np.ones(3)}}}
    read, _ = reader.read(save(tmp_path / "a.pdparams", content))
    assert read.keys() == STATE.keys()


def test_a_table_that_holds_itself_is_refused(tmp_path: Path) -> None:
    content: dict[str, Any] = {}
    content["model"] = content
    with pytest.raises(reader.CheckpointError, match="tables in more than 8 tables"):
        reader.read(save(tmp_path / "a.pdparams", content))


def test_a_tuple_is_of_a_name_and_an_array(tmp_path: Path) -> None:
    with pytest.raises(reader.CheckpointError, match="a tuple of what is no name and array"):
        reader.read(save(tmp_path / "a.pdparams", {"a": Attack(tuple, "text")}))


def attacks(marker: Path) -> dict[str, Any]:
    import os
    import subprocess

    touch = f"touch {marker}"
    return {
        "os.system": Attack(os.system, touch),
        "subprocess.Popen": Attack(subprocess.Popen, ["touch", str(marker)]),
        "builtins.eval": Attack(eval, f"open({str(marker)!r}, 'w')"),
        "builtins.exec": Attack(exec, f"open({str(marker)!r}, 'w')"),
        "builtins.open": Attack(open, str(marker), "w"),
        "pathlib.Path": Attack(Path, str(marker)),
        "builtins.getattr": Attack(getattr, "text", "upper"),
        "numpy.load": Attack(np.load, str(marker)),
    }


@pytest.mark.parametrize("protocol", [0, 2, 4])
@pytest.mark.parametrize("name", sorted(attacks(Path("marker"))))
def test_code_is_refused_and_never_run(tmp_path: Path, name: str, protocol: int) -> None:
    marker = tmp_path / "was-run"
    content = STATE | {"fc.weight": attacks(marker)[name]}
    path = save(tmp_path / "evil.pdparams", content, protocol)
    with pytest.raises(reader.CheckpointError, match=r"evil\.pdparams is refused: it asks for .* could run code"):
        reader.read(path)
    assert not marker.exists()


MODULES = st.sampled_from(
    ["os", "posix", "builtins", "subprocess", "sys", "numpy", "numpy.core", "importlib", "pickle"]
)
NAMES = st.sampled_from(["system", "eval", "exec", "__import__", "Popen", "import_module", "loads", "load", "ufunc"])


_READ = """
import importlib.util, resource, sys
spec = importlib.util.spec_from_file_location("paddle_checkpoint", sys.argv[1])
reader = importlib.util.module_from_spec(spec)
spec.loader.exec_module(reader)
before = resource.getrlimit(resource.RLIMIT_AS)
try:
    reader.read(sys.argv[2])
except reader.CheckpointError as error:
    print(error)
print(before == resource.getrlimit(resource.RLIMIT_AS))
peak = [line for line in open("/proc/self/status") if line.startswith("VmHWM")]  # ru_maxrss is a large parent's
print(int(peak[0].split()[1]) >> 10)
"""


@pytest.mark.slow
def test_what_asks_for_too_much_memory_is_refused_in_a_sentence(tmp_path: Path) -> None:
    """Tables are 64 bytes each and a byte in the file: without the limit they would take 580 MB."""
    path, size = tmp_path / "a.pdparams", 8 << 20
    path.write_bytes(b"\x80\x04" + b"}" * (size - 3) + b".")
    done = subprocess.run(
        [sys.executable, "-c", _READ, str(WORKERS / "paddle_checkpoint.py"), str(path)],
        capture_output=True, text=True, check=True, timeout=120,
    )  # fmt: skip
    said, restored, peak_mib = done.stdout.splitlines()
    assert said == f"the checkpoint {path} is refused: it asks for much more memory than it has bytes, {size}"
    assert restored == "True"
    assert int(peak_mib) < 420


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(module=MODULES, name=NAMES | st.text("abcdefgh_.", min_size=1), argument=st.text(max_size=10))
def test_no_name_outside_the_list_is_looked_up(tmp_path: Path, module: str, name: str, argument: str) -> None:
    text = b"".join(struct.pack("<BI", 0x58, len(t.encode())) + t.encode() for t in (module, name))
    value = struct.pack("<BI", 0x58, len(argument.encode())) + argument.encode()
    path = tmp_path / "a.pdparams"
    path.write_bytes(b"\x80\x04" + text + b"\x93" + value + b"\x85R.")  # STACK_GLOBAL, TUPLE1, REDUCE, STOP
    with pytest.raises(reader.CheckpointError, match="it asks for"):
        reader.read(str(path))


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_a_damaged_checkpoint_is_a_sentence(tmp_path: Path, data: st.DataObject) -> None:
    whole = pickle.dumps(STATE, protocol=4)
    cut = whole[: data.draw(st.integers(0, len(whole) - 1))]
    path = tmp_path / "a.pdparams"
    path.write_bytes(cut)
    with pytest.raises(reader.CheckpointError, match=r"a\.pdparams"):
        reader.read(str(path))


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ([1, 2], "holds no table of parameters"),
        ({}, "holds no parameters"),
        ({"epoch": 3}, "holds 'epoch', which is no array of numbers"),
        ({"a": np.array([object()])}, "elements of type 'O8'"),
        ({"a": np.array(["text"])}, "elements of type 'U4'"),
    ],
    ids=["a list", "empty", "a number", "objects", "strings"],
)
def test_what_is_no_table_of_arrays_is_refused(tmp_path: Path, content: Any, says: str) -> None:
    with pytest.raises(reader.CheckpointError, match=says):
        reader.read(save(tmp_path / "a.pdparams", content))


def test_an_object_outside_of_the_file_is_refused(tmp_path: Path) -> None:
    class Outside(pickle.Pickler):
        def persistent_id(self, obj: Any) -> Any:
            return "elsewhere" if isinstance(obj, np.ndarray) else None

    buffer = io.BytesIO()
    Outside(buffer, protocol=4).dump(STATE)
    (tmp_path / "a.pdparams").write_bytes(buffer.getvalue())
    with pytest.raises(reader.CheckpointError, match="it asks for pickle's instruction 'Q'"):
        reader.read(str(tmp_path / "a.pdparams"))


def test_fitting_values_are_taken_over() -> None:
    network = Network(**{"conv.weight": (3, 4), "bn._mean": (3,)})
    reader.fill(network, STATE, "a.pdparams")
    assert (network.tensors["conv.weight"].value == STATE["conv.weight"]).all()


def test_the_first_mismatches_are_named() -> None:
    network = Network(**{"conv.weight": (5, 4), "bn.weight": (3,), "a": (1,), "b": (1,)})
    with pytest.raises(reader.CheckpointError) as caught:
        reader.fill(network, STATE, "a.pdparams")
    assert str(caught.value) == (
        "the checkpoint a.pdparams does not fit the architecture: conv.weight has shape [3, 4] instead of [5, 4], "
        "bn.weight is missing, a is missing, and 2 more"
    )
    assert not network.tensors["conv.weight"].value.any()


def test_values_that_are_not_finite_are_refused() -> None:
    network = Network(**{"bn._mean": (3,)})
    with pytest.raises(reader.CheckpointError, match="_mean holds values that are not finite"):
        reader.fill(network, {"bn._mean": np.array([1, np.nan, 2], "float32")}, "a.pdparams")


def test_what_a_constructor_computes_itself_may_be_missing_or_more() -> None:
    network = Network(**{"bn._mean": (3,), "blocks.0.attn_mask": (2, 2)})
    reader.fill(network, {"bn._mean": np.ones(3), "attn.relative_position_index": np.zeros(4)}, "a.pdparams")
    assert (network.tensors["bn._mean"].value == 1).all()


@pytest.mark.parametrize(
    ("fc", "classes"), [((8, 1000), 1000), ((8, 10), 10), ((9, 10), 10), ((9, 1000), 1000)], ids=str
)
def test_the_number_of_classes_is_the_checkpoints(fc: tuple[int, int], classes: int) -> None:
    network = Network(**{"fc.weight": (8, 1000), "fc.bias": (1000,)})
    state = {"fc.weight": np.zeros(fc), "fc.bias": np.zeros(fc[1])}
    assert reader.class_num(network, state, 1000) == classes
