"""Row contracts of every table under `data/`, and of figures. Column descriptions are the codebook; no file is read here."""

from collections.abc import Iterable

import dataframely as dy
import polars as pl

from analysis.units import CLAIM_UNITS, DIMENSIONS

ID = r"^[a-z0-9][a-z0-9-]*$"
DATED_UNIT = "date"
PRINTED = "as printed"
"""The method of a figure that repeats a claim."""

LARGEST = 1e15
"""No claim's value is larger, in any unit: a slip otherwise, and from some ten times that on floats leave whole numbers out."""

NOTES = "\n"
"""What stands between the notes of a figure, so that each can be told once where several figures share it."""

QUALIFIERS = ["exact", "about", "nearly", "at_least", "more_than", "at_most", "by", "from"]
CHANGES = ["new", "correction", "void", "retraction"]
WITHDRAWN = ["void", "retraction"]
BASES = ["reported", "target", "plan", "forecast", "estimate", "rumour", "derived"]
INTENT = ["target", "plan", "rumour"]
"""Bases that say what is meant to be; the others say what is, was or is expected to be."""


class Source(dy.Schema):
    """One edition of a publication. A re-issue is a new row with the same product_id."""

    source_id = dy.String(primary_key=True, regex=ID, description="Short name of this edition, never reused")
    product_id = dy.String(regex=ID, description="The publication that is re-issued; its editions replace one another")
    publisher = dy.String(
        nullable=True, description="Who published it, as it is: a copy is said to be one; empty where not known"
    )
    title = dy.String(min_length=1, description="Title as published; in square brackets where translated")
    kind = dy.Enum(
        ["press_release", "news", "rewrite", "promotional", "generated_text", "statistics", "filing", "report"],
        description="What sort of text it is",
    )
    published_date = dy.Date(
        nullable=True, description="First day it could be known; the last day of the month or year where only that is known"
    )
    published_precision = dy.Enum(["day", "month", "year", "unknown"], description="How exactly that date is known")
    published_note = dy.String(nullable=True, description="How the date was found, where it is not printed")
    url = dy.String(nullable=True, regex=r"^https?://\S+$", description="Address where it was read")
    sha256 = dy.String(nullable=True, regex=r"^[0-9a-f]{64}$", description="Hash of the archived text, where one is kept")
    licence = dy.String(min_length=1, description="Terms under which its figures are used")
    caveat = dy.String(nullable=True, description="What is known against it")
    recorded_date = dy.Date(description="Day the ledger learned of it")

    @dy.rule()
    def dated_or_unknown(cls) -> pl.Expr:
        return pl.col("published_date").is_null() == (pl.col("published_precision") == "unknown")

    @dy.rule()
    def period_end(cls) -> pl.Expr:
        day = pl.col("published_date")
        year_end = (day.dt.month() == 12) & (day.dt.day() == 31)
        fits = (
            pl.when(pl.col("published_precision") == "month")
            .then(day == day.dt.month_end())
            .when(pl.col("published_precision") == "year")
            .then(year_end)
            .otherwise(True)
        )
        return fits.fill_null(True)

    @dy.rule()
    def published_before_recorded(cls) -> pl.Expr:
        # Month and year precision store the last day, which may still be to come when the row is recorded.
        exact = pl.col("published_precision") == "day"
        return (~exact | (pl.col("published_date") <= pl.col("recorded_date"))).fill_null(True)

    @dy.rule()
    def one_edition_a_day(cls) -> pl.Expr:
        return pl.len().over("product_id", "published_date") == 1


class Series(dy.Schema):
    """What is measured."""

    series_id = dy.String(primary_key=True, regex=r"^[a-z][a-z0-9_]*$", description="Short name")
    name = dy.String(min_length=1, description="Name shown in tables")
    definition = dy.String(min_length=1, description="What is counted, and what is not")
    unit = dy.Enum(list(DIMENSIONS), description="Unit of its values; money may also be stated in another currency")
    plausible_min = dy.Float64(nullable=True, description="Smallest value that is not taken for a slip")
    plausible_max = dy.Float64(nullable=True, description="Largest value that is not taken for a slip")
    is_additive = dy.Bool(description="Whether values of different entities may be summed")

    @dy.rule()
    def plausible_order(cls) -> pl.Expr:
        return (pl.col("plausible_min") <= pl.col("plausible_max")).fill_null(True)


class Entity(dy.Schema):
    """A company, model, plant, market, plan or agreement."""

    entity_id = dy.String(primary_key=True, regex=ID, description="Short name")
    name = dy.String(min_length=1, description="Name shown in text and tables")
    kind = dy.Enum(
        ["company", "model", "technology", "plant", "plan", "agreement", "market", "currency_pair"], description="What it is"
    )
    part_of = dy.String(nullable=True, description="The entity it belongs to")
    latitude = dy.Float64(nullable=True, min=-90, max=90, description="Degrees north of the town it lies in, after GeoNames")
    longitude = dy.Float64(nullable=True, min=-180, max=180, description="Degrees east of that town")
    note = dy.String(nullable=True, description="What sets it apart from others it might be taken for")


class Statement(dy.Schema):
    """What claims and events share: who says what of whom, where it is printed, and when the ledger learned it."""

    entity_id = dy.String(description="Whom or what it is about")
    market_id = dy.String(description="Where it holds; an entity of kind market")
    valid_from = dy.Date(nullable=True, description="First day of the reference period; empty where the source gives none")
    valid_to = dy.Date(nullable=True, description="Last day of the reference period, included")
    period_printed = dy.String(nullable=True, description="The period as the source words it")
    source_id = dy.String(description="The edition that says so")
    locator = dy.String(min_length=1, description="Where in it: p9 is the ninth non-empty line of its archived text")
    printed = dy.String(min_length=1, description="The figure or phrase exactly as printed")
    qualifier = dy.Enum(QUALIFIERS, description="How the source limits the figure, or a date (by, from)")
    basis = dy.Enum(BASES, description="On what ground it is said")
    stance = dy.Enum(["asserts", "denies", "withdraws"], description="Whether the source says that it is so")
    entry = dy.Int64(min=1, description="1 for the first record; 2, 3 ... for our later entries about the same statement")
    change = dy.Enum(CHANGES, description="New; our correction; void (should not exist); the publisher's retraction")
    reason = dy.String(nullable=True, description="Why the entry was made; required unless new")
    recorded_date = dy.Date(description="Day the ledger learned it")
    note = dy.String(nullable=True, description="What a reader must know to use it; in our own words")

    @dy.rule()
    def whole_period(cls) -> pl.Expr:
        return pl.col("valid_from").is_null() == pl.col("valid_to").is_null()

    @dy.rule()
    def period_order(cls) -> pl.Expr:
        return (pl.col("valid_from") <= pl.col("valid_to")).fill_null(True)

    @dy.rule()
    def reason_given(cls) -> pl.Expr:
        return (pl.col("change") == "new") | pl.col("reason").is_not_null()

    @dy.rule()
    def entry_fits_change(cls) -> pl.Expr:
        first = pl.col("entry") == 1
        return (
            pl.when(pl.col("change") == "new").then(first).when(pl.col("change") == "retraction").then(True).otherwise(~first)
        )


class Claim(Statement):
    """One statement about one series, entity and period by one source. Append-only: a correction is a new entry."""

    claim_id = dy.String(primary_key=True, regex=ID, description="Names the statement; the same in all its entries")
    entry = dy.Int64(primary_key=True, min=1, description=Statement.columns()["entry"].description)
    series_id = dy.String(description="What is claimed")
    value = dy.Float64(
        nullable=True,
        min=-LARGEST,
        max=LARGEST,
        description="The number, shares as 0 to 1; empty where the period is the content",
    )
    value_low = dy.Float64(nullable=True, min=-LARGEST, max=LARGEST, description="Lower end, where a range is printed")
    value_high = dy.Float64(nullable=True, min=-LARGEST, max=LARGEST, description="Upper end, where a range is printed")
    unit = dy.Enum(CLAIM_UNITS, description="Unit of the value")

    @dy.rule()
    def value_unless_date(cls) -> pl.Expr:
        # What is void, retracted or given up need not be named again.
        gone = pl.col("change").cast(pl.String).is_in(WITHDRAWN) | (pl.col("stance") == "withdraws")
        is_date = pl.col("unit") == DATED_UNIT
        return pl.when(pl.col("value").is_null()).then(is_date | gone).otherwise(~is_date)

    @dy.rule()
    def date_has_period(cls) -> pl.Expr:
        withdraws = pl.col("stance") == "withdraws"
        return (pl.col("unit") != DATED_UNIT) | withdraws | pl.col("valid_from").is_not_null()

    @dy.rule()
    def range_around_value(cls) -> pl.Expr:
        low = (pl.col("value_low") <= pl.col("value")).fill_null(True)
        high = (pl.col("value") <= pl.col("value_high")).fill_null(True)
        return low & high


class Event(Statement):
    """A happening without a number."""

    event_id = dy.String(primary_key=True, regex=ID, description="Names the statement; the same in all its entries")
    entry = dy.Int64(primary_key=True, min=1, description=Statement.columns()["entry"].description)
    description = dy.String(min_length=1, description="What happened or is said, in our own words")
    stage = dy.Enum(
        [
            "talks",
            "memorandum",
            "under_consideration",
            "planned",
            "signed",
            "under_development",
            "under_construction",
            "in_production",
            "in_operation",
            "delayed",
            "denied",
            "cancelled",
            "ended",
            "expected",
            "claimed",
        ],
        description="How far it has come, by this source",
    )
    counterparty_id = dy.String(nullable=True, description="The other party, an entity")


class Conflict(dy.Schema):
    """Statements that do not fit together, or only seem to, and why: the reason is ours, the statements are the sources'."""

    conflict_id = dy.String(primary_key=True, regex=ID, description="Short name")
    title = dy.String(min_length=1, description="What is contested, in our own words")
    kind = dy.Enum(
        ["value", "definition", "period", "status", "wording", "repetition"],
        description="In what they differ: the number, what is counted, the time, how far it has come, the words, or nothing",
    )
    statement_ids = dy.String(
        regex=r"^[a-z0-9][a-z0-9-]*(;[a-z0-9][a-z0-9-]*)*$", description="The claims and events, separated by semicolons"
    )
    reason = dy.String(min_length=1, description="Why they differ, as far as that is known")
    recorded_date = dy.Date(description="Day the ledger learned it")


class Figures(dy.Schema):
    """Every number that is shown: one row a figure."""

    figure_id = dy.String(primary_key=True, regex=r"^[a-z0-9_.-]+$", description="Stable name: metric, entity, market, more")
    metric = dy.String(regex=r"^[a-z][a-z0-9_]*$", description="What was computed")
    label = dy.String(min_length=1, description="The figure's name in words")
    entity_id = dy.String(description="Whom or what it is about")
    market_id = dy.String(description="Where it holds")
    period_start = dy.Date(nullable=True, description="First day of its period")
    period_end = dy.Date(nullable=True, description="Last day of its period")
    value = dy.Float64(nullable=True, description="The number, shares as 0 to 1; empty where the period is the content")
    unit = dy.Enum(list(DIMENSIONS), description="Unit of the value")
    qualifier = dy.Enum([*QUALIFIERS, "less_than"], description="What the claims' qualifiers leave of its exactness")
    basis = dy.Enum(BASES, description="On what ground the claim is said that it repeats; derived where it is computed")
    claim_ids = dy.List(dy.String(), min_length=1, description="The claims it was computed from")
    method = dy.String(min_length=1, description="The formula in words")
    note = dy.String(nullable=True, description="What a reader must know to use it")

    @dy.rule()
    def value_unless_date(cls) -> pl.Expr:
        return pl.col("value").is_null() == (pl.col("unit") == DATED_UNIT)


TABLES: dict[str, type[dy.Schema]] = {
    "sources": Source,
    "series": Series,
    "entities": Entity,
    "claims": Claim,
    "events": Event,
    "conflicts": Conflict,
}
"""Table name -> row contract; `data/<name>.csv` holds the rows."""

EXPECTATIONS = {
    "dated_or_unknown": ("published_date", "a date, or no date and precision unknown", ""),
    "period_end": (
        "published_date",
        "the last day of the month or year that published_precision names",
        "a date known only to the month or year counts from its last day",
    ),
    "published_before_recorded": ("published_date", "a date not after recorded_date", "day and month swapped?"),
    "one_edition_a_day": ("published_date", "one edition of a product a day", "was the source entered twice?"),
    "plausible_order": ("plausible_min", "plausible_min not above plausible_max", "swapped?"),
    "whole_period": ("valid_from", "both ends of the period, or neither", ""),
    "period_order": ("valid_from", "valid_from not after valid_to", "swapped?"),
    "reason_given": ("reason", "a reason for a correction, void or retraction", ""),
    "entry_fits_change": ("entry", "entry 1 for a new statement, 2 or more for our later entries", ""),
    "value_unless_date": ("value", "a value, or none where the unit is date", "is the unit right?"),
    "date_has_period": ("valid_from", "a period where the unit is date", "the period is the content of such a claim"),
    "range_around_value": ("value", "value_low <= value <= value_high", ""),
}
"""Rule of a row contract -> the column it speaks of, what was expected, the likely cause."""


def figures(rows: Iterable[dict]) -> pl.DataFrame:
    """Rows of figures as a validated frame, in the order given; no rows give an empty frame.

    Values are rounded to 12 significant digits, so that the noise of floating-point arithmetic is never published.

    Raises:
        dataframely.exc.ValidationError: where a row breaks the contract `Figures`.
    """
    schema = {name: column.dtype for name, column in Figures.columns().items()}
    frame = pl.DataFrame(list(rows), schema=schema)
    return Figures.validate(frame.with_columns(pl.col("value").round_sig_figs(12)))
