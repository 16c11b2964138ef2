"""Commands that send what is published: mail, publish, and build's option `--to`."""

import os
from collections.abc import Callable
from datetime import UTC, datetime, time
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from analysis.commands.options import shown
from analysis.errors import BuildError, InputError, MissingError

if TYPE_CHECKING:
    from analysis.reporting.elsewhere import Address


@click.command(epilog="Exit codes: 0 sent or written; 1 the server refused it, or the edition is damaged; 2 bad input.")
@click.option("--to", "to", multiple=True, required=True, metavar="ADDRESS", help="Whom to send it to; all see one another.")
@click.option("--from", "sender", default="evroad@localhost", show_default=True, metavar="ADDRESS", help="Whom it is from.")
@click.option("--edition", metavar="EDITION", help="The edition; the latest one that stands where not given.")
@click.option("--report", metavar="REPORT", help="The report; the briefing, or else the edition's first, where not given.")
@click.option("--smtp", metavar="URL", help="Send it by this server: smtp://HOST[:PORT] or smtps://HOST[:PORT].")
@click.option(
    "--eml", type=click.Path(path_type=Path), metavar="FILE", help="Write it into this file instead, and send nothing."
)
def mail(to: tuple[str, ...], sender: str, edition: str | None, report: str | None, smtp: str | None, eml: Path | None) -> None:
    """Send a digest of an edition: a report's answer and first picture, what changed, how fresh it is, and the PDF.

    User and password for the server are read from EVROAD_SMTP_USER and EVROAD_SMTP_PASSWORD, and only sent under TLS.
    """
    from analysis.project import project_root
    from analysis.reporting import delivery

    if (smtp is None) == (eml is None):
        raise InputError("expected one of --smtp URL, to send it, and --eml FILE, to write it into a file")
    server, secret = (delivery.server(smtp), delivery.credentials(os.environ)) if smtp else (None, None)
    recipients, origin = delivery.addresses(list(to)), delivery.addresses([sender])
    if len(origin) != 1:
        raise InputError("--from: expected one address")
    from analysis.reporting.mail import digest, message

    told = digest(project_root() / "reports", edition, report)
    # A file is the same whenever it is written; a mail tells when it was sent.
    when = datetime.combine(told.date, time(), UTC) if eml else datetime.now(UTC)
    content = message(told, sender=origin[0], recipients=recipients, sent=when).as_bytes()
    if eml:
        is_new = delivery.write(eml, content)
        click.echo(f"Wrote {shown(eml)}" if is_new else f"Nothing to do: {shown(eml)} holds this message.")
        return
    names = [address.addr_spec for address in recipients]
    delivery.send(content, sender=origin[0].addr_spec, recipients=names, server=server, secret=secret)
    click.echo(f"Sent to {', '.join(names)}: {told.subject}")


@click.command(epilog="Exit codes: 0 sent, or nothing to do; 1 an address refused it; 2 bad input; 4 a build is under way.")
@click.argument("addresses", nargs=-1, required=True, metavar="ADDRESS...")
def publish(addresses: tuple[str, ...]) -> None:
    """Bring other addresses up to date with the editions here, withdrawals included: s3://..., gs://..., file:///..."""
    from analysis.project import project_root
    from analysis.reporting.editions import find
    from analysis.reporting.publication import publishing, refresh

    reached, reports = _reached(addresses), project_root() / "reports"
    find(reports, None)  # refuses where there is none
    with publishing(reports) as staging:  # what a killed build or withdrawal left undone is done first
        refresh(reports, staging)
    _send(reached)


def also_elsewhere(build: Callable[..., None]) -> Callable[..., None]:
    """Give a command that publishes the option `--to`: addresses are looked at before it begins, and sent to after it."""

    @click.option(
        "--to", "to", multiple=True, metavar="ADDRESS", help="Then bring this address up to date too, as s3://BUCKET/FOLDER."
    )
    @wraps(build)
    def build_and_send(*args: Any, to: tuple[str, ...], **options: Any) -> None:
        reached = _reached(to)
        try:
            build(*args, **options)
        except MissingError:  # the others are published
            _send(reached)
            raise
        _send(reached)

    return build_and_send


def _reached(addresses: tuple[str, ...]) -> list["Address"]:
    if not addresses:
        return []  # what it takes to send is not imported
    from analysis.project import project_root
    from analysis.reporting.elsewhere import reach

    return [reach(address, project_root() / "reports") for address in dict.fromkeys(addresses)]


def _send(addresses: list["Address"]) -> None:
    """Send to each address, also where another one fails."""
    failed = []
    for address in addresses:
        from analysis.project import project_root
        from analysis.reporting.elsewhere import send

        try:
            sent = send(project_root() / "reports", address)
            click.echo(
                f"Sent to {address.shown}: {len(sent)} files" if sent else f"Nothing to send: {address.shown} is up to date."
            )
        except BuildError as error:
            failed.append(f"published here, but not at {error}. Mend that, then run it again")
    if failed:
        raise BuildError("\n".join(failed))
