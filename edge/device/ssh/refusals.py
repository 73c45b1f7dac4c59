"""What `ssh` says when there is no connection, as an error that says what to do.

OpenSSH's messages are the same in every language. Forms that were seen: OpenSSH 8.4 to 10.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from shlex import quote

from edge.device.hosts import read_hosts
from edge.device.ssh.destination import Destination
from edge.device.ssh.keys import why_refused
from edge.errors import DeviceError, DeviceUnavailableError, EdgezooError, LinkLostError, NoDeviceError
from edge.untrusted.guard import brief

_NEVER = "edgezoo never switches that check off"
VARIABLE = "EDGEZOO_SSH_CONFIG"
# The last words where the program that leads there (ProxyJump, ProxyCommand) has ended; what it said stands before them.
_CUT = re.compile(r"kex_exchange_identification: |Connection closed by UNKNOWN port|Connection to UNKNOWN port")
_NO_CAUSE = re.compile(
    r"Warning: |no such identity: |Permission denied, please try again|stdio forwarding failed|@@@|\*\*"
)
_CONFIGURATION = re.compile(
    r"Bad configuration option|terminating, \d+ bad configuration|no argument after keyword|Bad owner or permissions on"
    r"|^(?!.*known_hosts).+?:? line \d+: \S"
)


def refusal(destination: Destination, said: str, config: Path | None = None) -> DeviceError:
    """LinkLostError for what may pass, DeviceUnavailableError or NoDeviceError for what will not.

    `config`: the ssh configuration, where it is not the user's own.
    """
    where, by_hand = destination.spec, destination.by_hand(config)
    if unreadable := re.search(r"Can't open user config(?:uration)? file .*: (.+)", said):
        named = f"{VARIABLE} names it" if os.environ.get(VARIABLE) == str(config) else "name another one"
        return DeviceUnavailableError(
            f"the ssh configuration {config} cannot be read: {brief(unreadable[1].strip())}", hint=named
        )
    if before := _on_the_way(said):
        return _refused_on_the_way(destination, before, config)
    if "IDENTIFICATION HAS CHANGED" in said or ("host key for" in said and "has changed" in said):
        shown = re.search(r"ost key for (\S+) has changed", said)  # as known_hosts has it: an alias leads elsewhere
        known = brief(shown[1]) if shown else f"[{destination.host}]:{destination.port or 22}"
        offending = re.search(r"^Offending .* key in (.+):\d+\s*$", said, re.MULTILINE)
        own = offending is None or Path(offending[1]) == Path.home() / ".ssh/known_hosts"
        file = "" if own or offending is None else f"-f {quote(brief(offending[1]))} "
        return DeviceUnavailableError(
            f"{where} shows another host key than the one known for it: it is another machine, was set up anew, or somebody "
            f"is in between ({_NEVER})",
            hint=f"if it was set up anew: ssh-keygen {file}-R {quote(known)}, then connect once with `{by_hand}` and "
            "compare the fingerprint",
        )
    if revoked := re.search(r"^The \S+ host key for \S+ is marked as revoked", said, re.MULTILINE):
        return DeviceUnavailableError(
            f"{where} shows a host key that is revoked here: {brief(revoked[0])}",
            hint="somebody who has that key may be in between: ask whoever revoked it",
        )
    if invalid := re.search(r"^Certificate invalid: (.+)", said, re.MULTILINE):
        return DeviceUnavailableError(
            f"the host certificate of {where} is not valid: {brief(invalid[1].strip())}",
            hint=f"it is renewed on the machine; `{by_hand}` says the same",
        )
    if "Host key verification failed" in said or "key is known for" in said:
        return DeviceUnavailableError(
            f"the host key of {where} is not known here ({_NEVER})",
            hint=f"connect once with `{by_hand}` and compare the fingerprint it shows with the machine's own",
        )
    if "Too many authentication failures" in said:
        return DeviceUnavailableError(
            f"{where} let nobody in after so many wrong keys: your agent offers more than the machine lets one try",
            hint=f"name the right one in {_file(config)}: IdentityFile, and IdentitiesOnly yes",
        )
    denied = re.search(r"Permission denied \(([a-z0-9,@.-]+)\)", said)
    if denied and (why := why_refused(said)) is not None:
        return DeviceUnavailableError(f"{where} takes none of your keys: {why[0]}", hint=why[1])
    if denied:
        asks = [one for one in denied[1].split(",") if one in ("password", "keyboard-interactive")]
        return DeviceUnavailableError(
            f"{where} takes none of your keys"
            + (" and would ask for a password, which edgezoo never gives" if asks else ""),
            hint=f"ssh-copy-id puts your key there (`{by_hand}` must work without a question); a key with a "
            "passphrase: ssh-add it first",
        )
    if unknown := _UNKNOWN.search(said):
        return NoDeviceError(
            f"there is no machine called {brief(unknown[1])}",
            hint=_meant(destination) or f"check the name, or name it in {_file(config)}",
        )
    reason = _last(said)
    if wrong := next((line for line in said.splitlines() if _CONFIGURATION.search(line)), None):
        return DeviceUnavailableError(f"ssh refuses its configuration: {brief(wrong)}", hint=f"see {_file(config)}")
    if re.search(r"no matching .* found", said):
        return DeviceUnavailableError(
            f"{where} and this machine have no method in common: {reason}",
            hint=f"{_file(config)} can allow an older one for it, such as HostKeyAlgorithms +ssh-rsa",
        )
    return LinkLostError(f"{where} cannot be reached: {reason}", hint=f"try `{by_hand}` by hand")


def _refused_on_the_way(destination: Destination, said: str, config: Path | None) -> DeviceError:
    """What a jump host, or the command in its place, says."""
    where, by_hand, cause = destination.spec, destination.by_hand(config), _last(said)
    way = f"the jump host on the way to {where}"
    see = f"ProxyJump or ProxyCommand in {_file(config)} names it; `{by_hand}` must work without a question"
    if "has changed" in said or "IDENTIFICATION HAS CHANGED" in said:
        return DeviceUnavailableError(
            f"{way} shows another host key than the one known for it ({_NEVER})",
            hint=f"`{by_hand}` says which one, and how it is mended if the host was set up anew",
        )
    if "Host key verification failed" in said:
        return DeviceUnavailableError(
            f"the host key of {way} is not known here ({_NEVER})",
            hint=f"connect once with `{by_hand}` and compare the fingerprint it shows with the jump host's own",
        )
    if denied := re.search(r"^(\S+): Permission denied \(", said, re.MULTILINE):
        if (why := why_refused(said)) is not None:
            return DeviceUnavailableError(f"{way}, {brief(denied[1])}, takes none of your keys: {why[0]}", hint=why[1])
        return DeviceUnavailableError(f"{way}, {brief(denied[1])}, takes none of your keys", hint=see)
    if unknown := _UNKNOWN.search(said):
        return NoDeviceError(f"there is no machine called {brief(unknown[1])}, {way}", hint=see)
    if "administratively prohibited" in said:
        return DeviceUnavailableError(
            f"{way} forbids to go on from there: {cause}", hint="see AllowTcpForwarding there"
        )
    if opened := re.search(r"open failed: connect failed: (.+)", said):
        return LinkLostError(f"{where} cannot be reached from its jump host: {brief(opened[1].strip())}", hint=see)
    return LinkLostError(f"{where} cannot be reached through its jump host: {cause}", hint=see)


_UNKNOWN = re.compile(r"Could not resolve hostname (\S+?):? ")


def _on_the_way(said: str) -> str:
    """What the program said that leads there; "" where ssh went there itself, or that program said nothing."""
    lines = said.splitlines()
    cut = next((place for place, line in enumerate(lines) if _CUT.match(line)), 0)
    return "\n".join(line for line in lines[:cut] if line.strip() and not _NO_CAUSE.match(line))


def _meant(destination: Destination) -> str:
    """The name of a configured host, where that was taken for an address."""
    try:
        known = read_hosts().get(destination.host)
    except EdgezooError:
        return ""
    if known is None or known.host == destination.host:
        return ""
    return f"hosts.toml has that name: --device {destination.host}"


def _file(config: Path | None) -> str:
    return str(config or "~/.ssh/config")


def _last(said: str) -> str:
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    known = [line for line in lines if line.startswith("ssh:") or "Connection" in line]
    return brief((known or lines or ["ssh gave no reason"])[-1].removeprefix("ssh: "))
