"""Lines of shares by year."""

from charting import LEDGER, drawn, figure, some, spec

from analysis import charts


def test_the_title_tells_the_latest_share_and_the_description_all_of_them():
    rows = [
        figure("bev_share", share, "share", market_id=market, entity_id=market, year=year)
        for market, year, share in (("china", 2023, 0.25), ("japan", 2022, 0.0171), ("japan", 2023, 0.0222))
    ]
    chart = charts.lines(some(*rows), LEDGER, subtitle="Percent")
    assert spec(chart)["description"].startswith(
        "China: 25% in 2023; Japan: 2.22% in 2023 Percent Line chart. China 2023: 25%; Japan 2022: 1.71%; Japan 2023: 2.22%. "
    )
    assert {(row["market"], row["year"], row["value"]) for row in drawn(chart, "line")} == {
        ("China", 2023, 0.25),
        ("Japan", 2022, 0.0171),
        ("Japan", 2023, 0.0222),
    }
