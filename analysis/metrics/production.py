"""Production: what plants can make, what they use of it, what is to be cut, and where they lie. Dates are in targets."""

from datetime import date

import polars as pl

from analysis.metrics.chains import chains
from analysis.metrics.derive import Row, by_publication, derived, direct, of_series, published, relative_change, same_source
from analysis.schema import INTENT, figures

STATES = {
    "in_operation": "in operation",
    "in_production": "in operation",
    "under_construction": "planned",
    "planned": "planned",
    "cancelled": "plan given up",
    "ended": "closed",
}
"""Stage of an event -> what it says of a plant."""

_START = ("start_of_production", "start_of_operation", "unveiling")
_OVER = ("cancelled", "ended")
_UNSEEN = (*INTENT, "forecast")
_OUTPUT = ("production_capacity", "capacity_utilisation", "battery_capacity", "annual_production", "cumulative_production")


def cut(claims: pl.DataFrame, /, *, series_id: str, entity_id: str) -> pl.DataFrame:
    """What a company has of something that it means to have less of, and how much less.

    change = b / a - 1, with a what is reported and b the target.

    Args:
        series_id: what is to be cut, such as `production_capacity` or `plants`.
        entity_id: the company.

    Returns:
        Figures `<series_id>_now`, `<series_id>_target` (in the series' unit) and `<series_id>_cut` (relative change),
        from the target printed last and not given up, and what was reported last of the same market; none where one of
        them is not known.

    Raises:
        MetricError: where what is reported is zero.

    Source: claims of the series with the basis reported, and with the basis target.
    """
    said = claims.filter(series_id=series_id).pipe(by_publication)
    aims = [chain.last for chain in chains(said, is_date=False, bases=["target"], entity_ids=[entity_id]) if not chain.end]
    wanted = sorted(aims, key=published)[-1:]
    reported = [
        row
        for wants in wanted
        for row in of_series(said, series_id, entity_id=entity_id, market_id=wants["market_id"], basis="reported")
        if row["unit"] == wants["unit"]
    ]
    made = []
    for has, wants in zip(reported[-1:], wanted, strict=False):
        made = [
            direct(has, f"{series_id}_now"),
            direct(wants, f"{series_id}_target"),
            relative_change(
                f"{series_id}_cut",
                wants,
                has,
                label=f"To be cut: {wants['series_name']}, {wants['entity_name']}",
                method="the target divided by what is reported, less one",
            ),
        ]
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
                # Above full use a larger plant is short of more vehicles.
                raised_by=[capacity] if used["value"] <= 1 else [],
                lowered_by=[used] if used["value"] <= 1 else [capacity, used],
                label=f"Capacity to spare: {capacity['entity_name']}",
                method="capacity times one less utilisation",
                about=used,
            ),
        ]
    return figures(made)


def places(claims: pl.DataFrame, events: pl.DataFrame, entities: pl.DataFrame, /) -> pl.DataFrame:
    """The plants whose place is known, and how far each has come, by the claims and events in force.

    Args:
        events, entities: those of the same view of the ledger.

    Returns:
        One row per plant with a place that any claim or event speaks of, in the ledger's order: `name`, `latitude`,
        `longitude` (degrees), `state` (in operation, planned, plan given up, closing, closed) and `claim_ids`, the claims and
        events that say so, as printed.

    Source: the last event of each plant; claims of its start or end, and of its capacity or output.
    """
    rows = []
    for plant in entities.filter(pl.col("latitude").is_not_null()).iter_rows(named=True):
        of_plant = (frame.filter(entity_id=plant["entity_id"]).pipe(by_publication) for frame in (claims, events))
        if found := _state(*(frame.to_dicts() for frame in of_plant)):
            rows.append((plant["name"], plant["latitude"], plant["longitude"], *found))
    schema = {"name": pl.String, "latitude": pl.Float64, "longitude": pl.Float64, "state": pl.String}
    return pl.DataFrame(rows, schema=schema | {"claim_ids": pl.List(pl.String)}, orient="row")


def _state(claims: list[Row], events: list[Row]) -> tuple[str, list[str]] | None:
    """What is known of a plant: its end before its start, a report before a plan, and of each the last word."""
    asserted = [row for row in claims if row["stance"] == "asserts"]
    starts = [row for row in claims if row["series_id"] in _START and row["stance"] != "denies"]
    given_up = [row for row in starts if row["stance"] == "withdraws" and published(row) >= published(starts[-1])]
    closing = [row for row in claims if row["series_id"] == "end_of_production" and row["stance"] != "denies"][-1:]
    reported = [row for row in asserted if row["series_id"] in (*_START, *_OUTPUT) and row["basis"] not in _UNSEEN]
    staged = [row for row in events if row["stage"] in STATES and row["published_date"] and row["stance"] == "asserts"]
    since = max(map(published, reported), default=date.min)
    ended = [row for row in staged[-1:] if row["stage"] in _OVER and published(row) >= since]
    for rows, state in ((given_up, "plan given up"), ([row for row in closing if row in asserted], "closing")):
        if rows:
            return state, [rows[-1]["claim_id"]]
    if reported and not ended:
        return "in operation", [reported[-1]["claim_id"]]
    if staged:
        return STATES[staged[-1]["stage"]], [staged[-1]["event_id"]]
    return ("planned", [starts[-1]["claim_id"]]) if starts else None
