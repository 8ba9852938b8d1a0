"""DROP: existence, kinds, dependents."""

from __future__ import annotations

from typing import Any

import pytest
from warehouse.errors import Error
from warehouse.storage.schema import Constraint


def names(db: Any) -> set[str]:
    return {f"{r.schema}.{r.name}" for r in db.session.database.view().relations()}


def test_several_at_once(db: Any) -> None:
    db.execute("create table a (x int); create table b (x int); create table c (x int); drop table a, b")
    assert names(db) == {"public.c"}


@pytest.mark.parametrize(
    ("sql", "sqlstate", "words"),
    [
        ("drop table nosuch", "42P01", 'table "nosuch" does not exist'),
        ("drop view t", "42809", '"t" is not a view'),
        ("drop table pg_class", "42501", "system catalog"),
        ("drop schema nosuch", "3F000", 'schema "nosuch" does not exist'),
        ("drop schema s", "2BP01", "other objects depend on it"),
        ("drop schema pg_catalog", "42501", "pg_catalog"),
        ("drop table t, nosuch", "42P01", "nosuch"),
    ],
)
def test_refused_and_nothing_dropped(db: Any, sql: str, sqlstate: str, words: str) -> None:
    db.execute("create table t (a int); create schema s; create table s.u (a int)")
    with pytest.raises(Error) as caught:
        db.execute(sql)
    assert caught.value.sqlstate == sqlstate and words in str(caught.value)
    assert names(db) == {"public.t", "s.u"}


def test_if_exists(db: Any) -> None:
    assert db.execute("drop schema if exists nosuch").notices == [
        'INFO:  Schema "nosuch" does not exist and will be skipped'
    ]
    db.execute("create table t (a int); drop table if exists nosuch, t")
    assert names(db) == set()


def test_a_near_name_is_suggested(db: Any) -> None:
    db.execute("create table customers (a int)")
    with pytest.raises(Error) as caught:
        db.execute("drop table customer")
    assert caught.value.hint == 'Did you mean "customers"?'


def test_schema_cascade(db: Any) -> None:
    db.execute("create schema s; create table s.t (a int); create table t (a int); drop schema s cascade")
    assert names(db) == {"public.t"}
    assert "s" not in db.session.database.view().schemas()


def test_foreign_keys_hold_a_table_back(db: Any) -> None:
    db.execute("create table p (a int primary key); create table c (a int references p, b int unique)")
    with pytest.raises(Error, match="cannot drop table p because other objects depend on it"):
        db.execute("drop table p")
    db.execute("drop table p cascade")
    child = db.session.database.view().relation("public", "c")
    assert child.constraints == (Constraint("unique", ("b",)),)
    db.execute("create table q (a int primary key); create table r (a int references q); drop table q, r")
    assert names(db) == {"public.c"}


@pytest.mark.usefixtures("in_files")
def test_dropped_rows_leave_the_disk(db: Any) -> None:
    db.execute("create table t (a int); insert into t values (1)")
    extent = db.session.database.view().data(db.session.database.view().relation("public", "t")).extents[0]
    path = db.session.database.extent_path(extent)
    assert path.exists()
    db.execute("drop table t")
    db.execute("show timezone")
    assert not path.exists()
