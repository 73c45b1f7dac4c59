"""The types of the metadata; docs/reference/metadata.md explains the fields, metadata.schema.json beside it is made from here.

A new field is one line here: optional, so that older files can still be read. `None` is an unknown value, and written as
`null`; `UNSET` is a field that this kind of file does not have, and not written.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from edge.zoo.model import Preprocessing, Published

FORMAT = "edgezoo-model/1"

# What the Android helper, which reads numbers as doubles and counts classes in 32 bits, takes too.
Size = Annotated[int, Meta(ge=0, le=1 << 53)]
Classes = Annotated[int, Meta(gt=0, le=(1 << 31) - 1)]


class _Part(Struct, frozen=True, kw_only=True, dict=True):
    """A JSON object. Fields that were read and are not known here live in its `__dict__` (see edge.metadata.file)."""


class NetworkRecord(_Part, frozen=True, kw_only=True):
    """A network of the catalogue."""

    name: str
    series: str | None = None
    architecture: str | None = None


class Maker(_Part, frozen=True, kw_only=True):
    """What wrote the file."""

    name: str
    version: str | None = None


class RecipeRecord(_Part, frozen=True, kw_only=True):
    """How it was converted: a `.nb` has the fields of a recipe, an ONNX file `opset` and `batch`."""

    name: str | UnsetType = UNSET
    engine: str | UnsetType = UNSET
    target: str | UnsetType = UNSET
    precision: str | UnsetType = UNSET
    abi: str | UnsetType = UNSET
    sparse_threshold: float | UnsetType = UNSET
    input_shape: tuple[int, ...] | dict[str, tuple[int, ...]] | UnsetType = UNSET
    opset: int | UnsetType = UNSET
    batch: Literal["fixed", "dynamic"] | UnsetType = UNSET


class BuiltByRecord(_Part, frozen=True, kw_only=True):
    """The PaddleClas checkout of the user's own that built the network: its folder, and the SHA-256 of its code."""

    architecture: str
    path: str
    sha256: str


class Source(_Part, frozen=True, kw_only=True):
    """Where the weights come from; hashes are SHA-256."""

    kind: Literal["published", "random", "own", "checkpoint"]
    seed: int | None = None
    url: str | None = None
    path: str | None = None
    archive_sha256: str | None = None
    archive_bytes: Size | None = None
    program_sha256: str | None = None
    params_sha256: str | None = None
    pir_sha256: str | None = None
    paddle_version: str | None = None
    built_by: BuiltByRecord | UnsetType = UNSET


class Tensor(_Part, frozen=True, kw_only=True):
    """An input or output; an open size (a batch, an output's that depends on the data) is -1. Only inputs have a `layout`, and
    `holds`, what an auxiliary one of a detector must be given."""

    name: str
    shape: tuple[Annotated[int, Meta(ge=-1, le=1 << 53)], ...]
    dtype: str | None = None
    layout: str | UnsetType | None = UNSET
    holds: str | UnsetType = UNSET


class Legalised(_Part, frozen=True, kw_only=True):
    """A rule that changed the program, in `count` places."""

    rule: str
    count: int
    reason: str


class Int8Gain(_Part, frozen=True, kw_only=True):
    """The share of fp32's instructions that int8-static saves on ARM with dot product, below 0 where it needs more: `counted`
    for this network in an emulator, or `expected` by a rule from those that were."""

    saved: float
    basis: Literal["counted", "expected"]


class NbFacts(_Part, frozen=True, kw_only=True):
    """What a `.nb` is made of: its parts, in bytes; operators by kernel, and how many the model had before it was legalised and
    optimised; parameters by type; what a precision did to it, and the operators, by type, that it left as they were."""

    topology_bytes: Size
    params_bytes: Size
    kernels: dict[str, int] | UnsetType = UNSET
    weights: dict[str, int] | UnsetType = UNSET
    effect: str | UnsetType | None = UNSET
    program_operators: int | UnsetType = UNSET
    left: dict[str, int] | UnsetType = UNSET
    int8_gain: Int8Gain | UnsetType | None = UNSET


class Simplification(_Part, frozen=True, kw_only=True):
    """What onnxsim did, or why its result was refused."""

    done: bool
    reason: str | None = None
    nodes_before: int | None = None
    onnxsim: str | None = None


class OnnxQuantised(_Part, frozen=True, kw_only=True):
    """What a quantised ONNX file has, operators by type; and what ONNX Runtime makes of it where it was converted (`kernels`:
    QLinearConv and QGemm are int8)."""

    operators: dict[str, int]
    kernels: dict[str, int]


class OnnxFacts(_Part, frozen=True, kw_only=True):
    """What an ONNX file is made of."""

    opset: int
    ir_version: int
    nodes: int
    simplification: Simplification
    quantised: OnnxQuantised | UnsetType = UNSET


class PartRecord(_Part, frozen=True, kw_only=True):
    """A file that belongs to the model file and lies beside it: its weights, where they are apart."""

    file: str
    sha256: str
    bytes: Size


class KeptLayer(_Part, frozen=True, kw_only=True):
    """A convolution, by the name of its weight. `harm`: how far the mean cosine of the network's output falls below 1 when it
    alone computes in int8; `kept`: it stays float."""

    layer: str
    harm: float
    kept: bool


class CalibrationRecord(_Part, frozen=True, kw_only=True):
    """How int8-static was calibrated; shares from 0 to 1. `network` is the quantised network's key in the cache; `keep` what
    was to stay float (a number, or below 1 a cosine), and `layers`, the most harmed first, what came of it."""

    images: int
    images_sha256: str
    algorithm: str
    preprocessing: Preprocessing
    quantised: int
    possible: int
    same_top: float | None = None
    mean_cosine: float | None = None
    network: str | UnsetType = UNSET
    keep: float | UnsetType = UNSET
    layers: tuple[KeptLayer, ...] | UnsetType = UNSET


class Figures(_Part, frozen=True, kw_only=True):
    """Outputs compared with Paddle's (docs/explanation/converting.md): the worst over all samples."""

    samples: int | UnsetType = UNSET
    cosine: float | None = None
    max_abs_error: float | None = None
    relative_error: float | None = None
    argmax_agreement: float | None = None
    spread: float | None = None


class VerificationRecord(_Part, frozen=True, kw_only=True):
    """How the verification went; without figures where nothing was compared. `unproven`: the file's kinds of kernels that
    did not run in it."""

    status: Literal["passed", "inconclusive", "skipped", "unavailable"]
    reason: str | None = None
    engine: str | UnsetType | None = UNSET
    target: str | UnsetType | None = UNSET
    ran: Literal["file", "twin"] | UnsetType | None = UNSET
    inputs: int | UnsetType | None = UNSET
    unproven: tuple[str, ...] | UnsetType = UNSET
    batches: tuple[int, ...] | UnsetType = UNSET
    input_ranges: tuple[str, ...] | UnsetType | None = UNSET
    samples_sha256: str | UnsetType | None = UNSET
    cosine: float | UnsetType | None = UNSET
    max_abs_error: float | UnsetType | None = UNSET
    relative_error: float | UnsetType | None = UNSET
    argmax_agreement: float | UnsetType | None = UNSET
    spread: float | UnsetType | None = UNSET
    rounded: Figures | UnsetType | None = UNSET
    before_simplification: Figures | UnsetType | None = UNSET


class ProofDevice(_Part, frozen=True, kw_only=True):
    """The device itself, and the system on it; `address` where it does not tell its serial number."""

    kind: str
    name: str | None = None
    serialno: str | None = None
    build: str | None = None
    soc: str | None = None
    address: str | None = None


class Proof(_Part, frozen=True, kw_only=True):
    """Outputs of the file with this `sha256` on a device, compared with Paddle's (`bench --check-output`).

    `engine` with its version; `inputs` counts the samples, over `input_ranges` or from a file; `date` is UTC.
    """

    sha256: str
    passed: bool
    sentence: str
    date: str
    device: ProofDevice
    program: str
    program_sha256: str
    engine: str
    precision: str | None = None
    threads: int
    inputs: int
    input_ranges: tuple[str, ...] | UnsetType | None = UNSET
    samples_sha256: str | UnsetType | None = UNSET
    cosine: float | None = None
    max_abs_error: float | None = None
    relative_error: float | None = None


class Metadata(_Part, frozen=True, kw_only=True):
    """What is known of one model file. Sizes in bytes, `flops` in multiply-accumulates.

    `parts` are the other files of the model; `onnx_sha256` is the ONNX file that it was made from.
    """

    format: str
    name: str
    file: str | None = None
    sha256: str
    bytes: Size | None = None
    model: NetworkRecord | None = None
    target: str | None = None
    precision: str | None = None
    engine: Maker | None = None
    opt_version: str | None = None
    recipe: RecipeRecord | None = None
    source: Source
    inputs: Annotated[tuple[Tensor, ...], Meta(min_length=1)]
    outputs: tuple[Tensor, ...] = ()
    preprocessing: Preprocessing | None = None
    class_num: Classes | None = None
    class_labels: tuple[str, ...] | UnsetType | None = UNSET
    flops: Size | None = None
    params: Size | None = None
    published: Published | None = None
    legalised: tuple[Legalised, ...] = ()
    nb: NbFacts | UnsetType = UNSET
    onnx: OnnxFacts | UnsetType = UNSET
    onnx_sha256: str | UnsetType = UNSET
    parts: tuple[PartRecord, ...] | UnsetType = UNSET
    calibration: CalibrationRecord | UnsetType | None = UNSET
    verification: VerificationRecord | None = None
    proofs: tuple[Proof, ...] | UnsetType = UNSET
    licence: str | None = None
    edgezoo: str | None = None


class Origin(_Part, frozen=True, kw_only=True):
    """What the results of a measurement keep of a network: its metadata, or what Paddle's own program has of it.

    All of it may be unknown: rows of the results outlive the version that wrote them.
    """

    name: str | None = None
    model: NetworkRecord | None = None
    precision: str | None = None
    engine: Maker | None = None
    source: Source | None = None
    inputs: tuple[Tensor, ...] = ()
    outputs: tuple[Tensor, ...] = ()
    preprocessing: Preprocessing | None = None
    class_num: int | None = None
    published: Published | None = None
    nb: NbFacts | None = None
    calibration: CalibrationRecord | None = None
    verification: VerificationRecord | None = None
    proofs: tuple[Proof, ...] = ()
