"""Small multiples: what is drawn, what stays empty, and that all share a scale."""

import pytest
from charting import LEDGER, drawn, figure, marks, overlaps, some, spec, views

from analysis import charts
from analysis.charts.panels import _few, _steps
from analysis.errors import MetricError

WORDS = {"title": "T", "subtitle": "S"}
NAMES = {"bev_sales": "Battery-electric", "phev_sales": "Plug-in hybrid"}


def sales(entity, year, bev, phev=None):
    made = [figure("bev_sales", bev, "vehicles", year=year, entity_id=entity, market_id=entity)]
    return made + (
        [figure("phev_sales", phev, "vehicles", year=year, entity_id=entity, market_id=entity)] if phev is not None else []
    )


TWO = some(*sales("china", 2022, 4e6, 1e6), *sales("china", 2024, 6e6, 5e6), *sales("japan", 2024, 60_000, 40_000))


def bars(chart):
    return [
        (row["entity"], row["name"], row["year"], row["low"], row["high"]) for row in drawn(chart, "bar")
    ]  # fmt: skip


def test_bars_stand_on_each_other_and_a_missing_year_stays_empty():
    chart = charts.multiples(TWO, LEDGER, **WORDS, names=NAMES)
    assert bars(chart) == [
        ("China", "Battery-electric", 2022, 0, 4e6),
        ("China", "Plug-in hybrid", 2022, 4e6, 5e6),
        ("China", "Battery-electric", 2024, 0, 6e6),
        ("China", "Plug-in hybrid", 2024, 6e6, 11e6),
        ("Japan", "Battery-electric", 2024, 0, 60_000),
        ("Japan", "Plug-in hybrid", 2024, 60_000, 100_000),
    ]
    assert (
        "Small multiples. China, Battery-electric 2022: 4,000,000 vehicles; China, Plug-in hybrid 2022"
        in (spec(chart)["description"])
    )


def test_a_years_bars_take_four_fifths_of_its_room():
    rows = drawn(charts.multiples(TWO, LEDGER, **WORDS, names=NAMES), "bar")
    assert [(row["x"], row["x2"]) for row in rows[:2]] == [(2021.6, 2022.4), (2021.6, 2022.4)]


def test_panels_are_named_and_hold_their_latest_values():
    words = {row["text"] for row in drawn(charts.multiples(TWO, LEDGER, **WORDS, names=NAMES), "text") if "text" in row}
    assert {"China", "Japan", "6m", "5m", "60,000", "40,000", *NAMES.values()} <= words
    assert "4m" not in words  # of 2022; the scale has steps of 5 million


def test_one_scale_serves_all():
    chart = charts.multiples(TWO, LEDGER, **WORDS, names=NAMES)
    assert [mark["encoding"]["y"]["scale"]["domain"][1] for mark in marks(chart, "bar")] == [15e6, 15e6]


@pytest.mark.parametrize(("count", "columns"), [(1, 1), (2, 2), (3, 3), (4, 2), (5, 3)])
def test_the_note_stands_below_the_first_panel_of_the_last_row(count, columns):
    entities = ["china", "japan", "us", "norway", "korea"][:count]
    rows = [row for entity in entities for row in sales(entity, 2024, 1e6)]
    chart = charts.multiples(some(*rows), LEDGER, **WORDS, names=NAMES)
    made = spec(chart)
    assert made["columns"] == columns
    with_note = [n for n, view in enumerate(views(made)) if '"note"' in str(view).replace("'", '"').replace("note:N", "")]
    assert with_note == [(count - 1) // columns * columns]


def test_values_may_be_zero_or_below():
    yen = [figure("net_income", value * 1e9, "JPY", year=2022 + n) for n, value in enumerate((215, 0, -671))]
    chart = charts.multiples(some(*yen), LEDGER, **WORDS, names={"net_income": "Net income"})
    assert [(row["low"], row["high"]) for row in drawn(chart, "bar")] == [(0, 215e9), (0, 0), (0, -671e9)]
    assert drawn(chart, "text", text="-¥671bn")
    assert overlaps(chart) == []


def test_a_scale_has_round_steps_and_holds_zero():
    def steps(*ends):
        return _steps([{"low": 0.0, "high": end} for end in ends])

    assert steps(11e6) == [0, 5e6, 10e6, 15e6]
    assert steps(-671.0, 800.0) == [-1000, -500, 0, 500, 1000]
    assert steps(0.0) == [0, 1]


@pytest.mark.parametrize(
    ("value", "unit", "words"),
    [
        (58_374, "vehicles", "58,374"),
        (11_324_000, "vehicles", "11.3m"),
        (1, "vehicles", "1"),
        (0.2222, "share", "22.2%"),
        (17.549e9, "USD", "$17.5bn"),
        (661e6, "USD", "$661m"),
        (30.4, "GWh", "30.4"),
    ],
)
def test_a_value_is_written_in_few_letters(value, unit, words):
    assert _few(value, unit) == words


def test_what_cannot_be_drawn_is_refused():
    mixed = some(*sales("japan", 2024, 1), figure("phev_sales", 0.2, "share", year=2024, entity_id="japan"))
    with pytest.raises(MetricError, match="bars of share, vehicles have no axis in common"):
        charts.multiples(mixed, LEDGER, **WORDS, names=NAMES)
    twice = some(*sales("japan", 2024, 1), *sales("japan", 2024, 2))
    with pytest.raises(MetricError, match="2 figures of Japan, Battery-electric, 2024: a bar has one height"):
        charts.multiples(twice, LEDGER, **WORDS, names=NAMES)
    many = [figure(f"m{n}", 1, "vehicles", year=2024) for n in range(7)]
    with pytest.raises(MetricError, match="7 metrics: at most 6 bars"):
        charts.multiples(some(*many), LEDGER, **WORDS, names={f"m{n}": str(n) for n in range(7)})
