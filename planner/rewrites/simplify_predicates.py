"""Brings predicates into the form that later rules look for.

    NOT (a > 1 OR b IS NULL)                     ->   a <= 1 AND b IS NOT NULL
    (k = j AND a) OR (k = j AND b)               ->   k = j AND (a OR b)              (TPC-H Q19)
    (n1 = 'X' AND n2 = 'Y') OR (n1 = 'Y' AND n2 = 'X')
                       ->   the same AND n1 IN ('X', 'Y') AND n2 IN ('X', 'Y')         (TPC-H Q7)
    a = 1 OR a = 2                               ->   a IN (1, 2)
    a IN (1, 2, 3) AND a IN (2, 3, 4)            ->   a IN (2, 3)

The third adds what an OR implies for one relation alone, so that it can be pushed into its scan; the
OR itself stays. Works on Filter predicates and join conditions.
"""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from operator import is_

from ..columns import columns_of, output_ids
from ..contents import CAN_FOLD, CAN_SIMPLIFY, HAS_NOT, traits_of
from ..expressions import ColumnId, ColumnRef, Compare, Expr, InList, Literal, Or
from ..logical import Filter, Join, JoinKind, Logical
from ..predicates import can_fail, conjoin_or_true, conjuncts, disjoin, disjuncts, is_true, push_not, rejoined
from ..traverse import rewrite, walk
from .context import RewriteContext
from .subjects import DECIDED, JOIN, rewrite_where, subjects_of


def simplify_predicates(plan: Logical, context: RewriteContext) -> Logical:
    def visit(node: Logical) -> Logical:
        match node:
            case Filter():
                predicate = simplify(node.predicate, lambda: _relations(node.input), context)
                if is_true(predicate):
                    return node.input
                same = predicate is node.predicate or predicate == node.predicate
                return node if same else Filter(node.input, predicate)
            case Join() if node.condition is not None and not node.null_aware:
                inner = node.kind is JoinKind.INNER
                condition = simplify(node.condition, lambda: _relations(node) if inner else [], context)
                if condition is node.condition or condition == node.condition:
                    return node
                return Join(node.kind, node.left, node.right, condition)
            case _:
                return node

    return rewrite_where(plan, CAN_SIMPLIFY | CAN_FOLD | DECIDED, visit)


def simplify(
    predicate: Expr, relations: Callable[[], list[frozenset[ColumnId]]], context: RewriteContext
) -> Expr:
    """`relations`: gives column sets for which an OR's implications are worth having."""
    if traits_of(predicate) & HAS_NOT:
        predicate = push_not(predicate)
    kept: list[Expr] = []
    for conjunct in conjuncts(predicate):
        if not isinstance(conjunct, Or):
            kept.append(conjunct)
            continue
        for part in conjuncts(_factor(_comparable(conjunct, context))):
            kept.append(part)
            if isinstance(part, Or):
                kept.extend(_implied(part, relations()))
    return rejoined(predicate, _lists_met(kept))


def _comparable(expr: Or, context: RewriteContext) -> Expr:
    """Equal constants of an OR made one and the same, those of equalities too (they may become a list):
    for the plan cache each literal is a thing of its own until its value is pinned."""
    constants: dict[object, list[Literal]] = {}
    for part in walk(expr):
        if isinstance(part, Literal):
            constants.setdefault(part.value, []).append(part)
    equal = {
        id(one) for same in constants.values() if len(same) > 1
        for one in same if sum([other.type == one.type for other in same]) > 1
    }

    def visit(node: Expr) -> Expr:
        if isinstance(node, Literal):
            return context.literals.fixed(node) if id(node) in equal else node
        if isinstance(node, Compare) and node.op == "=" and isinstance(node.left, ColumnRef):
            value = node.right
            if isinstance(value, Literal) and value.parameter >= 0:
                return Compare("=", node.left, context.literals.fixed(value), node.span)
        return node

    return rewrite(expr, visit)


def _factor(expr: Expr) -> Expr:
    """Takes conjuncts that stand in every branch of an OR out of it."""
    if not isinstance(expr, Or):
        return expr
    branches = [conjuncts(_factor(b)) for b in disjuncts(expr)]
    first, others = branches[0], branches[1:]
    common = [c for c in first if all(c in b for b in others) and not can_fail(c)]
    if common:
        rests = [[c for c in branch if c not in common] for branch in branches]
        if any(not rest for rest in rests):  # a OR (a AND b) = a
            return conjoin_or_true(common)
        return conjoin_or_true([*common, _as_list(disjoin(map(conjoin_or_true, rests)))])
    old = expr.args
    joined = tuple(map(rejoined, old, branches)) if len(branches) == len(old) else tuple(map(conjoin_or_true, branches))
    return _as_list(expr if len(joined) == len(old) and all(map(is_, joined, old)) else disjoin(joined))


def _as_list(expr: Expr) -> Expr:
    """a = 1 OR a = 2 OR a IN (3, 4) -> a IN (1, 2, 3, 4)."""
    if not isinstance(expr, Or):
        return expr
    found: dict[ColumnId, list[Expr]] = {}
    refs: dict[ColumnId, ColumnRef] = {}
    values: dict[ColumnId, list[object]] = {}
    others: list[Expr] = []
    for branch in expr.args:
        match branch:
            case Compare(op="=", left=ColumnRef() as ref, right=Literal() as value) if value.value is not None:
                listed: tuple[object, ...] = (value.value,)
            case InList(arg=ColumnRef() as ref, negated=False, has_null=False):
                listed = branch.values
            case _:
                others.append(branch)
                continue
        refs[ref.id] = ref
        found.setdefault(ref.id, []).append(branch)
        values.setdefault(ref.id, []).extend(listed)
    if all(len(branches) == 1 for branches in found.values()):
        return expr
    lists: list[Expr] = []
    for column, branches in found.items():
        unique = tuple(dict.fromkeys(values[column]))
        lists.append(branches[0] if len(branches) == 1 else InList(refs[column], unique))
    return disjoin([*lists, *others])


def _lists_met(parts: list[Expr]) -> list[Expr]:
    """Lists of one column as the list of what they have in common, if that is anything."""
    if sum([part.__class__ is InList for part in parts]) < 2:
        return parts
    met: dict[ColumnId, InList] = {}
    found: list[Expr | ColumnId] = []
    for part in parts:
        match part:
            case InList(arg=ColumnRef() as ref, negated=False, has_null=False):
                known = met.get(ref.id)
                common = part
                if known is not None:
                    common = replace(known, values=tuple([v for v in known.values if v in part.values]))
                if common.values:
                    met[ref.id] = common
                    found += [ref.id] if known is None else []
                    continue
        found.append(part)
    return [met[part] if isinstance(part, int) else part for part in found]


def _implied(expr: Or, relations: list[frozenset[ColumnId]]) -> list[Expr]:
    """For each relation: the OR of what each branch says about that relation alone, if all say something."""
    columns = columns_of(expr)
    implied: list[Expr] = []
    for relation in relations:
        if not columns & relation or columns <= relation:
            continue
        parts: list[Expr] = []
        for branch in disjuncts(expr):
            own = [c for c in conjuncts(branch) if _only_about(c, relation)]
            if not own:
                break
            parts.append(conjoin_or_true(own))
        else:
            implied.append(_factor(disjoin(parts)))
    return implied


def _only_about(conjunct: Expr, relation: frozenset[ColumnId]) -> bool:
    used = columns_of(conjunct)
    return bool(used) and used <= relation and not can_fail(conjunct)


def _relations(plan: Logical) -> list[frozenset[ColumnId]]:
    """Column sets of the leaves below an inner join tree."""
    if not subjects_of(plan) & JOIN:
        return []
    match plan:
        case Filter():
            return _relations(plan.input) or [output_ids(plan.input)]
        case Join(kind=JoinKind.INNER | JoinKind.CROSS):
            sides = (plan.left, plan.right)
            return [leaf for side in sides for leaf in (_relations(side) or [output_ids(side)])]
        case Join(kind=JoinKind.SEMI | JoinKind.ANTI | JoinKind.LEFT | JoinKind.SINGLE):
            return _relations(plan.left) or [output_ids(plan.left)]
        case _:
            return [output_ids(plan)]
