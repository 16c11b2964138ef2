"""Targets and milestones: what is to be reached and when, how much time is left, and how far dates have slipped.

A *target* is a number that is meant to be reached; a *milestone* is a claim whose period is the content. Of each the
version published last is shown, whatever its source; earlier ones show how it moved. A source without a date has no
place in that order: it is used only where no dated one speaks, and never for slippage. What a later source withdraws
is a target or a milestone no more.
"""

from datetime import date

import polars as pl

from analysis.errors import MetricError
from analysis.metrics.derive import Row, about_parts, claim, derived, direct, period_slug
from analysis.schema import DATED_UNIT, INTENT, figures
from analysis.units import MONTHS_PER_YEAR, POINTS_PER_SHARE, months_between


def targets(claims: pl.DataFrame, /, *, as_of: date) -> pl.DataFrame:
    """Every target number in its latest printed version, with the time left.

    time left = whole months from `as_of` to the last day of the target's period, negative once that is past.

    Args:
        as_of: the day from which time is counted.

    Returns:
        Figures `target` (in the target's unit) and, where the target is dated, `target_months_left` (months), one per
        series, entity, market and date, sorted by due date (undated last), series and entity.

    Source: claims with the basis target.
    """
    standing, _ = _latest(claims, is_date=False, bases=["target"])
    return figures(_with_time_left(standing, "target", as_of))


def milestones(claims: pl.DataFrame, /, *, as_of: date) -> pl.DataFrame:
    """Every planned milestone in its latest printed version, with the time left and how far it has moved.

    time left = whole months from `as_of` to the last day of the milestone's period. Slippage = months from the last
    day of the period printed first to that of the period printed last, positive where it moved away.

    Args:
        as_of: the day from which time is counted.

    Returns:
        Figures `milestone` (no value: the period is the content), `milestone_months_left` (months), and, where more
        than one dated source speaks of it, `first_printed`, `last_printed` and `slippage` (months); sorted by date and
        entity. A plan that a later source says was given up is a `withdrawn_milestone` instead, with no time left.

    Source: claims with the unit date and a basis of target, plan or rumour.
    """
    standing, withdrawn = _latest(claims, is_date=True, bases=INTENT)
    made = _with_time_left(standing, "milestone", as_of)
    for row, end in withdrawn:
        figure = direct(row, "withdrawn_milestone", parts=_parts(row), note=end["note"] or "")
        made.append(
            figure
            | {
                "basis": "derived",
                "claim_ids": [row["claim_id"], end["claim_id"]],
                "method": "the period printed last before a source said that the plan was given up",
            }
        )
    for versions in _dated_versions(claims):
        first, last = versions[0], versions[-1]
        if len({version["source_id"] for version in versions}) < 2:
            continue
        made += [
            direct(first, "first_printed", parts=_parts(first)),
            direct(last, "last_printed", parts=_parts(last)),
            derived(
                "slippage",
                months_between(first["valid_to"], last["valid_to"]),
                "months",
                raised_by=[last],
                lowered_by=[first],
                label=f"Slippage: {last['series_name']}, {last['entity_name']}",
                method="months from the end of the period printed first to the end of the one printed last",
                parts=_parts(last),
            ),
        ]
    return figures(made)


def required_growth(claims: pl.DataFrame, /, *, target_id: str, baseline_id: str) -> pl.DataFrame:
    """The growth that leads from a baseline to a target share by its date.

    With a the baseline's share, b the target's, and n the years between the ends of their periods: points a year =
    (b - a) * 100 / n, and compound growth = (b / a) ** (1 / n) - 1.

    Args:
        target_id, baseline_id: the claims; both shares, dated, the target's later. They may be of different entities
            (a market for a maker that publishes no share of its own): the figures' notes say so.

    Returns:
        Figures `baseline` (share), `required_points` (percentage points a year) and `required_rate` (relative change
        a year); none where one of the claims is not known.

    Raises:
        MetricError: where a claim is no share or has no date, the target is not later, or the baseline is zero.

    Source: the usual definition of compound annual growth, on the two claims.
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


def _latest(claims: pl.DataFrame, *, is_date: bool, bases: list[str]) -> tuple[list[Row], list[tuple[Row, Row]]]:
    """The version published last of each target or milestone; and, apart, those withdrawn since, with what withdraws them.

    Both by due date, undated last.
    """
    wanted = claims.filter((pl.col("unit") == DATED_UNIT) == is_date, pl.col("basis").cast(pl.String).is_in(bases))
    ordered = _by_publication(wanted)
    key = ["series_id", "entity_id", "market_id"]
    asserted = ordered.filter(pl.col("stance") == "asserts").unique(
        [*key, *([] if is_date else ["valid_from", "valid_to"])], keep="last", maintain_order=True
    )
    ends = {tuple(row[k] for k in key): row for row in ordered.filter(pl.col("stance") == "withdraws").to_dicts()}
    standing, withdrawn = [], []
    for row in sorted(asserted.to_dicts(), key=lambda row: (row["valid_to"] or date.max, row["series_id"], row["entity_id"])):
        end = ends.get(tuple(row[k] for k in key))
        if end and (row["published_date"] or date.min) <= end["published_date"]:
            withdrawn.append((row, end))
        else:
            standing.append(row)
    return standing, withdrawn


def _dated_versions(claims: pl.DataFrame) -> list[list[Row]]:
    """The dated versions of each planned milestone, in the order of publication; milestones in the ledger's order."""
    planned = (pl.col("unit") == DATED_UNIT) & pl.col("basis").cast(pl.String).is_in(INTENT)
    versions = claims.filter(planned, pl.col("stance") == "asserts").drop_nulls("published_date")
    by_milestone = versions.partition_by("series_id", "entity_id", "market_id", maintain_order=True)
    return [_by_publication(group).to_dicts() for group in by_milestone]


def _by_publication(claims: pl.DataFrame) -> pl.DataFrame:
    return claims.sort("published_date", nulls_last=False, maintain_order=True)


def _with_time_left(rows: list[Row], metric: str, as_of: date) -> list[Row]:
    made = []
    for row in rows:
        # A target is another one for another date; a milestone is the same one, moved.
        is_date = row["unit"] == DATED_UNIT
        parts = _parts(row) if is_date else [*_parts(row), period_slug(row["valid_from"], row["valid_to"])]
        made.append(direct(row, metric, parts=parts))
        if row["valid_to"] is not None:
            made.append(
                derived(
                    f"{metric}_months_left",
                    months_between(as_of, row["valid_to"]),
                    "months",
                    raised_by=[row if is_date else {**row, "qualifier": "exact"}],  # a number's limits are not its date's
                    label=f"Time left: {made[-1]['label']}",
                    method="whole months from the as-of date to the last day of the period",
                    parts=parts,
                )
            )
    return made


def _parts(row: Row) -> list[str]:
    return [row["series_id"], *about_parts(row)]
