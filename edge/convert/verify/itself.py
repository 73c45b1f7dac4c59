"""The converted file itself, run on this machine: its operators, variables and weights, on x86 kernels instead of ARM's.

What is judged is then what the phone gets, and opt need not convert the network a second time. It is possible where the x86
engine is known to have a kernel for each operator that computes as opt's own conversion for x86 does (edge.nb.x86).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from edge.convert.recipe import Recipe
from edge.convert.verify.compare import Outputs
from edge.convert.verify.engines import run_lite
from edge.convert.verify.inputs import Sample
from edge.convert.verify.points import Points
from edge.convert.verify.runs import Runs
from edge.errors import NbFormatError
from edge.nb.header import read_header, with_topology
from edge.nb.program import topology_of
from edge.nb.x86 import for_x86, with_logits
from edge.paddle.program import Program
from edge.toolchain.worker import Lend

_ENGINES = frozenset({"2.13rc0"})  # whose kernels edge.nb.x86 knows
_TARGETS = frozenset({"arm", "x86"})
_PRECISIONS = frozenset({"fp32", "int16", "int8"})  # the others have kernels that x86 has not, or that round otherwise


class Itself:
    """A `.nb` of which the first `replaced` bytes are given as `head`, with the inputs `feeds` and outputs `fetches`."""

    def __init__(
        self,
        lend: Lend,
        nb: Path,
        head: bytes,
        replaced: int,
        feeds: Sequence[str],
        fetches: Sequence[str],
        scratch: Path,
        runs: Runs,
    ) -> None:
        self._lend, self._nb, self._replaced, self._scratch, self._runs = lend, nb, replaced, scratch, runs
        self._feeds, self._fetches = feeds, fetches
        self._head = scratch / "head.nb"
        self._head.write_bytes(head)

    def run(self, given: Sequence[Sample]) -> Outputs:
        """Its outputs for these samples. Raises `TwinDiedError`."""
        with self._lend() as worker:
            return run_lite(worker, self._nb, given, self._feeds, self._fetches, self._scratch, self._runs,
                            head=str(self._head), replaced=self._replaced)  # fmt: skip


def itself_of(
    lend: Lend, nb: Path, recipe: Recipe, program: Program, points: Points, scratch: Path, runs: Runs
) -> Itself | None:
    """The file `nb`, made of `program` by `recipe`, with the `points` as its outputs; None where it cannot be run here."""
    if recipe.engine not in _ENGINES or recipe.target not in _TARGETS or recipe.precision not in _PRECISIONS:
        return None
    own = tuple(spec.name for spec in program.fetches)
    if points.values != own or (points.logits and len(own) != 1):
        return None
    try:
        header = read_header(nb)
        topology = for_x86(topology_of(nb, header))
        if topology is not None and points.logits:
            topology = with_logits(topology)
    except NbFormatError:
        return None
    if topology is None:
        return None
    head, replaced = with_topology(nb, header, topology)
    feeds = [spec.name for spec in program.feeds]
    return Itself(lend, nb, head, replaced, feeds, points.names, scratch, runs)
