"""Tables as an accessible workbook, after the UK Government Analysis Function's "Releasing statistics in spreadsheets".

A cover, contents, notes, one marked-up and named table a sheet from column A, a title in A1, one row of headings, no merged
cells, no filters, no colour, no empty cell, and text of 12 points in a plain face. Where we differ: the headings stay in
view, because the tables are long. What a cell holds is not known here.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, time
from functools import cache
from pathlib import Path

from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from analysis.reporting.html import About

Formats = Callable[..., Format]
Cell = str | float | date | None

NOT_APPLICABLE, NOT_KNOWN = "[z]", "[x]"
MARKERS = {NOT_APPLICABLE: "There is nothing to tell here.", NOT_KNOWN: "Not known, or not given by the source."}
"""The guidance's shorthand -> its meaning."""

_CHARACTERS, _LINE_FEEDS = 32_767, 253
"""What Excel holds in a cell, in units of UTF-16."""
_CUT = " [cut: the rest is in the edition's CSV files]"

_NARROWEST, _WIDEST = 10, 60  # characters
_HEAD = 3
"""The row of headings, counted from 0."""


@dataclass(frozen=True)
class Sheet:
    """A sheet with one table: its name, what a row is, column -> what it means, and the rows.

    A number is formatted by the `unit` of its row, or by what `units` gives its column: a unit, or the column that holds it.
    """

    name: str
    description: str
    columns: dict[str, str]
    rows: list[dict[str, Cell]]
    units: dict[str, str] = field(default_factory=dict)

    @property
    def tab(self) -> str:
        """Its name where none may have a space: as a tab and as a table, so that formulas name it without quotes."""
        return self.name.replace(" ", "_")


def write_workbook(path: Path, sheets: list[Sheet], about: About, reports: list[str], /) -> None:
    """Write a workbook with a cover, contents, notes and the meaning of every column before the sheets.

    All text is written as text: nothing in it becomes a formula or a link. A text longer than a cell can hold is cut, and
    says so.

    Args:
        path: where to.
        sheets: the tables, in order.
        about: the edition; its date is the only one that the file knows.
        reports: the titles of its reports.
    """
    options = {
        "in_memory": True,  # else its parts bear the modes and times of files in the machine's temporary folder
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "default_format_properties": {"font_name": "Arial", "font_size": 12},
    }
    with Workbook(path, options) as book:
        title = f"{about.title}: figures and their sources, edition {about.edition}"
        book.set_properties({"title": title, "author": "evroad", "created": datetime.combine(about.date, time())})
        book.set_custom_property("Language", "en-GB")
        formats = cache(lambda **more: book.add_format({"text_wrap": True, "valign": "top", **more}))  # each is made once
        _write_cover(book.add_worksheet("Cover"), title, about, reports, formats)
        notes, columns = _notes(), _columns(sheets)
        contents = _contents([notes, columns, *sheets])
        for sheet in (contents, notes, columns, *sheets):
            _write_sheet(book.add_worksheet(sheet.tab), sheet, formats)


def number_format(value: float, unit: str) -> str:
    """How a spreadsheet shows a number in its unit.

    >>> number_format(0.42, "share"), number_format(0.0004, "share"), number_format(661e6, "USD"), number_format(113.64, "JPY")
    ('0.00%', '0.000%', '#,##0', '#,##0.00##')
    """
    if unit in ("share", "change", "per_year"):
        return "0.000%" if 0 < abs(value) < 0.001 else "0.00%"
    return "#,##0" if float(value).is_integer() else "#,##0.00##"


def fitted(text: str) -> str:
    """The text as far as a cell can hold it; what is cut ends by saying so."""
    kept = "\n".join(text.split("\n")[: _LINE_FEEDS + 1])
    if kept == text and len(text.encode("utf-16-le")) <= 2 * _CHARACTERS:
        return text
    room = 2 * (_CHARACTERS - len(_CUT))
    return kept.encode("utf-16-le")[:room].decode("utf-16-le", "ignore") + _CUT


def _write_cover(page: Worksheet, title: str, about: About, reports: list[str], formats: Formats) -> None:
    lines = [
        f"Edition {about.edition}, of {about.date_in_words}. As of {about.as_of_in_words}: what could be known then.",
        "This workbook holds every figure of the edition's reports, how it was made, the claims and events it rests on as they "
        "were printed, their sources, what contradicts them, and what changed since the edition before. The same tables lie "
        "beside it as CSV and Parquet.",
        f"Figures are quoted from their sources, each under the terms in the sheet Sources. Made with evroad {about.version}.",
    ]
    page.set_column(0, 0, 90)
    page.write_string(0, 0, fitted(title), formats(bold=True, font_size=16))
    for row, line in enumerate(lines, 1):
        page.write_string(row, 0, fitted(line), formats())
    page.write_string(len(lines) + 1, 0, "Reports", formats(bold=True, font_size=14))
    for row, report in enumerate(reports, len(lines) + 2):
        page.write_string(row, 0, fitted(report), formats())


def _contents(sheets: list[Sheet]) -> Sheet:
    rows = [{"sheet": sheet.tab, "what_it_holds": sheet.description, "rows": len(sheet.rows)} for sheet in sheets]
    meanings = {"sheet": "Its name, which leads to it", "what_it_holds": "What a row is", "rows": "How many there are"}
    return Sheet("Contents", "The sheets of this workbook.", meanings, rows)


def _notes() -> Sheet:
    notes = MARKERS | {
        "Shares": "Shares and changes are stored as parts of one (0.42) and shown as percent (42.00%).",
        "Periods": "Fiscal years are Nissan's: fiscal 2028 is 1 April 2028 to 31 March 2029.",
        "Printed": "Words in quotation marks stand so in an archived text; other statements were taken down in digits.",
    }
    rows = [{"note": note, "meaning": meaning} for note, meaning in notes.items()]
    return Sheet("Notes", "What holds for all sheets.", {"note": "The mark or word", "meaning": "What it means"}, rows)


def _columns(sheets: list[Sheet]) -> Sheet:
    rows = [
        {"sheet": sheet.tab, "column": _heading(column), "name_in_csv": column, "meaning": meaning}
        for sheet in sheets
        for column, meaning in sheet.columns.items()
    ]
    meanings = {
        "sheet": "The sheet",
        "column": "Its heading",
        "name_in_csv": "Its name in CSV and Parquet",
        "meaning": "What it means",
    }
    return Sheet("Columns", "What each column of the sheets after this one means.", meanings, rows)


def _write_sheet(page: Worksheet, sheet: Sheet, formats: Formats) -> None:
    page.write_string(0, 0, sheet.name, formats(bold=True, font_size=16, text_wrap=False))
    told = f"{sheet.description} This sheet holds one table. The sheet Notes explains {' and '.join(MARKERS)}."
    page.write_string(1, 0, told, formats(text_wrap=False))
    _write_link(page, 2, "Cover" if sheet.name == "Contents" else "Contents", formats)
    rows = sheet.rows or [dict.fromkeys(sheet.columns, NOT_APPLICABLE)]  # a table without rows is none in Excel
    bold = formats(bold=True)
    page.add_table(
        _HEAD,
        0,
        _HEAD + len(rows),
        len(sheet.columns) - 1,
        {
            "name": sheet.tab,
            "columns": [{"header": _heading(column), "header_format": bold} for column in sheet.columns],
            "style": "Table Style Light 1",
            "banded_rows": False,
            "autofilter": False,
            "title": sheet.name,
            "description": sheet.description,
        },
    )
    page.freeze_panes(_HEAD + 1, 0)
    for number, column in enumerate(sheet.columns):
        page.set_column(number, number, _width([_heading(column), *(row[column] for row in rows)]))
        for place, row in enumerate(rows, _HEAD + 1):
            if sheet.name == "Contents" and column == "sheet":
                _write_link(page, place, row[column], formats)
            else:
                unit = sheet.units.get(column, "unit")
                _write_cell(page, place, number, row[column], str(row.get(unit, unit)), formats)


def _write_cell(page: Worksheet, place: int, number: int, value: Cell, unit: str, formats: Formats) -> None:
    if isinstance(value, str):
        page.write_string(place, number, fitted(value), formats())
    elif isinstance(value, date):
        page.write_datetime(place, number, value, formats(num_format="yyyy-mm-dd"))
    else:
        page.write_number(place, number, value, formats(num_format=number_format(value, unit)))


def _write_link(page: Worksheet, row: int, sheet: str, formats: Formats) -> None:
    link = formats(underline=1, font_color="#0000EE", text_wrap=False)
    page.write_url(row, 0, f"internal:'{sheet}'!A1", link, string=sheet)


def _heading(column: str) -> str:
    words = column.replace("_", " ")
    return (words[0].upper() + words[1:]).replace("csv", "CSV").replace("Url", "URL").replace("Sha256", "SHA-256")


def _width(cells: list[Cell]) -> int:
    shown = (f"{cell:,.2f}" if isinstance(cell, float) else str(cell) for cell in cells)
    longest = max(len(line) for text in shown for line in text.split("\n"))
    return min(max(longest + 2, _NARROWEST), _WIDEST)
