"""Window functions over sorted columns: where partitions and peers begin, frames, and what functions see in them.

    segments = Segments.of(changes(partition columns, rows))      runs of rows that belong together
    frames = segments.whole()                                     one frame a partition: its rows
    frames = segments.bounded(peers, (ROWS, -3), (ROWS, 0))       one frame a row
    frames = segments.within(order column, False, -3, 0)          one frame a row, by the distance of its values
    total_i64(values, frames), best_rows(codes, valid, frames) ...   one result a frame
    segments.expand("i64", results)                               a result a partition -> one a row

Everything is O(rows) whatever the frames, which never move backward. Native parts: window_ops.py,
window_sums.py, window_picks.py.
"""
from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..errors import NumericOutOfRange
from ..records import dataclass
from . import pack
from .kinds import check_values
from .memory import address, empty, padded, zeros
from .window_layout import LAST, PEERS, ROWS, UNBOUNDED

_WORDS = {"i64": "i64", "f64": "i64", "bool": "bool", "i128": "i128", "str": "i128"}  # how a class is moved
_DTYPES = {"i64": np.int64, "f64": np.float64, "bool": np.uint8}

Key = tuple[str, np.ndarray, "np.ndarray | None"]  # class, values, validity
Bound = tuple[int, int]  # kind (window_layout.py), offset in rows


def _at(array: np.ndarray | None) -> int:
    return 0 if array is None else address(array)


def _values(physical: str, rows: int) -> np.ndarray:
    if physical in _DTYPES:
        return empty(rows, _DTYPES[physical])
    return empty(2 * rows, np.int64).reshape(rows, 2)


def changes(keys: Sequence[Key], rows: int, known: np.ndarray | None = None) -> np.ndarray:
    """uint8 flags: 1 where a row differs from the one before in a key, or `known` has a 1; row 0 always."""
    flags = zeros(rows, np.uint8)
    if known is not None:
        flags[:] = known
    if rows:
        flags[0] = 1
    for physical, values, valid in keys:
        check_values(physical, values, rows)
        pack.native(f"window_changes_{physical}")(address(values), _at(valid), rows, address(flags))
    return flags


@dataclass(frozen=True, slots=True, eq=False)
class Frames:
    """lo <= row < hi of each frame; frames follow each other."""

    lo: np.ndarray
    hi: np.ndarray

    def __len__(self) -> int:
        return len(self.lo)


@dataclass(frozen=True, slots=True, eq=False)
class Segments:
    """Partitions: starts[p] <= row < starts[p + 1]."""

    starts: np.ndarray  # one more than there are partitions

    @staticmethod
    def of(flags: np.ndarray) -> Segments:
        """Of the flags that `changes` gives."""
        rows = len(flags)
        starts = empty(rows + 1, np.int64)
        count = pack.native("window_starts")(address(flags), rows, address(starts))
        starts[count] = rows
        return Segments(starts[: count + 1])

    @property
    def count(self) -> int:
        return len(self.starts) - 1

    @property
    def rows(self) -> int:
        return int(self.starts[-1])

    def whole(self) -> Frames:
        """Each partition as one frame."""
        return Frames(self.starts[:-1], self.starts[1:])

    def bounded(self, peers: np.ndarray, start: Bound, end: Bound) -> Frames:
        """A frame for each row; `peers`: 1 where a row is unlike the one before."""
        lo, hi = empty(self.rows, np.int64), empty(self.rows, np.int64)
        pack.native("window_bounds")(
            address(self.starts), self.count, address(peers), *start, *end, address(lo), address(hi)
        )
        return Frames(lo, hi)

    def within(self, key: Key, descending: bool, start: float | None, end: float | None) -> Frames:
        """A frame for each row: those whose key (int64 or float64, one that the rows are sorted by) lies from `start`
        to `end` behind the row's own; None: to the partition's end. NULLs lie beside NULLs only."""
        lo = self.expand("i64", self.starts[:-1]) if start is None else self._reached(key, descending, start, False)
        hi = self.expand("i64", self.starts[1:]) if end is None else self._reached(key, descending, end, True)
        return Frames(lo, np.maximum(lo, hi))

    def _reached(self, key: Key, descending: bool, distance: float, behind: bool) -> np.ndarray:
        physical, values, valid = key
        check_values(physical, values, self.rows)
        out, step = empty(self.rows, np.int64), np.array([distance], _DTYPES[physical])
        pack.native(f"window_reach_{physical}")(
            address(self.starts), self.count, address(values), _at(valid), int(descending), address(step), int(behind),
            address(out),
        )
        return out

    def expand(self, physical: str, values: np.ndarray) -> np.ndarray:
        """A value for each partition, repeated for its rows."""
        out = _values(physical, self.rows)
        values = np.ascontiguousarray(values)
        native = pack.native(f"window_expand_{_WORDS[physical]}")
        native(address(values), address(self.starts), self.count, address(out))
        return out

    def rank(self, function: str, peers: np.ndarray | None) -> np.ndarray:
        """row_number (which needs no peers), rank, dense_rank (int64), percent_rank, cume_dist (float64)."""
        out = empty(self.rows, np.float64 if function in ("percent_rank", "cume_dist") else np.int64)
        arguments = [address(self.starts), self.count]
        if peers is not None and function != "row_number":
            arguments.append(address(peers))
        pack.native(f"window_{function}")(*arguments, address(out))
        return out

    def ntile(self, buckets: np.ndarray) -> np.ndarray | None:
        """Bucket numbers for so many buckets in each partition; None if one is below 1."""
        out = empty(self.rows, np.int64)
        native = pack.native("window_ntile")
        failed = native(address(self.starts), self.count, address(buckets), address(out)) >= 0
        return None if failed else out


# -- sums --------------------------------------------------------------------------------------------


def count_valid(valid: np.ndarray | None, frames: Frames) -> np.ndarray:
    """How many valid rows (all rows: None) each frame has."""
    if valid is None:
        return frames.hi - frames.lo
    prefix = empty(len(valid) + 1, np.int64)
    pack.native("window_prefix_count")(address(valid), len(valid), address(prefix))
    return _differences("window_difference", prefix, frames, _values("i64", len(frames)))


def total_i64(values: np.ndarray, frames: Frames) -> np.ndarray:
    """Sums that are known to fit 64 bits."""
    prefix = empty(len(values) + 1, np.int64)
    pack.native("window_prefix_i64")(address(values), len(values), address(prefix))
    return _differences("window_difference", prefix, frames, _values("i64", len(frames)))


def total_wide(values: np.ndarray, frames: Frames) -> np.ndarray:
    """Sums of int64 as I128."""
    prefix = empty(2 * (len(values) + 1), np.int64)
    pack.native("window_prefix_wide")(address(values), len(values), address(prefix))
    return _differences("window_difference_wide", prefix, frames, _values("i128", len(frames)))


def total_i128(values: np.ndarray, frames: Frames) -> np.ndarray:
    """Sums of I128 within 38 digits."""
    prefix = empty(3 * (len(values) + 1), np.int64)
    pack.native("window_prefix_i128")(address(values), len(values), address(prefix))
    return _differences("window_difference_i128", prefix, frames, _values("i128", len(frames)))


def _differences(name: str, prefix: np.ndarray, frames: Frames, out: np.ndarray) -> np.ndarray:
    status = pack.native(name)(address(prefix), address(frames.lo), address(frames.hi), len(frames), address(out))
    if name == "window_difference_i128" and status >= 0:
        raise NumericOutOfRange("sum is out of range for type numeric(38)")
    return out


def total_f64(values: np.ndarray, frames: Frames) -> np.ndarray:
    """Sums of floats, with what rounding lost put back."""
    room, out = empty(2 * len(values), np.float64), empty(len(frames), np.float64)
    native = pack.native("window_sum_f64")
    native(address(values), address(frames.lo), address(frames.hi), len(frames), address(room), address(out))
    return out


def moments(values: np.ndarray, valid: np.ndarray | None, frames: Frames) -> np.ndarray:
    """(count, mean, sum of squared deviations) of the valid floats of each frame."""
    room, out = empty(3 * len(values), np.float64), empty(3 * len(frames), np.float64)
    native = pack.native("window_moments")
    native(address(values), _at(valid), address(frames.lo), address(frames.hi), len(frames), address(room),
           address(out))
    return out.reshape(len(frames), 3)


def total_bits(values: np.ndarray, valid: np.ndarray | None, frames: Frames, either: bool) -> np.ndarray:
    """Bitwise OR (either) or AND of the valid values of each frame."""
    room, out = empty(len(values), np.int64), empty(len(frames), np.int64)
    native = pack.native("window_bits")
    native(address(values), _at(valid), address(frames.lo), address(frames.hi), len(frames), int(either),
           address(room), address(out))
    return out


# -- rows --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, eq=False)
class Counted:
    """The rows that count. before[i]: how many stand in front of row i; rows: which they are. None: all do."""

    before: np.ndarray | None = None
    rows: np.ndarray | None = None

    @staticmethod
    def of(valid: np.ndarray | None) -> Counted:
        if valid is None:
            return Counted()
        before, rows = empty(len(valid) + 1, np.int64), empty(len(valid) + 1, np.int64)
        pack.native("window_valid_rows")(address(valid), len(valid), address(before), address(rows))
        return Counted(before, rows)


def nth_rows(counted: Counted, frames: Frames, number: int) -> np.ndarray:
    """The row that is the number-th (or LAST) of those that count in each frame; -1 where there is none."""
    out = empty(len(frames), np.int64)
    pack.native("window_nth")(_at(counted.before), _at(counted.rows), address(frames.lo), address(frames.hi),
                              len(frames), 0, 0, number, address(out))
    return out


def numbered_rows(
    counted: Counted, frames: Frames, numbers: np.ndarray, known: np.ndarray | None
) -> np.ndarray | None:
    """As nth_rows with a number for each frame, where it is known; None if one is below 1."""
    out = empty(len(frames), np.int64)
    bad = pack.native("window_nth")(_at(counted.before), _at(counted.rows), address(frames.lo), address(frames.hi),
                                    len(frames), address(numbers), _at(known), 0, address(out))
    return None if bad >= 0 else out


def shifted_rows(
    counted: Counted, segments: Segments, step: int, offsets: np.ndarray | None = None, known: np.ndarray | None = None
) -> np.ndarray:
    """The row `step` (times its own offset) rows on in the partition; -1 where there is none."""
    out = empty(segments.rows, np.int64)
    pack.native("window_shift")(_at(counted.before), _at(counted.rows), address(segments.starts), segments.count,
                                _at(offsets), _at(known), step, address(out))
    return out


def best_rows(codes: np.ndarray, valid: np.ndarray | None, frames: Frames, largest: bool) -> np.ndarray:
    """The valid row with the smallest (largest) int64 code in each frame; -1 where there is none."""
    room, out = empty(len(codes), np.int64), empty(len(frames), np.int64)
    pack.native("window_best")(address(codes), _at(valid), address(frames.lo), address(frames.hi), len(frames),
                               -1 if largest else 0, address(room), address(out))
    return out


def gather(
    physical: str, values: np.ndarray, valid: np.ndarray | None, rows: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """values[rows] and their validity; NULL where the row is -1."""
    n, out, known = len(rows), _values(physical, len(rows)), empty(len(rows), np.uint8)
    source = address(values) if len(values) else 0
    pack.native(f"gather_{_WORDS[physical]}")(address(out), source, address(rows), 0, 0, n, 0)
    pack.native("gather_valid")(address(known), _at(valid), address(rows), 0, 0, n, 0)
    return out, known


def join_texts(
    segments: Segments, views: np.ndarray, keep: np.ndarray, delimiter: bytes, limit: int
) -> tuple[np.ndarray, np.ndarray] | None:
    """The kept strings of each partition joined, as views, and the heap they point into; None if one result
    has more than `limit` bytes."""
    between = padded(np.frombuffer(delimiter, np.uint8))
    sizes = empty(segments.count, np.int64)
    too_long = pack.native("window_listagg_sizes")(
        address(views), address(keep), address(segments.starts), segments.count, len(delimiter), limit, address(sizes)
    )
    if too_long >= 0:
        return None
    heap, out = empty(int(sizes.sum()), np.uint8), _values("str", segments.count)
    pack.native("window_listagg_write")(
        address(views), address(keep), address(segments.starts), segments.count, address(between), len(delimiter),
        address(heap), address(out),
    )
    return out, heap


__all__ = [
    "LAST", "PEERS", "ROWS", "UNBOUNDED", "Counted", "Frames", "Segments", "best_rows", "changes", "count_valid",
    "gather", "join_texts", "moments", "nth_rows", "numbered_rows", "shifted_rows", "total_bits", "total_f64",
    "total_i64", "total_i128", "total_wide",
]
