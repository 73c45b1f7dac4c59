"""The Python API: it asks the stages for exactly what was said, and refuses what makes no sense before any work.

What the stages then do is tested in their rooms; tests/test_documents.py runs it through with the engines.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

import edge
from edge import errors
from edge.bench.fleet import DeviceRequest, DeviceResult
from edge.bench.programs import Runner
from edge.bench.request import Job, Listener
from edge.bench.runners import flavour
from edge.bench.wanted import Wanted
from edge.convert.onnx.recipe import OnnxRecipe
from edge.convert.products.nb import NbOrder
from edge.convert.products.onnx import OnnxOrder
from edge.device.host import HostDevice
from edge.results.measurement import RunnerProgram
from edge.results.protocol import ROBUST, SUSTAINED, protocol, sustained
from edge.results.store import Store
from edge.source.checkout import CheckoutNetwork
from edge.source.weights import Weights
from tests.bench.examples import PHONE, SUBJECT, launch
from tests.bench.scripted import ScriptedDevice
from tests.source.checkouts import make_checkout

LIGHT = ["PPLCNet_x1_0", "MobileNetV1"]


def test_models_are_filtered_and_ordered() -> None:
    fast = edge.list_models(series=["MobileNetV3"], max_sd855=10, threads=4, sort="sd855", reverse=True)
    times = [model.published.sd855_ms[4] for model in fast]
    assert times == sorted(times, reverse=True)
    assert 0 < max(times) <= 10
    assert {model.series for model in fast} == {"MobileNetV3"}
    assert edge.list_models(reverse=True) == edge.list_models()[::-1]
    good = edge.list_models(min_top1=0.7, max_top1=0.75, max_flops=500, max_params=5, light=True)
    for model in good:
        assert model.light
        assert 0.7 <= (model.published.top1 or 0) <= 0.75
        assert (model.published.flops_m or 1e9) <= 500
        assert (model.published.params_m or 1e9) <= 5
    assert good


def test_a_model_that_does_not_exist_is_answered_with_the_nearest() -> None:
    assert edge.show_model("PPLCNet_x1_0").name == "PPLCNet_x1_0"
    with pytest.raises(errors.UnknownModelError) as raised:
        edge.show_model("PPLCNet_x1")
    assert "PPLCNet_x1_0" in str(raised.value.hint)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the conversion pipeline was asked for."""
    heard: dict[str, Any] = {}

    def convert_models(orders: Sequence[object], out: Path, **options: Any) -> list[object]:
        heard.update(options, orders=orders, out=out)
        return []

    monkeypatch.setattr("edge.convert.pipeline.convert_models", convert_models)
    return heard


def test_convert_asks_for_what_was_said(asked: dict[str, Any]) -> None:
    message: list[str] = []
    edge.convert_models(
        LIGHT,
        out="here",
        weights="random",
        seed=3,
        precision="int8",
        verify=False,
        jobs=1,
        say=message.append,
        done=lambda _: message.append("one is done"),
    )
    orders = asked["orders"]
    assert [type(order) for order in orders] == [NbOrder, NbOrder]
    assert [order.name for order in orders] == LIGHT
    assert {order.weights for order in orders} == {Weights("random", seed=3)}
    assert orders[0].recipe.precision == "int8"
    assert (asked["out"], asked["verify"], asked["jobs"]) == (Path("here"), False, 1)
    asked["say"]("long work")
    asked["done"](None)
    assert message == ["long work", "one is done"]


def test_convert_takes_recipes_targets_and_engines(asked: dict[str, Any], tmp_path: Path) -> None:
    edge.convert_models(["PPLCNet_x1_0"], target="x86", engine="2.12")
    assert (asked["orders"][0].recipe.target, asked["orders"][0].recipe.engine) == ("x86", "2.12")
    assert asked["orders"][0].weights == Weights("published")
    recipe = tmp_path / "mine.toml"
    recipe.write_text('engine = "2.13rc0"\nsparse_threshold = 0.5\n')
    edge.convert_models(["PPLCNet_x1_0"], config=recipe)
    assert asked["orders"][0].recipe.sparse_threshold == 0.5
    edge.convert_models(["PPLCNet_x1_0"], config="sd855-int8")
    assert asked["orders"][0].recipe.precision == "int8"
    edge.convert_models(["PPLCNet_x1_0"], format="onnx")
    assert isinstance(asked["orders"][0], OnnxOrder)
    assert asked["orders"][0].recipe == OnnxRecipe()


def test_convert_takes_a_checkout_named_shapes_and_a_time_for_verifying(asked: dict[str, Any], tmp_path: Path) -> None:
    clas = make_checkout(tmp_path)
    assert edge.list_architectures(clas, search="grey") == ["NewNet_grey"]
    edge.convert_models(["newnet-grey"], paddleclas=clas, weights="random", verify_seconds=3.5)
    (order,) = asked["orders"]
    assert isinstance(order.model, CheckoutNetwork)
    assert order.model.checkout.place == clas
    assert asked["inputs"].seconds == 3.5
    edge.convert_models(["PPLCNet_x1_0"], input_shape=(1, 3, 96, 96))
    assert asked["orders"][0].model.input_shape == (1, 3, 96, 96)
    with pytest.raises(errors.UsageError, match="PPLCNet_x1_0 has one input"):
        edge.convert_models(["PPLCNet_x1_0"], input_shape={"x": (1, 3, 96, 96)})


@pytest.mark.parametrize(
    ("call", "error"),
    [
        pytest.param(lambda: edge.convert_models(["PPLCNet"]), errors.UnknownModelError, id="unknown model"),
        pytest.param(lambda: edge.convert_models(LIGHT, engine="9"), errors.UsageError, id="unknown engine"),
        pytest.param(lambda: edge.convert_models(LIGHT, precision="int8-static"), errors.UsageError, id="no images"),
        pytest.param(
            lambda: edge.convert_models(LIGHT, precision="int8", format="onnx"), errors.UsageError, id="int8 ONNX"
        ),
        pytest.param(lambda: edge.convert_models(LIGHT, weights="."), errors.UsageError, id="one file, two models"),
        pytest.param(lambda: edge.convert_models([]), errors.UsageError, id="nothing to convert"),
        *(
            pytest.param(lambda how=how: edge.convert_models(LIGHT[:1], **how), errors.UsageError, id=f"convert {how}")
            for how in (
                {"seed": 3},
                {"weights": "random", "seed": -1},
                {"weights": "random", "seed": 1 << 32},
                {"jobs": 0},
                {"jobs": -1},
                {"verify": False, "input_range": (0, 1)},
                {"input_range": (1, 0)},
                {"input_range": (1,)},
                {"inputs": "nowhere.npz"},
                {"format": "onnx", "target": "x86"},
                {"format": "onnx", "engine": "2.12"},
                {"format": "gguf"},
                {"verify_seconds": 0},
                {"verify": False, "verify_seconds": 1},
                {"paddleclas": "nowhere", "weights": "random"},
            )
        ),
        pytest.param(lambda: edge.convert_models(LIGHT, target="riscv"), errors.RecipeError, id="no target"),
        pytest.param(lambda: edge.convert_models(LIGHT, config="nowhere"), errors.RecipeError, id="no recipe"),
        pytest.param(lambda: edge.convert_models(LIGHT, out=__file__), errors.OutputError, id="no folder"),
        pytest.param(lambda: edge.bench_models(LIGHT, engine="9", device="host"), errors.UsageError, id="bench engine"),
        *(
            pytest.param(
                lambda how=how: edge.bench_models(LIGHT[:1], device="host", **how), errors.UsageError, id=str(how)
            )
            for how in (
                {"protocol": "sustained"},
                {"protocol": SUSTAINED},
                {"protocol": "compare"},
                {"protocol": "slow"},
                {"threads": ()},
                {"threads": (0,)},
                {"threads": (9999,)},
                {"fresh": True, "keep_invalid": True},
                {"weights": "nowhere"},
            )
        ),
        pytest.param(lambda: edge.bench_models([], device="host"), errors.UsageError, id="no model"),
        pytest.param(lambda: edge.list_models(series=["PPNet"]), errors.UsageError, id="unknown series"),
        pytest.param(edge.list_results, errors.ResultsError, id="no results yet"),
    ],
)
def test_what_makes_no_sense_is_refused_at_once(
    call: Callable[[], object], error: type[errors.EdgezooError], asked: dict[str, Any]
) -> None:
    with pytest.raises(error):
        call()
    assert not asked


class Host:
    """The host device with a runner and files that need no engine; keeps what a session is asked for."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.wanted: Wanted | None = None
        self.places: list[DeviceRequest] = []
        self.db = Path()
        self.lacking = errors.SourceError("one model cannot be had")
        self.ended = errors.DeviceError("the session ended early")
        program = Runner(RunnerProgram("edgebench", "00" * 32), flavour("edgebench"), Path("edgebench"))
        self.runner: str | None = None

        def find_runner(_: object, wanted: str | None, **__: object) -> Runner:
            self.runner = wanted
            return program

        monkeypatch.setattr("edge.bench.programs.find_runner", find_runner)
        monkeypatch.setattr("edge.bench.models.prepare", self.prepare)
        monkeypatch.setattr("edge.bench.fleet.measure_everywhere", self.measure)

    def prepare(self, wanted: Wanted, *_: object, **__: object) -> tuple[list[Job], list[errors.EdgezooError]]:
        self.wanted = wanted
        return [Job(Path("a.nb"), SUBJECT)], [self.lacking]

    def measure(self, places: Sequence[DeviceRequest], db: Path, listener: Listener) -> list[DeviceResult]:
        self.places, self.db = list(places), db
        listener.line("measured")
        listener.now("for a moment")
        return [DeviceResult(place, error=self.ended) for place in places]


@pytest.fixture
def host(monkeypatch: pytest.MonkeyPatch) -> Host:
    return Host(monkeypatch)


def test_bench_asks_for_what_was_said(host: Host, tmp_path: Path) -> None:
    message: list[str] = []
    file, program = tmp_path / "b.nb", tmp_path / "my_bench"
    file.write_bytes((Path(__file__).parent / "package" / "data" / "tiny.nb").read_bytes())
    program.touch()
    result = edge.bench_models(
        ["PPLCNet_x1_0", file],
        device="host", threads=[1, 4], protocol="table", weights="random", precision="fp32", engine="2.12", seed=7,
        fresh=True, db=tmp_path / "my.db", runner=str(program), say=message.append,
    )  # fmt: skip
    assert host.runner == str(program)
    assert host.wanted is not None
    assert host.wanted.names == ("PPLCNet_x1_0", str(file))
    assert (host.wanted.weights, host.wanted.precision) == (Weights("random"), "fp32")
    assert host.wanted.engine.version == "2.12"
    (place,) = host.places
    assert isinstance(place.device, HostDevice)
    request = place.request
    assert (request.threads, request.seed, request.fresh, request.keep_invalid) == ((1, 4), 7, True, False)
    assert request.protocol == protocol("table", power_mode=0, cooldown_s=0.0)
    assert host.db == tmp_path / "my.db"
    assert result == edge.BenchResult((), (host.lacking, host.ended))
    assert message == ["measured"]


def test_a_protocol_of_ones_own_is_taken_as_it_is(host: Host) -> None:
    edge.bench_models(["PPLCNet_x1_0"], device="host", protocol=ROBUST)
    assert host.places[0].request.protocol is ROBUST
    first = host.places[0].request.seed
    edge.bench_models(["PPLCNet_x1_0"], device="host")
    assert host.places[0].request.seed != first


def test_a_sustained_measurement_has_its_length(host: Host) -> None:
    edge.bench_models(["PPLCNet_x1_0"], device="host", protocol=sustained(60))
    assert host.places[0].request.protocol.duration_s == 60


def test_of_a_single_device_an_error_is_raised(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_runner(*_: object, **__: object) -> Runner:
        raise errors.BenchError("the benchmark program is not built")

    monkeypatch.setattr("edge.bench.programs.find_runner", no_runner)
    with pytest.raises(errors.BenchError, match="not built"):
        edge.bench_models(["PPLCNet_x1_0"], device="host")
    one, two = ScriptedDevice(), ScriptedDevice()
    two.serial, two.itself = "cd34", {"serialno": "8a1b0002"}
    monkeypatch.setattr("edge.device.discover.open_device", lambda _: [one, two])
    assert [str(error) for error in edge.bench_models(["PPLCNet_x1_0"], device="all").errors] == [
        "the benchmark program is not built"
    ] * 2
    assert host.places == []


def test_a_device_under_two_names_is_measured_once(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    one, two = ScriptedDevice(), ScriptedDevice()
    two.serial = "10.0.0.5:5555"
    one.itself = two.itself = {"serialno": "8a1b0001"}
    monkeypatch.setattr("edge.device.discover.open_device", lambda _: [one, two])
    said: list[str] = []
    edge.bench_models(["PPLCNet_x1_0"], device="all", say=said.append)
    assert [place.device for place in host.places] == [one]
    assert "10.0.0.5:5555 and ab12 are one device, with the serial number 8a1b0001: 10.0.0.5:5555 is left out" in said


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"names": "PPLCNet_x1_0"}, "names is a list of names and paths"),
        ({"names": [7]}, "names is a list"),
        ({"device": 7}, "device is a text"),
        ({"lab": ("rig", 20408)}, "lab is a text"),
        ({"lab": "rig", "match": "soc=sd855"}, "match is a mapping of texts"),
        ({"lab": "rig", "match": ["soc=sd855"]}, "match is a mapping of texts"),
        ({"lab": "rig", "match": {"soc": 855}}, "match is a mapping of texts"),
        ({"lab": "rig", "match": {"soc": "a"}, "devices": "2"}, "devices is a whole number"),
        ({"lab": "rig", "match": {"soc": "a"}, "devices": 1.5}, "devices is a whole number"),
        ({"lab": "rig", "match": {"soc": "a"}, "devices": True}, "devices is a whole number"),
        ({"lab": "rig", "match": {"soc": "a"}, "devices": 0}, "--devices 0: from 1 to 1000"),
        ({"lab": "-x", "match": {"soc": "a"}}, "--lab -x is no address"),
        ({"device": ""}, "names no device"),
        ({"threads": 4}, "threads is a list of whole numbers"),
        ({"threads": "1,2"}, "threads is a list of whole numbers"),
        ({"threads": [1.5]}, "threads is a list of whole numbers"),
        ({"protocol": 3}, "protocol is"),
        ({"weights": None}, "weights is"),
        ({"engine": ["onnxruntime"]}, "engine is a text"),
        ({"runner": 3}, "runner is"),
        ({"seed": -1}, "seed=-1: seed is a whole number from 0 to 4294967295"),
        ({"seed": 2**32}, "seed is a whole number"),
        ({"seed": "7"}, "seed is a whole number"),
        ({"fresh": "no"}, "fresh is True or False"),
        ({"keep_invalid": None}, "keep_invalid is True or False"),
        ({"db": "results.db"}, "db is a pathlib.Path"),
        ({"say": "print"}, "say is a function"),
    ],
)
def test_arguments_of_another_type_are_refused(
    host: Host, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wrong: dict[str, Any], said: str
) -> None:
    """By name, before anything is begun."""
    monkeypatch.chdir(tmp_path)
    given: dict[str, Any] = {"names": ["PPLCNet_x1_0"], "weights": "random", **wrong}
    with pytest.raises(errors.UsageError) as caught:
        edge.bench_models(**given)
    assert said in caught.value.message
    of_plans = {"seed", "fresh", "keep_invalid", "db", "say"} & set(wrong)
    for name in of_plans:
        with pytest.raises(errors.UsageError) as caught:
            edge.bench_plan(tmp_path / "none.toml", **{name: wrong[name]})
        assert said in caught.value.message
    assert host.places == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("plan", [None, 7, ["plan.toml"], {}])
def test_a_plan_is_a_path(plan: Any) -> None:
    with pytest.raises(errors.UsageError, match="plan is a path"):
        edge.bench_plan(plan)


def test_a_lab_is_asked_for_as_on_the_command_line(host: Host) -> None:
    with pytest.raises(errors.UsageError, match="--lab and --device exclude each other"):
        edge.bench_models(["PPLCNet_x1_0"], device="host", lab="127.0.0.1:1", match={"soc": "sd855"})
    with pytest.raises(errors.UsageError, match="--match soc=SD 855 is no tag"):
        edge.bench_models(["PPLCNet_x1_0"], lab="127.0.0.1:1", match={"soc": "SD 855"})
    assert host.places == []


def test_results_are_those_of_the_database(tmp_path: Path) -> None:
    db = tmp_path / "results.db"
    with Store(db) as store:
        for serial in ("one", "two"):
            session = store.new_session(seed=1, device={**PHONE, "serial": serial})
            cell = store.begin(
                session,
                subject=SUBJECT,
                threads=1,
                protocol=ROBUST,
                program=RunnerProgram("edgebench", "00" * 32),
            )
            store.add_launch(cell, session, launch(0, 1.0, 2.0, 3.0))
            store.finish(cell)
    both = edge.list_results(db=db)
    assert [one.status for one in both] == ["measured", "measured"]
    assert both[0].launches[0].samples_ms == (1.0, 2.0, 3.0)
    assert [one.id for one in edge.list_results(device="two", db=db)] == [both[1].id]
    assert edge.list_results(model="another", db=db) == []
