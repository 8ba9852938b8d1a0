"""Parquet files of many kinds, read without Arrow or with it: all give what Arrow's own reader gives.

One table over one file after the other: encodings, codecs, versions of pages, sizes of pages and row groups, NULLs.
"""
from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import warehouse
from lake_tables import Lake
from warehouse.storage.lake.formats import parquet_columns

ROWS = 70_000  # more than a batch
COLUMNS = ("i int, b bigint, m decimal(9,2), n decimal(15,2), d date, t timestamp, f float8, few char(9), "
           "many varchar(20)")
SQL = ("select count(*), count(i), sum(i), min(b), max(b), sum(m), sum(n), count(distinct d), max(t), sum(f), "
       "count(distinct few), max(few), count(many), count(distinct many), sum(length(many)), min(many), max(many), "
       "sum(case when few = 'odd' then i end), sum(case when many like '%77%' then b end) from {}")
PLACES = ("i", "b", "m", "n", "d", "t", "f", "few", "many")


def rows(nulls: float, many: int, seed: int = 1) -> pa.Table:
    draw = np.random.default_rng(seed)

    def numbers() -> np.ndarray:
        return draw.integers(-many, many, ROWS)

    def some(values: np.ndarray, type: pa.DataType) -> pa.Array:
        return pa.array(values, mask=draw.random(ROWS) < nulls).cast(type)

    def texts(words: list[str], places: np.ndarray) -> pa.Array:
        return pa.array(words).take(some(places % len(words), pa.int64()))

    return pa.table({
        "i": some(numbers(), pa.int32()), "b": some(numbers() << 33, pa.int64()),
        "m": some(numbers() / 100, pa.decimal128(9, 2)), "n": some(numbers() / 100, pa.decimal128(15, 2)),
        "d": some(numbers().astype(np.int32), pa.int32()).cast(pa.date32()),
        "t": some(numbers(), pa.int64()).cast(pa.timestamp("us")), "f": some(numbers() / 2, pa.float64()),
        "few": texts(["odd", "even ", "", "h\u00e9llo", "x" * 9], numbers()),
        "many": texts([f"text {n}" if n % 3 else "" for n in range(-many, many)], numbers()),
    })  # fmt: skip


@pytest.fixture(scope="module")
def tables() -> dict[str, pa.Table]:
    made = {"dense": rows(0, 300), "sparse": rows(0.3, 10_000), "empty": rows(1, 10)}
    return {**made, "short": made["sparse"].slice(100, 3_000)}


KINDS: dict[str, tuple[str, dict[str, Any]]] = {
    "plain": ("dense", {"use_dictionary": False, "compression": "none"}),
    "plain with NULLs": ("sparse", {"use_dictionary": False, "compression": "snappy", "row_group_size": 9_999}),
    "dictionaries": ("dense", {"compression": "snappy"}),
    "dictionaries, NULLs, version 2": ("sparse", {"compression": "zstd", "data_page_version": "2.0"}),
    "dictionaries that are given up": ("sparse", {"compression": "snappy", "dictionary_pagesize_limit": 2_000}),
    "given up, version 2": ("short", {"compression": "gzip", "dictionary_pagesize_limit": 2_000,
                                       "data_page_version": "2.0", "data_page_size": 5_000}),
    "snappy, version 2": ("sparse", {"compression": "snappy", "data_page_version": "2.0"}),
    "tiny pages": ("short", {"compression": "none", "data_page_size": 64, "write_batch_size": 16}),
    "decimals as integers": ("sparse", {"store_decimal_as_integer": True, "compression": "zstd"}),
    "decimals as integers, plain": ("dense", {"store_decimal_as_integer": True, "use_dictionary": False}),
    "nothing but NULL": ("empty", {"compression": "snappy"}),
    "lz4": ("sparse", {"compression": "lz4"}),
    "brotli": ("dense", {"compression": "brotli"}),
    "other encodings": ("sparse", {"use_dictionary": False, "column_encoding": {
        "i": "DELTA_BINARY_PACKED", "b": "BYTE_STREAM_SPLIT", "many": "DELTA_BYTE_ARRAY", "few": "PLAIN"}}),
}


@pytest.mark.parametrize("kind", KINDS)
def test_kinds_of_files(kind: str, lake: Lake, tables: dict[str, pa.Table], monkeypatch: pytest.MonkeyPatch) -> None:
    name, options = KINDS[kind]
    path = lake.parquet("t/1.parquet", tables[name], **options)
    lake.sql(f"create external table lake.t ({COLUMNS}) stored as parquet location '{{root}}/t/'")
    judge = duckdb.connect()
    judge.execute(f"create view t as select * replace (rtrim(few) as few) from '{path}'")
    assert lake.sql(SQL.format("lake.t")) == judge.execute(SQL.format("t")).fetchall()
    where = " where i between 5 and 50 and (few = 'even' or many > 'text 2')"
    texts = "select i, few, many from {}" + where + " order by 1, 2, 3"
    assert lake.sql(texts.format("lake.t")) == judge.execute(texts.format("t")).fetchall()


def test_most_kinds_are_read_without_arrow(lake: Lake, tables: dict[str, pa.Table],
                                           monkeypatch: pytest.MonkeyPatch) -> None:
    """So that the test above is one of our own reader."""
    from warehouse.storage.lake.formats.parquet import ParquetReader

    def refused(*_: Any) -> Any:
        raise AssertionError("Arrow is asked")

    monkeypatch.setattr(ParquetReader, "_by_arrow", refused)
    for i, kind in enumerate(("dictionaries, NULLs, version 2", "given up, version 2", "tiny pages", "plain with NULLs",
                              "decimals as integers", "nothing but NULL")):
        name, options = KINDS[kind]
        lake.parquet(f"t{i}/1.parquet", tables[name].slice(0, 999), **options)
        lake.sql(f"create external table lake.t{i} ({COLUMNS}) stored as parquet location '{{root}}/t{i}/'")
        assert lake.sql(f"select count(*), count(many), sum(n) from lake.t{i}")[0][0] == 999


def test_large_columns_are_arrows(lake: Lake, tables: dict[str, pa.Table], monkeypatch: pytest.MonkeyPatch) -> None:
    """Columns that would take much memory as a whole; the others are read beside them, in step."""
    from warehouse.storage.lake.formats import parquet

    monkeypatch.setattr(parquet, "LARGEST_CHUNKS", 300_000)
    lake.parquet("t/1.parquet", tables["sparse"])
    lake.sql(f"create external table lake.t ({COLUMNS}) stored as parquet location '{{root}}/t/'")
    sizes = [pq.read_metadata(lake.path("t/1.parquet")).row_group(0).column(i).total_compressed_size for i in range(9)]
    assert min(sizes) < 300_000 < sum(sizes)
    found = lake.sql("select count(*), sum(i), sum(b >> 33), sum(length(many)), sum(n) from lake.t")
    judge = duckdb.connect()
    sql = f"select count(*), sum(i), sum(b >> 33), sum(length(many)), sum(n) from '{lake.path('t/1.parquet')}'"
    assert found == judge.execute(sql).fetchall()


def test_a_wide_decimal_is_told(lake: Lake) -> None:
    lake.parquet("t/1.parquet", {"a": pa.array([Decimal("1234.50")], pa.decimal128(15, 2))}, write_statistics=False)
    lake.sql("create external table lake.t (a decimal(5,2)) stored as parquet location '{root}/t/'")
    with pytest.raises(warehouse.DataError, match=r"value 1234\.50 is out of range") as told:
        lake.sql("select sum(a) from lake.t")
    assert told.value.detail == f'file "{lake.root}/t/1.parquet"'


def test_texts_that_do_not_fit_are_arrows(lake: Lake) -> None:
    """Too long, or no UTF-8, behind rows that were given already: the rest is read anew, nothing twice."""
    texts = [f"short {i}" for i in range(90_000)] + ["surplus characters"] + ["end"] * 9
    lake.parquet("t/1.parquet", {"s": texts, "n": list(range(len(texts)))}, use_dictionary=False)
    lake.sql("create external table lake.t (s varchar(12), n bigint) stored as parquet location '{root}/t/'")
    for _ in range(2):  # by both, then known to be Arrow's
        found = lake.sql("select count(*), sum(n), max(case when n = 90000 then s end) from lake.t")
        assert found == [(90_010, sum(range(90_010)), "surplus char")]
    bad = pa.array([b"ok", b"\xff\xfe"], pa.binary()).cast(pa.string(), safe=False)
    lake.parquet("u/1.parquet", pa.table({"s": bad}))
    lake.sql("create external table lake.u (s varchar(12)) stored as parquet location '{root}/u/'")
    with pytest.raises(warehouse.DataError, match="invalid UTF-8"):
        lake.sql("select max(s) from lake.u")


@pytest.mark.parametrize("text", ["", "ascii", "\u00e9\u20ac\U0001f600", "\u07ff\u0800\ud7ff\ue000\uffff\U0010ffff"])
def test_utf8(text: str) -> None:
    raw = text.encode()
    assert _is_utf8(raw) and _is_utf8(b"before " + raw + b" behind")


@pytest.mark.parametrize("raw", [b"\x80", b"\xc3", b"\xc0\x80", b"\xe0\x80\x80", b"\xed\xa0\x80", b"\xf0\x80\x80\x80",
                                 b"\xf4\x90\x80\x80", b"\xf5\x80\x80\x80", b"\xe2\x82", b"\xf0\x9f\x98",
                                 b"\xe2\x28\xa1"])
def test_no_utf8(raw: bytes) -> None:
    assert not _is_utf8(raw) and not _is_utf8(b"a" + raw + b"z")


def _is_utf8(raw: bytes) -> bool:
    import numpy as np
    from warehouse.kernels import memory, pack

    data = memory.padded(np.frombuffer(len(raw).to_bytes(4, "little") + raw, np.uint8))
    views = memory.zeros(2, np.int64)
    return pack.native("parquet_dictionary")(memory.address(data), len(data), 1, 0, 999, memory.address(views)) == 0


def test_what_is_read(lake: Lake) -> None:
    """A type that the table has otherwise is Arrow's to convert, and nothing is taken for what it is not."""
    lake.parquet("t/1.parquet", pa.table({
        "small": pa.array([1, -1], pa.int8()), "unsigned": pa.array([1, 1 << 31], pa.uint32()),
        "ms": pa.array([1, 2], pa.timestamp("ms")), "half": pa.array([1.5, None], pa.float32()),
        "scaled": pa.array([Decimal("1.5"), None], pa.decimal128(9, 1)), "yes": pa.array([True, False]),
        "zone": pa.array([1, 2], pa.timestamp("us", "UTC")), "bare": pa.array([b"a ", b"b"], pa.binary()),
    }))  # fmt: skip
    lake.sql("create external table lake.t (small smallint, unsigned bigint, ms timestamp, half float8, "
             "scaled decimal(9,3), yes boolean, bare varchar(3)) stored as parquet location '{root}/t/'")
    assert lake.sql("select small, unsigned, half, scaled, yes, bare, ms from lake.t order by small") == [
        (-1, 1 << 31, None, None, False, "b", datetime(1970, 1, 1, 0, 0, 0, 2000)),
        (1, 1, 1.5, Decimal("1.500"), True, "a ", datetime(1970, 1, 1, 0, 0, 0, 1000)),
    ]


def test_a_dictionary_may_have_values_that_no_row_has(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    """Statistics are of rows: what the dictionary has besides is no lie."""
    made = parquet_columns.Numbers._made

    def wider(self: Any, rows: int, nulls: Any) -> Any:
        from dataclasses import replace

        return replace(made(self, rows, nulls), low=-5, high=1 << 40)

    lake.parquet("t/1.parquet", {"a": [1, 2, 3, 3]})
    lake.sql("create external table lake.t (a bigint) stored as parquet location '{root}/t/'")
    monkeypatch.setattr(parquet_columns.Numbers, "_made", wider)
    assert lake.sql("select sum(a) from lake.t") == [(9,)]


def test_remote_files(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is not on a local disk is read in ranges that travel together."""
    from warehouse.storage.objects.registry import Objects

    lake.parquet("t/1.parquet", {"a": list(range(500)), "s": ["x"] * 500})
    lake.sql("create external table lake.t (a int, s varchar(3)) stored as parquet location '{root}/t/'")
    asked: list[int] = []
    was = Objects.read_many

    def read_many(self: Any, url: str, ranges: Any) -> Any:
        asked.append(len(ranges))
        return was(self, url, ranges)

    monkeypatch.setattr(Objects, "local_path", lambda self, url: None)
    monkeypatch.setattr(Objects, "read_many", read_many)
    assert lake.sql("select sum(a), max(s) from lake.t") == [(sum(range(500)), "x")]
    assert asked[-1] == 2
    assert pq.read_metadata(lake.path("t/1.parquet")).num_rows == 500
