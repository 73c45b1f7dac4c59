"""Published weights: the catalogue's inference archive, downloaded once, unpacked safely, kept in the cache."""

from __future__ import annotations

from pathlib import Path

from edge.cache.files import fresh_folder
from edge.cache.locks import exclusive
from edge.cache.paths import cache_dir
from edge.errors import DownloadError, ModelFilesError
from edge.source.archive import unpack
from edge.source.download import Downloaded, Progress, download
from edge.zoo.model import Model


def fetch(model: Model, *, progress: Progress = lambda _done, _all: None) -> tuple[Path, Downloaded]:
    """The folder with the published program and parameters of a catalogue model, and the archive they came from.

    Raises `DownloadError` (which names the other two sources of weights), `ArchiveError` or `ModelFilesError`.
    """
    other_ways = (
        "use --weights random (the same network, seeded: right for latency and size) or --weights PATH (your own files)"
    )
    if model.inference_url is None:
        trained = f"; its weights are {model.pretrained_url}: download them" if model.pretrained_url else ""
        raise DownloadError(f"PaddleClas publishes no inference model of {model.name}", hint=f"{other_ways}{trained}")
    root = cache_dir() / "published" / model.name
    try:
        archive = download(model.inference_url, root / Path(model.inference_url).name, progress=progress)
    except DownloadError as error:
        raise DownloadError(f"the published weights of {model.name}: {error.message}", hint=other_ways) from error
    folder = root / archive.sha256[:16]
    with exclusive(root / "unpack.lock"):
        if not folder.is_dir():
            with fresh_folder(folder.with_name(folder.name + ".part")) as part:
                unpack(archive.path, part)
                part.rename(folder)
    folders = sorted({path.parent for path in folder.rglob("*") if path.is_file()})
    if len(folders) != 1:
        raise ModelFilesError(f"the archive {archive.url} holds {len(folders)} folders of files instead of one model")
    return folders[0], archive
