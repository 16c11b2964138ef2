"""Time as decimal years, the only form in which charts meet it: Vega draws dates elsewhere in each time zone."""

from calendar import isleap
from datetime import date, timedelta


def decimal_year(day: date) -> float:
    """The first moment of a day as a year and its part.

    >>> decimal_year(date(2028, 4, 1))
    2028.2486
    """
    return round(day.year + (day.timetuple().tm_yday - 1) / (366 if isleap(day.year) else 365), 4)


def span(row: dict) -> dict[str, float]:
    """Where the period of a figure starts and ends, and its middle."""
    start, end = decimal_year(row["period_start"]), due(row["period_end"])
    return {"start": start, "middle": (start + end) / 2, "end": end}


def due(day: date) -> float:
    """The end of a period whose last day is given: the first moment after it.

    >>> due(date(2028, 12, 31))
    2029.0
    """
    return decimal_year(day + timedelta(days=1))


def ticks(first: float, last: float, pixels: float, /, *, room: float = 38) -> list[int]:
    """The years to name on an axis from `first` to `last`, as many as have `room` on so many pixels.

    >>> ticks(2015, 2030, 200), ticks(2023.2, 2026.9, 500), ticks(2024, 2024, 300)
    ([2015, 2020, 2025, 2030], [2024, 2025, 2026], [2024])
    """
    per_year = pixels / (last - first) if last > first else pixels
    step = next((s for s in (1, 2, 5, 10, 20, 50) if s * per_year >= room), 100)
    start = -int(-first // step) * step
    return list(range(start, int(last // 1) + 1, step))
