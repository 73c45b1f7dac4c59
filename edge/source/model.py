"""An inference model: a program and its parameters, and where they came from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple

Kind = Literal["published", "random", "own", "checkpoint"]


class BuiltBy(NamedTuple):
    """The PaddleClas checkout that built a network: its folder, and the SHA-256 of its code."""

    architecture: str
    path: str
    sha256: str


@dataclass(frozen=True, slots=True)
class InferenceModel:
    """A pair of files that Paddle can run; `kind` says what the weights are: random ones never pass for trained.

    Of a model that Paddle 3 wrote, `pir` is its own program, and `program` the translation that everything but the reference
    is made from. `flops` counts multiply-accumulates as PaddleClas' table does; unknown values are None.
    """

    directory: Path
    program: Path
    params: Path
    program_sha256: str
    params_sha256: str
    kind: Kind
    paddle_version: str | None = None  # the Paddle that wrote the program
    seed: int | None = None  # random weights
    url: str | None = None  # published weights
    path: Path | None = None  # what the user named: own model or checkpoint
    flops: int | None = None
    params_count: int | None = None
    class_num: int | None = None
    archive_sha256: str | None = None  # of the published archive as downloaded
    archive_bytes: int | None = None
    pir: Path | None = None
    pir_sha256: str | None = None
    built_by: BuiltBy | None = None  # None: the engine's own PaddleClas, or it was built elsewhere
    remarks: tuple[str, ...] = ()  # on how it was read

    @property
    def reference_engine(self) -> Literal["paddle", "paddle3"]:
        """The engine that can run the model as it came: Paddle 3 for what Paddle 3 wrote, in either format."""
        return "paddle3" if self.pir or (self.paddle_version or "").startswith("3.") else "paddle"
