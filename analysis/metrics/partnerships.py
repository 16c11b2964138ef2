"""Partnerships: agreements, who is party to them, what they are about, and through which stages they went."""

from collections.abc import Sequence

import polars as pl

from analysis.metrics.derive import Row, derived
from analysis.schema import DATED_UNIT, figures
from analysis.units import day_label, months_between, period_label

_AGREED = ("memorandum", "signed")
_OVER = ("ended", "cancelled")


def agreements(events: pl.DataFrame, entities: pl.DataFrame, /, *, entity_ids: Sequence[str]) -> pl.DataFrame:
    """Agreements with their parties and stages.

    Args:
        events, entities: those of one view of the ledger.
        entity_ids: the agreements, in the order wanted.

    Returns:
        One row per agreement and event about it, by agreement, then by the event's date, or its source's where it has none
        (neither: first): `agreement`, `parties`, `stage`, `when`, `about` and `event_id`, as printed by its source. Parties
        are the company that the agreement belongs to and the counterparties that its events name.

    Source: events about the agreements.
    """
    names, parents = (dict(entities.select("entity_id", column).iter_rows()) for column in ("name", "part_of"))
    rows = []
    for entity_id in entity_ids:
        told = _told(events, [entity_id])
        owner = parents[entity_id]
        while owner is not None and parents[owner] is not None:
            owner = parents[owner]
        parties = ", ".join(dict.fromkeys(names[party] for party in (owner, *(r["counterparty_id"] for r in told)) if party))
        for row in told:
            stage = row["stage"].replace("_", " ")
            rows.append((names[entity_id], parties, stage, _when(row), row["description"], row["event_id"]))
    columns = ("agreement", "parties", "stage", "when", "about", "event_id")
    frame = pl.DataFrame(rows, schema=dict.fromkeys(columns, pl.String), orient="row")
    return frame.unique(["agreement", "stage", "when", "about"], keep="first", maintain_order=True)


def course(events: pl.DataFrame, /, *, entity_id: str, entity_ids: Sequence[str]) -> pl.DataFrame:
    """How many memoranda or contracts an agreement saw, and how long it was from the first of them to its end.

    length = whole months from the day of the first memorandum or contract to that of the end.

    Args:
        entity_id: the agreement that the figures are named after.
        entity_ids: the agreements that make it up.

    Returns:
        Figures `agreements_made` (agreements: days on which one was made), `first_agreed` (date), and, where an end is
        told of after the last of them, `agreement_ended` (date) and `months_to_end` (months); none where nothing was agreed.

    Source: dated events with the stages memorandum, signed, ended and cancelled.
    """
    told = [_as_claim(row) for row in _told(events, entity_ids) if row["valid_from"] is not None and row["stance"] == "asserts"]
    made = [row for row in told if row["stage"] in _AGREED]
    if not made:
        return figures([])
    over = [row for row in told if row["stage"] in _OVER and row["valid_from"] >= made[-1]["valid_from"]]
    name, parts = made[0]["entity_name"], [entity_id]
    by_day = list({row["valid_from"]: row for row in reversed(made)}.values())[::-1]
    rows = [
        derived(
            "agreements_made",
            len(by_day),
            "agreements",
            raised_by=by_day,
            label=f"Agreements made: {name}",
            method="the days on which a memorandum or contract was signed, counted",
            parts=parts,
        )
        | {"period_end": by_day[-1]["valid_to"]},
        _day("first_agreed", made[0], f"First agreed: {name}", parts),
    ]
    for end in over[-1:]:
        rows += [
            _day("agreement_ended", end, f"Ended: {end['entity_name']}", parts),
            derived(
                "months_to_end",
                months_between(made[0]["valid_from"], end["valid_from"]),
                "months",
                raised_by=[end],
                lowered_by=[made[0]],
                label=f"From the first agreement to the end: {name}",
                method="whole months from the first memorandum or contract to the end",
                parts=parts,
            )
            | {"period_start": made[0]["valid_from"]},
        ]
    return figures(rows)


def _day(metric: str, row: Row, label: str, parts: list[str]) -> Row:
    return derived(metric, None, DATED_UNIT, raised_by=[row], label=label, method="the date of the event", parts=parts)


def _told(events: pl.DataFrame, entity_ids: Sequence[str]) -> list[Row]:
    chosen = events.filter(pl.col("entity_id").is_in(list(entity_ids)))
    return chosen.sort(pl.coalesce("valid_from", "published_date"), nulls_last=False, maintain_order=True).to_dicts()


def _when(event: Row) -> str:
    if event["valid_from"] is None and event["published_date"] is not None:
        return f"reported by {day_label(event['published_date'])}"
    return period_label(event["valid_from"], event["valid_to"])


def _as_claim(event: Row) -> Row:
    """An event as the row of a claim, so that figures can cite it."""
    return {**event, "claim_id": event["event_id"], "value_low": None, "value_high": None}
