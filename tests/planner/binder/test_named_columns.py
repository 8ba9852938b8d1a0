"""Scans begin with the columns that the text names; the plan is the one that all columns give."""
from __future__ import annotations

import pytest
from plan_tools.tpch_tables import Planning
from warehouse.bench.tpch import TPCH
from warehouse.engine.evaluate import evaluate
from warehouse.errors import AmbiguousColumn, UndefinedColumn
from warehouse.planner.binder import BindContext, bind_query, named_columns
from warehouse.planner.explain import explain
from warehouse.planner.logical import Query, Scan
from warehouse.planner.optimize import optimize
from warehouse.planner.parse import parse_script
from warehouse.planner.syntax import tokenize
from warehouse.planner.traverse import walk_plan
from warehouse.storage.schema import View

PLANNING = Planning()
FORMS = [
    "select count(*) from nation",
    "select count(*) from nation n, region where r_name = 'ASIA'",  # region's key is not named
    "select N_NAME from nation where n_regionkey in (select r_regionkey from region where r_name < n_comment)",
    "select n.key, name from nation n (key, name, region) where region = 1",
    "select n_name from nation join region r (n_regionkey) using (n_regionkey)",
    "select * from nation natural join (select r_regionkey as n_regionkey from region) r",
    "select n.* from nation n, region",
    "select x.n_name from (select * from nation) x",
    "select 1 from nation where exists (select * from region where r_regionkey = n_regionkey)",
    'select "N_NAME" from nation',
    "select regions from v order by 1",
    "select n_name, r_name from nation, region where n_regionkey = r_regionkey(+)",
    "with a as (select * from nation) select count(*) from a union all select r_regionkey from region",
]


def words_of(sql: str) -> frozenset[str] | None:
    return named_columns.words_of(sql, tokenize(sql))


def bound(sql: str, named: bool) -> Query:
    (parsed,) = parse_script(sql)
    view = PLANNING.view()
    view.views["v"] = View(99, "public", "v", "select r_regionkey, count(*) from region group by 1", ("regions", "n"))
    return bind_query(parsed.statement.tree, view, BindContext(words=words_of(sql) if named else None))


def scanned(query: Query) -> dict[str, int]:
    return {node.alias: len(node.columns) for node in walk_plan(query.plan) if isinstance(node, Scan)}


@pytest.mark.parametrize("sql", [*FORMS, *[TPCH.text(name, 1.0) for name in ("q02", "q08", "q15", "q20", "q21")]])
def test_the_plan_is_that_of_all_columns(sql: str) -> None:
    few, every = [explain(optimize(bound(sql, named), PLANNING.view(), evaluate)) for named in (True, False)]
    assert few == every


def test_columns_that_are_not_named_are_not_bound() -> None:
    assert scanned(bound("select l_tax from lineitem l, nation", True)) == {"l": 2, "nation": 1}  # and the narrowest
    assert scanned(bound("select n.*, l_tax from lineitem l, nation n", True)) == {"l": 16, "n": 4}
    assert scanned(bound("select l_tax from lineitem, (select * from nation n) x", True)) == {"lineitem": 2, "n": 4}
    assert scanned(bound('select l_tax "L_TAX" from lineitem', True)) == {"lineitem": 16}


def test_words() -> None:
    assert words_of("select A b$1 from t -- c") == {"select", "a", "b$1", "from", "t"}
    assert words_of("select A from t GROUP\n BY a") == {"select", "a", "from", "t", "group", "by"}
    assert words_of("a = b(+)") == {"a", "=", "b", "(+)"}
    assert words_of("select é from t") is words_of("select * from a NATURAL join b") is words_of('select "a"') is None


def test_errors_know_all_names() -> None:
    for sql, hint in (("select n_nam from nation", "n_name"), ("select n.n_regionke from nation n", "n_regionkey")):
        with pytest.raises(UndefinedColumn) as error:
            bound(sql, True)
        assert error.value.hint == f'Did you mean "{hint}"?'
    with pytest.raises(AmbiguousColumn):
        bound("select n_name from nation a, nation b", True)
