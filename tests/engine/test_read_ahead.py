"""Blocks read before the scans that want them: which scans, which of their row groups, and when nothing is."""
from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import warehouse
from warehouse.engine import read_ahead
from warehouse.engine.pruning import scan_groups
from warehouse.engine.read_ahead import ReadAhead, may_be_skipped
from warehouse.kernels import memory
from warehouse.storage.blockio import BlockReader

ROWS = 200_000
JOINED = "select count(*), sum(b.n) from b join s on b.k = s.k where s.x < 10"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """b: k is wide in every row group, n narrow; s: a row for each k; t: text that is compressed."""
    path = tmp_path_factory.mktemp("ahead") / "dw"
    with warehouse.connect(str(path), nodes=1, slices_per_node=2, autocommit=True) as connection:
        connection.execute("create table b (n bigint, k bigint) diststyle even sortkey(n)")
        connection.execute("create table s (k bigint, x bigint) diststyle even sortkey(k)")
        connection.execute("create table t (v varchar(40) encode zstd) diststyle even")
        numbers = pa.array(range(ROWS), pa.int64())
        keys = pa.array([i * 7919 % ROWS for i in range(ROWS)], pa.int64())
        connection.write_arrow("b", pa.table({"n": numbers, "k": keys}))
        connection.write_arrow("s", pa.table({"k": numbers, "x": keys}))
        texts = pa.array([f"{i * 7919 % 65_537} text {i * i}" for i in range(140_000)])
        connection.write_arrow("t", pa.table({"v": texts}))
    return path


@pytest.fixture
def cold(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A connection whose cache is empty; nothing is too small to be read ahead."""
    monkeypatch.setattr(read_ahead, "WORTH_ROWS", 1)
    monkeypatch.setattr(memory, "is_bounded", lambda: False)  # whatever limits tests before had in this process
    with warehouse.connect(str(folder), threads=2, autocommit=True, maintenance=False) as connection:
        connection.execute("set enable_result_cache_for_session to off")
        yield connection


class Noted(ReadAhead):
    """Reads nothing, and is remembered."""

    made: list[Noted]

    def __init__(self, coming: Any, context: Any, workers: Any) -> None:
        self._coming, self._context = coming, context
        self.made.append(self)

    def stop(self) -> None:
        pass


@pytest.fixture
def noted(monkeypatch: pytest.MonkeyPatch) -> list[Noted]:
    Noted.made = []
    monkeypatch.setattr(read_ahead, "ReadAhead", Noted)
    return Noted.made


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """All is read before the query begins; misses and bytes in the cache then, by query."""
    after: list[tuple[int, int]] = []

    class Whole(ReadAhead):
        def __init__(self, coming: Any, context: Any, workers: Any) -> None:
            super().__init__(coming, context, workers)
            self._thread.join()
            counters = context.database.cache.counters()
            after.append((counters.misses, counters.bytes))

    monkeypatch.setattr(read_ahead, "ReadAhead", Whole)
    return after


def misses(connection: Any) -> int:
    return int(connection._session.database.cache.counters().misses)


@pytest.mark.parametrize(("sql", "scans"), [
    ("select sum(n) from b", {"b": ""}),
    ("select n from b", {}),  # the reader may stop
    ("select n from b limit 5", {}),
    ("select n from b order by k limit 5", {"b": ""}),
    (JOINED, {"s": "", "b": "k"}),
    ("select count(*) from b left join s on b.k = s.k and s.x < 10", {"s": "", "b": ""}),
    ("select count(*) from (select k as q, count(*) from b group by 1) g join s on g.q = s.k where s.x < 5",
     {"s": "", "b": "k"}),
    ("select count(*) from (select k from b union all select n from b) u join s on u.k = s.k where s.x < 5",
     {"s": "", "b": "k"}),
    ("select count(*) from pg_class", {}),
])
def test_scans_that_will_be_read_whole(cold: Any, noted: list[Noted], sql: str, scans: dict[str, str]) -> None:
    cold.execute(sql).fetchall()
    found: dict[str, str] = {}
    for scan, filtered in noted[0]._coming if noted else ():
        names = " ".join(scan.table.columns[p].name for ref, p in scan.columns if ref.id in filtered)
        found.setdefault(scan.table.name, names)
    assert found == scans and list(found) == list(scans)


def test_narrow_row_groups_may_be_skipped(cold: Any, noted: list[Noted]) -> None:
    cold.execute("select sum(n + k) from b").fetchall()
    ((scan, _),), context = noted[0]._coming, noted[0]._context
    shares, _ = scan_groups(scan, context.view.data(scan.table), 2, False, context)
    ids = {scan.table.columns[position].name: ref.id for ref, position in scan.columns}
    groups = [group for share in shares for group in share]
    assert may_be_skipped(scan, groups, frozenset({ids["n"]}))
    assert not may_be_skipped(scan, groups, frozenset({ids["k"]})) and not may_be_skipped(scan, groups, frozenset())


def test_what_was_read_ahead_is_not_read_again(cold: Any, at_once: list[tuple[int, int]]) -> None:
    expected = [(10, sum(n for n in range(ROWS) if n * 7919 % ROWS * 7919 % ROWS < 10))]
    for _ in range(2):
        assert cold.execute(JOINED).fetchall() == expected
    assert cold.execute("select count(v) from t where v like '%text %9'").fetchall() == [(28_000,)]
    assert len(at_once) == 2  # the second run is of a plan that is known
    assert cold.execute(JOINED + " and x < 11").fetchall() == expected and len(at_once) == 2  # and this finds all there
    assert 0 < at_once[0][0] < at_once[1][0] == misses(cold)


def test_row_groups_that_zone_maps_exclude_are_not_read(cold: Any, at_once: list[tuple[int, int]]) -> None:
    assert cold.execute("select sum(k) from b where n < 100").fetchall()
    assert at_once[0][0] == misses(cold) == 2  # one row group of two columns


def test_errors_are_the_scans(cold: Any, at_once: list[tuple[int, int]], monkeypatch: pytest.MonkeyPatch) -> None:
    def damage(path: Path, offset: int, data: Any) -> None:
        if len(data) > 20_000:  # a block; others are the extent's own
            data[len(data) // 2] ^= 1

    monkeypatch.setattr(BlockReader, "fault", staticmethod(damage))
    for _ in range(2):
        with pytest.raises(warehouse.Error, match=r"block of row group \d+, column \d+ in file .* fails its checksum"):
            cold.execute("select sum(k) from b").fetchall()
    assert at_once and all(size == 0 for _, size in at_once)


@pytest.mark.parametrize("left", [0, 1])
def test_little_room_and_one_thread_read_nothing_ahead(cold: Any, folder: Path, at_once: list[tuple[int, int]],
                                                       monkeypatch: pytest.MonkeyPatch, left: int) -> None:
    monkeypatch.setattr(read_ahead, "SHARE", 0.0)
    with warehouse.connect(str(folder), threads=1, autocommit=True, maintenance=False) as alone:
        connection = cold if left else alone
        assert connection.execute("select count(n) from b").fetchall() == [(ROWS,)]
    assert at_once == ([(0, 0)] if left else [])


def test_a_cancelled_statement_reads_no_more(cold: Any, noted: list[Noted]) -> None:
    cold.execute("select sum(n) from b").fetchall()
    kept, before = noted[0], misses(cold)
    kept._context.cancel.set()
    ahead = ReadAhead(kept._coming, kept._context, cold._session.workers)
    ahead._thread.join()
    assert misses(cold) == before


def test_it_reads_nothing_while_workers_work_and_ends_with_its_statement(cold: Any, noted: list[Noted]) -> None:
    cold.execute("select sum(k) from s").fetchall()
    kept, before, workers = noted[0], misses(cold), cold._session.workers
    cold._session.database.cache.clear()
    with workers._working():
        assert not workers.quiet.is_set()
        ahead = ReadAhead(kept._coming, kept._context, workers)
        ahead.stop()
    ahead._thread.join()
    assert workers.quiet.is_set() and misses(cold) == before
    ReadAhead(kept._coming, kept._context, workers)._thread.join()
    assert misses(cold) > before
