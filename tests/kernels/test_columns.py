"""Text ops over scanned columns: dictionary and raw blocks, NULLs, selections, whole-block search."""
from __future__ import annotations

import random
import re

import numpy as np
import pytest
from support_kernels import Run, python_values, text_descriptor
from warehouse.kernels import abi, memory
from warehouse.kernels.columns import ColumnScratch, make_column, make_intern, make_like
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
    block, grown = make_intern(SCRATCH, 1, table), 0
    other = Scan(True, True, True)
    for part in (scan, other, scan):
        while (answer := part.run("intern_column", np.int64, block))[0] == abi.NEED_SPACE:
            table.grow()
            grown += 1
        status, ids = answer
        known = table.export()[0]
        texts = python_values("str", known.values, known.valid)
        got = [None if texts[i] is None else texts[i].decode() for i in ids]
        assert (status, got) == (abi.OK, part.rows)
    assert grown > 0
    assert len(set(texts)) == len(texts)


def test_a_column_of_another_kind_fails() -> None:
    descriptor = memory.zeros(abi.DESCRIPTOR_WORDS, np.int64)
    descriptor[abi.D_KIND] = abi.DK_PACKED
    run, columns = Run(), memory.words(memory.address(descriptor))
    run.frame[abi.F_USER] = memory.address(columns)
    block = make_column(SCRATCH, 0, "like_str")
    for op in ("pred_column", "intern_column"):
        assert run.call(op, run.out(4), k=block, n=4) == abi.FAILED
        assert run.frame[abi.F_ERROR_CODE] == abi.ERR_BAD_ENCODING
