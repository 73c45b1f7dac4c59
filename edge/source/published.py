"""Published weights: the catalogue's inference archive, downloaded, unpacked safely, kept once it is known good."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from shutil import rmtree

from edge.cache.files import fresh_folder
from edge.cache.keys import key_of
from edge.cache.paths import cache_dir
from edge.cache.store import Cache, CacheEntry
from edge.errors import DownloadError, ModelFilesError, SourceError
from edge.source.archive import unpack
from edge.source.download import Progress, download
from edge.source.model import InferenceModel
from edge.source.own import read
from edge.zoo.model import Model


def fetch(model: Model, *, progress: Progress = lambda _done, _all: None) -> InferenceModel:
    """The published inference model of a catalogue entry.

    Raises `DownloadError` (which names the other two sources of weights), `ArchiveError` or `ModelFilesError`; what was
    downloaded is then not kept.
    """
    other_ways = (
        "use --weights random (the same network, seeded: right for latency and size) or --weights PATH (your own files)"
    )
    if model.inference_url is None:
        trained = f"; its weights are {model.pretrained_url}: download them" if model.pretrained_url else ""
        raise DownloadError(f"PaddleClas publishes no inference model of {model.name}", hint=f"{other_ways}{trained}")
    store, key = Cache(cache_dir() / "published"), key_of({"url": model.inference_url})
    try:
        if (entry := store.get(key, content=True)) is None:
            with store.making(key) as part:
                entry = store.get(key, content=True) or _make(store, key, part, model.inference_url, progress)
    except DownloadError as error:
        raise DownloadError(f"the published weights of {model.name}: {error.message}", hint=other_ways) from error
    facts = entry.facts
    return replace(
        read(entry.folder),
        kind="published",
        path=None,
        url=facts["url"],
        archive_sha256=facts["sha256"],
        archive_bytes=facts["bytes"],
    )


def _make(store: Cache, key: str, part: Path, url: str, progress: Progress) -> CacheEntry:
    place = cache_dir() / "downloads" / key
    archive = download(url, place / Path(url).name, progress=progress)
    try:
        with fresh_folder(part.with_name(f"{part.name}.unpacked")) as folder:
            files = unpack(archive.path, folder)
            if len({path.parent for path in files}) != 1:
                raise ModelFilesError(f"the archive {url} holds no single folder with a model")
            for path in files:
                path.rename(part / path.name)
        try:
            read(part)
        except ModelFilesError as error:
            raise ModelFilesError(error.message.replace(str(part), f"the archive {url}")) from error
    except SourceError:
        rmtree(place)  # what is no model is not taken for one again
        raise
    entry = store.put(key, part, {name: value for name, value in asdict(archive).items() if name != "path"})
    rmtree(place)
    return entry
