"""What sources print of some series and entities, one figure for each claim: for tables of what is said."""

from collections.abc import Sequence

import polars as pl

from analysis.metrics.derive import direct, of_series, period_slug
from analysis.schema import INTENT, figures


def printed(
    claims: pl.DataFrame, /, *, series_ids: Sequence[str], entity_ids: Sequence[str], is_observed: bool = False
) -> pl.DataFrame:
    """The claims of some series about some entities, as printed; nothing is added up or chosen from.

    Args:
        series_ids: the series, in the order wanted.
        entity_ids: the entities, in the order wanted.
        is_observed: leave out targets, plans and rumours.

    Returns:
        Figures named after their series, in its unit, one per claim: by entity, then by series, then by the end of the
        period, undated ones first.

    Source: claims of those series, as printed.
    """
    made = []
    for entity_id in dict.fromkeys(entity_ids):
        for series_id in dict.fromkeys(series_ids):
            rows = of_series(claims, series_id, entity_id=entity_id)
            for row in sorted(rows, key=lambda row: str(row["valid_to"] or "")):
                if not (is_observed and row["basis"] in INTENT):
                    period = period_slug(row["valid_from"], row["valid_to"])
                    made.append(direct(row, parts=[entity_id, row["market_id"], period, row["claim_id"]]))
    return figures(made)
