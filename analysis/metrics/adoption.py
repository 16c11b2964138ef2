"""How far markets are along the road: plug-in shares of car sales by year, the curve through them, and who trails whom.

Shares are those of battery-electric and plug-in hybrid cars together, as one series gives them for markets and calendar
years.X"""

from collections.abc import Sequence
from datetime import date

import polars as pl

from analysis.errors import MetricError
from analysis.metrics.derive import Row, derived, direct, is_of_a_calendar_year, of_series, published, same_source
from analysis.metrics.trend import FIRST_YEAR, LAST_YEAR, LEVEL, Logistic, fit_logistic
from analysis.schema import DATED_UNIT, NOTES, figures
from analysis.units import POINTS_PER_SHARE

SHARE = "plug_in_share_of_sales"

MIN_POINTS = 5
"""A line takes three points; its interval is then too wide to tell anything."""

_METHOD = (
    "the curve is logistic, a straight line by least squares through the logits of reported shares; years are rounded to "
    f"the nearest, intervals are at {LEVEL:.0%}, those of years by Fieller's theorem"
)
_CAUTION = "The ceiling is taken as 100%, errors of years as independent of each other. A curve of past shares is no forecast."


def adoption(claims: pl.DataFrame, /, *, markets: Sequence[str]) -> pl.DataFrame:
    """The plug-in shares reported for markets by calendar year, as printed.

    Args:
        markets: the markets wanted, in the order wanted.

    Returns:
        Figures `adoption` (share), one per market and year, in the order of `markets`, then by year. Where several
        publications give a year, the one published last is taken, and its note says so.

    Source: claims of the series `plug_in_share_of_sales` with the basis reported.
    """
    return _printed(claims, markets, "adoption", "reported")


def projection(claims: pl.DataFrame, /, *, markets: Sequence[str]) -> pl.DataFrame:
    """The plug-in shares forecast for markets by calendar year, as printed.

    Args:
        markets: the markets wanted, in the order wanted.

    Returns:
        Figures `adoption_projection` (share), chosen and sorted as those of `adoption`.

    Source: claims of the series `plug_in_share_of_sales` with the basis forecast.
    """
    return _printed(claims, markets, "adoption_projection", "forecast")


def diffusion(claims: pl.DataFrame, /, *, market: str, share: float) -> pl.DataFrame:
    """The year in which a logistic curve through a market's reported shares reaches a share.

    s(t) = 1 / (1 + exp(-(a + b * t))), with s the share in year t, and a and b of the line logit(s) = a + b * t that least
    squares fit to the shares between 0 and 1. It reaches s in the calendar year nearest to t = (logit(s) - a) / b: a share
    of a year's sales belongs to the whole year. It is steepest at s = 1/2, with b / 4 * 100 points a year.

    Args:
        market: the market.
        share: the share to be reached, between 0 and 1.

    Returns:
        Figures `diffusion_reach` (date), `diffusion_range` (date: all years of its 95% interval), `diffusion_observations`
        (number of shares fitted) and `diffusion_pace` (points a year). Without bounds there is no range, as the note of
        reach then says; outside 1900 to 2199 there is no reach, as that of pace says.

    Raises:
        MetricError: for a share not between 0 and 1, fewer than 5 shares to fit, and shares that do not rise.

    Source: Fisher & Pry (1971) for the curve, Fieller (1954) for the interval; see `trend`.
    """
    rows, curve = _curve(claims, market)
    reached, bounds = curve.year(share), curve.years(share)
    percent, within = f"{share * POINTS_PER_SHARE:g}", f"within {FIRST_YEAR} to {LAST_YEAR}"
    goal, dated = f"year in which the curve reaches {percent}%", [market, f"{percent}-percent"]
    loose = "" if bounds else f"At {LEVEL:.0%} the points do not bound the {goal} {within}."
    never = "" if reached else f"There is no {goal} {within}."
    pace, span = curve.pace * POINTS_PER_SHARE, (_year(rows[0]), _year(rows[-1]))
    wanted = [
        ("diffusion_reach", None, DATED_UNIT, reached and (reached, reached), goal, dated, loose),
        ("diffusion_range", None, DATED_UNIT, bounds, f"{LEVEL:.0%} interval of the {goal}", dated),
        ("diffusion_observations", len(rows), "observations", span, "shares that the curve is fitted to", [market]),
        ("diffusion_pace", pace, "points_per_year", span, "pace of the curve at 50%", [market], never),
    ]
    return figures(_of_curve(rows, *one) for one in wanted if one[3])


def fitted(claims: pl.DataFrame, /, *, market: str, last_year: int) -> pl.DataFrame:
    """The curve of `diffusion`, year by year, with its confidence band.

    s(t) = 1 / (1 + exp(-y)), with y the height in year t of the line through the logits, or of an end of its 95% band.

    Args:
        market: the market.
        last_year: the year up to which the curve is drawn.

    Returns:
        Figures `diffusion_curve`, `diffusion_low` and `diffusion_high` (shares) of each year from the first share fitted;
        sorted by year.

    Raises:
        MetricError: as `diffusion`, and for a last year before the first share or after 2199.

    Source: that of `diffusion`.
    """
    rows, curve = _curve(claims, market)
    first = _year(rows[0])
    if not first <= last_year <= LAST_YEAR:
        raise MetricError(f"last_year is {last_year}: expected one from {first}, the first share's, to {LAST_YEAR}")
    names = {"curve": "share on the curve", "low": f"lower end of the curve's {LEVEL:.0%} band"}
    names["high"] = names["low"].replace("lower", "upper")
    return figures(
        _of_curve(rows, f"diffusion_{end}", value, "share", (year, year), names[end], [market, str(year)])
        for year in range(first, last_year + 1)
        for end, value in zip(names, (curve.at(year), *curve.confidence(year)), strict=True)
    )


def curves(claims: pl.DataFrame, /, *, markets: Sequence[str], share: float, last_year: int) -> pl.DataFrame:
    """The curves of all markets that one can be fitted to, and when they reach a share.

    s(t) = 1 / (1 + exp(-(a + b * t))), as `diffusion` and `fitted` have it.

    Args:
        markets: the markets, in the order wanted; those with too few shares or falling ones are left out.
        share: the share to be reached, between 0 and 1.
        last_year: the year up to which the curves are drawn.

    Returns:
        The figures of `diffusion`, then those of `fitted`, by market.

    Raises:
        MetricError: as `diffusion` and `fitted`, but not for shares that are too few or do not rise.

    Source: that of `diffusion`.
    """
    able = [market for market in markets if _can_fit(claims, market)]
    reached = [diffusion(claims, market=market, share=share) for market in able]
    return pl.concat([figures([]), *reached, *(fitted(claims, market=market, last_year=last_year) for market in able)])


def trailing(claims: pl.DataFrame, /, *, leader: str, follower: str) -> pl.DataFrame:
    """By how many years one market trails another, read off their reported shares.

    years = Y - X, with Y the follower's latest year, s its share then, and X the first year from which on the leader's
    shares are never below s.

    Args:
        leader, follower: the two markets.

    Returns:
        Figures `follower_latest` and `leader_passed` (their shares in Y and X), `leader_before` (the leader's in the year
        before X, where known), `leader_latest` and `trailing_years` (years; at least so many where the share before is not
        known). None where a market has no share, and where the leader's reaches s after Y or never: the follower is then
        ahead.

    Raises:
        MetricError: where both are the same market.

    Source: claims of the series `plug_in_share_of_sales` with the basis reported.
    """
    if leader == follower:
        raise MetricError(f"{leader!r} is compared with itself: name two markets")
    parts, ahead, behind = [leader, follower], _shares(claims, leader), _shares(claims, follower)
    if not behind:
        return figures([])
    latest = behind[-1]
    below = max((_year(row) for row in ahead if row["value"] < latest["value"]), default=0)
    passed = next((row for row in ahead if below < _year(row) <= _year(latest)), None)
    if passed is None:
        return figures([])
    before = next((row for row in ahead if _year(row) == _year(passed) - 1), None)
    known = {"follower_latest": latest, "leader_passed": passed, "leader_before": before, "leader_latest": ahead[-1]}
    years = derived(
        "trailing_years",
        _year(latest) - _year(passed),
        "years",
        # Where the year before is not known, the leader may have been there earlier.
        raised_by=[passed, before or passed | {"qualifier": "at_least"}],
        lowered_by=[latest],
        label=f"Years by which {latest['market_name']} trails {passed['market_name']}",
        method="the year of the follower's latest share less the first from which on the leader's is never below it",
        about=latest,
        parts=parts,
    )
    return figures([*(direct(row, metric, parts=parts) for metric, row in known.items() if row), years])


def battery_electric_part(claims: pl.DataFrame, /, *, market: str) -> pl.DataFrame:
    """The share of battery-electric cars alone: the plug-in share, divided as the cars sold are.

    part = s * B / (B + P), with s the plug-in share, B the battery-electric cars sold and P the plug-in hybrids.

    Args:
        market: the market.

    Returns:
        Figures `bev_part` (share), one per year for which the publication that gives the share of `adoption` also gives
        both counts, sorted by year; the note says where they are of different editions of it.

    Raises:
        MetricError: where both counts are zero.

    Source: claims of the series `plug_in_share_of_sales`, `bev_annual_sales` and `phev_annual_sales`.
    """
    counts = [_in_years(claims, series_id, market) for series_id in ("bev_annual_sales", "phev_annual_sales")]
    together = same_source(_shares(claims, market), *counts, by=["product_id", "entity_id"])
    return figures(_battery_electric(*rows) for rows in together)


def _printed(claims: pl.DataFrame, markets: Sequence[str], metric: str, basis: str) -> pl.DataFrame:
    shares = (row for market in dict.fromkeys(markets) for row in _shares(claims, market, basis))
    return figures(direct(row, metric, parts=[row["market_id"], str(_year(row))]) for row in shares)


def _shares(claims: pl.DataFrame, market: str, basis: str = "reported") -> list[Row]:
    """One share a year, by year; of several publications' the one published last, which then says so in its note."""
    rows, latest = _in_years(claims, SHARE, market, basis), {}
    for row in sorted(rows, key=lambda row: (_year(row), published(row), row["claim_id"])):
        other = latest.get(_year(row))
        note = other and f"{_year(row)}: taken from {row['source_id']}, published last, rather than from {other['source_id']}."
        latest[_year(row)] = row | {"note": _lines(note, row["note"])}
    return list(latest.values())


def _in_years(claims: pl.DataFrame, series_id: str, market: str, basis: str = "reported") -> list[Row]:
    rows = of_series(claims, series_id, entity_id=market, market_id=market, basis=basis)
    return list(filter(is_of_a_calendar_year, rows))


def _year(row: Row) -> int:
    return row["valid_from"].year


def _lines(*notes: str | None) -> str | None:
    return NOTES.join(filter(None, notes)) or None


def _can_fit(claims: pl.DataFrame, market: str) -> bool:
    try:
        return bool(_curve(claims, market))
    except MetricError:
        return False


def _curve(claims: pl.DataFrame, market: str) -> tuple[list[Row], Logistic]:
    """The shares that a curve is fitted to, and the curve."""
    rows = [row for row in _shares(claims, market) if 0 < row["value"] < 1]
    if len(rows) < MIN_POINTS:
        raise MetricError(f"{market} has {len(rows)} reported shares to fit a curve to: expected {MIN_POINTS} or more")
    curve = fit_logistic([(_year(row), row["value"]) for row in rows])
    if curve.pace <= 0:
        raise MetricError(f"shares of {market} do not rise from {_year(rows[0])} to {_year(rows[-1])}: no curve leads upward")
    return rows, curve


def _of_curve(
    rows: list[Row], metric: str, value: float | None, unit: str, years: tuple, what: str, parts: list[str], note: str = ""
) -> Row:
    """A figure of the curve through `rows`, for the first to the last of `years`."""
    made = derived(
        metric,
        value,
        unit,
        raised_by=rows,
        lowered_by=rows,  # a higher share lifts one end of the curve and lowers the other: no bound of one is a bound of all
        label=f"{what[0].upper()}{what[1:]}: {rows[0]['market_name']}",
        method=f"{what}; {_METHOD}; fitted to {len(rows)} shares, {_year(rows[0])} to {_year(rows[-1])}",
        about=rows[0] | {"valid_from": date(years[0], 1, 1), "valid_to": date(years[1], 12, 31)},
        parts=parts,
        note=_lines(_CAUTION, note),
    )
    return made | {"qualifier": "exact"} if unit == "observations" else made


def _battery_electric(share: Row, bev: Row, phev: Row) -> Row:
    total = bev["value"] + phev["value"]
    if total == 0:
        raise MetricError(f"claims {bev['claim_id']} and {phev['claim_id']} are both zero: bev_part has no value")
    editions = list(dict.fromkeys(row["source_id"] for row in (share, bev, phev)))
    return derived(
        "bev_part",
        share["value"] * bev["value"] / total,
        "share",
        raised_by=[share, bev],
        lowered_by=[phev],
        label=f"Share of battery-electric cars: {share['market_name']}",
        method="the plug-in share times battery-electric cars sold, divided by these and plug-in hybrids sold",
        parts=[share["market_id"], str(_year(share))],
        note=f"Share and counts are of different editions: {', '.join(editions)}." if editions[1:] else "",
    )
