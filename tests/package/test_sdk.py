"""Finding Android's tools."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from edge.errors import PackageError
from edge.package.sdk import find_tools, run_tool


def program(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)


def test_an_sdk_serves_where_path_has_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The newest of its build tools and platforms, by number and not by letter."""
    sdk = tmp_path / "sdk"
    for version in ("9.0.0", "35.0.1"):
        for name in ("aapt2", "apksigner"):
            program(sdk / "build-tools" / version / name)
    for level in ("9", "35"):
        program(sdk / "platforms" / f"android-{level}" / "android.jar")
    program(tmp_path / "bin/keytool")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("ANDROID_HOME", str(sdk))
    tools = find_tools()
    assert tools.aapt2 == sdk / "build-tools/35.0.1/aapt2"
    assert tools.keytool == tmp_path / "bin/keytool"
    assert tools.framework == sdk / "platforms/android-35/android.jar"


def test_what_is_missing_is_named_with_its_packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(tmp_path / "keytool")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("ANDROID_HOME", raising=False)
    monkeypatch.delenv("ANDROID_SDK_ROOT", raising=False)
    with pytest.raises(PackageError, match="an APK cannot be made here: aapt2, apksigner") as raised:
        find_tools()
    assert "sudo apt-get install aapt apksigner android-framework-res" in raised.value.hint


def test_a_tool_that_fails_is_quoted(tmp_path: Path) -> None:
    script = "import sys; print('reading'); print('AndroidManifest.xml:3: error: bad', file=sys.stderr); sys.exit(1)"
    with pytest.raises(PackageError, match=r"^the link failed: AndroidManifest\.xml:3: error: bad$"):
        run_tool([sys.executable, "-c", script], "the link failed")
    with pytest.raises(PackageError, match=r"ended with 3$"):
        run_tool([sys.executable, "-c", "raise SystemExit(3)"], "it")
    with pytest.raises(PackageError, match="none cannot be started: No such file"):
        run_tool([tmp_path / "none"], "it")
