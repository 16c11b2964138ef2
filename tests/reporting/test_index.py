"""The index of editions, the page that leads to the latest, and how little is read to bring them up to date."""

import errno
import json
import re
from datetime import date
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import hostile
import pytest
from many import REPORTS, many, put

from analysis.errors import InputError
from analysis.project import address
from analysis.reporting import editions, publication
from analysis.reporting.html import policy
from analysis.reporting.index import entries, index_page, latest_page
from analysis.reporting.planning import plan
from analysis.reporting.publication import publishing, refresh, withdraw


@pytest.fixture
def reports(tmp_path):
    """An empty folder of reports."""
    folder = tmp_path / "reports"
    folder.mkdir()
    return folder


def refreshed(reports: Path) -> None:
    with publishing(reports) as staging:
        refresh(reports, staging)


def of(reports: Path) -> dict:
    """What readers are told of each edition, by its name."""
    return {one.name: one for one in entries(editions.editions(reports))}


def withdrawn(reports: Path, name: str, reason: str, day: str = "2026-11-26") -> None:
    (reports / name / "withdrawn.json").write_text(json.dumps({"date": day, "reason": reason}), "utf-8")


# What an edition is told to be


def test_editions_come_newest_first_month_by_month(reports):
    for name in ("2026-10-31", "2026-11-01.10", "2026-11-01", "2026-11-01.2"):
        put(reports, name)
    assert list(of(reports)) == ["2026-11-01.10", "2026-11-01.2", "2026-11-01", "2026-10-31"]
    page = index_page(entries(editions.editions(reports)))
    assert re.findall("<h2>(.*)</h2>", page) == ["November 2026", "October 2026"]
    links = re.findall(r'<div><a href="(.*?)/index.html">', page)
    assert links == ["2026-11-01.10", "2026-11-01.2", "2026-11-01", "2026-10-31"]


def test_each_report_is_superseded_by_the_last_that_took_its_place(reports):
    put(reports, "2026-11-01", reports=["road", "targets", "rivals"])
    put(reports, "2026-11-01.1", reports=["targets"])
    put(reports, "2026-11-01.2", reports=["road"])
    told = of(reports)
    assert told["2026-11-01"].state == "Superseded by 2026-11-01.2 in road and by 2026-11-01.1 in targets."
    assert told["2026-11-01"].stands  # rivals
    put(reports, "2026-11-01.3", reports=["rivals", "targets"])
    assert of(reports)["2026-11-01"].state == "Superseded by 2026-11-01.2 in road and by 2026-11-01.3 in targets, rivals."
    assert not of(reports)["2026-11-01"].stands
    put(reports, "2026-11-01.4", reports=["road", "targets", "rivals"])
    assert of(reports)["2026-11-01"].state == "Superseded by 2026-11-01.4."


def test_only_what_is_whole_not_withdrawn_and_not_superseded_stands(reports):
    for name in ("2026-11-01", "2026-11-01.1", "2026-11-02", "2026-11-03"):
        put(reports, name)
    withdrawn(reports, "2026-11-02", "Wrong.")
    (reports / "2026-11-03" / "manifest.json").write_text("{")
    told = of(reports)
    assert [name for name, one in told.items() if one.stands] == ["2026-11-01.1"]
    assert told["2026-11-02"].state == "Withdrawn on 26 November 2026: Wrong."
    assert told["2026-11-03"].state == "Damaged: what it says of itself cannot be read."
    assert told["2026-11-01.1"].state == ""


def test_a_replay_and_a_part_say_so_in_words(reports):
    put(reports, "2026-11-01", told={"is_replay": True, "as_of": "2024-04-01", "recorded_by": "2026-10-01"})
    put(reports, "2026-11-02", reports=["targets"])
    old, part = re.findall("<li .*?</li>", index_page(entries(editions.editions(reports))), re.DOTALL)[::-1]
    assert "<b>Replay</b> of what was known on 2024-04-01" in old
    assert "as of 2024-04-01, as recorded by 2026-10-01" in old
    assert 'All 9 reports</summary><p><a href="2026-11-01/batteries.html">batteries</a>' in old
    assert '<b>Part</b> of the reports: <a href="2026-11-02/targets.html">targets</a>' in part
    assert "Replay" not in part
    assert "Part" not in old


def test_parameters_are_told_as_they_are_given_and_once(reports):
    given = {"targets": {"horizon_year": 2030}, "road": {"horizon_year": 2030, "markets": ["norway", "china"], "since": None}}
    put(reports, "2026-11-01", told={"given": given | {"rivals": {"is_x": True, "word": "w" * 200}}})
    told = of(reports)["2026-11-01"].given
    assert told == ("horizon_year=2030", "is_x=true", "markets=norway,china", "since=none", "word=" + "w" * 94 + "…")


@pytest.mark.parametrize("given", [None, [], "x", {"targets": 5}, {"targets": None}])
def test_an_edition_that_does_not_say_what_was_given_is_listed_all_the_same(reports, given):
    """Those made before it was kept, and whatever else stands there."""
    put(reports, "2026-11-01", told={"given": given})
    assert of(reports)["2026-11-01"].given == ()
    assert ">2026-11-01</a>" in index_page(entries(editions.editions(reports)))


def test_the_manifest_tells_parameters_other_than_the_defaults_and_no_days(project):
    given = {"currency": "JPY", "company": "nissan"}  # the second is the default
    planned = plan(project, ["investments", "targets"], given, date=date(2026, 11, 25), as_of=date(2024, 4, 1))
    assert planned.manifest["given"] == {"investments": {"currency": "JPY"}}


class Inside(HTMLParser):
    """The elements of the main part of a page, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements, self.text = set(), ""
        self.feed(page.partition("<main")[2].partition("</main>")[0])

    def handle_starttag(self, tag, attributes):
        self.elements |= {(tag, name) for name, _ in attributes} | {(tag, "")}

    def handle_data(self, data):
        self.text += data


def test_texts_that_attack_are_shown_and_do_nothing(reports):
    """Tried: hostile.ATTACKS as the reason of a withdrawal, as what changed, and as a parameter."""
    put(reports, "2026-11-01")
    plain = Inside(index_page(entries(editions.editions(reports)))).elements
    told = {"what_changed": hostile.EVERYTHING, "given": {"road": {str(n): text for n, text in enumerate(hostile.ATTACKS)}}}
    put(reports, "2026-11-02", told=told)
    withdrawn(reports, "2026-11-02", hostile.EVERYTHING)
    page = index_page(entries(editions.editions(reports)))
    inside = Inside(page)
    assert inside.elements - plain == {("li", "data-given"), ("p", "class"), ("strong", "")}
    assert inside.text.count(hostile.EVERYTHING) == 2
    given = json.loads(unescape(re.search("data-given='(.*?)'", page)[1]))
    assert given == list(of(reports)["2026-11-02"].given)
    assert f"0={hostile.ATTACKS[0]}" in given
    for pair in given:
        assert pair in inside.text


def test_a_reason_that_cannot_be_written_as_it_is_does_not_stop_the_index(reports):
    """Tried: half of a surrogate pair, a null, a bell, and a day that there is not, put into the record by hand."""
    for name, day, reason in (("2026-11-01", "2026-11-26", "a\ud800b\0c\x07"), ("2026-11-02", "2026-13-45", "x")):
        put(reports, name, told={"what_changed": "\udfff"})
        withdrawn(reports, name, reason, day)
    refreshed(reports)
    assert r"Withdrawn on 26 November 2026: a\ud800b\x00c\x07" in (reports / "index.html").read_text("utf-8")
    assert editions.damage(reports / "2026-11-02") == ["withdrawn.json: cannot be read as a withdrawal"]


def test_a_folder_named_after_a_day_that_there_is_not_is_no_edition(reports):
    for name in ("2026-02-30", "2026-13-01", "0000-01-01", "2026-11-01"):
        put(reports, name)
    refreshed(reports)
    assert [path.name for path in editions.editions(reports)] == ["2026-11-01"]


def test_the_index_runs_its_own_script_and_no_other(reports):
    put(reports, "2026-11-01")
    page = index_page(entries(editions.editions(reports)))
    scripts = re.findall("<script>(.*?)</script>", page, re.DOTALL)
    assert len(scripts) == 1
    assert f'content="{policy(scripts)}"' in page
    assert not re.search(r"https?://|\son[a-z]+=", page.partition("<body")[2].replace(scripts[0], ""))


def test_the_filter_offers_what_there_is_and_is_hidden_without_scripts(reports):
    put(reports, "2026-11-01", reports=["road"], told={"given": {"road": {"first_year": 2020}}})
    put(reports, "2026-11-02", reports=["targets"])
    page = index_page(entries(editions.editions(reports)))
    assert re.findall("<option>(.*?)</option>", page) == ["road", "targets", "first_year=2020"]
    assert re.search('<form id="filter"[^>]* hidden>', page)
    assert '<p id="shown" role="status">2 editions</p>' in page


# The address that stays


def test_the_latest_page_leads_to_the_latest_with_a_link_for_those_who_are_not_led(reports):
    put(reports, "2026-11-01")
    put(reports, "2026-11-02", reports=["targets"])
    refreshed(reports)
    page = (reports / "latest.html").read_text("utf-8")
    assert '<meta http-equiv="refresh" content="0; url=2026-11-01/index.html">' in page
    assert '<a href="2026-11-01/index.html">the edition 2026-11-01</a>' in page


def test_where_none_stands_the_latest_page_leads_to_the_list_and_stays(reports):
    put(reports, "2026-11-01")
    withdraw(reports, "2026-11-01", reason="Wrong.", day=date(2026, 11, 26))
    page = (reports / "latest.html").read_text("utf-8")
    assert "refresh" not in page
    assert 'None stands: see <a href="index.html">all editions</a>' in page
    assert page == latest_page(None)


def test_where_there_are_no_links_the_page_does_without(reports, monkeypatch):
    """As on file systems without them; a refusal for another reason is told."""
    put(reports, "2026-11-01")

    def refuse(error: int):
        def refused(self, *_, **__):
            raise OSError(error, "no", str(self))

        monkeypatch.setattr(Path, "symlink_to", refused)

    refuse(errno.EPERM)
    refreshed(reports)
    assert "url=2026-11-01/" in (reports / "latest.html").read_text("utf-8")
    assert not (reports / "latest").exists()
    refuse(errno.EACCES)
    with pytest.raises(publication.BuildError, match="latest: no"):
        refreshed(reports)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("", ""),
        ('address = ""', ""),
        ('address = "https://example.org"', "https://example.org/"),
        ('address = "http://127.0.0.1:8000/a/b/"', "http://127.0.0.1:8000/a/b/"),
    ],
)
def test_the_address_of_the_reports_ends_in_a_slash(tmp_path, given, expected):
    (tmp_path / "pyproject.toml").write_text(f"[tool.evroad]\n{given}\n")
    assert address(tmp_path / "pyproject.toml") == expected
    assert address(tmp_path / "none.toml") == ""


NO_ADDRESS = [
    "5",
    "[]",
    '"example.org"',
    '"javascript:x"',
    '"https://a/?q"',
    '"https://a/#x"',
    '"https://a/ b"',
    "'https://a/\"'",
]


@pytest.mark.parametrize("given", NO_ADDRESS)
def test_an_address_that_is_none_is_refused_before_anything_is_made(project, given):
    (project / "pyproject.toml").write_text(f"[tool.evroad]\naddress = {given}\n")
    with pytest.raises(InputError, match=r"pyproject\.toml, \[tool\.evroad\], address is .*: expected an address as https"):
        plan(project, [], {}, date=date(2026, 11, 25), as_of=None)
    put(project / "reports", "2026-11-01")
    with pytest.raises(InputError, match="expected an address"):
        withdraw(project / "reports", "2026-11-01", reason="Wrong.", day=date(2026, 11, 26))
    assert editions.withdrawn(project / "reports" / "2026-11-01") is None


# How little is read, and that it is enough


@pytest.fixture
def read(monkeypatch):
    """The names of the files whose content is read, from now on."""
    seen = []
    for way in ("read_bytes", "read_text"):
        real = getattr(Path, way)
        monkeypatch.setattr(
            Path, way, lambda path, *rest, real=real: (seen.append(f"{path.parent.name}/{path.name}"), real(path, *rest))[1]
        )
    return seen


def test_each_manifest_is_read_once_and_of_what_is_as_it_was_left_no_page(reports, read):
    many(reports, 40)
    refreshed(reports)
    found = editions.editions(reports)
    assert sorted(name for name in read if name.endswith("manifest.json")) == sorted(f"{p.name}/manifest.json" for p in found)
    put(reports, "2026-11-25")
    put(reports, "2026-11-23.1")
    del read[:]
    refreshed(reports)
    editions.before(found, {"parameters": {"road": {}}, "is_replay": False}, name="2026-11-25.1")
    assert editions.find(reports, None).name == "2026-11-25"
    new = ("2026-11-23", "2026-11-23.1", "2026-11-25")
    pages = {f"{name}/{page}.html" for name in new for page in ("index", *REPORTS)}
    assert {name for name in read if name.endswith(".html")} == pages
    assert sorted(name for name in read if name.endswith("manifest.json")) == [f"{name}/manifest.json" for name in new[1:]]


def test_a_manifest_that_was_replaced_is_read_again(reports):
    folder = put(reports, "2026-11-01")
    assert not editions.account(folder)["is_replay"]
    put(reports.parent, "2026-11-01", told={"is_replay": True})
    (reports.parent / "2026-11-01" / "manifest.json").replace(folder / "manifest.json")
    assert editions.account(folder)["is_replay"]
    (folder / "manifest.json").unlink()
    assert editions.account(folder) is None


def marked(reports: Path, name: str) -> set[str]:
    return {path.stem for path in (reports / name).glob("*.html") if b'class="notice"' in path.read_bytes()}


@pytest.mark.parametrize("kept", ["", "{", "[]", '{"2026-11-01": 5}', "\ud800"])
def test_where_what_was_kept_cannot_be_read_everything_is(reports, kept):
    put(reports, "2026-11-01", reports=["road"])
    put(reports, "2026-11-01.1", reports=["road"])
    (reports / ".notices.json").write_bytes(kept.encode(errors="surrogatepass"))
    refreshed(reports)
    assert marked(reports, "2026-11-01") == {"index", "road"}
    assert json.loads((reports / ".notices.json").read_text()).keys() == {"2026-11-01", "2026-11-01.1"}


def test_a_page_that_lost_its_notice_gets_it_again_and_one_that_should_have_none_loses_it(reports):
    put(reports, "2026-11-01", reports=["road"])
    published = (reports / "2026-11-01" / "road.html").read_bytes()
    put(reports, "2026-11-01.1", reports=["road"])
    refreshed(reports)
    noted = (reports / "2026-11-01" / "road.html").read_bytes()
    assert noted != published
    for name, content in (("2026-11-01", published), ("2026-11-01.1", noted)):
        page = reports / name / "road.html"
        page.unlink()
        page.write_bytes(content)
    refreshed(reports)
    assert marked(reports, "2026-11-01") == {"index", "road"}
    assert marked(reports, "2026-11-01.1") == set()


def test_marks_that_were_left_half_made_go_when_their_reason_does(reports, monkeypatch):
    """A process is killed while it marks; then the edition that superseded is moved away."""
    put(reports, "2026-11-01", reports=["road"])
    refreshed(reports)
    put(reports, "2026-11-01.1", reports=["road"])
    real, done = publication._replace, []

    def killed(path, *rest):
        if len(done) == 1:
            raise KeyboardInterrupt
        done.append(path)
        real(path, *rest)

    with monkeypatch.context() as patch:
        patch.setattr(publication, "_replace", killed)
        with pytest.raises(KeyboardInterrupt):
            refreshed(reports)
    assert marked(reports, "2026-11-01") == {"index"}
    (reports / "2026-11-01.1").rename(reports.parent / "away")
    refreshed(reports)
    assert marked(reports, "2026-11-01") == set()


def test_an_edition_that_stands_again_after_the_other_was_moved_away_says_nothing(reports):
    put(reports, "2026-11-01", reports=["road"])
    put(reports, "2026-11-01.1", reports=["road"])
    refreshed(reports)
    (reports / "2026-11-01.1").rename(reports.parent / "away")
    refreshed(reports)
    assert marked(reports, "2026-11-01") == set()


def test_the_same_editions_give_the_same_index_feed_and_latest(reports, tmp_path):
    other = tmp_path / "other" / "reports"
    many(reports, 30)
    many(other, 30)
    for folder in (reports, other):
        refreshed(folder)
    first = {name: (reports / name).read_bytes() for name in ("index.html", "feed.xml", "latest.html")}
    refreshed(reports)
    assert first == {name: (folder / name).read_bytes() for folder in (reports, other) for name in first}
