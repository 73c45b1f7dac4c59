"""Many orders, several at once: each is made as its product says, within the machine's memory."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from pathlib import Path

from edge.convert.order import Conversion, Order, P
from edge.convert.overwriting import check_overwriting
from edge.convert.schedule import Schedule
from edge.convert.verify.asked import NOTHING_ASKED, InputsAsked
from edge.convert.work import Work, Working
from edge.errors import OutputError, foreseen
from edge.source.download import Progress
from edge.source.retention import ExportRetention
from edge.toolchain.toolbox import Toolbox


def convert_models(
    orders: Sequence[Order[P]],
    out: Path,
    *,
    verify: bool = True,
    inputs: InputsAsked = NOTHING_ASKED,
    jobs: int | None = None,
    done: Callable[[Conversion[P]], None] = lambda _: None,
    progress: Callable[[str], Progress] = lambda _name: lambda _done, _all: None,
    say: Callable[[str], None] = lambda _: None,
    working: Callable[[str], Working] = lambda _name: lambda _what, _done, _of: None,
    keep: bool = True,
    replace: bool = True,
) -> list[Conversion[P]]:
    """Make every order's files in `out`; returns how each ended, in the order of `orders`.

    The files are `NAME.nb` and `NAME.json`, or `NAME.onnx` and `NAME.onnx.json`.
    They are verified with the `inputs` asked for. `jobs` models are worked on at once (default: one a core). `done` hears each
    outcome as it comes, from the calling thread; `progress(name)` gives the listener for one model's download; `say` hears of
    long set-up work; `working(name)` gives the listener for how far one model's work is (`edge.convert.work`; "" at its end).
    What goes wrong with one model, be it a bug, is its outcome's `error` and stops no other one. Of several at once the longest
    come first, as far as there is memory for them (`edge.convert.schedule`). Large exports do not stay in the cache; without
    `keep`, nothing of any model does but how its verification went. Without `replace`, a file of that name which was made
    otherwise stays, and the order fails.
    Raises `OutputError` when `out` cannot be used.
    """
    _check_place(out)
    jobs = min(jobs or len(os.sched_getaffinity(0)), max(1, len(orders)))
    retention = ExportRetention([order.network for order in orders], keep_small=keep)
    with Toolbox(say=say, working=working) as tools:

        def convert(order: Order[P]) -> Conversion[P]:
            work = Work(
                order.name,
                order.model,
                order.weights,
                order.network,
                out,
                verify,
                keep,
                tools,
                retention,
                progress(order.name),
                inputs,
                working(order.name),
            )
            try:
                try:
                    if not replace:
                        check_overwriting(order, out)
                    made, reused = order.make(work)
                finally:
                    work.working("", 0, 0)
                    retention.done_with(order.network)
                return Conversion(order, made, None, reused, work.seconds, tuple(work.remarks))
            except Exception as error:
                return Conversion(order, None, foreseen(error), False, work.seconds)

        if jobs == 1:
            outcomes = []
            for order in orders:
                outcomes.append(convert(order))
                done(outcomes[-1])
            return outcomes
        return _in_parallel(convert, orders, jobs, done)


def _in_parallel(
    convert: Callable[[Order[P]], Conversion[P]],
    orders: Sequence[Order[P]],
    jobs: int,
    done: Callable[[Conversion[P]], None],
) -> list[Conversion[P]]:
    schedule = Schedule(orders)

    def convert_next() -> tuple[int, Conversion[P]]:
        at = schedule.take()
        try:
            return at, convert(orders[at])
        finally:
            schedule.ended(at)

    executor = ThreadPoolExecutor(jobs)
    waiting = {executor.submit(convert_next) for _ in orders}
    outcomes: dict[int, Conversion[P]] = {}
    try:
        while waiting:
            ended, waiting = wait(waiting, return_when=FIRST_COMPLETED)
            for at, outcome in (future.result() for future in ended):
                outcomes[at] = outcome
                done(outcome)
    finally:
        # After Ctrl-C the toolbox ends all workers: what the threads wait for then fails, and they end.
        executor.shutdown(wait=False, cancel_futures=True)
    return [outcomes[at] for at in range(len(orders))]


def _check_place(out: Path) -> None:
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{out} cannot be made: {error.strerror}", hint="name another directory with -o") from error
    if not os.access(out, os.W_OK | os.X_OK):
        raise OutputError(f"{out} is not writable", hint="name another directory with -o")
