"""Characters that no typeface of ours can set: found before a PDF is made, and written there as their codes and names.

Typst refuses a document for one of them, or takes it from a typeface of its own that suits neither the page nor, in pictures,
the direction of the script. Pages are left as they are: a browser finds a typeface, or shows that it has none.
"""

import re
import unicodedata
from functools import cache
from html import escape, unescape
from itertools import groupby, pairwise

from fontTools.ttLib import TTFont

from analysis.typeface import JAPANESE, JAPANESE_FOLDER, LATIN_FOLDER

_FILES = (LATIN_FOLDER / "SourceSansPro-Regular.ttf", JAPANESE_FOLDER / "ipaexg.ttf")
"""One upright face of each typeface: the others of it have the same characters, or these stand in for theirs."""

_TAG = re.compile(r"""(<(?:[^<>"']|"[^"]*"|'[^']*')*>)""")
_UNSEEN = re.compile(
    r"[\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200c-\u200f\u202a-\u202e\u2061-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0]"
    r"|[\U000e0000-\U000e0fff]"
)
"""What Unicode says is not to be seen (Default_Ignorable_Code_Point), without what joins and parts lines."""

_HALF_WIDTH_MARKS = "\uff9e\uff9f"
"""Voiced sound marks that are letters by category, and join the letter before them all the same."""


def named(character: str, /) -> str:
    r"""A character's code and name.

    >>> named("\U0001f600"), named("\u9f98"), named("\ue000")
    ('U+1F600 grinning face', 'U+9F98 cjk unified ideograph', 'U+E000 without a name')
    """
    code = f"{ord(character):04X}"
    return f"U+{code} {unicodedata.name(character, 'without a name').lower().removesuffix('-' + code.lower())}"


def spelled(text: str, /, *, is_drawn: bool = False) -> str:
    r"""A text with what cannot be set as code and name, and then without what is not to be seen.

    Args:
        text: any text.
        is_drawn: whether it stands in a picture.

    >>> spelled("Good \U0001f600, \u65e5\u7523 cafe\u0301"), spelled("q\u0301")
    ('Good «U+1F600 grinning face», 日産 café', 'q«U+0301 combining acute accent»')
    """
    if _faces()[0].issuperset(text):
        return text
    seen = _composed(text)
    odd = _odd(seen, is_drawn)
    return "".join(f"«{named(c)}»" if c in odd else c for c in seen)


def printable(markup: str, /, *, is_drawn: bool = False) -> str:
    """HTML, or SVG that is drawn, with its texts spelled; tags with all that they hold are left as they are."""
    plain = _faces()[0] if is_drawn else _settable()
    parts = _TAG.split(markup)
    for place in range(0, len(parts), 2):
        text = unescape(parts[place])
        if not plain.issuperset(text):
            shown = spelled(text, is_drawn=is_drawn)
            parts[place] = _by_face(shown) if is_drawn else escape(shown)
    return "".join(parts)


def lacking(markup: str, /, *, is_drawn: bool = False) -> list[str]:
    """The characters in the texts of HTML, or of SVG that is drawn, that cannot be set: each once, in their order."""
    texts = (unescape(part) for part in _TAG.split(markup)[::2])
    seen = [_composed(text) for text in texts if not _faces()[0].issuperset(text)]
    return list(dict.fromkeys(c for text in seen for odd in [_odd(text, is_drawn)] for c in text if c in odd))


def _odd(text: str, is_drawn: bool) -> set[str]:
    """What of a text cannot be set: what no typeface has.

    In a picture's text that has Japanese, also what the Japanese typeface lacks and would make of a letter and a mark: Typst
    sets the whole text in both, and fails where one has more glyphs.
    """
    latin, japanese = _faces()
    odd = set(text) - _settable()
    if is_drawn and not latin.issuperset(set(text) - odd):
        odd |= {c for c in text if c not in japanese and len(unicodedata.normalize("NFD", c)) > 1}
    return odd


def _by_face(text: str) -> str:
    """A picture's text as SVG, with what is Japanese in elements of its own.

    By itself Typst looks for one other typeface that has all of a text, and beside a ligature for nothing else.
    """
    runs = [(is_latin, escape("".join(run))) for is_latin, run in groupby(text, _faces()[0].__contains__)]
    return "".join(run if is_latin else f'<tspan font-family="{JAPANESE}">{run}</tspan>' for is_latin, run in runs)


def _composed(text: str) -> str:
    """A text without what is not to be seen, and with letters and their marks in one code where there is one for all of them.

    A mark that stays beside its letter counts as lacking: Typst puts it there in some places and typefaces, and not in others.
    """
    seen = _UNSEEN.sub("", text)
    starts = [place for place, c in enumerate(seen) if not (place and _is_mark(c))]
    letters = [seen[start:end] for start, end in pairwise([*starts, len(seen)])]
    # One by one, and not all at once: of characters that have no marks, some would be replaced by others that look alike.
    return "".join(unicodedata.normalize("NFC", letter) if len(letter) > 1 else letter for letter in letters)


def _is_mark(character: str) -> bool:
    return unicodedata.category(character)[0] == "M" or character in _HALF_WIDTH_MARKS


@cache
def _settable() -> frozenset[str]:
    """The characters that can be set, wherever they stand."""
    return frozenset().union(*_faces())


@cache
def _faces() -> tuple[frozenset[str], frozenset[str]]:
    """The characters of the Latin typeface, with what needs none, and of the Japanese one; marks stand in neither."""
    faces = []
    for file in _FILES:
        with TTFont(file, lazy=True) as font:
            faces.append(frozenset(c for c in map(chr, font.getBestCmap()) if not (_is_mark(c) or _UNSEEN.match(c))))
    return faces[0] | set("\t\n\r\u200b\u2060"), faces[1]
