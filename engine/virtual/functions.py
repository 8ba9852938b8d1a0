"""Functions about the catalogue, by name: pg_get_..., format_type, has_..._privilege, comments, arrays.

A statement that calls one registers its `Catalogue` and hands its number to each call (planner/functions/leader.py).
The register holds it weakly: it lives as long as the statement's context does.

    call("pg_get_userbyid", 17, [100])   ->   "dev"
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace
from functools import cached_property
from typing import Any
from weakref import WeakValueDictionary

from ...errors import NumericOutOfRange, ProgrammingError, UndefinedFunction, UndefinedObject, UndefinedTable
from ...storage.schema import Table, View
from ..context import Context
from . import definitions, ids
from .arrays import FUNCTIONS as ARRAYS
from .constraints import NamedConstraint, constraints_of
from .relations import PG_TYPES, namespace_id

_numbers = itertools.count(1)
_catalogues: WeakValueDictionary[int, Catalogue] = WeakValueDictionary()


class Catalogue:
    """The statement's snapshot, indexed by ids when first asked."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.number = next(_numbers)

    @property
    def directory(self) -> Any:
        return self.context.view.facts.directory

    @cached_property
    def relations(self) -> dict[int, Table | View]:
        return {r.id: r for r in self.context.view.relations()}

    @cached_property
    def schemas(self) -> dict[int, str]:
        return {namespace_id(name): name for name in self.context.view.schemas()}

    @cached_property
    def constraints(self) -> dict[int, tuple[Table, NamedConstraint]]:
        return {
            ids.constraint_id(r.id, c.number): (r, c)
            for r in self.relations.values() if isinstance(r, Table) for c in constraints_of(r)
        }

    @cached_property
    def virtual_ids(self) -> dict[int, str]:
        from .pg_catalog import virtual_ids

        return {id: name for name, id in virtual_ids().items()}

    def visible(self, relation: Table | View) -> bool:
        """Found by its bare name?"""
        found = self.context.view.relation(None, relation.name)
        return found is not None and found.id == relation.id

    def relation_named(self, text: str) -> int:
        """The id of the relation that a text names, as regclass reads it."""
        from .names import parts

        found = parts(text, self.context.settings.exact_names)
        if len(found) == 1 and (id := _number(found[0])) is not None:
            return id
        schema, name = (None, found[0]) if len(found) == 1 else (found[-2], found[-1])
        relation = self.context.view.relation(schema, name)
        if relation is not None:
            return relation.id
        for id, full in self.virtual_ids.items():
            if full == f"{schema or 'pg_catalog'}.{name}":
                return id
        for (table, constraint) in self.constraints.values():
            if constraint.name == name and constraint.references is None and schema in (None, table.schema):
                return ids.index_id(table.id, constraint.number)
        raise UndefinedTable(f'relation "{text}" does not exist')

    def comment(self, key: str) -> str | None:
        found: str | None = self.directory.comments.get(key)
        return found


def register(context: Context) -> int:
    """The number of the context's catalogue."""
    if context.catalogue is None:
        context.catalogue = Catalogue(context)
        _catalogues[context.catalogue.number] = context.catalogue
    number: int = context.catalogue.number
    return number


def call(name: str, number: int, args: list[Any]) -> Any:
    """The value of a catalogue function; no argument is NULL."""
    if name in ARRAYS:
        return ARRAYS[name](*args)
    return FUNCTIONS[name](_catalogues[number], *args)


# -- names of things -------------------------------------------------------------------------------


def _user(c: Catalogue, id: int) -> str:
    name: str = c.directory.user_name(id)
    if name == "unknown":
        if id == 100 and not c.directory.has_users:
            return c.context.user
        return f"unknown (OID={id})"
    return name


def _relation_name(c: Catalogue, id: int) -> str:
    relation = c.relations.get(id)
    if relation is None:
        virtual = c.virtual_ids.get(id)
        return str(id) if virtual is None else virtual.removeprefix("pg_catalog.")
    name = definitions.quoted(relation.name)
    return name if c.visible(relation) else f"{definitions.quoted(relation.schema)}.{name}"


def _number(text: str) -> int | None:
    """An id as a number; None where the text is a name."""
    if not (text.isascii() and text.isdecimal()):
        return None
    if int(text) >= 1 << 31:  # ids here are INTEGERs
        raise NumericOutOfRange(f'value "{text}" is out of range for type oid')
    return int(text)


def _type_named(c: Catalogue, text: str) -> int:
    wanted = " ".join(text.lower().split()).removeprefix("pg_catalog.")
    for oid, name in ids.TYPE_NAMES.items():
        if wanted == name:
            return oid
    for oid, name, _ in PG_TYPES.values():
        if wanted == name:
            return oid
    for oid, name, _, _ in ids.EXTRA_TYPES:
        if wanted == name:
            return oid
    if (id := _number(wanted)) is not None:
        return id
    raise UndefinedObject(f'type "{text}" does not exist')


def _function_named(c: Catalogue, text: str) -> int:
    found = [f for f in c.directory.functions_by_key.values() if text in (f.name, f"{f.schema}.{f.name}")]
    if len(found) > 1:
        raise ProgrammingError(f'more than one function named "{text}"', sqlstate="42725",
                               hint="regprocedure takes the types of the arguments, too")
    if not found:
        raise UndefinedFunction(f'function "{text}" does not exist')
    return int(found[0].id)


def _function_signed(c: Catalogue, text: str) -> int:
    """The id of a function that a text names with the types of its arguments: `f(integer, text)`."""
    from ...planner.statements.cursor import Cursor
    from ...planner.statements.grants import with_types
    from ...planner.syntax import tokenize
    from ..handlers.functions import by_signature

    cursor = Cursor(tokenize(text, c.context.settings.exact_names), text)
    return int(by_signature(replace(with_types(cursor, cursor.relation()), position=None), c.context).id)


def _function_with_arguments(c: Catalogue, id: int) -> str:
    found = _function(c, id)
    return str(id) if found is None else f"{found.name}({','.join([t.kind.value for t in found.arguments])})"


def _known(find: Callable[[Catalogue, str], int | None]) -> Callable[[Catalogue, str], int | None]:
    """What a text names, NULL where it names nothing."""

    def known(c: Catalogue, text: str) -> int | None:
        try:
            return find(c, text)
        except ProgrammingError:
            return None

    return known


def _schema_named(c: Catalogue, text: str) -> int:
    if text not in c.context.view.schemas():
        raise UndefinedObject(f'schema "{text}" does not exist', sqlstate="3F000")
    return namespace_id(text)


# -- definitions -----------------------------------------------------------------------------------


def _view(c: Catalogue, which: int | str, pretty: bool = False) -> str | None:
    id = c.relation_named(which) if isinstance(which, str) else which
    relation = c.relations.get(id)
    if not isinstance(relation, View):
        return "Not a view" if relation is not None else None
    if relation.late_binding:
        return definitions.create_view(relation)
    return definitions.view_definition(relation)


def _constraint(c: Catalogue, id: int, pretty: bool = False) -> str | None:
    found = c.constraints.get(id)
    if found is None:
        return None
    reference = found[1].references
    hidden = False
    if reference is not None:
        target = c.context.view.relation(reference[0], reference[1])
        hidden = target is None or not c.visible(target)
    return definitions.constraint_definition(found[1], with_schema=hidden)


def _index(c: Catalogue, id: int, column: int = 0, pretty: bool = False) -> str | None:
    found = c.constraints.get(id - 1)
    if found is None:
        return None
    table, constraint = found
    if column:
        return constraint.columns[column - 1] if 0 < column <= len(constraint.columns) else None
    return definitions.index_definition(table, constraint)


def _encoding(c: Catalogue, code: int) -> str:
    from .pg_catalog import ENCODING_CODES

    return {number: name for name, number in ENCODING_CODES.items()}.get(code, "none")


# -- comments --------------------------------------------------------------------------------------


def _object_comment(c: Catalogue, id: int, catalogue: str = "pg_class") -> str | None:
    from ...storage.access.facts import of_relation
    from ...storage.access.privileges import DATABASE_OBJECT, schema_object

    if catalogue == "pg_namespace":
        return c.comment(schema_object(c.schemas.get(id, "")))
    if catalogue == "pg_database":
        return c.comment(DATABASE_OBJECT)
    if catalogue == "pg_constraint":
        found = c.constraints.get(id)
        return None if found is None else c.comment(f"{of_relation(found[0].id)}c{found[1].name}")
    return c.comment(of_relation(id)) if catalogue == "pg_class" else None


def _column_comment(c: Catalogue, id: int, column: int) -> str | None:
    from ...storage.access.facts import of_relation

    return c.comment(f"{of_relation(id)}{column}") if column else c.comment(of_relation(id))


# -- the rest --------------------------------------------------------------------------------------


def _is_visible(c: Catalogue, id: int) -> bool:
    relation = c.relations.get(id)
    if relation is None:
        if (found := c.constraints.get(id - 1)) is not None:
            return c.visible(found[0])
        return c.virtual_ids.get(id, "").startswith("pg_catalog.")
    return c.visible(relation)


def _size(c: Catalogue, which: int | str) -> int | None:
    relation = c.relations.get(c.relation_named(which) if isinstance(which, str) else which)
    if not isinstance(relation, Table):
        return 0 if relation is not None else None
    return sum(e.bytes for e in c.context.view.data(relation).extents)


def _set_config(c: Catalogue, name: str, value: str, local: bool) -> str:
    from ...planner.statements import SetOption
    from ..handlers.set_option import run

    run(SetOption(name, value, local), c.context)
    settings = c.context.session.settings.copy()  # a local value may be gone before the answer is read
    settings.set(name, value)
    return str(settings.show(name))


def _cancel(c: Catalogue, session: int) -> int:
    from ..handlers.cancel import stop

    stop(c.context, session)
    return 1


def _terminate(c: Catalogue, session: int) -> int:
    from ..handlers.cancel import terminate

    terminate(c.context, session)
    return 1


def _level(what: str) -> Callable[..., str]:
    def change(c: Catalogue, which: int | str, priority: str) -> str:
        from ..workload import levels

        text: str = getattr(levels, f"change_{what}")(c.context, which, priority)
        return text

    return change


def _temp_schema(c: Catalogue) -> int:
    temporary = c.context.session.temporary
    return 0 if temporary is None else namespace_id(temporary.schema)


def _function(c: Catalogue, id: int) -> Any:
    return next((f for f in c.directory.functions_by_key.values() if f.id == id), None)


def _function_result(c: Catalogue, id: int) -> str | None:
    found = _function(c, id)
    return None if found is None else found.returns.kind.value


def _function_arguments(c: Catalogue, id: int) -> str | None:
    found = _function(c, id)
    return None if found is None else ", ".join(t.kind.value for t in found.arguments)


def _function_text(c: Catalogue, id: int) -> str | None:
    found = _function(c, id)
    if found is None:
        return None
    arguments = ", ".join(str(t) for t in found.arguments)
    name = f"{definitions.quoted(found.schema)}.{definitions.quoted(found.name)}"
    head = f"CREATE OR REPLACE FUNCTION {name}({arguments}) RETURNS {found.returns} {found.volatility.upper()}"
    return f"{head} AS $$ {found.body} $$ LANGUAGE sql"


def _nothing(c: Catalogue, *args: Any) -> None:
    """Of things that are not here: rules and triggers."""
    return None


def _true(c: Catalogue, *args: Any) -> bool:
    return True


def _false(c: Catalogue, *args: Any) -> bool:
    return False


def _user_is_member(c: Catalogue, first: str, second: str | None = None) -> bool:
    from .privileges import is_member

    user, role = (c.context.user, first) if second is None else (first, second)
    return is_member(c, f"user {user}", role)


def _role_is_member(c: Catalogue, role: str, of: str) -> bool:
    from .privileges import is_member

    return is_member(c, f"role {role}", of)


def _session_roles(c: Catalogue) -> str:
    return "{" + ",".join(sorted(r.name for r in c.context.rights.roles)) + "}"


def _privilege(kind: str) -> Callable[..., bool | None]:
    def check(c: Catalogue, *args: Any) -> bool | None:
        from .privileges import has

        return has(c, kind, args)

    return check


REGISTERED: dict[str, Callable[[Catalogue, str], int | None]] = {
    "regclass": lambda c, text: c.relation_named(text),
    "regtype": _type_named,
    "regproc": _function_named,
    "regprocedure": _function_signed,
    "regnamespace": _schema_named,
}
FUNCTIONS: dict[str, Callable[..., Any]] = {
    "pg_get_userbyid": _user,
    **{f"to_{name}": find for name, find in REGISTERED.items()},
    **{f"known_{name}": _known(find) for name, find in REGISTERED.items()},
    "regclass_name": lambda c, id: "-" if id == 0 else _relation_name(c, id),
    "regtype_name": lambda c, id: ids.format_type(id, None),
    "regprocedure_name": _function_with_arguments,
    "regproc_name": lambda c, id: str(id) if (found := _function(c, id)) is None else found.name,
    "regnamespace_name": lambda c, id: c.schemas.get(id, str(id)),
    "pg_get_viewdef": _view,
    "pg_get_constraintdef": _constraint,
    "pg_get_indexdef": _index,
    "pg_get_functiondef": _function_text,
    "pg_get_function_result": _function_result,
    "pg_get_function_arguments": _function_arguments,
    "pg_get_function_identity_arguments": _function_arguments,
    "pg_get_ruledef": _nothing,
    "pg_get_triggerdef": _nothing,
    "pg_get_expr": lambda c, text, id, pretty=False: text,
    "format_type": lambda c, id, modifier: ids.format_type(id, modifier),
    "format_encoding": _encoding,
    "obj_description": _object_comment,
    "shobj_description": _object_comment,
    "col_description": _column_comment,
    "pg_table_is_visible": _is_visible,
    "pg_type_is_visible": _true,
    "pg_function_is_visible": _true,
    "pg_operator_is_visible": _true,
    "pg_relation_size": _size,
    "pg_total_relation_size": _size,
    "pg_encoding_to_char": lambda c, code: "UTF8" if code == 6 else "",
    "pg_is_in_recovery": _false,
    "pg_my_temp_schema": _temp_schema,
    "pg_is_other_temp_schema": _false,
    "pg_get_session_roles": _session_roles,
    "user_is_member_of": _user_is_member,
    "role_is_member_of": _role_is_member,
    "set_config": _set_config,
    "pg_cancel_backend": _cancel,
    "pg_terminate_backend": _terminate,
    **{f"change_{what}_priority": _level(what) for what in ("query", "session", "user")},
    **{
        f"has_{kind}_privilege": _privilege(kind)
        for kind in ("table", "any_column", "column", "schema", "database", "language", "function")
    },
}
