"""What changed between two days, by what could be known on each: figures new, gone, and with another value."""

import polars as pl

from analysis.schema import figures


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
