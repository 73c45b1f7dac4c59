"""Colours of the two themes, and the shapes that tell series apart without them.

Six colours a theme, found by search: on the page's ground each has a contrast of 3 or more, and any two differ for the three
kinds of colour blindness as well (tests/report/html/test_palette.py computes both). More series than six share colours and
differ in shape.
"""

from __future__ import annotations

from collections.abc import Mapping

LIGHT: Mapping[str, str] = {
    "ground": "#ffffff", "panel": "#f6f7f9", "text": "#16181d", "muted": "#565c66", "grid": "#e3e6ea", "line": "#8b929c",
    "focus": "#0b57d0",
    "c0": "#2a43ae", "c1": "#df7108", "c2": "#2a9f9b", "c3": "#bf4dfa", "c4": "#a04607", "c5": "#722a57",
}  # fmt: skip
DARK: Mapping[str, str] = {
    "ground": "#16181c", "panel": "#1f2228", "text": "#eceef1", "muted": "#a6adb8", "grid": "#31353d", "line": "#767e8a",
    "focus": "#8ab4f8",
    "c0": "#477ae8", "c1": "#c77f14", "c2": "#05e8c5", "c3": "#e01892", "c4": "#fab418", "c5": "#7caefa",
}  # fmt: skip
THEMES: Mapping[str, Mapping[str, str]] = {"light": LIGHT, "dark": DARK}
COLOURS = 6
LINE = -1  # the look of a line that is of no series

# Around 0, 0, about as large as a circle of radius 4.
_SHAPES = (
    "M-4,0a4,4 0 1,0 8,0a4,4 0 1,0 -8,0z",
    "M-3.6,-3.6h7.2v7.2h-7.2z",
    "M0,-4.8L4.5,3.4H-4.5z",
    "M0,-5L5,0L0,5L-5,0z",
    "M0,4.8L4.5,-3.4H-4.5z",
    "M-1.6,-4.6h3.2v3h3v3.2h-3v3h-3.2v-3h-3v-3.2h3z",
)


def colour(look: int) -> str:
    """The class of the colour that a series has."""
    return "neutral" if look == LINE else f"f{look % COLOURS}"


def shape(look: int) -> str:
    """Its shape, as a path: the first six differ in both, and no two looks below 36 in neither."""
    return "M-7,3H0V-3H7" if look == LINE else _SHAPES[(look + look // COLOURS) % len(_SHAPES)]


def variables(theme: str) -> str:
    """As CSS custom properties."""
    return "".join(f"--{name}:{value};" for name, value in THEMES[theme].items())


def resolved(css: str, theme: str) -> str:
    """A style sheet with the theme's colours in place of `var(--name)`, for readers that know no variables."""
    for name, value in THEMES[theme].items():
        css = css.replace(f"var(--{name})", value)
    return css
