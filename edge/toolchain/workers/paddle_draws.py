"""Random parameters for large networks, which take longer to draw than to use.

Paddle 2.6 draws a number in 10 to 20 ns, and of a transformer most of them twice: 3 seconds for a hundred million. The first
FRESH of each distribution are Paddle's own, all of a light network's; what is wanted beyond, and a parameter that is larger by
itself, is taken of these again, from a place that the seed draws.
"""

import contextlib

import numpy
import paddle
from paddle import _C_ops
from paddle.base.core import VarDesc

FRESH = 1 << 24


@contextlib.contextmanager
def repeated(seed):
    """Within the block, all that is drawn for a network is drawn so."""
    places = numpy.random.RandomState(seed % 2**32)
    normal, uniform, cut = _C_ops.gaussian, _C_ops.uniform, _C_ops.truncated_gaussian_random
    normals, uniforms, cuts = (_Drawn(places) for _ in range(3))

    def gaussian(shape, mean, std, seed, dtype, place):
        return normals.take(lambda shape: normal(shape, mean, std, seed, dtype, place), shape, mean, std, seed, dtype)

    def evenly(shape, dtype, low, high, seed, place):
        def draw(shape):
            return uniform(shape, dtype, low, high, seed, place)

        return uniforms.take(draw, shape, (low + high) / 2, (high - low) / 2, seed, dtype)

    def truncated(shape, mean, std, seed, dtype, place):
        return cuts.take(lambda shape: cut(shape, mean, std, seed, dtype, place), shape, mean, std, seed, dtype)

    _C_ops.gaussian, _C_ops.uniform, _C_ops.truncated_gaussian_random = gaussian, evenly, truncated
    try:
        yield
    finally:
        _C_ops.gaussian, _C_ops.uniform, _C_ops.truncated_gaussian_random = normal, uniform, cut


class _Drawn:
    """What has been drawn of one distribution, in its standard form."""

    def __init__(self, places):
        self._places, self._parts, self._count = places, [], 0
        self._all = None

    def take(self, draw, shape, centre, scale, seed, dtype):
        """A parameter, standard numbers times `scale` around `centre`: as `draw` draws it, or, when enough were, of those.

        What has a `seed` of its own, or another type than float32, is drawn.
        """
        if seed or dtype != VarDesc.VarType.FP32 or not scale:
            return draw(shape)
        size = int(numpy.prod(shape))
        if self._count < FRESH:
            drawn = draw(shape if size <= FRESH else [FRESH])
            self._parts.append((drawn.numpy().reshape(-1) - numpy.float32(centre)) / numpy.float32(scale))
            self._count += self._parts[-1].size
            if size <= FRESH:
                return drawn
        if self._all is None:
            whole = numpy.concatenate(self._parts)
            self._all = whole[: (whole.size - 1) | 1]  # odd: what goes round more than once is another at each row
            self._parts = []
        values, at = numpy.empty(size, "float32"), self._places.randint(self._all.size)
        for begin in range(-at, size, self._all.size):
            part = self._all[max(0, -begin) : size - begin]
            numpy.multiply(part, numpy.float32(scale), out=values[max(0, begin) :][: part.size])
        values += numpy.float32(centre)
        return paddle.to_tensor(values.reshape(shape))
