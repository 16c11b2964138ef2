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
    """Make sure that no line of the growing tables was edited or deleted since a git revision.

    Held are the files against the last commit, and every commit since the revision against each of its parents: a line
    that was added and edited after it is found too, and so is an edit that was taken back.

    Args:
        root: the project.
        ref: the revision, such as a commit, a tag or `HEAD~1`.

    Returns:
        File -> how many lines were added since; a file that the revision does not have counts as new.

    Raises:
        InputError: where git does not know the revision, or the project is no git checkout.
        LedgerError: with every line that was edited, moved or deleted, and the commit that did it.
    """
    known = _git(root, "rev-parse", "--quiet", "--verify", f"{ref}^{{commit}}")
    if known is None:
        raise InputError(f"--since {ref}: git knows no such revision in {root}; is the history there in full?")
    # What came into a revision that is no ancestor shows in none of the commits that lead here.
    is_ancestor = _git(root, "merge-base", "--is-ancestor", ref, "HEAD") is not None
    added, faults = {}, []
    for table in GROWING:
        file = f"{table}.csv"
        before, last = (_git(root, "show", f"{revision}:./data/{file}") or "" for revision in (ref, "HEAD"))
        now = (root / "data" / file).read_text("utf-8-sig")
        added[file] = len(_by_key(table, now).keys() - _by_key(table, before).keys())
        faults += _changes(table, last, now, "compared with HEAD")
        faults += [] if is_ancestor else _changes(table, before, now, f"compared with {ref}")
    for commit, table, old, new in _steps(root, ref):
        before, now = (_git(root, "cat-file", "blob", blob) or "" for blob in (old, new))
        faults += _changes(table, before, now, f"changed by commit {commit}")
    if faults:
        raise LedgerError(faults)
    return added


def _steps(root: Path, ref: str) -> Iterator[tuple[str, str, str, str]]:
    """Each commit since `ref` that changed a growing table: the commit, the table, and the file before and after.

    Not by path: git would then leave out the side of a merge whose lines were dropped.
    """
    raw = ("--raw", "--no-abbrev", "--no-renames", "--relative", "--format=%h")
    files, commit = {f"data/{table}.csv": table for table in GROWING}, ""
    for line in (_git(root, "log", "-m", *raw, f"{ref}..HEAD", "--") or "").splitlines():
        fields, _, path = line.partition("\t")
        if path in files:
            _, _, old, new, _ = fields.split()
            yield commit, files[path], old, new
        elif line and not path:
            commit = line[:12]


def _by_key(table: str, text: str) -> dict[tuple, tuple[int, dict[str, str]]]:
    """The rows of a table by their key, each with its line and its fields by column."""
    header, rows, _ = read_rows(f"{table}.csv", text)
    named = [(line, dict(zip(header, row, strict=False))) for line, row in rows]
    return {tuple(fields.get(column, "") for column in TABLES[table].primary_key()): (line, fields) for line, fields in named}


def _changes(table: str, before: str, now: str, place: str) -> Iterator[Fault]:
    """What lines of a file say otherwise than they did; columns that came since are passed over."""
    file, cause, rows = (
        f"{table}.csv",
        f"lines are never edited: append a new entry with a reason; {place}",
        _by_key(table, now),
    )
    for key, (line, fields) in _by_key(table, before).items():
        if key not in rows:
            name, value = next(iter(fields.items()))
            yield Fault(file, 0, name, value, f"the line of that name, line {line} before", cause)
            continue
        place_now, said = rows[key]
        for column, value in fields.items():
            if said.get(column) != value:
                yield Fault(file, place_now, column, said.get(column, ""), repr(value) if value else "an empty field", cause)


def _git(root: Path, *arguments: str) -> str | None:
    """What git answers in the project's folder, or none where it refuses."""
    try:
        done = subprocess.run(["git", *arguments], cwd=root, capture_output=True, check=False)  # noqa: S603, S607 - no shell
    except OSError as error:
        raise InputError(f"git cannot be run: {error.strerror}") from None
    return done.stdout.decode("utf-8-sig") if done.returncode == 0 else None
