"""One snapshot to read from, in a folder or in an object store, behind one face.

    source.manifest()                          what it says of itself, checked
    source.fetch_catalog(target)               the copy of the catalogue as a durable file, checked
    source.fetch(path, size, target, check)    one extent as a durable file, every byte checked on the way
    source.read(path, ranges)                  some bytes of one extent, whose blocks carry checksums (extent.py)
    with source.local(path, size, check) as file: ...      one extent as a file of this machine for a while, checked
    with source.local_catalog() as file: ...               the catalogue likewise

Objects are read in pieces of CHUNK_BYTES, so memory is bounded whatever an extent's size. What is missing or broken is
DataCorrupted and names the snapshot; a store that cannot be reached is the store's own error.
"""
from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Protocol

from ... import errors
from ..catalog import folder as folders
from ..objects.registry import Objects
from ..staging import file_error, place, sync_file
from .manifest import CATALOG, MANIFEST, Manifest, parse_manifest, read_manifest, verify_catalog, verify_extent
from .transfer import TRANSFERS

CHUNK_BYTES = 8 << 20


class Source(Protocol):
    """See the module's text. `where`: its folder or URL, for messages. `transfers`: how many files to fetch at once."""

    @property
    def transfers(self) -> int: ...

    @property
    def where(self) -> str: ...

    def manifest(self) -> Manifest: ...

    def fetch_catalog(self, target: Path) -> None: ...

    def fetch(self, path: str, size: int, target: Path, check: Callable[[], None], *, link: bool = True) -> None:
        """`path` is one of the manifest's, `size` its bytes. `link`: a second name for the same bytes will do, where
        there can be one."""

    def read(self, path: str, ranges: Sequence[tuple[int, int]]) -> Sequence[bytes]: ...

    def local(self, path: str, size: int, check: Callable[[], None]) -> AbstractContextManager[Path]: ...

    def local_catalog(self) -> AbstractContextManager[Path]: ...


class FolderSource:
    """A snapshot of a database folder, or of a folder of copies."""

    transfers = 1  # links are made in no time, and checking bytes is work for a core

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def where(self) -> str:
        return str(self.folder)

    def manifest(self) -> Manifest:
        return read_manifest(self.folder)

    def fetch_catalog(self, target: Path) -> None:
        verify_catalog(self.folder, self.manifest())
        shutil.copyfile(self.folder / CATALOG, target)
        sync_file(target)

    def fetch(self, path: str, size: int, target: Path, check: Callable[[], None], *, link: bool = True) -> None:
        """A link to what was read, or a copy that is read again."""
        file, name = self._file(path), self.folder.name
        if link:
            verify_extent(file, name, size, check)
        elif not file.is_file():
            raise errors.DataCorrupted(f'snapshot "{name}" is damaged: file "{path}" is missing')
        place(file, target, link=link)
        if not link:
            verify_extent(target, name, size, check)

    def read(self, path: str, ranges: Sequence[tuple[int, int]]) -> Sequence[bytes]:
        return Objects().read_many(str(self._file(path)), ranges)

    @contextmanager
    def local(self, path: str, size: int, check: Callable[[], None]) -> Iterator[Path]:
        verify_extent(self._file(path), self.folder.name, size, check)
        yield self._file(path)

    @contextmanager
    def local_catalog(self) -> Iterator[Path]:
        verify_catalog(self.folder, self.manifest())
        yield self.folder / CATALOG

    def _file(self, path: str) -> Path:
        return self.folder / folders.DATA / path


class StoreSource:
    """A snapshot in an object store, under `url`."""

    transfers = TRANSFERS

    def __init__(self, objects: Objects, url: str, name: str) -> None:
        self._objects = objects
        self._url = url
        self._name = name

    @property
    def where(self) -> str:
        return self._url

    def manifest(self) -> Manifest:
        url = f"{self._url}/{MANIFEST}"
        return parse_manifest(self._objects.read(url), self._name, url)

    def fetch_catalog(self, target: Path) -> None:
        url = f"{self._url}/{CATALOG}"
        if self._download(url, target, lambda: None) != self.manifest().catalog_sha256:
            raise errors.DataCorrupted(f'snapshot "{self._name}" is damaged: {url} fails its checksum')

    def fetch(self, path: str, size: int, target: Path, check: Callable[[], None], *, link: bool = True) -> None:
        target.parent.mkdir(parents=True, exist_ok=True)
        url = self._object(path)
        try:
            self._download(url, target, check)
            verify_extent(target, self._name, size, check)
        except errors.DataCorrupted as e:
            target.unlink(missing_ok=True)
            raise errors.DataCorrupted(e.message.replace(str(target), url)) from e  # the object is what is damaged
        except BaseException:
            target.unlink(missing_ok=True)
            raise

    def read(self, path: str, ranges: Sequence[tuple[int, int]]) -> Sequence[bytes]:
        return self._objects.read_many(self._object(path), ranges)

    @contextmanager
    def local(self, path: str, size: int, check: Callable[[], None]) -> Iterator[Path]:
        with _passing(self._object(path)) as file:
            self.fetch(path, size, file, check)
            yield file

    @contextmanager
    def local_catalog(self) -> Iterator[Path]:
        with _passing(f"{self._url}/{CATALOG}") as file:
            self.fetch_catalog(file)
            yield file

    def _object(self, path: str) -> str:
        return f"{self._url}/{folders.DATA}/{path}"

    def _download(self, url: str, target: Path, check: Callable[[], None]) -> str:
        """The object as a durable file; the SHA-256 of its bytes."""
        digest = hashlib.sha256()
        try:
            with self._objects.open(url) as source, open(target, "xb") as file:
                while chunk := source.read(CHUNK_BYTES):
                    check()
                    digest.update(chunk)
                    file.write(chunk)
                file.flush()
                os.fsync(file.fileno())
        except errors.FileMissing as e:
            self._objects.info(f"{self._url}/{MANIFEST}")  # else all of it has gone, or its bucket: FileMissing, too
            raise errors.DataCorrupted(f'snapshot "{self._name}" is damaged: {url} is missing') from e
        return digest.hexdigest()


@contextmanager
def _passing(url: str) -> Iterator[Path]:
    """Where an object may be while it passes through this machine, in the system's temporary folder."""
    try:
        with TemporaryDirectory(prefix="warehouse-") as folder:
            yield Path(folder) / "object"
    except OSError as e:
        raise file_error(f'cannot pass "{url}" through a temporary file', e) from e
