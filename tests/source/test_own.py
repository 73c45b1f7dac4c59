"""A user's own model: sound ones are read, broken ones named. The files are written as Paddle writes them."""

from __future__ import annotations

import re
import struct
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge.errors import ModelFilesError
from edge.paddle.pair import find_pair
from edge.paddle.schema import DTYPE_NUMBERS, LOD_TENSOR, MESSAGES
from edge.source.own import read

SHAPES = {"b_w": (4, 3, 3, 3), "a_b": (4,), "c_n": (1,)}
DTYPES = {"c_n": "int64"}


def tensor(shape: tuple[int, ...], dtype: str = "float32") -> bytes:
    description: bytes = MESSAGES["TensorDesc"](data_type=DTYPE_NUMBERS[dtype], dims=shape).SerializeToString()
    count = 1
    for n in shape:
        count *= n
    size = {"float32": 4, "int64": 8}[dtype]
    return struct.pack("<IQIi", 0, 0, 0, len(description)) + description + bytes(count * size)


def params(shapes: dict[str, tuple[int, ...]] = SHAPES) -> bytes:
    return b"".join(tensor(shapes[name], DTYPES.get(name, "float32")) for name in sorted(shapes))


def program(version: int = 2_006_002) -> bytes:
    made = MESSAGES["Program"]()
    made.version.version = version
    block = made.blocks.add(idx=0, parent_idx=-1)
    for name, shape in {**SHAPES, "x": (-1, 3, 8, 8), "y": (-1, 4, 8, 8)}.items():
        var = block.vars.add(name=name, persistable=name in SHAPES)
        var.type.type = LOD_TENSOR
        var.type.lod_tensor.tensor.data_type = DTYPE_NUMBERS[DTYPES.get(name, "float32")]
        var.type.lod_tensor.tensor.dims.extend(shape)
    for kind, inside, outside, name in (("feed", "X", "Out", "x"), ("fetch", "X", "Out", "y")):
        op = block.ops.add(type=kind)
        op.inputs.add(parameter=inside, arguments=["feed" if kind == "feed" else name])
        op.outputs.add(parameter=outside, arguments=[name if kind == "feed" else "fetch"])
        op.attrs.add(name="col", type=0, i=0)
    data: bytes = made.SerializeToString()
    return data


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "inference.pdmodel").write_bytes(program())
    (tmp_path / "inference.pdiparams").write_bytes(params())
    return tmp_path


def test_a_sound_model_is_read(folder: Path) -> None:
    model = read(folder)
    assert model.kind == "own"
    assert model.paddle_version == "2.6.2"
    assert model.params_count == 4 * 27 + 4 + 1
    assert model.path == folder


def separate(folder: Path) -> None:
    """As Paddle 1.x saves by default: `__model__`, and a file of its name for each parameter."""
    (folder / "inference.pdmodel").rename(folder / "__model__")
    (folder / "inference.pdiparams").unlink()
    for name, shape in SHAPES.items():
        (folder / name).write_bytes(tensor(shape, DTYPES.get(name, "float32")))


@pytest.mark.usefixtures("private_cache")
def test_parameters_in_files_of_their_own_are_joined_by_name(folder: Path) -> None:
    separate(folder)
    model = read(folder)
    assert model.params.read_bytes() == params()
    assert model.program.read_bytes() == (folder / "__model__").read_bytes()
    assert (model.path, model.params_count) == (folder, 113)
    (folder / "a_b").write_bytes(tensor((4,))[:-16] + bytes(15) + b"\1")  # other weights are another model
    assert read(folder).params_sha256 != model.params_sha256


@pytest.mark.usefixtures("private_cache")
@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("b_w", None, r"3 parameters, and no file beside it for 1 of them \(b_w\)"),
        ("b_w", tensor((4, 3, 3, 2)), r"b_w does not belong .* float32 \[4, 3, 3, 2\]"),
        ("a_b", tensor((4,))[:-1], "a_b is cut off"),
        ("c_n", b"", "c_n is empty"),
    ],
)
def test_a_parameter_that_is_missing_or_another_is_named(
    folder: Path, name: str, content: bytes | None, says: str
) -> None:
    separate(folder)
    (folder / name).unlink() if content is None else (folder / name).write_bytes(content)
    with pytest.raises(ModelFilesError, match=says):
        read(folder)


@pytest.mark.usefixtures("private_cache")
def test_one_of_several_parameters_is_not_taken_for_all(folder: Path) -> None:
    separate(folder)
    for name in ("b_w", "c_n"):
        (folder / name).unlink()
    with pytest.raises(ModelFilesError, match=r"3 parameters, and no file beside it for 2 of them \(b_w, c_n\)"):
        read(folder)


@pytest.mark.usefixtures("private_cache")
def test_parameters_of_another_name_that_do_not_belong_are_called_by_it(folder: Path) -> None:
    (folder / "inference.pdmodel").rename(folder / "__model__")
    (folder / "inference.pdiparams").unlink()
    (folder / "other.bin").write_bytes(params({**SHAPES, "a_b": (5,)}))
    with pytest.raises(ModelFilesError, match=re.escape(f"{folder / 'other.bin'} does not belong to")):
        read(folder)


@pytest.mark.usefixtures("private_cache")
def test_a_program_cannot_name_files_elsewhere(folder: Path) -> None:
    separate(folder)
    inside = folder / "net"
    inside.mkdir()
    made = MESSAGES["Program"].FromString((folder / "__model__").read_bytes())
    for var in made.blocks[0].vars:
        if var.persistable:
            var.name = f"../{var.name}"
    (inside / "__model__").write_bytes(made.SerializeToString())
    with pytest.raises(ModelFilesError, match="no file beside it for any of them"):
        read(inside)


@pytest.mark.usefixtures("private_cache")
def test_another_pair_is_linked_under_usual_names(folder: Path) -> None:
    (folder / "inference.pdmodel").rename(folder / "det.model")
    (folder / "inference.pdiparams").rename(folder / "det.weights")
    model = read(folder)
    assert model.program.name == "inference.pdmodel"
    assert find_pair(model.program) == (model.program, model.params)
    assert model.params.read_bytes() == params()


def test_what_paddle_3_wrote_in_the_old_format_has_paddle_3_as_its_reference(folder: Path) -> None:
    assert read(folder).reference_engine == "paddle"
    (folder / "inference.pdmodel").write_bytes(program(version=3_000_000))
    assert read(folder).reference_engine == "paddle3"


def test_a_folder_with_spaces_and_letters_of_any_language_is_read(folder: Path, tmp_path: Path) -> None:
    strange = tmp_path / "mein Modell – übersetzt 模型"
    strange.mkdir()
    for path in list(folder.glob("inference.*")):
        path.rename(strange / path.name)
    assert read(strange).params_count == 113


@pytest.mark.parametrize(
    ("file", "content", "says"),
    [
        ("inference.pdmodel", b"", "inference.pdmodel is empty"),
        ("inference.pdiparams", b"", "inference.pdiparams is empty"),
        ("inference.pdmodel", program()[:-7], "no Paddle program"),
        ("inference.pdmodel", b"\x89PNG\r\n\x1a\n" * 20, "no Paddle program"),
        ("inference.pdiparams", params()[:-1], r"is cut off: it ends at tensor 3 of 3 \(c_n\)"),
        ("inference.pdiparams", params()[:60], "is cut off: it ends at tensor 2 of 3"),
        ("inference.pdiparams", params() + tensor((2,)), "does not belong to the program beside it: it holds more"),
        ("inference.pdiparams", params({**SHAPES, "b_w": (8, 3, 3, 3)}), r"not belong .* tensor 2 is float32 \[8, 3, 3, 3\]"),
        ("inference.pdiparams", b"PK\x03\x04" + bytes(500), "no parameters file of Paddle"),
    ],
    ids=["empty program", "empty params", "truncated program", "foreign program", "truncated by a byte", "truncated early",
         "a tensor too many", "another network's", "wrong magic"],
)  # fmt: skip
def test_what_is_broken_is_said(folder: Path, file: str, content: bytes, says: str) -> None:
    (folder / file).write_bytes(content)
    with pytest.raises(ModelFilesError, match=says):
        read(folder)


@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_no_prefix_of_the_parameters_passes_for_the_whole(folder: Path, data: st.DataObject) -> None:
    whole = params()
    cut = data.draw(st.integers(0, len(whole) - 1))
    (folder / "inference.pdiparams").write_bytes(whole[:cut])
    with pytest.raises(ModelFilesError):
        read(folder)


@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(noise=st.binary(min_size=1, max_size=300))
def test_noise_is_never_taken_for_parameters(folder: Path, noise: bytes) -> None:
    (folder / "inference.pdiparams").write_bytes(noise)
    with pytest.raises(ModelFilesError):
        read(folder)
