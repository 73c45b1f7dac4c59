"""A plan of measurements: every value is checked with its line, and a second run measures nothing."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import edge
from edge.bench import benchmark as module
from edge.bench.options import BenchOptions
from edge.bench.planned import rounds
from edge.cli.main import run
from edge.device.base import Device
from edge.errors import DeviceError, PlanError
from edge.lab.ask import LabAsked
from edge.lab.lease import LabDevice
from tests.bench.scripted import RUNNER, ScriptedDevice

Capture = pytest.CaptureFixture[str]
TINY = Path(__file__).parents[1] / "package" / "data" / "tiny.nb"
OF_PLANS = (
    "--device",
    "--lab",
    "--match",
    "--split",
    "--threads",
    "--weights",
    "--engine",
    "--precision",
    "--runner",
    "--adb",
)
WHOLE = """\
models = ["PPLCNet_x1_0", "MobileNetV3_small_x1_0"]   # by name, or a file beside this one
weights = "random"
engines = ["paddle-lite"]
precisions = ["fp32", "int8"]
threads = [1, 4]
lab = "rig:20408"

[[device]]
serial = "8a1b2c3d"
adb_server = "far:5037"

[[device]]
match = { soc = "sd855" }
count = 2
split = true
"""


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "plan.toml"
    path.write_text(text)
    return path


def read(tmp_path: Path, text: str) -> list[list[BenchOptions]]:
    return [list(one.devices) for one in rounds(BenchOptions(plan=written(tmp_path, text)))]


def test_every_value_is_in_the_options_of_every_device(tmp_path: Path) -> None:
    fp32, int8 = read(tmp_path, WHOLE)
    assert [one.precision for one in fp32] == ["fp32"] * 2
    assert [one.precision for one in int8] == ["int8"] * 2
    serial, lab = int8
    assert (serial.spec, serial.adb_server, serial.lab) == ("8a1b2c3d", "far:5037", None)
    assert (lab.spec, lab.lab, lab.match, lab.devices, lab.split) == (None, "rig:20408", ("soc=sd855",), 2, True)
    for one in int8:
        assert one.names == ("PPLCNet_x1_0", "MobileNetV3_small_x1_0")
        assert (one.weights.kind, one.threads, one.protocol_name) == ("random", (1, 4), "robust")


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        ('"int8"]', '"int9"]', 4, "`precisions[1]`"),
        ('"paddle-lite"', '"paddle-heavy"', 3, "paddle-heavy"),
        ("[1, 4]", "[1, 0]", 5, "threads = [0]: from 1 to 256"),
        ("[1, 4]", "[]", 5, "`threads` is empty"),
        ("[1, 4]", "[1, 1]", 5, "`threads` has 1 twice"),
        ("[1, 4]", '"1"', 5, "`threads`"),
        ("PPLCNet_x1_0", "PPLCNet_x9", 1, "PPLCNet_x9"),
        ("threads", "thread", 5, "there is no such field"),
        ('serial = "8a1b2c3d"', "", 8, "neither serial nor match"),
        ("count = 2", "count = 0", 14, "count = 0: from 1 to 1000"),
        ("count = 2", "count = 1", 15, "`split` deals"),
        ("count = 2", "cuont = 2", 14, "there is no such field"),
        ('lab = "rig:20408"', "", 13, "is for the places of a lab"),
        ('soc = "sd855"', 'SOC = "sd855"', 13, "is no tag"),
        ('"far:5037"', '"far:99999"', 10, "port '99999'"),
        ('"rig:20408"', '"-x"', 6, "`lab` -x is no address"),
        ('count = 2', 'adb_server = "far:5037"', 14, "of a place the lab tells it"),
        ('serial = "8a1b2c3d"\nadb_server = "far:5037"', 'serial = ""', 9, "names no device"),
        ('serial = "8a1b2c3d"\nadb_server = "far:5037"', 'serial = "ssh:"', 9, "ssh: names no machine"),
        ('serial = "8a1b2c3d"', 'serial = "ssh:pi@board"', 10, "`adb_server` is for devices that adb sees"),
        ('serial = "8a1b2c3d"', 'serial = "host"', 10, "`adb_server` is for devices"),
        ('threads = [1, 4]', 'series = [\n"GhostNet",\n"Gost"]', 7, "no series 'Gost'"),
        ('["paddle-lite"]', '["openvino"]', 9, "the engine openvino does not measure on 8a1b2c3d"),
        ('["paddle-lite"]', '["onnxruntime"]', 4, 'precisions = ["int8"] is not for onnxruntime'),
        ('threads = [1, 4]', 'protocol = "intel-table"', 5, 'protocol = "intel-table" measures on this machine'),
        ('serial = "8a1b2c3d"\nadb_server = "far:5037"', 'serial = "host"\nrunner = "no/such"', 10, "does not exist"),
        ('match', 'serial = "8a1b2c3d"\nadb_server = "far:5037"\n[[device]]\nmatch', 12, '"8a1b2c3d", the same as `device[0]`'),
        ('match', 'match = { soc = "sd855" }\nsplit = true\ncount = 2\n[[device]]\nmatch', 16, "places of a lab, the same as"),
        ('adb_server = "far:5037"', "count = 2", 10, "is for the places of a lab"),
        ('"random"', '"nowhere.pdparams"', 2, "does not exist"),
        ('serial = "8a1b2c3d"', 'serial = "8a1b2c3d"\nrunner_kind = "benchmark_bin"', 10, "`runner_kind` says what"),
        ('serial = "8a1b2c3d"', 'serial = "8a1b2c3d"\nrunner_kind = "bin"', 10, "`device[0].runner_kind`: invalid"),
        ('protocol', 'protocol', None, ""),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_with_its_line(tmp_path: Path, old: str, new: str, line: int | None, said: str) -> None:
    text = WHOLE.replace(old, new, 1)
    if line is None:
        text, line, said = f'protocol = "quick"\n{WHOLE}', 1, "`protocol`"
    path = written(tmp_path, text)
    with pytest.raises(PlanError) as caught:
        rounds(BenchOptions(plan=path))
    assert f"{path}, line {line}:" in caught.value.message
    assert said in caught.value.message
    for option in OF_PLANS:  # it takes none of them
        assert option not in caught.value.message + caught.value.hint
    assert run(["bench", "--plan", str(path), "--db", str(tmp_path / "r.db")]) == 2
    assert not (tmp_path / "r.db").exists()


def test_a_device_in_one_bracket(tmp_path: Path) -> None:
    with pytest.raises(PlanError, match="line 2: `device`: expected `array`") as caught:
        read(tmp_path, 'light = true\n[device]\nserial = "ab12"\n')
    assert "in two brackets" in caught.value.hint


def test_files_are_measured_as_they_are(tmp_path: Path) -> None:
    """No file is measured under the name of a precision that it may not have."""
    shutil.copyfile(TINY, tmp_path / "tiny.nb")
    path = tmp_path / "plan.toml"
    head = 'models = ["PPLCNet_x1_0", "tiny.nb"]\nprecisions = ["fp32", "int8"]\nweights = "random"\n'
    mixed = rounds(BenchOptions(plan=written(tmp_path, head + '[[device]]\nserial = "ab12"\n')))
    assert [(one.name, one.devices[0].names, one.devices[0].precision) for one in mixed] == [
        ("paddle-lite, fp32", ("PPLCNet_x1_0",), "fp32"),
        ("paddle-lite, int8", ("PPLCNet_x1_0",), "int8"),
        ("paddle-lite, files as they are", (str(tmp_path / "tiny.nb"),), None),
    ]
    for field in ('precisions = ["int8"]', 'weights = "random"'):
        written(tmp_path, f'models = ["tiny.nb"]\n{field}\n[[device]]\nserial = "ab12"\n')
        said = f"line 2: `{field.split()[0]}` is for models of the catalogue, and only files are named"
        with pytest.raises(PlanError, match=said):
            edge.bench_plan(path, db=tmp_path / "r.db")
    assert not (tmp_path / "r.db").exists()


def test_files_of_another_engine(tmp_path: Path) -> None:
    (tmp_path / "a.onnx").write_bytes(b"any")
    text = 'models = ["a.onnx"]\nengines = ["onnxruntime"]\n[[device]]\nserial = "ab12"\n'
    ((one,),) = read(tmp_path, text)
    assert one.each[0].engine.name == "onnxruntime"
    with pytest.raises(PlanError, match=r"line 1: paddle-lite does not run .*a\.onnx"):
        read(tmp_path, text.replace("onnxruntime", "paddle-lite"))


def test_two_names_of_one_board(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "hosts.toml").write_text('[hosts]\npi = "ssh:pi@board"\n')
    monkeypatch.setenv("EDGEZOO_HOSTS", str(tmp_path / "hosts.toml"))
    text = 'light = true\nweights = "random"\n[[device]]\nserial = "pi"\n[[device]]\nserial = "ssh:pi@board"\n'
    with pytest.raises(PlanError, match=r'line 5: `device.1.` is "ssh:pi@board", the same as `device.0.`, "pi"'):
        read(tmp_path, text)


def test_what_the_command_line_itself_says_wrong_is_no_line_of_the_plan(tmp_path: Path, capsys: Capture) -> None:
    assert run(["bench", "--plan", str(written(tmp_path, WHOLE)), "--fresh", "--keep-invalid"]) == 2
    said = capsys.readouterr().err
    assert "--fresh and --keep-invalid exclude each other" in said
    assert "plan.toml" not in said


@pytest.mark.parametrize("text", ["models = [", "a = 1\na = 2", "\x00", "[device]\nserial = 'x'", "device = 3", ""])
def test_what_is_no_plan(tmp_path: Path, text: str) -> None:
    with pytest.raises(PlanError, match=r"plan\.toml"):
        read(tmp_path, text)


def test_what_the_program_is(tmp_path: Path) -> None:
    program = tmp_path / "my_bench"
    program.touch()
    devices = '[[device]]\nserial = "ab12"\nrunner = "my_bench"\nrunner_kind = "benchmark_bin_v8"\n'
    ((one,),) = read(tmp_path, f'light = true\nweights = "random"\n{devices}')
    assert (one.runner, one.runner_kind) == (str(program), "benchmark_bin_v8")


def test_files_are_beside_the_plan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copyfile(TINY, tmp_path / "tiny.nb")
    monkeypatch.chdir("/")
    ((one,),) = read(tmp_path, 'models = ["tiny.nb"]\n[[device]]\nserial = "ab12"\n')
    assert one.names == (str(tmp_path / "tiny.nb"),)


@pytest.mark.parametrize(
    "words", [["PPLCNet_x1_0"], ["--threads", "2"], ["-s", "ab12"], ["--light"], ["--precision", "int8"]]
)
def test_the_plan_says_what_is_measured(tmp_path: Path, words: list[str], capsys: Capture) -> None:
    assert run(["bench", "--plan", str(written(tmp_path, WHOLE)), *words]) == 2
    assert "--plan and" in capsys.readouterr().err


def count(db: Path, table: str) -> int:
    connection = sqlite3.connect(db)
    found = connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
    connection.close()
    return int(found)


@pytest.fixture
def phones(monkeypatch: pytest.MonkeyPatch) -> dict[str, ScriptedDevice]:
    """Two that are made up; what is asked of them is the real thing."""
    made = {}
    for address, serialno in (("ab12", "8a1b0001"), ("10.0.0.5:5555", "8a1b0002")):
        phone = made[address] = ScriptedDevice()
        phone.serial, phone.itself = address, {"serialno": serialno}

    def opened(spec: str | None, _: str | None) -> list[Device]:
        assert spec is not None
        return [made[spec]]

    monkeypatch.setattr(module, "open_device", opened)
    monkeypatch.setattr(module, "find_runner", lambda *_, **__: RUNNER)
    return made


PLAN = 'models = ["tiny.nb"]\nthreads = [1, 2]\n[[device]]\nserial = "ab12"\n[[device]]\nserial = "10.0.0.5:5555"\n'


def test_a_second_run_measures_nothing_here_and_on_a_host_with_the_results(
    tmp_path: Path, phones: dict[str, ScriptedDevice], capsys: Capture
) -> None:
    shutil.copyfile(TINY, tmp_path / "tiny.nb")
    plan, db = written(tmp_path, PLAN), tmp_path / "r.db"
    words = ["bench", "--plan", str(plan), "--json", "--db"]
    assert run([*words, str(db)]) == 0, capsys.readouterr().err
    cells = json.loads(capsys.readouterr().out)
    assert sorted((one["device_identity"]["serialno"], one["threads"]) for one in cells) == [
        ("8a1b0001", 1), ("8a1b0001", 2), ("8a1b0002", 1), ("8a1b0002", 2),
    ]  # fmt: skip
    launches = count(db, "launch")
    assert run([*words, str(db)]) == 0
    assert len(json.loads(capsys.readouterr().out)) == 4
    elsewhere = tmp_path / "elsewhere.db"
    assert run(["results", "merge", str(db), "--db", str(elsewhere)]) == 0
    phones["ab12"].serial = "another:5555"  # the same phone, reached from there in another way
    capsys.readouterr()
    assert run([*words, str(elsewhere)]) == 0
    assert len(json.loads(capsys.readouterr().out)) == 4
    assert count(elsewhere, "launch") == count(db, "launch") == launches
    assert sum(len(phone.launches) for phone in phones.values()) == launches


def test_a_device_under_two_names_is_measured_once(
    tmp_path: Path, phones: dict[str, ScriptedDevice], capsys: Capture
) -> None:
    """On the cable and on the network: only the phone itself knows that it is one."""
    shutil.copyfile(TINY, tmp_path / "tiny.nb")
    phones["10.0.0.5:5555"].itself = phones["ab12"].itself
    words = ["bench", "--plan", str(written(tmp_path, PLAN)), "--json", "--db", str(tmp_path / "r.db")]
    assert run(words) == 0
    said = capsys.readouterr()
    assert "10.0.0.5:5555 and ab12 are one device, with the serial number 8a1b0001: 10.0.0.5:5555 is" in said.err
    assert [one["threads"] for one in json.loads(said.out)] == [1, 2]
    assert phones["10.0.0.5:5555"].launches == []
    other = tmp_path / "runner"
    other.touch()
    written(tmp_path, PLAN + 'runner = "./runner"\n')
    assert run(words) == 1  # what another program measures was asked for, too
    said = capsys.readouterr()
    assert "are one device" in said.err
    assert f"10.0.0.5:5555 is not measured with {other}: under the name ab12 it is with edgebench" in said.err


ON_CABLE = '[[device]]\nserial = "ab12"\n'
IN_LAB = '[[device]]\nmatch = { soc = "sd855" }\n'


@pytest.mark.parametrize(
    ("devices", "places", "code", "said"),
    [
        (ON_CABLE + IN_LAB, 1, 0, "p0 and ab12 are one device"),
        (IN_LAB + ON_CABLE, 1, 0, "ab12 and p0 are one device"),
        (IN_LAB + "count = 2\nsplit = true\n" + ON_CABLE, 2, 0, "p0 and ab12 are one device"),
        (IN_LAB + "count = 2\n", 1, 1, "count = 2: p0 and p0 again are 1 device"),
        (IN_LAB + "count = 2\n" + ON_CABLE, 1, 1, "count = 2: p0 and p0 again are 1 device"),
        (ON_CABLE + IN_LAB + "count = 2\n", 1, 1, "count = 2: p0 and p0 again are 1 device"),
    ],
)
def test_the_code_of_a_device_under_two_names_hangs_on_no_order(
    tmp_path: Path,
    phones: dict[str, ScriptedDevice],
    monkeypatch: pytest.MonkeyPatch,
    capsys: Capture,
    devices: str,
    places: int,
    code: int,
    said: str,
) -> None:
    """By its address, and as places of a lab, of which the first is that phone, and so is another if there is one phone."""
    shutil.copyfile(TINY, tmp_path / "tiny.nb")
    whole = {"build": "one", "serialno": "8a1b0001"}
    phones["ab12"].itself = whole

    @contextmanager
    def reserved(asked: LabAsked, **_: object) -> Iterator[list[LabDevice]]:
        made = []
        for number in range(asked.devices):
            phone = ScriptedDevice()
            phone.serial, phone.itself = f"127.0.0.1:{number}", whole
            if 0 < number < places:
                phone.itself = {**whole, "serialno": f"8a1b000{number + 1}"}
            made.append(LabDevice("p0" if number == 0 else f"p{number}" if number < places else "p0 again", phone))
        yield made

    monkeypatch.setattr(module, "reserved", reserved)
    text = f'models = ["tiny.nb"]\nthreads = [1]\nlab = "rig:20408"\n{devices}'
    db = tmp_path / "r.db"
    assert run(["bench", "--plan", str(written(tmp_path, text)), "--json", "--db", str(db)]) == code
    told = capsys.readouterr()
    assert said in told.err
    assert count(db, "cell") == places
    assert "8a1b0001" in {one["device_identity"]["serialno"] for one in json.loads(told.out)}
    assert ("Hint" in told.err or "labgrid-client" in told.err) == (code != 0)


def test_two_boards_with_a_copied_system_are_two_devices(
    tmp_path: Path, phones: dict[str, ScriptedDevice], capsys: Capture
) -> None:
    """One image on two cards has one machine id; that each was started at another time shows that they are two."""
    shutil.copyfile(TINY, tmp_path / "tiny.nb")
    copied = {"kind": "linux", "serialno": "5ca1ab1e", "serialno_from": "machine-id"}
    for boot, phone in enumerate(phones.values()):
        phone.itself = {**copied, "boot_id": f"boot {boot}"}
    db = tmp_path / "r.db"
    words = ["bench", "--plan", str(written(tmp_path, PLAN)), "--json", "--db", str(db)]
    assert run(words) == 0
    said = capsys.readouterr()
    assert "are two devices" in said.err
    assert (
        "tell the same id 5ca1ab1e (a hash of its machine id): the results of each are kept by its address" in said.err
    )
    assert "serial number" not in said.err
    launches = {name: len(phone.launches) for name, phone in phones.items()}
    assert set(launches.values()) == {2 * count(db, "launch") // 4}
    assert sorted({one["device_identity"]["address"] for one in json.loads(said.out)}) == ["10.0.0.5:5555", "ab12"]
    for boot, phone in enumerate(phones.values()):  # another day
        phone.itself = {**copied, "boot_id": f"later {boot}"}
    assert run(words) == 0
    assert [one["id"] for one in json.loads(capsys.readouterr().out)] == [one["id"] for one in json.loads(said.out)]
    assert launches == {name: len(phone.launches) for name, phone in phones.items()}
    for phone in phones.values():
        phone.itself = {**copied, "boot_id": "one"}
    assert run(words) == 0
    assert "are one device, with the id 5ca1ab1e (a hash of its machine id): 10.0.0.5" in capsys.readouterr().err
    for phone in phones.values():
        phone.itself = copied
    assert run(words) == 0
    assert (
        "tell the same number, id 5ca1ab1e (a hash of its machine id), and are taken for one" in capsys.readouterr().err
    )
    assert run(["results", "list", "--db", str(db), "--wide"]) == 0
    assert "erial number" not in capsys.readouterr().out


def test_the_same_from_python(tmp_path: Path, phones: dict[str, ScriptedDevice], capsys: Capture) -> None:
    shutil.copyfile(TINY, tmp_path / "tiny.nb")
    plan, db = written(tmp_path, PLAN), tmp_path / "r.db"
    said: list[str] = []
    phones["10.0.0.5:5555"].trouble = lambda _: (_ for _ in ()).throw(DeviceError("it went away"))
    result = edge.bench_plan(plan, db=db, seed=7, say=said.append)
    assert {error.message for error in result.errors} == {"it went away"}
    assert "10.0.0.5:5555: tiny, 1 thread: it went away" in said
    measured = [cell for cell in result.measurements if cell.status == "measured"]
    assert [(cell.device["serialno"], cell.threads) for cell in measured] == [("8a1b0001", 1), ("8a1b0001", 2)]
    phones["10.0.0.5:5555"].trouble = lambda _: None
    assert run(["bench", "--plan", str(plan), "--json", "--db", str(db)]) == 0  # the command goes on with it
    ids = {one["id"] for one in json.loads(capsys.readouterr().out)}
    assert {cell.id for cell in measured} < ids
    again = edge.bench_plan(str(plan), db=db)
    assert (again.errors, {cell.id for cell in again.measurements}) == ((), ids)
    with pytest.raises(PlanError, match="line 2"):
        edge.bench_plan(written(tmp_path, PLAN.replace("[1, 2]", "[0]")))


@pytest.mark.parametrize("fresh", [False, True])
def test_a_plan_that_was_cut_off_measures_the_rest(
    tmp_path: Path, phones: dict[str, ScriptedDevice], capsys: Capture, fresh: bool
) -> None:
    """What is said about it then is what happens."""
    shutil.copyfile(TINY, tmp_path / "tiny.nb")
    plan, db = written(tmp_path, PLAN), tmp_path / "r.db"
    words = ["bench", "--plan", str(plan), "--json", "--db", str(db)]
    for phone in phones.values():
        phone.abort = lambda: None  # type: ignore[method-assign]
    before = 0
    if fresh:
        assert run(words) == 0
        before = count(db, "launch")

    def interrupt(launch: int) -> None:
        if launch == cut:
            raise KeyboardInterrupt

    cut = len(phones["ab12"].launches) + 3
    phones["ab12"].trouble = interrupt
    capsys.readouterr()
    assert run([*words, *(["--fresh"] if fresh else [])]) == 130
    how = "without --fresh the same command goes on with what was begun, and with it begins anew"
    told = capsys.readouterr().err
    assert f"Interrupted. Every launch is kept; {how if fresh else 'the same command goes on'}." in told
    kept = count(db, "launch") - before
    assert kept >= 3
    phones["ab12"].trouble = lambda _: None
    assert run(words) == 0
    assert [one["status"] for one in json.loads(capsys.readouterr().out)] == ["measured"] * 4
    assert count(db, "cell") == (8 if fresh else 4)
    asked = sum(len(phone.launches) for phone in phones.values())
    assert count(db, "launch") >= asked - 1  # nothing that was measured was measured again


def test_a_device_that_is_missing_leaves_the_others(
    tmp_path: Path, phones: dict[str, ScriptedDevice], monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    from edge.errors import NoDeviceError

    shutil.copyfile(TINY, tmp_path / "tiny.nb")

    def opened(spec: str | None, _: str | None) -> list[Device]:
        if spec == "ab12":
            raise NoDeviceError("there is no device ab12", hint="choose another with -s")
        return [phones["10.0.0.5:5555"]]

    monkeypatch.setattr(module, "open_device", opened)
    assert run(["bench", "--plan", str(written(tmp_path, PLAN)), "--json", "--db", str(tmp_path / "r.db")]) == 1
    said = capsys.readouterr()
    assert "ab12: there is no device ab12 (choose another as `serial`)" in said.err
    assert len(json.loads(said.out)) == 2
