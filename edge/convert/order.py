"""What the pipeline is given and gives back: orders, of whatever product, and how each ended."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Hashable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic, Protocol, TypeVar

from edge.convert.work import Work
from edge.errors import EdgezooError
from edge.metadata.model import Metadata
from edge.source.weights import Weights
from edge.zoo.model import ClasNetwork


class Product(Protocol):
    """A file that was made, and its metadata (docs/reference/metadata.md). Sizes in bytes."""

    @property
    def path(self) -> Path: ...
    @property
    def sha256(self) -> str: ...
    @property
    def bytes(self) -> int: ...
    @property
    def metadata(self) -> Metadata: ...


P = TypeVar("P", bound=Product)
P_co = TypeVar("P_co", bound=Product, covariant=True)


@dataclass(frozen=True, slots=True)
class Order(ABC, Generic[P_co]):
    """One model to convert: a network that PaddleClas builds, or (`model` None) one of the user's own under a `name`.

    Each product is a class of its own (`edge.convert.products`), which says what else it takes and how it is made.
    """

    name: str
    model: ClasNetwork | None
    weights: Weights

    @property
    def network(self) -> Hashable:
        """What orders that share an export have in common."""
        architecture = self.model.architecture if self.model else self.name
        return architecture, self.model.input_shape if self.model else None, self.weights

    @property
    @abstractmethod
    def kind(self) -> str:
        """The format of the file: `nb` or `onnx`."""

    @property
    @abstractmethod
    def runs(self) -> str:
        """What the file is for, in a word or two: `arm fp32`, `ONNX Runtime`."""

    @abstractmethod
    def make(self, work: Work) -> tuple[P_co, bool]:
        """The product in its place, and whether nothing had to be done. Raises an `EdgezooError`."""


@dataclass(frozen=True, slots=True)
class Conversion(Generic[P_co]):
    """How one order ended: `made`, or `error`. `reused`: nothing had to be done. Seconds by stage; `remarks` to be told."""

    order: Order[P_co]
    made: P_co | None
    error: EdgezooError | None
    reused: bool
    seconds: dict[str, float] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()
