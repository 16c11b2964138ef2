"""A published edition as a mail: one report's answer and first picture, what changed, how fresh it is, and the PDF.

The message depends on the edition and its arguments alone. How it reaches anybody is in `delivery`.
"""

import hashlib
from dataclasses import dataclass
from datetime import date, datetime
from email import policy
from email.headerregistry import Address
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import nbformat
import polars as pl
import vl_convert
from nbformat import NotebookNode

import analysis.charts.theme  # noqa: F401 - gives the renderer our typefaces
from analysis.errors import BuildError, InputError
from analysis.exhibits.citing import published
from analysis.look import VEGALITE_MIME
from analysis.reporting import editions
from analysis.reporting.html import About, mail_page
from analysis.reporting.parameters import title_of
from analysis.reporting.planning import LEADING, TITLE

PICTURE = "picture@evroad"
"""The name by which the HTML part shows the picture."""

_SCALE = 2  # pixels of the picture to one of the chart: screens are fine, and mail clients don't draw SVG


@dataclass(frozen=True)
class Digest:
    """What a mail says of a report of an edition.

    `parts` are headings with their paragraphs, as text; the first one's are the report's answer. `picture` is a PNG and
    `seen` its description, both empty where the report has no chart. `notice` says what took its place, if anything did.
    """

    subject: str
    title: str
    edition: str
    notice: str
    parts: list[tuple[str, list[str]]]
    picture: bytes
    seen: str
    pdf: bytes
    pdf_name: str
    date: date
    key: str

    @property
    def as_text(self) -> str:
        """The whole of it without the picture, whose description stands for it."""
        parts = [line for heading, lines in self.parts for line in (f"{heading.upper()}\n\n{lines[0]}", *lines[1:])]
        seen = [f"KEY PICTURE\n\n{self.seen}"] if self.seen else []
        head = [self.title, self.edition, *filter(None, [self.notice])]
        return "\n\n".join([*head, parts[0], *parts[1:], *seen, self.ending]) + "\n"

    @property
    def ending(self) -> str:
        return f"Attached: {self.pdf_name}, the whole report, with how each number was made and its sources."


def digest(reports: Path, edition: str | None = None, report: str | None = None, /) -> Digest:
    """What there is to mail of an edition.

    Args:
        reports: the folder of reports.
        edition: its name; the latest one that stands where none is given.
        report: the report; the briefing where none is given, or the edition's first where it has no briefing.

    Raises:
        InputError: where there is no such edition or report, or it was withdrawn.
        BuildError: for an edition that is damaged.
    """
    folder = editions.find(reports, edition)
    if gone := editions.withdrawn(folder):
        raise InputError(f"edition {folder.name} was withdrawn on {gone['date']}, and is not mailed: {gone['reason']}")
    told = editions.manifest(folder)
    if lines := editions.damage(folder):
        raise BuildError(f"edition {folder} is damaged, and nothing of it is mailed: {'; '.join(lines)}")
    names = list(told["parameters"])
    name = report or (LEADING if LEADING in names else names[0])
    if name not in names:
        raise InputError(f"edition {folder.name} has no report {name!r}; it has {', '.join(names)}")
    days = {clock: date.fromisoformat(told[clock]) for clock in ("date", "as_of", "recorded_by") if told[clock]}
    about = About(name, TITLE, folder.name, **days)
    when = about.date_in_words + ("" if folder.name == told["date"] else f" ({folder.name})")
    notebook = nbformat.read(folder / f"{name}.ipynb", 4)
    title = title_of(notebook.cells[0].source)
    later = editions.superseded_by(folder, editions.editions(reports), name)
    picture, seen = _picture(notebook)
    return Digest(
        subject=f"{'Superseded: ' if later else ''}{TITLE}, {when}{'' if name == LEADING else f' – {title}'}",
        title=title,
        edition=f"{TITLE}. Edition of {when}, as of {about.as_of_in_words}.",
        notice=f"This edition was superseded by the edition {later.name}." if later else "",
        parts=[
            ("The answer", _answer(notebook)),
            ("What changed", [told["what_changed"]]),
            ("How fresh it is", _freshness(folder, told, name)),
        ],
        picture=picture,
        seen=seen,
        pdf=(folder / f"{name}.pdf").read_bytes(),
        pdf_name=f"nissan-ev-{name.replace('_', '-')}-{folder.name}.pdf",
        date=about.date,
        key=hashlib.sha256(f"{told['id']} {name} {later and later.name}".encode()).hexdigest()[:32],
    )


def message(told: Digest, /, *, sender: Address, recipients: list[Address], sent: datetime) -> EmailMessage:
    """The mail: text and HTML that say the same, the picture inside the HTML, and the PDF attached.

    Its id follows from what it says, so that a mail sent twice shows once where clients look at that.

    Args:
        told: what it says.
        sender, recipients: whom it is from and to; the recipients see one another.
        sent: its time.
    """
    mail = EmailMessage(policy=policy.SMTP)
    mail["From"], mail["To"], mail["Subject"], mail["Date"] = sender, recipients, told.subject, sent
    mail["Message-ID"] = f"<{told.key}@{sender.domain}>"
    mail["Auto-Submitted"] = "auto-generated"  # no holiday notices in return
    mail.set_content(told.as_text, cte="quoted-printable")
    mail.add_alternative(mail_page(told, PICTURE), subtype="html", cte="quoted-printable")
    if told.picture:
        page = mail.get_payload()[1]
        page.add_related(told.picture, "image", "png", cid=f"<{PICTURE}>", disposition="inline", filename="picture.png")
    mail.add_attachment(told.pdf, "application", "pdf", filename=told.pdf_name)
    for number, part in enumerate(part for part in mail.walk() if part.is_multipart()):
        part.set_boundary(f"=_evroad_{number}")  # "=_" stands in no text that is quoted-printable, and in no base64
    return mail


def _answer(notebook: NotebookNode) -> list[str]:
    """The report's answer as text: what stands above the first section."""
    lines = []
    for cell in notebook.cells:
        if cell.cell_type == "markdown" and "\n## " in f"\n{cell.source}":
            break
        shown = [out["data"] for out in cell.get("outputs", []) if "data" in out]
        kinds = ('<div class="answer">', '<div class="not-known">')
        lines += [data["text/plain"] for data in shown if any(kind in data.get("text/html", "") for kind in kinds)]
    return lines or ["This report has no answer in a sentence: see the PDF."]


def _picture(notebook: NotebookNode) -> tuple[bytes, str]:
    """The report's first chart as a PNG, and its description."""
    for cell in notebook.cells:
        for out in cell.get("outputs", []):
            if spec := out.get("data", {}).get(VEGALITE_MIME):
                return vl_convert.vegalite_to_png(spec, scale=_SCALE), out["data"]["text/plain"]
    return b"", ""


def _freshness(folder: Path, told: dict[str, Any], report: str) -> list[str]:
    """How old what the report rests on is, and what the checks before publication warned of."""
    figures = pl.read_parquet(folder / editions.FIGURES).filter(pl.col("report") == report)
    ids = figures["claim_ids"].explode(empty_as_null=False).unique()
    cited = pl.read_parquet(folder / editions.CITED).filter(pl.col("statement_id").is_in(ids.to_list()))
    sources = pl.read_parquet(folder / "sources.parquet").filter(pl.col("source_id").is_in(cited["source_id"].to_list()))
    dated = sources.drop_nulls("published_date").sort("published_date", maintain_order=True).to_dicts()
    undated = len(sources) - len(dated)
    counts = f"The report rests on {len(cited)} claims and events from {len(sources)} sources"
    span = f"; the oldest was published {_when(dated[0])}, the newest {_when(dated[-1])}" if dated else ""
    lines = [f"{counts}{span}{f'; {undated} without a date' if undated else ''}."]
    found = told.get("findings")
    if found is None:  # an edition from before findings were kept beside it
        return [*lines, "What the checks before publication found stands in the PDF."]
    warned = [f"{one['level'].capitalize()}, {one['gate']}: {one['text']}" for one in found if one["level"] != "passed"]
    return [*lines, *(warned or ["The checks before publication warned of nothing."])]


def _when(source: dict[str, Any]) -> str:
    return f"{'on' if source['published_precision'] == 'day' else 'in'} {published(source)}"
