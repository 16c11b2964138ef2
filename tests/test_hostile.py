"""Data, parameters and files that attack: each is refused with its place, or shown as it is; nothing of it is run.

What was tried in texts stands in `hostile.ATTACKS`; what else, in each test.
"""

import csv
import json
import os
import re
from datetime import date
from html import unescape
from pathlib import Path

import nbformat
import pytest
from click.testing import CliRunner
from conftest import ROOT
from hostile import ATTACKS, COLUMNS, EVERYTHING, marked
from pypdf import PdfReader

from analysis.cli import main
from analysis.errors import BuildError, EvroadError, InputError, LedgerError
from analysis.ledger import Ledger
from analysis.reporting import editions
from analysis.reporting.html import About, body, policy
from analysis.reporting.inert import check_inert
from analysis.reporting.parameters import find_reports
from analysis.reporting.pdf import document
from analysis.tables import read_text

ABOUT = About("x", "x", "2026-11-25", date(2026, 11, 25), date(2026, 11, 25))


def pressed(text: str) -> str:
    """A text without white space, which pages and PDFs break lines at."""
    return "".join(text.split())


def expected(column: str) -> str:
    """What a reader sees of a column; of a printed figure, without the marks of the text that it stood in."""
    return pressed(marked(column).replace("**", "") if column.endswith("printed") else marked(column))


# Texts in data, and where they come out


@pytest.mark.parametrize("column", COLUMNS)
def test_a_hostile_text_is_told_as_it_is_on_the_page_and_in_the_pdf(attacked, column):
    """Tried: hostile.ATTACKS, all together, in each column of free text that reaches a page."""
    page = (attacked / "hostile.html").read_text("utf-8")
    main_part = re.sub(r"<[^>]+>", "", page[page.index("<main") :])
    pdf = "".join(sheet.extract_text() for sheet in PdfReader(attacked / "hostile.pdf").pages)
    assert expected(column) in pressed(unescape(main_part))
    assert expected(column) in pressed(pdf)


def test_what_a_notebook_holds_of_data_and_parameters_is_inert_and_unchanged(attacked):
    """Tried: hostile.ATTACKS in all columns and as parameters of the types str and list[str]."""
    outputs = [out for cell in nbformat.read(attacked / "hostile.ipynb", 4).cells for out in cell.get("outputs", [])]
    shown = [out["data"] for out in outputs if "data" in out]
    for data in shown:
        check_inert(data.get("text/html", "") + data.get("image/svg+xml", ""))
    assert len(shown) == 9
    words = [part.strip() for attack in ATTACKS for part in attack.split(",")]  # a comma parts the items of a list
    assert [out["text"] for out in outputs if out.output_type == "stream"] == [f"told: {(EVERYTHING, words)!r}\n"]


def test_addresses_are_links_to_where_they_say_with_quotes_escaped(attacked):
    """Tried: quotes, a script, a Typst call, a template and a backslash in sources.url."""
    page = (attacked / "hostile.html").read_text("utf-8")
    wanted = "https://example.org/\"'><script>window.ran=1</script>?q=#panic()&x={{7*7}}\\"
    links = {unescape(link) for link in re.findall(r'href="([^"]*)"', page[page.index("<main") :])}
    assert [link for link in links if "://" in link] == [wanted]
    outside = {
        str(note.get_object()["/A"]["/URI"])
        for sheet in PdfReader(attacked / "hostile.pdf").pages
        for note in sheet.get("/Annots") or []
        if "/URI" in note.get_object().get("/A", {})
    }
    assert {address[:19] for address in outside} == {"https://example.org"}


def test_no_field_of_an_editions_data_begins_as_a_formula(attacked, edition):
    """Tried: every text column of every CSV file of a hostile edition and of the project's own."""
    fields = []
    for path in [*attacked.glob("*.csv"), *edition[1].folder.glob("*.csv")]:
        with path.open(encoding="utf-8", newline="") as file:
            fields += [field for row in csv.reader(file) for field in row if field]
    assert any("In entities.name: <script>" in field for field in fields)
    for field in fields:
        assert field[0] not in "=@\t\r\n", field
        assert field[0] not in "+-" or re.fullmatch(r"-[0-9.e+-]+", field), field


def test_a_trace_writes_nothing_to_the_terminal_that_it_would_obey(attacked, monkeypatch):
    monkeypatch.chdir(attacked)
    told = CliRunner().invoke(main, ["trace", editions.figures(attacked)[0]["figure_id"]])
    assert told.exit_code == 0
    assert "In sources.publisher: <script>" in told.output
    assert told.output.replace("\n", "").isprintable()


UNSEEN = {
    "an escape sequence": "\x1b[2J",
    "a null": "\0",
    "a bell": "\x07",
    "a C1 control": "\x9b",
    "right-to-left override": "\u202e",
    "an isolate": "\u2066",
    "a mark of direction": "\u200f",
    "a space without width": "\u200b",
    "a joiner": "\u200d",
    "a byte order mark inside": "\ufeff",
    "a soft hyphen": "\u00ad",
    "a line separator": "\u2028",
    "a paragraph separator": "\u2029",
    "a next line": "\x85",
    "a private character": "\ue000",
    "no character": "\uffff",
    "a tag": "\U000e0041",
}


@pytest.mark.parametrize("character", UNSEEN.values(), ids=UNSEEN)
def test_characters_that_nobody_sees_are_refused_with_their_line_and_escaped(project, edit, character):
    edit("entities.csv", "Nissan LEAF", f"Nissan{character}LEAF")
    with pytest.raises(LedgerError, match=r"entities\.csv line \d+: .*without control characters or invisible ones") as error:
        Ledger.load(project / "data")
    assert str(error.value).replace("\n", "").isprintable()


@pytest.mark.parametrize("text", ["Nissan\u00a0LEAF", "日産　リーフ", "Škoda é", "n\u2011V", "5\u202f000", "two\nlines"])
def test_spaces_of_other_widths_other_scripts_and_accents_are_text(project, edit, text):
    edit("entities.csv", "Nissan LEAF", f'"{text}"')
    assert Ledger.load(project / "data").name("leaf") == text


FORMULAS = [
    "=CMD()",
    "=1+1",
    "@SUM(1+1)",
    "+HYPERLINK(1)",
    "-cmd|' /C calc'!A0",
    "-2+3+cmd|' /C calc'!A0",
    "+1 cmd|' /C calc'!A0",
    '-1&WEBSERVICE("x")',
    "-5*A1",
    "-5 (x) =1",
    "- a list",
    "  =1",
    "\t=1",
    "\r=1",
    "\n=1",
    "＝1+1",
    "＠SUM",
    "a;=1",
    "a\t@SUM",
    "a\n-x",
]


@pytest.mark.parametrize("text", FORMULAS)
def test_a_text_that_a_spreadsheet_would_run_is_refused_with_the_remedy(project, edit, text):
    quoted = text.replace('"', '""')
    edit("entities.csv", "Nissan LEAF", f'"{quoted}"')
    with pytest.raises(LedgerError, match=r"column name: .*would run it: put a word before it") as error:
        Ledger.load(project / "data")
    assert len(error.value.faults) == 1


@pytest.mark.parametrize(
    "text",
    [
        "-13.3%",
        "+14.4 points",
        "-670.9 billion yen",
        "+12.1% (of all)",
        "-$5 million",
        "-5, as printed",
        "a-b",
        "x = y",
        "a; b",
    ],
)
def test_a_signed_number_is_no_formula(project, edit, text):
    edit("claims.csv", ",42%,", f',"{text}",')
    assert text in Ledger.load(project / "data").claims["printed"].to_list()


@pytest.mark.parametrize(("length", "is_text"), [(100, True), (101, False)])
def test_a_word_that_no_page_is_wide_enough_for_is_refused(project, edit, length, is_text):
    """Tried: a word of that length, and one of one letter under a flood of accents; a Japanese line may be longer."""
    for word in ("W" * length, "e" + "\u0301" * (length - 1)):
        edit("entities.csv", "Nissan LEAF,", f"{word},")
        if is_text:
            assert Ledger.load(project / "data").name("leaf") == word
        else:
            with pytest.raises(LedgerError, match="words of at most 100 characters"):
                Ledger.load(project / "data")
        edit("entities.csv", f"{word},", "Nissan LEAF,")
    edit("entities.csv", "Nissan LEAF,", "日" * 300 + ",")
    assert len(Ledger.load(project / "data").name("leaf")) == 300


# Files


def faults_of(path: Path) -> str:
    return str(LedgerError(read_text(path, ["a", "b"])[1]))


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        ("a,b\nx,y\n".encode("utf-16"), "expected text in UTF-8 (saved as UTF-16?)"),
        ("a,b\nx,y\n".encode("utf-16-le"), "expected text in UTF-8 (saved as UTF-16?)"),
        ("a,b\nx,y\n".encode("utf-16-be"), "expected text in UTF-8 (saved as UTF-16?)"),
        ("a,b\nx,y\n".encode("utf-32"), "expected text in UTF-8 (saved as UTF-16?)"),
        (b"a,b\nx,\xed\xa0\x80\n", "line 2: expected text in UTF-8"),  # half of a surrogate pair
        (b"a,b\nx,\xff\n", "line 2: expected text in UTF-8"),
        (b"a,b\nx,y\0\n", "line 2: \"'\\\\x00'\": expected text without control characters"),
        (b'a,b\n"' + b"x" * 10_000_000 + b'",y\n', "line 2: expected a well-formed line (field larger than field limit"),
        (b'a,b\nx,"y\n' * 3, "never closed?"),
        (b"a" + b",b" * 100_000 + b"\n", "'100001 columns': expected at most 100"),
        (b"a,a,b\n1,2,3\n", "column a: expected a column once (copied?)"),
        (b"", "expected a header (the file is empty)"),
        (b"\x89PNG\r\n\x1a\n\0\0", "expected text in UTF-8"),
        (b"a\x1b[2J,b\n", "no such column"),
    ],
)
def test_a_file_that_is_no_table_is_refused_by_its_cause(tmp_path, content, fault):
    """Tried: UTF-16 with its mark and without, UTF-32, surrogates, NUL, a field of 10 MB, quotes, 100,001 columns, a PNG."""
    path = tmp_path / "x.csv"
    path.write_bytes(content)
    text = faults_of(path)
    assert fault in text
    assert len(text) < 1000
    assert text.replace("\n", "").isprintable()


@pytest.mark.parametrize(
    "content", [b"a,b\nx,y\n", b"\xef\xbb\xbfa,b\r\nx,y\r\n", b"a,b\rx,y\r", b"b,a\ny,x", b'\n\n"a",b\n\nx,y\n\n']
)
def test_every_form_of_a_table_reads_the_same(tmp_path, content):
    """Tried: a byte order mark, line ends of Windows and of old Macintoshes, no last line end, another order, blank lines."""
    (tmp_path / "x.csv").write_bytes(content)
    frame, faults = read_text(tmp_path / "x.csv", ["a", "b"])
    assert faults == []
    assert frame.select("a", "b").rows() == [("x", "y")]


def test_a_table_may_have_a_header_alone(tmp_path):
    (tmp_path / "x.csv").write_bytes(b"a,b\n")
    frame, faults = read_text(tmp_path / "x.csv", ["a", "b"])
    assert (faults, frame.columns, len(frame)) == ([], ["line", "a", "b"], 0)


def test_what_is_no_file_is_refused_and_not_waited_for(tmp_path):
    """Tried: a folder, a pipe that nobody writes to, a device without end, a circle of links, no file, too large a file."""
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "device").symlink_to("/dev/zero")
    (tmp_path / "circle").symlink_to(tmp_path / "circle")
    with (tmp_path / "large").open("wb") as file:
        file.truncate(2**29)  # a hole: it takes no room
    found = {name: faults_of(tmp_path / name) for name in ("folder", "pipe", "device", "circle", "nothing", "large")}
    assert all("expected a readable file" in text for text in found.values())
    for name in ("folder", "pipe", "device"):
        assert "is no file" in found[name]
    assert "Too many levels of symbolic links" in found["circle"]
    assert "more than 256 MB" in found["large"]


NUMBERS = [
    "1e400",
    "9e999",
    "1" + "0" * 400,
    "nan",
    "NaN",
    "inf",
    "-inf",
    "1_000",
    "１２",
    "0x10",
    " 12",
    "1e16",
    "-1e16",
    "1;2",
    "--1",
]


@pytest.mark.parametrize("number", NUMBERS)
def test_a_number_that_is_none_or_enormous_is_a_fault_of_its_field(project, edit, number):
    edit("claims.csv", ",661000000,,,USD,", f",{number},,,USD,")
    with pytest.raises(LedgerError) as error:
        Ledger.load(project / "data")
    assert {(fault.file, fault.column) for fault in error.value.faults} == {("claims.csv", "value")}


@pytest.mark.parametrize("column", ["value", "value_low", "value_high"])
def test_no_value_is_larger_than_what_can_be_meant_also_where_a_series_sets_no_bound(project, edit, column):
    fields = {"value": "9e15", "value_low": "", "value_high": ""} | {column: "9e15"}
    edit("claims.csv", ",661000000,,,USD,", f",{','.join(fields.values())},USD,")
    with pytest.raises(LedgerError, match=rf"column {column}: .*expected 1000000000000000.0 or less"):
        Ledger.load(project / "data")


@pytest.mark.parametrize(
    "day", ["0001-01-01", "9999-12-31", "2024-02-30", "2024-1-1", "２０２４-01-01", "20240101", "2024-W01-1"]
)
def test_a_day_that_is_none_or_beyond_all_plans_is_a_fault_of_its_field(project, edit, day):
    edit("sources.csv", ",2022-04-08,day,", f",{day},day,")
    with pytest.raises(LedgerError, match="column published_date") as error:
        Ledger.load(project / "data")
    assert len(error.value.faults) == 1


def test_of_very_many_faults_the_first_thousand_are_told_and_the_rest_counted(tmp_path):
    (tmp_path / "x.csv").write_text("a,b\n" + "x\n" * 5000)
    text = faults_of(tmp_path / "x.csv")
    assert text.startswith("5000 faults in the data:\n  x.csv line 2: ")
    assert text.endswith("x.csv line 1001: 'x': expected 2 fields, as in the header (a field left out?)\n  and 4000 more")


# What a terminal shows of errors


def test_an_error_shows_a_terminal_nothing_that_it_would_obey():
    """Tried: an escape sequence, a bell, a turn of direction, a surrogate from a file's name that is no UTF-8."""
    for kind in (InputError, BuildError, EvroadError):
        assert str(kind("a\x1b[2J\x07\u202e\udcffb\n\tc é日")) == "a\\x1b[2J\\x07\\u202e\\udcffb\n\tc é日"


@pytest.mark.parametrize(
    "arguments",
    [
        ["trace", "x\x1b[2J", "--edition", "../.."],
        ["trace", "x", "--report", "../x"],
        ["verify", "../../etc"],
        ["verify", "2026-11-25/../2026-11-25"],
        ["verify", "/etc\x1b]0;x\x07"],
        ["build", "../notebooks/hostile"],
        ["build", "hostile/../hostile"],
        ["build", "/etc/passwd"],
        ["build", "hostile", "-p", "as_of; import os=1"],
        ["build", "hostile", "-p", "word\n=1"],
        ["build", "hostile", "-p", "word=\udcff"],
        ["build", "hostile", "-p", "word=\0"],
        ["build", "hostile", "-p", "about=../../etc/passwd"],
        ["build", "hostile", "-p", "\x1b[2J=1"],
        ["import", "iea", "nothing\x1b[2J\udcff", "--published", "2025-01"],
        ["import", "iea", "..", "--published", "2025-01"],
        ["check", "--sources", "\x1b[2J"],
        ["check", "--since", "--output=x"],
    ],
)
def test_arguments_lead_to_no_path_and_their_escapes_do_not_reach_the_terminal(attacked, monkeypatch, arguments):
    """Tried: parts of paths as edition, report and file, code as a parameter's name, escapes, surrogates, NUL, options."""
    monkeypatch.chdir(attacked)
    before = sorted(attacked.parent.rglob("*"))
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 2
    assert isinstance(result.exception, SystemExit)
    assert result.output.replace("\n", "").isprintable()
    assert sorted(attacked.parent.rglob("*")) == before


def test_verify_escapes_the_names_of_files_and_reads_none_outside_the_edition(tmp_path):
    """Tried: a file with an escape in its name, one with half a pair, and a manifest that names a file of another folder."""
    folder = tmp_path / "2026-11-25"
    folder.mkdir()
    told = {
        "outputs": {"../secret": "x", "gone\x1b[2J": "x"},
        "parameters": {},
        "inputs": {},
        "is_replay": False,
        "is_whole": True,
    }
    (folder / "manifest.json").write_text(json.dumps(told | {"id": editions.identity(told)}))
    (folder / "new\x1b[2J\udcff").write_text("x")
    (tmp_path / "secret").write_text("x")
    lines = ["../secret: is gone", "gone\\x1b[2J: is gone", "new\\x1b[2J\\udcff: has come since"]
    assert editions.damage(folder) == lines


@pytest.mark.parametrize("option", ["publisher", "url", "caveat"])
@pytest.mark.parametrize("text", ["a\udcffb", "=CMD()", "a\x1b[2Jb", "\u202e"])
def test_what_an_import_is_told_of_its_source_is_held_to_the_same_rules(project, tmp_path, monkeypatch, option, text):
    monkeypatch.chdir(project)
    before = (project / "data" / "sources.csv").read_bytes()
    path = tmp_path / "x.csv"
    path.write_text("Entity,Code,Year,Share of new cars that are electric\nChina,CHN,2024,48\n")
    result = CliRunner().invoke(main, ["import", "owid", str(path), "--published", "2025-01-02", f"--{option}", text])
    assert result.exit_code == 2
    assert isinstance(result.exception, SystemExit)
    assert result.output.replace("\n", "").isprintable()
    assert (project / "data" / "sources.csv").read_bytes() == before


# Names of reports

NAMES = [
    ".hidden",
    "CON",
    "con",
    "lpt1",
    "Targets",
    "a b",
    "a\nb",
    'a"b',
    "a'b",
    "a%2fb",
    "a?b",
    "a#b",
    "{x}",
    "a.b",
    "-p",
    "_x",
    "é",
    "ａ",
    "a\\b",
    "<b>",
    "a\x1b[2J",
    "x" * 65,
]


@pytest.mark.parametrize("name", NAMES)
def test_a_report_whose_name_could_lead_elsewhere_is_refused(tmp_path, name):
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("x: int = 1", metadata={"tags": ["parameters"]})])
    nbformat.write(notebook, tmp_path / f"{name}.ipynb")
    with pytest.raises(InputError, match="cannot be a report: expected a name of up to 64 small letters") as error:
        find_reports(tmp_path)
    assert str(error.value).isprintable()


def test_a_notebook_of_any_name_without_parameters_is_no_report_and_no_fault(tmp_path):
    nbformat.write(nbformat.v4.new_notebook(), tmp_path / "an idea (2).ipynb")
    assert find_reports(tmp_path) == {}


# HTML and PDF

ACTIVE = {
    "<svg><script>1</script></svg>": "<script>",
    '<svg onload="x()"></svg>': "attribute onload of <svg>",
    '<p ONCLICK="x()">': "attribute ONCLICK of <p>",
    '<a href="javascript:x()">': "href='javascript:x()' of <a>",
    '<a href=" javascript:x()">': "href=' javascript:x()' of <a>",
    '<a href="java&#x09;script:x()">': "href='java",
    '<a href="&#106;avascript:x()">': "href='&#106;avascript",
    '<a href="data:text/html,x">': "href='data:",
    '<a href="vbscript:x">': "href='vbscript:",
    '<a href="file:///etc/passwd">': "href='file:",
    '<a href="//example.org">': "href='//example.org'",
    '<a href="../../x.html">': "href='../..",
    '<svg><a xlink:href="javascript:x()">': "attribute xlink:href",
    '<svg><use href="#x"/></svg>': "<use>",
    '<svg><image href="https://example.org/x"/></svg>': "<image>",
    '<svg><animate attributeName="href" values="javascript:x()"/></svg>': "<animate>",
    "<svg><foreignObject>x</foreignObject></svg>": "<foreignobject>",
    "<style>@import 'x'</style>": "<style>",
    '<img src="https://example.org/x.png">': "src='https:",
    '<img src="data:image/svg+xml,x">': "src='data:image/svg",
    '<img src="/etc/passwd">': "src='/etc/passwd'",
    '<img srcset="x">': "attribute srcset",
    '<p style="background:url(x)">': "style='background:url(x)'",
    '<p style="background:u\\72l(x)">': "style=",
    '<p style="background:&#117;rl(x)">': "style=",
    '<p style="width:expression(x)">': "style=",
    '<path fill="url(https://example.org/x)">': "fill='url(",
    '<g clip-path="url(x.svg#c)">': "clip-path=",
    '<td background="x">': "attribute background",
    '<div srcdoc="x">': "attribute srcdoc",
    '<a href="#x" ping="x">': "attribute ping",
    '<a href="#x" formaction="x">': "attribute formaction",
    "<math><mi>x</mi></math>": "<math>",
    '<details ontoggle="x">': "<details>",
    "<template><p>x</p></template>": "<template>",
    "<textarea>": "<textarea>",
    "<noscript><p>": "<noscript>",
    "<title></title>": "<title>",
    "<marquee onstart>": "<marquee>",
    "<input autofocus>": "<input>",
    "<plaintext>": "<plaintext>",
    "<x-y>": "no plain tag",
    "<!--><p onclick='x'>-->": "no plain tag",
    "<![CDATA[<p>]]>": "no plain tag",
    "<!doctype html>": "no plain tag",
    "<?xml-stylesheet href='x'?>": "no plain tag",
    "<p/onclick=x()>": "no plain tag",
    "<p onclick=x()>": "no plain tag",
    "<p title='>' onclick='x()'>": "no plain tag",
    '<p title="x"onclick="x()">': "no plain tag",
    '<img src="chart-1.svg" onerror="x()" ': "no plain tag",
    "1 < 2 and <": "no plain tag",
    "</p onclick=x>": "no plain tag",
    "<iframe>": "<iframe>",
    "<object>": "<object>",
    "<embed>": "<embed>",
    "<form>": "<form>",
    "<base>": "<base>",
    "<meta>": "<meta>",
    "<link>": "<link>",
    "<video>": "<video>",
}


@pytest.mark.parametrize("html", ACTIVE)
def test_html_that_is_not_known_to_be_inert_is_refused_by_name_and_line(html):
    with pytest.raises(BuildError, match=re.escape(ACTIVE[html])) as error:
        check_inert(f'<p class="x">before</p>\n{html}\n<p>after</p>')
    assert "; line 2: <" in str(error.value)


@pytest.mark.parametrize("kind", ["markdown", "text/html", "image/svg+xml", "text/markdown"])
def test_what_is_active_is_refused_wherever_in_a_notebook_it_stands_and_in_both_forms(kind):
    active = '<p>x</p>\n\n<svg onload="x()"></svg>'
    cell = nbformat.v4.new_markdown_cell(active)
    if kind != "markdown":
        shown = nbformat.v4.new_output("display_data", {kind: active, "text/plain": "x"})
        cell = nbformat.v4.new_code_cell("x", outputs=[shown])
    notebook = nbformat.v4.new_notebook(cells=[cell])
    with pytest.raises(BuildError, match="attribute onload of <svg>"):
        body(notebook)
    if kind != "image/svg+xml":  # which stands in a file of its own in print, and is drawn without scripts
        with pytest.raises(BuildError, match="attribute onload of <svg>"):
            document(notebook, ABOUT, body(notebook, for_print=True))


def test_markdown_of_every_sort_and_addresses_as_text_are_inert():
    text = "# A\n\n*a* **b** `c<d>`\n\n- x\n\n1. y\n\n> z\n\n---\n\n| a | b |\n|---|:-:|\n| 1 | 2 |\n"
    text += "\n[x](https://example.org/?a=1&b=2) [y](#z)"
    shown = nbformat.v4.new_output("display_data", {"text/plain": '<script> url(x) javascript:x "'})
    code = nbformat.v4.new_code_cell("x", outputs=[shown, nbformat.v4.new_output("stream", text="<b>\x1b[1m&")])
    html = body(nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell(text), code]))
    assert "&lt;script&gt; url(x) javascript:x" in html
    assert "&lt;b&gt;&amp;" in html


def test_no_pdf_reads_a_file_or_calls_what_stands_in_a_text(tmp_path):
    """Tried: calls behind a number, behind a link and behind a picture; headings and lists that cells would make of a mark."""
    cells = [
        "# x",
        '<p>-5<strong>x</strong> <em>-7</em>.len() <a class="figure" href="#how-x">42%</a>(read("/etc/passwd"))</p>',
        '<p><span id="how-x">-5</span>.at(9) <span>-6</span>; then <em>x</em>.été</p>',
        "<table><tr><th>a</th><th>b</th></tr><tr><td>= one</td><td>- two</td></tr>"
        "<tr><td>/ three: x</td><td>7. four</td></tr></table>",
    ]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell(cell) for cell in cells])
    (tmp_path / "x.pdf").write_bytes(document(notebook, ABOUT, body(notebook, for_print=True)))
    text = pressed("".join(page.extract_text() for page in PdfReader(tmp_path / "x.pdf").pages))
    for told in ('-5x-7.len()42%(read("/etc/passwd"))', "-5.at(9)-6;thenx.été", "=one", "-two", "/three:x", "7.four"):
        assert told in text


@pytest.mark.parametrize("title", ['a"b', "a\\", 'x", panic())', "#panic()", "$title$", "\\u{41}"])
def test_a_title_is_text_to_a_pdf(tmp_path, title):
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("# x")])
    about = About("x", title, "2026-11-25", date(2026, 11, 25), date(2026, 11, 25))
    (tmp_path / "x.pdf").write_bytes(document(notebook, about, body(notebook, for_print=True)))
    assert PdfReader(tmp_path / "x.pdf").metadata["/Title"] == title


def test_quotation_marks_in_a_charts_description_stay_inside_of_it():
    description = 'Shares "as printed" of <b> & others'
    svg = '<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1" viewBox="0 0 1 1"></svg>'
    output = nbformat.v4.new_output("display_data", data={"image/svg+xml": svg, "text/plain": description})
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1", outputs=[output])])
    told = "Shares &quot;as printed&quot; of &lt;b&gt; &amp; others"
    assert f'role="img" aria-label="{told}"' in body(notebook)
    assert f'alt="{told}"' in body(notebook, for_print=True)
    assert document(notebook, ABOUT, body(notebook, for_print=True)).startswith(b"%PDF")


def test_the_security_policy_is_the_one_that_pages_carry():
    assert f"\n    {policy([])}\n" in (ROOT / "SECURITY.md").read_text("utf-8")
