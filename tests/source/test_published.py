"""From a published address to an inference model, over a real https server."""

from __future__ import annotations

import io
import tarfile
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

import pytest

from edge.errors import ArchiveError, DownloadError, ModelFilesError
from edge.source.load import load_source
from edge.source.model import InferenceModel
from edge.source.weights import Weights
from edge.toolchain.worker import Worker
from edge.zoo.catalogue import lookup
from tests.source.conftest import Server
from tests.source.test_own import params, program

MODEL = lookup("PPLCNet_x0_25")
OTHER_WAYS = ("--weights random", "--weights PATH")


def archive(**members: bytes) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


GOOD = archive(
    **{
        "PPLCNet_x0_25_infer/inference.pdmodel": program(),
        "PPLCNet_x0_25_infer/inference.pdiparams": params(),
        "PPLCNet_x0_25_infer/inference.pdiparams.info": b"?",
    }
)


def nobody() -> AbstractContextManager[Worker]:
    raise AssertionError("published models need no engine")


@pytest.fixture
def trusted(certificate: Path, private_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: ARG001
    """The test's certificate is believed, and the cache is the test's own."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))


def get(server: Server, name: str = "PPLCNet_x0_25_infer.tar") -> InferenceModel:
    return load_source(replace(MODEL, inference_url=f"{server.url}/{name}"), Weights("published"), nobody)


@pytest.mark.usefixtures("trusted")
def test_an_archive_becomes_a_model_that_says_where_it_is_from(server: Server) -> None:
    server.files["/PPLCNet_x0_25_infer.tar"] = GOOD
    model = get(server)
    assert (model.kind, model.url) == ("published", f"{server.url}/PPLCNet_x0_25_infer.tar")
    assert (model.archive_bytes, model.paddle_version, model.path) == (len(GOOD), "2.6.2", None)
    assert model.program.read_bytes() == program()
    assert get(server) == model
    assert len(server.ranges) == 1


@pytest.mark.usefixtures("trusted")
def test_a_download_cut_in_the_middle_is_whole_in_the_end(server: Server) -> None:
    server.files["/PPLCNet_x0_25_infer.tar"] = GOOD
    server.cut_after = [2000, 1000]
    assert get(server).params.read_bytes() == params()
    assert server.ranges == [None, "bytes=2000-", "bytes=3000-"]


@pytest.mark.usefixtures("trusted")
def test_an_archive_with_a_path_outside_is_refused(server: Server, tmp_path: Path) -> None:
    server.files["/PPLCNet_x0_25_infer.tar"] = archive(**{"../../../outside": b"x"})
    with pytest.raises(ArchiveError, match="outside its own folder"):
        get(server)
    assert not list(tmp_path.rglob("outside"))


@pytest.mark.usefixtures("trusted")
def test_an_archive_without_a_model_is_refused(server: Server) -> None:
    server.files["/PPLCNet_x0_25_infer.tar"] = archive(**{"a/readme.txt": b"x"})
    with pytest.raises(ModelFilesError, match="holds no inference model"):
        get(server)


@pytest.mark.usefixtures("private_cache")
@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("https://localhost:9/PPLCNet_x0_25_infer.tar", "cannot be fetched"),
        ("https://nowhere.invalid/PPLCNet_x0_25_infer.tar", "cannot be fetched"),
        ("http://localhost/PPLCNet_x0_25_infer.tar", "is not an https address"),
        (None, "publishes no inference model"),
    ],
    ids=["nobody listens", "no such host", "http", "no address"],
)
def test_what_cannot_be_had_names_the_other_two_ways(url: str | None, says: str) -> None:
    with pytest.raises(DownloadError, match=says) as caught:
        load_source(replace(MODEL, inference_url=url), Weights("published"), nobody)
    assert MODEL.name in caught.value.message
    assert all(way in caught.value.hint for way in OTHER_WAYS)
