"""What `ssh` says when there is no connection, as an error that says what to do.

OpenSSH's messages are the same in every language. Forms that were seen: OpenSSH 8.4 to 10.
"""

from __future__ import annotations

import re
from pathlib import Path
from shlex import quote

from edge.device.ssh.destination import Destination
from edge.errors import DeviceError, DeviceUnavailableError, LinkLostError, NoDeviceError
from edge.untrusted.guard import brief

_NEVER = "edgezoo never switches that check off"


def refusal(destination: Destination, said: str, config: Path | None = None) -> DeviceError:
    """LinkLostError for what may pass, DeviceUnavailableError or NoDeviceError for what will not."""
    where, by_hand = destination.spec, destination.by_hand(config)
    if "IDENTIFICATION HAS CHANGED" in said or ("host key for" in said and "has changed" in said):
        known = f"[{destination.host}]:{destination.port}" if destination.port else destination.host
        offending = re.search(r"^Offending .* key in (.+):\d+\s*$", said, re.MULTILINE)
        own = offending is None or Path(offending[1]) == Path.home() / ".ssh/known_hosts"
        file = "" if own or offending is None else f"-f {quote(brief(offending[1]))} "
        return DeviceUnavailableError(
            f"{where} shows another host key than the one known for it: it is another machine, was set up anew, or somebody "
            f"is in between ({_NEVER})",
            hint=f"if it was set up anew: ssh-keygen {file}-R '{known}', then connect once with `{by_hand}` and "
            "compare the fingerprint",
        )
    if "Host key verification failed" in said or "key is known for" in said:
        return DeviceUnavailableError(
            f"the host key of {where} is not known here ({_NEVER})",
            hint=f"connect once with `{by_hand}` and compare the fingerprint it shows with the machine's own",
        )
    denied = re.search(r"Permission denied \(([a-z0-9,@.-]+)\)", said)
    if denied:
        asks = [one for one in denied[1].split(",") if one in ("password", "keyboard-interactive")]
        return DeviceUnavailableError(
            f"{where} takes none of your keys"
            + (" and would ask for a password, which edgezoo never gives" if asks else ""),
            hint=f"ssh-copy-id puts your key there (`{by_hand}` must work without a question); a key with a "
            "passphrase: ssh-add it first",
        )
    if "Could not resolve hostname" in said:
        return NoDeviceError(
            f"there is no machine called {destination.host}", hint="check the name, or name it in ~/.ssh/config"
        )
    reason = _last(said)
    if re.search(r"Bad configuration option|terminating, \d+ bad configuration|no argument after keyword", said):
        return DeviceUnavailableError(f"ssh refuses its configuration: {reason}", hint="see ~/.ssh/config")
    if re.search(r"no matching .* found", said):
        return DeviceUnavailableError(f"{where} and this machine have no method in common: {reason}")
    return LinkLostError(f"{where} cannot be reached: {reason}", hint=f"try `{by_hand}` by hand")


def _last(said: str) -> str:
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    known = [line for line in lines if line.startswith("ssh:") or "Connection" in line]
    return brief((known or lines or ["ssh gave no reason"])[-1].removeprefix("ssh: "))
