"""Claims tested against each other."""

from datetime import date

import pytest

from analysis.errors import MetricError
from analysis.metrics.plausibility import cost_step, energy_per_vehicle, sales_against_share, spare_capacity


def said(series: str, value: float, unit: str, entity: str, **more) -> dict:
    return {"series_id": series, "value": value, "unit": unit, "entity_id": entity} | more


def test_100_gwh_for_at_least_a_million_vehicles_are_at_most_100_kwh_each(claims):
    frame = claims(
        said("battery_supply", 100, "GWh", "sk"), said("battery_supply_vehicles", 1e6, "vehicles", "sk", qualifier="at_least")
    )
    made = energy_per_vehicle(frame, entity_id="sk").to_dicts()[0]
    assert (made["value"], made["unit"], made["qualifier"]) == (100, "kWh", "at_most")
    assert made["claim_ids"] == ["c0", "c1"]


def test_no_vehicles_are_refused(claims):
    frame = claims(said("battery_supply", 1, "GWh", "sk"), said("battery_supply_vehicles", 0, "vehicles", "sk"))
    with pytest.raises(MetricError, match="claim c1 is zero: energy_per_vehicle"):
        energy_per_vehicle(frame, entity_id="sk")


def test_500000_at_about_80_percent_leave_about_100000(claims):
    frame = claims(
        said("production_capacity", 500000, "vehicles_per_year", "kyushu"),
        said("capacity_utilisation", 0.8, "share", "kyushu", qualifier="about"),
    )
    made = {row["metric"]: row for row in spare_capacity(frame, plant="kyushu").to_dicts()}
    assert made["used_capacity"]["value"] == 400000
    assert made["spare_capacity"]["value"] == 100000
    assert made["spare_capacity"]["qualifier"] == "about"


def test_64000_at_42_percent_are_1_72_times_the_market_of_88535(claims):
    # 152,380.95 / 88,535 = 1.72114
    year = {"valid_from": date(2023, 1, 1), "valid_to": date(2023, 12, 31), "source_id": "count"}
    japan = {"market_id": "japan"}
    frame = claims(
        said("model_share_of_ev_market", 0.42, "share", "sakura", **japan),
        said("cumulative_sales", 64000, "vehicles", "sakura", qualifier="nearly", **japan),
        said("annual_sales", 37140, "vehicles", "sakura", **year, **japan),
        said("bev_annual_sales", 88535, "vehicles", "japan", **year, **japan),
    )
    made = sales_against_share(frame, model="sakura", market="japan").to_dicts()[0]
    assert made["value"] == pytest.approx(1.72114, abs=1e-5)
    assert made["claim_ids"] == ["c1", "c0", "c3"]
    assert sales_against_share(frame.head(2), model="sakura", market="japan").is_empty()


def test_75_to_65_dollars_is_a_fall_of_13_3_percent(claims):
    dated = {"valid_from": date(2028, 4, 1), "valid_to": date(2029, 3, 31)}
    frame = claims(said("battery_cost", 65, "USD_per_kWh", "assb"), said("battery_cost", 75, "USD_per_kWh", "assb", **dated))
    made = cost_step(frame, entity_id="assb")
    assert made["figure_id"].to_list() == [
        "battery_cost.assb.dated",
        "battery_cost.assb.later",
        "battery_cost_change.assb.global",
    ]
    assert made["value"][2] == pytest.approx(-0.133333, abs=1e-6)  # 65 / 75 - 1 = -10 / 75
    assert cost_step(frame.head(1), entity_id="assb").is_empty()


def test_a_cost_of_nothing_is_refused(claims):
    dated = {"valid_from": date(2028, 4, 1), "valid_to": date(2029, 3, 31)}
    frame = claims(said("battery_cost", 65, "USD_per_kWh", "assb"), said("battery_cost", 0, "USD_per_kWh", "assb", **dated))
    with pytest.raises(MetricError, match="claim c1 gives a cost of zero"):
        cost_step(frame, entity_id="assb")
