"""A grid: a file that names many reports, each a notebook with parameters of its own. Nothing is run here."""

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product
from math import prod
from pathlib import Path

from analysis.errors import InputError
from analysis.reporting.parameters import CLOCKS, Report, Value, as_given, assign
from analysis.reporting.staleness import digest
from analysis.tables import read_rows

REPORTS = 100_000
"""More than so many are taken for a slip."""

_NAME = 64  # characters of a report's name
_TITLE = 120  # characters of what tells a report's title from those of the same notebook


@dataclass(frozen=True)
class _Row:
    """One report that is asked for: the notebook, the parameters as text, and where in the file that is said."""

    report: str
    given: dict[str, str]
    place: str


def read_grid(
    path: Path, reports: dict[str, Report], given: dict[str, str], /
) -> tuple[dict[str, dict[str, Value]], list[Report]]:
    """The reports that a grid asks for.

    A `.csv` has a column `report` and one column a parameter; a row is a report, and an empty field leaves a parameter at its
    default. A `.toml` has tables `[[grid]]` with `report` and parameters, each a value or a list of values; the lists of
    a table are crossed. Where a parameter is itself a list, its values are lists, or text with commas.

    Args:
        path: the grid.
        reports: the reports there are, by name.
        given: parameters as text, for rows that say nothing of them.

    Returns:
        The parameters of each report, and the reports: each has the name of its notebook where its parameters are the
        defaults, and else that name with the values that are not.

    Raises:
        InputError: for a file that cannot be read as a grid, a report or parameter that is not there, a value of the wrong
            type, or the same report twice: with file and line, or table.
    """
    named: dict[str, tuple[str, Report]] = {}
    values: dict[str, dict[str, Value]] = {}
    used: set[str] = set()
    for row in _rows(path):
        report, assigned = _assigned(row, reports, given)
        used |= given.keys() & report.parameters.keys()
        one = _named(report, assigned)
        if one.name in named:
            raise InputError(f"{row.place}: the same report as {named[one.name][0]}: {one.name}; leave one away")
        named[one.name], values[one.name] = (row.place, one), assigned
    if not named:
        raise InputError(f"{path} asks for no report")
    if lost := given.keys() - used:
        raise InputError(f"no parameter {', '.join(sorted(lost))} in any report of {path.name}")
    return values, [one for _, one in named.values()]


def _assigned(row: _Row, reports: dict[str, Report], given: dict[str, str]) -> tuple[Report, dict[str, Value]]:
    report = reports.get(row.report)
    if report is None:
        raise InputError(f"{row.place}: no report {row.report!r}; there are {', '.join(reports)}")
    if clock := CLOCKS.keys() & row.given.keys():
        name = sorted(clock)[0]
        raise InputError(f"{row.place}: parameter {name} is set by {CLOCKS[name]}, for all reports of the edition alike")
    more = {name: value for name, value in given.items() if name in report.parameters}
    try:
        return report, assign([report], more | row.given)[report.name]
    except InputError as error:
        raise InputError(f"{row.place}: {error}") from None


def _named(report: Report, values: dict[str, Value]) -> Report:
    """The report with a name and title that tell it from others of its notebook; these follow from its parameters alone."""
    other = {name: as_given(value) for name, value in values.items() if value != report.parameters[name].default}
    if not other:
        return report
    name = "-".join([report.name, *(f"{name}-{value}" for name, value in other.items())])
    if len(name) > _NAME or not re.fullmatch("[a-z0-9_-]+", name):
        mark = digest(other)[:8]
        name = re.sub("[^a-z0-9_-]+", "-", name.lower())[: _NAME - len(mark) - 1].rstrip("_-") + f"-{mark}"
    asked = ", ".join(f"{name} {value}" for name, value in other.items())
    return replace(report, name=name, asked=asked if len(asked) <= _TITLE else f"{asked[: _TITLE - 1]}…")


def _rows(path: Path) -> Iterator[_Row]:
    """The rows of a grid, in order.

    Raises:
        InputError: where it cannot be read as one.
    """
    readers = {".csv": _csv, ".toml": _toml}
    if path.suffix.lower() not in readers:
        raise InputError(f"grid {path}: expected a file that ends in .csv or .toml")
    if not path.is_file():
        raise InputError(f"there is no grid {path}")
    return readers[path.suffix.lower()](path)


def _csv(path: Path) -> Iterator[_Row]:
    try:
        header, rows, faults = read_rows(path.name, path.read_text("utf-8-sig"))
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path.name} cannot be read as text in UTF-8: {error}") from None
    if faults:
        raise InputError("\n".join(map(str, faults)))
    if "report" not in header or len(set(header)) != len(header):
        raise InputError(f"{path.name} line 1: expected a column report, and one column a parameter")
    if len(rows) > REPORTS:
        raise InputError(f"{path.name} asks for {len(rows)} reports: expected at most {REPORTS}")
    for line, fields in rows:
        row = dict(zip(header, fields, strict=True))
        yield _Row(row.pop("report").strip(), {name: value for name, value in row.items() if value}, f"{path.name} line {line}")


def _toml(path: Path) -> Iterator[_Row]:
    try:
        tables = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InputError(f"{path.name} cannot be read as TOML: {error}") from None
    asked = tables.pop("grid", None)
    if tables or not isinstance(asked, list) or not all(isinstance(table, dict) and "report" in table for table in asked):
        raise InputError(f"{path.name}: expected tables [[grid]], each with report, and nothing else")
    choices = [{name: value if isinstance(value, list) else [value] for name, value in table.items()} for table in asked]
    count = sum(prod(map(len, table.values())) for table in choices)
    if count > REPORTS:
        raise InputError(f"{path.name} asks for {count} reports: expected at most {REPORTS}")
    for number, table in enumerate(choices, 1):
        place = f"{path.name}, table {number}"
        for values in product(*table.values()):
            if odd := [name for name, value in zip(table, values, strict=True) if isinstance(value, dict)]:
                raise InputError(f"{place}, {odd[0]}: expected a value or a list of values")
            row = {name: as_given(value) for name, value in zip(table, values, strict=True)}
            yield _Row(row.pop("report"), row, place)
