"""Commands about editions that are there: verify, diff, trace, withdraw."""

import click

from analysis.commands.options import shown, today
from analysis.errors import InputError


@click.command(epilog="Exit codes: 0 all whole; 1 damaged; 2 bad input.")
@click.argument("edition", required=False)
def verify(edition: str | None) -> None:
    """Recompute every hash of an edition, or of all of them, and report what is damaged."""
    from analysis.project import project_root
    from analysis.reporting import editions

    reports = project_root() / "reports"
    chosen = editions.editions(reports) if edition is None else []
    damaged = False
    for folder in chosen or [editions.find(reports, edition)]:
        lines = editions.damage(folder)
        damaged |= bool(lines)
        click.echo(f"{folder.name}: {'whole' if not lines else 'damaged'}")
        for line in lines:
            click.echo(f"  {line}")
    if damaged:
        raise SystemExit(1)


@click.command(epilog="Exit codes: 0 compared, whether or not something changed; 2 bad input.")
@click.argument("before")
@click.argument("after")
def diff(before: str, after: str) -> None:
    """Tell which figures differ between two editions, by how much, and why."""
    from analysis.comparison import compare, in_text
    from analysis.ledger import Ledger
    from analysis.project import project_root
    from analysis.reporting import editions

    root = project_root()
    one, other = (editions.told(editions.find(root / "reports", name)) for name in (before, after))
    if not one.reports & other.reports:
        raise InputError(f"{before} has {', '.join(one.reports)} and {after} {', '.join(other.reports)}: no report is in both")
    click.echo(in_text(compare(one, other, Ledger.load(root / "data")), before))
    for name, reports in ((before, one.reports - other.reports), (after, other.reports - one.reports)):
        if reports:
            click.echo(f"Only in {name}, not compared: {', '.join(sorted(reports))}.")


@click.command(epilog="Exit codes: 0 withdrawn; 2 bad input; 4 a build is under way.")
@click.argument("edition")
@click.option("--reason", required=True, metavar="TEXT", help="What was wrong, for readers; it stands on every page.")
def withdraw(edition: str, reason: str) -> None:
    """Mark an edition as withdrawn on its pages and in the index. It stays, and is no longer the latest."""
    from analysis.project import project_root
    from analysis.reporting import editions
    from analysis.reporting.publication import withdraw as mark

    reports = project_root() / "reports"
    folder = mark(reports, edition, reason=reason, day=today())
    click.echo(f"Withdrawn: {shown(folder)}")
    last = editions.latest(editions.editions(reports))
    click.echo(f"The latest edition is now {last.name}." if last else "No edition stands any more.")


@click.command()
@click.argument("figure")
@click.option("--report", metavar="REPORT", help="Look only among this report's figures.")
@click.option("--edition", metavar="EDITION", help="The edition; the latest where not given.")
def trace(figure: str, report: str | None, edition: str | None) -> None:
    """Show how a figure was made: by its id, or by what it reads as, such as 42% or 661 million."""
    from analysis.ledger import Ledger
    from analysis.project import project_root
    from analysis.reporting import editions
    from analysis.tracing import chain, find_figures, view_of

    root = project_root()
    folder = editions.find(root / "reports", edition)
    found = find_figures(editions.figures(folder), figure, report=report)
    told, ledger = editions.manifest(folder), Ledger.load(root / "data")
    view = view_of(told, ledger, root / "data")
    click.echo(f"Edition {folder.name}, as of {view.known}")
    for one in found:
        click.echo("\n" + chain(one, ledger, view))
