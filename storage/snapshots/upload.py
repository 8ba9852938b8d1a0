"""A snapshot of a folder into an object store, which has no renames: the manifest, written last, makes it appear.

    snapshot.part       the manifest under another name, only if there is none yet: whose copy is under way
    data/..., catalog   each read and checked before it is sent, each whole or not at all (objects/)
    snapshot.json       only if there is none yet: the snapshot is there
    snapshot.part       goes

A copy that was cut short is gone on with: objects of the right size stand since snapshot.part did, for extents never
change and an object appears whole. A snapshot.part that tells of another snapshot is refused, whoever may be at it;
`snapshot delete` removes what is left of it.
"""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from ... import errors
from ..catalog import folder as folders
from ..failpoints import reach
from .manifest import CATALOG, MANIFEST, Manifest, read_manifest, seal, verify_catalog, verify_file
from .places import PART, StorePlace
from .source import CHUNK_BYTES


def upload(folder: Path, target: StorePlace, check: Callable[[], None]) -> str:
    """Copy the snapshot in `folder` under the place; its URL.

    Raises OperationalError (58P01) where there is one of that name already, DataCorrupted, and the store's errors.
    """
    manifest = read_manifest(folder)
    verify_catalog(folder, manifest)
    url = target.snapshot(manifest.name)
    _claim(target, url, manifest)
    sizes = {found.url: found.bytes for found in target.objects.list(f"{url}/{folders.DATA}/")}
    for path, size in manifest.files:
        check()
        to = f"{url}/{folders.DATA}/{path}"
        if sizes.get(to) != size:
            verify_file(folder, manifest, path, size, check)
            _send(folder / folders.DATA / path, target, to, check)
            reach("snapshot.sent")
    _send(folder / CATALOG, target, f"{url}/{CATALOG}", check)
    reach("snapshot.uploaded")
    with target.objects.create(f"{url}/{MANIFEST}") as writer:
        writer.write(seal(asdict(manifest)))
    target.objects.delete(f"{url}/{PART}")
    return url


def _claim(target: StorePlace, url: str, manifest: Manifest) -> None:
    """Say whose copy is under way, or go on with the same one."""
    if target.has(f"{url}/{MANIFEST}"):
        raise errors.OperationalError(
            f'"{url}" is there already: nothing was written', hint="Delete it first, or name another place.",
            sqlstate="58P01",
        )
    mine = seal(asdict(manifest))
    part = f"{url}/{PART}"
    if not target.has(part):
        try:
            with target.objects.create(part) as writer:
                writer.write(mine)
            return
        except errors.OperationalError as e:
            if e.sqlstate != "58P01" or not target.has(part):
                raise
    if target.objects.read(part) != mine:
        raise errors.OperationalError(
            f'"{url}" holds an unfinished copy of another snapshot: nothing was written',
            hint="Delete it first if nobody is at it, or name another place.", sqlstate="58P01",
        )


def _send(file: Path, target: StorePlace, url: str, check: Callable[[], None]) -> None:
    try:
        with open(file, "rb") as source, target.objects.create(url, overwrite=True) as writer:
            while chunk := source.read(CHUNK_BYTES):
                check()
                writer.write(chunk)
    except OSError as e:
        raise errors.FileError(f'cannot read "{file}": {e.strerror}') from e
