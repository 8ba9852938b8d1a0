"""Aggregates and GROUP BY.

The select list, HAVING and ORDER BY of a grouped query are bound over the rows *before* grouping, with
each aggregate call replaced by a column that the Aggregate node will make. Then every expression is
looked through once more: what equals a GROUP BY expression becomes that group's column; an aggregate's
column stays; any other column of the input is an error.

    select upper(s), sum(x) + 1 from t group by upper(s)
      bound      upper(s#1)         , c#5 + 1          aggregates: c#5 = sum(x#2)
      grouped    g#6                , c#5 + 1          groups:     g#6 = upper(s#1)
"""
from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from sqlglot import exp

from ...errors import GroupingError, NotSupportedError, SqlSyntaxError, UndefinedFunction
from ...storage.sketches import EMPTY
from ...storage.types import BIGINT, BOOLEAN, HLLSKETCH, INTEGER, TEXT, Kind, SqlType
from .. import collation, functions
from ..build import comparison_key
from ..coercion import coerce, settle
from ..columns import columns_of, columns_of_all, free_columns, substitute_plan
from ..expressions import (
    AggregateCall,
    Call,
    Case,
    ColumnId,
    ColumnRef,
    Exists,
    Expr,
    IsNull,
    Literal,
    Quantified,
    ScalarSubquery,
    Span,
)
from ..functions import hyperloglog
from ..functions.aggregate import DEVIATIONS
from ..intervals import as_number, from_number, typed
from ..logical import Aggregate, GroupingSets, Logical, SortKey
from ..traverse import map_children, unnumbered, walk
from . import super_totals
from .context import Binder
from .expressions import ExpressionBinder
from .grouping_sets import GroupBy
from .ordered import as_aggregate, bind_ordered
from .scope import Scope

T = TypeVar("T")
NESTED = "aggregate function calls may not have nested aggregate or window function"


class Aggregates:
    """The aggregate calls of one query, each once, with the column that holds its result."""

    __slots__ = ("b", "busy", "calls", "groupings", "order")

    def __init__(self, b: Binder) -> None:
        self.b = b
        self.calls: dict[AggregateCall, ColumnRef] = {}
        self.groupings: dict[tuple[Expr, ...], ColumnRef] = {}  # of GROUPING(...), by its arguments
        self.busy = False  # inside an aggregate's argument
        self.order: tuple[SortKey, ...] = ()  # that of the aggregates which have one

    def column(self, call: AggregateCall) -> ColumnRef:
        made = ColumnRef(self.b.next_id, call.type, call.function, call.function != "count", call.span)
        known = self.calls.setdefault(call, made)  # one look only: to hash a call is to walk through it
        if known is made:
            self.b.next_id += 1
        return known if known.span == call.span else _at(known, call.span)

    def grouping(self, args: tuple[Expr, ...], span: Span | None) -> ColumnRef:
        known = self.groupings.get(args)
        if known is None:
            known = self.groupings[args] = self.b.column(INTEGER, "grouping", False, span)
        return _at(known, span)

    def hold(self, expr: Expr) -> bool:
        """Whether the expression uses one of the calls."""
        columns = columns_of(expr)
        return any(ref.id in columns for ref in (*self.calls.values(), *self.groupings.values()))

    def __bool__(self) -> bool:
        return bool(self.calls or self.groupings)


def _at(column: ColumnRef, span: Span | None) -> ColumnRef:
    return ColumnRef(column.id, column.type, column.name, column.nullable, span)


def aggregate(e: ExpressionBinder, name: str, arguments: Sequence[Any], node: Any) -> Expr:
    """An aggregate call: the column of its result."""
    span = e.span(node)
    position = None if span is None else span[0]
    distinct, given = aggregated(name, arguments, position)
    aggregates, args = _inside(e, position, lambda: [e.bind(a) for a in given])
    _check_arguments(e, name, args, position)
    if len(args) == 1 and args[0].type.kind.is_numeric:
        return aggregates.column(_call(name, args, distinct, span))
    if super_totals.is_total(name, args):
        return super_totals.total(name, args[0], distinct, aggregates.column, span)
    if name in ("sum", "avg") and len(args) == 1 and args[0].type.kind.is_interval:
        value = typed(args[0])  # intervals are summed as the numbers they are
        total = aggregates.column(_call(name, [as_number(value)], distinct, span))
        return from_number(total, SqlType(value.type.kind), span)
    call = _call(name, [typed(a) for a in args], distinct, span)
    if call.function in ("min", "max") and call.type.is_super:
        return super_totals.extreme(call, aggregates.column)
    if call.function in ("min", "max") and call.type.case_insensitive:
        ranked = AggregateCall(call.function, (collation.ranked(call.args[0]),), TEXT, False, call.span)
        return collation.of_ranked(aggregates.column(ranked), call.type)
    return aggregates.column(call)


def ordered_aggregate(e: ExpressionBinder, name: str, arguments: Sequence[Any], node: Any) -> Expr:
    """An aggregate of values in order (ordered.py); all of a query have one order, as in Redshift."""
    position = e.b.position(node)
    found = functions.resolve_ordered(name)
    if found is not None and not found.alone and not e.b.context.extended:
        raise NotSupportedError(f"{name.upper()} without OVER is not supported by Redshift", position=position,
                                hint=f"Use APPROXIMATE {name.upper()}.")
    aggregates, call = _inside(e, position, lambda: bind_ordered(e, name, arguments, node))
    _check_arguments(e, name, [*call.args, *[k.expr for k in call.order]], position)
    if call.order and aggregates.order not in ((), call.order) and not e.b.context.extended:
        raise SqlSyntaxError("within group ORDER BY clauses for aggregate functions must be the same",
                             position=position)
    aggregates.order = call.order or aggregates.order
    return aggregates.column(as_aggregate(call, e.span(node)))


def sketch_aggregate(e: ExpressionBinder, name: str, arguments: Sequence[Any], node: Any) -> Expr:
    """HLL_CREATE_SKETCH, HLL_COMBINE (functions/hyperloglog.py)."""
    position, span = e.b.position(node), e.span(node)
    if len(arguments) != 1 or isinstance(arguments[0], (exp.Distinct, exp.Star)):
        raise SqlSyntaxError(f"{name.upper()} takes one expression", position=position)
    aggregates, value = _inside(e, position, lambda: typed(e.bind(arguments[0])))
    _check_arguments(e, name, [value], position)
    type = (hyperloglog.sketch if name == "hll_combine" else hyperloglog.counted)(value.type)
    if type is None:
        raise UndefinedFunction(f"function {name}({value.type.kind.value}) does not exist", position=position)
    value = coerce(value, type)
    if name == "hll_combine":
        return aggregates.column(AggregateCall("hll_combine", (value,), type, False, span))
    coupon = Call("hll_coupon", (comparison_key(value),), BIGINT, span)
    made = aggregates.column(AggregateCall("hll_sketch", (coupon,), HLLSKETCH, True, span))
    return Case(((IsNull(made, negated=True), made),), Literal(EMPTY, HLLSKETCH), HLLSKETCH)


def _inside(e: ExpressionBinder, position: int | None, bind: Callable[[], T]) -> tuple[Aggregates, T]:
    """Where the aggregate calls are collected, and what `bind` makes of the arguments of one."""
    aggregates = e.aggregates
    if aggregates is None:
        raise GroupingError(f"aggregates not allowed in {e.clause} clause", position=position)
    if aggregates.busy:
        raise GroupingError(NESTED, position=position)
    aggregates.busy = True
    try:
        return aggregates, bind()
    finally:
        aggregates.busy = False


def _check_arguments(e: ExpressionBinder, name: str, args: Sequence[Expr], position: int | None) -> None:
    if e.windows is not None and e.windows.ids and e.windows.hold(args):
        raise GroupingError(NESTED, position=position)
    if e.scope.parent is not None or e.b.arguments is not None:
        _refuse_outer(e, name, args, position)


def _refuse_outer(e: ExpressionBinder, name: str, args: Sequence[Expr], position: int | None) -> None:
    """An aggregate over columns of an outer query alone would be an aggregate of that query."""
    used = columns_of_all(args)
    if used and used.isdisjoint(c.id for relation in e.scope.relations for c in relation.columns):
        raise NotSupportedError(
            f"{name.upper()} over columns of an outer query only is not supported in a subquery", position=position
        )


_NO_VALUES = frozenset((exp.Distinct, exp.Star))


def aggregated(name: str, arguments: Sequence[Any], position: int | None) -> tuple[bool, Sequence[Any]]:
    """(DISTINCT?, arguments); COUNT(*) has none."""
    if len(arguments) == 1 and arguments[0].__class__ not in _NO_VALUES:
        return False, arguments
    if len(arguments) == 1 and isinstance(arguments[0], exp.Distinct):
        inner = arguments[0].expressions
        if len(inner) != 1 or isinstance(inner[0], exp.Star):
            raise NotSupportedError(
                f"{name.upper()}(DISTINCT ...) takes one expression in Redshift", position=position
            )
        return True, inner
    if len(arguments) == 1 and isinstance(arguments[0], exp.Star):
        if name != "count":
            raise SqlSyntaxError(f"{name}(*) is not allowed", position=position)
        return False, ()
    if name == "count" and not arguments:
        raise SqlSyntaxError("count(*) must be used to call a parameterless aggregate function",
                             sqlstate="42809", position=position)
    return False, arguments


def _call(name: str, args: list[Expr], distinct: bool, span: Span | None) -> AggregateCall:
    found = functions.resolve_aggregate(name)
    assert found is not None
    if not args and name == "count":
        return AggregateCall("count", (), BIGINT, False, span)
    type = found.result(args[0].type) if len(args) == 1 else None
    if type is None:
        shown = ", ".join('"unknown"' if a.type.kind is Kind.UNKNOWN else a.type.kind.value for a in args)
        raise UndefinedFunction(f"function {name}({shown}) does not exist", position=None if span is None else span[0])
    arg = args[0]
    if name == "count":
        arg = settle(arg)
    elif found.key in DEVIATIONS or arg.type.kind.is_unknown or (
        type is BOOLEAN and arg.type.kind is not Kind.BOOLEAN
    ):
        arg = coerce(arg, type)
    return AggregateCall(found.key, (arg,), type, distinct and found.keeps_distinct, span)


# -- grouping ------------------------------------------------------------------------------------


class Grouping:
    """An Aggregate node being made, and the rewriting of what stands above it."""

    def __init__(self, b: Binder, scope: Scope, group_by: GroupBy, aggregates: Aggregates) -> None:
        self.b = b
        self.scope = scope
        self.aggregates = aggregates
        self.sets = group_by.sets
        self.groups: dict[Expr, ColumnRef] = {}
        for expr in map(unnumbered, group_by.exprs):
            if expr not in self.groups:
                nullable = expr.nullable if isinstance(expr, ColumnRef) and self.sets is None else True
                name = expr.name if isinstance(expr, ColumnRef) else "group"
                self.groups[expr] = b.column(expr.type, name, nullable, getattr(expr, "span", None))
        made = [expr for expr in self.groups if expr.__class__ is not ColumnRef]
        self.with_literals = any(isinstance(e, Literal) for expr in made for e in walk(expr))
        self.input = {c.id for relation in scope.relations for c in relation.columns}

    def node(self, plan: Logical) -> Aggregate | GroupingSets:
        groups = tuple((ref, expr) for expr, ref in self.groups.items())
        calls = tuple((ref, call) for call, ref in self.aggregates.calls.items())
        if self.sets is None and not self.aggregates.groupings:
            return Aggregate(plan, groups, calls)
        sets = (tuple(range(len(groups))),) if self.sets is None else self.sets
        groupings = tuple((ref, self._places(args, ref)) for args, ref in self.aggregates.groupings.items())
        return GroupingSets(plan, groups, calls, sets, groupings)

    def _places(self, args: tuple[Expr, ...], ref: ColumnRef) -> tuple[int, ...]:
        """Which groups the arguments of GROUPING are."""
        known = list(self.groups)
        if any(arg not in self.groups for arg in args):
            raise GroupingError("arguments to GROUPING must be grouping expressions of the associated query level",
                                position=None if ref.span is None else ref.span[0])
        return tuple(known.index(arg) for arg in args)

    def above(self, expr: Expr) -> Expr:
        """`expr`, bound over the input, as it reads above the Aggregate."""
        known = self.groups.get(unnumbered(expr) if self.with_literals else expr)
        if known is not None:
            return known
        if isinstance(expr, ColumnRef):
            if expr.id in self.input:
                raise self._not_grouped(expr)
            return expr
        expr = map_children(expr, self.above)
        if isinstance(expr, ScalarSubquery):
            return ScalarSubquery(self._plan_above(expr.plan, expr.span), expr.column, expr.span)
        if isinstance(expr, Exists):
            return Exists(self._plan_above(expr.plan, expr.span), expr.negated, expr.span)
        if isinstance(expr, Quantified):
            plan = self._plan_above(expr.plan, expr.span)
            return Quantified(expr.op, expr.all, expr.arg, plan, expr.column, expr.span)
        return expr

    def _plan_above(self, plan: Logical, span: Span | None) -> Logical:
        """A subquery's plan with the columns it takes from here replaced by those of the groups."""
        mapping: dict[ColumnId, Expr] = {ref.id: out for ref, out in self.groups.items() if isinstance(ref, ColumnRef)}
        for id in free_columns(plan):
            if id in self.input and id not in mapping:
                raise GroupingError(
                    f'subquery uses ungrouped column "{self._name(id)}" from outer query',
                    position=None if span is None else span[0],
                )
        return substitute_plan(plan, mapping)

    def _not_grouped(self, column: ColumnRef) -> GroupingError:
        return GroupingError(
            f'column "{self._name(column.id)}" must appear in the GROUP BY clause or be used in an aggregate '
            "function",
            position=None if column.span is None else column.span[0],
        )

    def _name(self, id: ColumnId) -> str:
        for relation in self.scope.relations:
            for name, column in zip(relation.names, relation.columns):
                if column.id == id:
                    return f"{relation.alias}.{name}" if relation.alias else name
        return "?"
