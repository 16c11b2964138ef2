"""The check that every number on a page leads home, which a build makes of each report. Nothing is changed here.

A figure is a link to the entry that says how it was made, and what it says must stand in that entry. Any other digit in
a text that a reader sees or hears must be one of these, and is refused where it is not:

- a name that the ledger holds ("Nissan Ambition 2030", "European Union (27)"), anywhere;
- a date or a period, in headings, captions, row and column headers, and where an exhibit marks one (`dated`, `as-of`);
- words that the ledger holds, beside their source, or a source with its date (`verbatim`, `note`);
- what a formula was given, such as the level of an interval (`given`), where the formula on the page holds that number;
- the parts in `NOT_FIGURES`.

Out of scope are numbers spelled as words, those that a list's marks count, and those drawn inside a chart, which is made
of figures.
"""

import re
from collections.abc import Iterable
from functools import cache
from html.parser import HTMLParser
from typing import NamedTuple
from unicodedata import category

from analysis.errors import BuildError
from analysis.ledger import Ledger

NOT_FIGURES = {
    "chart": "a chart is drawn of figures, and described from them; the figures of its table lead to their making all the same",
    "code": "what the figures were computed by, not what is said of them",
    "how": "the entries that figures lead to",
    "not-known": "the names of what is not known, of which no value is told",
    "style": "no text",
}
"""Classes and elements whose text is not looked at, each with its reason."""

_DATES_STAND = {"h1", "h2", "h3", "h4", "h5", "h6", "caption", "th", "dated", "as-of", "verbatim", "note"}
_WORDS_STAND = {"verbatim", "note"}
_EMPTY = {"br", "col", "hr", "img", "input", "wbr"}
_HEARD = ("alt", "title", "aria-label")

_MONTH = "(?:January|February|March|April|May|June|July|August|September|October|November|December)"
_DATE = re.compile(rf"(?<![^\s(–“])(?:\d{{1,2}} (?={_MONTH} ))?(?:{_MONTH} )?(?:19|20)\d\d(?![\w%]|[.,]\d| (?:b|m|tr)illion)")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_LISTED = 10


class Untraced(NamedTuple):
    """A number that leads to nothing: the words around it, the section it stands in, and why it is refused."""

    words: str
    section: str
    why: str


class _Piece(NamedTuple):
    """A run of text, the names of the elements and classes around it, its section, and what the figure link leads to."""

    text: str
    around: frozenset[str]
    section: str
    target: str | None


def ledger_words(ledger: Ledger, /) -> dict[str, set[str]]:
    """What the ledger holds that has digits: `names`, which may stand anywhere, and `texts`, which stand beside a source."""
    columns = {
        "names": [ledger.entities["name"], ledger.series["name"], ledger.sources["title"], ledger.sources["publisher"]],
        "texts": [
            *(frame[name] for frame in (ledger.claims, ledger.events) for name in ("printed", "note")),
            ledger.events["description"],
            ledger.conflicts["title"],
            ledger.conflicts["reason"],
            ledger.sources["caveat"],
            ledger.sources["licence"],
        ],
    }
    # As a reader sees them: without the marks of the text that they stand in.
    return {
        kind: {text.replace("**", "") for series in told for text in series.drop_nulls() if _has_digit(text)}
        for kind, told in columns.items()
    }


def check_traced(html: str, *, report: str, names: Iterable[str], texts: Iterable[str] = ()) -> None:
    """Refuse a report in which a number leads to nothing.

    Args:
        html: the report's body, as `html.body` gives it.
        report: its name, for the message.
        names, texts: what the ledger holds, as `ledger_words` gives it.

    Raises:
        BuildError: with the first such numbers, the words around each, its section, and what to do.
    """
    found = untraced(html, names=names, texts=texts)
    if found:
        lines = [f"\n  {one.section or 'at the top'}: “{one.words}” {one.why}" for one in found[:_LISTED]]
        more = f"\n  and {len(found) - _LISTED} more" if len(found) > _LISTED else ""
        raise BuildError(
            f"{report}: {len(found)} number{'s' * (len(found) > 1)} on the page cannot be traced:{''.join(lines)}{more}\n"
            "Put a figure there: exhibits.say with {figure_id}, or one of the tables. README says what is not a figure."
        )


def untraced(html: str, *, names: Iterable[str], texts: Iterable[str] = ()) -> list[Untraced]:
    """The numbers of a report's body that lead to nothing, in the page's order; arguments as for `check_traced`."""
    page = _Page()
    page.feed(html)
    page.close()
    known, formulas = frozenset(texts), set(_NUMBER.findall(page.formulas))
    name = _any_of(frozenset(name for name in names if re.search(r"[^\W\d]", name)))
    found = []
    for piece in page.pieces:
        unseen = piece.around & NOT_FIGURES.keys()
        if piece.target is not None and unseen <= {"chart"}:
            if piece.target not in page.entries:
                found.append(Untraced(piece.text, piece.section, f"is a link to {piece.target}, which is not on the page"))
            elif set(_NUMBER.findall(piece.text)) - set(_NUMBER.findall(page.entries[piece.target])):
                found.append(Untraced(piece.text, piece.section, f"is not what {piece.target} says"))
            continue
        if unseen:
            continue
        stands = [name, _DATE] if piece.around & _DATES_STAND else [name]
        rest = _without(stands, piece.text)
        if _has_digit(rest) and piece.around & _WORDS_STAND:
            rest = _without(stands, _without_known(piece.text, known))
        if _has_digit(rest) and not ("given" in piece.around and set(_NUMBER.findall(rest)) <= formulas):
            found.append(Untraced(_around_digit(rest), piece.section, "leads to nothing"))
    return found


def _has_digit(text: str) -> bool:
    """Whether a text holds a digit of any script, a fraction or a Roman numeral; 三 of 三菱 is a letter."""
    return any(category(sign)[0] == "N" for sign in text) if not text.isascii() else bool(re.search(r"\d", text))


def _without(patterns: list[re.Pattern[str]], text: str) -> str:
    for pattern in patterns:
        text = pattern.sub("…", text)
    return text


def _without_known(text: str, known: frozenset[str]) -> str:
    """A text without what the ledger holds; a bare number only where it is all there is, for it is a part of any other."""
    if text.strip("“”") in known:
        return ""
    for words in _longest_first(known):
        text = text.replace(words, "…")
    return text


@cache
def _longest_first(known: frozenset[str]) -> list[str]:
    return sorted((words for words in known if len(words.split()) > 2), key=len, reverse=True)


@cache
def _any_of(names: frozenset[str]) -> re.Pattern[str]:
    listed = "|".join(map(re.escape, sorted(names, key=len, reverse=True)))
    return re.compile(rf"(?<!\w)(?:{listed})(?!\w)" if names else r"(?!)")


def _around_digit(text: str) -> str:
    place = next(place for place, sign in enumerate(text) if category(sign)[0] == "N")
    return " ".join(text[max(0, place - 40) : place + 40].split())


class _Page(HTMLParser):
    """A page's texts with digits and what is around each, the text of everything that has an id, and that of the formulas."""

    def __init__(self) -> None:
        super().__init__()
        self.pieces: list[_Piece] = []
        self.entries: dict[str, str] = {}
        self.formulas = ""
        self._open: list[tuple[str, dict[str, str]]] = []
        self._section = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = {name: value or "" for name, value in attrs}
        if tag == "h2":
            self._section = ""
        self._open.append((tag, named))
        if "id" in named:
            self.entries[named["id"]] = ""
        if "figure" not in named.get("class", "").split():
            for name in _HEARD:
                self._add(named.get(name, ""))
        if tag in _EMPTY:
            self._open.pop()

    def handle_endtag(self, tag: str) -> None:
        if any(tag == opened for opened, _ in self._open):
            while self._open.pop()[0] != tag:
                pass

    def handle_data(self, data: str) -> None:
        tags = [tag for tag, _ in self._open]
        if "h2" in tags:
            self._section += data
        for _, attributes in self._open:
            if "id" in attributes:
                self.entries[attributes["id"]] += data
            if attributes.get("class") in ("method", "label"):
                self.formulas += f"{data} "
        self._add(data)

    def _add(self, text: str) -> None:
        if not _has_digit(text):
            return
        classes = {name for _, attributes in self._open for name in attributes.get("class", "").split()}
        links = [named for tag, named in self._open if tag == "a" and "figure" in named.get("class", "").split()]
        target = links[-1].get("href", "").removeprefix("#") if links else None
        self.pieces.append(_Piece(text, frozenset(classes | {tag for tag, _ in self._open}), self._section, target))
