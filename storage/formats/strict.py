"""The slow path of text formats: every record and field by itself, with an explanation for each refusal.

A chunk comes here when pyarrow refused it or something in it needs a closer look; rows that cannot be loaded
are told to `findings`, with file, line, column, value and reason (rows.py), and the others are read after all.
"""
from __future__ import annotations

import pyarrow as pa

from ..schema import Column
from .chunks import Chunk
from .options import TextOptions
from .records import records
from .rejected import Findings
from .rows import RowReader, to_batch


class StrictParser:
    """Reads chunks of one file into batches of the columns' Arrow types."""

    def __init__(
        self, path: str, columns: tuple[Column, ...], options: TextOptions, findings: Findings | None = None,
        start_offset: int = 0,
    ) -> None:
        self.columns = columns
        self.options = options
        self._rows = RowReader(path, columns, options, findings or Findings(), start_offset)

    def parse(self, chunk: Chunk) -> pa.RecordBatch:
        found = (self._rows.record(record) for record in records(chunk, self.options))
        return to_batch(self.columns, [row for row in found if row is not None])
