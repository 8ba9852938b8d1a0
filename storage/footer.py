"""The frame of an extent file: header, footer, trailer, and their checks.

    | header 64 | block | block | ... | footer | trailer 64 |

    header    "WHEXTENT" | version u32 | 0 ... | crc32 of all before, u32
    footer    | length of JSON u32 | JSON | row counts u32[groups] | entries [groups][columns] | sketches |
    trailer   "WHEXTEND" | version u32 | crc32 of the footer u32 | footer offset u64 | footer length u64 |
              blocks' bytes u64 | 0 ... | crc32 of all before, u32

Blocks stand one after the other, row group by row group, column by column, each a multiple of 64 bytes
and covered whole by a checksum in its entry; so every byte of the file is under some checksum.
JSON holds what is read once: the columns (id, type) and the lengths of their sketches. An entry of the
footer's table is ENTRY below. Header and trailer keep their layout for ever, so that an older release
can tell a newer file (FormatTooNew) from a damaged one (DataCorrupted).
"""
from __future__ import annotations

import json
import struct
import threading
import zlib
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import DataCorrupted, FormatTooNew
from ..records import dataclass
from .blockio import BlockReader
from .schema import Column
from .types import Kind, SqlType
from .vector import Array

FORMAT_VERSION = 2  # 1: sketches without samples
FRAME_BYTES = 64
_HEAD_MAGIC, _TAIL_MAGIC = b"WHEXTENT", b"WHEXTEND"
_HEADER = struct.Struct("<8sI48xI")
_TRAILER = struct.Struct("<8sIIQQQ20xI")
_PLAIN_TRAILER = struct.Struct("<8sIIQQQ20x")  # without its checksum
_COUNT = struct.Struct("<I")
MAX_FOOTER = 1 << 30
INLINE_FOOTERS = 256  # kept, with the bytes that they are of: at most 8 MB

# `low` and `high` are keys of zones.py, as 8 raw bytes.
ENTRY = np.dtype(
    [("offset", "<u8"), ("length", "<u8"), ("crc", "<u4"), ("nulls", "<u4"), ("low", "<i8"), ("high", "<i8"),
     ("encoding", "u1"), ("bounded", "u1"), ("spare", "<u2")]
)


@dataclass(frozen=True, slots=True)
class ExtentColumn:
    """A column as an extent has it: its id in the table, and the type its blocks were written with."""

    id: int
    type: SqlType


@dataclass(frozen=True, slots=True, eq=False)
class Footer:
    """Everything of an extent but its blocks."""

    columns: tuple[ExtentColumn, ...]
    group_rows: Array  # int64[groups]
    entries: Array  # ENTRY[groups][columns]
    sketches: tuple[bytes, ...]  # one a column, as ColumnSketch.to_bytes: only ANALYZE reads them
    # Of an interleaved table: when the index was built that the rows are ordered by, their first and last place.
    order: tuple[int, int, int] | None = None


def header_bytes() -> bytes:
    plain = _HEADER.pack(_HEAD_MAGIC, FORMAT_VERSION, 0)
    return plain[:-4] + _COUNT.pack(zlib.crc32(plain[:-4]))


def footer_bytes(footer: Footer, offset: int) -> bytes:
    """Footer and trailer of a file whose blocks end at `offset`."""
    text = json.dumps(
        {
            "columns": [{"id": c.id, "type": type_to_json(c.type)} for c in footer.columns],
            "groups": len(footer.group_rows),
            "sketches": [len(blob) for blob in footer.sketches],
            **({} if footer.order is None else {"order": footer.order}),
        },
        separators=(",", ":"),
    ).encode()
    rows = footer.group_rows.astype("<u4").tobytes()
    return frame_footer(text, rows, footer.entries.tobytes(), b"".join(footer.sketches), offset)


def frame_footer(text: bytes, rows: bytes, entries: bytes, sketches: bytes, offset: int) -> bytes:
    """The same, from its parts as they are drawn above."""
    return b"".join(framed(b"".join([footer_head(text, rows), entries, sketches]), offset))


def footer_head(text: bytes, rows: bytes) -> bytes:
    """What stands in a footer before its entries."""
    return b"".join([_COUNT.pack(len(text)), text, rows])


def framed(body: bytes, offset: int) -> tuple[bytes, bytes, bytes]:
    """A whole footer and its trailer, to be joined."""
    tail = _PLAIN_TRAILER.pack(_TAIL_MAGIC, FORMAT_VERSION, zlib.crc32(body), offset, len(body), offset - FRAME_BYTES)
    return body, tail, _COUNT.pack(zlib.crc32(tail))


def read_footer(reader: BlockReader) -> Footer:
    """The checked footer of an open file; errors name the file."""
    path = reader.path
    if reader.size < 2 * FRAME_BYTES:
        raise DataCorrupted(f'file "{path}" is no extent: it has {reader.size} bytes')
    _check_frame(reader.read(0, FRAME_BYTES), _HEAD_MAGIC, path, "header")
    tail = reader.read(reader.size - FRAME_BYTES, FRAME_BYTES)
    _check_frame(tail, _TAIL_MAGIC, path, "trailer")
    _, _, crc, offset, length, _, _ = _TRAILER.unpack(tail)
    if offset + length + FRAME_BYTES != reader.size or length > MAX_FOOTER:
        raise DataCorrupted(f'file "{path}" has {reader.size} bytes, its trailer counts others')
    body = reader.read(offset, length)
    if zlib.crc32(body) != crc:
        raise DataCorrupted(f'the footer of file "{path}" fails its checksum')
    try:
        footer = _parse(body.tobytes())
    except (ValueError, KeyError, TypeError, struct.error) as error:
        raise DataCorrupted(f'the footer of file "{path}" is malformed: {error}') from error
    _check_places(footer, offset, path)
    return footer


_inline_footers: dict[bytes, Footer] = {}
_inline_lock = threading.Lock()


def inline_footer(reader: BlockReader, data: bytes) -> Footer:
    """The same of an inline extent's bytes: planning opens it for its values, and a scan does so again."""
    found = _inline_footers.get(data)
    if found is None:
        found = read_footer(reader)
        with _inline_lock:
            _inline_footers[data] = found
            while len(_inline_footers) > INLINE_FOOTERS:
                del _inline_footers[next(iter(_inline_footers))]
    return found


def _check_frame(frame: Array, magic: bytes, path: Path, name: str) -> None:
    raw = frame.tobytes()
    if raw[:8] != magic or zlib.crc32(raw[:-4]) != _COUNT.unpack(raw[-4:])[0]:
        raise DataCorrupted(f'the {name} of file "{path}" is damaged, or the file is no extent')
    version = _COUNT.unpack(raw[8:12])[0]
    if version > FORMAT_VERSION:
        raise FormatTooNew(
            f'file "{path}" has format version {version}; this release reads up to {FORMAT_VERSION}'
        )


def _parse(body: bytes) -> Footer:
    size = _COUNT.unpack_from(body)[0]
    at = _COUNT.size + size
    columns, groups, lengths, order = _head(body[_COUNT.size : at])
    rows = np.frombuffer(body, "<u4", groups, at).astype(np.int64)
    at += 4 * groups
    entries = np.frombuffer(body, ENTRY, groups * len(columns), at).reshape(groups, len(columns))
    at += entries.nbytes
    sketches: list[bytes] = []
    for length in lengths:
        sketches.append(body[at : at + length])
        at += length
    if at != len(body) or len(sketches) != len(columns):
        raise ValueError(f"{len(body)} bytes where {at} should be")
    return Footer(columns, rows, entries, tuple(sketches), order)


@lru_cache(maxsize=256)
def _head(text: bytes) -> tuple[tuple[ExtentColumn, ...], int, tuple[int, ...], tuple[int, int, int] | None]:
    """(columns, row groups, lengths of sketches, order) out of the JSON, which small extents of a table have alike."""
    head = json.loads(text)
    columns = tuple([ExtentColumn(c["id"], type_from_json(c["type"])) for c in head["columns"]])
    order = head.get("order")
    return columns, head["groups"], tuple(head["sketches"]), None if order is None else (order[0], order[1], order[2])


def _check_places(footer: Footer, blocks_end: int, path: Path) -> None:
    ends = footer.entries["offset"] + footer.entries["length"]
    inside = footer.entries["length"] <= blocks_end
    if ends.size and not (inside.all() and (ends <= blocks_end).all()):
        raise DataCorrupted(f'a block of file "{path}" reaches beyond its footer')


def type_to_json(type: SqlType) -> list[Any]:
    return [type.kind.name, type.precision, type.scale, type.length, type.case_insensitive]


def type_from_json(fields: list[Any]) -> SqlType:
    name, precision, scale, length, insensitive = fields
    return SqlType(Kind[name], precision, scale, length, insensitive)


def extent_columns(columns: tuple[Column, ...]) -> tuple[ExtentColumn, ...]:
    return tuple(ExtentColumn(column.id, column.type) for column in columns)
