"""Importers: what becomes a claim, what is refused, and what an edition changes. The files are written by the tests."""

import csv
import shutil
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner
from conftest import ROOT

from analysis import Ledger, additions, importers
from analysis.cli import main
from analysis.errors import InputError, LedgerError
from analysis.schema import TABLES

TODAY = date(2025, 6, 10)
DOWNLOAD = ROOT.parent / "shared" / "data" / "iea_ev_data_explorer_2025.csv"

IEA = "region_country,category,parameter,mode,powertrain,year,unit,value,Aggregate group"
IEA_OLD = "region,category,parameter,mode,powertrain,year,unit,value"
OWID = "Entity,Code,Year,Share of new cars that are electric"
IEA_ROWS = [
    "World,Historical,EV sales share,Cars,EV,2023,percent,18.0,_World",  # line 2
    "USA,Historical,EV sales,Cars,BEV,2023,Vehicles,1100000.0,Other",
    "EU27,Historical,EV sales,Cars,PHEV,2023,Vehicles,820000.0,EU27",
    "Japan,Historical,EV sales share,Cars,EV,2014,percent,0.68,Other",
    "Japan,Historical,EV sales,Cars,FCEV,2023,Vehicles,320.0,Other",  # passed over, as all to line 10
    "Japan,Historical,EV stock share,Cars,EV,2023,percent,1.0,Other",
    "Japan,Historical,EV sales share,Vans,EV,2023,percent,7.0,Other",
    '"Japan",Historical,"Oil displacement, million lge",Cars,EV,2023,"Oil displacement, million lge",n/a,Other',
    "World,Projection-APS,EV sales share,Cars,EV,2030,percent,50.0,_World",
    "World,Projection-STEPS,EV sales share,Cars,EV,2023,percent,19.0,_World",  # passed over: 2023 is reported
    "World,Projection-STEPS,EV sales share,Cars,EV,2030,percent,42.0,_World",  # line 12
    "Atlantis,Historical,EV sales share,Cars,EV,2023,percent,3.0,Other",  # line 13: no market
    "Atlantis,Historical,EV sales,Cars,BEV,2023,Vehicles,3.0,Other",
]

ENTITIES = [
    {"entity_id": "global", "name": "World", "kind": "market"},
    {"entity_id": "japan", "name": "Japan", "kind": "market"},
    {"entity_id": "us", "name": "United States", "kind": "market"},
    {"entity_id": "eu27", "name": "European Union (27)", "kind": "market"},
    {"entity_id": "norge", "name": "Norway", "kind": "company"},  # a region's name, but no market
]
SERIES = [
    {"series_id": "plug_in_share_of_sales", "unit": "share", "plausible_max": 1},
    {"series_id": "bev_annual_sales", "unit": "vehicles", "plausible_max": 200_000_000},
    {"series_id": "phev_annual_sales", "unit": "vehicles", "plausible_max": 200_000_000},
]
PAPER = {
    "source_id": "paper",
    "product_id": "paper",
    "title": "Paper",
    "kind": "news",
    "published_date": "2019-12-30",
    "published_precision": "day",
    "licence": "none",
    "recorded_date": "2020-01-01",
}
STATEMENT = {
    "entity_id": "japan",
    "market_id": "japan",
    "source_id": "paper",
    "locator": "p1",
    "printed": "half",
    "qualifier": "exact",
    "basis": "reported",
    "stance": "asserts",
    "entry": 1,
    "change": "new",
    "recorded_date": "2020-01-01",
}
ROWS = {
    "entities": ENTITIES,
    "series": [{"name": s["series_id"], "definition": "d", "plausible_min": 0, "is_additive": "true"} | s for s in SERIES],
    "sources": [PAPER],
    "claims": [STATEMENT | {"claim_id": "c", "series_id": "plug_in_share_of_sales", "value": 0.5, "unit": "share"}],
    "events": [STATEMENT | {"event_id": "e", "description": "d", "stage": "talks"}],
    "conflicts": [],
}


@pytest.fixture
def data(tmp_path) -> Path:
    """A small project's data, its columns in another order than the row contracts have them."""
    folder = tmp_path / "project" / "data"
    folder.mkdir(parents=True)
    for table, schema in TABLES.items():
        with (folder / f"{table}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, schema.column_names()[::-1], lineterminator="\n")
            writer.writeheader()
            writer.writerows(ROWS[table])
    return folder


@pytest.fixture
def download(tmp_path):
    """A function that writes a publisher's file: a header and lines."""

    def save(header: str, *lines: str, name: str = "download.csv") -> Path:
        path = tmp_path / name
        path.write_text("\n".join([header, *lines]), "utf-8")  # Our World in Data's file ends without a line end
        return path

    return save


@pytest.fixture
def run(data, monkeypatch):
    """A function that runs `evroad import` inside the small project."""
    monkeypatch.chdir(data)
    return lambda *arguments: CliRunner().invoke(main, ["import", *map(str, arguments)])


def prepared(name: str, path: Path, data: Path, *, published: str = "2025-05-14", **given):
    ledger = Ledger.load(data)
    edition = importers.read_edition(name, path, ledger, published=published, today=TODAY, **given)
    return additions.prepare(edition, ledger, data)


def add(name: str, path: Path, data: Path, **options) -> Ledger:
    additions.write(prepared(name, path, data, **options))
    return Ledger.load(data)


def faults_of(name: str, path: Path, data: Path) -> list[str]:
    files = {file: file.read_bytes() for file in data.iterdir()}
    with pytest.raises(LedgerError) as error:
        add(name, path, data)
    assert {file: file.read_bytes() for file in data.iterdir()} == files
    return [str(fault) for fault in error.value.faults]


COLUMNS = ["claim_id", "series_id", "market_id", "value", "unit", "period_printed", "locator", "printed", "basis"]
EXPECTED = [
    (
        "iea-2025-05-14-share-global-2023",
        "plug_in_share_of_sales",
        "global",
        0.18,
        "share",
        "2023",
        "row 2",
        "18.0",
        "reported",
    ),
    ("iea-2025-05-14-bev-us-2023", "bev_annual_sales", "us", 1.1e6, "vehicles", "2023", "row 3", "1100000.0", "reported"),
    ("iea-2025-05-14-phev-eu27-2023", "phev_annual_sales", "eu27", 820e3, "vehicles", "2023", "row 4", "820000.0", "reported"),
    (
        "iea-2025-05-14-share-japan-2014",
        "plug_in_share_of_sales",
        "japan",
        0.0068,
        "share",
        "2014",
        "row 5",
        "0.68",
        "reported",
    ),
    (
        "iea-2025-05-14-steps-global-2030",
        "plug_in_share_of_sales",
        "global",
        0.42,
        "share",
        "2030",
        "row 12",
        "42.0",
        "forecast",
    ),
]


@pytest.mark.parametrize("header", [IEA, IEA_OLD])
def test_both_shapes_of_the_ieas_file_give_the_same_claims(data, download, header):
    lines = IEA_ROWS if header == IEA else [line.rsplit(",", 1)[0] for line in IEA_ROWS]
    ledger = add("iea", download(header, *lines), data)
    claims = ledger.claims.filter(pl.col("source_id") == "iea-2025-05-14")
    assert claims.select(COLUMNS).with_columns(pl.col("unit", "basis").cast(pl.String)).rows() == EXPECTED
    one = claims.row(0, named=True)
    assert (one["entity_id"], one["valid_from"], one["valid_to"]) == ("global", date(2023, 1, 1), date(2023, 12, 31))
    assert (one["qualifier"], one["stance"], one["entry"], one["change"]) == ("about", "asserts", 1, "new")
    assert one["recorded_date"] == TODAY
    assert ",0.0068," in (data / "claims.csv").read_text("utf-8")  # not 0.006800000000000001
    source = ledger.sources.row(-1, named=True)
    assert (source["product_id"], source["publisher"]) == ("iea-global-ev-outlook", "IEA")
    assert (source["published_date"], source["published_precision"]) == (date(2025, 5, 14), "day")
    assert (source["licence"], source["sha256"]) == ("CC BY 4.0", None)


def test_owids_file_gives_shares_and_a_month_counts_from_its_last_day(data, download):
    path = download(
        OWID, "World,OWID_WRL,2024,21", "United States,USA,2010,0.012", "European Union (27),,2024,0", "Rest,,2024,1"
    )
    ledger = add("owid", path, data, published="2024-02", publisher="A copy", caveat="None,\nreally")
    assert ledger.claims.select("claim_id", "value", "printed").rows()[1:] == [
        ("owid-2024-02-29-share-global-2024", 0.21, "21"),
        ("owid-2024-02-29-share-us-2010", 0.00012, "0.012"),
        ("owid-2024-02-29-share-eu27-2024", 0.0, "0"),
    ]
    source = ledger.sources.row(-1, named=True)
    assert (source["published_date"], source["published_precision"]) == (date(2024, 2, 29), "month")
    assert (source["publisher"], source["caveat"]) == ("A copy", "None,\nreally")


def test_rows_of_no_market_and_about_something_else_are_counted_and_named(data, download):
    addition = prepared("iea", download(IEA, *IEA_ROWS, "Norway,Historical,EV sales,Cars,BEV,2023,Vehicles,9,Other"), data)
    assert addition.edition.left_out == {"Atlantis": 2, "Norway": 1}
    assert addition.edition.passed_over == 6
    text = additions.summary(addition)
    assert "Left out: 3 rows of 2 regions that are no market here (Atlantis, Norway)." in text
    assert "add a line with that name and kind market to data/entities.csv" in text
    assert "Passed over: 6 rows about something else." in text


def test_a_region_is_taken_once_a_line_makes_it_a_market(data, download):
    path = data / "entities.csv"
    header = path.read_text("utf-8").splitlines()[0].split(",")
    cells = {"entity_id": "korea", "name": "South Korea", "kind": "market"}
    path.write_text(path.read_text("utf-8") + ",".join(cells.get(column, "") for column in header), "utf-8")
    ledger = add("iea", download(IEA, "Korea,Historical,EV sales,Cars,BEV,2023,Vehicles,9,Other"), data)
    assert ledger.claims["claim_id"][-1] == "iea-2025-05-14-bev-korea-2023"


def test_a_later_edition_adds_revises_and_repeats_and_the_earlier_one_is_what_was_known_before(run, data, download):
    first = download(IEA, *IEA_ROWS)
    assert run("iea", first, "--published", "2021-05").exit_code == 0
    later = download(OWID, "World,,2023,18", "Japan,,2014,0.69", "World,,2030,42", "Japan,,2024,2.8", name="later.csv")
    result = run("owid", later, "--published", "2022-05-04")
    assert result.exit_code == 0
    # 0.69 / 0.68 is 1.0147. What was forecast of 2030 is reported now, so it is no repetition.
    assert "Of its 4 claims it adds 1, revises 2, repeats 1" in result.output
    table = [line.split("  ") for line in result.output.split("first:\n")[1].splitlines()[1:3]]
    assert [[cell.strip() for cell in row if cell] for row in table] == [
        ["Japan", "2014", "plug_in_share_of_sales", "0.68%", "0.69%", "+1.5%", "iea-2021-05-31"],
        ["World", "2030", "plug_in_share_of_sales", "42% (forecast)", "42%", "+0.0%", "iea-2021-05-31"],
    ]
    assert result.output.endswith("Added a line to sources.csv and 4 to claims.csv.\n")
    ledger = Ledger.load(data)
    japan = (pl.col("entity_id") == "japan") & (pl.col("valid_from") == date(2014, 1, 1))
    for known, value in [(date(2021, 5, 30), []), (date(2022, 5, 3), [0.0068]), (date(2022, 5, 4), [0.0069])]:
        assert ledger.as_of(known).claims.filter(japan)["value"].to_list() == value


def test_an_older_edition_is_said_not_to_replace_the_newer(data, download):
    path = download(OWID, "World,,2023,18")
    add("owid", path, data, published="2024-05-20")
    older = prepared("owid", download(OWID, "World,,2023,17", "World,,2022,14"), data, published="2023-05-20")
    assert "adds 2, revises 0, repeats 0" in additions.summary(older)  # nothing was known on its own day
    assert "older than owid-2024-05-20 and does not replace it" in additions.summary(older).replace("\n  ", " ")
    additions.write(older)
    world = Ledger.load(data).as_of().claims.filter(pl.col("entity_id") == "global")
    assert dict(world.select(pl.col("valid_from").dt.year(), "value").iter_rows()) == {2023: 0.18, 2022: 0.14}


def test_of_many_revisions_the_largest_are_shown_and_the_others_counted(data, download):
    years = range(1950, 1993)  # 43 of them
    add("owid", download(OWID, *(f"World,,{year},0" if year == 1950 else f"World,,{year},10" for year in years)), data)
    changed = download(OWID, *(f"World,,{year},{10 + (year - 1949) / 10}" for year in years))
    lines = additions.summary(prepared("owid", changed, data, published="2025-06-01")).splitlines()
    table = lines[lines.index("Revisions, the largest first:") + 2 :]
    assert len(table) == 41
    assert table[0].split() == ["World", "1950", "plug_in_share_of_sales", "0%", "10.1%", "from", "0", "owid-2025-05-14"]
    assert table[1].split() == ["World", "1992", "plug_in_share_of_sales", "10%", "14.3%", "+43.0%", "owid-2025-05-14"]
    assert table[-1] == "  and 3 smaller ones"


def test_a_dry_run_shows_the_same_and_writes_nothing(run, data, download):
    path = download(IEA, *IEA_ROWS)
    before = {file: (file.read_bytes(), file.stat().st_mtime_ns) for file in data.iterdir()}
    dry = run("iea", path, "--published", "2021-05-14", "--dry-run")
    assert dry.exit_code == 0
    assert {file: (file.read_bytes(), file.stat().st_mtime_ns) for file in data.iterdir()} == before
    wet = run("iea", path, "--published", "2021-05-14")
    assert wet.output.splitlines()[:-1] == dry.output.splitlines()[:-1]
    assert dry.output.splitlines()[-1] == "Nothing was written: this was a dry run."


@pytest.mark.parametrize(
    ("change", "line_end"),
    [
        (lambda content: content, b"\n"),
        (lambda content: content.rstrip(b"\n"), b"\n"),
        (lambda content: content.replace(b"\n", b"\r\n"), b"\r\n"),
        (lambda content: content.replace(b"\n", b"\r\n").rstrip(b"\r\n"), b"\r\n"),
        (lambda content: b"\xef\xbb\xbf" + content, b"\n"),
    ],
    ids=["as it is", "no last line end", "CRLF", "CRLF, no last line end", "BOM"],
)
def test_what_is_there_stays_byte_by_byte_and_lines_are_added_in_its_own_way(data, download, change, line_end):
    files = [data / "sources.csv", data / "claims.csv"]
    for file in files:
        file.write_bytes(change(file.read_bytes()))
        file.chmod(0o640)
    before = [file.read_bytes() for file in files]
    add("iea", download(IEA, *IEA_ROWS), data)
    for file, content, added in zip(files, before, [1, 5], strict=True):
        after = file.read_bytes()
        assert after.startswith(content)
        new = after[len(content) :].removeprefix(b"" if content.endswith(b"\n") else line_end)
        assert new.count(line_end) == new.count(b"\n") == added
        assert file.stat().st_mode & 0o777 == 0o640
    assert sorted(file.name for file in data.iterdir()) == sorted(f"{table}.csv" for table in TABLES)


WORLD = "World,Historical,EV sales share,Cars,EV,2023,percent,18.0,_World"
US_BEV = "USA,Historical,EV sales,Cars,BEV,2023,Vehicles,1100000.0,Other"


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        (WORLD.replace("18.0", "n/a"), "column value: 'n/a': expected a finite number"),
        (WORLD.replace("18.0", "inf"), "column value: 'inf': expected a finite number"),
        (WORLD.replace("18.0", "NaN"), "column value: 'NaN': expected a finite number"),
        (WORLD.replace("18.0", "1e999"), "column value: '1e999': expected a finite number"),
        (WORLD.replace("18.0", ""), "column value: expected a finite number"),
        (WORLD.replace("18.0", "100.5"), "column value: '100.5': expected 0 to 100 (is it a percentage?)"),
        (WORLD.replace("18.0", "-1"), "column value: '-1': expected 0 to 100"),
        (US_BEV.replace("1100000.0", "-5"), "column value: '-5': expected 0 or more"),
        (WORLD.replace("2023", "1899"), "column year: '1899': expected a year from 1900 to 2199"),
        (WORLD.replace("2023", "2200"), "column year: '2200': expected a year"),
        (WORLD.replace("2023", "2023.5"), "column year: '2023.5': expected a year"),
        (WORLD.replace("percent", "Vehicles"), "column unit: 'Vehicles': expected percent"),
        (US_BEV.replace("Vehicles", ""), "column unit: expected vehicles"),
        (WORLD.replace("World,", ",", 1), "column region_country: expected the name of a region"),
        (WORLD + ",more", "expected 9 fields, as in the header"),
        ("World,Historical", "expected 9 fields, as in the header"),
        (WORLD.replace("18.0", "17.0"), "column year: '2023': expected a market, series and year once (line 2"),
    ],
)
def test_a_line_that_does_not_fit_is_refused_with_its_place(data, download, line, fault):
    path = download(IEA, WORLD if "17.0" in line else US_BEV, line)
    found = [text for text in faults_of("iea", path, data) if text.startswith("download.csv line 3")]
    assert any(fault in text for text in found), found


def test_two_names_of_one_market_are_that_market_twice(data, download):
    path = download(OWID, "USA,,2023,9.5", "United States,,2023,9.7")
    assert faults_of("owid", path, data) == [
        "download.csv line 3, column Year: '2023': expected a market, series and year once (line 2 is about the same: copied?)"
    ]


def test_all_faults_of_a_file_come_at_once(data, download):
    lines = [
        WORLD.replace("18.0", "many"),
        WORLD.replace("2023", "23").replace("percent", "share"),
        US_BEV.replace("1100000.0", "-1"),
    ]
    assert len(faults_of("iea", download(IEA, *lines), data)) == 4


@pytest.mark.parametrize(
    ("name", "header", "faults"),
    [
        ("owid", IEA, ["try evroad import iea"]),
        ("iea", OWID, ["try evroad import owid"]),
        ("owid", IEA_OLD, ["try evroad import iea"]),
        ("iea", IEA.replace("powertrain", "drive"), ["column powertrain", "column drive: 'drive': expected no such column"]),
        ("iea", IEA_OLD.replace(",mode", ""), ["column mode: expected a column of this name"]),
        ("iea", IEA.replace(",", ";"), ["fields separated by commas"]),
        ("owid", OWID.replace("are electric", "have a plug"), ["column Share of new cars that are electric", "have a plug"]),
    ],
)
def test_another_file_or_wrong_columns_are_refused_and_the_other_command_is_named(data, download, name, header, faults):
    found = faults_of(name, download(header), data)
    assert len(found) == len(faults)
    for fault in faults:
        assert any(fault in text for text in found), found


def test_a_file_that_cannot_be_read_is_refused(data, tmp_path):
    path = tmp_path / "download.csv"
    assert "a readable file" in faults_of("iea", path, data)[0]
    assert "a readable file" in faults_of("iea", tmp_path, data)[0]
    path.write_bytes(f"{OWID}\nT\xfcrkiye,,2023,1\n".encode("latin-1"))
    assert faults_of("owid", path, data)[0].startswith("download.csv line 2: expected text in UTF-8")
    path.write_bytes(b"")
    assert "a header" in faults_of("owid", path, data)[0]


def test_what_the_ledger_finds_implausible_is_refused(data, download):
    assert faults_of("iea", download(IEA, US_BEV.replace("1100000.0", "300000000")), data) == [
        "new claims.csv line 3, column value: '3e+08': expected 0 to 2e+08 for series bev_annual_sales "
        "(thousands, millions or the unit mixed up?)"
    ]


@pytest.mark.parametrize(
    ("published", "message"),
    [
        ("2025-06-11", "is after today, 2025-06-10"),
        ("2025-07", "is after today"),
        ("2025-02-30", "is not a date: expected YYYY-MM-DD, or YYYY-MM"),
        ("14.05.2025", "is not a date"),
        ("2025-13", "is not a date"),
        ("2025", "is not a date"),
    ],
)
def test_a_date_that_does_not_fit_is_refused(data, download, published, message):
    with pytest.raises(InputError, match=message):
        prepared("owid", download(OWID, "World,,2023,18"), data, published=published)


def test_the_month_that_has_begun_is_known_already(data, download):
    ledger = add("owid", download(OWID, "World,,2023,18"), data, published="2025-06")
    assert ledger.as_of(TODAY).claims["claim_id"][-1] == "owid-2025-06-30-share-global-2023"


def test_a_second_edition_of_the_same_day_is_refused_whoever_hands_it_on(data, download):
    add("iea", download(IEA, *IEA_ROWS), data)
    with pytest.raises(InputError, match=r"published on 2025-05-14 is there already: iea-2025-05-14, sources\.csv line 3$"):
        prepared("owid", download(OWID, "World,,2023,18"), data)


@pytest.mark.parametrize("lines", [[], ["Atlantis,,2023,18"]])
def test_a_file_with_no_row_that_fits_is_refused(data, download, lines):
    with pytest.raises(InputError, match=f"no row can be imported; {len(lines)} are about regions"):
        prepared("owid", download(OWID, *lines), data)


def test_a_ledger_without_the_series_is_told_which(data, download):
    path = data / "series.csv"
    path.write_text("".join(line for line in path.open(encoding="utf-8") if "phev" not in line), "utf-8")
    with pytest.raises(InputError, match=r"series.csv has no phev_annual_sales"):
        prepared("owid", download(OWID, "World,,2023,18"), data)


def test_a_file_changed_meanwhile_is_not_written_over(data, download):
    addition = prepared("owid", download(OWID, "World,,2023,18"), data)
    for table in ("claims", "sources"):
        path = data / f"{table}.csv"
        path.write_bytes(path.read_bytes() + b"\n")
        before = {file: file.read_bytes() for file in data.iterdir()}
        with pytest.raises(InputError, match=f"{table}.csv was changed meanwhile"):
            additions.write(addition)
        assert {file: file.read_bytes() for file in data.iterdir()} == before


def test_cut_short_between_the_two_files_the_ledger_is_valid_and_the_way_on_is_told(data, download, monkeypatch):
    path, replaced = download(OWID, "World,,2023,18"), Path.replace
    addition = prepared("owid", path, data)

    def cut(self, target):
        if target.name == "claims.csv":
            raise OSError(28, "No space left on device")
        return replaced(self, target)

    monkeypatch.setattr(Path, "replace", cut)
    with pytest.raises(InputError, match="cannot be written: No space left on device"):
        additions.write(addition)
    assert Ledger.load(data).sources["source_id"].to_list() == ["paper", "owid-2025-05-14"]
    assert sorted(file.name for file in data.iterdir()) == sorted(f"{table}.csv" for table in TABLES)
    with pytest.raises(InputError, match=r"sources.csv line 3; it has no claims: .* remove that line and import again"):
        prepared("owid", path, data)


def test_the_command_ends_with_2_and_a_message_where_the_input_is_bad(run, data, download):
    before = {file: file.read_bytes() for file in data.iterdir()}
    for arguments in (
        ["owid", download(IEA, *IEA_ROWS), "--published", "2021-05"],
        ["iea", "nowhere.csv", "--published", "soon"],
    ):
        result = run(*arguments)
        assert result.exit_code == 2
        assert result.output.startswith("evroad: ")
        assert "Traceback" not in result.output
    assert {file: file.read_bytes() for file in data.iterdir()} == before


@pytest.mark.skipif(not DOWNLOAD.exists(), reason="the IEA's download is not beside this checkout")
def test_the_ieas_own_file_is_read(data, tmp_path):
    path = shutil.copy(DOWNLOAD, tmp_path / "download.csv")
    addition = prepared("iea", Path(path), data)
    additions.write(addition)
    claims = Ledger.load(data).claims.filter(pl.col("source_id") == "iea-2025-05-14")
    assert sum(addition.edition.left_out.values()) + addition.edition.passed_over + len(claims) == 16436
    # Rows of the file: World, 2024: 22.0 percent; USA, STEPS, 2030: 21.0; Japan, 2024: 60000.0 BEV and 43000.0 PHEV.
    values = dict(claims.select(pl.col("claim_id").str.strip_prefix("iea-2025-05-14-"), "value").iter_rows())
    assert (values["share-global-2024"], values["steps-us-2030"]) == (0.22, 0.21)
    assert (values["bev-japan-2024"], values["phev-japan-2024"]) == (60_000, 43_000)
    assert "steps-global-2024" not in values
