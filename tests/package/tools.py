"""Android's tools in tests: skipped with a sentence where they are not installed."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from edge.errors import PackageError
from edge.package.sdk import PACKAGES, find_tools


def _present() -> bool:
    try:
        find_tools()
    except PackageError:
        return False
    return True


needs_android_tools = pytest.mark.skipif(
    not _present(), reason=f"needs Android's tools: apt-get install {' '.join(PACKAGES)}"
)


def run(*command: str | Path) -> str:
    """A tool's output; the test fails if the tool does."""
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
