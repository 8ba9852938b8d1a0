"""The face of an object store; see __init__.py. Keys are what follows a bucket; for files, paths."""
from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from types import TracebackType
from typing import BinaryIO, Protocol, Self

from ...records import dataclass


@dataclass(frozen=True, slots=True)
class ObjectInfo:
    """An object as a listing shows it. `etag` changes when the object does (files: size and time of change)."""

    url: str
    bytes: int
    etag: str | None = None
    modified: datetime | None = None


class ObjectWriter(Protocol):
    """Writes one object. Leaving a `with` block by an error aborts it: nothing appears."""

    def write(self, data: bytes | memoryview) -> int: ...

    def close(self) -> None:
        """The object is there, whole and durable, when this returns."""

    def abort(self) -> None: ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class ObjectStore(Protocol):
    """One bucket, or this machine's files. Calls may come from several threads."""

    def list(self, prefix: str) -> Iterator[ObjectInfo]:
        """All objects whose key begins with the text `prefix`, by key. None is no error. A bucket that is not there is
        FileMissing, one that may not be read FileError."""

    def info(self, key: str) -> ObjectInfo:
        """FileMissing where there is no such object."""

    def read(self, key: str, start: int, stop: int) -> bytes:
        """The bytes start to stop; fewer only at the object's end."""

    def read_many(self, key: str, ranges: Sequence[tuple[int, int]]) -> Sequence[bytes]:
        """Several times (start, stop) of one object, at once where it is far away."""

    def open(self, key: str) -> BinaryIO:
        """A file to read that seeks; FileMissing where there is no such object."""

    def create(self, key: str, overwrite: bool) -> ObjectWriter:
        """`overwrite` False: closing it is an error (58P01) when an object of that key is there by then."""

    def delete(self, key: str) -> None:
        """No error where there is no such object."""

    def local_path(self, key: str) -> str | None:
        """The file's path, for readers that are faster on files; None where there is none."""
