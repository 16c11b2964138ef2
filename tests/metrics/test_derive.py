"""What the qualifiers of claims leave of a result's exactness."""

import pytest

from analysis.metrics.derive import qualifier_of


def rows(*qualifiers: str) -> list[dict]:
    return [{"qualifier": qualifier} for qualifier in qualifiers]


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
