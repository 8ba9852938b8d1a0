"""How many rows a plan node gives, and what its columns hold: estimates from statistics.

Column ids are unique in a plan, so what is known of a column is kept once for the whole query:

    id -> ColumnEstimate(distinct, low, high, nulls, width, rows of its source)

Rows are kept per node. A filter or join above thins the distinct values out; `distinct(id, rows)`
answers for a node of so many rows: of d values spread evenly over R rows, n random rows still show
d * (1 - (1 - n/R)**(R/d)). Nothing here is a proof; without statistics sane defaults stand in.
"""
from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ...storage.types import Kind
from ..columns import columns_of
from ..expressions import AggregateCall, Call, Case, Cast, ColumnId, ColumnRef, Compare, Expr, InList, Literal
from ..logical import (
    Aggregate,
    CteRef,
    DependentJoin,
    Filter,
    GroupingSets,
    Join,
    Limit,
    Logical,
    Project,
    Recursion,
    Scan,
    SetOperation,
    Sort,
    Unnest,
    Values,
    VirtualScan,
    Window,
    WorkingRows,
)
from ..predicates import conjuncts
from .column_estimates import DEFAULT_DISTINCT, ColumnEstimate, combined, joined_rows, of_table, thinned, type_width
from .key_bands import join_selectivity
from .selectivity import selectivity

if TYPE_CHECKING:
    from ...storage.schema import CatalogView

DEFAULT_ROWS = 1000.0  # a table nobody has analyzed
VIRTUAL_ROWS = 100.0
RECURSION_ROUNDS = 10  # of a recursive common table expression, as nobody knows
ELEMENTS = 10.0  # of an array in FROM


class Estimator:
    """Rows and columns of every node of one query."""

    def __init__(self, view: CatalogView) -> None:
        self.view = view
        self.columns: dict[ColumnId, ColumnEstimate] = {}
        self.cte_rows: dict[int, float] = {}
        self.working: dict[int, tuple[float, list[ColumnEstimate]]] = {}  # of recursions: rows that come at once
        self.sources: dict[ColumnId, ColumnId] = {}  # column of a table -> the first column of its scan
        self._tables: dict[tuple[int, int], ColumnEstimate] = {}  # by table (id() of one of the plan) and place
        self._rows: dict[int, float] = {}
        self._kept: list[Logical] = []  # nodes whose id() is a key above stay alive

    # -- columns ---------------------------------------------------------------------------------

    def column(self, ref: ColumnRef) -> ColumnEstimate:
        found = self.columns.get(ref.id)
        if found is None:
            found = ColumnEstimate(DEFAULT_DISTINCT, DEFAULT_ROWS, width=type_width(ref.type))
            self.columns[ref.id] = found
        return found

    def distinct(self, expr: Expr, rows: float) -> float:
        """Distinct values of an expression over `rows` rows."""
        estimate = self.of_expression(expr, rows)
        return thinned(estimate.distinct, estimate.source_rows, rows)

    def of_expression(self, expr: Expr, rows: float) -> ColumnEstimate:
        if expr.__class__ is ColumnRef:
            return self.columns.get(expr.id) or self.column(expr)  # type: ignore[union-attr, arg-type]
        match expr:
            case Literal():
                return ColumnEstimate(1, max(rows, 1), expr.value, expr.value, 0.0, type_width(expr.type))
            case Cast() if _keeps_values(expr):
                return self.of_expression(expr.operand, rows)
            case _:
                return self._of_call(expr, rows)

    def _of_call(self, expr: Expr, rows: float) -> ColumnEstimate:
        """One argument column: not more values than it; a part of a date: the parts there are."""
        ids = columns_of(expr)
        distinct = 1.0
        for column in ids:
            known = self.columns.get(column)
            distinct *= known.distinct if known else DEFAULT_DISTINCT
        if isinstance(expr, Call):
            distinct = min(distinct, self._parts(expr, distinct))
        if isinstance(expr, Case):
            values = [v for _, v in expr.whens] + [expr.default]
            if all(isinstance(v, Literal) for v in values):
                distinct = min(distinct, len(values))
        width = type_width(expr.type)
        return ColumnEstimate(max(1.0, min(distinct, max(rows, 1))), max(rows, 1), width=width)

    def _parts(self, call: Call, otherwise: float) -> float:
        """How many parts of dates there are, and short pieces of text."""
        if call.key in ("substring", "left") and isinstance(call.args[-1], Literal):
            return float(10 ** min(9, call.args[-1].value or 0))
        fixed = {"extract_month": 12, "extract_quarter": 4, "extract_day": 31, "extract_dow": 7}
        if call.key in fixed:
            return float(fixed[call.key])
        arg = next((a for a in call.args if isinstance(a, ColumnRef)), None)
        if call.key == "extract_year" and arg is not None and arg.type.kind is Kind.DATE:
            known = self.column(arg)
            if known.low is not None and known.high is not None:
                return (known.high - known.low) // 365 + 1
        return otherwise

    def width(self, refs: tuple[ColumnRef, ...]) -> int:
        known = self.columns
        return round(sum([(known.get(ref.id) or self.column(ref)).width for ref in refs]))

    # -- rows ------------------------------------------------------------------------------------

    def rows(self, plan: Logical) -> float:
        found = self._rows.get(id(plan))
        if found is None:
            found = max(0.0, _ROWS[plan.__class__](self, plan))
            self._rows[id(plan)] = found
            self._kept.append(plan)
        return found

    def set_rows(self, plan: Logical, rows: float) -> None:
        """A better estimate, made while planning."""
        self._rows[id(plan)] = rows
        self._kept.append(plan)

    def _filter(self, plan: Filter) -> float:
        rows = self.rows(plan.input)
        share = selectivity(plan.predicate, self, rows)
        self._narrow(plan.predicate)
        return rows * share

    def _project(self, plan: Project) -> float:
        rows = self.rows(plan.input)
        self._derive(plan.columns, rows)
        return rows

    def _unnest(self, plan: Unnest) -> float:
        rows = self.rows(plan.input) * ELEMENTS
        for ref in plan.made:
            distinct = max(1.0, min(rows, DEFAULT_DISTINCT))
            self.columns[ref.id] = ColumnEstimate(distinct, max(rows, 1.0), width=type_width(ref.type))
        return rows

    def _limit(self, plan: Limit) -> float:
        rows = max(0.0, self.rows(plan.input) - plan.offset)
        return rows if plan.count is None else min(rows, float(plan.count))

    def _working(self, plan: WorkingRows) -> float:
        rows, columns = self.working[plan.number]
        for ref, place in plan.columns:
            self.columns[ref.id] = columns[place]
        return rows

    def _narrow(self, predicate: Expr) -> None:
        """Columns that a filter holds to a few values have no others above it."""
        for part in conjuncts(predicate):
            match part:
                case Compare(op="=", left=ColumnRef() as ref, right=Literal()):
                    values = 1
                case Compare(op="=", left=Literal(), right=ColumnRef() as ref):
                    values = 1
                case InList(arg=ColumnRef() as ref, negated=False):
                    values = len(part.values)
                case _:
                    continue
            known = self.column(ref)
            if known.distinct > values:
                self.columns[ref.id] = known.with_distinct(max(1.0, values))

    def _scan(self, plan: Scan) -> float:
        statistics = self.view.data(plan.table).statistics
        known = bool(statistics.rows or statistics.columns)
        rows = float(statistics.rows) if known else DEFAULT_ROWS
        first, table = plan.columns[0][0].id, id(plan.table)
        for ref, position in plan.columns:
            self.sources[ref.id] = first
            found = self._tables.get((table, position))
            if found is None:
                column = statistics.columns.get(plan.table.columns[position].id)
                found = self._tables[table, position] = of_table(column, ref.type, rows)
            self.columns[ref.id] = found
        return rows

    def _values(self, plan: Values) -> float:
        rows = float(len(plan.rows))
        for ref in plan.columns:
            self.columns[ref.id] = ColumnEstimate(max(1.0, rows), rows, width=type_width(ref.type))
        return rows

    def _cte(self, plan: CteRef) -> float:
        for ref, made in plan.columns:
            self.columns[ref.id] = self.column(made)
        return self.cte_rows.get(plan.cte, DEFAULT_ROWS)

    def _derive(self, pairs: tuple[tuple[ColumnRef, Expr], ...], rows: float) -> None:
        for ref, expr in pairs:
            if isinstance(expr, ColumnRef) and expr.id == ref.id:
                continue
            self.columns[ref.id] = self.of_expression(expr, rows)
            if (source := self._source(expr)) is not None:
                self.sources[ref.id] = source

    def groups(self, exprs: list[Expr], rows: float) -> float:
        """Distinct combinations. Columns of one table have at most as many as it has rows; beyond that
        they are damped, being seldom independent."""
        return self._combinations([(self._source(e), self.distinct(e, rows)) for e in exprs], rows)

    def _combinations(self, distinct: list[tuple[ColumnId | None, float]], rows: float) -> float:
        """Of expressions with so many distinct values, by their tables."""
        if not distinct:
            return 1.0
        by_source: dict[ColumnId | None, list[float]] = {}
        for source, count in distinct:
            by_source.setdefault(source, []).append(count)
        counts: list[float] = []
        for source, own in by_source.items():
            if source is None or len(own) == 1:
                counts.extend(own)
            else:
                counts.append(min(combined(own), self.columns[source].source_rows))
        return max(1.0, min(combined(counts), rows))

    def _source(self, expr: Expr) -> ColumnId | None:
        """A column that stands for the table of all columns of the expression, if it is one table."""
        if expr.__class__ is ColumnRef:
            return self.sources.get(expr.id)  # type: ignore[union-attr]
        found = {self.sources.get(column) for column in columns_of(expr)}
        return found.pop() if len(found) == 1 else None

    def _aggregate(self, plan: Aggregate) -> float:
        below = self.rows(plan.input)
        known = [self.of_expression(e, below) for _, e in plan.groups]
        counts = [thinned(k.distinct, k.source_rows, below) for k in known]
        sources = [self._source(e) for _, e in plan.groups]
        rows = self._combinations(list(zip(sources, counts)), below)
        for (ref, _), k, count in zip(plan.groups, known, counts):
            self.columns[ref.id] = ColumnEstimate(
                max(1.0, min(count, rows)), max(1.0, rows), k.low, k.high, k.nulls, k.width
            )
        for ref, call in plan.aggregates:
            self.columns[ref.id] = self._of_aggregate(call, rows, below)
        return rows

    def _window(self, plan: Window) -> float:
        rows = self.rows(plan.input)
        size = rows / self.groups(list(plan.partition), rows)
        for ref, call in plan.calls:
            ranks = call.function in ("row_number", "rank", "dense_rank")
            low, high = (1, max(1.0, size)) if ranks else (None, None)
            distinct = max(1.0, min(size, rows)) if ranks else max(1.0, rows)
            self.columns[ref.id] = ColumnEstimate(
                distinct, max(1.0, rows), low, high, width=type_width(call.type)
            )
        return rows

    def _of_aggregate(self, call: AggregateCall, rows: float, below: float) -> ColumnEstimate:
        if call.function in _ONE_OF_THEM and call.args:
            known = self.of_expression(call.args[0], below)
            distinct = max(1.0, min(known.distinct, rows))
            return ColumnEstimate(distinct, max(1.0, rows), known.low, known.high, 0.0, known.width)
        low, high = self._total(call, below, below / max(1.0, rows))
        return ColumnEstimate(max(1.0, rows / 2), max(1.0, rows), low, high, width=type_width(call.type))

    def _total(self, call: AggregateCall, below: float, size: float) -> tuple[Any, Any]:
        """Bounds of a count, or a sum of nothing negative, over groups of about `size` rows: up to
        three times the mean, so that HAVING sum(x) > "much" is seen to keep few groups."""
        if call.function == "count":
            return 0, max(1.0, 3 * size)
        if call.function != "sum" or not call.args or not _has_bounds(call.args[0]):
            return None, None
        known = self.of_expression(call.args[0], below)
        if known.low is None or known.high is None:
            return None, None
        if not isinstance(known.low, str) and known.low >= 0:
            return 0, max(1.0, 3 * size * (known.low + known.high) / 2)
        return None, None

    def _union(self, plan: SetOperation) -> float:
        left, right = self.rows(plan.left), self.rows(plan.right)
        for ref, a, b in zip(plan.columns, plan.left_columns, plan.right_columns):
            x, y = self.column(a), self.column(b)
            self.columns[ref.id] = ColumnEstimate(
                max(x.distinct, y.distinct), max(1.0, left + right), None, None,
                max(x.nulls, y.nulls), max(x.width, y.width),
            )
        return left + right

    def _recursion(self, plan: Recursion) -> float:
        """Each round is thought to give as many rows as the seed, all of them new."""
        rows = max(1.0, self.rows(plan.seed))
        total = rows * RECURSION_ROUNDS
        known = [self.column(c) for c in plan.seed_columns]
        for ref, column in zip(plan.columns, known):
            self.columns[ref.id] = ColumnEstimate(
                max(1.0, min(column.distinct * RECURSION_ROUNDS, total)), total, None, None, column.nulls, column.width
            )
        self.working[plan.number] = rows, [self.columns[ref.id] for ref in plan.columns]
        return total

    def _join(self, plan: Join | DependentJoin) -> float:
        """For joins that the join graph does not take apart (FULL) and for rules that ask."""
        return joined_rows(plan.kind, self.rows(plan.left), self.rows(plan.right), join_selectivity(plan, self))


def _keeps_values(cast: Cast) -> bool:
    source, target = cast.operand.type, cast.type
    return (source.is_integer and target.is_integer) or (source.is_string and target.is_string)


def _has_bounds(expr: Expr) -> bool:
    """Whether least and greatest values may be known: of columns and constants, not of what is computed."""
    while isinstance(expr, Cast) and _keeps_values(expr):
        expr = expr.operand
    return isinstance(expr, ColumnRef | Literal)


def _no_rows(estimator: Estimator, plan: GroupingSets) -> float:
    raise AssertionError("grouping sets are gone after the rewrites")


# By class, in place of a `match`, as in traverse.py.
_ROWS: dict[type, Callable[[Estimator, Any], float]] = {
    Scan: Estimator._scan,
    VirtualScan: lambda estimator, plan: VIRTUAL_ROWS,
    Values: Estimator._values,
    CteRef: Estimator._cte,
    Filter: Estimator._filter,
    Project: Estimator._project,
    Unnest: Estimator._unnest,
    Sort: lambda estimator, plan: estimator.rows(plan.input),
    Limit: Estimator._limit,
    Aggregate: Estimator._aggregate,
    GroupingSets: _no_rows,
    Window: Estimator._window,
    **dict.fromkeys((Join, DependentJoin), Estimator._join),
    SetOperation: Estimator._union,
    Recursion: Estimator._recursion,
    WorkingRows: Estimator._working,
}
_ONE_OF_THEM = ("min", "max", "any_value")  # aggregates that are one of their values
