"""What stands inside an expression or a plan: kept with it, and what a walk finds."""
from __future__ import annotations

import pickle
from pathlib import Path
from typing import get_args

import pytest
from plan_tools.small_tables import View, bind, random_data
from warehouse.engine.evaluate import evaluate
from warehouse.planner import contents
from warehouse.planner.contents import (
    CAN_FAIL,
    CAN_FOLD,
    CAN_SIMPLIFY,
    COMPARES_BY_KEY,
    HAS_NOT,
    HAS_SUBQUERY,
    IS_VOLATILE,
    READS_SHARED,
    columns_of,
    free_columns,
    traits_of,
)
from warehouse.planner.expressions import ColumnRef, Exists, Expr, Literal, Not, Or, Quantified, ScalarSubquery
from warehouse.planner.logical import CteRef, Filter, Logical
from warehouse.planner.rewrites import RewriteContext, rewrite_query, subjects
from warehouse.planner.traverse import expressions, walk, walk_plan
from warehouse.storage.schema import Topology

WITH = "with c as (select a, count(*) n from t group by a) "


def queries() -> list[str]:
    lines = (Path(__file__).parent / "queries.sql").read_text().splitlines()
    return [line for line in lines if line and not line.startswith("--")]


def bound(sql: str) -> Logical:
    return bind(sql, View("key", Topology.even(1, 2), random_data(1), {})).plan


def predicate(sql: str) -> Expr:
    return next(node.predicate for node in walk_plan(bound(sql)) if isinstance(node, Filter))


def test_every_kind_is_known() -> None:
    kinds = set(get_args(Expr))
    assert contents._LOOKS.keys() == kinds - {ColumnRef, Literal}
    assert contents._MADE.keys() == set(get_args(Logical))
    assert subjects._OWN.keys() <= set(get_args(Logical))


def read_by_walking(expr: Expr) -> set[int]:
    nested = [e for e in walk(expr) if isinstance(e, (ScalarSubquery, Exists, Quantified))]
    return {e.id for e in walk(expr) if isinstance(e, ColumnRef)}.union(*[free_columns(e.plan) for e in nested])


def test_columns_are_those_that_a_walk_finds() -> None:
    for sql in queries()[::2]:
        for node in walk_plan(bound(sql)):
            for expr in expressions(node):
                found = walk(expr)
                assert columns_of(expr) == read_by_walking(expr), sql
                assert bool(traits_of(expr) & HAS_SUBQUERY) == (not contents.NESTING.isdisjoint(map(type, found))), sql
                assert bool(traits_of(expr) & HAS_NOT) == (Not in set(map(type, found))), sql
                assert Or not in set(map(type, found)) or traits_of(expr) & CAN_SIMPLIFY, sql


@pytest.mark.parametrize(("condition", "trait"), [
    ("a = 1 + 1", CAN_FOLD),
    ("a / 2 = 1", 0),
    ("a / 0 = 1", CAN_FAIL),
    ("a = 1 and (b = 2 and c = 3)", 0),
    ("case when 1 = 1 then a else b end = 2", CAN_FOLD),
    ("a = b", 0),
    ("case when a = 1 then b else c end = 2", 0),
    ("a = 1 and b = 2", 0),
    ("a > 1 and a < 2", 0),
    ("a > 1 and a > 1", CAN_SIMPLIFY),
    ("a in (1, 2)", 0),
    ("a in (1, 2) and a in (2, 3)", CAN_SIMPLIFY),
    ("a + random() > 1", IS_VOLATILE | CAN_FAIL),
    ("a / b > 1", CAN_FAIL),
    ("a = (select max(a) from u)", HAS_SUBQUERY | CAN_FAIL),
    ("exists (select 1 from u where u.a = t.b)", HAS_SUBQUERY),
    ("exists (select 1 from c, c d where c.a = t.b)", HAS_SUBQUERY | READS_SHARED),
    ("exists (select 1 from u where exists (select 1 from c, c d where c.a = u.a))", HAS_SUBQUERY | READS_SHARED),
])
def test_traits_are_told(condition: str, trait: int) -> None:
    asked = CAN_FOLD | CAN_SIMPLIFY | IS_VOLATILE | CAN_FAIL | HAS_SUBQUERY | READS_SHARED
    sql = f"{WITH if ' from c' in condition else ''}select a from t where {condition}"
    assert traits_of(predicate(sql)) & asked == trait


def test_what_is_kept_is_no_part_of_the_value() -> None:
    sql = "select a from t where a in (1, 2) and b > 3"
    asked, other = predicate(sql), predicate(sql)
    columns_of(asked)
    assert asked == other and hash(asked) == hash(other) and repr(asked) == repr(other)
    again = pickle.loads(pickle.dumps(asked))
    assert again == asked and not hasattr(again, "reads")


def test_subjects_are_those_of_a_plan_that_nobody_has_looked_into() -> None:
    for sql in queries()[::3]:
        query = bind(sql, View("key", Topology.even(1, 2), random_data(1), {}))
        made = rewrite_query(query, RewriteContext.of(query, evaluate)).plan
        assert subjects.subjects_of(made) == subjects.subjects_of(pickle.loads(pickle.dumps(made))), sql
        readings = [node for node in walk_plan(made) if isinstance(node, CteRef)]
        found = [node for node in subjects.nodes_where(made, READS_SHARED) if isinstance(node, CteRef)]
        assert found == readings, sql


def test_keyed_types_are_told_where_whole_values_are_compared() -> None:
    plan = bound("select distinct json_parse('1') from t")
    assert subjects.subjects_of(plan) & COMPARES_BY_KEY
    assert not subjects.subjects_of(bound("select distinct a from t")) & COMPARES_BY_KEY
