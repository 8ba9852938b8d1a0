"""Leaves only UNION ALL: the other set operations become grouping, which compares NULLs as equal.

    UNION         ->   Aggregate by all columns
                         Union all

    INTERSECT     ->   Project columns                       EXCEPT: in_left > 0 AND in_right = 0
                         Filter in_left > 0 AND in_right > 0
                           Aggregate by all columns: max(in_left), max(in_right)
                             Union all
                               left, 1, 0
                               right, 0, 1

INTERSECT ALL and EXCEPT ALL (the binder refuses them as Redshift does, unless compatibility is 'extended') keep
duplicates: the n-th of equal rows on one side meets the n-th on the other. So rows are numbered among their equals
(ROW_NUMBER over a window of all columns), and the number is one more column that is compared.
"""
from __future__ import annotations

from dataclasses import replace

from ...storage.types import BIGINT, INTEGER
from ..expressions import AggregateCall, And, ColumnRef, Compare, Expr, Literal, WindowCall
from ..logical import Aggregate, Filter, Logical, Project, SetKind, SetOperation, Window
from ..traverse import rewrite_plan
from .context import RewriteContext


def expand_set_operations(plan: Logical, context: RewriteContext) -> Logical:
    def visit(node: Logical) -> Logical:
        if not isinstance(node, SetOperation):
            return node
        if node.kind is SetKind.UNION:
            return node if node.all else _distinct_union(node, context)
        return _of_numbered(node, context) if node.all else _by_counting(node, context)

    return rewrite_plan(plan, visit)


def _distinct_union(node: SetOperation, context: RewriteContext) -> Logical:
    below = tuple([context.like(c) for c in node.columns])
    left, left_columns = _with_duplicates(node.left, node.left_columns)
    right, right_columns = _with_duplicates(node.right, node.right_columns)
    union = SetOperation(SetKind.UNION, True, left, right, below, left_columns, right_columns)
    return Aggregate(union, tuple(zip(node.columns, below)), ())


def _with_duplicates(plan: Logical, columns: tuple[ColumnRef, ...]) -> tuple[Logical, tuple[ColumnRef, ...]]:
    """An input of a UNION before its own duplicates were removed: once at the end is enough, however many there are."""
    if not isinstance(plan, Aggregate) or plan.aggregates:
        return plan, columns
    below = {ref.id: expr for ref, expr in plan.groups if isinstance(expr, ColumnRef)}
    found = [below.get(c.id) for c in columns]
    kept = tuple([c for c in found if c is not None])
    return (plan.input, kept) if len(kept) == len(columns) else (plan, columns)


def _of_numbered(node: SetOperation, context: RewriteContext) -> Logical:
    """With ALL: the distinct operation over rows that are numbered among their equals."""
    left, left_number = _numbered(node.left, node.left_columns, context)
    right, right_number = _numbered(node.right, node.right_columns, context)
    number = context.like(left_number)
    distinct = _by_counting(replace(
        node, all=False, left=left, right=right, columns=(*node.columns, number),
        left_columns=(*node.left_columns, left_number), right_columns=(*node.right_columns, right_number),
    ), context)
    return Project(distinct, tuple([(c, c) for c in node.columns]))


def _numbered(plan: Logical, columns: tuple[ColumnRef, ...], context: RewriteContext) -> tuple[Logical, ColumnRef]:
    number = context.fresh(BIGINT, "row_number", nullable=False)
    return Window(plan, columns, (), ((number, WindowCall("row_number", (), BIGINT)),)), number


def _by_counting(node: SetOperation, context: RewriteContext) -> Logical:
    in_left = context.fresh(INTEGER, "in_left", nullable=False)
    in_right = context.fresh(INTEGER, "in_right", nullable=False)
    left, left_marks = _marked(node.left, node.left_columns, (1, 0), context)
    right, right_marks = _marked(node.right, node.right_columns, (0, 1), context)
    below = tuple([context.like(c) for c in node.columns])
    union = SetOperation(
        SetKind.UNION, True, left, right, (*below, in_left, in_right),
        node.left_columns + left_marks, node.right_columns + right_marks,
    )
    most_left = context.fresh(INTEGER, "in_left", nullable=False)
    most_right = context.fresh(INTEGER, "in_right", nullable=False)
    calls = (
        (most_left, AggregateCall("max", (in_left,), INTEGER)),
        (most_right, AggregateCall("max", (in_right,), INTEGER)),
    )
    grouped = Aggregate(union, tuple(zip(node.columns, below)), calls)
    zero = Literal(0, INTEGER)
    right_test = ">" if node.kind is SetKind.INTERSECT else "="
    wanted = And((Compare(">", most_left, zero), Compare(right_test, most_right, zero)))
    return Project(Filter(grouped, wanted), tuple([(c, c) for c in node.columns]))


def _marked(
    plan: Logical, columns: tuple[ColumnRef, ...], values: tuple[int, int], context: RewriteContext
) -> tuple[Logical, tuple[ColumnRef, ...]]:
    marks = tuple([context.fresh(INTEGER, "mark", nullable=False) for _ in values])
    unique = {c.id: c for c in columns}.values()
    pairs: list[tuple[ColumnRef, Expr]] = [(c, c) for c in unique]
    pairs.extend([(mark, Literal(value, INTEGER)) for mark, value in zip(marks, values)])
    return Project(plan, tuple(pairs)), marks
