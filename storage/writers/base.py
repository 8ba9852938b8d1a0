"""What a format answers, and what is said of a file that was written."""
from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Protocol

import pyarrow as pa

from ...records import dataclass
from ..objects.base import ObjectWriter
from ..types import SqlType

# Called with bytes that are held more (or fewer); may raise OutOfMemory.
Charge = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class OutColumn:
    """A column of the files; batches have it as arrow_type(type)."""

    name: str
    type: SqlType


@dataclass(frozen=True, slots=True)
class WrittenFile:
    """`rows` counts a header line too. `slice`: which slice's rows; `partition`: the folders below the base."""

    url: str
    rows: int
    bytes: int
    slice: int
    partition: str = ""


@dataclass(frozen=True, slots=True)
class Piece:
    """Some rows, ready to be put into a file: `data` is bytes or a batch, `bytes` what it will take there, about."""

    data: Any
    rows: int
    bytes: int


class FormatFile(Protocol):
    """One file that is being written."""

    @property
    def bytes(self) -> int:
        """Its size if it ended now (Parquet: about)."""

    def write(self, piece: Piece) -> None: ...

    def finish(self) -> None:
        """What ends the file; the ObjectWriter stays open."""


class Format(Protocol):
    """A file format with its options, for the columns that it was made for. Calls may come from several threads."""

    header_rows: int  # lines of a header that each file begins with
    empty_files: bool  # is a file without rows written too?

    def pieces(self, batch: pa.RecordBatch) -> Iterator[Piece]:
        """The batch's rows, in order. A piece's memory is used again for the next one."""

    def open(self, out: ObjectWriter, charge: Charge) -> FormatFile: ...
