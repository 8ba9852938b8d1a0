"""COPY ... FORMAT ORC: columns by position (columnar.py). Each stripe is a part."""
from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pyarrow as pa
from pyarrow import orc

from ... import errors
from ..schema import Column
from .columnar import ColumnarOptions
from .listing import SourceFile
from .rejected import Findings
from .source import Part, Progress


class OrcSource:
    """ORC files."""

    def __init__(self, files: tuple[SourceFile, ...], options: Mapping[str, Any] | None = None) -> None:
        self._options = ColumnarOptions("ORC", options or {})
        self._parts = tuple(part for file in files for part in _parts(file))

    @property
    def parts(self) -> tuple[Part, ...]:
        return self._parts

    @property
    def total_bytes(self) -> int:
        return sum(part.bytes for part in self._parts)

    def read(
        self,
        part: Part,
        columns: tuple[Column, ...],
        on_progress: Progress | None = None,
        findings: Findings | None = None,
    ) -> Iterator[pa.RecordBatch]:
        with opened(part.file) as file:
            self._options.check(file.schema, columns, part.file.path)
            for stripe in range(part.start, part.stop):
                try:
                    batch = file.read_stripe(stripe)
                except (pa.ArrowException, OSError) as e:
                    raise errors.LoadError(f'file "{part.file.path}" cannot be read: {e}') from e
                yield self._options.finish(batch, columns)
            if on_progress is not None:
                on_progress(part.bytes)


@contextmanager
def opened(file: SourceFile) -> Iterator[orc.ORCFile]:
    """The file, wherever it lies; LoadError when it is none of ORC."""
    with file.open() as raw:
        try:
            found = orc.ORCFile(file.local_path or raw)
        except (pa.ArrowException, OSError) as e:
            raise errors.LoadError(f'file "{file.path}" is not a readable ORC file: {e}') from e
        yield found


def _parts(file: SourceFile) -> Iterator[Part]:
    with opened(file) as found:
        stripes = found.nstripes
    if not stripes:
        yield Part(file)
    for stripe in range(stripes):
        first = file.bytes * stripe // stripes
        yield Part(file, stripe, stripe + 1, file.bytes * (stripe + 1) // stripes - first)
