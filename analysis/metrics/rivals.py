"""Nissan beside its rivals: sales by year, battery-electric and plug-in hybrid apart, and targets with their revisions.

Only counts with one definition stand side by side: cars sold worldwide in a calendar year. What a source counts
otherwise is not converted; it is named, with the reason why it is not compared.
"""

from collections.abc import Mapping, Sequence

import polars as pl

from analysis.metrics.chains import chains, given_up
from analysis.metrics.derive import (
    Row,
    about_parts,
    direct,
    is_of_a_calendar_year,
    of_series,
    period_slug,
    points_between,
    published,
    relative_change,
)
from analysis.schema import figures
from analysis.units import period_label

KINDS = {"bev_annual_sales": "bev_sales", "phev_annual_sales": "phev_sales"}
"""Series of sales that are compared -> the metric of their figures."""

_CARS = {"bev_annual_sales": "battery-electric", "phev_annual_sales": "plug-in hybrid"}
_OTHER_COUNTS = {
    "nev_annual_sales": "commercial vehicles are counted too",
    "annual_sales": "vehicles of every powertrain are counted",
}
_BATTERY_ELECTRIC_ONLY = {"tesla"}
"""Companies of whose cars none is a plug-in hybrid; the notes of their claims say so."""

_EVERYWHERE = "global"


def sales(
    claims: pl.DataFrame, /, *, companies: Sequence[str], market: str = _EVERYWHERE, is_latest: bool = False
) -> pl.DataFrame:
    """Electric cars sold by each company in each calendar year, as printed.

    Args:
        companies: the companies, in the order wanted.
        market: where they were sold.
        is_latest: only the last year of each company and kind.

    Returns:
        Figures `bev_sales` and `phev_sales` (vehicles), one per company, kind and calendar year; where several sources
        count the same year, the one published last. Sorted by company, kind and year.

    Source: claims of the series `bev_annual_sales` and `phev_annual_sales` with the basis reported, as printed.
    """
    made = []
    for company in companies:
        for series_id, metric in KINDS.items():
            rows = of_series(claims, series_id, entity_id=company, market_id=market, basis="reported")
            rows = sorted(filter(is_of_a_calendar_year, rows), key=published)
            latest = {row["valid_to"].year: row for row in rows}
            years = sorted(latest)[-1:] if is_latest else sorted(latest)
            label = {"label": f"{rows[0]['entity_name']}: {_CARS[series_id]} cars sold"} if rows else {}
            made += [direct(latest[year], metric, parts=[company, market, str(year)]) | label for year in years]
    return figures(made)


def growth(sales: pl.DataFrame, claims: pl.DataFrame, /) -> pl.DataFrame:
    """How much the last count of each company and kind is above or below the one of the year before.

    change = b / a - 1, with a and b the counts of two successive calendar years.

    Args:
        sales: figures of `sales`.
        claims: the claims they were made from.

    Returns:
        Figures `sales_change` (relative change), one per company and kind whose last two years follow each other.

    Source: the claims of `sales`.
    """
    rows = {row["claim_id"]: row for row in claims.to_dicts()}
    made = []
    for group in sales.partition_by("entity_id", "market_id", "metric", maintain_order=True):
        counts = [rows[ids[0]] for ids in group.sort("period_end")["claim_ids"]][-2:]
        if len(counts) < 2 or counts[1]["valid_to"].year - counts[0]["valid_to"].year != 1 or counts[0]["value"] == 0:
            continue
        before, last = counts
        made.append(
            relative_change(
                "sales_change",
                last,
                before,
                label=f"Change on the year before: {last['series_name']}, {last['entity_name']}",
                method="the last year's count divided by that of the year before, less one",
                parts=[last["entity_id"], group["metric"].first(), last["market_id"]],
            )
        )
    return figures(made)


def not_compared(claims: pl.DataFrame, /, *, companies: Mapping[str, str]) -> pl.DataFrame:
    """What is not set side by side, and why.

    Args:
        companies: company -> its name.

    Returns:
        One row per company and count that is left out, with `company`, `what`, `why` and `claim_ids`, as printed by its
        sources; and one per company of which no count is held at all.

    Source: claims of the series of sales whose definition, market or period is another than in `sales`.
    """
    rows = []
    for company, name in companies.items():
        for series_id, why in _OTHER_COUNTS.items():
            found = of_series(claims, series_id, entity_id=company, basis="reported")
            if found:
                rows.append((name, found[0]["series_name"], why, [row["claim_id"] for row in found]))
        for series_id in KINDS:
            counts = of_series(claims, series_id, entity_id=company, basis="reported")
            odd = [row for row in counts if row["market_id"] != _EVERYWHERE or not is_of_a_calendar_year(row)]
            if odd:
                where = dict.fromkeys(f"{row['market_name']} {period_label(row['valid_from'], row['valid_to'])}" for row in odd)
                why = f"of single markets or other periods: {', '.join(where)}"
                rows.append((name, odd[0]["series_name"], why, [row["claim_id"] for row in odd]))
            if not counts:
                makes_none = series_id == "phev_annual_sales" and company in _BATTERY_ELECTRIC_ONLY
                why = "it makes none, by its sources" if makes_none else "no count by calendar year has been found"
                rows.append((name, f"Sales of {_CARS[series_id]} cars", why, []))
    schema = {"company": pl.String, "what": pl.String, "why": pl.String, "claim_ids": pl.List(pl.String)}
    return pl.DataFrame(rows, schema=schema, orient="row")


def target_revisions(claims: pl.DataFrame, /, *, companies: Sequence[str]) -> pl.DataFrame:
    """Each company's targets: as promised first, as printed last, and by how much they were changed.

    revision of shares = (last - first) * 100 in points, of anything else = last / first - 1.

    Args:
        companies: the companies and what belongs to them, in the order wanted.

    Returns:
        Figures `first_aim`, and where a later source printed another number, `last_aim` and `aim_revision` (points or
        relative change; none where the first is zero or in another currency); a target that was given up has `abandoned_aim`
        instead of a last one. By company, then due date.

    Source: claims with the basis target; pledged investments are in `analysis.metrics.investments`.
    """
    made: list[Row] = []
    for company in companies:
        for chain in chains(claims, is_date=False, bases=["target"], entity_ids=[company]):
            first, last = chain.first, chain.last
            parts = [first["series_id"], *about_parts(first), period_slug(last["valid_from"], last["valid_to"])]
            made.append(direct(first, "first_aim", parts=parts))
            if chain.end:
                method = "the number printed last before a source said that it was given up"
                made.append(given_up(chain, "abandoned_aim", parts=parts, method=method))
            elif (last["value"], last["unit"]) != (first["value"], first["unit"]):
                made.append(direct(last, "last_aim", parts=parts))
                if last["unit"] != first["unit"] or not first["value"]:
                    continue
                label = f"Revision: {last['series_name']}, {last['entity_name']}"
                is_share = last["unit"] == "share"
                difference = points_between if is_share else relative_change
                way = "less {}, in percentage points" if is_share else "divided by {}, less one"
                method = f"the number printed last {way.format('the one printed first')}"
                made.append(difference("aim_revision", last, first, label=label, method=method, parts=parts))
    return figures(made)
