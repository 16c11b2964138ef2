"""Building an edition: execute, compare, render, and publish the whole folder by one rename. Nothing half-made is seen."""

import json
import os
from collections.abc import Callable
from concurrent.futures import Executor
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from analysis.errors import BuildError, EvroadError, HeldError
from analysis.reporting import changes, editions, staleness
from analysis.reporting.batch import Batch, Made, Progress, Stage
from analysis.reporting.changes import Changes
from analysis.reporting.planning import ANSWERED, Plan, inputs
from analysis.reporting.publication import clear, publish, publishing, refresh
from analysis.reporting.workers import Workers

if TYPE_CHECKING:
    import polars as pl

    from analysis.reporting.html import About


@dataclass(frozen=True)
class Edition:
    """A published edition, whether it was there already, what it supersedes, and what changed, in a line.

    `missing` holds what came of reports of a grid that failed, by their names; `taken_over` counts those not made anew.
    """

    folder: Path
    unchanged: bool
    supersedes: str | None
    changed: str
    missing: dict[str, str]
    taken_over: int


def build(plan: Plan, progress: Progress, *, workers: Executor | int = 0, engine: str = "evroad") -> Edition:
    """Make the edition that `plan` describes, or find that it is there already.

    Args:
        plan: what it is made of.
        progress: told of each step of each report, as it is done.
        workers: who does the jobs, or how many processes are to; none stands for one a processor, as long as there are reports.
        engine: what runs the notebooks, one of `execute.ENGINES`.

    Raises:
        HeldError: where a check holds it.
        BusyError: where another build is under way.
        BuildError: where a report fails, or of a grid every one, or the same as in an edition of today; executed notebooks are
            kept under `reports/.failed/`, and what was done for the next build. Nothing is published then.
    """
    held = [finding.text for finding in plan.findings if finding.level == "held"]
    if held:
        raise HeldError("held by the checks that [tool.evroad.gates] asks for, nothing was published: " + " ".join(held))
    reports = plan.root / "reports"
    with publishing(reports) as staging:
        try:
            made = _build(plan, reports, staging, progress, _pool(plan, workers), engine)
        except EvroadError:
            raise
        except OSError:  # the disk may be full
            clear(staging)
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
    found, told, names = editions.editions(reports), dict(plan.manifest), plan.parameters.keys()
    today = [path for path in found if editions.place(path)[0] == str(plan.date)]
    alike = [other for other in map(editions.manifest, today) if editions.is_of_the_same(other, told)]
    last = next((other for other in reversed(alike) if other["parameters"].keys() | _missing(other) == names), None)
    is_same = last is not None and last["key"] == plan.manifest["key"]
    if is_same and not _missing(last):
        return _there_already(reports / last["edition"], last)
    name = f"{plan.date}.{editions.place(today[-1])[1] + 1}" if today else str(plan.date)
    target = reports / name
    if target.exists():
        raise BuildError(f"{target} is there already, and is no edition: move it away, then build again")
    supersedes = next((other for other in reversed(alike) if staleness.differ(other, told)), None)
    before = editions.find(reports, plan.against) if plan.against else editions.before(found, told, name=name)
    told |= {
        "edition": name,
        "supersedes": supersedes["edition"] if supersedes else None,
        "differs_in": staleness.differences(supersedes, told) if supersedes else [],
        "compared_with": before.name if before else None,
    }
    about, stage = plan.about(name), Stage(staging, told)
    batch = Batch(plan, about, stage, before, _comparison(plan, told, before), engine, progress)
    with pool as workers:
        made = batch.made(workers)
    _check(plan, batch.failed, _missing(last) if is_same else set())
    told |= _without(told, batch.failed)
    changed = changes.of_all([one.changed for one in made], before.name if before else "")
    _data(plan, made, stage.files, about, changed)
    _finish(plan, made, stage.files, about, told, changed)
    if inputs(plan.root, plan.reports) != plan.inputs:
        raise BuildError("data, notebooks or the package changed while the edition was made: build again")
    publish(stage.files, target)
    stage.clear()
    taken_over = sum(one.made_in != name for one in made)
    return Edition(target, False, told["supersedes"], changed.in_short, batch.failed, taken_over)


def _missing(told: dict[str, Any]) -> set[str]:
    """The reports that an edition lacks, as they failed."""
    return set(told.get("missing", {}))


def _check(plan: Plan, failed: dict[str, str], missing: set[str]) -> None:
    """Let no edition be made that is not to be, or would say no more than the one that lacks the same reports.

    Raises:
        BuildError: with what came of each report that failed.
    """
    texts = "\n\n".join(failed.values())
    if failed and (plan.is_strict or len(failed) == len(plan.reports)):
        raise BuildError(f"{texts}\n\nNothing was published.")
    if failed and failed.keys() == missing:
        raise BuildError(f"{texts}\n\nNothing was published: an edition of today lacks these reports already.")


def _without(told: dict[str, Any], failed: dict[str, str]) -> dict[str, Any]:
    """What an edition says of its reports, without those that failed, and what came of these."""
    parts = ("parameters", "given", "notebooks", "keys")
    kept = {part: {name: value for name, value in told[part].items() if name not in failed} for part in parts}
    return kept | {"missing": {name: text.partition("\n")[0] for name, text in failed.items()}}


def _there_already(folder: Path, told: dict[str, Any]) -> Edition:
    """The edition that was made of the same inputs.

    Raises:
        BuildError: where it was withdrawn: what was wrong with it would be published again.
    """
    gone = editions.withdrawn(folder)
    if gone:
        what = f"edition {folder.name} was made of the same inputs, and withdrawn on {gone['date']}: {gone['reason']}"
        raise BuildError(f"{what} Mend what was wrong, then build again")
    return Edition(folder, True, None, told["what_changed"], {}, 0)


def _comparison(plan: Plan, told: dict[str, Any], before: Path | None) -> "Callable[[str, pl.DataFrame], Changes]":
    """What tells what changed in a report since the edition before, by its name and its figures."""
    from analysis.comparison import Told, compare

    if before is None:
        return lambda *_: Changes("", [], [])
    said, (figures, entries) = editions.manifest(before), editions.tables(before)
    earlier = figures.partition_by("report", as_dict=True)

    def changed(name: str, figures: "pl.DataFrame") -> Changes:
        if name not in said["parameters"]:
            return Changes("", [], [name])
        then = earlier[name,].to_dicts() if (name,) in earlier else []
        now = Told(told["edition"], told, figures.to_dicts(), plan.entries)
        return Changes(before.name, compare(Told(before.name, said, then, entries), now, plan.ledger), [])

    return changed


def _data(plan: Plan, made: list[Made], folder: Path, about: "About", changed: Changes) -> None:
    """Write the edition's figures, what they rest on, and what changed."""
    import polars as pl

    from analysis.reporting import data

    figures = pl.concat([pl.read_parquet(one.figures) for one in made], rechunk=True)
    titles = {one.report.name: one.report.full_title for one in made}
    data.write_data(folder, [*data.tables(figures, plan.view), data.changed(changed)], plan.view, about, titles)


def _finish(plan: Plan, made: list[Made], staging: Path, about: "About", told: dict[str, Any], changed: Changes) -> None:
    """Write the edition's first page, and last what it says of itself."""
    from analysis.reporting import html

    told["made_in"] = {one.report.name: one.made_in for one in made if one.made_in != told["edition"]}
    told["answers"] = {one.report.name: one.answer for one in made} if len(made) <= ANSWERED else {}
    reports = [
        {"name": one.report.name, "title": one.report.title, "asked": one.report.asked, "answer": one.answer} for one in made
    ]
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
