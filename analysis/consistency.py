"""Checks across the tables: references, units, entries and contradictions. One row by itself is the row contracts' matter."""

import polars as pl

from analysis.errors import Fault
from analysis.schema import INTENT
from analysis.tables import LINE
from analysis.units import DIMENSIONS

REFERENCES = {
    "entities": {"part_of": "entities"},
    "claims": {"series_id": "series", "entity_id": "entities", "market_id": "markets", "source_id": "sources"},
    "events": {"entity_id": "entities", "market_id": "markets", "counterparty_id": "entities", "source_id": "sources"},
}
"""Table -> column -> the table whose key it must be found in; `markets` are the entities of that kind."""

STATEMENT_KEYS = {"claims": "claim_id", "events": "event_id"}


def referenced_table(target: str) -> str:
    """The table that holds what a reference leads to."""
    return "entities" if target == "markets" else target


def cross_table_faults(tables: dict[str, pl.DataFrame], unread: set[str]) -> list[Fault]:
    """Every fault that shows only when tables are held against each other.

    Args:
        tables: the typed tables by name, with a `line` column.
        unread: the tables that could not be read at all; nothing is held against them.
    """
    faults = _reference_faults(tables, unread)
    for check in (_circle_faults, _unit_faults, _entry_faults, _order_faults, _locator_faults, _contradiction_faults):
        faults += check(tables)
    return faults if unread & set(STATEMENT_KEYS) else faults + _conflict_faults(tables)


def latest_entries(statements: pl.DataFrame, key: str) -> pl.DataFrame:
    """Of each statement our latest entry, and none where that says it should not exist."""
    latest = pl.col("entry") == pl.col("entry").max().over(key)
    return statements.filter(latest).filter(pl.col("change") != "void")


def _reference_faults(tables: dict[str, pl.DataFrame], unread: set[str]) -> list[Fault]:
    """Every reference that leads nowhere, by one anti-join; none into tables that could not be read at all."""
    text = pl.String
    used = pl.concat(
        tables[table].select(
            file=pl.lit(f"{table}.csv"), line=LINE, column=pl.lit(column), value=pl.col(column), target=pl.lit(target)
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
    return [
        Fault(file, line, column, value, f"one of the {target}", f"a slip, or not yet in {_file_of(target)}?")
        for file, line, column, value, target in orphans.iter_rows()
        if referenced_table(target) not in unread
    ]


def _file_of(target: str) -> str:
    return "entities.csv as kind market" if target == "markets" else f"{target}.csv"


def _circle_faults(tables: dict[str, pl.DataFrame]) -> list[Fault]:
    """Entities that are part of themselves, by way of others or at once."""
    parents = dict(tables["entities"].select("entity_id", "part_of").iter_rows())
    faults = []
    for line, entity, parent in tables["entities"].select(LINE, "entity_id", "part_of").drop_nulls().iter_rows():
        seen, above = set(), parent
        while above is not None and above not in seen:
            seen.add(above)
            above = parents.get(above)
        if entity in seen:
            faults.append(
                Fault("entities.csv", line, "part_of", parent, "an entity above it", f"{entity} would be part of itself")
            )
    return faults


def _unit_faults(tables: dict[str, pl.DataFrame]) -> list[Fault]:
    """Claims whose unit or size does not fit their series."""
    series = tables["series"].select("series_id", "plausible_min", "plausible_max", series_unit="unit").unique("series_id")
    claims = tables["claims"].join(series, on="series_id", how="inner", maintain_order="left")
    value = pl.col("value")
    beyond = (value < pl.col("plausible_min")) | (value > pl.col("plausible_max")) | value.is_nan()
    faults, wrong_unit = [], pl.col("unit").cast(pl.String) != pl.col("series_unit").cast(pl.String)
    for row in claims.drop_nulls(["unit", "series_unit"]).filter(wrong_unit | beyond).iter_rows(named=True):
        unit, wanted, value = row["unit"], row["series_unit"], row["value"]
        if unit != wanted and not DIMENSIONS[unit] == DIMENSIONS[wanted] == "money":
            expected = f"{wanted}, the unit of series {row['series_id']}"
            faults.append(Fault("claims.csv", row[LINE], "unit", unit, expected, "another series meant?"))
        elif value is not None and unit == wanted and not _plausible(value, row["plausible_min"], row["plausible_max"]):
            low, high = ("any" if bound is None else f"{bound:g}" for bound in (row["plausible_min"], row["plausible_max"]))
            expected = f"{low} to {high} for series {row['series_id']}"
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
        several = pl.col(key).is_duplicated() | (pl.col("entry") != 1)  # a statement with one entry cannot contradict itself
        entries = tables[table].select(LINE, key, "entry", "recorded_date", *identity).drop_nulls([key, "entry"])
        ordered = entries.filter(several).sort(key, "entry", maintain_order=True)
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


def _order_faults(tables: dict[str, pl.DataFrame]) -> list[Fault]:
    """Statements that were recorded before their source: a view of the days between would cite what it does not have."""
    sources = tables["sources"].select("source_id", source_day="recorded_date").unique("source_id")
    return [
        Fault(f"{table}.csv", line, "recorded_date", str(day), f"a day not before {source_day}, when {source} was recorded")
        for table in STATEMENT_KEYS
        for line, day, source, source_day in tables[table]
        .join(sources, on="source_id", how="inner", maintain_order="left")
        .filter(pl.col("recorded_date") < pl.col("source_day"))
        .select(LINE, "recorded_date", "source_id", "source_day")
        .iter_rows()
    ]


def _locator_faults(tables: dict[str, pl.DataFrame]) -> list[Fault]:
    """Statements from an archived text that do not name a paragraph of it."""
    archived = tables["sources"].drop_nulls("sha256").select("source_id").unique()
    return [
        Fault(f"{table}.csv", line, "locator", locator, "a paragraph such as p9", "its source has an archived text")
        for table in STATEMENT_KEYS
        for line, locator in tables[table]
        .join(archived, on="source_id", how="semi")
        .filter(~pl.col("locator").str.contains(r"^p[1-9]\d{0,5}$"))
        .select(LINE, "locator")
        .iter_rows()
    ]


def _contradiction_faults(tables: dict[str, pl.DataFrame]) -> list[Fault]:
    """Claims in which one source gives two values for the same thing: only one of them could be in force."""
    key = ["series_id", "entity_id", "market_id", "valid_from", "valid_to", "source_id"]
    intent = pl.col("basis").cast(pl.String).is_in(INTENT)
    claims = latest_entries(tables["claims"], "claim_id").with_columns(intent=intent).drop_nulls("value")
    claims = claims.with_columns(other=pl.col("value").first().over([*key, "intent"]))
    return [
        Fault("claims.csv", line, "value", f"{value:g}", f"{other:g}, as this source says before", "another entity or period?")
        for line, value, other in claims.filter(pl.col("value") != pl.col("other")).select(LINE, "value", "other").iter_rows()
    ]


def _conflict_faults(tables: dict[str, pl.DataFrame]) -> list[Fault]:
    """Conflicts about statements that are not there."""
    known = pl.concat(tables[table].select(name=key) for table, key in STATEMENT_KEYS.items())
    named = tables["conflicts"].select(LINE, name=pl.col("statement_ids").str.split(";")).explode("name", empty_as_null=False)
    return [
        Fault("conflicts.csv", line, "statement_ids", name, "one of the claims or events", "a slip, or not yet in the ledger?")
        for line, name in named.drop_nulls().join(known, on="name", how="anti").iter_rows()
    ]
