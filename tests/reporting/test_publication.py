"""Editions before readers: what is marked, what is the latest, what a reader finds after anything went wrong."""

import json
import os
import re
from datetime import date
from pathlib import Path

import pytest
import typst
from filelock import FileLock

from analysis.errors import BusyError, InputError
from analysis.reporting import editions
from analysis.reporting.notices import PLACE, Notice, with_notice, without_notice
from analysis.reporting.publication import publish, publishing, refresh, withdraw

DAY = date(2026, 11, 26)


@pytest.fixture(scope="module")
def pdf() -> bytes:
    return typst.compile(b"Some text.", format="pdf")


@pytest.fixture
def folder(tmp_path, pdf):
    """A function that publishes a small edition of that name, of these reports, into one folder of reports."""
    reports = tmp_path / "reports"

    def put(name: str, *held: str, is_whole: bool = True, is_replay: bool = False, as_of: str = "", changed: str = "") -> None:
        held = held or ("targets",)
        with publishing(reports) as staging:
            made = staging / "edition"
            made.mkdir()
            for page in ("index", *held):
                (made / f"{page}.html").write_text(f"<body><header></header>{PLACE}<p>{name}</p>", "utf-8")
            for report in held:
                (made / f"{report}.pdf").write_bytes(pdf)
            told = {
                "edition": name,
                "date": name[:10],
                "as_of": as_of or name[:10],
                "recorded_by": None,
                "is_whole": is_whole,
                "is_replay": is_replay,
                "parameters": {report: {} for report in held},
                "inputs": {},
                "what_changed": changed,
                "outputs": {path.name: editions.sha256(path) for path in sorted(made.iterdir())},
            }
            told["id"] = editions.identity(told)
            (made / "manifest.json").write_text(json.dumps(told), "utf-8")
            publish(made, reports / name)
            refresh(reports, staging)

    put.reports = reports
    return put


def says(reports, file: str) -> str:
    """The notice on a page, without its markup; nothing where there is none."""
    text = (reports / file).read_text("utf-8")
    return text.partition(PLACE)[2].partition("<p>")[2].partition("</p>")[0] if 'class="notice"' in text else ""


def listed(reports) -> str:
    """What stands in the index, without its markup."""
    return re.sub(r"<[^>]+>", "", (reports / "index.html").read_text("utf-8").partition("<main")[2])


def all_whole(reports) -> bool:
    found = editions.editions(reports)
    return bool(found) and not any(editions.damage(path) for path in found)


def test_an_edition_appears_whole_read_only_and_as_the_latest_with_nothing_beside_it(folder):
    folder("2026-11-24")
    derived = {".lock", ".asked.json", ".notices.json", "index.html", "feed.xml", "latest.html", "latest"}
    assert {path.name for path in folder.reports.iterdir()} == derived | {"2026-11-24"}
    assert all_whole(folder.reports)
    assert (folder.reports / "latest" / "targets.html").read_text().endswith("<p>2026-11-24</p>")
    assert not any(path.stat().st_mode & 0o222 for path in (folder.reports / "2026-11-24").iterdir())


def test_another_edition_of_the_day_supersedes_the_first_and_both_say_so(folder):
    folder("2026-11-24")
    folder("2026-11-24.1")
    for page in ("index", "targets"):
        marked = says(folder.reports, f"2026-11-24/{page}.html")
        assert marked == f'Superseded by the edition <a href="../2026-11-24.1/{page}.html">2026-11-24.1</a>.'
        assert says(folder.reports, f"2026-11-24.1/{page}.html") == ""
    assert "Superseded by 2026-11-24.1." in listed(folder.reports)
    assert (folder.reports / "latest").resolve().name == "2026-11-24.1"
    assert all_whole(folder.reports)


def test_an_edition_of_one_report_supersedes_only_that_report_and_is_not_the_latest(folder):
    folder("2026-11-24", "road", "targets")
    folder("2026-11-24.1", "targets", is_whole=False)
    assert says(folder.reports, "2026-11-24/targets.html")
    assert says(folder.reports, "2026-11-24/index.html")
    assert says(folder.reports, "2026-11-24/road.html") == ""
    assert "Superseded by 2026-11-24.1 in targets." in listed(folder.reports)
    assert (folder.reports / "latest").resolve().name == "2026-11-24"


def test_a_replay_of_an_earlier_day_supersedes_nothing_and_is_not_the_latest(folder):
    folder("2026-11-24")
    folder("2026-11-24.1", is_replay=True, as_of="2024-04-01")
    assert says(folder.reports, "2026-11-24/targets.html") == ""
    assert (folder.reports / "latest").resolve().name == "2026-11-24"
    folder("2026-11-24.2", is_replay=True, as_of="2024-04-01")
    assert "2026-11-24.2" in says(folder.reports, "2026-11-24.1/targets.html")


def test_where_there_is_no_better_one_the_latest_is_a_replay_or_a_part(folder):
    folder("2026-11-23", is_replay=True, is_whole=False)
    assert (folder.reports / "latest").resolve().name == "2026-11-23"
    folder("2026-11-22", "targets", is_whole=False)
    assert (folder.reports / "latest").resolve().name == "2026-11-22"


def test_an_edition_made_later_of_an_earlier_day_is_not_the_latest(folder):
    """A clock that was set back, or a day that is made up for."""
    folder("2026-11-24")
    folder("2026-11-20")
    assert (folder.reports / "latest").resolve().name == "2026-11-24"
    assert editions.find(folder.reports, None).name == "2026-11-24"
    index = (folder.reports / "index.html").read_text()
    assert index.index(">2026-11-24<") < index.index(">2026-11-20<")


def test_the_tenth_edition_of_a_day_comes_after_the_second(folder):
    for name in ("2026-11-24", "2026-11-24.2", "2026-11-24.10"):
        folder(name)
    assert [path.name for path in editions.editions(folder.reports)] == ["2026-11-24", "2026-11-24.2", "2026-11-24.10"]
    assert "2026-11-24.10" in says(folder.reports, "2026-11-24/index.html")


def test_a_withdrawn_edition_says_so_everywhere_stays_and_is_no_longer_the_latest(folder):
    folder("2026-11-24")
    folder("2026-11-25")
    withdraw(folder.reports, "2026-11-25", reason="The share was <b>wrong</b>.", day=DAY)
    for page in ("index", "targets"):
        marked = says(folder.reports, f"2026-11-25/{page}.html")
        assert marked == "Withdrawn on 26 November 2026: The share was &lt;b&gt;wrong&lt;/b&gt;."
    assert b"Withdrawn on 26 November 2026" in (folder.reports / "2026-11-25" / "targets.pdf").read_bytes()
    assert "Withdrawn on 26 November 2026: The share was &lt;b&gt;wrong&lt;/b&gt;." in listed(folder.reports)
    assert (folder.reports / "latest").resolve().name == "2026-11-24"
    assert editions.find(folder.reports, None).name == "2026-11-24"
    assert all_whole(folder.reports)


def test_what_a_withdrawn_edition_superseded_stands_again(folder):
    folder("2026-11-24")
    folder("2026-11-24.1")
    published = (folder.reports / "2026-11-24.1" / "targets.pdf").read_bytes()
    withdraw(folder.reports, "2026-11-24.1", reason="Wrong.", day=DAY)
    assert says(folder.reports, "2026-11-24/targets.html") == ""
    assert (folder.reports / "2026-11-24" / "targets.pdf").read_bytes() == published
    assert (folder.reports / "latest").resolve().name == "2026-11-24"


def test_with_every_edition_withdrawn_there_is_no_latest(folder):
    folder("2026-11-24")
    withdraw(folder.reports, "2026-11-24", reason="Wrong.", day=DAY)
    assert not (folder.reports / "latest").is_symlink()
    assert editions.find(folder.reports, None).name == "2026-11-24"  # there is nothing else to look at


@pytest.mark.parametrize("reason", ["", " ", "two\nlines", "a bell \a"])
def test_a_reason_that_readers_cannot_use_is_refused(folder, reason):
    folder("2026-11-24")
    with pytest.raises(InputError, match="expected a sentence in one line"):
        withdraw(folder.reports, "2026-11-24", reason=reason, day=DAY)


def test_an_edition_is_withdrawn_once_and_only_if_it_is_there(folder):
    folder("2026-11-24")
    withdraw(folder.reports, "2026-11-24", reason="Wrong.", day=DAY)
    with pytest.raises(InputError, match=r"is withdrawn since 2026-11-26: Wrong\."):
        withdraw(folder.reports, "2026-11-24", reason="Again.", day=DAY)
    with pytest.raises(InputError, match=r"no edition '\.\./x'"):
        withdraw(folder.reports, "../x", reason="Wrong.", day=DAY)


def test_nothing_is_withdrawn_while_a_build_is_under_way(folder):
    folder("2026-11-24")
    with FileLock(folder.reports / ".lock"), pytest.raises(BusyError, match="another build is under way"):
        withdraw(folder.reports, "2026-11-24", reason="Wrong.", day=DAY)
    assert editions.withdrawn(folder.reports / "2026-11-24") is None


def test_a_notice_comes_and_goes_without_a_trace(pdf):
    page = f"<body>{PLACE}<p>{PLACE} is quoted</p>".encode()
    for content, suffix in ((page, ".html"), (pdf, ".pdf")):
        once = with_notice(content, suffix, Notice("Withdrawn on 1 May 2026: (a) \\ 日産 <script>."))
        twice = with_notice(once, suffix, Notice("Superseded by the edition", '../x/"y".html', "x"))
        assert once != content != twice != once
        assert b"<script" not in once or suffix == ".pdf"
        assert with_notice(once, suffix, None) == without_notice(twice, suffix) == content
        assert with_notice(twice, suffix, Notice("Withdrawn on 1 May 2026: (a) \\ 日産 <script>.")) == once
    assert with_notice(b"a,b", ".csv", Notice("Withdrawn")) == b"a,b"


def test_a_noted_pdf_holds_the_published_bytes_and_shows_the_notice_on_its_first_page(pdf):
    from io import BytesIO

    from pypdf import PdfReader

    noted = with_notice(pdf, ".pdf", Notice("Withdrawn on 1 May 2026: wrong."))
    assert noted.startswith(pdf)
    stamp = PdfReader(BytesIO(noted), strict=True).pages[0]["/Annots"][-1].get_object()
    assert stamp["/Contents"] == "Withdrawn on 1 May 2026: wrong."
    assert b"(Withdrawn on 1 May 2026: wrong.) Tj" in stamp["/AP"]["/N"].get_object().get_data()


@pytest.mark.parametrize("file", ["targets.html", "targets.pdf", "index.html"])
def test_whatever_else_is_done_to_a_noted_file_is_damage(folder, file):
    folder("2026-11-24")
    withdraw(folder.reports, "2026-11-24", reason="Wrong.", day=DAY)
    path = folder.reports / "2026-11-24" / file
    content = path.read_bytes()
    tampered = [content + b" ", content[:-20], content.replace(b'class="notice"', b'class="notice" onload="x"')]
    tampered.append(
        content.replace(b"</p></div>", b"<script>x</script></p></div>", 1) if file.endswith("html") else content[1:]
    )
    for other in tampered:
        if other == content:
            continue
        path.chmod(0o644)
        path.write_bytes(other)
        assert editions.damage(folder.reports / "2026-11-24") == [f"{file}: was changed since it was published"]


def test_damage_of_every_kind_is_told_by_name(folder):
    folder("2026-11-24")
    edition = folder.reports / "2026-11-24"
    (edition / "note.txt").write_text("mine")
    (edition / "targets.pdf").unlink()
    (edition / "targets.html").chmod(0o644)
    (edition / "targets.html").write_text("other")
    (edition / "withdrawn.json").write_text("{")
    manifest = edition / "manifest.json"
    manifest.chmod(0o644)
    manifest.write_text(manifest.read_text().replace('"is_whole": true', '"is_whole": false'))
    assert editions.damage(edition) == [
        "manifest.json: was changed since it was published",
        "withdrawn.json: cannot be read as a withdrawal",
        "targets.pdf: is gone",
        "note.txt: has come since",
        "targets.html: was changed since it was published",
    ]
    manifest.write_text("{}")
    assert editions.damage(edition) == ["manifest.json: cannot be read as what an edition says of itself"]


def test_a_damaged_edition_stops_no_other_and_the_index_says_it_is_damaged(folder):
    folder("2026-11-23")
    (folder.reports / "2026-11-23" / "manifest.json").chmod(0o644)
    (folder.reports / "2026-11-23" / "manifest.json").write_text("{")
    folder("2026-11-24")
    assert "Damaged: what it says of itself cannot be read." in listed(folder.reports)
    assert (folder.reports / "latest").resolve().name == "2026-11-24"


def test_what_a_killed_process_left_undone_is_done_by_the_next(folder):
    """Marks, index and latest are made from what is there, not remembered."""
    folder("2026-11-24")
    folder("2026-11-24.1")
    first = folder.reports / "2026-11-24"
    for path in first.glob("*.html"):
        path.chmod(0o644)
        path.write_bytes(without_notice(path.read_bytes(), ".html"))
    (folder.reports / "latest").unlink()
    (folder.reports / "latest").symlink_to("2026-11-24")
    (folder.reports / "index.html").unlink()
    with publishing(folder.reports) as staging:
        refresh(folder.reports, staging)
    assert says(folder.reports, "2026-11-24/targets.html")
    assert (folder.reports / "latest").resolve().name == "2026-11-24.1"
    assert "2026-11-24.1" in (folder.reports / "index.html").read_text()


@pytest.mark.parametrize("left", ["file", "link"])
def test_whatever_an_earlier_build_left_in_the_way_is_taken_away(folder, tmp_path, left):
    folder.reports.mkdir()
    staging, elsewhere = folder.reports / ".staging", tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "precious").write_text("mine")
    if left == "file":
        staging.write_text("junk")
    else:
        staging.symlink_to(elsewhere)
    folder("2026-11-24")
    assert all_whole(folder.reports)
    assert not staging.exists()
    assert (elsewhere / "precious").read_text() == "mine"


def test_a_staged_edition_is_on_the_disk_before_it_has_its_name(folder, monkeypatch):
    """Every file and the folder are flushed before the rename, and the folder that holds the name after it."""
    seen = []
    flush, rename = os.fsync, type(folder.reports).rename
    monkeypatch.setattr(
        os, "fsync", lambda handle: (seen.append(str(Path(f"/proc/self/fd/{handle}").readlink())), flush(handle))[1]
    )
    monkeypatch.setattr(type(folder.reports), "rename", lambda path, to: (seen.append("rename"), rename(path, to))[1])
    folder("2026-11-24")
    done = seen.index("rename")
    flushed = {path.rpartition("/.staging/")[2] for path in seen[:done]}
    assert flushed == {f"edition/{name}" for name in ("index.html", "targets.html", "targets.pdf", "manifest.json")} | {
        "edition"
    }
    assert seen[done + 1] == str(folder.reports)
    assert seen[-1] == str(folder.reports)


class TestBefore:
    """The edition that another is compared with."""

    def before(self, folder, name: str, *held: str, **told) -> str | None:
        about = {"parameters": {report: {} for report in held or ("targets",)}, "is_replay": False, **told}
        found = editions.before(editions.editions(folder.reports), about, name=name)
        return found.name if found else None

    def test_it_is_the_last_one_before_also_of_the_same_day(self, folder):
        for name in ("2026-11-23", "2026-11-24", "2026-11-25"):
            folder(name)
        assert self.before(folder, "2026-11-24.1") == "2026-11-24"
        assert self.before(folder, "2026-11-24") == "2026-11-23"
        assert self.before(folder, "2026-11-23") is None

    def test_it_has_all_reports_if_any_has_and_else_one_of_them(self, folder):
        folder("2026-11-23", "road", "targets")
        folder("2026-11-24", "targets", is_whole=False)
        assert self.before(folder, "2026-11-25", "road", "targets") == "2026-11-23"
        assert self.before(folder, "2026-11-25", "targets") == "2026-11-24"
        assert self.before(folder, "2026-11-25", "targets", "rivals") == "2026-11-24"
        assert self.before(folder, "2026-11-25", "rivals") is None

    def test_it_is_never_a_withdrawn_one(self, folder):
        folder("2026-11-23")
        folder("2026-11-24")
        withdraw(folder.reports, "2026-11-24", reason="Wrong.", day=DAY)
        assert self.before(folder, "2026-11-25") == "2026-11-23"

    def test_a_replay_is_compared_with_a_replay_of_the_same_day_only(self, folder):
        folder("2026-11-23")
        folder("2026-11-24", is_replay=True, as_of="2024-04-01")
        replay = {"is_replay": True, "recorded_by": None}
        assert self.before(folder, "2026-11-25") == "2026-11-23"
        assert self.before(folder, "2026-11-25", as_of="2024-04-01", **replay) == "2026-11-24"
        assert self.before(folder, "2026-11-25", as_of="2024-05-01", **replay) is None
