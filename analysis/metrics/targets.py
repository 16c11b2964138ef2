"""Targets and milestones: what is to be reached and when, how much time is left, and how far dates have slipped.

A *target* is a number that is meant to be reached; a *milestone* is a claim whose period is the content. Of each the
version published last is shown, whatever its source; earlier ones show how it moved. A source without a date has no
place in that order: it is used only where no dated one speaks, and never for slippage. What a later source withdraws
is a target or a milestone no more.
"""

from collections.abc import Sequence
from datetime import date

import polars as pl

from analysis.errors import MetricError
from analysis.metrics.chains import Chain, chains, given_up
from analysis.metrics.derive import Row, about_parts, by_publication, claim, derived, direct, period_slug
from analysis.schema import DATED_UNIT, INTENT, figures
from analysis.units import MONTHS_PER_YEAR, POINTS_PER_SHARE, months_between


def targets(claims: pl.DataFrame, /, *, as_of: date, entity_ids: Sequence[str] | None = None) -> pl.DataFrame:
    """Every target number in its latest printed version, with the time left and what it was at first.

    time left = whole months from `as_of` to the last day of the target's period, negative once that is past.

    Args:
        as_of: the day from which time is counted.
        entity_ids: whose targets; everybody's where none are named.

    Returns:
        Figures `target` (in the target's unit), where the target is dated, `target_months_left` (months), and where a
        later source printed another number, `first_target`; one each per series, entity, market and due year, sorted by
        due date (undated last), series and entity. Of a target that was given up, `withdrawn_target` alone.

    Source: claims with the basis target, in the chains of `analysis.metrics.chains`.
    """
    made = []
    for chain in chains(claims, is_date=False, bases=["target"], entity_ids=entity_ids):
        if chain.end:
            made.append(_withdrawn(chain, "withdrawn_target"))
            continue
        made += _with_time_left(chain.last, "target", as_of)
        if chain.first["value"] != chain.last["value"]:
            made.append(direct(chain.first, "first_target", parts=_target_parts(chain.last)))
    return figures(made)


def milestones(claims: pl.DataFrame, /, *, as_of: date, entity_ids: Sequence[str] | None = None) -> pl.DataFrame:
    """Every planned milestone in its latest printed version, with the time left and how far it has moved.

    time left = whole months from `as_of` to the last day of the milestone's period. Slippage = months from the last
    day of the period printed first to that of the period printed last, positive where it moved away.

    Args:
        as_of: the day from which time is counted.
        entity_ids: whose milestones; everybody's where none are named.

    Returns:
        Figures `milestone` (no value: the period is the content), `milestone_months_left` (months), and, where more
        than one dated source speaks of it, rumours apart, `first_printed`, `last_printed` and `slippage` (months); sorted
        by date and entity. A plan that a later source says was given up is a `withdrawn_milestone` instead, and beside one
        that is reported as reached stands `reached_milestone`; neither has time left.

    Source: claims with the unit date and a basis of target, plan or rumour.
    """
    found = chains(claims, is_date=True, bases=INTENT, entity_ids=entity_ids)
    reached = {(row["series_id"], row["entity_id"], row["market_id"]): row for row in _reached(claims)}
    standing = []
    for last in (chain.last for chain in found if not chain.end):
        outcome = reached.get((last["series_id"], last["entity_id"], last["market_id"]))
        if outcome:
            standing += [
                direct(last, "milestone", parts=_parts(last)),
                direct(outcome, "reached_milestone", parts=_parts(last)),
            ]
        else:
            standing += _with_time_left(last, "milestone", as_of)
    withdrawn = [_withdrawn(chain, "withdrawn_milestone") for chain in found if chain.end]
    firm = chains(claims, is_date=True, bases=["target", "plan"], entity_ids=entity_ids)
    moved = [row for chain in firm if chain.was_restated for row in _slippage(chain)]
    return figures([*standing, *withdrawn, *moved])


def versions(claims: pl.DataFrame, /, *, entity_ids: Sequence[str], series_id: str) -> pl.DataFrame:
    """Every dated version of some milestones, in the order of publication, each as printed.

    Args:
        entity_ids: whose milestones, in order.
        series_id: which milestone, such as `start_of_production`.

    Returns:
        Figures `version` (no value: the period is the content), one per claim, and `withdrawn_version` where a later
        source gave the plan up; by entity in the order given, then by publication.

    Source: claims of the series with a basis of target, plan or rumour.
    """
    order = list(entity_ids)
    found = chains(claims.filter(pl.col("series_id") == series_id), is_date=True, bases=INTENT, entity_ids=order)
    made = []
    for chain in sorted(found, key=lambda chain: order.index(chain.last["entity_id"])):
        dated = [row for row in chain.versions if row["published_date"] is not None]
        made += [direct(row, "version", parts=[*_parts(row), row["claim_id"]]) for row in dated]
        if chain.end:
            made.append(_withdrawn(chain, "withdrawn_version", parts=[*_parts(chain.last), chain.end["claim_id"]]))
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


def _reached(claims: pl.DataFrame) -> list[Row]:
    """The dates that are reported of happenings, the one published last of each coming last."""
    return claims.filter(unit=DATED_UNIT, basis="reported", stance="asserts").pipe(by_publication).to_dicts()


def _slippage(chain: Chain) -> list[Row]:
    first, last = chain.first, chain.last
    parts = _parts(last)
    return [
        direct(first, "first_printed", parts=parts),
        direct(last, "last_printed", parts=parts),
        derived(
            "slippage",
            months_between(first["valid_to"], last["valid_to"]),
            "months",
            raised_by=[last],
            lowered_by=[first],
            label=f"Slippage: {last['series_name']}, {last['entity_name']}",
            method="months from the end of the period printed first to the end of the one printed last",
            parts=parts,
        ),
    ]


def _withdrawn(chain: Chain, metric: str, parts: Sequence[str] = ()) -> Row:
    what, usual = ("period", _parts) if chain.last["unit"] == DATED_UNIT else ("number", _target_parts)
    method = f"the {what} printed last before a source said that the plan was given up"
    return given_up(chain, metric, parts=parts or usual(chain.last), method=method, note=chain.end["note"] or "")


def _with_time_left(row: Row, metric: str, as_of: date) -> list[Row]:
    # A target is another one for another date; a milestone is the same one, moved.
    is_date = row["unit"] == DATED_UNIT
    parts = _parts(row) if is_date else _target_parts(row)
    made = [direct(row, metric, parts=parts)]
    if row["valid_to"] is not None:
        made.append(
            derived(
                f"{metric}_months_left",
                months_between(as_of, row["valid_to"]),
                "months",
                raised_by=[row if is_date else {**row, "qualifier": "exact"}],  # a number's limits are not its date's
                label=f"Time left: {made[0]['label']}",
                method="whole months from the as-of date to the last day of the period",
                parts=parts,
            )
        )
    return made


def _target_parts(row: Row) -> list[str]:
    return [*_parts(row), period_slug(row["valid_from"], row["valid_to"])]


def _parts(row: Row) -> list[str]:
    return [row["series_id"], *about_parts(row)]
