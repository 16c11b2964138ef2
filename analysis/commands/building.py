"""Commands that make editions: build, and what can be built."""

import sys
from collections import Counter
from datetime import date
from functools import partial
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any

import click

from analysis.commands.options import EXIT_CODES, Day, pairs, shown, today
from analysis.commands.sending import also_elsewhere
from analysis.errors import InputError, MissingError

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
@click.option(
    "--grid",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Make the reports that a .csv or .toml names, each with parameters of its own.",
)
@click.option("--strict", "is_strict", is_flag=True, help="Publish nothing where a report of the grid fails.")
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
@also_elsewhere
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
    from analysis.reporting.planning import plan
    from analysis.reporting.staleness import why

    root, day, given = project_root(), day or today(), pairs(parameters)
    if choices["is_strict"] and not choices["grid"]:
        raise InputError("--strict is said of a --grid; without one nothing is published where a report fails")
    request = {"reports": reports, "given": given, "date": str(day)} | {name: str(value) for name, value in choices.items()}
    request |= {"rows": again.digest(choices["grid"])} if choices["grid"] else {}
    asked = again.asked(root, request)
    if there := again.answer(root, asked, date=str(day)):
        _tell(there.lines)
        _tell([(f"{name}: not made: nothing changed since {there.folder.name}.", False) for name in there.reports if tells_why])
        click.echo(f"Nothing to do: {shown(there.folder)} was made of the same inputs.")
        return
    planned = plan(root, list(reports), given, date=day, **choices)
    _tell(lines := _in_lines(planned))
    if tells_why:
        _tell([(f"{name}: {reason}.", False) for name, reason in why(planned.manifest, root / "reports").items()])
    from analysis.reporting import cluster, edition

    with cluster.pool(executor, address, workers, root) as pool:
        made = _with_progress(partial(edition.build, workers=pool, engine=engine), planned)
    if not made.missing and again.asked(root, request) == asked:  # no file was changed while it was planned
        again.keep(root, asked, key=planned.manifest["key"], lines=lines)
    if made.unchanged:
        click.echo(f"Nothing to do: {shown(made.folder)} was made of the same inputs.")
        return
    if made.supersedes:
        click.echo(f"Its inputs differ from those of {made.supersedes}, which it supersedes.")
    click.echo(made.changed)
    if made.taken_over:
        click.echo(f"{made.taken_over} of {len(planned.reports)} reports are taken over: nothing they are made of has changed.")
    click.echo(f"Published {shown(made.folder / 'index.html')}")
    if made.missing:
        texts = "\n\n".join(made.missing.values())
        count = f"{len(made.missing)} of {len(planned.reports)} reports"
        raise MissingError(f"{texts}\n\n{count} failed and are missing in the edition: build again to try them again")


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


_NAMED = 12  # reports that are named one by one


def _in_lines(planned: "Plan") -> list[tuple[str, bool]]:
    """What is told of a plan before anything runs, line by line, and whether it is a warning."""
    names = [report.name for report in planned.reports]
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    counts = Counter(report.path.stem for report in planned.reports)
    lines = [(f"Edition of {planned.date}, as of {planned.as_of}: {', '.join(names[:_NAMED])}{more}", False)]
    if len(counts) < len(names):
        told = ", ".join(f"{count} of {name}" for name, count in counts.items())
        lines.append((f"{len(names)} reports: {told}.", False))
    if planned.unknown:
        replayed = f" or not recorded by {planned.recorded_by}" if planned.recorded_by else ""
        lines.append((f"Left out: {planned.unknown} claims that were not known by {planned.as_of}{replayed}.", False))
    found = [finding for finding in planned.findings if finding.level != "passed"]
    return lines + [(f"{finding.level.capitalize()}, {finding.gate}: {finding.text}", True) for finding in found]


def _tell(lines: list[tuple[str, bool]]) -> None:
    for text, warns in lines:
        click.echo(text, err=warns)


_FEW = 20
"""Of more reports than these each is told once, with how far all are."""


def _with_progress(build, planned):  # noqa: ANN001, ANN202 - the types are edition's, imported only when building
    """Build with a progress bar on a terminal, and with plain lines elsewhere; the rate and what remains are told of many."""
    from analysis.reporting.batch import LAST, STEPS

    count, done, begun, notes = len(planned.reports), 0, monotonic(), []

    def told(report: str, what: str) -> None:
        nonlocal done
        is_last = what.startswith(LAST)
        done += is_last
        rate = done / max(monotonic() - begun, 0.001)
        if bar:
            if is_last:
                bar.update(1, f"{report}: {what}, {rate:.1f} a second")
            elif what not in STEPS:
                notes.append(f"{report}: {what}")
        elif count <= _FEW or (not is_last and what not in STEPS):
            click.echo(f"{report}: {what}", err=True)
        elif is_last:
            left = f"{(count - done) / rate:.0f} s left" if rate else ""
            click.echo(f"{done} of {count}, {rate:.1f} a second, {left}: {report}: {what}", err=True)

    if not sys.stderr.isatty():
        bar = None
        return build(planned, told)
    with click.progressbar(
        length=count,
        label="Building",
        file=sys.stderr,
        show_pos=True,
        show_percent=True,
        item_show_func=lambda item: item or "",
    ) as shown_bar:
        bar = shown_bar
        made = build(planned, told)
    for note in notes:  # the bar would wipe them out
        click.echo(note, err=True)
    return made
