"""Figures as Altair charts: one theme for print and screen, direct labels, the finding as title, a source note beneath.

Charts are ordinary `altair.Chart` objects and can be altered further. Importing this module registers the theme and
a renderer that shows Vega-Lite JSON, SVG and the chart's description; it asks no server for anything.
"""

import textwrap
from calendar import isleap
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import altair as alt
import polars as pl
import vl_convert

from analysis.errors import MetricError
from analysis.exhibits import Exhibit, not_known, source_line
from analysis.ledger import Ledger
from analysis.typeface import FOLDERS, JAPANESE, LATIN
from analysis.units import day_label, period_label
from analysis.wording import figure_in_words, fill, in_words

FONT = f"{LATIN}, {JAPANESE}, sans-serif"
VEGALITE_MIME = "application/vnd.vegalite.v6+json"
SVG_MIME = "image/svg+xml"

BLUE, ORANGE, GREY, LIGHT, INK = "#0072b2", "#d55e00", "#5f6b76", "#c9d2da", "#1d2730"
SERIES = [BLUE, ORANGE, "#009e73", "#cc79a7", "#b8860b", "#56b4e9", INK]
"""Okabe and Ito's colours, which no common colour blindness confuses (their yellow darkened for white paper)."""

_WIDTH, _ROW = 700, 36
_TITLE_CHARACTERS, _NOTE_CHARACTERS = 92, 118
_LABEL_CHARACTER, _LABEL_MAX = 6.6, 270
"""Pixels: the whole chart and one bar of it; characters of a line; pixels of a label's character and of a label."""

for _folder in FOLDERS:
    vl_convert.register_font_directory(_folder)


@alt.theme.register("evroad", enable=True)
def _theme() -> alt.theme.ThemeConfig:
    text = {"labelFont": FONT, "titleFont": FONT, "labelFontSize": 12, "titleFontSize": 12, "titleFontWeight": "normal"}
    axis = {"labelColor": INK, "titleColor": GREY, "domainColor": LIGHT, "tickColor": LIGHT, "gridColor": "#e8ecef"}
    return {
        "config": {
            "font": FONT,
            "background": "white",
            "view": {"stroke": None},
            "axis": {**text, **axis, "labelLimit": 260},
            "title": {
                "font": FONT,
                "fontSize": 15,
                "fontWeight": "bold",
                "color": INK,
                "subtitleFont": FONT,
                "subtitleFontSize": 12,
                "subtitleColor": GREY,
                "anchor": "start",
                "frame": "bounds",
                "offset": 14,
            },
            "text": {"font": FONT, "fontSize": 12, "color": INK},
            "legend": {**text, "labelColor": INK, "titleColor": GREY},
        }
    }


def _renderer(spec: dict[str, Any], **_: object) -> dict[str, Any]:
    description = spec.get("description", "Chart without a description")
    return {VEGALITE_MIME: spec, SVG_MIME: vl_convert.vegalite_to_svg(spec), "text/plain": description}


alt.renderers.register("evroad", _renderer)
alt.renderers.enable("evroad")

PLANNED = ["milestone", "withdrawn_milestone"]

Shown = alt.Chart | alt.LayerChart | Exhibit


def bars(
    figures: pl.DataFrame, ledger: Ledger, /, *, title: str, subtitle: str, names: Mapping[str, str] | None = None, **words: str
) -> Shown:
    """One horizontal bar for each figure, from zero, with its value written at its end.

    Args:
        figures: rows of figures in one unit; the first one is set off by colour.
        ledger: where the source note comes from.
        title: the finding, with `{figure_id}` or `{metric}` for figures and `$name` for words.
        subtitle: what is shown, with its unit.
        names: metric -> name of its bar; where none are given, what sets the figures apart: entity, period, or label.
        words: plain words by name.
    """
    finding, missing = fill(title, figures, **words)
    if missing or figures.is_empty():
        return not_known(missing or [title])
    if figures["unit"].n_unique() > 1:
        raise MetricError(f"bars of {', '.join(figures['unit'].unique().cast(pl.String))} have no axis in common")
    rows = [
        {"name": name, "value": row["value"], "shown": figure_in_words(row), "first": place == 0}
        for place, (name, row) in enumerate(zip(_names(figures, ledger, names or {}), figures.to_dicts(), strict=True))
    ]
    base = alt.Chart(pl.DataFrame(rows)).encode(
        y=_lanes([row["name"] for row in rows]),
        x=alt.X("value:Q", axis=None, scale=alt.Scale(domainMin=0, domainMax=1.3 * max(row["value"] for row in rows) or 1)),
        tooltip=[alt.Tooltip("name:N", title="What"), alt.Tooltip("shown:N", title="Figure")],
    )
    colour = alt.when("datum.first").then(alt.value(BLUE)).otherwise(alt.value(GREY))
    marks = base.mark_bar(height=22).encode(color=colour)
    labels = base.mark_text(align="left", dx=6, fontWeight="bold").encode(text="shown:N")
    said = "; ".join(f"{row['name']}: {row['shown']}" for row in rows)
    left = _label_width(row["name"] for row in rows)
    note = source_line(ledger, figures)
    return _finished(marks + labels, len(rows) * _ROW, finding, subtitle, f"Bar chart. {said}", note, left=left, below=8)


def whole(
    part: pl.DataFrame, ledger: Ledger, /, *, title: str, subtitle: str, part_name: str, rest_name: str, **words: str
) -> Shown:
    """One bar for a whole, divided into the part that a share figure gives and the rest.

    Args:
        part: figures that hold one share (0 to 1) as their first row; the title may use the others.
        ledger: where the source note comes from.
        title, subtitle, words: as for `bars`.
        part_name, rest_name: names of the two parts.
    """
    finding, missing = fill(title, part, **words)
    if missing or part.is_empty():
        return not_known(missing or [title])
    first = part.row(0, named=True)
    share = first["value"]
    rest = in_words(1 - share, "share", first["qualifier"] if first["qualifier"] in ("exact", "about") else "about")
    rows = pl.DataFrame(
        {
            "name": [part_name, rest_name],
            "start": [0.0, share],
            "end": [share, 1.0],
            "shown": [f"{part_name}: {figure_in_words(first)}", f"{rest_name}: {rest}"],
            "ink": ["white", INK],
        }
    )
    base = alt.Chart(rows).encode(
        x=alt.X("start:Q", axis=None, scale=alt.Scale(domain=[0, 1])), tooltip=alt.Tooltip("shown:N", title="Part")
    )
    colours = alt.Color("name:N", scale=alt.Scale(domain=[part_name, rest_name], range=[BLUE, LIGHT]), legend=None)
    marks = base.mark_bar(height=40).encode(x2="end:Q", color=colours)
    labels = base.mark_text(align="left", dx=8, fontWeight="bold").encode(text="shown:N", color=alt.Color("ink:N", scale=None))
    said = "; ".join(rows["shown"])
    return _finished(
        marks + labels, 56, finding, subtitle, f"Bar divided in two. {said}", source_line(ledger, part.head(1)), below=8
    )


def lines(figures: pl.DataFrame, ledger: Ledger, /, *, subtitle: str) -> Shown:
    """Shares by year, one line for each market, named and valued at its ends; the title tells the latest of each.

    Args:
        figures: share figures (0 to 1) with periods, of one metric.
        ledger: where names and the source note come from.
        subtitle: what is shown, with its unit.
    """
    dated = figures.drop_nulls("period_start").sort("market_id", "period_start")
    if dated.is_empty():
        return not_known([subtitle])
    rows = dated.select(
        pl.col("period_start").dt.year().alias("year"),
        pl.col("market_id").replace_strict({m: ledger.name(m) for m in dated["market_id"].unique()}).alias("market"),
        "value",
        pl.Series("shown", [figure_in_words(row) for row in dated.iter_rows(named=True)]),
    )
    base = alt.Chart(rows).encode(
        x=alt.X("year:Q", title=None, axis=alt.Axis(format="d", values=sorted(rows["year"].unique()), grid=False)),
        y=alt.Y("value:Q", title="Share of new cars", axis=alt.Axis(format="%", tickCount=5), scale=alt.Scale(domainMin=0)),
        color=alt.Color("market:N", scale=alt.Scale(range=SERIES), legend=None),
        tooltip=[
            alt.Tooltip("market:N", title="Market"),
            alt.Tooltip("year:Q", title="Year"),
            alt.Tooltip("shown:N", title="Share"),
        ],
    )
    last = base.transform_window(
        rank="rank()", sort=[alt.SortField("year", order="descending")], groupby=["market"]
    ).transform_filter("datum.rank == 1")
    names = last.mark_text(align="left", dx=8, dy=-6, fontWeight="bold").encode(text="market:N")
    values = last.mark_text(align="left", dx=8, dy=9).encode(text="shown:N")
    chart = base.mark_line(point=alt.OverlayMarkDef(size=45), strokeWidth=2.5) + names + values
    said = "; ".join(f"{row['market']} {row['year']}: {row['shown']}" for row in rows.iter_rows(named=True))
    ends = rows.unique("market", keep="last", maintain_order=True).to_dicts()
    finding = "; ".join(f"{row['market']}: {row['shown']} in {row['year']}" for row in ends)
    return _finished(chart, 220, finding, subtitle, f"Line chart. {said}", source_line(ledger, figures), left=60, right=130)


def timeline(figures: pl.DataFrame, ledger: Ledger, /, *, title: str, subtitle: str, horizon_year: int, **words: str) -> Shown:
    """Planned milestones on a time axis: the period printed last, the one printed first where it was another, and today.

    Args:
        figures: `milestone` and `withdrawn_milestone` figures, and `first_printed` ones for those that moved.
        ledger: where the source note and the as-of day come from.
        horizon_year: the last year shown; milestones that start later are left out.
        title, subtitle, words: as for `bars`.
    """
    finding, missing = fill(title, figures, **words)
    planned = figures.filter(pl.col("metric").is_in(PLANNED))
    if missing or planned.is_empty():
        return not_known(missing or [title])
    moves = [row for row in _moves(figures) if row["start"] < horizon_year + 1]
    if not moves:
        return not_known([title])
    order = list(dict.fromkeys(row["name"] for row in moves))
    base = alt.Chart(pl.DataFrame(moves)).encode(
        y=_lanes(order, grid=True),
        # Decimal years, not dates: Vega reads dates in the machine's time zone, and draws them elsewhere in each.
        x=alt.X("start:Q", title=None, axis=alt.Axis(format="d", tickMinStep=1, tickCount=12), scale=alt.Scale(zero=False)),
        tooltip=[
            alt.Tooltip("name:N", title="What"),
            alt.Tooltip("shown:N", title="When"),
            alt.Tooltip("printed:N", title="Version"),
        ],
    )
    # Hollow where printed first, grey where in doubt: colour alone may not be seen, and words stand beside each.
    spans = base.mark_bar(height=15, strokeWidth=1.5).encode(
        x2="end:Q", color=alt.Color("fill:N", scale=None), stroke=alt.Stroke("ink:N", scale=None)
    )
    last = base.transform_filter(alt.datum.printed == "printed last").encode(x="end:Q", text="shown:N")
    first = base.transform_filter(alt.datum.printed == "printed first").encode(x="middle:Q", text="shown:N")
    beside = {"align": "left", "dx": 6}
    halo = last.mark_text(**beside, stroke="white", strokeWidth=4)  # where a name crosses the as-of line
    ink = alt.Color("ink:N", scale=None)
    labels = halo + last.mark_text(**beside).encode(color=ink) + first.mark_text(fontSize=11).encode(color=ink)
    today = alt.Chart(pl.DataFrame({"day": [_decimal_year(ledger.known)], "name": [f"as of {day_label(ledger.known)}"]}))
    rule = today.mark_rule(color=INK, strokeDash=[3, 3]).encode(x="day:Q")
    named = today.mark_text(align="left", dx=4, color=INK, baseline="bottom").encode(x="day:Q", y=alt.value(-3), text="name:N")
    said = "; ".join(f"{row['name']}: {row['shown']} ({row['printed']})" for row in moves)
    chart = rule + spans + labels + named
    note = source_line(ledger, figures)
    left = _label_width(order)
    return _finished(chart, len(order) * 30, finding, subtitle, f"Timeline. {said}", note, left=left, right=90)


def _moves(figures: pl.DataFrame) -> list[dict]:
    """The spans to draw: each milestone as printed last, and as printed first where that was another period."""
    subject = pl.col("figure_id").str.splitn(".", 2).struct.field("field_1").alias("subject")
    rows = figures.with_columns(subject).to_dicts()
    last = {row["subject"]: row for row in rows if row["metric"] in PLANNED}
    first = {row["subject"]: row for row in rows if row["metric"] == "first_printed"}
    moves = []
    for key, row in last.items():
        doubt = "rumour" if row["basis"] == "rumour" else "withdrawn" if row["metric"] == "withdrawn_milestone" else ""
        ink = GREY if doubt else BLUE
        shown = figure_in_words(row) + (f" ({doubt})" if doubt else "")
        name = _short(row["label"])
        moves.append({"name": name, **_span(row), "printed": "printed last", "shown": shown, "fill": ink, "ink": ink})
        before = first.get(key)
        if before and _span(before) != _span(row):
            hollow = {"printed": "printed first", "shown": figure_in_words(before), "fill": "white", "ink": ORANGE}
            moves.append({"name": name, **_span(before), **hollow})
    return moves


def _span(row: dict) -> dict:
    start, end = _decimal_year(row["period_start"]), _decimal_year(row["period_end"] + timedelta(days=1))
    return {"start": start, "middle": (start + end) / 2, "end": end}


def _decimal_year(day: date) -> float:
    return round(day.year + (day.timetuple().tm_yday - 1) / (366 if isleap(day.year) else 365), 4)


def _short(label: str) -> str:
    """A milestone's name for the lane: `Canton plant, Mississippi: start of production`."""
    what, _, who = label.partition(": ")
    return f"{who.rpartition(', ')[0] or who}: {what[0].lower()}{what[1:]}"


def _names(figures: pl.DataFrame, ledger: Ledger, given: Mapping[str, str]) -> list[str]:
    """The names given for the figures' metrics, or the shortest ones that tell the figures apart."""
    rows = figures.to_dicts()
    if given:
        return [given[row["metric"]] for row in rows]
    entities = [ledger.name(row["entity_id"]) for row in rows]
    periods = [period_label(row["period_start"], row["period_end"]) for row in rows]
    return next((names for names in (entities, periods) if len(set(names)) == len(rows)), [row["label"] for row in rows])


def _label_width(names: Iterable[str]) -> int:
    return min(_LABEL_MAX, round(18 + _LABEL_CHARACTER * max(len(name) for name in names)))


def _lanes(names: Sequence[str], *, grid: bool = False) -> alt.Y:
    """The names at the left, in their own order, taking the same room whatever is drawn beside them."""
    width = _label_width(names)
    axis = alt.Axis(
        ticks=False, domain=False, grid=grid, labelPadding=6, minExtent=width, maxExtent=width, labelLimit=_LABEL_MAX
    )
    return alt.Y("name:N", sort=list(names), title=None, axis=axis)


def _finished(
    chart: alt.LayerChart,
    height: int,
    title: str,
    subtitle: str,
    description: str,
    source: str,
    left: int = 0,
    right: int = 0,
    below: int = 30,
) -> alt.LayerChart:
    """The chart with its title, what it shows, its source beneath, and a description that stands for it."""
    note = (
        alt.Chart(pl.DataFrame({"note": ["\n".join(textwrap.wrap(source, _NOTE_CHARACTERS))]}))
        .mark_text(align="left", baseline="top", color=GREY, fontSize=11, lineBreak="\n")
        .encode(x=alt.value(-left), y=alt.value(height + below), text="note:N", tooltip=alt.value(None))
    )
    heading = alt.TitleParams(
        textwrap.wrap(title, _TITLE_CHARACTERS), subtitle=textwrap.wrap(subtitle, _NOTE_CHARACTERS), lineHeight=18
    )
    return (chart + note).properties(
        width=_WIDTH - left - right, height=height, title=heading, description=f"{title} {subtitle} {description}. {source}"
    )
