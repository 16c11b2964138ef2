"""Reading one CSV file into a typed frame, collecting every fault with its line. What the tables mean is not known here."""

import difflib
import re
from io import BytesIO
from pathlib import Path

import dataframely as dy
import polars as pl

from analysis.errors import Fault
from analysis.schema import EXPECTATIONS

LINE = "line"


def read_table(path: Path, schema: type[dy.Schema]) -> tuple[pl.DataFrame, list[Fault]]:
    """All rows of `path` in the types of `schema`, with a `line` column, and every fault found.

    Args:
        path: a CSV file in UTF-8 with a header; an empty field is a missing value.
        schema: the row contract.

    Returns:
        The rows in file order (a field that cannot be read is null; no rows where the file cannot be read as a
        table), and the faults. The rows fit the contract where there are no faults.
    """
    text, faults = _read_text(path, schema)
    if faults:
        return _lined(schema).create_empty(), faults
    typed, faults = _typed(path.name, text, schema)
    _, failures = _lined(schema).filter(typed)
    failed = failures.details() if len(failures) else pl.DataFrame()
    # A field that could not be read is null by now: its own fault says more than "a value is missing".
    unread = {(fault.line, fault.column) for fault in faults}
    rule_faults = [fault for fault in _rule_faults(path.name, failed, schema) if (fault.line, fault.column) not in unread]
    return typed, faults + rule_faults


def _read_text(path: Path, schema: type[dy.Schema]) -> tuple[pl.DataFrame, list[Fault]]:
    """All fields as text, or the faults that prevent it: no file, no UTF-8, a ragged line, wrong columns."""
    empty = pl.DataFrame()
    try:
        content = path.read_bytes()
    except OSError as error:
        return empty, [Fault(path.name, 0, "", "", "a readable file", f"{error.strerror}: {path.parent}")]
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        return empty, [Fault(path.name, line, "", "", "text in UTF-8", "saved by a spreadsheet in another encoding?")]
    if b"\0" in content:
        line = content[: content.index(b"\0")].count(b"\n") + 1
        return empty, [Fault(path.name, line, "", "", "text without NUL characters", "is it a spreadsheet file?")]
    wanted = schema.column_names()
    try:
        text = pl.read_csv(BytesIO(content), infer_schema=False)
    except pl.exceptions.NoDataError:
        return empty, [Fault(path.name, 1, "", "", "a header with " + ", ".join(wanted), "the file is empty")]
    except pl.exceptions.ComputeError:
        return empty, _ragged_lines(path.name, content.decode("utf-8"))
    faults = [
        Fault(path.name, 1, name, "", "a column of this name", _similar(name, set(text.columns) - set(wanted)))
        for name in wanted
        if name not in text.columns
    ] + [
        Fault(path.name, 1, name, "", "no such column", _similar(name, set(wanted) - set(text.columns)))
        for name in text.columns
        if name not in wanted
    ]
    # A quoted field may hold line breaks: a row's line in the file is 2 plus the rows and the breaks before it.
    breaks = pl.sum_horizontal(pl.col(pl.String).str.count_matches("\n").fill_null(0))
    line = pl.int_range(2, pl.len() + 2) + breaks.cum_sum().shift(1, fill_value=0)
    return text.with_columns(line.cast(pl.Int64).alias(LINE)), faults


def _ragged_lines(file: str, text: str) -> list[Fault]:
    """The lines whose number of fields differs from the header's."""
    import csv

    reader = csv.reader(text.splitlines(keepends=True))
    header = next(reader)
    faults = [
        Fault(
            file, reader.line_num, "", ",".join(row)[:60], f"{len(header)} fields, as in the header", "a comma without quotes?"
        )
        for row in reader
        if row and len(row) != len(header)
    ]
    return faults or [Fault(file, 0, "", "", "a well-formed CSV file", "a quote that is never closed?")]


def _typed(file: str, text: pl.DataFrame, schema: type[dy.Schema]) -> tuple[pl.DataFrame, list[Fault]]:
    """Each field in its column's type; what cannot be read becomes null and a fault."""
    columns = schema.columns()
    typed = text.select(
        LINE,
        *(_parsed(pl.col(name), column.dtype) for name, column in columns.items()),
    )
    faults = []
    for name, column in columns.items():
        lost = text.filter(text[name].is_not_null() & typed[name].is_null())
        for line, value in lost.select(LINE, name).iter_rows():
            faults.append(Fault(file, line, name, value, *_reading(column, value)))
    return typed, faults


def _parsed(field: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    """The text `field` as `dtype`, null where it cannot be read as that."""
    if dtype == pl.Boolean:
        return field.replace_strict({"true": True, "false": False}, default=None, return_dtype=pl.Boolean)
    if dtype == pl.Date:
        return field.str.to_date("%Y-%m-%d", strict=False)
    return field.cast(dtype, strict=False)


def _reading(column: dy.Column, value: str) -> tuple[str, str]:
    """What a column's type expects, and why `value` may not be that."""
    if isinstance(column, dy.Enum):
        return "one of " + ", ".join(column.categories), _similar(value, set(column.categories))
    if column.dtype == pl.Date:
        return "a date as YYYY-MM-DD", "a day that does not exist, or another order?"
    if column.dtype == pl.Boolean:
        return "true or false", ""
    cause = ""
    if "%" in value:
        cause = "shares are stored as 0 to 1: 42% is 0.42"
    elif re.fullmatch(r"[\d.,\s]+", value):
        cause = "digits without separators for thousands; a point for decimals"
    return "a whole number" if column.dtype.is_integer() else "a number", cause


def _rule_faults(file: str, failed: pl.DataFrame, schema: type[dy.Schema]) -> list[Fault]:
    faults = []
    names = schema.column_names()
    for rule in failed.columns:
        column, _, check = rule.partition("|")
        if rule in names or column == LINE:
            continue
        broken = failed.filter(pl.col(rule).cast(pl.String) == "invalid")
        if column == "primary_key":
            column, check = schema.primary_key()[0], column
        if not check:
            column, expected, cause = EXPECTATIONS[rule]
        else:
            expected, cause = _constraint(schema.columns()[column], check)
        for line, value in broken.select(LINE, column).iter_rows():
            faults.append(Fault(file, line, column, "" if value is None else str(value), expected, cause))
    return faults


def _constraint(column: dy.Column, check: str) -> tuple[str, str]:
    """A column's own constraint in words, and the likely cause of breaking it."""
    if check == "nullability":
        return "a value", "an empty field"
    if check == "primary_key":
        return "each key once", "copied from another line?"
    if check == "regex":
        return f"text that matches {column.regex}", ""
    if check == "min":
        return f"{column.min} or more", ""
    if check == "min_length":
        return "some text", "an empty field"
    return f"a finite value ({check})", ""


def _similar(name: str, candidates: set[str]) -> str:
    close = difflib.get_close_matches(name, sorted(candidates), n=1)
    return f"did you mean {close[0]}?" if close else ""


def _lined(schema: type[dy.Schema]) -> type[dy.Schema]:
    """The contract with a `line` column, so that a failed row keeps its place."""
    return type(schema)(schema.__name__, (schema,), {LINE: dy.Int64()})
