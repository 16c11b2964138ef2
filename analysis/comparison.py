"""What changed between two editions, figure by figure, and why. No file is read here."""

from dataclasses import dataclass
from datetime import date
from math import inf
from typing import Any

import polars as pl

from analysis.exhibits.citing import quoted, with_sources
from analysis.ledger import Ledger
from analysis.units import POINTS_PER_SHARE, months_between
from analysis.wording import figure_in_words, in_words

KINDS = {
    "corrected": "we had erred",
    "revised": "the publisher, or another source, has since said otherwise or more",
    "method": "computed otherwise",
    "parameters": "asked for another day or with other parameters",
    "new": "not told before",
    "gone": "no longer told",
}
"""Kind of a change -> what it means, in the order in which they are told; a figure is of the first kind that fits."""

_DATA = ("data/claims.csv", "data/events.csv", "data/sources.csv")
_CLOCKS = ("as_of", "recorded_by")
_CITED = 3
"""More new claims than a reason names one by one."""


@dataclass(frozen=True)
class Told:
    """What an edition tells, and what it was made of.

    `figures` are rows of `Figures` with their report; `entries` has the entry of each claim and event they cite.
    """

    name: str
    manifest: dict[str, Any]
    figures: list[dict]
    entries: dict[str, int]

    @property
    def reports(self) -> set[str]:
        return set(self.manifest["parameters"])


@dataclass(frozen=True)
class Change:
    """One figure that differs between two editions.

    `difference` is in words: points of a share, months of a date, else as a rule relative to what was; `size` is
    |difference| / |old|, of a date the years it moved, and infinite where the old figure was zero or nothing can be subtracted.
    """

    report: str
    kind: str
    label: str
    old: dict | None
    new: dict | None
    difference: str
    size: float
    reason: str

    @property
    def figure_id(self) -> str:
        return (self.new or self.old)["figure_id"]

    @property
    def was(self) -> str:
        return figure_in_words(self.old) if self.old else ""

    @property
    def now(self) -> str:
        return figure_in_words(self.new) if self.new else ""


def compare(before: Told, after: Told, ledger: Ledger, /) -> list[Change]:
    """The figures that differ, of the reports that both editions have.

    Args:
        before, after: the two editions.
        ledger: the ledger in full, as `Ledger.load()` has it.

    Returns:
        Corrections first, then what else differs, then what is new, then what is gone; the largest relative to the
        figure first, then by report and id.
    """
    shared = before.reports & after.reports
    old, new = (
        {(row["report"], row["figure_id"]): row for row in told.figures if row["report"] in shared} for told in (before, after)
    )
    pairs = {key: (old.get(key), new.get(key)) for key in dict.fromkeys([*new, *old])}
    unlike = {key: pair for key, pair in pairs.items() if not all(pair) or _content(pair[0]) != _content(pair[1])}
    because = _Causes(
        before, after, ledger, {name for pair in unlike.values() for row in pair if row for name in row["claim_ids"]}
    )
    changes = []
    for key, (was, now) in unlike.items():
        kind, reason = because(key[0], was, now)
        kind = kind if was and now else "new" if now else "gone"
        changes.append(Change(key[0], kind, (now or was)["label"], was, now, *_difference(was, now), reason))
    return ranked(changes)


def ranked(changes: list[Change], /) -> list[Change]:
    """Changes in the order in which they are told."""
    return sorted(changes, key=lambda c: (_PLACE[c.kind], -c.size, c.report, c.figure_id))


_PLACE = {"corrected": 0, "revised": 1, "method": 1, "parameters": 1, "new": 2, "gone": 3}


def in_short(changes: list[Change], since: str, /) -> str:
    """What changed, in one line."""
    distinct = {(change.figure_id, change.was, change.now): change.kind for change in changes}
    counts = {kind: sum(found == kind for found in distinct.values()) for kind in KINDS}
    told = ", ".join(f"{count} {_WORD.get(kind, kind)}" for kind, count in counts.items() if count)
    return f"Since the edition {since}: {told}." if told else f"Since the edition {since} no figure has changed."


_WORD = {"method": "computed otherwise", "parameters": "asked otherwise"}


def in_text(changes: list[Change], since: str, /) -> str:
    """What changed, for a terminal: a line in short, then every figure with old, new, difference and reason."""
    lines = [in_short(changes, since)]
    for change in changes:
        moved = " -> ".join([change.was or "not told", change.now or "no longer told"])
        lines += ["", f"{change.kind}: {change.label} [{change.report}, {change.figure_id}]"]
        lines += [f"  {moved}" + (f" ({change.difference})" if change.difference else ""), f"  {change.reason}"]
    return "\n".join(lines)


def _content(figure: dict) -> tuple:
    """What a reader sees of a figure: a period counts only where it is the content."""
    dated = (figure["period_start"], figure["period_end"]) if figure["value"] is None else ()
    return (figure["value"], figure["unit"], figure["qualifier"], *dated)


def _difference(old: dict | None, new: dict | None) -> tuple[str, float]:
    """The difference in words, and its size relative to the figure."""
    if old is None or new is None or old["unit"] != new["unit"]:
        return "", inf
    if old["value"] is None:
        if old["period_end"] is None or new["period_end"] is None:
            return "", inf
        return _moved(old["period_end"], new["period_end"])
    moved = new["value"] - old["value"]
    size = abs(moved / old["value"]) if old["value"] else inf if moved else 0
    if moved == 0:
        return "", size
    if old["unit"] in _SHARES:
        points = moved * POINTS_PER_SHARE
        return _signed(in_words(points, "points"), points), size
    if old["unit"] in _PLACES:
        return f"{moved:+g}", size
    if old["unit"] in _PLAIN or size == inf:
        return _signed(in_words(moved, old["unit"]), moved), size
    return in_words(moved / abs(old["value"]), "change"), size


_SHARES = ("share", "change", "per_year")
"""Units whose differences are told in points ..."""

_PLAIN = ("points", "months", "years", "index")
"""... those whose differences are told as they are, and of all others relative to what was."""

_PLACES = ("rank", "level")
"""Units that only order; their differences are bare numbers."""


def _moved(old: date, new: date) -> tuple[str, float]:
    """By how many months a date moved, or days where that is less than one; and how many years that is."""
    months, days = months_between(old, new), (new - old).days
    size = abs(days) / _DAYS_PER_YEAR
    if not months:
        return f"{days:+} day{'s' if abs(days) != 1 else ''}", size
    return _signed(in_words(months, "months"), months), size


_DAYS_PER_YEAR = 365.2425


def _signed(words: str, value: float) -> str:
    return f"+{words}" if value > 0 else words


class _Causes:
    """Why a figure differs between two editions: what came of the claims it rests on, else how it was computed or asked."""

    def __init__(self, before: Told, after: Told, ledger: Ledger, statements: set[str]) -> None:
        self.before, self.after = before, after
        old, new = before.manifest, after.manifest
        clocks = all(old[name] == new[name] for name in _CLOCKS)
        self.same_data = clocks and all(old["inputs"].get(name) == new["inputs"].get(name) for name in _DATA)
        self.code = sorted(
            name
            for name in old["inputs"].keys() | new["inputs"].keys()
            if old["inputs"].get(name) != new["inputs"].get(name) and not name.startswith("data/")
        )
        every = _entries(ledger, statements)
        self.first = {name: entries[0] for name, entries in every.items()}
        self.latest = {name: row for name, entries in every.items() if (row := self._last_known(entries))}

    def __call__(self, report: str, old: dict | None, new: dict | None) -> tuple[str, str]:
        was, now = (set(row["claim_ids"]) if row else set() for row in (old, new))
        found = None if self.same_data else self._by_claims(was, now)
        return found or self._otherwise(report, old, new)

    def _by_claims(self, was: set[str], now: set[str]) -> tuple[str, str] | None:
        latest = self.latest
        entered = [name for name in sorted(was) if name in latest and latest[name]["entry"] > self._entry_before(name)]
        errors = [name for name in entered if latest[name]["change"] in ("correction", "void")]
        if errors:
            return "corrected", "; ".join(f"{latest[name]['reason']} [{name}]" for name in errors)
        withdrawn = [f"withdrawn by its publisher: {latest[name]['reason']} [{name}]" for name in entered]
        came = [name for name in sorted(now - was) if not self._was_known(name)]
        if withdrawn or came:
            return "revised", "; ".join([*withdrawn, *self._cited(came)])
        return None

    def _otherwise(self, report: str, old: dict | None, new: dict | None) -> tuple[str, str]:
        before, after = self.before.manifest, self.after.manifest
        versions = (before["method_version"], after["method_version"])
        asked = [
            f"{name} was {_plain(before['parameters'][report].get(name))}, is {_plain(value)}"
            for name, value in after["parameters"][report].items()
            if before["parameters"][report].get(name) != value
        ]
        if versions[0] != versions[1]:
            return "method", f"method version {versions[0]}, now {versions[1]}"
        if old and new and old["method"] != new["method"]:
            return "method", f"was: {old['method']}"
        if asked:
            return "parameters", "; ".join(asked)
        if self.code:
            return "method", f"changed: {', '.join(self.code[:_CITED])}" + (" and more" if len(self.code) > _CITED else "")
        return "revised", "other claims are in force"

    def _entry_before(self, name: str) -> int:
        return self.before.entries.get(name, self.latest[name]["entry"])

    def _was_known(self, name: str) -> bool:
        """Whether the edition before could have used a statement. What was recorded on its own day may have come after it."""
        told, first = self.before.manifest, self.first.get(name)
        if name in self.before.entries or first is None:
            return True
        day = told["recorded_by"]
        recorded = str(first["recorded_date"])
        return str(first["known_date"]) <= told["as_of"] and (recorded <= day if day else recorded < told["date"])

    def _cited(self, names: list[str]) -> list[str]:
        told = [f"{quoted(row)} [{name}]" for name, row in zip(names, map(self.latest.get, names), strict=True) if row]
        more = len(told) - _CITED
        return told[:_CITED] + ([f"and {more} more"] if more > 0 else [])

    def _last_known(self, entries: list[dict]) -> dict | None:
        """The entry about a statement that the edition after has, or could know of, also one that takes it back."""
        told, cited = self.after.manifest, self.after.entries.get(entries[0]["claim_id"])
        day = told["recorded_by"] or told["date"]
        if cited:
            return entries[cited - 1]
        known = [row for row in entries if str(row["known_date"]) <= told["as_of"] and str(row["recorded_date"]) <= day]
        return known[-1] if known else None


def _entries(ledger: Ledger, statements: set[str]) -> dict[str, list[dict]]:
    """Every entry about each of these claims and events, in order, with its source."""
    made: dict[str, list[dict]] = {}
    for table, key in ((ledger.claims, "claim_id"), (ledger.events, "event_id")):
        for row in with_sources(table.filter(pl.col(key).is_in(statements)).sort("entry", maintain_order=True), ledger):
            made.setdefault(row[key], []).append({**row, "claim_id": row[key]})
    return made


def _plain(value: object) -> str:
    return "none" if value is None else ", ".join(map(str, value)) if isinstance(value, list) else str(value)
