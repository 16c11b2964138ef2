"""Reports in print: what a PDF is made of, read back; how it looks is not tested here."""

import re
import subprocess
import sys
import tempfile
from datetime import date
from io import BytesIO
from pathlib import Path

import nbformat
import pytest
from conftest import REPORTS
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf import PdfReader
from pypdf.generic import IndirectObject

from analysis.errors import BuildError
from analysis.exhibits.citing import footnotes
from analysis.reporting import pdf
from analysis.reporting.html import About, body
from analysis.reporting.pdf import document

ABOUT = About("x", "Of 日産 and others", "2026-11-25", date(2026, 11, 25), date(2026, 11, 24))


@pytest.fixture(scope="module", params=REPORTS)
def printed(edition, request) -> PdfReader:
    """Each report of today's edition in turn."""
    return PdfReader(edition[1].folder / f"{request.param}.pdf")


@pytest.fixture
def read(edition):
    """A function that opens one report of today's edition."""
    return lambda name: PdfReader(edition[1].folder / f"{name}.pdf")


def text_of(reader: PdfReader, page: int | None = None) -> str:
    pages = reader.pages if page is None else [reader.pages[page - 1]]
    return " ".join(" ".join(one.extract_text() for one in pages).split())


def made(markdown: str, *outputs, sources=None) -> tuple[PdfReader, list[str]]:
    """A notebook of these cells as a PDF, and what was said to lack a typeface."""
    cells = [nbformat.v4.new_markdown_cell(markdown)]
    cells += [nbformat.v4.new_code_cell("1", outputs=[output]) for output in outputs]
    notebook, lacking = nbformat.v4.new_notebook(cells=cells), []
    content = body(notebook, for_print=True)
    return PdfReader(BytesIO(document(notebook, ABOUT, content, sources=sources, tell=lacking.append))), lacking


def shown(html: str):
    return nbformat.v4.new_output("display_data", data={"text/html": html, "text/plain": ""})


def chart(words: str):
    svg = (
        '<svg xmlns="http://www.w3.org/2000/svg" width="300" height="60" viewBox="0 0 300 60">'
        f'<text x="5" y="20" font-size="9" font-family="Source Sans Pro">{words}</text></svg>'
    )
    return nbformat.v4.new_output("display_data", data={"image/svg+xml": svg, "text/plain": f"A chart of {words}"})


def elements(reader: PdfReader, kind: str) -> list:
    """The elements of a kind in the structure that a screen reader follows."""
    found, waiting = [], [reader.trailer["/Root"]["/StructTreeRoot"]]
    while waiting:
        one = waiting.pop()
        one = one.get_object() if isinstance(one, IndirectObject) else one
        if isinstance(one, list):
            waiting += one
        elif isinstance(one, dict):
            found += [one] if one.get("/S") == kind else []
            waiting += [one["/K"]] if "/K" in one else []
    return found


def bookmarks(reader: PdfReader) -> list[str]:
    flat, waiting = [], list(reader.outline)
    while waiting:
        one = waiting.pop(0)
        if isinstance(one, list):
            waiting[:0] = one
        else:
            flat.append(one.title)
    return flat


def test_it_is_tagged_in_english_and_says_what_it_is(printed):
    root = printed.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"].value
    assert root["/Lang"].startswith("en")
    assert root["/ViewerPreferences"]["/DisplayDocTitle"].value
    assert printed.metadata.author == "evroad"
    assert printed.metadata.title == text_of(printed, 1)[: len(printed.metadata.title)]
    assert "as of 25 November 2026" in printed.metadata.subject
    assert "<pdfuaid:part>1</pdfuaid:part>" in root["/Metadata"].get_object().get_data().decode()


def test_every_letter_comes_from_a_typeface_that_is_in_the_file(printed):
    fonts = {}
    for page in printed.pages:
        for font in page["/Resources"].get("/Font", {}).values():
            found = font.get_object()
            found = found.get("/DescendantFonts", [found])[0].get_object()
            fonts[found["/BaseFont"]] = found["/FontDescriptor"].get_object()
    assert fonts
    for name, descriptor in fonts.items():
        assert {"/FontFile", "/FontFile2", "/FontFile3"} & descriptor.keys(), name
        assert re.search("SourceSansPro|IPAexGothic|DejaVuSansMono", name), name


def test_every_picture_is_told_in_words(printed):
    figures = elements(printed, "/Figure")
    assert figures
    assert all(re.search("Sources?: ", str(figure["/Alt"])) for figure in figures)


def test_its_figures_are_numbered_in_order_and_listed_before_the_first_of_them(printed):
    numbers = [int(number) for number in re.findall(r"Figure (\d+)\.", text_of(printed, 1))]
    assert numbers == list(range(1, len(elements(printed, "/Figure")) + 1))
    for number in numbers:
        assert re.search(rf"Figure {number}(?!\.) ", text_of(printed)), number


def test_every_link_leads_somewhere(printed):
    names = printed.named_destinations
    pages = {page.indirect_reference.idnum for page in printed.pages}
    links = [
        note.get_object()
        for page in printed.pages
        for note in page.get("/Annots", [])
        if note.get_object()["/Subtype"] == "/Link"
    ]
    assert links
    for link in links:
        action = link.get("/A", {})
        if "/URI" in action:
            assert re.match("https?://", action["/URI"])
            continue
        target = link.get("/Dest", action.get("/D"))
        target = names[target].dest_array if isinstance(target, str) else target
        assert target[0].idnum in pages


def test_contents_and_bookmarks_name_every_section_with_its_page(printed):
    sections = bookmarks(printed)
    assert sections[0] == printed.metadata.title
    appendices = [name for name in sections if name.startswith("Appendix")]
    assert appendices == [
        "Appendix A: How each number was made",
        "Appendix B: Sources",
        "Appendix C: Checks before publication",
    ]
    first = text_of(printed, 1)
    for name in sections[1:]:
        page = int(re.search(re.escape(name) + r"[ .]+(\d+)", first)[1])
        assert name in text_of(printed, page)


def test_each_page_tells_its_number_and_from_the_second_the_title_edition_and_day(printed):
    total = len(printed.pages)
    for number in range(1, total + 1):
        text = text_of(printed, number)
        assert f"Page {number} of {total}" in text
        header = f"{printed.metadata.title} Edition of 25 November 2026 · as of 25 November 2026"
        assert text.startswith(header) == (number > 1)


def test_a_table_that_goes_on_repeats_its_heads(read):
    pages = [text_of(read("targets"), number) for number in (2, 3)]
    assert all("Target For Promised Latest Last outcome Verdict" in page for page in pages)


def test_the_source_of_a_figure_stands_at_the_foot_of_its_page(read):
    """By hand: techfyle prints the Sakura's 42%, and the article on Nissan and Honda both shares of markets."""
    first = text_of(read("market_share"), 1)
    assert re.search(r"holds 42%\u2060?1 of", first)
    assert re.search(r"1 ?techfyle\.com, March 2024\.", first)
    mark = re.search(r"about 20% for China and 2% for Japan.*a gap of about 18 points\u2060?(\d),", first)[1]
    assert f"{mark}“Nissan and Honda Contemplate Collaborative Future in EVs”, 15 March 2024." in first


def test_a_source_is_noted_once_a_section_and_figures_of_one_source_in_a_row_share_a_mark():
    figure = '<a class="figure" href="#how-{}">{}</a>'
    one, two, other = (figure.format(*pair) for pair in (("a", "11"), ("a", "12"), ("b", "13")))
    how = '<div class="how"><ul><li><p><span id="how-a">11, 12</span> <span id="how-b">13</span></p></li></ul></div>'
    outputs = [shown(f"<p>{one} and {two}, then {other}.</p><p>Again {one}.</p>"), shown(f"<h2>Next</h2><p>{two}</p>")]
    reader, _ = made("# x\n\n## Section", *outputs, shown(f"<h2>How</h2>{how}"), sources={"a": "Paper A.", "b": "Paper B."})
    text = text_of(reader).replace("\u2060", "")
    assert "11 and 121, then 132." in text
    assert "Again 111." in text
    assert text.count("Paper A.") == 2  # in each section
    assert text.count("Paper B.") == 1


def test_of_many_sources_a_note_names_three_and_counts_the_others(published):
    ids = published.claims.unique("source_id", maintain_order=True)["claim_id"].head(5).to_list()
    rows = [{"figure_id": "many", "claim_ids": ids}, {"figure_id": "one", "claim_ids": ids[:1]}]
    notes = footnotes([*rows, {"figure_id": "none", "claim_ids": []}], published)
    assert notes["many"].endswith("; and 2 more, named in the appendix.")
    assert notes["many"].count(";") == 3
    assert notes["many"].startswith(notes["one"].removesuffix("."))
    assert notes["none"] == ""


def test_figures_in_tables_have_no_marks():
    table = '<div class="table"><table><tr><td><a class="figure" href="#how-a">11</a></td></tr></table></div>'
    how = '<div class="how"><ul><li><p><span id="how-a">11</span></p></li></ul></div>'
    reader, _ = made("# x", shown(table), shown(how), sources={"a": "Paper A."})
    assert "Paper A." not in text_of(reader)


def test_a_report_without_sections_and_figures_has_no_contents():
    reader, _ = made("# x\n\nWords.")
    assert "Contents" not in text_of(reader)
    assert len(reader.pages) == 1


def test_japanese_names_are_shown_in_their_own_letters():
    reader, lacking = made("# 日産自動車\n\nトヨタ, 三菱 and Größe, ¥₩€ ≤ ≥ – “x”", chart("日産"))
    assert all(name in text_of(reader) for name in ("日産自動車", "トヨタ", "三菱", "Größe", "¥₩€ ≤ ≥"))
    assert lacking == []


def test_a_character_that_no_typeface_has_is_named_in_its_place_and_told():
    reader, lacking = made("# Cars \U0001f697\n\n日産 \U0001f697 and \U0001f469\u200d\U0001f4bb.", chart("\U0001f695"))
    text = text_of(reader)
    assert "Cars «U+1F697 automobile»" in text
    assert "日産 «U+1F697 automobile» and «U+1F469 woman»«U+1F4BB personal computer»." in text
    assert "«U+1F695 taxi»" in text
    assert [line.split(":")[0] for line in lacking] == [
        "no typeface can set U+1F697 automobile",
        "no typeface can set U+1F469 woman",
        "no typeface can set U+1F4BB personal computer",
        "no typeface can set U+1F695 taxi",
    ]


def test_very_many_of_them_end_too():
    reader, lacking = made("# x\n\n" + "".join(map(chr, range(0x1F400, 0x1F43F))))
    assert len(lacking) == len(set(lacking)) == 0x3F
    assert "«U+1F400 rat»" in text_of(reader)
    assert "«U+1F43E paw prints»" in text_of(reader)


ODD = {
    "an accent of its own is joined": ("cafe\u0301", "café"),
    "a voiced sound mark is joined": ("\u304b\u3099", "\u304c"),
    "a mark that no letter has": ("q\u0301", "q«U+0301 combining acute accent»"),
    "a mark of no typeface": ("a\u20dd", "a«U+20DD combining enclosing circle»"),
    "a key": ("1\ufe0f\u20e3", "1«U+20E3 combining enclosing keycap»"),
    "a half-width mark": ("\uff76\uff9e", "\uff76«U+FF9E halfwidth katakana voiced sound mark»"),
    "Hebrew": ("\u05d0\u05d1", "«U+05D0 hebrew letter alef»«U+05D1 hebrew letter bet»"),
    "Arabic": ("\u0645", "«U+0645 arabic letter meem»"),
    "a Chinese form": ("\u8fd9", "«U+8FD9 cjk unified ideograph»"),
    "a private one": ("x\ue000", "x«U+E000 without a name»"),
    "a bell": ("x\x07", "x«U+0007 without a name»"),
    "none at all": ("x\uffff", "x«U+FFFF without a name»"),
    "a byte order mark": ("x\ufeffy", "xy"),
    "a variant": ("\u2713\ufe0f", "\u2713"),
    "a joiner": ("a\u200db", "ab"),
    "an override": ("a\u202eb", "ab"),
}


@pytest.mark.parametrize(("text", "expected"), ODD.values(), ids=ODD)
def test_marks_other_scripts_and_what_is_not_seen_stop_neither_text_nor_picture(text, expected):
    for reader, _ in (made(f"# x\n\nA{text}B"), made("# x", chart(f"A{text}B"))):
        assert "".join(f"A{expected}B".split()) in "".join(text_of(reader).split())  # Typst parts scripts by a thin space


def test_in_a_picture_japanese_stands_beside_ligatures_and_letters_of_the_latin_typeface_alone():
    """Beside a ligature ("ffi") Typst looks for one typeface that has all of a text; the Japanese one has no dotless i."""
    reader, lacking = made("# x", chart("traffic 日産 Yıldız"))
    assert "traffic 日産 Yıldız" in text_of(reader)
    assert lacking == []


def test_in_a_picture_with_japanese_a_letter_that_the_japanese_typeface_takes_apart_is_named():
    assert "日産 «U+011F latin small letter g with breve»" in text_of(made("# x", chart("日産 ğ"))[0])
    assert "日産 ğ" in text_of(made("# x\n\n日産 ğ")[0])


def test_titles_headings_captions_and_sources_are_set_as_well():
    picture = chart("x")
    picture["data"]["application/vnd.vegalite.v6+json"] = {
        "title": {"text": "Caption \U0001f697", "subtitle": "Below \U0001f697"}
    }
    how = '<div class="how"><ul><li><p><span id="how-a">11</span></p></li></ul></div>'
    figure = f'<p><a class="figure" href="#how-a">11</a></p><h2>How</h2>{how}'
    notebook = nbformat.v4.new_notebook(
        cells=[
            nbformat.v4.new_markdown_cell("# x"),
            nbformat.v4.new_code_cell("1", outputs=[shown("<h2>Heading &#128663;</h2>"), picture, shown(figure)]),
        ]
    )
    about, told = About("x", "Title \U0001f697", "2026-11-25", ABOUT.date, ABOUT.as_of), []
    sources = {"a": "Source \U0001f697."}
    content = document(notebook, about, body(notebook, for_print=True), sources=sources, tell=told.append)
    reader = PdfReader(BytesIO(content))
    for word in ("Heading", "Caption", "Below", "Source"):
        assert f"{word} «U+1F697 automobile»" in text_of(reader), word
    assert reader.metadata.title == "Title «U+1F697 automobile»"
    assert "Heading «U+1F697 automobile»" in bookmarks(reader)
    assert told == ["no typeface can set U+1F697 automobile: the PDF names it in its place"]


@settings(max_examples=12)
@given(text=st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=40))
def test_any_characters_can_be_printed(text):
    """Tried: any Unicode, in a text and in a picture; a PDF comes of it, and says its page."""
    told = text.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")
    picture = chart(told)
    picture["data"]["text/plain"] = "A chart"
    reader, _ = made("# x", shown(f"<p>{told}</p>"), picture)
    assert "Page 1 of 1" in text_of(reader)


def test_points_and_hyphens_are_printed_as_they_are_written():
    reader, _ = made("# x", shown("<p>from 2025-? on ... and 2-?3, a--b---c, -5 and +5.</p>"))
    assert "from 2025-? on ... and 2-?3, a--b---c, -5 and +5." in text_of(reader)


def test_a_link_to_a_place_that_is_not_there_is_refused():
    with pytest.raises(BuildError, match="nowhere"):
        made("# x", shown('<p><a href="#nowhere">see</a></p>'))


def test_a_picture_without_words_is_refused():
    picture = chart("x")
    picture["data"]["text/plain"] = ""
    with pytest.raises(BuildError, match="alt"):
        made("# x", picture)


@pytest.mark.parametrize(
    ("done", "told"),
    [
        ("import os; os._exit(7)", "exit code 7"),
        ("import os; os.abort()", "exit code -6"),
        ("print('why'); raise SystemExit(1)", "why"),
        ("pass", "exit code 0"),
    ],
)
def test_a_typesetter_that_crashes_fails_its_report_by_name_and_not_the_process_that_asked(done, told, monkeypatch):
    monkeypatch.setattr(pdf, "_TYPST", done)
    with pytest.raises(BuildError, match=f"^x: the PDF could not be set: {told}$"):
        made("# x")


def test_a_worker_does_not_load_the_typesetter():
    """Its 25 MB, and what it keeps of each document, are another process's."""
    code = "import sys\nfrom analysis.reporting import pdf\npdf._typeset(__import__('pathlib').Path(sys.argv[1]), 'x')\n"
    code += "print('typst' in sys.modules)"
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "report.typ").write_text('#set document(title: "x")\nText')
        done = subprocess.run([sys.executable, "-c", code, folder], capture_output=True, text=True, check=True)
        assert Path(folder, "report.pdf").read_bytes().startswith(b"%PDF")
    assert done.stdout == "False\n"


def test_a_table_over_pages_repeats_its_heads_and_cuts_no_row():
    """By hand: 120 rows of two lines each take more than two pages; both lines of a row stand on one page."""
    rows = "".join(f"<tr><td>top{n}.<br>end{n}.</td><td>{n}</td></tr>" for n in range(120))
    reader, _ = made("# x", shown(f"<table><thead><tr><th>Heads</th><th>Number</th></tr></thead><tbody>{rows}</tbody></table>"))
    pages = [text_of(reader, number) for number in range(1, len(reader.pages) + 1)]
    assert len(pages) > 2
    assert all("Heads Number" in page for page in pages)
    for number in range(120):
        assert [f"top{number}." in page for page in pages] == [f"end{number}." in page for page in pages]
