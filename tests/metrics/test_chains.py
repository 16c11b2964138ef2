"""Chains: what makes two claims versions of one thing, in what order they stand, and what ends them."""

from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analysis.metrics.chains import chains, due
from analysis.units import fiscal_year


def year(number: int) -> dict:
    return {"valid_from": date(number, 1, 1), "valid_to": date(number, 12, 31)}


def fiscal(number: int, last: int | None = None) -> dict:
    return {"valid_from": fiscal_year(number)[0], "valid_to": fiscal_year(last or number)[1]}


NOT_DATED = {"valid_from": None, "valid_to": None}


def goal(known: int | None, value: float | None, period: dict, **more) -> dict:
    """A target number, printed on 1 January of the year `known`."""
    base = {"series_id": "electrified_share", "unit": "share", "basis": "target", "value": value}
    return base | period | {"source_id": f"s{known}", "published_date": known and date(known, 1, 1)} | more


def start(known: int | None, period: dict, **more) -> dict:
    """A planned start of production."""
    return goal(known, None, period, series_id="start_of_production", unit="date", basis="plan", entity_id="canton") | more


def names(found: list) -> list[list[str]]:
    return [[row["claim_id"] for row in chain.versions] for chain in found]


def numbers(frame, **more):
    return chains(frame, **({"is_date": False, "bases": ["target"]} | more))


def dates(frame, **more):
    return chains(frame, **({"is_date": True, "bases": ["target", "plan"]} | more))


# --- what is one thing


def test_versions_stand_in_the_order_of_publication_whatever_that_of_the_claims(claims):
    found = numbers(claims(goal(2024, 0.6, year(2030)), goal(2021, 0.5, year(2030)), goal(2023, 0.55, year(2030))))
    assert names(found) == [["c1", "c2", "c0"]]
    assert (found[0].first["value"], found[0].last["value"], found[0].end) == (0.5, 0.6, None)


def test_a_number_for_a_calendar_year_and_for_the_fiscal_year_of_its_name_are_one_target(claims):
    frame = claims(goal(2021, 0.5, fiscal(2030)), goal(2022, 0.55, year(2030)), goal(2023, 0.6, fiscal(2031)))
    assert names(numbers(frame)) == [["c0", "c1"], ["c2"]]


@pytest.mark.parametrize(
    ("period", "expected"),
    [
        (year(2030), (2030, 2030)),
        (year(2028), (2028, 2028)),  # a leap year has 366 days: from its first to its last are 365
        (fiscal(2030), (2030, 2030)),
        (fiscal(2027), (2027, 2027)),  # 29 February 2028 lies in it
        (fiscal(2024, 2026), (2024, 2027)),
        ({"valid_from": date(2026, 11, 1), "valid_to": date(2026, 11, 30)}, (2026, 2026)),
        ({"valid_from": date(2024, 1, 1), "valid_to": date(2025, 12, 31)}, (2024, 2025)),
        ({"valid_from": date(2024, 1, 1), "valid_to": date(2025, 1, 31)}, (2024, 2025)),  # thirteen months
        (NOT_DATED, None),
    ],
)
def test_a_year_is_named_by_itself_and_a_longer_period_by_both_its_ends(period, expected):
    assert due(period) == expected


def test_a_number_over_three_years_is_no_version_of_one_for_the_first_of_them(claims):
    assert names(numbers(claims(goal(2021, 30, fiscal(2024, 2026)), goal(2022, 12, fiscal(2024))))) == [["c1"], ["c0"]]


@pytest.mark.parametrize("other", [{"series_id": "ev_share"}, {"entity_id": "honda"}, {"market_id": "europe"}, year(2031)])
def test_another_series_entity_market_or_year_is_another_target(claims, other):
    found = numbers(claims(goal(2021, 0.5, year(2030)), goal(2022, 0.6, year(2030)) | other))
    assert sorted(names(found)) == [["c0"], ["c1"]]


def test_a_milestone_is_the_same_one_wherever_its_date_moves(claims):
    frame = claims(start(2022, year(2025)), start(2024, fiscal(2028)), start(2025, NOT_DATED, entity_id="kyushu"))
    assert names(dates(frame)) == [["c0", "c1"], ["c2"]]


def test_numbers_and_dates_are_kept_apart(claims):
    frame = claims(goal(2021, 0.5, year(2030)), start(2022, year(2025)))
    assert (names(numbers(frame)), names(dates(frame))) == ([["c0"]], [["c1"]])


def test_only_the_bases_asked_for_make_a_version(claims):
    frame = claims(start(2022, year(2025)), start(2023, year(2026), basis="rumour"), start(2024, year(2026), basis="reported"))
    assert names(dates(frame)) == [["c0"]]
    assert names(dates(frame, bases=["target", "plan", "rumour"])) == [["c0", "c1"]]


def test_what_a_source_denies_is_neither_a_version_nor_an_end(claims):
    found = dates(claims(start(2022, year(2025)), start(2023, year(2026), stance="denies")))
    assert (names(found), found[0].end) == ([["c0"]], None)


def test_only_the_entities_named_are_told_of_and_all_where_none_are_named(claims):
    frame = claims(goal(2021, 0.5, year(2030)), goal(2021, 0.6, year(2030), entity_id="honda"))
    assert names(numbers(frame, entity_ids=["honda"])) == [["c1"]]
    assert sorted(names(numbers(frame))) == [["c0"], ["c1"]]
    assert numbers(frame, entity_ids=[]) == []
    assert numbers(claims()) == []


def test_chains_come_by_due_date_then_series_then_entity_and_undated_ones_last(claims):
    frame = claims(
        goal(2021, 1, NOT_DATED, entity_id="byd"),
        goal(2021, 1, year(2031)),
        goal(2021, 1, year(2030), series_id="models", entity_id="honda"),
        goal(2021, 1, year(2030), series_id="models", entity_id="byd"),
        goal(2021, 1, year(2030), series_id="ev_share", entity_id="nissan"),
    )
    assert names(numbers(frame)) == [["c4"], ["c3"], ["c2"], ["c1"], ["c0"]]


# --- sources without a date


def test_a_source_without_a_date_stands_only_where_no_dated_one_speaks(claims):
    undated = goal(None, 0.4, year(2030))
    assert names(numbers(claims(goal(2021, 0.5, year(2030)), undated))) == [["c0"]]
    assert names(numbers(claims(undated))) == [["c0"]]


def test_a_chain_was_restated_where_two_dated_sources_speak_of_it(claims):
    one = start(2022, year(2025), source_id="a")
    assert not dates(claims(one))[0].was_restated
    assert not dates(claims(one, start(2022, year(2026), source_id="a")))[0].was_restated
    assert not dates(claims(one, start(None, year(2026), source_id="blog")))[0].was_restated
    assert dates(claims(one, start(2023, year(2026), source_id="b")))[0].was_restated


# --- ends


def end(known: int | None, **more) -> dict:
    return start(known, NOT_DATED, stance="withdraws") | more


def ended_by(frame) -> str | None:
    (found,) = dates(frame)
    return found.end and found.end["claim_id"]


def test_a_plan_is_ended_by_what_withdraws_it_on_the_same_day_or_later_and_by_nothing_earlier(claims):
    plan = start(2024, year(2028))
    assert ended_by(claims(plan, end(2025))) == "c1"
    assert ended_by(claims(plan, end(2024))) == "c1"
    assert ended_by(claims(plan, end(2023))) is None
    assert ended_by(claims(start(2022, year(2025)), end(2023), plan)) is None


def test_of_several_ends_the_one_published_last_is_told(claims):
    assert ended_by(claims(start(2022, year(2025)), end(2025), end(2024))) == "c1"


def test_an_end_without_a_plan_is_no_chain(claims):
    assert dates(claims(end(2024))) == []


def test_a_source_without_a_date_ends_no_plan_of_a_dated_one(claims):
    assert ended_by(claims(start(2022, year(2025)), end(None))) is None
    # A plan that is itself not dated is ended by either.
    assert ended_by(claims(start(None, year(2025)), end(None))) == "c1"
    assert ended_by(claims(start(None, year(2025)), end(2024))) == "c1"


def test_an_end_that_names_no_year_ends_a_target_of_every_year_and_one_that_names_a_year_only_that(claims):
    frame = claims(goal(2021, 0.4, year(2026)), goal(2021, 0.6, year(2030)), goal(2025, None, fiscal(2030), stance="withdraws"))
    assert [chain.end and chain.end["claim_id"] for chain in numbers(frame)] == [None, "c2"]
    every = claims(goal(2021, 0.4, year(2026)), goal(2021, 0.6, year(2030)), goal(2025, None, NOT_DATED, stance="withdraws"))
    assert [chain.end["claim_id"] for chain in numbers(every)] == ["c2", "c2"]


def test_an_older_end_of_one_year_does_not_hide_a_later_end_of_all(claims):
    # Given up in 2022, set up anew in 2023, and given up with all others in 2025.
    frame = claims(
        goal(2021, 0.6, year(2030)),
        goal(2022, None, year(2030), stance="withdraws"),
        goal(2023, 0.5, year(2030)),
        goal(2025, None, NOT_DATED, stance="withdraws"),
    )
    assert [chain.end and chain.end["claim_id"] for chain in numbers(frame)] == ["c3"]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    rows=st.lists(
        st.tuples(st.integers(2000, 2040), st.sampled_from([2026, 2030]), st.sampled_from(["asserts", "withdraws"])),
        min_size=1,
        max_size=8,
        unique_by=lambda row: row[0],
    ),
    order=st.randoms(use_true_random=False),
)
def test_the_order_of_the_claims_does_not_matter_and_a_later_version_leaves_the_earlier_ones(claims, rows, order):
    made = [goal(known, 0.5, year(due_year), stance=stance, claim_id=f"k{known}") for known, due_year, stance in rows]
    mixed = list(made)
    order.shuffle(mixed)
    assert numbers(claims(*mixed)) == numbers(claims(*made))
    later = goal(2041, 0.9, year(2030), claim_id="later")
    before = {due(chain.last): names([chain])[0] for chain in numbers(claims(*made))}
    after = {due(chain.last): names([chain])[0] for chain in numbers(claims(*made, later))}
    assert after.pop((2030, 2030)) == [*before.pop((2030, 2030), []), "later"]
    assert after == before
