"""What is looked at before an edition is published, and what was found. The build decides what a held finding means.

Three gates: `data` (loading has refused every fault by then, so it tells the counts), `conflicts` (sources disagree and no
reason is recorded) and `freshness` (a publication that comes regularly, and whether its next edition is late).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

import polars as pl

from analysis.errors import InputError
from analysis.ledger import Ledger
from analysis.metrics.conflicts import NO_REASON, contests
from analysis.project import settings_table
from analysis.units import day_label, months_after, period_label

_TABLE = ("tool", "evroad", "gates")
_LEVELS = {"warn": "warned", "hold": "held"}
_MODES = (*_LEVELS, "off")


@dataclass(frozen=True)
class Finding:
    """What a gate found, in a sentence: `gate` is data, conflicts or freshness, `level` is passed, warned or held."""

    gate: str
    level: str
    text: str


@dataclass(frozen=True)
class Settings:
    """How the gates are set: whether one warns, holds or is off; days a conflict may be open; product -> months."""

    conflicts: str = "warn"
    conflict_days: int = 30
    freshness: str = "warn"
    every_months: Mapping[str, int] = field(default_factory=dict)


_MODE = "warn, hold or off"
_EXPECTED = {
    "conflicts": (_MODE, lambda value: value in _MODES),
    "freshness": (_MODE, lambda value: value in _MODES),
    "conflict_days": ("a whole number of days, 0 or more", lambda value: type(value) is int and value >= 0),
    "every_months": (
        "a table of product_id = whole months, 1 or more",
        lambda value: isinstance(value, dict) and all(type(months) is int and months > 0 for months in value.values()),
    ),
}
"""Setting -> what its value must be, in words and as a test."""


def settings(pyproject: Path) -> Settings:
    """The gates as the table `[tool.evroad.gates]` of a project sets them; as they are by default where it says nothing.

    Raises:
        InputError: for a file that is no TOML, a setting that does not exist, or a value that it cannot have.
    """
    table = settings_table(pyproject, *_TABLE)
    for key, value in table.items():
        place = f"{pyproject.name}, [{'.'.join(_TABLE)}], {key}"
        if key not in _EXPECTED:
            raise InputError(f"{place}: no such setting; there are {', '.join(_EXPECTED)}")
        expected, fits = _EXPECTED[key]
        if not fits(value):
            raise InputError(f"{place} is {value!r}: expected {expected}")
    return Settings(**table)


def findings(view: Ledger, /, settings: Settings, *, day: date) -> list[Finding]:
    """What each gate found, also where all is well; none of a gate that is off.

    Args:
        view: what could be known, as `Ledger.as_of` gives it.
        settings: how the gates are set.
        day: the day that ages and delays are reckoned to: that of which the edition tells.
    """
    counts = f"{len(view.claims)} claims and {len(view.events)} events in force, from {len(view.sources)} sources"
    found = [Finding("data", "passed", f"No faults in the data: {counts}.")]
    if settings.conflicts != "off":
        found += _conflicts(view, settings, day)
    if settings.freshness != "off":
        found += [_freshness(view, settings, product, day) for product in settings.every_months]
    return found


def _conflicts(view: Ledger, settings: Settings, day: date) -> Iterator[Finding]:
    """The conflicts that are open for longer than they may be, or that there is none."""
    known = contests(view.claims, vintages=view.vintages, events=view.events, conflicts=view.conflicts)
    unexplained = [contest for contest in known if contest.reason == NO_REASON]
    # A conflict is there from the day on which the last of its sides was.
    since = [(contest.title, max(row["known_date"] for row in contest.statements)) for contest in unexplained]
    late = [(title, first) for title, first in since if first < day - timedelta(days=settings.conflict_days)]
    for title, first in late:
        age = f"since {day_label(first)}, {(day - first).days} days, where {settings.conflict_days} are allowed"
        yield Finding("conflicts", _LEVELS[settings.conflicts], f"{title}: sources disagree and no reason is recorded {age}.")
    if not late:
        text = f"Conflicts: {len(known)}; without a known reason: {len(unexplained)}, none of them for longer than"
        yield Finding("conflicts", "passed", f"{text} {settings.conflict_days} days.")


def _freshness(view: Ledger, settings: Settings, product: str, day: date) -> Finding:
    """How far a publication's data reach, and whether its next edition is late."""
    of_product = pl.col("product_id") == product
    editions = view.sources.filter(of_product).drop_nulls("published_date").sort("published_date")
    if editions.is_empty():
        return Finding("freshness", "passed", f"{product}: no edition was known by {day_label(view.known)}.")
    last = editions.row(-1, named=True)
    published, publisher = last["published_date"], f" by {last['publisher']}" if last["publisher"] else ""
    start = {"month": published.replace(day=1), "year": published.replace(month=1, day=1)}
    when = period_label(start.get(last["published_precision"], published), published)
    # A forecast reaches further than the data do.
    observed = view.claims.filter(of_product, pl.col("basis") == "reported", pl.col("stance") == "asserts")
    reach = observed["valid_to"].max()
    expected = months_after(published, settings.every_months[product])
    text = f"{product}: {f'data to {reach:%Y-%m}' if reach else 'no data'}, published {when}{publisher}, next expected by"
    if day <= expected:
        return Finding("freshness", "passed", f"{text} {day_label(expected)}.")
    late = (day - expected).days
    delay = f"late by {late} day{'s' if late > 1 else ''}"
    return Finding("freshness", _LEVELS[settings.freshness], f"{text} {day_label(expected)}: {delay}.")
