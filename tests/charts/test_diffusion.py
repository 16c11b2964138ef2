"""Shares by year on two scales: what is drawn, how the scales name shares, and how lines keep their names apart."""

import pytest
from charting import LEDGER, drawn, figure, marks, overlaps, some, spec, views

from analysis import charts
from analysis.charts.scales import logit, percent
from analysis.errors import MetricError

WORDS = {"title": "T", "subtitle": "S"}


def share(value, year, market="japan", metric="adoption", **other):
    return figure(metric, value, "share", year=year, market_id=market, entity_id=market, **other)


TWO = some(share(0.1, 2023, "china"), share(0.5, 2024, "china"), share(0.02, 2024))


def test_both_panels_draw_the_shares_and_the_second_their_logits():
    chart = charts.adoption(TWO, LEDGER, **WORDS)
    plain, logits = [mark["rows"] for mark in marks(chart, "line")]
    assert [(row["market"], row["year"], row["share"], row["y"]) for row in plain] == [
        ("China", 2023, 0.1, 0.1),
        ("China", 2024, 0.5, 0.5),
        ("Japan", 2024, 0.02, 0.02),
    ]
    # ln(0.1 / 0.9) = -2.1972, ln(0.5 / 0.5) = 0, ln(0.02 / 0.98) = -3.8918
    assert [row["y"] for row in logits] == [-2.1972, 0.0, -3.8918]


def test_each_line_is_named_at_its_end_with_its_latest_share():
    words = [row["text"] for row in drawn(charts.adoption(TWO, LEDGER, **WORDS), "text") if "text" in row]
    assert words.count("China") == words.count("Japan") == 2  # once in each panel
    assert "2024: 50%" in words
    assert "2024: 2%" in words


def test_a_share_of_nothing_or_everything_has_no_place_on_the_logit_scale():
    chart = charts.adoption(some(share(0.0, 2023), share(0.5, 2024), share(1.0, 2025)), LEDGER, **WORDS)
    plain, logits = [mark["rows"] for mark in marks(chart, "line")]
    assert [row["share"] for row in plain] == [0.0, 0.5, 1.0]
    assert [row["share"] for row in logits] == [0.5]
    alone = charts.adoption(some(share(0.0, 2023)), LEDGER, **WORDS)
    assert len(marks(alone, "line")) == 1
    assert drawn(alone, "text", text="0% and 100% have no place on it")


def test_what_is_projected_is_hollow_and_joined_to_the_last_share_by_dots():
    projected = some(
        share(0.82, 2030, "china", "adoption_projection", basis="forecast", qualifier="about"),
        share(0.4, 2030, "norway", "adoption_projection", basis="forecast"),
    )
    chart = charts.adoption(TWO, LEDGER, **WORDS, projected=projected)
    hollow = [mark for mark in marks(chart, "point") if mark["mark"].get("fill") == "white"]
    # Norway was not observed.
    assert [(row["market"], row["year"], row["share"]) for row in hollow[0]["rows"]] == [("China", 2030, 0.82)]
    dotted = [mark for mark in marks(chart, "line") if "strokeDash" in mark["mark"]]
    assert [(row["year"], row["share"]) for row in dotted[0]["rows"]] == [(2024, 0.5), (2030, 0.82)]
    assert "China 2030: about 82% projected; Japan 2024: 2%. Hollow: projected. Source:" in spec(chart)["description"]
    assert drawn(chart, "text", text="2030: about 82%")


def test_a_curve_is_dashed_over_its_band_and_goes_on_beyond_the_shares():
    ends = [("diffusion_curve", 0.3), ("diffusion_low", 0.2), ("diffusion_high", 0.45)]
    curves = some(*(share(value, year, "china", metric) for year in (2024, 2026) for metric, value in ends))
    chart = charts.adoption(TWO, LEDGER, **WORDS, curves=curves)
    band = marks(chart, "area")[0]["rows"]
    assert [(row["year"], row["share"], row["low"], row["high"]) for row in band] == [
        (2024, 0.3, 0.2, 0.45),
        (2026, 0.3, 0.2, 0.45),
    ]
    assert "Dashed: curve fitted to the shares. Shaded: the band around it." in spec(chart)["description"]
    assert views(spec(chart))[0]["layer"][0]["encoding"]["x"]["scale"]["domain"] == [2022.5, 2026.5]


@pytest.mark.parametrize("gap", [0.0, 0.001, 0.1])
def test_eight_markets_keep_their_names_apart(gap):
    markets = ["china", "congo", "bosnia", "us", "norway", "sweden", "korea", "india"]
    rows = [share(round(0.1 + gap * n + 0.01 * y, 4), 2020 + y, m) for n, m in enumerate(markets) for y in range(4)]
    projected = [share(round(0.15 + gap * n, 4), 2030, m, "adoption_projection") for n, m in enumerate(markets)]
    chart = charts.adoption(some(*rows), LEDGER, **WORDS, projected=some(*projected))
    assert overlaps(chart) == []
    shapes = marks(chart, "point")[0]["encoding"]["shape"]["scale"]["range"]
    assert len(set(shapes)) == 8  # colours may not be seen


def test_what_cannot_be_drawn_is_refused():
    with pytest.raises(MetricError, match="adoption in points: expected shares"):
        charts.adoption(some(figure("adoption", 2, "points", year=2024, market_id="japan")), LEDGER, **WORDS)
    with pytest.raises(MetricError, match="2 shares of Japan in 2024: a line passes through one"):
        charts.adoption(some(share(0.1, 2024), share(0.2, 2024)), LEDGER, **WORDS)
    nine = ["china", "congo", "bosnia", "us", "norway", "sweden", "korea", "india", "thailand"]
    with pytest.raises(MetricError, match="adoption of 9 markets: at most 8"):
        charts.adoption(some(*(share(0.1, 2024, market) for market in nine)), LEDGER, **WORDS)


def test_a_percent_scale_ends_at_the_first_round_share_that_holds_all():
    assert percent([0.02, 0.53]).named == (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6)
    assert percent([0.97]).named == (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
    assert percent([0.0]).high == 0.01


def test_a_logit_scale_names_a_share_beyond_either_end():
    assert logit([0.14, 0.15]).named == (0.1, 0.2)
    # From 0.1% (-6.91) to 99% (4.60), with 0.2 at either end: 11.9, of which a label takes a sixteenth, 0.74.
    # 2% is at -3.89 and 0.70 above 1%, so there is no room; 5% is at -2.94 and 0.75 below 10%.
    assert logit([0.002, 0.97]).named == (0.001, 0.01, 0.05, 0.1, 0.2, 0.5, 0.8, 0.9, 0.95, 0.99)
    assert logit([0.0, 1.0]).named == (0.5,)
