"""Privileges: what may be granted on what, and how a grant is kept (r_GRANT).

    GRANT select (a) ON t TO ann WITH GRANT OPTION
      object relation:100001   grantee user:100007   privilege select   column 1   option True

Some grants are there without being written: everybody may use and create in schema public, and make temporary
tables. Taking one of those away leaves a fact that says so (`revoked`).
"""
from __future__ import annotations

from typing import Any

from ...records import dataclass
from .facts import Fact, of_relation
from .principals import PUBLIC, SYSTEM_ID

RELATION = ("select", "insert", "update", "delete", "references", "drop", "alter", "truncate")
# ALL PRIVILEGES gives what the manual's GRANT lists; ALTER and TRUNCATE came later and are part of ALL as well.
COLUMN = ("select", "update")
BY_KIND: dict[str, tuple[str, ...]] = {
    "relation": RELATION,
    "schema": ("create", "usage", "drop", "alter"),
    "database": ("create", "temporary", "usage"),
    "language": ("usage",),
    "function": ("execute",),
    "procedure": ("execute",),
}
SYSTEM = (
    "create user", "drop user", "alter user", "create schema", "drop schema", "alter default privileges",
    "access catalog", "create table", "drop table", "alter table", "create or replace function",
    "create or replace external function",
    "drop function", "create or replace procedure", "drop procedure", "create or replace view", "drop view",
    "create model", "drop model", "create datashare", "alter datashare", "drop datashare", "create library",
    "drop library", "create role", "drop role", "truncate table", "vacuum", "analyze", "cancel", "ignore rls",
    "explain rls", "explain masking", "access system table",
)  # fmt: skip
# PostgreSQL's letters, for aclitem texts.
LETTERS = {
    "select": "r", "insert": "a", "update": "w", "delete": "d", "references": "x", "drop": "D", "alter": "A",
    "truncate": "t", "execute": "X", "usage": "U", "create": "C", "temporary": "T",
}  # fmt: skip
DATABASE_OBJECT = "database:dev"


@dataclass(frozen=True, slots=True)
class Grant:
    """`column`: a column's id; 0: the whole object."""

    object: str
    grantee: str
    privilege: str
    column: int = 0
    grantor: int = SYSTEM_ID
    option: bool = False
    revoked: bool = False

    @property
    def key(self) -> str:
        return f"{self.object}|{self.grantee}|{self.privilege}|{self.column or ''}"

    def fact(self) -> Fact:
        return Fact("grant", self.key, {"grantor": self.grantor, "option": self.option, "revoked": self.revoked})

    def gone(self) -> Fact:
        """What takes it away: no fact, or one that says so where the grant is there by itself."""
        if self.key in IMPLIED:
            return Fact("grant", self.key, {"grantor": self.grantor, "option": False, "revoked": True})
        return Fact("grant", self.key)

    @staticmethod
    def of(key: str, value: dict[str, Any]) -> Grant:
        object, grantee, privilege, column = key.split("|")
        return Grant(object, grantee, privilege, int(column or 0), **value)


@dataclass(frozen=True, slots=True)
class DefaultGrant:
    """ALTER DEFAULT PRIVILEGES: a grant on each relation, function or procedure that `owner` (a user's id) will
    make in `schema` (empty: anywhere)."""

    owner: int
    schema: str
    kind: str
    grantee: str
    privilege: str
    option: bool = False

    def fact(self) -> Fact:
        return Fact("default", self.key, {"option": self.option})

    def gone(self) -> Fact:
        return Fact("default", self.key)

    @property
    def key(self) -> str:
        return f"{self.owner}|{_escaped(self.schema)}|{self.kind}|{self.grantee}|{self.privilege}"

    @staticmethod
    def of(key: str, value: dict[str, Any]) -> DefaultGrant:
        owner, schema, kind, grantee, privilege = key.split("|")
        return DefaultGrant(int(owner), _plain(schema), kind, grantee, privilege, **value)


def relation_object(id: int) -> str:
    return of_relation(id)[:-1]


def schema_object(name: str) -> str:
    return f"schema:{_escaped(name)}"


def schema_name(object: str) -> str:
    """The name in a schema's key."""
    return _plain(object.removeprefix("schema:"))


def _escaped(name: str) -> str:
    """A name as part of a key."""
    return name.replace("%", "%25").replace("|", "%7C")


def _plain(name: str) -> str:
    return name.replace("%7C", "|").replace("%25", "%")


IMPLIED: dict[str, Grant] = {
    g.key: g
    for g in (
        Grant(schema_object("public"), PUBLIC, "usage"),
        Grant(schema_object("public"), PUBLIC, "create"),
        Grant(DATABASE_OBJECT, PUBLIC, "temporary"),
        *(Grant(schema_object(name), PUBLIC, "usage") for name in ("pg_catalog", "information_schema")),
        *(Grant(f"language:{name}", PUBLIC, "usage") for name in ("sql", "plpgsql")),
    )
}
