"""Paddle-Lite's releases for devices: which archive is the right one, fetched once, and what of it a runner needs.

The names are those of the assets at github.com/PaddlePaddle/Paddle-Lite/releases.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from shutil import rmtree
from tempfile import TemporaryDirectory

from edge.cache.hashing import sha256_of
from edge.cache.keys import key_of
from edge.cache.paths import cache_dir
from edge.cache.store import Cache
from edge.errors import DownloadError, RunnerBuildError
from edge.runner.options import RELEASE, RunnerOptions
from edge.source.archive import unpack
from edge.source.download import download

_BASE = "https://github.com/PaddlePaddle/Paddle-Lite/releases/download"
_MOST = 1 << 30  # bytes; the archives have some tens of MB

ARM_LINUX = {"linux-arm64": "armv8", "linux-armv7": "armv7hf"}
"""Boards, and what their libraries are called; those of `armv7` without `hf` pass floats otherwise, and do not link."""

HEADER = "cxx/include/paddle_api.h"
ARCHIVE = "cxx/lib/libpaddle_api_light_bundled.a"


@dataclass(frozen=True, slots=True)
class Release:
    """An unpacked library, and where it is from. `sha256` and `bytes`: of the archive, or of the library in a folder."""

    folder: Path
    source: str
    sha256: str
    bytes: int


@contextmanager
def opened(
    options: RunnerOptions, platform: str, *, say: Callable[[str], None], progress: Callable[[int, int | None], None]
) -> Iterator[Release]:
    """The library that is named, or the release's for that platform; what is fetched is kept, and said.

    Raises `RunnerBuildError`, `DownloadError`, `ArchiveError`.
    """
    if options.lite_lib is not None and options.lite_lib.is_dir():
        library = options.lite_lib / ARCHIVE
        _check(options.lite_lib, str(options.lite_lib))
        yield Release(options.lite_lib, str(options.lite_lib.absolute()), sha256_of(library), library.stat().st_size)
        return
    if options.lite_lib is not None:
        packed, source = options.lite_lib, str(options.lite_lib.absolute())
    else:
        packed, source = _fetched(options.lite_release or RELEASE, platform, say, progress)
    sha256, size = sha256_of(packed), packed.stat().st_size
    say(f"{source}: {size:,} bytes, sha256 {sha256}")
    with TemporaryDirectory(prefix="edgezoo-") as scratch:
        unpack(packed, Path(scratch), wanted=_needed)
        inside = next((path.parents[2] for path in Path(scratch).rglob(HEADER)), Path(scratch))
        _check(inside, source)
        yield Release(inside, source, sha256, size)


def addresses(version: str, platform: str) -> tuple[str, ...]:
    """Where a release has its library for a platform: the first that is there is taken.

    With the extra operators, which transformers and some mobile networks need. Releases differ in which of the two C++
    runtimes they were published with for Android; the static archive inside fits a program with either.
    """
    tag = version if version.startswith("v") else f"v{version}"
    if platform in ARM_LINUX:
        names = [f"armlinux.{ARM_LINUX[platform]}.gcc"]
    else:
        arm = "armv8" if platform.endswith("arm64-v8a") else "armv7"
        names = [f"android.{arm}.clang.c++_static", f"android.{arm}.clang.c++_shared"]
    return tuple(f"{_BASE}/{tag}/inference_lite_lib.{name}.with_extra.with_cv.tar.gz" for name in names)


def _fetched(
    release: str, platform: str, say: Callable[[str], None], progress: Callable[[int, int | None], None]
) -> tuple[Path, str]:
    store = Cache(cache_dir() / "releases")
    candidates = (release,) if release.startswith("https:") else addresses(release, platform)
    for url in candidates:
        if (entry := store.get(key_of({"url": url}), content=True)) is not None:
            return entry.folder / entry.facts["name"], url
    for url in candidates:
        key = key_of({"url": url})
        with store.making(key) as part:
            if (entry := store.get(key, content=True)) is None:
                place = cache_dir() / "downloads" / key
                say(f"fetching {url}")
                try:
                    name = PurePosixPath(url.partition("?")[0]).name or "library"
                    archive = download(url, place / name, progress=progress, limit=_MOST, what="any library")
                except DownloadError as error:
                    if "answered 404" in error.message and url != candidates[-1]:
                        rmtree(place)
                        continue
                    hint = (
                        "fetch it by other means and name it: --lite-lib FILE, or another address: --lite-release URL"
                    )
                    raise DownloadError(error.message, hint=error.hint or hint) from error
                archive.path.rename(part / name)
                facts = {"name": name, "url": url, "sha256": archive.sha256, "bytes": archive.bytes}
                entry = store.put(key, part, facts)
                rmtree(place)
        return entry.folder / entry.facts["name"], url
    raise AssertionError("there is always a last candidate")


def _needed(path: PurePosixPath) -> bool:
    """Headers and the static library: demonstrations and Java are left in the archive."""
    return "/cxx/include/" in f"/{path}" or path.match(ARCHIVE)


def _check(folder: Path, source: str) -> None:
    for needed in (HEADER, ARCHIVE):
        if not (folder / needed).is_file():
            raise RunnerBuildError(
                f"{source} is no Paddle-Lite library: it has no {needed}",
                hint="such as inference_lite_lib.android.armv8.clang.c++_static.with_extra.with_cv",
            )
