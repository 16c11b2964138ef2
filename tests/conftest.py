"""What several tests share: small frames of claims, and a copy of the project with its own data and reports."""

import os
import shutil
import time
from concurrent.futures import Executor, Future
from datetime import date
from pathlib import Path

import hostile
import nbformat
import polars as pl
import pytest
from hypothesis import settings

from analysis import Ledger
from analysis.reporting.edition import build
from analysis.reporting.planning import plan
from analysis.schema import Claim, Entity, Event

settings.register_profile("evroad", deadline=None)  # a busy machine is no failure
settings.load_profile("evroad")


class Here(Executor):
    """Does a job in this process when it is given, so that what a test has put in the place of a function is called."""

    def submit(self, do, /, *args, **options) -> Future:
        future = Future()
        future.set_result(do(*args, **options))
        return future


ROOT = Path(__file__).resolve().parents[1]
TODAY = date(2026, 11, 25)
REPORTS = ["batteries", "briefing", "investments", "market_share", "partnerships", "production", "rivals", "road", "targets"]

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

_DEFAULTS = {
    "series_id": "investment",
    "entity_id": "nissan",
    "market_id": "global",
    "valid_from": None,
    "valid_to": None,
    "period_printed": None,
    "source_id": "paper",
    "locator": "p1",
    "printed": "as printed",
    "qualifier": "exact",
    "basis": "reported",
    "stance": "asserts",
    "entry": 1,
    "change": "new",
    "reason": None,
    "recorded_date": TODAY,
    "note": None,
    "value": None,
    "value_low": None,
    "value_high": None,
    "unit": "USD",
    "known_date": date(2024, 1, 1),
    "published_date": date(2024, 1, 1),
}


@pytest.fixture
def claims():
    """A function that makes a frame of claims, as `Ledger.as_of()` has them, from what matters in a test."""

    def make(*rows: dict) -> pl.DataFrame:
        full = []
        for place, row in enumerate(rows):
            made = {"claim_id": f"c{place}", **_DEFAULTS, **row}
            made |= {
                "product_id": made.get("product_id", made["source_id"]),
                "entity_name": made["entity_id"].title(),
                "market_name": made["market_id"].title(),
                "series_name": made["series_id"].replace("_", " ").capitalize(),
            }
            full.append(made)
        schema = {name: column.dtype for name, column in Claim.columns().items()}
        text = ("product_id", "entity_name", "market_name", "series_name")
        return pl.DataFrame(
            full, schema=schema | {"known_date": pl.Date, "published_date": pl.Date} | dict.fromkeys(text, pl.String)
        )

    return make


_OF_CLAIMS_ALONE = {"series_id", "value", "value_low", "value_high", "unit"}


@pytest.fixture
def events():
    """A function that makes a frame of events, as `Ledger.as_of()` has them, from what matters in a test."""

    def make(*rows: dict) -> pl.DataFrame:
        full = []
        for place, row in enumerate(rows):
            base = {"event_id": f"e{place}", "stage": "planned", "counterparty_id": None, "description": f"Event {place}"}
            shared = {name: value for name, value in _DEFAULTS.items() if name not in _OF_CLAIMS_ALONE}
            made = base | shared | row
            full.append(
                made
                | {
                    "product_id": made.get("product_id", made["source_id"]),
                    "entity_name": made["entity_id"].title(),
                    "market_name": made["market_id"].title(),
                }
            )
        schema = {name: column.dtype for name, column in Event.columns().items()}
        text = ("product_id", "entity_name", "market_name")
        return pl.DataFrame(
            full, schema=schema | {"known_date": pl.Date, "published_date": pl.Date} | dict.fromkeys(text, pl.String)
        )

    return make


@pytest.fixture
def entities():
    """A function that makes a frame of entities, from the name of each, what it is part of, and more."""

    def make(**rows: str | dict | None) -> pl.DataFrame:
        full = []
        for name, row in rows.items():
            more = row if isinstance(row, dict) else {"part_of": row}
            full.append({"entity_id": name, "name": name.title(), "kind": "plan"} | more)
        return pl.DataFrame(full, schema={name: column.dtype for name, column in Entity.columns().items()})

    return make


@pytest.fixture(scope="session")
def published() -> Ledger:
    """The project's own ledger as it was that day: for checks by hand against what was published."""
    return Ledger.load(ROOT / "data").as_of(TODAY, recorded_by=TODAY)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the project's data and notebooks, in a folder with a space in its name."""
    return _copy(tmp_path / "a project")


@pytest.fixture(scope="session")
def edition(tmp_path_factory: pytest.TempPathFactory):
    """Today's edition of the project's own data: its project, what `build` returned, and what was told meanwhile."""
    root, told = _copy(tmp_path_factory.mktemp("built") / "a project"), []
    made = build(plan(root, [], {}, date=TODAY, as_of=None), lambda *step: told.append(step))
    return root, made, told


@pytest.fixture(scope="session")
def attacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an edition whose data hold an attack in every free text, and whose parameters do."""
    root = _copy(tmp_path_factory.mktemp("hostile") / "a project")
    for path in (root / "notebooks").iterdir():
        path.unlink()
    hostile.put_in(root / "data")
    nbformat.write(hostile.report(), root / "notebooks" / "hostile.ipynb")
    given = {"word": hostile.EVERYTHING, "words": ",".join(hostile.ATTACKS)}
    # The check of numbers refuses such a page, as it should; here it is asked what would come of one that passes.
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("analysis.reporting.numbers.check_traced", lambda *_, **__: None)
        return build(plan(root, [], given, date=TODAY, as_of=None), lambda *_: None, workers=Here()).folder


def _copy(folder: Path) -> Path:
    for name in ("data", "notebooks"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns(".*"))
    return folder


@pytest.fixture
def edit(project: Path):
    """A function that replaces text in one of the copied data files, once, and fails where it is not found."""

    def replace(table: str, old: str, new: str) -> None:
        path = project / "data" / table
        text = path.read_text("utf-8")
        assert old in text, f"{old!r} is not in {table}"
        path.write_text(text.replace(old, new, 1), "utf-8")

    return replace


@pytest.fixture(scope="session")
def browser():
    """Debian's Chromium."""
    if CHROMIUM is None:
        message = "no Chromium found: install Debian's package chromium"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def open_page(browser, request):
    """A function that opens a page offline, and returns it with what it asked for and what it complained of."""
    contexts = []

    def open_one(name: str, width: int = 1280, scheme: str = "light", folder: Path | None = None, **more: object):
        folder = folder or request.getfixturevalue("edition")[1].folder
        context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme, offline=True, **more)
        contexts.append(context)
        page, asked, complaints = context.new_page(), [], []
        page.on("request", lambda request: asked.append(request.url))
        page.on("requestfailed", lambda request: complaints.append(f"{request.failure}: {request.url}"))
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto((folder / f"{name}.html").as_uri())
        return page, asked, complaints

    yield open_one
    for context in contexts:
        context.close()


def is_there(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def gone(process: int) -> bool:
    """Whether a process ends within some seconds."""
    for _ in range(200):
        if not is_there(process):
            return True
        time.sleep(0.05)
    return False
