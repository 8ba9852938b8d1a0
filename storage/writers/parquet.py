"""Parquet: rows gather to row groups, which pyarrow writes.

    REAL ... TIME, text   as their Arrow types (format version 1.0: moments in microseconds)
    TIMESTAMPTZ           the moment in UTC, without a time zone; TIMETZ likewise
    SUPER                 text of Parquet's JSON type
    intervals             text, as a cast prints them: Parquet's own type for them knows no microseconds

A row group is closed when its rows take `row_group_bytes` in memory, so that a file of wide rows is read in as small
portions as one of narrow rows. A file ends behind a row group: its size is near the limit, and below it unless one
row group is larger.

Dictionaries cost most of the time where they do not pay, so that a look at the first rows decides: columns of mostly
different values are written plain. Text that comes as dictionary arrays is written from them, without looking its
values up again. Decimals of up to 18 digits are integers in the file.
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
        self._schema = pa.schema([pa.field(c.name, file_type(c.type)) for c in columns])
        self._targets = [(c.type.kind, file_type(c.type)) for c in columns]
        self._options = options
        self.ratio = FIRST_RATIO  # as in the row group that was written last

    def pieces(self, batch: pa.RecordBatch) -> Iterator[Piece]:
        parts = -(-batch.nbytes // min(PIECE_BYTES, self._options.row_group_bytes)) or 1
        step = max(-(-batch.num_rows // parts), 1)
        arrays = [converted(a, k, t) for a, (k, t) in zip(batch.columns, self._targets, strict=True)]
        whole = pa.RecordBatch.from_arrays(arrays, self._schema.names)
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
        self._sink = Sink(out)
        self._writer: Any = None
        self._codec = options.codec
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
        columns = [_joined([batch.column(i) for batch in self._waiting]) for i in range(len(self._schema))]
        if self._writer is None:
            self._writer = self._open(columns)
        wanted = self._writer.schema
        table = pa.Table.from_arrays([_as(column, field.type) for column, field in zip(columns, wanted)], schema=wanted)
        self._writer.write_table(table, row_group_size=table.num_rows)
        self._format.ratio = (self._sink.written - before) / self._held
        self._waiting = []
        self._charge(-self._held)
        self._held = 0

    def _open(self, columns: Sequence[pa.ChunkedArray]) -> Any:
        """`columns`: of the first row group, which tells how all are written."""
        import pyarrow.parquet as pq

        repetitive = [i for i, column in enumerate(columns) if _is_repetitive(column.slice(0, SAMPLE_ROWS))]
        schema = self._schema
        for i in repetitive:
            if pa.types.is_dictionary(columns[i].type):
                schema = schema.set(i, schema.field(i).with_type(columns[i].type))
        return pq.ParquetWriter(
            pa.PythonFile(self._sink, mode="w"), schema, version="1.0", compression=self._codec,
            store_schema=False, store_decimal_as_integer=True, use_dictionary=[schema.names[i] for i in repetitive],
        )  # fmt: skip

    def finish(self) -> None:
        self._row_group()
        if self._writer is None:  # no rows came
            self._writer = self._open([])
        self._writer.close()


def _is_repetitive(column: pa.ChunkedArray) -> bool:
    """Is a dictionary worth while?"""
    import pyarrow.compute as pc

    if isinstance(column.type, pa.BaseExtensionType):
        column = pa.chunked_array([chunk.storage for chunk in column.chunks], pa.string())
    if pa.types.is_dictionary(column.type):
        column = pa.chunked_array([chunk.indices for chunk in column.chunks], column.type.index_type)
    return bool(pc.count_distinct(column).as_py() <= DICTIONARY_SHARE * len(column))


def _joined(chunks: Sequence[pa.Array]) -> pa.ChunkedArray:
    """A column of a row group: over one dictionary, if all its chunks come by one."""
    coded = [pa.types.is_dictionary(chunk.type) for chunk in chunks]
    if all(coded):
        return pa.chunked_array(chunks).unify_dictionaries()
    return pa.chunked_array([chunk.dictionary_decode() if own else chunk for chunk, own in zip(chunks, coded)])


def _as(column: pa.ChunkedArray, wanted: pa.DataType) -> pa.ChunkedArray:
    """The column with or without a dictionary, as the file has it from its first row group on."""
    if column.type == wanted:
        return column
    return column.dictionary_encode() if pa.types.is_dictionary(wanted) else column.cast(wanted)


class Sink:
    """An ObjectWriter as pyarrow and fastavro take files; closing it is another's affair."""

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

    def seekable(self) -> bool:
        return False

    def close(self) -> None:
        self.closed = True


def file_type(type: SqlType) -> pa.DataType:
    """What a column is in the file."""
    match type.kind:
        case Kind.TIMESTAMPTZ:
            return pa.timestamp("us")
        case Kind.SUPER:
            return pa.json_(pa.string())
        case Kind.INTERVAL_YM | Kind.INTERVAL_DS:
            return pa.string()
        case _:
            return arrow_type(type)


def converted(array: pa.Array, kind: Kind, target: pa.DataType) -> pa.Array:
    """A batch's column as `file_type` has it; one of a dictionary stays so."""
    if array.type == target:
        return array
    if kind in (Kind.INTERVAL_YM, Kind.INTERVAL_DS):
        return as_printed(array, kind)
    if pa.types.is_dictionary(array.type):
        return array if array.type.value_type == target else array.dictionary_decode()
    if isinstance(target, pa.BaseExtensionType):
        return cast(pa.Array, pa.ExtensionArray.from_storage(target, array))
    return array.view(target) if pa.types.is_timestamp(target) else array.cast(target)
