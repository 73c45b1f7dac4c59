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
from edge.convert.verify.engines import Paddle
from edge.convert.verify.judge import Run, judge_all, judge_coarse
from edge.convert.verify.points import at_points, makes, points_of
from edge.convert.verify.verify import SAMPLES
from edge.errors import ConvertError, ProgramError, VerificationError
from edge.paddle import params as params_file
from edge.paddle.program import Program
from edge.paddle.quantised import KINDS, input_range, plain, without_observers
from edge.source.model import InferenceModel
from edge.toolchain.worker import Lend
from edge.zoo.model import Preprocessing

CODE = ("edge.convert.quantised",)  # what decides that form (edge.cache.keys)
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
    key = key_of({"program": source.program_sha256, "params": source.params_sha256, "code": code_version(*CODE)})
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
) -> tuple[str, str | None]:
    """How far that form is from what came, both in Paddle, in words; and the doubt that is left where it is too far.

    What came may round at places that no quantised layer reads, which no int8 kernel does: without these it must be the same.
    Raises `VerificationError` where it is not, and what Paddle raises.
    """
    came, form = Program.read(source.program), Program.read(network.program)
    bare = without_observers(came)
    points = points_of(form).among(makes(came) & makes(bare))
    if not points.values:
        return "its form for int8 kernels could not be compared with what came", None
    kinds = domains(came, shapes, asked, preprocessing, SAMPLES)
    with TemporaryDirectory(prefix="edgezoo-quantised-") as scratch:

        def run(model: InferenceModel, program: Program, name: str) -> Run:
            folder = Path(scratch) / name
            folder.mkdir()
            paddle = Paddle(lend, model, at_points(program, points), folder)
            return lambda given: paddle.run(model.params, given)

        ours, theirs = run(network, form, "form"), run(source, came, "came")
        without, limits = run(source, bare, "bare"), LIMITS["int8-static"]
        same = judge_all(kinds, lambda draw: judge_coarse(draw, ours, without, limits))
        found = judge_all(kinds, lambda draw: judge_coarse(draw, ours, theirs, limits))
    if same.status == "failed":
        raise VerificationError(
            f"its form for int8 kernels computes something else: {same.reason}",
            hint="nothing was written; this is a gap in edgezoo: please report the model",
        )
    doubt = None
    if found.status == "failed":
        doubt = f"what came also rounds where no int8 kernel does, and so computes something else: {found.reason}"
    return f"beside what came, in Paddle: cosine {found.worst.cosine:.6f}", doubt
