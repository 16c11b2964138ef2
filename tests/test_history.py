"""The tables that only grow: what git held before must still be there, line by line."""

import subprocess

import pytest

from analysis.errors import InputError, LedgerError
from analysis.history import check_since

CLAIM = "s002-p09-42pct,model_share_of_ev_market,sakura,japan,0.42,"


@pytest.fixture
def committed(project):
    """The copied project as a git repository with one commit."""
    for arguments in (
        ["init", "--quiet"],
        ["add", "data"],
        ["-c", "user.name=A", "-c", "user.email=a@example.org", "commit", "--quiet", "-m", "As it was"],
    ):
        subprocess.run(["git", *arguments], cwd=project, check=True)
    return project


def append(project, table: str, line: str) -> None:
    with (project / "data" / table).open("a", encoding="utf-8") as file:
        file.write(line + "\n")


def lines_of(project, table: str) -> list[str]:
    return (project / "data" / table).read_text("utf-8").splitlines()


def test_what_was_only_added_is_counted(committed):
    assert check_since(committed, "HEAD") == {"sources.csv": 0, "claims.csv": 0, "events.csv": 0}
    correction = next(line for line in lines_of(committed, "claims.csv") if line.startswith(CLAIM))
    append(committed, "claims.csv", correction.replace(",asserts,1,new,,", ",asserts,2,correction,a slip,"))
    assert check_since(committed, "HEAD")["claims.csv"] == 1


def test_an_edited_line_is_told_with_its_line_column_and_what_it_was(committed, edit):
    place = next(n for n, line in enumerate(lines_of(committed, "claims.csv"), 1) if line.startswith(CLAIM))
    edit("claims.csv", CLAIM, CLAIM.replace("0.42", "0.43"))
    with pytest.raises(LedgerError) as error:
        check_since(committed, "HEAD")
    assert len(error.value.faults) == 1
    assert f"claims.csv line {place}, column value: '0.43': expected '0.42' (lines are never edited" in str(error.value)


@pytest.mark.parametrize("table", ["sources.csv", "claims.csv", "events.csv"])
def test_a_deleted_line_is_told_by_its_name_and_the_others_are_not(committed, table):
    header, first, second, *rest = lines_of(committed, table)
    (committed / "data" / table).write_text("\n".join([header, first, *rest, ""]), "utf-8")
    with pytest.raises(LedgerError) as error:
        check_since(committed, "HEAD")
    assert len(error.value.faults) == 1
    assert error.value.faults[0].value == second.split(",")[0]


def test_a_column_that_came_since_and_lines_in_another_order_change_nothing(committed):
    header, *rows = lines_of(committed, "sources.csv")
    moved = [header + ",colour", *(row + ",red" for row in reversed(rows)), ""]
    (committed / "data" / "sources.csv").write_text("\n".join(moved), "utf-8")
    assert check_since(committed, "HEAD")["sources.csv"] == 0


def test_a_table_that_git_does_not_have_yet_is_all_new(committed):
    subprocess.run(["git", "rm", "--quiet", "--cached", "data/events.csv"], cwd=committed, check=True)
    commit = ["-c", "user.name=A", "-c", "user.email=a@example.org", "commit", "--quiet", "-m", "Without"]
    subprocess.run(["git", *commit], cwd=committed, check=True)
    assert check_since(committed, "HEAD")["events.csv"] == len(lines_of(committed, "events.csv")) - 1


def test_a_revision_that_git_does_not_know_is_refused(committed):
    with pytest.raises(InputError, match="--since v99: git knows no such revision"):
        check_since(committed, "v99")
