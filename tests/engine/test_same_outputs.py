"""The engine gives the outputs that papermill's own gives, byte for byte, whatever a notebook does that is not ours."""

import re

import nbformat
import pytest
from conftest import ROOT

from analysis.errors import BuildError
from analysis.reporting.execute import execute

STREAMS = [
    "print('a'); print('b', end='')",
    "import sys\nprint('o'); print('e', file=sys.stderr); print('o2')",
    "print('x', flush=True); print('y', flush=True)",
    "print('10%\\r20%'); print('é日本 \\x1b[31mred\\x1b[0m \\x00')",
    "import logging\nlogging.warning('careful')",
    "import warnings\nwarnings.warn('old', DeprecationWarning)",
    "import threading\nthread = threading.Thread(target=print, args=('thread',)); thread.start(); thread.join()",
    "print(sys.stdout.encoding, sys.stdout.isatty(), sys.stdout.name)",
]
DISPLAYS = [
    "from IPython.display import *\nfirst = display('first', display_id='one'); print('between')",
    "first.update('second')",
    "display('third', display_id='one'); update_display('fourth', display_id='one')",
    "print('gone'); clear_output(); print('kept')",
    "print('old'); clear_output(wait=True); print('new')",
    "print('stays'); clear_output(wait=True)",
    "display({'text/plain': 'raw', 'application/json': {'a': [1, float('nan')]}}, raw=True, metadata={'m': 1})",
    "display(Markdown('*m*'), SVG('<svg xmlns=\"http://www.w3.org/2000/svg\"/>'))",
    "Image(data=b'\\x89PNG\\r\\n\\x1a\\n', format='png')",
    "class Rich:\n    def _repr_mimebundle_(self, **_): return {'text/plain': 'a', 'x/y': 'z'}, {'x/y': {'q': 1}}\nRich()",
    "import polars as pl\npl.DataFrame({'a': [1, 2], 'b': ['x', None]})",
    "import altair as alt\nalt.Chart(pl.DataFrame({'x': [1]})).mark_point().encode(x='x:Q').to_dict()",
    "5;",
    "_, len(Out), In[1][:4]",
    "get_ipython().display_formatter.formatters['text/html'].for_type(int, lambda n: f'<i>{n}</i>')\n7",
]
SHELL = [
    "%env HELLO=1",
    "!echo shell $HELLO",
    "got = !echo captured\ngot",
    "%%bash\necho from bash; echo err >&2",
    "%%capture caught\nprint('caught')",
    "caught.stdout",
    "%%html\n<p>x</p>",
    "def f():\n    'doc'\nimport inspect\ninspect.getsource(f), f.__module__, __name__",
    "import pickle\nclass P: pass\npickle.loads(pickle.dumps(P())).__class__ is P",
    "sorted(name for name in globals() if not name.startswith('_i'))",
    "import sys, os, signal\nsys.path[0], signal.getsignal(signal.SIGINT).__name__",
    "os.environ['PAGER'], os.environ['MPLBACKEND']",
    "%cd -q /",
    "os.getcwd()",
    "%precision 2\n3.14159",
    "%alias hi echo hi %s\n%hi you",
]
WAITING = [
    "import asyncio\nawait asyncio.sleep(0.01)\n'slept'",
    "async def count():\n    for n in range(3): yield n\n[n async for n in count()]",
    "async def later():\n    await asyncio.sleep(0.05); print('late')\ntask = asyncio.create_task(later())",
    "await task",
    "import contextvars\nv = contextvars.ContextVar('v', default=0); v.set(1)\nv.get()",
    "v.get()",
    "await asyncio.sleep(0); v.set(2)\nv.get()",
    "v.get()",
    "import decimal\ndecimal.getcontext().prec = 5",
    "decimal.Decimal(1) / 3",
    "await asyncio.to_thread(abs, -5)",
]
ERRORS = [
    "def a(): return b()\ndef b(): raise ValueError('é <b> \\x1b[1m')\na()",
    "if",
    "raise SystemExit",
    "raise SystemExit(3)",
    "raise KeyboardInterrupt",
    "input('name? ')",
    "import getpass; getpass.getpass()",
    "import os, signal, time; os.kill(os.getpid(), signal.SIGINT); time.sleep(9)",
    "class Odd:\n    def __repr__(self): raise RuntimeError('no repr')\nOdd()",
    "try: 1/0\nexcept Exception as e: raise KeyError('k') from e",
    "raise ExceptionGroup('g', [ValueError(1), TypeError(2)])",
    "%nomagic",
    "!exit 3",
    "%%bash\nexit 3",
    "print('before'); 1/0",
    "await nothing()",
    "from IPython.display import display\ndisplay('x', display_id='d'); 1/0",
]


def outputs(folder, cells: list[str], *, tags: list[str], engine: str) -> str:
    """The executed notebook, with the number that ipykernel takes from its process in the names of cells taken out."""
    made = [nbformat.v4.new_code_cell(cell, id=f"c{n}", metadata={"tags": tags}) for n, cell in enumerate(cells)]
    first = nbformat.v4.new_code_cell("p = 1", id="first", metadata={"tags": ["parameters"]})
    metadata = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    nbformat.write(nbformat.v4.new_notebook(cells=[first, *made], metadata=metadata), folder / "n.ipynb")
    # What fails before its end is compared too, as far as it came.
    try:
        executed = execute(folder / "n.ipynb", {"p": 2}, cwd=folder, output=folder / "out.ipynb", with_engine=engine)
    except BuildError as error:
        executed = nbformat.read(folder / "out.ipynb", as_version=4)
        kept = [[cell.execution_count, cell.outputs] for cell in executed.cells if cell.cell_type == "code"]
        return re.sub(r"ipykernel_\d+", "ipykernel", f"{str(error).splitlines()[0]}\n{kept}")
    return re.sub(r"ipykernel_\d+", "ipykernel", nbformat.writes(executed))


@pytest.mark.parametrize(
    ("cells", "tags"),
    [
        pytest.param(STREAMS, [], id="streams"),
        pytest.param(DISPLAYS, [], id="displays"),
        pytest.param(SHELL, [], id="shell"),
        pytest.param(WAITING, [], id="await"),
        pytest.param(ERRORS, ["raises-exception"], id="errors"),
        pytest.param(["print(1)", "exit()"], [], id="exit"),
        pytest.param(["1", "1/0", "print('not run')"], [], id="fails"),
        pytest.param(["1", "raise SystemExit", "print('not run')"], [], id="system-exit"),
    ],
)
def test_a_foreign_notebook_has_the_outputs_of_a_kernel_of_its_own(tmp_path, cells, tags):
    of_a_kernel, ours = (outputs(tmp_path, cells, tags=tags, engine=engine) for engine in ("kernel", "evroad"))
    assert "output" in of_a_kernel
    assert ours == of_a_kernel


def test_a_report_has_the_outputs_of_a_kernel_of_its_own_also_the_second_time(tmp_path):
    path = ROOT / "notebooks" / "targets.ipynb"
    made = [
        nbformat.writes(execute(path, {}, cwd=path.parent, output=tmp_path / "out.ipynb", with_engine=engine))
        for engine in ("kernel", "evroad", "evroad")
    ]
    assert "image/svg+xml" in made[0]
    assert made[1] == made[0]
    assert made[2] == made[0]
