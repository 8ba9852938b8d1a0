"""String ops against Python's str and bytes."""
from __future__ import annotations

import operator
import random
from typing import Any

import numpy as np
import pytest
from support_kernels import Run, texts_of, views
from warehouse.kernels import abi, memory
from warehouse.kernels.text_blocks import make_comparison, make_list, make_trim
from warehouse.kernels.text_layout import (
    A_ADDRESS,
    A_CAPACITY,
    A_MISSING,
    ARENA_WORDS,
    C_EQ,
    C_GE,
    C_GT,
    C_LE,
    C_LT,
    C_NE,
)

_SOURCE = random.Random(0)
TEXTS = ["", "a", "ab", "abcdefgh", "abcdefghi", "ä", "€uro", "😀😀", "  x ", *(
    "".join(_SOURCE.choices("abAB ä€😀_%", k=_SOURCE.choice([1, 2, 3, 7, 8, 9, 31, 32, 33, 70]))) for _ in range(300)
)]
OTHERS = _SOURCE.sample(TEXTS, len(TEXTS))
N = len(TEXTS)
LEFT, RIGHT = views([t.encode() for t in TEXTS]), views([t.encode() for t in OTHERS])
NUMBERS = memory.padded(np.array([_SOURCE.randrange(-4, 12) for _ in TEXTS]))
COUNTS = memory.padded(np.array([_SOURCE.randrange(-2, 12) for _ in TEXTS]))
COMPARISONS: dict[int, Any] = {
    C_EQ: operator.eq, C_NE: operator.ne, C_LT: operator.lt, C_LE: operator.le, C_GT: operator.gt, C_GE: operator.ge,
}


def result(op: str, dtype: Any, *operands: Any, k: Any = 0) -> list[Any]:
    run = Run()
    out = run.out(N if dtype is not None else 2 * N, dtype or np.int64)
    assert run.call(op, out, *operands, k=k, n=N) == abi.OK
    return out.tolist() if dtype is not None else [t.decode() for t in texts_of(out)]


def test_lengths() -> None:
    assert result("length_str", np.int64, LEFT) == [len(t) for t in TEXTS]
    assert result("octet_length_str", np.int64, LEFT) == [len(t.encode()) for t in TEXTS]


def plain(text: str) -> bytes:
    """What counts when strings are compared: the bytes without trailing blanks."""
    return text.rstrip(" ").encode()


@pytest.mark.parametrize("code", COMPARISONS)
def test_comparisons_are_by_bytes(code: int) -> None:
    compare = COMPARISONS[code]
    want = [int(compare(plain(x), plain(y))) for x, y in zip(TEXTS, OTHERS, strict=True)]
    assert result("compare_str", np.uint8, LEFT, RIGHT, k=code) == want
    for constant in ("", "ab", "abcdefghi", "ä", "zz"):
        want = [int(compare(plain(x), plain(constant))) for x in TEXTS]
        assert result("compare_str_k", np.uint8, LEFT, k=make_comparison(code, constant)) == want


@pytest.mark.parametrize("items", [[], ["a", "", "ä"], TEXTS[:100], ["not there"]])
def test_lists(items: list[str]) -> None:
    wanted = {plain(item) for item in items}
    assert result("in_list_str", np.uint8, LEFT, k=make_list(items)) == [int(plain(t) in wanted) for t in TEXTS]


def substring(text: str, start: int, count: int | None = None) -> str:
    stop = len(text) if count is None else start - 1 + max(count, 0)
    first = max(start - 1, 0)
    return text[first : max(stop, first)]


def test_substring() -> None:
    triples = list(zip(TEXTS, NUMBERS.tolist(), COUNTS.tolist(), strict=True))
    assert result("substring_str", None, LEFT, NUMBERS, COUNTS) == [substring(t, s, c) for t, s, c in triples]
    assert result("substring_str", None, LEFT, NUMBERS) == [substring(t, s) for t, s, _ in triples]


@pytest.mark.parametrize("edge", [(1 << 63) - 1, -(1 << 63)])
def test_substring_survives_huge_numbers(edge: int) -> None:
    huge = memory.padded(np.full(N, edge))
    want = TEXTS if edge < 0 else [""] * N
    assert result("substring_str", None, LEFT, huge) == want
    ones = memory.padded(np.ones(N, np.int64))
    assert result("substring_str", None, LEFT, ones, huge) == (TEXTS if edge > 0 else [""] * N)


def test_left_and_right() -> None:
    pairs = list(zip(TEXTS, NUMBERS.tolist(), strict=True))
    assert result("left_str", None, LEFT, NUMBERS) == [t[:n] for t, n in pairs]
    assert result("right_str", None, LEFT, NUMBERS) == [t[-n:] if n else "" for t, n in pairs]


@pytest.mark.parametrize("characters", [" ", "ab", "_%x"])
def test_trim(characters: str) -> None:
    for left, right, python in ((True, True, str.strip), (True, False, str.lstrip), (False, True, str.rstrip)):
        block = make_trim(characters, left=left, right=right)
        assert result("trim_str", None, LEFT, k=block) == [python(t, characters) for t in TEXTS]


def test_position_counts_characters() -> None:
    want = [t.find(o) + 1 for t, o in zip(TEXTS, OTHERS, strict=True)]
    assert result("position_str", np.int64, LEFT, RIGHT) == want


class Arena:
    """An arena of a given capacity behind canaries."""

    def __init__(self, run: Run, capacity: int) -> None:
        self.bytes = run.out(capacity, np.uint8)
        self.words = memory.zeros(ARENA_WORDS, np.int64)
        self.words[A_CAPACITY], self.words[A_ADDRESS] = capacity, memory.address(self.bytes)


def in_arena(op: str, *operands: np.ndarray) -> list[str]:
    """First with too small an arena, then with exactly what was asked for."""
    run = Run()
    out, small = run.out(2 * N), Arena(run, 10)
    assert run.call(op, out, *operands, k=small.words, n=N) == abi.NEED_SPACE
    arena = Arena(run, 10 + int(small.words[A_MISSING]))
    for _ in range(2):  # each call starts the arena anew
        assert run.call(op, out, *operands, k=arena.words, n=N) == abi.OK
    return [t.decode() for t in texts_of(out)]


def test_concatenation() -> None:
    assert in_arena("concat_str", LEFT, RIGHT) == [x + y for x, y in zip(TEXTS, OTHERS, strict=True)]


def test_case_of_ascii() -> None:
    plain = [t.encode("ascii", "ignore").decode() for t in TEXTS]
    array = views([t.encode() for t in plain])
    assert in_arena("upper_str", array) == [t.upper() for t in plain]
    assert in_arena("lower_str", array) == [t.lower() for t in plain]


def test_case_of_other_text_is_left_to_python() -> None:
    run = Run()
    arena = Arena(run, 1 << 20)
    assert run.call("upper_str", run.out(2 * N), LEFT, k=arena.words, n=N) == abi.PYCALL
