"""What SQLite says of the catalogue's file, in our words: it is damaged or somebody else's, or cannot be reached."""
from __future__ import annotations

import os
import sqlite3
from pathlib import Path

from ... import errors

PAGE = 4096  # bytes that SQLite writes at least


def failure(path: Path | None, error: sqlite3.Error) -> errors.DatabaseError:
    """The error to raise for one of SQLite's; `path`: of the catalogue, None: it is in memory."""
    name = getattr(error, "sqlite_errorname", "")
    if not isinstance(error, sqlite3.OperationalError) or str(error) == "unsupported file format":
        return errors.DataCorrupted(f"the catalogue {path} is damaged: {error}")
    if name == "SQLITE_FULL" or (name.startswith("SQLITE_IOERR") and path is not None and _is_full(path.parent)):
        return errors.DiskFull(f"the catalogue {path} cannot be written: the disk is full")
    if str(error).startswith(("no such table", "no such column")):
        return errors.DataCorrupted(f"{path} is not the catalogue of a database: {error}")
    if path is not None and os.path.isdir(path):
        return errors.DataCorrupted(f"the catalogue {path} is a folder where a file should be")
    if name.startswith("SQLITE_READONLY") and path is not None and os.access(path, os.W_OK):
        return errors.DataCorrupted(f"the catalogue {path} is damaged: its header forbids to write to it")
    if path is not None and os.path.exists(path) and not os.access(path, os.R_OK | os.W_OK):
        return errors.FileError(f"the catalogue {path} cannot be used: permission denied")
    return errors.FileError(f"the catalogue {path} cannot be used: {error}")


def _is_full(folder: Path) -> bool:
    """Whether the disk has no room for another page. SQLite does not say so of its shared memory's file."""
    try:
        disk = os.statvfs(folder)
    except OSError:
        return False
    return disk.f_bavail * disk.f_frsize < PAGE
