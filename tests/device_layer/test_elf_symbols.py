"""Symbols are found as the loader finds them, in libraries of real compilers and in damaged ones."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from edge.device.elf import read_library
from edge.device.elf_symbols import offers
from edge.errors import PackageError
from tests.device_layer.test_elf import DAMAGE, damaged
from tests.package.conftest import compile_library

TEXT = "extern int wanted; int one = 1; int two(void) { return wanted; } static int three; int *four(void) { return &three; }"
TEXT += ' __attribute__((weak)) int five; __attribute__((visibility("hidden"))) int six;'
TEXT += "".join(f" int many_{number};" for number in range(40))
OFFERED = ("one", "two", "four", "five", *(f"many_{number}" for number in range(40)))


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("library") / "lib.so"
    compile_library(path, "x86_64", TEXT)
    return path.read_bytes()


@pytest.mark.parametrize("style", ["gnu", "sysv", "both"])
@pytest.mark.parametrize("abi", ["arm64-v8a", "x86_64"])
def test_what_a_library_offers(tmp_path: Path, abi: str, style: str) -> None:
    path = tmp_path / "lib.so"
    compile_library(path, abi, TEXT, links=[f"-Wl,--hash-style={style}"])
    data = path.read_bytes()
    headers = read_library(data, "lib.so")
    assert all(offers(data, headers, name, "lib.so") for name in OFFERED)
    for name in ("wanted", "three", "six", "seven", "", "OrtGetApiBase"):
        assert not offers(data, headers, name, "lib.so")


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(damage=DAMAGE)
def test_damage_is_read_or_refused(library: bytes, damage: list[tuple[int, int]]) -> None:
    data = damaged(library, damage)
    with contextlib.suppress(PackageError):
        headers = read_library(data, "lib.so")
        assert offers(data, headers, "many_7", "lib.so") in (True, False)
