"""Lanes along the years: where rows stand, how labels keep apart, and how each state looks."""

from datetime import date, timedelta

import polars as pl
import pytest
from charting import LEDGER, drawn, figure, marks, overlaps, size, small_ledger, some, spec
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis import charts
from analysis.errors import MetricError
from analysis.exhibits import Exhibit

WORDS = {"title": "T", "subtitle": "S", "first_year": 2024, "last_year": 2029}
SCHEMA = {
    "lane": pl.String,
    "label": pl.String,
    "start": pl.Date,
    "end": pl.Date,
    "state": pl.String,
    "claim_ids": pl.List(pl.String),
}


def table(*rows):
    return pl.DataFrame([(*row, ["c0"]) for row in rows], schema=SCHEMA, orient="row")


def of_year(lane, label, year, state="planned"):
    return (lane, label, date(year, 1, 1), date(year, 12, 31), state)


def test_a_bar_runs_from_its_periods_start_to_its_end_and_a_day_is_a_point():
    rows = table(of_year("Plants", "Canton", 2026), ("Plants", "Talks", date(2024, 7, 1), date(2024, 7, 1), "done"))
    chart = charts.lanes(rows, LEDGER, **WORDS)
    wide = spec(chart)["width"]
    bar, point = drawn(chart, "rect", label="Canton")[0], drawn(chart, "point", label="Talks")[0]
    # Six years are as wide as the ground; 2026 is the third of them, and 1 July 2024 the middle of the first.
    assert (bar["x"], bar["x2"]) == pytest.approx((wide * 2 / 6, wide * 3 / 6), abs=0.1)
    assert point["x"] == pytest.approx(wide / 12, abs=0.5)
    assert (
        "Timeline in lanes. Plants: Talks, 1 July 2024 (done); Plants: Canton, 2026 (planned). Source:"
        in spec(chart)["description"]
    )


def test_states_differ_in_more_than_colour():
    rows = table(*(of_year(state, state, 2026, state) for state in ("done", "planned", "given up", "rumour")))
    chart = charts.lanes(rows, LEDGER, **WORDS)
    looks = {mark["rows"][0]["state"]: mark["mark"] for mark in marks(chart, "rect")}
    assert looks["done"]["fill"] != "white"
    assert looks["planned"]["fill"] == "white"
    assert "strokeDash" in looks["rumour"]
    assert drawn(chart, "point", state="given up")  # the cross
    assert drawn(
        chart, "text", note="Filled: done. Hollow: planned. Cross: given up. Dotted: rumour.\nSource: The Paper, March 2025"
    )


def test_lanes_stand_in_the_order_of_their_first_rows_and_grow_with_their_tracks():
    rows = table(*(of_year("Second", f"Number {n}", 2026) for n in range(3)), of_year("First", "Alone", 2026))
    chart = charts.lanes(rows, LEDGER, **WORDS)
    heads = [row for row in drawn(chart, "text") if row.get("text") in ("Second", "First")]
    assert [row["text"] for row in heads] == ["Second", "First"]
    levels = {row["y"] for row in drawn(chart, "rect") if row["label"].startswith("Number")}
    assert len(levels) == 3  # the same years, so three tracks


def test_what_lies_before_the_years_is_left_out_and_what_reaches_over_is_cut():
    rows = table(of_year("A", "Before", 2023), ("A", "Across", date(2020, 1, 1), date(2040, 12, 31), "planned"))
    chart = charts.lanes(rows, LEDGER, **WORDS)
    assert [(row["label"], row["x"], row["x2"]) for row in drawn(chart, "rect")] == [("Across", 0.0, spec(chart)["width"])]
    assert isinstance(charts.lanes(rows.head(1), LEDGER, **WORDS), Exhibit)


def test_what_lies_after_the_years_stands_at_their_edge_with_its_date():
    chart = charts.lanes(table(of_year("A", "Neutral", 2050), of_year("A", "Soon", 2027)), LEDGER, **WORDS)
    points = [row for row in drawn(chart, "point") if row["label"].startswith("Neutral")]
    assert [row["label"] for row in points] == ["Neutral (2050)"]
    assert points[0]["x"] > spec(chart)["width"] - 10
    assert "Neutral (2050)" in spec(chart)["description"]


def test_the_as_of_day_is_a_line_with_a_name_where_the_years_hold_it():
    rows = table(of_year("A", "B", 2024))
    assert drawn(charts.lanes(rows, LEDGER, **WORDS), "text", text="as of 22 November 2026")
    assert not drawn(charts.lanes(rows, LEDGER, **WORDS | {"last_year": 2025}), "text", text="as of 22 November 2026")


def test_a_long_label_takes_two_lines_and_is_cut_at_a_word():
    long = "A kei car comes to Japan, which nobody had expected to happen so very soon after all that was said before. " * 2
    words = [
        row["text"] for row in drawn(charts.lanes(table(of_year("A", long, 2026)), LEDGER, **WORDS), "text") if "text" in row
    ]
    lines = [line for line in words if line in long or line.rstrip("…") in long]
    assert any(line.endswith("…") for line in lines)
    assert len(set(lines) - {"A"}) == 2


def test_the_title_may_name_figures():
    chart = charts.lanes(
        table(of_year("A", "B", 2026)),
        LEDGER,
        **WORDS | {"title": "Of {plans} one is left"},
        figures=some(figure("plans", 3, "plants")),
    )
    assert spec(chart)["description"].startswith("Of 3 plants one is left ")


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["Batteries", "Honda and Mitsubishi Motors", "日本"]),
            st.text("abcdefgh ", min_size=3, max_size=60).filter(str.strip),
            st.integers(0, 2500),
            st.integers(0, 1500),
            st.sampled_from(["done", "planned", "given up", "rumour"]),
        ),
        min_size=1,
        max_size=25,
    )
)
def test_labels_never_cover_each_other(drawn_rows):
    first = date(2023, 6, 1)
    rows = [
        (lane, label, first + timedelta(start), first + timedelta(start + long), state)
        for lane, label, start, long, state in drawn_rows
    ]
    chart = charts.lanes(table(*rows), LEDGER, **WORDS)
    if not isinstance(chart, Exhibit):
        assert overlaps(chart) == []


def test_forty_rows_in_eight_lanes_fit_a_page():
    rows = [
        of_year(f"Lane {n % 8}", f"What is planned, number {n}", 2024 + n % 6, ["done", "planned"][n % 2]) for n in range(40)
    ]
    chart = charts.lanes(table(*rows), LEDGER, **WORDS)
    across, down = size(chart)
    assert across <= 715
    assert down < 900
    assert overlaps(chart) == []


def test_what_cannot_be_drawn_is_refused():
    with pytest.raises(MetricError, match="state 'hoped for': expected done, planned, given up, rumour"):
        charts.lanes(table(of_year("A", "B", 2026, "hoped for")), LEDGER, **WORDS)
    with pytest.raises(MetricError, match="years from 2029 to 2024: swapped"):
        charts.lanes(table(of_year("A", "B", 2026)), LEDGER, title="T", subtitle="S", first_year=2029, last_year=2024)


def test_events_have_their_source_too():
    ledger = small_ledger()
    rows = table(of_year("A", "B", 2026)).with_columns(claim_ids=pl.Series([["c0", "unknown"]]))
    assert spec(charts.lanes(rows, ledger, **WORDS))["description"].endswith("Source: The Paper, March 2025")
