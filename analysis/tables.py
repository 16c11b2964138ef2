"""Reading one CSV file into a typed frame, collecting every fault with its line. What the tables mean is not known here."""

import codecs
import csv
import difflib
import errno
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from io import BytesIO, TextIOWrapper
from itertools import islice
from pathlib import Path

import dataframely as dy
import polars as pl

from analysis.errors import Fault
from analysis.schema import EXPECTATIONS

LINE = "line"
_BYTES, _COLUMNS, _WORD = 256 * 2**20, 100, 100
"""The largest file; the most columns, each of which is compared with each; the longest word: a PDF's line holds no more."""

_CHUNK = 10_000  # rows that are held as Python's own lists at a time: they take ten times their room in a frame

_LONG_WORD = re.compile(rf"[^\s\u2e80-\ua4cf\uac00-\ud7ff\uf900-\uffef]{{{_WORD + 1}}}")  # lines of Japanese end anywhere
_FORMULA = re.compile(
    r"(?:^|[;\t\r\n])\s*(?:[=@\uff1d\uff20]|[+\-\uff0b\uff0d](?!\s?[$¥€£₩]?\d[\d.,]*[%x]?(?:[,;:]?\s[\w(][^|!=]*)?$))"
)
_SIGN = r"(?:^|[;\t\r\n])[\s\x1c-\x1f]*[=@+\-\x{ff1d}\x{ff20}\x{ff0b}\x{ff0d}]"  # all of these, and more, without looking ahead
"""What a spreadsheet would run, also where semicolons or tabs part its columns; words may stand behind a signed number."""


def read_table(path: Path, schema: type[dy.Schema]) -> tuple[pl.DataFrame, list[Fault]]:
    """All rows of `path` in the types of `schema`, with a `line` column, and every fault found.

    Args:
        path: a CSV file in UTF-8 with a header; an empty field is a missing value.
        schema: the row contract.

    Returns:
        The rows in file order (a field that cannot be read is null; no rows where the file cannot be read as a
        table), and the faults. The rows fit the contract where there are no faults.
    """
    text, faults = read_text(path, schema.column_names())
    if faults:
        return _lined(schema).create_empty(), faults
    typed, faults = _typed(path.name, text, schema)
    _, failures = _lined(schema).filter(typed)
    failed = failures.details() if len(failures) else pl.DataFrame()
    # A field that could not be read is null by now: its own fault says more than "a value is missing".
    unread = {(fault.line, fault.column) for fault in faults}
    rule_faults = [fault for fault in _rule_faults(path.name, failed, schema) if (fault.line, fault.column) not in unread]
    return typed, faults + rule_faults


def read_text(path: Path, *shapes: list[str]) -> tuple[pl.DataFrame, list[Fault]]:
    """All fields of a CSV file as text with their line, or the faults that prevent it.

    Args:
        path: a CSV file in UTF-8 with a header; an empty field is a missing value.
        shapes: the columns it may have, one list a shape, in any order; what is wrong is told against the nearest.

    Returns:
        The rows in file order, with a `line` column and the file's own columns; and the faults: no file, no UTF-8,
        ragged lines, wrong columns. There are no rows where there are faults.
    """
    try:
        content = bytes_of(path)
        # Without its mark UTF-16 is UTF-8 too, with a zero in every second byte.
        is_utf16 = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or b"\0" in content[:2]
        text = content.decode("utf-8-sig")
    except OSError as error:
        return pl.DataFrame(), [Fault(path.name, 0, "", "", "a readable file", f"{error.strerror}: {path.parent}")]
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        cause = "saved as UTF-16?" if is_utf16 else "saved by a spreadsheet in another encoding?"
        return pl.DataFrame(), [Fault(path.name, line, "", "", "text in UTF-8", cause)]
    if is_utf16:
        return pl.DataFrame(), [Fault(path.name, 1, "", "", "text in UTF-8", "saved as UTF-16?")]
    faults, unseen_faults, chunks = [], [], []
    rows = _rows(path.name, text, faults)
    _, header = next(rows, (1, []))
    nearest = max(shapes, key=lambda shape: len(set(shape) & set(header)) - len(set(shape) ^ set(header)))
    column_faults = _column_faults(path.name, header, nearest) if header else []
    schema = {LINE: pl.Int64} | dict.fromkeys(header, pl.String)
    is_plain = text.replace("\r", "").replace("\n", "").isprintable()
    # Not polars' own reader: it fills rows that are too short with nulls and tells no line numbers.
    while chunk := list(islice(rows, _CHUNK)):
        if not is_plain:
            unseen_faults += _unseen_faults(path.name, chunk)
        if not (faults or unseen_faults or column_faults):
            chunks.append(pl.DataFrame([[line, *row] for line, row in chunk], schema=schema, orient="row"))
    if faults := faults + unseen_faults + column_faults:
        return pl.DataFrame(), faults
    frame = pl.concat([pl.DataFrame(schema=schema), *chunks], rechunk=True)
    return frame.with_columns(pl.col(header).replace("", None)), []


def _unseen_faults(file: str, rows: list[tuple[int, list[str]]]) -> list[Fault]:
    expected, cause = "text without control characters or invisible ones", "pasted from elsewhere?"
    found = ((line, unseen("\n".join(row))) for line, row in rows)
    return [Fault(file, line, "", repr(character), expected, cause) for line, character in found if character]


def bytes_of(path: Path) -> bytes:
    """The bytes of a file that has an end: a pipe would be waited for, and a device may never stop."""
    if path.exists() and not path.is_file():
        raise OSError(errno.EINVAL, "is no file")
    if path.stat().st_size > _BYTES:
        raise OSError(errno.EFBIG, f"more than {_BYTES // 2**20} MB")
    return path.read_bytes()


def unseen(text: str) -> str:
    """The first character that a reader would not see or that changes how others are seen; empty where there is none."""
    if text.replace("\n", "").isprintable():
        return ""
    shown = (c.isprintable() or c in "\t\r\n" or unicodedata.category(c) == "Zs" for c in text)
    return next((c for c, is_shown in zip(text, shown, strict=True) if not is_shown), "")


def read_rows(file: str, text: str) -> tuple[list[str], list[tuple[int, list[str]]], list[Fault]]:
    """A table's header, its rows with the line each starts on, and faults of form; blank lines are passed over.

    Args:
        file: its name, for the faults.
        text: its content.
    """
    faults = []
    rows = list(_rows(file, text, faults))
    return rows[0][1] if rows else [], rows[1:], faults


def _rows(file: str, text: str, faults: list[Fault]) -> Iterator[tuple[int, list[str]]]:
    """The header, then each row, with the line it starts on; what is wrong with their form is added to `faults`."""
    # Not a StringIO: it holds four bytes a character.
    reader = csv.reader(TextIOWrapper(BytesIO(text.encode()), "utf-8", newline=""), strict=True)
    header, start = [], 1
    try:
        for row in reader:
            if row:
                header = header or row
                if len(row) != len(header):
                    cause = "a comma without quotes?" if len(row) > len(header) else "a field left out?"
                    faults.append(Fault(file, start, "", ",".join(row)[:60], f"{len(header)} fields, as in the header", cause))
                yield start, row
            start = reader.line_num + 1
    except csv.Error as error:
        faults.append(Fault(file, start, "", "", "a well-formed line", f"{error}; a quote that is never closed?"))
    if not (header or faults):
        faults.append(Fault(file, 1, "", "", "a header", "the file is empty"))


def _column_faults(file: str, header: list[str], wanted: list[str]) -> list[Fault]:
    if len(header) > _COLUMNS:
        return [Fault(file, 1, "", f"{len(header)} columns", f"at most {_COLUMNS}", "is this another file?")]
    missing = [
        Fault(file, 1, n, "", "a column of this name", _similar(n, set(header) - set(wanted)))
        for n in wanted
        if n not in header
    ]
    extra = [Fault(file, 1, n, n, "no such column", _similar(n, set(wanted) - set(header))) for n in header if n not in wanted]
    if len(header) == 1 and re.search(r"[;\t]", header[0]):
        return [Fault(file, 1, "", header[0], "fields separated by commas", "saved with semicolons or tabs?")]
    twice = [Fault(file, 1, n, "", "a column once", "copied?") for n, count in Counter(header).items() if count > 1]
    return missing + extra + twice


def _typed(file: str, text: pl.DataFrame, schema: type[dy.Schema]) -> tuple[pl.DataFrame, list[Fault]]:
    """Each field in its column's type; what cannot be read becomes null and a fault."""
    columns = schema.columns()
    typed = text.select(LINE, *(_parsed(pl.col(name), column.dtype) for name, column in columns.items()))
    faults = []
    for name, column in columns.items():
        lost = text.filter(text[name].is_not_null() & typed[name].is_null())
        for line, value in lost.select(LINE, name).iter_rows():
            faults.append(Fault(file, line, name, value, *_reading(column, value)))
        if isinstance(column, dy.String) and column.regex is None:  # those with a pattern are no words
            faults += _wording_faults(file, name, text.select(LINE, name).drop_nulls())
    return typed, faults


def _wording_faults(file: str, name: str, texts: pl.DataFrame) -> list[Fault]:
    """Texts that are no words: what a spreadsheet would run, and what no page is wide enough for."""
    value, faults = pl.col(name), []
    for line, text in texts.filter(value.str.contains(_SIGN)).iter_rows():
        if _FORMULA.search(text):
            expected = "text that does not begin, nor go on behind a semicolon, with =, @, or a sign without a number"
            faults.append(Fault(file, line, name, text, expected, "a spreadsheet would run it: put a word before it"))
    for line, text in texts.filter(value.str.len_chars() > _WORD).iter_rows():
        if long := _LONG_WORD.search(text):
            faults.append(Fault(file, line, name, long[0], f"words of at most {_WORD} characters", "a space left out?"))
    return faults


def _parsed(field: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    """The text `field` as `dtype`, null where it cannot be read as that."""
    if dtype == pl.Boolean:
        return field.replace_strict({"true": True, "false": False}, default=None, return_dtype=pl.Boolean)
    if dtype == pl.Date:
        # The pattern itself takes 2023-4-1, and 23-04-01 for the year 23; a year such as 9999 is no date of a plan.
        return pl.when(field.str.contains(r"^(19|20|21)\d{2}-\d{2}-\d{2}$")).then(field.str.to_date("%Y-%m-%d", strict=False))
    return field.cast(dtype, strict=False)


def _reading(column: dy.Column, value: str) -> tuple[str, str]:
    """What a column's type expects, and why `value` may not be that."""
    if isinstance(column, dy.Enum):
        return "one of " + ", ".join(column.categories), _similar(value, set(column.categories))
    if column.dtype == pl.Date:
        return "a date as YYYY-MM-DD from 1900 to 2199", "a day that does not exist, or another order?"
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
    if check in ("min", "max"):
        return f"{column.min} or more" if check == "min" else f"{column.max} or less", ""
    if check == "min_length":
        return "some text", "an empty field"
    return f"a finite value ({check})", ""


def _similar(name: str, candidates: set[str]) -> str:
    close = difflib.get_close_matches(name, sorted(candidates), n=1)
    return f"did you mean {close[0]}?" if close else ""


def _lined(schema: type[dy.Schema]) -> type[dy.Schema]:
    """The contract with a `line` column, so that a failed row keeps its place."""
    return type(schema)(schema.__name__, (schema,), {LINE: dy.Int64()})
