"""CREATE FUNCTION and DROP FUNCTION: SQL functions, which the binder puts in the place of their calls."""
from __future__ import annotations

from collections.abc import Sequence

from ...errors import Error, PermissionDenied, ProgrammingError, UndefinedFunction, UndefinedObject
from ...planner.binder import check_function
from ...planner.functions import resolve, resolve_aggregate
from ...planner.statements import CreateFunction, DropFunction, RelationName
from ...storage.access.facts import Fact
from ...storage.access.functions import SqlFunction, signature
from ...storage.access.principals import PUBLIC
from ...storage.access.privileges import Grant
from ...storage.catalog.delta import Delta
from ...storage.types import SqlType
from .. import access
from ..context import Context
from ..result import Result
from .binding import bind_context

MAX_ARGUMENTS = 32


def run(statement: CreateFunction | DropFunction, context: Context) -> Result:
    if isinstance(statement, DropFunction):
        return _drop(statement, context)
    schema = _schema(statement.name, context)
    access.need_schema(context, schema, "create", "create or replace function")
    made = _checked(statement, schema, context)
    old = access.directory(context).functions_by_key.get(made.key)
    if old is not None and not statement.or_replace:
        raise ProgrammingError(f'function "{made.name}" already exists with same argument types', sqlstate="42723")
    if old is not None:
        _need_owner(old, context, "replace")
        if old.returns != made.returns:
            raise ProgrammingError("cannot change return type of existing function", sqlstate="42P13",
                                   hint="Use DROP FUNCTION first.")
        context.session.commit_delta(Delta(facts=(_renewed(made, old).fact(),)))
    else:
        execute = Grant(made.object, PUBLIC, "execute", 0, access.directory(context).user_id(context.user))
        context.session.commit_delta(Delta(facts=(made.fact(), execute.fact())))
    return Result("CREATE FUNCTION", notices=context.notices)


def _renewed(made: SqlFunction, old: SqlFunction) -> SqlFunction:
    """The new definition under the old one's id, owner and grants."""
    return SqlFunction(old.id, old.schema, old.name, made.arguments, made.returns, made.volatility, made.body,
                       old.owner)


def _checked(statement: CreateFunction, schema: str, context: Context) -> SqlFunction:
    name = statement.name.name
    if len(statement.arguments) > MAX_ARGUMENTS:
        raise ProgrammingError(f"functions cannot have more than {MAX_ARGUMENTS} arguments", sqlstate="54023",
                               position=statement.name.position)
    if resolve(name) or resolve_aggregate(name) is not None:
        raise ProgrammingError(f'function "{name}" is built in', sqlstate="42723",
                               hint="Names that begin with f_ are free for users.", position=statement.name.position)
    try:
        check_function(statement.body, statement.arguments, statement.returns, context.view, bind_context(context))
    except Error as error:
        error.position = statement.position
        raise
    return SqlFunction(context.database.new_id(), schema, name, statement.arguments, statement.returns,
                       statement.volatility, statement.body.strip(), context.user)


def _schema(name: RelationName, context: Context) -> str:
    schemas = context.view.schemas()
    found = name.schema or next((s for s in context.search_path if s in schemas), "public")
    if found not in schemas:
        raise UndefinedObject(f'schema "{found}" does not exist', sqlstate="3F000", position=name.position)
    return found


def _drop(statement: DropFunction, context: Context) -> Result:
    found = find(statement.name, statement.arguments, context)
    _need_owner(found, context, "drop")
    context.session.commit_delta(Delta(facts=facts_of(found, context)))
    return Result("DROP FUNCTION", notices=context.notices)


def find(name: RelationName, arguments: Sequence[SqlType], context: Context) -> SqlFunction:
    """The function of exactly these argument types."""
    return by_signature(RelationName(name.schema, f"{name.name}({signature(arguments)})", name.position), context)


def by_signature(name: RelationName, context: Context) -> SqlFunction:
    """The function whose name and argument types are `name`: f(integer,date)."""
    known = access.directory(context).functions_by_key
    for schema in (name.schema,) if name.schema is not None else context.search_path:
        found = known.get(f"{schema}.{name.name}")
        if found is not None:
            return found
    raise UndefinedFunction(f"function {name} does not exist", position=name.position)


def _need_owner(function: SqlFunction, context: Context, action: str) -> None:
    permission = "drop function" if action == "drop" else "create or replace function"
    if function.owner != context.user and not context.rights.system(permission):
        raise PermissionDenied(f"must be owner of function {function.name}")


def functions_of_schema(name: str, context: Context) -> list[SqlFunction]:
    return [f for f in access.directory(context).functions_by_key.values() if f.schema == name]


def facts_of(function: SqlFunction, context: Context) -> tuple[Fact, ...]:
    """What takes a function and the grants on it away."""
    grants = access.directory(context).grants.get(function.object, ())
    return (function.gone(), *(grant.gone() for grant in grants))
