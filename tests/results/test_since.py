"""Moments as people say them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from edge.errors import UsageError
from edge.results.since import moment

NOW = datetime(2026, 11, 25, 19, 30, 5, tzinfo=timezone(timedelta(hours=1)))


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("7d", datetime(2026, 11, 18, 19, 30, 5, tzinfo=NOW.tzinfo)),
        ("12h", datetime(2026, 11, 25, 7, 30, 5, tzinfo=NOW.tzinfo)),
        ("2w", datetime(2026, 11, 11, 19, 30, 5, tzinfo=NOW.tzinfo)),
        ("last week", datetime(2026, 11, 18, 19, 30, 5, tzinfo=NOW.tzinfo)),
        (" Last  Week ", datetime(2026, 11, 18, 19, 30, 5, tzinfo=NOW.tzinfo)),
        ("today", datetime(2026, 11, 25, tzinfo=NOW.tzinfo)),
        ("yesterday", datetime(2026, 11, 24, tzinfo=NOW.tzinfo)),
        ("2026-11-18T10:00:00+00:00", datetime(2026, 11, 18, 10, tzinfo=UTC)),
        ("2026-11-18", datetime(2026, 11, 18)),
        ("2026-11-18 14:30", datetime(2026, 11, 18, 14, 30)),
    ],
)
def test_moments(text: str, meant: datetime) -> None:
    assert moment(text, NOW) == meant.timestamp()


@pytest.mark.parametrize("text", ["", "soon", "7", "7 parsecs", "2026-13-01", "999999w", "-3d"])
def test_what_is_no_moment_is_told(text: str) -> None:
    with pytest.raises(UsageError, match="is no moment"):
        moment(text, NOW)
