"""Sentences and tables for reports, with every figure linked to the entry that says how it was made. No charts here."""

import re
from dataclasses import dataclass, field
from datetime import date
from html import escape, unescape
from typing import Any

import polars as pl
from great_tables import GT

from analysis.ledger import Ledger
from analysis.schema import NOTES, PRINTED, Figures
from analysis.units import day_label, period_label
from analysis.wording import figure_in_words, fill

FIGURES_MIME = "application/vnd.evroad.figures+json"


@dataclass(frozen=True, repr=False)
class Exhibit:
    """Something to show: HTML for pages and JupyterLab, text for terminals and tests, data for the edition."""

    html: str
    text: str
    data: dict[str, Any] = field(default_factory=dict)

    def _repr_mimebundle_(self, **_: object) -> dict[str, Any]:
        # JupyterLab would set what stands between two dollar signs as mathematics.
        html = f'<div class="tex2jax_ignore mathjax_ignore">{self.html}</div>'
        return {"text/html": html, "text/plain": self.text, **self.data}

    def __repr__(self) -> str:
        return self.text


def say(template: str, figures: pl.DataFrame, /, *, emphasis: str = "", **words: str) -> Exhibit:
    """A paragraph with its figures put in, each a link to how it was made.

    Args:
        template: the paragraph, with `{figure_id}` or `{metric}` for figures and `$name` for words.
        figures: rows of figures.
        emphasis: `answer` for the sentence that answers the report's question.
        words: plain words by name; they are escaped.

    Returns:
        The paragraph; where a figure is not known, a note that says which ones instead.

    Raises:
        MetricError: where a metric's name is used and several figures have it.
    """
    text, missing = fill(template, figures, **words)
    if missing:
        return not_known(missing)
    safe = {name: escape(word) for name, word in words.items()}
    html, _ = fill(escape(template, quote=False), figures, show=_link, **safe)
    paragraph = f"<p>{_one_line(html)}</p>"
    return Exhibit(f'<div class="{emphasis}">{paragraph}</div>' if emphasis else paragraph, _one_line(text))


def not_known(what: list[str]) -> Exhibit:
    """A note in place of something for which nothing had been published."""
    names = ", ".join(dict.fromkeys(re.sub(r"[_.-]+", " ", name) for name in what))
    text = f"Not known at the as-of date: {names}."
    return Exhibit(f'<div class="not-known"><p>{escape(text)}</p></div>', text)


def as_of_line(ledger: Ledger, /) -> Exhibit:
    """The day the report speaks of, and our own day where it replays one."""
    text = f"As of {day_label(ledger.known)}"
    if ledger.recorded_by is not None:
        text += f", from what the ledger held on {day_label(ledger.recorded_by)}"
    return Exhibit(f'<div class="as-of"><p>{text}.</p></div>', text + ".")


def grid(figures: pl.DataFrame, /, *, title: str, columns: dict[str, str], first: str = "What") -> Exhibit:
    """A table with one row for what figures are about, and one column for each metric.

    Figures whose ids differ only in their metric share a row, labelled as its first figure is. A column that would be
    empty is left out.

    Args:
        figures: rows of figures.
        title: the caption.
        columns: metric -> heading, in order.
        first: heading of the labels.
    """
    cells: dict[str, dict[str, dict]] = {}
    for row in figures.iter_rows(named=True):
        if row["metric"] in columns:
            subject = row["figure_id"].removeprefix(row["metric"])
            cells.setdefault(subject, {})[row["metric"]] = row
    rows = [
        {first: escape(next(made[metric]["label"] for metric in columns if metric in made))}
        | {heading: _link(made[metric]) if metric in made else "" for metric, heading in columns.items()}
        for made in cells.values()
    ]
    filled = [heading for heading in (first, *columns.values()) if any(row[heading] for row in rows)]
    rows = [{heading: row[heading] for heading in filled} for row in rows]
    return _table(rows, title, numeric=list(columns.values())) if rows else not_known([title])


def listing(figures: pl.DataFrame, /, *, title: str, first: str = "What") -> Exhibit:
    """A table with one row for each figure: its name, the figure, its period and formula; the caveats stand below."""
    rows = [
        {
            first: escape(row["label"]),
            "Figure": _link(row),
            "Period": escape(period_label(row["period_start"], row["period_end"])),
            "How": escape(row["method"]),
        }
        for row in figures.iter_rows(named=True)
    ]
    if not rows:
        return not_known([title])
    table = _table(rows, title, numeric=["Figure"])
    # Figures of the same claims share their caveats: each is told once.
    caveats = dict.fromkeys(note for row in figures.iter_rows(named=True) for note in (row["note"] or "").split(NOTES) if note)
    if not caveats:
        return table
    note = "Note: " + " ".join(caveats)
    return Exhibit(f'{table.html}\n<div class="note"><p>{escape(note)}</p></div>', f"{table.text}\n{note}")


def statements(figures: pl.DataFrame, ledger: Ledger, /, *, title: str, first: str = "What") -> Exhibit:
    """A table of figures that repeat claims: the figure, its date, on what ground it is said, as printed, and by whom."""
    rows = []
    for row in figures.filter(pl.col("method") == PRINTED).iter_rows(named=True):
        is_date = row["value"] is None
        date_cell = _link(row) if is_date else escape(period_label(row["period_start"], row["period_end"]))
        rows += [
            {
                first: escape(row["label"]),
                "Figure": "" if is_date else _link(row),
                "Date": date_cell,
                "Basis": made["basis"],
                "As printed": escape(_plain(made["printed"])),
                "Source": escape(_cited(made)),
            }
            for made in _claims_of(row, ledger)
        ]
    if not rows:
        return not_known([title])
    if not any(row["Figure"] for row in rows):
        rows = [{name: cell for name, cell in row.items() if name != "Figure"} for row in rows]
    return _table(rows, title, numeric=["Figure"])


def happenings(ledger: Ledger, /, *, title: str, entities: list[str]) -> Exhibit:
    """A table of events about some entities: what is said, how far it has come, on what ground, and by whom."""
    rows = [
        {
            "What": escape(row["description"]),
            "Stage": row["stage"].replace("_", " "),
            "Basis": row["basis"],
            "As printed": escape(_plain(row["printed"])),
            "Source": escape(_cited(row)),
            "Note": escape(row["note"] or ""),
        }
        for row in _with_sources(ledger.events.filter(pl.col("entity_id").is_in(entities)), ledger)
    ]
    return _table(rows, title) if rows else not_known([title])


def outcome(ledger: Ledger, /, *, title: str, entity: str) -> Exhibit:
    """What became of a plan: the last report that withdraws it, or that there was none by the as-of date."""
    withdrawn = ledger.claims.filter(pl.col("entity_id") == entity, pl.col("stance") == "withdraws")
    text = f"{title}: no report by the as-of date that it was given up."
    for last in _with_sources(withdrawn.sort("known_date", maintain_order=True), ledger)[-1:]:
        text = f"{title}: given up, “{_plain(last['printed'])}” ({_cited(last)})."
    return Exhibit(f'<div class="answer"><p>{escape(text)}</p></div>', text)


def how_made(ledger: Ledger, /, *figures: pl.DataFrame) -> Exhibit:
    """The report's figures, each once, with formula and claims; the edition takes its data from here.

    Figures in sentences and tables link to its entries, so a figure that is shown must be among these.

    Raises:
        dataframely.exc.ValidationError: where one id stands for two different figures.
    """
    every = pl.concat([Figures.create_empty(), *figures]).unique(maintain_order=True)
    Figures.validate(every)
    rows = every.to_dicts()
    if not rows:
        return not_known(["figures of this report"])
    entries = [_entry(row, _claims_of(row, ledger)) for row in rows]
    html = "\n".join(
        f'<div class="entry"><p><span id="how-{row["figure_id"]}">{term}</span><br>{text}</p></div>'
        for row, (term, text) in zip(rows, entries, strict=True)
    )
    data = [{name: _json(value) for name, value in row.items()} for row in rows]
    text = "\n".join(_text(f"{term}. {made}") for term, made in entries)
    return Exhibit(f'<div class="how">\n{html}\n</div>', text, {FIGURES_MIME: {"figures": data}})


def _entry(figure: dict, claims: list[dict]) -> tuple[str, str]:
    """How one figure was made, as HTML: its name and value; its formula, claims and caveats."""
    dated = figure["value"] is not None and figure["period_start"] is not None
    period = f" ({period_label(figure['period_start'], figure['period_end'])})" if dated else ""
    term = f"{escape(figure['label'] + period)}: <strong>{escape(figure_in_words(figure))}</strong>"
    cited = "; ".join(f"“{_plain(c['printed'])}” ({_cited(c)}, {_place(c['locator'])})" for c in claims)
    made = figure["method"][0].upper() + figure["method"][1:]
    note = f" <em>{escape(figure['note'].replace(NOTES, ' '))}</em>" if figure["note"] else ""
    return term, f"{escape(made)}. From {escape(cited)}.{note}"


def _place(locator: str) -> str:
    """A locator in words: `p9` is paragraph 9."""
    return f"paragraph {locator[1:]}" if re.fullmatch(r"p\d+", locator) else locator


def _json(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def sources(ledger: Ledger, /, *figures: pl.DataFrame) -> Exhibit:
    """The sources that the figures rest on, with what is known against each."""
    rows = [
        {
            "Source": _source_link(row),
            "Published": escape(_published(row)),
            "Kind": row["kind"].replace("_", " "),
            "Licence": escape(row["licence"]),
            "Known against it": escape(row["caveat"] or ""),
        }
        for row in _sources_of(pl.concat([Figures.create_empty(), *figures]), ledger)
    ]
    return _table(rows, "Sources used in this report") if rows else not_known(["sources"])


def source_line(ledger: Ledger, figures: pl.DataFrame, /) -> str:
    """The publishers that figures rest on, for the foot of a chart."""
    return "Source: " + "; ".join(_cited(row) for row in _sources_of(figures, ledger))


def _link(figure: dict) -> str:
    """A figure as text that leads to how it was made."""
    name = escape(f"{figure['label']}: {figure['method']}")
    return f'<a class="figure" href="#how-{figure["figure_id"]}" title="{name}">{escape(figure_in_words(figure))}</a>'


def _claims_of(figure: dict, ledger: Ledger) -> list[dict]:
    """The claims of a figure with their sources, in the figure's order."""
    order = {claim_id: place for place, claim_id in enumerate(figure["claim_ids"])}
    rows = _with_sources(ledger.vintages.filter(pl.col("claim_id").is_in(list(order))), ledger)
    return sorted(rows, key=lambda row: order[row["claim_id"]])


def _with_sources(statements: pl.DataFrame, ledger: Ledger) -> list[dict]:
    """Claims or events as rows, each with what is known of its source, in their order."""
    return statements.join(ledger.sources, on="source_id", how="left", validate="m:1", maintain_order="left").to_dicts()


def _sources_of(figures: pl.DataFrame, ledger: Ledger) -> list[dict]:
    """The sources that figures rest on, as rows in the ledger's order."""
    claims = ledger.vintages.filter(pl.col("claim_id").is_in(figures["claim_ids"].explode(empty_as_null=False).to_list()))
    return ledger.sources.filter(pl.col("source_id").is_in(claims["source_id"].to_list())).to_dicts()


def _cited(source: dict) -> str:
    """A source in a few words: its publisher, or its title where none is known, and its date."""
    return f"{source['publisher'] or '“' + source['title'] + '”'}, {_published(source)}"


def _published(source: dict) -> str:
    day, precision = source["published_date"], source["published_precision"]
    if day is None:
        return "not dated"
    return {"day": day_label(day), "month": day_label(day).split(" ", 1)[1], "year": str(day.year)}[precision]


def _source_link(source: dict) -> str:
    title = escape(source["title"])
    linked = f'<a href="{escape(source["url"])}">{title}</a>' if source["url"] else title
    return f"{linked}. {escape(source['publisher'] or 'Publisher not known')}"


def _plain(printed: str) -> str:
    """A printed figure without the marks of the text it stands in."""
    return printed.replace("**", "")


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _table(rows: list[dict[str, str]], title: str, numeric: list[str] | None = None) -> Exhibit:
    """Rows of escaped HTML as a table with a caption, row and column headers; the same bytes every time."""
    frame = pl.DataFrame(rows)
    first, *others = frame.columns
    name = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")
    shown = (
        GT(frame, rowname_col=first, id=name)
        .tab_stubhead(first)
        .cols_align("left")
        .cols_align("right", [column for column in others if column in (numeric or [])])
        .fmt(lambda cell: cell, columns=frame.columns)  # the cells are HTML already
    )
    html = shown.as_raw_html()
    # Only the table: great_tables' own style sheet would apply to every table of the page.
    body = html[html.index("<table") : html.index("</table>") + len("</table>")]
    body = body.replace("<table ", f'<table id="{name}" ', 1).replace(">", f"><caption>{escape(title)}</caption>", 1)
    body = re.sub(r' data-quarto-[a-z-]+="false"', "", body)
    body = re.sub(r"\n\s*", "\n", body)
    plain = [" | ".join(frame.columns), *(" | ".join(_text(cell) for cell in row) for row in frame.iter_rows())]
    return Exhibit(f'<div class="table">{body}</div>', "\n".join([title, *plain]))


def _text(html: str) -> str:
    return unescape(re.sub(r"<[^>]+>", "", html)).strip()
