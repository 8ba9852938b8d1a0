"""Text ops over scanned columns: dictionary and raw blocks, NULLs, selections, whole-block search."""
from __future__ import annotations

import random
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support_kernels import Run, python_values, text_descriptor
from warehouse.kernels import abi, memory
from warehouse.kernels.columns import ColumnScratch, Interner, make_column, make_like
from warehouse.kernels.group_table import GroupKey, GroupTable
from warehouse.kernels.like import compile_like
from warehouse.kernels.text_blocks import make_comparison, make_list
from warehouse.kernels.text_layout import C_EQ, C_GE

ROWS = 2500
WORDS = ["", "a", "ab", "special requests", "x special y requests z", "requests special", "ä€", "special", "quests sp"]
SCRATCH = ColumnScratch()


class Scan:
    """One text column of a row group, and a selection of its rows (None: all)."""

    def __init__(self, dictionary: bool, nulls: bool, selected: bool) -> None:
        source = random.Random(dictionary * 4 + nulls * 2 + selected)
        self.texts = [None if nulls and source.random() < 0.2 else source.choice(WORDS) for _ in range(ROWS)]
        coded = [None if t is None else t.encode() for t in self.texts]
        descriptor, self._owned = text_descriptor(coded, dictionary)
        self._owned.append(descriptor)
        self.columns = memory.words(0, memory.address(descriptor))
        self.selection = None
        self.rows: list[str | None] = self.texts
        if selected:
            numbers = sorted(source.randrange(-1, ROWS) for _ in range(1500))
            self.selection = memory.padded(np.array(numbers, np.int64))
            self.rows = [None if i < 0 else self.texts[i] for i in numbers]

    def run(self, op: str, dtype: type, block: np.ndarray) -> tuple[int, np.ndarray]:
        run = Run()
        run.frame[abi.F_USER] = memory.address(self.columns)
        out = run.out(len(self.rows), dtype)
        return run.call(op, out, self.selection, k=block, n=len(self.rows)), out


@pytest.fixture(params=[(d, n, s) for d in (False, True) for n in (False, True) for s in (False, True)],
                ids=lambda p: "-".join((("raw", "dictionary")[p[0]], ("full", "nulls")[p[1]], ("all", "some")[p[2]])))
def scan(request: pytest.FixtureRequest) -> Scan:
    return Scan(*request.param)


@pytest.mark.parametrize("pattern", ["%special%requests%", "%requests%", "special%", "%special", "", "%", "%a%", "ä_",
                                     "%s_ec%", "%special requests%", "%sp%sp%"])
def test_like(scan: Scan, pattern: str) -> None:
    block = compile_like(pattern)
    status, out = scan.run("pred_column", np.uint8, make_like(SCRATCH, 1, block))
    compiled = re.compile(pattern.replace("%", ".*").replace("_", "."))
    want = [0 if t is None else int(compiled.fullmatch(t) is not None) for t in scan.rows]
    assert (status, out.tolist()) == (abi.OK, want)


def test_a_needle_across_two_rows_is_no_hit() -> None:
    descriptor, owned = text_descriptor([b"xxspec", b"ialyy", b"special", b"spec"], False)
    run, columns = Run(), memory.words(memory.address(descriptor))
    run.frame[abi.F_USER] = memory.address(columns)
    pattern, out = compile_like("%special%"), run.out(4, np.uint8)
    assert run.call("pred_column", out, k=make_like(SCRATCH, 0, pattern), n=4) == abi.OK
    assert (out.tolist(), len(owned)) == ([0, 0, 1, 0], 2)


def test_comparisons_and_lists(scan: Scan) -> None:
    for code, text, holds in ((C_EQ, "special", lambda t: t == "special"), (C_GE, "b", lambda t: t >= "b")):
        block = make_comparison(code, text)
        column = make_column(SCRATCH, 1, "compare_str_k", memory.address(block))
        status, out = scan.run("pred_column", np.uint8, column)
        assert (status, out.tolist()) == (abi.OK, [0 if t is None else int(holds(t)) for t in scan.rows])
    items = make_list(["ab", "", "none"])
    status, out = scan.run("pred_column", np.uint8, make_column(SCRATCH, 1, "in_list_str", memory.address(items)))
    assert out.tolist() == [0 if t is None else int(t in ("ab", "", "none")) for t in scan.rows]


def test_interning_two_blocks_with_one_table(scan: Scan) -> None:
    table = GroupTable([GroupKey("str")], 8)
    interner, grown = Interner([1], table), 0
    other = Scan(True, True, True)
    for part in (scan, other, scan):
        while (answer := part.run("intern_columns", np.int64, interner.block))[0] == abi.NEED_SPACE:
            table.grow()
            grown += 1
        status, ids = answer
        known = table.export()[0]
        texts = python_values("str", known.values, known.valid)
        got = [None if texts[i] is None else texts[i].decode() for i in ids]
        assert (status, got) == (abi.OK, part.rows)
    assert grown > 0
    assert len(set(texts)) == len(texts)


@given(st.data())
@settings(max_examples=20, deadline=None)
def test_interning_columns_together(data: st.DataObject) -> None:
    """Several row groups, their dictionaries all different; some batches repeat the row group before."""
    count = data.draw(st.integers(1, 3))
    table = GroupTable([GroupKey("str")] * count, 8)
    interner = Interner(list(range(count)), table)
    for group in range(1, 1 + data.draw(st.integers(1, 3))):
        n, source = data.draw(st.sampled_from([1, 1023, 1025, 2300])), random.Random(data.draw(st.integers(0, 1 << 30)))
        entries = data.draw(st.sampled_from([1, 3, 60]))  # 61 ** 3 combinations are too many for the memo
        texts = [[source.choice([None, *(b"%d" % source.randrange(entries) for _ in range(4))]) for _ in range(n)]
                 for _ in range(count)]
        stored = [text_descriptor(column, data.draw(st.sampled_from([True, True, True, False]))) for column in texts]
        columns = memory.words(*(memory.address(d) for d, _ in stored))
        for _ in range(2):
            rows = data.draw(st.sampled_from(["all", "some", "run", "from"]))
            first = data.draw(st.integers(0, n - 1))
            chosen = {"all": range(n), "some": [i for i in range(-1, n) if source.random() < 0.7],
                      "run": range(first, n), "from": range(first // 1024 * 1024, n)}[rows]
            chosen = list(chosen) or [0]
            run = Run()
            run.frame[abi.F_USER], run.frame[abi.F_GROUP] = memory.address(columns), group
            out = run.out(len(chosen))
            selection = None if rows == "all" else memory.padded(np.array(chosen, np.int64))
            while (status := run.call("intern_columns", out, selection, k=interner.block, n=len(chosen))):
                assert status == abi.NEED_SPACE
                table.grow()
            known = [python_values("str", c.values, c.valid) for c in table.export()]
            want = [tuple(None if i < 0 else column[i] for column in texts) for i in chosen]
            assert [tuple(column[id] for column in known) for id in out] == want
    assert len(set(zip(*known, strict=True))) == table.count


def test_ids_are_codes_where_null_is_the_first(scan: Scan) -> None:
    """By a table that has NULL already; blanks at the end count if it is exact."""
    for exact, count in ((True, 3), (False, 2)):
        table = GroupTable([GroupKey("str", exact=exact)], 8)
        assert table.ids(memory.zeros(2, np.int64).reshape(1, 2), memory.zeros(1, np.uint8)).tolist() == [0]
        interner = Interner([1], table)
        while (answer := scan.run("intern_columns", np.int64, interner.block))[0] == abi.NEED_SPACE:
            table.grow()
        status, codes = answer
        known = table.export()[0]
        texts = [None if t is None else t.decode() for t in python_values("str", known.values, known.valid)]
        assert (status, [texts[code] for code in codes]) == (abi.OK, scan.rows)
        assert [code == 0 for code in codes] == [row is None for row in scan.rows]
        views, owned = text_descriptor([b"x", b"x ", b"x"], True)
        run, columns = Run(), memory.words(0, memory.address(views))
        run.frame[abi.F_USER], out = memory.address(columns), run.out(3)
        while run.call("intern_columns", out, k=interner.block, n=3) == abi.NEED_SPACE:
            table.grow()
        assert (len(set(out.tolist())) + 1, len(owned) > 0) == (count, True)


def test_few_rows_bring_only_their_strings() -> None:
    rows = [b"%d" % i for i in range(200)]
    descriptor, owned = text_descriptor(rows, True)
    run, columns = Run(), memory.words(memory.address(descriptor))
    run.frame[abi.F_USER] = memory.address(columns)
    table = GroupTable([GroupKey("str", exact=True)])
    selection, out = memory.words(7, 11, -1, 7), run.out(4)
    assert run.call("intern_columns", out, selection, k=Interner([0], table).block, n=4) == abi.OK
    known = table.export()[0]
    texts = python_values("str", known.values, known.valid)
    assert ([texts[code] for code in out], len(texts), len(owned) > 0) == ([b"7", b"11", None, b"7"], 3, True)


def test_results_of_a_dictionary_hold_for_one_row_group() -> None:
    block = make_column(ColumnScratch(), 0, "compare_str_k", memory.address(items := make_comparison(C_EQ, "b")))
    for group, texts in ((1, [b"a", b"b"]), (1, [b"a", b"b"]), (2, [b"b", b"c"]), (0, [b"a", b"b"]), (0, [b"b", b"c"])):
        descriptor, owned = text_descriptor(texts, True)
        run, columns = Run(), memory.words(memory.address(descriptor))
        run.frame[abi.F_USER], run.frame[abi.F_GROUP] = memory.address(columns), group
        out = run.out(2, np.uint8)
        assert run.call("pred_column", out, k=block, n=2) == abi.OK
        assert out.tolist() == [int(t == b"b") for t in texts]
        assert owned
    assert len(items)


def test_a_column_of_another_kind_fails() -> None:
    descriptor = memory.zeros(abi.DESCRIPTOR_WORDS, np.int64)
    descriptor[abi.D_KIND] = abi.DK_PACKED
    run, columns = Run(), memory.words(memory.address(descriptor))
    run.frame[abi.F_USER] = memory.address(columns)
    block = make_column(SCRATCH, 0, "like_str")
    interner = Interner([0], GroupTable([GroupKey("str")], 8))
    for op, words in (("pred_column", block), ("intern_columns", interner.block)):
        assert run.call(op, run.out(4), k=words, n=4) == abi.FAILED
        assert run.frame[abi.F_ERROR_CODE] == abi.ERR_BAD_ENCODING
