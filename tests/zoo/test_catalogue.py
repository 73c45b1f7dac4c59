"""The catalogue is whole and true to the published table; lookup, filters and order do what they say."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.errors import UnknownModelError, UsageError
from edge.images.preprocess import INTERPOLATIONS
from edge.zoo.catalogue import SORT_KEYS, catalogue, lookup, nearest, ordered, search, select, selected, series
from edge.zoo.model import TABLE, Model

MODELS = catalogue()


def test_the_catalogue_has_265_models_each_once() -> None:
    assert len(MODELS) == 265
    assert len({model.name for model in MODELS}) == 265


def test_55_models_are_light() -> None:
    light = select(light=True)
    assert len(light) == 55
    assert {model.series for model in light} == {
        *("MobileNetV1", "MobileNetV2", "MobileNetV3", "PP-LCNet", "PP-LCNetV2"),
        *("ShuffleNetV2", "GhostNet", "ESNet", "MobileViT"),
    }


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_everything_a_conversion_needs_is_known(model: Model) -> None:
    batch, channels, height, width = model.input_shape
    assert (batch, channels) == (1, 3)
    assert height == width
    assert 224 <= height <= 600
    how = model.preprocessing
    assert how.crop == (height, width)
    assert how.resize_short is not None
    assert height <= how.resize_short <= height * 1.2
    assert how.interpolation in INTERPOLATIONS
    assert how.channel_order in ("RGB", "BGR")
    assert all(0 <= value < 1 for value in how.mean)
    assert all(0 < value <= 1 for value in how.std)
    assert model.architecture.isidentifier()
    published = model.published
    assert published.top1 is not None
    assert 0.4 < published.top1 < 0.9
    assert published.flops_m is not None
    assert published.params_m is not None
    for url, ending in ((model.inference_url, "_infer.tar"), (model.pretrained_url, "_pretrained.pdparams")):
        if url is None and ending == "_infer.tar" and model.source != TABLE:
            continue  # PaddleClas publishes parameters of the newer families, and no archives
        assert url is not None
        assert url.startswith("https://")
        assert url.endswith(ending)
    assert list(published.sd855_ms) in ([], [1, 2, 4])


@pytest.mark.parametrize(
    ("name", "size", "short", "architecture"),
    [
        ("MobileNetV3_large_x1_0_ssld", 224, 256, "MobileNetV3_large_x1_0"),
        ("ShuffleNetV2", 224, 256, "ShuffleNetV2_x1_0"),
        ("Fix_ResNeXt101_32x48d_wsl", 320, 320, "ResNeXt101_32x48d_wsl"),
        ("InceptionV4", 299, 320, "InceptionV4"),
        ("EfficientNetB7", 600, 632, "EfficientNetB7"),
        ("SwinTransformer_base_patch4_window12_384", 384, 438, "SwinTransformer_base_patch4_window12_384"),
        ("MobileViT_S", 256, 292, "MobileViT_S"),
    ],
)
def test_inputs_that_differ_from_the_usual(name: str, size: int, short: int, architecture: str) -> None:
    model = lookup(name)
    assert model.input_shape == (1, 3, size, size)
    assert model.preprocessing.resize_short == short
    assert model.architecture == architecture


def test_a_row_as_the_table_prints_it() -> None:
    model = lookup("MobileNetV3_large_x1_0_ssld")
    published = model.published
    assert (published.top1, published.top5) == (0.7896, 0.9448)
    assert (published.reference_top1, published.top1_gain) == (0.753, 0.036)
    assert (published.flops_m, published.params_m, published.size_mb) == (229.66, 5.5, 21)
    assert published.sd855_ms == {1: 16.55, 2: 10.09, 4: 6.84}
    assert model.ssld
    assert model.light


def test_a_row_that_the_table_lacks_names_its_document() -> None:
    model = lookup("MobileNetV4_conv_medium")
    published = model.published
    assert (published.top1, published.top5, published.flops_m, published.params_m) == (0.799, 0.952, 1690, 9.72)
    assert model.source == model.sd855_source == "MobileNetV4.md"
    sources = [model.source for model in MODELS if model.source != TABLE]
    assert sources == ["MobileNetV4.md"] * 5 + ["StarNet.md"] * 4 + ["FasterNet.md"] * 6


def test_latencies_of_pp_lcnet_are_of_its_own_document() -> None:
    model = lookup("PPLCNet_x1_0")
    assert model.published.sd855_ms == {1: 10.78, 2: 6.49, 4: 3.98}
    assert (model.source, model.sd855_source) == (TABLE, "PP-LCNet.md")
    carried = [model.name for model in MODELS if model.sd855_source == "PP-LCNet.md"]
    assert carried == [f"PPLCNet_x{size}" for size in ("0_25", "0_35", "0_5", "0_75", "1_0", "1_5", "2_0", "2_5")]


@pytest.mark.parametrize("name", ["mobilenetv3_LARGE_x1_0", "MobileNetV3-large-x1-0", "mobilenet v3 large x1_0"])
def test_letter_case_and_separators_do_not_matter(name: str) -> None:
    assert lookup(name).name == "MobileNetV3_large_x1_0"
    assert selected([name, "MobileNetV3_large_x1_0"], series=(), light=False, everything=False) == [
        "MobileNetV3_large_x1_0"
    ]


def test_names_of_files_stay_as_they_are() -> None:
    files = ["./pplcnet_x1_0.nb", "models/PPLCNet_X1_0"]
    assert selected(files, series=(), light=False, everything=False) == files


def test_words_find_models() -> None:
    found = [model.name for model in search("mobilenet v3 large")]
    assert found == [model.name for model in MODELS if model.name.startswith("MobileNetV3_large")]
    assert len(found) == 6
    assert [model.name for model in select(words="LCNET x2", top1_min=0.78)] == ["PPLCNet_x2_5_ssld"]
    assert search("") == []
    with pytest.raises(UnknownModelError) as caught:
        lookup("mobilenet v3 large")
    assert "MobileNetV3_large_x1_0_ssld" in caught.value.hint
    assert "edgezoo list --search 'mobilenet v3 large'` shows all 6" in caught.value.hint


def test_of_two_weight_sets_the_one_that_paddleclas_loads() -> None:
    model = lookup("SwinTransformer_base_patch4_window7_224")
    assert model.published.top1 == 0.8337
    assert model.pretrained_url is not None
    assert "22kto1k" not in model.pretrained_url


@pytest.mark.parametrize(
    ("given_name", "meant"),
    [("PPLCNet_x10", "PPLCNet_x1_0"), ("mobilenetv11", "MobileNetV1"), ("GhostNet-x1-1", "GhostNet_x1_0")],
)
def test_an_unknown_name_is_answered_with_near_ones(given_name: str, meant: str) -> None:
    with pytest.raises(UnknownModelError) as caught:
        lookup(given_name)
    assert meant in caught.value.hint


def test_a_name_like_no_other() -> None:
    with pytest.raises(UnknownModelError) as caught:
        lookup("qqqq")
    assert "edgezoo list" in caught.value.hint


@given(st.text(max_size=40))
def test_any_text_can_be_looked_for(name: str) -> None:
    assert set(nearest(name)) <= {model.name for model in MODELS}


@given(
    top1=st.none() | st.floats(0.4, 0.9),
    flops=st.none() | st.floats(0, 1e4),
    params=st.none() | st.floats(0, 100),
    sd855=st.none() | st.floats(0, 40),
    threads=st.sampled_from([1, 2, 4]),
)
def test_filters_keep_exactly_what_fits(
    top1: float | None, flops: float | None, params: float | None, sd855: float | None, threads: int
) -> None:
    kept = select(top1_min=top1, flops_max=flops, params_max=params, sd855_max=sd855, threads=threads)

    def fits(model: Model) -> bool:
        numbers = model.published
        latency = numbers.sd855_ms.get(threads)
        return (
            (top1 is None or (numbers.top1 or 0) >= top1)
            and (flops is None or (numbers.flops_m or 1e9) <= flops)
            and (params is None or (numbers.params_m or 1e9) <= params)
            and (sd855 is None or (latency is not None and latency <= sd855))
        )

    assert kept == [model for model in MODELS if fits(model)]


def test_series_are_found_whatever_the_case_or_dash() -> None:
    assert {model.series for model in select(series_names=["pp-lcnet", "GHOSTNET"])} == {"PP-LCNet", "GhostNet"}
    assert len(series()) == 48
    with pytest.raises(UsageError, match="no series 'Foo'"):
        select(series_names=["Foo"])


def test_a_thread_count_that_was_not_published() -> None:
    with pytest.raises(UsageError):
        select(threads=3)


@pytest.mark.parametrize("key", SORT_KEYS)
@pytest.mark.parametrize("descending", [False, True])
def test_order_puts_unknown_numbers_last(key: str, descending: bool) -> None:
    models = ordered(MODELS, key, threads=2, descending=descending)
    values = [SORT_KEYS[key](model, 2) for model in models]
    known = [value for value in values if value is not None]
    assert values == known + [None] * (len(values) - len(known))
    assert known == sorted(known, reverse=descending)
    assert len(models) == 265
