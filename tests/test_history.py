"""The tables that only grow: what git held before must still be there, line by line."""

import subprocess

import pytest

from analysis.errors import InputError, LedgerError
from analysis.history import check_since

CLAIM = "s002-p09-42pct,model_share_of_ev_market,sakura,japan,0.42,"


@pytest.fixture
def committed(project):
    """The copied project as a git repository with one commit."""
    git(project, "init", "--quiet", "--initial-branch=main")
    commit(project)
    return project


def git(project, *arguments: str) -> str:
    name = ["-c", "user.name=A", "-c", "user.email=a@example.org"]
    done = subprocess.run(["git", *name, *arguments], cwd=project, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def commit(project) -> str:
    """Commit the data as they are, and give the commit's short name."""
    git(project, "add", "data")
    git(project, "commit", "--quiet", "-m", "As it is")
    return git(project, "rev-parse", "--short", "HEAD")


def faults_since(project, ref: str) -> list[str]:
    with pytest.raises(LedgerError) as error:
        check_since(project, ref)
    return [str(fault) for fault in error.value.faults]


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
    git(committed, "rm", "--quiet", "--cached", "data/events.csv")
    git(committed, "commit", "--quiet", "-m", "Without")
    assert check_since(committed, "HEAD")["events.csv"] == len(lines_of(committed, "events.csv")) - 1


def test_a_revision_that_git_does_not_know_is_refused(committed):
    with pytest.raises(InputError, match="--since v99: git knows no such revision"):
        check_since(committed, "v99")


# --- the commits between


EVENT = "e-{},It happened,planned,,nissan,global,,,,techfyle-2024-03,p1,{},exact,plan,asserts,1,new,,2026-11-25,"


def test_a_line_that_was_added_and_edited_since_is_found_with_the_commit_that_did_it(committed, edit):
    """The two ends do not show it: the first has no such line."""
    start = git(committed, "rev-parse", "HEAD")
    append(committed, "events.csv", EVENT.format("new", "here"))
    commit(committed)
    edit("events.csv", EVENT.format("new", "here"), EVENT.format("new", "there"))
    edited = commit(committed)
    append(committed, "events.csv", EVENT.format("next", "here"))
    commit(committed)
    place = next(n for n, line in enumerate(lines_of(committed, "events.csv"), 1) if line.startswith("e-new,"))
    (fault,) = faults_since(committed, start)
    assert fault.startswith(f"events.csv line {place}, column printed: 'there': expected 'here'")
    assert f"changed by commit {edited}" in fault
    assert check_since(committed, "HEAD~1")["events.csv"] == 1


def test_an_edit_that_was_taken_back_is_found_both_times(committed, edit):
    append(committed, "events.csv", EVENT.format("new", "here"))
    start = commit(committed)
    edit("events.csv", EVENT.format("new", "here"), EVENT.format("new", "there"))
    there = commit(committed)
    edit("events.csv", EVENT.format("new", "there"), EVENT.format("new", "here"))
    back = commit(committed)
    first, second = faults_since(committed, start)
    assert (back in first, there in second) == (True, True)


def test_a_file_that_was_deleted_and_came_back_without_a_line_is_found(committed):
    start, lines = git(committed, "rev-parse", "HEAD"), lines_of(committed, "sources.csv")
    (committed / "data" / "sources.csv").unlink()
    commit(committed)
    (committed / "data" / "sources.csv").write_text("\n".join([*lines[:-1], ""]), "utf-8")
    commit(committed)
    assert len(faults_since(committed, start)) == len(lines) - 1  # each line of it, and once


@pytest.mark.parametrize("kept", [1, 2], ids=["ours", "theirs"])
def test_a_merge_that_drops_a_line_of_either_side_is_found(committed, kept):
    start = git(committed, "rev-parse", "HEAD")
    text = (committed / "data" / "events.csv").read_text("utf-8")
    git(committed, "checkout", "--quiet", "-b", "side")
    append(committed, "events.csv", EVENT.format("side", "here"))
    commit(committed)
    git(committed, "checkout", "--quiet", "main")
    append(committed, "events.csv", EVENT.format("main", "here"))
    commit(committed)
    git(committed, "merge", "--quiet", "--strategy=ours", "-m", "Both", "side")
    sides = [EVENT.format(name, "here") + "\n" for name in ("main", "side")]
    (committed / "data" / "events.csv").write_text(text + sides[kept - 1], "utf-8")
    git(committed, "commit", "--quiet", "--all", "--amend", "--no-edit", "--allow-empty")
    (fault,) = faults_since(committed, start)
    assert fault.startswith(f"events.csv, column event_id: 'e-{('side', 'main')[kept - 1]}': expected the line of that name")
    # Where both lines are kept, there is nothing to find.
    (committed / "data" / "events.csv").write_text(text + "".join(sides), "utf-8")
    git(committed, "commit", "--quiet", "--all", "--amend", "--no-edit")
    assert check_since(committed, start)["events.csv"] == 2


def test_a_revision_that_is_no_ancestor_is_held_against_the_files_too(committed):
    git(committed, "checkout", "--quiet", "-b", "side")
    append(committed, "events.csv", EVENT.format("side", "here"))
    commit(committed)
    git(committed, "checkout", "--quiet", "main")
    (fault,) = faults_since(committed, "side")
    assert "'e-side'" in fault
    assert "compared with side" in fault


def test_a_project_below_the_root_of_its_repository_is_found(project, edit):
    git(project.parent, "init", "--quiet", "--initial-branch=main")
    commit(project)
    edit("claims.csv", CLAIM, CLAIM.replace("0.42", "0.43"))
    commit(project)
    (fault,) = faults_since(project, "HEAD~1")
    assert "'0.43': expected '0.42'" in fault
