"""The scorecard: which verdict a target gets, by which rule, and what it is held against; worked by hand."""

from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analysis.metrics.scorecard import VERDICTS, score_figures, scorecard, verdict_counts

AS_OF = date(2026, 6, 1)


def year(number: int) -> dict:
    return {"valid_from": date(number, 1, 1), "valid_to": date(number, 12, 31)}


NOT_DATED = {"valid_from": None, "valid_to": None}


def goal(known: int, value: float | None, due: int, **more) -> dict:
    """A target number for the year `due`, printed on 1 June of the year `known`."""
    base = {"series_id": "electrified_share", "unit": "share", "basis": "target", "value": value}
    return base | year(due) | {"source_id": f"s{known}", "published_date": date(known, 6, 1)} | more


def done(value: float, number: int, **more) -> dict:
    """What was reported of the year `number`, a month after it."""
    return goal(number + 1, value, number, basis="reported", published_date=date(number + 1, 1, 31)) | more


def start(known: int, due: int, **more) -> dict:
    """A planned start of production."""
    return goal(known, None, due, series_id="start_of_production", unit="date", basis="plan", entity_id="canton") | more


def started(number: int, **more) -> dict:
    return start(number + 1, number, basis="reported") | more


END = {"stance": "withdraws", "value": None} | NOT_DATED


def scores(frame, *, as_of: date = AS_OF, entity_ids=("nissan", "canton")):
    return scorecard(frame, as_of=as_of, entity_ids=entity_ids)


def score(frame, **more):
    (only,) = scores(frame, **more)
    return only


def verdict(frame, **more) -> str:
    return score(frame, **more).verdict


# --- the line


# From 31 December 2020 to the end of 2025 are 1,826 days, to that of 2030 twice as many: the line stands halfway, at
# 0.1 + (0.5 - 0.1) / 2 = 0.3.
ROAD = [done(0.1, 2020), goal(2021, 0.5, 2030)]


@pytest.mark.parametrize(("value", "expected"), [(0.31, "on course"), (0.3, "on course"), (0.29, "behind"), (0.1, "behind")])
def test_a_target_is_on_course_on_the_straight_line_and_beyond_and_behind_below_it(claims, value, expected):
    made = score(claims(*ROAD, done(value, 2025)))
    assert made.expected["value"] == pytest.approx(0.3)
    assert made.verdict == expected
    assert "straight line" in made.rule
    assert (made.outcome["value"], made.outcome["claim_ids"]) == (value, ["c2"])


def test_what_was_expected_cites_the_target_and_the_outcome_it_starts_from_at_the_time_of_the_last_outcome(claims):
    expected = score(claims(*ROAD, done(0.35, 2025))).expected
    assert expected["claim_ids"] == ["c1", "c0"]
    assert (expected["period_end"], expected["unit"]) == (date(2025, 12, 31), "share")
    assert expected["figure_id"] == "expected.electrified_share.nissan.global.2030"


def test_the_line_starts_at_the_last_outcome_from_before_the_target_was_printed(claims):
    # From 2020, not from 2016: there it would stand at 0.02 + 0.48 * 3287 / 5113, above 0.32.
    assert score(claims(done(0.02, 2016), *ROAD, done(0.3, 2025))).expected["value"] == pytest.approx(0.3)


def test_without_an_outcome_from_before_the_line_starts_at_the_first_one_after(claims):
    # From the end of 2022 to that of 2025 are 1,096 days of 2,922: 0.2 + (0.5 - 0.2) * 1096 / 2922 = 0.312526.
    made = score(claims(goal(2021, 0.5, 2030), done(0.2, 2022), done(0.3, 2025)))
    assert made.expected["value"] == pytest.approx(0.312526, abs=1e-6)
    assert made.verdict == "behind"


def test_the_line_leads_to_the_latest_version_of_the_target(claims):
    # Raised to 0.7: 0.1 + 0.6 / 2 = 0.4.
    made = score(claims(*ROAD, goal(2023, 0.7, 2030), done(0.35, 2025)))
    assert (made.expected["value"], made.verdict) == (pytest.approx(0.4), "behind")


def test_one_outcome_makes_no_line(claims):
    made = score(claims(goal(2021, 0.5, 2030), done(0.3, 2025)))
    assert (made.expected, made.verdict) == (None, "cannot be scored")
    assert made.rule == "only one outcome is known, and no line can be drawn"
    assert made.outcome["value"] == 0.3  # it is shown all the same
    # Nor does one from before the target was printed: nothing has been reported since.
    before = score(claims(*ROAD))
    assert (before.outcome, before.expected, before.verdict) == (None, None, "cannot be scored")


def test_a_target_without_a_date_is_not_scored(claims):
    assert scores(claims(done(0.1, 2020), goal(2021, 0.5, 2030) | NOT_DATED, done(0.6, 2025))) == []


# --- met, and behind after its date


def test_a_target_is_met_by_an_outcome_that_reaches_it_by_its_date(claims):
    made = score(claims(*ROAD, done(0.5, 2025)))
    assert (made.verdict, made.rule) == ("met", "a reported outcome reaches it by its date")
    assert verdict(claims(goal(2021, 0.5, 2025), done(0.5, 2025))) == "met"


def test_a_target_whose_date_has_passed_is_behind_where_the_outcome_falls_short(claims):
    made = score(claims(done(0.1, 2020), goal(2021, 0.5, 2025), done(0.49, 2025)))
    assert (made.verdict, made.rule) == ("behind", "its date has passed, and the outcome falls short of it")
    assert made.expected is None


def test_a_target_is_held_against_the_outcome_at_its_date_whatever_came_later(claims):
    met = score(claims(goal(2019, 0.5, 2022), done(0.3, 2021), done(0.5, 2022), done(0.4, 2023), done(0.6, 2024)))
    assert (met.verdict, met.outcome["claim_ids"]) == ("met", ["c2"])
    missed = score(claims(goal(2019, 0.5, 2022), done(0.6, 2021), done(0.4, 2022), done(0.6, 2024)))
    assert (missed.verdict, missed.outcome["claim_ids"]) == ("behind", ["c2"])


def test_a_target_that_was_reached_after_its_date_is_behind_and_not_said_to_fall_short(claims):
    made = score(claims(goal(2019, 0.5, 2022), done(0.6, 2024)))
    assert (made.verdict, made.rule) == ("behind", "a reported outcome reaches it, after its date")


def test_a_date_that_has_passed_without_an_outcome_cannot_be_scored(claims):
    made = score(claims(goal(2021, 0.5, 2025)))
    assert (made.verdict, made.rule) == ("cannot be scored", "its date has passed, and no outcome has been found")
    early = score(claims(goal(2021, 0.5, 2025), done(0.3, 2022)))
    assert early.rule == "its date has passed, and no outcome at its end has been found"
    still = score(claims(goal(2021, 0.5, 2025)), as_of=date(2025, 12, 31))
    assert still.rule == "no outcome that counts the same thing has been found"


# --- what is no outcome


@pytest.mark.parametrize(
    "other",
    [
        {"series_id": "ev_share"},
        {"entity_id": "honda"},
        {"market_id": "europe"},
        {"basis": "forecast"},
        {"basis": "estimate"},
        {"stance": "denies"},
        {"unit": "ratio"},
        NOT_DATED,
    ],
)
def test_what_only_resembles_a_target_is_no_outcome_of_it(claims, other):
    made = score(claims(goal(2021, 0.5, 2030), done(0.6, 2025) | other))
    assert (made.outcome, made.verdict) == (None, "cannot be scored")


def test_what_had_been_reached_before_the_target_was_printed_does_not_meet_it(claims):
    assert verdict(claims(done(0.6, 2020), goal(2021, 0.5, 2030))) == "cannot be scored"


def test_of_two_reports_of_one_year_the_one_published_last_counts(claims):
    later = done(0.5, 2025, source_id="b", published_date=date(2026, 5, 1))
    assert score(claims(goal(2021, 0.5, 2030), later, done(0.4, 2025))).outcome["claim_ids"] == ["c1"]


# --- revised, abandoned, and the order of the rules


def test_a_target_that_was_lowered_is_revised_down_and_one_that_was_raised_is_not(claims):
    made = score(claims(goal(2021, 0.5, 2030), goal(2023, 0.4, 2030)))
    assert (made.verdict, made.rule) == ("revised down", "a later version asks for less, and no outcome settles it")
    assert (made.promised["value"], made.latest["value"]) == (0.5, 0.4)
    raised = score(claims(goal(2021, 0.5, 2030), goal(2023, 0.6, 2030)))
    assert (raised.latest["value"], raised.verdict) == (0.6, "cannot be scored")


def test_a_target_that_stayed_has_no_latest_revision(claims):
    assert score(claims(goal(2021, 0.5, 2030), goal(2023, 0.5, 2030))).latest is None


def test_a_target_that_was_given_up_is_abandoned(claims):
    made = score(claims(goal(2021, 0.5, 2030), goal(2025, None, 2030) | END))
    assert (made.verdict, made.rule) == ("abandoned", "a source says that it was given up")


LOWERED = goal(2023, 0.4, 2030)


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        # Given up, though the outcome had reached what was promised.
        ([*ROAD, done(0.6, 2024), goal(2025, None, 2030) | END], "abandoned"),
        # Reached what is asked for now, though this is less than at first.
        ([*ROAD, LOWERED, done(0.4, 2025)], "met"),
        # Lowered, and short of it when its date had passed.
        ([goal(2021, 0.5, 2025), goal(2023, 0.4, 2025), done(0.3, 2025)], "behind"),
        # Lowered, and yet on the line: 0.1 + 0.3 / 2 = 0.25 was expected.
        ([*ROAD, LOWERED, done(0.35, 2025)], "revised down"),
        ([*ROAD, LOWERED, done(0.2, 2025)], "revised down"),
        ([*ROAD, done(0.35, 2025)], "on course"),
        ([*ROAD], "cannot be scored"),
    ],
)
def test_verdicts_are_tried_in_the_order_that_is_stated(claims, rows, expected):
    assert verdict(claims(*rows)) == expected


# --- series that are to fall


# From 17 plants at the end of 2020 to 7 at that of 2030: 12 halfway.
@pytest.mark.parametrize(
    ("value", "expected"), [(11, "on course"), (12, "on course"), (13, "behind"), (17, "behind"), (7, "met"), (6, "met")]
)
def test_what_is_to_fall_is_met_from_above(claims, value, expected):
    plants = {"series_id": "plants", "unit": "plants"}
    made = score(claims(done(17, 2020) | plants, goal(2021, 7, 2030) | plants, done(value, 2025) | plants))
    assert made.verdict == expected
    assert made.expected["value"] == pytest.approx(12)


@pytest.mark.parametrize(("latest", "expected"), [(8, "revised down"), (6, "cannot be scored")])
def test_a_higher_number_asks_for_less_where_it_is_to_fall(claims, latest, expected):
    cost = {"series_id": "battery_cost", "unit": "USD_per_kWh"}
    assert verdict(claims(goal(2021, 7, 2030) | cost, goal(2023, latest, 2030) | cost)) == expected


# --- dates


def test_a_date_is_met_by_the_date_promised_first(claims):
    made = score(claims(start(2022, 2025), started(2025)))
    assert (made.verdict, made.rule) == ("met", "reported as reached by the date promised first")
    assert made.outcome["claim_ids"] == ["c1"]
    assert (made.latest, made.expected) == (None, None)


def test_a_date_is_met_by_a_later_date_that_was_promised_last_and_told_so(claims):
    made = score(claims(start(2020, 2023), start(2022, 2025), started(2025)))
    assert (made.verdict, made.rule) == ("met", "reported as reached by the date promised last, not by the first one")
    assert (made.promised["claim_ids"], made.latest["claim_ids"]) == (["c0"], ["c1"])


def test_a_date_that_was_reached_late_is_behind(claims):
    made = score(claims(start(2022, 2023), started(2025)))
    assert (made.verdict, made.rule) == ("behind", "reported as reached, after the date promised")


def test_a_date_that_was_moved_to_later_is_revised_down_and_one_moved_to_earlier_is_not(claims):
    made = score(claims(start(2022, 2025), start(2024, 2028)))
    assert (made.verdict, made.rule) == ("revised down", "the date was moved to later, and nothing is reported as reached")
    assert verdict(claims(start(2022, 2028), start(2024, 2027))) == "cannot be scored"


def test_a_date_that_passed_without_a_report_cannot_be_scored_nor_one_that_is_to_come(claims):
    made = score(claims(start(2022, 2025)))
    assert (made.verdict, made.rule) == ("cannot be scored", "its date has passed, and no report of it has been found")
    to_come = score(claims(start(2022, 2025)), as_of=date(2025, 12, 31))
    assert to_come.rule == "its date is still to come, and nothing is reported as reached"


def test_a_date_that_was_given_up_is_abandoned_before_all_else(claims):
    made = score(claims(start(2022, 2025), start(2024, 2028), started(2024), start(2025, 2028) | END))
    assert (made.verdict, made.rule) == ("abandoned", "a source says that the plan was given up")


def test_a_date_that_was_last_told_as_a_rumour_is_left_out_and_a_rumour_in_between_changes_nothing(claims):
    rumour = start(2024, 2030, basis="rumour")
    assert scores(claims(rumour)) == []
    assert scores(claims(start(2022, 2025), rumour)) == []
    between = score(claims(start(2022, 2025), start(2023, 2030, basis="rumour"), start(2024, 2028)))
    assert (between.promised["claim_ids"], between.latest["claim_ids"]) == (["c0"], ["c2"])
    before = score(claims(start(2021, 2030, basis="rumour"), start(2022, 2025)))
    assert (before.promised["claim_ids"], before.latest) == (["c1"], None)
    # Another plant's rumour is none of this one's.
    assert len(scores(claims(start(2022, 2025), rumour | {"entity_id": "kyushu"}))) == 1


def test_a_number_that_is_rumoured_is_no_target(claims):
    assert scores(claims(goal(2021, 0.5, 2030, basis="rumour"))) == []


# --- the whole


def test_scores_come_by_due_date_numbers_and_dates_mixed(claims):
    frame = claims(
        goal(2021, 0.3, 2030) | NOT_DATED,
        goal(2021, 0.5, 2030),
        start(2022, 2028),
        goal(2021, 0.4, 2027, entity_id="honda"),
        goal(2021, 0.4, 2026),
    )
    assert [made.promised["claim_ids"] for made in scores(frame)] == [["c4"], ["c2"], ["c1"]]
    assert scores(claims()) == []


def test_a_score_is_named_after_what_is_promised_of_whom_and_where(claims):
    assert score(claims(goal(2021, 0.5, 2030, market_id="europe"))).label == "Electrified share: Nissan, Europe"
    assert score(claims(goal(2021, 0.5, 2030, entity_id="nissan", market_id="nissan"))).label == "Electrified share: Nissan"


def test_the_figures_of_one_score_stand_together_each_as_printed(claims):
    frame = claims(*ROAD, goal(2023, 0.7, 2030), done(0.35, 2025), start(2022, 2025), started(2024))
    made = score_figures(scores(frame))
    assert made["metric"].to_list() == ["promised", "outcome", "promised", "revised", "outcome", "expected"]
    assert made["value"].to_list() == [None, None, 0.5, 0.7, 0.35, pytest.approx(0.4)]
    assert made["method"].to_list()[:5] == ["as printed"] * 5
    assert made["figure_id"].to_list()[:3] == [
        "promised.start_of_production.canton.global",
        "outcome.start_of_production.canton.global",
        "promised.electrified_share.nissan.global.2030",
    ]
    assert score_figures([]).is_empty()


def test_every_verdict_is_counted_also_where_it_is_none_and_they_add_up(claims):
    frame = claims(*ROAD, done(0.35, 2025), start(2022, 2025), goal(2021, 0.6, 2026, market_id="europe"))
    made = verdict_counts(scores(frame), frame)
    assert made["figure_id"].to_list() == [
        "scored.all",
        "verdict.met",
        "verdict.on-course",
        "verdict.behind",
        "verdict.revised-down",
        "verdict.abandoned",
        "verdict.cannot-be-scored",
    ]
    assert made["value"].to_list() == [3, 0, 1, 0, 0, 0, 2]
    assert set(made["unit"]) == {"targets"}
    cited = dict(made.select("figure_id", "claim_ids").iter_rows())
    assert cited["verdict.on-course"] == ["c1"]
    assert cited["verdict.cannot-be-scored"] == ["c3", "c4"]
    assert cited["verdict.met"] == cited["scored.all"] == ["c3", "c4", "c1"]


def test_a_count_has_neither_the_limits_nor_the_notes_nor_the_period_of_what_is_counted(claims):
    frame = claims(goal(2021, 0.5, 2030, qualifier="more_than", note="Electrified is not electric."))
    made = verdict_counts(scores(frame), frame)
    assert set(made["qualifier"]) == {"exact"}
    assert set(made["note"]) == {None}
    assert set(made["period_end"]) == {None}


def test_without_a_score_nothing_is_counted(claims):
    assert verdict_counts([], claims(*ROAD)).is_empty()


POINTS = st.lists(
    st.tuples(st.integers(2010, 2025), st.sampled_from([0.1, 0.3, 0.5, 0.6]), st.sampled_from(["target", "reported"])),
    min_size=1,
    max_size=10,
    unique_by=lambda point: (point[0], point[2]),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(points=POINTS, order=st.randoms(use_true_random=False))
def test_the_order_of_the_claims_does_not_matter_and_every_verdict_is_one_that_is_explained(claims, points, order):
    rows = [
        goal(number, value, 2024, claim_id=f"t{number}") if basis == "target" else done(value, number, claim_id=f"o{number}")
        for number, value, basis in points
    ]
    mixed = list(rows)
    order.shuffle(mixed)
    made = scores(claims(*mixed))
    assert made == scores(claims(*rows))
    assert all(one.verdict in VERDICTS for one in made)
    assert verdict_counts(made, claims(*rows))["value"].to_list()[1:] == [
        sum(one.verdict == name for one in made) for name in (VERDICTS if made else ())
    ]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(points=POINTS, later=st.sampled_from([0.05, 0.5, 0.9]))
def test_what_is_reported_after_a_target_was_settled_never_changes_its_verdict(claims, points, later):
    rows = [goal(2009, 0.5, 2018)] + [done(value, number) for number, value, basis in points if basis == "reported"]
    settled = [*rows, done(0.4, 2018, source_id="x", published_date=date(2026, 1, 1))]
    assert verdict(claims(*settled)) == verdict(claims(*settled, done(later, 2026))) == "behind"
