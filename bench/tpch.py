"""TPC-H: the tables, the table designs, the 22 queries, data from tpchgen-cli.

    demo   each large table by its most joined key, small ones on every node, sorted by date or key
    even   all EVEN, no sort keys: the "no design" baseline
    all    everything on every node

The queries' texts are in the checkout's tests/oracle/tpch/, the judge's in tests/oracle/adapt.py.
"""
from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from .oracle import oracle
from .suite import Suite

TABLES: dict[str, str] = {
    "region": """
        r_regionkey bigint not null, r_name char(25) not null, r_comment varchar(152) not null""",
    "nation": """
        n_nationkey bigint not null, n_name char(25) not null, n_regionkey bigint not null,
        n_comment varchar(152) not null""",
    "supplier": """
        s_suppkey bigint not null, s_name char(25) not null, s_address varchar(40) not null,
        s_nationkey bigint not null, s_phone char(15) not null, s_acctbal decimal(15,2) not null,
        s_comment varchar(101) not null""",
    "customer": """
        c_custkey bigint not null, c_name varchar(25) not null, c_address varchar(40) not null,
        c_nationkey bigint not null, c_phone char(15) not null, c_acctbal decimal(15,2) not null,
        c_mktsegment char(10) not null, c_comment varchar(117) not null""",
    "part": """
        p_partkey bigint not null, p_name varchar(55) not null, p_mfgr char(25) not null,
        p_brand char(10) not null, p_type varchar(25) not null, p_size integer not null,
        p_container char(10) not null, p_retailprice decimal(15,2) not null,
        p_comment varchar(23) not null""",
    "partsupp": """
        ps_partkey bigint not null, ps_suppkey bigint not null, ps_availqty integer not null,
        ps_supplycost decimal(15,2) not null, ps_comment varchar(199) not null""",
    "orders": """
        o_orderkey bigint not null, o_custkey bigint not null, o_orderstatus char(1) not null,
        o_totalprice decimal(15,2) not null, o_orderdate date not null,
        o_orderpriority char(15) not null, o_clerk char(15) not null,
        o_shippriority integer not null, o_comment varchar(79) not null""",
    "lineitem": """
        l_orderkey bigint not null, l_partkey bigint not null, l_suppkey bigint not null,
        l_linenumber integer not null, l_quantity decimal(15,2) not null,
        l_extendedprice decimal(15,2) not null, l_discount decimal(15,2) not null,
        l_tax decimal(15,2) not null, l_returnflag char(1) not null, l_linestatus char(1) not null,
        l_shipdate date not null, l_commitdate date not null, l_receiptdate date not null,
        l_shipinstruct char(25) not null, l_shipmode char(10) not null,
        l_comment varchar(44) not null""",
}

DESIGNS: dict[str, dict[str, str]] = {
    "demo": {
        "region": "diststyle all sortkey(r_regionkey)",
        "nation": "diststyle all sortkey(n_nationkey)",
        "supplier": "diststyle all sortkey(s_suppkey)",
        "customer": "distkey(c_custkey) sortkey(c_custkey)",
        "part": "distkey(p_partkey) sortkey(p_partkey)",
        "partsupp": "distkey(ps_partkey) sortkey(ps_partkey)",
        "orders": "distkey(o_orderkey) sortkey(o_orderdate, o_orderkey)",
        "lineitem": "distkey(l_orderkey) sortkey(l_shipdate, l_orderkey)",
    },
    "even": dict.fromkeys(TABLES, "diststyle even"),
    "all": dict.fromkeys(TABLES, "diststyle all"),
}

# 6M probes into 1.5M rows at SF1.
JOIN_HEAVY = """
select o_orderpriority, count(*) as lines, sum(l_extendedprice * (1 - l_discount)) as revenue
from lineitem, orders
where l_orderkey = o_orderkey and l_quantity < 45
group by o_orderpriority
"""


def _text(query: str, scale: float) -> str:
    return str(oracle("judge").tpch_text(query, scale))


def _judges_text(query: str, scale: float) -> str:
    return str(oracle("adapt").adapted(query, _text(query, scale)))


def _generate(scale: float, folder: Path) -> None:
    beside = Path(sys.executable).with_name("tpchgen-cli")
    command = str(beside) if beside.exists() else shutil.which("tpchgen-cli")
    if command is None:
        raise SystemExit("tpchgen-cli is not installed: pip install 'warehouse-sql[test]'")
    done = subprocess.run(
        [command, "parquet", "-q", "--scale-factor", f"{scale:g}", "--output-dir", str(folder)],
        capture_output=True, text=True, check=False,
    )
    if done.returncode:
        raise SystemExit(f"tpchgen-cli failed: {done.stderr.strip()}")


TPCH = Suite(
    name="tpch",
    title="TPC-H",
    tables=TABLES,
    designs=DESIGNS,
    queries=tuple(f"q{n:02}" for n in range(1, 23)),
    texts=_text,
    judges_texts=_judges_text,
    make=_generate,
    join_heavy=JOIN_HEAVY,
)
