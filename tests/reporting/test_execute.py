"""Executing a notebook: values arrive as data, and only what is known to have run counts as run."""

import ast
from datetime import date

import nbformat
import pytest

from analysis.errors import BuildError
from analysis.reporting.execute import check_completed, execute


def run(tmp_path, *sources: str, **parameters):
    cells = [nbformat.v4.new_code_cell(source, id=f"given-{place}") for place, source in enumerate(sources)]
    cells[0].metadata["tags"] = ["parameters"]
    metadata = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    path = tmp_path / "given.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=metadata), path)
    return execute(path, parameters, cwd=tmp_path, output=tmp_path / "executed {name}.ipynb")


def shown(executed) -> str:
    return executed.cells[-1].outputs[0]["data"]["text/plain"]


def test_values_arrive_as_declared_and_text_is_not_run(tmp_path):
    hostile = '"; import os; os._exit(1) #\n\\ \u2028 {x}'
    values = {"day": date(2024, 4, 1), "text": hostile, "many": ["a", '"'], "big": 10**30, "none": None}
    executed = run(
        tmp_path,
        "from datetime import date\nday = text = many = big = none = 0",
        "repr((day, text, many, big, none))",
        **values,
    )
    assert ast.literal_eval(shown(executed)) == repr(tuple(values.values()))


def test_nothing_is_left_beside_the_notebook_while_or_after_it_runs(tmp_path):
    executed = run(tmp_path, "x = 1", "import os; sorted(os.listdir())")
    assert shown(executed) == "['executed {name}.ipynb', 'given.ipynb']"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["executed {name}.ipynb", "given.ipynb"]


def test_the_executed_notebook_bears_no_trace_of_when_it_ran(tmp_path):
    executed = run(tmp_path, "x = 1", "x", x=2)
    text = nbformat.writes(executed)
    assert "papermill" not in text.replace("injected-parameters", "")
    assert "duration" not in text
    assert nbformat.writes(run(tmp_path, "x = 1", "x", x=2)) == text


def test_a_failing_cell_is_told_with_its_traceback_and_kept(tmp_path):
    with pytest.raises(BuildError, match=r"(?s)given\.ipynb, cell given-1: ZeroDivisionError.*1 / 0.*Traceback"):
        run(tmp_path, "x = 1", "1 / 0", "x")
    assert (tmp_path / "executed {name}.ipynb").exists()


@pytest.mark.parametrize(
    "ending", ["raise SystemExit(0)", "import os; os._exit(0)", "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"]
)
def test_a_notebook_that_ends_early_without_an_error_is_not_complete(tmp_path, ending):
    with pytest.raises(BuildError, match=r"cell .*given-1"):
        run(tmp_path, "x = 1", ending, "x")
    assert (tmp_path / "executed {name}.ipynb").exists()


def test_statuses_alone_are_not_believed():
    cell = nbformat.v4.new_code_cell("x", execution_count=None, id="only")
    cell.metadata["papermill"] = {"status": "completed", "exception": False}
    with pytest.raises(BuildError, match="cell only: it is not known to have run"):
        check_completed(nbformat.v4.new_notebook(cells=[cell]), "n")
    cell.execution_count = 2
    with pytest.raises(BuildError, match="not known to have run"):
        check_completed(nbformat.v4.new_notebook(cells=[cell]), "n")
    cell.execution_count = 1
    check_completed(nbformat.v4.new_notebook(cells=[cell]), "n")
