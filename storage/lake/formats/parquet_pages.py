"""The pages of a column chunk: found, and brought into a form that native code fills columns from.

    chunk   | header, dictionary | header, page | header, page | ...      a header says how long its page is

    page      version 1, packed as a whole     | size u32, levels | values |
              version 2                        | levels | values, packed   |

Pages that are packed by Snappy, or not at all, are unpacked by kernels (kernels/parquet_pages.py) one at a time, in the
same memory. What other codecs have packed is unpacked here, all of a chunk.
What is damaged, or of a kind that is not known here, is NotHereError: then Arrow reads the column, or says what is
wrong with it.
"""
from __future__ import annotations

import numpy as np
import pyarrow as pa

from ....kernels import memory, pack
from ....kernels import parquet_layout as layout
from ...vector import Array
from .parquet_footer import GZIP, SNAPPY, UNCOMPRESSED, ZSTD, Chunk, Leaf

OVERRUN = 64  # bytes that kernels write too much (kernels/parquet_values.py)
CODECS = {UNCOMPRESSED: "", SNAPPY: "snappy", GZIP: "gzip", ZSTD: "zstd"}
_CODED = 1 << layout.PLAIN_DICTIONARY | 1 << layout.RLE_DICTIONARY  # encodings of data pages
_KNOWN = _CODED | 1 << layout.PLAIN
_FEW, _MOST = 256, 1 << 22  # pages of a chunk
_LARGEST = 1 << 30  # page, in bytes
_MOST_ROWS = 1 << 24  # of a page


class NotHereError(Exception):
    """The chunk holds something that is not read here."""


class Pages:
    """Of one chunk, whose bytes are `data`, with slack behind them.

    data, table, count: of the data pages, packed by Snappy or not; dictionary: the bytes of its page, and how many
    values they are; None where there is none.
    """

    def __init__(self, chunk: Chunk, leaf: Leaf, data: Array) -> None:
        self.is_nullable = leaf.nullable
        self.data = data
        self.table, summary = _found(data)
        count, dictionaries, encodings, values, self.most_rows, self.most_bytes, *dictionary = summary
        if dictionaries > 1 or values != chunk.values or encodings & ~_KNOWN:
            raise NotHereError("pages of other kinds, or too few")
        if self.most_rows > _MOST_ROWS or self.most_bytes > _LARGEST:
            raise NotHereError("very large pages")
        self.count = count
        self.has_codes = bool(encodings & _CODED)
        self.all_coded = not encodings & ~_CODED
        codec = CODECS[chunk.codec]
        self.is_snappy = codec == "snappy"
        self.dictionary = _dictionary(dictionary, data, codec) if dictionaries else None
        if codec not in ("", "snappy"):
            self.table = self.table[: count * layout.PAGE_WORDS].reshape(count, layout.PAGE_WORDS)
            self.data = _unpacked(self.table, data, codec)


def _found(data: Array) -> tuple[Array, list[int]]:
    """The words of all data pages, those that say what there is (parquet_layout.py)."""
    most = _FEW
    while most <= _MOST:
        table = memory.empty(most * layout.PAGE_WORDS, np.int64)
        summary = np.empty(layout.SUMMARY_WORDS + layout.PAGE_WORDS, np.int64)
        found = pack.native("parquet_pages")(memory.address(data), len(data), memory.address(table), most,
                                             memory.address(summary))
        if found == -1:
            raise NotHereError("a damaged header of a page")
        if found == 0:
            return table, summary.tolist()
        most *= 16
    raise NotHereError("too many pages")


def _dictionary(page: list[int], data: Array, codec: str) -> tuple[Array, int]:
    """(its bytes, number of values)"""
    start, packed, size, count = (page[i] for i in (layout.START, layout.PACKED, layout.UNPACKED, layout.VALUES))
    if page[layout.ENCODING] not in (layout.PLAIN, layout.PLAIN_DICTIONARY) or count > size or size > _LARGEST:
        raise NotHereError("a dictionary of another kind")
    if not codec:
        return data[start : start + min(size, packed)], count
    room = memory.empty(size + OVERRUN, np.uint8)
    if codec == "snappy":
        done = pack.native("snappy_unpack")(memory.address(data) + start, packed, memory.address(room), size)
        if done != 0:
            raise NotHereError("a dictionary that cannot be unpacked")
    else:
        room[:size] = _unpack(data[start : start + packed], size, codec)
    return room[:size], count


def _unpacked(table: Array, data: Array, codec: str) -> Array:
    """The bodies of all pages, and `table` told where they are now."""
    out = memory.empty(int(table[:, layout.UNPACKED].sum()), np.uint8)
    at = 0
    for page in table:
        start, packed, size = (int(page[i]) for i in (layout.START, layout.PACKED, layout.UNPACKED))
        levels = 0
        if page[layout.KIND] == layout.DATA_V2:
            levels = int(page[layout.LEVELS])
            if not 0 <= levels <= min(packed, size):
                raise NotHereError("levels of a page")
            out[at : at + levels] = data[start : start + levels]
        body = data[start + levels : start + packed]
        if page[layout.COMPRESSED]:
            out[at + levels : at + size] = _unpack(body, size - levels, codec)
        elif len(body) == size - levels:
            out[at + levels : at + size] = body
        else:
            raise NotHereError("a page that is not as long as it says")
        page[layout.START], page[layout.PACKED], at = at, size, at + size
    return out


def _unpack(packed: Array, size: int, codec: str) -> Array:
    if not size:
        return memory.nothing(np.uint8)
    try:
        with pa.CompressedInputStream(pa.BufferReader(pa.py_buffer(packed)), codec) as stream:
            whole = stream.read(size + 1)
    except (OSError, pa.ArrowException) as error:
        raise NotHereError(str(error)) from error
    if len(whole) != size:
        raise NotHereError("a page that is not as long as it says")
    return np.frombuffer(whole, np.uint8)
