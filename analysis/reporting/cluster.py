"""Reports made on other machines: an `Executor` over a dask.distributed scheduler that somebody has started.

What a job reads goes along as content: the project's data, notebooks and settings, packed, sent once to each worker and
unpacked there in a folder of its own. The job runs in a warm process beside dask's (`workers`), so that a cell that ends its
process, or hangs, fails its own report and leaves dask's worker as it is. What a job gives comes back as content.
"""

import asyncio
import hashlib
import io
import pickle
import platform
import queue
import tempfile
import threading
import zipfile
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Executor, Future, InvalidStateError, ThreadPoolExecutor, wait
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import replace
from functools import cache, partial
from importlib.metadata import distributions
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from analysis import __version__
from analysis.errors import BuildError, InputError
from analysis.reporting.making import Job
from analysis.reporting.planning import hashes
from analysis.reporting.staleness import digest
from analysis.reporting.workers import LostError, Workers

SECONDS = 20
"""The scheduler must answer within so many, and have a worker."""

_INSTALLERS = {"pip", "setuptools", "uv", "wheel"}  # they may differ: no report goes through them
_SHOWN = 5  # differences that are told one by one


def pool(executor: str, address: str | None, workers: int | None, root: Path) -> AbstractContextManager[Executor | int]:
    """Who is to make the reports of the project `root`, as the command's options say: a cluster, or so many processes here.

    Raises:
        InputError: for options that do not go together, and as `Cluster` does.
    """
    if executor == "local":
        if address:
            raise InputError("--address is the address of a cluster: give --executor dask as well")
        return nullcontext(workers or 0)
    if not address:
        raise InputError("--executor dask needs the scheduler's address: --address tls://HOST:8786")
    if workers:
        raise InputError("--workers counts processes of this machine: a cluster has as many workers as were started for it")
    return Cluster(address, root)


class Cluster(Executor):
    """The workers of the scheduler at `address`, as an executor of jobs on the project `root`.

    There is never more than one job a worker with the scheduler: when a worker ends, dask blames every job it held, also
    those that waited there, and gives a job up that it has blamed four times.
    Leaving its context by an exception drops the jobs; those that are running run to their end, and what they give is lost.

    Raises:
        InputError: where dask is not installed, the address is not allowed or nobody answers there, and where a worker has
            more than one thread or other versions than this process.
    """

    def __init__(self, address: str, root: Path) -> None:
        self._client, self._root = _connected(address), root
        try:
            _check(self._client)
            content = packed(root)
            # A task, not data that are scattered: dask makes its result again where all workers that had it are gone.
            self._snapshot = self._client.submit(bytes, content, key=f"evroad-{hashlib.sha256(content).hexdigest()}")
        except BaseException:
            self._client.close()
            raise
        self._pool = self._client.get_executor(pure=False)  # else jobs that are alike are done once
        self._waiting: queue.SimpleQueue = queue.SimpleQueue()
        self._running: set[Future] = set()
        self._lock, self._is_closed, self._is_dropped = threading.Lock(), False, False
        self._thread = threading.Thread(target=self._tend, daemon=True)
        self._thread.start()

    @property
    def count(self) -> int:
        """How many workers there are."""
        return max(1, len(self._client.nthreads()))

    def submit(self, do: Callable, /, *args: Any, **options: Any) -> Future:
        """Have a worker call `do`, a function of a module, and return what it will give; all of it must pickle.

        What is given as a `Job` reads the project's content there. `LostError` is raised where the job was not done.
        """
        has_job, future = any(isinstance(arg, Job) for arg in args), Future()
        sent = [replace(arg, notebook=arg.notebook.relative_to(self._root)) if isinstance(arg, Job) else arg for arg in args]
        task = pickle.dumps((do, sent, options))  # one object: dask takes options named `key`, `retries` ... for its own
        with self._lock:
            if self._is_closed:
                raise RuntimeError("no jobs are taken after shutdown")
            self._waiting.put((future, self._snapshot if has_job else None, task))
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Take no more jobs; `cancel_futures` drops those that are not done, and the connection is closed after the last."""
        with self._lock:
            self._is_closed, self._is_dropped = True, self._is_dropped or cancel_futures
        self._waiting.put(None)
        if cancel_futures:
            for there in list(self._running):
                there.cancel()
        if wait:
            self._thread.join()

    def __exit__(self, kind: type | None, *_: object) -> bool:
        self.shutdown(cancel_futures=kind is not None)
        return False

    def _tend(self) -> None:
        """Give the scheduler one job after another, whenever a worker is free, and close the connection after the last."""
        while (item := self._waiting.get()) is not None:
            future, snapshot, task = item
            try:
                while not self._is_dropped and len(self._running) >= self.count:
                    wait(list(self._running), timeout=1, return_when=FIRST_COMPLETED)  # and look whether workers have come
                with self._lock:
                    if self._is_dropped:
                        future.cancel()
                    if not future.set_running_or_notify_cancel():
                        continue
                    there = self._pool.submit(do, installed(), snapshot, task)
                    self._running.add(there)
            except Exception as error:
                with suppress(InvalidStateError):  # it was cancelled
                    future.set_exception(_lost(error))
                continue
            there.add_done_callback(partial(self._done, future))
        wait(list(self._running))
        self._client.close()

    def _done(self, future: Future, there: Future) -> None:
        self._running.discard(there)  # as long as it is held, dask does it again when the worker that did it ends
        if there.cancelled():
            future.set_exception(LostError("the connection to the scheduler was lost, or the job dropped", []))
        elif error := there.exception():
            future.set_exception(_lost(error))
        else:
            is_done, value, told = there.result()
            future.set_result(value) if is_done else future.set_exception(LostError(value, told))


def packed(root: Path, /) -> bytes:
    """What a run can read of the project: data, notebooks and what lies with them, settings. The same files, the same bytes."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for path in [*sorted((root / "data").rglob("*")), *sorted((root / "notebooks").rglob("*")), root / "pyproject.toml"]:
            name = path.relative_to(root)
            if path.is_file() and not any(part[0] == "." or part == "__pycache__" for part in name.parts):
                archive.writestr(zipfile.ZipInfo(name.as_posix()), path.read_bytes(), zipfile.ZIP_DEFLATED)
    return content.getvalue()


@cache
def installed() -> dict[str, str]:
    """What this process makes reports with, by name: our version and code, Python's, and each library's.

    Looked at once: code that is replaced later on is not the code that runs here.
    """
    files = {name: digest for name, digest in hashes(Path(__file__).parent, []).items() if name.startswith("analysis/")}
    code = digest(files)[:12]
    ours = {"evroad": __version__, "evroad's code": code, "Python": platform.python_version()}
    return {one.name.lower(): one.version for one in distributions()} | ours


def unlike(there: dict[str, str], here: dict[str, str], /) -> str:
    """In which versions a worker differs from us, in a line; empty where it makes the same. It need not have all we have."""
    ours = ("evroad", "evroad's code", "Python")
    names = [*ours, *sorted(there.keys() & here.keys() - _INSTALLERS - {*ours})]
    told = [f"{name} is {there[name]} there, {here[name]} here" for name in names if there[name] != here[name]]
    more = f"; and {len(told) - _SHOWN} more" if len(told) > _SHOWN else ""
    return f"{'; '.join(told[:_SHOWN])}{more}: install the same there, and start it again" if told else ""


def do(expected: dict[str, str], snapshot: bytes | None, task: bytes, /) -> tuple[bool, Any, list]:
    """On a worker: have a task done by the warm process.

    Returns:
        Whether it was done; what it gave, or how its process ended; and what that process had told of it.
    """
    try:
        return True, _warm().submit(_do, expected, _unpacked(snapshot) if snapshot else None, task).result(), []
    except LostError as lost:  # it does not pickle
        return False, str(lost), lost.told


def _do(expected: dict[str, str], root: Path | None, task: bytes) -> Any:
    """In the warm process: do the task, if nothing here is of another version; it may have been started later than dask's."""
    if differing := unlike(installed(), expected):
        raise BuildError(differing)
    do, args, options = pickle.loads(task)  # noqa: S301 - who can reach the scheduler can run anything as it is
    return do(*(replace(arg, notebook=root / arg.notebook) if isinstance(arg, Job) else arg for arg in args), **options)


@cache
def _warm() -> Workers:
    """The one warm process of this worker; it ends with the worker."""
    return Workers(1)


def _unpacked(snapshot: bytes) -> Path:
    """The folder with that content among the worker's own, which dask removes at its end, or after it was killed."""
    from distributed import get_worker

    own = Path(get_worker().local_directory)
    folder = own / f"evroad-{hashlib.sha256(snapshot).hexdigest()}"
    if not folder.exists():
        new = Path(tempfile.mkdtemp(dir=own))
        zipfile.ZipFile(io.BytesIO(snapshot)).extractall(new)
        new.rename(folder)
    return folder


def _connected(address: str) -> Any:
    """A client of the scheduler at `address`, which has a worker."""
    try:
        from distributed import Client
        from distributed.comm import connect
        from distributed.security import Security
    except ImportError:
        raise InputError("--executor dask needs dask.distributed: install evroad[dask]") from None
    if not (address.startswith("tls://") or _is_here(address)):
        what = f"{address}: whoever reaches a scheduler can run programs as it does, so only tls://HOST:PORT is used"
        raise InputError(f"{what}, or tcp:// on this machine, where a tunnel may begin (ssh -L 8786:127.0.0.1:8786 HOST)")

    async def answer() -> None:
        there = await connect(address, timeout=SECONDS, **given)
        await there.close()

    try:
        given = Security().get_connection_args("client")
        if address.startswith("tls://") and given["ssl_context"] is None:
            names = ", ".join(f"DASK_DISTRIBUTED__COMM__TLS__{name}" for name in ("CA_FILE", "CLIENT__CERT", "CLIENT__KEY"))
            raise InputError(f"{address} needs certificates: name their files in {names}, or in dask's configuration")
        # A client that finds nobody complains once more when it is collected. In a thread, for a loop may be running here.
        with ThreadPoolExecutor(1) as thread:
            thread.submit(lambda: asyncio.run(answer())).result()
        client = Client(address, timeout=SECONDS, set_as_default=False)
    except (OSError, ValueError) as error:
        what = f"{address}: no scheduler answers there ({error})"
        raise InputError(f"{what}. Start one: dask scheduler; for tls:// with the same certificates") from None
    try:
        client.wait_for_workers(1, timeout=SECONDS)
    except (OSError, TimeoutError):
        client.close()
        raise InputError(f"{address} has no worker: start one: dask worker {address} --nthreads 1") from None
    return client


def _is_here(address: str) -> bool:
    with suppress(ValueError):
        where = urlsplit(address)
        return where.scheme == "tcp" and (where.hostname == "localhost" or ip_address(where.hostname or "").is_loopback)
    return False


def _check(client: Any) -> None:
    threads = client.nthreads()
    many = [f"{worker} has {count}" for worker, count in threads.items() if count > 1]
    if many:  # a worker has one warm process, so that the folder a notebook runs in is its own
        raise InputError(f"a worker needs one thread, not more: {', '.join(many)}: start it with --nthreads 1")
    told = client.run(installed, on_error="return")
    try:  # it reads the jobs too
        told["the scheduler"] = client.run_on_scheduler(installed)
    except Exception as error:
        told["the scheduler"] = error
    for who, there in told.items():
        if not isinstance(there, dict):
            raise InputError(f"{who} has no evroad that makes reports for others: install {__version__} there ({there})")
        if differing := unlike(there, installed()):
            raise InputError(f"{who} would make other reports: {differing}")


def _lost(error: BaseException) -> LostError:
    from distributed import KilledWorker

    if not isinstance(error, KilledWorker):
        return LostError(f"{type(error).__name__}: {error}", [])
    times = error.allowed_failures + 1
    return LostError(f"{times} workers ended while they ran it, the last of them {error.last_worker.address}", [])
