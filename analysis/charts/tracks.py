"""What happened and what is planned, in lanes along the years."""

from collections.abc import Iterator
from datetime import date
from typing import NamedTuple

import altair as alt
import polars as pl

from analysis.charts.lettering import evenly, width, wrapped
from analysis.charts.marks import CROSS, at, ruled, written
from analysis.charts.theme import WIDTH, Shown, finished, layered, sourced, tips, unchecked
from analysis.charts.years import decimal_year, due, ticks
from analysis.errors import MetricError
from analysis.exhibits import not_known
from analysis.ledger import Ledger
from analysis.look import BLUE, GREY, INK, LIGHT
from analysis.schema import Figures
from analysis.units import day_label, period_label
from analysis.wording import fill

_LINE, _BAR, _SHORT, _NEAR, _APART = 13, 13, 10, 8, 9
"""Pixels: from line to line, a bar's height, the shortest bar, from a mark to its label, between labels of one track."""

_ALONE, _LABEL, _LANE, _PAD = 275, 165, 112, 7
"""Pixels: the widest label in one line, and in two; the widest line of a lane's name; above and below a lane's tracks."""

_KEY = {"done": "Filled: done.", "planned": "Hollow: planned.", "given up": "Cross: given up.", "rumour": "Dotted: rumour."}
_INK = {"done": INK, "planned": INK, "given up": GREY, "rumour": GREY}


@unchecked
def lanes(
    rows: pl.DataFrame,
    ledger: Ledger,
    /,
    *,
    title: str,
    subtitle: str,
    first_year: int,
    last_year: int,
    figures: pl.DataFrame | None = None,
    **words: str,
) -> Shown:
    """Happenings and plans along the years, one lane below the other, each with its label beside it.

    Args:
        rows: `lane`, `label`, `start`, `end` (dates), `state` (done, planned, given up, rumour) and `claim_ids` (list of
            text, for the source note); lanes in the order of their first rows. Rows before the years are left out; those after
            them stand at the right edge, with their dates.
        ledger: where the source note and the as-of day come from.
        title, subtitle, words: as for `bars`.
        first_year, last_year: the years shown, both included.
        figures: those that the title names.

    Raises:
        MetricError: for another state, and for a last year before the first.
    """
    finding, missing = fill(title, Figures.create_empty() if figures is None else figures, **words)
    if last_year < first_year:
        raise MetricError(f"years from {first_year} to {last_year}: swapped?")
    if unknown := sorted(set(rows["state"]) - set(_KEY)):
        raise MetricError(f"state {', '.join(map(repr, unknown))}: expected {', '.join(_KEY)}")
    seen = _in_sight(rows, date(first_year, 1, 1), date(last_year, 12, 31))
    if missing or seen.is_empty():
        return not_known([finding])
    names = {lane: wrapped(lane, _LANE, bold=True, lines=3) for lane in dict.fromkeys(seen["lane"])}
    left = 14 + round(max(width(line, bold=True) for lines in names.values() for line in lines))
    ground = _Ground(first_year, last_year + 1, WIDTH - left)
    marks, heads, rules, y = [], [], [0.0], 0.0
    for lane, lines in names.items():
        mine = [_mark(row, ground) for row in seen.filter(pl.col("lane") == lane).sort("start", maintain_order=True).to_dicts()]
        placed, high = _in_tracks(mine, ground)
        high = max(high, _LINE * len(lines)) + 2 * _PAD
        marks += [mark | {"y": round(mark["y"] + y + _PAD, 1)} for mark in placed]
        heads += [{"x": -left, "y": y + _PAD + _LINE * (n + 0.5), "text": line} for n, line in enumerate(lines)]
        y += high
        rules.append(y)
    height = round(y)
    layers = [
        *_frame(ground, rules, left),
        *_as_of(ground, height, ledger),
        *_drawn(marks),
        *written(heads, bold=True, halo=False),
    ]
    layers += _labels(marks)
    told = "; ".join(f"{mark['lane']}: {mark['label']}, {mark['when']} ({mark['state']})" for mark in marks)
    key = " ".join(words for state, words in _KEY.items() if state in set(seen["state"]))
    source = sourced(ledger, seen)
    chart = layered(*layers)
    return finished(chart, height, finding, subtitle, f"Timeline in lanes. {told}", source, left=left, below=26, key=key)


def _in_sight(rows: pl.DataFrame, first: date, last: date) -> pl.DataFrame:
    """The rows that end in the years shown or later; what begins after them is moved to their last day and says when it is."""
    is_beyond = pl.col("start") > last
    dated = [f"{row['label']} ({period_label(row['start'], row['end'])})" for row in rows.iter_rows(named=True)]
    moved = {name: pl.when(is_beyond).then(pl.lit(last)).otherwise(name) for name in ("start", "end")}
    label = pl.when(is_beyond).then(pl.Series(dated, dtype=pl.String)).otherwise("label")
    return rows.with_columns(label=label, **moved).filter(pl.col("end") >= first)


class _Ground(NamedTuple):
    """The years shown, from the first moment of the first to the last of the last, and the pixels across them."""

    first: int
    last: int
    wide: int

    def x(self, year: float) -> float:
        """Where a moment lies; what is before or after the years shown lies at their edge."""
        return round(self.wide * (min(max(year, self.first), self.last) - self.first) / (self.last - self.first), 1)


def _mark(row: dict, ground: _Ground) -> dict:
    """A row with the pixels from its start to its end; a short period becomes a point in its middle."""
    x, x2 = ground.x(decimal_year(row["start"])), ground.x(due(row["end"]))
    is_bar = x2 - x >= _SHORT
    if not is_bar:
        middle = min(max((x + x2) / 2, _SHORT / 2), ground.wide - _SHORT / 2)
        x, x2 = middle - _SHORT / 2, middle + _SHORT / 2
    when = period_label(row["start"], row["end"])
    told = {name: row[name] for name in ("lane", "label", "state")}
    return {**told, "when": when, "is_bar": is_bar, "x": x, "x2": x2}


def _ways(mark: dict, ground: _Ground) -> Iterator[dict]:
    """Where the label of a mark may stand, the best first: in a bar, at its right, at its left, in one line or in two."""
    text, one = mark["label"], width(mark["label"])
    sides = [("left", mark["x2"] + _NEAR, ground.wide - mark["x2"] - _NEAR), ("right", mark["x"] - _NEAR, mark["x"] - _NEAR)]
    if mark["is_bar"] and one + 8 <= mark["x2"] - mark["x"]:
        yield {"lines": [text], "align": "left", "at": mark["x"] + 5, "ends": (mark["x"], mark["x2"]), "inside": True}
    for lines in (1, 2):
        for align, at_, room in sides:
            limit = min(room, _LABEL if lines > 1 else _ALONE)
            made = evenly(text, limit, lines=lines) if limit > 40 else []
            if made and not made[-1].endswith("…"):
                yield _way(made, align, at_, mark)
    align, at_, room = max(sides, key=lambda side: side[2])
    yield _way(evenly(text, max(40, min(room, _ALONE))), align, at_, mark)


def _way(lines: list[str], align: str, at_: float, mark: dict) -> dict:
    wide = max(width(line) for line in lines)
    ends = (mark["x"], at_ + wide) if align == "left" else (at_ - wide, mark["x2"])
    return {"lines": lines, "align": align, "at": at_, "ends": ends, "inside": False}


def _in_tracks(marks: list[dict], ground: _Ground) -> tuple[list[dict], float]:
    """The marks of a lane, each with its label in the first track where both fit; and how high the tracks are together."""
    tracks: list[list[tuple[float, float]]] = []
    heights: list[int] = []
    chosen = []
    for mark in marks:
        best = None
        for way in _ways(mark, ground):
            low, high = way["ends"]
            free = (n for n, taken in enumerate(tracks) if all(high + _APART <= a or b + _APART <= low for a, b in taken))
            track = next(free, len(tracks))
            cost = track + 0.7 * (len(way["lines"]) - 1)
            if best is None or cost < best[0]:
                best = (cost, track, way)
        _, track, way = best
        if track == len(tracks):
            tracks.append([])
            heights.append(0)
        tracks[track].append(way["ends"])
        heights[track] = max(heights[track], len(way["lines"]))
        chosen.append((mark, track, way))
    tops = [sum(_LINE * lines + 4 for lines in heights[:n]) for n in range(len(heights) + 1)]
    return [{**mark, **way, "y": tops[track] + _LINE / 2} for mark, track, way in chosen], tops[-1] - 4


def _frame(ground: _Ground, rules: list[float], left: int) -> list[alt.Chart]:
    """The years above, each named in its middle, a line where each begins, and one below each lane."""
    named = [year + 0.5 for year in ticks(ground.first, ground.last - 0.5, ground.wide)]
    axis = alt.Axis(
        orient="top", values=named, labelExpr="floor(datum.value)", grid=False, ticks=False, domain=False, labelFlush=False
    )
    scale = alt.Scale(domain=[ground.first, ground.last], nice=False)
    step = named[1] - named[0] if len(named) > 1 else 1.0
    starts = [year - 0.5 for year in named] + ([named[-1] - 0.5 + step] if named[-1] - 0.5 + step <= ground.last else [])
    years = alt.Chart(pl.DataFrame({"year": starts})).mark_rule(color="#e8ecef")
    lines = [{"x": -left, "x2": ground.wide, "y": y} for y in rules]
    return [years.encode(x=alt.X("year:Q", title=None, axis=axis, scale=scale)), *ruled(lines, color=LIGHT)]


def _as_of(ground: _Ground, height: int, ledger: Ledger) -> list[alt.Chart]:
    """The as-of day as a line, named below it."""
    today = decimal_year(ledger.known)
    if not ground.first <= today <= ground.last:
        return []
    name, x = f"as of {day_label(ledger.known)}", ground.x(today)
    half = width(name) / 2
    line = {"x": x, "y": 0.0, "y2": height + 4.0}
    text = {"x": min(max(x, half), ground.wide - half), "y": height + 12, "text": name}
    return [*ruled([line], color=INK, strokeDash=[3, 3]), *written([text], align="center", halo=False)]


def _drawn(marks: list[dict]) -> list[alt.Chart]:
    """Bars for long periods and points for short ones: filled, hollow, crossed or dotted by what became of them."""
    rows = [{name: mark[name] for name in ("lane", "label", "when", "state", "x", "x2", "y", "is_bar")} for mark in marks]
    tooltip = tips(lane="Lane", label="What", when="When", state="State")
    layers = []
    for state, look in _LOOKS.items():
        bars = [
            row | {"y": row["y"] - _BAR / 2, "y2": row["y"] + _BAR / 2}
            for row in rows
            if row["is_bar"] and row["state"] == state
        ]
        if bars:
            base = alt.Chart(pl.DataFrame(bars)).mark_rect(**look)
            layers.append(base.encode(**at(), x2=alt.X2("x2:Q"), y2=alt.Y2("y2:Q"), tooltip=tooltip))
        points = [row | {"x": (row["x"] + row["x2"]) / 2} for row in rows if not row["is_bar"] and row["state"] == state]
        if points and state != "given up":
            base = alt.Chart(pl.DataFrame(points)).mark_point(size=62, opacity=1, **look)
            layers.append(base.encode(**at(), tooltip=tooltip))
        # A cross over the end of a bar, or in place of a point.
        crossed = points + [row | {"x": row["x2"], "y": row["y"] + _BAR / 2} for row in bars]
        if crossed and state == "given up":
            base = alt.Chart(pl.DataFrame(crossed)).mark_point(shape=CROSS, size=70, color=GREY, strokeWidth=2.2, opacity=1)
            layers.append(base.encode(**at(), tooltip=tooltip))
    return layers


_LOOKS = {
    "done": {"fill": BLUE, "stroke": BLUE, "strokeWidth": 1.5},
    "planned": {"fill": "white", "stroke": BLUE, "strokeWidth": 1.5},
    "given up": {"fill": "white", "stroke": GREY, "strokeWidth": 1.2},
    "rumour": {"fill": "white", "stroke": GREY, "strokeWidth": 1.5, "strokeDash": [2, 2]},
}


def _labels(marks: list[dict]) -> list[alt.Chart]:
    layers = []
    for align in ("left", "right"):
        for inside in (True, False):
            rows = [
                {"x": mark["at"], "y": mark["y"] + _LINE * n, "text": line, "ink": _ink(mark)}
                for mark in marks
                if mark["align"] == align and mark["inside"] == inside
                for n, line in enumerate(mark["lines"])
            ]
            layers += written(rows, align=align, halo=not inside)
    return layers


def _ink(mark: dict) -> str:
    return "white" if mark["inside"] and mark["state"] == "done" else _INK[mark["state"]]
