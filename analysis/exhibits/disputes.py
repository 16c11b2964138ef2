"""Conflicts as a reader sees them: on a page, and in a terminal."""

import polars as pl

from analysis.exhibits.citing import named, quotation, quoted
from analysis.exhibits.shown import Exhibit, link, table, verbatim
from analysis.ledger import Ledger
from analysis.metrics.conflicts import NO_REASON, NOT_SUBTRACTED, Contest, contests
from analysis.metrics.conflicts import contested as contested_figures
from analysis.wording import figure_in_words


def contested(found: list[Contest], figures: pl.DataFrame, ledger: Ledger, /, *, title: str) -> Exhibit:
    """A table of conflicts: what is contested, every side as printed, the size of the difference, and the known reason.

    Args:
        found: the conflicts, as `metrics.conflicts.contests` gives them.
        figures: the figures that `metrics.conflicts.contested` makes of them.
        title: the caption.
    """
    by_id = {row["figure_id"]: row for row in figures.iter_rows(named=True)}
    rows = []
    for contest in found:
        sides = []
        for said in _sides(contest, ledger):
            figure = by_id.get(f"contested.{contest.conflict_id}.{said['claim_id']}")
            sides.append((f"{link(figure)}: " if figure else "") + quotation(said))
        differences = map(link, _differences(contest, by_id))
        none = "not to be subtracted" if contest.kind in NOT_SUBTRACTED else "none in numbers"
        rows.append(
            {
                "Contested, and why": f"<strong>{verbatim(contest.title)}</strong><br>{verbatim(contest.reason)}",
                "What is said": "<br>".join(f"• {side}" for side in sides),
                "Difference": "<br>".join(differences) or none,
            }
        )
    return table(rows, title, widths=[38, 46, 16])


def conflicts_in_text(ledger: Ledger, /) -> str:
    """Every conflict of a view of the ledger, for a terminal: title and reason, every side, and the size of the difference."""
    found = contests(ledger.claims, vintages=ledger.vintages, events=ledger.events, conflicts=ledger.conflicts)
    figures = {row["figure_id"]: row for row in contested_figures(found).iter_rows(named=True)}
    lines = [f"{len(found)} conflicts, {sum(contest.reason == NO_REASON for contest in found)} of them without a known reason."]
    for contest in found:
        lines += ["", f"{contest.title} ({contest.kind}, {contest.conflict_id})", f"  {contest.reason}"]
        lines += [f"  - {quoted(said)} [{said['claim_id']}]" for said in _sides(contest, ledger)]
        lines += [f"  {row['label']}: {figure_in_words(row)}" for row in _differences(contest, figures)]
    return "\n".join(lines)


def _sides(contest: Contest, ledger: Ledger) -> list[dict]:
    return named([row.get("claim_id") or row["event_id"] for row in contest.statements], ledger)


def _differences(contest: Contest, figures: dict[str, dict]) -> list[dict]:
    return [row for name, row in figures.items() if name.startswith(f"contested_difference.{contest.conflict_id}.")]
