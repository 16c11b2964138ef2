"""Shares by year as lines, one for each market."""

import altair as alt
import polars as pl

from analysis.charts.theme import SERIES, Shown, finished
from analysis.exhibits import not_known, source_line
from analysis.ledger import Ledger
from analysis.wording import figure_in_words


def lines(figures: pl.DataFrame, ledger: Ledger, /, *, subtitle: str) -> Shown:
    """Shares by year, one line for each market, named and valued at its ends; the title tells the latest of each.

    Args:
        figures: share figures (0 to 1) with periods, of one metric.
        ledger: where names and the source note come from.
        subtitle: what is shown, with its unit.
    """
    dated = figures.drop_nulls("period_start").sort("market_id", "period_start")
    if dated.is_empty():
        return not_known([subtitle])
    rows = dated.select(
        pl.col("period_start").dt.year().alias("year"),
        pl.col("market_id").replace_strict({m: ledger.name(m) for m in dated["market_id"].unique()}).alias("market"),
        "value",
        pl.Series("shown", [figure_in_words(row) for row in dated.iter_rows(named=True)]),
    )
    base = alt.Chart(rows).encode(
        x=alt.X("year:Q", title=None, axis=alt.Axis(format="d", values=sorted(rows["year"].unique()), grid=False)),
        y=alt.Y("value:Q", title="Share of new cars", axis=alt.Axis(format="%", tickCount=5), scale=alt.Scale(domainMin=0)),
        color=alt.Color("market:N", scale=alt.Scale(range=SERIES), legend=None),
        tooltip=[
            alt.Tooltip("market:N", title="Market"),
            alt.Tooltip("year:Q", title="Year"),
            alt.Tooltip("shown:N", title="Share"),
        ],
    )
    last = base.transform_window(
        rank="rank()", sort=[alt.SortField("year", order="descending")], groupby=["market"]
    ).transform_filter("datum.rank == 1")
    names = last.mark_text(align="left", dx=8, dy=-6, fontWeight="bold").encode(text="market:N")
    values = last.mark_text(align="left", dx=8, dy=9).encode(text="shown:N")
    chart = base.mark_line(point=alt.OverlayMarkDef(size=45), strokeWidth=2.5) + names + values
    said = "; ".join(f"{row['market']} {row['year']}: {row['shown']}" for row in rows.iter_rows(named=True))
    ends = rows.unique("market", keep="last", maintain_order=True).to_dicts()
    finding = "; ".join(f"{row['market']}: {row['shown']} in {row['year']}" for row in ends)
    return finished(chart, 220, finding, subtitle, f"Line chart. {said}", source_line(ledger, figures), left=60, right=130)
