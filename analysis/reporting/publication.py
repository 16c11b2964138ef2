"""Putting editions before readers: whole or not at all, whatever happens meanwhile. What is in them is not known here.

An edition appears by one rename. What is derived from the editions that are there (notices, the index, `latest`) is
replaced file by file after that, and made anew each time, so that what a killed process left undone is done by the next.
"""

import errno
import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import date
from itertools import groupby
from pathlib import Path

from filelock import FileLock, Timeout

from analysis import __version__
from analysis.errors import BuildError, BusyError, InputError
from analysis.project import address
from analysis.reporting.again import settle
from analysis.reporting.editions import WITHDRAWN, account, editions, find, latest, place, superseded_by, withdrawn
from analysis.reporting.feed import feed
from analysis.reporting.index import entries, index_page, latest_page, withdrawal_in_words
from analysis.reporting.notices import Notice, with_notice
from analysis.reporting.planning import TITLE

INDEX = "index.html"
FEED = "feed.xml"
LATEST = "latest"
LATEST_PAGE = "latest.html"
_KEPT = ".notices.json"
_STAGING = ".staging"
_REPLACEMENT = "replacement"
_NO_LINKS = (errno.EPERM, errno.ENOSYS, errno.ENOTSUP)  # of file systems, and users, without symbolic links
_READABLE = 0o444  # a published file is not written again


@contextmanager
def publishing(reports: Path) -> Iterator[Path]:
    """Sole use of the folder of reports, with a staging folder in it, which stays where something is left in it.

    Raises:
        BusyError: where another build is under way.
        BuildError: where the folder cannot be written.
    """
    staging = reports / _STAGING
    try:
        reports.mkdir(exist_ok=True)
        with FileLock(reports / ".lock").acquire(timeout=0):
            if staging.is_symlink() or not staging.is_dir():
                clear(staging)
            staging.mkdir(exist_ok=True)
            clear(staging / _REPLACEMENT)
            try:
                yield staging
            finally:
                with suppress(OSError):
                    staging.rmdir()
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
    """Bring what is derived from the editions up to date: the notices on them, the index, the feed, and last the latest.

    Raises:
        InputError: where the project's settings say an address that is none.
    """
    where = address(reports.parent / "pyproject.toml")
    found = editions(reports)
    _mark(reports, found, staging)
    told = entries(found)
    last = latest(found)
    derived = {INDEX: index_page(told), FEED: feed(told, title=TITLE, address=where), LATEST_PAGE: latest_page(last)}
    for name, text in derived.items():
        _replace(reports / name, text.encode(errors="replace"), staging)
    _point(reports / LATEST, last, staging)
    _flush(reports)
    settle(reports)


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
    address(reports.parent / "pyproject.toml")  # refuses before anything is written
    with publishing(reports) as staging:
        folder = find(reports, name)
        before = withdrawn(folder)
        if before is not None:
            raise InputError(f"edition {name} is withdrawn since {before['date']}: {before['reason']}")
        record = json.dumps({"date": str(day), "reason": reason.strip()}, ensure_ascii=False, indent=2) + "\n"
        _replace(folder / WITHDRAWN, record.encode(), staging)
        refresh(reports, staging)
        return folder


def _mark(reports: Path, found: list[Path], staging: Path) -> None:
    """Put the notices on the editions' files that belong there now, and take off those that do not.

    Which notices an edition's files bear is kept, with the sizes and times of these files. Only those are read again that are
    to bear others, or are not as they were left: by whoever touched them, or by a process that was killed meanwhile.
    """
    kept, seals = _kept(reports / _KEPT), {}
    for _, group in groupby(found, key=lambda path: place(path)[0]):
        same_day = list(group)
        for path in (path for path in same_day if account(path) is not None):
            notices = notices_on(path, same_day)
            seal = _seal(path, notices)
            if kept.get(path.name) != seal:
                _put_on(path, notices, staging)
                seal = _seal(path, notices)
            seals[path.name] = seal
    if seals != kept:
        _replace(reports / _KEPT, json.dumps(seals, indent=0).encode(), staging)


def _put_on(path: Path, notices: dict[str, Notice | None], staging: Path) -> None:
    for name, notice in notices.items():
        content = (path / name).read_bytes()
        noted = with_notice(content, Path(name).suffix, notice)
        if noted != content:
            _replace(path / name, noted, staging)


def notices_on(path: Path, same_day: list[Path]) -> dict[str, Notice | None]:
    """The notice that belongs on each of an edition's pages and PDFs, given the editions of its day."""
    gone = withdrawn(path)
    files = sorted(file.name for file in path.iterdir() if file.suffix in (".html", ".pdf"))
    if gone is None and len(same_day) == 1:
        return dict.fromkeys(files)
    return {name: _notice(path, Path(name), gone, same_day) for name in files}


def _notice(path: Path, file: Path, gone: dict | None, same_day: list[Path]) -> Notice | None:
    if gone:
        return Notice(withdrawal_in_words(gone))
    later = superseded_by(path, same_day, None if file.name == INDEX else file.stem)
    return Notice("Superseded by the edition", f"../{later.name}/{file.name}", later.name) if later else None


def _seal(path: Path, notices: dict[str, Notice | None]) -> str:
    """A hash of the notices that files bear, and of the files' sizes and times."""
    with os.scandir(path) as there:
        files = {file.name: file.stat() for file in there if file.name in notices}
    parts = [(name, repr(notices[name]), files[name].st_size, files[name].st_mtime_ns) for name in notices]
    return hashlib.sha256(repr((__version__, parts)).encode()).hexdigest()


def _kept(path: Path) -> dict[str, str]:
    """The seals of the editions, by their names; none where that cannot be read: then all are looked at."""
    try:
        kept = json.loads(path.read_text("utf-8"))
        return kept if isinstance(kept, dict) else {}
    except (OSError, ValueError):
        return {}


def _replace(path: Path, content: bytes, staging: Path) -> None:
    """Write a file so that a reader, and a crash, sees the old one or the new one, never a part."""
    temporary = staging / _REPLACEMENT
    with temporary.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    temporary.chmod(_READABLE)
    temporary.replace(path)
    _flush(path.parent)


def _point(link: Path, target: Path | None, staging: Path) -> None:
    """Let a link lead to a folder beside it, in one step; without a target, or where there are no links, there is none."""
    if target is None:
        link.unlink(missing_ok=True)
    elif not (link.is_symlink() and link.readlink().name == target.name):
        temporary = staging / LATEST
        try:
            temporary.symlink_to(target.name, target_is_directory=True)
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise
            return
        temporary.replace(link)


def _flush(path: Path) -> None:
    """Wait until a file, or the names in a folder, are on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def clear(path: Path, /) -> None:
    """Take away whatever is there."""
    if path.is_symlink() or path.is_file():
        path.unlink()
    elif path.exists():
        shutil.rmtree(path)
