"""Figures as Altair charts: one theme for print and screen, direct labels, the finding as title, a source note beneath.

Charts are ordinary `altair.Chart` objects and can be altered further. Importing this package registers the theme and
a renderer that shows Vega-Lite JSON, SVG and the chart's description; it asks no server for anything.
"""

from analysis.charts.amounts import bars, waterfall, whole
from analysis.charts.diffusion import adoption
from analysis.charts.panels import multiples
from analysis.charts.plans import timeline
from analysis.charts.prices import cost_path
from analysis.charts.slips import slippage
from analysis.charts.theme import Shown
from analysis.charts.tracks import lanes
from analysis.charts.world import places
from analysis.look import SVG_MIME, VEGALITE_MIME

__all__ = [
    "SVG_MIME",
    "VEGALITE_MIME",
    "Shown",
    "adoption",
    "bars",
    "cost_path",
    "lanes",
    "multiples",
    "places",
    "slippage",
    "timeline",
    "waterfall",
    "whole",
]
