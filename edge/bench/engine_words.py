"""Why the engine ended, in its own words: what Paddle-Lite writes to standard error before it aborts."""

from __future__ import annotations

import re

# [F date time file:line function] or [F date time file function:line], and the message, which may go on in the next lines.
_FATAL = re.compile(
    r"^\[F [^\]\n]*\][ \t]*(?P<message>.*(?:\n(?!\[|\s*$|qemu|Aborted|terminate called).*)*)", re.MULTILINE
)
_ERROR = re.compile(r"^Error: (?P<message>.*)", re.MULTILINE)
_BECAUSE = re.compile(r"^This model is not supported, because ")
_NO_OPERATOR = re.compile(r"\b(?:kernel for|operator|op) '[^']*' is not supported|\bops are not supported\b")
_LONGEST = 300  # characters


def engine_words(stderr: str) -> str | None:
    """The sentence with which the engine ended, in one line; None where it said nothing.

    Of its last fatal line the `Error:` in it, which is written for people, else the whole: `Check failed: ...`.
    """
    text = stderr.replace("\r\n", "\n")
    fatal = list(_FATAL.finditer(text))
    told = fatal[-1]["message"] if fatal else text
    if error := list(_ERROR.finditer(told)):
        told = _BECAUSE.sub("", error[-1]["message"])
    elif not fatal:
        return None
    line = " ".join(told.split()).rstrip(".")  # it goes on with what to do, or with "once more"
    return (line if len(line) <= _LONGEST else line[: _LONGEST - 3] + "...") or None


def lacks_operator(words: str) -> bool:
    """Whether the engine ended for want of an operator or of a kernel for one."""
    return _NO_OPERATOR.search(words) is not None
