"""How far markets are along the road: shares by year, on a plain scale and on one where logistic growth runs straight."""

from collections import Counter

import altair as alt
import polars as pl

from analysis.charts.lettering import LINE, width, wrapped
from analysis.charts.marks import End, named, written
from analysis.charts.scales import Scale, logit, percent
from analysis.charts.theme import WIDTH, Row, Shown, headed, layered, noted, tips, told_apart, unchecked
from analysis.charts.years import ticks
from analysis.errors import MetricError
from analysis.exhibits import not_known, source_line
from analysis.ledger import Ledger
from analysis.look import GREY, MANY
from analysis.wording import figure_in_words, fill

_LABEL, _WAY, _BETWEEN, _AXIS = 116, 22, 16, 40
"""Pixels: the widest label at a line's end, the way to it, between the panels, and left of each for its scale."""

_SIGNS = {"adoption": "reported", "adoption_projection": "projected"}
_CURVE = {"diffusion_curve": "share", "diffusion_low": "low", "diffusion_high": "high"}

_FEWEST, _MOST = 0.0005, 0.9995
"""A curve far before or after its points is not followed further than this: a scale that held it would press them flat."""

_TIPS = tips(market="Market", year="Year", shown="Share", sign="Kind")


@unchecked
def adoption(
    observed: pl.DataFrame,
    ledger: Ledger,
    /,
    *,
    title: str,
    subtitle: str,
    projected: pl.DataFrame | None = None,
    curves: pl.DataFrame | None = None,
    **words: str,
) -> Shown:
    """Shares by year, a line for each market, on two scales side by side: percent, and logit.

    logit(s) = log(s / (1 - s)), with s a share: equal steps are equal changes of the odds, and logistic growth is a
    straight line. A share of 0% or 100% has no place on that scale and stands on the other one alone.

    Args:
        observed: figures `adoption` (shares) of up to 8 markets by calendar year; the title may use others of its rows.
        ledger: where names and the source note come from.
        title, subtitle, words: as for `bars`.
        projected: figures `adoption_projection`, drawn hollow; those of markets that are not observed are left out.
        curves: figures `diffusion_curve`, and `diffusion_low` and `diffusion_high` for the band around it.

    Raises:
        MetricError: for figures that are no shares, more than 8 markets, and two shares of one market and year.
    """
    frames = [frame for frame in (observed, projected, curves) if frame is not None]
    finding, missing = fill(title, pl.concat(frames).unique(maintain_order=True), **words)
    shares = observed.filter(pl.col("metric") == "adoption").drop_nulls(["period_start", "value"])
    if missing or shares.is_empty():
        return not_known([finding])
    markets = {market: ledger.name(market) for market in dict.fromkeys(shares["market_id"])}
    used = pl.concat([shares, *(_of(frame, list(markets)) for frame in frames[1:])])
    points, curve = _points(used, markets), _curves(used, markets)
    labels = {name: _end_label(name, points) for name in markets.values()}
    names = {name: [line for line in label if line["bold"]] for name, label in labels.items()}
    gutters = [
        round(max(width(line["text"], bold=line["bold"]) for label in some.values() for line in label))
        for some in (labels, names)
    ]
    ground = (WIDTH - sum(gutters) - 2 * (_AXIS + _WAY) - _BETWEEN) // 2
    height = max(250, sum(LINE * len(label) + 5 for label in labels.values()))
    held = [row["share"] for row in points] + [min(max(row["share"], _FEWEST), _MOST) for row in curve]
    left = _panel(points, curve, percent(held), labels, ground, height)
    right = _panel(points, curve, logit(held), names, ground, height)
    note = noted([key := _key(used), source := source_line(ledger, used)], -_AXIS, height + 34)
    gap = _WAY + gutters[0] + _BETWEEN + _AXIS
    said = "; ".join(
        f"{row['market']} {row['year']}: {row['shown']}{' projected' * (row['sign'] == 'projected')}" for row in points
    )
    heading = headed(finding, subtitle, f"Line chart on a percent and a logit scale. {said}. {key} {source}")
    panels = [layered(*layers, width=ground, height=height) for layers in ([*left, note], right)]
    return Row(hconcat=panels, spacing=gap, bounds="flush", **heading)


def _of(frame: pl.DataFrame, markets: list[str]) -> pl.DataFrame:
    drawn = pl.col("metric").is_in(["adoption_projection", *_CURVE])
    return frame.filter(drawn, pl.col("market_id").is_in(markets)).drop_nulls(["period_start", "value"])


def _points(figures: pl.DataFrame, markets: dict[str, str]) -> list[dict]:
    """The shares observed and projected, market by market and year by year."""
    if set(figures["unit"]) != {"share"}:
        raise MetricError(f"adoption in {', '.join(sorted(set(figures['unit'])))}: expected shares")
    rows = [
        {
            "market": markets[row["market_id"]],
            "year": row["period_start"].year,
            "share": row["value"],
            "shown": figure_in_words(row),
            "figure_id": row["figure_id"],
            "sign": _SIGNS[row["metric"]],
        }
        for market in markets
        for row in figures.filter(pl.col("market_id") == market).sort("period_start", maintain_order=True).to_dicts()
        if row["metric"] in _SIGNS
    ]
    seen = Counter((row["market"], row["year"], row["sign"]) for row in rows)
    for (market, year, _), count in seen.items():
        if count > 1:
            raise MetricError(f"{count} shares of {market} in {year}: a line passes through one")
    return rows


def _curves(figures: pl.DataFrame, markets: dict[str, str]) -> list[dict]:
    """The points of the curves, each with the ends of its band where there is one, market by market and year by year."""
    found: dict[tuple, dict] = {}
    for row in figures.filter(pl.col("metric").is_in(list(_CURVE))).to_dicts():
        here = found.setdefault((row["market_id"], row["period_start"].year), {"share": None, "low": None, "high": None})
        here[_CURVE[row["metric"]]] = min(max(row["value"], 1e-6), 1 - 1e-6)  # 100% to machine precision has no logit
    rows = [
        {"market": name, "year": year, **found[market, year]}
        for market, name in markets.items()
        for year in sorted(year for other, year in found if other == market)
    ]
    return [row for row in rows if row["share"] is not None]


def _end_label(name: str, points: list[dict]) -> list[dict]:
    """What stands at the end of a line: the market, its latest share, and what is projected."""
    lines = [{"text": line, "bold": True} for line in wrapped(name, _LABEL, bold=True)]
    for sign, ink in (("reported", {}), ("projected", {"ink": GREY})):
        last = next((row for row in reversed(points) if row["market"] == name and row["sign"] == sign), None)
        if last:
            lines.append({"text": f"{last['year']}: {last['shown']}", "bold": False, **ink})
    return lines


def _panel(
    points: list[dict], curve: list[dict], scale: Scale, labels: dict[str, list[dict]], ground: int, height: int
) -> list[alt.Chart]:
    """The layers of one of the two charts, with the names of its lines at their ends."""
    years = [row["year"] for row in (*points, *curve)]
    first, last = min(years) - 0.5, max(years) + 0.5  # a year is as wide as all others, the first and last too
    names = list(labels)
    axis = alt.Axis(format="d", values=ticks(first, last, ground), grid=False, labelFlush=False)
    colour, shape = told_apart("market", names, f"adoption of {len(names)} markets")
    encoded = {
        "x": alt.X("year:Q", title=None, axis=axis, scale=alt.Scale(domain=[first, last], nice=False)),
        "y": scale.encoded(),
        "color": colour,
    }
    drawn = [row | {"y": y} for row in points if (y := scale.of(row["share"])) is not None]
    layers = [*_fitted(curve, scale, encoded), *_lines(drawn, encoded, shape)]
    ends = _ends(labels, drawn + curve, scale, ground, height, (first, last))
    layers += named(ends, x=ground + _WAY, height=height)
    layers += written([{"x": -_AXIS, "y": -16, "text": scale.name, "ink": GREY}], size=11, halo=False)
    if not drawn:
        layers += written([{"x": 8, "y": height / 2, "text": "0% and 100% have no place on it", "ink": GREY}], halo=False)
    return layers


def _fitted(curve: list[dict], scale: Scale, encoded: dict) -> list[alt.Chart]:
    """The curves, dashed, each over its band."""
    if not curve:
        return []
    rows = [row | {"y": scale.of(row["share"])} for row in curve]
    line = alt.Chart(pl.DataFrame(rows)).mark_line(strokeDash=[4, 3], strokeWidth=1.5, clip=True).encode(**encoded)
    bands = [row | {end: scale.of(row[end]) for end in ("low", "high")} for row in curve if row["low"] and row["high"]]
    if not bands:
        return [line]
    area = alt.Chart(pl.DataFrame(bands)).mark_area(opacity=0.14, clip=True)
    return [area.encode(**encoded | {"y": scale.encoded("low")}, y2=alt.Y2("high:Q")), line]


def _lines(drawn: list[dict], encoded: dict, shape: alt.Shape) -> list[alt.Chart]:
    """What was reported as lines with points; what is projected as hollow points, with a dotted way to them."""
    reported = [row for row in drawn if row["sign"] == "reported"]
    projected = [row for row in drawn if row["sign"] == "projected"]
    layers = []
    if reported:
        base = alt.Chart(pl.DataFrame(reported)).encode(**encoded, tooltip=_TIPS)
        layers += [base.mark_line(strokeWidth=2.2), base.mark_point(filled=True, opacity=1, size=26).encode(shape=shape)]
    if projected:
        ways = []
        for row in projected:
            before = [o for o in reported if o["market"] == row["market"] and o["year"] < row["year"]]
            ways += [*before[-1:], row]
        way = alt.Chart(pl.DataFrame(ways)).mark_line(strokeDash=[1, 3], strokeWidth=1.5).encode(**encoded)
        base = alt.Chart(pl.DataFrame(projected)).encode(**encoded, tooltip=_TIPS)
        layers += [way, base.mark_point(opacity=1, fill="white", size=64, strokeWidth=2).encode(shape=shape)]
    return layers


def _ends(
    labels: dict[str, list[dict]], drawn: list[dict], scale: Scale, ground: int, height: int, years: tuple[float, float]
) -> list[End]:
    """Where each market's line ends, the curve and what is projected included, and what it is called."""
    last = {row["market"]: row for row in sorted(drawn, key=lambda row: row["year"])}
    return [
        End(
            ground * (last[name]["year"] - years[0]) / (years[1] - years[0]),
            min(max(scale.pixel(last[name]["share"], height), 0.0), height),
            colour,
            lines,
        )
        for (name, lines), colour in zip(labels.items(), MANY, strict=False)
        if name in last
    ]


def _key(figures: pl.DataFrame) -> str:
    """What the signs mean that are not named where they stand."""
    metrics = set(figures["metric"])
    said = [
        ("adoption_projection", "Hollow: projected."),
        ("diffusion_curve", "Dashed: curve fitted to the shares."),
        ("diffusion_low", "Shaded: the band around it."),
    ]
    return " ".join(words for metric, words in said if metric in metrics)
