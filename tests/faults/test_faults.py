"""Whatever happens to a build, every published edition is whole, `latest` leads to a whole one, and the next build succeeds.

Each trial disturbs a build in a process of its own; what it then demands is in harness.py. `make test` runs a short
version, `make faults` a long one, whose figures are in the README.
"""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import pytest
from conftest import ROOT, TODAY

from analysis.reporting import editions
from analysis.reporting.edition import build
from analysis.reporting.planning import plan

LONG = int(os.environ.get("EVROAD_FAULTS", "0"))
"""How many trials of each kind there are in a long run; in a short one a few of each."""

SEED = os.environ.get("EVROAD_FAULTS_SEED", "1")

CELLS = [
    "from datetime import date\n\nfrom analysis import Entity, Ledger, exhibits\nfrom analysis.metrics import targets",
    'as_of: date | None = None  # the day\nrecorded_by: date | None = None  # our own day\nplant: Entity = "canton"  # a plant',
    "ledger = Ledger.load().as_of(as_of, recorded_by=recorded_by)\n"
    "figures = targets.milestones(ledger.claims, as_of=ledger.known, entity_ids=[plant])",
    "exhibits.grid(figures, title='Milestones', columns={'milestone': 'Date', 'withdrawn_milestone': 'Given up'})",
    "exhibits.how_made(ledger, figures)",
]


@pytest.fixture(scope="module")
def tiny(tmp_path_factory) -> Path:
    """A project with one small report, and an edition of it that was made by a real build."""
    root = tmp_path_factory.mktemp("faults") / "tiny"
    shutil.copytree(ROOT / "data", root / "data")
    (root / "notebooks").mkdir()
    notebook = nbformat.v4.new_notebook(
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    )
    notebook.cells = [nbformat.v4.new_markdown_cell("# Tiny: a report\n\n**The question.** Is it whole?", id="title")]
    notebook.cells += [nbformat.v4.new_code_cell(source, id=f"c{place}") for place, source in enumerate(CELLS)]
    notebook.cells[2].metadata["tags"] = ["parameters"]
    notebook.cells.insert(5, nbformat.v4.new_markdown_cell("## How each number was made", id="how"))
    nbformat.write(notebook, root / "notebooks" / "tiny.ipynb")
    build(plan(root, [], {}, date=TODAY, as_of=None), lambda *_: None)
    return root


def tried(tiny: Path, trial: str, short: int, *, share: float = 1) -> dict[str, int]:
    """How often a trial came to what, over all its repetitions; `share` is how many of them a long run makes of it."""
    harness = Path(__file__).with_name("harness.py")
    command = [sys.executable, str(harness), str(tiny), trial, str(int(LONG * share) or short), SEED]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stderr[-3000:]
    came = json.loads(done.stdout)
    print(f"\n{trial}: {sum(came.values())} builds, " + ", ".join(f"{count} {what}" for what, count in sorted(came.items())))  # noqa: T201 - the figures of a long run
    return came


def test_a_build_killed_at_a_random_moment_leaves_everything_whole(tiny):
    came = tried(tiny, "moments", 8)
    assert came["killed before it was published"]


def test_a_build_killed_before_any_step_in_the_file_system_leaves_everything_whole(tiny):
    came = tried(tiny, "steps", 6)
    assert set(came) <= {"killed before it was published", "killed after it was published", "published"}
    assert came["killed before it was published"]


def test_a_build_that_cannot_write_on_publishes_nothing_or_all(tiny):
    came = tried(tiny, "full", 5, share=0.3)
    assert came["refused"]


def test_a_build_that_may_not_write_is_refused(tiny):
    came = tried(tiny, "forbidden", 3, share=0.1)
    assert set(came) <= {"refused", "refused, published all the same", "published"}
    assert came["refused"] + came.get("refused, published all the same", 0)


def test_whatever_lies_where_an_edition_is_staged_is_cleared_away(tiny):
    assert set(tried(tiny, "junk", 4, share=0.1)) == {"published"}


def test_two_builds_at_once_give_two_whole_editions_or_one_and_a_clear_refusal(tiny):
    assert set(tried(tiny, "together", 3, share=0.2)) <= {"both published", "one published, one refused"}


def test_a_command_killed_while_a_kernel_runs_leaves_everything_whole(tiny, tmp_path):
    """The command as a user starts it, with its kernel; the kernel ends with it."""
    chance, root = random.Random(SEED), tmp_path / "tiny"  # noqa: S311 - no secret
    shutil.copytree(tiny, root, symlinks=True)
    for trial in range(max(2, LONG // 10)):
        day = f"2027-01-{trial % 28 + 1:02}"
        command = [sys.executable, "-m", "analysis", "build", "--date", day]
        with subprocess.Popen(
            command, cwd=root, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        ) as run:
            time.sleep(chance.uniform(0.2, 6))
            run.send_signal(signal.SIGKILL)
        found = editions.editions(root / "reports")
        assert not any(editions.damage(path) for path in found)
        assert (root / "reports" / "latest").resolve() in found
    done = subprocess.run(
        [sys.executable, "-m", "analysis", "build", "--date", "2027-02-01"], cwd=root, capture_output=True, check=True
    )
    assert b"Published reports/2027-02-01/index.html" in done.stdout
    assert not (root / "reports" / ".staging").exists()
