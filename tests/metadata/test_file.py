"""Reading and writing metadata: files that edgezoo wrote, fields that it does not know, and files that are wrong."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.cache.files import write_text
from edge.cache.hashing import sha256_of
from edge.convert.output import write_output
from edge.errors import MetadataError
from edge.metadata.file import as_document, as_text, changed, metadata_path, of, origin_of, parse, read, read_beside
from edge.metadata.model import FORMAT, Metadata
from edge.metadata.schema import text

DATA = Path(__file__).parent / "data"
WRITTEN = sorted(DATA.glob("*.json"))
"""As `edgezoo convert` wrote them: .nb and .onnx, verified, skipped and calibrated."""


def document() -> dict[str, Any]:
    """The smallest sound one."""
    return {
        "format": FORMAT,
        "name": "net",
        "sha256": "00",
        "source": {"kind": "own"},
        "inputs": [{"name": "x", "shape": [1, 3, 8, 8]}],
    }


@pytest.mark.parametrize("path", WRITTEN, ids=lambda path: path.name)
def test_a_written_file_is_read_and_written_again_byte_for_byte(path: Path) -> None:
    metadata = read(path)
    assert as_text(as_document(metadata)) == path.read_text(encoding="utf-8")
    assert metadata.__dict__  # the document is kept
    again = of(json.loads(as_text(as_document(metadata))), "again")
    assert again == metadata


@pytest.mark.parametrize("path", WRITTEN, ids=lambda path: path.name)
def test_nothing_of_a_written_file_is_unknown(path: Path) -> None:
    """Every field that `edgezoo convert` writes has its type: without the document nothing is lost."""
    metadata = read(path)
    metadata.__dict__.clear()
    assert as_document(metadata) == json.loads(path.read_bytes())


def test_unknown_fields_stay_wherever_they_are() -> None:
    newer = document()
    newer |= {"tested_on": ["SM8150"], "preprocessing": {"resize_short": 9, "crop": [8, 8], "pad": 1}}
    newer["inputs"][0]["quantised"] = {"scale": 0.5}
    newer["source"]["commit"] = "abc"
    metadata = changed(parse(json.dumps(newer).encode(), "net.json"), licence="MIT")
    kept = as_document(metadata)
    assert kept["tested_on"] == ["SM8150"]
    assert kept["inputs"][0]["quantised"] == {"scale": 0.5}
    assert kept["source"]["commit"] == "abc"
    assert kept["preprocessing"]["pad"] == 1
    assert kept["licence"] == "MIT"


@pytest.mark.parametrize(
    ("spoil", "printed", "field"),
    [
        (lambda d: d.pop("name"), "`name`: it is missing", "name"),
        (lambda d: d.pop("source"), "`source`: it is missing", "source"),
        (lambda d: d["source"].clear(), "`source.kind`: it is missing", "source.kind"),
        (lambda d: d["source"].update(kind="found"), "`source.kind`: invalid enum value 'found'", "source.kind"),
        (lambda d: d.update(inputs=[]), "`inputs`: expected `array` of length >= 1", "inputs"),
        (lambda d: d["inputs"][0].update(shape="1,3"), "`inputs[0].shape`: expected `array`, got `str`", "inputs[0].shape"),
        (lambda d: d["inputs"][0].update(shape=[1, None]), "`inputs[0].shape[1]`: expected `int`", "inputs[0].shape[1]"),
        (lambda d: d["inputs"][0].pop("name"), "`inputs[0].name`: it is missing", "inputs[0].name"),
        (lambda d: d.update(bytes=-1), "`bytes`: expected `int` >= 0", "bytes"),
        (lambda d: d.update(flops=1.5), "`flops`: expected `int | null`, got `float`", "flops"),
        (lambda d: d.update(verification={"status": "failed"}), "`verification.status`: invalid", "verification.status"),
        (lambda d: d.update(preprocessing={}), "`preprocessing.resize_short`: it is missing", "preprocessing.resize_short"),
        (lambda d: d.update(format="edgezoo-model/2"), "`format`: edgezoo-model/2 is unknown", "format"),
    ],
)  # fmt: skip
def test_a_wrong_field_is_named(spoil: Callable[[dict[str, Any]], object], printed: str, field: str) -> None:
    spoilt = document()
    spoil(spoilt)
    with pytest.raises(MetadataError) as raised:
        parse(json.dumps(spoilt).encode(), "net.json")
    assert raised.value.message.startswith("net.json: `")
    assert printed in raised.value.message
    assert raised.value.field == field
    assert raised.value.hint


@pytest.mark.parametrize("data", [b"", b"{", b"\xff\xfe", b"[" * 100_000, b'{"a": NaN}', b"[]", b"7", b"null"])
def test_what_is_no_metadata_at_all(data: bytes) -> None:
    with pytest.raises(MetadataError, match=r"^net\.json"):
        parse(data, "net.json")


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@given(st.sampled_from(Metadata.__struct_fields__), JSON)
def test_any_value_in_any_field_is_read_or_named(field: str, value: object) -> None:
    try:
        metadata = parse(json.dumps({**document(), field: value}).encode(), "net.json")
    except MetadataError as error:
        assert error.message.startswith("net.json")  # noqa: PT017 (either is right)
    else:
        assert parse(as_text(as_document(metadata)).encode(), "again") == metadata


@given(JSON)
def test_any_value_under_an_unknown_name_is_kept(value: object) -> None:
    assert as_document(parse(json.dumps({**document(), "new": value}).encode(), "net.json"))["new"] == value


def test_where_it_stands() -> None:
    assert metadata_path(Path("a/net.nb")) == Path("a/net.json")
    assert metadata_path(Path("a/net.onnx")) == Path("a/net.onnx.json")


def test_no_file_and_a_file_of_another_program_are_no_metadata(tmp_path: Path) -> None:
    assert read_beside(tmp_path / "net.nb") is None
    (tmp_path / "net.json").write_text('{"labels": []}')
    assert read_beside(tmp_path / "net.nb") is None
    (tmp_path / "net.json").write_text("{")
    with pytest.raises(MetadataError, match="cannot be read as JSON"):
        read_beside(tmp_path / "net.nb")


def test_writing_again_keeps_what_a_newer_edgezoo_wrote_of_the_same_file(tmp_path: Path) -> None:
    made, out = tmp_path / "made.nb", tmp_path / "net.nb"
    made.write_bytes(b"x")
    sha256 = sha256_of(made)
    metadata = of({**document(), "sha256": sha256, "verification": {"status": "skipped"}}, "net.json")
    assert write_output(made, out, metadata)
    beside = metadata_path(out)
    write_text(beside, as_text({**as_document(metadata), "newer": 1}))
    assert not write_output(made, out, metadata)
    assert json.loads(beside.read_bytes())["newer"] == 1
    assert write_output(made, out, changed(metadata, sha256="11"))  # another file: nothing is known of it
    assert "newer" not in json.loads(beside.read_bytes())


def test_the_results_keep_less() -> None:
    origin = origin_of({"model": {"name": "net"}, "precision": "fp32", "new": 1}, "net")
    assert origin.model is not None
    assert (origin.model.name, origin.inputs, origin.source) == ("net", (), None)
    assert origin_of(None, "net").model is None
    with pytest.raises(MetadataError, match="the stored metadata of net: `engine`: expected"):
        origin_of({"engine": "opt"}, "net")


class TestSchema:
    """docs/reference/metadata.schema.json."""

    PUBLISHED = Path(__file__).parents[2] / "docs" / "reference" / "metadata.schema.json"

    def test_it_is_what_the_types_say(self) -> None:
        how = "python -m edge.metadata.schema docs/reference/metadata.schema.json"
        assert self.PUBLISHED.read_text(encoding="utf-8") == text(), f"make it again: {how}"

    @pytest.mark.parametrize("path", WRITTEN, ids=lambda path: path.name)
    def test_written_files_are_valid(self, path: Path) -> None:
        valid(json.loads(path.read_bytes()))

    def test_every_field_is_explained_in_its_section(self) -> None:
        """docs/reference/metadata.md has a section for each object of the schema, and in it a row for each field; no others."""
        page = self.PUBLISHED.with_name("metadata.md").read_text(encoding="utf-8")
        sections = dict(re.findall(r"^### (\w+)\n(.*?)(?=^##)", page, re.MULTILINE | re.DOTALL))
        explained = {name: re.findall(r"^\| `(\w+)` \| .", text, re.MULTILINE) for name, text in sections.items()}
        kinds = json.loads(self.PUBLISHED.read_bytes())["$defs"]
        fields = {name: set(kind["properties"]) for name, kind in kinds.items()}
        assert {name: set(rows) for name, rows in explained.items()} == fields
        assert all(len(rows) == len(set(rows)) for rows in explained.values())

    def test_wrong_ones_are_not(self) -> None:
        import jsonschema

        changes: list[dict[str, Any]]
        changes = [{"name": 7}, {"inputs": []}, {"format": "edgezoo-model/2"}, {"source": {"kind": "found"}}]
        for change in changes:
            with pytest.raises(jsonschema.ValidationError):
                valid({**document(), **change})


def valid(written: dict[str, Any]) -> None:
    """Raises unless the document is what the published schema says."""
    import jsonschema

    schema = json.loads(TestSchema.PUBLISHED.read_bytes())
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator(schema).validate(written)
