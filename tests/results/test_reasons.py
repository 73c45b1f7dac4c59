"""Remarks: each code makes its sentence, survives the database, and says what to do where something can be done."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.results.reasons import Code, Remark, dump, load, over_launches

# A value for each blank that any template has.
VALUES = {
    "status": 2, "core": 7, "celsius": 46.25, "above": 5.5, "allowed_ghz": 2.4192, "top_ghz": 2.8416, "share": 0.25,
    "ghz": 1.6, "expected_ghz": 2.8416, "repeats": 30, "best_ghz": 2.8,
    "low": 1.0, "high": 2.0, "lows": 3, "highs": 3, "correlation": 0.6, "slowdown": 0.05,
    "tolerance": 0.01, "launches": 2, "sessions": 2,
    "steady_ms": 12.5, "first_ms": 10.0, "ratio": 1.25, "change": -0.03, "seconds": 61.5, "wanted": 600.0,
}  # fmt: skip


def blanks(code: Code) -> list[str]:
    return [name for _, name, _, _ in string.Formatter().parse(code.template) if name]


@pytest.mark.parametrize("code", Code, ids=lambda code: code.value)
def test_every_code_makes_a_sentence_of_its_values(code: Code) -> None:
    remark = code(**{name: VALUES.get(name, "word") for name in blanks(code)})
    assert str(remark) == code.template.format(**dict(remark.parameters))
    assert "{" not in str(remark)
    assert load(dump([remark])) == (remark,)
    assert remark.as_json()["code"] == code.value


def test_codes_are_the_fields_words_and_none_is_used_twice() -> None:
    assert len({code.value for code in Code}) == len(Code.__members__)
    assert all(code.value.replace("_", "").isalnum() and code.value.islower() for code in Code)


def test_sentences_and_advice() -> None:
    limited = Code.CORE_LIMITED(core=7, allowed_ghz=2.4192, top_ghz=2.8416)
    assert str(limited) == "core 7 was limited to 2.42 of 2.84 GHz"
    assert "cool" in limited.advice
    assert "advice" not in Code.OTHER(text="x").as_json()


def test_what_launches_say_is_said_once_with_its_count() -> None:
    offline, hot = Code.CORE_WENT_OFFLINE(core=7), Code.MEASURED_HOT(why="thermal status LIGHT (1)")
    found = over_launches([(offline,), (hot, offline), ()])
    assert [str(one) for one in found] == [
        "core 7 went offline (in 2 of 3 launches)",
        "measured hot: thermal status LIGHT (1) (in 1 of 3 launches)",
    ]
    assert load(dump(found)) == tuple(found)


def test_a_code_of_a_later_version_is_shown_as_it_is() -> None:
    (remark,) = load('[{"code": "fan_loud", "parameters": {"ghz": 1.5}}]')
    assert str(remark) == "fan_loud, ghz 1.5"
    assert remark.advice == ""
    assert str(Remark("core_limited", (("core", 7),))) == "core_limited, core 7"  # its blanks have changed


_VALUE = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
)


@given(st.lists(st.tuples(st.text(), st.dictionaries(st.text(), _VALUE))))
def test_remarks_survive_the_database(message: list[tuple[str, dict[str, str]]]) -> None:
    remarks = tuple(Remark(code, tuple(sorted(values.items()))) for code, values in message)
    assert load(dump(remarks)) == remarks
    assert all(isinstance(str(one), str) for one in remarks)


@pytest.mark.parametrize(
    "text", ["", "{}", "[1]", '[{"code": 1}]', '[{"code": "x", "parameters": []}]', '[{"code": "x", "launches": [1]}]']
)
def test_what_is_no_list_of_remarks_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        load(text)
