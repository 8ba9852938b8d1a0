"""Removes dependent joins: every correlated subquery becomes an ordinary join.

A dependent join evaluates its right side once per left row. Most of them dissolve by **pulling up**
the correlated predicates, after which the right side stands alone:

    DependentJoin Single                       Join Left ON o.k = t.k AND t.j = o.j
      Scan o                            ->       Scan o
      Aggregate max(b)                           Aggregate max(b) BY t.k
        Filter t.k = o.k                           Scan t
          Scan t

An equality passes through an aggregate by becoming a group. A scalar aggregate gives a row even
where nothing matches, so COUNT must become 0 there: it is repaired above the left join.
What cannot be pulled up (inequalities under an aggregate, correlated select lists, set operations)
goes the general way of Neumann and Kemper, see unnest_domain.py.
"""
from __future__ import annotations

from dataclasses import field, replace

from ...records import dataclass
from ..columns import columns_of, free_columns, output_columns
from ..expressions import Case, ColumnId, ColumnRef, Compare, Expr, IsNull, Literal
from ..logical import Aggregate, DependentJoin, Filter, Join, JoinKind, Logical, Project, Sort, Unnest
from ..nulls import never_null
from ..predicates import TRUE, conjoin, conjoin_or_true, conjuncts
from ..traverse import map_inputs
from .context import RewriteContext
from .keys import matches_once, single_row, spell_out_nulls
from .subjects import DEPENDENT_JOIN, subjects_of
from .unnest_domain import unnest_by_domain

ONCE = (JoinKind.SEMI, JoinKind.ANTI)


class CannotPullUp(Exception):
    """The correlated predicates cannot leave this subplan; the domain way is needed."""


def unnest(plan: Logical, context: RewriteContext) -> Logical:
    if not subjects_of(plan) & DEPENDENT_JOIN:
        return plan
    plan = map_inputs(plan, lambda child: unnest(child, context))
    if not isinstance(plan, DependentJoin):
        return plan
    free = free_columns(plan.right)
    if not free:
        return _independent(plan)
    try:
        return _by_pull_up(plan, free, context)
    except CannotPullUp:
        return unnest_by_domain(plan, context)


def _independent(join: DependentJoin) -> Logical:
    """Not correlated at all."""
    kind, condition = join.kind, join.condition
    if kind is JoinKind.SINGLE and single_row(join.right):
        kind = JoinKind.CROSS
    if kind is JoinKind.CROSS:
        return Join(kind, join.left, join.right, None)
    return Join(kind, join.left, join.right, TRUE if condition is None else condition, join.null_aware)


def _by_pull_up(join: DependentJoin, free: frozenset[ColumnId], context: RewriteContext) -> Logical:
    if join.kind is JoinKind.SINGLE:
        scalar = _scalar_aggregate(join.right)
        if scalar is not None:
            return _join_scalar(join, scalar, free, context)
    pulled = _PullUp(free, context, once=join.kind in ONCE)
    right = pulled.visit(join.right)
    own = conjuncts(join.condition)
    null_aware = join.null_aware
    if null_aware and pulled.predicates:
        # NOT IN per outer row: the NULL rule must be spelled out where the rows are correlated.
        own = spell_out_nulls(join.condition, never_null(join.left) | never_null(right))
        null_aware = False
    condition = conjoin_or_true([*own, *pulled.predicates])
    kind = join.kind
    if kind is JoinKind.SINGLE and matches_once(right, condition):
        kind = JoinKind.LEFT
    if kind is JoinKind.SINGLE and any(_compares_otherwise(p, free) for p in pulled.predicates):
        raise CannotPullUp  # such a join counts its matches by equal keys alone
    if kind is JoinKind.CROSS:
        kind = JoinKind.INNER
    return Join(kind, join.left, right, condition, null_aware)


def _compares_otherwise(predicate: Expr, free: frozenset[ColumnId]) -> bool:
    """Does it relate outer and inner columns by anything but an equality?"""
    used = columns_of(predicate)
    related = not used.isdisjoint(free) and not used <= free
    return related and not (isinstance(predicate, Compare) and predicate.op == "=")


# -- scalar aggregates ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Scalar:
    """Projections (outermost first) over an aggregate without groups: exactly one row."""

    projections: tuple[Project, ...]
    aggregate: Aggregate


def _scalar_aggregate(plan: Logical) -> _Scalar | None:
    projections: list[Project] = []
    while isinstance(plan, (Project, Sort)):
        if isinstance(plan, Project):
            projections.append(plan)
        plan = plan.input
    if isinstance(plan, Aggregate) and not plan.groups:
        return _Scalar(tuple(projections), plan)
    return None


def _join_scalar(
    join: DependentJoin, scalar: _Scalar, free: frozenset[ColumnId], context: RewriteContext
) -> Logical:
    """Left join with the aggregate per correlation key; projections and COUNT's 0 come above."""
    aggregate = scalar.aggregate
    # A count below the join is another column than the one above, which is 0 where the join found nothing.
    below = {ref.id: context.like(ref) for ref, call in aggregate.aggregates if call.function == "count"}
    computed = tuple([(below.get(ref.id, ref), call) for ref, call in aggregate.aggregates])
    pulled = _PullUp(free, context, once=False)
    grouped = pulled.group(replace(aggregate, aggregates=computed))
    plan: Logical = Join(JoinKind.LEFT, join.left, grouped, conjoin_or_true(pulled.predicates))
    outer = output_columns(join.left)
    if below:
        fixed = tuple([(ref, _or_zero(below[ref.id]) if ref.id in below else ref) for ref, _ in aggregate.aggregates])
        plan = Project(plan, tuple([(c, c) for c in outer]) + fixed)
    for projection in reversed(scalar.projections):
        plan = Project(plan, tuple([(c, c) for c in outer]) + projection.columns)
    return plan


def _or_zero(ref: ColumnRef) -> Expr:
    return Case(((IsNull(ref, negated=True), ref),), Literal(0, ref.type), ref.type)


# -- pulling predicates up -----------------------------------------------------------------------


@dataclass(slots=True)
class _PullUp:
    """Rebuilds a subplan without its correlated predicates, which it collects in `predicates`.

    `once`: only whether a row exists counts, not how many (SEMI, ANTI), which allows a nested semi
    join to become an inner join so that its condition can leave.
    """

    free: frozenset[ColumnId]
    context: RewriteContext
    once: bool
    predicates: list[Expr] = field(default_factory=list)

    def visit(self, plan: Logical) -> Logical:
        if not free_columns(plan):
            return plan
        match plan:
            case Filter():
                return self._filter(plan)
            case Project():
                return self._project(plan)
            case Join():
                return self._join(plan)
            case Aggregate() if plan.groups:
                return self.group(plan)
            case Unnest() if not self._is_correlated(plan.value):
                return replace(plan, input=self.visit(plan.input))
            case Sort():
                return self.visit(plan.input)
            case _:
                raise CannotPullUp

    def _is_correlated(self, expr: Expr) -> bool:
        if isinstance(expr, ColumnRef):
            return expr.id in self.free
        return not columns_of(expr).isdisjoint(self.free)

    def _take(self, parts: list[Expr]) -> list[Expr]:
        """Collects the correlated ones, gives back the others."""
        self.predicates.extend([c for c in parts if self._is_correlated(c)])
        return [c for c in parts if not self._is_correlated(c)]

    def _filter(self, plan: Filter) -> Logical:
        source = self.visit(plan.input)
        rest = conjoin(self._take(conjuncts(plan.predicate)))
        return source if rest is None else Filter(source, rest)

    def _project(self, plan: Project) -> Logical:
        if any(self._is_correlated(e) for _, e in plan.columns):
            raise CannotPullUp
        source = self.visit(plan.input)
        kept = {ref.id for ref, _ in plan.columns}
        needed = {i for c in self.predicates for i in columns_of(c)} - kept
        extra = [(ref, ref) for ref in output_columns(source) if ref.id in needed]
        return Project(source, plan.columns + tuple(extra))

    def _join(self, plan: Join) -> Logical:
        right_free = bool(free_columns(plan.right))
        correlated = plan.condition is not None and self._is_correlated(plan.condition)
        kind = plan.kind
        if kind is JoinKind.SEMI and self.once and (right_free or correlated):
            kind = JoinKind.INNER
        if kind not in (JoinKind.INNER, JoinKind.CROSS) and (right_free or correlated):
            raise CannotPullUp
        left = self.visit(plan.left)
        if kind not in (JoinKind.INNER, JoinKind.CROSS):
            return Join(kind, left, plan.right, plan.condition, plan.null_aware)
        right = self.visit(plan.right)
        rest = conjoin(self._take(conjuncts(plan.condition)))
        return Join(JoinKind.CROSS if rest is None else JoinKind.INNER, left, right, rest)

    def group(self, plan: Aggregate) -> Logical:
        """Correlated equalities become groups. Of a scalar aggregate, which thereby loses its row
        for "nothing matched", only a caller that puts the row back may ask this."""
        exprs = [e for _, e in plan.groups] + [a for _, a in plan.aggregates]
        if any(self._is_correlated(e) for e in exprs):
            raise CannotPullUp
        below = _PullUp(self.free, self.context, once=self.once and not plan.aggregates)
        source = below.visit(plan.input)
        groups = list(plan.groups)
        for predicate in below.predicates:
            inner, outer = self._split_equality(predicate)
            ref = next((r for r, e in groups if e == inner), None)
            if ref is None:
                name = inner.name if isinstance(inner, ColumnRef) else "key"
                ref = self.context.fresh(inner.type, name)
                groups.append((ref, inner))
            self.predicates.append(Compare("=", ref, outer))
        return Aggregate(source, tuple(groups), plan.aggregates)

    def _split_equality(self, predicate: Expr) -> tuple[Expr, Expr]:
        """(side of the subquery, side of the outer query) of a correlated equality."""
        if isinstance(predicate, Compare) and predicate.op == "=":
            for inner, outer in ((predicate.left, predicate.right), (predicate.right, predicate.left)):
                if not self._is_correlated(inner) and columns_of(inner) and columns_of(outer) <= self.free:
                    return inner, outer
        raise CannotPullUp


