"""Where a project's folders are, and what its settings say.

A project is a folder with `data/claims.csv`: a clone, or a copy with other data.
"""

import re
import tomllib
from pathlib import Path
from typing import Any

from analysis.errors import InputError

MARK = Path("data", "claims.csv")
_ADDRESS = re.compile(r"https?://[A-Za-z0-9.:\[\]-]+(/[A-Za-z0-9._~!$&'()*+,;=:@%/-]*)?")


def project_root(start: Path | None = None) -> Path:
    """The project around `start` (the current folder), or else the one that this package lies in.

    Raises:
        InputError: where neither is a project.
    """
    here = (start or Path.cwd()).resolve()
    for folder in (here, *here.parents, Path(__file__).resolve().parents[1]):
        if (folder / MARK).is_file():
            return folder
    raise InputError(f"no {MARK} in {here} or above it: run evroad inside a clone of the project")


def settings_table(pyproject: Path, /, *names: str) -> dict[str, Any]:
    """A table of the project's settings; empty where the file, or the table, is not there.

    Raises:
        InputError: for a file that is no TOML, and what is no table.
    """
    try:
        table: Any = tomllib.loads(pyproject.read_text("utf-8") if pyproject.exists() else "")
    except (OSError, ValueError) as error:
        raise InputError(f"{pyproject.name} cannot be read as TOML: {error}") from None
    for name in names:
        table = table.get(name, {})
        if not isinstance(table, dict):
            raise InputError(f"{pyproject.name}: {name} is {table!r}: expected the table [{'.'.join(names)}]")
    return table


def address(pyproject: Path, /) -> str:
    """Where the folder of reports is served, ending in /, as `address` in `[tool.evroad]` says; empty where it says nothing.

    Raises:
        InputError: for what is no address of a folder on the web.
    """
    given = settings_table(pyproject, "tool", "evroad").get("address", "")
    if given == "":
        return ""
    if not isinstance(given, str) or not _ADDRESS.fullmatch(given):
        expected = "an address as https://example.org/reports, in ASCII, without ? and #"
        raise InputError(f"{pyproject.name}, [tool.evroad], address is {given!r}: expected {expected}")
    return given.rstrip("/") + "/"
