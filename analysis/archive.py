"""Checking the ledger against the archived texts of its sources: does each printed figure stand where its locator says?"""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from analysis.consistency import STATEMENT_KEYS
from analysis.errors import Fault, InputError, LedgerError
from analysis.ledger import Ledger
from analysis.tables import LINE


@dataclass(frozen=True)
class Verified:
    """What was checked: the sources whose text was found, those whose text was not, and how many statements."""

    sources: list[str]
    missing: list[str]
    statements: int


def verify_sources(ledger: Ledger, texts: Path) -> Verified:
    """Check that every printed figure stands in the paragraph that its locator names.

    A text belongs to the source with its sha256. Paragraphs are the non-empty lines, counted from 1.

    Raises:
        InputError: where `texts` is no folder, or holds no source's text.
        LedgerError: with every figure that does not stand where it should.
    """
    if not texts.is_dir():
        raise InputError(f"{texts} is not a folder: name the one that holds the sources' texts")
    archived = dict(ledger.sources.drop_nulls("sha256").select("sha256", "source_id").iter_rows())
    paragraphs = {}
    for path in sorted(p for p in texts.iterdir() if p.is_file()):
        content = path.read_bytes()
        source = archived.get(hashlib.sha256(content).hexdigest())
        if source is not None:
            paragraphs[source] = [line for line in content.decode("utf-8", "replace").splitlines() if line.strip()]
    if not paragraphs:
        raise InputError(f"no file in {texts} is the text of a source: none has a sha256 that stands in sources.csv")
    statements, faults = 0, []
    for table in STATEMENT_KEYS:
        rows = getattr(ledger, table).filter(pl.col("source_id").is_in(list(paragraphs)))
        statements += len(rows)
        for line, source, locator, printed in rows.select(LINE, "source_id", "locator", "printed").iter_rows():
            fault = _misplaced(paragraphs[source], int(locator[1:]), printed)
            if fault:
                faults.append(Fault(f"{table}.csv", line, "printed", printed, f"text of {source}, {locator}", fault))
    if faults:
        raise LedgerError(faults)
    missing = [source for source in archived.values() if source not in paragraphs]
    return Verified(list(paragraphs), missing, statements)


def _misplaced(paragraphs: list[str], number: int, printed: str) -> str:
    """Why `printed` does not stand in paragraph `number`; empty where it does."""
    if number <= len(paragraphs) and printed in paragraphs[number - 1]:
        return ""
    found = [f"p{i}" for i, text in enumerate(paragraphs, 1) if printed in text]
    if found:
        return f"it stands in {', '.join(found)}"
    return f"the text has {len(paragraphs)} paragraphs" if number > len(paragraphs) else "it stands nowhere in the text"
