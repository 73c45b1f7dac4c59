"""What a plan is told: fields where the command line has options, and commands as they are typed."""

from __future__ import annotations

import pytest

from edge.bench.plan_words import PlanListener, field_meant, in_plan_words
from edge.errors import UsageError
from tests.bench.test_session import Heard


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("--devices 3: the lab has 2", "count = 3: the lab has 2"),
        ("--threads 1,4,99: from 1 to 256", "threads = [1,4,99]: from 1 to 256"),
        ("--device host, without --runner", 'serial = "host", without `runner`'),
        ("for instance --match soc=sd855", 'for instance match = { soc = "sd855" }'),
        ("--match soc=a b is no tag", 'match = { soc = "a b" } is no tag'),
        ("--match soc=a and soc=b: no place has both", 'match = { soc = "a" } and soc=b: no place has both'),
        ("it runs fp32 or int8-static", "it runs fp32"),
        ("--engine onnxruntime does", 'engines = ["onnxruntime"] does'),
        ("choose another device with -s", "choose another device as `serial`"),
        ("choose one with -s SERIAL, or all", "choose one as `serial`, or all"),
        ("with --target arm, or on another --device", "with --target arm, or on another `serial`"),
        ("`edgezoo runner build --for linux-arm64 --engine onnxruntime` builds it; or name another one with --runner PATH",
         '`edgezoo runner build --for linux-arm64 --engine onnxruntime` builds it; or name another one with runner = "PATH"'),
        ("name its kind with --runner-kind", "name its kind with `runner_kind`"),
        ("edgezoo device clean -s ab12", "edgezoo device clean -s ab12"),
        ("without --fresh the same command goes on", "without --fresh the same command goes on"),
    ],
)  # fmt: skip
def test_words(said: str, told: str) -> None:
    assert in_plan_words(said) == told


def test_what_a_session_says_passes_through() -> None:
    heard = Heard()
    listener = PlanListener(heard)  # type: ignore[arg-type]  # it hears of no downloads
    listener.line("--devices 2")
    listener.error("with -s")
    listener.now("now", 1, 2)
    assert heard.lines == ["count = 2", "as `serial`"]


@pytest.mark.parametrize(
    ("said", "field"), [("--threads 0: from 1", "threads"), ("--devices 0: from 1", None), ("no --threads", None)]
)
def test_the_field_that_is_meant(said: str, field: str | None) -> None:
    assert field_meant(UsageError(said)) == field
