"""Registrations of cars that nobody made, from a seed: a Parquet file of any length, written in bounded memory.

Run as a script it writes one: `python tests/bench/registrations.py FILE ROWS`.
"""

import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
from polars.io.plugins import register_io_source

ROW_GROUP = 500_000
MONTHS, MARKETS, MAKERS, MODELS = 120, 40, 30, 10
"""Months from January 2015 on; markets; makers; models of each maker."""

_PERIODS = pl.date_range(date(2015, 1, 1), date(2024, 12, 1), "1mo", eager=True)
_POWERTRAINS = pl.Series(["BEV", "PHEV", "HEV", "ICE"])
SCHEMA = {
    "period": pl.Date,
    "market": pl.String,
    "maker": pl.String,
    "model": pl.String,
    "powertrain": pl.String,
    "units": pl.Int32,
}


def row_group(place: int, rows: int, total: int, *, seed: int) -> pl.DataFrame:
    """Rows `place` to `place + rows` of `total`: month by month, as registers are kept; large markets and makers are common."""
    rng = np.random.default_rng([seed, place])

    def pick(names: pl.Series, *, share: float = 0.9) -> pl.Series:
        weights = share ** np.arange(len(names))
        return names.gather(rng.choice(len(names), rows, p=weights / weights.sum()))

    maker = pick(pl.Series([f"maker-{i:02}" for i in range(MAKERS)]))
    return pl.DataFrame(
        {
            "period": _PERIODS.gather(np.arange(place, place + rows) * MONTHS // total),
            "market": pick(pl.Series([f"market-{i:02}" for i in range(MARKETS)])),
            "maker": maker,
            "model": maker + pick(pl.Series([f" model {i}" for i in range(MODELS)])),
            "powertrain": pick(_POWERTRAINS, share=1.4),
            "units": rng.integers(1, 6, rows, dtype=np.int32),
        },
        schema=SCHEMA,
    )


def write(path: Path, rows: int, *, seed: int = 1) -> None:
    """Write `rows` registrations to `path`, a row group at a time; the same seed gives the same rows."""

    def groups(*_: object) -> Iterator[pl.DataFrame]:
        for place in range(0, rows, ROW_GROUP):
            yield row_group(place, min(ROW_GROUP, rows - place), rows, seed=seed)

    register_io_source(groups, schema=SCHEMA).sink_parquet(path, row_group_size=ROW_GROUP, engine="streaming")


if __name__ == "__main__":
    write(Path(sys.argv[1]), int(sys.argv[2]))
