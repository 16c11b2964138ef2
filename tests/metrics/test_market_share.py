"""Shares of markets: values worked by hand, and properties that hold for any table of units."""

from datetime import date

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from analysis.errors import MetricError
from analysis.metrics.market_share import (
    adoption_gap,
    concentration,
    market_share,
    model_share,
    sales_against_share,
    share_series,
)

UNITS = pl.DataFrame(
    {
        "maker": ["a", "b", "a", "b", "c", "a"],
        "market": ["jp"] * 6,
        "period": [2021, 2021, 2022, 2022, 2022, 2024],
        "units": [1, 3, 2, 2, 4, 5],
    }
)


def test_shares_ranks_and_changes_are_those_worked_by_hand():
    # 2021: 1 and 3 of 4. 2022: 2, 2 and 4 of 8. 2024: 5 of 5; its period before is 2022, where a had 2 of 8.
    expected = pl.DataFrame(
        {
            "market": ["jp"] * 6,
            "period": [2021, 2021, 2022, 2022, 2022, 2024],
            "maker": ["b", "a", "c", "a", "b", "a"],
            "units": [3, 1, 4, 2, 2, 5],
            "share": [0.75, 0.25, 0.5, 0.25, 0.25, 1.0],
            "rank": [1, 2, 1, 2, 2, 1],
            "change_points": [None, None, None, 0.0, -50.0, 75.0],
        },
        schema_overrides={"rank": pl.UInt32},
    )
    assert_frame_equal(market_share(UNITS, by="maker"), expected)


def test_a_lazy_table_gives_a_lazy_table_with_the_same_rows():
    shares = market_share(UNITS.lazy(), by=["maker"])
    assert isinstance(shares, pl.LazyFrame)
    assert_frame_equal(shares.collect(), market_share(UNITS, by="maker"))
    assert isinstance(concentration(shares), pl.LazyFrame)


def test_absent_is_not_zero_and_no_market_is_no_share():
    units = pl.DataFrame({"maker": ["a", "b"], "market": ["x", "x"], "period": [1, 2], "units": [0, 3]})
    shares = market_share(units, by="maker")
    assert shares["share"].to_list() == [None, 1.0]
    assert shares["change_points"].to_list() == [None, None]


def test_markets_may_be_of_several_columns_or_none():
    wide = UNITS.with_columns(segment=pl.lit("kei"))
    assert market_share(wide, by="maker", within=["market", "segment"])["share"].sum() == pytest.approx(3)
    assert market_share(UNITS, by="maker", within=[]).columns[0] == "period"


def test_an_empty_table_has_no_shares():
    assert market_share(UNITS.clear(), by="maker").is_empty()


def test_the_index_of_no_market_is_refused():
    with pytest.raises(MetricError, match="no column makes a market"):
        concentration(market_share(UNITS, by="maker"), within=[])


def test_the_index_of_concentration_is_the_sum_of_squares():
    # 0.75^2 + 0.25^2 = 0.625; 0.5^2 + 2 * 0.25^2 = 0.375; one maker alone: 1.
    hhi = concentration(market_share(UNITS, by="maker"))
    assert hhi["hhi"].to_list() == [0.625, 0.375, 1.0]
    assert hhi["groups"].to_list() == [2, 3, 1]


@pytest.mark.parametrize("wrong", [-1, None, float("nan"), float("inf")])
@pytest.mark.parametrize("lazy", [False, True])
def test_units_that_cannot_be_added_up_are_refused_with_their_group(wrong, lazy):
    units = UNITS.with_columns(units=pl.Series([wrong, 3, 2, 2, 4, 5], dtype=pl.Float64, strict=False))
    with pytest.raises(MetricError, match=r"'jp', 2021, 'a'"):
        market_share(units.lazy() if lazy else units, by="maker").lazy().collect()


@pytest.mark.parametrize(
    ("by", "options", "message"),
    [
        ("brand", {}, "no column brand; the table has maker"),
        ("market", {}, "named twice"),
        ("maker", {"value": "market", "within": []}, "expected numbers"),
    ],
)
def test_a_column_that_does_not_fit_is_refused(by, options, message):
    with pytest.raises(MetricError, match=message):
        market_share(UNITS, by=by, **options)


TABLES = st.lists(
    st.tuples(st.sampled_from("abcd"), st.sampled_from(["jp", "cn"]), st.integers(2020, 2023), st.integers(0, 10**6)),
    min_size=1,
    max_size=40,
).map(lambda rows: pl.DataFrame(rows, schema=["maker", "market", "period", "units"], orient="row"))


@settings(deadline=None)
@given(units=TABLES)
def test_shares_of_a_market_sum_to_one_and_the_index_lies_between_equal_and_single(units):
    shares = market_share(units, by="maker")
    known = shares.drop_nulls("share")
    sums = known.group_by("market", "period").agg(pl.col("share").sum())["share"]
    assert all(total == pytest.approx(1) for total in sums)
    hhi = concentration(known)
    assert all(1 / n - 1e-9 <= h <= 1 + 1e-9 for n, h in hhi.select("groups", "hhi").iter_rows())


@settings(deadline=None)
@given(units=TABLES, factor=st.integers(2, 1000))
def test_scaling_or_shuffling_all_units_changes_no_share(units, factor):
    shares = market_share(units, by="maker").drop("units")
    scaled = units.with_columns(pl.col("units") * factor).reverse()
    assert_frame_equal(market_share(scaled, by="maker").drop("units"), shares)


@settings(deadline=None)
@given(units=TABLES, row_group=st.integers(1, 7))
def test_a_streamed_parquet_file_gives_what_the_table_in_memory_gives(tmp_path_factory, units, row_group):
    path = tmp_path_factory.mktemp("registrations") / "units.parquet"
    units.write_parquet(path, row_group_size=row_group)
    streamed = market_share(pl.scan_parquet(path), by="maker").collect(engine="streaming")
    assert_frame_equal(streamed, market_share(units, by="maker"))


@pytest.mark.parametrize("kind", [pl.Int32, pl.UInt32])
def test_many_sales_in_narrow_numbers_do_not_run_over(kind):
    # 3 * 2,000,000,000 is more than 32 bits hold, with a sign (2,147,483,647) or without (4,294,967,295).
    units = pl.DataFrame({"maker": ["a"] * 3, "market": ["jp"] * 3, "period": [1] * 3, "units": [2_000_000_000] * 3})
    shares = market_share(units.cast({"units": kind}), by="maker")
    assert shares["units"].to_list() == [6_000_000_000]
    assert shares["share"].to_list() == [1.0]


# --- shares that sources print


def share(market: str, value: float, source: str = "paper", **more) -> dict:
    base = {"series_id": "ev_share_of_sales", "entity_id": market, "market_id": market, "unit": "share"}
    return base | {"value": value, "source_id": source} | more


def test_china_at_20_percent_beside_japan_at_2_is_ten_times_and_18_points(claims):
    frame = claims(share("china", 0.2, qualifier="about", note="No year given."), share("japan", 0.02))
    gap = adoption_gap(frame, leader="china", follower="japan")
    assert gap["metric"].to_list() == ["leader_share", "follower_share", "share_ratio", "share_gap"]
    assert gap["value"].to_list() == [0.2, 0.02, 10.0, 18.0]
    assert gap["unit"].to_list() == ["share", "share", "ratio", "points"]
    assert gap["qualifier"].to_list() == ["about", "exact", "about", "about"]
    assert gap["claim_ids"].to_list() == [["c0"], ["c1"], ["c0", "c1"], ["c0", "c1"]]
    assert all("comparable only" in note and "No year given." in note for note in gap["note"][2:])


def test_of_several_periods_the_latest_in_which_both_are_printed_is_compared(claims):
    def in_year(market, value, y):
        return share(market, value, "iea", valid_from=date(y, 1, 1), valid_to=date(y, 12, 31))

    frame = claims(in_year("china", 0.01, 2015), in_year("china", 0.48, 2024), in_year("japan", 0.03, 2024))
    assert adoption_gap(frame, leader="china", follower="japan")["value"].to_list()[:2] == [0.48, 0.03]


def test_two_sources_are_never_mixed_in_one_ratio(claims):
    frame = claims(share("china", 0.38, "iea"), share("japan", 0.02, "paper"))
    assert adoption_gap(frame, leader="china", follower="japan").is_empty()


def test_a_denied_share_is_not_used(claims):
    frame = claims(share("china", 0.2, stance="denies"), share("japan", 0.02))
    assert adoption_gap(frame, leader="china", follower="japan").is_empty()


def test_a_ratio_to_nothing_or_to_itself_is_refused(claims):
    with pytest.raises(MetricError, match="claim c1 is zero: share_ratio"):
        adoption_gap(claims(share("china", 0.2), share("japan", 0)), leader="china", follower="japan")
    with pytest.raises(MetricError, match="compared with itself"):
        adoption_gap(claims(), leader="japan", follower="japan")


def sakura(series: str, value: float, unit: str, entity: str = "sakura", **more) -> dict:
    return {"series_id": series, "entity_id": entity, "market_id": "japan", "value": value, "unit": unit} | more


YEAR = {"valid_from": date(2023, 1, 1), "valid_to": date(2023, 12, 31), "source_id": "count"}


def test_64000_sold_at_42_percent_imply_152381_and_37140_of_88535_count_41_95_percent(claims):
    # 64,000 / 0.42 = 152,380.95; 37,140 / 88,535 = 0.419495; 41.9495 - 42 = -0.0505 points.
    frame = claims(
        sakura("model_share_of_ev_market", 0.42, "share"),
        sakura("cumulative_sales", 64000, "vehicles", qualifier="nearly"),
        sakura("annual_sales", 37140, "vehicles", **YEAR),
        sakura("bev_annual_sales", 88535, "vehicles", "japan", **YEAR),
    )
    made = {row["metric"]: row for row in model_share(frame, model="sakura", market="japan").to_dicts()}
    assert made["printed_share"]["value"] == 0.42
    assert made["implied_market"]["value"] == pytest.approx(152380.952, abs=0.001)
    assert made["implied_market"]["qualifier"] == "about"
    assert made["counted_share"]["value"] == pytest.approx(0.419495, abs=1e-6)
    assert made["share_difference"]["value"] == pytest.approx(-0.0505, abs=1e-4)
    assert made["counted_share"]["claim_ids"] == ["c2", "c3"]


def test_without_a_printed_share_only_what_was_counted_is_told(claims):
    frame = claims(sakura("annual_sales", 1, "vehicles", **YEAR), sakura("bev_annual_sales", 4, "vehicles", "japan", **YEAR))
    metrics = model_share(frame, model="sakura", market="japan")["metric"].to_list()
    assert metrics == ["model_sales", "market_sales", "counted_share", "latest_share"]
    assert model_share(claims(), model="sakura", market="japan").is_empty()


def counts(number: int, mine: float, whole: float) -> list[dict]:
    """What one source counts of the model and its market in a year."""
    year = {"valid_from": date(number, 1, 1), "valid_to": date(number, 12, 31), "source_id": f"count-{number}"}
    return [
        sakura("annual_sales", mine, "vehicles", claim_id=f"mine-{number}", **year),
        sakura("bev_annual_sales", whole, "vehicles", "japan", claim_id=f"whole-{number}", **year),
    ]


def shares_of(frame: pl.DataFrame) -> dict[str, dict]:
    return {row["metric"]: row for row in model_share(frame, model="sakura", market="japan").to_dicts()}


def test_a_printed_share_is_held_against_the_last_count_that_was_over_when_it_was_printed(claims):
    # Printed in March 2024: 2023 was over, 2024 was not. 30 / 80 = 37.5%; 37.5 - 40 = -2.5 points. 2024: 20 / 50 = 40%.
    printed = sakura("model_share_of_ev_market", 0.4, "share", published_date=date(2024, 3, 31))
    rows = [*counts(2024, 20, 50), *counts(2022, 10, 100), *counts(2023, 30, 80), printed]
    for some in (rows, rows[::-1]):
        made = shares_of(claims(*some))
        assert made["counted_share"]["value"] == 0.375
        assert made["counted_share"]["claim_ids"] == ["mine-2023", "whole-2023"]
        assert made["share_difference"]["value"] == -2.5
        assert made["latest_share"]["value"] == 0.4
        assert made["latest_share"]["claim_ids"] == ["mine-2024", "whole-2024"]
        assert made["latest_share"]["period_end"] == date(2024, 12, 31)


def test_a_year_was_over_on_its_last_day(claims):
    printed = sakura("model_share_of_ev_market", 0.4, "share", published_date=date(2023, 12, 31))
    assert shares_of(claims(*counts(2022, 1, 4), *counts(2023, 1, 2), printed))["counted_share"]["value"] == 0.5
    early = printed | {"published_date": date(2023, 12, 30)}
    assert shares_of(claims(*counts(2022, 1, 4), *counts(2023, 1, 2), early))["counted_share"]["value"] == 0.25


@pytest.mark.parametrize("published_date", [None, date(2020, 1, 1)])
def test_a_share_of_unknown_day_or_from_before_every_count_is_held_against_the_last_one(claims, published_date):
    printed = sakura("model_share_of_ev_market", 0.4, "share", published_date=published_date)
    assert shares_of(claims(*counts(2022, 1, 4), *counts(2023, 1, 2), printed))["counted_share"]["value"] == 0.5


def test_a_market_of_at_least_so_many_leaves_at_most_that_share(claims):
    mine, whole = counts(2023, 1, 4)
    made = shares_of(claims(mine, whole | {"qualifier": "at_least"}))
    assert (made["counted_share"]["qualifier"], made["latest_share"]["qualifier"]) == ("at_most", "at_most")


def test_a_market_of_nothing_is_refused(claims):
    with pytest.raises(MetricError, match="claim whole-2023 is zero: counted_share"):
        shares_of(claims(*counts(2023, 1, 0)))
    printed = sakura("model_share_of_ev_market", 0, "share")
    with pytest.raises(MetricError, match="claim c0 is zero: implied_market"):
        shares_of(claims(printed, sakura("cumulative_sales", 64000, "vehicles")))


# --- whether sales and share can be of one period


def multiple(frame: pl.DataFrame) -> pl.DataFrame:
    return sales_against_share(frame, model="sakura", market="japan")


PRINTED = [
    sakura("model_share_of_ev_market", 0.42, "share", published_date=date(2024, 3, 31)),
    sakura("cumulative_sales", 64000, "vehicles", qualifier="nearly"),
]


def test_64000_at_42_percent_are_1_72_times_the_market_of_88535(claims):
    # 64,000 / 0.42 = 152,380.95; / 88,535 = 1.72114. The market of 2024 was not known when the share was printed.
    frame = claims(*PRINTED, *counts(2024, 22926, 59736), *counts(2023, 37140, 88535))
    made = multiple(frame).to_dicts()[0]
    assert made["value"] == pytest.approx(1.72114, abs=1e-5)
    assert made["claim_ids"] == ["c1", "c0", "whole-2023"]
    assert made["figure_id"] == "implied_market_multiple.sakura.japan"
    assert made["period_end"] == date(2023, 12, 31)


def test_without_sales_share_or_market_there_is_no_multiple(claims):
    whole = [*PRINTED, *counts(2023, 37140, 88535)]
    for left_out in range(4):
        assert multiple(claims(*(row for place, row in enumerate(whole) if place != left_out))).is_empty()
    assert multiple(claims()).is_empty()
    other = [PRINTED[0], PRINTED[1] | {"source_id": "other"}, *counts(2023, 37140, 88535)]
    assert multiple(claims(*other)).is_empty()  # sales and share of two sources


def test_a_multiple_of_nothing_is_refused(claims):
    with pytest.raises(MetricError, match="claim whole-2023 is zero: implied_market_multiple"):
        multiple(claims(*PRINTED, *counts(2023, 1, 0)))
    with pytest.raises(MetricError, match="claim c0 is zero: implied_market_multiple"):
        multiple(claims(PRINTED[0] | {"value": 0}, PRINTED[1], *counts(2023, 1, 2)))


def test_at_least_so_many_sold_are_at_least_that_multiple_and_a_larger_share_turns_it_round(claims):
    share, sold = (row | {"qualifier": "exact"} for row in PRINTED)
    whole = counts(2023, 1, 2)
    assert multiple(claims(share, sold | {"qualifier": "at_least"}, *whole))["qualifier"].to_list() == ["at_least"]
    assert multiple(claims(share | {"qualifier": "at_least"}, sold, *whole))["qualifier"].to_list() == ["at_most"]


# --- periods and sources apart


def test_sales_of_different_periods_are_not_divided(claims):
    other = YEAR | {"valid_from": date(2022, 1, 1), "valid_to": date(2022, 12, 31)}
    frame = claims(sakura("annual_sales", 1, "vehicles", **YEAR), sakura("bev_annual_sales", 4, "vehicles", "japan", **other))
    assert model_share(frame, model="sakura", market="japan").is_empty()


def test_a_series_of_shares_keeps_periods_and_sources_apart(claims):
    frame = claims(share("japan", 0.02), share("japan", 0.03, "iea", **{k: YEAR[k] for k in ("valid_from", "valid_to")}))
    made = share_series(frame, series_id="ev_share_of_sales")
    assert made["figure_id"].to_list() == ["ev_share_of_sales.japan.2023.iea", "ev_share_of_sales.japan.not-dated.paper"]
    assert share_series(frame, series_id="ev_share_of_sales", markets=["china"]).is_empty()
    with pytest.raises(MetricError, match="not a series of shares"):
        share_series(frame, series_id="investment")


@pytest.mark.parametrize("basis", ["target", "plan", "forecast", "rumour"])
def test_what_is_not_reported_is_no_share_of_sales(claims, basis):
    later = {"valid_from": date(2030, 1, 1), "valid_to": date(2030, 12, 31), "basis": basis}
    frame = claims(share("china", 0.2), share("japan", 0.02), share("china", 0.8, **later), share("japan", 0.4, **later))
    assert share_series(frame, series_id="ev_share_of_sales")["value"].to_list() == [0.2, 0.02]
    assert adoption_gap(frame, leader="china", follower="japan")["value"].to_list()[:2] == [0.2, 0.02]


# --- what was published


def test_the_sakura_took_41_95_percent_in_2023_and_38_38_in_2024(published):
    # 37,140 / 88,535 = 0.41950; 22,926 / 59,736 = 0.38379. The share was printed in March 2024, as 42%.
    made = shares_of(published.claims)
    assert made["printed_share"]["value"] == 0.42
    assert (made["model_sales"]["value"], made["market_sales"]["value"]) == (37_140, 88_535)
    assert made["counted_share"]["value"] == pytest.approx(0.4195, abs=5e-5)
    assert made["latest_share"]["value"] == pytest.approx(0.3838, abs=5e-5)
    assert made["latest_share"]["claim_ids"] == ["n-sakura-cy2024", "jp-bev-2024-u"]
    assert made["share_difference"]["value"] == pytest.approx(-0.05, abs=5e-3)


def test_before_2025_nothing_is_known_of_the_sakura_in_2024(published):
    made = shares_of(published.as_of(date(2024, 12, 31)).claims)
    assert made["latest_share"]["value"] == pytest.approx(0.4195, abs=5e-5)


def test_sales_and_share_of_the_sakura_imply_1_72_times_the_market(published):
    assert multiple(published.claims)["value"].item() == pytest.approx(1.7211, abs=5e-5)
