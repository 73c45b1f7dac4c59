"""Two models compared while they are measured: after some rounds it is looked whether the answer is there already.

Who looks often and stops at the first difference calls equal models different more often than one look would. So each
look uses intervals at a higher level, the same for all (Pocock, Group sequential methods in the design and analysis of
clinical trials, Biometrika 64 (1977) 191-199); the level was chosen by simulation: that any of the looks' intervals
misses the true ratio happened in 1.5 to 1.8 % of simulated comparisons, on calm devices and on restless ones
(docs/how-to/compare.md). With looks at 8, 12, 16, 24, 32 and 40 pairs at 99 % it was 3.2 to 4.3 %.
"""

from __future__ import annotations

# Rounds after which it is looked. The extremes of the first give more than the level (10: 99.8 %).
LOOKS = (10, 14, 20, 28, 40)
LEVEL = 0.995


def is_look(pairs: int, limit: int) -> bool:
    """Whether it is looked after so many pairs."""
    return pairs in LOOKS or pairs >= limit
