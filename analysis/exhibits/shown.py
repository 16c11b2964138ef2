"""What is shown: an exhibit with its HTML, text and data; and the table that others are made of. No ledger here."""

import re
from dataclasses import dataclass, field
from html import escape, unescape
from typing import Any

import polars as pl
from great_tables import GT

from analysis.units import period_label
from analysis.wording import figure_in_words


@dataclass(frozen=True, repr=False)
class Exhibit:
    """Something to show: HTML for pages and JupyterLab, text for terminals and tests, data for the edition."""

    html: str
    text: str
    data: dict[str, Any] = field(default_factory=dict)

    def _repr_mimebundle_(self, **_: object) -> dict[str, Any]:
        # JupyterLab would set what stands between two dollar signs as mathematics.
        html = f'<div class="tex2jax_ignore mathjax_ignore">{self.html}</div>'
        return {"text/html": html, "text/plain": self.text, **self.data}

    def __repr__(self) -> str:
        return self.text


def not_known(what: list[str]) -> Exhibit:
    """A note in place of something for which nothing had been published."""
    text = f"Not known at the as-of date: {', '.join(dict.fromkeys(what)).rstrip('.')}."
    return Exhibit(f'<div class="not-known"><p>{escape(text)}</p></div>', text)


def link(figure: dict) -> str:
    """A figure as text that leads to how it was made."""
    name = escape(f"{figure['label']}: {figure['method']}")
    return f'<a class="figure" href="#how-{figure["figure_id"]}" title="{name}">{escape(figure_in_words(figure))}</a>'


def verbatim(words: str) -> str:
    """Words that the ledger holds, or a source with its date: `reporting.numbers` looks the numbers in them up there."""
    return f'<span class="verbatim">{escape(words)}</span>' if words else ""


def dated(words: str) -> str:
    """A day or a period, which is no figure."""
    return f'<span class="dated">{escape(words)}</span>'


def period(figure: dict) -> str:
    """The period that a figure is of."""
    return dated(period_label(figure["period_start"], figure["period_end"]))


def table(
    rows: list[dict[str, str]], title: str, *, numeric: list[str] | None = None, widths: list[int] | None = None
) -> Exhibit:
    """Rows of escaped HTML as a table with a caption, row and column headers; the same bytes every time.

    Args:
        rows: heading -> cell, for each row; where there are none, a note says so.
        title: the caption.
        numeric: the headings of columns that are set to the right.
        widths: the columns' widths in percent; as their cells ask for where none are given.
    """
    if not rows:
        return not_known([title])
    frame = pl.DataFrame(rows)
    first, *others = frame.columns
    name = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-") or "table"
    shown = (
        GT(frame, rowname_col=first, id=name)
        .tab_stubhead(first)
        .cols_align("left")
        .cols_align("right", [column for column in others if column in (numeric or [])])
        .fmt(lambda cell: cell, columns=frame.columns)  # the cells are HTML already
    )
    html = shown.as_raw_html()
    # Only the table: great_tables' own style sheet would apply to every table of the page.
    body = html[html.index("<table") : html.index("</table>") + len("</table>")]
    columns = "".join(f'<col style="width: {width}%">' for width in widths or [])
    head = f"<caption>{escape(title)}</caption>" + (f"<colgroup>{columns}</colgroup>" if columns else "")
    body = re.sub("<table[^>]*>", lambda _: f'<table id="{name}">{head}', body, count=1)
    body = re.sub(r' data-quarto-[a-z-]+="false"', "", body)
    body = re.sub(r"<(?:thead|tbody|tr|th|td)\b[^>]*>", _bare, body)
    body = re.sub(r"\n\s*", "\n", body)
    plain = [" | ".join(frame.columns), *(" | ".join(text(cell) for cell in row) for row in frame.iter_rows())]
    return Exhibit(f'<div class="table">{body}</div>', "\n".join([title, *plain]))


def _bare(tag: re.Match[str]) -> str:
    """A tag of great_tables with what is read: whose header a cell is, and what stands at the right."""
    says_nothing = r""" (?:headers="[^"]*"|id="[^"]*"|colspan="1"|rowspan="1"|class="(?![^"]*gt_right)[^"]*")"""
    return re.sub(r'class="[^"]*gt_right[^"]*"', 'class="gt_right"', re.sub(says_nothing, "", tag[0]))


def filled(rows: list[dict[str, str]]) -> list[dict[str, str]]:
    """The rows without the columns that are empty throughout."""
    headings = {heading for row in rows for heading, cell in row.items() if cell}
    return [{heading: cell for heading, cell in row.items() if heading in headings} for row in rows]


def with_note(table: Exhibit, note: str) -> Exhibit:
    """A table with a paragraph below it."""
    return Exhibit(f'{table.html}\n<div class="note"><p>{escape(note)}</p></div>', f"{table.text}\n{note}")


def text(html: str) -> str:
    """A cell's HTML as plain text."""
    return unescape(re.sub(r"<[^>]+>", "", html.replace("<br>", " / "))).strip()
