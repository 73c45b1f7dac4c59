"""A converted ONNX model: the file, and everything known of it, as docs/reference/metadata.md lays down."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from edge import __version__
from edge.convert.metadata import classes, described, network, numbered, origin, preparation_fields, with_facts
from edge.convert.onnx.recipe import OnnxRecipe
from edge.convert.preparation import Preparation
from edge.convert.recipe import Precision
from edge.metadata.file import of
from edge.metadata.model import FORMAT, Metadata
from edge.source.model import InferenceModel
from edge.zoo.model import ClasNetwork


@dataclass(frozen=True, slots=True)
class OnnxModel:
    """A `.onnx` file and its metadata (the content of `NAME.onnx.json` beside it). Sizes in bytes."""

    path: Path
    sha256: str
    bytes: int
    metadata: Metadata


def describe(
    name: str,
    model: ClasNetwork | None,
    source: InferenceModel,
    recipe: OnnxRecipe,
    facts: Mapping[str, Any],
    preparation: Preparation,
    *,
    precision: Precision = "fp32",
    onnx_sha256: str | None = None,
) -> Metadata:
    """The metadata. `facts` are those of its entry in the store; an open batch is -1 in the shapes. `onnx_sha256`: of the
    float file that a quantised one was made from."""
    versions = facts["versions"]
    document = {
        "format": FORMAT,
        "name": name,
        "file": f"{name}.onnx",
        "sha256": facts["sha256"],
        "bytes": facts["bytes"],
        "model": network(model),
        "target": None,
        "precision": precision,
        "engine": {"name": "paddle2onnx", "version": versions["paddle2onnx"]},
        "opt_version": None,
        "recipe": asdict(recipe),
        "source": origin(source),
        "inputs": described([numbered(one) for one in facts["inputs"]]),
        "outputs": [numbered(one) for one in facts["outputs"]],
        **preparation_fields(preparation),
        "class_num": source.class_num
        or classes(*([numbered(one) for one in facts[side]] for side in ("inputs", "outputs"))),
        "flops": source.flops,
        "params": source.params_count,
        "legalised": [],
        "onnx": {
            "opset": facts["opset"],
            "ir_version": facts["ir_version"],
            "nodes": facts["nodes"],
            "simplification": {**facts["simplification"], "onnxsim": versions["onnxsim"]},
            **({"quantised": facts["quantised"]} if "quantised" in facts else {}),
        },
        **({"onnx_sha256": onnx_sha256} if onnx_sha256 else {}),
        **({"calibration": facts["calibration"]} if "calibration" in facts else {}),
        "verification": facts["verification"],
        "edgezoo": __version__,
    }
    return with_facts(of(document, f"{name}.onnx.json"))
