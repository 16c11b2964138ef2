"""Processes that do jobs one after another with the imports already done: an `Executor` whose workers may die or hang.

A worker is a new interpreter, never a fork: Polars has threads that a fork would lose. It is in a session of its own, so that
Ctrl-C reaches only this process, and it ends when this process does. One that dies, or is not heard of in time, fails its own
job with `LostError`, and another takes its place.
"""

import ctypes
import importlib
import os
import queue
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import Executor, Future, wait
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from analysis.errors import BuildError

JOBS = 200
"""So many jobs, and a worker is retired."""

MEGABYTES = 450
"""A worker that has come to hold more than this after a job is retired; one that makes our reports levels off at 375."""

SECONDS = 3600
"""A job may take so long."""

_WARM = ("analysis.reporting.kernel", "analysis.reporting.execute", "analysis.reporting.making", "analysis.reporting.html")
"""What is imported before the first job; the kernel comes first, for it looks at Altair before our charts change it."""

_LAUNCH = """
import sys
sys.path[0] = {root!r}
from analysis.reporting.workers import serve
del sys.path[0]
serve({end}, is_warm={is_warm})
"""


class LostError(BuildError):
    """A worker ended within a job, or was ended; `told` is what it had told of the job."""

    def __init__(self, text: str, told: list) -> None:
        super().__init__(text)
        self.told = told


class Workers(Executor):
    """A bounded pool of workers, each started when there is a job for it, and warm: with what reports need imported.

    Leaving its context by an exception ends the workers at once.
    """

    def __init__(
        self, count: int, *, jobs: int = JOBS, megabytes: float = MEGABYTES, seconds: float = SECONDS, is_warm: bool = True
    ) -> None:
        self._is_warm, self.count, self._jobs, self._megabytes, self._seconds = is_warm, count, jobs, megabytes, seconds
        self._waiting: queue.SimpleQueue = queue.SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._there: set[_Worker] = set()
        self._lock, self._is_closed, self._is_ended = threading.Lock(), False, False

    def submit(self, do: Callable, /, *args: Any, **options: Any) -> Future:
        """Have a worker call `do`, a function of a module, and return what it will give; all of it must pickle.

        What it raises has as `told` what the worker told of the job before.
        """
        with self._lock:
            if self._is_closed:
                raise RuntimeError("no jobs are taken after shutdown")
            future: Future = Future()
            self._waiting.put((future, (do, args, options)))
            if len(self._threads) < self.count:
                self._threads.append(threading.Thread(target=self._tend, daemon=True))
                self._threads[-1].start()
            return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Take no more jobs and let the workers end when theirs are done; `cancel_futures` drops those that wait."""
        with self._lock:
            self._is_closed = True
        if cancel_futures:
            with suppress(queue.Empty):
                while True:
                    item = self._waiting.get_nowait()
                    item[0].cancel() if item else None
        for _ in self._threads:
            self._waiting.put(None)
        if wait:
            for thread in self._threads:
                thread.join()

    def end(self) -> None:
        """End the workers now, whatever they do."""
        with self._lock:
            self._is_closed = self._is_ended = True
            for worker in self._there:
                worker.kill()
        self.shutdown(cancel_futures=True)

    def __exit__(self, kind: type | None, *_: object) -> bool:
        self.end() if kind else self.shutdown()
        return False

    def _tend(self) -> None:
        """Give one worker after another the jobs that wait."""
        worker = None
        while (item := self._waiting.get()) is not None:
            future, job = item
            if not future.set_running_or_notify_cancel():
                continue
            try:
                worker = worker or self._started()
                done, value, megabytes, reasons = worker.do(job, self._seconds)
            except LostError as lost:
                self._gone(worker)
                worker = None
                future.set_exception(lost)
                continue
            except Exception as error:  # it does not pickle, or no process could be started
                future.set_exception(error)
                continue
            future.set_result(value) if done else future.set_exception(value)
            if reasons or worker.jobs >= self._jobs or megabytes > self._megabytes:
                self._gone(worker)
                worker = None
        self._gone(worker)

    def _started(self) -> "_Worker":
        with self._lock:
            if self._is_ended:
                raise LostError("the workers were ended", [])
            worker = _Worker(is_warm=self._is_warm)
            self._there.add(worker)
            return worker

    def _gone(self, worker: "_Worker | None") -> None:
        if worker is not None:
            with self._lock:
                self._there.discard(worker)
            worker.end()


def result(future: Future, /) -> Any:
    """What a job gave, or raised; waited for in steps, for with Polars there Ctrl-C does not end a wait, only what follows."""
    while not future.done():
        wait([future], timeout=0.1)
    return future.result()


class _Worker:
    """This side of one worker."""

    def __init__(self, *, is_warm: bool) -> None:
        near, far = socket.socketpair()
        launch = _LAUNCH.format(root=str(Path(__file__).resolve().parents[2]), end=far.fileno(), is_warm=is_warm)
        self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and our own text
            [sys.executable, "-c", launch], pass_fds=[far.fileno()], stdin=subprocess.DEVNULL, start_new_session=True
        )
        far.close()
        self._line, self.jobs = Connection(near.detach()), 0

    def do(self, job: tuple, seconds: float) -> tuple[bool, Any, float, list[str]]:
        """Have a job done: whether it was, what it gave or raised, megabytes held, and why the worker must be retired, if so.

        Raises:
            LostError: where the worker ends first, or nothing is heard of it for longer than it said, or `seconds` are over.
        """
        self.jobs, told = self.jobs + 1, []
        last = within = time.monotonic() + seconds
        try:
            self._line.send(job)
            while self._line.poll(max(0, min(last, within) - time.monotonic())):
                kind, *words = self._line.recv()
                if kind == "done":
                    if not words[0]:
                        words[1].told = told
                    return tuple(words)
                told.append(words[0])
                within = last if words[1] is None else time.monotonic() + words[1]
        except (EOFError, OSError):
            raise LostError(f"the process that ran it ended ({self.kill()})", told) from None
        self.kill()
        raise LostError("it took longer than it may, and was ended", told)

    def kill(self, within: float = 0.2) -> str:
        """End it, and all that it has started, unless it ends by itself; returns how it ended."""
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(within)
        with suppress(OSError):
            os.killpg(self._process.pid, signal.SIGKILL)
        code = self._process.wait()
        return f"exit code {code}" if code >= 0 else signal.Signals(-code).name

    def end(self) -> None:
        """Let it end, and take what it has started with it."""
        with suppress(OSError):
            self._line.send(None)
        self.kill(within=5)
        self._line.close()


_line: Connection | None = None
_reasons: list[str] = []


def is_worker() -> bool:
    """Whether this process is a worker."""
    return _line is not None


def tell(word: Any, *, within: float | None = None) -> None:
    """In a worker: tell something of the job, and that more is heard `within` so many seconds; elsewhere nothing."""
    if _line is not None:
        _line.send(("told", word, within))


def retire(reasons: list[str]) -> None:
    """In a worker: do no other job after this one, if there are reasons."""
    _reasons.extend(reasons)


def serve(end: int, *, is_warm: bool) -> None:
    """A worker's whole life: do what is sent through `end` until it closes."""
    global _line
    threading.Thread(target=_end_with, args=(end,), daemon=True, name="Parent").start()
    if is_warm:
        for name in _WARM:
            importlib.import_module(name)
        sys.modules["analysis.reporting.kernel"].warm_up()
    _line = Connection(end)
    while (job := _asked()) is not None:
        do, args, options = job
        try:
            answer = (True, do(*args, **options))
        except BaseException as error:
            answer = (False, error)
        _give_back()
        _answer(*answer)
    if not _reasons:
        os._exit(0)  # nothing is left that would have to be written or closed


def _asked() -> tuple | None:
    """The next job; none where no more will come, also as who asked has ended."""
    try:
        return _line.recv()
    except (EOFError, OSError):
        return None


def _answer(is_done: bool, value: Any) -> None:
    try:
        _line.send(("done", is_done, value, _megabytes(), list(_reasons)))
    except Exception as error:  # what does not pickle
        text = f"{type(error).__name__}: {error}: {type(value).__name__}: {value}"
        _line.send(("done", False, BuildError(text), _megabytes(), list(_reasons)))


def _give_back() -> None:
    """Let the system have what is free: glibc keeps it, in an arena for each thread, and the next job's come on top."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)


def _megabytes() -> float:
    """The memory that this process holds; where Linux does not tell, the most it has held."""
    told = Path("/proc/self/statm")
    if told.exists():
        return int(told.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)


def _end_with(end: int) -> None:
    """End this process, and what it has started, when the other side of `end` is closed, though a job is running."""
    watched = select.poll()
    watched.register(end, 0)
    watched.poll()
    os.killpg(0, signal.SIGKILL)
