"""The index in a real browser: its filter, with the keyboard, without scripts, from files and from a static server."""

import functools
import http.server
import json
import threading

import pytest
from axe_playwright_python.sync_playwright import Axe
from many import many, put

from analysis.reporting import editions
from analysis.reporting.index import entries, index_page, latest_page
from analysis.reporting.publication import publishing, refresh

SHOWN = "[...document.querySelectorAll('.editions > li')].filter(row => row.checkVisibility()).map(row => row.dataset.day)"
COUNT = f"{SHOWN}.length"


@pytest.fixture(scope="module")
def reports(tmp_path_factory):
    """Eleven editions of nine days; one was superseded, one withdrawn, one is a replay, one a part."""
    folder = tmp_path_factory.mktemp("index") / "a folder" / "reports"
    for day in range(1, 8):
        put(folder, f"2026-11-0{day}")
    put(folder, "2026-11-07.1")  # supersedes
    put(folder, "2026-10-20", told={"is_replay": True, "as_of": "2024-04-01"})
    put(folder, "2026-10-30", reports=["road"], told={"given": {"road": {"first_year": 2020}}, "what_changed": "Méthode: 日産"})
    put(folder, "2026-11-08", told={"given": {"investments": {"currency": "J P&Y=#"}}})
    (folder / "2026-11-03" / "withdrawn.json").write_text(json.dumps({"date": "2026-11-05", "reason": "A share was wrong."}))
    _refresh(folder)
    return folder


@pytest.fixture(scope="module")
def thousands(tmp_path_factory):
    folder = tmp_path_factory.mktemp("thousands") / "reports"
    many(folder, 2000, has_pages=False)
    (folder / "index.html").write_text(index_page(entries(editions.editions(folder))), "utf-8")
    return folder


def _refresh(folder) -> None:
    with publishing(folder) as staging:
        refresh(folder, staging)


class Silent(http.server.SimpleHTTPRequestHandler):
    """A static server that tells nothing."""

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def served(reports):
    """The address of the folder on a static server of this machine."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Silent, directory=reports)) as server:
        threading.Thread(target=server.serve_forever).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture
def opened(browser, reports):
    """A function that opens the index, or what stands beside it; it may complain of nothing."""
    contexts, asked, complaints = [], [], []

    def open_one(file: str = "index.html", *, at: str | None = None, scripts: bool = True, width=1280, scheme="light"):
        context = browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme=scheme, java_script_enabled=scripts, locale="en-GB"
        )
        contexts.append(context)
        page = context.new_page()
        page.on("request", lambda request: asked.append(request.url.partition("#")[0]))
        page.on("requestfailed", lambda request: complaints.append(f"{request.failure}: {request.url}"))
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(f"{at or reports.as_uri()}/{file}")
        return page

    open_one.asked = asked
    yield open_one
    for context in contexts:
        context.close()
    assert complaints == []


def said(page, count: str) -> None:
    """Wait for the number of editions that is told, and see that as many are shown."""
    page.wait_for_function("count => document.getElementById('shown').textContent === count", arg=count)
    first = count.split()[0]
    assert page.evaluate(COUNT) == (0 if first == "None" else int(first))


@pytest.mark.parametrize("how", ["a file", "a server"])
def test_the_index_asks_for_itself_only_and_shows_all(opened, reports, served, how):
    at = reports.as_uri() if how == "a file" else served
    page = opened(at=at)
    said(page, "11 editions")
    page.get_by_label("Report").select_option("targets")
    said(page, "10 of 11 editions")
    page.wait_for_timeout(300)
    assert opened.asked == [f"{at}/index.html"]


@pytest.mark.parametrize("how", ["a file", "a server"])
def test_links_lead_to_editions_reports_the_latest_and_the_feed(opened, reports, served, how):
    at = reports.as_uri() if how == "a file" else served
    page = opened(at=at)
    page.get_by_role("link", name="2026-11-05", exact=True).click()
    assert page.url == f"{at}/2026-11-05/index.html"
    page.wait_for_load_state()  # else going back would break off what is under way
    page.go_back()
    page.get_by_role("link", name="The latest one that stands").click()
    page.wait_for_url(f"{at}/2026-11-08/index.html")
    page = opened("index.html", at=at)
    page.locator("summary").first.click()
    page.get_by_role("link", name="batteries").first.click()
    assert page.url == f"{at}/2026-11-08/batteries.html"


def test_the_address_that_stays_leads_to_the_latest_also_without_scripts(opened, reports):
    page = opened("latest.html", scripts=False)
    page.wait_for_url(f"{reports.as_uri()}/2026-11-08/index.html")


FILTERS = {
    "report": ({"report": "road"}, 11),
    "parameter": ({"parameter": "first_year=2020"}, 1),
    "a parameter with signs": ({"parameter": "currency=J P&Y=#"}, 1),
    "no parameter": ({"parameter": "default"}, 9),
    "from": ({"from": "2026-11-06"}, 4),  # 6, 7, 7.1, 8
    "to": ({"to": "2026-11-01"}, 3),  # 20 and 30 October, 1 November
    "from and to": ({"from": "2026-11-02", "to": "2026-11-03"}, 2),
    "words of a reason": ({"text": "share WRONG"}, 1),
    "words of a state": ({"text": "superseded"}, 1),
    "words of a kind": ({"text": "replay 2024-04-01"}, 1),
    "other scripts": ({"text": "méthode 日産"}, 1),
    "a name": ({"text": "2026-11-07.1"}, 2),  # and the one that says it was superseded by it
    "those that stand": ({"standing": "only"}, 9),
    "all together": ({"report": "targets", "parameter": "default", "from": "2026-11-01", "standing": "only"}, 6),
    "none": ({"text": "nothing says this"}, 0),
}


@pytest.mark.parametrize("name", FILTERS)
def test_what_the_filter_is_set_to_is_shown_counted_and_kept_in_the_address(opened, name):
    """Set by hand; then the address is opened anew, as by someone it was sent to."""
    given, count = FILTERS[name]
    page = opened()
    for field, value in given.items():
        control = page.locator(f"[name={field}]")
        if field in ("report", "parameter"):
            control.select_option(value)
        elif field == "standing":
            control.check()
        else:
            control.fill(value)
    told = "11 editions" if count == 11 else f"{count or 'None'} of 11 editions"
    said(page, told)
    page.wait_for_function("() => location.hash.length > 1")
    other = opened(page.url.rpartition("/")[2])
    said(other, told)
    assert other.evaluate(SHOWN) == page.evaluate(SHOWN)
    months = page.locator("h2:visible").count()
    assert months == len({day[:7] for day in page.evaluate(SHOWN)})


def test_show_all_shows_all_again_and_empties_the_address(opened):
    page = opened("index.html#text=replay&standing=only&from=2026-01-01")
    said(page, "1 of 11 editions")
    page.get_by_role("button", name="Show all").click()
    said(page, "11 editions")
    page.wait_for_function("() => location.hash === ''")


def test_an_address_that_was_changed_by_hand_is_followed_and_nonsense_in_it_is_passed_over(opened):
    page = opened("index.html#report=nothing&parameter=<b>&from=yesterday&standing=perhaps&x=%00%ff&&=")
    said(page, "11 editions")
    assert page.locator("[name=report]").input_value() == ""
    page.evaluate("location.hash = 'report=road&to=2026-10-31'")
    said(page, "2 of 11 editions")
    assert page.locator("[name=report]").input_value() == "road"
    page.go_back()
    said(page, "11 editions")


def test_the_keyboard_reaches_every_part_of_the_filter_in_order_and_enter_asks_for_nothing(opened, reports):
    page = opened()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the editions"
    reached = []
    for _ in range(20):  # a field of a date takes several
        page.keyboard.press("Tab")
        name = page.evaluate("document.activeElement.name || document.activeElement.textContent")
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none", name
        reached += [name] if name not in reached else []
        if name == "2026-11-08":
            break
    fields = ["text", "report", "parameter", "from", "to", "standing", "Show all"]
    assert reached == ["The latest one that stands", "a feed", *fields, "2026-11-08"]
    page.locator("[name=text]").focus()
    page.keyboard.type("replay")
    page.keyboard.press("Enter")
    said(page, "1 of 11 editions")
    page.locator("[name=standing]").focus()
    page.keyboard.press("Space")
    assert page.locator("[name=standing]").is_checked()
    assert opened.asked == [f"{reports.as_uri()}/index.html"]


def test_every_field_has_a_name_and_the_count_is_told_to_those_who_hear_the_page(opened):
    page = opened()
    for role, name in [
        ("searchbox", "Words"),
        ("combobox", "Report"),
        ("combobox", "Parameter"),
        ("checkbox", "Only those that stand"),
        ("button", "Show all"),
        ("search", "Editions"),
    ]:
        assert page.get_by_role(role, name=name, exact=True).count() == 1, name
    assert page.get_by_role("status").inner_text() == "11 editions"
    for name in ("From", "To"):
        assert page.get_by_label(name, exact=True).get_attribute("type") == "date"


def test_without_scripts_the_whole_list_is_there_and_no_filter(opened):
    page = opened(scripts=False)
    assert page.locator(".editions > li").count() == 11
    assert page.locator("#filter").is_hidden()
    assert page.get_by_text("Withdrawn on 5 November 2026: A share was wrong.").is_visible()


@pytest.mark.parametrize("width", [375, 768, 1440])
def test_what_changed_and_what_became_of_it_is_in_sight_at_any_width(opened, width):
    page = opened(width=width)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    for text in ("since the edition before 2026-11-08.", "Superseded by 2026-11-07.1", "Replay of what was known"):
        box = page.locator(".editions p", has_text=text).bounding_box()
        assert box["x"] >= 0
        assert 250 <= box["x"] + box["width"] <= width
    if width == 375:  # one column: what changed stands below the name
        name, changed = (
            page.locator(f".editions li:first-child > div:nth-child({place})").first.bounding_box() for place in (1, 2)
        )
        assert changed["y"] >= name["y"] + name["height"]
        assert changed["x"] == name["x"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [375, 1280])
def test_the_rules_of_accessibility_find_nothing(opened, scheme, width):
    """axe-core on the index, also with a filter set and all lists open, and on the page that leads to the latest."""
    page = opened("index.html#text=road", width=width, scheme=scheme)
    page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true; })")
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


def test_the_page_that_leads_to_the_latest_is_accessible(opened, reports, tmp_path):
    for latest in (reports / "2026-11-08", None):
        (tmp_path / "latest.html").write_text(latest_page(latest).replace('http-equiv="refresh"', 'name="refresh"'), "utf-8")
        found = Axe().run(opened("latest.html", at=tmp_path.as_uri()))
        assert found.violations_count == 0, found.generate_report()


def test_two_thousand_editions_are_listed_and_filtered(opened, thousands):
    page = opened(at=thousands.as_uri())
    said(page, "2000 editions")
    page.get_by_label("Words").fill("withdrawn")
    said(page, "100 of 2000 editions")  # each twentieth
    page.get_by_label("Only those that stand").check()
    said(page, "None of 2000 editions")
    page.get_by_role("button", name="Show all").click()
    said(page, "2000 editions")
    page.get_by_label("Parameter").select_option("horizon_year=2031")
    said(page, "100 of 2000 editions")
