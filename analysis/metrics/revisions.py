"""What changed: between the editions of a publication, and between what could be known on two days."""

from collections.abc import Sequence
from math import inf

import polars as pl

from analysis.metrics.derive import Row, about_parts, derived, direct, period_slug
from analysis.schema import figures
from analysis.units import POINTS_PER_SHARE, day_label, period_label


def revisions(vintages: pl.DataFrame, /, *, series_id: str, markets: Sequence[str] | None = None) -> pl.DataFrame:
    """What later editions of a publication changed of what it had said of an entity, a market and a period.

    revision = (l - f) * 100 points for shares and l / f - 1 for all else, with f the value published first and l the last.

    Args:
        vintages: the claims of every edition, as the ledger's `vintages` has them.
        series_id: the series.
        markets: the markets wanted; all where none are named.

    Returns:
        Figures `first_published`, `last_published` (in the claims' unit) and `revision` (points or relative change; none
        where f is zero and no share) of all that dated editions differ about; the largest |l / f - 1| first, then by id.
        A forecast and an outcome are not editions of each other.

    Source: the claims of that series, as printed.
    """
    same = ["product_id", "entity_id", "market_id", "valid_from", "valid_to", "basis", "unit"]
    chosen = pl.lit(True) if markets is None else pl.col("market_id").is_in(markets)
    said = vintages.filter(pl.col("series_id") == series_id, pl.col("stance") == "asserts", chosen)
    dated = said.drop_nulls(["value", "published_date"]).sort("published_date", "claim_id")
    groups = (group.to_dicts() for group in dated.partition_by(same, maintain_order=True) if group["value"].n_unique() > 1)
    made = sorted(map(_revision, groups), key=lambda rows: (-abs(_change(*rows[:2])), rows[0]["figure_id"]))
    return figures(row for rows in made for row in rows)


def _revision(editions: list[Row]) -> list[Row]:
    first, last = editions[0], editions[-1]
    is_share, period = first["unit"] == "share", (first["valid_from"], first["valid_to"])
    outlook = [] if first["basis"] == "reported" else [first["basis"]]
    parts = [first["series_id"], *about_parts(first), period_slug(*period), first["product_id"], *outlook]
    about = ", ".join(dict.fromkeys([first["series_name"], first["entity_name"], first["market_name"], period_label(*period)]))
    made = [
        direct(row, f"{place}_published", parts=parts, note=f"{row['source_id']}: {day_label(row['published_date'])}.")
        | {"label": f"{place.capitalize()} published: {about}"}
        for place, row in (("first", first), ("last", last))
    ]
    if not is_share and not first["value"]:
        return made
    revision = derived(
        "revision",
        (last["value"] - first["value"]) * POINTS_PER_SHARE if is_share else _change(first, last),
        "points" if is_share else "change",
        raised_by=[last],
        lowered_by=[first],
        label=f"Revision: {about}",
        method=f"the value published last less the one published first, {'in points' if is_share else 'divided by this'}",
        parts=parts,
        note=f"Of {len({row['source_id'] for row in editions})} editions, {first['source_id']} to {last['source_id']}.",
    )
    return [*made, revision]


def _change(first: Row, last: Row) -> float:
    return last["value"] / first["value"] - 1 if first["value"] else inf


def changes(before: pl.DataFrame, now: pl.DataFrame, /) -> pl.DataFrame:
    """The figures of today that were not there, or were another, and those of the earlier day that are gone.

    A figure is the same one where its figure_id is the same. change = its value or period before, beside now's.

    Args:
        before, now: figures of one metric function, made from the ledger as of two days.

    Returns:
        Figures in the order of `now`, those that are gone last, with a metric in front of the id: `was_<id>` for what a
        figure was, `now_<id>` for what it is, or both where it moved. Figures that stayed as they were are left out.

    Source: the figures given, as printed.
    """
    earlier, later = ({row["figure_id"]: row for row in frame.to_dicts()} for frame in (before, now))
    made = []
    for figure_id in [*later, *(name for name in earlier if name not in later)]:
        then, today = earlier.get(figure_id), later.get(figure_id)
        if then and today and _shown(then) == _shown(today):
            continue
        made += [_renamed(row, metric) for row, metric in ((then, "was"), (today, "now")) if row]
    return figures(made)


def _shown(row: dict) -> tuple:
    return row["value"], row["unit"], row["period_start"], row["period_end"], row["qualifier"]


def _renamed(row: dict, metric: str) -> dict:
    return row | {"figure_id": f"{metric}.{row['figure_id']}", "metric": metric}
