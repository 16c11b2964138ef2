"""What changed between two editions: each difference is told with its kind, its size and its reason."""

from dataclasses import replace
from datetime import date

import pytest
from conftest import ROOT, TODAY

from analysis import Ledger
from analysis.comparison import Told, compare, in_short, in_text

SOURCE, LATER = "techfyle-2024-03", "nissan-release-2022-04-08"
MANIFEST = {
    "date": "2026-11-24",
    "as_of": "2026-11-24",
    "recorded_by": None,
    "method_version": "1",
    "parameters": {"targets": {"company": "nissan", "as_of": "2026-11-24"}},
    "inputs": {"data/claims.csv": "one", "analysis/metrics/targets.py": "one"},
}


def figure(value=0.42, *, claims=("a",), report="targets", **other):
    row = {
        "report": report,
        "figure_id": "share.sakura",
        "label": "Share: Sakura",
        "value": value,
        "unit": "share",
        "qualifier": "exact",
        "period_start": date(2023, 1, 1),
        "period_end": date(2023, 12, 31),
        "claim_ids": list(claims),
        "method": "as printed",
    }
    return row | other


def told(*figures, entries=None, name="2026-11-24", **manifest):
    return Told(name, MANIFEST | manifest, list(figures), {"a": 1} if entries is None else entries)


def after(*figures, data="two", entries=(), **manifest):
    inputs = MANIFEST["inputs"] | {"data/claims.csv": data}
    return told(*figures, entries=dict(entries), name="2026-11-25", **({"date": "2026-11-25", "inputs": inputs} | manifest))


@pytest.fixture
def ledger(claims):
    """A function that makes a ledger of claims, of which `a` is the one that the edition before had."""
    whole = Ledger.load(ROOT / "data")

    def make(*rows: dict) -> Ledger:
        known = {"known_date": date(2024, 1, 1), "recorded_date": date(2026, 11, 20), "source_id": SOURCE, "printed": "42%"}
        given = [known | {"claim_id": "a", "value": 0.42, "unit": "share"}, *(known | {"unit": "share"} | row for row in rows)]
        return replace(whole, claims=claims(*given).drop("published_date", "product_id"))

    return make


def only(changes):
    assert len(changes) == 1
    return changes[0]


def test_what_did_not_change_is_told_in_one_line(ledger):
    """Another label, note or method is no change of a figure, nor another period where the value is the content."""
    same = figure(label="Another name", method="otherwise", period_end=date(2024, 1, 1))
    changes = compare(told(figure()), after(same), ledger())
    assert changes == []
    assert in_short(changes, "2026-11-24") == "Since the edition 2026-11-24 no figure has changed."
    assert in_text(changes, "2026-11-24").count("\n") == 0


def test_a_correction_of_ours_is_told_as_one_with_its_reason(ledger):
    entry = {"claim_id": "a", "entry": 2, "change": "correction", "reason": "Read wrongly.", "value": 0.41}
    change = only(compare(told(figure()), after(figure(0.41)), ledger(entry)))
    assert (change.kind, change.was, change.now, change.difference) == ("corrected", "42%", "41%", "-1 point")
    assert change.reason == "Read wrongly. [a]"
    assert change.size == pytest.approx(0.01 / 0.42)


def test_a_claim_that_should_never_have_been_is_a_correction_though_it_is_gone(ledger):
    entry = {"claim_id": "a", "entry": 2, "change": "void", "reason": "A joke.", "value": None}
    change = only(compare(told(figure()), after(figure(0.40, claims=["b"])), ledger(entry, {"claim_id": "b"})))
    assert (change.kind, change.reason) == ("corrected", "A joke. [a]")
    gone = only(compare(told(figure()), after(), ledger(entry)))
    assert (gone.kind, gone.reason, gone.now, gone.difference) == ("gone", "A joke. [a]", "", "")


def test_an_entry_that_the_edition_before_had_already_explains_nothing(ledger):
    entry = {"claim_id": "a", "entry": 2, "change": "correction", "reason": "Read wrongly.", "value": 0.42}
    change = only(compare(told(figure(0.41), entries={"a": 2}), after(figure(), method_version="2"), ledger(entry)))
    assert (change.kind, change.reason) == ("method", "method version 1, now 2")


def test_an_entry_recorded_after_the_edition_is_no_reason_in_it(ledger):
    entry = {"claim_id": "a", "entry": 2, "change": "correction", "reason": "Later.", "recorded_date": date(2026, 12, 1)}
    change = only(compare(told(figure()), after(figure(0.41), method_version="2"), ledger(entry)))
    assert change.kind == "method"


def test_an_edition_made_up_for_a_past_day_has_the_entries_that_it_cites(ledger):
    """It was made after its day, when a later entry was there; and one that was there, but came after it, is not its own."""
    second = {
        "claim_id": "a",
        "entry": 2,
        "change": "correction",
        "reason": "Read wrongly.",
        "recorded_date": date(2026, 12, 1),
    }
    third = second | {"entry": 3, "reason": "Again.", "recorded_date": date(2026, 12, 2)}
    moved = after(figure(0.41), entries={"a": 2})
    assert only(compare(told(figure()), moved, ledger(second, third))).reason == "Read wrongly. [a]"
    today = {"claim_id": "a", "entry": 2, "change": "correction", "reason": "Read wrongly.", "recorded_date": TODAY}
    same_day = after(figure(0.41), entries={"a": 1}, method_version="2")
    assert only(compare(told(figure()), same_day, ledger(today))).kind == "method"


def test_what_a_later_source_says_is_a_revision_and_names_it(ledger):
    later = {"claim_id": "b", "value": 0.38, "printed": "38%", "recorded_date": TODAY}
    change = only(compare(told(figure()), after(figure(0.38, claims=["b"])), ledger(later)))
    assert change.kind == "revised"
    assert change.reason.endswith("[b]")
    assert "38%" in change.reason
    assert "2024" in change.reason  # when its source was published


def test_what_its_publisher_takes_back_is_a_revision(ledger):
    entry = {"claim_id": "a", "entry": 2, "change": "retraction", "reason": "Erratum.", "value": None}
    change = only(compare(told(figure()), after(figure(0.4, claims=["b"])), ledger(entry, {"claim_id": "b"})))
    assert (change.kind, change.reason) == ("revised", "withdrawn by its publisher: Erratum. [a]")


def test_a_claim_of_the_day_of_the_edition_before_counts_as_new_unless_that_cites_it(ledger):
    """It may have come after that edition was made."""
    same_day = {"claim_id": "b", "value": 0.38, "recorded_date": date(2026, 11, 24)}
    moved = after(figure(0.38, claims=["b"]), method_version="2")
    assert only(compare(told(figure()), moved, ledger(same_day))).kind == "revised"
    assert only(compare(told(figure(), entries={"a": 1, "b": 1}), moved, ledger(same_day))).kind == "method"


def test_a_replay_could_not_know_what_was_recorded_later(ledger):
    same_day = {"claim_id": "b", "value": 0.38, "recorded_date": date(2026, 11, 24)}
    moved = after(figure(0.38, claims=["b"]), method_version="2")
    assert only(compare(told(figure(), recorded_by="2026-11-24"), moved, ledger(same_day))).kind == "method"
    assert only(compare(told(figure(), recorded_by="2026-11-23"), moved, ledger(same_day))).kind == "revised"


def test_the_same_data_told_for_the_same_days_never_is_the_reason(ledger):
    entry = {"claim_id": "a", "entry": 2, "change": "correction", "reason": "Read wrongly.", "value": 0.41}
    inputs = MANIFEST["inputs"] | {"analysis/metrics/targets.py": "two"}
    change = only(compare(told(figure()), after(figure(0.41), data="one", inputs=inputs), ledger(entry)))
    assert (change.kind, change.reason) == ("method", "changed: analysis/metrics/targets.py")


def test_another_formula_is_a_change_of_method(ledger):
    change = only(compare(told(figure()), after(figure(0.41, method="a / b")), ledger()))
    assert (change.kind, change.reason) == ("method", "was: as printed")


def test_other_parameters_are_told_as_what_was_asked_otherwise(ledger):
    asked = {"targets": {"company": "honda", "as_of": "2026-11-25"}}
    change = only(compare(told(figure()), after(figure(0.41), parameters=asked), ledger()))
    assert change.kind == "parameters"
    assert change.reason == "company was nissan, is honda; as_of was 2026-11-24, is 2026-11-25"


def test_only_reports_that_both_editions_have_are_compared(ledger):
    elsewhere = figure(report="road")
    both = {"targets": {}, "road": {}}
    assert compare(told(figure()), after(figure(), elsewhere, parameters=both), ledger()) == []


@pytest.mark.parametrize(
    ("old", "new", "unit", "difference", "size"),
    [
        (500.0, 505.0, "jobs", "+1%", 0.01),  # 5 of 500
        (-0.1, -0.2, "change", "-10 points", 1.0),
        (4.0, 3.0, "points", "-1 point", 0.25),
        (36.0, 35.0, "months", "-1 month", 1 / 36),
        (0.0, 3.0, "models", "+3 models", float("inf")),
    ],
)
def test_a_difference_is_told_in_the_terms_of_its_unit(ledger, old, new, unit, difference, size):
    change = only(compare(told(figure(old, unit=unit)), after(figure(new, unit=unit)), ledger()))
    assert (change.difference, change.size) == (difference, pytest.approx(size))


@pytest.mark.parametrize(
    ("old", "new", "difference"),
    [(date(2025, 12, 31), date(2028, 11, 30), "+35 months"), (date(2026, 3, 5), date(2026, 3, 1), "-4 days")],
)
def test_a_date_that_moved_is_told_in_months_or_days(ledger, old, new, difference):
    was, now = (figure(None, unit="date", period_start=day, period_end=day) for day in (old, new))
    assert only(compare(told(was), after(now), ledger())).difference == difference


def test_a_change_of_unit_or_of_what_limits_a_figure_has_no_difference(ledger):
    other = only(compare(told(figure(5, unit="USD")), after(figure(5, unit="JPY")), ledger()))
    assert (other.was, other.now, other.difference) == ("$5", "¥5", "")
    limited = only(compare(told(figure()), after(figure(qualifier="about")), ledger()))
    assert (limited.was, limited.now, limited.difference, limited.size) == ("42%", "about 42%", "", 0)


def test_corrections_come_first_then_the_largest_then_what_is_new_and_what_is_gone(ledger):
    entry = {"claim_id": "a", "entry": 2, "change": "correction", "reason": "Read wrongly."}
    small, large, slight = (figure(value, figure_id=name) for value, name in ((100, "small"), (100, "large"), (0.5, "slight")))
    small, large = (row | {"unit": "jobs", "claim_ids": ["c"]} for row in (small, large))
    before = told(small, large, slight, figure(figure_id="gone", claims=["c"]), entries={"a": 1, "c": 1})
    now = after(
        figure(figure_id="new", claims=["c"]),
        small | {"value": 101},
        large | {"value": 200},
        slight | {"value": 0.501},
        method_version="2",
    )
    changes = compare(before, now, ledger(entry, {"claim_id": "c"}))
    assert [(change.figure_id, change.kind) for change in changes] == [
        ("slight", "corrected"),
        ("large", "method"),
        ("small", "method"),
        ("new", "new"),
        ("gone", "gone"),
    ]
    assert in_short(changes, "2026-11-24") == (
        "Since the edition 2026-11-24: 1 corrected, 2 computed otherwise, 1 new, 1 gone."
    )


def test_a_figure_that_several_reports_tell_is_counted_once(ledger):
    both = {"targets": {}, "road": {}}
    before, now = ([figure(value), figure(value, report="road")] for value in (0.42, 0.41))
    changes = compare(told(*before, parameters=both), after(*now, parameters=both, method_version="2"), ledger())
    assert len(changes) == 2
    assert in_short(changes, "2026-11-24") == "Since the edition 2026-11-24: 1 computed otherwise."
