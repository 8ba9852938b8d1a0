"""TPC-DS data and query texts, from DuckDB's extension, in an environment of its own.

    .venv/tpcds-generator/     python -m venv, with GENERATOR in it     (made when it is not there)
    .venv/tpcds/sf1/           <table>.parquet, q01.sql to q99.sql

The extension comes as a wheel that fits one version of DuckDB only, older than the one that judges;
so the generator runs as `python -c` of another environment and leaves files. Integers are written in
the widths of our tables, because COPY from Parquet wants the column's own type.
"""
from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

GENERATOR = ("duckdb==1.5.5", "duckdb-extension-tpcds==1.5.5")

# Runs in the other environment: nothing of this package is there.
_SCRIPT = """
import importlib.util, json, pathlib, sys
import duckdb

scale, folder, tables = float(sys.argv[1]), pathlib.Path(sys.argv[2]), json.loads(sys.argv[3])
package = pathlib.Path(importlib.util.find_spec("duckdb_extension_tpcds").origin).parent
[extension] = package.rglob("tpcds.duckdb_extension")
connection = duckdb.connect()
connection.execute("set enable_progress_bar = false")
connection.execute(f"load '{extension}'")
connection.execute(f"call dsdgen(sf = {scale})")
for table, types in tables.items():
    columns = ", ".join(f"cast({name} as {kind}) as {name}" for name, kind in types.items())
    connection.execute(f"copy (select {columns} from {table}) to '{folder}/{table}.parquet' (format parquet)")
for number, text in connection.execute("select query_nr, query from tpcds_queries()").fetchall():
    (folder / f"q{number:02}.sql").write_text(text.strip().rstrip(";") + chr(10))
"""


def generate(scale: float, folder: Path, tables: Mapping[str, str], environment: Path) -> None:
    """Write Parquet files of these tables, and the query texts, into an empty folder."""
    python = _python(environment)
    wanted = json.dumps({table: types(columns) for table, columns in tables.items()})
    _run([str(python), "-c", _SCRIPT, f"{scale:g}", str(folder), wanted], "the TPC-DS generator")


def types(columns: str) -> dict[str, str]:
    """Column -> type, of our own column definitions."""
    return dict(re.findall(r"(\w+) (\w+(?:\([\d,]+\))?)", columns.replace(" not null", "")))


def _python(environment: Path) -> Path:
    """The generator's interpreter; the environment is made beside and renamed when it is not there."""
    python = environment / "bin" / "python"
    if python.exists():
        return python
    environment.parent.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(prefix=f"{environment.name}.", dir=environment.parent))
    try:
        # Without pip of its own, which takes longer to unpack than all the rest: ours installs into it.
        _run([sys.executable, "-m", "venv", "--without-pip", "--clear", str(fresh)], "python -m venv")
        pip = [sys.executable, "-m", "pip", "--python", str(fresh / "bin" / "python"), "--quiet"]
        _run([*pip, "--disable-pip-version-check", "install", *GENERATOR], "pip install")
        fresh.rename(environment)
    except OSError:
        if not python.exists():  # nobody else was faster: a true failure
            raise
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return python


def _run(command: list[str], what: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{what} failed: {done.stderr.strip()}")
