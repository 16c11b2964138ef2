"""Bars, parts of a whole, and steps to a total: what is drawn is what the figures say."""

import pytest
from charting import LEDGER, bundle, drawn, figure, some, spec

from analysis import charts
from analysis.errors import MetricError

WORDS = {"title": "T", "subtitle": "S"}


def usd(metric, value, entity="canton", unit="USD", **other):
    return figure(metric, value, unit, entity_id=entity, market_id="us", **other)


def test_bars_write_each_value_and_set_the_first_one_off():
    rows = some(
        figure("leader_share", 0.2, "share", market_id="china", entity_id="china", qualifier="about"),
        figure("follower_share", 0.02, "share", market_id="japan", entity_id="japan"),
    )
    chart = charts.bars(rows, LEDGER, title="EVs take {leader_share}", subtitle="Percent")
    assert [(row["name"], row["value"], row["shown"], row["first"]) for row in drawn(chart, "bar")] == [
        ("China", 0.2, "about 20%", True),
        ("Japan", 0.02, "2%", False),
    ]
    assert "EVs take about 20% Percent Bar chart. China: about 20%; Japan: 2%." in spec(chart)["description"]
    assert ">about 20%<" in bundle(chart)["image/svg+xml"]


def test_bars_of_two_units_have_no_axis_in_common():
    rows = some(figure("a", 0.2, "share"), figure("b", 2, "points"))
    with pytest.raises(MetricError, match="no axis in common"):
        charts.bars(rows, LEDGER, **WORDS)


def test_the_rest_of_a_whole_is_what_is_left():
    chart = charts.whole(some(figure("share", 0.42, "share")), LEDGER, **WORDS, part_name="It", rest_name="Rest")
    assert "It: 42%; Rest: 58%" in spec(chart)["description"]
    assert [(row["start"], row["end"]) for row in drawn(chart, "bar")] == [(0.0, 0.42), (0.42, 1.0)]


STEPS = some(
    usd("pledged", 5e8), usd("pledged", 6.61e8, "sk-on"), usd("withdrawn_pledge", -5e8), usd("standing", 6.61e8, "nissan")
)


def test_each_step_starts_where_the_one_before_ended_and_the_last_at_zero():
    # 0 + 500 = 500; 500 + 661 = 1,161; 1,161 - 500 = 661, which is what stands
    bars = drawn(charts.waterfall(STEPS, LEDGER, **WORDS), "bar")
    assert [(row["name"], row["low"] / 1e6, row["high"] / 1e6, row["shown"]) for row in bars] == [
        ("Canton plant, Mississippi", 0, 500, "$500 million"),
        ("SK On battery supply", 500, 1161, "$661 million"),
        ("Canton plant, Mississippi, given up", 661, 1161, "-$500 million"),
        ("Standing", 0, 661, "$661 million"),
    ]


def test_what_was_given_up_is_hollow_and_steps_are_joined_where_they_end():
    chart = charts.waterfall(STEPS, LEDGER, **WORDS)
    assert [row["fill"] == "white" for row in drawn(chart, "bar")] == [False, False, True, False]
    assert [row["end"] / 1e6 for row in drawn(chart, "rule") if "end" in row] == [500, 1161, 661]


def test_a_waterfall_describes_its_steps():
    told = "$661 million is left S Waterfall chart. Canton plant, Mississippi: $500 million; SK On battery supply: $661 million"
    assert told in spec(charts.waterfall(STEPS, LEDGER, title="{standing} is left", subtitle="S"))["description"]


def test_a_waterfall_may_end_at_zero_and_run_below_it():
    nothing = some(usd("pledged", 5e8), usd("withdrawn_pledge", -5e8), usd("standing", 0.0, "nissan"))
    assert drawn(charts.waterfall(nothing, LEDGER, **WORDS), "bar")[-1]["shown"] == "$0"
    below = some(usd("pledged", 5e8), usd("withdrawn_pledge", -7e8))
    assert drawn(charts.waterfall(below, LEDGER, **WORDS), "bar")[-1]["low"] == -2e8


def test_two_pledges_of_one_entity_are_told_apart_by_their_labels():
    rows = some(usd("pledged", 5e8, label="First pledge"), usd("pledged", 2e8, label="Second pledge"))
    assert [row["name"] for row in drawn(charts.waterfall(rows, LEDGER, **WORDS), "bar")] == ["First pledge", "Second pledge"]
    with pytest.raises(MetricError, match="two steps of one name among A figure, A figure"):
        charts.waterfall(some(usd("pledged", 5e8), usd("pledged", 2e8)), LEDGER, **WORDS)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([usd("pledged", 1.0), usd("pledged", 1.0, "sk-on", unit="JPY")], "steps in JPY, USD: expected one currency"),
        ([usd("pledged", 1.0, unit="GWh")], "steps in GWh: expected one currency"),
        ([usd("pledged", -1.0)], "a pledge cannot fall"),
        ([usd("withdrawn_pledge", 1.0)], "nor a withdrawal rise"),
        ([usd("pledged", 5e8), usd("standing", 4e8, "nissan")], "is 400000000.0, but the steps before it come to 500000000.0"),
    ],
)
def test_steps_that_do_not_add_up_are_refused(rows, message):
    with pytest.raises(MetricError, match=message):
        charts.waterfall(some(*rows), LEDGER, **WORDS)
