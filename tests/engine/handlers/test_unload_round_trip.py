"""UNLOAD then COPY gives the same rows back, of every type that COPY takes and in every format that keeps it."""
from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import warehouse
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from warehouse.storage.arrow import arrow_type
from warehouse.storage.types import (
    BIGINT,
    BOOLEAN,
    DATE,
    DOUBLE,
    INTEGER,
    REAL,
    SMALLINT,
    TIME,
    TIMESTAMP,
    TIMESTAMPTZ,
    Kind,
    SqlType,
    char,
    decimal,
    varchar,
)  # fmt: skip

SUPER, VARBYTE, TIMETZ = SqlType(Kind.SUPER), SqlType(Kind.VARBYTE, length=8), SqlType(Kind.TIMETZ)


def _integers(bits: int) -> st.SearchStrategy[int]:
    return st.integers(1 - (1 << (bits - 1)), (1 << (bits - 1)) - 1)


def _decimals(digits: int, scale: int) -> st.SearchStrategy[Decimal]:
    return st.integers(1 - 10**digits, 10**digits - 1).map(lambda v: Decimal(f"{v}E-{scale}"))


TEXT = st.text(st.sampled_from('ab|,"\'\\\n\t é中'), max_size=8)
DAYS = st.dates(date(1, 1, 1), date(9999, 12, 31))
MOMENTS = st.datetimes(datetime(1, 1, 1), datetime(9999, 12, 31))
DOCUMENT = st.sampled_from(['{"a":[1,"x|y",null]}', '"a,\\"b"', "1.5", "true", "[]"])
COLUMNS: dict[str, tuple[SqlType, str, st.SearchStrategy[Any]]] = {
    "i2": (SMALLINT, "smallint", _integers(16)),
    "i4": (INTEGER, "int", _integers(32)),
    "i8": (BIGINT, "bigint", _integers(64)),
    "d": (decimal(12, 2), "decimal(12,2)", _decimals(12, 2)),
    "w": (decimal(38, 10), "decimal(38,10)", _decimals(38, 10)),
    "r": (REAL, "real", st.floats(-(2.0**100), 2.0**100, width=32)),
    "f": (DOUBLE, "double precision", st.floats(-1e300, 1e300)),
    "b": (BOOLEAN, "boolean", st.booleans()),
    "da": (DATE, "date", DAYS),
    "ts": (TIMESTAMP, "timestamp", MOMENTS),
    "tz": (TIMESTAMPTZ, "timestamptz", MOMENTS.map(lambda m: m.replace(tzinfo=UTC))),
    "ti": (TIME, "time", st.times()),
    "tt": (TIMETZ, "timetz", st.times()),
    "c": (char(6), "char(6)", st.text(st.sampled_from("ab|,\"'\\ "), max_size=6)),
    "v": (varchar(60), "varchar(60)", TEXT),
    "s": (SUPER, "super", DOCUMENT),
    "x": (VARBYTE, "varbyte(8)", st.binary(min_size=1, max_size=8)),
}
IN_TEXT = tuple(name for name in COLUMNS if name != "x")  # COPY takes VARBYTE from CSV alone
ROWS = st.lists(st.tuples(*[st.none() | values for _, _, values in COLUMNS.values()]), min_size=1, max_size=12)
# UNLOAD's clauses, COPY's, and the columns that the format keeps.
FORMATS = {
    "parquet": ("format parquet", "format parquet", IN_TEXT),
    "csv": ("csv null as '@'", "csv null as '@'", tuple(COLUMNS)),
    "gzip csv with a header": ("csv header gzip null as '@'", "csv ignoreheader 1 gzip null as '@'", tuple(COLUMNS)),
    "escape": ("escape null as '@'", "escape null as '@'", IN_TEXT),
    "addquotes escape": ("addquotes escape null as '@' zstd", "removequotes escape null as '@' zstd", IN_TEXT),
    "json": ("json", "json 'auto'", IN_TEXT),
}


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Any, Path]]:
    with warehouse.connect(":memory:", nodes=1, slices_per_node=2, autocommit=True) as db:
        for name in ("source", "again"):
            columns = ", ".join(f"{n} {t[1]}" for n, t in COLUMNS.items())
            db.execute(f"create table {name} (n int, {columns}) diststyle even")
        yield db, tmp_path_factory.mktemp("files")


def _table(rows: list[tuple[Any, ...]]) -> pa.Table:
    arrays = {name: pa.array([row[i] for row in rows], arrow_type(type))
              for i, (name, (type, _, _)) in enumerate(COLUMNS.items())}  # fmt: skip
    return pa.table({"n": list(range(len(rows))), **arrays})


def _kept(db: Any, table: str, listed: str) -> dict[str, list[Any]]:
    """The rows by column. SUPER's NULL goes out as JSON's null."""
    found = db.execute(f"select {listed} from {table} order by n").fetch_arrow_table().to_pydict()
    found["s"] = [None if value == "null" else value for value in found["s"]]
    return found


@pytest.mark.parametrize("name", FORMATS)
@settings(max_examples=2, phases=[Phase.generate])
@given(rows=ROWS)
def test_rows_come_back(tables: tuple[Any, Path], name: str, rows: list[tuple[Any, ...]]) -> None:
    db, folder = tables
    unloading, loading, columns = FORMATS[name]
    db.execute("truncate source")
    db.execute("truncate again")
    db.write_arrow("source", _table(rows))
    listed = ", ".join(("n", *columns))
    shutil.rmtree(folder)
    db.execute(f"unload ('select {listed} from source') to '{folder}/x_' {unloading} manifest")
    (folder / "x_manifest").unlink()
    db.execute(f"copy again ({listed}) from '{folder}/x_' {loading}")
    before, after = _kept(db, "source", listed), _kept(db, "again", listed)
    for column in before:
        assert after[column] == before[column], column
