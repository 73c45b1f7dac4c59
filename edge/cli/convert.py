"""`edgezoo convert`: models into verified `.nb` and `.onnx` files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from edge.cli import completing, once, options
from edge.cli import preprocessing as preparing
from edge.cli.parameters import SEED, WEIGHTS, Finite, NamedShape

if TYPE_CHECKING:
    from edge.cli.output import ProgressLine
    from edge.convert.options import ConvertOptions
    from edge.convert.order import Conversion, Order, Product
    from edge.convert.shapes import InputShape
    from edge.metadata.model import Metadata, VerificationRecord


@once.command()
@options.names
@options.selection
@click.option("--weights", type=WEIGHTS, default="published", show_default=True, metavar="published|random|PATH",
              help="Where the weights come from: the published archive; random ones, for latency and size; a directory "
              "with an inference model of yours, or a checkpoint (.pdparams, .safetensors).")  # fmt: skip
@click.option("--seed", type=SEED, default=0, show_default=True, help="The seed of random weights.")
@click.option("--format", "formats", default="nb", show_default=True, metavar="nb,onnx,openvino,ncnn,mnn,tflite",
              help="One or more: Paddle-Lite's naive buffer, ONNX, and through that the files of other engines.")  # fmt: skip
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
@click.option("--int8-keep", type=Finite(), metavar="N|COSINE",
              help="Of int8-static: the N convolutions that int8 harms most, by measurement, stay float; below 1: as few as "
              "bring the mean cosine with the float network, on the calibration images, so far.")  # fmt: skip
@preparing.options
@click.option("--config", type=click.Path(path_type=Path), metavar="FILE", shell_complete=completing.recipes,
              help="A recipe file, or the name of one of edgezoo's own (opt_configs/).")  # fmt: skip
@click.option("--engine", metavar="VERSION", help="The Paddle-Lite version whose opt is used.  [default: the recipe's]")
@click.option("--model-dir", type=click.Path(path_type=Path), metavar="DIR",
              help="Convert the inference model in DIR, of the catalogue or not; give it a --name. Of several in one "
              "directory, name the program's file.")  # fmt: skip
@click.option("--name", "own_name", metavar="NAME", help="The name of the model of --model-dir or --paddleclas.")
@click.option("--paddleclas", type=click.Path(path_type=Path), metavar="DIR",
              help="NAME is an architecture of your own PaddleClas checkout in DIR, whose code is run to export it; with "
              "--weights random, or a checkpoint.")  # fmt: skip
@click.option(
    "--input-shape",
    type=NamedShape(),
    multiple=True,
    callback=lambda _ctx, _param, given: _asked_shapes(given),
    metavar="[NAME=]N,C,H,W",
    help="The shape of an input: of one of several by its name, once for each. A network of the catalogue is exported so.",
)
@click.option("-o", "--out", type=click.Path(path_type=Path), default=Path("models"), show_default=True, metavar="DIR",
              help="Where NAME.nb and NAME.json go; of other formats NAME.onnx and NAME.onnx.json, and so on.")  # fmt: skip
@click.option(
    "-j", "--jobs", type=click.IntRange(1), metavar="N", help="Models worked on at once.  [default: one a core]"
)
@click.option("--verify/--no-verify", default=True, show_default=True,
              help="Compare the converted network's outputs with Paddle's. Leaving it out is recorded.")  # fmt: skip
@options.judged_with
@click.option("--verify-seconds", type=Finite(), metavar="S", help="Compare with as many inputs as fit into about S "
              "seconds, two at least; the verdict says how many.  [default: all]")  # fmt: skip
@click.option("--strict", is_flag=True, help="The exit code is 1 also where only a part of what was asked for was done, or the "
              "comparison proved nothing.")  # fmt: skip
@click.option(
    "--force", is_flag=True, help="Replace files of the same name that were made otherwise, or of other weights."
)
@options.quiet
@options.as_json
@options.gathered("edge.convert.options", "ConvertOptions")
def command(asked: ConvertOptions, quiet: bool, as_json: bool) -> None:
    """Convert models to Paddle-Lite's .nb, ONNX or other engines' files, and prove that they still compute the same.

    Each NAME.nb gets a NAME.json beside it: hashes, versions, recipe, preprocessing, and how the verification went; each
    NAME.onnx a NAME.onnx.json. Files of OpenVINO, ncnn, MNN and LiteRT are made from the verified ONNX file and compared with
    Paddle in that engine, which is installed when first asked for. A network that computes something else after conversion is
    named and not written; one of which the comparison proves nothing is written, and called inconclusive. Finished work is not
    done again. The exit code is 1 if any model failed.

    \b
    Examples:
      edgezoo convert MobileNetV3_large_x1_0_ssld
      edgezoo convert --light --weights random -o models
      edgezoo convert PPLCNet_x1_0 --weights my_training/best_model.pdparams --precision int8
      edgezoo convert PPLCNet_x1_0 --format nb,onnx --batch dynamic
      edgezoo convert PPLCNet_x1_0 --format openvino,ncnn,mnn
      edgezoo convert --model-dir my_net/ --name my_net --resize-short 256 --mean 0.5 --std 0.5
      edgezoo convert --model-dir my_detector/ --input-shape image=1,3,320,320 --input-shape scale_factor=1,2
      edgezoo convert PPLCNet_x1_0 --precision int8-static --calibrate photos/
      edgezoo convert MobileViTV2_x1_0 --paddleclas PaddleClas/ --weights random
    """
    from edge.cli.output import ProgressLine, print_json
    from edge.convert.pipeline import convert_models

    with ProgressLine(quiet=quiet, resumes="Finished models are kept; the same command goes on.") as progress:
        ended = 0

        def done(outcome: Conversion[Product]) -> None:
            nonlocal ended
            ended += 1
            tell = progress.line if outcome.error is None else progress.error
            tell(f"[{ended}/{len(asked.orders)}] {_sentence(outcome)}")
            for remark in outcome.remarks:
                progress.line(f"    {remark}")
            if outcome.error is not None:
                options.tracer()(outcome.error)

        outcomes = convert_models(
            asked.orders,
            asked.out,
            verify=asked.verify,
            inputs=asked.inputs_asked,
            replace=asked.force,
            jobs=asked.jobs,
            done=done,
            progress=progress.download,
            say=progress.line,
            working=progress.working,
        )
        _close(progress, outcomes, asked.out)
    if as_json:
        print_json([_row(outcome) for outcome in outcomes])
    doubtful = asked.strict and any(not _whole(outcome.made.metadata) for outcome in outcomes if outcome.made)
    if doubtful or any(outcome.error is not None for outcome in outcomes):
        raise SystemExit(1)


def _asked_shapes(given: tuple[tuple[str, tuple[int, ...]], ...]) -> InputShape | None:
    from edge.convert.shapes import asked_shapes

    return asked_shapes(given)


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
        "passed": _passed(verification, made.metadata),
        "inconclusive": f"inconclusive: {verification.reason}",
        "skipped": "not verified (--no-verify)",
        "unavailable": f"not verified here: {verification.reason}",
    }[verification.status]
    verdict = _with_devices(made.metadata, verdict)
    random = ", random weights" if outcome.order.weights.kind == "random" else ""
    took = "up to date" if outcome.reused else f"{sum(outcome.seconds.values()):.1f} s"
    kind = _kind(outcome.order, made.metadata) + _cost(made.metadata)
    return f"{name}  {made.bytes / 2**20:.2f} MiB, {kind}{random}, {verdict}, {took}"


def _cost(metadata: Metadata) -> str:
    """What int8-static costs against the float network, on the images it was calibrated with."""
    calibration = metadata.calibration
    if not calibration or calibration.same_top is None or calibration.mean_cosine is None:
        return ""
    return (
        f" (of {calibration.images} calibration images {calibration.same_top:.1%} get the float network's class, "
        f"cosine {calibration.mean_cosine:.4f})"
    )


def _passed(verification: VerificationRecord, metadata: Metadata) -> str:
    agreement, ranges = verification.argmax_agreement, verification.input_ranges
    parts = [f"cosine {verification.cosine or 0:.6f}"]
    static = (
        metadata.precision == "int8-static"
    )  # whose float network nobody compared: only what it makes of the images says so
    if isinstance(agreement, float) and not static:
        parts.append(f"argmax agreement {agreement:.0%}")
    if ranges:
        parts.append("inputs " + " and ".join(ranges))
    elif verification.samples_sha256:
        parts.append(f"{verification.inputs} inputs of yours")
    simulation = "its int8 kernels agree with the file's" if metadata.onnx else "its x86 twin agrees with Paddle's"
    word = f"{simulation} int8 simulation" if static else "verified"
    return f"{word} ({', '.join(parts)})" + (f", {verification.reason}" if verification.reason else "")


def _whole(metadata: Metadata) -> bool:
    """Whether all that was asked for was done, and the comparison passed."""
    return not (metadata.nb and metadata.nb.left) and bool(
        metadata.verification and metadata.verification.status == "passed"
    )


def _with_devices(metadata: Metadata, verdict: str) -> str:
    """The verdict, and for what of the file it does not hold."""
    from edge.metadata.proofs import unproven, words

    basis = "arithmetic " if unproven(metadata) and verdict.startswith("verified") else ""
    return "; ".join(one for one in (basis + verdict, words(metadata)) if one)


def _kind(order: Order[Product], metadata: Metadata) -> str:
    """What was made: `arm fp32`, `ONNX opset 17 fp32`."""
    facts = metadata.onnx
    if facts and facts.quantised and metadata.calibration:
        return f"{order.runs}, {metadata.calibration.quantised} of {metadata.calibration.possible} layers in int8"
    if metadata.onnx_sha256:
        return f"{order.runs} {metadata.precision}"
    if not facts:
        return order.runs + (f" ({metadata.nb.effect})" if metadata.nb and metadata.nb.effect else "")
    batch = ", dynamic batch" if metadata.recipe and metadata.recipe.batch == "dynamic" else ""
    not_simplified = "" if facts.simplification.done else f", not simplified: {facts.simplification.reason}"
    return f"ONNX opset {facts.opset} {metadata.precision}{batch}{not_simplified}"


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
        "remarks": list(outcome.remarks),
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
