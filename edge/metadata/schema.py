"""The published JSON Schema of the metadata, made from the types: `python -m edge.metadata.schema FILE`."""

from __future__ import annotations

import json
import sys
from inspect import cleandoc
from pathlib import Path
from typing import Any

import msgspec

from edge.metadata.model import FORMAT, Metadata


def schema() -> dict[str, Any]:
    """JSON Schema (draft 2020-12)."""
    made = msgspec.json.schema(Metadata)
    kinds = {name.lstrip("_"): kind for name, kind in made.pop("$defs").items()}
    for kind in kinds.values():
        if "description" in kind:  # a docstring, whose indentation Python takes away by itself from 3.13 on
            kind["description"] = cleandoc(kind["description"])
    kinds["Metadata"]["properties"]["format"] = {"const": FORMAT}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "edgezoo's metadata of a converted model",
        **made,
        "$defs": kinds,
    }


def text() -> str:
    """As it stands in docs/reference/metadata.schema.json."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(text(), encoding="utf-8")
