"""Putting editions before readers: whole or not at all, whatever happens meanwhile. What is in them is not known here.

An edition appears by one rename. What is derived from the editions that are there (notices, the index, `latest`) is
replaced file by file after that, and made anew each time, so that what a killed process left undone is done by the next.
"""

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from filelock import FileLock, Timeout

from analysis.errors import BuildError, BusyError, InputError
from analysis.reporting.editions import WITHDRAWN, editions, find, latest, place, read, superseded_by, withdrawn
from analysis.reporting.html import index_page
from analysis.reporting.notices import Notice, with_notice, without_notice
from analysis.units import day_label

INDEX = "index.html"
LATEST = "latest"
_STAGING = ".staging"
_READABLE = 0o444  # a published file is not written again


@contextmanager
def publishing(reports: Path) -> Iterator[Path]:
    """Sole use of the folder of reports, with an empty staging folder in it that is gone afterwards.

    Raises:
        BusyError: where another build is under way.
        BuildError: where the folder cannot be written.
    """
    staging = reports / _STAGING
    try:
        reports.mkdir(exist_ok=True)
        with FileLock(reports / ".lock").acquire(timeout=0):
            _clear(staging)
            staging.mkdir()
            try:
                yield staging
            finally:
                _clear(staging)
    except Timeout:
        raise BusyError(f"another build is under way in {reports}: wait for it, then build again") from None
    except OSError as error:
        raise BuildError(f"{error.filename or reports}: {error.strerror}: nothing was published") from error


def publish(staged: Path, target: Path, /) -> None:
    """Give a finished edition its name, by one rename, once all of it is on the disk."""
    for path in staged.iterdir():
        path.chmod(_READABLE)
        _flush(path)
    _flush(staged)
    staged.rename(target)
    _flush(target.parent)


def refresh(reports: Path, staging: Path, /) -> None:
    """Bring what is derived from the editions up to date: the notices on them, then the index, then `latest`."""
    found = editions(reports)
    for path in found:
        if read(path) is not None:
            _mark(path, found, staging)
    index = index_page([about(path, found) for path in reversed(found)])
    _replace(reports / INDEX, index.encode(), staging)
    _point(reports / LATEST, latest(found), staging)
    _flush(reports)


def withdraw(reports: Path, name: str, /, *, reason: str, day: date) -> Path:
    """Mark an edition as withdrawn, everywhere; it stays.

    Args:
        reports: the folder of reports.
        name: the edition.
        reason: why, for its readers.
        day: since when.

    Raises:
        InputError: where there is no such edition, it is withdrawn already, or no reason is given.
        BusyError: where a build is under way.
    """
    if not reason.strip() or not reason.isprintable():
        raise InputError(f"--reason {reason!r}: expected a sentence in one line that tells readers what was wrong")
    with publishing(reports) as staging:
        folder = find(reports, name)
        before = withdrawn(folder)
        if before is not None:
            raise InputError(f"edition {name} is withdrawn since {before['date']}: {before['reason']}")
        record = json.dumps({"date": str(day), "reason": reason.strip()}, ensure_ascii=False, indent=2) + "\n"
        _replace(folder / WITHDRAWN, record.encode(), staging)
        refresh(reports, staging)
        return folder


def about(path: Path, found: list[Path], /) -> dict:
    """What the index says of an edition: what it says of itself, and its name and state."""
    told = read(path)
    if told is None:
        return {"name": path.name, "state": "damaged", "as_of": "", "recorded_by": None, "parameters": {}, "what_changed": ""}
    gone, later = withdrawn(path), superseded_by(path, found)
    state = _withdrawal(gone) if gone else ""
    if later and not gone:
        lost = read(later)["parameters"].keys() & told["parameters"].keys()
        in_part = f" in {', '.join(sorted(lost))}" if len(lost) < len(told["parameters"]) else ""
        state = f"superseded by {later.name}{in_part}"
    return {"name": path.name, "state": state, **told}


def _mark(path: Path, found: list[Path], staging: Path) -> None:
    """Put the notices on an edition's files that belong there now, and take off those that do not."""
    gone = withdrawn(path)
    is_alone = not any(place(other)[0] == place(path)[0] for other in found if other != path)
    if gone is None and is_alone and not _was_marked(path):
        return
    for file in sorted(path.iterdir()):
        if file.suffix not in (".html", ".pdf"):
            continue
        content = file.read_bytes()
        noted = with_notice(content, file.suffix, _notice(path, file, gone, found))
        if noted != content:
            _replace(file, noted, staging)


def _notice(path: Path, file: Path, gone: dict | None, found: list[Path]) -> Notice | None:
    if gone:
        return Notice(f"W{_withdrawal(gone)[1:]}")
    later = superseded_by(path, found, None if file.name == INDEX else file.stem)
    return Notice("Superseded by the edition", f"../{later.name}/{file.name}", later.name) if later else None


def _withdrawal(record: dict[str, str]) -> str:
    return f"withdrawn on {day_label(date.fromisoformat(record['date']))}: {record['reason']}"


def _was_marked(path: Path) -> bool:
    """Whether an edition bears a notice, though it is now the only one of its day."""
    page = path / INDEX
    content = page.read_bytes() if page.is_file() else b""
    return without_notice(content, page.suffix) != content


def _replace(path: Path, content: bytes, staging: Path) -> None:
    """Write a file so that a reader, and a crash, sees the old one or the new one, never a part."""
    temporary = staging / "replacement"
    with temporary.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    temporary.chmod(_READABLE)
    temporary.replace(path)
    _flush(path.parent)


def _point(link: Path, target: Path | None, staging: Path) -> None:
    """Let a link lead to a folder beside it, in one step; without a target there is no link."""
    if target is None:
        link.unlink(missing_ok=True)
    elif not (link.is_symlink() and link.readlink().name == target.name):
        temporary = staging / LATEST
        temporary.symlink_to(target.name, target_is_directory=True)
        temporary.replace(link)


def _flush(path: Path) -> None:
    """Wait until a file, or the names in a folder, are on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _clear(path: Path) -> None:
    """Take away what an earlier build left, whatever it is."""
    if path.is_symlink() or path.is_file():
        path.unlink()
    elif path.exists():
        shutil.rmtree(path)
