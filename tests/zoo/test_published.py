"""Published numbers stay with the network they were published of; the table's own contradictions are known."""

from __future__ import annotations

from dataclasses import replace

import pytest

from edge.zoo.catalogue import catalogue, lookup
from edge.zoo.contradictions import PublishedRow, contradictions
from edge.zoo.doubts import doubts, doubts_of
from edge.zoo.published import NamedNetwork, facts_of

MODEL = lookup("PPLCNet_x1_0")
ITSELF = NamedNetwork("published", [(1, 3, 224, 224)], 1000, 2_960_000, 160_810_000)


def test_the_published_network_has_all_of_its_row() -> None:
    facts = facts_of(MODEL, ITSELF)
    assert facts.published == MODEL.published
    assert facts.reasons == ()


@pytest.mark.parametrize("weights", ["random", "checkpoint", "own"])
def test_accuracy_is_of_the_published_weights(weights: str) -> None:
    facts = facts_of(MODEL, replace(ITSELF, weights=weights))
    assert facts.published is not None
    assert (facts.published.top1, facts.published.top5) == (None, None)
    assert facts.published.flops_m == MODEL.published.flops_m
    assert facts.reasons == (f"the published accuracy is of the published weights, and these are {weights}",)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"classes": 5, "weights": "own"}, "it has 5 classes"),
        ({"classes": None}, "an unknown number of classes"),
        ({"shapes": [(1, 3, 320, 320)]}, "its input is 1x3x320x320, and the table's 1x3x224x224"),
        ({"shapes": [(4, 3, 224, 224)]}, "its input is 4x3x224x224"),
        ({"weights": None}, "not known where its weights come from"),
        ({"weights": "own", "params": 1_700_000}, "it has 1.70 M parameters, and the table says 2.96 M"),
        ({"weights": "own", "flops": None}, "its FLOPs are not known"),
        ({"weights": "checkpoint", "flops": 120_000_000}, "it has 120.00 M FLOPs, and the table says 160.81 M"),
    ],
)
def test_of_another_network_nothing_is_published(changes: dict[str, object], reason: str) -> None:
    facts = facts_of(MODEL, replace(ITSELF, **changes))  # type: ignore[arg-type]
    assert facts.published is None
    assert any(reason in one for one in facts.reasons)


def test_an_open_batch_is_one_image() -> None:
    assert facts_of(MODEL, replace(ITSELF, shapes=[(-1, 3, 224, 224)])).published == MODEL.published


def test_channels_may_be_last() -> None:
    """As LiteRT's files have them: the same image."""
    assert facts_of(MODEL, replace(ITSELF, shapes=[(1, 224, 224, 3)])).published == MODEL.published
    assert facts_of(MODEL, replace(ITSELF, shapes=[(1, 320, 320, 3)])).published is None


def test_the_table_is_of_another_shufflenet_than_is_built_today() -> None:
    """docs/reference/flops-and-params.md: stage widths 224, 488, 976."""
    built = NamedNetwork("random", [(1, 3, 224, 224)], 1000, 7_430_000, 590_840_000)
    facts = facts_of(lookup("ShuffleNetV2_x2_0"), built)
    assert facts.published is None
    assert facts.reasons == ("it has 590.84 M FLOPs, and the table says 571.7 M",)


def test_every_doubt_is_found_again_in_the_catalogue() -> None:
    """But those of rows that the catalogue does not have: it keeps one of two of a name."""
    found = contradictions(
        [PublishedRow(one.name, one.architecture, one.published, one.inference_url) for one in catalogue()]
    )
    known = {(one.name, one.number) for several in doubts().values() for one in several}
    twice = {("SwinTransformer_base_patch4_window7_224", "top1"), ("SwinTransformer_base_patch4_window12_384", "top1")}
    assert {(one.name, one.number) for one in found} == known - twice
    assert known >= twice


@pytest.mark.parametrize(
    ("name", "number", "message"),
    [
        ("ShuffleNetV2_swish", "sd855_1", "3.44 times that on 2; it is also ShuffleNetV2_x2_0's"),
        ("ShuffleNetV2_x0_33", "sd855_4", "1.79 ms on 4 threads is slower than 1.70 on 2"),
        ("Res2Net200_vd_26w_4s_ssld", "top1_gain", "a gain of 0.049 is printed"),
        ("Res2Net50_vd_26w_4s_ssld", "flops", "4280 M; the same network as Res2Net50_vd_26w_4s has 4520 M"),
    ],
)
def test_a_known_fault_is_doubted(name: str, number: str, message: str) -> None:
    (doubt,) = doubts_of(name, number)
    assert message in doubt.reason
    assert doubts_of("PPLCNet_x1_0") == ()


def test_a_fault_made_by_hand_is_found() -> None:
    row = PublishedRow("net", "net", replace(MODEL.published, top5=0.5, elsewhere_ms={
        "v100_trt_fp32_ms_bs1": 2.0, "v100_trt_fp32_ms_bs4": 1.0, "v100_trt_fp32_ms_bs8": 1.5}))  # fmt: skip
    assert [one.number for one in contradictions([row])] == ["top5", "v100_trt_fp32_ms_bs4"]
