"""ORC: pyarrow's writer gathers rows to stripes of `row_group_bytes` and writes them.

Types are those of the Parquet writer (parquet.py); text from dictionaries is written as text. A file's size while it
grows counts what waits for its stripe as it is in memory: files end early rather than late.
"""
from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa

from ..objects.base import ObjectWriter
from .base import Charge, OutColumn, Piece
from .options import FileOptions
from .parquet import Sink, converted, file_type


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
        arrays = [a.dictionary_decode() if pa.types.is_dictionary(a.type) else a for a in arrays]
        table = pa.Table.from_arrays(arrays, schema=self._schema)
        yield Piece(table, table.num_rows, table.nbytes)

    def open(self, out: ObjectWriter, charge: Charge) -> OrcFile:
        return OrcFile(out, self._options, charge)


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
