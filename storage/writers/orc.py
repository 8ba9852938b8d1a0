"""ORC: pyarrow's writer gathers rows to stripes of `row_group_bytes` and writes them.

Types are those of the Parquet writer (parquet.py); text from dictionaries is written as text. A file's size while it
grows counts what waits for its stripe as it is in memory: files end early rather than late.
"""
from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa

from ...errors import NumericOutOfRange
from ..objects.base import ObjectWriter
from .base import Charge, OutColumn, Piece
from .options import FileOptions
from .parquet import Sink, converted, file_type

MOST_MICROSECONDS = ((1 << 63) - 1) // 1000


class OrcFormat:
    """See base.Format."""

    header_rows = 0
    empty_files = False

    def __init__(self, columns: Sequence[OutColumn], options: FileOptions) -> None:
        self._schema = pa.schema([pa.field(c.name, file_type(c.type)) for c in columns])
        self._kinds = [c.type.kind for c in columns]
        self._options = options

    def pieces(self, batch: pa.RecordBatch) -> Iterator[Piece]:
        arrays = [converted(a, kind, f.type) for a, kind, f in zip(batch.columns, self._kinds, self._schema)]
        for array, field in zip(arrays, self._schema):
            _check_moments(array, field)
        arrays = [a.dictionary_decode() if pa.types.is_dictionary(a.type) else a for a in arrays]
        table = pa.Table.from_arrays(arrays, schema=self._schema)
        yield Piece(table, table.num_rows, table.nbytes)

    def open(self, out: ObjectWriter, charge: Charge) -> OrcFile:
        return OrcFile(out, self._options, charge)


def _check_moments(array: pa.Array, field: pa.Field) -> None:
    """pyarrow reads ORC's timestamps as nanoseconds in 64 bits; what lies beyond could not be read here again."""
    import pyarrow.compute as pc

    if not pa.types.is_timestamp(field.type):
        return
    extremes = pc.min_max(array.cast(pa.int64()))
    for value in (extremes["min"].as_py(), extremes["max"].as_py()):
        if value is not None and not -MOST_MICROSECONDS <= value <= MOST_MICROSECONDS:
            raise NumericOutOfRange(f'a timestamp of column "{field.name}" is beyond the years 1678 to 2261, which ORC '
                                    "files are written with here", sqlstate="22008")


class OrcFile:
    """See base.FormatFile."""

    def __init__(self, out: ObjectWriter, options: FileOptions, charge: Charge) -> None:
        from pyarrow import orc

        self._sink = Sink(out)
        self._charge = charge
        self._written = self._held = 0
        codec = options.codec.replace("none", "uncompressed")
        self._writer: Any = orc.ORCWriter(
            pa.PythonFile(self._sink, mode="w"), compression=codec, stripe_size=options.row_group_bytes
        )

    @property
    def bytes(self) -> int:
        return self._sink.written + self._held

    def write(self, piece: Piece) -> None:
        self._charge(piece.bytes)
        self._held += piece.bytes
        self._writer.write(piece.data)
        if self._sink.written > self._written:  # a stripe has been written
            self._release()

    def _release(self) -> None:
        self._written = self._sink.written
        self._charge(-self._held)
        self._held = 0

    def finish(self) -> None:
        self._writer.close()
        self._release()
