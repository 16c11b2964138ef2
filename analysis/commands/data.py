"""Commands about the data: check, codebook, import."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from analysis.commands.options import shown, today
from analysis.errors import InputError


@click.command()
@click.option(
    "--sources",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Also check every printed figure against the texts in DIR.",
)
@click.option("--conflicts", "show_conflicts", is_flag=True, help="Also list statements that contradict one another, and why.")
@click.option("--since", "ref", metavar="GITREF", help="Also refuse lines that were edited or deleted since this git revision.")
def check(sources: Path | None, show_conflicts: bool, ref: str | None) -> None:
    """Check the data: every row, reference, unit and entry; all faults are told at once."""
    from analysis.ledger import Ledger
    from analysis.project import project_root

    root = project_root()
    ledger = Ledger.load(root / "data")
    click.echo(f"No faults in {len(ledger.claims)} claims and {len(ledger.events)} events from {len(ledger.sources)} sources.")
    if sources is not None:
        from analysis.archive import verify_sources

        verified = verify_sources(ledger, sources)
        click.echo(f"{verified.statements} printed figures stand where they are said to, in {len(verified.sources)} texts.")
        if verified.missing:
            click.echo(f"Not checked, as no text in {sources} has their sha256: {', '.join(verified.missing)}")
    if ref is not None:
        from analysis.history import check_since

        added = check_since(root, ref)
        lines = ", ".join(f"{count} lines were added to {file}" for file, count in added.items())
        click.echo(f"No line was edited or deleted since {ref}: {lines}.")
    if show_conflicts:
        from analysis.exhibits import conflicts_in_text

        click.echo(conflicts_in_text(ledger.as_of()))


@click.command()
@click.option(
    "--check", "only_check", is_flag=True, help="Write nothing; exit with 2 where the files are not as they would be."
)
def codebook(only_check: bool) -> None:
    """Write data/README.md and data/datapackage.json from the row contracts."""
    from analysis.codebook import write_codebook
    from analysis.project import project_root

    stale = write_codebook(project_root() / "data", only_check=only_check)
    if stale and only_check:
        raise InputError(f"{', '.join(stale)} are not as the row contracts say: run evroad codebook")
    click.echo(f"Written: {', '.join(stale)}" if stale else "The codebook is up to date.")


@click.group("import", epilog="Exit codes: 0 added, or shown with --dry-run; 2 bad input, nothing added.")
def import_() -> None:
    """Add a publisher's downloaded file to the data, as a new edition. Lines go to sources.csv and claims.csv."""


_EDITION_OPTIONS = [
    click.argument("file", type=click.Path(path_type=Path)),
    click.option(
        "--published", required=True, metavar="D", help="When the file's figures were published: YYYY-MM-DD, or YYYY-MM."
    ),
    click.option("--publisher", metavar="TEXT", help="Publisher, if not the usual one."),
    click.option("--url", metavar="TEXT", help="Address it was read at, if not the usual one."),
    click.option("--caveat", metavar="TEXT", help="What is known against it, if not the usual."),
    click.option("--dry-run", is_flag=True, help="Show what would be added and revised, and write nothing."),
]


def _edition_options(command: Callable) -> Callable:
    for option in reversed(_EDITION_OPTIONS):
        command = option(command)
    return command


@import_.command("iea")
@_edition_options
def import_iea(**options: Any) -> None:
    """Import FILE, from the IEA's Global EV Data Explorer. Taken are shares and sales of electric cars."""
    _import("iea", **options)


@import_.command("owid")
@_edition_options
def import_owid(**options: Any) -> None:
    """Import FILE, from Our World in Data. Taken is the share of new cars that are electric, by the IEA."""
    _import("owid", **options)


def _import(name: str, *, file: Path, dry_run: bool, **options: Any) -> None:
    from analysis.additions import prepare, summary, write
    from analysis.importers import read_edition
    from analysis.ledger import Ledger
    from analysis.project import project_root

    folder = project_root() / "data"
    ledger = Ledger.load(folder)
    edition = read_edition(name, file, ledger, today=today(), **options)
    addition = prepare(edition, ledger, folder)
    click.echo(summary(addition))
    if dry_run:
        click.echo("Nothing was written: this was a dry run.")
        return
    write(addition)
    click.echo(f"Added a line to {shown(folder / 'sources.csv')} and {len(edition.claims)} to {shown(folder / 'claims.csv')}.")
