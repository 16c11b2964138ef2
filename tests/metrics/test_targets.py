"""Targets, milestones and the growth they ask for."""

from datetime import date

import polars as pl
import pytest
from conftest import TODAY

from analysis.errors import MetricError
from analysis.metrics.targets import milestones, required_growth, targets


def year(y: int) -> dict:
    return {"valid_from": date(y, 1, 1), "valid_to": date(y, 12, 31)}


def mix(value: float, y: int, **more) -> dict:
    base = {"series_id": "electrified_share", "value": value, "unit": "share", "basis": "target"}
    return base | year(y) | more


def start(y: int, source: str, known: date, **more) -> dict:
    base = {"series_id": "start_of_production", "entity_id": "canton", "market_id": "us", "unit": "date", "basis": "plan"}
    return base | year(y) | {"source_id": source, "published_date": known} | more


def test_a_target_is_its_latest_printed_version_with_the_months_left(claims):
    # 50% in 2021, raised to 55% in 2023; from 22 November 2026 to 31 December 2030 are 49 whole months.
    frame = claims(
        mix(0.55, 2030, source_id="b", published_date=date(2023, 2, 27)),
        mix(0.5, 2030, source_id="a", published_date=date(2021, 11, 29)),
    )
    made = targets(frame, as_of=TODAY)
    assert made["metric"].to_list() == ["target", "target_months_left", "first_target"]
    assert made["value"].to_list() == [0.55, 49, 0.5]
    assert made["value"].to_list() == [0.55, 49]
    assert made["claim_ids"].to_list() == [["c0"], ["c0"]]


def test_an_undated_target_comes_last_and_has_no_time_left(claims):
    undated = {"valid_from": None, "valid_to": None}
    made = targets(claims(mix(0.6, 2030) | undated | {"entity_id": "honda"}, mix(0.5, 2030)), as_of=TODAY)
    assert made["entity_id"].to_list() == ["nissan", "nissan", "honda"]


def test_targets_for_two_dates_are_two_targets(claims):
    made = targets(claims(mix(0.4, 2026), mix(0.6, 2030)), as_of=TODAY)
    ids = made.filter(pl.col("metric") == "target")["figure_id"].to_list()
    assert ids == ["target.electrified_share.nissan.global.2026", "target.electrified_share.nissan.global.2030"]


def test_what_is_past_is_counted_below_zero(claims):
    made = targets(claims(mix(0.4, 2025)), as_of=TODAY)
    assert made["value"][1] == -10  # from 31 December 2025 to 22 November 2026


def test_what_was_reported_is_no_target(claims):
    assert targets(claims(mix(0.4, 2026, basis="reported")), as_of=TODAY).is_empty()


def test_canton_from_2025_to_2028_slipped_by_36_months(claims):
    frame = claims(start(2028, "b", date(2025, 3, 31)), start(2025, "a", date(2022, 2, 18)))
    made = {row["metric"]: row for row in milestones(frame, as_of=TODAY).to_dicts()}
    assert (made["milestone"]["value"], made["milestone"]["unit"]) == (None, "date")
    assert made["milestone"]["period_end"] == date(2028, 12, 31)
    assert made["first_printed"]["period_end"] == date(2025, 12, 31)
    assert made["slippage"]["value"] == 36
    assert made["slippage"]["claim_ids"] == ["c0", "c1"]


def test_a_date_printed_by_one_source_has_no_slippage(claims):
    frame = claims(start(2028, "a", date(2024, 3, 31)), start(2029, "a", date(2024, 3, 31), basis="rumour"))
    assert "slippage" not in milestones(frame, as_of=TODAY)["metric"]


def test_a_source_without_a_date_is_neither_first_nor_last(claims):
    undated = start(2030, "blog", None)
    made = {
        row["metric"]: row for row in milestones(claims(undated, start(2028, "a", date(2022, 1, 1))), as_of=TODAY).to_dicts()
    }
    assert made["milestone"]["claim_ids"] == ["c1"]
    assert "slippage" not in made
    alone = milestones(claims(undated), as_of=TODAY)
    assert alone["claim_ids"].to_list() == [["c0"], ["c0"]]


def test_a_plan_that_was_given_up_has_no_time_left_and_keeps_its_history(claims):
    end = start(2028, "c", date(2025, 10, 6), stance="withdraws") | {"valid_from": None, "valid_to": None}
    frame = claims(start(2025, "a", date(2022, 2, 18)), start(2028, "b", date(2025, 3, 31)), end)
    made = {row["metric"]: row for row in milestones(frame, as_of=TODAY).to_dicts()}
    assert set(made) == {"withdrawn_milestone", "first_printed", "last_printed", "slippage"}
    assert made["withdrawn_milestone"]["claim_ids"] == ["c1", "c2"]
    assert made["slippage"]["value"] == 36
    # Before the report that withdraws it, the plan stands; a later one sets it up anew.
    assert "milestone" in milestones(frame.head(2), as_of=TODAY)["metric"]
    again = claims(start(2025, "a", date(2022, 2, 18)), end, start(2030, "d", date(2026, 1, 1)))
    assert "milestone" in milestones(again, as_of=TODAY)["metric"]


def test_a_date_that_was_met_is_no_plan(claims):
    assert milestones(claims(start(2010, "a", date(2022, 1, 1), basis="reported")), as_of=TODAY).is_empty()


def test_from_13_6_percent_in_2024_to_all_in_2030_are_14_4_points_a_year(claims):
    # (1 - 0.136) * 100 / 6 = 14.4; (1 / 0.136) ** (1 / 6) = exp(ln(7.352941) / 6) = exp(0.332516) = 1.39447.
    frame = claims(
        mix(1, 2030, claim_id="target", market_id="europe"), mix(0.136, 2024, claim_id="base", entity_id="eu", basis="reported")
    )
    made = {row["metric"]: row for row in required_growth(frame, target_id="target", baseline_id="base").to_dicts()}
    assert made["required_points"]["value"] == pytest.approx(14.4)
    assert made["required_rate"]["value"] == pytest.approx(0.39447, abs=1e-5)
    assert "stands in for Nissan" in made["required_points"]["note"]
    assert made["required_rate"]["claim_ids"] == ["target", "base"]


def test_growth_without_length_or_start_is_refused(claims):
    frame = claims(
        mix(1, 2030, claim_id="t"),
        mix(0, 2024, claim_id="zero"),
        mix(0.1, 2030, claim_id="same"),
        mix(0.1, 2030, claim_id="undated") | {"valid_from": None, "valid_to": None},
        mix(5, 2024, claim_id="models", unit="models"),
    )
    for baseline, message in [
        ("zero", "is zero"),
        ("same", "not after"),
        ("undated", "has no date"),
        ("models", "is in models: expected one in share"),
    ]:
        with pytest.raises(MetricError, match=message):
            required_growth(frame, target_id="t", baseline_id=baseline)
    assert required_growth(frame, target_id="t", baseline_id="unknown").is_empty()
