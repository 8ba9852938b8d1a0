"""A snapshot into an object store, which has no renames: the manifest, written last, makes it appear.

    snapshot.part       the manifest under another name, only if there is none yet: whose copy is under way
    data/..., catalog   each read and checked before it is sent, each whole or not at all (objects/)
    snapshot.json       only if there is none yet, and all of that is there: the snapshot is there
    snapshot.part       goes

A copy that was cut short is gone on with: objects of the right size stand since snapshot.part did, for extents never
change and an object appears whole. A snapshot.part that tells of another snapshot is refused, whoever may be at it;
`snapshot delete` removes what is left of it.

From one store into another each extent passes through a temporary file, since its checksums are found from its end: as
many files are here at a time as there are transfers.
"""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from ... import errors
from ..catalog import folder as folders
from ..failpoints import reach
from .manifest import CATALOG, MANIFEST, Manifest, seal
from .places import PART, StorePlace
from .source import CHUNK_BYTES, Source
from .transfer import TRANSFERS, each


def upload(source: Source, target: StorePlace, check: Callable[[], None]) -> str:
    """Copy a snapshot under the place; its URL.

    Raises OperationalError (58P01) where there is one of that name already, DataCorrupted, and the stores' errors.
    """
    manifest = source.manifest()
    url = target.snapshot(manifest.name)
    with source.local_catalog() as catalog:
        _claim(target, url, manifest)
        sizes = _sizes(target, url)

        def bring(file: tuple[str, int], check: Callable[[], None]) -> None:
            path, size = file
            check()
            to = f"{url}/{folders.DATA}/{path}"
            if sizes.get(to) != size:
                with source.local(path, size, check) as local:
                    _send(local, target, to, check)
                reach("snapshot.sent")

        each(manifest.files, bring, check, TRANSFERS)
        _send(catalog, target, f"{url}/{CATALOG}", check)
    reach("snapshot.uploaded")
    _check_there(target, url, manifest)
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
        for left in target.objects.list(f"{url}/"):  # a deletion that was cut short: of the right size by chance
            target.objects.delete(left.url)
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


def _sizes(target: StorePlace, url: str) -> dict[str, int]:
    return {found.url: found.bytes for found in target.objects.list(f"{url}/{folders.DATA}/")}


def _check_there(target: StorePlace, url: str, manifest: Manifest) -> None:
    """Nobody has taken away meanwhile what the manifest is going to promise."""
    sizes = _sizes(target, url)
    for path, size in manifest.files:
        if sizes.get(f"{url}/{folders.DATA}/{path}") != size:
            raise errors.FileError(f'"{url}/{folders.DATA}/{path}" was removed while it was copied', hint="Copy again.")


def _send(file: Path, target: StorePlace, url: str, check: Callable[[], None]) -> None:
    try:
        with open(file, "rb") as source, target.objects.create(url, overwrite=True) as writer:
            while chunk := source.read(CHUNK_BYTES):
                check()
                writer.write(chunk)
    except OSError as e:
        raise errors.FileError(f'cannot read "{file}": {e.strerror}') from e
