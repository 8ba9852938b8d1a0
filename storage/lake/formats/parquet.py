"""Parquet files: columns by name, parts are row groups, bounds from their statistics.

Footers are kept (`_footers`): a query that plans by them, prunes by them and then reads opens each file twice, and the
next query on the same object once. An object that changes has another etag, and its footer is read anew.

A column that a file lacks is NULL in its rows. One whose type does not fit the table's is an error, as in Spectrum.
"""
from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Collection, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from .... import errors
from ...formats.columnar import fits
from ...objects.base import ObjectInfo
from ...objects.registry import Objects
from ...types import Kind, Physical, SqlType
from ..definition import Field, Source
from .base import BATCH_ROWS, NOTHING_KNOWN, Bounds, Part, Plain

FOOTERS = 4096  # kept; a footer is a few kilobytes
READ_AHEAD = 1 << 20  # of each column of a local file
CODED = 1024  # values of a column of text that is read as codes, at most, as far as can be told
_EPOCH_DAY = date(1970, 1, 1).toordinal()
_EPOCH = datetime(1970, 1, 1)
MOST_BITS = 17  # of codes; writers give dictionaries of more values up


class Footer:
    """A file's metadata, and where its columns are."""

    __slots__ = ("_leaves", "_sizes", "bounds", "groups", "meta", "places", "schema")

    def __init__(self, meta: pq.FileMetaData) -> None:
        self.meta = meta
        self.schema = meta.schema.to_arrow_schema()
        self.places = {name.lower(): i for i, name in reversed(list(enumerate(self.schema.names)))}
        self.groups = [meta.row_group(g).num_rows for g in range(meta.num_row_groups)]
        self.bounds: dict[tuple[int, str], Bounds] = {}
        self._leaves: dict[str, list[int]] = {}
        self._sizes: dict[tuple[int, str], int] = {}

    def leaves(self, name: str) -> list[int]:
        """The numbers of a column's leaves among those of the file (one, but for nested types)."""
        if not self._leaves:
            for i in range(self.meta.num_columns):
                self._leaves.setdefault(self.meta.schema.column(i).path.split(".")[0], []).append(i)
        return self._leaves.get(name, [])

    def size(self, group: int, column: str) -> int:
        """Compressed bytes of a column in a row group; 0 where the file has none of it."""
        found = self._sizes.get((group, column))
        if found is None:
            place, chunks = self.places.get(column), self.meta.row_group(group)
            leaves = () if place is None else self.leaves(self.schema.names[place])
            found = self._sizes[group, column] = sum(chunks.column(i).total_compressed_size for i in leaves)
        return found


_footers: OrderedDict[tuple[str, str | None, int], Footer] = OrderedDict()
_lock = threading.Lock()


class ParquetReader(Plain):
    """See the module's text."""

    def __init__(self, source: Source, objects: Objects) -> None:
        self._objects = objects

    def parts(self, file: ObjectInfo) -> list[Part]:
        footer = self.footer(file)
        total = max(sum(footer.groups), 1)
        return [
            Part(file, rows, file.bytes * rows // total, g, g + 1, exact=True) for g, rows in enumerate(footer.groups)
        ]

    def footer(self, file: ObjectInfo) -> Footer:
        key = (file.url, file.etag, file.bytes)
        with _lock:
            found = _footers.get(key)
            if found is not None:
                _footers.move_to_end(key)
                return found
        with self._open(file, None) as opened:
            found = Footer(opened.metadata)
        with _lock:
            _footers[key] = found
            while len(_footers) > FOOTERS:
                _footers.popitem(last=False)
        return found

    def file_type(self, file: ObjectInfo, column: str) -> pa.DataType | None:
        """The type that a column has in the file; None where it has none of it."""
        footer = self.footer(file)
        place = footer.places.get(column)
        return None if place is None else footer.schema.field(place).type

    def _open(
        self, file: ObjectInfo, meta: pq.FileMetaData | None, dictionaries: Sequence[str] = ()
    ) -> pq.ParquetFile:
        path = self._objects.local_path(file.url)
        common = {"metadata": meta, "coerce_int96_timestamp_unit": "us", "read_dictionary": list(dictionaries)}
        try:
            if path is not None:
                return pq.ParquetFile(path, pre_buffer=False, buffer_size=READ_AHEAD, **common)
            return pq.ParquetFile(self._objects.open(file.url), pre_buffer=True, **common)
        except (pa.ArrowException, OSError) as error:
            raise errors.FileError(f'file "{file.url}" is not a readable Parquet file: {error}') from error

    def bounds(self, part: Part, column: Field) -> Bounds:
        footer = self.footer(part.file)
        key = (part.start, column.name)
        found = footer.bounds.get(key)
        if found is None:
            found = footer.bounds[key] = _bounds(footer, part, column)
        return found

    def bytes_of(self, part: Part, columns: Sequence[Field]) -> int:
        footer = self.footer(part.file)
        return sum(footer.size(part.start, column.name) for column in columns)

    def is_coded(self, part: Part, column: Field) -> bool:
        distinct = self.bounds(part, column).distinct
        return distinct is not None and distinct <= CODED

    def read(
        self, part: Part, columns: Sequence[Field], coded: Collection[str] = ()
    ) -> Iterator[tuple[int, list[pa.Array]]]:
        footer = self.footer(part.file)
        names = [_checked(footer, part.file, column) for column in columns]
        wanted = list(dict.fromkeys(name for name in names if name is not None))
        if not wanted:
            yield from ((n, [pa.nulls(n)] * len(columns)) for n in _pieces(part.rows))
            return
        dictionaries = [name for name, column in zip(names, columns) if name is not None and column.name in coded]
        with self._open(part.file, footer.meta, dictionaries) as opened:
            try:
                for batch in opened.iter_batches(
                    BATCH_ROWS, row_groups=list(range(part.start, part.stop)), columns=wanted, use_threads=False
                ):
                    place = {name: i for i, name in enumerate(batch.schema.names)}
                    rows = batch.num_rows
                    yield rows, [pa.nulls(rows) if n is None else batch.column(place[n]) for n in names]
            except (pa.ArrowException, OSError) as error:
                raise errors.FileError(f'file "{part.file.url}" cannot be read: {error}') from error


def _pieces(rows: int) -> Iterator[int]:
    while rows > 0:
        yield min(rows, BATCH_ROWS)
        rows -= BATCH_ROWS


def _checked(footer: Footer, file: ObjectInfo, column: Field) -> str | None:
    """The column's name in the file; None where it has none."""
    place = footer.places.get(column.name)
    if place is None:
        return None
    field = footer.schema.field(place)
    if not column.type.is_nested and not fits(field.type, column.type.sql):
        raise errors.DatatypeMismatch(
            f'file "{file.url}" has an incompatible Parquet schema for column "{column.name}". '
            f"Column type: {column.type.text}, Parquet type: {field.type}"
        )
    name: str = field.name
    return name


# -- statistics ---------------------------------------------------------------------------------------


def _bounds(footer: Footer, part: Part, column: Field) -> Bounds:
    place = footer.places.get(column.name)
    if place is None:
        return Bounds(nulls=part.rows)
    if column.type.is_nested or not fits(footer.schema.field(place).type, column.type.sql):
        return NOTHING_KNOWN
    leaves = footer.leaves(footer.schema.names[place])
    chunk = footer.meta.row_group(part.start).column(leaves[0])
    found, distinct = chunk.statistics, _distinct(chunk, part.rows)
    if found is None:
        return Bounds(distinct=distinct)
    nulls = found.null_count if found.has_null_count else None
    if nulls == part.rows or not found.has_min_max:
        return Bounds(nulls=nulls, distinct=distinct)
    try:
        low, high = (physical_value(v, column.type.sql) for v in (found.min, found.max))
    except (ValueError, TypeError, OverflowError):
        return Bounds(nulls=nulls, distinct=distinct)
    return Bounds(low, high, nulls, distinct)


def _distinct(chunk: pq.ColumnChunkMetaData, rows: int) -> float | None:
    """About how many values a dictionary has, told by its size and that of the codes, whose bits grow with it:

        rows * bits / 8 + values * (4 + their width) = the chunk's bytes        values = 2 ** bits at most
    """
    if not any("DICTIONARY" in encoding for encoding in chunk.encodings) or not rows:
        return None
    width = {"INT32": 4, "FLOAT": 4, "INT64": 8, "DOUBLE": 8, "INT96": 12}.get(chunk.physical_type, 12)
    bits = 0
    while bits <= MOST_BITS and rows * bits / 8 + 2**bits * width * 0.75 < chunk.total_uncompressed_size:
        bits += 1
    return None if bits > MOST_BITS else float(2**bits)


def physical_value(value: Any, type: SqlType) -> Any:
    """A value of statistics as plans have it; TypeError for what bounds nothing there."""
    match type.kind:
        case Kind.SMALLINT | Kind.INTEGER | Kind.BIGINT if isinstance(value, int):
            return value
        case Kind.DECIMAL if isinstance(value, (int, Decimal)):
            scaled = Decimal(value).scaleb(type.scale)
            if scaled != scaled.to_integral_value():
                raise TypeError("a finer scale is rounded")
            return int(scaled)
        case Kind.DATE if isinstance(value, date) and not isinstance(value, datetime):
            return value.toordinal() - _EPOCH_DAY
        case Kind.TIMESTAMP | Kind.TIMESTAMPTZ if isinstance(value, datetime):
            passed = value.replace(tzinfo=None) - _EPOCH
            return (passed.days * 86_400 + passed.seconds) * 1_000_000 + passed.microseconds
        case Kind.VARCHAR | Kind.CHAR if isinstance(value, (str, bytes)):
            return value if isinstance(value, str) else value.decode(errors="strict")
        case _ if type.physical is Physical.BOOL and isinstance(value, bool):
            return value
        case _:
            raise TypeError(f"{value!r} is no {type}")
