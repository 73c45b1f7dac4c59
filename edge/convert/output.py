"""Putting a converted file and its metadata where the user wants them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from edge.cache.files import is_copy, put_copy, write_text


def write_output(made: Path, path: Path, beside: Path, metadata: Mapping[str, Any]) -> bool:
    """Put `made` at `path` and write the metadata `beside`; says whether anything had to be written."""
    stale = not is_copy(made, path)
    if stale:
        put_copy(made, path)
    text = json.dumps(metadata, indent=2, ensure_ascii=False) + "\n"
    if not beside.is_file() or beside.read_text(encoding="utf-8") != text:
        write_text(beside, text)
        return True
    return stale
