"""Lines and logistic curves: values worked by hand, and what must hold for any points."""

from math import exp, log, sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.errors import MetricError
from analysis.metrics.trend import fit_line, fit_logistic

# Means 2.5 and 2.5; sum of squares of t 5, of products 2.25 - 0.25 - 0.25 + 2.25 = 4, so the slope is 0.8 and the intercept
# 2.5 - 0.8 * 2.5 = 0.5. Residuals -0.3, 0.9, -0.9, 0.3: squares sum to 1.8, by 2 degrees of freedom 0.9.
POINTS = [(1, 1), (2, 3), (3, 2), (4, 4)]

# With two degrees of freedom the quantile for a level L is L * sqrt(2 / (1 - L^2)): 4.302653 for 0.95, sqrt(2/3) for 0.5.
QUANTILE = 0.95 * sqrt(2 / (1 - 0.95**2))


def test_slope_intercept_and_error_are_those_worked_by_hand():
    line = fit_line(POINTS)
    assert (line.slope, line.at(0), line.at(10)) == pytest.approx((0.8, 0.5, 8.5))
    assert line.residual_error**2 == pytest.approx(0.9)
    assert (line.observations, line.centre, line.mean, line.spread) == (4, 2.5, 2.5, 5)
    assert line.quantile == pytest.approx(QUANTILE)


def test_bands_are_narrowest_in_the_middle_and_wider_for_a_new_observation():
    # In the middle sqrt(1/4) = 0.5 standard errors' worth, for a new one sqrt(5/4); at t = 4 sqrt(1/4 + 2.25/5) = sqrt(0.7).
    line, width = fit_line(POINTS), QUANTILE * sqrt(0.9)
    assert line.confidence(2.5) == pytest.approx((2.5 - 0.5 * width, 2.5 + 0.5 * width))
    assert line.prediction(2.5) == pytest.approx((2.5 - sqrt(1.25) * width, 2.5 + sqrt(1.25) * width))
    assert line.confidence(4) == pytest.approx((3.7 - sqrt(0.7) * width, 3.7 + sqrt(0.7) * width))


def test_where_the_line_reaches_a_height_and_between_what_ends():
    # At a level of 0.5 k = 2/3 * 0.9 = 0.6 and slope^2 - k / spread = 0.64 - 0.12 = 0.52; at the mean height the ends lie
    # sqrt(0.6 * 0.52 / 4) / 0.52 = 0.537086 from the middle.
    line = fit_line(POINTS, level=0.5)
    assert line.crossing(2.5) == 2.5
    assert line.crossing(4.1) == pytest.approx(4.5)
    assert line.crossing_interval(2.5) == pytest.approx((2.5 - 0.537086, 2.5 + 0.537086), abs=1e-6)


def test_a_slope_that_cannot_be_told_from_zero_bounds_nothing():
    # At 0.95 slope^2 - k / spread = 0.64 - 18.51 * 0.9 / 5 is below zero.
    assert fit_line(POINTS).crossing_interval(2.5) == (None, None)
    level = fit_line([(0, 1), (1, 1), (2, 1)])
    assert (level.slope, level.crossing(2), level.crossing_interval(1)) == (0, None, (None, None))


def test_points_on_a_line_leave_no_doubt():
    line = fit_line([(2000, 1), (2001, 3), (2002, 5)])
    assert (line.slope, line.residual_error) == (2, 0)
    assert line.crossing_interval(9) == (2004, 2004)
    assert line.prediction(2010) == (21, 21)


@pytest.mark.parametrize(
    ("points", "message"),
    [
        ([], "0 points"),
        ([(1, 2), (2, 3)], "2 points: a line with an error takes at least 3"),
        ([(7, 1), (7, 2), (7, 3)], "at 7"),
    ],
)
def test_points_without_a_line_are_refused(points, message):
    with pytest.raises(MetricError, match=message):
        fit_line(points)


@pytest.mark.parametrize("level", [0, 1, 95])
def test_a_level_that_is_none_is_refused(level):
    with pytest.raises(MetricError, match=f"level is {level}: expected one between 0 and 1"):
        fit_line(POINTS, level=level)


HEIGHTS = st.floats(-8, 8).map(lambda y: round(y, 3))
MANY = st.lists(st.tuples(st.integers(2000, 2030), HEIGHTS), min_size=4, max_size=15, unique_by=lambda point: point[0])


NOISY = st.lists(st.floats(-0.5, 0.5), min_size=4, max_size=15).map(
    lambda noise: [(2010 + t, t + own) for t, own in enumerate(noise)]
)


@given(points=NOISY, height=HEIGHTS)
def test_at_the_ends_of_an_interval_the_band_touches_the_height_and_between_it_holds_it(points, height):
    line = fit_line(points, level=0.8)
    low, high = line.crossing_interval(height)
    for end in (low, high):
        assert min(abs(limit - height) for limit in line.confidence(end)) == pytest.approx(0, abs=1e-6)
    for within in (low, line.crossing(height), high):
        assert line.confidence(within)[0] - 1e-6 <= height <= line.confidence(within)[1] + 1e-6
    for beyond in (low - 0.01, high + 0.01):
        assert not line.confidence(beyond)[0] <= height <= line.confidence(beyond)[1]


@given(points=MANY.flatmap(lambda points: st.tuples(st.just(points), st.permutations(points))))
def test_the_order_of_points_makes_no_difference_at_all(points):
    assert fit_line(points[0]) == fit_line(points[1])


@given(points=MANY, factor=st.sampled_from([0.5, 2, 1024]))
def test_another_unit_of_height_scales_the_line(points, factor):
    line, scaled = fit_line(points), fit_line([(t, y * factor) for t, y in points])
    assert (scaled.slope, scaled.residual_error) == pytest.approx((line.slope * factor, line.residual_error * factor))


# --- the logistic curve

# 1 / (1 + exp(-(t - 2020))) for 2018 to 2022: a line through the logits -2, -1, 0, 1, 2, exactly.
EXACT = [(2020 + t, 1 / (1 + exp(-t))) for t in range(-2, 3)]


def test_shares_on_a_curve_give_that_curve():
    curve = fit_logistic(EXACT)
    assert curve.pace == pytest.approx(0.25)
    assert curve.at(2020) == pytest.approx(0.5)
    assert curve.at(2025) == pytest.approx(1 / (1 + exp(-5)))
    assert curve.confidence(2025) == pytest.approx((curve.at(2025), curve.at(2025)))


def test_a_year_is_the_nearest_and_one_that_is_out_of_sight_is_none():
    # logit(0.9) = log 9 = 2.197 falls in 2022, logit(0.95) = log 19 = 2.944 in 2023.
    curve = fit_logistic(EXACT)
    assert (curve.year(0.5), curve.year(0.9), curve.year(0.95)) == (2020, 2022, 2023)
    assert curve.years(0.95) == (2023, 2023)
    flat = fit_logistic([(year, 0.5 if year < 2022 else 0.501) for year in range(2018, 2023)])
    assert (flat.year(0.9), flat.years(0.9)) == (None, None)
    assert fit_logistic([(year, 0.5) for year in range(2018, 2023)]).year(0.9) is None


def test_a_curve_never_leaves_0_to_1_however_far_and_steep():
    curve = fit_logistic([(2000, 1e-9), (2001, 0.5), (2002, 1 - 1e-9)])
    assert (curve.at(-1e6), curve.at(1e6)) == (0, 1)


@pytest.mark.parametrize(("share", "cause"), [(0, ""), (1, ""), (42, "; was a percentage typed"), (float("nan"), "")])
def test_a_share_without_a_logit_is_refused(share, cause):
    with pytest.raises(MetricError, match=f"share is {share}: expected one between 0 and 1{cause}"):
        fit_logistic([(2000, 0.1), (2001, share), (2002, 0.3)])
    with pytest.raises(MetricError, match="expected one between 0 and 1"):
        fit_logistic(EXACT).year(share)


@given(share=st.floats(1e-6, 1 - 1e-6))
def test_the_curve_has_the_share_where_it_reaches_it(share):
    curve = fit_logistic(EXACT)
    assert curve.at(2020 + log(share / (1 - share))) == pytest.approx(share, rel=1e-6)
