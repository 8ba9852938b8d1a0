"""Objects: every store behind URLs. Opened stores are kept for the process, by bucket and options."""
from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from typing import BinaryIO

from .base import ObjectInfo, ObjectStore, ObjectWriter
from .files import Files
from .location import FILE, Location
from .options import StoreOptions

_stores: dict[object, ObjectStore] = {}
_lock = threading.Lock()


class Objects:
    """For any thread. Errors: FileMissing, PermissionDenied, FileError, NotSupportedError, each naming the object."""

    def __init__(self, options: StoreOptions | None = None) -> None:
        self.options = options or StoreOptions()

    def list(self, prefix: str) -> list[ObjectInfo]:
        """All objects whose name begins with the text `prefix`, by name; empty when there is none."""
        store, location = self._find(prefix)
        return list(store.list(location.key))

    def info(self, url: str) -> ObjectInfo:
        store, location = self._find(url)
        return store.info(location.key)

    def exists(self, prefix: str) -> bool:
        """Is there any object whose name begins with the text `prefix`?"""
        store, location = self._find(prefix)
        return next(iter(store.list(location.key)), None) is not None

    def read(self, url: str, start: int = 0, stop: int | None = None) -> bytes:
        """The bytes `start` to `stop`, by default all."""
        store, location = self._find(url)
        return store.read(location.key, start, store.info(location.key).bytes if stop is None else stop)

    def read_many(self, url: str, ranges: Sequence[tuple[int, int]]) -> Sequence[bytes]:
        """Several times (start, stop) of one object: the requests travel together."""
        store, location = self._find(url)
        return store.read_many(location.key, ranges)

    def open(self, url: str) -> BinaryIO:
        store, location = self._find(url)
        return store.open(location.key)

    def create(self, url: str, *, overwrite: bool = False) -> ObjectWriter:
        store, location = self._find(url)
        return store.create(location.key, overwrite)

    def delete(self, url: str) -> None:
        store, location = self._find(url)
        store.delete(location.key)

    def local_path(self, url: str) -> str | None:
        """The path of the file that `url` means; None for what is on a network."""
        store, location = self._find(url)
        return store.local_path(location.key)

    def _find(self, url: str) -> tuple[ObjectStore, Location]:
        location = Location.parse(url)
        if location.scheme == FILE:
            return Files(), location
        root = self.options.root
        if location.scheme == "s3" and root is not None:
            return Files(os.path.join(root, location.bucket), location.root), location
        configuration = self.options.s3_configuration() if location.scheme == "s3" else {}
        key = (location.scheme, location.root, tuple(sorted(configuration.items())))
        with _lock:
            store = _stores.get(key)
        if store is None:
            from .remote import Remote, open_bucket

            store = Remote(open_bucket(location.scheme, location.bucket, configuration), location.root)
            with _lock:
                store = _stores.setdefault(key, store)
        return store, location
