"""Takes subqueries out of expressions: each becomes a dependent join under the node that used it.

    Filter a > (SELECT max(b) FROM t WHERE t.k = o.k)      Filter a > max
      Scan o                                          ->     DependentJoin Single
                                                               Scan o
                                                               (the subquery)

    EXISTS (q), x IN (q)  as a conjunct of WHERE      ->   DependentJoin Semi
    NOT EXISTS (q), x NOT IN (q)                      ->   DependentJoin Anti (null-aware)
    x < ALL (q)                                       ->   DependentJoin Anti ON x < q IS NOT TRUE
    EXISTS (q), x IN (q)  anywhere else (under OR,    ->   a mark: DependentJoin Left with the distinct
    in a select list, in CASE)                             keys of q and TRUE; found = mark IS NOT NULL

Where a mark stands for IN under something that tells NULL from FALSE, two counts say whether q has
rows and NULLs. x > ANY (q) there is x > the least value of q. `unnest.py` then removes the dependent joins.

The condition of an outer join decides over pairs of rows and drops none of the side that is kept. A subquery in it
about one side is a mark or a value beside that side's rows. One about both sides is answered for the pairs first:

    Join Left ON p(l, r) and EXISTS (q(l, r))       Join Left ON p(l, r) and l.a = l2 (null-safe)
      L                                        ->     L
      R                                               Join Inner ON r.b = r2 (null-safe)
                                                        R
                                                        Distinct l2 := l.a, r2 := r.b
                                                          the rows of L Inner Join R ON p(l, r) that q lets pass
"""
from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import field

from ...errors import NotSupportedError
from ...records import dataclass
from ...storage.types import BIGINT, BOOLEAN, Kind
from ..columns import (
    columns_of,
    columns_of_all,
    copy_plan,
    has_subquery,
    output_ids,
)
from ..contents import HAS_SUBQUERY
from ..expressions import (
    AggregateCall,
    And,
    Case,
    ColumnId,
    ColumnRef,
    Compare,
    Exists,
    Expr,
    IsNull,
    Literal,
    Not,
    Or,
    Quantified,
    ScalarSubquery,
)
from ..logical import (
    Aggregate,
    DependentJoin,
    Filter,
    GroupingSets,
    Join,
    JoinKind,
    Limit,
    Logical,
    Project,
    SetKind,
    SetOperation,
    Sort,
    Values,
    Window,
)
from ..nulls import is_never_null, never_null
from ..predicates import FALSE, NEGATED, TRUE, conjoin, conjuncts, disjoin, push_not
from ..traverse import expressions, map_children, map_expressions, map_inputs, walk
from .context import RewriteContext
from .outer_join_pairs import join_of_pairs
from .subjects import subjects_of

_SUBQUERIES = (ScalarSubquery, Exists, Quantified)


def extract_subqueries(plan: Logical, context: RewriteContext) -> Logical:
    used: set[int] = set()

    def visit(node: Logical) -> Logical:
        if not subjects_of(node) & HAS_SUBQUERY:
            return node
        node = map_inputs(node, visit)
        if not any(map(has_subquery, expressions(node))):
            return node
        match node:
            case Filter():
                return _filter(node.input, conjuncts(push_not(node.predicate)), context, used)
            case Join():
                return _join(node, context, used)
            case Values():
                return _values(node, context, used)
            case Project() | Aggregate() | GroupingSets() | Window() | Sort():
                source = _Source(node.input, context, used)
                changed = map_expressions(node, source.replace)
                return map_inputs(changed, lambda _: source.plan)
            case _:
                raise NotSupportedError(f"a subquery is not supported in {type(node).__name__}")

    return visit(plan)


def _filter(plan: Logical, parts: list[Expr], context: RewriteContext, used: set[int]) -> Logical:
    """First the plain conjuncts, then semi and anti joins, then what needs a column."""
    plain = conjoin([c for c in parts if not has_subquery(c)])
    source = _Source(plan if plain is None else Filter(plan, plain), context, used)
    rest: list[Expr] = []
    for conjunct in parts:
        if has_subquery(conjunct) and not source.restrict(conjunct):
            rest.append(conjunct)
    for conjunct in rest:
        replaced = source.replace(conjunct, null_is_false=True)
        source.plan = Filter(source.plan, replaced)
    return source.plan


def _join(join: Join, context: RewriteContext, used: set[int]) -> Logical:
    parts = conjuncts(join.condition)
    nested = [c for c in parts if has_subquery(c)]
    plain = conjoin([c for c in parts if not has_subquery(c)])
    if join.kind in (JoinKind.INNER, JoinKind.CROSS):
        kind = JoinKind.CROSS if plain is None else JoinKind.INNER
        return _filter(Join(kind, join.left, join.right, plain), nested, context, used)
    if join.kind is JoinKind.RIGHT:
        join = Join(JoinKind.LEFT, join.right, join.left, join.condition)
    left, right = output_ids(join.left), output_ids(join.right)
    asked = [columns_of(e) for c in nested for e in walk(c) if isinstance(e, _SUBQUERIES)]
    if any(columns & left and columns & right for columns in asked):
        kind = JoinKind.CROSS if plain is None else JoinKind.INNER
        passing = _filter(Join(kind, join.left, join.right, plain), nested, context, used)
        return join_of_pairs(join, plain, columns_of_all(nested), passing, context)
    inner = [c for c in nested if join.kind is JoinKind.LEFT and not columns_of(c) & left]
    sides = _Sides(_Source(join.left, context, used), _Source(_filter(join.right, inner, context, used), context, used),
                   left)
    tests = [sides.replace(c, True) for c in nested if c not in inner]
    condition = conjoin([*([] if plain is None else [plain]), *tests])
    return Join(join.kind, sides.left.plan, sides.right.plan, TRUE if condition is None else condition)


def _values(values: Values, context: RewriteContext, used: set[int]) -> Logical:
    """VALUES with subqueries: each row becomes a projection of the row without columns."""
    branches: list[tuple[Logical, tuple[ColumnRef, ...]]] = []
    for row in values.rows:
        source = _Source(Values((), ((),)), context, used)
        columns = tuple([context.like(c) for c in values.columns])
        pairs = tuple([(c, source.replace(e)) for c, e in zip(columns, row)])
        branches.append((Project(source.plan, pairs), columns))
    plan, columns = branches[0]
    for other, other_columns in branches[1:]:
        out = tuple([context.like(c) for c in values.columns])
        plan = SetOperation(SetKind.UNION, True, plan, other, out, columns, other_columns)
        columns = out
    return Project(plan, tuple(zip(values.columns, columns)))


@dataclass(slots=True)
class _Source:
    """The input of a node, growing a dependent join for every subquery met."""

    plan: Logical
    context: RewriteContext
    used: set[int]  # subplans placed already: a second use needs columns of its own
    placed: dict[Hashable, Expr] = field(default_factory=dict)  # what stands for a subquery that the binder repeats

    def restrict(self, conjunct: Expr) -> bool:
        """Applies a conjunct that is a lone EXISTS or quantified comparison as a semi or anti join."""
        match conjunct:
            case Exists():
                kind = JoinKind.ANTI if conjunct.negated else JoinKind.SEMI
                inner, _ = self._inner(conjunct.plan, None)
                self.plan = DependentJoin(kind, self.plan, _any_row(inner), None)
                return True
            case Quantified() if not has_subquery(conjunct.arg):
                self._restrict_quantified(conjunct)
                return True
            case _:
                return False

    def _restrict_quantified(self, test: Quantified) -> None:
        inner, column = self._inner(test.plan, test.column)
        if not test.all:
            condition: Expr = Compare(test.op, test.arg, column, test.span)
            self.plan = DependentJoin(JoinKind.SEMI, self.plan, _unordered(inner), condition)
            return
        # arg op ALL (q): no row for which `arg op row` is false or NULL.
        miss = Compare(NEGATED[test.op], test.arg, column, test.span)
        left_safe = is_never_null(test.arg, never_null(self.plan))
        nullable = not left_safe or column.id not in never_null(inner)
        if nullable and miss.op != "=":
            sides: list[Expr] = [miss, IsNull(column)]
            if not left_safe:
                sides.append(IsNull(test.arg))
            self.plan = DependentJoin(JoinKind.ANTI, self.plan, inner, disjoin(sides))
        else:
            self.plan = DependentJoin(JoinKind.ANTI, self.plan, inner, miss, null_aware=nullable)

    def replace(self, expr: Expr, null_is_false: bool = False) -> Expr:
        """The expression with columns in the place of its subqueries. `null_is_false`: nobody above
        tells NULL from FALSE (conjuncts of WHERE, through AND and OR)."""
        transparent = null_is_false and isinstance(expr, (And, Or))
        match expr:
            case ScalarSubquery():
                return self._once(id(expr.plan), lambda: self._scalar(expr))
            case Exists():
                mark = self._once(id(expr.plan), lambda: self._mark(expr.plan, None))
                return IsNull(mark, negated=not expr.negated)
            case Quantified():
                return self._quantified(expr, null_is_false)
            case _:
                return map_children(expr, lambda e: self.replace(e, transparent))

    def _once(self, key: Hashable, make: Callable[[], Expr]) -> Expr:
        """One join for a test that stands in several places: (x IN (q)) IN (a, b, c) has it three times."""
        found = self.placed.get(key)
        if found is None:
            found = self.placed[key] = make()
        return found

    def _inner(self, plan: Logical, column: ColumnRef | None) -> tuple[Logical, ColumnRef]:
        """The subquery's plan, its own subqueries extracted, with columns nobody else makes."""
        again = id(plan) in self.used
        self.used.add(id(plan))
        inner = extract_subqueries(plan, self.context)
        if again:
            inner, names = copy_plan(inner, self.context.like)
            column = None if column is None else names.get(column.id, column)
        return inner, column if column is not None else self.context.fresh(BOOLEAN, "mark")

    def _scalar(self, expr: ScalarSubquery) -> ColumnRef:
        inner, column = self._inner(expr.plan, expr.column)
        self.plan = DependentJoin(JoinKind.SINGLE, self.plan, inner, None)
        return column

    def _mark(self, plan: Logical, key: tuple[Expr, ColumnRef] | None) -> ColumnRef:
        """Left-joins the distinct keys of a subquery with a TRUE beside them."""
        inner, column = self._inner(plan, None if key is None else key[1])
        mark = self.context.fresh(BOOLEAN, "mark", nullable=False)
        groups: tuple[tuple[ColumnRef, Expr], ...] = ((mark, TRUE),)
        condition: Expr = TRUE
        if key is not None:
            copy = self.context.like(column)
            groups = ((copy, column), (mark, TRUE))
            condition = Compare("=", key[0], copy)
        rows = _any_row(inner) if key is None else _unordered(inner)
        distinct = Aggregate(rows, groups, ())
        self.plan = DependentJoin(JoinKind.LEFT, self.plan, distinct, condition)
        return mark

    def _quantified(self, test: Quantified, null_is_false: bool) -> Expr:
        arg = self.replace(test.arg)
        if test.all:  # op ALL = NOT (negated op ANY)
            opposite = Quantified(NEGATED[test.op], False, arg, test.plan, test.column, test.span)
            return Not(self._quantified(opposite, null_is_false=False))
        key = id(test.plan), test.op, arg, null_is_false
        return self._once(key, lambda: self._any(arg, test, null_is_false))

    def _any(self, arg: Expr, test: Quantified, null_is_false: bool) -> Expr:
        if test.op != "=":
            return self._any_of_range(arg, test)
        left_safe = is_never_null(arg, never_null(self.plan))
        right_safe = test.column.id in never_null(test.plan)
        found = IsNull(self._mark(test.plan, (arg, test.column)), negated=True)
        if null_is_false or (left_safe and right_safe):
            return found
        return self._three_valued(arg, found, test)

    def _any_of_range(self, arg: Expr, test: Quantified) -> Expr:
        """x > ANY (q): x > the least value of q; <> one of the least and the greatest. NULL where NULLs may decide."""
        if test.column.type.kind is Kind.BOOLEAN:
            raise NotSupportedError(f"{test.op} ANY over BOOLEAN is supported only as a condition of WHERE")
        inner, column = self._inner(test.plan, test.column)
        rows = self.context.fresh(BIGINT, "count", nullable=False)
        known = self.context.fresh(BIGINT, "count", nullable=False)
        least, greatest = (self.context.fresh(column.type, name) for name in ("min", "max"))
        calls = (
            (rows, AggregateCall("count", (), BIGINT)), (known, AggregateCall("count", (column,), BIGINT)),
            (least, AggregateCall("min", (column,), column.type)),
            (greatest, AggregateCall("max", (column,), column.type)),
        )
        self.plan = DependentJoin(JoinKind.SINGLE, self.plan, Aggregate(_unordered(inner), (), calls), None)
        ends = {"<": (greatest,), "<=": (greatest,), ">": (least,), ">=": (least,), "<>": (least, greatest)}
        found = disjoin([Compare(test.op, arg, end, test.span) for end in ends[test.op]])
        none = Compare("=", rows, Literal(0, BIGINT))
        unknown = Or((IsNull(arg), Compare("<", known, rows)))
        return Case(((none, FALSE), (found, TRUE), (unknown, Literal(None, BOOLEAN))), FALSE, BOOLEAN)

    def _three_valued(self, arg: Expr, found: Expr, test: Quantified) -> Expr:
        """x IN (q): TRUE if found, NULL if x is NULL and q has rows or q has a NULL, else FALSE."""
        inner, column = self._inner(test.plan, test.column)
        rows = self.context.fresh(BIGINT, "count", nullable=False)
        known = self.context.fresh(BIGINT, "count", nullable=False)
        calls = (
            (rows, AggregateCall("count", (), BIGINT)),
            (known, AggregateCall("count", (column,), BIGINT)),
        )
        self.plan = DependentJoin(JoinKind.SINGLE, self.plan, Aggregate(_unordered(inner), (), calls), None)
        some = Compare(">", rows, Literal(0, BIGINT))
        unknown = Or((And((IsNull(arg), some)), Compare("<", known, rows)))
        return Case(((found, TRUE), (unknown, Literal(None, BOOLEAN))), FALSE, BOOLEAN)


@dataclass(slots=True)
class _Sides:
    """The two sides of an outer join, each growing what subqueries about it need: no row more, none less."""

    left: _Source
    right: _Source
    left_ids: frozenset[ColumnId]

    def replace(self, expr: Expr, null_is_false: bool) -> Expr:
        if isinstance(expr, _SUBQUERIES):
            side = self.left if columns_of(expr) & self.left_ids else self.right
            return side.replace(expr, null_is_false)
        transparent = null_is_false and isinstance(expr, (And, Or))
        return map_children(expr, lambda e: self.replace(e, transparent))


def _unordered(plan: Logical) -> Logical:
    """Order does not matter to EXISTS or IN."""
    return _unordered(plan.input) if isinstance(plan, Sort) else plan


def _any_row(plan: Logical) -> Logical:
    """Neither order nor a limit of at least one row matters to EXISTS."""
    match plan:
        case Sort():
            return _any_row(plan.input)
        case Limit(offset=0) if plan.count is None or plan.count > 0:
            return _any_row(plan.input)
        case Project():
            below = _any_row(plan.input)
            return plan if below is plan.input else Project(below, plan.columns)
        case _:
            return plan
