"""Making one report: its notebook executed, then its page and its PDF. What fails is told with what and where."""

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from analysis.errors import BuildError
from analysis.reporting import changes
from analysis.reporting.changes import Changes
from analysis.reporting.parameters import Report
from analysis.reporting.planning import Plan

if TYPE_CHECKING:
    from nbformat import NotebookNode

    from analysis.reporting.html import About

Progress = Callable[[str, str], None]
"""Called with a report's name and what was just done to it (one of `planning.STEPS`), or a sentence on what came of it."""


@dataclass
class Made:
    """One report on its way: its executed notebook and figures, then its answer; and the seconds that each step took."""

    report: Report
    about: "About"
    notebook: "NotebookNode"
    figures: list[dict]
    seconds: dict[str, float]
    answer: str = ""


def executed(report: Report, plan: Plan, staging: Path, edition: "About", progress: Progress) -> Made:
    """Run one report's notebook into the staging folder; `edition` is what its first page says of itself."""
    import nbformat

    from analysis.exhibits import FIGURES_MIME
    from analysis.reporting.execute import execute

    output = staging / f"{report.name}.ipynb"
    about = replace(edition, name=report.name, title=report.title)
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
    return Made(report, about, notebook, figures, {"executed": round(time.perf_counter() - clock, 3)})


def render(one: Made, plan: Plan, staging: Path, changed: Changes, progress: Progress) -> None:
    """Make the page and the PDF of an executed report."""
    from analysis.exhibits.citing import footnotes
    from analysis.reporting import drawings, html, pdf
    from analysis.reporting.numbers import check_traced

    name, clock = one.report.name, time.perf_counter()

    def with_end(content: str, *, for_print: bool = False) -> str:
        return html.with_end(content, changes.section(changed, for_print=for_print), html.checks(plan.findings))

    def done(step: str) -> None:
        nonlocal clock
        one.seconds[step] = round(time.perf_counter() - clock, 3)
        clock = time.perf_counter()
        progress(name, step)

    with _kept_if_it_fails(staging / f"{name}.ipynb", one.report, plan):
        content = html.body(one.notebook)
        check_traced(content, report=name, **plan.words)
        one.answer = html.answer(content, name=name)
        specs = None if plan.is_static else drawings.specs(one.notebook)
        (staging / f"{name}.html").write_text(html.page(with_end(content), one.about, specs=specs), "utf-8")
        done("page")
        sources = footnotes(one.figures, plan.view)
        printed = with_end(html.body(one.notebook, for_print=True), for_print=True)
        document = pdf.document(one.notebook, one.about, printed, sources=sources, tell=partial(progress, name))
        (staging / f"{name}.pdf").write_bytes(document)
        done("PDF")


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
