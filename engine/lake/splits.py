"""What a scan of an external table must read: partitions, files and parts of files that may hold rows of the answer.

    table  ->  partitions that the filter allows      conjuncts over partition columns alone, computed for each
           ->  their files                            listed now: what is there is what is read
           ->  parts of files by their statistics     the same rule as row groups by zone maps (engine/pruning.py)
           ->  dealt to the slices by size            the largest first, each to the slice that has least

A partition without a folder of its own lies where the data catalogue says. A table without partitions is one.
"""
from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import field
from itertools import product
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np

from ...errors import DataError
from ...planner.columns import columns_of
from ...planner.expressions import ColumnId, ColumnRef, Compare, Expr, InList, Literal
from ...planner.predicates import conjuncts
from ...records import dataclass
from ...storage.lake.cleansing import Handling
from ...storage.lake.definition import Field, Partition, Source
from ...storage.lake.formats import Bounds, Part, Reader
from ...storage.lake.partitions import parse_value
from ...storage.lake.projection import is_projected, partition_of, values_of
from ...storage.objects.base import ObjectInfo
from ...storage.types import Physical, SqlType
from ...storage.zones import Zones, key_dtype, text_key
from ..evaluate import CannotEvaluate, evaluate
from ..pruning import may_match
from .tables import partitions

if TYPE_CHECKING:
    from ...planner.physical import ExternalScan
    from ..context import Context
    from ..key_filters import Passed

_UNBOUNDED = (-(1 << 63), (1 << 63) - 1)
_CONTROL = frozenset(range(0x20))


@dataclass(slots=True)
class SliceNumbers:
    """A slice's part of a scan: what it was dealt, and what of that it has read."""

    files: int = 0
    splits: int = 0
    split_bytes: int = 0
    largest_split: int = 0
    read: int = 0  # splits
    rows: int = 0
    bytes: int = 0
    returned: int = 0


@dataclass(slots=True)
class ScanNumbers:
    """What a scan did, for svl_s3query_summary and svl_s3partition: the whole is in the query's history record."""

    table: str = ""
    format: str = ""
    slices: int = 1
    is_partitioned: bool = False
    is_nested: bool = False
    partitions: int = 0
    qualified: int = 0
    files: int = 0
    skipped: int = 0  # files of which no part is read
    location: str = ""
    listed: int = 0  # bytes of all files of the partitions that the filter allows
    listed_files: int = 0
    largest_file: int = 0
    listing: int = 0  # microseconds
    splits: int = 0
    skipped_splits: int = 0
    split_bytes: int = 0
    largest_split: int = 0
    shares: list[SliceNumbers] = field(default_factory=list)
    bytes: int = 0  # scanned
    rows: int = 0
    returned: int = 0  # rows that the filter let pass
    returned_bytes: int = 0


def share_numbers(splits: Sequence[Split]) -> SliceNumbers:
    """What a slice has been dealt."""
    sizes = [split.bytes for split in splits]
    return SliceNumbers(len({split.part.file.url for split in splits}), len(splits), sum(sizes), max(sizes, default=0))


@dataclass(frozen=True, slots=True)
class Split:
    """A part of a file with its partition's values, in physical form."""

    part: Part
    values: tuple[Any, ...]
    bytes: int

    @property
    def rows(self) -> int:
        return self.part.rows


def splits_of(node: ExternalScan, reader: Reader, fields: Sequence[Field], context: Context, numbers: ScanNumbers,
              filters: Sequence[Passed] = ()) -> list[Split]:
    """All splits that may hold rows of the answer; `fields`: the columns of the files that will be read; `filters`: of
    joins' keys (engine/key_filters.py)."""
    found: list[Split] = []
    for values, location in _qualified(node, context, numbers):
        for file in _listed(reader, location, numbers):
            context.cancel.check()
            parts = reader.parts(file)
            kept = [p for p, keep in zip(parts, _may_hold(node, reader, parts, filters), strict=True) if keep]
            found += [Split(part, values, reader.bytes_of(part, fields)) for part in kept]
            numbers.files += bool(kept)
            numbers.skipped += not kept
            numbers.skipped_splits += len(parts) - len(kept)
    numbers.splits, numbers.split_bytes = len(found), sum(s.bytes for s in found)
    numbers.largest_split = max((s.bytes for s in found), default=0)
    return found


def _listed(reader: Reader, location: str, numbers: ScanNumbers) -> list[ObjectInfo]:
    """The files of a location, counted."""
    began = perf_counter()
    files = reader.files(location)
    numbers.listing += int((perf_counter() - began) * 1e6)
    numbers.listed += sum(file.bytes for file in files)
    numbers.listed_files += len(files)
    numbers.largest_file = max((numbers.largest_file, *(file.bytes for file in files)))
    return files


def _qualified(node: ExternalScan, context: Context, numbers: ScanNumbers) -> Iterator[tuple[tuple[Any, ...], str]]:
    """(values, location) of each partition that the filter allows."""
    source: Source = node.table.source
    if not source.keys:
        yield (), source.location
        return
    numbers.is_partitioned = True
    ids = _key_ids(node)
    tests = [c for c in conjuncts(node.filter) if (used := columns_of(c)) and used <= set(ids)]
    registered = ((_values(p, source), p.location) for p in partitions(source, context))
    for values, location in _projected(source, ids, tests) if is_projected(source) else registered:
        numbers.partitions += 1
        row = {id: values[place] for id, place in ids.items()}
        if all(_allows(test, row) for test in tests):
            numbers.qualified += 1
            yield values, location


def _projected(
    source: Source, ids: dict[ColumnId, int], tests: Sequence[Expr]
) -> Iterator[tuple[tuple[Any, ...], str]]:
    """The partitions that the table's properties tell: of each column the values that its own tests allow, then all
    combinations of these."""
    allowed = []
    for place, key in enumerate(source.keys):
        own = [id for id, p in ids.items() if p == place]
        alone = [t for t in tests if columns_of(t) <= set(own)]
        values = values_of(source, key, _injected(alone))
        allowed.append([v for v in values if all(_allows(t, dict.fromkeys(own, v.physical)) for t in alone)])
    for combination in product(*allowed):
        yield tuple(v.physical for v in combination), partition_of(source, combination).location


def _injected(tests: Sequence[Expr]) -> list[str] | None:
    """The texts that one of the tests holds a column to."""
    for test in tests:
        match test:
            case Compare(op="=", left=ColumnRef(), right=Literal(value=str() as text)):
                return [text]
            case Compare(op="=", left=Literal(value=str() as text), right=ColumnRef()):
                return [text]
            case InList(arg=ColumnRef(), negated=False) if all(isinstance(v, str) for v in test.values):
                return list(dict.fromkeys(test.values))
    return None


def _values(partition: Partition, source: Source) -> tuple[Any, ...]:
    return tuple(parse_value(text, key) for text, key in zip(partition.values, source.keys, strict=True))


def _key_ids(node: ExternalScan) -> dict[ColumnId, int]:
    """The partition columns among the scan's: id -> place among the keys."""
    first = len(node.table.source.columns)
    last = first + len(node.table.source.keys)
    return {ref.id: place - first for ref, place in node.columns if first <= place < last}


def _allows(test: Expr, row: dict[ColumnId, Any]) -> bool:
    """False only where the test is certainly not true; what cannot be told here, or fails, is left to the rows."""
    try:
        return evaluate(test, row) is True
    except (CannotEvaluate, DataError):
        return True


# -- statistics of files -----------------------------------------------------------------------------


def _may_hold(
    node: ExternalScan, reader: Reader, parts: Sequence[Part], filters: Sequence[Passed] = ()
) -> list[bool]:
    """Which parts may hold a row that the filter lets pass."""
    keep = np.ones(len(parts), bool)
    source: Source = node.table.source
    handling = Handling.of(source)
    fields = {
        ref.id: (source.columns[p], ref.type) for ref, p in node.columns
        if p < len(source.columns) and not handling.changes(ref.type)
    }
    known: dict[ColumnId, Zones | None] = {}

    def zones(id: ColumnId) -> Zones | None:
        if id not in known:
            known[id] = None if id not in fields else _zones(reader, parts, *fields[id])
        return known[id]

    for conjunct in node.pruning:
        keep &= may_match(conjunct, zones, len(parts))
    for passed in filters:
        if passed.column not in fields or fields[passed.column][1].physical is not Physical.I64:
            continue
        if (zone := zones(passed.column)) is not None:  # a NULL key finds no match
            keep &= (zone.nulls < zone.rows) & (passed.filter.may_hold(zone.low, zone.high) | ~zone.known)
    found: list[bool] = keep.tolist()
    return found


def _zones(reader: Reader, parts: Sequence[Part], field: Field, type: SqlType) -> Zones | None:
    """A column's bounds over parts, as zone maps have them."""
    if type.physical is Physical.F64:  # whether there are NaNs, which are the largest, a file does not say
        return None
    bounds = [reader.bounds(part, field) for part in parts]
    if all(b.low is None and b.nulls is None for b in bounds):
        return None
    keys = [_keys(b, type) for b in bounds]
    dtype = key_dtype(type)
    return Zones(
        np.array([k[0] for k in keys], dtype), np.array([k[1] for k in keys], dtype),
        np.array([k[2] for k in keys], bool), np.array([1 if b.nulls is None else b.nulls for b in bounds], np.int64),
        np.array([p.rows if b.nulls is not None else p.rows + 2 for p, b in zip(parts, bounds)], np.int64),
    )  # nulls that are not known: some rows may be NULL, and some not


def _keys(bounds: Bounds, type: SqlType) -> tuple[int, int, bool]:
    """(low key, high key, known)"""
    if bounds.low is None:
        return 0, 0, False
    if type.physical is Physical.STR:
        return text_key(_lowest(bounds.low, type.length), lower=True), text_key(bounds.high), True
    low, high = (min(max(int(v), _UNBOUNDED[0]), _UNBOUNDED[1]) for v in (bounds.low, bounds.high))
    return low, high, True


def _lowest(text: str, length: int) -> bytes:
    """A lower bound of texts that are compared without their trailing blanks, and cut to the column's bytes.

    Files order them with their blanks, and a control character is less than a blank: the bound ends before the first
    one. And what is cut at a whole character may have up to three bytes less than the column takes.
    """
    raw = text.encode()[: min(8, max(length - 3, 0))]
    for i, byte in enumerate(raw):
        if byte in _CONTROL:
            return raw[:i]
    return raw


def dealt(splits: Sequence[Split], slices: int) -> list[list[Split]]:
    """The splits of each slice, so that all have about as many bytes."""
    shares: list[list[Split]] = [[] for _ in range(slices)]
    loads = [0] * slices
    for split in sorted(splits, key=lambda s: -s.bytes):
        least = loads.index(min(loads))
        shares[least].append(split)
        loads[least] += max(split.bytes, 1)
    return shares
