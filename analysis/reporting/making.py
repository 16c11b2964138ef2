"""The two jobs by which any worker makes a report: its notebook executed, then its page and its PDF.

What they are given and give back are plain data, which pickle; what fails is told as a result, with what and where.
"""

import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from analysis.errors import BuildError
from analysis.reporting import changes
from analysis.reporting.changes import Changes
from analysis.reporting.parameters import Value
from analysis.reporting.workers import LostError

if TYPE_CHECKING:
    from analysis.gates import Finding
    from analysis.reporting.html import About


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


def run(job: Job) -> Run:
    """Run a report's notebook: a job for a worker. What fails is told as a result, with what there is of the notebook."""
    import nbformat

    from analysis.reporting.execute import execute

    clock = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="evroad-") as scratch:
        output = Path(scratch) / job.notebook.name
        try:
            notebook = execute(job.notebook, job.parameters, cwd=job.notebook.parent, output=output, with_engine=job.engine)
        except Exception as error:
            return Run(output.read_text("utf-8") if output.exists() else None, [], 0, what(job.notebook.stem, error))
    figures = figures_in(notebook)
    return Run(nbformat.writes(notebook) + "\n", figures, time.perf_counter() - clock)


def figures_in(notebook: dict, /) -> list[dict]:
    """The figures that an executed notebook shows, in order, with dates as ISO text."""
    from analysis.exhibits import FIGURES_MIME

    return [
        row
        for cell in notebook["cells"]
        for out in cell.get("outputs", [])
        for row in out.get("data", {}).get(FIGURES_MIME, {}).get("figures", [])
    ]


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
        return Rendered("", b"", "", {}, failed=what(name, error))
    return Rendered(page, document, answer, {"page": paged - clock, "PDF": time.perf_counter() - paged}, notes)


def what(name: str, error: Exception, /) -> str:
    """What is said of a report that failed: an error of ours tells the place itself."""
    is_ours = isinstance(error, BuildError) and not isinstance(error, LostError)
    return str(error) if is_ours else f"{name}: {type(error).__name__}: {error}"
