"""The extents of a database as files: where they lie, which are open, which blocks are in memory.

    files = ExtentFiles(Path("dw/data"), ...)     of a folder; None: in memory, a private one comes with the first file
    files.reader(extent)                          open, shared by all threads; at most READERS_OPEN have a descriptor
    files.cache                                   the blocks of all of them (buffer.py)
    files.sync_once(folders)                      names that a commit is going to rest on
    files.discard(paths)                          what a load made and no commit names

Inline extents (inline.py) have readers, too, and no file. Which extents a snapshot needs is timeline.py's matter.
"""
from __future__ import annotations

import os
import shutil
import tempfile
import threading
import weakref
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from .. import errors
from .catalog.folder import RESTORE, sync_folder
from .catalog.garbage import remove_file
from .schema import ExtentRef
from .sharing import forks

if TYPE_CHECKING:
    from .buffer import BufferCache
    from .extent import ExtentReader
    from .snapshots.streaming import Arrivals

# Without a limit given: a quarter of the memory, the rest is for queries and Arrow.
CACHE_SHARE = 0.25
# Extents kept open: each has a file descriptor, and processes often may have 1,024.
READERS_OPEN = 400


class ExtentFiles:
    """See the module's text. For any thread."""

    def __init__(
        self, data: Path | None, inline_folder: Path, named: Callable[[list[str]], Collection[str]],
        arrivals: Arrivals | None = None,
    ) -> None:
        """`inline_folder`: what names of inline extents stand behind; nothing is there. `named`: those of some paths
        that a commit has named. `arrivals`: what a streaming restore has still to bring in."""
        self.arrivals = arrivals
        self.inline_folder = inline_folder
        self._data = data
        self._named = named
        self._lock = threading.RLock()
        self._durable_folders: set[Path] = set()
        self._cache: BufferCache | None = None
        self._cache_bytes = 0  # 0: a share of the machine's memory
        self._readers: OrderedDict[int, ExtentReader] = OrderedDict()
        self._inline_readers: dict[int, ExtentReader] = {}  # nothing is open in them
        self._finalizer: weakref.finalize[..., ExtentFiles] | None = None

    def folder(self) -> Path:
        """The data folder; a database in memory makes it now."""
        if self._data is None:
            with self._lock:
                if self._data is None:
                    made = self._make_folder()
                    self._finalizer = weakref.finalize(self, _remove_folder, made, forks.count)
                    self._data = made
        return self._data

    def _make_folder(self) -> Path:
        return Path(tempfile.mkdtemp(prefix="warehouse-"))

    def path_of(self, extent: ExtentRef) -> Path:
        return (self.inline_folder if extent.is_inline else self.folder()) / extent.path

    def local(self, path: str, check: Callable[[], None]) -> Path:
        """The extent's file by its path in the data folder, here: what makes a second name for it must have it."""
        return self.folder() / path if self.arrivals is None else self.arrivals.bring(path, check)

    def sync_once(self, folders: Iterable[Path]) -> None:
        """Make the names of `folders`, and of those that they are in, durable: once is enough for each."""
        data = self.folder()
        for folder in folders:
            while folder != data and folder not in self._durable_folders:
                sync_folder(folder.parent)
                self._durable_folders.add(folder)
                folder = folder.parent

    def discard(self, paths: Iterable[Path]) -> None:
        """Remove files of extents that were not committed after all. Whoever gives up may not know how far a commit
        came (Ctrl-C may fall right behind it): what the catalogue names stays. Where it cannot be asked all stay, and
        are found when the folder is opened."""
        listed = list(paths)
        if not listed:
            return  # nothing is asked at the end of most transactions
        folder = self.folder()
        names = {os.path.relpath(path, folder): path for path in listed}
        try:
            named = self._named(list(names))
        except errors.Error:
            return
        for name in names.keys() - named:
            remove_file(names[name])

    # -- reading -------------------------------------------------------------------------------

    def open(self, extent: ExtentRef) -> ExtentReader:
        """The extent, for whoever asks alone, who closes it."""
        from .extent import ExtentReader

        if self.arrivals is not None and self.arrivals.absent(extent.path):
            return ExtentReader(self.path_of(extent), reader=self.arrivals.reader(extent.path))
        return ExtentReader(self.path_of(extent), extent.data)

    def reader(self, extent: ExtentRef) -> ExtentReader:
        """The extent, open: shared, safe for many threads, not to be closed by whoever asks."""
        with self._lock:
            if extent.is_inline and (found := self._inline_readers.get(extent.id)) is not None:
                return found
            found = self._readers.get(extent.id)
            if found is not None:
                self._readers.move_to_end(extent.id)
                return found
        opened = self.open(extent)
        if not extent.is_inline:
            _check_file(opened, extent)
        with self._lock:
            if extent.is_inline:
                return self._inline_readers.setdefault(extent.id, opened)
            kept = self._readers.setdefault(extent.id, opened)
            while len(self._readers) > READERS_OPEN:
                self._readers.popitem(last=False)  # its file closes when the last user lets it go
        return kept

    @property
    def cache(self) -> BufferCache:
        """The cache of encoded blocks, shared by all sessions."""
        if self._cache is None:
            with self._lock:
                if self._cache is None:
                    from .buffer import BufferCache

                    self._cache = BufferCache(self._cache_bytes or int(_memory_bytes() * CACHE_SHARE))
        return self._cache

    def bound_cache(self, limit: int) -> None:
        """Let the cache of blocks hold at most `limit` bytes from now on."""
        with self._lock:
            self._cache_bytes = limit
            if self._cache is not None:
                self._cache.bound(limit)

    # -- letting go ----------------------------------------------------------------------------

    def forget(self, extent: ExtentRef) -> None:
        """Let go of an extent whose file is about to be removed."""
        with self._lock:
            (self._inline_readers if extent.is_inline else self._readers).pop(extent.id, None)
            self.drop_blocks(extent)

    def drop_blocks(self, extent: ExtentRef) -> None:
        if self._cache is not None:
            self._cache.drop(self.path_of(extent))

    def close(self) -> None:
        """Nobody reads any more; a private folder goes."""
        with self._lock:
            self._readers.clear()
            self._inline_readers.clear()
            if self._cache is not None:
                self._cache.clear()
            if self._finalizer is not None:
                self._finalizer()


def arrivals_of(home: Path) -> Arrivals | None:
    """What a streaming restore has still to bring into a database's folder; None: there is none under way."""
    if not (home / RESTORE).exists():
        return None
    from .snapshots.streaming import open_note

    return open_note(home)


def _remove_folder(path: Path, made: int) -> None:
    if made == forks.count:  # else it is another process's, which this one was forked from
        shutil.rmtree(path, ignore_errors=True)


def _memory_bytes() -> int:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def _check_file(reader: ExtentReader, extent: ExtentRef) -> None:
    """A file that is whole may still be another one: a copy of a folder gone wrong."""
    if (reader.reader.size, reader.rows) != (extent.bytes, extent.rows):
        reader.close()
        raise errors.DataCorrupted(
            f'file "{reader.path}" is not the one that the catalogue names: it has {reader.reader.size} bytes and '
            f"{reader.rows} rows, not {extent.bytes} and {extent.rows}"
        )
