"""Workers: what dies or hangs fails its own job, what is worn out is replaced, and nothing outlives the one who asked."""

import ctypes
import os
import subprocess
import sys
import time

import pytest
from conftest import gone, is_there

from analysis.errors import BuildError
from analysis.reporting.workers import LostError, Workers, _megabytes

SPREAD = """
import sys
from analysis.reporting.workers import _megabytes
pieces = [bytes(4000) for _ in range(40_000)]
sys.kept, full = pieces[::100], _megabytes()
del pieces
raise Exception(full)
"""


def test_a_worker_that_dies_fails_its_own_job_and_the_others_are_done():
    with Workers(1, is_warm=False) as workers:
        before, dead, killed, after = (
            workers.submit(os.getpid),
            workers.submit(os._exit, 0),
            workers.submit(os.abort),
            workers.submit(os.getpid),
        )
        with pytest.raises(LostError, match=r"the process that ran it ended \(exit code 0\)"):
            dead.result()
        with pytest.raises(LostError, match=r"ended \(SIGABRT\)"):
            killed.result()
        assert before.result() != after.result()
    assert gone(before.result())
    assert gone(after.result())


def test_jobs_that_run_beside_one_that_kills_its_worker_are_done_once_and_only_that_one_is_blamed(tmp_path):
    def job(name: str, then: str) -> str:
        path = str(tmp_path / name)
        return f"import os, time\nwith open({path!r}, 'a') as told: told.write('x')\n{then}"

    with Workers(2, is_warm=False) as workers:
        beside = [workers.submit(exec, job(name, "time.sleep(1)")) for name in ("a", "b")]
        culprit = workers.submit(exec, job("c", "os.abort()"))
        beside += [workers.submit(exec, job(name, "time.sleep(0.5)")) for name in ("d", "e")]
        with pytest.raises(LostError, match="SIGABRT"):
            culprit.result()
        assert [future.result() for future in beside] == [None] * 4
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == dict.fromkeys("abcde", "x")


def test_a_job_that_takes_longer_than_it_may_is_ended():
    with Workers(1, seconds=2, is_warm=False) as workers:
        process = workers.submit(os.getpid).result()
        late, next_one = workers.submit(time.sleep, 600), workers.submit(os.getpid)
        with pytest.raises(LostError, match="took longer than it may"):
            late.result()
        assert gone(process)
        assert next_one.result() != process


def test_what_a_job_raises_is_raised_and_what_does_not_pickle_is_told():
    with Workers(1, is_warm=False) as workers:
        bad, odd, good = workers.submit(int, "x"), workers.submit(open, os.devnull), workers.submit(int, "7")
        with pytest.raises(ValueError, match="invalid literal"):
            bad.result()
        with pytest.raises(BuildError, match="cannot pickle"):
            odd.result()
        assert good.result() == 7


@pytest.mark.parametrize("limit", [{"jobs": 2}, {"megabytes": 1}])
def test_a_worker_is_replaced_after_so_many_jobs_or_so_much_memory(limit):
    with Workers(1, is_warm=False, **limit) as workers:
        processes = [future.result() for future in [workers.submit(os.getpid) for _ in range(3)]]
    assert len(set(processes)) == (2 if "jobs" in limit else 3)


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "malloc_trim"), reason="a C library that cannot be asked to")
def test_what_a_job_has_freed_is_given_back_before_the_next():
    """160 MB are freed between pieces that stay; by itself the C library keeps them for this process."""
    with Workers(1, is_warm=False) as workers:
        full = workers.submit(exec, SPREAD, {}).exception().args[0]
        assert workers.submit(_megabytes).result() < full - 100


def test_leaving_by_an_exception_ends_the_workers_at_once():
    def interrupted(pool):
        with pool as workers:
            process.append(workers.submit(os.getpid).result())
            running.extend(workers.submit(time.sleep, 600) for _ in range(4))
            raise KeyboardInterrupt

    process, running = [], []
    with pytest.raises(KeyboardInterrupt):
        interrupted(Workers(2, is_warm=False))
    assert gone(process[0])
    assert all(future.done() for future in running)


def test_workers_end_when_the_process_that_asked_is_killed():
    code = "import os, time\nfrom analysis.reporting.workers import Workers\nworkers = Workers(1, is_warm=False)\n"
    code += "process = workers.submit(os.getpid).result()\njob = workers.submit(time.sleep, 600)\n"
    code += "time.sleep(0.5)  # the job is running by then\nprint(process, flush=True)\njob.result()"
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as asking:
        process = int(asking.stdout.readline())
        assert is_there(process)
        asking.kill()
    assert gone(process)


def test_jobs_that_wait_can_be_dropped_and_none_are_taken_after_the_end():
    workers = Workers(1, is_warm=False)
    first, dropped = workers.submit(os.getpid), [workers.submit(time.sleep, 600) for _ in range(3)]
    first.result()
    workers.end()
    assert all(future.done() for future in dropped)
    with pytest.raises(RuntimeError, match="no jobs are taken"):
        workers.submit(os.getpid)
