"""Amounts as bars: side by side, parts of a whole, and steps that rise and fall to a total."""

from collections.abc import Mapping
from math import isclose

import altair as alt
import polars as pl

from analysis.charts.lettering import width
from analysis.charts.theme import WIDTH, Shown, finished, label_width, layered, rows_of, tips, unchecked
from analysis.errors import MetricError
from analysis.exhibits import not_known, source_line
from analysis.ledger import Ledger
from analysis.look import BLUE, GREY, INK, LIGHT, ORANGE
from analysis.units import DIMENSIONS, period_label
from analysis.wording import figure_in_words, fill, in_words

_ROW = 36
"""Pixels of one bar and the room around it."""


@unchecked
def bars(
    figures: pl.DataFrame, ledger: Ledger, /, *, title: str, subtitle: str, names: Mapping[str, str] | None = None, **words: str
) -> Shown:
    """One horizontal bar for each figure, from zero, with its value written at its end.

    Args:
        figures: rows of figures in one unit; the first one is set off by colour.
        ledger: where the source note comes from.
        title: the finding, with `{figure_id}` or `{metric}` for figures and `$name` for words.
        subtitle: what is shown, with its unit.
        names: metric -> name of its bar; where none are given, what sets the figures apart: entity, period, or label.
        words: plain words by name.
    """
    finding, missing = fill(title, figures, **words)
    if missing or figures.is_empty():
        return not_known([finding])
    if figures["unit"].n_unique() > 1:
        raise MetricError(f"bars of {', '.join(figures['unit'].unique().cast(pl.String))} have no axis in common")
    rows = [
        {"name": name, "value": row["value"], "shown": figure_in_words(row), "figure_id": row["figure_id"], "first": place == 0}
        for place, (name, row) in enumerate(zip(_names(figures, ledger, names or {}), figures.to_dicts(), strict=True))
    ]
    base = alt.Chart(pl.DataFrame(rows)).encode(
        y=rows_of([row["name"] for row in rows]),
        x=alt.X("value:Q", axis=None, scale=alt.Scale(domainMin=0, domainMax=1.3 * max(row["value"] for row in rows) or 1)),
        tooltip=tips(name="What", shown="Figure"),
    )
    colour = alt.ColorValue(GREY, condition=[{"test": "datum.first", "value": BLUE}])
    marks = base.mark_bar(height=22).encode(color=colour)
    labels = base.mark_text(align="left", dx=6, fontWeight="bold").encode(text=alt.Text("shown:N"))
    said = "; ".join(f"{row['name']}: {row['shown']}" for row in rows)
    left = label_width(row["name"] for row in rows)
    note = source_line(ledger, figures)
    return finished(layered(marks, labels), len(rows) * _ROW, finding, subtitle, f"Bar chart. {said}", note, left=left, below=8)


@unchecked
def whole(
    part: pl.DataFrame, ledger: Ledger, /, *, title: str, subtitle: str, part_name: str, rest_name: str, **words: str
) -> Shown:
    """One bar for a whole, divided into the part that a share figure gives and the rest.

    Args:
        part: figures that hold one share (0 to 1) as their first row; the title may use the others.
        ledger: where the source note comes from.
        title, subtitle, words: as for `bars`.
        part_name, rest_name: names of the two parts.
    """
    finding, missing = fill(title, part, **words)
    if missing or part.is_empty():
        return not_known([finding])
    first = part.row(0, named=True)
    share = first["value"]
    rest = in_words(1 - share, "share", first["qualifier"] if first["qualifier"] in ("exact", "about") else "about")
    rows = pl.DataFrame(
        {
            "name": [part_name, rest_name],
            "start": [0.0, share],
            "end": [share, 1.0],
            "shown": [figure_in_words(first), rest],
            "label": [f"{part_name}: {figure_in_words(first)}", f"{rest_name}: {rest}"],
            "figure_id": [first["figure_id"], None],
            "ink": ["white", INK],
        }
    )
    base = alt.Chart(rows).encode(
        x=alt.X("start:Q", axis=None, scale=alt.Scale(domain=[0, 1])), tooltip=tips(name="Part", shown="Share")
    )
    colours = alt.Color("name:N", scale=alt.Scale(domain=[part_name, rest_name], range=[BLUE, LIGHT]), legend=None)
    marks = base.mark_bar(height=40).encode(x2=alt.X2("end:Q"), color=colours)
    labels = base.mark_text(align="left", dx=8, fontWeight="bold").encode(
        text=alt.Text("label:N"), color=alt.Color("ink:N", scale=None)
    )
    said = "; ".join(rows["label"])
    return finished(
        layered(marks, labels), 56, finding, subtitle, f"Bar divided in two. {said}", source_line(ledger, part.head(1)), below=8
    )


@unchecked
def waterfall(steps: pl.DataFrame, ledger: Ledger, /, *, title: str, subtitle: str, **words: str) -> Shown:
    """Amounts one below the other, each from where the one before it ended, down to what is left standing.

    Args:
        steps: figures in one currency, in the order drawn: `pledged` rises, `withdrawn_pledge` (a value below zero) falls,
            `standing` runs from zero and is what the steps before it come to; the title may use its other figures.
        ledger: where names and the source note come from.
        title, subtitle, words: as for `bars`.

    Raises:
        MetricError: for figures of two units or of none of money, a pledge that falls, a withdrawal that rises, a standing
            sum that the steps do not come to, and two steps of one name.
    """
    finding, missing = fill(title, steps, **words)
    used = steps.filter(pl.col("metric").is_in(list(_STEPS)))
    rows = _stairs(used, ledger)
    if missing or not rows:
        return not_known([finding])
    left = label_width(row["name"] for row in rows)
    lowest = min(0.0, *(row["low"] for row in rows))
    # As wide as the words behind the bars allow.
    scale = min((WIDTH - left - 12 - width(row["shown"], bold=True)) / (row["high"] - lowest or 1) for row in rows)
    domain = alt.Scale(domain=[lowest, lowest + (WIDTH - left) / scale], nice=False)
    low, high, zero, end = (alt.X(f"{name}:Q", axis=None, scale=domain) for name in ("low", "high", "zero", "end"))
    base = alt.Chart(pl.DataFrame(rows)).encode(
        y=rows_of([row["name"] for row in rows]), tooltip=tips(name="What", shown="Amount")
    )
    # Hollow where given up: colour alone may not be seen.
    marks = base.mark_bar(height=22, strokeWidth=1.5).encode(
        x=low, x2=alt.X2("high:Q"), color=alt.Color("fill:N", scale=None), stroke=alt.Stroke("ink:N", scale=None)
    )
    labels = base.mark_text(align="left", dx=6, fontWeight="bold").encode(x=high, text=alt.Text("shown:N"))
    joints = [
        {"end": row["end"], "from": place * _ROW + 29, "to": (place + 1) * _ROW + 7} for place, row in enumerate(rows[:-1])
    ]
    ground = alt.Chart(pl.DataFrame({"zero": [0.0]})).mark_rule(color=LIGHT).encode(x=zero)
    layers = [ground, marks, labels]
    if joints:
        rules = alt.Chart(pl.DataFrame(joints)).mark_rule(color=GREY, strokeWidth=1)
        layers.append(rules.encode(x=end, y=alt.Y("from:Q", scale=None, title=None), y2=alt.Y2("to:Q")))
    said = "; ".join(f"{row['name']}: {row['shown']}" for row in rows)
    source = source_line(ledger, used)
    return finished(
        layered(*layers), len(rows) * _ROW, finding, subtitle, f"Waterfall chart. {said}", source, left=left, below=8
    )


_STEPS = {"pledged": (BLUE, BLUE), "withdrawn_pledge": ("white", ORANGE), "standing": (INK, INK)}
"""Metric -> fill and outline of its bar."""


def _stairs(steps: pl.DataFrame, ledger: Ledger) -> list[dict]:
    """Each step with where it starts and ends."""
    units = sorted(set(steps["unit"]))
    if len(units) > 1 or any(DIMENSIONS[unit] != "money" for unit in units):
        raise MetricError(f"steps in {', '.join(units)}: expected one currency")
    rows, level = [], 0.0
    for name, row in zip(_step_names(steps, ledger), steps.to_dicts(), strict=True):
        value, metric = row["value"], row["metric"]
        if (metric == "pledged" and value < 0) or (metric == "withdrawn_pledge" and value > 0):
            raise MetricError(f"{row['figure_id']} is {value}: a pledge cannot fall, nor a withdrawal rise")
        if metric == "standing" and rows and not isclose(value, level, rel_tol=1e-6, abs_tol=1.0):
            raise MetricError(f"{row['figure_id']} is {value}, but the steps before it come to {level}")
        start, level = (0.0, value) if metric == "standing" else (level, level + value)
        fill_, ink = _STEPS[metric]
        ends = {"low": min(start, level), "high": max(start, level), "end": level}
        told = {"shown": figure_in_words(row), "figure_id": row["figure_id"]}
        rows.append({"name": name, "value": value, **ends, **told, "fill": fill_, "ink": ink})
    return rows


def _step_names(steps: pl.DataFrame, ledger: Ledger) -> list[str]:
    """The entities' names, and the labels where entities appear twice."""
    usual = {"pledged": "{}", "withdrawn_pledge": "{}, given up", "standing": "Standing"}
    short = [usual[row["metric"]].format(ledger.name(row["entity_id"])) for row in steps.iter_rows(named=True)]
    names = _apart(short, steps["label"].to_list())
    if len(set(names)) < len(names):
        raise MetricError(f"two steps of one name among {', '.join(names)}")
    return names


def _names(figures: pl.DataFrame, ledger: Ledger, given: Mapping[str, str]) -> list[str]:
    """The names given for the figures' metrics, or the shortest ones that tell the figures apart."""
    rows = figures.to_dicts()
    if given:
        return [given[row["metric"]] for row in rows]
    entities = [ledger.name(row["entity_id"]) for row in rows]
    periods = [period_label(row["period_start"], row["period_end"]) for row in rows]
    return _apart(entities, periods, [row["label"] for row in rows])


def _apart(*names: list[str]) -> list[str]:
    """The first of several lists of names in which none comes twice, or the last."""
    return next((some for some in names if len(set(some)) == len(some)), names[-1])
