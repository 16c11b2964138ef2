"""What every metric shares: choosing claims, and turning them into rows of figures. No metric is defined here.

A figure is *direct* where it repeats a claim, *derived* where it is computed from some. Derived figures are computed
from claims of one source wherever they test or combine what it says, so that no number mixes two accounts unseen.
"""

from collections.abc import Sequence
from datetime import date

import polars as pl

from analysis.errors import MetricError
from analysis.schema import NOTES, PRINTED
from analysis.units import POINTS_PER_SHARE, period_label

Row = dict

_BOUND = {"at_least": 1, "more_than": 1, "at_most": -1, "less_than": -1}
_STRICT = {"more_than", "less_than"}


def of_series(claims: pl.DataFrame, series_id: str, /, **columns: str) -> list[Row]:
    """The claims that assert something of a series, as rows in the ledger's order.

    Args:
        series_id: the series.
        columns: what other columns must hold, such as `entity_id`, `market_id` or `basis`.
    """
    return claims.filter(series_id=series_id, stance="asserts", **columns).to_dicts()


def by_publication(statements: pl.DataFrame, /) -> pl.DataFrame:
    """Claims or events in the order of publication, those without a day first."""
    return statements.sort("published_date", nulls_last=False, maintain_order=True)


def published(row: Row, /) -> date:
    """The day of publication; before every other where it is not known."""
    return row["published_date"] or date.min


def claim(claims: pl.DataFrame, claim_id: str, /, *, unit: str) -> Row | None:
    """The claim of that name, or none where it is not in force or asserts nothing.

    Raises:
        MetricError: where its unit is not `unit`.
    """
    rows = claims.filter(pl.col("claim_id") == claim_id, pl.col("stance") == "asserts").to_dicts()
    if rows and rows[0]["unit"] != unit:
        raise MetricError(f"claim {claim_id} is in {rows[0]['unit']}: expected one in {unit}")
    return rows[0] if rows else None


def same_source(*groups: list[Row], by: Sequence[str] = ("source_id", "entity_id")) -> list[tuple[Row, ...]]:
    """One claim of each group wherever one source makes them all about one entity; in the first group's order.

    Claims go together where their periods are the same or one of them has none; of several the first printing is taken.

    Args:
        groups: claims to bring together.
        by: the columns that must agree; only `source_id` for claims about different entities.
    """
    first, *others = groups
    found = [(row, *(_first_beside(row, other, by) for other in others)) for row in first]
    return [rows for rows in found if None not in rows]


def _first_beside(row: Row, others: list[Row], by: Sequence[str]) -> Row | None:
    for other in others:
        periods = {(r["valid_from"], r["valid_to"]) for r in (row, other) if r["valid_from"] is not None}
        if all(row[column] == other[column] for column in by) and len(periods) < 2:
            return other
    return None


def printed_together(claims: pl.DataFrame, /, *, model: str, market: str) -> list[tuple[Row, ...]]:
    """A model's share of a market, and its sales since launch, where one source prints both; in the ledger's order."""
    about = {"entity_id": model, "market_id": market}
    return same_source(of_series(claims, "model_share_of_ev_market", **about), of_series(claims, "cumulative_sales", **about))


def counted_together(claims: pl.DataFrame, /, *, model: str, market: str) -> list[tuple[Row, ...]]:
    """A model's sales in a year, and its market's, where one source reports both; by period, undated ones first."""
    mine, whole = (
        of_series(claims, series_id, entity_id=entity_id, market_id=market, basis="reported")
        for series_id, entity_id in (("annual_sales", model), ("bev_annual_sales", market))
    )
    return sorted(same_source(mine, whole, by=["source_id"]), key=lambda pair: str(pair[0]["valid_to"] or ""))


def direct(row: Row, /, metric: str | None = None, *, parts: Sequence[str] = (), note: str = "") -> Row:
    """A claim as a figure: the value and qualifier as printed.

    Args:
        row: the claim.
        metric: the figure's metric; the series where none is given.
        parts: what the figure's id holds beside the metric; entity and market where nothing is given.
        note: added to the claim's own.
    """
    return {
        "figure_id": ".".join([metric or row["series_id"], *(parts or about_parts(row))]),
        "metric": metric or row["series_id"],
        "label": f"{row['series_name']}: {subject_of(row)}",
        **_place(row),
        "value": row["value"],
        "unit": row["unit"],
        "qualifier": _printed_qualifier(row),
        "basis": row["basis"],
        "claim_ids": [row["claim_id"]],
        "method": PRINTED,
        "note": _notes([row], note),
    }


def derived(
    metric: str,
    value: float,
    unit: str,
    /,
    *,
    raised_by: Sequence[Row],
    lowered_by: Sequence[Row] = (),
    label: str,
    method: str,
    about: Row | None = None,
    parts: Sequence[str] = (),
    note: str = "",
) -> Row:
    """A figure computed from claims.

    Args:
        metric: what was computed.
        value, unit: the result.
        raised_by: the claims whose higher value would make the result higher.
        lowered_by: the claims whose higher value would make it lower.
        label: the figure's name in words.
        method: the formula in words.
        about: the claim that says what entity, market and period the figure has; the first one where none is given.
        parts: what the figure's id holds beside the metric; entity and market where nothing is given.
        note: added to the claims' own.
    """
    rows = [*raised_by, *lowered_by]
    about = about or rows[0]
    return {
        "figure_id": ".".join([metric, *(parts or about_parts(about))]),
        "metric": metric,
        "label": label,
        **_place(about),
        "value": value,
        "unit": unit,
        "qualifier": qualifier_of(raised_by, lowered_by),
        "basis": "derived",
        "claim_ids": list(dict.fromkeys(row["claim_id"] for row in rows)),
        "method": method,
        "note": _notes(rows, note),
    }


def quotient(metric: str, above: Row, below: Row, unit: str, /, *, scale: float = 1.0, **names: object) -> Row:
    """A figure that divides one claim by another: scale * above / below; `names` are those of `derived`.

    Raises:
        MetricError: where the claim below is zero.
    """
    if below["value"] == 0:
        raise MetricError(f"claim {below['claim_id']} is zero: {metric} has no value")
    return derived(metric, scale * above["value"] / below["value"], unit, raised_by=[above], lowered_by=[below], **names)


def relative_change(metric: str, now: Row, before: Row, /, **names: object) -> Row:
    """A figure that says how far one claim lies above another: now / before - 1; `names` are those of `derived`.

    Raises:
        MetricError: where the claim before is zero.
    """
    figure = quotient(metric, now, before, "change", **names)
    return figure | {"value": figure["value"] - 1}


def points_between(metric: str, now: Row, before: Row, /, **names: object) -> Row:
    """A figure that says how many points one share lies above another: (now - before) * 100; `names` are those of `derived`."""
    points = (now["value"] - before["value"]) * POINTS_PER_SHARE
    return derived(metric, points, "points", raised_by=[now], lowered_by=[before], **names)


def qualifier_of(raised_by: Sequence[Row], lowered_by: Sequence[Row] = ()) -> str:
    """What the claims' qualifiers leave of a result's exactness.

    Exact claims give an exact result; a bound on one gives a bound on the result, turned round where a higher value
    makes the result lower; anything else, or bounds that pull apart, gives `about`.
    """
    limits = [(_printed_qualifier(row), sign) for rows, sign in ((raised_by, 1), (lowered_by, -1)) for row in rows]
    limits = [(qualifier, sign) for qualifier, sign in limits if qualifier not in ("exact", "by", "from")]
    if not limits:
        return "exact"
    directions = {_BOUND.get(qualifier, 0) * sign for qualifier, sign in limits}
    if directions not in ({1}, {-1}):
        return "about"
    strict = any(qualifier in _STRICT for qualifier, _ in limits)
    return {(1, True): "more_than", (1, False): "at_least", (-1, True): "less_than", (-1, False): "at_most"}[
        directions.pop(), strict
    ]


def period_slug(start: date | None, end: date | None) -> str:
    """A period for use in a figure's id: `2023`, `fiscal-2028`, `not-dated`."""
    return period_label(start, end).replace(" ", "-").lower()


def is_of_a_calendar_year(row: Row, /) -> bool:
    """Whether a claim is about a calendar year: of all periods only these are told by a number alone."""
    return period_slug(row["valid_from"], row["valid_to"]).isdigit()


def _printed_qualifier(row: Row) -> str:
    """A claim's qualifier; a number that is printed as a range is not exact."""
    is_range = row["value_low"] is not None or row["value_high"] is not None
    return "about" if is_range and row["qualifier"] == "exact" else row["qualifier"]


def about_parts(row: Row) -> list[str]:
    """Entity and market; once where the market is the entity."""
    return list(dict.fromkeys([row["entity_id"], row["market_id"]]))


def subject_of(row: Row, /) -> str:
    """Entity and market in words; once where the market is the entity."""
    return ", ".join(dict.fromkeys([row["entity_name"], row["market_name"]]))


def _place(row: Row) -> Row:
    return {
        "entity_id": row["entity_id"],
        "market_id": row["market_id"],
        "period_start": row["valid_from"],
        "period_end": row["valid_to"],
    }


def _notes(rows: Sequence[Row], note: str) -> str | None:
    notes = dict.fromkeys([note, *(row["note"] for row in rows)])
    return NOTES.join(text for text in notes if text) or None
