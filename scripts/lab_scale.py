"""A simulated lab: what measuring on many devices at once costs the host that drives it.

`python scripts/lab_scale.py --devices 50` starts labgrid's coordinator, one exporter, adb servers and simulated phones
(tests/device_layer/simulated) on this machine, and runs `edgezoo bench --lab` on all of them. The benchmark program is a
script that answers at once, so that what is left is the cost of everything around it. With `--kill server` one adb server, a
host's, is killed in mid-run; with `--kill host` its phones are gone with it, and do not come back.
"""

from __future__ import annotations

import argparse
import os
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import ExitStack
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from edge.device.adb import server  # noqa: E402
from tests.bench.scripted import printed  # noqa: E402
from tests.device_layer.conftest import AdbServer, program  # noqa: E402
from tests.device_layer.simulated.device import SimulatedDevice  # noqa: E402
from tests.device_layer.simulated.system import Model  # noqa: E402
from tests.lab.stage import Lab  # noqa: E402

TINY = ROOT / "tests/package/data/tiny.nb"


def main() -> None:
    """Print one line of figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--devices", type=int, default=50)
    parser.add_argument("--hosts", type=int, default=2, help="adb servers, one a host")
    parser.add_argument("--launches", type=int, default=6)
    parser.add_argument("--threads", default="1,2", help="cells a device")
    parser.add_argument("--kill", nargs="?", const="host", choices=("server", "host"), help="what is lost in mid-run")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="edgezoo-lab-") as folder, ExitStack() as stack:
        print(measure(Path(folder), stack, asked))


def measure(folder: Path, stack: ExitStack, asked: argparse.Namespace) -> str:
    """Make the lab, run the command beside it, and say what it took."""
    text = printed([10.0 + number % 3 * 0.01 for number in range(30)], ghz=2.4192)
    runner = program(folder / "edgebench", f"cat <<'END'\n{text}\nEND")
    lab = stack.enter_context(Lab(folder))
    hosts = []
    for number in range(asked.hosts):
        home = folder / f"home{number}"
        home.mkdir()
        adb = AdbServer(home)
        adb.start()
        stack.callback(adb.stop)
        hosts.append(adb)
    resources, phones, began = {}, list[SimulatedDevice](), time.monotonic()
    for number in range(asked.devices):
        adb = hosts[number % len(hosts)]
        phone = stack.enter_context(SimulatedDevice(folder / f"phone{number}", Model(serialno=f"{number:08x}")))
        server.connect(adb.address, phone.serial)
        phones.append(phone)
        resources[f"phone{number}"] = {
            "NetworkADBDevice": {"host": "127.0.0.1", "port": adb.port, "serialno": phone.serial}
        }
    lab.export("rig", resources)
    _add_places(lab.address, list(resources))
    lab.wait_for(f"phone{asked.devices - 1}/")
    made = time.monotonic() - began
    db = folder / "r.db"
    command = [sys.executable, "-m", "edge", "bench", str(TINY), "--threads", asked.threads, "--launches", str(asked.launches),
               "--protocol", "table", "--cool-limit", "0", "--runner", str(runner), "--runner-kind", "edgebench", "--json",
               "--lab", lab.address, "--match", "soc=sim", "--devices", str(asked.devices), "--db", str(db)]  # fmt: skip
    began = time.monotonic()
    with (folder / "said").open("wb") as said:
        process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=said, cwd=folder, env={**os.environ, "LG_USERNAME": "scale"}
        )
    watch = _Watch(process.pid)
    if asked.kill:
        lost = phones[:: len(hosts)] if asked.kill == "host" else []
        threading.Thread(target=_kill_when_half, args=(db, asked, hosts[0], lost), daemon=True).start()
    code = process.wait()
    seconds = time.monotonic() - began
    watch.stop()
    return _figures(asked, db, code, seconds, made, watch, (folder / "said").read_text(errors="replace"))


def _add_places(address: str, names: list[str]) -> None:
    """By one session of labgrid's client; its command line would take a second for each of three steps a place."""
    code = """
import asyncio, sys
from labgrid.remote.client import ClientSession
from labgrid.remote.generated import labgrid_coordinator_pb2 as pb
async def main():
    session = ClientSession(sys.argv[1], asyncio.get_running_loop())
    await session.start()
    for name in sys.argv[2:]:
        await session.stub.AddPlace(pb.AddPlaceRequest(name=name))
        await session.stub.AddPlaceMatch(pb.AddPlaceMatchRequest(placename=name, pattern=f"rig/{name}/*"))
        await session.stub.SetPlaceTags(pb.SetPlaceTagsRequest(placename=name, tags={"soc": "sim"}))
asyncio.run(main())
"""
    subprocess.run([sys.executable, "-c", code, address, *names], check=True, stderr=subprocess.DEVNULL)


def _kill_when_half(db: Path, asked: argparse.Namespace, host: AdbServer, phones: list[SimulatedDevice]) -> None:
    wanted = asked.devices * asked.launches * len(asked.threads.split(",")) // 2
    while _count(db, "SELECT count(*) FROM launch") < wanted:
        time.sleep(0.2)
    host.kill()
    for phone in phones:
        phone.pull_cable(stay_away=True)
        phone.kill_all()


def _count(db: Path, query: str) -> int:
    try:
        connection = sqlite3.connect(f"file:{db}?mode=ro", uri=True)
        try:
            return int(connection.execute(query).fetchone()[0])
        finally:
            connection.close()
    except sqlite3.Error:
        return 0


class _Watch:
    """The driver's memory and threads at their most, and its CPU time; of the keeper's process the memory."""

    def __init__(self, pid: int) -> None:
        self.rss = self.threads = self.keeper = 0
        self.cpu = 0.0
        self._process, self._on = psutil.Process(pid), True
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._on = False
        self._thread.join()

    def _look(self) -> None:
        while self._on:
            try:
                times = self._process.cpu_times()
                self.rss = max(self.rss, self._process.memory_info().rss)
                self.threads = max(self.threads, self._process.num_threads())
                self.cpu = times.user + times.system
                for child in self._process.children():
                    if "edge.lab.keeper" in child.cmdline():
                        self.keeper = max(self.keeper, child.memory_info().rss)
            except psutil.Error:
                pass
            time.sleep(0.2)


def _figures(
    asked: argparse.Namespace, db: Path, code: int, seconds: float, made: float, watch: _Watch, said: str
) -> str:
    launches = _count(db, "SELECT count(*) FROM launch")
    measured = _count(db, "SELECT count(*) FROM cell WHERE status = 'measured'")
    failed = _count(db, "SELECT count(*) FROM cell WHERE status != 'measured'")
    wall = _count(db, "SELECT 1000 * (max(finished) - min(started)) FROM cell") / 1000
    last = next((line for line in reversed(said.splitlines()) if line.strip()), "")
    return (
        f"{asked.devices} devices of {asked.hosts} hosts{f', one {asked.kill} lost' if asked.kill else ''}: exit code {code},"
        f" {seconds:.1f} s (lab made in {made:.1f} s); cells measured {measured}, not {failed}; launches {launches},"
        f" {wall:.1f} s from the first cell to the last, {1000 * watch.cpu / max(1, launches):.0f} ms CPU a launch;"
        f" driver {watch.rss / 1e6:.0f} MB, {watch.threads} threads; keeper {watch.keeper / 1e6:.0f} MB;"
        f" database {db.stat().st_size / max(1, launches) / 1e3:.1f} kB a launch; said last: {last[:160]}"
    )


if __name__ == "__main__":
    main()
