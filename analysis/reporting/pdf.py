"""An executed notebook as a tagged PDF (PDF/UA-1): its HTML, through pandoc to Typst. No browser, no LaTeX."""

import base64
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from html import escape
from importlib.util import find_spec
from pathlib import Path

import pypandoc
from nbformat import NotebookNode

from analysis.errors import BuildError
from analysis.reporting.aside import put_back, set_aside
from analysis.reporting.characters import lacking, named, printable, spelled
from analysis.reporting.drawings import drawing, pictures
from analysis.reporting.html import TEMPLATES, About
from analysis.typeface import FOLDERS

_TYPST = """
import sys
sys.path.append(sys.argv[1])
import typst
fonts = typst.Fonts(include_system_fonts=False, font_paths=sys.argv[2:])
try:
    typst.compile("report.typ", "report.pdf", format="pdf", font_paths=fonts, pdf_standards=["ua-1"])
except BaseException as error:  # a panic of Rust's is no Exception
    print(error)
    sys.exit(1)
"""

_LARGE_PAGES = {"GLIBC_TUNABLES": "glibc.malloc.hugetlb=1"}
"""Typst takes up to 190 MB within half a second, a fifth of which goes into being given it by 4 kB; only Linux reads this."""


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
        shape, texts = set_aside(_with_sources(printable(content), sources or {}))
        source = pypandoc.convert_text(
            shape,
            "typst",
            format="html-auto_identifiers",
            verify_format=False,  # it would start pandoc twice more to ask what it can read and write
            extra_args=[
                f"--template={TEMPLATES / 'print.typ'}",
                f"--lua-filter={TEMPLATES / 'print.lua'}",
                "--wrap=none",
                *("+RTS", "-A32m", "-RTS"),  # it sweeps its memory up less often, and holds no more
                "--sandbox",  # nothing is fetched or read on behalf of a report's text
                *(f"--variable={name}={value}" for name, value in _variables(about).items()),
            ],
        )
        (root / "report.typ").write_text(put_back(source, texts), "utf-8")
        return _typeset(root, about.name)


def _typeset(folder: Path, name: str) -> bytes:
    """The folder's `report.typ` as a PDF, by a process of its own that gives all back when it ends.

    Typst keeps 40 to 130 MB of a document for the ten after it, and can't be told to let go. To start it anew takes less time
    than to work that off, and it can fail, by a panic too, without taking its worker along.
    """
    packages = Path(find_spec("typst").origin).parents[1]  # found, not imported: it would fill 25 MB of each worker
    command = [sys.executable, "-I", "-S", "-X", "utf8", "-c", _TYPST, str(packages), *FOLDERS]
    around = _LARGE_PAGES | os.environ
    done = subprocess.run(command, cwd=folder, env=around, capture_output=True, check=False)  # noqa: S603 - our own text and folders
    made = folder / "report.pdf"
    if done.returncode or not made.exists():
        said = (done.stdout or done.stderr).decode("utf-8", "replace").strip()
        raise BuildError(f"{name}: the PDF could not be set: {said or f'exit code {done.returncode}'}")
    return made.read_bytes()


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
