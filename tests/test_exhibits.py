"""Sentences and tables: figures lead to how they were made, and foreign text stays text."""

import re

import polars as pl
import pytest
from conftest import ROOT

from analysis import Ledger, exhibits
from analysis.exhibits import FIGURES_MIME
from analysis.metrics import market_share, targets

HOSTILE = "<script>alert(1)</script> & *x* `y` | #show"


@pytest.fixture(scope="module")
def ledger():
    return Ledger.load(ROOT / "data").as_of()


@pytest.fixture(scope="module")
def gap(ledger):
    return market_share.adoption_gap(ledger.claims, leader="china", follower="japan")


@pytest.fixture
def hostile(gap):
    return gap.with_columns(label=pl.lit(HOSTILE), note=pl.lit(HOSTILE), method=pl.lit(HOSTILE))


def test_a_figure_in_a_sentence_is_a_link_with_its_name(gap):
    said = exhibits.say("EVs take {leader_share} there.", gap)
    link = 'href="#how-leader_share.china" title="EV share of new sales: China: as printed">about 20%</a>'
    assert link in said.html
    assert said.text == "EVs take about 20% there."


def test_a_sentence_with_an_unknown_figure_is_not_half_said(gap):
    said = exhibits.say("EVs take {leader_share} there and {other_share} here.", gap)
    assert said.text == "Not known at the as-of date: other share."


def test_dollar_signs_are_not_taken_for_mathematics(gap):
    html = exhibits.say("A gap of {share_gap}.", gap)._repr_mimebundle_()["text/html"]
    assert html.startswith('<div class="tex2jax_ignore mathjax_ignore">')


def test_foreign_text_is_escaped_wherever_it_is_shown(ledger, hostile):
    shown = [
        exhibits.say("A $word of {share_gap} <b>.", hostile, word=HOSTILE),
        exhibits.listing(hostile, title=HOSTILE),
        exhibits.grid(hostile, title=HOSTILE, columns={"leader_share": HOSTILE, "share_gap": "Gap"}),
        exhibits.how_made(ledger, hostile),
    ]
    for exhibit in shown:
        assert "<script" not in exhibit.html
        assert "<b>." not in exhibit.html
        assert "&lt;script&gt;" in exhibit.html


def test_hostile_data_is_escaped_in_sources_and_statements(project, edit):
    edit("sources.csv", "GreenCarStocks (IBN)", "<script>alert(2)</script>")
    edit("claims.csv", "$500 million overhaul", "<img src=x onerror=alert(3)>")
    view = Ledger.load(project / "data").as_of()
    figures = targets.milestones(view.claims, as_of=view.known)
    for exhibit in (exhibits.sources(view, figures), exhibits.statements(figures, view, title="T")):
        assert "<script" not in exhibit.html
        assert "&lt;script&gt;" in exhibit.html


def test_a_table_has_a_caption_row_and_column_headers_and_no_style_of_its_own(gap):
    html = exhibits.listing(gap, title="Two markets").html
    assert "<caption>Two markets</caption>" in html
    assert html.count('scope="col"') == 4
    assert html.count('scope="row"') == 4
    assert "<style" not in html
    assert "None" not in html
    assert "comparable only as far as both are defined alike" in html  # the caveat stands below its table
    assert html.count("comparable only") == 1


def test_showing_the_same_twice_gives_the_same_bytes(ledger, gap):
    assert exhibits.listing(gap, title="T").html == exhibits.listing(gap, title="T").html
    assert not re.search(r"0x[0-9a-f]{6,}", exhibits.how_made(ledger, gap).html)


def test_how_it_was_made_names_formula_printed_claim_source_and_place(ledger, gap):
    made = exhibits.how_made(ledger, gap, gap)
    assert made.html.count('<span id="how-') == 4  # each figure once
    assert "“approximately 20% of the market share”" in made.text
    assert "paragraph 8" in made.text
    assert "divided by the follower" in made.text
    rows = made.data[FIGURES_MIME]["figures"]
    assert [row["figure_id"] for row in rows] == gap["figure_id"].to_list()
    assert rows[2]["value"] == 10.0


def test_one_id_for_two_figures_is_refused(ledger, gap):
    with pytest.raises(Exception, match="primary_key"):
        exhibits.how_made(ledger, gap, gap.with_columns(pl.col("value") * 2))


def test_sources_are_those_of_the_figures_with_what_is_known_against_them(ledger, gap):
    shown = exhibits.sources(ledger, gap).text.splitlines()
    assert len(shown) == 3
    assert "Publisher not known" in shown[2]
    assert "Machine paraphrase" in shown[2]


def test_nothing_known_is_said_so(ledger, gap):
    none = gap.clear()
    for exhibit in (
        exhibits.listing(none, title="A table"),
        exhibits.grid(none, title="A table", columns={"leader_share": "Share"}),
        exhibits.statements(none, ledger, title="A table"),
        exhibits.happenings(ledger, title="A table", entities=["leaf"]),
        exhibits.how_made(ledger, none),
        exhibits.sources(ledger, none),
    ):
        assert exhibit.text.startswith("Not known at the as-of date: ")


def test_statements_say_basis_date_and_words(ledger):
    aims = targets.targets(ledger.claims, as_of=ledger.known)
    text = exhibits.statements(aims, ledger, title="T").text
    assert "60% | fiscal 2030 | target | 60% | Quartz, March 2024" in text


def test_a_denial_is_shown_beside_the_report(ledger):
    text = exhibits.happenings(ledger, title="T", entities=["kei-ev-inhouse"]).text
    assert "under consideration | rumour" in text
    assert "denied | reported | have denied the plan" in text
