"""Tables of figures and statements."""

from datetime import date
from html import escape

import polars as pl

from analysis.errors import MetricError
from analysis.exhibits.citing import cited, claims_of, named, quotation, with_sources, words
from analysis.exhibits.shown import Exhibit, dated, filled, link, not_known, period, table, verbatim, with_note
from analysis.ledger import Ledger
from analysis.metrics.scorecard import VERDICTS, Score
from analysis.schema import NOTES, PRINTED
from analysis.units import day_label, period_label


def grid(
    figures: pl.DataFrame,
    /,
    *,
    title: str,
    columns: dict[str, str],
    first: str = "What",
    absent: dict[str, str] | None = None,
    by: str | None = None,
    named_by: str | None = None,
    due: str | None = None,
) -> Exhibit:
    """A table with one row for what figures are about, and one column for each metric.

    Figures whose ids differ only in their metric share a row, labelled as its first figure is. A column that would be
    empty is left out.

    Args:
        figures: rows of figures.
        title: the caption.
        columns: metric -> heading, in order.
        first: heading of the labels.
        absent: metric -> what stands where a row has no such figure; nothing where none is given.
        by: a column of the figures instead of their ids, such as market_id; rows then bear the names that labels end with.
        named_by: the metric whose label names a row, where that is not the first one.
        due: heading of a column with the period that a row's last figure is for; no such column where none is given.
    """
    empty = absent or {}
    cells: dict[str, dict[str, dict]] = {}
    for row in figures.iter_rows(named=True):
        if row["metric"] in columns:
            subject = row[by] if by else row["figure_id"].removeprefix(row["metric"])
            cells.setdefault(subject, {})[row["metric"]] = row
    rows = []
    for made in cells.values():
        label = next(made[metric]["label"] for metric in [named_by, *columns] if metric in made)
        shown = {
            heading: link(made[metric]) if metric in made else empty.get(metric, "") for metric, heading in columns.items()
        }
        named_first = {first: escape(label.rpartition(": ")[2] if by else label)}
        when = {due: period(list(made.values())[-1])} if due else {}
        rows.append(named_first | when | shown)
    return table(filled(rows), title, numeric=list(columns.values()))


def yearly(figures: pl.DataFrame, /, *, title: str, last: int | None = None, first: str = "What") -> Exhibit:
    """A table with one row for each metric and subject, and one column for each period.

    Args:
        figures: rows of figures; those without a period are left out.
        title: the caption.
        last: how many of the last periods are shown; all where not given.
        first: heading of the labels.

    Raises:
        MetricError: where several figures of one row are of one period.
    """
    dated = figures.drop_nulls("period_start").sort("period_start", "period_end", maintain_order=True)
    shown = [(row, period_label(row["period_start"], row["period_end"])) for row in dated.to_dicts()]
    periods = list(dict.fromkeys(period for _, period in shown))[-(last or 0) :]
    order = {figure_id: place for place, figure_id in enumerate(figures["figure_id"])}
    rows: dict[tuple, dict[str, str]] = {}
    for figure, heading in sorted(shown, key=lambda pair: order[pair[0]["figure_id"]]):
        if heading in periods:
            subject = tuple(figure[column] for column in ("metric", "label", "entity_id", "market_id"))
            row = rows.setdefault(subject, {first: escape(figure["label"])} | dict.fromkeys(periods, ""))
            if row[heading]:
                raise MetricError(f"{figure['figure_id']} is not the only one of its row in {heading}: show a listing instead")
            row[heading] = link(figure)
    return table(list(rows.values()), title, numeric=periods)


def listing(figures: pl.DataFrame, /, *, title: str, first: str = "What") -> Exhibit:
    """A table with one row for each figure: its name, the figure, its period and formula; the caveats stand below."""
    rows = [
        {first: escape(row["label"]), "Figure": link(row), "Period": period(row), "How": verbatim(row["method"])}
        for row in figures.iter_rows(named=True)
    ]
    made = table(rows, title, numeric=["Figure"])
    # Figures of the same claims share their caveats: each is told once.
    caveats = dict.fromkeys(note for row in figures.iter_rows(named=True) for note in (row["note"] or "").split(NOTES) if note)
    return with_note(made, "Note: " + " ".join(caveats)) if caveats else made


def statements(
    figures: pl.DataFrame, ledger: Ledger, /, *, title: str, first: str = "What", has_notes: bool = False
) -> Exhibit:
    """A table of figures that repeat claims: the figure, its date, on what ground it is said, as printed, and by whom.

    Args:
        figures: rows of figures; those that were computed are left out.
        title: the caption.
        first: heading of the labels.
        has_notes: whether what is known against each claim stands in a column of its own.
    """
    rows = []
    for row in figures.filter(pl.col("method") == PRINTED).iter_rows(named=True):
        is_date = row["value"] is None
        date_cell = link(row) if is_date else period(row)
        rows += [
            {
                first: escape(row["label"]),
                "Figure": "" if is_date else link(row | {"qualifier": made["qualifier"]}),
                "Date": date_cell,
                "Basis": made["basis"],
                **_said(made),
                **({"Note": verbatim(made["note"] or "")} if has_notes else {}),
            }
            for made in claims_of(row, ledger)
        ]
    shown = filled(rows)
    return table(shown, title, numeric=["Figure"], widths=_WITH_NOTES if shown and len(shown[0]) == len(_WITH_NOTES) else None)


_WITH_NOTES = [18, 12, 11, 9, 12, 14, 24]
"""Widths in percent of the columns of a table of statements that has them all: a note needs room."""


def happenings(ledger: Ledger, /, *, title: str, entities: list[str]) -> Exhibit:
    """A table of events about some entities: what is said, how far it has come, on what ground, and by whom."""
    rows = [
        {
            "What": verbatim(row["description"]),
            "Stage": row["stage"].replace("_", " "),
            "Basis": row["basis"],
            **_said(row),
            "Note": verbatim(row["note"] or ""),
        }
        for row in with_sources(ledger.events.filter(pl.col("entity_id").is_in(entities)), ledger)
    ]
    return table(rows, title)


def withdrawn(ledger: Ledger, /, *, title: str, entities: list[str]) -> Exhibit:
    """A table of what a source says was given up about some entities: the plan, the words as printed, and by whom."""
    ended = ledger.claims.filter(pl.col("entity_id").is_in(entities), pl.col("stance") == "withdraws")
    rows = [
        {"What": escape(f"{row['series_name']}: {row['entity_name']}"), **_said(row), "Note": verbatim(row["note"] or "")}
        for row in with_sources(ended, ledger)
    ]
    return table(rows, title)


def _said(statement: dict) -> dict[str, str]:
    """The words as printed, and by whom, as cells."""
    return {"As printed": verbatim(words(statement)), "Source": verbatim(cited(statement))}


def changed(changes: pl.DataFrame, /, *, title: str, since: date) -> Exhibit:
    """A table of what was and what is, or one line that nothing changed.

    Args:
        changes: as `metrics.revisions.plans_changed` gives them.
        title: the caption.
        since: the earlier day.
    """
    if changes.is_empty():
        told, day = f"{title}: nothing changed since", day_label(since)
        return Exhibit(f"<p>{escape(told)} {dated(day)}.</p>", f"{told} {day}.")
    columns = {"was": f"By {day_label(since)}", "now": "Now", "ended": "Given up; last promised for", "reached": "Reached"}
    return grid(changes, title=title, columns=columns, absent={"was": "not known"})


def scorecard(scores: list[Score], /, *, title: str) -> Exhibit:
    """A table of targets: as promised, as revised last, the last known outcome, the verdict and the rule that gave it.

    Those that cannot be scored come after the others.
    """
    rows = filled(
        [
            {
                "Target": escape(score.label),
                "For": period(score.promised),
                "Promised": link(score.promised),
                "Latest": link(score.latest) if score.latest else "",
                "Last outcome": link(score.outcome) + _when(score) if score.outcome else "",
                "Expected by then": link(score.expected) if score.expected else "",
                "Verdict": f"<strong>{score.verdict}</strong>: {verbatim(score.rule + _caveat(score))}",
            }
            for score in sorted(scores, key=lambda score: score.verdict == "cannot be scored")
        ]
    )
    if not rows:
        return not_known([title])
    made = table(rows, title, widths=_SCORECARD[len(rows[0])])
    meanings = "; ".join(
        f"{verdict}: {meaning}" for verdict, meaning in VERDICTS.items() if any(s.verdict == verdict for s in scores)
    )
    return with_note(made, f"The verdicts. {meanings[0].upper()}{meanings[1:]}.")


_SCORECARD = {4: [30, 12, 14, 44], 5: [26, 11, 13, 12, 38], 6: [22, 10, 12, 12, 12, 32], 7: [20, 9, 11, 11, 12, 10, 27]}
"""How many columns the scorecard has -> their widths in percent."""


def _caveat(score: Score) -> str:
    """What is known against the target, where a verdict rests on it."""
    note = (score.latest or score.promised)["note"]
    return f". {note.replace(NOTES, ' ')}" if note and score.verdict != "cannot be scored" else ""


def _when(score: Score) -> str:
    if score.outcome["value"] is None:
        return ""
    return f" ({period(score.outcome)})"


def agreements(rows: pl.DataFrame, ledger: Ledger, /, *, title: str) -> Exhibit:
    """A table of agreements: the parties, and the stages one after another, each with what it was about and who says so.

    Args:
        rows: as `metrics.partnerships.agreements` gives them.
        title: the caption.
    """
    shown = []
    for group in rows.partition_by("agreement", maintain_order=True):
        told = named(group["event_id"].to_list(), ledger)
        stages = [
            f"{dated(row['when'])}: <strong>{row['stage']}</strong>. {verbatim(row['about'])} ({verbatim(cited(event))})"
            for row, event in zip(group.to_dicts(), told, strict=True)
        ]
        name, parties = escape(group["agreement"][0]), escape(group["parties"][0])
        shown.append({"Agreement": name, "Parties": parties, "Stages": "<br>".join(f"• {stage}" for stage in stages)})
    return table(shown, title, widths=[20, 18, 62])


def left_out(rows: pl.DataFrame, ledger: Ledger, /, *, title: str) -> Exhibit:
    """A table of what is not compared, and why.

    Args:
        rows: as `metrics.rivals.not_compared` gives them.
        title: the caption.
    """
    shown = [
        {
            "Company": escape(row["company"]),
            "Not compared": escape(row["what"]),
            "Why": verbatim(row["why"]),
            "As printed": "<br>".join(quotation(said) for said in named(row["claim_ids"], ledger)),
        }
        for row in rows.iter_rows(named=True)
    ]
    return table(shown, title, widths=[12, 22, 26, 40])
