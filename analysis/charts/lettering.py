"""Room for words: how wide text is, where it breaks, and where labels go so that none covers another. Nothing is drawn here."""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from itertools import accumulate, pairwise
from pathlib import Path
from typing import NamedTuple

from fontTools.ttLib import TTFont

from analysis.typeface import JAPANESE_FOLDER, LATIN_FOLDER

LINE = 14
"""Pixels from line to line of a label."""

_FILES = {False: LATIN_FOLDER / "SourceSansPro-Regular.ttf", True: LATIN_FOLDER / "SourceSansPro-Bold.ttf"}
_REACHES = (7, 12, 18, 26, 36, 48, 62, 78, 96)
"""Pixels between a point and its label, the nearest first."""


class Box(NamedTuple):
    """A rectangle in pixels; y runs downward."""

    left: float
    top: float
    right: float
    bottom: float

    def shared(self, other: "Box") -> float:
        """The area that two boxes have in common."""
        across = min(self.right, other.right) - max(self.left, other.left)
        down = min(self.bottom, other.bottom) - max(self.top, other.top)
        return across * down if across > 0 and down > 0 else 0.0

    def grown(self, by: float) -> "Box":
        """The box with a margin around it."""
        return Box(self.left - by, self.top - by, self.right + by, self.bottom + by)


def along(x: float, y: float, x2: float, y2: float, /, *, margin: float = 2) -> list[Box]:
    """Small boxes that cover a straight line, for labels to keep off."""
    steps = max(1, round(max(abs(x2 - x), abs(y2 - y)) / 6))
    places = [(x + (x2 - x) * n / steps, y + (y2 - y) * n / steps) for n in range(steps + 1)]
    return [Box(min(a, c), min(b, d), max(a, c), max(b, d)).grown(margin) for (a, b), (c, d) in pairwise(places)]


def width(text: str, /, *, size: float = 12, bold: bool = False) -> float:
    """Pixels that a text takes in the charts' typeface, or in the Japanese one where that lacks a character.

    >>> width("aa") == 2 * width("a") and width("日本") == 24
    True
    """
    latin, japanese = _advances(_FILES[bold]), _advances(JAPANESE_FOLDER / "ipaexg.ttf")
    return size * sum(latin.get(ord(c)) or japanese.get(ord(c), 1.0) for c in text)


@cache
def _advances(file: Path) -> dict[int, float]:
    """How far each character moves the pen, in ems."""
    with TTFont(file, lazy=True) as font:
        metrics, em = font["hmtx"], font["head"].unitsPerEm
        return {code: metrics[name][0] / em for code, name in font.getBestCmap().items()}


def evenly(text: str, limit: float, /, *, size: float = 12, bold: bool = False, lines: int = 2) -> list[str]:
    """A text as `wrapped` breaks it, but in lines as even as can be, so that no word is left alone.

    >>> wrapped("Plan for the battery plant given up", 165), evenly("Plan for the battery plant given up", 165)
    (['Plan for the battery plant given', 'up'], ['Plan for the battery', 'plant given up'])
    """
    best = wrapped(text, limit, size=size, bold=bold, lines=lines)
    while len(best) > 1 and not best[-1].endswith("…"):
        limit = max(width(line, size=size, bold=bold) for line in best) - 1
        closer = wrapped(text, limit, size=size, bold=bold, lines=lines)
        # A word that no line holds is broken: that is worse than uneven.
        if closer[-1].endswith("…") or " ".join(closer) != " ".join(best):
            break
        best = closer
    return best


def wrapped(text: str, limit: float, /, *, size: float = 12, bold: bool = False, lines: int = 2) -> list[str]:
    """A text in at most so many lines of at most so many pixels; what does not fit is cut at a word, with an ellipsis.

    >>> wrapped("Solid-state pilot line, Yokohama", 90)
    ['Solid-state pilot', 'line, Yokohama']
    >>> wrapped("Solid-state pilot line, Yokohama", 70, lines=1)
    ['Solid-state…']
    """

    def fits(line: str) -> bool:
        return width(line, size=size, bold=bold) <= limit

    made, rest = [], text.split()
    while rest:
        count = bisect_right(range(1, len(rest) + 1), 0, key=lambda n: not fits(" ".join(rest[:n]))) or 1
        line, rest = " ".join(rest[:count]), rest[count:]
        if not fits(line):  # one word, wider than a line: Japanese has no spaces to break at
            kept = max(1, sum(fits(line[:n]) for n in range(1, len(line))))
            line, rest = line[:kept], [line[kept:], *rest]
        made.append(line)
    return made if len(made) <= lines else [*made[: lines - 1], _cut(made[lines - 1], fits)]


def _cut(line: str, fits: Callable[[str], bool]) -> str:
    while not fits(line + "…") and len(line) > 1:
        line = line.rpartition(" ")[0].rstrip(" ,;:–-") or line[:-1]
    return line.rstrip(" ,;:–-") + "…"


def spread(wanted: Sequence[float], sizes: Sequence[float], /, *, low: float, high: float) -> list[float]:
    """Tops for labels in one column, as near as can be to where they are wanted, in their order, none over another.

    The squares of the moves are least: neighbours that would overlap move together, as one block (isotonic regression).

    Args:
        wanted: the top wanted for each label.
        sizes: the height of each.
        low, high: the ends of the column; where there is not room for all, they stand from `low` on.

    >>> spread([10.0, 12.0, 50.0], [10, 10, 10], low=0, high=100)
    [6.0, 16.0, 50.0]
    """
    order = sorted(range(len(wanted)), key=lambda place: wanted[place])
    before = [0.0, *accumulate(sizes[place] for place in order)]
    blocks: list[tuple[float, int]] = []  # mean top wanted, less the room that labels above take, of so many labels
    for place, room in zip(order, before[:-1], strict=True):
        mean, count = wanted[place] - room, 1
        while blocks and blocks[-1][0] > mean:
            above, many = blocks.pop()
            mean, count = (above * many + mean * count) / (many + count), many + count
        blocks.append((mean, count))
    most = max(low, high - before[-1])
    free = [min(max(mean, low), most) for mean, count in blocks for _ in range(count)]
    tops = {place: start + room for place, start, room in zip(order, free, before[:-1], strict=True)}
    return [tops[place] for place in range(len(wanted))]


def beside(
    points: Sequence[tuple[float, float]],
    sizes: Sequence[tuple[float, float]],
    /,
    *,
    within: Box,
    taken: Sequence[Box] = (),
    point: float = 5,
    lean: Sequence[int] = (),
) -> list[Box]:
    """A box for each point's label: at its right or wherever else it covers no other label, no point and nothing taken.

    Each label takes the place that costs least beside the others; that is done again until none moves. The farther the
    place, the more it costs; to cover something costs most.

    Args:
        points: where the points lie, in pixels.
        sizes: width and height of each label.
        within: where labels may stand.
        taken: what else must not be covered.
        point: pixels from a point's centre to its edge.
        lean: for each label -1 where it had better stand above its point, 1 for below, 0 for wherever.
    """
    fixed = [*taken, *(Box(x, y, x, y).grown(point) for x, y in points)]
    leans = lean or [0] * len(points)
    options = [_options(*h, *s, within, point, way) for h, s, way in zip(points, sizes, leans, strict=True)]
    costs = []
    for some in options:
        # Most of what is fixed is out of a label's reach, and need not be held against each of its places.
        reached = Box(*(end(box[n] for _, box in some) for n, end in enumerate((min, min, max, max))))
        near = [one for one in fixed if reached.shared(one)]
        costs.append([reach + 40 * _covered(box, near) for reach, box in some])
    chosen = [min(range(len(some)), key=some.__getitem__) for some in costs]
    for _ in range(8):
        before = list(chosen)
        for place, some in enumerate(options):
            others = [options[o][chosen[o]][1].grown(2) for o in range(len(chosen)) if o != place]
            total = [cost + 40 * _covered(box, others) for cost, (_, box) in zip(costs[place], some, strict=True)]
            chosen[place] = min(range(len(total)), key=total.__getitem__)
        if chosen == before:
            break
    return [some[place][1] for some, place in zip(options, chosen, strict=True)]


def _covered(box: Box, others: Iterable[Box]) -> float:
    """The area that a box has in common with others: `shared` with each, without a call for each."""
    left, top, right, bottom = box
    return sum(
        (min(right, right_) - max(left, left_)) * (min(bottom, bottom_) - max(top, top_))
        for left_, top_, right_, bottom_ in others
        if left_ < right and right_ > left and top_ < bottom and bottom_ > top
    )


def _options(x: float, y: float, wide: float, high: float, within: Box, point: float, lean: int) -> list[tuple[float, Box]]:
    """The places for a label around a point, each with what it costs to stand so far away or at a side less usual."""
    found = []
    for reach in _REACHES:
        near, slant = reach + point - 4, (reach + point - 4) * 0.72
        for side, up, left, top in (
            (0, 0, x + near, y - high / 2),
            (2, 0, x - near - wide, y - high / 2),
            (3, -1, x - wide / 2, y - near - high),
            (3, 1, x - wide / 2, y + near),
            (1, -1, x + slant, y - slant - high),
            (1, 1, x + slant, y + slant),
            (3, -1, x - slant - wide, y - slant - high),
            (3, 1, x - slant - wide, y + slant),
        ):
            left = min(max(left, within.left), within.right - wide)
            top = min(max(top, within.top), within.bottom - high)
            against = 8 * abs(lean - up) if lean else 0
            found.append((reach + 2 * side + against, Box(left, top, left + wide, top + high)))
    return found
