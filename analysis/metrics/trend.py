"""A line by least squares, and a logistic curve made of one, with their bands and the inverse of these. No claims here."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, floor, fsum, log, sqrt

from analysis.errors import MetricError

LEVEL = 0.95
"""How often an interval holds what it is made for, in repeated samples."""

MIN_LINE_POINTS = 3
"""Two points leave nothing from which to tell how far a line is off."""

FIRST_YEAR, LAST_YEAR = 1900, 2199
"""A curve that reaches a share in none of these years is too flat to date it."""


@dataclass(frozen=True)
class Line:
    """y = mean + slope * (t - centre), and what its bands are made of; `fit_line` makes it."""

    slope: float
    centre: float
    """Mean of t; the line is kept about it, since years are large numbers beside the differences between them."""
    mean: float
    """Mean of y."""
    spread: float
    """Sum of (t - centre) squared."""
    residual_error: float
    """Standard error of the residuals, on n - 2 degrees of freedom."""
    observations: int
    quantile: float
    """Of the t distribution: half the width of an interval, in standard errors."""

    def at(self, t: float) -> float:
        """The line's height at `t`."""
        return self.mean + self.slope * (t - self.centre)

    def confidence(self, t: float) -> tuple[float, float]:
        """The interval for the line itself at `t`: y +- q * s * sqrt(1/n + (t - centre)^2 / spread)."""
        return self._band(t, own=0)

    def prediction(self, t: float) -> tuple[float, float]:
        """The interval for a new observation at `t`, which has an error of its own: sqrt(1 + 1/n + ...)."""
        return self._band(t, own=1)

    def crossing(self, y: float) -> float | None:
        """Where the line reaches `y`; none where it is level."""
        return self.centre + (y - self.mean) / self.slope if self.slope else None

    def crossing_interval(self, y: float) -> tuple[float, float] | tuple[None, None]:
        """The interval for the t at which the line reaches `y`, after Fieller: every t whose confidence interval holds `y`.

        With u = t - centre, d = mean - y and k = (q * s)^2 these solve (d + slope * u)^2 <= k * (1/n + u^2 / spread). The
        ends are none where the slope cannot be told from zero: what solves it then goes on without end.
        """
        noise = (self.quantile * self.residual_error) ** 2
        certainty = self.slope**2 - noise / self.spread
        if certainty <= 0:
            return None, None
        offset = self.mean - y
        half = sqrt(noise * (certainty / self.observations + offset**2 / self.spread))
        low, high = ((-offset * self.slope + side * half) / certainty for side in (-1, 1))
        return self.centre + low, self.centre + high

    def _band(self, t: float, *, own: int) -> tuple[float, float]:
        size = sqrt(own + 1 / self.observations + (t - self.centre) ** 2 / self.spread)
        half = self.quantile * self.residual_error * size
        return self.at(t) - half, self.at(t) + half


@dataclass(frozen=True)
class Logistic:
    """s = 1 / (1 + exp(-y)), with s a share of a year t and y the line's height at t; `fit_logistic` makes it."""

    line: Line

    @property
    def pace(self) -> float:
        """How fast the share rises a year where the curve is steepest, at s = 1/2."""
        return self.line.slope / 4

    def at(self, year: float) -> float:
        """The share of `year` on the curve."""
        return _logistic(self.line.at(year))

    def confidence(self, year: float) -> tuple[float, float]:
        """The interval for the curve itself in `year`."""
        low, high = self.line.confidence(year)
        return _logistic(low), _logistic(high)

    def year(self, share: float) -> int | None:
        """The calendar year nearest to where the curve reaches `share`; none where that is not within 1900 to 2199."""
        return _calendar_year(self.line.crossing(_logit(share)))

    def years(self, share: float) -> tuple[int, int] | None:
        """The years nearest to the ends of the interval for that point; none where one of them is not such a year."""
        low, high = map(_calendar_year, self.line.crossing_interval(_logit(share)))
        return (low, high) if low and high else None


def fit_line(points: Sequence[tuple[float, float]], /, *, level: float = LEVEL) -> Line:
    """The straight line through points (t, y) that makes the squares of its errors in y least.

    slope = sum of (t - T)(y - Y) / sum of (t - T)^2, with T and Y the means; s^2 = sum of squared residuals / (n - 2).
    Sums are exact before they are rounded, so the order of the points makes no difference.

    Args:
        points: pairs of t and y, at least 3 and not all at the same t.
        level: of the intervals, between 0 and 1.

    Returns:
        The line; slope in units of y per unit of t.

    Raises:
        MetricError: for fewer than 3 points, for points all at one t, and for a level that is not between 0 and 1.

    Source: Draper & Smith, Applied Regression Analysis (3rd ed., 1998), chapters 1 and 3; E. C. Fieller, "Some problems in
    interval estimation", Journal of the Royal Statistical Society B 16 (1954), 175-185.
    """
    from scipy.special import stdtrit  # takes a third of a second, which the command should not wait for at its start

    count = len(points)
    if count < MIN_LINE_POINTS:
        raise MetricError(f"{count} points: a line with an error takes at least {MIN_LINE_POINTS}")
    if not 0 < level < 1:
        raise MetricError(f"level is {level}: expected one between 0 and 1, such as {LEVEL}")
    centre, mean = (fsum(values) / count for values in zip(*points, strict=True))
    spread = fsum((t - centre) ** 2 for t, _ in points)
    if spread == 0:
        raise MetricError(f"all {count} points are at {points[0][0]}: a line through them has no slope")
    slope = fsum((t - centre) * (y - mean) for t, y in points) / spread
    freedom = count - 2
    squares = fsum((y - mean - slope * (t - centre)) ** 2 for t, y in points)
    quantile = float(stdtrit(freedom, (1 + level) / 2))
    return Line(slope, centre, mean, spread, sqrt(squares / freedom), count, quantile)


def fit_logistic(points: Sequence[tuple[float, float]], /) -> Logistic:
    """The logistic curve through points (year, share) whose logits are fitted best by a straight line.

    logit(s) = log(s / (1 - s)) = a + b * t, with s the share of year t; its ceiling is 1.

    Args:
        points: pairs of a year and a share above 0 and below 1, at least 3 and not all of one year.

    Returns:
        The curve; shares as 0 to 1.

    Raises:
        MetricError: as `fit_line`, and for a share that is not between 0 and 1.

    Source: J. C. Fisher & R. H. Pry, "A simple substitution model of technological change", Technological Forecasting and
    Social Change 3 (1971), 75-88.
    """
    return Logistic(fit_line([(year, _logit(share)) for year, share in points]))


def _logit(share: float) -> float:
    if not 0 < share < 1:
        raise MetricError(f"share is {share}: expected one between 0 and 1{'; was a percentage typed?' if share > 1 else ''}")
    return log(share / (1 - share))


def _logistic(height: float) -> float:
    small = exp(-abs(height))  # never overflows, however steep the curve
    return (small if height < 0 else 1) / (1 + small)


def _calendar_year(t: float | None) -> int | None:
    """A share of a year's sales belongs to the year as a whole, so t = 2031.4 is 2031, and 2031.5 is 2032."""
    return floor(t + 0.5) if t is not None and FIRST_YEAR <= t <= LAST_YEAR else None
