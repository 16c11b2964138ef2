"""The map: which parts are enlarged, where places stand, and that nothing covers anything."""

import tracemalloc

import polars as pl
import pytest
from charting import LEDGER, drawn, marks, overlaps, size, spec
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis import charts
from analysis.charts import outlines
from analysis.charts.outlines import Window, country_at, land
from analysis.charts.world import _natural

WORDS = {"title": "T", "subtitle": "S"}
SCHEMA = {
    "name": pl.String,
    "latitude": pl.Float64,
    "longitude": pl.Float64,
    "state": pl.String,
    "claim_ids": pl.List(pl.String),
}
CANTON, SUNDERLAND = ("Canton", 32.6, -90.0, "plan given up"), ("Sunderland", 54.9, -1.4, "in operation")
JAPAN = [
    ("Kyushu plant", 33.78, 130.98, "in operation"),
    ("Battery plant, Kitakyushu", 33.78, 130.98, "plan given up"),
    ("Pilot line, Yokohama", 35.44, 139.64, "planned"),
    ("Oppama plant", 35.31, 139.65, "closing"),
]
SOUTH = [
    ("Canton", 32.6, -90.0, "plan given up"),
    ("Cells, Commerce", 34.2, -83.5, "agreed"),
    ("Cells, Glendale", 37.6, -85.9, "agreed"),
]


def places(*rows):
    table = pl.DataFrame([(*row, ["c0"]) for row in rows], schema=SCHEMA, orient="row")
    return charts.places(table, LEDGER, **WORDS)


def frames(chart):
    return drawn(chart, "rect")


def test_every_place_is_drawn_once_by_its_state_and_named_beside_it():
    chart = places(CANTON, SUNDERLAND)
    found = [row for row in drawn(chart, "point") if "latitude" in row]
    assert [(row["name"], row["state"]) for row in found] == [("Sunderland", "in operation"), ("Canton", "plan given up")]
    shapes = {mark["mark"]["shape"] for mark in marks(chart, "point") if "shape" in mark["mark"]}
    assert len(shapes) == 2
    assert (
        spec(chart)["description"] == "T S Map. Canton: plan given up; Sunderland: in operation. Source: The Paper, March 2025"
    )
    # A degree of the equator is 700 / 360 pixels wide; the middle of the map is at 350.
    sunderland = found[0]
    assert sunderland["x"] == pytest.approx(350 - 1.4 * 700 / 360, abs=1.5)


def test_three_places_close_together_are_enlarged_two_are_not():
    assert frames(places(CANTON, *JAPAN[1:3])) == []
    one = places(CANTON, SUNDERLAND, *JAPAN)
    assert len(frames(one)) == 2  # on the map of the world, and large
    assert drawn(one, "text", text="Japan")
    two = places(*SOUTH, SUNDERLAND, *JAPAN)
    assert len(frames(two)) == 4
    assert drawn(two, "text", text="United States of America")


def test_symbols_at_one_place_stand_apart_and_the_note_says_so():
    chart = places(*JAPAN)
    first, second = [row for row in drawn(chart, "point") if row.get("latitude") == 33.78]
    assert ((first["x"] - second["x"]) ** 2 + (first["y"] - second["y"]) ** 2) ** 0.5 >= 12.5
    assert "Symbols that would cover one another" in drawn(chart, "text")[-1]["note"]
    assert "Symbols" not in drawn(places(CANTON), "text")[-1]["note"]


def test_another_state_has_its_own_symbol_and_a_place_without_coordinates_is_left_out():
    chart = places(CANTON, ("Chennai", 13.1, 80.3, "sold"), ("Nowhere", None, None, "planned"))
    assert drawn(chart, "text", text="sold")
    assert "Nowhere" not in spec(chart)["description"]


def test_a_map_stays_small():
    chart = places(*SOUTH, SUNDERLAND, *JAPAN)
    assert len(str(spec(chart))) < 60_000
    across, down = size(chart)
    assert across <= 715
    assert down < 680


@settings(max_examples=15, deadline=None)
@given(st.lists(st.tuples(st.floats(-50, 75), st.floats(-170, 175)), min_size=1, max_size=9))
def test_names_do_not_cover_each_other_wherever_the_places_are(spots):
    rows = [(f"Plant number {n}", latitude, longitude, "planned") for n, (latitude, longitude) in enumerate(spots)]
    assert overlaps(places(*rows)) == []


def test_the_projection_is_that_of_natural_earth():
    # The ends of equator and poles as its authors give them: 0.8707 * pi, and half as wide at the poles' lines.
    assert _natural(180, 0) == pytest.approx((2.7354, 0.0), abs=1e-4)
    assert _natural(0, 90)[1] == pytest.approx(1.4224, abs=1e-3)
    assert _natural(-60, 30) == pytest.approx(tuple(-v for v in _natural(60, -30)))


def test_outlines_lie_in_their_window_and_are_closed():
    window = Window(128, 30, 146, 46)
    path = land(window, pixel=0.1, project=lambda x, y: ((x - 128) * 10, (46 - y) * 10))
    starts = [tuple(map(float, part.split("l")[0].split(","))) for part in path.split("M")[1:]]
    assert len(starts) > 3  # the four large islands
    assert all(part.endswith("Z") for part in path.split("M")[1:])
    assert all(0 <= x <= 180 and 0 <= y <= 160 for x, y in starts)


@pytest.mark.parametrize(
    ("longitude", "latitude", "country"),
    [(139.69, 35.69, "Japan"), (-90.0, 32.6, "United States of America"), (-1.38, 54.9, "United Kingdom"), (-30, 40, None)],
)
def test_the_country_of_a_place_is_known(longitude, latitude, country):
    assert country_at(longitude, latitude) == country


def test_the_outlines_of_the_world_take_sixteen_bytes_a_point():
    """By hand: 366,910 points, those of Antarctica among them, of two numbers of 8 bytes are 5.9 MB; as lists they are 98."""
    tracemalloc.start()
    try:
        pieces = outlines._pieces.__wrapped__()
        held = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert len(pieces) > 4000
    assert held < 9e6
