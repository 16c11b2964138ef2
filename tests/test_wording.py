"""Numbers in words."""

import pytest

from analysis.errors import MetricError
from analysis.schema import figures
from analysis.units import DIMENSIONS
from analysis.wording import fill, in_words


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


def test_a_slot_without_a_figure_is_told_and_one_with_two_is_refused():
    frame = figures([_figure("share.a", "share"), _figure("share.b", "share")])
    assert fill("{gone}", frame) == ("", ["gone"])
    with pytest.raises(MetricError, match=r"share\.a, share\.b"):
        fill("{share}", frame)


def test_a_word_that_is_not_given_is_refused_and_one_with_braces_stays_a_word():
    frame = figures([_figure("share.a", "share")])
    with pytest.raises(MetricError, match=r"\$modle, which is not given; given are model"):
        fill("The $modle", frame, model="Sakura")
    assert fill("The $model has {share.a}.", frame, model="{share.a} $x") == ("The {share.a} $x has 42%.", [])
