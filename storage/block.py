"""Blocks: one column of one row group, encoded, as bytes that describe themselves.

    | header 16 bytes | part table, 32 bytes a part | ... parts, each at a multiple of 64 ... | zeros |

    header   "WBLK" | encoding u8 | version u8 | parts u16 | rows u32 | nulls u32
    entry    part u16 | codec u16 | 0 u32 | offset u64 | stored bytes u64 | bytes u64

All numbers little endian; a block is a multiple of 64 bytes long, so parts keep the alignment that
native code wants when the block is read to an aligned address. NULLs are a part of their own, a bitmap
(1 = NULL) filled up to whole vectors; blocks without NULLs have none. A block ends at BLOCK_LIMIT.

Parts VALUES and TEXT may be stored through a general codec (LZO, ZSTD); smaller parts and such as do not
shrink stay plain. The checksum over a block is kept outside, in its extent's footer (extent.py).

    encode_block    ColumnData -> EncodedBlock (bytes, encoding, nulls, bounds)
    decode_block    bytes -> ColumnData            reference: through each encoding's `decode`
    native_block    aligned bytes -> Descriptor    what the buffer cache keeps
"""
from __future__ import annotations

import struct
import threading
from typing import Any

import lz4.block
import numpy as np
import zstandard

from ..errors import DataCorrupted, InternalError
from ..kernels import memory
from ..records import dataclass
from .coded import CodedColumn
from .encodings.base import Codec, Encoding, Part, Parts, read
from .encodings.bytedict import encode_codes
from .encodings.registry import BYTEDICT, by_code
from .native import NULL_BYTES_PER_VECTOR, Descriptor, describe
from .types import Physical, SqlType
from .vector import Array, ColumnData

ALIGNMENT = 64
MAX_ROWS = 65536
BLOCK_LIMIT = (1 << 32) - 1
MAGIC = b"WBLK"
VERSION = 1
HEADER = struct.Struct("<4sBBHII")
ENTRY = struct.Struct("<HHIQQQ")
_MIN_COMPRESSED = 64
_ZSTD_LEVEL = 1  # 3 saves 6 % of the bytes and costs a third more time
_CODEC_PARTS = frozenset((Part.VALUES, Part.TEXT))
_PARTS = {int(part): part for part in Part}
_VECTOR_ROWS = NULL_BYTES_PER_VECTOR * 8

_local = threading.local()  # compression contexts are not thread safe and dear to make


@dataclass(frozen=True, slots=True)
class EncodedBlock:
    """A block's bytes and what its extent's footer says of it."""

    data: bytes
    encoding: int
    rows: int
    nulls: int


def encode_block(column: ColumnData, encoding: Encoding) -> EncodedBlock:
    """The block of a column's values, at most 65,536 rows."""
    if column.rows > MAX_ROWS:
        raise InternalError(f"a block of {column.rows} rows; the limit is {MAX_ROWS}")
    return _assembled(column, encoding, encoding.encode(column))


def coded_block(column: CodedColumn) -> EncodedBlock:
    """The BYTEDICT block of text that CodedColumn.compact has made ready."""
    return _assembled(column, BYTEDICT, encode_codes(column))


def _assembled(column: ColumnData | CodedColumn, encoding: Encoding, made: Parts) -> EncodedBlock:
    parts: dict[Part, Array] = {}
    nulls = column.null_count
    if nulls:
        parts[Part.NULLS] = null_bitmap(column)
    parts |= made
    stored = [(part, *_compress(part, array, encoding.codec)) for part, array in parts.items()]
    body = bytearray(_aligned(HEADER.size + ENTRY.size * len(stored)))
    head = [HEADER.pack(MAGIC, encoding.code, VERSION, len(stored), column.rows, nulls)]
    for part, codec, payload, size in stored:
        head.append(ENTRY.pack(part, codec, 0, len(body), len(payload), size))
        body += payload
        body += bytes(-len(body) % ALIGNMENT)
    frame = b"".join(head)
    body[: len(frame)] = frame
    return EncodedBlock(bytes(body), encoding.code, column.rows, nulls)


def stored_bytes(encoding: Encoding, column: ColumnData) -> int:
    """How long the block would be."""
    return len(encode_block(column, encoding).data)


def null_bitmap(column: ColumnData | CodedColumn) -> Array:
    """1 = NULL, one bit a row, filled with zeros up to whole vectors."""
    vectors = -(-column.rows // _VECTOR_ROWS)
    bitmap = np.zeros(vectors * NULL_BYTES_PER_VECTOR, np.uint8)
    if column.valid is not None:
        packed = np.packbits(column.valid == 0, bitorder="little")
        bitmap[: len(packed)] = packed
    return bitmap


def decode_block(data: bytes | Array, type: SqlType) -> ColumnData:
    """The reference path from a block's bytes to plain values."""
    block = open_block(data, type)
    column = block.encoding.decode(block.parts, type, block.rows)
    return column if block.nulls is None else clear_nulls(column, block.nulls)


def native_block(data: Array, type: SqlType) -> Descriptor:
    """What native code reads, from a block at an aligned address with slack (BlockReader gives such)."""
    block = open_block(data, type)
    return describe(block.encoding.native(block.parts, type, block.rows), block.nulls)


@dataclass(frozen=True, slots=True, eq=False)
class OpenBlock:
    """A block taken apart: parts plain, its null bitmap checked and aside."""

    encoding: Encoding
    rows: int
    null_count: int
    nulls: Array | None
    parts: Parts


def open_block(data: bytes | Array, type: SqlType) -> OpenBlock:
    """Check a block's frame against its length, and undo the codecs of its parts."""
    whole = np.frombuffer(data, np.uint8) if not isinstance(data, np.ndarray) else data
    encoding, rows, null_count, entries = _read_head(whole)
    if not encoding.usable_for(type):
        raise DataCorrupted(f"a block of encoding {encoding.name} in a column of type {type}")
    parts = {part: _plain(whole, *place) for part, place in entries.items()}
    nulls = None
    if Part.NULLS in parts:
        vectors = -(-rows // _VECTOR_ROWS)
        nulls = read(parts, Part.NULLS, np.uint8, vectors * NULL_BYTES_PER_VECTOR)
    marked = 0 if nulls is None else int(np.bitwise_count(nulls).sum())
    if marked != null_count:
        raise DataCorrupted(f"{marked} rows are marked NULL where {null_count} should be")
    return OpenBlock(encoding, rows, null_count, nulls, parts)


def clear_nulls(column: ColumnData, nulls: Array) -> ColumnData:
    """Set validity from a bitmap, and what stands under NULL to 0 or ''."""
    valid = np.unpackbits(nulls, count=column.rows, bitorder="little") ^ 1
    if column.type.physical is Physical.STR:
        rows = np.arange(column.rows)
        shown = column.take(rows[valid == 1])
        offsets, data = shown.text
        lengths = np.zeros(column.rows, np.int64)
        lengths[valid == 1] = np.diff(offsets)
        all_offsets = np.zeros(column.rows + 1, np.int64)
        np.cumsum(lengths, out=all_offsets[1:])
        return ColumnData(column.type, column.rows, None, valid, all_offsets, data)
    values = column.fixed.copy()
    values[valid == 0] = 0
    return ColumnData(column.type, column.rows, values, valid)


def _read_head(whole: Array) -> tuple[Encoding, int, int, dict[Part, tuple[int, int, int, int]]]:
    size = len(whole)
    if size < HEADER.size:
        raise DataCorrupted(f"a block of {size} bytes has no header")
    magic, code, version, count, rows, nulls = HEADER.unpack_from(whole, 0)
    if magic != MAGIC or version != VERSION or rows > MAX_ROWS or nulls > rows:
        raise DataCorrupted("a block's header is wrong")
    if HEADER.size + count * ENTRY.size > size:
        raise DataCorrupted(f"a block of {size} bytes cannot have {count} parts")
    entries: dict[Part, tuple[int, int, int, int]] = {}
    for i in range(count):
        part, codec, _, offset, stored, length = ENTRY.unpack_from(whole, HEADER.size + i * ENTRY.size)
        if offset % ALIGNMENT or offset + stored > size or length > BLOCK_LIMIT:
            raise DataCorrupted(f"part {part} reaches beyond its block of {size} bytes")
        known = _PARTS.get(part)
        if known is None:
            raise DataCorrupted(f"a block has the unknown part {part}")
        entries[known] = (codec, offset, stored, length)
    return by_code(code), rows, nulls, entries


def _aligned(size: int) -> int:
    return -(-size // ALIGNMENT) * ALIGNMENT


# -- codecs -------------------------------------------------------------------------------------------


def _compress(part: Part, array: Array, codec: Codec) -> tuple[Codec, Any, int]:
    """(codec used, bytes to store, plain length)."""
    plain = np.ascontiguousarray(array).reshape(-1).view(np.uint8)
    if codec is Codec.NONE or part not in _CODEC_PARTS or plain.nbytes < _MIN_COMPRESSED:
        return Codec.NONE, plain.tobytes(), plain.nbytes
    if codec is Codec.LZ4:
        packed = lz4.block.compress(plain, store_size=False)
    else:
        packed = _compressor().compress(memoryview(plain))
    if len(packed) >= plain.nbytes:
        return Codec.NONE, plain.tobytes(), plain.nbytes
    return codec, packed, plain.nbytes


def _plain(whole: Array, codec: int, offset: int, stored: int, length: int) -> Array:
    """The plain bytes of a part: a view of the block, or decompressed into aligned memory."""
    payload = whole[offset : offset + stored]
    if codec == Codec.NONE:
        if stored != length:
            raise DataCorrupted(f"a plain part of {stored} bytes says it has {length}")
        return payload
    out = memory.empty(length, np.uint8)
    try:
        match codec:
            case Codec.LZ4:
                out[:] = np.frombuffer(lz4.block.decompress(payload, uncompressed_size=length), np.uint8)
            case Codec.ZSTD:
                _decompress_zstd(payload, out)
            case _:
                raise DataCorrupted(f"a part bears the unknown codec {codec}")
    except (ValueError, zstandard.ZstdError, lz4.block.LZ4BlockError) as error:
        raise DataCorrupted(f"a compressed part cannot be undone: {error}") from error
    return out


def _decompress_zstd(payload: Array, out: Array) -> None:
    with _decompressor().stream_reader(memoryview(payload)) as reader:
        done = 0
        while done < len(out):
            step = reader.readinto(memoryview(out)[done:])
            if not step:
                break
            done += step
        if done != len(out) or reader.read(1):
            raise DataCorrupted(f"a compressed part does not give the {len(out)} bytes it should")


def _compressor() -> zstandard.ZstdCompressor:
    if not hasattr(_local, "compressor"):
        _local.compressor = zstandard.ZstdCompressor(level=_ZSTD_LEVEL, write_checksum=False)
    compressor: zstandard.ZstdCompressor = _local.compressor
    return compressor


def _decompressor() -> zstandard.ZstdDecompressor:
    if not hasattr(_local, "decompressor"):
        _local.decompressor = zstandard.ZstdDecompressor()
    decompressor: zstandard.ZstdDecompressor = _local.decompressor
    return decompressor
