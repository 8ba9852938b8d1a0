"""The kernel pack's file: compiled functions by key, and which names each family's source defines.

    | magic 8 bytes | checksum 16 bytes | length of the index u64 | index (JSON) | object files, end to end |

    index = {"families": {family: [[digest, {name: key}], ...newest last]},
             "objects": {key: [name, offset, length, [symbols it needs]]}}

The checksum covers all behind it. A file that does not check is as good as none: it is a cache. It
is written beside and renamed, under an OS lock, after merging what other processes added meanwhile.
"""
from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import struct
import tempfile
import zlib
from collections.abc import Callable
from dataclasses import field
from pathlib import Path
from typing import Any, NamedTuple

from ..records import dataclass

_MAGIC = b"WHPACK02"
_HEADER = struct.Struct("<8s16sQ")
# The first version's was dearer, and as good: its files are still read.
_CHECKSUMS: dict[bytes, Callable[[bytes | memoryview], bytes]] = {
    b"WHPACK01": lambda body: hashlib.blake2b(body, digest_size=16).digest(),
    _MAGIC: lambda body: zlib.crc32(body).to_bytes(16, "little"),
}
# Versions of one family's source that are kept: those of several checkouts, or before and after an edit.
_VERSIONS_KEPT = 4


class Compiled(NamedTuple):
    """One function's object file and the symbols it expects from the process."""

    name: str
    code: bytes | memoryview  # a view into the pack file's bytes, or what was just compiled
    needs: tuple[str, ...]


@dataclass(slots=True)
class Contents:
    """What a pack file holds."""

    # family -> digest -> name -> key
    families: dict[str, dict[str, dict[str, str]]] = field(default_factory=dict)
    objects: dict[str, Compiled] = field(default_factory=dict)

    def merge(self, other: Contents) -> None:
        for family, versions in other.families.items():
            mine = self.families.setdefault(family, {})
            for digest, names in versions.items():
                mine.setdefault(digest, names)
        for key, compiled in other.objects.items():
            self.objects.setdefault(key, compiled)

    def prune(self) -> None:
        """Forget old versions of families and the functions that only they had."""
        used: set[str] = set()
        for family, versions in self.families.items():
            kept = dict(list(versions.items())[-_VERSIONS_KEPT:])
            self.families[family] = kept
            for names in kept.values():
                used.update(names.values())
        self.objects = {key: compiled for key, compiled in self.objects.items() if key in used}


def folder() -> Path:
    """The user's cache folder for kernels; WAREHOUSE_CACHE_DIR or XDG_CACHE_HOME override it."""
    chosen = os.environ.get("WAREHOUSE_CACHE_DIR")
    if chosen:
        return Path(chosen)
    if base := os.environ.get("XDG_CACHE_HOME"):
        return Path(base) / "warehouse-sql"
    if os.uname().sysname == "Darwin":
        return Path.home() / "Library" / "Caches" / "warehouse-sql"
    return Path.home() / ".cache" / "warehouse-sql"


def writable_folder() -> Path:
    """`folder()` when it can be written, else one that lives as long as this process."""
    chosen = folder()
    try:
        chosen.mkdir(parents=True, exist_ok=True)
        if os.access(chosen, os.W_OK | os.X_OK):
            return chosen
    except OSError:
        pass  # read-only home: the temporary folder below is the answer
    return temporary_folder()


_temporary_folder: tempfile.TemporaryDirectory[str] | None = None


def temporary_folder() -> Path:
    global _temporary_folder
    if _temporary_folder is None:
        _temporary_folder = tempfile.TemporaryDirectory(prefix="warehouse-kernels-")
    return Path(_temporary_folder.name)


def read(path: Path) -> Contents:
    """The file's contents; empty when there is none or it is damaged."""
    try:
        raw = path.read_bytes()
    except OSError:
        return Contents()
    if len(raw) < _HEADER.size:
        return Contents()
    view = memoryview(raw)
    magic, checksum, length = _HEADER.unpack_from(raw)
    if magic not in _CHECKSUMS or _CHECKSUMS[magic](view[24:]) != checksum:
        return Contents()
    body = _HEADER.size + length
    index: dict[str, Any] = json.loads(raw[_HEADER.size : body])
    objects = {
        key: Compiled(name, view[body + offset : body + offset + size], tuple(needs))
        for key, (name, offset, size, needs) in index["objects"].items()
    }
    return Contents({family: dict(versions) for family, versions in index["families"].items()}, objects)


def write(path: Path, contents: Contents) -> None:
    """Merge `contents` into the file at `path`."""
    with open(path.with_suffix(".lock"), "ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        merged = read(path)
        merged.merge(contents)
        merged.prune()
        replace_file(path, _serialise(merged))


def replace_file(path: Path, content: bytes) -> None:
    """Write a file under another name first, so that it is there whole or not at all; for its owner's eyes only."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=path.name + ".")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        os.replace(name, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(name)
        raise


def _serialise(contents: Contents) -> bytes:
    offset = 0
    table: dict[str, list[Any]] = {}
    for key, compiled in contents.objects.items():
        table[key] = [compiled.name, offset, len(compiled.code), list(compiled.needs)]
        offset += len(compiled.code)
    families = {family: list(versions.items()) for family, versions in contents.families.items()}
    index = json.dumps({"families": families, "objects": table}, separators=(",", ":")).encode()
    body = struct.pack("<Q", len(index)) + index + b"".join(c.code for c in contents.objects.values())
    return _MAGIC + _CHECKSUMS[_MAGIC](body) + body
