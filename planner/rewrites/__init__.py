"""Rewrite rules: logical plan to logical plan, in one ordered list.

Every rule stands in a file of its name and is a function (plan, context) -> plan; its docstring shows
a plan before and after. `rewrite_query` runs them over the main plan and over each shared subplan.
Rules must not change what the query returns; which plan is faster is the optimizer's business, so
the rules here are those that (nearly) always help or that later stages rely on:

    after the list no DependentJoin, subquery expression, GROUPING SETS, DISTINCT aggregate, AVG, STDDEV,
    aggregate with an order, INTERSECT, EXCEPT or UNION without ALL, and no RIGHT JOIN is left.
"""
from __future__ import annotations

from collections.abc import Callable, Set
from dataclasses import replace

from ..contents import CAN_FOLD, CAN_SIMPLIFY, COMPARES_BY_KEY, HAS_SUBQUERY
from ..logical import Logical, Query
from .context import RewriteContext
from .drop_empty import drop_empty
from .expand_full_joins import expand_full_joins
from .expand_grouping_sets import expand_grouping_sets
from .expand_set_operations import expand_set_operations
from .extract_subqueries import extract_subqueries
from .fold_constants import fold_constants
from .inline_ctes import count_uses, inline_ctes
from .left_to_anti import left_to_anti
from .normalise_super import normalise_super
from .order_aggregates import order_aggregates
from .prune_columns import prune_all
from .pull_projections import pull_projections
from .push_predicates import push_predicates
from .restrict_ctes import restricted
from .semi_to_inner import semi_to_inner
from .share_subplans import share_subplans
from .simplify_outer_joins import simplify_outer_joins
from .simplify_predicates import simplify_predicates
from .split_average import split_average
from .split_distinct import split_distinct
from .subjects import (
    AGGREGATE,
    DECIDED,
    DEPENDENT_JOIN,
    DISTINCT_CALL,
    FULL_JOIN,
    GROUPING_SETS,
    JOIN,
    LEFT_JOIN,
    ORDERED_CALL,
    OUTER_JOIN,
    SEMI_JOIN,
    SET_OPERATION,
    SPLIT_CALL,
    subjects_of,
)
from .unnest import unnest

Rule = Callable[[Logical, RewriteContext], Logical]

RULES: tuple[tuple[str, Rule], ...] = (
    # Subqueries first: everything else then works on plain joins only.
    ("extract_subqueries", extract_subqueries),
    # Before unnesting, which knows unions of aggregates but no grouping sets.
    ("expand_grouping_sets", expand_grouping_sets),
    ("unnest", unnest),
    # Fewer kinds of nodes for the rules below.
    ("expand_set_operations", expand_set_operations),
    # Behind what makes comparisons of whole rows, before their keys are folded.
    ("normalise_super", normalise_super),
    # Constants before predicates: date arithmetic must be a literal to be compared and pushed.
    ("fold_constants", fold_constants),
    ("simplify_predicates", simplify_predicates),
    # Derived tables join the region around them, so that pushing sees whole regions.
    ("pull_projections", pull_projections),
    # Inner joins let more predicates through, so outer joins are simplified before pushing...
    ("simplify_outer_joins", simplify_outer_joins),
    # What is a full join still, and none that a hash join can run.
    ("expand_full_joins", expand_full_joins),
    # What is still a left join may be there only to find rows without a partner.
    ("left_to_anti", left_to_anti),
    ("semi_to_inner", semi_to_inner),
    ("push_predicates", push_predicates),
    # What pushing brought to a union's constants is decided.
    ("drop_empty", drop_empty),
    # ...and pushing may have put conditions where two projections or filters now meet.
    ("pull_projections again", pull_projections),
    # Values in order come from windows; what is left are plain aggregates.
    ("order_aggregates", order_aggregates),
    # AVG(DISTINCT x) becomes DISTINCT sums and counts, hence before split_distinct.
    ("split_average", split_average),
    ("split_distinct", split_distinct),
    # Sketches of what are distinct values now.
    ("order_aggregates again", order_aggregates),
    # Last: predicates are where they belong, so equal subplans look equal, and no rule that looks for
    # joins and aggregates is kept from them.
    ("share_subplans", share_subplans),
)


# What a plan must have for a rule to find anything in it.
SUBJECTS: dict[str, int] = {
    "extract_subqueries": HAS_SUBQUERY,
    "expand_grouping_sets": GROUPING_SETS,
    "unnest": DEPENDENT_JOIN,
    "expand_set_operations": SET_OPERATION,
    "normalise_super": COMPARES_BY_KEY,
    "fold_constants": CAN_FOLD,
    "simplify_predicates": CAN_SIMPLIFY | CAN_FOLD | DECIDED,
    "simplify_outer_joins": OUTER_JOIN,
    "expand_full_joins": FULL_JOIN,
    "left_to_anti": LEFT_JOIN,
    "semi_to_inner": SEMI_JOIN,
    "drop_empty": SET_OPERATION,
    "order_aggregates": ORDERED_CALL,
    "split_average": SPLIT_CALL,
    "split_distinct": DISTINCT_CALL,
    "order_aggregates again": ORDERED_CALL,
    "share_subplans": JOIN | AGGREGATE,
}


def apply_rules(plan: Logical, context: RewriteContext) -> Logical:
    looked_at, there = plan, subjects_of(plan)
    for rule, wanted in _WANTED:
        if wanted is not None:
            if looked_at is not plan:
                looked_at, there = plan, subjects_of(plan)
            if not there & wanted:
                continue
        plan = rule(plan, context)
    return plan


_WANTED = tuple((rule, SUBJECTS.get(name)) for name, rule in RULES)


def rewrite_query(query: Query, context: RewriteContext) -> Query:
    """The query after all rules, its columns pruned."""
    plan = apply_rules(inline_ctes(query.plan, context), context)
    done: dict[int, Logical] = {}  # readers come before what they read
    read_by: dict[int, Set[int]] = {}
    while pending := context.ctes.keys() - done.keys():  # rules may share subplans while they run
        number = _unread(pending, read_by, context)
        _, body, columns = context.ctes[number]
        done[number] = apply_rules(restricted(number, body, [plan, *done.values()]), context)
        context.ctes[number] = (number, done[number], columns)
    plan = prune_all(plan, [ref.id for ref in query.columns], list(done), context)
    return replace(query, plan=plan, ctes=tuple(context.ctes.values()))


def _unread(pending: Set[int], read_by: dict[int, Set[int]], context: RewriteContext) -> int:
    """A shared subplan whose readers are all done: what they keep of it is known. `read_by`: which ones those that
    were pending before read."""
    if len(pending) == 1:
        return min(pending)
    for number in pending - read_by.keys():
        read_by[number] = count_uses([context.ctes[number][1]]).keys()
    return min(set(pending).difference(*[read_by[number] for number in pending]))


__all__ = ["RULES", "SUBJECTS", "RewriteContext", "Rule", "apply_rules", "rewrite_query"]
