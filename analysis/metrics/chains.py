"""Chains: the versions of one target or milestone, one after another. What they are worth is for the metrics to say.

A source without a date has no place in an order of time: it stands only where no dated one speaks of the same thing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import polars as pl

from analysis.metrics.derive import Row, by_publication, direct, published
from analysis.schema import DATED_UNIT

_DAYS_OF_A_YEAR = 366


@dataclass(frozen=True)
class Chain:
    """The versions of one thing in the order of publication, and the claim that gave it up, if any did since."""

    versions: tuple[Row, ...]
    end: Row | None = None

    @property
    def first(self) -> Row:
        """The version published first."""
        return self.versions[0]

    @property
    def last(self) -> Row:
        """The version published last."""
        return self.versions[-1]

    @property
    def was_restated(self) -> bool:
        """Whether more than one dated source speaks of it."""
        dated = {row["source_id"] for row in self.versions if row["published_date"] is not None}
        return len(dated) > 1


def chains(
    claims: pl.DataFrame, /, *, is_date: bool, bases: Sequence[str], entity_ids: Sequence[str] | None = None
) -> list[Chain]:
    """The chains of all targets (numbers, by due year) or milestones (dates), by due date, undated ones last.

    A number meant for a calendar year and one for the fiscal year of the same name are versions of one target: sources
    print "2030" for both. A milestone is the same one wherever its date moves.

    Args:
        is_date: milestones, or else targets.
        bases: the bases that make a version, such as target or plan.
        entity_ids: whom they are of; all where none are named.

    Returns:
        One chain per series, entity and market, and for targets due year.

    Source: claims of those bases, as printed.
    """
    wanted = claims.filter(
        (pl.col("unit") == DATED_UNIT) == is_date,
        pl.col("basis").cast(pl.String).is_in(list(bases)),
        pl.lit(True) if entity_ids is None else pl.col("entity_id").is_in(list(entity_ids)),
    )
    versions: dict[tuple, list[Row]] = {}
    ends: dict[tuple, Row] = {}
    for row in by_publication(wanted).iter_rows(named=True):
        key = _key(row, is_date)
        if row["stance"] == "asserts":
            versions.setdefault(key, []).append(row)
        elif row["stance"] == "withdraws":
            ends[key] = row
    made = [_chain(rows, _end(ends, key)) for key, rows in versions.items()]
    return sorted(
        made, key=lambda chain: (chain.last["valid_to"] or date.max, chain.last["series_id"], chain.last["entity_id"])
    )


def given_up(chain: Chain, metric: str, /, *, parts: Sequence[str], method: str, note: str = "") -> Row:
    """The last version of what was given up as a figure, with the claim that says so.

    Args:
        chain: a chain that has an end.
        metric, parts, note: as for `derive.direct`.
        method: the formula in words.

    Returns:
        A row of figures, in the unit of the version.

    Source: the last version, as printed.
    """
    cited = [chain.last["claim_id"], chain.end["claim_id"]]
    return direct(chain.last, metric, parts=parts, note=note) | {"basis": "derived", "claim_ids": cited, "method": method}


def due(row: Row, /) -> tuple[int, int] | None:
    """The years that name a claim's period: first = last for a calendar or fiscal year; none where not dated.

    Args:
        row: the claim.

    Returns:
        The year in which the period starts, and for a period of more than a year the one in which it ends.

    Source: the claim's reference period.
    """
    start, end = row["valid_from"], row["valid_to"]
    if start is None:
        return None
    is_year = (end - start).days < _DAYS_OF_A_YEAR
    return (start.year, start.year) if is_year else (start.year, end.year)


def _key(row: Row, is_date: bool) -> tuple:
    return (row["series_id"], row["entity_id"], row["market_id"], None if is_date else due(row))


def _end(ends: dict[tuple, Row], key: tuple) -> Row | None:
    """What gave it up last: by itself, or with what is meant for other years where no year is named."""
    return max((ends[name] for name in dict.fromkeys([key, (*key[:3], None)]) if name in ends), key=published, default=None)


def _chain(rows: list[Row], end: Row | None) -> Chain:
    versions = tuple([row for row in rows if row["published_date"] is not None] or rows)
    # What is not dated comes before all else, so that it ends nothing that a dated source says.
    ended = end is not None and published(versions[-1]) <= published(end)
    return Chain(versions, end if ended else None)
