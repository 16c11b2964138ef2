"""A cluster: reports come out as they do here, what dies is told by name, and nobody else is let in or believed."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import uuid
from concurrent.futures import wait
from contextlib import suppress
from pathlib import Path

import nbformat
import pytest
from conftest import REPORTS, ROOT, TODAY
from distributed import Client, LocalCluster

from analysis.errors import BuildError, InputError
from analysis.reporting import cluster
from analysis.reporting.cluster import Cluster
from analysis.reporting.edition import build
from analysis.reporting.making import Job, run
from analysis.reporting.planning import plan
from analysis.reporting.workers import LostError

OPENSSL = shutil.which("openssl")


@pytest.fixture(scope="module")
def one(tmp_path_factory):
    """A scheduler with one worker: its address, and the worker's own folder, where nothing of ours is left in the end."""
    own, host = tmp_path_factory.mktemp("worker"), {"host": "127.0.0.1", "dashboard_address": "127.0.0.1:0"}
    with LocalCluster(n_workers=1, threads_per_worker=1, processes=True, local_directory=str(own), **host) as here:
        yield here.scheduler_address, own
    assert not list(own.glob("**/evroad-*"))


class ByHand:
    """A scheduler and workers started as the README says, in a folder; each is ended at the end, with what it has started."""

    def __init__(self, folder: Path, *tls: str, **environment: str) -> None:
        folder.mkdir()
        self._folder, self._tls, self._started = folder, tls, []
        self._environment = os.environ | {"PYTHONPATH": str(ROOT)} | environment
        told = folder / "scheduler.json"
        self._start("scheduler", "--host", f"{'tls' if tls else 'tcp'}://127.0.0.1", "--port", "0", more={})
        while not (told.exists() and told.read_text().endswith("}")):
            assert self._started[0].poll() is None
            time.sleep(0.05)
        self.address = json.loads(told.read_text())["address"]

    def worker(self, *, threads: int = 1, **more: str) -> "ByHand":
        here = ["--host", "127.0.0.1", "--local-directory", str(self._folder)]
        self._start("worker", *here, "--nthreads", str(threads), more=more)
        return self

    def end(self, place: int) -> None:
        """End the scheduler (0) or a worker at once, with what it has started; one that is told to end waits for its job."""
        with suppress(ProcessLookupError):
            os.killpg(self._started[place].pid, signal.SIGKILL)
        self._started[place].wait()

    def _start(self, what: str, *options: str, more: dict) -> None:
        common = ["--dashboard-address", "127.0.0.1:0", "--scheduler-file", "scheduler.json"]
        command = [sys.executable, "-m", "dask", what, *common, *self._tls, *options]
        streams = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        given = self._environment | more
        self._started.append(subprocess.Popen(command, cwd=self._folder, env=given, start_new_session=True, **streams))

    def __enter__(self) -> "ByHand":
        return self

    def __exit__(self, *_: object) -> None:
        for place in reversed(range(len(self._started))):
            self.end(place)


def report(root: Path, name: str, *sources: str) -> None:
    cells = [nbformat.v4.new_markdown_cell(f"# {name}", id="title")]
    cells += [nbformat.v4.new_code_cell("p: int = 1  # a number", id="first", metadata={"tags": ["parameters"]})]
    cells += [nbformat.v4.new_code_cell(source, id=f"c{n}") for n, source in enumerate(sources)]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), root / "notebooks" / f"{name}.ipynb")


@pytest.fixture
def root(tmp_path):
    shutil.copytree(ROOT / "data", tmp_path / "a project" / "data")
    (tmp_path / "a project" / "notebooks").mkdir()
    return tmp_path / "a project"


def test_a_cluster_makes_the_same_edition_byte_for_byte_though_it_has_the_project_by_content_alone(one, tmp_path):
    def made(name: str, workers) -> dict[str, bytes]:
        root = tmp_path / name
        for folder in ("data", "notebooks"):
            shutil.copytree(ROOT / folder, root / folder)
        with workers(root) as pool:
            folder = build(plan(root, ["partnerships"], {}, date=TODAY, as_of=None), lambda *_: None, workers=pool).folder
        return {path.name: path.read_bytes() for path in folder.iterdir()}

    here = made("here", lambda root: cluster.pool("local", None, 1, root))
    there = made("there", lambda root: cluster.pool("dask", one[0], None, root))
    assert {"partnerships.ipynb", "partnerships.html", "partnerships.pdf", "figures.csv"} < here.keys()
    manifests = [json.loads(files.pop("manifest.json")) for files in (here, there)]
    assert all(told.pop("seconds")["partnerships"].keys() == {"executed", "page", "PDF"} for told in manifests)
    assert here == there
    assert manifests[0] == manifests[1]


def test_every_job_is_done_whatever_its_options_are_called(one, root):
    with Cluster(one[0], root) as there:
        options = {"key": "K", "retries": 5, "priority": 1, "workers": "w", "pure": True}
        given, alike = there.submit(dict, **options), [there.submit(uuid.uuid4) for _ in range(3)]
        assert given.result(60) == options
        assert len({future.result(60) for future in alike}) == 3


def test_a_notebook_reads_what_lies_beside_it_in_a_folder_of_the_worker(one, root):
    (root / "notebooks" / "words.py").write_text("SAID = 'from beside'")
    where = "import pathlib; print(pathlib.Path.cwd().parent / 'data' / 'claims.csv')"
    report(root, "reads", "from words import SAID; print(SAID)", where)
    with Cluster(one[0], root) as there:
        done = there.submit(run, Job(root / "notebooks" / "reads.ipynb", {"p": 2}, "evroad")).result(60)
    said, path = (cell.outputs[0].text for cell in nbformat.reads(done.notebook, as_version=4).cells if cell.get("outputs"))
    assert said == "from beside\n"
    assert Path(path.strip()).read_bytes() == (root / "data" / "claims.csv").read_bytes()
    assert Path(path.strip()).is_relative_to(one[1])


def test_jobs_can_be_dropped_and_none_are_taken_after_the_end(one, root):
    there = Cluster(one[0], root)
    futures = [there.submit(time.sleep, 3) for _ in range(4)]
    while not any(future.running() for future in futures):
        time.sleep(0.05)
    there.shutdown(cancel_futures=True)
    assert all(future.done() for future in futures)
    assert sum(future.cancelled() for future in futures) == 3, "one ran; none of those that waited was begun"
    with pytest.raises(RuntimeError, match="no jobs are taken"):
        there.submit(os.getpid)


def test_a_worker_that_ends_has_its_report_made_by_another_and_who_ends_workers_fails_alone_by_name(tmp_path, root):
    """The parent of the process that runs a notebook is dask's worker."""
    end = "import os, signal, time; os.kill(os.getppid(), signal.SIGKILL); time.sleep(60)"
    report(root, "dies", "print('so far')", "import os; os._exit(0)")
    report(root, "ends", end)
    report(root, "fine", "_ = 1")
    report(
        root,
        "once",
        f"import pathlib\nonce = pathlib.Path({str(tmp_path / 'once')!r})",
        f"if once.exists():\n    print('again')\nelse:\n    once.touch()\n    {end}",
    )
    told, once_more = [], {"DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "1"}
    with ByHand(tmp_path / "cluster", **once_more).worker().worker() as hand, Cluster(hand.address, root) as there:
        # One after the other: a report that waits for a worker which another one ends is blamed for that by dask as well.
        for names in (["dies", "fine", "once"], ["ends"]):
            planned = plan(root, names, {}, date=TODAY, as_of=None)
            with pytest.raises(BuildError) as failed:
                build(planned, lambda *step: told.append(step), workers=there)
            if "dies" in names:
                assert "dies.ipynb, cell c1: the process that ran it ended (exit code 0)" in str(failed.value)
    made = [(name, step) for name in ("fine", "once") for step in ("PDF", "executed", "page")]
    assert sorted(told) == [("dies", "failed"), ("ends", "failed"), *made]
    assert "ends.ipynb: 2 workers ended while they ran it, the last of them tcp://127.0.0.1:" in str(failed.value)


def test_a_worker_that_comes_later_is_given_jobs_and_the_content_though_the_first_one_is_busy(tmp_path, root):
    report(root, "reads", "import pathlib; len(pathlib.Path('../data/claims.csv').read_bytes())")
    job = Job(root / "notebooks" / "reads.ipynb", {"p": 2}, "evroad")
    with ByHand(tmp_path / "cluster").worker() as hand, Cluster(hand.address, root) as there:
        assert not there.submit(run, job).result(60).failed
        busy, later = there.submit(time.sleep, 600), there.submit(run, job)
        assert not wait([later], timeout=1).done
        hand.worker()
        assert not later.result(60).failed
        assert busy.running()
        there.shutdown(cancel_futures=True)
        assert busy.done()


def test_a_scheduler_that_ends_fails_what_runs_and_what_waits_and_hangs_nobody(tmp_path, root, monkeypatch):
    with ByHand(tmp_path / "cluster").worker() as hand:
        with Client(hand.address, set_as_default=False) as client:
            client.wait_for_workers(1, timeout=60)
        monkeypatch.setattr(cluster, "SECONDS", 3)
        with Cluster(hand.address, root) as there:
            runs, waits = there.submit(time.sleep, 600), there.submit(time.sleep, 600)
            while not runs.running():
                time.sleep(0.05)
            hand.end(0)
            for future in (runs, waits):
                with pytest.raises(LostError):
                    future.result(60)


def test_workers_that_would_make_other_reports_or_none_are_refused_by_name(tmp_path, root):
    """No evroad, or another version: both are named. Each worker is looked at by itself."""
    other, lacking = tmp_path / "other", tmp_path / "lacking"
    shutil.copytree(ROOT / "analysis", other / "analysis", ignore=shutil.ignore_patterns("__pycache__"))
    text = (other / "analysis" / "__init__.py").read_text()
    (other / "analysis" / "__init__.py").write_text(text.replace(f'"{cluster.__version__}"', '"0.0.1"'))
    (lacking / "analysis").mkdir(parents=True)
    (lacking / "analysis" / "__init__.py").touch()
    here = cluster.__version__.replace(".", r"\.")
    with ByHand(tmp_path / "cluster").worker(PYTHONPATH=str(other)) as hand:
        expected = (
            rf"tcp://.* would make other reports: evroad is 0\.0\.1 there, {here} here; evroad's code is \w+ there, \w+ here"
        )
        with pytest.raises(InputError, match=expected):
            Cluster(hand.address, root)
        hand.end(1)
        hand.worker(PYTHONPATH=str(lacking))
        with pytest.raises(InputError, match=rf"tcp://.* has no evroad that makes reports for others: install {here} there"):
            Cluster(hand.address, root)


def test_a_cluster_without_workers_or_with_threads_is_refused_with_the_remedy(tmp_path, root, monkeypatch):
    with ByHand(tmp_path / "cluster") as hand:
        monkeypatch.setattr(cluster, "SECONDS", 1)
        with pytest.raises(InputError, match="has no worker: start one: dask worker tcp"):
            Cluster(hand.address, root)
        monkeypatch.setattr(cluster, "SECONDS", 60)
        hand.worker(threads=2)
        with pytest.raises(InputError, match=r"one thread, not more: tcp://127\.0\.0\.1:\d+ has 2: start it with --nthreads 1"):
            Cluster(hand.address, root)


def test_a_worker_of_another_version_that_comes_later_runs_nothing():
    expected = cluster.installed() | {"evroad's code": "another"}
    with pytest.raises(BuildError, match=r"evroad's code is [0-9a-f]{12} there, another here"):
        cluster._do(expected, None, b"this is no pickle")


def test_versions_differ_where_both_have_a_library_and_not_where_an_installer_does():
    here = {"evroad": "1", "evroad's code": "a", "Python": "3.11.7", "polars": "2.1.0", "pip": "25", "duckdb": "1"}
    assert cluster.unlike(here | {"pip": "24"}, here) == ""
    there = {name: version for name, version in here.items() if name != "duckdb"} | {"ruff": "1"}
    assert cluster.unlike(there, here) == ""
    assert cluster.unlike(there | {"polars": "2.0.9"}, here).startswith("polars is 2.0.9 there, 2.1.0 here: install the same")
    assert "Python is 3.12.1 there, 3.11.7 here" in cluster.unlike(here | {"Python": "3.12.1"}, here)


@pytest.mark.parametrize(
    "address", ["tcp://192.0.2.1:8786", "tcp://example.org:8786", "ws://127.0.0.1:8786", "127.0.0.1:1", "tcp://["]
)
def test_only_this_machine_is_spoken_to_without_tls(root, address):
    with pytest.raises(InputError, match="so only tls://HOST:PORT is used"):
        Cluster(address, root)


def test_an_address_where_nobody_answers_is_told_with_the_remedy(root, monkeypatch):
    monkeypatch.setattr(cluster, "SECONDS", 1)
    with pytest.raises(InputError, match=r"tcp://127\.0\.0\.1:1: no scheduler answers there .* Start one: dask scheduler"):
        Cluster("tcp://127.0.0.1:1", root)
    with pytest.raises(InputError, match="needs certificates: name their files in DASK_DISTRIBUTED__COMM__TLS__CA_FILE"):
        Cluster("tls://127.0.0.1:1", root)


def test_options_that_do_not_go_together_are_refused_and_the_extra_is_named(root, monkeypatch):
    for given, expected in [
        (("local", "tcp://127.0.0.1:1", None), "give --executor dask as well"),
        (("dask", None, None), "needs the scheduler's address"),
        (("dask", "tcp://127.0.0.1:1", 2), "--workers counts processes of this machine"),
    ]:
        with pytest.raises(InputError, match=expected):
            cluster.pool(*given, root)
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(InputError, match=r"install evroad\[dask\]"):
        cluster.pool("dask", "tcp://127.0.0.1:1", None, root)


def test_content_is_the_same_bytes_wherever_and_whenever_it_lies_and_has_nothing_hidden(tmp_path):
    def copied(name: str) -> Path:
        for folder in ("data", "notebooks"):
            shutil.copytree(ROOT / folder, tmp_path / name / folder, copy_function=shutil.copyfile)
        return tmp_path / name

    first, second = copied("first"), copied("second")
    os.utime(second / "data" / "claims.csv", (0, 0))
    for hidden in (".ipynb_checkpoints/road.ipynb", "__pycache__/words.pyc"):
        (second / "notebooks" / hidden).parent.mkdir(exist_ok=True)
        (second / "notebooks" / hidden).touch()
    assert cluster.packed(first) == cluster.packed(second)
    (second / "notebooks" / "words.py").touch()
    assert cluster.packed(first) != cluster.packed(second)
    assert all(f"notebooks/{name}.ipynb".encode() in cluster.packed(first) for name in REPORTS)


def certificates(folder: Path) -> list[str]:
    """A certificate that signs itself, and the options that name it for scheduler and workers."""
    folder.mkdir()
    ask = ["-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=evroad", "-keyout", "key.pem", "-out", "cert.pem"]
    subprocess.run([OPENSSL, "req", "-x509", *ask], cwd=folder, check=True, capture_output=True)
    return ["--tls-ca-file", f"{folder}/cert.pem", "--tls-cert", f"{folder}/cert.pem", "--tls-key", f"{folder}/key.pem"]


@pytest.mark.skipif(OPENSSL is None, reason="openssl makes the certificates")
def test_a_cluster_with_tls_works_for_who_has_its_certificate_and_for_nobody_else(tmp_path, root, monkeypatch):
    import dask

    def known_by(folder: Path):
        files = {"ca-file": "cert.pem", "client.cert": "cert.pem", "client.key": "key.pem"}
        return dask.config.set({f"distributed.comm.tls.{name}": str(folder / file) for name, file in files.items()})

    options, _ = certificates(tmp_path / "ours"), certificates(tmp_path / "theirs")
    with ByHand(tmp_path / "cluster", *options).worker() as hand:
        address = hand.address
        assert address.startswith("tls://")
        with known_by(tmp_path / "ours"), Cluster(address, root) as there:
            assert there.submit(int, "7").result(60) == 7
        monkeypatch.setattr(cluster, "SECONDS", 1)
        with known_by(tmp_path / "theirs"), pytest.raises(InputError, match="no scheduler answers there"):
            Cluster(address, root)
        with pytest.raises(InputError, match="no scheduler answers there"):
            Cluster(address.replace("tls://", "tcp://"), root)
