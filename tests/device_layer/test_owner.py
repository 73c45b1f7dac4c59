"""Whether the holder of a lock may still be at work."""

from __future__ import annotations

import os
from dataclasses import fields, replace

import pytest

from edge.bench.request import Request
from edge.device import owner as owners
from edge.device.owner import FOREIGN_STALE_SECONDS, Owner, held

ELSEWHERE = replace(Owner.me(), host="another-machine")


@pytest.mark.parametrize(
    ("silent", "alive"),
    [(0, True), (FOREIGN_STALE_SECONDS - 1, True), (FOREIGN_STALE_SECONDS, False), (1e9, False), (None, True)],
)
def test_another_machines_lock_is_stale_when_it_was_silent_for_the_limit(silent: float | None, alive: bool) -> None:
    assert ELSEWHERE.alive(silent) is alive


def test_the_limit_is_longer_than_a_launch_and_shorter_than_a_day() -> None:
    """Its holder gives a sign of life at every launch, which may take ten minutes (`Request.launch_timeout`)."""
    launch = next(field.default for field in fields(Request) if field.name == "launch_timeout")
    assert isinstance(launch, float)
    assert 2 * launch < FOREIGN_STALE_SECONDS <= 24 * 3600


def test_this_machines_lock_is_known_by_its_process_however_long_it_was_silent() -> None:
    parent = replace(Owner.me(), pid=os.getppid(), started=owners._started(os.getppid()) or "")
    assert parent.alive(1e9)
    assert not replace(parent, started="1").alive(0)
    assert not replace(parent, boot="an earlier one").alive(0)


def test_this_process_holds_what_it_holds() -> None:
    me = Owner.me()
    assert not me.alive(0)
    with held(me, "ab12"):
        assert me.alive(1e9)
        assert me.mine
    assert not me.alive(0)
    assert not me.mine
