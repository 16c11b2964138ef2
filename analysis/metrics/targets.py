"""Targets and milestones: what is to be reached and when, how much time is left, and how far dates have slipped.

A *target* is a number that is meant to be reached; a *milestone* is a claim whose period is the content. Of each the
version published last is shown, whatever its source; earlier ones show how it moved. A source without a date has no
place in that order: it is used only where no dated one speaks, and never for slippage.
"""

from datetime import date
from itertools import groupby

import polars as pl

from analysis.errors import MetricError
from analysis.ledger import INTENT
from analysis.metrics.derive import Row, claim, derived, direct, period_slug
from analysis.schema import DATED_UNIT, figures
from analysis.units import MONTHS_PER_YEAR, POINTS_PER_SHARE, months_between


def targets(claims: pl.DataFrame, /, *, as_of: date) -> pl.DataFrame:
    """Every target number in its latest printed version, with the time left.

    time left = whole months from `as_of` to the last day of the target's period, negative once that is past.

    Args:
        claims: claims in force.
        as_of: the day from which time is counted.

    Returns:
        Figures `target` (in the target's unit) and, where the target is dated, `target_months_left` (months), one per
        series, entity, market and date, sorted by due date (undated last), series and entity.
    """
    rows = _latest(claims, is_date=False, bases=["target"])
    return figures(_with_time_left(rows, "target", as_of))


def milestones(claims: pl.DataFrame, /, *, as_of: date) -> pl.DataFrame:
    """Every planned milestone in its latest printed version, with the time left and how far it has moved.

    time left = whole months from `as_of` to the last day of the milestone's period. Slippage = months from the last
    day of the period printed first to that of the period printed last, positive where it moved away.

    Args:
        claims: claims in force; milestones are those with unit `date` and a basis of target, plan or rumour.
        as_of: the day from which time is counted.

    Returns:
        Figures `milestone` (no value: the period is the content), `milestone_months_left` (months), and, where more
        than one dated source speaks of it, `first_printed` and `slippage` (months); sorted by date and entity.
    """
    rows = _latest(claims, is_date=True, bases=INTENT)
    made = _with_time_left(rows, "milestone", as_of)
    for row in rows:
        versions = _versions(claims, row)
        if len({version["source_id"] for version in versions}) < 2:
            continue
        first, row = versions[0], versions[-1]
        made += [
            direct(first, "first_printed", parts=_parts(row)),
            derived(
                "slippage",
                months_between(first["valid_to"], row["valid_to"]),
                "months",
                raised_by=[row],
                lowered_by=[first],
                label=f"Slippage: {row['series_name']}, {row['entity_name']}",
                method="months from the end of the period printed first to the end of the one printed last",
                parts=_parts(row),
            ),
        ]
    return figures(made)


def required_growth(claims: pl.DataFrame, /, *, target_id: str, baseline_id: str) -> pl.DataFrame:
    """The growth that leads from a baseline to a target share by its date.

    With a the baseline's share, b the target's, and n the years between the ends of their periods: points a year =
    (b - a) * 100 / n, and compound growth = (b / a) ** (1 / n) - 1.

    Args:
        claims: claims in force.
        target_id, baseline_id: the claims; both shares, dated, the target's later. They may be of different entities
            (a market for a maker that publishes no share of its own): the figures' notes say so.

    Returns:
        Figures `baseline` (share), `required_points` (percentage points a year) and `required_rate` (relative change
        a year); none where one of the claims is not known.

    Raises:
        MetricError: where a claim is no share or has no date, the target is not later, or the baseline is zero.
    """
    target, baseline = claim(claims, target_id, unit="share"), claim(claims, baseline_id, unit="share")
    if target is None or baseline is None:
        return figures([])
    for row in (target, baseline):
        if row["valid_to"] is None:
            raise MetricError(f"claim {row['claim_id']} has no date: growth to or from it has no length of time")
    years = months_between(baseline["valid_to"], target["valid_to"]) / MONTHS_PER_YEAR
    if years <= 0:
        raise MetricError(
            f"target {target_id} ends {target['valid_to']}, not after baseline {baseline_id}: nothing to grow over"
        )
    if baseline["value"] == 0:
        raise MetricError(f"baseline {baseline_id} is zero: compound growth from it has no value")
    note = "" if target["entity_id"] == baseline["entity_id"] else (
        f"The baseline is that of {baseline['entity_name']} and stands in for {target['entity_name']}, "
        "of which no share has been found; growth is needed only as far as the two are alike."
    )  # fmt: skip
    common = {"raised_by": [target], "lowered_by": [baseline], "parts": [target_id], "note": note}
    goal = f"{target['series_name']}, {target['entity_name']}, {target['market_name']}"
    return figures(
        [
            direct(baseline, "baseline", parts=[target_id], note=note),
            derived(
                "required_points",
                (target["value"] - baseline["value"]) * POINTS_PER_SHARE / years,
                "points_per_year",
                label=f"Required each year: {goal}",
                method="target share less baseline share in percentage points, divided by the years between",
                **common,
            ),
            derived(
                "required_rate",
                (target["value"] / baseline["value"]) ** (1 / years) - 1,
                "per_year",
                label=f"Required compound growth: {goal}",
                method="target share divided by baseline share, to the power of one over the years between, less one",
                **common,
            ),
        ]
    )


def _latest(claims: pl.DataFrame, *, is_date: bool, bases: list[str]) -> list[Row]:
    """The latest printed version of each target or milestone, sorted by due date, undated last."""
    wanted = claims.filter(
        (pl.col("unit") == DATED_UNIT) == is_date,
        pl.col("basis").cast(pl.String).is_in(bases),
        pl.col("stance") == "asserts",
    )
    key = ["series_id", "entity_id", "market_id", *([] if is_date else ["valid_from", "valid_to"])]
    rows = _by_publication(wanted).unique(key, keep="last", maintain_order=True).to_dicts()
    return sorted(rows, key=lambda row: (row["valid_to"] or date.max, row["series_id"], row["entity_id"]))


def _versions(claims: pl.DataFrame, milestone: Row) -> list[Row]:
    """Every dated version of a plan for a milestone, in the order of publication."""
    same = [pl.col(column) == milestone[column] for column in ("series_id", "entity_id", "market_id")]
    planned = pl.col("basis").cast(pl.String).is_in(INTENT)
    versions = claims.filter(*same, planned, pl.col("stance") == "asserts").drop_nulls("published_date")
    return _by_publication(versions).to_dicts()


def _by_publication(claims: pl.DataFrame) -> pl.DataFrame:
    return claims.sort("published_date", nulls_last=False, maintain_order=True)


def _with_time_left(rows: list[Row], metric: str, as_of: date) -> list[Row]:
    made = []
    dated_twice = {series for series, group in groupby(sorted(rows, key=_series), key=_series) if len(list(group)) > 1}
    for row in rows:
        parts = _parts(row)
        if row["unit"] != DATED_UNIT and _series(row) in dated_twice:
            parts = [*parts, period_slug(row["valid_from"], row["valid_to"])]
        made.append(direct(row, metric, parts=parts))
        if row["valid_to"] is not None:
            made.append(
                derived(
                    f"{metric}_months_left",
                    months_between(as_of, row["valid_to"]),
                    "months",
                    raised_by=[{**row, "qualifier": "exact"}],
                    label=f"Time left: {made[-1]['label']}",
                    method="whole months from the as-of date to the last day of the period",
                    parts=parts,
                )
            )
    return made


def _series(row: Row) -> tuple[str, str, str]:
    return row["series_id"], row["entity_id"], row["market_id"]


def _parts(row: Row) -> list[str]:
    return list(dict.fromkeys([row["series_id"], row["entity_id"], row["market_id"]]))
