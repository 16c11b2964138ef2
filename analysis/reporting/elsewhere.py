"""Editions at another address: an object store, or whatever else fsspec writes to, brought up to date with the folder here.

A reader there finds what a reader here finds, by the same relative links; only the link `latest` has no counterpart, and
`latest.html` does its work. Nothing is deleted there. An edition's manifest comes after its other files, so that one with a
manifest is whole; what is derived from all editions comes after them. To find what is to be sent, names and sizes are listed
there, and a record that is kept there says which editions have come with which notices. Where it says nothing, manifests are
read and the pages with notices are sent again.
"""

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from analysis import __version__
from analysis.errors import BuildError, InputError
from analysis.reporting.editions import MANIFEST, WITHDRAWN, damage, editions, place, read
from analysis.reporting.publication import FEED, INDEX, LATEST_PAGE, notices_on

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

RECORD = ".evroad.json"
"""Which editions an address has, each with its id and a hash of its notices; by it an address is known as one of ours."""

TYPES = {
    ".csv": "text/csv; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".ipynb": "application/x-ipynb+json",
    ".json": "application/json",
    ".parquet": "application/vnd.apache.parquet",
    ".pdf": "application/pdf",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".xml": "application/atom+xml; charset=utf-8",
}
"""What a browser is told that a file is, by the ending of its name. What stores guess differs, and Azure guesses nothing."""

_TYPED: dict[str, Callable[[str], dict[str, Any]]] = {
    "s3": lambda kind: {"ContentType": kind},
    "gs": lambda kind: {"content_type": kind},
    "abfs": lambda kind: {"content_settings": {"content_type": kind}},
}  # how each object store is told; where there are others, there are folders instead
_EXTRAS = {"s3": "s3", "s3a": "s3", "gs": "gcs", "gcs": "gcs", "abfs": "azure", "abfss": "azure", "az": "azure"}
_BROKEN = ""  # in place of an id
_AT_ONCE = 8  # files on their way: a store answers each after tens of milliseconds
_SECRET = re.compile(r"(?<=//)([^/:@?]*:)(.*)(?=@)|(?<=\?).*", re.DOTALL)  # a password, and what may be a signature


@dataclass(frozen=True)
class Address:
    """A folder that editions are sent to: its address as it may be told, who writes there, and what is told to nobody."""

    shown: str
    files: "AbstractFileSystem"
    folder: str
    secrets: tuple[str, ...] = ()

    def failure(self, name: str, error: Exception) -> BuildError:
        """What is said where a file could not be sent or read, in the words of who refused it, without credentials."""
        words = " ".join(str(error).split()) or type(error).__name__
        for secret in self.secrets:
            words = words.replace(secret, "…")
        return BuildError(f"{self.shown}: {name}: {words}")


def reach(text: str, reports: Path, /) -> Address:
    """The folder at an address, as `s3://bucket/reports`. Nothing is asked of it yet.

    Args:
        text: the address; a password in it, and what follows ?, is not repeated.
        reports: the folder of reports here, which is no address to send itself to.

    Raises:
        InputError: for what is no such address, or needs what is not installed.
    """
    protocol, sign, rest = text.partition("://")
    secrets = tuple(word for found in _SECRET.finditer(text) if found[2] for word in (found[2], unquote(found[2])))
    told = _SECRET.sub(lambda found: (found[1] or "") + "…", text)
    if not sign or not rest.strip("/") or "?" in rest or protocol in ("http", "https"):
        raise InputError(f"{told}: expected an address that can be written to, as s3://BUCKET/FOLDER or file:///FOLDER")
    try:
        from fsspec.core import url_to_fs

        files, folder = url_to_fs(text, use_listings_cache=False)
        folder = folder.rstrip("/")
    except ImportError as error:
        extra = _EXTRAS.get(protocol)
        remedy = f'pip install "evroad[{extra}]"' if extra else str(error)
        raise InputError(f"{told}: what writes to {protocol}:// is not installed: {remedy}") from None
    except Exception as error:
        raise InputError(str(Address(told, None, "", secrets).failure("cannot be used", error))) from None
    if "file" in _protocols(files) and Path(folder).resolve().is_relative_to(reports.resolve()):
        raise InputError(f"{told} is the folder of reports itself, or in it: name another")
    return Address(told, files, folder, secrets)


def send(reports: Path, to: Address, /) -> list[str]:
    """Bring an address up to date with the folder of reports; what is there already is not sent again.

    Returns:
        The names of the files that were sent, below the address; of an edition several are on their way at once.

    Raises:
        BuildError: where the address refuses a file, or holds another edition of a name. For an edition that is damaged here
            too, but only when the others were sent.
    """
    there = _listed(to)
    kept = _kept(to, there)
    found = list(_held(editions(reports)))
    held, damaged = [one for one in found if one.told], [one.path.name for one in found if not one.told]
    _refuse_others(to, held, there, kept)
    wanted = {one.path.name: names for one in held if (names := one.wanted(there, kept.get(one.path.name)))}
    for one in held:
        if one.path.name in wanted and damage(one.path):
            damaged.append(one.path.name)
            del wanted[one.path.name]
    sent: list[str] = []
    if wanted:  # killed among them, the next run finds in the record that they are in doubt
        _put(to, RECORD, _in_json({name: seal for name, seal in kept.items() if name not in wanted}))
    for name, files in wanted.items():
        sent += _send_edition(to, reports / name, files)
    for name in (INDEX, FEED, LATEST_PAGE):
        content = (reports / name).read_bytes()
        if there.get(name) != len(content) or _get(to, name) != content:
            _put(to, name, content)
            sent.append(name)
    now = kept | {one.path.name: one.seal for one in held if one.path.name not in damaged}
    if wanted or now != kept:
        _put(to, RECORD, _in_json(now))
    if damaged:
        names = ", ".join(damaged)
        raise BuildError(f"{to.shown}: {names}: not sent, as it is damaged here: evroad verify tells what of it. Put it right")
    return sent


@dataclass(frozen=True)
class _Held:
    """An edition here: what it says of itself, and which of its files bear a notice."""

    path: Path
    told: dict[str, Any] | None
    noted: list[str]
    seal: list[str]

    def wanted(self, there: Mapping[str, int], seal: list[str] | None) -> list[str]:
        """The files of it that are not at an address as they are here, the manifest last."""
        withdrawal = [WITHDRAWN] if (self.path / WITHDRAWN).exists() else []
        names = [*self.told["outputs"], *withdrawal, MANIFEST]
        if f"{self.path.name}/{MANIFEST}" not in there:
            return names
        in_doubt = self.noted if seal != self.seal else []
        return [name for name in names if name in in_doubt or there.get(f"{self.path.name}/{name}") != self._size(name)]

    def _size(self, name: str) -> int:
        path = self.path / name
        return path.stat().st_size if path.exists() else -1


def _held(found: list[Path]) -> Iterator[_Held]:
    """The editions with what there is to know of each, earliest first."""
    for _, group in groupby(found, key=lambda path: place(path)[0]):
        same_day = list(group)
        for path in same_day:
            told = read(path)
            notices = notices_on(path, same_day) if told else {}
            gone = (path / WITHDRAWN).read_bytes() if (path / WITHDRAWN).exists() else b""
            noted = [name for name, notice in notices.items() if notice] + ([WITHDRAWN] if gone else [])
            said = hashlib.sha256(repr((__version__, notices, gone) if noted else "").encode()).hexdigest()
            yield _Held(path, told, noted, [told["id"] if told else "", said])


def _refuse_others(to: Address, held: list[_Held], there: Mapping[str, int], kept: Mapping[str, list[str]]) -> None:
    """Refuse an address where something else has the names of ours: it would be overwritten."""
    ours = RECORD in there
    for one in held:
        name = f"{one.path.name}/{MANIFEST}"
        if name in there:
            known = kept.get(one.path.name)
            identity = known[0] if known else _identity(_get(to, name))
            if identity not in (one.told["id"], _BROKEN):
                raise BuildError(f"{to.shown}: {name}: is another edition of that name, which stays: name another folder")
            ours |= identity != _BROKEN
    foreign = [name for name in (INDEX, FEED, LATEST_PAGE) if name in there and not ours]
    if foreign:
        raise BuildError(f"{to.shown}: {foreign[0]}: was not put there by evroad, and stays: name a folder of its own")


def _send_edition(to: Address, path: Path, names: list[str]) -> list[str]:
    """Send files of an edition, several at once, and then the last of them, its manifest, if it is among them."""
    files = [name for name in names if name != MANIFEST]

    def one(name: str) -> None:
        _put(to, f"{path.name}/{name}", (path / name).read_bytes())

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        list(pool.map(one, files))
    if MANIFEST in names:
        one(MANIFEST)
    return [f"{path.name}/{name}" for name in names]


def _put(to: Address, name: str, content: bytes) -> None:
    """Write a file, with what it is; a reader finds the old one or the new one, as far as the address can do that."""
    path = f"{to.folder}/{name}"
    typed = next((_TYPED[one] for one in _protocols(to.files) if one in _TYPED), None)
    try:
        if typed:
            kind = TYPES.get(Path(name).suffix, "application/octet-stream")
            to.files.pipe_file(path, content, **typed(kind))
            return
        to.files.makedirs(path.rpartition("/")[0], exist_ok=True)  # of a store this would make the bucket
        if "file" in _protocols(to.files):
            to.files.pipe_file(f"{path}.part", content)
            Path(f"{path}.part").replace(path)
        else:
            to.files.pipe_file(path, content)
    except Exception as error:
        raise to.failure(name, error) from None


def _get(to: Address, name: str) -> bytes:
    try:
        return to.files.cat_file(f"{to.folder}/{name}")
    except Exception as error:
        raise to.failure(name, error) from None


def _listed(to: Address) -> dict[str, int]:
    """The files at an address -> their sizes."""
    try:
        found = to.files.find(to.folder, detail=True)
    except FileNotFoundError:
        return {}
    except Exception as error:
        raise to.failure("cannot be listed", error) from None
    return {path.removeprefix(f"{to.folder}/"): said["size"] for path, said in found.items()}


def _kept(to: Address, there: Mapping[str, int]) -> dict[str, list[str]]:
    """What the record there says, as far as it can be read: without it an edition's manifest is asked."""
    try:
        said = json.loads(_get(to, RECORD)) if RECORD in there else {}
        return {name: seal for name, seal in said.items() if isinstance(seal, list) and len(seal) == 2}
    except (ValueError, AttributeError):
        return {}


def _identity(manifest: bytes) -> str:
    """Which edition a manifest is of. One that breaks off was being written, and is written again."""
    try:
        return str(json.loads(manifest)["id"])
    except ValueError:
        return _BROKEN
    except (KeyError, TypeError):
        return "of others"


def _in_json(record: Mapping[str, list[str]]) -> bytes:
    return json.dumps(record, indent=0).encode()


def _protocols(files: "AbstractFileSystem") -> tuple[str, ...]:
    return (files.protocol,) if isinstance(files.protocol, str) else tuple(files.protocol)
