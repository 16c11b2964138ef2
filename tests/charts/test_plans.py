"""The timeline of milestones."""

from charting import LEDGER, figure, some, spec

from analysis import charts


def milestone(metric, year, what="Start of production", **other):
    whose = f"{other.get('entity_id', 'canton')}.us"
    parts = {"figure_id": f"{metric}.start_of_production.{whose}", "label": f"{what}: Canton plant, Mississippi, United States"}
    return figure(metric, None, "date", year=year) | parts | other


def test_a_timeline_shows_what_was_printed_first_only_where_it_moved():
    rows = some(
        milestone("milestone", 2028),
        milestone("first_printed", 2025),
        milestone("milestone", 2027, entity_id="sk-on", label="Start of supply: SK On, United States", basis="rumour"),
        milestone("first_printed", 2027, entity_id="sk-on", label="Start of supply: SK On, United States"),
        milestone("milestone", 2050, entity_id="nissan", label="Carbon neutrality: Nissan, World"),
    )
    text = spec(charts.timeline(rows, LEDGER, title="T", subtitle="S", horizon_year=2034))["description"]
    assert "Canton plant, Mississippi: start of production: 2028 (printed last)" in text
    assert "Canton plant, Mississippi: start of production: 2025 (printed first)" in text
    assert "SK On: start of supply: 2027 (rumour) (printed last)" in text
    assert text.count("(printed first)") == 1
    assert "carbon neutrality" not in text  # beyond the horizon


def test_a_milestone_that_was_reached_says_when():
    rows = some(milestone("milestone", 2025), milestone("reached_milestone", 2024))
    text = spec(charts.timeline(rows, LEDGER, title="T", subtitle="S", horizon_year=2034))["description"]
    assert "2025 (reached: 2024) (printed last)" in text


def test_a_plan_that_was_given_up_is_said_to_be_withdrawn():
    rows = some(milestone("withdrawn_milestone", 2028))
    assert "2028 (withdrawn)" in spec(charts.timeline(rows, LEDGER, title="T", subtitle="S", horizon_year=2034))["description"]
