"""The page before all editions, and the page that leads to the latest. What is written where is `publication`'s."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from pathlib import Path

from analysis.reporting.editions import account, place, superseded_by, withdrawn
from analysis.reporting.html import TEMPLATES, page_of
from analysis.reporting.parameters import as_given
from analysis.units import day_label

_SHOWN = 100  # characters of a parameter with its value
_NAMED = 20
"""More reports than these, as a grid may ask for, are counted."""


@dataclass(frozen=True)
class Entry:
    """What readers are told of an edition beside the others.

    `given` are parameters other than the defaults, as they are given to the command. `later` holds the edition that took
    the place of this one -> in which reports. `id` is empty where the edition cannot be read: nothing is known of it then.
    """

    name: str
    id: str = ""
    as_of: str = ""
    recorded_by: str = ""
    is_whole: bool = False
    is_replay: bool = False
    reports: tuple[str, ...] = ()
    given: tuple[str, ...] = ()
    what_changed: str = ""
    withdrawal: Mapping[str, str] | None = None
    later: Mapping[str, tuple[str, ...]] | None = None

    @property
    def day(self) -> str:
        """The edition's day."""
        return self.name[:10]

    @property
    def named(self) -> tuple[str, ...]:
        """Its reports, where they are few enough to be named one by one."""
        return self.reports if len(self.reports) <= _NAMED else ()

    @property
    def in_part(self) -> bool:
        """Whether only some of its reports were superseded."""
        return len(self.reports) > len([report for lost in (self.later or {}).values() for report in lost])

    @property
    def stands(self) -> bool:
        """Whether a reader may use it: it is whole, and not withdrawn or superseded in all its reports."""
        return bool(self.id) and not self.withdrawal and (not self.later or self.in_part)

    @property
    def superseded(self) -> list[tuple[str, str]]:
        """The editions that took its place, each with the reports in which it did, unless one did in all."""
        later = self.later or {}
        in_all = len(later) == 1 and not self.in_part
        return [(name, "" if in_all else f" in {_listed(reports)}") for name, reports in later.items()]

    @property
    def state(self) -> str:
        """What has become of it, as a sentence; empty where it stands as it was published."""
        if not self.id:
            return "Damaged: what it says of itself cannot be read."
        if self.withdrawal:
            return withdrawal_in_words(self.withdrawal)
        named = [name + reports for name, reports in self.superseded]
        return f"Superseded by {' and by '.join(named)}." if named else ""


def entries(found: list[Path], /) -> list[Entry]:
    """What readers are told of each edition, newest first.

    Args:
        found: the editions, earliest first, as `editions.editions` gives them.
    """
    days = [list(group) for _, group in groupby(found, key=lambda path: place(path)[0])]
    return [_entry(path, day) for day in reversed(days) for path in reversed(day)]


def index_page(told: list[Entry], /) -> str:
    """All editions, newest first, month by month, with a filter that is there where scripts run."""
    months = groupby(told, key=lambda one: day_label(date.fromisoformat(one.day)).partition(" ")[2])
    return page_of(
        "index.html.j2",
        style=(TEMPLATES / "index.css").read_text("utf-8"),
        scripts=[(TEMPLATES / "index.js").read_text("utf-8")],
        months=[(month, list(group)) for month, group in months],
        count=len(told),
        reports=_all(one.named for one in told),
        given=_all(one.given for one in told),
    )


def latest_page(latest: Path | None, /) -> str:
    """A page at an address that stays, which leads to the latest edition that stands, or says that there is none."""
    return page_of("latest.html.j2", name=latest.name if latest else "")


def withdrawal_in_words(record: Mapping[str, str]) -> str:
    """Since when and why an edition is withdrawn, from `editions.withdrawn`, as a sentence."""
    return f"Withdrawn on {day_label(date.fromisoformat(record['date']))}: {record['reason']}"


def _entry(path: Path, same_day: list[Path]) -> Entry:
    told = account(path)
    if told is None:
        return Entry(path.name)
    later: dict[str, tuple[str, ...]] = {}
    for report in told["parameters"] if len(same_day) > 1 else ():
        if other := superseded_by(path, same_day, report):
            later[other.name] = (*later.get(other.name, ()), report)
    return Entry(
        path.name,
        told["id"],
        str(told.get("as_of") or ""),
        str(told.get("recorded_by") or ""),
        told["is_whole"],
        told["is_replay"],
        tuple(told["parameters"]),
        _given(told),
        str(told.get("what_changed", "")),
        withdrawn(path),
        later,
    )


def _given(told: Mapping) -> tuple[str, ...]:
    """The parameters other than the defaults, each once, as NAME=VALUE; none of a large batch, or where they were not kept."""
    given = told.get("given")
    reports = given.values() if isinstance(given, dict) and len(given) <= _NAMED else ()
    pairs = [f"{name}={as_given(value)}" for values in reports if isinstance(values, dict) for name, value in values.items()]
    return tuple(_all([[pair if len(pair) <= _SHOWN else f"{pair[: _SHOWN - 1]}…" for pair in pairs]]))


def _listed(reports: tuple[str, ...]) -> str:
    return ", ".join(reports) if len(reports) <= _NAMED else f"{len(reports)} reports"


def _all(groups: Iterable[Iterable[str]]) -> list[str]:
    return sorted({text for group in groups for text in group})
