"""Dictionaries of text columns: strings travel as small integers and become text where the result leaves.

A column of a collection may carry *codes* (int64) beside a `Texts`, the strings that they stand for:

    column   2 1 2 0 3          texts   0: ''       NULL (and no row); never the code of a value
    valid    1 1 1 0 1                  1: MAIL     values: distinct by their bytes
                                        2: AIR
                                        3: AIR_     a trailing blank counts in the bytes, not in comparisons

Codes say which bytes a value has. What compares values asks the dictionary, once per entry:

    numbers    equal for entries that compare as equal (None: the codes themselves): groups, joins
    ranks      in the order of the strings: ORDER BY, MIN, MAX          hashes    where rows are placed

Columns that share one dictionary object are compared by their codes; others are put on one first (`unified`): the
entries of all are interned, codes are mapped. A column is carried so only while its dictionary is small (`pays`),
else as string views, which everything takes as well.
"""
from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np

from ..kernels import memory, pack
from ..kernels.abi import FRAME_WORDS
from ..kernels.group_table import GroupKey, GroupTable
from ..kernels.hashing import hash_array
from ..kernels.sorting import has_trailing_blanks, text_ranks
from .context import Charge

FEW_ENTRIES = 1 << 12  # a dictionary this small pays for any number of rows
MOST_ENTRIES = 1 << 16  # a larger one does not
ROWS_PER_ENTRY = 4  # between the two it needs this many rows for each of its entries
FEW_STRINGS = 256  # room that is made for a new dictionary


def pays(entries: int, rows: int) -> bool:
    """Whether rows should be carried as codes of a dictionary of that many entries."""
    return entries <= FEW_ENTRIES or (entries <= MOST_ENTRIES and entries * ROWS_PER_ENTRY <= rows)


class Texts:
    """A dictionary: `views` (n, 2) of its strings, of which the first stands for NULL. Compared by identity."""

    def __init__(self, views: np.ndarray, owners: Sequence[np.ndarray], charge: Charge | None = None) -> None:
        self.views = views
        self.owners = list(owners)  # the bytes that views point into
        self.charge = charge

    @staticmethod
    def of_table(table: GroupTable, charge: Charge | None = None) -> Texts:
        """The strings of a group table of one text key. Their codes are their ids if NULL has id 0 (`coding_table`),
        else they count from 1 on without it."""
        strings = table.export()[0]
        values = strings.values if strings.valid is None else strings.values[strings.valid != 0]
        views = memory.empty(2 * len(values) + 2, np.int64).reshape(-1, 2)
        views[0] = 0
        views[1:] = values
        owners = [strings.owner] if isinstance(strings.owner, np.ndarray) else []
        texts = Texts(views, owners, charge)
        if charge is not None:
            charge.add(texts.nbytes)
        return texts

    def __len__(self) -> int:
        return len(self.views)

    @property
    def nbytes(self) -> int:
        return self.views.nbytes + sum(o.nbytes for o in self.owners)

    @cached_property
    def numbers(self) -> np.ndarray | None:
        """int64 by code: the same for strings that compare as equal; 0 for NULL. None: every code for itself."""
        if not has_trailing_blanks(self.views):
            return None  # and the bytes of all are different
        table = coding_table(len(self), exact=False)
        ids = table.ids(self.views[1:])
        return None if table.count == len(self) else _behind_null(ids)

    @cached_property
    def by_number(self) -> np.ndarray:
        """int64: the first code of each number."""
        return np.arange(len(self)) if self.numbers is None else _first(self.numbers)

    @cached_property
    def ranks(self) -> np.ndarray:
        """int64 by code: sorts as the strings do; 0 for NULL."""
        return _behind_null(text_ranks(self.views[1:]) + 1)

    @cached_property
    def by_rank(self) -> np.ndarray:
        """int64: the first code of each rank."""
        return _first(self.ranks)

    @cached_property
    def hashes(self) -> np.ndarray:
        """uint64 by code, as hash_array answers for the strings."""
        valid = memory.zeros(len(self), np.uint8)
        valid[1:] = 1
        return hash_array(self.views, "str", valid)

    @cached_property
    def lengths(self) -> np.ndarray:
        """int64 by code: bytes of the strings."""
        return np.ascontiguousarray(self.views[:, 1])

    def probe_table(self) -> GroupTable:
        """A table in which this dictionary's strings have their numbers as ids, and all others higher ones."""
        table = coding_table(len(self), exact=False)
        table.ids(self.views[1:])
        return table

    def numbers_of(self, other: Texts) -> np.ndarray:
        """int64 by code of `other`: the number of the equal string here; one above all of them if there is none."""
        if other is self:
            return np.arange(len(self)) if self.numbers is None else self.numbers
        return _behind_null(self.probe_table().ids(other.views[1:]))

    def decoded(self, codes: np.ndarray) -> np.ndarray:
        """The views of a column of codes."""
        out = memory.empty(2 * len(codes), np.int64).reshape(-1, 2)
        return _gather("gather_str", self.views, codes, out)

    def matches(self, op: str, k: int) -> np.ndarray:
        """uint8 by code: the answer of a predicate over STR views (an op and its k); 0 for NULL."""
        out = memory.zeros(len(self), np.uint8)
        frame = memory.zeros(FRAME_WORDS, np.int64)
        pack.native(op)(memory.address(out), memory.address(self.views), 0, 0, k, len(self), memory.address(frame))
        out[0] = 0
        return out


_NULL = memory.zeros(2, np.int64).reshape(1, 2)
EMPTY = Texts(_NULL, [])


def coding_table(expected: int = FEW_STRINGS, *, exact: bool = True) -> GroupTable:
    """A table whose ids are codes: NULL has id 0. Not `exact`: strings that compare as equal get one id."""
    table = GroupTable([GroupKey("str", exact=exact)], expected)
    table.ids(_NULL, memory.zeros(1, np.uint8))
    return table


def by_code(values: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """values[codes] for int64 (or uint64) values by code."""
    return _gather("gather_i64", values, codes, memory.empty(len(codes), values.dtype))


def unified(dictionaries: Sequence[Texts], charge: Charge | None) -> tuple[Texts, list[np.ndarray | None]]:
    """One dictionary for all, and for each what its codes are there (None: the same)."""
    first = max(dictionaries, key=len)
    if all(d is first for d in dictionaries):
        return first, [None] * len(dictionaries)
    table = coding_table(len(first))
    maps: dict[int, np.ndarray | None] = {id(first): None}
    table.ids(first.views[1:])
    for texts in dictionaries:
        if id(texts) not in maps:
            codes = _behind_null(table.ids(texts.views[1:]))
            maps[id(texts)] = None if np.array_equal(codes, np.arange(len(codes))) else codes
    whole = first if table.count == len(first) else Texts.of_table(table, charge and charge.like(0))
    return whole, [maps[id(d)] for d in dictionaries]


def _first(numbers: np.ndarray) -> np.ndarray:
    """Where each of the numbers 0, 1, 2 ... stands first."""
    found = memory.zeros(int(numbers.max()) + 1, np.int64)
    found[numbers[::-1]] = np.arange(len(numbers))[::-1]
    return found


def _behind_null(numbers: np.ndarray) -> np.ndarray:
    """The numbers of the values, with 0 for NULL before them."""
    out = memory.empty(len(numbers) + 1, np.int64)
    out[0] = 0
    out[1:] = numbers
    return out


def _gather(op: str, values: np.ndarray, codes: np.ndarray, out: np.ndarray) -> np.ndarray:
    codes = np.ascontiguousarray(codes)
    pack.native(op)(memory.address(out), memory.address(values), memory.address(codes), 0, 0, len(codes), 0)
    return out
