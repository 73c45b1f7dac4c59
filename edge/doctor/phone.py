"""The way to a phone's number: adb, a device, the runner and what it is built with. Asked as the commands ask it."""

from __future__ import annotations

from collections.abc import Iterator

from edge.cache.paths import cache_dir
from edge.cache.store import Cache
from edge.device.adb.address import resolve_address
from edge.device.adb.android import AndroidDevice
from edge.device.adb.server import adb_program
from edge.device.discover import list_devices, unavailable
from edge.doctor.finding import Finding
from edge.errors import AdbNotFoundError, EdgezooError, UsageError
from edge.runner.build import sources
from edge.runner.compilers import CROSS, CROSS_PACKAGE, find_cmake, find_compiler, find_make
from edge.runner.kept import KeptRunner, for_device, runners
from edge.runner.options import RELEASE, RunnerOptions
from edge.runner.release import addresses
from edge.toolchain.android_sdk import ndk

_MEASURING = "measuring on Android devices"
_BUILDING = "building the benchmark program for phones"


def examine_phone() -> Iterator[Finding]:
    """In the order in which they are needed. Starts adb's server, if there is an adb."""
    try:
        yield Finding("adb", "ok", str(adb_program()), _MEASURING)
    except AdbNotFoundError as error:
        yield Finding("adb", "optional", error.message, _MEASURING, "apt-get install adb")
    abis: list[tuple[str, ...]] = []
    yield from _devices(abis)
    yield _runner(abis)
    yield _compiler()
    yield _library()
    for name, found in (("cmake", find_cmake()), ("make", find_make())):
        fix = "" if found else f"apt-get install {name}"
        yield Finding(name, "ok" if found else "optional", str(found or "not found"), _BUILDING, fix)


def _devices(abis: list[tuple[str, ...]]) -> Iterator[Finding]:
    """Every device that adb sees, with its state; `abis` gets those of each that can be used."""
    try:
        address = resolve_address()
        listed = list_devices(address)
    except EdgezooError as error:
        yield Finding("device", "optional", error.message, _MEASURING, error.hint)
        return
    if not listed:
        hint = 'connect one and enable "USB debugging" in its developer options; then: edgezoo devices'
        yield Finding("device", "optional", "none is connected", _MEASURING, hint)
    for one in listed:
        name = f"device {one.serial}"
        try:
            if one.state != "device":
                raise unavailable(one)
            known = AndroidDevice(address, one.serial).properties()
            words = [known.manufacturer, known.model, f"Android {known.android_release}", *known.abis[:1]]
            abis.append(tuple(known.abis))
            yield Finding(name, "ok", ", ".join(word for word in words if word), _MEASURING)
        except EdgezooError as error:
            yield Finding(name, "optional", error.message, _MEASURING, error.hint or "edgezoo devices")


def _runner(abis: list[tuple[str, ...]]) -> Finding:
    """The program that `bench` takes for the devices that are there, or for a phone of today."""
    found = [for_device("android", one) for one in abis or [("arm64-v8a", "armeabi-v7a")]]
    lacking = next((one for one, runner in zip(abis, found, strict=False) if runner is None), None)
    here = [one for one in found if one is not None]
    if lacking is not None or not here:
        what = f"not built for {lacking[0] if lacking else 'phones'}"
        others = ", ".join(one.name for one in runners())
        return Finding(
            "runner", "optional", what + (f"; kept: {others}" if others else ""), _MEASURING, "edgezoo runner build"
        )
    first = here[0]
    return Finding("runner", "optional" if (fix := _mend(first)) else "ok", _told(first), _MEASURING, fix)


def _told(runner: KeptRunner) -> str:
    stale = runner.made == "built" and runner.sources != sources()
    pretends = " (it only pretends to compute)" if runner.engine == "synthetic" else ""
    return f"{runner.name}{pretends}{', of other sources than this edgezoo has' if stale else ''}, {runner.path}"


def _mend(runner: KeptRunner) -> str:
    """What to type where the program measures nothing, or is not what this edgezoo would build."""
    if runner.engine == "synthetic" or (runner.made == "built" and runner.sources != sources()):
        return "edgezoo runner build"
    return ""


def _compiler() -> Finding:
    try:
        found = find_compiler(RunnerOptions())
        where = ndk()
        detail = (
            f"{found.version} at {where.path}, by {where.named_by}" if where else f"{found.version}, without an NDK"
        )
        return Finding("compiler for phones", "ok", detail, _BUILDING)
    except UsageError as error:
        return Finding("compiler for phones", "optional", error.message, _BUILDING, error.hint)
    except EdgezooError:
        detail = f"no Android NDK (ANDROID_NDK_HOME, or below ANDROID_HOME) and no {CROSS}"
        return Finding("compiler for phones", "optional", detail, _BUILDING, f"apt-get install {CROSS_PACKAGE}")


def _library() -> Finding:
    """Paddle-Lite's library for phones: in a program already, or fetched before."""
    built = next((one for one in runners() if one.platform != "host" and one.engine == "paddle-lite"), None)
    if built is not None:
        return Finding("Paddle-Lite for phones", "ok", f"in {built.name}, from {built.source.place}", _BUILDING)
    urls = {url for platform in ("android-arm64-v8a", "linux-arm64") for url in addresses(RELEASE, platform)}
    fetched = [entry.facts["url"] for entry in Cache(cache_dir() / "releases").entries()]
    if known := next((url for url in fetched if url in urls), None):
        return Finding("Paddle-Lite for phones", "ok", f"fetched from {known}", _BUILDING)
    detail = "no library fetched yet: the build fetches it, or takes one that --lite-lib names"
    return Finding("Paddle-Lite for phones", "optional", detail, _BUILDING, "edgezoo runner build")
