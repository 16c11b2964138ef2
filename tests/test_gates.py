"""Publication gates: what they find, what holds an edition, and which settings are refused; worked by hand."""

from dataclasses import replace
from datetime import date
from itertools import pairwise

import polars as pl
import pytest
from conftest import ROOT, TODAY

from analysis import Ledger
from analysis.errors import InputError
from analysis.gates import Finding, Settings, findings, settings
from analysis.schema import Conflict

OWN = Ledger.load(ROOT / "data")


@pytest.fixture
def view(claims, events):
    """A function that makes a view of the ledger of rows of sources, claims and recorded conflicts."""

    def make(sources=(), rows=(), conflicts=(), known=date(2026, 1, 1)) -> Ledger:
        said = claims(*rows)
        frame = pl.DataFrame(conflicts, schema={name: column.dtype for name, column in Conflict.columns().items()})
        held = pl.DataFrame(sources, schema=OWN.sources.schema)
        return replace(OWN, sources=held, claims=said, vintages=said, events=events(), conflicts=frame, known=known)

    return make


def of(gate: str, found: list[Finding]) -> list[tuple[str, str]]:
    return [(one.level, one.text) for one in found if one.gate == gate]


# --- data


def test_the_data_gate_tells_what_is_in_force(view):
    found = findings(view([{"source_id": "s"}], [{}, {}]), Settings(), day=date(2026, 1, 1))
    assert of("data", found) == [("passed", "No faults in the data: 2 claims and 0 events in force, from 1 sources.")]


# --- conflicts

SALES = {"series_id": "annual_sales", "unit": "vehicles", "valid_from": date(2024, 1, 1), "valid_to": date(2024, 12, 31)}
ONE = SALES | {"value": 1100.0, "source_id": "a", "known_date": date(2025, 3, 1)}
OTHER = SALES | {"value": 1500.0, "source_id": "b", "known_date": date(2025, 6, 1)}
"""The two disagree: from the day of the later one on."""

TITLE = "Annual sales, Nissan, Global, 2024"


@pytest.mark.parametrize(("mode", "level"), [("warn", "warned"), ("hold", "held")])
def test_a_conflict_without_a_reason_may_be_open_for_so_many_days_and_not_one_more(view, mode, level):
    both, limit = view(rows=[ONE, OTHER]), Settings(conflicts=mode)
    # 1 June and 30 days is 1 July.
    (told,) = of("conflicts", findings(both, limit, day=date(2025, 7, 1)))
    assert told == ("passed", "Conflicts: 1; without a known reason: 1, none of them for longer than 30 days.")
    (told,) = of("conflicts", findings(both, limit, day=date(2025, 7, 2)))
    text = "sources disagree and no reason is recorded since 1 June 2025, 31 days, where 30 are allowed."
    assert told == (level, f"{TITLE}: {text}")


def test_every_open_conflict_is_told_and_one_with_a_reason_is_not(view):
    earlier = {"valid_from": date(2023, 1, 1), "valid_to": date(2023, 12, 31)}
    rows = [ONE, OTHER, ONE | earlier, OTHER | earlier]
    reason = {"conflict_id": "k", "title": "K", "kind": "value", "statement_ids": "c0;c1", "reason": "Why"}
    day = date(2025, 8, 1)
    two = of("conflicts", findings(view(rows=rows), Settings(), day=day))
    assert [text.partition(":")[0] for _, text in two] == ["Annual sales, Nissan, Global, 2023", TITLE]
    (told,) = of("conflicts", findings(view(rows=rows, conflicts=[reason | {"recorded_date": day}]), Settings(), day=day))
    assert told[1].startswith("Annual sales, Nissan, Global, 2023:")
    assert of("conflicts", findings(view(rows=rows), Settings(conflict_days=61), day=day))[0][0] == "passed"  # 61 days


def test_a_gate_that_is_off_finds_nothing(view):
    off = Settings(conflicts="off", freshness="off", every_months={"p": 12})
    found = findings(view([SURVEY], [ONE, OTHER]), off, day=date(2030, 1, 1))
    assert [one.gate for one in found] == ["data"]


# --- freshness

SURVEY = {
    "source_id": "s2025",
    "product_id": "p",
    "publisher": "The Office",
    "title": "Survey",
    "kind": "statistics",
    "published_date": date(2025, 5, 31),
    "published_precision": "month",
    "licence": "quoted",
    "recorded_date": date(2025, 6, 2),
}
BEFORE = SURVEY | {"source_id": "s2024", "published_date": date(2024, 5, 31)}
COUNT = SALES | {"value": 1.0, "source_id": "s2025", "product_id": "p"}
YEARLY = Settings(freshness="hold", every_months={"p": 12})


def test_a_publication_is_on_time_to_the_last_day_and_late_from_the_next(view):
    told = view([BEFORE, SURVEY], [COUNT])
    text = "p: data to 2024-12, published May 2025 by The Office, next expected by 31 May 2026"
    assert of("freshness", findings(told, YEARLY, day=date(2026, 5, 31))) == [("passed", f"{text}.")]
    assert of("freshness", findings(told, YEARLY, day=date(2026, 6, 1))) == [("held", f"{text}: late by 1 day.")]
    assert of("freshness", findings(told, YEARLY, day=date(2026, 6, 2))) == [("held", f"{text}: late by 2 days.")]
    warns = replace(YEARLY, freshness="warn")
    assert of("freshness", findings(told, warns, day=date(2027, 5, 31))) == [("warned", f"{text}: late by 365 days.")]


def test_data_reach_as_far_as_what_is_reported_and_not_to_what_is_forecast_meant_or_by_others(view):
    later = {"valid_from": date(2030, 1, 1), "valid_to": date(2030, 12, 31)}
    others = [
        later | {"basis": "forecast"},
        later | {"basis": "target"},
        later | {"product_id": "q"},
        later | {"stance": "denies"},
    ]
    told = view([SURVEY | {"publisher": None}], [COUNT, *(COUNT | other for other in others)])
    (found,) = of("freshness", findings(told, YEARLY, day=date(2026, 1, 1)))
    assert found[1].startswith("p: data to 2024-12, published May 2025, next")
    (found,) = of("freshness", findings(view([SURVEY]), YEARLY, day=date(2026, 1, 1)))
    assert found[1].startswith("p: no data, published May 2025 by The Office")


def test_a_publication_of_which_no_dated_edition_was_known_says_so(view):
    undated = SURVEY | {"published_date": None, "published_precision": "unknown"}
    for sources in ([], [undated]):
        found = findings(view(sources, known=date(2024, 4, 1)), YEARLY, day=date(2026, 1, 1))
        assert of("freshness", found) == [("passed", "p: no edition was known by 1 April 2024.")]


@pytest.mark.parametrize(
    ("precision", "day", "shown"),
    [
        ("day", date(2025, 12, 9), "9 December 2025"),
        ("year", date(2025, 12, 31), "2025"),
        ("day", date(2025, 5, 31), "31 May 2025"),
    ],
)
def test_the_day_of_an_edition_is_told_as_exactly_as_it_is_known(view, precision, day, shown):
    told = view([SURVEY | {"published_date": day, "published_precision": precision}])
    assert f"published {shown} by" in of("freshness", findings(told, YEARLY, day=day))[0][1]


# --- settings


def test_without_a_file_or_a_table_the_gates_warn_and_expect_no_publication(tmp_path):
    path = tmp_path / "pyproject.toml"
    assert settings(path) == Settings("warn", 30, "warn", {})
    path.write_text("[tool.ruff]\nline-length = 80\n")
    assert settings(path) == Settings()


def test_what_the_table_says_is_taken_and_the_rest_stays(tmp_path):
    path = tmp_path / "pyproject.toml"
    path.write_text('[tool.evroad.gates]\nconflicts = "hold"\n[tool.evroad.gates.every_months]\np = 3\n')
    assert settings(path) == Settings("hold", 30, "warn", {"p": 3})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            'gates.conflict = "warn"',
            r"pyproject.toml, \[tool.evroad.gates\], conflict: no such setting; there are conflicts, fresh",
        ),
        ('gates.conflicts = "stop"', r"pyproject.toml, \[tool.evroad.gates\], conflicts is 'stop': expected warn, hold or off"),
        ("gates.freshness = true", "freshness is True: expected warn, hold or off"),
        ('gates.freshness = ["warn"]', r"freshness is \['warn'\]: expected warn"),
        ("gates.conflict_days = -1", "conflict_days is -1: expected a whole number of days, 0 or more"),
        ("gates.conflict_days = true", "conflict_days is True: expected a whole number"),
        ("gates.conflict_days = 1.5", r"conflict_days is 1\.5: expected a whole number"),
        ("gates.every_months = 12", "every_months is 12: expected a table of product_id"),
        ("gates.every_months.p = 0", "every_months is {'p': 0}: expected a table"),
        ("gates.every_months.p = true", "every_months is .*expected a table"),
        ("gates = 1", "gates is 1: expected the table"),
        ("gates.conflicts = ", "pyproject.toml cannot be read as TOML"),
    ],
)
def test_a_setting_that_is_not_there_or_cannot_be_is_refused_with_the_remedy(tmp_path, text, message):
    path = tmp_path / "pyproject.toml"
    path.write_text(f"[tool.evroad]\n{text}\n")
    with pytest.raises(InputError, match=message):
        settings(path)


# --- the project's own


def test_the_projects_own_publications_are_in_its_data_and_come_as_its_settings_say():
    """On none of the days up to today, from the second edition on, had a publication been called late that came then."""
    own = settings(ROOT / "pyproject.toml")
    assert own.every_months
    for product in own.every_months:
        days = OWN.sources.filter(pl.col("product_id") == product)["published_date"].unique().sort().to_list()
        assert len(days) >= 2
        for before, day in pairwise(days):
            (found,) = [one for one in findings(OWN.as_of(before), own, day=day) if one.text.startswith(product)]
            assert found.level == "passed", found


def test_the_projects_own_gates_pass_today():
    own = replace(settings(ROOT / "pyproject.toml"), conflicts="hold", freshness="hold")
    assert {one.level for one in findings(OWN.as_of(TODAY), own, day=TODAY)} == {"passed"}
