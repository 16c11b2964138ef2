"""What batteries cost: prices by year as surveys print them, the trend through them, and what they are to cost."""

from collections.abc import Mapping
from itertools import pairwise

import altair as alt
import polars as pl

from analysis.charts.marks import at, written
from analysis.charts.price_ground import DASH, HEIGHT, LEFT, Ground, around, labels, ranges
from analysis.charts.theme import Shown, finished, layered, tips, told_apart, unchecked
from analysis.charts.years import due
from analysis.errors import MetricError
from analysis.exhibits import not_known, source_line
from analysis.ledger import Ledger
from analysis.look import GREY, ORANGE
from analysis.units import period_label
from analysis.wording import figure_in_words, fill

_UNIT, _WORDS = "USD_per_kWh", " per kWh"


@unchecked
def cost_path(
    prices: pl.DataFrame,
    ledger: Ledger,
    /,
    *,
    title: str,
    subtitle: str,
    trend: pl.DataFrame | None = None,
    targets: pl.DataFrame | None = None,
    names: Mapping[str, str] | None = None,
    **words: str,
) -> Shown:
    """Prices by year as a line, the trend through them with its band, and targets where they fall due.

    A price of a year stands in the year's middle, a target at its period's end. Where surveys restate a year, every price
    is drawn and a rule joins them; the line runs through the one given last. Where the dearest price is more than 5 times the
    cheapest, the scale is logarithmic.

    Args:
        prices: figures `pack_price` (USD per kWh) of years, a line for each entity; the title may use its other figures.
        ledger: where names and the source note come from.
        title, subtitle, words: as for `bars`.
        trend: figures `price_trend`, and `price_low` and `price_high` for its band.
        targets: figures `battery_cost`: a diamond where dated, and a short line at the right edge, named later, where not.
        names: metric -> what it is called.

    Raises:
        MetricError: for figures in another unit, and more than 8 lines.
    """
    frames = [frame for frame in (prices, trend, targets) if frame is not None]
    finding, missing = fill(title, pl.concat(frames).unique(maintain_order=True), **words)
    drawn = zip((prices, trend, targets), _DRAWN, strict=True)
    used = pl.concat([frame.filter(pl.col("metric").is_in(metrics)) for frame, metrics in drawn if frame is not None])
    used = used.filter(pl.col("period_start").is_not_null() | (pl.col("metric") == "battery_cost"))
    if missing or used.filter(pl.col("metric") == "pack_price").is_empty():
        return not_known([finding])
    if set(used["unit"]) != {_UNIT}:
        raise MetricError(f"prices in {', '.join(sorted(set(used['unit'])))}: expected {_UNIT}")
    called = dict(_CALLED) | dict(names or {})
    points, line, aims = _points(used, ledger, called), _trend(used), _targets(used, called)
    ground = around(points, line, aims)
    layers = [*_drawn_trend(line, ground), *_drawn_prices(points, ground), *_drawn_targets(aims, ground)]
    layers += labels(points, line, aims, ground, called)
    layers += written([{"x": -LEFT, "y": -18, "text": ground.name, "ink": GREY}], size=11, halo=False)
    told = [f"{row['name']} {row['year']}: {row['shown']}" for row in points] + [row["label"] for row in aims]
    source = source_line(ledger, used)
    key = "Dashed: trend; shaded: the band around it. " if any(row["low"] for row in line) else ""
    key += "Dotted: over years of which no price is held." if _has_gaps(points) else ""
    return finished(
        layered(*layers),
        HEIGHT,
        finding,
        subtitle,
        f"Line chart. {'; '.join(told)}",
        source,
        left=LEFT,
        right=ground.right,
        key=key,
    )


_DRAWN = [["pack_price"], ["price_trend", "price_low", "price_high"], ["battery_cost"]]
_CALLED = {"pack_price": "Price", "price_trend": "Trend", "battery_cost": "Target"}


def _few(row: dict) -> str:
    return figure_in_words(row).removesuffix(_WORDS)


def _points(figures: pl.DataFrame, ledger: Ledger, called: Mapping[str, str]) -> list[dict]:
    """Every price, line by line and year by year; `is_last` is the one that the line runs through."""
    rows = figures.filter(pl.col("metric") == "pack_price").to_dicts()
    entities = list(dict.fromkeys(row["entity_id"] for row in rows))
    rows.sort(key=lambda row: (entities.index(row["entity_id"]), row["period_start"]))
    made = [
        {
            "name": called["pack_price"] if len(entities) == 1 else ledger.name(row["entity_id"]),
            "year": row["period_start"].year,
            "x": row["period_start"].year + 0.5,
            "value": row["value"],
            "shown": figure_in_words(row),
            "figure_id": row["figure_id"],
            "few": _few(row),
            "line": entities.index(row["entity_id"]),
        }
        for row in rows
    ]
    last = {(row["line"], row["year"]): place for place, row in enumerate(made)}
    return [row | {"is_last": last[row["line"], row["year"]] == place} for place, row in enumerate(made)]


def _trend(figures: pl.DataFrame) -> list[dict]:
    """The trend by year, with its band where there is one."""
    found: dict[int, dict] = {}
    for row in figures.filter(pl.col("metric").is_in(_DRAWN[1])).sort("period_start", maintain_order=True).to_dicts():
        here = found.setdefault(row["period_start"].year, {"trend": None, "low": None, "high": None})
        here[row["metric"].removeprefix("price_")] = row["value"]
    return [{"x": year + 0.5, "year": year, **row} for year, row in found.items() if row["trend"] is not None]


def _targets(figures: pl.DataFrame, called: Mapping[str, str]) -> list[dict]:
    """The targets, each with where it stands: at its period's end, or nowhere where it has none."""
    made = []
    for row in figures.filter(pl.col("metric") == "battery_cost").to_dicts():
        is_dated = row["period_end"] is not None
        when = period_label(row["period_start"], row["period_end"]) if is_dated else "later"
        place = due(row["period_end"]) if is_dated else None
        told = {"name": called["battery_cost"], "when": when, "shown": figure_in_words(row), "figure_id": row["figure_id"]}
        made.append({"x": place, "value": row["value"], "label": f"{told['name']}, {when}: {_few(row)}", **told})
    return made


def _drawn_trend(line: list[dict], ground: Ground) -> list[alt.Chart]:
    if not line:
        return []
    dashes = alt.Chart(pl.DataFrame(line)).mark_line(color=GREY, strokeDash=[5, 4], strokeWidth=1.6, clip=True)
    layers = [dashes.encode(**ground.encoded("trend"))]
    # Where a band reaches below what the scale holds it is cut there: no price is below zero, and none has a log.
    bands = [row | {"low": max(row["low"], ground.low)} for row in line if row["low"] is not None and row["high"] is not None]
    if bands:
        area = alt.Chart(pl.DataFrame(bands)).mark_area(color=GREY, opacity=0.13, clip=True)
        layers.insert(0, area.encode(**ground.encoded("low"), y2=alt.Y2("high:Q")))
    return layers


def _drawn_prices(points: list[dict], ground: Ground) -> list[alt.Chart]:
    lines = max(row["line"] for row in points) + 1
    colour, shape = told_apart("line", range(lines), f"prices of {lines} kinds")
    tooltip = tips(name="What", year="Year", shown="Price")
    base = alt.Chart(pl.DataFrame(points)).encode(**ground.encoded(), color=colour, tooltip=tooltip)
    points_ = base.mark_point(filled=True, size=42, opacity=1).encode(shape=shape)
    layers = [*_drawn_lines(points, ground, colour), points_]
    if several := ranges(points):
        rules = alt.Chart(pl.DataFrame(several)).mark_rule(strokeWidth=1.4)
        layers.insert(0, rules.encode(**ground.encoded("low"), y2=alt.Y2("high:Q"), color=colour))
    return layers


def _steps(points: list[dict]) -> list[tuple[dict, dict]]:
    """From each price that a line runs through to the next."""
    return [(a, b) for a, b in pairwise(row for row in points if row["is_last"]) if a["line"] == b["line"]]


def _has_gaps(points: list[dict]) -> bool:
    return any(b["year"] - a["year"] > 1 for a, b in _steps(points))


def _drawn_lines(points: list[dict], ground: Ground, colour: alt.Color) -> list[alt.Chart]:
    """From year to year as a line; over years of which no price is known thin and dotted."""
    layers = []
    for near, look in ((True, {"strokeWidth": 2.4}), (False, {"strokeWidth": 1.2, "strokeDash": [1, 3]})):
        ends = [
            (n, row)
            for n, pair in enumerate(_steps(points))
            if (pair[1]["year"] - pair[0]["year"] == 1) == near
            for row in pair
        ]
        if ends:
            rows = [{"step": n, "x": row["x"], "value": row["value"], "line": row["line"]} for n, row in ends]
            way = alt.Chart(pl.DataFrame(rows)).mark_line(strokeCap="round", **look)
            layers.append(way.encode(**ground.encoded(), color=colour, detail=alt.Detail("step:N")))
    return layers


def _drawn_targets(aims: list[dict], ground: Ground) -> list[alt.Chart]:
    layers, tooltip = [], tips(name="What", when="When", shown="Cost")
    if dated := [row for row in aims if row["x"] is not None]:
        diamonds = alt.Chart(pl.DataFrame(dated)).mark_point(
            shape="diamond", size=110, color=ORANGE, fill="white", strokeWidth=2, opacity=1
        )
        layers.append(diamonds.encode(**ground.encoded(), tooltip=tooltip))
    if later := [row for row in aims if row["x"] is None]:
        dashes = [
            row | {"x": ground.wide - DASH, "x2": ground.wide, "y": round(ground.place(0, row["value"])[1], 1)} for row in later
        ]
        rules = alt.Chart(pl.DataFrame(dashes)).mark_rule(color=ORANGE, strokeWidth=2.4)
        layers.append(rules.encode(**at(), x2=alt.X2("x2:Q"), tooltip=tooltip))
    return layers
