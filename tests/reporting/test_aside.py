"""Texts that pandoc does not read: which they are, how they come back, and that a PDF is the same with and without."""

from datetime import date
from io import BytesIO

import nbformat
import pytest
from pypdf import PdfReader

from analysis.reporting import pdf
from analysis.reporting.aside import put_back, set_aside
from analysis.reporting.html import About, body

MARK = "\U000f0000"
ABOUT = About("x", "Title", "2026-11-25", date(2026, 11, 25), date(2026, 11, 24))

KINDS = """
# Title

## One: *emphasis*, `code` and a [link](https://example.org/?a=1&b=2)

Words over
two lines, -5 and a - b, 1-2, ... and -?; "quotes" and it's, #hash, $5, a_b*c*, [x] (y), b@c, ~,
`a  b`, \\\\, // and /* */ &amp;amp; 10&nbsp;%.

1. one
2. - nested `x`
   - **bold**.name(1), *em*[0]

| a | b |
|---|---|
| = | - 5 |
| + x | `-1` |

> quoted

    pre -5 ...
"""
OURS = """
<div class="how"><ul><li><p><span class="label">Sales</span><span id="how-a"> (2023): <strong>-31 months</strong></span><br>
<span class="method">As printed.</span> From <span class="from">&quot;5&quot; (<span class="verbatim">A</span>).</span></p></li>
</ul></div>
<p><a class="figure" href="#how-a" title="Sales">5 &amp; <b>6</b></a>, <kbd>-1</kbd> and <span class="other">-2</span>.</p>
<table><caption>A 1-2</caption><thead><tr><th scope="col">H</th></tr></thead>
<tbody><tr><td class="gt_right">.a</td></tr></tbody></table>
"""


def numbered(html: str) -> tuple[str, list[str]]:
    """Set aside, with bars in the place of the mark."""
    shape, texts = set_aside(html)
    return shape.replace(MARK, "|"), texts


def test_the_pdf_is_the_one_for_which_pandoc_reads_every_word(monkeypatch):
    output = nbformat.v4.new_output("display_data", data={"text/html": OURS, "text/plain": ""})
    cells = [nbformat.v4.new_markdown_cell(KINDS), nbformat.v4.new_code_cell("1", outputs=[output])]
    notebook = nbformat.v4.new_notebook(cells=cells)
    content = body(notebook, for_print=True)
    made = pdf.document(notebook, ABOUT, content, sources={"a": "Paper A."})
    monkeypatch.setattr(pdf, "set_aside", lambda html: (html, []))
    assert made == pdf.document(notebook, ABOUT, content, sources={"a": "Paper A."})


def test_dashes_and_points_side_by_side_stand_as_they_are_written():
    """Written as Typst's shorthands, an en dash before a hyphen would be an em dash."""
    text = "a–- b --… c –— d"
    made = pdf.document(nbformat.v4.new_notebook(), ABOUT, f"<h1>Title</h1><p>{text}</p>")
    assert text in PdfReader(BytesIO(made)).pages[0].extract_text()


def test_whitespace_around_a_text_stays_and_within_it_is_one_space():
    assert numbered("<li>\n a\n  b &amp;\tc <b> d</b>\u00a0</li>") == (
        "<li>\n |0| <b> |1|</b>|2|</li>",
        ["a b & c", "d", "\u00a0"],
    )


@pytest.mark.parametrize("name", ["code", "pre", "svg", "figcaption"])
def test_what_is_shown_otherwise_than_as_text_stays_with_all_that_it_holds(name):
    """A second one within it does not end it, nor does the end of another such element."""
    html = f"<{name}>a <b>c</b><{name}>d</{name}></pre></code>e</{name}>"
    if name in ("pre", "code"):
        html = html.replace("</pre></code>", "")
    assert numbered(f"{html}<p>f</p>") == (f"{html}<p>|0|</p>", ["f"])


def test_a_sentence_in_spans_that_mean_nothing_to_print_is_one_text_and_a_place_to_link_to_stays():
    html = '<p><span class="from">From <span class="verbatim">A</span></span>, <span id="how-a">B</span>.</p>'
    assert numbered(html) == ('<p>|0| <span id="how-a">|1|</span>|2|</p>', ["From A,", "B", "."])


@pytest.mark.parametrize("html", ['</span>a<span class="from">b</span>', '<span class="from">a'])
def test_spans_that_do_not_pair_are_left_to_pandoc(html):
    assert numbered(html)[0].replace("|0|", "a").replace("|1|", "b") == html


def test_titles_of_links_go_and_those_of_pictures_stay():
    shape, _ = numbered('<a href="#x" title="a &gt; b"></a><img src="chart-1.svg" title="c">')
    assert shape == '<a href="#x"></a><img src="chart-1.svg" title="c">'


@pytest.mark.parametrize("mark", [MARK, "&#xF0000;", "&#983040;"])
def test_nothing_is_set_aside_where_an_attribute_could_be_taken_for_the_number_of_a_text(mark):
    """Otherwise a text of the page would end a string of Typst's, and what follows it there would be run."""
    html = f'<p><a class="figure" href="#a" data-source="{mark}0{mark}">#panic()</a></p>'
    assert set_aside(html) == (html, [])


def test_a_text_comes_back_as_a_string_that_nothing_behind_it_calls():
    r"""By hand: " and \ are escaped, as in Typst's grammar, and the semicolon ends the expression."""
    assert put_back(f"{MARK}1{MARK}[x] {MARK}0{MARK}", [r'"\#a', "b"]) == r'#"b";[x] #"\"\\#a";'
