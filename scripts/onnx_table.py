"""The ONNX table of docs/reference/onnx.md, from what `edgezoo convert --format onnx --json` prints on standard input."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import Any

from edge.report.grid import Column, markdown

_TITLES = ("MiB", "nodes", "simplified", "max error", "simplified", "relative error", "simplified", "top-1 agreement")


def row(model: Mapping[str, Any]) -> list[str]:
    """One model; a failed one says why."""
    if model["status"] != "converted":
        return [model["name"], str(model["message"]), *[""] * (len(_TITLES) - 1)]
    onnx, after = model["onnx"], model["verification"]
    before = after["before_simplification"]
    return [
        model["name"],
        f"{model['bytes'] / 2**20:.2f}",
        str(onnx["simplification"]["nodes_before"]),
        str(onnx["nodes"]) if onnx["simplification"]["done"] else "refused",
        *(f"{side[figure]:.1e}" for figure in ("max_abs_error", "relative_error") for side in (before, after)),
        f"{after['argmax_agreement']:.0%}",
    ]


def main() -> None:
    models = json.load(sys.stdin)
    print(markdown([Column("Model", number=False), *map(Column, _TITLES)], [row(model) for model in models]))


main()
