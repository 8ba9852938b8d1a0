"""Dependent joins become joins: by pulling predicates up, else by the domain of outer values."""
from __future__ import annotations

from collections.abc import Callable

from plan_tools.rule_script import around, rule_text
from warehouse.planner.traverse import walk_plan

CASES = [
    (
        "a correlated equality becomes the join condition",
        "select a from t where exists (select 1 from u where u.a = t.a and u.e > 1)",
    ),
    ("an inequality can be pulled up too", "select a from t where exists (select 1 from u where u.b > t.b)"),
    (
        "through an aggregate the equality becomes a group",
        "select a from t where b < (select max(u.b) from u where u.a = t.a)",
    ),
    ("COUNT of nothing is 0", "select a, (select count(*) from u where u.a = t.a) from t"),
    (
        "an inequality under an aggregate: the domain of outer values",
        "select a, (select sum(e) from u where u.b < t.b) from t",
    ),
    (
        "correlated NOT IN spells its NULL rule out",
        "select a from t where a not in (select u.e from u where u.b = t.b)",
    ),
    (
        "windows of a correlated subquery have a partition for each outer value",
        "select a, (select sum(n) from (select count(*) over () n from u where u.b < t.b) x) from t",
    ),
    (
        "the domain leaves out the joins of other subqueries",
        "select a from t where a in (select e from u where u.b < t.b) or b in (select e from u where u.b < t.a)",
    ),
    ("not correlated: one row, joined once", "select a from t where b = (select max(b) from u)"),
    (
        "two levels",
        "select a from t where exists (select 1 from u where u.a = t.a and exists (select 1 from v where "
        "v.b = t.b and v.k = u.b))",
    ),
    (
        "a union in the subquery",
        "select a, (select max(x.z) from (select e as z from u where u.a = t.a union all select k from v "
        "where v.b = t.b) x) from t",
    ),
]


def test_golden(golden: Callable[[str, str], None]) -> None:
    golden("unnest.txt", rule_text("unnest", CASES))


def nodes(subqueries: int) -> int:
    """How large the plan is that comes of so many subqueries that need the domain."""
    tests = [f"((a + {i}) not in (select u.e from u where u.b < t.b)) = (b > {i})" for i in range(subqueries)]
    _, plan, context = around("unnest", f"select a from t where {' or '.join(tests)}")
    return sum(len(walk_plan(each)) for each in (plan, *[cte[1] for cte in context.ctes.values()]))


def test_domains_do_not_multiply() -> None:
    few, more, most = (nodes(count) for count in (4, 6, 8))
    assert most - more == more - few  # copies of copies made it thirty times as large with each two
