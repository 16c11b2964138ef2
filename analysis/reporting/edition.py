"""Building an edition: execute, compare, render, and publish the whole folder by one rename. Nothing half-made is seen."""

import json
import os
from concurrent.futures import Executor
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from analysis.errors import BuildError, EvroadError, HeldError
from analysis.reporting import changes, editions
from analysis.reporting.changes import Changes
from analysis.reporting.making import Made, Progress, executed, render
from analysis.reporting.planning import Plan, differences, inputs
from analysis.reporting.publication import publish, publishing, refresh
from analysis.reporting.workers import Workers

if TYPE_CHECKING:
    from analysis.reporting.html import About


@dataclass(frozen=True)
class Edition:
    """A published edition, whether it was there already, what it supersedes, and what changed, in a line."""

    folder: Path
    unchanged: bool
    supersedes: str | None
    changed: str


def build(plan: Plan, progress: Progress, *, workers: Executor | int = 0, engine: str = "evroad") -> Edition:
    """Make the edition that `plan` describes, or find that it is there already.

    Args:
        plan: what it is made of.
        progress: told of each step of each report, in their order.
        workers: who does the jobs, or how many processes are to; none stands for one a processor, as long as there are reports.
        engine: what runs the notebooks, one of `execute.ENGINES`.

    Raises:
        HeldError: where a check holds it.
        BusyError: where another build is under way.
        BuildError: where a report fails; its executed notebook is kept under `reports/.failed/`. Nothing is published then.
    """
    held = [finding.text for finding in plan.findings if finding.level == "held"]
    if held:
        raise HeldError("held by the checks that [tool.evroad.gates] asks for, nothing was published: " + " ".join(held))
    reports = plan.root / "reports"
    with publishing(reports) as staging:
        try:
            made = _build(plan, reports, staging / "edition", progress, _pool(plan, workers), engine)
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


def _pool(plan: Plan, workers: Executor | int) -> AbstractContextManager[Executor]:
    """The executor itself, or a pool of so many workers; none is started before there is a job."""
    if isinstance(workers, Executor):
        return nullcontext(workers)
    there = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return Workers(min(workers or there, len(plan.reports)))


def _build(
    plan: Plan, reports: Path, staging: Path, progress: Progress, pool: AbstractContextManager[Executor], engine: str
) -> Edition:
    found, told, names = editions.editions(reports), plan.manifest(), plan.parameters.keys()
    today = [path for path in found if editions.place(path)[0] == str(plan.date)]
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
    about = plan.about(name)
    with pool as workers:
        made = executed(plan, workers, staging, about, engine, progress)
        changed = _data(plan, made, staging, about, told, before)
        render(made, plan, workers, staging, changed, progress)
    _finish(plan, made, staging, about, told, changed)
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


def _data(plan: Plan, made: list[Made], staging: Path, about: "About", told: dict[str, Any], before: Path | None) -> Changes:
    """Write the edition's figures and what they rest on, and hold them against those of the edition before."""
    from analysis.comparison import Told, compare
    from analysis.reporting import data

    held = data.tables([row for one in made for row in one.figures], plan.view)
    earlier = editions.told(before) if before else None
    now = Told(told["edition"], told, held[0].rows.to_dicts(), dict(held[1].rows.select("statement_id", "entry").iter_rows()))
    changed = changes.changes(compare(earlier, now, plan.ledger) if earlier else [], earlier, [one.report.name for one in made])
    titles = {one.report.name: one.report.title for one in made}
    data.write_data(staging, [*held, data.changed(changed)], plan.view, about, titles)
    return changed


def _finish(plan: Plan, made: list[Made], staging: Path, about: "About", told: dict[str, Any], changed: Changes) -> None:
    """Write the edition's first page, and last what it says of itself."""
    from analysis.reporting import html

    reports = [{"name": one.report.name, "title": one.report.title, "answer": one.answer} for one in made]
    sizes = {path.name: path.stat().st_size for path in staging.iterdir()}
    section, checks = changes.section(changed, linked=True), html.checks(plan.findings)
    page = html.edition_page(about, reports, told, section, checks, sizes=sizes)
    (staging / "index.html").write_text(page, "utf-8")
    told |= {
        "what_changed": changed.in_short,
        "outputs": {path.name: editions.sha256(path) for path in sorted(staging.iterdir())},
        "seconds": {one.report.name: one.seconds for one in made},
    }
    told["id"] = editions.identity(told)
    (staging / editions.MANIFEST).write_text(json.dumps(told, indent=2, ensure_ascii=False) + "\n", "utf-8")
