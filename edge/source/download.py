"""Downloading one file over https: resumed where it was cut off, never mixed from two versions, within limits.

Sources: RFC 9110, 13.1.5 (If-Range), 14.4 (Content-Range), 15.3.7 (206).
"""

from __future__ import annotations

import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edge import typed
from edge.cache.boot import boot_id
from edge.cache.files import write_text
from edge.cache.hashing import sha256_of
from edge.cache.retry import Remedy, retry
from edge.errors import DownloadError, FormatError
from edge.source.archive import LIMIT_BYTES
from edge.untrusted.files import read_file

if TYPE_CHECKING:
    import httpx

Progress = Callable[[int, int | None], None]  # bytes so far, bytes in all (None: unknown)

LIMIT_SECONDS = 6 * 3600.0  # for one call; the next one goes on where it stopped
HEAD_SECONDS = 60.0  # for the head of one answer, which a server may send byte by byte
_RETRIES = 2
_RANGE = re.compile(r"bytes (\d{1,18})-(\d{1,18})/(\d{1,18})")


@dataclass(frozen=True, slots=True)
class Downloaded:
    """A file as it was fetched."""

    path: Path
    url: str
    sha256: str
    bytes: int


@dataclass(frozen=True, slots=True)
class _Note:
    """What a part of a file belongs to; `validator`: the server's ETag, or date. After another `boot` it may have gaps."""

    url: str
    validator: str
    total: int | None
    boot: str


@dataclass(frozen=True, slots=True)
class _Bounds:
    """How many bytes may come, which `what` never has, and until when."""

    bytes: int
    what: str
    deadline: float

    def check_size(self, url: str, size: int) -> None:
        if size > self.bytes:
            raise DownloadError(f"{url} has more than {self.bytes:,} bytes, more than {self.what}: it was left alone")


def download(
    url: str,
    path: Path,
    *,
    progress: Progress = lambda _done, _all: None,
    trust: ssl.SSLContext | bool = True,
    limit: int | None = None,
    what: str = "any inference model",
) -> Downloaded:
    """Fetch `url` to `path`, in a folder of its own that the caller holds the lock of, and removes.

    What was cut off stays there and is continued, also by a later run; when the file changed on the server meanwhile, it
    starts anew. `trust`: the certificates to believe; `limit`: of bytes, more than `what` has. Raises `DownloadError`.
    """
    import httpx

    path.parent.mkdir(parents=True, exist_ok=True)
    bounds = _Bounds(LIMIT_BYTES if limit is None else limit, what, time.monotonic() + LIMIT_SECONDS)
    hooks = {"request": [_only_https]}
    with httpx.Client(
        verify=trust, follow_redirects=True, timeout=httpx.Timeout(30, connect=10), event_hooks=hooks
    ) as client:
        cut_off = Remedy((httpx.ReadError, httpx.RemoteProtocolError), _RETRIES)
        try:
            retry(lambda: _transfer(client, url, path, progress, bounds), cut_off)
        except httpx.HTTPStatusError as error:
            raise DownloadError(f"{url} answered {error.response.status_code}") from error
        except (httpx.TransportError, httpx.TooManyRedirects, httpx.InvalidURL) as error:
            raise DownloadError(f"{url} cannot be fetched: {error or type(error).__name__}") from error
    return Downloaded(path, url, sha256_of(path), path.stat().st_size)


def _only_https(request: httpx.Request) -> None:
    if request.url.scheme != "https":
        raise DownloadError(
            f"{request.url} is not an https address", hint="files are only taken over https, redirects too"
        )


def _transfer(client: httpx.Client, url: str, path: Path, progress: Progress, bounds: _Bounds) -> None:
    known = _resumable(url, path)
    have = path.stat().st_size if known else 0
    if known and have == known.total:
        return
    headers = {"Accept-Encoding": "identity"}
    if known:
        headers |= {"Range": f"bytes={have}-", "If-Range": known.validator}
    with _Head(url).awaited() as trace, client.stream("GET", url, headers=headers, extensions=trace) as response:
        if known and (
            response.status_code == 416 or (response.status_code == 206 and not _goes_on(response, known, have))
        ):
            path.unlink()  # another version, or no telling
            raise _read_error(response)
        response.raise_for_status()
        if response.status_code not in ((200, 206) if known else (200,)):
            raise DownloadError(f"{url} answered {response.status_code} instead of the file")
        if (encoding := response.headers.get("content-encoding", "identity")) != "identity":
            raise DownloadError(f"{url} came as {encoding}, which was not asked for")
        if known and response.status_code == 206:
            total = known.total
        else:
            have, length = 0, response.headers.get("content-length")
            total = int(length) if length else None
        bounds.check_size(url, total or 0)
        note = _Note(url, _validator(response.headers) or (known.validator if known else ""), total, boot_id())
        write_text(_note(path), typed.encode(note))
        with path.open("r+b" if have else "wb") as file:
            file.seek(have)
            file.truncate()
            for block in response.iter_raw():  # as it arrives: with a block size, a drop would lose the last one
                bounds.check_size(url, have + len(block))
                file.write(block)
                have += len(block)
                progress(have, total)
                if time.monotonic() > bounds.deadline:
                    raise DownloadError(
                        f"{url} did not arrive in time: {have:,} bytes came within {LIMIT_SECONDS / 3600:g} h",
                        hint="run it again: it goes on where it stopped",
                    )
    if total is not None and have != total:
        raise _read_error(response)
    if not have:
        raise DownloadError(f"{url} is empty")


class _Head:
    """Ends a connection on which an answer's head drips: each byte comes in time, and the last one never."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._late = False
        self._stream: Any = None
        self._timer = threading.Timer(0, self._end)

    @contextmanager
    def awaited(self) -> Iterator[dict[str, Any]]:
        """Gives what a request needs so that it is watched. Raises `DownloadError` for one that was ended."""
        import httpx

        try:
            yield {"trace": self._hear}
        except httpx.TransportError as error:
            if not self._late:
                raise
            raise DownloadError(
                f"{self._url} cannot be fetched: the server's answer did not begin within {HEAD_SECONDS:g} s",
                hint="run it again",
            ) from error
        finally:
            self._timer.cancel()

    def _hear(self, event: str, info: dict[str, Any]) -> None:
        """What httpcore says of a request, each of its redirects too."""
        if event in ("connection.connect_tcp.complete", "connection.start_tls.complete"):
            self._stream = info["return_value"]
        elif event.endswith(".receive_response_headers.started"):
            self._timer.cancel()
            self._timer = threading.Timer(HEAD_SECONDS, self._end)
            self._timer.daemon = True
            self._timer.start()
        elif event.endswith(".receive_response_headers.complete"):
            self._timer.cancel()

    def _end(self) -> None:
        self._late = True
        with suppress(OSError):  # it ended by itself
            self._stream.get_extra_info("socket").shutdown(socket.SHUT_RDWR)


def _goes_on(response: httpx.Response, known: _Note, have: int) -> bool:
    """Whether a 206 is the rest of the very file that a part is here of."""
    place = _RANGE.fullmatch(response.headers.get("content-range", ""))
    if place is None or int(place[1]) != have or int(place[2]) < have or int(place[3]) != known.total:
        return False
    length = response.headers.get("content-length")
    if length is not None and int(length) != int(place[2]) - have + 1:
        return False
    if known.validator.startswith('"'):
        return bool(response.headers.get("etag") == known.validator)
    return bool(response.headers.get("last-modified", known.validator) == known.validator)


def _resumable(url: str, path: Path) -> _Note | None:
    """What is known of the part that is here, if it can be continued."""
    try:
        note = typed.decode(read_file(_note(path)), _Note, "")
        size = path.stat().st_size
    except (FileNotFoundError, FormatError):
        return None
    same = note.url == url and note.boot == boot_id() and note.validator
    return note if same and 0 < size <= (note.total or 0) else None


def _validator(headers: httpx.Headers) -> str:
    """What If-Range may name: a strong ETag, else the date; a weak one promises no equal bytes (RFC 9110, 13.1.5)."""
    etag: str = headers.get("etag", "")
    date: str = headers.get("last-modified", "")
    return etag if etag.startswith('"') else date


def _note(path: Path) -> Path:
    return path.with_name(path.name + ".json")


def _read_error(response: httpx.Response) -> Exception:
    import httpx

    return httpx.ReadError("the connection ended before the file did", request=response.request)
