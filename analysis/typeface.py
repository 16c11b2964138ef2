"""Where the typefaces of charts, pages and PDFs lie: from packages, so that every machine sets the same."""

from functools import cache
from importlib.util import find_spec
from pathlib import Path
from unicodedata import name

import font_source_sans_pro

LATIN = "Source Sans Pro"
JAPANESE = "IPAexGothic"

LATIN_FOLDER = Path(font_source_sans_pro.font_directory)
# Found, not imported: importing the package would ask for matplotlib, of which it is an extension.
JAPANESE_FOLDER = Path(find_spec("matplotlib_fontja").origin).parent / "fonts"

FOLDERS = [str(LATIN_FOLDER), str(JAPANESE_FOLDER)]


@cache
def covered() -> frozenset[int]:
    """The code points that our typefaces have."""
    from fontTools.ttLib import TTFont

    files = [LATIN_FOLDER / "SourceSansPro-Regular.ttf", *JAPANESE_FOLDER.glob("*.ttf")]
    return frozenset(point for file in files for point in TTFont(file, lazy=True).getBestCmap())


def code(sign: str) -> str:
    """A character by its code and name, such as `U+1F697 automobile`."""
    return f"U+{ord(sign):04X} {name(sign, 'without a name').lower()}"
