"""What a program knows about the rows it is working on: generations, selections and late fetching.

A pass starts with the source's rows (generation 0). A filter or a join makes a new generation, which is
only a vector of row numbers into the one before:

    generation 0   rows of the row group            columns: decoded on demand from blocks
    generation 1   sel[i]  -> row of generation 0    after the filter
    generation 2   pidx[i] -> row of generation 1    after a join; build columns: bidx[i] -> build row

Nothing is copied when a generation is made. A column is fetched or gathered when an expression first
needs it, for the rows that are then left, through the composed row numbers (late materialisation).
A text column that collections carry as codes of a dictionary (`texts`) is decoded here for whoever asks for its
strings; `codes` gives the codes (codes.py).

`Value` is a column during compilation: where its bytes are, whether it can be NULL, and its proven range
[lo, hi]: zone maps carried through expressions decide whether 64 bits suffice (DESIGN: value ranges).
"""
from __future__ import annotations

from dataclasses import field, replace
from typing import TYPE_CHECKING, Any

from ...errors import InternalError
from ...planner.expressions import ColumnId
from ...records import dataclass
from ...storage.types import Physical, SqlType
from .program import External, Place, ProgramBuilder

if TYPE_CHECKING:
    from ..texts import Texts

NOT_CONSTANT: Any = object()


@dataclass(frozen=True, slots=True)
class Value:
    """A compiled expression. Constant: `constant` is set (None = NULL) and `place` is None.

    `carried` is the class its bytes really have; a type of class I128 may be carried as I64 when its
    range proves that it fits. `valid` None = no NULLs. lo/hi: for I64 and I128 carried values.
    `failed`: masks of rows for which it could not be computed: an error where such a row counts (arrow_calls.py).
    """

    type: SqlType
    carried: Physical
    place: Place | None = None
    valid: Place | None = None
    lo: int = 0
    hi: int = 0
    constant: Any = NOT_CONSTANT
    failed: tuple[Place, ...] = ()

    def moved(self, place: Place, valid: Place | None) -> Value:
        """The same in other places. (Made by itself: dataclasses.replace takes several times as long.)"""
        return Value(self.type, self.carried, place, valid, self.lo, self.hi, NOT_CONSTANT, self.failed)

    @property
    def is_constant(self) -> bool:
        return self.constant is not NOT_CONSTANT

    @property
    def is_null(self) -> bool:
        return self.constant is None


def type_range(type: SqlType) -> tuple[int, int]:
    if type.physical in (Physical.I64, Physical.I128):
        return type.integer_limits
    return 0, 0


@dataclass(frozen=True, slots=True)
class ScanColumn:
    """A column of the scanned row groups, number `index` in the task's descriptor table."""

    index: int
    type: SqlType
    carried: Physical
    nullable: bool
    lo: int = 0
    hi: int = 0
    dictionary: bool = False  # every block of it is a string dictionary
    coded: bool = False  # every block of it can be read as codes of few entries
    stored: bool = False  # source is a collection (chunk ops), not blocks
    texts: Texts | None = None  # the collection has codes of this dictionary


@dataclass(frozen=True, slots=True)
class BuildColumn:
    """A column of a join's build side: contiguous arrays, known per task."""

    values: External
    valid: External | None
    join: int  # number in the batch
    side: int  # number of the build side among the task's, and of the column in it
    position: int
    type: SqlType
    carried: Physical
    nullable: bool  # the stored column can be NULL
    lo: int = 0
    hi: int = 0
    texts: Texts | None = None  # `values` are codes of this dictionary


@dataclass(slots=True)
class _Join:
    """The build row numbers of one join, per generation."""

    outer: bool  # rows without a match stand as -1
    rows: dict[int, Place] = field(default_factory=dict)


class Batch:
    """The rows at the current point of the program; see the module's text."""

    def __init__(self, builder: ProgramBuilder) -> None:
        self.builder = builder
        self.generation = 0
        self.scan: dict[ColumnId, ScanColumn] = {}
        self.build: dict[ColumnId, BuildColumn] = {}
        self.computed: dict[ColumnId, tuple[int, Value]] = {}  # generation, value in slots
        self._joins: list[_Join] = []
        self._index: dict[tuple[int, int], Place] = {}  # (older, newer) -> row numbers
        self._slots: dict[tuple[int, ColumnId], Value] = {}
        self._codes: dict[tuple[int, ColumnId], Value] = {}
        self._registers: dict[ColumnId, Value] = {}
        self._register_section = -1

    # -- generations -----------------------------------------------------------------------------

    def advance(self, rows: Place) -> None:
        """A new generation: rows[i] is the row of the present one that row i comes from."""
        self._index[(self.generation, self.generation + 1)] = rows
        self.generation += 1

    def add_join(self, rows: Place, outer: bool) -> int:
        """Build row numbers `rows` for the present generation; the join's number."""
        self._joins.append(_Join(outer, {self.generation: rows}))
        return len(self._joins) - 1

    @property
    def newest_join(self) -> int:
        return len(self._joins) - 1

    def index_from(self, generation: int) -> Place | None:
        """Row numbers of `generation` for the present rows; None if that is the present one."""
        now = self.generation
        if generation == now:
            return None
        found = self._index.get((generation, now))
        if found is None:
            step = self._index[(generation, generation + 1)]
            rest = self.index_from(generation + 1)
            assert rest is not None
            found = self.builder.slot(Physical.I64)
            self.builder.block("compose", found, step, rest)
            self._index[(generation, now)] = found
        return found

    def build_rows(self, join: int) -> Place:
        """The present rows' build row numbers of a join."""
        known = self._joins[join].rows
        found = known.get(self.generation)
        if found is None:
            born = max(known)
            step = self.index_from(born)
            found = self.builder.slot(Physical.I64)
            self.builder.block("compose", found, known[born], step)
            known[self.generation] = found
        return found

    def is_outer(self, join: int) -> bool:
        """Whether rows may have no build row in this join."""
        return self._joins[join].outer

    # -- columns -----------------------------------------------------------------------------------

    def define(self, column: ColumnId, value: Value) -> None:
        """A computed column (its value is a constant or lies in slots)."""
        self.computed[column] = (self.generation, value)

    def has(self, column: ColumnId) -> bool:
        return column in self.scan or column in self.build or column in self.computed

    def alias(self, new: ColumnId, old: ColumnId) -> None:
        """Make column `new` another name of `old`."""
        if old in self.scan:
            self.scan[new] = self.scan[old]
        elif old in self.build:
            self.build[new] = self.build[old]
        elif old in self.computed:
            self.computed[new] = self.computed[old]
        else:
            raise InternalError(f"column {old} is not available in this segment")

    def needs_slot(self, column: ColumnId) -> bool:
        """Whether the column must be brought into a slot before a vector section may use it."""
        if column in self.computed:
            return self.computed[column][0] != self.generation
        return not (column in self.scan and self.generation == 0 and self.scan[column].texts is None)

    def vector_value(self, column: ColumnId) -> Value:
        """The column for a vector section: a slot, or decoded here into a register."""
        ready = self._slots.get((self.generation, column))
        if ready is not None:
            return ready
        if column in self.computed and self.computed[column][0] == self.generation:
            return self.computed[column][1]
        if self.needs_slot(column):
            raise InternalError(f"column {column} was not prepared for this section")
        if self._register_section != self.builder.section:
            self._registers.clear()
            self._register_section = self.builder.section
        value = self._registers.get(column)
        if value is None:
            value = self._registers[column] = self._load(self.scan[column])
        return value

    def slot_value(self, column: ColumnId) -> Value:
        """The column in slots of the present generation (constants stay constants)."""
        key = (self.generation, column)
        value = self._slots.get(key)
        if value is None:
            if column in self.computed:
                value = self._move(*self.computed[column])
            elif column in self.scan:
                earlier = self._earlier(column)
                value = self._fetch(column) if earlier is None else self._move(*earlier)
            elif column in self.build:
                value = self._gather_build(column)
            else:
                raise InternalError(f"column {column} is not available in this segment")
            self._slots[key] = value
        return value

    def codes(self, column: ColumnId) -> Value:
        """The codes of a column with `texts`, in slots of the present generation."""
        key = (self.generation, column)
        value = self._codes.get(key)
        if value is None:
            scan = self.scan.get(column)
            value = self._gather_codes(self.build[column]) if scan is None else self._fetch_codes(scan)
            self._codes[key] = value
        return value

    def _fetch_codes(self, column: ScanColumn) -> Value:
        assert column.texts is not None
        return self._fetch_chunk(replace(column, carried=Physical.I64, lo=0, hi=len(column.texts) - 1))

    def _gather_codes(self, column: BuildColumn) -> Value:
        assert column.texts is not None
        return self._gather_plain(replace(column, carried=Physical.I64, lo=0, hi=len(column.texts) - 1))

    def _decoded(self, column: ColumnId, texts: Texts) -> Value:
        """The strings of a column of codes, as views into the dictionary."""
        codes = self.codes(column)
        place = self.builder.slot(Physical.STR)
        views = self.builder.constant(texts.views)
        self.builder.constants.append(texts)
        self.builder.block("gather_str", place, views, codes.place)
        return Value(codes.type, Physical.STR, place, codes.valid)

    def _earlier(self, column: ColumnId) -> tuple[int, Value] | None:
        """The column as it was fetched for an older generation: gathering is cheaper than decoding."""
        for generation in range(self.generation - 1, -1, -1):
            found = self._slots.get((generation, column))
            if found is not None:
                return generation, found
        return None

    def validity(self, column: ColumnId) -> Place:
        """The validity of a scanned column for the present rows, in a slot; its values are not fetched."""
        key = (self.generation, column)
        if key in self._slots and self._slots[key].valid is not None:
            return self._slots[key].valid  # type: ignore[return-value]
        valid = self.builder.slot(Physical.BOOL)
        self.builder.block("fetch_valid", valid, self.index_from(0), k=self.scan[column].index)
        return valid

    def _load(self, column: ScanColumn) -> Value:
        b, carried = self.builder, column.carried
        prefix = "chunk" if column.stored else "load"
        place = b.register(carried)
        b.vector(f"{prefix}_{carried.value}", place, k=column.index * 2 if column.stored else column.index)
        valid = None
        if column.nullable:
            valid = b.register(Physical.BOOL)
            if column.stored:
                b.vector("chunk_valid", valid, k=column.index * 2 + 1)
            else:
                b.vector("load_valid", valid, k=column.index)
        return Value(column.type, carried, place, valid, column.lo, column.hi)

    def _fetch(self, id: ColumnId) -> Value:
        column = self.scan[id]
        if column.texts is not None:
            return self._decoded(id, column.texts)
        if column.stored:
            return self._fetch_chunk(column)
        b, carried = self.builder, column.carried
        rows = self.index_from(0)
        place = b.slot(carried)
        b.block(f"fetch_{carried.value}", place, rows, k=column.index)
        valid = None
        if column.nullable:
            valid = b.slot(Physical.BOOL)
            b.block("fetch_valid", valid, rows, k=column.index)
        return Value(column.type, carried, place, valid, column.lo, column.hi)

    def _fetch_chunk(self, column: ScanColumn) -> Value:
        b, carried = self.builder, column.carried
        rows = self.index_from(0)
        place = b.slot(carried)
        b.block(f"fetch_chunk_{carried.value}", place, rows, k=column.index * 2)
        valid = None
        if column.nullable:
            valid = b.slot(Physical.BOOL)
            b.block("fetch_chunk_valid", valid, rows, k=column.index * 2 + 1)
        return Value(column.type, carried, place, valid, column.lo, column.hi)

    def _gather_build(self, id: ColumnId) -> Value:
        column = self.build[id]
        return self._gather_plain(column) if column.texts is None else self._decoded(id, column.texts)

    def _gather_plain(self, column: BuildColumn) -> Value:
        b = self.builder
        rows = self.build_rows(column.join)
        place = b.slot(column.carried)
        b.block(f"gather_{column.carried.value}", place, column.values, rows)
        valid = None
        if column.nullable or self._joins[column.join].outer:
            valid = b.slot(Physical.BOOL)
            b.block("gather_valid", valid, column.valid if column.nullable else None, rows)
        return Value(column.type, column.carried, place, valid, min(column.lo, 0) if valid else column.lo,
                     max(column.hi, 0) if valid else column.hi)

    def _move(self, born: int, value: Value) -> Value:
        """A computed value of an older generation, for the present rows."""
        rows = self.index_from(born)
        if rows is None or value.is_constant:
            return value
        b = self.builder
        place = b.slot(value.carried)
        b.block(f"gather_{value.carried.value}", place, value.place, rows)
        valid = None
        if value.valid is not None:
            valid = b.slot(Physical.BOOL)
            b.block("gather_valid", valid, value.valid, rows)
        return value.moved(place, valid)
