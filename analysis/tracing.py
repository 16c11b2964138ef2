"""The way back from a figure of an edition to print: its formula, its claims, every vintage of them, and conflicts."""

import hashlib
from dataclasses import replace
from datetime import date
from pathlib import Path

import polars as pl

from analysis.errors import InputError
from analysis.exhibits.citing import named, place, quoted, with_sources
from analysis.ledger import Ledger
from analysis.metrics.conflicts import contests
from analysis.schema import NOTES
from analysis.units import period_label
from analysis.wording import QUALIFIER_WORDS, figure_in_words

_SAME = ["series_id", "entity_id", "market_id", "valid_from", "valid_to", "product_id"]


def find_figures(figures: list[dict], wanted: str, /, *, report: str | None = None) -> list[dict]:
    """The figures of an edition with that id, or that read so (`42%`), each once, with all the reports that show it.

    Where none reads so, those count that do without their qualifier (`20%` is `about 20%`), without the sign of a currency
    as well (`661 million`), and last the one figure whose id begins so, up to a dot.

    Args:
        figures: as `reporting.editions.figures` gives them.
        wanted: a figure's id, or what it reads as.
        report: only those of this report.

    Raises:
        InputError: where there is none, with ids that are near.
    """
    mine = [row for row in figures if report is None or row["report"] == report]
    if not mine:
        raise InputError(
            f"no report {report} in this edition; there are {', '.join(dict.fromkeys(r['report'] for r in figures))}"
        )
    typed, wanted = [_typed(row) for row in mine], " ".join(wanted.split())
    ways = zip(*map(_names, typed), strict=True)
    found = next(filter(None, ([row for row, name in zip(typed, way, strict=True) if name == wanted] for way in ways)), [])
    if not found:
        begins = [row for row in typed if row["figure_id"].startswith(f"{wanted}.")]
        found = begins if len({row["figure_id"] for row in begins}) == 1 else []
    if not found:
        near = list(dict.fromkeys(row["figure_id"] for row in mine if wanted.lower() in row["figure_id"].lower()))[:5]
        hint = f"; did you mean {', '.join(near)}?" if near else "; figures.csv of the edition names them all"
        raise InputError(f"no figure {wanted!r}{hint}")
    alike: dict[str, list[dict]] = {}
    for row in found:
        alike.setdefault(str(row | {"report": ""}), []).append(row)
    return [rows[0] | {"report": ", ".join(row["report"] for row in rows)} for rows in alike.values()]


def _names(figure: dict) -> tuple[str, ...]:
    """What a figure may be called, the surest first."""
    bare = figure_in_words(figure | {"qualifier": "exact"})
    return figure["figure_id"], QUALIFIER_WORDS[figure["qualifier"]] + bare, bare, bare.lstrip("-$¥€£₩")


def view_of(told: dict, ledger: Ledger, folder: Path, /) -> Ledger:
    """What an edition saw of the ledger.

    The tables only grow, so that the file which the edition was made of is the beginning of today's: as many lines as have
    the hash in its manifest. Where no beginning has it, the whole file is taken.

    Args:
        told: the edition's manifest.
        ledger: the ledger in full, as `Ledger.load()` has it.
        folder: where its tables lie.
    """
    held = {}
    for table in ("sources", "claims", "events", "conflicts"):
        lines = _lines_with(folder / f"{table}.csv", told["inputs"].get(f"data/{table}.csv"))
        held[table] = getattr(ledger, table).filter(pl.lit(lines is None) | (pl.col("line") <= (lines or 0)))
    days = [date.fromisoformat(told[name]) if told[name] else None for name in ("as_of", "recorded_by")]
    entries = {name: held[name] for name in ledger.entries}
    return replace(ledger, **held, vintages=held["claims"], entries=entries).as_of(days[0], recorded_by=days[1])


def _lines_with(path: Path, digest: str | None) -> int | None:
    """How many of a file's first lines have that hash."""
    hasher = hashlib.sha256()
    for number, line in enumerate(path.read_bytes().splitlines(keepends=True), 1):
        hasher.update(line)
        if hasher.hexdigest() == digest:
            return number
    return None


def chain(figure: dict, ledger: Ledger, view: Ledger, /) -> str:
    """How a figure was made, for a terminal: value, formula, claims with their sources, every vintage of each, conflicts.

    Args:
        figure: one of `find_figures`.
        ledger: the ledger in full, as `Ledger.load()` has it.
        view: what the edition saw of it, as `view_of` gives it. What has come since is told as such.
    """
    period = period_label(figure["period_start"], figure["period_end"])
    lines = [
        f"{figure['figure_id']}: {figure_in_words(figure)} [{figure['report']}]",
        f"  {figure['label']} ({period})",
        f"  {figure['method']}",
    ]
    lines += [f"  Note: {note}" for note in (figure["note"] or "").split(NOTES) if note]
    found = contests(view.claims, vintages=view.vintages, events=view.events, conflicts=view.conflicts)
    for claim in named(figure["claim_ids"], view):
        lines += [
            f"  - {quoted(claim)}, {place(claim['locator'])} [{claim['claim_id']}]",
            f"    {claim['url'] or 'no address'}",
        ]
        lines += [f"    {line}" for line in _vintages(claim, ledger, view)]
        against = [contest for contest in found if claim["claim_id"] in map(_name, contest.statements)]
        lines += [f"    contested: {contest.title}. {contest.reason}" for contest in against]
    return "\n".join(lines)


def _name(statement: dict) -> str:
    return statement.get("claim_id") or statement["event_id"]


def _vintages(used: dict, ledger: Ledger, view: Ledger) -> list[str]:
    """All editions and entries of what a claim or an event says, in the order in which they came, with reasons."""
    if used.get("event_id"):
        rows = with_sources(ledger.events.filter(event_id=used["event_id"]), ledger)
    else:
        same = pl.all_horizontal(pl.col(column).eq_missing(pl.lit(used[column])) for column in _SAME)
        every = ledger.claims.filter(same | (pl.col("claim_id") == used["claim_id"]))
        rows = with_sources(every.sort("known_date", "entry", maintain_order=True), ledger)
    if len(rows) < 2:
        return []
    told = []
    for row in rows:
        is_later = _name(row) == _name(used) and row["entry"] > used["entry"]
        since = "since this edition: " if is_later or row["known_date"] > view.known else ""
        reason = f": {row['reason']}" if row["reason"] else ""
        told.append(f"vintage: {since}{quoted(row)}, entry {row['entry']}, {row['change']}{reason}")
    return told


def _typed(row: dict[str, str]) -> dict:
    """A line of figures.csv with its number, dates and claims."""
    dates = {name: date.fromisoformat(row[name]) if row[name] else None for name in ("period_start", "period_end")}
    value = float(row["value"]) if row["value"] else None
    return row | dates | {"value": value, "claim_ids": row["claim_ids"].split(";")}
