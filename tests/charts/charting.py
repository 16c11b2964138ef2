"""What the tests of charts share: a small ledger, figures to draw, and a way to read what was drawn."""

from datetime import date

import polars as pl

from analysis.charts import SVG_MIME
from analysis.charts.lettering import Box, width
from analysis.ledger import Ledger
from analysis.schema import figures

TODAY = date(2026, 11, 22)
NAMES = {
    "nissan": "Nissan",
    "canton": "Canton plant, Mississippi",
    "sk-on": "SK On battery supply",
    "packs": "All packs",
    "car-packs": "Packs for electric cars",
    "global": "World",
    "japan": "Japan",
    "china": "China",
    "congo": "Democratic Republic of the Congo",
    "bosnia": "Bosnia and Herzegovina",
    "us": "United States",
    "norway": "Norway",
    "sweden": "Sweden",
    "korea": "Korea",
    "india": "India",
    "thailand": "Thailand",
}


def small_ledger(**days: date | None) -> Ledger:
    """A ledger with one source and one claim, `c0`, and further claims by the day that published each (`_` for `-`)."""
    sources = pl.DataFrame(
        {
            "source_id": ["paper"],
            "publisher": ["The Paper"],
            "title": ["An article"],
            "published_date": [date(2025, 3, 31)],
            "published_precision": ["month"],
            "licence": ["not stated"],
        }
    )
    every = {"c0": date(2025, 3, 31)} | {name.replace("_", "-"): day for name, day in days.items()}
    claims = pl.DataFrame(
        {"claim_id": list(every), "source_id": ["paper"] * len(every), "published_date": list(every.values())},
        schema={"claim_id": pl.String, "source_id": pl.String, "published_date": pl.Date},
    )
    entities = pl.DataFrame({"entity_id": list(NAMES), "name": list(NAMES.values())})
    events = claims.clear().rename({"claim_id": "event_id"})
    empty = pl.DataFrame()
    return Ledger(sources, empty, entities, claims, events, empty, claims, TODAY)


LEDGER = small_ledger()


def figure(metric: str, value: float | None, unit: str, *, year: int | None = None, **other: object) -> dict:
    """A row of figures, of a calendar year where one is given."""
    period = {"period_start": date(year, 1, 1), "period_end": date(year, 12, 31)} if year else {}
    row = {
        "metric": metric,
        "label": "A figure",
        "entity_id": "nissan",
        "market_id": "global",
        "period_start": None,
        "period_end": None,
        "value": value,
        "unit": unit,
        "qualifier": "exact",
        "basis": "reported",
        "claim_ids": ["c0"],
        "method": "as printed",
        "note": None,
    } | period | other  # fmt: skip
    about = dict.fromkeys([row["entity_id"], row["market_id"], *([str(year)] if year else [])])
    return {"figure_id": ".".join([metric, *about])} | row


def some(*rows: dict) -> pl.DataFrame:
    """Figures, with numbers behind ids that would otherwise be the same."""
    seen: dict[str, int] = {}
    made = []
    for row in rows:
        count = seen[row["figure_id"]] = seen.get(row["figure_id"], 0) + 1
        made.append(row | {"figure_id": row["figure_id"] + (f".{count}" if count > 1 else "")})
    return figures(made)


def bundle(chart: object) -> dict:
    """What a notebook is given to show."""
    made = chart._repr_mimebundle_()
    return made[0] if isinstance(made, tuple) else made


def spec(chart: object) -> dict:
    """What was drawn; without the picture, which takes longer."""
    return chart.to_dict()


def size(chart: object) -> tuple[float, float]:
    """Width and height of the picture."""
    head = bundle(chart)[SVG_MIME].split(">", 1)[0]
    return tuple(float(head.split(f'{name}="')[1].split('"')[0]) for name in (" width", " height"))


def views(made: dict) -> list[dict]:
    """The single views of a chart: itself, or its panels."""
    return made.get("hconcat") or made.get("concat") or [made]


def layers(view: dict) -> list[dict]:
    """The marks of a view, in the order drawn, each with its data, which may be named once for several."""
    if "layer" not in view:
        return [view]
    common = {"data": view["data"]} if "data" in view else {}
    return [common | inner for layer in view["layer"] for inner in layers(layer)]


def marks(chart: object, kind: str) -> list[dict]:
    """All marks of a kind: each its look, its encoding and the rows that it draws."""
    made = spec(chart)
    return [
        {"mark": layer["mark"], "encoding": layer.get("encoding", {}), "rows": made["datasets"][layer["data"]["name"]]}
        for view in views(made)
        for layer in layers(view)
        if layer["mark"]["type"] == kind
    ]


def drawn(chart: object, kind: str, **columns: object) -> list[dict]:
    """The rows that marks of a kind draw, those whose columns hold what is asked for."""
    rows = [row for mark in marks(chart, kind) for row in mark["rows"]]
    return [row for row in rows if all(row.get(name) == value for name, value in columns.items())]


def texts(view: dict, datasets: dict) -> list[tuple[str, Box]]:
    """The words of a view with the room that each line of them takes, in pixels; axes and the note are not among them."""
    found = []
    for layer in layers(view):
        mark, encoding = layer["mark"], layer.get("encoding", {})
        is_rim = mark.get("stroke") == "white"
        if mark["type"] != "text" or is_rim or encoding.get("x", {}).get("scale", 0) is not None or "angle" in mark:
            continue
        for row in datasets[layer["data"]["name"]]:
            long = width(row["text"], size=mark["fontSize"], bold=mark["fontWeight"] == "bold")
            left = row["x"] - {"left": 0, "right": long, "center": long / 2}[mark["align"]]
            found.append((row["text"], Box(left, row["y"] - 5, left + long, row["y"] + 5)))
    return found


def overlaps(chart: object) -> list[tuple[str, str]]:
    """The pairs of words that cover each other."""
    made = spec(chart)
    found = []
    for view in views(made):
        boxes = texts(view, made["datasets"])
        found += [(a, b) for n, (a, here) in enumerate(boxes) for b, there in boxes[n + 1 :] if here.shared(there) > 1]
    return found
