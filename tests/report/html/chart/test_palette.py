"""The colours can be seen and told apart in both themes, by readers with any kind of colour blindness as well."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from numpy.typing import NDArray

from edge.report.html.chart.palette import COLOURS, THEMES, colour, resolved, shape

Vector = NDArray[np.float64]
# G. M. Machado, M. M. Oliveira, L. A. F. Fernandes, A physiologically-based model for simulation of color vision
# deficiency, IEEE TVCG 15 (2009) 1291-1298: severity 1.0, on linear RGB.
BLIND = {
    "none": np.eye(3),
    "protanopia": np.array([[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]),
    "deuteranopia": np.array([[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]]),
    "tritanopia": np.array([[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]),
}  # fmt: skip
# B. Ottosson, OKLab: from linear RGB, a distance of 0.02 is just noticeable.
_CONES = np.array([[0.4122214708, 0.5363325363, 0.0514459929], [0.2119034982, 0.6806995451, 0.1073969566],
                   [0.0883024619, 0.2817188376, 0.6299787005]])  # fmt: skip
_LAB = np.array([[0.2104542553, 0.7936177850, -0.0040720468], [1.9779984951, -2.4285922050, 0.4505937099],
                 [0.0259040371, 0.7827717662, -0.8086757660]])  # fmt: skip


def linear(hexadecimal: str) -> Vector:
    value = np.array([int(hexadecimal[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)


def contrast(first: str, second: str) -> float:
    """Of WCAG 2."""
    low, high = sorted(float(linear(one) @ [0.2126, 0.7152, 0.0722]) for one in (first, second))
    return (high + 0.05) / (low + 0.05)


def distance(first: str, second: str, kind: str) -> float:
    seen = [_LAB @ np.cbrt(_CONES @ np.clip(BLIND[kind] @ linear(one), 0, 1)) for one in (first, second)]
    return float(np.linalg.norm(seen[0] - seen[1]))


@pytest.mark.parametrize("theme", THEMES)
def test_marks_and_words_stand_out(theme: str) -> None:
    colours = THEMES[theme]
    for place in range(COLOURS):
        assert contrast(colours[f"c{place}"], colours["ground"]) >= 3
    for ground in ("ground", "panel"):
        assert contrast(colours["text"], colours[ground]) >= 7
        assert contrast(colours["muted"], colours[ground]) >= 4.5
        assert contrast(colours["focus"], colours[ground]) >= 4.5


@pytest.mark.parametrize("kind", BLIND)
@pytest.mark.parametrize("theme", THEMES)
def test_no_two_colours_are_alike(theme: str, kind: str) -> None:
    colours = [THEMES[theme][f"c{place}"] for place in range(COLOURS)]
    assert min(distance(*two, kind) for two in combinations(colours, 2)) > 0.09


def test_no_two_series_look_alike() -> None:
    assert len({(colour(look), shape(look)) for look in range(36)}) == 36
    assert len({shape(look) for look in range(6)}) == 6


def test_a_resolved_style_has_no_variable() -> None:
    assert resolved(".a{fill:var(--c0)}", "dark") == f".a{{fill:{THEMES['dark']['c0']}}}"
