"""Building an edition: execute, compare, render, and publish the whole folder by one rename. Nothing half-made is seen."""

import json
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from analysis.errors import BuildError, EvroadError
from analysis.reporting import changes, editions
from analysis.reporting.changes import Changes
from analysis.reporting.parameters import Report
from analysis.reporting.planning import Plan, differences, inputs
from analysis.reporting.publication import publish, publishing, refresh

if TYPE_CHECKING:
    from nbformat import NotebookNode

    from analysis.reporting.html import About

Progress = Callable[[str, str], None]
"""Called with a report's name and what was just done to it."""

TITLE = "Nissan’s road to electric vehicles"


@dataclass(frozen=True)
class Edition:
    """A published edition, whether it was there already, what it supersedes, and what changed, in a line."""

    folder: Path
    unchanged: bool
    supersedes: str | None
    changed: str


@dataclass
class _Made:
    """One report on its way: its executed notebook and figures, then its answer; and the seconds that each step took."""

    report: Report
    about: "About"
    notebook: "NotebookNode"
    figures: list[dict]
    seconds: dict[str, float]
    answer: str = ""


def build(plan: Plan, progress: Progress) -> Edition:
    """Make the edition that `plan` describes, or find that it is there already.

    Raises:
        BuildError: where a check holds it, a report fails, or another build is under way. Nothing is published then, and
            the executed notebook is kept under `reports/.failed/`.
    """
    held = [finding.text for finding in plan.findings if finding.level == "held"]
    if held:
        raise BuildError("held by the checks that [tool.evroad.gates] asks for, nothing was published: " + " ".join(held))
    reports = plan.root / "reports"
    with publishing(reports) as staging:
        try:
            made = _build(plan, reports, staging / "edition", progress)
        except (EvroadError, OSError):
            raise
        except Exception as error:
            raise BuildError(f"{type(error).__name__}: {error}: nothing was published") from error
        try:
            refresh(reports, staging)
        except OSError as error:
            what = f"{made.folder} is published, but {error.filename or reports / 'index.html'} could not be brought up to date"
            raise BuildError(f"{what}: {error.strerror}. Build again once that is mended") from error
    return made


def _build(plan: Plan, reports: Path, staging: Path, progress: Progress) -> Edition:
    found, told, names = editions.editions(reports), plan.manifest(), plan.parameters.keys()
    today = editions.editions(reports, day=plan.date)
    alike = [other for other in map(editions.manifest, today) if editions.is_of_the_same(other, told)]
    last = next((other for other in reversed(alike) if other["parameters"].keys() == names), None)
    if last and last["key"] == plan.key:
        return _there_already(reports / last["edition"], last)
    name = f"{plan.date}.{editions.place(today[-1])[1] + 1}" if today else str(plan.date)
    target = reports / name
    if target.exists():
        raise BuildError(f"{target} is there already, and is no edition: move it away, then build again")
    supersedes = next((other for other in reversed(alike) if other["parameters"].keys() & names), None)
    before = editions.find(reports, plan.against) if plan.against else editions.before(found, told, name=name)
    told |= {
        "edition": name,
        "supersedes": supersedes["edition"] if supersedes else None,
        "differs_in": differences(supersedes, plan) if supersedes else [],
        "compared_with": before.name if before else None,
    }
    staging.mkdir()
    made = [_execute(report, plan, staging, name, progress) for report in plan.reports]
    changed = _data(plan, made, staging, told, before)
    for one in made:
        _render(one, plan, staging, changed.of(one.report.name), progress)
    _finish(plan, made, staging, told, changed)
    if inputs(plan.root, plan.reports) != plan.inputs:
        raise BuildError("data, notebooks or the package changed while the edition was made: build again")
    publish(staging, target)
    return Edition(target, False, told["supersedes"], changed.in_short)


def _there_already(folder: Path, told: dict[str, Any]) -> Edition:
    """The edition that was made of the same inputs.

    Raises:
        BuildError: where it was withdrawn: what was wrong with it would be published again.
    """
    gone = editions.withdrawn(folder)
    if gone:
        what = f"edition {folder.name} was made of the same inputs, and withdrawn on {gone['date']}: {gone['reason']}"
        raise BuildError(f"{what} Mend what was wrong, then build again")
    return Edition(folder, True, None, told["what_changed"])


def _execute(report: Report, plan: Plan, staging: Path, edition: str, progress: Progress) -> _Made:
    """Run one report's notebook into the staging folder."""
    import nbformat

    from analysis.exhibits import FIGURES_MIME
    from analysis.reporting.execute import execute
    from analysis.reporting.html import About

    output = staging / f"{report.name}.ipynb"
    about = About(report.name, report.title, edition, plan.date, plan.as_of, plan.recorded_by)
    clock = time.perf_counter()
    with _kept_if_it_fails(output, report, plan):
        notebook = execute(report.path, plan.parameters[report.name], cwd=report.path.parent, output=output)
        nbformat.write(notebook, output)
    figures = [
        {"report": report.name, **row}
        for cell in notebook.cells
        for out in cell.get("outputs", [])
        for row in out.get("data", {}).get(FIGURES_MIME, {}).get("figures", [])
    ]
    progress(report.name, "executed")
    return _Made(report, about, notebook, figures, {"executed": round(time.perf_counter() - clock, 3)})


def _data(plan: Plan, made: list[_Made], staging: Path, told: dict[str, Any], before: Path | None) -> Changes:
    """Write the edition's figures and what they rest on, and hold them against those of the edition before."""
    from analysis.comparison import Told, compare
    from analysis.reporting.data import write_data
    from analysis.reporting.html import About

    about = About("index", TITLE, told["edition"], plan.date, plan.as_of, plan.recorded_by)
    figures = [row for one in made for row in one.figures]
    write_data(staging, figures, plan.view, about, {one.report.name: one.report.title for one in made})
    earlier = editions.told(before) if before else None
    found = compare(earlier, Told(told["edition"], told, *editions.tables(staging)), plan.ledger) if earlier else []
    changed = changes.changes(found, earlier, [one.report.name for one in made])
    changes.write(staging / changes.FILE, changed)
    return changed


def _render(one: _Made, plan: Plan, staging: Path, changed: Changes, progress: Progress) -> None:
    """Make the page and the PDF of an executed report."""
    from analysis.reporting import html, pdf

    name, clock = one.report.name, time.perf_counter()
    with _kept_if_it_fails(staging / f"{name}.ipynb", one.report, plan):
        for step in ("page", "PDF"):
            for_print = step == "PDF"
            content = html.body(one.notebook, for_print=for_print)
            told = html.with_end(content, changes.section(changed, for_print=for_print), html.checks(plan.findings))
            if for_print:
                (staging / f"{name}.pdf").write_bytes(pdf.document(one.notebook, one.about, told))
            else:
                one.answer = html.answer(content, name=name)
                (staging / f"{name}.html").write_text(html.page(told, one.about), "utf-8")
            one.seconds[step] = round(time.perf_counter() - clock, 3)
            clock = time.perf_counter()
            progress(name, step)


@contextmanager
def _kept_if_it_fails(output: Path, report: Report, plan: Plan) -> Iterator[None]:
    """Where a report fails, the build ends with what and where; the executed notebook is put aside."""
    try:
        yield
    except Exception as error:
        what = str(error) if isinstance(error, BuildError) else f"{report.name}: {type(error).__name__}: {error}"
        raise BuildError(f"{what}\n\n{_keep_failed(output, plan)}") from error


def _keep_failed(output: Path, plan: Plan) -> str:
    """Put the executed notebook of a failed report aside; returns a line that says where."""
    if not output.exists():
        return "No executed notebook could be kept."
    failed = plan.root / "reports" / ".failed"
    failed.mkdir(exist_ok=True)
    kept = failed / f"{plan.date}-{output.name}"
    shutil.move(output, kept)
    return f"Nothing was published. The executed notebook is kept as {kept}"


def _finish(plan: Plan, made: list[_Made], staging: Path, told: dict[str, Any], changed: Changes) -> None:
    """Write the edition's first page, and last what it says of itself."""
    from analysis.reporting import html

    about = replace(made[0].about, name="index", title=TITLE)
    reports = [{"name": one.report.name, "title": one.report.title, "answer": one.answer} for one in made]
    page = html.edition_page(about, reports, told, changes.section(changed, linked=True), html.checks(plan.findings))
    (staging / "index.html").write_text(page, "utf-8")
    told |= {
        "what_changed": changed.in_short,
        "outputs": {path.name: editions.sha256(path) for path in sorted(staging.iterdir())},
        "seconds": {one.report.name: one.seconds for one in made},
    }
    told["id"] = editions.identity(told)
    (staging / editions.MANIFEST).write_text(json.dumps(told, indent=2, ensure_ascii=False) + "\n", "utf-8")
