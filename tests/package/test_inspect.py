"""Reading files back: what is sound passes every check, and each kind of damage fails one of them."""

from __future__ import annotations

import json
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from edge.errors import EdgezooError, NbFormatError, PackageError
from edge.package.aar import write_aar
from edge.package.apk import write_apk
from edge.package.archive import ZipEntry, write_zip
from edge.package.inspect import inspect_file
from edge.package.inspect.report import Report
from edge.package.keys import debug_key
from edge.package.litelib import find_release
from edge.package.model import load_model
from edge.package.sdk import find_tools
from edge.package.tree import asset_entries
from tests.package.conftest import DATA, MakeModel, MakeRelease
from tests.package.tools import needs_android_tools

Change = Callable[[dict[str, bytes]], object]


def failed(report: Report) -> list[str]:
    return [check.what for check in report.checks if check.passed is False]


def rezip(path: Path, change: Change) -> Path:
    """The archive with its content changed by a function of name -> bytes."""
    with zipfile.ZipFile(path) as archive:
        content = {name: archive.read(name) for name in archive.namelist()}
    change(content)
    with path.open("wb") as stream:
        write_zip(stream, [ZipEntry(name, data) for name, data in content.items()])
    return path


def edit_info(**changes: object) -> Change:
    """A change of the model's model.json."""

    def change(content: dict[str, bytes]) -> None:
        name = "assets/models/tiny/model.json"
        content[name] = json.dumps({**json.loads(content[name]), **changes}).encode()

    return change


class TestNb:
    def test_a_sound_one(self, tiny: Path) -> None:
        report = inspect_file(tiny)
        assert report.sound
        assert (report.kind, report.size) == ("nb", 8902)
        assert report.sections["File"]["opt version"] == "v2.13-rc"
        assert report.sections["File"]["kernels"] == "6 arm fp32, 1 host any"
        assert report.sections["Ops"]["conv2d"] == 1
        assert report.sections["Metadata"]["inputs"] == "x 1x3x16x16 float32"
        assert json.loads(json.dumps(report.as_dict()))["sound"] is True

    def test_without_metadata_it_is_still_read(self, tiny: Path) -> None:
        tiny.with_suffix(".json").unlink()
        report = inspect_file(tiny)
        assert report.sound
        assert [(c.what, c.passed) for c in report.checks] == [("metadata beside the file", None)]

    def test_metadata_that_lies_is_caught(self, make_model: MakeModel) -> None:
        report = inspect_file(make_model(sha256="00", opt_version="v2.10", target="x86"))
        assert failed(report) == [
            "sha256 and size as in the metadata",
            "opt version as in the metadata",
            "kernels for the target in the metadata",
        ]
        assert failed(inspect_file(make_model(inputs=[]))) == ["metadata beside the file"]

    @pytest.mark.parametrize(
        ("changes", "said"),
        [
            ({"class_num": 7, "outputs": [{"name": "y", "shape": [1, 5]}]},
             "`class_num`: 7 classes, and the output has 5 values"),
            ({"inputs": [{"name": "x", "shape": [1, 3, 16, 16], "dtype": "complex"}]},
             "`inputs[0].dtype`: there is no type 'complex'"),
        ],
    )  # fmt: skip
    def test_metadata_that_contradicts_itself_is_caught(
        self, changes: dict[str, Any], said: str, make_model: MakeModel
    ) -> None:
        report = inspect_file(make_model(**changes))
        assert failed(report) == ["metadata beside the file"]
        assert said in report.checks[0].detail

    def test_a_folder_in_the_metadatas_place(self, tiny: Path) -> None:
        tiny.with_suffix(".json").unlink()
        tiny.with_suffix(".json").mkdir()
        report = inspect_file(tiny)
        assert failed(report) == ["metadata beside the file"]
        assert "tiny.json cannot be read: Is a directory" in report.checks[0].detail

    @pytest.mark.parametrize("size", [0, 10, 40, 4000])
    def test_a_truncated_one_is_named(self, tmp_path: Path, size: int) -> None:
        (tmp_path / "cut.nb").write_bytes((DATA / "tiny.nb").read_bytes()[:size])
        with pytest.raises(NbFormatError, match=r"cut\.nb"):
            inspect_file(tmp_path / "cut.nb")

    def test_what_is_not_there(self, tmp_path: Path) -> None:
        with pytest.raises(PackageError, match="cannot be read: No such file"):
            inspect_file(tmp_path / "none.nb")


class TestAar:
    @pytest.fixture
    def aar(self, tmp_path: Path, tiny: Path) -> Path:
        (tmp_path / "five.txt").write_text("a\nb\nc\nd\ne\n")
        model = load_model(tiny, labels={"": str(tmp_path / "five.txt")})
        return write_aar(tmp_path / "tiny.aar", [model], "com.example.models")[0]

    def test_a_sound_one(self, aar: Path) -> None:
        report = inspect_file(aar)
        assert report.sound, failed(report)
        assert report.sections["Library"] == {"package": "com.example.models"}
        assert report.sections["Model tiny"]["labels"] == 5
        assert report.sections["Model tiny"]["ops"]["fc"] == 1

    def test_libraries_are_checked(self, tmp_path: Path, tiny: Path, make_release: MakeRelease) -> None:
        model = load_model(tiny)
        good = write_aar(tmp_path / "good.aar", [model], "com.example.a", find_release([make_release()]))[0]
        assert inspect_file(good).sound
        assert "version v2.13-rc" in inspect_file(good).sections["Library"]["jni/arm64-v8a/libpaddle_lite_jni.so"]
        name = "jni/arm64-v8a/libpaddle_lite_jni.so"
        old = write_aar(
            tmp_path / "old.aar", [model], "com.example.a", find_release([make_release(version="v2.9", page=4096)])
        )
        assert failed(inspect_file(old[0])) == [f"{name}: fits 16 KB pages", f"{name}: reads tiny"]
        moved = rezip(good, lambda content: content.update({"jni/x86/lib.so": content.pop(name)}))
        assert failed(inspect_file(moved)) == ["jni/x86/lib.so: for its ABI"]

    @pytest.mark.parametrize(
        ("change", "what"),
        [
            (
                lambda c: c.update({"assets/models/tiny/model.nb": DATA.joinpath("tiny.nb").read_bytes()[:-1] + b"!"}),
                "tiny: sha256",
            ),
            (lambda c: c.update({"assets/models/tiny/model.nb": b"x"}), "tiny: readable"),
            (lambda c: c.pop("assets/models/tiny/model.nb"), "tiny: readable"),
            (lambda c: c.pop("assets/models/tiny/model.json"), "models"),
            (lambda c: c.update({"assets/models/tiny/model.json": b"[]"}), "tiny: readable"),
            (lambda c: c.pop("assets/models/tiny/labels.txt"), "tiny: readable"),
            (lambda c: c.update({"assets/models/tiny/labels.txt": b"a\nb\n"}), "tiny: one label a class"),
            (edit_info(name="other"), "tiny: named as its directory"),
            (edit_info(target="opencl"), "tiny: kernels for the target"),
            (edit_info(opt_version="v2.10"), "tiny: opt version"),
            (edit_info(labels="../x"), "tiny: readable"),
            (lambda c: c.update({"R.txt": b""}), "resources as listed in R.txt"),
            (lambda c: c.update({"AndroidManifest.xml": b"<manifest"}), "manifest"),
            (lambda c: c.update({"AndroidManifest.xml": b'<!DOCTYPE x [<!ENTITY a "b">]><manifest/>'}), "manifest"),
            (lambda c: c.update({"AndroidManifest.xml": b'<manifest package="x"/>'}), "manifest"),
            (lambda c: c.update({"classes.jar": b"PK"}), "helper classes"),
            (lambda c: c.update({"../../etc/x": b""}), "every entry lies inside"),
            (lambda c: c.update({"jni/x86/lib.so": b"\x7fELF"}), "jni/x86/lib.so: readable"),
        ],
    )
    def test_damage_fails_a_check(self, aar: Path, change: Change, what: str) -> None:
        report = inspect_file(rezip(aar, change))
        assert any(name.startswith(what) for name in failed(report)), failed(report)

    def test_a_flipped_bit_is_found(self, aar: Path) -> None:
        data = bytearray(aar.read_bytes())
        data[data.index(DATA.joinpath("tiny.nb").read_bytes()) + 100] ^= 1
        aar.write_bytes(data)
        with pytest.raises(PackageError, match=r"is damaged at assets/models/tiny/model\.nb: Bad CRC"):
            inspect_file(aar)

    def test_every_truncation_is_named(self, aar: Path) -> None:
        data = aar.read_bytes()
        for size in range(4, len(data), 997):
            aar.write_bytes(data[:size])
            with pytest.raises(PackageError, match=r"tiny\.aar is (no sound archive|neither an AAR)"):
                inspect_file(aar)

    def test_another_archive_is_none(self, tmp_path: Path) -> None:
        with zipfile.ZipFile(tmp_path / "x.aar", "w") as archive:
            archive.writestr("readme.txt", "hello")
        with pytest.raises(PackageError, match="is neither an AAR nor an APK"):
            inspect_file(tmp_path / "x.aar")


@needs_android_tools
class TestApk:
    @pytest.fixture
    def apk(self, tmp_path: Path, tiny: Path) -> Path:
        tools = find_tools()
        return write_apk(tmp_path / "lab.apk", [load_model(tiny)], "com.example.lab", tools=tools, key=debug_key(tools))

    def test_a_sound_one(self, apk: Path) -> None:
        report = inspect_file(apk)
        assert report.sound, failed(report)
        assert report.sections["App"] == {"package": "com.example.lab"}
        assert "CN=Android Debug" in report.sections["Signer"]["certificate"]

    def test_a_repacked_one_has_lost_its_signature(self, apk: Path) -> None:
        assert failed(inspect_file(rezip(apk, lambda content: content.pop("META-INF/MANIFEST.MF")))) == ["signature"]

    def test_compressed_models_are_found(self, apk: Path) -> None:
        with zipfile.ZipFile(apk) as archive:
            content = {name: archive.read(name) for name in archive.namelist()}
        with zipfile.ZipFile(apk, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, data in content.items():
                archive.writestr(name, data)
        assert "models and resources are stored uncompressed" in failed(inspect_file(apk))

    def test_entries_that_are_astray_are_found(self, apk: Path) -> None:
        with zipfile.ZipFile(apk) as archive:
            content = {name: archive.read(name) for name in archive.namelist()}
        with zipfile.ZipFile(apk, "w") as archive:
            archive.writestr("x", b"")
            for name, data in content.items():
                archive.writestr(name, data)
        assert "every stored entry is aligned to 4 bytes" in failed(inspect_file(apk))

    def test_without_the_tools_it_says_what_it_could_not_check(
        self, apk: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("PATH", "/nowhere")
        report = inspect_file(apk)
        assert report.sound
        unchecked = {check.what: check.detail for check in report.checks if check.passed is None}
        assert unchecked == {
            "manifest": "aapt2 is not here: sudo apt-get install aapt",
            "signature": "apksigner is not here: sudo apt-get install apksigner",
        }
        assert failed(inspect_file(rezip(apk, lambda _: None))) == ["signature"], "none at all is seen without a tool"


@pytest.mark.slow
class TestOnnx:
    @pytest.fixture
    def model(self, tmp_path: Path) -> Path:
        onnx = pytest.importorskip("onnx", reason="needs onnx: pip install onnx")
        helper, kind = onnx.helper, onnx.TensorProto.FLOAT
        weight = helper.make_tensor("w", kind, [4, 2], [0.5] * 8)
        nodes = [helper.make_node("MatMul", ["x", "w"], ["y"]), helper.make_node("Softmax", ["y"], ["z"])]
        ends = [helper.make_tensor_value_info(n, kind, shape) for n, shape in (("x", ["N", 4]), ("z", ["N", 2]))]
        graph = helper.make_graph(nodes, "net", ends[:1], ends[1:], [weight])
        onnx.save(
            helper.make_model(graph, producer_name="test", ir_version=8, opset_imports=[helper.make_opsetid("", 13)]),
            tmp_path / "net.onnx",
        )
        return tmp_path / "net.onnx"

    def test_a_sound_one(self, model: Path) -> None:
        report = inspect_file(model)
        assert report.sound
        facts = report.sections["File"]
        assert (facts["opset"], facts["inputs"], facts["outputs"], facts["parameters"]) == (
            "ai.onnx 13",
            "x Nx4",
            "z Nx2",
            8,
        )
        assert report.sections["Ops"] == {"MatMul": 1, "Softmax": 1}

    def test_the_metadata_beside_it_is_compared(self, model: Path) -> None:
        assert [(c.what, c.passed) for c in inspect_file(model).checks][-1] == ("metadata beside the file", None)
        shutil.copy(DATA / "tiny.json", f"{model}.json")
        assert failed(inspect_file(model)) == ["sha256 and size as in the metadata"]

    @pytest.mark.parametrize("content", ["{", '{"format": "edgezoo-model/1", "source": 5}'])
    def test_malformed_metadata_beside_it(self, model: Path, content: str) -> None:
        Path(f"{model}.json").write_text(content)
        assert failed(inspect_file(model)) == ["metadata beside the file"]

    def test_a_graph_that_onnx_refuses(self, model: Path) -> None:
        model.write_bytes(model.read_bytes().replace(b"MatMul", b"MatMux"))
        assert failed(inspect_file(model)) == ["onnx.checker"]

    @pytest.mark.parametrize("data", [b"", b"no onnx at all", b"\x08\x08"])
    def test_what_is_none(self, tmp_path: Path, data: bytes) -> None:
        (tmp_path / "x.onnx").write_bytes(data)
        with pytest.raises(EdgezooError, match=r"x\.onnx is no ONNX model"):
            inspect_file(tmp_path / "x.onnx")


def test_a_package_with_several_models(tmp_path: Path, make_model: MakeModel) -> None:
    models = [load_model(make_model(name)) for name in ("one", "two", "three")]
    assert len(asset_entries(models)) == 6
    aar, _ = write_aar(tmp_path / "models.aar", models, "com.example.models")
    report = inspect_file(aar)
    assert report.sound
    assert [title for title in report.sections if title.startswith("Model")] == [
        "Model one",
        "Model three",
        "Model two",
    ]
