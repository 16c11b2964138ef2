"""Targets, milestones and the growth they ask for."""

from datetime import date

import polars as pl
import pytest
from conftest import TODAY
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analysis.errors import MetricError
from analysis.metrics.targets import milestones, required_growth, targets, versions
from analysis.units import fiscal_year


def year(y: int) -> dict:
    return {"valid_from": date(y, 1, 1), "valid_to": date(y, 12, 31)}


def fiscal(y: int) -> dict:
    return {"valid_from": fiscal_year(y)[0], "valid_to": fiscal_year(y)[1]}


UNDATED = {"valid_from": None, "valid_to": None}


def by_metric(frame: pl.DataFrame) -> dict[str, dict]:
    return {row["metric"]: row for row in frame.to_dicts()}


def mix(value: float | None, y: int, **more) -> dict:
    base = {"series_id": "electrified_share", "value": value, "unit": "share", "basis": "target"}
    return base | year(y) | more


def start(y: int, source: str, known: date, **more) -> dict:
    base = {"series_id": "start_of_production", "entity_id": "canton", "market_id": "us", "unit": "date", "basis": "plan"}
    return base | year(y) | {"source_id": source, "published_date": known} | more


def test_a_target_is_its_latest_printed_version_with_the_months_left(claims):
    # 50% in 2021, raised to 55% in 2023; from 25 November 2026 to 31 December 2030 are 49 whole months.
    frame = claims(
        mix(0.55, 2030, source_id="b", published_date=date(2023, 2, 27)),
        mix(0.5, 2030, source_id="a", published_date=date(2021, 11, 29)),
    )
    made = targets(frame, as_of=TODAY)
    assert made["metric"].to_list() == ["target", "target_months_left", "first_target"]
    assert made["value"].to_list() == [0.55, 49, 0.5]
    assert made["claim_ids"].to_list() == [["c0"], ["c0"], ["c1"]]
    assert made["unit"].to_list() == ["share", "months", "share"]
    assert made["figure_id"].str.replace(r"^[a-z_]+\.", "").unique().to_list() == ["electrified_share.nissan.global.2030"]


def test_a_target_that_was_only_repeated_has_no_other_first_one(claims):
    frame = claims(
        mix(0.5, 2030, source_id="a", published_date=date(2021, 11, 29)),
        mix(0.5, 2030, source_id="b", published_date=date(2023, 2, 27)),
    )
    made = targets(frame, as_of=TODAY)
    assert made["metric"].to_list() == ["target", "target_months_left"]
    assert made["claim_ids"].to_list() == [["c1"], ["c1"]]


def test_a_target_for_a_calendar_year_and_for_the_fiscal_year_of_its_name_are_one_and_time_runs_to_the_last_printed(claims):
    # From 25 November 2026 to 31 March 2031 are 52 whole months; to the end of 2030 they would be 49.
    frame = claims(mix(0.5, 2030), mix(0.55, 2030, published_date=date(2025, 1, 1), source_id="b") | fiscal(2030))
    made = by_metric(targets(frame, as_of=TODAY))
    assert (made["target"]["value"], made["first_target"]["value"]) == (0.55, 0.5)
    assert made["target_months_left"]["value"] == 52
    assert made["first_target"]["figure_id"] == "first_target.electrified_share.nissan.global.fiscal-2030"


def test_only_the_targets_of_those_named_are_told(claims):
    frame = claims(mix(0.4, 2026), mix(0.6, 2030, entity_id="honda"))
    assert targets(frame, as_of=TODAY, entity_ids=["honda"])["entity_id"].to_list() == ["honda", "honda"]
    assert targets(frame, as_of=TODAY, entity_ids=["toyota"]).is_empty()


def test_a_limit_on_a_targets_number_is_no_limit_on_its_date(claims):
    made = by_metric(targets(claims(mix(0.55, 2030, qualifier="more_than")), as_of=TODAY))
    assert (made["target"]["qualifier"], made["target_months_left"]["qualifier"]) == ("more_than", "exact")


def test_a_target_that_was_given_up_is_told_as_such_alone(claims):
    end = mix(None, 2030, published_date=date(2025, 5, 31), source_id="c", stance="withdraws", note="By the agency.") | UNDATED
    frame = claims(mix(0.5, 2030), mix(0.55, 2030, published_date=date(2025, 1, 1), source_id="b"), end)
    made = targets(frame, as_of=TODAY)
    assert made["figure_id"].to_list() == ["withdrawn_target.electrified_share.nissan.global.2030"]
    assert made["value"].to_list() == [0.55]
    assert made["claim_ids"].to_list() == [["c1", "c2"]]
    assert made["basis"].to_list() == ["derived"]
    assert made["method"].to_list() == ["the number printed last before a source said that the plan was given up"]
    assert made["note"].to_list() == ["By the agency."]
    # Before the report of its end it stands.
    assert "target" in targets(frame.head(2), as_of=TODAY)["metric"]


def test_an_undated_target_comes_last_and_has_no_time_left(claims):
    made = targets(claims(mix(0.6, 2030) | UNDATED | {"entity_id": "honda"}, mix(0.5, 2030)), as_of=TODAY)
    assert made["entity_id"].to_list() == ["nissan", "nissan", "honda"]


def test_targets_for_two_dates_are_two_targets(claims):
    made = targets(claims(mix(0.4, 2026), mix(0.6, 2030)), as_of=TODAY)
    ids = made.filter(pl.col("metric") == "target")["figure_id"].to_list()
    assert ids == ["target.electrified_share.nissan.global.2026", "target.electrified_share.nissan.global.2030"]


def test_what_is_past_is_counted_below_zero(claims):
    made = targets(claims(mix(0.4, 2025)), as_of=TODAY)
    assert made["value"][1] == -10  # from 31 December 2025 to 25 November 2026


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
    end = start(2028, "c", date(2025, 10, 6), stance="withdraws") | UNDATED
    frame = claims(start(2025, "a", date(2022, 2, 18)), start(2028, "b", date(2025, 3, 31)), end)
    made = {row["metric"]: row for row in milestones(frame, as_of=TODAY).to_dicts()}
    assert set(made) == {"withdrawn_milestone", "first_printed", "last_printed", "slippage"}
    assert made["withdrawn_milestone"]["claim_ids"] == ["c1", "c2"]
    assert made["slippage"]["value"] == 36
    # Before the report that withdraws it, the plan stands; a later one sets it up anew.
    assert "milestone" in milestones(frame.head(2), as_of=TODAY)["metric"]
    again = claims(start(2025, "a", date(2022, 2, 18)), end, start(2030, "d", date(2026, 1, 1)))
    assert "milestone" in milestones(again, as_of=TODAY)["metric"]


def test_a_plan_is_withdrawn_by_a_claim_without_value_or_date_and_its_note_is_told(claims):
    end = start(2028, "c", date(2025, 10, 6), stance="withdraws", note="Shelved.") | UNDATED
    made = milestones(claims(start(2028, "b", date(2025, 3, 31)), end), as_of=TODAY)
    assert made["figure_id"].to_list() == ["withdrawn_milestone.start_of_production.canton.us"]
    assert made["period_end"].to_list() == [date(2028, 12, 31)]
    assert made["method"].to_list() == ["the period printed last before a source said that the plan was given up"]
    assert made["note"].to_list() == ["Shelved."]


def test_only_the_milestones_of_those_named_are_told(claims):
    frame = claims(start(2028, "a", date(2022, 1, 1)), start(2027, "a", date(2022, 1, 1), entity_id="kyushu"))
    made = milestones(frame, as_of=TODAY, entity_ids=["kyushu"])
    assert made["entity_id"].to_list() == ["kyushu", "kyushu"]


def test_a_rumour_is_a_milestone_but_no_part_of_slippage(claims):
    # 2025 and 2028 were planned, 36 months apart; the rumour of 2030 came last, that of 2024 first.
    frame = claims(
        start(2024, "r", date(2021, 1, 1), basis="rumour"),
        start(2025, "a", date(2022, 2, 18)),
        start(2028, "b", date(2025, 3, 31)),
        start(2030, "s", date(2026, 1, 1), basis="rumour"),
    )
    made = by_metric(milestones(frame, as_of=TODAY))
    assert (made["milestone"]["claim_ids"], made["milestone"]["basis"]) == (["c3"], "rumour")
    assert (made["first_printed"]["claim_ids"], made["last_printed"]["claim_ids"]) == (["c1"], ["c2"])
    assert made["slippage"]["value"] == 36
    assert "slippage" not in milestones(frame.head(2), as_of=TODAY)["metric"]


def test_a_date_that_moved_nearer_slipped_by_less_than_nothing(claims):
    frame = claims(start(2028, "a", date(2022, 2, 18)), start(2026, "b", date(2025, 3, 31)))
    assert by_metric(milestones(frame, as_of=TODAY))["slippage"]["value"] == -24


def test_what_is_reported_as_reached_stands_beside_its_plan_without_time_left(claims):
    frame = claims(
        start(2025, "a", date(2022, 2, 18)),
        start(2024, "b", date(2025, 1, 31), basis="reported"),
        start(2026, "c", date(2023, 1, 1)),
    )
    made = milestones(frame, as_of=TODAY)
    standing = made.filter(pl.col("metric").str.ends_with("milestone"))
    tail = "start_of_production.canton.us"
    assert standing["figure_id"].to_list() == [f"milestone.{tail}", f"reached_milestone.{tail}"]
    assert standing["claim_ids"].to_list() == [["c2"], ["c1"]]
    assert standing["period_end"].to_list() == [date(2026, 12, 31), date(2024, 12, 31)]
    assert "milestone_months_left" not in made["metric"]
    assert "slippage" in made["metric"]  # how the plan moved stays true


@pytest.mark.parametrize(
    "other",
    [{"market_id": "japan"}, {"entity_id": "kyushu"}, {"series_id": "launch"}, {"stance": "denies"}, {"basis": "forecast"}],
)
def test_what_only_resembles_a_plan_does_not_reach_it(claims, other):
    outcome = start(2024, "b", date(2025, 1, 31), basis="reported") | other
    made = milestones(claims(start(2028, "a", date(2022, 2, 18)), outcome), as_of=TODAY)
    assert made["metric"].to_list() == ["milestone", "milestone_months_left"]


def test_of_plans_in_two_markets_only_the_one_that_was_reached_is_told_so(claims):
    frame = claims(
        start(2028, "a", date(2022, 2, 18)),
        start(2027, "a", date(2022, 2, 18), market_id="japan"),
        start(2024, "b", date(2025, 1, 31), basis="reported"),
    )
    reached = milestones(frame, as_of=TODAY).filter(metric="reached_milestone")
    assert reached["figure_id"].to_list() == ["reached_milestone.start_of_production.canton.us"]


def test_of_several_reports_the_one_published_last_tells_when_it_was_reached(claims):
    frame = claims(
        start(2028, "a", date(2022, 2, 18)),
        start(2025, "c", date(2026, 2, 1), basis="reported"),
        start(2024, "b", date(2025, 1, 31), basis="reported"),
    )
    assert by_metric(milestones(frame, as_of=TODAY))["reached_milestone"]["claim_ids"] == ["c1"]


def test_the_versions_of_milestones_come_by_entity_in_the_order_given_then_by_publication(claims):
    frame = claims(
        start(2028, "b", date(2025, 1, 23)),
        start(2025, "a", date(2022, 2, 18)),
        start(2030, "blog", None),
        start(2029, "a", date(2024, 1, 31), entity_id="infiniti"),
        start(2026, "c", date(2023, 1, 1), series_id="launch"),
        start(2030, "d", date(2023, 1, 31), entity_id="infiniti", basis="rumour", market_id="japan"),
    )
    made = versions(frame, entity_ids=["infiniti", "unknown", "canton", "infiniti"], series_id="start_of_production")
    assert made["metric"].unique().to_list() == ["version"]
    # Those of one entity in two markets are two milestones: by due date. What has no date of publication has no place.
    assert made["claim_ids"].to_list() == [["c3"], ["c5"], ["c1"], ["c0"]]
    assert made["figure_id"][3] == "version.start_of_production.canton.us.c0"
    assert made["value"].to_list() == [None] * 4
    assert made["basis"].to_list() == ["plan", "rumour", "plan", "plan"]


def test_the_versions_end_with_what_was_given_up(claims):
    end = start(2028, "c", date(2025, 10, 6), stance="withdraws") | UNDATED
    frame = claims(end, start(2025, "a", date(2022, 2, 18)), start(2028, "b", date(2025, 1, 23)))
    made = versions(frame, entity_ids=["canton"], series_id="start_of_production")
    assert made["metric"].to_list() == ["version", "version", "withdrawn_version"]
    assert made["claim_ids"].to_list() == [["c1"], ["c2"], ["c2", "c0"]]
    assert made["figure_id"][2] == "withdrawn_version.start_of_production.canton.us.c0"
    assert versions(claims(), entity_ids=["canton"], series_id="start_of_production").is_empty()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    dates=st.lists(
        st.tuples(st.integers(2000, 2024), st.integers(2025, 2040)), min_size=2, max_size=6, unique_by=lambda d: d[0]
    ),
    order=st.randoms(use_true_random=False),
)
def test_slippage_is_that_of_the_ends_whatever_lay_between_and_in_whatever_order_it_was_written(claims, dates, order):
    rows = [start(y, f"s{known}", date(known, 1, 1), claim_id=f"k{known}") for known, y in dates]
    order.shuffle(rows)
    (first, last) = min(dates), max(dates)
    assert by_metric(milestones(claims(*rows), as_of=TODAY))["slippage"]["value"] == 12 * (last[1] - first[1])


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
        mix(0.1, 2030, claim_id="undated") | UNDATED,
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
