"""The feed of editions: by the rules of RFC 4287, in a reader, and with texts that attack."""

import functools
import http.server
import json
import re
import threading
import uuid
import xml.etree.ElementTree as ET
from datetime import date
from pathlib import Path

import feedparser
import hostile
import pytest
from many import many, put

from analysis.reporting import editions
from analysis.reporting.feed import feed
from analysis.reporting.index import entries
from analysis.reporting.publication import publishing, refresh, withdraw

ATOM = "{http://www.w3.org/2005/Atom}"
WHEN = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


def made(reports: Path, address: str = "") -> str:
    return feed(entries(editions.editions(reports)), title="A road", address=address)


def told(reports: Path) -> dict[str, ET.Element]:
    """The entries by the edition that they lead to, in order."""
    root = ET.fromstring(made(reports))  # noqa: S314 - our own
    return {entry.find(f"{ATOM}link").get("href").split("/")[0]: entry for entry in root.findall(f"{ATOM}entry")}


def text(entry: ET.Element, name: str) -> str:
    return entry.find(ATOM + name).text


def withdrawn(reports: Path, name: str, reason: str, day: str) -> None:
    (reports / name / "withdrawn.json").write_text(json.dumps({"date": day, "reason": reason}), "utf-8")


def test_the_feed_is_as_rfc_4287_demands(tmp_path):
    """4.1.1 and 4.1.2: what there must be once, at least once, at most once; 3.3 dates; 4.2.6 ids; 4.2.7 links."""
    many(tmp_path, 40)
    root = ET.fromstring(made(tmp_path))  # noqa: S314 - our own
    found = root.findall(f"{ATOM}entry")
    assert len(found) == 40
    for element in (root, *found):
        names = [child.tag.removeprefix(ATOM) for child in element]
        for once in ("id", "title", "updated"):
            assert names.count(once) == 1, once
        assert names.count("summary") == names.count("published") == (element is not root)
        alternate = [link for link in element.findall(f"{ATOM}link") if link.get("rel") == "alternate"]
        assert len(alternate) == 1  # an entry without content has one
        assert WHEN.fullmatch(text(element, "updated"))
    assert len(root.findall(f"{ATOM}author")) == 1  # and so no entry needs one
    assert text(root.find(f"{ATOM}author"), "name")
    assert [link.get("href") for link in root.findall(f"{ATOM}link") if link.get("rel") == "self"] == ["feed.xml"]
    ids = [text(element, "id") for element in (root, *found)]
    assert len(set(ids)) == 41
    assert all(f"urn:uuid:{uuid.UUID(one[9:])}" == one for one in ids)
    assert text(root, "updated") == max(text(entry, "updated") for entry in found)
    assert not any(name.startswith("{http://www.w3.org/XML/1998/namespace}base") for one in root.iter() for name in one.attrib)


def test_a_reader_takes_the_feed_without_complaint_and_finds_the_pages(tmp_path):
    """Relative addresses, which a reader resolves against where it found the feed."""
    reports = tmp_path / "reports"
    many(reports, 5)
    with publishing(reports) as staging:
        refresh(reports, staging)
    handler = functools.partial(Silent, directory=reports)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever).start()
        address = f"http://127.0.0.1:{server.server_port}/"
        read = feedparser.parse(f"{address}feed.xml")
        server.shutdown()
    assert not read.bozo
    assert read.version == "atom10"
    names = [path.name for path in reversed(editions.editions(reports))]
    assert [entry.link for entry in read.entries] == [f"{address}{name}/index.html" for name in names]


class Silent(http.server.SimpleHTTPRequestHandler):
    """A static server that tells nothing."""

    def log_message(self, *_):
        pass


def test_where_an_address_is_set_links_are_whole_and_names_stay(tmp_path):
    reports = tmp_path / "reports"
    put(reports, "2026-11-01")
    (tmp_path / "pyproject.toml").write_text('[tool.evroad]\naddress = "https://example.org/a"\n')
    with publishing(reports) as staging:
        refresh(reports, staging)
    read = feedparser.parse((reports / "feed.xml").read_bytes())
    assert not read.bozo
    assert [link.href for link in read.feed.links] == ["https://example.org/a/feed.xml", "https://example.org/a/index.html"]
    assert read.entries[0].link == "https://example.org/a/2026-11-01/index.html"
    bare = feedparser.parse(made(reports, "https://example.org/a/")).entries
    assert [entry.id for entry in bare] == [entry.id for entry in feedparser.parse(made(reports)).entries]


def test_times_are_made_from_days_and_tell_the_editions_of_a_day_apart(tmp_path):
    for name in ("2026-11-01", "2026-11-01.2", "2026-11-01.10", "2026-11-02.90000"):
        put(tmp_path, name)
    times = {name: (text(entry, "published"), text(entry, "updated")) for name, entry in told(tmp_path).items()}
    assert times == {
        "2026-11-02.90000": ("2026-11-02T23:59:59Z",) * 2,
        "2026-11-01.10": ("2026-11-01T00:00:10Z",) * 2,
        "2026-11-01.2": ("2026-11-01T00:00:02Z", "2026-11-01T00:00:10Z"),  # superseded by the tenth
        "2026-11-01": ("2026-11-01T00:00:00Z", "2026-11-01T00:00:10Z"),
    }


@pytest.mark.parametrize(("day", "updated"), [("2026-11-05", "2026-11-05T00:00:00Z"), ("2026-11-01", "2026-11-01T00:00:04Z")])
def test_a_withdrawn_edition_says_so_in_title_and_summary_and_is_updated(tmp_path, day, updated):
    """On the day of the withdrawal; where that is its own, a second after it came."""
    put(tmp_path, "2026-11-01.3")
    before = told(tmp_path)["2026-11-01.3"]
    withdrawn(tmp_path, "2026-11-01.3", "The share was wrong.", day)
    entry = told(tmp_path)["2026-11-01.3"]
    assert text(entry, "title") == "Withdrawn: edition 2026-11-01.3"
    assert re.match(r"Withdrawn on [15] November 2026: The share was wrong\. 3 figures were revised", text(entry, "summary"))
    assert (text(entry, "published"), text(entry, "updated")) == ("2026-11-01T00:00:03Z", updated)
    assert text(entry, "id") == text(before, "id")


def test_titles_tell_superseded_editions_replays_and_parts(tmp_path):
    put(tmp_path, "2026-11-01")
    put(tmp_path, "2026-11-01.1")
    put(tmp_path, "2026-11-02", reports=["road", "targets"])
    put(tmp_path, "2026-11-03", told={"is_replay": True, "as_of": "2024-04-01", "given": {"road": {"first_year": 2020}}})
    found = told(tmp_path)
    assert [text(entry, "title") for entry in found.values()] == [
        "Edition 2026-11-03, a replay of 2024-04-01",
        "Edition 2026-11-02: road, targets only",
        "Edition 2026-11-01.1",
        "Superseded: edition 2026-11-01",
    ]
    assert text(found["2026-11-01"], "summary").startswith("Superseded by 2026-11-01.1. 3 figures")
    assert text(found["2026-11-03"], "summary").endswith(" As of 2024-04-01. With first_year=2020.")
    assert [one.get("term") for one in found["2026-11-02"].findall(f"{ATOM}category")] == ["road", "targets"]


def test_of_many_editions_those_updated_last_are_told_an_old_one_withdrawn_since_among_them(tmp_path):
    many(tmp_path, 130, last=date(2026, 11, 24))
    found = editions.editions(tmp_path)
    assert list(told(tmp_path)) == [path.name for path in found[:29:-1]]
    withdrawn(tmp_path, found[0].name, "Wrong.", "2026-12-01")
    names = list(told(tmp_path))
    assert names[0] == found[0].name
    assert len(names) == 100


def test_a_copied_edition_has_a_name_of_its_own_and_a_damaged_one_is_left_out(tmp_path):
    put(tmp_path, "2026-11-01")
    for name in ("2026-11-02", "2026-11-03"):
        put(tmp_path, name)
        (tmp_path / name / "manifest.json").write_bytes((tmp_path / "2026-11-01" / "manifest.json").read_bytes())
    (tmp_path / "2026-11-03" / "manifest.json").write_text("{")
    found = told(tmp_path)
    assert list(found) == ["2026-11-02", "2026-11-01"]
    assert len({text(entry, "id") for entry in found.values()}) == 2


def test_without_editions_there_is_a_feed_all_the_same(tmp_path):
    read = feedparser.parse(made(tmp_path))
    assert not read.bozo
    assert read.feed.updated == "1970-01-01T00:00:00Z"


def test_texts_that_attack_are_text_in_the_feed_and_what_xml_cannot_hold_is_replaced(tmp_path):
    """Tried: hostile.ATTACKS as a reason, as what changed, as a parameter; a null, a bell, half a pair, no character."""
    odd = "a\0b\x07c\ud800d\uffffe\U0001f697"
    given = {"road": {"word": hostile.ATTACKS[0], "other": odd}}
    reports = tmp_path / "reports"
    put(reports, "2026-11-01", told={"what_changed": hostile.EVERYTHING + odd, "given": given})
    withdraw(reports, "2026-11-01", reason=hostile.EVERYTHING, day=date(2026, 11, 26))
    content = (reports / "feed.xml").read_bytes()
    root = ET.fromstring(content)  # noqa: S314 - our own
    assert {one.tag.removeprefix(ATOM) for one in root.iter()} == {
        *("feed", "id", "title", "updated", "author", "name", "generator", "link"),
        *("entry", "published", "summary", "category"),
    }
    summary = text(root.find(f"{ATOM}entry"), "summary")
    shown = "a\ufffdb\ufffdc\ufffdd\ufffde\U0001f697"
    assert summary.startswith(f"Withdrawn on 26 November 2026: {hostile.EVERYTHING}")
    assert f"{hostile.EVERYTHING}{shown} As of" in summary
    assert f"word={hostile.ATTACKS[0]}" in summary
    assert f"other={shown}" in summary
    assert not feedparser.parse(content).bozo


def test_pages_and_the_index_name_the_feed_and_ask_for_nothing(edition):
    named = '<link rel="alternate" type="application/atom+xml" title="evroad: editions" href="{}">'
    for page in edition[1].folder.glob("*.html"):
        assert named.format("../feed.xml") in page.read_text("utf-8"), page
    assert named.format("feed.xml") in (edition[0] / "reports" / "index.html").read_text("utf-8")
