"""Batteries: what they are to cost against what packs cost, supply against need, and when solid-state ones are to come.

Prices are kept with the survey that printed them: every survey restates earlier years in dollars of its own.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from math import exp, log

import polars as pl

from analysis.errors import MetricError
from analysis.metrics.chains import chains
from analysis.metrics.derive import (
    Row,
    about_parts,
    by_publication,
    claim,
    derived,
    direct,
    of_series,
    published,
    quotient,
    relative_change,
    same_source,
)
from analysis.metrics.trend import LEVEL, fit_line
from analysis.schema import INTENT, figures
from analysis.units import KWH_PER_GWH, MONTHS_PER_YEAR, months_between

_COST = "battery_cost"
_ABOUT = {"qualifier": "about"}


def pack_prices(vintages: pl.DataFrame, /, *, series_id: str = "battery_pack_price") -> pl.DataFrame:
    """Every published price of a battery pack, by the year it is of and the survey that prints it.

    Args:
        vintages: the claims of every edition, as the ledger has them.
        series_id: whose prices; those of all packs, or `bev_pack_price` for electric cars.

    Returns:
        Figures `pack_price` (USD per kWh), one per year and survey, sorted by both.

    Source: claims of the series, as printed.
    """
    rows = [row for row in of_series(vintages, series_id) if row["valid_from"] is not None]
    rows.sort(key=lambda row: (row["valid_from"], published(row)))
    return figures(
        direct(row, "pack_price", parts=[row["entity_id"], str(row["valid_from"].year), row["claim_id"]]) for row in rows
    )


def price_trend(
    claims: pl.DataFrame, /, *, first_year: int, last_year: int, series_id: str = "battery_pack_price"
) -> pl.DataFrame:
    """The fall of pack prices as a steady rate, carried forward, with its uncertainty.

    price(t) = exp(a + b * t), fitted as a straight line ln(price) = a + b * t by least squares to the prices of the years
    from `first_year`, each as the latest survey prints it.

    Args:
        first_year: the first year that is fitted.
        last_year: the last year that the line is carried to.
        series_id: whose prices.

    Returns:
        For each year from the first price used to `last_year` the figures `price_trend`, `price_low` and `price_high` (USD
        per kWh; the ends of the prediction interval for a single year's price at 95%), and `price_pace` (relative change
        a year); none where fewer than four prices are known.

    Raises:
        MetricError: where a price is zero: it has no logarithm.

    Source: ordinary least squares on logarithms; the interval is that of a new observation, with Student's t.
    """
    rows = [row for row in _prices(claims, series_id) if row["valid_from"].year >= first_year]
    rows = sorted({row["valid_from"].year: row for row in rows}.values(), key=lambda row: row["valid_from"])
    if len(rows) < 4:
        return figures([])
    for row in rows:
        if row["value"] <= 0:
            raise MetricError(f"claim {row['claim_id']} gives a price of {row['value']:g}: no rate leads to or from it")
    rows = [row | {"note": None} for row in rows]  # what is known of one price is told with that price
    line = fit_line([(row["valid_from"].year, log(row["value"])) for row in rows])
    years = f"{rows[0]['valid_from'].year} to {rows[-1]['valid_from'].year}"
    method = f"a steady yearly rate, fitted by least squares to the logarithms of {len(rows)} prices, {years}"
    note = "Prices of several surveys, each in dollars of its year. No forecast: the line says how far their rate would lead."
    about = rows[0]

    def figure(metric: str, value: float, unit: str, label: str, method: str, parts: Sequence[str] = ()) -> Row:
        label = f"{label}: {about['entity_name']}"
        return derived(metric, value, unit, raised_by=rows, label=label, method=method, parts=parts, note=note)

    made = []
    for year in range(about["valid_from"].year, last_year + 1):
        parts, of_year = [str(year), *about_parts(about)], {"period_start": date(year, 1, 1), "period_end": date(year, 12, 31)}
        label = "Pack price at the rate of these years"
        made.append(figure("price_trend", exp(line.at(year)), "USD_per_kWh", label, method, parts) | of_year | _ABOUT)
        for metric, value, end in zip(("price_low", "price_high"), line.prediction(year), ("lower", "upper"), strict=True):
            label, interval = f"{end.capitalize()} end of the interval", f"{end} end of the {LEVEL:.0%} prediction interval"
            made.append(figure(metric, exp(value), "USD_per_kWh", label, f"{method}; {interval}", parts) | of_year)
    pace = figure("price_pace", exp(line.slope) - 1, "per_year", "Yearly change of the price", method)
    return figures([*made, pace | {"period_end": rows[-1]["valid_to"]} | _ABOUT])


def cost_gap(claims: pl.DataFrame, /, *, target_entity: str, series_id: str = "battery_pack_price") -> pl.DataFrame:
    """How far the last published pack price lies above the cost that a technology is to reach.

    change = b / a - 1, with a the last price and b the target.

    Args:
        target_entity: the technology whose dated cost target is meant, as printed last and not given up.
        series_id: whose prices.

    Returns:
        Figures `last_price` and `cost_target` (USD per kWh) and `price_to_target` (relative change); none where one is
        not known. A price of packs and a cost that may be one of cells are compared only in size.

    Raises:
        MetricError: where the last price is zero.

    Source: claims of the series `battery_pack_price` and `battery_cost`.
    """
    prices = sorted(_prices(claims, series_id), key=lambda row: row["valid_to"])
    costs = chains(claims.filter(pl.col("series_id") == _COST), is_date=False, bases=["target"], entity_ids=[target_entity])
    aims = sorted((chain.last for chain in costs if chain.last["valid_to"] and not chain.end), key=published)
    made = []
    for price, aim in zip(prices[-1:], aims[-1:], strict=False):
        made = [
            direct(price, "last_price"),
            direct(aim, "cost_target"),
            relative_change(
                "price_to_target",
                aim,
                price,
                label=f"From the last pack price to the target: {aim['entity_name']}",
                method="the target divided by the last published price, less one",
            ),
        ]
    return figures(made)


def cost_step(claims: pl.DataFrame, /, *, entity_id: str) -> pl.DataFrame:
    """The fall in battery cost from a dated target to the one that a source puts after it.

    change = b / a - 1, with a the dated cost and b the later, undated one of the same source.

    Args:
        entity_id: the battery technology.

    Returns:
        Figures `battery_cost` (USD per kWh, both) and `battery_cost_change` (relative change); none where no source
        prints both.

    Raises:
        MetricError: where the dated cost is zero.

    Source: claims of the series `battery_cost`.
    """
    costs = of_series(claims, _COST, entity_id=entity_id)
    dated, later = ([c for c in costs if (c["valid_to"] is None) == undated] for undated in (False, True))
    made = []
    for a, b in same_source(dated, later)[:1]:
        if a["value"] == 0:
            raise MetricError(f"claim {a['claim_id']} gives a cost of zero: no change from it can be told")
        made = [
            direct(a, parts=[entity_id, "dated"]),
            direct(b, parts=[entity_id, "later"]),
            relative_change(
                "battery_cost_change",
                b,
                a,
                label=f"Fall in battery cost: {a['entity_name']}",
                method="the later cost divided by the dated one, less one",
                about=a,
            ),
        ]
    return figures(made)


def energy_per_vehicle(claims: pl.DataFrame, /, *, entity_id: str) -> pl.DataFrame:
    """The battery energy that a supply leaves for each vehicle it is for, by every source that prints both.

    kWh per vehicle = e * 1,000,000 / n, with e the supply in GWh and n the vehicles of one source.

    Args:
        entity_id: the agreement.

    Returns:
        Figures `energy_per_vehicle` (kWh), one per source; none where no source prints both.

    Raises:
        MetricError: where the vehicles are zero.

    Source: claims of the series `battery_supply` and `battery_supply_vehicles`.
    """
    supplies = of_series(claims, "battery_supply", entity_id=entity_id)
    pairs = same_source(supplies, of_series(claims, "battery_supply_vehicles", entity_id=entity_id))
    return figures(
        quotient(
            "energy_per_vehicle",
            energy,
            vehicles,
            "kWh",
            scale=KWH_PER_GWH,
            label=f"Battery energy per vehicle: {energy['entity_name']}",
            method="battery supply in kWh divided by the vehicles it is for",
            parts=[entity_id, energy["claim_id"]],
        )
        for energy, vehicles in pairs
    )


def supply_against_need(claims: pl.DataFrame, /, *, supply_id: str, goal_id: str) -> pl.DataFrame:
    """What a supply agreement brings in a year as one source tells it, and how much of a capacity goal this is.

    supply a year = e / n, with e the energy of the whole agreement and n its years; part = supply a year / c, with c the
    capacity aimed at.

    Args:
        supply_id: the claim of the supply, in GWh and with a period.
        goal_id: the claim of the capacity aimed at, in GWh a year.

    Returns:
        Figures `whole_supply` (GWh), `supply_a_year` (GWh a year) and, where the goal is known, `capacity_goal` (GWh a
        year) and `supply_part` (share); none where the supply is not known. A capacity that makes cells and a supply that
        is bought are of two kinds: the part says how large one is beside the other. The ids end with `supply_id`, that of
        the goal with `goal_id`.

    Raises:
        MetricError: where a claim is in another unit, the supply has no period or one of less than a month, or the goal is
            zero.

    Source: the two claims.
    """
    whole, goal = claim(claims, supply_id, unit="GWh"), claim(claims, goal_id, unit="GWh_per_year")
    if whole is None:
        return figures([])
    if whole["valid_from"] is None:
        raise MetricError(f"claim {supply_id} has no period: a supply in a year cannot be told from it")
    years = months_between(whole["valid_from"], whole["valid_to"] + timedelta(days=1)) / MONTHS_PER_YEAR
    if not years:
        raise MetricError(f"claim {supply_id} is of less than a month: a supply in a year cannot be told from it")
    a_year = derived(
        "supply_a_year",
        whole["value"] / years,
        "GWh_per_year",
        raised_by=[whole],
        label=f"Battery supply in a year: {whole['entity_name']}",
        method="the energy of the whole agreement divided by its years",
        parts=[supply_id],
    )
    made = [direct(whole, "whole_supply", parts=[supply_id]), a_year]
    if goal is not None:
        label = f"Supply in a year beside the goal: {goal['entity_name']}, {goal['market_name']}"
        method = "the supply in a year divided by the capacity aimed at"
        yearly = {**whole, "value": a_year["value"]}
        part = quotient("supply_part", yearly, goal, "share", label=label, method=method, parts=[supply_id])
        made += [direct(goal, "capacity_goal", parts=[goal_id]), part]
    return figures(made)


def solid_state(claims: pl.DataFrame, /, *, entity_ids: Sequence[str]) -> pl.DataFrame:
    """When each maker means to have solid-state batteries in vehicles, as printed last and not given up since.

    Args:
        entity_ids: the vehicles and lines, in the order wanted.

    Returns:
        Figures `solid_state_date` (no value: the period is the content), one per entity.

    Source: claims of the series `launch`, `start_of_production` and `start_of_operation`, as printed.
    """
    series = ("launch", "start_of_production", "start_of_operation")
    said = claims.filter(pl.col("series_id").is_in(series), pl.col("stance") != "denies").drop_nulls("published_date")
    made = []
    for entity_id in entity_ids:
        last = said.filter(entity_id=entity_id).pipe(by_publication).tail(1).to_dicts()
        made += [direct(row, "solid_state_date") for row in last if row["stance"] == "asserts"]
    return figures(made)


def _prices(claims: pl.DataFrame, series_id: str) -> list[Row]:
    """The dated prices of a series, without plans and forecasts, in the order of publication."""
    rows = [row for row in of_series(claims, series_id) if row["valid_from"] and row["basis"] not in (*INTENT, "forecast")]
    return sorted(rows, key=published)
