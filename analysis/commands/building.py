"""Commands that make editions: build, and what can be built."""

import sys
from datetime import date
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from analysis.commands.options import EXIT_CODES, Day, pairs, shown, today

if TYPE_CHECKING:
    from analysis.reporting.planning import Plan


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
    "--static", "is_static", is_flag=True, help="Make pages without scripts, 0.9 MB smaller each: charts are pictures."
)
@click.option("--why", "tells_why", is_flag=True, help="Tell of each report why it is made, or not.")
@click.option(
    "--workers", type=click.IntRange(1), metavar="N", help="Processes that make reports; one a processor where not given."
)
@click.option(
    "--engine",
    type=click.Choice(["evroad", "kernel"]),
    default="evroad",
    help="What runs the notebooks: workers that have done the imports, or a kernel of its own for each.",
)
@click.option(
    "--executor", type=click.Choice(["local", "dask"]), default="local", help="Who makes reports: this machine, or a cluster."
)
@click.option("--address", metavar="A", help="Of --executor dask: its scheduler, as tls://HOST:8786.")
@click.option("-p", "parameters", multiple=True, metavar="NAME=VALUE", help="A parameter of the reports; see evroad list.")
def build(
    reports: tuple[str, ...],
    day: date | None,
    tells_why: bool,
    workers: int | None,
    engine: str,
    executor: str,
    address: str | None,
    parameters: tuple[str, ...],
    **choices: Any,
) -> None:
    """Build an edition of the reports (all of them where none is named) into reports/DATE."""
    from analysis.project import project_root
    from analysis.reporting import again
    from analysis.reporting.planning import plan, why

    root, day, given = project_root(), day or today(), pairs(parameters)
    request = {"reports": reports, "given": given, "date": str(day)} | {name: str(value) for name, value in choices.items()}
    asked = again.asked(root, request)
    if there := again.answer(root, asked, date=str(day)):
        _tell(there.lines)
        _tell([(f"{name}: not made: nothing changed since {there.folder.name}.", False) for name in there.reports if tells_why])
        click.echo(f"Nothing to do: {shown(there.folder)} was made of the same inputs.")
        return
    planned = plan(root, list(reports), given, date=day, **choices)
    _tell(lines := _in_lines(planned))
    if tells_why:
        _tell([(f"{name}: {reason}.", False) for name, reason in why(planned).items()])
    from analysis.reporting import cluster, edition

    with cluster.pool(executor, address, workers, root) as pool:
        made = _with_progress(partial(edition.build, workers=pool, engine=engine), planned)
    if again.asked(root, request) == asked:  # no file was changed while it was planned
        again.keep(root, asked, key=planned.key, lines=lines)
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
    from analysis.reporting.parameters import CLOCKS, as_given, choose, find_reports

    for report in choose(find_reports(project_root() / "notebooks"), []):
        click.echo(f"{report.name}: {report.title}")
        for parameter in report.parameters.values():
            option = CLOCKS.get(parameter.name, f"-p {parameter.name}=")
            click.echo(f"  {option} ({parameter.type}, default {as_given(parameter.default)}): {parameter.meaning}")


def _in_lines(planned: "Plan") -> list[tuple[str, bool]]:
    """What is told of a plan before anything runs, line by line, and whether it is a warning."""
    lines = [(f"Edition of {planned.date}, as of {planned.as_of}: {', '.join(r.name for r in planned.reports)}", False)]
    if planned.unknown:
        replayed = f" or not recorded by {planned.recorded_by}" if planned.recorded_by else ""
        lines.append((f"Left out: {planned.unknown} claims that were not known by {planned.as_of}{replayed}.", False))
    found = [finding for finding in planned.findings if finding.level != "passed"]
    return lines + [(f"{finding.level.capitalize()}, {finding.gate}: {finding.text}", True) for finding in found]


def _tell(lines: list[tuple[str, bool]]) -> None:
    for text, warns in lines:
        click.echo(text, err=warns)


def _with_progress(build, planned):  # noqa: ANN001, ANN202 - the types are edition's, imported only when building
    """Build with a progress bar on a terminal, and with plain lines elsewhere."""
    from analysis.reporting.planning import STEPS

    if not sys.stderr.isatty():
        return build(planned, lambda report, done: click.echo(f"{report}: {done}", err=True))
    notes = []

    def told(report: str, done: str) -> None:
        if done in STEPS:
            bar.update(1, f"{report}: {done}")
        else:
            notes.append(f"{report}: {done}")

    with click.progressbar(length=planned.steps, label="Building", file=sys.stderr, show_eta=False, item_show_func=str) as bar:
        made = build(planned, told)
    for note in notes:  # the bar would wipe them out
        click.echo(note, err=True)
    return made
