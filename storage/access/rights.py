"""What one user may do: as superuser, as owner, by grants to the user, to its groups and roles, or to PUBLIC.

A superuser may do everything. An owner may do everything with the object. Everybody else needs a grant. Roles may
also hold system permissions (`GRANT CREATE USER TO ROLE r`).
"""
from __future__ import annotations

from typing import TYPE_CHECKING

from .principals import DEFAULT_ROLES, PUBLIC, User
from .privileges import DATABASE_OBJECT, relation_object, schema_object

if TYPE_CHECKING:
    from ..schema import Table, View
    from .directory import Directory

_SYSTEM_SCHEMAS = ("pg_catalog", "information_schema")


class Rights:
    """See the module's text."""

    def __init__(self, directory: Directory, name: str, user: User | None) -> None:
        self.directory = directory
        self.name = name
        self.user = user
        own = set() if user is None else {user.grantee}
        self.grantees = {PUBLIC} | own | (directory.memberships(user.grantee) if user else set())
        self.roles = [r for r in directory.roles.values() if r.grantee in self.grantees]
        self.superuser = user is not None and (user.superuser or any(r.name == "sys:superuser" for r in self.roles))

    def of(self, owner: str) -> Rights:
        """Another user's: a view reads with its owner's."""
        return self.directory.rights(owner)

    def may(self, object: str, privilege: str, *, column: int = 0, option: bool = False) -> bool:
        """By a grant (or as superuser). `option`: may it be granted further?"""
        return self.superuser or any(
            g.privilege == privilege and g.column in (0, column) and g.grantee in self.grantees
            and (g.option or not option)
            for g in self.directory.grants.get(object, ())
        )

    def system(self, permission: str) -> bool:
        """A system permission, which only roles have."""
        return self.superuser or any(
            permission in DEFAULT_ROLES.get(role.name, ()) or self.may("system:", permission) for role in self.roles
        )

    # -- relations -----------------------------------------------------------------------------------

    def owns(self, relation: Table | View) -> bool:
        return self.superuser or relation.owner == self.name

    def relation(self, relation: Table | View, privilege: str, *, column: int = 0, option: bool = False) -> bool:
        """A privilege on a table or view (or, with an id, on one of its columns)."""
        return self.owns(relation) or self.may(
            relation_object(relation.id), privilege, column=column, option=option
        )

    def columns(self, relation: Table | View, privilege: str) -> frozenset[int]:
        """Ids of the columns that a privilege was granted on by themselves."""
        return frozenset(
            g.column for g in self.directory.grants.get(relation_object(relation.id), ())
            if g.column and g.privilege == privilege and g.grantee in self.grantees
        )

    # -- schemas and the database ----------------------------------------------------------------------

    def owns_schema(self, name: str) -> bool:
        return self.superuser or self.directory.owner_of_schema(name) == self.name

    def schema(self, name: str, privilege: str, *, option: bool = False) -> bool:
        """Temporary schemas are their session's own."""
        if name.startswith("pg_temp"):
            return True
        if name in _SYSTEM_SCHEMAS and privilege == "usage":
            return True
        return self.owns_schema(name) or self.may(schema_object(name), privilege, option=option)

    def database(self, privilege: str, *, option: bool = False) -> bool:
        return self.may(DATABASE_OBJECT, privilege, option=option)
