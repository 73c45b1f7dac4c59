"""How far a quantised network agrees with its float one on the images that it was calibrated with. Needs numpy alone."""

import numpy


def compared(before, after):
    """The share of equal top classes, and the mean cosine after taking off the mean."""
    mean = before.mean(axis=0) if len(before) > 1 else 0
    a, b = before - mean, after - mean
    sizes = numpy.linalg.norm(a, axis=1) * numpy.linalg.norm(b, axis=1)
    cosines = (a * b).sum(axis=1) / numpy.where(sizes > 0, sizes, 1)
    return {
        "same_top": float((before.argmax(axis=1) == after.argmax(axis=1)).mean()),
        "mean_cosine": float(cosines.mean()),
    }
