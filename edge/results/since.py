"""A moment in the past, as people say it."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from edge.errors import UsageError

_UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}
_WORDS = {"last week": timedelta(weeks=1), "last month": timedelta(days=30), "last year": timedelta(days=365)}


def moment(text: str, now: datetime | None = None) -> float:
    """Seconds since the epoch of `2026-11-18`, `2026-11-18 14:30`, `7d`, `12h`, `2w`, "today", "yesterday", "last week".

    A day begins at midnight of local time; "last week" is seven days ago, "last month" thirty. Raises `UsageError`.
    """
    today = now or datetime.now().astimezone()
    words = " ".join(text.lower().split())
    midnight = today.replace(hour=0, minute=0, second=0, microsecond=0)
    try:
        if words in ("today", "yesterday"):
            return (midnight - timedelta(days=words == "yesterday")).timestamp()
        if words in _WORDS:
            return (today - _WORDS[words]).timestamp()
        if ago := re.fullmatch(r"(\d{1,6})([hdw])", words):
            return (today - int(ago[1]) * _UNITS[ago[2]]).timestamp()
        return datetime.fromisoformat(text.strip()).timestamp()
    except (ValueError, OverflowError, OSError):
        raise UsageError(
            f"--since {text} is no moment", hint='a date such as 2026-11-18, 7d, 12h, 2w, yesterday, or "last week"'
        ) from None
