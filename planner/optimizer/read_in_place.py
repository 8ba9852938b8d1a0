"""Shared subplans that are cheaper computed for each of their readers.

    WITH w AS (SELECT a.k FROM t a, t b WHERE a.k = b.k AND a.x <> b.x)        7,000,000 rows
    SELECT ... WHERE k IN (SELECT k FROM w) AND k IN (SELECT r.k FROM r, w WHERE r.k = w.k)        of 100 rows

A reader below the right side of a semi join needs only rows with the keys of the left side; one among inner joins, the
rows that come through them. Where those are few, a join that is read in place gets their keys as key filters
(engine/key_filters.py) at its scans and makes next to nothing, while a shared one has to be made whole. It pays only if
all readers are of that kind: one other wants all rows anyway. (TPC-DS Q95, Q61.)
"""
from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from ...storage.schema import CatalogView
from ..columns import copy_plan
from ..logical import CteRef, Filter, Join, JoinKind, Logical, Project, Query, Scan
from ..predicates import is_volatile
from ..rewrites.context import RewriteContext
from ..rewrites.inline_ctes import count_uses
from ..rewrites.pull_projections import pull_projections
from ..traverse import expressions, inputs, map_inputs, walk_plan
from .estimates import Estimator

FEW = 1 / 64  # of a shared subplan's rows: fewer ask for it, and each of them is looked for alone


def read_in_place(query: Query, view: CatalogView, context: RewriteContext) -> Query:
    """The query with such subplans in the place of their readers."""
    bodies = {number: body for number, body, _ in query.ctes if _is_join_of_scans(body)}
    if not bodies:
        return query
    estimator = Estimator(view)
    plans = [query.plan, *(body for _, body, _ in query.ctes)]
    uses = count_uses(plans)

    def is_few(asking: Logical, number: int) -> bool:
        return estimator.rows(asking) < FEW * estimator.rows(bodies[number])

    chosen = {
        number for number, readers in _readers_of(plans, bodies).items()
        if len(readers) == uses[number] and all(any(is_few(a, number) for a in asking) for asking in readers.values())
    }
    if not chosen:
        return query
    left = tuple([
        (n, _inlined(body, chosen, bodies, context), columns) for n, body, columns in query.ctes if n not in chosen
    ])
    plan = pull_projections(_inlined(query.plan, chosen, bodies, context), context)
    return replace(query, plan=plan, ctes=left)


def _is_join_of_scans(body: Logical) -> bool:
    """Inner joins of tables, through which a key filter travels."""
    for node in walk_plan(body):
        if not isinstance(node, Scan | Filter | Project) and not _is_inner(node):
            return False
        if any(is_volatile(e) for e in expressions(node)):
            return False
    return any(isinstance(node, Join) for node in walk_plan(body))


def _is_inner(node: Logical) -> bool:
    return isinstance(node, Join) and node.kind is JoinKind.INNER


def _readers_of(plans: list[Logical], bodies: dict[int, Logical]) -> dict[int, dict[int, list[Logical]]]:
    """By shared subplan, its readers that need only some of its rows: by their ids, what asks them for rows."""
    found: dict[int, dict[int, list[Logical]]] = {}
    for plan in plans:
        for node, asking in [*_semi_joins(plan), *((region, region) for region in _regions(plan))]:
            for reader in _readers(node):
                if reader.cte in bodies:
                    found.setdefault(reader.cte, {}).setdefault(id(reader), []).append(asking)
    return found


def _semi_joins(plan: Logical) -> Iterator[tuple[Logical, Logical]]:
    """The right side of each semi join, and what asks it for rows, which reads no shared subplan itself."""
    for node in walk_plan(plan):
        if isinstance(node, Join) and node.kind is JoinKind.SEMI:
            left = _core(node.left)
            if not any(isinstance(below, CteRef) for below in walk_plan(left)):
                yield node.right, left


def _regions(plan: Logical, inside: bool = False) -> Iterator[Logical]:
    """Inner joins with all that is joined to them, from the topmost."""
    joins = _is_inner(plan)
    if joins and not inside:
        yield plan
    for below in inputs(plan):
        yield from _regions(below, joins or (inside and isinstance(plan, Filter | Project)))


def _core(plan: Logical) -> Logical:
    """What semi and anti joins take rows from."""
    while isinstance(plan, Join) and plan.kind in (JoinKind.SEMI, JoinKind.ANTI):
        plan = plan.left
    return plan


def _readers(plan: Logical) -> Iterator[CteRef]:
    """Readings below inner joins only."""
    if isinstance(plan, CteRef):
        yield plan
    elif isinstance(plan, Filter | Project) or _is_inner(plan):
        for below in inputs(plan):
            yield from _readers(below)


def _inlined(plan: Logical, chosen: set[int], bodies: dict[int, Logical], context: RewriteContext) -> Logical:
    if isinstance(plan, CteRef) and plan.cte in chosen:
        copy, names = copy_plan(bodies[plan.cte], context.like)
        return Project(copy, tuple([(ref, names[made.id]) for ref, made in plan.columns]))
    return map_inputs(plan, lambda below: _inlined(below, chosen, bodies, context))
