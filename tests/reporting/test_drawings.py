"""Charts as pages hold them: pictures without their titles, their tables, data for scripts, dark colours."""

import json
import re

import nbformat
import pytest
from conftest import ROOT

from analysis import look
from analysis.charts import panels
from analysis.look import SVG_MIME as SVG
from analysis.look import VEGALITE_MIME
from analysis.reporting import html
from analysis.reporting.drawings import apart, drawing, specs, told_rows, without_title

TIPS = [{"field": "who", "title": "Who"}, {"field": "shown", "title": "Share"}]


def layer(data: str, tooltip: object = None) -> dict:
    return {"mark": "bar", "data": {"name": data}, "encoding": {"tooltip": tooltip or TIPS}}


def test_rows_are_those_of_every_mark_each_once_and_those_of_one_name_together():
    one = [{"who": "A", "shown": "1%", "figure_id": "a.1"}, {"who": "B", "shown": "2%"}, {"who": "A", "shown": "3%"}]
    two = [{"who": "B", "shown": "2%"}, {"who": "C", "shown": None}]
    spec = {"datasets": {"one": one, "two": two}, "hconcat": [{"layer": [layer("one"), layer("one")]}, layer("two")]}
    (heads,), (rows,) = zip(*told_rows(spec).items(), strict=True)
    assert heads == ("Who", "Share")
    assert [(row["Who"], row["Share"]) for row in rows] == [("A", "1%"), ("A", "3%"), ("B", "2%"), ("C", "")]
    assert [row["figure_id"] for row in rows] == ["a.1", None, None, None]


def test_marks_that_tell_other_things_make_a_table_of_their_own_and_silent_ones_none():
    other = [{"field": "year", "title": "Year"}]
    spec = {"datasets": {"one": [{"who": "A", "shown": "1%", "year": 2024.0}]}, "data": {"name": "one"}}
    spec["layer"] = [layer("one"), {"mark": "rule", "encoding": {"tooltip": other}}, layer("one", {"value": None})]
    assert {heads: [row[heads[0]] for row in rows] for heads, rows in told_rows(spec).items()} == {
        ("Who", "Share"): ["A"],
        ("Year",): ["2024"],
    }


def test_a_cell_of_the_table_leads_to_its_figures_making_and_what_is_no_figure_leads_nowhere():
    rows = [{"who": "A<b>", "shown": "1%", "figure_id": 'a."1'}, {"who": "B", "shown": "rest"}]
    table = drawing({SVG: "<svg></svg>", VEGALITE_MIME: layer("one") | {"datasets": {"one": rows}}}).table
    assert '<th scope="col">Who</th><th scope="col">Share</th>' in table
    assert '<th scope="row">A&lt;b&gt;</th><td><a class="figure" href="#how-a.&quot;1">1%</a></td>' in table
    assert '<th scope="row">B</th><td>rest</td>' in table


# Its last baseline is at 5 (root) + 2 (group) + 15 + 18 = 40 pixels from the top; 11 of what is below it belong to it.
TITLE = (
    '<g class="mark-group role-title"><g transform="translate(0,2)"><path/><g><g class="mark-text"><text '
    'transform="translate(0,15)">First</text></g><text><tspan x="0" dy="18">Second</tspan></text></g></g></g>'
)
WHOLE = (
    '<svg width="700" height="300" viewBox="0 0 700 300"><g fill="none" stroke-miterlimit="10" transform="translate(5,5)">'
    f'<g class="mark-rule"></g>{TITLE}<g class="mark-bar"></g></g></svg>'
)


def test_a_picture_without_its_title_is_lower_by_what_the_title_took_and_whole_but_for_it():
    made = without_title(WHOLE)
    assert made.startswith('<svg width="700" height="249" viewBox="0 51 700 249">')
    assert made.endswith('<g class="mark-rule"></g><g class="mark-bar"></g></g></svg>')
    assert "First" not in made
    assert "Second" not in made


@pytest.mark.parametrize("part", ["role-title", "viewBox", "stroke-miterlimit"])
def test_a_picture_of_another_making_stays_as_it_is(part):
    other = WHOLE.replace(part, "x")
    assert without_title(other) == other


def test_charts_for_scripts_have_the_numbers_of_their_figures_and_say_nothing_to_the_script():
    """Of a picture alone nothing can be made; and a notebook cannot ask the embedding for anything."""
    spec = {"mark": "bar", "title": "T", "usermeta": {"embedOptions": {"actions": True}}}
    shown = [
        {"image/png": "", VEGALITE_MIME: spec},
        {SVG: "<svg></svg>"},
        {"text/html": "<p></p>", "image/png": ""},
        {SVG: "<svg></svg>", VEGALITE_MIME: spec},
    ]
    cell = nbformat.v4.new_code_cell(outputs=[nbformat.v4.new_output("display_data", data=data) for data in shown])
    assert specs(nbformat.v4.new_notebook(cells=[cell])) == {"figure-3": {"mark": "bar"}}


# --- on a dark page


def every_colour() -> dict[str, set[str]]:
    """The colours of the committed charts and of the theme -> the elements that they colour."""
    found: dict[str, set[str]] = {colour: {"path"} for colour in (*look.MANY, *panels._FILLS)}
    found |= {colour: {"text"} for colour in (*look.INKS, look.GREY)}
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        for cell in nbformat.read(path, as_version=4).cells:
            for output in cell.get("outputs", []):
                for tag in re.finditer(r"<(\w+)[^>]*>", output.get("data", {}).get(SVG, "")):
                    for colour in re.findall(r' (?:fill|stroke|stop-color)="(?!none|url)([^"]+)"', tag[0]):
                        found.setdefault(colour, set()).add(tag[1])
    return found


QUIET = {"white", "#c9d2da", "#e8ecef", "#e1e6eb"}
"""The ground, axes, grid and land: what need not stand out."""


def test_every_colour_of_a_chart_has_one_for_the_dark_that_stands_out_there():
    """Ratios as the Web Content Accessibility Guidelines ask: 4.5 for letters (1.4.3), 3 for marks (1.4.11)."""
    found = every_colour()
    assert len(found) > 20
    assert found.keys() <= look.DARK.keys()
    ground = re.search(r"dark\) \{\s*:root \{[^}]*--page: (#\w+)", (html.TEMPLATES / "style.css").read_text("utf-8"))[1]
    assert look.DARK["white"] == ground
    for colour, elements in found.items():
        if colour not in QUIET:
            assert contrast(look.DARK[colour], ground) >= (4.5 if "text" in elements else 3), colour


def test_what_stands_on_bars_can_be_read_on_them_in_the_dark():
    dark = look.DARK
    for ink, bar in (("white", look.BLUE), (look.INK, look.LIGHT)):
        assert contrast(dark[ink], dark[bar]) >= 4.5


def test_lines_that_step_back_are_those_of_the_theme():
    rules = html._pointed().splitlines()
    assert len(rules) == len(look.MANY)
    assert all(f'[stroke="{colour}"]):hover)' in rule for colour, rule in zip(look.MANY, rules, strict=True))


def contrast(first: str, second: str) -> float:
    def luminance(colour: str) -> float:
        parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))

    lighter, darker = sorted((luminance(first), luminance(second)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def test_nothing_in_a_charts_data_can_end_the_block_that_holds_it(monkeypatch):
    monkeypatch.setattr(html, "_charts", lambda: "")
    attack = {"datasets": {"one": [{"who": "</script><script>ran=1</script><!--<script>"}]}}
    about = html.About("x", "x", "2026-11-25", html.date(2026, 11, 25), html.date(2026, 11, 25))
    page = html.page("<h1>x</h1>", about, specs={"figure-1": attack})
    block = re.search(r'<script type="application/json" id="specs">(.*?)</script>', page)[1]
    assert "<" not in block
    assert json.loads(block) == {"figure-1": attack}
    assert page.count("<script") == 2


def clipped(*numbers: int) -> str:
    return "<svg>" + "".join(f'<clipPath id="clip{n}"/><path clip-path="url(#clip{n})"/>' for n in numbers) + "</svg>"


def test_no_picture_of_a_page_is_clipped_by_anothers_clip():
    text = "<p>clip1 url(#clip1)</p>"
    page = clipped(1, 2) + text + clipped() + clipped(1) + clipped(1, 2)
    assert apart(page) == clipped(1, 2) + text + clipped() + clipped(3) + clipped(4, 5)


def test_pictures_whose_clips_differ_already_stay_as_they_are():
    assert apart(clipped(2) + clipped(3, 4) + clipped(9)) == clipped(2) + clipped(3, 4) + clipped(9)
