"""The line of a field in a TOML text, whichever way it is written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.untrusted.toml_lines import line_of, path_of

TEXT = """\
# device = 3
models = [
  "a",   # the first
  "b", ]
device.count = 1

[hosts]
pi = "ssh:pi"
"or in" = { address = "b", directory = "/" }
[hosts.x]   # one more
address = "c"

[[phone]]
serial = "1"
[phone.match]
soc = "x"
[[phone]]
match.soc = "b"
"""


@pytest.mark.parametrize(
    ("path", "value", "line"),
    [
        (("models",), None, 2),
        (("models", 1), None, 2),
        (("models",), "b", 4),
        (("models",), "nowhere", 2),
        (("device", "count"), None, 5),
        (("hosts",), None, 7),
        (("hosts", "pi"), None, 8),
        (("hosts", "pi", "address"), None, 8),
        (("hosts", "or in", "directory"), None, 9),
        (("hosts", "x"), None, 10),
        (("hosts", "x", "address"), None, 11),
        (("hosts", "x", "directory"), None, 10),
        (("phone", 0), None, 13),
        (("phone", 0, "match", "soc"), None, 16),
        (("phone", 1), None, 17),
        (("phone", 1, "match"), None, 18),
        (("phone", 1, "serial"), None, 17),
        (("phone", 2), None, None),
        (("other",), None, None),
        ((), None, None),
    ],
)
def test_lines(path: tuple[str | int, ...], value: str | None, line: int | None) -> None:
    assert line_of(TEXT, path, value) == line


def test_fields_as_errors_name_them() -> None:
    assert path_of("device[1].match[...]") == ("device", 1, "match")
    assert path_of("precisions[0]") == ("precisions", 0)
    assert path_of("") == ()


@given(st.text(), st.text())
def test_any_text_has_lines(text: str, field: str) -> None:
    found = line_of(text, path_of(field), field)
    assert found is None or 1 <= found <= len(text.splitlines())
