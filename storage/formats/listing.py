"""Which files a COPY reads: everything whose path begins with the given text, as with keys on S3.

    'data/cust'      data/cust.tbl  data/cust.tbl.gz  data/customer/1.tbl  data/custom.txt
    'data/cust.tbl'  data/cust.tbl  data/cust.tbl.gz            (a full name is a prefix too)
    'data/parts/'    everything below data/parts, folders inside it too

Files are taken in the order of their names. Hidden files (a name beginning with `.` or `_`, such as
_SUCCESS) are taken only when the prefix itself names them. `file://` URLs mean the same as paths; other
schemes are refused by name.
"""
from __future__ import annotations

import os
from urllib.parse import unquote, urlsplit

from ... import errors
from ...records import dataclass


@dataclass(frozen=True, slots=True)
class SourceFile:
    path: str
    bytes: int


def list_files(source: str) -> tuple[SourceFile, ...]:
    """The files that `source` names, sorted; FileMissing when there is none."""
    prefix = local_prefix(source)
    try:
        found = sorted(_matches(prefix))
        files = tuple(SourceFile(path, os.stat(path).st_size) for path in found)
    except OSError as e:
        raise errors.FileError(f'cannot list the files of "{source}": {e.strerror}') from e
    if not files:
        raise errors.FileMissing(
            f'the specified prefix "{source}" does not exist',
            hint=f"Relative paths start at {os.getcwd()}." if not os.path.isabs(prefix) else None,
        )
    return files


def local_prefix(source: str) -> str:
    """The path that a COPY source means; NotSupportedError for anything that is not a local file."""
    scheme, separator, _ = source.partition("://")
    if not separator:
        if not source:
            raise errors.FileMissing("the COPY source is empty")
        return source
    if scheme.lower() != "file":
        raise errors.NotSupportedError(
            f"COPY from {scheme.lower()}:// is not supported",
            hint="Local paths and file:// URLs are.",
        )
    parts = urlsplit(source)
    if parts.netloc not in ("", "localhost"):
        raise errors.NotSupportedError(f"COPY from another host ({parts.netloc}) is not supported")
    return unquote(parts.path)


def _matches(prefix: str) -> list[str]:
    folder, start = os.path.split(prefix)
    base = folder or "."
    if not os.path.isdir(base):
        return []
    found: list[str] = []
    for entry in os.scandir(base):
        if not entry.name.startswith(start) or (_hidden(entry.name) and not start):
            continue
        path = os.path.join(folder, entry.name)
        if entry.is_dir():
            found.extend(_below(path))
        elif entry.is_file():
            found.append(path)
    return found


def _below(folder: str) -> list[str]:
    found: list[str] = []
    for parent, folders, names in os.walk(folder):
        folders[:] = [f for f in folders if not _hidden(f)]
        found.extend(os.path.join(parent, name) for name in names if not _hidden(name))
    return found


def _hidden(name: str) -> bool:
    return name.startswith((".", "_"))
