"""The plan cache: a cached plan answers like one made for the text; what must not be reused is not."""
from __future__ import annotations

import random
from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from plan_tools.random_sql import random_query
from plan_tools.reference import Cluster, Logical
from plan_tools.small_tables import DESIGNS, Data, View, random_data
from plan_tools.small_tables import bind as bind_plain
from warehouse.engine.evaluate import evaluate
from warehouse.errors import CardinalityViolation, DataError
from warehouse.planner.binder.context import BindContext
from warehouse.planner.binder.entry import bind_query
from warehouse.planner.expressions import Call
from warehouse.planner.parse import parse_script
from warehouse.planner.physical_traverse import expressions_of, walk_physical
from warehouse.planner.plan_cache import Binding, PlanCache, RecordingView, shape_of
from warehouse.planner.traverse import walk
from warehouse.storage.schema import TableStatistics, Topology

TOPOLOGY = Topology.even(1, 2)


class Statements:
    """Plans texts through one cache."""

    def __init__(self, data: Data | None = None, design: str = "key") -> None:
        self.data = random_data(3) if data is None else data
        self.view: Any = View(design, TOPOLOGY, self.data, {})
        self.cache = PlanCache()
        self.bound = 0

    def plan(self, sql: str, scope: str = "") -> Any:
        def bind(view: Any, literals: Any) -> Binding:
            self.bound += 1
            (parsed,) = parse_script(sql)
            context = BindContext(settings={"compatibility": "extended"}, literals=literals)
            return Binding(bind_query(parsed.statement.tree, view, context), not context.stable)

        return self.cache.plan(sql, scope, self.view, bind, evaluate)

    def rows(self, sql: str) -> Counter[tuple[Any, ...]]:
        return Counter(Cluster(self.data, TOPOLOGY.slices).run(self.plan(sql)))

    def hits(self, first: str, second: str) -> bool:
        """Whether the second text finds the first one's plan."""
        self.plan(first)
        before = self.bound
        self.plan(second)
        return self.bound == before


@pytest.mark.parametrize(("first", "second"), [
    ("select a from t where c = 1", "select a from t where c = 23"),
    ("select a from t where d < 1.50", "select a from t where d < 9.99"),
    ("select a from t where s = 'A'", "select a from t where s = 'something'"),
    ("select a from t where c < 2 + 3", "select a from t where c < 20 + 1"),
    ("select c * 2 from t, u where t.a = u.a and u.b > 1", "select c * 7 from t, u where t.a = u.a and u.b > 3"),
    ("select a from t where a = 1 and b = 1", "select a from t where a = 2 and b = 3"),
])
def test_same_shape(first: str, second: str) -> None:
    assert Statements().hits(first, second)


def test_literals_are_looked_at_when_others_come() -> None:
    statements = Statements()
    statements.plan("select a from t where c = 1 limit 5")
    ((entry,),) = statements.cache._shapes.values()
    statements.plan("select a from t where c = 1 limit 5")
    assert entry.origin is not None
    statements.plan("select a from t where c = 2 limit 5")
    assert entry.origin is None and statements.bound == 1
    assert [text for _, text in entry.literals().verbatim] == ["5"]


@pytest.mark.parametrize(("first", "second"), [
    ("select a from t where c = 1", "select a from t where c = 3000000000"),  # another type
    ("select a from t where d < 1.50", "select a from t where d < 1.5"),  # another scale
    ("select a from t order by c limit 1", "select a from t order by c limit 2"),
    ("select a, b from t order by 1", "select a, b from t order by 2"),
    ("select a from t where s like 'A%'", "select a from t where s like 'B%'"),
    ("select a from t where a in (1, 2)", "select a from t where a in (1, 3)"),
    ("select a from t where a = 1 or a = 2", "select a from t where a = 1 or a = 3"),
    ("select a from t where 1 = 2", "select a from t where 1 = 1"),
    ("select substring(s, 1, 2) from t", "select substring(s, 1, 3) from t"),
    ("select a / 2 from t", "select a / 0 from t"),
    ("select a from t where c = 1", "select  a from t where c = 1"),
])
def test_another_shape(first: str, second: str) -> None:
    assert not Statements().hits(first, second)


def test_new_values_are_used() -> None:
    statements = Statements()
    for value in range(5):
        text = f"select c, a from t where c >= {value} - 1"
        expected = Counter([(row[2], row[0]) for row in statements.data["t"] if row[2] >= value - 1])
        assert statements.rows(text) == expected
    assert statements.bound == 1 and statements.cache.hits == 4


def test_positions_follow_longer_literals() -> None:
    statements = Statements()
    statements.plan("select a from t where c > 1 and a / b > 2")
    text = "select a from t where c > 1000 and a / b > 2"
    plan = statements.plan(text)
    assert statements.bound == 1
    (division,) = [
        e for node in walk_physical(plan.root) for whole in expressions_of(node) for e in walk(whole)
        if isinstance(e, Call)
    ]
    assert division.span is not None
    start, end = division.span
    assert text[start:end] == "a / b"


def test_scope_is_part_of_the_key() -> None:
    statements = Statements()
    statements.plan("select a from t", "alice")
    statements.plan("select a from t", "bob")
    assert statements.bound == 2


def test_a_table_that_grew_is_planned_again() -> None:
    statements = Statements()
    statements.plan("select a from t")
    known = statements.view.tables["t"]
    for rows, again in ((len(statements.data["t"]), 0), (10_000, 1)):
        before = statements.bound
        statistics = TableStatistics(rows, 0, known.statistics.columns)
        statements.view.tables["t"] = type(known)(known.table, (), statistics, known.replicated)
        statements.plan("select a from t")
        assert statements.bound - before == again


def test_a_name_that_means_something_else_is_bound_again() -> None:
    statements = Statements()
    statements.plan("select k from v")
    other = statements.view.tables["w"]
    statements.view.tables["v"] = other
    plan = statements.plan("select k from v")
    assert plan.tables[0].name == "w" and statements.bound == 2


def test_now_is_not_kept() -> None:
    statements = Statements()
    assert not statements.hits("select getdate() from t", "select getdate() from t")


def test_shape_hides_literals_only() -> None:
    shape, tokens = shape_of("select a1, \"b 2\", 'it''s' -- 3\n from t where x = 4.50 and y = .5e3")
    assert [t.text for t in tokens] == ["'it''s'", "4.50", ".5e3"]
    assert "a1" in shape and '"b 2"' in shape and "4.50" not in shape


def test_recording_view_asks_through() -> None:
    view = RecordingView(View("key", TOPOLOGY, random_data(1), {}))
    bind_plain("select t.a from t", view)  # type: ignore[arg-type]
    assert (None, "t") in view.relations_seen


@given(st.integers(0, 1 << 32))
def test_cached_runs_equal_uncached_ones(seed: int) -> None:
    """A random query, then the same text with other literals: the rows are those of the new text."""
    choose = random.Random(seed)
    first = random_query(choose)
    statements = Statements(random_data(seed, 5), choose.choice(list(DESIGNS)))
    _, tokens = shape_of(first)
    for _ in range(3):
        text, at = "", 0
        for token in tokens:
            text += first[at:token.start] + str(choose.randint(0, 4))
            at = token.start + len(token.text)
        text += first[at:]
        query = bind_plain(text, statements.view)
        try:
            rows = Logical(statements.data, query.ctes).rows(query.plan, {})
        except (CardinalityViolation, DataError):
            continue
        expected = Counter([tuple([row[c.id] for c in query.columns]) for row in rows])
        assert statements.rows(text) == expected


@pytest.mark.parametrize("text", [
    "/* it's */ select a from t where c = {}",
    "select a /* ' /* 5 */ ' */ from t where c = {} -- don't",
    "/* /* '*/ {} */ select a from t where c = {} /* ' */",
])
def test_comments_hide_no_literal(text: str) -> None:
    statements = Statements()
    for number in (1, 2, 3, 1):
        assert statements.rows(text.format(number, number)) == statements.rows(f"select a from t where c = {number}")
