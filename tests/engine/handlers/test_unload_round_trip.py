"""UNLOAD then COPY gives the same rows back: every type by every format, but for what the manual refuses, by name."""
from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
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
HLLSKETCH, MONTHS, MICROS = SqlType(Kind.HLLSKETCH), SqlType(Kind.INTERVAL_YM), SqlType(Kind.INTERVAL_DS)
MINUTES = SqlType(Kind.INTERVAL_DS, precision=1)


def _integers(bits: int) -> st.SearchStrategy[int]:
    return st.integers(1 - (1 << (bits - 1)), (1 << (bits - 1)) - 1)


def _decimals(digits: int, scale: int) -> st.SearchStrategy[Decimal]:
    return st.integers(1 - 10**digits, 10**digits - 1).map(lambda v: Decimal(f"{v}E-{scale}"))


TEXT = st.text(st.sampled_from('ab|,"\'\\\n\t é中'), max_size=8)
DAYS = st.dates(date(1, 1, 1), date(9999, 12, 31))
MOMENTS = st.datetimes(datetime(1, 1, 1), datetime(9999, 12, 31))
SKETCHES = st.sampled_from([
    '{"version":1,"logm":15,"sparse":{"indices":[20812342,20850007],"values":[1,2]}}', "B" + "A" * 32767,
])  # fmt: skip
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
    "h": (HLLSKETCH, "hllsketch", SKETCHES),
    "ym": (MONTHS, "interval year to month", _integers(32).map(lambda v: (v, 0, 0))),
    "ds": (MICROS, "interval day to second", _integers(62).map(lambda v: timedelta(microseconds=v))),
    "dm": (MINUTES, "interval day to minute", _integers(30).map(lambda v: timedelta(minutes=v))),
}
ALL = tuple(COLUMNS)
NO_BYTES = tuple(name for name in COLUMNS if name not in "xh")  # r_UNLOAD, copy-usage-varbyte
ROWS = st.lists(st.tuples(*[st.none() | values for _, _, values in COLUMNS.values()]), min_size=1, max_size=12)
# UNLOAD's clauses, COPY's, and the columns that the format keeps.
FORMATS = {
    "parquet": ("format parquet", "format parquet", NO_BYTES),
    "csv": ("csv null as '@'", "csv null as '@'", ALL),
    "gzip csv with a header": ("csv header gzip null as '@'", "csv ignoreheader 1 gzip null as '@'", ALL),
    "csv with tabs": (r"csv delimiter '\t' null as '@'", r"csv delimiter '\t' null as '@'", ALL),
    "delimited": (r"delimiter '\001' null as '@'", r"delimiter '\001' null as '@'", ALL),
    "escape": ("escape null as '@'", "escape null as '@'", ALL),
    "addquotes": ("addquotes null as '@' bzip2", "removequotes null as '@' bzip2", NO_BYTES),
    "addquotes escape": ("addquotes escape null as '@' zstd", "removequotes escape null as '@' zstd", NO_BYTES),
    "fixedwidth": ("fixedwidth '{widths}' null as '@'", "fixedwidth '{widths}' trimblanks null as '@'", NO_BYTES),
    "json": ("json", "json 'auto'", NO_BYTES),
}
# What a format cannot keep of texts, whatever their columns: COPY reads line ends as ends of rows there, quotation
# marks and backslashes as they stand, and blanks in front of a line's end as padding.
LOST = {"delimited": "\n", "addquotes": "\n\"'", "fixedwidth": "\n "}


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


def _keepable(row: tuple[Any, ...], lost: str) -> tuple[Any, ...]:
    """The row without the characters that a format cannot keep."""
    clean = str.maketrans("", "", lost)
    return tuple(v.translate(clean) if isinstance(v, str) and name in "cv" else v for name, v in zip(COLUMNS, row))


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
    rows = [_keepable(row, LOST.get(name, "")) for row in rows]
    widths = "n:6," + ",".join(f"{column}:60" for column in columns)
    unloading, loading = unloading.format(widths=widths), loading.format(widths=widths)
    db.execute("truncate source")
    db.execute("truncate again")
    db.write_arrow("source", _table(rows))
    listed = ", ".join(("n", *columns))
    shutil.rmtree(folder)
    query = f"select {listed} from source"
    db.execute(f"unload ('{query}') to '{folder}/x_' {unloading} manifest")
    (folder / "x_manifest").unlink()
    db.execute(f"copy again ({listed}) from '{folder}/x_' {loading}")
    before, after = _kept(db, "source", listed), _kept(db, "again", listed)
    for column in before:
        assert after[column] == before[column], column


@pytest.mark.parametrize(("column", "clause", "words"), [
    (column, clause, words)
    for column in ("x", "h")
    for clause, words in {
        "format parquet": "to text or CSV only, not to PARQUET", "json": "to text or CSV only, not to JSON",
        f"fixedwidth '{column}:60'": "to text or CSV only, not to FIXEDWIDTH",
    }.items()
])  # fmt: skip
def test_what_unload_refuses(tables: tuple[Any, Path], column: str, clause: str, words: str) -> None:
    db, folder = tables
    with pytest.raises(warehouse.NotSupportedError, match=words):
        db.execute(f"unload ('select {column} from source') to '{folder}/no_' {clause}")


@pytest.mark.parametrize(("column", "clause"), [
    ("x", "fixedwidth 'x:60'"), ("x", "removequotes"), ("h", "fixedwidth 'h:60'"),
])  # fmt: skip
def test_what_copy_refuses(tables: tuple[Any, Path], column: str, clause: str) -> None:
    db, folder = tables
    folder.mkdir(exist_ok=True)
    (folder / "no").write_text("aa")
    with pytest.raises(warehouse.NotSupportedError, match=f'column "{column}" of type .* cannot be loaded with'):
        db.execute(f"copy again ({column}) from '{folder}/no' {clause}")
