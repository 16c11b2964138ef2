"""The command: exit codes and messages. Builds themselves are tested where editions are."""

import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from conftest import ROOT

from analysis import __version__
from analysis.cli import main


@pytest.fixture
def run(project, monkeypatch):
    """A function that runs the command inside the copied project."""
    monkeypatch.chdir(project / "notebooks")
    return lambda *arguments: CliRunner().invoke(main, arguments)


def test_help_and_version_need_no_project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert CliRunner().invoke(main, ["--version"]).output == f"evroad, version {__version__}\n"
    text = CliRunner().invoke(main, ["--help"]).output
    for name in main.commands:
        assert name in text
    assert "Exit codes" in text


def test_help_waits_for_no_heavy_import():
    code = "import sys, analysis.cli; print([m for m in ('polars', 'altair', 'papermill', 'nbconvert') if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_list_shows_reports_and_parameters_with_type_default_and_meaning(run):
    text = run("list").output
    assert "market_share: Market share" in text
    assert "-p leader= (Entity, default china): the market that is ahead" in text
    assert "--as-of (date | None, default none): the day" in text
    assert "--recorded-by (date | None, default none): our own day" in text
    assert "-p together= (list[Entity], default canton,sk-on-supply)" in text


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["build", "nothing"], "no report nothing; there are batteries, briefing, investments, market_share"),
        (["build", "-p", "colour=red"], "no parameter colour; batteries has as_of, recorded_by, technology"),
        (["build", "-p", "horizon_year=soon"], "expected a whole number of up to 18 digits (int)"),
        (["build", "-p", "leader"], "expected NAME=VALUE"),
        (["build", "-p", "leader=atlantis"], "there is no such entity"),
        (["build", "-p", "rate=fx-usdjpy-2021-1"], "did you mean fx-usdjpy-2021-11"),
        (["build", "-p", "leader=a", "-p", "leader=b"], "given twice"),
        (["build", "--date", "22.11.2026"], "is not a date: expected YYYY-MM-DD"),
        (["build", "--as-of", "20241122"], "is not a date: expected YYYY-MM-DD"),
        (["build", "--as-of", "2024-W01-1"], "is not a date: expected YYYY-MM-DD"),
        (["build", "--as-of", "2031-01-01"], "after the ledger's last record"),
        (["check", "--sources", "nowhere"], "is not a folder"),
        (["codebok"], "No such command"),
    ],
)
def test_bad_input_ends_with_2_and_says_what_there_is(run, project, arguments, message):
    result = run(*arguments)
    assert result.exit_code == 2
    assert message in result.output
    assert "Traceback" not in result.output
    assert not (project / "reports").exists()


def test_check_tells_all_faults_at_once_and_ends_with_2(run, edit):
    assert re.fullmatch(r"No faults in \d+ claims and \d+ events from \d+ sources\.\n", run("check").output)
    edit("claims.csv", ",0.42,", ",42,")
    edit("events.csv", ",denied,", ",denyed,")
    result = run("check")
    assert result.exit_code == 2
    assert result.output.startswith("evroad: 2 faults in the data:\n  claims.csv line ")
    assert "was a percentage typed?" in result.output
    assert "did you mean denied?" in result.output
    assert run("build").exit_code == 2


def test_check_lists_every_conflict_with_its_sides_difference_and_reason(run, edit):
    text = run("check", "--conflicts").output
    for number in range(1, 20):
        assert re.search(rf"\(\w+, k{number}-", text), number
    assert "0 of them without a known reason" in text
    assert "- 99.4 GWh (Yonhap News TV, 19 March 2025) [n-sk-994]" in text
    assert "Difference: Battery supply, whole contract, SK On battery supply: +0.6%" in text  # 100 / 99.4 - 1
    edit("claims.csv", "uk-bev-2024-u,bev_annual_sales,uk,uk,381970,", "uk-bev-2024-u,bev_annual_sales,uk,uk,281970,")
    found = run("check", "--conflicts").output
    assert "Battery-electric cars sold in a year, United Kingdom, 2024 (value, found-bev-annual-sales-uk-2024)" in found
    assert "No reason is known." in found


@pytest.mark.skipif(not (ROOT.parent / "shared" / "sources").is_dir(), reason="the sources' texts are not beside this checkout")
def test_check_sources_counts_what_it_verified(run):
    output = run("check", "--sources", str(ROOT.parent / "shared" / "sources")).output
    assert re.search(r"^\d\d printed figures stand where they are said to, in 5 texts\.$", output, re.MULTILINE)


def test_verify_and_trace_read_the_latest_edition(run, project):
    assert "there is no edition in" in run("verify").output
    assert run("trace", "42%").exit_code == 2
    assert run("build", "market_share", "--date", "2026-11-25").exit_code == 0
    assert run("verify").output == "2026-11-25: whole\n"
    text = run("trace", "42%", "--report", "market_share").output
    assert text.startswith("Edition 2026-11-25, as of 2026-11-25\n\nprinted_share.sakura.japan: 42% [market_share]\n")
    assert "- “42%” (techfyle.com, March 2024), paragraph 9 [s002-p09-42pct]" in text
    assert "did you mean share_ratio.china.japan" in run("trace", "ratio.china").output
    page = project / "reports" / "2026-11-25" / "market_share.html"
    page.chmod(0o644)
    page.write_text("Another page", "utf-8")
    result = run("verify", "2026-11-25")
    assert result.exit_code == 1
    assert result.output == "2026-11-25: damaged\n  market_share.html: was changed since it was published\n"


def test_two_editions_are_compared_and_one_is_withdrawn(run):
    assert "No earlier edition of these reports is there" in run("build", "partnerships", "--date", "2026-11-24").output
    second = run("build", "partnerships", "--date", "2026-11-25", "--against", "2026-11-24")
    assert "Since the edition 2026-11-24 no figure has changed.\n" in second.output
    assert run("diff", "2026-11-24", "2026-11-25").output == "Since the edition 2026-11-24 no figure has changed.\n"
    assert "no edition '2026-01-01'; there are 2026-11-24, 2026-11-25" in run("diff", "2026-01-01", "2026-11-25").output
    assert run("withdraw", "2026-11-25").exit_code == 2  # without a reason
    withdrawn = run("withdraw", "2026-11-25", "--reason", "A slip in the claims.")
    assert withdrawn.exit_code == 0
    assert withdrawn.output.endswith("The latest edition is now 2026-11-24.\n")
    assert run("verify").output == "2026-11-24: whole\n2026-11-25: whole\n"
    again = run("build", "partnerships", "--date", "2026-11-25", "--against", "2026-11-24")
    assert again.exit_code == 1
    assert "was made of the same inputs, and withdrawn on" in again.output
    other = run("build", "production", "--date", "2026-11-26")
    assert other.exit_code == 0
    assert "no report is in both" in run("diff", "2026-11-24", "2026-11-26").output


def test_outside_a_project_the_packages_own_is_used_or_it_says_so(tmp_path, monkeypatch):
    from analysis import project
    from analysis.errors import InputError

    outside = Path(tmp_path.anchor)
    assert project.project_root(outside) == ROOT
    monkeypatch.setattr(project, "__file__", str(tmp_path / "site" / "analysis" / "project.py"))
    with pytest.raises(InputError, match="run evroad inside a clone"):
        project.project_root(outside)


def test_a_build_tells_its_steps_in_plain_lines_and_a_failed_one_ends_with_1(project):
    command = [sys.executable, "-m", "analysis", "build", "investments", "--date", "2026-11-25"]
    done = subprocess.run(command, cwd=project, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "Published reports/2026-11-25/index.html"
    told = [line for line in done.stderr.splitlines() if not line.startswith("Warned")]
    assert told == ["investments: executed", "investments: page", "investments: PDF"]
    again = subprocess.run(command, cwd=project, capture_output=True, text=True, check=True)
    assert again.stdout.splitlines()[-1] == "Nothing to do: reports/2026-11-25 was made of the same inputs."
    wrong = subprocess.run([*command, "-p", "rate=s000-p03-500m"], cwd=project, capture_output=True, text=True)
    assert wrong.returncode == 1
    assert "claim s000-p03-500m is in USD: expected one in JPY_per_USD" in wrong.stderr
    assert "Nothing was published" in wrong.stderr


def test_a_terminal_gets_a_progress_bar_and_below_it_what_that_would_wipe_out(project, edit):
    edit("entities.csv", "SK On battery supply", "SK On \U0001f697 supply")
    controller, terminal = pty.openpty()
    command = [sys.executable, "-m", "analysis", "build", "investments", "--date", "2026-11-25"]
    done = subprocess.run(command, cwd=project, stdout=subprocess.DEVNULL, stderr=terminal, check=True)
    os.close(terminal)
    shown = os.read(controller, 100_000).decode()
    os.close(controller)
    assert done.returncode == 0
    assert "Building" in shown
    assert "100%" in shown
    last = shown.splitlines()[-1]
    assert last == "investments: no typeface can set U+1F697 automobile: the PDF names it in its place"
