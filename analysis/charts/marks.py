"""What charts have in common beside their axes: words at places in pixels, names at the ends of lines, crosses."""

from collections.abc import Iterable, Sequence
from math import hypot
from typing import Any, NamedTuple

import altair as alt
import polars as pl

from analysis.charts.lettering import LINE, Box, spread, width
from analysis.look import GREY, INK

CROSS = "M-0.8,-0.8L0.8,0.8M-0.8,0.8L0.8,-0.8"
"""The shape of what was given up; Vega's own cross stands upright, like a plus."""


def written(
    rows: Iterable[dict], /, *, align: str = "left", size: int = 12, bold: bool = False, halo: bool = True
) -> list[alt.Chart]:
    """Words at places in pixels, with a white rim where they may cross a line.

    Args:
        rows: `x`, `y` (the middle of the line), `text`, and `ink` where it is not black.
        align: which end of the text stands at x.
        size, bold: of the letters.
        halo: whether there is a rim.
    """
    data = pl.DataFrame(
        [(round(row["x"], 1), round(row["y"], 1), row["text"], row.get("ink", INK)) for row in rows],
        schema={"x": pl.Float64, "y": pl.Float64, "text": pl.String, "ink": pl.String},
        orient="row",
    )
    if data.is_empty():
        return []
    base = alt.Chart(data).encode(**at(), text=alt.Text("text:N"))
    look = {"align": align, "baseline": "middle", "fontSize": size, "fontWeight": "bold" if bold else "normal"}
    letters = base.mark_text(**look).encode(color=alt.Color("ink:N", scale=None))
    return [base.mark_text(**look, stroke="white", strokeWidth=4, strokeJoin="round"), letters] if halo else [letters]


def lettered(boxes: Iterable[Box], labels: Iterable[dict]) -> list[dict]:
    """The lines of labels (`lines`, and what else `written` is to know) at their places in boxes, as rows for `written`."""
    return [
        label | {"x": box.left, "y": box.top + LINE * (n + 0.5), "text": line}
        for box, label in zip(boxes, labels, strict=True)
        for n, line in enumerate(label["lines"])
    ]


def in_a_row(names: Iterable[str], /, *, x: float, y: float, gap: float) -> list[dict]:
    """Places for signs with their names at their right, beginning at x: as rows for `written`, and the sign's `at`."""
    rows = []
    for name in names:
        rows.append({"at": x, "x": x + 10, "y": y, "text": name})
        x += 10 + width(name) + gap
    return rows


def at(x: str = "x", y: str = "y") -> dict[str, alt.X | alt.Y]:
    """Columns that are places in pixels, from the upper left corner of the chart's ground."""
    return {"x": alt.X(f"{x}:Q", scale=None, title=None), "y": alt.Y(f"{y}:Q", scale=None, title=None)}


def ruled(rows: Sequence[dict], **look: Any) -> list[alt.Chart]:
    """Straight lines between places in pixels.

    Args:
        rows: `x`, `y` and, where they differ from these, `x2` and `y2`, alike in all rows; `ink` where each has its own colour.
        look: of the lines.
    """
    if not rows:
        return []
    data = pl.DataFrame([{k: round(v, 1) if k in _PLACES else v for k, v in row.items()} for row in rows])
    ends = {end: kind(f"{end}:Q") for end, kind in (("x2", alt.X2), ("y2", alt.Y2)) if end in data.columns}
    colour = {"color": alt.Color("ink:N", scale=None)} if "ink" in data.columns else {}
    return [alt.Chart(data).mark_rule(**look).encode(**at(), **ends, **colour)]


_PLACES = {"x", "y", "x2", "y2"}


def led(points: Sequence[tuple[float, float]], boxes: Sequence[Box], /, *, near: float = 16) -> list[alt.Chart]:
    """Thin lines from points to those of their labels that do not stand close by."""
    rows = []
    for (x, y), box in zip(points, boxes, strict=True):
        to_x, to_y = min(max(x, box.left), box.right), min(max(y, box.top), box.bottom)
        if hypot(to_x - x, to_y - y) > near:
            rows.append({"x": x, "y": y, "x2": to_x, "y2": to_y})
    return ruled(rows, color=GREY, strokeWidth=0.7)


class End(NamedTuple):
    """The end of a line in pixels, its colour, and the lines of its name, of which the first is set in bold."""

    x: float
    y: float
    colour: str
    lines: Sequence[dict]


def ways(ends: Sequence[End], /, *, x: float, height: float) -> list[tuple[float, float, float, float]]:
    """From the end of each line to its name in a column at the right, each as near to its end as the others let it.

    Args:
        ends: the ends.
        x: where the names begin.
        height: of the ground; names may stand a little above and below it.
    """
    sizes = [LINE * len(end.lines) + 5 for end in ends]
    tops = spread([end.y - LINE / 2 for end in ends], sizes, low=-12, high=height + 12)
    # The first line of a name is to be level with the line's end.
    return [(round(e.x + 5, 1), round(e.y, 1), x - 4, round(t + LINE / 2, 1)) for e, t in zip(ends, tops, strict=True)]


def named(ends: Sequence[End], /, *, x: float, height: float) -> list[alt.Chart]:
    """The names of lines in a column at the right, and the ways there; see `ways`."""
    if not ends:
        return []
    paths = ways(ends, x=x, height=height)
    rows = [{"x": x, "y": y, "x2": x2, "y2": y2, "ink": end.colour} for end, (x, y, x2, y2) in zip(ends, paths, strict=True)]
    text = [
        line | {"x": x, "y": path[3] + LINE * n}
        for end, path in zip(ends, paths, strict=True)
        for n, line in enumerate(end.lines)
    ]
    return [
        *ruled(rows, strokeWidth=0.8, opacity=0.7),
        *written((line for line in text if line.get("bold")), bold=True, halo=False),
        *written((line for line in text if not line.get("bold")), halo=False),
    ]
