"""Notices on what was published: that it was withdrawn, or superseded. They are put on and taken off without a trace."""

import re
from dataclasses import dataclass
from html import escape
from io import BytesIO

PLACE = "<!--notice-->"
"""Stands once in every page, where a notice goes."""

_ON_PAGE = re.compile(
    re.escape(PLACE.encode())
    + rb'<aside class="notice" aria-label="Notice"><p>[^<]*(?:<a href="[^"<>]*">[^<]*</a>\.)?</p></aside>'
)
_END = b"%%EOF"
_SAYS = ("Withdrawn ", "Superseded ")
_MOST_BYTES = 8192  # that a notice adds to a PDF


@dataclass(frozen=True)
class Notice:
    """What is said of a published file, and the file that took its place, by its address from there."""

    text: str
    instead: str = ""
    instead_name: str = ""

    @property
    def in_words(self) -> str:
        return self.text + (f" {self.instead_name}." if self.instead else "")


def with_notice(content: bytes, suffix: str, notice: Notice | None, /) -> bytes:
    """A published page or PDF with a notice, in place of the one it had; as it was published where there is none.

    Args:
        content: the file's content.
        suffix: the ending of its name; other files than .html and .pdf take no notice.
    """
    plain = without_notice(content, suffix)
    if notice is None:
        return plain
    if suffix == ".html":
        link = f' <a href="{escape(notice.instead)}">{escape(notice.instead_name)}</a>.' if notice.instead else ""
        shown = f'{PLACE}<aside class="notice" aria-label="Notice"><p>{escape(notice.text)}{link}</p></aside>'
        return plain.replace(PLACE.encode(), shown.encode(), 1)
    return _on_first_page(plain, notice.in_words) if suffix == ".pdf" else plain


def without_notice(content: bytes, suffix: str, /) -> bytes:
    """A published file as it was published; what else was done to it stays."""
    if suffix == ".html":
        return _ON_PAGE.sub(PLACE.encode(), content, count=1)
    if suffix == ".pdf":
        end = content.find(_END) + len(_END)
        added = len(content) - end
        is_noted = 0 < added < _MOST_BYTES and content.endswith(_END + b"\n") and _says_something(content)
        return content[:end] if is_noted else content
    return content


def _says_something(pdf: bytes) -> bool:
    """Whether the last annotation of the first page is a notice of ours."""
    from pypdf import PdfReader
    from pypdf.errors import PyPdfError

    try:
        notes = PdfReader(BytesIO(pdf), strict=True).pages[0].get("/Annots", [])
        return bool(notes) and str(notes[-1].get_object().get("/Contents", "")).startswith(_SAYS)
    except (PyPdfError, ValueError, KeyError, TypeError):
        return False


def _on_first_page(pdf: bytes, text: str) -> bytes:
    """The PDF with a line across the top of its first page, appended to it: what was published stays byte for byte."""
    from pypdf import PdfWriter
    from pypdf.generic import (
        ArrayObject,
        DictionaryObject,
        FloatObject,
        NameObject,
        NumberObject,
        StreamObject,
        TextStringObject,
    )

    def dictionary(**entries: object) -> DictionaryObject:
        return DictionaryObject({NameObject(f"/{name}"): value for name, value in entries.items()})

    def box(*corners: float) -> ArrayObject:
        return ArrayObject(map(FloatObject, corners))

    writer = PdfWriter(BytesIO(pdf), incremental=True)
    width, height = (float(side) for side in writer.pages[0].mediabox[2:])
    font = dictionary(Type=NameObject("/Font"), Subtype=NameObject("/Type1"), BaseFont=NameObject("/Helvetica-Bold"))
    shown = StreamObject()
    shown.set_data(_drawing(text, width))
    shown |= dictionary(
        Type=NameObject("/XObject"),
        Subtype=NameObject("/Form"),
        BBox=box(0, 0, width, _BAND),
        Resources=dictionary(Font=dictionary(F=font)),
    )
    stamp = dictionary(
        Type=NameObject("/Annot"),
        Subtype=NameObject("/Stamp"),
        Rect=box(0, height - _BAND, width, height),
        F=NumberObject(4),  # printed too
        Contents=TextStringObject(text),
        AP=dictionary(N=writer._add_object(shown)),  # a stream may not stand inside another object
    )
    writer.add_annotation(0, stamp)
    out = BytesIO()
    writer.write(out)
    return out.getvalue()


_BAND = 34  # points, at the top of the page: less than its margin
_FITS = 112  # characters in a line of it; readers show the whole text of a stamp beside it


def _drawing(text: str, width: float) -> bytes:
    """A band with the text in it, as far as it fits, in the letters that every PDF reader has."""
    line = text if len(text) <= _FITS else text[: _FITS - 3] + "..."
    letters = line.encode("cp1252", "replace").translate(None, b"\r\n")
    safe = letters.replace(b"\\", rb"\\").replace(b"(", rb"\(").replace(b")", rb"\)")
    band = f"0.72 0.05 0.12 rg 0 0 {width:g} {_BAND} re f 1 1 1 rg BT /F 9 Tf 40 13 Td (".encode()
    return band + safe + b") Tj ET"
