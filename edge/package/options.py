"""What `edgezoo package` is asked for, checked before anything is begun."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

from edge.cache.files import check_replaceable
from edge.errors import OutputError, UsageError
from edge.package.assets import find_module
from edge.package.keys import SigningKey, choose_key
from edge.package.litelib import LiteRelease, check_versions, find_release
from edge.package.names import check_package_id
from edge.package.request import PackageRequest
from edge.package.sdk import AndroidTools, find_tools
from edge.source.weights import Weights

Form = Literal["aar", "assets", "apk"]


@dataclass(frozen=True, kw_only=True)
class PackageOptions:
    """The options of the command, as `edgezoo package --help` explains them.

    Raises `UsageError` for what does not belong together, and what reading the files named raises.
    """

    targets: tuple[str, ...]
    form: Form = "aar"
    output: Path | None = None
    app: Path | None = None
    package_id: str | None = None
    labels: tuple[str, ...] = ()
    lite_lib: tuple[Path, ...] = ()
    lite_version: str | None = None
    abi: tuple[str, ...] = ()
    keystore: Path | None = None
    key_alias: str | None = None
    key_password: str | None = None
    weights: Weights = Weights("published")  # noqa: RUF009 - it is frozen

    def __post_init__(self) -> None:
        self._check_combination()
        if self.package_id:
            check_package_id(self.package_id)
        if self.output is not None and not self.output.absolute().parent.is_dir():
            raise OutputError(
                f"{self.output} could not be written: No such file or directory", hint="make its folder first"
            )
        if self.output is not None:
            check_replaceable(self.output, "package")
        if self.app is not None:
            find_module(self.app)
        if self.release is not None:
            check_versions(self.release, list(self.wanted.files.values()))
        _ = self.wanted, self.signer

    @cached_property
    def wanted(self) -> PackageRequest:
        """The models."""
        return PackageRequest.parse(self.targets, self.labels, self.weights)

    @cached_property
    def release(self) -> LiteRelease | None:
        """The Android release of Paddle-Lite that goes along."""
        if not self.lite_lib:
            return None
        return find_release(self.lite_lib, abis=self.abi, version=self.lite_version)

    @cached_property
    def signer(self) -> tuple[AndroidTools, SigningKey] | None:
        """What an APK is made and signed with."""
        if self.form != "apk":
            return None
        tools = find_tools()
        return tools, choose_key(tools, self.keystore, alias=self.key_alias, password=self.key_password)

    def _check_combination(self) -> None:
        if self.form == "assets" and (self.app is None or self.output is not None):
            raise UsageError("files go into an app: name it with --app DIR, without -o")
        if self.output is not None and self.output.suffix in (".aar", ".apk") and self.output.suffix != f".{self.form}":
            raise UsageError(
                f"{self.output} would be an {self.form.upper()}",
                hint=f"--format {self.output.suffix[1:]}, or another name",
            )
        if self.form == "assets" and self.package_id:
            raise UsageError("--id is for an AAR or APK: the app has its own", hint="leave it out")
        if self.form != "assets" and self.app is not None:
            raise UsageError("--app belongs to --format assets")
        if self.form == "apk" and self.lite_lib:
            raise UsageError(
                "an APK of models has no code, so no engine goes into it", hint="--lite-lib is for aar and assets"
            )
        if (self.abi or self.lite_version) and not self.lite_lib:
            raise UsageError("--abi and --lite-version say something of a release: name it with --lite-lib DIR")
        if self.form != "apk" and (self.keystore or self.key_alias or self.key_password):
            raise UsageError("only an APK is signed: the options of the key belong to --format apk")
