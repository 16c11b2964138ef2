"""What the qualifiers of claims leave of a result's exactness."""

import pytest

from analysis.metrics.derive import qualifier_of, same_source


def rows(*qualifiers: str) -> list[dict]:
    return [{"qualifier": qualifier, "value_low": None, "value_high": None} for qualifier in qualifiers]


@pytest.mark.parametrize(
    ("raised_by", "lowered_by", "result"),
    [
        (["exact"], ["exact"], "exact"),
        (["about"], ["exact"], "about"),
        (["nearly"], [], "about"),
        (["at_least"], ["exact"], "at_least"),
        (["exact"], ["at_least"], "at_most"),
        (["more_than"], [], "more_than"),
        (["exact"], ["more_than"], "less_than"),
        (["at_least"], ["at_least"], "about"),
        (["at_least", "about"], [], "about"),
        (["at_least", "more_than"], [], "more_than"),
        (["by"], ["from"], "exact"),
    ],
)
def test_bounds_turn_round_and_doubt_prevails(raised_by, lowered_by, result):
    assert qualifier_of(rows(*raised_by), rows(*lowered_by)) == result


def test_a_printed_range_is_not_exact():
    assert qualifier_of([{"qualifier": "exact", "value_low": 1.0, "value_high": 3.0}]) == "about"


def test_claims_of_different_periods_do_not_go_together():
    def row(series, year):
        return {"source_id": "a", "entity_id": "e", "series": series, "valid_from": year, "valid_to": year}

    shares, others = [row("x", 2015), row("x", 2024)], [row("y", 2024)]
    assert same_source(shares, others) == [(shares[1], others[0])]
    assert same_source([row("x", None)], others) == [(row("x", None), others[0])]
