"""An executed notebook as a tagged PDF (PDF/UA-1): its HTML, through pandoc to Typst. No browser, no LaTeX."""

import base64
import re
import tempfile
from collections.abc import Callable, Mapping
from html import escape
from pathlib import Path

import pypandoc
import typst
from nbformat import NotebookNode

from analysis.errors import BuildError
from analysis.reporting.characters import lacking, named, printable, spelled
from analysis.reporting.drawings import drawing, pictures
from analysis.reporting.html import TEMPLATES, About
from analysis.typeface import FOLDERS


def document(
    notebook: NotebookNode,
    about: About,
    content: str,
    /,
    *,
    sources: Mapping[str, str] | None = None,
    tell: Callable[[str], None] = lambda _: None,
) -> bytes:
    """The report as a PDF.

    Args:
        notebook: the executed notebook, which has the pictures.
        about: what the document says of itself.
        content: its text as HTML, as `html.body` gives it for print.
        sources: figure id -> what a footnote says of its sources.
        tell: called with a sentence for each character that no typeface can set; its code and name stand in its place.

    Raises:
        BuildError: where Typst refuses it, with its reason: a chart without description, a figure that is shown but
            not among those whose making is told.
    """
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for character in dict.fromkeys([*lacking(content), *_write_pictures(notebook, root)]):
            tell(f"no typeface can set {named(character)}: the PDF names it in its place")
        source = pypandoc.convert_text(
            _with_sources(printable(content), sources or {}),
            "typst",
            format="html-auto_identifiers",
            extra_args=[
                f"--template={TEMPLATES / 'print.typ'}",
                f"--lua-filter={TEMPLATES / 'print.lua'}",
                "--wrap=none",
                "--sandbox",  # nothing is fetched or read on behalf of a report's text
                *(f"--variable={name}={value}" for name, value in _variables(about).items()),
            ],
        )
        (root / "report.typ").write_text(source, "utf-8")
        try:
            return typst.compile(
                str(root / "report.typ"),
                root=str(root),
                format="pdf",
                font_paths=FOLDERS,
                ignore_system_fonts=True,
                pdf_standards=["ua-1"],
            )
        except BaseException as error:
            # A panic of Rust's is no Exception; it fails its report and nothing else.
            if not isinstance(error, typst.TypstError) and type(error).__name__ != "PanicException":
                raise
            raise BuildError(f"{about.name}: the PDF could not be set: {error}") from None


def _with_sources(content: str, sources: Mapping[str, str]) -> str:
    """The text with the sources of each figure beside it, for those who set it."""

    def named(match: re.Match[str]) -> str:
        source = sources.get(match[1])
        return f'{match[0]} data-source="{escape(spelled(source))}"' if source else match[0]

    return re.sub(r'<a class="figure" href="#how-([^"]+)"', named, content)


def _write_pictures(notebook: NotebookNode, folder: Path) -> list[str]:
    """The pictures as files, numbered as in the printed body; returns the characters that no typeface can set."""
    found = []
    for number, (kind, data) in enumerate(pictures(notebook), 1):
        if kind == "image/png":
            (folder / f"chart-{number}.png").write_bytes(base64.b64decode(data[kind]))
        else:
            picture = drawing(data).picture
            found += lacking(picture, is_drawn=True)
            (folder / f"chart-{number}.svg").write_text(printable(picture, is_drawn=True), "utf-8")
    return found


def _variables(about: About) -> dict[str, str | int]:
    return {
        "name": about.name,
        "title": spelled(about.title).replace("\\", "\\\\").replace('"', '\\"'),
        "edition": about.date_in_words + ("" if about.edition == str(about.date) else f" ({about.edition})"),
        "asof": about.as_of_in_words,
        "year": about.date.year,
        "month": about.date.month,
        "day": about.date.day,
    }
