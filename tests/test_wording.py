"""Numbers in words."""

import re
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.errors import MetricError
from analysis.schema import QUALIFIERS, figures
from analysis.units import DIMENSIONS
from analysis.wording import QUALIFIER_WORDS, figure_in_words, fill, in_words


@pytest.mark.parametrize(
    ("value", "unit", "qualifier", "words"),
    [
        (0.42, "share", "exact", "42%"),
        (0.2, "share", "about", "about 20%"),
        (0.0222, "share", "exact", "2.22%"),
        (661e6, "USD", "exact", "$661 million"),
        (17.6e9, "USD", "about", "about $17.6 billion"),
        (1.161e9, "USD", "exact", "$1.161 billion"),
        (2e12, "JPY", "exact", "¥2 trillion"),
        (999, "USD", "exact", "$999"),
        (-5e8, "USD", "exact", "-$500 million"),
        (388823.529412, "USD_per_job", "exact", "$388,824 per job"),
        (113.636363636, "JPY_per_USD", "exact", "113.64 yen per dollar"),
        (10, "ratio", "about", "about 10x"),
        (18, "points", "exact", "18 points"),
        (0.0009, "share", "exact", "0.09%"),
        (0.000123, "share", "exact", "0.012%"),  # below a tenth of a percent, a third decimal
        (0.001, "share", "exact", "0.1%"),
        (0.00123, "share", "exact", "0.12%"),
        (0, "share", "exact", "0%"),
        (-0.0505, "points", "about", "about -0.051 points"),
        (-0.5, "points", "exact", "-0.5 points"),
        (0.1, "points", "exact", "0.1 points"),
        (0.123, "points", "exact", "0.12 points"),
        (0, "points", "exact", "0 points"),
        (-41.176470588e-2, "change", "exact", "-41.2%"),
        (0.2, "change", "less_than", "less than +20%"),
        (-0.5, "points_per_year", "exact", "-0.5 points a year"),
        (1, "points_per_year", "exact", "+1 point a year"),
        (3, "agreements", "exact", "3 agreements"),
        (1, "agreements", "exact", "1 agreement"),
        (1, "targets", "exact", "1 target"),
        (17, "plants", "exact", "17 plants"),
        (1, "vehicles_per_year", "exact", "1 vehicle a year"),
        (16.666666667, "GWh_per_year", "exact", "16.7 GWh a year"),
        (66.666666667, "kWh", "about", "about 66.7 kWh"),
        (-1.012181e9, "USD", "about", "about -$1.012 billion"),
        (6e8, "EUR", "at_most", "at most €600 million"),
        (1.12e9, "GBP", "exact", "£1.12 billion"),
        (1474, "USD_per_kWh", "about", "about $1,474 per kWh"),
        (6.61e6, "USD_per_GWh", "exact", "$6.61 million per GWh"),
        (1, "rank", "exact", "no. 1"),
        (9, "level", "exact", "level 9"),
        (10, "months", "exact", "10 months"),
        (2.5, "years", "exact", "2.5 years"),
        (1, "points", "exact", "1 point"),
        (-0.133333, "change", "exact", "-13.3%"),
        (0.394, "per_year", "exact", "+39.4% a year"),
        (64000, "vehicles", "nearly", "nearly 64,000 vehicles"),
        (1, "models", "exact", "1 model"),
        (100, "kWh", "at_most", "at most 100 kWh"),
        (0, "months", "exact", "0 months"),
        (999_999_999, "USD", "exact", "$1 billion"),
        (-0.0003, "change", "exact", "0%"),
        (0.0003, "change", "exact", "0%"),
    ],
)
def test_a_value_reads_as_a_person_would_write_it(value, unit, qualifier, words):
    assert in_words(value, unit, qualifier) == words


@given(
    value=st.floats(-1e12, 1e12, allow_nan=False),
    unit=st.sampled_from(sorted(set(DIMENSIONS) - {"date"})),
    qualifier=st.sampled_from(sorted(QUALIFIER_WORDS)),
)
def test_a_limit_is_told_before_the_value_and_nothing_is_less_than_a_zero(value, unit, qualifier):
    words = in_words(value, unit, qualifier)
    assert words == QUALIFIER_WORDS[qualifier] + in_words(value, unit)
    is_never_small = "money" in DIMENSIONS[unit] or unit in ("rank", "level")
    if not is_never_small or abs(value) >= 1:
        assert not re.search(r"[-+][^0-9.]?0(?![0-9.,])", words)


def test_every_limit_has_words():
    assert set(QUALIFIER_WORDS) == {*QUALIFIERS, "less_than"}


@pytest.mark.parametrize(
    ("qualifier", "words"),
    [("exact", "fiscal 2028"), ("by", "by fiscal 2028"), ("from", "from fiscal 2028"), ("about", "about fiscal 2028")],
)
def test_a_figure_without_a_value_is_told_by_its_period(qualifier, words):
    row = {
        "value": None,
        "unit": "date",
        "qualifier": qualifier,
        "period_start": date(2028, 4, 1),
        "period_end": date(2029, 3, 31),
    }
    assert figure_in_words(row) == words
    assert figure_in_words(row | {"period_start": None, "period_end": None, "qualifier": "exact"}) == "not dated"


@pytest.mark.parametrize("unit", sorted(set(DIMENSIONS) - {"date"}))
def test_every_unit_has_words(unit):
    assert any(character.isdigit() for character in in_words(3.0, unit))


def _figure(figure_id: str, metric: str) -> dict:
    return {
        "figure_id": figure_id,
        "metric": metric,
        "label": "A share",
        "entity_id": "sakura",
        "market_id": "japan",
        "value": 0.42,
        "unit": "share",
        "qualifier": "exact",
        "basis": "reported",
        "claim_ids": ["c0"],
        "method": "as printed",
    }


def test_slots_take_a_figure_by_id_or_by_the_beginning_of_one():
    frame = figures([_figure("share.sakura.2023", "share")])
    assert fill("$who has {share.$it}, or {share}.", frame, who="It", it="sakura") == ("It has 42%, or 42%.", [])


def test_a_slot_may_ask_for_the_period_of_its_figure():
    dated = _figure("share.a", "share") | {"period_start": date(2024, 4, 1), "period_end": date(2025, 3, 31)}
    asked = "{share} in {share.$it:period}"
    assert fill(asked, figures([dated]), it="a") == ("42% in fiscal 2024", [])
    linked = fill(asked, figures([dated]), show=lambda row: f"<{row['figure_id']} {figure_in_words(row)}>", it="a")
    assert linked == ("<share.a 42%> in <share.a fiscal 2024>", [])
    assert fill("{share:period}", figures([_figure("share.a", "share")])) == ("…", ["share"])


def test_a_slot_without_a_figure_is_told_and_one_with_two_is_refused():
    frame = figures([_figure("share.a", "share"), _figure("share.b", "share")])
    assert fill("{gone}", frame) == ("…", ["gone"])
    assert fill("$who: {share.a}, once {gone}.", frame, who="A") == ("A: …, once ….", ["gone"])
    with pytest.raises(MetricError, match=r"share\.a, share\.b"):
        fill("{share}", frame)


def test_a_word_that_is_not_given_is_refused_and_one_with_braces_stays_a_word():
    frame = figures([_figure("share.a", "share")])
    with pytest.raises(MetricError, match=r"\$modle, which is not given; given are model"):
        fill("The $modle", frame, model="Sakura")
    assert fill("The $model has {share.a}.", frame, model="{share.a} $x") == ("The {share.a} $x has 42%.", [])
