"""Facts speak of other things: a grant of an object and a grantee, a function of its schema, a membership of two.

Handlers look before they write, at the state that their statement sees. Between that and the commit another session may
drop what they spoke of, so a commit looks once more, at what it makes:

    check           what was set speaks of things that are there; what was dropped is spoken of by nothing
    of_schema       the facts that go with a schema, those that came after its DROP looked among them
    of_functions    the same of functions
    check_owners    relations that are new, or given away, are so to users that there are
"""
from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Any, NoReturn

from ... import errors
from .directory import Directory
from .facts import FactKey, Facts
from .principals import FIRST_USER_ID, PUBLIC, SYSTEM_ID
from .privileges import DefaultGrant, Grant, schema_name, schema_object

if TYPE_CHECKING:
    from ..schema import Table, View

_PRINCIPALS = ("user", "group", "role")
_SPEAKING = frozenset(("grant", "member", "default", "comment", "function", "schema", *_PRINCIPALS))


def of_schema(facts: Facts, name: str) -> list[FactKey]:
    """Grants on a schema, defaults in it, the comment on it; an error where a function is in it."""
    for _, value in facts.of("function"):
        if value["schema"] == name:
            raise errors.ProgrammingError(
                f'cannot drop schema "{name}" because other objects depend on it',
                detail=f"It holds the function {value['name']}.",
                hint="Use DROP ... CASCADE to drop the dependent objects too.", sqlstate="2BP01",
            )
    object = schema_object(name)
    grants = [("grant", key) for key in facts.keys("grant") if key.startswith(object + "|")]
    defaults = [("default", key) for key, value in facts.of("default") if DefaultGrant.of(key, value).schema == name]
    return [*grants, *defaults, *(("comment", key) for key in facts.keys("comment") if key == object)]


def of_functions(before: Facts, after: Facts, touched: Collection[FactKey]) -> list[FactKey]:
    """Grants on functions that are no more."""
    if not any(kind == "function" for kind, _ in touched):
        return []
    left = {value["id"] for _, value in after.of("function")}
    gone = {f"function:{value['id']}" for _, value in before.of("function") if value["id"] not in left}
    return [("grant", key) for key in after.keys("grant") if key.split("|")[0] in gone]


def check(
    before: Facts, after: Facts, touched: Iterable[FactKey], schemas_before: Collection[str],
    schemas: Collection[str], relations: Mapping[int, Table | View],
) -> None:
    """Raises when a fact that was set speaks of something that is not there, or of something dropped one still does."""
    changed = [key for key in touched if key[0] in _SPEAKING]
    if not changed:
        return
    known = _Known(after.directory, schemas, relations)
    for kind, key in changed:
        value = after.get(kind, key)
        if value is not None:
            known.look(kind, key, value)
            if kind == "grant" and (kind, key) not in before.rows:
                _check_grantor(key, value, after.directory, schemas_before)
    if any(kind in _PRINCIPALS for kind, _ in changed):
        _check_dropped(before.directory, after.directory, relations)


def check_owners(facts: Facts, before: Mapping[int, Table | View], created: Iterable[Table | View]) -> None:
    """Raises when one of the relations has got an owner who is not there."""
    for relation in created:
        seen = before.get(relation.id)
        if (seen is None or seen.owner != relation.owner) and facts.directory.user(relation.owner) is None:
            _gone("user")


class _Known:
    """What is there."""

    def __init__(
        self, directory: Directory, schemas: Collection[str], relations: Mapping[int, Table | View]
    ) -> None:
        self.directory = directory
        self.grantees = {p.grantee for p in directory.principals()} | {PUBLIC, f"user:{SYSTEM_ID}"}
        if not directory.has_users:
            self.grantees.add(f"user:{FIRST_USER_ID}")
        self.functions = {f"function:{f.id}" for f in directory.functions_by_key.values()}
        self.schemas, self.relations = schemas, relations

    def look(self, kind: str, key: str, value: Mapping[str, Any]) -> None:
        """Of one fact."""
        parts = key.split("|")
        if kind == "grant":
            self._object(parts[0])
            self._grantee(parts[1])
        elif kind == "member":
            self._grantee(parts[0])
            self._grantee(parts[1])
        elif kind == "default":
            made = DefaultGrant.of(key, dict(value))
            self._grantee(made.grantee)
            self._grantee(f"user:{made.owner}")
            if made.schema:
                self._object(schema_object(made.schema))
        elif kind == "comment":
            self._object(parts[0])
        elif kind == "function":
            self._object(schema_object(value["schema"]))
        elif kind == "schema":
            self._object(schema_object(key))
            if self.directory.user(value["owner"]) is None:
                _gone("user")

    def _object(self, object: str) -> None:
        kind, _, name = object.partition(":")
        if kind == "schema" and schema_name(object) not in self.schemas:
            raise errors.UndefinedObject(f'schema "{schema_name(object)}" does not exist', sqlstate="3F000")
        if (kind == "relation" and int(name) not in self.relations) or (
            kind == "function" and object not in self.functions
        ):
            _gone(kind)

    def _grantee(self, grantee: str) -> None:
        if grantee not in self.grantees:
            _gone(grantee.partition(":")[0])


def _check_grantor(
    key: str, value: Mapping[str, Any], directory: Directory, schemas_before: Collection[str]
) -> None:
    """Of a grant on a schema: there may be another of its name by now, of another owner. Other objects have numbers.
    (One that is new here may have got a new name, with the grants that it had.)"""
    grant = Grant.of(key, dict(value))
    name, who = schema_name(grant.object), directory.user_name(grant.grantor)
    if not grant.object.startswith("schema:") or grant.revoked or name not in schemas_before:
        return
    if not directory.rights(who).schema(name, grant.privilege, option=True):
        raise errors.PermissionDenied(f"permission denied for schema {name}")


def _check_dropped(before: Directory, after: Directory, relations: Mapping[int, Table | View]) -> None:
    """Of users, groups and roles that are no more (renamed ones are: their numbers stay)."""
    there = {p.grantee for p in after.principals()}
    gone = {p.grantee: p for p in before.principals() if p.grantee not in there}
    if not gone:
        return
    spoken = {g.grantee for held in after.grants.values() for g in held}
    spoken |= {end for m in after.members for end in (m.of, m.member)}
    spoken |= {end for d in after.defaults for end in (d.grantee, f"user:{d.owner}")}
    owners = {r.owner for r in relations.values()} | {s["owner"] for s in after.schemas.values()}
    for grantee, principal in gone.items():
        kind = grantee.partition(":")[0]
        owns = kind == "user" and principal.name in owners
        if owns or grantee in spoken:
            why = "owns some object" if owns else "has a privilege on some object"
            raise errors.ProgrammingError(
                f'{kind} "{principal.name}" can\'t be dropped because the {kind} {why}', sqlstate="55006"
            )


def _gone(kind: str) -> NoReturn:
    raise errors.OperationalError(
        f"a {kind} that this transaction speaks of was dropped by another session while it ran",
        hint="Run the statement again.", sqlstate="40001",
    )
