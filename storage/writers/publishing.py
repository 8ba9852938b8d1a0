"""Whole objects, or none: what is written is kept back until all of it is, then it appears.

A statement that fails leaves nothing: objects that have not appeared never do, those that have are removed. Kept
objects hold open files or uploads, so no more than KEPT of them wait; with more the oldest appear before the end.

`clean`: what is there already goes before the first object of its place appears (UNLOAD's CLEANPATH).
"""
from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress

from ... import errors
from ..objects.base import ObjectWriter
from ..objects.registry import Objects
from .base import WrittenFile

KEPT = 64


class Publisher:
    """For any thread."""

    def __init__(self, objects: Objects, base: str, *, overwrite: bool = False, clean: bool = False) -> None:
        self._objects = objects
        self._base = base
        self._overwrite = overwrite or clean
        self._clean = clean
        self._cleaned: set[str] = set()
        self._waiting: deque[tuple[ObjectWriter, WrittenFile]] = deque()
        self._there: list[WrittenFile] = []
        self._lock = threading.Lock()

    def create(self, url: str) -> ObjectWriter:
        return self._objects.create(url, overwrite=self._overwrite)

    def whole(self, writer: ObjectWriter, file: WrittenFile) -> None:
        """All of the object has been written."""
        with self._lock:
            self._waiting.append((writer, file))
            while len(self._waiting) > KEPT:
                self._appear()

    def publish(self, check: Callable[[], None] = lambda: None) -> list[WrittenFile]:
        """All objects appear; they, by folder, slice and name. `check` may raise between two."""
        with self._lock:
            while self._waiting:
                check()
                self._appear()
            return sorted(self._there, key=lambda f: (f.partition, f.slice, f.url))

    def _appear(self) -> None:
        writer, file = self._waiting[0]
        if self._clean and file.partition not in self._cleaned:
            self._cleaned.add(file.partition)
            for found in self._objects.list(self._base + file.partition):
                self._objects.delete(found.url)
        writer.close()
        self._waiting.popleft()
        self._there.append(file)

    def withdraw(self) -> None:
        """None of the objects is there any more; what they replaced is not brought back."""
        with self._lock:
            for writer, _ in self._waiting:
                with suppress(errors.Error, OSError):  # the others go all the same
                    writer.abort()
            self._waiting.clear()
            for file in self._there:
                with suppress(errors.Error):
                    self._objects.delete(file.url)
            self._there.clear()
