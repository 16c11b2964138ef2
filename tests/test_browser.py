"""Pages in a real browser without a network: nothing is asked for, nothing complains, nothing runs over the edge."""

import re
from datetime import date

import pytest
from conftest import REPORTS

from analysis.reporting import html
from analysis.reporting.html import About

PAGES = ["index", *REPORTS]


@pytest.fixture
def folder(edition):
    """The folder of today's edition."""
    return edition[1].folder


@pytest.mark.parametrize("name", PAGES)
def test_a_page_asks_for_itself_only_and_complains_of_nothing(open_page, folder, name):
    page, asked, complaints = open_page(name)
    page.wait_for_timeout(300)
    assert asked == [(folder / f"{name}.html").as_uri()]
    assert complaints == []


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("width", [375, 768, 1440])
def test_a_page_is_as_wide_as_its_window_and_tables_scroll_inside_themselves(open_page, name, width):
    page, _, _ = open_page(name, width)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("name", PAGES[1:])
def test_the_first_screen_holds_title_answer_and_date(open_page, name):
    page, _, _ = open_page(name)
    for selector in ("h1", ".answer", ".as-of"):
        box = page.locator(selector).first.bounding_box()
        assert box["y"] + box["height"] < 900, selector


def test_a_figure_leads_to_how_it_was_made(open_page):
    page, _, complaints = open_page("market_share")
    page.locator(".answer a.figure").first.click()
    target = page.locator(":target")
    assert "42%" in target.inner_text()
    assert target.bounding_box()["y"] < 900
    assert complaints == []


# Where a pseudo-element lies is not told by its style: it is where a point hits its link, outside of the link's own boxes.
PANEL = """link => {
    const style = getComputedStyle(link, "::after"), own = [...link.getClientRects()], rows = [], columns = [];
    const hit = (x, y) => document.elementFromPoint(x, y) === link
        && !own.some(box => x > box.left - 1 && x < box.right + 1 && y > box.top - 1 && y < box.bottom + 1);
    for (let y = 0; y < innerHeight; y++) if (hit(innerWidth / 2, y)) rows.push(y);
    if (rows.length) for (let x = 0; x < innerWidth; x++) if (hit(x, rows[rows.length >> 1])) columns.push(x);
    return { text: style.content, opacity: style.opacity, position: style.position, display: style.display,
             colour: style.color, ground: style.backgroundColor, delay: style.transitionDuration,
             seen: [columns.length, rows.length], size: [parseFloat(style.width), parseFloat(style.height)],
             top: rows[0], bottom: rows.at(-1), number: [own[0].top, own.at(-1).bottom] };
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [375, 1280])
@pytest.mark.parametrize("place", ["near the top", "near the bottom"])
@pytest.mark.parametrize("how", ["pointed at", "with the focus"])
def test_how_a_figure_was_made_shows_at_once_beside_it_and_inside_the_window(open_page, width, scheme, place, how):
    """In a sentence and in a table that scrolls; the number itself stays to be seen, and the text stands out."""
    page, _, complaints = open_page("targets", width, scheme)
    for selector in (".answer a.figure", "td a.figure"):
        link = page.locator(selector).nth(2)
        page.keyboard.press("Tab")  # the focus shows only where the keyboard is in use
        down = 60 if place == "near the top" else 860
        link.evaluate(f"link => scrollTo(0, scrollY + link.getBoundingClientRect().top - {down})")
        if how == "pointed at":
            link.hover()
        else:
            link.evaluate("link => link.focus({ preventScroll: true })")
        shown = link.evaluate(PANEL)
        assert shown["text"].count("\\a ") >= 2
        assert (shown["opacity"], shown["position"], shown["delay"]) == ("1", "fixed", "0s")
        assert shown["display"] == "block"
        assert shown["seen"] == pytest.approx(shown["size"], abs=3)  # all of it is inside the window, and nothing lies on it
        top, bottom = shown["number"]
        assert shown["bottom"] <= top + 1 or shown["top"] >= bottom - 1
        assert _contrast(shown["colour"], shown["ground"]) > 7
    assert complaints == []


def test_nothing_of_it_shows_where_no_figure_is_pointed_at_or_in_print(open_page):
    page, _, _ = open_page("targets")
    link = page.locator("a.figure").first
    assert link.evaluate(PANEL)["text"] == "none"
    page.emulate_media(media="print")
    link.hover()
    assert link.evaluate(PANEL)["display"] == "none"


def test_the_tab_key_reaches_every_figure_in_order(open_page):
    page, _, _ = open_page("briefing")
    figures = page.locator("a.figure")
    figures.first.focus()
    reached = "[...document.querySelectorAll('a.figure')].indexOf(document.activeElement)"
    for place in range(1, 6):
        page.keyboard.press("Tab")
        assert page.evaluate(reached) == place
        assert figures.nth(place).evaluate(PANEL)["text"] not in ("none", "")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_entry_that_a_figure_leads_to_can_be_read(open_page, scheme):
    page, _, _ = open_page("market_share", scheme=scheme)
    page.locator(".answer a.figure").first.click()
    value = page.locator(":target strong")
    ink, ground = (value.evaluate(f"value => getComputedStyle(value).{what}") for what in ("color", "backgroundColor"))
    assert _contrast(ink, ground) > 7


def test_charts_have_a_description_and_are_drawn(open_page):
    page, _, _ = open_page("targets")
    charts = page.locator('[role="img"]')
    assert charts.count() == 3
    for chart in charts.all():
        assert re.search("Sources?: ", chart.get_attribute("aria-label"))
        assert chart.locator("svg").bounding_box()["height"] > 100


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_from_its_ground(open_page, scheme):
    page, _, _ = open_page("targets", scheme=scheme)
    ink, ground = (page.evaluate(f"getComputedStyle(document.body).{what}") for what in ("color", "backgroundColor"))
    assert _contrast(ink, ground) > 7


@pytest.mark.parametrize("width", [375, 1440])
def test_no_text_of_the_data_or_of_a_parameter_runs_asks_for_anything_or_breaks_the_page(open_page, attacked, width):
    """Tried: all of hostile.ATTACKS in every free text of every table, in names, tables, charts, notes and links."""
    page, asked, complaints = open_page("hostile", width, folder=attacked)
    page.locator("a.figure").first.hover()
    page.wait_for_timeout(300)
    assert asked == [(attacked / "hostile.html").as_uri()]
    assert complaints == []
    assert page.evaluate("window.ran") is None
    assert page.locator("main script, main iframe, main img, main math, main form, main style").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_what_would_get_into_a_page_all_the_same_is_stopped_by_its_policy(open_page, tmp_path):
    """The second wall. Tried: scripts, handlers, pictures, styles, frames, forms, another base, and a javascript link."""
    active = (
        "<h1>x</h1><script>window.ran=1</script><script src='https://example.org/x.js'></script>"
        "<svg onload='window.ran=1'></svg>"
        "<img src='https://example.org/x.png' onerror='window.ran=1'><style>@import 'https://example.org/x.css';</style>"
        "<div style='background:url(https://example.org/y.png)'>x</div><iframe srcdoc='<script>parent.ran=1</script>'></iframe>"
        "<base href='https://example.org/'><form id='f' action='https://example.org/z'></form>"
        "<a id='j' href='javascript:window.ran=1'>x</a><object data='https://example.org/o'></object>"
        "<video src='https://example.org/v'></video><link rel='stylesheet' href='https://example.org/l.css'>"
    )
    about = About("x", "x", "2026-11-25", date(2026, 11, 25), date(2026, 11, 25))
    (tmp_path / "x.html").write_text(html.page(active, about), "utf-8")
    page, asked, complaints = open_page("x", folder=tmp_path)
    page.locator("#j").click()
    page.evaluate("document.getElementById('f').submit()")
    page.wait_for_timeout(300)
    sent = [url for url in asked if f"csp: {url}" not in complaints and url != "about:srcdoc"]
    assert sent == [(tmp_path / "x.html").as_uri()]
    assert page.evaluate("[window.ran, document.baseURI]") == [None, (tmp_path / "x.html").as_uri()]


def _contrast(first: str, second: str) -> float:
    """The ratio of luminances that the Web Content Accessibility Guidelines define (2.1, 1.4.3)."""

    def luminance(colour: str) -> float:
        parts = [int(part) / 255 for part in colour[colour.index("(") + 1 : -1].split(",")[:3]]
        linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))

    lighter, darker = sorted((luminance(first), luminance(second)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)
