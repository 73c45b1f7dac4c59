"""A network in an engine's own files, and everything known of them, as docs/reference/metadata.md lays down."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from edge import __version__
from edge.convert.metadata import classes, described, network, numbered, origin, preparation_fields, with_facts
from edge.convert.onnx.recipe import OnnxRecipe
from edge.convert.preparation import Preparation
from edge.images.overrides import in_layout_of
from edge.metadata.file import of
from edge.metadata.model import FORMAT, Metadata
from edge.source.model import InferenceModel
from edge.toolchain.engines import Engine
from edge.zoo.model import ClasNetwork


@dataclass(frozen=True, slots=True)
class PortedModel:
    """An engine's file and its metadata (the content of the `.json` beside it). Sizes in bytes: of all its parts together."""

    path: Path
    sha256: str
    bytes: int
    metadata: Metadata


def describe(
    name: str,
    model: ClasNetwork | None,
    source: InferenceModel,
    recipe: OnnxRecipe,
    onnx_sha256: str,
    to: Engine,
    facts: Mapping[str, Any],
    preparation: Preparation,
) -> Metadata:
    """The metadata of the files for the engine `to`. `facts` are those of their entry in the store."""
    assert to.format is not None
    ends = {side: [numbered(one) for one in facts[side]] for side in ("inputs", "outputs")}
    if (how := preparation.preprocessing) is not None:  # an app gives the image as this file takes it
        shapes = [one["shape"] for one in ends["inputs"]]
        preparation = replace(preparation, preprocessing=in_layout_of(how, shapes))
    document = {
        "format": FORMAT,
        "name": name,
        "file": name + to.format.suffix,
        "sha256": facts["sha256"],
        "bytes": facts["bytes"],
        "model": network(model),
        "target": None,
        "precision": "fp32",
        "engine": {"name": to.kind, "version": to.version},
        "opt_version": None,
        "recipe": asdict(recipe),
        "source": origin(source),
        "inputs": described(ends["inputs"]),
        "outputs": ends["outputs"],
        **preparation_fields(preparation),
        "class_num": source.class_num or classes(ends["inputs"], ends["outputs"]),
        "flops": source.flops,
        "params": source.params_count,
        "legalised": [],
        "onnx_sha256": onnx_sha256,
        "parts": [{**one, "file": beside(one["file"], name)} for one in facts["parts"]],
        "verification": facts["verification"],
        "edgezoo": __version__,
    }
    return with_facts(of(document, f"{name}{to.format.suffix}.json"))


def beside(part: str, name: str) -> str:
    """What a part (`model.bin`) is called beside the files of this name."""
    return name + part[part.index(".") :]
