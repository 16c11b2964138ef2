"""Adding an edition to the ledger: what it changes, and its lines behind those of the ledger's own files.

Lines that are there are never touched. The tables as they would be are loaded and checked before a file is replaced.
"""

import csv
import os
import shutil
import tempfile
import textwrap
from dataclasses import dataclass, replace
from datetime import date
from io import StringIO
from pathlib import Path

import polars as pl

from analysis.errors import InputError, LedgerError
from analysis.importers import Edition
from analysis.ledger import Ledger
from analysis.schema import INTENT, TABLES
from analysis.tables import LINE
from analysis.units import POINTS_PER_SHARE, day_label, period_label

REVISIONS_SHOWN = 40
_WIDTH = 110


@dataclass(frozen=True)
class Addition:
    """An edition that can be added, what it says anew or otherwise, and both files before and after.

    `revisions` has the claims that differ from one in force on the day `known`, largest relative change first.
    """

    edition: Edition
    known: date
    revisions: list[dict]
    repeated: int
    newer: str | None
    folder: Path
    contents: dict[str, tuple[bytes, bytes]]


def prepare(edition: Edition, ledger: Ledger, folder: Path) -> Addition:
    """Find what an edition would change in the ledger, and check the ledger as it would be. Nothing is written.

    Args:
        edition: the edition.
        ledger: all entries of `folder`, as `Ledger.load` gives them.
        folder: the project's `data/`.

    Raises:
        InputError: where an edition of the same publication and day is there already.
        LedgerError: with every fault of the ledger as it would be.
    """
    day, product_id = edition.source["published_date"], edition.source["product_id"]
    editions = ledger.sources.filter(pl.col("product_id") == product_id).sort("published_date")
    for source_id, line in editions.filter(pl.col("published_date") == day).select("source_id", LINE).iter_rows():
        cut_short = ledger.claims.filter(pl.col("source_id") == source_id).is_empty()
        remedy = "; it has no claims: if an import was cut short, remove that line and import again" if cut_short else ""
        place = f"{source_id}, sources.csv line {line}{remedy}"
        raise InputError(f"an edition of {product_id} published on {day} is there already: {place}")
    newer = editions.filter(pl.col("published_date") > day)["source_id"].to_list()
    known = min(day, ledger.known)
    revisions, repeated = _compared(edition, ledger.as_of(known))
    before = {table: (folder / f"{table}.csv").read_bytes() for table in TABLES}
    rows = {"sources": [edition.source], "claims": edition.claims}
    contents = {table: (before[table], before[table] + _lines(before[table], rows[table])) for table in rows}
    _check(before | {table: after for table, (_, after) in contents.items()})
    return Addition(edition, known, revisions, repeated, newer[-1] if newer else None, folder, contents)


def write(addition: Addition) -> None:
    """Put the new files in place of the old, the sources first: a source without claims is valid, the reverse is not.

    Raises:
        InputError: where a file was changed since it was read, or cannot be written.
    """
    made = {}
    try:
        for table, (before, after) in addition.contents.items():
            path = (addition.folder / f"{table}.csv").resolve()  # where it is a link, the file behind it is replaced
            if path.read_bytes() != before:
                raise InputError(f"{path.name} was changed meanwhile, nothing was written: import again")
            handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
            made[Path(temporary)] = path
            with os.fdopen(handle, "wb") as file:
                file.write(after)
            shutil.copymode(path, temporary)
        for temporary, path in made.items():
            temporary.replace(path)
    except OSError as error:
        raise InputError(f"{addition.folder} cannot be written: {error.strerror}") from error
    finally:
        for temporary in made:
            temporary.unlink(missing_ok=True)


def summary(addition: Addition) -> str:
    """What an edition adds, revises and leaves out, as text for a terminal."""
    edition, source, revised = addition.edition, addition.edition.source, len(addition.revisions)
    day = source["published_date"]
    published = period_label(day.replace(day=1) if source["published_precision"] == "month" else day, day)
    added = len(edition.claims) - revised - addition.repeated
    texts = [
        f"{edition.file} as {source['source_id']}: {source['publisher']}, {source['title']}, published {published}.",
        f"Of its {len(edition.claims)} claims it adds {added}, revises {revised}, repeats {addition.repeated} "
        f"(compared with {source['product_id']} as of {day_label(addition.known)}).",
    ]
    if addition.newer:
        texts.append(f"It is older than {addition.newer} and does not replace it: where both have a value, the newer stands.")
    if edition.left_out:
        count = f"{edition.left_out.total()} rows of {len(edition.left_out)} regions that are no market here"
        texts.append(f"Left out: {count} ({', '.join(sorted(edition.left_out))}).")
        texts.append("  To take one in, first add a line with that name and kind market to data/entities.csv.")
    if edition.passed_over:
        texts.append(f"Passed over: {edition.passed_over} rows about something else.")
    wrapped = [textwrap.fill(text, _WIDTH, subsequent_indent="  ", break_on_hyphens=False) for text in texts]
    return "\n".join([*wrapped, *_revision_lines(addition.revisions)])


def _compared(edition: Edition, in_force: Ledger) -> tuple[list[dict], int]:
    """The claims that differ from one in force, each as both rows and the relative change, and how many do not differ."""
    key = ("series_id", "entity_id", "market_id", "valid_from", "valid_to")
    ours = pl.col("product_id") == edition.source["product_id"]
    observed = in_force.claims.filter(ours, ~pl.col("basis").cast(pl.String).is_in(INTENT)).drop_nulls("value")
    before = {tuple(row[name] for name in key): row for row in observed.iter_rows(named=True)}
    pairs = [(before[place], claim) for claim in edition.claims if (place := tuple(claim[name] for name in key)) in before]
    revisions = []
    for old, claim in pairs:
        value = float(claim["value"])
        if (value, claim["basis"]) != (old["value"], old["basis"]):
            change = (value - old["value"]) / old["value"] if old["value"] else float("inf")
            revisions.append({"old": old, "new": claim | {"value": value}, "change": change})
    return sorted(revisions, key=lambda row: -abs(row["change"])), len(pairs) - len(revisions)


def _revision_lines(revisions: list[dict]) -> list[str]:
    """The largest revisions as a table in plain text."""
    if not revisions:
        return []
    cells = [("Market", "Year", "Series", "Was", "Is", "Change", "Edition revised")]
    for row in revisions[:REVISIONS_SHOWN]:
        old, change = row["old"], f"{row['change']:+.1%}" if row["old"]["value"] else "from 0"
        place = (old["market_name"], row["new"]["period_printed"], old["series_name"])
        cells.append((*place, _shown(old), _shown(row["new"]), change, old["source_id"]))
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    table = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in cells]
    more = len(revisions) - REVISIONS_SHOWN
    return [
        "Revisions, the largest first:",
        *(f"  {line}" for line in table),
        *([f"  and {more} smaller ones"] if more > 0 else []),
    ]


def _shown(claim: dict) -> str:
    # Not in_words, whose two decimals would make two small shares look the same.
    text = f"{claim['value'] * POINTS_PER_SHARE:.6g}%" if claim["unit"] == "share" else f"{claim['value']:,.0f}"
    return text if claim["basis"] == "reported" else f"{text} ({claim['basis']})"


def _lines(before: bytes, rows: list[dict]) -> bytes:
    """Rows as they are to be appended to a file: in its own order of columns and with its own line ends."""
    newline = "\r\n" if b"\r\n" in before else "\n"
    header = next(row for row in csv.reader(StringIO(before.decode("utf-8-sig"), newline="")) if row)
    lines = StringIO(newline="")
    lines.write("" if before.endswith((b"\n", b"\r")) else newline)
    csv.DictWriter(lines, header, lineterminator=newline).writerows(rows)
    return lines.getvalue().encode()


def _check(tables: dict[str, bytes]) -> None:
    """Load the tables as they would be, in a folder of their own."""
    with tempfile.TemporaryDirectory() as folder:
        for table, content in tables.items():
            Path(folder, f"{table}.csv").write_bytes(content)
        try:
            Ledger.load(Path(folder))
        except LedgerError as error:
            raise LedgerError([replace(fault, file=f"new {fault.file}") for fault in error.faults]) from error
