"""Charts as pages hold them: title and subtitle as text above a picture that is without them. Nothing is drawn here."""

import re
from typing import Any, NamedTuple

VEGALITE_MIME = "application/vnd.vegalite.v6+json"

_TITLE = re.compile(r'<g class="mark-group role-title"><g transform="translate\([-\d.]+,([-\d.]+)\)">')
_ROOT = re.compile(r'<g fill="none" stroke-miterlimit="10" transform="translate\([-\d.]+,([-\d.]+)\)">')
_SIZE = re.compile(r'width="(\d+)" height="(\d+)" viewBox="0 0 \1 \2"')
_BASELINE = re.compile(r'<(?:text|tspan)[^>]*?(?:transform="translate\([-\d.]+,([-\d.]+)\)"|dy="([-\d.]+)")')
_BELOW = 8
"""Pixels of a title's last line that are below its baseline, with a part of the space between title and chart."""


class Drawing(NamedTuple):
    """A chart: its title and what it shows, empty where it has none; the picture without them; what it is where not seen."""

    title: str
    subtitle: str
    picture: str
    description: str


def drawing(data: dict[str, Any], /) -> Drawing:
    """The chart that a cell shows.

    Args:
        data: the output's forms by MIME type: SVG, the description as text, and Vega-Lite's JSON if the chart is one of ours.
    """
    title = data.get(VEGALITE_MIME, {}).get("title", "")
    told = title if isinstance(title, dict) else {"text": title}
    picture = data["image/svg+xml"]
    return Drawing(
        _words(told.get("text", "")),
        _words(told.get("subtitle", "")),
        without_title(picture) if title else picture,
        data.get("text/plain", ""),
    )


def without_title(svg: str, /) -> str:
    """A chart's picture without its title, and without the room that the title took; as it is where it is not Vega's."""
    title, root, size = _TITLE.search(svg), _ROOT.search(svg), _SIZE.search(svg)
    if not (title and root and size):
        return svg
    end = _end_of_group(svg, title.start())
    baselines = [0.0]
    for at, further in _BASELINE.findall(svg[title.start() : end]):
        baselines.append(float(at) if at else baselines[-1] + float(further))
    top = round(float(root[1]) + float(title[1]) + max(baselines) + _BELOW)
    width, height = size.groups()
    cut = f'width="{width}" height="{int(height) - top}" viewBox="0 {top} {width} {int(height) - top}"'
    return svg[: size.start()] + cut + svg[size.end() : title.start()] + svg[end:]


def _end_of_group(svg: str, start: int) -> int:
    """Where the group ends that begins there."""
    depth = 0
    for tag in re.compile(r"<(/?)g\b").finditer(svg, start):
        depth += -1 if tag[1] else 1
        if not depth:
            return svg.index(">", tag.end()) + 1
    return len(svg)


def _words(text: str | list[str]) -> str:
    return text if isinstance(text, str) else " ".join(text)
