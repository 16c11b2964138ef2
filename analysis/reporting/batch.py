"""Reports on their way: run, compared and rendered by workers, a bounded number at once, and what is done stays done.

Each report is kept as it is finished, with its keys. So a build that was killed, or in which some failed, goes on where it
stopped; and reports of an earlier edition that were made of the same are taken over.
"""

import json
import shutil
from collections import deque
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from dataclasses import dataclass, field, replace
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from analysis.errors import BuildError
from analysis.reporting import editions, staleness
from analysis.reporting.making import Drawing, Job, Rendered, Run, draw, figures_in, run, what
from analysis.reporting.notices import without_notice
from analysis.reporting.parameters import Report
from analysis.reporting.planning import ANSWERED, Plan, inputs
from analysis.reporting.publication import clear
from analysis.reporting.workers import LostError

if TYPE_CHECKING:
    import polars as pl

    from analysis.reporting.changes import Changes
    from analysis.reporting.html import About

Progress = Callable[[str, str], None]
"""Called with a report's name and what was just done to it: one of `STEPS`, what begins as one of `LAST`, or a sentence."""

STEPS = ("executed", "page", "PDF")
LAST = ("PDF", "taken over", "failed")
"""What is told last of a report."""

_ENDINGS = ("ipynb", "html", "pdf")
_AHEAD = 2  # jobs given out for each worker: one that it does, and one that waits for it


@dataclass
class Made:
    """A report that is done: what changed in it, its answer, the edition that made it, and the seconds of each step.

    `figures` is the file that holds its figures, typed: those of a thousand reports are too many to be held.
    """

    report: Report
    figures: Path
    changed: "Changes"
    made_in: str
    answer: str = ""
    seconds: dict[str, float] = field(default_factory=dict)


class Stage:
    """The folder in which an edition is made, and beside it what is noted of each report as soon as it is done.

    `left` holds the notes of an unfinished build on reports with the same keys, for the same edition and comparison, whose
    files are whole; all else is cleared away.
    """

    def __init__(self, folder: Path, told: dict[str, Any]) -> None:
        self.files, self._notes, self._keys = folder / "edition", folder / "made", told["keys"]
        self._of = [told["edition"], told["compared_with"]]
        for parent in (self.files, self._notes):
            if parent.is_symlink() or not parent.is_dir():
                clear(parent)
            parent.mkdir(parents=True, exist_ok=True)
        self.left = {name: note for name in self._keys if (note := self._read(name))}
        wanted = {self.path(name, ending) for name, note in self.left.items() for ending in note["outputs"]}
        wanted |= set(map(self._note, self.left))
        for path in (*self.files.iterdir(), *self._notes.iterdir()):
            if path not in wanted:
                clear(path)

    def path(self, name: str, ending: str) -> Path:
        """Where a report's file stands."""
        return self.files / f"{name}.{ending}"

    def figures(self, name: str) -> Path:
        """Where a report's figures stand until all are there."""
        return self._notes / f"{name}.parquet"

    def note(self, one: Made) -> None:
        """Note what has been written of a report, so that the next build need not make it again."""
        name, path = one.report.name, self._note(one.report.name)
        outputs = {ending: editions.sha256(file) for ending in _ENDINGS if (file := self.path(name, ending)).exists()}
        told = {"of": self._of, "keys": self._keys[name], "outputs": outputs, "answer": one.answer, "seconds": one.seconds}
        path.with_suffix(".new").write_text(json.dumps(told), "utf-8")
        path.with_suffix(".new").replace(path)

    def clear(self) -> None:
        """Leave nothing of it."""
        clear(self.files)
        clear(self._notes)

    def _note(self, name: str) -> Path:
        return self._notes / f"{name}.json"

    def _read(self, name: str) -> dict[str, Any] | None:
        try:
            note = json.loads(self._note(name).read_text("utf-8"))
            digests = {ending: editions.sha256(self.path(name, ending)) for ending in note["outputs"]}
            is_same = (note["of"], note["keys"], note["outputs"]) == (self._of, self._keys[name], digests)
            return note if is_same and "ipynb" in digests else None
        except (OSError, ValueError, KeyError, TypeError):
            return None


class Batch:
    """The reports of a plan on their way into a stage; when they are `made`, `failed` has what came of the others."""

    def __init__(
        self,
        plan: Plan,
        about: "About",
        stage: Stage,
        before: Path | None,
        changed: "Callable[[str, pl.DataFrame], Changes]",
        engine: str,
        progress: Progress,
    ) -> None:
        """Take up the reports of a plan.

        Args:
            plan: what they are made of.
            about: what the edition's first page says of itself.
            stage: where they are written.
            before: the edition that they are compared with.
            changed: tells what changed in a report, by its name and its figures.
            engine: what runs the notebooks.
            progress: told of each step of each report.
        """
        self._plan, self._about, self._stage, self._changed = plan, about, stage, changed
        self._engine, self._progress = engine, progress
        self._there = staleness.kept(plan.manifest, editions.editions(plan.root / "reports"), before)
        self._said = cache(editions.manifest)
        self._done: dict[str, Made] = {}
        self.failed: dict[str, str] = {}

    def made(self, workers: Executor) -> list[Made]:
        """Make all that can be made, in any order, and give them in the plan's."""
        waiting, doing = deque(self._plan.reports), {}
        while waiting or doing:
            most = _AHEAD * getattr(workers, "count", 1)  # workers of a cluster may come later
            while waiting and len(doing) < most:
                report = waiting.popleft()
                doing |= self._tried(report, partial(self._begun, report, workers))
            # Waited for in steps, for with Polars there Ctrl-C does not end a wait, only what follows.
            done, _ = wait(doing, timeout=0.1, return_when=FIRST_COMPLETED)
            for job in done:
                report, go_on = doing.pop(job)
                doing |= self._tried(report, lambda job=job, go_on=go_on: go_on(job.result()))
        return [self._done[report.name] for report in self._plan.reports if report.name in self._done]

    def _tried(self, report: Report, step: "Callable[[], _Jobs]") -> "_Jobs":
        """What is to be done next; where a step fails, its report does, and no other. A disk that is full fails all."""
        try:
            return step()
        except OSError:
            raise
        except Exception as error:
            return self._lost(report, error)

    def _begun(self, report: Report, workers: Executor) -> "_Jobs":
        """Take a report over, or give a worker the first job of it that is to be done."""
        name = report.name
        if note := self._stage.left.get(name):
            one = self._with_figures(report, self._figures(name))
            one.answer, one.seconds = note["answer"], note["seconds"]
            is_done = "pdf" in note["outputs"]
            return self._finished(one, f"taken over from {_UNFINISHED}") if is_done else self._to_draw(one, workers)
        if there := self._there.get(name):
            try:
                return self._taken_over(report, there, workers)
            except (OSError, ValueError, KeyError, BuildError):  # it was damaged, or is moved away meanwhile: then it is made
                for ending in _ENDINGS:
                    self._stage.path(name, ending).unlink(missing_ok=True)
        job = workers.submit(run, Job(report.path, self._plan.parameters[name], self._engine))
        return {job: (report, partial(self._was_run, report, workers))}

    def _taken_over(self, report: Report, there: staleness.Kept, workers: Executor) -> "_Jobs":
        told = self._said(there.edition)
        for ending in _ENDINGS if there.is_whole else _ENDINGS[:1]:
            source, path = there.edition / f"{there.report}.{ending}", self._stage.path(report.name, ending)
            path.write_bytes(without_notice(source.read_bytes(), source.suffix))
            if editions.sha256(path) != told["outputs"][source.name]:
                raise BuildError(f"{source} is damaged")
        one = self._with_figures(report, self._figures(report.name))
        answer = told["answers"].get(there.report)
        if not there.is_whole or (answer is None and len(self._plan.reports) <= ANSWERED):
            self._progress(report.name, f"executed in {there.edition.name}")
            return self._to_draw(one, workers)
        one.answer, one.made_in = answer or "", told["made_in"].get(there.report, there.edition.name)
        return self._finished(one, f"taken over from {one.made_in}")

    def _was_run(self, report: Report, workers: Executor, done: Run) -> "_Jobs":
        if done.notebook is not None:
            self._stage.path(report.name, "ipynb").write_text(done.notebook, "utf-8")
        if done.failed:
            return self._lost(report, done.failed)
        one = self._with_figures(report, done.figures)
        one.seconds["executed"] = round(done.seconds, 3)
        self._note(one)
        self._progress(report.name, "executed")
        return self._to_draw(one, workers)

    def _to_draw(self, one: Made, workers: Executor) -> "_Jobs":
        import polars as pl

        from analysis.exhibits.citing import footnotes

        plan, name = self._plan, one.report.name
        notebook = self._stage.path(name, "ipynb").read_text("utf-8")
        about = replace(self._about, name=name, title=one.report.full_title)
        sources = footnotes(pl.read_parquet(one.figures).to_dicts(), plan.view)
        job = workers.submit(draw, Drawing(notebook, about, one.changed, plan.findings, plan.words, sources, plan.is_static))
        return {job: (one.report, partial(self._was_drawn, one))}

    def _was_drawn(self, one: Made, done: Rendered) -> "_Jobs":
        name = one.report.name
        if done.failed:
            return self._lost(one.report, done.failed)
        self._stage.path(name, "html").write_text(done.page, "utf-8")
        self._stage.path(name, "pdf").write_bytes(done.pdf)
        one.answer = done.answer
        one.seconds |= {step: round(seconds, 3) for step, seconds in done.seconds.items()}
        self._note(one)
        for note in ("page", *done.notes):
            self._progress(name, note)
        return self._finished(one, "PDF")

    def _note(self, one: Made) -> None:
        """Note what is done of a report, unless it may have been made of other data, notebooks or code than its keys say."""
        if inputs(self._plan.root, self._plan.reports) == self._plan.inputs:
            self._stage.note(one)

    def _finished(self, one: Made, told: str) -> "_Jobs":
        self._done[one.report.name] = one
        self._progress(one.report.name, told)
        return {}

    def _lost(self, report: Report, failed: str | Exception) -> "_Jobs":
        """A report failed: its executed notebook is put aside, and nothing else of it is left."""
        output = self._stage.path(report.name, "ipynb")
        if isinstance(failed, LostError) and not output.exists():
            from analysis.reporting.execute import lost

            failed = str(lost(report.path, failed, output=output))
        kept = self._plan.root / "reports" / ".failed" / f"{self._plan.date}-{output.name}"
        where = "No executed notebook could be kept."
        if output.exists():
            kept.parent.mkdir(exist_ok=True)
            shutil.move(output, kept)
            where = f"The executed notebook is kept as {kept}"
        said = failed if isinstance(failed, str) else what(report.name, failed)
        self.failed[report.name] = f"{said}\n\n{where}"
        self._progress(report.name, "failed")
        return {}

    def _figures(self, name: str) -> list[dict]:
        return figures_in(json.loads(self._stage.path(name, "ipynb").read_text("utf-8")))

    def _with_figures(self, report: Report, figures: list[dict]) -> Made:
        """A report whose notebook has run, with its figures and what changed in them."""
        from analysis.reporting.data import typed

        frame, path = typed(report.name, figures), self._stage.figures(report.name)
        frame.write_parquet(path)
        return Made(report, path, self._changed(report.name, frame), self._about.edition)


_Jobs = dict[Future, tuple[Report, Callable[[Any], "_Jobs"]]]
"""Jobs that are under way -> the report, and what is to be done with what the job gives."""

_UNFINISHED = "a build that did not finish"
