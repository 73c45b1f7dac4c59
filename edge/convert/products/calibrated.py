"""A `.nb` file of static int8: quantised with the user's images, then converted and verified like any other network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from edge.convert.metadata import NbModel
from edge.convert.order import Order
from edge.convert.preparation import shapes_of
from edge.convert.products.nb import make_nb
from edge.convert.recipe import Recipe
from edge.convert.work import Work
from edge.errors import UsageError
from edge.images.overrides import Overrides, fitting
from edge.metadata.gain import advice, gain_of
from edge.metadata.model import Metadata

if TYPE_CHECKING:
    from edge.convert.calibrated import Calibration

_SHOWN = 8  # of the layers, besides those that stay float


@dataclass(frozen=True, slots=True)
class CalibratedOrder(Order[NbModel]):
    """The network quantised with a `calibration`, converted by `recipe`, which must be one of int8-static (`UsageError`)."""

    recipe: Recipe
    calibration: Calibration
    overrides: Overrides = Overrides()  # noqa: RUF009 - it is frozen

    def __post_init__(self) -> None:
        if self.recipe.precision != "int8-static":
            raise UsageError(f"{self.name}: a calibration is for int8-static", hint="--precision int8-static")

    @property
    def kind(self) -> str:
        return "nb"

    @property
    def runs(self) -> str:
        return f"{self.recipe.target} {self.recipe.precision}"

    def make(self, work: Work) -> tuple[NbModel, bool]:
        """Raises as `edge.convert.calibrated.calibrated` and `make_nb`, or a `SourceError`."""
        from edge.convert.calibrated import calibrated

        source = work.source(self.model)
        with work.using(source):
            shapes = shapes_of(source, self.model, self.recipe.input_shape)
            source = work.counted(source, shapes)
            preparation = work.preparation(source, shapes, self.overrides, self.kind)
            if preparation.preprocessing is None:
                fitting(self.name, shapes, None, self.overrides)  # says what is missing
                raise UsageError(f"{self.name}: {'; '.join(preparation.remarks)}", hint="say it with options")
            with work.stage("calibrate"):
                quantised = calibrated(
                    self.name,
                    source,
                    preparation.preprocessing,
                    self.calibration,
                    lambda: work.tools.lend("paddle", script="quantise_worker.py"),
                    for_x86=self.recipe.target == "x86",
                )
            nb, reused = make_nb(work, self.recipe, source, quantised.model, preparation, quantised.facts)
            work.remarks.extend(filter(None, (quantised.remark, *_remarks(nb.metadata))))
            return nb, reused and quantised.reused


def _remarks(metadata: Metadata) -> list[str]:
    """Where int8 does not pay; and the layers that stay float, with the next ones, as a table."""
    gain = gain_of(metadata)
    made = [told] if gain is not None and (told := advice(gain)) is not None else []
    layers = (metadata.calibration.layers or ()) if metadata.calibration else ()
    if layers:
        shown = [layer for number, layer in enumerate(layers) if layer.kept or number < _SHOWN]
        width = max(len(layer.layer) for layer in shown)
        made.append(f"{'layer'.ljust(width)}  harm in int8  computes in")
        made += [
            f"{layer.layer.ljust(width)}  {layer.harm:12.6f}  {'float32' if layer.kept else 'int8'}" for layer in shown
        ]
        if len(shown) < len(layers):
            made.append(f"and {len(layers) - len(shown)} more in int8, all in the metadata (calibration.layers)")
    return made
