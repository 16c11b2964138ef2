"""Nothing that a notebook leaves in its process reaches the next one: it is put back, or the worker is retired."""

import gc
import json
import subprocess
import sys

import nbformat
import pytest

from analysis.reporting import html, leftovers
from analysis.reporting.execute import execute

PUT_BACK = [
    "import os; os.chdir('/')",
    "import os; os.umask(0o012)",
    "import os; os.environ['LEFT'] = '1'; del os.environ['PATH']",
    "import os; os.putenv('LEFT', '1')",
    "import sys; sys.path.insert(0, '/nowhere')",
    "import warnings; warnings.simplefilter('ignore')",
    "import random; random.seed(1)",
    "import numpy; numpy.random.seed(1)",
    "import signal; signal.signal(signal.SIGUSR1, signal.SIG_IGN)",
    "import locale; locale.setlocale(locale.LC_ALL, 'C')",
]
NAMED = {
    "import os, time; os.environ['TZ'] = 'Asia/Tokyo'; time.tzset()": "time: tzname",
    "import polars as pl; pl.Config.set_tbl_rows(3)": "POLARS_FMT_MAX_ROWS",
    "import polars as pl; pl.Config.set_thousands_separator(True)": "polars",
    "import altair as alt; alt.theme.enable('dark')": "altair",
    "import altair as alt; alt.data_transformers.disable_max_rows()": "altair",
    "from analysis import units; units.LEFT = 1": "analysis.units: LEFT",
    "from analysis import Ledger; Ledger.load = 1": "analysis.ledger.Ledger: load",
    "import polars as pl; pl.DataFrame.left = 1": "polars.dataframe.frame.DataFrame: left",
    "from analysis.reporting import parameters; parameters.CLOCKS['left'] = 1": "contents",
    "import builtins; builtins.left = 1": "builtins: left",
    "import textwrap; textwrap.dedent = 1": "textwrap: dedent",
    "import this": "this",
    "import logging; logging.getLogger().setLevel(1)": "logging",
    "import logging; logging.getLogger('left').addHandler(logging.NullHandler())": "logging",
    "import decimal; decimal.getcontext().prec = 5": "decimal",
    "import sys; sys.setrecursionlimit(5000)": "limits",
    "import gc; gc.disable()": "collector",
    "import threading, time; threading.Thread(target=time.sleep, args=(60,), daemon=True).start()": "threads",
    "left = open('/dev/null')": "files",
    "import signal; signal.setitimer(signal.ITIMER_REAL, 600)": "timers",
    "import subprocess; subprocess.run(['true'])": "subprocess.Popen",
    "import os; os.system('true')": "os.system",
    "import ctypes; ctypes.CDLL(None)": "ctypes.dlopen",
    "import resource; resource.setrlimit(resource.RLIMIT_CORE, (0, 0))": "resource.setrlimit",
    "import sys; sys.settrace(lambda *_: None)": "sys.settrace",
    "(lambda: 0).__code__ = (lambda: 1).__code__": "object.__setattr__",
    "import sys; sys.modules.pop('colorsys')": "colorsys",
}

LOOK = r"""
import colorsys, json, os, sys, textwrap
import analysis.charts, analysis.reporting.parameters, numpy.random
import ctypes, decimal, gc, locale, random, resource, signal, subprocess
from analysis.reporting import leftovers
leftovers.watch()
kept, found = {"__name__": "__main__"}, []
exec("pass", kept)
for source in json.load(sys.stdin):
    before = leftovers.seen()
    exec(source, kept)
    leftovers.put_back(before)
    found.append(leftovers.changed(before))
    sys.settrace(None)
after = [os.getcwd() != "/", "LEFT" in os.environ, "PATH" in os.environ, "/nowhere" in sys.path]
after += [__import__("subprocess").run(["sh", "-c", "echo $LEFT"], capture_output=True, text=True).stdout]
print("\n" + json.dumps([found, after]))
"""


@pytest.fixture(scope="module")
def found():
    """What is named after each source, one after another in one process, and what that process looks like at the end."""
    given = json.dumps(["pass", *PUT_BACK, *NAMED])
    done = subprocess.run([sys.executable, "-c", LOOK], input=given, capture_output=True, text=True, check=True)
    named, after = json.loads(done.stdout.splitlines()[-1])
    return dict(zip(["pass", *PUT_BACK, *NAMED], named, strict=True)), after


@pytest.mark.parametrize("source", ["pass", *PUT_BACK])
def test_what_can_be_put_back_is_put_back_and_not_named(found, source):
    assert found[0][source] == []


def test_folder_environment_and_paths_are_what_they_were(found):
    assert found[1] == [True, False, True, False, "\n"]


@pytest.mark.parametrize(("source", "name"), NAMED.items())
def test_what_cannot_be_put_back_is_named(found, source, name):
    assert any(each.startswith(name) for each in found[0][source]), found[0][source]


def shown(folder, *sources: str) -> str:
    cells = [nbformat.v4.new_code_cell(source, id=f"c{n}") for n, source in enumerate(sources)]
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata={}), folder / "n.ipynb")
    return execute(folder / "n.ipynb", {}, cwd=folder, output=folder / "out.ipynb").cells[-1].outputs[0]["data"]["text/plain"]


PROCESS = "import os; os.getpid()"


def test_a_worker_runs_one_notebook_after_another_and_each_has_its_own_names(tmp_path):
    assert shown(tmp_path, "left = 1", PROCESS) == shown(tmp_path, PROCESS)
    assert shown(tmp_path, "'left' in globals(), len(In), __name__") == "(False, 2, '__main__')"


def test_a_notebook_that_alters_a_setting_has_its_worker_retired(tmp_path):
    before = shown(tmp_path, PROCESS)
    assert shown(tmp_path, "import polars as pl; pl.Config.set_tbl_rows(3)", PROCESS) == before
    assert shown(tmp_path, PROCESS) != before
    assert shown(tmp_path, "import polars as pl; pl.Config.state()['POLARS_FMT_MAX_ROWS'] is None") == "True"


def test_a_page_that_is_made_leaves_no_file_open_that_the_collector_would_close_within_a_later_report():
    before = leftovers._files()
    gc.disable()
    try:
        html._typeface.__wrapped__(frozenset({65}))
        assert leftovers._files() == before
    finally:
        gc.enable()
