"""Files of one statement: names, sizes, folders, and that nothing is left of what fails."""
from __future__ import annotations

import os
from datetime import date
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from warehouse import errors
from warehouse.storage.arrow import arrow_type
from warehouse.storage.objects.registry import Objects
from warehouse.storage.types import Kind, SqlType
from warehouse.storage.writers import publishing
from warehouse.storage.writers.base import OutColumn
from warehouse.storage.writers.options import MEGABYTE, FileOptions
from warehouse.storage.writers.output import OPEN_FOLDERS, Output

COLUMNS = [OutColumn("a", SqlType(Kind.INTEGER)), OutColumn("b", SqlType(Kind.VARCHAR, length=100))]


def rows(*pairs: tuple[object, object]) -> pa.RecordBatch:
    return pa.RecordBatch.from_arrays([pa.array([p[0] for p in pairs], pa.int32()),
                                       pa.array([p[1] for p in pairs], pa.string())], names=["a", "b"])  # fmt: skip


def files(folder: Path) -> dict[str, str]:
    return {str(p.relative_to(folder)): p.read_text() for p in sorted(folder.rglob("*")) if p.is_file()}


def test_each_slice_has_its_files_and_one_without_rows(tmp_path: Path) -> None:
    output = Output(Objects(), f"{tmp_path}/x_", COLUMNS, FileOptions(), slices=3)
    output.write(1, rows((1, "p")))
    output.write(0, rows((2, "q"), (3, None)))
    assert Objects().list(f"{tmp_path}/") == []  # nothing appears before the end
    told = output.finish()
    assert files(tmp_path) == {"x_0000_part_00": "2|q\n3|\n", "x_0001_part_00": "1|p\n", "x_0002_part_00": ""}
    assert [(f.slice, f.rows, f.bytes) for f in told] == [(0, 2, 7), (1, 1, 4), (2, 0, 0)]
    assert output.rows == 3


def test_serial_files_are_numbered(tmp_path: Path) -> None:
    options = FileOptions("csv", delimiter=",", header=True, compression="gzip")
    output = Output(Objects(), f"{tmp_path}/s", COLUMNS, options, serial=True, slices=2)
    output.write(1, rows((1, "p")))
    output.write(0, rows((2, "q")))
    assert [(os.path.basename(f.url), f.rows) for f in output.finish()] == [("s000.gz", 3)]


def test_files_end_before_they_are_too_large(tmp_path: Path) -> None:
    options = FileOptions(file_bytes=2 * MEGABYTE, header=True)
    output = Output(Objects(), f"{tmp_path}/", COLUMNS, options)
    for start in range(0, 60_000, 20_000):
        output.write(0, rows(*[(i, "x" * 95) for i in range(start, start + 20_000)]))
    told = output.finish()
    assert [os.path.basename(f.url) for f in told] == [f"0000_part_{i:02d}" for i in range(len(told))]
    assert len(told) >= 3 and all(MEGABYTE < f.bytes <= 2 * MEGABYTE for f in told[:-1])
    assert all(os.path.getsize(f.url) == f.bytes for f in told)
    lines = [line for f in told for line in Path(f.url).read_text().splitlines()]
    assert [line for line in lines if line != "a|b"] == [f"{i}|{'x' * 95}" for i in range(60_000)]
    assert sum(f.rows for f in told) == len(lines) == 60_000 + len(told)


def test_parquet_row_groups_and_files_end_by_size(tmp_path: Path) -> None:
    options = FileOptions("parquet", row_group_bytes=MEGABYTE, file_bytes=MEGABYTE, codec="none")
    charged = [0]
    output = Output(Objects(), f"{tmp_path}/", COLUMNS, options,
                    charge=lambda n: charged.__setitem__(0, charged[0] + n))  # fmt: skip
    output.write(0, rows(*[(i, f"{i:060d}") for i in range(60_000)]))
    assert charged[0] > 0
    told = output.finish()
    assert charged[0] == 0 and len(told) > 2
    groups = [pq.ParquetFile(f.url).metadata for f in told]
    assert all(m.row_group(g).num_rows < 30_000 for m in groups for g in range(m.num_row_groups))
    assert pa.concat_tables([pq.read_table(f.url) for f in told])["a"].to_pylist() == list(range(60_000))
    assert [f.rows for f in told] == [m.num_rows for m in groups]


@pytest.mark.parametrize("first", ["coded", "plain"])
def test_parquet_takes_text_with_and_without_dictionaries(tmp_path: Path, first: str) -> None:
    """Dictionaries differ between batches, and some batches have none: what the first row group has decides."""
    texts = [["x", "y", None, "x"] * 500, ["z", "x", "é", None] * 500, [f"{i}" for i in range(2000)], [None] * 2000]
    batches = [rows(*enumerate(values)) for values in texts]
    coded = [pa.record_batch([b.column(0), b.column(1).dictionary_encode()], b.schema.names) for b in batches]
    made = [coded[0], coded[1], batches[2], coded[3], batches[1], coded[2]]
    if first == "plain":
        made.insert(0, batches[2])
    output = Output(Objects(), f"{tmp_path}/", COLUMNS, FileOptions("parquet", row_group_bytes=40_000))
    for batch in made:
        output.write(0, batch)
    [file] = output.finish()
    meta = pq.ParquetFile(file.url).metadata
    assert meta.num_row_groups > 2 and meta.row_group(0).column(1).has_dictionary_page is (first == "coded")
    found = pq.read_table(file.url)
    assert found.column(1).to_pylist() == [v for b in made for v in b.column(1).to_pylist()]
    assert found.schema.field(1).type == pa.string()


def test_an_empty_parquet_or_json_file_is_not_written(tmp_path: Path) -> None:
    for name in ("parquet", "json"):
        assert Output(Objects(), f"{tmp_path}/", COLUMNS, FileOptions(name), slices=2).finish() == []


def test_folders_of_partitions(tmp_path: Path) -> None:
    columns = [OutColumn("d", SqlType(Kind.DATE)), OutColumn("n", SqlType(Kind.DECIMAL, 5, 2)),
               OutColumn("y", SqlType(Kind.BOOLEAN)), OutColumn("t", SqlType(Kind.VARCHAR, length=9)),
               OutColumn("a", SqlType(Kind.INTEGER))]  # fmt: skip
    values = [
        [date(2024, 1, 2), None, date(2024, 1, 2)], [Decimal("0.00"), Decimal("1.50"), Decimal("0.00")],
        [True, None, True], ["a/b=c", "", "a/b=c"], [1, 2, 3],
    ]  # fmt: skip
    batch = pa.RecordBatch.from_arrays(
        [pa.array(v, arrow_type(c.type)) for v, c in zip(values, columns, strict=True)], names=[c.name for c in columns]
    )
    output = Output(Objects(), f"{tmp_path}/", columns, FileOptions(), partition_by=("d", "n", "y", "t"), slices=2)
    output.write(0, batch)
    output.finish()
    assert files(tmp_path) == {
        "d=2024-01-02/n=0.00/y=true/t=a%2Fb%3Dc/0000_part_00": "1\n3\n",
        "d=__HIVE_DEFAULT_PARTITION__/n=1.50/y=__HIVE_DEFAULT_PARTITION__/t=/0000_part_00": "2\n",
    }
    output = Output(Objects(), f"{tmp_path}/i/", columns, FileOptions(), partition_by=("y",), include=True, serial=True)
    output.write(1, batch)
    output.finish()
    assert files(tmp_path / "i")["y=true/000"] == "2024-01-02|0.00|t|a/b=c|1\n2024-01-02|0.00|t|a/b=c|3\n"


def test_more_folders_than_may_be_open_begin_further_parts(tmp_path: Path) -> None:
    output = Output(Objects(), f"{tmp_path}/", COLUMNS, FileOptions(), partition_by=("a",))
    for turn in range(2):
        output.write(0, rows(*[(i, f"{turn}") for i in range(OPEN_FOLDERS + 5)]))
    output.finish()
    found = files(tmp_path)
    assert found["a=0/0000_part_00"] == "0\n" and found["a=0/0000_part_01"] == "1\n"
    assert sorted(found.values()).count("1\n") == OPEN_FOLDERS + 5


def test_a_failure_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publishing, "KEPT", 1)
    (tmp_path / "0002_part_00").write_text("there")
    output = Output(Objects(), f"{tmp_path}/", COLUMNS, FileOptions(), slices=4)
    for slice in range(4):
        output.write(slice, rows((slice, "x")))
    with pytest.raises(errors.OperationalError, match="there already"):
        output.finish()
    output.abort()
    assert files(tmp_path) == {"0002_part_00": "there"}


def test_cleaning_removes_what_was_there_before(tmp_path: Path) -> None:
    (tmp_path / "x_old").write_text("1")
    (tmp_path / "y_old").write_text("2")
    output = Output(Objects(), f"{tmp_path}/x_", COLUMNS, FileOptions(), clean=True, slices=2)
    output.write(0, rows((1, "x")))
    assert "x_old" in files(tmp_path)
    output.finish()
    assert sorted(files(tmp_path)) == ["x_0000_part_00", "x_0001_part_00", "y_old"]


def test_cleaning_touches_only_the_folders_that_get_files(tmp_path: Path) -> None:
    for folder in ("a=1", "a=2"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "old").write_text("")
    output = Output(Objects(), f"{tmp_path}/", COLUMNS, FileOptions(), partition_by=("a",), clean=True)
    output.write(0, rows((1, "x")))
    output.write(1, rows((1, "y")))
    output.finish()
    assert sorted(files(tmp_path)) == ["a=1/0000_part_00", "a=1/0001_part_00", "a=2/old"]


def test_objects_of_a_remote_store(s3: object) -> None:
    base = s3.bucket("writers") + "out/"
    objects = Objects(s3.options)
    for compression in (None, "gzip"):
        options = FileOptions("csv", delimiter=",", compression=compression)
        output = Output(objects, base, COLUMNS, options, slices=2)
        output.write(0, rows((1, "x")))
        output.finish()
    assert objects.read(base + "0000_part_00") == b"1,x\n" and objects.read(base + "0001_part_00") == b""
    assert len(objects.list(base)) == 4
