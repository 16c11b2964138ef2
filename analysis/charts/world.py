"""Where things are: a map of the world, and larger ones of the parts where places lie close together."""

from collections.abc import Callable
from itertools import combinations
from math import cos, dist, pi, radians
from typing import Any, NamedTuple

import altair as alt
import polars as pl

from analysis.charts.lettering import LINE, Box, beside, evenly, width
from analysis.charts.marks import CROSS, at, in_a_row, led, lettered, ruled, written
from analysis.charts.outlines import SOURCE, Window, country_at, land
from analysis.charts.theme import WIDTH, Shown, finished, layered, sourced, tips, unchecked
from analysis.exhibits import not_known
from analysis.ledger import Ledger
from analysis.look import BLUE, GREY, INK, LIGHT, ORANGE
from analysis.schema import Figures
from analysis.wording import fill

_LAND = "#e1e6eb"
_CLOSE, _DETAILS, _NAME, _APART = 20, 2, 128, 13
"""Pixels within which places on a map of the whole width crowd; how many parts are enlarged; the widest line of a name; and
from symbol to symbol."""

_SOUTH, _NORTH = -56.0, 84.0
"""Degrees of latitude between which people build plants."""

_LOOKS = {
    "in operation": ("circle", BLUE, BLUE),
    "planned": ("circle", "white", BLUE),
    "agreed": ("diamond", "white", BLUE),
    "closing": ("triangle-down", ORANGE, ORANGE),
    "plan given up": (CROSS, None, INK),
}
_OTHERS = [("square", "white", GREY), ("triangle-up", "white", GREY), ("square", GREY, GREY), ("triangle-up", GREY, GREY)]
"""State -> shape, fill and outline; and those for states that are not foreseen, in turn."""


class _World(NamedTuple):
    """The Natural Earth projection of the world: where its western end and the equator lie in pixels, and its scale."""

    left: float
    middle: float
    scale: float

    def __call__(self, longitude: float, latitude: float) -> tuple[float, float]:
        x, y = _natural(longitude, latitude)
        return self.left + self.scale * (_WIDEST + x), self.middle - self.scale * y


class _Part(NamedTuple):
    """The equirectangular projection of a part: where its middle lies in pixels and in degrees, its scale, and how much
    narrower a degree is there than at the equator."""

    x: float
    y: float
    longitude: float
    latitude: float
    scale: float
    narrow: float

    def __call__(self, longitude: float, latitude: float) -> tuple[float, float]:
        x, y = self.scale * self.narrow * (longitude - self.longitude), self.scale * (latitude - self.latitude)
        return self.x + x, self.y - y


class _Panel(NamedTuple):
    """A map: its part of the world, its rectangle on the page, how it projects, and the places that it names."""

    window: Window
    box: Box
    pixel: float
    project: Callable[[float, float], tuple[float, float]]
    places: list[dict]
    name: str | None = None

    def spots(self) -> list[tuple[float, float]]:
        """Where its places lie."""
        return [self.project(row["longitude"], row["latitude"]) for row in self.places]


@unchecked
def places(
    rows: pl.DataFrame, ledger: Ledger, /, *, title: str, subtitle: str, figures: pl.DataFrame | None = None, **words: str
) -> Shown:
    """A map of the world with places by their state; where more than two lie close together, that part is enlarged.

    The world is in the Natural Earth projection, an enlarged part is equirectangular, true to scale in its middle.

    Args:
        rows: `name`, `latitude`, `longitude` (degrees; places without are left out), `state` (in operation, planned,
            agreed, closing, plan given up, or another word) and `claim_ids` (list of text, for the source note).
        ledger: where the source note comes from.
        title, subtitle, words: as for `bars`.
        figures: those that the title names.
    """
    finding, missing = fill(title, Figures.create_empty() if figures is None else figures, **words)
    known = rows.drop_nulls(["latitude", "longitude"])
    if missing or known.is_empty():
        return not_known([finding])
    found = known.select("name", "latitude", "longitude", pl.col("state").fill_null("not known")).to_dicts()
    looks = _looks([row["state"] for row in found])
    panels = _panels(found)
    layers = [*_land(panels), *_frames(panels)]
    for panel in panels:
        layers += _named(panel, looks, panels)
    layers += _key(looks)
    told = "; ".join(f"{row['name']}: {row['state']}" for row in found)
    height = round(max(panel.box.bottom for panel in panels))
    source = sourced(ledger, known)
    note = f"Outlines: {SOURCE}."
    if any(panel.spots() != _apart(panel.spots()) for panel in panels):
        note += " Symbols that would cover one another stand a little apart."
    return finished(layered(*layers), height, finding, subtitle, f"Map. {told}", source, below=12, key=note)


def _looks(states: list[str]) -> dict[str, tuple]:
    """How each state is drawn, in the order of the key."""
    others = [state for state in dict.fromkeys(states) if state not in _LOOKS]
    looks = {state: look for state, look in _LOOKS.items() if state in states}
    return looks | {state: _OTHERS[place % len(_OTHERS)] for place, state in enumerate(others)}


def _panels(found: list[dict]) -> list[_Panel]:
    """The map of the world, then the enlarged parts, beside it or, where there are two, below."""
    groups = _crowded(found)
    lone = [row for row in found if not any(row in group for group in groups)]
    if len(groups) == 1:
        boxes = [Box(0, 0, 436, 262), Box(452, 0, WIDTH, 262)]
    else:
        high = WIDTH / (2 * _WIDEST) * (_natural(0, _NORTH)[1] - _natural(0, _SOUTH)[1])
        below = [Box(n * 358, high + 18, n * 358 + 342, high + 228) for n in range(len(groups))]
        boxes = [Box(0, 0, WIDTH, high), *below]
    return [_whole(boxes[0], lone), *(_part(group, box) for group, box in zip(groups, boxes[1:], strict=True))]


def _crowded(found: list[dict]) -> list[list[dict]]:
    """The largest groups of more than two places that lie close together, each linked to the next one."""
    spots = _whole(Box(0, 0, WIDTH, WIDTH / 2), found).spots()
    groups: list[list[int]] = []
    for place, spot in enumerate(spots):
        near = [group for group in groups if any(dist(spot, spots[other]) < _CLOSE for other in group)]
        groups = [group for group in groups if group not in near] + [sorted({place, *(n for group in near for n in group)})]
    large = sorted((group for group in groups if len(group) > 2), key=lambda group: (-len(group), group))
    return [[found[place] for place in group] for group in sorted(large[:_DETAILS])]


def _natural(longitude: float, latitude: float) -> tuple[float, float]:
    """The Natural Earth projection on a sphere of radius 1 (Patterson; polynomial by Šavrič, Jenny and others, 2011)."""
    p = radians(latitude)
    p2, p4 = p**2, p**4
    x = 0.8707 - 0.131979 * p2 + p4 * (-0.013791 + p4 * (0.003971 * p2 - 0.001529 * p4))
    return radians(longitude) * x, p * (1.007226 + p2 * (0.015085 + p4 * (-0.044475 + 0.028874 * p2 - 0.005916 * p4)))


_WIDEST = _natural(180, 0)[0]


def _whole(box: Box, rows: list[dict]) -> _Panel:
    scale = (box.right - box.left) / (2 * _WIDEST)
    top, bottom = _natural(0, _NORTH)[1], _natural(0, _SOUTH)[1]
    middle = (box.top + box.bottom) / 2 + scale * (top + bottom) / 2
    return _Panel(Window(-180, _SOUTH, 180, _NORTH), box, 180 / pi / scale, _World(box.left, middle, scale), rows)


def _part(rows: list[dict], box: Box) -> _Panel:
    """An enlarged part that holds a group of places, with room around it for names."""
    west, east = (end(row["longitude"] for row in rows) for end in (min, max))
    south, north = (end(row["latitude"] for row in rows) for end in (min, max))
    middle, level = (west + east) / 2, (south + north) / 2
    narrow, wide, high = cos(radians(level)), box.right - box.left, box.bottom - box.top
    scale = min(wide / max(narrow * (east - west) * 1.7, 4.0), high / max((north - south) * 1.5, 4.0))
    project = _Part((box.left + box.right) / 2, (box.top + box.bottom) / 2, middle, level, scale, narrow)
    across, up = wide / 2 / scale / narrow, high / 2 / scale
    window = Window(middle - across, level - up, middle + across, level + up)
    countries = {country_at(row["longitude"], row["latitude"]) for row in rows} - {None}
    return _Panel(window, box, 1 / scale, project, rows, countries.pop() if len(countries) == 1 else None)


def _land(panels: list[_Panel]) -> list[alt.Chart]:
    """The land of each map: a point at the upper left corner whose shape is all of it, in pixels."""
    paths = [land(panel.window, pixel=panel.pixel, project=panel.project) for panel in panels]
    data = pl.DataFrame({"x": [0.0] * len(paths), "y": [0.0] * len(paths), "land": paths})
    # A shape's own unit is half the root of its size: with a size of 4, a pixel.
    marks = alt.Chart(data).mark_point(size=4, fill=_LAND, stroke="white", strokeWidth=0.5, opacity=1, aria=False)
    return [marks.encode(**at(), shape=alt.Shape("land:N", scale=None))]


def _frames(panels: list[_Panel]) -> list[alt.Chart]:
    """A frame around each enlarged part, on the map of the world and large, and the lines from one to the other."""
    boxes, lines = [], []
    for panel in panels[1:]:
        small, large = _on_world(panel, panels[0]), panel.box
        boxes += [small, large]
        if large.top > small.bottom:
            lines += [(small.left, small.bottom, large.left, large.top), (small.right, small.bottom, large.right, large.top)]
        else:
            lines += [(small.right, small.top, large.left, large.top), (small.right, small.bottom, large.left, large.bottom)]
    if not boxes:
        return []
    rects = pl.DataFrame([box._asdict() for box in boxes]).select(pl.all().round(1))
    names = [{"x": panel.box.left + 8, "y": panel.box.top + 12, "text": panel.name} for panel in panels[1:] if panel.name]
    return [
        *ruled([dict(zip(("x", "y", "x2", "y2"), line, strict=True)) for line in lines], color=LIGHT),
        alt.Chart(rects)
        .mark_rect(fill=None, stroke=GREY, strokeWidth=0.8)
        .encode(**at("left", "top"), x2=alt.X2("right:Q"), y2=alt.Y2("bottom:Q")),
        *written(names, bold=True),
    ]


def _on_world(panel: _Panel, world: _Panel) -> Box:
    """The enlarged part as it lies on the map of the world."""
    west, south, east, north = panel.window
    corners = [world.project(x, y) for x in (west, east) for y in (max(south, _SOUTH), min(north, _NORTH))]
    return Box(*(min(c[n] for c in corners) for n in (0, 1)), *(max(c[n] for c in corners) for n in (0, 1)))


def _named(panel: _Panel, looks: dict[str, tuple], panels: list[_Panel]) -> list[alt.Chart]:
    """The places of one map, each with its name beside it."""
    if not panel.places:
        return []
    spots = _apart(panel.spots())
    texts = [evenly(row["name"], _NAME) for row in panel.places]
    taken = []
    if panel.name:
        left, top = panel.box.left, panel.box.top
        taken.append(Box(left, top, left + 16 + width(panel.name, bold=True), top + 22))
    if panel is panels[0]:
        taken += [_on_world(part, panel) for part in panels[1:]]
    boxes = beside(
        spots, [(max(map(width, text)), LINE * len(text)) for text in texts], within=panel.box.grown(-4), taken=taken, point=6
    )
    drawn = [row | {"x": round(x, 1), "y": round(y, 1)} for row, (x, y) in zip(panel.places, spots, strict=True)]
    labels = lettered(boxes, [{"lines": lines} for lines in texts])
    return [*led(spots, boxes, near=14), *_symbols(drawn, looks, tooltip=tips(name="Place", state="State")), *written(labels)]


def _apart(spots: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """The places, those whose symbols would cover one another moved from each other by as little as shows them both."""
    moved = [list(spot) for spot in spots]
    for _ in range(40):
        near = [(a, b) for a, b in combinations(range(len(moved)), 2) if dist(moved[a], moved[b]) < _APART - 0.1]
        for a, b in near:
            far = dist(moved[a], moved[b])
            # Two at the very same place part sideways.
            way = [(moved[b][n] - moved[a][n]) / far for n in (0, 1)] if far > 0.01 else [1.0, 0.0]
            for n in (0, 1):
                moved[a][n] -= way[n] * (_APART - far) / 2
                moved[b][n] += way[n] * (_APART - far) / 2
        if not near:
            break
    return [(x, y) for x, y in moved]


def _symbols(rows: list[dict], looks: dict[str, tuple], **encoded: Any) -> list[alt.Chart]:
    layers = []
    for state, (shape, filled, line) in looks.items():
        if mine := [row for row in rows if row["state"] == state]:
            look = {"shape": shape, "fill": filled, "stroke": line}
            marks = alt.Chart(pl.DataFrame(mine)).mark_point(size=70, strokeWidth=2, opacity=1, **look)
            layers.append(marks.encode(**at(), **encoded))
    return layers


def _key(looks: dict[str, tuple]) -> list[alt.Chart]:
    """What the symbols stand for, in one row above the maps."""
    words = in_a_row(looks, x=6.0, y=-16.0, gap=20)
    symbols = [{"state": row["text"], "x": row["at"], "y": row["y"]} for row in words]
    return [*_symbols(symbols, looks), *written(words, halo=False)]
