"""Which files a COPY reads: every object whose name begins with the given text, wherever it lies (storage/objects/).

    'data/cust'          data/cust.tbl  data/cust.tbl.gz  data/customer/1.tbl  data/custom.txt
    'data/cust.tbl'      data/cust.tbl  data/cust.tbl.gz            (a full name is a prefix too)
    's3://b/parts/'      everything below parts/, in folders inside it too

Files are taken in the order of their names. Hidden files (a name beginning with `.` or `_`, such as
_SUCCESS) are taken only when the prefix itself names them. manifest.py is the other way to name files.
"""
from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import field
from typing import BinaryIO

from ... import errors
from ...records import dataclass
from ..objects.base import ObjectInfo
from ..objects.location import FILE, Location
from ..objects.registry import Objects


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file to read, as its listing showed it. `path`: its name, a URL or a local path; `etag`: of what the listing
    saw, None where nobody minds a file that changes."""

    path: str
    bytes: int
    etag: str | None = None
    modified: int | None = None  # microseconds since 1970
    objects: Objects = field(default_factory=Objects, compare=False, repr=False)

    @contextmanager
    def open(self) -> Iterator[BinaryIO]:
        """The file's bytes, seekable. FileError when it is no longer what was listed, at the start or at the end."""
        with self._told(), self.objects.open(self.path) as file:
            self._check()
            yield file
            self._check()

    @property
    def local_path(self) -> str | None:
        """Of a file of this machine, for readers that are faster on such."""
        return self.objects.local_path(self.path)

    def _check(self) -> None:
        if self.etag is not None and self.objects.info(self.path).etag != self.etag:
            raise errors.FileError(f'file "{self.path}" changed while it was read')

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except errors.FileMissing as error:
            raise errors.FileError(f'file "{self.path}" vanished while it was read: {error.message}') from error


def list_files(source: str, objects: Objects | None = None) -> tuple[SourceFile, ...]:
    """The files that `source` names, sorted; FileMissing when there is none."""
    objects = objects or Objects()
    location = Location.parse(source)
    folder, _, start = location.url.rpartition("/")
    found = [info for info in objects.list(source) if _wanted(info.url[len(folder) + 1 if folder else 0 :], start)]
    if not found:
        raise _nothing(source, location)
    return tuple(_source_file(info, objects) for info in found)


def one_file(source: str, objects: Objects) -> SourceFile:
    """The file of exactly that name; FileMissing when there is none."""
    return _source_file(objects.info(source), objects)


def _source_file(info: ObjectInfo, objects: Objects) -> SourceFile:
    modified = None if info.modified is None else int(info.modified.timestamp() * 1_000_000)
    return SourceFile(info.url, info.bytes, info.etag, modified, objects)


def _wanted(rest: str, start: str) -> bool:
    """Is a file taken? `rest`: its name behind the prefix's folder; `start`: what the prefix says of that."""
    first, *below = rest.lstrip("/").split("/")
    return not any(_hidden(part) for part in below) and not (_hidden(first) and not start)


def _hidden(name: str) -> bool:
    return name.startswith((".", "_"))


def _nothing(source: str, location: Location) -> errors.Error:
    if location.scheme != FILE:
        kind = location.scheme.upper()
        return errors.FileMissing(
            f"The specified {kind} prefix '{location.key}' does not exist", detail=f"Nothing is there at {source}."
        )
    relative = not os.path.isabs(location.key)
    hint = f"Relative paths start at {os.getcwd()}." if relative else None
    return errors.FileMissing(f'the specified prefix "{source}" does not exist', hint=hint)
