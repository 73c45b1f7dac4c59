"""From a published address to an inference model, over a real https server."""

from __future__ import annotations

import gzip
import io
import subprocess
import tarfile
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

import pytest

from edge.errors import ArchiveError, DownloadError, ModelFilesError, SourceError
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


PAGE = b"<html><h1>Welcome to this hotel's network</h1></html>" * 50
NO_ARCHIVE_OF_OURS = {
    "a web page": PAGE,
    "a web page, compressed": gzip.compress(PAGE),
    "nothing but zeros": bytes(len(GOOD)),
    "cut off": GOOD[:1500],
    "an archive without a model": archive(**{"a/readme.txt": b"x"}),
    "an archive with half a model": archive(**{"a/inference.pdmodel": program()}),
    "an archive of two models": archive(**{"a/m": b"x", "b/m": b"x"}),
    "an archive of nothing": archive(),
    "a program that is none": archive(**{"a/inference.pdmodel": PAGE, "a/inference.pdiparams": params()}),
    "an empty program": archive(**{"a/inference.pdmodel": b"", "a/inference.pdiparams": params()}),
    "parameters that are none": archive(**{"a/inference.pdmodel": program(), "a/inference.pdiparams": PAGE}),
    "a path outside": archive(**{"../../../outside": b"x"}),
    "an absolute path": archive(**{"/tmp/outside": b"x"}),
    "a path that is its own parent": archive(**{"..": b"x"}),
}


@pytest.mark.usefixtures("trusted")
@pytest.mark.parametrize("content", NO_ARCHIVE_OF_OURS.values(), ids=NO_ARCHIVE_OF_OURS)
def test_what_is_no_model_is_not_kept(server: Server, private_cache: Path, content: bytes) -> None:
    server.files["/PPLCNet_x0_25_infer.tar"] = content
    with pytest.raises(SourceError):
        get(server)
    assert [path for path in private_cache.rglob("*") if path.is_file() and path.suffix != ".lock"] == []
    server.files["/PPLCNet_x0_25_infer.tar"] = GOOD  # the server is healthy again
    assert get(server).program.read_bytes() == program()


DAMAGES = {
    "the program is gone": "rm inference.pdmodel",
    "the parameters are gone": "rm inference.pdiparams",
    "the parameters are cut off": "truncate -s 50 inference.pdiparams",
    "zeros in the program": f"head -c {len(program())} /dev/zero > inference.pdmodel",
    "zeros in the facts": "head -c 101 /dev/zero > facts.json",
    "the facts are gone": "rm facts.json",
    "a flipped bit under the old time": "touch -r inference.pdiparams t; printf x | dd of=inference.pdiparams bs=1 seek=60 "
    "conv=notrunc; touch -r t inference.pdiparams; rm t",
    "all files are gone": "rm *",
    "the folder is gone": 'rm -r "$PWD"',
    "a file in the folder's place": 'rm -r "$PWD"; echo x > "$PWD"',
    "a link to itself in its place": 'rm -r "$PWD"; ln -s "$PWD" "$PWD"',
    "a folder in a file's place": "rm inference.pdmodel; mkdir inference.pdmodel",
    "a pipe in a file's place": "rm inference.pdmodel; mkfifo inference.pdmodel",
    "a pipe in the facts' place": "rm facts.json; mkfifo facts.json",
}


@pytest.mark.usefixtures("trusted")
@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_what_was_damaged_in_the_cache_is_made_anew(server: Server, damage: str) -> None:
    server.files["/PPLCNet_x0_25_infer.tar"] = GOOD
    subprocess.run(damage, shell=True, check=True, cwd=get(server).program.parent, stderr=subprocess.DEVNULL)
    again = get(server)
    assert (again.program.read_bytes(), again.params.read_bytes()) == (program(), params())
    assert len(server.ranges) == 2


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
