"""What does not fit the network is told of whoever said it."""

from __future__ import annotations

import pytest

from edge.errors import UsageError
from edge.images.overrides import Overrides, fitting
from edge.zoo.model import Preprocessing

LAST = Preprocessing(
    None, (32, 32), mean=(0.5,) * 3, std=(0.5,) * 3, channel_order="RGB", resize=(32, 32), layout="NHWC"
)


def test_a_layout_that_a_file_says_is_not_the_options_fault() -> None:
    with pytest.raises(UsageError, match="no NHWC image") as caught:
        fitting("net", [[1, 3, 32, 32]], LAST, Overrides())
    assert caught.value.hint == "what is known of it says NHWC; say it yourself: --layout NCHW"
    assert fitting("net", [[1, 3, 32, 32]], LAST, Overrides(layout="NCHW")).layout == "NCHW"


def test_a_layout_that_the_option_says_is() -> None:
    with pytest.raises(UsageError, match="no NHWC image") as caught:
        fitting("net", [[1, 3, 32, 32]], LAST, Overrides(layout="NHWC"))
    assert caught.value.hint == "leave --layout out"
