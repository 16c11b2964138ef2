"""Whether a build was asked for before and nothing has happened since: then there is nothing to load, and nothing to do.

Two things are kept, in a file in the folder of reports that may be deleted at any time. What a request came to: that follows
from the request and from files, and holds as long as these have the same content. And how the folder looked when all that
is derived from its editions was up to date: while it looks so, nothing was withdrawn or lost, or left undone by a process that
was killed. Where either is in doubt there is no answer, and a build goes the long way.
"""

import json
import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from analysis.errors import BuildError
from analysis.reporting import editions
from analysis.reporting.planning import hashes
from analysis.reporting.staleness import digest as hash_of

KEPT = ".asked.json"
_MOST = 100  # requests that are kept, those made last
_NEW = KEPT + ".new"
_PASSING = {".lock", ".staging", ".failed", KEPT, _NEW}  # what may come and go in the folder without a word on its editions


@dataclass(frozen=True)
class Answer:
    """The edition that is there already, its reports, and the lines that were told of the plan, each with whether it warns."""

    folder: Path
    reports: list[str]
    lines: list[tuple[str, bool]]


def asked(root: Path, request: Mapping[str, object], /) -> str:
    """A hash of a request and of every file that decides what comes of it; empty where one cannot be read.

    Args:
        root: the project.
        request: the arguments of a build; its `date` among them, as findings depend on the day.
    """
    try:
        return hash_of([request, _files(root)])
    except OSError:
        return ""  # which one, and why, is told by the long way


def digest(path: Path, /) -> str:
    """A hash of a file's content; empty where it cannot be read."""
    return editions.sha256(path) if path.is_file() else ""


def answer(root: Path, asked: str, /, *, date: str) -> Answer | None:
    """The edition that a build would find to be there already; None where it may be otherwise.

    Args:
        root: the project.
        asked: what `asked` gives for the request.
        date: the edition's day.
    """
    reports = root / "reports"
    kept = _kept(reports)
    try:
        said = kept["answers"][asked]
        if kept["settled"] != _looks(reports):
            return None
        today = [editions.manifest(path) for path in editions.editions(reports) if editions.place(path)[0] == date]
        folder = reports / today[-1]["edition"]
        if today[-1]["key"] != said["key"] or editions.withdrawn(folder) is not None:
            return None
        return Answer(folder, list(today[-1]["parameters"]), [(str(text), bool(warns)) for text, warns in said["lines"]])
    except (BuildError, OSError, KeyError, IndexError, TypeError, ValueError):
        return None


def keep(root: Path, asked: str, /, *, key: str, lines: list[tuple[str, bool]]) -> None:
    """Keep what a request came to: the key of its edition, and what was told of the plan."""
    if not asked:
        return
    reports = root / "reports"
    answers = {name: said for name, said in _kept(reports).get("answers", {}).items() if name != asked}
    newest = dict(list(answers.items())[1 - _MOST :])
    _keep(reports, lambda: {"answers": newest | {asked: {"key": key, "lines": lines}}})


def settle(reports: Path, /) -> None:
    """Keep how the folder looks now that all that is derived from its editions is up to date."""
    _keep(reports, lambda: {"settled": _looks(reports)})


def _files(root: Path) -> dict[str, str]:
    """Hash of every file that may decide what comes of a build."""
    settings, notebooks = root / "pyproject.toml", sorted((root / "notebooks").glob("*.ipynb"))
    for path in (*(root / "data").glob("*.csv"), *notebooks):
        if not path.is_file():  # a pipe would be waited for
            raise OSError(f"{path} is no file")
    return hashes(root, notebooks) | ({settings.name: editions.sha256(settings)} if settings.is_file() else {})


def _looks(reports: Path) -> str:
    """A hash of the names, sizes and times of all that is in the folder, and of what the derived pages are made with."""
    return hash_of([_seen(reports), _files(reports.parent)])


def _seen(folder: Path) -> list[list]:
    with os.scandir(folder) as there:
        entries = sorted((entry for entry in there if entry.name not in _PASSING), key=lambda entry: entry.name)
    seen = []
    for entry in entries:
        if entry.is_symlink():
            seen.append([entry.name, str(Path(entry).readlink())])
        elif entry.is_dir():
            seen.append([entry.name, _seen(Path(entry))])
        else:
            seen.append([entry.name, entry.stat().st_size, entry.stat().st_mtime_ns])
    return seen


def _kept(reports: Path) -> dict[str, Any]:
    try:
        kept = json.loads((reports / KEPT).read_text("utf-8"))
        return kept if isinstance(kept, dict) and isinstance(kept.get("answers", {}), dict) else {}
    except (OSError, ValueError):
        return {}


def _keep(reports: Path, more: Callable[[], dict[str, Any]]) -> None:
    # Of two processes that write at once one may spoil it, and a full disk keeps nothing: the next build goes the long way.
    with suppress(OSError):
        (reports / _NEW).write_text(json.dumps(_kept(reports) | more()), "utf-8")
        (reports / _NEW).replace(reports / KEPT)
