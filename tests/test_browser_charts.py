"""Pages in a real browser, as they come alive: charts that answer, tables beneath, code behind a switch."""

import re
from datetime import date
from io import BytesIO

import pytest
from axe_playwright_python.sync_playwright import Axe
from conftest import REPORTS, ROOT, TODAY
from pypdf import PdfReader

from analysis.reporting import html
from analysis.reporting.edition import build
from analysis.reporting.html import About
from analysis.reporting.planning import plan

READY = "html[data-charts=ready]"
OPEN_ALL = "document.querySelectorAll('details').forEach(one => one.open = true); document.getElementById('show-how')?.click()"


@pytest.fixture(scope="module")
def static(tmp_path_factory):
    """The folder of an edition without scripts."""
    root = tmp_path_factory.mktemp("static") / "a project"
    for name in ("data", "notebooks"):
        (root / name).mkdir(parents=True)
        for path in (ROOT / name).glob("*.*"):
            (root / name / path.name).write_bytes(path.read_bytes())
    return build(plan(root, ["production"], {}, date=TODAY, as_of=None, is_static=True), lambda *_: None).folder


@pytest.mark.parametrize("name", REPORTS)
def test_charts_come_alive_without_a_request_a_complaint_or_a_jump_and_are_there_without_scripts(open_page, name):
    """What is drawn by the browser is as large as the picture it takes the place of, and all of the page stays where it was."""
    sizes = (
        "[...document.querySelectorAll('.drawing svg')].map(svg => svg.getBoundingClientRect()).map(b => [b.width, b.height])"
    )
    still, _, trouble = open_page(name, java_script_enabled=False)
    page, asked, complaints = open_page(name)
    page.wait_for_selector(READY)
    assert (
        page.locator(".drawing[data-live]").count() == page.locator(".drawing").count() == still.locator(".drawing").count() > 0
    )
    for before, after in zip(still.evaluate(sizes), page.evaluate(sizes), strict=True):
        assert after == pytest.approx(before, abs=1)
    height = "document.documentElement.scrollHeight"
    assert page.evaluate(height) == pytest.approx(still.evaluate(height), abs=1)
    assert len(asked) == 1
    for chart in still.locator(".chart").all():
        assert chart.locator("svg").bounding_box()["height"] > 40
        table = chart.locator("details table").first
        assert not table.is_visible()
        chart.locator("summary").click()
        assert table.is_visible()
        assert table.locator("tbody tr").count() > 1
    assert complaints == trouble == []


def test_a_mark_that_is_pointed_at_tells_what_it_is_and_its_table_says_the_same(open_page):
    page, _, complaints = open_page("production")
    page.wait_for_selector(READY)
    chart = page.locator(".chart", has_text="The Kyushu plant").first
    chart.locator(".mark-rect path").first.hover()
    tip = page.locator("#vg-tooltip-element.visible")
    tip.wait_for()
    assert tip.inner_text().split() == ["Part", "In", "use", "Share", "about", "80%"]
    chart.locator("summary").click()
    assert chart.locator("tbody tr").first.inner_text().split() == ["In", "use", "about", "80%"]
    chart.locator("tbody a.figure").first.click()
    assert "80%" in page.locator(":target").inner_text()
    assert complaints == []


@pytest.mark.parametrize("live", [True, False])
def test_the_other_lines_step_back_from_the_one_that_is_pointed_at(open_page, live):
    page, _, _ = open_page("market_share", java_script_enabled=live)
    if live:
        page.wait_for_selector(READY)
    chart = page.locator("#figure-2 .drawing")
    others = chart.locator('.mark-line [stroke="#d55e00"]').first
    shown = "mark => getComputedStyle(mark).opacity"
    assert others.evaluate(shown) == "1"
    chart.locator('.mark-symbol [fill="#0072b2"]').nth(12).hover()
    assert float(others.evaluate(shown)) < 0.5
    assert chart.locator('.mark-line [stroke="#0072b2"]').first.evaluate(shown) == "1"


@pytest.mark.parametrize("live", [True, False])
def test_charts_are_dark_on_a_dark_page(open_page, live):
    page, _, _ = open_page("production", scheme="dark", java_script_enabled=live)
    if live:
        page.wait_for_selector(READY)
    for what, colour in (("text", "rgb(232, 237, 241)"), ("path", "rgb(61, 150, 219)")):
        mark = page.locator(f'.drawing {what}[fill="{"#1d2730" if what == "text" else "#0072b2"}"]').first
        assert mark.evaluate("mark => getComputedStyle(mark).fill") == colour


# --- without a mouse


def test_the_tab_key_reaches_every_link_switch_summary_and_region_that_scrolls_and_shows_where_it_is(open_page):
    page, _, _ = open_page("partnerships")
    page.wait_for_selector(READY)
    page.evaluate(OPEN_ALL)
    page.evaluate("window.every = [...document.querySelectorAll('a[href], input, summary, [tabindex]')]; document.body.focus()")
    kinds = page.evaluate("[...new Set(every.map(one => one.getAttribute('role') || one.tagName))].sort()")
    assert kinds == ["A", "INPUT", "SUMMARY", "group", "region"]
    step = """() => { const one = document.activeElement, style = getComputedStyle(one);
        return [every.indexOf(one), one.matches(':focus-visible') && parseFloat(style.outlineWidth) >= 2]; }"""
    reached = []
    for _ in range(page.evaluate("every.length")):
        page.keyboard.press("Tab")
        place, is_seen = page.evaluate(step)
        reached.append(place)
        assert is_seen, page.evaluate("document.activeElement.outerHTML.slice(0, 200)")
    assert reached == list(range(len(reached)))


def test_the_switch_shows_the_code_as_it_was_run_and_hides_it_again_by_keyboard_and_without_scripts(open_page):
    page, _, _ = open_page("production", java_script_enabled=False)
    code = page.locator(".code pre")
    assert not code.first.is_visible()
    page.locator("#show-how").focus()
    page.keyboard.press("Space")
    assert all(one.is_visible() for one in code.all())
    assert "as_of = date.fromisoformat('2026-11-25')" in " ".join(code.all_inner_texts())
    page.keyboard.press("Space")
    assert not code.first.is_visible()


def test_a_page_made_static_has_no_script_and_nine_tenths_of_a_megabyte_less(open_page, edition, static):
    content = (static / "production.html").read_text("utf-8")
    assert "<script" not in content
    assert "script-src" not in content
    assert (edition[1].folder / "production.html").stat().st_size - len(content.encode()) > 900_000
    page, asked, complaints = open_page("production", folder=static)
    assert page.locator(".drawing svg").count() == 3
    assert page.locator(".drawing[data-live]").count() == 0
    assert len(asked) == 1
    assert complaints == []


# --- what a page does not do


def test_on_a_page_that_has_scripts_none_but_its_own_run(open_page, tmp_path):
    active = (
        '<h1>x</h1><figure id="figure-1"><div class="drawing"><svg></svg></div></figure><script>window.ran=1</script>'
        "<img src='data:,' onerror='window.ran=1'><svg onload='window.ran=1'></svg>"
        "<a id='j' href='javascript:window.ran=1'>x</a>"
        "<script src='https://example.org/x.js'></script>"
    )
    values = [{"a": "<img src=x onerror='window.ran=1'>", "b": 1}]
    tooltip = [{"field": "a", "title": "<img src=x onerror='window.ran=1'>"}]
    encoding = {"x": {"field": "b", "type": "quantitative"}, "tooltip": tooltip, "href": {"value": "javascript:window.ran=1"}}
    spec = {"data": {"values": values}, "mark": "bar", "encoding": encoding, "width": 300}
    about = About("x", "x", "2026-11-25", date(2026, 11, 25), date(2026, 11, 25))
    (tmp_path / "x.html").write_text(html.page(active, about, specs={"figure-1": spec}), "utf-8")
    page, asked, complaints = open_page("x", folder=tmp_path)
    page.wait_for_selector(READY)
    assert page.locator(".drawing[data-live]").count() == 1
    page.locator(".mark-rect path").hover()
    page.locator("#vg-tooltip-element.visible").wait_for()
    page.locator(".mark-rect path").click()
    page.locator("#j").click()
    page.wait_for_timeout(200)
    assert page.evaluate("window.ran") is None
    assert page.locator("#vg-tooltip-element img").count() == 0
    sent = [url for url in asked if f"csp: {url}" not in complaints and url != "data:,"]
    assert sent == [(tmp_path / "x.html").as_uri()]


def test_a_chart_that_a_browser_cannot_draw_stays_a_picture_and_the_others_come_alive(open_page, tmp_path):
    figures = [f'<figure id="figure-{n}"><div class="drawing"><svg></svg></div></figure>' for n in (1, 2)]
    specs = {"figure-1": {"mark": "no mark"}, "figure-2": {"mark": "bar", "data": {"values": [{"a": 1}]}, "encoding": {}}}
    about = About("x", "x", "2026-11-25", date(2026, 11, 25), date(2026, 11, 25))
    (tmp_path / "x.html").write_text(html.page("<h1>x</h1>" + "".join(figures), about, specs=specs), "utf-8")
    page, _, complaints = open_page("x", folder=tmp_path)
    page.wait_for_selector(READY)
    assert page.locator("[data-live]").count() == 1
    assert page.locator("#figure-1 svg").count() == 1
    assert "figure-1 stays a picture" in " ".join(complaints)


def test_on_paper_there_is_no_navigation_and_no_code_and_every_chart(open_page):
    page, _, _ = open_page("production", scheme="dark")
    page.wait_for_selector(READY)
    page.evaluate(OPEN_ALL)
    page.emulate_media(media="print")
    for hidden in ("nav", ".skip", ".code", "details", "#show-how"):
        assert not any(one.is_visible() for one in page.locator(hidden).all()), hidden
    assert page.evaluate("getComputedStyle(document.querySelector('.drawing text')).fill") == "rgb(29, 39, 48)"
    text = "\n".join(sheet.extract_text() for sheet in PdfReader(BytesIO(page.pdf())).pages)
    assert not re.search(r"Show how|Show as table|Skip to|fromisoformat", text)
    assert text.count("How each number was made") == 1
    assert "Figure 3" in text


# --- for everybody


def violations(page, **options) -> list[str]:
    found = Axe().run(page, options={"resultTypes": ["violations"], **options}).response["violations"]
    return [f"{one['id']}: {node['target']}" for one in found for node in one["nodes"]]


@pytest.mark.parametrize("name", [*REPORTS, "index", "../index"])
def test_axe_finds_no_violation_closed_or_with_all_open_light_or_dark(open_page, name):
    page, _, _ = open_page(name)
    if name in REPORTS:
        page.wait_for_selector(READY)
    assert violations(page, rules={"color-contrast": {"enabled": False}}) == []
    page.evaluate(OPEN_ALL)
    assert violations(page) == []
    page.emulate_media(color_scheme="dark")
    assert violations(page, runOnly=["color-contrast"]) == []


@pytest.mark.parametrize("name", ["production", "index"])
def test_axe_finds_no_violation_on_a_page_without_scripts(open_page, static, name):
    page, _, _ = open_page(name, folder=static)
    page.evaluate(OPEN_ALL)
    assert violations(page) == []
