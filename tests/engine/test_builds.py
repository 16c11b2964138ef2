"""A build and its workers: one that dies or hangs is told by name, and none outlives the build."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import pytest
from conftest import ROOT, TODAY, gone

from analysis.errors import BuildError
from analysis.reporting.edition import build
from analysis.reporting.planning import plan
from analysis.reporting.workers import Workers


def report(root: Path, name: str, *sources: str) -> None:
    cells = [nbformat.v4.new_markdown_cell(f"# {name}", id="title")]
    cells += [nbformat.v4.new_code_cell("p: int = 1  # a number", id="first", metadata={"tags": ["parameters"]})]
    cells += [nbformat.v4.new_code_cell(source, id=f"c{n}") for n, source in enumerate(sources)]
    (root / "notebooks").mkdir(exist_ok=True)
    nbformat.write(nbformat.v4.new_notebook(cells=cells), root / "notebooks" / f"{name}.ipynb")


@pytest.fixture
def root(tmp_path):
    shutil.copytree(ROOT / "data", tmp_path / "data")
    return tmp_path


def test_each_report_that_fails_is_told_by_name_with_its_cell_and_the_others_are_run(root):
    report(root, "dies", "print('so far')", "import os; os._exit(0)", "1")
    report(root, "fine", "_ = 1")
    report(root, "hangs", "import time\nwhile True:\n    try: time.sleep(600)\n    except BaseException: pass")
    report(root, "raises", "1 / 0")
    told = []
    with pytest.raises(BuildError) as failed:
        build(plan(root, [], {}, date=TODAY, as_of=None), lambda *step: told.append(step), workers=Workers(2, seconds=30))
    assert [step for name, step in told if name == "fine"] == ["executed", "page", "PDF"]
    assert sorted(name for name, step in told if step == "failed") == ["dies", "hangs", "raises"]
    for words in ("dies.ipynb, cell c1: the process", "hangs.ipynb, cell c0: it took longer", "raises.ipynb, cell c0: Zero"):
        assert words in str(failed.value)
    kept = root / "reports" / ".failed"
    assert sorted(path.name for path in kept.iterdir()) == [f"{TODAY}-{name}.ipynb" for name in ("dies", "hangs", "raises")]
    so_far = nbformat.read(kept / f"{TODAY}-dies.ipynb", as_version=4).cells
    assert [cell.outputs[0].text for cell in so_far if cell.get("outputs")] == ["so far\n"]
    assert not (root / "reports" / str(TODAY)).exists()


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_build_that_is_interrupted_ends_its_workers_and_publishes_nothing(root, ending):
    report(
        root,
        "long",
        "import os, pathlib; pathlib.Path('../process').write_text(str(os.getpid()))",
        "import time; time.sleep(600)",
    )
    command = [sys.executable, "-m", "analysis", "build", "--date", str(TODAY)]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, cwd=root, env=environment, stderr=subprocess.DEVNULL, start_new_session=True) as run:
        told = root / "process"
        while not (told.exists() and told.read_text()):
            assert run.poll() is None
            time.sleep(0.05)
        run.send_signal(ending)
        try:
            assert run.wait(30) != 0
        finally:
            run.kill()
    assert gone(int(told.read_text()))
    assert not (root / "reports" / str(TODAY)).exists()
