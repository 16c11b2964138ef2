"""What an edition is to be made of: decided and checked before anything runs."""

import hashlib
import platform
import re
import sys
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from analysis import __version__
from analysis.errors import InputError
from analysis.project import address
from analysis.reporting import editions, staleness
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

ANSWERED = 20
"""Of more reports than these the first page of an edition does not tell the answers: it would be a book."""


@dataclass(frozen=True)
class Plan:
    """What an edition is to be made of.

    `unknown` counts the claims in force today that were not known by `as_of`, or not recorded by `recorded_by`. `is_whole`
    says whether it holds every report there is, `is_replay` whether an earlier day than it could be is told, `is_static`
    whether its pages are to do without scripts, and `is_strict` whether nothing is to be published where a report fails.
    `findings` are what was checked of the data, and `against` is the edition it is to be compared with, if one was named.
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
    is_strict: bool
    findings: "list[Finding]"
    against: str | None
    ledger: "Ledger"
    view: "Ledger"

    @cached_property
    def seen(self) -> dict[str, str]:
        """A hash of each table of the ledger as the reports see it: of what was known by then, and recorded."""
        view = self.view
        tables = {name: getattr(view, name) for name in ("sources", "series", "entities", "conflicts")} | view.entries
        return {
            name: hashlib.sha256(table.hash_rows(seed=0).to_numpy().tobytes()).hexdigest() for name, table in tables.items()
        }

    @cached_property
    def words(self) -> dict[str, set[str]]:
        """The ledger's own words that hold digits."""
        from analysis.reporting.numbers import ledger_words

        return ledger_words(self.ledger)

    @cached_property
    def entries(self) -> dict[str, int]:
        """The entry of each claim and event that the view holds."""
        held = ((self.view.vintages, "claim_id"), (self.view.retracted, "claim_id"), (self.view.events, "event_id"))
        return {name: entry for table, key in held for name, entry in table.select(key, "entry").iter_rows()}

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

    @cached_property
    def manifest(self) -> dict[str, Any]:
        """What the edition will say of what it was made of; `key` and `keys` are hashes of that, of all and of each report."""
        from analysis.metrics import VERSION

        told = {
            "date": str(self.date),
            "as_of": str(self.as_of),
            "recorded_by": str(self.recorded_by) if self.recorded_by else None,
            "version": __version__,
            "method_version": VERSION,
            "is_whole": self.is_whole,
            "is_replay": self.is_replay,
            "is_static": self.is_static,
            "asked_against": self.against,
            "parameters": self.told_parameters,
            "given": self.given,
            "notebooks": {report.name: report.path.stem for report in self.reports if report.name != report.path.stem},
            "inputs": self.inputs,
            "seen": self.seen,
            "findings": [vars(finding) for finding in self.findings],
        }
        keys = staleness.keys(told)
        return told | {"key": staleness.digest(keys), "keys": keys}


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
    grid: Path | None = None,
    is_strict: bool = False,
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
        grid: a file that names the reports, with the parameters of each; `given` stand where it says nothing.
        is_strict: whether one report of a grid that fails is to hold all; without a grid it always does.

    Raises:
        InputError: for an unknown report, parameter, claim, entity or edition, a value of the wrong type, a day the ledger
            knows nothing of, a report that cannot replay a day of ours, or a grid that cannot be read as one.
        LedgerError: for faults in the data.
    """
    from analysis.gates import findings, settings
    from analysis.ledger import Ledger

    address(root / "pyproject.toml")  # refused now: when it is used, the edition is published
    every = find_reports(root / "notebooks")
    if grid and names:
        raise InputError(f"reports are named by the grid {grid.name}: leave {', '.join(names)} away, or the grid")
    for name in given.keys() & CLOCKS.keys():
        raise InputError(f"parameter {name} is set by {CLOCKS[name]}, for all reports of the edition alike")
    if grid:
        from analysis.reporting.grid import read_grid

        parameters, reports = read_grid(grid, every, given)
    else:
        reports = choose(every, names)
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
        is_whole={report.name for report in reports} >= every.keys(),
        is_replay=view.known < today or recorded_by is not None,
        is_static=is_static,
        is_strict=is_strict or grid is None,
        findings=findings(view, settings(root / "pyproject.toml"), day=as_of or date),
        against=against,
        ledger=ledger,
        view=view,
    )


def inputs(root: Path, reports: list[Report]) -> dict[str, str]:
    """What the edition depends on: the hash of every file by its path in the project, and the versions of libraries."""
    return hashes(root, list(dict.fromkeys(report.path for report in reports)))


def hashes(root: Path, notebooks: list[Path]) -> dict[str, str]:
    """Hash of the data, these notebooks and what lies beside them, the package and the lock; and the libraries' versions."""
    package = Path(__file__).resolve().parents[1]
    files = {f"data/{path.name}": path for path in sorted((root / "data").glob("*.csv"))}
    beside = (path for path in sorted((root / "notebooks").glob("*")) if path.is_file() and path.suffix != ".ipynb")
    files |= {f"notebooks/{path.name}": path for path in (*notebooks, *beside)}
    files |= {
        f"analysis/{path.relative_to(package).as_posix()}": path
        for path in sorted(package.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    }
    lock = root / "requirements.lock"
    files |= {lock.name: lock} if lock.exists() else {}
    return {name: editions.sha256(path) for name, path in files.items()} | _versions()


def _versions() -> dict[str, str]:
    """The version of Python and of each library that this package asks for, as installed: their folders' names tell."""
    found = {}
    for folder in map(Path, reversed(sys.path)):  # the first one on the path is the one that is imported
        with suppress(OSError):
            named = (_INSTALLED.fullmatch(path.name) for path in folder.iterdir())
            found |= {match[1].lower(): (match[2], folder / match[0]) for match in named if match}
    asked = found.get("evroad")
    told = (asked[1] / "METADATA").read_text("utf-8") if asked else ""
    names = {
        name.lower().replace("-", "_") for name in re.findall(r"^Requires-Dist: ([\w.-]+)(?!.*extra ==)", told, re.MULTILINE)
    }
    return {"Python": platform.python_version()} | {name: found[name][0] for name in sorted(names & found.keys())}


_INSTALLED = re.compile(r"(\w+)-(.+)\.dist-info")
_ASKED = re.compile(r"^Requires-Dist: ([\w.-]+)(?!.*extra ==)", re.MULTILINE)
