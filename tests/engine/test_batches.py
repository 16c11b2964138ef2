"""Many reports at once: what is stale is made, what is not is taken over, and what fails fails alone."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner
from conftest import ROOT, TODAY
from test_builds import report

from analysis.cli import main
from analysis.errors import BuildError
from analysis.reporting import editions, staleness
from analysis.reporting.edition import build
from analysis.reporting.planning import plan
from analysis.reporting.workers import Workers

COUNTS = "_ = open('../runs', 'a').write('{}\\n')"
"""A cell that notes that it was run."""


@pytest.fixture
def root(tmp_path):
    """A project of three small reports, each of which notes its runs."""
    shutil.copytree(ROOT / "data", tmp_path / "data")
    for name in ("one", "two", "three"):
        report(tmp_path, name, COUNTS.format(name), "_ = p")
    return tmp_path


@pytest.fixture(scope="module")
def workers():
    """Workers that all the tests share."""
    with Workers(2) as pool:
        yield pool


def made(root: Path, workers: Workers, **choices):
    choices = {"date": TODAY, "as_of": None} | choices
    return build(plan(root, choices.pop("names", []), choices.pop("given", {}), **choices), lambda *_: None, workers=workers)


def runs(root: Path) -> list[str]:
    """Which reports have been run since this was last asked."""
    path = root / "runs"
    told = sorted(path.read_text().split()) if path.exists() else []
    path.unlink(missing_ok=True)
    return told


def files(folder: Path, *names: str) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in names}


def grid(root: Path, *rows: str) -> Path:
    path = root / "grid.csv"
    path.write_text("\n".join(["report,p", *rows, ""]))
    return path


def test_only_the_report_whose_notebook_changed_is_made_and_the_others_are_taken_over_byte_for_byte(root, workers):
    first = made(root, workers)
    assert runs(root) == ["one", "three", "two"]
    report(root, "two", COUNTS.format("two"), "_ = p + 1")
    second = made(root, workers)
    assert runs(root) == ["two"]
    assert (second.folder.name, second.taken_over) == (f"{TODAY}.1", 2)
    others = [f"{name}.{ending}" for name in ("one", "three") for ending in ("html", "pdf", "ipynb")]
    assert files(second.folder, *others) == files(first.folder, *others)
    assert editions.manifest(second.folder)["made_in"] == {"one": str(TODAY), "three": str(TODAY)}
    assert "taken over from 2026-11-25" in (second.folder / "index.html").read_text()
    assert editions.damage(second.folder) == []
    # What was taken over has superseded nothing; what was made anew has.
    assert "Superseded" in (first.folder / "two.html").read_text()
    assert "Superseded" not in (first.folder / "one.html").read_text()
    third = made(root, workers)
    assert (third.folder, third.unchanged) == (second.folder, True)


def test_on_another_day_a_notebook_that_would_say_the_same_is_not_run_but_its_page_is_dated_anew(root, workers):
    first = made(root, workers)
    runs(root)
    second = made(root, workers, date=TODAY.replace(day=26))
    assert runs(root) == []
    assert files(second.folder, "one.ipynb") == files(first.folder, "one.ipynb")
    page = (second.folder / "one.html").read_text()
    assert "26 November 2026" in page
    assert "Since the edition 2026-11-25 no figure has changed." in page
    assert editions.manifest(second.folder)["made_in"] == {}


def test_what_becomes_known_after_the_as_of_date_makes_no_report_stale_that_has_one(root, workers):
    for name in ("one", "two"):
        report(root, name, COUNTS.format(name), "_ = p")
    path = root / "notebooks" / "one.ipynb"
    notebook = json.loads(path.read_text())
    notebook["cells"][1]["source"] = "as_of: date | None = None  # the day\np: int = 1  # a number"
    notebook["cells"].insert(1, notebook["cells"][2] | {"id": "imports", "source": "from datetime import date"})
    path.write_text(json.dumps(notebook))
    made(root, workers, as_of=TODAY.replace(year=2024))
    assert runs(root) == ["one", "three", "two"]
    lines = (root / "data" / "claims.csv").read_text("utf-8").splitlines(keepends=True)
    later = next(place for place, line in reversed(list(enumerate(lines))) if ",2026-11-2" in line)
    (root / "data" / "claims.csv").write_text("".join(lines[:later] + lines[later + 1 :]), "utf-8")
    made(root, workers, as_of=TODAY.replace(year=2024))
    assert runs(root) == ["three", "two"]


def test_why_says_of_each_report_what_becomes_of_it(root, workers):
    made(root, workers, names=["one", "two"])
    report(root, "two", "_ = p + 1")

    def why(**choices):
        planned = plan(root, [], {}, **({"date": TODAY, "as_of": None} | choices))
        return staleness.why(planned.manifest, root / "reports")

    assert why() == {
        "one": "not made: nothing changed since 2026-11-25",
        "three": "made, as no edition before has it",
        "two": "made, as since 2026-11-25 changed notebooks/two.ipynb",
    }
    tomorrow = why(date=TODAY.replace(day=26))
    assert tomorrow["one"] == "its notebook is not run, as in 2026-11-25; set anew, as the edition’s date changed"


def test_what_is_damaged_or_withdrawn_is_not_taken_over(root, workers):
    first = made(root, workers)
    for name in ("one.html", "two.ipynb"):
        (first.folder / name).chmod(0o644)
        (first.folder / name).write_text("spoilt")
    report(root, "three", "_ = p + 1")
    runs(root)
    second = made(root, workers)
    assert runs(root) == ["one", "two"]
    assert second.taken_over == 0
    assert editions.damage(second.folder) == []
    (second.folder / "withdrawn.json").write_text('{"date": "2026-11-25", "reason": "Wrong."}')
    (first.folder / "withdrawn.json").write_text('{"date": "2026-11-25", "reason": "Wrong."}')
    report(root, "three", "_ = p + 2")
    made(root, workers)
    assert runs(root) == ["one", "two"]


def test_rows_that_fail_are_missing_in_the_edition_which_says_so_and_are_tried_again(root, workers):
    report(root, "two", COUNTS.format("two"), "_ = 1 / (p - 3)")
    rows = grid(root, "one,1", "one,2", "two,3", "two,4")
    first = made(root, workers, grid=rows)
    assert list(first.missing) == ["two-p-3"]
    assert "two.ipynb, cell c1: ZeroDivisionError" in first.missing["two-p-3"]
    told = editions.manifest(first.folder)
    assert list(told["parameters"]) == ["one", "one-p-2", "two-p-4"]
    assert told["missing"] == {"two-p-3": "two.ipynb, cell c1: ZeroDivisionError: division by zero"}
    assert not list(first.folder.glob("two-p-3*"))
    page = (first.folder / "index.html").read_text()
    assert "1 of 4 reports failed" in page
    assert "two-p-3: two.ipynb, cell c1: ZeroDivisionError: division by zero" in page
    assert editions.damage(first.folder) == []
    runs(root)
    with pytest.raises(BuildError, match="an edition of today lacks these reports already"):
        made(root, workers, grid=rows)
    assert runs(root) == ["two"]  # only what failed was tried
    assert [path.name for path in editions.editions(root / "reports")] == [str(TODAY)]


def test_a_strict_batch_is_held_by_one_row_that_fails_and_goes_on_where_it_stopped(root, workers):
    report(root, "two", COUNTS.format("two"), "_ = open('../mended').read()", "_ = p")
    rows = grid(root, "one,1", "one,2", "two,3")
    with pytest.raises(BuildError, match=r"(?s)two\.ipynb, cell c1: FileNotFound.*Nothing was published"):
        made(root, workers, grid=rows, is_strict=True)
    assert editions.editions(root / "reports") == []
    assert runs(root) == ["one", "one", "two"]
    (root / "mended").write_text("")
    second = made(root, workers, grid=rows, is_strict=True)
    assert runs(root) == ["two"]
    assert second.missing == {}
    assert not (root / "reports" / ".staging").exists()


def test_a_batch_that_is_killed_goes_on_where_it_stopped_with_the_same_bytes(root, workers):
    report(root, "two", COUNTS.format("two"), "import os, time\n_ = os.path.exists('../go') or time.sleep(600)", "_ = p")
    rows = grid(root, *(f"one,{n}" for n in range(6)), "two,0")
    command = [sys.executable, "-m", "analysis", "build", "--date", str(TODAY), "--grid", str(rows), "--workers", "2"]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    notes = root / "reports" / ".staging" / "made"
    with subprocess.Popen(command, cwd=root, env=environment, stderr=subprocess.DEVNULL, start_new_session=True) as run:
        while sum('"pdf"' in path.read_text() for path in notes.glob("*.json")) < 6:
            assert run.poll() is None
            time.sleep(0.1)
        run.send_signal(signal.SIGKILL)
    assert runs(root) == ["one"] * 6 + ["two"]
    (root / "go").write_text("")
    went_on = made(root, workers, grid=rows)
    assert runs(root) == ["two"]
    fresh = root.parent / "fresh"
    shutil.copytree(root, fresh, ignore=shutil.ignore_patterns("reports"))
    at_once = made(fresh, workers, grid=fresh / "grid.csv")
    names = sorted(path.name for path in at_once.folder.iterdir() if path.name != "manifest.json")
    assert files(went_on.folder, *names) == files(at_once.folder, *names)
    assert editions.manifest(went_on.folder)["id"] == editions.manifest(at_once.folder)["id"]


def test_what_an_unfinished_build_left_is_not_used_where_it_was_spoilt_or_is_of_something_else(root, workers):
    report(root, "two", "_ = open('../mended').read()")
    with pytest.raises(BuildError):
        made(root, workers)
    left = root / "reports" / ".staging" / "edition"
    (left / "one.html").write_text("spoilt")
    (left / "junk").mkdir()
    report(root, "three", COUNTS.format("three"), "_ = p + 1")
    (root / "mended").write_text("")
    runs(root)
    done = made(root, workers)
    assert runs(root) == ["one", "three"]
    assert "spoilt" not in (done.folder / "one.html").read_text()
    assert not (done.folder / "junk").exists()


def test_what_was_made_while_the_data_changed_is_not_kept_for_the_next_build(root, workers):
    claims = root / "data" / "claims.csv"
    was = claims.read_bytes()
    report(root, "one", COUNTS.format("one"), "_ = open('../data/claims.csv', 'a').write('\\n')")
    with pytest.raises(BuildError, match="changed while the edition was made"):
        made(root, workers, names=["one"])
    claims.write_bytes(was)
    runs(root)
    with pytest.raises(BuildError, match="changed while the edition was made"):
        made(root, workers, names=["one"])
    assert runs(root) == ["one"]


def test_the_first_page_of_a_large_batch_is_a_table(root, workers):
    done = made(root, workers, grid=grid(root, *(f"one,{n}" for n in range(25))))
    page = (done.folder / "index.html").read_text()
    assert page.count('<th scope="row"><a href="one') == 25
    assert "A batch of 25 reports: 25 of “one”." in page
    assert '<a href="one-p-7.html">p 7</a>' in page


def test_the_command_plans_first_tells_how_far_it_is_and_what_is_missing(root, monkeypatch):
    monkeypatch.chdir(root)
    report(root, "two", "_ = 1 / (p - 3)")
    rows = grid(root, *(f"one,{n}" for n in range(25)), "two,3")
    (root / "pyproject.toml").write_text("[project]\n")
    came = CliRunner().invoke(main, ["build", "--date", str(TODAY), "--grid", str(rows), "--workers", "2"])
    assert came.exit_code == 1
    lines = came.output.splitlines()
    assert lines[1] == "26 reports: 25 of one, 1 of two."
    assert sum(" a second, " in line for line in lines) == 26
    assert any(line.startswith("26 of 26, ") for line in lines)
    assert "1 of 26 reports failed and are missing in the edition" in came.output
    strict = CliRunner().invoke(main, ["build", "--date", str(TODAY), "--strict"])
    assert (strict.exit_code, "--strict is said of a --grid" in strict.output) == (2, True)
