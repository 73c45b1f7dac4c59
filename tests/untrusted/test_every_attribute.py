"""Every attribute that edgezoo asks an operator for, given every type and hostile values, is refused or passed over.

What is asked is found by listening, not by a list: a rule that asks for another is tried here without a word.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edge.errors import EdgezooError
from edge.paddle import schema
from edge.paddle.program import Op, Program
from tests.untrusted.programs import handle, seeds

_SEEDS = 3  # programs with one operator and attribute that are tried
_MOST = 2**31 - 1
_VALUES: dict[str, Sequence[Any]] = {
    "INT": (-1, 0, 7, -100, _MOST),
    "LONG": (1, -(2**60)),
    "FLOAT": (1.5, 0.0, math.nan, math.inf),
    "STRING": ("", "x"),
    "BOOLEAN": (True,),
    "INTS": ([], [0], [7, 7], [-100, 5], [1, 2, 3], [1] * 4, [0] * 9, [_MOST] * 2),
    "LONGS": ([1], [-(2**40)] * 2),
    "FLOATS": ([], [0.0], [math.nan] * 2),
    "STRINGS": (["a"],),
    "BOOLEANS": ([True],),
}


def _damaged(data: bytes, kind: str, name: str) -> Iterator[bytes]:
    """The program without that attribute of its operators, and with it in every type."""
    for number, (held, field, repeated) in schema.ATTR_TYPES.items():
        for value in _VALUES.get(held, (None,)):
            message = Program.parse(data).copy_message()
            for op in [op for block in message.blocks for op in block.ops if op.type == kind]:
                kept = [attr for attr in op.attrs if attr.name != name]
                del op.attrs[:]
                op.attrs.extend(kept)
                new = op.attrs.add(name=name, type=number)
                if repeated:
                    getattr(new, field).extend(value or ())
                elif value is not None:
                    setattr(new, field, value)
            yield bytes(message.SerializeToString())
    for op in [op for block in message.blocks for op in block.ops if op.type == kind]:
        del op.attrs[-1]
    yield bytes(message.SerializeToString())


def test_what_is_asked_may_be_anything(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: dict[tuple[str, str], list[bytes]] = {}
    place, plain = tmp_path / "inference.pdmodel", Op.attr

    def listening(op: Op, name: str, default: Any = None) -> Any:
        users = asked.setdefault((op.type, name), [])
        if (data := place.read_bytes()) not in users:
            users.append(data)
        return plain(op, name, default)

    with monkeypatch.context() as patched:
        patched.setattr(Op, "attr", listening)
        for seed in seeds(tmp_path):
            place.write_bytes(seed)
            handle(place)
    assert len(asked) > 70  # it was listened to

    wrong = {}
    for (kind, name), users in asked.items():
        for program in (one for data in users[:_SEEDS] for one in _damaged(data, kind, name)):
            place.write_bytes(program)
            try:
                with suppress(EdgezooError), np.errstate(all="ignore"):
                    handle(place)
            except Exception as error:  # all of them are told
                wrong[kind, name] = repr(error)
    assert wrong == {}
