"""What changed: between the editions of a publication, and between what could be known on two days."""

import re
from collections.abc import Sequence
from datetime import date
from math import inf

import polars as pl

from analysis.metrics.derive import Row, about_parts, direct, period_slug, points_between, relative_change, subject_of
from analysis.metrics.targets import milestones, targets
from analysis.schema import figures
from analysis.units import day_label, period_label


def revisions(vintages: pl.DataFrame, /, *, series_id: str, markets: Sequence[str] | None = None) -> pl.DataFrame:
    """What later editions of a publication changed of what it had said of an entity, a market and a period.

    revision = (l - f) * 100 points for shares and l / f - 1 for all else, with f the value published first and l the last.

    Args:
        vintages: the claims of every edition, as the ledger's `vintages` has them.
        series_id: the series.
        markets: the markets wanted; all where none are named.

    Returns:
        Figures `first_published`, `last_published` (in the claims' unit) and `revision` (points or relative change; none
        where f is zero and no share) of all that dated editions differ about; the largest |l / f - 1| first, then by id.
        A forecast and an outcome are not editions of each other.

    Source: the claims of that series, as printed.
    """
    same = ["product_id", "entity_id", "market_id", "valid_from", "valid_to", "basis", "unit"]
    chosen = pl.lit(True) if markets is None else pl.col("market_id").is_in(markets)
    said = vintages.filter(pl.col("series_id") == series_id, pl.col("stance") == "asserts", chosen)
    dated = said.drop_nulls(["value", "published_date"]).sort("published_date", "claim_id")
    groups = (group.to_dicts() for group in dated.partition_by(same, maintain_order=True) if group["value"].n_unique() > 1)
    made = sorted(map(_revision, groups), key=lambda rows: (-abs(_change(*rows[:2])), rows[0]["figure_id"]))
    return figures(row for rows in made for row in rows)


def _revision(editions: list[Row]) -> list[Row]:
    first, last = editions[0], editions[-1]
    is_share, period = first["unit"] == "share", (first["valid_from"], first["valid_to"])
    outlook = [] if first["basis"] == "reported" else [first["basis"]]
    parts = [first["series_id"], *about_parts(first), period_slug(*period), first["product_id"], *outlook]
    about = f"{first['series_name']}, {subject_of(first)}, {period_label(*period)}"
    made = [
        direct(row, f"{place}_published", parts=parts, note=f"{row['source_id']}: {day_label(row['published_date'])}.")
        | {"label": f"{place.capitalize()} published: {about}"}
        for place, row in (("first", first), ("last", last))
    ]
    if not is_share and not first["value"]:
        return made
    difference = points_between if is_share else relative_change
    revision = difference(
        "revision",
        last,
        first,
        label=about,
        method=f"the value published last less the one published first, {'in points' if is_share else 'divided by this'}",
        parts=parts,
        note=f"Of {len({row['source_id'] for row in editions})} editions, {first['source_id']} to {last['source_id']}.",
    )
    return [*made, revision]


def _change(first: Row, last: Row) -> float:
    return last["value"] / first["value"] - 1 if first["value"] else inf


def plans_changed(earlier: pl.DataFrame, claims: pl.DataFrame, /, *, as_of: date, entity_ids: Sequence[str]) -> pl.DataFrame:
    """What changed in targets and milestones between what could be known on two days.

    change = the number or date in force on the earlier day, beside the one in force now.

    Args:
        earlier, claims: the claims in force on the earlier day, and now.
        as_of: the later day.
        entity_ids: whose plans.

    Returns:
        Figures `was` for what a plan had been, and `now`, `ended` (given up) or `reached` for what it is, under one id but
        for these words; those given up first, then those reached, those that moved, and those that are new.

    Source: those of `targets.targets` and `targets.milestones`, from sources with a date.
    """
    before, now = (_plans(frame, as_of, entity_ids) for frame in (earlier, claims))
    changed = [subject for subject in now if _shown(now[subject]) != _shown(before.get(subject, {}))]

    def place(subject: str) -> int:
        states = now[subject]
        return 0 if "ended" in states else 1 if "reached" in states else 2 if subject in before else 3

    rows = []
    for subject in sorted(changed, key=place):
        then, today = before.get(subject, {}), now[subject]
        name = _name(next(iter(today.values())))
        rows += [_renamed("was", row, name) for state, row in then.items() if state != "reached"]
        rows += [_renamed(state, row, name) for state, row in today.items()]
    return figures(rows)


_STATES = {
    "target": "now",
    "milestone": "now",
    "withdrawn_target": "ended",
    "withdrawn_milestone": "ended",
    "reached_milestone": "reached",
}


def _plans(claims: pl.DataFrame, as_of: date, entity_ids: Sequence[str]) -> dict[str, dict[str, Row]]:
    """What a plan is about -> its state -> the figure that says so."""
    plans: dict[str, dict[str, Row]] = {}
    # An undated source is known from the day it was recorded: that it came in is no change of plans.
    dated = claims.drop_nulls("published_date")
    for function in (targets, milestones):
        for row in function(dated, as_of=as_of, entity_ids=entity_ids).to_dicts():
            if row["metric"] in _STATES:
                # Fiscal 2030 and 2030 are one target, as in its chain: else it would be told as a new one.
                subject = re.sub(r"\.fiscal-(\d{4})$", r".\1", _name(row))
                plans.setdefault(subject, {})[_STATES[row["metric"]]] = row
    return plans


def _shown(states: dict[str, Row]) -> dict[str, tuple]:
    columns = ("value", "unit", "period_start", "period_end", "qualifier")
    return {state: tuple(row[column] for column in columns) for state, row in states.items()}


def _name(row: Row) -> str:
    return row["figure_id"].partition(".")[2]


def _renamed(metric: str, row: Row, name: str) -> Row:
    return row | {"figure_id": f"{metric}.{name}", "metric": metric}
