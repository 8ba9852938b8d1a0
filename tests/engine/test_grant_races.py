"""Grants, roles and comments beside a DROP of what they speak of, by another session: an error, never a fact left."""
from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import warehouse

GRANTS = ("usage on schema shop", "select on shop.t", "execute on function shop.f(int)")


@pytest.fixture(scope="module")
def connections(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Any, Any]]:
    folder: Path = tmp_path_factory.mktemp("races") / "dw"
    with (
        warehouse.connect(folder, autocommit=True, maintenance=False) as a,
        warehouse.connect(folder, autocommit=True, maintenance=False) as b,
    ):
        yield a, b


@pytest.fixture
def pair(connections: tuple[Any, Any]) -> Iterator[tuple[Any, Any]]:
    a, b = connections
    for text in (
        "create schema shop", "create table shop.t (a int)", "create user ann password disable", "create role r",
        "create function shop.f(int) returns int immutable as $$ select $1 $$ language sql",
    ):
        a.execute(text)
    yield a, b
    for connection in (a, b):
        connection.rollback()
    a.execute("drop schema if exists shop cascade")
    for text in ("drop user if exists ann", "drop role r"):
        a.execute(text)  # nothing of the races is left that would keep them


@pytest.mark.parametrize("grant", GRANTS)
def test_the_drop_commits_first(pair: tuple[Any, Any], grant: str) -> None:
    a, b = pair
    a.execute("begin")
    a.execute(f"grant {grant} to ann")
    b.execute("drop schema shop cascade")
    with pytest.raises(warehouse.Error, match=r"does not exist|dropped by another session"):
        a.execute("commit")


@pytest.mark.parametrize("grant", GRANTS)
def test_the_grant_commits_first(pair: tuple[Any, Any], grant: str) -> None:
    a, b = pair
    b.execute("begin")
    b.execute("drop schema shop cascade")
    for text in (
        f"grant {grant} to ann", "alter default privileges in schema shop grant select on tables to ann",
        "comment on schema shop is 'x'",
    ):
        a.execute(text)
    b.execute("commit")
    a.execute("create schema shop")
    left = "select identity_name from svv_schema_privileges where namespace_name = 'shop' and identity_name = 'ann'"
    assert a.execute(left).fetchall() == []


def test_a_function_came_into_the_schema(pair: tuple[Any, Any]) -> None:
    a, b = pair
    b.execute("begin")
    b.execute("drop schema shop cascade")
    a.execute("create function shop.g(int) returns int immutable as $$ select $1 $$ language sql")
    with pytest.raises(warehouse.Error, match="cannot drop schema"):
        b.execute("commit")


@pytest.mark.parametrize("text", ["grant usage on schema shop to ann", "grant role r to ann"])
def test_a_user_is_dropped(pair: tuple[Any, Any], text: str) -> None:
    """Either way round, and also where one of that name is made again."""
    a, b = pair
    a.execute("begin")
    a.execute(text)
    b.execute("drop user ann")
    b.execute("create user ann password disable")
    with pytest.raises(warehouse.OperationalError, match="a user that this transaction speaks of was dropped"):
        a.execute("commit")
    b.execute("begin")
    b.execute("drop user ann")
    a.execute(text)
    with pytest.raises(warehouse.ProgrammingError, match="can't be dropped because the user has a privilege"):
        b.execute("commit")
    a.execute(text.replace("grant", "revoke").replace(" to ", " from "))


@pytest.mark.parametrize("text", [
    "alter schema shop owner to ann", "alter table shop.t owner to ann", "create schema x authorization ann",
    "set session authorization ann; create table q (a int)",
])
def test_who_is_to_own_something_is_dropped(pair: tuple[Any, Any], text: str) -> None:
    a, b = pair
    b.execute("alter user ann createuser")
    a.execute(f"begin; {text}")
    b.execute("drop user ann")
    with pytest.raises(warehouse.OperationalError, match="a user that this transaction speaks of was dropped"):
        a.execute("commit")
    a.execute("reset session authorization")


def test_a_schema_that_is_given_away_is_dropped(pair: tuple[Any, Any]) -> None:
    a, b = pair
    a.execute("begin; alter schema shop owner to ann")
    b.execute("drop schema shop cascade")
    with pytest.raises(warehouse.ProgrammingError, match='schema "shop" does not exist'):
        a.execute("commit")
    a.execute("drop user ann")


def test_another_schema_of_that_name(pair: tuple[Any, Any]) -> None:
    """Who owned the first one grants nothing on the second."""
    a, b = pair
    b.execute("drop schema shop cascade; create schema shop authorization ann; create user eve password disable")
    a.execute("begin")
    a.execute("set session authorization ann")
    a.execute("grant usage on schema shop to eve")
    b.execute("drop schema shop; create schema shop")
    with pytest.raises(warehouse.ProgrammingError, match="permission denied for schema shop"):
        a.execute("commit")
    a.execute("reset session authorization")
    b.execute("drop user eve")


def test_a_schema_with_grants_is_renamed(pair: tuple[Any, Any]) -> None:
    """Its grants come along, whoever gave them."""
    a, _ = pair
    a.execute("drop schema shop cascade; create schema shop authorization ann; create user eve password disable")
    a.execute("set session authorization ann")
    a.execute("grant usage on schema shop to eve")
    a.execute("reset session authorization")
    a.execute("alter schema shop owner to dev; alter schema shop rename to store")
    assert a.execute("select has_schema_privilege('eve', 'store', 'usage')").fetchall() == [(True,)]
    a.execute("drop schema store; drop user eve")
