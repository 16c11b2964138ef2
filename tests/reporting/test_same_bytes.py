"""The same inputs give the same bytes, wherever and however an edition is built."""

import csv
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from conftest import ROOT
from fontTools.ttLib import TTFont
from pypdf import PdfReader

from analysis.reporting.editions import MANIFEST
from analysis.typeface import LATIN_FOLDER

DAY = "2026-12-24"  # not the day of any entry: a date that is told is the edition's, or else wrong
BUILD = ["build", "partnerships", "rivals", "targets", "--date", DAY, "-p", "horizon_year=2031"]


def start(project: Path, home: Path, *, folder: str, umask: int, **environment: str) -> subprocess.Popen:
    """Begin a build in a folder of the project, with nothing of this process's environment but where programs lie."""
    (home / "t").mkdir(parents=True)  # a short name: a kernel's socket lies in it, whose whole name may not be long
    kept = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "HOME": str(home), "TMPDIR": str(home / "t")}
    return subprocess.Popen(
        [sys.executable, "-m", "analysis", *BUILD],
        cwd=project / folder,
        env=kept | environment,
        umask=umask,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


def copy_backwards(project: Path, folder: Path) -> Path:
    """The project elsewhere, its files made in another order and bearing another time."""
    for path in sorted((path for path in project.rglob("*") if path.is_file()), reverse=True):
        target = folder / path.relative_to(project)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(path.read_bytes())
        os.utime(target, (1e9, 1e9))
    return folder


def put_a_typeface_of_the_same_name(home: Path) -> None:
    """Ours with letters of twice the width, where a system looks for a user's own."""
    font = TTFont(LATIN_FOLDER / "SourceSansPro-Regular.ttf")
    widths = font["hmtx"].metrics
    widths.update({glyph: (2 * width, side) for glyph, (width, side) in widths.items()})
    fonts = home / ".local" / "share" / "fonts"
    fonts.mkdir(parents=True)
    font.save(fonts / "SourceSansPro-Regular.ttf")


def other_locale() -> str:
    """A locale in UTF-8 that this machine has, of another language where there is one."""
    there = subprocess.run(["locale", "-a"], capture_output=True, text=True, check=False).stdout.split()
    found = sorted(name for name in there if re.search(r"\.utf-?8$", name, re.IGNORECASE))
    return next((name for name in found if not re.match(r"C|en", name)), next(iter(found), "C.UTF-8"))


@pytest.fixture(scope="module")
def twice(tmp_path_factory):
    """One edition, built by two processes at once under conditions that have little in common."""
    base = tmp_path_factory.mktemp("b")
    for name in ("data", "notebooks"):
        shutil.copytree(ROOT / name, base / "one" / name, ignore=shutil.ignore_patterns(".*"))
    other = copy_backwards(base / "one", base / "日産 été")
    put_a_typeface_of_the_same_name(base / "H")
    elsewhere = {"TZ": "America/New_York", "LC_ALL": other_locale(), "POLARS_MAX_THREADS": "1", "COLUMNS": "40"}
    builds = [
        start(base / "one", base / "h", folder=".", umask=0o022, PYTHONHASHSEED="1", TZ="Asia/Tokyo", LC_ALL="C"),
        start(other, base / "H", folder="notebooks", umask=0o077, PYTHONHASHSEED="4294967295", **elsewhere),
    ]
    told = [build.communicate(timeout=300)[1] for build in builds]
    assert [build.returncode for build in builds] == [0, 0], told
    return [project / "reports" / DAY for project in (base / "one", other)]


def test_an_edition_is_the_same_whoever_builds_it_and_where(twice):
    one, other = twice
    names = sorted(path.name for path in one.iterdir())
    assert names == sorted(path.name for path in other.iterdir())
    assert {Path(name).suffix for name in names} == {".html", ".pdf", ".ipynb", ".csv", ".parquet", ".xlsx", ".json"}
    assert [name for name in names if name != MANIFEST and (one / name).read_bytes() != (other / name).read_bytes()] == []
    told = [json.loads((folder / MANIFEST).read_text("utf-8")) for folder in twice]
    assert told[0].pop("seconds") != {}
    assert told[1].pop("seconds") != {}
    assert told[0] == told[1]


def test_files_bear_no_date_but_the_editions(twice):
    for path in twice[0].glob("*.pdf"):
        told = PdfReader(path)
        dates = {f"{told.metadata.creation_date:%Y-%m-%d}"} | set(re.findall(r"Date>(\d{4}-\d{2}-\d{2})", xmp(told)))
        assert dates == {DAY}, path.name
    with zipfile.ZipFile(twice[0] / "evroad.xlsx") as book:
        dates = re.findall(r">([0-9T:-]+)Z</dcterms", book.read("docProps/core.xml").decode())
        assert dates == [f"{DAY}T00:00:00"] * 2
        assert {file.date_time for file in book.infolist()} == {(1980, 1, 1, 0, 0, 0)}
    assert json.loads((twice[0] / "datapackage.json").read_text("utf-8"))["created"] == f"{DAY}T00:00:00+00:00"


def xmp(reader: PdfReader) -> str:
    return reader.trailer["/Root"]["/Metadata"].get_object().get_data().decode()


def test_no_cell_of_a_table_is_taken_for_a_formula(twice):
    """A spreadsheet that opens a CSV file runs what begins as a formula; numbers with a sign are none."""
    for path in twice[0].glob("*.csv"):
        with path.open(encoding="utf-8", newline="") as file:
            cells = [cell for row in csv.reader(file) for cell in row]
        assert len(cells) > 10, path.name
        assert [cell for cell in cells if re.match(r"[=+\-@\t\r]", cell) and not re.fullmatch(r"[+-][\d.e-]+%?", cell)] == []
