"""The parameters of a report: declared once, in the notebook's `parameters` cell, and checked before anything runs."""

import ast
import json
import tokenize
from dataclasses import dataclass
from datetime import date
from io import StringIO
from pathlib import Path
from typing import Any

from analysis.errors import InputError

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
        except ValueError:
            raise InputError(f"parameter {self.name} is {text!r}: expected {_EXPECTED[kind]} ({self.type})") from None


@dataclass(frozen=True)
class Report:
    """A report: a notebook with a `parameters` cell."""

    name: str
    path: Path
    title: str
    question: str
    parameters: dict[str, Parameter]


def find_reports(folder: Path) -> dict[str, Report]:
    """The reports among the notebooks of `folder`, by name.

    Raises:
        InputError: for a notebook that cannot be read, or a parameters cell that declares what it may not.
    """
    reports = {}
    for path in sorted(folder.glob("*.ipynb")):
        try:
            cells = json.loads(path.read_text("utf-8"))["cells"]
        except (OSError, ValueError, KeyError) as error:
            raise InputError(f"{path} cannot be read as a notebook: {error}") from None
        declared = [c for c in cells if "parameters" in c.get("metadata", {}).get("tags", [])]
        if len(declared) > 1:
            raise InputError(f"{path} has {len(declared)} cells with the tag parameters: expected one")
        if declared:
            title, question = _heading("".join(cells[0]["source"]))
            source = "".join(declared[0]["source"])
            reports[path.stem] = Report(path.stem, path, title or path.stem, question, _declared(source, path))
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


def _declared(source: str, path: Path) -> dict[str, Parameter]:
    """The annotated assignments of a parameters cell; nothing of it is run."""
    comments = {
        token.start[0]: token.string.lstrip("# ").strip()
        for token in tokenize.generate_tokens(StringIO(source).readline)
        if token.type == tokenize.COMMENT
    }
    parameters = {}
    for node in ast.parse(source).body:
        if not (isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value is not None):
            raise InputError(f"{path}, parameters cell: {ast.unparse(node)!r}: expected name: type = default  # meaning")
        name, kind = node.target.id, ast.unparse(node.annotation)
        if kind.removesuffix(" | None") not in _READERS:
            raise InputError(f"{path}, parameter {name}: type {kind!r} is not one of {', '.join(_READERS)} (or one | None)")
        parameters[name] = Parameter(name, kind, _default(node.value, path, name), comments.get(node.end_lineno or 0, ""))
    return parameters


def _default(node: ast.expr, path: Path, name: str) -> Value:
    try:
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "date":
            return date(*(ast.literal_eval(argument) for argument in node.args))
        return ast.literal_eval(node)
    except (ValueError, TypeError):
        raise InputError(f"{path}, parameter {name}: its default must be a plain value, not {ast.unparse(node)!r}") from None


def _heading(markdown: str) -> tuple[str, str]:
    """The first line's title, and the first paragraph below it."""
    lines = markdown.splitlines()
    title = lines[0].lstrip("# ").strip() if lines else ""
    rest = "\n".join(lines[1:]).strip().split("\n\n")[0]
    return title, rest.replace("\n", " ").replace("**", "")


def _boolean(text: str) -> bool:
    return {"true": True, "false": False}[text.lower()] if text.lower() in ("true", "false") else _refuse(text)


def _refuse(text: str) -> Any:
    raise ValueError(text)


def _texts(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


_READERS = {
    "str": str,
    "int": int,
    "float": float,
    "bool": _boolean,
    "date": date.fromisoformat,
    "list[str]": _texts,
}

_EXPECTED = {
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "date": "a date as YYYY-MM-DD",
}
