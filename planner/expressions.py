"""Bound expressions: every name resolved, every type known, every implicit cast spelled out.

A column is a `ColumnId`, a number that is unique in the whole plan; operators say which columns they
make and need, and a rewrite never has to renumber positions. Literals carry values in physical form
(storage/types.py). `span` is (start, end) in the statement's text, kept through all rewrites so that
run-time errors have a position; it does not count for equality.

What each operator promises about its arguments (the binder makes it so, the engine relies on it):

    comparison      both sides have the same kind; DECIMALs the same scale; ints any widths
    add, subtract   result type's kind; DECIMAL arguments already have the result's scale
    multiply        DECIMAL: scale of result <= sum of scales; the engine rounds down to it
    divide          DECIMAL: see r_numeric_computations201; integers: truncates toward zero
    AND OR NOT      BOOLEAN, three-valued
    functions       argument types exactly as in the catalogue's signature (planner/functions/)
"""
from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING, Any, Union

from ..records import dataclass
from ..storage.types import BIGINT, BOOLEAN, SqlType

if TYPE_CHECKING:
    from .logical import Logical, SortKey

Span = tuple[int, int]
ColumnId = int


class Contents:
    """Room in every expression for what contents.py found inside when it was first asked. No part of its value."""

    __slots__ = ("reads", "traits")
    reads: frozenset[ColumnId]
    traits: int


@dataclass(frozen=True, slots=True)
class ColumnRef(Contents):
    id: ColumnId
    type: SqlType
    name: str = field(default="?", compare=False)
    nullable: bool = field(default=True, compare=False)
    span: Span | None = field(default=None, compare=False, repr=False)

    def __hash__(self) -> int:
        return self.id


@dataclass(frozen=True, slots=True)
class Literal(Contents):
    """A constant in physical form (None = NULL). `parameter` >= 0: literal number of the statement
    that a cached plan replaces (plan cache); -1 = part of the plan's shape. `local`: a TIMESTAMPTZ written
    without a zone, still the wall clock of the session's (binder/zones.py)."""

    value: Any
    type: SqlType
    parameter: int = -1
    span: Span | None = field(default=None, compare=False, repr=False)
    local: bool = False


@dataclass(frozen=True, slots=True)
class Call(Contents):
    """A function or arithmetic operator by its implementation key: 'add', 'subtract', 'multiply',
    'divide', 'modulo', 'negate', 'date_add_months', 'substring', 'extract_year' ..."""

    key: str
    args: tuple[Expr, ...]
    type: SqlType
    span: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Cast(Contents):
    operand: Expr
    type: SqlType
    implicit: bool = True
    span: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Compare(Contents):
    op: str  # '=', '<>', '<', '<=', '>', '>='
    left: Expr
    right: Expr
    span: Span | None = field(default=None, compare=False, repr=False)

    @property
    def type(self) -> SqlType:
        return BOOLEAN


@dataclass(frozen=True, slots=True)
class And(Contents):
    args: tuple[Expr, ...]

    @property
    def type(self) -> SqlType:
        return BOOLEAN


@dataclass(frozen=True, slots=True)
class Or(Contents):
    args: tuple[Expr, ...]

    @property
    def type(self) -> SqlType:
        return BOOLEAN


@dataclass(frozen=True, slots=True)
class Not(Contents):
    arg: Expr

    @property
    def type(self) -> SqlType:
        return BOOLEAN


@dataclass(frozen=True, slots=True)
class IsNull(Contents):
    """IS NULL, or IS NOT NULL when negated. Never NULL itself."""

    arg: Expr
    negated: bool = False

    @property
    def type(self) -> SqlType:
        return BOOLEAN


@dataclass(frozen=True, slots=True)
class InList(Contents):
    """arg IN (constants); `values` in physical form of arg's type, without NULL.
    `has_null`: a NULL stood in the list (then a miss is NULL). `local`: as of a Literal."""

    arg: Expr
    values: tuple[Any, ...]
    negated: bool = False
    has_null: bool = False
    span: Span | None = field(default=None, compare=False, repr=False)
    local: bool = False

    @property
    def type(self) -> SqlType:
        return BOOLEAN


@dataclass(frozen=True, slots=True)
class Like(Contents):
    """LIKE with a constant pattern, escape already resolved by `pattern`'s reader (escape char kept)."""

    arg: Expr
    pattern: str
    escape: str = "\\"
    case_insensitive: bool = False
    negated: bool = False
    span: Span | None = field(default=None, compare=False, repr=False)

    @property
    def type(self) -> SqlType:
        return BOOLEAN


@dataclass(frozen=True, slots=True)
class Case(Contents):
    """Searched CASE; simple CASE, COALESCE, NVL, NULLIF, DECODE are bound to this."""

    whens: tuple[tuple[Expr, Expr], ...]
    default: Expr
    type: SqlType
    span: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class AggregateCall(Contents):
    """An aggregate; lives only in Aggregate nodes after binding. function: 'count' (no argument =
    count(*)), 'sum', 'min', 'max', 'avg', 'any_value', 'bool_and', 'bool_or', 'stddev_samp' ...
    `order`: WITHIN GROUP's keys (gone after the rewrites)."""

    function: str
    args: tuple[Expr, ...]
    type: SqlType
    distinct: bool = False
    span: Span | None = field(default=None, compare=False, repr=False)
    order: tuple[SortKey, ...] = ()


@dataclass(frozen=True, slots=True)
class Frame:
    """The rows around the current one that a window function sees, from `start` to `end`, both included.

    mode 'rows': an offset counts rows, negative before the current one, 0 the current row itself.
    mode 'range': 0 stands for all rows that the ORDER BY does not tell from the current one (its peers); another
    offset is a distance between values of the only ORDER BY column, as they are held (days, microseconds, a decimal's
    last digit).
    None: UNBOUNDED, the partition's first or last row."""

    mode: str = "rows"
    start: float | None = None
    end: float | None = None

    @property
    def by_distance(self) -> bool:
        """Whether rows are told by how far their values lie apart."""
        return self.mode == "range" and bool(self.start or self.end)


WHOLE_PARTITION = Frame()


@dataclass(frozen=True, slots=True)
class WindowCall(Contents):
    """A window function over a frame; lives only in Window nodes after binding. function: an aggregate's key,
    or 'row_number', 'rank', 'lag', 'percentile_cont' ... (functions/window.py).
    `once`: only a partition's first row gets the value, the others NULL (ordered-set aggregates)."""

    function: str
    args: tuple[Expr, ...]
    type: SqlType
    frame: Frame = WHOLE_PARTITION
    ignore_nulls: bool = False
    distinct: bool = False
    once: bool = False
    span: Span | None = field(default=None, compare=False, repr=False)

    @property
    def by_peers(self) -> bool:
        """Whether the result depends on which rows the ORDER BY does not tell apart."""
        ranges = self.frame.mode == "range" and self.frame != WHOLE_PARTITION
        return ranges or self.function in ("rank", "dense_rank", "percent_rank", "cume_dist")


@dataclass(frozen=True, slots=True)
class ScalarSubquery(Contents):
    """One column, at most one row; gone after unnesting. Free columns of `plan` are correlated."""

    plan: Logical
    column: ColumnRef
    span: Span | None = field(default=None, compare=False, repr=False)

    @property
    def type(self) -> SqlType:
        return self.column.type


@dataclass(frozen=True, slots=True)
class Exists(Contents):
    plan: Logical
    negated: bool = False
    span: Span | None = field(default=None, compare=False, repr=False)

    @property
    def type(self) -> SqlType:
        return BOOLEAN


@dataclass(frozen=True, slots=True)
class Quantified(Contents):
    """arg op ANY|ALL (subquery). IN is '= ANY', NOT IN is '<> ALL'."""

    op: str
    all: bool
    arg: Expr
    plan: Logical
    column: ColumnRef
    span: Span | None = field(default=None, compare=False, repr=False)

    @property
    def type(self) -> SqlType:
        return BOOLEAN


Expr = Union[
    ColumnRef, Literal, Call, Cast, Compare, And, Or, Not, IsNull, InList, Like, Case,
    AggregateCall, WindowCall, ScalarSubquery, Exists, Quantified,
]

COUNT_TYPE = BIGINT
