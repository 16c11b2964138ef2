"""Where a project's folders are. A project is a folder with `data/claims.csv`: a clone, or a copy with other data."""

from pathlib import Path

from analysis.errors import InputError

MARK = Path("data", "claims.csv")


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
