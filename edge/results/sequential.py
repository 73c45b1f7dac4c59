"""Two models compared while they are measured: after some rounds it is looked whether the answer is there already.

Who looks often and stops at the first difference calls equal models different more often than one look would. So each
look uses intervals at a higher level, the same for all (Pocock, Group sequential methods in the design and analysis of
clinical trials, Biometrika 64 (1977) 191-199); the level was chosen by simulation: that any of the looks' intervals
misses the true ratio happened in 3.4 to 3.9 % of simulated comparisons (docs/how-to/compare.md).
"""

from __future__ import annotations

# Rounds after which it is looked. The first has the fewest pairs whose extremes give the level (8: 99.2 %).
LOOKS = (8, 12, 16, 24, 32, 40)
LEVEL = 0.99


def is_look(pairs: int, limit: int) -> bool:
    """Whether it is looked after so many pairs."""
    return pairs in LOOKS or pairs >= limit
