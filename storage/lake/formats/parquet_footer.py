"""A Parquet footer as it stands in the file: which columns, which row groups, where their pages are.

pyarrow reads footers too, but asking its metadata for a column whose part of the footer is damaged ends the process
(seen with pyarrow 26). So all that is asked of columns is asked here; whatever is missing or impossible is Damaged.

A footer is a struct in Thrift's compact protocol (thrift.py). The fields that matter:

    FileMetaData     2: schema  4: row groups  7: column orders, without which bounds of texts mean nothing
    SchemaElement    1: type  2: length of fixed ones  3: repetition  4: name  5: number of children
    RowGroup         1: column chunks  3: rows
    ColumnChunk      3: metadata:  1: type  2: encodings  4: codec  5: values  6, 7: bytes, unpacked and packed
                                   9: first data page  11: dictionary page  12: statistics
    Statistics       1, 2: high and low, of old  3: NULLs  5, 6: high and low
"""
from __future__ import annotations

from typing import Any

from ....records import dataclass
from .thrift import Damaged, Struct, struct

BOOLEAN, INT32, INT64, INT96, FLOAT, DOUBLE, BYTE_ARRAY, FIXED = range(8)
UNCOMPRESSED, SNAPPY, GZIP, LZO, BROTLI, LZ4, ZSTD, LZ4_RAW = range(8)
_REQUIRED, _OPTIONAL, _REPEATED = range(3)
_MOST_LEVELS = 64


@dataclass(frozen=True, slots=True)
class Leaf:
    """A column of the file that has values. `name`: the top-level column that it is, or is part of; `nullable` where it
    is one of its own."""

    name: str
    type: int
    width: int
    nullable: bool
    nested: bool


@dataclass(frozen=True, slots=True)
class Chunk:
    """A leaf's values in a row group. start: of the first page; high, low: raw, None where there are none, or their
    order is not known."""

    type: int
    encodings: tuple[int, ...]
    codec: int
    values: int
    unpacked: int
    size: int  # in the file
    start: int
    high: bytes | None
    low: bytes | None
    nulls: int | None


@dataclass(frozen=True, slots=True)
class FileInfo:
    """What a footer says."""

    leaves: tuple[Leaf, ...]
    rows: tuple[int, ...]  # of each row group
    chunks: tuple[tuple[Chunk, ...], ...]  # of each row group, as the leaves


def read_footer(footer: bytes) -> FileInfo:
    """The footer's bytes, without what stands before and behind them; Damaged."""
    try:
        file, _ = struct(footer, 0)
        leaves = tuple(_leaves(_need(file, 2, list)))
        ordered = bool(file.get(7))
        groups = _need(file, 4, list)
        rows = tuple(_natural(group, 3) for group in groups)
        chunks = tuple(_chunks(group, leaves, ordered) for group in groups)
    except (IndexError, UnicodeDecodeError, RecursionError) as error:
        raise Damaged(str(error)) from error
    return FileInfo(leaves, rows, chunks)


def _leaves(elements: list[Struct]) -> list[Leaf]:
    found: list[Leaf] = []
    root = elements[0]
    at = 1
    for _ in range(_natural(root, 5)):
        name = _need(elements[at], 4, bytes).decode()
        at = _below(elements, at, name, 0, found)
    if at != len(elements):
        raise Damaged("elements of the schema that belong nowhere")
    return found


def _below(elements: list[Struct], at: int, name: str, depth: int, found: list[Leaf]) -> int:
    """The leaves of the element at `at`; the place behind it."""
    element, at = elements[at], at + 1
    children = element.get(5, 0)
    if not isinstance(children, int) or children < 0 or depth > _MOST_LEVELS:
        raise Damaged("a schema without end")
    if 1 in element and not children:
        repetition = element.get(3, _REQUIRED)
        nested = depth > 0 or repetition == _REPEATED
        found.append(Leaf(name, _natural(element, 1), element.get(2, 0), repetition == _OPTIONAL, nested))
        return at
    for _ in range(children):
        at = _below(elements, at, name, depth + 1, found)
    return at


def _chunks(group: Struct, leaves: tuple[Leaf, ...], ordered: bool) -> tuple[Chunk, ...]:
    columns = _need(group, 1, list)
    if len(columns) != len(leaves):
        raise Damaged(f"a row group of {len(columns)} columns, where the schema has {len(leaves)}")
    return tuple(_chunk(column, leaf, ordered) for column, leaf in zip(columns, leaves))


def _chunk(column: Struct, leaf: Leaf, ordered: bool) -> Chunk:
    meta = _need(column, 3, dict)
    if column.get(1):
        raise Damaged(f'column "{leaf.name}" is in another file')
    if _natural(meta, 1) != leaf.type:
        raise Damaged(f'column "{leaf.name}" has two types')
    encodings = _need(meta, 2, list)
    if not all(isinstance(e, int) for e in encodings):
        raise Damaged("encodings that are no numbers")
    start, dictionary = _natural(meta, 9), meta.get(11)
    if isinstance(dictionary, int) and 0 < dictionary < start:
        start = dictionary
    statistics = meta.get(12, {})
    if not isinstance(statistics, dict):
        raise Damaged("statistics that are none")
    high, low = (statistics.get(f) for f in ((5, 6) if ordered else (1, 2)))
    if not ordered and leaf.type not in (INT32, INT64):
        high = low = None
    nulls = statistics.get(3)
    known = isinstance(high, bytes) and isinstance(low, bytes)
    return Chunk(
        leaf.type, tuple(encodings), _natural(meta, 4), _natural(meta, 5), _natural(meta, 6), _natural(meta, 7),
        start, high if known else None, low if known else None,
        nulls if isinstance(nulls, int) and nulls >= 0 else None,
    )  # fmt: skip


def _need(fields: Any, number: int, kind: type) -> Any:
    found = fields.get(number) if isinstance(fields, dict) else None
    if not isinstance(found, kind):
        raise Damaged(f"field {number} is missing")
    return found


def _natural(fields: Any, number: int) -> int:
    found: int = _need(fields, number, int)
    if found < 0:
        raise Damaged(f"field {number} is negative")
    return found
