"""Executing one notebook with papermill, and knowing whether every cell of it has run."""

import logging
from datetime import date
from pathlib import Path
from typing import Any

import nbformat
import papermill
from nbformat import NotebookNode
from papermill.exceptions import PapermillExecutionError
from papermill.translators import PythonTranslator, papermill_translators
from traitlets.config import Config

from analysis.errors import BuildError
from analysis.reporting.parameters import Value

CELL_TIMEOUT_SECONDS = 600

# Papermill logs every parameter whose annotation it cannot parse as unknown; ours are checked before (parameters.py).
logging.getLogger("papermill").setLevel(logging.ERROR)


class _Day(str):
    """A date on its way through papermill, which writes parameters as JSON too and has no dates there."""


class _PythonTranslator(PythonTranslator):
    @classmethod
    def translate(cls, val: Any) -> str:
        return f"date.fromisoformat({str(val)!r})" if isinstance(val, _Day) else super().translate(val)


papermill_translators.register("python", _PythonTranslator)


def execute(notebook: Path, parameters: dict[str, Value], /, *, cwd: Path, output: Path) -> NotebookNode:
    """Run `notebook` with `parameters` in `cwd`, and return it with its outputs and without traces of the run.

    Args:
        notebook: the notebook; it is not changed.
        parameters: declared names and values.
        cwd: the folder in which its cells run.
        output: where papermill writes the executed notebook; it stays there when a cell fails.

    Raises:
        BuildError: with the cell and its traceback, or with what is not known to have run.
    """
    try:
        papermill.execute_notebook(
            str(notebook),
            str(output).replace("{", "{{").replace("}", "}}"),  # papermill formats the path with the parameters
            parameters={
                name: _Day(value.isoformat()) if isinstance(value, date) else value for name, value in parameters.items()
            },
            cwd=str(cwd),
            kernel_name="python3",
            progress_bar=False,
            request_save_on_cell_execute=False,
            execution_timeout=CELL_TIMEOUT_SECONDS,
            # No ports: kernels that start at once cannot take one another's, and no warning about TCP is printed.
            config=Config({"KernelManager": {"transport": "ipc"}}),
        )
    except PapermillExecutionError as error:
        raise BuildError(f"{notebook.name}, cell {error.cell_index}: {error.ename}: {error.evalue}\n{_text(error)}") from None
    except Exception as error:
        raise BuildError(f"{notebook.name} could not be run to its end: {type(error).__name__}: {error}") from error
    executed = nbformat.read(output, as_version=4)
    check_completed(executed, notebook.name)
    return _without_traces(executed)


def check_completed(executed: NotebookNode, name: str) -> None:
    """Make sure that every code cell has run, once, in order, without an error.

    Papermill's own statuses are not enough: a cell that exits, a timeout and a killed kernel can each leave a notebook
    that is marked as completed.

    Raises:
        BuildError: naming the first cell that is not known to have run.
    """
    code = [(place, cell) for place, cell in enumerate(executed.cells) if cell.cell_type == "code" and cell.source.strip()]
    for expected, (place, cell) in enumerate(code, 1):
        status = cell.metadata.get("papermill", {})
        failed = status.get("exception") or any(out.output_type == "error" for out in cell.outputs)
        if failed or cell.execution_count != expected or status.get("status") != "completed":
            why = "it stopped or failed" if failed else "it is not known to have run"
            raise BuildError(f"{name}, cell {place}: {why}, so nothing is published\n{cell.source}")


def _without_traces(executed: NotebookNode) -> NotebookNode:
    """The notebook without times and durations: the same inputs give the same notebook."""
    executed.metadata.pop("papermill", None)
    for cell in executed.cells:
        for key in ("papermill", "execution"):
            cell.metadata.pop(key, None)
        cell.id = f"cell-{executed.cells.index(cell)}" if cell.metadata.get("tags") == ["injected-parameters"] else cell.id
    return executed


def _text(error: PapermillExecutionError) -> str:
    """The failed cell and its traceback, without the colours of a terminal."""
    from nbconvert.filters import strip_ansi

    return f"{error.source}\n\n{strip_ansi(chr(10).join(error.traceback))}"
