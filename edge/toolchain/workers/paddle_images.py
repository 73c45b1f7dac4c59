"""Synthetic images that a network tells apart: the pictures random weights are calibrated on."""

import numpy


def images(shape, seed):
    """float32 images of N, C, H, W in the range of preprocessed photographs: crossed waves in colours, and some noise.

    Direction, frequency (1 to 60 waves across), sharpness, contrast and colours differ from image to image, so that
    global pooling does not average the differences away, as it does with white noise.
    """
    count, channels, height, width = shape
    draw = numpy.random.RandomState(seed % 2**32)
    y, x = numpy.mgrid[0 : 1 : height * 1j, 0 : 1 : width * 1j]
    batch = numpy.empty(shape, dtype="float32")
    for index in range(count):
        image = draw.normal(0, 0.5, (channels, 1, 1)) + draw.normal(0, 0.2, (channels, height, width))
        for _ in range(2):
            waves = numpy.zeros((height, width))
            for _ in range(2):
                turn, frequency, phase = draw.uniform(0, numpy.pi), 60 ** draw.uniform(0, 1), draw.uniform(0, 6.28)
                waves += numpy.sin(6.28 * frequency * (x * numpy.cos(turn) + y * numpy.sin(turn)) + phase)
            image = image + draw.normal(0, 1, (channels, 1, 1)) * numpy.tanh(draw.uniform(0.5, 4) * waves)
        batch[index] = draw.uniform(0.6, 1.8) * image / numpy.sqrt(numpy.square(image).mean())
    return batch
