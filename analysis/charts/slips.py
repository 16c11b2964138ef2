"""How promised dates moved: what was promised on which day, against the day itself."""

from dataclasses import dataclass
from itertools import pairwise

import altair as alt
import polars as pl

from analysis.charts.lettering import LINE, Box, along, beside, width, wrapped
from analysis.charts.marks import CROSS, End, led, lettered, named, ruled, ways, written
from analysis.charts.plans import short
from analysis.charts.theme import WIDTH, Shown, finished, layered, tips, told_apart, unchecked
from analysis.charts.years import decimal_year, due, ticks
from analysis.errors import MetricError
from analysis.exhibits import not_known, source_line
from analysis.ledger import Ledger
from analysis.look import GREY, INK, INKS, MANY
from analysis.schema import DATED_UNIT
from analysis.units import day_label
from analysis.wording import figure_in_words, fill

_LEFT, _WAY, _NAME = 84, 20, 150
"""Pixels: left for the scale, the way to a line's name, and the widest name."""

_DIAGONAL = "promised = today"
_TIPS = tips(plan="Plan", shown="Promised", day="Announced")


@unchecked
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
        return not_known([finding])
    colour, shape = told_apart("plan", [plan.name for plan in plans], f"versions of {len(plans)} plans")
    labels = [_label(plan, name) for plan, name in zip(plans, _names(plans), strict=True)]
    gutter = _WAY + round(max(width(line["text"], bold="bold" in line) for label in labels for line in label))
    ground = _around(plans, decimal_year(ledger.known), WIDTH - _LEFT - gutter)
    rows = [row for plan in plans for row in plan.rows]
    crosses = [plan.end for plan in plans if plan.end]
    ends = [
        End(*ground.place(plan.corners(ground.today)[-1]), ink, label)
        for plan, ink, label in zip(plans, MANY, labels, strict=False)
    ]
    column = {"x": ground.wide + _WAY, "height": ground.tall}
    taken = _taken(plans, ground) + [box for way in ways(ends, **column) for box in along(*way)]
    layers = [*named(ends, **column), *_diagonal(ground), *_as_of(ground, ledger)]
    layers += [*_steps(plans, rows, crosses, ground, colour, shape), *_said(plans, ground, taken)]
    used = [row["figure_id"] for row in (*rows, *crosses)]
    source = source_line(ledger, versions.filter(pl.col("figure_id").is_in(used)))
    told = "; ".join(f"{row['plan']}: {row['shown']}, announced {row['day']}" for row in (*rows, *crosses))
    chart = layered(*layers)
    return finished(chart, ground.tall, finding, subtitle, f"Step chart. {told}", source, left=_LEFT, right=gutter, below=44)


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

    def corners(self, today: float) -> list[dict]:
        """The versions, and the last promise again on the day up to which it stands."""
        until = self.end["announced"] if self.end else max(today, self.last["announced"])
        return [*self.rows, self.last | {"announced": until}]


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


def _label(plan: _Plan, name: str) -> list[dict]:
    """What stands at the end of a plan's line: its name, and when it was given up."""
    lines = [{"text": line, "bold": True} for line in wrapped(name, _NAME, bold=True, lines=3)]
    return lines + ([{"text": f"given up {plan.end['day']}"}] if plan.end else [])


def _names(plans: list[_Plan]) -> list[str]:
    """The plans' names; where all are of one thing, such as the start of production, only whose it is."""
    whose, what = zip(*(plan.name.rpartition(": ")[::2] for plan in plans), strict=True)
    return list(whose) if len(plans) > 1 and len(set(what)) == 1 and all(whose) else [plan.name for plan in plans]


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
    tall: int

    def x(self, announced: float) -> float:
        return self.wide * (announced - self.first) / (self.today - self.first)

    def y(self, promised: float) -> float:
        return self.tall * (self.high - promised) / (self.high - self.low)

    def place(self, row: dict) -> tuple[float, float]:
        """Where a version lies."""
        return self.x(row["announced"]), self.y(row["promised"])

    def diagonal(self) -> tuple[float, float, float, float]:
        """Both ends of the line on which the day of announcement is the date promised."""
        start = max(self.first, self.low)
        return self.x(start), self.y(start), self.x(self.today), self.y(self.today)

    def encoded(self) -> dict[str, alt.X | alt.Y]:
        across = alt.Axis(format="d", values=ticks(self.first, self.today, self.wide), grid=False, labelFlush=False)
        # 2029.0 is the end of 2028: beside "2029" a promise of 2028 would be misread.
        years = [year + 1 for year in ticks(self.low - 1, self.high - 1, self.tall, room=24)]
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
    return _Ground(
        min(first - 0.05 * (today - first), today - 1),
        today,
        min(dates) - pad,
        max(dates) + pad,
        wide,
        300 if len(plans) < 4 else 360,
    )


def _steps(
    plans: list[_Plan], rows: list[dict], ends: list[dict], ground: _Ground, colour: alt.Color, shape: alt.Shape
) -> list[alt.Chart]:
    """A line for each plan, a point for each version, a cross where one was given up."""
    encoded = {**ground.encoded(), "color": colour}
    drawn = [row for plan in plans for row in plan.corners(ground.today)]
    points = alt.Chart(pl.DataFrame(rows)).mark_point(filled=True, opacity=1, size=50)
    layers = [
        alt.Chart(pl.DataFrame(drawn)).mark_line(interpolate="step-after", strokeWidth=2.2).encode(**encoded),
        points.encode(**encoded, shape=shape, tooltip=_TIPS),
    ]
    if ends:
        crosses = alt.Chart(pl.DataFrame(ends)).mark_point(shape=CROSS, size=110, strokeWidth=2.5, opacity=1)
        layers.append(crosses.encode(**encoded, tooltip=_TIPS))
    return layers


def _diagonal(ground: _Ground) -> list[alt.Chart]:
    """Where what is promised is due on the day it is announced."""
    line = dict(zip(("x", "y", "x2", "y2"), ground.diagonal(), strict=True))
    return ruled([line], color=GREY, strokeWidth=1.2)


def _as_of(ground: _Ground, ledger: Ledger) -> list[alt.Chart]:
    """The as-of day at the right end, named above it."""
    line = {"x": float(ground.wide), "y": 0.0, "y2": float(ground.tall)}
    name = {"x": ground.wide + 4, "y": -20, "text": f"as of {day_label(ledger.known)}"}
    return [*ruled([line], color=INK, strokeDash=[3, 3]), *written([name], align="right", halo=False)]


def _taken(plans: list[_Plan], ground: _Ground) -> list[Box]:
    """What labels are to keep off: the plans' lines and the diagonal."""
    boxes = along(*ground.diagonal(), margin=3)
    for plan in plans:
        for here, there in pairwise(plan.corners(ground.today)):
            (x, y), (x2, y2) = ground.place(here), ground.place(there)
            boxes += [*along(x, y, x2, y), *along(x2, y, x2, y2)]
    return boxes


def _said(plans: list[_Plan], ground: _Ground, taken: list[Box]) -> list[alt.Chart]:
    """What was promised, in words beside each version that says something new; and what the diagonal is."""
    x, y, x2, y2 = ground.diagonal()
    points, texts = [((x + x2) / 2, (y + y2) / 2)], [{"lines": [_DIAGONAL], "ink": GREY}]
    for plan, ink in zip(plans, INKS, strict=False):
        new = [row for before, row in pairwise([{"shown": None}, *plan.rows]) if row["shown"] != before["shown"]]
        points += [ground.place(row) for row in new]
        texts += [{"lines": [row["shown"]], "ink": ink} for row in new]
    crosses = [Box(x, y, x, y).grown(7) for plan in plans if plan.end for x, y in [ground.place(plan.end)]]
    sizes = [(width(*text["lines"]), LINE) for text in texts]
    boxes = beside(points, sizes, within=Box(2, -8, ground.wide - 2, ground.tall + 4), taken=taken + crosses)
    return [*led(points, boxes), *written(lettered(boxes, texts))]
