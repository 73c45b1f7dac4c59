"""The readers of Android's output on text captured from devices (of Android 5 to 16), and on broken text."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.device import sysfs
from edge.device.adb import parse, probe
from edge.device.base import Battery, Thermal, Zone
from edge.device.shell import answers

DATA = Path(__file__).parent / "data"


def captured(name: str) -> str:
    return (DATA / f"{name}.txt").read_text()


# dumpsys thermalservice


def test_thermal_status() -> None:
    assert parse.thermal_status(captured("thermalservice-mi-9-android-11")) == 0
    assert parse.thermal_status(captured("thermalservice-xiaomi-13t-pro-android-16")) == 2
    assert parse.thermal_status("Can't find service: thermalservice\n") is None
    assert parse.thermal_status("") is None


def test_zones_come_from_the_hal_and_not_from_its_old_readings() -> None:
    zones = parse.thermal_zones(captured("thermalservice-xiaomi-13t-pro-android-16"))
    assert zones == (Zone("CPU", "cpu", 57_900), Zone("SKIN", "skin", 34_351))


def test_zones_that_are_not_there_are_left_out() -> None:
    zones = parse.thermal_zones(captured("thermalservice-galaxy-a52-android-12"))
    assert [(zone.name, zone.kind) for zone in zones] == [
        ("AP", "cpu"), ("BAT", "battery"), ("LRB", "skin"), ("LRF", "skin"), ("LRP", "skin"), ("PA", "other")
    ]  # fmt: skip


def test_names_decide_where_the_numbers_are_shifted() -> None:
    zones = parse.thermal_zones(captured("thermalservice-samsung-sdhms-android-10"))
    assert [(zone.kind, zone.millicelsius) for zone in zones] == [
        ("cpu", 24_000), ("battery", 24_400), ("skin", 25_300), ("other", 24_200)
    ]  # fmt: skip


def test_cached_readings_where_the_hal_gives_none() -> None:
    head = captured("thermalservice-mi-9-android-11").partition("HAL Ready")[0]
    assert len(parse.thermal_zones(head + "HAL Ready: false\n")) == 11


@pytest.mark.parametrize("value", ["NaN", "-99.9", "0.0", "", "hot", "-Infinity"])
def test_readings_that_are_none(value: str) -> None:
    assert parse.thermal_zones(f"\tTemperature{{mValue={value}, mType=0, mName=CPU, mStatus=0}}\n") == ()


def test_thermal_falls_back_to_sysfs() -> None:
    answer = (
        "\nedgezoo-section thermal\nThermal Status: 0\n\nedgezoo-section sysfs\n"
        "/sys/class/thermal/thermal_zone1/type=cpu-0-0-usr\n/sys/class/thermal/thermal_zone1/temp=41200\n"
    )
    assert probe.thermal(answer) == Thermal(0, (Zone("cpu-0-0-usr", "cpu", 41_200),))
    assert probe.thermal("") == Thermal(None, ())


# dumpsys battery, power


@pytest.mark.parametrize(
    ("lines", "battery"),
    [
        ("status: 2|level: 83|scale: 100|temperature: 312|", Battery(83, 31_200, True)),
        ("status: 5|level: 100|scale: 100|temperature: 274|Capacity level: -1|", Battery(100, 27_400, True)),
        ("status: 3|level: 1|scale: 2|temperature: -25|", Battery(50, -2_500, False)),
        ("status: 4|level: 67|", Battery(67, None, False)),
        ("status: 1|temperature: 250|", Battery(None, 25_000, None)),
        ("technology: Li-ion|", None),
    ],
)
def test_battery(lines: str, battery: Battery | None) -> None:
    head = "Current Battery Service state:\n  AC powered: false\n  USB powered: true\n  voltage: 4123\n"
    assert parse.battery(head + "".join(f"  {line}\n" for line in lines.split("|"))) == battery


def test_battery_ends_where_its_history_begins() -> None:
    """Newer Samsung devices append an event log whose lines look alike."""
    text = (
        "Current Battery Service state:\n  status: 2\n  level: 75\n  scale: 100\n  temperature: 357\n"
        "[EventLogBuffer]\n08-11 18:34:14.721  Sending ACTION_BATTERY_CHANGED: level:72, health:2, temperature:345\n"
        "  temperature: 345\n"
    )
    assert parse.battery(text) == Battery(75, 35_700, True)


def test_screen() -> None:
    assert parse.screen_on("  mWakefulness=Awake\n") is True
    assert parse.screen_on("  mWakefulness=Dozing\n") is False
    assert parse.screen_on("Can't find service: power\n") is None


@pytest.mark.parametrize(
    ("text", "saver"),
    [("1\n", True), ("0\r\n", False), ("null\n", False), ("", None), ("cmd: Can't find service: settings\n", None)],
)
def test_battery_saver(text: str, saver: bool | None) -> None:
    assert parse.battery_saver(text) is saver


# df, checksums


@pytest.mark.parametrize(
    ("text", "free"),
    [
        pytest.param(
            "Filesystem     1K-blocks  Used Available Use% Mounted on\n"
            "tmpfs            2097152 19532   2077620   1% /data\n",
            2_077_620 * 1024,
            id="toybox",
        ),
        pytest.param(
            "Filesystem                                            1K-blocks   Used Available Use% Mounted on\n"
            "/dev/block/platform/soc.0/f9824900.sdhci/by-name/cache     92656   4504     86188   5% /cache\n",
            86_188 * 1024,
            id="Android 7",
        ),
        pytest.param(
            "Filesystem           1K-blocks      Used Available Use% Mounted on\n"
            "/dev/block/bootdevice/by-name/userdata\n"
            "                      25668924   8126920  17542004  32% /data\n",
            17_542_004 * 1024,
            id="busybox, with a long name",
        ),
        pytest.param(
            "Filesystem               Size     Used     Free   Blksize\n"
            "/data                   21.9G    12.1G     9.8G   4096\n",
            int(9.8 * 1024**3),
            id="toolbox",
        ),
        pytest.param(
            "Filesystem               Size     Used     Free   Blksize\n"
            "-k: No such file or directory\n"
            "/data                   889.4M    12.1M   104.0K   4096\n",
            104 * 1024,
            id="toolbox does not know -k",
        ),
        pytest.param("df: /data/local/tmp: Permission denied\n", None, id="refused"),
        pytest.param("", None, id="nothing"),
    ],
)  # fmt: skip
def test_free_space(text: str, free: int | None) -> None:
    assert answers.free_bytes(text) == free


def test_digests() -> None:
    text = (
        "afd7c12c538e20afd2690c2ba3a452f3086b4d95b37825ec7ee35a33d7da520b  /system/build.prop\n"
        "sha256sum: 'b': Permission denied\n"
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855  empty file\n"
    )
    assert answers.digests(text, 64) == {
        "/system/build.prop": "afd7c12c538e20afd2690c2ba3a452f3086b4d95b37825ec7ee35a33d7da520b",
        "empty file": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    }
    assert answers.digests(text, 32) == {}


# getprop


def test_properties() -> None:
    answer = (
        f"edgezoo-section properties\n{captured('getprop-mi-9-android-11')}\n"
        "edgezoo-section cores\n/sys/devices/system/cpu/present=0-1\n"
        "/sys/devices/system/cpu/cpu0/cpufreq/cpuinfo_max_freq=1785600\n"
        "/sys/devices/system/cpu/cpu1/online=0\n\n"
        "edgezoo-section boot\n6221437a-8871-4cc7-9377-bdfd01643653\n"
    )
    properties, boot = probe.properties(answer, serial="8a1b2c3d", adb_version="41")
    assert (properties.manufacturer, properties.model, properties.soc) == ("Xiaomi", "MI 9", "msmnile")
    assert (properties.sdk, properties.android_release) == (30, "11")
    assert properties.abis == ("arm64-v8a", "armeabi-v7a", "armeabi")
    assert (properties.serialno, properties.serialno_from) == ("8a1b2c3d", "maker")
    assert [(core.online, core.max_khz) for core in properties.cores] == [(True, 1_785_600), (False, None)]
    assert boot == "6221437a-8871-4cc7-9377-bdfd01643653"


def test_property_over_several_lines() -> None:
    text = "[a]: [one\ntwo]\n[b]: []\n[c]: [x]: [y]\n"
    assert parse.properties(text) == {"a": "one\ntwo", "b": "", "c": "x]: [y"}


@pytest.mark.parametrize(
    ("lines", "serialno"),
    [
        ("[ro.serialno]: [8a1b2c3d]", "8a1b2c3d"),
        ("[ro.serialno]: []\n[ro.boot.serialno]: [R58M]", "R58M"),
        ("[ro.serialno]: [unknown]", None),
        ("[ro.serialno]: [0000000000]", None),
        ("", None),
    ],
)
def test_the_serial_number_is_the_devices_and_not_its_address(lines: str, serialno: str | None) -> None:
    answer = f"edgezoo-section properties\n{lines}\n"
    assert probe.properties(answer, serial="127.0.0.1:5556", adb_version="41")[0].serialno == serialno


def test_abis_before_android_5() -> None:
    answer = "edgezoo-section properties\n[ro.product.cpu.abi]: [armeabi-v7a]\n[ro.product.cpu.abi2]: [armeabi]\n"
    assert probe.properties(answer, serial="x", adb_version="41")[0].abis == ("armeabi-v7a", "armeabi")


# /sys


def zone(name: str, temp: str) -> tuple[Zone, ...]:
    place = "/sys/class/thermal/thermal_zone7"
    return sysfs.zones({f"{place}/type": name, f"{place}/temp": temp})


@pytest.mark.parametrize(
    ("name", "temp", "kind", "millicelsius"),
    [
        ("cpu-1-3-usr", "44100", "cpu", 44_100),
        ("tsens_tz_sensor5", "309", "cpu", 30_900),
        ("tsens_tz_sensor5", "31", "cpu", 31_000),
        ("mtktscpu", "38500", "cpu", 38_500),
        ("BIG", "52000", "cpu", 52_000),
        ("x86_pkg_temp", "61000", "cpu", 61_000),
        ("gpuss-0-usr", "39900", "gpu", 39_900),
        ("battery", "31200", "battery", 31_200),
        ("quiet-therm", "-1500", "skin", -150_000),
        ("ddr-usr", "40300", "other", 40_300),
        ("soc", "83", "other", 83_000),
    ],
)
def test_zone_names_and_units(name: str, temp: str, kind: str, millicelsius: int) -> None:
    expected = () if millicelsius <= -40_000 else (Zone(name, kind, millicelsius),)
    assert zone(name, temp) == expected


@pytest.mark.parametrize("temp", ["", "0", "-273000", "4123000", "n/a"])
def test_what_is_no_temperature(temp: str) -> None:
    assert zone("cpu-0-0-usr", temp) == ()


def test_cores_of_a_list_with_gaps() -> None:
    cores = sysfs.cores({"/sys/devices/system/cpu/present": "0-1,4"})
    assert [core.index for core in cores] == [0, 1, 4]
    assert all(core.online and core.max_khz is None for core in cores)


def test_script_and_local_reading_see_the_same(tmp_path: Path) -> None:
    """The shell script's answer is read as the files themselves are."""
    import subprocess

    cpu = tmp_path / "sys/devices/system/cpu/cpu0/cpufreq"
    cpu.mkdir(parents=True)
    (cpu / "scaling_governor").write_text("schedutil\n")
    (cpu.parents[1] / "present").write_text("0\n")
    place = tmp_path / "sys/class/thermal/thermal_zone0"
    place.mkdir(parents=True)
    (place / "type").write_text("cpu-0-0-usr\n")
    (place / "temp").write_text("41200\n")
    script = sysfs.shell_script(zones=True).replace("/sys/", f"{tmp_path}/sys/")
    message = subprocess.run(["sh", "-c", script], capture_output=True, text=True).stdout
    assert sysfs.parse(message.replace(str(tmp_path), "")) == sysfs.read(tmp_path)
    assert len(sysfs.read(tmp_path)) == 4


# Broken text raises nothing


@given(st.text())
def test_nothing_raises(text: str) -> None:
    parse.battery(text)
    answers.free_bytes(text)
    parse.properties(text)
    answers.sections(text, "word")
    parse.thermal_status(text)
    parse.thermal_zones(text)
    sysfs.zones(sysfs.parse(text))
    sysfs.cores(sysfs.parse(text))
