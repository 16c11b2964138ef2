"""The codebook: `data/README.md` and `data/datapackage.json`, written from the row contracts so that they cannot drift."""

import json
from collections.abc import Sequence
from pathlib import Path

import dataframely as dy

from analysis import __version__
from analysis.consistency import REFERENCES, referenced_table
from analysis.schema import TABLES, Figures

_TYPES = {
    "String": "string",
    "Enum": "string",
    "Date": "date",
    "Float64": "number",
    "Int64": "integer",
    "Bool": "boolean",
    "List": "list",
}

_INTRODUCTION = """# Codebook

Written by `evroad codebook` from the row contracts in `analysis/schema.py`; a test holds it to them.

Every table is a CSV file in UTF-8 with commas, a header, and one line a row. An empty field is a missing value: what is
not known is stored as unknown. Dates are YYYY-MM-DD, shares are 0 to 1, numbers have no separators for thousands.
`sources.csv`, `claims.csv`, `events.csv` and `conflicts.csv` only ever grow: a correction is a new entry of the same claim or
event. What proves wrong about a source is told by a new row with another id, and new entries that void what was stored
under the old.

A *claim* is a number that a source prints, or a date that it gives a plan (then the period is the content and the value
is empty). An *event* is a happening without a number. Both are stored as their source has them, even where others say
otherwise. A period that is printed vaguely is stored by rule: "late 2021" is that year's last quarter, "mid-2022" its
middle two quarters; "fiscal 2028" is Nissan's fiscal year, 1 April 2028 to 31 March 2029, and so is "2028" for the
solid-state battery, whose vehicle Nissan's own release dates to that fiscal year. A period that is not given is empty.
Of a source whose text is not archived (it has no sha256), `printed` is the figure as it was taken down when the source was
read, in digits, and the locator says no more than "as cited", or the row of a table.

Shares and counts of plug-in cars by market and year: International Energy Agency, Global EV Data Explorer (2025), CC BY 4.0,
and its later edition by way of Our World in Data, CC BY 4.0; a selection, with shares as 0 to 1. Places: GeoNames, CC BY 4.0.
"""


def write_codebook(folder: Path, *, only_check: bool = False) -> list[str]:
    """Write the codebook's files into `folder`, or only compare them.

    Returns:
        The names of the files that are not, or were not, as the row contracts say.
    """
    stale = []
    for name, content in (("README.md", readme()), ("datapackage.json", datapackage(folder))):
        path = folder / name
        if not path.exists() or path.read_text("utf-8") != content:
            stale.append(name)
            if not only_check:
                path.write_text(content, "utf-8")
    return stale


def readme() -> str:
    """The tables and columns as Markdown."""
    parts = [_INTRODUCTION]
    for name, schema in TABLES.items():
        parts.append(f"## {name}.csv\n\n{summary(schema)}\n\n{_columns(schema, REFERENCES.get(name, {}))}")
    told = f"{summary(Figures)} Every edition publishes them, with a column `report` in front."
    parts.append(f"## figures.csv\n\n{told}\n\n{_columns(Figures, {})}")
    return "\n".join(parts)


def datapackage(folder: Path) -> str:
    """The tables of `folder` as a Frictionless Data Package, version 2, with the fields in their files' order."""
    resources = [
        resource(
            name,
            summary(schema),
            {column: schema.columns()[column] for column in _header(folder / f"{name}.csv")},
            key=schema.primary_key(),
            references={
                column: (referenced_table(target), TABLES[referenced_table(target)].primary_key()[0])
                for column, target in REFERENCES.get(name, {}).items()
            },
        )
        for name, schema in TABLES.items()
    ]
    return package("evroad-ledger", "Published claims about Nissan's road to electric vehicles", __version__, resources)


def package(name: str, title: str, version: str, resources: list[dict], /, **more: str) -> str:
    """A data package's descriptor as JSON; `more` are further properties of it, such as `created`."""
    about = {"name": name, "title": title, "version": version, **more}
    told = {"$schema": "https://datapackage.org/profiles/2.0/datapackage.json", **about, "resources": resources}
    return json.dumps(told, indent=2, ensure_ascii=False) + "\n"


def resource(
    name: str,
    description: str,
    columns: dict[str, dy.Column],
    /,
    *,
    key: Sequence[str],
    references: dict[str, tuple[str, str]],
    **more: str | int,
) -> dict:
    """A CSV file as a resource of a data package.

    Args:
        name: the file's, without its ending.
        description: what a row is.
        columns: the row contract of each column, in the file's order.
        key: the columns that tell rows apart.
        references: column -> the resource and the field there that it names.
        more: further properties, such as `bytes`.
    """
    keys = [
        {"fields": [column], "reference": {"resource": target, "fields": [field]}}
        for column, (target, field) in references.items()
    ]
    fields = [_field(column, contract) for column, contract in columns.items()]
    schema = {"fields": fields, "primaryKey": list(key), "foreignKeys": keys}
    return {"name": name, "path": f"{name}.csv", "description": description, **more, "schema": schema}


def _header(path: Path) -> list[str]:
    return path.read_text("utf-8-sig").partition("\n")[0].strip().split(",")


def summary(schema: type[dy.Schema]) -> str:
    """What a row of a table is."""
    return (schema.__doc__ or "").strip()


def _columns(schema: type[dy.Schema], references: dict[str, str]) -> str:
    rows = ["| column | type | meaning |", "|---|---|---|"]
    for name, column in schema.columns().items():
        kind = _TYPES[type(column).__name__]
        kind += ", may be empty" if column.nullable else ""
        meaning = column.description or ""
        if name in references:
            meaning += f" (one of the {references[name]})"
        if isinstance(column, dy.Enum):
            meaning += ": " + ", ".join(f"`{category}`" for category in column.categories)
        rows.append(f"| `{name}` | {kind} | {meaning} |")
    return "\n".join(rows) + "\n"


def _field(name: str, column: dy.Column) -> dict:
    field = {"name": name, "type": _TYPES[type(column).__name__], "description": column.description or ""}
    constraints: dict[str, object] = {} if column.nullable else {"required": True}
    if isinstance(column, dy.Enum):
        constraints["enum"] = list(column.categories)
    if isinstance(column, dy.String) and column.regex:
        constraints["pattern"] = column.regex
    if isinstance(column, dy.List):
        field |= {"itemType": "string", "delimiter": ";"}
    return field | ({"constraints": constraints} if constraints else {})
