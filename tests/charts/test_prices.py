"""Prices by year: the line, what surveys restated, the trend, and targets with a date and without."""

import pytest
from charting import LEDGER, bundle, drawn, figure, marks, overlaps, some, spec

from analysis import charts
from analysis.errors import MetricError

WORDS = {"title": "T", "subtitle": "S"}


def price(value, year, entity="packs", metric="pack_price", **other):
    return figure(metric, value, "USD_per_kWh", year=year, entity_id=entity, **other)


SURVEYS = some(price(156, 2019), price(137, 2020), price(140, 2020), price(132, 2021))


def test_a_price_stands_in_its_years_middle_and_the_line_runs_through_the_last_given():
    chart = charts.cost_path(SURVEYS, LEDGER, **WORDS)
    points = marks(chart, "point")[0]["rows"]
    assert [(row["x"], row["value"], row["is_last"]) for row in points] == [
        (2019.5, 156, True),
        (2020.5, 137, False),
        (2020.5, 140, True),
        (2021.5, 132, True),
    ]
    assert [(row["step"], row["value"]) for row in marks(chart, "line")[0]["rows"]] == [(0, 156), (0, 140), (1, 140), (1, 132)]
    assert "Price 2019: $156 per kWh; Price 2020: $137 per kWh; Price 2020: $140 per kWh" in spec(chart)["description"]


def test_prices_of_one_year_are_joined_by_a_rule_and_each_end_is_written():
    chart = charts.cost_path(SURVEYS, LEDGER, **WORDS)
    assert drawn(chart, "rule", low=137.0, high=140.0)
    words = [row["text"] for row in drawn(chart, "text") if "text" in row]
    assert {"$156", "$137", "$140", "$132", "Price"} <= set(words)


def test_years_without_a_price_are_crossed_by_dots():
    chart = charts.cost_path(some(price(200, 2019), price(190, 2022), price(180, 2023)), LEDGER, **WORDS)
    solid, dotted = marks(chart, "line")
    assert [row["value"] for row in solid["rows"]] == [190, 180]
    assert [row["value"] for row in dotted["rows"]] == [200, 190]
    assert dotted["mark"]["strokeDash"] == [1, 3]
    assert "Dotted: over years of which no price is held." in bundle(chart)["image/svg+xml"]


def test_a_target_stands_at_its_periods_end_or_at_the_edge_where_it_has_none():
    targets = some(
        price(75, 2028, "nissan", "battery_cost", figure_id="battery_cost.dated"),
        figure("battery_cost", 65, "USD_per_kWh", figure_id="battery_cost.later"),
        figure("battery_cost_change", -0.13, "change"),
    )
    names = {"battery_cost": "Nissan's target"}
    chart = charts.cost_path(SURVEYS, LEDGER, **WORDS, targets=targets, names=names)
    diamonds = [mark for mark in marks(chart, "point") if mark["mark"].get("shape") == "diamond"]
    assert [(row["x"], row["value"], row["label"]) for row in diamonds[0]["rows"]] == [
        (2029.0, 75, "Nissan's target, 2028: $75")
    ]
    later = drawn(chart, "rule", label="Nissan's target, later: $65")[0]
    assert later["x2"] == spec(chart)["width"]
    assert "Nissan's target, 2028: $75; Nissan's target, later: $65. Source" in spec(chart)["description"]


def test_a_trend_is_dashed_over_its_band():
    ends = {"price_trend": 100, "price_low": 80, "price_high": 125}
    trend = some(*(price(value, year, metric=metric) for year in (2021, 2025) for metric, value in ends.items()))
    chart = charts.cost_path(SURVEYS, LEDGER, **WORDS, trend=trend, names={"price_trend": "A line through the logs"})
    band = marks(chart, "area")[0]["rows"]
    assert [(row["x"], row["trend"], row["low"], row["high"]) for row in band] == [
        (2021.5, 100, 80, 125),
        (2025.5, 100, 80, 125),
    ]
    assert drawn(chart, "text", text="A line through the logs")


def test_steep_prices_stand_on_a_log_scale_and_others_on_a_plain_one():
    def scale(*values):
        chart = charts.cost_path(some(*(price(v, 2019 + n) for n, v in enumerate(values))), LEDGER, **WORDS)
        return marks(chart, "line")[0]["encoding"]["y"]["scale"]

    # 5 times 100 is 500, which is not more than 5 times.
    assert scale(500, 100) == {"type": "linear", "domain": [0, 500], "nice": False}
    assert scale(501, 100) == {"type": "log", "domain": [100, 1000], "nice": False}
    assert scale(501, 0)["type"] == "linear"  # zero has no place on a log scale


def test_lines_of_two_kinds_are_named_and_differ_in_shape():
    rows = some(price(115, 2024), price(108, 2025), price(97, 2024, "car-packs"), price(99, 2025, "car-packs"))
    chart = charts.cost_path(rows, LEDGER, **WORDS)
    words = [row["text"] for row in drawn(chart, "text") if "text" in row]
    assert {"All packs", "Packs for electric", "cars"} <= set(words) or {"All packs", "Packs for electric cars"} <= set(words)
    assert marks(chart, "point")[0]["encoding"]["shape"]["scale"]["range"] == ["circle", "square"]
    assert overlaps(chart) == []


def test_many_restated_prices_keep_their_words_apart():
    # 0.82 ** 11 is 0.11, which is less than a fifth; 0.9 ** 11 is 0.31, which is more.
    for pace, scale in ((0.82, "log"), (0.9, "linear")):
        values = {2013 + n: [round(700 * pace**n * f) for f in (1, 1.06, 1.12)] for n in range(12)}
        chart = charts.cost_path(some(*(price(v, year) for year, some_ in values.items() for v in some_)), LEDGER, **WORDS)
        assert marks(chart, "line")[0]["encoding"]["y"]["scale"]["type"] == scale
        assert overlaps(chart) == []


def test_what_cannot_be_drawn_is_refused():
    with pytest.raises(MetricError, match="prices in USD: expected USD_per_kWh"):
        charts.cost_path(some(figure("pack_price", 115, "USD", year=2024)), LEDGER, **WORDS)
    assert charts.cost_path(some(price(0, 2024)), LEDGER, **WORDS)
