"""Why the user's keys did not open the door, where ssh says so."""

from __future__ import annotations

import re
from shlex import quote

from edge.untrusted.guard import brief

# In the order in which they are looked for: what ssh says, the cause, and what to do. {0} and {1} are what it named.
_CAUSES = (
    (
        r"""^Permissions \S+ for ['"](.+)['"] are too open""",
        "others may read your key {0}, so ssh does not use it",
        "chmod 600 {0!q}",
    ),
    (
        r"""^Load key ["'](.+)["']: bad permissions""",
        "others may read your key {0}, so ssh does not use it",
        "chmod 600 {0!q}",
    ),
    (
        r"""^Load key ["'](.+)["']: Permission denied""",
        "your account here may not read the key {0}",
        "see who owns it: ls -l {0!q}",
    ),
    (
        r"""^Load key ["'](.+)["']: (.*passphrase.*)""",
        "the key {0} has a passphrase, which edgezoo does not ask for",
        "ssh-add {0!q}",
    ),
    (
        r"""^Load key ["'](.+)["']: (.+)""",
        "ssh cannot read the key {0}: {1}",
        "ssh-keygen -y -f {0!q} shows whether it is whole; IdentityFile must name a private key",
    ),
    (
        r"""signing failed for \S+ ["'](.+)["'] from agent: (.+)""",
        "the ssh agent did not sign with {0}: {1}",
        "ssh-add -l lists what it has; a key that wants a touch or a confirmation gets it while edgezoo connects",
    ),
    (
        r"""signing failed for \S+ ["'](.+)["']: (.+)""",
        "ssh could not sign with {0}: {1}",
        "a hardware key must be plugged in",
    ),
    (
        r"""(no mutual signature (?:algorithm|supported))""",
        "the machine and this ssh have no signature algorithm in common for your key",
        "make a new one: ssh-keygen -t ed25519",
    ),
)


def why_refused(said: str) -> tuple[str, str] | None:
    """The cause and what to do, of what ssh said before it was refused; None where it named none."""
    for pattern, sentence, advice in _CAUSES:
        if found := re.search(pattern, said, re.MULTILINE):
            named = [brief(one.strip()) for one in found.groups()]
            return sentence.format(*named), advice.replace("{0!q}", quote(named[0]))
    return None
