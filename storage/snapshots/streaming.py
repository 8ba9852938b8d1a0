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
from ..blockio import BlockReader, Place, runs
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
        "catalog_sha256": manifest.catalog_sha256,
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
        source = str(values["place"]), str(values["snapshot"]), str(values["catalog_sha256"])
        return Arrivals(home, *source, files, options)
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

    def __init__(
        self, home: Path, place: str, snapshot: str, catalog: str, files: dict[str, int], options: StoreOptions
    ) -> None:
        """`catalog`: the checksum that tells the snapshot from another one of its name."""
        self._home = home
        self._catalog = catalog
        self._proven = False
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

    def read(self, path: str, ranges: Sequence[tuple[int, int]]) -> Sequence[bytes]:
        """Bytes of an extent from the snapshot. FileError where it cannot be reached."""
        try:
            if not self._proven:
                self.prove()
            found = self._source().read(path, ranges)
        except errors.Error as e:
            raise self._unreachable(path, e) from e
        for data, (start, stop) in zip(found, ranges):
            if len(data) != stop - start:
                ends = f"it ends at {start + len(data)} of {stop} bytes"
                raise errors.DataCorrupted(f'file "{path}" in "{self.where}" is truncated: {ends}')
        return found

    def prove(self) -> None:
        """The snapshot is the one that the database was restored from: another of its name may have extents of the
        same names. Asked before the first read and by who brings everything in."""
        if self._source().manifest().catalog_sha256 != self._catalog:
            raise errors.FileError("there is another snapshot of that name now")
        self._proven = True

    def distrust(self) -> None:
        """It is to be proven again."""
        self._proven = False

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
            if not self._proven:
                self.prove()
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

    @property
    def file(self) -> int | None:
        here = self._file()
        return None if here is None else here.file

    def read(self, offset: int, length: int) -> Array:
        here = self._file()
        if here is not None:
            return here.read(offset, length)
        start = max(0, self.size - TAIL_BYTES)
        if offset < start:
            ranges = [(offset, offset + length)]
            if not offset:  # the header, and the footer will be asked for next
                ranges.append((start, self.size))
            data, *tails = self._arrivals.read(self._name, ranges)
            self._tail = tails[0] if tails else self._tail
        else:
            tail = self._tail or self._arrivals.read(self._name, [(start, self.size)])[0]
            self._tail, data = tail, tail[offset - start : offset - start + length]
        return self._cut([(offset, length, 0)], data)[0]

    def read_many(self, places: Sequence[Place]) -> list[Array]:
        """Blocks that stand one behind the other by one request, all requests at once."""
        here, self._tail = self._file(), b""  # the footer has been read by now
        if here is not None:
            return here.read_many(places)
        together = list(runs(places))
        ranges = [(run[0][0], run[-1][0] + run[-1][1]) for run in together]
        found = self._arrivals.read(self._name, ranges)
        return [block for run, data in zip(together, found) for block in self._cut(run, data)]

    def _cut(self, run: Sequence[Place], data: bytes) -> list[Array]:
        found: list[Array] = []
        for offset, length, room in run:
            whole, at = memory.empty(length + room, "u1"), offset - run[0][0]
            whole[:length] = np.frombuffer(data, np.uint8, length, at)
            if BlockReader.fault is not None:
                BlockReader.fault(self.path, offset, whole[:length])
            found.append(whole)
        return found

    def _file(self) -> BlockReader | None:
        if self._here is None and self.path.exists():
            self._here = BlockReader(self.path)
        return self._here

    def close(self) -> None:
        if self._here is not None:
            self._here.close()

    def __del__(self) -> None:
        """There is no descriptor of its own."""
