"""Importers: the rows of a publisher's downloaded file as claims of one edition, with every fault that they have.

Nothing is downloaded, and nothing is written: `additions` puts an edition into the ledger.
"""

import calendar
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

import polars as pl

from analysis.errors import Fault, InputError, LedgerError
from analysis.ledger import Ledger
from analysis.tables import LINE, read_text, unseen
from analysis.units import POINTS_PER_SHARE

PRODUCT = "iea-global-ev-outlook"
"""Our World in Data hands on the IEA's figures: both files are editions of the same publication."""

_NUMBER = r"[+-]?[0-9]+(\.[0-9]*)?([eE][+-]?[0-9]{1,2})?"
_YEAR = r"(19|20|21)[0-9]{2}"
_SHARE_COLUMN = "Share of new cars that are electric"
_NAMES = {"region_country": "region", "Entity": "region", "Year": "year", _SHARE_COLUMN: "value"}
_IEA_COLUMNS = ["category", "parameter", "mode", "powertrain", "year", "unit", "value"]
_SAME = [
    {"global", "World"},
    {"us", "USA", "United States"},
    {"uk", "United Kingdom"},
    {"eu27", "EU27", "European Union (27)"},
    {"Korea", "South Korea"},
    {"Turkiye", "Türkiye", "Turkey"},
]
"""Ids of markets and names that mean the same market."""


@dataclass(frozen=True)
class _Kind:
    name: str  # in the claim's id
    series_id: str
    unit: str
    printed_unit: str
    basis: str = "reported"
    note: str | None = None


_ROUNDED = {"qualifier": "about", "stance": "asserts", "entry": 1, "change": "new"}
_SHARE = _Kind("share", "plug_in_share_of_sales", "share", "percent")
_STEPS_NOTE = "Stated Policies Scenario: where policies in place and announced lead, not a prediction"
_STEPS = _Kind("steps", "plug_in_share_of_sales", "share", "percent", "forecast", _STEPS_NOTE)
_BEV = _Kind("bev", "bev_annual_sales", "vehicles", "vehicles")
_PHEV = _Kind("phev", "phev_annual_sales", "vehicles", "vehicles")
_IEA_KINDS = {
    ("Historical", "EV sales share", "EV"): _SHARE,
    ("Historical", "EV sales", "BEV"): _BEV,
    ("Historical", "EV sales", "PHEV"): _PHEV,
    # Only this scenario: a second one for the same year would contradict it within one source.
    ("Projection-STEPS", "EV sales share", "EV"): _STEPS,
}


@dataclass(frozen=True)
class Publication:
    """A file as its publisher gives it out: its source, the columns it may have, and what kind of row each is."""

    source: dict[str, str]
    shapes: list[list[str]]
    kind: Callable[[dict], _Kind | None]


PUBLICATIONS = {
    "iea": Publication(
        {
            "publisher": "IEA",
            "title": "Global EV Data Explorer",
            "url": "https://www.iea.org/data-and-statistics/data-tools/global-ev-data-explorer",
            "caveat": "Values are rounded by the publisher, mostly to two figures",
        },
        [["region_country", *_IEA_COLUMNS, "Aggregate group"], ["region", *_IEA_COLUMNS]],
        lambda row: _IEA_KINDS.get((row["category"], row["parameter"], row["powertrain"])) if row["mode"] == "Cars" else None,
    ),
    "owid": Publication(
        {
            "publisher": "Our World in Data, from the IEA's Global EV Outlook",
            "title": "Share of new cars sold that are electric",
            "url": "https://ourworldindata.org/grapher/electric-car-sales-share",
            "caveat": "A copy of the IEA's figures, rounded, mostly to two; the file does not name the edition copied",
        },
        [["Entity", "Code", "Year", _SHARE_COLUMN]],
        lambda _: _SHARE,
    ),
}
"""What can be imported, by the name of its command."""


@dataclass(frozen=True)
class Edition:
    """One edition read from a file: its source and claims as rows of their tables, and what was not taken.

    `left_out` counts the rows of each region that is no market of the ledger, `passed_over` those about something else.
    """

    file: str
    source: dict
    claims: list[dict]
    left_out: Counter[str]
    passed_over: int


def published_day(text: str) -> tuple[date, str]:
    """The day an edition was published and how exactly that is known; a month counts from its last day.

    >>> published_day("2024-02")
    (datetime.date(2024, 2, 29), 'month')

    Raises:
        InputError: where it is neither YYYY-MM-DD nor YYYY-MM.
    """
    only_month = re.fullmatch(r"[0-9]{4}-[0-9]{2}", text)
    try:
        day = date.fromisoformat(f"{text}-01" if only_month else text)
    except ValueError:
        raise InputError(f"--published {text!r} is not a date: expected YYYY-MM-DD, or YYYY-MM") from None
    return (day.replace(day=calendar.monthrange(day.year, day.month)[1]), "month") if only_month else (day, "day")


def read_edition(name: str, path: Path, ledger: Ledger, *, published: str, today: date, **given: str | None) -> Edition:
    """Read a publisher's file as an edition of `PRODUCT`.

    Args:
        name: one of `PUBLICATIONS`.
        path: the downloaded file.
        ledger: whose markets and series are wanted.
        published: the edition's date, YYYY-MM-DD or YYYY-MM.
        today: the day it is recorded.
        given: publisher, url or caveat of the source, instead of the publication's own.

    Returns:
        The edition, its claims in the order of the file.

    Raises:
        InputError: where the date does not fit, a given text has unseen characters, a series is missing, or no row is wanted.
        LedgerError: with every fault of the file.
    """
    day, precision = published_day(published)
    if (day.replace(day=1) if precision == "month" else day) > today:
        raise InputError(f"--published {published} is after today, {today}: give the day the file was published")
    for key, text in given.items():
        if unseen(text or ""):
            raise InputError(f"--{key} is {text!r}: expected text without control characters or invisible ones")
    missing = {kind.series_id for kind in _IEA_KINDS.values()} - set(ledger.series["series_id"])
    if missing:
        raise InputError(f"series.csv has no {', '.join(sorted(missing))}: add the series in which the file's values belong")
    source = PUBLICATIONS[name].source | {key: text for key, text in given.items() if text is not None}
    source |= {"source_id": f"{name}-{day}", "product_id": PRODUCT, "kind": "statistics", "licence": "CC BY 4.0"}
    source |= {"published_date": day, "published_precision": precision, "recorded_date": today}
    source["published_note"] = "Given by whoever imported the file, which does not bear its date"
    wanted, passed_over = _wanted(name, path, _markets(ledger))
    claims = [_claim(row, source) for row in wanted if row["market"]]
    left_out = Counter(row["region"] for row in wanted if not row["market"])
    if not claims:
        other = f"{left_out.total()} are about regions that are no market in entities.csv, {passed_over} about something else"
        raise InputError(f"{path.name}: no row can be imported; {other}")
    return Edition(path.name, source, claims, left_out, passed_over)


def _markets(ledger: Ledger) -> dict[str, str]:
    """Every id and name of a market, and every other name that publishers use for it -> its id."""
    markets = ledger.entities.filter(pl.col("kind").cast(pl.String) == "market").select("entity_id", "name")
    known = {text: row[0] for row in markets.iter_rows() for text in row}
    return {other: known[text] for same in _SAME for text in sorted(same & set(known)) for other in same} | known


def _wanted(name: str, path: Path, markets: dict[str, str]) -> tuple[list[dict], int]:
    """The wanted rows, with their kind and the market (or none) they are about, and how many others there are."""
    publication = PUBLICATIONS[name]
    text, faults = read_text(path, *publication.shapes)
    for other in PUBLICATIONS if faults else []:
        if len(read_text(path, *PUBLICATIONS[other].shapes)[1]) < len(faults):
            cause = f"is this the other file? try evroad import {other}"
            faults = [Fault(path.name, 1, "", "", f"the columns {', '.join(publication.shapes[0])}", cause)]
    if faults:
        raise LedgerError(faults)
    as_printed = {_NAMES.get(column, column): column for column in text.columns}
    rows = [
        row | {"kind": kind, "market": markets.get(row["region"])}
        for row in text.rename(_NAMES, strict=False).iter_rows(named=True)
        if (kind := publication.kind(row))
    ]
    first_lines: dict[tuple, int] = {}
    for row in rows:
        found = _row_faults(row)
        first = first_lines.setdefault(_place(row, row["kind"]), row[LINE])
        if first != row[LINE]:
            found.append(("year", "a market, series and year once", f"line {first} is about the same: copied?"))
        faults += [Fault(path.name, row[LINE], as_printed[key], row[key] or "", *rest) for key, *rest in found]
    if faults:
        raise LedgerError(faults)
    # The scenario's rows begin some years back: what is reported of a year must not also stand as its forecast.
    wanted = [row for row in rows if row["kind"] != _STEPS or _place(row, _SHARE) not in first_lines]
    return wanted, len(text) - len(wanted)


def _place(row: dict, kind: _Kind) -> tuple:
    return row["market"] or row["region"], kind, row["year"]


def _row_faults(row: dict) -> list[tuple[str, str, str]]:
    """Column, expectation and likely cause of all that is wrong in one wanted row."""
    kind, value, found = row["kind"], row["value"] or "", []
    if not row["region"]:
        found.append(("region", "the name of a region", "an empty field"))
    if not re.fullmatch(_YEAR, row["year"] or ""):
        found.append(("year", "a year from 1900 to 2199", ""))
    if "unit" in row and (row["unit"] or "").lower() != kind.printed_unit:
        found.append(("unit", kind.printed_unit, "does the publisher measure something else now?"))
    if not re.fullmatch(_NUMBER, value):
        found.append(("value", "a finite number", "digits without separators for thousands; a point for decimals"))
    elif kind.unit == "share" and not 0 <= Decimal(value) <= POINTS_PER_SHARE:
        found.append(("value", f"0 to {POINTS_PER_SHARE}", "is it a percentage?"))
    elif Decimal(value) < 0:
        found.append(("value", "0 or more", "a sign too many?"))
    return found


def _claim(row: dict, source: dict) -> dict:
    kind, market, year = row["kind"], row["market"], int(row["year"])
    # Decimal: as floating-point numbers 0.68 / 100 is 0.006800000000000001. Adding zero takes the sign from a zero.
    number = (Decimal(row["value"]) / (POINTS_PER_SHARE if kind.unit == "share" else 1)).normalize() + 0
    return {
        "claim_id": f"{source['source_id']}-{kind.name}-{market}-{year}",
        "series_id": kind.series_id,
        "entity_id": market,
        "market_id": market,
        "value": f"{number:f}",
        "unit": kind.unit,
        "valid_from": date(year, 1, 1),
        "valid_to": date(year, 12, 31),
        "period_printed": row["year"],
        "source_id": source["source_id"],
        "locator": f"row {row[LINE]}",
        "printed": row["value"],
        "basis": kind.basis,
        "recorded_date": source["recorded_date"],
        "note": kind.note,
        **_ROUNDED,
    }
