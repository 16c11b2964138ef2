"""Partnerships: parties, stages and how long an agreement lasted; worked by hand."""

from datetime import date

import pytest

from analysis.metrics.partnerships import agreements, course


def on(*day: int) -> dict:
    return {"valid_from": date(*day), "valid_to": date(*day)}


def told(stage: str, *day: int, entity: str = "pact", **more) -> dict:
    return {"entity_id": entity, "stage": stage, "basis": "reported"} | (on(*day) if day else {}) | more


def by_metric(frame) -> dict[str, dict]:
    return {row["metric"]: row for row in frame.to_dicts()}


@pytest.fixture
def houses(entities):
    company = {"kind": "company"}
    return entities(
        nissan=company, honda=company, renault=company, pact={"part_of": "nissan"}, merger={"part_of": "pact"}, free=None
    )


# --- agreements


def test_an_agreement_has_the_parties_that_its_events_name_each_once(events, houses):
    rows = [
        told("signed", 2024, 3, 15, counterparty_id="honda"),
        told("talks", 2024, 1, 1, counterparty_id="renault"),
        told("ended", 2025, 2, 13, counterparty_id="honda"),
        told("delayed", 2024, 6, 1),
    ]
    made = agreements(events(*rows), houses, entity_ids=["pact"])
    assert made["stage"].to_list() == ["talks", "signed", "delayed", "ended"]  # in the order of time
    assert set(made["parties"]) == {"Nissan, Renault, Honda"}
    assert made["event_id"].to_list() == ["e1", "e0", "e3", "e2"]


def test_an_agreement_within_another_is_still_the_companys(events, houses):
    made = agreements(
        events(told("signed", 2024, 1, 1, entity="merger", counterparty_id="honda")), houses, entity_ids=["merger"]
    )
    assert made["parties"].to_list() == ["Nissan, Honda"]


def test_one_that_belongs_to_nobody_has_the_parties_that_are_named(events, houses):
    made = agreements(events(told("signed", 2024, 1, 1, entity="free", counterparty_id="honda")), houses, entity_ids=["free"])
    assert made["parties"].to_list() == ["Honda"]


def test_an_undated_event_says_by_when_it_was_reported_or_that_no_date_is_known(events, houses):
    rows = [told("talks", published_date=date(2024, 3, 31)), told("claimed", published_date=None), told("signed", 2024, 3, 1)]
    made = agreements(events(*rows), houses, entity_ids=["pact"])
    assert made["when"].to_list() == ["not dated", "1 March 2024", "reported by 31 March 2024"]


def test_what_is_told_of_two_parties_is_told_once(events, houses):
    rows = [told("signed", 2024, 1, 1, counterparty_id=party, description="Alliance") for party in ("honda", "renault")]
    made = agreements(events(*rows), houses, entity_ids=["pact"])
    assert len(made) == 1
    assert made["parties"][0] == "Nissan, Honda, Renault"


def test_agreements_stand_in_the_order_asked_and_those_without_events_are_left_out(events, houses):
    rows = [told("signed", 2024, 1, 1), told("under_consideration", 2023, 1, 1, entity="merger")]
    made = agreements(events(*rows), houses, entity_ids=["merger", "free", "pact"])
    assert made["agreement"].to_list() == ["Merger", "Pact"]
    assert made["stage"].to_list() == ["under consideration", "signed"]
    for empty in (agreements(events(), houses, entity_ids=["pact"]), agreements(events(*rows), houses, entity_ids=[])):
        assert empty.is_empty()
        assert empty.columns == made.columns


# --- their course


def test_from_15_march_2024_to_13_february_2025_are_10_whole_months(events):
    rows = [
        told("ended", 2025, 2, 13, entity="merger"),
        told("memorandum", 2024, 12, 23, entity="merger"),
        told("memorandum", 2024, 3, 15),
        told("signed", 2024, 8, 1),
        told("talks", 2024, 3, 1),
    ]
    for some in (rows, rows[::-1]):
        made = by_metric(course(events(*some), entity_id="pact", entity_ids=["pact", "merger"]))
        assert list(made) == ["agreements_made", "first_agreed", "agreement_ended", "months_to_end"]
        assert (made["agreements_made"]["value"], made["agreements_made"]["unit"]) == (3, "agreements")
        assert (made["months_to_end"]["value"], made["months_to_end"]["unit"]) == (10, "months")
        assert made["first_agreed"]["period_start"] == date(2024, 3, 15)
        assert made["agreement_ended"]["period_start"] == date(2025, 2, 13)
        assert (made["agreement_ended"]["value"], made["agreement_ended"]["unit"]) == (None, "date")


def test_a_course_cites_the_events_it_counts_and_covers_the_time_between_them(events):
    rows = [told("memorandum", 2024, 3, 15), told("signed", 2024, 8, 1), told("cancelled", 2025, 2, 13)]
    made = by_metric(course(events(*rows), entity_id="pact", entity_ids=["pact"]))
    assert made["agreements_made"]["claim_ids"] == ["e0", "e1"]
    assert made["months_to_end"]["claim_ids"] == ["e2", "e0"]
    period = {name: (row["period_start"], row["period_end"]) for name, row in made.items()}
    assert period["agreements_made"] == (date(2024, 3, 15), date(2024, 8, 1))
    assert period["months_to_end"] == (date(2024, 3, 15), date(2025, 2, 13))
    assert all(row["figure_id"] == f"{name}.pact" for name, row in made.items())


def test_two_that_are_made_on_one_day_count_once(events):
    rows = [told("memorandum", 2024, 8, 1, counterparty_id=party) for party in ("honda", "renault")]
    made = by_metric(course(events(*rows), entity_id="pact", entity_ids=["pact"]))
    assert made["agreements_made"]["value"] == 1
    assert made["agreements_made"]["claim_ids"] == ["e0"]
    assert list(made) == ["agreements_made", "first_agreed"]


def test_an_end_before_the_last_agreement_ends_nothing(events):
    rows = [told("memorandum", 2024, 1, 1), told("ended", 2024, 6, 1), told("signed", 2025, 1, 1)]
    assert list(by_metric(course(events(*rows), entity_id="pact", entity_ids=["pact"]))) == ["agreements_made", "first_agreed"]


def test_what_is_not_dated_denied_or_not_agreed_has_no_course(events):
    rows = [
        told("memorandum"),
        told("signed", 2024, 1, 1, stance="denies"),
        told("talks", 2024, 1, 1),
        told("ended", 2025, 1, 1),
    ]
    assert course(events(*rows), entity_id="pact", entity_ids=["pact"]).is_empty()
    assert course(events(told("signed", 2024, 1, 1)), entity_id="pact", entity_ids=[]).is_empty()
    assert course(events(), entity_id="pact", entity_ids=["pact"]).is_empty()


@pytest.mark.parametrize(
    ("first", "last", "months"),
    [
        ((2024, 2, 29), (2025, 2, 28), 12),  # the end of a month reaches every day of it
        ((2024, 2, 29), (2024, 3, 28), 0),
        ((2024, 2, 29), (2024, 3, 29), 1),
        ((2024, 1, 1), (2024, 1, 1), 0),
    ],
)
def test_months_are_whole_also_from_29_february(events, first, last, months):
    frame = events(told("signed", *first), told("ended", *last))
    assert by_metric(course(frame, entity_id="pact", entity_ids=["pact"]))["months_to_end"]["value"] == months


# --- what was published


def test_nissan_and_honda_made_three_memoranda_and_ended_after_10_months(published):
    made = by_metric(course(published.events, entity_id="nissan-honda", entity_ids=published.family("nissan-honda")))
    assert made["agreements_made"]["value"] == 3
    assert made["first_agreed"]["period_start"] == date(2024, 3, 15)
    assert made["agreement_ended"]["period_start"] == date(2025, 2, 13)
    assert made["months_to_end"]["value"] == 10


def test_mitsubishi_motors_is_party_to_the_partnership_and_not_to_the_integration(published):
    listed = agreements(published.events, published.entities, entity_ids=["nissan-honda", "nissan-honda-integration"])
    parties = dict(listed.select("agreement", "parties").iter_rows())
    assert parties["Nissan and Honda"] == "Nissan, Honda, Mitsubishi Motors"
    assert parties["Nissan–Honda integration"] == "Nissan, Honda"
