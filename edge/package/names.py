"""Names in an Android package: of models, which become directories and resources, and of the package itself."""

from __future__ import annotations

import re
from collections.abc import Sequence

from edge.errors import PackageError

_IDENTIFIER = re.compile(r"[A-Za-z][A-Za-z0-9_]*", re.ASCII)

# Java's keywords and literals (JLS 3.9, 3.10): no resource and no package segment can be called so.
_RESERVED = re.compile(
    "abstract|assert|boolean|break|byte|case|catch|char|class|const|continue|default|do|double|else|enum|extends|false"
    "|final|finally|float|for|goto|if|implements|import|instanceof|int|interface|long|native|new|null|package|private"
    "|protected|public|return|short|static|strictfp|super|switch|synchronized|this|throw|throws|transient|true|try"
    "|void|volatile|while"
)


def check_model_name(name: str) -> str:
    """The name, if a resource and an assets directory can be called so; else PackageError.

    A leading underscore is no good: aapt leaves directories out whose name begins with one.
    """
    if not _is_identifier(name) or name.upper() == "CVS":  # aapt leaves CVS out, too
        raise PackageError(
            f"'{name}' cannot be a model's name in an Android package: it is no Java identifier",
            hint="letters, digits and underscores, a letter first; rename it with NEW_NAME=FILE.nb",
        )
    return name


def check_distinct(names: Sequence[str]) -> None:
    """PackageError if two names are the same, be it only where letter case does not count."""
    seen: dict[str, str] = {}
    for name in names:
        other = seen.setdefault(name.lower(), name)
        if names.count(name) > 1 or other != name:
            which = f"two models are called '{name}'"
            if other != name:
                which = f"the models '{other}' and '{name}' differ only in letter case"
            raise PackageError(f"{which}, so they cannot lie in one package", hint="rename one with NEW_NAME=FILE.nb")


def check_package_id(package_id: str) -> str:
    """The id, if it can be an Android application id and a Gradle namespace; else PackageError."""
    parts = package_id.split(".")
    if len(parts) < 2 or not all(map(_is_identifier, parts)):
        raise PackageError(
            f"'{package_id}' is no Android package id",
            hint="two or more Java identifiers with dots between them, such as com.example.models",
        )
    return package_id


def default_package_id(names: Sequence[str]) -> str:
    """`edgezoo.models.NAME` in lower case; `edgezoo.models.bundle` for several models."""
    return f"edgezoo.models.{names[0].lower()}" if len(names) == 1 else "edgezoo.models.bundle"


def _is_identifier(word: str) -> bool:
    return bool(_IDENTIFIER.fullmatch(word)) and not _RESERVED.fullmatch(word)
