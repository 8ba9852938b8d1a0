"""A series of files: one slice's rows, or those of one slice and partition, in files of a size.

    0000_part_00, 0000_part_01 ...      a part ends before a piece would make it larger than the limit
"""
from __future__ import annotations

import threading
from collections.abc import Callable

import pyarrow as pa

from ..objects.base import ObjectWriter
from .base import Charge, Format, FormatFile, Piece, WrittenFile
from .publishing import Publisher


class Series:
    """`url_of(part)` names the files. `write` may be called from several threads; `end` and `abort` from one, when
    nobody writes."""

    def __init__(
        self, format: Format, publisher: Publisher, url_of: Callable[[int], str], slice: int, partition: str,
        file_bytes: int, charge: Charge,
    ) -> None:  # fmt: skip
        self._format = format
        self._publisher = publisher
        self._url_of = url_of
        self._slice = slice
        self._partition = partition
        self._limit = file_bytes
        self._charge = charge
        self._writer: ObjectWriter | None = None
        self._file: FormatFile | None = None
        self._rows = 0  # of the present file
        self.parts = 0
        self._lock = threading.Lock()

    def write(self, batch: pa.RecordBatch) -> None:
        for piece in self._format.pieces(batch):
            with self._lock:
                self._put(piece)

    def _put(self, piece: Piece) -> None:
        if self._file is not None and self._rows and self._file.bytes + piece.bytes > self._limit:
            self._close()
        file = self._file or self._open()
        file.write(piece)
        self._rows += piece.rows

    def _open(self) -> FormatFile:
        self._writer = self._publisher.create(self._url_of(self.parts))
        self._file = self._format.open(self._writer, self._charge)
        self._rows = 0
        return self._file

    def _close(self) -> None:
        assert self._file is not None and self._writer is not None
        self._file.finish()
        rows = self._rows + self._format.header_rows
        told = WrittenFile(self._url_of(self.parts), rows, self._file.bytes, self._slice, self._partition)
        self._publisher.whole(self._writer, told)
        self._file = self._writer = None
        self.parts += 1

    def end(self, *, even_empty: bool = False) -> None:
        """The last file is whole. `even_empty`: there is one though no rows came."""
        if self._file is None and even_empty and not self.parts:
            self._open()
        if self._file is not None:
            self._close()

    def abort(self) -> None:
        if self._writer is not None:
            self._writer.abort()
        self._file = self._writer = None
