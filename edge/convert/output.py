"""Putting a converted file and its metadata where the user wants them."""

from __future__ import annotations

from pathlib import Path

from edge.cache.files import holds, put_copy, write_text
from edge.metadata.file import as_document, as_text, carried_over, metadata_path
from edge.metadata.model import Metadata
from edge.untrusted.files import read_file

# What to do about a file that a verification refused.
NOTHING_WRITTEN = "nothing was written; --no-verify writes it all the same, and records that"


def write_output(made: Path, path: Path, metadata: Metadata, *, placed: bool = False) -> bool:
    """Put `made` at `path` and write the metadata beside it; says whether anything had to be written.

    What is at `path` already is judged by its content, unless the caller has just done so, and `placed` it is. Of `made` the
    caller knows that it is what the metadata says.
    """
    stale = not (placed or holds(path, metadata.sha256))
    if stale:
        put_copy(made, path)
    beside = metadata_path(path)
    text = as_text(carried_over(as_document(metadata), beside))
    if not beside.is_file() or read_file(beside) != text.encode():
        write_text(beside, text)
        return True
    return stale
