"""Results: first rows at once, the rest when asked; the end is told once, errors come placed."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa
import pytest
from warehouse.engine.result import FIRST_ROWS, Result, ResultColumn, from_rows
from warehouse.errors import DivisionByZero, ProgrammingError
from warehouse.storage.types import BIGINT, varchar

COLUMNS = (ResultColumn("a", BIGINT),)


class Source:
    """Batches of `size` rows that notes how far it was read and whether it was closed."""

    def __init__(self, count: int, size: int, fail_at: int = -1) -> None:
        self.count, self.size, self.fail_at = count, size, fail_at
        self.given = 0
        self.closed = False

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        try:
            for i in range(self.count):
                if i == self.fail_at:
                    raise DivisionByZero("division by zero")
                self.given += 1
                yield pa.record_batch({"a": list(range(i * self.size, (i + 1) * self.size))})
        finally:
            self.closed = True


def run(source: Source) -> tuple[Result, list[tuple[BaseException | None, int]]]:
    ends: list[tuple[BaseException | None, int]] = []
    result = Result("SELECT", COLUMNS, source)
    result.guard(lambda error: error, lambda error, rows: ends.append((error, rows)))
    return result, ends


def test_a_small_result_is_whole_when_started() -> None:
    result, ends = run(Source(3, 10))
    result.start()
    assert ends == [(None, 30)]
    assert result.rowcount == 30
    assert result.table()["a"].to_pylist() == list(range(30))


def test_a_large_one_streams() -> None:
    source = Source(10, FIRST_ROWS)
    result, ends = run(source)
    result.start()
    assert source.given == 1 and not ends and result.rowcount == -1
    assert result.next_batch() is not None
    assert source.given == 1
    assert sum(b.num_rows for b in result.batches()) == 9 * FIRST_ROWS
    assert ends == [(None, 10 * FIRST_ROWS)] and source.closed


def test_close_stops_the_source() -> None:
    source = Source(10, FIRST_ROWS)
    result, ends = run(source)
    result.start().close()
    result.close()
    assert source.closed and source.given == 1
    assert [error for error, _ in ends] == [None]
    assert result.next_batch() is None


def test_an_early_error_shows_at_start_and_a_late_one_when_read() -> None:
    early, ends = run(Source(3, 10, fail_at=1))
    with pytest.raises(DivisionByZero):
        early.start()
    assert isinstance(ends[0][0], DivisionByZero) and len(ends) == 1
    late, _ = run(Source(3, FIRST_ROWS, fail_at=2))
    late.start()
    assert late.next_batch() is not None and late.next_batch() is not None
    with pytest.raises(DivisionByZero):
        late.next_batch()
    assert late.next_batch() is None


def test_the_stream_is_arrow() -> None:
    result, _ = run(Source(3, FIRST_ROWS))
    table = pa.table(result.start())
    assert table.num_rows == 3 * FIRST_ROWS
    result, _ = run(Source(3, 5))
    reader = result.start().reader()
    assert reader.schema == pa.schema([("a", pa.int64())])
    assert reader.read_all().num_rows == 15


def test_no_columns_no_rows() -> None:
    result = Result("CREATE TABLE").start()
    assert result.ended and result.rowcount == -1
    with pytest.raises(ProgrammingError, match="CREATE TABLE"):
        result.table()


def test_peek_takes_nothing_and_push_back_returns() -> None:
    result, _ = run(Source(1, 10))
    result.start()
    assert [b.num_rows for b in result.peek()] == [10]
    batch = result.next_batch()
    assert batch is not None
    result.push_back(batch.slice(4))
    assert result.table()["a"].to_pylist() == list(range(4, 10))


def test_from_rows() -> None:
    result = from_rows("SHOW", (ResultColumn("x", varchar(5)), ResultColumn("y", BIGINT)), [("a", 1), (None, 2)])
    assert result.start().table().to_pylist() == [{"x": "a", "y": 1}, {"x": None, "y": 2}]
    assert from_rows("SHOW", COLUMNS, []).start().table().num_rows == 0
