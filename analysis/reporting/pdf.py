"""An executed notebook as a tagged PDF (PDF/UA-1): its HTML, through pandoc to Typst. No browser, no LaTeX."""

import tempfile
from pathlib import Path

import font_source_sans_pro
import pypandoc
import typst
from nbformat import NotebookNode

from analysis.errors import BuildError
from analysis.reporting.html import TEMPLATES, About, body


def document(notebook: NotebookNode, about: About, /) -> bytes:
    """The report as a PDF.

    Raises:
        BuildError: where Typst refuses it, with its reason: a chart without description, a figure that is shown but
            not among those whose making is told.
    """
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        _write_charts(notebook, root)
        source = pypandoc.convert_text(
            body(notebook, for_print=True),
            "typst",
            format="html-auto_identifiers",
            extra_args=[
                f"--template={TEMPLATES / 'print.typ'}",
                f"--lua-filter={TEMPLATES / 'print.lua'}",
                "--wrap=none",
                *(f"--variable={name}={value}" for name, value in _variables(about).items()),
            ],
        )
        (root / "report.typ").write_text(source, "utf-8")
        try:
            return typst.compile(
                str(root / "report.typ"),
                root=str(root),
                format="pdf",
                font_paths=[font_source_sans_pro.font_directory],
                ignore_system_fonts=True,
                pdf_standards=["ua-1"],
            )
        except typst.TypstError as error:
            raise BuildError(f"{about.name}: the PDF could not be set: {error}") from None


def _write_charts(notebook: NotebookNode, folder: Path) -> None:
    charts = [
        output.data["image/svg+xml"]
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if "image/svg+xml" in output.get("data", {})
    ]
    for number, svg in enumerate(charts, 1):
        (folder / f"chart-{number}.svg").write_text(svg, "utf-8")


def _variables(about: About) -> dict[str, str | int]:
    return {
        "title": about.title.replace("\\", "\\\\").replace('"', '\\"'),
        "edition": about.date_in_words,
        "asof": about.as_of_in_words,
        "year": about.date.year,
        "month": about.date.month,
        "day": about.date.day,
    }
