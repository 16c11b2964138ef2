"""The tables that only ever grow, held against an earlier version of them in git: is every line still there, unedited?"""

import subprocess
from collections.abc import Iterator
from pathlib import Path

from analysis.errors import Fault, InputError, LedgerError
from analysis.schema import TABLES
from analysis.tables import read_rows

GROWING = ("sources", "claims", "events")
"""Tables whose lines are never edited or deleted: a correction is a new entry with a reason."""


def check_since(root: Path, ref: str, /) -> dict[str, int]:
    """Make sure that the growing tables still begin with what they held at a git revision.

    Args:
        root: the project.
        ref: the revision, such as a commit, a tag or `HEAD~1`.

    Returns:
        File -> how many lines were added since; a file that the revision does not have counts as new.

    Raises:
        InputError: where git does not know the revision, or the project is no git checkout.
        LedgerError: with every line that was edited, moved or deleted.
    """
    known = _git(root, "rev-parse", "--quiet", "--verify", f"{ref}^{{commit}}")
    if known is None:
        raise InputError(f"--since {ref}: git knows no such revision in {root}; is the history there in full?")
    added, faults = {}, []
    for table in GROWING:
        file = f"{table}.csv"
        before, now = _git(root, "show", f"{ref}:./data/{file}") or "", (root / "data" / file).read_text("utf-8-sig")
        old, new = (_by_key(file, text, TABLES[table].primary_key()) for text in (before, now))
        faults += [fault for key, row in old.items() for fault in _changes(file, row, new.get(key), ref)]
        added[file] = len(new.keys() - old.keys())
    if faults:
        raise LedgerError(faults)
    return added


def _by_key(file: str, text: str, key: list[str]) -> dict[tuple, tuple[int, dict[str, str]]]:
    """The rows of a table by their key, each with its line and its fields by column."""
    header, rows, _ = read_rows(file, text)
    named = [(line, dict(zip(header, row, strict=False))) for line, row in rows]
    return {tuple(fields.get(column, "") for column in key): (line, fields) for line, fields in named}


def _changes(file: str, was: tuple[int, dict], now: tuple[int, dict] | None, ref: str) -> Iterator[Fault]:
    """What a line says otherwise than it did; columns that came since are passed over."""
    line, fields = was
    cause = f"lines are never edited: append a new entry with a reason; compared with {ref}"
    if now is None:
        name, value = next(iter(fields.items()))
        yield Fault(file, 0, name, value, f"the line of that name, line {line} before", cause)
        return
    for column, value in fields.items():
        if now[1].get(column) != value:
            yield Fault(file, now[0], column, now[1].get(column, ""), repr(value) if value else "an empty field", cause)


def _git(root: Path, *arguments: str) -> str | None:
    """What git answers in the project's folder, or none where it refuses."""
    try:
        done = subprocess.run(["git", *arguments], cwd=root, capture_output=True, check=False)  # noqa: S603, S607 - no shell
    except OSError as error:
        raise InputError(f"git cannot be run: {error.strerror}") from None
    return done.stdout.decode("utf-8-sig") if done.returncode == 0 else None
