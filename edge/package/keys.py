"""The key an APK is signed with: the user's own, or a debug key that is made once."""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from edge.cache.paths import data_dir
from edge.errors import OutputError, PackageError, UsageError
from edge.package.sdk import AndroidTools, run_tool

_DEBUG_PASSWORD = "android"  # as Android Studio's debug keystore: not a secret


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A keystore. `password` is where the password stands, as apksigner takes it: `env:NAME` or `file:PATH`."""

    keystore: Path
    alias: str | None
    password: str

    def arguments(self) -> list[str]:
        """apksigner's options."""
        alias = ["--ks-key-alias", self.alias] if self.alias else []
        return ["--ks", str(self.keystore), "--ks-pass", self.password, *alias]


def choose_key(tools: AndroidTools, keystore: Path | None, *, alias: str | None, password: str | None) -> SigningKey:
    """The user's key, or the debug key if no keystore is named. UsageError if only a part of it is said."""
    if keystore is None:
        if alias is not None or password is not None:
            raise UsageError("an alias or a password is no key: name the keystore too", hint="--keystore FILE")
        return debug_key(tools)
    if password is None:
        raise UsageError(f"where does the password of {keystore} stand?", hint="--key-password env:NAME or file:PATH")
    return user_key(keystore, alias=alias, password=password)


def user_key(keystore: Path, *, alias: str | None, password: str) -> SigningKey:
    """The user's key. Raises PackageError if the keystore or its password is not where it should be."""
    if not keystore.is_file():
        raise PackageError(f"there is no keystore {keystore}")
    kind, _, where = password.partition(":")
    if kind == "env" and where in os.environ:
        return SigningKey(keystore, alias, password)
    if kind == "file" and Path(where).is_file():
        return SigningKey(keystore, alias, password)
    raise PackageError(
        f"the password of {keystore} is not to be found at '{password if kind in ('env', 'file') else '...'}'",
        hint="--key-password env:NAME (an environment variable) or file:PATH; on a command line others could read it",
    )


def debug_key(tools: AndroidTools) -> SigningKey:
    """edgezoo's own debug key in the data directory, made at its first use; like any debug key it proves nothing."""
    keystore = data_dir() / "debug.keystore"
    key = SigningKey(keystore, "androiddebugkey", f"pass:{_DEBUG_PASSWORD}")
    if keystore.is_file():
        return key
    try:
        keystore.parent.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(prefix=".key-", dir=keystore.parent) as scratch:
            made = Path(scratch, keystore.name)
            command: list[str | Path] = [tools.keytool, "-genkeypair", "-keystore", made, "-storetype", "PKCS12"]
            command += [
                "-storepass",
                _DEBUG_PASSWORD,
                "-alias",
                "androiddebugkey",
                "-keyalg",
                "RSA",
                "-keysize",
                "2048",
            ]
            command += ["-validity", "10000", "-dname", "CN=Android Debug,O=Android,C=US"]
            run_tool(command, "the debug key could not be made")
            with contextlib.suppress(FileExistsError):  # another process was faster: its key is the one
                keystore.hardlink_to(made)
    except OSError as error:
        raise OutputError(f"{keystore} could not be written: {error.strerror}") from error
    return key
