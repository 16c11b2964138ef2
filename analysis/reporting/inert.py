"""Whether HTML is inert: it shows text and drawings, runs nothing and asks for nothing. What is not is refused, not mended.

The tags are read by a grammar narrower than a browser's: what two readers could take for different things is no tag here.
"""

import re

from analysis.errors import BuildError

_ELEMENTS = re.compile(
    r"a|abbr|b|blockquote|br|caption|code|col|colgroup|dd|del|details|div|dl|dt|em|figcaption|figure|h[1-6]|hr|i|img|kbd|li|ol|p|pre|s|"
    r"small|span|strong|sub|summary|sup|table|tbody|td|tfoot|th|thead|tr|u|ul|"
    r"circle|clippath|defs|ellipse|g|line|lineargradient|path|polygon|polyline|radialgradient|rect|stop|svg|text|tspan"
)
"""Text and drawings. None of them makes a browser read what follows by other rules, as style, title or a comment would."""

_ATTRIBUTES = re.compile(
    r"(?:aria|data|clip|fill|font|stop|stroke|text|xmlns|gradient)[a-z:-]*|alt|class|colspan|d|dir|display|dominant-baseline|"
    r"dx|dy|cx|cy|headers|height|href|id|lang|offset|opacity|pointer-events|points|preserveaspectratio|r|role|rowspan|rx|ry|"
    r"scope|src|start|style|tabindex|title|transform|version|viewbox|visibility|width|x|x1|x2|y|y1|y2"
)
_VALUES = {
    "href": re.compile(r"#\S*|https?://\S+|[\w-]+\.[a-z]+(?:#\S*)?"),
    "src": re.compile(r"data:image/png;base64,[A-Za-z0-9+/=]*|chart-\d+\.(?:svg|png)"),
    "tabindex": re.compile("0"),
    "style": re.compile(r"[\w\s.,:;%#-]*"),  # no brackets, ampersands and backslashes: no url(), however it is written
    **dict.fromkeys(("clip-path", "fill", "stroke"), re.compile(r"url\(#\w+\)|(?!url)[\w\s#().,%-]*")),
}
_TAG = re.compile(r"""</?([a-zA-Z][a-zA-Z0-9]*)((?:\s+[a-zA-Z][a-zA-Z0-9:-]*(?:="[^"]*")?)*)\s*/?>""")
_ATTRIBUTE = re.compile(r"""([a-zA-Z][a-zA-Z0-9:-]*)(?:="([^"]*)")?""")
_NEAR = 80  # characters of the place that are told


def check_inert(html: str, /) -> None:
    """Make sure that a piece of HTML could not make a page run anything, or ask for anything.

    Raises:
        BuildError: naming the first element, attribute or value that is not known to be inert, and where it stands.
    """
    place = html.find("<")
    while place >= 0:
        tag = _TAG.match(html, place)
        active = _active(tag) if tag else "what is no plain tag (comments and unquoted values are none)"
        if active:
            line = html.count("\n", 0, place) + 1
            near = html[place : place + _NEAR]
            raise BuildError(f"a report may not hold {active}, as it could run something or ask for it; line {line}: {near}")
        place = html.find("<", tag.end())


def _active(tag: re.Match[str]) -> str:
    """What of a tag is not known to be inert; empty where all is."""
    element = tag[1].lower()
    if not _ELEMENTS.fullmatch(element):
        return f"<{element}>"
    for name, value in _ATTRIBUTE.findall(tag[2]):
        if not _ATTRIBUTES.fullmatch(name.lower()):
            return f"the attribute {name} of <{element}>"
        allowed = _VALUES.get(name.lower())
        if allowed and not allowed.fullmatch(value):
            return f"{name}={value[:_NEAR]!r} of <{element}>"
    return ""
