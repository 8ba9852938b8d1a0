"""GroupTable: gives each distinct combination of keys a dense id, in order of first appearance.

    table = GroupTable([GroupKey("i64"), GroupKey("str")])
    table.bind([slot addresses], [validity addresses])      several keys: where the batch's keys are
    program: (table.op, out=ids, a=slot, b=validity, k=table.address)
    on NEED_SPACE: table.grow(); run the instruction again
    table.export() -> a Column of each key, in order of ids

One i64 key with a proven small range (`low`, `high`) indexes an array; one i64 key has its own hash table;
all else goes by hash and comparison. With one i64 or several small ids packed by `pack_keys`
grouping costs about a nanosecond a row, so the engine packs where it can.

Tables are merged by feeding one's exported columns through another. Ops: grouping.py; words: group_layout.py.
"""
from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..errors import InternalError
from ..records import dataclass
from . import group_layout as layout
from . import memory, pack
from .abi import BATCH_ROWS, FRAME_WORDS, NEED_SPACE
from .kinds import K_BYTES, WIDTHS, code_of

DENSE_LIMIT = 1 << 24  # entries of a dense table (64 MB)
FIRST_CAPACITY = 1024
FIRST_HEAP = 1 << 14
TEXT_ROOM = 16  # bytes of heap made at first for each string of each expected group
_DTYPES = {"i64": np.int64, "f64": np.float64, "bool": np.uint8, "i128": np.int64, "str": np.int64}


@dataclass(frozen=True, slots=True)
class GroupKey:
    """A key's physical class; `low` and `high`: proven bounds of an i64 key, where known.

    `exact`: strings are the same only if their bytes are, trailing blanks too.
    """

    physical: str
    low: int | None = None
    high: int | None = None
    exact: bool = False


@dataclass(frozen=True, slots=True)
class Column:
    """Exported values in order of ids: I128 and STR have shape (n, 2); STR: (address, length) views.

    `owner` must live as long as the views. valid: uint8, None = all valid.
    """

    physical: str
    values: np.ndarray
    valid: np.ndarray | None
    owner: object = None


class GroupTable:
    """A growing table of groups; `kind`: dense, single or generic."""

    def __init__(self, keys: Sequence[GroupKey], capacity: int = FIRST_CAPACITY, *, resumable: bool = False) -> None:
        """`resumable`: after NEED_SPACE the op is always called again with the same batch."""
        if not keys:
            raise InternalError("a group table needs a key")
        for key in keys:
            code_of(key.physical)  # refuses a class that is none
        self.keys = tuple(keys)
        self.kind = _kind(self.keys)
        self.words = memory.zeros(layout.GROUP_WORDS + layout.KEY_WORDS * len(keys), np.int64)
        self.address = memory.address(self.words)
        self.words[layout.G_NULL] = -1
        self.words[layout.G_ROW] = 0 if resumable else -1
        self.words[layout.G_KEYS] = len(keys)
        self._stored: list[np.ndarray] = [memory.nothing(_DTYPES[key.physical]) for key in keys]
        self._valid: list[np.ndarray] = [memory.nothing(np.uint8) for _ in keys]
        self._hashes = memory.nothing(np.uint64)
        self._slots = memory.nothing(np.int64)
        self._heap = memory.nothing(np.uint8)
        generic = self.kind == "generic"
        self._scratch = memory.empty(BATCH_ROWS, np.uint64) if generic else memory.nothing(np.uint64)
        self._describe_keys()
        if self.kind == "dense":
            self._make_dense()
        if any(key.physical == "str" for key in keys):
            texts = sum(key.physical == "str" for key in keys)
            self._resize_heap(max(FIRST_HEAP, TEXT_ROOM * texts * capacity))
        self._resize(max(capacity, 8))

    @property
    def op(self) -> str:
        """The op that answers ids."""
        return f"group_{self.kind}"

    @staticmethod
    def op_of(keys: Sequence[GroupKey]) -> str:
        """The op of a table with these keys."""
        return f"group_{_kind(tuple(keys))}"

    @property
    def takes_operands(self) -> bool:
        """Whether the op reads its key at a and b; else `bind` says where the keys are."""
        return len(self.keys) == 1

    @property
    def count(self) -> int:
        """Groups so far."""
        return int(self.words[layout.G_COUNT])

    @property
    def capacity(self) -> int:
        """Groups there is room for: what state arrays by id must hold."""
        return int(self.words[layout.G_CAPACITY])

    @property
    def nbytes(self) -> int:
        arrays = [*self._stored, *self._valid, self._hashes, self._slots, self._heap, self._scratch]
        return sum(array.nbytes for array in arrays)

    def bind(self, values: Sequence[int], valids: Sequence[int]) -> None:
        """Where the batches' keys and validities (0 = none) stand, for a table of several keys."""
        if len(values) != len(self.keys) or len(valids) != len(self.keys):
            raise InternalError(f"a table of {len(self.keys)} keys was given {len(values)} operands")
        for j, (value, valid) in enumerate(zip(values, valids)):
            self._key_words(j)[layout.GK_VALUES] = value
            self._key_words(j)[layout.GK_VALID] = valid

    def grow(self) -> None:
        """Make room after NEED_SPACE: twice the groups, and more heap when that was short."""
        missing = int(self.words[layout.G_NEED])
        if missing > 0:
            self._resize_heap(2 * (len(self._heap) + missing))
            self.words[layout.G_NEED] = 0
        if self.count >= self.capacity:
            self._resize(2 * self.capacity)

    def ids(self, values: np.ndarray, valid: np.ndarray | None = None) -> np.ndarray:
        """The ids of whole contiguous columns of a one-key table, new ones for keys not met before (int64)."""
        rows = len(values)
        ids, frame = memory.empty(rows, np.int64), memory.zeros(FRAME_WORDS, np.int64)
        width = WIDTHS[self.keys[0].physical]
        run, out, at = pack.native(self.op), memory.address(ids), memory.address(values)
        flags = 0 if valid is None else memory.address(valid)
        for start in range(0, rows, BATCH_ROWS):
            some = flags + start if flags else 0
            operands = (out + 8 * start, at + width * start, some, 0, self.address, min(BATCH_ROWS, rows - start))
            while run(*operands, memory.address(frame)) == NEED_SPACE:
                self.grow()
        return ids

    def reset(self, capacity: int | None = None) -> None:
        """Forget all groups; keep the memory, or make new for `capacity` groups (strings keep theirs)."""
        self.words[layout.G_COUNT] = 0
        self.words[layout.G_HEAP_USED] = 0
        self.words[layout.G_NULL] = -1
        if capacity is not None:
            self._stored = [array[:0] for array in self._stored]
            self._valid = [array[:0] for array in self._valid]
            self._hashes = self._hashes[:0]
            self._resize(capacity)
            if self.kind != "dense":
                return  # its slots are new, too
        self._slots.fill(-1 if self.kind == "dense" else 0)

    def export(self) -> list[Column]:
        """The keys by id. Values share the table's memory: they are valid until it grows or is reset."""
        return [self._export_key(j) for j in range(len(self.keys))]

    def _export_key(self, j: int) -> Column:
        count, physical = self.count, self.keys[j].physical
        per_row = 2 if physical in ("i128", "str") else 1
        values = self._stored[j][: count * per_row]
        if per_row == 2:
            values = values.reshape(count, 2)
        valid = self._valid[j][:count]
        owner: object = self
        if physical == "str":
            values = values + np.array([memory.address(self._heap), 0])
            owner = self._heap
        return Column(physical, values, None if valid.all() else valid, owner)

    # -- memory --------------------------------------------------------------------------------------

    def _describe_keys(self) -> None:
        for j, key in enumerate(self.keys):
            words = self._key_words(j)
            words[layout.GK_KIND] = K_BYTES if key.exact else code_of(key.physical)
            words[layout.GK_WIDTH] = WIDTHS[key.physical]
            if self.kind == "generic":
                words[layout.GK_HASH_OP] = pack.address(f"hash_{key.physical}")
        self.words[layout.G_SCRATCH] = memory.address(self._scratch)

    def _make_dense(self) -> None:
        key = self.keys[0]
        assert key.low is not None and key.high is not None
        span = max(key.high - key.low + 1, 0)
        self._slots = memory.empty(span, np.int32)
        self._slots.fill(-1)
        self.words[layout.G_DATA] = memory.address(self._slots)
        self.words[layout.G_LOW] = key.low
        self.words[layout.G_SPAN] = span

    def _resize(self, capacity: int) -> None:
        """Room for `capacity` groups: longer key arrays and, but for dense tables, new slots."""
        for j, key in enumerate(self.keys):
            per_row = 2 if key.physical in ("i128", "str") else 1
            self._stored[j] = _longer(self._stored[j], capacity * per_row)
            self._valid[j] = _longer(self._valid[j], capacity)
            words = self._key_words(j)
            words[layout.GK_STORED] = memory.address(self._stored[j])
            words[layout.GK_STORED_VALID] = memory.address(self._valid[j])
        self.words[layout.G_CAPACITY] = capacity
        if self.kind == "dense":
            return
        if self.kind == "generic":
            self._hashes = _longer(self._hashes, capacity)
            self.words[layout.G_HASHES] = memory.address(self._hashes)
        bits = (2 * capacity - 1).bit_length()
        self._slots = memory.zeros(2 << bits, np.int64)
        self.words[layout.G_DATA] = memory.address(self._slots)
        self.words[layout.G_MASK] = (1 << bits) - 1
        self.words[layout.G_SHIFT] = 64 - bits
        if self.count:
            pack.native("group_rehash")(self.address, int(self.kind == "generic"))

    def _resize_heap(self, size: int) -> None:
        self._heap = _longer(self._heap, size)
        self.words[layout.G_HEAP] = memory.address(self._heap)
        self.words[layout.G_HEAP_CAPACITY] = size

    def _key_words(self, j: int) -> np.ndarray:
        start = layout.G_KEY_WORDS + layout.KEY_WORDS * j
        return self.words[start : start + layout.KEY_WORDS]


def _kind(keys: tuple[GroupKey, ...]) -> str:
    if len(keys) > 1 or keys[0].physical != "i64":
        return "generic"
    low, high = keys[0].low, keys[0].high
    return "dense" if low is not None and high is not None and high - low < DENSE_LIMIT else "single"


def _longer(array: np.ndarray, size: int) -> np.ndarray:
    """A copy with room for `size` elements (what is new is undefined)."""
    longer = memory.empty(size, array.dtype)
    if len(array):
        longer[: len(array)] = array
    return longer
