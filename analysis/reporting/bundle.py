"""The script that draws charts in a browser: Vega, Vega-Lite and Vega-Embed in one text, made once for a machine."""

import hashlib
import os
import tempfile
from contextlib import suppress
from functools import cache
from pathlib import Path

import platformdirs
import vl_convert


@cache
def bundle() -> str:
    """The libraries as one script that shares no names with others but `vegaEmbed`; the same text for a version of vl-convert.

    Making it takes seconds, so it is kept in the user's cache folder where that can be written.
    """
    kept = platformdirs.user_cache_path("evroad") / f"vega-{vl_convert.__version__}.js"
    script = _read(kept)
    if script is None:
        # In a function, the libraries' own names stay out of the page.
        script = f"(()=>{{{vl_convert.javascript_bundle('window.vegaEmbed = vegaEmbed;')}}})();"
        _keep(kept, script)
    return script


def _read(path: Path) -> str | None:
    """What was kept, or nothing where it is not there or not whole."""
    try:
        digest, _, script = path.read_text("utf-8").removeprefix("// sha256 ").partition("\n")
    except (OSError, UnicodeDecodeError):
        return None
    return script if hashlib.sha256(script.encode()).hexdigest() == digest else None


def _keep(path: Path, script: str) -> None:
    """Keep a script, whole or not at all; a folder that cannot be written is no reason to fail."""
    text = f"// sha256 {hashlib.sha256(script.encode()).hexdigest()}\n{script}"
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text)
            Path(name).replace(path)
        finally:
            Path(name).unlink(missing_ok=True)
