"""Charts as pages hold them: title and subtitle as text above a picture without them, and a table of what it shows."""

import re
from collections.abc import Iterator
from html import escape
from typing import Any, NamedTuple

from nbformat import NotebookNode

from analysis.look import SVG_MIME, VEGALITE_MIME

_TITLE = re.compile(r'<g class="mark-group role-title"><g transform="translate\([-\d.]+,([-\d.]+)\)">')
_ROOT = re.compile(r'<g fill="none" stroke-miterlimit="10" transform="translate\([-\d.]+,([-\d.]+)\)">')
_SIZE = re.compile(r'width="(\d+)" height="(\d+)" viewBox="0 0 \1 \2"')
_BASELINE = re.compile(r'<(?:text|tspan)[^>]*?(?:transform="translate\([-\d.]+,([-\d.]+)\)"|dy="([-\d.]+)")')
_UNHEARD = re.compile(r' (?:aria-[a-z]+|role|pointer-events)="[^"]*"')
"""What tells of single marks: a picture is told by its description, and these make half of its size."""

_BELOW = 11
"""Pixels of a title's last line that are below its baseline, with a part of the space between title and chart."""


class Drawing(NamedTuple):
    """A chart: its title and what it shows, empty where it has none; the picture without them; what stands for it where it
    is not seen; and what it shows as HTML tables without captions."""

    title: str
    subtitle: str
    picture: str
    description: str
    table: str


_SHOWN = (SVG_MIME, "text/html", "text/markdown", "image/png")
"""What is shown of an output that has several forms: the first of these."""


def pictures(notebook: NotebookNode, /) -> list[tuple[str, dict[str, Any]]]:
    """The outputs that are shown as pictures, in the order of their numbers: MIME type, and all forms of each."""
    outputs = [output.get("data", {}) for cell in notebook.cells for output in cell.get("outputs", [])]
    shown = [(next((kind for kind in _SHOWN if kind in data), ""), data) for data in outputs]
    return [(kind, data) for kind, data in shown if kind.startswith("image/")]


def specs(notebook: NotebookNode, /) -> dict[str, dict[str, Any]]:
    """The charts that a browser can draw by itself: id of the figure -> Vega-Lite without its title.

    What a chart asks of the script that embeds it (`usermeta`) is left out: that script asks no notebook.
    """
    return {
        f"figure-{number}": {key: part for key, part in data[VEGALITE_MIME].items() if key not in ("title", "usermeta")}
        for number, (kind, data) in enumerate(pictures(notebook), 1)
        if kind == SVG_MIME and VEGALITE_MIME in data
    }


def drawing(data: dict[str, Any], /) -> Drawing:
    """The chart that a cell shows.

    Args:
        data: the output's forms by MIME type: SVG, the description as text, and Vega-Lite's JSON if the chart is one of ours.
    """
    spec = data.get(VEGALITE_MIME, {})
    title = spec.get("title", "")
    told = title if isinstance(title, dict) else {"text": title}
    picture = _UNHEARD.sub("", data[SVG_MIME]) if spec else data[SVG_MIME]
    return Drawing(
        _words(told.get("text", "")),
        _words(told.get("subtitle", "")),
        without_title(picture) if title else picture,
        data.get("text/plain", ""),
        "\n".join(_table(heads, rows) for heads, rows in told_rows(spec).items()),
    )


def told_rows(spec: dict[str, Any], /) -> dict[tuple[str, ...], list[dict[str, Any]]]:
    """What a chart's marks tell where they are pointed at, each once: the tooltips' titles -> rows.

    Rows that begin alike stand together. A value that a figure's id comes with is under `figure_id`, and its title under `of`.
    """
    found: dict[tuple[str, ...], dict[tuple, dict[str, Any]]] = {}
    for unit, data in _units(spec):
        fields = unit.get("encoding", {}).get("tooltip")
        if not isinstance(fields, list):
            continue
        titles = {field["field"]: field.get("title", field["field"]) for field in fields}
        for row in spec.get("datasets", {}).get(data, []):
            told = {title: _cell(row.get(field)) for field, title in titles.items()}
            made = {"figure_id": row.get("figure_id"), "of": titles.get("shown")}
            found.setdefault(tuple(titles.values()), {}).setdefault(tuple(told.values()), told | made)
    return {heads: _together(list(rows.values()), heads[0]) for heads, rows in found.items()}


def _units(spec: dict[str, Any], data: str = "") -> Iterator[tuple[dict[str, Any], str]]:
    """The single views of a chart, each with the name of its data."""
    data = spec.get("data", {}).get("name", data)
    parts = [part for kind in ("layer", "hconcat", "vconcat", "concat") for part in spec.get(kind, [])]
    for part in [*parts, *([spec["spec"]] if "spec" in spec else [])]:
        yield from _units(part, data)
    if "mark" in spec:
        yield spec, data


def _together(rows: list[dict[str, Any]], head: str) -> list[dict[str, Any]]:
    order = {value: place for place, value in reversed(list(enumerate(row[head] for row in rows)))}
    return sorted(rows, key=lambda row: order[row[head]])


def _cell(value: object) -> str:
    return "" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def _table(heads: tuple[str, ...], rows: list[dict[str, Any]]) -> str:
    """Rows as a table; a figure leads to how it was made."""
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in heads)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(map(_row, rows, [heads] * len(rows)))}</tbody></table>"


def _row(row: dict[str, Any], heads: tuple[str, ...]) -> str:
    cells = []
    for place, head in enumerate(heads):
        text = escape(row[head])
        if row["figure_id"] and head == row["of"]:
            text = f'<a class="figure" href="#how-{escape(row["figure_id"])}">{text}</a>'
        cells.append(f'<th scope="row">{text}</th>' if place == 0 else f"<td>{text}</td>")
    return f"<tr>{''.join(cells)}</tr>"


_SVG = re.compile(r"<svg\b.*?</svg>", re.DOTALL)
_CLIP = re.compile(r'(?<=id="clip)\d+(?=")|(?<=url\(#clip)\d+(?=\))')


def apart(html: str, /) -> str:
    """A page whose pictures' clips are numbered on: each picture counts from 1, and would be clipped by another's."""
    last = 0

    def numbered(picture: re.Match[str]) -> str:
        nonlocal last
        numbers = set(map(int, _CLIP.findall(picture[0])))
        shift = last if numbers and min(numbers) <= last else 0
        last = max([last, *(number + shift for number in numbers)])
        return _CLIP.sub(lambda number: str(int(number[0]) + shift), picture[0]) if shift else picture[0]

    return _SVG.sub(numbered, html)


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
