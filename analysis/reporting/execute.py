"""Executing one notebook with papermill, and knowing whether every cell of it has run."""

import json
import logging
import tempfile
from datetime import date
from pathlib import Path
from typing import Any

import nbformat
import papermill
from nbformat import NotebookNode
from papermill.engines import papermill_engines
from papermill.exceptions import PapermillExecutionError
from papermill.translators import PythonTranslator, papermill_translators
from traitlets.config import Config

from analysis.errors import BuildError
from analysis.reporting import engine, workers
from analysis.reporting.parameters import Value

CELL_TIMEOUT_SECONDS = 600

ENGINES = {engine.NAME: engine.NAME, "kernel": None}
"""The engines that can be asked for, and what papermill calls them."""

papermill_engines.register(engine.NAME, engine.WarmEngine)  # also where the package was installed before it had the engine

# Papermill logs every parameter whose annotation it cannot parse as unknown; ours are checked before (parameters.py).
logging.getLogger("papermill").setLevel(logging.ERROR)


class _Day(str):
    """A date on its way through papermill, which writes parameters as JSON too and has no dates there."""


class _PythonTranslator(PythonTranslator):
    @classmethod
    def translate(cls, val: Any) -> str:
        return f"date.fromisoformat({str(val)!r})" if isinstance(val, _Day) else super().translate(val)


papermill_translators.register("python", _PythonTranslator)


def execute(
    notebook: Path, parameters: dict[str, Value], /, *, cwd: Path, output: Path, with_engine: str = engine.NAME
) -> NotebookNode:
    """Run `notebook` with `parameters` in `cwd`, and return it with its outputs and without traces of the run.

    Args:
        notebook: the notebook; it is not changed.
        parameters: declared names and values.
        cwd: the folder in which its cells run.
        output: where papermill writes the executed notebook; it stays there when a cell fails.
        with_engine: one of ENGINES. A notebook of another kernel than python3 is given to papermill's own, and that kernel.

    Raises:
        BuildError: with the cell and its traceback, or with what is not known to have run.
    """
    kernel = _kernel(notebook)
    try:
        # Sockets in a folder of their own, not ports: kernels that start at once cannot take one another's.
        with tempfile.TemporaryDirectory(prefix="evroad-") as sockets:
            papermill.execute_notebook(
                *(str(path).replace("{", "{{").replace("}", "}}") for path in (notebook, output)),  # papermill formats both
                parameters={n: _Day(v.isoformat()) if isinstance(v, date) else v for n, v in parameters.items()},
                cwd=str(cwd),
                engine_name=ENGINES[with_engine] if kernel["name"] == engine.OWN_KERNEL else None,
                kernel_name=kernel["name"],
                language=kernel["language"],
                # Saved after each cell only where nobody hears of the cells (engine.as_far_as_it_came).
                request_save_on_cell_execute=not workers.is_worker(),
                progress_bar=False,
                execution_timeout=CELL_TIMEOUT_SECONDS,
                config=Config({"KernelManager": {"transport": "ipc", "ip": f"{sockets}/kernel"}}),
                extra_arguments=["--IPKernelApp.log_level=50"],  # a kernel that is told to end may call that an error
            )
    except PapermillExecutionError as error:
        raise BuildError(f"{notebook.name}, {_failed_cell(output)}: {error.ename}: {error.evalue}\n{_text(error)}") from None
    except Exception as error:
        raise BuildError(f"{notebook.name}, {_failed_cell(output)}: {type(error).__name__}: {error}") from error
    executed = nbformat.read(output, as_version=4)
    check_completed(executed, notebook.name)
    return _without_traces(executed)


def lost(notebook: Path, error: workers.LostError, /, *, output: Path) -> BuildError:
    """What is said of a report whose worker ended within it; what it had told of the notebook is kept as `output`."""
    came = engine.as_far_as_it_came(error.told)
    if came is None:
        return BuildError(f"{notebook.name}: {error}")
    nbformat.write(came, output)
    return BuildError(f"{notebook.name}, {_failed_cell(output)}: {error}")


def _kernel(notebook: Path) -> dict[str, str]:
    """The kernel that a notebook names; python3 where it names none, or one of Python's that is not on this machine."""
    named = json.loads(notebook.read_text("utf-8")).get("metadata", {}).get("kernelspec", {})
    own = {"name": engine.OWN_KERNEL, "language": "python"}
    if named.get("name", engine.OWN_KERNEL) == engine.OWN_KERNEL:
        return own
    from jupyter_client.kernelspec import find_kernel_specs

    is_here = named["name"] in find_kernel_specs()
    return own | named if is_here or named.get("language", "python") != "python" else own


def check_completed(executed: NotebookNode, name: str) -> None:
    """Make sure that every code cell has run, once, in order, without an error.

    Papermill's own statuses are not enough: a cell that exits, a timeout and a killed kernel can each leave a notebook
    that is marked as completed.

    Raises:
        BuildError: naming the first cell that is not known to have run.
    """
    for expected, cell in enumerate(_code_cells(executed), 1):
        status = cell.metadata.get("papermill", {})
        failed = status.get("exception") or any(out.output_type == "error" for out in cell.outputs)
        if failed or cell.execution_count != expected or status.get("status") != "completed":
            why = "it stopped or failed" if failed else "it is not known to have run"
            raise BuildError(f"{name}, cell {cell.id}: {why}, so nothing is published\n{cell.source}")


def _without_traces(executed: NotebookNode) -> NotebookNode:
    """The notebook without times and durations: the same inputs give the same notebook."""
    executed.metadata.pop("papermill", None)
    for place, cell in enumerate(executed.cells):
        for key in ("papermill", "execution"):
            cell.metadata.pop(key, None)
        if cell.metadata.get("tags") == ["injected-parameters"]:
            cell.id = f"cell-{place}"  # papermill draws one at random
    return executed


def _code_cells(notebook: NotebookNode) -> list[NotebookNode]:
    """The cells that a kernel runs; it passes over empty ones."""
    return [cell for cell in notebook.cells if cell.cell_type == "code" and cell.source.strip()]


def _failed_cell(output: Path) -> str:
    """The failed cell by its name in the notebook; its number would count the cells that papermill has put in.

    A worker tells which cell is running. Where a kernel died, papermill marks every cell as completed, and the one that
    killed it may have got its count or not: then the last one counted and the first one not counted are both named.
    """
    code = _code_cells(nbformat.read(output, as_version=4)) if output.exists() else []
    failed = [cell.id for cell in code if any(out.output_type == "error" for out in cell.outputs)]
    waiting = [cell for cell in code if cell.execution_count is None]
    failed += [cell.id for cell in waiting if cell.metadata.get("papermill", {}).get("status") == "running"]
    counted = [cell.id for cell in code if cell.execution_count is not None]
    return "cell " + " or ".join(failed[:1] or [*counted[-1:], *(cell.id for cell in waiting[:1])])


def _text(error: PapermillExecutionError) -> str:
    """The failed cell and its traceback, without the colours of a terminal."""
    from nbconvert.filters import strip_ansi

    return f"{error.source}\n\n{strip_ansi(chr(10).join(error.traceback))}"
