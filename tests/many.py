"""Made-up editions by the thousand: a manifest as long as a real one and small pages, without a build."""

import hashlib
import json
from datetime import date, timedelta
from pathlib import Path

from analysis.reporting import editions
from analysis.reporting.notices import PLACE

REPORTS = ["batteries", "briefing", "investments", "market_share", "partnerships", "production", "rivals", "road", "targets"]


def put(
    folder: Path,
    name: str,
    *,
    reports: list[str] = REPORTS,
    told: dict | None = None,
    padding: str = "",
    has_pages: bool = True,
) -> Path:
    """One edition of that name in a folder of reports, as publishing leaves it; `told` is what its manifest says otherwise."""
    edition = folder / name
    edition.mkdir(parents=True)
    for page in ("index", *reports) if has_pages else ():
        text = f"<!doctype html><link rel=icon href=data:,><body>{PLACE}<h1>{page} of {name}</h1>{padding}</body>"
        (edition / f"{page}.html").write_text(text, "utf-8")
    digest = hashlib.sha256(name.encode()).hexdigest()
    said = {
        "edition": name,
        "date": name[:10],
        "as_of": name[:10],
        "recorded_by": None,
        "is_whole": reports == REPORTS,
        "is_replay": False,
        "parameters": {report: {"as_of": name[:10], "horizon_year": 2030} for report in reports},
        "given": {},
        "inputs": {f"analysis/a_module_of_the_package_{place}.py": digest for place in range(100)},
        "what_changed": f"3 figures were revised, 1 is new since the edition before {name}.",
        "outputs": {path.name: editions.sha256(path) for path in sorted(edition.iterdir())},
    } | (told or {})
    (edition / "manifest.json").write_text(json.dumps(said | {"id": editions.identity(said)}, indent=2), "utf-8")
    return edition


def many(folder: Path, count: int, *, last: date = date(2026, 11, 24), **pages: str | bool) -> None:
    """So many editions up to a day: each tenth supersedes the one of its day, others are replays, parts, or withdrawn."""
    day, made = last, 0
    while made < count:
        kind = made % 20
        told, reports = {}, REPORTS
        if kind == 3:
            told = {"is_replay": True, "as_of": "2024-04-01"}
        elif kind == 5:
            reports = ["targets"]
            told = {"given": {"targets": {"horizon_year": 2031}}}
        edition = put(folder, str(day), reports=reports, told=told, **pages)
        made += 1
        if kind == 7:
            record = {"date": str(day + timedelta(days=1)), "reason": "A share was counted twice."}
            (edition / "withdrawn.json").write_text(json.dumps(record), "utf-8")
        if kind == 9 and made < count:
            put(folder, f"{day}.1", **pages)
            made += 1
        day -= timedelta(days=1)
