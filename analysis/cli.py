"""The `evroad` command: arguments in, one exit code out."""

import click

from analysis import __version__
from analysis.commands import building, data, reading, sending
from analysis.commands.options import EXIT_CODES
from analysis.errors import EvroadError


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


for command in (
    building.build,
    building.list_reports,
    data.check,
    reading.verify,
    reading.diff,
    reading.withdraw,
    reading.trace,
    sending.mail,
    sending.publish,
    data.codebook,
    data.import_,
):
    main.add_command(command)
