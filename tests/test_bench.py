"""The benchmark's made-up data are valid and of the size asked for."""

import sys
from datetime import date

import polars as pl
import pytest
from conftest import ROOT

from analysis import Ledger
from analysis.errors import LedgerError
from analysis.metrics.market_share import market_share

sys.path.insert(0, str(ROOT / "tests" / "bench"))

import ledger
import registrations


def test_registrations_from_one_seed_are_the_same_and_of_every_month(tmp_path, monkeypatch):
    monkeypatch.setattr(registrations, "ROW_GROUP", 500)
    for name, seed in (("one", 1), ("again", 1), ("other", 2)):
        registrations.write(tmp_path / name, 1200, seed=seed)
    one, again, other = (pl.scan_parquet(tmp_path / name) for name in ("one", "again", "other"))
    assert one.collect().equals(again.collect())
    assert not one.collect().equals(other.collect())
    shares = market_share(one, by="maker").collect(engine="streaming")
    assert shares["period"].n_unique() == 120  # ten years, ten rows a month
    assert shares["units"].sum() == one.collect()["units"].sum()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A ledger of 20,000 entries: more than are read at a time."""
    folder = tmp_path_factory.mktemp("ledger")
    ledger.write(folder, 20_000)
    return folder


def test_a_large_ledger_holds_no_fault_and_of_each_product_the_latest_edition_is_in_force(folder):
    # 20,000 entries, 400 of them corrections, are 19,600 statements; in force is what the last of ten editions says: a tenth.
    held = Ledger.load(folder)
    assert len(held.claims) == 20_000
    assert len(held.as_of().claims) == 1_960
    assert held.as_of().claims["source_id"].str.ends_with("9").all()
    assert held.as_of(date(2015, 12, 31)).claims["source_id"].str.ends_with("0").all()
    assert held.as_of(recorded_by=date(2025, 6, 1)).vintages["entry"].max() == 1
    assert held.as_of().vintages["entry"].eq(2).sum() == 400


def test_a_fault_in_a_late_line_is_told_with_its_line(folder, tmp_path):
    lines = (folder / "claims.csv").read_text("utf-8").splitlines()
    for path in folder.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "claims.csv").write_text("\n".join([*lines[:19_500], lines[19_500] + ",more", *lines[19_501:]]), "utf-8")
    with pytest.raises(LedgerError, match=r"claims.csv line 19501.*expected 22 fields"):
        Ledger.load(tmp_path)
