"""An executed notebook as a tagged PDF (PDF/UA-1): its HTML, through pandoc to Typst. No browser, no LaTeX."""

import base64
import re
import tempfile
from collections.abc import Callable, Mapping
from html import escape
from itertools import count
from pathlib import Path

import pypandoc
import typst
from nbformat import NotebookNode

from analysis.errors import BuildError
from analysis.reporting.drawings import drawing, pictures
from analysis.reporting.html import TEMPLATES, About
from analysis.typeface import FOLDERS, code, covered


def document(
    notebook: NotebookNode,
    about: About,
    content: str,
    /,
    *,
    sources: Mapping[str, str] | None = None,
    lacking: Callable[[str], None] | None = None,
) -> bytes:
    """The report as a PDF.

    Args:
        notebook: the executed notebook, which has the pictures.
        about: what the document says of itself.
        content: its text as HTML, as `html.body` gives it for print.
        sources: figure id -> what a footnote says of its sources.
        lacking: called with a sentence for each character that no typeface has; its code and name stand in its place.

    Raises:
        BuildError: where Typst refuses it, with its reason: a chart without description, a figure that is shown but
            not among those whose making is told.
    """
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        _write_pictures(notebook, root)
        source = pypandoc.convert_text(
            _with_sources(content, sources or {}),
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
        return _set(root, source, about.name, lacking or (lambda _: None))


_NAMED_ONE_BY_ONE = 8
"""More characters without a typeface than are worth a try each: then all that ours lack are named at once."""


def _set(root: Path, source: str, name: str, lacking: Callable[[str], None]) -> bytes:
    """Typst's PDF of a text and the pictures beside it; characters that no typeface has are named in their place."""
    for tries in count():
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
        except typst.TypstError as error:
            told = re.search(r'the text `"(.+?)"` could not be displayed', str(error), re.DOTALL)
            pictures = sorted(root.glob("*.svg"))
            texts = [source, *(path.read_text("utf-8") for path in pictures)]
            within = "".join(texts) if tries >= _NAMED_ONE_BY_ONE else told[1] if told else ""
            unknown = sorted({s for s in within if s.isprintable() and ord(s) not in covered()} & set("".join(texts)))
            if not unknown:
                raise BuildError(f"{name}: the PDF could not be set: {error}") from None
            for sign in unknown:
                lacking(f"no typeface has {code(sign)}: the PDF names it in its place")
            # What joins and varies such signs goes with them: it has nothing left to join.
            signs = re.compile(f"([{re.escape(''.join(unknown))}])[\u200d\ufe0e\ufe0f]*")
            source, *pictured = (signs.sub(lambda sign: f"«{code(sign[1])}»", text) for text in texts)
            for path, picture in zip(pictures, pictured, strict=True):
                path.write_text(picture, "utf-8")
    raise AssertionError


def _with_sources(content: str, sources: Mapping[str, str]) -> str:
    """The text with the sources of each figure beside it, for those who set it."""

    def named(match: re.Match[str]) -> str:
        source = sources.get(match[1])
        return f'{match[0]} data-source="{escape(source)}"' if source else match[0]

    return re.sub(r'<a class="figure" href="#how-([^"]+)"', named, content)


def _write_pictures(notebook: NotebookNode, folder: Path) -> None:
    """The pictures as files, numbered as in the printed body."""
    for number, (kind, data) in enumerate(pictures(notebook), 1):
        if kind == "image/png":
            (folder / f"chart-{number}.png").write_bytes(base64.b64decode(data[kind]))
        else:
            (folder / f"chart-{number}.svg").write_text(drawing(data).picture, "utf-8")


def _variables(about: About) -> dict[str, str | int]:
    return {
        "name": about.name,
        "title": about.title.replace("\\", "\\\\").replace('"', '\\"'),
        "edition": about.date_in_words + ("" if about.edition == str(about.date) else f" ({about.edition})"),
        "asof": about.as_of_in_words,
        "year": about.date.year,
        "month": about.date.month,
        "day": about.date.day,
    }
