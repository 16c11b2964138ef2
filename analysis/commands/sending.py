"""Commands that send what is published: mail."""

import os
from datetime import UTC, datetime, time
from pathlib import Path

import click

from analysis.commands.options import shown
from analysis.errors import InputError


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
