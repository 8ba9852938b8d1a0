"""Row maps for other processes: where the rows of a rewrite went is told in a file of run/, while anybody may ask.

    run/map-7-3            written by process 7 before its commit, when it is not alone
    run/moved-42-7-3       the same under the commit's number, from the commit on, if a process sees an older one
    | old ids, i64 each | description, JSON: table, old extents, new row groups | its length u32 | crc32 u32 | magic |

A transaction that began before commit 42 and deleted rows by their old ids reads the file when it commits
(row_map.py). Like the extents that commit 42 dropped, the file goes once no process sees an older commit, by whoever
removes those (catalog/garbage.py); what is left of dead processes goes when a process opens the database. Nothing is
synced: after a power failure there is no transaction to ask.

Whoever is killed between its commit and the file's new name leaves a transaction elsewhere without a map. That one is
refused (40001), for nothing is guessed.
"""
from __future__ import annotations

import json
import logging
import os
import struct
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING

from ...errors import DataCorrupted
from ..sharing.moves import PUBLISHED, STAGED, published
from .row_map import Move, RowMap

if TYPE_CHECKING:
    from ..sharing.shared import Shared

_LENGTH, _TAIL = struct.Struct("<I"), struct.Struct("<I4s")
_MAGIC = b"WHM1"
_log = logging.getLogger("warehouse.storage")


class SharedMoves:
    """The maps of this folder that other processes are told, or have told. The Database's lock guards it."""

    def __init__(self, shared: Shared) -> None:
        self._shared = shared
        self._given = 0

    def stage(self, move: Move) -> None:
        """Before a commit: write the map, so that nobody waits for it while the commit is made."""
        if not self._shared.alone:
            self._given += 1
            path = self._shared.run / f"{STAGED}{self._shared.presence.number}-{self._given}"
            move.rows.saved = path
            save(move, path)

    def publish(self, commit: int, moves: Iterable[Move]) -> None:
        """Right after a commit, while the lock of commits is held: who sees an older one finds the maps."""
        if self._shared.peers.oldest_pin() >= commit:
            return
        try:
            for move in moves:
                if move.rows.saved is None:  # another process has come since
                    self.stage(move)
                if move.rows.saved is not None:
                    own = move.rows.saved.name.removeprefix(STAGED)
                    os.rename(move.rows.saved, self._shared.run / f"{PUBLISHED}{commit}-{own}")
                    move.rows.saved = None
        except OSError as error:  # the commit is true
            _log.warning("transactions of other processes will not find rows that were moved: %s", error.strerror)

    def since(self, snapshot: int) -> Iterator[tuple[int, Move]]:
        """(commit, move) of other processes' rewrites after a snapshot that is pinned. Close the maps."""
        for commit, process, path in published(self._shared.run):
            if commit > snapshot and not self._shared.presence.is_mine(process):
                yield commit, load(path)  # it is there: the pin keeps it


def save(move: Move, path: Path) -> None:
    """Write a move into a new file."""
    about = {"table": move.table, "extents": sorted(move.extents), **move.rows.places()}
    description = json.dumps(about).encode()
    crc = 0
    with open(path, "wb") as file:
        for part in move.rows.parts():
            crc = zlib.crc32(part, crc)
            file.write(part)
        end = description + _LENGTH.pack(len(description))
        file.write(end + _TAIL.pack(zlib.crc32(end, crc), _MAGIC))


def load(path: Path) -> Move:
    """A move as another process has saved it; its map reads from the file. DataCorrupted when it is damaged."""
    file = open(path, "rb")  # noqa: SIM115 - closed by the map
    try:
        checked = os.fstat(file.fileno()).st_size - _TAIL.size
        if checked < _LENGTH.size or _tail(file, checked) != (_checksum(file, checked), _MAGIC):
            raise DataCorrupted(f'"{path}", where rows have gone, is damaged')
        end = checked - _LENGTH.size
        file.seek(end)
        (length,) = _LENGTH.unpack(file.read(_LENGTH.size))
        file.seek(end - length)
        about = json.loads(file.read(length))
    except BaseException:
        file.close()
        raise
    rows = RowMap.of_file(file, end - length, about["starts"], about["first_ids"])
    return Move(about["table"], frozenset(about["extents"]), rows)


def _tail(file: IO[bytes], start: int) -> tuple[int, bytes]:
    file.seek(start)
    crc, magic = _TAIL.unpack(file.read())
    return crc, magic


def _checksum(file: IO[bytes], size: int) -> int:
    """Of the first `size` bytes."""
    crc = 0
    file.seek(0)
    while size and (part := file.read(min(size, 1 << 20))):
        crc = zlib.crc32(part, crc)
        size -= len(part)
    return crc
