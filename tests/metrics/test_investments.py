"""Investments: counted once, in one currency, and divided by what they bring."""

from datetime import date

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analysis.errors import MetricError
from analysis.metrics.investments import amounts, implied_rate, per_unit, pledges, total


def money(value: float | None, unit: str = "USD", entity: str = "canton", **more) -> dict:
    return {"series_id": "investment", "value": value, "unit": unit, "entity_id": entity} | more


RATE = {
    "claim_id": "fx",
    "series_id": "exchange_rate",
    "entity_id": "usd-jpy",
    "value": 113.965,
    "unit": "JPY_per_USD",
    "source_id": "fred",
    "valid_from": date(2021, 11, 1),
    "valid_to": date(2021, 11, 30),
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
    assert "the exchange rate of November 2021" in dollars["method"]


def test_yen_without_a_known_rate_stay_yen(claims):
    assert amounts(claims(money(2e12, "JPY")), rate_id="fx")["metric"].to_list() == ["investment"]


def test_one_pledge_printed_by_two_sources_is_one_amount_with_both_claims(claims):
    made = by_id(amounts(claims(money(5e8), money(5e8, source_id="other", qualifier="at_least")), rate_id="fx"))
    assert list(made) == ["investment.canton.global.c0", "investment_usd.canton.global.c0"]
    assert made["investment.canton.global.c0"]["claim_ids"] == ["c0", "c1"]
    assert {row["qualifier"] for row in made.values()} == {"at_least"}  # what one says exactly, another calls a floor


def test_a_limit_that_only_an_undated_printing_sets_holds_where_no_dated_one_prints_the_amount(claims):
    undated = money(5e8, source_id="other", qualifier="at_least", published_date=None)
    made = amounts(claims(money(5e8), undated), rate_id="fx")
    assert made["qualifier"].to_list() == ["exact", "exact"]
    assert made["claim_ids"].to_list() == [["c0", "c1"]] * 2  # it is cited all the same
    assert amounts(claims(undated), rate_id="fx")["qualifier"].to_list() == ["at_least", "at_least"]
    assert total(claims(money(5e8), undated), entity_ids=["canton"])["qualifier"].to_list() == ["exact"]
    assert total(claims(undated), entity_ids=["canton"])["qualifier"].to_list() == ["at_least"]


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


# --- more currencies, and what somebody's investments are


def test_an_amount_in_another_currency_stands_as_it_is_after_those_in_dollars(claims):
    made = amounts(claims(money(3e9, "GBP"), money(6e8, "EUR", "ampere"), money(1e6, entity="sk"), RATE), rate_id="fx")
    assert made["figure_id"].to_list() == [
        "investment.sk.global.c2",
        "investment_usd.sk.global.c2",
        "investment.canton.global.c0",
        "investment.ampere.global.c1",
    ]
    assert made["unit"].to_list() == ["USD", "USD", "GBP", "EUR"]


def test_only_the_investments_asked_for_are_listed(claims):
    frame = claims(money(5e8), money(6.61e8, entity="sk"))
    assert set(amounts(frame, rate_id="fx", entity_ids=["sk", "nobody"])["entity_id"]) == {"sk"}
    assert amounts(frame, rate_id="fx", entity_ids=[]).is_empty()
    assert amounts(claims(), rate_id="fx").is_empty()


def test_a_floor_that_one_printing_sets_under_yen_is_one_under_dollars_too(claims):
    made = amounts(claims(money(2e12, "JPY"), money(2e12, "JPY", source_id="b", qualifier="at_least"), RATE), rate_id="fx")
    assert made["qualifier"].to_list() == ["at_least", "at_least"]
    assert made["claim_ids"].to_list() == [["c0", "c1"], ["c0", "c1", "fx"]]


def test_a_higher_rate_makes_dollars_fewer(claims):
    made = amounts(claims(money(2e12, "JPY"), RATE | {"qualifier": "at_least"}), rate_id="fx")
    assert made["qualifier"].to_list() == ["exact", "at_most"]


def test_a_withdrawal_without_a_value_is_no_amount(claims):
    frame = claims(money(None, "JPY", stance="withdraws"), money(5e8, stance="denies"))
    assert amounts(frame, rate_id="fx").is_empty()
    assert total(frame, entity_ids=["canton"]).is_empty()


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(values=st.lists(st.integers(1, 10**12), min_size=1, max_size=5, unique=True), order=st.randoms())
def test_a_sum_is_the_same_in_whatever_order_its_terms_were_recorded(claims, values, order):
    rows = [money(value, entity=f"p{value}", claim_id=f"c{value}") for value in values]
    order.shuffle(rows)
    made = total(claims(*rows), entity_ids=[f"p{value}" for value in values]).to_dicts()[0]
    assert made["value"] == pytest.approx(sum(values))
    assert made["figure_id"] == "investment_total." + ".".join(f"p{value}" for value in values)
    assert sorted(made["claim_ids"]) == sorted(f"c{value}" for value in values)


def test_euros_that_a_source_makes_of_yen_imply_no_rate_to_the_dollar(claims):
    frame = claims(money(2e12, "JPY", "plan"), money(15e9, "EUR", "plan", series_id="investment_equivalent"), RATE)
    assert implied_rate(frame, entity_id="plan", rate_id="fx").is_empty()


def test_a_market_rate_of_zero_is_refused_and_one_not_known_left_out(claims):
    with pytest.raises(MetricError, match="claim fx is zero: rate_difference"):
        implied_rate(claims(*_yen_and_dollars(), RATE | {"value": 0}), entity_id="plan", rate_id="fx")
    made = implied_rate(claims(*_yen_and_dollars()), entity_id="plan", rate_id="fx")
    assert made["metric"].to_list() == ["stated_dollars", "implied_rate"]


def _yen_and_dollars() -> list[dict]:
    return [money(2e12, "JPY", "plan"), money(17.6e9, entity="plan", series_id="investment_equivalent")]


# --- pledged, given up, left


def gone(entity: str = "lfp", known: int = 2025, **more) -> dict:
    return money(None, "JPY", entity, stance="withdraws", published_date=date(known, 5, 9)) | more


def steps(frame: pl.DataFrame, entities: pl.DataFrame, names, currency: str = "USD") -> dict[str, dict]:
    return by_id(pledges(frame, entities, entity_ids=names, currency=currency, rate_id="fx"))


@pytest.fixture
def purposes(entities):
    return entities(nissan=None, canton="nissan", lfp="nissan", plan="nissan", phase="plan", car="phase")


def test_500_million_and_15_billion_yen_given_up_leave_500_million(claims, purposes):
    # 11,396,500,000 / 113.965 = 100,000,000
    frame = claims(money(5e8), money(11.3965e9, "JPY", "lfp"), gone(), RATE)
    made = steps(frame, purposes, ["canton", "lfp"])
    assert {name: row["value"] for name, row in made.items()} == {
        "pledged.canton": 5e8,
        "pledged.lfp": 1e8,
        "withdrawn_pledge.lfp": -1e8,
        "standing.all": 5e8,
    }
    assert {row["unit"] for row in made.values()} == {"USD"}
    assert made["pledged.lfp"]["claim_ids"] == ["c1", "fx"]
    assert made["withdrawn_pledge.lfp"]["claim_ids"] == ["c1", "fx", "c2"]
    assert sorted(made["standing.all"]["claim_ids"]) == ["c0", "c1", "c2", "fx"]


def test_the_same_in_yen(claims, purposes):
    made = steps(claims(money(5e8), money(11.3965e9, "JPY", "lfp"), gone(), RATE), purposes, ["canton", "lfp"], "JPY")
    # 500,000,000 * 113.965 = 56,982,500,000
    assert made["pledged.canton"]["value"] == 56.9825e9
    assert made["standing.all"]["value"] == 56.9825e9
    assert {row["unit"] for row in made.values()} == {"JPY"}
    assert "times the exchange rate" in made["pledged.canton"]["method"]


def test_steps_stand_in_the_order_asked(claims, purposes):
    frame = claims(money(5e8), money(7e8, entity="plan"))
    assert list(steps(frame, purposes, ["plan", "canton"])) == ["pledged.plan", "pledged.canton", "standing.all"]


def test_of_a_pledge_the_amount_printed_last_counts_and_once(claims, purposes):
    rows = [money(7e8, published_date=date(2025, 1, 1), claim_id="last"), money(5e8), money(9e8, published_date=None)]
    for some in (rows, rows[::-1]):
        made = steps(claims(*some), purposes, ["canton"])
        assert made["standing.all"]["value"] == 7e8
        assert made["standing.all"]["claim_ids"] == ["last"]


def test_of_an_amount_printed_several_times_the_first_dated_printing_is_cited(claims, purposes):
    first, again = money(5e8, published_date=date(2021, 1, 1), claim_id="first"), money(5e8, published_date=date(2025, 1, 1))
    frame = claims(again, money(5e8, published_date=None, qualifier="at_least"), first)
    made = steps(frame, purposes, ["canton"])["pledged.canton"]
    assert (made["claim_ids"], made["qualifier"]) == (["first"], "exact")
    # Given up between the two, it was pledged again.
    assert "withdrawn_pledge.canton" not in steps(claims(first, gone("canton", 2023), again), purposes, ["canton"])


@pytest.mark.parametrize(
    ("known", "withdrawn"),
    [(2023, False), (2025, True)],  # pledged on 1 January 2024
)
def test_a_pledge_made_again_after_it_was_given_up_stands(claims, purposes, known, withdrawn):
    made = steps(claims(money(5e8), gone("canton", known)), purposes, ["canton"])
    assert ("withdrawn_pledge.canton" in made) == withdrawn
    assert made["standing.all"]["value"] == (0 if withdrawn else 5e8)


def test_a_withdrawal_that_names_the_amount_ends_that_amount_and_no_other(claims, purposes):
    cut = {"value": 10e12, "unit": "JPY", "stance": "withdraws", "entity_id": "plan", "published_date": date(2025, 5, 21)}
    frame = claims(money(10e12, "JPY", "plan"), money(1) | cut)
    assert steps(frame, purposes, ["plan"], "JPY")["standing.all"]["value"] == 0
    frame = claims(money(10e12, "JPY", "plan"), money(7e12, "JPY", "plan", published_date=date(2025, 5, 20)), money(1) | cut)
    made = steps(frame, purposes, ["plan"], "JPY")
    assert list(made) == ["pledged.plan", "standing.all"]
    assert made["standing.all"]["value"] == 7e12


def test_what_at_least_was_pledged_and_given_up_is_at_most_so_much_below_zero(claims, purposes):
    made = steps(claims(money(5e8, qualifier="at_least"), gone("canton")), purposes, ["canton"])
    assert made["pledged.canton"]["qualifier"] == "at_least"
    assert made["withdrawn_pledge.canton"]["qualifier"] == "at_most"
    assert (made["standing.all"]["value"], made["standing.all"]["qualifier"]) == (0, "exact")


def test_what_is_left_is_as_exact_as_the_pledges_that_stand(claims, purposes):
    frame = claims(
        money(5e8), money(3e8, entity="plan", qualifier="more_than"), money(1e8, entity="lfp", qualifier="about"), gone()
    )
    assert steps(frame, purposes, ["canton", "lfp"])["standing.all"]["qualifier"] == "exact"
    assert steps(frame, purposes, ["canton", "lfp", "plan"])["standing.all"]["qualifier"] == "more_than"


def test_where_all_was_given_up_nothing_is_left_to_the_last_digit(claims, purposes):
    # In plain addition 0.1 + 0.3 - 0.1 - 0.3 leaves 0.00000000000000005.
    frame = claims(money(0.1), money(0.3, entity="lfp"), gone("canton"), gone())
    assert steps(frame, purposes, ["canton", "lfp"])["standing.all"]["value"] == 0


def test_money_without_a_rate_is_left_out(claims, purposes):
    frame = claims(money(5e8), money(1e9, "GBP", "plan"), money(11e9, "JPY", "lfp"), gone())
    assert list(steps(frame, purposes, ["canton", "plan", "lfp", "nobody"])) == ["pledged.canton", "standing.all"]
    assert steps(frame, purposes, ["plan", "lfp"]) == {}
    assert steps(claims(), purposes, ["canton"]) == {}
    assert steps(frame, purposes, []) == {}


@pytest.mark.parametrize("names", [["phase", "plan"], ["plan", "phase"], ["car", "canton", "plan"], ["nissan", "car"]])
def test_a_pledge_within_another_is_refused_however_far_down(claims, purposes, names):
    with pytest.raises(MetricError, match=r"is part of .*added twice; name one of them"):
        steps(claims(), purposes, names)


def test_what_cannot_be_added_or_counted_is_refused(claims, purposes):
    with pytest.raises(MetricError, match="named twice among canton, canton"):
        steps(claims(), purposes, ["canton", "canton"])
    with pytest.raises(MetricError, match="currency is 'EUR': expected USD or JPY"):
        steps(claims(), purposes, ["canton"], "EUR")
    with pytest.raises(MetricError, match="claim fx is in USD: expected one in JPY_per_USD"):
        steps(claims(money(1, claim_id="fx")), purposes, ["canton"])
    with pytest.raises(MetricError, match="claim fx is zero: pledged has no value"):
        steps(claims(money(1e9, "JPY"), RATE | {"value": 0}), purposes, ["canton"])


PLEDGES = st.lists(st.tuples(st.integers(1, 10**10), st.booleans()), min_size=1, max_size=5)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(some=PLEDGES, factor=st.integers(1, 1000), order=st.randoms())
def test_what_is_left_is_what_was_not_given_up_and_scales_with_it(claims, entities, some, factor, order):
    names = [f"p{place}" for place, _ in enumerate(some)]
    rows = [money(value * factor, entity=name) for name, (value, _) in zip(names, some, strict=True)]
    rows += [gone(name) for name, (_, ended) in zip(names, some, strict=True) if ended]
    order.shuffle(rows)
    made = steps(claims(*rows), entities(**dict.fromkeys(names)), names)
    assert made["standing.all"]["value"] == pytest.approx(factor * sum(value for value, ended in some if not ended))


# --- what was published


def test_153_3_billion_yen_at_151_4551_are_1_0122_billion_dollars_and_were_given_up(published):
    # 153,300 / 151.4551 = 1,012.181 million
    rate = {"currency": "USD", "rate_id": "fx-usdjpy-2024"}
    made = by_id(pledges(published.claims, published.entities, entity_ids=["lfp-plant", "sk-on-supply"], **rate))
    assert made["pledged.lfp-plant"]["value"] == pytest.approx(1.012181e9, rel=1e-6)
    assert made["withdrawn_pledge.lfp-plant"]["value"] == pytest.approx(-1.012181e9, rel=1e-6)
    assert made["withdrawn_pledge.lfp-plant"]["claim_ids"][-1] == "n-lfp-cancel-investment"
    assert made["standing.all"]["value"] == pytest.approx(6.61e8)


def test_the_first_phase_at_sunderland_is_not_added_to_the_whole(published):
    with pytest.raises(MetricError, match="sunderland-new-ev is part of ev36zero"):
        pledges(
            published.claims,
            published.entities,
            entity_ids=["ev36zero", "sunderland-new-ev"],
            currency="USD",
            rate_id="fx-usdjpy-2024",
        )


def test_the_pledge_of_2_trillion_yen_is_17_55_billion_dollars_at_the_rate_of_its_month(published):
    # 2,000,000 / 113.965 = 17,549.2 million
    made = amounts(published.claims, rate_id="fx-usdjpy-2021-11", entity_ids=["ambition-2030"])
    dollars = made.filter(metric="investment_usd").to_dicts()[0]
    assert dollars["value"] == pytest.approx(17.5492e9, rel=1e-5)
    assert dollars["claim_ids"] == ["s001-p018-2tn-yen", "n-amb-2tn", "fx-usdjpy-2021-11"]
