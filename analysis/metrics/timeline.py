"""A timeline in lanes: what claims date and what events tell, as rows to be drawn. Nothing is computed."""

from collections.abc import Mapping, Sequence

import polars as pl

from analysis.metrics.chains import chains
from analysis.metrics.derive import Row
from analysis.schema import DATED_UNIT, INTENT
from analysis.wording import in_words

_STATES = {
    "cancelled": "given up",
    "ended": "given up",
    "denied": "rumour",
    "planned": "planned",
    "expected": "planned",
    "under_consideration": "rumour",
}

ROWS = {
    "lane": pl.String,
    "label": pl.String,
    "start": pl.Date,
    "end": pl.Date,
    "state": pl.String,
    "claim_ids": pl.List(pl.String),
}


def timeline(claims: pl.DataFrame, events: pl.DataFrame, /, *, lanes: Mapping[str, Sequence[str]]) -> pl.DataFrame:
    """Dated claims and events about some entities, lane by lane.

    Args:
        events: those of the same view of the ledger.
        lanes: the lane's name -> its entities, and single claims (of targets, such as a share by a year); lanes in the
            order wanted.

    Returns:
        One row per milestone, reported date, dated event and named claim, by lane, then by start: `lane`, `label`,
        `start`, `end` (dates), `state` (done, planned, given up, rumour) and `claim_ids`. Of a milestone the version
        printed last; one that was reported as reached stands as done, not as planned too.

    Source: claims with a date as their content, named claims and dated events, as printed.
    """
    rows = []
    for lane, names in lanes.items():
        told = _events(events, names)
        days = {(row["entity_id"], row["start"]) for row in told}
        dated = [
            row
            for row in (*_milestones(claims, names), *_reported(claims, names))
            if (row["entity_id"], row["start"]) not in days
        ]
        mine = [*told, *dated, *_named(claims, names)]
        rows += [{"lane": lane, **row} for row in sorted(mine, key=lambda row: (row["start"], row["end"], row["label"]))]
    return pl.DataFrame(rows, schema={**ROWS, "entity_id": pl.String}).drop("entity_id")


def _milestones(claims: pl.DataFrame, entity_ids: Sequence[str]) -> list[Row]:
    reported = claims.filter(basis="reported", stance="asserts")
    reached = {(row["series_id"], row["entity_id"]) for row in reported.to_dicts()}
    made = []
    for chain in chains(claims, is_date=True, bases=INTENT, entity_ids=entity_ids):
        row = chain.last
        if (row["series_id"], row["entity_id"]) not in reached and row["valid_from"] is not None:
            state = "given up" if chain.end else "rumour" if row["basis"] == "rumour" else "planned"
            ids = [row["claim_id"], *([chain.end["claim_id"]] if chain.end else [])]
            made.append(_row(_label(row), row, state, ids))
    return made


def _reported(claims: pl.DataFrame, entity_ids: Sequence[str]) -> list[Row]:
    said = claims.filter(pl.col("entity_id").is_in(list(entity_ids)), unit=DATED_UNIT, basis="reported", stance="asserts")
    # Of one happening that several sources date, the narrowest period.
    narrow = sorted(said.to_dicts(), key=lambda row: (row["valid_to"] - row["valid_from"]).days)
    first = {(row["series_id"], row["entity_id"]): row for row in reversed(narrow)}
    return [_row(_label(row), row, "done", [row["claim_id"]]) for row in first.values()]


def _named(claims: pl.DataFrame, claim_ids: Sequence[str]) -> list[Row]:
    dated = claims.filter(pl.col("stance") == "asserts", pl.col("valid_from").is_not_null())
    rows = dated.filter(pl.col("claim_id").is_in(list(claim_ids))).to_dicts()
    return [_row(_target_label(row), row, _state_of_claim(row), [row["claim_id"]]) for row in rows]


def _events(events: pl.DataFrame, entity_ids: Sequence[str]) -> list[Row]:
    told = events.filter(pl.col("entity_id").is_in(list(entity_ids)), pl.col("valid_from").is_not_null())
    # One happening told of two parties is one row.
    rows = told.unique(["entity_id", "valid_from", "stage"], keep="first", maintain_order=True).to_dicts()
    return [_row(row["description"], row, _state(row), [row["event_id"]]) for row in rows]


def _state_of_claim(row: Row) -> str:
    return "rumour" if row["basis"] == "rumour" else "planned" if row["basis"] in (*INTENT, "forecast") else "done"


def _state(event: Row) -> str:
    return _STATES.get(event["stage"], "rumour" if event["basis"] == "rumour" else "done")


def _label(row: Row) -> str:
    return f"{row['entity_name']}: {_within(row['series_name'])}"


def _within(name: str) -> str:
    """The name of a series within a sentence; what begins with an abbreviation keeps its letters."""
    return name if name[:2].isupper() else name[0].lower() + name[1:]


def _target_label(row: Row) -> str:
    if row["unit"] == DATED_UNIT:
        return _label(row)
    value = in_words(row["value"], row["unit"], row["qualifier"])
    return f"{row['market_name']}: {value}, {_within(row['series_name'])}"


def _row(label: str, row: Row, state: str, ids: list[str]) -> Row:
    times = {"start": row["valid_from"], "end": row["valid_to"]}
    return {"label": label, **times, "state": state, "claim_ids": ids, "entity_id": row["entity_id"]}
