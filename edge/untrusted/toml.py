"""TOML that a user, or somebody else, wrote."""

from __future__ import annotations

from typing import Any

from edge.errors import EdgezooError
from edge.untrusted.guard import guarded


def toml_table(content: str | bytes, what: str, *, error: type[EdgezooError], hint: str = "") -> dict[str, Any]:
    """The table, of text or of UTF-8. Raises `error` for what is no TOML, however deep it goes."""
    import tomllib

    with guarded(error, f"{what} is no TOML", hint=hint):
        return tomllib.loads(content if isinstance(content, str) else content.decode())
