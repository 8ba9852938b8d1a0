"""The facts of one snapshot, read once: principals by name and id, memberships, grants by object.

A database in which nobody ever made a user has one superuser, whatever name a session goes by. The first CREATE
USER writes those names down (`Directory.has_users`); from then on a session's user must be one of them.
"""
from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from .facts import Facts
from .functions import SqlFunction
from .principals import FIRST_USER_ID, PUBLIC, SYSTEM_ID, SYSTEM_NAME, Group, Membership, Role, User, default_roles
from .privileges import IMPLIED, DefaultGrant, Grant
from .rights import Rights


class Directory:
    """See the module's text."""

    def __init__(self, facts: Facts) -> None:
        self.version = facts.version
        self.users = {name: User.of(name, value) for name, value in facts.of("user")}
        self.groups = {name: Group(name, value["id"]) for name, value in facts.of("group")}
        self.roles = {**default_roles(), **{n: Role(n, v["id"], v["owner"]) for n, v in facts.of("role")}}
        self.members = [Membership.of_key(key, value) for key, value in facts.of("member")]
        self.defaults = [DefaultGrant.of(key, value) for key, value in facts.of("default")]
        self.schemas: dict[str, dict[str, Any]] = dict(facts.of("schema"))
        self.comments = {key: value["text"] for key, value in facts.of("comment")}
        written = {key: Grant.of(key, value) for key, value in facts.of("grant")}
        self.grants: dict[str, list[Grant]] = defaultdict(list)
        for grant in (IMPLIED | written).values():
            if not grant.revoked:
                self.grants[grant.object].append(grant)
        self.functions_by_key = {key: SqlFunction.of(value) for key, value in facts.of("function")}
        self.functions: dict[tuple[str, str], list[SqlFunction]] = defaultdict(list)
        for function in self.functions_by_key.values():
            self.functions[function.schema, function.name].append(function)
        self._by_grantee = {p.grantee: p for p in self.principals()}
        self._rights: dict[str, Rights] = {}

    @property
    def has_users(self) -> bool:
        return bool(self.users)

    def user(self, name: str) -> User | None:
        """The user of that name."""
        if name == SYSTEM_NAME:
            return User(name, SYSTEM_ID, superuser=True)
        if not self.users:
            return User(name, FIRST_USER_ID, superuser=True, create_databases=True)
        return self.users.get(name)

    def principals(self) -> Iterator[User | Group | Role]:
        yield from self.users.values()
        yield from self.groups.values()
        yield from self.roles.values()

    def rights(self, name: str) -> Rights:
        """What the user of that name may do; nothing when there is none."""
        found = self._rights.get(name)
        if found is None:
            found = self._rights[name] = Rights(self, name, self.user(name))
        return found

    def name_of(self, grantee: str) -> str:
        """The name of `user:7`, `group:8`, `role:9` or `public`."""
        if grantee == PUBLIC:
            return PUBLIC
        found = self._by_grantee.get(grantee)
        return "unknown" if found is None else found.name

    def user_name(self, id: int) -> str:
        if id == SYSTEM_ID:
            return SYSTEM_NAME
        return self.name_of(f"user:{id}")

    def user_id(self, name: str) -> int:
        """The id of a user; of one who is gone, 0."""
        if name == SYSTEM_NAME:
            return SYSTEM_ID
        if not self.users:
            return FIRST_USER_ID
        found = self.users.get(name)
        return 0 if found is None else found.id

    def owner_of_schema(self, name: str) -> str | None:
        """The owner's name; None: the database's superuser, who made what is older than users."""
        fact = self.schemas.get(name)
        return None if fact is None else str(fact["owner"])

    def memberships(self, grantee: str) -> set[str]:
        """All groups and roles that a user or role is in, also through roles granted to roles."""
        found: set[str] = set()
        pending = {grantee}
        while pending:
            pending = {m.of for m in self.members if m.member in pending} - found
            found |= pending
        return found
