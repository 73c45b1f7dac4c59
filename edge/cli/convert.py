"""`edgezoo convert`: models into verified `.nb` and `.onnx` files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from edge.cli import options
from edge.cli import preprocessing as preparing

if TYPE_CHECKING:
    from edge.cli.output import ProgressLine
    from edge.convert.calibrated import Calibration
    from edge.convert.onnx.recipe import Batch, OnnxRecipe
    from edge.convert.order import Conversion, Order, Product
    from edge.convert.recipe import Recipe
    from edge.metadata.model import Metadata
    from edge.source.weights import Weights
    from edge.zoo.model import Model

    Network = tuple[str, Model | None, Weights]


@click.command()
@options.names
@options.selection
@click.option("--weights", default="published", show_default=True, metavar="published|random|PATH",
              help="Where the weights come from: the published archive; random ones, for latency and size; a directory "
              "with an inference model of yours, or a .pdparams checkpoint.")  # fmt: skip
@click.option("--seed", type=int, default=0, show_default=True, help="The seed of random weights.")
@click.option("--format", "formats", default="nb", show_default=True, metavar="nb|onnx|nb,onnx",
              help="Paddle-Lite's naive buffer, ONNX, or both from one export.")  # fmt: skip
@click.option("--opset", type=int, metavar="N", help="The opset of the ONNX file.  [default: 17]")
@click.option("--batch", type=click.Choice(["fixed", "dynamic"]), help="Of the ONNX file's inputs.  [default: fixed]")
@click.option("--target", type=click.Choice(["arm", "x86", "opencl,arm"]), help="What runs the model.  [default: arm]")
@click.option("--precision", type=click.Choice(["fp32", "fp16", "int8", "int16", "int8-static"]),
              help="fp16: kernels; int8, int16: weights; int8-static: both, after calibration.  [default: fp32]")  # fmt: skip
@click.option("--calibrate", type=click.Path(path_type=Path), metavar="DIR",
              help="Images like those the network will see, for int8-static: how large do its activations become?")  # fmt: skip
@click.option("--calibration-images", type=click.IntRange(1), metavar="N",
              help="Use N of them, evenly spread.  [default: 64]")  # fmt: skip
@click.option("--calibration-algorithm", type=click.Choice(["avg", "abs_max", "hist", "mse", "KL"]),
              help="How a range is chosen from them, in Paddle's words.  [default: avg]")  # fmt: skip
@preparing.options
@click.option("--config", type=click.Path(path_type=Path), metavar="FILE",
              help="A recipe file, or the name of one of edgezoo's own (opt_configs/).")  # fmt: skip
@click.option("--engine", metavar="VERSION", help="The Paddle-Lite version whose opt is used.  [default: the recipe's]")
@click.option("--model-dir", type=click.Path(path_type=Path), metavar="DIR",
              help="Convert the inference model in DIR, of the catalogue or not; give it a --name.")  # fmt: skip
@click.option("--name", "own_name", metavar="NAME", help="The name of the model in --model-dir.")
@click.option(
    "--input-shape", metavar="N,C,H,W", help="The shape of the (first) input, where the model leaves it open."
)
@click.option("-o", "--out", type=click.Path(path_type=Path), default=Path("models"), show_default=True, metavar="DIR",
              help="Where NAME.nb and NAME.json, NAME.onnx and NAME.onnx.json go.")  # fmt: skip
@click.option(
    "-j", "--jobs", type=click.IntRange(1), metavar="N", help="Models worked on at once.  [default: one a core]"
)
@click.option("--verify/--no-verify", default=True, show_default=True,
              help="Compare the converted network's outputs with Paddle's. Leaving it out is recorded.")  # fmt: skip
@options.quiet
@options.as_json
def command(
    names: tuple[str, ...],
    everything: bool,
    light: bool,
    series: tuple[str, ...],
    weights: str,
    seed: int,
    formats: str,
    opset: int | None,
    batch: Batch | None,
    target: str | None,
    precision: str | None,
    config: Path | None,
    engine: str | None,
    model_dir: Path | None,
    own_name: str | None,
    input_shape: str | None,
    out: Path,
    jobs: int | None,
    verify: bool,
    quiet: bool,
    as_json: bool,
    **given: Any,
) -> None:
    """Convert models to Paddle-Lite's .nb format, or to ONNX, and prove that they still compute the same.

    Each NAME.nb gets a NAME.json beside it: hashes, versions, recipe, preprocessing, and how the verification went; each
    NAME.onnx a NAME.onnx.json. A network that computes something else after conversion is named and not written.
    Finished work is not done again. The exit code is 1 if any model failed.

    \b
    Examples:
      edgezoo convert MobileNetV3_large_x1_0_ssld
      edgezoo convert --light --weights random -o models
      edgezoo convert PPLCNet_x1_0 --weights my_training/best_model.pdparams --precision int8
      edgezoo convert PPLCNet_x1_0 --format nb,onnx --batch dynamic
      edgezoo convert --model-dir my_net/ --name my_net --input-shape 1,3,320,320
      edgezoo convert PPLCNet_x1_0 --precision int8-static --calibrate photos/
    """
    from edge.cli.output import ProgressLine, print_json
    from edge.convert.pipeline import convert_models
    from edge.source.weights import Weights

    recipe = _recipe(config, target, precision, engine, input_shape)
    if model_dir is not None:
        networks = [_own(names, own_name, model_dir)]
    else:
        chosen = options.selected(names, series=series, light=light, everything=everything)
        networks = _catalogue(chosen, own_name, Weights.parse(weights, seed=seed))
    calibration = _calibration(recipe, given)
    orders = _orders(networks, formats, recipe, calibration, _onnx(formats, recipe, opset, batch))
    with ProgressLine(quiet=quiet) as progress:
        ended = 0

        def done(outcome: Conversion[Product]) -> None:
            nonlocal ended
            ended += 1
            progress.line(f"[{ended}/{len(orders)}] {_sentence(outcome)}")
            if outcome.error is not None:
                options.traced(outcome.error)

        outcomes = convert_models(
            orders,
            out,
            verify=verify,
            jobs=jobs,
            done=done,
            progress=lambda name: lambda have, total: progress.now(_download(name, have, total)),
            say=progress.line,
        )
        failed = [o for o in outcomes if o.error is not None]
        _close(progress, outcomes, out)
    if as_json:
        print_json([_row(outcome) for outcome in outcomes])
    if failed:
        raise SystemExit(1)


def _recipe(
    config: Path | None, target: str | None, precision: str | None, engine: str | None, input_shape: str | None
) -> Recipe:
    from edge.convert import recipe
    from edge.errors import RecipeError

    if config is not None and not config.is_file():
        known = recipe.recipes()
        if str(config) not in known:
            raise RecipeError(f"there is no recipe {config}", hint="a file, or one of: " + ", ".join(known))
        config = known[str(config)]
    chosen = recipe.choose(config, target=target, precision=precision, engine=engine, input_shape=_shape(input_shape))
    from edge.toolchain.engines import engine as find_engine

    find_engine("paddlelite", chosen.engine)  # an unknown version is refused here, before any work
    return chosen


def _shape(text: str | None) -> tuple[int, ...] | None:
    from edge.errors import UsageError

    if text is None:
        return None
    parts = text.split(",")
    if not all(part.strip().isdecimal() and int(part) > 0 for part in parts):
        raise UsageError(f"--input-shape {text} is no shape", hint="positive numbers, for instance 1,3,320,320")
    return tuple(int(part) for part in parts)


def _own(names: tuple[str, ...], own_name: str | None, model_dir: Path) -> Network:
    import re

    from edge.errors import UsageError
    from edge.source.weights import Weights

    if names:
        raise UsageError(
            "--model-dir is for one model of your own, not for names of the catalogue", hint="use --weights"
        )
    name = own_name or model_dir.resolve().name
    if not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.+-]*", name):
        raise UsageError(
            f"{name!r} cannot be a model's name", hint="letters, digits, and _ . + - : give one with --name"
        )
    return name, None, Weights("own", path=model_dir)


def _catalogue(chosen: list[str], own_name: str | None, weights: Weights) -> list[Network]:
    from edge.errors import UsageError
    from edge.zoo.catalogue import lookup

    if own_name is not None:
        raise UsageError("--name belongs to --model-dir", hint="models of the catalogue keep their names")
    if weights.path is not None and len(chosen) > 1:
        raise UsageError(f"{weights.path} can be the weights of one model, and {len(chosen)} are named")
    return [(name, lookup(name), weights) for name in chosen]


def _calibration(recipe: Recipe, given: dict[str, Any]) -> Calibration | None:
    """What int8-static is calibrated with, which is of no use to other precisions."""
    from edge.errors import UsageError

    if recipe.precision != "int8-static":
        for option in ("calibrate", "calibration_images", "calibration_algorithm", *_PREPARING):
            if given[option]:
                raise UsageError(f"--{option.replace('_', '-')} is for int8-static", hint="--precision int8-static")
        return None
    if given["calibrate"] is None:
        raise UsageError("int8-static needs images to calibrate with", hint="name a folder of them: --calibrate DIR")
    from edge.convert.calibrated import ALGORITHMS, IMAGES, Calibration, images_below

    images = images_below(given["calibrate"], given["calibration_images"] or IMAGES)
    return Calibration(images, preparing.overrides(given), given["calibration_algorithm"] or ALGORITHMS[0])


_PREPARING = ("resize_short", "mean", "std", "interpolation", "bgr")


def _onnx(formats: str, recipe: Recipe, opset: int | None, batch: Batch | None) -> OnnxRecipe | None:
    """How ONNX files are to be made, if they are asked for."""
    from edge.convert.onnx.recipe import OnnxRecipe
    from edge.errors import UsageError

    asked = set(formats.split(","))
    if not asked <= {"nb", "onnx"}:
        raise UsageError(f"--format {formats} is none", hint="nb, onnx, or nb,onnx")
    if "onnx" not in asked:
        if opset is not None or batch is not None:
            raise UsageError(
                f"--{'opset' if opset is not None else 'batch'} belongs to ONNX files", hint="--format onnx"
            )
        return None
    if asked == {"onnx"} and recipe.precision != "fp32":
        raise UsageError("an ONNX file is float32", hint="leave out --precision, or convert to nb")
    default = OnnxRecipe()
    return OnnxRecipe(default.opset if opset is None else opset, batch or default.batch)


def _orders(
    networks: list[Network], formats: str, recipe: Recipe, calibration: Calibration | None, onnx: OnnxRecipe | None
) -> list[Order[Product]]:
    """An order for each network and format: a network's are neighbours."""
    from edge.convert.products.calibrated import CalibratedOrder
    from edge.convert.products.nb import NbOrder
    from edge.convert.products.onnx import OnnxOrder

    orders: list[Order[Product]] = []
    nb = "nb" in formats.split(",")
    for network in networks:
        if nb and calibration is not None:
            orders.append(CalibratedOrder(*network, recipe, calibration))
        elif nb:
            orders.append(NbOrder(*network, recipe))
        if onnx is not None:
            orders.append(OnnxOrder(*network, onnx, recipe.input_shape))
    return orders


def _sentence(outcome: Conversion[Product]) -> str:
    name = outcome.order.name
    if outcome.error is not None:
        hint = f" ({outcome.error.hint})" if outcome.error.hint else ""
        where = "" if name in outcome.error.message else f"{name}: "
        return f"{click.style('failed', fg='red')}  {where}{outcome.error.message}{hint}"
    made = outcome.made
    assert made is not None
    verification = made.metadata.verification
    assert verification is not None  # every model made here has one
    verdict = {
        "passed": f"verified (cosine {verification.cosine or 0:.6f}, argmax agreement "
        f"{verification.argmax_agreement or 0:.0%})" + (f", {verification.reason}" if verification.reason else ""),
        "skipped": "not verified (--no-verify)",
        "unavailable": f"not verified here: {verification.reason}",
    }[verification.status]
    random = ", random weights" if outcome.order.weights.kind == "random" else ""
    took = "up to date" if outcome.reused else f"{sum(outcome.seconds.values()):.1f} s"
    return f"{name}  {made.bytes / 2**20:.2f} MiB, {_kind(outcome.order, made.metadata)}{random}, {verdict}, {took}"


def _kind(order: Order[Product], metadata: Metadata) -> str:
    """What was made: `arm fp32`, `ONNX opset 17`."""
    facts = metadata.onnx
    if not facts:
        return order.runs
    batch = ", dynamic batch" if metadata.recipe and metadata.recipe.batch == "dynamic" else ""
    not_simplified = "" if facts.simplification.done else f", not simplified: {facts.simplification.reason}"
    return f"ONNX opset {facts.opset}{batch}{not_simplified}"


def _download(name: str, have: int, total: int | None) -> str:
    if not total:
        return f"{name}: {have / 2**20:.1f} MiB"
    filled = 30 * have // total
    return f"{name}: [{'#' * filled}{'.' * (30 - filled)}] {have / 2**20:.1f} of {total / 2**20:.1f} MiB"


def _close(progress: ProgressLine, outcomes: list[Conversion[Product]], out: Path) -> None:
    good = [o for o in outcomes if o.made is not None]
    failed = len(outcomes) - len(good)
    reused = sum(o.reused for o in good)
    progress.line(f"{len(good)} of {len(outcomes)} models in {out}/ ({reused} were there), {failed} failed")


def _row(outcome: Conversion[Product]) -> dict[str, object]:
    row: dict[str, object] = {
        "name": outcome.order.name,
        "kind": outcome.order.kind,
        "status": "failed" if outcome.error else "converted",
        "reused": outcome.reused,
        "seconds": {stage: round(seconds, 3) for stage, seconds in outcome.seconds.items()},
    }
    if outcome.error is not None:
        return row | {
            "error": type(outcome.error).__name__,
            "message": outcome.error.message,
            "hint": outcome.error.hint,
        }
    from edge.metadata.file import as_document

    assert outcome.made is not None
    return row | {"path": str(outcome.made.path), **as_document(outcome.made.metadata)}
