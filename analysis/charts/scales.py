"""Upright scales of shares: percent, and logit, on which equal steps are equal changes of the odds. Nothing is drawn here."""

from collections.abc import Iterable
from dataclasses import dataclass
from math import ceil, log

import altair as alt

_TOLD = [0.5, 0.1, 0.01, 0.9, 0.99, 0.001, 0.02, 0.05, 0.2, 0.8, 0.95]
"""Shares named on the logit scale where there is room, the most telling first."""

_LABELS = 16
"""How many labels have room above one another."""


@dataclass(frozen=True)
class Scale:
    """One upright scale: what it is, its ends, the shares that it names, and where on it a share stands."""

    name: str
    is_logit: bool
    low: float
    high: float
    named: tuple[float, ...]

    def of(self, share: float) -> float | None:
        """Where a share stands, in the scale's own measure; none for 0% and 100% of the logit."""
        if not self.is_logit:
            return share
        return round(_logit(share), 4) if 0 < share < 1 else None

    def pixel(self, share: float, height: float) -> float:
        """How far below the top of a ground so many pixels high a share stands."""
        return height * (self.high - self.of(share)) / (self.high - self.low)

    def axis(self) -> alt.Axis:
        """The shares that are named, as percentages."""
        words = "format(1 / (1 + exp(-datum.value)), '.1~%')" if self.is_logit else "format(datum.value, '.3~%')"
        return alt.Axis(values=[self.of(share) for share in self.named], labelExpr=words, domain=False, ticks=False)

    def encoded(self, column: str = "y") -> alt.Y:
        """A column in the scale's own measure as places on it."""
        ends = [round(self.low, 4), round(self.high, 4)]
        return alt.Y(f"{column}:Q", title=None, axis=self.axis(), scale=alt.Scale(domain=ends, nice=False))


def percent(shares: Iterable[float], /) -> Scale:
    """The scale from 0% to the first round share that no share exceeds."""
    top = max(shares) or 0.01
    step = next(s for s in (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2) if top / s <= 6 or s == 0.2)
    count = ceil(round(top / step, 6))
    return Scale("Percent scale", False, 0.0, count * step, tuple(round(n * step, 6) for n in range(count + 1)))


def logit(shares: Iterable[float], /) -> Scale:
    """The scale of logit(s) = log(s / (1 - s)) that holds all shares but 0% and 100%, with a named one beyond at each end."""
    inner = sorted(share for share in shares if 0 < share < 1) or [0.5]
    low = _logit(max((share for share in _TOLD if share <= inner[0]), default=inner[0])) - 0.2
    high = _logit(min((share for share in _TOLD if share >= inner[-1]), default=inner[-1])) + 0.2
    named: list[float] = []
    for share in (share for share in _TOLD if low <= _logit(share) <= high):
        if all(abs(_logit(share) - _logit(other)) > (high - low) / _LABELS for other in named):
            named.append(share)
    return Scale("Logit scale: equal steps are equal changes of the odds", True, low, high, tuple(sorted(named)))


def _logit(share: float) -> float:
    return log(share / (1 - share))
