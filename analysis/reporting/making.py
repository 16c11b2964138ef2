"""Making reports: their notebooks executed, then their pages and PDFs, each by a job that any worker can do.

What fails is told with what and where, when the others are done.
"""

import shutil
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from analysis.errors import BuildError
from analysis.reporting import changes
from analysis.reporting.changes import Changes
from analysis.reporting.parameters import Report, Value
from analysis.reporting.planning import Plan
from analysis.reporting.workers import LostError, result

if TYPE_CHECKING:
    from analysis.gates import Finding
    from analysis.reporting.html import About

Progress = Callable[[str, str], None]
"""Called with a report's name and what was just done to it (one of `planning.STEPS`), or a sentence on what came of it."""


@dataclass(frozen=True)
class Job:
    """What a worker is given of a report to execute: plain data, which pickle."""

    notebook: Path
    parameters: dict[str, Value]
    engine: str


@dataclass(frozen=True)
class Run:
    """What it gives back: the executed notebook as text and its figures, or what failed and the notebook so far; seconds."""

    notebook: str | None
    figures: list[dict]
    seconds: float
    failed: str = ""


@dataclass(frozen=True)
class Drawing:
    """What a worker is given of a report to render: the executed notebook, what is said at its end, and the ledger's words.

    `sources` has what a footnote says of each figure's sources.
    """

    notebook: str
    about: "About"
    changed: Changes
    findings: "list[Finding]"
    words: dict[str, set[str]]
    sources: dict[str, str]
    is_static: bool


@dataclass(frozen=True)
class Rendered:
    """What it gives back: page, PDF and answer, or what failed; the seconds that each took, and what is to be told."""

    page: str
    pdf: bytes
    answer: str
    seconds: dict[str, float]
    notes: list[str] = field(default_factory=list)
    failed: str = ""


@dataclass
class Made:
    """One report on its way: its executed notebook and figures, then its answer; and the seconds that each step took."""

    report: Report
    about: "About"
    notebook: str
    figures: list[dict]
    seconds: dict[str, float]
    answer: str = ""


def run(job: Job) -> Run:
    """Run a report's notebook: a job for a worker. What fails is told as a result, with what there is of the notebook."""
    import nbformat

    from analysis.exhibits import FIGURES_MIME
    from analysis.reporting.execute import execute

    clock = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="evroad-") as scratch:
        output = Path(scratch) / job.notebook.name
        try:
            notebook = execute(job.notebook, job.parameters, cwd=job.notebook.parent, output=output, with_engine=job.engine)
        except Exception as error:
            return Run(output.read_text("utf-8") if output.exists() else None, [], 0, _what(job.notebook.stem, error))
    figures = [
        row
        for cell in notebook.cells
        for out in cell.get("outputs", [])
        for row in out.get("data", {}).get(FIGURES_MIME, {}).get("figures", [])
    ]
    return Run(nbformat.writes(notebook) + "\n", figures, time.perf_counter() - clock)


def draw(job: Drawing) -> Rendered:
    """Make the page and the PDF of an executed report: a job for a worker."""
    import nbformat

    from analysis.reporting import drawings, html, pdf
    from analysis.reporting.numbers import check_traced

    name, clock, notes = job.about.name, time.perf_counter(), []

    def with_end(content: str, *, for_print: bool = False) -> str:
        return html.with_end(content, changes.section(job.changed, for_print=for_print), html.checks(job.findings))

    try:
        notebook = nbformat.reads(job.notebook, as_version=4)
        content = html.body(notebook)
        check_traced(content, report=name, **job.words)
        answer, specs = html.answer(content, name=name), None if job.is_static else drawings.specs(notebook)
        page, paged = html.page(with_end(content), job.about, specs=specs), time.perf_counter()
        printed = with_end(html.body(notebook, for_print=True), for_print=True)
        document = pdf.document(notebook, job.about, printed, sources=job.sources, tell=notes.append)
    except Exception as error:
        return Rendered("", b"", "", {}, failed=_what(name, error))
    return Rendered(page, document, answer, {"page": paged - clock, "PDF": time.perf_counter() - paged}, notes)


def executed(plan: Plan, workers: Executor, staging: Path, edition: "About", engine: str, progress: Progress) -> list[Made]:
    """Run the reports' notebooks into the staging folder; `edition` is what its first page says of itself.

    Raises:
        BuildError: when all have been tried, with what and where of each that failed; their notebooks are put aside.
    """
    jobs = [(report, workers.submit(run, Job(report.path, plan.parameters[report.name], engine))) for report in plan.reports]
    made, failed = [], []
    for report, job in jobs:
        output = staging / f"{report.name}.ipynb"
        done = _executed(job, report, output)
        if done.notebook is not None:
            output.write_text(done.notebook, "utf-8")
        if done.failed:
            failed.append(f"{done.failed}\n\n{_keep_failed(output, plan)}")
            continue
        figures = [{"report": report.name, **row} for row in done.figures]
        about = replace(edition, name=report.name, title=report.title)
        made.append(Made(report, about, done.notebook, figures, {"executed": round(done.seconds, 3)}))
        progress(report.name, "executed")
    if failed:
        raise BuildError("\n\n".join(failed))
    return made


def render(made: list[Made], plan: Plan, workers: Executor, staging: Path, changed: Changes, progress: Progress) -> None:
    """Make the pages and the PDFs of executed reports.

    Raises:
        BuildError: when all have been tried, with what failed in each; their notebooks are put aside.
    """
    from analysis.exhibits.citing import footnotes

    jobs, failed = [], []
    for one in made:
        sources = footnotes(one.figures, plan.view)
        changed_here = changed.of(one.report.name)
        given = Drawing(one.notebook, one.about, changed_here, plan.findings, plan.words, sources, plan.is_static)
        jobs.append((one, workers.submit(draw, given)))
    for one, job in jobs:
        name = one.report.name
        try:
            done = result(job)
        except LostError as lost:
            done = Rendered("", b"", "", {}, failed=_what(name, lost))
        if done.failed:
            failed.append(f"{done.failed}\n\n{_keep_failed(staging / f'{name}.ipynb', plan)}")
            continue
        (staging / f"{name}.html").write_text(done.page, "utf-8")
        (staging / f"{name}.pdf").write_bytes(done.pdf)
        one.answer = done.answer
        for step, seconds in done.seconds.items():
            one.seconds[step] = round(seconds, 3)
            progress(name, step)
        for note in done.notes:
            progress(name, note)
    if failed:
        raise BuildError("\n\n".join(failed))


def _executed(job: Future, report: Report, output: Path) -> Run:
    try:
        return result(job)
    except LostError as lost:
        from analysis.reporting import execute

        what = execute.lost(report.path, lost, output=output)
        return Run(None, [], 0, str(what))


def _what(name: str, error: Exception) -> str:
    is_ours = isinstance(error, BuildError) and not isinstance(error, LostError)
    return str(error) if is_ours else f"{name}: {type(error).__name__}: {error}"


def _keep_failed(output: Path, plan: Plan) -> str:
    """Put the executed notebook of a failed report aside; returns a line that says where."""
    if not output.exists():
        return "No executed notebook could be kept."
    failed = plan.root / "reports" / ".failed"
    failed.mkdir(exist_ok=True)
    kept = failed / f"{plan.date}-{output.name}"
    shutil.move(output, kept)
    return f"Nothing was published. The executed notebook is kept as {kept}"
