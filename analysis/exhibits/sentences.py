"""Sentences with their figures, and the end of a report: how each number was made, and the sources."""

import re
from datetime import date
from html import escape
from typing import Any

import polars as pl

from analysis.exhibits.citing import (
    cited,
    claim_ids,
    claims_of,
    place,
    published,
    quotation,
    quoted,
    sources_of,
    with_sources,
    words,
)
from analysis.exhibits.shown import Exhibit, dated, link, not_known, table, text, verbatim
from analysis.ledger import Ledger
from analysis.metrics.conflicts import contests
from analysis.schema import NOTES, Figures
from analysis.units import day_label, period_label
from analysis.wording import figure_in_words, fill

FIGURES_MIME = "application/vnd.evroad.figures+json"

_QUOTED = 24
"""More claims than a reader follows one by one: then the rest is counted."""


def say(template: str, figures: pl.DataFrame, /, *, emphasis: str = "", **words: str) -> Exhibit:
    """A paragraph with its figures put in, each a link to how it was made.

    Args:
        template: the paragraph, with `{figure_id}` or `{metric}` for figures and `$name` for words.
        figures: rows of figures.
        emphasis: `answer` for the sentence that answers the report's question.
        words: plain words by name; they are escaped. One with a digit is marked: a name, or what a formula was given.

    Returns:
        The paragraph; where a figure is not known, a note instead: the paragraph with gaps.

    Raises:
        MetricError: where a metric's name is used and several figures have it.
    """
    text, missing = fill(template, figures, **words)
    if missing:
        return not_known([text])
    safe = {name: escape(word) for name, word in words.items()}
    html, _ = fill(escape(template, quote=False), figures, show=link, show_word=_given, **safe)
    return _paragraph(f"<p>{_one_line(html)}</p>", _one_line(text), emphasis)


def as_of_line(ledger: Ledger, /) -> Exhibit:
    """The day the report speaks of, and our own day where it replays one."""
    text = f"As of {day_label(ledger.known)}"
    if ledger.recorded_by is not None:
        text += f", from what the ledger held on {day_label(ledger.recorded_by)}"
    return Exhibit(f'<div class="as-of"><p>{text}.</p></div>', text + ".")


def outcome(ledger: Ledger, /, *, title: str, entity: str, emphasis: str = "answer") -> Exhibit:
    """What became of a plan: the last report that withdraws it, or that there was none by the as-of date.

    Where nothing was known of the plan yet, a note says so.

    Args:
        title: what the plan is called.
        entity: what it is about.
        emphasis: as for `say`.
    """
    said = ledger.claims.filter(pl.col("entity_id") == entity)
    if said.is_empty():
        return not_known([title])
    withdrawn = said.filter(pl.col("stance") == "withdraws").sort("known_date", maintain_order=True)
    if withdrawn.is_empty():
        text = f"{title}: no report by the as-of date that it was given up."
        return _paragraph(f"<p>{escape(text)}</p>", text, emphasis)
    last, text = with_sources(withdrawn, ledger)[-1], f"{title}: given up. As printed: "
    return _paragraph(f"<p>{escape(text)}{quotation(last)}.</p>", f"{text}{quoted(last)}.", emphasis)


def how_made(ledger: Ledger, /, *figures: pl.DataFrame) -> Exhibit:
    """The report's figures, each once, with formula and claims; the edition takes its data from here.

    Figures in sentences and tables link to its entries, so a figure that is shown must be among these. Several figures
    that differ only in their period share an entry; each then has its own claims beside it, unless they share these too.

    Raises:
        dataframely.exc.ValidationError: where one id stands for two different figures.
    """
    every = pl.concat([Figures.create_empty(), *figures]).unique(maintain_order=True)
    Figures.validate(every)
    rows = every.to_dicts()
    if not rows:
        return not_known(["figures of this report"])
    alike: dict[tuple, list[dict]] = {}
    for row in rows:
        alike.setdefault(tuple(row[name] for name in ("metric", "label", "method", "note")), []).append(row)
    titles = _contested(ledger)
    entries = [_entry(group, ledger, titles) for group in alike.values()]
    html = "\n".join(["<ul>", *(f"<li><p>{entry}</p></li>" for entry in entries), "</ul>"])
    data = [{name: _json(value) for name, value in row.items()} for row in rows]
    return Exhibit(f'<div class="how">{html}</div>', "\n".join(map(text, entries)), {FIGURES_MIME: {"figures": data}})


def _contested(ledger: Ledger) -> dict[str, list[str]]:
    """What the conflicts are called that show in a view of the ledger, by the statements that are part of them."""
    found = contests(ledger.claims, vintages=ledger.vintages, events=ledger.events, conflicts=ledger.conflicts)
    titles: dict[str, list[str]] = {}
    for contest in found:
        for row in contest.statements:
            titles.setdefault(row.get("claim_id") or row["event_id"], []).append(contest.title)
    return titles


def _paragraph(html: str, plain_text: str, emphasis: str) -> Exhibit:
    return Exhibit(f'<div class="{emphasis}">{html}</div>' if emphasis else html, plain_text)


def _entry(alike: list[dict], ledger: Ledger, titles: dict[str, list[str]]) -> str:
    """How some figures were made, as HTML: name, values, formula, claims, what contests them, and caveats."""
    first = alike[0]
    claims = [claims_of(row, ledger) for row in alike]
    is_shared = all(row["claim_ids"] == first["claim_ids"] for row in alike)
    values = [
        f'<span id="how-{row["figure_id"]}">{_period(row, alone=len(alike) == 1)}'
        f"<strong>{escape(figure_in_words(row))}</strong></span>"
        for row in alike
    ]
    made = first["method"][0].upper() + first["method"][1:]
    method = f'<br><span class="method">{escape(made)}.</span>'
    note = f" <em>{escape(first['note'].replace(NOTES, ' '))}</em>" if first["note"] else ""
    label = f'<span class="label">{escape(first["label"])}</span>' + ("" if len(alike) == 1 and _is_dated(first) else ": ")
    if is_shared:
        return f"{label}{'; '.join(values)}{method} From {_from(claims[0], titles)}{note}"
    each = [f"<br>{value}, from {_from(mine, titles)}" for value, mine in zip(values, claims, strict=True)]
    return label + "".join(each) + method + note


def _is_dated(figure: dict) -> bool:
    return figure["value"] is not None and figure["period_start"] is not None


def _period(figure: dict, *, alone: bool) -> str:
    """The period in front of a value, where that is not the value itself."""
    if not _is_dated(figure):
        return ""
    period = escape(period_label(figure["period_start"], figure["period_end"]))
    return f" ({period}): " if alone else f"{period}: "


def _from(claims: list[dict], titles: dict[str, list[str]]) -> str:
    """The claims as printed, with place and source, and what contests them; a source is named once.

    Of very many claims the first ones are told.
    """
    by_source: dict[str, list[dict]] = {}
    for claim in claims[:_QUOTED]:
        by_source.setdefault(claim["source_id"], []).append(claim)
    made = []
    for said in by_source.values():
        if len(said) == 1:
            made.append(f"{words(said[0])} ({cited(said[0])}, {place(said[0]['locator'])})")
        else:
            printed = ", ".join(f"{words(claim)} ({place(claim['locator'])})" for claim in said)
            made.append(f"{printed} – {cited(said[0])}")
    if len(claims) > _QUOTED:
        made.append(f"and {len(claims) - _QUOTED} more, named in the edition's figures.csv")
    contested = dict.fromkeys(title for claim in claims for title in titles.get(claim["claim_id"], []))
    mark = f" <strong>Contested:</strong> {escape('; '.join(contested))}." if contested else ""
    return f'<span class="from">{escape("; ".join(made))}.{mark}</span>'


def _given(word: str) -> str:
    """A word of a sentence; one with a digit is marked, so that the check of a page can hold it against the formulas."""
    return f'<span class="given">{word}</span>' if re.search(r"\d", word) else word


def _json(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def sources(ledger: Ledger, /, *figures: pl.DataFrame) -> Exhibit:
    """The sources that the figures rest on, with what is known against each."""
    rows = [
        {
            "Source": _source_link(row),
            "Published": dated(published(row)),
            "Kind": row["kind"].replace("_", " "),
            "Licence": verbatim(row["licence"]),
            "Known against it": verbatim(row["caveat"] or ""),
        }
        for row in sources_of(claim_ids(*figures), ledger)
    ]
    return table(rows, "Sources used in this report", widths=[33, 12, 11, 13, 31]) if rows else not_known(["sources"])


def _source_link(source: dict) -> str:
    title = verbatim(source["title"])
    linked = f'<a href="{escape(source["url"])}">{title}</a>' if source["url"] else title
    return f"{linked}. {verbatim(source['publisher'] or 'Publisher not known')}"


def _one_line(text: str) -> str:
    return " ".join(text.split())
