"""Investments: each amount once, in its own currency and in dollars at a stated rate, and what it buys.

One pledge printed in two currencies is one amount: a source's own conversion is another series and is never added.
One pledge printed by several sources is one amount too: amounts are told apart by what they are for.
"""

from collections.abc import Sequence
from math import fsum

import polars as pl

from analysis.errors import MetricError
from analysis.metrics.derive import (
    Row,
    claim,
    derived,
    direct,
    of_series,
    published,
    qualifier_of,
    quotient,
    same_source,
    subject_of,
)
from analysis.schema import figures
from analysis.units import period_label

HOME = "USD"

_BUYS = {
    "jobs": ("jobs", "USD_per_job", "job"),
    "battery_supply": ("GWh", "USD_per_GWh", "GWh of battery"),
    "battery_supply_vehicles": ("vehicles", "USD_per_vehicle", "vehicle"),
}
"""Series that an amount may be divided by -> its unit, the result's unit, the word for one."""


def amounts(claims: pl.DataFrame, /, *, rate_id: str, entity_ids: Sequence[str] | None = None) -> pl.DataFrame:
    """Each investment as stated, and in dollars.

    dollars = yen / r, with r the exchange rate in yen per dollar; an amount in dollars is taken as it is.

    Args:
        rate_id: the claim of the exchange rate, in JPY_per_USD.
        entity_ids: what the investments are for; everything where nothing is named.

    Returns:
        Figures `investment` (in the currency it was stated in) and `investment_usd` (USD), one each per purpose and
        distinct amount, largest in dollars first; the claims of all sources that print the same amount are cited
        together, and a limit that a dated one of them sets ("at least") holds, or that of undated ones where no dated one
        prints it. The id ends with the first of these claims. There is no `investment_usd` of a yen amount where the rate
        is not known, nor of an amount in another currency.

    Raises:
        MetricError: where `rate_id` is no exchange rate in yen per dollar, or is zero.

    Source: claims of the series `investment` and `exchange_rate`.
    """
    rate = claim(claims, rate_id, unit="JPY_per_USD")
    pairs = []
    for printings in _pledges(claims):
        row = printings[0]
        if entity_ids is not None and row["entity_id"] not in entity_ids:
            continue
        ids, limited = [other["claim_id"] for other in printings], row | {"qualifier": qualifier_of(_limiting(printings))}
        # The claim stands in the id: another source may print another amount for the same purpose.
        parts = [row["entity_id"], row["market_id"], row["claim_id"]]
        label = f"{row['series_name']} in dollars: {subject_of(row)}"
        dollars = _converted(limited, rate, HOME, "investment_usd", label, parts)
        if dollars:
            dollars |= {"claim_ids": list(dict.fromkeys([*ids, *dollars["claim_ids"]]))}
        pairs.append((direct(limited, parts=parts) | {"claim_ids": ids}, dollars))
    pairs.sort(key=lambda pair: -(pair[1]["value"] if pair[1] else 0))
    return figures(row for pair in pairs for row in pair if row is not None)


def total(claims: pl.DataFrame, /, *, entity_ids: Sequence[str]) -> pl.DataFrame:
    """The sum of dollar investments for different purposes, each counted once.

    total = sum of a over the purposes, with a the one amount that sources print of each.

    Args:
        entity_ids: what the investments are for. Whether they overlap is the caller's knowledge, not the ledger's.

    Returns:
        One figure `investment_total` (USD); none where an amount is not known.

    Raises:
        MetricError: where a purpose is named twice, sources disagree about its amount, or it is not in dollars.

    Source: claims of the series `investment`.
    """
    if len(set(entity_ids)) != len(entity_ids):
        raise MetricError(f"an investment is named twice among {', '.join(entity_ids)}: it would be added twice")
    if not entity_ids:
        return figures([])
    pledges = [printings for printings in _pledges(claims) if printings[0]["entity_id"] in entity_ids]
    for entity_id in entity_ids:
        mine = [printings for printings in pledges if printings[0]["entity_id"] == entity_id]
        if not mine:
            return figures([])
        if len(mine) > 1:
            values = ", ".join(f"{p[0]['value']:g} {p[0]['unit']} ({p[0]['claim_id']})" for p in mine)
            raise MetricError(f"sources disagree about the investment in {entity_id}: {values}; it cannot be one term of a sum")
        if mine[0][0]["unit"] != HOME:
            raise MetricError(f"the investment in {entity_id} is in {mine[0][0]['unit']}: only amounts in {HOME} are added")
    return figures(
        [
            derived(
                "investment_total",
                fsum(printings[0]["value"] for printings in pledges),
                HOME,
                raised_by=[row for printings in pledges for row in printings],
                label="Investments together: " + " and ".join(printings[0]["entity_name"] for printings in pledges),
                method="sum of the amounts, each purpose once, however often it is printed",
                parts=list(entity_ids),
            )
            | {"qualifier": qualifier_of([row for printings in pledges for row in _limiting(printings)])}
        ]
    )


def pledges(
    claims: pl.DataFrame, entities: pl.DataFrame, /, *, entity_ids: Sequence[str], currency: str, rate_id: str
) -> pl.DataFrame:
    """Investments one after another, what was given up of them, and what is left; no pledge counted twice.

    standing = sum of a - sum of w, with a the amount printed last for each purpose and w that of each purpose that a source
    says was given up, in one currency: yen = dollars * r and dollars = yen / r, with r the exchange rate.

    Args:
        entities: those of the same view of the ledger.
        entity_ids: what the investments are for, in the order wanted. Those without a known amount, or with one in a
            currency to which no rate is held, are left out.
        currency: USD or JPY.
        rate_id: the claim of the exchange rate, in JPY_per_USD.

    Returns:
        Figures `pledged` for each purpose, `withdrawn_pledge` (below zero) for each that was given up, and `standing`, all
        in `currency`; none where no amount is known.

    Raises:
        MetricError: where a purpose is named twice or is part of another one named (it would be added twice), the currency
            is neither USD nor JPY, or `rate_id` is no such rate.

    Source: claims of the series `investment` and `exchange_rate`.
    """
    if currency not in (HOME, "JPY"):
        raise MetricError(f"currency is {currency!r}: expected USD or JPY, the ones that an exchange rate is held for")
    _check_apart(entities, entity_ids)
    rate = claim(claims, rate_id, unit="JPY_per_USD")
    rises, falls = [], []
    for entity_id in entity_ids:
        rows = of_series(claims, "investment", entity_id=entity_id)
        newest = max(rows, key=published, default=None)
        same = [row for row in rows if newest and (row["value"], row["unit"]) == (newest["value"], newest["unit"])]
        # What was printed first tells the amount itself: those after it repeat it.
        last = min((row for row in same if row["published_date"]), key=published, default=newest)
        amount = last and _converted(last, rate, currency, "pledged", f"Pledged: {last['entity_name']}", [entity_id])
        if amount is None:
            continue
        rises.append(amount)
        end = _end(claims, newest)
        if end is not None:
            falls.append(
                amount
                | {
                    "figure_id": f"withdrawn_pledge.{entity_id}",
                    "metric": "withdrawn_pledge",
                    "label": f"Given up: {last['entity_name']}",
                    "value": -amount["value"],
                    "qualifier": qualifier_of([], [_limits(amount)]),
                    "basis": "derived",
                    "claim_ids": [*amount["claim_ids"], end["claim_id"]],
                    "method": "the amount pledged, taken away since a source says that it was given up",
                }
            )
    if not rises:
        return figures([])
    cited = [
        row for amount in (*rises, *falls) for row in claims.filter(pl.col("claim_id").is_in(amount["claim_ids"])).to_dicts()
    ]
    gone = {row["entity_id"] for row in falls}
    left = derived(
        "standing",
        fsum(row["value"] for row in (*rises, *falls)),  # exact: what is wholly given up leaves nothing
        currency,
        raised_by=[row for row in cited if row["stance"] == "asserts"],
        label="Pledged and not given up",
        method="the amounts pledged, each purpose once, less those given up",
        parts=["all"],
    ) | {
        "qualifier": qualifier_of([_limits(row) for row in rises if row["entity_id"] not in gone]),
        "claim_ids": list(dict.fromkeys(row["claim_id"] for row in cited)),
    }
    return figures([*rises, *falls, left])


def per_unit(claims: pl.DataFrame, /, *, entity_id: str) -> pl.DataFrame:
    """An investment divided by what the same source says it brings: jobs, battery energy, vehicles.

    ratio = a / q, with a the amount in dollars and q the quantity.

    Args:
        entity_id: what the investment is for.

    Returns:
        Figures `usd_per_job`, `usd_per_gwh` and `usd_per_vehicle` after those of the quantities themselves, from the
        first source that prints both; whichever can be made. Bounds turn round: a floor on vehicles is a ceiling on
        dollars per vehicle.

    Raises:
        MetricError: where a quantity is zero.

    Source: claims of the series `investment`, `jobs`, `battery_supply` and `battery_supply_vehicles`.
    """
    spent = [row for row in of_series(claims, "investment", entity_id=entity_id) if row["unit"] == HOME]
    made = []
    for series_id, (unit, result, word) in _BUYS.items():
        for amount, quantity in same_source(spent, of_series(claims, series_id, entity_id=entity_id))[:1]:
            label = f"Investment per {word}: {amount['entity_name']}"
            method = f"amount in dollars divided by the {unit} that the same source names"
            made += [direct(quantity), quotient(result.lower(), amount, quantity, result, label=label, method=method)]
    return figures(made)


def implied_rate(claims: pl.DataFrame, /, *, entity_id: str, rate_id: str) -> pl.DataFrame:
    """The exchange rate that a source used when it printed one amount in yen and in dollars, beside the market's.

    implied rate = y / d, with y the yen and d the dollars of one source; difference = implied / market - 1.

    Args:
        entity_id: what the investment is for.
        rate_id: the claim of the market's rate, in JPY_per_USD.

    Returns:
        Figures `stated_dollars` (USD), `implied_rate` (JPY_per_USD) and, where the market's rate is known,
        `market_rate` (JPY_per_USD) and `rate_difference` (relative change); none where no source prints both.

    Raises:
        MetricError: where the dollars are zero, or `rate_id` is no exchange rate in yen per dollar, or is zero.

    Source: claims of the series `investment`, `investment_equivalent` and `exchange_rate`.
    """
    yen = [row for row in of_series(claims, "investment", entity_id=entity_id) if row["unit"] == "JPY"]
    made = []
    equivalents = of_series(claims, "investment_equivalent", entity_id=entity_id)
    for y, d in same_source(yen, [row for row in equivalents if row["unit"] == HOME])[:1]:
        label = f"Exchange rate implied: {y['entity_name']}"
        method = "the amount in yen divided by the same source's amount in dollars"
        made += [direct(d, "stated_dollars"), quotient("implied_rate", y, d, "JPY_per_USD", label=label, method=method)]
        market = claim(claims, rate_id, unit="JPY_per_USD")
        if market is not None:
            implied = {**y, "value": made[-1]["value"]}
            ratio = quotient("rate_difference", implied, market, "ratio", label=label, method=method)
            made += [
                direct(market, "market_rate", parts=[rate_id]),
                derived(
                    "rate_difference",
                    ratio["value"] - 1,
                    "change",
                    raised_by=[y],
                    lowered_by=[d, market],
                    label=f"Implied rate against the market's: {y['entity_name']}",
                    method="the implied exchange rate divided by the market's, less one",
                ),
            ]
    return figures(made)


def _pledges(claims: pl.DataFrame) -> list[list[Row]]:
    """The printings of each distinct amount for one purpose, in the ledger's order."""
    pledges: dict[tuple, list[Row]] = {}
    for row in of_series(claims, "investment"):
        pledges.setdefault((row["entity_id"], row["market_id"], row["value"], row["unit"]), []).append(row)
    return list(pledges.values())


def _limiting(printings: list[Row]) -> list[Row]:
    """The printings whose limits hold: those with a date, or all where none has one."""
    return [row for row in printings if row["published_date"]] or printings


def _check_apart(entities: pl.DataFrame, entity_ids: Sequence[str]) -> None:
    """Make sure that no purpose is named twice or lies within another."""
    parents = dict(entities.select("entity_id", "part_of").iter_rows())
    if len(set(entity_ids)) != len(entity_ids):
        raise MetricError(f"an investment is named twice among {', '.join(entity_ids)}: it would be added twice")
    for entity_id in entity_ids:
        above = parents.get(entity_id)
        while above is not None:
            if above in entity_ids:
                raise MetricError(f"{entity_id} is part of {above}: its investment would be added twice; name one of them")
            above = parents.get(above)


def _end(claims: pl.DataFrame, last: Row) -> Row | None:
    """The claim that says that an amount was given up, if one does since; one that names another amount ended that one."""
    ends = claims.filter(series_id="investment", entity_id=last["entity_id"], stance="withdraws")
    for row in ends.to_dicts():
        if published(row) >= published(last) and (
            row["value"] is None or (row["value"], row["unit"]) == (last["value"], last["unit"])
        ):
            return row
    return None


def _limits(figure: Row) -> Row:
    """A figure as the row of a claim with its limits."""
    return {"qualifier": figure["qualifier"], "value_low": None, "value_high": None}


def _converted(row: Row, rate: Row | None, currency: str, metric: str, label: str, parts: Sequence[str]) -> Row | None:
    """An amount as a figure in a currency; none where no rate leads there."""
    if row["unit"] == currency:
        return direct(row, metric, parts=parts) | {"label": label}
    if rate is None or row["unit"] not in (HOME, "JPY"):
        return None
    of = f"the exchange rate of {period_label(rate['valid_from'], rate['valid_to'])}"
    if currency == HOME:
        return quotient(metric, row, rate, HOME, label=label, method=f"the amount in yen divided by {of}", parts=parts)
    return derived(
        metric,
        row["value"] * rate["value"],
        "JPY",
        raised_by=[row, rate],
        label=label,
        method=f"the amount in dollars times {of}",
        about=row,
        parts=parts,
    )
