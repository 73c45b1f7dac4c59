"""Float16's arithmetic, step by step as the ARM kernels of Paddle-Lite take it: what a program's `py_func` operators call.

Their last input says what is to be done (`edge/convert/verify/half_steps.py` writes it):
convolution   0, order, strides (2), paddings (top, bottom, left, right), dilations (2), groups; of x, filter, maybe a bias
product       1, order, whether x is turned, whether y is, how many dimensions of x are rows (of `mul`; else 0); of x and y
rounding      2; of x, as the others below
hard_swish    3, threshold, scale, offset
hard_sigmoid  4, slope, offset
mean          5; over all positions of a channel

`order` 0 is that in which the kernels add up, another number stands for another order of the same terms.
"""

import numpy
import paddle_reference

LANES = 8  # sums beside one another in a register, of a product with one row or one column, and of a mean
_BLOCK = 1 << 14  # numbers summed at once: they stay in the cache
_SPLIT, _LEAST = numpy.float32(2**13 + 1), numpy.float32(0.75)

_registered = []


def run(program, params, inputs_npz, outputs_npz):
    """As `paddle_reference.run`, of a program that calls `computed`."""
    if not _registered:
        from paddle.base import core

        number = core._append_python_callable_object_and_return_id(_called)
        if number != 0:
            raise RuntimeError("another function was given to this Paddle before")
        _registered.append(_called)
    return paddle_reference.run(program, params, inputs_npz, outputs_npz)


def _called(*given):
    from paddle.base import core

    *tensors, how = map(numpy.array, given)
    made = core.LoDTensor()
    made.set(numpy.ascontiguousarray(computed(tensors, how.tolist())), core.CPUPlace())
    return (made,)  # alone Paddle takes it apart along its first axis, and only one piece would be the tensor


def computed(tensors, how):
    """The float32 tensor that `how` asks for, of numbers that float16 has."""
    kind, *rest = how
    with numpy.errstate(over="ignore", invalid="ignore"):
        return _KINDS[int(kind)](*tensors, *([rest] if rest else []))


def half(values):
    """Rounded to float16, the nearest; Paddle's own cast on x86 cuts off."""
    return values.astype(numpy.float16).astype(numpy.float32)


def _hard_swish(x, how):
    threshold, scale, offset = how
    x = half(x)
    gate = numpy.clip(half(x + numpy.float32(offset)), 0, numpy.float32(threshold))
    return half(half(x * half(numpy.float32(1 / scale))) * gate)


def _hard_sigmoid(x, how):
    slope, offset = how
    return numpy.clip(half(half(x) * half(numpy.float32(slope)) + half(numpy.float32(offset))), 0, 1)


def _mean(x):
    """32 numbers at a time, then 8, each multiplied with their share first; the last ones divided."""
    values = half(x).reshape(x.shape[0] * x.shape[1], -1)
    size = values.shape[1]
    share = half(numpy.float32(1 / size))
    total = numpy.zeros((len(values), LANES), numpy.float32)
    most = size - size % (4 * LANES)
    for start in range(0, most, 4 * LANES):
        a, b, c, d = (values[:, start + k * LANES : start + (k + 1) * LANES] for k in range(4))
        for term in (half(a + c), half(b + d)):
            total = half(total + half(term * share))
    for start in range(most, size - LANES + 1, LANES):
        total = half(total + half(values[:, start : start + LANES] * share))
    made = half(total[:, :4] + total[:, 4:])
    for _ in range(2):
        made = half(made[:, ::2] + made[:, 1::2])
    for last in range(size - size % LANES, size):
        made[:, 0] = half(made[:, 0] + values[:, last] / numpy.float32(size))
    return made.reshape(*x.shape[:2], 1, 1)


def _convolution(x, weight, *more):
    *bias, how = more
    order, down, right, top, bottom, left, far, high, wide, groups = map(int, how)
    begin = bias[0].reshape(groups, -1) if bias else numpy.zeros((groups, len(weight) // groups), numpy.float32)
    count, (outputs, inputs, rows, columns) = len(x), weight.shape
    x = numpy.pad(x, ((0, 0), (0, 0), (top, bottom), (left, far)))
    tall = (x.shape[2] - high * (rows - 1) - 1) // down + 1
    broad = (x.shape[3] - wide * (columns - 1) - 1) // right + 1
    taps = [
        x[
            :,
            :,
            i * high : i * high + down * (tall - 1) + 1 : down,
            j * wide : j * wide + right * (broad - 1) + 1 : right,
        ]
        for i in range(rows)
        for j in range(columns)
    ]
    seen = numpy.stack(taps, 2).reshape(count, groups, inputs * rows * columns, tall * broad)
    kernels = weight.reshape(groups, outputs // groups, -1)
    order = _order(order, kernels.shape[2])
    made = numpy.empty((count, groups, outputs // groups, tall * broad), numpy.float32)
    for number in range(count):
        if outputs == groups:
            made[number, :, 0] = _each(kernels[:, 0], seen[number], order, begin[:, 0])
        else:
            for group in range(groups):
                made[number, group] = _matrix(kernels[group], seen[number, group], order, begin[group])
    return made.reshape(count, outputs, tall, broad)


def _product(x, y, how):
    order, turned_x, turned_y, rows = map(int, how)
    if rows:
        shape = x.shape[:rows] + y.shape[1:]
        return _product(
            x.reshape(int(numpy.prod(x.shape[:rows])), -1), y.reshape(len(y), -1), (order, 0, 0, 0)
        ).reshape(shape)
    x, y = x.swapaxes(-1, -2) if turned_x else x, y.swapaxes(-1, -2) if turned_y else y
    shape = numpy.broadcast_shapes(x.shape[:-2], y.shape[:-2])
    left = numpy.broadcast_to(x, shape + x.shape[-2:]).reshape((-1, *x.shape[-2:]))
    right = numpy.broadcast_to(y, shape + y.shape[-2:]).reshape((-1, *y.shape[-2:]))
    order = _order(order, x.shape[-1])
    made = [_matrix(a, b, order) for a, b in zip(left, right)]
    return numpy.stack(made).reshape((*shape, x.shape[-2], y.shape[-1]))


def _order(number, count):
    return range(count) if number == 0 else numpy.random.RandomState(number).permutation(count)


def _matrix(a, b, order, begin=None):
    """(m, k) by (k, n), added to m numbers, or to 0."""
    begin = numpy.zeros(len(a), numpy.float32) if begin is None else begin
    if b.shape[1] == 1:
        return half(_lanes(a, b[:, 0], order) + begin)[:, None]
    if a.shape[0] == 1:
        return half(_lanes(b.T, a[0], order) + begin)[None]
    made = numpy.empty((len(a), b.shape[1]), numpy.float32)
    step = max(1, _BLOCK // len(a))
    for first in range(0, b.shape[1], step):
        part = b[:, first : first + step]
        made[:, first : first + step] = _sums([(a[:, k, None], part[k]) for k in order], begin, part.shape[1])
    return made


def _each(weights, seen, order, begin):
    """(c, k) by (c, k, n): each channel by its own, added to c numbers."""
    made = numpy.empty((len(seen), seen.shape[2]), numpy.float32)
    step = max(1, _BLOCK // seen.shape[2])
    for first in range(0, len(seen), step):
        w, part = weights[first : first + step], seen[first : first + step]
        pairs = [(w[:, k, None], part[:, k]) for k in order]
        made[first : first + step] = _sums(pairs, begin[first : first + step], seen.shape[2])
    return made


def _lanes(a, b, order):
    """(m, k) by (k,): eight sums each, which are added in pairs at the end."""
    more = -a.shape[1] % LANES
    order = numpy.asarray(order)
    a = numpy.pad(a[:, order], ((0, 0), (0, more))).reshape(len(a), -1, LANES)
    b = numpy.pad(b[order], (0, more)).reshape(-1, LANES)
    made = _sums([(a[:, k], b[k]) for k in range(len(b))], numpy.zeros(len(a), numpy.float32), LANES)
    while made.shape[1] > 1:
        made = half(made[:, ::2] + made[:, 1::2])
    return made[:, 0]


def _sums(pairs, begin, width):
    """The sum of the products of these pairs, rounded behind each."""
    total = numpy.repeat(begin[:, None].astype(numpy.float32), width, 1)
    term, beside = numpy.empty_like(total), numpy.empty_like(total)
    for a, b in pairs:
        numpy.multiply(a, b, out=term)
        total += term
        total = _rounded(total, beside)
    return total


def _rounded(values, beside):
    """To float16's eleven bits by Dekker's splitting, and to multiples of 2**-24: faster than a cast there and back."""
    numpy.multiply(values, _SPLIT, out=beside)
    numpy.subtract(beside, values, out=values)
    numpy.subtract(beside, values, out=values)
    values += _LEAST  # beside 0.75 float32 has no finer steps; numbers that need none are exact
    values -= _LEAST
    return values


_KINDS = {0: _convolution, 1: _product, 2: half, 3: _hard_swish, 4: _hard_sigmoid, 5: _mean}
