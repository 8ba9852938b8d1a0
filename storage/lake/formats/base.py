"""What every reader of files answers."""
from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any, Protocol

import pyarrow as pa

from ....records import dataclass
from ...native import NativeColumn
from ...objects.base import ObjectInfo
from ...objects.registry import Objects
from ...vector import Array
from ..definition import Field
from ..files import files_of

__all__ = ["Bounds", "Decoded", "Objects", "Part", "Reader"]

BATCH_ROWS = 65_536  # abi.BATCH_ROWS: what a program takes at once


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a file that one worker reads. `rows` may be an estimate (`exact` False); `bytes`: of the file, or of
    its compressed row groups. start, stop: row groups, stripes or bytes, as the format has it."""

    file: ObjectInfo
    rows: int
    bytes: int
    start: int = 0
    stop: int = 0
    exact: bool = False


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a file's statistics say of a column in a part: values in physical form, None where nothing is known.
    `nulls` None: unknown."""

    low: Any = None
    high: Any = None
    nulls: int | None = None
    distinct: float | None = None  # an estimate


NOTHING_KNOWN = Bounds()


@dataclass(frozen=True, slots=True, eq=False)
class Decoded:
    """A batch of a column as native code reads it: text checked, numbers as the file has them, all between low and high
    (None: there are none, or floats). nulls: a bitmap, 1 for NULL, or None."""

    column: NativeColumn
    nulls: Array | None
    low: int | None
    high: int | None


class Reader(Protocol):
    """Of one table's files; calls come from several threads."""

    def files(self, location: str) -> list[ObjectInfo]:
        """The files that a location means now, by name."""

    def parts(self, file: ObjectInfo) -> list[Part]:
        """All parts of the file, in order; FileError when it is no file of the format."""

    def bounds(self, part: Part, column: Field) -> Bounds:
        """What is known of the column there."""

    def bytes_of(self, part: Part, columns: Sequence[Field]) -> int:
        """Bytes that reading these columns of the part takes."""

    def is_coded(self, part: Part, column: Field) -> bool:
        """Whether a text column has few values there, and may be read as a dictionary array."""

    def read(
        self, part: Part, columns: Sequence[Field], coded: Collection[str] = ()
    ) -> Iterator[tuple[int, Sequence[pa.Array | Decoded]]]:
        """(rows, an array for each column) per batch of at most BATCH_ROWS rows; those named in `coded` are dictionary
        arrays, or codes. What is Decoded stays until the next batch is asked for."""


class Plain:
    """What readers answer that know nothing of a file but its size."""

    _objects: Objects

    def files(self, location: str) -> list[ObjectInfo]:
        return files_of(self._objects, location)

    def bounds(self, part: Part, column: Field) -> Bounds:
        return NOTHING_KNOWN

    def bytes_of(self, part: Part, columns: Sequence[Field]) -> int:
        return part.bytes

    def is_coded(self, part: Part, column: Field) -> bool:
        return False
