"""System tables: what Redshift's manual says they show."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from warehouse.engine.virtual import VIRTUAL_TABLES


@pytest.fixture
def t(db: Any) -> Any:
    db.execute(
        "create table lineorder (lo_orderkey int not null encode delta32k sortkey, lo_custkey int not null"
        " distkey, name varchar(10) default 'x', price numeric(12,2))"
    )
    return db


def test_pg_table_def(t: Any) -> None:
    sql = 'select "column", type, encoding, distkey, sortkey, "notnull" from pg_table_def'
    found = t.execute(sql + " where tablename = 'lineorder' and schemaname = 'public'").fetchall()
    assert sorted(found) == [
        ("lo_custkey", "integer", "az64", True, 0, True),
        ("lo_orderkey", "integer", "delta32k", False, 1, True),
        ("name", "character varying(10)", "lzo", False, 0, False),
        ("price", "numeric(12,2)", "az64", False, 0, False),
    ]


def test_pg_table_def_shows_the_search_path_alone(t: Any) -> None:
    t.execute("create schema demo; create table demo.demotable (one int)")
    sql = "select * from pg_table_def where tablename = 'demotable'"
    assert t.execute(sql).fetchall() == []
    t.execute("set search_path to '$user', 'public', 'demo'")
    assert t.execute(sql).fetchall() == [("demo", "demotable", "one", "integer", "az64", False, 0, False)]


def test_joins_of_the_catalogue(t: Any) -> None:
    t.execute("create view v as select lo_custkey as k, price from lineorder")
    found = t.execute(
        "select n.nspname, c.relname, c.relkind, a.attname, a.attnum, a.attnotnull, y.typname"
        " from pg_class c join pg_namespace n on n.oid = c.relnamespace"
        " join pg_attribute a on a.attrelid = c.oid join pg_type y on y.oid = a.atttypid"
        " where n.nspname = 'public' order by 2, 5"
    ).fetchall()
    assert found == [
        ("public", "lineorder", "r", "lo_orderkey", 1, True, "int4"),
        ("public", "lineorder", "r", "lo_custkey", 2, True, "int4"),
        ("public", "lineorder", "r", "name", 3, False, "varchar"),
        ("public", "lineorder", "r", "price", 4, False, "numeric"),
        ("public", "v", "v", "k", 1, False, "int4"),
        ("public", "v", "v", "price", 2, False, "numeric"),
    ]


def test_keys_in_pg_attribute(t: Any) -> None:
    sql = (
        "select attname, attisdistkey, attsortkeyord, atttypmod from pg_attribute where attrelid >= 100000"
        " order by attnum"
    )
    assert t.execute(sql).fetchall() == [
        ("lo_orderkey", False, 1, -1), ("lo_custkey", True, 0, -1), ("name", False, 0, 14),
        ("price", False, 0, (12 << 16 | 2) + 4),
    ]  # fmt: skip


@pytest.mark.parametrize(("clause", "code"), [("", 9), ("diststyle even", 0), ("distkey(a)", 1), ("diststyle all", 8)])
def test_diststyle_codes(db: Any, clause: str, code: int) -> None:
    db.execute(f"create table t (a int) {clause}")
    assert db.execute("select reldiststyle from pg_class where relname = 't'").fetchone() == (code,)


def test_information_schema(t: Any) -> None:
    t.execute("create view v as select price from lineorder")
    assert t.execute("select table_name, table_type from information_schema.tables order by 1").fetchall() == [
        ("lineorder", "BASE TABLE"), ("v", "VIEW"),
    ]  # fmt: skip
    assert t.execute(
        "select column_name, is_nullable, data_type, character_maximum_length, numeric_precision, numeric_scale,"
        " column_default from information_schema.columns where table_name = 'lineorder' order by ordinal_position"
    ).fetchall() == [
        ("lo_orderkey", "NO", "integer", None, 32, 0, None),
        ("lo_custkey", "NO", "integer", None, 32, 0, None),
        ("name", "YES", "character varying", 10, None, None, "'x'"),
        ("price", "YES", "numeric", None, 12, 2, None),
    ]
    assert ("public",) in t.execute("select schema_name from information_schema.schemata").fetchall()


def test_views(t: Any) -> None:
    t.execute("create view v as select price from lineorder")
    assert t.execute("select viewname, definition from pg_views").fetchall() == [
        ("v", "select price from public.lineorder;")
    ]
    assert t.execute("select tablename from pg_tables").fetchall() == [("lineorder",)]


def test_a_broken_view_does_not_break_the_catalogue(t: Any) -> None:
    t.execute("create view late as select x from public.missing with no schema binding")
    found = t.execute("select count(*) from pg_attribute where attrelid >= 100000").fetchone()
    assert found == (4,)


def test_stl_query(db: Any) -> None:
    before = datetime.datetime.now(datetime.UTC).replace(tzinfo=None)
    db.execute("create table t (a int); insert into t values (1); set query_group to 'monday'; select a from t")
    rows = db.execute(
        "select trim(querytxt), trim(label), aborted, starttime, endtime, pid from stl_query order by query"
    ).fetchall()
    # Queries alone: no DDL, no SET; and not the one that is running.
    assert [row[:3] for row in rows] == [
        ("insert into t values (1)", "default", 0), ("select a from t", "monday", 0),
    ]  # fmt: skip
    assert all(before <= row[3] <= row[4] for row in rows)
    assert {row[5] for row in rows} == {db.session.id}


def test_svv_table_info(db: Any) -> None:
    db.execute("create table t (a int, b varchar(30)) distkey(a) sortkey(a); create table empty (a int)")
    for _ in range(2):
        db.execute("insert into t values (1, 'x'), (2, 'y'), (3, 'z'), (4, null)")
    (row,) = db.execute(
        'select "table", diststyle, sortkey1, sortkey_num, max_varchar, tbl_rows, unsorted from svv_table_info'
    ).fetchall()
    assert row[:6] == ("t", "KEY(a)", "a", 1, 30, 8)
    assert row[6] == 50


def test_stv_slices() -> None:
    import warehouse

    with warehouse.connect(nodes=2, slices_per_node=2, autocommit=True) as c:
        assert c.execute("select node, slice, localslice from stv_slices order by slice").fetchall() == [
            (0, 0, 0), (0, 1, 1), (1, 2, 0), (1, 3, 1),
        ]  # fmt: skip


@pytest.mark.parametrize("name", sorted(VIRTUAL_TABLES))
def test_every_system_table_can_be_read(db: Any, name: str) -> None:
    db.execute("create table t (a int identity(1,1), b varchar(3) default 'q'); insert into t (b) values ('x')")
    cursor = db.execute(f"select * from {name}")
    assert cursor.description is not None
    assert [d[0] for d in cursor.description] == [column for column, _ in VIRTUAL_TABLES[name].columns]
    cursor.fetchall()


def test_leader_tables_do_not_join_user_tables(db: Any) -> None:
    from warehouse.errors import NotSupportedError

    db.execute("create table t (a int)")
    with pytest.raises(NotSupportedError):
        db.execute("select * from t join pg_class c on c.relnatts = t.a")
    db.execute("select * from t join stv_slices s on s.slice = t.a")
