"""The real ssh and a real sshd on this machine: what a user's configuration, keys and known hosts may do to a connection."""

from __future__ import annotations

import io
import os
import shlex
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from getpass import getuser
from pathlib import Path, PurePosixPath

import psutil
import pytest

from edge.device.ssh.destination import Destination
from edge.device.ssh.link import SshLink
from edge.device.ssh.master import Master
from edge.errors import DeviceUnavailableError, EdgezooError, LinkLostError, TransferError

_SERVER = """
Port {port}
ListenAddress 127.0.0.1
HostKey {folder}/host_key
AuthorizedKeysFile {folder}/user_key.pub
PidFile none
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin yes
"""
# What a user may have, each of which would undo what is promised, or break the connection.
_HOSTILE = """
  BatchMode no
  StrictHostKeyChecking no
  NoHostAuthenticationForLocalhost yes
  UpdateHostKeys yes
  VerifyHostKeyDNS yes
  ForkAfterAuthentication yes
  StdinNull yes
  SessionType default
  RemoteCommand touch {folder}/remote
  PermitLocalCommand yes
  LocalCommand touch {folder}/local
  ControlMaster no
  ControlPersist yes
  ControlPath {folder}/control
  Tunnel yes
  ForwardAgent yes
  ForwardX11 yes
  RequestTTY force
  EscapeChar ~
  ExitOnForwardFailure yes
  LocalForward 127.0.0.1:{taken} 127.0.0.1:1
  LogLevel DEBUG3
  LogVerbose *:*:*
  VisualHostKey yes
  ConnectionAttempts 10
  IgnoreUnknown UseKeychain
  UseKeychain yes
"""


class Server:
    """sshd of the user who runs the tests; `config` makes `board` an alias of it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.port: int = probe.getsockname()[1]
        for name in ("host_key", "user_key", "other_key"):
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / name], check=True)
        self.know("host_key")

    def know(self, key: str) -> None:
        words = (self.folder / f"{key}.pub").read_text().split()
        (self.folder / "known_hosts").write_text(f"[127.0.0.1]:{self.port} {words[0]} {words[1]}\n")

    def link(self, more: str = "") -> SshLink:
        config = self.folder / "config"
        config.write_text(
            f"Host board\n  HostName 127.0.0.1\n  Port {self.port}\n  User {getuser()}\n"
            f"  IdentityFile {self.folder}/user_key\n  IdentitiesOnly yes\n  IdentityAgent none\n"
            f"  UserKnownHostsFile {self.folder}/known_hosts\n  GlobalKnownHostsFile none\n{more}"
        )
        return SshLink(Destination.parse("ssh:board"), config=config)

    def runs(self, command: str) -> None:
        """Whatever is asked for, as an account's login shell does."""
        key = (self.folder / "user_key.pub").read_text()
        (self.folder / "user_key.pub").write_text(f'command="{command}" {key}')


@pytest.fixture
def server(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Server]:
    """With the lines of an indirect parameter in its configuration, if there are any."""
    program = shutil.which("sshd", path="/usr/sbin:/usr/local/sbin")
    if program is None or (os.geteuid() == 0 and not Path("/run/sshd").is_dir()):
        pytest.skip("there is no sshd here that could run")
    made = Server(tmp_path)
    more = getattr(request, "param", "")
    (tmp_path / "sshd_config").write_text(_SERVER.format(port=made.port, folder=tmp_path) + more)
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen([program, "-D", "-e", "-f", tmp_path / "sshd_config"], stderr=log)
    try:
        for _ in range(100):
            with suppress(OSError), socket.create_connection(("127.0.0.1", made.port), timeout=1):
                break
            time.sleep(0.02)
        yield made
    finally:
        process.kill()
        process.wait(30)


def enters(link: SshLink) -> bool:
    try:
        return link.execute("echo there").stdout == b"there\n"
    except DeviceUnavailableError as error:
        if "takes none of your keys" in error.message:
            pytest.skip(f"sshd lets this account not in: {error.message}")
        raise


def left(word: str) -> list[int]:
    """Processes of ssh that name it."""
    return [one.pid for one in psutil.process_iter(["name", "cmdline"])
            if one.info["name"] == "ssh" and any(word in part for part in one.info["cmdline"] or ())]  # fmt: skip


def test_no_configuration_undoes_what_is_promised(server: Server) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        hostile = _HOSTILE.format(folder=server.folder, taken=taken.getsockname()[1])
        link = server.link(hostile)
        assert enters(link)
        master = link._master
        assert isinstance(master, Master)
        assert master.alive
        assert left(str(master._socket))
        link = server.link(hostile.replace("ForkAfterAuthentication", "# ForkAfterAuthentication"))
        assert enters(link)
        before = (server.folder / "known_hosts").read_text()
        place = str(master._socket)
        master.end()
    assert left(place) == []
    assert before == (server.folder / "known_hosts").read_text()
    assert not [name for name in ("remote", "local", "control") if (server.folder / name).exists()]


def test_this_machine_under_its_own_name_is_no_exception(server: Server) -> None:
    (server.folder / "known_hosts").write_text("")
    link = server.link("  NoHostAuthenticationForLocalhost yes\n  StrictHostKeyChecking no\n")
    with pytest.raises(DeviceUnavailableError, match="the host key of ssh:board is not known here"):
        link.execute("true")
    assert (server.folder / "known_hosts").read_text() == ""


@pytest.mark.parametrize("alias", ["", "  HostKeyAlias shelf-7\n"])
def test_the_hint_for_a_changed_key_is_true_of_an_alias(server: Server, alias: str) -> None:
    server.know("other_key")
    known = server.folder / "known_hosts"
    if alias:
        known.write_text(known.read_text().replace(f"[127.0.0.1]:{server.port}", "shelf-7"))
    link = server.link(alias)
    with pytest.raises(DeviceUnavailableError, match="another host key") as caught:
        link.execute("true")
    typed = caught.value.hint.removeprefix("if it was set up anew: ").partition(", then")[0]
    subprocess.run(shlex.split(typed), check=True, capture_output=True)
    assert known.read_text() == ""
    with pytest.raises(DeviceUnavailableError, match="is not known here"):
        link.execute("true")


def test_a_key_that_others_may_read(server: Server) -> None:
    assert enters(server.link())
    key = server.folder / "user_key"
    key.chmod(0o644)
    with pytest.raises(DeviceUnavailableError, match="others may read your key") as caught:
        server.link().execute("true")
    assert caught.value.hint == f"chmod 600 {key}"
    subprocess.run(shlex.split(caught.value.hint), check=True)
    assert enters(server.link())
    key.write_text(key.read_text()[:100])
    with pytest.raises(DeviceUnavailableError, match=f"ssh cannot read the key {key}: "):
        server.link().execute("true")


# What the account's shell says and does


def test_what_a_login_shell_says_first_is_no_answer(server: Server, tmp_path: Path) -> None:
    """As an `echo` at the top of ~/.bashrc does, which scp and rsync trip over."""
    assert enters(server.link())
    server.runs(r"echo Welcome to the lab; echo mind the step >&2; exec sh -c \"$SSH_ORIGINAL_COMMAND\"")
    link = server.link()
    ended = link.execute("echo there; echo nothing >&2; false")
    assert (ended.code, ended.stdout, ended.stderr) == (1, b"there\n", b"nothing\n")
    local, there, back = tmp_path / "local", PurePosixPath(tmp_path / "there/file"), io.BytesIO()
    local.write_bytes(os.urandom(100_000))
    with link.files() as files:
        files.send(local, there, executable=False)
        assert files.receive(there, back) == 100_000
        with pytest.raises(TransferError, match=r"refused the transfer of .*/nothing: cat: .*No such file"):
            files.receive(PurePosixPath(tmp_path / "nothing"), back)
    assert back.getvalue() == local.read_bytes()


@pytest.mark.parametrize(
    ("shell", "said"),
    [
        ("echo This account is currently not available.; exit 1", ": This account is currently not available."),
        ("exit 0", ""),
        ("internal-sftp", ""),
        ("/nowhere/sh", ": .*/nowhere/sh"),
    ],
)
def test_an_account_without_a_shell(server: Server, tmp_path: Path, shell: str, said: str) -> None:
    """The link stands all the time."""
    assert enters(server.link())
    server.runs(shell)
    link = server.link()
    sentence = f"^ssh:board lets the account in, but runs no shell for it{said}"
    with pytest.raises(DeviceUnavailableError, match=sentence) as caught:
        link.execute("true")
    assert caught.value.hint == f"`ssh -F {server.folder}/config board echo works` must say so"
    with pytest.raises(EdgezooError), link.files() as files:
        files.receive(PurePosixPath(tmp_path / "user_key"), io.BytesIO())


@pytest.mark.parametrize(
    ("server", "kind", "said"),
    [
        ("MaxSessions 0\n", LinkLostError, "takes no command on the connection: .*refused by peer$"),
        ("Ciphers 3des-cbc\n", DeviceUnavailableError, "no method in common: .*no matching cipher.*3des-cbc"),
        ("KexAlgorithms diffie-hellman-group1-sha1\n", DeviceUnavailableError, "no matching key exchange method"),
        ("HostKeyAlgorithms ssh-dss\n", LinkLostError, "cannot be reached: Connection (reset|closed) by 127.0.0.1"),
    ],
    indirect=["server"],
)
def test_a_server_that_refuses_is_quoted(server: Server, kind: type[EdgezooError], said: str) -> None:
    with pytest.raises(kind, match=said):
        server.link().execute("true")


def test_the_connection_of_another_container_is_left_alone(server: Server) -> None:
    """Its process has a number that is none here, and the folder for temporary files may be the same."""
    link = server.link()
    assert enters(link)
    master = link._master
    assert master is not None
    killed = master._place.with_name("edgezoo-ssh-4194306-killed")
    killed.mkdir()
    elsewhere = master._place.rename(master._place.with_name("edgezoo-ssh-4194305-there"))
    try:
        assert enters(server.link())
        assert elsewhere.is_dir()
        assert not killed.exists()
    finally:
        elsewhere.rename(master._place)
    assert enters(link)
    assert link._master is master
