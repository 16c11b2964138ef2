"""The look that all charts share: colours, typeface, title, source note, and how a chart is shown. No figure is read here."""

import json
import os
import re
import tempfile
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256
from html import escape
from pathlib import Path
from typing import Any

import altair as alt
import polars as pl
import vl_convert
from altair.utils.schemapi import debug_mode

from analysis.charts.lettering import wrapped
from analysis.errors import MetricError
from analysis.exhibits import Exhibit, statement_line
from analysis.ledger import Ledger
from analysis.look import GREY, INK, LIGHT, MANY, SVG_MIME, VEGALITE_MIME
from analysis.typeface import FOLDERS, JAPANESE, LATIN

FONT = f"{LATIN}, {JAPANESE}, sans-serif"

SHAPES = ["circle", "square", "triangle-up", "diamond", "cross", "triangle-down", "triangle-right", "triangle-left"]
"""Points' shapes, for as many lines as one chart can hold: colours may not be seen."""

WIDTH = 700
_TITLE, _NOTE, _LINES = 15, 11, 12
_LABEL_CHARACTER, _LABEL_MAX = 6.6, 270
"""Pixels: the whole chart; letters of title and note, and how many lines they may take; a label's character, and a label."""


unchecked = debug_mode(False)
"""For functions that make charts: Altair checks a chart as a whole when it is shown, and need not check each part before."""


def _are_plain(parts: Sequence[Any], *properties: str) -> bool:
    return all(getattr(part, name, alt.Undefined) is alt.Undefined for part in parts for name in properties)


class _Layers(alt.LayerChart):
    """Layers as they are given.

    Altair's own are copied with all within several times until they are shown, to bring their parameters and sizes
    together: those of our charts have none. Where a notebook gives them some, they are brought together as always.
    """

    def __init__(self, data: Any = alt.Undefined, layer: Sequence[Any] = (), **properties: Any) -> None:
        is_plain = _are_plain(layer, "params", "width", "height", "view")
        (alt.TopLevelLayerSpec if is_plain else alt.LayerChart).__init__(self, data=data, layer=list(layer), **properties)


class Panels(alt.ConcatChart):
    """Charts beside and below one another, as they are given."""

    def __init__(self, data: Any = alt.Undefined, concat: Sequence[Any] = (), **properties: Any) -> None:
        kind = alt.TopLevelConcatSpec if _are_plain(concat, "params") else alt.ConcatChart
        kind.__init__(self, data=data, concat=list(concat), **properties)


class Row(alt.HConcatChart):
    """Charts in a row, as they are given."""

    def __init__(self, data: Any = alt.Undefined, hconcat: Sequence[Any] = (), **properties: Any) -> None:
        kind = alt.TopLevelHConcatSpec if _are_plain(hconcat, "params") else alt.HConcatChart
        kind.__init__(self, data=data, hconcat=list(hconcat), **properties)


Shown = alt.Chart | alt.LayerChart | alt.ConcatChart | Exhibit


def _register_typefaces() -> None:
    """Give the renderer our typefaces and no others: one of the same name on a machine would come first, and move letters."""
    before = os.environ.get("FONTCONFIG_FILE")
    with tempfile.TemporaryDirectory() as folder:
        ours = Path(folder, "fonts.conf")
        ours.write_text(f"<fontconfig>{''.join(f'<dir>{escape(place)}</dir>' for place in FOLDERS)}</fontconfig>", "utf-8")
        # The renderer looks for the machine's fonts once, when the first folder is registered; by fontconfig, on Linux.
        os.environ["FONTCONFIG_FILE"] = str(ours)
        try:
            for place in FOLDERS:
                vl_convert.register_font_directory(place)
        finally:
            del os.environ["FONTCONFIG_FILE"]
            if before is not None:
                os.environ["FONTCONFIG_FILE"] = before


_register_typefaces()


@alt.theme.register("evroad", enable=True)
def _theme() -> alt.theme.ThemeConfig:
    text = {"labelFont": FONT, "titleFont": FONT, "labelFontSize": 12, "titleFontSize": 12, "titleFontWeight": "normal"}
    axis = {"labelColor": INK, "titleColor": GREY, "domainColor": LIGHT, "tickColor": LIGHT, "gridColor": "#e8ecef"}
    return {
        "config": {
            "font": FONT,
            "background": "white",
            "view": {"stroke": None},
            "axis": {**text, **axis, "labelLimit": 260},
            "title": {
                "font": FONT,
                "fontSize": _TITLE,
                "fontWeight": "bold",
                "color": INK,
                "subtitleFont": FONT,
                "subtitleFontSize": 12,
                "subtitleColor": GREY,
                "anchor": "start",
                "frame": "bounds",
                "offset": 14,
            },
            "text": {"font": FONT, "fontSize": 12, "color": INK},
            "legend": {**text, "labelColor": INK, "titleColor": GREY},
        }
    }


def _renderer(spec: dict[str, Any], **_: object) -> dict[str, Any]:
    description = spec.get("description", "Chart without a description")
    return {VEGALITE_MIME: spec, SVG_MIME: picture(spec), "text/plain": description}


def remembered(draw: Callable[[dict], str], /, *, most: int) -> Callable[[dict], str]:
    """`draw` that gives what it gave for the same specification, byte for byte, as long as it keeps that.

    A batch of reports has the same chart again and again. What is kept stands in no module: nothing that a notebook does
    to the package's tables reaches it.

    Args:
        draw: makes a picture of a specification and of nothing else.
        most: bytes of all pictures that are kept; the longest unused go first.
    """
    kept: OrderedDict[bytes, bytes] = OrderedDict()

    def drawn(spec: dict) -> str:
        """A specification as a picture in SVG, drawn once."""
        key = sha256(json.dumps(spec).encode()).digest()
        if key not in kept:
            kept[key] = draw(spec).encode()
        kept.move_to_end(key)
        made = kept[key].decode()
        while sum(map(len, kept.values())) > most:
            kept.popitem(last=False)
        return made

    return drawn


_CLIP = re.compile(r'(?<=id="clip)\d+(?=")|(?<=url\(#clip)\d+(?=\))')


def _numbered(svg: str) -> str:
    """A picture with its clips numbered from 1: the renderer counts on from whatever the process has drawn before."""
    order = {number: str(place) for place, number in enumerate(dict.fromkeys(_CLIP.findall(svg)), 1)}
    return _CLIP.sub(lambda match: order[match[0]], svg)


# The renderer is bound here: what a notebook puts in its place for a while draws nothing that is kept.
_draw = remembered(lambda spec, draw=vl_convert.vegalite_to_svg: _numbered(draw(spec)), most=16 * 2**20)


def picture(spec: dict[str, Any], /) -> str:
    """A Vega-Lite specification as SVG, the same whatever this process has drawn before."""
    return _draw(spec)


alt.renderers.register("evroad", _renderer)
alt.renderers.enable("evroad")


def label_width(names: Iterable[str]) -> int:
    """Pixels that the longest of some names takes at the left of a chart."""
    return min(_LABEL_MAX, round(18 + _LABEL_CHARACTER * max(len(name) for name in names)))


def rows_of(names: Sequence[str], *, grid: bool = False) -> alt.Y:
    """The names at the left, in their own order, taking the same room whatever is drawn beside them."""
    width = label_width(names)
    axis = alt.Axis(
        ticks=False, domain=False, grid=grid, labelPadding=6, minExtent=width, maxExtent=width, labelLimit=_LABEL_MAX
    )
    return alt.Y("name:N", sort=list(names), title=None, axis=axis)


def layered(*layers: alt.Chart | alt.LayerChart, **properties: Any) -> alt.LayerChart:
    """One chart above another; data that all of them share are the whole's, and told once."""
    data = layers[0].data
    if any(layer.data is not data for layer in layers):
        return _Layers(layer=layers, **properties)
    bare = [layer.copy(deep=False) for layer in layers]
    for layer in bare:
        layer.data = alt.Undefined
    return _Layers(layer=bare, data=data, **properties)


def finished(
    chart: alt.LayerChart,
    height: int,
    title: str,
    subtitle: str,
    description: str,
    source: str,
    left: int = 0,
    right: int = 0,
    below: int = 30,
    key: str = "",
) -> alt.LayerChart:
    """The chart with its title, what it shows, its source beneath, and a description that stands for it.

    Args:
        chart, height: the chart and the height of its ground in pixels.
        title, subtitle, description, source: the texts.
        left, right: pixels beside the ground for what is named there.
        below: pixels between the ground and the note.
        key: what the signs mean, where that is not written beside them.
    """
    heading = headed(title, subtitle, f"{description}. {source}".rstrip())
    layers = [*chart.layer, noted([key, source], -left, height + below)]
    return _Layers(data=chart.data, layer=layers, width=WIDTH - left - right, height=height, **heading)


def sourced(ledger: Ledger, rows: pl.DataFrame) -> str:
    """The source note for rows that name claims and events in `claim_ids`; empty where they name none."""
    ids = rows["claim_ids"].explode(empty_as_null=False).drop_nulls().to_list()
    return statement_line(ledger, ids) if ids else ""


def tips(**titles: str) -> list[alt.Tooltip]:
    """What is shown where a mark is pointed at: column -> what it is called."""
    return [alt.Tooltip(f"{column}:N", title=title) for column, title in titles.items()]


def told_apart(column: str, values: Sequence[Any], what: str) -> tuple[alt.Color, alt.Shape]:
    """Colours of lines and shapes of their points, one of each for every value of a column.

    Raises:
        MetricError: for more values than can be told apart; `what` are they?
    """
    if len(values) > len(MANY):
        raise MetricError(f"{what}: at most {len(MANY)} lines can be told apart")
    colours, shapes = (alt.Scale(domain=list(values), range=some[: len(values)]) for some in (MANY, SHAPES))
    name = f"{column}:N"
    return alt.Color(name, scale=colours, legend=None), alt.Shape(name, scale=shapes, legend=None)


def headed(title: str, subtitle: str, description: str) -> dict[str, Any]:
    """A chart's properties `title`, with what is shown beneath it, and `description`, which stands for the chart."""
    heading = alt.TitleParams(
        wrapped(title, WIDTH, size=_TITLE, bold=True, lines=_LINES),
        subtitle=wrapped(subtitle, WIDTH, lines=_LINES),
        lineHeight=18,
    )
    return {"title": heading, "description": f"{title} {subtitle} {description}"}


def noted(paragraphs: Sequence[str], x: float, y: float) -> alt.Chart:
    """What stands beneath a chart in small grey letters."""
    lines = [line for text in paragraphs if text for line in wrapped(text, WIDTH, size=_NOTE, lines=_LINES)]
    return (
        alt.Chart(pl.DataFrame({"note": ["\n".join(lines)]}))
        .mark_text(align="left", baseline="top", color=GREY, fontSize=_NOTE, lineBreak="\n")
        .encode(x=alt.XValue(x), y=alt.YValue(y), text=alt.Text("note:N"), tooltip=alt.TooltipValue(None))
    )
