"""Avro: records of fields that may be null, written by fastavro.

    SMALLINT, INTEGER int    BIGINT long    REAL, DOUBLE float, double    DECIMAL bytes (decimal)    BOOLEAN boolean
    DATE int (date)          TIMESTAMP, TIMESTAMPTZ long (timestamp-micros)                          text string

Records pass through Python one by one: it is the format for small tables and for who must have it.
"""
from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, cast

import pyarrow as pa

from ...errors import NotSupportedError
from ..objects.base import ObjectWriter
from ..types import Kind, SqlType
from .base import Charge, OutColumn, Piece
from .options import FileOptions
from .parquet import Sink

_TYPES: dict[Kind, Any] = {
    Kind.SMALLINT: "int", Kind.INTEGER: "int", Kind.BIGINT: "long", Kind.REAL: "float", Kind.DOUBLE: "double",
    Kind.BOOLEAN: "boolean", Kind.CHAR: "string", Kind.VARCHAR: "string",
    Kind.DATE: {"type": "int", "logicalType": "date"},
    Kind.TIMESTAMP: {"type": "long", "logicalType": "timestamp-micros"},
    Kind.TIMESTAMPTZ: {"type": "long", "logicalType": "timestamp-micros"},
}  # fmt: skip
# Moments as numbers: what Python makes of them depends on the machine's time zone.
_NUMBERS = {Kind.DATE: pa.int32(), Kind.TIMESTAMP: pa.int64(), Kind.TIMESTAMPTZ: pa.int64()}
BATCH_ROWS = 4096


class AvroFormat:
    """See base.Format."""

    header_rows = 0
    empty_files = False

    def __init__(self, columns: Sequence[OutColumn], options: FileOptions) -> None:
        from fastavro import parse_schema

        self._kinds = [c.type.kind for c in columns]
        self._names = [c.name for c in columns]
        fields = [{"name": c.name, "type": ["null", _type(c.name, c.type)]} for c in columns]
        self._schema = parse_schema({"type": "record", "name": "row", "fields": fields})
        self._codec = {"none": "null"}.get(options.codec, options.codec)

    def pieces(self, batch: pa.RecordBatch) -> Iterator[Piece]:
        arrays = [a.cast(_NUMBERS[kind]) if kind in _NUMBERS else a for a, kind in zip(batch.columns, self._kinds)]
        whole = pa.RecordBatch.from_arrays(arrays, self._names)
        for start in range(0, whole.num_rows, BATCH_ROWS):
            part = whole.slice(start, BATCH_ROWS)
            yield Piece(part, part.num_rows, part.nbytes)

    def open(self, out: ObjectWriter, charge: Charge) -> AvroFile:
        return AvroFile(out, self._schema, self._codec)


class AvroFile:
    """See base.FormatFile."""

    def __init__(self, out: ObjectWriter, schema: Any, codec: str) -> None:
        from fastavro.write import Writer

        self._sink = Sink(out)
        self._writer = Writer(cast(Any, self._sink), schema, codec)

    @property
    def bytes(self) -> int:
        return self._sink.written

    def write(self, piece: Piece) -> None:
        for record in piece.data.to_pylist():
            self._writer.write(record)
        self._writer.flush()

    def finish(self) -> None:
        self._writer.flush()


def _type(name: str, type: SqlType) -> Any:
    if type.kind is Kind.DECIMAL:
        return {"type": "bytes", "logicalType": "decimal", "precision": type.precision, "scale": type.scale}
    found = _TYPES.get(type.kind)
    if found is None:
        raise NotSupportedError(f'column "{name}" of type {type} cannot be written to Avro files')
    if not name.isidentifier() or not name.isascii():
        raise NotSupportedError(f'column "{name}": Avro files have names of ASCII letters, digits and _ alone')
    return found
