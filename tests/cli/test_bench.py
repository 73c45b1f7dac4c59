"""`edgezoo bench` on this machine, with the real engine, as it is typed."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from edge.cli.main import run
from edge.results.sequential import LEVEL, LOOKS
from edge.toolchain.engines import engine
from edge.toolchain.environment import ensure
from tests.android_runner.network import convert

Capture = pytest.CaptureFixture[str]
# Two launches of a few runs: enough for everything but good numbers.
FEW = ("--device", "host", "--warmup", "1", "--repeats", "3", "--launches", "2")
QUICK = (*FEW, "--tolerance", "100")


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("network")
    return {target: convert(ensure(engine("paddlelite")), folder, target) for target in ("x86", "arm")}


@pytest.mark.slow
def test_a_file_is_measured_once_and_kept(network: dict[str, Path], tmp_path: Path, capsys: Capture) -> None:
    db = tmp_path / "results.db"
    command = ["bench", str(network["x86"]), *QUICK, "--shape", "1,3,64,64", "--threads", "1,2", "--db", str(db)]
    assert run(command) == 0
    shown = capsys.readouterr().out
    assert "1T" in shown
    assert "2T" in shown
    assert "one thread whatever is asked" in shown
    assert run([*command, "--json"]) == 0
    captured = capsys.readouterr()
    cells = json.loads(captured.out)
    assert [cell["threads"] for cell in cells] == [1, 2]
    assert all(cell["status"] == "measured" and not cell["threads_honoured"] for cell in cells)
    first = {cell["id"] for cell in cells}
    assert run([*command, "--csv", "--fresh"]) == 0
    again = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert not first & {int(row["id"]) for row in again}


@pytest.mark.slow
def test_a_model_that_cannot_run_here_fails_alone(network: dict[str, Path], tmp_path: Path, capsys: Capture) -> None:
    report = tmp_path / "report.md"
    code = run(
        ["bench", str(network["arm"]), str(network["x86"]), *QUICK, "--shape", "1,3,64,64", "--threads", "1",
         "--markdown", "-o", str(report)]
    )  # fmt: skip
    assert code == 1
    assert "was made for arm" in capsys.readouterr().err
    rows = [line for line in report.read_text().splitlines() if line.startswith("| tiny")]
    assert ["failed" in row for row in rows] == [True, False]


@pytest.mark.slow
def test_the_table_and_json_say_why_the_engine_died(network: dict[str, Path], tmp_path: Path, capsys: Capture) -> None:
    """The softmax asks for a precision of which the engine has no kernel: it aborts, and says so in its own words."""
    model = tmp_path / "odd.nb"
    content = network["x86"].read_bytes()
    assert content.count(b"softmax/def/2/1/") == 1
    model.write_bytes(content.replace(b"softmax/def/2/1/", b"softmax/def/2/5/"))
    command = [
        "bench",
        str(model),
        *QUICK,
        "--shape",
        "1,3,64,64",
        "--threads",
        "1",
        "--db",
        str(tmp_path / "results.db"),
    ]
    assert run(command) == 1
    table = " ".join(capsys.readouterr().out.split())
    assert "kernel for 'softmax' is not supported by Paddle-Lite" in table
    assert "`with_extra`" in table
    assert run([*command, "--json"]) == 1
    [cell] = json.loads(capsys.readouterr().out)
    assert cell["status"] == "failed"
    assert "died of SIGABRT" in cell["error"]
    assert "kernel for 'softmax' is not supported by Paddle-Lite" in cell["error"]
    assert "`with_extra`" in cell["error"]


@pytest.mark.slow
def test_a_name_is_converted_measured_and_its_output_checked(private_cache: Path, capsys: Capture) -> None:
    command = ["bench", "MobileNetV1_x0_25", *FEW, "--weights", "random", "--threads", "1"]
    assert run([*command, "--protocol", "table", "--check-output", "--json"]) == 0
    captured = capsys.readouterr()
    (cell,) = json.loads(captured.out)
    assert (cell["weights"], cell["target"], cell["latency_ms"]["headline_is"]) == ("random", "x86", "mean")
    assert "its output on the device is Paddle's" in captured.err
    assert cell["published"]["sd855_ms"] == 2.88
    assert cell["ratio_to_sd855"] is None
    (record,) = private_cache.glob("bench/*/MobileNetV1_x0_25.json")
    written = json.loads(record.read_bytes())
    (proof,) = written["proofs"]
    assert (proof["passed"], proof["sha256"], proof["inputs"]) == (True, written["sha256"], 8)
    assert proof["device"]["kind"] == "host"
    assert proof["engine"].startswith("paddle-lite v")


@pytest.mark.slow
@pytest.mark.usefixtures("private_cache")
def test_outputs_of_int8_activations_are_compared(tmp_path: Path, capsys: Capture) -> None:
    """Beside the quantised network, whose outputs the float one's are far from."""
    images = tmp_path / "images"
    images.mkdir()
    for number in range(4):
        noise = np.random.default_rng(number).integers(0, 256, (8, 8, 3), dtype=np.uint8)
        Image.fromarray(noise).resize((256, 256), Image.Resampling.BICUBIC).save(images / f"{number}.png")
    made = tmp_path / "models"
    assert run(["convert", "MobileNetV1_x0_25", "--weights", "random", "--precision", "int8-static", "--calibrate",
                str(images), "--target", "x86", "-o", str(made)]) == 0  # fmt: skip
    [model] = made.glob("*.nb")
    command = ["bench", str(model), *FEW, "--threads", "1", "--protocol", "table", "--check-output"]
    assert run([*command, "--db", str(tmp_path / "results.db")]) == 0
    assert "its output on the device agrees with Paddle's within the limits for int8-static" in capsys.readouterr().err
    [proof] = json.loads(model.with_suffix(".json").read_bytes())["proofs"]
    assert (proof["passed"], proof["precision"], proof["threads"]) == (True, "int8-static", 1)


_STOCK = """#!{python}
# benchmark_bin's command line and words, with this machine's engine behind them.
import sys
import numpy
from paddlelite import lite
flags = dict(one[2:].split("=", 1) for one in sys.argv[1:] if "=" in one)
config = lite.MobileConfig()
config.set_model_from_file(flags["optimized_model_file"])
predictor = lite.create_paddle_predictor(config)
shape = [int(one) for one in flags["input_shape"].split(",")]
values = numpy.ones(shape, "float32")
if "input_data_path" in flags:
    values = numpy.array(open(flags["input_data_path"]).read().split(), "float32").reshape(shape)
predictor.get_input(0).from_numpy(values)
predictor.run()
made = predictor.get_output(0).numpy() {change}
print("output tensor num: 1\\n--- output tensor 0 ---")
print("output shape(NCHW): " + "".join("%d " % size for size in made.shape))
if "show_output_elem" in flags:
    for place, value in enumerate(made.ravel()):
        print("out[0][%d]:%.6g" % (place, value))
print("benchmark_bin version: v2.13-rc")
print("======= Perf Info =======")
for name in ("init", "first", "min", "max", "avg"):
    print(name + " = 1.000")
"""


@pytest.mark.slow
@pytest.mark.usefixtures("private_cache")
@pytest.mark.parametrize(("change", "passed"), [("", True), ("[:, ::-1]", False)], ids=["right", "wrong"])
def test_outputs_of_benchmark_bin_are_compared(change: str, passed: bool, tmp_path: Path, capsys: Capture) -> None:
    python = ensure(engine("paddlelite")).python
    program = tmp_path / "benchmark_bin"
    program.write_text(_STOCK.replace("{python}", str(python)).replace("{change}", change))
    program.chmod(0o755)
    command = ["bench", "MobileNetV1_x0_25", *FEW, "--weights", "random", "--threads", "1", "--protocol", "table", "--json",
               "--runner", str(program), "--runner-kind", "benchmark_bin", "--check-output"]  # fmt: skip
    assert run(command) == (0 if passed else 1)
    err = capsys.readouterr().err
    assert ("its output on the device is Paddle's: cosine 1.0000" in err) is passed
    assert ("its output on the device differs from Paddle's" in err) is not passed


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([], "no model is named"),
        (["PPLCNet_x10"], "no model 'PPLCNet_x10'"),
        (["nowhere/x.nb"], "nowhere/x.nb cannot be read"),
        (["MobileNetV1", "--threads", "0"], "--threads 0 is no list of numbers"),
        (["MobileNetV1", "--threads", "one"], "--threads one is no list"),
        (["MobileNetV1", "--input", "zeros"], "--input zeros is none"),
        (["MobileNetV1", "--cores", "1", "--power-mode", "0"], "exclude each other"),
        (["MobileNetV1", "--runner", "/nowhere/benchmark_bin"], "/nowhere/benchmark_bin does not exist"),
        (["MobileNetV1", "--weights", "/nowhere"], "that path does not exist"),
        (["MobileNetV1", "--compare"], "--compare is for two models, and 1 are named"),
        (["A.nb", "B.nb", "--compare", "--sustained", "1m"], "--compare and --sustained exclude each other"),
        (["A.nb", "B.nb", "--compare", "--protocol", "table"], "--compare and --protocol table exclude each other"),
        (["A.nb", "B.nb", "--compare", "--launches", "9"], "--compare and --launches exclude each other"),
        (["A.nb", "B.nb", "--max-launches", "12"], "--max-launches belongs to --compare"),
        (["A.nb", "--sustained", "10"], "10 is no length of time"),
        (["A.nb", "--sustained", "5s"], "a sustained measurement of 5 s is none"),
        (["A.nb", "--sustained", "1m", "--warmup", "3"], "--sustained and --warmup exclude each other"),
        (["MobileNetV1", "--engine", "1.0"], "no paddlelite engine of version '1.0'"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_what_makes_no_sense_is_said_before_any_work(arguments: list[str], sentence: str, capsys: Capture) -> None:
    assert run(["bench", *arguments, "--device", "host"]) == 2
    assert sentence in capsys.readouterr().err


@pytest.mark.slow
def test_a_file_compared_with_itself_is_not_called_different(
    network: dict[str, Path], tmp_path: Path, capsys: Capture
) -> None:
    again = tmp_path / "again.nb"
    again.write_bytes(network["x86"].read_bytes())
    shape = ("--shape", "1,3,64,64")
    command = ["bench", str(network["x86"]), str(again), "--compare", "--threads", "1", "--device", "host", *shape]
    command += [
        "--warmup",
        "5",
        "--repeats",
        "50",
        "--max-launches",
        "12",
        "--db",
        str(tmp_path / "results.db"),
        "--json",
    ]
    assert run(command) == 0
    (made,) = json.loads(capsys.readouterr().out)
    assert made["answer"] in ("the same", "undecided")
    assert (
        LOOKS[0] <= made["pairs"] < 12 + LOOKS[0]
    )  # other work on this machine spoils launches: they are made again, up to 10 of each
    assert made["interval"]["level"] == LEVEL


@pytest.mark.slow
def test_a_sustained_measurement_keeps_its_windows(network: dict[str, Path], tmp_path: Path, capsys: Capture) -> None:
    db = tmp_path / "results.db"
    shape = ("--shape", "1,3,64,64")
    command = ["bench", str(network["x86"]), "--sustained", "12s", "--threads", "1", "--device", "host", *shape]
    assert run([*command, "--db", str(db)]) == 0
    message = capsys.readouterr().out
    assert "Steady ms" in message
    assert run(["results", "list", "--where", "protocol=sustained", "--json", "--db", str(db)]) == 0
    (cell,) = json.loads(capsys.readouterr().out)
    assert cell["protocol"]["duration_s"] == 12
    assert len(cell["sustained"]["windows"]) >= 4
    assert cell["sustained"]["windows"][-1]["at_s"] < 13
    assert cell["latency_ms"]["ci95"] is None
    assert run(["results", "show", str(cell["id"]), "--db", str(db)]) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]  # widths follow the number of runs
    assert ["Second", "Runs", "ms", "Clock", "GHz", "CPU", "°C", "Battery", "°C", "Busy"] in lines
    assert run(["results", "export", "--csv", "--db", str(db)]) == 0
    (row,) = csv.DictReader(io.StringIO(capsys.readouterr().out))
    assert float(row["sustained_steady_ms"]) == cell["sustained"]["steady_ms"]
