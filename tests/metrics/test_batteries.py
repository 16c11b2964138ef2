"""Batteries: prices and their trend, the way to a cost target, supply in a year and for each vehicle; worked by hand."""

from datetime import date

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from analysis.errors import MetricError
from analysis.metrics.batteries import (
    cost_gap,
    cost_step,
    energy_per_vehicle,
    pack_prices,
    price_trend,
    solid_state,
    supply_against_need,
)

FISCAL_2028 = {"valid_from": date(2028, 4, 1), "valid_to": date(2029, 3, 31)}


def said(series: str, value: float | None, unit: str, entity: str, **more) -> dict:
    return {"series_id": series, "value": value, "unit": unit, "entity_id": entity} | more


def price(number: int, value: float, **more) -> dict:
    """The price of a year, as a survey at its end prints it."""
    base = said("battery_pack_price", value, "USD_per_kWh", "packs", source_id=f"s{number}", published_date=date(number, 12, 1))
    return base | {"valid_from": date(number, 1, 1), "valid_to": date(number, 12, 31)} | more


def cost(value: float, **more) -> dict:
    return said("battery_cost", value, "USD_per_kWh", "assb", basis="target", **more)


def supply(value: float | None = 100, **more) -> dict:
    base = {"claim_id": "supply", "valid_from": date(2028, 1, 1), "valid_to": date(2033, 12, 31), "basis": "plan"}
    return said("battery_supply", value, "GWh", "sk") | base | more


def goal(value: float | None = 60, **more) -> dict:
    return said("battery_capacity", value, "GWh_per_year", "nissan", claim_id="goal", basis="target", **more)


def by_metric(frame: pl.DataFrame) -> dict[str, dict]:
    return {row["metric"]: row for row in frame.to_dicts()}


# --- prices


def test_a_price_that_a_later_survey_restates_stands_beside_the_first(claims):
    again = price(2020, 140, published_date=date(2021, 12, 1), claim_id="again")
    made = pack_prices(claims(price(2021, 132), again, price(2020, 137)))
    assert made["figure_id"].to_list() == [
        "pack_price.packs.2020.c2",
        "pack_price.packs.2020.again",
        "pack_price.packs.2021.c0",
    ]
    assert made["value"].to_list() == [137, 140, 132]


def test_prices_of_surveys_without_a_date_come_first_and_those_without_a_year_are_left_out(claims):
    undated = {"published_date": None}
    made = pack_prices(claims(price(2020, 137), price(2020, 140, **undated), price(2020, 1, valid_from=None, valid_to=None)))
    assert made["value"].to_list() == [140, 137]


def test_no_prices_have_no_trend_and_no_gap(claims):
    assert pack_prices(claims()).is_empty()
    assert price_trend(claims(), first_year=2010, last_year=2030).is_empty()
    assert cost_gap(claims(), target_entity="assb").is_empty()


HALVING = [price(2019, 160), price(2020, 80), price(2021, 40), price(2022, 20)]


def test_prices_that_halve_each_year_fall_by_50_percent_a_year_and_go_on_to_10_and_5(claims):
    # 160, 80, 40, 20 lie on the line: the next two years' are 10 and 5, and nothing is left to doubt.
    made = price_trend(claims(*HALVING), first_year=2019, last_year=2024)
    trend = made.filter(metric="price_trend")
    assert trend["value"].to_list() == pytest.approx([160, 80, 40, 20, 10, 5])
    assert trend["period_start"].to_list() == [date(number, 1, 1) for number in range(2019, 2025)]
    assert made.filter(metric="price_low")["value"].to_list() == pytest.approx(trend["value"].to_list())
    assert made.filter(metric="price_high")["value"].to_list() == pytest.approx(trend["value"].to_list())
    pace = made.to_dicts()[-1]
    assert (pace["metric"], pace["value"], pace["unit"]) == ("price_pace", pytest.approx(-0.5), "per_year")
    assert (pace["period_start"], pace["period_end"]) == (date(2019, 1, 1), date(2022, 12, 31))
    assert {row["metric"]: row["qualifier"] for row in made.to_dicts()} == {
        "price_trend": "about",
        "price_low": "exact",
        "price_high": "exact",
        "price_pace": "about",
    }
    assert all(set(ids) == {"c0", "c1", "c2", "c3"} for ids in made["claim_ids"])


def test_a_trend_goes_no_further_than_asked_and_takes_no_earlier_price(claims):
    frame = claims(price(2010, 5000), *HALVING)
    made = price_trend(frame, first_year=2019, last_year=2020).filter(metric="price_trend")
    assert made["value"].to_list() == pytest.approx([160, 80])
    assert price_trend(frame, first_year=2019, last_year=2018)["metric"].to_list() == ["price_pace"]


def test_three_prices_make_no_trend_though_one_is_printed_twice(claims):
    again = price(2019, 161, published_date=date(2020, 12, 1))
    assert price_trend(claims(*HALVING[:3], again), first_year=2019, last_year=2024).is_empty()


def test_of_a_year_that_several_surveys_print_the_trend_takes_what_was_published_last_in_whatever_order(claims):
    old, new = price(2019, 999, claim_id="old"), price(2019, 160, claim_id="new", published_date=date(2021, 12, 1))
    for rows in ([old, new, *HALVING[1:]], [new, old, *HALVING[1:]]):
        made = price_trend(claims(*rows), first_year=2019, last_year=2019).to_dicts()[0]
        assert made["value"] == pytest.approx(160)
        assert "old" not in made["claim_ids"]


def test_a_forecast_is_no_price_to_draw_a_line_through(claims):
    frame = claims(*HALVING, price(2023, 500, basis="forecast"))
    made = price_trend(frame, first_year=2019, last_year=2023)
    assert made.filter(metric="price_trend")["value"][-1] == pytest.approx(10)


def test_trends_of_two_series_stand_in_one_report(claims):
    cars = [row | {"series_id": "bev_pack_price", "entity_id": "cars", "claim_id": f"car{n}"} for n, row in enumerate(HALVING)]
    frame = claims(*HALVING, *cars)
    trends = [
        price_trend(frame, first_year=2019, last_year=2020, series_id=series)
        for series in ("battery_pack_price", "bev_pack_price")
    ]
    assert pl.concat(trends)["figure_id"].is_unique().all()
    assert trends[1]["figure_id"][0] == "price_trend.2019.cars.global"


def test_a_price_of_nothing_has_no_rate(claims):
    with pytest.raises(MetricError, match="claim c3 gives a price of 0: no rate"):
        price_trend(claims(*HALVING[:3], price(2022, 0)), first_year=2019, last_year=2024)


PRICES = st.lists(st.floats(1, 3000), min_size=4, max_size=8)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(values=PRICES, factor=st.floats(0.1, 10), order=st.randoms())
def test_prices_in_another_money_give_a_trend_in_it_at_the_same_pace_in_whatever_order(claims, values, factor, order):
    rows = [price(2010 + place, value) for place, value in enumerate(values)]
    scaled = [row | {"value": row["value"] * factor, "claim_id": f"c{place}"} for place, row in enumerate(rows)]
    order.shuffle(scaled)
    ours, theirs = (price_trend(claims(*some), first_year=2010, last_year=2020) for some in (rows, scaled))
    expected = pl.when(pl.col("metric") != "price_pace").then(pl.col("value") * factor).otherwise("value")
    compared = ["figure_id", "value", "unit", "qualifier", "period_start", "period_end", "claim_ids"]
    assert_frame_equal(theirs.select(compared), ours.with_columns(value=expected).select(compared), rel_tol=1e-6)
    low, high = (ours.filter(metric=metric)["value"].to_numpy() for metric in ("price_low", "price_high"))
    middle = ours.filter(metric="price_trend")["value"].to_numpy()
    assert (low <= middle * (1 + 1e-9)).all()
    assert (middle <= high * (1 + 1e-9)).all()


# --- the way to a target


def test_from_a_price_of_108_to_a_target_of_75_is_a_change_of_minus_30_6_percent(claims):
    # 75 / 108 - 1 = -0.305556
    made = by_metric(cost_gap(claims(price(2025, 108), cost(75, **FISCAL_2028)), target_entity="assb"))
    assert list(made) == ["last_price", "cost_target", "price_to_target"]
    assert made["price_to_target"]["value"] == pytest.approx(-0.305556, abs=1e-6)
    assert made["price_to_target"]["unit"] == "change"
    assert made["price_to_target"]["claim_ids"] == ["c1", "c0"]
    assert made["price_to_target"]["period_end"] == date(2029, 3, 31)


def test_a_price_that_is_at_least_something_leaves_at_most_that_change(claims):
    # The change is target / price: a price above 108 makes it lower.
    frame = claims(price(2025, 108, qualifier="at_least"), cost(75, **FISCAL_2028))
    assert by_metric(cost_gap(frame, target_entity="assb"))["price_to_target"]["qualifier"] == "at_most"


def test_the_gap_is_from_the_last_years_price_as_printed_last_to_the_target_as_printed_last(claims):
    rows = [
        price(2025, 108, claim_id="p-new", published_date=date(2026, 12, 1)),
        price(2025, 110, claim_id="p-old"),
        price(2024, 115, published_date=date(2026, 12, 2)),
        cost(70, **FISCAL_2028, claim_id="t-new", published_date=date(2024, 1, 1)),
        cost(75, **FISCAL_2028, claim_id="t-old", published_date=date(2022, 1, 1)),
    ]
    for some in (rows, rows[::-1]):
        made = by_metric(cost_gap(claims(*some), target_entity="assb"))
        assert made["price_to_target"]["claim_ids"] == ["t-new", "p-new"]


@pytest.mark.parametrize(
    "other",
    [
        cost(65),
        cost(75, **FISCAL_2028) | {"basis": "reported"},
        cost(75, **FISCAL_2028) | {"entity_id": "lfp"},
        cost(75, **FISCAL_2028) | {"stance": "denies"},
    ],
)
def test_without_a_dated_target_of_the_technology_there_is_no_gap(claims, other):
    assert cost_gap(claims(price(2025, 108), other), target_entity="assb").is_empty()


def test_a_target_that_was_given_up_is_no_target(claims):
    end = cost(75, **FISCAL_2028, stance="withdraws", published_date=date(2026, 1, 1)) | {"value": None}
    assert cost_gap(claims(price(2025, 108), cost(75, **FISCAL_2028), end), target_entity="assb").is_empty()


def test_a_forecast_is_not_the_last_price(claims):
    frame = claims(price(2025, 108), price(2026, 105, basis="forecast"), cost(75, **FISCAL_2028))
    assert by_metric(cost_gap(frame, target_entity="assb"))["last_price"]["claim_ids"] == ["c0"]


def test_from_a_price_of_nothing_no_change_is_told(claims):
    with pytest.raises(MetricError, match="claim c0 is zero: price_to_target"):
        cost_gap(claims(price(2025, 0), cost(75, **FISCAL_2028)), target_entity="assb")


def test_75_to_65_dollars_is_a_fall_of_13_3_percent(claims):
    frame = claims(cost(65), cost(75, **FISCAL_2028))
    made = cost_step(frame, entity_id="assb")
    assert made["figure_id"].to_list() == [
        "battery_cost.assb.dated",
        "battery_cost.assb.later",
        "battery_cost_change.assb.global",
    ]
    assert made["value"][2] == pytest.approx(-0.133333, abs=1e-6)  # 65 / 75 - 1 = -10 / 75
    assert made["claim_ids"][2].to_list() == ["c0", "c1"]
    assert cost_step(frame.head(1), entity_id="assb").is_empty()
    assert cost_step(claims(), entity_id="assb").is_empty()


def test_two_costs_of_two_sources_are_no_fall(claims):
    assert cost_step(claims(cost(65), cost(75, **FISCAL_2028, source_id="other")), entity_id="assb").is_empty()


def test_a_cost_of_nothing_is_refused(claims):
    with pytest.raises(MetricError, match="claim c1 gives a cost of zero"):
        cost_step(claims(cost(65), cost(0, **FISCAL_2028)), entity_id="assb")


# --- supply


def test_100_gwh_for_at_least_a_million_vehicles_are_at_most_100_kwh_each(claims):
    frame = claims(
        said("battery_supply", 100, "GWh", "sk"), said("battery_supply_vehicles", 1e6, "vehicles", "sk", qualifier="at_least")
    )
    made = energy_per_vehicle(frame, entity_id="sk").to_dicts()[0]
    assert (made["value"], made["unit"], made["qualifier"]) == (100, "kWh", "at_most")
    assert made["claim_ids"] == ["c0", "c1"]


def test_every_source_that_prints_both_has_its_own_energy_per_vehicle(claims):
    # 20,000,000 kWh / 300,000 = 66.67 kWh
    frame = claims(
        said("battery_supply", 100, "GWh", "sk"),
        said("battery_supply_vehicles", 1e6, "vehicles", "sk"),
        said("battery_supply", 20, "GWh", "sk", source_id="talks"),
        said("battery_supply_vehicles", 3e5, "vehicles", "sk", source_id="talks", qualifier="about"),
        said("battery_supply", 50, "GWh", "sk", source_id="alone"),
    )
    made = energy_per_vehicle(frame, entity_id="sk")
    assert made["figure_id"].to_list() == ["energy_per_vehicle.sk.c0", "energy_per_vehicle.sk.c2"]
    assert made["value"].to_list() == pytest.approx([100, 66.6667], abs=1e-4)
    assert made["qualifier"].to_list() == ["exact", "about"]
    assert energy_per_vehicle(claims(), entity_id="sk").is_empty()


def test_no_vehicles_are_refused(claims):
    frame = claims(said("battery_supply", 1, "GWh", "sk"), said("battery_supply_vehicles", 0, "vehicles", "sk"))
    with pytest.raises(MetricError, match="claim c1 is zero: energy_per_vehicle"):
        energy_per_vehicle(frame, entity_id="sk")


def test_100_gwh_over_six_years_are_16_7_gwh_a_year_and_27_8_percent_of_60(claims):
    # 100 / 6 = 16.6667; / 60 = 0.277778
    frame = claims(supply(qualifier="nearly"), goal())
    made = by_metric(supply_against_need(frame, supply_id="supply", goal_id="goal"))
    assert list(made) == ["whole_supply", "supply_a_year", "capacity_goal", "supply_part"]
    assert made["supply_a_year"]["value"] == pytest.approx(16.6667, abs=1e-4)
    assert made["supply_a_year"]["unit"] == "GWh_per_year"
    assert made["supply_a_year"]["qualifier"] == "about"
    assert made["supply_part"]["value"] == pytest.approx(0.277778, abs=1e-6)
    assert made["supply_part"]["claim_ids"] == ["supply", "goal"]
    ids = ["whole_supply.supply", "supply_a_year.supply", "capacity_goal.goal", "supply_part.supply"]
    assert [row["figure_id"] for row in made.values()] == ids


def test_more_than_a_goal_leaves_less_than_a_part(claims):
    frame = claims(supply(), goal(qualifier="more_than"))
    assert by_metric(supply_against_need(frame, supply_id="supply", goal_id="goal"))["supply_part"]["qualifier"] == "less_than"


@pytest.mark.parametrize(
    ("start", "end", "years"),
    [
        (date(2028, 1, 1), date(2033, 12, 31), 6),  # two leap years among them
        (date(2028, 4, 1), date(2034, 3, 31), 6),
        (date(2028, 2, 29), date(2034, 2, 28), 6),
        (date(2027, 3, 1), date(2028, 2, 29), 1),
        (date(2028, 3, 15), date(2030, 3, 14), 2),
        (date(2028, 1, 1), date(2028, 6, 30), 0.5),
        (date(2028, 2, 1), date(2028, 2, 29), 1 / 12),
    ],
)
def test_a_supply_period_of_whole_months_has_that_many_years(claims, start, end, years):
    frame = claims(supply(valid_from=start, valid_to=end))
    made = by_metric(supply_against_need(frame, supply_id="supply", goal_id="goal"))
    assert made["supply_a_year"]["value"] == pytest.approx(100 / years)
    assert list(made) == ["whole_supply", "supply_a_year"]


def test_a_supply_that_cannot_be_told_by_the_year_is_refused(claims):
    with pytest.raises(MetricError, match="claim supply has no period"):
        supply_against_need(claims(supply(valid_from=None, valid_to=None)), supply_id="supply", goal_id="goal")
    with pytest.raises(MetricError, match="claim supply is of less than a month"):
        supply_against_need(claims(supply(valid_to=date(2028, 1, 1))), supply_id="supply", goal_id="goal")
    with pytest.raises(MetricError, match="claim supply is in GWh_per_year: expected one in GWh"):
        supply_against_need(claims(supply(unit="GWh_per_year")), supply_id="supply", goal_id="goal")
    with pytest.raises(MetricError, match="claim goal is zero: supply_part"):
        supply_against_need(claims(supply(), goal(0)), supply_id="supply", goal_id="goal")


def test_what_was_withdrawn_or_is_not_known_is_no_supply_and_no_goal(claims):
    gone = {"stance": "withdraws", "value": None}
    assert supply_against_need(claims(goal()), supply_id="supply", goal_id="goal").is_empty()
    assert supply_against_need(claims(supply(**gone), goal()), supply_id="supply", goal_id="goal").is_empty()
    made = supply_against_need(claims(supply(), goal(**gone)), supply_id="supply", goal_id="goal")
    assert made["metric"].to_list() == ["whole_supply", "supply_a_year"]


# --- solid-state batteries


def promise(known: int | None, start: int, entity: str = "ours", **more) -> dict:
    period = {"valid_from": date(start, 1, 1), "valid_to": date(start, 12, 31)}
    day = {"source_id": f"s{known}", "published_date": known and date(known, 6, 1)}
    return said("launch", None, "date", entity, basis="target", **period | day | more)


def test_each_maker_has_the_date_it_printed_last_in_the_order_asked(claims):
    rows = [promise(2024, 2029), promise(2022, 2028), promise(2023, 2027, "theirs"), promise(None, 2026)]
    for some in (rows, rows[::-1]):
        made = solid_state(claims(*some), entity_ids=["theirs", "ours", "nobody"])
        assert made["figure_id"].to_list() == ["solid_state_date.theirs.global", "solid_state_date.ours.global"]
        assert made["period_start"].to_list() == [date(2027, 1, 1), date(2029, 1, 1)]
        assert made["value"].to_list() == [None, None]


def test_a_start_of_production_counts_as_a_promise_and_a_denied_one_does_not(claims):
    rows = [promise(2022, 2028), promise(2023, 2030, series_id="start_of_production"), promise(2024, 2040, stance="denies")]
    assert solid_state(claims(*rows), entity_ids=["ours"])["period_start"].to_list() == [date(2030, 1, 1)]


def test_a_promise_that_was_given_up_is_none_until_it_is_made_again(claims):
    end = {"stance": "withdraws", "valid_from": None, "valid_to": None}
    rows = [promise(2022, 2028), promise(2024, 2028, **end)]
    assert solid_state(claims(*rows), entity_ids=["ours"]).is_empty()
    made = solid_state(claims(*rows, promise(2025, 2031)), entity_ids=["ours"])
    assert made["period_start"].to_list() == [date(2031, 1, 1)]
    assert solid_state(claims(), entity_ids=["ours"]).is_empty()


# --- what was published


def test_the_supply_as_published_is_16_7_gwh_a_year(published):
    # 100 GWh from 2028 to 2033; held against 60 GWh a year, 27.78%.
    made = by_metric(supply_against_need(published.claims, supply_id="s000-p04-100gwh", goal_id="n-sk-60gwh"))
    assert made["supply_a_year"]["value"] == pytest.approx(16.6667, abs=1e-4)
    assert made["supply_part"]["value"] == pytest.approx(0.2778, abs=1e-4)


def test_the_published_supplies_leave_at_most_100_about_99_4_and_about_66_7_kwh_a_vehicle(published):
    made = energy_per_vehicle(published.claims, entity_id="sk-on-supply")
    told = {row["figure_id"].rpartition(".")[2]: (row["qualifier"], round(row["value"], 1)) for row in made.to_dicts()}
    assert told == {
        "s000-p04-100gwh": ("at_most", 100),  # 100 GWh for at least a million
        "n-sk-994": ("about", 99.4),  # 99.4 GWh for about a million
        "n-sk-rumour-20gwh": ("about", 66.7),  # 20 GWh for about 300,000
    }


def test_from_the_last_published_pack_price_to_75_dollars_is_minus_30_6_percent(published):
    # BloombergNEF, December 2025: $108. 75 / 108 - 1 = -0.3056.
    made = by_metric(cost_gap(published.claims, target_entity="assb"))
    assert made["last_price"]["claim_ids"] == ["bnef-2025"]
    assert made["price_to_target"]["value"] == pytest.approx(-0.3056, abs=1e-4)
