"""A streaming restore: the database is open while its extents are still with the snapshot that it was made of.

    dw/restore.json     where the snapshot is, which extents it has: there until all of them are here
    dw/data/...         those that are here, each whole

    a query reads a block       the extent is here: from its file
                                it is not: those bytes from the snapshot, as SourceReader; the extent is wanted next
    the filler (filling.py)     brings extents in, whole and checked, wanted ones first; at the end the note goes

An extent appears by a rename of a file that is durable, so being there is all that anybody has to know of it: there is
no state in between, whoever is killed. Blocks that a query reads are proven by the same checksums either way, and stay
in the buffer cache under the same name. A process that has the folder open read-only reads in the same way, and brings
nothing in. Redshift calls it so, too. Why not by whole extents, nor block by block into files:
docs/decisions/0027-a-restore-streams.md.
"""
from __future__ import annotations

import itertools
import os
import threading
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from ... import errors
from ...kernels import memory
from ...records import dataclass
from ..blockio import BlockReader, Place
from ..catalog import folder as folders
from ..failpoints import reach
from ..objects.options import StoreOptions
from ..staging import file_error
from ..vector import Array
from .manifest import Manifest, seal, snapshot_folder, unseal
from .places import Place as Where
from .places import StorePlace, place_of
from .source import FolderSource, Source

FORMAT_VERSION = 1
TAIL_BYTES = 64 << 10  # read at once where a footer is looked for: a request takes longer than these bytes


@dataclass(frozen=True, slots=True)
class Restoring:
    """How far a streaming restore is. `where`: the snapshot's folder or URL; `error`: why the last try to bring an
    extent in failed, None: it did not."""

    where: str
    files: int
    bytes: int
    missing_files: int
    missing_bytes: int
    error: str | None = None


def write_note(folder: Path, home: Where, manifest: Manifest) -> None:
    """Make a restored catalogue a streaming restore. Of what it takes to reach a store no secret is written down."""
    place, options = (home.url, home.objects.options) if isinstance(home, StorePlace) else (str(home), StoreOptions())
    text = seal({
        "format": FORMAT_VERSION, "place": place, "snapshot": manifest.name, "files": manifest.files,
        "s3_root": None if options.root is None else os.path.abspath(options.root),
        "s3_endpoint_url": options.s3_endpoint_url, "region": options.region,
    })
    with open(folder / folders.RESTORE, "xb") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def open_note(home: Path) -> Arrivals | None:
    """What is still to come of the database in a folder; None: all is here. DataCorrupted, FormatTooNew."""
    path = home / folders.RESTORE
    try:
        values = unseal(path.read_bytes())
        if values["format"] > FORMAT_VERSION:
            raise errors.FormatTooNew(
                f'"{path}" has format version {values["format"]}; this release reads up to {FORMAT_VERSION}',
                hint="Upgrade warehouse-sql.",
            )
        options = StoreOptions(values["s3_root"], values["s3_endpoint_url"], values["region"])
        files = {str(path): int(size) for path, size in values["files"]}
        return Arrivals(home, str(values["place"]), str(values["snapshot"]), files, options)
    except FileNotFoundError:
        return None
    except OSError as e:
        raise errors.FileError(f'cannot read "{path}": {e.strerror}') from e
    except (ValueError, KeyError, TypeError) as e:
        raise errors.DataCorrupted(
            f'"{path}" is damaged: nobody knows where the rest of the database is', hint="Restore the snapshot again."
        ) from e


class Arrivals:
    """The extents that a database folder is still without. For any thread."""

    def __init__(self, home: Path, place: str, snapshot: str, files: dict[str, int], options: StoreOptions) -> None:
        self._home = home
        self._data = home / folders.DATA
        self._place = place
        self._snapshot = snapshot
        self._files = files
        self._options = options
        self._lock = threading.Lock()
        self._numbers = itertools.count()
        self._wanted: dict[str, None] = {}  # asked for by queries, in this order
        self.error: str | None = None

    @property
    def where(self) -> str:
        return f"{self._place}/snapshots/{self._snapshot}"

    def reach_by(self, options: StoreOptions) -> None:
        """What a connection says of reaching stores goes before what the note does: a folder may have moved."""
        given = {name: getattr(options, name) for name in ("s3_root", "s3_endpoint_url", "region")}
        self._options = replace(self._options, **{name: value for name, value in given.items() if value is not None})

    def absent(self, path: str) -> bool:
        """Whether an extent is not here yet. `path`: relative to the data folder."""
        return path in self._files and not (self._data / path).exists()

    def names(self) -> Collection[str]:
        """Paths of all extents that the snapshot has or had: that one of these is missing is no damage."""
        return self._files.keys()

    def reader(self, path: str) -> BlockReader:
        """Of an absent extent, which is wanted from now on."""
        with self._lock:
            self._wanted.setdefault(path)
        return SourceReader(self._data / path, self, path, self._files[path])

    def read(self, path: str, start: int, stop: int) -> bytes:
        """Bytes of an extent from the snapshot. FileError where it cannot be reached."""
        try:
            return self._source().read(path, start, stop)
        except errors.Error as e:
            raise self._unreachable(path, e) from e

    def take_wanted(self) -> str | None:
        """An extent that a query asked for and that nobody has brought in since, the first one."""
        with self._lock:
            while self._wanted:
                path = next(iter(self._wanted))
                del self._wanted[path]
                if self.absent(path):
                    return path
        return None

    def bring(self, path: str, check: Callable[[], None]) -> Path:
        """The extent's file, here and durable; brought in if it is not. FileError, DiskFull, or what `check` raises."""
        target = self._data / path
        if not self.absent(path):
            return target
        part = self._home / folders.SPILL / f"restore-{os.getpid()}-{next(self._numbers)}.part"
        try:
            self._source().fetch(path, self._files[path], part, check)
            reach("restore.fetched")
            target.parent.mkdir(parents=True, exist_ok=True)
            os.replace(part, target)
            folders.sync_folder(target.parent)
            reach("restore.arrived")
        except errors.Error as e:
            raise self._unreachable(path, e) from e
        except OSError as e:
            raise file_error(f'cannot write "{target}"', e) from e
        finally:
            part.unlink(missing_ok=True)
        return target

    def finish(self) -> None:
        """All are here: their folders are made durable, and the note goes."""
        for folder, _, _ in os.walk(self._data, topdown=False):
            folders.sync_folder(Path(folder))
        reach("restore.complete")
        (self._home / folders.RESTORE).unlink(missing_ok=True)
        folders.sync_folder(self._home)

    @property
    def finished(self) -> bool:
        """Whether this or another process has brought everything in."""
        return not (self._home / folders.RESTORE).exists()

    def progress(self, needed: Collection[str]) -> Restoring:
        missing = [size for path, size in self._files.items() if path in needed and self.absent(path)]
        return Restoring(
            self.where, len(self._files), sum(self._files.values()), len(missing), sum(missing), self.error
        )

    def _source(self) -> Source:
        place = place_of(self._place, self._options)
        if isinstance(place, StorePlace):
            return place.at(self._snapshot)
        return FolderSource(snapshot_folder(place, self._snapshot))

    def _unreachable(self, path: str, error: errors.Error) -> errors.Error:
        text = f'file "{self._data / path}" is not restored yet and cannot be read from "{self.where}": {error.message}'
        hint = "The database is a streaming restore: make the snapshot available again, or restore another one."
        kind = type(error) if isinstance(error, errors.DataCorrupted | errors.PermissionDenied) else errors.FileError
        return kind(text, hint=error.hint or hint)


class SourceReader(BlockReader):
    """An extent that is not here: its bytes come from the snapshot, and from the file as soon as there is one."""

    def __init__(self, path: Path, arrivals: Arrivals, name: str, size: int) -> None:
        self.path = path
        self.size = size
        self._arrivals = arrivals
        self._name = name
        self._here: BlockReader | None = None
        self._tail = b""  # what the file ends with: trailer and, mostly, the footer

    def read(self, offset: int, length: int) -> Array:
        here = self._file()
        return self._fetch([(offset, length, 0)])[0] if here is None else here.read(offset, length)

    def read_many(self, places: Sequence[Place]) -> list[Array]:
        here, self._tail = self._file(), b""  # the footer has been read by now
        return super().read_many(places) if here is None else here.read_many(places)

    def _read_run(self, places: Sequence[Place]) -> list[Array]:
        return self._fetch(places)

    def _fetch(self, places: Sequence[Place]) -> list[Array]:
        """Blocks that stand one behind the other, by one request."""
        first, stop = places[0][0], places[-1][0] + places[-1][1]
        data = np.frombuffer(self._bytes(first, stop), np.uint8)
        if len(data) != stop - first:
            raise errors.DataCorrupted(
                f'file "{self._name}" in "{self._arrivals.where}" is truncated: '
                f"it ends at {first + len(data)} of {stop} bytes"
            )
        found: list[Array] = []
        for offset, length, room in places:
            whole = memory.empty(length + room, "u1")
            whole[:length] = data[offset - first : offset - first + length]
            if BlockReader.fault is not None:
                BlockReader.fault(self.path, offset, whole[:length])
            found.append(whole)
        return found

    def _bytes(self, first: int, stop: int) -> bytes:
        start = max(0, self.size - TAIL_BYTES)
        if first < start:
            return self._arrivals.read(self._name, first, stop)
        tail = self._tail or self._arrivals.read(self._name, start, self.size)
        self._tail = tail
        return tail[first - start : stop - start]

    def _file(self) -> BlockReader | None:
        if self._here is None and self.path.exists():
            self._here = BlockReader(self.path)
        return self._here

    def close(self) -> None:
        if self._here is not None:
            self._here.close()

    def __del__(self) -> None:
        """There is no descriptor of its own."""
