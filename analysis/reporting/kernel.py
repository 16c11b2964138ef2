"""A fresh kernel for each notebook in the process that has done the imports: ipykernel's own, without sockets.

Its shell, streams and messages are ipykernel's, and nbclient turns the messages into outputs as it does those of any
kernel: all that is imitated is the wire between them. What a notebook leaves in the process is looked at by `leftovers`.
"""

import asyncio
import atexit
import gc
import os
import sys
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import copy_context
from queue import Empty
from typing import Any

import altair  # noqa: F401 - leftovers ask for its registries
import zmq
from ipykernel import ipkernel
from ipykernel.iostream import IOPubThread
from ipykernel.ipkernel import IPythonKernel
from ipykernel.kernelapp import IPKernelApp
from nbclient.exceptions import DeadKernelError
from nbformat import NotebookNode, v4
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import NotebookExecutionManager
from papermill.utils import chdir
from tornado.ioloop import IOLoop
from traitlets import Any as AnyTrait

from analysis.reporting import leftovers, workers

_NO_HISTORY = "--HistoryManager.hist_file=:memory:"  # nbclient asks kernels for the same


_AS_IT_COMES = [registry._get_state() for registry in leftovers.registries()]  # analysis.charts is imported after this

_FIRST = """
import importlib, pkgutil
import altair as alt, polars as pl
from analysis import Ledger, exhibits, metrics
from analysis.charts import lettering
[importlib.import_module(f"analysis.metrics.{module.name}") for module in pkgutil.iter_modules(metrics.__path__)]
lettering.width("A日")
from scipy.special import stdtrit
b"1".decode("utf-8-sig"), pl.Series([1]).map_elements(str, return_dtype=pl.String)
alt.Chart(pl.DataFrame({"x": [1]})).mark_point().encode(x="x:Q")
"""


class _Wire:
    """Where a kernel's messages go instead of a socket."""

    def __init__(self) -> None:
        self.context, self.sent = zmq.Context.instance(), deque()

    def send_multipart(self, parts: list, *_: Any, **__: Any) -> None:
        self.sent.append([bytes(part) for part in parts])

    def flush(self, *_: Any) -> None:
        pass

    close = flush


class _Shell:
    """ipykernel asks this for the thread in which cells run."""

    parent_thread = threading.main_thread()


class _Kernel(IPythonKernel):
    shell_stream = AnyTrait()
    shell_channel_thread = AnyTrait(_Shell())
    _supports_kernel_subshells = False

    def _abort_queues(self, subshell_id: str | None = None) -> None:
        """No requests wait: each is sent when the one before is done."""


class _App(IPKernelApp):
    """ipykernel's application with its configuration, profile and start-up files, and without what talks to the outside."""

    def _nothing(self, *_: Any, **__: Any) -> None:
        pass

    init_connection_file = write_connection_file = init_heartbeat = init_poller = init_crash_handler = _nothing
    patch_io = _nothing  # it would wrap functions of faulthandler once more for each notebook

    def log_connection_info(self) -> None:
        self._ports = {}

    def init_sockets(self) -> None:
        self.published, self.replies = _Wire(), _Wire()
        self.iopub_thread = IOPubThread(self.published, session=self.session)
        self.iopub_thread.start()
        self.iopub_socket = self.iopub_thread.background_socket

    def init_io(self) -> None:
        """As ipykernel does it; the ends of its pipes are kept, for it never closes them."""
        self.pipes, pipe = [], os.pipe
        os.pipe = lambda: self.pipes.append(pipe()) or self.pipes[-1]
        try:
            super().init_io()
        finally:
            os.pipe = pipe
        self.streams = [sys.stdout, sys.stderr]

    def init_kernel(self) -> None:
        self.kernel = _Kernel.instance(
            parent=self,
            session=self.session,
            shell_stream=self.replies,
            iopub_thread=self.iopub_thread,
            iopub_socket=self.iopub_socket,
            log=self.log,
            profile_dir=self.profile_dir,
            user_ns=self.user_ns,
        )
        self.kernel.io_loop = IOLoop.current()
        self.displayhook.get_execution_count = lambda: self.kernel.execution_count

    def wait(self) -> None:
        """Wait until all that was to be sent is sent."""
        sent = threading.Event()
        self.iopub_thread.schedule(sent.set)
        sent.wait()

    def end(self) -> None:
        """Give back what a kernel takes of its process. What has not been sent yet is lost, as it is with any kernel."""
        self.kernel.shell.atexit_operations()
        self.kernel.shell.cleanup()
        self.reset_io()
        for stream in self.streams:
            stream.close()
        self.iopub_thread.schedule(self.iopub_thread._event_pipe_gc_task.cancel)
        self.wait()
        self.iopub_thread.stop()
        self.iopub_thread.close()
        for end in (end for pipe in self.pipes for end in pipe):
            os.close(end)
        for each in (type(self.kernel.shell), _Kernel, _App):
            each.clear_instance()
        ipkernel._comm_manager = None


class _Channel:
    """The end of a wire at which nbclient takes messages; `Empty` where there is none, as its own channels have it."""

    def __init__(self, app: _App, wire: _Wire) -> None:
        self._session, self._sent = app.session, wire.sent

    async def get_msg(self, timeout: float | None = None) -> dict:  # noqa: ARG002 - nbclient's signature
        if not self._sent:
            raise Empty
        return self._session.deserialize(self._session.feed_identities(self._sent.popleft())[1])


class _Client:
    """What nbclient asks of a kernel's client: a request is done when it returns, and its messages wait in the channels."""

    def __init__(self, app: _App, loop: asyncio.AbstractEventLoop) -> None:
        self._app, self._loop = app, loop
        self.iopub_channel, self.shell_channel = _Channel(app, app.published), _Channel(app, app.replies)

    async def _request(self, kind: str, **content: Any) -> str:
        message = self._app.session.msg(kind, content)
        await self._app.kernel.dispatch_shell([zmq.Message(part) for part in self._app.session.serialize(message)])
        self._app.wait()
        return message["header"]["msg_id"]

    async def execute(self, code: str, *, store_history: bool, stop_on_error: bool) -> str:
        if self._app.kernel.shell.exit_now:  # by exit() in an earlier cell: a kernel of its own would end about now
            raise DeadKernelError("Kernel died")
        given = {"silent": False, "user_expressions": {}, "allow_stdin": False}
        return await self._request(
            "execute_request", code=code, store_history=store_history, stop_on_error=stop_on_error, **given
        )

    def kernel_info(self) -> str:
        return self._loop.run_until_complete(self._request("kernel_info_request"))

    def is_alive(self) -> bool:
        return True


class _Cells(PapermillNotebookClient):
    """papermill's client; its kernel is in this process."""

    @contextmanager
    def setup_kernel(self, **_: Any) -> Iterator[None]:
        self.loop, self.context = asyncio.new_event_loop(), copy_context()  # what a cell sets in it holds for the next
        asyncio.set_event_loop(self.loop)
        ends, register = [], atexit.register
        atexit.register = lambda call, *args, **options: ends.append(call) or register(call, *args, **options)
        app = _App.instance()
        try:
            app.initialize([_NO_HISTORY, *self.extra_arguments])
            own = len(ends)
            self.kc = _Client(app, self.loop)
            yield
            if len(ends) > own:
                workers.retire(["what is to be done when the process ends"])
        finally:
            atexit.register = register
            _close(self.loop)
            app.end()
            for end in ends[:own]:  # otherwise they would hold each notebook's names until the process ends
                atexit.unregister(end)

    def execute_cell(self, cell: NotebookNode, cell_index: int, **options: Any) -> NotebookNode:
        workers.tell((cell_index, cell), within=self.timeout)
        work = self.async_execute_cell(cell, cell_index, **options)
        done = self.loop.run_until_complete(self.loop.create_task(work, context=self.context))
        workers.tell((cell_index, done))
        return done

    def wait_for_reply(self, msg_id: str, cell: NotebookNode | None = None) -> dict | None:
        return self.loop.run_until_complete(self.async_wait_for_reply(msg_id, cell))


def _close(loop: asyncio.AbstractEventLoop) -> None:
    """End a notebook's loop with whatever it still does; as when a kernel is told to end, nobody waits for it."""
    tasks = asyncio.all_tasks(loop)
    for task in tasks:
        task.cancel()
    loop.run_until_complete(asyncio.wait(tasks, timeout=1)) if tasks else None
    asyncio.set_event_loop(None)
    loop.close()


def run_cells(notebook: NotebookNode, folder: str, environment: dict[str, str], options: dict[str, Any], /) -> NotebookNode:
    """A worker's job for an engine that is not in one: run the cells in `folder` with the caller's environment.

    A failing cell is told by its outputs and status, as papermill has it.
    """
    if environment != dict(os.environ):
        os.environ.clear()
        os.environ.update(environment)
    manager = NotebookExecutionManager(notebook, progress_bar=False)
    with chdir(folder):
        return run_here(manager, options)


def run_here(manager: NotebookExecutionManager, options: dict[str, Any]) -> NotebookNode:
    """Run the cells of the notebook that papermill manages, and leave the process as it was or have it retired."""
    workers.tell(manager.nb)
    before = leftovers.seen()
    try:
        with _as_before_our_imports(manager.nb):
            _Cells(manager, **options).execute()
    finally:
        leftovers.put_back(before)
        workers.retire(leftovers.changed(before))
    return manager.nb


@contextmanager
def _as_before_our_imports(notebook: NotebookNode) -> Iterator[None]:
    """Altair as it comes, for a notebook that does not import the package, whose import gives it our theme and renderer."""
    if any("analysis" in cell.source for cell in notebook.cells):
        yield
        return
    states = [registry._get_state() for registry in leftovers.registries()]
    for registry, state in zip(leftovers.registries(), _AS_IT_COMES, strict=True):
        registry._set_state(state)
    yield
    if [registry._get_state() for registry in leftovers.registries()] == _AS_IT_COMES:
        for registry, state in zip(leftovers.registries(), states, strict=True):
            registry._set_state(state)


def warm_up() -> None:
    """Do once what the first notebook in a process does more than the others, before anything is held against it."""
    manager = NotebookExecutionManager(v4.new_notebook(cells=[v4.new_code_cell(_FIRST)]), progress_bar=False)
    for cell in manager.nb.cells:
        cell.metadata.papermill = {"status": manager.PENDING}
    _Cells(manager).execute()
    leftovers.watch()
    gc.collect()
    gc.freeze()  # what is there now stays: it need not be looked through again and again
