"""What needs no board: names of machines, what ssh says, what a board says, the hosts' file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.bench.gate import Gate, judge
from edge.bench.options import BenchOptions
from edge.cli.main import run
from edge.device.base import Thermal
from edge.device.discover import open_device
from edge.device.elf import needs_android
from edge.device.hosts import read_hosts
from edge.device.shell.layout import Layout
from edge.device.shell.way import Ended
from edge.device.ssh import probe
from edge.device.ssh.board import SshDevice
from edge.device.ssh.destination import Destination
from edge.device.ssh.refusals import refusal
from edge.device.ssh.settings import BoardSettings, Governors
from edge.errors import (
    DeviceError,
    DeviceUnavailableError,
    FormatError,
    LinkLostError,
    NoDeviceError,
    UsageError,
)
from edge.evaluate.options import EvalOptions
from edge.results.identity import DeviceIdentity

# Names


@pytest.mark.parametrize(
    ("text", "words", "by_hand"),
    [
        ("ssh:board", ("--", "board"), "ssh board"),
        ("ssh:pi@board.local:2222", ("-l", "pi", "-p", "2222", "--", "board.local"), "ssh -p 2222 pi@board.local"),
        ("ssh:[fe80::1%eth0]:22", ("-p", "22", "--", "fe80::1%eth0"), "ssh -p 22 fe80::1%eth0"),
    ],
)
def test_a_machine_is_named(text: str, words: tuple[str, ...], by_hand: str) -> None:
    found = Destination.parse(text)
    assert (found.words, found.by_hand(), found.spec) == (words, by_hand, text)


@pytest.mark.parametrize(
    "text",
    ["ssh:", "ssh:@board", "ssh:-oProxyCommand=reboot", "ssh:pi@-x", "ssh:a b", "ssh:board:0", "ssh:board:65536",
     "ssh:board;reboot", "ssh:board:22:22", "board", "ssh:pi@board\n", "", "ssh:::1", "ssh:pi@fe80::1%eth0"],
)  # fmt: skip
def test_a_name_that_is_none(text: str) -> None:
    with pytest.raises(UsageError, match="names no machine"):
        Destination.parse(text)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("ssh:::1", "ssh:[::1]"),
        ("ssh:pi@fe80::1%eth0", "ssh:pi@[fe80::1%eth0]"),
        ("ssh:2001:db8::7", "ssh:[2001:db8::7]"),
    ],
)
def test_an_ipv6_address_without_brackets(text: str, meant: str) -> None:
    with pytest.raises(UsageError, match="names no machine") as caught:
        Destination.parse(text)
    assert caught.value.hint == f"an IPv6 address stands in brackets: {meant}"
    assert Destination.parse(meant).spec == meant


@pytest.mark.parametrize("directory", ["relative", "/", "/a b", "/a;reboot", "/$HOME", "/a/../b", "/a'b"])
def test_a_directory_that_is_none(directory: str) -> None:
    with pytest.raises(UsageError, match="no directory"):
        Destination.parse("ssh:board", directory=directory)


@given(st.text())
def test_any_name_is_read_or_refused(text: str) -> None:
    try:
        found = Destination.parse("ssh:" + text)
    except UsageError:
        return
    assert Destination.parse(found.spec) == found
    assert not any(word.startswith("-") for word in found.words if word not in ("-l", "-p", "--"))


def test_a_board_is_opened_by_its_address_or_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hosts = tmp_path / "hosts.toml"
    hosts.write_text(
        '[hosts]\npi = "ssh:pi@10.0.0.7"\norin = { address = "ssh:orin:2222", directory = "/data/edgezoo" }\n'
    )
    monkeypatch.setenv("EDGEZOO_HOSTS", str(hosts))
    for spec, serial in (("ssh:pi@board", "ssh:pi@board"), ("pi", "ssh:pi@10.0.0.7"), ("orin", "ssh:orin:2222")):
        (device,) = open_device(spec)
        assert isinstance(device, SshDevice)
        assert device.serial == serial
    assert str(read_hosts()["orin"].directory) == "/data/edgezoo"
    monkeypatch.delenv("EDGEZOO_HOSTS")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert read_hosts() == {}
    (tmp_path / "edgezoo").mkdir()
    hosts.rename(tmp_path / "edgezoo/hosts.toml")
    assert sorted(read_hosts()) == ["orin", "pi"]


@pytest.mark.parametrize(
    ("text", "line", "said", "advice"),
    [
        ("hosts = []", 1, "`hosts` is no table", "[hosts]"),
        ('[hosts]\nhost = "ssh:board"', 2, "`hosts.host`: that is no name", "not host, all, android"),
        ('[hosts]\npi="ssh:pi"\n"a b" = "ssh:board"', 3, "`hosts.a b`: that is no name", "letters, digits"),
        ('[hosts]\npi = "board"', 2, "`hosts.pi`: board names no machine", "ssh:USER@HOST:PORT"),
        ('[hosts]\npi = ""', 2, "`hosts.pi`: '' names no machine", "ssh:USER@HOST:PORT"),
        ('[hosts]\npi = "ssh:::1"', 2, "`hosts.pi`: ssh:::1 names no machine", "in brackets: ssh:[::1]"),
        ('[hosts]\npi = { directory = "/a" }', 2, "`hosts.pi`: `address`: it is missing", "{ address = "),
        ('[hosts]\npi = { address = "ssh:b", dir = "/a" }', 2, "`dir`: there is no such field", "directory = "),
        ('[hosts]\n[hosts.pi]\naddress = "ssh:b"\nport = 22', 2, "`port`: there is no such field", "directory = "),
        ('[hosts]\npi = { address = "ssh:b", directory = "a" }', 2, "a is no directory", "an absolute path"),
        ("[hosts]\npi = 7", 2, "`hosts.pi`: expected `object`, got `int`", "an address, or"),
        (
            '[hosts]\npi = "ssh:pi"\n\n[other]\npi = "ssh:pi"',
            4,
            "`other`: there is no such field",
            "[hosts], and below",
        ),
        ('pi = "ssh:pi"\n[hosts]\n', 1, "`pi`: there is no such field", "[hosts], and below it NAME"),
    ],
)
def test_hosts_that_are_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, line: int, said: str, advice: str
) -> None:
    path = tmp_path / "hosts.toml"
    path.write_text(text)
    monkeypatch.setenv("EDGEZOO_HOSTS", str(path))
    with pytest.raises(FormatError) as caught:
        read_hosts()
    assert caught.value.message.startswith(f"{path}, line {line}: ")
    assert said in caught.value.message
    assert advice in caught.value.hint
    assert run(["device", "clean", "-s", "ab12"]) == 2  # refused before anything is begun


def test_a_hosts_file_that_is_not_there_or_no_toml(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDGEZOO_HOSTS", str(tmp_path / "hosts.toml"))
    with pytest.raises(UsageError, match="EDGEZOO_HOSTS"):
        read_hosts()
    for wrong in (b"[hosts", b"\xff", b"[hosts]\nx = " + b"[" * 5000):
        (tmp_path / "hosts.toml").write_bytes(wrong)
        with pytest.raises(FormatError, match="TOML"):
            read_hosts()


# What ssh says

_CHANGED = """@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@
@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @
@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@
Host key verification failed.
"""


_DENIED = "pi@board: Permission denied (publickey).\r\n"
_CUT = "kex_exchange_identification: Connection closed by remote host\r\n"


@pytest.mark.parametrize(
    ("said", "kind", "word"),
    [
        (_CHANGED, DeviceUnavailableError, "another host key"),
        ("No ED25519 host key is known for board and you have requested strict checking.\r\nHost key verification failed.\r\n",
         DeviceUnavailableError, "is not known here"),
        ("pi@board: Permission denied (publickey,password).\r\n", DeviceUnavailableError, "would ask for a password"),
        ("pi@board: Permission denied (publickey).\r\n", DeviceUnavailableError, "takes none of your keys"),
        ("ssh: Could not resolve hostname board: Name or service not known\r\n", NoDeviceError, "no machine called board"),
        ("ssh: connect to host board port 22: Connection refused\r\n", LinkLostError, "Connection refused"),
        ("ssh: connect to host board port 22: No route to host\r\n", LinkLostError, "No route"),
        ("/home/u/.ssh/config: line 3: Bad configuration option: portt\r\n", DeviceUnavailableError, "its configuration"),
        ("Unable to negotiate with 10.0.0.7: no matching host key type found. Their offer: ssh-dss\r\n",
         DeviceUnavailableError, "no method in common"),
        ("", LinkLostError, "no reason"),
        ("ssh: connect to host jump port 22: Connection refused\r\n" + _CUT, LinkLostError,
         "ssh:pi@board cannot be reached through its jump host: connect to host jump port 22: Connection refused"),
        ("ssh: connect to host jump port 22: Connection refused\r\nConnection closed by UNKNOWN port 65535\r\n", LinkLostError,
         "ssh:pi@board cannot be reached through its jump host: connect to host jump port 22: Connection refused"),
        ("ssh: Could not resolve hostname jump: Name or service not known\r\n" + _CUT, NoDeviceError,
         "there is no machine called jump, the jump host on the way to ssh:pi@board"),
        ("Host key verification failed.\r\n" + _CUT, DeviceUnavailableError, "the host key of the jump host on the way to"),
        (_CHANGED + _CUT, DeviceUnavailableError, "the jump host on the way to ssh:pi@board shows another host key"),
        ("no such identity: /k: No such file or directory\r\nPermission denied, please try again.\r\n"
         "me@jump: Permission denied (publickey,password).\r\n" + _CUT, DeviceUnavailableError, "me@jump, takes none"),
        ("channel 0: open failed: connect failed: Connection timed out\r\nstdio forwarding failed\r\n" + _CUT, LinkLostError,
         "ssh:pi@board cannot be reached from its jump host: Connection timed out"),
        ("channel 0: open failed: administratively prohibited: open failed\r\nstdio forwarding failed\r\n" + _CUT,
         DeviceUnavailableError, "forbids to go on from there"),
        ("kex_exchange_identification: read: Connection reset by peer\r\nConnection reset by 10.0.0.7 port 22\r\n",
         LinkLostError, "ssh:pi@board cannot be reached: Connection reset by 10.0.0.7 port 22"),
        ("Can't open user config file /x: No such file or directory\r\n", DeviceUnavailableError, "be read: No such file"),
        ("@@@@\r\nPermissions 0644 for '/k y' are too open.\r\nThis private key will be ignored.\r\n"
         'Load key "/k y": bad permissions\r\n' + _DENIED, DeviceUnavailableError,
         "takes none of your keys: others may read your key /k y, so ssh does not use it"),
        ('Load key "/k": error in libcrypto\r\n' + _DENIED, DeviceUnavailableError, "the key /k: error in libcrypto"),
        ('Load key "/k": invalid format\r\n' + _DENIED, DeviceUnavailableError, "cannot read the key /k: invalid format"),
        ('Load key "/k": Permission denied\r\n' + _DENIED, DeviceUnavailableError, "may not read the key /k"),
        ('Load key "/k": incorrect passphrase supplied to decrypt private key\r\n' + _DENIED, DeviceUnavailableError,
         "/k has a passphrase"),
        ('sign_and_send_pubkey: signing failed for ED25519 "/k" from agent: agent refused operation\r\n' + _DENIED,
         DeviceUnavailableError, "the ssh agent did not sign with /k: agent refused operation"),
        ('sign_and_send_pubkey: signing failed for ED25519-SK "/k": device not found\r\n' + _DENIED, DeviceUnavailableError,
         "ssh could not sign with /k: device not found"),
        ("sign_and_send_pubkey: no mutual signature supported\r\n" + _DENIED, DeviceUnavailableError, "no signature algorithm"),
        ("Received disconnect from 10.0.0.7 port 22:2: Too many authentication failures\r\n",
         DeviceUnavailableError, "your agent offers more"),
        ("Certificate invalid: expired\r\nNo ED25519 host key is known for board and you have requested strict checking.\r\n"
         "Host key verification failed.\r\n", DeviceUnavailableError, "host certificate of ssh:pi@board is not valid: expired"),
        ("@@@\r\n@       WARNING: REVOKED HOST KEY DETECTED!               @\r\n@@@\r\n"
         "The ED25519 host key for board is marked as revoked.\r\nHost key verification failed.\r\n", DeviceUnavailableError,
         "a host key that is revoked here"),
        ('Load key "/k": bad permissions\r\nme@jump: Permission denied (publickey).\r\n' + _CUT, DeviceUnavailableError,
         "me@jump, takes none of your keys: others may read your key /k"),
        ("Bad owner or permissions on /home/u/.ssh/config\r\n", DeviceUnavailableError, "refuses its configuration"),
        ("/etc/c line 4: Bad number.\r\n", DeviceUnavailableError, "refuses its configuration: /etc/c line 4: Bad number"),
    ],
)  # fmt: skip
def test_what_ssh_says_becomes_a_sentence(said: str, kind: type[DeviceError], word: str) -> None:
    found = refusal(Destination.parse("ssh:pi@board"), said)
    assert type(found) is kind
    assert word in found.message
    assert "\n" not in found.message


@pytest.mark.parametrize(
    ("configuration", "kind", "said", "advice"),
    [
        ("Host board\n  ProxyJump 127.0.0.1:1\n", LinkLostError, "port 1: Connection refused", "in {config} names it"),
        ("Host board\n  Portt 1\n", DeviceUnavailableError, "Bad configuration option: portt", "see {config}"),
        ("Host board\n  HostName nowhere.invalid\n", NoDeviceError, "called nowhere.invalid", "name it in {config}"),
        (None, DeviceUnavailableError, "{config} cannot be read: No such file", "EDGEZOO_SSH_CONFIG names it"),
    ],
)
def test_the_configuration_that_was_read_is_named(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    configuration: str | None,
    kind: type[DeviceError],
    said: str,
    advice: str,
) -> None:
    """By the real ssh."""
    config = tmp_path / "ssh.config"
    if configuration is not None:
        config.write_text(configuration)
    monkeypatch.setenv("EDGEZOO_SSH_CONFIG", str(config))
    with pytest.raises(kind) as caught:
        SshDevice(Destination.parse("ssh:board")).properties()
    assert said.format(config=config) in caught.value.message
    assert advice.format(config=config) in caught.value.hint


def test_a_configured_name_that_was_taken_for_an_address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hosts = tmp_path / "hosts.toml"
    hosts.write_text('[hosts]\npi = "ssh:pi@10.0.0.7"\nboard = "ssh:board"\n')
    monkeypatch.setenv("EDGEZOO_HOSTS", str(hosts))
    unknown = "ssh: Could not resolve hostname {}: Name or service not known\r\n"
    assert refusal(Destination.parse("ssh:pi"), unknown.format("pi")).hint == "hosts.toml has that name: --device pi"
    for other in ("ssh:board", "ssh:elsewhere"):
        assert "~/.ssh/config" in refusal(Destination.parse(other), unknown.format(other[4:])).hint
    hosts.write_text("[hosts")
    assert refusal(Destination.parse("ssh:pi"), unknown.format("pi")).hint


@given(st.text())
def test_whatever_ssh_says_is_one_line(said: str) -> None:
    message = refusal(Destination.parse("ssh:board"), said).message
    assert message.isprintable()
    assert len(message) < 500


# What a board says


# The first bytes of /bin/sh of Raspberry Pi OS (32 bits), as od prints them, and of a 64-bit system.
SHELL_32 = " 7f 45 4c 46 01 01 01 00 00 00 00 00 00 00 00 00\n 03 00 28 00"
SHELL_64 = " 7f 45 4c 46 02 01 01 00 00 00 00 00 00 00 00 00\n 03 00 b7 00"


def answer(**parts: str) -> str:
    return "\n".join(f"edgezoo-section {name}\n{text}" for name, text in parts.items())


@pytest.mark.parametrize(
    ("parts", "soc", "model", "maker", "abis"),
    [
        ({"machine": "aarch64", "model": "NVIDIA Jetson AGX Orin Developer Kit",
          "compatible": "nvidia,p3737-0000+p3701-0000\nnvidia,p3701-0000\nnvidia,tegra234"},
         "tegra234", "NVIDIA Jetson AGX Orin Developer Kit", "nvidia", ("arm64-v8a",)),
        ({"machine": "armv7l", "model": "Radxa ROCK 5B", "compatible": "radxa,rock-5b\nrockchip,rk3588"},
         "rk3588", "Radxa ROCK 5B", "radxa", ("armeabi-v7a",)),
        ({"machine": "aarch64", "shell": SHELL_32, "model": "Raspberry Pi 4 Model B Rev 1.4"},
         None, "Raspberry Pi 4 Model B Rev 1.4", None, ("armeabi-v7a", "arm64-v8a")),
        ({"machine": "aarch64", "shell": SHELL_64}, None, None, None, ("arm64-v8a",)),
        ({"machine": "armv6l", "shell": SHELL_32}, None, None, None, ("armv6l",)),
        ({"machine": "aarch64", "shell": "#!"}, None, None, None, ("arm64-v8a",)),
        ({"machine": "x86_64", "vendor": "Dell", "product": "R650", "cpu": "model name\t: Xeon Gold"},
         "Xeon Gold", "R650", "Dell", ("x86_64",)),
        ({}, None, None, None, ()),
    ],
)  # fmt: skip
def test_boards_of_several_makers(
    parts: dict[str, str], soc: str | None, model: str | None, maker: str | None, abis: tuple[str, ...]
) -> None:
    found, _ = probe.properties(answer(**parts), serial="ssh:board")
    assert (found.soc, found.model, found.manufacturer, found.abis) == (soc, model, maker, abis)


@pytest.mark.parametrize(
    ("number", "machine", "same"),
    [("10000000DEADBEEF", "ab", "10000000deadbeef"), ("0000000000000000", "", None), ("", "", None)],
)
def test_which_board_it_is(number: str, machine: str, same: str | None) -> None:
    found, _ = probe.properties(answer(serial=number, id=machine), serial="ssh:board")
    assert found.serialno == same
    assert found.serialno_from == ("maker" if same else None)


def test_a_board_is_known_by_itself_and_not_by_its_address_or_kernel() -> None:
    from dataclasses import asdict

    text = {"machine": "aarch64", "id": "0123456789abcdef0123456789abcdef"}
    here, _ = probe.properties(answer(**text, kernel="Linux 6.6"), serial="ssh:pi@10.0.0.7")
    there, _ = probe.properties(answer(**text, kernel="Linux 6.8"), serial="ssh:board.local:2222")
    assert DeviceIdentity.of(asdict(here)) == DeviceIdentity.of(asdict(there))
    assert here.serialno is not None
    assert here.serialno_from == "machine-id"
    assert "0123456789abcdef" not in here.serialno  # not to be shown to others


@pytest.mark.parametrize(
    ("text", "limits"),
    [
        ("throttled=0x0\n", ()),
        ("throttled=0x50005\n", ("under-voltage", "throttled")),
        ("throttled=0xe0008\n", ("soft temperature limit",)),
        ("throttled=0x2\n", ("frequency capped",)),
        ("", None),
        ("throttled=0x123456789\n", None),
        ("error=1 error_msg=\"Command not registered\"\n", None),
    ],
)  # fmt: skip
def test_throttling_flags(text: str, limits: tuple[str, ...] | None) -> None:
    assert probe.throttled(text) == limits


def test_a_board_that_its_firmware_slows_is_not_cool() -> None:
    thermal = probe.thermal(answer(throttled="throttled=0x4"))
    verdict, reasons = judge(thermal, {}, Gate())
    assert (verdict, [str(one) for one in reasons]) == ("hot", ["the board's firmware held its clocks down: throttled"])
    free = Thermal(None, probe.thermal(answer(sysfs="")).zones, limits=())
    assert "thermal_status_unknown" not in [one.code for one in judge(free, {}, Gate())[1]]


@given(st.text())
def test_whatever_a_board_says(text: str) -> None:
    probe.properties(text, serial="ssh:board")
    probe.state(text)
    Governors.parse(text)


@pytest.mark.parametrize(
    "line",
    ["", "{", '{"governors": {"policy0; reboot": "x"}}', '{"governors": {"policy0": "x y"}}', '{"governors": []}'],
)
def test_a_journal_that_is_none(line: str) -> None:
    assert Governors.parse(line) is None


def test_a_journal_is_read_as_it_was_written() -> None:
    before = Governors({"policy0": "schedutil", "policy4": "ondemand"})
    assert Governors.parse(before.line()) == before
    assert json.loads(before.line())


class SaysWhatItLikes:
    """A board that answers a question about its governors with anything."""

    serial, merges, beats, layout = "ssh:board", False, None, Layout(Path("/nowhere"))  # type: ignore[arg-type]

    def __init__(self, said: str) -> None:
        self._said = said

    def execute(self, script: str, *, seconds: float = 30.0) -> Ended:
        del script, seconds
        return Ended(0, self._said.encode(errors="replace"), b"")


@given(st.text())
def test_governors_become_part_of_a_command_only_if_they_are_some(said: str) -> None:
    found = BoardSettings(SaysWhatItLikes(said)).look()  # type: ignore[arg-type]
    assert Governors.parse(found.line()) == found


def test_a_program_for_android_is_told_from_one_for_linux(tmp_path: Path) -> None:
    program = tmp_path / "program"
    program.write_bytes(b"\x7fELF" + bytes(60) + b"\0/system/bin/linker64\0" + bytes(60))
    assert needs_android(program)
    program.write_bytes(b"\x7fELF" + bytes(60) + b"\0/lib/ld-linux-aarch64.so.1\0")
    assert not needs_android(program)


def test_adb_server_and_ssh_exclude_each_other(tmp_path: Path) -> None:
    asked: dict[str, Any] = {"names": ("PPLCNet_x1_0",), "spec": "ssh:board", "adb_server": "127.0.0.1:5037"}
    with pytest.raises(UsageError, match="reached over ssh"):
        BenchOptions(**asked)
    with pytest.raises(UsageError, match="reached over ssh"):
        EvalOptions(**asked, data=tmp_path)
