"""From what a user names (models of the catalogue, .nb files, other names for them) to models ready to be packaged."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from edge.errors import EdgezooError, PackageError, UsageError
from edge.package.labels import read_labels
from edge.package.model import PackagedModel, load_model
from edge.package.names import check_distinct
from edge.source.weights import Weights
from edge.zoo.catalogue import canonical, lookup


@dataclass(frozen=True, slots=True)
class Target:
    """One model to package: a .nb file, or (`nb` None) a catalogue model. Without `name`, the metadata's is taken."""

    name: str | None
    nb: Path | None

    @classmethod
    def parse(cls, text: str) -> Target:
        """`NAME`, `FILE.nb` or `NEW_NAME=FILE.nb`."""
        name, given, file = text.partition("=")
        if not text:
            raise UsageError("an empty name is no model", hint="name a model of the catalogue, or FILE.nb")
        if given:
            if not name or not file:
                raise UsageError(f"'{text}' names no model", hint="NEW_NAME=FILE.nb gives a file another name")
            return cls(name, Path(file))
        if text.endswith(".nb") or "/" in text:
            return cls(None, Path(text))
        return cls(text, None)


@dataclass(frozen=True, slots=True)
class PackageRequest:
    """Everything that is to be packaged, checked as far as that goes before a catalogue model is converted.

    `files` are the models that are there, by their place in `targets`; `labels` maps a model to a source, "" any model.
    """

    targets: tuple[Target, ...]
    labels: Mapping[str, str]
    weights: Weights
    files: Mapping[int, PackagedModel]

    @classmethod
    def parse(cls, targets: Sequence[str], labels: Sequence[str], weights: Weights) -> PackageRequest:
        """Targets and labels (`SOURCE`, or `NAME=SOURCE`) as they are typed. Raises what is wrong with the first bad one."""
        parsed, sources = tuple(map(Target.parse, targets)), _labels(labels)
        parsed = tuple(replace(one, name=canonical(one.name)) if one.nb is None and one.name else one for one in parsed)
        named = [target.name for target in parsed if target.nb is None and target.name]
        for name in named:
            lookup(name)
        if weights.path is not None and len(named) > 1:
            raise UsageError(f"{weights.path} can be the weights of one model, and {len(named)} are named")
        if not named and weights != Weights("published"):
            raise UsageError("--weights is for models of the catalogue, and only files are named")
        for source in sources.values():
            read_labels(source)
        files = {
            place: load_model(target.nb, name=target.name, labels=sources)
            for place, target in enumerate(parsed)
            if target.nb is not None
        }
        names = [files[place].name if place in files else str(target.name) for place, target in enumerate(parsed)]
        if unknown := sources.keys() - {"", *names}:
            raise PackageError(
                f"there are labels for '{min(unknown)}', but no model of that name", hint=f"models: {', '.join(names)}"
            )
        check_distinct(names)
        return cls(parsed, sources, weights, files)


def gather(
    wanted: PackageRequest, scratch: Path, *, say: Callable[[str], None] = lambda _: None
) -> list[PackagedModel]:
    """Every target, loaded and checked; catalogue models are converted into `scratch`, which must outlive the result."""
    named = [target.name for target in wanted.targets if target.nb is None and target.name]
    converted = _convert(named, scratch, wanted.weights, say)
    return [
        wanted.files.get(place) or load_model(converted[str(target.name)], labels=wanted.labels)
        for place, target in enumerate(wanted.targets)
    ]


def _labels(given: Sequence[str]) -> dict[str, str]:
    """Model -> source; the source for all models under the empty name."""
    chosen: dict[str, str] = {}
    for text in given:
        name, separator, source = text.partition("=")
        key, value = (name, source) if separator else ("", text)
        if key in chosen or not value:
            raise UsageError(
                f"--labels {text} makes no sense", hint="one SOURCE for all, or NAME=SOURCE for each model"
            )
        chosen[key] = value
    return chosen


def _convert(names: Sequence[str], out: Path, weights: Weights, say: Callable[[str], None]) -> dict[str, Path]:
    """Convert catalogue models; name -> .nb."""
    if not names:
        return {}
    from edge.convert.pipeline import convert_models
    from edge.convert.products.nb import NbOrder
    from edge.convert.recipe import choose

    recipe = choose()
    orders = [NbOrder(name, lookup(name), weights, recipe) for name in dict.fromkeys(names)]
    converted = {}
    for outcome in convert_models(orders, out, say=say):
        if outcome.made is None:
            raise outcome.error or EdgezooError(f"{outcome.order.name} was not converted")
        converted[outcome.order.name] = outcome.made.path
    return converted
