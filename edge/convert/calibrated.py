"""Static int8: the ranges of a network's activations are learnt from the user's images, and it is quantised with them.

Paddle's own post-training quantisation does it (`workers/quantise_worker.py`); the result is an inference model again, which
is converted and verified like any other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from msgspec import to_builtins
from numpy.typing import NDArray

from edge.cache.hashing import sha256_of
from edge.cache.keys import code_version, key_of
from edge.cache.paths import cache_dir
from edge.cache.store import Cache, CacheEntry
from edge.convert.fold import computed_once
from edge.convert.kept import choose, float_weights, no_nearer, unquantised
from edge.convert.verify.batches import opened
from edge.convert.verify.rounded import quantised_weights
from edge.convert.verify.x86_int8 import is_quantised
from edge.errors import ConvertError, UsageError, WorkerRequestError
from edge.images import preprocess
from edge.images.dataset import SUFFIXES, check_name
from edge.images.reading import read_image
from edge.paddle.draft import Draft
from edge.paddle.program import Program
from edge.paddle.rewritten import rewritten
from edge.source.model import InferenceModel
from edge.toolchain.answers import FloatAgreement, Measured, Quantised
from edge.toolchain.engines import WORKERS, engine
from edge.toolchain.worker import Lend
from edge.zoo.model import Preprocessing

CODE = ("edge.convert.calibrated", WORKERS / "quantise_worker.py")  # what decides a quantised network (edge.cache.keys)
IMAGES = 64
# PostTrainingQuantization's names. Of the greatest magnitudes of each image: their average, or the greatest; what keeps
# 99.999 % of the values; what changes the values least (squared error), or their distribution (Kullback and Leibler; slow).
ALGORITHMS = ("avg", "abs_max", "hist", "mse", "KL")
_HARM_IMAGES = 16  # of the images, to measure each convolution's harm by
_TIMEOUT = 3600.0  # seconds; KL takes a minute for a light network and 64 small images


@dataclass(frozen=True, slots=True)
class Calibration:
    """Images to calibrate with; they are prepared as the network's own preprocessing says.

    `keep`: so many convolutions stay float; below 1: as few as bring the mean cosine with the float network to that.
    """

    images: tuple[Path, ...]
    algorithm: str = ALGORITHMS[0]
    keep: float | None = None


@dataclass(frozen=True, slots=True)
class Calibrated:
    """A quantised network, and what its metadata says of that (`calibration`). `reused`: nothing had to be done; `remark`: that
    the layers that stay float bring it no nearer to the float network."""

    model: InferenceModel
    facts: dict[str, Any]
    reused: bool
    remark: str | None = None


def images_below(folder: Path, count: int) -> tuple[Path, ...]:
    """At most `count` images at any depth below `folder`, evenly spread over all in the order of their paths.

    Raises `UsageError` where there is none.
    """
    if not folder.is_dir():
        raise UsageError(f"{folder} is no folder", hint="name a folder of images like those the network will see")
    found = sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES and path.is_file())
    if not found:
        raise UsageError(f"{folder} holds no images", hint="known are " + " ".join(SUFFIXES))
    for path in found:
        check_name(path)
    return tuple(found) if len(found) <= count else tuple(found[k * len(found) // count] for k in range(count))


def calibrated(
    name: str,
    source: InferenceModel,
    how: Preprocessing,
    calibration: Calibration,
    lend: Lend,
    *,
    for_x86: bool = False,
) -> Calibrated:
    """Quantise a network, or take it from the cache. `how`: its own preprocessing; `lend` gives a quantising worker;
    `for_x86`: leave convolutions float that the x86 engine computes wrongly (edge.convert.verify.x86_int8).

    Raises `UsageError` for a network that is quantised already, `ImageError` for a broken image,
    `ConvertError` where Paddle cannot quantise it or `keep` leaves nothing in int8, or a `ToolchainError`.
    """
    program = Program.read(source.program)
    if is_quantised(program):
        raise UsageError(f"{name} is quantised already", hint="convert it as it is, without --precision int8-static")
    images = [sha256_of(path) for path in calibration.images]
    key = quantised_key(source, images, how, calibration.algorithm, for_x86=for_x86)
    store = Cache(cache_dir() / "quantised")
    known_entry = entry = store.get(key, content=True)
    if entry is None:
        with store.making(key) as part:
            if (entry := store.get(key, content=True)) is None:
                with computed_once(source, lend) as plain:
                    entry = _make(name, plain, how, calibration, lend, store, key, part, for_x86)
    told = {
        "images": len(images),
        "images_sha256": sha256_of("".join(images).encode()),
        "algorithm": calibration.algorithm,
        "preprocessing": how.as_values(),
    }
    made = ("quantised", "possible", "same_top", "mean_cosine")
    facts = told | {field: entry.facts[field] for field in made} | {"network": key}
    remark = None
    if calibration.keep is not None:
        key = key_of({"quantised": key, "keep": calibration.keep, "code": code_version(*CODE)})
        known_entry = whole = store.get(key, content=True)
        if whole is None:
            with store.making(key) as part:
                if (whole := store.get(key, content=True)) is None:
                    with computed_once(source, lend) as plain:
                        quantised = kept_network(source, entry)
                        whole = _keep(name, plain, quantised, how, calibration, lend, store, key, part)
        before, entry = entry, whole
        left = sum(not layer["kept"] for layer in entry.facts["layers"])
        facts |= {"network": key, "keep": calibration.keep, "quantised": left, **{k: entry.facts[k] for k in _CHOSEN}}
        remark = no_nearer(calibration.keep, *(one.facts["mean_cosine"] for one in (before, entry)))
    return Calibrated(kept_network(source, entry), facts, reused=known_entry is not None, remark=remark)


def kept(source: InferenceModel, key: str) -> InferenceModel | None:
    """The network that was quantised from `source` under this key, if the cache still has it."""
    entry = Cache(cache_dir() / "quantised").get(key, content=True)
    return kept_network(source, entry) if entry else None


def quantised_key(
    source: InferenceModel, images: Sequence[str], how: Preprocessing, algorithm: str, *, for_x86: bool = False
) -> str:
    """Everything that can change the quantised network; `images` are hashes."""
    return key_of(
        {
            "program": source.program_sha256,
            "params": source.params_sha256,
            "images": list(images),
            "preprocessing": asdict(how),
            "algorithm": algorithm,
            "for_x86": for_x86,
            "engine": engine("paddle").lock_hash,
            "code": code_version(*CODE),
        }
    )


def _make(
    name: str,
    source: InferenceModel,
    how: Preprocessing,
    calibration: Calibration,
    lend: Lend,
    store: Cache,
    key: str,
    part: Path,
    for_x86: bool,
) -> CacheEntry:
    tensors, network, batched = part / "images.npy", part / "float.pdmodel", part / "batched.pdmodel"
    write_images(tensors, calibration.images, how)
    program = _with_roles(Program.read(source.program))
    network.write_bytes(program.serialize())
    batched.write_bytes(opened(program).serialize())
    try:
        with lend() as worker:
            made = worker.ask(
                Quantised,
                "quantise",
                timeout=_TIMEOUT,
                program=str(network),
                batched=None if for_x86 else str(batched),
                params=str(source.params),
                images=str(tensors),
                algorithm=calibration.algorithm,
                out_dir=str(part),
            )
    except WorkerRequestError as error:
        raise ConvertError(
            f"{name} could not be quantised by Paddle: {error.message.strip().splitlines()[0]}"
        ) from error
    if not made.quantised:
        raise ConvertError(f"{name} has no convolutions that could be quantised", hint="use --precision int8")
    tensors.unlink()
    network.unlink()
    batched.unlink()
    return store.put(key, part, to_builtins(made) | _hashes(part))


def _hashes(part: Path) -> dict[str, str]:
    return {f"{file}_sha256": sha256_of(part / name) for file, name in _FILES.items()}


def _keep(
    name: str,
    source: InferenceModel,
    quantised: InferenceModel,
    how: Preprocessing,
    calibration: Calibration,
    lend: Lend,
    store: Cache,
    key: str,
    part: Path,
) -> CacheEntry:
    """The quantised network with the layers in float that are harmed most (edge.convert.kept)."""
    program, asked = Program.read(quantised.program), calibration.keep
    assert asked is not None  # what this is called for
    layers = tuple(dict.fromkeys(quantised_weights(program).values()))
    floats = float_weights(program, Program.read(source.program), source.params)
    with TemporaryDirectory(dir=part) as folder:
        scratch = Path(folder)
        network, tensors, arrays = scratch / "float.pdmodel", scratch / "images.npy", scratch / "floats.npz"
        network.write_bytes(_with_roles(Program.read(source.program)).serialize())
        write_images(tensors, calibration.images, how)
        np.savez(arrays, **floats)  # type: ignore[arg-type]

        def measure(kept: Sequence[Sequence[str]], harms: bool) -> Sequence[FloatAgreement]:
            variants = []
            for number, names in enumerate(kept):
                path = scratch / f"{number}.pdmodel"
                path.write_bytes(unquantised(program, names).serialize())
                variants.append((str(path), list(names)))
            count = min(len(calibration.images), _HARM_IMAGES) if harms else len(calibration.images)
            with lend() as worker:
                return worker.ask(
                    Measured,
                    "measure",
                    timeout=_TIMEOUT,
                    program=str(network),
                    params=str(source.params),
                    quantised=str(quantised.program),
                    quantised_params=str(quantised.params),
                    weights=str(arrays),
                    variants=variants,
                    images=str(tensors),
                    count=count,
                    beside_first=harms,
                ).figures

        chosen = choose(name, layers, asked, measure)
    (part / _FILES["program"]).write_bytes(unquantised(program, chosen.names).serialize())
    changes = {layer: partial(_instead, floats[layer]) for layer in chosen.names}
    rewritten(program, quantised.params, part / _FILES["params"], changes)
    facts = {**to_builtins(chosen.figures), "layers": [asdict(layer) for layer in chosen.layers]}
    return store.put(key, part, facts | _hashes(part))


def _instead(floats: NDArray[np.float32], _steps: NDArray[Any]) -> NDArray[np.float32]:
    return floats


_CHOSEN = ("layers", "same_top", "mean_cosine")
_FILES = {"program": "inference.pdmodel", "params": "inference.pdiparams"}


def _with_roles(program: Program) -> Program:
    """The program with the attribute that Paddle's quantisation asks of every operator; others may have left it out."""
    draft = Draft.of(program)
    for op in draft.ops():
        if not op.has_attr("op_role"):
            op.set_attr("op_role", 0)  # forward
    return draft.build()


def write_images(out: Path, images: Sequence[Path], how: Preprocessing) -> None:
    """The prepared images as one array, the first axis of which counts them; one in memory at a time."""
    size = (*how.crop, how.channels) if how.layout == "NHWC" else (how.channels, *how.crop)
    shape = (len(images), *size)
    array = np.lib.format.open_memmap(out, mode="w+", dtype=np.float32, shape=shape)
    for number, path in enumerate(images):
        array[number] = preprocess.prepare(read_image(path), how)[0]
    array.flush()


def kept_network(source: InferenceModel, entry: CacheEntry) -> InferenceModel:
    """The quantised network. Its program is Paddle 2.6's, so that is its reference, of whatever Paddle the source is."""
    return replace(
        source,
        directory=entry.folder,
        program=entry.folder / _FILES["program"],
        params=entry.folder / _FILES["params"],
        program_sha256=entry.facts["program_sha256"],
        params_sha256=entry.facts["params_sha256"],
        pir=None,
        pir_sha256=None,
    )
