"""Conflicts: what agrees and what does not, which conflicts are told, and by how much they differ; worked by hand."""

from datetime import date

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analysis.metrics.conflicts import NO_REASON, NOT_ALL_KNOWN, Contest, agree, contested, contests, disagreements
from analysis.schema import Conflict


def year(number: int) -> dict:
    return {"valid_from": date(number, 1, 1), "valid_to": date(number, 12, 31)}


NOT_DATED = {"valid_from": None, "valid_to": None}


def count(source: str, value: float | None, **more) -> dict:
    """Vehicles sold in 2024, by a source."""
    about = {"series_id": "annual_sales", "unit": "vehicles", "value": value, "source_id": source}
    return about | year(2024) | more


def recorded(*rows: tuple[str, str, str]) -> pl.DataFrame:
    """A table of conflicts from their ids, kinds and statements."""
    full = [
        {
            "conflict_id": name,
            "title": name.upper(),
            "kind": kind,
            "statement_ids": ids,
            "reason": f"Why {name}.",
            "recorded_date": date(2026, 11, 25),
        }
        for name, kind, ids in rows
    ]
    return pl.DataFrame(full, schema={name: column.dtype for name, column in Conflict.columns().items()})


# --- what agrees


def says(value: float, unit: str = "vehicles") -> dict:
    return {"value": value, "unit": unit}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (37140, 37140),
        (37140, 37000),  # to thousands: within 1,000
        (88535, 88000),
        (88535, 89000),
        (4910000, 4920000),  # one unit of the third digit
        (0.42, 0.4195),
        (0.42, 0.41),  # one unit in the last digit, which a computer holds as a little more
        (0.6, 0.59),  # 0.6 is the coarser: within 0.1
        (1000000, 1400000),  # a round million says no more than 0 to 2 millions
        (-670900000000, -670800000000),
        (0, 0),
        (0, 1),  # nothing, or one
        (0.1 + 0.2, 0.3),
    ],
)
def test_what_differs_by_no_more_than_one_unit_in_the_last_digit_of_the_coarser_agrees(one, other):
    assert agree(says(one), says(other))
    assert agree(says(other), says(one))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (37140, 36000),  # 1,140 where the coarser is to thousands
        (88535, 88537),
        (4910000, 4930000),
        (0.42, 0.45),
        (381907, 381970),  # two digits transposed: 63, and the coarser is to tens
        (-670900000000, -671200000000),
        (5, -5),
        (0, 12),
    ],
)
def test_what_differs_by_more_than_that_does_not_agree(one, other):
    assert not agree(says(one), says(other))
    assert not agree(says(other), says(one))


def test_trailing_zeros_are_not_taken_for_digits():
    # 40% may be rounded to ten points, so that 44% does not contradict it; 51% does.
    assert agree(says(0.4, "share"), says(0.44, "share"))
    assert not agree(says(0.4, "share"), says(0.51, "share"))


def test_values_in_two_units_are_not_held_against_each_other():
    assert agree(says(2_000_000_000_000, "JPY"), says(17_600_000_000, "USD"))


@given(value=st.integers(1, 10**12), places=st.integers(0, 6))
def test_a_number_agrees_with_itself_rounded_to_any_place(value, places):
    step = 10**places
    rounded = (value + step // 2) // step * step
    assert rounded == 0 or agree(says(value), says(rounded))


@given(one=st.floats(1e-6, 1e12), other=st.floats(1e-6, 1e12))
def test_who_is_held_against_whom_does_not_matter(one, other):
    assert agree(says(one), says(other)) == agree(says(other), says(one))
    assert agree(says(one), says(one))


# --- disagreements


def ids(groups: list[list[dict]]) -> list[list[str]]:
    return [[row["claim_id"] for row in rows] for rows in groups]


def test_two_products_that_count_the_same_and_do_not_agree_are_found(claims):
    frame = claims(count("a", 1100), count("b", 1500), count("c", 3000, entity_id="honda"))
    assert ids(disagreements(frame)) == [["c0", "c1"]]


@pytest.mark.parametrize("basis", ["target", "plan", "rumour"])
def test_what_is_meant_to_be_is_no_conflict(claims, basis):
    assert disagreements(claims(count("a", 1100, basis=basis), count("b", 1500, basis=basis))) == []
    assert disagreements(claims(count("a", 1100), count("b", 1500, basis=basis))) == []


@pytest.mark.parametrize(
    "other",
    [
        {"product_id": "a"},
        {"series_id": "annual_production"},
        {"entity_id": "honda"},
        {"market_id": "us"},
        year(2023),
        NOT_DATED,
        {"stance": "denies"},
        {"stance": "withdraws"},
        {"value": None},
        {"value": 1100},
        {"unit": "vehicles_per_year"},
    ],
)
def test_one_product_another_subject_and_what_is_not_asserted_are_no_conflict(claims, other):
    assert disagreements(claims(count("a", 1100), count("b", 1500) | other)) == []


def test_claims_without_a_period_are_held_against_each_other(claims):
    assert ids(disagreements(claims(count("a", 1100) | NOT_DATED, count("b", 1500) | NOT_DATED))) == [["c0", "c1"]]


def test_a_group_holds_also_those_that_agree_and_comes_by_series_entity_market_and_period(claims):
    frame = claims(
        count("a", 21, series_id="plants", unit="plants"),
        count("b", 25, series_id="plants", unit="plants"),
        count("a", 1100),
        count("a", 1100, **year(2023)),
        count("b", 1500),
        count("c", 1100),
        count("b", 1900, **year(2023)),
    )
    assert ids(disagreements(frame)) == [["c3", "c6"], ["c2", "c4", "c5"], ["c0", "c1"]]


@pytest.mark.parametrize("values", [(10, 11, 9), (11, 10, 9), (11, 9, 10)])
def test_claims_of_which_two_disagree_are_found_wherever_one_stands_that_agrees_with_both(claims, values):
    # 10 is to tens, and agrees with 9 and with 11; these are to ones, and differ by 2.
    assert len(disagreements(claims(*(count(f"s{v}", v) for v in values)))) == 1


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    values=st.lists(st.sampled_from([9, 10, 11, 12.5, 0, -3]), min_size=1, max_size=6), order=st.randoms(use_true_random=False)
)
def test_the_order_of_the_claims_does_not_matter_and_another_claim_makes_no_conflict_vanish(claims, values, order):
    rows = [count(f"s{place}", value, claim_id=f"k{place}") for place, value in enumerate(values)]
    mixed = list(rows)
    order.shuffle(mixed)
    found = [sorted(group) for group in ids(disagreements(claims(*rows)))]
    assert [sorted(group) for group in ids(disagreements(claims(*mixed)))] == found
    more = ids(disagreements(claims(count("more", 10, claim_id="more"), *mixed)))
    assert not found or set(found[0]) < set(more[0])


# --- contests


@pytest.fixture
def told(claims, events):
    """A function that makes contests from claims, events and conflicts; all claims are in force unless others are given."""

    def make(rows, conflicts, happenings=(), in_force=None, **more) -> list[Contest]:
        vintages = claims(*rows)
        now = vintages if in_force is None else vintages.filter(pl.col("claim_id").is_in(in_force))
        return contests(now, vintages=vintages, events=events(*happenings), conflicts=conflicts, **more)

    return make


def names(made: list[Contest]) -> list[str]:
    return [contest.conflict_id for contest in made]


APART = [count("a", 1100), count("b", 1500)]


def test_a_recorded_conflict_is_told_with_its_statements_in_the_order_recorded_and_its_reason(told):
    (made,) = told(APART, recorded(("k", "status", "e0;c1;c0")), [{"entity_id": "canton"}])
    assert (made.conflict_id, made.title, made.kind, made.reason) == ("k", "K", "status", "Why k.")
    assert [row.get("claim_id", row.get("event_id")) for row in made.statements] == ["e0", "c1", "c0"]
    assert [row["claim_id"] for row in made.claims] == ["c1", "c0"]


def test_a_conflict_is_told_once_two_of_its_statements_were_known_without_a_reason_that_rests_on_the_others(told):
    (made,) = told(APART, recorded(("k", "value", "c0;c1;later")))
    assert (len(made.statements), made.reason) == (2, NOT_ALL_KNOWN)
    assert told(APART[:1], recorded(("k", "value", "c0;later"))) == []
    assert told([], recorded(("k", "value", "later;latest"))) == []


def test_a_repetition_is_told_of_one_statement(told):
    (made,) = told(APART[:1], recorded(("k", "repetition", "c0")))
    assert (made.kind, made.reason) == ("repetition", "Why k.")
    assert told([], recorded(("k", "repetition", "c0"))) == []


def test_a_statement_that_a_later_edition_replaced_is_still_part_of_a_conflict(told):
    made = told(
        [count("a", 1100), count("b", 1500), count("a", 1300)], recorded(("k", "value", "c0;c2")), in_force=["c1", "c2"]
    )
    assert names(made) == ["k", "found-annual-sales-nissan-global-2024"]


def test_what_no_recorded_conflict_explains_is_told_after_them_as_found_by_comparing(told):
    other = [count("a", 21, series_id="plants", unit="plants"), count("b", 25, series_id="plants", unit="plants")]
    made = told([*APART, *other], recorded(("k", "value", "c0;c1")))
    assert names(made) == ["k", "found-plants-nissan-global-2024"]
    found = made[1]
    assert (found.title, found.kind, found.reason) == ("Plants, Nissan, Global, 2024", "value", NO_REASON)
    assert [row["claim_id"] for row in found.claims] == ["c2", "c3"]


def test_a_conflict_explains_only_what_it_names_in_full(told):
    third = [*APART, count("c", 1900)]
    assert names(told(third, recorded(("k", "value", "c0;c1")))) == ["k", "found-annual-sales-nissan-global-2024"]
    assert names(told(third, recorded(("k", "value", "c0;c1;c2;later")))) == ["k"]
    # Two that explain a part each explain nothing of how the parts differ.
    made = told(third, recorded(("k", "value", "c0;c1"), ("m", "value", "c1;c2")))
    assert names(made) == ["k", "m", "found-annual-sales-nissan-global-2024"]


def test_a_conflict_that_is_not_told_yet_explains_nothing(told):
    # Only one of its statements was known: it is not told, and so the two others are found.
    assert names(told(APART, recorded(("k", "value", "c0;later")))) == ["found-annual-sales-nissan-global-2024"]


def test_disagreements_about_two_markets_or_two_years_are_two_conflicts(told):
    us, past = {"market_id": "us"}, year(2023)
    rows = [*APART, *({**row, **us} for row in APART), *({**row, **past} for row in APART)]
    assert names(told(rows, recorded())) == [
        "found-annual-sales-nissan-global-2023",
        "found-annual-sales-nissan-global-2024",
        "found-annual-sales-nissan-us-2024",
    ]


def test_only_the_conflicts_named_are_told_in_that_order(told):
    conflicts = recorded(("k", "status", "c0;c2"), ("m", "status", "c1;c2"), ("later", "value", "c0;unknown"))
    rows = [*APART, count("c", 7, series_id="plants", unit="plants")]
    found = "found-annual-sales-nissan-global-2024"
    assert names(told(rows, conflicts, only=[found, "m"])) == [found, "m"]
    assert names(told(rows, conflicts, only=[])) == []
    # One that is recorded but does not show yet is left out.
    assert names(told(rows, conflicts, only=["later", "k"])) == ["k"]
    assert names(told(rows, conflicts, only=["x", "k", "y"])) == ["k"]  # one that is not recorded yet, as in a replay


def test_without_conflicts_nothing_is_told(told):
    assert told([], recorded()) == []
    assert told([count("a", 1100), count("b", 1100)], recorded()) == []


# --- by how much


def contest(rows: pl.DataFrame, kind: str = "value", name: str = "k") -> Contest:
    return Contest(name, "Title", kind, "Reason.", tuple(rows.to_dicts()))


def differences(frame: pl.DataFrame, kind: str = "value") -> pl.DataFrame:
    return contested([contest(frame, kind)]).filter(metric="contested_difference")


def test_every_claim_of_a_conflict_is_told_as_printed_and_no_event(claims, events):
    rows = claims(count("a", 1100, qualifier="about"), count("b", 1500, basis="target"))
    with_event = Contest("k", "Title", "value", "Reason.", (*rows.to_dicts(), *events({}).to_dicts()))
    made = contested([with_event]).filter(metric="contested")
    assert made["figure_id"].to_list() == ["contested.k.c0", "contested.k.c1"]
    assert made["value"].to_list() == [1100, 1500]
    assert made["qualifier"].to_list() == ["about", "exact"]
    assert made["basis"].to_list() == ["reported", "target"]
    assert contested([]).is_empty()


def test_numbers_differ_by_the_largest_divided_by_the_smallest_less_one(claims):
    # 1500 / 1000 - 1 = 0.5; what lies between does not matter.
    (row,) = differences(claims(count("a", 1200), count("b", 1500), count("c", 1000))).to_dicts()
    assert (row["value"], row["unit"]) == (pytest.approx(0.5), "change")
    assert row["claim_ids"] == ["c1", "c2"]
    assert row["figure_id"] == "contested_difference.k.annual_sales.nissan.global"
    assert row["method"] == "the largest divided by the smallest, less one"
    assert row["label"] == "Difference: Annual sales, Nissan"


def test_shares_differ_by_points_also_from_zero(claims):
    # (0.38 - 0.2) * 100 = 18 points, never 90%.
    about = {"series_id": "ev_share", "unit": "share"}
    (row,) = differences(claims(count("a", 0.2, **about), count("b", 0.38, **about))).to_dicts()
    assert (row["value"], row["unit"]) == (pytest.approx(18), "points")
    (zero,) = differences(claims(count("a", 0, **about), count("b", 0.03, **about))).to_dicts()
    assert zero["value"] == pytest.approx(3)


def test_dates_differ_by_months_between_the_ends_of_their_periods(claims):
    # From 31 December 2028 to 31 March 2029 are 3 months.
    date_of = {"series_id": "launch", "unit": "date"}
    fiscal = {"valid_from": date(2028, 4, 1), "valid_to": date(2029, 3, 31)}
    frame = claims(count("a", None, **date_of) | fiscal, count("b", None, **date_of) | year(2028))
    (row,) = differences(frame).to_dicts()
    assert (row["value"], row["unit"], row["claim_ids"]) == (3, "months", ["c0", "c1"])


@pytest.mark.parametrize("kind", ["definition", "status"])
def test_what_is_counted_otherwise_or_told_of_other_days_is_never_subtracted(claims, kind):
    frame = claims(count("a", 1100), count("b", 1500))
    assert differences(frame, kind).is_empty()
    assert len(contested([contest(frame, kind)])) == 2
    assert all(len(differences(frame, other)) == 1 for other in ("value", "period", "wording"))


@pytest.mark.parametrize(
    "values", [(0, 5), (-5, 5), (-5, -3), (0, -3), (7, 7), (7,)], ids=lambda values: "-".join(map(str, values))
)
def test_from_nothing_from_a_loss_and_between_equals_there_is_no_difference(claims, values):
    frame = claims(*(count(f"s{place}", value) for place, value in enumerate(values)))
    assert differences(frame).is_empty()


def test_what_a_source_denies_or_withdraws_has_no_part_in_the_difference(claims):
    frame = claims(count("a", 1100), count("b", 1500), count("c", 9000, stance="denies"), count("d", 9, stance="withdraws"))
    assert differences(frame)["claim_ids"].to_list() == [["c1", "c0"]]
    assert differences(frame.tail(3)).is_empty()


@pytest.mark.parametrize("other", [{"series_id": "plants"}, {"entity_id": "honda"}, {"market_id": "us"}, {"unit": "models"}])
def test_only_what_counts_the_same_is_subtracted(claims, other):
    assert differences(claims(count("a", 1100), count("b", 1500) | other)).is_empty()


def test_money_in_two_currencies_differs_in_each(claims):
    # 2.2 / 2 - 1 = 0.1 in yen, 17.6 / 16 - 1 = 0.1 in dollars.
    money = {"series_id": "investment"}
    yen = [count("a", 2e12, unit="JPY", **money), count("b", 2.2e12, unit="JPY", **money)]
    dollars = [count("a", 16e9, unit="USD", **money), count("b", 17.6e9, unit="USD", **money)]
    made = differences(claims(*yen, *dollars))
    assert sorted(made["figure_id"]) == [f"contested_difference.k.investment.nissan.global.{unit}" for unit in ("jpy", "usd")]
    assert made["value"].to_list() == pytest.approx([0.1, 0.1])


def test_limits_of_what_is_compared_are_limits_of_the_difference(claims):
    # Of more than 1500 and exactly 1000 the first is more than half as much again.
    frame = claims(count("a", 1500, qualifier="more_than"), count("b", 1000))
    assert differences(frame)["qualifier"].to_list() == ["more_than"]


def test_the_same_claims_in_two_conflicts_have_figures_of_their_own(claims):
    frame = claims(count("a", 1100), count("b", 1500))
    made = contested([contest(frame), contest(frame, name="m")])
    assert made["figure_id"].n_unique() == len(made) == 6


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(values=st.lists(st.integers(-3, 9), min_size=1, max_size=6), scale=st.sampled_from([1, 1000]))
def test_a_difference_is_never_below_zero_and_not_moved_by_the_scale(claims, values, scale):
    def made(factor: int) -> list[float]:
        rows = claims(*(count(f"s{place}", value * factor) for place, value in enumerate(values)))
        return differences(rows)["value"].to_list()

    assert all(value > 0 for value in made(scale))
    assert made(scale) == pytest.approx(made(1))
