"""The `evroad` command: arguments in, one exit code out. Whatever takes time to import is imported when it is needed."""

import sys
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import click

from analysis import __version__
from analysis.errors import EvroadError, InputError

EXIT_CODES = (
    "Exit codes: 0 published, or nothing to do; 1 a report failed; 2 bad input; 3 held by a check; 4 another build is "
    "under way. But with 0, nothing was published."
)


class _Day(click.ParamType):
    name = "date"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> date:
        if isinstance(value, date):
            return value
        from analysis.reporting.parameters import read_day

        try:
            return read_day(str(value))
        except ValueError:
            self.fail(f"{value!r} is not a date: expected YYYY-MM-DD", param, ctx)


class _Group(click.Group):
    """Every error of ours ends in its message and exit code, without a traceback."""

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except EvroadError as error:
            click.echo(f"evroad: {error}", err=True)
            ctx.exit(error.exit_code)


@click.group(cls=_Group, epilog=EXIT_CODES, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="evroad")
def main() -> None:
    """Dated, traceable reports on Nissan's road to electric vehicles."""


@main.command(epilog=EXIT_CODES)
@click.argument("reports", nargs=-1, metavar="[REPORT]...")
@click.option("--date", "day", type=_Day(), metavar="D", help="The edition's date; today (UTC) where not given.")
@click.option(
    "--as-of",
    type=_Day(),
    metavar="D",
    help="Tell what could be known on this day; the edition's date, or the ledger's last record if earlier.",
)
@click.option("--recorded-by", type=_Day(), metavar="D", help="Replay what our ledger held on this day.")
@click.option("--against", metavar="EDITION", help="Compare with this edition; with the one before where not given.")
@click.option("-p", "parameters", multiple=True, metavar="NAME=VALUE", help="A parameter of the reports; see evroad list.")
def build(reports: tuple[str, ...], day: date | None, parameters: tuple[str, ...], **choices: Any) -> None:
    """Build an edition of the reports (all of them where none is named) into reports/DATE."""
    from analysis.project import project_root
    from analysis.reporting import edition
    from analysis.reporting.planning import plan

    root = project_root()
    planned = plan(root, list(reports), _pairs(parameters), date=day or _today(), **choices)
    click.echo(f"Edition of {planned.date}, as of {planned.as_of}: {', '.join(r.name for r in planned.reports)}")
    if planned.unknown:
        replayed = f" or not recorded by {planned.recorded_by}" if planned.recorded_by else ""
        click.echo(f"Left out: {planned.unknown} claims that were not known by {planned.as_of}{replayed}.")
    for finding in planned.findings:
        if finding.level != "passed":
            click.echo(f"{finding.level.capitalize()}, {finding.gate}: {finding.text}", err=True)
    made = _with_progress(edition.build, planned)
    if made.unchanged:
        click.echo(f"Nothing to do: {_shown(made.folder)} was made of the same inputs.")
        return
    if made.supersedes:
        click.echo(f"Its inputs differ from those of {made.supersedes}, which it supersedes.")
    click.echo(made.changed)
    click.echo(f"Published {_shown(made.folder / 'index.html')}")


@main.command("list")
def list_reports() -> None:
    """Show the reports and their parameters, with types, defaults and meaning."""
    from analysis.project import project_root
    from analysis.reporting.parameters import CLOCKS, choose, find_reports

    for report in choose(find_reports(project_root() / "notebooks"), []):
        click.echo(f"{report.name}: {report.title}")
        for parameter in report.parameters.values():
            option = CLOCKS.get(parameter.name, f"-p {parameter.name}=")
            click.echo(f"  {option} ({parameter.type}, default {_default(parameter.default)}): {parameter.meaning}")


@main.command()
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


@main.command(epilog="Exit codes: 0 all whole; 1 damaged; 2 bad input.")
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


@main.command(epilog="Exit codes: 0 compared, whether or not something changed; 2 bad input.")
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


@main.command(epilog="Exit codes: 0 withdrawn; 2 bad input; 4 a build is under way.")
@click.argument("edition")
@click.option("--reason", required=True, metavar="TEXT", help="What was wrong, for readers; it stands on every page.")
def withdraw(edition: str, reason: str) -> None:
    """Mark an edition as withdrawn on its pages and in the index. It stays, and is no longer the latest."""
    from analysis.project import project_root
    from analysis.reporting.publication import LATEST
    from analysis.reporting.publication import withdraw as mark

    reports = project_root() / "reports"
    folder = mark(reports, edition, reason=reason, day=_today())
    click.echo(f"Withdrawn: {_shown(folder)}")
    link = reports / LATEST
    click.echo(f"The latest edition is now {link.resolve().name}." if link.is_symlink() else "No edition stands any more.")


@main.command()
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


@main.command()
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


@main.group("import", epilog="Exit codes: 0 added, or shown with --dry-run; 2 bad input, nothing added.")
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
    edition = read_edition(name, file, ledger, today=_today(), **options)
    addition = prepare(edition, ledger, folder)
    click.echo(summary(addition))
    if dry_run:
        click.echo("Nothing was written: this was a dry run.")
        return
    write(addition)
    click.echo(
        f"Added a line to {_shown(folder / 'sources.csv')} and {len(edition.claims)} to {_shown(folder / 'claims.csv')}."
    )


def _today() -> date:
    return datetime.now(UTC).date()


def _default(value: object) -> str:
    return "none" if value is None else ",".join(value) if isinstance(value, list) else str(value)


def _pairs(parameters: tuple[str, ...]) -> dict[str, str]:
    pairs = {}
    for parameter in parameters:
        name, sign, value = parameter.partition("=")
        if not sign or not name:
            raise InputError(f"-p {parameter}: expected NAME=VALUE")
        if name in pairs:
            raise InputError(f"-p {name} is given twice")
        pairs[name] = value
    return pairs


def _with_progress(build, planned):  # noqa: ANN001, ANN202 - the types are edition's, imported only when building
    """Build with a progress bar on a terminal, and with plain lines elsewhere."""
    if not sys.stderr.isatty():
        return build(planned, lambda report, done: click.echo(f"{report}: {done}", err=True))
    with click.progressbar(length=planned.steps, label="Building", file=sys.stderr, show_eta=False, item_show_func=str) as bar:
        return build(planned, lambda report, done: bar.update(1, f"{report}: {done}"))


def _shown(path: Path) -> str:
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)
