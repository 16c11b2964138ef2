"""What metrics share: choosing claims, and what their qualifiers leave of a result's exactness."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.errors import MetricError
from analysis.metrics.derive import (
    claim,
    counted_together,
    derived,
    direct,
    of_series,
    period_slug,
    qualifier_of,
    quotient,
    same_source,
)
from analysis.schema import QUALIFIERS, figures


def rows(*qualifiers: str) -> list[dict]:
    return [{"qualifier": qualifier, "value_low": None, "value_high": None} for qualifier in qualifiers]


@pytest.mark.parametrize(
    ("raised_by", "lowered_by", "result"),
    [
        (["exact"], ["exact"], "exact"),
        (["about"], ["exact"], "about"),
        (["nearly"], [], "about"),
        (["at_least"], ["exact"], "at_least"),
        (["exact"], ["at_least"], "at_most"),
        (["more_than"], [], "more_than"),
        (["exact"], ["more_than"], "less_than"),
        (["at_least"], ["at_least"], "about"),
        (["at_least", "about"], [], "about"),
        (["at_least", "more_than"], [], "more_than"),
        (["by"], ["from"], "exact"),
    ],
)
def test_bounds_turn_round_and_doubt_prevails(raised_by, lowered_by, result):
    assert qualifier_of(rows(*raised_by), rows(*lowered_by)) == result


def test_a_printed_range_is_not_exact():
    assert qualifier_of([{"qualifier": "exact", "value_low": 1.0, "value_high": 3.0}]) == "about"


def test_claims_of_different_periods_do_not_go_together():
    def row(series, year):
        return {"source_id": "a", "entity_id": "e", "series": series, "valid_from": year, "valid_to": year}

    shares, others = [row("x", 2015), row("x", 2024)], [row("y", 2024)]
    assert same_source(shares, others) == [(shares[1], others[0])]
    assert same_source([row("x", None)], others) == [(row("x", None), others[0])]


LIMITED = st.lists(st.sampled_from([*QUALIFIERS, "less_than"]), max_size=4)
TURNED = {"at_least": "at_most", "at_most": "at_least", "more_than": "less_than", "less_than": "more_than"}


@given(raised_by=LIMITED, lowered_by=LIMITED, order=st.randoms())
def test_limits_turn_round_with_the_sides_and_do_not_depend_on_the_order(raised_by, lowered_by, order):
    result = qualifier_of(rows(*raised_by), rows(*lowered_by))
    assert qualifier_of(rows(*lowered_by), rows(*raised_by)) == TURNED.get(result, result)
    order.shuffle(raised_by)
    assert qualifier_of(rows(*raised_by), rows(*lowered_by)) == result


def money(value: float | None = 5.0, **more) -> dict:
    return {"series_id": "investment", "value": value, "unit": "USD"} | more


def test_only_what_is_asserted_counts(claims):
    frame = claims(money(), money(None, stance="withdraws"), money(stance="denies"))
    assert [row["claim_id"] for row in of_series(frame, "investment")] == ["c0"]
    assert [claim(frame, name, unit="USD") is not None for name in ("c0", "c1", "c2", "c3")] == [True, False, False, False]


def test_a_claim_in_another_unit_is_refused(claims):
    with pytest.raises(MetricError, match="claim c0 is in USD: expected one in JPY"):
        claim(claims(money()), "c0", unit="JPY")


def test_claims_are_chosen_by_series_entity_and_market(claims):
    frame = claims(money(), money(entity_id="honda"), money(market_id="us"), money(series_id="jobs"))
    assert [row["claim_id"] for row in of_series(frame, "investment")] == ["c0", "c1", "c2"]
    assert [row["claim_id"] for row in of_series(frame, "investment", entity_id="nissan", market_id="us")] == ["c2"]
    assert of_series(frame.clear(), "investment") == []


def test_a_figure_that_repeats_a_claim_has_its_value_limits_ground_and_place(claims):
    (row,) = of_series(claims(money(qualifier="more_than", basis="plan", note="N.", market_id="us")), "investment")
    made = figures([direct(row, note="M.")]).to_dicts()[0]
    assert made["figure_id"] == "investment.nissan.us"
    assert (made["value"], made["qualifier"], made["basis"], made["method"]) == (5, "more_than", "plan", "as printed")
    assert (made["claim_ids"], made["note"], made["label"]) == (["c0"], "M.\nN.", "Investment: Nissan, Us")


def test_a_figure_of_several_claims_cites_each_once_and_tells_each_note_once(claims):
    one, other = of_series(claims(money(note="N."), money(note="N.", entity_id="honda")), "investment")
    made = derived("sum_of", 10, "USD", raised_by=[one, other, one], lowered_by=[other], label="L", method="m", about=other)
    assert (made["claim_ids"], made["note"], made["basis"]) == (["c0", "c1"], "N.", "derived")
    assert (made["figure_id"], made["entity_id"]) == ("sum_of.honda.global", "honda")


def test_a_market_that_is_itself_the_subject_is_named_once(claims):
    (row,) = of_series(claims(money(entity_id="japan", market_id="japan")), "investment")
    assert (direct(row)["figure_id"], direct(row)["label"]) == ("investment.japan", "Investment: Japan")


def test_nothing_is_divided_by_nothing(claims):
    one, none = of_series(claims(money(), money(0)), "investment")
    assert quotient("q", none, one, "ratio", label="L", method="m")["value"] == 0
    with pytest.raises(MetricError, match="claim c1 is zero: q has no value"):
        quotient("q", one, none, "ratio", label="L", method="m")


@pytest.mark.parametrize(
    ("start", "end", "slug"),
    [
        (date(2023, 1, 1), date(2023, 12, 31), "2023"),
        (date(2028, 4, 1), date(2029, 3, 31), "fiscal-2028"),
        (date(2024, 2, 1), date(2024, 2, 29), "february-2024"),
        (date(2024, 2, 29), date(2024, 2, 29), "29-february-2024"),
        (None, None, "not-dated"),
    ],
)
def test_a_period_stands_in_an_id(claims, start, end, slug):
    assert period_slug(start, end) == slug
    (row,) = of_series(claims(money(valid_from=start, valid_to=end)), "investment")
    assert figures([direct(row, parts=[slug])])["figure_id"].item() == f"investment.{slug}"


# --- counts of one source


def count(series: str, entity: str, number: int | None = 2023, **more) -> dict:
    period = {"valid_from": number and date(number, 1, 1), "valid_to": number and date(number, 12, 31)}
    base = {"series_id": series, "entity_id": entity, "market_id": "japan", "value": 1, "unit": "vehicles"}
    return base | period | {"source_id": f"s{number}"} | more


def together(frame) -> list[tuple[str, ...]]:
    return [tuple(row["claim_id"] for row in pair) for pair in counted_together(frame, model="sakura", market="japan")]


def test_counts_stand_by_year_and_those_without_one_come_first_not_last(claims):
    years = [2024, None, 2023]
    pairs = [(count("annual_sales", "sakura", y), count("bev_annual_sales", "japan", y)) for y in years]
    assert together(claims(*(row for pair in pairs for row in pair))) == [("c2", "c3"), ("c4", "c5"), ("c0", "c1")]


def test_a_forecast_is_not_counted(claims):
    mine, whole = count("annual_sales", "sakura"), count("bev_annual_sales", "japan")
    assert together(claims(mine, whole | {"basis": "forecast"})) == []
    assert together(claims(mine | {"basis": "target"}, whole)) == []
    assert together(claims(mine, whole | {"basis": "forecast"}, whole)) == [("c0", "c2")]
