"""Whatever the words are, they stay words."""

from __future__ import annotations

import xml.etree.ElementTree as ET

from hypothesis import given
from hypothesis import strategies as st

from edge.report.html.chart.markup import tag, text
from tests.report.html.read import read

ANY = st.text(st.characters(), max_size=40) | st.text("<>&\"'/=\n\x00\u202e ]", max_size=40)


@given(ANY, ANY)
def test_any_words_come_back_as_words_in_html_and_xml(inside: str, attribute: str) -> None:
    made = tag("g", {"aria-label": attribute}, text(inside))
    element = ET.fromstring(made.encode("utf-8"))
    assert list(element) == []
    assert set(element.attrib) == {"aria-label"}
    (parsed,) = read(made).children
    assert parsed.children == []
    assert parsed.words == element.text or not parsed.words
    expected = "".join("\ufffd" if not _showable(one) else one for one in attribute)
    assert parsed.attributes["aria-label"] == element.attrib["aria-label"] == expected


def _showable(one: str) -> bool:
    code = ord(one)
    control = (code < 32 and one not in "\t\n") or 0x7F <= code <= 0x9F
    turning = 0x202A <= code <= 0x202E or 0x2066 <= code <= 0x2069
    return not (control or turning or 0xD800 <= code <= 0xDFFF or code in (0xFFFE, 0xFFFF))
