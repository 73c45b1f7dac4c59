"""Downloading one file over https: resumed where it was cut off, never mixed from two versions, whole or not at all."""

from __future__ import annotations

import contextlib
import json
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from edge.cache.files import write_text
from edge.cache.hashing import sha256_of
from edge.cache.locks import exclusive
from edge.cache.retry import Remedy, retry
from edge.errors import DownloadError

if TYPE_CHECKING:
    import httpx

Progress = Callable[[int, int | None], None]  # bytes so far, bytes in all (None: unknown)

_RETRIES = 2


@dataclass(frozen=True, slots=True)
class Downloaded:
    """A file as it was fetched."""

    path: Path
    url: str
    sha256: str
    bytes: int


def download(
    url: str, path: Path, *, progress: Progress = lambda _done, _all: None, trust: ssl.SSLContext | bool = True
) -> Downloaded:
    """Fetch `url` to `path`; does nothing when it was fetched before. `trust`: the certificates to believe.

    A cut-off transfer is kept beside (`.part`, with the server's ETag or date in `.part.json`) and continued, also by a
    later run; when the file changed on the server meanwhile, it starts anew. Raises `DownloadError`.
    """
    record = path.with_name(path.name + ".json")
    if done := _finished(url, path, record):
        return done
    path.parent.mkdir(parents=True, exist_ok=True)
    with exclusive(path.with_name(path.name + ".lock")):
        if done := _finished(url, path, record):
            return done
        part = path.with_name(path.name + ".part")
        _fetch(url, part, progress, trust)
        digest, size = sha256_of(part), part.stat().st_size
        part.replace(path)
        _note(part).unlink(missing_ok=True)
        write_text(record, json.dumps({"url": url, "sha256": digest, "bytes": size}) + "\n")
    return Downloaded(path, url, digest, size)


def _finished(url: str, path: Path, record: Path) -> Downloaded | None:
    try:
        facts = json.loads(record.read_bytes())
        if facts["url"] == url and path.stat().st_size == facts["bytes"]:
            return Downloaded(path, url, facts["sha256"], facts["bytes"])
    except (FileNotFoundError, json.JSONDecodeError, KeyError):
        pass
    return None


def _fetch(url: str, part: Path, progress: Progress, trust: ssl.SSLContext | bool) -> None:
    import httpx

    if not url.startswith("https://"):
        raise DownloadError(f"{url} is not an https address", hint="published models are only taken over https")
    with httpx.Client(verify=trust, follow_redirects=True, timeout=httpx.Timeout(30, connect=10)) as client:
        cut_off = Remedy((httpx.ReadError, httpx.RemoteProtocolError), _RETRIES)
        try:
            retry(lambda: _transfer(client, url, part, progress), cut_off)
        except httpx.HTTPStatusError as error:
            raise DownloadError(f"{url} answered {error.response.status_code}") from error
        except (httpx.TransportError, httpx.TooManyRedirects) as error:
            raise DownloadError(f"{url} cannot be fetched: {error or type(error).__name__}") from error


def _transfer(client: httpx.Client, url: str, part: Path, progress: Progress) -> None:
    have, validator = _resumable(url, part)
    headers = {"Accept-Encoding": "identity"}
    if have:
        headers |= {"Range": f"bytes={have}-", "If-Range": validator}
    with client.stream("GET", url, headers=headers) as response:
        if response.url.scheme != "https":
            raise DownloadError(f"{url} leads to {response.url}, which is not https")
        if response.status_code == 416:  # what is here is all there is, or more: judge it by starting anew
            part.unlink(missing_ok=True)
            raise _read_error(response)
        response.raise_for_status()
        if response.status_code != 206 or not response.headers.get("content-range", "").startswith(f"bytes {have}-"):
            have = 0
        length = response.headers.get("content-length")
        total = have + int(length) if length else None
        write_text(_note(part), json.dumps({"url": url, "validator": _validator(response.headers)}))
        with part.open("r+b" if have else "wb") as file:
            file.seek(have)
            file.truncate()
            for block in response.iter_raw():  # as it arrives: with a block size, a drop would lose the last one
                file.write(block)
                have += len(block)
                progress(have, total)
    if total is not None and have != total:
        raise _read_error(response)


def _resumable(url: str, part: Path) -> tuple[int, str]:
    """How many bytes of the same file are here already, and what proves that it is the same file."""
    with contextlib.suppress(FileNotFoundError, json.JSONDecodeError):
        note = json.loads(_note(part).read_bytes())
        if note["url"] == url and note["validator"]:
            return part.stat().st_size, note["validator"]
    return 0, ""


def _validator(headers: httpx.Headers) -> str:
    """What If-Range may name: a strong ETag, else the date; a weak one promises no equal bytes (RFC 9110, 13.1.5)."""
    etag: str = headers.get("etag", "")
    date: str = headers.get("last-modified", "")
    return etag if etag and not etag.startswith("W/") else date


def _note(part: Path) -> Path:
    return part.with_name(part.name + ".json")


def _read_error(response: httpx.Response) -> Exception:
    import httpx

    return httpx.ReadError("the connection ended before the file did", request=response.request)
