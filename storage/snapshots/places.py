"""Where snapshots are: a database folder, a folder of copies, or a prefix of an object store.

    place = place_of("s3://backup/dw", options)      a StorePlace; of a path or a file:// URL: that Path
    list_snapshots(place)    delete(place, "monday")    with opened(place, "monday") as source: ...   source.py

    s3://backup/dw/snapshots/monday/data/...            the extents            written first, in any order
    s3://backup/dw/snapshots/monday/catalog.snapshot    the catalogue
    s3://backup/dw/snapshots/monday/snapshot.json       the manifest           written last: now it is there
    s3://backup/dw/snapshots/monday/snapshot.part       an unfinished copy's   upload.py

The names below the prefix are those of a folder, so what is in a store can be fetched by any tool and used in place.
Whoever deletes takes the manifest away first: nothing is listed by half.
"""
from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from ... import errors
from ...records import dataclass
from ..objects.location import FILE, Location
from ..objects.options import StoreOptions
from ..objects.registry import Objects
from . import create, manifest
from .create import go_on, reading
from .manifest import MANIFEST, SNAPSHOTS, Manifest, Snapshot, check_name, parse_manifest, snapshot_folder
from .source import FolderSource, Source, StoreSource

PART = "snapshot.part"


@dataclass(frozen=True, slots=True)
class StorePlace:
    """A prefix of an object store that snapshots are under; `url` has no slash at its end."""

    url: str
    objects: Objects

    def snapshot(self, name: str) -> str:
        """The URL of a snapshot, there or not."""
        check_name(name)
        return f"{self.url}/{SNAPSHOTS}/{name}"

    def has(self, url: str) -> bool:
        """Whether there is an object of exactly this name. FileMissing where there is no such bucket."""
        return any(found.url == url for found in self.objects.list(url))

    def list(self) -> list[Snapshot]:
        """Oldest first; those whose manifest is damaged are among them."""
        ending = f"/{MANIFEST}"
        found = [o.url for o in self.objects.list(f"{self.url}/{SNAPSHOTS}/") if o.url.endswith(ending)]
        listed = [self._describe(url) for url in found]
        return sorted(listed, key=lambda s: ("" if s.created is None else s.created.isoformat(), s.name))

    def _describe(self, url: str) -> Snapshot:
        name = url.split("/")[-2]
        try:
            return _snapshot(parse_manifest(self.objects.read(url), name, url))
        except errors.Error as e:
            return Snapshot(name, damage=e.message)

    def source(self, name: str) -> StoreSource:
        """UndefinedObject if there is no such snapshot."""
        url = self.snapshot(name)
        if not self.has(f"{url}/{MANIFEST}"):
            known = [s.name for s in self.list()]
            raise errors.UndefinedObject(
                f'snapshot "{name}" does not exist',
                hint=f"There are {', '.join(known[:10])}." if known else f'"{self.url}" has no snapshots.',
            )
        return self.at(name)

    def at(self, name: str) -> StoreSource:
        """As `source`, of a snapshot that was there once."""
        return StoreSource(self.objects, self.snapshot(name), name)

    def delete(self, name: str, check: Callable[[], None]) -> None:
        """A snapshot, whole, damaged, or half copied."""
        url = self.snapshot(name)
        found = [o.url for o in self.objects.list(f"{url}/")]
        if not found:
            self.source(name)
        first, last = f"{url}/{MANIFEST}", f"{url}/{PART}"
        for each in sorted(found, key=lambda o: (o != first, o == last)):
            check()
            self.objects.delete(each)


Place = Path | StorePlace


def place_of(text: str, options: StoreOptions | None = None) -> Place:
    """What a path or URL names; see errors of Location.parse."""
    location = Location.parse(text)
    if location.scheme == FILE:
        return Path(location.key).absolute()
    return StorePlace(location.url.rstrip("/"), Objects(options))


def list_snapshots(place: Place) -> list[Snapshot]:
    return place.list() if isinstance(place, StorePlace) else manifest.list_snapshots(place)


def delete(place: Place, name: str, *, check: Callable[[], None] = go_on) -> None:
    if isinstance(place, StorePlace):
        place.delete(name, check)
    else:
        create.delete(place, name, check=check)


@contextmanager
def opened(place: Place, name: str, check: Callable[[], None] = go_on) -> Iterator[Source]:
    """The snapshot to read from; one in a folder is not deleted meanwhile."""
    if isinstance(place, StorePlace):
        yield place.source(name)
        return
    with reading(place, check):
        yield FolderSource(snapshot_folder(place, name))


def _snapshot(found: Manifest) -> Snapshot:
    """A line of the list; of an object nothing is shared."""
    expires = None if found.expires is None else datetime.fromisoformat(found.expires)
    return Snapshot(
        found.name, datetime.fromisoformat(found.created), found.automatic, expires, found.tables, found.rows,
        found.bytes, found.bytes, found.left_out,
    )
