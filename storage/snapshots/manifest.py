"""What a snapshot says of itself: snapshot.json, its checks, and the list of a folder's snapshots.

    {"sha256": "of the text of content", "content": {"name": "monday", "created": ..., "files": [[path, bytes], ...]}}

The manifest holds the checksum of the catalogue, the catalogue names the extents, and extents carry checksums of all
their bytes; so a snapshot can be proven whole (`verify`).
"""
from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Callable
from dataclasses import asdict, fields
from datetime import datetime
from pathlib import Path
from typing import Any

from ... import errors
from ...records import dataclass
from ..catalog import folder as folders
from ..catalog.store import CatalogStore, Loaded
from ..extent import ExtentReader

SNAPSHOTS = "snapshots"
MANIFEST = "snapshot.json"
CATALOG = folders.SNAPSHOT_CATALOG
LOCK = "snapshots.lock"  # in locks/: one process at a time makes or deletes snapshots
FORMAT_VERSION = 1
# Redshift's rule for identifiers of snapshots: letters, digits and hyphens, a letter first. Underscores are ours.
_NAME = re.compile(r"[a-z][a-z0-9_]*(-[a-z0-9_]+)*", re.IGNORECASE)
MAX_NAME = 128


@dataclass(frozen=True, slots=True)
class Manifest:
    """The content of snapshot.json. `created` is UTC in ISO form; `expires` too, None: never."""

    name: str
    created: str
    automatic: bool
    expires: str | None
    commit: int
    nodes: int
    slices_per_node: int
    tables: int
    rows: int
    left_out: tuple[str, ...]  # tables declared BACKUP NO: there, without rows
    catalog_sha256: str
    files: tuple[tuple[str, int], ...]  # (path under data/, bytes)
    format: int = FORMAT_VERSION

    @property
    def bytes(self) -> int:
        return sum(size for _, size in self.files)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A line of the list. `own_bytes`: what deleting it would give back; the rest of `bytes` is shared by links with
    the database, other snapshots or restored folders. `damage`: why it cannot be used, None: nothing is known."""

    name: str
    created: datetime | None = None
    automatic: bool = False
    expires: datetime | None = None
    tables: int = 0
    rows: int = 0
    bytes: int = 0
    own_bytes: int = 0
    left_out: tuple[str, ...] = ()
    damage: str | None = None

    @property
    def shared_bytes(self) -> int:
        return self.bytes - self.own_bytes


def check_name(name: str) -> None:
    if not isinstance(name, str):
        raise errors.InterfaceError(f"a snapshot's name must be a text, not {name!r}")
    if len(name) > MAX_NAME or not _NAME.fullmatch(name):
        raise errors.ProgrammingError(
            f'"{name}" cannot be a snapshot\'s name',
            hint=f"Up to {MAX_NAME} letters, digits, underscores and single hyphens, a letter first.", sqlstate="42602",
        )


def snapshot_folder(home: Path, name: str) -> Path:
    """Where a snapshot of the folder `home` is; UndefinedObject if there is none."""
    check_name(name)
    found = home / SNAPSHOTS / name
    if not (found / MANIFEST).is_file():
        if not home.is_dir():
            raise errors.FileMissing(f'"{home}" does not exist')
        known = [s.name for s in list_snapshots(home)]
        raise errors.UndefinedObject(
            f'snapshot "{name}" does not exist',
            hint=f"There are {', '.join(known[:10])}." if known else f'"{home}" has no snapshots.',
        )
    return found


def write_manifest(folder: Path, manifest: Manifest) -> None:
    with open(folder / MANIFEST, "xb") as file:
        file.write(seal(asdict(manifest)))
        file.flush()
        os.fsync(file.fileno())


def read_manifest(folder: Path) -> Manifest:
    """Raises DataCorrupted, or FormatTooNew."""
    path = folder / MANIFEST
    try:
        return parse_manifest(path.read_bytes(), folder.name, str(path))
    except FileNotFoundError as e:
        raise errors.DataCorrupted(f'snapshot "{folder.name}" is damaged: {path} is missing') from e
    except OSError as e:
        raise errors.FileError(f'cannot read "{path}": {e.strerror}') from e


def parse_manifest(text: bytes, name: str, where: str) -> Manifest:
    """The manifest of the snapshot `name`, from the bytes of `where`."""
    try:
        values = unseal(text)
        if values["format"] > FORMAT_VERSION:
            raise errors.FormatTooNew(
                f'snapshot "{name}" has format version {values["format"]}; '
                f"this release reads up to {FORMAT_VERSION}", hint="Upgrade warehouse-sql."
            )
        known = {f.name: values[f.name] for f in fields(Manifest)}
        known |= {"left_out": tuple(known["left_out"]), "files": tuple((p, n) for p, n in known["files"])}
        return Manifest(**known)
    except BadSeal as e:
        raise errors.DataCorrupted(f'snapshot "{name}" is damaged: {where} fails its checksum') from e
    except (ValueError, KeyError, TypeError) as e:
        raise errors.DataCorrupted(f'snapshot "{name}" is damaged: {where} is malformed ({e!r})') from e


class BadSeal(ValueError):
    """A text is not what was written."""


def seal(values: dict[str, Any]) -> bytes:
    """A JSON object with its checksum, as drawn above."""
    content = json.dumps(values, separators=(",", ":"))
    return json.dumps({"sha256": hashlib.sha256(content.encode()).hexdigest(), "content": content}).encode()


def unseal(text: bytes) -> dict[str, Any]:
    """What was sealed. Raises BadSeal, or ValueError, KeyError, TypeError for something else."""
    whole = json.loads(text)
    content: str = whole["content"]
    if hashlib.sha256(content.encode()).hexdigest() != whole["sha256"]:
        raise BadSeal
    values: dict[str, Any] = json.loads(content)
    return values


def sha256(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def verify_catalog(folder: Path, manifest: Manifest) -> None:
    """Raise DataCorrupted unless the copy of the catalogue is what was written."""
    try:
        found = sha256(folder / CATALOG)
    except FileNotFoundError:
        found = ""
    except OSError as e:
        raise errors.FileError(f'cannot read "{folder / CATALOG}": {e.strerror}') from e
    if found != manifest.catalog_sha256:
        raise errors.DataCorrupted(f'snapshot "{manifest.name}" is damaged: {folder / CATALOG} fails its checksum')


def read_catalog(folder: Path) -> Loaded:
    """What the snapshot's copy of the catalogue holds."""
    store = CatalogStore(folder / CATALOG, read_only=True)
    try:
        return store.load()[0]
    finally:
        store.close()


def verify_extent(file: Path, name: str, size: int, check: Callable[[], None]) -> None:
    """Read an extent of the snapshot `name` whole, wherever its file is, and check every byte; raises DataCorrupted."""
    try:
        if os.stat(file).st_size != size:
            raise errors.DataCorrupted(f'file "{file}" has {os.stat(file).st_size} bytes, not {size}')
        reader = ExtentReader(file)
        try:
            for group in range(reader.row_groups):
                check()
                for column in range(len(reader.columns)):
                    reader.read_block(group, column)
        finally:
            reader.close()
    except FileNotFoundError:
        raise errors.DataCorrupted(f'snapshot "{name}" is damaged: file "{file}" is missing') from None
    except errors.DataCorrupted as e:
        raise errors.DataCorrupted(f'snapshot "{name}" is damaged: {e.message}') from e


def list_snapshots(home: Path) -> list[Snapshot]:
    """The snapshots of a database folder (or of a folder of copies), oldest first; damaged ones are among them."""
    try:
        names = sorted(n for n in os.listdir(home / SNAPSHOTS) if _NAME.fullmatch(n))
    except FileNotFoundError:
        return []
    except OSError as e:
        raise errors.FileError(f'cannot read "{home / SNAPSHOTS}": {e.strerror}') from e
    found = [_describe(home / SNAPSHOTS / name) for name in names]
    return sorted(found, key=lambda s: ("" if s.created is None else s.created.isoformat(), s.name))


def _describe(folder: Path) -> Snapshot:
    try:
        manifest = read_manifest(folder)
    except errors.Error as e:
        return Snapshot(folder.name, damage=e.message)
    own, missing = 0, ""
    for path, size in manifest.files:
        try:
            own += size if os.stat(folder / folders.DATA / path).st_nlink == 1 else 0
        except OSError:
            missing = f"file {path} is missing"
    return Snapshot(
        folder.name, datetime.fromisoformat(manifest.created), manifest.automatic,
        None if manifest.expires is None else datetime.fromisoformat(manifest.expires), manifest.tables, manifest.rows,
        manifest.bytes, own, manifest.left_out, missing or None,
    )
