"""Slippage: when what was promised, where a plan was given up, and what is left out."""

from datetime import date

import pytest
from charting import drawn, figure, marks, overlaps, small_ledger, some, spec

from analysis import charts
from analysis.errors import MetricError
from analysis.exhibits import Exhibit

WORDS = {"title": "T", "subtitle": "S"}
CANTON, CELLS = "Start of production: Canton plant, Mississippi, United States", "Start of production: Cells, Japan"


def version(claim, year, label=CANTON, metric="version", **other):
    return figure(metric, None, "date", year=year, label=label, claim_ids=[claim]) | {"figure_id": f"{metric}.{claim}"} | other


DAYS = {"first": date(2022, 1, 1), "again": date(2023, 1, 1), "second": date(2024, 1, 1), "end": date(2025, 1, 1)}
LEDGER = small_ledger(**DAYS, cells=date(2023, 7, 2), never=None)
MOVED = [version("first", 2025), version("again", 2025), version("second", 2028)]
NOT_DATED = {"period_start": None, "period_end": None}


def test_a_version_stands_at_the_day_of_its_claim_and_the_end_of_its_period():
    points = marks(charts.slippage(some(*MOVED), LEDGER, **WORDS), "point")[0]["rows"]
    # The end of 2025 is the first moment of 2026.
    assert [(row["announced"], row["promised"], row["shown"], row["day"]) for row in points] == [
        (2022.0, 2026.0, "2025", "1 January 2022"),
        (2023.0, 2026.0, "2025", "1 January 2023"),
        (2024.0, 2029.0, "2028", "1 January 2024"),
    ]


def test_the_line_is_a_stair_up_to_the_as_of_day_and_says_only_what_is_new():
    chart = charts.slippage(some(*MOVED), LEDGER, **WORDS)
    line = marks(chart, "line")[0]
    assert line["mark"]["interpolate"] == "step-after"
    # 22 November 2026 is day 326 of the year: 2026 + 325 / 365 = 2026.8904
    assert (line["rows"][-1]["announced"], line["rows"][-1]["promised"]) == (2026.8904, 2029.0)
    assert [row["text"] for row in drawn(chart, "text", text="2025")] == ["2025", "2025"]  # its rim and its letters
    assert drawn(chart, "text", text="as of 22 November 2026")


def test_a_cross_ends_the_line_where_the_plan_was_given_up():
    ended = some(*MOVED, version("end", None, metric="withdrawn_version", claim_ids=["second", "end"], **NOT_DATED))
    chart = charts.slippage(ended, LEDGER, **WORDS)
    cross = next(mark for mark in marks(chart, "point") if mark["mark"].get("shape", "").startswith("M"))
    assert [(row["announced"], row["promised"]) for row in cross["rows"]] == [(2025.0, 2029.0)]
    assert marks(chart, "line")[0]["rows"][-1]["announced"] == 2025.0
    assert drawn(chart, "text", text="given up 1 January 2025")
    assert "given up, announced 1 January 2025. Source: The Paper" in spec(chart)["description"]


def test_a_promise_made_after_a_plan_was_given_up_does_not_lower_the_cross():
    rows = some(version("first", 2025), version("end", 2025, metric="withdrawn_version"), version("second", 2028))
    chart = charts.slippage(rows, small_ledger(first=date(2022, 1, 1), end=date(2023, 1, 1), second=date(2024, 1, 1)), **WORDS)
    cross = next(mark for mark in marks(chart, "point") if mark["mark"].get("shape", "").startswith("M"))
    assert [(row["announced"], row["promised"]) for row in cross["rows"]] == [(2023.0, 2026.0)]


def test_what_no_day_of_publication_dates_is_left_out():
    chart = charts.slippage(some(*MOVED, version("never", 2040)), LEDGER, **WORDS)
    assert "2040" not in spec(chart)["description"]
    alone = charts.slippage(some(version("never", 2040)), LEDGER, **WORDS)
    assert isinstance(alone, Exhibit)


def test_the_diagonal_runs_where_a_promise_is_due_on_the_day_it_is_made():
    chart = charts.slippage(some(*MOVED), LEDGER, **WORDS)
    encoding = marks(chart, "line")[0]["encoding"]
    (first, last), (low, high) = (encoding[axis]["scale"]["domain"] for axis in ("x", "y"))
    diagonal = next(mark["rows"][0] for mark in marks(chart, "rule") if mark["mark"].get("strokeWidth") == 1.2)
    for end in ("", "2"):
        announced = first + (last - first) * diagonal["x" + end] / spec(chart)["width"]
        promised = high - (high - low) * diagonal["y" + end] / spec(chart)["height"]
        assert announced == pytest.approx(promised, abs=0.001)
    assert drawn(chart, "text", text="promised = today")


def test_plans_for_one_thing_are_named_by_whose_they_are():
    chart = charts.slippage(some(*MOVED, version("cells", 2030, CELLS)), LEDGER, **WORDS)
    assert drawn(chart, "text", text="Canton plant, Mississippi")
    assert drawn(chart, "text", text="Cells")
    assert overlaps(chart) == []


def test_versions_on_the_same_days_keep_their_words_apart():
    days = {f"c{n}": date(2024, 1 + n % 3, 1) for n in range(1, 9)}
    rows = [version(claim, 2027 + n % 2, f"Launch: Model {n}, Japan") for n, claim in enumerate(days)]
    assert overlaps(charts.slippage(some(*rows), small_ledger(**days), **WORDS)) == []


def test_what_cannot_be_drawn_is_refused():
    with pytest.raises(MetricError, match=r"version\.c0: no dates"):
        charts.slippage(some(figure("version", 2.0, "years") | {"figure_id": "version.c0"}), LEDGER, **WORDS)
    days = {f"c{n}": date(2024, 1, 1) for n in range(1, 10)}
    rows = [version(claim, 2027, f"Launch: Model {n}, Japan") for n, claim in enumerate(days)]
    with pytest.raises(MetricError, match="versions of 9 plans: at most 8"):
        charts.slippage(some(*rows), small_ledger(**days), **WORDS)
