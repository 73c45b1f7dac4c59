"""The page: what stands in it, read back; and that nothing of a database becomes markup."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import replace

import pytest

from edge.report.html import page
from edge.report.html.material import Material
from edge.report.html.page import MOST_BYTES, render
from edge.results.reasons import Code
from edge.zoo.catalogue import catalogue, lookup
from tests.bench.examples import launch
from tests.report.html.cells import HOST, HOSTILE, HOSTILE_CELL, LATER, MATERIAL, MEASURED, RANDOM, RECORDS, X86, cell
from tests.report.html.read import Element, read


@pytest.fixture(scope="module")
def made() -> Element:
    return read(render(MATERIAL).html)


def test_every_figure_is_there(made: Element) -> None:
    ids = [one.attributes["id"].removeprefix("figure-") for one in made.all("figure")]
    assert ids[:9] == [
        "server",
        "mobile",
        "transformers",
        "size",
        "threads",
        "engines",
        "precisions",
        "ratio",
        "ratio-2",
    ]
    assert {"history", *(f"cell-{id}" for id in range(1, 9))} <= set(ids)
    for one in made.all("figure"):
        assert all(chart.attributes["aria-label"] for chart in one.all("svg", class_="chart plot"))
        assert one.all("details")[0].all("td")


def test_published_points_are_the_catalogues(made: Element) -> None:
    server = made.figure("server")
    rows = {row[0]: row for row in server.rows()}
    assert (
        len(rows)
        == len(server.marks())
        == sum("v100_trt_fp32_ms_bs1" in one.published.elsewhere_ms for one in catalogue())
        - len(made.figure("transformers").marks())
    )
    known = lookup("ResNet50_vd").published
    assert rows["ResNet50_vd"][2] == f"{known.elsewhere_ms['v100_trt_fp32_ms_bs1']:.2f}"
    assert rows["ResNet50_vd"][4] == "published"
    assert "ViT_large_patch16_384" in {row[0] for row in made.figure("transformers").rows()}
    assert {row[4] for row in server.rows()} == {"published"}


def test_the_front_is_that_of_the_numbers(made: Element) -> None:
    def numbers(row: list[str]) -> tuple[float, float]:
        return float(row[2]), float(row[5].split()[0])

    rows = made.figure("server").rows()
    for row in rows:
        ms, top1 = numbers(row)
        beaten = any(
            faster <= ms and better >= top1 and (faster, better) != (ms, top1) for faster, better in map(numbers, rows)
        )
        assert (row[6] == "on it") == (not beaten), row


def test_measured_points_stand_beside_the_published_with_interval_and_source(made: Element) -> None:
    mobile = made.figure("mobile")
    mine = [words for words in mobile.marks() if "measured on" in words]
    assert {words.splitlines()[0] for words in mine} == {"MobileNetV1", "MobileNetV3_small_x0_35"}
    phone = next(words for words in mine if words.startswith("MobileNetV1"))
    assert re.search(
        r"32\.55 ms \(\d\d\.\d\d to \d\d\.\d\d\), measured on ab12 \(MI 9, msmnile\) by paddle-lite 2\.13rc0", phone
    )
    assert "top-1 70.99 %, published" in phone
    assert len(mine) == 4  # two on the phone, two engines on the host
    assert "30.24" in {row[2] for row in mobile.rows() if row[0] == "MobileNetV1" and row[4] == "published"}
    assert not [words for words in mobile.marks() if "estimated" in words]


def test_estimates_only_where_asked_for() -> None:
    rows = read(render(replace(MATERIAL, estimated=True)).html).figure("mobile").rows()
    guesses = [row for row in rows if row[4] == "estimated"]
    assert guesses
    assert not {row[0] for row in guesses} & {row[0] for row in rows if row[4] == "published"}


def test_what_has_no_published_accuracy_is_named_and_not_placed(made: Element) -> None:
    (notes,) = made.figure("mobile").all("ul", class_="note notes")
    assert "MobileNetV3_small_x0_35 int8 (measurement 5)" in notes.words


def test_threads_engines_and_precisions_lie_side_by_side(made: Element) -> None:
    threads = {(row[0], row[1]): row for row in made.figure("threads").rows()}
    assert {key[1] for key in threads} == {"1 thread", "2 threads"}
    assert made.figure("threads").all("g", class_="mark hollow")  # the measurement that is not valid
    engines = made.figure("engines").rows()
    assert [row[1] for row in engines] == ["onnxruntime 1.23.2", "paddle-lite 2.13rc0"]
    assert {row[0] for row in engines} == {"MobileNetV3_small_x0_35"}
    precisions = made.figure("precisions").rows()
    assert [(row[1].split()[0], row[5], row[6]) for row in precisions] == [
        ("fp32", "6.86", "70.00"),
        ("int8", "1.70", "60.00"),
    ]
    assert [one.words for one in made.figure("precisions").all("p", class_="subtitle")] == [
        "Latency",
        "Size",
        "Accuracy",
    ]


def test_a_file_with_its_channels_last_stands_beside_the_others_and_may_be_the_fastest() -> None:
    last = replace(RANDOM, sha256="44" * 32, shapes=tuple((n, h, w, c) for n, c, h, w in RANDOM.shapes))
    litert = {"engine": "litert", "engine_version": "2.3.0"}
    beside = [cell(70 + count, last, 0.5, threads=count, device=HOST, engine=litert, begin=LATER) for count in (1, 2)]
    beside += [cell(73, RANDOM, 4.0, threads=2, device=HOST, program=X86, begin=LATER)]
    shown = read(render(Material((*MEASURED, *beside), RECORDS)).html).figure("engines")
    assert {(row[0].rpartition(" ")[2], row[1]) for row in shown.rows()} == {
        (count, engine)
        for count in ("1T", "2T")
        for engine in ("onnxruntime 1.23.2", "paddle-lite 2.13rc0", "litert 2.3.0")
    } - {("2T", "onnxruntime 1.23.2")}
    assert {row[0].partition(",")[0] for row in shown.rows()} == {"MobileNetV3_small_x0_35"}
    assert "the fastest is MobileNetV3_small_x0_35, 1T in litert 2.3.0 with 0.5" in shown.words
    assert "Paddle-Lite's x86 kernels use one thread whatever is asked" in shown.words


def test_ratios_are_of_measured_over_published(made: Element) -> None:
    rows = [row for row in made.figure("ratio").rows() if row[2] == "1"]
    assert [float(rows[0][6])] == [pytest.approx(float(rows[0][3]) / 30.24, abs=0.001)]
    assert "The same chip" in made.figure("ratio").words
    assert "Another chip" in made.figure("ratio-2").words


def test_a_cell_shows_every_launch_its_clock_and_temperature(made: Element) -> None:
    figure = made.figure("cell-1")
    assert [one.words for one in figure.all("p", class_="subtitle")] == [
        "Every sample in the order of time", "Distribution of the samples", "Clock beside the launches",
        "Temperature beside the launches",
    ]  # fmt: skip
    rows = figure.rows()
    assert [row[0] for row in rows] == [str(number) for number in range(1, 7)]
    assert rows[0][10:12] == ["2.79 to 2.80 GHz", "40.0 to 41.5 °C"]
    cloud = figure.all("path", class_="cloud")[0]
    assert cloud.attributes["d"].count("M") > 100  # of 180, those in one place fall together
    bars = figure.all("path", class_="bar")[0].attributes["d"]
    assert bars.count("z") > 5


def test_very_many_samples_become_columns_that_hold_them_all() -> None:
    samples = [1.0 + 0.001 * (i * 7919 % 500) for i in range(20_000)]
    one = replace(cell(1, RANDOM, 1.0), launches=(launch(0, *samples),))
    figure = read(render(Material((one,))).html).figure("cell-1")
    path = figure.all("path", class_="cloud")[0].attributes["d"]
    assert 300 < path.count("V") <= 800
    assert "20000 samples" in figure.words


def test_history_has_the_sessions_in_order(made: Element) -> None:
    rows = made.figure("history").rows()
    assert [(row[0], row[1]) for row in rows] == [("3", "1"), ("6", "2")]
    assert "label after" in rows[1][8]


def test_the_table_has_every_measurement_with_reasons_and_remarks(made: Element) -> None:
    (table,) = made.all("table", id="measurements")
    rows = {row[0]: row for row in table.rows()}
    assert len(rows) == len(MEASURED)
    assert "not valid: thermal status rose from NONE to LIGHT" in rows["4"][9]
    assert "failed: it died" in rows["9"][9]
    assert "synthetic engine" in rows["10"][9]
    assert rows["1"][10:12] == ["30.24", f"{float(rows['1'][2]) / 30.24:.2f}"]
    assert rows["7"][11] == "-"  # another chip


def test_a_synthetic_number_is_in_no_figure(made: Element) -> None:
    assert "cell-10" not in [one.attributes["id"] for one in made.all("figure")[:10]]
    compared = [
        words for one in made.all("figure") for words in one.marks() if "measurement 10" in words.replace(";", " ")
    ]
    assert compared == []


def test_how_it_was_measured_names_device_versions_protocol_and_command(made: Element) -> None:
    sessions = made.all("section", class_="session")
    assert [one.all("h3")[0].words for one in sessions] == ["Session 3", "Session 2", "Session 1"]
    first = sessions[2]
    for words in ("ab12", "msmnile", "paddle-lite 2.13rc0", "0.1.0", "robust: warmup_runs=10", "opt 2.13rc0", "41"):
        assert words in first.words
    assert "edgezoo bench MobileNetV1 --threads 1,2 -s ab12" in first.all("pre")[0].words


def test_without_a_measurement_the_published_figures_stand() -> None:
    empty = read(render(Material(())).html)
    assert [one.attributes["id"] for one in empty.all("figure")] == [
        "figure-server", "figure-mobile", "figure-transformers", "figure-size",
    ]  # fmt: skip
    assert not empty.all("table", id="measurements")


def test_nothing_of_a_database_becomes_markup() -> None:
    html = render(Material((*MEASURED, HOSTILE_CELL), RECORDS, chosen=HOSTILE)).html
    hostile = read(html)
    assert len(hostile.all("script")) == 1
    assert not hostile.all("img")
    assert "\x00" not in html
    assert "\u202e" not in html
    everything = [*hostile.all("g"), *hostile.all("td"), *hostile.all("svg"), *hostile.all("button")]
    assert not [one for one in everything if any(name.startswith("on") for name in one.attributes)]
    shown = hostile.all("table", id="measurements")[0].rows()[0]
    assert shown[1].startswith("</script><script>document.title='taken'</script>")
    assert read(html).words.count("onerror=alert(1)") > 5  # as words


def test_the_policy_forbids_all_but_the_own_script_and_style(made: Element) -> None:
    (policy,) = [one.attributes["content"] for one in made.all("meta") if "http-equiv" in one.attributes]
    assert policy.startswith("default-src 'none'; ")
    for kind in ("script", "style"):
        (content,) = [one.words for one in made.all(kind)]
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}'" in policy
    assert not [one for one in made.all("g") + made.all("path") + made.all("td") if "style" in one.attributes]


def test_nothing_is_fetched(made: Element) -> None:
    for name in ("link", "img", "iframe", "object", "source", "use", "image"):
        assert not made.all(name)
    assert {one.attributes["href"][0] for one in made.all("a")} == {"#"}
    style = made.all("style")[0].words
    assert "url(" not in style
    assert "@import" not in style


def test_a_large_database_stays_below_the_limit_and_says_what_is_left_out() -> None:
    said = Code.OTHER(text="something long was said of this launch, " * 4)
    many = tuple(
        replace(cell(id, RANDOM, 2.0 + id % 7, session=id // 10), reasons=(said,) if id % 2 else ()) for id in range(1, 1501)
    )  # fmt: skip
    report = render(Material(many))
    assert len(report.html.encode()) < MOST_BYTES
    told = " ".join(report.left_out)
    assert "of 1500 measurements" in told
    assert "the samples of" in told
    made = read(report.html)
    rows = made.all("table", id="measurements")[0].rows()
    assert rows[0][0] == "1500"
    assert f"newest {len(rows)} of 1500" in made.words


def test_an_underlying_limit_counts_bytes_and_not_letters(monkeypatch: pytest.MonkeyPatch) -> None:
    wide = replace(cell(1, replace(RANDOM, name="網" * 60), 2.0), labels=("絡" * 400,))
    monkeypatch.setattr(page, "MOST_BYTES", 500_000)
    many = tuple(replace(wide, id=id) for id in range(1, 301))
    assert len(render(Material(many)).html.encode()) < 500_000
