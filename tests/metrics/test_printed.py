"""What sources print: one figure for each claim, in a stated order."""

from datetime import date

import pytest

from analysis.metrics.printed import printed


def claim(series: str, entity: str = "ariya", number: int | None = 2023, **more) -> dict:
    period = {"valid_from": number and date(number, 1, 1), "valid_to": number and date(number, 12, 31)}
    return {"series_id": series, "entity_id": entity, "value": 5, "unit": "vehicles"} | period | more


def ids(frame) -> list[str]:
    return frame["figure_id"].to_list()


def test_claims_stand_by_entity_then_series_as_asked_then_by_period_undated_first(claims):
    rows = [
        claim("annual_sales", number=2024),
        claim("annual_sales", number=None),
        claim("annual_sales", number=2023),
        claim("launch", value=None, unit="date"),
        claim("annual_sales", "leaf"),
        claim("jobs"),
    ]
    made = printed(claims(*rows), series_ids=["launch", "annual_sales"], entity_ids=["leaf", "ariya"])
    assert ids(made) == [
        "annual_sales.leaf.global.2023.c4",
        "launch.ariya.global.2023.c3",
        "annual_sales.ariya.global.not-dated.c1",
        "annual_sales.ariya.global.2023.c2",
        "annual_sales.ariya.global.2024.c0",
    ]
    assert set(made["method"]) == {"as printed"}


def test_two_claims_about_the_same_are_two_figures_with_ids_of_their_own(claims):
    made = printed(
        claims(claim("annual_sales"), claim("annual_sales", value=6)), series_ids=["annual_sales"], entity_ids=["ariya"]
    )
    assert made["value"].to_list() == [5, 6]
    assert made["claim_ids"].to_list() == [["c0"], ["c1"]]


def test_what_is_named_twice_is_shown_once(claims):
    frame = claims(claim("annual_sales"))
    made = printed(frame, series_ids=["annual_sales", "annual_sales"], entity_ids=["ariya", "ariya"])
    assert ids(made) == ["annual_sales.ariya.global.2023.c0"]


@pytest.mark.parametrize("basis", ["target", "plan", "rumour"])
def test_what_was_observed_leaves_out_what_is_meant(claims, basis):
    frame = claims(claim("annual_sales"), claim("annual_sales", number=2030, basis=basis))
    chosen = {"series_ids": ["annual_sales"], "entity_ids": ["ariya"]}
    assert ids(printed(frame, **chosen, is_observed=True)) == ["annual_sales.ariya.global.2023.c0"]
    assert len(printed(frame, **chosen)) == 2


@pytest.mark.parametrize("stance", ["denies", "withdraws"])
def test_what_is_denied_or_withdrawn_without_a_value_is_not_shown(claims, stance):
    frame = claims(claim("annual_sales", stance=stance, value=None))
    assert printed(frame, series_ids=["annual_sales"], entity_ids=["ariya"]).is_empty()


def test_of_nothing_nothing_is_printed(claims):
    assert printed(claims(), series_ids=["annual_sales"], entity_ids=["ariya"]).is_empty()
    assert printed(claims(claim("annual_sales")), series_ids=[], entity_ids=["ariya"]).is_empty()
    assert printed(claims(claim("annual_sales")), series_ids=["annual_sales"], entity_ids=[]).is_empty()


def test_the_published_capacities_are_each_shown_once(published):
    made = printed(published.claims, series_ids=["battery_capacity"], entity_ids=["lfp-plant", "assb-pilot-line"])
    assert made["value"].to_list() == [5, 0.1]  # 5 GWh and 100 MWh a year
    assert set(made["unit"]) == {"GWh_per_year"}
