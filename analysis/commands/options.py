"""What commands share: how a day and pairs are given, and how a path is told."""

from datetime import UTC, date, datetime
from pathlib import Path

import click

from analysis.errors import InputError

EXIT_CODES = (
    "Exit codes: 0 published, or nothing to do; 1 a report failed; 2 bad input; 3 held by a check; 4 another build is "
    "under way. Published is something with 0, and with 1 where reports of a grid are missing in the edition."
)


class Day(click.ParamType):
    """A day as YYYY-MM-DD."""

    name = "date"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> date:
        if isinstance(value, date):
            return value
        from analysis.reporting.parameters import read_day

        try:
            return read_day(str(value))
        except ValueError:
            self.fail(f"{value!r} is not a date: expected YYYY-MM-DD", param, ctx)


def today() -> date:
    """The day by the world's clock."""
    return datetime.now(UTC).date()


def pairs(parameters: tuple[str, ...]) -> dict[str, str]:
    """What `-p NAME=VALUE` gives, each name once."""
    pairs = {}
    for parameter in parameters:
        name, sign, value = parameter.partition("=")
        if not sign or not name:
            raise InputError(f"-p {parameter}: expected NAME=VALUE")
        if name in pairs:
            raise InputError(f"-p {name} is given twice")
        pairs[name] = value
    return pairs


def shown(path: Path) -> str:
    """A path as it is told: from here where it is under here."""
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)
