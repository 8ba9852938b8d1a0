"""Rows at rest between segments: what every breaker takes its input into.

A `Collection` holds one slice's rows (or the shared copy of a broadcast) as contiguous columns: growing
numpy arrays with doubling, so that a finished collection is read, joined and sorted without another copy.

    column:  values i64 | f64 | u8 | (n,2) words for I128 and string views, validity u8 or none
             text may be carried as i64 codes of a dictionary instead (texts.py)
    heaps:   byte buffers that string views point into; they live as long as the collection

Native sinks append (kernels/append.py) and answer NEED_SPACE when the capacity is reached: `grow` doubles
and the driver goes on. All memory is charged to the query's budget under the name of the step.
"""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field, replace
from typing import Any

import numpy as np

from ..kernels import memory, pack
from ..planner.expressions import ColumnId, ColumnRef
from ..records import dataclass
from ..storage.types import Physical
from ..storage.vector import TEXT_PADDING
from .context import Charge
from .texts import EMPTY, Texts, by_code, coding_table, unified

_DTYPES: dict[Physical, np.dtype[Any]] = {
    Physical.I64: np.dtype(np.int64), Physical.F64: np.dtype(np.float64), Physical.BOOL: np.dtype(np.uint8),
}
_PAIRS = np.dtype(np.int64)
FIRST_ROWS = 4096
FIRST_HEAP = 1 << 16
NATIVE_ROWS = 1 << 14


def allocate(carried: Physical, rows: int) -> np.ndarray:
    """Uninitialised values of `rows` rows (two words a row for I128 and STR), padded."""
    if carried in _DTYPES:
        return memory.empty(rows, _DTYPES[carried])
    return memory.empty(rows * 2, _PAIRS).reshape(rows, 2)


def form(carried: Physical, rows: int) -> tuple[int | tuple[int, int], np.dtype[Any]]:
    """Shape and type of the same, for `memory.together`."""
    return (rows, _DTYPES[carried]) if carried in _DTYPES else ((rows, 2), _PAIRS)


@dataclass(slots=True)
class StoredColumn:
    """One column: `values` has room for the collection's capacity. lo/hi: proven range if integral.

    With `texts` the values are codes (carried I64) of that dictionary: text only by `plain`, never integers.
    """

    ref: ColumnRef
    carried: Physical
    nullable: bool
    values: np.ndarray
    valid: np.ndarray | None
    lo: int = 0
    hi: int = 0
    texts: Texts | None = None

    def take(self, rows: np.ndarray | slice) -> StoredColumn:
        valid = None if self.valid is None else _taken(Physical.BOOL, self.valid, rows)
        values = _taken(self.carried, self.values, rows)
        return StoredColumn(self.ref, self.carried, self.nullable, values, valid, self.lo, self.hi, self.texts)

    def recoded(self, texts: Texts, codes: np.ndarray | None) -> StoredColumn:
        """The column by another dictionary, in which its codes are `codes` (None: the same)."""
        values = self.values if codes is None else by_code(codes, self.values)
        return StoredColumn(self.ref, self.carried, self.nullable, values, self.valid, 0, len(texts) - 1, texts)

    def renamed(self, ref: ColumnRef) -> StoredColumn:
        if ref is self.ref:
            return self
        return StoredColumn(ref, self.carried, self.nullable, self.values, self.valid, self.lo, self.hi, self.texts)

    def numbered(self) -> StoredColumn:
        """A column of codes as the numbers of its strings: integers, equal where the strings are."""
        assert self.texts is not None
        numbers = self.texts.numbers
        return replace(self, values=self.values if numbers is None else by_code(numbers, self.values), texts=None)

    def views(self, start: int, stop: int) -> np.ndarray:
        """The strings of rows start..stop-1 of a text column."""
        values = self.values[start:stop]
        return values if self.texts is None else self.texts.decoded(values)

    def plain(self) -> StoredColumn:
        """The column with strings for codes. The views point into the dictionary: keep it (Collection.decode)."""
        if self.texts is None:
            return self
        return replace(self, carried=Physical.STR, values=self.texts.decoded(self.values), lo=0, hi=0, texts=None)


def _taken(carried: Physical, values: np.ndarray, rows: np.ndarray | slice) -> np.ndarray:
    """values[rows]; natively for many rows in any order, where numpy is slower by half."""
    if isinstance(rows, slice) or len(rows) < NATIVE_ROWS or rows.dtype != np.int64:
        return np.ascontiguousarray(values[rows])
    out, rows, values = allocate(carried, len(rows)), np.ascontiguousarray(rows), np.ascontiguousarray(values)
    native = pack.native(f"gather_{carried.value}")
    native(memory.address(out), memory.address(values), memory.address(rows), 0, 0, len(rows), 0)
    return out


@dataclass(slots=True)
class Collection:
    """`rows` rows of `columns`; arrays may be longer than that while it is being filled."""

    columns: list[StoredColumn]
    rows: int = 0
    heaps: list[np.ndarray] = field(default_factory=list)
    charges: list[Charge] = field(default_factory=list)  # memory of columns, given back when this is dropped
    heap_charges: list[Charge] = field(default_factory=list)  # ... and of heaps, which copies share

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickled by value (packed.py): strings leave the heaps, memory is charged anew where it arrives."""
        from .packed import heads, packed

        return _restored, (heads(self), packed(self))

    def column(self, id: int) -> StoredColumn:
        for column in self.columns:
            if column.ref.id == id:
                return column
        raise KeyError(id)

    def decode(self, i: int) -> None:
        """Column `i` with strings for codes."""
        column = self.columns[i]
        if column.texts is not None:
            self.columns[i] = column.plain()
            self.heaps += column.texts.owners
            self.charges += [c.like(self.columns[i].values.nbytes - column.values.nbytes) for c in self.charges[:1]]
            self.heap_charges += [column.texts.charge] if column.texts.charge is not None else []

    def trimmed(self) -> Collection:
        """Arrays cut to the rows that are there (views, no copy)."""
        for column in self.columns:
            column.values = column.values[: self.rows]
            if column.valid is not None:
                column.valid = column.valid[: self.rows]
        return self

    def take(self, rows: np.ndarray | slice) -> Collection:
        columns = [c.take(rows) for c in self.columns]
        count = len(range(*rows.indices(self.rows))) if isinstance(rows, slice) else len(rows)
        taken = Collection(columns, count, list(self.heaps))
        if self.charges:
            taken.charges = [self.charges[0].like(taken.value_bytes)]
        taken.heap_charges = list(self.heap_charges)
        return taken

    def load(self) -> Collection:
        """The rows, which are here (as a chunk on disk answers: spill/chunks.py)."""
        return self.trimmed()

    def empty(self) -> Collection:
        """No rows of the same columns."""
        return empty_like(self.columns)

    def select(self, columns: Sequence[tuple[ColumnRef, ColumnId]]) -> Collection:
        """The same rows with these columns (new name, id here), sharing memory."""
        renamed = [self.column(old).renamed(ref) for ref, old in columns]
        return Collection(renamed, self.rows, list(self.heaps), list(self.charges), list(self.heap_charges))

    @property
    def size(self) -> int:
        """Memory of the columns with heaps (which other collections may share)."""
        return self.value_bytes + sum(h.nbytes for h in self.heaps)

    @property
    def value_bytes(self) -> int:
        """Memory of the columns, without heaps."""
        return sum(c.values.nbytes + (0 if c.valid is None else c.valid.nbytes) for c in self.columns)

    def payload_bytes(self) -> int:
        """What moving the rows would send: fixed widths plus the bytes of strings."""
        total = 0
        for c in self.columns:
            if c.texts is not None:
                total += int(by_code(c.texts.lengths, c.values[: self.rows]).sum())
                total += 4 * self.rows
            elif c.carried is Physical.STR:
                total += int(c.values[: self.rows, 1].sum()) + 4 * self.rows
            else:
                total += (8 if c.carried is not Physical.BOOL else 1) * self.rows
        return total


def empty_like(columns: Sequence[StoredColumn]) -> Collection:
    """No rows with the same columns."""
    made = [
        replace(c, values=allocate(c.carried, 0), valid=allocate(Physical.BOOL, 0) if c.nullable else None)
        for c in columns
    ]
    return Collection(made)


def concatenate(parts: Sequence[Collection]) -> Collection:
    """All rows of all parts, in order. Parts have the same columns; carried classes and dictionaries may differ."""
    if len(parts) == 1:
        return parts[0]
    filled = [p for p in parts if p.rows]
    if len(filled) == 1:
        return filled[0]
    if not filled:
        return parts[0]
    filled = [Collection(list(p.columns), p.rows, list(p.heaps), list(p.charges), list(p.heap_charges)) for p in filled]
    unify(filled)
    columns = [_concatenate_column([p.columns[i] for p in filled]) for i in range(len(filled[0].columns))]
    heaps = {id(h): h for p in filled for h in p.heaps}
    whole = Collection(columns, sum(p.rows for p in filled), list(heaps.values()))
    charge = next((c for p in filled for c in p.charges), None)
    if charge is not None:
        whole.charges = [charge.like(whole.value_bytes)]
    whole.heap_charges = list(dict.fromkeys(c for p in filled for c in p.heap_charges))
    return whole


def _concatenate_column(columns: list[StoredColumn]) -> StoredColumn:
    wide = any(c.carried is Physical.I128 for c in columns)
    values = [widened(c).values if wide else c.values for c in columns]
    total = sum(len(v) for v in values)
    out = allocate(Physical.I128 if wide else columns[0].carried, total)
    np.concatenate(values, out=out)
    valid = None
    if any(c.valid is not None for c in columns):
        valid = allocate(Physical.BOOL, total)
        np.concatenate([_validity(c) for c in columns], out=valid)
    carried = Physical.I128 if wide else columns[0].carried
    return StoredColumn(columns[0].ref, carried, valid is not None, out, valid,
                        min(c.lo for c in columns), max(c.hi for c in columns), columns[0].texts)


def unify(parts: Sequence[Collection]) -> None:
    """Make all parts carry each column in the same class, and by the same dictionary."""
    unify_texts(parts)
    for i in range(len(parts[0].columns)):
        if any(p.columns[i].carried is Physical.I128 for p in parts):
            for part in parts:
                part.columns[i] = widened(part.columns[i])


def unify_texts(parts: Sequence[Collection]) -> None:
    """One dictionary for each text column of all parts, or strings for codes."""
    for i in range(len(parts[0].columns)):
        if any(p.columns[i].texts is not None for p in parts):
            _unify_column(parts, i)


def _unify_column(parts: Sequence[Collection], i: int) -> None:
    """One dictionary for column `i` of all parts, or strings where a part with rows has them."""
    filled = [p for p in parts if p.rows] or parts[:1]
    if any(p.columns[i].texts is None for p in filled):
        for part in parts:
            part.decode(i)
        return
    dictionaries = [p.columns[i].texts or EMPTY for p in filled]
    charge = next((c for p in filled for c in p.charges), None)
    whole, maps = unified(dictionaries, charge)
    for part, codes in zip(filled, maps, strict=True):
        if part.columns[i].texts is not whole:
            part.columns[i] = part.columns[i].recoded(whole, codes)
    for part in parts:
        if part.columns[i].texts is not whole:  # it has no rows
            empty = replace(part.columns[i], carried=Physical.I64, values=allocate(Physical.I64, 0))
            part.columns[i] = empty.recoded(whole, None)


def encode(parts: Sequence[Collection], i: int, charge: Charge) -> None:
    """Text column `i` of all parts as codes."""
    columns = [p.columns[i] for p in parts]
    if any(c.carried is not Physical.STR for c in columns):
        return
    table = coding_table()
    found = [table.ids(c.values, c.valid) for c in columns]
    texts = Texts.of_table(table, charge.like(0))
    for part, column, codes in zip(parts, columns, found, strict=True):
        part.columns[i] = replace(column, carried=Physical.I64, values=codes, lo=0, hi=len(texts) - 1, texts=texts)


def _validity(column: StoredColumn) -> np.ndarray:
    return np.ones(len(column.values), np.uint8) if column.valid is None else column.valid


def widened(column: StoredColumn) -> StoredColumn:
    """The column carried as I128."""
    if column.carried is not Physical.I64:
        return column
    words = allocate(Physical.I128, len(column.values))
    words[:, 0] = column.values
    words[:, 1] = column.values >> 63
    return StoredColumn(column.ref, Physical.I128, column.nullable, words, column.valid, column.lo, column.hi)


def narrowed(column: StoredColumn) -> StoredColumn:
    """An I128 column whose values all fit 64 bits, carried as I64 with its true range; else unchanged."""
    if column.carried is not Physical.I128:
        return column
    low, high = column.values[:, 0], column.values[:, 1]
    if not np.array_equal(low >> 63, high):
        return column
    values = allocate(Physical.I64, len(low))
    values[:] = low
    lo, hi = (int(values.min()), int(values.max())) if len(values) else (0, 0)
    return StoredColumn(column.ref, Physical.I64, column.nullable, values, column.valid, lo, hi)


def text_of(views: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Offsets and bytes of string views."""
    offsets = memory.empty(len(views) + 1, np.int64)
    offsets[0] = 0
    np.cumsum(views[:, 1], out=offsets[1:])
    data = memory.empty(int(offsets[-1]) + TEXT_PADDING, np.uint8)
    views = np.ascontiguousarray(views)
    pack.native("copy_text")(memory.address(views), len(views), memory.address(data))
    return offsets, data


def _restored(heads: tuple[Any, ...], data: bytes) -> Collection:
    """Of a pickled collection."""
    from .packed import unpacked

    return unpacked(data, heads)
