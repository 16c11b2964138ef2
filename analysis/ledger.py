"""The ledger: what was published, by whom and when. The only reader of `data/`; nothing is computed from claims here."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import cached_property, lru_cache
from hashlib import sha256
from pathlib import Path

import polars as pl

from analysis.consistency import STATEMENT_KEYS, cross_table_faults, latest_entries
from analysis.errors import InputError, LedgerError
from analysis.project import project_root
from analysis.schema import INTENT, TABLES
from analysis.tables import bytes_of, read_table


@dataclass(frozen=True, repr=False)
class Ledger:
    """The tables of published statements, validated, as they could be known on the day `known`.

    `Ledger.load()` holds every entry ever made; `as_of()` keeps the statements in force. Frames are in the order of
    their files, and `line` is a row's line there. Claims and events carry beside their own columns the `published_date`
    and `product_id` of their source, `known_date` (the first day they could be known), and the names of their series,
    entity and market. `vintages` holds the claims of every edition that could be known, also of those that a later edition
    of the same product has revised since; `retracted` those that their publisher has taken back by then, in the words last
    printed, so that a figure of an earlier day can still be traced; `entries` every entry, from which a view is narrowed.
    """

    sources: pl.DataFrame
    series: pl.DataFrame
    entities: pl.DataFrame
    claims: pl.DataFrame
    events: pl.DataFrame
    conflicts: pl.DataFrame
    vintages: pl.DataFrame
    known: date
    recorded_by: date | None = None
    retracted: pl.DataFrame = field(default_factory=pl.DataFrame)
    entries: dict[str, pl.DataFrame] = field(default_factory=dict)

    @classmethod
    def load(cls, folder: Path | None = None) -> "Ledger":
        """Read and validate all tables of `folder` (the project's `data/`).

        Files that hold the very bytes that they held the last time in this process are not validated again.

        Raises:
            LedgerError: with every fault of every table.
        """
        folder = folder or project_root() / "data"
        held = _held(folder)
        tables = (_validated if held else _validated.__wrapped__)(folder, held)
        if _held(folder) != held:  # somebody wrote while we read: what was read need not be what was there before
            _validated.cache_clear()
        # A frame can be altered in place: each ledger has its own, which share their columns.
        return cls.of({name: table.clone() for name, table in tables.items()})

    @classmethod
    def of(cls, tables: dict[str, pl.DataFrame]) -> "Ledger":
        """All entries of typed tables in which there are no faults."""
        entries = {name: _with_names(tables[name], name, tables) for name in STATEMENT_KEYS}
        return cls(**tables | entries, vintages=entries["claims"], known=_last_recorded(tables), entries=entries)

    def as_of(self, known: date | None = None, *, recorded_by: date | None = None) -> "Ledger":
        """The statements in force as they could be known on the day `known`, both ends included.

        Kept is what was published by `known` (and recorded by `recorded_by`); of each statement the highest entry,
        unless void; and per series, entity, market, period and product what the latest edition says (the first
        printing in it), unless retracted. What is meant to be and what was observed do not replace each other, nor does a
        source that tells a plan and its end contradict itself.
        An undated source is known from the day it was recorded. A conflict of the kind status is about things told
        together: there is none before all that dated sources say of it was known. A view of a view is as narrow as both.

        Args:
            known: the public's day; the ledger's last where none is given.
            recorded_by: our own day, to replay what was said then; no limit where none is given.

        Raises:
            InputError: where a day is not a date, or lies after the ledger's last record (or what this view knows).
        """
        known = self.known if known is None else _day(known, "known", self.known)
        asked = None if recorded_by is None else _day(recorded_by, "recorded_by", self._last_recorded)
        by = min((day for day in (asked, self.recorded_by) if day), default=None)
        recorded = pl.lit(True) if by is None else pl.col("recorded_date") <= by
        held = {name: table.filter(recorded) for name, table in self.entries.items()}
        seen = {name: table.filter(pl.col("known_date") <= known) for name, table in held.items()}
        claims, events = (_last_printings(seen[name], key) for name, key in STATEMENT_KEYS.items())
        stands, gone = ~pl.col("is_retracted"), "is_retracted"
        tables = {
            "sources": self.sources.filter(pl.min_horizontal("published_date", "recorded_date") <= known, recorded),
            "claims": claims.pipe(_latest_editions).filter(stands).drop(gone),
            "events": events.filter(stands).drop(gone),
            "conflicts": self.conflicts.filter(recorded, _is_told(held, seen)),
            "vintages": claims.filter(stands).drop(gone),
            "retracted": claims.filter(gone),
        }
        return replace(self, **tables, entries=seen, known=known, recorded_by=by)

    def name(self, entity_id: str) -> str:
        """The name of an entity, for text.

        Raises:
            InputError: for an entity that is not in `entities.csv`.
        """
        found = self.entities.filter(pl.col("entity_id") == entity_id)["name"]
        if found.is_empty():
            raise InputError(f"no entity {entity_id!r}; there are {', '.join(self.entities['entity_id'].sort())}")
        return found.item()

    def statements(self, statement_ids: Sequence[str], /) -> list[dict]:
        """Claims of any edition, also retracted ones, and events, as rows with their sources, in the order given.

        An event's id is its `claim_id` too. What is named twice stands where it is named last.
        """
        order = reversed(dict.fromkeys(reversed(statement_ids)))
        return [table.row(place, named=True) for name in order for table, place in self._places.get(name, [])]

    @cached_property
    def _places(self) -> dict[str, list[tuple[pl.DataFrame, int]]]:
        """Where each statement is: in which table, joined with its source, and in which row. A report asks by the hundred."""
        every = pl.concat([self.vintages, self.retracted], how="diagonal")
        tables = [statements.pipe(self.with_sources) for statements in (every, self.events)]
        tables[1] = tables[1].with_columns(claim_id="event_id")
        found: dict[str, list[tuple[pl.DataFrame, int]]] = {}
        for table in tables:
            for place, name in enumerate(table["claim_id"]):
                found.setdefault(name, []).append((table, place))
        return found

    def with_sources(self, statements: pl.DataFrame, /) -> pl.DataFrame:
        """Claims or events in their order, each with what is known of its source."""
        return statements.join(self.sources, on="source_id", how="left", validate="m:1", maintain_order="left")

    def family(self, entity_id: str, *, without: Sequence[str] = ()) -> list[str]:
        """An entity and all that belongs to it, however far down, in the order of `entities.csv`.

        Args:
            entity_id: where to begin.
            without: kinds of entities that are left out, such as agreement; what belongs to them is not.

        Raises:
            InputError: for an entity that is not in `entities.csv`.
        """
        self.name(entity_id)
        found, parents = {entity_id}, dict(self.entities.select("entity_id", "part_of").iter_rows())
        while more := {child for child, parent in parents.items() if parent in found} - found:
            found |= more
        kept = self.entities.filter(pl.col("entity_id").is_in(list(found)), ~pl.col("kind").cast(pl.String).is_in(without))
        return kept["entity_id"].to_list()

    @property
    def _last_recorded(self) -> date:
        """Our last day that this view can speak of: what was known long ago may have been recorded lately."""
        recorded = (table["recorded_date"].max() for table in self.entries.values())
        return max(day for day in (self.known, self.recorded_by, *recorded) if day is not None)

    def __repr__(self) -> str:
        counts = f"{len(self.claims)} claims and {len(self.events)} events from {len(self.sources)} sources"
        return f"Ledger({counts}, known {self.known})"


_KEPT = 8 * 2**20
"""Bytes of files beyond which a process does not keep their tables: a worker is to have room for what it runs."""


def _held(folder: Path) -> bytes:
    """A hash of what the tables' files hold; none where one can't be read, or all are too large to be kept."""
    files = [folder / f"{name}.csv" for name in TABLES]
    try:
        if sum(file.stat().st_size for file in files) > _KEPT:
            return b""
        return b"".join(sha256(bytes_of(file)).digest() for file in files)
    except OSError:
        return b""


@lru_cache(maxsize=1)
def _validated(folder: Path, held: bytes) -> dict[str, pl.DataFrame]:  # noqa: ARG001 - by what the files hold it is kept
    """The tables of a folder, in which there are no faults."""
    tables, faults = {}, []
    for name, schema in TABLES.items():
        tables[name], found = read_table(folder / f"{name}.csv", schema)
        faults += found
    unread = {fault.file.removesuffix(".csv") for fault in faults} & {n for n, table in tables.items() if table.is_empty()}
    faults += cross_table_faults(tables, unread)
    if faults:
        raise LedgerError(faults)
    return tables


_INTENT = pl.col("basis").cast(pl.String).is_in(INTENT)
_SAME = ["series_id", "entity_id", "market_id", "valid_from", "valid_to", "product_id", "stance", _INTENT]
"""What two editions speak of alike."""


def _last_printings(entries: pl.DataFrame, key: str) -> pl.DataFrame:
    """Of each statement that is not void the last entry that prints it, and whether its publisher has taken it back since.

    A later entry takes back its own statement. One that a later edition makes takes back what earlier ones had said.
    """
    retraction = pl.col("change") == "retraction"
    # A retraction need not print again what it takes back, nor is the day it came in that of an edition.
    printed = entries.filter(~retraction | (pl.col("entry") == 1)).pipe(latest_entries, key)
    gone = pl.col(key).is_in(latest_entries(entries, key).filter(retraction)[key].to_list())
    if "series_id" not in entries.columns:  # events are no editions of one another
        return printed.with_columns(is_retracted=gone)
    last = pl.when(retraction).then("known_date").max().over(_SAME)
    return printed.with_columns(is_retracted=gone | (pl.col("known_date") <= last).fill_null(False))


def _day(day: date, argument: str, last: date) -> date:
    if not isinstance(day, date) or isinstance(day, datetime):
        raise InputError(f"{argument} is {day!r}: expected a date such as date(2026, 11, 22)")
    if day > last:
        raise InputError(f"{argument} is {day}, after the ledger's last record of {last}: nothing is known of that day")
    return day


def _latest_editions(claims: pl.DataFrame) -> pl.DataFrame:
    """One claim per series, entity, market, period, product and stance: the latest edition's, first printing."""
    latest = claims.filter(pl.col("known_date") == pl.col("known_date").max().over(_SAME))
    return latest.filter(pl.int_range(pl.len()).over(_SAME) == 0)


def _is_told(entries: dict[str, pl.DataFrame], seen: dict[str, pl.DataFrame]) -> pl.Expr:
    """Whether a conflict could be told of: its title may speak of what came last."""
    later = pl.concat(
        entries[name].join(seen[name], on=key, how="anti").drop_nulls("published_date")[key].rename("id")
        for name, key in STATEMENT_KEYS.items()
    )
    lacks = pl.col("statement_ids").str.split(";").list.eval(pl.element().is_in(later.implode())).list.any()
    return (pl.col("kind") != "status") | ~lacks


def _with_names(statements: pl.DataFrame, table: str, tables: dict[str, pl.DataFrame]) -> pl.DataFrame:
    """Each statement with the first day it could be known, its product, and the names of what it is about."""
    # An undated source is known only from the day the ledger first recorded the statement: no look-ahead. One that is
    # dated by its month's last day is known at the latest when it was recorded; a retraction, when that was.
    first_recorded = pl.col("recorded_date").min().over(STATEMENT_KEYS[table])
    retracted = (pl.col("change") == "retraction") & (pl.col("entry") > 1)
    known = pl.when(retracted).then("recorded_date").otherwise(pl.min_horizontal("published_date", first_recorded))
    beside = {
        "source_id": tables["sources"].select("source_id", "product_id", "published_date"),
        "entity_id": tables["entities"].select("entity_id", entity_name="name"),
        "market_id": tables["entities"].select(market_id="entity_id", market_name="name"),
        "series_id": tables["series"].select("series_id", series_name="name"),
    }
    for column, names in beside.items():
        if column in statements.columns:  # events have no series
            statements = statements.join(names, on=column, how="left", validate="m:1", maintain_order="left")
    return statements.with_columns(known_date=known)


def _last_recorded(tables: dict[str, pl.DataFrame]) -> date:
    """The day of the last entry of any kind; nothing later can be known from these tables."""
    days = [tables[name]["recorded_date"].max() for name in ("sources", *STATEMENT_KEYS, "conflicts")]
    return max((day for day in days if day is not None), default=date.min)
