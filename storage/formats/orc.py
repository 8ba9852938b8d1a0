"""COPY ... FORMAT ORC: columns by position (columnar.py). A stripe is a part; a file to unpack is one."""
from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pyarrow as pa
from pyarrow import orc

from ..schema import Column
from .columnar import ColumnarOptions, is_packed, seekable, telling
from .listing import SourceFile
from .rejected import Findings
from .source import Part, PartsOfFiles, Progress


class OrcSource(PartsOfFiles):
    """ORC files."""

    def __init__(self, files: tuple[SourceFile, ...], options: Mapping[str, Any] | None = None) -> None:
        self._options = ColumnarOptions("ORC", options or {})
        super().__init__(files, _parts)

    def read(
        self,
        part: Part,
        columns: tuple[Column, ...],
        on_progress: Progress | None = None,
        findings: Findings | None = None,
    ) -> Iterator[pa.RecordBatch]:
        with opened(part.file) as file, telling(part.file, "cannot be read"):
            self._options.check(file.schema, columns, part.file.path)
            for stripe in range(part.start, part.stop):
                yield self._options.finish(file.read_stripe(stripe), columns)
            if on_progress is not None:
                on_progress(part.bytes)


@contextmanager
def opened(file: SourceFile) -> Iterator[orc.ORCFile]:
    """The file, wherever it lies; LoadError when it is none of ORC."""
    with seekable(file) as raw:
        with telling(file, "is not a readable ORC file"):
            found = orc.ORCFile(raw)
        yield found


def _parts(file: SourceFile) -> Iterator[Part]:
    with opened(file) as found:
        stripes = found.nstripes
    if not stripes or is_packed(file):
        yield Part(file, 0, stripes, file.bytes)
        return
    for stripe in range(stripes):
        first = file.bytes * stripe // stripes
        yield Part(file, stripe, stripe + 1, file.bytes * (stripe + 1) // stripes - first)
