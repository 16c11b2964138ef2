"""Numbers in words: one place that turns a value and its unit into text. What the numbers mean is not known here."""

import re
from collections.abc import Callable

import polars as pl

from analysis.errors import MetricError
from analysis.units import POINTS_PER_SHARE, period_label

QUALIFIER_WORDS = {
    "exact": "",
    "about": "about ",
    "nearly": "nearly ",
    "at_least": "at least ",
    "more_than": "more than ",
    "at_most": "at most ",
    "less_than": "less than ",
    "by": "by ",
    "from": "from ",
}

_SCALES = [(1e12, " trillion"), (1e9, " billion"), (1e6, " million")]


def _number(value: float, decimals: int) -> str:
    """`value` with at most `decimals` decimals and a comma for thousands: 388,824 or 113.64."""
    text = f"{round(value, decimals) + 0.0:,.{decimals}f}"  # adding zero takes the sign from a zero
    return text.rstrip("0").rstrip(".") if "." in text else text


def _money(symbol: str) -> Callable[[float], str]:
    def words(value: float) -> str:
        size = abs(value)
        scaled = next(((size / scale, name) for scale, name in _SCALES if round(size / scale, 3) >= 1), None)
        if scaled:
            text = _number(scaled[0], 3) + scaled[1]
        elif size >= 1000 or float(round(size, 2)).is_integer():
            text = _number(size, 0)
        else:
            text = f"{size:.2f}"  # $147.90, not $147.9
        return f"{'-' if value < 0 and text != '0' else ''}{symbol}{text}"

    return words


def _counted(one: str, many: str, decimals: int = 0) -> Callable[[float], str]:
    def words(value: float) -> str:
        text = _number(value, decimals)
        return f"{text} {one if text in ('1', '-1') else many}"

    return words


def _percent(value: float, decimals: int = 1) -> str:
    return _number(value * POINTS_PER_SHARE, decimals) + "%"


_SMALL_SHARE, _SMALL_POINTS = 0.001, 0.1
"""Below these a third decimal is shown: early shares of a market are that small, and so are their revisions."""


def _signed(words: Callable[[float], str], suffix: str = "") -> Callable[[float], str]:
    def signed(value: float) -> str:
        text = words(value)
        return ("+" if value > 0 and text != words(0.0) else "") + text + suffix

    return signed


_dollars = _money("$")

_WORDS: dict[str, Callable[[float], str]] = {
    "share": lambda v: _percent(v, decimals=2 if abs(v) >= _SMALL_SHARE else 3),
    "points": lambda v: _counted("point", "points", 2 if abs(v) >= _SMALL_POINTS else 3)(v),
    "ratio": lambda v: _number(v, 2) + "x",
    "change": _signed(_percent),
    "per_year": _signed(_percent, " a year"),
    "points_per_year": _signed(_counted("point", "points", 2), " a year"),
    "rank": lambda v: f"no. {v:.0f}",
    "index": lambda v: _number(v, 3),
    "models": _counted("model", "models"),
    "plants": _counted("plant", "plants"),
    "layers": _counted("layer", "layers"),
    "level": lambda v: f"level {v:.0f}",
    "observations": _counted("observation", "observations"),
    "agreements": _counted("agreement", "agreements"),
    "targets": _counted("target", "targets"),
    "vehicles": _counted("vehicle", "vehicles"),
    "vehicles_per_year": lambda v: _counted("vehicle", "vehicles")(v) + " a year",
    "jobs": _counted("job", "jobs"),
    "USD": _dollars,
    "JPY": _money("¥"),
    "EUR": _money("€"),
    "GBP": _money("£"),
    "KRW": _money("₩"),
    "USD_per_job": lambda v: _dollars(v) + " per job",
    "USD_per_GWh": lambda v: _dollars(v) + " per GWh",
    "USD_per_kWh": lambda v: _dollars(v) + " per kWh",
    "USD_per_vehicle": lambda v: _dollars(v) + " per vehicle",
    "JPY_per_USD": lambda v: _number(v, 2) + " yen per dollar",
    "kWh": lambda v: _number(v, 1) + " kWh",
    "GWh": lambda v: _number(v, 1) + " GWh",
    "GWh_per_year": lambda v: _number(v, 1) + " GWh a year",
    "months": _counted("month", "months"),
    "years": _counted("year", "years", 1),
}


def in_words(value: float, unit: str, qualifier: str = "exact") -> str:
    """A value in its unit as a reader sees it.

    >>> in_words(0.42, "share"), in_words(661e6, "USD"), in_words(0.2, "share", "about")
    ('42%', '$661 million', 'about 20%')
    """
    return QUALIFIER_WORDS[qualifier] + _WORDS[unit](value)


def figure_in_words(figure: dict) -> str:
    """A row of figures as a reader sees it: its value in its unit, or its period where that is the content."""
    if figure["value"] is None:
        return QUALIFIER_WORDS[figure["qualifier"]] + period_label(figure["period_start"], figure["period_end"])
    return in_words(figure["value"], figure["unit"], figure["qualifier"])


_WORD = re.compile(r"\$([a-z_]+)")
_SLOT = re.compile(r"\{([a-z0-9_.$-]+)(:period)?\}|\$[a-z_]+")


def fill(
    template: str,
    figures: pl.DataFrame,
    /,
    *,
    show: Callable[[dict], str] = figure_in_words,
    show_word: Callable[[str], str] = str,
    **words: str,
) -> tuple[str, list[str]]:
    """A sentence with its figures put in.

    `{figure_id}` becomes that figure, and so does a metric's name or the beginning of an id, up to a dot, where the
    frame holds one such figure: then a sentence stands though ids end with periods and claims. `{figure_id:period}`
    becomes the period that the figure is of. `$name` becomes the word given for it, also inside braces.

    Args:
        template: the sentence. It holds no numbers of its own.
        figures: rows of figures.
        show: turns a figure into text.
        show_word: turns a word into text, where it is not a part of a slot.
        words: plain words by name.

    Returns:
        The sentence, and the slots for which there is no figure; then the sentence has a gap in place of every figure.

    Raises:
        MetricError: where several figures fit a slot, or a word is not given.
    """
    by_id = {row["figure_id"]: row for row in figures.iter_rows(named=True)}
    missing = []

    def word(match: re.Match[str]) -> str:
        if match[1] not in words:
            raise MetricError(f"the sentence names ${match[1]}, which is not given; given are {', '.join(words) or 'none'}")
        return words[match[1]]

    def put(match: re.Match[str]) -> str:
        if match[1] is None:
            return show_word(word(_WORD.fullmatch(match[0])))
        slot = _WORD.sub(word, match[1])
        begins = [row for figure_id, row in by_id.items() if figure_id.startswith(f"{slot}.")]
        found = [by_id[slot]] if slot in by_id else begins
        if len(found) > 1:
            raise MetricError(f"{{{slot}}} may be any of {', '.join(row['figure_id'] for row in found)}: name one")
        if not found or (match[2] and found[0]["period_end"] is None):
            missing.append(slot)
            return ""
        return show(found[0] | {"value": None, "qualifier": "exact"} if match[2] else found[0])

    # One pass: what is put in is not looked through again, so that a name with braces stays a name.
    filled = _SLOT.sub(put, template)
    # Of a sentence that is not whole no figure is told: what is left would say something else.
    gaps = _SLOT.sub(lambda match: "…" if match[1] else put(match), template) if missing else filled
    return gaps, missing
