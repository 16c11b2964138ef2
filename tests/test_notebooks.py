"""The committed notebooks: their outputs are there, say something, and fail to match when a claim's value moves.

nbval itself runs with the tests, strictly and with nothing sanitised: see pyproject.toml.
"""

import json
import re
import subprocess
import sys

import nbformat
import polars as pl
import pytest
from conftest import REPORTS, ROOT

from analysis import Ledger
from analysis.charts import VEGALITE_MIME
from analysis.exhibits import FIGURES_MIME
from analysis.reporting.parameters import find_reports

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
assert [path.stem for path in NOTEBOOKS] == REPORTS


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


def test_a_parameter_of_one_name_is_of_one_type_in_every_report():
    types: dict[str, set[str]] = {}
    for report in find_reports(ROOT / "notebooks").values():
        for parameter in report.parameters.values():
            types.setdefault(parameter.name, set()).add(parameter.type)
    assert {name: kinds for name, kinds in types.items() if len(kinds) > 1} == {}


def test_every_recorded_conflict_is_shown_in_a_report_with_its_reason():
    shown = "\n".join(
        out.data["text/plain"]
        for path in NOTEBOOKS
        for cell in code(nbformat.read(path, as_version=4))
        for out in cell.outputs
        if cell.id == "contested"
    )
    for conflict in Ledger.load(ROOT / "data").conflicts.iter_rows(named=True):
        assert f"{conflict['title']} / {conflict['reason']}" in shown, conflict["conflict_id"]


def test_every_chart_of_the_ieas_figures_attributes_them(notebook):
    iea = set(Ledger.load(ROOT / "data").vintages.filter(pl.col("product_id") == "iea-global-ev-outlook")["claim_id"])
    shares = [figure for figure in figures_of(notebook) if figure["metric"].startswith(("adoption", "diffusion"))]
    assert {claim for figure in shares for claim in figure["claim_ids"]} <= iea
    charts = [out.data["text/plain"] for cell in code(notebook) for out in cell.outputs if VEGALITE_MIME in out.data]
    for description in charts:
        if "IEA" in description.partition("Source")[2]:
            assert re.search(r"IEA[^;]*\(CC BY 4\.0\)", description), description
    assert not shares or any("(CC BY 4.0)" in description for description in charts)


def figures_of(notebook) -> list[dict]:
    return [
        figure
        for cell in code(notebook)
        for out in cell.outputs
        for figure in out.data.get(FIGURES_MIME, {}).get("figures", [])
    ]


def test_every_row_of_a_scorecard_leads_to_claims(notebook):
    cells = [cell for cell in notebook.cells if cell.id == "scorecard"]
    known = {figure["figure_id"]: figure for figure in figures_of(notebook)}
    for cell in cells:
        rows = re.findall(r"<tr>.*?</tr>", cell.outputs[0].data["text/html"], re.DOTALL)[1:]
        assert len(rows) > 5
        for row in rows:
            links = re.findall(r'href="#how-([^"]+)"', row)
            assert links, row
            assert all(known[name]["claim_ids"] for name in links)
    assert cells or notebook.cells[0].source.split(":")[0] not in ("# Targets", "# Rivals")
