"""A grid file names many reports: what it asks for, how they are named, and where a wrong one says so."""

from datetime import date
from pathlib import Path

import pytest

from analysis.errors import InputError
from analysis.reporting.grid import read_grid
from analysis.reporting.parameters import Parameter, Report

DECLARED = {
    "as_of": Parameter("as_of", "date | None", None, ""),
    "market": Parameter("market", "Entity", "japan", ""),
    "markets": Parameter("markets", "list[Entity]", ["japan", "china"], ""),
    "year": Parameter("year", "int", 2030, ""),
    "since": Parameter("since", "date | None", date(2024, 1, 1), ""),
}
REPORTS = {
    "share": Report("share", Path("share.ipynb"), "Share", DECLARED),
    "plain": Report("plain", Path("plain.ipynb"), "Plain", {"as_of": DECLARED["as_of"]}),
}


@pytest.fixture
def read(tmp_path):
    """A function that reads a grid of that ending and text."""

    def one(ending: str, text: str, **given: str):
        path = tmp_path / f"grid.{ending}"
        path.write_text(text, "utf-8")
        return read_grid(path, REPORTS, given)

    return one


def test_a_row_is_a_report_and_an_empty_field_leaves_the_default(read):
    values, reports = read("csv", "report,market,year\nshare,norway,2035\nshare,,2035\nshare,,\nplain,,\n")
    assert [report.name for report in reports] == ["share-market-norway-year-2035", "share-year-2035", "share", "plain"]
    assert values["share-market-norway-year-2035"] == {
        "as_of": None,
        "market": "norway",
        "markets": ["japan", "china"],
        "year": 2035,
        "since": date(2024, 1, 1),
    }
    assert values["share-year-2035"]["market"] == "japan"
    assert reports[0].full_title == "Share (market norway, year 2035)"
    assert reports[2].full_title == "Share"
    assert reports[0].path == Path("share.ipynb")


def test_lists_of_a_table_are_crossed_and_tables_stand_beside_each_other(read):
    text = '[[grid]]\nreport = "share"\nmarket = ["norway", "uk"]\nyear = [2030, 2035]\n\n[[grid]]\nreport = ["plain"]\n'
    _, reports = read("toml", text)
    assert [report.name for report in reports] == [
        "share-market-norway",
        "share-market-norway-year-2035",
        "share-market-uk",
        "share-market-uk-year-2035",
        "plain",
    ]


def test_a_parameter_that_is_a_list_takes_lists_and_text_with_commas(read):
    values, _ = read("toml", '[[grid]]\nreport = "share"\nmarkets = [["us", "uk"], "norway,uk"]\n')
    assert [each["markets"] for each in values.values()] == [["us", "uk"], ["norway", "uk"]]


def test_days_and_none_arrive_as_declared(read):
    values, _ = read("toml", '[[grid]]\nreport = "share"\nsince = [2025-02-01, "none"]\n')
    assert [each["since"] for each in values.values()] == [date(2025, 2, 1), None]


def test_what_is_given_beside_stands_where_a_row_says_nothing(read):
    values, _ = read("csv", "report,year\nshare,2040\nshare,\nplain,\n", year="2050")
    assert [each.get("year") for each in values.values()] == [2040, 2050, None]


def test_names_follow_from_the_parameters_alone_and_fit_a_file(read):
    long = ",".join(["norway", "sk-on-supply"] * 9)
    _, (one,) = read("toml", f'[[grid]]\nreport = "share"\nmarkets = "{long}"\n')
    _, both = read("toml", f'[[grid]]\nreport = "share"\nmarkets = ["{long}", "{long},uk"]\n')
    assert both[0].name == one.name
    assert both[1].name != one.name
    assert all(len(each.name) <= 64 and each.name.startswith("share-markets-norway-sk-on-supply-") for each in both)


@pytest.mark.parametrize(
    ("ending", "text", "said"),
    [
        ("csv", "report\nshares\n", r"grid\.csv line 2: no report 'shares'; there are share, plain"),
        ("csv", "report,year\nshare,2030\n\nshare,soon\n", r"grid\.csv line 4: parameter year is 'soon': expected a whole"),
        ("csv", "report,yaer\nshare,2030\n", r"grid\.csv line 2: no parameter yaer; share has as_of, market"),
        ("csv", "report,year\nplain,2030\n", r"grid\.csv line 2: no parameter year; plain has as_of"),
        ("csv", "report,as_of\nshare,2024-01-01\n", r"grid\.csv line 2: parameter as_of is set by --as-of"),
        ("csv", "report\nshare\nplain\nshare\n", r"grid\.csv line 4: the same report as grid\.csv line 2: share"),
        ("csv", "market\nuk\n", r"grid\.csv line 1: expected a column report"),
        ("csv", "report,report\nshare,share\n", r"grid\.csv line 1: expected a column report"),
        ("csv", "report,market\nshare\n", r"grid\.csv line 2.*expected 2 fields"),
        ("csv", "report\n", "asks for no report"),
        ("toml", "[[grid]\n", r"grid\.toml cannot be read as TOML"),
        ("toml", 'report = "share"\n', r"grid\.toml: expected tables \[\[grid\]\]"),
        ("toml", '[[grid]]\nmarket = "uk"\n', r"grid\.toml: expected tables \[\[grid\]\], each with report"),
        ("toml", '[[grid]]\nreport = "share"\nyear = {from = 1}\n', r"grid\.toml, table 1, year: expected a value or a list"),
        ("toml", '[[grid]]\nreport = "share"\nyear = [2030, "x"]\n', r"grid\.toml, table 1: parameter year is 'x'"),
        (
            "toml",
            '[[grid]]\nreport = "share"\nyear = ' + str([*range(400)]) + "\nmarket = " + str(["uk"] * 300),
            "asks for 120000",
        ),
        ("txt", "report\n", r"expected a file that ends in \.csv or \.toml"),
    ],
)
def test_a_wrong_grid_says_where_and_what_is_expected(read, ending, text, said):
    with pytest.raises(InputError, match=said):
        read(ending, text)


def test_a_grid_that_is_not_there_or_no_text_says_so(tmp_path):
    with pytest.raises(InputError, match="there is no grid"):
        read_grid(tmp_path / "lost.csv", REPORTS, {})
    (tmp_path / "grid.csv").write_bytes("report\nsharé\n".encode("latin-1"))
    with pytest.raises(InputError, match=r"grid\.csv cannot be read as text in UTF-8"):
        read_grid(tmp_path / "grid.csv", REPORTS, {})


def test_a_parameter_that_is_given_and_that_no_report_has_is_refused(read):
    with pytest.raises(InputError, match=r"no parameter speed in any report of grid\.csv"):
        read("csv", "report\nshare\n", speed="1")
