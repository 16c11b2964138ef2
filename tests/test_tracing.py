"""The way back from a figure to what was printed."""

import shutil
from datetime import date

import pytest
from conftest import ROOT

from analysis import Ledger
from analysis.errors import InputError
from analysis.reporting.editions import sha256
from analysis.tracing import chain, find_figures, view_of

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


def test_a_figure_that_several_reports_show_is_told_with_all_of_them_and_two_values_of_one_id_apart():
    rows = [ROW, ROW | {"report": "road"}, ROW | {"report": "targets", "value": "0.43"}]
    found = find_figures(rows, "printed_share.sakura.japan")
    assert [(row["report"], row["value"]) for row in found] == [("market_share, road", 0.42), ("targets", 0.43)]


PLEDGE = ROW | {"figure_id": "investment.canton.n-661", "value": "661000000", "unit": "USD", "qualifier": "at_least"}


@pytest.mark.parametrize("wanted", ["at least $661 million", "$661 million", "661 million", " 661  million ", "investment"])
def test_a_figure_is_also_found_without_qualifier_and_currency_or_by_the_one_id_that_begins_so(wanted):
    assert [row["figure_id"] for row in find_figures([ROW, PLEDGE], wanted)] == ["investment.canton.n-661"]


def test_what_reads_exactly_so_comes_before_what_does_so_without_its_qualifier():
    exact = ADOPTION | {"figure_id": "adoption.china.2022", "qualifier": "exact"}
    assert [row["figure_id"] for row in find_figures([ADOPTION, exact], "16%")] == ["adoption.china.2022"]


def test_the_beginning_of_several_ids_is_told_as_none():
    other = ADOPTION | {"figure_id": "adoption.china.2022"}
    with pytest.raises(InputError, match=r"did you mean adoption\.china\.2021, adoption\.china\.2022"):
        find_figures([ADOPTION, other], "adoption.china")


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
    text = chain(find_figures([ROW], "42%")[0], ledger, ledger.as_of())
    assert text.splitlines()[0] == "printed_share.sakura.japan: 42% [market_share]"
    assert "  as printed" in text.splitlines()
    assert "- “42%” (techfyle.com, March 2024), paragraph 9 [s002-p09-42pct]" in text
    assert "https://techfyle.com/" in text
    assert "contested: The Sakura’s share: of which year. The share is that of a calendar year" in text
    assert "vintage" not in text


def test_a_claim_that_was_revised_is_told_in_every_vintage_the_earliest_first(ledger):
    lines = chain(find_figures([ADOPTION], "adoption.china.2021")[0], ledger, ledger.as_of()).splitlines()
    vintages = [line.strip() for line in lines if "vintage" in line]
    assert [line[:14] for line in vintages] == ["vintage: 15.0 ", "vintage: 16 (O"]
    assert "May 2025" in vintages[0]
    assert "May 2026" in vintages[1]


def test_a_figure_counted_from_events_leads_to_them(ledger):
    text = chain(find_figures([MADE], "3 agreements")[0], ledger, ledger.as_of())
    assert "- feasibility study (AutoRecent, 15 March 2024), as cited [n-honda-mou1]" in text


CORRECTED = "s002-p09-42pct"


@pytest.fixture
def corrected(tmp_path):
    """The ledger after a claim was corrected, its folder, and the manifest of an edition that was made before."""
    folder = tmp_path / "data"
    shutil.copytree(ROOT / "data", folder)
    tables = ("sources", "claims", "events", "conflicts")
    told = {"as_of": "2026-11-25", "recorded_by": None}
    told |= {"inputs": {f"data/{name}.csv": sha256(folder / f"{name}.csv") for name in tables}}
    path = folder / "claims.csv"
    line = next(line for line in path.read_text("utf-8").splitlines() if line.startswith(f"{CORRECTED},"))
    row = line.replace(",42%,", ",42.5%,").replace(",0.42,", ",0.425,").replace(",1,new,,", ",2,correction,a digit was lost,")
    assert row.count("0.425") == row.count("correction") == 1
    path.write_text(path.read_text("utf-8") + row + "\n", "utf-8")
    return Ledger.load(folder), folder, told


def test_a_trace_tells_the_claim_that_the_edition_used_and_what_was_corrected_since_with_the_reason(corrected):
    ledger, folder, told = corrected
    lines = chain(find_figures([ROW], "42%")[0], ledger, view_of(told, ledger, folder)).splitlines()
    assert [line for line in lines if line.startswith("  - ")] == [
        "  - “42%” (techfyle.com, March 2024), paragraph 9 [s002-p09-42pct]"
    ]
    assert [line.strip() for line in lines if "vintage" in line] == [
        "vintage: “42%” (techfyle.com, March 2024), entry 1, new",
        "vintage: since this edition: “42.5%” (techfyle.com, March 2024), entry 2, correction: a digit was lost",
    ]


def test_an_edition_made_after_the_correction_uses_it(corrected):
    ledger, folder, told = corrected
    told["inputs"]["data/claims.csv"] = sha256(folder / "claims.csv")
    text = chain(find_figures([ROW], "42%")[0], ledger, view_of(told, ledger, folder))
    assert "  - “42.5%”" in text
    assert "since this edition" not in text


def test_an_edition_of_an_earlier_day_is_traced_as_of_that_day(ledger):
    """By June 2025 the statistics' edition of May 2025 was out, and that of May 2026 was not."""
    row = find_figures([ADOPTION | {"claim_ids": "iea-2025-05-31-share-china-2021"}], "about 16%")[0]
    lines = chain(row, ledger, ledger.as_of(date(2025, 6, 1))).splitlines()
    vintages = [line.strip() for line in lines if "vintage" in line]
    assert [line.startswith("vintage: since this edition: ") for line in vintages] == [False, True]
