"""Statements with their sources: who says so, when, and where in it."""

import re

import polars as pl

from analysis.exhibits.shown import verbatim
from analysis.ledger import Ledger
from analysis.schema import Figures
from analysis.units import day_label

_PARAGRAPH = re.compile(r"p\d+")

_MANY = 8
"""More sources than a reader takes in at the foot of a chart."""


def claims_of(figure: dict, ledger: Ledger) -> list[dict]:
    """The claims and events of a figure with their sources, in the figure's order."""
    return named(figure["claim_ids"], ledger)


def named(statement_ids: list[str], ledger: Ledger) -> list[dict]:
    """Claims of any edition, also retracted ones, and events, as rows with their sources, in the order given."""
    return ledger.statements(statement_ids)


def with_sources(statements: pl.DataFrame, ledger: Ledger) -> list[dict]:
    """Claims or events as rows, each with what is known of its source, in their order."""
    return ledger.with_sources(statements).to_dicts()


def sources_of(statement_ids: list[str], ledger: Ledger) -> list[dict]:
    """The sources that claims and events rest on, as rows in the ledger's order."""
    used = {row["source_id"] for row in named(statement_ids, ledger)}
    return ledger.sources.filter(pl.col("source_id").is_in(list(used))).to_dicts()


def claim_ids(*figures: pl.DataFrame) -> list[str]:
    """The claims that figures rest on."""
    return pl.concat([Figures.create_empty(), *figures])["claim_ids"].explode(empty_as_null=False).to_list()


def source_line(ledger: Ledger, figures: pl.DataFrame, /) -> str:
    """The publishers that figures rest on, for the foot of a chart."""
    return statement_line(ledger, claim_ids(figures))


def statement_line(ledger: Ledger, statement_ids: list[str], /) -> str:
    """The publishers that claims and events rest on, for the foot of a chart; licences that ask for it are named."""
    rows = sources_of(statement_ids, ledger)
    if not rows:
        return ""
    shown = rows if len(rows) <= _MANY else [row for row in rows if _asks_for_attribution(row)]
    names = [cited(row) + (f" ({row['licence']})" if _asks_for_attribution(row) else "") for row in shown]
    if len(shown) < len(rows):
        names.append("and others" if names else "those listed at the end of the report")
    return ("Source: " if len(rows) == 1 else "Sources: ") + "; ".join(dict.fromkeys(names))


def _asks_for_attribution(source: dict) -> bool:
    return source["licence"].startswith("CC BY")


def cited(source: dict) -> str:
    """A source in a few words: its publisher, or its title where none is known, and its date."""
    return f"{source['publisher'] or '“' + source['title'] + '”'}, {published(source)}"


def published(source: dict) -> str:
    """When a source was published, as exactly as that is known."""
    day, precision = source["published_date"], source["published_precision"]
    if day is None:
        return "not dated"
    return {"day": day_label(day), "month": day_label(day).split(" ", 1)[1], "year": str(day.year)}[precision]


def plain(printed: str) -> str:
    """A printed figure without the marks of the text it stands in."""
    return printed.replace("**", "")


_NOTED = 3
"""More sources than a footnote names."""


def footnotes(figures: list[dict], ledger: Ledger, /) -> dict[str, str]:
    """Figure id -> the sources that a figure rests on, as a footnote names them.

    Args:
        figures: rows of figures with `figure_id` and `claim_ids`.
        ledger: where the claims and their sources are.
    """
    ids = list(dict.fromkeys(name for row in figures for name in row["claim_ids"]))
    source = {row["claim_id"]: cited(row) for row in named(ids, ledger)}
    notes = {}
    for row in figures:
        names = list(dict.fromkeys(source[name] for name in row["claim_ids"] if name in source))
        more = f"; and {len(names) - _NOTED} more, named in the appendix" if len(names) > _NOTED else ""
        notes[row["figure_id"]] = "; ".join(names[:_NOTED]) + more + "." * bool(names)
    return notes


def words(statement: dict) -> str:
    """What was printed: in quotation marks where the document is archived, and so the very words can be looked up."""
    said = plain(statement["printed"])
    said = f"“{said}”" if _PARAGRAPH.fullmatch(statement["locator"]) else said
    return f"{said}, since retracted" if statement.get("is_retracted") else said


def quoted(statement: dict) -> str:
    """A statement in a line: what was printed, and who printed it."""
    return f"{words(statement)} ({cited(statement)})"


def quotation(statement: dict) -> str:
    """The same as HTML."""
    return f"{verbatim(words(statement))} ({verbatim(cited(statement))})"


def place(locator: str) -> str:
    """A locator in words: `p9` is paragraph 9."""
    return f"paragraph {locator[1:]}" if _PARAGRAPH.fullmatch(locator) else locator
