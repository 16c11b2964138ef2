"""Which reports are stale, and which were made of the same before: those are taken over, byte for byte.

A report has two keys. Its run's is a hash of all that its notebook can see: itself, its parameters, the package, the libraries,
and of the data what was known by its as-of date. Its page's is one of that and of what is said on it beside. Where an edition
has a report with the same first key, its executed notebook is taken over; where the edition that is compared with has both, so
that nothing has changed since, all its files are.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from analysis.reporting import editions
from analysis.reporting.parameters import CLOCKS


def keys(told: Mapping[str, Any], /) -> dict[str, list[str]]:
    """The keys of each report's run and page.

    Args:
        told: what an edition says of what it is made of.
    """
    shared = {see_as_of: digest(_shared(told, see_as_of=see_as_of)) for see_as_of in (True, False)}
    beside = digest(_beside(told))
    made = {}
    for report, values in told["parameters"].items():
        run = digest([shared["as_of" in values], told["inputs"].get(_notebook(report, told)), values])
        made[report] = [run, digest([report, run, beside])]
    return made


def digest(content: object, /) -> str:
    """A hash of plain data."""
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True)
class Kept:
    """A report of an edition that was made of the same: all of it, or (`is_whole` is false) its executed notebook alone."""

    edition: Path
    report: str
    is_whole: bool


def kept(told: Mapping[str, Any], found: list[Path], before: Path | None, /) -> dict[str, Kept]:
    """Of each report what can be taken over, where there is something; from the latest edition that has it.

    Args:
        told: what the edition to be made will say of what it is made of.
        found: the editions there are, earliest first.
        before: the one that it is compared with.
    """
    there: dict[str, Kept] = {}
    for path in found:
        other = editions.account(path)
        if other is None or not isinstance(other.get("keys"), dict) or editions.withdrawn(path) is not None:
            continue
        for report, (run, page) in other["keys"].items():
            there |= {run: Kept(path, report, False)} | ({page: Kept(path, report, True)} if path == before else {})
    chosen = {report: there.get(page) or there.get(run) for report, (run, page) in told["keys"].items()}
    return {report: one for report, one in chosen.items() if one}


def differ(before: Mapping[str, Any], now: Mapping[str, Any]) -> bool:
    """Whether there is a report that both editions have, and not made of the same."""
    shared = before["parameters"].keys() & now["parameters"].keys()
    return any(before.get("keys", {}).get(report) != now["keys"][report] for report in shared)


def differences(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """The inputs in which an edition differs from one of the same day, by name."""

    def named(told: Mapping) -> dict:
        parameters = {f"parameters of {name}": values for name, values in told["parameters"].items()}
        return told["inputs"] | parameters | {"as-of date": told["as_of"], "scripts in pages": not told.get("is_static")}

    return _unlike(named(before), named(now))


def why(told: Mapping[str, Any], reports: Path, /) -> dict[str, str]:
    """Of each report why it is made, or not: what differs from the last edition that has it, by name.

    Args:
        told: what the edition to be made will say of what it is made of.
        reports: the folder of editions.
    """
    found = editions.editions(reports)
    latest = f"{told['date']}.{_LAST}"
    asked = told["asked_against"]
    before = reports / asked if asked else editions.before(found, told, name=latest)
    there = kept(told, found, before)
    return {report: _why(report, told, found, there.get(report)) for report in told["parameters"]}


def _why(report: str, told: Mapping, found: list[Path], there: Kept | None) -> str:
    if there and there.is_whole:
        return f"not made: nothing changed since {there.edition.name}"
    if there:
        changed = _unlike(_beside(editions.manifest(there.edition)), _beside(told)) or ["the name of the report"]
        return f"its notebook is not run, as in {there.edition.name}; set anew, as {_listed(changed)} changed"
    mine = dict(told) | {"parameters": {report: told["parameters"][report]}}
    before = editions.before(found, mine, name=f"{told['date']}.{_LAST}")
    if before is None:
        return "made, as no edition before has it"
    then = editions.manifest(before)
    changed = _unlike(_of(report, then), _of(report, told))
    return f"made, as since {before.name} changed {_listed(changed or ['how editions are kept'])}"


_LAST = 2**31  # no edition of a day has a higher number
_NAMED = 8  # inputs that are named one by one


def _listed(names: list[str]) -> str:
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "")


def _notebook(report: str, told: Mapping) -> str:
    return f"notebooks/{told.get('notebooks', {}).get(report, report)}.ipynb"


def _shared(told: Mapping, *, see_as_of: bool) -> dict[str, object]:
    """What all notebooks of an edition are run with, by name; of the data, those that `see_as_of` a day see what was known."""
    files = {name: digest for name, digest in told["inputs"].items() if not name.endswith(".ipynb")}
    if not see_as_of or "seen" not in told:
        return files
    rest = {name: digest for name, digest in files.items() if not name.startswith("data/")}
    return rest | {f"data/{name}.csv": digest for name, digest in told["seen"].items()}


def _beside(told: Mapping) -> dict[str, object]:
    """What is said on the pages of an edition beside what the notebooks say, by name."""
    days = {f"the {name} date": told.get(key) for name, key in _DAYS.items()}
    others = {"what the checks found": told.get("findings"), "--static": bool(told.get("is_static"))}
    return days | others | {"--against": told.get("asked_against")}


_DAYS = {"edition’s": "date", "as-of": "as_of", "recorded-by": "recorded_by"}


def _of(report: str, told: Mapping) -> dict[str, object]:
    """What one report of an edition is made of, by name."""
    values = told["parameters"][report]
    own = {_notebook(report, told): told["inputs"].get(_notebook(report, told))}
    parameters = {f"parameter {name}": value for name, value in values.items() if name not in CLOCKS}
    return _shared(told, see_as_of="as_of" in values) | own | parameters | _beside(told)


def _unlike(before: dict[str, object], now: dict[str, object]) -> list[str]:
    return sorted(name for name in now.keys() | before.keys() if now.get(name) != before.get(name))
