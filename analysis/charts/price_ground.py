"""The ground that prices stand on: which years and prices it holds, and where on it there is room for words."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from math import ceil, log10

import altair as alt

from analysis.charts.lettering import LINE, Box, along, beside, width, wrapped
from analysis.charts.marks import End, led, lettered, named, written
from analysis.charts.theme import WIDTH
from analysis.charts.years import ticks
from analysis.look import GREY, INKS, ORANGE

LEFT, HEIGHT, DASH, _WAY, _NAME = 48, 300, 34, 9, 150
"""Pixels: left for the scale, the height, the line of a target without a date, the way to its name, and the widest name."""

_STEEP = 5
"""Where the dearest is more than so many times the cheapest, a plain scale presses the cheap ones flat."""

_ROUND = [n * 10**power for power in range(5) for n in (1, 2, 5)]


@dataclass(frozen=True)
class Ground:
    """The rectangle of years and prices, and where on it they lie in pixels."""

    first: float
    last: float
    low: float
    high: float
    is_log: bool
    right: int

    @property
    def name(self) -> str:
        """What the upright scale is."""
        return "US dollars per kWh" + ("; log scale: equal steps are equal changes in percent" if self.is_log else "")

    @property
    def wide(self) -> int:
        """Pixels across."""
        return WIDTH - LEFT - self.right

    def place(self, x: float, value: float) -> tuple[float, float]:
        """Where a price lies, in pixels."""
        low, high, value = (log10(v) if self.is_log else v for v in (self.low, self.high, value))
        return self.wide * (x - self.first) / (self.last - self.first), HEIGHT * (high - value) / (high - low)

    def encoded(self, column: str = "value") -> dict[str, alt.X | alt.Y]:
        """Years and one column of prices as places."""
        years = [year + 0.5 for year in ticks(self.first, self.last - 0.5, self.wide)]
        across = alt.Axis(values=years, labelExpr="floor(datum.value)", grid=False, labelFlush=False, ticks=False)
        named = [v for v in _ROUND if self.low <= v <= self.high] if self.is_log else None
        room = {"values": named} if named else {"tickCount": 5}  # both together would leave some of the values out
        upward = alt.Axis(domain=False, ticks=False, format="$,d", labelOverlap=False, **room)
        scale = alt.Scale(type="log" if self.is_log else "linear", domain=[self.low, self.high], nice=False)
        return {
            "x": alt.X("x:Q", title=None, axis=across, scale=alt.Scale(domain=[self.first, self.last], nice=False)),
            "y": alt.Y(f"{column}:Q", title=None, axis=upward, scale=scale),
        }


def around(points: list[dict], line: list[dict], aims: list[dict]) -> Ground:
    """What holds every price, the trend, and the targets that have a date."""
    values = [row["value"] for row in (*points, *aims)] + [row["trend"] for row in line]
    cheapest, dearest = min(values), max(values)
    is_log = cheapest > 0 and dearest > _STEEP * cheapest
    dues = [row["x"] for row in aims if row["x"] is not None]
    years = [row["year"] for row in (*points, *line)]
    first = float(min(years + [int(x) for x in dues]))
    last = max([max(years) + 1.0, *(x + 0.15 for x in dues)])
    if is_log:
        low = max((v for v in _ROUND if v <= cheapest), default=cheapest / 2)
        high = min((v for v in _ROUND if v >= dearest), default=dearest * 2)
    else:
        step = next(n for n in _ROUND if n * 6 >= dearest or n == _ROUND[-1])
        low, high = 0, step * ceil(dearest / step) or 1
    names = [wrapped(row["label"], _NAME) for row in aims if row["x"] is None]
    right = _WAY + 2 + round(max((width(text) for lines in names for text in lines), default=0))
    return Ground(first, last, low, high, is_log, right)


def labels(
    points: list[dict], line: list[dict], aims: list[dict], ground: Ground, called: Mapping[str, str]
) -> list[alt.Chart]:
    """Names and prices beside their points, targets beside theirs or, where they have no date, at the right."""
    paths = _paths(points, line, ground)
    texts = [
        {"at": ground.place(row["x"], row["value"]), "lines": [row["few"]], "ink": INKS[row["line"]], "lean": row["lean"]}
        for row in _told(points)
    ]
    texts += [
        {"at": ground.place(row["x"], row["value"]), "lines": wrapped(row["label"], _NAME), "ink": INKS[1]}
        for row in aims
        if row["x"] is not None
    ]
    names = {row["line"]: wrapped(row["name"], _NAME, bold=True) for row in points}
    texts += [{"at": paths[n][-1], "lines": lines, "ink": INKS[n], "bold": True} for n, lines in names.items()]
    if line:
        texts.append({"at": paths["trend"][-1], "lines": wrapped(called["price_trend"], _NAME), "ink": GREY})
    later = [
        End(ground.wide, ground.place(0, row["value"])[1], ORANGE, [{"text": text, "ink": INKS[1]} for text in lines])
        for row in aims
        if row["x"] is None and (lines := wrapped(row["label"], _NAME))
    ]
    taken = [Box(x, y, x, y).grown(4) for x, y in (ground.place(row["x"], row["value"]) for row in points)]
    taken += [box for path in paths.values() for here, there in pairwise(path) for box in along(*here, *there)]
    taken += [Box(end.x - DASH, end.y - 3, end.x, end.y + 3) for end in later]
    anchors, leans = [text["at"] for text in texts], [text.get("lean", 0) for text in texts]
    within = Box(2, -6, ground.wide, HEIGHT - 1)
    boxes = beside(anchors, [_size(text) for text in texts], within=within, taken=taken, lean=leans)
    rows = lettered(boxes, texts)
    plain, bold = [row for row in rows if "bold" not in row], [row for row in rows if "bold" in row]
    words = [*led(anchors, boxes), *written(plain), *written(bold, bold=True)]
    return words + named(later, x=ground.wide + _WAY, height=HEIGHT)


def _size(text: dict) -> tuple[float, float]:
    return max(width(line, bold="bold" in text) for line in text["lines"]), LINE * len(text["lines"])


def _paths(points: list[dict], line: list[dict], ground: Ground) -> dict[int | str, list[tuple[float, float]]]:
    """Where the lines run, in pixels."""
    paths: dict[int | str, list[tuple[float, float]]] = {"trend": [ground.place(row["x"], row["trend"]) for row in line]}
    for row in (row for row in points if row["is_last"]):
        paths.setdefault(row["line"], []).append(ground.place(row["x"], row["value"]))
    return paths


def _told(points: list[dict]) -> list[dict]:
    """The prices written beside their points: of a year that has several the last, the lowest and the highest."""
    leans = {(r["line"], r["x"], r[end]): way for r in ranges(points) for end, way in (("low", 1), ("high", -1))}
    made: dict[tuple, dict] = {}
    for row in points:
        lean = leans.get((row["line"], row["x"], row["value"]), 0)
        if row["is_last"] or lean:
            made.setdefault((row["line"], row["x"], row["few"]), row | {"lean": lean})
    return list(made.values())


def ranges(points: list[dict]) -> list[dict]:
    """From the lowest to the highest price of each year that has several."""
    years: dict[tuple, list[float]] = {}
    for row in points:
        years.setdefault((row["line"], row["x"]), []).append(row["value"])
    return [{"line": line, "x": x, "low": min(some), "high": max(some)} for (line, x), some in years.items() if len(some) > 1]
