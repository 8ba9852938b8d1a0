"""Users, groups and roles (r_CREATE_USER, r_CREATE_GROUP, r_CREATE_ROLE), and who is in what.

Principals are known by name in statements and by id in grants and memberships, so that a new name changes nothing
else. A grantee is written `user:100007`, `group:100008`, `role:100009` or `public`.
"""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Any

from ...records import dataclass
from .facts import Fact

PUBLIC = "public"
FIRST_USER_ID = 100  # the superuser that a database begins with
SYSTEM_ID = 1  # rdsdb, the owner of what is built in
SYSTEM_NAME = "rdsdb"
# Roles that every database has, with the permissions of r_roles-default.
DEFAULT_ROLES: dict[str, tuple[str, ...]] = {
    "sys:operator": ("access catalog", "access system table", "ignore rls", "vacuum", "analyze", "cancel"),
    "sys:dba": (
        "create schema", "create table", "drop schema", "drop table", "create or replace function",
        "create or replace external function", "create or replace procedure", "drop function", "drop procedure",
        "truncate table", "alter table", "explain", "access catalog", "access system table", "vacuum", "analyze",
        "cancel",
    ),
    "sys:superuser": (),  # everything
    "sys:secadmin": (
        "create user", "alter user", "drop user", "create role", "drop role", "grant role", "access catalog",
        "access system table", "create rls policy", "attach rls policy", "detach rls policy", "drop rls policy",
        "explain rls",
    ),
    "sys:monitor": ("access catalog", "access system table"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class User:
    """See r_CREATE_USER. `password`: what is kept of it (passwords.py), None when it is disabled."""

    name: str
    id: int
    superuser: bool = False
    create_databases: bool = False
    password: Mapping[str, str] | None = None
    valid_until: str | None = None
    connection_limit: int | None = None
    unrestricted: bool = False  # SYSLOG ACCESS UNRESTRICTED: sees what others did in system tables
    settings: Mapping[str, str] = field(default_factory=dict)

    @property
    def grantee(self) -> str:
        return f"user:{self.id}"

    def fact(self, *, new: bool = False) -> Fact:
        value: dict[str, Any] = {
            "id": self.id, "superuser": self.superuser, "create_databases": self.create_databases,
            "password": None if self.password is None else dict(self.password), "valid_until": self.valid_until,
            "connection_limit": self.connection_limit, "unrestricted": self.unrestricted,
            "settings": dict(self.settings),
        }  # fmt: skip
        return Fact("user", self.name, value, new)

    @staticmethod
    def of(name: str, value: Mapping[str, Any]) -> User:
        return User(name=name, **value)


@dataclass(frozen=True, slots=True)
class Group:
    name: str
    id: int

    @property
    def grantee(self) -> str:
        return f"group:{self.id}"

    def fact(self, *, new: bool = False) -> Fact:
        return Fact("group", self.name, {"id": self.id}, new)


@dataclass(frozen=True, slots=True)
class Role:
    """`owner`: the id of the user who made it. Default roles have ids below zero and the owner `rdsdb`."""

    name: str
    id: int
    owner: int = SYSTEM_ID

    @property
    def grantee(self) -> str:
        return f"role:{self.id}"

    @property
    def is_default(self) -> bool:
        return self.name in DEFAULT_ROLES

    def fact(self, *, new: bool = False) -> Fact:
        return Fact("role", self.name, {"id": self.id, "owner": self.owner}, new)


def default_roles() -> dict[str, Role]:
    return {name: Role(name, -i) for i, name in enumerate(DEFAULT_ROLES, start=1)}


@dataclass(frozen=True, slots=True)
class Membership:
    """`member` (a user, or a role) has what `of` (a group or role) has. `admin`: may give it to others."""

    of: str
    member: str
    admin: bool = False

    @staticmethod
    def of_key(key: str, value: Mapping[str, Any]) -> Membership:
        of, member = key.split("|")
        return Membership(of, member, value["admin"])

    @property
    def key(self) -> str:
        return f"{self.of}|{self.member}"

    def fact(self) -> Fact:
        return Fact("member", self.key, {"admin": self.admin})

    def gone(self) -> Fact:
        return Fact("member", self.key)
