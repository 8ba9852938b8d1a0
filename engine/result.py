"""What a statement gives back: columns, a stream of record batches, a tag, notices.

    execute() --> first rows are here already: errors show, small results are complete
    batches() --> pulls the rest while the caller reads
    close()   --> stops the work

The stream is the running statement itself: it holds the snapshot and the memory budget. It ends by
being read to the end, by an error or by close(); `on_end` hears of it exactly once.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator

import pyarrow as pa

from ..errors import ProgrammingError
from ..records import dataclass
from ..storage.arrow import arrow_field
from ..storage.arrow_values import array_of
from ..storage.types import SqlType
from .context import Notice

# How many rows execute() waits for. Enough that a small result is whole, and its errors seen, at once.
FIRST_ROWS = 2048

OnEnd = Callable[[BaseException | None, int], None]


@dataclass(frozen=True, slots=True)
class ResultColumn:
    """`zone`: where a TIMESTAMPTZ is shown."""

    name: str
    type: SqlType
    nullable: bool | None = None
    zone: str = "UTC"


class Result:
    """One statement's answer; statements without rows have no columns."""

    def __init__(
        self,
        tag: str,
        columns: tuple[ResultColumn, ...] = (),
        batches: Iterable[pa.RecordBatch] = (),
        *,
        rowcount: int = -1,
        notices: list[Notice] | None = None,
    ) -> None:
        self.tag = tag
        self.columns = columns
        self.notices = notices if notices is not None else []
        self.error: BaseException | None = None
        self._rowcount = rowcount
        self._source = iter(batches)
        self._ready: deque[pa.RecordBatch] = deque()
        self._received = 0
        self._ended = False
        self._on_end: OnEnd | None = None
        self._place: Callable[[BaseException], BaseException] | None = None
        self._schema: pa.Schema | None = None
        self._lock = threading.Lock()

    @property
    def schema(self) -> pa.Schema:
        if self._schema is None:
            self._schema = pa.schema([arrow_field(c.name, c.type, c.zone) for c in self.columns])
        return self._schema

    @property
    def rowcount(self) -> int:
        """Rows written, or rows of the whole result once all of it has arrived; -1 before."""
        if self.columns and self._ended and self.error is None and self._rowcount < 0:
            return self._received
        return self._rowcount

    @property
    def ended(self) -> bool:
        return self._ended

    def guard(self, place: Callable[[BaseException], BaseException], on_end: OnEnd) -> None:
        """Tell whom to ask for the error to raise in place of one, and who hears of the end."""
        self._place = place
        self._on_end = on_end

    def start(self) -> Result:
        """Wait for the first rows."""
        with self._lock:
            while not self._ended and self._received < FIRST_ROWS:
                self._pull()
        return self

    def peek(self) -> list[pa.RecordBatch]:
        """Batches that have arrived and are unread, without taking them."""
        return list(self._ready)

    def batches(self) -> Iterator[pa.RecordBatch]:
        """The batches not yet read, as they come."""
        while (batch := self.next_batch()) is not None:
            yield batch

    def next_batch(self) -> pa.RecordBatch | None:
        """One more batch with rows, or None at the end."""
        with self._lock:
            while not self._ready and not self._ended:
                self._pull()
            return self._ready.popleft() if self._ready else None

    def push_back(self, batch: pa.RecordBatch) -> None:
        """Return the unread rest of a batch."""
        if batch.num_rows:
            self._ready.appendleft(batch)

    def reader(self) -> pa.RecordBatchReader:
        """The batches not yet read, as an Arrow stream that pulls them when asked."""
        self._need_columns()
        return pa.RecordBatchReader.from_batches(self.schema, self.batches())

    def table(self) -> pa.Table:
        """Everything not yet read."""
        self._need_columns()
        return pa.Table.from_batches(list(self.batches()), self.schema)

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        return self.reader().__arrow_c_stream__(requested_schema)

    def close(self) -> None:
        """Stop the statement if it still runs; unread rows are gone."""
        self._ready.clear()
        close = getattr(self._source, "close", None)
        if not self._ended:
            if close is not None:
                close()
            self._end(None)

    def _need_columns(self) -> None:
        if not self.columns:
            raise ProgrammingError(
                f"there are no rows to fetch: the statement was {self.tag}", sqlstate="24000"
            )

    def _pull(self) -> None:
        try:
            batch = next(self._source, None)
        except BaseException as error:
            self._end(error)
            told = self._place(error) if self._place is not None else error
            if told is error:
                raise
            raise told from error
        if batch is None:
            self._end(None)
        elif batch.num_rows:
            if batch.schema != self.schema:
                batch = with_schema(batch, self.schema)
            self._received += batch.num_rows
            self._ready.append(batch)

    def _end(self, error: BaseException | None) -> None:
        if self._ended:
            return
        self._ended = True
        self.error = error
        if self._on_end is not None:
            self._on_end(error, self._received if self.columns else self._rowcount)


_NO_BATCHES: deque[pa.RecordBatch] = deque()


class Done(Result):
    """The answer of a statement without rows that has ended already."""

    _ended = True
    error = None
    columns = ()
    _schema = None
    _ready = _NO_BATCHES
    _source = iter(())
    _lock = threading.Lock()

    def __init__(self, tag: str, rowcount: int) -> None:
        self.tag = tag
        self.notices = []
        self._rowcount = rowcount


def with_schema(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    """The batch with its result's names, and moments in its zone: their values are UTC either way."""
    arrays = [
        array if array.type == field.type else array.cast(field.type) for array, field in zip(batch.columns, schema)
    ]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def from_rows(tag: str, columns: tuple[ResultColumn, ...], rows: Iterable[tuple[object, ...]]) -> Result:
    """A result of a few rows made in Python (SHOW, EXPLAIN)."""
    values = list(rows)
    result = Result(tag, columns)
    arrays = [array_of([row[i] for row in values], field.type) for i, field in enumerate(result.schema)]
    return Result(tag, columns, [pa.RecordBatch.from_arrays(arrays, schema=result.schema)])
