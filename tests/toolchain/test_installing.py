"""What uv shows on a terminal becomes bytes of how many; what it leaves is kept where it failed."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.errors import EnvironmentSetupError
from edge.toolchain.installing import Downloads, uv_install


def test_bytes_are_added_up_over_packages() -> None:
    heard: list[tuple[str, int, int]] = []
    downloads = Downloads(lambda what, done, of: heard.append((what, done, of)))
    downloads.read("Preparing packages... (0/3)   numpy   ------- 1.00 MiB/16.00 MiB   pygments --- 512.0 KiB/1.00 MiB")
    downloads.read("numpy --------- 2.00 MiB/16.00 MiB")
    downloads.read("Installed 3 packages in 20ms")
    assert heard == [
        ("downloading numpy", 2**20 + 2**19, 17 * 2**20),
        ("downloading numpy", 3 * 2**20, 17 * 2**20),
        ("unpacking", 17 * 2**20, 17 * 2**20),
    ]


def test_what_is_no_progress_is_none() -> None:
    heard: list[str] = []
    Downloads(lambda what, *_: heard.append(what)).read("Resolving dependencies... and/or 3 MB/s")
    assert heard == []


def test_a_failure_says_where_all_of_it_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDGEZOO_CACHE_DIR", str(tmp_path))
    with pytest.raises(EnvironmentSetupError, match="packages of x could not be installed") as failed:
        uv_install("x", ("pip", "install", "--python", str(tmp_path / "none"), "numpy"), working=lambda *_: None)
    log = tmp_path / "logs/install-x.log"
    assert str(log) in failed.value.hint
    assert "\x1b" not in failed.value.message
    assert str(tmp_path / "none") in log.read_text().replace("\n", "")


def test_nothing_is_kept_of_what_went_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDGEZOO_CACHE_DIR", str(tmp_path))
    uv_install("x", ("--version",), working=lambda *_: None)
    assert list((tmp_path / "logs").iterdir()) == []
