"""Plans on a time axis: what is to come true when."""

import altair as alt
import polars as pl

from analysis.charts.theme import Shown, finished, label_width, layered, rows_of, tips, unchecked
from analysis.charts.years import decimal_year, span
from analysis.exhibits import not_known, source_line
from analysis.ledger import Ledger
from analysis.look import BLUE, GREY, INK, ORANGE
from analysis.units import day_label
from analysis.wording import figure_in_words, fill

PLANNED = ["milestone", "withdrawn_milestone"]

_ROOM = 0.16
"""Of the years drawn, what is left before them for the name of what was printed first."""


@unchecked
def timeline(figures: pl.DataFrame, ledger: Ledger, /, *, title: str, subtitle: str, horizon_year: int, **words: str) -> Shown:
    """Planned milestones on a time axis: the period printed last, the one printed first where it was another, and today.

    Args:
        figures: `milestone` and `withdrawn_milestone` figures, `first_printed` ones for those that moved, and
            `reached_milestone` ones.
        ledger: where the source note and the as-of day come from.
        horizon_year: the last year shown; milestones that start later are left out.
        title, subtitle, words: as for `bars`.
    """
    finding, missing = fill(title, figures, **words)
    planned = figures.filter(pl.col("metric").is_in(PLANNED))
    if missing or planned.is_empty():
        return not_known([finding])
    moves = [row for row in _moves(figures) if row["start"] < horizon_year + 1]
    if not moves:
        return not_known([finding])
    order = list(dict.fromkeys(row["name"] for row in moves))
    day = decimal_year(ledger.known)
    low, high = min(day, *(row["start"] for row in moves)), max(day, *(row["end"] for row in moves))
    room = _ROOM * (high - low) if any(row["printed"] == "printed first" for row in moves) else 0.0
    base = alt.Chart(pl.DataFrame(moves)).encode(
        y=rows_of(order, grid=True),
        # Decimal years, not dates: Vega reads dates in the machine's time zone, and draws them elsewhere in each.
        x=alt.X(
            "start:Q",
            title=None,
            axis=alt.Axis(format="d", tickMinStep=1, tickCount=12),
            scale=alt.Scale(zero=False, domainMin=round(low - room, 2)),
        ),
        tooltip=tips(name="What", shown="When", printed="Version", became="What became of it"),
    )
    # Hollow where printed first, grey where in doubt: colour alone may not be seen, and words stand beside each.
    spans = base.mark_bar(height=15, strokeWidth=1.5).encode(
        x2=alt.X2("end:Q"), color=alt.Color("fill:N", scale=None), stroke=alt.Stroke("ink:N", scale=None)
    )
    ink = alt.Color("ink:N", scale=None)
    labels = []
    for printed, end, beside in (
        ("printed last", "end:Q", {"align": "left", "dx": 6}),
        ("printed first", "start:Q", {"align": "right", "dx": -6}),
    ):
        named = base.transform_filter(alt.datum.printed == printed).encode(x=alt.X(end), text=alt.Text("label:N"))
        halo = named.mark_text(**beside, stroke="white", strokeWidth=4)  # where a name crosses the as-of line
        labels.append(layered(halo, named.mark_text(**beside).encode(color=ink)))
    today = alt.Chart(pl.DataFrame({"day": [day], "name": [f"as of {day_label(ledger.known)}"]}))
    rule = today.mark_rule(color=INK, strokeDash=[3, 3]).encode(x=alt.X("day:Q"))
    named = today.mark_text(align="left", dx=4, color=INK, baseline="bottom").encode(
        x=alt.X("day:Q"), y=alt.YValue(-3), text=alt.Text("name:N")
    )
    said = "; ".join(f"{row['name']}: {row['label']} ({row['printed']})" for row in moves)
    chart = layered(rule, spans, layered(*labels), named)
    note = source_line(ledger, figures)
    left = label_width(order)
    return finished(chart, len(order) * 30, finding, subtitle, f"Timeline. {said}", note, left=left, right=90)


def _moves(figures: pl.DataFrame) -> list[dict]:
    """The spans to draw: each milestone as printed last, and as printed first where that was another period."""
    subject = pl.col("figure_id").str.splitn(".", 2).struct.field("field_1").alias("subject")
    rows = figures.with_columns(subject).to_dicts()
    last = {row["subject"]: row for row in rows if row["metric"] in PLANNED}
    first = {row["subject"]: row for row in rows if row["metric"] == "first_printed"}
    reached = {row["subject"]: figure_in_words(row) for row in rows if row["metric"] == "reached_milestone"}
    moves = []
    for key, row in last.items():
        doubt = "rumour" if row["basis"] == "rumour" else "withdrawn" if row["metric"] == "withdrawn_milestone" else ""
        doubt = f"reached: {reached[key]}" if key in reached else doubt
        ink = INK if key in reached else GREY if doubt else BLUE
        label = figure_in_words(row) + (f" ({doubt})" if doubt else "")
        name = short(row["label"])
        last_ = {"printed": "printed last", "label": label, "became": doubt, "fill": ink, "ink": ink}
        moves.append({"name": name, **span(row), **_told(row), **last_})
        before = first.get(key)
        if before and span(before) != span(row):
            hollow = {"label": figure_in_words(before), "became": "moved", "fill": "white", "ink": ORANGE}
            moves.append({"name": name, **span(before), **_told(before), "printed": "printed first", **hollow})
    return moves


def _told(figure: dict) -> dict[str, str]:
    return {"shown": figure_in_words(figure), "figure_id": figure["figure_id"]}


def short(label: str) -> str:
    """A milestone's name for the lane: `Canton plant, Mississippi: start of production`."""
    what, _, who = label.partition(": ")
    if not who:
        return label
    return f"{who.rpartition(', ')[0] or who}: {what[0].lower()}{what[1:]}"
