"""A lab of two phones, each with an adb server of its own, as two hosts would have them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from edge.cli.main import run
from edge.device.adb import server
from tests.bench.scripted import printed
from tests.device_layer.conftest import AdbServer, program
from tests.device_layer.simulated.device import SimulatedDevice
from tests.device_layer.simulated.system import Model
from tests.lab.stage import Lab

TINY = Path(__file__).parents[1] / "package" / "data" / "tiny.nb"


@dataclass
class TwoPhones:
    """The lab, its phones by place, and a benchmark program for them."""

    lab: Lab
    phones: dict[str, SimulatedDevice]
    servers: dict[str, AdbServer]
    runner: Path

    def bench(self, *words: str, launches: int = 3) -> list[str]:
        """A command line of a short measurement there."""
        return ["bench", str(TINY), "--threads", "1", "--launches", str(launches), "--protocol", "table",
                "--keep-invalid", "--cool-limit", "0",
                "--runner", str(self.runner), "--runner-kind", "edgebench",
                "--lab", self.lab.address, "--match", "soc=sd855", *words]  # fmt: skip


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TwoPhones]:
    folder = tmp_path_factory.mktemp("lab")
    text = printed([10.0 + number % 3 * 0.01 for number in range(30)], ghz=2.4192)
    runner = program(folder / "edgebench", f"sleep 0.3\ncat <<'END'\n{text}\nEND")
    with ExitStack() as stack:
        lab = stack.enter_context(Lab(folder))
        phones, servers = {}, {}
        for number in (1, 2):
            home = folder / f"rig{number}"
            home.mkdir()
            adb = AdbServer(home)
            adb.start()
            stack.callback(adb.stop)
            phone = stack.enter_context(SimulatedDevice(home / "phone", Model(serialno=f"8a1b000{number}")))
            server.connect(adb.address, phone.serial)
            phones[f"phone{number}"], servers[f"phone{number}"] = phone, adb
            resource = {"host": "127.0.0.1", "port": adb.port, "serialno": phone.serial}
            lab.export(f"rig{number}", {f"phone{number}": {"NetworkADBDevice": resource}})
        tags = {1: ["soc=sd855", "group=mixed"], 2: ["soc=sd855"]}
        lab.add_places({f"phone{number}": (f"rig{number}/phone{number}/*", tags[number]) for number in (1, 2)})
        odd = {"host": "-x", "port": 5037, "serialno": "8a1b0001"}
        dead = {"host": "127.0.0.1", "port": 1, "serialno": "8a1b0001"}
        board = {"address": "127.0.0.1", "username": "pi", "port": 1}
        lab.export("rig3", {"board": {"NetworkService": board}, "odd": {"NetworkADBDevice": odd},
                            "dead": {"NetworkADBDevice": dead}})  # fmt: skip
        lab.add_places({"x\nphone1: reserved": ("nowhere/nothing/*", ["soc=forged"]),
                        "empty": ("nowhere/nothing/*", ["soc=none"]), "board": ("rig3/board/*", ["soc=bcm2712"]),
                        "odd": ("rig3/odd/*", ["soc=odd"]), "dead": ("rig3/dead/*", ["soc=dead", "group=mixed"])})  # fmt: skip
        lab.wait_for("rig1/phone1/NetworkADBDevice", "rig2/phone2/NetworkADBDevice", "rig3/board/NetworkService")
        yield TwoPhones(lab, phones, servers, runner)


@pytest.fixture
def two_phones(stage: TwoPhones, monkeypatch: pytest.MonkeyPatch) -> Iterator[TwoPhones]:
    """Whatever a test did, nothing is reserved after it."""
    monkeypatch.setenv("LG_HOSTNAME", "bench")
    monkeypatch.setenv("LG_USERNAME", "tester")
    yield stage
    for place, phone in stage.phones.items():
        if phone._listener is None:
            phone.plug_in()
            server.disconnect(stage.servers[place].address, phone.serial)
            server.connect(stage.servers[place].address, phone.serial)
            # It could not be unlocked while it was away, and the process that locked it, this one, lives on.
            assert (
                run(["device", "clean", "-s", phone.serial, "--adb-server", f"127.0.0.1:{stage.servers[place].port}"])
                == 0
            )
