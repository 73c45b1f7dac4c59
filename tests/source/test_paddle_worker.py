"""The paddle engine for real: exports repeat to the byte, random weights tell inputs apart, outputs are Paddle's."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edge.cache.hashing import sha256_of
from edge.convert.verify.inputs import samples
from edge.errors import WorkerRequestError
from edge.paddle.program import Program
from edge.source.own import read
from edge.toolchain.engines import WORKERS, engine
from edge.toolchain.environment import ensure
from edge.toolchain.toolbox import Toolbox
from edge.toolchain.worker import Worker

pytestmark = pytest.mark.slow

SHAPE = [1, 3, 224, 224]


@pytest.fixture(scope="module")
def paddle() -> Iterator[Worker]:
    with Toolbox() as tools, tools.lend("paddle") as worker:
        yield worker


def export(worker: Worker, folder: Path, name: str = "MobileNetV3_small_x0_35", **changed: Any) -> dict[str, Any]:
    arguments: dict[str, Any] = {"architecture": name, "input_shape": SHAPE, "seed": 0} | changed
    return worker.call("export", out_dir=str(folder), timeout=300, **arguments)


def hashes(folder: Path) -> list[str]:
    return [sha256_of(folder / name) for name in ("inference.pdmodel", "inference.pdiparams")]


def outputs(worker: Worker, folder: Path, inputs: list[dict[str, Any]], scratch: Path) -> list[Any]:
    np.savez(scratch / "in.npz", **{f"{n}/{name}": v for n, sample in enumerate(inputs) for name, v in sample.items()})
    message = worker.call(
        "run",
        program=str(folder / "inference.pdmodel"),
        params=str(folder / "inference.pdiparams"),
        inputs_npz=str(scratch / "in.npz"),
        outputs_npz=str(scratch / "out.npz"),
    )
    with np.load(scratch / "out.npz") as archive:
        return [[archive[f"{n}/{output['name']}"] for output in message["outputs"]] for n in range(len(inputs))]


def helper(folder: Path, code: str, *arguments: str) -> None:
    """Run a few lines in the engine's own interpreter, with the worker's modules at hand."""
    script = folder / "helper.py"  # a file: Paddle translates functions from their source
    script.write_text(code)
    command = [str(ensure(engine("paddle")).python), str(script), *arguments]
    environment = os.environ | {"PYTHONPATH": str(WORKERS)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_same_seed_gives_the_same_bytes_in_another_process_too(paddle: Worker, tmp_path: Path) -> None:
    export(paddle, tmp_path / "other", name="PPLCNet_x0_25")  # what was built before must not show
    first = export(paddle, tmp_path / "a")
    with Toolbox() as tools, tools.lend("paddle") as another:
        second = export(another, tmp_path / "b")
    assert first == second
    assert hashes(tmp_path / "a") == hashes(tmp_path / "b")
    export(paddle, tmp_path / "c", seed=1)
    program, params = hashes(tmp_path / "c")
    assert program == hashes(tmp_path / "a")[0]
    assert params != hashes(tmp_path / "a")[1]


def test_a_worker_numbers_constants_anew(paddle: Worker, tmp_path: Path) -> None:
    """Swin's tables of positions have no name of their own: Paddle numbers them through the life of the process."""
    name = "SwinTransformer_tiny_patch4_window7_224"
    for folder in "ab":
        export(paddle, tmp_path / folder, name=name)
    assert hashes(tmp_path / "a") == hashes(tmp_path / "b")
    tables = [
        spec.name for spec in Program.read(tmp_path / "a" / "inference.pdmodel").persistables if spec.dtype == "int64"
    ]
    assert tables[0] == "network.layers.0.blocks.0.attn.relative_position_index"


@pytest.mark.parametrize(
    "name", ["MobileNetV3_small_x0_35", "SwinTransformer_tiny_patch4_window7_224", "RedNet26", "Res2Net50_26w_4s"]
)
def test_short_cuts_change_nothing(tmp_path: Path, name: str) -> None:
    """Parameters written one by one are Paddle's own file; multiply-accumulates counted by shapes are those of a real run."""
    code = """
import contextlib, filecmp, sys, paddle, paddle_count, paddle_networks, paddle_program, paddle_short_cuts
name, folder = sys.argv[1:]
with paddle.utils.unique_name.guard():
    network = paddle_networks.build(name, 1000, 0)
    short = paddle_count.flops(network, [1, 3, 224, 224])
    paddle_count._shapes_only = contextlib.nullcontext
    assert paddle_count.flops(network, [1, 3, 224, 224]) == short > 1e7
    paddle_program.save(network, [1, 3, 224, 224], folder + "/short")
with paddle.utils.unique_name.guard():
    network = paddle_networks.build(name, 1000, 0)
    for one in ("methods_translated_once", "calls_judged_at_once", "parameters_searched_once"):
        setattr(paddle_short_cuts, "_" + one, contextlib.nullcontext)
    paddle_short_cuts._parameters_streamed = paddle_short_cuts._without_call_stacks = contextlib.nullcontext
    paddle_program.save(network, [1, 3, 224, 224], folder + "/long")
for file in ("inference.pdmodel", "inference.pdiparams"):
    assert filecmp.cmp(folder + "/short/" + file, folder + "/long/" + file, shallow=False), file
"""
    helper(tmp_path, code, name, str(tmp_path))


def test_an_export_has_the_form_of_the_published_models(paddle: Worker, tmp_path: Path) -> None:
    message = export(paddle, tmp_path)
    model = read(tmp_path)
    program = Program.read(model.program)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["inference.pdiparams", "inference.pdmodel"]
    assert [(spec.name, spec.shape) for spec in program.feeds] == [("x", (1, 3, 224, 224))]
    assert [spec.shape for spec in program.fetches] == [(1, 1000)]
    assert program.logits() is not None
    assert message["inputs"] == [{"name": "x", "shape": SHAPE, "dtype": "float32"}]
    assert message["outputs"][0]["name"] == program.fetches[0].name
    assert message["params"] == model.params_count
    assert message["paddle_version"] == program.version == "2.6.2"
    assert not any(op.has_attr("op_callstack") for op in program.ops())  # they would name this machine's folders


@pytest.mark.parametrize(
    "name",
    ["MobileNetV3_small_x0_35", "PPLCNetV2_base", "ShuffleNetV2_x0_25", "DeiT_tiny_patch16_224", "SqueezeNet1_1"],
)
def test_random_weights_tell_inputs_apart(paddle: Worker, tmp_path: Path, name: str) -> None:
    """With batch norm or without, convolution or attention: no two images alike, no class certain, none impossible."""
    export(paddle, tmp_path, name=name)
    given = samples(Program.read(tmp_path / "inference.pdmodel").feeds, [SHAPE])
    probabilities = np.concatenate([found[0] for found in outputs(paddle, tmp_path, given, tmp_path)]).astype("float64")
    assert probabilities.sum(axis=1) == pytest.approx(1, abs=1e-5)
    assert len(set(probabilities.argmax(axis=1))) >= 5
    assert 0.01 < np.median(probabilities.max(axis=1)) < 0.9  # uniform: 0.001, one-hot: 1
    logits = np.log(probabilities) - np.log(probabilities).mean(axis=1, keepdims=True)
    correlation = np.corrcoef(logits)[np.triu_indices(len(given), 1)]
    assert correlation.mean() < 0.5


def test_large_networks_repeat_what_paddle_drew(tmp_path: Path) -> None:
    """What is drawn first is Paddle's own, to the bit; the rest has its distribution, and no two rows alike."""
    code = """
import numpy, paddle, paddle_draws
from paddle.nn import initializer

def made(kind, sizes):
    paddle.seed(3)
    return [paddle.create_parameter(size, "float32", default_initializer=kind).numpy() for size in sizes]

paddle_draws.FRESH = 4000
for kind, mean, deviation in (
    (initializer.Normal(0.5, 2.0), 0.5, 2.0),
    (initializer.TruncatedNormal(0.0, 0.02), 0.0, 0.0176),  # between two deviations
    (initializer.Uniform(-1.0, 3.0), 1.0, 4 / 12 ** 0.5),
):
    own = made(kind, [[20, 100], [30, 100]])
    with paddle_draws.repeated(7):
        first, second, third, large = made(kind, [[20, 100], [30, 100], [20, 100], [300, 50]])
    with paddle_draws.repeated(7):
        assert numpy.array_equal(large, made(kind, [[20, 100], [30, 100], [20, 100], [300, 50]])[3])
    assert numpy.array_equal(first, own[0]) and numpy.array_equal(second, own[1])
    drawn = numpy.concatenate([one.ravel() for one in own])
    assert numpy.abs(third.reshape(-1, 1) - drawn).min(axis=1).max() < 1e-5 * deviation
    assert not numpy.array_equal(third, first)
    assert len(numpy.unique(large, axis=0)) == 300
    assert abs(large.mean() - mean) < 0.1 * deviation and abs(large.std() / deviation - 1) < 0.05
    with paddle_draws.repeated(7):
        (whole,) = made(kind, [[100, 100]])  # more at once than are drawn
    assert abs(whole.mean() - mean) < 0.1 * deviation and abs(whole.std() / deviation - 1) < 0.05
assert len(paddle.rand([5000])) == 5000
"""
    helper(tmp_path, code)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["RedNet101", "DeiT_base_patch16_384", "VGG11", "EfficientNetB4"])
def test_large_networks_tell_inputs_apart_that_no_weight_was_scaled_by(
    paddle: Worker, tmp_path: Path, name: str
) -> None:
    """Of RedNet101, with the seed by which unseen images became infinite."""
    size = {"DeiT_base_patch16_384": 384, "EfficientNetB4": 380}.get(name, 224)
    shape = [1, 3, size, size]
    export(paddle, tmp_path, name=name, seed=1, input_shape=shape)
    given = samples(Program.read(tmp_path / "inference.pdmodel").feeds, [shape])
    probabilities = np.concatenate([found[0] for found in outputs(paddle, tmp_path, given, tmp_path)]).astype("float64")
    assert len(set(probabilities.argmax(axis=1))) >= 5
    assert 0.01 < np.median(probabilities.max(axis=1)) < 0.95
    logits = np.log(probabilities) - np.log(probabilities).mean(axis=1, keepdims=True)
    assert np.corrcoef(logits)[np.triu_indices(len(given), 1)].mean() < 0.5


def test_merged_branches_compute_what_the_branches_did(tmp_path: Path) -> None:
    code = """
import sys, numpy, paddle, paddle_networks, paddle_images, paddle_weights
network = paddle_networks.build("RepVGG_A0", 1000, 0)
paddle_weights.randomise(network, [1, 3, 224, 224], 1.4e9, 1000, 0)
x = paddle.to_tensor(paddle_images.images([2, 3, 224, 224], 5))
before = network(x).numpy()
assert paddle_networks.reparameterise(network)
assert not [n for n, _ in network.named_parameters() if "rbr_dense" in n]
assert numpy.abs(network(x).numpy() - before).max() < 1e-3 * numpy.abs(before).max()
"""
    helper(tmp_path, code)


@pytest.mark.parametrize(("name", "classes"), [("MobileNetV2_x0_25", 1000), ("PPLCNet_x0_25", 10)])
def test_a_checkpoint_written_by_paddle_gives_its_own_outputs(
    paddle: Worker, tmp_path: Path, name: str, classes: int
) -> None:
    code = """
import sys, numpy, paddle, paddle_networks, paddle_images, paddle_weights
name, classes, folder = sys.argv[1], int(sys.argv[2]), sys.argv[3]
network = paddle_networks.build(name, classes, 7)
paddle_weights.randomise(network, [1, 3, 224, 224], None, classes, 7)
paddle.save(network.state_dict(), folder + "/mine.pdparams")
x = paddle_images.images([1, 3, 224, 224], 5)
numpy.savez(folder + "/expected.npz", x=x, y=paddle.nn.functional.softmax(network(paddle.to_tensor(x))).numpy())
"""
    helper(tmp_path, code, name, str(classes), str(tmp_path))
    message = export(paddle, tmp_path / "out", name=name, checkpoint=str(tmp_path / "mine.pdparams"))
    assert message["class_num"] == classes
    assert message["remarks"] == ([] if classes == 1000 else ["it has 10 classes, and the table's network 1000"])
    with np.load(tmp_path / "expected.npz") as expected:
        found = outputs(paddle, tmp_path / "out", [{"x": expected["x"]}], tmp_path)[0][0]
        assert np.abs(found - expected["y"]).max() < 1e-5


def test_every_form_of_a_checkpoint_gives_the_same_export(paddle: Worker, tmp_path: Path) -> None:
    """Written by Paddle itself; the bytes of the program and of the parameters are those of the plain form."""
    code = """
import sys, paddle, paddle_networks
state, other = (paddle_networks.build("PPLCNet_x0_25", 10, seed).state_dict() for seed in (1, 2))
under = lambda prefix, table: {prefix + name: value for name, value in table.items()}
forms = {
    "plain": state,
    "model": {"model": other, "model_ema": state, "epoch": 3, "optimizer": {"lr": 0.1}},
    "student": {"state_dict": {**under("Student.backbone.", state), **under("Teacher.backbone.", other)}},
}
for name, form in forms.items():
    paddle.save(form, sys.argv[1] + "/" + name + ".pdparams")
"""
    helper(tmp_path, code, str(tmp_path))
    for form in ("plain", "model", "student"):
        made = export(paddle, tmp_path / form, name="PPLCNet_x0_25", checkpoint=str(tmp_path / f"{form}.pdparams"))
        assert made["class_num"] == 10
        assert len(made["remarks"]) == {"plain": 1, "model": 2, "student": 3}[form]  # 10 classes
        for name in ("inference.pdmodel", "inference.pdiparams"):
            assert (tmp_path / form / name).read_bytes() == (tmp_path / "plain" / name).read_bytes()


def test_a_checkpoint_of_another_network_is_refused_by_name(paddle: Worker, tmp_path: Path) -> None:
    code = """
import sys, paddle, paddle_networks
paddle.save(paddle_networks.build("PPLCNet_x0_25", 1000, 0).state_dict(), sys.argv[1])
"""
    helper(tmp_path, code, str(tmp_path / "mine.pdparams"))
    with pytest.raises(
        WorkerRequestError, match=r"mine\.pdparams does not fit the architecture: .* has shape"
    ) as caught:
        export(paddle, tmp_path / "out", name="PPLCNet_x0_5", checkpoint=str(tmp_path / "mine.pdparams"))
    assert caught.value.kind == "CheckpointError"
    assert not (tmp_path / "out").exists()


def test_several_inputs_and_outputs_are_run_by_name(paddle: Worker, tmp_path: Path) -> None:
    code = """
import sys, paddle
from paddle.static import InputSpec
class Two(paddle.nn.Layer):
    def __init__(self):
        super().__init__()
        self.one = self.create_parameter([4], default_initializer=paddle.nn.initializer.Constant(1.0))
    def forward(self, left, right):
        return left + right + self.one, (left * right).sum(axis=1)
specs = [InputSpec([-1, 4], "float32", "left"), InputSpec([-1, 4], "float32", "right")]
paddle.jit.save(paddle.jit.to_static(Two(), full_graph=True, input_spec=specs), sys.argv[1] + "/inference")
"""
    helper(tmp_path, code, str(tmp_path))
    generator = np.random.default_rng(0)
    given = [{name: generator.random((n, 4), dtype="float32") for name in ("left", "right")} for n in (1, 3)]
    for sample, found in zip(given, outputs(paddle, tmp_path, given, tmp_path), strict=True):
        assert np.array_equal(found[0], sample["left"] + sample["right"] + 1)
        assert np.allclose(found[1], (sample["left"] * sample["right"]).sum(axis=1))


def test_an_unknown_architecture_is_a_sentence(paddle: Worker, tmp_path: Path) -> None:
    with pytest.raises(WorkerRequestError, match="PaddleClas has no architecture named 'NoNet'"):
        export(paddle, tmp_path, name="NoNet")


def test_a_worker_does_not_grow_with_the_networks_it_exports(tmp_path: Path) -> None:
    code = """
import sys, paddle_engine, paddle_worker
paddle_engine.info()
export = paddle_worker.OPERATIONS["export"]
def megabytes():
    return int(open("/proc/self/statm").read().split()[1]) * 4096 >> 20
for _ in range(6):
    export(architecture="MobileNetV1", input_shape=[1, 3, 224, 224], seed=0, out_dir=sys.argv[1])  # 17 MB of parameters
    first = megabytes() if _ == 1 else locals().get("first")
assert megabytes() - first < 40, (first, megabytes())
"""
    helper(tmp_path, code, str(tmp_path))


def test_what_paddleclas_cannot_build_is_mended(tmp_path: Path) -> None:
    """Swin V2 as the paper has it: windows masked where the roll joined what is not adjacent. SE_HRNet_W64_C: built."""
    code = """
import numpy, paddle, paddle_networks, paddle_patches
height, width, window, shift = 32, 16, 8, 4
row, column = (numpy.roll(numpy.arange(size), -shift) for size in (height, width))
mask = paddle_patches._shift_mask(height, width, window, shift)
for number in range(len(mask)):
    top, left = number // (width // window) * window, number % (width // window) * window
    where = [(row[top + n // window], column[left + n % window]) for n in range(window * window)]
    for a, (y, x) in enumerate(where):
        for b, (v, u) in enumerate(where):
            near = abs(int(y) - int(v)) < window and abs(int(x) - int(u)) < window
            assert mask[number, a, b] == (0 if near else -100)
swin = paddle_networks.build("SwinTransformerV2_tiny_patch4_window8_256", 1000, 0)
assert swin(paddle.zeros([2, 3, 256, 256])).shape == [2, 1000]
millions = sum(p.size for p in paddle_networks.build("SE_HRNet_W64_C", 1000, 0).parameters()) / 1e6
assert round(millions, 2) == 129.12  # as published
"""
    helper(tmp_path, code)
