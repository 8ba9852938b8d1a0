"""The tables by class that walks go by: every kind of expression and plan node stands in them."""
from __future__ import annotations

from typing import get_args

from warehouse.planner import columns, nulls, physical_traverse, traverse
from warehouse.planner.expressions import ColumnRef, Compare, Expr, IsNull, Literal, Not
from warehouse.planner.logical import Logical
from warehouse.planner.physical import Physical
from warehouse.storage.types import INTEGER


def test_every_expression_has_children() -> None:
    kinds = set(get_args(Expr))
    assert traverse._CHILDREN.keys() == kinds
    assert traverse._MAPPERS.keys() | traverse._LEAVES == kinds


def test_every_plan_node_has_inputs_and_expressions() -> None:
    kinds = set(get_args(Logical))
    assert traverse._INPUTS.keys() == traverse._EXPRESSIONS.keys() == kinds
    assert columns._OUTPUTS.keys() | columns._PASSING == nulls._PROVEN.keys() == kinds
    assert traverse._OVER.keys() | traverse.SOURCES == kinds
    assert traverse._MAPPED.keys() | traverse._NOT_MAPPED == kinds


def test_every_physical_node_has_inputs_and_expressions() -> None:
    kinds = set(get_args(Physical))
    assert columns._PHYSICAL_INPUTS.keys() == columns._PHYSICAL_OUTPUTS.keys() == kinds
    assert physical_traverse._EXPRESSIONS.keys() == kinds


def test_a_walk_sees_all_and_mapping_nothing_changes_nothing() -> None:
    a, one = ColumnRef(1, INTEGER, "a"), Literal(1, INTEGER)
    expr = Not(Compare("=", a, one))
    assert traverse.walk(expr) == [expr, expr.arg, a, one]
    assert traverse.rewrite(expr, lambda e: e) is expr
    assert traverse.rewrite(expr, lambda e: IsNull(a) if isinstance(e, Compare) else e) == Not(IsNull(a))
