"""Parquet: rows gather to row groups, which pyarrow writes.

    REAL ... TIME, text   as their Arrow types (format version 1.0: moments in microseconds)
    TIMESTAMPTZ           the moment in UTC, without a time zone; TIMETZ likewise
    SUPER                 text of Parquet's JSON type
    intervals             text, as a cast prints them: Parquet's own type for them knows no microseconds

A row group is closed when its rows take `row_group_bytes` in memory, so that a file of wide rows is read in as small
portions as one of narrow rows. A file ends behind a row group: its size is near the limit, and below it unless one
row group is larger.

Dictionaries cost most of the time where they do not pay, so that a look at the first rows decides: columns of mostly
different values are written plain. Decimals of up to 18 digits are integers in the file.
"""
from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, cast

import pyarrow as pa

from ..arrow import arrow_type
from ..objects.base import ObjectWriter
from ..types import Kind, SqlType
from .base import Charge, OutColumn, Piece
from .fields import as_printed
from .options import FileOptions

# Batches that come are passed on in pieces no larger than this, so that row groups end near their size.
PIECE_BYTES = 4 << 20
# Of a row group's bytes in memory, what it takes in the file, until one has been written.
FIRST_RATIO = 1.0
# Rows that are looked at, and the share of different values among them up to which a column has a dictionary.
SAMPLE_ROWS, DICTIONARY_SHARE = 16_384, 0.2


class ParquetFormat:
    """See base.Format."""

    header_rows = 0
    empty_files = False

    def __init__(self, columns: Sequence[OutColumn], options: FileOptions) -> None:
        self._schema = pa.schema([pa.field(c.name, _file_type(c.type)) for c in columns])
        self._targets = [(c.type.kind, _file_type(c.type)) for c in columns]
        self._options = options
        self.ratio = FIRST_RATIO  # as in the row group that was written last

    def pieces(self, batch: pa.RecordBatch) -> Iterator[Piece]:
        parts = -(-batch.nbytes // min(PIECE_BYTES, self._options.row_group_bytes)) or 1
        step = max(-(-batch.num_rows // parts), 1)
        arrays = [_converted(a, k, t) for a, (k, t) in zip(batch.columns, self._targets, strict=True)]
        whole = pa.RecordBatch.from_arrays(arrays, schema=self._schema)
        for start in range(0, batch.num_rows, step):
            part = whole.slice(start, step)
            yield Piece(part, part.num_rows, int(part.nbytes * self.ratio))

    def open(self, out: ObjectWriter, charge: Charge) -> ParquetFile:
        return ParquetFile(self, out, self._schema, self._options, charge)


class ParquetFile:
    """See base.FormatFile."""

    def __init__(
        self, format: ParquetFormat, out: ObjectWriter, schema: pa.Schema, options: FileOptions, charge: Charge
    ) -> None:
        self._sink = _Sink(out)
        self._writer: Any = None
        self._codec = options.parquet_compression
        self._format = format
        self._schema = schema
        self._limit = min(options.row_group_bytes, options.file_bytes)
        self._charge = charge
        self._waiting: list[pa.RecordBatch] = []
        self._held = 0

    @property
    def bytes(self) -> int:
        return self._sink.written + int(self._held * self._format.ratio)

    def write(self, piece: Piece) -> None:
        size = piece.data.nbytes
        if self._held and self._held + size > self._limit:
            self._row_group()
        self._charge(size)
        self._waiting.append(piece.data)
        self._held += size

    def _row_group(self) -> None:
        if not self._held:
            return
        before = self._sink.written
        table = pa.Table.from_batches(self._waiting, self._schema)
        if self._writer is None:
            self._writer = self._open(table)
        self._writer.write_table(table, row_group_size=table.num_rows)
        self._format.ratio = (self._sink.written - before) / self._held
        self._waiting = []
        self._charge(-self._held)
        self._held = 0

    def _open(self, table: pa.Table) -> Any:
        import pyarrow.parquet as pq

        return pq.ParquetWriter(
            pa.PythonFile(self._sink, mode="w"), self._schema, version="1.0", compression=self._codec,
            store_schema=False, store_decimal_as_integer=True, use_dictionary=_repetitive(table.slice(0, SAMPLE_ROWS)),
        )  # fmt: skip

    def finish(self) -> None:
        self._row_group()
        if self._writer is None:  # no rows came
            self._writer = self._open(pa.Table.from_batches([], self._schema))
        self._writer.close()


def _repetitive(table: pa.Table) -> list[str]:
    """The columns of which a dictionary is worth while."""
    import pyarrow.compute as pc

    found = []
    for name, column in zip(table.column_names, table.columns, strict=True):
        if isinstance(column.type, pa.BaseExtensionType):
            column = pa.chunked_array([chunk.storage for chunk in column.chunks], pa.string())
        if pc.count_distinct(column).as_py() <= DICTIONARY_SHARE * table.num_rows:
            found.append(name)
    return found


class _Sink:
    """An ObjectWriter as pyarrow takes files; closing it is another's affair."""

    def __init__(self, out: ObjectWriter) -> None:
        self._out = out
        self.written = 0
        self.closed = False

    def write(self, data: Any) -> int:
        self._out.write(memoryview(data))
        self.written += len(data)
        return len(data)

    def tell(self) -> int:
        return self.written

    def flush(self) -> None:
        pass

    def writable(self) -> bool:
        return True

    def close(self) -> None:
        self.closed = True


def _file_type(type: SqlType) -> pa.DataType:
    match type.kind:
        case Kind.TIMESTAMPTZ:
            return pa.timestamp("us")
        case Kind.SUPER:
            return pa.json_(pa.string())
        case Kind.INTERVAL_YM | Kind.INTERVAL_DS:
            return pa.string()
        case _:
            return arrow_type(type)


def _converted(array: pa.Array, kind: Kind, target: pa.DataType) -> pa.Array:
    if array.type == target:
        return array
    if kind in (Kind.INTERVAL_YM, Kind.INTERVAL_DS):
        return as_printed(array, kind)
    if isinstance(target, pa.BaseExtensionType):
        return cast(pa.Array, pa.ExtensionArray.from_storage(target, array))
    return array.view(target) if pa.types.is_timestamp(target) else array.cast(target)
