"""Local files as an object store; `root` is put before keys and stays out of names (s3_root)."""
from __future__ import annotations

import os
import re
import uuid
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from ... import errors
from ..catalog.folder import sync_folder
from .base import ObjectInfo, ObjectWriter

# What a writer has not finished, beside its target.
_PART = re.compile(r"\..*\.[0-9a-f]{32}\.part")


class Files:
    """`root` is a folder, or "" for paths as they are; `name` is what names begin with."""

    def __init__(self, root: str = "", name: str = "") -> None:
        self._root = root
        self._name = name

    def list(self, prefix: str) -> Iterator[ObjectInfo]:
        if self._root and not os.path.isdir(self._root):
            raise errors.FileMissing(f"The specified bucket does not exist: {self._name}")
        try:
            found = sorted(self._matches(prefix))
            for key in found:
                yield self._info(key)
        except FileNotFoundError:
            return
        except OSError as error:
            raise _failed(f'cannot list the files of "{self._name}{prefix}"', error) from error

    def _matches(self, prefix: str) -> Iterator[str]:
        folder, start = os.path.split(prefix)
        base = self._path(folder) or "."
        if not os.path.isdir(base):
            return
        with os.scandir(base) as entries:
            for entry in entries:
                if not entry.name.startswith(start) or _PART.fullmatch(entry.name):
                    continue
                key = os.path.join(folder, entry.name)
                if entry.is_dir():
                    yield from self._below(key)
                elif entry.is_file():
                    yield key

    def _below(self, folder: str) -> Iterator[str]:
        top = self._path(folder)
        for parent, _, names in os.walk(top):
            inside = os.path.relpath(parent, top)
            for name in names:
                if _PART.fullmatch(name):
                    continue
                yield os.path.join(folder, name) if inside == "." else os.path.join(folder, inside, name)

    def info(self, key: str) -> ObjectInfo:
        try:
            return self._info(key)
        except OSError as error:
            raise _failed(f'cannot read "{self._name}{key}"', error) from error

    def _info(self, key: str) -> ObjectInfo:
        status = os.stat(self._path(key))
        modified = datetime.fromtimestamp(status.st_mtime, UTC)
        return ObjectInfo(self._name + key, status.st_size, f"{status.st_size:x}-{status.st_mtime_ns:x}", modified)

    def read(self, key: str, start: int, stop: int) -> bytes:
        with self.open(key) as file:
            file.seek(start)
            return file.read(stop - start)

    def read_many(self, key: str, ranges: Sequence[tuple[int, int]]) -> Sequence[bytes]:
        found = []
        with self.open(key) as file:
            try:
                for start, stop in ranges:
                    file.seek(start)
                    found.append(file.read(stop - start))
            except OSError as error:
                raise _failed(f'cannot read "{self._name}{key}"', error) from error
        return found

    def open(self, key: str) -> BinaryIO:
        try:
            return open(self._path(key), "rb")
        except OSError as error:
            raise _failed(f'cannot read "{self._name}{key}"', error) from error

    def create(self, key: str, overwrite: bool) -> ObjectWriter:
        return _FileWriter(self._path(key), self._name + key, overwrite)

    def delete(self, key: str) -> None:
        try:
            os.unlink(self._path(key))
        except FileNotFoundError:
            return
        except OSError as error:
            raise _failed(f'cannot remove "{self._name}{key}"', error) from error

    def local_path(self, key: str) -> str:
        return self._path(key)

    def _path(self, key: str) -> str:
        if not self._root:
            return key
        path = os.path.normpath(os.path.join(self._root, key))
        if path != os.path.normpath(self._root) and not path.startswith(os.path.normpath(self._root) + os.sep):
            raise errors.ProgrammingError(f'"{self._name}{key}" leads out of its bucket')
        return path


class _FileWriter:
    """Writes beside the target, hidden; `close` gives the name."""

    def __init__(self, path: str, name: str, overwrite: bool) -> None:
        self._path, self._name, self._overwrite = path, name, overwrite
        folder = os.path.dirname(path) or "."
        try:
            os.makedirs(folder, exist_ok=True)
            self._part = os.path.join(folder, f".{os.path.basename(path)}.{uuid.uuid4().hex}.part")
            descriptor = os.open(self._part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
        except OSError as error:
            raise _failed(f'cannot write "{name}"', error) from error
        self._file = os.fdopen(descriptor, "wb")
        self._ended = False

    def write(self, data: bytes | memoryview) -> int:
        try:
            return self._file.write(data)
        except OSError as error:
            raise _failed(f'cannot write "{self._name}"', error) from error

    def close(self) -> None:
        if self._ended:
            return
        try:
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
            self._publish()
        except OSError as error:
            self.abort()
            raise _failed(f'cannot write "{self._name}"', error) from error
        self._ended = True

    def _publish(self) -> None:
        if self._overwrite:
            os.replace(self._part, self._path)
        else:
            try:
                os.link(self._part, self._path)
            except FileExistsError:
                self.abort()
                raise errors.OperationalError(f'"{self._name}" is there already', sqlstate="58P01") from None
            os.unlink(self._part)
        sync_folder(Path(self._path).parent)

    def abort(self) -> None:
        if self._ended:
            return
        self._ended = True
        with suppress(OSError):  # what is still in its buffer may not fit the disk
            self._file.close()
        with suppress(FileNotFoundError):
            os.unlink(self._part)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.close()
        else:
            self.abort()


def _failed(what: str, error: OSError) -> errors.Error:
    text = f"{what}: {error.strerror}"
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return errors.FileMissing(text)
    return errors.file_failure(text, error)
