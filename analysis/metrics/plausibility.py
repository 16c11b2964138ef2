"""Figures that test claims against each other: what must be true of one if the other is."""

import polars as pl

from analysis.errors import MetricError
from analysis.metrics.derive import counted_together, derived, direct, of_series, printed_together, quotient, same_source
from analysis.schema import figures
from analysis.units import KWH_PER_GWH


def energy_per_vehicle(claims: pl.DataFrame, /, *, entity_id: str) -> pl.DataFrame:
    """The battery energy that a supply leaves for each vehicle it is for.

    kWh per vehicle = e * 1,000,000 / n, with e the supply in GWh and n the vehicles of one source.

    Args:
        entity_id: the agreement.

    Returns:
        One figure `energy_per_vehicle` (kWh); none where no source prints both.

    Raises:
        MetricError: where the vehicles are zero.

    Source: claims of the series `battery_supply` and `battery_supply_vehicles`.
    """
    made = []
    supplies = of_series(claims, "battery_supply", entity_id=entity_id)
    for energy, vehicles in same_source(supplies, of_series(claims, "battery_supply_vehicles", entity_id=entity_id))[:1]:
        label = f"Battery energy per vehicle: {energy['entity_name']}"
        method = "battery supply in kWh divided by the vehicles it is for"
        made = [quotient("energy_per_vehicle", energy, vehicles, "kWh", scale=KWH_PER_GWH, label=label, method=method)]
    return figures(made)


def spare_capacity(claims: pl.DataFrame, /, *, plant: str) -> pl.DataFrame:
    """The vehicles a plant makes and could make besides, by one source's capacity and utilisation.

    used = c * u and spare = c * (1 - u), with c the capacity in vehicles a year and u the utilisation (0 to 1).

    Args:
        plant: the plant's entity.

    Returns:
        Figures `capacity_utilisation` (share), `production_capacity`, `used_capacity` and `spare_capacity` (vehicles a
        year), in this order; none where no source prints both. Spare capacity is negative above full use.

    Source: claims of the series `production_capacity` and `capacity_utilisation`.
    """
    made = []
    capacities = of_series(claims, "production_capacity", entity_id=plant)
    for capacity, used in same_source(capacities, of_series(claims, "capacity_utilisation", entity_id=plant))[:1]:
        made = [
            direct(used),
            direct(capacity),
            derived(
                "used_capacity",
                capacity["value"] * used["value"],
                "vehicles_per_year",
                raised_by=[capacity, used],
                label=f"Capacity used: {capacity['entity_name']}",
                method="capacity times utilisation",
                about=used,
            ),
            derived(
                "spare_capacity",
                capacity["value"] * (1 - used["value"]),
                "vehicles_per_year",
                raised_by=[capacity],
                lowered_by=[used],
                label=f"Capacity to spare: {capacity['entity_name']}",
                method="capacity times one less utilisation",
                about=used,
            ),
        ]
    return figures(made)


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
    counted = counted_together(claims, model=model, market=market)[-1:]
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
    costs = of_series(claims, "battery_cost", entity_id=entity_id)
    dated, later = ([c for c in costs if (c["valid_to"] is None) == undated] for undated in (False, True))
    made = []
    for a, b in same_source(dated, later)[:1]:
        if a["value"] == 0:
            raise MetricError(f"claim {a['claim_id']} gives a cost of zero: no change from it can be told")
        made = [
            direct(a, parts=[entity_id, "dated"]),
            direct(b, parts=[entity_id, "later"]),
            derived(
                "battery_cost_change",
                b["value"] / a["value"] - 1,
                "change",
                raised_by=[b],
                lowered_by=[a],
                label=f"Fall in battery cost: {a['entity_name']}",
                method="the later cost divided by the dated one, less one",
                about=a,
            ),
        ]
    return figures(made)
