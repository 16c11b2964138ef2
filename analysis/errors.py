"""The package's exceptions: each one carries the exit code that the `evroad` command ends with."""

from dataclasses import dataclass


def escaped(text: str) -> str:
    """`text` on its way to a terminal: what is no letter, sign, space or line break stands as its escape.

    >>> escaped("a\\x1b[2J\\u202eb")
    'a\\\\x1b[2J\\\\u202eb'
    """
    return "".join(c if c.isprintable() or c in "\n\t" else repr(c)[1:-1] for c in text)


class EvroadError(Exception):
    """Base of every error that a user can mend; its text names the place and the remedy.

    It may quote data, names of files and arguments: what a terminal would obey is escaped.
    """

    exit_code = 2

    def __str__(self) -> str:
        return escaped(super().__str__())


class InputError(EvroadError):
    """An unknown report, parameter or option, or a value of the wrong type. Nothing was run."""


class MetricError(EvroadError):
    """A metric was asked for what its input cannot give."""


class BuildError(EvroadError):
    """A report failed while it was being made. Nothing was published."""

    exit_code = 1


class MissingError(BuildError):
    """Reports of a grid failed; an edition of the others was published."""


class HeldError(BuildError):
    """A check before publication, set to hold, found something. Nothing was published."""

    exit_code = 3


class BusyError(BuildError):
    """Another process has the folder of reports to itself. Nothing was done."""

    exit_code = 4


_SHOWN = 80  # characters of a wrong value
_TOLD = 1000  # faults: a message of a million lines tells nobody anything


@dataclass(frozen=True, order=True)
class Fault:
    """One thing wrong in one place of a data file; `line` counts from 1 and is 0 where it concerns the whole file."""

    file: str
    line: int
    column: str
    value: str
    expected: str
    cause: str = ""

    def __str__(self) -> str:
        place = f"{self.file} line {self.line}" if self.line else self.file
        column = f", column {self.column[:_SHOWN]}" if self.column else ""
        value = f": {self.value[:_SHOWN]!r}{'...' if len(self.value) > _SHOWN else ''}" if self.value else ""
        cause = f" ({self.cause})" if self.cause else ""
        return f"{place}{column}{value}: expected {self.expected}{cause}"


class LedgerError(EvroadError):
    """The data files hold faults; all of them, of all files, are in `faults`, and the first thousand in the message."""

    def __init__(self, faults: list[Fault]) -> None:
        self.faults = sorted(set(faults))
        count = f"{len(self.faults)} fault{'s' if len(self.faults) != 1 else ''} in the data"
        more = [f"  and {len(self.faults) - _TOLD} more"] if len(self.faults) > _TOLD else []
        super().__init__("\n".join([f"{count}:", *(f"  {fault}" for fault in self.faults[:_TOLD]), *more]))
