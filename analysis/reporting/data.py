"""An edition's data as CSV, Parquet and XLSX: its figures, the statements, sources and conflicts they rest on, what changed.

The columns are those of the row contracts, and so are their descriptions. Nothing is computed here.
"""

import csv
from copy import copy
from dataclasses import dataclass, field
from datetime import UTC, datetime, time
from pathlib import Path

import dataframely as dy
import polars as pl

from analysis.codebook import package, resource, summary
from analysis.errors import BuildError
from analysis.exhibits.citing import named, place, quoted
from analysis.ledger import Ledger
from analysis.metrics.conflicts import contests
from analysis.reporting import changes
from analysis.reporting.changes import Changes
from analysis.reporting.editions import sha256
from analysis.reporting.html import About
from analysis.reporting.workbook import NOT_APPLICABLE, NOT_KNOWN, Cell, Sheet, write_workbook
from analysis.schema import ID, Claim, Conflict, Event, Figures, Source
from analysis.units import period_label
from analysis.wording import figure_in_words

WORKBOOK = "evroad.xlsx"
PACKAGE = "datapackage.json"

FIGURES_IN_A_WORKBOOK = 20_000
"""Of an edition with more there is no workbook: it would take gigabytes to write, and minutes to open."""


@dataclass(frozen=True)
class Table:
    """A table of an edition: what a row is, the row contract of each column in order, the rows' key, and the rows.

    `title` is what the workbook calls it, where that is not its name.
    """

    name: str
    description: str
    columns: dict[str, dy.Column]
    key: list[str]
    rows: pl.DataFrame
    references: dict[str, tuple[str, str]] = field(default_factory=dict)
    title: str = ""


def write_data(folder: Path, made: list[Table], view: Ledger, about: About, titles: dict[str, str]) -> None:
    """Write an edition's tables into `folder`; the same arguments give the same bytes.

    Written is each of them as `.csv` and `.parquet`, all of them and how each figure was made as `evroad.xlsx` where these are
    not too many, and `datapackage.json`, which describes the CSV files.

    Args:
        folder: where to.
        made: what `tables` gives, and what changed.
        view: the ledger as the edition's reports saw it.
        about: the edition.
        titles: report -> its title.
    """
    for table in made:
        _write_csv(folder / f"{table.name}.csv", table.rows)
        # What the library would choose is said here, so that another version of it does not choose otherwise.
        path = folder / f"{table.name}.parquet"
        table.rows.write_parquet(path, compression="zstd", compression_level=3, row_group_size=1 << 16)
    rows = {table.name: table.rows for table in made}
    if len(rows["figures"]) <= FIGURES_IN_A_WORKBOOK:
        how = _how(rows["figures"], view, rows["conflicts"], titles)
        write_workbook(folder / WORKBOOK, [how, *map(_sheet, made)], about, list(titles.values()))
    (folder / PACKAGE).write_text(_datapackage(folder, made, about), "utf-8")


def typed(report: str, figures: list[dict], /) -> pl.DataFrame:
    """A report's figures as rows of the table `figures`.

    Args:
        report: its name.
        figures: rows of `Figures`, dates as ISO text, as its executed notebook holds them.
    """
    dates = [name for name, column in _FIGURES.items() if column.dtype == pl.Date]
    text = {name: pl.String if name in dates else _dtype(column) for name, column in _FIGURES.items()}
    rows = pl.DataFrame([{"report": report, **row} for row in figures], schema=text)
    return rows.with_columns(pl.col(dates).str.to_date("%Y-%m-%d"))


def tables(told: pl.DataFrame, view: Ledger, /) -> list[Table]:
    """The tables of an edition.

    Args:
        told: the figures of all reports, as `typed` gives them.
        view: the ledger as the edition's reports saw it.

    Returns:
        `figures` in the order given; `claims`, the claims and then the events that they cite, each once, in the entry and
        edition that the view holds; their `sources`; and the recorded `conflicts` of which one of them is a part. All but
        the first in the ledger's order.

    Raises:
        BuildError: where a figure rests on a statement that the view does not hold.
    """
    cited = _cited(told["claim_ids"].explode(empty_as_null=False).unique().to_list(), view)
    sources = view.sources.filter(pl.col("source_id").is_in(cited["source_id"].to_list()))
    origin = {"source_id": ("sources", "source_id")}
    return [
        Table("figures", summary(Figures), _FIGURES, ["report", "figure_id"], told),
        Table("claims", _CITED, _STATEMENTS, ["statement_id"], cited, origin),
        Table("sources", summary(Source), Source.columns(), ["source_id"], _plain(sources, Source.columns())),
        Table("conflicts", summary(Conflict), Conflict.columns(), ["conflict_id"], _conflicts(cited, view)),
    ]


def changed(told: Changes, /) -> Table:
    """What changed since the edition before, as a table of an edition."""
    rows = pl.DataFrame(changes.rows(told), schema={name: _dtype(column) for name, column in changes.COLUMNS.items()})
    what = f"A figure of a report that differs from the edition before, corrections of ours first. {told.in_short}"
    return Table("changes", what, changes.COLUMNS, ["report", "figure_id"], rows, title="What changed")


_CITED = "A claim or event that a figure cites, in the entry and edition that could be known at the as-of date."

_FIGURES = {
    "report": dy.String(min_length=1, description="The report that shows it; its page and its notebook have this name"),
    **Figures.columns(),
}

_BESIDE = {
    "statement_id": dy.String(regex=ID, description="Names the claim or event; the same in all its entries"),
    "table": dy.Enum(["claims", "events"], description="The table of the ledger that holds it"),
    "series_name": dy.String(nullable=True, description="The series' name in tables"),
    "entity_name": dy.String(description="That entity's name"),
    "market_name": dy.String(description="That market's name"),
    "product_id": Source.columns()["product_id"],
    "published_date": Source.columns()["published_date"],
    "known_date": dy.Date(description="First day the public could know it"),
}

_ORDER = """
    statement_id table series_id series_name description stage entity_id entity_name counterparty_id market_id market_name
    value value_low value_high unit valid_from valid_to period_printed source_id product_id published_date locator printed
    qualifier basis stance entry change reason recorded_date known_date note
""".split()  # noqa: SIM905


def _optional(column: dy.Column) -> dy.Column:
    """The contract of a column that only claims or only events have."""
    column = copy(column)
    column.nullable = True
    return column


_OF_ONE = Claim.columns().keys() ^ Event.columns().keys()
_STATEMENTS = {
    name: _optional(column) if name in _OF_ONE else column
    for name, column in ((name, (Event.columns() | Claim.columns() | _BESIDE)[name]) for name in _ORDER)
}


def _plain(frame: pl.DataFrame, columns: dict[str, dy.Column]) -> pl.DataFrame:
    """Only these columns, in this order, with the words of enumerations as text, which every reader of Parquet has."""
    return frame.select(pl.col(name).cast(_dtype(column)) for name, column in columns.items())


def _dtype(column: dy.Column) -> pl.DataType:
    return pl.String() if isinstance(column, dy.Enum) else column.dtype


def _cited(statement_ids: list[str], view: Ledger) -> pl.DataFrame:
    parts = [
        frame.filter(pl.col(key).is_in(statement_ids)).with_columns(statement_id=key, table=pl.lit(table))
        for table, key, frame in (("claims", "claim_id", view.vintages), ("events", "event_id", view.events))
    ]
    cited = _plain(pl.concat(parts, how="diagonal"), _STATEMENTS)
    if lost := sorted(set(statement_ids) - set(cited["statement_id"])):
        raise BuildError(f"figures rest on {', '.join(lost)}, which could not be known on {view.known}: a view of another day?")
    return cited


def _conflicts(cited: pl.DataFrame, view: Ledger) -> pl.DataFrame:
    """The recorded conflicts that show in the view and concern what is cited, with the statements and reasons known then."""
    shown = contests(view.claims, vintages=view.vintages, events=view.events, conflicts=view.conflicts)
    recorded = {row["conflict_id"]: row["recorded_date"] for row in view.conflicts.iter_rows(named=True)}
    ids, rows = set(cited["statement_id"]), []
    for contest in shown:
        sides = [row.get("claim_id") or row["event_id"] for row in contest.statements]
        if contest.conflict_id in recorded and ids & set(sides):
            about = {name: getattr(contest, name) for name in ("conflict_id", "title", "kind", "reason")}
            rows.append({**about, "statement_ids": ";".join(sides), "recorded_date": recorded[contest.conflict_id]})
    return pl.DataFrame(rows, schema={name: _dtype(column) for name, column in Conflict.columns().items()})


def _write_csv(path: Path, rows: pl.DataFrame) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(rows.columns)
        writer.writerows([_joined(value) for value in row] for row in rows.iter_rows())


def _joined(value: Cell | list[str]) -> Cell:
    return ";".join(value) if isinstance(value, list) else value


def _datapackage(folder: Path, made: list[Table], about: About) -> str:
    resources = []
    for table in made:
        path = folder / f"{table.name}.csv"
        form = {"type": "table", "format": "csv", "mediatype": "text/csv", "encoding": "utf-8"}
        content = {"bytes": path.stat().st_size, "hash": f"sha256:{sha256(path)}"}
        described = (table.name, table.description, table.columns)
        resources.append(resource(*described, key=table.key, references=table.references, **form, **content))
    made_on = datetime.combine(about.date, time(), UTC).isoformat()
    return package(f"evroad-{about.edition}", about.title, about.version, resources, created=made_on)


_NOT_KNOWN = {"publisher", "published_date", "url", "valid_from", "valid_to", "period_printed", "period_start", "period_end"}
"""Columns that are empty where something is not known or not given; the others are so where there is nothing to tell."""


_UNITS = {"entry": "count", "size": "share", "old_value": "old_unit"}
"""The units of columns of numbers that are not in the unit of their row, or the columns that hold them."""


def _sheet(table: Table) -> Sheet:
    meanings = {name: column.description or "" for name, column in table.columns.items()}
    rows = [{name: _marked(name, value) for name, value in row.items()} for row in table.rows.iter_rows(named=True)]
    return Sheet(table.title or table.name.capitalize(), table.description, meanings, rows, _UNITS)


def _marked(column: str, value: Cell | list[str]) -> Cell:
    """A cell's content, with a word for its being empty."""
    empty = NOT_KNOWN if column in _NOT_KNOWN else NOT_APPLICABLE
    return empty if value is None else _joined(value)


_HOW = {
    "report": "The report that shows it",
    "figure_id": Figures.columns()["figure_id"].description,
    "figure": Figures.columns()["label"].description,
    "value": Figures.columns()["value"].description,
    "in_words": "The figure as the report shows it",
    "unit": Figures.columns()["unit"].description,
    "period": "The period it is about",
    "formula": Figures.columns()["method"].description,
    "claims_as_printed": "What was printed, by whom and when, where in it, and the statement's id in the sheet Claims",
    "conflicts": "What contradicts those, and why",
    "note": Figures.columns()["note"].description,
}


def _how(figures: pl.DataFrame, view: Ledger, conflicts: pl.DataFrame, titles: dict[str, str]) -> Sheet:
    """How each figure was made: its formula, its statements in words, and what contests them."""
    said = {row["claim_id"]: row for row in named(figures["claim_ids"].explode(empty_as_null=False).unique().to_list(), view)}
    printed = {name: f"{quoted(row)}, {place(row['locator'])} [{name}]" for name, row in said.items()}
    contested = [(set(row["statement_ids"].split(";")), f"{row['title']}. {row['reason']}") for row in conflicts.to_dicts()]
    rows = []
    for row in figures.to_dicts():
        ids = row["claim_ids"]
        told = row | {
            "report": titles.get(row["report"], row["report"]),
            "figure": row["label"],
            "in_words": figure_in_words(row),
            "period": period_label(row["period_start"], row["period_end"]),
            "formula": row["method"],
            "claims_as_printed": "\n".join(printed[name] for name in ids),
            "conflicts": "\n".join(words for sides, words in contested if sides & set(ids)) or None,
        }
        rows.append({name: _marked(name, told[name]) for name in _HOW})
    what = "One row a figure of a report, with its formula and the printed statements it was computed from."
    return Sheet("How each number was made", what, _HOW, rows)
