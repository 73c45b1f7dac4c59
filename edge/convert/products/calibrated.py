"""A `.nb` file of static int8: quantised with the user's images, then converted and verified like any other network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from edge.convert.metadata import NbModel
from edge.convert.order import Order
from edge.convert.products.nb import make_nb
from edge.convert.recipe import Recipe
from edge.convert.work import Work
from edge.errors import UsageError

if TYPE_CHECKING:
    from edge.convert.calibrated import Calibration


@dataclass(frozen=True, slots=True)
class CalibratedOrder(Order[NbModel]):
    """The network quantised with a `calibration`, converted by `recipe`, which must be one of int8-static (`UsageError`)."""

    recipe: Recipe
    calibration: Calibration

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
            with work.stage("calibrate"):
                quantised = calibrated(
                    self.name,
                    source,
                    self.model.preprocessing if self.model else None,
                    self.recipe.input_shape,
                    self.calibration,
                    lambda: work.tools.lend("paddle", script="quantise_worker.py"),
                    for_x86=self.recipe.target == "x86",
                )
            nb, reused = make_nb(work, self.recipe, source, quantised.model, quantised.facts)
            return nb, reused and quantised.reused
