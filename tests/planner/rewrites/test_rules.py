"""A rule is left out where a plan has nothing of what it is about: that changes no plan."""
from __future__ import annotations

from pathlib import Path

from plan_tools.small_tables import View, bind, random_data
from warehouse.engine.evaluate import evaluate
from warehouse.planner.rewrites import RULES, SUBJECTS, RewriteContext, apply_rules
from warehouse.planner.rewrites.inline_ctes import inline_ctes
from warehouse.storage.schema import Topology

MORE = (
    "select g, avg(distinct a), count(distinct b) from (select c g, a, b from t) x group by rollup (g)",
    "select listagg(a, ',') within group (order by b), approximate count(distinct a) from t",
    "select a from t intersect select a from u except select k from v",
    "select variance(t.a), median(t.b) from t left join u on t.a = u.a where u.a is null",
)


def queries() -> list[str]:
    lines = (Path(__file__).parents[1] / "queries.sql").read_text().splitlines()
    return [line for line in lines if line and not line.startswith("--")]


def test_rules_that_are_left_out_would_change_nothing() -> None:
    for sql in (*queries(), *MORE):
        query = bind(sql, View("key", Topology.even(1, 2), random_data(1), {}))
        some, every = RewriteContext.of(query, evaluate), RewriteContext.of(query, evaluate)
        found = apply_rules(inline_ctes(query.plan, some), some)
        plan = inline_ctes(query.plan, every)
        for _, rule in RULES:
            plan = rule(plan, every)
        assert found == plan, sql
        assert some.ctes == every.ctes, sql


def test_subjects_are_those_of_rules() -> None:
    assert SUBJECTS.keys() <= {name for name, _ in RULES}
