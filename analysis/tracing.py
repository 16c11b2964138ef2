"""The way back from a figure of an edition to print: its formula, its claims, every vintage of them, and conflicts."""

from datetime import date

import polars as pl

from analysis.errors import InputError
from analysis.exhibits.citing import named, place, quoted, with_sources
from analysis.ledger import Ledger
from analysis.schema import NOTES
from analysis.units import period_label
from analysis.wording import figure_in_words

_SAME = ["series_id", "entity_id", "market_id", "valid_from", "valid_to", "product_id"]


def find_figures(figures: list[dict], wanted: str, /, *, report: str | None = None) -> list[dict]:
    """The figures of an edition with that id, or that read so (`42%`), each once.

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
    typed = [_typed(row) for row in mine]
    found = [row for row in typed if row["figure_id"] == wanted] or [row for row in typed if figure_in_words(row) == wanted]
    if not found:
        near = list(dict.fromkeys(row["figure_id"] for row in mine if wanted.lower() in row["figure_id"].lower()))[:5]
        hint = f"; did you mean {', '.join(near)}?" if near else "; figures.csv of the edition names them all"
        raise InputError(f"no figure {wanted!r}{hint}")
    return list({row["figure_id"]: row for row in found}.values())


def chain(figure: dict, ledger: Ledger, /) -> str:
    """How a figure was made, for a terminal: value, formula, claims with their sources, every vintage of each, conflicts.

    Args:
        figure: one of `find_figures`.
        ledger: the ledger in full, as `Ledger.load()` has it.
    """
    period = period_label(figure["period_start"], figure["period_end"])
    lines = [f"{figure['figure_id']}: {figure_in_words(figure)}", f"  {figure['label']} ({period})", f"  {figure['method']}"]
    lines += [f"  Note: {note}" for note in (figure["note"] or "").split(NOTES) if note]
    for claim in named(figure["claim_ids"], ledger):
        lines += [
            f"  - {quoted(claim)}, {place(claim['locator'])} [{claim['claim_id']}]",
            f"    {claim['url'] or 'no address'}",
        ]
        lines += [f"    {line}" for line in _vintages(claim, ledger)]
        lines += [f"    contested: {row['title']}. {row['reason']}" for row in _conflicts(claim["claim_id"], ledger)]
    return "\n".join(lines)


def _vintages(claim: dict, ledger: Ledger) -> list[str]:
    """The other editions and entries of what a claim says, in the order in which they came."""
    if "series_id" not in claim or claim["series_id"] is None:
        return []
    same = pl.all_horizontal(pl.col(column).eq_missing(pl.lit(claim[column])) for column in _SAME)
    rows = with_sources(ledger.claims.filter(same).sort("known_date", "entry", maintain_order=True), ledger)
    if len(rows) < 2:
        return []
    return [f"vintage: {quoted(row)}, entry {row['entry']}, {row['change']}" for row in rows]


def _conflicts(claim_id: str, ledger: Ledger) -> list[dict]:
    return [row for row in ledger.conflicts.to_dicts() if claim_id in row["statement_ids"].split(";")]


def _typed(row: dict[str, str]) -> dict:
    """A line of figures.csv with its number, dates and claims."""
    dates = {name: date.fromisoformat(row[name]) if row[name] else None for name in ("period_start", "period_end")}
    value = float(row["value"]) if row["value"] else None
    return row | dates | {"value": value, "claim_ids": row["claim_ids"].split(";")}
