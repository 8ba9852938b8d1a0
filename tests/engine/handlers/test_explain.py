"""EXPLAIN: one line a row; ANALYZE runs the query; what is not a query is refused."""

from __future__ import annotations

from typing import Any

import pytest
from warehouse.errors import Error


@pytest.fixture
def t(db: Any) -> Any:
    db.execute("create table t (a int, b varchar(5)) diststyle even; insert into t values (1, 'x'), (2, 'y')")
    return db


def lines(db: Any, sql: str) -> list[str]:
    cursor = db.execute(sql)
    assert [d[0] for d in cursor.description] == ["QUERY PLAN"]
    return [row[0] for row in cursor.fetchall()]


def test_a_line_a_row(t: Any) -> None:
    plan = lines(t, "explain select a from t where a > 1")
    assert any("XN Seq Scan on t" in line for line in plan)
    assert any("Filter: (a > 1)" in line for line in plan)
    assert not any("actual" in line for line in plan)


def test_advice_comes_last(t: Any) -> None:
    t.execute("create table u (x int, pad varchar(300)) diststyle even")
    t.execute("insert into u values " + ", ".join(f"({i}, '{'p' * 290}')" for i in range(500)))
    t.execute("insert into t select x, 'z' from u")
    plan = lines(t, "explain select pad, b from t join u on a = x")
    assert any("DS_" in line for line in plan)
    advice = [i for i, line in enumerate(plan) if line.startswith("Advice:")]
    assert advice == list(range(len(plan) - len(advice), len(plan)))


def test_analyze_runs_the_query(t: Any) -> None:
    plan = lines(t, "explain analyze select a from t where a > 1")
    (scan,) = [line for line in plan if "Seq Scan on t" in line]
    assert "(actual rows=" in scan and "blocks read=" in scan
    with pytest.raises(Error, match="division by zero"):
        t.execute("explain analyze select 1 / (a - a) from t")
    t.execute("explain select 1 / (a - a) from t")


def test_verbose_shows_all_of_the_plan_first(t: Any) -> None:
    """Every node, also those that have no line, then the lines of EXPLAIN."""
    query = "select b, count(*) from t where a > 1 group by b order by 2 desc limit 3"
    plan, short = lines(t, f"explain verbose {query}"), lines(t, f"explain {query}")
    end = plan.index("")
    assert plan[end + 1 :] == short
    dump = [line.strip() for line in plan[:end]]
    assert dump[0] == "{LIMITROWS" and dump.count("}") == sum(line.startswith("{") for line in dump)
    assert [line for line in dump if line.startswith(":phase")] == [":phase final", ":phase partial"]
    scan = dump[dump.index("{TABLESCAN") :]
    assert ":table t" in scan and any(line.startswith(":filter (a#") and line.endswith("> 1)") for line in scan)
    assert any(line.startswith(":targetlist (a#") and "character varying(5)" in line for line in scan)
    assert any("Seq Scan on t" in line for line in lines(t, "explain verbose delete from t where a > 0"))


def test_verbose_shows_a_shared_subplan_once(t: Any) -> None:
    plan = lines(t, "explain verbose with c as (select a, random() as r from t) select * from c join c as d using (a)")
    dump = [line.strip() for line in plan]
    assert dump.count("{TABLESCAN") == 1
    assert sum(line.startswith("{") and line.endswith("(above)}") for line in dump) == 1


def test_other_statements_are_planned_and_not_run(t: Any) -> None:
    statements = (
        "insert into t select * from t", "create table n as select * from t", "delete from t where a > 0",
        "update t set b = 'z' from t as o where t.a = o.a",
    )
    for sql in statements:
        assert any("Seq Scan on t" in line for line in lines(t, f"explain {sql}"))
        with pytest.raises(Error) as caught:
            t.execute(f"explain analyze {sql}")
        assert caught.value.sqlstate == "0A000"
    assert t.execute("select count(*), min(b) from t").fetchone() == (2, "x")
    with pytest.raises(Error) as caught:
        t.execute("explain vacuum t")
    assert caught.value.sqlstate == "0A000" and "UPDATE and DELETE" in str(caught.value)
    with pytest.raises(Error) as caught:
        t.execute("explain select nosuch from t")
    assert caught.value.position == len("explain select ")


def test_a_kept_text_is_that_of_the_plan(t: Any) -> None:
    """EXPLAIN keeps the lines of plans that the plan cache hands out again: not where the plan is another."""
    sql = "explain select a, count(*) from t where a > {} group by a"
    first = lines(t, sql.format(1))
    assert lines(t, sql.format(1)) == first
    other = lines(t, sql.format(2))
    assert any("> 2" in line for line in other) and not any("> 2" in line for line in first)
    assert lines(t, sql.format(1)) == first
    for _ in range(6):  # 2 rows become 128
        t.execute("insert into t select a, b from t")
    assert (more := lines(t, sql.format(1))) != first
    t.execute("insert into t values (7, 'few')")
    assert lines(t, sql.format(1)) == more  # the plan that is kept, until the table is analyzed
    t.execute("analyze t")
    assert lines(t, sql.format(1)) != more
    t.execute("alter table t rename column b to c")
    assert lines(t, sql.format(1)) and "actual" in " ".join(lines(t, "explain analyze " + sql.format(1)[8:]))
    assert "actual" not in " ".join(lines(t, sql.format(1)))
