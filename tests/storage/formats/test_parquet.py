"""COPY FORMAT PARQUET: columns by position, checked types, parts that cover the file."""
from __future__ import annotations

import datetime
import decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from warehouse import errors
from warehouse.storage import types as t
from warehouse.storage.arrow import from_arrow
from warehouse.storage.formats import open_source, parquet
from warehouse.storage.schema import Column


def columns(*kinds: t.SqlType) -> tuple[Column, ...]:
    return tuple(Column(i, "abcdefghijklm"[i], kind) for i, kind in enumerate(kinds))


def rows(source: Any, wanted: tuple[Column, ...], progress: list[int] | None = None) -> list[tuple[Any, ...]]:
    found = []
    for part in source.parts:
        for batch in source.read(part, wanted, progress.append if progress is not None else None):
            data = [from_arrow(a, c.type, c.name).to_list() for a, c in zip(batch.columns, wanted)]
            found.extend(zip(*data))
    return found


def test_every_type_arrives(tmp_path: Path) -> None:
    moment = datetime.datetime(2024, 2, 29, 12, 30, 1, 5)
    table = pa.table({
        "z": pa.array([1, None], pa.int16()), "y": pa.array([2, None], pa.uint32()), "x": pa.array([3, None]),
        "d": pa.array([decimal.Decimal("1.5"), None], pa.decimal128(7, 2)),
        "r": pa.array([0.5, None], pa.float32()), "f": pa.array([0.25, None]),
        "b": pa.array([True, None]), "c": pa.array(["e", None]),
        "v": pa.array(["x", None]).dictionary_encode(),
        "day": pa.array([datetime.date(1970, 1, 3), None]),
        "ts": pa.array([moment, None], pa.timestamp("ms")), "tz": pa.array([moment, None], pa.timestamp("us", "UTC")),
        "time": pa.array([datetime.time(1), None]),
    })  # fmt: skip
    pq.write_table(table, tmp_path / "f.parquet")
    wanted = columns(
        t.SMALLINT, t.BIGINT, t.INTEGER, t.decimal(12, 3), t.REAL, t.DOUBLE, t.BOOLEAN, t.char(4), t.varchar(4),
        t.DATE, t.TIMESTAMP, t.TIMESTAMPTZ, t.TIME,
    )  # fmt: skip
    micro = int(moment.replace(tzinfo=datetime.UTC).timestamp()) * 1_000_000
    first, second = rows(open_source(str(tmp_path / "f"), "parquet"), wanted)
    assert first == (1, 2, 3, 1500, 0.5, 0.25, True, "e", "x", 2, micro, micro + 5, 3_600_000_000)
    assert second == (None,) * 13


def test_parts_cover_every_row_group_once_and_progress_adds_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parquet, "PART_BYTES", 2000)
    for name, first in (("p1", 0), ("p2", 1000)):
        pq.write_table(
            pa.table({"a": range(first, first + 1000)}), tmp_path / f"{name}.parquet", row_group_size=100
        )
    source = open_source(f"{tmp_path}/p", "parquet")
    assert len(source.parts) > 4
    progress: list[int] = []
    assert rows(source, columns(t.BIGINT), progress) == [(i,) for i in range(2000)]
    assert sum(progress) == source.total_bytes > 0


def test_a_row_group_is_never_in_memory_as_a_whole(tmp_path: Path) -> None:
    """However large its writer made it."""
    random = np.random.default_rng(1)
    table = pa.table({name: random.integers(0, 1 << 60, 600_000) for name in "abcd"})
    pq.write_table(table, tmp_path / "big.parquet", row_group_size=len(table), compression="none", use_dictionary=False)
    size = table.nbytes
    del table
    source = open_source(f"{tmp_path}/big", "parquet")
    before, most = pa.total_allocated_bytes(), 0
    for batch in source.read(source.parts[0], columns(*[t.BIGINT] * 4)):
        most = max(most, pa.total_allocated_bytes() - before)
        assert batch.num_rows <= parquet.BATCH_ROWS
    assert 0 < most < 0.6 * size


def test_a_file_without_rows_is_fine(tmp_path: Path) -> None:
    pq.write_table(pa.table({"a": pa.array([], pa.int64())}), tmp_path / "e.parquet")
    assert rows(open_source(f"{tmp_path}/e", "parquet"), columns(t.BIGINT)) == []


def refusal(tmp_path: Path, table: pa.Table, *kinds: t.SqlType) -> errors.LoadError:
    pq.write_table(table, tmp_path / "bad.parquet")
    with pytest.raises(errors.LoadError) as caught:
        rows(open_source(f"{tmp_path}/bad", "parquet"), columns(*kinds))
    assert str(tmp_path / "bad.parquet") in caught.value.message
    return caught.value


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    error = refusal(tmp_path, pa.table({"a": [1]}), t.BIGINT, t.varchar(3))
    assert "Unmatched number of columns" in error.message
    assert "Table columns: 2, Data columns: 1" in error.message
    assert '"b"' in str(error.detail)


def test_too_many_columns_are_refused(tmp_path: Path) -> None:
    error = refusal(tmp_path, pa.table({"a": [1], "b": [2]}), t.BIGINT)
    assert "Table columns: 1, Data columns: 2" in error.message


@pytest.mark.parametrize(
    ("array", "kind"),
    [
        (pa.array(["1"]), t.BIGINT), (pa.array([1.5]), t.INTEGER), (pa.array([1]), t.varchar(5)),
        (pa.array([1]), t.DATE), (pa.array([1.5]), t.decimal(5, 2)), (pa.array([1]), t.BOOLEAN),
        (pa.array([1]), t.DOUBLE), (pa.array([datetime.date(2020, 1, 1)]), t.TIMESTAMP),
        (pa.array([[1]]), t.BIGINT), (pa.array([{"x": 1}]), t.varchar(5)),
    ],
)  # fmt: skip
def test_types_that_do_not_fit_are_named(tmp_path: Path, array: pa.Array, kind: t.SqlType) -> None:
    error = refusal(tmp_path, pa.table([array], names=["whatever"]), kind)
    assert 'incompatible Parquet schema for column "a"' in error.message
    assert f"Column type: {kind}, Parquet type: {pq.read_schema(tmp_path / 'bad.parquet').types[0]}" in error.message


@pytest.mark.parametrize("content", [b"", b"PAR1", b"no parquet at all" * 50])
def test_other_files_are_no_parquet(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.parquet").write_bytes(content)
    with pytest.raises(errors.LoadError, match=r"x\.parquet.*not a readable Parquet file"):
        open_source(f"{tmp_path}/x", "parquet")


def test_a_cut_file_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    pq.write_table(pa.table({"a": list(range(10_000))}), path, compression="none")
    content = bytearray(path.read_bytes())
    content[4:1000] = bytes(996)
    path.write_bytes(content)
    source = open_source(str(path), "parquet")
    with pytest.raises(errors.LoadError, match=r"x\.parquet.*cannot be read"):
        rows(source, columns(t.BIGINT))


def test_options_of_text_are_refused_by_name(tmp_path: Path) -> None:
    pq.write_table(pa.table({"a": [1]}), tmp_path / "x.parquet")
    with pytest.raises(errors.NotSupportedError, match="DELIMITER is not supported for PARQUET"):
        open_source(f"{tmp_path}/x", "parquet", {"DELIMITER": "|"})
    with pytest.raises(errors.NotSupportedError, match="SHAPEFILE"):
        open_source(f"{tmp_path}/x", "shapefile")


def test_a_file_that_changes_or_vanishes_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    pq.write_table(pa.table({"a": [1]}), path)
    source = open_source(str(path), "parquet")
    pq.write_table(pa.table({"a": [1, 2]}), path)
    with pytest.raises(errors.FileError, match=r"x\.parquet.*changed while it was read"):
        rows(source, columns(t.BIGINT))
    path.unlink()
    with pytest.raises(errors.FileError, match=r"x\.parquet.*vanished while it was read"):
        rows(source, columns(t.BIGINT))


def test_columns_of_few_strings_come_as_dictionaries(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet, "BATCH_ROWS", 500)  # of smaller parts no look is taken
    table = pa.table({
        "few": [None if i % 5 == 0 else f"v{i % 7}" for i in range(2000)], "many": [str(i) for i in range(2000)],
        "a.b": ["x"] * 2000, "n": range(2000), "view": pa.array(["y"] * 2000, pa.string_view()),
    })  # fmt: skip
    pq.write_table(table, tmp_path / "f.parquet", row_group_size=700)
    wanted = columns(t.varchar(4), t.varchar(4), t.varchar(4), t.BIGINT, t.char(4))
    source = open_source(str(tmp_path / "f"), "parquet")
    batches = [batch for part in source.parts for batch in source.read(part, wanted)]
    coded = [pa.types.is_dictionary(array.type) for array in batches[0].columns]
    assert coded == [True, False, False, False, True]
    assert rows(source, wanted)[:8:7] == [(None, "0", "x", 0, "y"), ("v0", "7", "x", 7, "y")]
    assert [row[1] for row in rows(source, wanted)] == table["many"].to_pylist()
