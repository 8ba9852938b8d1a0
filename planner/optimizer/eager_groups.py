"""Groups made before a join that only says more about them.

    Aggregate sum(x) BY c.id, c.name, c.mail, d.year        Aggregate sum(t) BY c.id, c.name, c.mail, d.year
      Join s.customer = c.key                          ->     Join s.customer = c.key
        Join s.day = d.key                                      Aggregate t = sum(x) BY s.customer, d.year
        Scan customer c                                           Join s.day = d.key
                                                                Scan customer c

A table that is joined by equality and gives columns to group by, none to add up, can be joined to partial groups as
well: rows with the same join key meet the same rows of it. Then the many rows are grouped by short keys, and the long
ones (text) are compared for a few. It is done where the keys make far fewer groups than there are rows, the table
keeps most rows, and at least MANY columns of it stand among the groups.

After Yan and Larson, "Eager Aggregation and Lazy Aggregation" (VLDB 1995), their eager group-by. What is added up for
rows that the join drops is never seen, so nothing of it may fail. (TPC-DS Q4, Q11, Q74.)
"""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ...records import dataclass
from ...storage.schema import CatalogView
from ..columns import columns_of, columns_of_all, output_ids
from ..expressions import AggregateCall, ColumnId, ColumnRef, Compare, Expr
from ..logical import Aggregate, Filter, Join, JoinKind, Logical, Project, Query, Scan
from ..predicates import can_fail, conjoin, conjoin_or_true, conjuncts, is_volatile
from ..rewrites.context import RewriteContext
from ..rewrites.split_distinct import MERGE
from ..traverse import map_inputs, rewrite
from .estimates import Estimator

MANY = 3  # columns of the table among the groups, at least: fewer are compared as fast as joined
WORTH = 50_000  # rows, at least
REDUCTION = 0.4  # of the rows, at most, the partial groups are
KEPT = 0.5  # of the rows, at least, the table keeps


@dataclass(frozen=True, slots=True)
class _Region:
    """Inner joins taken apart."""

    leaves: list[Logical]
    conditions: list[Expr]


@dataclass(frozen=True, slots=True)
class _Split:
    """A table and the rest of its region: the keys that join them, and what each says of the groups."""

    table: Logical
    rest: Logical
    links: list[Expr]  # equalities of the table's columns with the rest's
    keys: list[ColumnRef]  # the rest's columns in them


def eager_groups(query: Query, view: CatalogView, context: RewriteContext) -> Query:
    """The query with such groups."""
    estimator = Estimator(view)

    def visit(node: Logical) -> Logical:
        node = map_inputs(node, visit)
        return _made_early(node, estimator, context) if isinstance(node, Aggregate) else node

    ctes = tuple([(number, visit(body), columns) for number, body, columns in query.ctes])
    return replace(query, plan=visit(query.plan), ctes=ctes)


def _made_early(node: Aggregate, estimator: Estimator, context: RewriteContext) -> Logical:
    if len(node.groups) <= MANY:
        return node
    region = _Region([], [])
    _collect(node.input, region)
    if not len(region.leaves) >= 2:
        return node
    added = columns_of_all([call for _, call in node.aggregates])
    places = [place for place, leaf in enumerate(region.leaves) if _gives_groups(node, leaf, added)]
    if places and _can_be_added_up(node):
        for place in places:
            split = _split(region, place)
            if split is not None and _is_worth(node, split, estimator):
                return _rebuilt(node, split, context)
    return node


def _can_be_added_up(node: Aggregate) -> bool:
    if any(call.distinct or call.order or call.function not in MERGE for _, call in node.aggregates):
        return False
    exprs = [e for _, call in node.aggregates for e in call.args] + [e for _, e in node.groups]
    return not any(can_fail(e) or is_volatile(e) for e in exprs)


def _collect(plan: Logical, region: _Region) -> None:
    match plan:
        case Join(kind=JoinKind.INNER | JoinKind.CROSS):
            _collect(plan.left, region)
            _collect(plan.right, region)
            region.conditions.extend(conjuncts(plan.condition))
        case Filter(input=Join()) if not can_fail(plan.predicate):
            _collect(plan.input, region)
            region.conditions.extend(conjuncts(plan.predicate))
        case _:
            region.leaves.append(plan)


def _gives_groups(node: Aggregate, leaf: Logical, added: set[ColumnId]) -> bool:
    """Whether the leaf is a table, with many columns among the groups, text among them, and none to add up."""
    inside = leaf
    while isinstance(inside, Filter | Project):
        inside = inside.input
    if not isinstance(inside, Scan):
        return False
    own = output_ids(leaf)
    if not own.isdisjoint(added):
        return False
    given = [e for _, e in node.groups if columns_of(e) & own]
    plain = all(isinstance(e, ColumnRef) for e in given)
    return plain and len(given) >= MANY and any(e.type.is_string for e in given)


def _split(region: _Region, place: int) -> _Split | None:
    """The leaf apart from the others; None where anything but equalities of columns ties it to them."""
    table = region.leaves[place]
    own = output_ids(table)
    links: list[Expr] = []
    keys: dict[ColumnId, ColumnRef] = {}
    apart: list[Expr] = []
    for condition in region.conditions:
        used = columns_of(condition)
        if used.isdisjoint(own):
            apart.append(condition)
            continue
        key = _key(condition, own)
        if key is None:
            return None
        links.append(condition)
        keys[key.id] = key
    if not links:
        return None
    return _Split(table, _joined(region.leaves[:place] + region.leaves[place + 1 :], apart), links, list(keys.values()))


def _key(condition: Expr, own: frozenset[ColumnId]) -> ColumnRef | None:
    """The other column of `a column of the table = another`."""
    match condition:
        case Compare(op="=", left=ColumnRef() as left, right=ColumnRef() as right):
            if (left.id in own) != (right.id in own):
                return right if left.id in own else left
    return None


def _joined(leaves: Sequence[Logical], conditions: Sequence[Expr]) -> Logical:
    """The leaves joined again, each condition where its columns first meet."""
    plan, waiting = leaves[0], [(c, columns_of(c)) for c in conditions]
    ids = output_ids(plan)
    for leaf in leaves[1:]:
        ids |= output_ids(leaf)
        here = [c for c, used in waiting if used <= ids]
        waiting = [(c, used) for c, used in waiting if not used <= ids]
        plan = Join(JoinKind.INNER if here else JoinKind.CROSS, plan, leaf, conjoin(here))
    return Filter(plan, conjoin_or_true([c for c, _ in waiting])) if waiting else plan


def _is_worth(node: Aggregate, split: _Split, estimator: Estimator) -> bool:
    rows = estimator.rows(split.rest)
    if rows < WORTH:
        return False
    whole = estimator.rows(Join(JoinKind.INNER, split.rest, split.table, conjoin_or_true(split.links)))
    return whole >= KEPT * rows and estimator.groups([*split.keys, *_others(node, split)], rows) <= REDUCTION * rows


def _others(node: Aggregate, split: _Split) -> list[Expr]:
    """Groups that the rest gives."""
    own = output_ids(split.table)
    return [e for _, e in node.groups if columns_of(e).isdisjoint(own)]


def _rebuilt(node: Aggregate, split: _Split, context: RewriteContext) -> Logical:
    """Partial groups of the rest, the table joined to them, and the groups put together."""
    keys = [(context.like(key), key) for key in split.keys]
    others = [(context.fresh(e.type, "group"), e) for e in _others(node, split)]
    partial = [(context.fresh(call.type, ref.name), call) for ref, call in node.aggregates]
    inner = Aggregate(split.rest, (*keys, *others), tuple(partial))
    new = {key.id: ref for ref, key in keys}

    def renamed(expr: Expr) -> Expr:
        return rewrite(expr, lambda e: new.get(e.id, e) if isinstance(e, ColumnRef) else e)

    condition = conjoin_or_true([renamed(link) for link in split.links])
    joined = Join(JoinKind.INNER, inner, split.table, condition)
    made = {id(e): ref for ref, e in others}
    groups = tuple([(ref, made.get(id(e), e)) for ref, e in node.groups])
    calls = [(ref, AggregateCall(MERGE[call.function], (part,), call.type, False, call.span))
             for (ref, call), (part, _) in zip(node.aggregates, partial)]
    return Aggregate(joined, groups, tuple(calls))
