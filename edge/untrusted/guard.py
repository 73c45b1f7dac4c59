"""What a parser raises over damaged bytes is a refusal of these bytes, whatever it is: no list of exceptions is ever whole."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from edge.errors import EdgezooError

_OF_THE_BYTES = (
    None,
    errno.EINVAL,
    errno.EOVERFLOW,
    errno.ENAMETOOLONG,  # of a file that the bytes name
    errno.ENOTDIR,
    errno.ELOOP,
)  # a parser's own OSError, and a seek to where a broken offset leads
_LONGEST = 200  # characters of a reason; hostile input may be quoted in it


@contextmanager
def guarded(error: type[EdgezooError], what: str, *, hint: str = "") -> Iterator[None]:
    """Turn whatever is raised into `error`: `what`, and why.

    Passed on are refusals of ours, what the system says (a full disk), and MemoryError: a reader keeps within its limits.
    """
    try:
        yield
    except (EdgezooError, MemoryError):
        raise
    except Exception as wrong:
        if isinstance(wrong, OSError) and wrong.errno not in _OF_THE_BYTES:
            raise
        raise error(f"{what}: {brief(wrong)}", hint=hint) from wrong


def brief(what: object) -> str:
    """The first line of a text, printable and not long; of an exception without words its name."""
    text = str(what).partition("\n")[0]
    if not text and not isinstance(what, str):
        text = type(what).__name__
    return one_line(text)


def one_line(text: str, *, longest: int = _LONGEST) -> str:
    """All of a text, printable, in one line, and not long: another text is another line."""
    text = text if len(text) <= longest else text[:longest] + "..."
    return "".join(one if one.isprintable() else ascii(one)[1:-1] for one in text)
