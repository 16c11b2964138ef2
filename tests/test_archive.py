"""Printed figures against the archived texts of their sources."""

import hashlib

import pytest
from conftest import ROOT

from analysis import Ledger
from analysis.archive import verify_sources
from analysis.errors import InputError, LedgerError

TEXTS = ROOT.parent / "shared" / "sources"


@pytest.mark.skipif(not TEXTS.is_dir(), reason="the sources' texts are not beside this checkout")
def test_every_printed_figure_stands_in_its_paragraph():
    """All five documents are found, and each claim and event that cites one is checked."""
    verified = verify_sources(Ledger.load(ROOT / "data"), TEXTS)
    assert (len(verified.sources), verified.missing, verified.statements) == (5, [], 79)


@pytest.fixture
def archived(project, tmp_path, edit):
    """A text of our own that stands for one source, holding what the ledger says is printed in it."""
    ledger = Ledger.load(project / "data")
    source = "nissan-release-2022-04-08"
    printed = [row for f in (ledger.claims, ledger.events) for row in f.filter(source_id=source)["printed"]]
    texts = tmp_path / "texts"
    texts.mkdir()
    content = "\n\n" + " | ".join(printed) + "\n\n\nA second paragraph of 2028.\n"
    (texts / "any name.txt").write_text(content, "utf-8")
    old = ledger.sources.filter(source_id=source)["sha256"].item()
    edit("sources.csv", old, hashlib.sha256(content.encode()).hexdigest())
    return texts


def test_a_text_is_matched_by_its_hash_and_paragraphs_are_non_empty_lines(project, archived):
    verified = verify_sources(Ledger.load(project / "data"), archived)
    assert verified.sources == ["nissan-release-2022-04-08"]
    assert verified.statements == 11
    assert "ev-road-post" in verified.missing


@pytest.mark.parametrize(
    ("old", "new", "cause"),
    [
        ("$75 per kWh in fiscal 2028", "$76 per kWh in fiscal 2028", "nowhere"),
        ("p1,$75", "p2,$75", "it stands in p1"),
        ("p1,$75 per", "p3,$76 per", "2 paragraphs"),
    ],
)
def test_a_figure_that_does_not_stand_there_is_a_fault_with_its_line(project, archived, edit, old, new, cause):
    edit("claims.csv", old, new)
    with pytest.raises(LedgerError, match=r"claims\.csv line \d+, column printed") as error:
        verify_sources(Ledger.load(project / "data"), archived)
    assert cause in error.value.faults[0].cause


def test_a_folder_without_any_sources_text_is_refused(tmp_path):
    ledger = Ledger.load(ROOT / "data")
    with pytest.raises(InputError, match="is not a folder"):
        verify_sources(ledger, tmp_path / "none")
    (tmp_path / "a.txt").write_text("not a source")
    with pytest.raises(InputError, match="no file in"):
        verify_sources(ledger, tmp_path)
