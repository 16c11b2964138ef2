"""Builds that are killed, starved or disturbed, one after another, each in a process of its own; prints what came of them.

    python tests/faults/harness.py PROJECT TRIAL COUNT SEED

PROJECT is a project with one small report, of which an edition is published. A trial copies its folder of reports,
disturbs a build in that copy, and then demands that every published edition is whole, that `latest` leads to a whole one, that
the index is whole, and that the next build succeeds and leaves nothing behind. The notebook is not run anew each time: its
outputs are those of the published edition, for it is the publishing that is put to the test. (What kills a build
while a kernel runs is tested with the command itself, in test_faults.py.)

This process imports what a build needs, and never uses it: each trial is a fork of it. Polars, once used, has threads that a
fork would lose.
"""

import ctypes
import json
import os
import random
import resource
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Executor, Future
from datetime import date
from pathlib import Path

import nbformat

from analysis.errors import EvroadError
from analysis.reporting import changes, data, edition, editions, execute, html, pdf, planning, publication  # noqa: F401

BASE = date(2026, 11, 25)
KINDS = {"another day": (date(2026, 11, 26), {}), "the same day": (BASE, {"plant": "infiniti-canton-ev"})}
"""What is built in a trial: the edition of another day, or one of the same day that supersedes the first."""


def main(project: str, trial: str, count: str, seed: str) -> None:
    os.umask(0o022)
    chance = random.Random(int(seed))  # noqa: S311 - no secret
    root, results = Path(project), Counter()
    canned = nbformat.read(root / "reports" / str(BASE) / "tiny.ipynb", as_version=4)
    execute.execute = _executed(canned)
    html._exporter()  # kept by every fork
    with tempfile.TemporaryDirectory() as scratch:
        for place, disturbance in enumerate(TRIALS[trial](root, Path(scratch), int(count), chance)):
            copy = Path(scratch) / f"{trial}-{place}"
            _copy(root, copy)
            kind = list(KINDS)[place % len(KINDS)]
            came = disturbance(copy, *KINDS[kind])
            _demand(copy, f"{trial} {place}, {came}")
            results[came] += 1
            publication.clear(copy)
    print(json.dumps(results))  # noqa: T201 - what it is for


def _copy(root: Path, copy: Path) -> None:
    copy.mkdir()
    for name in ("data", "notebooks"):
        (copy / name).symlink_to(root / name)
    shutil.copytree(root / "reports", copy / "reports", symlinks=True)


def _executed(canned: nbformat.NotebookNode) -> Callable:
    def execute(_: Path, parameters: dict, /, *, cwd: Path, output: Path, with_engine: str) -> nbformat.NotebookNode:  # noqa: ARG001
        output.write_text("as papermill leaves it while it runs", "utf-8")
        return nbformat.from_dict(json.loads(json.dumps(canned)))

    return execute


def _build(root: Path, day: date, given: dict[str, str]) -> None:
    planned = planning.plan(root, [], given, date=day, as_of=None)
    edition.build(planned, lambda *_: None, workers=_Here())


class _Here(Executor):
    """Makes reports in this process: what is put in the place of a function is called, and a fork has all of the build."""

    def submit(self, do: Callable, /, *args: object) -> Future:
        future: Future = Future()
        future.set_result(do(*args))
        return future


def _forked(work: Callable[[], None]) -> int:
    """Start `work` in a process of its own; its exit code is 0, or that of an error of ours, or 99 with a traceback."""
    child = os.fork()
    if child:
        return child
    code = 99
    try:
        work()
        code = 0
    except EvroadError as error:
        sys.stderr.write(f"{error}\n")
        code = error.exit_code
    except BaseException:
        import traceback

        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)


def _ended(child: int) -> int:
    """The exit code of a process, or the negative number of the signal that ended it."""
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def _demand(copy: Path, what: str) -> None:
    """Hold a folder of reports to the promises, whatever happened in it."""
    if _ended(_forked(lambda: _promises(copy))) != 0:
        sys.exit(f"{what}: a promise was broken in {copy}")


def _promises(copy: Path) -> None:
    reports = copy / "reports"

    def whole() -> list[Path]:
        found = editions.editions(reports)
        for path in found:
            assert not editions.damage(path), (path, editions.damage(path))
        link, index = reports / publication.LATEST, reports / publication.INDEX
        assert link.is_symlink()
        assert (link / "manifest.json").is_file()
        assert link.resolve() in found
        assert index.read_text("utf-8").rstrip().endswith("</html>")
        assert (reports / publication.FEED).read_text("utf-8").rstrip().endswith("</feed>")
        assert (reports / publication.LATEST_PAGE).read_text("utf-8").rstrip().endswith("</html>")
        return found

    before = whole()
    assert before, "the edition that was there is gone"
    day = date(2026, 11, 27)
    _build(copy, day, {})
    after = whole()
    assert [path.name for path in after] == [*(path.name for path in before), str(day)]
    assert (reports / publication.LATEST).resolve().name == str(day)
    assert f'url={day}/index.html"' in (reports / publication.LATEST_PAGE).read_text("utf-8")
    assert f' href="{day}/index.html"' in (reports / publication.FEED).read_text("utf-8")
    there = {path.name for path in reports.iterdir()}
    derived = {".lock", ".failed", ".asked.json", ".notices.json", "index.html", "feed.xml", "latest.html", "latest"}
    extra = there - {path.name for path in after} - derived
    assert not extra, extra
    for path in after:  # whatever was left undone is done: of two editions of one day the first says so
        marked = b'class="notice"' in (path / "tiny.html").read_bytes()
        assert marked == (editions.superseded_by(path, after, "tiny") is not None), path


def _moments(root: Path, scratch: Path, count: int, chance: random.Random) -> list[Callable]:
    """Kill at random moments: of a build that is let run, the time is taken first."""
    copy = scratch / "timed"
    _copy(root, copy)
    start = time.monotonic()
    assert _ended(_forked(lambda: _build(copy, *KINDS["another day"]))) == 0
    lasts = time.monotonic() - start

    def one(copy: Path, day: date, given: dict) -> str:
        child = _forked(lambda: _build(copy, day, given))
        # Publishing is the last of a build and takes the least of its time: half of the moments are drawn from there.
        time.sleep(lasts * chance.uniform(chance.choice([0, 0.75]), 1.1))
        os.kill(child, signal.SIGKILL)
        return _outcome(copy, _ended(child))

    return [one] * count


def _steps(root: Path, scratch: Path, count: int, chance: random.Random) -> list[Callable]:
    """Kill before each thing that a build does in the file system, or before `count` of them drawn at random."""
    totals = []
    for place, kind in enumerate(KINDS.values()):
        copy = scratch / f"counted-{place}"
        _copy(root, copy)
        _ended(_forked(lambda copy=copy, kind=kind: _killed_at(copy, None, *kind)))
        totals.append(int((copy / "steps").read_text()))
    places = [(step, step) for step in range(1, max(totals) + 1)]
    chosen = places if count >= len(places) else chance.sample(places, count)

    def killed(step: int) -> Callable:
        def one(copy: Path, day: date, given: dict) -> str:
            return _outcome(copy, _ended(_forked(lambda: _killed_at(copy, step, day, given))))

        return one

    # Each step once for either kind of build: trials take the kinds in turn.
    return [killed(step) for pair in chosen for step in pair]


_CHANGES = {"os.rename", "os.mkdir", "os.remove", "os.rmdir", "os.symlink", "os.chmod", "shutil.rmtree"}


def _killed_at(copy: Path, step: int | None, day: date, given: dict) -> None:
    """Build, and end without a word before the step of that number; without a number count the steps."""
    inside, done = str(copy / "reports"), 0

    def watch(event: str, arguments: tuple) -> None:
        nonlocal done
        writes = event == "open" and isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR)
        if (writes or event in _CHANGES) and any(inside in str(argument) for argument in arguments):
            done += 1
            if done == step:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(watch)
    _build(copy, day, given)
    if step is None:
        counted = done
        (copy / "steps").write_text(str(counted))


def _full(root: Path, _: Path, count: int, chance: random.Random) -> list[Callable]:
    """No file may grow beyond a size drawn at random: writing fails as on a full disk, but for every user."""
    largest = max(path.stat().st_size for path in (root / "reports").rglob("*") if path.is_file())

    def one(copy: Path, day: date, given: dict) -> str:
        limit = chance.randrange(largest)

        def work() -> None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
            _build(copy, day, given)

        return _outcome(copy, _ended(_forked(work)))

    return [one] * count


def _forbidden(_: Path, __: Path, count: int, chance: random.Random) -> list[Callable]:
    """Folders in which nothing may be written: that of reports, or an edition that is to be marked."""

    def one(copy: Path, day: date, given: dict) -> str:
        reports = copy / "reports"
        closed = chance.choice([[reports], [reports / str(BASE)], [reports, reports / str(BASE)]])

        def work() -> None:
            _without_privileges()
            _build(copy, day, given)

        for path in closed:
            path.chmod(0o555)
        try:
            return _outcome(copy, _ended(_forked(work)))
        finally:
            for path in closed:
                path.chmod(0o755)

    return [one] * count


def _without_privileges() -> None:
    """Let permissions hold for this process, also where root runs it: Linux's capabilities to pass over them are given up."""
    if os.geteuid() == 0:
        libc = ctypes.CDLL(None, use_errno=True)
        header = (ctypes.c_uint32 * 2)(0x20080522, 0)
        held = (ctypes.c_uint32 * 6)()
        if libc.capget(header, held):
            raise OSError(ctypes.get_errno(), "capget")
        passing = ~((1 << 1) | (1 << 2)) & 0xFFFFFFFF  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH
        for place in range(3):
            held[place] &= passing
        if libc.capset(header, held):
            raise OSError(ctypes.get_errno(), "capset")


def _junk(_: Path, __: Path, count: int, chance: random.Random) -> list[Callable]:
    """What an earlier build might have left, or somebody put, where an edition is staged."""

    def one(copy: Path, day: date, given: dict) -> str:
        staging = copy / "reports" / ".staging"
        kind = chance.randrange(4)
        if kind == 0:
            staging.write_bytes(chance.randbytes(100))
        elif kind == 1:
            staging.symlink_to(copy / "nowhere")
        else:
            (staging / "edition" / "deep").mkdir(parents=True)
            for name in (
                "index.html",
                "manifest.json",
                "tiny.html",
                "replacement",
                "latest",
                "edition/tiny.ipynb",
                "edition/deep/x",
            ):
                (staging / name).write_bytes(chance.randbytes(chance.randrange(2000)))
            (staging / "edition" / "link").symlink_to(copy / "data", target_is_directory=True)
            (staging / "edition" / "deep").chmod(0o500)
        came = _outcome(copy, _ended(_forked(lambda: _build(copy, day, given))))
        assert came == "published", came
        assert (copy / "data" / "claims.csv").is_file()
        return came

    return [one] * count


def _together(_: Path, __: Path, count: int, chance: random.Random) -> list[Callable]:
    """Two builds at once: two whole editions, or one and a clear refusal."""

    def one(copy: Path, day: date, given: dict) -> str:
        first = _forked(lambda: _build(copy, day, given))
        time.sleep(chance.uniform(0, 0.3))
        second = _forked(lambda: _build(copy, date(2026, 11, 24), {}))  # the clock went back meanwhile
        codes = sorted((_ended(first), _ended(second)))
        assert codes in ([0, 0], [0, 4]), codes
        return "both published" if codes == [0, 0] else "one published, one refused"

    return [one] * count


def _outcome(copy: Path, code: int) -> str:
    """What a disturbed build came to, by its exit code and what is there."""
    published = len(editions.editions(copy / "reports")) > 1
    if code == -signal.SIGKILL:
        return "killed after it was published" if published else "killed before it was published"
    assert code in (0, 1), f"exit code {code}"
    assert code == 1 or published
    return "refused, published all the same" if code and published else "refused" if code else "published"


TRIALS = {"moments": _moments, "steps": _steps, "full": _full, "forbidden": _forbidden, "junk": _junk, "together": _together}

if __name__ == "__main__":
    main(*sys.argv[1:])
