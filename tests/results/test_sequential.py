"""Looking several times keeps the error rate: simulated pairs of launches, looked at as a session does."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from random import Random

import pytest

from edge.results.comparison import THRESHOLD, decide, ratio_of_pairs
from edge.results.sequential import LEVEL, LOOKS, is_look
from edge.results.statistics import sign_level

COMPARISONS = 400
Noise = Callable[[Random], float]


def spiky(random: Random) -> float:
    return random.gauss(0, 0.01) + (0.08 if random.random() < 0.1 else 0)


NOISES: dict[str, Noise] = {
    "normal": lambda random: random.gauss(0, 0.01),
    "skewed": lambda random: random.expovariate(1) * 0.01,
    "heavy": lambda random: random.gauss(0, 0.01) / max(0.2, random.random()),
    "spiky": spiky,
}


def launches(noise: Noise, random: Random, true: float) -> list[tuple[float, float]]:
    """As many pairs as there may be; what a round does to both is 3 %."""
    found = []
    for _ in range(LOOKS[-1]):
        both = math.exp(random.gauss(0, 0.03))
        found.append((both * math.exp(noise(random)), true * both * math.exp(noise(random))))
    return found


def answer(found: list[tuple[float, float]], threshold: float) -> str:
    for count in range(1, LOOKS[-1] + 1):
        if is_look(count, LOOKS[-1]):
            ratio, interval = ratio_of_pairs(found[:count], confidence=LEVEL)
            if (message := decide(ratio, interval, threshold, confidence=LEVEL)) != "undecided":
                return message
    return "undecided"


@pytest.mark.parametrize("noise", NOISES.values(), ids=NOISES)
def test_equal_models_are_seldom_called_different_however_often_it_is_looked(noise: Noise) -> None:
    """Without the practical threshold, which makes it rarer still: the intervals alone keep the rate."""
    random = Random(1)
    message = Counter(answer(launches(noise, random, 1.0), 1e-9) for _ in range(COMPARISONS))
    # 2 % and three standard errors of 400 comparisons
    assert (message["faster"] + message["slower"]) / COMPARISONS <= 0.02 + 3 * math.sqrt(0.02 * 0.98 / COMPARISONS)


@pytest.mark.parametrize("noise", NOISES.values(), ids=NOISES)
def test_with_the_threshold_equal_models_are_the_same_or_undecided(noise: Noise) -> None:
    random = Random(2)
    message = Counter(answer(launches(noise, random, 1.0), THRESHOLD) for _ in range(COMPARISONS))
    assert message["faster"] + message["slower"] <= 0.02 * COMPARISONS
    assert message["the same"] >= 0.2 * COMPARISONS


def test_a_difference_is_found_in_spite_of_what_the_device_does_to_both() -> None:
    random = Random(3)
    message = Counter(answer(launches(NOISES["normal"], random, 1.04), THRESHOLD) for _ in range(COMPARISONS))
    assert message["slower"] >= 0.95 * COMPARISONS
    assert message["faster"] == 0


def test_a_difference_above_the_threshold_is_seldom_called_the_same() -> None:
    random = Random(4)
    message = Counter(answer(launches(NOISES["normal"], random, 1.025), THRESHOLD) for _ in range(COMPARISONS))
    assert message["the same"] <= 0.05 * COMPARISONS


def test_the_first_look_has_an_interval_at_the_level() -> None:
    assert sign_level(LOOKS[0], 1) >= LEVEL
    assert [count for count in range(15) if is_look(count, 12)] == [10, 12, 13, 14]
