"""A page as a test reads it: elements, their attributes and words."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

_EMPTY = {"meta", "input", "br"}


@dataclass
class Element:
    """`words` are those inside it, of its children, too."""

    name: str
    attributes: dict[str, str]
    children: list[Element] = field(default_factory=list)
    words: str = ""

    def all(self, name: str, **having: str) -> list[Element]:
        """Every element of that name inside, with these attributes."""
        found = []
        for one in self.children:
            if one.name == name and all(one.attributes.get(key.rstrip("_")) == value for key, value in having.items()):
                found.append(one)
            found += one.all(name, **having)
        return found

    def figure(self, id: str) -> Element:
        """The figure of that id."""
        (one,) = self.all("figure", id=f"figure-{id}")
        return one

    def marks(self) -> list[str]:
        """What every mark of its charts says."""
        return [one.attributes["aria-label"] for one in self.all("g", role="img")]

    def rows(self) -> list[list[str]]:
        """The cells of its tables' bodies, row by row."""
        return [[cell.words for cell in row.all("td")] for body in self.all("tbody") for row in body.all("tr")]


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open = [Element("", {})]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        one = Element(tag, {name: value or "" for name, value in attrs})
        self.open[-1].children.append(one)
        if tag not in _EMPTY:
            self.open.append(one)

    def handle_endtag(self, tag: str) -> None:
        assert self.open[-1].name == tag, f"</{tag}> ends <{self.open[-1].name}>"
        self.open.pop()

    def handle_data(self, data: str) -> None:
        for one in self.open:
            one.words += data


def read(html: str) -> Element:
    """The document. Fails where an element is not closed, or closed twice."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    assert len(reader.open) == 1, [one.name for one in reader.open]
    return reader.open[0]
