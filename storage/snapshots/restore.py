"""A snapshot as a new database folder, and copies of snapshots in other places.

    restore(Path("dw"), "monday", Path("dw2"))                  dw2 is a database as dw was on Monday
    restore(place, "monday", Path("dw2"), streaming=True)       ... at once, its extents come while it is in use
    copy(Path("dw"), "monday", Path("/backup"))                 /backup/snapshots/monday, which `restore` takes as well
    copy(Path("dw"), "monday", place_of("s3://backup/dw"))      the same in an object store (upload.py)

Every byte is checked on the way. A restored folder links to the snapshot's extents where the file system allows it;
a copy never does, for it is there to survive the disk. All appear whole or not at all (staging.py, upload.py). The
database that the snapshot is of need not be open, nor even be well. A streaming restore writes the catalogue and a
note of where the extents are; streaming.py brings them in.
"""
from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ... import errors
from ..catalog import folder as folders
from ..staging import Staging, file_error
from .create import exclusive, go_on
from .manifest import CATALOG, SNAPSHOTS, Manifest, write_manifest
from .places import Place, StorePlace, opened
from .source import Source
from .transfer import each


def restore(
    home: Place, name: str, target: Path, *, streaming: bool = False, check: Callable[[], None] = go_on
) -> Manifest:
    """Make `target`, a new or empty folder, a database as it was when the snapshot was made; what the snapshot says.

    Raises UndefinedObject, DataCorrupted, FileError, the errors of object stores, or OperationalError (58P01) over
    anything that exists.
    """
    target = target.absolute()
    _check_apart(home, target)
    with opened(home, name, check) as source:
        manifest = source.manifest()
        with Staging(target) as staging:
            for sub in folders.FOLDERS:
                (staging.folder / sub).mkdir()
            source.fetch_catalog(staging.folder / folders.CATALOG)
            if streaming:
                from .streaming import write_note

                write_note(staging.folder, home, manifest)
            else:
                _bring_files(source, manifest, staging.folder, check, link=True)
            staging.publish()
        return manifest


def copy(home: Place, name: str, target: Place, *, check: Callable[[], None] = go_on) -> str:
    """Copy a snapshot into <target>/snapshots/<name>, byte by byte; the new folder or URL. Either may be in an object
    store."""
    if not isinstance(target, StorePlace):
        target = target.absolute()
        _check_apart(home, target)
    with opened(home, name, check) as source:
        if not isinstance(target, StorePlace):
            return str(_copy_to_folder(source, target, check))
        from .upload import upload

        return upload(source, target, check)


def _copy_to_folder(source: Source, copies: Path, check: Callable[[], None]) -> Path:
    manifest = source.manifest()
    made = copies / SNAPSHOTS / manifest.name
    try:
        copies.mkdir(parents=True, exist_ok=True)
    except OSError as e:
        raise file_error(f'cannot make the folder "{copies}"', e) from e
    with exclusive(copies, check), Staging(made) as staging:
        source.fetch_catalog(staging.folder / CATALOG)
        _bring_files(source, manifest, staging.folder, check, link=False)
        write_manifest(staging.folder, manifest)
        staging.publish()
    return made


def _bring_files(
    source: Source, manifest: Manifest, target: Path, check: Callable[[], None], *, link: bool
) -> None:
    """Every extent, proven whole."""
    (target / folders.DATA).mkdir(exist_ok=True)

    def bring(file: tuple[str, int], check: Callable[[], None]) -> None:
        path, size = file
        check()
        source.fetch(path, size, target / folders.DATA / path, check, link=link)

    each(manifest.files, bring, check, source.transfers)


def _check_apart(home: Place, target: Path) -> None:
    """Refuse to write over a database or inside its folder."""
    if not isinstance(home, StorePlace) and target.resolve().is_relative_to(home.resolve()):
        where = "is the database itself" if target.resolve() == home.resolve() else f'is inside "{home}"'
        raise errors.OperationalError(
            f'"{target}" {where}: nothing was written', hint="Name a new folder elsewhere.", sqlstate="58P01"
        )
