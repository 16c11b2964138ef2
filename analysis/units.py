"""Units, fiscal years and conversions: named constants, each with its meaning. No data and no text layout here."""

from calendar import monthrange
from datetime import date

DIMENSIONS = {
    "share": "share",
    "points": "difference of shares",
    "ratio": "ratio",
    "change": "relative change",
    "per_year": "relative change per year",
    "points_per_year": "difference of shares per year",
    "rank": "rank",
    "index": "concentration",
    "models": "models",
    "plants": "plants",
    "layers": "layers",
    "level": "level",
    "observations": "observations",
    "agreements": "agreements",
    "targets": "targets",
    "vehicles": "vehicles",
    "vehicles_per_year": "vehicles per year",
    "jobs": "jobs",
    "USD": "money",
    "JPY": "money",
    "EUR": "money",
    "GBP": "money",
    "KRW": "money",
    "USD_per_job": "money per job",
    "USD_per_GWh": "money per energy",
    "USD_per_kWh": "money per energy",
    "USD_per_vehicle": "money per vehicle",
    "JPY_per_USD": "exchange rate",
    "kWh": "energy",
    "GWh": "energy",
    "GWh_per_year": "energy per year",
    "months": "time",
    "years": "time",
    "date": "date",
}
"""Every unit a claim or a figure may have, with its dimension. A unit of `date` has no value: the period is the content."""

CLAIM_UNITS = [
    unit
    for unit in DIMENSIONS
    if unit
    not in {
        "points",
        "per_year",
        "points_per_year",
        "index",
        "USD_per_job",
        "USD_per_GWh",
        "USD_per_vehicle",
        "observations",
        "agreements",
        "targets",
    }
]
"""Units that sources print; the others only arise in figures."""

KWH_PER_GWH = 1_000_000
POINTS_PER_SHARE = 100
MONTHS_PER_YEAR = 12
FISCAL_YEAR_FIRST_MONTH = 4
"""Nissan's fiscal year starts on 1 April: fiscal 2028 is 1 April 2028 to 31 March 2029."""


def fiscal_year(year: int) -> tuple[date, date]:
    """First and last day of Nissan's fiscal year `year`.

    >>> fiscal_year(2028)
    (datetime.date(2028, 4, 1), datetime.date(2029, 3, 31))
    """
    return date(year, FISCAL_YEAR_FIRST_MONTH, 1), date(year + 1, FISCAL_YEAR_FIRST_MONTH - 1, 31)


def years_before(day: date, years: int) -> date:
    """The same day some years earlier; of 29 February, the 28th where there is no other.

    >>> years_before(date(2024, 2, 29), 1)
    datetime.date(2023, 2, 28)
    """
    try:
        return day.replace(year=day.year - years)
    except ValueError:
        return day.replace(year=day.year - years, day=day.day - 1)


def months_after(day: date, months: int) -> date:
    """The same day some months later; the last day of a month leads to the last day of another.

    >>> months_after(date(2025, 5, 31), 13), months_after(date(2023, 11, 27), 13)
    (datetime.date(2026, 6, 30), datetime.date(2024, 12, 27))
    >>> months_after(date(2025, 2, 28), 12 * 3), months_after(date(2024, 1, 30), 1)
    (datetime.date(2028, 2, 29), datetime.date(2024, 2, 29))
    """
    year, month = divmod(day.year * MONTHS_PER_YEAR + day.month - 1 + months, MONTHS_PER_YEAR)
    last = monthrange(year, month + 1)[1]
    return date(year, month + 1, last if _is_month_end(day) else min(day.day, last))


def months_between(start: date, end: date) -> int:
    """Whole months from `start` to `end`, negative where `end` is earlier.

    A month is whole when its day is reached, and the last day of a month reaches any day of it.

    >>> months_between(date(2025, 12, 31), date(2028, 12, 31))
    36
    >>> months_between(date(2026, 11, 22), date(2026, 12, 21))
    0
    """
    if end < start:
        return -months_between(end, start)
    months = (end.year - start.year) * MONTHS_PER_YEAR + end.month - start.month
    return months if end.day >= start.day or _is_month_end(end) else months - 1


def period_label(start: date | None, end: date | None) -> str:
    """A closed period in words: years, fiscal years, months, a day, or both its ends.

    >>> period_label(date(2028, 4, 1), date(2029, 3, 31))
    'fiscal 2028'
    >>> period_label(date(2028, 4, 1), date(2028, 4, 30))
    'April 2028'
    >>> period_label(date(2024, 4, 1), date(2027, 3, 31))
    'fiscal 2024 to 2026'
    >>> period_label(date(2025, 1, 1), date(2025, 6, 30))
    'January to June 2025'
    >>> period_label(None, None)
    'not dated'
    """
    if start is None or end is None:
        return "not dated"
    if start == end:
        return day_label(start)
    if (start, end) == (date(start.year, 1, 1), date(start.year, 12, 31)):
        return str(start.year)
    if (start, end) == fiscal_year(start.year):
        return f"fiscal {start.year}"
    if start == fiscal_year(start.year)[0] and end == fiscal_year(end.year - 1)[1]:
        return f"fiscal {start.year} to {end.year - 1}"
    if start.day == 1 and start.year == end.year and _is_month_end(end):
        months = dict.fromkeys([_MONTHS[start.month - 1], _MONTHS[end.month - 1]])
        return f"{' to '.join(months)} {start.year}"
    if (start.month, start.day, end.month, end.day) == (1, 1, 12, 31):
        return f"{start.year} to {end.year}"
    return f"{day_label(start)} to {day_label(end)}"


def day_label(day: date) -> str:
    """A day in words, the same in every locale: `22 November 2026`."""
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


# Not strftime("%B"), which would follow the machine's locale.
_MONTHS = "January February March April May June July August September October November December".split()  # noqa: SIM905


def _is_month_end(day: date) -> bool:
    return date.fromordinal(day.toordinal() + 1).month != day.month
