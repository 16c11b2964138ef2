"""Every number on a page leads home, or is on the short list of what is no figure; anything else stops the build."""

import json
import re
from datetime import date

import nbformat
import pytest
from conftest import REPORTS, TODAY
from pypdf import PdfReader

from analysis import Ledger
from analysis.errors import BuildError
from analysis.reporting import html
from analysis.reporting.edition import build
from analysis.reporting.numbers import check_traced, ledger_words, untraced
from analysis.reporting.planning import plan

NAMES = {"Nissan Ambition 2030", "European Union (27)", "2"}
TEXTS = {"42%", "6", "The whole contract over 6 years.", "A share of 44% by Nissan's own text."}
ENTRIES = (
    '<h2>How each number was made</h2><div class="how"><ul><li><p><span class="label">Share</span>: '
    '<span id="how-share.a">2023: <strong>about 1,042 cars</strong></span><br><span class="method">At 95%.</span></p></li>'
    "</ul></div>"
)


def found_in(body: str) -> list[str]:
    return [one.words for one in untraced(body + ENTRIES, names=NAMES, texts=TEXTS)]


@pytest.mark.parametrize(
    "body",
    [
        "<p>about 42 of them</p>",
        "<p>That is 42%.</p>",
        "<p>$5</p>",
        "<p>1,000 cars</p>",
        "<p>3x the share</p>",
        "<p>12 models</p>",
        "<p>in 2028</p>",
        "<p>on 25 November 2026</p>",
        "<p>４２ of them</p>",
        "<p>half: ½</p>",
        "<p>٤٢</p>",
        "<p>Nissan Ambition 2031</p>",
        "<p>Nissan Ambition 20301</p>",
        "<p>CO2</p>",
        "<p>a <strong>42</strong>nd</p>",
        "<h2>42 of them</h2>",
        "<h2>2024% more</h2>",
        "<ul><li>7 plants</li></ul>",
        "<table><tr><td>42</td></tr></table>",
        "<table><tr><td>2024</td></tr></table>",
        "<table><tr><th>42 cars</th></tr></table>",
        "<pre>42</pre>",
        '<pre class="stdout">2024</pre>',
        '<p><img src="data:," alt="42 cars"></p>',
        '<p><a href="https://example.org" title="42 cars">there</a></p>',
        '<p><a href="#how-share.a">1,042</a></p>',
        '<span class="dated">42</span>',
        '<span class="dated">2024: 42%</span>',
        '<span class="verbatim">43%</span>',
        '<span class="verbatim">up to 6</span>',
        '<span class="given">96%</span>',
        '<p>Unclosed <span class="verbatim">42%</p><p>43</p>',
    ],
)
def test_a_number_that_leads_to_nothing_is_found(body):
    assert len(found_in(body)) == 1


@pytest.mark.parametrize(
    "body",
    [
        '<p>Sold were <a class="figure" href="#how-share.a" title="at 7">about 1,042 cars</a>.</p>',
        '<p>in <a class="figure" href="#how-share.a">2023</a></p>',
        "<p>no digits, though 三菱 is a name, and ten is a word</p>",
        "<p>Nissan Ambition 2030, and the European Union (27).</p>",
        "<h2>What changed since 25 November 2024</h2>",
        "<table><caption>By fiscal 2024 to 2026</caption><tr><th>2024</th></tr></table>",
        "<table><tr><th>Share of the European Union (27), 2024</th></tr></table>",
        '<td><span class="dated">January to June 2025</span></td>',
        '<div class="as-of"><p>As of 25 November 2026, from what the ledger held on 1 April 2026.</p></div>',
        '<td><span class="verbatim">“42%”</span> (<span class="verbatim">Reuters, March 2024</span>)</td>',
        '<div class="note"><p>Note: The whole contract over 6 years. A share of 44% by Nissan&#x27;s own text.</p></div>',
        '<p>with a probability of <span class="given">95%</span></p>',
        '<div class="not-known"><p>Not known at the as-of date: sales honda global 2030.</p></div>',
        '<figure class="chart"><div role="img" aria-label="42%"><svg><text>42%</text></svg></div></figure>',
        '<ol start="42"><li>first</li></ol>',
    ],
)
def test_what_leads_home_or_is_no_figure_is_left_alone(body):
    assert found_in(body) == []


def test_a_link_whose_entry_is_not_there_is_found():
    assert found_in('<p><a class="figure" href="#how-share.b">1,042</a></p>') == ["1,042"]


def test_a_link_that_says_another_number_than_its_entry_is_found():
    assert found_in('<p><a class="figure" href="#how-share.a">about 1,043 cars</a></p>') == ["about 1,043 cars"]


def test_a_number_typed_among_the_words_under_that_heading_is_found_too():
    assert len(untraced(f"{ENTRIES}<p>All 42 of them.</p>", names=NAMES)) == 1


def test_the_message_tells_words_section_and_remedy_and_of_many_the_first_ten():
    body = "<h1>T</h1><p>Top 1</p><h2>A section</h2>" + "".join(f"<p>There are {n} plants.</p>" for n in range(10, 21))
    with pytest.raises(BuildError) as error:
        check_traced(body, report="road", names=NAMES)
    lines = str(error.value).splitlines()
    assert lines[0] == "road: 12 numbers on the page cannot be traced:"
    assert lines[1] == "  at the top: “Top 1” leads to nothing"
    assert lines[2] == "  A section: “There are 10 plants.” leads to nothing"
    assert lines[11:] == [
        "  and 2 more",
        "Put a figure there: exhibits.say with {figure_id}, or one of the tables. README says what is not a figure.",
    ]


# --- whole reports


def rebuilt(project, report, source, kind=nbformat.v4.new_markdown_cell, **how):
    path = project / "notebooks" / f"{report}.ipynb"
    notebook = nbformat.read(path, as_version=4)
    notebook.cells.insert(1, kind(source, id="added"))
    nbformat.write(notebook, path)
    return build(plan(project, [report], {}, date=TODAY, as_of=None, **how), lambda *_: None)


@pytest.mark.parametrize(
    ("source", "kind"),
    [("About 42 of them.", nbformat.v4.new_markdown_cell), ("print('42 of them')", nbformat.v4.new_code_cell)],
)
def test_an_edition_in_which_a_number_is_typed_is_refused(project, source, kind):
    with pytest.raises(BuildError, match=r"(?s)investments: 1 number on the page .*at the top: “(About )?42 of them"):
        rebuilt(project, "investments", source, kind)
    assert not [path for path in (project / "reports").iterdir() if path.name[0] == "2"]


def test_as_far_as_could_be_known_on_an_early_day_every_number_leads_home_as_well(project):
    made = build(plan(project, REPORTS[:3], {}, date=TODAY, as_of=date(2024, 4, 1)), lambda *_: None)
    assert "not-known" in (made.folder / "batteries.html").read_text("utf-8")


@pytest.mark.parametrize("report", REPORTS)
def test_a_figure_of_a_built_report_without_its_link_is_missed(edition, report):
    """The check sees each kind of place where a figure stands: any one link turned into text is found."""
    root, made, _ = edition
    body = html.body(nbformat.read(made.folder / f"{report}.ipynb", as_version=4))
    words = ledger_words(Ledger.load(root / "data"))
    assert untraced(body, **words) == []
    # A chart's table may hold what is no figure, such as a name.
    charts = [range(*chart.span()) for chart in re.finditer('<figure class="chart".*?</figure>', body, re.DOTALL)]
    every = re.finditer(r'<a class="figure"[^>]*>([^<]*\d[^<]*)</a>', body)
    links = [link for link in every if not any(link.start() in chart for chart in charts)]
    for link in links[:: max(1, len(links) // 12)]:
        bare = body[: link.start()] + link[1] + body[link.end() :]
        assert len(untraced(bare, **words)) == 1, link[0]


@pytest.mark.parametrize("report", REPORTS)
def test_a_figure_in_a_charts_table_that_leads_to_the_making_of_another_is_found(edition, report):
    root, made, _ = edition
    body = html.body(nbformat.read(made.folder / f"{report}.ipynb", as_version=4))
    words = ledger_words(Ledger.load(root / "data"))
    link = re.search(r'(<details class="as-table">.*?<a class="figure" href="#how-[^"]+">)([^<]*\d[^<]*)</a>', body, re.DOTALL)
    if link is None:  # a timeline or a map: of what happened where, not of figures
        assert report == "partnerships"
        return
    wrong = f"{body[: link.end(1)]}987{body[link.end(2) :]}"
    assert [found.words for found in untraced(wrong, **words)] == ["987"]


# --- shown at once, and heard


LINK = re.compile(r'<a class="figure" href="(?:\w+\.html)?#(how-[^"]+)" ([^>]*)>(.*?)</a>')


@pytest.mark.parametrize("name", [*REPORTS, "index"])
def test_every_figure_has_a_name_that_begins_as_it_reads_and_tells_in_short_how_it_was_made(edition, name):
    _, made, _ = edition
    page = (made.folder / f"{name}.html").read_text("utf-8")
    page = re.sub('<details class="as-table">.*?</details>', "", page, flags=re.DOTALL)  # their row and column name those
    links = LINK.findall(page)
    assert len(links) == page.count('<a class="figure"')
    for figure_id, attributes, value in links:
        heard, told = re.fullmatch(r'aria-label="([^"]*)" data-how="([^"]*)"', attributes).groups()
        assert heard.startswith(f"{value}, "), figure_id
        assert heard.endswith(": how it was made")
        lines = told.splitlines()
        assert 3 <= len(lines) <= 4, told
        assert lines[2].startswith("From ")
        assert all(len(line) <= 200 for line in lines), told  # shortened at 160 characters, and then escaped


def test_what_is_shown_at_once_is_name_value_formula_and_the_figures_own_claims(edition):
    _, made, _ = edition
    page = (made.folder / "market_share.html").read_text("utf-8")
    told = {figure_id: re.search('data-how="([^"]*)"', attributes)[1] for figure_id, attributes, _ in LINK.findall(page)}
    assert told["how-printed_share.sakura.japan"].splitlines() == [
        "Model&#x27;s share of the passenger EV market: Nissan Sakura, Japan: 42%",
        "As printed.",
        "From “42%” (techfyle.com, March 2024, paragraph 9).",
        "Contested: The Sakura’s share: of which year.",
    ]


# --- the PDF


@pytest.mark.parametrize("report", REPORTS)
def test_in_the_pdf_every_figure_is_a_link_to_a_place_in_the_appendix_which_its_bookmarks_name(edition, report):
    _, made, _ = edition
    reader = PdfReader(made.folder / f"{report}.pdf")
    titles = [item.title for item in reader.outline if not isinstance(item, list)]
    titles += [
        item.title for group in reader.outline if isinstance(group, list) for item in group if not isinstance(item, list)
    ]
    assert "Appendix A: How each number was made" in titles
    numbers = {page.indirect_reference.idnum: number for number, page in enumerate(reader.pages)}
    appendix = next(
        n for n, page in enumerate(reader.pages) if "Every figure in this report, with its formula" in page.extract_text()
    )
    inside = []
    for page in reader.pages:
        for note in (reference.get_object() for reference in page.get("/Annots", [])):
            if note.get("/Subtype") == "/Link" and "/URI" not in note.get("/A", {}):
                target = note["/Dest"] if "/Dest" in note else note["/A"]["/D"]
                target = reader.named_destinations[target].dest_array if isinstance(target, str) else target
                inside.append(numbers[target[0].idnum])
    body = html.body(nbformat.read(made.folder / f"{report}.ipynb", as_version=4), for_print=True)
    # A link over two lines has two places; contents and footnotes lead elsewhere.
    assert sum(page >= appendix for page in inside) >= body.count('<a class="figure"')


def _titles(outline):
    return [title for item in outline for title in (_titles(item) if isinstance(item, list) else [item.title])]


def test_the_notebook_of_a_refused_report_is_kept(project):
    with pytest.raises(BuildError, match=r"executed notebook is kept"):
        rebuilt(project, "briefing", "| a | b |\n|---|---|\n| x | 42 |")
    kept = next((project / "reports" / ".failed").glob("*.ipynb"))
    assert "42" in json.dumps(nbformat.read(kept, as_version=4).cells[1])
