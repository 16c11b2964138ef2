"""An edition's data: figures and what they rest on, as CSV, Parquet, a data package and an accessible workbook."""

import csv
import hashlib
import json
import re
import zipfile
from datetime import date
from math import inf
from xml.etree import ElementTree

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from analysis import Ledger
from analysis.comparison import Change
from analysis.errors import BuildError
from analysis.reporting.changes import Changes
from analysis.reporting.data import changed, tables, typed, write_data
from analysis.reporting.html import About
from analysis.reporting.workbook import fitted, number_format
from analysis.schema import Conflict, Series, Source

DAY = date(2026, 11, 25)
ABOUT = About("index", "A road", "2026-11-25.1", DAY, DAY)
NAMES = ["figures", "claims", "sources", "conflicts", "changes"]
FORMULA = '=HYPERLINK("http://example.com","42%")'
MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def figure(figure_id: str, *claim_ids: str, **more) -> dict:
    """A row of figures as a notebook holds it: dates are text."""
    row = {
        "report": "targets",
        "figure_id": figure_id,
        "metric": "share",
        "label": "A share",
        "entity_id": "sakura",
        "market_id": "japan",
        "period_start": "2023-01-01",
        "period_end": "2023-12-31",
        "value": 0.42,
        "unit": "share",
        "qualifier": "exact",
        "basis": "derived",
        "claim_ids": list(claim_ids),
        "method": "as printed",
        "note": None,
    }
    return row | more


DATED = {"value": None, "unit": "date", "period_start": "2028-04-01", "period_end": "2029-03-31", "qualifier": "by"}


def source(source_id: str, **more) -> dict:
    base = {"source_id": source_id, "product_id": source_id, "publisher": "Daily", "title": f"On {source_id}", "kind": "news"}
    day = {"published_date": date(2024, 1, 1), "published_precision": "day", "recorded_date": DAY}
    return base | day | {"licence": "quoted"} | more


UNKNOWN = {"published_date": None}
UNDATED = source("count", published_precision="unknown", **UNKNOWN)


@pytest.fixture
def view(claims, events):
    """A ledger of four claims (one of them revised since), two events and four sources, with one recorded conflict."""
    kept = claims(
        {"claim_id": "plan", "value": None, "unit": "date", "basis": "plan", "source_id": "filing"},
        {"claim_id": "share", "value": 0.42, "unit": "share", "printed": FORMULA, "note": "With, a comma\nand “a line”"},
        {
            "claim_id": "counted",
            "value": 0.38,
            "unit": "share",
            "source_id": "count",
            "entry": 2,
            "change": "correction",
            **UNKNOWN,
        },
        {"claim_id": "unused", "value": 1.0, "source_id": "unread"},
    )
    earlier = claims({"claim_id": "early", "value": 64000.0, "unit": "vehicles", "source_id": "count", **UNKNOWN})
    sources = [source("paper", publisher=None), source("filing", caveat="Old"), UNDATED, source("unread")]
    conflict = {
        "conflict_id": "sakura",
        "title": "The share",
        "kind": "value",
        "statement_ids": "share;counted",
        "reason": "Other windows.",
        "recorded_date": DAY,
    }
    typed = [{name: column.dtype for name, column in schema.columns().items()} for schema in (Source, Conflict, Series)]
    return Ledger(
        sources=pl.DataFrame(sources, schema=typed[0]),
        series=pl.DataFrame(schema=typed[2]),
        entities=pl.DataFrame(schema={"entity_id": pl.String, "name": pl.String}),
        claims=kept,
        events=events({"event_id": "signed", "source_id": "filing", "stage": "signed"}, {"event_id": "other"}),
        conflicts=pl.DataFrame([conflict, conflict | {"conflict_id": "far", "statement_ids": "unused;other"}], schema=typed[1]),
        vintages=pl.concat([kept, earlier]),
        known=DAY,
    )


FIGURES = [
    figure("a.dated", "plan", "signed", **DATED),
    figure("b.share", "share"),
    figure("b.small", "early", "share", value=0.0004, report="briefing", note="One\nTwo"),
]


def figures_of(*rows: dict) -> pl.DataFrame:
    """Rows as `tables` takes them, each typed with its report."""
    parts = [typed(row["report"], [{name: value for name, value in row.items() if name != "report"}]) for row in rows]
    return pl.concat(parts) if parts else typed("targets", [])


POINTS = figure("c.gap", value=50.0, unit="points")
SHARE = POINTS | {"value": 0.5, "unit": "share"}
CHANGED = Changes(
    "2026-11-24",
    [
        Change("targets", "corrected", "A share", FIGURES[1] | {"value": 0.4}, FIGURES[1], "+2 points", 0.05, "We had erred."),
        Change("targets", "parameters", "A gap", SHARE, POINTS, "", inf, "asked in points"),
        Change("briefing", "new", "A share", None, FIGURES[2], "", inf, "first told"),
    ],
    [],
)


@pytest.fixture
def folder(tmp_path, view):
    titles = {"targets": "Targets: what came of them", "briefing": "Briefing"}
    write_data(tmp_path, [*tables(figures_of(*FIGURES), view), changed(CHANGED)], view, ABOUT, titles)
    return tmp_path


def read_csv(folder, name: str) -> list[dict[str, str]]:
    with (folder / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_every_statement_of_a_figure_is_there_with_its_source_and_what_contradicts_it(folder):
    assert [row["claim_ids"] for row in read_csv(folder, "figures")] == ["plan;signed", "share", "early;share"]
    statements = read_csv(folder, "claims")
    assert [(row["statement_id"], row["table"]) for row in statements] == [
        ("plan", "claims"),
        ("share", "claims"),
        ("early", "claims"),  # a later edition replaced it in the ledger's claims, but a figure cites it
        ("signed", "events"),
    ]
    assert [row["source_id"] for row in read_csv(folder, "sources")] == ["paper", "filing", "count"]
    conflicts = read_csv(folder, "conflicts")
    assert [(row["conflict_id"], row["statement_ids"]) for row in conflicts] == [("sakura", "share;counted")]


def test_a_statement_is_told_in_the_entry_that_the_view_holds(view):
    cited = tables(figures_of(figure("a", "counted", "share")), view)[1].rows
    rows = cited.select("statement_id", "entry", "change", "value", "published_date", "product_id").rows()
    assert rows == [("share", 1, "new", 0.42, date(2024, 1, 1), "paper"), ("counted", 2, "correction", 0.38, None, "count")]


def test_a_figure_that_rests_on_what_was_not_known_is_refused(view):
    with pytest.raises(BuildError, match="figures rest on nowhere, which could not be known on 2026-11-25"):
        tables(figures_of(figure("a", "share", "nowhere")), view)


def test_a_conflict_tells_only_the_sides_and_reasons_that_were_known(view):
    def told(statement_ids):
        conflict = view.conflicts.head(1).with_columns(statement_ids=pl.lit(statement_ids))
        shown = Ledger(**(vars(view) | {"conflicts": conflict}))
        return tables(figures_of(figure("a", "share")), shown)[3].rows.select("statement_ids", "reason").rows()

    assert told("share;counted;tomorrow") == [("share;counted", "No reason was known by the as-of date.")]
    assert told("share;tomorrow") == []


@pytest.mark.parametrize("name", NAMES)
def test_parquet_holds_what_csv_holds_in_types_of_its_own(folder, name):
    typed = pl.read_parquet(folder / f"{name}.parquet")
    text = pl.read_csv(folder / f"{name}.csv", infer_schema=False)
    assert typed.columns == text.columns
    assert len(typed) > 0
    joined = typed.with_columns(pl.selectors.list().list.join(";"))
    parsed = text.select(
        pl.col(column).str.to_date() if dtype == pl.Date else pl.col(column).cast(dtype)
        for column, dtype in joined.schema.items()
    )
    assert_frame_equal(joined, parsed)


def test_parquet_has_dates_numbers_and_lists(folder):
    figures = pl.read_parquet(folder / "figures.parquet")
    assert figures.schema["period_start"] == pl.Date
    assert figures.schema["value"] == pl.Float64
    assert figures.schema["unit"] == pl.String
    assert figures["claim_ids"].to_list() == [["plan", "signed"], ["share"], ["early", "share"]]
    assert figures["value"].to_list() == [None, 0.42, 0.0004]
    assert pl.read_parquet(folder / "claims.parquet").schema["entry"] == pl.Int64


def test_no_figures_give_tables_without_rows(tmp_path, view):
    write_data(tmp_path, [*tables(figures_of(), view), changed(Changes("", [], []))], view, ABOUT, {})
    assert [read_csv(tmp_path, name) for name in NAMES] == [[]] * 5
    assert [len(pl.read_parquet(tmp_path / f"{name}.parquet")) for name in NAMES] == [0] * 5
    assert cells(tmp_path, "Figures")[4] == ["[z]"] * 15


def test_the_data_package_describes_every_field_and_holds_size_and_hash(folder):
    told = json.loads((folder / "datapackage.json").read_text("utf-8"))
    assert told["$schema"] == "https://datapackage.org/profiles/2.0/datapackage.json"
    assert re.fullmatch(r"[a-z0-9._-]+", told["name"])
    assert told["created"] == "2026-11-25T00:00:00+00:00"
    assert [resource["name"] for resource in told["resources"]] == NAMES
    for resource in told["resources"]:
        content = (folder / resource["path"]).read_bytes()
        assert resource["bytes"] == len(content)
        assert resource["hash"] == "sha256:" + hashlib.sha256(content).hexdigest()
        assert (resource["type"], resource["format"], resource["encoding"]) == ("table", "csv", "utf-8")
        fields = resource["schema"]["fields"]
        assert [field["name"] for field in fields] == content.decode().split("\n")[0].split(",")
        assert all(field["description"] for field in fields), resource["name"]


def test_the_rows_keep_what_the_data_package_says_of_them(folder):
    """Required fields are filled, words are of their list, patterns fit, keys differ, and references lead somewhere."""
    resources = {r["name"]: r["schema"] for r in json.loads((folder / "datapackage.json").read_text("utf-8"))["resources"]}
    checked = set()
    for name, schema in resources.items():
        rows = read_csv(folder, name)
        for field in schema["fields"]:
            limits = field.get("constraints", {})
            for cell in (row[field["name"]] for row in rows):
                assert cell or not limits.get("required"), (name, field["name"])
                assert not cell or cell in limits.get("enum", [cell])
                assert not cell or re.search(limits.get("pattern", ""), cell)
            checked |= limits.keys()
        keys = [tuple(row[column] for column in schema["primaryKey"]) for row in rows]
        assert len(set(keys)) == len(keys) > 0
        for key in schema["foreignKeys"]:
            there = {row[key["reference"]["fields"][0]] for row in read_csv(folder, key["reference"]["resource"])}
            assert {row[key["fields"][0]] for row in rows} <= there
            checked.add("reference")
    assert checked == {"required", "enum", "pattern", "reference"}
    lists = [field for field in resources["figures"]["fields"] if field["type"] == "list"]
    assert [(field["name"], field["itemType"], field["delimiter"]) for field in lists] == [("claim_ids", "string", ";")]


MADE = "How_each_number_was_made"
SHEETS = ["Cover", "Contents", "Notes", "Columns", MADE, "Figures", "Claims", "Sources", "Conflicts", "What_changed"]


def part(folder, name: str) -> ElementTree.Element:
    """A part of the workbook."""
    with zipfile.ZipFile(folder / "evroad.xlsx") as book:
        return ElementTree.fromstring(book.read(name))  # noqa: S314 - our own file


def sheet(folder, name: str) -> ElementTree.Element:
    return part(folder, f"xl/worksheets/sheet{SHEETS.index(name) + 1}.xml")


def cells(folder, name: str) -> list[list[str]]:
    """The filled cells of a sheet, row by row, text as it reads."""
    texts = ["".join(t.text or "" for t in item.iter(f"{MAIN}t")) for item in part(folder, "xl/sharedStrings.xml")]
    return [
        [texts[int(cell[0].text)] if cell.get("t") == "s" else cell[0].text for cell in row if len(cell)]
        for row in sheet(folder, name).iter(f"{MAIN}row")
    ]


def formats(folder, name: str, column: str) -> list[str]:
    """The number formats of a column below its heading."""
    styles = part(folder, "xl/styles.xml")
    named = {item.get("numFmtId"): item.get("formatCode") for item in styles.iter(f"{MAIN}numFmt")} | {
        "3": "#,##0",  # formats that Excel has by number
        "10": "0.00%",
    }
    used = [named.get(xf.get("numFmtId"), "") for xf in styles.find(f"{MAIN}cellXfs")]
    found = [c for c in sheet(folder, name).iter(f"{MAIN}c") if re.fullmatch(rf"{column}\d+", c.get("r"))]
    return [used[int(cell.get("s"))] for cell in found if int(cell.get("r")[len(column) :]) > 4]


def test_the_workbook_has_its_sheets_each_with_one_named_table_and_a_head_that_stays(folder):
    book = part(folder, "xl/workbook.xml")
    assert [sheet.get("name") for sheet in book.iter(f"{MAIN}sheet")] == SHEETS
    for number, name in enumerate(SHEETS[1:], 1):
        table = part(folder, f"xl/tables/table{number}.xml")
        shown = cells(folder, name)
        assert shown[0] == [name.replace("_", " ")]
        assert table.get("displayName") == name
        assert [column.get("name") for column in table.iter(f"{MAIN}tableColumn")] == shown[3]
        assert table.get("ref").startswith("A4:")
        assert table.get("ref").endswith(str(len(shown)))
        assert table.find(f"{MAIN}autoFilter") is None
        pane = next(sheet(folder, name).iter(f"{MAIN}pane"))
        assert (pane.get("topLeftCell"), pane.get("state")) == ("A5", "frozen")


@pytest.mark.parametrize("name", SHEETS)
def test_no_sheet_has_merged_hidden_or_empty_cells_or_a_formula(folder, name):
    xml = sheet(folder, name)
    for tag in ("f", "mergeCells", "headerFooter"):
        assert not list(xml.iter(f"{MAIN}{tag}")), tag
    assert not [row for row in xml.iter(f"{MAIN}row") if row.get("hidden")]
    widths = {len(row) for row in cells(folder, name)[3:]}
    assert len(widths) == 1, "a cell is empty, or there are more than the head has"


def test_text_stays_text(folder):
    made = [row for row in cells(folder, "Claims") if FORMULA in row]
    assert len(made) == 1
    assert [link.get("location") for link in sheet(folder, "Claims").iter(f"{MAIN}hyperlink")] == ["'Contents'!A1"]


def test_contents_lead_to_every_sheet_after_the_first_two(folder):
    links = [link.get("location") for link in sheet(folder, "Contents").iter(f"{MAIN}hyperlink")]
    assert links == ["'Cover'!A1"] + [f"'{name}'!A1" for name in SHEETS[2:]]
    assert ["Figures", "Every number that is shown: one row a figure.", "3"] in cells(folder, "Contents")


def test_the_sheet_of_making_tells_value_formula_claims_conflicts_and_note(folder):
    dated, share, small = cells(folder, MADE)[4:]
    assert dated[3:7] == ["[z]", "by fiscal 2028", "date", "fiscal 2028"]
    assert dated[8] == (
        "“as printed” (Daily, 1 January 2024), paragraph 1 [plan]\n“as printed” (Daily, 1 January 2024), paragraph 1 [signed]"
    )
    assert dated[9:] == ["[z]", "[z]"]
    assert share == [
        "Targets: what came of them",
        "b.share",
        "A share",
        "0.42",
        "42%",
        "share",
        "2023",
        "as printed",
        f"“{FORMULA}” (“On paper”, 1 January 2024), paragraph 1 [share]",
        "The share. Other windows.",
        "[z]",
    ]
    assert small[0] == "Briefing"
    assert small[10] == "One\nTwo"


def test_what_is_empty_says_whether_it_is_not_known_or_not_there(folder):
    heads, *rows = cells(folder, "Sources")[3:]
    told = [[row[heads.index(head)] for head in ("Publisher", "Published date", "Caveat")] for row in rows]
    # Excel counts days from 30 December 1899: 1 January 2024 is day 45,292 (124 years with 30 leap days, and two days).
    assert told == [["[x]", "45292", "[z]"], ["Daily", "45292", "Old"], ["Daily", "[x]", "[z]"]]
    assert ["[x]", "Not known, or not given by the source."] in cells(folder, "Notes")


def test_numbers_have_the_format_of_their_unit_and_dates_are_dates(folder):
    assert formats(folder, MADE, "D") == ["", "0.00%", "0.000%"]
    assert formats(folder, "Claims", "L") == ["", "0.00%", "#,##0", ""]
    assert formats(folder, "Claims", "AA") == ["#,##0"] * 4  # the entry of a claim about a share is no share
    assert formats(folder, "Figures", "G") == ["yyyy-mm-dd"] * 3


def test_what_changed_is_a_sheet_with_old_and_new_in_their_own_units(folder):
    heads, share, gap, new = cells(folder, "What_changed")[3:]
    told = [dict(zip(heads, row, strict=True)) for row in (share, gap, new)]
    assert [(row["Change"], row["Old value"], row["New value"], row["Old unit"], row["Unit"], row["Size"]) for row in told] == [
        ("corrected", "0.4", "0.42", "share", "share", "0.05"),
        ("parameters", "0.5", "50", "share", "points", "[z]"),
        ("new", "[z]", "0.0004", "[z]", "share", "[z]"),
    ]
    assert formats(folder, "What_changed", "E") == ["0.00%", "0.00%", ""]  # the second is shown in points now
    assert formats(folder, "What_changed", "L") == ["0.00%", "", ""]
    assert "Since the edition 2026-11-24: 1 corrected, 1 asked otherwise, 1 new." in cells(folder, "What_changed")[1][0]


def test_the_changes_are_data_with_a_contract(folder):
    """What was nothing is nothing as data too, not a word; kinds are of their list."""
    rows = pl.read_parquet(folder / "changes.parquet")
    assert rows.select("change", "old_value", "old_unit", "size").rows() == [
        ("corrected", 0.4, "share", 0.05),
        ("parameters", 0.5, "share", None),
        ("new", None, None, None),
    ]
    told = json.loads((folder / "datapackage.json").read_text("utf-8"))["resources"][4]
    assert told["schema"]["primaryKey"] == ["report", "figure_id"]
    kinds = next(field for field in told["schema"]["fields"] if field["name"] == "change")["constraints"]["enum"]
    assert kinds == ["corrected", "revised", "method", "parameters", "new", "gone"]


def test_the_workbook_opens_on_its_cover_and_names_need_no_quotes(folder):
    """Neither a tab nor a table has a space in its name; the cover opens, and each sheet with its first cell chosen."""
    assert all(re.fullmatch(r"[A-Z][A-Za-z_]{0,30}", name) for name in SHEETS)
    views = [next(sheet(folder, name).iter(f"{MAIN}sheetView")) for name in SHEETS]
    assert [view.get("tabSelected") for view in views] == ["1"] + [None] * (len(SHEETS) - 1)
    assert part(folder, "xl/workbook.xml").find(f"{MAIN}bookViews")[0].get("activeTab") is None
    chosen = [one.get("activeCell") for view in views for one in view.iter(f"{MAIN}selection")]
    assert set(chosen) == {None}


def test_every_column_of_the_tables_is_explained(folder):
    explained = {(row[0], row[1]) for row in cells(folder, "Columns")[4:]}
    for name in SHEETS[4:]:
        assert {(name, head) for head in cells(folder, name)[3]} <= explained


def test_the_document_says_its_title_language_and_date(folder):
    core = ElementTree.tostring(part(folder, "docProps/core.xml"), "unicode")
    assert "A road: figures and their sources, edition 2026-11-25.1" in core
    assert set(re.findall(r">([0-9T:-]+Z)<", core)) == {"2026-11-25T00:00:00Z"}
    assert "en-GB" in ElementTree.tostring(part(folder, "docProps/custom.xml"), "unicode")
    cover = [row[0] for row in cells(folder, "Cover")]
    assert cover[0] == "A road: figures and their sources, edition 2026-11-25.1"
    assert cover[1].startswith("Edition 2026-11-25.1, of 25 November 2026. As of 25 November 2026:")
    assert cover[-2:] == ["Targets: what came of them", "Briefing"]


@pytest.mark.parametrize(
    ("value", "unit", "expected"),
    [
        (0.0, "share", "0.00%"),
        (0.001, "share", "0.00%"),
        (-0.0009, "change", "0.000%"),
        (18.0, "points", "#,##0"),
        (113.64, "JPY_per_USD", "#,##0.00##"),
    ],
)
def test_a_small_share_shows_a_third_decimal_and_whole_numbers_none(value, unit, expected):
    assert number_format(value, unit) == expected


@pytest.mark.parametrize("letter", ["a", "電", "🚗"])  # the last one is two units of UTF-16
def test_a_cell_holds_what_excel_can_hold_and_says_where_it_was_cut(letter):
    units = len(letter.encode("utf-16-le")) // 2
    most = letter * (32_767 // units)
    assert fitted(most) == most
    cut = fitted(most + letter)
    assert cut.endswith(f"{letter} [cut: the rest is in the edition's CSV files]")
    assert 32_760 < len(cut.encode("utf-16-le")) // 2 <= 32_767


def test_a_cell_holds_no_more_lines_than_excel_can_show():
    most = "\n".join("a" * 254)  # 253 line feeds
    assert fitted(most) == most
    cut = fitted(most + "\nb")
    assert cut.count("\n") <= 253
    assert cut.endswith("a [cut: the rest is in the edition's CSV files]")
