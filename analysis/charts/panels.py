"""Small multiples: the same bars by year for one market or maker beside another."""

from collections import Counter
from collections.abc import Mapping
from math import ceil, floor, log10

import altair as alt
import polars as pl

from analysis.charts.lettering import LINE, spread, width, wrapped
from analysis.charts.marks import at, in_a_row, written
from analysis.charts.theme import WIDTH, Panels, Shown, headed, layered, noted, tips, unchecked
from analysis.charts.years import ticks
from analysis.errors import MetricError
from analysis.exhibits import not_known, source_line
from analysis.ledger import Ledger
from analysis.look import BLUE, GREY, ORANGE
from analysis.units import DIMENSIONS
from analysis.wording import figure_in_words, fill, in_words

_FILLS = [BLUE, "#9cc7e2", ORANGE, "#f2bd94", GREY, "#c5ccd2"]
"""Dark and light in turn: neighbours differ in print too."""

_HEIGHT, _GAP, _WORDS = 120, 18, 8
"""Pixels: of a panel's ground, between panels, and from a bar to its value."""


@unchecked
def multiples(
    figures: pl.DataFrame, ledger: Ledger, /, *, title: str, subtitle: str, names: Mapping[str, str], **words: str
) -> Shown:
    """One small chart for each entity: bars by year, one above another, on one scale; the latest values written beside them.

    Args:
        figures: figures in one unit with calendar or fiscal years, the entities in the order shown. A year without a figure
            stays empty. The title may use other figures.
        ledger: where names and the source note come from.
        title, subtitle, words: as for `bars`.
        names: metric -> what it is called, in the order of the bars; figures of other metrics are left out.

    Raises:
        MetricError: for figures of two units, two of one entity, metric and year, and more than 6 metrics.
    """
    finding, missing = fill(title, figures, **words)
    used = figures.filter(pl.col("metric").is_in(list(names))).drop_nulls(["period_start", "value"])
    if missing or used.is_empty():
        return not_known([finding])
    rows = _bars(used, ledger, names)
    entities = list(dict.fromkeys(row["entity"] for row in rows))
    steps = _steps(rows)
    columns = {1: 1, 2: 2, 4: 2}.get(len(entities), 3)
    axis = 8 + round(max(width(_few(step, used["unit"][0])) for step in steps))
    beside = _WORDS + 4 + round(max(width(row["few"], bold=True) for row in rows))
    wide = (WIDTH - axis - beside - (columns - 1) * (beside + _GAP)) // columns
    titles = {entity: wrapped(entity, wide + beside, bold=True) for entity in entities}
    tall = LINE * max(len(lines) for lines in titles.values())
    panels = [
        _panel([row for row in rows if row["entity"] == entity], titles[entity], steps, (wide, tall), rows)
        for entity in entities
    ]
    for place in range(0, len(panels), columns):
        panels[place].append(layered(*_named_steps(steps, used["unit"][0])))
    keys = {row["name"]: row["fill"] for row in sorted(rows, key=lambda row: list(names.values()).index(row["name"]))}
    if len(keys) > 1:
        panels[0].append(layered(*_key(keys, -axis, -tall - 26)))
    source = source_line(ledger, used)
    panels[(len(panels) - 1) // columns * columns].append(noted([source], -axis, _HEIGHT + 32))
    told = "; ".join(f"{row['entity']}, {row['name']} {row['year']}: {row['shown']}" for row in rows)
    charts = [layered(*layers, width=wide, height=_HEIGHT) for layers in panels]
    heading = headed(finding, subtitle, f"Small multiples. {told}. {source}")
    spacing = {"row": tall + 46, "column": beside + _GAP}
    return Panels(concat=charts, columns=columns, spacing=spacing, bounds="flush", **heading)


def _bars(figures: pl.DataFrame, ledger: Ledger, names: Mapping[str, str]) -> list[dict]:
    """The bars with their places, entity by entity as given, then by year, then in the order of the names."""
    if len(units := sorted(set(figures["unit"]))) > 1:
        raise MetricError(f"bars of {', '.join(units)} have no axis in common")
    drawn = [metric for metric in names if metric in set(figures["metric"])]
    if len(drawn) > len(_FILLS):
        raise MetricError(f"{len(drawn)} metrics: at most {len(_FILLS)} bars of a year can be told apart")
    order = list(dict.fromkeys(figures["entity_id"]))
    given = figures.to_dicts()
    given.sort(key=lambda row: (order.index(row["entity_id"]), row["period_start"], drawn.index(row["metric"])))
    above: dict[tuple, float] = {}
    rows = []
    for row in given:
        year, value, place = row["period_start"].year, row["value"], drawn.index(row["metric"])
        key = (row["entity_id"], year, value < 0)
        low = above.get(key, 0.0)
        above[key] = low + value
        rows.append(
            {
                "entity": ledger.name(row["entity_id"]),
                "name": names[row["metric"]],
                "year": year,
                "value": value,
                "shown": figure_in_words(row),
                "figure_id": row["figure_id"],
                "few": _few(value, row["unit"]),
                "x": year - 0.4,
                "x2": year + 0.4,
                "low": low,
                "high": low + value,
                "fill": _FILLS[place],
            }
        )
    for (entity, name, year), count in Counter((row["entity"], row["name"], row["year"]) for row in rows).items():
        if count > 1:
            raise MetricError(f"{count} figures of {entity}, {name}, {year}: a bar has one height")
    return rows


def _steps(rows: list[dict]) -> list[float]:
    """Round values for an upright scale that holds all bars and zero."""
    ends = [end for row in rows for end in (row["low"], row["high"])]
    low, high = min(0.0, *ends), max(0.0, *ends)
    rough = (high - low) / 3 or 1.0
    unit = 10.0 ** floor(log10(rough))
    step = next(unit * n for n in (1, 2, 2.5, 5, 10) if unit * n >= rough * 0.85)
    return [round(step * n, 9) for n in range(floor(round(low / step, 6)), max(1, ceil(round(high / step, 6))) + 1)]


def _few(value: float, unit: str) -> str:
    """A value in as few letters as can be: `11.3m` cars, `$17.5bn`, `58,374`; its unit stands in the subtitle."""
    if DIMENSIONS[unit] == "money":
        words = in_words(float(f"{value:.3g}"), unit)
        return words.replace(" trillion", "trn").replace(" billion", "bn").replace(" million", "m")
    if DIMENSIONS[unit] == "share":
        return in_words(float(f"{value:.3g}"), unit)
    if abs(value) >= 1e6:
        return f"{float(f'{value / 1e6:.3g}'):,g}m"
    return in_words(value, unit).split(" ")[0]


def _panel(rows: list[dict], title: list[str], steps: list[float], size: tuple[int, int], every: list[dict]) -> list[alt.Chart]:
    """The layers of one entity's chart: its bars, its name above, its latest values at their right."""
    wide, tall = size
    first, last = min(row["year"] for row in every) - 0.5, max(row["year"] for row in every) + 0.5
    named = ticks(first, last, wide)
    years = named if len(named) > 2 else sorted({int(first + 0.5), int(last - 0.5)})
    axis = alt.Axis(format="d", values=years, grid=False, labelFlush=False, ticks=False, domain=False)
    grid = alt.Axis(values=steps, labels=False, ticks=False, domain=False)
    x = alt.X("x:Q", title=None, axis=axis, scale=alt.Scale(domain=[first, last], nice=False))
    y = alt.Y("low:Q", title=None, axis=grid, scale=alt.Scale(domain=[steps[0], steps[-1]], nice=False))
    tooltip = tips(entity="Whose", name="What", year="Year", shown="Figure")
    bars = (
        alt.Chart(pl.DataFrame(rows))
        .mark_bar()
        .encode(x=x, x2=alt.X2("x2:Q"), y=y, y2=alt.Y2("high:Q"), color=alt.Color("fill:N", scale=None), tooltip=tooltip)
    )
    latest = [row for row in rows if row["year"] == rows[-1]["year"]]

    def pixel(value: float) -> float:
        return _HEIGHT * (steps[-1] - value) / (steps[-1] - steps[0])

    levels = [pixel((row["low"] + row["high"]) / 2 if len(latest) > 1 else row["high"]) for row in latest]
    tops = spread([level - LINE / 2 for level in levels], [LINE] * len(levels), low=-6, high=_HEIGHT + 1)
    right = wide * (max(row["x2"] for row in latest) - first) / (last - first) + _WORDS
    values = [{"x": right, "y": top + LINE / 2, "text": row["few"]} for top, row in zip(tops, latest, strict=True)]
    heads = [{"x": 0, "y": -tall - 2 + LINE * (n + 0.5), "text": line} for n, line in enumerate(title)]
    zero = alt.Chart(pl.DataFrame({"low": [0.0]})).mark_rule(color=GREY, strokeWidth=1).encode(y=y)
    return [bars, zero, *written(values, bold=True), *written(heads, bold=True, halo=False)]


def _named_steps(steps: list[float], unit: str) -> list[alt.Chart]:
    span = steps[-1] - steps[0]
    rows = [{"x": -6, "y": _HEIGHT * (steps[-1] - step) / span, "text": _few(step, unit)} for step in steps]
    return written(rows, align="right", halo=False)


def _key(fills: Mapping[str, str], x: float, y: float) -> list[alt.Chart]:
    """What the shades of the bars stand for, in one row above the charts."""
    words = in_a_row(fills, x=x + 5, y=y, gap=23)
    squares = [{"x": row["at"], "y": y, "ink": fills[row["text"]]} for row in words]
    marks = alt.Chart(pl.DataFrame(squares)).mark_point(shape="square", filled=True, size=100, opacity=1)
    return [marks.encode(**at(), color=alt.Color("ink:N", scale=None)), *written(words, halo=False)]
