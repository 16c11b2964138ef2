"""Where sources disagree: both sides, the size of the difference, and the known reason. Never an average.

Two ways lead here. Claims in force that count the same thing and do not agree are found by comparing; what a comparison
cannot see (other windows, other definitions, a headline that says more than its text) is held in `conflicts.csv`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, groupby
from math import floor, log10
from operator import itemgetter

import polars as pl

from analysis.metrics.derive import Row, about_parts, derived, direct, period_slug, subject_of
from analysis.schema import DATED_UNIT, INTENT, figures
from analysis.units import POINTS_PER_SHARE, months_between, period_label

NO_REASON = "No reason is known."
NOT_ALL_KNOWN = "No reason was known by the as-of date."
NOT_SUBTRACTED = ("definition", "status")
"""Kinds of conflicts whose sides are not of one thing: of other definitions, or of other days."""
_SAME = ("series_id", "entity_id", "market_id")


@dataclass(frozen=True)
class Contest:
    """Statements that do not fit together: claims and events as rows, and why, where that is known."""

    conflict_id: str
    title: str
    kind: str
    reason: str
    statements: tuple[Row, ...]

    @property
    def claims(self) -> list[Row]:
        """Those of the statements that are claims."""
        return [row for row in self.statements if "claim_id" in row]


def contests(
    claims: pl.DataFrame,
    /,
    *,
    vintages: pl.DataFrame,
    events: pl.DataFrame,
    conflicts: pl.DataFrame,
    only: Sequence[str] | None = None,
) -> list[Contest]:
    """All conflicts that show in what was known.

    Args:
        vintages, events, conflicts: those of the same view of the ledger.
        only: the conflicts wanted, in that order, those left out that do not show; all where none are named.

    Returns:
        The recorded ones of which two statements were known (of a repetition, one), in the ledger's order; then those
        found by comparing that no recorded one explains. A reason that rests on what was not known yet is not told.

    Source: `conflicts.csv`; and claims for the same series, entity, market and period that do not `agree`, as printed.
    """
    known = {row["claim_id"]: row for row in vintages.to_dicts()} | {row["event_id"]: row for row in events.to_dicts()}
    recorded = []
    for row in conflicts.iter_rows(named=True):
        ids = row["statement_ids"].split(";")
        there = tuple(known[name] for name in ids if name in known)
        if len(there) >= (1 if row["kind"] == "repetition" else 2):
            reason = row["reason"] if len(there) == len(ids) else NOT_ALL_KNOWN
            recorded.append(Contest(row["conflict_id"], row["title"], row["kind"], reason, there))
    explained = [{row["claim_id"] for row in contest.claims} for contest in recorded]
    found = [rows for rows in disagreements(claims) if not any({r["claim_id"] for r in rows} <= ids for ids in explained)]
    every = {contest.conflict_id: contest for contest in (*recorded, *map(_found, found))}
    if only is None:
        return list(every.values())
    return [every[name] for name in only if name in every]


def disagreements(claims: pl.DataFrame, /) -> list[list[Row]]:
    """Claims of different products that count the same thing and do not agree.

    Args:
        claims: the claims in force; targets, plans and rumours are left out, for a plan that moves is no conflict, and a
            forecast is held against forecasts only.

    Returns:
        The claims of each such group, in the ledger's order; groups by series, entity, market and period.

    Source: claims with the same series, entity, market and reference period, as printed.
    """
    observed = claims.filter(
        pl.col("stance") == "asserts", pl.col("value").is_not_null(), ~pl.col("basis").cast(pl.String).is_in(INTENT)
    )
    same = [*_SAME, "valid_from", "valid_to", "is_forecast"]
    rows = observed.with_columns(is_forecast=pl.col("basis") == "forecast").sort(same, maintain_order=True).to_dicts()
    found = [list(group) for _, group in groupby(rows, key=lambda row: [row[column] for column in same])]
    # Every pair, and not the first with each of the others: of 10, 11 and 9 the last two disagree, wherever 10 stands.
    return [group for group in found if any(_disagree(*pair) for pair in combinations(group, 2))]


def agree(one: Row, other: Row, /) -> bool:
    """Whether two claims' values are the same as far as both are printed.

    They are where |a - b| is no more than u, with u = one unit in the last digit of the coarser.

    Args:
        one, other: claims in one unit. Trailing zeros are not taken for digits: 88,000 may be rounded to thousands.

    Returns:
        True also where the units differ, for then nothing can be told.

    Source: the usual convention of significant figures.
    """
    if one["unit"] != other["unit"]:
        return True
    a, b = one["value"], other["value"]
    return abs(a - b) <= max(_last_digit(a), _last_digit(b)) * (1 + 1e-9)


def _disagree(one: Row, other: Row) -> bool:
    return one["product_id"] != other["product_id"] and not agree(one, other)


def contested(contests: list[Contest], /) -> pl.DataFrame:
    """The claims of conflicts, and by how much they differ, as figures.

    difference of shares = (largest - smallest) * 100 in points; of dates, months between the period's ends; of anything
    else = largest / smallest - 1.

    Args:
        contests: as `contests` gives them.

    Returns:
        Figures `contested` for each claim with a number or a date, and `contested_difference` for each series, entity and
        market of a conflict with different values; none for conflicts of definition or status, whose sides
        must not be subtracted.

    Source: the claims, as printed.
    """
    made = []
    for contest in contests:
        told = [row for row in contest.claims if row["value"] is not None or (row["unit"] == DATED_UNIT and row["valid_to"])]
        made += [direct(row, "contested", parts=[contest.conflict_id, row["claim_id"]]) for row in told]
        if contest.kind not in NOT_SUBTRACTED:
            made += list(_differences(contest))
    return figures(made)


def _differences(contest: Contest) -> Iterator[Row]:
    ordered = sorted(contest.claims, key=lambda row: (*_about(row), row["unit"]))
    for (series_id, entity_id, market_id, unit), group in groupby(ordered, key=lambda row: (*_about(row), row["unit"])):
        rows = [row for row in group if row["stance"] == "asserts" and (row["value"] is not None or row["valid_to"])]
        if len(rows) < 2:
            continue
        is_date = unit == DATED_UNIT
        size = itemgetter("valid_to" if is_date else "value")
        low, high = min(rows, key=size), max(rows, key=size)
        if size(low) == size(high) or (not is_date and unit != "share" and low["value"] <= 0):
            continue
        # Money may be stated in several currencies: a difference in each.
        is_one_of_several = len({row["unit"] for row in ordered if _about(row) == (series_id, entity_id, market_id)}) > 1
        named = [*dict.fromkeys([entity_id, market_id]), *([unit.lower()] if is_one_of_several else [])]
        if is_date:
            method = "months from the earliest end of the periods printed to the latest"
            made = months_between(size(low), size(high)), "months"
        elif unit == "share":
            method = "the largest less the smallest, in percentage points"
            made = (size(high) - size(low)) * POINTS_PER_SHARE, "points"
        else:
            method, made = "the largest divided by the smallest, less one", (size(high) / size(low) - 1, "change")
        yield derived(
            "contested_difference",
            *made,
            raised_by=[high],
            lowered_by=[low],
            label=f"Difference: {high['series_name']}, {high['entity_name']}",
            method=method,
            parts=[contest.conflict_id, series_id, *named],
        )


def _found(rows: list[Row]) -> Contest:
    row = rows[0]
    period = row["valid_from"], row["valid_to"]
    name = "-".join(["found", row["series_id"].replace("_", "-"), *about_parts(row), period_slug(*period)])
    title = f"{row['series_name']}, {subject_of(row)}, {period_label(*period)}"
    return Contest(name, title, "value", NO_REASON, tuple(rows))


def _about(row: Row) -> tuple:
    return tuple(row[column] for column in _SAME)


def _last_digit(value: float) -> float:
    """One unit in the last significant digit of a number, as it would be printed without trailing zeros."""
    if value == 0:
        return 0.0
    digits = f"{value:.12e}".partition("e")[0].lstrip("-").replace(".", "").rstrip("0")
    return 10.0 ** (floor(log10(abs(value))) - len(digits) + 1)
