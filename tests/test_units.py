"""Periods, fiscal years and months."""

from datetime import date

import pytest

from analysis.units import CLAIM_UNITS, DIMENSIONS, fiscal_year, months_between, period_label


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
        (date(2021, 10, 1), date(2021, 12, 31), "1 October 2021 to 31 December 2021"),
        (None, None, "not dated"),
    ],
)
def test_a_period_is_named_as_people_name_it(start, end, label):
    assert period_label(start, end) == label


def test_every_claim_unit_has_a_dimension():
    assert set(CLAIM_UNITS) < set(DIMENSIONS)
