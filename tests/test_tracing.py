"""The way back from a figure to what was printed."""

import pytest
from conftest import ROOT

from analysis import Ledger
from analysis.errors import InputError
from analysis.tracing import chain, find_figures

ROW = {
    "report": "market_share",
    "figure_id": "printed_share.sakura.japan",
    "label": "Model's share: Sakura",
    "period_start": "",
    "period_end": "",
    "value": "0.42",
    "unit": "share",
    "qualifier": "exact",
    "claim_ids": "s002-p09-42pct",
    "method": "as printed",
    "note": "",
}
ADOPTION = ROW | {
    "figure_id": "adoption.china.2021",
    "value": "0.16",
    "qualifier": "about",
    "period_start": "2021-01-01",
    "period_end": "2021-12-31",
    "claim_ids": "owid-2026-05-31-share-china-2021",
}
MADE = ROW | {"figure_id": "agreements_made.nissan-honda", "value": "3", "unit": "agreements", "claim_ids": "n-honda-mou1"}


@pytest.fixture(scope="module")
def ledger():
    return Ledger.load(ROOT / "data")


def test_a_figure_is_found_by_its_id_or_by_what_it_reads_as_each_once():
    rows = [ROW, ROW | {"report": "road"}, ADOPTION]
    assert [row["figure_id"] for row in find_figures(rows, "printed_share.sakura.japan")] == ["printed_share.sakura.japan"]
    assert [row["figure_id"] for row in find_figures(rows, "42%")] == ["printed_share.sakura.japan"]
    assert [row["report"] for row in find_figures(rows, "42%", report="road")] == ["road"]
    assert [row["figure_id"] for row in find_figures(rows, "about 16%")] == ["adoption.china.2021"]


@pytest.mark.parametrize(
    ("wanted", "report", "message"),
    [
        ("china", None, "no figure 'china'; did you mean adoption.china.2021"),
        ("43%", None, "no figure '43%'; figures.csv of the edition names them all"),
        ("42%", "rivals", "no report rivals in this edition; there are market_share"),
    ],
)
def test_a_figure_that_is_not_there_is_told_with_those_near_it(wanted, report, message):
    with pytest.raises(InputError, match=message):
        find_figures([ROW, ADOPTION], wanted, report=report)


def test_a_chain_tells_value_formula_claim_source_address_and_conflict(ledger):
    text = chain(find_figures([ROW], "42%")[0], ledger)
    assert text.splitlines()[0] == "printed_share.sakura.japan: 42%"
    assert "  as printed" in text.splitlines()
    assert "- “42%” (techfyle.com, March 2024), paragraph 9 [s002-p09-42pct]" in text
    assert "https://techfyle.com/" in text
    assert "contested: The Sakura’s share: of which year. The share is that of a calendar year" in text
    assert "vintage" not in text


def test_a_claim_that_was_revised_is_told_in_every_vintage_the_earliest_first(ledger):
    lines = chain(find_figures([ADOPTION], "adoption.china.2021")[0], ledger).splitlines()
    vintages = [line.strip() for line in lines if "vintage" in line]
    assert [line[:14] for line in vintages] == ["vintage: 15.0 ", "vintage: 16 (O"]
    assert "May 2025" in vintages[0]
    assert "May 2026" in vintages[1]


def test_a_figure_counted_from_events_leads_to_them(ledger):
    text = chain(find_figures([MADE], "3 agreements")[0], ledger)
    assert "- feasibility study (AutoRecent, 15 March 2024), as cited [n-honda-mou1]" in text
