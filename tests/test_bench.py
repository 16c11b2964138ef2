"""The benchmark runs, says what was reached, and its made-up data are valid and of the size asked for."""

import re
import shutil
import sys
import tomllib
from datetime import date

import nbformat
import polars as pl
import pytest
from conftest import ROOT

from analysis import Ledger
from analysis.errors import LedgerError
from analysis.metrics.market_share import market_share

sys.path.insert(0, str(ROOT / "tests" / "bench"))

import bench
import ledger
import registrations
import subjects


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


# The table


def cost(wall: float) -> bench.Cost:
    return bench.Cost(wall, cpu=wall / 2, peak=100e6)


@pytest.mark.parametrize(("wall", "reached"), [(2.1, "no"), (2.0, "yes"), (1.1, "yes"), (1.0, "aim")])
def test_a_ratio_reaches_what_it_must_or_the_aim(wall, reached):
    row = bench.Row("x", cost(wall), "y", cost(10), at_least=5, aim=10)
    assert row.reached == reached


@pytest.mark.parametrize(("value", "reached"), [(501, "no"), (500, "yes"), (350, "aim")])
def test_a_value_must_not_be_above(value, reached):
    assert bench.Row("x", value=value, unit="MB", at_least=500, aim=350).reached == reached


def test_a_row_tells_both_costs_and_both_ratios_and_one_without_bounds_reaches_nothing():
    cells = bench.Row("x", cost(2), "y", cost(9), at_least=5, aim=10).cells()
    assert cells == [
        "x",
        "2 s, 1 s CPU, 100 MB",
        "y",
        "9 s, 4.5 s CPU, 100 MB",
        "4.5x faster (4.5x less CPU)",
        "5x",
        "10x",
        "no",
    ]
    assert bench.Row("x", cost(2)).cells() == ["x", "2 s, 1 s CPU, 100 MB", "", "", "", "", "", ""]


def test_costs_add_up_and_the_largest_process_counts():
    assert bench.Cost(1, 2, 3) + bench.Cost(4, 5, 1) == bench.Cost(5, 7, 3)
    assert bench.Cost(1, 2, 3).times(9) == bench.Cost(9, 18, 3)


def test_the_whole_benchmark_runs_on_a_small_project_and_writes_its_table(tmp_path, capsys, monkeypatch):
    project, out = tmp_path / "small", tmp_path / "docs" / "benchmarks.md"
    shutil.copytree(ROOT / "data", project / "data")
    (project / "notebooks").mkdir()
    notebook = nbformat.v4.new_notebook(
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    )
    sources = ["from analysis import Entity, Ledger", 'plant: Entity = "canton"  # a plant', "Ledger.load().name(plant)"]
    notebook.cells = [nbformat.v4.new_markdown_cell("# Small: a report", id="title")]
    notebook.cells += [nbformat.v4.new_code_cell(source, id=f"c{place}") for place, source in enumerate(sources)]
    notebook.cells[2].metadata["tags"] = ["parameters"]
    nbformat.write(notebook, project / "notebooks" / "small.ipynb")
    monkeypatch.setattr(bench.importlib.util, "find_spec", lambda _: None)  # other engines are not in the tests' environment
    monkeypatch.setattr(bench, "ASKED", {"small": ("plant", ["kyushu", "canton"])})
    sizes = ["--batch", "1", "--rows", "1000", "--claims", "1000", "--sample", "1"]
    bench.main(["--project", str(project), "--out", str(out), *sizes])
    rows = [line.split(" | ") for line in out.read_text("utf-8").splitlines() if line.startswith("| ")]
    assert len({len(row) for row in rows}) == 1
    told = "\n".join(row[0] for row in rows)
    for part in (
        "naive loop",
        "cold, one command",
        "nothing changed",
        "a batch of 1 reports",
        "one report more",
        "peak memory",
        "small, warm: executed",
        "--help",
        "1,000 claims",
    ):
        assert part in told
    assert "market_share" not in told  # what it is held against is not there
    assert len(capsys.readouterr().out.splitlines()) == len(rows) - 2


def test_an_engine_that_fails_ends_the_benchmark_with_what_it_said(tmp_path):
    with pytest.raises(SystemExit, match="No module named"):
        bench.run([sys.executable, "-m", "not_there"], cwd=tmp_path)


def test_the_streamed_subject_computes_what_the_metric_does(tmp_path):
    registrations.write(tmp_path / "units", 1_000)
    expected = market_share(pl.read_parquet(tmp_path / "units"), by="maker")
    assert subjects.streamed(str(tmp_path / "units"))().equals(expected)


@pytest.mark.parametrize("engine", ["duckdb", "pandas"])
def test_other_engines_compute_the_same(engine, tmp_path):
    pytest.importorskip(engine, reason=f"{engine} is only installed by make bench")
    registrations.write(tmp_path / "units", 100_000)
    expected = market_share(pl.read_parquet(tmp_path / "units"), by="maker")
    found = subjects.SUBJECTS[engine](str(tmp_path / "units"))()
    found = pl.from_arrow(found) if engine == "duckdb" else pl.from_pandas(found.rename(columns={"sum": "units"}))
    keys = ["market", "period", "maker"]
    both = expected.join(found.cast({"period": pl.Date}), on=keys, suffix="_other", validate="1:1")
    assert len(both) == len(expected) == len(found)
    for name in ("units", "rank", "share", "change_points"):
        one, other = both[name].cast(pl.Float64), both[f"{name}_other"].cast(pl.Float64)
        assert one.is_null().equals(other.fill_nan(None).is_null())
        assert (one - other).abs().max() < 1e-9


def test_what_is_measured_against_is_locked_with_hashes_and_no_address_and_fits_the_other_lock():
    wanted = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["dependency-groups"]["bench"]
    lock, other = (
        (ROOT / "tests" / "bench" / "requirements.lock").read_text("utf-8"),
        (ROOT / "requirements.lock").read_text("utf-8"),
    )
    for requirement in wanted:
        name = re.match(r"[a-z0-9-]+", requirement)[0]
        assert re.search(rf"^{name}==[^\n]+\\\n    --hash=sha256:", lock, re.MULTILINE), name
    assert "://" not in lock
    numpy = re.findall(r"^numpy==\S+", lock, re.MULTILINE)
    assert numpy
    assert numpy == re.findall(r"^numpy==\S+", other, re.MULTILINE)
