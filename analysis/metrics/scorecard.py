"""The scorecard: each target as promised, its latest revision, the last known outcome, and a verdict by a stated rule.

A verdict is one of the words of `VERDICTS`. An outcome counts only where it is of the same series, entity and market
as the target: what merely resembles it is no outcome.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from math import isclose

import polars as pl

from analysis.metrics.chains import Chain, chains
from analysis.metrics.derive import Row, about_parts, derived, direct, period_slug, published, subject_of
from analysis.schema import DATED_UNIT, INTENT, figures

VERDICTS = {
    "met": "an outcome reaches what was promised, by the date that was promised",
    "on course": "the last outcome is on or beyond the straight line from an earlier one to the target",
    "behind": "the last outcome falls short of that line, or of the target when its date has passed",
    "revised down": "the latest version asks for less than the first, or for later, and no outcome settles it",
    "abandoned": "a source says that it was given up",
    "cannot be scored": "no outcome that counts the same thing has been found, or too few to draw a line",
}
"""Verdict -> what it means. They are tried in this order: abandoned, met, behind after its date, revised down, the line."""

_FALLING = {"battery_cost", "plants", "production_capacity"}
"""Series whose targets are met from above: a cost, and what a plan is to cut."""


@dataclass(frozen=True)
class Score:
    """One target: the figures it consists of (None where there is none), the verdict, and the rule that gave it."""

    label: str
    promised: Row
    latest: Row | None
    outcome: Row | None
    expected: Row | None
    verdict: str
    rule: str


def scorecard(claims: pl.DataFrame, /, *, as_of: date, entity_ids: Sequence[str]) -> list[Score]:
    """The score of every target and milestone with a date, by that date.

    The line: expected = a + (b - a) * t / T, with a an outcome from before the target or else the first one after, b the
    target, t the time from a to the last outcome and T that from a to the target's date.

    Args:
        as_of: the day on which dates are past or still to come.
        entity_ids: whose targets. A date that was last told as a rumour is nobody's promise, and is left out.

    Returns:
        One score per series, entity, market and due year (of a milestone: without the year), by due date. A target without
        a date is left out: no day comes on which it is met or missed.

    Source: claims with the basis target, and dates with the basis target or plan; outcomes are claims with the basis
    reported. The verdicts are those of `VERDICTS`.
    """
    observed = claims.filter(
        pl.col("stance") == "asserts", pl.col("basis") == "reported", pl.col("valid_to").is_not_null()
    ).sort("valid_to", "published_date", nulls_last=False, maintain_order=True)
    outcomes: dict[tuple, list[Row]] = {}
    for row in observed.iter_rows(named=True):
        outcomes.setdefault(_about(row), []).append(row)
    found = chains(claims, is_date=False, bases=["target"], entity_ids=entity_ids)
    rumoured = {_about(c.last) for c in chains(claims, is_date=True, bases=INTENT) if c.last["basis"] == "rumour"}
    firm = chains(claims, is_date=True, bases=[basis for basis in INTENT if basis != "rumour"], entity_ids=entity_ids)
    found += [chain for chain in firm if _about(chain.last) not in rumoured]
    dated = sorted((chain for chain in found if chain.last["valid_to"]), key=lambda chain: chain.last["valid_to"])
    return [_score(chain, outcomes.get(_about(chain.last), []), as_of) for chain in dated]


def score_figures(scores: Sequence[Score], /) -> pl.DataFrame:
    """The figures of scores: what was promised, revised, reached, and expected by then.

    Args:
        scores: as `scorecard` gives them.

    Returns:
        Figures `promised`, `revised` and `outcome`, each as printed, and `expected`, the value on the line at the time of
        the outcome; those of one score together.

    Source: the claims, as printed.
    """
    rows = ((score.promised, score.latest, score.outcome, score.expected) for score in scores)
    return figures(row for score in rows for row in score if row is not None)


def verdict_counts(scores: Sequence[Score], claims: pl.DataFrame, /) -> pl.DataFrame:
    """How many targets and milestones have each verdict.

    count = number of scores with the verdict.

    Args:
        scores: as `scorecard` gives them.
        claims: the claims they were made from.

    Returns:
        Figures `scored` (targets: all of them) and `verdict` (targets), one for each of `VERDICTS`, also where it is none.

    Source: the claims of the scores.
    """
    rows = {row["claim_id"]: row | {"note": None, "qualifier": "exact"} for row in claims.to_dicts()}
    if not scores:
        return figures([])

    def counted(metric: str, chosen: list[Score], label: str, method: str, part: str) -> Row:
        cited = list(dict.fromkeys(name for score in chosen or scores for name in score.promised["claim_ids"]))
        whole = {"label": label, "method": method, "parts": [part], "raised_by": [rows[name] for name in cited if name in rows]}
        place = {"period_start": None, "period_end": None}
        return derived(metric, len(chosen), "targets", **whole) | place

    every = [counted("scored", list(scores), "Targets and dates on the scorecard", "the rows of the scorecard, counted", "all")]
    for verdict in VERDICTS:
        chosen = [score for score in scores if score.verdict == verdict]
        method = "the rows of the scorecard with that verdict, counted"
        every.append(counted("verdict", chosen, f"Targets and dates: {verdict}", method, verdict.replace(" ", "-")))
    return figures(every)


def _score(chain: Chain, outcomes: list[Row], as_of: date) -> Score:
    first, last = chain.first, chain.last
    is_date = last["unit"] == DATED_UNIT
    since = published(first)
    outcomes = [row for row in outcomes if row["unit"] == last["unit"]]
    after = outcomes if is_date else _until_settled([row for row in outcomes if row["valid_to"] > since], last["valid_to"])
    outcome = after[-1] if after else None
    parts = [last["series_id"], *about_parts(last), *([] if is_date else [period_slug(last["valid_from"], last["valid_to"])])]
    before = next((row for row in reversed(outcomes) if row["valid_to"] <= since), after[0] if after else None)
    expected = None if is_date or not outcome else _expected(last, before, outcome, parts)
    verdict, rule = _verdict_on_date(chain, outcome, as_of) if is_date else _verdict(chain, outcome, expected, as_of)
    changed = (first["value"], first["valid_to"]) != (last["value"], last["valid_to"])
    return Score(
        f"{last['series_name']}: {subject_of(last)}",
        direct(first, "promised", parts=parts),
        direct(last, "revised", parts=parts) if changed else None,
        direct(outcome, "outcome", parts=parts) if outcome else None,
        expected,
        verdict,
        rule,
    )


def _until_settled(outcomes: list[Row], end: date) -> list[Row]:
    """Outcomes up to the first that reaches to the target's date: what came later says nothing of what was meant for it."""
    settling = next((row["valid_to"] for row in outcomes if row["valid_to"] >= end), date.max)
    return [row for row in outcomes if row["valid_to"] <= settling]


def _expected(target: Row, start: Row, outcome: Row, parts: list[str]) -> Row | None:
    """Where the straight line from an earlier outcome to the target stands at the last outcome; none without such a line."""
    if not start["valid_to"] < outcome["valid_to"] < target["valid_to"]:
        return None
    elapsed, whole = ((row["valid_to"] - start["valid_to"]).days for row in (outcome, target))
    return derived(
        "expected",
        start["value"] + (target["value"] - start["value"]) * elapsed / whole,
        target["unit"],
        raised_by=[target, start],
        label=f"Expected by then: {target['series_name']}, {target['entity_name']}",
        method="the value on the straight line from an earlier outcome to the target, at the end of the last outcome's period",
        about=outcome,
        parts=parts,
    )


def _verdict_on_date(chain: Chain, outcome: Row | None, as_of: date) -> tuple[str, str]:
    first, last = chain.first, chain.last
    if chain.end:
        return "abandoned", "a source says that the plan was given up"
    if outcome and outcome["valid_to"] <= last["valid_to"]:
        in_time = outcome["valid_to"] <= first["valid_to"]
        return "met", "reported as reached by the date promised " + ("first" if in_time else "last, not by the first one")
    if outcome:
        return "behind", "reported as reached, after the date promised"
    if last["valid_to"] > first["valid_to"]:
        return "revised down", "the date was moved to later, and nothing is reported as reached"
    if last["valid_to"] < as_of:
        return "cannot be scored", "its date has passed, and no report of it has been found"
    return "cannot be scored", "its date is still to come, and nothing is reported as reached"


def _verdict(chain: Chain, outcome: Row | None, expected: Row | None, as_of: date) -> tuple[str, str]:
    last, end = chain.last, chain.last["valid_to"]
    sign = -1 if last["series_id"] in _FALLING else 1
    reaches = outcome is not None and sign * outcome["value"] >= sign * last["value"]
    was_lowered = sign * last["value"] < sign * chain.first["value"]
    if chain.end:
        return "abandoned", "a source says that it was given up"
    if reaches and outcome["valid_to"] <= end:
        by_its_date = "a reported outcome reaches it by its date"
        return "met", f"{by_its_date}, as lowered since it was first promised" if was_lowered else by_its_date
    if outcome and end <= outcome["valid_to"]:
        falls_short = "its date has passed, and the outcome falls short of it"
        return "behind", "a reported outcome reaches it, after its date" if reaches else falls_short
    if was_lowered:
        return "revised down", "a later version asks for less, and no outcome settles it"
    if end < as_of:
        return "cannot be scored", f"its date has passed, and no outcome {'at its end ' if outcome else ''}has been found"
    if outcome and expected:
        on_line = isclose(outcome["value"], expected["value"])  # the line is computed, and may be off by a last binary digit
        line = "the straight line from an earlier outcome to the target"
        if on_line or sign * outcome["value"] > sign * expected["value"]:
            return "on course", f"the last outcome is on or beyond {line}"
        return "behind", f"the last outcome is short of {line}"
    if outcome:
        return "cannot be scored", "only one outcome is known, and no line can be drawn"
    return "cannot be scored", "no outcome that counts the same thing has been found"


def _about(row: Row) -> tuple:
    return row["series_id"], row["entity_id"], row["market_id"]
