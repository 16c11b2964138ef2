"""Published editions, read back: which there are, what each says of itself, whether it is whole. Nothing is written."""

import csv
import hashlib
import json
import re
from collections.abc import Mapping
from datetime import date
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from analysis.errors import BuildError, InputError, escaped
from analysis.reporting.notices import without_notice

if TYPE_CHECKING:
    import polars as pl

    from analysis.comparison import Told

MANIFEST = "manifest.json"
WITHDRAWN = "withdrawn.json"
FIGURES = "figures.parquet"
CITED = "claims.parquet"
_NAME = re.compile(r"(\d{4}-\d{2}-\d{2})(?:\.([1-9]\d*))?")


def editions(reports: Path, /) -> list[Path]:
    """The editions in a folder, earliest first.

    Args:
        reports: the folder of reports; it need not be there.
    """
    found = [path for path in reports.iterdir() if _is_name(path.name)] if reports.is_dir() else []
    return sorted((path for path in found if (path / MANIFEST).is_file()), key=place)


def _is_name(text: str) -> bool:
    """Whether an edition can be named so: after a day that there is."""
    named = _NAME.fullmatch(text)
    try:
        return named is not None and bool(date.fromisoformat(named[1]))
    except ValueError:
        return False


def place(edition: Path) -> tuple[str, int]:
    """Where an edition stands among the others: its day, and 0 for the first of that day, 1 for the next ..."""
    day, _, suffix = edition.name.partition(".")
    return day, int(suffix or 0)


def find(reports: Path, name: str | None, /) -> Path:
    """The edition of that name, or the latest.

    Raises:
        InputError: where there is none.
    """
    found = {path.name: path for path in editions(reports)}
    if not found:
        raise InputError(f"there is no edition in {reports}: make report builds one")
    if name is None:
        return latest(list(found.values())) or list(found.values())[-1]
    if name not in found:
        raise InputError(f"no edition {name!r}; there are {', '.join(list(found)[-10:])}")
    return found[name]


def latest(found: list[Path], /) -> Path | None:
    """The edition that a reader wants who wants the latest: not withdrawn, of all reports, of today's knowledge.

    Where there is none of all reports, or none of today's knowledge, the newest that comes nearest to it.
    """
    ranked = []
    for path in found:
        told = account(path)
        if told is not None and withdrawn(path) is None:
            ranked.append((not told["is_replay"], told["is_whole"], place(path), path))
    return max(ranked)[-1] if ranked else None


def before(found: list[Path], told: Mapping, /, *, name: str) -> Path | None:
    """The edition that one of that name is compared with: the last one before it that tells of the same day of knowledge.

    Of those that share a report with it, one that has all its reports is taken before one that has not. A replay of an
    earlier day has another replay of that day before it, and today's knowledge never a replay.
    """
    ranked = []
    for path in found:
        other = account(path)
        if other is None or place(path) >= place(Path(name)) or withdrawn(path) is not None or not is_of_the_same(other, told):
            continue
        if shared := other["parameters"].keys() & told["parameters"].keys():
            ranked.append((len(shared) == len(told["parameters"]), place(path), path))
    return max(ranked)[-1] if ranked else None


def superseded_by(path: Path, found: list[Path], report: str | None = None, /) -> Path | None:
    """The last edition of the same day that took the place of one, or of one of its reports; withdrawn ones did not.

    Nor did one that has the report as this one has it, made once for both.
    """
    told = account(path)
    if told is None:
        return None
    same = [other for other in found if place(other) > place(path) and other.name[:10] == path.name[:10]]
    later = [(other, account(other)) for other in same if withdrawn(other) is None]
    later = [(other, said) for other, said in reversed(later) if said and is_of_the_same(said, told)]
    replaced = []
    for name in told["parameters"] if report is None else [report]:
        last = next(((other, said) for other, said in later if name in said["parameters"] and name in told["parameters"]), None)
        if last and _made_in(*last, name) != _made_in(path, told, name):
            replaced.append(last[0])
    return max(replaced, key=place, default=None)


def _made_in(path: Path, told: Mapping, report: str) -> str:
    return told.get("made_in", {}).get(report, path.name)


def is_of_the_same(one: Mapping, other: Mapping) -> bool:
    """Whether two editions tell of the same knowledge: both of all that is known, or replays of one day."""
    if one["is_replay"] or other["is_replay"]:
        return all(one[clock] == other[clock] for clock in ("is_replay", "as_of", "recorded_by"))
    return True


def manifest(folder: Path, /) -> dict[str, Any]:
    """What an edition says of itself; one that has lost a file is not taken for whole.

    Raises:
        BuildError: for a manifest that cannot be read, and files that are gone.
    """
    told = read(folder)
    lost = [MANIFEST] if told is None else [name for name in told["outputs"] if not (folder / name).exists()]
    if lost:
        raise BuildError(f"edition {folder} is damaged ({', '.join(lost)}): move it away, then build again")
    return told


def damage(folder: Path, /) -> list[str]:
    """What of an edition is not as it was published, one line a file, its name escaped; empty where all is.

    A notice that it was superseded or withdrawn is no damage.
    """
    told = read(folder)
    if told is None:
        return [f"{MANIFEST}: cannot be read as what an edition says of itself"]
    lines = [] if told["id"] == identity(told) else [f"{MANIFEST}: was changed since it was published"]
    if (folder / WITHDRAWN).exists() and withdrawn(folder) is None:
        lines.append(f"{WITHDRAWN}: cannot be read as a withdrawal")
    there = {path.name for path in folder.iterdir()} - {MANIFEST, WITHDRAWN}
    lines += [f"{name}: is gone" for name in told["outputs"] if name not in there]
    lines += [f"{name}: has come since" for name in sorted(there - set(told["outputs"]))]
    changed = [name for name, digest in told["outputs"].items() if name in there and _digest(folder / name) != digest]
    return [escaped(line) for line in [*lines, *(f"{name}: was changed since it was published" for name in changed)]]


def withdrawn(folder: Path, /) -> dict[str, str] | None:
    """The `date` and `reason` of an edition's withdrawal, if it was withdrawn."""
    try:
        record = json.loads((folder / WITHDRAWN).read_text("utf-8"))
        return {"date": str(date.fromisoformat(record["date"])), "reason": escaped(str(record["reason"]))}
    except (OSError, ValueError, KeyError, TypeError):
        return None


def told(folder: Path, /) -> "Told":
    """An edition's figures and the entries they rest on, to be compared with another's.

    Raises:
        BuildError: for an edition that is damaged.
    """
    from analysis.comparison import Told

    said = manifest(folder)
    told, entries = tables(folder)
    return Told(folder.name, said, told.to_dicts(), entries)


def tables(folder: Path, /) -> "tuple[pl.DataFrame, dict[str, int]]":
    """The figures in an edition's folder, and the entry of each statement they cite.

    Raises:
        BuildError: where they cannot be read.
    """
    import polars as pl

    try:
        cited = pl.read_parquet(folder / CITED, columns=["statement_id", "entry"])
        return pl.read_parquet(folder / FIGURES), dict(cited.iter_rows())
    except (OSError, pl.exceptions.PolarsError) as error:
        raise BuildError(f"edition {folder} is damaged ({error}): move it away, then build again") from None


def figures(folder: Path, /) -> list[dict[str, str]]:
    """The figures of an edition as its table has them, in its order; `claim_ids` are separated by semicolons."""
    with (folder / "figures.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def identity(told: dict[str, Any], /) -> str:
    """An edition's name by its content: the hash of all that it says of itself, hashes of its files included, but times."""
    content = {name: value for name, value in told.items() if name not in ("id", "seconds")}
    text = json.dumps(content, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()  # a file that was changed may hold half a pair


def sha256(path: Path, /) -> str:
    """The hash of a file's content."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def read(folder: Path, /) -> dict[str, Any] | None:
    """What an edition says of itself, or nothing where that cannot be read."""
    try:
        told = json.loads((folder / MANIFEST).read_text("utf-8"))
        parts = {"outputs": dict, "parameters": dict, "inputs": dict, "is_replay": bool, "is_whole": bool, "id": str}
        return told if all(isinstance(told[name], kind) for name, kind in parts.items()) else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def account(folder: Path, /) -> Mapping[str, Any] | None:
    """What `read` tells without files that went in or came out, and answers; read once while the manifest is the same file."""
    try:
        file = (folder / MANIFEST).stat()
    except OSError:
        return None
    return _account(folder, file.st_mtime_ns, file.st_size, file.st_ino)


@cache
def _account(folder: Path, *_: int) -> Mapping[str, Any] | None:
    told = read(folder)
    return (
        MappingProxyType({name: told[name] for name in told if name not in ("inputs", "outputs", "answers")}) if told else None
    )


def _digest(path: Path) -> str:
    if not path.is_file():
        return ""
    return hashlib.sha256(without_notice(path.read_bytes(), path.suffix)).hexdigest()
