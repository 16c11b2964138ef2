"""`make bench`: what reports cost, against the naive way, in one run; a table on the screen and in docs/benchmarks.md.

This process stays small and does none of the work: a process that it starts is told its own peak, and not less than this one's.

Everything is told as a ratio of two costs that were measured in the same run, one after the other, on the same machine. A
row whose subject is not there (another program, an option that does not exist) is not in the table.
"""

import argparse
import importlib.util
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from itertools import islice
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).parent
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
DAY = "2026-11-25"
LATER = "2026-11-26"

ASKED = {
    "batteries": ("horizon_year", range(2031, 2051)),
    "market_share": ("horizon_year", range(2036, 2056)),
    "partnerships": ("horizon_year", range(2034, 2054)),
    "road": ("horizon_year", range(2033, 2053)),
    "targets": ("horizon_year", range(2035, 2055)),
    "briefing": ("since", [f"2024-{month:02}-{day:02}" for month in range(1, 11) for day in (1, 15)]),
}
"""Report -> a parameter, and what a batch asks of it."""


@dataclass(frozen=True)
class Cost:
    """Seconds on the clock, seconds of processors, and bytes of the largest process among those that it took."""

    wall: float
    cpu: float
    peak: float

    def __add__(self, other: "Cost") -> "Cost":
        return Cost(self.wall + other.wall, self.cpu + other.cpu, max(self.peak, other.peak))

    def times(self, factor: float) -> "Cost":
        """That of doing it so often."""
        return Cost(self.wall * factor, self.cpu * factor, self.peak)


@dataclass(frozen=True)
class Row:
    """A line of the table: what was measured and against what, and what it must reach.

    With `against` the ratio is that of clock times (times faster), and the bounds are least ratios; with `value`, in `unit`,
    they are most.
    """

    what: str
    cost: Cost | None = None
    reference: str = ""
    against: Cost | None = None
    value: float | None = None
    unit: str = ""
    at_least: float | None = None
    aim: float | None = None

    @property
    def ratio(self) -> float | None:
        """How many times faster it was than what it is held against."""
        return self.against.wall / self.cost.wall if self.against and self.cost else None

    @property
    def reached(self) -> str:
        """Whether it is what it must be: the aim, the least, or neither."""
        for word, bound in (("aim", self.aim), ("yes", self.at_least)):
            met = bound is not None and (self.ratio >= bound if self.ratio is not None else self.value <= bound)
            if met:
                return word
        return "" if self.at_least is None else "no"

    def cells(self) -> list[str]:
        """The line as text, in the order of HEAD."""
        shown = "" if self.value is None else f"{self.value:.3g} {self.unit}".strip()
        if self.ratio is not None:
            shown = f"{self.ratio:.3g}x faster ({self.against.cpu / self.cost.cpu:.3g}x less CPU)"
        bound = [
            ("" if each is None else f"{each:g}{'x' if self.ratio is not None else f' {self.unit}'.rstrip()}")
            for each in (self.at_least, self.aim)
        ]
        return [self.what, _seconds(self.cost), self.reference, _seconds(self.against), shown, *bound, self.reached]


def _rows(count: int, names: Sequence[str]) -> Iterator[tuple[str, dict[str, object]]]:
    """So many reports with parameters, the notebooks of these names in turn."""
    there = {name: asked for name, asked in ASKED.items() if name in names}
    each = [[(name, {parameter: value}) for value in values] for name, (parameter, values) in there.items()]
    return islice((row for together in zip(*each, strict=True) for row in together), count)


def _table(row: tuple[str, dict[str, object]]) -> str:
    """A row of a grid as TOML."""
    return "".join(
        ["[[grid]]\n", f"report = {json.dumps(row[0])}\n", *(f"{name} = {json.dumps(v)}\n" for name, v in row[1].items())]
    )


HEAD = ["what", "cost", "against", "its cost", "result", "must be", "aim", "reached"]


def _seconds(cost: Cost | None) -> str:
    return f"{cost.wall:.3g} s, {cost.cpu:.3g} s CPU, {cost.peak / 1e6:.0f} MB" if cost else ""


def run(command: Sequence[str | Path], *, cwd: Path) -> Cost:
    """What a command costs, with the processes that it starts."""
    with tempfile.TemporaryFile() as told:
        clock = time.perf_counter()
        process = subprocess.Popen([str(part) for part in command], cwd=cwd, stdout=told, stderr=told)
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - clock
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            told.seek(0)
            sys.exit(
                f"{' '.join(process.args)} ended with {process.returncode}:\n{told.read().decode(errors='replace')[-2000:]}"
            )
    return Cost(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024)


def measured(name: str, argument: Path) -> dict[str, float]:
    """What a subject tells of itself in a process of its own."""
    command = [sys.executable, "-W", "ignore", HERE / "subjects.py", name, argument]
    return json.loads(subprocess.check_output([str(part) for part in command], cwd=ROOT))


def subject(name: str, argument: Path, *, repeat: int = 1) -> Cost:
    """What a subject costs; the quickest of `repeat` times."""
    best = min((measured(name, argument) for _ in range(repeat)), key=lambda cost: cost["wall"])
    return Cost(best["wall"], best["cpu"], best["peak"])


class Bench:
    """One run: a copy of a project in a folder of its own, and what is measured in it, each thing once."""

    def __init__(self, options: argparse.Namespace, folder: Path) -> None:
        self.options, self.folder = options, folder
        self.root = folder / "project"
        for name in ("data", "notebooks"):
            shutil.copytree(options.project / name, self.root / name, ignore=shutil.ignore_patterns(".*"))
        self.notebooks = sorted((self.root / "notebooks").glob("*.ipynb"))
        self.browser = next(filter(None, map(shutil.which, BROWSERS)), None)

    def reports(self) -> Iterator[Row]:
        """Making reports: the naive loop, all of them cold, again, and each warm by what it is made of."""
        naive = [(notebook.stem, {}) for notebook in self.notebooks[: self.options.sample]]
        each = self._naive(naive)
        steps = "papermill, nbconvert" + (" and Chromium" if self.browser else "; no browser for the PDF")
        yield Row(f"one report in the naive loop ({steps}; mean of {len(naive)})", each)
        count = len(self.notebooks)
        loop = f"the naive loop, extrapolated from {len(naive)} to {count}"
        build = [sys.executable, "-m", "analysis", "build", "--date", DAY]
        cold, again = run(build, cwd=self.root), [run(build, cwd=self.root) for _ in range(3)]
        yield Row(f"all {count} reports, cold, one command", cold, loop, each.times(count), at_least=8, aim=15)
        quickest = min(again, key=lambda cost: cost.wall)
        yield Row("nothing changed: the second build", quickest, "the first", cold, at_least=20, aim=50)
        yield Row("peak memory of a process that makes reports", value=cold.peak / 1e6, unit="MB", at_least=500, aim=350)

    def batch(self) -> Iterator[Row]:
        """Many reports at once: those of a grid that crosses the notebooks with other parameters; and again with one more."""
        asked = list(_rows(self.options.batch + 1, [notebook.stem for notebook in self.notebooks]))
        if not asked:
            return
        every = max(1, len(asked) // self.options.sample)
        each = self._naive(asked[:-1:every][: self.options.sample])
        count = len(asked) - 1
        loop = f"the naive loop, extrapolated from {self.options.sample} to {count}"
        build = [sys.executable, "-m", "analysis", "build", "--date", LATER, "--grid", self.folder / "grid.toml"]
        costs = []
        for rows in (asked[:-1], asked):
            (self.folder / "grid.toml").write_text("".join(map(_table, rows)), "utf-8")
            costs.append(run(build, cwd=self.root))
        yield Row(f"a batch of {count} reports", costs[0], loop, each.times(count), at_least=25, aim=50)
        yield Row("the same batch with one report more", costs[1], "the batch", costs[0])
        yield Row(
            "peak memory of the largest process of the batch", value=costs[0].peak / 1e6, unit="MB", at_least=500, aim=350
        )

    def _naive(self, reports: list[tuple[str, dict[str, object]]]) -> Cost:
        """The mean cost of a report in the naive loop."""
        costs = [self._one(name, given) for name, given in reports]
        return sum(costs[1:], costs[0]).times(1 / len(costs))

    def _one(self, name: str, given: dict[str, object]) -> Cost:
        notebook = self.root / "notebooks" / f"{name}.ipynb"
        made = Path(tempfile.mkdtemp(prefix=f"{name}-", dir=self.folder))
        parameters = [part for pair in given.items() for part in ("-p", *map(str, pair))]
        command = [sys.executable, "-m", "papermill", notebook, made / "out.ipynb", "-k", "python3", *parameters]
        cost = run(command, cwd=notebook.parent)
        cost += run([sys.executable, "-m", "nbconvert", "--to", "html", made / "out.ipynb"], cwd=made)
        if self.browser:
            print_ = ["--headless", "--no-sandbox", "--disable-gpu", f"--print-to-pdf={made / 'out.pdf'}", made / "out.html"]
            cost += run([self.browser, *print_], cwd=made)
        return cost

    def warm(self) -> Iterator[Row]:
        """Each report made in a process that has made the others, by what is done, against its cells as a plain script."""
        ratios = []
        for notebook in self.notebooks:
            told, floor = measured("warm", notebook), subject("plain", notebook)
            seconds = {name: told[name] for name in ("executed", "page", "PDF")}
            parts = ", ".join(f"{name} {value:.2f}" for name, value in seconds.items())
            ratios.append(sum(seconds.values()) / floor.wall)
            text = (
                f"{notebook.stem}, warm: {parts} s; its cells as a plain script that makes what they show, {floor.wall:.2f} s"
            )
            yield Row(text, value=ratios[-1], unit="times slower")
        text = "a warm report against its cells as a plain script, median"
        yield Row(text, value=median(ratios), unit="times slower", at_least=4, aim=2.5)

    def market_share(self) -> Iterator[Row]:
        """Shares of a market from many registrations, against other engines on the same file."""
        rows = self.options.rows
        yield from self._shares("duckdb", rows, at_least=1, aim=1.5)
        yield from self._shares("pandas", rows // 10)  # it holds the whole file at once

    def _shares(self, other: str, rows: int, **bounds: float) -> Iterator[Row]:
        if importlib.util.find_spec(other) is None:
            return
        file = self.folder / f"{rows}.parquet"
        if not file.exists():
            run([sys.executable, HERE / "registrations.py", file, str(rows)], cwd=ROOT)
        ours, theirs = (subject(name, file, repeat=3) for name in ("streamed", other))
        yield Row(f"market_share of {rows:,} registrations", ours, f"{other} {version(other)}", theirs, **bounds)

    def claims(self) -> Iterator[Row]:
        """A ledger of many claims."""
        count, folder = self.options.claims, self.folder / "ledger"
        run([sys.executable, HERE / "ledger.py", folder, str(count)], cwd=ROOT)
        yield Row(f"a ledger of {count:,} claims, read and validated", subject("load", folder))
        yield Row("what of it was known on its last day", subject("as_of", folder))

    def start(self) -> Iterator[Row]:
        """How soon the command is there."""
        costs = [run([sys.executable, "-m", "analysis", "--help"], cwd=self.root) for _ in range(5)]
        yield Row("evroad --help", value=min(cost.cpu for cost in costs), unit="s CPU", at_least=0.25, aim=0.1)


PARTS: dict[str, Callable[[Bench], Iterator[Row]]] = {
    "reports": Bench.reports,
    "batch": Bench.batch,
    "warm": Bench.warm,
    "start": Bench.start,
    "market_share": Bench.market_share,
    "claims": Bench.claims,
}
"""Part of the benchmark -> what gives its rows."""

NOTE = """# Benchmarks

Written by `make bench`, in one run, on {processors} processors with Python {python} and polars {polars}. Costs are seconds
on the clock, seconds of processors, and the memory of the largest process; ratios are of clock times, with those of
processors beside them. Made-up data come from seeds (`tests/bench/`).

"""


def table(rows: list[Row], /) -> str:
    """Rows as a table in Markdown."""
    lines = [HEAD, ["---"] * len(HEAD), *(row.cells() for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def main(arguments: list[str] | None = None) -> None:
    """Measure, and print and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}; all where none is named")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "benchmarks.md")
    parser.add_argument("--project", type=Path, default=ROOT, help="the project whose reports are made")
    parser.add_argument("--sample", type=int, default=5, help="reports that the naive loop makes")
    parser.add_argument("--batch", type=int, default=100, help="reports of the batch")
    parser.add_argument("--rows", type=int, default=100_000_000, help="registrations")
    parser.add_argument("--claims", type=int, default=1_000_000)
    options = parser.parse_args(arguments)
    if unknown := set(options.parts) - set(PARTS):
        parser.error(f"no part {', '.join(unknown)}; there are {', '.join(PARTS)}")
    rows = []
    with tempfile.TemporaryDirectory(prefix="evroad-bench-") as folder:
        bench = Bench(options, Path(folder))
        for part in options.parts or PARTS:
            for row in PARTS[part](bench):
                rows.append(row)
                print(" | ".join(filter(None, row.cells())), flush=True)  # noqa: T201 - what it is for
    names = {"processors": os.cpu_count(), "python": platform.python_version(), "polars": version("polars")}
    options.out.parent.mkdir(exist_ok=True)
    options.out.write_text(NOTE.format(**names) + table(rows), "utf-8")


if __name__ == "__main__":
    main()
