"""What `edgezoo convert` is asked for, checked before anything is begun."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from edge.convert.calibrated import ALGORITHMS, IMAGES, Calibration, images_below
from edge.convert.onnx.recipe import Batch, OnnxRecipe
from edge.convert.order import Order, Product
from edge.convert.preparation import prepared, shapes_of
from edge.convert.products.calibrated import CalibratedOrder
from edge.convert.products.nb import NbOrder
from edge.convert.products.onnx import OnnxOrder
from edge.convert.products.onnx_int8 import OnnxInt8Order
from edge.convert.products.ported import PortedOrder
from edge.convert.quantised import came_quantised
from edge.convert.recipe import Recipe, choose, recipes
from edge.convert.shapes import InputShape, check_catalogue, check_exported
from edge.convert.verify.asked import InputsAsked, read_samples
from edge.errors import OutputError, RecipeError, UsageError
from edge.images.options import PreparingOptions
from edge.images.overrides import fitting
from edge.images.reading import check_image
from edge.paddle.program import Program
from edge.source import own
from edge.source.checkout import read_checkout
from edge.source.weights import Weights
from edge.toolchain.engines import engine, formats
from edge.zoo.catalogue import lookup, selected
from edge.zoo.model import ClasNetwork, Model


@dataclass(frozen=True, kw_only=True)
class ConvertOptions(PreparingOptions):
    """The options of the command, as `edgezoo convert --help` explains them.

    Raises `UsageError`, `UnknownModelError`, `RecipeError`, `ModelFilesError` or `OutputError` for what can be refused
    before anything is downloaded or exported.
    """

    names: tuple[str, ...] = ()
    series: tuple[str, ...] = ()
    light: bool = False
    everything: bool = False
    weights: Weights = Weights("published")  # noqa: RUF009 - it is frozen
    seed: int = 0
    formats: str = "nb"
    opset: int | None = None
    batch: Batch | None = None
    target: str | None = None
    precision: str | None = None
    calibrate: Path | None = None
    calibration_images: int | None = None
    calibration_algorithm: str | None = None
    int8_keep: float | None = None
    config: Path | None = None
    engine: str | None = None
    model_dir: Path | None = None
    own_name: str | None = None
    paddleclas: Path | None = None
    input_shape: InputShape | None = None
    out: Path = Path("models")
    jobs: int | None = None
    verify: bool = True
    input_range: tuple[float, float] | None = None
    inputs: Path | None = None
    verify_seconds: float | None = None
    force: bool = False
    strict: bool = False

    def __post_init__(self) -> None:
        if not self.verify:
            for option in ("input_range", "inputs", "verify_seconds", "strict"):
                if getattr(self, option) not in (None, False):
                    raise UsageError(
                        f"--{option.replace('_', '-')} is for the verification, which --no-verify leaves out"
                    )
        if self.verify_seconds is not None and self.verify_seconds <= 0:
            raise UsageError(f"--verify-seconds {self.verify_seconds:g} must be more than 0")
        if self.verify_seconds is not None and self.formats != "nb":
            raise UsageError("--verify-seconds is for .nb files", hint="leave it out, or convert to nb alone")
        _ = self.inputs_asked
        if self.seed and self.weights.kind != "random":
            raise UsageError("--seed is for random weights", hint="--weights random")
        if not 0 <= self.seed < 1 << 32:
            raise UsageError(f"--seed {self.seed} is none", hint="from 0 to 4294967295")
        if self.jobs is not None and self.jobs < 1:
            raise UsageError(f"--jobs {self.jobs}: at least one at a time")
        if self.out.exists() and not self.out.is_dir():
            raise OutputError(f"{self.out} is no folder", hint="name a folder: -o DIR")
        if not (there := next(one for one in self.out.absolute().parents if one.exists())).is_dir():
            raise OutputError(f"{self.out} cannot be made: {there} is no folder", hint="name another: -o DIR")
        engine("paddlelite", self.recipe.engine)  # raises for an unknown version
        for order in self.orders:
            self._check_order(order)

    @cached_property
    def inputs_asked(self) -> InputsAsked:
        """What the verification's inputs are to be."""
        return InputsAsked(self.input_range, self.inputs, self.verify_seconds)

    @cached_property
    def recipe(self) -> Recipe:
        """How `.nb` files are made."""
        config = self.config
        if config is not None and not config.is_file():
            known = recipes()
            if str(config) not in known:
                raise RecipeError(f"there is no recipe {config}", hint="a file, or one of: " + ", ".join(known))
            config = known[str(config)]
        return choose(
            config, target=self.target, precision=self.precision, engine=self.engine, input_shape=self.input_shape
        )

    @cached_property
    def orders(self) -> tuple[Order[Product], ...]:
        """An order for each network and format: a network's are neighbours."""
        networks: Sequence[tuple[str, ClasNetwork | None, Weights]]
        if self.model_dir is not None:
            networks = [self._own(self.model_dir)]
        else:
            networks = self._catalogue() if self.paddleclas is None else self._checkout(self.paddleclas)
        calibration, onnx = self._calibration(), self._onnx()
        orders: list[Order[Product]] = []
        for network in networks:
            if "nb" in self._formats and self._came_quantised(network[2], calibration):
                recipe = replace(self.recipe, precision="int8-static", name=f"{self.recipe.name}+quantised")
                orders.append(NbOrder(*network, recipe, self.overrides, quantised=True))
            elif calibration is not None and "nb" in self._formats:
                orders.append(CalibratedOrder(*network, self.recipe, calibration, self.overrides))
            elif "nb" in self._formats:
                orders.append(NbOrder(*network, self.recipe, self.overrides))
            if "onnx" in self._formats and calibration is not None:
                orders.append(OnnxInt8Order(*network, onnx, calibration, self.recipe.input_shape, self.overrides))
            elif "onnx" in self._formats:
                orders.append(OnnxOrder(*network, onnx, self.recipe.input_shape, self.overrides))
            for name, to in formats().items():
                if name in self._formats:
                    orders.append(PortedOrder(*network, to, self.recipe.input_shape, self.overrides))
        return tuple(orders)

    def _came_quantised(self, weights: Weights, calibration: Calibration | None) -> bool:
        """Whether they are of a network of the user's own that came quantised. Raises `UsageError` where more is asked."""
        if weights.kind != "own" or weights.path is None:
            return False
        if not came_quantised(Program.read(own.read(weights.path).program)):
            return False
        if calibration is not None or self.recipe.precision != "fp32":
            raise UsageError(f"{weights.path} is quantised already", hint="leave --precision and --calibrate out")
        return True

    @cached_property
    def _formats(self) -> frozenset[str]:
        asked = frozenset(self.formats.split(","))
        known = ("nb", "onnx", *formats())
        if unknown := sorted(asked - set(known)):
            raise UsageError(
                f"--format {self.formats}: there is no {unknown[0] or 'format without a name'}",
                hint=f"one or more of {','.join(known)}",
            )
        return asked

    def _own(self, place: Path) -> tuple[str, None, Weights]:
        if self.names or self.series or self.light or self.everything:
            raise UsageError(
                "--model-dir is for one model of your own, not for names of the catalogue", hint="use --weights"
            )
        if self.paddleclas is not None:
            raise UsageError("--model-dir is exported already: --paddleclas is for networks that are not")
        if self.weights.kind != "published":
            raise UsageError("--model-dir has the weights: --weights is for models of the catalogue")
        real = Path(os.path.realpath(place))
        name = self.own_name or (real.stem if place.is_file() else real.name)
        return self._named(name), None, Weights("own", path=place)

    def _named(self, name: str) -> str:
        if not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.+-]*", name):
            raise UsageError(
                f"{name!r} cannot be a model's name", hint="letters, digits, and _ . + - : give one with --name"
            )
        return name

    def _checkout(self, place: Path) -> list[tuple[str, ClasNetwork, Weights]]:
        """Networks of the user's own PaddleClas: nobody has published weights of what it may have become there."""
        if self.series or self.light or self.everything:
            raise UsageError(
                "--series, --light and --all are of the catalogue, and --paddleclas is not", hint="name them"
            )
        if self.weights.kind not in ("random", "checkpoint"):
            raise UsageError(
                "--paddleclas exports networks: with random weights or a checkpoint",
                hint="--weights random, or --weights FILE.pdparams",
            )
        if not self.names:
            raise UsageError("no network is named", hint=f"edgezoo list --paddleclas {place} shows them")
        checkout = read_checkout(place)
        networks = list(dict.fromkeys(checkout.network(name) for name in self.names))
        if (self.own_name is not None or self.weights.path is not None) and len(networks) > 1:
            what = "--name" if self.own_name is not None else str(self.weights.path)
            raise UsageError(f"{what} can be of one network, and {len(networks)} are named")
        weights = replace(self.weights, seed=self.seed)
        asked = self.recipe.input_shape
        if asked is not None:
            networks = [replace(one, input_shape=check_exported(one.name, asked), sized=True) for one in networks]
        return [(self._named(self.own_name or one.name), one, weights) for one in networks]

    def _catalogue(self) -> list[tuple[str, Model, Weights]]:
        chosen = selected(self.names, series=self.series, light=self.light, everything=self.everything)
        if self.own_name is not None:
            raise UsageError(
                "--name belongs to --model-dir and --paddleclas", hint="models of the catalogue keep their names"
            )
        if self.weights.path is not None and len(chosen) > 1:
            raise UsageError(f"{self.weights.path} can be the weights of one model, and {len(chosen)} are named")
        weights = replace(self.weights, seed=self.seed)
        models = [self._at_its_shape(lookup(name)) for name in chosen]
        for model in models if self.overrides else ():
            fitting(model.name, [model.input_shape], model.preprocessing, self.overrides)
        return [(model.name, model, weights) for model in models]

    def _at_its_shape(self, model: Model) -> Model:
        """The model as it is exported for the shape that is asked for; own files have the shapes that they have."""
        if self.recipe.input_shape is None or self.weights.kind == "own":
            return model
        return replace(model, input_shape=check_catalogue(model.name, model.input_shape, self.recipe.input_shape))

    def _check_order(self, order: Order[Product]) -> None:
        """The shape, the preprocessing and the samples, as far as the files that are there tell."""
        shape, weights = self.recipe.input_shape, order.weights
        if weights.kind == "own" and weights.path is not None:
            source = own.read(weights.path)
            shapes = shapes_of(source, order.model, shape)
            if self.inputs is not None:
                read_samples(self.inputs, Program.read(source.program).feeds, shapes)
            how = prepared(
                order.name, order.model, source, shapes, self.overrides, self.out / f"{order.name}.{order.kind}"
            )
            if isinstance(order, CalibratedOrder | OnnxInt8Order) and how.preprocessing is None:
                fitting(order.name, shapes, None, self.overrides)  # says what is missing

    def _calibration(self) -> Calibration | None:
        """What int8-static is calibrated with, which is of no use to other precisions."""
        if self.recipe.precision != "int8-static":
            for option in _OF_CALIBRATION:
                if getattr(self, option) not in (None, False):
                    raise UsageError(f"--{option.replace('_', '-')} is for int8-static", hint="--precision int8-static")
            return None
        if self.calibrate is None:
            raise UsageError(
                "int8-static needs images to calibrate with", hint="name a folder of them: --calibrate DIR"
            )
        images = images_below(self.calibrate, self.calibration_images or IMAGES)
        for image in images:
            check_image(image, pixels=True)
        if self.int8_keep is not None and not (0 < self.int8_keep < 1 or self.int8_keep == int(self.int8_keep) > 0):
            raise UsageError(
                f"--int8-keep {self.int8_keep:g} is neither a number of convolutions nor a cosine",
                hint="a whole number from 1 on, or a cosine below 1, such as 0.98",
            )
        return Calibration(images, self.calibration_algorithm or ALGORITHMS[0], self.int8_keep)

    def _onnx(self) -> OnnxRecipe:
        """How ONNX files are to be made."""
        if "onnx" not in self._formats and (self.opset is not None or self.batch is not None):
            raise UsageError(
                f"--{'opset' if self.opset is not None else 'batch'} belongs to ONNX files", hint="--format onnx"
            )
        if "nb" not in self._formats:
            made = _file_of(self.formats)
            float32 = [one for one in self._formats if (self.recipe.precision, one) != ("int8-static", "onnx")]
            if self.recipe.precision != "fp32" and float32:
                other = " or int8-static" if float32 == ["onnx"] else ""
                raise UsageError(
                    f"{_file_of(','.join(float32))} is float32{other}", hint="leave out --precision, or convert to nb"
                )
            if self.target is not None:
                raise UsageError(f"--target is for .nb files: {made} has none", hint="leave it out")
            for option in ("engine", "config"):
                if getattr(self, option) is not None:
                    raise UsageError(
                        f"--{option} is for .nb files: opt makes no {made[2:].strip()}", hint="leave it out"
                    )
        default = OnnxRecipe()
        return OnnxRecipe(default.opset if self.opset is None else self.opset, self.batch or default.batch)


_WORDS = {"onnx": "ONNX"}


def _file_of(formats: str) -> str:
    """`an ONNX file`."""
    return f"{'an' if formats[0] in 'aeio' else 'a'} {_WORDS.get(formats, formats)} file"


_OF_CALIBRATION = ("calibrate", "calibration_images", "calibration_algorithm", "int8_keep")
