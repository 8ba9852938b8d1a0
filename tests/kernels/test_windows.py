"""Window kernels against what the definitions say, row by row, over random partitions, ties and NULLs."""
from __future__ import annotations

import math
import random
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support_kernels import Guarded, column, python_values, wide, wide_values
from warehouse.errors import InternalError, NumericOutOfRange
from warehouse.kernels import windows as w
from warehouse.kernels.sorting import SortColumn, order_codes

DOMAINS: dict[str, list[Any]] = {
    "i64": [-3, 0, 1, 2, 1 << 40, None],
    "f64": [0.0, -0.0, 1.5, math.nan, -math.inf, None],
    "bool": [0, 1, None],
    "i128": [0, -1, 1 << 70, (1 << 70) + 1, None],
    "str": [b"", b"a", b"a ", b"ab", b"ab\x00", None],
}


@pytest.fixture(autouse=True)
def guards(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Everything the kernels write stands between canaries."""
    made: list[Guarded] = []

    def guarded(n: int, dtype: Any) -> np.ndarray:
        made.append(Guarded(n, dtype))
        return made[-1].array

    monkeypatch.setattr(w, "empty", guarded)
    yield
    for guard in made:
        guard.check()


def like(x: Any, y: Any) -> bool:
    """The same to a partition: NULLs, NaNs and zeros alike, trailing blanks aside."""
    if isinstance(x, bytes) and isinstance(y, bytes):
        return x.rstrip(b" ") == y.rstrip(b" ")
    return x == y or (x is not None and y is not None and x != x and y != y)


def segments_of(sizes: Sequence[int]) -> w.Segments:
    flags = np.zeros(sum(sizes), np.uint8)
    flags[np.cumsum([0, *sizes[:-1]])] = 1 if sum(sizes) else 0
    return w.Segments.of(flags)


def partitions(sizes: Sequence[int]) -> Iterator[tuple[int, int]]:
    start = 0
    for size in sizes:
        yield start, start + size
        start += size


def frames_of(sizes: Sequence[int], start: int | None, end: int | None) -> list[tuple[int, int]]:
    """(lo, hi) of each row, by ROWS offsets."""
    found = []
    for a, b in partitions(sizes):
        for i in range(a, b):
            lo = a if start is None else min(max(i + start, a), b)
            hi = b if end is None else min(max(i + end + 1, a), b)
            found.append((lo, max(lo, hi)))
    return found


def bounded(sizes: Sequence[int], start: int | None, end: int | None) -> w.Frames:
    bounds = [(w.UNBOUNDED, 0) if x is None else (w.ROWS, x) for x in (start, end)]
    return segments_of(sizes).bounded(np.ones(sum(sizes), np.uint8), *bounds)


SIZES = st.lists(st.integers(1, 9), min_size=1, max_size=6)
OFFSETS = st.one_of(st.none(), st.integers(-4, 4))
FRAME = st.tuples(OFFSETS, OFFSETS).filter(lambda f: None in f or f[0] <= f[1])
EXAMPLES = settings(max_examples=60, deadline=None)


@pytest.mark.parametrize("kind", DOMAINS)
def test_changes(kind: str) -> None:
    source = random.Random(1)
    for rows in (0, 1, 2, 300):
        for domain in (DOMAINS[kind], DOMAINS[kind][:-1]):
            values = [source.choice(domain) for _ in range(rows)]
            array, valid = column(kind, values)
            flags = w.changes([(kind, array, valid)], rows)
            assert flags.tolist() == [int(i == 0 or not like(values[i], values[i - 1])) for i in range(rows)]
            again = w.changes([], rows, flags)
            assert again.tolist() == flags.tolist()
    with pytest.raises(InternalError, match="expected"):
        w.changes([("i64", np.zeros(3, np.int64), None)], 4)


@EXAMPLES
@given(SIZES, st.randoms(use_true_random=False))
def test_ranks(sizes: list[int], source: random.Random) -> None:
    segments = segments_of(sizes)
    order = [sorted(source.choices(range(4), k=size)) for size in sizes]
    peers = np.array([int(i == 0 or keys[i] != keys[i - 1]) for keys in order for i in range(len(keys))], np.uint8)
    wanted: dict[str, list[float]] = {f: [] for f in ("row_number", "rank", "dense_rank", "percent_rank", "cume_dist")}
    for keys in order:
        for i, key in enumerate(keys):
            wanted["row_number"].append(i + 1)
            wanted["rank"].append(keys.index(key) + 1)
            wanted["dense_rank"].append(sorted(set(keys)).index(key) + 1)
            wanted["percent_rank"].append(keys.index(key) / (len(keys) - 1) if len(keys) > 1 else 0.0)
            wanted["cume_dist"].append(sum(k <= key for k in keys) / len(keys))
    for function, values in wanted.items():
        assert segments.rank(function, peers).tolist() == values, function


@EXAMPLES
@given(SIZES, st.integers(1, 12))
def test_ntile(sizes: list[int], buckets: int) -> None:
    found = segments_of(sizes).ntile(np.full(len(sizes), buckets))
    wanted = []
    for size in sizes:
        small, larger = divmod(size, buckets)
        wanted += [b + 1 for b in range(buckets) for _ in range(small + (b < larger))]
    assert found is not None and found.tolist() == wanted
    assert segments_of(sizes).ntile(np.zeros(len(sizes), np.int64)) is None


@EXAMPLES
@given(SIZES, FRAME)
def test_frames_in_rows(sizes: list[int], frame: tuple[int | None, int | None]) -> None:
    found = bounded(sizes, *frame)
    assert list(zip(found.lo.tolist(), found.hi.tolist())) == frames_of(sizes, *frame)


def test_frames_by_peers() -> None:
    peers = np.array([1, 0, 1, 1, 0, 0], np.uint8)
    segments = segments_of([3, 3])
    running = segments.bounded(peers, (w.UNBOUNDED, 0), (w.PEERS, 0))
    assert list(zip(running.lo, running.hi)) == [(0, 2), (0, 2), (0, 3), (3, 6), (3, 6), (3, 6)]
    rest = segments.bounded(peers, (w.PEERS, 0), (w.UNBOUNDED, 0))
    assert list(zip(rest.lo, rest.hi)) == [(0, 3), (0, 3), (2, 3), (3, 6), (3, 6), (3, 6)]
    far = segments.bounded(peers, (w.ROWS, -(1 << 62)), (w.ROWS, 1 << 62))
    assert list(zip(far.lo, far.hi)) == [(0, 3)] * 3 + [(3, 6)] * 3


VALUES = st.lists(st.one_of(st.none(), st.integers(-6, 6)), min_size=1, max_size=9)


@EXAMPLES
@given(st.lists(VALUES, min_size=1, max_size=4), st.booleans(), st.booleans(), FRAME, st.sampled_from(("i64", "f64")))
def test_frames_by_distance(
    parts: list[list[int | None]], descending: bool, nulls_first: bool, frame: tuple[int | None, int | None], kind: str
) -> None:
    sign = -1 if descending else 1
    rows: list[int | None] = []
    wanted = []
    for part in parts:
        known = sorted([v for v in part if v is not None], reverse=descending)
        missing: list[int | None] = [None] * (len(part) - len(known))
        part = [*missing, *known] if nulls_first else [*known, *missing]
        first, stop = len(rows), len(rows) + len(part)
        rows += part
        for value in part:
            near = [first + i for i, v in enumerate(part) if v is value is None or (
                v is not None and value is not None
                and (frame[0] is None or sign * (v - value) >= frame[0])
                and (frame[1] is None or sign * (v - value) <= frame[1]))]
            # to the partition's end, NULLs too
            before = [first + i for i, v in enumerate(part) if v is None and nulls_first and value is not None]
            after = [first + i for i, v in enumerate(part) if v is None and not nulls_first and value is not None]
            near += before if frame[0] is None else []
            near += after if frame[1] is None else []
            if value is None:
                lo = first if frame[0] is None else min(near)
                near = list(range(lo, stop if frame[1] is None else max(near) + 1))
            wanted.append(sorted(near))
    array, valid = column(kind, rows)
    found = segments_of([len(part) for part in parts]).within((kind, array, valid), descending, *frame)
    assert [list(range(lo, hi)) for lo, hi in zip(found.lo, found.hi)] == wanted
    assert (np.diff(found.lo) >= 0).all() and (np.diff(found.hi) >= 0).all()  # frames never move backward


def test_frames_by_distance_at_the_ends_of_the_types() -> None:
    least, most = -(1 << 63), (1 << 63) - 1
    segments = segments_of([3])
    found = segments.within(("i64", np.array([least, 0, most]), None), False, -(1 << 62), 1 << 62)
    assert list(zip(found.lo, found.hi)) == [(0, 1), (1, 2), (2, 3)]
    numbers = np.array([-np.inf, 1.0, np.nan])
    found = segments.within(("f64", numbers, None), False, -1.0, 1.0)
    assert list(zip(found.lo, found.hi)) == [(0, 1), (1, 2), (2, 3)]


@pytest.mark.parametrize("kind", DOMAINS)
def test_expand_and_gather(kind: str) -> None:
    values = DOMAINS[kind]
    array, valid = column(kind, values)
    segments = segments_of([2, 1, 3, 1, 1, 1][: len(values)])
    spread = segments.expand(kind, array)
    rows = np.repeat(np.arange(len(values)), np.diff(segments.starts))
    moved, known = w.gather(kind, array, valid, rows)
    assert spread.tobytes() == moved.tobytes()
    assert [v is not None for v in np.array(values, object)[rows]] == known.astype(bool).tolist()
    nothing, known = w.gather(kind, array[:0], None, np.array([-1, -1]))
    assert not np.any(nothing) and not known.any()


@EXAMPLES
@given(SIZES, FRAME, st.randoms(use_true_random=False))
def test_exact_sums(sizes: list[int], frame: tuple[int | None, int | None], source: random.Random) -> None:
    rows, frames, bounds = sum(sizes), bounded(sizes, *frame), frames_of(sizes, *frame)
    small = [source.randrange(-1000, 1000) for _ in range(rows)]
    large = [source.choice([-(1 << 63), (1 << 63) - 1, 5]) for _ in range(rows)]
    huge = [source.choice([-(10**36), 10**36 + 7, 3]) for _ in range(rows)]
    assert w.total_i64(np.array(small), frames).tolist() == [sum(small[a:b]) for a, b in bounds]
    assert wide_values(w.total_wide(np.array(large, np.int64), frames)) == [sum(large[a:b]) for a, b in bounds]
    assert wide_values(w.total_i128(wide(huge), frames)) == [sum(huge[a:b]) for a, b in bounds]
    valid = np.array([source.randrange(2) for _ in range(rows)], np.uint8)
    assert w.count_valid(valid, frames).tolist() == [int(valid[a:b].sum()) for a, b in bounds]
    assert w.count_valid(None, frames).tolist() == [b - a for a, b in bounds]
    bits = np.array([source.getrandbits(63) - (1 << 62) for _ in range(rows)])
    for either in (False, True):
        found = w.total_bits(bits, valid, frames, either)
        for i, (a, b) in enumerate(bounds):
            kept = [int(x) for x, ok in zip(bits[a:b], valid[a:b], strict=True) if ok]
            if kept:
                want = kept[0]
                for x in kept[1:]:
                    want = want | x if either else want & x
                assert found[i] == want


def test_a_sum_beyond_38_digits_is_refused() -> None:
    frames = segments_of([3]).whole()
    top = 10**38 - 1
    assert wide_values(w.total_i128(wide([top, 1, -1]), frames)) == [top]
    for values in ([top, 1, 0], [-top, -1, 0], [top, top, top], [-top, -top, -top]):
        with pytest.raises(NumericOutOfRange):
            w.total_i128(wide(values), frames)
    one_each = bounded([3], 0, 0)  # a total may wrap on its way
    assert wide_values(w.total_i128(wide([top, top, top]), one_each)) == [top] * 3


@EXAMPLES
@given(SIZES, FRAME, st.randoms(use_true_random=False))
def test_floats(sizes: list[int], frame: tuple[int | None, int | None], source: random.Random) -> None:
    rows, frames, bounds = sum(sizes), bounded(sizes, *frame), frames_of(sizes, *frame)
    values = np.array([source.choice([1e300, -1e300, 1.0, 0.1, 1e-300, source.uniform(-5, 5)]) for _ in range(rows)])
    found = w.total_f64(values, frames)
    for i, (a, b) in enumerate(bounds):
        want = math.fsum(values[a:b])
        assert found[i] == pytest.approx(want, rel=1e-12, abs=1e270 if np.abs(values[a:b]).sum() > 1e299 else 1e-12)
    plain = np.array([source.uniform(0, 10) + 1e6 for _ in range(rows)])
    valid = np.array([source.randrange(4) > 0 for _ in range(rows)], np.uint8)
    for known in (valid, None):
        moments = w.moments(plain, known, frames)
        for (count, mean, squares), (a, b) in zip(moments, bounds, strict=True):
            kept = plain[a:b] if known is None else plain[a:b][valid[a:b] == 1]
            assert count == len(kept)
            if len(kept):
                assert mean == pytest.approx(kept.mean(), rel=1e-12)
                assert squares == pytest.approx(((kept - kept.mean()) ** 2).sum(), rel=1e-6, abs=1e-6)


def test_infinities_and_nan_leave_with_their_row() -> None:
    values = np.array([1.0, math.inf, 2.0, math.nan, 3.0, 4.0])
    found = w.total_f64(values, bounded([6], -1, 0))
    assert found[:3].tolist() == [1.0, math.inf, math.inf]
    assert math.isnan(found[3]) and math.isnan(found[4]) and found[5] == 7.0


@EXAMPLES
@given(SIZES, FRAME, st.randoms(use_true_random=False))
def test_rows_of_frames(sizes: list[int], frame: tuple[int | None, int | None], source: random.Random) -> None:
    rows, frames, bounds = sum(sizes), bounded(sizes, *frame), frames_of(sizes, *frame)
    valid = np.array([source.randrange(2) for _ in range(rows)], np.uint8)
    numbers = np.array([source.randrange(1, 5) for _ in range(rows)])
    for known in (None, valid):
        counted = w.Counted.of(known)
        kept = [[i for i in range(a, b) if known is None or valid[i]] for a, b in bounds]
        for number in (1, 2, 3):
            want = [k[number - 1] if len(k) >= number else -1 for k in kept]
            assert w.nth_rows(counted, frames, number).tolist() == want
        assert w.nth_rows(counted, frames, w.LAST).tolist() == [k[-1] if k else -1 for k in kept]
        found = w.numbered_rows(counted, frames, numbers, valid)
        assert found is not None
        want = [k[n - 1] if ok and len(k) >= n else -1 for k, n, ok in zip(kept, numbers, valid, strict=True)]
        assert found.tolist() == want
    assert w.numbered_rows(w.Counted.of(None), frames, numbers - 4, None) is None


@EXAMPLES
@given(SIZES, st.integers(-3, 3), st.randoms(use_true_random=False))
def test_shifted_rows(sizes: list[int], step: int, source: random.Random) -> None:
    segments, rows = segments_of(sizes), sum(sizes)
    valid = np.array([source.randrange(2) for _ in range(rows)], np.uint8)

    def shifted(i: int, a: int, b: int, by: int, kept: list[int]) -> int:
        if by == 0:
            return i
        beyond = [j for j in kept if j > i] if by > 0 else [j for j in reversed(kept) if j < i]
        return beyond[abs(by) - 1] if len(beyond) >= abs(by) else -1

    offsets = np.array([source.randrange(-2, 3) for _ in range(rows)])
    for known in (None, valid):
        counted = w.Counted.of(known)
        want, own = [], []
        for a, b in partitions(sizes):
            kept = [i for i in range(a, b) if known is None or valid[i]]
            want += [shifted(i, a, b, step, kept) for i in range(a, b)]
            own += [shifted(i, a, b, -int(offsets[i]), kept) if valid[i] else -1 for i in range(a, b)]
        assert w.shifted_rows(counted, segments, step).tolist() == want
        assert w.shifted_rows(counted, segments, -1, offsets, valid).tolist() == own


@pytest.mark.parametrize("kind", DOMAINS)
def test_best_rows(kind: str) -> None:
    source = random.Random(4)
    sizes = [source.randrange(1, 9) for _ in range(40)]
    for domain in (DOMAINS[kind], DOMAINS[kind][:-1]):
        values = [source.choice(domain) for _ in range(sum(sizes))]
        array, valid = column(kind, values)
        codes = order_codes(SortColumn(kind, array, valid), len(values))
        for frame in ((None, None), (None, 0), (-2, 1), (1, 3), (0, None)):
            for largest in (False, True):
                found = w.best_rows(codes, valid, bounded(sizes, *frame), largest)
                for (a, b), row in zip(frames_of(sizes, *frame), found, strict=True):
                    kept = [j for j in range(a, b) if values[j] is not None]
                    if not kept:
                        assert row == -1
                    else:
                        best = (max if largest else min)(codes[j] for j in kept)
                        assert row in kept and codes[row] == best


@pytest.mark.parametrize("kind", DOMAINS)
def test_codes_compare_as_the_values(kind: str) -> None:
    values = [v for v in DOMAINS[kind] if v is not None]
    array, valid = column(kind, values)
    codes = order_codes(SortColumn(kind, array, valid), len(values)).tolist()
    for x, a in zip(python_values(kind, array, valid), codes, strict=True):
        for y, b in zip(python_values(kind, array, valid), codes, strict=True):
            if like(x, y):
                assert a == b or kind == "i128"
            else:
                assert (a < b) == (y != y if x == x and y != y else x < y and x == x)


@EXAMPLES
@given(SIZES, st.sampled_from([b"", b",", b" and "]), st.randoms(use_true_random=False))
def test_join_texts(sizes: list[int], delimiter: bytes, source: random.Random) -> None:
    texts = [source.choice([b"a", b"bc", b"x" * 40]) for _ in range(sum(sizes))]
    keep = np.array([source.randrange(3) > 0 for _ in texts], np.uint8)
    array, _ = column("str", texts)
    want = [delimiter.join(t for t, k in zip(texts[a:b], keep[a:b], strict=True) if k) for a, b in partitions(sizes)]
    joined = w.join_texts(segments_of(sizes), array, keep, delimiter, 1000)
    assert joined is not None and python_values("str", joined[0], None) == want
    longest = max(map(len, want))
    assert w.join_texts(segments_of(sizes), array, keep, delimiter, longest) is not None
    if longest:
        assert w.join_texts(segments_of(sizes), array, keep, delimiter, longest - 1) is None


def test_no_rows() -> None:
    segments = w.Segments.of(w.changes([], 0))
    assert (segments.count, segments.rows) == (0, 0)
    assert len(segments.rank("rank", np.zeros(0, np.uint8))) == 0
    assert len(w.total_i64(np.zeros(0, np.int64), segments.whole())) == 0
    assert len(segments.expand("str", np.zeros((0, 2), np.int64))) == 0
