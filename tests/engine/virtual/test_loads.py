"""What COPY leaves in the system tables, for whom, and after the folder is opened again."""
from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import warehouse
from warehouse.engine.handlers.copy_records import LoadRecord
from warehouse.storage.catalog import loads
from warehouse.storage.catalog.loads import Loads

COPY = "copy t from '{}/in.txt' maxerror 3"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "in.txt").write_text("1|x\n2|too long\nbad|z\n")
    return tmp_path


def opened(path: Path) -> Any:
    return warehouse.connect(str(path / "db"), nodes=1, slices_per_node=2, autocommit=True, maintenance=False)


def test_what_a_load_leaves(folder: Path) -> None:
    db = opened(folder)
    db.execute("create table t (a integer, b varchar(3))")
    db.execute(COPY.format(folder))
    db.close()
    db = opened(folder)
    errors = "select line_number, trim(colname), trim(type), trim(col_length), position, trim(raw_line), "
    errors += "trim(raw_field_value), err_code, trim(err_reason) from stl_load_errors order by line_number"
    assert db.execute(errors).fetchall() == [
        (2, "b", "varchar", "3", 2, "2|too long", "too long", 1204, "String length exceeds DDL length"),
        (3, "a", "int4", "", 0, "bad|z", "bad", 1207, "Invalid digit, Value 'b', Pos 0, Type: Integer"),
    ]
    details = "select line_number, field, trim(colname), trim(value) from stl_loaderror_detail order by 1, 2"
    assert db.execute(details).fetchall() == [(2, 0, "a", "2"), (2, 1, "b", "too long"), (3, 0, "a", "bad")]
    history = "select status, table_name, data_source, file_format, loaded_rows, source_file_count, source_file_bytes, "
    history += "error_count from sys_load_history"
    assert db.execute(history).fetchall() == [("completed", "t", f"{folder}/in.txt", "Text", 1, 1, 21, 2)]
    files = "select trim(file_name), lines_scanned from sys_load_detail"
    assert db.execute(files).fetchall() == [(f"{folder}/in.txt", 3)]
    assert db.execute("select column_name, error_code from sys_load_error_detail order by 2").fetchall() == [
        ("b", 1204), ("a", 1207),
    ]  # fmt: skip
    joined = "select count(*) from stl_load_errors e join stl_query q on e.query = q.query where e.tbl = "
    assert db.execute(f"{joined}(select table_id from svv_table_info where \"table\" = 't')").fetchone() == (2,)
    db.close()


def test_a_failed_load_is_told_of_and_leaves_no_rows(folder: Path) -> None:
    db = warehouse.connect(":memory:", autocommit=True)
    db.execute("create table t (a integer, b varchar(3))")
    with pytest.raises(warehouse.DataError):
        db.execute(COPY.format(folder).replace("maxerror 3", "maxerror 2"))
    assert db.execute("select status, loaded_rows, error_count from sys_load_history").fetchall() == [("aborted", 0, 2)]
    assert db.execute("select count(*) from stl_load_commits").fetchone() == (0,)
    db.execute("create user u password disable")
    db.execute("set session authorization u")
    for table in ("stl_load_errors", "sys_load_history", "sys_load_error_detail"):
        assert db.execute(f"select count(*) from {table}").fetchone() == (0,)
    db.close()


def test_the_newest_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(loads.KEPT, loads.ERRORS, 3)
    for kept in (Loads(None), Loads(tmp_path / "history.sqlite")):
        kept.begin(1, {"n": "running"})
        assert kept.records(loads.LOADS) == [{"n": "running"}]
        for first in (0, 10):
            kept.end(1, {loads.ERRORS: [{"n": first + i} for i in range(2)], loads.LOADS: [{"n": first}]})
        assert kept.records(loads.ERRORS) == [{"n": 1}, {"n": 10}, {"n": 11}]
        assert kept.records(loads.LOADS) == [{"n": 0}, {"n": 10}]
        kept.close()


def test_how_far_a_load_is(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(4):
        (folder / f"part{number}").write_text(f"{number}|x\n" * (number + 1))
    db, other, seen = opened(folder), opened(folder), []
    db.execute("create table t (a integer, b varchar(3))")
    loaded = LoadRecord.loaded

    def watched(self: LoadRecord, part: int, rows: int) -> None:
        loaded(self, part, rows)
        seen.append(other.execute("select slice, bytes_to_load, bytes_loaded, lines, num_files, num_files_complete, "
                                  "trim(current_file), pct_complete from stv_load_state order by slice").fetchall())

    monkeypatch.setattr(LoadRecord, "loaded", watched)
    db.execute(f"copy t from '{folder}/part'")
    assert seen[2] == [
        (0, 16, 4, 4, 2, 1, f"{folder}/part2", 25), (1, 24, 8, 2, 2, 1, f"{folder}/part3", 33),
    ]  # fmt: skip
    assert len(seen) == 4 and other.execute("select count(*) from stv_load_state").fetchall() == [(0,)]
    files = db.execute("select trim(name), lines, bytes, loadtime >= 0, curtime is not null from stl_file_scan")
    assert sorted(files.fetchall()) == [(f"{folder}/part{n}"[:90], n + 1, 4 * n + 4, True, True) for n in range(4)]
