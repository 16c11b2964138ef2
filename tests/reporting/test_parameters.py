"""The parameters cell: what it declares is what a report takes, and nothing else."""

import re
from datetime import date

import nbformat
import pytest

from analysis.errors import InputError
from analysis.reporting.parameters import assign, check_names, choose, find_reports


def notebook(folder, source: str, name: str = "report"):
    cells = [nbformat.v4.new_markdown_cell("# A title\n\n**The question.** Why?"), nbformat.v4.new_code_cell(source)]
    cells[1].metadata["tags"] = ["parameters"]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), folder / f"{name}.ipynb")


SOURCE = """as_of: date | None = None  # a day
name: str = "x # y"  # a name
year: int = 2030  # a year
share: float = 0.5
is_bold: bool = False  # bold
since: date = date(2020, 1, 2)
markets: list[str] = ["a", "b"]  # markets
"""


@pytest.fixture
def reports(tmp_path):
    notebook(tmp_path, SOURCE)
    return find_reports(tmp_path)


def test_names_types_defaults_and_meanings_are_read_without_running_the_cell(reports):
    declared = reports["report"].parameters
    assert {name: (p.type, p.default, p.meaning) for name, p in declared.items()} == {
        "as_of": ("date | None", None, "a day"),
        "name": ("str", "x # y", "a name"),
        "year": ("int", 2030, "a year"),
        "share": ("float", 0.5, ""),
        "is_bold": ("bool", False, "bold"),
        "since": ("date", date(2020, 1, 2), ""),
        "markets": ("list[str]", ["a", "b"], "markets"),
    }
    assert reports["report"].title == "A title"


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("name", "029", "029"),
        ("name", "no", "no"),
        ("name", '"; import os #', '"; import os #'),
        ("name", "%%bash\n!ls\u2028\\'", "%%bash\n!ls\u2028\\'"),
        ("year", "+999999999999999999", 999999999999999999),
        ("year", "2034", 2034),
        ("share", "1e-3", 0.001),
        ("is_bold", "True", True),
        ("as_of", "2024-04-01", date(2024, 4, 1)),
        ("as_of", "none", None),
        ("markets", "china, japan", ["china", "japan"]),
    ],
)
def test_a_value_arrives_as_declared(reports, name, text, value):
    assert assign(list(reports.values()), {name: text})["report"][name] == value


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("year", "abc", "parameter year is 'abc': expected a whole number"),
        ("year", "2030.5", "a whole number"),
        ("share", "half", "a number"),
        ("is_bold", "yes", "true or false"),
        ("since", "1.2.2020", "a date as YYYY-MM-DD"),
        ("since", "none", "a date as YYYY-MM-DD"),
        ("since", "20240401", "a date as YYYY-MM-DD"),
        ("share", "nan", "a number"),
        ("share", "1e400", "a number"),
        ("share", "1_0", "a number"),
        ("share", "１", "a number"),
        ("year", "1_000", "a whole number of up to 18 digits"),
        ("year", "１２", "a whole number of up to 18 digits"),
        ("year", "9" * 19, "a whole number of up to 18 digits"),
        ("year", "9" * 5000, r"is '9{80}'\.\.\.: expected a whole number of up to 18 digits"),
        ("since", "２０２４-01-01", "a date as YYYY-MM-DD"),
        ("name", "half a pair \ud800", r"'half a pair \\ud800': expected text in Unicode without NUL"),
        ("name", "a\0b", "text in Unicode without NUL"),
        ("markets", "a,\ud800", "text in Unicode without NUL"),
        ("years", "2030", r"no parameter years; report has as_of, name, year"),
        ("x = 1; import os; y", "2030", "no parameter x = 1; import os; y"),
    ],
)
def test_an_unknown_name_or_a_value_of_the_wrong_type_is_refused(reports, name, text, message):
    with pytest.raises(InputError, match=message):
        assign(list(reports.values()), {name: text})


def test_an_unknown_report_is_refused_with_those_there_are(reports):
    with pytest.raises(InputError, match="no report other; there are report"):
        choose(reports, ["other"])


def test_a_parameter_goes_to_the_reports_that_declare_it(tmp_path):
    notebook(tmp_path, "year: int = 2030", "one")
    notebook(tmp_path, "name: str = 'x'", "two")
    both = choose(find_reports(tmp_path), [])
    assert assign(both, {"year": "2031"}) == {"one": {"year": 2031}, "two": {"name": "x"}}


def test_a_notebook_without_parameters_is_no_report(tmp_path):
    nbformat.write(nbformat.v4.new_notebook(), tmp_path / "explore.ipynb")
    assert find_reports(tmp_path) == {}
    with pytest.raises(InputError, match="no reports"):
        choose({}, [])


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("year = 2030", "expected name: type = default"),
        ("year: complex = 1j", "type 'complex' is not one of"),
        ("year: int = len('x')", "must be a plain value"),
        ("import os", "expected name: type = default"),
        ("year: int = (", "parameters cell: "),
        ("year: int = 'soon'", "its default 'soon' is not of type int"),
        ("year: int = None", "its default None is not of type int"),
        ("year: int = 1\nyear: str = 'a'", "declared twice"),
        ("as_of: str = ''", "its type is date | None"),
        ("year: int = True", "its default True is not of type int"),
        ("markets: list[str] = ['a', 1]", "is not of type list[str]"),
        ("since: date = date(10**20, 1, 1)", "must be a plain value"),
        ("__import__: str = 'x'", "parameter __import__: expected a name of small letters"),
        ("_: int = 1", "expected a name of small letters"),
        ("year; import os: int = 1", "parameters cell: "),
        ("class: int = 1", "parameters cell: "),
        ("x.y: int = 1", "expected name: type = default"),
        ("year: int = 1; print(1)", "expected name: type = default"),
        ("year: int = (print(1), 1)[1]", "must be a plain value"),
        ("!ls", "parameters cell: "),
    ],
)
def test_a_cell_that_declares_what_it_may_not_is_refused(tmp_path, source, message):
    notebook(tmp_path, source)
    with pytest.raises(InputError, match=re.escape(message)):
        find_reports(tmp_path)


def test_a_report_may_not_take_the_name_of_the_first_page(tmp_path):
    notebook(tmp_path, SOURCE, "index")
    with pytest.raises(InputError, match="index is the name of an edition's first page"):
        find_reports(tmp_path)


def test_names_of_the_ledger_are_checked_with_what_they_are_near_to(tmp_path):
    notebook(tmp_path, "rate: Claim = 'fx-2021'\nmarkets: list[Entity] = ['japan']")
    found = list(find_reports(tmp_path).values())
    known = {"Claim": {"fx-2021"}, "Entity": {"japan", "china"}}
    check_names(found, assign(found, {}), known)
    for given, message in [
        ({"rate": "fx-2012"}, "no such claim; did you mean fx-2021"),
        ({"markets": "japan,xx"}, "entities.csv"),
    ]:
        with pytest.raises(InputError, match=message):
            check_names(found, assign(found, given), known)


def test_a_file_that_is_no_notebook_is_refused(tmp_path):
    (tmp_path / "broken.ipynb").write_text("{")
    with pytest.raises(InputError, match="cannot be read as a notebook"):
        find_reports(tmp_path)
