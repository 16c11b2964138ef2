"""Commands that make editions: build, and what can be built."""

import sys
from datetime import date
from functools import partial
from typing import Any

import click

from analysis.commands.options import EXIT_CODES, Day, pairs, shown, today


@click.command(epilog=EXIT_CODES)
@click.argument("reports", nargs=-1, metavar="[REPORT]...")
@click.option("--date", "day", type=Day(), metavar="D", help="The edition's date; today (UTC) where not given.")
@click.option(
    "--as-of",
    type=Day(),
    metavar="D",
    help="Tell what could be known on this day; the edition's date, or the ledger's last record if earlier.",
)
@click.option("--recorded-by", type=Day(), metavar="D", help="Replay what our ledger held on this day.")
@click.option("--against", metavar="EDITION", help="Compare with this edition; with the one before where not given.")
@click.option(
    "--workers", type=click.IntRange(1), metavar="N", help="Processes that make reports; one a processor where not given."
)
@click.option(
    "--engine",
    type=click.Choice(["evroad", "kernel"]),
    default="evroad",
    help="What runs the notebooks: workers that have done the imports, or a kernel of its own for each.",
)
@click.option("-p", "parameters", multiple=True, metavar="NAME=VALUE", help="A parameter of the reports; see evroad list.")
def build(
    reports: tuple[str, ...], day: date | None, parameters: tuple[str, ...], workers: int | None, engine: str, **choices: Any
) -> None:
    """Build an edition of the reports (all of them where none is named) into reports/DATE."""
    from analysis.project import project_root
    from analysis.reporting import edition
    from analysis.reporting.planning import plan

    root = project_root()
    planned = plan(root, list(reports), pairs(parameters), date=day or today(), **choices)
    click.echo(f"Edition of {planned.date}, as of {planned.as_of}: {', '.join(r.name for r in planned.reports)}")
    if planned.unknown:
        replayed = f" or not recorded by {planned.recorded_by}" if planned.recorded_by else ""
        click.echo(f"Left out: {planned.unknown} claims that were not known by {planned.as_of}{replayed}.")
    for finding in planned.findings:
        if finding.level != "passed":
            click.echo(f"{finding.level.capitalize()}, {finding.gate}: {finding.text}", err=True)
    made = _with_progress(partial(edition.build, workers=workers or 0, engine=engine), planned)
    if made.unchanged:
        click.echo(f"Nothing to do: {shown(made.folder)} was made of the same inputs.")
        return
    if made.supersedes:
        click.echo(f"Its inputs differ from those of {made.supersedes}, which it supersedes.")
    click.echo(made.changed)
    click.echo(f"Published {shown(made.folder / 'index.html')}")


@click.command("list")
def list_reports() -> None:
    """Show the reports and their parameters, with types, defaults and meaning."""
    from analysis.project import project_root
    from analysis.reporting.parameters import CLOCKS, choose, find_reports

    for report in choose(find_reports(project_root() / "notebooks"), []):
        click.echo(f"{report.name}: {report.title}")
        for parameter in report.parameters.values():
            option = CLOCKS.get(parameter.name, f"-p {parameter.name}=")
            click.echo(f"  {option} ({parameter.type}, default {_default(parameter.default)}): {parameter.meaning}")


def _default(value: object) -> str:
    return "none" if value is None else ",".join(value) if isinstance(value, list) else str(value)


def _with_progress(build, planned):  # noqa: ANN001, ANN202 - the types are edition's, imported only when building
    """Build with a progress bar on a terminal, and with plain lines elsewhere."""
    if not sys.stderr.isatty():
        return build(planned, lambda report, done: click.echo(f"{report}: {done}", err=True))
    with click.progressbar(length=planned.steps, label="Building", file=sys.stderr, show_eta=False, item_show_func=str) as bar:
        return build(planned, lambda report, done: bar.update(1, f"{report}: {done}"))
