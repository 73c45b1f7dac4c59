"""What does not fit the network is told of whoever said it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.errors import UsageError
from edge.images.overrides import Overrides, fitting, images_of, takes_one_image
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


SIZES = st.lists(st.sampled_from([-1, 1, 2, 3, 4, 32]), min_size=1, max_size=5)


@given(shapes=st.lists(SIZES, max_size=2))
def test_what_takes_one_image_can_be_told_how_it_is_prepared(shapes: list[list[int]]) -> None:
    told = 0
    for layout in ("NCHW", "NHWC"):
        try:
            fitting(
                "net",
                images_of(shapes),
                None,
                Overrides(resize_short=32, crop=(1, 1), mean=(0.5,), std=(0.5,), layout=layout),
            )
            told += 1
        except UsageError as error:
            told += "size" in error.message or "crop" in error.message  # another complaint than of its input
    assert takes_one_image(shapes) == (told > 0)
