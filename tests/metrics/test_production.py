"""Production: capacity to spare, what is to be cut, and how far plants have come; worked by hand."""

from datetime import date

import pytest

from analysis.errors import MetricError
from analysis.metrics.production import cut, places, spare_capacity


def said(series: str, value: float | None, unit: str, entity: str = "kyushu", **more) -> dict:
    return {"series_id": series, "value": value, "unit": unit, "entity_id": entity} | more


def by_metric(frame) -> dict[str, dict]:
    return {row["metric"]: row for row in frame.to_dicts()}


# --- capacity to spare


def plant(capacity: float, used: float, **more) -> list[dict]:
    return [
        said("production_capacity", capacity, "vehicles_per_year", **more),
        said("capacity_utilisation", used, "share", **more | {"qualifier": "exact"}),
    ]


def test_500000_at_about_80_percent_leave_about_100000(claims):
    frame = claims(
        said("production_capacity", 500000, "vehicles_per_year"),
        said("capacity_utilisation", 0.8, "share", qualifier="about", valid_from=date(2023, 4, 1), valid_to=date(2024, 3, 31)),
    )
    made = by_metric(spare_capacity(frame, plant="kyushu"))
    assert list(made) == ["capacity_utilisation", "production_capacity", "used_capacity", "spare_capacity"]
    assert made["used_capacity"]["value"] == 400000
    assert made["spare_capacity"]["value"] == 100000
    assert made["spare_capacity"]["qualifier"] == "about"
    assert made["spare_capacity"]["claim_ids"] == ["c0", "c1"]
    assert made["spare_capacity"]["period_end"] == date(2024, 3, 31)  # the use's period: the capacity has none


def test_a_plant_in_full_use_has_nothing_to_spare_and_above_it_less(claims):
    assert by_metric(spare_capacity(claims(*plant(1000, 1)), plant="kyushu"))["spare_capacity"]["value"] == 0
    # 1,000 * (1 - 1.1) = -100
    assert by_metric(spare_capacity(claims(*plant(1000, 1.1)), plant="kyushu"))["spare_capacity"]["value"] == -100


@pytest.mark.parametrize(("used", "limit"), [(0.8, "at_least"), (1.1, "at_most")])
def test_a_floor_under_capacity_is_one_under_what_is_spare_but_a_ceiling_above_full_use(claims, used, limit):
    # At least 1,000: at 80% at least 200 are spare; at 110% at least 100 too many are made, so that at most -100 are spare.
    made = by_metric(spare_capacity(claims(*plant(1000, used, qualifier="at_least")), plant="kyushu"))
    assert made["used_capacity"]["qualifier"] == "at_least"
    assert made["spare_capacity"]["qualifier"] == limit


def test_one_sources_capacity_is_not_used_by_anothers_share(claims):
    capacity, used = plant(1000, 0.8)
    assert spare_capacity(claims(capacity, used | {"source_id": "other"}), plant="kyushu").is_empty()
    assert spare_capacity(claims(capacity, used), plant="canton").is_empty()
    assert spare_capacity(claims(), plant="kyushu").is_empty()


# --- what is to be cut


def has(value: float, known: int = 2024, **more) -> dict:
    return said("plants", value, "plants", "nissan", published_date=date(known, 1, 1), source_id=f"s{known}") | more


def wants(value: float | None, known: int = 2025, **more) -> dict:
    due = {"valid_from": date(2027, 4, 1), "valid_to": date(2028, 3, 31)}
    return has(value, known, basis="target") | due | more


def cut_of(frame) -> dict[str, dict]:
    return by_metric(cut(frame, series_id="plants", entity_id="nissan"))


def test_17_plants_to_10_are_a_cut_of_41_2_percent(claims):
    # 10 / 17 - 1 = -0.411765
    made = cut_of(claims(has(17), wants(10)))
    assert list(made) == ["plants_now", "plants_target", "plants_cut"]
    assert made["plants_cut"]["value"] == pytest.approx(-0.411765, abs=1e-6)
    assert made["plants_cut"]["claim_ids"] == ["c1", "c0"]
    assert made["plants_cut"]["period_end"] == date(2028, 3, 31)


def test_from_at_least_17_plants_the_change_is_at_most_that(claims):
    assert cut_of(claims(has(17, qualifier="at_least"), wants(10)))["plants_cut"]["qualifier"] == "at_most"


def test_what_was_printed_last_counts_in_whatever_order_it_was_recorded(claims):
    rows = [has(17, claim_id="now"), has(20, 2020), wants(10, 2026, claim_id="aim"), wants(12, 2025)]
    for some in (rows, rows[::-1]):
        assert cut_of(claims(*some))["plants_cut"]["claim_ids"] == ["aim", "now"]


@pytest.mark.parametrize(
    "other", [{"market_id": "europe"}, {"entity_id": "honda"}, {"basis": "estimate"}, {"unit": "models"}, {"stance": "denies"}]
)
def test_a_target_is_held_against_a_report_of_the_same_market_and_unit_alone(claims, other):
    assert cut_of(claims(has(17) | other, wants(10))) == {}


def test_a_target_that_was_given_up_cuts_nothing(claims):
    end = wants(None, 2026, stance="withdraws")
    assert cut_of(claims(has(17), wants(10), end)) == {}
    assert cut_of(claims()) == {}


def test_of_nothing_nothing_is_cut(claims):
    with pytest.raises(MetricError, match="claim c0 is zero: plants_cut"):
        cut_of(claims(has(0), wants(10)))


# --- where plants lie


@pytest.fixture
def site(entities):
    return entities(canton={"kind": "plant", "latitude": 32.61, "longitude": -90.04}, unplaced={"kind": "plant"})


def start(known: int | None, *, entity: str = "canton", **more) -> dict:
    day = {"published_date": known and date(known, 1, 1), "source_id": f"s{known}"}
    period = {"valid_from": date(2028, 1, 1), "valid_to": date(2028, 12, 31)}
    return said("start_of_production", None, "date", entity, basis="plan") | day | period | more


END = {"stance": "withdraws", "valid_from": None, "valid_to": None}


def output(known: int, **more) -> dict:
    return said("annual_production", 9, "vehicles", "canton", published_date=date(known, 1, 1)) | more


def stage(known: int | None, name: str, **more) -> dict:
    return {"entity_id": "canton", "stage": name, "published_date": known and date(known, 1, 1)} | more


@pytest.mark.parametrize(
    ("rows", "told", "state", "by"),
    [
        ([start(2022)], [], "planned", "c0"),
        ([start(2022), start(2023)], [], "planned", "c1"),
        ([start(2023), start(2022)], [], "planned", "c0"),
        ([start(2022), start(2025, **END)], [], "plan given up", "c1"),
        ([start(2025, **END), start(2022)], [], "plan given up", "c0"),
        ([start(2022, **END), start(2025)], [], "planned", "c1"),  # planned anew
        ([start(2022), start(2025, stance="denies")], [], "planned", "c0"),
        ([start(2022), output(2021)], [], "in operation", "c1"),
        ([start(2022), output(2021, basis="target")], [], "planned", "c0"),
        ([start(2022), output(2021, basis="forecast")], [], "planned", "c0"),
        ([start(2022), output(2021, series_id="jobs", basis="reported")], [], "planned", "c0"),
        ([start(2022), start(2021, basis="reported", series_id="announcement")], [], "planned", "c0"),
        ([start(2022), start(2024, basis="reported")], [], "in operation", "c1"),
        ([output(2021), start(2025, series_id="end_of_production")], [], "closing", "c1"),
        ([output(2021), start(2025, series_id="end_of_production"), start(2026, series_id="end_of_production", **END)], [],
         "in operation", "c0"),
        ([output(2021), start(2025, series_id="end_of_production", stance="denies")], [], "in operation", "c0"),
        ([], [stage(2020, "planned")], "planned", "e0"),
        ([], [stage(2024, "in_operation"), stage(2020, "planned")], "in operation", "e0"),
        ([], [stage(2020, "planned"), stage(2024, "cancelled")], "plan given up", "e1"),
        ([], [stage(2020, "planned"), stage(None, "in_operation"), stage(2024, "delayed")], "planned", "e0"),
        ([], [stage(2020, "planned"), stage(2024, "in_operation", stance="denies")], "planned", "e0"),
        ([output(2021)], [stage(2024, "ended")], "closed", "e0"),
        ([output(2025)], [stage(2024, "ended")], "in operation", "c0"),
        ([output(2021)], [stage(2024, "under_construction")], "in operation", "c0"),
    ],
)  # fmt: skip
def test_a_plant_is_shown_as_the_last_word_has_it_and_cites_who_said_so(claims, events, site, rows, told, state, by):
    (found,) = places(claims(*rows), events(*told), site).to_dicts()
    assert (found["name"], found["latitude"], found["longitude"]) == ("Canton", 32.61, -90.04)
    assert (found["state"], found["claim_ids"]) == (state, [by])


def test_a_plant_without_a_place_or_of_which_nothing_is_said_is_not_shown(claims, events, site):
    assert places(claims(start(2022, entity="unplaced")), events(), site).is_empty()
    assert places(claims(said("investment", 1, "USD", "canton")), events(stage(2020, "delayed")), site).is_empty()
    assert places(claims(), events(), site.clear()).is_empty()


def test_plants_stand_in_the_ledgers_order(claims, events, entities):
    here = {"kind": "plant", "latitude": 0.0, "longitude": 0.0}
    made = places(claims(start(2022, entity="b"), start(2020, entity="a")), events(), entities(b=here, a=here))
    assert made["name"].to_list() == ["B", "A"]


# --- what was published


def test_kyushu_leaves_about_100000_of_its_500000(published):
    made = by_metric(spare_capacity(published.claims, plant="kyushu"))
    assert (made["production_capacity"]["value"], made["capacity_utilisation"]["value"]) == (500000, 0.8)
    assert (made["spare_capacity"]["qualifier"], made["spare_capacity"]["value"]) == ("about", 100000)


@pytest.mark.parametrize(
    ("series", "now", "aim", "change"), [("plants", 17, 10, -0.412), ("production_capacity", 3.5e6, 2.5e6, -0.286)]
)
def test_nissan_means_to_cut_plants_by_41_2_and_capacity_by_28_6_percent(published, series, now, aim, change):
    made = cut(published.claims, series_id=series, entity_id="nissan")["value"].to_list()
    assert made == [now, aim, pytest.approx(change, abs=5e-4)]


def test_the_battery_plant_in_kitakyushu_is_given_up_and_oppama_closing(published):
    made = places(published.claims, published.events, published.entities)
    states = dict(made.select("name", "state").iter_rows())
    assert states["LFP battery plant, Kitakyushu"] == "plan given up"
    assert states["Oppama plant"] == "closing"
    assert states["Kyushu plant"] == "in operation"
