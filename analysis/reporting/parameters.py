"""The parameters of a report: declared once, in the notebook's `parameters` cell, and checked before anything runs."""

import ast
import difflib
import json
import math
import re
import tokenize
from dataclasses import dataclass
from datetime import date
from io import StringIO
from pathlib import Path

from analysis.errors import InputError

CLOCKS = {"as_of": "--as-of", "recorded_by": "--recorded-by"}
"""Parameters that are days of the whole edition -> the option that sets them."""

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_RESERVED = re.compile(r"con|prn|aux|nul|com[0-9]|lpt[0-9]")
"""A report's name is that of files and part of addresses: the same everywhere, whatever a system reserves or folds."""

_SHOWN = 80  # characters of a wrong value

Value = str | int | float | bool | date | list[str] | None


@dataclass(frozen=True)
class Parameter:
    """One parameter: its name, type as annotated, default, and meaning (the comment beside it)."""

    name: str
    type: str
    default: Value
    meaning: str

    def parse(self, text: str) -> Value:
        """The value that `text` stands for.

        Raises:
            InputError: where it is not of the parameter's type.
        """
        kind = self.type.removesuffix(" | None")
        if kind != self.type and text.lower() in ("", "none"):
            return None
        try:
            return _READERS[kind](text)
        except (ValueError, KeyError):
            shown = repr(text[:_SHOWN]) + ("..." if len(text) > _SHOWN else "")
            raise InputError(
                f"parameter {self.name} is {shown}: expected {_EXPECTED.get(kind, _WORDS)} ({self.type})"
            ) from None


@dataclass(frozen=True)
class Report:
    """A report: a notebook with a `parameters` cell, or that notebook with parameters of its own, told by name and title."""

    name: str
    path: Path
    title: str
    parameters: dict[str, Parameter]
    asked: str = ""

    @property
    def full_title(self) -> str:
        """The title, with what is asked where that is not the default."""
        return f"{self.title} ({self.asked})" if self.asked else self.title


def find_reports(folder: Path) -> dict[str, Report]:
    """The reports among the notebooks of `folder`, by name.

    Raises:
        InputError: for a notebook that cannot be read, or a parameters cell that declares what it may not.
    """
    reports = {}
    for path in sorted(folder.glob("*.ipynb")):
        try:
            cells = json.loads(path.read_text("utf-8"))["cells"]
            declared = ["".join(c["source"]) for c in cells if "parameters" in c.get("metadata", {}).get("tags", [])]
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise InputError(f"{path} cannot be read as a notebook: {type(error).__name__}: {error}") from None
        if len(declared) > 1:
            raise InputError(f"{path} has {len(declared)} cells with the tag parameters: expected one")
        if declared and path.stem == "index":
            raise InputError(f"{path}: index is the name of an edition's first page; give the report another")
        if declared and (not _NAME.fullmatch(path.stem) or _RESERVED.fullmatch(path.stem)):
            name = "up to 64 small letters a-z, digits, _ and -, beginning with a letter or digit, no device of Windows"
            raise InputError(f"notebook {path.name!r} cannot be a report: expected a name of {name}")
        if declared:
            source = declared[0]
            reports[path.stem] = Report(
                path.stem, path, title_of("".join(cells[0]["source"])) or path.stem, _declared(source, path)
            )
    return reports


def choose(reports: dict[str, Report], names: list[str]) -> list[Report]:
    """The reports of those names; all of them where none is given.

    Raises:
        InputError: for an unknown name, or where there is no report at all.
    """
    if not reports:
        raise InputError("there are no reports: no notebook in notebooks/ has a cell with the tag parameters")
    unknown = [name for name in names if name not in reports]
    if unknown:
        raise InputError(f"no report {', '.join(unknown)}; there are {', '.join(reports)}")
    return [reports[name] for name in dict.fromkeys(names or reports)]


def assign(reports: list[Report], given: dict[str, str]) -> dict[str, dict[str, Value]]:
    """The parameters of each report: its defaults, with the given values for those it declares.

    Raises:
        InputError: for a name that none of the reports declares, or a value of the wrong type.
    """
    unknown = [name for name in given if not any(name in report.parameters for report in reports)]
    if unknown:
        known = "; ".join(f"{report.name} has {', '.join(report.parameters)}" for report in reports)
        raise InputError(f"no parameter {', '.join(unknown)}; {known}")
    return {
        report.name: {
            name: parameter.parse(given[name]) if name in given else parameter.default
            for name, parameter in report.parameters.items()
        }
        for report in reports
    }


def check_names(reports: list[Report], values: dict[str, dict[str, Value]], known: dict[str, set[str]]) -> None:
    """Make sure that parameters of the types Claim, Entity and Conflict name what there is.

    Args:
        reports: the reports.
        values: the parameters of each.
        known: `Claim`, `Entity` and `Conflict` -> the names there are, at any date.

    Raises:
        InputError: for the first name that is not there, with those it is near to.
    """
    for report in reports:
        for name, parameter in report.parameters.items():
            kind = parameter.type.removesuffix(" | None").removeprefix("list[").removesuffix("]")
            value = values[report.name][name]
            for each in (value if isinstance(value, list) else [value]) if kind in known else []:
                if each not in known[kind]:
                    near = ", ".join(difflib.get_close_matches(str(each), sorted(known[kind]), n=3, cutoff=0.5))
                    hint = f"; did you mean {near}?" if near else f"; data/{_TABLES[kind]} has them all"
                    raise InputError(f"parameter {name} of {report.name} is {each!r}: there is no such {kind.lower()}{hint}")


_TABLES = {"Claim": "claims.csv", "Entity": "entities.csv", "Conflict": "conflicts.csv"}


def _declared(source: str, path: Path) -> dict[str, Parameter]:
    """The annotated assignments of a parameters cell; nothing of it is run."""
    parameters = {}
    try:
        body = ast.parse(source).body
    except (SyntaxError, ValueError) as error:
        raise InputError(f"{path}, parameters cell: {error}") from None
    comments = {
        token.start[0]: token.string.lstrip("# ").strip()
        for token in tokenize.generate_tokens(StringIO(source).readline)
        if token.type == tokenize.COMMENT
    }
    for node in body:
        if not (isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value is not None):
            raise InputError(f"{path}, parameters cell: {ast.unparse(node)!r}: expected name: type = default  # meaning")
        name, kind = node.target.id, ast.unparse(node.annotation)
        if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
            raise InputError(f"{path}, parameter {name}: expected a name of small letters a-z, digits and _")
        if kind.removesuffix(" | None") not in _READERS:
            raise InputError(f"{path}, parameter {name}: type {kind!r} is not one of {', '.join(_READERS)} (or one | None)")
        if name in parameters:
            raise InputError(f"{path}, parameter {name} is declared twice")
        default = _default(node.value, path, name)
        bare = kind.removesuffix(" | None")
        is_odd = isinstance(default, bool) and bare != "bool"  # True is an int to Python
        is_odd |= isinstance(default, list) and not all(isinstance(each, str) for each in default)
        if (is_odd or not isinstance(default, _TYPES.get(bare, str))) and not (default is None and bare != kind):
            raise InputError(f"{path}, parameter {name}: its default {default!r} is not of type {kind}")
        if name in CLOCKS and kind != "date | None":
            raise InputError(f"{path}, parameter {name}: its type is date | None, the day set by {CLOCKS[name]}")
        parameters[name] = Parameter(name, kind, default, comments.get(node.end_lineno or 0, ""))
    return parameters


def _default(node: ast.expr, path: Path, name: str) -> Value:
    try:
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "date":
            return date(*(ast.literal_eval(argument) for argument in node.args))
        return ast.literal_eval(node)
    except (ValueError, TypeError, OverflowError):
        raise InputError(f"{path}, parameter {name}: its default must be a plain value, not {ast.unparse(node)!r}") from None


def title_of(markdown: str) -> str:
    """A report's title: the first line of its first cell, without the marks of a heading."""
    return markdown.strip().split("\n")[0].lstrip("# ").strip()


def _whole(text: str) -> int:
    if not re.fullmatch(r"[+-]?[0-9]{1,18}", text):  # int takes 1_000 and the digits of every script, however many
        raise ValueError(text)
    return int(text)


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value) or "_" in text or not text.isascii():
        raise ValueError(text)
    return value


def as_given(value: object) -> str:
    """A value as the command takes it: what `Parameter.parse` reads as that value."""
    if value is None or isinstance(value, bool):
        return str(value).lower()
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)


def read_day(text: str) -> date:
    """A day written as YYYY-MM-DD, and in no other way; ValueError for all else."""
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):  # fromisoformat takes weeks and days without hyphens too
        raise ValueError(text)
    return date.fromisoformat(text)


def _text(text: str) -> str:
    text.encode()  # half of a surrogate pair cannot be written to a notebook
    if "\0" in text:
        raise ValueError(text)
    return text


def _texts(text: str) -> list[str]:
    return [part.strip() for part in _text(text).split(",") if part.strip()]


_READERS = {
    "str": _text,
    "int": _whole,
    "float": _finite,
    "bool": lambda text: {"true": True, "false": False}[text.lower()],
    "date": read_day,
    "list[str]": _texts,
    "Claim": _text,
    "Entity": _text,
    "list[Entity]": _texts,
    "list[Conflict]": _texts,
}
"""Type, as annotated -> what reads a text as that. Claim and Entity are names of the ledger's, checked against it."""

_TYPES = {
    "int": int,
    "float": float | int,
    "bool": bool,
    "date": date,
    "list[str]": list,
    "list[Entity]": list,
    "list[Conflict]": list,
}

_WORDS = "text in Unicode without NUL"
_EXPECTED = {
    "int": "a whole number of up to 18 digits",
    "float": "a number",
    "bool": "true or false",
    "date": "a date as YYYY-MM-DD",
}
