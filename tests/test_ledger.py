"""The ledger: what is refused and how it is said, and what could be known on a day."""

import csv
from datetime import UTC, date, datetime

import polars as pl
import pytest
from conftest import ROOT, TODAY
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis import Ledger
from analysis.consistency import latest_entries
from analysis.errors import Fault, InputError, LedgerError
from analysis.ledger import _latest_editions

FACTS = ROOT.parent / "shared" / "facts" / "document_claims.csv"


def faults_of(project) -> list[Fault]:
    with pytest.raises(LedgerError) as error:
        Ledger.load(project / "data")
    return error.value.faults


def line_of(project, table: str, text: str) -> int:
    lines = (project / "data" / table).read_text("utf-8").splitlines()
    return next(number for number, line in enumerate(lines, 1) if text in line)


def test_the_projects_own_data_has_no_faults():
    ledger = Ledger.load(ROOT / "data")
    assert (len(ledger.claims), len(ledger.events)) == (63, 23)


@pytest.mark.skipif(not FACTS.exists(), reason="the list of the documents' claims is not beside this checkout")
def test_every_claim_of_the_documents_is_in_the_ledger_once_save_boilerplate():
    ledger = Ledger.load(ROOT / "data")
    held = pl.concat([frame.select("source_id", "locator", "printed") for frame in (ledger.claims, ledger.events)])
    archived = ledger.sources.drop_nulls("sha256")["source_id"].to_list()
    held = [row[1:] for row in held.filter(pl.col("source_id").is_in(archived)).rows()]
    with FACTS.open(encoding="utf-8") as file:
        rows = [r for r in csv.DictReader(file) if not r["duplicate_of"] and r["kind"] != "boilerplate"]
    assert len(rows) == len(held) == 72
    # Ours may be shorter where a whole sentence was listed, and longer where a sign that limits the figure was not.
    for row in rows:
        place, words = f"p{row['paragraph']}", row["figure_as_printed"]
        assert any(p == place and (ours in words or words in ours) for p, ours in held), words


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
    ("entities.csv", "leaf,Nissan LEAF,model,nissan,", "leaf,Nissan LEAF,model,nissan", "", "5 fields", "left out"),
    ("entities.csv", "leaf,Nissan LEAF,", "leaf,Nissan\x07LEAF,", "", "without control characters", ""),
    ("series.csv", "share,0,1,false", "share,1,0,false", "plausible_min", "not above", "swapped"),
    ("entities.csv", "leaf,Nissan LEAF,model,nissan", "leaf,Nissan LEAF,model,nisan", "part_of", "one of the entities", ""),
    ("entities.csv", "leaf,Nissan LEAF,model", "leaf,,model", "name", "a value", "empty"),
    ("events.csv", ",denied,", ",denyed,", "stage", "one of talks", "did you mean denied?"),
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
    assert [str(fault) for fault in faults_of(project)] == [
        "entities.csv line 8, column name: expected a value (an empty field)"
    ]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "a header"),
        (b"\xff\xfe\x00", "UTF-8"),
        (b"entity_id,name\na\0,b\n", "without control characters"),
        (b"entity_id;name;kind;part_of;note\nnissan;Nissan;company;;\n", "separated by commas"),
        (b'entity_id,name,kind,part_of,note\nnissan,"Nissan,company,,\n', "a well-formed line"),
        (b"entity_id,name,name,kind,part_of,note\nnissan,Nissan,Nissan,company,,\n", "a column once"),
        (b"entity_id,name,kind,part_of,note\nnissan,Nissan, Inc.,company,,\n", "5 fields"),
    ],
)
def test_a_file_that_is_no_table_is_refused_with_its_line(project, content, expected):
    (project / "data" / "entities.csv").write_bytes(content)
    assert any(f.file == "entities.csv" and expected in f.expected for f in faults_of(project))


def test_a_table_without_rows_hides_no_reference_into_it(project):
    path = project / "data" / "sources.csv"
    path.write_text(path.read_text("utf-8").splitlines()[0] + "\n", "utf-8")
    orphans = [fault for fault in faults_of(project) if fault.expected == "one of the sources"]
    assert len(orphans) == 86


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


@pytest.fixture
def history(project):
    """A ledger with a publisher's revision and our own entries: a function that reads a value as of two days.

    0.41 is recorded by mistake in 2024, revised by the publisher to 0.15 in 2025, and our slip is mended to 0.14 three
    months after that. In 2026 the publisher retracts the later edition's figure.
    """
    sources = (ROOT / "data" / "sources.csv").read_text("utf-8").splitlines()[0]
    claims = (ROOT / "data" / "claims.csv").read_text("utf-8").splitlines()[0]
    (project / "data" / "sources.csv").write_text(
        f"{sources}\n"
        "iea-2024,iea,IEA,Outlook,statistics,2024-03-01,day,,,,CC BY 4.0,,2024-03-02\n"
        "iea-2025,iea,IEA,Outlook,statistics,2025-03-01,day,,,,CC BY 4.0,,2025-03-02\n",
        "utf-8",
    )
    base = "{id},ev_share_of_sales,japan,japan,{value},,,share,2023-01-01,2023-12-31,2023,{source},table,{value},exact,"
    base += "reported,asserts,"
    rows = [
        base.format(id="a", value=0.41, source="iea-2024") + "1,new,,2024-03-02,",
        base.format(id="b", value=0.15, source="iea-2025") + "1,new,,2025-03-02,",
        base.format(id="a", value=0.14, source="iea-2024") + "2,correction,misread,2025-06-01,",
        base.format(id="b", value=0.15, source="iea-2025") + "2,retraction,withdrawn by the publisher,2026-02-01,",
    ]
    (project / "data" / "claims.csv").write_text("\n".join([claims, *rows]) + "\n", "utf-8")
    events = (ROOT / "data" / "events.csv").read_text("utf-8").splitlines()[0]
    (project / "data" / "events.csv").write_text(events + "\n", "utf-8")
    ledger = Ledger.load(project / "data")

    def seen(known: date, recorded_by: date | None = None) -> list[float]:
        return ledger.as_of(known, recorded_by=recorded_by).claims["value"].to_list()

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


def test_a_view_of_the_past_cannot_be_asked_about_later_days(project):
    view = Ledger.load(project / "data").as_of(date(2024, 4, 1))
    assert view.as_of(date(2022, 5, 1)).claims["source_id"].n_unique() == 2
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


DAYS = st.dates(date(2020, 1, 1), date(2026, 11, 22))


@settings(deadline=None)
@given(
    rows=st.lists(
        st.tuples(st.sampled_from("abc"), st.sampled_from("pq"), DAYS, st.sampled_from(["target", "reported", "plan"])),
        min_size=1,
        max_size=12,
    ),
    known=DAYS,
)
def test_later_publications_never_change_what_was_known_and_one_claim_is_in_force(rows, known):
    frame = pl.DataFrame(
        [
            {
                "claim_id": f"c{i}",
                "series_id": series,
                "entity_id": "e",
                "market_id": "m",
                "valid_from": None,
                "valid_to": None,
                "product_id": product,
                "known_date": day,
                "basis": basis,
                "entry": 1,
                "change": "new",
            }
            for i, (series, product, day, basis) in enumerate(rows)
        ],
        schema_overrides={"valid_from": pl.Date, "valid_to": pl.Date},
    )

    def view(claims: pl.DataFrame) -> pl.DataFrame:
        visible = claims.filter(pl.col("known_date") <= known)
        return visible.pipe(latest_entries, "claim_id").pipe(_latest_editions)

    earlier = frame.filter(pl.col("known_date") <= known)
    assert view(frame).equals(view(earlier))
    intent = pl.col("basis").is_in(["target", "plan", "rumour"]).alias("intent")
    keys = view(frame).select("series_id", "product_id", intent)
    assert keys.is_unique().all()
