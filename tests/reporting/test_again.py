"""A build with nothing to do answers without loading anything, and goes the long way wherever it could be otherwise."""

import json
import os
import shutil
import subprocess
import sys
from datetime import timedelta

import pytest
from click.testing import CliRunner
from conftest import REPORTS, TODAY

from analysis.cli import main
from analysis.reporting import again, editions, staleness
from analysis.reporting.planning import plan

REQUEST = {"reports": (), "given": {}, "date": str(TODAY)}


@pytest.fixture
def root(edition, tmp_path):
    """A project with today's edition, whose request is kept."""
    built, made, _ = edition
    root = tmp_path / "again"
    shutil.copytree(built, root, symlinks=True)
    again.keep(root, again.asked(root, REQUEST), key=editions.manifest(made.folder)["key"], lines=[("As told.", True)])
    return root


def why(planned):
    return staleness.why(planned.manifest, planned.root / "reports")


def answer(root, **request):
    asked = REQUEST | request
    return again.answer(root, again.asked(root, asked), date=asked["date"])


def test_a_request_that_was_made_before_has_the_edition_the_reports_and_what_was_told(root):
    found = answer(root)
    assert found.folder == root / "reports" / str(TODAY)
    assert found.reports == REPORTS
    assert found.lines == [("As told.", True)]


@pytest.mark.parametrize(
    "other", [{"reports": ("targets",)}, {"given": {"a": "b"}}, {"date": "2026-11-24"}, {"is_static": "True"}]
)
def test_another_request_has_no_answer(root, other):
    assert answer(root, **other) is None


def _withdraw(root):
    (root / "reports" / str(TODAY) / "withdrawn.json").write_text('{"date": "2026-11-25", "reason": "Wrong."}')


def _withdraw_and_settle(root):
    _withdraw(root)
    again.settle(root / "reports")


def _lose_and_settle(root):
    (root / "reports" / str(TODAY) / "targets.pdf").unlink()
    again.settle(root / "reports")


def _touch(root):
    os.utime(root / "reports" / str(TODAY) / "targets.html", ns=(1, 1))


def _supersede_and_settle(root):
    later = root / "reports" / f"{TODAY}.1"
    shutil.copytree(root / "reports" / str(TODAY), later)
    told = json.loads((later / "manifest.json").read_text())
    (later / "manifest.json").unlink()
    (later / "manifest.json").write_text(json.dumps(told | {"edition": later.name, "key": "another"}))
    again.settle(root / "reports")


def _append(path):
    return lambda root: (root / path).write_text((root / path).read_text("utf-8") + "\n", "utf-8")


DISTURBED = {
    "the edition was withdrawn": _withdraw,
    "it was withdrawn and all is up to date": _withdraw_and_settle,
    "one of its files is lost": lambda root: (root / "reports" / str(TODAY) / "targets.pdf").unlink(),
    "a file was lost before all was brought up to date": _lose_and_settle,
    "one of its files was touched": _touch,
    "the index is gone": lambda root: (root / "reports" / "index.html").unlink(),
    "latest is gone": lambda root: (root / "reports" / "latest").unlink(),
    "another edition has come": lambda root: shutil.copytree(root / "reports" / str(TODAY), root / "reports" / "2026-11-20"),
    "another edition of the day has come": _supersede_and_settle,
    "the data changed": _append("data/entities.csv"),
    "a notebook changed": _append("notebooks/targets.ipynb"),
    "a notebook has come": lambda root: (root / "notebooks" / "new.ipynb").write_text("{}"),
    "settings have come": lambda root: (root / "pyproject.toml").write_text("[tool.evroad.gates]\nconflict_days = 1\n"),
    "what is kept is no JSON": lambda root: (root / "reports" / again.KEPT).write_text("{"),
    "what is kept is something else": lambda root: (root / "reports" / again.KEPT).write_text('{"answers": {"x": 1}}'),
    "what is kept is gone": lambda root: (root / "reports" / again.KEPT).unlink(),
}


@pytest.mark.parametrize("disturb", DISTURBED.values(), ids=DISTURBED)
def test_there_is_no_answer_where_it_may_have_become_another(root, disturb):
    disturb(root)
    assert answer(root) is None


@pytest.mark.parametrize("place", ["data/claims.csv", "data/more.csv", "notebooks/more.ipynb"])
def test_a_pipe_among_the_inputs_is_not_waited_for(root, place):
    (root / place).unlink(missing_ok=True)
    os.mkfifo(root / place)
    assert answer(root) is None
    again.settle(root / "reports")
    again.keep(root, again.asked(root, REQUEST), key="k", lines=[])
    assert answer(root) is None


def test_settings_that_come_and_go_again_leave_no_page_made_by_them(root):
    """The feed has the address of the settings it was made with: a request made before them does not find it up to date."""
    settings = root / "pyproject.toml"
    settings.write_text('[tool.evroad]\naddress = "https://example.org"\n')
    again.settle(root / "reports")
    settings.unlink()
    assert answer(root) is None


def test_requests_are_kept_to_a_number_and_the_last_ones_stay(root):
    for place in range(150):
        again.keep(root, str(place), key="k", lines=[])
    kept = json.loads((root / "reports" / again.KEPT).read_text())["answers"]
    assert list(kept) == [str(place) for place in range(50, 150)]


def test_where_nothing_can_be_kept_nothing_fails(root):
    (root / "reports" / again.KEPT).unlink()
    (root / "reports" / again.KEPT).mkdir()
    again.settle(root / "reports")
    again.keep(root, "asked", key="k", lines=[])
    assert answer(root) is None


def test_the_second_build_says_the_same_as_the_first_without_polars_altair_or_templates(root):
    (root / "reports" / again.KEPT).unlink()
    again.settle(root / "reports")
    command = ["build", "--date", str(TODAY)]
    code = f"import sys; from analysis.cli import main; main({command}, standalone_mode=False); print(*sys.modules)"
    long, short = (
        subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True) for _ in range(2)
    )
    told = [run.stdout.splitlines() for run in (long, short)]
    assert told[0][:-1] == told[1][:-1]
    assert told[1][-2] == f"Nothing to do: reports/{TODAY} was made of the same inputs."
    assert long.stderr == short.stderr
    heavy = {"polars", "altair", "jinja2", "nbformat", "nbconvert", "papermill", "filelock"}
    assert "polars" in told[0][-1].split()
    assert not heavy & set(told[1][-1].split())


def test_what_a_killed_build_left_undone_is_done_by_one_that_has_nothing_else_to_do(root, monkeypatch):
    monkeypatch.chdir(root)
    index = root / "reports" / "index.html"
    before = index.read_bytes()
    index.unlink()
    assert "Nothing to do" in CliRunner().invoke(main, ["build", "--date", str(TODAY)]).output
    assert index.read_bytes() == before


# Why a report is made


def _planned(root, given=None, *, day=TODAY, names=()):
    return plan(root, list(names), given or {}, date=day, as_of=None)


def test_nothing_is_made_where_nothing_changed(root):
    assert set(why(_planned(root)).values()) == {f"not made: nothing changed since {TODAY}"}


def test_what_changed_is_named_and_only_for_the_report_that_it_is_of(root):
    _append("notebooks/targets.ipynb")(root)
    reasons = why(_planned(root, {"plant": "infiniti-canton-ev"}))
    assert reasons["targets"] == f"made, as since {TODAY} changed notebooks/targets.ipynb"
    assert reasons["production"].startswith(f"made, as since {TODAY} changed parameter plant")
    assert reasons["rivals"] == f"not made: nothing changed since {TODAY}"


def test_a_day_is_a_change_and_so_are_data(root):
    _append("data/entities.csv")(root)  # a blank line says nothing
    assert why(_planned(root))["rivals"] == f"not made: nothing changed since {TODAY}"
    path = root / "data" / "entities.csv"
    path.write_text(path.read_text("utf-8").replace("Norway", "Noreg"), "utf-8")
    told = why(_planned(root, day=TODAY + timedelta(days=1)))["rivals"]
    assert told == f"made, as since {TODAY} changed data/claims.csv, data/entities.csv, the edition’s date"


def test_of_many_inputs_a_few_are_named_and_the_others_counted(root):
    folder = root / "reports" / str(TODAY)
    told = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").unlink()
    gone = {f"analysis/gone-{place:02}.py": "0" for place in range(11)}
    (folder / "manifest.json").write_text(json.dumps(told | {"keys": {}, "inputs": told["inputs"] | gone}))
    reason = why(_planned(root))["rivals"]
    assert reason.endswith("analysis/gone-06.py, analysis/gone-07.py and 3 more")


def test_a_report_that_no_edition_has_is_made(project):
    assert why(_planned(project, names=["rivals"])) == {"rivals": "made, as no edition before has it"}


def test_the_command_tells_why_also_where_there_is_nothing_to_do(root, monkeypatch):
    monkeypatch.chdir(root)
    for _ in range(2):  # the long way, then the short one
        lines = CliRunner().invoke(main, ["build", "--date", str(TODAY), "--why"]).output.splitlines()
        assert [line for line in lines if "not made" in line] == [
            f"{name}: not made: nothing changed since {TODAY}." for name in REPORTS
        ]
