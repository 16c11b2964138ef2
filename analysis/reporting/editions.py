"""Published editions, read back: which there are, what each says of itself, whether it is whole. Nothing is written."""

import csv
import hashlib
import json
import re
from datetime import date
from pathlib import Path

from analysis.errors import BuildError, InputError, escaped

MANIFEST = "manifest.json"
FIGURES = "figures.csv"
_NAME = re.compile(r"(\d{4}-\d{2}-\d{2})(?:\.(\d+))?")


def editions(reports: Path, /, *, day: date | None = None) -> list[Path]:
    """The editions in a folder, earliest first.

    Args:
        reports: the folder of reports; it need not be there.
        day: only those of this day.
    """
    found = [path for path in reports.iterdir() if _NAME.fullmatch(path.name)] if reports.is_dir() else []
    found = [path for path in found if (path / MANIFEST).is_file() and (day is None or path.name.startswith(str(day)))]
    return sorted(found, key=lambda path: (path.name[:10], suffix(path)))


def find(reports: Path, name: str | None, /) -> Path:
    """The edition of that name, or the latest.

    Raises:
        InputError: where there is none.
    """
    found = {path.name: path for path in editions(reports)}
    if not found:
        raise InputError(f"there is no edition in {reports}: make report builds one")
    if name is not None and name not in found:
        raise InputError(f"no edition {name}; there are {', '.join(found)}")
    return found[name] if name is not None else list(found.values())[-1]


def suffix(edition: Path) -> int:
    """0 for the first edition of a day, 1 for the next ..."""
    return int(edition.name.partition(".")[2] or 0)


def manifest(folder: Path, /) -> dict:
    """What an edition says of itself; one that has lost a file is not taken for whole.

    Raises:
        BuildError: for a manifest that cannot be read, and files that are gone.
    """
    told = _read(folder)
    lost = [MANIFEST] if told is None else [name for name in told["outputs"] if not (folder / name).exists()]
    if lost:
        raise BuildError(f"edition {folder} is damaged ({', '.join(lost)}): move it away, then build again")
    return told


def damage(folder: Path, /) -> list[str]:
    """What of an edition is not as it was published, one line a file, its name escaped; empty where all is."""
    told = _read(folder)
    if told is None:
        return [f"{MANIFEST}: cannot be read as what an edition says of itself"]
    there = {path.name for path in folder.iterdir()} - {MANIFEST}
    lines = [f"{name}: is gone" for name in told["outputs"] if name not in there]
    lines += [f"{name}: has come since" for name in sorted(there - set(told["outputs"]))]
    changed = [name for name, digest in told["outputs"].items() if name in there and sha256(folder / name) != digest]
    return [escaped(line) for line in [*lines, *(f"{name}: was changed since it was published" for name in changed)]]


def figures(folder: Path, /) -> list[dict[str, str]]:
    """The figures of an edition as its table has them, in its order; `claim_ids` are separated by semicolons."""
    with (folder / FIGURES).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def sha256(path: Path) -> str:
    """The hash of a file's content."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _read(folder: Path) -> dict | None:
    try:
        told = json.loads((folder / MANIFEST).read_text("utf-8"))
        return told if isinstance(told["outputs"], dict) else None
    except (OSError, ValueError, KeyError, TypeError):
        return None
