"""Building an edition: check, execute, render, and publish the whole folder by one rename. Nothing half-made is seen."""

import csv
import hashlib
import json
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from filelock import FileLock, Timeout

from analysis import __version__
from analysis.errors import BuildError, InputError
from analysis.reporting.editions import FIGURES, MANIFEST, editions, manifest, sha256, suffix
from analysis.reporting.parameters import CLOCKS, Report, Value, assign, check_names, choose, find_reports

Progress = Callable[[str, str], None]
"""Called with a report's name and what was just done to it."""


@dataclass(frozen=True)
class Plan:
    """What an edition is to be made of; decided and checked before anything runs.

    `unknown` counts the claims in force today that were not known by `as_of`, or not recorded by `recorded_by`. `words` are
    the ledger's own that hold digits.
    """

    root: Path
    date: date
    as_of: date
    recorded_by: date | None
    reports: list[Report]
    parameters: dict[str, dict[str, Value]]
    inputs: dict[str, str]
    unknown: int
    words: dict[str, set[str]]

    @property
    def key(self) -> str:
        """A hash of everything the edition depends on."""
        days = [str(day) for day in (self.date, self.as_of, self.recorded_by)]
        content = json.dumps([self.inputs, _plain(self.parameters), *days], sort_keys=True)
        return hashlib.sha256(content.encode()).hexdigest()

    @property
    def steps(self) -> int:
        """How many times progress will be told."""
        return 3 * len(self.reports)


@dataclass(frozen=True)
class Edition:
    """A published edition, and whether it was there already."""

    folder: Path
    unchanged: bool
    supersedes: str | None


def plan(
    root: Path, names: list[str], given: dict[str, str], /, *, date: date, as_of: date | None, recorded_by: date | None = None
) -> Plan:
    """Check reports, parameters and data, and fix what the edition is made of.

    Args:
        root: the project.
        names: the reports; all where none is named.
        given: parameters as text.
        date: the edition's day.
        as_of: the day whose knowledge is shown; the edition's own, or the ledger's last record where that is earlier.
        recorded_by: our own day, to replay what was told then; no limit where none is given.

    Raises:
        InputError: for an unknown report, parameter, claim or entity, a value of the wrong type, a day the ledger knows
            nothing of, or a report that cannot replay a day of ours.
        LedgerError: for faults in the data.
    """
    from analysis.ledger import Ledger
    from analysis.reporting.numbers import ledger_words

    reports = choose(find_reports(root / "notebooks"), names)
    for name in given.keys() & CLOCKS.keys():
        raise InputError(f"parameter {name} is set by {CLOCKS[name]}, for all reports of the edition alike")
    parameters = assign(reports, given)
    ledger = Ledger.load(root / "data")
    names = {
        "Claim": ledger.claims["claim_id"],
        "Entity": ledger.entities["entity_id"],
        "Conflict": ledger.conflicts["conflict_id"],
    }
    check_names(reports, parameters, {kind: set(column) for kind, column in names.items()})
    view = ledger.as_of(as_of or min(date, ledger.known), recorded_by=recorded_by)
    for report, values in parameters.items():
        if recorded_by is not None and "recorded_by" not in values:
            raise InputError(f"report {report} has no parameter recorded_by: it cannot replay what was told on {recorded_by}")
        values |= {name: day for name, day in (("as_of", view.known), ("recorded_by", recorded_by)) if name in values}
    unknown = len(ledger.as_of().claims.join(view.claims, on=["claim_id", "entry"], how="anti"))
    return Plan(root, date, view.known, recorded_by, reports, parameters, _inputs(root, reports), unknown, ledger_words(ledger))


def build(plan: Plan, progress: Progress) -> Edition:
    """Make the edition that `plan` describes, or find that it is there already.

    Raises:
        BuildError: where a report fails, or another build is under way. Nothing is published then, and the executed
            notebook is kept under `reports/.failed/`.
    """
    reports = plan.root / "reports"
    try:
        reports.mkdir(exist_ok=True)
        with FileLock(reports / ".lock").acquire(timeout=0):
            return _build(plan, reports, progress)
    except Timeout:
        raise BuildError(f"another build is under way in {reports}: wait for it, then build again") from None
    except OSError as error:
        raise BuildError(f"{error.filename or reports}: {error.strerror}: nothing was published") from error


def _build(plan: Plan, reports: Path, progress: Progress) -> Edition:
    earlier = editions(reports, day=plan.date)
    before = manifest(earlier[-1]) if earlier else None
    if before and before["key"] == plan.key:
        return Edition(earlier[-1], True, None)
    name = f"{plan.date}.{suffix(earlier[-1]) + 1}" if earlier else str(plan.date)
    if (reports / name).exists():
        raise BuildError(f"{reports / name} is there already, and is no edition: move it away, then build again")
    staging = reports / ".staging"
    shutil.rmtree(staging, ignore_errors=True)
    staging.mkdir()
    try:
        made = [_make(report, plan, staging, name, progress) for report in plan.reports]
        _write_edition(plan, staging, name, before, made)
        if _inputs(plan.root, plan.reports) != plan.inputs:
            raise BuildError("data, notebooks or the package changed while the edition was made: build again")
        staging.rename(reports / name)
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    return Edition(reports / name, False, before["edition"] if before else None)


def _make(report: Report, plan: Plan, staging: Path, edition: str, progress: Progress) -> dict:
    """Execute and render one report into the staging folder; returns what the edition says of it."""
    import nbformat

    from analysis.exhibits import FIGURES_MIME
    from analysis.reporting import html, pdf
    from analysis.reporting.execute import execute
    from analysis.reporting.numbers import check_traced

    seconds, clock = {}, time.perf_counter()

    def done(step: str) -> None:
        nonlocal clock
        seconds[step] = round(time.perf_counter() - clock, 3)
        clock = time.perf_counter()
        progress(report.name, step)

    output = staging / f"{report.name}.ipynb"
    about = html.About(report.name, report.title, edition, plan.date, plan.as_of, plan.recorded_by)
    try:
        notebook = execute(report.path, plan.parameters[report.name], cwd=report.path.parent, output=output)
        nbformat.write(notebook, output)
        done("executed")
        content = html.body(notebook)
        check_traced(content, report=report.name, **plan.words)
        (staging / f"{report.name}.html").write_text(html.page(content, about), "utf-8")
        done("page")
        (staging / f"{report.name}.pdf").write_bytes(pdf.document(notebook, about))
        done("PDF")
    except Exception as error:
        what = str(error) if isinstance(error, BuildError) else f"{report.name}: {type(error).__name__}: {error}"
        raise BuildError(f"{what}\n\n{_keep_failed(output, plan)}") from error
    figures = [
        {"report": report.name, **row}
        for cell in notebook.cells
        for out in cell.get("outputs", [])
        for row in out.get("data", {}).get(FIGURES_MIME, {}).get("figures", [])
    ]
    return {
        "name": report.name,
        "title": report.title,
        "answer": html.answer(content, name=report.name),
        "figures": figures,
        "seconds": seconds,
    }


def _keep_failed(output: Path, plan: Plan) -> str:
    """Put the executed notebook of a failed report aside; returns a line that says where."""
    if not output.exists():
        return "No executed notebook could be kept."
    failed = plan.root / "reports" / ".failed"
    failed.mkdir(exist_ok=True)
    kept = failed / f"{plan.date}-{output.name}"
    shutil.move(output, kept)
    return f"Nothing was published. The executed notebook is kept as {kept}"


def _write_edition(plan: Plan, staging: Path, name: str, before: dict | None, made: list[dict]) -> None:
    from analysis.reporting.html import About, edition_page
    from analysis.schema import Figures

    columns = ["report", *Figures.column_names()]
    with (staging / FIGURES).open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, lineterminator="\n")
        writer.writeheader()
        for row in (row for report in made for row in report["figures"]):
            writer.writerow(row | {"claim_ids": ";".join(row["claim_ids"])})
    supersedes, changed = (before["edition"], _changed(before, plan)) if before else (None, [])
    about = About("index", "Nissan’s road to electric vehicles", name, plan.date, plan.as_of, plan.recorded_by)
    (staging / "index.html").write_text(edition_page(about, made, supersedes=supersedes, changed=changed), "utf-8")
    told = {
        "edition": name,
        "date": str(plan.date),
        "as_of": str(plan.as_of),
        "recorded_by": str(plan.recorded_by) if plan.recorded_by else None,
        "version": __version__,
        "supersedes": supersedes,
        "changed": changed,
        "key": plan.key,
        "parameters": _plain(plan.parameters),
        "inputs": plan.inputs,
        "outputs": {path.name: sha256(path) for path in sorted(staging.iterdir())},
        "seconds": {report["name"]: report["seconds"] for report in made},
    }
    (staging / MANIFEST).write_text(json.dumps(told, indent=2, ensure_ascii=False) + "\n", "utf-8")


def _changed(before: dict, plan: Plan) -> list[str]:
    """The inputs in which an edition differs from the one before it, by name."""

    def named(inputs: dict, parameters: dict, as_of: str) -> dict:
        return inputs | {f"parameters of {name}": values for name, values in parameters.items()} | {"as-of date": as_of}

    now = named(plan.inputs, _plain(plan.parameters), str(plan.as_of))
    then = named(before["inputs"], before["parameters"], before["as_of"])
    return sorted(name for name in now.keys() | then.keys() if now.get(name) != then.get(name))


def _inputs(root: Path, reports: list[Report]) -> dict[str, str]:
    """Hash of every file the edition depends on, by its path in the project."""
    package = Path(__file__).resolve().parents[1]
    files = {f"data/{path.name}": path for path in sorted((root / "data").glob("*.csv"))}
    files |= {f"notebooks/{report.path.name}": report.path for report in reports}
    files |= {
        f"analysis/{path.relative_to(package).as_posix()}": path
        for path in sorted(package.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    }
    lock = root / "requirements.lock"
    return {name: sha256(path) for name, path in files.items()} | ({lock.name: sha256(lock)} if lock.exists() else {})


def _plain(parameters: dict[str, dict[str, Value]]) -> dict[str, dict[str, object]]:
    return {
        report: {name: value.isoformat() if isinstance(value, date) else value for name, value in values.items()}
        for report, values in parameters.items()
    }
