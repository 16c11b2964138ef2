"""Every chart: what is shown of it, what stands for it where it cannot be seen, and that it asks nobody for anything."""

import json
import os
import re
import subprocess
import sys
from datetime import date

import altair as alt
import polars as pl
import pytest
from charting import LEDGER, bundle, figure, overlaps, size, small_ledger, some
from conftest import ROOT

from analysis import charts
from analysis.charts import SVG_MIME, VEGALITE_MIME
from analysis.charts.theme import Panels, Row, layered, picture, remembered, sourced
from analysis.exhibits import Exhibit

WORDS = {"title": "The finding", "subtitle": "What is shown"}
SHARES = some(*(figure("adoption", share, "share", year=2020 + n, market_id="japan") for n, share in enumerate([0.01, 0.03])))
YEARLY = some(*(figure("bev_share", share, "share", year=2022 + n, market_id="japan") for n, share in enumerate([0.01, 0.03])))
MILESTONE = some(figure("milestone", None, "date", year=2028, label="Start of production: Canton plant, United States"))
VERSION = some(figure("version", None, "date", year=2028, label="Start of production: Canton plant, United States"))
MONEY = some(figure("pledged", 5e8, "USD", entity_id="canton"))
SALES = some(figure("bev_sales", 58_000, "vehicles", year=2024, entity_id="japan"))
PRICE = some(figure("pack_price", 115, "USD_per_kWh", year=2024, entity_id="packs"))
ROWS = pl.DataFrame(
    {
        "lane": ["Plants"],
        "label": ["Canton"],
        "start": [date(2028, 1, 1)],
        "end": [date(2028, 12, 31)],
        "state": ["planned"],
        "name": ["Canton"],
        "latitude": [32.6],
        "longitude": [-90.0],
        "claim_ids": [["c0"]],
    }
)

CHARTS = {
    "bars": lambda rows: charts.bars(rows(MONEY), LEDGER, **WORDS),
    "whole": lambda rows: charts.whole(rows(SHARES), LEDGER, **WORDS, part_name="It", rest_name="Rest"),
    "timeline": lambda rows: charts.timeline(rows(MILESTONE), LEDGER, **WORDS, horizon_year=2034),
    "adoption": lambda rows: charts.adoption(rows(SHARES), LEDGER, **WORDS),
    "slippage": lambda rows: charts.slippage(rows(VERSION), LEDGER, **WORDS),
    "waterfall": lambda rows: charts.waterfall(rows(MONEY), LEDGER, **WORDS),
    "places": lambda rows: charts.places(rows(ROWS), LEDGER, **WORDS),
    "multiples": lambda rows: charts.multiples(rows(SALES), LEDGER, **WORDS, names={"bev_sales": "Battery-electric"}),
    "cost_path": lambda rows: charts.cost_path(rows(PRICE), LEDGER, **WORDS),
    "lanes": lambda rows: charts.lanes(rows(ROWS), LEDGER, **WORDS, first_year=2024, last_year=2030),
}


def test_every_chart_is_tried_here():
    functions = {name for name in charts.__all__ if callable(getattr(charts, name)) and name != "Shown"}
    assert functions == set(CHARTS)


@pytest.fixture(scope="module")
def shown():
    """Each chart, made once."""
    return {name: bundle(make(lambda rows: rows)) for name, make in CHARTS.items()}


@pytest.mark.parametrize("name", CHARTS)
def test_a_chart_is_shown_as_specification_picture_and_description(shown, name):
    made = shown[name]
    assert list(made) == [VEGALITE_MIME, SVG_MIME, "text/plain"]
    assert made[SVG_MIME].startswith("<svg")
    assert "/vega-lite/v6" in made[VEGALITE_MIME]["$schema"]
    assert made["text/plain"] == made[VEGALITE_MIME]["description"]
    assert "What is shown " in made["text/plain"]


@pytest.mark.parametrize("name", CHARTS)
def test_the_source_stands_beneath_and_in_the_description(shown, name):
    assert ">Source: The Paper, March 2025<" in shown[name][SVG_MIME]
    assert shown[name]["text/plain"].endswith("Source: The Paper, March 2025")


@pytest.mark.parametrize("name", CHARTS)
def test_a_picture_asks_for_nothing_and_the_same_chart_gives_the_same_bytes(shown, name):
    for word in ("http:", "https:", "url(http", "<script", "<image"):
        assert word not in shown[name][SVG_MIME].replace("http://www.w3.org/", "")
    assert json.dumps(shown[name]) == json.dumps(bundle(CHARTS[name](lambda rows: rows)))


@pytest.mark.parametrize("name", CHARTS)
def test_a_chart_fits_a_page_and_its_words_keep_apart(name):
    chart = CHARTS[name](lambda rows: rows)
    across, down = size(chart)
    assert across <= 715  # 700 and the rim
    assert down < 500
    assert name in ("bars", "whole", "timeline") or overlaps(chart) == []


@pytest.mark.parametrize("name", CHARTS)
def test_nothing_known_gives_a_note_instead_of_an_empty_chart(name):
    chart = CHARTS[name](pl.DataFrame.clear)
    assert isinstance(chart, Exhibit)
    assert chart.text.startswith("Not known")


@pytest.mark.parametrize("name", CHARTS)
def test_a_note_in_place_of_a_chart_has_the_names_put_in(name, monkeypatch):
    monkeypatch.setitem(WORDS, "title", "What became of $plant")
    monkeypatch.setitem(WORDS, "plant", "Canton")
    assert CHARTS[name](pl.DataFrame.clear).text == "Not known at the as-of date: What became of Canton."


@pytest.mark.parametrize("name", CHARTS)
def test_a_title_whose_figure_is_not_known_gives_a_note_too(name, monkeypatch):
    monkeypatch.setitem(WORDS, "title", "It is {nowhere}")
    assert CHARTS[name](lambda rows: rows).text == "Not known at the as-of date: It is …."


def test_rows_that_name_no_claim_have_no_source_note():
    none = ROWS.with_columns(claim_ids=pl.Series([[]], dtype=pl.List(pl.String)))
    assert sourced(LEDGER, none) == ""
    assert sourced(small_ledger(), ROWS) == "Source: The Paper, March 2025"
    assert bundle(charts.places(none, LEDGER, **WORDS))["text/plain"].endswith("Map. Canton: planned.")


def test_pictures_are_the_same_in_every_time_zone():
    code = (
        "import hashlib, json, test_theme as t; shown = {n: t.bundle(m(lambda r: r)) for n, m in t.CHARTS.items()};"
        "print(hashlib.sha256(json.dumps(shown).encode()).hexdigest())"
    )
    path = os.pathsep.join([str(ROOT / "tests" / "charts"), str(ROOT / "tests"), str(ROOT)])
    seen = {
        subprocess.run(
            [sys.executable, "-c", code],
            env=os.environ | {"TZ": zone, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for zone in ("UTC", "America/New_York", "Asia/Tokyo")
    }
    assert len(seen) == 1


def unit(data: pl.DataFrame, mark: str = "bar") -> alt.Chart:
    return alt.Chart(data, mark=mark).encode(x="x:Q", color=alt.value("red"))


@pytest.mark.parametrize("altered", [lambda chart: chart, lambda chart: chart.interactive(), lambda chart: unit(B) + chart])
@pytest.mark.parametrize("make", [lambda: (unit(A), unit(A, "rule")), lambda: (unit(A), unit(B)), lambda: (unit(B),)])
def test_layers_are_what_altairs_own_would_be_also_where_a_notebook_alters_them(make, altered):
    assert told(altered(layered(*make()))) == told(altered(alt.layer(*make())))


def told(chart: alt.LayerChart) -> str:
    """A chart's specification without the hashes that Altair names views by, where a notebook lets them be moved."""
    return re.sub("view_[0-9a-f]{16}", "view", json.dumps(chart.to_dict()))


A, B = pl.DataFrame({"x": [1.0]}), pl.DataFrame({"x": [2.0]})


@pytest.mark.filterwarnings("ignore:Automatically deduplicated")
@pytest.mark.parametrize(("ours", "altairs"), [(Panels, alt.ConcatChart), (Row, alt.HConcatChart)])
@pytest.mark.parametrize("altered", [lambda chart: chart, lambda chart: chart.interactive()])
def test_charts_beside_one_another_are_what_altairs_own_would_be(ours, altairs, altered):
    kind = "concat" if ours is Panels else "hconcat"
    for parts in ([layered(unit(A), unit(B)), unit(B)], [unit(A).interactive(), unit(B)]):
        made = [chart(**{kind: parts}) for chart in (ours, altairs)]
        assert told(altered(made[0])) == told(altered(made[1]))


def test_what_altair_cannot_draw_is_refused_when_it_is_shown_though_its_parts_are_not_looked_at():
    with alt.utils.schemapi.debug_mode(False):
        wrong = layered(unit(A).encode(x=alt.X("x:Q", axis=alt.Axis(ticks="no"))))
    with pytest.raises(alt.utils.schemapi.SchemaValidationError):
        wrong.to_dict()


def test_parts_of_a_notebooks_own_chart_are_looked_at_as_always():
    CHARTS["bars"](lambda rows: rows)
    with pytest.raises(alt.utils.schemapi.SchemaValidationError):
        alt.Axis(ticks="no")


def test_the_same_specification_is_drawn_once_and_another_anew():
    drawn = []
    draw = remembered(lambda spec: drawn.append(spec) or f"{spec['a']}é", most=100)
    assert [draw({"a": n}) for n in (1, 2, 1, 2)] == ["1é", "2é", "1é", "2é"]
    assert drawn == [{"a": 1}, {"a": 2}]


def test_pictures_are_kept_up_to_their_bytes_and_the_longest_unused_goes_first():
    drawn = []
    # "é" is two bytes: two of these pictures are all that is kept, and "éé" leaves no room beside it.
    draw = remembered(lambda spec: drawn.append(spec["a"]) or "é" * spec["n"], most=4)
    for name, count in (("p", 1), ("q", 1), ("p", 1), ("r", 1), ("p", 1), ("q", 1), ("s", 2), ("q", 1), ("t", 3), ("t", 3)):
        assert draw({"a": name, "n": count}) == "é" * count
    assert drawn == ["p", "q", "r", "q", "s", "q", "t", "t"]


def test_a_picture_does_not_tell_what_was_drawn_before_it():
    clipped = alt.Chart(A, width=9).mark_line(clip=True).encode(x="x:Q").to_dict()
    first, second = picture(clipped), picture(clipped | {"width": 10})
    for svg in (first, second):
        assert re.findall(r"(?:id=.|url\(#)(clip[0-9]+)", svg) == ["clip1", "clip1"]
