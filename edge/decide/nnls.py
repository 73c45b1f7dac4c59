"""Non-negative least squares: Lawson and Hanson, Solving Least Squares Problems (1974), chapter 23, algorithm NNLS."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]
_TOLERANCE = 1e-10


def nnls(a: Matrix, b: Matrix) -> Matrix:
    """The x >= 0 that makes the norm of `a @ x - b` least; `a` is rows x columns, its columns of like size."""
    x = np.zeros(a.shape[1])
    free = np.zeros(a.shape[1], bool)
    for _ in range(10 * a.shape[1]):  # each round lowers the norm; three times the columns are the usual bound
        gradient = np.where(free, -np.inf, a.T @ (b - a @ x))
        best = int(np.argmax(gradient))
        if gradient[best] <= _TOLERANCE:
            break
        free[best] = True
        while True:
            solution = np.zeros_like(x)
            solution[free] = np.linalg.lstsq(a[:, free], b, rcond=None)[0]
            negative = free & (solution <= 0)
            if not negative.any():
                break
            step = float(np.min(x[negative] / (x[negative] - solution[negative])))
            x += step * (solution - x)
            free &= x > _TOLERANCE
            x[~free] = 0
        x = solution
    return x
