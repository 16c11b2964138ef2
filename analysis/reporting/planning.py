"""What an edition is to be made of: decided and checked before anything runs."""

import hashlib
import json
import sys
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from analysis import __version__
from analysis.errors import InputError
from analysis.project import address
from analysis.reporting import editions
from analysis.reporting.parameters import CLOCKS, Report, Value, assign, check_names, choose, find_reports

if TYPE_CHECKING:
    from analysis.gates import Finding
    from analysis.ledger import Ledger
    from analysis.reporting.html import About

TITLE = "Nissan’s road to electric vehicles"

LEADING = "briefing"
"""The report that leads an edition: its answer stands first, and it is mailed where no other is named."""

STEPS = ("executed", "page", "PDF")
"""The steps of each report, as progress tells them; what else it tells is for a reader to know."""


@dataclass(frozen=True)
class Plan:
    """What an edition is to be made of.

    `unknown` counts the claims in force today that were not known by `as_of`, or not recorded by `recorded_by`. `is_whole`
    says whether it holds every report there is, `is_replay` whether an earlier day than it could be is told, `is_static`
    whether its pages are to do without scripts. `findings` are what was checked of the data, and `against` is the edition it
    is to be compared with, if one was named.
    """

    root: Path
    date: date
    as_of: date
    recorded_by: date | None
    reports: list[Report]
    parameters: dict[str, dict[str, Value]]
    inputs: dict[str, str]
    unknown: int
    is_whole: bool
    is_replay: bool
    is_static: bool
    findings: "list[Finding]"
    against: str | None
    ledger: "Ledger"
    view: "Ledger"

    @property
    def key(self) -> str:
        """A hash of everything the edition depends on, save the edition it is compared with where none was named."""
        days = [str(day) for day in (self.date, self.as_of, self.recorded_by)]
        checks = [[finding.gate, finding.level, finding.text] for finding in self.findings]
        choices = [self.against, self.is_static]
        content = json.dumps([self.inputs, self.told_parameters, days, checks, choices], sort_keys=True)
        return hashlib.sha256(content.encode()).hexdigest()

    @cached_property
    def words(self) -> dict[str, set[str]]:
        """The ledger's own words that hold digits."""
        from analysis.reporting.numbers import ledger_words

        return ledger_words(self.ledger)

    @property
    def steps(self) -> int:
        """How many steps the reports take together."""
        return len(STEPS) * len(self.reports)

    @property
    def told_parameters(self) -> dict[str, dict[str, object]]:
        """The parameters of each report as JSON has them."""
        return {
            report: {name: value.isoformat() if isinstance(value, date) else value for name, value in values.items()}
            for report, values in self.parameters.items()
        }

    @property
    def given(self) -> dict[str, dict[str, object]]:
        """Of `told_parameters` those that are not as the report has them by default, without days of the whole edition."""
        defaults = {report.name: report.parameters for report in self.reports}
        given = {
            report: {
                name: told
                for name, told in values.items()
                if name not in CLOCKS and self.parameters[report][name] != defaults[report][name].default
            }
            for report, values in self.told_parameters.items()
        }
        return {report: values for report, values in given.items() if values}

    def about(self, edition: str) -> "About":
        """What the first page of an edition of that name says of itself."""
        from analysis.reporting.html import About

        return About("index", TITLE, edition, self.date, self.as_of, self.recorded_by)

    def manifest(self) -> dict[str, Any]:
        """What the edition will say of what it was made of."""
        from analysis.metrics import VERSION

        return {
            "date": str(self.date),
            "as_of": str(self.as_of),
            "recorded_by": str(self.recorded_by) if self.recorded_by else None,
            "version": __version__,
            "method_version": VERSION,
            "is_whole": self.is_whole,
            "is_replay": self.is_replay,
            "is_static": self.is_static,
            "key": self.key,
            "parameters": self.told_parameters,
            "given": self.given,
            "inputs": self.inputs,
            "findings": [vars(finding) for finding in self.findings],
        }


def plan(
    root: Path,
    names: list[str],
    given: dict[str, str],
    /,
    *,
    date: date,
    as_of: date | None,
    recorded_by: date | None = None,
    against: str | None = None,
    is_static: bool = False,
) -> Plan:
    """Check reports, parameters and data, and fix what the edition is made of.

    Args:
        root: the project.
        names: the reports; all where none is named.
        given: parameters as text.
        date: the edition's day.
        as_of: the day whose knowledge is shown; the edition's own, or the ledger's last record where that is earlier.
        recorded_by: our own day, to replay what was told then; no limit where none is given.
        against: the edition to compare with; the one before it where none is named.
        is_static: whether pages do without scripts.

    Raises:
        InputError: for an unknown report, parameter, claim, entity or edition, a value of the wrong type, a day the ledger
            knows nothing of, or a report that cannot replay a day of ours.
        LedgerError: for faults in the data.
    """
    from analysis.gates import findings, settings
    from analysis.ledger import Ledger

    address(root / "pyproject.toml")  # refused now: when it is used, the edition is published
    every = find_reports(root / "notebooks")
    reports = choose(every, names)
    for name in given.keys() & CLOCKS.keys():
        raise InputError(f"parameter {name} is set by {CLOCKS[name]}, for all reports of the edition alike")
    parameters = assign(reports, given)
    if against is not None:
        editions.told(editions.find(root / "reports", against))
    ledger = Ledger.load(root / "data")
    known = {
        "Claim": ledger.claims["claim_id"],
        "Entity": ledger.entities["entity_id"],
        "Conflict": ledger.conflicts["conflict_id"],
    }
    check_names(reports, parameters, {kind: set(column) for kind, column in known.items()})
    today = min(date, ledger.known)
    view = ledger.as_of(as_of or today, recorded_by=recorded_by)
    for report, values in parameters.items():
        if recorded_by is not None and "recorded_by" not in values:
            raise InputError(f"report {report} has no parameter recorded_by: it cannot replay what was told on {recorded_by}")
        values |= {name: day for name, day in (("as_of", view.known), ("recorded_by", recorded_by)) if name in values}
    return Plan(
        root=root,
        date=date,
        as_of=view.known,
        recorded_by=recorded_by,
        reports=reports,
        parameters=parameters,
        inputs=inputs(root, reports),
        unknown=len(ledger.as_of().claims.join(view.claims, on=["claim_id", "entry"], how="anti")),
        is_whole=len(reports) == len(every),
        is_replay=view.known < today or recorded_by is not None,
        is_static=is_static,
        findings=findings(view, settings(root / "pyproject.toml"), day=as_of or date),
        against=against,
        ledger=ledger,
        view=view,
    )


def inputs(root: Path, reports: list[Report]) -> dict[str, str]:
    """Hash of every file the edition depends on, by its path in the project."""
    return hashes(root, [report.path for report in reports])


def hashes(root: Path, notebooks: list[Path]) -> dict[str, str]:
    """Hash of the data, these notebooks, the package and the lock, by their paths in the project."""
    package = Path(__file__).resolve().parents[1]
    files = {f"data/{path.name}": path for path in sorted((root / "data").glob("*.csv"))}
    files |= {f"notebooks/{path.name}": path for path in notebooks}
    files |= {
        f"analysis/{path.relative_to(package).as_posix()}": path
        for path in sorted(package.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    }
    lock = root / "requirements.lock"
    return {name: editions.sha256(path) for name, path in files.items()} | (
        {lock.name: editions.sha256(lock)} if lock.exists() else {}
    )


def differences(before: dict, plan: Plan) -> list[str]:
    """The inputs in which an edition differs from one of the same day, by name."""

    def named(told: dict) -> dict:
        parameters = {f"parameters of {name}": values for name, values in told["parameters"].items()}
        return told["inputs"] | parameters | {"as-of date": told["as_of"], "scripts in pages": not told.get("is_static")}

    return _unlike(named(before), named(plan.manifest()))


def why(plan: Plan) -> dict[str, str]:
    """Of each report why it is made, or not: what differs from the last edition that has it, by name."""
    found, told = editions.editions(plan.root / "reports"), plan.manifest()
    return {report.name: _why(report.name, told, found) for report in plan.reports}


def _why(report: str, told: dict, found: list[Path]) -> str:
    mine = told | {"parameters": {report: told["parameters"][report]}}
    before = editions.before(found, mine, name=f"{told['date']}.{sys.maxsize}")
    if before is None:
        return "made, as no edition before has it"
    then = editions.manifest(before)
    if then["key"] == told["key"]:
        return f"not made: nothing changed since {before.name}"
    changed = _unlike(_of(report, then), _of(report, told))
    if not changed:
        return f"made with the others: nothing of its own changed since {before.name}"
    more = f" and {len(changed) - _NAMED} more" if len(changed) > _NAMED else ""
    return f"made, as since {before.name} changed {', '.join(changed[:_NAMED])}{more}"


_NAMED = 8  # inputs that are named one by one


def _of(report: str, told: dict) -> dict[str, object]:
    """What one report of an edition is made of, by name."""
    own = f"notebooks/{report}.ipynb"
    files = {name: digest for name, digest in told["inputs"].items() if name == own or not name.startswith("notebooks/")}
    parameters = {f"parameter {name}": value for name, value in told["parameters"][report].items() if name not in CLOCKS}
    days = {f"the {name} date": told.get(key) for name, key in _DAYS.items()}
    return files | parameters | days | {"what the checks found": told.get("findings"), "--static": bool(told.get("is_static"))}


_DAYS = {"edition’s": "date", "as-of": "as_of", "recorded-by": "recorded_by"}


def _unlike(before: dict[str, object], now: dict[str, object]) -> list[str]:
    return sorted(name for name in now.keys() | before.keys() if now.get(name) != before.get(name))
