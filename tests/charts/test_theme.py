"""Every chart: what is shown of it, what stands for it where it cannot be seen, and that it asks nobody for anything."""

import json
import os
import subprocess
import sys
from datetime import date

import polars as pl
import pytest
from charting import LEDGER, bundle, figure, overlaps, size, small_ledger, some
from conftest import ROOT

from analysis import charts
from analysis.charts import SVG_MIME, VEGALITE_MIME
from analysis.charts.theme import sourced
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
