"""Investments: counted once, in one currency, and divided by what they bring."""

from datetime import date

import polars as pl
import pytest

from analysis.errors import MetricError
from analysis.metrics.investments import amounts, implied_rate, per_unit, total


def money(value: float, unit: str = "USD", entity: str = "canton", **more) -> dict:
    return {"series_id": "investment", "value": value, "unit": unit, "entity_id": entity} | more


RATE = {
    "claim_id": "fx",
    "series_id": "exchange_rate",
    "entity_id": "usd-jpy",
    "value": 113.965,
    "unit": "JPY_per_USD",
    "source_id": "fred",
    "period_printed": "2021-11",
}


def by_id(frame: pl.DataFrame) -> dict[str, dict]:
    return {row["figure_id"]: row for row in frame.to_dicts()}


def test_2_trillion_yen_are_17_55_billion_dollars_at_113_965(claims):
    # 2,000,000 million / 113.965 = 17,549.2476 million.
    made = by_id(amounts(claims(money(2e12, "JPY", "plan"), RATE), rate_id="fx"))
    assert made["investment.plan.global.c0"]["value"] == 2e12
    dollars = made["investment_usd.plan.global.c0"]
    assert dollars["value"] == pytest.approx(17.5492476e9, rel=1e-8)
    assert dollars["claim_ids"] == ["c0", "fx"]
    assert "2021-11" in dollars["method"]


def test_yen_without_a_known_rate_stay_yen(claims):
    assert amounts(claims(money(2e12, "JPY")), rate_id="fx")["metric"].to_list() == ["investment"]


def test_one_pledge_printed_by_two_sources_is_one_amount_with_both_claims(claims):
    made = by_id(amounts(claims(money(5e8), money(5e8, source_id="other", qualifier="at_least")), rate_id="fx"))
    assert list(made) == ["investment.canton.global.c0", "investment_usd.canton.global.c0"]
    assert made["investment.canton.global.c0"]["claim_ids"] == ["c0", "c1"]
    assert {row["qualifier"] for row in made.values()} == {"at_least"}  # what one says exactly, another calls a floor


def test_two_sources_that_disagree_stay_two_amounts(claims):
    made = amounts(claims(money(5e8), money(7e8, source_id="other")), rate_id="fx")
    ids = made.filter(pl.col("metric") == "investment")["figure_id"].to_list()
    assert ids == ["investment.canton.global.c1", "investment.canton.global.c0"]  # the larger first


def test_a_sources_own_conversion_is_no_amount(claims):
    frame = claims(money(2e12, "JPY", "plan"), money(17.6e9, entity="plan", series_id="investment_equivalent"), RATE)
    assert len(amounts(frame, rate_id="fx")) == 2


def test_a_sum_counts_each_purpose_once(claims):
    # 500 + 661 million = 1,161 million, however often the 500 are printed.
    frame = claims(money(5e8), money(5e8, source_id="other"), money(6.61e8, entity="sk"))
    made = total(frame, entity_ids=["canton", "sk"]).to_dicts()[0]
    assert made["value"] == 1.161e9
    assert made["claim_ids"] == ["c0", "c1", "c2"]


def test_a_sum_of_what_cannot_be_added_is_refused(claims):
    with pytest.raises(MetricError, match="added twice"):
        total(claims(money(5e8)), entity_ids=["canton", "canton"])
    with pytest.raises(MetricError, match=r"disagree about the investment in canton: 5e\+08 USD \(c0\), 7e\+08 USD"):
        total(claims(money(5e8), money(7e8, source_id="other")), entity_ids=["canton"])
    with pytest.raises(MetricError, match="only amounts in USD"):
        total(claims(money(2e12, "JPY")), entity_ids=["canton"])
    assert total(claims(money(5e8)), entity_ids=["canton", "sk"]).is_empty()


def test_661_million_for_1700_jobs_are_388824_dollars_each(claims):
    # 661,000,000 / 1,700 = 388,823.53; / 100 GWh = 6.61 million; / 1,000,000 vehicles, at least = 661 at most.
    frame = claims(
        money(6.61e8, entity="sk"),
        money(1700, "jobs", "sk", series_id="jobs"),
        money(100, "GWh", "sk", series_id="battery_supply"),
        money(1e6, "vehicles", "sk", series_id="battery_supply_vehicles", qualifier="at_least"),
    )
    made = {row["metric"]: row for row in per_unit(frame, entity_id="sk").to_dicts()}
    assert made["usd_per_job"]["value"] == pytest.approx(388823.53, abs=0.01)
    assert made["usd_per_gwh"]["value"] == 6.61e6
    assert (made["usd_per_vehicle"]["value"], made["usd_per_vehicle"]["qualifier"]) == (661, "at_most")
    assert made["usd_per_job"]["claim_ids"] == ["c0", "c1"]


def test_an_amount_is_not_divided_by_another_sources_jobs(claims):
    frame = claims(money(6.61e8, entity="sk"), money(1700, "jobs", "sk", series_id="jobs", source_id="other"))
    assert per_unit(frame, entity_id="sk").is_empty()


def test_2_trillion_yen_as_17_6_billion_dollars_imply_113_64(claims):
    # 2,000,000 / 17,600 = 113.6364; / 113.965 - 1 = -0.00288.
    frame = claims(
        money(2e12, "JPY", "plan"), money(17.6e9, entity="plan", series_id="investment_equivalent", qualifier="about"), RATE
    )
    made = {row["metric"]: row for row in implied_rate(frame, entity_id="plan", rate_id="fx").to_dicts()}
    assert made["implied_rate"]["value"] == pytest.approx(113.63636, abs=1e-5)
    assert made["implied_rate"]["qualifier"] == "about"
    assert made["market_rate"]["value"] == 113.965
    assert made["rate_difference"]["value"] == pytest.approx(-0.00288, abs=1e-5)


def test_nothing_is_divided_by_nothing(claims):
    zero_jobs = claims(money(1e6, entity="sk"), money(0, "jobs", "sk", series_id="jobs"))
    with pytest.raises(MetricError, match="claim c1 is zero: usd_per_job has no value"):
        per_unit(zero_jobs, entity_id="sk")
    zero_dollars = claims(money(1e6, "JPY", "p"), money(0, entity="p", series_id="investment_equivalent"))
    with pytest.raises(MetricError, match="claim c1 is zero: implied_rate"):
        implied_rate(zero_dollars, entity_id="p", rate_id="fx")


def test_a_rate_of_zero_converts_nothing(claims):
    with pytest.raises(MetricError, match="claim fx is zero"):
        amounts(claims(money(2e12, "JPY"), RATE | {"value": 0}), rate_id="fx")


def test_a_rate_must_be_a_rate(claims):
    with pytest.raises(MetricError, match="claim c0 is in USD: expected one in JPY_per_USD"):
        amounts(claims(money(5e8, valid_from=date(2021, 1, 1), valid_to=date(2021, 12, 31))), rate_id="c0")
