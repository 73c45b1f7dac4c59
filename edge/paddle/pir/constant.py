"""Tensors whose numbers are known when a program is translated."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from edge.paddle.schema import DTYPE_NUMBERS

MOST_NUMBERS = 1 << 20  # that are written out; shapes, axes and tables of positions have less


@dataclass(frozen=True, slots=True)
class Constant:
    """A tensor whose numbers are known. `values` holds all of them, or a single one that fills the shape."""

    dtype: str
    shape: tuple[int, ...]
    values: tuple[bool | int | float, ...]

    @property
    def count(self) -> int:
        count = 1
        for n in self.shape:
            count *= n
        return count

    @property
    def all(self) -> tuple[bool | int | float, ...]:
        """Every number, in the tensor's order. Raises ValueError where they are more than a program would hold."""
        check_count(self.count)
        return self.values if len(self.values) == self.count else self.values * self.count


def check_count(count: float) -> None:
    """Raises ValueError for more numbers than a program would hold."""
    if not count <= MOST_NUMBERS:
        raise ValueError(f"a constant of {count:g} numbers")


def dtype_number(name: Any) -> int:
    """VarType.Type of an element type; -1, as the old operators have it, where none is named."""
    return DTYPE_NUMBERS.get(str(name), -1)
