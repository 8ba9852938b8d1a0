"""Estimates, candidates and recommendations beside what really happens."""
from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import design_tables
import pytest
import warehouse
from warehouse.engine.advisor.candidates import Candidates, Rules
from warehouse.engine.advisor.cost import Cluster
from warehouse.engine.advisor.designs import TableDesign, name_of
from warehouse.engine.advisor.estimate import Estimates, plannable
from warehouse.engine.advisor.reasons import collocated, reason
from warehouse.engine.advisor.recommend import ALONE, advise
from warehouse.engine.advisor.samples import Samples
from warehouse.engine.advisor.usage import usage_of
from warehouse.engine.advisor.workload import Query, recorded
from warehouse.engine.result import Result
from warehouse.storage.schema import DistStyle, Table

PEOPLE, VISITS = ("public", "people"), ("public", "visits")
QUERIES = [Query(name, text) for name, text in design_tables.QUERIES.items()]
BEST = {PEOPLE: TableDesign(DistStyle.KEY, "id"), VISITS: TableDesign(DistStyle.KEY, "person", ("day",))}


@pytest.fixture(scope="module")
def db() -> Iterator[Any]:
    with warehouse.connect(nodes=2, slices_per_node=2, threads=2, autocommit=True) as connection:
        design_tables.fill(connection)
        connection.execute("create table lone (a integer, b integer, c integer) diststyle even")
        connection.execute("insert into lone select person % 3, case when person % 5 = 0 then person end, "
                           "case when person % 2 = 0 then 1 else person end from visits")
        yield connection


def within(connection: Any, work: Any) -> Any:
    """What work(context) gives."""
    made: list[Any] = []

    def run(context: Any) -> Result:
        made.append(work(context))
        return Result("SELECT")

    connection.session.perform("-- test", "Design", run)
    return made[0]


def estimates(context: Any, queries: list[Query]) -> Estimates:
    topology = context.view.topology
    return Estimates(context, queries, Cluster(topology.nodes, topology.slices), topology, Samples(context))


def actual(connection: Any, text: str, figure: str) -> int:
    """A figure of EXPLAIN ANALYZE, over all steps."""
    lines = "\n".join(line for (line,) in connection.execute(f"explain analyze {text}").fetchall())
    return sum(int(n.replace(",", "")) for n in re.findall(rf"{figure}=([\d,]+)", lines))


def test_bytes_of_a_plan_are_those_that_move(db: Any) -> None:
    now = {name: TableDesign.of(table) for name, table in tables(db).items()}
    work = within(db, lambda c: estimates(c, QUERIES).work(QUERIES[0], now))
    moved = actual(db, QUERIES[0].text, "bytes moved")
    assert moved / 2 < work.bytes_slices < moved * 2
    assert 0 < work.bytes_nodes <= work.bytes_slices
    assert work.blocks == actual(db, QUERIES[0].text, "blocks read")
    assert within(db, lambda c: estimates(c, QUERIES).total({**now, **BEST}).bytes_slices) < work.bytes_slices / 10


def test_blocks_of_a_sort_key_are_those_that_are_read(db: Any) -> None:
    """The estimate of an unloaded design beside the table really loaded in it."""
    text = QUERIES[1].text
    design = TableDesign(DistStyle.ALL, None, ("day",))
    work = within(db, lambda c: estimates(c, QUERIES).work(QUERIES[1], {VISITS: design}))
    db.execute(f"create table sorted (person bigint, day date, kind varchar(8), amount integer) {design.attributes()}")
    db.execute("insert into sorted select * from visits")
    read = actual(db, text.replace("visits", "sorted"), "blocks read")
    assert 0 < work.blocks == read < work.blocks + work.blocks_skipped
    db.execute("drop table sorted")


def tables(connection: Any) -> dict[Any, Table]:
    return within(connection, lambda c: {name_of(t): t for t in c.view.relations() if isinstance(t, Table)})


def test_rules_strike_out(db: Any) -> None:
    text = "select x.a, count(*) from lone x join lone y on x.a = y.a and x.b = y.b and x.c = y.c group by x.a"

    def candidates(context: Any) -> dict[Any, Candidates]:
        queries = [*QUERIES, Query("lone", text)]
        kept, plans, broken = plannable(queries, context)
        assert not broken
        usage = usage_of(list(zip(kept, plans)), context.view)
        rules = Rules(context.view, usage, Samples(context), 2, 4)
        return {name: rules.of(table) for name, table in tables_of(context).items()}

    found = within(db, candidates)
    struck = {(s.table[1], s.what): s.rule for one in found.values() for s in one.struck}
    assert "values are too few" in struck["lone", "KEY(a)"]
    assert "are NULL" in struck["lone", "KEY(b)"]
    assert "times its share" in struck["lone", "KEY(c)"]
    assert "largest table" in struck["visits", "ALL"]
    assert (DistStyle.KEY, "person") in found[VISITS].distributions
    assert (("day",), False) in found[VISITS].sortings
    assert "too few row groups" in struck["people", "sort keys"]


def tables_of(context: Any) -> dict[Any, Table]:
    return {name_of(t): t for t in context.view.relations() if isinstance(t, Table)}


def test_reasons_name_queries_and_partners(db: Any) -> None:
    def told(context: Any) -> tuple[str, list[str]]:
        kept, plans, _ = plannable(QUERIES, context)
        usage = usage_of(list(zip(kept, plans)), context.view)
        return reason(VISITS, BEST, usage), collocated(VISITS, BEST, usage)

    text, partners = within(db, told)
    assert partners == ["people on id"]
    assert "joins with people on id move nothing in towns" in text and "day is filtered in week" in text


def test_broken_queries_are_named(db: Any) -> None:
    queries = [*QUERIES, Query("typo", "select nothing from visits"), Query("write", "delete from visits")]
    kept, _, broken = within(db, lambda c: plannable(queries, c))
    assert kept == QUERIES
    assert [b.name for b in broken] == ["typo", "write"] and 'column "nothing" does not exist' in broken[0].error


def test_a_history_becomes_a_workload() -> None:
    def row(text: str, kind: str = "Select", took: int = 1, aborted: int = 0, label: str = "default") -> dict[str, Any]:
        return {"querytxt": text, "kind": kind, "starttime": 0, "endtime": took, "aborted": aborted, "label": label}

    records = [row("select 1"), row("select 2", took=9), row("select 1;"), row("select 3", aborted=1),
               row("insert", "Insert"), row("select 4", label="advisor")]
    assert [(q.text, q.weight) for q in recorded(records)] == [("select 2", 1.0), ("select 1", 2.0)]


def test_advice_for_a_workload(db: Any) -> None:
    found = within(db, lambda c: advise(QUERIES, c))
    assert found.improved < found.seconds and not found.broken
    by_table = {r.table.name: r for r in found.recommendations if r.type != "encode"}
    assert "distkey person" in by_table["visits"].ddl
    assert all(r.gain >= 0 and r.group in (ALONE, 1) for r in found.recommendations)


def test_a_join_with_a_filtered_table_skips_too(db: Any) -> None:
    """Days of one month, from a small table: in order of days, as loaded or by a sort key, other months are skipped."""
    db.execute("create table days (day date, month integer) diststyle all")
    db.execute("insert into days select distinct day, extract(month from day)::integer from visits")
    db.execute("create table ordered (day date, amount integer) diststyle all")
    db.execute("insert into ordered select day, amount from visits order by day")
    text = "select sum(amount) from {} v join days d on v.day = d.day where month = 3"
    loaded = Query("loaded", text.format("ordered"))
    work = within(db, lambda c: estimates(c, [loaded]).work(loaded, {}))
    assert work.blocks == actual(db, loaded.text, "blocks read") and work.blocks_skipped > 0
    mixed = Query("mixed", text.format("visits"))
    key = {VISITS: TableDesign(DistStyle.ALL, None, ("day",))}
    assert within(db, lambda c: estimates(c, [mixed]).work(mixed, {}).blocks_skipped) == 0
    assert within(db, lambda c: estimates(c, [mixed]).work(mixed, key).blocks_skipped) > 0
    db.execute("drop table days; drop table ordered")
