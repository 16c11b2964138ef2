"""The project holds to its own rules: which way imports point, what is described, and what the lock may hold."""

import ast
import doctest
import importlib
import inspect
import re
import shutil
import tokenize
import tomllib
from io import StringIO
from pathlib import Path

import pytest
from conftest import ROOT

from analysis.codebook import write_codebook

PACKAGE = ROOT / "analysis"
MODULES = sorted(path for path in PACKAGE.rglob("*.py") if path.name != "__main__.py")

LAYERS = [
    {"analysis", "analysis.errors"},
    {"analysis.look", "analysis.units", "analysis.project", "analysis.typeface"},
    {"analysis.schema", "analysis.wording"},
    {"analysis.tables"},
    {"analysis.consistency"},
    {"analysis.ledger"},
    {
        "analysis.additions",
        "analysis.archive",
        "analysis.codebook",
        "analysis.history",
        "analysis.importers",
        "analysis.metrics",
    },
    {"analysis.gates"},
    {"analysis.exhibits"},
    {"analysis.charts", "analysis.comparison", "analysis.tracing"},
    {"analysis.reporting"},
    {"analysis.commands"},
    {"analysis.cli"},
]
"""Later layers may import earlier ones, never the reverse."""


def name_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def layer_of(name: str) -> int:
    found = [place for place, layer in enumerate(LAYERS) for prefix in layer if name == prefix or name.startswith(prefix + ".")]
    return max(found)  # everything starts with "analysis"; the narrower layer counts


def imports_of(path: Path, *, typing: bool = False) -> set[str]:
    """What a module imports of the package, at its top and inside functions; not what only a type checker sees."""
    tree = ast.parse(path.read_text("utf-8"))
    skipped = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test) and not typing
        for inner in ast.walk(node)
    }
    found = set()
    for node in ast.walk(tree):
        if id(node) in skipped:
            continue
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("analysis"):
            modules = [f"{node.module}.{alias.name}" for alias in node.names]
            found |= {m if (ROOT / Path(*m.split("."))).with_suffix(".py").exists() else node.module for m in modules}
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names if alias.name.startswith("analysis")}
    return found


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_imports_point_one_way(path):
    name = name_of(path)
    if name == "analysis":  # hands out Ledger when it is asked for
        return
    for imported in imports_of(path):
        assert layer_of(imported) <= layer_of(name), f"{name} imports {imported}"


def test_metrics_open_no_file_read_no_clock_and_load_no_ledger():
    for path in (PACKAGE / "metrics").glob("*.py"):
        source = path.read_text("utf-8")
        assert not re.search(r"\bopen\(|read_csv|Path\b|\.today\(|\.now\(|Ledger\b", source.split('"""', 2)[-1]), path
        assert "analysis.ledger" not in imports_of(path)


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_everything_public_is_described_and_examples_run(path):
    module = importlib.import_module(name_of(path))
    assert module.__doc__
    for name, thing in vars(module).items():
        defined_here = getattr(thing, "__module__", None) == module.__name__
        if defined_here and not name.startswith("_") and (inspect.isfunction(thing) or inspect.isclass(thing)):
            assert thing.__doc__, f"{module.__name__}.{name}"
    assert doctest.testmod(module).failed == 0


@pytest.mark.parametrize("path", sorted((PACKAGE / "metrics").glob("[a-ce-z]*.py")), ids=lambda p: p.stem)
def test_a_metric_tells_its_formula_arguments_result_and_units(path):
    module = importlib.import_module(name_of(path))
    for name, function in inspect.getmembers(module, inspect.isfunction):
        if function.__module__ == module.__name__ and not name.startswith("_"):
            assert "Args:" in function.__doc__, name
            assert "Returns:" in function.__doc__, name
            assert "Source:" in function.__doc__, name
            assert " = " in function.__doc__ or "as printed" in function.__doc__ or "as they print" in function.__doc__, name


def code_lines(path: Path) -> int:
    """The lines of a module that hold code: no blank ones, no comments, no docstrings."""
    source = path.read_text("utf-8")
    nodes = ast.walk(ast.parse(source))
    texts = [node for node in nodes if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)]
    described = {line for node in texts for line in range(node.lineno, node.end_lineno + 1)}
    form = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}
    tokens = [token for token in tokenize.generate_tokens(StringIO(source).readline) if token.type not in form]
    return len({line for token in tokens for line in range(token.start[0], token.end[0] + 1)} - described)


def test_the_package_stays_small():
    paths = list(PACKAGE.rglob("*.py"))
    assert sum(map(code_lines, paths)) < 11_000
    lengths = {path: len(path.read_text("utf-8").splitlines()) for path in paths}
    assert max(lengths.values()) <= 350, max(lengths, key=lengths.get)


def test_the_codebook_is_as_the_row_contracts_say(tmp_path):
    assert write_codebook(ROOT / "data", only_check=True) == []
    for path in (ROOT / "data").glob("*.csv"):
        shutil.copy(path, tmp_path)
    assert write_codebook(tmp_path) == ["README.md", "datapackage.json"]
    (tmp_path / "README.md").write_text("another")
    assert write_codebook(tmp_path, only_check=True) == ["README.md"]
    assert (tmp_path / "README.md").read_text() == "another"


def test_every_dependency_is_locked_with_hashes_and_no_address():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    lock = (ROOT / "requirements.lock").read_text("utf-8")
    wanted = [*project["project"]["dependencies"], *project["dependency-groups"]["dev"]]
    for requirement in wanted:
        name = re.match(r"[A-Za-z0-9-]+", requirement)[0]
        assert re.search(rf"^{name}==[^\n]+\\\n    --hash=sha256:", lock, re.MULTILINE), name
    assert "://" not in lock
    assert "rfc3987-syntax" not in lock  # two seconds in every process that imports jsonschema
    assert "\nmatplotlib==" not in lock  # only a font file of its extension is used


def test_set_up_names_no_address_and_nothing_names_this_machine():
    for name in ("pyproject.toml", "Makefile", ".ci/run"):
        assert "://" not in (ROOT / name).read_text("utf-8"), name
    here = {str(ROOT), str(Path.home())}
    for pattern in ("*.md", "*.toml", "data/*", "notebooks/*.ipynb", "analysis/**/*", "tests/**/*.py"):
        for path in (path for path in ROOT.glob(pattern) if path.is_file() and path.suffix != ".pyc"):
            assert not any(place in path.read_text("utf-8") for place in here), path
