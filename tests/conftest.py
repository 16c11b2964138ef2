"""What several tests share: small frames of claims, and a copy of the project with its own data and reports."""

import shutil
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from analysis.reporting.edition import build, plan
from analysis.schema import Claim

ROOT = Path(__file__).resolve().parents[1]
TODAY = date(2026, 11, 22)

_DEFAULTS = {
    "series_id": "investment",
    "entity_id": "nissan",
    "market_id": "global",
    "valid_from": None,
    "valid_to": None,
    "period_printed": None,
    "source_id": "paper",
    "locator": "p1",
    "printed": "as printed",
    "qualifier": "exact",
    "basis": "reported",
    "stance": "asserts",
    "entry": 1,
    "change": "new",
    "reason": None,
    "recorded_date": TODAY,
    "note": None,
    "value": None,
    "value_low": None,
    "value_high": None,
    "unit": "USD",
    "known_date": date(2024, 1, 1),
    "published_date": date(2024, 1, 1),
}


@pytest.fixture
def claims():
    """A function that makes a frame of claims, as `Ledger.as_of()` has them, from what matters in a test."""

    def make(*rows: dict) -> pl.DataFrame:
        full = []
        for place, row in enumerate(rows):
            made = {"claim_id": f"c{place}", **_DEFAULTS, **row}
            made |= {
                "product_id": made.get("product_id", made["source_id"]),
                "entity_name": made["entity_id"].title(),
                "market_name": made["market_id"].title(),
                "series_name": made["series_id"].replace("_", " ").capitalize(),
            }
            full.append(made)
        schema = {name: column.dtype for name, column in Claim.columns().items()}
        text = ("product_id", "entity_name", "market_name", "series_name")
        return pl.DataFrame(
            full, schema=schema | {"known_date": pl.Date, "published_date": pl.Date} | dict.fromkeys(text, pl.String)
        )

    return make


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the project's data and notebooks, in a folder with a space in its name."""
    return _copy(tmp_path / "a project")


@pytest.fixture(scope="session")
def edition(tmp_path_factory: pytest.TempPathFactory):
    """Today's edition of the project's own data: its project, what `build` returned, and what was told meanwhile."""
    root, told = _copy(tmp_path_factory.mktemp("built") / "a project"), []
    made = build(plan(root, [], {}, date=TODAY, as_of=None), lambda *step: told.append(step))
    return root, made, told


def _copy(folder: Path) -> Path:
    for name in ("data", "notebooks"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns(".*"))
    return folder


@pytest.fixture
def edit(project: Path):
    """A function that replaces text in one of the copied data files, once, and fails where it is not found."""

    def replace(table: str, old: str, new: str) -> None:
        path = project / "data" / table
        text = path.read_text("utf-8")
        assert old in text, f"{old!r} is not in {table}"
        path.write_text(text.replace(old, new, 1), "utf-8")

    return replace
