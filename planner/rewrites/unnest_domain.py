"""Unnesting in general: join the subquery with the distinct outer values it depends on.

After Neumann and Kemper, "Unnesting Arbitrary Queries": let D be the distinct values of the outer
columns that the right side uses. D is pushed down the right side until nothing below is correlated;
there a cross join puts the values beside the rows, and from then on they are ordinary columns.

    DependentJoin Single                     Join Left ON o.x = d
      Scan o                          ->       Scan o
      Aggregate count(*)                       Project count or 0
        Filter t.a < o.x                         Join Left ON d = d2
          Scan t                                   Distinct d := o.x  (over Scan o)
                                                   Aggregate count(*) BY d2
                                                     Filter t.a < d2
                                                       Join Cross
                                                         Distinct d2 := o.x
                                                         Scan t

Comparing with d is null-safe, since an outer NULL is a value like others to the subquery.

D is made several times, each time over a copy of the left side. What only adds columns to the left side's rows
(left joins, those of other subqueries among them) is left out of the copies. A left side that is large all the same
is computed once and read by all: it may hold the copies for other subqueries, and copies of copies would soon be
thousands of nodes.
"""
from __future__ import annotations

from dataclasses import replace

from ...errors import NotSupportedError
from ...records import dataclass
from ...storage.types import BIGINT
from ..columns import copy_plan, free_columns, output_columns, output_ids, substitute
from ..expressions import Case, ColumnId, ColumnRef, Compare, Expr, IsNull, Literal, WindowCall
from ..logical import (
    Aggregate,
    CteRef,
    DependentJoin,
    Filter,
    Join,
    JoinKind,
    Limit,
    Logical,
    Project,
    SetOperation,
    Sort,
    Unnest,
    Values,
    Window,
    WorkingRows,
)
from ..nulls import never_null
from ..predicates import conjoin_or_true, conjuncts, null_safe_equal
from ..traverse import map_expressions, walk_plan
from .context import RewriteContext
from .keys import single_row, spell_out_nulls

LARGE = 24  # nodes; a join of several tables with its filters has fewer
_ADDING = (JoinKind.LEFT, JoinKind.SINGLE)
Names = dict[ColumnId, ColumnRef]  # outer column -> its copy beside the rows


def unnest_by_domain(join: DependentJoin, context: RewriteContext) -> Logical:
    outer = [ref for ref in output_columns(join.left) if ref.id in free_columns(join.right)]
    for ref in outer:
        if ref.type.case_insensitive:  # a group of them would show one spelling to the subquery
            raise NotSupportedError("a subquery that depends on case-insensitive text in this way is not supported yet",
                                    position=None if ref.span is None else ref.span[0])
    left, source = _left_and_source(join.left, outer, context)
    domain = _Domain(source, tuple(outer), context)
    right, names = domain.push(join.right)
    never = never_null(join.left)
    keys = [e for ref in outer for e in null_safe_equal(ref, names[ref.id], ref.id not in never)]
    own = conjuncts(join.condition)
    if join.null_aware:
        own = spell_out_nulls(join.condition, never | never_null(right))
    condition = conjoin_or_true([*keys, *own])
    kind = JoinKind.INNER if join.kind is JoinKind.CROSS else join.kind
    if kind is JoinKind.SINGLE and single_row(join.right):
        kind = JoinKind.INNER  # every outer row finds its values in D, once
    return Join(kind, left, right, condition)


def _left_and_source(left: Logical, outer: list[ColumnRef], context: RewriteContext) -> tuple[Logical, Logical]:
    """The left side, and what D is made over."""
    source, ids = left, {ref.id for ref in outer}
    while isinstance(source, Join) and source.kind in _ADDING and ids <= output_ids(source.left):
        source = source.left
    if len(walk_plan(source)) <= LARGE or not _can_be_shared(left):
        return left, source
    body, renamed = copy_plan(left, context.like)
    made = output_columns(left)
    number = context.share(body)
    shared = CteRef(number, tuple([(ref, renamed[ref.id]) for ref in made]))
    return shared, shared


def _can_be_shared(plan: Logical) -> bool:
    """Not what depends on a query further out, nor on the round of a recursion."""
    return not free_columns(plan) and not any(isinstance(node, WorkingRows) for node in walk_plan(plan))


@dataclass(slots=True)
class _Domain:
    """Makes copies of D and pushes them down. `outer`: the columns of D, as the left side has them."""

    left: Logical
    outer: tuple[ColumnRef, ...]
    context: RewriteContext

    def _distinct(self) -> tuple[Logical, Names]:
        source, renamed = copy_plan(self.left, self.context.like)
        names = {ref.id: self.context.like(ref) for ref in self.outer}
        groups = tuple([(names[ref.id], renamed[ref.id]) for ref in self.outer])
        return Aggregate(source, groups, ()), names

    def _is_correlated(self, plan: Logical) -> bool:
        free = free_columns(plan)
        return any(ref.id in free for ref in self.outer)

    def push(self, plan: Logical) -> tuple[Logical, Names]:
        """The plan, uncorrelated, with the columns of D beside its own."""
        match plan:
            case _ if not self._is_correlated(plan):
                domain, names = self._distinct()
                return Join(JoinKind.CROSS, domain, plan, None), names
            case Filter():
                source, names = self.push(plan.input)
                return Filter(source, substitute(plan.predicate, names)), names
            case Project():
                source, names = self.push(plan.input)
                own = tuple([(ref, substitute(e, names)) for ref, e in plan.columns])
                return Project(source, own + self._through(names)), names
            case Values(rows=(row,)):
                domain, names = self._distinct()
                own = tuple([(ref, substitute(e, names)) for ref, e in zip(plan.columns, row)])
                return Project(domain, own + self._through(names)), names
            case Sort():
                return self.push(plan.input)
            case Limit():
                return self._limit(plan)
            case Aggregate():
                return self._aggregate(plan)
            case Window():
                return self._window(plan)
            case Unnest():
                source, names = self.push(plan.input)
                return replace(plan, input=source, value=substitute(plan.value, names)), names
            case Join():
                return self._join(plan)
            case SetOperation():
                return self._set_operation(plan)
            case _:
                raise NotSupportedError(
                    "This type of correlated subquery pattern is not supported: "
                    f"{type(plan).__name__} depends on the outer query"
                )

    def _through(self, names: Names) -> tuple[tuple[ColumnRef, Expr], ...]:
        return tuple([(ref, ref) for ref in names.values()])

    def _aggregate(self, plan: Aggregate) -> tuple[Logical, Names]:
        source, names = self.push(plan.input)
        groups = tuple([(ref, substitute(e, names)) for ref, e in plan.groups])
        calls = tuple([(ref, substitute(a, names)) for ref, a in plan.aggregates])
        copies = {outer: self.context.like(ref) for outer, ref in names.items()}
        by_domain = tuple([(copies[outer], names[outer]) for outer in names])
        grouped = Aggregate(source, groups + by_domain, calls)  # type: ignore[arg-type]
        if plan.groups:
            return grouped, copies
        return self._every_value(plan, grouped, copies)

    def _window(self, plan: Window) -> tuple[Logical, Names]:
        """Each value of D has partitions of its own."""
        source, names = self.push(plan.input)
        own = map_expressions(plan, lambda e: substitute(e, names))
        assert isinstance(own, Window)
        return Window(source, own.partition + tuple(names.values()), own.order, own.calls), names

    def _limit(self, plan: Limit) -> tuple[Logical, Names]:
        """The first rows of each value of D."""
        below, keys = (plan.input.input, plan.input.keys) if isinstance(plan.input, Sort) else (plan.input, ())
        source, names = self.push(below)
        number = self.context.fresh(BIGINT, "row_number", nullable=False)
        order = tuple([replace(k, expr=substitute(k.expr, names)) for k in keys])
        numbered = Window(source, tuple(names.values()), order, ((number, WindowCall("row_number", (), BIGINT)),))
        tests: list[Expr] = [Compare(">", number, Literal(plan.offset, BIGINT))]
        if plan.count is not None:
            tests.append(Compare("<=", number, Literal(plan.offset + plan.count, BIGINT)))
        return Filter(numbered, conjoin_or_true(tests)), names

    def _every_value(self, plan: Aggregate, grouped: Aggregate, copies: Names) -> tuple[Logical, Names]:
        """A scalar aggregate has a row for each value of D, also where nothing was aggregated."""
        domain, names = self._distinct()
        keys = [e for outer in names for e in null_safe_equal(names[outer], copies[outer], True)]
        made = {ref.id: self.context.like(ref) for ref, _ in plan.aggregates}
        calls = tuple([(made[ref.id], call) for ref, call in grouped.aggregates])
        joined = Join(
            JoinKind.LEFT, domain, Aggregate(grouped.input, grouped.groups, calls), conjoin_or_true(keys)
        )
        columns = []
        for ref, call in plan.aggregates:
            value = made[ref.id]
            zero = Case(((IsNull(value, True), value),), Literal(0, value.type), value.type)
            columns.append((ref, zero if call.function == "count" else value))
        return Project(joined, tuple(columns) + self._through(names)), names

    def _join(self, plan: Join) -> tuple[Logical, Names]:
        condition = plan.condition
        if plan.null_aware:
            never = never_null(plan.left) | never_null(plan.right)
            condition = conjoin_or_true(spell_out_nulls(condition, never))
        if plan.kind in (JoinKind.RIGHT, JoinKind.FULL):
            raise NotSupportedError(
                "This type of correlated subquery pattern is not supported: "
                f"a {plan.kind.value.upper()} JOIN depends on the outer query"
            )
        if not self._is_correlated(plan.right):
            left, names = self.push(plan.left)
            changed = None if condition is None else substitute(condition, names)
            return Join(plan.kind, left, plan.right, changed), names
        left, names = self.push(plan.left)
        right, right_names = self.push(plan.right)
        keys = [e for o in names for e in null_safe_equal(names[o], right_names[o], True)]
        parts = [substitute(c, names) for c in conjuncts(condition)]
        kind = JoinKind.INNER if plan.kind is JoinKind.CROSS else plan.kind
        return Join(kind, left, right, conjoin_or_true([*keys, *parts])), names

    def _set_operation(self, plan: SetOperation) -> tuple[Logical, Names]:
        left, left_names = self.push(plan.left)
        right, right_names = self.push(plan.right)
        names = {ref.id: self.context.like(ref) for ref in self.outer}
        outer = [ref.id for ref in self.outer]
        return (
            SetOperation(
                plan.kind, plan.all, left, right,
                plan.columns + tuple([names[o] for o in outer]),
                plan.left_columns + tuple([left_names[o] for o in outer]),
                plan.right_columns + tuple([right_names[o] for o in outer]),
            ),
            names,
        )


