"""The ledger: what was published, by whom and when. The only reader of `data/`; nothing is computed from claims here."""

from dataclasses import dataclass, field, replace
from datetime import date, datetime
from pathlib import Path

import polars as pl

from analysis.errors import Fault, InputError, LedgerError
from analysis.project import project_root
from analysis.schema import TABLES
from analysis.tables import LINE, read_table
from analysis.units import DIMENSIONS

REFERENCES = {
    "entities": {"part_of": "entities"},
    "claims": {"series_id": "series", "entity_id": "entities", "market_id": "markets", "source_id": "sources"},
    "events": {
        "entity_id": "entities",
        "market_id": "markets",
        "counterparty_id": "entities",
        "source_id": "sources",
    },
}
"""Table -> column -> the table whose key it must be found in; `markets` are the entities of that kind."""

STATEMENT_KEYS = {"claims": "claim_id", "events": "event_id"}
INTENT = ["target", "plan", "rumour"]
"""Bases that say what is meant to be; the others say what is, was or is expected to be."""


@dataclass(frozen=True, repr=False)
class Ledger:
    """The tables of published statements, validated, as they could be known on the day `known`.

    `Ledger.load()` holds every entry ever made; `as_of()` keeps the statements in force. Frames are in the order of
    their files, and `line` is a row's line there. Claims and events carry beside their own columns the `published_date`
    and `product_id` of their source, `known_date` (the first day they could be known), and the names of their series,
    entity and market.
    """

    sources: pl.DataFrame
    series: pl.DataFrame
    entities: pl.DataFrame
    claims: pl.DataFrame
    events: pl.DataFrame
    known: date
    recorded_by: date | None = None
    folder: Path = field(default=Path("data"), compare=False)

    @classmethod
    def load(cls, folder: Path | None = None) -> "Ledger":
        """Read and validate all tables of `folder` (the project's `data/`).

        Raises:
            LedgerError: with every fault of every table.
        """
        folder = folder or project_root() / "data"
        tables, faults = {}, []
        for name, schema in TABLES.items():
            tables[name], found = read_table(folder / f"{name}.csv", schema)
            faults += found
        faults += _reference_faults(tables) + _unit_faults(tables) + _entry_faults(tables) + _locator_faults(tables)
        if faults:
            raise LedgerError(faults)
        for name in STATEMENT_KEYS:
            tables[name] = _with_names(tables[name], name, tables)
        last = max(tables[name]["recorded_date"].max() or date.min for name in ("sources", "claims", "events"))
        return cls(**tables, known=last, folder=folder)

    @property
    def last_recorded(self) -> date:
        """The day of the ledger's last entry; nothing later can be known from it."""
        return max(frame["recorded_date"].max() or date.min for frame in (self.sources, self.claims, self.events))

    def as_of(self, known: date | None = None, *, recorded_by: date | None = None) -> "Ledger":
        """The statements in force as they could be known on the day `known`, both ends included.

        Kept is what was published by `known` (and recorded by `recorded_by`); of each statement the highest entry,
        unless void; and per series, entity, market, period and product what the latest edition says (the first
        printing in it), unless retracted. What is meant to be and what was observed do not replace each other.
        An undated source is known from the day it was recorded.

        Args:
            known: the public's day; the last record's where none is given.
            recorded_by: our own day, to replay what was said then; no limit where none is given.

        Raises:
            InputError: where `known` is not a date, or lies after the ledger's last record.
        """
        known = self._day(known or self.last_recorded, "known")
        by = self._day(recorded_by, "recorded_by") if recorded_by is not None else None
        visible = pl.col("known_date") <= known
        recorded = pl.lit(True) if by is None else pl.col("recorded_date") <= by
        claims = (
            self.claims.filter(visible & recorded)
            .pipe(_latest_entries, "claim_id")
            .pipe(_latest_editions)
            .filter(pl.col("change") != "retraction")
        )
        events = (
            self.events.filter(visible & recorded).pipe(_latest_entries, "event_id").filter(pl.col("change") != "retraction")
        )
        sources = self.sources.filter(pl.coalesce("published_date", "recorded_date") <= known, recorded)
        return replace(self, sources=sources, claims=claims, events=events, known=known, recorded_by=by)

    def name(self, entity_id: str) -> str:
        """The name of an entity, for text.

        Raises:
            InputError: for an entity that is not in `entities.csv`.
        """
        found = self.entities.filter(pl.col("entity_id") == entity_id)["name"]
        if found.is_empty():
            raise InputError(f"no entity {entity_id!r}; there are {', '.join(self.entities['entity_id'].sort())}")
        return found.item()

    def _day(self, day: date, argument: str) -> date:
        if not isinstance(day, date) or isinstance(day, datetime):
            raise InputError(f"{argument} is {day!r}: expected a date such as date(2026, 11, 22)")
        if day > self.last_recorded:
            raise InputError(
                f"{argument} is {day}, after the ledger's last record of {self.last_recorded}: nothing is known of that day"
            )
        return day

    def __repr__(self) -> str:
        counts = f"{len(self.claims)} claims and {len(self.events)} events from {len(self.sources)} sources"
        return f"Ledger({counts}, known {self.known})"


def _latest_entries(statements: pl.DataFrame, key: str) -> pl.DataFrame:
    """Of each statement our latest entry, and none where that says it should not exist."""
    latest = pl.col("entry") == pl.col("entry").max().over(key)
    return statements.filter(latest).filter(pl.col("change") != "void")


def _latest_editions(claims: pl.DataFrame) -> pl.DataFrame:
    """One claim per series, entity, market, period and product: the latest edition's, first printing."""
    key = ["series_id", "entity_id", "market_id", "valid_from", "valid_to", "product_id", "is_intent"]
    return (
        claims.with_columns(is_intent=pl.col("basis").cast(pl.String).is_in(INTENT))
        .filter(pl.col("known_date") == pl.col("known_date").max().over(key))
        .unique(key, keep="first", maintain_order=True)
        .drop("is_intent")
    )


def _with_names(statements: pl.DataFrame, table: str, tables: dict[str, pl.DataFrame]) -> pl.DataFrame:
    """Each statement with the first day it could be known, its product, and the names of what it is about."""
    names = tables["entities"].select("entity_id", "name")
    # An undated source is known only from the day the ledger first recorded the statement: no look-ahead.
    first_recorded = pl.col("recorded_date").min().over(STATEMENT_KEYS[table])
    joined = (
        statements.join(
            tables["sources"].select("source_id", "product_id", "published_date"),
            on="source_id",
            how="left",
            validate="m:1",
            maintain_order="left",
        )
        .with_columns(known_date=pl.coalesce("published_date", first_recorded))
        .join(names.rename({"name": "entity_name"}), on="entity_id", how="left", validate="m:1", maintain_order="left")
        .join(
            names.rename({"entity_id": "market_id", "name": "market_name"}),
            on="market_id",
            how="left",
            validate="m:1",
            maintain_order="left",
        )
    )
    if "series_id" not in joined.columns:
        return joined
    series = tables["series"].select("series_id", series_name="name")
    return joined.join(series, on="series_id", how="left", validate="m:1", maintain_order="left")


def _reference_faults(tables: dict[str, pl.DataFrame]) -> list[Fault]:
    """Every reference that leads nowhere, by one anti-join."""
    text = pl.String
    used = pl.concat(
        tables[table].select(
            file=pl.lit(f"{table}.csv"),
            line=LINE,
            column=pl.lit(column),
            value=pl.col(column),
            target=pl.lit(target),
        )
        for table, columns in REFERENCES.items()
        for column, target in columns.items()
    ).drop_nulls("value")
    entities = tables["entities"].with_columns(pl.col("kind").cast(text))
    keys = {
        "sources": tables["sources"]["source_id"],
        "series": tables["series"]["series_id"],
        "entities": entities["entity_id"],
        "markets": entities.filter(pl.col("kind") == "market")["entity_id"],
    }
    known = pl.concat(
        pl.DataFrame({"value": ids}, schema={"value": text}).with_columns(target=pl.lit(t)) for t, ids in keys.items()
    )
    orphans = used.join(known, on=["target", "value"], how="anti")
    unread = {target for target, ids in keys.items() if ids.is_empty()}  # its own fault is reported already
    return [
        Fault(file, line, column, value, f"one of the {target}", f"a slip, or not yet in {_file_of(target)}?")
        for file, line, column, value, target in orphans.iter_rows()
        if target not in unread
    ]


def _file_of(target: str) -> str:
    return "entities.csv as kind market" if target == "markets" else f"{target}.csv"


def _unit_faults(tables: dict[str, pl.DataFrame]) -> list[Fault]:
    """Claims whose unit or size does not fit their series."""
    series = tables["series"].select("series_id", "plausible_min", "plausible_max", series_unit="unit").unique("series_id")
    claims = tables["claims"].join(series, on="series_id", how="inner", maintain_order="left")
    faults = []
    for row in claims.iter_rows(named=True):
        unit, wanted, value = row["unit"], row["series_unit"], row["value"]
        if unit is None or wanted is None:
            continue
        if DIMENSIONS[unit] != DIMENSIONS[wanted]:
            expected = f"a unit of {DIMENSIONS[wanted]}, as series {row['series_id']} has"
            faults.append(Fault("claims.csv", row[LINE], "unit", unit, expected, "another series meant?"))
        elif value is not None and unit == wanted and not _plausible(value, row["plausible_min"], row["plausible_max"]):
            expected = f"{row['plausible_min']:g} to {row['plausible_max']:g} for series {row['series_id']}"
            cause = "was a percentage typed? 42% is 0.42" if unit == "share" else "thousands, millions or the unit mixed up?"
            faults.append(Fault("claims.csv", row[LINE], "value", f"{value:g}", expected, cause))
    return faults


def _plausible(value: float, low: float | None, high: float | None) -> bool:
    return (low is None or low <= value) and (high is None or value <= high)


def _entry_faults(tables: dict[str, pl.DataFrame]) -> list[Fault]:
    """Entries about one statement that have gaps, go back in time, or are about something else."""
    faults = []
    for table, key in STATEMENT_KEYS.items():
        identity = [c for c in ("series_id", "entity_id", "market_id", "source_id", "locator") if c in tables[table].columns]
        ordered = tables[table].drop_nulls([key, "entry"]).sort(key, "entry", maintain_order=True)
        before = pl.all().shift(1).over(key).name.prefix("before_")
        later = ordered.with_columns(before, rank=pl.int_range(1, pl.len() + 1).over(key))
        for row in later.iter_rows(named=True):
            place = (f"{table}.csv", row[LINE])
            if row["entry"] > row["rank"]:
                faults.append(
                    Fault(*place, "entry", str(row["entry"]), f"entry {row['rank']} of {row[key]}", "an entry left out?")
                )
            if row["rank"] == 1:
                continue
            if row["recorded_date"] and row["before_recorded_date"] and row["recorded_date"] < row["before_recorded_date"]:
                expected = f"a day not before entry {row['before_entry']}, {row['before_recorded_date']}"
                faults.append(Fault(*place, "recorded_date", str(row["recorded_date"]), expected))
            for column in identity:
                if row[column] != row[f"before_{column}"]:
                    expected = f"{row[f'before_{column}']}, as in the entry before"
                    cause = "a statement about something else: void this one and add a new one"
                    faults.append(Fault(*place, column, row[column] or "", expected, cause))
    return faults


def _locator_faults(tables: dict[str, pl.DataFrame]) -> list[Fault]:
    """Statements from an archived text that do not name a paragraph of it."""
    archived = tables["sources"].drop_nulls("sha256").select("source_id").unique()
    return [
        Fault(f"{table}.csv", line, "locator", locator, "a paragraph such as p9", "its source has an archived text")
        for table in STATEMENT_KEYS
        for line, locator in tables[table]
        .join(archived, on="source_id", how="semi")
        .filter(~pl.col("locator").str.contains(r"^p[1-9]\d*$"))
        .select(LINE, "locator")
        .iter_rows()
    ]
