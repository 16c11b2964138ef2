"""What changed, from the data to the page: two editions of one report, between which a claim was corrected."""

import csv
import json
import re
from datetime import date

import pytest
from conftest import TODAY
from pypdf import PdfReader

from analysis.errors import HeldError, InputError
from analysis.reporting.edition import build
from analysis.reporting.planning import plan

DAY_BEFORE = date(2026, 11, 24)


def quietly(planned):
    return build(planned, lambda *_: None)


def text_of(page) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page.read_text("utf-8")).split())


@pytest.fixture(scope="module")
def two(tmp_path_factory):
    """A project with an edition of the day before and one of the day on which its number of jobs was corrected."""
    from conftest import _copy

    root = _copy(tmp_path_factory.mktemp("changes") / "project")
    first = quietly(plan(root, ["investments"], {}, date=DAY_BEFORE, as_of=None))
    claims = root / "data" / "claims.csv"
    rows = list(csv.reader(claims.open(encoding="utf-8", newline="")))
    entry = dict(zip(rows[0], next(row for row in rows if row[4:5] == ["1700"]), strict=True))
    entry |= {"value": "1600", "entry": "2", "change": "correction", "reason": "A <slip> of ours.", "recorded_date": str(TODAY)}
    with claims.open("a", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerow(entry.values())
    return root, first, quietly(plan(root, ["investments"], {}, date=TODAY, as_of=None))


def test_a_first_edition_says_that_there_is_none_to_compare_with(two):
    _, first, _ = two
    assert first.changed == "No earlier edition of these reports is there to compare with."
    assert first.changed in text_of(first.folder / "investments.html")


def test_a_correction_shows_on_the_page_with_old_new_difference_and_reason(two):
    _, first, second = two
    assert second.changed.startswith(f"Since the edition {first.folder.name}: ")
    assert "corrected" in second.changed
    page = (second.folder / "investments.html").read_text("utf-8")
    section = page[page.index("What changed since the edition 2026-11-24</h2>") : page.index("How each number was made</h2>")]
    # 661,000,000 / 1,700 = 388,823.5; 661,000,000 / 1,600 = 413,125: 6.25% more
    row = next(row for row in section.split("<tr>") if "$413,125 per job" in row)
    assert "$388,824 per job" in row
    assert "+6.2%" in row or "+6.3%" in row
    assert "A &lt;slip&gt; of ours." in row
    assert "<strong>corrected</strong>" in row
    assert re.search(r'href="#how-usd_per_job[^"]*"', row)
    was = re.search(r'href="\.\./2026-11-24/investments\.html#(how-usd_per_job[^"]*)"', row)
    assert f'id="{was[1]}"' in (first.folder / "investments.html").read_text("utf-8")


def test_the_pdf_the_first_page_and_the_index_tell_it_too(two):
    root, _, second = two
    pdf = " ".join(" ".join(page.extract_text() for page in PdfReader(second.folder / "investments.pdf").pages).split())
    assert "What changed since the edition 2026-11-24" in pdf
    assert "A <slip> of ours." in pdf
    index = (second.folder / "index.html").read_text("utf-8")
    assert 'href="investments.html#how-usd_per_job' in index
    assert second.changed in text_of(root / "reports" / "index.html")
    assert json.loads((second.folder / "manifest.json").read_text("utf-8"))["compared_with"] == "2026-11-24"


def test_the_changes_are_data_too(two):
    _, _, second = two
    rows = list(csv.DictReader((second.folder / "changes.csv").open(encoding="utf-8", newline="")))
    row = next(row for row in rows if row["figure_id"].startswith("usd_per_job"))
    assert (row["report"], row["change"], row["unit"]) == ("investments", "corrected", "USD_per_job")
    assert float(row["old_value"]) == pytest.approx(388_823.5, rel=1e-6)
    assert (float(row["new_value"]), row["old"], row["new"]) == (413_125, "$388,824 per job", "$413,125 per job")
    assert float(row["size"]) == pytest.approx(0.0625)
    assert rows[0]["change"] == "corrected"
    assert [row["change"] for row in rows] == sorted((row["change"] for row in rows), key=lambda kind: kind != "corrected")


def test_an_edition_in_which_nothing_changed_says_so_in_one_line(two):
    root, _, second = two
    third = quietly(plan(root, ["investments"], {}, date=date(2026, 11, 26), as_of=None))
    line = f"Since the edition {second.folder.name} no figure has changed."
    assert third.changed == line
    page = (third.folder / "investments.html").read_text("utf-8")
    assert f"<p>{line}</p>" in page
    assert "Figures that differ" not in page
    assert (third.folder / "changes.csv").read_text("utf-8").count("\n") == 1


def test_the_edition_to_compare_with_can_be_named(two):
    root, first, _ = two
    made = quietly(plan(root, ["investments"], {}, date=date(2026, 11, 27), as_of=None, against=first.folder.name))
    assert made.changed.startswith("Since the edition 2026-11-24: ")
    with pytest.raises(InputError, match="no edition '2026-01-01'"):
        plan(root, ["investments"], {}, date=TODAY, as_of=None, against="2026-01-01")


def test_what_the_checks_found_is_told_and_can_hold_an_edition(two):
    root, _, second = two
    assert "Checks before publication" in text_of(second.folder / "investments.html")
    held = plan(root, ["investments"], {}, date=date(2026, 11, 28), as_of=None)
    held.findings.append(type(held.findings[0])("freshness", "held", "Figures are too old."))
    with pytest.raises(HeldError, match=r"held by the checks .* Figures are too old\."):
        quietly(held)
    assert not (root / "reports" / "2026-11-28").exists()
