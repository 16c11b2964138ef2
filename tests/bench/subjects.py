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


def plain(notebook: str) -> Callable[[], object]:
    """The code cells of a notebook as a plain script, warm: the second time that this process runs them."""
    cells = json.loads(Path(notebook).read_text("utf-8"))["cells"]
    source = "\n\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
    code = compile(source, notebook, "exec")

    def run() -> None:
        exec(code, {"__name__": "__main__"})  # noqa: S102 - the project's own notebook

    run()
    return run


SUBJECTS = {one.__name__: one for one in (streamed, duckdb, pandas, load, as_of, plain)}

if __name__ == "__main__":
    work = SUBJECTS[sys.argv[1]](*sys.argv[2:])
    wall, cpu = time.perf_counter(), time.process_time()
    result = work()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    rows = len(result) if hasattr(result, "__len__") else None
    print(json.dumps({"wall": wall, "cpu": cpu, "peak": peak, "rows": rows}))  # noqa: T201 - what it is for
