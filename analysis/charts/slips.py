"""How promised dates moved: what was promised on which day, against the day itself."""

from dataclasses import dataclass
from itertools import pairwise
from math import atan2, degrees, hypot

import altair as alt
import polars as pl

from analysis.charts.lettering import LINE, Box, beside, width, wrapped
from analysis.charts.marks import CROSS, End, at, named, written
from analysis.charts.plans import short
from analysis.charts.theme import GREY, INK, MANY, SHAPES, WIDTH, Shown, finished
from analysis.charts.years import decimal_year, due, ticks
from analysis.errors import MetricError
from analysis.exhibits import not_known, source_line
from analysis.ledger import Ledger
from analysis.schema import DATED_UNIT
from analysis.units import day_label
from analysis.wording import figure_in_words, fill

_LEFT, _WAY, _NAME, _HEIGHT = 84, 20, 150, 300
"""Pixels: left for the scale, the way to a line's name, the widest name, and the height."""

_DIAGONAL = "promised = today"
_TOLD = [("plan", "Plan"), ("shown", "Promised"), ("day", "Announced")]


def slippage(versions: pl.DataFrame, ledger: Ledger, /, *, title: str, subtitle: str, **words: str) -> Shown:
    """What was promised, by the day it was announced: a line for each plan, level while a promise stands, up where it slips.

    Across: the day of publication. Upward: the end of the period promised. On the grey diagonal both are the same day: a
    plan whose line meets it has run out of time. A cross marks where a plan was given up.

    Args:
        versions: figures `version` (dates; the first of its claims makes the promise) and `withdrawn_version` (the last of
            its claims gives the plan up) of up to 8 plans, told apart by their labels. Where that claim has no day of
            publication a figure is left out. The title may use other figures.
        ledger: where days of publication, the source note and the as-of day come from.
        title, subtitle, words: as for `bars`.

    Raises:
        MetricError: for versions that are no dates, and for more than 8 plans.
    """
    finding, missing = fill(title, versions, **words)
    plans = _plans(versions, ledger)
    if missing or not plans:
        return not_known(missing or [title])
    if len(plans) > len(MANY):
        raise MetricError(f"versions of {len(plans)} plans: at most {len(MANY)} lines can be told apart")
    labels = [[{"text": line, "bold": True} for line in wrapped(plan.name, _NAME, bold=True, lines=3)] for plan in plans]
    gutter = _WAY + round(max(width(line["text"], bold=True) for label in labels for line in label))
    ground = _around(plans, decimal_year(ledger.known), WIDTH - _LEFT - gutter)
    rows = [row for plan in plans for row in plan.rows]
    ends = [plan.end for plan in plans if plan.end]
    layers = [*_diagonal(ground), *_as_of(ground, ledger), *_steps(plans, rows, ends, ground), *_said(plans, ground)]
    ways = [
        End(ground.x(plan.until(ground.today)), ground.y(plan.last["promised"]), colour, label)
        for plan, colour, label in zip(plans, MANY, labels, strict=False)
    ]
    layers += named(ways, x=ground.wide + _WAY, height=_HEIGHT)
    used = [row["figure_id"] for row in (*rows, *ends)]
    source = source_line(ledger, versions.filter(pl.col("figure_id").is_in(used)))
    told = "; ".join(f"{row['plan']}: {row['shown']}, announced {row['day']}" for row in (*rows, *ends))
    chart = alt.layer(*layers)
    return finished(chart, _HEIGHT, finding, subtitle, f"Step chart. {told}", source, left=_LEFT, right=gutter, below=44)


@dataclass(frozen=True)
class _Plan:
    """The dated versions of one plan, by day, and where it was given up, if it was."""

    name: str
    rows: list[dict]
    end: dict | None

    @property
    def last(self) -> dict:
        """The promise that stands, or stood when the plan was given up."""
        return _standing(self.rows, self.end["announced"]) if self.end else self.rows[-1]

    def until(self, today: float) -> float:
        """Up to when the last promise stands."""
        return self.end["announced"] if self.end else max(today, self.last["announced"])


def _plans(versions: pl.DataFrame, ledger: Ledger) -> list[_Plan]:
    """The plans in the order of the figures, with what is dated of each in the order of publication."""
    figures = versions.filter(pl.col("metric").is_in(["version", "withdrawn_version"])).to_dicts()
    if wrong := [row["figure_id"] for row in figures if row["unit"] != DATED_UNIT]:
        raise MetricError(f"{', '.join(wrong)}: no dates, which versions of a plan are")
    days = dict(ledger.vintages.select("claim_id", "published_date").iter_rows())
    plans = []
    for label in dict.fromkeys(row["label"] for row in figures):
        rows, ends = [], []
        for row in (row for row in figures if row["label"] == label):
            is_version = row["metric"] == "version"
            day = days.get(row["claim_ids"][0 if is_version else -1])
            if day is None or (is_version and row["period_end"] is None):
                continue
            told = {"plan": short(label), "announced": decimal_year(day), "day": day_label(day), "figure_id": row["figure_id"]}
            if is_version:
                rows.append(told | {"promised": due(row["period_end"]), "shown": figure_in_words(row)})
            else:
                ends.append(told | {"shown": "given up"})
        if rows:
            rows.sort(key=lambda row: row["announced"])
            end = max(ends, key=lambda row: row["announced"], default=None)
            plans.append(_Plan(short(label), rows, end and end | {"promised": _standing(rows, end["announced"])["promised"]}))
    return plans


def _standing(rows: list[dict], day: float) -> dict:
    """The version that stood on a day; the first one where none did yet."""
    return next((row for row in reversed(rows) if row["announced"] <= day), rows[0])


@dataclass(frozen=True)
class _Ground:
    """The rectangle of days of announcement and of dates promised, and where on it they lie in pixels."""

    first: float
    today: float
    low: float
    high: float
    wide: int

    def x(self, announced: float) -> float:
        return self.wide * (announced - self.first) / (self.today - self.first)

    def y(self, promised: float) -> float:
        return _HEIGHT * (self.high - promised) / (self.high - self.low)

    def encoded(self) -> dict[str, alt.X | alt.Y]:
        across = alt.Axis(format="d", values=ticks(self.first, self.today, self.wide), grid=False, labelFlush=False)
        # 2029.0 is the end of 2028: beside "2029" a promise of 2028 would be misread.
        years = ticks(self.low, self.high, _HEIGHT, room=24)
        upward = alt.Axis(values=years, labelExpr="'end of ' + (datum.value - 1)", domain=False, ticks=False)
        x, y = ([round(low, 4), round(high, 4)] for low, high in ((self.first, self.today), (self.low, self.high)))
        return {
            "x": alt.X("announced:Q", title="Announced", axis=across, scale=alt.Scale(domain=x, nice=False)),
            "y": alt.Y("promised:Q", title=None, axis=upward, scale=alt.Scale(domain=y, nice=False)),
        }


def _around(plans: list[_Plan], today: float, wide: int) -> _Ground:
    """What holds every version, and the corner where the diagonal reaches the as-of day."""
    rows = [row for plan in plans for row in plan.rows]
    first = min(row["announced"] for row in rows)
    dates = [*(row["promised"] for row in rows), today]
    pad = max(0.5, 0.08 * (max(dates) - min(dates)))
    return _Ground(min(first - 0.05 * (today - first), today - 1), today, min(dates) - pad, max(dates) + pad, wide)


def _steps(plans: list[_Plan], rows: list[dict], ends: list[dict], ground: _Ground) -> list[alt.Chart]:
    """A line for each plan, a point for each version, a cross where one was given up."""
    names = [plan.name for plan in plans]
    colour = alt.Color("plan:N", scale=alt.Scale(domain=names, range=MANY[: len(names)]), legend=None)
    shape = alt.Shape("plan:N", scale=alt.Scale(domain=names, range=SHAPES[: len(names)]), legend=None)
    encoded = {**ground.encoded(), "color": colour}
    tooltip = [alt.Tooltip(f"{column}:N", title=name) for column, name in _TOLD]
    drawn = [row for plan in plans for row in (*plan.rows, plan.last | {"announced": plan.until(ground.today)})]
    points = alt.Chart(pl.DataFrame(rows)).mark_point(filled=True, opacity=1, size=50)
    layers = [
        alt.Chart(pl.DataFrame(drawn)).mark_line(interpolate="step-after", strokeWidth=2.2).encode(**encoded),
        points.encode(**encoded, shape=shape, tooltip=tooltip),
    ]
    if ends:
        crosses = alt.Chart(pl.DataFrame(ends)).mark_point(shape=CROSS, size=110, strokeWidth=2.5, opacity=1)
        layers.append(crosses.encode(**encoded, tooltip=tooltip))
    return layers


def _diagonal(ground: _Ground) -> list[alt.Chart]:
    """Where what is promised is due on the day it is announced, with its name along it or, where it is short, before it."""
    start = max(ground.first, ground.low)
    x, y, x2, y2 = ground.x(start), ground.y(start), ground.x(ground.today), ground.y(ground.today)
    line = alt.Chart(pl.DataFrame([{"x": x, "y": y, "x2": x2, "y2": y2}])).mark_rule(color=GREY, strokeWidth=1.2)
    layers = [line.encode(**at(), x2="x2:Q", y2="y2:Q")]
    if hypot(x2 - x, y2 - y) < width(_DIAGONAL, size=11) + 30:
        return layers + written([{"x": x - 6, "y": y - 8, "text": _DIAGONAL, "ink": GREY}], align="right", size=11)
    middle = alt.Chart(pl.DataFrame([{"x": (x + x2) / 2, "y": (y + y2) / 2, "name": _DIAGONAL}]))
    slant = round(degrees(atan2(y2 - y, x2 - x)), 1)
    return [*layers, middle.mark_text(angle=slant % 360, dy=11, color=GREY, fontSize=11).encode(**at(), text="name:N")]


def _as_of(ground: _Ground, ledger: Ledger) -> list[alt.Chart]:
    """The as-of day at the right end, named above it."""
    line = alt.Chart(pl.DataFrame([{"x": float(ground.wide), "y": 0.0, "y2": float(_HEIGHT)}]))
    name = {"x": ground.wide + 4, "y": -20, "text": f"as of {day_label(ledger.known)}"}
    return [line.mark_rule(color=INK, strokeDash=[3, 3]).encode(**at(), y2="y2:Q"), *written([name], align="right", halo=False)]


def _said(plans: list[_Plan], ground: _Ground) -> list[alt.Chart]:
    """What was promised, in words beside each version that says something new, and what was given up."""
    points, texts, taken = [], [], []
    for plan in plans:
        before = None
        for row in (*plan.rows, *([plan.end] if plan.end else [])):
            if row["shown"] != before:
                points.append((ground.x(row["announced"]), ground.y(row["promised"])))
                texts.append(row["shown"])
            before = row["shown"]
        corners = [*plan.rows, plan.last | {"announced": plan.until(ground.today)}]
        for here, there in pairwise(corners):
            x, y, x2, y2 = (
                ground.x(here["announced"]),
                ground.y(here["promised"]),
                ground.x(there["announced"]),
                ground.y(there["promised"]),
            )
            taken += [Box(x, y - 2, x2, y + 2), Box(x2 - 2, min(y, y2), x2 + 2, max(y, y2))]
    start = max(ground.first, ground.low)
    for step in range(40):
        day = start + (ground.today - start) * step / 40
        taken.append(Box(ground.x(day), ground.y(day), ground.x(day), ground.y(day)).grown(3))
    sizes = [(width(text), LINE) for text in texts]
    boxes = beside(points, sizes, within=Box(2, -8, ground.wide - 2, _HEIGHT + 4), taken=taken)
    return written(
        {"x": box.left, "y": (box.top + box.bottom) / 2, "text": text} for box, text in zip(boxes, texts, strict=True)
    )
