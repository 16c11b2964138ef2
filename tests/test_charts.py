"""Charts: what they show, what stands for them where they cannot be seen, and that they ask nobody for anything."""

import json
import os
import subprocess
import sys

import polars as pl
import pytest
from conftest import ROOT

from analysis import Ledger, charts
from analysis.charts import SVG_MIME, VEGALITE_MIME
from analysis.errors import MetricError
from analysis.exhibits import Exhibit
from analysis.metrics import investments, market_share, targets


@pytest.fixture(scope="module")
def ledger():
    return Ledger.load(ROOT / "data").as_of()


@pytest.fixture(scope="module")
def shown(ledger):
    gap = market_share.adoption_gap(ledger.claims, leader="china", follower="japan").filter(pl.col("unit") == "share")
    share = market_share.model_share(ledger.claims, model="sakura", market="japan")
    years = market_share.share_series(ledger.claims, series_id="bev_share_of_sales")
    dates = targets.milestones(ledger.claims, as_of=ledger.known)
    return {
        "bars": charts.bars(gap, ledger, title="EVs take {leader_share}", subtitle="Percent"),
        "whole": charts.whole(share, ledger, title="{printed_share}", subtitle="Percent", part_name="It", rest_name="Rest"),
        "lines": charts.lines(years, ledger, subtitle="Percent"),
        "timeline": charts.timeline(
            dates, ledger, title="{slippage.start_of_production.canton.us}", subtitle="Periods", horizon_year=2034
        ),
    }


def bundle(chart) -> dict:
    made = chart._repr_mimebundle_()
    return made[0] if isinstance(made, tuple) else made


@pytest.mark.parametrize("name", ["bars", "whole", "lines", "timeline"])
def test_a_chart_is_shown_as_specification_picture_and_description(shown, name):
    made = bundle(shown[name])
    assert list(made) == [VEGALITE_MIME, SVG_MIME, "text/plain"]
    assert made[SVG_MIME].startswith("<svg")
    assert "/vega-lite/v6" in made[VEGALITE_MIME]["$schema"]
    assert made["text/plain"] == made[VEGALITE_MIME]["description"]
    assert "Source: " in made["text/plain"]


@pytest.mark.parametrize("name", ["bars", "whole", "lines", "timeline"])
def test_a_picture_asks_for_nothing_and_the_same_chart_gives_the_same_bytes(shown, name):
    made = bundle(shown[name])
    for word in ("http:", "https:", "url(http", "<script", "<image"):
        assert word not in made[SVG_MIME].replace("http://www.w3.org/", "")
    assert json.dumps(made) == json.dumps(bundle(shown[name]))


def test_finding_source_and_values_are_written_in_the_picture(shown):
    svg = bundle(shown["bars"])[SVG_MIME]
    for text in ("EVs take about 20%", ">about 20%<", ">2%<", ">China<", "15 March 2024"):
        assert text in svg


def test_the_description_holds_every_value_shown(shown):
    text = bundle(shown["lines"])["text/plain"]
    assert text.startswith("European Union (27): 13.6% in 2024; Japan: 2.22% in 2023 ")  # the finding
    for value in ("2020: 5.3%", "2023: 14.6%", "Japan 2022: 1.71%", "Japan 2023: 2.22%"):
        assert value in text


def test_the_rest_of_a_whole_is_what_is_left(shown):
    assert "It: 42%; Rest: 58%" in bundle(shown["whole"])["text/plain"]


def test_a_timeline_shows_what_was_printed_first_only_where_it_moved(shown):
    text = bundle(shown["timeline"])["text/plain"]
    assert "Canton plant, Mississippi: start of production: 2025 (printed first)" in text
    assert "Canton plant, Mississippi: start of production: 2028 (withdrawn) (printed last)" in text
    assert "In-house kei EV production: start of production: from April 2028 (rumour)" in text
    assert text.count("(printed first)") == 1
    assert "carbon neutrality" not in text  # beyond the horizon


def test_investments_are_drawn_by_purpose(ledger):
    rows = investments.amounts(ledger.claims, rate_id="fx-usdjpy-2021-11").filter(pl.col("metric") == "investment_usd")
    text = bundle(charts.bars(rows, ledger, title="T", subtitle="S"))["text/plain"]
    assert "Nissan Ambition 2030: $17.549 billion; SK On battery supply: $661 million" in text


def test_a_picture_is_the_same_in_every_time_zone():
    code = (
        "import hashlib; from analysis import Ledger, charts; from analysis.metrics import targets;"
        "v = Ledger.load().as_of(); d = targets.milestones(v.claims, as_of=v.known);"
        "c = charts.timeline(d, v, title='T', subtitle='S', horizon_year=2034);"
        "print(hashlib.sha256(c._repr_mimebundle_()['image/svg+xml'].encode()).hexdigest())"
    )
    seen = {
        subprocess.run(
            [sys.executable, "-c", code], env=os.environ | {"TZ": zone}, cwd=ROOT, capture_output=True, text=True, check=True
        ).stdout
        for zone in ("UTC", "America/New_York", "Europe/Berlin")
    }
    assert len(seen) == 1


def test_bars_of_two_units_have_no_axis_in_common(ledger):
    gap = market_share.adoption_gap(ledger.claims, leader="china", follower="japan")
    with pytest.raises(MetricError, match="no axis in common"):
        charts.bars(gap, ledger, title="T", subtitle="S")


def test_nothing_known_gives_a_note_instead_of_an_empty_chart(ledger):
    none = market_share.adoption_gap(ledger.claims.clear(), leader="china", follower="japan")
    for chart in (
        charts.bars(none, ledger, title="{leader_share}", subtitle="S"),
        charts.whole(none, ledger, title="T", subtitle="S", part_name="a", rest_name="b"),
        charts.lines(none, ledger, subtitle="S"),
        charts.timeline(none, ledger, title="T", subtitle="S", horizon_year=2030),
    ):
        assert isinstance(chart, Exhibit)
        assert chart.text.startswith("Not known")
