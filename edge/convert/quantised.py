"""A network of the user's own that came quantised: in the form that opt makes int8 kernels of, compared with what came."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from edge.cache.hashing import sha256_of
from edge.cache.keys import code_version, key_of
from edge.cache.paths import cache_dir
from edge.cache.store import Cache, CacheEntry
from edge.convert.calibrated import kept_network
from edge.convert.verify.asked import InputsAsked, domains
from edge.convert.verify.compare import LIMITS
from edge.convert.verify.engines import Lend, Paddle
from edge.convert.verify.judge import judge_all, judge_coarse
from edge.convert.verify.points import at_points, makes, points_of
from edge.convert.verify.verify import SAMPLES
from edge.errors import ConvertError, ProgramError, VerificationError
from edge.paddle import params as params_file
from edge.paddle.program import Program
from edge.paddle.quantised import KINDS, input_range, plain
from edge.source.model import InferenceModel
from edge.zoo.model import Preprocessing

_FILES = ("inference.pdmodel", "inference.pdiparams")


def came_quantised(program: Program) -> bool:
    """Whether its activations were quantised before it came here."""
    return bool(program.op_types & KINDS)


@dataclass(frozen=True, slots=True)
class Int8Form:
    """The network in that form; what became of its layers, in words; and how large its input may be, where it says so."""

    network: InferenceModel
    told: str
    most: float | None


def int8_form(source: InferenceModel) -> Int8Form:
    """That form, from the cache if it is there. Raises `ConvertError` for quantisation that no int8 kernel computes."""
    store = Cache(cache_dir() / "quantised")
    code = code_version("edge.convert.quantised")
    key = key_of({"program": source.program_sha256, "params": source.params_sha256, "code": code})
    entry = store.get(key, content=True)
    if entry is None:
        with store.making(key) as part:
            entry = store.get(key, content=True) or _make(source, store, key, part)
    int8, layers = entry.facts["int8"], entry.facts["layers"]
    told = f"quantised as it came: {int8} of its {layers} quantised layers for int8 kernels"
    return Int8Form(
        kept_network(source, entry), told + (", the others float" if int8 < layers else ""), entry.facts["most"]
    )


def _make(source: InferenceModel, store: Cache, key: str, part: Path) -> CacheEntry:
    program = Program.read(source.program)
    try:
        tensors = params_file.read(source.params, program.persistables)
        made = plain(program, tensors)
    except ProgramError as error:
        raise ConvertError(error.message, hint=error.hint) from error
    network, params = (part / name for name in _FILES)
    network.write_bytes(made.program.serialize())
    params_file.write(params, [made.params[name] for name in sorted(made.params, key=str.encode)])
    facts = {"int8": made.int8, "layers": made.layers, "most": input_range(program, tensors),
             "program_sha256": sha256_of(network), "params_sha256": sha256_of(params)}  # fmt: skip
    return store.put(key, part, facts)


def compared(
    source: InferenceModel,
    network: InferenceModel,
    shapes: Sequence[Sequence[int]],
    lend: Lend,
    asked: InputsAsked,
    preprocessing: Preprocessing | None,
) -> str:
    """How far that form is from what came, both in Paddle, in words: what only simulates is not in it.

    Raises `VerificationError` where it computes something else, and what Paddle raises.
    """
    came, form = Program.read(source.program), Program.read(network.program)
    points = points_of(form).among(makes(came))
    if not points.values:
        return "its form for int8 kernels could not be compared with what came"
    with TemporaryDirectory(prefix="edgezoo-quantised-") as scratch:
        folders = [Path(scratch) / side for side in ("came", "form")]
        for folder in folders:
            folder.mkdir()
        theirs = Paddle(lend, source, at_points(came, points), folders[0])
        ours = Paddle(lend, network, at_points(form, points), folders[1])
        found = judge_all(
            domains(came, shapes, asked, preprocessing, SAMPLES),
            lambda draw: judge_coarse(
                draw,
                lambda given: ours.run(network.params, given),
                lambda given: theirs.run(source.params, given),
                LIMITS["int8-static"],
            ),
        )
    if found.status == "failed":
        raise VerificationError(
            f"the network computes something else without the rounding that only its simulation has: {found.reason}",
            hint="quantise again with the operators of Paddle-Lite (conv2d, depthwise_conv2d), or with more images",
        )
    return f"beside what came, in Paddle: cosine {found.worst.cosine:.6f}" + (
        f" ({found.reason})" if found.reason else ""
    )
