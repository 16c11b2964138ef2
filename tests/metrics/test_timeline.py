"""The timeline: what stands in which lane, when, and in which state. Nothing is computed."""

from datetime import date

import polars as pl
import pytest

from analysis.metrics.timeline import ROWS, timeline


def day(*of: int) -> dict:
    return {"valid_from": date(*of), "valid_to": date(*of)}


def year(number: int) -> dict:
    return {"valid_from": date(number, 1, 1), "valid_to": date(number, 12, 31)}


NOT_DATED = {"valid_from": None, "valid_to": None}


def start(known: int, due: int, **more) -> dict:
    row = {"series_id": "start_of_production", "entity_id": "canton", "unit": "date", "basis": "plan"}
    return row | year(due) | {"published_date": date(known, 1, 1), "source_id": f"s{known}"} | more


def goal(value: float | None, **more) -> dict:
    row = {
        "claim_id": "goal",
        "series_id": "ev_share",
        "unit": "share",
        "value": value,
        "basis": "target",
        "market_id": "china",
    }
    return row | year(2026) | more


def told(stage: str, *of: int, **more) -> dict:
    return {"entity_id": "canton", "stage": stage, "description": stage.title()} | (day(*of) if of else {}) | more


@pytest.fixture
def lane(claims, events):
    """A function that draws claims and events in one lane."""

    def make(rows=(), happenings=(), names=("canton", "goal")):
        return timeline(claims(*rows), events(*happenings), lanes={"A lane": names}).to_dicts()

    return make


def states(rows) -> list[tuple]:
    return [(row["label"], row["start"].year, row["state"], row["claim_ids"]) for row in rows]


def test_of_a_plan_that_moved_the_version_printed_last_is_drawn_in_whatever_order(lane):
    rows = [start(2024, 2028), start(2022, 2025)]
    expected = [("Canton: start of production", 2028, "planned")]
    for some in (rows, rows[::-1]):
        assert [row[:3] for row in states(lane(some))] == expected


def test_a_plan_that_was_given_up_cites_the_plan_and_the_end(lane):
    end = start(2025, 2028, stance="withdraws", **NOT_DATED)
    assert states(lane([start(2022, 2025), end])) == [("Canton: start of production", 2025, "given up", ["c0", "c1"])]


def test_a_rumour_stays_a_rumour(lane):
    assert [row["state"] for row in lane([start(2022, 2025, basis="rumour")])] == ["rumour"]


def test_what_was_reported_as_reached_is_not_planned_too(lane):
    made = lane([start(2022, 2025), start(2026, 2026, basis="reported")])
    assert states(made) == [("Canton: start of production", 2026, "done", ["c1"])]


@pytest.mark.parametrize(
    "other", [{"stance": "denies"}, {"basis": "forecast"}, {"series_id": "launch"}, {"entity_id": "oppama"}]
)
def test_only_a_report_of_the_same_thing_makes_a_plan_reached(lane, other):
    made = lane([start(2022, 2025), start(2026, 2026, basis="reported") | other], names=["canton"])
    assert ("Canton: start of production", 2025, "planned", ["c0"]) in states(made)


def test_of_several_reports_the_narrowest_period_is_drawn(lane):
    made = lane([start(2025, 2024, basis="reported"), start(2025, 2024, basis="reported", **day(2024, 1, 5))])
    assert [(row["start"], row["end"]) for row in made] == [(date(2024, 1, 5), date(2024, 1, 5))]


@pytest.mark.parametrize(
    ("name", "within"), [("Share of sales", "share of sales"), ("EV share of sales", "EV share of sales"), ("Jobs", "jobs")]
)
def test_a_named_target_tells_its_market_number_and_series(claims, events, name, within):
    frame = claims(goal(0.35, qualifier="more_than")).with_columns(series_name=pl.lit(name))
    made = timeline(frame, events(), lanes={"A lane": ["goal"]}).to_dicts()
    assert states(made) == [(f"China: more than 35%, {within}", 2026, "planned", ["goal"])]


@pytest.mark.parametrize(
    ("basis", "state"), [("target", "planned"), ("forecast", "planned"), ("rumour", "rumour"), ("reported", "done")]
)
def test_a_named_claim_is_what_its_basis_says(lane, basis, state):
    assert [row["state"] for row in lane([goal(0.35, basis=basis)])] == [state]


def test_what_has_no_date_or_asserts_nothing_is_not_drawn(lane):
    assert lane([goal(0.35, **NOT_DATED)]) == []
    assert lane([goal(None, stance="withdraws")]) == []
    assert lane([start(2022, 2025, stance="withdraws", **NOT_DATED)]) == []
    assert lane([], [told("signed")]) == []
    assert lane() == []


@pytest.mark.parametrize(
    ("stage", "basis", "state"),
    [
        ("signed", "reported", "done"),
        ("talks", "rumour", "rumour"),
        ("under_consideration", "reported", "rumour"),
        ("denied", "reported", "rumour"),
        ("planned", "plan", "planned"),
        ("expected", "forecast", "planned"),
        ("ended", "reported", "given up"),
        ("cancelled", "reported", "given up"),
    ],
)
def test_an_event_is_drawn_in_the_state_of_its_stage(lane, stage, basis, state):
    assert states(lane([], [told(stage, 2024, 3, 15, basis=basis)])) == [(stage.title(), 2024, state, ["e0"])]


def test_what_is_told_of_two_parties_is_one_row_and_two_happenings_of_a_day_are_two(lane):
    rows = [told("signed", 2024, 8, 1, counterparty_id=party) for party in ("honda", "renault")]
    made = lane([], [*rows, told("ended", 2024, 8, 1)])
    assert states(made) == [("Ended", 2024, "given up", ["e2"]), ("Signed", 2024, "done", ["e0"])]


def test_an_event_and_a_claim_of_one_day_are_one_row(lane):
    made = lane([start(2024, 2024, basis="reported", **day(2024, 3, 15))], [told("in_production", 2024, 3, 15)])
    assert states(made) == [("In_Production", 2024, "done", ["e0"])]


def test_rows_stand_by_lane_then_start_and_an_entity_in_two_lanes_in_both(claims, events):
    rows = [start(2022, 2028), start(2022, 2026, entity_id="oppama", series_id="launch")]
    lanes = {"B": ["oppama", "canton"], "Empty": [], "A": ["canton"]}
    made = timeline(claims(*rows), events(told("signed", 2020, 1, 1)), lanes=lanes)
    assert made.select("lane", "claim_ids").rows() == [
        ("B", ["e0"]),
        ("B", ["c1"]),
        ("B", ["c0"]),
        ("A", ["e0"]),
        ("A", ["c0"]),
    ]
    assert dict(made.schema) == ROWS
    assert dict(timeline(claims(), events(), lanes={}).schema) == ROWS


# --- what was published


def test_canton_was_planned_for_november_2028_and_given_up(published):
    made = timeline(published.claims, published.events, lanes={"Production": ["canton"]}).to_dicts()
    last = made[-1]
    assert (last["start"], last["state"]) == (date(2028, 11, 1), "given up")
    assert last["claim_ids"] == ["n-canton-start-v4a", "n-canton-cancel"]


def test_the_pilot_line_is_done_since_january_2025_and_no_longer_planned(published):
    made = timeline(published.claims, published.events, lanes={"Batteries": ["assb-pilot-line"]}).to_dicts()
    assert ("done", date(2025, 1, 1)) in [(row["state"], row["start"]) for row in made]
    assert "planned" not in [row["state"] for row in made]
