"""The committed notebooks: their outputs are there, say something, and fail to match when a claim's value moves.

nbval itself runs with the tests, strictly and with nothing sanitised: see pyproject.toml.
"""

import json
import re
import subprocess
import sys

import nbformat
import pytest
from conftest import ROOT

from analysis.charts import VEGALITE_MIME
from analysis.exhibits import FIGURES_MIME

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
assert [path.stem for path in NOTEBOOKS] == ["investments", "market_share", "targets"]


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.stem)
def notebook(request):
    return nbformat.read(request.param, as_version=4)


def code(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def test_every_code_cell_was_run_in_order_with_outputs_that_can_be_compared(notebook):
    cells = code(notebook)
    # nbval compares no cell whose execution count is missing, and would pass it.
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    shown = [out for cell in cells for out in cell.outputs]
    assert len(shown) >= 10
    assert all(out.output_type == "execute_result" for out in shown)
    kinds = {kind for out in shown for kind in out.data}
    assert {"text/html", "text/plain", "image/svg+xml", VEGALITE_MIME, FIGURES_MIME} <= kinds
    assert not kinds & {"image/png", "image/jpeg"}  # pictures that nbval never compares


def test_nothing_is_unknown_in_the_committed_outputs(notebook):
    assert "not-known" not in json.dumps([cell.outputs for cell in code(notebook)])


def test_outputs_hold_no_path_random_id_or_time(notebook):
    text = json.dumps([cell.outputs for cell in code(notebook)])
    for pattern in (r"0x[0-9a-f]{8,}", str(ROOT), r"/(home|root|tmp|Users)/", r"(?!00:00:00)\d\d:\d\d:\d\d"):
        assert not re.search(pattern, text), pattern
    assert "execution" not in json.dumps([cell.metadata for cell in notebook.cells])


def test_a_notebook_opens_with_title_question_and_answer_and_ends_with_its_sources(notebook):
    first = notebook.cells[0].source
    assert first.startswith("# ")
    assert "**The question.**" in first
    before = [cell.id for cell in notebook.cells][: [cell.id for cell in notebook.cells].index("as-of")]
    assert any(name.startswith("answer") for name in before)
    assert notebook.cells[-1].source == "exhibits.sources(ledger, figures)"
    assert [cell.metadata.get("tags") for cell in notebook.cells].count(["parameters"]) == 1


def test_no_number_is_typed_into_prose(notebook):
    for cell in notebook.cells:
        prose = cell.source if cell.cell_type == "markdown" else " ".join(_sentences(cell.source))
        assert not re.search(r"\d", prose), f"{cell.id}: {prose}"


def _sentences(source: str) -> list[str]:
    """The texts in a cell's code, without slots for figures and the names that claims and plans have."""
    texts = [text for text in re.findall(r'"([^"]*)"', source) if " " in text]
    return [re.sub(r"\{[^}]*\}", "", text) for text in texts]


def test_no_function_loop_over_data_or_path_stands_in_a_notebook(notebook):
    source = "\n".join(cell.source for cell in code(notebook))
    assert not re.search(r"^\s*(def|for|while|class) ", source, re.MULTILINE)
    assert not re.search(r"open\(|read_csv|Path\(", source)


@pytest.mark.parametrize(
    ("report", "old", "new"),
    [
        ("market_share", ",0.42,", ",0.43,"),
        ("targets", ",65,,,USD_per_kWh", ",66,,,USD_per_kWh"),
        ("investments", ",1700,", ",1701,"),
    ],
)
def test_nbval_fails_when_a_claims_value_is_changed(project, edit, report, old, new):
    def nbval() -> subprocess.CompletedProcess:
        options = ["-c", "/dev/null", "--rootdir", ".", "--nbval", "--nbval-current-env", "-q", "-p", "no:cacheprovider"]
        command = [sys.executable, "-m", "pytest", *options, f"notebooks/{report}.ipynb"]
        return subprocess.run(command, cwd=project, capture_output=True, text=True)

    unchanged = nbval()
    assert unchanged.returncode == 0, unchanged.stdout
    edit("claims.csv", old, new)
    changed = nbval()
    assert changed.returncode == 1, changed.stdout
    assert "Cell outputs differ" in changed.stdout
