"""The words of a page kept from pandoc: it sees a number in the place of each text, which comes back as a string of Typst's.

Pandoc reads, filters and writes each word and each space as an element of its own, which is most of what it does for a report;
what it is there for is what lies around them: lists, tables, headings, links. A string also needs no escaping but its own.
"""

import re
from html import unescape

_TAG = re.compile(r'(</?[a-zA-Z](?:[^<>"]|"[^"]*")*>)')
_BLANK = " \t\r\n"
_AS_IS = {"code", "figcaption", "pre", "svg"}
"""Elements whose text pandoc, or its filter, must see: it is no text of Typst's there, but part of a call or a file."""

_MEANS_NOTHING = re.compile('<span class="(?:dated|from|label|method|verbatim)">')
"""Spans of ours that print has no use for; without them a sentence is one text."""

_UNUSED = re.compile(' (?:scope|title)="[^"]*"')
"""What a screen says of links and heads of a table."""

_MARK = "\U000f0000"


def set_aside(content: str, /) -> tuple[str, list[str]]:
    """Inert HTML with a number in the place of each text, and these texts, in order.

    Whitespace around a text stays, for pandoc knows what of it counts. Nothing is set aside where the content has the mark that
    is put around numbers, a character for private use: an attribute could pass for one of them, within a string of Typst's.

    >>> html, texts = set_aside("<p>Up to <b>-5 &amp; more</b></p>")
    >>> html.replace(chr(0xf0000), "|"), texts
    ('<p>|0| <b>|1|</b></p>', ['Up to', '-5 & more'])
    """
    if _MARK in unescape(content):
        return content, []
    parts, texts = _TAG.split(_without_spans(content)), []
    inside, depth = "", 0
    for place, part in enumerate(parts):
        if place % 2:
            name = re.match("</?([a-zA-Z0-9]+)", part)[1].lower()
            if name == inside or (not inside and name in _AS_IS and part[1] != "/"):
                inside, depth = name, depth + (-1 if part[1] == "/" else 1)
                inside = inside if depth else ""
            elif part.startswith(("<a ", "<th ")):
                parts[place] = _UNUSED.sub("", part)
        elif not inside and (words := part.strip(_BLANK)):
            start = part.index(words)
            parts[place] = f"{part[:start]}{_MARK}{len(texts)}{_MARK}{part[start + len(words) :]}"
            texts.append(re.sub(f"[{_BLANK}]+", " ", unescape(words)))
    return "".join(parts), texts


def put_back(source: str, texts: list[str], /) -> str:
    r"""The source for Typst with the texts in their places, as strings that end where they end: what follows can't call them.

    >>> put_back("= " + chr(0xf0000) + "0" + chr(0xf0000), ['a "b" \\ #c'])
    '= #"a \\"b\\" \\\\ #c";'
    """

    def text(match: re.Match[str]) -> str:
        quoted = texts[int(match[1])].replace("\\", "\\\\").replace('"', '\\"')
        return f'#"{quoted}";'

    return re.sub(f"{_MARK}([0-9]+){_MARK}", text, source)


def _without_spans(content: str) -> str:
    """The HTML without the spans that mean nothing to print; left as it is where its spans don't pair."""
    parts, opened = re.split(r'(<span\b(?:[^<>"]|"[^"]*")*>|</span\s*>)', content), []
    for place in range(1, len(parts), 2):
        if not parts[place].startswith("</"):
            opened.append(bool(_MEANS_NOTHING.fullmatch(parts[place])))
        elif not opened:
            return content
        if opened.pop() if parts[place].startswith("</") else opened[-1]:
            parts[place] = ""
    return content if opened else "".join(parts)
