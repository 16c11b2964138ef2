"""Sentences and tables for reports, with every figure linked to the entry that says how it was made. No charts here."""

from analysis.exhibits.citing import source_line, statement_line
from analysis.exhibits.disputes import conflicts_in_text, contested
from analysis.exhibits.sentences import FIGURES_MIME, as_of_line, how_made, outcome, say, sources
from analysis.exhibits.shown import Exhibit, not_known
from analysis.exhibits.tables import (
    agreements,
    changed,
    grid,
    happenings,
    left_out,
    listing,
    scorecard,
    statements,
    withdrawn,
    yearly,
)

__all__ = [
    "FIGURES_MIME",
    "Exhibit",
    "agreements",
    "as_of_line",
    "changed",
    "conflicts_in_text",
    "contested",
    "grid",
    "happenings",
    "how_made",
    "left_out",
    "listing",
    "not_known",
    "outcome",
    "say",
    "scorecard",
    "source_line",
    "sources",
    "statement_line",
    "statements",
    "withdrawn",
    "yearly",
]
