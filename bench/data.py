"""TPC-H for tests, demo and benchmark: the data, the table designs, loading into both engines.

`generate` makes Parquet files with tpchgen-cli once per scale and keeps them in a cache folder
(.venv/tpch of the checkout; WAREHOUSE_DATA names another). `DESIGNS` are sets of table attributes over
the same columns: a design may change what a query costs, never what it answers.

    demo   each large table by its most joined key, small ones on every node, sorted by date or key
    even   all EVEN, no sort keys: the "no design" baseline
    all    everything on every node

DuckDB gets the same Parquet files in the same order. Queries: queries.py. Timing: runner.py.
"""
from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

TPCH_TABLES: dict[str, str] = {
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
    "even": dict.fromkeys(TPCH_TABLES, "diststyle even"),
    "all": dict.fromkeys(TPCH_TABLES, "diststyle all"),
}


def create_statements(design: str) -> list[str]:
    """One CREATE TABLE per table in a design."""
    if design not in DESIGNS:
        raise SystemExit(f"no design {design!r}; there are {', '.join(DESIGNS)}")
    return [
        f"create table {table} ({columns}) {DESIGNS[design][table]}" for table, columns in TPCH_TABLES.items()
    ]


def copy_statements(folder: Path) -> list[str]:
    """One COPY per table from the Parquet files in `folder`."""
    return [f"copy {table} from '{folder / table}.parquet' format parquet" for table in TPCH_TABLES]


def load(connection: Any, folder: Path, design: str) -> None:
    """Create the tables in a design and COPY them."""
    cursor = connection.cursor()
    for statement in create_statements(design) + copy_statements(folder):
        cursor.execute(statement)


def load_duckdb(connection: Any, folder: Path) -> None:
    """The same tables in DuckDB, with its own types for the same columns."""
    for table, columns in TPCH_TABLES.items():
        connection.execute(f"create table {table} ({columns})")
        connection.execute(f"insert into {table} select * from read_parquet('{folder / table}.parquet')")


def cache_folder() -> Path:
    """Where generated data stays: WAREHOUSE_DATA, the checkout's .venv, else a temporary folder."""
    named = os.environ.get("WAREHOUSE_DATA")
    if named:
        return Path(named)
    environment = Path(__file__).resolve().parent.parent / ".venv"
    if os.access(environment, os.W_OK):
        return environment / "tpch"
    return Path(tempfile.gettempdir()) / "warehouse-tpch"


def generate(scale: float) -> Path:
    """The folder with <table>.parquet of this scale factor, made when it is not there.

    Written beside and renamed, so that two processes may ask at once.
    """
    folder = cache_folder() / f"sf{scale:g}"
    if folder.is_dir():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(prefix=f"{folder.name}.", dir=folder.parent))
    try:
        _run_generator(scale, fresh)
        fresh.rename(folder)
    except OSError:
        if not folder.is_dir():  # nobody else was faster: a true failure
            raise
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return folder


def _run_generator(scale: float, folder: Path) -> None:
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


def folder_bytes(path: Path) -> int:
    """Bytes of all files under a folder (or of one file)."""
    files = [path] if path.is_file() else [p for p in path.rglob("*") if p.is_file()]
    return sum(p.stat().st_size for p in files)
