"""Extents: one sorted run of rows of one table on one slice, as one immutable file.

    ExtentWriter(path, columns)                       ExtentReader(path, data)
        .append([ColumnData, ...])   a row group          .columns, .zones(column), .sketch(column)
        .finish() -> ExtentSummary   fsynced              .read_block(group, column) -> checked bytes
        .abort()                     file removed         .column(group, column) -> ColumnData, slowly

A row group is up to 65,536 rows of all columns, one block each (block.py); a file has at most 64 row
groups. How the bytes lie is drawn in footer.py. Encoding a row group (`encode_group`) needs no writer, so
several threads may encode while one appends.

An *inline* extent is the same bytes without sketches, in memory and not in a file (inline.py).

`finish` fsyncs the file; whoever names it in a commit fsyncs the folder first. Reading checks a block
against its checksum and names file, row group and column when it fails.
"""
from __future__ import annotations

import io
import os
import zlib
from collections.abc import Sequence
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import IO

import numpy as np

from ..errors import DataCorrupted, InternalError, file_failure
from ..records import dataclass
from .block import MAX_ROWS, EncodedBlock, coded_block, decode_block, encode_block
from .blockio import BlockReader, MemoryReader
from .coded import CodedColumn, coded_bounds, coded_sketch
from .encodings.choose import choose, suits_codes
from .encodings.registry import AUTO, BYTEDICT, RAW, by_code, by_name
from .failpoints import reach
from .footer import (
    ENTRY,
    FRAME_BYTES,
    Footer,
    extent_columns,
    footer_bytes,
    header_bytes,
    inline_footer,
    read_footer,
)
from .narrow import BlockColumn, plain
from .schema import Column, Data
from .statistics import ColumnSketch
from .types import SqlType
from .vector import Array, ColumnData
from .zones import Bounded, Bounds, Proof, Zones, bounds, key_dtype

MAX_GROUPS = 64
GROUP_BYTES = 16 << 20  # a row group ends when its widest column reaches this, raw
# Row groups of so few rows are encoded plainly, and have sketches only if a file wants them: an INSERT of a row waits.
FEW_ROWS = 64


@dataclass(frozen=True, slots=True, eq=False)
class EncodedGroup:
    """A row group ready to be written: per column its block, bounds and sketch; of few rows the values for it."""

    rows: int
    blocks: tuple[EncodedBlock, ...]
    bounds: tuple[Bounds, ...]
    sketches: tuple[ColumnSketch, ...]
    order: tuple[int, int, int] | None = None  # as in footer.py
    values: tuple[ColumnData, ...] = ()

    @property
    def bytes(self) -> int:
        return sum([len(block.data) for block in self.blocks])

    def sketched(self) -> tuple[ColumnSketch, ...]:
        return self.sketches or tuple(map(ColumnSketch.of, self.values, self.bounds))


@dataclass(frozen=True, slots=True, eq=False)
class ExtentSummary:
    """What a commit must know of a finished extent."""

    path: Path
    rows: int
    bytes: int
    row_groups: int
    sketches: dict[int, ColumnSketch]  # by Column.id; none of an inline one
    data: Data | None = None  # of an inline one


def encode_group(columns: Sequence[Column], data: Sequence[BlockColumn]) -> EncodedGroup:
    """Encode a row group; each column as its definition says, `auto` by what its values suggest."""
    rows = data[0].rows
    if rows > MAX_ROWS or any(values.rows != rows for values in data) or len(data) != len(columns):
        raise InternalError(f"a row group needs {len(columns)} columns of one length up to {MAX_ROWS}")
    if rows <= FEW_ROWS:
        few = tuple(map(plain, data))
        return EncodedGroup(rows, tuple(map(_encode_few, columns, few)), tuple(map(bounds, few)), (), None, few)
    return EncodedGroup(rows, *zip(*map(_encode, columns, data)))


def _encode(column: Column, values: BlockColumn) -> tuple[EncodedBlock, Bounds, ColumnSketch]:
    name = column.encoding.lower()
    if isinstance(values, CodedColumn):
        values = values.compact()
        if name == BYTEDICT.name or (name == AUTO and suits_codes(values.entries.rows, values)):
            known = coded_bounds(values)
            return coded_block(values), known, coded_sketch(values, known)
        values = values.plain()
    known = bounds(values)
    block = encode_block(values, choose(values) if name == AUTO else by_name(name))
    return block, known, ColumnSketch.of(values, known)


def _encode_few(column: Column, values: ColumnData) -> EncodedBlock:
    return encode_block(values, RAW if column.encoding.lower() == AUTO else by_name(column.encoding))


class ExtentWriter:
    """Writes one extent; not for several threads at once."""

    def __init__(self, path: Path, columns: Sequence[Column], inline: bool = False) -> None:
        self.path = path
        self.inline = inline
        self.columns = tuple(columns)
        self._rows: list[int] = []
        self._entries: list[np.ndarray] = []
        self._sketches: list[ColumnSketch] = []
        self._orders: list[tuple[int, int, int] | None] = []
        self._at = 0
        self._file: IO[bytes]
        try:
            self._file = io.BytesIO() if inline else open(path, "xb", buffering=1 << 20)  # noqa: SIM115 - finish, abort
        except OSError as error:
            raise file_failure(f'could not create file "{path}": {error.strerror}', error) from error
        try:
            self._write(header_bytes())
        except BaseException:
            self.abort()
            raise

    @property
    def full(self) -> bool:
        return len(self._rows) >= MAX_GROUPS

    @property
    def rows(self) -> int:
        return sum(self._rows)

    def append(self, data: Sequence[ColumnData]) -> None:
        """Add a row group of the columns' values, in the columns' order."""
        self.append_group(encode_group(self.columns, data))

    def append_group(self, group: EncodedGroup) -> None:
        """Add a row group that was encoded before."""
        if self.full:
            raise InternalError(f"an extent has at most {MAX_GROUPS} row groups")
        entries = np.zeros(len(self.columns), ENTRY)
        for entry, column, block, known in zip(entries, self.columns, group.blocks, group.bounds):
            keys = np.array([known.low, known.high], key_dtype(column.type)).view(np.int64)
            entry["offset"], entry["length"] = self._at, len(block.data)
            entry["crc"], entry["nulls"] = zlib.crc32(block.data), block.nulls
            entry["low"], entry["high"] = keys
            entry["encoding"], entry["bounded"] = block.encoding, known.state
            self._write(block.data)
        self._entries.append(entries)
        self._rows.append(group.rows)
        self._orders.append(group.order)
        if self.inline:
            return
        sketches = group.sketched()
        self._sketches = [a.merge(b) for a, b in zip(self._sketches, sketches)] if self._sketches else list(sketches)

    def finish(self, sync: bool = True) -> ExtentSummary:
        """Write the footer, fsync (a database in memory need not: `sync` false) and close."""
        if not self._rows:
            raise InternalError("an extent needs a row group")
        blobs = tuple([sketch.to_bytes() for sketch in self._sketches]) or (b"",) * len(self.columns)
        footer = Footer(
            extent_columns(self.columns), np.array(self._rows), np.stack(self._entries), blobs, self._order(),
        )
        self._write(footer_bytes(footer, self._at))
        if isinstance(self._file, io.BytesIO):
            return ExtentSummary(self.path, self.rows, self._at, len(self._rows), {}, self._file.getvalue())
        try:
            self._file.flush()
            reach("extent.sync")
            if sync:
                os.fsync(self._file.fileno())
            self._file.close()
        except OSError as error:
            raise file_failure(f'could not write file "{self.path}": {error.strerror}', error) from error
        sketches = {column.id: sketch for column, sketch in zip(self.columns, self._sketches)}
        return ExtentSummary(self.path, self.rows, self._at, len(self._rows), sketches)

    def _order(self) -> tuple[int, int, int] | None:
        """First and last place of all row groups, if all know theirs by one index."""
        known = [order for order in self._orders if order is not None]
        if len(known) < len(self._orders) or len({index for index, _, _ in known}) > 1:
            return None
        return known[0][0], min(low for _, low, _ in known), max(high for _, _, high in known)

    def abort(self) -> None:
        """Close and remove the file."""
        with suppress(OSError):  # what is buffered may not fit on the disk
            self._file.close()
        if not self.inline:
            self.path.unlink(missing_ok=True)

    def _write(self, data: bytes) -> None:
        try:
            if not self.inline:
                reach("extent.write")
            self._file.write(data)
        except OSError as error:
            raise file_failure(f'could not write file "{self.path}": {error.strerror}', error) from error
        self._at += len(data)


class ExtentReader:
    """An open extent: its footer in memory, its blocks read on demand. Safe for many threads. `data`: an inline
    extent's bytes, of which `path` is but the name. `reader`: where the bytes come from, if not from a file there."""

    def __init__(self, path: Path, data: bytes | None = None, *, reader: BlockReader | None = None) -> None:
        self.path = path
        self.reader = reader or (BlockReader(path) if data is None else MemoryReader(path, data))
        try:
            self.footer = read_footer(self.reader) if data is None else inline_footer(self.reader, data)
        except BaseException:
            self.reader.close()
            raise
        self.columns = self.footer.columns
        self.group_rows = self.footer.group_rows
        self._position = {column.id: i for i, column in enumerate(self.columns)}
        self._zones: dict[int, Zones] = {}
        self._bounds: dict[int, Zones] = {}
        self._proofs: dict[int, Proof] = {}
        self._encodings: dict[int, frozenset[str]] = {}

    @cached_property
    def rows(self) -> int:
        return int(self.group_rows.sum())

    @property
    def row_groups(self) -> int:
        return len(self.group_rows)

    def position(self, column_id: int) -> int | None:
        """Where a column stands in this extent; None when it was added to the table later."""
        return self._position.get(column_id)

    def type_of(self, column: int) -> SqlType:
        return self.columns[column].type

    def encoding_name(self, group: int, column: int) -> str:
        return by_code(int(self.footer.entries[group, column]["encoding"])).name

    def block_bytes(self, group: int, column: int) -> int:
        """Bytes of a block on disk."""
        return int(self.footer.entries[group, column]["length"])

    def sketch(self, column: int) -> ColumnSketch:
        try:
            return ColumnSketch.from_bytes(self.footer.sketches[column])
        except ValueError as error:
            raise DataCorrupted(f'the footer of file "{self.path}" is malformed: {error}') from error

    def zones(self, column: int) -> Zones:
        """The column's bounds over all row groups (zones.py)."""
        found = self._zones.get(column)
        if found is None:
            entries = self.footer.entries[:, column]
            dtype = key_dtype(self.type_of(column))
            low, high = (np.ascontiguousarray(entries[name]).view(dtype) for name in ("low", "high"))
            known = entries["bounded"] == Bounded.KNOWN
            found = Zones(low, high, known, entries["nulls"].astype(np.int64), self.group_rows)
            self._zones[column] = found
        return found

    def bounds(self, column: int) -> Zones:
        """The same, in plain numbers where there is one row group, as in small extents: they are compared sooner."""
        if len(self.group_rows) != 1:
            return self.zones(column)
        found = self._bounds.get(column)
        if found is None:
            entry = self.footer.entries[0, column]
            dtype = key_dtype(self.type_of(column))
            low, high = entry["low"].view(dtype).item(), entry["high"].view(dtype).item()
            known = bool(entry["bounded"] == Bounded.KNOWN)
            found = self._bounds[column] = Zones(low, high, known, entry["nulls"].item(), self.rows)
        return found

    def proof(self, column: int) -> Proof:
        """What zone maps prove about all rows of the extent."""
        found = self._proofs.get(column)
        if found is None:
            alone = len(self.group_rows) == 1
            found = self.bounds(column).proof_of_one() if alone else self.zones(column).proof(slice(None))
            self._proofs[column] = found
        return found

    def encodings(self, column: int) -> frozenset[str]:
        """Those of the column's blocks."""
        found = self._encodings.get(column)
        if found is None:
            codes = set(self.footer.entries["encoding"][:, column].tolist())
            found = self._encodings[column] = frozenset([by_code(code).name for code in codes])
        return found

    def zone(self, group: int, column: int) -> tuple[int | float | None, int | float | None, int, int]:
        """(low key, high key, NULLs, rows) of one block; keys None when nothing is known."""
        zones = self.zones(column)
        nulls, rows = int(zones.nulls[group]), int(zones.rows[group])
        if not zones.known[group]:
            return None, None, nulls, rows
        return zones.low[group].item(), zones.high[group].item(), nulls, rows

    def read_block(self, group: int, column: int) -> Array:
        """A block's bytes, aligned for native code, its checksum verified."""
        entry = self.footer.entries[group, column]
        data = self.reader.read(int(entry["offset"]), int(entry["length"]))
        self.check_crc(group, column, data)
        return data

    def check_crc(self, group: int, column: int, data: Array) -> None:
        if zlib.crc32(data) != int(self.footer.entries[group, column]["crc"]):
            raise DataCorrupted(f"{self.name(group, column)} fails its checksum")

    def column(self, group: int, column: int) -> ColumnData:
        """A block's values, by the reference decoders."""
        data = self.read_block(group, column)
        try:
            found = decode_block(data, self.type_of(column))
        except DataCorrupted as error:
            raise DataCorrupted(f"{self.name(group, column)}: {error.message}") from error
        self.check_rows(group, column, found.rows)
        return found

    def check_rows(self, group: int, column: int, rows: int) -> None:
        if rows != int(self.group_rows[group]):
            want = int(self.group_rows[group])
            raise DataCorrupted(f"{self.name(group, column)} has {rows} rows, not {want}")

    def name(self, group: int, column: int) -> str:
        """A block, for messages."""
        return f'block of row group {group}, column {column} in file "{self.path}"'

    def verify(self) -> None:
        """Read and decode every block; raises DataCorrupted at the first that is damaged."""
        for group in range(self.row_groups):
            for column in range(len(self.columns)):
                self.column(group, column)

    def close(self) -> None:
        self.reader.close()


assert FRAME_BYTES % 64 == 0, "blocks start aligned"
