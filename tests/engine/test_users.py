"""Users of a database: who may connect, what lasts, what is kept of a password."""
from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
import warehouse


def _connect(path: Path, user: str = "dev") -> warehouse.Connection:
    return warehouse.connect(path, user=user, autocommit=True, threads=1)


def test_anybody_connects_until_there_are_users(tmp_path: Path) -> None:
    with _connect(tmp_path / "db", "awsuser") as c:
        assert c.execute("select current_user, current_user_id").fetchall() == [("awsuser", 100)]
        c.execute("create user ann password disable")
    with _connect(tmp_path / "db", "ann") as c, pytest.raises(warehouse.Error, match="must be superuser"):
        c.execute("create user bob password disable")
    with pytest.raises(warehouse.OperationalError, match='user "dev" does not exist') as refused:
        _connect(tmp_path / "db")
    assert refused.value.sqlstate == "28000"


def test_what_was_granted_lasts(tmp_path: Path) -> None:
    with _connect(tmp_path / "db") as c:
        c.execute("create user ann password disable; create table t (a int); insert into t values (7)")
        c.execute("grant select on t to ann; alter user ann set query_group to mine")
    with _connect(tmp_path / "db", "ann") as c:
        assert c.execute("select a from t").fetchall() == [(7,)]
        assert c.execute("show query_group").fetchall() == [("mine",)]
        with pytest.raises(warehouse.ProgrammingError, match="permission denied for relation t"):
            c.execute("delete from t")


def test_a_plan_is_not_kept_across_a_revoke(tmp_path: Path) -> None:
    with _connect(tmp_path / "db") as boss:
        boss.execute("create user ann password disable; create table t (a int); grant select on t to ann")
        boss.execute("create view v as select a from t; grant select on v to ann")
        with _connect(tmp_path / "db", "ann") as ann:
            for relation in ("t", "v"):
                assert ann.execute(f"select a from {relation}").fetchall() == []
                boss.execute(f"revoke select on {relation} from ann")
                with pytest.raises(warehouse.ProgrammingError, match=f"permission denied for relation {relation}"):
                    ann.execute(f"select a from {relation}")


def test_a_grant_is_part_of_its_transaction(tmp_path: Path) -> None:
    with warehouse.connect(tmp_path / "db", threads=1) as c:
        c.execute("create user ann password disable")
        c.execute("create table t (a int)")
        c.commit()
        c.execute("grant select on t to ann")
        c.rollback()
    with _connect(tmp_path / "db", "ann") as c, pytest.raises(warehouse.ProgrammingError, match="permission denied"):
        c.execute("select a from t")


def test_passwords_are_not_kept(tmp_path: Path) -> None:
    with _connect(tmp_path / "db") as c:
        c.execute("create user ann password 'Secret123'")
    connection = sqlite3.connect(tmp_path / "db" / "catalog.sqlite")
    facts = dict(connection.execute("SELECT key, value FROM facts WHERE kind = 'user'"))
    connection.close()
    assert set(facts) == {"dev", "ann"}
    assert "sha256" in facts["ann"] and "Secret123" not in facts["ann"]
    for file in (tmp_path / "db").glob("*.sqlite*"):
        assert b"Secret123" not in file.read_bytes()


def test_a_connection_limit_holds(tmp_path: Path) -> None:
    with _connect(tmp_path / "db") as c:
        c.execute("create user ann password disable connection limit 1")
        with _connect(tmp_path / "db", "ann"), pytest.raises(warehouse.OperationalError, match="too many connections"):
            _connect(tmp_path / "db", "ann")
        _connect(tmp_path / "db", "ann").close()


def test_a_database_of_the_former_format_opens(tmp_path: Path) -> None:
    with _connect(tmp_path / "db") as c:
        c.execute("create table t (a int)")
    catalogue = sqlite3.connect(tmp_path / "db" / "catalog.sqlite")
    catalogue.execute("DROP TABLE facts")
    catalogue.execute("UPDATE meta SET value = '3' WHERE key = 'format'")
    catalogue.commit()
    catalogue.close()
    with _connect(tmp_path / "db") as c:
        assert c.execute("select count(*) from t").fetchall() == [(0,)]
        c.execute("create user ann password disable; grant select on t to ann")
    with _connect(tmp_path / "db", "ann") as c:
        assert c.execute("select count(*) from t").fetchall() == [(0,)]


def test_without_users_nobody_else_owns_or_is_granted_anything() -> None:
    with warehouse.connect(autocommit=True) as c:
        c.execute("create table t (a int)")
        for sql in ("alter table t owner to nobody", "create schema s authorization nobody",
                    "grant select on t to nobody"):
            with pytest.raises(warehouse.errors.UndefinedObject, match='user "nobody" does not exist'):
                c.execute(sql)
        c.execute("alter table t owner to dev")
