"""What is measured in a process of its own: `python subjects.py NAME ARGUMENT...` does it and prints the cost as JSON.

Imports are not counted, and neither is what a first call sets up once, where a subject is said to be warm.
"""

import importlib
import json
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path


def streamed(file: str) -> Callable[[], object]:
    """`market_share` of a Parquet file, lazy, collected by polars' streaming engine."""
    import polars as pl

    from analysis.metrics.market_share import market_share

    return lambda: market_share(pl.scan_parquet(file), by="maker").collect(engine="streaming")


SQL = """
with totals as (
    select market, period, maker, sum(units)::bigint as units, min(units) as least, count(*) - count(units) as missing
    from read_parquet(?) group by market, period, maker
), shares as (
    select *, units / nullif(sum(units) over same, 0) as share,
        rank() over (partition by market, period order by units desc) as rank,
        dense_rank() over (partition by market order by period) as step
    from totals window same as (partition by market, period)
)
select now.market, now.period, now.maker, now.units, now.share, now.rank,
    (now.share - before.share) * 100 as change_points, now.least, now.missing
from shares now left join shares before
    on now.market = before.market and now.maker = before.maker and now.step = before.step + 1
order by now.market, now.period, now.rank, now.maker
"""


def duckdb(file: str) -> Callable[[], object]:
    """The same in DuckDB, with what is needed to tell negative and missing units."""
    engine = importlib.import_module("duckdb")
    return lambda: engine.connect().sql(SQL, params=[file]).to_arrow_table()


def pandas(file: str) -> Callable[[], object]:
    """The same in pandas, from the four columns that it needs."""
    pd = importlib.import_module("pandas")

    def shares() -> object:
        market, group = ["market", "period"], ["market", "maker"]
        table = pd.read_parquet(file, columns=[*market, "maker", "units"])
        totals = table.groupby([*market, "maker"], sort=False).units.agg(["sum", "min", "count", "size"]).reset_index()
        totals["share"] = totals["sum"] / totals.groupby(market)["sum"].transform("sum")
        totals["rank"] = totals.groupby(market)["sum"].rank("min", ascending=False)
        totals["step"] = totals.groupby("market")["period"].rank("dense")
        before = totals[[*group, "step", "share"]].assign(step=totals["step"] + 1)
        both = totals.merge(before, on=[*group, "step"], how="left", suffixes=("", "_before"), validate="m:1")
        both["change_points"] = (both["share"] - both["share_before"]) * 100
        return both.sort_values([*market, "rank", "maker"])

    return shares


def load(folder: str) -> Callable[[], object]:
    """A ledger, read and validated."""
    from analysis import Ledger

    return lambda: Ledger.load(Path(folder))


def as_of(folder: str) -> Callable[[], object]:
    """The view of a ledger, once it is loaded."""
    from analysis import Ledger

    ledger = Ledger.load(Path(folder))
    return lambda: ledger.as_of()


def _cells(notebook: Path) -> list[str]:
    cells = json.loads(notebook.read_text("utf-8"))["cells"]
    return ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]


def _others(notebook: Path) -> list[Path]:
    """The notebooks beside one: what they set up once is not its cost. What it makes itself is made for the first time."""
    return [path for path in sorted(notebook.parent.glob("*.ipynb")) if path != notebook]


def plain(notebook: str) -> Callable[[], object]:
    """The code cells of a notebook as a plain script that makes what they show: the floor of a report, in a warm process."""
    import ast

    from IPython.core.interactiveshell import InteractiveShell

    show = InteractiveShell.instance().display_formatter.format

    def run(path: Path) -> None:
        names: dict = {"__name__": "__main__"}
        for source in _cells(path):
            body = ast.parse(source).body
            last = ast.Expression(body.pop().value) if body and isinstance(body[-1], ast.Expr) else None
            exec(compile(ast.Module(body, []), str(path), "exec"), names)  # noqa: S102 - the project's own notebook
            if last:
                show(eval(compile(last, str(path), "eval"), names))  # noqa: S307 - the same

    for other in _others(Path(notebook)):
        run(other)
    return lambda: run(Path(notebook))


def warm(notebook: str) -> Callable[[], object]:
    """A report made by a warm worker: run, page and PDF; gives the seconds of each."""
    from datetime import date

    from analysis.exhibits.citing import footnotes
    from analysis.reporting.changes import Changes
    from analysis.reporting.making import Drawing, Job, draw, run
    from analysis.reporting.planning import plan
    from analysis.reporting.workers import Workers

    path = Path(notebook)
    planned = plan(path.parents[1], [], {}, date=date(2026, 11, 25), as_of=None)
    workers = Workers(1)

    def made(name: str) -> dict[str, float]:
        ran = workers.submit(run, Job(path.with_name(f"{name}.ipynb"), planned.parameters[name], "evroad")).result()
        about, checks, words = planned.about("2026-11-25"), planned.findings, planned.words
        sources = footnotes(ran.figures, planned.view)
        given = Drawing(ran.notebook, about, Changes("", [], []), checks, words, sources, is_static=False)
        drawn = workers.submit(draw, given).result()
        if ran.failed or drawn.failed:
            sys.exit(ran.failed or drawn.failed)
        return {"executed": ran.seconds, **drawn.seconds}

    for other in _others(path):
        made(other.stem)
    return lambda: made(path.stem)


SUBJECTS = {one.__name__: one for one in (streamed, duckdb, pandas, load, as_of, plain, warm)}

if __name__ == "__main__":
    work = SUBJECTS[sys.argv[1]](*sys.argv[2:])
    wall, cpu = time.perf_counter(), time.process_time()
    result = work()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    told = result if isinstance(result, dict) else {"rows": len(result) if hasattr(result, "__len__") else None}
    print(json.dumps({"wall": wall, "cpu": cpu, "peak": peak, **told}))  # noqa: T201 - what it is for
