"""Papermill's engine `evroad`: cells run where the imports are already done. `papermill --engine evroad` has it too.

In a worker the cells run in the worker's own process (`kernel`); elsewhere a worker is started for them and kept, so that a
cell that ends its process, or hangs, ends that one. Importing this module is cheap: papermill does it each time.
"""

import atexit
import os
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from analysis.reporting import workers

if TYPE_CHECKING:
    from nbformat import NotebookNode
    from papermill.engines import NotebookExecutionManager

NAME = "evroad"
OWN_KERNEL = "python3"


def as_far_as_it_came(told: list) -> "NotebookNode | None":
    """The notebook as a worker that ended within it had told of it."""
    for place, cell in told[1:]:
        told[0].cells[place] = cell
    return told[0] if told else None


def __getattr__(name: str) -> Any:
    """`WarmEngine`, papermill's engine; made when it is asked for, as papermill asks while it is itself being imported."""
    if name != "WarmEngine":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return _engine()


@cache
def _engine() -> type:
    from papermill.engines import Engine

    class WarmEngine(Engine):
        """Papermill's engine `evroad`. Notebooks of other kernels go through papermill's own."""

        @classmethod
        def execute_managed_notebook(cls, nb_man: "NotebookExecutionManager", kernel_name: str, **options: Any) -> None:
            _execute(nb_man, kernel_name, **options)

    return WarmEngine


def _execute(
    nb_man: "NotebookExecutionManager",
    kernel_name: str,
    *,
    execution_timeout: int | None = None,
    start_timeout: int = 60,
    log_output: bool = False,
    stdout_file: Any = None,
    stderr_file: Any = None,
    input_path: str | None = None,  # noqa: ARG001 - papermill gives it to every engine
    **options: Any,
) -> None:
    """Run the cells; papermill's names for options are nbclient's `timeout` and `startup_timeout`.

    Raises:
        DeadKernelError: where the process that ran the cells ended within one, or was ended for it took too long.
    """
    from nbclient.exceptions import DeadKernelError
    from papermill.engines import NBClientEngine

    files = {"log_output": log_output, "stdout_file": stdout_file, "stderr_file": stderr_file}
    if kernel_name != OWN_KERNEL:
        more = {"execution_timeout": execution_timeout, "start_timeout": start_timeout} | files | options
        NBClientEngine.execute_managed_notebook(nb_man, kernel_name, **more)
        return
    from analysis.reporting.kernel import run_cells, run_here

    if workers.is_worker():
        run_here(nb_man, {"timeout": execution_timeout, **files, **options})
    else:
        given, done = {"timeout": execution_timeout, **options}, None
        try:
            job = _worker().submit(run_cells, nb_man.nb, str(Path.cwd()), dict(os.environ), given)
            done = workers.result(job)
        except Exception as error:
            done = as_far_as_it_came(getattr(error, "told", []))
            raise DeadKernelError(str(error)) if isinstance(error, workers.LostError) else error from None
        finally:
            nb_man.nb.update(done or {})


@cache
def _worker() -> workers.Workers:
    """The one that is kept for callers outside a worker, until the process ends."""
    kept = workers.Workers(1)
    atexit.register(kept.end)
    return kept
