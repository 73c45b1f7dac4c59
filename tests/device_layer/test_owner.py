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


@pytest.mark.parametrize(
    ("other", "may_be_at_work"),
    [
        ({"boot": "another start", "machine": "another machine"}, True),  # both are called ubuntu, or localhost
        ({"boot": "another start", "machine": ""}, True),
        ({"space": "pid:[1]"}, True),  # a container with this machine's name, as with --network host
        ({"boot": "an earlier start"}, False),
        ({"boot": "an earlier start", "space": "pid:[1]"}, False),
    ],
)
def test_process_numbers_of_elsewhere_say_nothing_whatever_the_machine_is_called(
    monkeypatch: pytest.MonkeyPatch, other: dict[str, str], may_be_at_work: bool
) -> None:
    """They are no reason to take a lock from somebody who is measuring."""
    monkeypatch.setattr(owners, "machine_number", lambda: "5ca1ab1e")
    theirs = replace(Owner.me(), pid=4194305, **other)
    assert theirs.alive(0) is may_be_at_work
    assert not theirs.alive(FOREIGN_STALE_SECONDS)
    assert not replace(Owner.me(), pid=4194305).alive(0)


def test_a_record_of_an_earlier_edgezoo_is_read() -> None:
    line = Owner.me().line()
    earlier = line[: line.index(', "machine"')] + "}"
    assert (owner := Owner.parse(earlier)) is not None
    assert owner.alive(0)


def test_this_process_holds_what_it_holds() -> None:
    me = Owner.me()
    assert not me.alive(0)
    with held(me, "ab12"):
        assert me.alive(1e9)
        assert me.mine
    assert not me.alive(0)
    assert not me.mine
