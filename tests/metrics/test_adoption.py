"""Adoption: shares as printed, the curve through them, and who trails whom; worked by hand."""

from datetime import date
from math import exp

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from analysis.errors import MetricError
from analysis.metrics.adoption import adoption, battery_electric_part, curves, diffusion, fitted, projection, trailing


def year(number: int) -> dict:
    return {"valid_from": date(number, 1, 1), "valid_to": date(number, 12, 31)}


def share(market: str, number: int, value: float, **more) -> dict:
    about = {"series_id": "plug_in_share_of_sales", "entity_id": market, "market_id": market, "unit": "share"}
    return about | year(number) | {"value": value, "source_id": "iea-2025", "product_id": "iea"} | more


def logistic(*logits: float, first: int = 2018, market: str = "china") -> list[dict]:
    """Shares with these logits, year after year."""
    return [share(market, first + place, 1 / (1 + exp(-y))) for place, y in enumerate(logits)]


# A line through -2, -1, 0, 1, 2: slope 1, and zero in 2020.
EXACT = logistic(-2, -1, 0, 1, 2)
# Residuals 0.1 * (1, -2, 0, 2, -1) leave the line as it is: they sum to zero, and so do they times t - 2020. Their squares sum
# to 0.1, by 3 degrees of freedom 0.0333; the quantile is 3.182446, so k = 10.127965 * 0.0333 = 0.337599.
NOISY = logistic(-1.9, -1.2, 0, 1.2, 1.9)


def by_metric(frame: pl.DataFrame) -> dict[str, dict]:
    return {row["metric"]: row for row in frame.to_dicts()}


# --- shares as printed


def test_reported_shares_come_by_market_in_the_order_given_then_by_year(claims):
    frame = claims(
        share("japan", 2023, 0.036),
        share("china", 2024, 0.48, qualifier="about"),
        share("china", 2023, 0.38, note="With vans."),
    )
    made = adoption(frame, markets=["japan", "china", "norway"])
    assert made["figure_id"].to_list() == ["adoption.japan.2023", "adoption.china.2023", "adoption.china.2024"]
    assert made["value"].to_list() == [0.036, 0.38, 0.48]
    assert made["qualifier"].to_list() == ["exact", "exact", "about"]
    assert made["note"].to_list() == [None, "With vans.", None]
    assert made["claim_ids"].to_list() == [["c0"], ["c2"], ["c1"]]
    assert_frame_equal(adoption(frame, markets=["japan", "china", "japan"]), made)


def test_forecasts_are_kept_apart_from_what_was_reported(claims):
    frame = claims(share("china", 2024, 0.48), share("china", 2030, 0.8, basis="forecast"))
    assert adoption(frame, markets=["china"])["figure_id"].to_list() == ["adoption.china.2024"]
    ahead = projection(frame, markets=["china"])
    assert ahead["figure_id"].to_list() == ["adoption_projection.china.2030"]
    assert ahead["basis"].to_list() == ["forecast"]


@pytest.mark.parametrize("order", [1, -1])
def test_of_two_publications_the_one_published_last_is_taken_and_the_note_says_so(claims, order):
    rows = [
        share("china", 2024, 0.47, source_id="eafo", product_id="eafo", published_date=date(2025, 2, 1), note="Cars only."),
        share("china", 2024, 0.48, published_date=date(2025, 5, 14), note="Cars and vans."),
        share("china", 2024, 0.4, source_id="undated", product_id="undated", published_date=None),
    ]
    made = adoption(claims(*rows[::order]), markets=["china"])
    assert made["value"].to_list() == [0.48]
    assert made["note"].to_list() == ["2024: taken from iea-2025, published last, rather than from eafo.\nCars and vans."]


def test_what_is_denied_or_of_another_period_or_place_is_no_share_of_a_year(claims):
    frame = claims(
        share("china", 2024, 0.4, stance="denies"),
        share("china", 2024, 0.4, valid_from=date(2024, 4, 1), valid_to=date(2025, 3, 31)),
        share("china", 2024, 0.4, valid_from=date(2024, 1, 1), valid_to=date(2024, 6, 30)),
        share("china", 2024, 0.4, valid_from=None, valid_to=None),
        share("china", 2024, 0.4, entity_id="byd"),
    )
    assert adoption(frame, markets=["china"]).is_empty()


# --- the curve


def test_a_curve_reaches_50_percent_where_the_logit_is_zero_and_rises_25_points_a_year_there(claims):
    made = diffusion(claims(*EXACT), market="china", share=0.5)
    assert made["figure_id"].to_list() == [
        "diffusion_reach.china.50-percent",
        "diffusion_range.china.50-percent",
        "diffusion_observations.china",
        "diffusion_pace.china",
    ]
    assert made["unit"].to_list() == ["date", "date", "observations", "points_per_year"]
    assert made["value"].to_list() == pytest.approx([None, None, 5, 25])
    ends = [(date(2020, 1, 1), date(2020, 12, 31))] * 2 + [(date(2018, 1, 1), date(2022, 12, 31))] * 2
    assert list(made.select("period_start", "period_end").iter_rows()) == ends
    assert set(made["basis"]) == {"derived"}
    assert made["claim_ids"].to_list() == [["c0", "c1", "c2", "c3", "c4"]] * 4
    assert all("fitted to 5 shares, 2018 to 2022" in method and "95%" in method for method in made["method"])
    assert all("ceiling is taken as 100%" in note and "no forecast" in note for note in made["note"])
    assert made["label"][0] == "Year in which the curve reaches 50%: China"


def test_a_year_is_the_nearest_one(claims):
    # logit(0.9) = log 9 = 2.197: 2022.2 is 2022. logit(0.95) = log 19 = 2.944: 2022.9 is 2023.
    frame = claims(*EXACT)
    starts = [diffusion(frame, market="china", share=goal)["period_start"][0] for goal in (0.9, 0.95)]
    assert starts == [date(2022, 1, 1), date(2023, 1, 1)]


def test_the_range_runs_from_the_first_to_the_last_year_of_fiellers_interval(claims):
    # With k = 0.337599, slope 1 and spread 10: A = 1 - 0.033760 = 0.966240. For 90% d = -2.197225, and the ends are 2020 +
    # (2.197225 -+ sqrt(k * (A / 5 + d^2 / 10))) / A = 2020 + (2.197225 -+ 0.477730) / 0.966240 = 2021.78 and 2022.77.
    made = by_metric(diffusion(claims(*NOISY), market="china", share=0.9))
    assert made["diffusion_reach"]["period_start"] == date(2022, 1, 1)
    assert (made["diffusion_range"]["period_start"], made["diffusion_range"]["period_end"]) == (
        date(2022, 1, 1),
        date(2023, 12, 31),
    )
    assert made["diffusion_pace"]["value"] == pytest.approx(25)


def test_where_the_points_do_not_bound_the_year_there_is_no_range_and_the_note_says_so(claims):
    # Ten times those residuals: k is 33.8, and 1 - 3.38 is below zero. The line itself is the same.
    made = by_metric(diffusion(claims(*logistic(-1, -3, 0, 3, 1)), market="china", share=0.5))
    assert list(made) == ["diffusion_reach", "diffusion_observations", "diffusion_pace"]
    assert made["diffusion_reach"]["period_start"] == date(2020, 1, 1)
    assert "At 95% the points do not bound the year" in made["diffusion_reach"]["note"]
    assert "do not bound" not in made["diffusion_pace"]["note"]


def test_a_year_out_of_sight_is_not_told_and_the_note_says_so(claims):
    # Logits -5.002 to -4.998 by 0.001 a year reach zero 5000 years after 2020.
    frame = claims(*logistic(-5.002, -5.001, -5, -4.999, -4.998))
    made = by_metric(diffusion(frame, market="china", share=0.5))
    assert list(made) == ["diffusion_observations", "diffusion_pace"]
    assert "There is no year in which the curve reaches 50% within 1900 to 2199." in made["diffusion_pace"]["note"]


def test_only_reported_shares_between_0_and_1_are_fitted(claims):
    frame = claims(*EXACT, share("china", 2010, 0), share("china", 2025, 1), share("china", 2030, 0.8, basis="forecast"))
    assert_frame_equal(diffusion(frame, market="china", share=0.5), diffusion(claims(*EXACT), market="china", share=0.5))


def test_ids_name_the_market_and_the_share_or_the_year(claims):
    made = by_metric(diffusion(claims(*EXACT), market="china", share=0.125))
    assert made["diffusion_reach"]["figure_id"] == "diffusion_reach.china.12.5-percent"
    assert made["diffusion_pace"]["figure_id"] == "diffusion_pace.china"
    curve = fitted(claims(*EXACT), market="china", last_year=2018)
    assert curve["figure_id"].to_list()[0] == "diffusion_curve.china.2018"


def test_a_count_of_shares_is_exact_though_the_shares_are_not(claims):
    about = [row | {"qualifier": "at_least"} for row in EXACT]
    made = by_metric(diffusion(claims(*about), market="china", share=0.5))
    assert [row["qualifier"] for row in made.values()] == ["about", "about", "exact", "about"]


CURVES = {"markets": ["china"], "share": 0.5, "last_year": 2030}


def test_one_share_less_than_needed_is_refused(claims):
    frame = claims(*EXACT[1:])
    with pytest.raises(MetricError, match="china has 4 reported shares to fit a curve to: expected 5 or more"):
        diffusion(frame, market="china", share=0.5)
    with pytest.raises(MetricError, match=r"norway has 0 .* expected 5 or more"):
        fitted(frame, market="norway", last_year=2030)
    assert curves(frame, **CURVES).is_empty()
    assert not curves(claims(*EXACT), **CURVES).is_empty()
    assert curves(claims(), **CURVES).is_empty()


@pytest.mark.parametrize("logits", [(2, 1, 0, -1, -2), (0, 0, 0, 0, 0)])
def test_shares_that_do_not_rise_are_refused(claims, logits):
    frame = claims(*logistic(*logits))
    with pytest.raises(MetricError, match="shares of china do not rise from 2018 to 2022"):
        diffusion(frame, market="china", share=0.5)
    assert curves(frame, **CURVES).is_empty()


@pytest.mark.parametrize(
    ("goal", "message"), [(0, "share is 0"), (1, "share is 1"), (50, "was a percentage typed"), (-0.1, "-0.1")]
)
def test_a_share_that_no_curve_reaches_is_refused(claims, goal, message):
    with pytest.raises(MetricError, match=message):
        diffusion(claims(*EXACT), market="china", share=goal)


SHARES = (
    st.lists(st.integers(10, 990).map(lambda n: n / 1000), min_size=5, max_size=9)
    .map(sorted)
    .filter(lambda values: values[0] < values[-1])
)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])  # the fixture only hands out a function
@given(values=SHARES, seed=st.integers(0, 99))
def test_the_order_of_claims_changes_nothing(claims, values, seed):
    frame = claims(*(share("china", 2010 + place, value) for place, value in enumerate(values)))
    shuffled = frame.sample(fraction=1, shuffle=True, seed=seed)
    asked = {"market": "china", "share": 0.5}
    assert_frame_equal(diffusion(shuffled, **asked), diffusion(frame, **asked), check_exact=True)
    assert_frame_equal(adoption(shuffled, markets=["china"]), adoption(frame, markets=["china"]), check_exact=True)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(values=SHARES)
def test_the_curve_lies_within_its_band_and_the_band_within_0_and_1(claims, values):
    frame = claims(*(share("china", 2010 + place, value) for place, value in enumerate(values)))
    made = fitted(frame, market="china", last_year=2040)
    curve, low, high = (made.filter(metric=f"diffusion_{end}")["value"] for end in ("curve", "low", "high"))
    assert len(curve) == 31
    assert (low <= curve).all()
    assert (curve <= high).all()
    assert low.min() >= 0
    assert high.max() <= 1
    assert curve.is_sorted()


def test_the_curve_is_told_year_by_year_from_the_first_share(claims):
    made = fitted(claims(*EXACT), market="china", last_year=2025)
    assert made["figure_id"].to_list()[:4] == [
        "diffusion_curve.china.2018",
        "diffusion_low.china.2018",
        "diffusion_high.china.2018",
        "diffusion_curve.china.2019",
    ]
    curve = made.filter(metric="diffusion_curve")
    assert curve["value"].to_list() == pytest.approx([1 / (1 + exp(-t)) for t in range(-2, 6)])
    assert curve["period_end"].to_list()[-1] == date(2025, 12, 31)
    assert curve["label"][-1] == "Share on the curve: China"
    assert set(made["unit"]) == {"share"}
    assert set(made["basis"]) == {"derived"}


def test_the_band_is_the_lines_turned_back_into_shares(claims):
    # In 2020 the line is at 0, its band at -+ 3.182446 * sqrt(0.0333 / 5) = 0.259846: 1 / (1 + exp(0.259846)) = 0.435401.
    made = by_metric(fitted(claims(*NOISY), market="china", last_year=2020))
    values = [made[f"diffusion_{end}"]["value"] for end in ("curve", "low", "high")]
    assert values == pytest.approx([0.5, 0.435401, 0.564599], abs=1e-6)


@pytest.mark.parametrize("last_year", [2017, 2200])
def test_a_curve_that_ends_before_it_begins_or_out_of_sight_is_refused(claims, last_year):
    with pytest.raises(MetricError, match=f"last_year is {last_year}: expected one from 2018, the first share's, to 2199"):
        fitted(claims(*EXACT), market="china", last_year=last_year)


# --- who trails whom


def test_a_follower_at_3_percent_in_2024_trails_a_leader_that_passed_it_in_2018_by_6_years(claims):
    leader = [share("china", 2017, 0.02), share("china", 2018, 0.04), share("china", 2019, 0.05)]
    made = trailing(claims(*leader, share("japan", 2023, 0.05), share("japan", 2024, 0.03)), leader="china", follower="japan")
    assert made["figure_id"].to_list() == [
        f"{metric}.china.japan"
        for metric in ("follower_latest", "leader_passed", "leader_before", "leader_latest", "trailing_years")
    ]
    assert made["value"].to_list() == [0.03, 0.04, 0.02, 0.05, 6]
    assert made["unit"].to_list() == ["share", "share", "share", "share", "years"]
    assert made["qualifier"].to_list() == ["exact"] * 5
    assert made["claim_ids"].to_list()[-1] == ["c1", "c0", "c4"]


@pytest.mark.parametrize(
    ("shares", "years"),
    [
        ({2017: 0.01, 2018: 0.03, 2019: 0.09}, 6),  # equal is reached
        ({2017: 0.01, 2018: 0.04, 2019: 0.02, 2020: 0.03}, 4),  # passed once, fell back, passed for good
        ({2023: 0.02, 2024: 0.03}, 0),
    ],
)
def test_the_leader_passed_where_it_is_never_below_again(claims, shares, years):
    leader = [share("china", number, value) for number, value in shares.items()]
    made = by_metric(trailing(claims(*leader, share("japan", 2024, 0.03)), leader="china", follower="japan"))
    assert (made["trailing_years"]["value"], made["trailing_years"]["qualifier"]) == (years, "exact")


@pytest.mark.parametrize("shares", [{2018: 0.04, 2019: 0.05}, {2015: 0.01, 2018: 0.04}])
def test_where_the_year_before_is_not_known_it_is_at_least_so_many_years(claims, shares):
    leader = [share("china", number, value) for number, value in shares.items()]
    made = by_metric(trailing(claims(*leader, share("japan", 2024, 0.03)), leader="china", follower="japan"))
    assert list(made) == ["follower_latest", "leader_passed", "leader_latest", "trailing_years"]
    assert (made["trailing_years"]["value"], made["trailing_years"]["qualifier"]) == (6, "at_least")


def test_about_known_shares_give_about_known_years_even_at_the_start(claims):
    frame = claims(share("china", 2018, 0.04, qualifier="about"), share("japan", 2024, 0.03))
    assert trailing(frame, leader="china", follower="japan")["qualifier"].to_list()[-1] == "about"


@pytest.mark.parametrize(
    "rows",
    [
        [],
        [share("china", 2020, 0.4)],
        [share("japan", 2020, 0.4)],
        [share("china", 2020, 0.3), share("japan", 2020, 0.4)],  # never reached
        [share("china", 2020, 0.3), share("china", 2022, 0.5), share("japan", 2021, 0.4)],  # reached later
        [share("china", 2018, 0.5), share("china", 2020, 0.3), share("japan", 2020, 0.4)],  # not kept
    ],
)
def test_who_is_unknown_or_ahead_trails_nobody(claims, rows):
    assert trailing(claims(*rows), leader="china", follower="japan").is_empty()


def test_a_market_is_not_compared_with_itself(claims):
    with pytest.raises(MetricError, match="'japan' is compared with itself: name two markets"):
        trailing(claims(), leader="japan", follower="japan")


# --- battery-electric cars alone


def count(kind: str, number: int, value: float, **more) -> dict:
    return share("china", number, value, series_id=f"{kind}_annual_sales", unit="vehicles") | more


def test_6_4_of_11_3_million_make_27_of_48_percent(claims):
    # 0.48 * 6,400,000 / (6,400,000 + 4,900,000) = 0.48 * 0.566372 = 0.271858.
    frame = claims(
        share("china", 2024, 0.48),
        share("china", 2023, 0.38),
        count("bev", 2024, 6.4e6),
        count("phev", 2024, 4.9e6, qualifier="about"),
    )
    made = battery_electric_part(frame, market="china")
    assert made["figure_id"].to_list() == ["bev_part.china.2024"]  # 2023 has no counts
    assert made["value"].to_list() == pytest.approx([0.271858], abs=1e-6)
    assert made.select("unit", "qualifier", "note").row(0) == ("share", "about", None)
    assert made["claim_ids"].to_list() == [["c0", "c2", "c3"]]


def test_a_bound_on_plug_in_hybrids_is_the_opposite_bound_on_the_part(claims):
    frame = claims(share("china", 2024, 0.5), count("bev", 2024, 3), count("phev", 2024, 1, qualifier="at_least"))
    assert battery_electric_part(frame, market="china").select("value", "qualifier").row(0) == (0.375, "at_most")


def test_counts_of_another_edition_are_used_and_noted_those_of_another_publication_are_not(claims):
    counts = [count("bev", 2024, 3, source_id="iea-2026"), count("phev", 2024, 1, source_id="iea-2026")]
    made = battery_electric_part(claims(share("china", 2024, 0.5), *counts), market="china")
    assert made["note"].to_list() == ["Share and counts are of different editions: iea-2025, iea-2026."]
    other = [row | {"product_id": "association"} for row in counts]
    assert battery_electric_part(claims(share("china", 2024, 0.5), *other), market="china").is_empty()
    assert battery_electric_part(claims(share("china", 2024, 0.5), counts[0]), market="china").is_empty()


def test_no_car_sold_has_no_part(claims):
    frame = claims(share("china", 2010, 0), count("bev", 2010, 0), count("phev", 2010, 0))
    with pytest.raises(MetricError, match="claims c1 and c2 are both zero: bev_part"):
        battery_electric_part(frame, market="china")


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(bev=st.integers(1, 10**7), phev=st.integers(0, 10**7), factor=st.integers(2, 1000))
def test_counting_in_other_units_changes_no_part_and_a_part_is_no_more_than_the_whole(claims, bev, phev, factor):
    def part(scale):
        frame = claims(share("china", 2024, 0.5), count("bev", 2024, bev * scale), count("phev", 2024, phev * scale))
        return battery_electric_part(frame, market="china")["value"].item()

    assert part(factor) == pytest.approx(part(1))
    assert 0 < part(1) <= 0.5
