"""Periods, fiscal years and months."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.units import CLAIM_UNITS, DIMENSIONS, day_label, fiscal_year, months_between, period_label, years_before

DAYS = st.dates(date(1900, 1, 1), date(2199, 12, 31))


def test_fiscal_2028_is_april_2028_to_march_2029():
    # S&P Global: Nissan's fiscal 2028 runs from 1 April 2028 to 31 March 2029.
    assert fiscal_year(2028) == (date(2028, 4, 1), date(2029, 3, 31))


@pytest.mark.parametrize(
    ("start", "end", "months"),
    [
        (date(2025, 12, 31), date(2028, 12, 31), 36),
        (date(2026, 11, 22), date(2030, 12, 31), 49),
        (date(2026, 11, 22), date(2026, 12, 21), 0),
        (date(2026, 11, 22), date(2026, 12, 22), 1),
        (date(2026, 1, 31), date(2026, 2, 28), 1),
        (date(2024, 3, 31), date(2022, 3, 31), -24),
        (date(2024, 2, 29), date(2025, 2, 28), 12),
        (date(2026, 5, 5), date(2026, 5, 5), 0),
    ],
)
def test_months_are_whole_and_a_month_end_reaches_any_day(start, end, months):
    assert months_between(start, end) == months


@pytest.mark.parametrize(
    ("start", "end", "label"),
    [
        (date(2023, 1, 1), date(2023, 12, 31), "2023"),
        (date(2028, 4, 1), date(2029, 3, 31), "fiscal 2028"),
        (date(2028, 4, 1), date(2028, 4, 30), "April 2028"),
        (date(2028, 1, 1), date(2033, 12, 31), "2028 to 2033"),
        (date(2022, 4, 8), date(2022, 4, 8), "8 April 2022"),
        (date(2021, 10, 1), date(2021, 12, 31), "October to December 2021"),
        (date(2022, 4, 1), date(2022, 9, 30), "April to September 2022"),
        (date(2021, 10, 1), date(2022, 1, 31), "1 October 2021 to 31 January 2022"),
        (date(2021, 10, 2), date(2021, 12, 31), "2 October 2021 to 31 December 2021"),
        (date(2024, 2, 1), date(2024, 2, 29), "February 2024"),
        (date(2024, 2, 1), date(2024, 2, 28), "1 February 2024 to 28 February 2024"),
        (date(2023, 2, 1), date(2023, 2, 28), "February 2023"),
        (date(2024, 2, 29), date(2024, 2, 29), "29 February 2024"),
        (date(2024, 4, 1), date(2027, 3, 31), "fiscal 2024 to 2026"),
        (date(2024, 4, 1), date(2027, 3, 30), "1 April 2024 to 30 March 2027"),
        (date(2024, 4, 1), date(2024, 12, 31), "April to December 2024"),
        (date(2024, 1, 1), date(2025, 3, 31), "1 January 2024 to 31 March 2025"),
        (date(2028, 1, 1), None, "not dated"),
        (None, None, "not dated"),
    ],
)
def test_a_period_is_named_as_people_name_it(start, end, label):
    assert period_label(start, end) == label


@given(start=DAYS, end=DAYS)
def test_a_period_of_several_days_is_never_named_as_another_one(start, end):
    label = period_label(start, end)
    others = [period_label(start, end.replace(day=1)), period_label(start.replace(day=28), end)]
    for other, period in zip(others, [(start, end.replace(day=1)), (start.replace(day=28), end)], strict=True):
        assert (label == other) == (period == (start, end))


@given(start=DAYS, end=DAYS)
def test_months_there_are_as_many_as_months_back(start, end):
    assert months_between(end, start) == -months_between(start, end)
    assert (months_between(start, end) > 0) <= (end > start)


@given(start=DAYS, years=st.integers(0, 50))
def test_a_year_has_twelve_months_also_from_29_february(start, years):
    assert months_between(years_before(start, years), start) == 12 * years


@pytest.mark.parametrize(
    ("day", "years", "before"),
    [
        (date(2026, 11, 25), 2, date(2024, 11, 25)),
        (date(2024, 2, 29), 1, date(2023, 2, 28)),
        (date(2024, 2, 29), 4, date(2020, 2, 29)),
        (date(2000, 2, 29), 100, date(1900, 2, 28)),  # 1900 was no leap year
        (date(2025, 2, 28), 1, date(2024, 2, 28)),
        (date(2024, 2, 29), 0, date(2024, 2, 29)),
    ],
)
def test_some_years_before_is_the_same_day_or_the_28th_where_there_is_no_29th(day, years, before):
    assert years_before(day, years) == before


def test_a_day_is_named_in_every_locale_alike():
    assert (day_label(date(2024, 2, 29)), day_label(date(2025, 3, 1))) == ("29 February 2024", "1 March 2025")


@given(year=st.integers(1900, 2199))
def test_a_fiscal_year_ends_the_day_before_the_next_one_starts(year):
    assert (fiscal_year(year + 1)[0] - fiscal_year(year)[1]).days == 1
    assert period_label(*fiscal_year(year)) == f"fiscal {year}"


def test_every_claim_unit_has_a_dimension():
    assert set(CLAIM_UNITS) < set(DIMENSIONS)
