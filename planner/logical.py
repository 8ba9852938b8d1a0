"""Logical plan: what rows are asked for, not how they are made. Frozen nodes, tuples for lists.

Every node says which columns (ColumnRef) it puts out; expressions refer to columns by id, so a node
may be moved anywhere its columns are available. Children come first. A correlated subquery has
columns of an outer query free in it; `planner/rewrites/` unnests it.
"""
from __future__ import annotations

import enum
from typing import TYPE_CHECKING, Any, Union

from ..records import dataclass
from .expressions import AggregateCall, ColumnId, ColumnRef, Expr, WindowCall

if TYPE_CHECKING:
    from ..storage.schema import Table


class PlanContents:
    """Room in every node for what was found in the plan below it when it was first asked: `free` of its columns
    (contents.py), `subjects` of rules (rewrites/subjects.py). No part of its value."""

    __slots__ = ("free", "subjects")
    free: frozenset[ColumnId]
    subjects: int


class JoinKind(enum.Enum):
    __hash__ = object.__hash__  # each member is one object; Enum's own hash is a Python function

    INNER = "Inner"
    LEFT = "Left"
    RIGHT = "Right"
    FULL = "Full"
    SEMI = "Semi"  # left rows that have a match
    ANTI = "Anti"  # left rows that have none
    SINGLE = "Single"  # left join that fails (21000) when a left row has two matches
    CROSS = "Cross"


@dataclass(frozen=True, slots=True)
class Scan(PlanContents):
    """Rows of a base table. columns: (output, position in table.columns). `alias` as in the text."""

    table: Table
    columns: tuple[tuple[ColumnRef, int], ...]
    alias: str


@dataclass(frozen=True, slots=True)
class VirtualScan(PlanContents):
    """Rows of a system table (engine/virtual/), read on the leader."""

    name: str  # schema.name
    columns: tuple[tuple[ColumnRef, int], ...]
    alias: str


@dataclass(frozen=True, slots=True)
class Values(PlanContents):
    """Constant rows; each row one expression per column. One row of no columns = SELECT without FROM."""

    columns: tuple[ColumnRef, ...]
    rows: tuple[tuple[Expr, ...], ...]


@dataclass(frozen=True, slots=True)
class Filter(PlanContents):
    """Rows for which `predicate` is true."""

    input: Logical
    predicate: Expr


@dataclass(frozen=True, slots=True)
class Project(PlanContents):
    """Computes columns; only these come out. A plain pass-through is (ref, ref)."""

    input: Logical
    columns: tuple[tuple[ColumnRef, Expr], ...]


@dataclass(frozen=True, slots=True)
class Join(PlanContents):
    """condition None only for CROSS. SEMI and ANTI put out the left columns only.
    null_aware (ANTI): NOT IN's rule, any NULL on the right or a NULL key on the left drops the row."""

    kind: JoinKind
    left: Logical
    right: Logical
    condition: Expr | None
    null_aware: bool = False


@dataclass(frozen=True, slots=True)
class DependentJoin(PlanContents):
    """For each left row the right side is evaluated with the left's columns: made by the binder for
    subqueries, removed by unnesting; never reaches the physical planner."""

    kind: JoinKind
    left: Logical
    right: Logical
    condition: Expr | None
    null_aware: bool = False


@dataclass(frozen=True, slots=True)
class Aggregate(PlanContents):
    """One row per distinct `groups`; without groups exactly one row. No aggregates = DISTINCT."""

    input: Logical
    groups: tuple[tuple[ColumnRef, Expr], ...]
    aggregates: tuple[tuple[ColumnRef, AggregateCall], ...]


@dataclass(frozen=True, slots=True)
class GroupingSets(PlanContents):
    """ROLLUP, CUBE, GROUPING SETS: the rows of one Aggregate for each of `sets` (places in `groups`).

    A group that a row's set lacks is NULL there. `groupings`: (output, places), a number with one bit a
    place, first place highest, 1 where the row's set lacks it. Made by the binder, gone after the rewrites.
    """

    input: Logical
    groups: tuple[tuple[ColumnRef, Expr], ...]
    aggregates: tuple[tuple[ColumnRef, AggregateCall], ...]
    sets: tuple[tuple[int, ...], ...]
    groupings: tuple[tuple[ColumnRef, tuple[int, ...]], ...]


@dataclass(frozen=True, slots=True)
class SortKey:
    expr: Expr
    descending: bool = False
    nulls_first: bool = False  # resolved: Redshift's default is NULLS LAST ascending, FIRST descending


@dataclass(frozen=True, slots=True)
class Window(PlanContents):
    """Every row of the input with a column for each call, computed over the rows of its partition (rows that
    agree in `partition`, NULLs equal) in the order `order`."""

    input: Logical
    partition: tuple[Expr, ...]
    order: tuple[SortKey, ...]
    calls: tuple[tuple[ColumnRef, WindowCall], ...]


@dataclass(frozen=True, slots=True)
class Unnest(PlanContents):
    """Each row of the input once for every element of the SUPER array `value` has there: `element`, and its index
    from 0 in `position`. `of_object`: for every attribute of an object, its name in `position`. A value that is no
    array (object) has no elements; `outer` keeps its row, with NULLs."""

    input: Logical
    value: Expr
    element: ColumnRef
    position: ColumnRef | None = None
    of_object: bool = False
    outer: bool = False

    @property
    def made(self) -> tuple[ColumnRef, ...]:
        return (self.element,) if self.position is None else (self.element, self.position)


@dataclass(frozen=True, slots=True)
class Sort(PlanContents):
    input: Logical
    keys: tuple[SortKey, ...]


@dataclass(frozen=True, slots=True)
class Limit(PlanContents):
    input: Logical
    count: int | None
    offset: int = 0


class SetKind(enum.Enum):
    UNION = "Union"
    INTERSECT = "Intersect"
    EXCEPT = "Except"


@dataclass(frozen=True, slots=True)
class SetOperation(PlanContents):
    """columns[i] is fed by left_columns[i] and right_columns[i], already cast to one type."""

    kind: SetKind
    all: bool
    left: Logical
    right: Logical
    columns: tuple[ColumnRef, ...]
    left_columns: tuple[ColumnRef, ...]
    right_columns: tuple[ColumnRef, ...]


@dataclass(frozen=True, slots=True)
class CteRef(PlanContents):
    """A use of a common table expression that is computed once (its plan stands in `Query.ctes`);
    columns: (output here, the CTE's own column)."""

    cte: int
    columns: tuple[tuple[ColumnRef, ColumnRef], ...]


@dataclass(frozen=True, slots=True)
class Recursion(PlanContents):
    """A recursive common table expression: the rows of `seed`, then those of `step` again and again, each
    time over the rows that came last, until there are none. columns[i] is fed by seed_columns[i] and
    step_columns[i], all of one type. Exactly one WorkingRows in `step` has its number."""

    number: int
    name: str
    seed: Logical
    step: Logical
    columns: tuple[ColumnRef, ...]
    seed_columns: tuple[ColumnRef, ...]
    step_columns: tuple[ColumnRef, ...]


@dataclass(frozen=True, slots=True)
class WorkingRows(PlanContents):
    """The rows that came last, inside the step of recursion `number`. columns: (output, place there)."""

    number: int
    name: str
    columns: tuple[tuple[ColumnRef, int], ...]


Logical = Union[
    Scan, VirtualScan, Values, Filter, Project, Join, DependentJoin, Aggregate, GroupingSets, Window, Unnest, Sort,
    Limit, SetOperation, CteRef, Recursion, WorkingRows,
]


@dataclass(frozen=True, slots=True)
class Query:
    """A whole SELECT: result columns with the names the user sees, and CTEs that are shared. No column anywhere in it
    has the number `next_id` or one behind it."""

    plan: Logical
    columns: tuple[ColumnRef, ...]
    names: tuple[str, ...]
    next_id: int
    ctes: tuple[tuple[int, Logical, tuple[ColumnRef, ...]], ...] = ()
    parameters: tuple[Any, ...] = ()  # values of literals by Literal.parameter
