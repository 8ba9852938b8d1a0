"""Golden text of one rewrite rule: each query's plan before the rule and after it.

The plan before is what all earlier rules of RULES made of the query; a rule that changes nothing prints
"unchanged". Every case must change the plan unless its comment says "unchanged", so that no golden file
quietly stops showing its rule.
"""
from __future__ import annotations

from collections.abc import Sequence

from plan_tools.small_tables import View, bind, random_data
from warehouse.engine.evaluate import evaluate
from warehouse.planner.logical import Logical
from warehouse.planner.rendering import show_plan
from warehouse.planner.rewrites import RULES, RewriteContext
from warehouse.planner.rewrites.inline_ctes import inline_ctes
from warehouse.storage.schema import Topology

Case = tuple[str, str]  # what it proves, query


def rule_text(rule: str, cases: Sequence[Case]) -> str:
    return "\n\n".join(_case(rule, comment, sql) for comment, sql in cases)


def _case(rule: str, comment: str, sql: str) -> str:
    before, after, context = around(rule, sql)
    old, new = show_plan(before), show_plan(after)
    assert (old == new) == ("unchanged" in comment), comment
    lines = [f"# {comment}", f"> {sql}", *old, "->", *(["unchanged"] if old == new else new)]
    for number, plan, _ in context.ctes.values():
        lines += [f"Shared {number} =", *["  " + line for line in show_plan(plan)]]
    return "\n".join(lines)


def around(rule: str, sql: str) -> tuple[Logical, Logical, RewriteContext]:
    """The plan before the rule, the plan after it."""
    query = bind(sql, View("key", Topology.even(1, 2), random_data(1), {}))
    context = RewriteContext.of(query, evaluate)
    if rule == "inline_ctes":
        return query.plan, inline_ctes(query.plan, context), context
    plan = inline_ctes(query.plan, context)
    for name, step in RULES:
        changed = step(plan, context)
        if name == rule:
            return plan, changed, context
        plan = changed
    raise AssertionError(f"no rule is called {rule}")
