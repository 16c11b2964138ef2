"""A ledger of claims that nobody made, from a seed: valid tables of any length, in the columns of the project's own.

Run as a script it writes one: `python tests/bench/ledger.py FOLDER CLAIMS`.
"""

import sys
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import polars as pl

from analysis.schema import TABLES

_SERIES, _MARKETS, _PRODUCTS, _EDITIONS = 20, 50, 100, 10
_FIRST_YEAR, _YEARS = 2000, 25
_EVERY = 50  # one claim in so many is corrected by us later


def write(folder: Path, claims: int, *, seed: int = 1) -> None:
    """Write the tables of a ledger with `claims` entries in `claims.csv`, one in fifty of them a correction.

    Each product says the same things again in each of its editions, a year later and a little different: what `as_of` has
    to choose from.
    """
    rng = np.random.default_rng(seed)
    folder.mkdir(parents=True, exist_ok=True)
    fresh = claims - claims // _EVERY
    entities = max(1, -(-fresh // (_PRODUCTS * _EDITIONS * _MARKETS)))  # what they are about, beside the markets
    tables = _surroundings(entities) | {"claims": _claims(fresh, claims - fresh, entities, rng)}
    for name, contract in TABLES.items():
        schema = {column: kind.dtype for column, kind in contract.columns().items()}
        rows = tables.get(name)
        table = pl.DataFrame(schema=schema) if rows is None else rows
        table.select(table.get_column(c) if c in table.columns else pl.lit(None).alias(c) for c in schema).write_csv(
            folder / f"{name}.csv"
        )


def _claims(fresh: int, corrected: int, entities: int, rng: np.random.Generator) -> pl.DataFrame:
    """Each says of one entity, market and year what one edition has of it; the first `corrected` have a second entry."""
    place = pl.int_range(fresh, eager=True).alias("place")
    source = place % (_PRODUCTS * _EDITIONS)
    about = place // (_PRODUCTS * _EDITIONS)
    year = (_FIRST_YEAR + about % _YEARS).cast(pl.String)
    first = pl.DataFrame(
        {
            "claim_id": "c" + place.cast(pl.String),
            "series_id": "series_" + (about % _SERIES).cast(pl.String),
            "entity_id": "entity-" + (about // _MARKETS % entities).cast(pl.String),
            "market_id": "market-" + (about % _MARKETS).cast(pl.String),
            "value": rng.integers(0, 1_000_000, fresh),
            "valid_from": year + "-01-01",
            "valid_to": year + "-12-31",
            "source_id": "source-" + source.cast(pl.String),
        }
    ).with_columns(
        unit=pl.lit("vehicles"),
        locator=pl.lit("table 1"),
        printed=pl.col("value").cast(pl.String),
        qualifier=pl.lit("exact"),
        basis=pl.lit("reported"),
        stance=pl.lit("asserts"),
        entry=pl.lit(1),
        change=pl.lit("new"),
        reason=pl.lit(None, pl.String),
        recorded_date=pl.lit("2025-06-01"),
    )
    again = first.head(corrected).with_columns(
        pl.col("value") + 1,
        entry=pl.lit(2),
        change=pl.lit("correction"),
        reason=pl.lit("A digit was misread."),
        recorded_date=pl.lit("2025-07-01"),
    )
    return pl.concat([first, again])


def _surroundings(entities: int) -> dict[str, pl.DataFrame]:
    """Sources, series, entities and markets."""
    editions = [(product, edition) for product in range(_PRODUCTS) for edition in range(_EDITIONS)]
    sources = [
        {
            "source_id": f"source-{place}",
            "product_id": f"product-{product}",
            "title": f"Product {product}, edition {edition}",
            "kind": "statistics",
            "published_date": str(date(2015 + edition, 1, 1) + timedelta(days=product)),
            "published_precision": "day",
            "licence": "none: made up",
            "recorded_date": "2025-06-01",
        }
        for place, (product, edition) in enumerate(editions)
    ]
    series = [
        {"series_id": f"series_{i}", "name": f"Series {i}", "definition": "Made up", "unit": "vehicles", "is_additive": "true"}
        for i in range(_SERIES)
    ]
    kinds = {"entity": ("company", entities), "market": ("market", _MARKETS)}
    named = [
        {"entity_id": f"{word}-{i}", "name": f"{word.title()} {i}", "kind": kind}
        for word, (kind, count) in kinds.items()
        for i in range(count)
    ]
    return {"sources": pl.DataFrame(sources), "series": pl.DataFrame(series), "entities": pl.DataFrame(named)}


if __name__ == "__main__":
    write(Path(sys.argv[1]), int(sys.argv[2]))
