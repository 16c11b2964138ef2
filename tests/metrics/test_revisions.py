"""What later editions changed, and what changed between two days; worked by hand."""

from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_adoption import count, share, year

from analysis.metrics.revisions import plans_changed, revisions


def edition(number: int, row: dict) -> dict:
    return row | {"source_id": f"iea-{number}", "product_id": "iea", "published_date": date(number, 5, 1)}


def test_a_share_of_20_percent_that_became_25_moved_5_points(claims):
    frame = claims(
        edition(2025, share("china", 2023, 0.25)),
        edition(2023, share("china", 2023, 0.2, note="Preliminary.")),
        edition(2024, share("china", 2023, 0.3)),
    )
    made = revisions(frame, series_id="plug_in_share_of_sales")
    tail = "plug_in_share_of_sales.china.2023.iea"
    assert made["figure_id"].to_list() == [f"first_published.{tail}", f"last_published.{tail}", f"revision.{tail}"]
    assert made["value"].to_list() == [0.2, 0.25, 5]
    assert made["unit"].to_list() == ["share", "share", "points"]
    assert made["method"].to_list()[:2] == ["as printed", "as printed"]
    assert made["claim_ids"].to_list() == [["c1"], ["c0"], ["c0", "c1"]]
    assert made["label"][0] == "First published: Plug in share of sales, China, 2023"
    assert made["note"].to_list() == [
        "iea-2023: 1 May 2023.\nPreliminary.",
        "iea-2025: 1 May 2025.",
        "Of 3 editions, iea-2023 to iea-2025.\nPreliminary.",
    ]


def test_counts_move_by_a_relative_change_and_the_largest_change_comes_first(claims):
    # 2020: 100 to 110 is +10%. 2021: 100 to 80 is -20%. 2022: 1000 to 1100 is +10%, after 2020 by its id.
    before, after = {2022: 1000, 2020: 100, 2021: 100}, {2022: 1100, 2020: 110, 2021: 80}
    rows = [
        edition(e, count("bev", number, value)) for e, said in ((2024, before), (2025, after)) for number, value in said.items()
    ]
    made = revisions(claims(*rows), series_id="bev_annual_sales").filter(metric="revision")
    assert [figure_id.split(".")[3] for figure_id in made["figure_id"]] == ["2021", "2020", "2022"]
    assert made["value"].to_list() == pytest.approx([-0.2, 0.1, 0.1])
    assert set(made["unit"]) == {"change"}


def test_from_nothing_there_is_no_relative_change_and_it_comes_first(claims):
    rows = [edition(2024, count("bev", 2010, 0)), edition(2025, count("bev", 2010, 7))]
    more = [edition(2024, count("bev", 2011, 1)), edition(2025, count("bev", 2011, 9))]
    made = revisions(claims(*more, *rows), series_id="bev_annual_sales")
    assert made["metric"].to_list() == ["first_published", "last_published", "first_published", "last_published", "revision"]
    assert made["value"].to_list() == [0, 7, 1, 9, 8]


@pytest.mark.parametrize(
    "other",
    [
        {"value": 0.2},
        {"product_id": "association"},
        {"entity_id": "byd"},
        {"market_id": "global"},
        year(2022),
        {"basis": "forecast"},
        {"stance": "denies"},
        {"published_date": None},
        {"value": None},
    ],
)
def test_what_is_the_same_or_not_comparable_is_no_revision(claims, other):
    frame = claims(edition(2024, share("china", 2023, 0.2)), edition(2025, share("china", 2023, 0.25)) | other)
    assert revisions(frame, series_id="plug_in_share_of_sales").is_empty()


def test_revised_forecasts_outcomes_and_publications_of_one_year_have_ids_of_their_own(claims):
    rows = [edition(number, share("china", 2024, value)) for number, value in ((2025, 0.45), (2026, 0.48))]
    ahead = [edition(number, share("china", 2024, value, basis="forecast")) for number, value in ((2023, 0.4), (2024, 0.44))]
    other = [row | {"product_id": "association"} for row in rows]
    made = revisions(claims(*rows, *ahead, *other), series_id="plug_in_share_of_sales").filter(metric="revision")
    assert [figure_id.split(".2024.")[1] for figure_id in made["figure_id"]] == ["iea.forecast", "association", "iea"]
    assert made["value"].to_list() == pytest.approx([4, 3, 3])


def test_only_the_markets_named_are_told_of(claims):
    rows = [edition(e, share(market, 2023, value)) for e, value in ((2024, 0.2), (2025, 0.3)) for market in ("china", "japan")]
    made = revisions(claims(*rows), series_id="plug_in_share_of_sales", markets=["japan"])
    assert made["market_id"].to_list() == ["japan"] * 3
    assert revisions(claims(*rows), series_id="bev_annual_sales").is_empty()
    assert revisions(claims(), series_id="bev_annual_sales").is_empty()


def start(known: int, y: int, **more) -> dict:
    base = {"series_id": "start_of_production", "entity_id": "canton", "market_id": "us", "unit": "date", "basis": "plan"}
    return base | year(y) | {"source_id": f"s{known}", "published_date": date(known, 1, 1)} | more


def changed(earlier, now):
    return plans_changed(earlier, now, as_of=date(2025, 6, 1), entity_ids=["canton", "kyushu", "oppama"])


def test_a_date_that_moved_is_told_as_it_was_and_as_it_is(claims):
    made = changed(claims(start(2022, 2025)), claims(start(2022, 2025), start(2024, 2028)))
    tail = "start_of_production.canton.us"
    assert made["figure_id"].to_list() == [f"was.{tail}", f"now.{tail}"]
    assert made["period_end"].to_list() == [date(2025, 12, 31), date(2028, 12, 31)]
    assert made["metric"].to_list() == ["was", "now"]


def test_what_was_given_up_comes_first_then_what_was_reached_what_moved_and_what_is_new(claims):
    end = {"stance": "withdraws", "valid_from": None, "valid_to": None}
    earlier = claims(start(2022, 2026), start(2022, 2027, entity_id="oppama"))
    now = claims(
        start(2022, 2026),
        start(2022, 2027, entity_id="oppama"),
        start(2023, 2028, entity_id="kyushu"),
        start(2025, 2026, entity_id="oppama", basis="reported"),
        start(2024, 2026, **end),
    )
    made = changed(earlier, now)
    tail = "start_of_production"
    assert made["figure_id"].to_list() == [
        f"was.{tail}.canton.us",
        f"ended.{tail}.canton.us",
        f"was.{tail}.oppama.us",
        f"now.{tail}.oppama.us",
        f"reached.{tail}.oppama.us",
        f"now.{tail}.kyushu.us",
    ]


def test_what_stayed_and_what_only_an_undated_source_tells_is_no_change(claims):
    same = claims(start(2022, 2026))
    assert changed(same, same).is_empty()
    assert changed(same, claims(start(2022, 2026), start(2023, 2030, entity_id="kyushu", published_date=None))).is_empty()


END = {"stance": "withdraws", "valid_from": None, "valid_to": None}


def goal(known: int, value: float | None, y: int = 2030, **more) -> dict:
    base = {"series_id": "electrified_share", "unit": "share", "basis": "target", "value": value, "entity_id": "canton"}
    return base | year(y) | {"source_id": f"s{known}", "published_date": date(known, 1, 1)} | more


def shown(frame) -> list[tuple]:
    return list(frame.select("metric", "value").iter_rows())


def test_a_target_that_was_raised_is_told_as_it_was_and_as_it_is(claims):
    made = changed(claims(goal(2021, 0.5)), claims(goal(2021, 0.5), goal(2023, 0.55)))
    assert shown(made) == [("was", 0.5), ("now", 0.55)]
    assert made["claim_ids"].to_list() == [["c0"], ["c1"]]
    assert made["figure_id"].to_list() == [f"{word}.electrified_share.canton.global.2030" for word in ("was", "now")]


def test_a_target_that_was_given_up_is_told_as_it_was_and_as_ended(claims):
    now = claims(goal(2021, 0.5), goal(2023, None, **END))
    assert shown(changed(claims(goal(2021, 0.5)), now)) == [("was", 0.5), ("ended", 0.5)]
    assert changed(now, now).is_empty()
    again = claims(goal(2021, 0.5), goal(2023, None, **END), goal(2024, 0.6))
    assert shown(changed(now, again)) == [("was", 0.5), ("now", 0.6)]


def test_what_was_set_and_given_up_since_is_ended_and_has_no_past(claims):
    assert shown(changed(claims(), claims(goal(2021, 0.5), goal(2023, None, **END)))) == [("ended", 0.5)]


def test_a_limit_that_was_added_is_a_change_and_another_source_for_the_same_is_none(claims):
    before = claims(goal(2021, 0.5))
    assert changed(before, claims(goal(2021, 0.5), goal(2023, 0.5))).is_empty()
    made = changed(before, claims(goal(2021, 0.5), goal(2023, 0.5, qualifier="more_than")))
    assert made["qualifier"].to_list() == ["exact", "more_than"]


def test_what_had_been_reached_before_is_no_news_and_what_was_reached_since_is(claims):
    plan, outcome = start(2022, 2026), start(2024, 2024, basis="reported")
    assert changed(claims(plan, outcome), claims(plan, outcome)).is_empty()
    made = changed(claims(plan), claims(plan, outcome))
    assert made["metric"].to_list() == ["was", "now", "reached"]
    assert made["period_end"].to_list() == [date(2026, 12, 31), date(2026, 12, 31), date(2024, 12, 31)]
    # Another report of when that was changes what is reached, and not the plan that it was.
    moved = changed(claims(plan, outcome), claims(plan, outcome, start(2025, 2023, basis="reported")))
    assert moved["metric"].to_list() == ["was", "now", "reached"]
    assert moved["period_end"][2] == date(2023, 12, 31)


def test_a_target_restated_for_the_fiscal_year_of_the_same_name_has_moved_and_is_no_new_one(claims):
    fiscal = {"valid_from": date(2030, 4, 1), "valid_to": date(2031, 3, 31)}
    made = changed(claims(goal(2021, 0.5)), claims(goal(2021, 0.5), goal(2023, 0.6, **fiscal)))
    assert shown(made) == [("was", 0.5), ("now", 0.6)]
    assert made["figure_id"].to_list() == [f"{word}.electrified_share.canton.global.fiscal-2030" for word in ("was", "now")]
    other = changed(claims(goal(2021, 0.5)), claims(goal(2021, 0.5), goal(2023, 0.6, 2031)))
    assert shown(other) == [("now", 0.6)]


def test_what_moved_comes_before_what_is_new(claims):
    made = changed(claims(start(2022, 2026)), claims(start(2022, 2026), start(2024, 2028), goal(2024, 0.5)))
    assert made["metric"].to_list() == ["was", "now", "now"]
    assert made["entity_id"].to_list() == ["canton"] * 3
    assert made["unit"].to_list() == ["date", "date", "share"]


def test_only_the_plans_of_those_named_are_told_of(claims):
    assert changed(claims(), claims(goal(2021, 0.5, entity_id="honda"), start(2022, 2026, entity_id="honda"))).is_empty()


def test_time_that_passes_changes_no_plan(claims):
    same = claims(goal(2021, 0.5), start(2022, 2026))
    for day in (date(2022, 1, 1), date(2035, 1, 1)):
        assert plans_changed(same, same, as_of=day, entity_ids=["canton"]).is_empty()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    steps=st.lists(
        st.tuples(st.integers(2000, 2020), st.sampled_from([0.4, 0.5])), min_size=1, max_size=6, unique_by=lambda s: s[0]
    ),
    known=st.integers(2000, 2020),
)
def test_what_changed_is_the_difference_of_the_two_days_however_many_steps_lay_between(claims, steps, known):
    rows = [goal(number, value) for number, value in steps]
    before = [value for number, value in sorted(steps) if number <= known][-1:]
    last = sorted(steps)[-1][1]
    made = changed(claims(*(row for row in rows if row["published_date"].year <= known)), claims(*rows))
    assert shown(made) == ([] if before == [last] else [*(("was", value) for value in before), ("now", last)])
