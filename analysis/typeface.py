"""Where the typefaces of charts, pages and PDFs lie: from packages, so that every machine sets the same."""

from importlib.util import find_spec
from pathlib import Path

import font_source_sans_pro

LATIN = "Source Sans Pro"
JAPANESE = "IPAexGothic"

LATIN_FOLDER = Path(font_source_sans_pro.font_directory)
# Found, not imported: importing the package would ask for matplotlib, of which it is an extension.
JAPANESE_FOLDER = Path(find_spec("matplotlib_fontja").origin).parent / "fonts"

FOLDERS = [str(LATIN_FOLDER), str(JAPANESE_FOLDER)]
