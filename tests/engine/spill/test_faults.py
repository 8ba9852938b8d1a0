"""What can go wrong with rows on disk: every end leaves no file, a usable session and never a wrong row."""
from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import warehouse
from warehouse.engine.spill import files
from warehouse.engine.spill.files import SpillFile
from warehouse.errors import DataCorrupted, DiskFull, FileError, QueryCanceled

ROWS = 100_000
SQL = "select a, count(*) from t group by a order by a"


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Any]:
    """A connection whose memory the table does not fit."""
    with warehouse.connect(str(tmp_path / "dw"), nodes=1, slices_per_node=2, threads=2, memory_limit="5MB",
                           autocommit=True) as c:
        random = np.random.default_rng(1)
        rows = pa.table({"a": random.permutation(ROWS), "s": [f"text {n % 5000}" for n in range(ROWS)]})
        c.write_arrow("t", rows, create=True)
        yield c


def spill_files() -> int:
    """Open files that have no name."""
    links = (os.readlink(f"/proc/self/fd/{fd}") for fd in os.listdir("/proc/self/fd") if fd.isdigit()
             and os.path.lexists(f"/proc/self/fd/{fd}"))
    return sum("/dw/spill/" in link for link in links)


def usable(db: Any) -> bool:
    return bool(db.execute("select count(*), max(a) from t").fetchone() == (ROWS, ROWS - 1)) and not spill_files()


def test_files_are_in_the_database_and_go_with_the_statement(db: Any, tmp_path: Path) -> None:
    cursor = db.execute("select a, s from t order by s, a")
    seen = [(s, a) for a, s in cursor.fetchmany(300)]
    assert seen == sorted(seen) and spill_files()
    cursor.close()
    assert usable(db) and not list((tmp_path / "dw" / "spill").iterdir())


def test_explain_analyze_tells_the_bytes(db: Any) -> None:
    lines = [line for (line,) in db.execute(f"explain analyze {SQL}").fetchall()]
    assert any("bytes spilled=" in line for line in lines)
    lines = [line for (line,) in db.execute("explain analyze select count(*) from t").fetchall()]
    assert not any("bytes spilled=" in line for line in lines)


def test_a_flipped_bit_is_an_error(db: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def flip(data: np.ndarray) -> None:
        data[len(data) // 2] ^= 4

    monkeypatch.setattr(SpillFile, "fault", staticmethod(flip))
    with pytest.raises(DataCorrupted, match="checksum") as caught:
        db.execute(SQL).fetchall()
    assert caught.value.sqlstate == "XX001"
    assert usable(db)


@pytest.mark.parametrize(("number", "kind", "state"), [
    (errno.ENOSPC, DiskFull, "53100"), (errno.EDQUOT, DiskFull, "53100"), (errno.EIO, FileError, "58030"),
])
def test_a_full_disk_ends_the_statement_only(
    db: Any, monkeypatch: pytest.MonkeyPatch, number: int, kind: type[Exception], state: str
) -> None:
    written = []

    def full(*arguments: Any) -> int:
        written.append(1)
        if len(written) > 3:
            raise OSError(number, os.strerror(number))
        return os.pwrite(*arguments)

    monkeypatch.setattr(files, "pwrite", full)
    with pytest.raises(kind, match="memory_limit") as caught:
        db.execute(SQL).fetchall()
    assert caught.value.sqlstate == state  # type: ignore[attr-defined]
    assert usable(db)


def test_a_cancel_in_the_middle(db: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    written = []
    write = SpillFile.write

    def cancelling(file: SpillFile, data: bytearray) -> Any:
        written.append(1)
        if len(written) == 3:
            db.cancel()
        return write(file, data)

    monkeypatch.setattr(SpillFile, "write", cancelling)
    with pytest.raises(QueryCanceled):
        db.execute(SQL).fetchall()
    assert len(written) < 10
    assert usable(db)


def test_leftovers_go_when_the_database_is_opened(tmp_path: Path) -> None:
    path = tmp_path / "dw"
    warehouse.connect(str(path)).close()
    (path / "spill" / "tmpleft").write_bytes(b"rows")
    warehouse.connect(str(path)).close()
    assert not list((path / "spill").iterdir())


@pytest.mark.parametrize(("number", "kind"), [(errno.ENOSPC, DiskFull), (errno.EIO, FileError)])
def test_a_full_disk_under_one_window(db: Any, monkeypatch: pytest.MonkeyPatch, number: int, kind: type[Exception],
                                      ) -> None:
    """A partition that does not fit memory is in mapped files, whose disk is taken before they are used."""
    sql = "select sum(a) over (order by a rows unbounded preceding), s from t"

    def full(*arguments: Any) -> None:
        raise OSError(number, os.strerror(number))

    with monkeypatch.context() as patch:
        patch.setattr(files, "allocate", full)
        with pytest.raises(kind, match="memory_limit"):
            db.execute(sql).fetchall()
    assert usable(db)
    assert max(db.execute(sql).fetchall())[0] == ROWS * (ROWS - 1) // 2
    assert usable(db)


def test_memory_that_cannot_be_had_is_still_an_error(db: Any) -> None:
    """A batch of rows has to be in memory."""
    with pytest.raises(warehouse.errors.OutOfMemory, match=r"needs .* MB more") as caught:
        db.execute("select repeat(s, 2000) from t").fetchall()
    assert caught.value.sqlstate == "53200"
    assert usable(db)
