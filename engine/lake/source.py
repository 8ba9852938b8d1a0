"""The source of a scan of files: its batches come to the driver as row groups of raw blocks, made when they are read.

    file  --reader-->  Arrow arrays  --columns.py-->  ColumnData  --raw_column-->  descriptors  -->  driver
                                                       partition columns and $path: one value in every row
                                                       $spectrum_oid: a number of the row's own (below)

The program above is the one that would run over stored blocks (sources.ScanSource): the filter goes first, and other
columns are fetched for the rows that are left. A worker holds one batch at a time.

What files' statistics prove of a column (no NULLs, its range) is compiled in, as zone maps are; unlike those it was
written by others. So each batch is held against it, and a file that lies is an error.

$spectrum_oid is | hash of the part of the file, 31 bits | number of the row there, 32 bits |: the same in every query
while the file stays, and no two rows of a query have one (parts whose hashes are the same get others).
"""
from __future__ import annotations

import threading
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import pairwise, zip_longest
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from ...errors import DataCorrupted, DataError, FileError, FileMissing
from ...kernels import memory, source_layout
from ...planner.expressions import ColumnRef, Expr
from ...records import dataclass
from ...storage.block import null_bitmap
from ...storage.fitting import overflow
from ...storage.lake.cleansing import Handling
from ...storage.lake.columns import SeenDictionary, coded_column, column_of
from ...storage.lake.definition import Field, Source
from ...storage.lake.formats import Decoded, Reader, reader_of
from ...storage.lake.plain import plain_column
from ...storage.native import Descriptor, describe, raw_column
from ...storage.objects.base import ObjectInfo
from ...storage.objects.registry import Objects
from ...storage.stored import constant
from ...storage.types import Physical, SqlType
from ...storage.vector import ColumnData
from ..compile.batch import ScanColumn
from ..compile.program import External
from ..context import Charge
from .splits import ScanNumbers, Split, dealt, share_numbers, splits_of

if TYPE_CHECKING:
    from ...planner.physical import ExternalScan
    from ..compile.segment import Segment
    from ..context import Context
    from ..counters import Counters
    from ..key_filters import Passed


DRIFT = 0.1  # of a table's bytes
OID, _ROW_BITS, _MOST_HASH = -3, 32, (1 << 31) - 1  # of $spectrum_oid


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A column of the scan. `field`: of the files; else `key`: a place among the partition columns, or -1 for $path, -2
    for $size and -3 for $spectrum_oid. lo, hi, nullable: proven."""

    ref: ColumnRef
    field: Field | None
    key: int
    lo: int
    hi: int
    nullable: bool
    coded: bool = False  # text that comes as a dictionary of few values

    @property
    def type(self) -> SqlType:
        return self.ref.type


def external_source(node: ExternalScan, slices: int, context: Context, counters: Counters,
                    filters: Sequence[Passed]) -> ExternalSource:
    """The source of a scan, its files found and dealt to the slices."""
    source: Source = node.table.source
    reader = reader_of(source, Objects(context.session.stores))
    numbers = ScanNumbers(f"{node.table.schema}.{node.table.name}", source.format, slices)
    fields = [source.columns[p] for _, p in node.columns if p < len(source.columns)]
    numbers.location = source.location
    numbers.is_nested = any(f.type.is_nested for f in fields)
    shares = dealt(splits_of(node, reader, fields, context, numbers, filters), slices)
    _watch_size(node, numbers, context)
    numbers.shares = [share_numbers(share) for share in shares]
    step = counters.step(node)
    step.files_read, step.files_skipped = numbers.files, numbers.skipped
    context.scans.append((numbers, step, node.props.width))
    return ExternalSource(node, reader, shares, context, numbers)


def _watch_size(node: ExternalScan, numbers: ScanNumbers, context: Context) -> None:
    """Plans are made anew once a table's files have grown or shrunk much."""
    known = node.table.statistics
    if known is None or numbers.is_partitioned or not known.bytes:
        return
    if abs(numbers.listed - known.bytes) > DRIFT * known.bytes:
        context.session.plans.clear()


class ExternalSource:
    """Parts of files by slice."""

    def __init__(self, node: ExternalScan, reader: Reader, shares: list[list[Split]], context: Context,
                 numbers: ScanNumbers) -> None:
        self.node = node
        self.reader = reader
        self.context = context
        self.numbers = numbers
        self._shares = shares
        self._limit = None
        if context.settings["workgroup"]:
            from ..workgroups import workgroup_of

            group = workgroup_of(context)
            self._limit = None if group is None else group.scan_limit
        every = [split for share in shares for split in share]
        self.columns = [_wanted(ref, place, node.table.source, reader, every) for ref, place in node.columns]
        context.progress.blocks_total += len(every)
        self.handling = Handling.of(node.table.source)
        self.oids = _first_oids(every) if any(c.field is None and c.key == OID for c in self.columns) else {}
        self._lock = threading.Lock()
        self._objects = Objects(context.session.stores)

    def scanned(self, task: int, rows: int, size: int) -> None:
        """A split of a slice's has been read."""
        with self._lock:
            for numbers in (self.numbers, self.numbers.shares[task]):
                numbers.rows += rows
                numbers.bytes += size
            self.numbers.shares[task].read += 1
        if self._limit is not None:
            from ..workgroups import check_scanned

            check_scanned(self.context, self._limit)
        self.context.progress.blocks_done += 1

    def check_unchanged(self, file: ObjectInfo) -> None:
        """What was read is what was listed: its places and statistics are those of that file."""
        if file.etag is None:
            return
        try:
            found = self._objects.info(file.url).etag
        except FileMissing as error:
            raise FileError(f'file "{file.url}" vanished while it was read: {error.message}') from error
        if found != file.etag:
            raise FileError(f'file "{file.url}" changed while it was read')

    @property
    def filter(self) -> Expr | None:
        return self.node.filter

    @property
    def tasks(self) -> int:
        return len(self._shares)

    def rows(self, task: int) -> int:
        return sum(max(s.rows, 1) for s in self._shares[task])

    def emit(self, segment: Segment) -> None:
        segment.builder.node = self.node
        segment.builder.block("scan_source", k=External(lambda task: task.source.state_address))
        for index, column in enumerate(self.columns):
            segment.batch.scan[column.ref.id] = ScanColumn(
                index, column.type, column.type.physical, column.nullable, column.lo, column.hi,
                dictionary=column.coded, coded=column.coded,
            )

    def split(self, task: int, shares: int) -> list[ExternalTask]:
        """The task's parts, those of one file side by side, in up to `shares` runs."""
        splits = sorted(self._shares[task], key=lambda s: (s.part.file.url, s.part.start))
        bounds = [len(splits) * i // shares for i in range(shares + 1)]
        runs = [splits[a:b] for a, b in pairwise(bounds) if a < b]
        return [ExternalTask(self, task, run) for run in runs or [[]]]


def _wanted(ref: ColumnRef, place: int, source: Source, reader: Reader, splits: Sequence[Split]) -> _Wanted:
    """A column with what is proven of it over the splits."""
    count = len(source.columns)
    if place >= count + len(source.keys):
        return _Wanted(ref, None, count + len(source.keys) - place - 1, *_limits(ref.type), False)
    if place >= count:
        values = [split.values[place - count] for split in splits]
        return _Wanted(ref, None, place - count, *_range(values, values, ref.type), None in values)
    field = source.columns[place]
    bounds = [reader.bounds(split.part, field) for split in splits]
    nullable = any(b.nulls != 0 for b in bounds) or Handling.of(source).changes(ref.type)
    live = [b for b, split in zip(bounds, splits, strict=True) if b.nulls != split.rows]
    coded = ref.type.is_string and bool(splits) and all(reader.is_coded(s.part, field) for s in splits)
    return _Wanted(ref, field, 0, *_range([b.low for b in live], [b.high for b in live], ref.type), nullable, coded)


def _limits(type: SqlType) -> tuple[int, int]:
    return type.integer_limits if type.physical in (Physical.I64, Physical.I128) else (0, 0)


def _range(lows: Sequence[Any], highs: Sequence[Any], type: SqlType) -> tuple[int, int]:
    """The range that covers all bounds, and 0, which stands under NULLs; the type's own if one is unknown."""
    limits = _limits(type)
    if limits == (0, 0) or any(v is None for v in (*lows, *highs)):
        return limits
    return max(min((0, *lows)), limits[0]), min(max((0, *highs)), limits[1])


class ExternalTask:
    """Feeds one task: reads a batch, describes it to the driver."""

    def __init__(self, source: ExternalSource, task: int, splits: Sequence[Split]) -> None:
        self._source = source
        self._task = task
        self._splits = splits
        self._state = memory.zeros(source_layout.STATE_WORDS, np.int64)
        self.state_address = memory.address(self._state)
        self.window = 1
        self.blocks = 0
        self.rows = sum(max(s.rows, 1) for s in splits)  # for text a guess

    def windows(self, batch_rows: int) -> Iterator[None]:
        source = self._source
        line = memory.empty(source_layout.line_words(len(source.columns)), np.int64)
        fields = [c.field for c in source.columns if c.field is not None]
        coded = {c.ref.name for c in source.columns if c.coded}
        seen_dictionaries = [SeenDictionary() for _ in source.columns]
        charge = Charge(source.context.budget, f"scan of files of {source.node.table.name}")
        for split, following in zip_longest(self._splits, self._splits[1:]):
            source.context.cancel.check()
            seen = 0
            for rows, arrays in source.reader.read(split.part, fields, coded):
                given = iter(arrays)
                columns = [
                    _told(next(given), c, split, source.handling, dictionary) if c.field is not None
                    else _numbered(c, source.oids[split] + seen, rows) if c.key == OID else _constant(c, split, rows)
                    for c, dictionary in zip(source.columns, seen_dictionaries)
                ]
                charge.add(sum(d.nbytes for d in columns) - charge.bytes)
                table = memory.words(*(d.address for d in columns))
                sizes = memory.words(rows, 0)
                self._state[:] = (0, 1, memory.address(table), len(columns), memory.address(sizes), batch_rows, 0,
                                  memory.address(line))
                yield
                seen += rows
            source.scanned(self._task, seen, split.bytes)
            self.blocks += 1
            if following is None or following.part.file.url != split.part.file.url:
                source.check_unchanged(split.part.file)


def _told(array: pa.Array | Decoded, column: _Wanted, split: Split, handling: Handling,
          seen: SeenDictionary) -> Descriptor:
    """A batch's column; what is wrong with a value is told with its file."""
    try:
        return _described(array, column, split, handling, seen)
    except DataError as error:
        where = f'file "{split.part.file.url}"'
        error.detail = where if error.detail is None else f"{where}: {error.detail}"
        raise


def _described(array: pa.Array | Decoded, column: _Wanted, split: Split, handling: Handling,
               seen: SeenDictionary) -> Descriptor:
    """A batch's column, held against what the file's statistics promised."""
    assert column.field is not None
    if isinstance(array, Decoded):
        _check_decoded(array, column, split)
        return describe(array.column, array.nulls)
    if column.coded and pa.types.is_dictionary(array.type):
        try:
            coded, nulls = coded_column(array, column.field, handling, seen)
        except DataCorrupted as error:
            raise DataCorrupted(f'file "{split.part.file.url}": {error}') from error
        if nulls is not None and not column.nullable:
            raise _lies(column, split)
        return describe(coded, nulls)
    plain = plain_column(array, column.type, column.lo, column.hi)
    if plain is not None:
        return describe(plain, None)
    data = column_of(array, column.field, handling)
    if data.valid is not None and not column.nullable:
        raise _lies(column, split)
    if data.type.physical is Physical.I64 and data.rows and (column.lo, column.hi) != _limits(data.type):
        values = data.fixed
        if int(values.min()) < column.lo or int(values.max()) > column.hi:
            raise _lies(column, split)
    if data.type.physical is Physical.I128 and data.rows and (column.lo, column.hi) != _limits(data.type):
        _check_wide(data, column, split)
    return describe(raw_column(data), None if data.valid is None else null_bitmap(data))


def _check_decoded(data: Decoded, column: _Wanted, split: Split) -> None:
    if data.nulls is not None and not column.nullable:
        raise _lies(column, split)
    if data.low is None or data.high is None or column.lo <= data.low <= data.high <= column.hi:
        return
    values = data.column.payload  # the bounds may be those of a dictionary, in which not every value is used
    for value in (int(values.min(initial=0)), int(values.max(initial=0))):
        least, most = _limits(column.type)
        if not least <= value <= most:
            overflow(Decimal(value).scaleb(-column.type.scale), column.type, column.ref.name)
        if not column.lo <= value <= column.hi:
            raise _lies(column, split)


def _check_wide(data: ColumnData, column: _Wanted, split: Split) -> None:
    high = data.fixed[:, 1].view(np.int64)
    if int(high.min()) > column.lo >> 64 and int(high.max()) < column.hi >> 64:
        return
    for low_word, high_word in zip(data.fixed[:, 0].tolist(), high.tolist()):
        if not column.lo <= (high_word << 64) + low_word <= column.hi:
            raise _lies(column, split)


def _lies(column: _Wanted, split: Split) -> DataCorrupted:
    return DataCorrupted(f'file "{split.part.file.url}": values of column "{column.ref.name}" lie outside of what its '
                         "statistics say")


def _first_oids(splits: Sequence[Split]) -> dict[Split, int]:
    """The number that the first row of each part has."""
    taken: set[int] = set()
    found = {}
    for split in sorted(splits, key=lambda s: (s.part.file.url, s.part.start)):
        hashed = zlib.crc32(f"{split.part.start} {split.part.file.url}".encode()) & _MOST_HASH
        while hashed in taken:
            hashed = (hashed + 1) & _MOST_HASH
        taken.add(hashed)
        found[split] = hashed << _ROW_BITS
    return found


def _numbered(column: _Wanted, first: int, rows: int) -> Descriptor:
    values = np.arange(first, first + rows, dtype=np.int64)
    return describe(raw_column(ColumnData(column.type, rows, values)), None)


def _constant(column: _Wanted, split: Split, rows: int) -> Descriptor:
    """A partition column or a pseudo-column: one value in every row."""
    if column.key == -1:
        value: Any = split.part.file.url
    elif column.key == -2:
        value = split.part.file.bytes
    else:
        value = split.values[column.key]
    data = constant(column.type, value, rows)
    if value is None:
        data = replace(data, valid=np.zeros(rows, np.uint8))
    return describe(raw_column(data), None if value is not None else null_bitmap(data))


