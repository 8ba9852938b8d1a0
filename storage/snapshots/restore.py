"""A snapshot as a new database folder, and copies of snapshots in other folders.

    restore(Path("dw"), "monday", Path("dw2"))     dw2 is a database as dw was on Monday
    copy(Path("dw"), "monday", Path("/backup"))    /backup/snapshots/monday, which `restore` takes as well

Every byte is checked on the way. A restored folder links to the snapshot's extents where the file system allows it;
a copy never does, for it is there to survive the disk. Both appear whole or not at all (staging.py). The database
that the snapshot is of need not be open, nor even be well.
"""
from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path

from ... import errors
from ..catalog import folder as folders
from ..staging import Staging, file_error, place, sync_file
from .create import exclusive, go_on, reading
from .manifest import (
    CATALOG,
    MANIFEST,
    SNAPSHOTS,
    Manifest,
    read_manifest,
    snapshot_folder,
    verify_catalog,
    verify_file,
)


def restore(home: Path, name: str, target: Path, *, check: Callable[[], None] = go_on) -> Manifest:
    """Make `target`, a new or empty folder, a database as it was when the snapshot was made; what the snapshot says.

    Raises UndefinedObject, DataCorrupted, FileError, or OperationalError (58P01) over anything that exists.
    """
    _check_local(str(target))
    _check_apart(home, target)
    with reading(home, check):
        folder = snapshot_folder(home, name)
        manifest = read_manifest(folder)
        verify_catalog(folder, manifest)
        with Staging(target) as staging:
            for sub in folders.FOLDERS:
                (staging.folder / sub).mkdir()
            _bring_files(folder, manifest, staging.folder, check, link=True)
            shutil.copyfile(folder / CATALOG, staging.folder / folders.CATALOG)
            sync_file(staging.folder / folders.CATALOG)
            staging.publish()
        return manifest


def copy(home: Path, name: str, target: Path | str, *, check: Callable[[], None] = go_on) -> Path:
    """Copy a snapshot into <target>/snapshots/<name>, byte by byte; the new folder."""
    _check_local(str(target))
    copies = Path(target).absolute()
    _check_apart(home, copies)
    with reading(home, check):
        folder = snapshot_folder(home, name)
        manifest = read_manifest(folder)
        verify_catalog(folder, manifest)
        made = copies / SNAPSHOTS / name
        try:
            copies.mkdir(parents=True, exist_ok=True)
        except OSError as e:
            raise file_error(f'cannot make the folder "{copies}"', e) from e
        with exclusive(copies, check), Staging(made) as staging:
            _bring_files(folder, manifest, staging.folder, check, link=False)
            for part in (CATALOG, MANIFEST):
                shutil.copyfile(folder / part, staging.folder / part)
                sync_file(staging.folder / part)
            staging.publish()
    return made


def _bring_files(
    folder: Path, manifest: Manifest, target: Path, check: Callable[[], None], *, link: bool
) -> None:
    """Every extent, proven whole: a link to what was read, or a copy that is read again."""
    (target / folders.DATA).mkdir(exist_ok=True)
    for path, size in manifest.files:
        check()
        if link:
            verify_file(folder, manifest, path, size, check)
        elif not (folder / folders.DATA / path).is_file():
            raise errors.DataCorrupted(f'snapshot "{manifest.name}" is damaged: file "{path}" is missing')
        place(folder / folders.DATA / path, target / folders.DATA / path, link=link)
        if not link:
            verify_file(target, manifest, path, size, check)


def _check_local(target: str) -> None:
    scheme = re.match(r"([a-z][a-z0-9+.-]*)://", target, re.IGNORECASE)
    if scheme:
        raise errors.NotSupportedError(
            f'object stores are not supported here: "{target}"', hint="Name a local folder."
        )


def _check_apart(home: Path, target: Path) -> None:
    """Refuse to write inside the folder of a database."""
    if target.resolve().is_relative_to(home.resolve()):
        raise errors.OperationalError(
            f'"{target}" is inside "{home}": nothing was written', hint="Name a new folder elsewhere.",
            sqlstate="58P01",
        )
