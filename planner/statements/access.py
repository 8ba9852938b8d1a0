"""Statements about users, privileges, owners and comments.

Their parsers are in principals.py, grants.py, schemas.py and comments.py.
"""
from __future__ import annotations

from dataclasses import field

from ...records import dataclass
from .names import RelationName


@dataclass(frozen=True, slots=True)
class Grantee:
    """kind: 'user', 'group', 'role' or 'public'."""

    kind: str
    name: str = ""
    position: int | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class UserOptions:
    """Of CREATE and ALTER USER; None: not given. password: the text, '' for DISABLE; connection_limit -1: UNLIMITED;
    settings: None as a value: RESET."""

    create_databases: bool | None = None
    superuser: bool | None = None
    password: str | None = None
    unrestricted: bool | None = None
    valid_until: str | None = None
    connection_limit: int | None = None
    groups: tuple[str, ...] = ()
    settings: tuple[tuple[str, str | None], ...] = ()


@dataclass(frozen=True, slots=True)
class CreateUser:
    name: str
    options: UserOptions
    position: int | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class AlterUser:
    name: str
    options: UserOptions
    rename: str | None = None
    position: int | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class CreateGroup:
    name: str
    users: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AlterGroup:
    """action: 'add', 'drop' (names: users) or 'rename' (names: the new one)."""

    name: str
    action: str
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CreateRole:
    name: str


@dataclass(frozen=True, slots=True)
class AlterRole:
    name: str
    rename: str | None = None
    owner: str | None = None


@dataclass(frozen=True, slots=True)
class DropPrincipal:
    """kind: 'user', 'group', 'role'. force: DROP ROLE ... FORCE."""

    kind: str
    names: tuple[str, ...]
    if_exists: bool = False
    force: bool = False


@dataclass(frozen=True, slots=True)
class Grant:
    """GRANT and REVOKE (`give` False). privileges: (lower-case name or 'all', columns); on: 'relation', 'relations in',
    'schema', 'database', 'language', 'function', 'procedure', 'functions in', 'procedures in' or 'system'.
    option: WITH GRANT OPTION, or GRANT OPTION FOR."""

    give: bool
    privileges: tuple[tuple[str, tuple[str, ...]], ...]
    on: str
    objects: tuple[RelationName, ...]
    grantees: tuple[tuple[Grantee, bool], ...]  # with WITH GRANT OPTION
    option_only: bool = False


@dataclass(frozen=True, slots=True)
class GrantRole:
    """admin: WITH ADMIN OPTION, or ADMIN OPTION FOR."""

    give: bool
    roles: tuple[str, ...]
    grantees: tuple[tuple[Grantee, bool], ...]
    admin_only: bool = False


@dataclass(frozen=True, slots=True)
class DefaultPrivileges:
    """ALTER DEFAULT PRIVILEGES; grant.on is 'relation', 'function' or 'procedure'."""

    users: tuple[str, ...]
    schemas: tuple[str, ...]
    grant: Grant


@dataclass(frozen=True, slots=True)
class SetUser:
    """SET [LOCAL] SESSION AUTHORIZATION; None: DEFAULT."""

    name: str | None
    local: bool = False


@dataclass(frozen=True, slots=True)
class AlterSchema:
    """action: 'rename', 'owner' (value: a name) or 'quota' (no limit)."""

    name: str
    action: str
    value: str = ""


@dataclass(frozen=True, slots=True)
class Comment:
    """kind: 'table', 'view', 'column', 'constraint', 'database' or 'schema'; part: the column or constraint."""

    kind: str
    name: RelationName
    text: str | None
    part: str = ""


@dataclass(frozen=True, slots=True)
class ShowObjects:
    """SHOW TABLES and its like (show.py). kind: 'databases', 'schemas', 'tables', 'columns', 'functions', 'procedures',
    'primary keys', 'foreign keys', 'exported keys', 'grants on table', 'grants on schema', 'grants on database',
    'tables of database', 'columns of database', 'table grants of database', 'column grants', 'grants for', 'table',
    'view', 'external table' or 'external partitions' (definitions). where: (name of a column, pattern)."""

    kind: str
    name: RelationName
    like: str | None = None
    limit: int | None = None
    grantee: Grantee | None = None
    where: tuple[tuple[str, str], ...] = ()
