"""A converted model: the file, and everything known of it, as docs/reference/metadata.md lays down."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from edge import __version__
from edge.convert.auxiliary import HOLDS, channels_last
from edge.convert.gain import Int8Work, counted
from edge.convert.preparation import Preparation
from edge.convert.recipe import Recipe
from edge.metadata.file import changed, of
from edge.metadata.model import FORMAT, Metadata
from edge.metadata.proofs import not_run
from edge.metadata.published import licence, of_metadata
from edge.source.model import InferenceModel
from edge.zoo.model import ClasNetwork, Model


@dataclass(frozen=True, slots=True)
class NbModel:
    """A `.nb` file and its metadata (the content of the `.json` beside it). Sizes in bytes."""

    path: Path
    sha256: str
    bytes: int
    metadata: Metadata


def describe(
    name: str,
    model: ClasNetwork | None,
    source: InferenceModel,
    recipe: Recipe,
    facts: Mapping[str, Any],
    verification: Mapping[str, Any],
    *,
    preparation: Preparation,
    calibration: Mapping[str, Any] | None = None,
) -> Metadata:
    """The metadata of a converted model. `facts` are those of its entry in the store, `preparation` what is known
    of its preprocessing."""
    class_num = source.class_num or classes(facts["inputs"], facts["outputs"])
    document = {
        "format": FORMAT,
        "name": name,
        "file": f"{name}.nb",
        "sha256": facts["sha256"],
        "bytes": facts["bytes"],
        "model": network(model),
        "target": recipe.target,
        "precision": recipe.precision,
        "engine": {"name": "paddlelite", "version": recipe.engine},
        "opt_version": facts["opt_version"],
        "recipe": {k: v for k, v in asdict(recipe).items() if v is not None and k != "description"},
        "source": origin(source),
        "inputs": described(facts["inputs"]),
        "outputs": facts["outputs"],
        **preparation_fields(preparation),
        "class_num": class_num,
        "flops": source.flops,
        "params": source.params_count,
        "legalised": facts["legalised"],
        "nb": {
            field: facts[field]
            for field in ("topology_bytes", "params_bytes", "kernels", "weights", "effect", "left", "program_operators")
        }
        | ({"int8_gain": gain} if (gain := int8_gain(model, recipe, facts["int8_work"], class_num)) else {}),
        "calibration": dict(calibration) if calibration else None,
        "verification": {
            **verification,
            "unproven": not_run(facts["kernels"], sparse=recipe.sparse_threshold is not None),
        },
        "edgezoo": __version__,
    }
    return with_facts(of(document, f"{name}.json"))


def int8_gain(
    model: ClasNetwork | None, recipe: Recipe, done: Mapping[str, int] | None, class_num: int | None
) -> dict[str, Any] | None:
    """What int8-static saves on 64-bit ARM: as counted of this very network, or as expected of the work `done` in the file."""
    if done is None or recipe.abi != "arm64-v8a":
        return None
    work = Int8Work(**done)
    saved = counted(model.architecture, work, class_num) if isinstance(model, Model) else None
    if saved is not None:
        return {"saved": round(saved, 3), "basis": "counted"}
    return {"saved": round(work.saved, 3), "basis": "expected"}


def network(model: ClasNetwork | None) -> dict[str, str] | None:
    """Which network of the catalogue it is; None for one of the user's own."""
    if not isinstance(model, Model):
        return None
    return {"name": model.name, "series": model.series, "architecture": model.architecture}


def origin(source: InferenceModel) -> dict[str, Any]:
    """Where the weights come from."""
    return {
        "kind": source.kind,
        "seed": source.seed,
        "url": source.url,
        "path": str(source.path.absolute()) if source.path else None,
        "archive_sha256": source.archive_sha256,
        "archive_bytes": source.archive_bytes,
        "program_sha256": source.program_sha256,
        "params_sha256": source.params_sha256,
        "pir_sha256": source.pir_sha256,
        "paddle_version": source.paddle_version,
    } | ({"built_by": source.built_by._asdict()} if source.built_by else {})


def layout(shape: Sequence[int]) -> str | None:
    """NCHW or NHWC for image-like tensors; nothing is claimed of others."""
    if len(shape) == 4 and shape[1] in (1, 3, 4):
        return "NCHW"
    return "NHWC" if channels_last(shape) else None


def described(inputs: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Inputs with their layout, and what they hold where their name tells it."""
    return [
        {**one, "layout": layout(one["shape"])} | ({"holds": HOLDS[one["name"]]} if one["name"] in HOLDS else {})
        for one in inputs
    ]


def numbered(tensor: Mapping[str, Any]) -> dict[str, Any]:
    """An end of an ONNX graph whose open sizes, which have names there, are -1."""
    return {**tensor, "shape": [size if isinstance(size, int) else -1 for size in tensor["shape"]]}


def classes(inputs: Sequence[Mapping[str, Any]], outputs: Sequence[Mapping[str, Any]]) -> int | None:
    """The number of classes, where the only output is one vector of scores an image.

    Whole numbers are no scores, and rows whose number the data choose (boxes, places: open, where the batch is not) no images.
    """
    shape: Sequence[int] = outputs[0]["shape"] if len(outputs) == 1 else []
    if len(shape) != 2 or shape[1] <= 0 or not outputs[0]["dtype"].startswith("float"):
        return None
    open_batch = any(one["shape"] and one["shape"][0] < 0 for one in inputs)
    return shape[1] if shape[0] > 0 or open_batch else None


def preparation_fields(preparation: Preparation) -> dict[str, Any]:
    """How images are prepared, and the classes' names, if they are known."""
    how = {"preprocessing": preparation.preprocessing.as_values() if preparation.preprocessing else None}
    return how | ({"class_labels": preparation.labels} if preparation.labels else {})


def with_facts(metadata: Metadata) -> Metadata:
    """With the published numbers that are this network's, and the licence where nobody else's weights are in it."""
    facts = of_metadata(metadata)
    return changed(metadata, published=facts.published, licence=licence(facts, metadata.source.kind))
