"""The whole path, in a folder with a space in its name: from data and notebooks to a published edition, read back."""

import csv
import hashlib
import json
import re
from datetime import date
from pathlib import Path

import nbformat
import polars as pl
import pytest
from conftest import REPORTS, TODAY
from filelock import FileLock
from pypdf import PdfReader

from analysis import Ledger
from analysis.errors import BuildError, InputError, LedgerError
from analysis.reporting.edition import build
from analysis.reporting.elsewhere import TYPES
from analysis.reporting.html import policy
from analysis.reporting.planning import plan


def quietly(planned):
    return build(planned, lambda *_: None)


def text_of(pdf: Path) -> str:
    return " ".join(" ".join(page.extract_text() for page in PdfReader(pdf).pages).split())


def add_cell(project: Path, report: str, source: str) -> None:
    path = project / "notebooks" / f"{report}.ipynb"
    notebook = nbformat.read(path, as_version=4)
    notebook.cells.append(nbformat.v4.new_code_cell(source, id="added"))
    nbformat.write(notebook, path)


def test_an_edition_holds_every_report_three_ways_with_figures_manifest_and_index(edition):
    _, made, told = edition
    assert made.folder.name == "2026-11-25"
    files = {f"{report}.{ending}" for report in REPORTS for ending in ("html", "pdf", "ipynb")}
    names = ("figures", "claims", "sources", "conflicts", "changes")
    tables = {f"{table}.{ending}" for table in names for ending in ("csv", "parquet")}
    others = {"evroad.xlsx", "datapackage.json", "index.html", "manifest.json"}
    assert {path.name for path in made.folder.iterdir()} == files | tables | others
    for report in REPORTS:
        assert [step for name, step in told if name == report] == ["executed", "page", "PDF"]


PRINTED = {
    "market_share": [
        "42%",
        "about 20%",
        "2%",
        "about 10x",
        "about 18 points",
        "about 152,381 vehicles",
        "41.95%",
        "about 1.72x",
        "38.38%",
        "nearly 64,000 vehicles",
        "about 53%",
        "about 3%",
        "about 7 years",
        "about 2024",
        "about 2023 to 2025",
        "16 observations",
        "about -1 point",
    ],
    "investments": [
        "$661 million",
        "$500 million",
        "¥2 trillion",
        "$388,824 per job",
        "$6.61 million per GWh",
        "at most $661 per vehicle",
        "at most 100 kWh",
        "113.64 yen per dollar",
        "113.97 yen per dollar",
        "$17.549 billion",
    ],
    "targets": [
        "$75 per kWh",
        "$65 per kWh",
        "-13.3%",
        "23 models",
        "27 models",
        "15 models",
        "19 models",
        "more than 50%",
        "60%",
        "35 months",
        "49 months",
        "+14.4 points a year",
        "+39.4% a year",
        "by 2050",
        "fiscal 2028",
    ],
    "batteries": [
        "$108 per kWh",
        "-30.6%",
        "16.7 GWh a year",
        "27.78%",
        "about 99.4 kWh",
        "about 66.7 kWh",
        "at most 100 kWh",
        "about 2x",
        "2027 to 2028",
    ],
    "briefing": ["35 months", "$75 per kWh", "about 53%", "1,764,992 vehicles", "1 target"],
    "partnerships": ["3 agreements", "15 March 2024", "13 February 2025", "10 months", "99.4 GWh", "more than ₩15 trillion"],
    "production": ["3,500,000 vehicles a year", "-28.6%", "17 plants", "10 plants", "-41.2%", "about 100,000 vehicles a year"],
    "rivals": ["1,764,992 vehicles", "1,789,226 vehicles", "-1.1%", "+12.1%", "about -20 points", "20,000,000 vehicles"],
    "road": ["23 models", "27 models", "more than 650,000 vehicles", "15.8 GWh", "by 2050"],
}


@pytest.mark.parametrize("report", PRINTED)
def test_the_pdf_and_the_page_say_the_figures(edition, report):
    _, made, _ = edition
    pdf = text_of(made.folder / f"{report}.pdf")
    page = re.sub(r"<[^>]+>", "", (made.folder / f"{report}.html").read_text("utf-8"))
    for figure in PRINTED[report]:
        assert figure in pdf, f"{figure} is not in {report}.pdf"
        assert figure in page, f"{figure} is not in {report}.html"
    assert "25 November 2026" in pdf


@pytest.mark.parametrize("name", [*REPORTS, "index"])
def test_a_page_holds_nothing_that_it_would_have_to_ask_for(edition, name):
    _, made, _ = edition
    page = (made.folder / f"{name}.html").read_text("utf-8")
    scripts = re.findall("<script([^>]*)>(.*?)</script>", page, re.DOTALL)
    html = re.sub("<script[^>]*>.*?</script>", "", page, flags=re.DOTALL)
    assert [kind for kind, _ in scripts] == ([] if name == "index" else [' type="application/json" id="specs"', ""])
    assert policy([text for kind, text in scripts if not kind]) in page  # it may run these, by their hashes, and no others
    assert "<script" not in html
    assert not re.search(r"""(?:src|srcset|poster)\s*=\s*["'](?!data:)""", html)
    assert not re.search(r"""<link (?!rel="alternate")[^>]+href=["'](?!data:)""", html)  # a feed is named, not asked for
    assert not re.search(r"@import|url\((?!['\"]?data:)(?!#)", html.replace('url("#', "url(#"))
    assert "default-src 'none'" in html
    assert html.count("<h1") == 1


def test_every_figure_shown_leads_to_how_it_was_made(edition):
    _, made, _ = edition
    for report in REPORTS:
        html = (made.folder / f"{report}.html").read_text("utf-8")
        links = set(re.findall(r'href="#(how-[^"]+)"', html))
        assert links
        assert links <= set(re.findall(r'id="(how-[^"]+)"', html))
    index = (made.folder / "index.html").read_text("utf-8")
    assert 'href="market_share.html#how-printed_share.sakura.japan"' in index


def test_every_row_of_figures_leads_back_to_claims_and_has_the_value_they_give(edition):
    root, made, _ = edition
    ledger = Ledger.load(root / "data")
    claims, statements = ledger.claims, {*ledger.claims["claim_id"], *ledger.events["event_id"]}
    with (made.folder / "figures.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["report"] for row in rows} == set(REPORTS)
    assert len(rows) > 80
    values = dict(claims.select("claim_id", "value").iter_rows())
    for row in rows:
        ids = row["claim_ids"].split(";")
        assert set(ids) <= statements, row["figure_id"]
        if row["method"] == "as printed" and row["value"]:
            assert float(row["value"]) == values[ids[0]], row["figure_id"]
    share = next(row for row in rows if row["figure_id"] == "share_ratio.china.japan")
    assert (float(share["value"]), share["unit"], share["report"]) == (10, "ratio", "market_share")
    assert "without year or definition" in share["note"]


def test_the_manifest_tells_what_went_in_and_what_came_out(edition):
    root, made, _ = edition
    manifest = json.loads((made.folder / "manifest.json").read_text("utf-8"))
    assert (manifest["edition"], manifest["as_of"], manifest["supersedes"]) == ("2026-11-25", "2026-11-25", None)
    assert manifest["inputs"]["data/claims.csv"] == hashlib.sha256((root / "data" / "claims.csv").read_bytes()).hexdigest()
    assert manifest["parameters"]["market_share"]["leader"] == "china"
    for name, digest in manifest["outputs"].items():
        assert hashlib.sha256((made.folder / name).read_bytes()).hexdigest() == digest
    assert set(manifest["seconds"]["targets"]) == {"executed", "page", "PDF"}


def test_the_same_inputs_make_no_second_edition_and_others_make_one_that_says_what_it_supersedes(edition):
    root, made, _ = edition
    again = quietly(plan(root, [], {}, date=TODAY, as_of=None))
    assert (again.folder, again.unchanged) == (made.folder, True)
    other = quietly(plan(root, ["targets"], {"horizon_year": "2030"}, date=TODAY, as_of=None))
    assert (other.folder.name, other.supersedes) == ("2026-11-25.1", "2026-11-25")
    assert json.loads((other.folder / "manifest.json").read_text())["parameters"] == {
        "targets": {
            "as_of": "2026-11-25",
            "recorded_by": None,
            "company": "nissan",
            "target": "s001-p052-europe-100pct",
            "baseline": "eu-bev-2024",
            "horizon_year": 2030,
        }
    }
    assert "2028 to 2033" in text_of(other.folder / "targets.pdf")


def test_the_same_inputs_give_the_same_bytes(edition):
    root, made, _ = edition
    twin = root.parent / "another place"
    twin.mkdir()
    for name in ("data", "notebooks"):
        (twin / name).symlink_to(root / name)
    second = quietly(plan(twin, ["investments"], {}, date=TODAY, as_of=None))
    for ending in ("html", "pdf", "ipynb"):
        name = f"investments.{ending}"
        assert (second.folder / name).read_bytes() == (made.folder / name).read_bytes(), name


def test_an_edition_as_of_april_2024_tells_only_what_could_be_known(project):
    made = quietly(plan(project, [], {}, date=TODAY, as_of=date(2024, 4, 1)))
    pdf = {report: text_of(made.folder / f"{report}.pdf") for report in REPORTS}
    assert "As of 1 April 2024" in pdf["targets"]
    assert "42%" in pdf["market_share"]
    assert "$661 million" not in pdf["investments"]
    assert "Not known at the as-of date" in pdf["investments"]
    assert "a slip of 11 months" in pdf["targets"]  # the later dates of Canton were not printed yet
    assert "November 2026" in pdf["targets"]  # but one of them was
    assert "99.4 GWh" not in pdf["partnerships"]  # nor was there a deal with SK On
    assert "27 models" in pdf["targets"]
    with (made.folder / "figures.csv").open(encoding="utf-8", newline="") as file:
        cited = {claim_id for row in csv.DictReader(file) for claim_id in row["claim_ids"].split(";")}
    known = Ledger.load(project / "data").as_of(date(2024, 4, 1))
    assert cited <= {*known.vintages["claim_id"], *known.events["event_id"]}


def test_an_edition_that_replays_an_earlier_day_of_ours_tells_what_the_ledger_held_then(project):
    # On 22 November the ledger knew two dates of Canton, 2025 and 2028; the one of November 2028 came in later.
    made = quietly(plan(project, ["targets"], {}, date=TODAY, as_of=None, recorded_by=date(2026, 11, 22)))
    text = text_of(made.folder / "targets.pdf")
    assert "As of 25 November 2026, as recorded by 22 November 2026" in text
    assert "a slip of 36 months" in text
    assert "27 models" not in text
    assert json.loads((made.folder / "manifest.json").read_text("utf-8"))["recorded_by"] == "2026-11-22"
    with (made.folder / "figures.csv").open(encoding="utf-8", newline="") as file:
        cited = {claim_id for row in csv.DictReader(file) for claim_id in row["claim_ids"].split(";")}
    known = Ledger.load(project / "data").as_of(recorded_by=date(2026, 11, 22))
    assert cited <= {*known.vintages["claim_id"], *known.events["event_id"]}
    # What is known today takes no other day's place, and neither is compared with the other.
    now = quietly(plan(project, ["targets"], {}, date=TODAY, as_of=None))
    assert (now.folder.name, now.unchanged, now.supersedes) == ("2026-11-25.1", False, None)
    assert now.changed == "No earlier edition of these reports is there to compare with."


def test_a_report_that_cannot_replay_is_refused_before_anything_runs(project):
    path = project / "notebooks" / "targets.ipynb"
    notebook = nbformat.read(path, as_version=4)
    cell = next(cell for cell in notebook.cells if cell.id == "parameters")
    cell.source = "\n".join(line for line in cell.source.splitlines() if not line.startswith("recorded_by"))
    nbformat.write(notebook, path)
    with pytest.raises(InputError, match="report targets has no parameter recorded_by"):
        plan(project, [], {}, date=TODAY, as_of=None, recorded_by=date(2026, 11, 22))
    with pytest.raises(InputError, match="recorded_by is 2030-01-01, after the ledger's last record"):
        plan(project, ["rivals"], {}, date=TODAY, as_of=None, recorded_by=date(2030, 1, 1))


def test_an_edition_before_anything_was_published_says_so(project):
    made = quietly(plan(project, [], {}, date=TODAY, as_of=date(2014, 1, 1)))
    assert (made.folder / "figures.csv").read_text().count("\n") == 1
    assert "Not known at the as-of date" in text_of(made.folder / "market_share.pdf")


def test_an_edition_dated_before_the_last_record_speaks_of_its_own_day(project):
    planned = plan(project, [], {}, date=date(2026, 11, 21), as_of=None)
    # What only the undated text says was not known before it was recorded, on 22 November.
    assert planned.as_of == date(2026, 11, 21)
    undated = Ledger.load(project / "data").as_of().claims.filter(pl.col("published_date").is_null())
    assert planned.unknown == len(undated) > 0
    assert plan(project, [], {}, date=date(2027, 3, 1), as_of=None).as_of == TODAY


def test_a_failing_cell_publishes_nothing_and_keeps_the_executed_notebook(project):
    add_cell(project, "targets", "raise ValueError('on purpose')")
    with pytest.raises(BuildError, match=r"(?s)targets\.ipynb, cell added: ValueError: on purpose.*kept as") as error:
        quietly(plan(project, [], {}, date=TODAY, as_of=None))
    reports = project / "reports"
    assert not list(reports.glob("2026*"))
    kept = reports / ".failed" / "2026-11-25-targets.ipynb"
    assert str(kept) in str(error.value)
    assert "on purpose" in kept.read_text("utf-8")
    done = {path.stem for path in (reports / ".staging" / "edition").iterdir()}
    assert done == set(REPORTS) - {"targets"}  # for the next build, when that is mended


def test_a_notebook_that_stops_without_an_error_publishes_nothing(project):
    add_cell(project, "targets", "raise SystemExit(0)")
    with pytest.raises(BuildError):
        quietly(plan(project, ["targets"], {}, date=TODAY, as_of=None))
    assert not list((project / "reports").glob("2026*"))


def test_a_figure_that_is_shown_but_not_accounted_for_publishes_nothing(project):
    add_cell(project, "targets", 'exhibits.say("{share.x}", cost.head(1).with_columns(figure_id=pl.lit("share.x")))')
    with pytest.raises(BuildError, match=r"(?s)targets: 1 number .*is a link to how-share\.x, which is not on the page"):
        quietly(plan(project, ["targets"], {}, date=TODAY, as_of=None))
    assert not list((project / "reports").glob("2026*"))


def test_bad_data_or_parameters_are_told_before_anything_runs(project, edit):
    with pytest.raises(InputError, match="no parameter colour"):
        plan(project, [], {"colour": "red"}, date=TODAY, as_of=None)
    for name, option in (("as_of", "--as-of"), ("recorded_by", "--recorded-by")):
        with pytest.raises(InputError, match=f"parameter {name} is set by {option}"):
            plan(project, [], {name: "2024-01-01"}, date=TODAY, as_of=None)
    with pytest.raises(
        InputError, match="parameter disputes of briefing is 'k2-canton': there is no such conflict; did you mean"
    ):
        plan(project, [], {"disputes": "k2-canton"}, date=TODAY, as_of=None)
    with pytest.raises(InputError, match="after the ledger's last record"):
        plan(project, [], {}, date=TODAY, as_of=date(2027, 1, 1))
    edit("claims.csv", ",0.42,", ",42,")
    with pytest.raises(LedgerError, match="percentage"):
        plan(project, [], {}, date=TODAY, as_of=None)
    assert not (project / "reports").exists()


def test_two_builds_at_once_are_refused(project):
    planned = plan(project, [], {}, date=TODAY, as_of=None)
    (project / "reports").mkdir()
    with FileLock(project / "reports" / ".lock"), pytest.raises(BuildError, match="another build is under way"):
        quietly(planned)


def test_hostile_data_reaches_neither_page_nor_pdf_as_markup(project, edit):
    hostile = '<script>alert(1)</script> #show *x* `y` $z$ "q" \\ @label <l> [a](b)'
    edit("sources.csv", "GreenCarStocks (IBN)", '"' + hostile.replace('"', '""') + '"')
    edit("entities.csv", "SK On battery supply", "<b>SK</b> #pagebreak() *On*")
    made = quietly(plan(project, ["investments"], {}, date=TODAY, as_of=None))
    html = (made.folder / "investments.html").read_text("utf-8")
    assert html.count("<script") == 2  # the charts' data, and the page's own
    assert "<b>SK" not in html
    assert "&lt;script&gt;alert(1)" in html
    pdf = text_of(made.folder / "investments.pdf")
    assert "#pagebreak() *On*" in pdf
    assert "<script>alert(1)</script> #show *x* `y` $z$" in pdf


def test_figures_move_with_the_data(project, edit):
    edit("claims.csv", ",1700,", ",1600,")
    made = quietly(plan(project, ["investments"], {}, date=TODAY, as_of=None))
    frame = pl.read_csv(made.folder / "figures.csv").filter(pl.col("metric") == "usd_per_job")
    assert frame["value"].to_list() == [413125.0]  # 661,000,000 / 1,600
    assert "$413,125 per job" in text_of(made.folder / "investments.pdf")


def test_an_edition_says_which_it_is_and_what_it_supersedes_and_why(project):
    def built(horizon: str):
        return quietly(plan(project, ["targets"], {"horizon_year": horizon}, date=TODAY, as_of=None))

    assert [built(year).folder.name for year in ("2034", "2030", "2034", "2034")] == [
        "2026-11-25",
        "2026-11-25.1",
        "2026-11-25.2",
        "2026-11-25.2",
    ]
    index = (project / "reports" / "2026-11-25.1" / "index.html").read_text("utf-8")
    text = re.sub(r"<[^>]+>", "", index)
    assert "This edition, 2026-11-25.1, supersedes 2026-11-25. They differ in: parameters of targets." in text
    assert "Superseded by the edition 2026-11-25.2." in text
    assert "(2026-11-25.2)" in text_of(project / "reports" / "2026-11-25.2" / "targets.pdf")


def test_what_else_lies_in_the_folder_of_reports_is_left_alone(project):
    reports = project / "reports"
    (reports / "2026-11-25.backup").mkdir(parents=True)
    (reports / "2026-11-25.backup" / "manifest.json").write_text("{}")
    planned = plan(project, ["investments"], {}, date=TODAY, as_of=None)
    (reports / "2026-11-25").write_text("not an edition")
    with pytest.raises(BuildError, match="is there already, and is no edition"):
        quietly(planned)
    (reports / "2026-11-25").unlink()
    (reports / "2026-11-25").mkdir()
    (reports / "2026-11-25" / "manifest.json").write_text("{")
    with pytest.raises(BuildError, match=r"edition .*2026-11-25 is damaged \(manifest\.json\)"):
        quietly(planned)


def test_a_folder_of_reports_that_cannot_be_made_is_told(project):
    (project / "reports").write_text("a file")
    with pytest.raises(BuildError, match="reports: File exists: nothing was published"):
        quietly(plan(project, ["investments"], {}, date=TODAY, as_of=None))


def test_no_edition_of_a_day_speaks_of_what_came_later(project):
    # The deal with SK On is known by then; that Canton's plan was given up is not.
    made = quietly(plan(project, ["investments", "targets"], {}, date=TODAY, as_of=date(2025, 4, 1)))
    for report in ("investments", "targets"):
        text = text_of(made.folder / f"{report}.pdf")
        assert "no report by the as-of date that it was given up" in text
        # The plans with Honda had been given up by then, with dates in 2025 and 2026; Canton's for 2028 had not.
        for word in ("dropped", "shelved", "2028 (withdrawn)", "since ended", "Overtaken", "newmobility", "Automotive Dive"):
            assert word not in text, word


def test_japanese_pictures_and_a_title_with_signs_can_be_printed(project, edit):
    edit("entities.csv", "SK On battery supply", "日産サクラ")
    path = project / "notebooks" / "investments.ipynb"
    notebook = nbformat.read(path, as_version=4)
    notebook.cells[0].source = notebook.cells[0].source.replace("Investments: what", 'Costs $x a_b *C# "x" what', 1)
    nbformat.write(notebook, path)
    dot = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
    add_cell(project, "investments", f"from IPython.display import Image\nimport base64\nImage(base64.b64decode('{dot}'))")
    made = quietly(plan(project, ["investments"], {}, date=TODAY, as_of=None))
    text = text_of(made.folder / "investments.pdf")
    assert "日産サクラ" in text
    assert 'Costs $x a_b *C# "x" what' in text
    assert "data:image/png;base64," in (made.folder / "investments.html").read_text("utf-8")


def test_what_a_page_may_not_hold_is_told(project):
    add_cell(project, "investments", "exhibits.Exhibit('<iframe src=\"http://127.0.0.1:1/\"></iframe>', '')")
    with pytest.raises(BuildError, match="may not hold <iframe>"):
        quietly(plan(project, ["investments"], {}, date=TODAY, as_of=None))


def test_every_kind_of_file_of_an_edition_has_a_content_type_elsewhere(edition):
    assert {path.suffix for path in edition[1].folder.iterdir()} <= TYPES.keys()
