"""What pushed predicates prove empty is not planned at all.

    Union all                                    Project
      Filter 's' = 's' AND year = 2001             Filter year = 2001
        Aggregate ...                      ->        Aggregate ...
      Filter 'w' = 's' AND year = 2001
        Aggregate ...

A predicate pushed into a UNION ALL whose sides are marked by constants ('s' AS kind) is decided there.
Folding finds that out; a filter that is false becomes no rows, and a union leaves out a side without any.
Plans without a union are left alone: there constants were folded before.
"""
from __future__ import annotations

from ..columns import output_columns
from ..logical import Filter, Logical, Project, SetOperation, Values
from ..predicates import is_false_or_null, is_true
from .context import RewriteContext
from .fold_constants import fold_predicates
from .push_predicates import push_predicates
from .simplify_predicates import simplify_predicates
from .subjects import DECIDED, SET_OPERATION, rewrite_where, subjects_of


def drop_empty(plan: Logical, context: RewriteContext) -> Logical:
    if not subjects_of(plan) & SET_OPERATION:
        return plan
    folded = rewrite_where(fold_predicates(plan, context), DECIDED, _without_empty)
    return plan if folded is plan else push_predicates(simplify_predicates(folded, context), context)


def _without_empty(node: Logical) -> Logical:
    match node:
        case Filter() if is_true(node.predicate):
            return node.input
        case Filter() if is_false_or_null(node.predicate):
            return Values(output_columns(node), ())
        case Project(input=Values(rows=())) | Filter(input=Values(rows=())):
            return Values(output_columns(node), ())
        case SetOperation(all=True):
            if _is_empty(node.left):
                return Project(node.right, tuple(zip(node.columns, node.right_columns)))
            if _is_empty(node.right):
                return Project(node.left, tuple(zip(node.columns, node.left_columns)))
            return node
        case _:
            return node


def _is_empty(plan: Logical) -> bool:
    return isinstance(plan, Values) and not plan.rows
