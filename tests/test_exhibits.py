"""Sentences and tables: figures lead to how they were made, and foreign text stays text."""

import re
from dataclasses import replace
from datetime import date
from html.parser import HTMLParser

import polars as pl
import pytest

from analysis import Ledger, exhibits
from analysis.errors import MetricError
from analysis.exhibits import FIGURES_MIME
from analysis.metrics import (
    batteries,
    conflicts,
    investments,
    market_share,
    partnerships,
    printed,
    production,
    revisions,
    rivals,
    scorecard,
    targets,
)
from analysis.schema import figures

HOSTILE = "<script>alert(1)</script> & *x* `y` | #show"
QUOTED = """<script>alert("x")</script> '& {share_gap} $word </td><img src=x> *x* `y` | ${leader_share}"""


@pytest.fixture(scope="module")
def ledger(published):
    return published


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
    """A reader sees what is not known in words, not as ids; of what is known nothing is told: no figure leads home there."""
    said = exhibits.say("EVs take {leader_share} there and {other_share} in $where.", gap, where="Japan")
    assert said.text == "Not known at the as-of date: EVs take … there and … in Japan."


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


def test_quotation_marks_stand_only_where_the_words_can_be_looked_up(ledger):
    shares = market_share.model_share(ledger.claims, model="sakura", market="japan")
    archived = exhibits.statements(shares.filter(pl.col("metric") == "printed_share"), ledger, title="T").text
    assert "| “42%” | techfyle.com, March 2024" in archived
    aims = targets.targets(ledger.claims, as_of=ledger.known)
    taken_down = exhibits.statements(aims.filter(pl.col("claim_ids") == ["n-arc-34"]), ledger, title="T").text
    assert "| 34 | AP" in taken_down or "| 34 | " in taken_down
    assert "“" not in taken_down


def test_statements_show_each_claims_own_limit_and_its_note_where_asked(ledger):
    made = investments.amounts(ledger.claims, rate_id="fx-usdjpy-2021-11", entity_ids=["canton"])
    pledged = made.filter(pl.col("metric") == "investment")
    lines = exhibits.statements(pledged, ledger, title="T").text.splitlines()
    assert {line.split(" | ")[1] for line in lines[2:]} == {"$500 million", "at least $500 million"}
    assert "| Note" not in lines[1]
    assert exhibits.statements(pledged, ledger, title="T", has_notes=True).text.splitlines()[1].endswith("| Note")


def test_a_grid_says_for_when_its_rows_are_where_asked(ledger):
    aims = targets.targets(ledger.claims, as_of=ledger.known, entity_ids=["nissan"]).drop_nulls("period_end")
    made = exhibits.grid(aims, title="T", columns={"target": "Latest"}, due="For").text.splitlines()
    assert made[1] == "What | For | Latest"
    assert any(" | fiscal 2024 to 2030 | 34 models" in line for line in made)


def test_a_denial_is_shown_beside_the_report(ledger):
    text = exhibits.happenings(ledger, title="T", entities=["kei-ev-inhouse"]).text
    assert "under consideration | rumour" in text
    assert "denied | reported | “have denied the plan”" in text


# --- what a page is made of


class Page(HTMLParser):
    """The tags, ids, links, cells' headers and text of some HTML, as a browser reads them."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags, self.attributes, self.ids, self.links, self.headers, self.words = set(), set(), [], [], [], []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.tags.add(tag)
        self.attributes |= set(given)
        self.ids += [given["id"]] if "id" in given else []
        self.links += [given["href"]] if "href" in given else []
        self.headers += given.get("headers", "").split()

    def handle_data(self, data):
        self.words.append(data)

    @property
    def text(self) -> str:
        return "".join(self.words)


TAGS = set("a br caption col colgroup div em li p span strong table tbody td th thead tr ul".split())  # noqa: SIM905
ATTRIBUTES = set("class colspan headers href id rowspan scope style title".split())  # noqa: SIM905


def figure(figure_id: str, **more) -> dict:
    base = {"metric": figure_id.partition(".")[0], "label": "Sales: A", "entity_id": "a", "market_id": "global", "value": 1}
    base |= {"unit": "vehicles", "qualifier": "exact", "basis": "reported", "claim_ids": ["tes-2024"], "method": "as printed"}
    return {"figure_id": figure_id, "period_start": None, "period_end": None, "note": None} | base | more


def of_year(figure_id: str, number: int, **more) -> dict:
    return figure(figure_id, period_start=date(number, 1, 1), period_end=date(number, 12, 31), **more)


def whole_report(ledger: Ledger) -> pl.DataFrame:
    """The figures of a whole report: of claims and of events, direct and derived, alike and not."""
    claims, events, family = ledger.claims, ledger.events, ledger.family("nissan")
    found = conflicts.contests(claims, vintages=ledger.vintages, events=events, conflicts=ledger.conflicts)
    return pl.concat(
        [
            batteries.price_trend(claims, first_year=2019, last_year=2030),
            batteries.pack_prices(ledger.vintages),
            partnerships.course(events, entity_id="nissan-honda", entity_ids=ledger.family("nissan-honda")),
            targets.milestones(claims, as_of=ledger.known, entity_ids=family),
            rivals.sales(claims, companies=["tesla", "byd"]),
            scorecard.score_figures(scorecard.scorecard(claims, as_of=ledger.known, entity_ids=family)),
            investments.amounts(claims, rate_id="fx-usdjpy-2024"),
            printed.printed(claims, series_ids=["launch", "jobs"], entity_ids=family),
            production.cut(claims, series_id="plants", entity_id="nissan"),
            conflicts.contested(found),
        ]
    )


@pytest.fixture(scope="module")
def report(ledger):
    return whole_report(ledger)


@pytest.mark.parametrize("day", [(2000, 1, 1), (2019, 12, 31), (2021, 11, 30), (2024, 3, 31), (2025, 3, 21), (2025, 12, 31)])
def test_a_report_of_an_earlier_day_rests_on_what_was_known_then(ledger, day):
    view = ledger.as_of(date(*day))
    made = whole_report(view)
    cited = set(made["claim_ids"].explode(empty_as_null=False))
    known = pl.concat([view.vintages.select("known_date", id="claim_id"), view.events.select("known_date", id="event_id")])
    assert cited <= set(known["id"])
    assert all(known_date <= date(*day) for known_date in known["known_date"])
    assert "From ." not in exhibits.how_made(view, made).text
    assert made.is_empty() == (day == (2000, 1, 1))


def test_every_figure_has_exactly_one_place_that_says_how_it_was_made(ledger, report):
    made = Page(exhibits.how_made(ledger, report, report.reverse()).html)
    assert sorted(made.ids) == sorted(f"how-{figure_id}" for figure_id in report["figure_id"])


def test_every_link_of_a_report_leads_to_such_a_place(ledger, report):
    places = {f"#{name}" for name in Page(exhibits.how_made(ledger, report).html).ids}
    shown = [
        exhibits.listing(report, title="A"),
        exhibits.statements(report, ledger, title="B"),
        exhibits.yearly(report.unique("label", keep="first", maintain_order=True), title="C"),
        exhibits.grid(report, title="D", columns={"milestone": "Latest", "slippage": "Slip"}),
    ]
    links = {link for exhibit in shown for link in Page(exhibit.html).links}
    assert links
    assert links <= places


def test_every_figure_names_what_it_was_made_from(ledger, report):
    text = exhibits.how_made(ledger, report).text
    assert "From ." not in text
    assert "None" not in text


def test_every_cell_has_the_header_of_its_row_and_of_its_column(ledger, report):
    scores = scorecard.scorecard(ledger.claims, as_of=ledger.known, entity_ids=ledger.family("nissan"))
    shown = [
        exhibits.listing(report, title="A table"),
        exhibits.grid(report, title="A grid", columns={"milestone": "By 22 November 2024", "slippage": "Contested, and why"}),
        exhibits.scorecard(scores, title="A scorecard"),
        exhibits.sources(ledger, report),
    ]
    page = Page("".join(exhibit.html for exhibit in shown))
    assert len(set(page.ids)) == len(page.ids)
    html = "".join(exhibit.html for exhibit in shown)
    assert not re.search(
        r'gt_(?!right")| headers=| (?:col|row)span="1"', html
    )  # what great_tables says beside that is a third of it
    tables = re.findall(r"<table.*?</table>", html, re.DOTALL)
    assert len(tables) == 4
    for table in tables:
        head, *rows = re.findall(r"<tr>(.*?)</tr>", table, re.DOTALL)
        columns = re.findall(r'<th[^>]* scope="col"', head)
        assert len(columns) > 1
        assert rows
        for row in rows:
            assert re.findall(r"<(t[hd])\b", row) == ["th", *["td"] * (len(columns) - 1)]
            assert row.count('scope="row"') == 1


# --- how it was made, where figures are alike


def test_figures_that_differ_in_their_period_share_an_entry_each_with_its_value(ledger):
    rows = [of_year("sold.a.2024", 2024), of_year("sold.a.2023", 2023, value=2), of_year("sold.b.2023", 2023, label="Sales: B")]
    made = exhibits.how_made(ledger, figures(rows))
    assert made.html.count("<li>") == 2
    assert made.text.splitlines()[0].startswith("Sales: A: 2024: 1 vehicle; 2023: 2 vehicles / As printed. From ")
    assert made.text.splitlines()[1].startswith("Sales: B (2023): 1 vehicle / As printed. From ")
    assert Page(made.html).ids == ["how-sold.a.2024", "how-sold.a.2023", "how-sold.b.2023"]


@pytest.mark.parametrize("other", [{"note": "N."}, {"method": "counted"}, {"label": "Sales: B"}, {"metric": "made"}])
def test_figures_that_differ_in_more_have_entries_of_their_own(ledger, other):
    rows = [of_year("sold.a.2024", 2024), of_year("sold.a.2023", 2023, **other)]
    assert exhibits.how_made(ledger, figures(rows)).html.count("<li>") == 2


def test_a_figure_without_a_period_tells_its_value_alone(ledger):
    assert exhibits.how_made(ledger, figures([figure("sold.a")])).text.startswith("Sales: A: 1 vehicle / As printed.")


def test_a_date_is_told_once_as_the_value(ledger):
    made = exhibits.how_made(ledger, figures([of_year("launch.a", 2024, value=None, unit="date", label="Launch: A")]))
    assert made.text.startswith("Launch: A: 2024 / As printed.")


def test_figures_that_share_an_entry_have_their_own_claims_beside_them(ledger):
    rows = [of_year("sold.a.2024", 2024, claim_ids=["tes-2024"]), of_year("sold.a.2023", 2023, claim_ids=["tes-2023"])]
    made = exhibits.how_made(ledger, figures(rows)).text
    assert " / 2024: 1 vehicle, from 1,789,226 (" in made
    assert " / 2023: 1 vehicle, from 1,808,581 (" in made
    assert made.endswith(" / As printed.")


SAKURA = {"claim_ids": ["n-sakura-cy2023-share"]}
CONTESTED = "<strong>Contested:</strong> The Sakura’s share: of which year."


def test_an_entry_names_what_its_claims_are_contested_by(ledger):
    assert CONTESTED in exhibits.how_made(ledger, figures([figure("share.a", **SAKURA)])).html
    assert "Contested" not in exhibits.how_made(ledger, figures([figure("sold.a", claim_ids=["tes-2024"])])).html


def test_no_conflict_is_told_of_a_day_on_which_only_one_side_was_known(ledger):
    # One side was printed on 12 January 2024, the other in March.
    view = ledger.as_of(date(2024, 1, 31))
    assert "Contested" not in exhibits.how_made(view, figures([figure("share.a", **SAKURA)])).html


def test_a_word_of_a_sentence_is_marked_where_it_has_a_digit_and_never_inside_a_slot(gap):
    said = exhibits.say("At $level: {leader_share.$who}.", gap, level="95%", who="china")
    assert '<span class="given">95%</span>' in said.html
    assert "about 20%</a>." in said.html
    assert said.text == "At 95%: about 20%."


def test_a_source_that_prints_several_claims_is_named_once_though_others_stand_between(ledger):
    # Both counts of Tesla are in one report; BYD's is in another.
    made = exhibits.how_made(ledger, figures([figure("sold.a", claim_ids=["tes-2024", "byd-bev-2024", "tes-2023"])])).text
    assert made.count("2 January 2025") == 1
    assert "1,789,226 (as cited), 1,808,581 (as cited)" in made


def test_of_very_many_claims_the_first_are_named_and_the_others_counted(ledger):
    ids = ledger.claims.filter(pl.col("series_id") == "bev_annual_sales")["claim_id"].head(30).to_list()
    made = exhibits.how_made(ledger, figures([figure("sold.a", claim_ids=ids)])).text
    assert "and 6 more, named in the edition's figures.csv." in made


def test_the_edition_takes_every_figure_with_all_its_claims(ledger, report):
    rows = exhibits.how_made(ledger, report).data[FIGURES_MIME]["figures"]
    assert [row["figure_id"] for row in rows] == report["figure_id"].to_list()
    assert [row["claim_ids"] for row in rows] == report["claim_ids"].to_list()


# --- sources


def test_events_have_their_sources_listed_too(ledger):
    course = partnerships.course(ledger.events, entity_id="nissan-honda", entity_ids=ledger.family("nissan-honda"))
    text = exhibits.sources(ledger, course).text
    assert "CollisionWeek | 13 February 2025" in text
    assert "AutoRecent | 15 March 2024" in text
    assert len(text.splitlines()) == 2 + 4  # three memoranda and an end


def licensed(ledger: Ledger, licence: str, count: int) -> tuple[Ledger, list[str]]:
    """The ledger with a licence for its first sources, and a claim of each of `count` sources."""
    chosen = ledger.claims.unique("source_id", keep="first", maintain_order=True).head(count)
    of = pl.col("source_id").is_in(chosen["source_id"].head(1).to_list())
    sources = ledger.sources.with_columns(licence=pl.when(of).then(pl.lit(licence)).otherwise(pl.lit("figures quoted")))
    return replace(ledger, sources=sources), chosen["claim_id"].to_list()


def test_one_source_is_named_in_the_singular_and_only_a_licence_that_asks_for_it_with_it(ledger):
    assert (
        exhibits.source_line(ledger, figures([figure("sold.a")])) == "Source: LJ News Opinions (citing Tesla), 2 January 2025"
    )
    view, ids = licensed(ledger, "CC BY 4.0", 1)
    assert re.fullmatch(r"Source: [^;]+ \(CC BY 4\.0\)", exhibits.statement_line(view, ids))
    view, ids = licensed(ledger, "CC0 1.0", 1)
    assert "CC0" not in exhibits.statement_line(view, ids)


@pytest.mark.parametrize(("count", "named"), [(2, 2), (8, 8), (9, 1)])
def test_of_many_sources_those_are_named_that_ask_for_it(ledger, count, named):
    view, ids = licensed(ledger, "CC BY-SA 4.0", count)
    line = exhibits.statement_line(view, ids)
    assert line.startswith("Sources: ")
    assert line.count("(CC BY-SA 4.0)") == 1
    assert line.endswith("; and others") == (named < count)
    assert len(line.removesuffix("; and others").split("; ")) == named


def test_where_none_of_many_asks_for_it_the_list_is_pointed_to(ledger):
    view, ids = licensed(ledger, "figures quoted", 9)
    assert exhibits.statement_line(view, ids) == "Sources: those listed at the end of the report"


def test_a_source_is_named_once_however_many_claims_it_prints(ledger):
    assert (
        exhibits.statement_line(ledger, ["tes-2024", "tes-2023"]) == "Source: LJ News Opinions (citing Tesla), 2 January 2025"
    )


def test_an_event_has_a_source_line(ledger):
    assert exhibits.statement_line(ledger, ["n-honda-end"]) == "Source: CollisionWeek, 13 February 2025"


# --- tables


def lines(exhibit) -> list[str]:
    return exhibit.text.splitlines()


def test_a_grid_has_a_row_for_each_subject_and_no_empty_column():
    rows = [figure("was.a.x"), figure("now.a.x", value=2), figure("now.b", label="Sales: B")]
    made = exhibits.grid(figures(rows), title="T", columns={"was": "Before", "now": "Now", "gone": "Gone"})
    assert lines(made) == ["T", "What | Before | Now", "Sales: A | 1 vehicle | 2 vehicles", "Sales: B |  | 1 vehicle"]


def test_a_grid_says_what_stands_for_an_absent_figure():
    made = exhibits.grid(figures([figure("now.a")]), title="T", columns={"was": "Before", "now": "Now"}, absent={"was": "none"})
    assert lines(made)[2] == "Sales: A | none | 1 vehicle"


def test_a_grid_by_market_has_a_row_for_each_market_with_the_name_that_labels_end_with():
    rows = [
        figure("share.jp", market_id="japan", label="Share: Japan", unit="share", value=0.2),
        figure("sold.x.jp", market_id="japan", label="Sold: all: Japan"),
        figure("sold.cn", market_id="china", label="Sold: China"),
    ]
    made = exhibits.grid(figures(rows), title="T", columns={"share": "Share", "sold": "Sold"}, by="market_id", first="Market")
    assert lines(made) == ["T", "Market | Share | Sold", "Japan | 20% | 1 vehicle", "China |  | 1 vehicle"]


def test_a_grid_may_be_named_by_another_metric_than_its_first():
    rows = figures([figure("was.a", label="First"), figure("now.a", label="Second")])
    columns = {"was": "Before", "now": "Now"}
    assert lines(exhibits.grid(rows, title="T", columns=columns))[2].startswith("First |")
    assert lines(exhibits.grid(rows, title="T", columns=columns, named_by="now"))[2].startswith("Second |")


def test_years_stand_beside_each_other_and_a_missing_one_stays_empty():
    rows = [
        of_year("sold.a.2023", 2023),
        of_year("sold.a.2021", 2021, value=2),
        of_year("sold.b.2023", 2023, label="Sales: B"),
        figure("sold.c", label="Sales: undated"),
    ]
    made = exhibits.yearly(figures(rows), title="T", first="Maker")
    assert lines(made) == ["T", "Maker | 2021 | 2023", "Sales: A | 2 vehicles | 1 vehicle", "Sales: B |  | 1 vehicle"]


def test_of_many_years_the_last_are_shown_and_who_has_none_of_them_is_left_out():
    rows = figures(
        [of_year("sold.a.2021", 2021), of_year("sold.b.2023", 2023, label="B"), of_year("sold.b.2024", 2024, label="B")]
    )
    assert lines(exhibits.yearly(rows, title="T", last=2)) == ["T", "What | 2023 | 2024", "B | 1 vehicle | 1 vehicle"]
    assert lines(exhibits.yearly(rows, title="T", last=9))[1] == "What | 2021 | 2023 | 2024"
    assert exhibits.yearly(rows.clear(), title="T").text == "Not known at the as-of date: T."
    assert exhibits.yearly(figures([figure("sold.c")]), title="T").text == "Not known at the as-of date: T."


def test_two_figures_of_one_year_have_no_place_in_one_row():
    rows = figures([of_year("sold.a.2023", 2023), of_year("sold.a.2023.restated", 2023)])
    with pytest.raises(MetricError, match=r"sold\.a\.2023\.restated is not the only one of its row in 2023"):
        exhibits.yearly(rows, title="T")


def test_what_was_withdrawn_is_shown_in_the_words_printed(ledger):
    made = exhibits.withdrawn(ledger, title="T", entities=["lfp-plant"])
    assert lines(made)[2:] == [
        "Start of production: LFP battery plant, Kitakyushu | cancelled | Automotive World, 9 May 2025 | ",
        "Investment: LFP battery plant, Kitakyushu | cancelled | Automotive World, 9 May 2025 | ",
    ]
    assert exhibits.withdrawn(ledger, title="T", entities=[]).text == "Not known at the as-of date: T."


def test_an_outcome_is_the_last_withdrawal_or_that_none_is_known(ledger):
    ended = exhibits.outcome(ledger, title="The plan", entity="canton")
    assert ended.text == "The plan: given up. As printed: cancels EV production plans (newmobility.news, 6 October 2025)."
    earlier = ledger.as_of(date(2025, 10, 5))
    text = "The plan: no report by the as-of date that it was given up."
    assert exhibits.outcome(earlier, title="The plan", entity="canton").text == text
    before = ledger.as_of(date(2014, 1, 1))
    assert exhibits.outcome(before, title="The plan", entity="canton").text == "Not known at the as-of date: The plan."


def test_what_changed_is_shown_as_it_was_and_is_and_nothing_in_one_line(ledger):
    earlier = ledger.as_of(date(2024, 11, 25))
    family = ledger.family("nissan")
    moved = revisions.plans_changed(earlier.claims, ledger.claims, as_of=ledger.known, entity_ids=family)
    made = exhibits.changed(moved, title="Plans", since=earlier.known)
    assert lines(made)[1].startswith("What | By 25 November 2024 | Now")
    assert "Battery production capacity: Nissan, World | 130 GWh a year | 135 GWh a year | " in made.text
    assert "Vehicle plants: Nissan, World | not known | 10 plants | " in made.text
    none = exhibits.changed(moved.clear(), title="Plans", since=earlier.known)
    assert none.text == "Plans: nothing changed since 25 November 2024."
    assert "<table" not in none.html


def test_what_changed_can_be_followed_to_how_it_was_made(ledger):
    earlier = ledger.as_of(date(2024, 11, 25))
    moved = revisions.plans_changed(earlier.claims, ledger.claims, as_of=ledger.known, entity_ids=ledger.family("nissan"))
    links = set(Page(exhibits.changed(moved, title="Plans", since=earlier.known).html).links)
    assert links == {f"#{name}" for name in Page(exhibits.how_made(ledger, moved).html).ids}


def test_a_figure_that_was_in_force_names_its_source_also_where_that_was_retracted_since(project):
    """What was said on an earlier day was said; that its publisher took it back stands beside it."""
    path = project / "data" / "claims.csv"
    rows = path.read_text("utf-8").splitlines()
    (place,) = [place for place, row in enumerate(rows) if row.startswith("n-amb-130gwh,")]
    was = rows[place]
    gone = was.replace(",1,new,,2026-11-25", ",2,retraction,taken back by the publisher,2026-11-25")
    assert gone != was
    path.write_text("\n".join([*rows, gone, ""]), "utf-8")
    ledger = Ledger.load(project / "data").as_of()
    earlier = ledger.as_of(date(2024, 11, 25))
    moved = revisions.plans_changed(earlier.claims, ledger.claims, as_of=ledger.known, entity_ids=["nissan"])
    was = moved.filter(pl.col("metric") == "was", pl.col("claim_ids").list.contains("n-amb-130gwh"))
    assert was["value"].to_list() == [130]
    source = "PowerTorque News, November 2021"
    assert f"From 130 GWh, since retracted ({source}, as cited)." in exhibits.how_made(ledger, was).text
    assert "PowerTorque News" in exhibits.sources(ledger, was).text
    assert exhibits.source_line(ledger, was) == f"Source: {source}"
    # On the earlier day nothing was retracted yet; and no metric takes what was for an edition that stands.
    assert f"From 130 GWh ({source}, as cited)." in exhibits.how_made(earlier, was).text
    assert "n-amb-130gwh" not in ledger.vintages["claim_id"]
    assert "n-amb-130gwh" in earlier.vintages["claim_id"]


def test_agreements_tell_their_parties_and_each_stage_with_who_says_so(ledger):
    rows = partnerships.agreements(ledger.events, ledger.entities, entity_ids=["ampere", "sk-on-supply"])
    made = lines(exhibits.agreements(rows, ledger, title="T"))
    assert len(made) == 2 + 2
    assert made[2].startswith("Ampere, Renault's EV company | Nissan, Renault | ")
    assert (
        "26 July 2023: signed. Investment in Renault's company for EVs (Jiji Press (copy at Nippon.com), 31 March 2025)"
        in made[2]
    )
    assert made[2].index("signed") < made[2].index("cancelled")
    assert exhibits.agreements(rows.clear(), ledger, title="T").text == "Not known at the as-of date: T."


def test_what_is_left_out_is_shown_with_the_reason_and_what_was_printed(ledger):
    rows = rivals.not_compared(ledger.claims, companies={"byd": "BYD", "honda": "Honda"})
    made = lines(exhibits.left_out(rows, ledger, title="T"))
    assert made[2].startswith(
        "BYD | New energy vehicles sold in a year | commercial vehicles are counted too | 603,783 (CnEVPost"
    )
    assert made[3] == "Honda | Sales of battery-electric cars | no count by calendar year has been found | "
    assert exhibits.left_out(rows.clear(), ledger, title="T").text == "Not known at the as-of date: T."


def contests(ledger: Ledger, *only: str) -> list:
    about = {"vintages": ledger.vintages, "events": ledger.events, "conflicts": ledger.conflicts}
    return conflicts.contests(ledger.claims, **about, only=only)


def test_a_conflict_shows_every_side_the_difference_and_the_reason(ledger):
    found = contests(ledger, "k14-jobs", "sales-2024", "k11-kei-inhouse", "k1-model-counts")
    made = exhibits.contested(found, conflicts.contested(found), ledger, title="T")
    jobs, year, kei, models = lines(made)[2:]
    assert jobs.startswith("New jobs, or jobs supported / The release speaks of jobs supported at SK On; ")
    assert jobs.endswith(" | none in numbers")
    assert "3,350,000 vehicles: 3.35 million (Kyodo (copy at Serendib News), 30 January 2025)" in year
    assert year.endswith(" | +0.1%")  # 3,350,000 / 3,346,000 - 1 = 0.0012
    assert "“have denied the plan” (techfyle.com, March 2024)" in kei  # an event: nothing to link to
    assert kei.endswith(" | not to be subtracted")
    assert models.endswith(" | not to be subtracted")
    assert exhibits.contested([], figures([]), ledger, title="T").text == "Not known at the as-of date: T."


def test_the_sides_of_a_conflict_lead_to_how_they_were_made(ledger):
    found = contests(ledger, "k14-jobs", "k13-vehicles")
    made = conflicts.contested(found)
    shown = set(Page(exhibits.contested(found, made, ledger, title="T").html).links)
    assert shown == {f"#{name}" for name in Page(exhibits.how_made(ledger, made).html).ids}


def test_a_scorecard_tells_verdict_and_rule_and_what_its_words_mean(ledger):
    scores = scorecard.scorecard(ledger.claims, as_of=ledger.known, entity_ids=["lfp-plant", "assb-pilot-line"])
    made = exhibits.scorecard(scores, title="T")
    assert "abandoned: a source says that the plan was given up" in made.text
    assert "met: reported as reached by the date promised first" in made.text
    note = lines(made)[-1]
    assert note.startswith("The verdicts. Met: an outcome reaches what was promised, by the date that was promised; ")
    assert "revised down" not in note  # only words that occur
    assert exhibits.scorecard([], title="T").text == "Not known at the as-of date: T."


# --- hostile text


@pytest.fixture(scope="module")
def foreign(ledger):
    """The ledger with hostile text in every field that a reader may see."""

    def spoiled(frame: pl.DataFrame, *columns: str) -> pl.DataFrame:
        return frame.with_columns(pl.lit(QUOTED).alias(column) for column in columns)

    names = ("printed", "note", "entity_name", "market_name")
    return replace(
        ledger,
        sources=spoiled(ledger.sources, "title", "publisher", "licence", "caveat").with_columns(
            url=pl.lit('https://x.example/"><script>alert(1)</script>')
        ),
        claims=spoiled(ledger.claims, *names, "series_name", "locator"),
        vintages=spoiled(ledger.vintages, *names, "series_name", "locator"),
        events=spoiled(ledger.events, *names, "description", "locator"),
        entities=spoiled(ledger.entities, "name"),
        conflicts=spoiled(ledger.conflicts, "title", "reason"),
    )


@pytest.fixture(scope="module")
def all_shown(foreign):
    """Every exhibit, made from that ledger."""
    claims, family = foreign.claims, foreign.family("nissan")
    gap = market_share.adoption_gap(claims, leader="china", follower="japan")
    sold = rivals.sales(claims, companies=["tesla", "byd"])
    scores = scorecard.scorecard(claims, as_of=foreign.known, entity_ids=family)
    found = contests(foreign, "k11-kei-inhouse", "sales-2024")
    earlier = foreign.as_of(date(2024, 11, 25))
    moved = revisions.plans_changed(earlier.claims, claims, as_of=foreign.known, entity_ids=family)
    listed = partnerships.agreements(foreign.events, foreign.entities, entity_ids=["nissan-honda"])
    missing = rivals.not_compared(claims, companies={"byd": QUOTED})
    columns = {"leader_share": QUOTED, "share_gap": "Gap"}
    return {
        "say": exhibits.say("$word: {share_gap}.", gap, word=QUOTED),
        "not_known": exhibits.listing(gap.clear(), title=QUOTED),
        "outcome": exhibits.outcome(foreign, title=QUOTED, entity="canton"),
        "listing": exhibits.listing(gap, title=QUOTED, first=QUOTED),
        "grid": exhibits.grid(gap, title=QUOTED, columns=columns, absent={"share_gap": "none"}),
        "grid-by": exhibits.grid(gap, title="T", columns=columns, by="market_id", named_by="share_gap"),
        "yearly": exhibits.yearly(sold, title=QUOTED, first="Maker"),
        "statements": exhibits.statements(sold, foreign, title=QUOTED),
        "happenings": exhibits.happenings(foreign, title=QUOTED, entities=["kei-ev-inhouse"]),
        "withdrawn": exhibits.withdrawn(foreign, title=QUOTED, entities=family),
        "changed": exhibits.changed(moved, title=QUOTED, since=earlier.known),
        "nothing-changed": exhibits.changed(moved.clear(), title=QUOTED, since=earlier.known),
        "scorecard": exhibits.scorecard(scores, title=QUOTED),
        "contested": exhibits.contested(found, conflicts.contested(found), foreign, title=QUOTED),
        "agreements": exhibits.agreements(listed, foreign, title=QUOTED),
        "left_out": exhibits.left_out(missing, foreign, title=QUOTED),
        "how_made": exhibits.how_made(foreign, gap, sold, scorecard.score_figures(scores), conflicts.contested(found)),
        "sources": exhibits.sources(foreign, sold),
    }


EXHIBITS = """say not_known outcome listing grid grid-by yearly statements happenings withdrawn changed nothing-changed
    scorecard contested agreements left_out how_made sources""".split()  # noqa: SIM905


@pytest.mark.parametrize("name", EXHIBITS)
def test_hostile_text_in_any_field_stays_text(all_shown, name):
    made = all_shown[name]
    page = Page(made.html)
    assert page.tags <= TAGS
    assert page.attributes <= ATTRIBUTES
    assert QUOTED in page.text
    assert QUOTED in made.text


def test_every_exhibit_is_tried(all_shown):
    assert list(all_shown) == EXHIBITS
    plain_text = {"Exhibit", "FIGURES_MIME", "as_of_line", "conflicts_in_text", "source_line", "statement_line"}
    assert set(exhibits.__all__) - plain_text <= set(EXHIBITS)


def test_an_address_cannot_leave_its_attribute(all_shown):
    assert set(Page(all_shown["sources"].html).links) == {'https://x.example/"><script>alert(1)</script>'}
