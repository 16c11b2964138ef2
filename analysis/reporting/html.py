"""An executed notebook as a page: one file that asks for nothing. What the page looks like is in templates/."""

import base64
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from html import escape, unescape
from io import BytesIO
from pathlib import Path
from textwrap import shorten
from typing import TYPE_CHECKING

import jinja2
from fontTools import subset
from nbconvert import HTMLExporter
from nbformat import NotebookNode

from analysis import __version__
from analysis.look import DARK, MANY
from analysis.reporting.drawings import apart, drawing
from analysis.reporting.inert import check_inert
from analysis.reporting.planning import ANSWERED, LEADING
from analysis.typeface import LATIN_FOLDER
from analysis.units import day_label

if TYPE_CHECKING:
    from analysis.gates import Finding
    from analysis.reporting.mail import Digest

_CHARACTERS = {*range(0x20, 0x180), *range(0x2010, 0x2040), 0x20A9, 0x20AC, 0x2122, 0x2212, 0x2264, 0x2265}
"""Latin letters, punctuation and signs that a page carries a typeface for; others show in the reader's own."""

_ALWAYS = {*range(0x20, 0x7F), *map(ord, "–’“”…•±£¥₩€")}
"""Those that every page carries, so that most carry the same, which is made once; of the others each has what stands on it."""

TEMPLATES = Path(__file__).parent / "templates"


@dataclass(frozen=True)
class About:
    """What a page says of itself."""

    name: str
    title: str
    edition: str
    date: date
    as_of: date
    recorded_by: date | None = None
    version: str = __version__

    @property
    def date_in_words(self) -> str:
        return day_label(self.date)

    @property
    def as_of_in_words(self) -> str:
        """The day whose knowledge is shown, and our own where one is replayed."""
        replayed = f", as recorded by {day_label(self.recorded_by)}" if self.recorded_by else ""
        return day_label(self.as_of) + replayed


def body(notebook: NotebookNode, /, *, for_print: bool = False) -> str:
    """The notebook's text and outputs as HTML, without code and without a page around them.

    Charts are figures with a number; their titles stand as captions. In print, pictures are files: `chart-1.svg`,
    `chart-2.png` and so on, in order.

    Raises:
        BuildError: for an element, attribute or address that could make the page run something, or ask for it.
    """
    # The template alone: HTMLExporter would read the page again and write it anew, with quotation marks of another kind.
    html = super(HTMLExporter, _exporter()).from_notebook_node(notebook, resources={"print": for_print})[0]
    check_inert(html)
    return apart(html)


def page(content: str, about: About, /, *, specs: dict[str, dict] | None = None) -> str:
    """A report's body as one HTML page: title, question, answer and date, then contents, then the rest.

    Args:
        content: the report's body.
        about: what the page says of itself.
        specs: the charts that are to answer when pointed at, as `drawings.specs` gives them; without any, the page has no
            script.
    """
    html, contents = _with_anchors(_with_regions(_with_making(content)))
    lead, heading, rest = html.partition("<h2")
    parts = {"lead": lead, "rest": heading + rest, "contents": contents, "has_code": '<div class="code">' in html}
    drawn = {"specs": json.dumps(specs, ensure_ascii=False).replace("<", r"\u003c"), "scripts": [_charts()]} if specs else {}
    style = _style(html + about.title + drawn.get("specs", ""))
    return _template("page.html.j2").render(about=about, style=style, **parts, **drawn)


def with_end(content: str, changed: str, checks: str, /) -> str:
    """A report's body with what changed before the section on how each number was made, and the checks at its end."""
    how = content.rfind("<h2", 0, content.find('<div class="how">') + 1)
    place = how if how >= 0 else len(content)
    return content[:place] + changed + content[place:] + checks


def checks(findings: list["Finding"], /) -> str:
    """A section that tells what was checked before publication, and what was found."""
    return _template("checks.html.j2").render(findings=findings)


def edition_page(
    about: About, reports: list[dict[str, str]], told: dict, changed: str, checks: str, /, *, sizes: Mapping[str, int]
) -> str:
    """The first page of an edition: its reports with their answers, what it supersedes and why, what changed, and its data.

    Args:
        about: the edition.
        reports: `name`, `title`, what is `asked` other than by default, and `answer` of each.
        told: what the edition says of itself.
        changed: the section that tells what changed.
        checks: the section that tells what was checked.
        sizes: bytes of the edition's files, by name.
    """
    reports = [report | {"leads": report["name"] == LEADING or len(reports) == 1} for report in reports]
    letters = json.dumps([reports, changed, checks], ensure_ascii=False)
    page = {
        "about": about,
        "style": _style(letters + "".join(told.get("missing", {}).values())),
        "reports": reports,
        "most": ANSWERED,
        "told": told,
        "changed": changed,
        "checks": checks,
        "sizes": sizes,
    }
    return _template("edition.html.j2").render(page)


def page_of(template: str, /, *, style: str | None = None, **told: object) -> str:
    """A template as a page, or a feed, of what it is told; one with a style of its own has that of all pages too."""
    shared = {} if style is None else {"style": _style(str(told)) + style}
    return _template(template).render(**shared, **told)


def mail_page(told: "Digest", picture: str, /) -> str:
    """A digest as the HTML part of a mail: tables and inline styles alone, and nothing to be fetched.

    Args:
        told: what it says.
        picture: the Content-ID of its picture.
    """
    return _template("mail.html.j2").render(told=told, picture=picture)


def answer(content: str, /, *, name: str) -> str:
    """A report's answer: what its body says above the first section, with figures as links into the report's page."""
    lead = _with_making(content).split("<h2", 1)[0]
    found = re.findall(r'<div class="(?:answer|not-known)">.*?</div>', lead, re.DOTALL)
    return "\n".join(found).replace('href="#', f'href="{name}.html#')


_AT_ONCE = 160
"""Characters of a name, a formula, claims or conflicts that show while a figure is pointed at or has the focus."""


def _with_making(html: str) -> str:
    """The text with each figure's link named for those who hear it, and with how it was made, in short, to be shown at once.

    Both are taken from the figure's entry, so that they say the same; JupyterLab has the links' titles instead.
    """
    shown = {}
    for entry in re.findall(r"<li><p>(.*?)</p></li>", html, re.DOTALL):
        parts = {name: re.findall(f'<span class="{name}">(.*?)</span>', entry) for name in ("label", "method", "from")}
        values = re.findall(r'<span id="how-([^"]+)">(.*?)</span>', entry)
        for place, (figure_id, value) in enumerate(values):
            claims, mark, titles = parts["from"][place if len(parts["from"]) == len(values) else 0].partition("<strong>")
            name = parts["label"][0] + ("" if value.startswith(" (") else ": ") + value
            told = [name, parts["method"][0], f"From {claims}", mark + titles]
            lines = [shorten(_words(text), _AT_ONCE, placeholder=" …") for text in told]
            shown[figure_id] = parts["label"][0], escape("\n".join(filter(None, lines)))

    def named(match: re.Match[str]) -> str:
        figure_id, value = match.groups()
        if figure_id not in shown:
            return match[0]
        label, lines = shown[figure_id]
        name = escape(f"{_words(value)}, {_words(label)}: how it was made")
        names = f'aria-label="{name}" data-how="{lines}"'
        return f'<a class="figure" href="#how-{figure_id}" {names}>{value}</a>'

    return re.sub(r'<a class="figure" href="#how-([^"]+)" title="[^"]*">(.*?)</a>', named, html)


def _words(html: str) -> str:
    """The text of a piece of HTML; it must be escaped again wherever it goes."""
    return unescape(re.sub(r"<[^>]+>", "", html))


def _with_regions(html: str) -> str:
    """The text with its tables in regions that have a name and can have the focus: a keyboard scrolls them."""

    def region(match: re.Match[str]) -> str:
        table, caption = match.groups()
        name = escape(_words(caption))
        return f'<div class="table" role="region" aria-label="{name}" tabindex="0">{table}<caption>{caption}</caption>'

    return re.sub(r'<div class="table">(<table[^>]*>)<caption>(.*?)</caption>', region, html, flags=re.DOTALL)


def _with_anchors(html: str) -> tuple[str, list[tuple[str, str]]]:
    """The text with an id for each section, and the sections' ids and headings."""
    contents = []

    def anchor(match: re.Match[str]) -> str:
        heading = re.sub(r"<[^>]+>", "", match[1])
        name = "section-" + (re.sub(r"[^a-z0-9]+", "-", heading.lower()).strip("-") or str(len(contents)))
        contents.append((name, unescape(heading)))
        return f'<h2 id="{name}">{match[1]}</h2>'

    return re.sub(r"<h2>(.*?)</h2>", anchor, html, flags=re.DOTALL), contents


@cache
def _exporter() -> HTMLExporter:
    return HTMLExporter(
        template_name="report",
        extra_template_basedirs=[str(TEMPLATES)],
        exclude_anchor_links=True,
        # The others do nothing here, but after each of them the whole notebook would be validated.
        default_preprocessors=["nbconvert.preprocessors.HighlightMagicsPreprocessor"],
        filters={"drawing": drawing},
        require_js_url="",
        mathjax_url="",
    )


def policy(scripts: list[str], /) -> str:
    """What a page allows a browser to do: to show what it carries along, and to run these scripts and no others."""
    hashes = " ".join(f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'" for text in scripts)
    run = f"script-src {hashes}; " if scripts else ""
    shown = "img-src data:; font-src data:; style-src 'unsafe-inline'"
    return f"default-src 'none'; {run}{shown}; base-uri 'none'; form-action 'none'"


@cache
def _template(name: str) -> jinja2.Template:
    loader = jinja2.FileSystemLoader(TEMPLATES)
    environment = jinja2.Environment(loader=loader, autoescape=True, undefined=jinja2.StrictUndefined)
    environment.globals |= {"version": __version__, "policy": policy, "scripts": [], "specs": ""}
    return environment.get_template(name)


@cache
def _charts() -> str:
    """The script that lets charts answer, with the libraries it calls."""
    from analysis.reporting.bundle import bundle

    return bundle() + "\n" + (TEMPLATES / "charts.js").read_text("utf-8")


def _style(letters: str) -> str:
    return _typeface(frozenset(_ALWAYS | _CHARACTERS & set(map(ord, letters)))) + _rules()


@cache
def _rules() -> str:
    return (TEMPLATES / "style.css").read_text("utf-8") + _pointed() + _dark()


def _pointed() -> str:
    """Style rules by which the other lines of a chart step back from the one that is pointed at, with scripts and without."""
    marks = ":is(.mark-line [stroke], .mark-symbol [fill], .mark-area [fill])"
    rules = []
    for colour in MANY:
        mine = f':is([fill="{colour}"], [stroke="{colour}"])'
        pointed = f".drawing:has(.mark-line):has({marks}{mine}:hover)"
        rules.append(f"{pointed} {marks}:not({mine}) {{ opacity: .2; }}")
    return "\n".join(rules) + "\n"


def _dark() -> str:
    """Style rules for charts on a dark page."""
    rules = [f'.drawing [{part}="{was}"] {{ {part}: {now}; }}' for was, now in DARK.items() for part in ("fill", "stroke")]
    return "\n".join(["@media screen and (prefers-color-scheme: dark) {", *rules, "}"]) + "\n"


@cache
def _typeface(characters: frozenset[int]) -> str:
    """Style rules that carry the typeface along: charts are laid out for its widths and must not meet another's."""
    rules = []
    for weight, file in ((400, "SourceSansPro-Regular.ttf"), (700, "SourceSansPro-Bold.ttf")):
        options = subset.Options(flavor="woff", recalc_timestamp=False, layout_features=["kern", "tnum"], hinting=False)
        subsetter, woff = subset.Subsetter(options), BytesIO()
        subsetter.populate(unicodes=sorted(characters))
        # Closed here: the collector would do it in some later report, which would seem to have closed a file of its own.
        with subset.load_font(LATIN_FOLDER / file, options) as font:
            subsetter.subset(font)
            subset.save_font(font, woff, options)
        data = base64.b64encode(woff.getvalue()).decode()
        rules.append(
            f'@font-face {{ font-family: "Source Sans Pro"; font-weight: {weight}; src: url(data:font/woff;base64,{data}); }}'
        )
    return "\n".join(rules) + "\n"
