"""Blocks from an extent's file to what the buffer cache keeps, all that a scan misses in one go.

    load_blocks(extent, [(group, column), ...])
        common encodings    read and opened by one native call: checksum, frame, parts, tables     kernels/blocks.py
                            (what is in no file here is read before, together)                     blockio.py
        others, refused     read and opened one by one, and who says what is wrong                 block.py

A first scan opens hundreds of blocks. Done one by one in Python each costs a fifth of a millisecond, and
two threads at it stand in each other's way, for Python's lock changes hands at each read and checksum.
Natively it is a few microseconds beyond reading the bytes, and Python's lock is free meanwhile.

    memory of a block   | as read, to 64 bytes | descriptor | vector table | zones | dictionary | slack |
"""
from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache

import numpy as np

from ..errors import DataCorrupted
from ..kernels import abi, memory, pack
from ..kernels import blocks_layout as layout
from .block import ALIGNMENT, native_block
from .encodings.bytedict import ENTRIES
from .encodings.registry import AZ64, BYTEDICT, RAW
from .extent import ExtentReader
from .native import Descriptor
from .types import Physical, SqlType
from .vector import Array

Key = tuple[int, int]  # row group, column
Form = tuple[int, int, int]  # see form_of

NO_FORM: Form = (0, 0, 0)
_BYTE = np.dtype(np.uint8)
_DESCRIPTOR_BYTES = abi.DESCRIPTOR_WORDS * 8
_VECTOR_BYTES = 6 * 8  # D_META and D_ZONES of a vector
_DICTIONARY_BYTES = ENTRIES * 16


def load_blocks(extent: ExtentReader, keys: Sequence[Key]) -> Iterator[Descriptor]:
    """Read, verify and prepare blocks, in the order of the keys; DataCorrupted names the one that fails."""
    groups, columns = (list(numbers) for numbers in zip(*keys))
    entries, rows = extent.footer.entries[groups, columns], extent.group_rows[groups]
    kinds = list(zip(columns, entries["encoding"].tolist()))
    known = {kind: form_of(extent.type_of(kind[0]), kind[1]) for kind in dict.fromkeys(kinds)}
    common = [known[kind] is not NO_FORM for kind in kinds]
    forms = np.array([known[kind] for kind in kinds], np.int64)
    if not all(common):
        chosen = np.array(common)
        entries, rows, forms = entries[chosen], rows[chosen], forms[chosen]
    together = _load_together(extent, entries, rows, forms)
    for key, is_common in zip(keys, common):
        opened = next(together) if is_common else None
        # Others are read when it is their turn: what is read here is freed again once decompressed. So are those that
        # native code refused, for block.py to say what is wrong, if anything is.
        yield opened or open_plainly(extent, key, extent.read_block(*key))


def _load_together(extent: ExtentReader, entries: Array, rows: Array, forms: Array) -> Iterator[Descriptor | None]:
    """Blocks of the common encodings, None for one that is refused; reads when the first is asked for."""
    if not len(entries):
        return
    lengths = entries["length"].astype(np.int64)
    rooms = forms[:, 2] + -(-rows // abi.VECTOR_ROWS) * _VECTOR_BYTES
    behind = -lengths % ALIGNMENT + rooms
    file = extent.reader.file
    if file is None:
        wholes = extent.reader.read_many(list(zip(entries["offset"].tolist(), lengths.tolist(), behind.tolist())))
        file = layout.NO_FILE
    else:
        wholes = [memory.empty(size, _BYTE) for size in (lengths + behind).tolist()]
    jobs = open_natively(wholes, entries, rows, forms, rooms, file)
    starts, ends, opened = jobs[:, (layout.J_DATA, layout.J_ROOM, layout.J_OPENED)].T.tolist()
    for whole, start, end, good in zip(wholes, starts, ends, opened):
        if good:
            words = np.ndarray(abi.DESCRIPTOR_WORDS, np.int64, whole, end - start)
            yield Descriptor(words, end, whole.nbytes + memory.SLACK, (whole,))
        else:
            yield None


def open_natively(wholes: Sequence[Array], entries: Array, rows: Array, forms: Array, rooms: Array,
                  file: int = layout.NO_FILE) -> Array:
    """int64[blocks][JOB_WORDS] after `open_blocks`: the blocks at the front of `wholes`, where they are or will be
    read from a file, their rooms behind. `entries`: the footer's (length, offset, crc and encoding of each)."""
    jobs = memory.zeros(len(wholes) * layout.JOB_WORDS, np.int64).reshape(len(wholes), layout.JOB_WORDS)
    starts = np.array([memory.address(whole) for whole in wholes], np.int64)
    lengths = entries["length"].astype(np.int64)
    jobs[:, layout.J_DATA], jobs[:, layout.J_BYTES], jobs[:, layout.J_OFFSET] = starts, lengths, entries["offset"]
    jobs[:, layout.J_CRC], jobs[:, layout.J_ROWS] = entries["crc"], rows
    jobs[:, layout.J_ENCODING], jobs[:, layout.J_FORM], jobs[:, layout.J_WIDTH] = entries["encoding"], *forms.T[:2]
    jobs[:, layout.J_ROOM], jobs[:, layout.J_LEFT] = starts + lengths + -lengths % ALIGNMENT, rooms
    tables = memory.address(_checksum_tables())
    pack.native("open_blocks")(memory.address(jobs), len(wholes), tables, file)
    return jobs


def open_plainly(extent: ExtentReader, key: Key, data: Array) -> Descriptor:
    """One block whose checksum is right, by block.py; DataCorrupted names it."""
    try:
        descriptor = native_block(data, extent.type_of(key[1]))
    except DataCorrupted as error:
        raise DataCorrupted(f"{extent.name(*key)}: {error.message}") from error
    extent.check_rows(*key, int(descriptor.words[abi.D_ROWS]))
    return descriptor


@cache
def form_of(type: SqlType, encoding: int) -> Form:
    """(FORM_* of kernels/blocks_layout.py or 0, bytes of a number on disk, bytes of room besides vectors')."""
    physical, width = type.physical, type.storage_bytes if type.physical is not Physical.STR else 0
    dictionary = _DESCRIPTOR_BYTES + _DICTIONARY_BYTES
    if encoding == AZ64.code and AZ64.usable_for(type) and physical is Physical.I64:
        return layout.FORM_PACKED, width, _DESCRIPTOR_BYTES
    if encoding == BYTEDICT.code and BYTEDICT.usable_for(type):
        if physical is Physical.I64:
            return layout.FORM_DICT_INT, min(8, width), dictionary
        if physical is Physical.STR:
            return layout.FORM_DICT_STR, 0, dictionary
    if encoding == RAW.code and physical is Physical.I64:
        return layout.FORM_RAW_INT, width, _DESCRIPTOR_BYTES
    if encoding == RAW.code and physical is Physical.F64:
        return layout.FORM_RAW_FLOAT, width, _DESCRIPTOR_BYTES
    return NO_FORM


@cache
def _checksum_tables() -> Array:
    """uint32[16][256] of kernels/checksum.py: what a byte adds to a CRC-32 when 0 to 15 bytes follow it."""
    tables = memory.empty(16 * 256, np.uint32).reshape(16, 256)
    tables[0] = np.arange(256)
    for _ in range(8):
        tables[0] = (tables[0] >> 1) ^ np.where(tables[0] & 1, np.uint32(0xEDB88320), np.uint32(0))
    for i in range(1, 16):
        tables[i] = tables[0][tables[i - 1] & 0xFF] ^ (tables[i - 1] >> 8)
    return tables
