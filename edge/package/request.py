"""From what a user names (models of the catalogue, .nb files, other names for them) to models ready to be packaged."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from edge.errors import EdgezooError, PackageError, UsageError
from edge.package.model import PackagedModel, load_model
from edge.package.names import check_distinct


@dataclass(frozen=True, slots=True)
class Target:
    """One model to package: a .nb file, or (`nb` None) a catalogue model. Without `name`, the metadata's is taken."""

    name: str | None
    nb: Path | None

    @classmethod
    def parse(cls, text: str) -> Target:
        """`NAME`, `FILE.nb` or `NEW_NAME=FILE.nb`."""
        name, given, file = text.partition("=")
        if given:
            if not name or not file:
                raise UsageError(f"'{text}' names no model", hint="NEW_NAME=FILE.nb gives a file another name")
            return cls(name, Path(file))
        if text.endswith(".nb") or "/" in text:
            return cls(None, Path(text))
        return cls(text, None)


def gather(
    targets: Sequence[str],
    scratch: Path,
    *,
    labels: Sequence[str] = (),
    weights: str = "published",
    say: Callable[[str], None] = lambda _: None,
) -> list[PackagedModel]:
    """Every target, loaded and checked; catalogue models are converted into `scratch`, which must outlive the result.

    `labels` are `SOURCE` (for all) or `NAME=SOURCE`; `weights` is what `edgezoo convert --weights` takes. Raises
    whatever is wrong with the first bad target.
    """
    parsed = [Target.parse(text) for text in targets]
    chosen = _labels(labels)
    converted = _convert([t.name for t in parsed if t.nb is None and t.name], scratch, weights, say)
    models = []
    for target in parsed:
        nb = target.nb or converted[str(target.name)]
        models.append(load_model(nb, name=target.name, labels=chosen))
    names = [model.name for model in models]
    if unknown := chosen.keys() - {"", *names}:
        raise PackageError(
            f"there are labels for '{min(unknown)}', but no model of that name", hint=f"models: {', '.join(names)}"
        )
    check_distinct(names)
    return models


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


def _convert(names: Sequence[str], out: Path, weights: str, say: Callable[[str], None]) -> dict[str, Path]:
    """Convert catalogue models; name -> .nb."""
    if not names:
        return {}
    from edge.convert.pipeline import convert_models
    from edge.convert.products.nb import NbOrder
    from edge.convert.recipe import choose
    from edge.source.weights import Weights
    from edge.zoo.catalogue import lookup

    chosen, recipe = Weights.parse(weights), choose()
    orders = [NbOrder(name, lookup(name), chosen, recipe) for name in dict.fromkeys(names)]
    converted = {}
    for outcome in convert_models(orders, out, say=say):
        if outcome.made is None:
            raise outcome.error or EdgezooError(f"{outcome.order.name} was not converted")
        converted[outcome.order.name] = outcome.made.path
    return converted
