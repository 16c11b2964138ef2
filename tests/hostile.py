"""Texts that attack what shows them, a copy of the project that holds them wherever data can, and a small report of it."""

import csv
from pathlib import Path

import nbformat

ATTACKS = [
    # HTML: elements, handlers, addresses, and ends of what text may stand in
    "<script>window.ran=1</script>",
    "<img src=x onerror=window.ran=1>",
    "<svg onload=window.ran=1>",
    "</td></table><iframe src=//example.org>",
    "</svg></text><script>window.ran=1</script>",
    "<svg><script>window.ran=1</script></svg>",
    "<a href=javascript:window.ran=1>x</a>",
    '" onmouseover="window.ran=1" x="',
    "' autofocus onfocus='window.ran=1",
    "<style>@import'//example.org/x.css';</style>",
    "<div style=background:url(//example.org/x)>",
    "<math><mi xlink:href=data:x,1>",
    "<details open ontoggle=window.ran=1>",
    "<iframe srcdoc='&lt;script>'>",
    "<template><p></template>",
    "<use href=//example.org/x.svg#x>",
    "<meta http-equiv=refresh content=0;//example.org>",
    "<!-- x --> --> --!> ]]> <![CDATA[ <?x ?>",
    "&lt;b&gt; &amp;amp; &#60;script&#62; &nbsp;",
    # templates: jinja, the package's own sentences, papermill, Vega's expressions
    "{{ 7*7 }} {% raw %} {# x #}",
    "{figure} {bev_sales:period} $name $central {0} %s %(x)s",
    "datum.x + '\\' + \"",
    # Markdown and what notebooks take for mathematics or commands
    "**bold** __b__ `code` ```x``` | a | b | [x](javascript:window.ran=1) ![x](//example.org/x)",
    "$x^2$ $$y$$ \\(x\\) \\[x\\] \\begin{x}",
    "%%bash !ls %run x.py ?x",
    # Typst, pandoc, TeX
    '#panic("x") #read("/etc/passwd") #import "x.typ": * #{1+1} #sys.version',
    "@label <label> *strong* _emph_ ~ \\ \\u{41} // comment /* comment */ https://example.org/x",
    '#"-5".len() -5.len() ]#panic() [x] (y) = x',
    "\\input{/etc/passwd} \\write18{ls}",
    # files, and spreadsheets' formulas where they do not begin a text
    "../../etc/passwd ..\\..\\x %2e%2e%2f C:\\x file:///etc/passwd",
    "x=CMD() @SUM(1+1)*cmd|' /C calc'!A0 =HYPERLINK(\"//example.org\")",
    "a,b;c\"d'e",
    # as long as a word may be, and other scripts
    "W" * 100,
    "日産リーフ é",
]
"""Every text that is put in place of words; each must come out as it went in, and do nothing."""

EVERYTHING = " ".join(ATTACKS)

COLUMNS = [
    "entities.name",
    "series.name",
    "sources.publisher",
    "sources.title",
    "sources.licence",
    "sources.caveat",
    "claims.locator",
    "claims.printed",
    "claims.note",
    "events.description",
    "events.printed",
    "events.note",
    "conflicts.title",
    "conflicts.reason",
]
"""The columns of free text that reach a page; all the others that hold free text are attacked with them."""


def marked(column: str) -> str:
    """All the attacks, behind the name of the column that they are put in."""
    return f"In {column}: {EVERYTHING}"


def put_in(data: Path) -> None:
    """Append rows to the tables of a folder whose every free text is an attack."""
    url = "https://example.org/\"'><script>window.ran=1</script>?q=#panic()&x={{7*7}}\\"
    source = {"source_id": "hostile", "product_id": "hostile", "kind": "news", "published_date": "2024-01-01", "url": url}
    _append(data, "sources", source | {"published_precision": "day", "recorded_date": "2026-11-25"}, "published_note")
    _append(data, "entities", {"entity_id": "hostile", "kind": "agreement"}, "note")
    _append(data, "series", {"series_id": "hostile", "unit": "vehicles", "is_additive": "false"}, "definition")
    shared = {"entity_id": "hostile", "market_id": "us", "source_id": "hostile", "qualifier": "exact", "entry": "1"}
    shared |= {"stance": "asserts", "change": "new", "recorded_date": "2026-11-25"}
    dated = {"valid_from": "2023-01-01", "valid_to": "2023-12-31", "basis": "plan"}
    claim = {"claim_id": "hostile-1", "series_id": "hostile", "value": "-5", "unit": "vehicles", "basis": "reported"}
    _append(data, "claims", shared | dated | claim, "reason", "period_printed")
    _append(data, "claims", shared | dated | claim | {"claim_id": "hostile-2", "value": "7", "valid_to": "2023-06-30"})
    event = {"event_id": "hostile-3", "stage": "signed", "counterparty_id": "nissan"}
    _append(data, "events", shared | dated | event, "reason", "period_printed", "locator")
    conflict = {"conflict_id": "hostile", "kind": "value", "statement_ids": "hostile-1;hostile-2"}
    _append(data, "conflicts", conflict | {"recorded_date": "2026-11-25"})


def _append(data: Path, table: str, row: dict[str, str], *others: str) -> None:
    """A row with an attack in the columns of `COLUMNS` and in others; the texts of two claims are told apart."""
    texts = [column.partition(".")[2] for column in COLUMNS if column.startswith(f"{table}.")] + list(others)
    with (data / f"{table}.csv").open("r+", encoding="utf-8", newline="") as file:
        header = next(csv.reader(file))
        file.seek(0, 2)
        csv.DictWriter(file, header, lineterminator="\n").writerow({t: marked(f"{table}.{t}") for t in texts} | row)


CELLS = [
    "from datetime import date\n\nimport polars as pl\n\nfrom analysis import Entity, Ledger, charts, exhibits\n"
    "from analysis.metrics import conflicts, partnerships, printed, timeline",
    'as_of: date | None = None  # the day\nabout: Entity = "hostile"  # what it is about\nword: str = "x"  # any word\n'
    "words: list[str] = []  # more of them",
    "ledger = Ledger.load().as_of(as_of)\n"
    "name = ledger.name(about)\n"
    "terms = printed.printed(ledger.claims, series_ids=[about], entity_ids=[about])\n"
    "rows = timeline.timeline(ledger.claims, ledger.events, lanes={name: [about]})\n"
    "contests = conflicts.contests(ledger.claims, vintages=ledger.vintages, events=ledger.events, "
    "conflicts=ledger.conflicts, only=[about])\n"
    "figures = pl.concat([terms, conflicts.contested(contests)])\n"
    "first = terms['figure_id'][0]",
    'exhibits.say("$name has {$first}. $word", figures, name=name, first=first, word=word, emphasis="answer")',
    "charts.lanes(rows, ledger, title='About $name', subtitle=name, first_year=2022, last_year=2025, name=name)",
    'exhibits.agreements(partnerships.agreements(ledger.events, ledger.entities, entity_ids=[about]), ledger, title="Agreed")',
    'exhibits.statements(terms, ledger, title="Printed", has_notes=True)',
    'exhibits.listing(terms, title="Listed")',
    "exhibits.happenings(ledger, title=name, entities=[about])",
    'exhibits.contested(contests, conflicts.contested(contests), ledger, title="Contested")',
    'print("told:", repr((word, words)))',
    "exhibits.how_made(ledger, figures)",
    "exhibits.sources(ledger, figures)",
]
"""A report with one cell of each sort of exhibit that data reach."""


def report(title: str = "Hostile") -> nbformat.NotebookNode:
    """The small report as a notebook."""
    cells = [nbformat.v4.new_code_cell(source, id=f"c{place}") for place, source in enumerate(CELLS)]
    cells[1].metadata["tags"] = ["parameters"]
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell(f"# {title}", id="title"), *cells])
