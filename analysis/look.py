"""What charts and the pages that hold them agree on: colours, and under which names a notebook has a chart."""

VEGALITE_MIME = "application/vnd.vegalite.v6+json"
SVG_MIME = "image/svg+xml"

BLUE, ORANGE, GREY, LIGHT, INK = "#0072b2", "#d55e00", "#5f6b76", "#c9d2da", "#1d2730"
MANY = [BLUE, ORANGE, "#009e73", "#cc79a7", "#b8860b", "#56b4e9", INK, "#8c564b"]
"""Okabe and Ito's colours, which no common colour blindness confuses (their yellow darkened for white paper), and brown:
as many lines as can be told apart."""

INKS = ["#00507d", "#95420f", "#006f51", "#8f5474", "#80600a", "#2f6f94", INK, "#623c34"]
"""The same colours for letters, dark enough to be read."""

DARK = {
    "white": "#14191e",
    "#1d2730": "#e8edf1",
    "#5f6b76": "#a9b5bf",
    "#c9d2da": "#4a5763",
    "#e8ecef": "#28313a",
    "#e1e6eb": "#303b46",
    "#c5ccd2": "#66727d",
    "#0072b2": "#3d96db",
    "#d55e00": "#f08a3c",
    "#009e73": "#2fc79b",
    "#cc79a7": "#dd93bb",
    "#b8860b": "#d9a82e",
    "#56b4e9": "#9ad4ff",
    "#8c564b": "#c08a7e",
    "#9cc7e2": "#3877a1",
    "#f2bd94": "#a8652f",
    "#00507d": "#6bb8ea",
    "#95420f": "#f0a070",
    "#006f51": "#4fd0a8",
    "#8f5474": "#dda0c2",
    "#80600a": "#dcb450",
    "#2f6f94": "#8ccbec",
    "#623c34": "#d0a498",
}
"""A chart's colours -> what stands for them on a dark page. In print and in JupyterLab charts are as they were drawn."""
