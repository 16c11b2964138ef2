"""The ledger: what is refused and how it is said, and what could be known on a day."""

import calendar
import csv
import os
import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest
from conftest import ROOT, TODAY
from polars.testing import assert_frame_equal

from analysis import Ledger
from analysis.errors import Fault, InputError, LedgerError
from analysis.metrics.conflicts import Contest, contests
from analysis.tables import read_table
from analysis.units import fiscal_year

FACTS = ROOT.parent / "shared" / "facts" / "document_claims.csv"
PUBLIC_FACTS = FACTS.with_name("public_facts.csv")


def faults_of(project) -> list[Fault]:
    with pytest.raises(LedgerError) as error:
        Ledger.load(project / "data")
    return error.value.faults


def line_of(project, table: str, text: str) -> int:
    lines = (project / "data" / table).read_text("utf-8").splitlines()
    return next(number for number, line in enumerate(lines, 1) if text in line)


def rows_of(path) -> list[dict]:
    with path.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def statement_lines(project) -> int:
    """How many rows of claims and events there are."""
    return sum(len(rows_of(project / "data" / f"{table}.csv")) for table in ("claims", "events"))


def test_the_projects_own_data_has_no_faults_and_every_row_of_it_is_read(project):
    ledger = Ledger.load(project / "data")
    assert len(ledger.claims) + len(ledger.events) == statement_lines(project) > 0
    assert not ledger.conflicts.is_empty()


BROKEN = [
    ("claims.csv", ",0.42,", ",42,", "value", "0 to 1", "percentage"),
    ("claims.csv", ",0.42,", ",42%,", "value", "a number", "0 to 1"),
    ("claims.csv", ",64000,", ',"64,000",', "value", "a number", "separators"),
    ("claims.csv", ",64000,", ",inf,", "value", "finite", ""),
    ("claims.csv", ",64000,", ",-1,", "value", "0 to 2e+08", ""),
    ("claims.csv", ",64000,", ",,", "value", "a value", "unit"),
    ("claims.csv", ",nearly,", ",almost,", "qualifier", "one of exact", ""),
    ("claims.csv", ",vehicles,,,since", ",vehicle,,,since", "unit", "one of share", "did you mean vehicles?"),
    ("claims.csv", ",vehicles,,,since", ",GWh,,,since", "unit", "vehicles, the unit of series", "another series"),
    ("claims.csv", ",100,,,GWh,", ",100000000,,,kWh,", "unit", "GWh, the unit of series", "another series"),
    ("claims.csv", "2026-11-22,The source attaches", "26-11-22,The source attaches", "recorded_date", "YYYY-MM-DD", ""),
    ("claims.csv", "2023-04-01,2024-03-31", "2024-04-01,2023-03-31", "valid_from", "not after", "swapped"),
    ("claims.csv", "2023-04-01,2024-03-31", "2023-04-01,", "valid_from", "both ends", ""),
    ("claims.csv", "2023-04-01,2024-03-31", "2023-04-01,2024-02-30", "valid_to", "YYYY-MM-DD", "does not exist"),
    ("claims.csv", "s002-p09-64000,", "s002-p09-42pct,", "claim_id", "each key once", "copied"),
    ("claims.csv", "s002-p09-64000,", "S002 64000,", "claim_id", "matches", ""),
    ("claims.csv", "cumulative_sales,sakura", "cumulative_sale,sakura", "series_id", "one of the series", "series.csv"),
    ("claims.csv", "cumulative_sales,sakura", "cumulative_sales,sakurai", "entity_id", "one of the entities", ""),
    ("claims.csv", "cumulative_sales,sakura,japan", "cumulative_sales,sakura,kyushu", "market_id", "one of the markets", ""),
    ("claims.csv", "techfyle-2024-03,p9", "techfyle-2024,p9", "source_id", "one of the sources", ""),
    ("claims.csv", "techfyle-2024-03,p9", "techfyle-2024-03,page 9", "locator", "p9", "archived"),
    ("claims.csv", "techfyle-2024-03,p9", "techfyle-2024-03,p" + "9" * 5000, "locator", "p9", "archived"),
    ("claims.csv", "nearly,reported,asserts,1,new,", "nearly,reported,asserts,2,correction,", "reason", "a reason", ""),
    ("claims.csv", "nearly,reported,asserts,1,new,", "nearly,reported,asserts,1,void,gone", "entry", "entry 1 for a new", ""),
    ("claims.csv", "nearly,reported,asserts,1,new,", "nearly,reported,asserts,2,void,gone", "entry", "entry 1 of", "left out"),
    ("claims.csv", ",recorded_date,note", ",recorded,note", "recorded_date", "a column", "did you mean recorded?"),
    ("claims.csv", ",recorded_date,note", ",recorded,note", "recorded", "no such column", "recorded_date"),
    ("sources.csv", "2024-03-31,month", "2024-03-08,month", "published_date", "last day", "month"),
    ("sources.csv", "2024-03-31,month", ",month", "published_date", "precision unknown", ""),
    ("sources.csv", "2024-03-31,month", "2027-03-31,day", "published_date", "not after recorded_date", "swapped"),
    ("sources.csv", "techfyle-kei-ev,", "Techfyle,", "product_id", "matches", ""),
    ("sources.csv", "455511e6", "455511g6", "sha256", "matches", ""),
    ("series.csv", "date,,,false", "date,,,no", "is_additive", "true or false", ""),
    ("entities.csv", "leaf,Nissan LEAF,model,nissan,", "leaf,Nissan LEAF,model,nissan", "", "7 fields", "left out"),
    ("entities.csv", "leaf,Nissan LEAF,", "leaf,Nissan\x07LEAF,", "", "without control characters", ""),
    ("series.csv", "share,0,1,false", "share,1,0,false", "plausible_min", "not above", "swapped"),
    ("entities.csv", "leaf,Nissan LEAF,model,nissan", "leaf,Nissan LEAF,model,nisan", "part_of", "one of the entities", ""),
    ("entities.csv", "leaf,Nissan LEAF,model", "leaf,,model", "name", "a value", "empty"),
    ("entities.csv", "32.61,-90.04", "-132.61,-90.04", "latitude", "-90 or more", ""),
    ("entities.csv", "32.61,-90.04", "32.61,-190.04", "longitude", "-180 or more", ""),
    ("entities.csv", "32.61,-90.04", "32° N,-90.04", "latitude", "a number", ""),
    ("events.csv", ",denied,", ",denyed,", "stage", "one of talks", "did you mean denied?"),
    # What is given up need not be named again; what is asserted must be.
    (
        "claims.csv",
        "JPY,,,,automotiveworld-2025-05-09,as cited,cancelled,exact,plan,withdraws",
        "JPY,,,,automotiveworld-2025-05-09,as cited,cancelled,exact,plan,asserts",
        "value",
        "a value",
        "unit",
    ),
    (
        "claims.csv",
        "JPY,,,,automotiveworld-2025-05-09,as cited,cancelled,exact,plan,withdraws",
        "JPY,,,,automotiveworld-2025-05-09,as cited,cancelled,exact,plan,denies",
        "value",
        "a value",
        "unit",
    ),
    (
        "claims.csv",
        "date,,,,automotiveworld-2025-05-09,as cited,cancelled,exact,plan,withdraws",
        "date,,,,automotiveworld-2025-05-09,as cited,cancelled,exact,plan,asserts",
        "valid_from",
        "",
        "",
    ),
    (
        "conflicts.csv",
        "n-canton-500m;",
        "n-canton-600m;",
        "statement_ids",
        "one of the claims or events",
        "not yet in the ledger",
    ),
    ("conflicts.csv", "s002-p04-denied;", "s002-p04-denyed;", "statement_ids", "one of the claims or events", "a slip"),
    ("conflicts.csv", "n-canton-500m;", "n-canton-500m; ", "statement_ids", "matches", ""),
    ("conflicts.csv", ";n-canton-cancel,", ";n-canton-cancel;,", "statement_ids", "matches", ""),
    ("conflicts.csv", ",repetition,", ",repetitoin,", "kind", "one of value", "did you mean repetition?"),
    ("conflicts.csv", "k2-canton-500m,", "k1-model-counts,", "conflict_id", "each key once", "copied"),
]


@pytest.mark.parametrize(("table", "old", "new", "column", "expected", "cause"), BROKEN)
def test_a_fault_names_file_line_column_value_expectation_and_cause(project, edit, table, old, new, column, expected, cause):
    line = 1 if old.startswith(",recorded_date") else line_of(project, table, old)
    edit(table, old, new)
    found = [f for f in faults_of(project) if (f.file, f.line, f.column) == (table, line, column)]
    assert found, [str(fault) for fault in faults_of(project)]
    assert any(expected in fault.expected and cause in fault.cause for fault in found), found
    assert f"{table} line {line}" + (f", column {column}" if column else "") in str(found[0])


def test_all_faults_of_all_tables_come_in_one_message(project, edit):
    edit("claims.csv", ",0.42,", ",42,")
    edit("claims.csv", ",1700,", ",many,")
    edit("events.csv", ",denied,", ",denyed,")
    edit("sources.csv", "2024-03-31,month", "2024-03-08,month")
    edit("series.csv", "date,,,false", "date,,,no")
    faults = faults_of(project)
    assert {fault.file for fault in faults} == {"claims.csv", "events.csv", "sources.csv", "series.csv"}
    assert len(faults) == 5


def test_one_fault_does_not_bring_others_that_are_not_there(project, edit):
    edit("entities.csv", "leaf,Nissan LEAF,model", "leaf,,model")  # claims about the LEAF still have an entity
    line = line_of(project, "entities.csv", "leaf,,model")
    assert [str(fault) for fault in faults_of(project)] == [
        f"entities.csv line {line}, column name: expected a value (an empty field)"
    ]


def test_a_statement_that_is_not_there_is_a_fault_of_every_conflict_that_names_it(project):
    path = project / "data" / "conflicts.csv"
    header = path.read_text("utf-8").splitlines()[0]
    rows = [
        "a,A,value,s002-p09-42pct;no-such-claim,Why.,2026-11-25",
        "b,B,status,s002-p04-denied;no-such-claim;nor-this,Why.,2026-11-25",
    ]
    path.write_text("\n".join([header, *rows]) + "\n", "utf-8")
    assert [(fault.line, fault.column, fault.value) for fault in faults_of(project)] == [
        (2, "statement_ids", "no-such-claim"),
        (3, "statement_ids", "no-such-claim"),
        (3, "statement_ids", "nor-this"),
    ]


def test_conflicts_may_be_none(project):
    path = project / "data" / "conflicts.csv"
    path.write_text(path.read_text("utf-8").splitlines()[0] + "\n", "utf-8")
    assert Ledger.load(project / "data").conflicts.is_empty()


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "a header"),
        (b"\xff\xfe\x00", "UTF-8"),
        (b"entity_id,name\na\0,b\n", "without control characters"),
        (b"entity_id;name;kind;part_of;latitude;longitude;note\nnissan;Nissan;company;;;;\n", "separated by commas"),
        (b'entity_id,name,kind,part_of,latitude,longitude,note\nnissan,"Nissan,company,,,,\n', "a well-formed line"),
        (b"entity_id,name,name,kind,part_of,latitude,longitude,note\nnissan,Nissan,Nissan,company,,,,\n", "a column once"),
        (b"entity_id,name,kind,part_of,latitude,longitude,note\nnissan,Nissan, Inc.,company,,,,\n", "7 fields"),
    ],
)
def test_a_file_that_is_no_table_is_refused_with_its_line(project, content, expected):
    (project / "data" / "entities.csv").write_bytes(content)
    assert any(f.file == "entities.csv" and expected in f.expected for f in faults_of(project))


def test_a_table_without_rows_hides_no_reference_into_it(project):
    path = project / "data" / "sources.csv"
    path.write_text(path.read_text("utf-8").splitlines()[0] + "\n", "utf-8")
    orphans = [fault for fault in faults_of(project) if fault.expected == "one of the sources"]
    assert len(orphans) == statement_lines(project)


def test_one_source_that_gives_two_values_for_one_thing_is_a_fault(project):
    path = project / "data" / "claims.csv"
    row = next(line for line in path.read_text("utf-8").splitlines() if line.startswith("s000-p03-500m,"))
    path.write_text(
        path.read_text("utf-8") + row.replace("s000-p03-500m", "other").replace("500000000", "700000000") + "\n", "utf-8"
    )
    assert [(f.column, f.value) for f in faults_of(project)] == [("value", "7e+08")]


def test_a_blank_line_shifts_no_line(project, edit):
    edit("entities.csv", "\nleaf,", "\n\n\nleaf,")
    edit("entities.csv", "rogue,Nissan Rogue,model", "rogue,Nissan Rogue,modell")
    assert [f.line for f in faults_of(project)] == [line_of(project, "entities.csv", "rogue,")]


def test_a_missing_file_is_a_fault(project):
    (project / "data" / "events.csv").unlink()
    assert ("events.csv", "a readable file") in {(f.file, f.expected) for f in faults_of(project)}


def test_a_line_break_in_a_quoted_field_does_not_shift_later_lines(project, edit):
    edit("entities.csv", '"A kei car', '"A kei\ncar')
    edit("entities.csv", "rogue,Nissan Rogue,model", "rogue,Nissan Rogue,modell")
    line = line_of(project, "entities.csv", "rogue,")
    assert [(f.line, f.value) for f in faults_of(project)] == [(line, "modell")]


def test_a_byte_order_mark_and_windows_line_ends_are_read(project):
    path = project / "data" / "entities.csv"
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
    ledger = Ledger.load(project / "data")
    assert ledger.name("sakura") == "Nissan Sakura"
    assert not ledger.entities["note"].str.contains("\r").any()


def test_an_unknown_entity_is_refused_with_those_there_are():
    with pytest.raises(InputError, match=r"no entity 'sakuro'.*sakura"):
        Ledger.load(ROOT / "data").name("sakuro")


# --- what could be known on a day


def test_a_document_is_known_on_its_day_and_not_before():
    ledger = Ledger.load(ROOT / "data")
    source = "nissan-release-2022-04-08"
    assert source in ledger.as_of(date(2022, 4, 8)).sources["source_id"]
    assert source not in ledger.as_of(date(2022, 4, 7)).sources["source_id"]
    assert source not in ledger.as_of(date(2022, 4, 7)).claims["source_id"]


def test_a_source_known_to_the_month_counts_from_its_last_day():
    ledger = Ledger.load(ROOT / "data")
    assert "s002-p09-42pct" in ledger.as_of(date(2024, 3, 31)).claims["claim_id"]
    assert "s002-p09-42pct" not in ledger.as_of(date(2024, 3, 30)).claims["claim_id"]


def test_an_undated_source_is_known_only_from_the_day_it_was_recorded():
    ledger = Ledger.load(ROOT / "data")
    assert "ev-road-post" in ledger.as_of(TODAY).claims["source_id"]
    assert "ev-road-post" not in ledger.as_of(date(2026, 11, 21)).claims["source_id"]


def test_a_second_printing_in_one_source_is_not_a_second_claim_in_force():
    in_force = Ledger.load(ROOT / "data").as_of().claims["claim_id"]
    assert "s000-p01-invest-661m" in in_force
    assert "s000-p02-invest-661m-canton" not in in_force


@pytest.mark.parametrize("day", ["2024-04-01", datetime(2024, 4, 1, tzinfo=UTC), TODAY.replace(year=2027)])
def test_a_day_that_is_no_date_or_lies_after_the_last_record_is_refused(day):
    with pytest.raises(InputError, match="known is"):
        Ledger.load(ROOT / "data").as_of(day)


def replace_rows(project, table: str, *rows: str) -> None:
    """Put these rows into a table, and nothing else."""
    path = project / "data" / f"{table}.csv"
    path.write_text("\n".join([path.read_text("utf-8").splitlines()[0], *rows]) + "\n", "utf-8")


@pytest.fixture
def editions(project) -> Ledger:
    """A ledger with a publisher's revision and our own entries.

    0.41 is recorded by mistake in 2024, revised by the publisher to 0.15 in 2025, and our slip is mended to 0.14 three
    months after that. In 2026 the publisher retracts the later edition's figure.
    """
    replace_rows(
        project,
        "sources",
        "iea-2024,iea,IEA,Outlook,statistics,2024-03-01,day,,,,CC BY 4.0,,2024-03-02",
        "iea-2025,iea,IEA,Outlook,statistics,2025-03-01,day,,,,CC BY 4.0,,2025-03-02",
    )
    base = "{id},ev_share_of_sales,japan,japan,{value},,,share,2023-01-01,2023-12-31,2023,{source},table,{value},exact,"
    base += "reported,asserts,"
    rows = [
        base.format(id="a", value=0.41, source="iea-2024") + "1,new,,2024-03-02,",
        base.format(id="b", value=0.15, source="iea-2025") + "1,new,,2025-03-02,",
        base.format(id="a", value=0.14, source="iea-2024") + "2,correction,misread,2025-06-01,",
        base.format(id="b", value=0.15, source="iea-2025") + "2,retraction,withdrawn by the publisher,2026-02-01,",
    ]
    replace_rows(project, "claims", *rows)
    replace_rows(project, "events")
    replace_rows(project, "conflicts", "one,One,value,a;b,Known early.,2025-03-02", "two,Two,value,a;b,Known late.,2025-06-01")
    return Ledger.load(project / "data")


@pytest.fixture
def history(editions):
    """A function that reads the values in force in `editions` as of two days."""

    def seen(known: date, recorded_by: date | None = None) -> list[float]:
        return editions.as_of(known, recorded_by=recorded_by).claims["value"].to_list()

    return seen


def test_a_correction_after_a_revision_mends_the_old_figure_and_not_the_new(history):
    assert history(date(2024, 4, 1)) == [0.14]
    assert history(date(2025, 12, 1)) == [0.15]


def test_a_replay_says_what_was_said_then(history):
    assert history(date(2024, 4, 1), date(2024, 4, 1)) == [0.41]
    assert history(date(2025, 4, 1), date(2025, 4, 1)) == [0.15]
    assert history(date(2024, 4, 1), date(2024, 3, 1)) == []


def test_what_the_publisher_retracts_is_gone_from_that_day_and_not_before(history):
    assert history(date(2026, 2, 1)) == []
    assert history(date(2026, 1, 31)) == [0.15]


def test_vintages_hold_every_edition_that_could_be_known_and_claims_only_the_last(editions):
    assert editions.as_of(date(2024, 4, 1)).vintages["claim_id"].to_list() == ["a"]
    view = editions.as_of(date(2025, 12, 1))
    assert view.claims["claim_id"].to_list() == ["b"]
    assert sorted(view.vintages.select("claim_id", "value").rows()) == [("a", 0.14), ("b", 0.15)]


def test_vintages_are_those_recorded_by_the_day_in_our_own_words_of_that_day(editions):
    view = editions.as_of(date(2025, 4, 1), recorded_by=date(2025, 4, 1))
    assert sorted(view.vintages.select("claim_id", "value").rows()) == [("a", 0.41), ("b", 0.15)]
    assert editions.as_of(date(2025, 4, 1), recorded_by=date(2024, 3, 2)).vintages["claim_id"].to_list() == ["a"]


def test_what_the_publisher_retracts_is_no_vintage_from_that_day_on(editions):
    assert editions.as_of(date(2026, 1, 31)).vintages["claim_id"].sort().to_list() == ["a", "b"]
    # The earlier edition does not come back into force with that: it was revised.
    view = editions.as_of(date(2026, 2, 1))
    assert (view.vintages["claim_id"].to_list(), view.claims["claim_id"].to_list()) == (["a"], [])


def test_what_is_in_force_is_always_one_of_the_vintages(editions):
    own = Ledger.load(ROOT / "data")
    for ledger, years in ((editions, (2024, 2025)), (own, range(2019, 2027))):
        for year in years:
            view = ledger.as_of(date(year, 6, 30))
            assert set(view.claims["claim_id"]) <= set(view.vintages["claim_id"])
            assert (view.vintages["known_date"] <= view.known).all()


def test_a_view_has_only_the_conflicts_that_were_recorded_by_the_day(editions):
    def recorded(by: date | None) -> list[str]:
        return editions.as_of(recorded_by=by).conflicts["conflict_id"].to_list()

    assert recorded(date(2025, 5, 31)) == ["one"]
    assert recorded(date(2025, 6, 1)) == recorded(None) == ["one", "two"]


def test_an_end_in_a_later_edition_does_not_delete_the_plan_that_it_ends(project):
    replace_rows(
        project,
        "sources",
        "memo-2024,memo,Nissan,Plans,report,2024-03-01,day,,,,quoted,,2024-03-02",
        "memo-2025,memo,Nissan,Plans,report,2025-03-01,day,,,,quoted,,2025-03-02",
    )
    row = "{id},start_of_production,canton,us,,,,date,{period},{source},p1,2028,exact,plan,{stance},1,new,,2025-03-02,"
    period, none = "2028-01-01,2028-12-31,2028", ",,"
    plan = row.format(id="plan", period=period, source="memo-2024", stance="asserts")
    ends = [row.format(id=f"end{i}", period=p, source="memo-2025", stance="withdraws") for i, p in enumerate((period, none))]
    again = row.format(id="again", period=period, source="memo-2025", stance="asserts")
    for table in ("events", "conflicts"):
        replace_rows(project, table)

    def in_force(*rows: str, known: date = date(2025, 3, 1)) -> list[str]:
        replace_rows(project, "claims", *rows)
        return Ledger.load(project / "data").as_of(known).claims["claim_id"].to_list()

    assert in_force(plan, *ends) == ["plan", "end0", "end1"]
    # What the later edition asserts of the same period does replace it.
    assert in_force(plan, again, *ends) == ["again", "end0", "end1"]
    assert in_force(plan, again, *ends, known=date(2025, 2, 28)) == ["plan"]


# --- what belongs together


def test_a_family_is_an_entity_and_all_that_belongs_to_it_however_far_down_in_the_tables_order():
    ledger = Ledger.load(ROOT / "data")
    places = ("room", "attic")
    parents = {"leg": "table", "table": "room", "room": None, "foot": "leg", "chair": "room", "attic": None}
    entities = pl.DataFrame(
        [
            {"entity_id": name, "name": name.title(), "part_of": parent, "kind": "place" if name in places else "thing"}
            for name, parent in parents.items()
        ],
        schema_overrides={"part_of": pl.String},
    )
    house = replace(ledger, entities=entities)
    assert house.family("table") == ["leg", "table", "foot"]
    assert house.family("room") == ["leg", "table", "room", "foot", "chair"]
    assert house.family("attic") == ["attic"]
    # What belongs to an entity that is left out stays.
    assert house.family("room", without=["place"]) == ["leg", "table", "foot", "chair"]
    with pytest.raises(InputError, match=r"no entity 'cellar'.*attic"):
        house.family("cellar")


def test_entities_that_are_part_of_each_other_are_one_family():
    entities = pl.DataFrame(
        {"entity_id": ["a", "b", "c"], "name": ["A", "B", "C"], "part_of": ["b", "a", None], "kind": ["x"] * 3}
    )
    assert replace(Ledger.load(ROOT / "data"), entities=entities).family("a") == ["a", "b"]


def test_nissans_family_holds_its_models_and_plants_and_no_rival():
    family = Ledger.load(ROOT / "data").family("nissan")
    assert {"nissan", "leaf", "canton", "infiniti-canton-ev", "ev36zero-first"} <= set(family)
    assert not {"honda", "toyota", "tesla", "byd", "honda-assb-line", "japan", "aesc"} & set(family)


def test_a_view_of_the_past_cannot_be_asked_about_later_days(project):
    ledger = Ledger.load(project / "data")
    view = ledger.as_of(date(2024, 4, 1))
    earlier = view.as_of(date(2022, 5, 1))
    for name in ("claims", "events", "sources", "vintages", "conflicts"):
        assert_frame_equal(getattr(earlier, name), getattr(ledger.as_of(date(2022, 5, 1)), name))
    assert not earlier.claims.is_empty()
    with pytest.raises(InputError, match="after the ledger's last record"):
        view.as_of(date(2024, 4, 2))


def test_a_void_entry_takes_a_statement_out(project):
    path = project / "data" / "claims.csv"
    header, *rows = path.read_text("utf-8").splitlines()
    row = next(line for line in rows if line.startswith("s002-p09-42pct,"))
    path.write_text("\n".join([header, *rows, row.replace(",1,new,", ",2,void,never printed")]) + "\n", "utf-8")
    ledger = Ledger.load(project / "data")
    assert "s002-p09-42pct" in ledger.claims["claim_id"]
    assert "s002-p09-42pct" not in ledger.as_of().claims["claim_id"]


def test_a_later_entry_about_something_else_is_refused(project):
    path = project / "data" / "claims.csv"
    row = next(line for line in path.read_text("utf-8").splitlines() if line.startswith("s002-p09-42pct,"))
    other = row.replace(",1,new,", ",2,correction,slip").replace(",sakura,", ",leaf,").replace("2026-11-22", "2026-11-20")
    path.write_text(path.read_text("utf-8") + other + "\n", "utf-8")
    assert {fault.column for fault in faults_of(project)} == {"entity_id", "recorded_date"}


# --- the project's own data against what was collected


@pytest.fixture(scope="module")
def own() -> Ledger:
    return Ledger.load(ROOT / "data")


def statements(ledger: Ledger) -> dict[str, dict]:
    """Every claim and event by its id."""
    rows = {row["claim_id"]: row for row in ledger.as_of().vintages.to_dicts()}
    return rows | {row["event_id"]: row for row in ledger.as_of().events.to_dicts()}


@pytest.mark.skipif(not FACTS.exists(), reason="the list of the documents' claims is not beside this checkout")
def test_every_claim_of_the_documents_is_in_the_ledger_and_none_from_their_second_printing_or_boilerplate(own):
    rows = rows_of(FACTS)
    wanted = [row for row in rows if not row["duplicate_of"] and row["kind"] != "boilerplate"]
    archived = own.sources.drop_nulls("sha256")["source_id"].to_list()
    # Our ids begin with the number of the document.
    held = [
        ((name[:4], row["locator"]), row["printed"]) for name, row in statements(own).items() if row["source_id"] in archived
    ]

    def place(row: dict) -> tuple[str, str]:
        return f"s{row['source_file'][:3]}", f"p{row['paragraph']}"

    # Ours may be shorter where a whole sentence was listed, and longer where a sign that limits the figure was not.
    for row in wanted:
        words = row["figure_as_printed"]
        assert any(where == place(row) and (ours in words or words in ours) for where, ours in held), words
    left_out = {place(row) for row in rows} - {place(row) for row in wanted}
    assert len(left_out) > 15
    assert not left_out & {where for where, _ in held}


NOT_TAKEN = {"tes-2015": "undated page of little authority"}
"""Facts that are not in the ledger, each with the reason."""

EDITIONS = {"IEA, CC BY 4.0; file copy": "iea-2025-05-31", "Our World in Data / IEA": "owid-2026-05-31"}
"""How the publisher of facts about the EV market begins that importers entered, and the source they became."""

EV_MARKET = {
    "EV (BEV+PHEV) share of new car sales": ("plug_in_share_of_sales", "reported"),
    "projected EV (BEV+PHEV) share of car sales, STEPS": ("plug_in_share_of_sales", "forecast"),
    "BEV car sales": ("bev_annual_sales", "reported"),
    "PHEV car sales": ("phev_annual_sales", "reported"),
}
MARKETS = {"World": "global", "USA": "us", "United Kingdom": "uk", "EU27": "eu27"} | {
    name: name.lower() for name in ("China", "Europe", "Japan", "Norway")
}
UNITS = {
    "%": ({"share", "change"}, 100),
    "GWh": ({"GWh", "GWh_per_year"}, 1),
    "GWh/year": ({"GWh_per_year"}, 1),
    "MWh/year": ({"GWh_per_year"}, 1000),
    "vehicles/year": ({"vehicles", "vehicles_per_year"}, 1),
    "TRL": ({"level"}, 1),
    "JPY/USD": ({"JPY_per_USD"}, 1),
    "JPY per USD": ({"JPY_per_USD"}, 1),
}
"""Unit of a fact -> the units that a claim of it may have, and what the value is divided by; others keep their name."""


def unit_and_scale(unit: str) -> tuple[set[str], int]:
    return UNITS.get(unit, ({unit.partition(" ")[0].replace("/", "_per_")}, 1))


def days_of(text: str) -> tuple[date, date] | None:
    """First and last day of a period as the facts write it: CY2024, FY2024, 2024, 2024-11, a day, or from one to another."""
    if whole := re.fullmatch(r"(?:by |by end |from )?(CY|FY)?(\d{4})", text):
        year = int(whole[2])
        return fiscal_year(year) if whole[1] == "FY" else (date(year, 1, 1), date(year, 12, 31))
    if month := re.fullmatch(r"(\d{4})-(\d{2})", text):
        year, number = int(month[1]), int(month[2])
        return date(year, number, 1), date(year, number, calendar.monthrange(year, number)[1])
    if day := re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
        return date.fromisoformat(day[0]), date.fromisoformat(day[0])
    if years := re.fullmatch(r"(\d{4}-\d{2}-\d{2})\.\.(\d{4}-\d{2}-\d{2})", text):
        return date.fromisoformat(years[1]), date.fromisoformat(years[2])
    if years := re.fullmatch(r"(\d{4})-(\d{4})", text):
        return date(int(years[1]), 1, 1), date(int(years[2]), 12, 31)
    return None


HAPPENINGS = {"year", "year-month", "year range", "date", "date range", "fiscal year"}
"""Units of facts whose period is the content."""


def says_the_same(row: dict, fact: dict) -> bool:
    """Whether a statement has the number, or the period, of a fact."""
    if fact["unit"] in HAPPENINGS:
        return (row["valid_from"], row["valid_to"]) == days_of(fact["value"])
    if fact["unit"] == "status":
        return True
    units, scale = unit_and_scale(fact["unit"])
    return row.get("unit") in units and row["value"] == pytest.approx(float(fact["value"]) / scale, rel=1e-9)


@pytest.fixture(scope="module")
def public_facts() -> list[dict]:
    if not PUBLIC_FACTS.exists():
        pytest.skip("the list of public facts is not beside this checkout")
    return rows_of(PUBLIC_FACTS)


@pytest.fixture(scope="module")
def taken(own, public_facts) -> list[tuple[dict, dict]]:
    """Every printed fact with the statement that it became; a failure where one became none, or another."""
    held, found, missing = statements(own), [], []
    imported = {
        (row["source_id"], row["series_id"], row["basis"], row["market_id"], row["valid_from"], row["valid_to"]): row
        for row in held.values()
        if row["source_id"] in EDITIONS.values()
    }
    for fact in public_facts:
        if fact["basis"] != "printed" or fact["fact_id"] in NOT_TAKEN:
            continue
        name = fact["fact_id"]
        edition = next((source for start, source in EDITIONS.items() if fact["publisher"].startswith(start)), None)
        if fact["subject"] == "EV market" and edition:
            key = (edition, *EV_MARKET[fact["metric"]], MARKETS[fact["region"]], *days_of(fact["period"]))
            rows = [imported[key]] if key in imported else []
        else:
            rows = [held[name]] if name in held else [row for other, row in held.items() if other.startswith(f"{name}-")]
        same = [row for row in rows if says_the_same(row, fact)]
        found += [(fact, row) for row in same]
        missing += [] if same else [f"{name}: {fact['value']} {fact['unit']}, {[row['printed'] for row in rows]}"]
    assert not missing, "\n".join(missing)
    return found


def test_every_printed_fact_is_in_the_ledger_by_its_value_save_those_left_out_for_a_reason(taken, public_facts):
    printed = {fact["fact_id"] for fact in public_facts if fact["basis"] == "printed"}
    assert {fact["fact_id"] for fact, _ in taken} == printed - set(NOT_TAKEN)
    assert set(NOT_TAKEN) <= printed


def test_what_was_derived_by_arithmetic_is_no_claim(own, public_facts):
    derived = [fact["fact_id"] for fact in public_facts if fact["basis"] == "derived"]
    assert len(derived) > 50
    assert not [name for name in statements(own) if any(name == other or name.startswith(f"{other}-") for other in derived)]
    assert "derived" not in own.claims["basis"].cast(pl.String)
    # Shares of battery-electric cars alone were worked out from the importers' figures; none of them was printed there.
    imported = own.claims.filter(pl.col("source_id").is_in(list(EDITIONS.values())))
    assert set(imported["series_id"]) == {series for series, _ in EV_MARKET.values()}


def test_every_public_source_has_the_address_of_its_facts(own, taken, public_facts):
    addresses = dict(own.sources.select("source_id", "url").iter_rows())
    wrong = [
        f"{fact['fact_id']}: {fact['url']} is {addresses[row['source_id']]}"
        for fact, row in taken
        if addresses[row["source_id"]] != fact["url"]
    ]
    assert not wrong, "\n".join(wrong)
    public = own.sources.filter(pl.col("sha256").is_null())
    assert set(public["url"]) <= {fact["url"] for fact in public_facts}


def test_every_public_source_is_dated_as_its_facts_are(own, taken):
    """Where only the month or the year is known, its last day counts; of two months, the later."""
    dates = dict(own.sources.select("source_id", "published_date").iter_rows())
    wrong = []
    for fact, row in taken:
        year, month, later, day = re.match(r"(\d{4})(?:-(\d\d)(?:/(\d\d))?)?(?:-(\d\d))?", fact["published_date"]).groups()
        number = int(later or month or 12)
        expected = date(int(year), number, int(day) if day else calendar.monthrange(int(year), number)[1])
        if dates[row["source_id"]] != expected:
            wrong.append(f"{fact['fact_id']}: {fact['published_date']} is {dates[row['source_id']]}")
    assert not wrong, "\n".join(wrong)


def test_every_fact_of_a_calendar_or_fiscal_year_is_a_claim_of_that_year(taken):
    wrong = [
        f"{fact['fact_id']}: {fact['period']} is {row['valid_from']} to {row['valid_to']}"
        for fact, row in taken
        if re.search(r"^(by |by end |from )?(CY|FY)\d{4}$", fact["period"])
        and (row["valid_from"], row["valid_to"]) != days_of(fact["period"])
    ]
    assert not wrong, "\n".join(wrong)


def test_no_conflict_types_a_figure_of_its_own(own):
    """A number in a report has a claim; a title or reason is in our own words."""
    texts = [*own.conflicts["title"], *own.conflicts["reason"]]
    assert not [text for text in texts if re.search(r"\d", text)]


MONTHS = "|".join(calendar.month_name[1:])
NO_FIGURE = rf"\b\d{{1,2}} (?:{MONTHS})\b|\b(?:19|20)\d\d\b|\b[Pp]aragraph \d+\b|\bEV36Zero\b"
"""Digits that nobody takes for a figure: of days, years, paragraphs and names."""


def test_no_note_types_a_figure_of_its_own(own):
    notes = [*own.claims["note"].drop_nulls(), *own.events["note"].drop_nulls()]
    assert not [note for note in notes if re.search(r"\d", re.sub(NO_FIGURE, "", note))]


def contests_of(view: Ledger) -> list[Contest]:
    return contests(view.claims, vintages=view.vintages, events=view.events, conflicts=view.conflicts)


def test_every_disagreement_in_the_data_is_explained_by_a_recorded_conflict_on_every_day(own):
    days = sorted(set(own.claims["known_date"]))
    unexplained = {
        contest.conflict_id: day
        for day in days
        for contest in contests_of(own.as_of(day))
        if contest.conflict_id.startswith("found-")
    }
    assert not unexplained


def test_on_1_april_2024_canton_was_planned_models_were_23_or_27_and_there_was_no_deal_with_sk_on(own):
    view = own.as_of(date(2024, 4, 1))
    canton = view.claims.filter(pl.col("entity_id") == "canton", pl.col("series_id") == "start_of_production")
    assert canton.select("printed", "stance").rows() == [("2025", "asserts"), ("November 2026", "asserts")]
    models = view.claims.filter(pl.col("series_id") == "electrified_models", pl.col("valid_to") == date(2031, 3, 31))
    assert set(models["value"]) >= {23, 27}
    for statements in (view.claims, view.events, view.vintages):
        assert "sk-on-supply" not in statements["entity_id"]
        assert (statements["published_date"] <= view.known).all()


@pytest.mark.parametrize(
    ("conflict", "day"),
    [("after-re-nissan", date(2025, 5, 14)), ("sk-on-after-canton", date(2025, 10, 6)), ("k2-canton-500m", date(2025, 10, 6))],
)
def test_no_conflict_speaks_of_an_end_or_a_plan_before_its_day(own, conflict, day):
    """Re:Nissan, and the end of the plan for Canton, are in the titles: before, these conflicts were not there."""
    assert conflict in {contest.conflict_id for contest in contests_of(own.as_of(day))}
    assert conflict not in {contest.conflict_id for contest in contests_of(own.as_of(day - timedelta(days=1)))}


def test_all_nineteen_known_conflicts_are_recorded_with_every_statement_and_reason(own):
    recorded = {row["conflict_id"]: row for row in own.conflicts.to_dicts()}
    told = {contest.conflict_id: contest for contest in contests_of(own.as_of())}
    assert set(told) == set(recorded)
    assert {f"k{number}" for number in range(1, 20)} <= {name.partition("-")[0] for name in told}
    for name, contest in told.items():
        assert len(contest.statements) == len(recorded[name]["statement_ids"].split(";")), name
        assert contest.reason == recorded[name]["reason"]


def test_what_is_done_to_a_ledgers_frames_does_not_reach_the_next_ledger_of_the_same_files(project):
    first = Ledger.load(project / "data")
    told = first.sources.clone()
    first.sources[0, "publisher"] = "Nobody"
    first.sources.insert_column(0, pl.lit(1).alias("left"))
    first.sources.extend(first.sources)
    assert_frame_equal(Ledger.load(project / "data").sources, told)


def test_files_are_read_anew_when_one_of_them_holds_something_else_and_again_what_they_held_before(project):
    before, file = Ledger.load(project / "data"), project / "data" / "entities.csv"
    text, stat = file.read_text("utf-8"), file.stat()
    file.write_text(text.replace("Canton plant", "Kanton plant"), "utf-8")
    os.utime(file, ns=(stat.st_atime_ns, stat.st_mtime_ns))  # neither length nor time tells of it
    assert "Kanton plant, Mississippi" in Ledger.load(project / "data").entities["name"]
    file.write_text(text, "utf-8")
    assert_frame_equal(Ledger.load(project / "data").entities, before.entities)
    file.unlink()
    assert [fault.file for fault in faults_of(project)][:1] == ["entities.csv"]


def test_tables_that_change_while_they_are_read_are_not_kept(project, monkeypatch):
    file = project / "data" / "entities.csv"
    canton = file.read_text("utf-8")
    kanton = canton.replace("Canton plant", "Kanton plant")

    def late(path, schema):
        file.write_text(canton, "utf-8")
        return read_table(path, schema)

    file.write_text(kanton, "utf-8")
    with monkeypatch.context() as patched:
        patched.setattr("analysis.ledger.read_table", late)
        assert "Canton plant, Mississippi" in Ledger.load(project / "data").entities["name"]
    file.write_text(kanton, "utf-8")
    assert "Kanton plant, Mississippi" in Ledger.load(project / "data").entities["name"]


def test_statements_come_with_their_sources_in_the_order_given_and_what_is_named_twice_where_it_is_named_last(own):
    view = own.as_of()
    claims, event = view.claims["claim_id"].head(2).to_list(), view.events["event_id"][0]
    told = view.statements([claims[1], event, claims[0], "nothing", claims[1]])
    assert [row["claim_id"] for row in told] == [event, claims[0], claims[1]]
    titles = dict(view.sources.select("source_id", "title").iter_rows())
    assert [row["title"] for row in told] == [titles[row["source_id"]] for row in told]
    told[0]["title"] = "something else"
    assert view.statements([event])[0]["title"] != "something else"
