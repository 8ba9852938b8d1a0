"""JoinTable: the build side of a join, looked up by its keys, in the cheapest structure that is proven right.

    keys                                      structure             why
    one i64, range <= 16 rows, unique         array                 a load per row, no compare
    one i64, range <= 16 rows, repeated       runs                  the rows of a key stand side by side
    one i64, SEMI or ANTI, range <= 128 rows  bitmap                a bit per key, no row numbers
    one i64 otherwise                         hash                  16-byte slots, prefetched
    several i64, product of ranges < 2**62    packed array or hash  one key again
    anything else                             generic               hashed, keys compared
    none                                      constant              every pair

"Range" is proven from the keys themselves, never estimated. Rows with a NULL key match nothing and are not
in the table, but `null_rows` counts them (NOT IN asks). Keys compare as their physical class: -0.0 = 0.0,
NaN = NaN, strings by bytes. A generic table reads the key columns when probed: it keeps them alive.

A table is read-only once built and shared by all probes; each probing program has its own `state`. The ops'
operands are in joins.py, the layouts in join_layout.py.

    table = JoinTable.build([KeyColumn("i64", orderkeys, None)], rows)
    name, level = table.op("inner")
    state = table.state("inner", [slot address], [0])          k = address(state)
"""
from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import field

import numpy as np

from ..errors import InternalError, OutOfMemory
from ..records import dataclass
from . import join_layout as layout
from . import memory, pack
from .abi import LEVEL_BLOCK, LEVEL_RESUMABLE
from .kinds import WIDTHS, check_values, code_of

MODES = {
    "inner": layout.MODE_INNER, "left": layout.MODE_LEFT, "single": layout.MODE_SINGLE,
    "semi": layout.MODE_SEMI, "anti": layout.MODE_ANTI,
}
DENSE_FACTOR = 16  # an array may have this many entries per build row ...
DENSE_FLOOR = 1 << 16  # ... and this many in any case (256 KB)
BITMAP_FACTOR = 128  # a bitmap: 16 bytes per build row, as a slot
BITMAP_FLOOR = 1 << 21
LOAD = 0.7  # slots are a power of two, so the load lies between half of this and this
PACKED_LIMIT = 1 << 62
ROW_LIMIT = (1 << 31) - 2
PIECE = 1 << 20  # rows built between two looks at the cancel flag

Check = Callable[[], None]


@dataclass(frozen=True, slots=True)
class KeyColumn:
    """A build side's key: contiguous values (STR: (n, 2) int64 views), valid: uint8 or None."""

    physical: str
    values: np.ndarray
    valid: np.ndarray | None = None


@dataclass(slots=True)
class JoinTable:
    """A built table. `structure`: array, runs, bitmap, hash, generic, constant; `packed`: keys are packed."""

    structure: str
    words: np.ndarray
    keys: tuple[KeyColumn, ...]
    rows: int
    unique: bool
    null_rows: int
    packed: bool = False
    owned: list[np.ndarray] = field(default_factory=list)  # what the words' addresses point to

    @staticmethod
    def build(
        keys: Sequence[KeyColumn], rows: int, *, kind: str = "inner", check: Check | None = None
    ) -> JoinTable:
        """A table of `rows` rows, to be probed for `kind` (made for a filter, it serves only filters)."""
        if kind not in MODES:
            raise InternalError(f"unknown kind of join {kind!r}")
        if rows > ROW_LIMIT:
            raise OutOfMemory(f"a join's build side has {rows} rows on one slice; the limit is {ROW_LIMIT}")
        for key in keys:
            check_values(key.physical, key.values, rows)
        return _Builder(tuple(keys), rows, kind, check or _nothing).build()

    @property
    def takes_operands(self) -> bool:
        """Whether probe ops read the key at a and b; otherwise only at the addresses given to `state`."""
        return self.structure != "constant" and not self.packed and self.structure != "generic"

    @property
    def has_null(self) -> bool:
        return self.null_rows > 0

    @property
    def nbytes(self) -> int:
        """Bytes of the table itself, without the key columns."""
        return sum(array.nbytes for array in self.owned) + self.words.nbytes

    def op(self, kind: str) -> tuple[str, int]:
        """The probe op for a kind of join, and its level."""
        filters = kind in ("semi", "anti")
        if self.structure == "constant":
            return ("join_constant_filter", LEVEL_BLOCK) if filters else ("join_pairs", LEVEL_RESUMABLE)
        if self.structure == "bitmap":
            if not filters:
                raise InternalError(f"a table built for a semi-join was asked for {kind}")
            return "join_bitmap_filter", LEVEL_BLOCK
        fused = self.structure == "array" and not self.packed
        if filters:
            return ("join_array_filter" if fused else "join_filter"), LEVEL_BLOCK
        if self.unique:
            inner = "join_array_inner" if fused else "join_unique_inner"
            return (inner if kind == "inner" else "join_unique_left"), LEVEL_BLOCK
        return ("join_runs" if self.structure == "runs" else "join_chain"), LEVEL_RESUMABLE

    def state(self, kind: str, values: Sequence[int], valids: Sequence[int]) -> np.ndarray:
        """A probe's state: addresses of the batch's key slots and of their validities (0 = none).

        The array holds its scratch space too; keep it (and the table) alive while the program runs.
        """
        if len(values) != len(self.keys) or len(valids) != len(self.keys):
            raise InternalError(f"a join on {len(self.keys)} keys was given {len(values)} operands")
        pairs = layout.STATE_KEY_WORDS * len(self.keys)
        fixed = layout.S_KEY_WORDS + pairs
        state = memory.zeros(fixed + 2 * layout.CHUNK + layout.CHUNK // 8, np.int64)
        base = memory.address(state)
        state[layout.S_TABLE] = memory.address(self.words)
        state[layout.S_LOOKUP] = self._lookup()
        state[layout.S_FIRSTS] = base + 8 * fixed
        state[layout.S_HASHES] = base + 8 * (fixed + layout.CHUNK)
        state[layout.S_VALID] = base + 8 * (fixed + 2 * layout.CHUNK)
        state[layout.S_MODE] = MODES[kind]
        state[layout.S_KEY_WORDS : fixed : 2] = values
        state[layout.S_KEY_WORDS + 1 : fixed : 2] = valids
        return state

    def _lookup(self) -> int:
        if self.structure in ("constant", "bitmap"):
            return 0
        return pack.address("lookup_packed" if self.packed else f"lookup_{self.structure}")


def _nothing() -> None:
    return


def _pieces(rows: int) -> list[tuple[int, int]]:
    return [(start, min(start + PIECE, rows)) for start in range(0, rows, PIECE)]


class _Builder:
    """Builds one table: finds the key's range, tries structures from the cheapest on."""

    def __init__(self, keys: tuple[KeyColumn, ...], rows: int, kind: str, check: Check) -> None:
        self.keys = keys
        self.rows = rows
        self.check = check
        self.payload = kind not in ("semi", "anti")
        self.words = memory.zeros(layout.TABLE_WORDS + layout.KEY_WORDS * len(keys), np.int64)
        self.words[layout.T_ROWS] = rows
        self.owned: list[np.ndarray] = []
        self.valid = _combined_validity(keys)
        self.null_rows = 0 if self.valid is None else rows - int(np.count_nonzero(self.valid))

    def build(self) -> JoinTable:
        if not self.keys:
            return self._finish("constant", unique=self.rows <= 1)
        if any(key.physical != "i64" for key in self.keys):
            return self._generic()
        ranges = [self._range(key.values) for key in self.keys]
        if len(self.keys) == 1:
            return self._single(self.keys[0].values, *ranges[0])
        spans = [high - low + 1 for low, high in ranges]
        if np.prod(np.array(spans, dtype=object)) < PACKED_LIMIT:
            return self._packed(ranges)
        return self._generic()

    # -- one i64 key -----------------------------------------------------------------------------

    def _single(self, values: np.ndarray, low: int, high: int) -> JoinTable:
        span = high - low + 1
        if not self.payload and span <= max(BITMAP_FLOOR, BITMAP_FACTOR * self.rows):
            return self._bitmap(values, low, span)
        if span <= max(DENSE_FLOOR, DENSE_FACTOR * self.rows):
            return self._array(values, low, span) or self._runs(values, low, span)
        return self._hash(values)

    def _array(self, values: np.ndarray, low: int, span: int) -> JoinTable | None:
        rows = self._take(memory.empty(span + 1, np.int32))
        rows.fill(-1)
        self._dense(rows, low, span)
        if self._run("build_array", values):
            return self._finish("array", unique=True)
        self.owned.pop()
        return None

    def _runs(self, values: np.ndarray, low: int, span: int) -> JoinTable:
        starts = self._take(memory.zeros(span + 3, np.uint32))
        self._dense(self._take(memory.empty(self.rows, np.int32)), low, span)
        self.words[layout.T_STARTS] = memory.address(starts)
        self._run("count_runs", values)
        pack.native("sum_runs")(memory.address(self.words))
        self._run("scatter_runs", values)
        return self._finish("runs", unique=False)

    def _bitmap(self, values: np.ndarray, low: int, span: int) -> JoinTable:
        self._dense(self._take(memory.zeros((span + 64) // 64, np.uint64)), low, span)
        self._run("build_bitmap", values)
        return self._finish("bitmap", unique=True)

    def _hash(self, values: np.ndarray) -> JoinTable:
        self._slots()
        self._run("build_hash", values, backwards=True)
        return self._finish("hash", unique=not self._drop_chain())

    # -- several keys, or keys of other classes ----------------------------------------------------

    def _packed(self, ranges: list[tuple[int, int]]) -> JoinTable:
        packed = np.zeros(self.rows, np.int64)
        span = 1
        for j, (key, (low, high)) in enumerate(zip(self.keys, ranges)):
            packed *= high - low + 1
            packed += key.values - low
            span *= high - low + 1
            self._key_words(j)[layout.TK_LOW] = low
            self._key_words(j)[layout.TK_SPAN] = high - low + 1
        self.words[layout.T_KEYS] = len(self.keys)
        dense = span <= max(DENSE_FLOOR, DENSE_FACTOR * self.rows)
        table = (self._array(packed, 0, span) if dense else None) or self._hash(packed)
        self.words[layout.T_INNER] = pack.address(f"lookup_{table.structure}")
        table.packed = True
        return table

    def _generic(self) -> JoinTable:
        hashes = np.empty(self.rows, np.uint64)
        self.words[layout.T_KEYS] = len(self.keys)
        for j, key in enumerate(self.keys):
            words = self._key_words(j)
            words[layout.TK_KIND] = code_of(key.physical)
            words[layout.TK_VALUES] = memory.address(key.values)
            words[layout.TK_HASH_OP] = pack.address(f"hash_{key.physical}")
            words[layout.TK_WIDTH] = WIDTHS[key.physical]
            self._hash_column(hashes, key, first=j == 0)
        self._slots()
        self._run("build_generic", hashes, backwards=True)
        return self._finish("generic", unique=not self._drop_chain())

    def _hash_column(self, hashes: np.ndarray, key: KeyColumn, *, first: bool) -> None:
        native, width = pack.native(f"hash_{key.physical}"), WIDTHS[key.physical]
        at, values = memory.address(hashes), memory.address(key.values)
        for start, stop in _pieces(self.rows):
            self.check()
            out = at + 8 * start
            native(out, values + width * start, 0, 0 if first else out, 0, stop - start, 0)

    # -- parts -------------------------------------------------------------------------------------

    def _range(self, values: np.ndarray) -> tuple[int, int]:
        """Smallest and largest of the rows whose keys are all valid; (0, -1) when there is none."""
        found = np.array([np.iinfo(np.int64).max, np.iinfo(np.int64).min, 0])
        native, valid = pack.native("key_range"), self._valid_address()
        for start, stop in _pieces(self.rows):
            self.check()
            native(memory.address(values), valid, start, stop, memory.address(found))
        return (int(found[0]), int(found[1])) if found[2] else (0, -1)

    def _slots(self) -> None:
        wanted = max(int((self.rows - self.null_rows) / LOAD), 8)
        bits = (wanted - 1).bit_length()
        slots = self._take(memory.zeros(2 << bits, np.int64))
        chain = self._take(memory.empty(self.rows, np.int32))
        self.words[layout.T_DATA] = memory.address(slots)
        self.words[layout.T_NEXT] = memory.address(chain)
        self.words[layout.T_SHIFT] = 64 - bits
        self.words[layout.T_MASK] = (1 << bits) - 1

    def _drop_chain(self) -> bool:
        """Whether keys repeat; if they do not, the chain is dropped."""
        if self.words[layout.T_REPEATED]:
            return True
        self.owned.pop()
        self.words[layout.T_NEXT] = 0
        return False

    def _dense(self, data: np.ndarray, low: int, span: int) -> None:
        self.words[layout.T_DATA] = memory.address(data)
        self.words[layout.T_LOW] = low
        self.words[layout.T_SPAN] = span
        self.words[layout.T_REPEATED] = 0

    def _run(self, name: str, values: np.ndarray, *, backwards: bool = False) -> bool:
        """Run a building kernel over all rows; False when it met a repeated key."""
        native = pack.native(name)
        table, at, valid = memory.address(self.words), memory.address(values), self._valid_address()
        pieces: Iterator[tuple[int, int]] = iter(_pieces(self.rows))
        if backwards:
            pieces = reversed(_pieces(self.rows))
        for start, stop in pieces:
            self.check()
            native(table, at, valid, start, stop)
            if name == "build_array" and self.words[layout.T_REPEATED]:
                return False
        return True

    def _take(self, array: np.ndarray) -> np.ndarray:
        self.owned.append(array)
        return array

    def _key_words(self, j: int) -> np.ndarray:
        start = layout.T_KEY_WORDS + layout.KEY_WORDS * j
        return self.words[start : start + layout.KEY_WORDS]

    def _valid_address(self) -> int:
        return 0 if self.valid is None else memory.address(self.valid)

    def _finish(self, structure: str, *, unique: bool) -> JoinTable:
        return JoinTable(
            structure, self.words, self.keys, self.rows, unique, self.null_rows, owned=self.owned
        )


def _combined_validity(keys: tuple[KeyColumn, ...]) -> np.ndarray | None:
    """1 where all keys are valid; None when no key has NULLs."""
    combined: np.ndarray | None = None
    for key in keys:
        if key.valid is not None:
            combined = key.valid if combined is None else combined & key.valid
    return combined
