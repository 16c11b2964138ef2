"""What could be known on a day, on ledgers made at random: a promise here holds whatever was published and recorded."""

import calendar
from datetime import date, timedelta
from random import Random

import polars as pl
import pytest
from conftest import ROOT
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from analysis import Ledger
from analysis.consistency import STATEMENT_KEYS, cross_table_faults
from analysis.errors import InputError
from analysis.schema import INTENT, TABLES
from analysis.tables import LINE

_STARTS = [date(2024, month, day) for month in (1, 2, 3, 11, 12) for day in (1, 15, 28)]
FEW_DAYS = sorted([*_STARTS, date(2024, 2, 29), date(2024, 12, 31)])
"""So few that bounds are met, not only passed."""

DAYS = st.sampled_from(FEW_DAYS)
PERIODS = [(None, None), (date(2023, 1, 1), date(2023, 12, 31))]
LATER_CHANGES = ["correction", "void", "retraction"]
SAME = ["series_id", "entity_id", "market_id", "valid_from", "valid_to", "product_id", "stance"]


def period_end(day: date, precision: str) -> date | None:
    """The day that is stored for a source of that precision."""
    ends = {"day": day, "month": day.replace(day=calendar.monthrange(day.year, day.month)[1]), "year": date(day.year, 12, 31)}
    return ends.get(precision)


def sources(rng: Random) -> list[dict]:
    rows, taken = [], set()
    for number in range(rng.randint(2, 6)):
        precision, day = rng.choice(["day", "day", "month", "year", "unknown"]), rng.choice(FEW_DAYS)
        published, product = period_end(day, precision), rng.choice("ppq")
        if (product, published) in taken:
            continue
        taken.add((product, published))
        rows.append(
            {
                "source_id": f"s{number}",
                "product_id": product,
                "title": "A title",
                "kind": "news",
                "published_date": published,
                "published_precision": precision,
                "licence": "quoted",
                "recorded_date": not_before(day, rng),
            }
        )
    return rows


def not_before(day: date, rng: Random) -> date:
    return rng.choice([later for later in FEW_DAYS if later >= day][:5])


def entries(rng: Random, key: str, sources: list[dict], *, place: int) -> list[dict]:
    """All entries of one statement."""
    source = rng.choice(sources)
    start, end = rng.choice(PERIODS)
    base = {
        key: f"{key[0]}{place}",
        "entity_id": rng.choice("xxy"),
        "market_id": "m",
        "valid_from": start,
        "valid_to": end,
        "source_id": source["source_id"],
        "locator": "p1",
        "qualifier": "exact",
        "basis": rng.choice(["reported", "reported", "plan"]),
        "stance": rng.choice(["asserts", "asserts", "withdraws"]),
    }
    base |= {"series_id": "n", "unit": "vehicles"} if key == "claim_id" else {"description": "It", "stage": "talks"}
    changes = [rng.choice(["new"] * 7 + ["retraction"]), *rng.choices(LATER_CHANGES, k=rng.choice([0, 0, 1, 2]))]
    rows, recorded = [], source["recorded_date"]
    for number, change in enumerate(changes, 1):
        recorded = not_before(recorded, rng)
        more = {"entry": number, "change": change, "reason": "Why", "recorded_date": recorded, "printed": f"{number} words"}
        # What is withdrawn need not be named again: neither its number nor its period.
        gone = change in ("void", "retraction")
        if key == "claim_id":
            more["value"] = None if gone else 1.0
        rows.append(base | more | ({"valid_from": None, "valid_to": None} if gone and number > 1 else {}))
    return rows


def typed(table: str, rows: list[dict]) -> pl.DataFrame:
    """Rows as a valid table, with the lines they would stand on."""
    schema = TABLES[table]
    frame = pl.DataFrame(rows, schema={name: column.dtype for name, column in schema.columns().items()})
    return schema.validate(frame).with_columns(pl.int_range(2, pl.len() + 2, dtype=pl.Int64).alias(LINE))


NAMES = {
    "series": [{"series_id": "n", "name": "N", "definition": "N", "unit": "vehicles", "is_additive": True}],
    "entities": [
        {"entity_id": name, "name": name.upper(), "kind": kind}
        for name, kind in zip("xym", ["plan", "plan", "market"], strict=True)
    ],
}


def tables_of(seed: int) -> dict[str, pl.DataFrame]:
    """A project's tables, without a fault. Not drawn one by one: then nearly all would be empty, or void."""
    rng = Random(seed)  # noqa: S311 - not for secrets
    made = {"sources": sources(rng)} | NAMES
    for table, key in STATEMENT_KEYS.items():
        statements = [entries(rng, key, made["sources"], place=place) for place in range(rng.randint(1, 12))]
        made[table] = [row for rows in statements for row in rows]
        rng.shuffle(made[table])
    first = {row[key]: row["recorded_date"] for t, key in STATEMENT_KEYS.items() for row in made[t] if row["entry"] == 1}
    made["conflicts"] = []
    for place in range(2):
        named = rng.sample(sorted(first), min(len(first), rng.choice([2, 3])))
        conflict = {"conflict_id": f"k{place}", "title": "K", "reason": "Why", "statement_ids": ";".join(named)}
        conflict["kind"] = rng.choice(["status", "value"])
        made["conflicts"].append(conflict | {"recorded_date": not_before(max(first[name] for name in named), rng)})
    frames = {name: typed(name, made[name]) for name in TABLES}
    assert cross_table_faults(frames, set()) == []
    return frames


def tables() -> st.SearchStrategy:
    return st.integers(0, 2**32).map(tables_of)


VIEWED = ("sources", "claims", "events", "conflicts", "vintages", "retracted")


def assert_same(one: Ledger, other: Ledger, *names: str) -> None:
    for name in names or VIEWED:
        assert_frame_equal(getattr(one, name), getattr(other, name), check_row_order=True)


def viewed(ledger: Ledger, day: date, **more) -> Ledger:
    """The view of a day, also of one after the ledger's last record, when it would be the view of that record's."""
    return ledger.as_of(min(day, ledger.known), **more)


@settings(deadline=None, max_examples=60)
@given(tables=tables(), day=DAYS)
def test_what_is_published_later_never_changes_what_was_known_on_a_day(tables, day):
    """Neither a source that comes later, nor what is told later by one that is there, such as a retraction."""
    ledger = Ledger.of(tables)
    early = {name: ledger.entries[name].filter(pl.col("known_date") <= day) for name in STATEMENT_KEYS}
    cut = {name: tables[name].join(early[name], on=[key, "entry"], how="semi") for name, key in STATEMENT_KEYS.items()}
    cut["sources"] = tables["sources"].filter(pl.min_horizontal("published_date", "recorded_date") <= day)
    assume(not cut["sources"].is_empty())
    assert_same(
        viewed(ledger, day), viewed(Ledger.of(tables | cut), day), "sources", "claims", "events", "vintages", "retracted"
    )


@settings(deadline=None, max_examples=60)
@given(tables=tables(), known=DAYS, recorded_by=DAYS)
def test_what_is_recorded_later_never_changes_a_replay(tables, known, recorded_by):
    """The replay of a day of ours is what the ledger as it was on that day tells."""
    ledger = Ledger.of(tables)
    assume(max(known, recorded_by) <= ledger.known)
    recorded = ("sources", "claims", "events", "conflicts")
    cut = Ledger.of(tables | {name: tables[name].filter(pl.col("recorded_date") <= recorded_by) for name in recorded})
    assume(not cut.sources.is_empty())
    assert_same(ledger.as_of(known, recorded_by=recorded_by), viewed(cut, known))


@settings(deadline=None, max_examples=60)
@given(tables=tables(), wide=DAYS, narrow=DAYS, days=st.tuples(st.none() | DAYS, st.none() | DAYS))
def test_a_view_of_a_view_is_the_view_of_the_narrower_days(tables, wide, narrow, days):
    ledger = Ledger.of(tables)
    assume(narrow <= wide <= ledger.known and all(day is None or day <= wide for day in days))
    by = min((day for day in days if day), default=None)
    twice = ledger.as_of(wide, recorded_by=days[0]).as_of(narrow, recorded_by=days[1])
    assert (twice.known, twice.recorded_by) == (narrow, by)
    assert_same(twice, ledger.as_of(narrow, recorded_by=by))


@settings(deadline=None, max_examples=60)
@given(tables=tables(), day=DAYS)
def test_one_claim_is_in_force_for_one_thing_and_it_is_a_vintage_with_a_source(tables, day):
    view = viewed(Ledger.of(tables), day)
    intent = pl.col("basis").cast(pl.String).is_in(INTENT).alias("is_intent")
    assert view.claims.select(*SAME, intent).is_unique().all()
    assert view.claims.join(view.vintages, on=["claim_id", "entry"], how="anti").is_empty()
    assert view.vintages["claim_id"].is_unique().all()
    assert view.retracted.join(view.vintages, on="claim_id", how="semi").is_empty()
    for statements in (view.claims, view.events, view.vintages, view.retracted, *view.entries.values()):
        assert (statements["known_date"] <= day).all()
        assert statements.join(view.sources, on="source_id", how="anti").is_empty()


def in_force(tables: dict[str, pl.DataFrame], day: date) -> set[tuple[str, int]]:
    """The claims in force on a day, reckoned statement by statement, as the rules are worded."""
    sources = {row["source_id"]: row for row in tables["sources"].to_dicts()}
    by_claim: dict[str, list[dict]] = {}
    for row in sorted(tables["claims"].to_dicts(), key=lambda row: row["entry"]):
        by_claim.setdefault(row["claim_id"], []).append(row)
    said = []
    for rows in by_claim.values():
        published = sources[rows[0]["source_id"]]["published_date"] or date.max
        known = min(published, rows[0]["recorded_date"])
        later = [row["entry"] > 1 and row["change"] == "retraction" for row in rows]
        seen = [row for row, is_later in zip(rows, later, strict=True) if (row["recorded_date"] if is_later else known) <= day]
        if not seen or seen[-1]["change"] == "void":
            continue
        printed = [row for row in seen if row["change"] != "retraction" or row["entry"] == 1][-1]
        if printed["change"] != "void":
            said.append((printed, known, seen[-1]["change"] == "retraction"))

    def about(row: dict) -> tuple:
        product = sources[row["source_id"]]["product_id"]
        return (*(product if name == "product_id" else row[name] for name in SAME), row["basis"] in INTENT)

    groups: dict[tuple, list] = {}
    for one in sorted(said, key=lambda one: one[0][LINE]):
        groups.setdefault(about(one[0]), []).append(one)
    stand = set()
    for group in groups.values():
        last = max(known for _, known, _ in group)
        taken_back = any(row["change"] == "retraction" for row, known, _ in group if known == last)
        row, _, is_retracted = next(one for one in group if one[1] == last)
        if not taken_back and not is_retracted:
            stand.add((row["claim_id"], row["entry"]))
    return stand


@settings(deadline=None, max_examples=60)
@given(tables=tables(), day=DAYS)
def test_in_force_is_what_the_rules_say_statement_by_statement(tables, day):
    view = viewed(Ledger.of(tables), day)
    assert set(view.claims.select("claim_id", "entry").iter_rows()) == in_force(tables, min(day, view.known))


@settings(deadline=None, max_examples=60)
@given(tables=tables())
def test_what_is_said_is_visible_on_its_day_and_not_the_day_before(tables):
    """The day is the source's, or ours where it has none or we knew sooner; what we took out is visible on no day."""
    ledger = Ledger.of(tables)
    sources = {row["source_id"]: row["published_date"] for row in tables["sources"].to_dicts()}
    rows = tables["claims"].sort("entry").to_dicts()
    for first in (row for row in rows if row["entry"] == 1):
        changes = [row["change"] for row in rows if row["claim_id"] == first["claim_id"]]
        day = min(sources[first["source_id"]] or date.max, first["recorded_date"])
        said = {name: set(getattr(viewed(ledger, day), name)["claim_id"]) for name in ("vintages", "retracted")}
        seen = first["claim_id"] in said["vintages"] | said["retracted"]
        before = ledger.as_of(day - timedelta(days=1))
        assert first["claim_id"] not in {*before.vintages["claim_id"], *before.retracted["claim_id"]}
        if "void" not in changes:
            assert seen
        elif changes[-1] == "void":
            assert not seen


# --- worked by hand


ROW = {
    "series_id": "n",
    "entity_id": "x",
    "market_id": "m",
    "unit": "vehicles",
    "valid_from": date(2023, 1, 1),
    "valid_to": date(2023, 12, 31),
    "locator": "table",
    "qualifier": "exact",
    "basis": "reported",
    "stance": "asserts",
    "entry": 1,
    "change": "new",
}


def edition(year: int, month: int = 3) -> dict:
    """An edition of one product, published on the first of a month and recorded on the second."""
    day = date(year, month, 1)
    base = {"product_id": "p", "title": "P", "kind": "statistics", "published_precision": "day", "licence": "quoted"}
    return base | {"source_id": f"{day:%Y-%m}", "published_date": day, "recorded_date": day.replace(day=2)}


def said(claim_id: str, source: dict, value: float | None, day: date | None = None, **more) -> dict:
    """An entry, recorded with its source where no day is given."""
    made = {"claim_id": claim_id, "source_id": source["source_id"], "value": value, "printed": str(value or "withdrawn")}
    later = {} if more.get("entry", 1) == 1 and "change" not in more else {"reason": "Why"}
    return ROW | made | {"recorded_date": day or source["recorded_date"]} | later | more


def ledger_of(sources: list[dict], claims: list[dict], conflicts: list[dict] = []) -> Ledger:  # noqa: B006 - only read
    made = {"sources": sources, "claims": claims, "events": [], "conflicts": conflicts} | NAMES
    frames = {name: typed(name, made[name]) for name in TABLES}
    assert cross_table_faults(frames, set()) == []
    return Ledger.of(frames)


E2024, E2025, E2026 = edition(2024), edition(2025), edition(2026)
LATER = said("z", E2026, 1.0, date(2026, 11, 1), entity_id="y")
"""Something else, recorded last: the ledger reaches to that day."""


def values(ledger: Ledger, *day: int, by: date | None = None) -> list[float]:
    return ledger.as_of(date(*day), recorded_by=by).claims.filter(pl.col("entity_id") == "x")["value"].to_list()


def test_a_price_that_a_later_edition_retracts_is_gone_and_comes_back_with_the_one_that_prints_it_again():
    sources = [E2024, E2025, E2026]
    claims = [said("a", E2024, 100.0), said("b", E2025, None, change="retraction"), said("c", E2026, 101.0), LATER]
    ledger = ledger_of(sources, claims)
    assert [values(ledger, year, 6, 1) for year in (2024, 2025, 2026)] == [[100.0], [], [101.0]]
    assert [values(ledger, 2025, 2, 28), values(ledger, 2025, 3, 1), values(ledger, 2026, 2, 28)] == [[100.0], [], []]
    # Neither what was retracted nor the retraction is a vintage of it; the price that came back is one.
    assert ledger.as_of(date(2025, 6, 1)).vintages["claim_id"].to_list() == []
    assert ledger.as_of(date(2025, 6, 1)).retracted["claim_id"].to_list() == ["a", "b"]
    assert ledger.as_of(date(2026, 6, 1)).vintages["claim_id"].to_list() == ["c", "z"]


def test_what_an_edition_prints_and_takes_back_itself_is_not_in_force():
    ledger = ledger_of([E2024, E2026], [said("a", E2024, 100.0), said("b", E2024, None, change="retraction"), LATER])
    assert values(ledger, 2024, 6, 1) == []
    assert ledger.as_of(date(2024, 6, 1)).vintages.is_empty()


def test_a_retraction_that_was_entered_by_mistake_is_mended_by_a_correction_on_every_day_but_in_no_replay():
    claims = [
        said("a", E2024, 100.0),
        said("a", E2024, None, date(2025, 1, 10), entry=2, change="retraction"),
        said("a", E2024, 100.0, date(2025, 2, 10), entry=3, change="correction"),
        LATER,
    ]
    ledger = ledger_of([E2024, E2026], claims)
    assert values(ledger, 2025, 1, 20) == values(ledger, 2026, 6, 1) == [100.0]
    assert values(ledger, 2025, 1, 20, by=date(2025, 1, 20)) == []
    assert values(ledger, 2025, 1, 9, by=date(2025, 1, 20)) == [100.0]


def test_voiding_a_bad_row_of_a_later_edition_brings_the_earlier_figure_back():
    claims = [
        said("a", E2024, 0.14),
        said("b", E2025, 0.51),
        said("b", E2025, None, date(2025, 9, 1), entry=2, change="void"),
        LATER,
    ]
    ledger = ledger_of([E2024, E2025, E2026], claims)
    assert values(ledger, 2025, 4, 1) == values(ledger, 2026, 4, 1) == [0.14]
    assert values(ledger, 2026, 4, 1, by=date(2025, 8, 31)) == [0.51]
    assert values(ledger, 2026, 4, 1, by=date(2025, 9, 1)) == [0.14]


def test_a_retraction_of_an_old_edition_that_comes_late_leaves_what_a_newer_one_says():
    """Else the day of the retraction would pass for that of the latest edition, and nothing would be in force."""
    claims = [
        said("a", E2024, 0.41),
        said("b", E2025, 0.15),
        said("a", E2024, None, date(2026, 3, 2), entry=2, change="retraction", valid_from=None, valid_to=None),
        LATER,
    ]
    ledger = ledger_of([E2024, E2025, E2026], claims)
    assert values(ledger, 2026, 3, 1) == values(ledger, 2026, 6, 1) == [0.15]
    assert ledger.as_of(date(2026, 6, 1)).vintages["claim_id"].to_list() == ["b", "z"]
    assert ledger.as_of(date(2026, 6, 1)).retracted["value"].to_list() == [0.41]


def test_a_retraction_that_names_no_period_again_brings_no_earlier_edition_back():
    gone = {"entry": 2, "change": "retraction", "valid_from": None, "valid_to": None}
    claims = [said("a", E2024, 0.41), said("b", E2025, 0.15), said("b", E2025, None, date(2026, 3, 2), **gone), LATER]
    ledger = ledger_of([E2024, E2025, E2026], claims)
    assert [values(ledger, 2026, 3, 1), values(ledger, 2026, 3, 2)] == [[0.15], []]
    kept = ledger.as_of(date(2026, 3, 2)).retracted
    assert kept.select("claim_id", "value", "printed", "valid_to").rows() == [("b", 0.15, "0.15", date(2023, 12, 31))]


def test_a_view_of_a_later_day_can_be_narrowed_to_a_day_before_a_correction_or_a_retraction():
    claims = [
        said("a", E2024, 0.41),
        said("a", E2024, 0.14, date(2025, 6, 1), entry=2, change="correction"),
        said("a", E2024, None, date(2026, 2, 1), entry=3, change="retraction"),
        LATER,
    ]
    late = ledger_of([E2024, E2026], claims).as_of(date(2026, 10, 1))
    assert values(late, 2026, 10, 1) == []
    assert values(late, 2026, 1, 31) == [0.14]
    assert values(late, 2026, 1, 31, by=date(2025, 5, 31)) == [0.41]
    # A replay stays one when it is narrowed.
    replay = late.as_of(recorded_by=date(2025, 5, 31))
    assert values(replay, 2026, 1, 31) == values(replay, 2026, 1, 31, by=date(2026, 1, 31)) == [0.41]


def test_a_conflict_of_status_is_told_only_when_all_of_it_was_known_and_one_of_values_with_those_that_were():
    """Its title may name what came last: whether a contract holds is no question before its plan has ended."""
    claims = [said("a", E2024, 1.0), said("b", E2025, 2.0, entity_id="y"), said("c", E2026, 3.0, entity_id="m"), LATER]
    # That one of them is taken back later keeps nothing from having been told before.
    claims.append(said("a", E2024, None, date(2026, 10, 5), entry=2, change="retraction"))
    shared = {"title": "K", "reason": "Why", "statement_ids": "a;b;c", "recorded_date": date(2026, 10, 1)}
    conflicts = [{"conflict_id": kind, "kind": kind} | shared for kind in ("status", "value")]
    ledger = ledger_of([E2024, E2025, E2026], claims, conflicts)

    def told(day: date) -> list[str]:
        return ledger.as_of(day).conflicts["conflict_id"].to_list()

    assert told(date(2026, 2, 28)) == ["value"]
    assert told(date(2026, 3, 1)) == ["status", "value"]


def test_a_statement_without_a_date_keeps_no_conflict_back():
    undated = E2026 | {"published_date": None, "published_precision": "unknown"}
    claims = [said("a", E2024, 1.0), said("b", E2025, 2.0, entity_id="y"), said("c", undated, 3.0, entity_id="m")]
    conflict = {"conflict_id": "k", "kind": "status", "title": "K", "reason": "Why", "statement_ids": "a;b;c"}
    ledger = ledger_of([E2024, E2025, undated], claims, [conflict | {"recorded_date": date(2026, 3, 2)}])
    assert ledger.as_of(date(2025, 2, 28)).conflicts.is_empty()
    assert not ledger.as_of(date(2025, 3, 1)).conflicts.is_empty()


def test_a_statement_recorded_before_its_source_is_a_fault():
    early = said("a", E2024, 1.0, date(2024, 3, 1))
    frames = {name: typed(name, rows) for name, rows in (NAMES | {"sources": [E2024], "claims": [early]}).items()}
    frames |= {name: typed(name, []) for name in ("events", "conflicts")}
    (fault,) = cross_table_faults(frames, set())
    assert (fault.file, fault.line, fault.column, fault.value) == ("claims.csv", 2, "recorded_date", "2024-03-01")
    assert "a day not before 2024-03-02" in fault.expected


@pytest.mark.parametrize("day", ["", "2024-04-01", 0, False])
@pytest.mark.parametrize("argument", ["known", "recorded_by"])
def test_what_is_no_date_is_refused_even_where_it_is_empty(day, argument):
    """An empty text is not taken for no day: the story of today would be told in place of the one asked for."""
    with pytest.raises(InputError, match=f"{argument} is .*expected a date"):
        ledger_of([E2024], [said("a", E2024, 1.0)]).as_of(**{argument: day})


def test_an_earlier_day_can_be_told_from_what_we_held_on_a_later_one_also_by_a_view_of_it():
    """What could be known in 2024 was recorded in 2026: a report asks its view for an earlier day with the same day of ours."""
    known, ours = date(2024, 4, 1), date(2026, 11, 22)
    view = Ledger.load(ROOT / "data").as_of(known, recorded_by=ours)
    earlier = view.as_of(date(2022, 4, 1), recorded_by=ours)
    assert (earlier.known, earlier.recorded_by) == (date(2022, 4, 1), ours)
    assert 0 < len(earlier.claims) < len(view.claims)
    assert view.claims["recorded_date"].max() <= ours
    with pytest.raises(InputError, match="recorded_by is 2030-01-01, after the ledger's last record"):
        view.as_of(recorded_by=date(2030, 1, 1))
