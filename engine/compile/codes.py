"""Text columns as codes in a program: 8 bytes a row instead of a view, and no look at the strings.

    source of the column                          codes                         dictionary (engine/texts.py)
    blocks that all are BYTEDICT                  intern_columns: entries met   the task's own, made while it runs
                                                  are interned, rows mapped
    a coded column of a collection, or of a       read or gathered              known before the program runs
    join's build side

`coded` writes the instructions where a column can be had so. Whoever takes codes must know them for what they are:
sinks, group keys, join keys and predicates do; every other expression gets the strings (batch.py decodes).
"""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from ...kernels import memory
from ...kernels.columns import Interner
from ...kernels.group_table import GroupTable
from ...planner.expressions import ColumnId
from ...records import dataclass
from ...storage.types import Physical
from ..context import Charge
from ..texts import Texts, coding_table
from .batch import Batch, ScanColumn, Value
from .program import External

CODE_LIMIT = (1 << 30) - 1


@dataclass(slots=True)
class Coder:
    """One task's dictionary of a scanned column while it grows, with what the instruction needs.

    NULL is in the table before any string, so that ids are codes.
    """

    table: GroupTable
    interner: Interner
    charge: Charge

    @staticmethod
    def make(column: int, table: GroupTable, charge: Charge) -> Coder:
        return Coder(table, Interner([column], table), charge.like(table.nbytes))

    def grow(self) -> None:
        self.table.grow()
        self.charge.add(self.table.nbytes - self.charge.bytes)


@dataclass(frozen=True, slots=True, eq=False)
class Coded:
    """`value`: the codes in slots, 0 under NULL. Their dictionary is `known`, or the task's for `key`."""

    value: Value
    known: Texts | None
    key: int = 0

    def texts(self, states: dict[int, Any]) -> Texts | None:
        """The dictionary, of a task's states; None if the task met no row."""
        if self.known is not None:
            return self.known
        coder: Coder | None = states.get(self.key)
        return None if coder is None else Texts.of_table(coder.table, coder.charge.like(0))


def known_texts(batch: Batch, column: ColumnId) -> Texts | None:
    """The dictionary of a column that is carried as codes."""
    if column in batch.computed:
        return None
    found = batch.scan.get(column) or batch.build.get(column)
    return None if found is None else found.texts


def coded(batch: Batch, column: ColumnId, charge: Charge) -> Coded | None:
    """A column as codes for the present rows, where that is cheaper than its strings."""
    if column in batch.computed:
        return None
    scan = batch.scan.get(column)
    if scan is not None and scan.coded:
        return _of_blocks(batch, scan, coding_table, charge)
    texts = known_texts(batch, column)
    return None if texts is None else Coded(batch.codes(column), texts)


def numbered(batch: Batch, column: ColumnId, texts: Texts, charge: Charge) -> Value | None:
    """A column as the numbers that `texts` gives to equal strings; others get numbers that it has not."""
    if column in batch.computed:
        return None
    scan = batch.scan.get(column)
    if scan is not None and scan.coded:
        return _of_blocks(batch, scan, texts.probe_table, charge).value
    own = known_texts(batch, column)
    if own is None:
        return None
    codes = batch.codes(column)
    if own is texts and texts.numbers is None:
        return codes
    return looked_up(batch, codes, texts.numbers_of(own))


def looked_up(batch: Batch, codes: Value, table: np.ndarray) -> Value:
    """table[code] of each row: int64 by code, 0 for NULL."""
    place = batch.builder.slot(Physical.I64)
    batch.builder.block("gather_i64", place, batch.builder.constant(table), codes.place)
    return replace(codes, place=place, hi=int(table.max()))


def _of_blocks(batch: Batch, scan: ScanColumn, table: Callable[[], GroupTable], charge: Charge) -> Coded:
    builder = batch.builder
    out = builder.slot(Physical.I64)

    def resolve(task: Any) -> int:
        coder: Coder = task.state(out.index, lambda: Coder.make(scan.index, table(), charge))
        return memory.address(coder.interner.block)

    rows = batch.index_from(0)
    pc = builder.block("intern_columns", out, rows, k=External(resolve))
    builder.growers[pc] = lambda task: task.states[out.index].grow()
    valid = None
    if scan.nullable:
        valid = builder.slot(Physical.BOOL)
        builder.block("fetch_valid", valid, rows, k=scan.index)
    return Coded(Value(scan.type, Physical.I64, out, valid, 0, CODE_LIMIT), None, out.index)
