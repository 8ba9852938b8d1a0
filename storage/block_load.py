"""Blocks from an extent's file to what the buffer cache keeps, all that a scan misses in one go.

    load_blocks(extent, [(group, column), ...])
        common encodings    read together, neighbours in the file by one positional read    blockio.py
                            opened natively: checksum, frame, parts, tables                 kernels/blocks.py
        others, refused     opened one by one, and who says what is wrong                   block.py

A first scan opens hundreds of blocks. Done one by one in Python each costs a fifth of a millisecond, and
two threads at it stand in each other's way, for Python's lock changes hands at each read and checksum.
Natively it is a few microseconds beyond reading the bytes.

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
_DESCRIPTOR_BYTES = abi.DESCRIPTOR_WORDS * 8
_VECTOR_BYTES = 6 * 8  # D_META and D_ZONES of a vector
_DICTIONARY_BYTES = ENTRIES * 16


def load_blocks(extent: ExtentReader, keys: Sequence[Key]) -> Iterator[Descriptor]:
    """Read, verify and prepare blocks, in the order of the keys; DataCorrupted names the one that fails."""
    groups, columns = (np.array(numbers, np.intp) for numbers in zip(*keys))
    codes = extent.footer.entries["encoding"][groups, columns].tolist()
    forms = [form_of(extent.type_of(column), code) for (_, column), code in zip(keys, codes)]
    common = [pair for pair in zip(keys, forms) if pair[1] != NO_FORM]
    together = _load_together(extent, [key for key, _ in common], [form for _, form in common])
    for key, form in zip(keys, forms):
        if form != NO_FORM:
            yield next(together)
        else:  # read when it is its turn: what is read here is freed again once decompressed
            yield open_plainly(extent, key, extent.read_block(*key))


def _load_together(extent: ExtentReader, keys: Sequence[Key], forms: Sequence[Form]) -> Iterator[Descriptor]:
    """Blocks of the common encodings; reads when the first is asked for."""
    if not keys:
        return
    groups, columns = (np.array(numbers, np.intp) for numbers in zip(*keys))
    entries, rows = extent.footer.entries[groups, columns], extent.group_rows[groups]
    lengths = entries["length"].astype(np.int64)
    rooms = np.array([room for _, _, room in forms], np.int64) + -(-rows // abi.VECTOR_ROWS) * _VECTOR_BYTES
    places = zip(entries["offset"].tolist(), lengths.tolist(), (-lengths % ALIGNMENT + rooms).tolist())
    wholes = extent.reader.read_many(list(places))
    jobs = open_natively(wholes, lengths, entries["crc"], rows, entries["encoding"], forms, rooms)
    for key, whole, length, job in zip(keys, wholes, lengths.tolist(), jobs.tolist()):
        if job[layout.J_OPENED]:
            yield _opened(whole, job[layout.J_ROOM], job[layout.J_ROOM] - job[layout.J_DATA])
        else:
            extent.check_crc(*key, whole[:length])
            yield open_plainly(extent, key, whole[:length])


def open_natively(
    wholes: Sequence[Array], lengths: Array, crcs: Array, rows: Array, codes: Array, forms: Sequence[Form], rooms: Array
) -> Array:
    """int64[blocks][JOB_WORDS] after `open_blocks`: the blocks at the front of `wholes`, their rooms behind."""
    jobs = memory.zeros(len(wholes) * layout.JOB_WORDS, np.int64).reshape(len(wholes), layout.JOB_WORDS)
    starts = np.array([memory.address(whole) for whole in wholes], np.int64)
    jobs[:, layout.J_DATA], jobs[:, layout.J_BYTES] = starts, lengths
    jobs[:, layout.J_CRC], jobs[:, layout.J_ROWS], jobs[:, layout.J_ENCODING] = crcs, rows, codes
    jobs[:, layout.J_FORM], jobs[:, layout.J_WIDTH] = zip(*(form[:2] for form in forms))
    jobs[:, layout.J_ROOM], jobs[:, layout.J_LEFT] = starts + lengths + -lengths % ALIGNMENT, rooms
    pack.native("open_blocks")(memory.address(jobs), len(wholes), memory.address(_checksum_tables()))
    return jobs


def open_plainly(extent: ExtentReader, key: Key, data: Array) -> Descriptor:
    """One block whose checksum is right, by block.py; DataCorrupted names it."""
    try:
        descriptor = native_block(data, extent.type_of(key[1]))
    except DataCorrupted as error:
        raise DataCorrupted(f"{extent.name(*key)}: {error.message}") from error
    extent.check_rows(*key, int(descriptor.words[abi.D_ROWS]))
    return descriptor


def _opened(whole: Array, address: int, at: int) -> Descriptor:
    words = whole[at : at + _DESCRIPTOR_BYTES].view(np.int64)
    return Descriptor(words, address, whole.nbytes + memory.SLACK, (whole,))


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
