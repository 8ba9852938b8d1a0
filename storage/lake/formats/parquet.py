"""Parquet files: columns by name, parts are row groups, bounds from their statistics.

    footer                      parquet_footer.py, parquet_statistics.py; kept: a query plans by it, prunes and reads
    columns of plain kinds      parquet_pages.py, parquet_columns.py: pages become columns, without Arrow between
    all others, and what        Arrow's reader, in step with the columns read here; decimals of eight bytes as they
    is not as it should be      stand in the file (footers.py)

A column that a file lacks is NULL in its rows. One whose type does not fit the table's is an error, as in Spectrum.
An object that changes has another etag, and its footer is read anew.
"""
from __future__ import annotations

import os
import threading
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterator, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from .... import errors
from ....kernels import memory
from ...formats.columnar import fits
from ...objects.base import ObjectInfo
from ...objects.registry import Objects
from ...vector import Array
from ..cleansing import Handling
from ..definition import Field, Source
from .base import BATCH_ROWS, NOTHING_KNOWN, Bounds, Decoded, Part, Plain
from .footers import with_plain_decimals
from .parquet_columns import Column, is_read, reader_of
from .parquet_footer import GZIP, INT64, ZSTD, Chunk, FileInfo, read_footer
from .parquet_pages import NotHereError
from .parquet_statistics import bounds_of
from .thrift import Damaged

FOOTERS = 4096  # kept; a footer is a few kilobytes
READ_AHEAD = 1 << 20  # of each column of a local file
CODED = 1024  # values of a column of text that is read as codes, at most, as far as can be told
# Of a row group's columns, read here as a whole. Larger ones are Arrow's, which reads page by page.
LARGEST_CHUNKS = 64 << 20
MOST_DIGITS = 18  # of a decimal of eight bytes
_MAGIC = b"PAR1"
_END = 8  # bytes: the footer's length, and the magic
_TAIL = 1 << 16  # read at first: most footers are shorter

# What pyarrow raises of damaged files; UnicodeDecodeError of names.
_UNREADABLE = (pa.ArrowException, OSError, UnicodeDecodeError)

Batch = tuple[int, list[pa.Array | Decoded]]


class Footer:
    """A file's metadata, and where its columns are. `by_arrow`: columns that turned out to be of no kind read here."""

    __slots__ = ("_leaves", "_plain", "_raw", "bounds", "by_arrow", "groups", "info", "meta", "places", "schema")

    def __init__(self, raw: bytes) -> None:
        self.info: FileInfo = read_footer(raw)
        self.meta = _metadata(raw)
        self.schema = self.meta.schema.to_arrow_schema()
        self.groups = self.info.rows
        if self.meta.num_row_groups != len(self.groups):
            raise Damaged("row groups that cannot be counted")
        self.places = {name.lower(): i for i, name in reversed(list(enumerate(self.schema.names)))}
        self.bounds: dict[tuple[int, str], Bounds] = {}
        self.by_arrow: set[str] = set()
        self._raw = raw
        self._leaves: dict[str, list[int]] = {}
        for i, leaf in enumerate(self.info.leaves):
            self._leaves.setdefault(leaf.name, []).append(i)
        if not all(map(self.leaves, self.schema.names)):
            raise Damaged("columns without values")
        self._plain: tuple[pq.FileMetaData | None, dict[str, pa.DataType]] | None = None

    @property
    def plain(self) -> tuple[pq.FileMetaData | None, dict[str, pa.DataType]]:
        """A footer by which decimals are read as integers (footers.py), and the types that their values have then;
        (None, {}) where there is nothing to gain."""
        if self._plain is None:
            types = {name: pa.decimal64(field.type.precision, field.type.scale) for name, field in self._decimals()}
            changed = with_plain_decimals(self._raw, types) if types else None
            try:
                self._plain = (None, {}) if changed is None else (_metadata(changed), types)
            except _UNREADABLE:
                self._plain = None, {}
        return self._plain

    def _decimals(self) -> Iterator[tuple[str, pa.Field]]:
        """Columns of decimals that are stored as integers."""
        for name, field in zip(self.schema.names, self.schema):
            if pa.types.is_decimal(field.type) and field.type.precision <= MOST_DIGITS:
                [leaf, *_] = self.leaves(name)
                if self.info.leaves[leaf].type == INT64:
                    yield name, field

    def leaves(self, name: str) -> list[int]:
        """The numbers of a column's leaves among those of the file (one, but for nested types)."""
        return self._leaves.get(name, [])

    def chunks(self, group: int, column: str) -> list[Chunk]:
        """What a row group has of a column of the table; none where the file has none of it."""
        place = self.places.get(column)
        leaves = () if place is None else self.leaves(self.schema.names[place])
        return [self.info.chunks[group][leaf] for leaf in leaves]


def _metadata(footer: bytes) -> pq.FileMetaData:
    return pq.read_metadata(pa.BufferReader(_MAGIC + footer + len(footer).to_bytes(4, "little") + _MAGIC))


_footers: OrderedDict[tuple[str, str | None, int], Footer] = OrderedDict()
_lock = threading.Lock()


class ParquetReader(Plain):
    """See the module's text."""

    def __init__(self, source: Source, objects: Objects) -> None:
        self._objects = objects
        self._handling = Handling.of(source)
        self._of_thread = threading.local()

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
        try:
            found = Footer(_footer_bytes(lambda size: self._read(file, [(file.bytes - size, size)])[0], file.bytes))
        except (Damaged, *_UNREADABLE) as error:
            raise errors.FileError(f'file "{file.url}" is not a readable Parquet file: {error}') from error
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

    def bounds(self, part: Part, column: Field) -> Bounds:
        footer = self.footer(part.file)
        key = (part.start, column.name)
        found = footer.bounds.get(key)
        if found is None:
            found = footer.bounds[key] = _bounds(footer, part, column)
        return found

    def bytes_of(self, part: Part, columns: Sequence[Field]) -> int:
        footer = self.footer(part.file)
        return sum(chunk.size for column in columns for chunk in footer.chunks(part.start, column.name))

    def is_coded(self, part: Part, column: Field) -> bool:
        distinct = self.bounds(part, column).distinct
        return distinct is not None and distinct <= CODED

    # -- rows ---------------------------------------------------------------------------------------------

    def read(
        self, part: Part, columns: Sequence[Field], coded: Collection[str] = ()
    ) -> Iterator[tuple[int, Sequence[pa.Array | Decoded]]]:
        footer = self.footer(part.file)
        names = {column.name: _checked(footer, part.file, column) for column in columns}
        done = 0
        while True:
            try:
                for rows, arrays in self._batches(part, columns, names, coded, done):
                    yield rows, arrays
                    done += rows
                return
            except _OtherKindError as error:  # the column is Arrow's from here on
                footer.by_arrow.add(error.column)

    def _batches(self, part: Part, columns: Sequence[Field], names: dict[str, str | None], coded: Collection[str],
                 skipped: int) -> Iterator[Batch]:
        """The part's rows behind the first `skipped`, which are whole batches."""
        footer = self.footer(part.file)
        there = {c.name: c for c in columns if names[c.name] is not None}
        here = self._readers(part, footer, there, coded)
        others = [c for n, c in there.items() if n not in here]
        done = 0
        for rows, arrays in self._by_arrow(part, footer, others, names, coded) if others else _pieces(part.rows):
            found: dict[str, pa.Array | Decoded] = dict(arrays)
            for name, reader in here.items():
                try:
                    found[name] = reader.take(rows)
                except NotHereError as error:
                    raise _OtherKindError(name) from error
            done += rows
            if done > skipped:
                yield rows, [found[c.name] if c.name in found else pa.nulls(rows) for c in columns]

    def _readers(self, part: Part, footer: Footer, there: dict[str, Field],
                 coded: Collection[str]) -> dict[str, Column]:
        """Readers of the columns that are read here."""
        plain = {n: leaf for n, c in there.items() if (leaf := self._plain_leaf(part, footer, c)) is not None}
        chunks = {n: footer.info.chunks[part.start][leaf] for n, leaf in plain.items()}
        for name in _too_large(chunks):
            del chunks[name], plain[name]
        raw = self._read(part.file, [(c.start, c.size) for c in chunks.values()])
        made = {}
        for data, (name, leaf) in zip(raw, plain.items()):
            try:
                type = there[name].type.sql
                made[name] = reader_of(chunks[name], footer.info.leaves[leaf], data, type, name in coded)
            except NotHereError as error:
                raise _OtherKindError(name) from error
        return made

    def _plain_leaf(self, part: Part, footer: Footer, column: Field) -> int | None:
        """The number of the column's leaf, where it is read here."""
        stored = footer.schema.field(footer.places[column.name])
        [leaf, *more] = footer.leaves(stored.name)
        chunk = footer.info.chunks[part.start][leaf]
        type = column.type.sql
        if more or column.type.is_nested or column.name in footer.by_arrow or chunk.values != part.rows:
            return None
        if (type.is_integer and self._handling.changes(type)) or not 0 < chunk.start <= part.file.bytes - chunk.size:
            return None
        return leaf if is_read(chunk, footer.info.leaves[leaf], stored.type, type) else None

    def _by_arrow(self, part: Part, footer: Footer, columns: Sequence[Field], names: dict[str, str | None],
                  coded: Collection[str]) -> Iterator[tuple[int, dict[str, pa.Array]]]:
        """Batches of columns that Arrow reads."""
        wanted = {c.name: name for c in columns if (name := names[c.name]) is not None}
        dictionaries = [name for column, name in wanted.items() if column in coded]
        meta, types = footer.plain
        if meta is None or types.keys().isdisjoint(wanted.values()):
            meta, types = footer.meta, {}
        opened = self._kept_open(part.file, meta, bool(types), dictionaries)
        try:
            for batch in opened.iter_batches(
                BATCH_ROWS, row_groups=[part.start], columns=list(wanted.values()), use_threads=False
            ):
                arrays = {name: batch.column(i) for i, name in enumerate(batch.schema.names)}
                arrays |= {n: arrays[n].view(types[n]) for n in wanted.values() if n in types}
                yield batch.num_rows, {column: arrays[name] for column, name in wanted.items()}
        except _UNREADABLE as error:
            raise errors.FileError(f'file "{part.file.url}" cannot be read: {error}') from error

    def _kept_open(
        self, file: ObjectInfo, meta: pq.FileMetaData, plain: bool, dictionaries: Sequence[str]
    ) -> pq.ParquetFile:
        """The thread's file, open since the part before where that was of the same one."""
        key = (file, plain, tuple(dictionaries))
        if getattr(self._of_thread, "key", None) != key:
            self._of_thread.file, self._of_thread.key = self._open(file, meta, dictionaries), key
        found: pq.ParquetFile = self._of_thread.file
        return found

    def _open(self, file: ObjectInfo, meta: pq.FileMetaData, dictionaries: Sequence[str] = ()) -> pq.ParquetFile:
        path = self._objects.local_path(file.url)
        common = {"metadata": meta, "coerce_int96_timestamp_unit": "us", "read_dictionary": list(dictionaries)}
        try:
            if path is not None:
                return pq.ParquetFile(path, pre_buffer=False, buffer_size=READ_AHEAD, **common)
            return pq.ParquetFile(self._objects.open(file.url), pre_buffer=True, **common)
        except _UNREADABLE as error:
            raise errors.FileError(f'file "{file.url}" is not a readable Parquet file: {error}') from error

    def _read(self, file: ObjectInfo, ranges: Sequence[tuple[int, int]]) -> list[Array]:
        """Several times (start, size) of a file."""
        path = self._objects.local_path(file.url)
        try:
            if path is None:
                found = self._objects.read_many(file.url, [(start, start + size) for start, size in ranges])
                made = [memory.padded(np.frombuffer(data, np.uint8)) for data in found]
            else:
                opened = self._kept_raw(file, path)
                made = [opened.read(start, size) for start, size in ranges]
        except OSError as error:
            raise errors.FileError(f'file "{file.url}" cannot be read: {error}') from error
        if any(len(data) != size for data, (_, size) in zip(made, ranges, strict=True)):
            raise errors.FileError(f'file "{file.url}" cannot be read: it has become shorter')
        return made

    def _kept_raw(self, file: ObjectInfo, path: str) -> _RawFile:
        if getattr(self._of_thread, "raw_key", None) != file:
            self._of_thread.raw, self._of_thread.raw_key = _RawFile(path), file
        found: _RawFile = self._of_thread.raw
        return found


def _too_large(chunks: dict[str, Chunk]) -> list[str]:
    """The largest columns, so that the others fit into memory together."""
    left, found = LARGEST_CHUNKS, []
    held = {name: c.size + (c.unpacked if c.codec in (GZIP, ZSTD) else 0) for name, c in chunks.items()}
    for name in sorted(held, key=lambda name: held[name]):
        left -= held[name]
        if left < 0:
            found.append(name)
    return found


class _OtherKindError(Exception):
    """A column is of a kind that Arrow must read."""

    def __init__(self, column: str) -> None:
        super().__init__(column)
        self.column = column


class _RawFile:
    """A local file that is open while this lives."""

    def __init__(self, path: str) -> None:
        self._number = os.open(path, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0))

    def __del__(self) -> None:
        if hasattr(self, "_number"):
            os.close(self._number)

    def read(self, start: int, size: int) -> Array:
        """Bytes from there on, fewer at the file's end; in memory for native code."""
        data = memory.empty(size, np.uint8)
        done = 0
        while done < size:
            more = os.preadv(self._number, [memoryview(data)[done:]], start + done)
            if more == 0:
                return data[:done]
            done += more
        return data


def _footer_bytes(tail: Callable[[int], Array], size: int) -> bytes:
    """The footer of a file of `size` bytes, of which `tail(n)` are the last."""
    if size < _END + len(_MAGIC):
        raise Damaged(f"a file of {size} bytes is none")
    found = tail(min(size, _TAIL)).tobytes()
    length = int.from_bytes(found[-_END:-4], "little")
    if found[-4:] != _MAGIC:
        raise Damaged("Parquet magic bytes not found in footer. It is no Parquet file, or its end is missing")
    if length > size - _END - len(_MAGIC):
        raise Damaged(f"the footer is {length} bytes, the file {size}")
    if length + _END > len(found):
        found = tail(length + _END).tobytes()
    return found[-_END - length : -_END]


def _pieces(rows: int) -> Iterator[tuple[int, dict[str, pa.Array]]]:
    while rows > 0:
        yield min(rows, BATCH_ROWS), {}
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


def _bounds(footer: Footer, part: Part, column: Field) -> Bounds:
    place = footer.places.get(column.name)
    if place is None:
        return Bounds(nulls=part.rows)
    stored = footer.schema.field(place).type
    if column.type.is_nested or not fits(stored, column.type.sql):
        return NOTHING_KNOWN
    [chunk, *_] = footer.chunks(part.start, column.name)
    return bounds_of(chunk, stored, column.type.sql, part.rows)
