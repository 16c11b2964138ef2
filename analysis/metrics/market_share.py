"""Shares of markets: from tables of units sold, and from shares that sources print.

`market_share` and `concentration` work on any tidy table of units, lazily. The others turn claims into figures and
never mix two sources in one ratio: a share's definition is its source's.
"""

from collections.abc import Sequence
from datetime import date
from typing import TypeVar

import polars as pl

from analysis.errors import MetricError
from analysis.metrics.derive import (
    Row,
    counted_together,
    derived,
    direct,
    of_series,
    period_slug,
    points_between,
    printed_together,
    quotient,
    same_source,
)
from analysis.schema import figures
from analysis.units import POINTS_PER_SHARE

Frame = TypeVar("Frame", pl.DataFrame, pl.LazyFrame)

SHARE_SERIES = ("ev_share_of_sales", "bev_share_of_sales")

_WIDE = dict.fromkeys((pl.Int8, pl.Int16, pl.Int32, pl.UInt8, pl.UInt16, pl.UInt32), pl.Int64) | {pl.Float32: pl.Float64}
"""Type of units -> the type they are added up in: a sum of 32 bits would begin again below zero, without a word."""


def market_share(
    units: Frame,
    /,
    *,
    by: str | Sequence[str],
    within: str | Sequence[str] = "market",
    period: str = "period",
    value: str = "units",
) -> Frame:
    """Each group's share of its market in each period.

    share = u / U, with u the units of the group and U those of all groups in the same `within` and `period`.

    Args:
        units: one row per sale or per total; rows of one group are added up. Lazy or eager: of `pl.scan_parquet(...)`,
            collected with `engine="streaming"`, no more is held at once than the groups' totals.
        by: the columns that make a group, such as "maker" or ["maker", "model"].
        within: the columns that make a market; an empty list for one market.
        period, value: the columns of periods, of any type that sorts in time, and of units, numbers of 0 or more.

    Returns:
        One row per group, market and period, sorted by market, period, rank and group, as lazy as the input:
        `within`, `period`, `by`, `value` (the group's units), `share` (0 to 1; null where the market's units are 0),
        `rank` (1 is the largest; equal units share a rank), `change_points` (percentage points since the market's
        previous period in the table; null in the first, and where the group had no row in it: absent is not zero).

    Raises:
        MetricError: for a column that does not exist or is named twice, a value column that is not a number, and
            units that are negative, missing or not finite (of a lazy frame: when it is collected).

    Source: the definition in the docstring's formula; percentage points are differences of shares times 100.
    """
    by, within = _columns(by), _columns(within)
    kind = _check_columns(units, [*within, period, *by], value)
    market, group = [*within, period], [*within, *by]
    totals = (
        units.lazy()
        .group_by([*market, *by])
        .agg(
            pl.col(value).cast(_WIDE.get(kind, kind)).sum(),
            pl.col(value).min().alias("_least"),
            pl.col(value).null_count().alias("_missing"),
        )
        .map_batches(lambda frame: _checked(frame, value), validate_output_schema=False)
        .drop("_least", "_missing")
    )
    whole = pl.col(value).sum().over(market)
    shares = totals.with_columns(
        share=pl.when(whole != 0).then(pl.col(value) / whole),
        rank=pl.col(value).rank("min", descending=True).over(market),
        # The market's own sequence of periods: a group that is missing in one must not be compared across the gap.
        _step=pl.col(period).rank("dense").over(within) if within else pl.col(period).rank("dense"),
    )
    before = shares.select(*group, (pl.col("_step") + 1).alias("_step"), pl.col("share").alias("_before"))
    result = (
        shares.join(before, on=[*group, "_step"], how="left", validate="m:1", nulls_equal=True)
        .with_columns(change_points=(pl.col("share") - pl.col("_before")) * POINTS_PER_SHARE)
        .select(*within, period, *by, value, "share", "rank", "change_points")
        .sort([*market, "rank", *by])
    )
    return result if isinstance(units, pl.LazyFrame) else result.collect()


def concentration(shares: Frame, /, *, within: str | Sequence[str] = ("market", "period")) -> Frame:
    """The Herfindahl-Hirschman index of each market.

    HHI = sum of s squared over all groups of a market, with s the share as 0 to 1. It runs from 1/n for n equal
    groups to 1 for a single one; times 10,000 it is the index in points that competition authorities use.

    Args:
        shares: rows with `share`, as `market_share` returns them.
        within: the columns that make a market.

    Returns:
        One row per market, sorted by it: `within`, `groups` (how many), `hhi` (0 to 1; null where a share is null).

    Raises:
        MetricError: for a column that does not exist, or no column at all: shares of several periods are not one market's.

    Source: US Department of Justice and Federal Trade Commission, Merger Guidelines (2023), section 2.1.
    """
    within = _columns(within)
    if not within:
        raise MetricError("no column makes a market: name at least the one of periods")
    _check_columns(shares, within, "share")
    unknown = pl.col("share").is_null().any()
    result = (
        shares.lazy()
        .group_by(within)
        .agg(groups=pl.len(), hhi=pl.when(unknown.not_()).then((pl.col("share") ** 2).sum()))
        .sort(within)
    )
    return result if isinstance(shares, pl.LazyFrame) else result.collect()


def share_series(claims: pl.DataFrame, /, *, series_id: str, markets: Sequence[str] | None = None) -> pl.DataFrame:
    """The shares that sources report for markets, by period, as they print them.

    Args:
        series_id: one of SHARE_SERIES: they differ in what counts as electric and are never mixed.
        markets: the markets wanted; all where none are named.

    Returns:
        Figures in `share`, one per market, period and source, sorted by market and period.

    Raises:
        MetricError: for a series that is not one of shares of sales.

    Source: the claims of that series, as printed.
    """
    if series_id not in SHARE_SERIES:
        raise MetricError(f"{series_id!r} is not a series of shares of sales: choose one of {', '.join(SHARE_SERIES)}")
    rows = of_series(claims, series_id, basis="reported")
    rows = [row for row in rows if markets is None or row["market_id"] in markets]
    rows.sort(key=lambda row: (row["market_id"], str(row["valid_from"])))
    return figures(
        direct(row, parts=[row["market_id"], period_slug(row["valid_from"], row["valid_to"]), row["source_id"]]) for row in rows
    )


def adoption_gap(claims: pl.DataFrame, /, *, leader: str, follower: str) -> pl.DataFrame:
    """How far one market's EV share is ahead of another's, where one source prints both.

    ratio = a / b and gap = (a - b) * 100, with a and b the printed EV shares of `leader` and `follower`.

    Args:
        leader, follower: the two markets.

    Returns:
        Figures `leader_share` and `follower_share` (share), `share_ratio` (ratio) and `share_gap` (percentage
        points) of the latest period for which one source prints both; none where no source does. Each carries the
        claims' caveats.

    Raises:
        MetricError: where both are the same market, or the follower's share is zero.

    Source: claims of the series `ev_share_of_sales` with the basis reported.
    """
    if leader == follower:
        raise MetricError(f"{leader!r} is compared with itself: name two markets")
    shares = [of_series(claims, "ev_share_of_sales", market_id=market, basis="reported") for market in (leader, follower)]
    both = same_source(*shares, by=["source_id"])
    if not both:
        return figures([])
    a, b = max(both, key=lambda pair: pair[0]["valid_to"] or date.min)
    pair, names = [leader, follower], f"{a['market_name']} and {b['market_name']}"
    caution = "A share is comparable only as far as both are defined alike."
    return figures(
        [
            direct(a, "leader_share"),
            direct(b, "follower_share"),
            quotient(
                "share_ratio",
                a,
                b,
                "ratio",
                label=f"EV share, ratio: {names}",
                method="the leader's EV share divided by the follower's",
                parts=pair,
                note=caution,
            ),
            points_between(
                "share_gap",
                a,
                b,
                label=f"EV share, gap: {names}",
                method="the leader's EV share less the follower's, in percentage points",
                parts=pair,
                note=caution,
            ),
        ]
    )


def model_share(claims: pl.DataFrame, /, *, model: str, market: str) -> pl.DataFrame:
    """One model's share of a market's passenger EVs: as printed, what it implies, and as counted.

    implied market = n / s, with n the sales and s the share that one source prints of the model. Counted share =
    u / U, with u the model's and U the market's battery-electric sales in one period by one source.

    Args:
        model, market: the model and the market.

    Returns:
        Figures `printed_share` (share), `sales_since_launch` and `implied_market` (vehicles) of the first source that
        prints the share; `model_sales`, `market_sales` (vehicles), `counted_share` (share) and `share_difference` (points,
        counted less printed) of the last period that one source counts both in and that was over when the share was
        printed; and `latest_share` (share) of the last period counted. Whichever can be made.

    Raises:
        MetricError: where a printed share or a market's sales are zero.

    Source: claims of the series `model_share_of_ev_market`, `cumulative_sales`, `annual_sales` and `bev_annual_sales`.
    """
    printed = of_series(claims, "model_share_of_ev_market", entity_id=model, market_id=market)
    rows = [direct(printed[0], "printed_share")] if printed else []
    for share, sold in printed_together(claims, model=model, market=market)[:1]:
        rows += [
            direct(sold, "sales_since_launch"),
            quotient(
                "implied_market",
                sold,
                share,
                "vehicles",
                label=f"Passenger EV market that share and sales imply: {share['market_name']}",
                method="vehicles sold divided by the share of the market they are said to be",
                note="Holds only if sales and share are of the same period.",
            ),
        ]
    counts = counted_together(claims, model=model, market=market)
    for mine, whole in _compared(counts, printed):
        rows += [direct(mine, "model_sales"), direct(whole, "market_sales"), _counted_share("counted_share", mine, whole)]
        if printed:
            rows.append(
                derived(
                    "share_difference",
                    (rows[-1]["value"] - printed[0]["value"]) * POINTS_PER_SHARE,
                    "points",
                    raised_by=[mine],
                    lowered_by=[whole, printed[0]],
                    label=f"Share counted less share printed: {mine['entity_name']}, {mine['market_name']}",
                    method="the counted share less the printed one, in percentage points",
                )
            )
    rows += [_counted_share("latest_share", mine, whole) for mine, whole in counts[-1:]]
    return figures(rows)


def sales_against_share(claims: pl.DataFrame, /, *, model: str, market: str) -> pl.DataFrame:
    """Whether a model's printed sales and printed share can be of the same period.

    multiple = m / U, with m the market that sales and share imply and U the market counted in a year. Far from 1,
    the two were not measured over that year.

    Args:
        model, market: the model and the market.

    Returns:
        One figure `implied_market_multiple` (ratio); none where a part is not known.

    Raises:
        MetricError: where the share or the market counted is zero.

    Source: the claims of `printed_together` and `counted_together`.
    """
    printed = printed_together(claims, model=model, market=market)[:1]
    counted = _compared(counted_together(claims, model=model, market=market), [pair[0] for pair in printed])
    made = []
    for (share, sold), (_, whole) in zip(printed, counted, strict=False):
        for divisor in (share, whole):
            if divisor["value"] == 0:
                raise MetricError(f"claim {divisor['claim_id']} is zero: implied_market_multiple has no value")
        made = [
            derived(
                "implied_market_multiple",
                sold["value"] / share["value"] / whole["value"],
                "ratio",
                raised_by=[sold],
                lowered_by=[share, whole],
                label=f"Implied market against the market counted: {whole['market_name']}",
                method="the market that sales and share imply, divided by the market counted in a year",
                about=whole,
                parts=[model, market],
            )
        ]
    return figures(made)


def _compared(counts: list[tuple[Row, ...]], printed: list[Row]) -> list[tuple[Row, ...]]:
    """The count that a printed share can be held against: the last that was over when it was printed, or else the last."""
    day = printed[0]["published_date"] if printed else None
    over = [pair for pair in counts if day is None or (pair[0]["valid_to"] and pair[0]["valid_to"] <= day)]
    return (over or counts)[-1:]


def _counted_share(metric: str, mine: Row, whole: Row) -> Row:
    return quotient(
        metric,
        mine,
        whole,
        "share",
        label=f"Share of passenger EV sales, counted: {mine['entity_name']}, {mine['market_name']}",
        method="the model's sales divided by the market's in the same period",
    )


def _columns(names: str | Sequence[str]) -> list[str]:
    return [names] if isinstance(names, str) else list(names)


def _check_columns(frame: pl.DataFrame | pl.LazyFrame, columns: list[str], value: str) -> pl.DataType:
    """The type of `value`, once every column is found to fit."""
    schema = frame.lazy().collect_schema()
    missing = [name for name in [*columns, value] if name not in schema]
    if missing:
        raise MetricError(f"no column {', '.join(missing)}; the table has {', '.join(schema)}")
    if len({*columns, value}) != len(columns) + 1:
        raise MetricError(f"a column is named twice among {', '.join([*columns, value])}")
    if not schema[value].is_numeric():
        raise MetricError(f"column {value} is {schema[value]}: expected numbers")
    return schema[value]


def _checked(totals: pl.DataFrame, value: str) -> pl.DataFrame:
    """The totals as they are, or an error that names the groups that cannot be added up."""
    finite = pl.col(value).cast(pl.Float64).is_finite()  # a sum is not where a part of it is not
    wrong = totals.filter((pl.col("_least") < 0) | (pl.col("_missing") > 0) | ~finite)
    if not wrong.is_empty():
        keys = wrong.drop(value, "_least", "_missing").head(3).rows()
        raise MetricError(
            f"{len(wrong)} groups hold {value} that are negative, missing or not finite, among them "
            f"{', '.join(str(key) for key in keys)}: unknown is not zero, so leave such rows out or fill them knowingly"
        )
    return totals
