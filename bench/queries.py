"""The queries that are timed: TPC-H's 22, with the judge's texts, from the checkout's tests/oracle/.

    text("q01", scale)       in Redshift's dialect, which DuckDB reads too: what is timed
    judges_text("q01", ...)  with Redshift's types and rounding spelled out: what is compared
"""
from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Any

ALL = tuple(f"q{n:02}" for n in range(1, 23))

# One join without much around it, where a second thread should show: 6M probes into 1.5M rows at SF1.
JOIN_HEAVY = """
select o_orderpriority, count(*) as lines, sum(l_extendedprice * (1 - l_discount)) as revenue
from lineitem, orders
where l_orderkey = o_orderkey and l_quantity < 45
group by o_orderpriority
"""


def oracle(module: str) -> Any:
    """A module of tests/oracle/ of this checkout."""
    tests = Path(__file__).resolve().parent.parent / "tests"
    if not (tests / "oracle").is_dir():
        raise SystemExit("the benchmark needs a checkout of the repository: tests/oracle/ is not there")
    if str(tests) not in sys.path:
        sys.path.insert(0, str(tests))
    return importlib.import_module(f"oracle.{module}")


def text(query: str, scale: float) -> str:
    """One query's text for a scale factor."""
    return str(oracle("judge").text(query, scale))


def judges_text(query: str, scale: float) -> str:
    """The text whose answer in DuckDB is the right one."""
    return str(oracle("adapt").adapted(query, text(query, scale)))


def chosen(names: str | None) -> tuple[str, ...]:
    """`1,6,q14` as names; all 22 where nothing is chosen."""
    if not names:
        return ALL
    picked = tuple(f"q{int(name.strip().lstrip('qQ')):02}" for name in names.split(","))
    unknown = [name for name in picked if name not in ALL]
    if unknown:
        raise SystemExit(f"no such query: {', '.join(unknown)}; there are q01 to q22")
    return picked
