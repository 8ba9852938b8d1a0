"""The system tables of queries that ran, against figures counted by hand on small tables over 2 x 2 slices."""
from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import warehouse
from warehouse.engine.virtual import MODULES, VIRTUAL_TABLES

LEADER = 10_000


@pytest.fixture(scope="module")
def db() -> Iterator[Any]:
    """`small` has a row a slice, `big` two, in ascending order of k; both EVEN. `keyed` is by k."""
    connection = warehouse.connect(":memory:", nodes=2, slices_per_node=2, threads=2, autocommit=True)
    run = connection.execute
    run("set enable_result_cache_for_session to off")
    run("create table small (k int, n varchar(3)) diststyle even")
    run("insert into small values (1, 'a'), (2, 'bb'), (3, 'a'), (4, 'bb')")
    run("create table big (k int, v int) diststyle even sortkey(k)")
    run("insert into big values (1, 10), (2, 20), (3, 30), (4, 40), (5, 50), (6, 60), (7, 70), (8, 80)")
    run("create table keyed (k int, v int) distkey(k)")
    yield connection
    connection.close()


def ran(db: Any, sql: str) -> int:
    """Run a query; its number."""
    db.execute(sql).fetchall() if sql.startswith(("select", "with")) else db.execute(sql)
    (number,) = db.execute("select pg_last_query_id()").fetchone()
    return int(number)


def rows(db: Any, columns: str, table: str, query: int, more: str = "") -> list[tuple[Any, ...]]:
    found = db.execute(f"select {columns} from {table} where query = {query} {more} order by 1, 2, 3")
    return list(found.fetchall())


def slices(db: Any, table: str, key: str = "k") -> dict[int, int]:
    """Which slice has each row."""
    return dict(db.execute(f"select {key}, slice_num() from {table}").fetchall())


JOIN = "select n, sum(v) from big join small using (k) group by n"


def test_every_table_named_is_there() -> None:
    for module, names in MODULES.items():
        family = __import__(f"warehouse.engine.virtual.{module}", fromlist=["TABLES"]).TABLES
        made = [
            "!" * t.superusers + "^" * t.leader_only + t.full_name.removeprefix("pg_catalog.") for t in family
        ]
        assert sorted(names.split()) == sorted(made)
        assert all(VIRTUAL_TABLES[t.full_name] is t and t.columns for t in family)
    assert {name for name in VIRTUAL_TABLES if VIRTUAL_TABLES[name].leader_only} == VIRTUAL_TABLES.leader_only


def test_every_table_answers(db: Any) -> None:
    """Whatever ran before, each table has its rows; those of steps that are nowhere else looked at, the right ones."""
    query = ran(db, "select k + 1 from (select k from big union all select k from small) order by 1 limit 5")
    assert sum(r[1] for r in rows(db, "slice, rows, tbl", "stl_save", query)) == 12
    assert rows(db, "slice, rows, step", "stl_limit", query)[0][:2] == (LEADER, 5)
    assert sum(r[1] for r in rows(db, "slice, rows, step", "stl_project", query)) >= 12
    assert {r[0] for r in rows(db, "compile, locus, segment", "svl_compile", query)} == {0}
    for name in VIRTUAL_TABLES:
        db.execute(f"select * from {name}").fetchall()


def test_a_join_and_a_group(db: Any) -> None:
    """small is broadcast and hashed, big is scanned, two groups a slice at most go to the leader."""
    query = ran(db, JOIN)
    summary = rows(db, "stm, seg, step, trim(label), rows", "svl_query_summary", query)
    small, big = (db.execute(f"select '{name}'::regclass::int").fetchone()[0] for name in ("small", "big"))
    assert summary == [
        (0, 0, 0, f"scan   tbl={small} name=small", 4), (0, 0, 1, "bcast", 4),
        (0, 1, 0, "scan name=Internal Worktable", 4), (0, 1, 1, "hash   tbl=239", 4),
        (1, 2, 0, f"scan   tbl={big} name=big", 8), (1, 2, 1, "hjoin  tbl=239", 4), (1, 2, 2, "project", 4),
        (1, 2, 3, "aggr   tbl=240", 4),
        (2, 3, 0, "scan   tbl=240 name=Internal Worktable", 4), (2, 3, 1, "return", 4),
        (2, 4, 0, "scan name=Internal Worktable", 4), (2, 4, 1, "aggr   tbl=241", 2),
        (3, 5, 0, "scan   tbl=241 name=Internal Worktable", 2), (3, 5, 1, "project", 2), (3, 5, 2, "return", 2),
    ]  # fmt: skip
    # Each row of small goes to the one other node: 8 bytes of k, 4 + length of n.
    sizes = {k: 8 + 4 + len(n) for k, n in db.execute("select k, n from small").fetchall()}
    sent = {slice: sizes[k] for k, slice in slices(db, "small").items()}
    assert rows(db, "slice, rows, bytes, packets", "stl_bcast", query) == [(i, 1, sent[i], 1) for i in range(4)]
    assert rows(db, "slice, segment, rows, est_rows", "stl_hash", query)[0] == (0, 1, 4, 4)
    matched = Counter(slice for k, slice in slices(db, "big").items() if k <= 4)
    assert rows(db, "slice, rows, hash_segment, hash_step, join_type", "stl_hashjoin", query) == [
        (i, matched[i], 1, 1, 0) for i in range(4)
    ]
    assert rows(db, "slice, segment, rows, type", "stl_aggr", query)[-1] == (LEADER, 4, 2, "HASHED")
    assert rows(db, "stream, segment, query", "stl_stream_segs", query) == [
        (0, 0, query), (0, 1, query), (1, 2, query), (2, 3, query), (2, 4, query), (3, 5, query)
    ]


def test_streams_run_one_after_the_other(db: Any) -> None:
    """A segment that reads a worktable begins when that is there; all lie between the query's own times."""
    query = ran(db, JOIN)
    times = db.execute("select segment, min(start_time), max(end_time) from svl_query_report "
                       f"where query = {query} group by 1 order by 1").fetchall()
    (first, last), = db.execute(f"select starttime, endtime from stl_query where query = {query}").fetchall()
    assert all(first <= begun <= ended <= last for _, begun, ended in times)
    by_segment = {segment: (begun, ended) for segment, begun, ended in times}
    for before, after in ((1, 2), (2, 3), (4, 5)):
        assert by_segment[before][1] <= by_segment[after][0], (before, after)


def test_scans_tell_what_they_read(db: Any) -> None:
    """Row groups that zone maps exclude are not read; rows that are deleted are, and are no user's."""
    db.execute("create table day (d int, x int) diststyle even sortkey(d)")
    db.execute("insert into day select k, k from big")
    db.execute("insert into day select k + 100, k from big")
    placed = slices(db, "day", "d")
    read, gone = (Counter(i for d, i in placed.items() if d <= last) for last in (8, 2))
    db.execute("delete from day where d in (1, 2)")
    query = ran(db, "select x from day where d < 4")
    assert rows(
        db, "slice, rows, rows_pre_filter, rows_pre_user_filter, is_rrscan, type, num_sortkey_as_predicate",
        "stl_scan", query, "and perm_table_name = 'day'",
    ) == [
        (i, int(placed[3] == i), read[i], read[i] - gone[i], "t", 2, 1) for i in range(4)
    ]  # fmt: skip
    (detail,) = db.execute(
        "select blocks_read, input_rows, output_rows, trim(table_name), plan_node_id from sys_query_detail "
        f"where query_id = {query} and step_name = 'scan' and segment_id = 0"
    ).fetchall()
    assert detail == (8, 8, 1, "day", 2)  # two columns of one row group on each of four slices
    assert rows(db, "slice, step, rows", "stl_return", query, "and segment = 0") == [
        (i, 2, int(placed[3] == i)) for i in range(4)
    ]


def test_what_an_insert_distributes(db: Any) -> None:
    query = ran(db, "insert into keyed select k, v from big")
    before, after = slices(db, "big"), slices(db, "keyed")
    away = Counter(slice for k, slice in before.items() if after[k] != slice)
    assert rows(db, "slice, rows, bytes", "stl_dist", query) == [(i, away[i], 16 * away[i]) for i in range(4)]
    kept = Counter(after.values())
    assert rows(db, "slice, rows, tbl - 'keyed'::regclass::int", "stl_insert", query) == [
        (i, kept[i], 0) for i in range(4)
    ]
    type_, shown = db.execute(
        f"select query_type, returned_rows from sys_query_history where query_id = {query}"
    ).fetchone()
    assert (type_.strip(), shown) == ("INSERT", 0)


def test_loads_without_a_plan(db: Any, tmp_path: Path) -> None:
    """VALUES, COPY and an UPDATE's new rows have an insert step too: tools ask when a table was last written."""
    db.execute("create table loaded (k int, v int) distkey(k)")
    (tmp_path / "rows.csv").write_text("10,1\n11,2\n12,3\n")
    changes = ("insert into loaded values (1, 1), (2, 2)", f"copy loaded from '{tmp_path}/rows.csv' csv",
               "update loaded set v = 5 where k < 11")
    for count, change in zip((2, 3, 3), changes, strict=True):
        query = ran(db, change)
        assert sum(r[1] for r in rows(db, "slice, rows, tbl", "stl_insert", query)) == count, change
    kept = Counter(slices(db, "loaded").values())
    query = ran(db, "insert into keyed select * from loaded")
    assert rows(db, "slice, rows, tbl", "stl_insert", query)[0][1] == kept[0]
    (found,) = db.execute(
        "select max(qd.start_time) is not null, count(distinct qd.query_id) from pg_class c "
        "join pg_namespace n on n.oid = c.relnamespace join sys_query_detail qd on qd.table_id = c.oid "
        "where qd.step_name = 'insert' and n.nspname = 'public' and c.relname = 'loaded'").fetchall()
    assert found == (True, 3)
    assert rows(db, "nodeid, plannode, info", "stl_explain", query)[0][0] == 1


def test_what_leaves_a_table(db: Any) -> None:
    """DELETE's rows by slice, and an UPDATE's old ones beside its new ones."""
    db.execute("create table left_behind (k int, v int) distkey(k)")
    db.execute("insert into left_behind values (1, 1), (2, 2), (3, 3), (4, 4), (5, 5)")
    before = slices(db, "left_behind")
    query = ran(db, "delete from left_behind where k > 2")
    gone = Counter(before[k] for k in (3, 4, 5))
    assert rows(db, "slice, rows, tbl - 'left_behind'::regclass::int", "stl_delete", query) == [
        (i, gone[i], 0) for i in range(4)
    ]
    assert rows(db, "slice, rows, tbl", "stl_insert", query) == []
    query = ran(db, "update left_behind set v = 9")
    assert sum(r[1] for r in rows(db, "slice, rows, tbl", "stl_delete", query)) == 2
    assert sum(r[1] for r in rows(db, "slice, rows, tbl", "stl_insert", query)) == 2


def test_nested_loops_sorts_and_windows(db: Any) -> None:
    query = ran(db, "select b.k from big b, small s where b.k > s.k order by 1")
    pairs = sum(max(0, min(k - 1, 4)) for k in range(1, 9))
    assert sum(r[1] for r in rows(db, "slice, rows, tbl", "stl_nestloop", query)) == pairs
    assert sum(r[1] for r in rows(db, "slice, rows, bytes", "stl_sort", query)) == pairs
    assert rows(db, "rows, slice, segment", "stl_merge", query)[0][:2] == (pairs, LEADER)
    query = ran(db, "select k, rank() over (order by v) from big")
    assert sum(r[1] for r in rows(db, "slice, rows, workmem", "stl_window", query)) == 8
    assert rows(db, "slice, rows, tbl", "stl_mergejoin", query) == []


def test_explain_is_kept_with_its_numbers(db: Any) -> None:
    """stl_explain is EXPLAIN's text, and stl_plan_info says which steps each of its lines became."""
    query = ran(db, JOIN)
    printed = [line for (line,) in db.execute(f"explain {JOIN}").fetchall()]
    kept = rows(db, "nodeid, parentid, plannode, info", "stl_explain", query)
    operators = [line for line in printed if "->" in line or not line.startswith(" ")]
    assert [node.rstrip() for _, _, node, _ in kept] == operators
    assert [(number, parent) for number, parent, *_ in kept] == [(1, 0), (2, 1), (3, 2), (4, 2), (5, 4)]
    assert kept[1][3].strip() == 'Hash Cond: ("outer".k = "inner".k)'
    info = rows(db, "segment, step, nodeid, plannode, locus", "stl_plan_info", query)
    named = {(segment, step): (node, code, locus) for segment, step, node, code, locus in info}
    assert named[0, 0] == (5, 104, 0) and named[1, 1] == (4, 118, 0) and named[2, 1] == (2, 112, 0)
    assert named[2, 0] == (3, 104, 0) and named[2, 3] == (1, 116, 0) and named[4, 1] == (1, 116, 1)


def test_statements_and_their_text(db: Any) -> None:
    label = "texts"
    db.execute(f"set query_group to '{label}'")
    long = "select k,\n  'xy' as " + "c" * 120 + ", v, k as " + "d" * 100 + " from big where k = 1"
    query = ran(db, long)
    db.execute("create table gone (a int)")
    db.execute("drop table gone")
    with pytest.raises(warehouse.Error):
        db.execute("select k / 0 from big").fetchall()
    db.execute("reset query_group")
    lines = rows(db, "sequence, rtrim(text), pid", "stl_querytext", query)
    assert [n for n, _, _ in lines] == [0, 1] and lines[0][2] == db.session.id
    assert "".join(text for _, text, _ in lines).replace("\\n", "\n") == long
    assert len(lines[0][1]) == 200
    blank = "select k as " + "c" * 120 + ", v as " + "d" * 59 + "    from big where k = 1"
    pieces = "case when len(rtrim(text)) = 0 then text else rtrim(text) end"  # as the manual puts them together
    query = ran(db, blank)
    ((put_together,),) = db.execute(
        f"select listagg({pieces}) within group (order by sequence) from stl_querytext where query = {query}"
    ).fetchall()
    assert put_together == blank and blank[199] == " "
    found = db.execute(
        f"select trim(type), trim(text) from svl_statementtext where label = '{label}' and sequence = 0 "
        "and text not like '%_last_%' order by starttime"
    ).fetchall()
    assert [kind for kind, _ in found] == ["QUERY", "DDL", "DDL", "QUERY", "UTILITY"]
    assert [t.strip() for (t,) in db.execute(
        f"select text from stl_ddltext where label = '{label}' order by starttime").fetchall()
    ] == ["create table gone (a int)", "drop table gone"]
    failed = db.execute(
        "select trim(status), trim(error_message), service_class_id, returned_rows from sys_query_history "
        "where query_text like 'select k / 0%'"
    ).fetchone()
    assert failed == ("failed", "division by zero", 100, 0)
    assert db.execute("select aborted from svl_qlog where substring like 'select k / 0%'").fetchone() == (1,)


def test_a_query_that_ran_too_long_was_canceled(db: Any) -> None:
    db.execute("set statement_timeout to 1")
    try:
        with pytest.raises(warehouse.Error, match="statement_timeout"):
            db.execute("select sum(a.v + b.v + c.v) from big a, big b, big c, big d, big e, big f, big g").fetchall()
    finally:
        db.execute("reset statement_timeout")
    assert db.execute("select trim(status), aborted from sys_query_history join stl_query on query = query_id "
                      "where query_text like 'select sum(a.v + b.v%'").fetchall() == [("canceled", 1)]


def test_a_cached_result_names_its_source(db: Any) -> None:
    db.execute("set enable_result_cache_for_session to on")
    try:
        first, second = ran(db, "select max(v) from big"), ran(db, "select max(v) from big")
    finally:
        db.execute("set enable_result_cache_for_session to off")
    assert second > first
    assert db.execute(f"select source_query from svl_qlog where query = {second}").fetchone() == (first,)
    assert db.execute(
        "select result_cache_hit, returned_rows, result_cache_query_id from sys_query_history "
        f"where query_id = {second}"
    ).fetchone() == (True, 1, first)
    assert rows(db, "stm, seg, step", "svl_query_summary", second) == []


def test_queries_of_one_shape_have_one_hash(db: Any) -> None:
    texts = ("select v from big where k = 1", "select v  from big\nwhere k = 22", "select k from big")
    first, second, third = (ran(db, sql) for sql in texts)
    generic, own = (
        [h for (h,) in db.execute(f"select {kind}_query_hash from sys_query_history where query_id in "
                                  f"({first}, {second}, {third}) order by query_id").fetchall()]
        for kind in ("generic", "user")
    )  # fmt: skip
    assert len(set(own)) == 3 and generic[0] == generic[1] != generic[2]


def test_the_last_query_is_one_that_slices_ran(db: Any) -> None:
    with warehouse.connect(":memory:", nodes=1, slices_per_node=1) as fresh:
        assert fresh.execute("select pg_last_query_id()").fetchone() == (-1,)
    query = ran(db, "select count(*) from big")
    db.execute("select 1").fetchall()
    db.execute("select relname from pg_class").fetchall()
    db.execute("set query_group to 'x'")
    db.execute("reset query_group")
    assert db.execute("select pg_last_query_id()").fetchone() == (query,)
    assert db.execute("select query from stl_query where query = pg_last_query_id()").fetchone() == (query,)


def test_what_runs_is_seen(db: Any) -> None:
    """A statement sees itself; one that has rows to give still runs."""
    (seen,) = db.execute("select text, pid, query from stv_inflight").fetchall()
    assert seen[0].startswith("select text, pid") and seen[1] == db.session.id
    assert db.execute(
        "select trim(user_name), duration >= 0 from stv_recents where status = 'Running'"
    ).fetchall() == [("dev", True)]
    assert db.execute("select count(*) from sys_query_history where status = 'running'").fetchone() == (1,)
    assert db.execute("select count(*) from stv_recents where status = 'Done'").fetchone()[0] > 10


def test_how_far_a_running_query_is(db: Any) -> None:
    """Rows that are here already were counted, those of tasks that go on are not yet; the query that asks is none of
    those it sees."""
    db.execute("create table many (a int) diststyle even")
    db.execute("insert into many select 1 from big a, big b, big c, big d, big e, big f")
    cursor = db.cursor()
    cursor.execute("select a from many where a = 1")
    assert cursor.fetchone() == (1,)
    state = db.execute("select trim(label), rows, query from svv_query_state").fetchall()
    assert {label for label, _, _ in state} >= {"return"} and all(0 <= rows <= 8**6 for _, rows, _ in state)
    (inflight,) = db.execute("select trim(text), sequence from svv_query_inflight where query in "
                             f"({state[0][2]}) order by 2").fetchall()
    assert inflight == ("select a from many where a = 1", 0)
    cursor.fetchall()
    assert db.execute("select * from svv_query_state").fetchall() == []


def test_users_see_what_they_did(db: Any) -> None:
    mine = ran(db, "select count(*) from small")
    db.execute("create user guest password 'Secret12'")
    db.execute("create table shared_with (a int); grant select on shared_with to guest")
    db.execute("insert into shared_with values (1), (2)")
    db.execute("set session authorization guest")
    try:
        theirs = ran(db, "select count(*) from shared_with")
        for table in ("stl_query", "stl_scan", "svl_query_summary", "stl_explain", "stl_querytext"):
            found = {q for (q,) in db.execute(f"select query from {table}").fetchall()}
            assert theirs in found and mine not in found, table
        found = {q for (q,) in db.execute("select query_id from sys_query_detail").fetchall()}
        assert theirs in found and mine not in found
        assert "Secret12" not in str(db.execute("select * from sys_query_history").fetchall())
    finally:
        db.execute("reset session authorization")
    assert "Secret12" not in str(db.execute("select text from stl_utilitytext").fetchall())


def test_history_survives_a_restart(tmp_path: Path) -> None:
    options: dict[str, Any] = {"autocommit": True}
    with warehouse.connect(str(tmp_path / "dw"), nodes=1, slices_per_node=2, **options) as db:
        db.execute("create table t (a int); insert into t values (1), (2), (3)")
        query = ran(db, "select a from t where a > 1")
        before = rows(db, "*", "svl_query_summary", query), rows(db, "*", "stl_explain", query)
    with warehouse.connect(str(tmp_path / "dw"), **options) as db:
        assert (rows(db, "*", "svl_query_summary", query), rows(db, "*", "stl_explain", query)) == before
        assert len(before[0]) == 5 and sum(r[7] for r in before[0] if r[4] == 0 and r[3] == 0) == 2
        assert ran(db, "select a from t") > query


def test_threads_that_stream_are_counted(db: Any) -> None:
    """A result that is handed out while it is made, by several threads, has all of its rows in stl_return."""
    db.execute("create table wide (a int) diststyle even")
    db.execute("insert into wide select 1 from big a, big b, big c, big d, big e, big f")
    db.execute("insert into wide select 1 from big a, big b, big c, big d, big e, big f")
    query = ran(db, "select a from wide")
    found = rows(db, "slice, segment, rows, bytes", "stl_return", query)
    assert sum(r[2] for r in found if r[1] == 0) == 2 * 8**6 and found[-1][:3] == (LEADER, 1, 2 * 8**6)
    assert threading.active_count() < 20


@pytest.mark.parametrize("sql", [
    "select k from big union all select k from small union all select 5",
    "select n, k from small union select 'x', v from big",
    "select b.k, s.n from big b full join small s on b.v = s.k * 20",
    "select b.k, s.n from big b left join small s on b.k = s.k",
    "select s.n from small s right join big b on b.k = s.k where b.v > 10",
    "select k from big where k in (select k from small) and k not in (select v from big)",
    "select k from big where exists (select 1 from small where small.k = big.k) order by v limit 2 offset 1",
    "with x as (select n, sum(k) s from small group by n) select a.n from x a, x b where a.s = b.s",
    "with recursive r(i) as (select k from small where k = 1 union all select i + 1 from r where i < 5) "
    "select i from r",
    "select distinct n from small order by 1 desc",
    "select k, rank() over (partition by k order by v) from big where v > 20 order by 1",
    "select count(distinct n), max(k) from small",
    "select b.k + s.k from (select k, v from big order by v limit 3) b join small s on b.k = s.k",
    "select k, (select max(n) from small s where s.k = b.k) from big b",
    "select v / 10, count(*) from big group by 1 having count(*) > 0 order by 1",
])  # fmt: skip
def test_figures_fit_together(db: Any, sql: str) -> None:
    """What a step leaves is what the next segment scans; what is returned is what the client got."""
    got = db.execute(sql).fetchall()
    (query,) = db.execute("select pg_last_query_id()").fetchone()
    summary = rows(db, "stm, seg, step, rows, trim(label), bytes", "svl_query_summary", query)
    kept: dict[str, int] = {}
    for _, _, _, count, label, _ in summary:
        if "tbl=2" in label:
            word, table = label.split()[:2]
            if word == "scan":
                assert count == kept[table] or "recursive" in sql, (label, summary)
            elif word not in ("hjoin", "nloop"):
                kept[table] = count + (kept.get(table, 0) if word == "save" else 0)
    assert summary[-1][3] == len(got) and summary[-1][4] == "return"
    for step, after in pairwise(summary):
        if step[4] == "return":  # what slices send is what the leader has
            assert after[1] == step[1] + 1 and (after[3], after[5]) == (step[3], step[5]), summary
    before = [row for row in summary if row[1] == summary[-1][1]][:-1]
    assert before[-1][3] >= len(got), summary
    times = rows(db, "seg, count(distinct maxtime), count(distinct avgtime)", "svl_query_summary", query, "group by 1")
    assert all(row[1:] == (1, 1) for row in times), "a segment's steps have its times"
    report = rows(db, "segment, step, sum(rows)", "svl_query_report", query, "group by 1, 2")
    assert report == [(seg, step, count) for _, seg, step, count, _, _ in summary]


@pytest.mark.parametrize(("condition", "asked"), [
    ("query = {q}", {"q"}), ("{q} = query and segment >= 0", {"q"}), ("query in ({q}, {p})", {"q", "p"}),
    ("query = pg_last_query_id()", {"last"}), ("query > {q}", None), ("query = {q} or segment = 0", None),
])  # fmt: skip
def test_only_queries_asked_for_are_read(db: Any, monkeypatch: pytest.MonkeyPatch, condition: str,
                                         asked: set[str] | None) -> None:
    p, q = ran(db, "select count(*) from small"), ran(db, "select count(*) from big")
    (last,) = db.execute("select pg_last_query_id()").fetchone()
    history, read = db.session.database.history, []
    details = history.details

    def spy(queries: frozenset[int] | None = None) -> Any:
        read.append(queries)
        return details(queries)

    monkeypatch.setattr(history, "details", spy)
    found = db.execute(f"select query from stl_scan where {condition.format(q=q, p=p)}").fetchall()
    numbers = {"p": p, "q": q, "last": last}
    assert read == [None if asked is None else frozenset(numbers[name] for name in asked)]
    assert asked is None or {n for (n,) in found} == read[0]


def test_what_does_not_fit_memory_is_told(tmp_path: Path) -> None:
    folder, options = str(tmp_path / "dw"), {"threads": 2, "autocommit": True}
    with warehouse.connect(folder, nodes=1, slices_per_node=2, **options) as large:
        large.execute("create table t (a int, b varchar(40)) diststyle even")
        texts = [f"{i * 7919 % 60_000:040}" for i in range(60_000)]
        large.write_arrow("t", pa.table({"a": pa.array(range(60_000), pa.int32()), "b": texts}), create=False)
    with warehouse.connect(folder, memory_limit="5MB", **options) as small:
        query = ran(small, "select b, a from t order by b desc")
        spilled = dict(small.execute("select trim(substring(label, 1, 6)), max(is_diskbased) from svl_query_summary "
                                     f"where query = {query} group by 1").fetchall())
        assert spilled["sort"] == "t" and spilled["scan"] == "f"
        (size,) = small.execute("select max(spilled_block_local_disk) from sys_query_detail "
                                f"where query_id = {query}").fetchone()
        assert size > 0
