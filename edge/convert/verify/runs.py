"""How far a verification is, how long its inputs take, and how many of them fit into a given time."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from edge.convert.verify.judge import Domain, Run
from edge.toolchain.worker import Heard

Tell = Callable[[str, int, int], None]  # what is being done, how many pieces of it are, and of how many

LEAST = 2  # inputs of a kind: one alone tells nothing apart


class Runs:
    """Counts the runs of single inputs, by engine. `tell` hears of each; `planned` are those of a verification that passes."""

    def __init__(self, tell: Tell = lambda _what, _done, _of: None, planned: int = 0) -> None:
        self._tell, self.planned, self._done = tell, planned, 0
        self.seconds: dict[str, float] = {}  # that one input takes, by engine

    def of(self, engine: str, count: int) -> Heard:
        """A listener for a worker that runs `count` inputs."""
        began, before = time.monotonic(), self._done

        def heard(done: int, _: int) -> None:
            nonlocal began
            if done == 0:
                began = time.monotonic()  # the engine is loaded now
            else:
                self.seconds[engine] = (time.monotonic() - began) / done
            self._done = before + done
            self._tell(f"verify: {engine}", self._done, max(self.planned, before + count))

        return heard


def within(seconds: float, domains: Sequence[Domain], lite: Run, paddle: Run, runs: Runs) -> list[Domain]:
    """As many inputs of these kinds as both engines run in so many seconds, going by one that they are given first."""
    began, one = time.monotonic(), domains[0].draw(0)[:1]
    lite(one)
    paddle(one)
    each = sum(runs.seconds.values()) or time.monotonic() - began
    left = seconds - (time.monotonic() - began)
    most = int(left / each)
    return list(domains) if most >= sum(len(domain.draw(0)) for domain in domains) else fewer(domains, most)


def fewer(domains: Sequence[Domain], most: int) -> list[Domain]:
    """These kinds with `most` inputs together, of each `LEAST` at least; where that is too few, the first kind alone."""
    if most < LEAST * len(domains):
        return [_first(domains[0], max(LEAST, most))]
    spare = most - LEAST * (len(domains) - 1)
    return [_first(domains[0], spare), *(_first(domain, LEAST) for domain in domains[1:])]


def _first(domain: Domain, count: int) -> Domain:
    return replace(domain, draw=lambda round_: domain.draw(0)[:count] if round_ == 0 else [])
