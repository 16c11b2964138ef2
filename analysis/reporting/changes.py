"""What changed since the edition before, as a reader sees it: a section of each report, a line for the index, and as data."""

from dataclasses import dataclass
from html import escape
from math import isfinite

import dataframely as dy

from analysis.comparison import KINDS, Change, in_short, ranked
from analysis.exhibits.shown import link, table
from analysis.schema import Figures

FILE = "changes.csv"
"""What `data` calls them as a table."""
_NAMED = 8
"""More reports than these are counted."""
_SHOWN = 40
"""More changes than a reader of a page takes in; the table as data has them all."""


@dataclass(frozen=True)
class Changes:
    """What changed since an edition, and which reports are not in that; `since` is empty where there is none before."""

    since: str
    found: list[Change]
    not_compared: list[str]

    @property
    def in_short(self) -> str:
        if not self.since:
            return "No earlier edition of these reports is there to compare with."
        more = len(self.not_compared) - _NAMED
        named = ", ".join(self.not_compared[:_NAMED]) + (f" and {more} more" if more > 0 else "")
        others = f" Not in that edition: {named}." if named else ""
        return in_short(self.found, self.since) + others


def of_all(parts: list[Changes], since: str, /) -> Changes:
    """What changed in the reports of an edition, from what changed in each; `since` is the edition before, if there is one."""
    found = ranked([change for part in parts for change in part.found])
    return Changes(since, found, [name for part in parts for name in part.not_compared])


def section(told: Changes, /, *, for_print: bool = False, linked: bool = False) -> str:
    """A section that tells what changed: one line, and a table where there is more to tell.

    Figures lead to how they were made, and in a page also those of the edition before.

    Args:
        told: what changed.
        for_print: whether it is for a PDF.
        linked: whether the figures' entries are in the reports' pages, and a figure that several tell is told once.
    """
    title = f"What changed since the edition {told.since or 'before'}"
    parts = [f"<h2>{escape(title)}</h2>", f"<p>{escape(told.in_short)}</p>"]
    found = list({(c.figure_id, c.was, c.now): c for c in reversed(told.found)}.values())[::-1] if linked else told.found
    rows = [_row(change, told.since, for_print=for_print, linked=linked) for change in found[:_SHOWN]]
    if rows:
        parts.append(table(rows, "Figures that differ", numeric=["Was", "Is", "Difference"], widths=_WIDTHS).html)
        used = {change.kind for change in found[:_SHOWN]}
        meanings = "; ".join(f"{kind}: {meaning}" for kind, meaning in KINDS.items() if kind in used)
        more = len(found) - len(rows)
        rest = f" {more} more stand in {FILE} of the edition." if more else ""
        parts.append(f'<div class="note"><p>{escape(meanings[0].upper() + meanings[1:])}.{rest}</p></div>')
    return "\n".join(parts) + "\n"


_WIDTHS = [25, 11, 12, 12, 12, 28]


def _row(change: Change, since: str, *, for_print: bool, linked: bool) -> dict[str, str]:
    was = escape(change.was)
    if change.old and not for_print:
        address = escape(f"../{since}/{change.report}.html#how-{change.figure_id}")
        was = f'<a class="was" href="{address}">{was}</a>'
    now = link(change.new) if change.new else ""
    return {
        "Figure": escape(change.label),
        "Change": f"<strong>{change.kind}</strong>" if change.kind == "corrected" else change.kind,
        "Was": was,
        "Is": now.replace('href="#', f'href="{change.report}.html#') if linked else now,
        "Difference": escape(change.difference),
        "Why": escape(change.reason),
    }


COLUMNS = {
    "report": dy.String(min_length=1, description="The report that tells it, or did"),
    "figure_id": Figures.columns()["figure_id"],
    "label": Figures.columns()["label"],
    "change": dy.Enum(list(KINDS), description="; ".join(f"{kind}: {meaning}" for kind, meaning in KINDS.items())),
    "old_value": dy.Float64(
        nullable=True, description="What it was, in its old unit; empty for a date, and where there was none"
    ),
    "new_value": dy.Float64(nullable=True, description="What it is, in its unit; empty for a date, and where there is none"),
    "unit": Figures.columns()["unit"],
    "old_unit": dy.String(nullable=True, description="The unit of what it was, which another parameter may have changed"),
    "old": dy.String(nullable=True, description="What it was, in words"),
    "new": dy.String(nullable=True, description="What it is, in words"),
    "difference": dy.String(nullable=True, description="The difference in words; empty where nothing can be subtracted"),
    "size": dy.Float64(nullable=True, description="The difference relative to what was; of a date, the years it moved"),
    "reason": dy.String(nullable=True, description="Why it differs"),
}
"""The contract of each column of the changes as data."""


def rows(told: Changes, /) -> list[dict[str, object]]:
    """The changes as data: one row a figure and report, in the order in which they are told."""
    return [
        {
            "report": change.report,
            "figure_id": change.figure_id,
            "label": change.label,
            "change": change.kind,
            "old_value": change.old["value"] if change.old else None,
            "new_value": change.new["value"] if change.new else None,
            "unit": (change.new or change.old)["unit"],
            "old_unit": change.old["unit"] if change.old else None,
            "old": change.was or None,
            "new": change.now or None,
            "difference": change.difference or None,
            "size": change.size if isfinite(change.size) else None,
            "reason": change.reason or None,
        }
        for change in told.found
    ]
