"""Rivals: which counts stand side by side, what is left out and why, and how targets were revised; worked by hand."""

from datetime import date

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from analysis.metrics.rivals import growth, not_compared, sales, target_revisions


def year(number: int) -> dict:
    return {"valid_from": date(number, 1, 1), "valid_to": date(number, 12, 31)}


def sold(number: int, value: float, company: str = "tesla", kind: str = "bev", **more) -> dict:
    base = {"series_id": f"{kind}_annual_sales", "entity_id": company, "value": value, "unit": "vehicles"}
    return base | year(number) | {"published_date": date(number + 1, 1, 2), "source_id": f"s{number}"} | more


FISCAL_2023 = {"valid_from": date(2023, 4, 1), "valid_to": date(2024, 3, 31)}


# --- sales


def test_cars_stand_by_company_then_kind_then_year(claims):
    rows = [sold(2024, 4), sold(2023, 3), sold(2023, 7, "byd", "phev"), sold(2023, 5, "byd"), sold(2023, 9, "other")]
    made = sales(claims(*rows), companies=["byd", "tesla"])
    assert made["figure_id"].to_list() == [
        "bev_sales.byd.global.2023",
        "phev_sales.byd.global.2023",
        "bev_sales.tesla.global.2023",
        "bev_sales.tesla.global.2024",
    ]
    assert made["value"].to_list() == [5, 7, 3, 4]
    assert set(made["method"]) == {"as printed"}


@pytest.mark.parametrize(
    "other",
    [
        {"market_id": "us"},
        {"basis": "target"},
        {"basis": "forecast"},
        {"stance": "denies"},
        FISCAL_2023,
        {"valid_to": date(2023, 6, 30)},
        {"valid_from": date(2022, 1, 1)},
        {"valid_from": None, "valid_to": None},
        {"series_id": "nev_annual_sales"},
    ],
)
def test_only_cars_reported_worldwide_for_a_calendar_year_are_compared(claims, other):
    assert sales(claims(sold(2023, 3) | other), companies=["tesla"]).is_empty()


def test_of_two_counts_of_a_year_the_one_published_last_stands_in_whatever_order(claims):
    rows = [sold(2023, 3, claim_id="new", published_date=date(2025, 1, 1)), sold(2023, 2), sold(2023, 1, published_date=None)]
    for some in (rows, rows[::-1]):
        assert sales(claims(*some), companies=["tesla"])["claim_ids"].to_list() == [["new"]]


def test_the_latest_is_the_last_year_of_each_company_and_kind(claims):
    rows = [sold(2022, 1), sold(2024, 3), sold(2023, 2), sold(2021, 5, "byd", "phev"), sold(2020, 4, "byd")]
    made = sales(claims(*rows), companies=["tesla", "byd"], is_latest=True)
    assert made["value"].to_list() == [3, 4, 5]
    every = sales(claims(*rows), companies=["tesla", "byd"])
    assert_frame_equal(pl.concat([every, made]).unique(maintain_order=True), every)  # the same figures under the same ids


def test_two_markets_stand_in_one_report(claims):
    frame = claims(sold(2023, 3), sold(2023, 1, market_id="us"))
    both = pl.concat([sales(frame, companies=["tesla"], market=market) for market in ("global", "us")])
    assert both["figure_id"].is_unique().all()
    assert both["value"].to_list() == [3, 1]


def test_without_companies_or_claims_there_are_no_sales(claims):
    assert sales(claims(sold(2023, 3)), companies=[]).is_empty()
    assert sales(claims(), companies=["tesla"]).is_empty()


# --- growth


def grown(frame: pl.DataFrame, companies=("tesla",)) -> pl.DataFrame:
    return growth(sales(frame, companies=companies), frame)


def test_from_80_to_60_is_minus_25_percent_and_cites_both(claims):
    made = grown(claims(sold(2022, 1), sold(2024, 60), sold(2023, 80))).to_dicts()[0]
    assert made["figure_id"] == "sales_change.tesla.bev_sales.global"
    assert (made["value"], made["unit"]) == (-0.25, "change")
    assert made["claim_ids"] == ["c1", "c2"]
    assert made["period_start"] == date(2024, 1, 1)


def test_more_than_so_many_the_year_before_is_less_than_that_change(claims):
    assert grown(claims(sold(2023, 80, qualifier="more_than"), sold(2024, 60)))["qualifier"].to_list() == ["less_than"]


@pytest.mark.parametrize("rows", [[sold(2024, 60)], [sold(2022, 80), sold(2024, 60)], [sold(2023, 0), sold(2024, 60)], []])
def test_without_a_count_above_zero_in_the_year_before_there_is_no_growth(claims, rows):
    assert grown(claims(*rows)).is_empty()


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(counts=st.lists(st.integers(1, 10**7), min_size=2, max_size=5), factor=st.integers(1, 100), order=st.randoms())
def test_scaling_all_counts_or_shuffling_them_changes_no_growth(claims, counts, factor, order):
    rows = [sold(2015 + place, count, claim_id=f"c{place}") for place, count in enumerate(counts)]
    scaled = [row | {"value": row["value"] * factor} for row in rows]
    order.shuffle(scaled)
    shuffled = claims(*scaled)
    made = growth(sales(shuffled, companies=["tesla"]).sample(fraction=1, shuffle=True, seed=1), shuffled)
    compared = ["figure_id", "value", "claim_ids"]
    assert_frame_equal(made.select(compared), grown(claims(*rows)).select(compared), rel_tol=1e-9)


# --- what is not compared


def test_what_is_counted_otherwise_is_named_with_the_reason(claims):
    rows = [
        sold(2023, 3, series_id="nev_annual_sales"),
        sold(2023, 9, series_id="annual_sales"),
        sold(2023, 1, market_id="us"),
        sold(2022, 2, **FISCAL_2023),
        sold(2023, 4, valid_from=None, valid_to=None, market_id="japan"),
    ]
    made = not_compared(claims(*rows), companies={"tesla": "Tesla"})
    assert made.rows() == [
        ("Tesla", "Nev annual sales", "commercial vehicles are counted too", ["c0"]),
        ("Tesla", "Annual sales", "vehicles of every powertrain are counted", ["c1"]),
        (
            "Tesla",
            "Bev annual sales",
            "of single markets or other periods: Us 2023, Global fiscal 2023, Japan not dated",
            ["c2", "c3", "c4"],
        ),
        ("Tesla", "Sales of plug-in hybrid cars", "it makes none, by its sources", []),
    ]


def test_what_is_compared_is_not_left_out(claims):
    frame = claims(sold(2023, 3), sold(2023, 3, kind="phev"), sold(2030, 9, basis="target", market_id="us"))
    assert not_compared(frame, companies={"tesla": "Tesla"}).is_empty()


def test_a_company_of_which_nothing_is_held_is_named_too(claims):
    made = not_compared(claims(sold(2030, 9, basis="target")), companies={"tesla": "Tesla", "honda": "Honda"})
    assert made["company"].to_list() == ["Tesla", "Tesla", "Honda", "Honda"]
    assert made["claim_ids"].to_list() == [[]] * 4
    assert not_compared(claims(), companies={}).columns == made.columns


# --- targets and their revisions


def aim(value: float | None, known: int, **more) -> dict:
    row = sold(2030, value, published_date=date(known, 5, 1), source_id=f"p{known}")
    return row | {"series_id": "ev_share", "unit": "share", "basis": "target"} | more


def revised(frame: pl.DataFrame) -> dict[str, dict]:
    return {row["metric"]: row for row in target_revisions(frame, companies=["tesla"]).to_dicts()}


def test_a_target_of_40_percent_that_became_30_was_revised_by_minus_ten_points(claims):
    rows = [aim(0.3, 2025), aim(0.4, 2022), aim(0.35, 2024)]
    for some in (rows, rows[::-1]):
        made = revised(claims(*some))
        assert {name: row["value"] for name, row in made.items()} == {"first_aim": 0.4, "last_aim": 0.3, "aim_revision": -10.0}
        assert made["aim_revision"]["unit"] == "points"
        assert made["aim_revision"]["figure_id"] == "aim_revision.ev_share.tesla.global.2030"
    assert made["aim_revision"]["claim_ids"] == ["c2", "c1"]


def test_from_more_than_50_to_60_percent_is_less_than_ten_points_more_and_of_models_less_than_a_fifth(claims):
    made = revised(claims(aim(0.5, 2022, qualifier="more_than"), aim(0.6, 2024)))["aim_revision"]
    assert (made["value"], made["qualifier"]) == (pytest.approx(10), "less_than")
    models = {"series_id": "ev_models", "unit": "models"}
    made = revised(claims(aim(50, 2022, qualifier="more_than", **models), aim(60, 2024, **models)))["aim_revision"]
    assert (made["value"], made["unit"], made["qualifier"]) == (pytest.approx(0.2), "change", "less_than")


def test_a_target_that_stayed_has_no_revision(claims):
    assert list(revised(claims(aim(0.4, 2022), aim(0.4, 2024)))) == ["first_aim"]
    assert list(revised(claims(aim(0.4, 2022)))) == ["first_aim"]
    assert revised(claims()) == {}


def test_from_nothing_and_between_currencies_no_change_is_told(claims):
    assert list(revised(claims(aim(0, 2022), aim(0.4, 2024)))) == ["first_aim", "last_aim"]
    money = {"series_id": "cost_savings", "unit": "USD"}
    frame = claims(aim(5e11, 2022, **money | {"unit": "JPY"}), aim(3e9, 2024, **money))
    assert list(revised(frame)) == ["first_aim", "last_aim"]


def test_a_target_that_was_given_up_cites_who_said_so(claims):
    made = revised(claims(aim(2e7, 2022), aim(None, 2025, stance="withdraws")))
    assert list(made) == ["first_aim", "abandoned_aim"]
    assert (made["abandoned_aim"]["value"], made["abandoned_aim"]["claim_ids"]) == (2e7, ["c0", "c1"])


def test_targets_for_other_years_are_other_targets(claims):
    made = target_revisions(claims(aim(1.0, 2024, **year(2040)), aim(0.4, 2022)), companies=["tesla"])
    assert made["figure_id"].to_list() == ["first_aim.ev_share.tesla.global.2030", "first_aim.ev_share.tesla.global.2040"]


# --- what was published


def test_tesla_sold_1_1_percent_fewer_in_2024(published):
    # 1,789,226 / 1,808,581 - 1 = -0.0107
    made = sales(published.claims, companies=["tesla"])
    last = growth(made, published.claims).to_dicts()[0]
    assert made.filter(figure_id="bev_sales.tesla.global.2023")["value"].item() == 1_808_581
    assert made.filter(figure_id="bev_sales.tesla.global.2024")["value"].item() == 1_789_226
    assert last["value"] == pytest.approx(-0.0107, abs=5e-5)


def test_nissan_has_no_worldwide_count_and_what_there_is_is_named(published):
    assert sales(published.claims, companies=["nissan"]).is_empty()
    made = not_compared(published.claims, companies={"nissan": "Nissan"})
    assert set(made["company"]) == {"Nissan"}
    assert "of single markets or other periods: United States 2023, Japan 2024" in made["why"].to_list()


def test_honda_halved_its_share_for_2030(published):
    made = target_revisions(published.claims, companies=["honda"])
    change = made.filter(figure_id="aim_revision.ev_share_of_company_sales.honda.global.2030").to_dicts()[0]
    assert (change["value"], change["unit"], change["qualifier"]) == (-20, "points", "about")  # from 40% to about 20%
