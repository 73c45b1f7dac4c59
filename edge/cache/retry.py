"""Another try where another try can help, a bounded number of times for each kind of failure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

T = TypeVar("T")
E = TypeVar("E", bound=Exception)


@dataclass(frozen=True, slots=True)
class Remedy(Generic[E]):
    """For errors of these `kinds` for which `when` holds: at most `times` further tries, each after a call of `before`.

    What `before` raises ends it all.
    """

    kinds: tuple[type[E], ...]
    times: int
    before: Callable[[E], object] = lambda _: None
    when: Callable[[E], bool] = lambda _: True


def retry(operation: Callable[[], T], *remedies: Remedy[Any]) -> T:
    """Do `operation`, and again after an error for which a remedy is left: the first that fits. Raises the last error."""
    left = [remedy.times for remedy in remedies]
    while True:
        try:
            return operation()
        except Exception as error:
            fits = (n for n, one in enumerate(remedies) if isinstance(error, one.kinds) and one.when(error))
            number = next(fits, None)
            if number is None or not left[number]:
                raise
            left[number] -= 1
            remedies[number].before(error)
