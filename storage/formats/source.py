"""What COPY reads from, whatever the format: parts that may be read at the same time.

    source = open_source("data/orders", "delimited", {"DELIMITER": "|"})
    for part in source.parts:
        for batch in source.read(part, columns, on_progress, findings): ...

A batch has one Arrow column per table column asked for, in that order, in a type that
storage/arrow.py takes for the column's SQL type without loss. Rows that cannot be loaded are told to
`findings` (rejected.py) and left out; by default the first one ends the reading with an error.
"""
from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Protocol

import pyarrow as pa

from ...records import dataclass
from ..schema import Column
from .listing import SourceFile
from .rejected import Findings

# Told the number of further bytes of the input that are done.
Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of the input that can be read by itself: a file, a range of its bytes or of its row groups."""

    file: SourceFile
    start: int = 0
    stop: int = 0
    bytes: int = 0


class Source(Protocol):
    @property
    def parts(self) -> tuple[Part, ...]: ...

    @property
    def total_bytes(self) -> int: ...

    def read(
        self,
        part: Part,
        columns: tuple[Column, ...],
        on_progress: Progress | None = None,
        findings: Findings | None = None,
    ) -> Iterator[pa.RecordBatch]: ...


def whole(file: SourceFile) -> Iterable[Part]:
    return (Part(file, bytes=file.bytes),)


class PartsOfFiles:
    """What all sources share: the parts that their files are read in. `split` gives those of a file."""

    def __init__(
        self, files: tuple[SourceFile, ...], split: Callable[[SourceFile], Iterable[Part]] = whole
    ) -> None:
        self._parts = tuple(part for file in files for part in split(file))

    @property
    def parts(self) -> tuple[Part, ...]:
        return self._parts

    @property
    def total_bytes(self) -> int:
        return sum(part.bytes for part in self._parts)
