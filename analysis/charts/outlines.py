"""The outlines of land for maps, from a package: offline, the same everywhere, and as coarse as a map can show.

The package `geo-intel-offline` carries Natural Earth's country polygons, which are in the public domain, as one file. Only
that file is read; no code of the package is run.
"""

import gzip
import json
from array import array
from collections.abc import Callable
from functools import cache, lru_cache
from importlib.util import find_spec
from itertools import chain, pairwise
from math import dist
from pathlib import Path
from typing import NamedTuple

Point = tuple[float, float]

SOURCE = "Natural Earth"

_DATA = Path(find_spec("geo_intel_offline").origin).parent / "data"
_STRAIGHT, _SMALL = 0.8, 4.0
"""Pixels: how far an outline may stand off from what the package has, and land too small to be seen."""

_EMPTY = {"Antarctica"}
"""Land without places, which would take a third of a map of the world."""


class Window(NamedTuple):
    """A part of the world in degrees."""

    west: float
    south: float
    east: float
    north: float


class _Land(NamedTuple):
    """One piece of land: its country, its window, and its outline: latitude, longitude, latitude and so on."""

    country: str
    window: Window
    outline: array


@lru_cache(maxsize=8)
def land(window: Window, /, *, pixel: float, project: Callable[[float, float], Point]) -> str:
    """The outlines of all land within a window as one SVG path in pixels, without what is too small to be seen.

    A path is one string: as lists of numbers the outlines would fill a notebook, which gives each number a line. The last
    ones are kept, as it takes a quarter of a second to make them for a map.

    Args:
        window: the part of the world; outlines are cut at its edges.
        pixel: degrees of latitude that one pixel spans.
        project: longitude and latitude -> pixels; equal ones give the same.

    Returns:
        A path with a closed part for each piece of land, to tenths of a pixel.
    """
    made = []
    for piece in _pieces():
        box = piece.window
        is_near = box.west < window.east and box.east > window.west and box.south < window.north and box.north > window.south
        if is_near and max(box.east - box.west, box.north - box.south) > _SMALL * pixel:
            outline = _cut(_thinned(piece.outline, pixel), window)
            points = _straightened([project(*point) for point in outline])
            if len(points) > 3:
                made.append(_path(points))
    return "".join(made)


def country_at(longitude: float, latitude: float, /) -> str | None:
    """The country that holds a place; none at sea, and off coasts that the outlines cut short."""
    for piece in _pieces():
        box = piece.window
        if box.west <= longitude <= box.east and box.south <= latitude <= box.north and _holds(piece, longitude, latitude):
            return piece.country
    return None


def _path(ring: list[Point]) -> str:
    """A ring as a path: its first point, then steps in whole tenths, which do not add up to an error."""
    tenths = [(round(10 * x), round(10 * y)) for x, y in ring]
    steps = [(x2 - x, y2 - y) for (x, y), (x2, y2) in pairwise(tenths[:-1])]
    return f"M{_tenth(tenths[0][0])},{_tenth(tenths[0][1])}l" + " ".join(f"{_tenth(x)},{_tenth(y)}" for x, y in steps) + "Z"


def _tenth(count: int) -> str:
    return f"{count / 10:g}"


@cache
def _pieces() -> list[_Land]:
    """Every piece of land of the package, the large countries' and the small ones'."""
    with gzip.open(_DATA / "polygons.json.gz") as file:
        polygons = json.load(file, object_hook=_packed)
    with gzip.open(_DATA / "metadata.json.gz") as file:
        names = {number: row["name"] for number, row in json.load(file).items()}
    return [
        _Land(names[number], _window(outline), outline)
        for number, outlines in polygons.items()
        if names[number] not in _EMPTY
        for outline in outlines
    ]


def _packed(found: dict) -> dict | list[array]:
    """A country's outlines as bare numbers as soon as they are read: as lists of lists, all of them would take 100 MB."""
    if not found.keys() & {"exterior", "exteriors"}:
        return found
    shapes = found["exteriors"] if found.get("multi") else [found["exterior"]]
    return [array("d", chain.from_iterable(shape)) for shape in shapes]


def _window(outline: array) -> Window:
    latitudes, longitudes = outline[::2], outline[1::2]
    return Window(min(longitudes), min(latitudes), max(longitudes), max(latitudes))


def _thinned(outline: array, least: float) -> list[Point]:
    """The outline with its points at least so many degrees apart, as longitudes and latitudes."""
    kept: list[Point] = []
    y = x = float("inf")
    for latitude, longitude in zip(outline[::2], outline[1::2], strict=True):
        if abs(latitude - y) + abs(longitude - x) > least:
            y, x = latitude, longitude
            kept.append((x, y))
    return kept


def _cut(outline: list[Point], window: Window) -> list[Point]:
    """The part of an outline inside a window, edge by edge (Sutherland and Hodgman)."""
    for axis, limit, sign in ((0, window.west, 1), (0, window.east, -1), (1, window.south, 1), (1, window.north, -1)):
        made: list[Point] = []
        for place, here in enumerate(outline):
            before = outline[place - 1]
            inside, was_inside = (sign * (point[axis] - limit) >= 0 for point in (here, before))
            if inside != was_inside:
                part = (limit - before[axis]) / (here[axis] - before[axis])
                made.append(tuple(b + part * (h - b) for b, h in zip(before, here, strict=True)))
            if inside:
                made.append(here)
        outline = made
    return outline


def _straightened(points: list[Point]) -> list[Point]:
    """A closed outline without the points that stand off by less than a pixel's part (Ramer, Douglas and Peucker)."""
    if len(points) < 3:
        return []
    ring = [*points, points[0]]
    # A ring has no ends to start from: the point farthest from the first parts it in two.
    far = max(range(len(ring)), key=lambda n: dist(ring[0], ring[n]))
    kept, open_ = {0, far, len(ring) - 1}, [(0, far), (far, len(ring) - 1)]
    while open_:
        start, end = open_.pop()
        (x, y), (x2, y2) = ring[start], ring[end]
        long = dist(ring[start], ring[end]) or 1.0
        off, place = max(
            ((abs((x2 - x) * (ring[n][1] - y) - (y2 - y) * (ring[n][0] - x)) / long, n) for n in range(start + 1, end)),
            default=(0.0, start),
        )
        if off > _STRAIGHT:
            kept.add(place)
            open_ += [(start, place), (place, end)]
    return [ring[n] for n in sorted(kept)]


def _holds(piece: _Land, x: float, y: float) -> bool:
    """Whether a ray from a point crosses the outline an odd number of times."""
    is_inside = False
    before_y, before_x = piece.outline[-2:]
    for here_y, here_x in zip(piece.outline[::2], piece.outline[1::2], strict=True):
        if (here_y > y) != (before_y > y) and x < (before_x - here_x) * (y - here_y) / (before_y - here_y) + here_x:
            is_inside = not is_inside
        before_y, before_x = here_y, here_x
    return is_inside
