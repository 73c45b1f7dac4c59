"""A PaddleClas checkout of one's own: read without running it, exported by its own code, which touches nothing else."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from edge.cli.main import run
from edge.errors import ExportError, UnknownModelError, UsageError
from edge.source.checkout import CheckoutNetwork, content, read_checkout
from edge.source.exported import export
from edge.source.weights import Weights
from edge.toolchain.toolbox import Toolbox
from tests.source.checkouts import NETWORK, make_checkout


def network(place: Path, name: str = "NewNet_x1_0") -> CheckoutNetwork:
    return read_checkout(place).network(name)


class TestReading:
    def test_architectures_are_what_the_package_imports(self, tmp_path: Path) -> None:
        checkout = read_checkout(make_checkout(tmp_path))
        assert checkout.architectures == ("NewNet_x1_0", "NewNet_grey")
        assert checkout.search("newnet grey") == ["NewNet_grey"]

    @pytest.mark.parametrize("inner", ["", "paddleclas", "ppcls"])
    def test_the_folder_may_be_the_checkout_the_distribution_or_the_package(self, tmp_path: Path, inner: str) -> None:
        root = make_checkout(tmp_path / "paddleclas")
        place = {"": root, "paddleclas": tmp_path, "ppcls": root / "ppcls"}[inner]
        assert read_checkout(place).ppcls == root / "ppcls"

    def test_star_imports_and_other_spellings_are_followed(self, tmp_path: Path) -> None:
        place = make_checkout(tmp_path)
        (place / "ppcls/arch/backbone/__init__.py").write_text(
            "from .model_zoo.newnet import *\nfrom ppcls.arch.backbone.model_zoo.other import Mine as Yours, _hidden\n"
            "from os import path\nimport paddle\ntry:\n    from .model_zoo.newnet import NewNet_grey as InTry\n"
            "except ImportError:\n    pass\n"
        )
        (place / "ppcls/arch/backbone/model_zoo/other.py").write_text("class Mine: pass\n")
        names = read_checkout(place).architectures
        assert set(names) == {"Wholly", "NewNet_x1_0", "NewNet_grey", "Yours", "InTry"}

    def test_none_of_its_code_runs(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        place = make_checkout(tmp_path / "one", f"open({str(tmp_path / 'ran')!r}, 'w')\n" + NETWORK)
        assert run(["list", "--paddleclas", str(place)]) == 0
        assert capsys.readouterr().out == "NewNet_x1_0\nNewNet_grey\n"
        assert not (tmp_path / "ran").exists()

    def test_its_configuration_says_size_and_preprocessing(self, tmp_path: Path) -> None:
        found = network(make_checkout(tmp_path))
        assert found.input_shape == (1, 3, 64, 64)
        assert found.config is not None
        assert found.config.prepared is not None
        prepared = found.config.prepared
        assert (prepared.resize_short, prepared.crop, prepared.mean) == (72, (64, 64), (0.5, 0.5, 0.5))
        assert (prepared.layout, prepared.interpolation) == ("NCHW", "pillow-bicubic")
        other = network(tmp_path, "NewNet_grey")
        assert (other.input_shape, other.config, other.sized) == ((1, 3, 224, 224), None, False)

    def test_a_broken_configuration_is_a_remark(self, tmp_path: Path) -> None:
        (make_checkout(tmp_path) / "ppcls/configs/ImageNet/NewNet/NewNet_x1_0.yaml").write_text("Arch: [\n")
        found = network(tmp_path)
        assert not found.sized
        assert found.config is not None
        assert "NewNet_x1_0.yaml is no YAML" in found.config.remarks[0]

    def test_names_in_any_spelling_and_near_ones(self, tmp_path: Path) -> None:
        checkout = read_checkout(make_checkout(tmp_path))
        assert checkout.network("newnet-X1-0").architecture == "NewNet_x1_0"
        with pytest.raises(UnknownModelError, match=r"no architecture 'NewNet_x2_0' in") as error:
            checkout.network("NewNet_x2_0")
        assert "did you mean NewNet_x1_0" in str(error.value.hint)
        with pytest.raises(UnknownModelError) as error:
            checkout.network("entirely different")
        assert "edgezoo list --paddleclas" in str(error.value.hint)

    @pytest.mark.parametrize(
        ("spoil", "says"),
        [
            (lambda place: (place / "ppcls").rename(place / "clas"), "is no PaddleClas checkout: it has no ppcls/"),
            (lambda place: place.rename(place.with_name("away")), "does not exist"),
            (lambda place: (place / "ppcls/arch/backbone/__init__.py").write_text("from . import (\n"), "is no Python"),
            (lambda place: (place / "ppcls/arch/backbone/__init__.py").write_bytes(b"\xff\xfe"), "no UTF-8 text"),
            (lambda place: (place / "ppcls/arch/backbone/__init__.py").write_text("(" * 100_000), "is no Python"),
        ],
    )
    def test_what_is_no_checkout_is_refused(self, tmp_path: Path, spoil: Callable[[Path], object], says: str) -> None:
        place = make_checkout(tmp_path / "one")
        spoil(place)
        with pytest.raises(UsageError, match=says):
            read_checkout(place)

    def test_its_identity_is_all_that_can_be_imported(self, tmp_path: Path) -> None:
        ppcls = make_checkout(tmp_path) / "ppcls"
        before = content(ppcls)
        (ppcls / "configs/ImageNet/NewNet/NewNet_x1_0.yaml").write_text("")
        (ppcls / "arch/backbone/model_zoo/__pycache__").mkdir()
        (ppcls / "arch/backbone/model_zoo/__pycache__/newnet.cpython-310.pyc").write_bytes(b"old")
        assert content(ppcls) == before
        seen = {before}
        for path, text in [
            ("arch/backbone/model_zoo/newnet.py", NETWORK + "\n"),
            ("utils/other.py", "x = 1\n"),
            ("arch/table.npy", "1"),
            ("utils/native.so", "2"),
        ]:
            (ppcls / path).write_text(text)
            assert content(ppcls) not in seen
            seen.add(content(ppcls))

    def test_folders_that_are_links_count_once_and_end(self, tmp_path: Path) -> None:
        ppcls = make_checkout(tmp_path) / "ppcls"
        (ppcls / "arch/again").symlink_to(ppcls)
        outside = tmp_path / "outside"
        outside.mkdir()
        (outside / "code.py").write_text("x = 1\n")
        (ppcls / "arch/linked").symlink_to(outside)
        before = content(ppcls)
        (outside / "code.py").write_text("x = 2\n")
        assert content(ppcls) != before


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["NewNet_x1_0"], "--paddleclas exports networks: with random weights or a checkpoint"),
        (["NewNet_x1_0", "--weights", "."], "--paddleclas exports networks: with random weights or a checkpoint"),
        (["--weights", "random"], "no network is named"),
        (["--light", "--weights", "random"], "are of the catalogue, and --paddleclas is not"),
        (["NewNet_x3_0", "--weights", "random"], "no architecture 'NewNet_x3_0' in"),
        (["NewNet_x1_0", "NewNet_grey", "--name", "mine", "--weights", "random"], "--name can be of one network"),
        (["NewNet_x1_0", "--name", "a/b", "--weights", "random"], "'a/b' cannot be a model's name"),
        (["NewNet_x1_0", "--input-shape", "1,3,64", "--weights", "random"], "takes images of N,C,H,W"),
        (["NewNet_x1_0", "--input-shape", "x=1,3,64,64", "--weights", "random"], "NewNet_x1_0 has one input"),
    ],
)
def test_what_a_checkout_cannot_be_asked_for(
    arguments: list[str], says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(make_checkout(tmp_path))
    assert run(["convert", *arguments, "--paddleclas", "."]) == 2
    assert says in capsys.readouterr().err


def test_a_checkouts_networks_are_not_filtered_by_published_numbers(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["list", "--paddleclas", str(make_checkout(tmp_path)), "--light"]) == 2
    assert "nothing is published of a checkout's networks" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.usefixtures("private_cache")
class TestExporting:
    def test_a_network_is_converted_and_verified_and_knows_its_checkout(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        place = make_checkout(tmp_path / "clas")
        monkeypatch.chdir(tmp_path)
        asked = ["convert", "newnet_x1_0", "--paddleclas", "clas", "--weights", "random", "--json"]
        assert run(asked) == 0
        (row,) = json.loads(capsys.readouterr().out)
        assert row["verification"]["status"] == "passed"
        assert (row["model"], row["published"], row["licence"]) == (None, None, None)
        assert row["source"]["built_by"] == {
            "architecture": "NewNet_x1_0", "path": str(place), "sha256": content(place / "ppcls"),
        }  # fmt: skip
        assert row["inputs"][0]["shape"] == [1, 3, 64, 64]
        assert row["preprocessing"]["resize_short"] == 72
        assert row["class_num"] == 1000
        assert any("configs/ImageNet/NewNet/NewNet_x1_0.yaml" in remark for remark in row["remarks"])
        assert not list(place.rglob("__pycache__"))

        assert run(asked) == 0
        assert json.loads(capsys.readouterr().out)[0]["reused"]
        code = place / "ppcls/arch/backbone/model_zoo/newnet.py"
        code.write_text(NETWORK.replace("nn.ReLU", "nn.Hardswish"))
        assert run(asked) == 1
        assert "is there already, and is another: checkout" in capsys.readouterr().out
        assert run([*asked, "--force"]) == 0
        (other,) = json.loads(capsys.readouterr().out)
        assert not other["reused"]
        assert other["source"]["program_sha256"] != row["source"]["program_sha256"]

    def test_another_shape_and_a_grey_network(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        place = make_checkout(tmp_path / "clas")
        asked = ["convert", "--paddleclas", str(place), "--weights", "random", "--json", "-o", str(tmp_path)]
        shape = ["--input-shape", "1,1,32,48", "--name", "grey"]
        assert run([*asked, "NewNet_grey", *shape]) == 0
        (row,) = json.loads(capsys.readouterr().out)
        assert (row["name"], row["inputs"][0]["shape"]) == ("grey", [1, 1, 32, 48])
        assert row["verification"]["status"] == "passed"
        assert run([*asked, "NewNet_grey"]) == 1
        (row,) = json.loads(capsys.readouterr().out)
        assert "model_zoo/newnet.py" in row["message"]
        assert "\n" not in row["message"]

    def test_what_its_code_does_to_paddle_stays_in_its_process(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        spoilt = NETWORK + "\npaddle.inference.create_predictor = paddle.static.load_inference_model = None\n"
        place = make_checkout(tmp_path / "clas", spoilt)
        asked = ["convert", "NewNet_x1_0", "--paddleclas", str(place), "--weights", "random", "--json"]
        assert run([*asked, "-o", str(tmp_path)]) == 0
        assert json.loads(capsys.readouterr().out)[0]["verification"]["status"] == "passed"

    @pytest.mark.parametrize(
        ("code", "says"),
        [
            ("import einops_is_not_there\n", r"cannot be imported: it needs the module einops_is_not_there, .*newnet.py:1$"),
            ("\ndef broken(:\n", r"cannot be imported: SyntaxError: .* in ppcls/arch/backbone/model_zoo/newnet.py:2$"),
            ("raise SystemExit(3)\n", r"cannot be imported: SystemExit: 3 in .*newnet.py:1$"),
            ("import os\nos._exit(3)\n", r"paddle_worker|checkout_worker died during `export`"),
            ("NewNet_x1_0 = 3\nNewNet_grey = 4\n", r"has no architecture named 'NewNet_x1_0'"),
            ("def NewNet_x1_0(class_num):\n    raise KeyError('depth')\nNewNet_grey = 1\n",
             r"the checkout's code fails: KeyError: 'depth' in .*newnet.py:2$"),
            ("def NewNet_x1_0():\n    pass\nNewNet_grey = 1\n", r"got an unexpected keyword argument 'class_num'"),
            ("from .gone import NewNet_x1_0, NewNet_grey\n", r"No module named 'ppcls.arch.backbone.model_zoo.gone'"),
        ],
        ids=["module", "syntax", "exit", "death", "nothing", "constructor", "arguments", "file"],
    )  # fmt: skip
    def test_where_its_code_goes_wrong_is_said(self, tmp_path: Path, code: str, says: str) -> None:
        found = network(make_checkout(tmp_path / "clas", code))
        with Toolbox() as tools, pytest.raises(ExportError, match=says) as error:
            export(found, Weights("random"), lambda: tools.lend("paddle", script="checkout_worker.py"))
        assert error.value.message.startswith("NewNet_x1_0 could not be exported: ")
        assert "\n" not in error.value.message

    def test_code_that_changes_meanwhile_is_not_taken(self, tmp_path: Path) -> None:
        place = make_checkout(tmp_path / "clas")
        found = network(place)
        (place / "ppcls/arch/backbone/model_zoo/newnet.py").write_text(NETWORK.replace("ReLU", "ReLU6"))
        with Toolbox() as tools, pytest.raises(ExportError, match="changed while NewNet_x1_0 was exported"):
            export(found, Weights("random"), lambda: tools.lend("paddle", script="checkout_worker.py"))
