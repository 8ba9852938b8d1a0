"""Functions about the catalogue that run on the leader node only: PostgreSQL's pg_get_..., has_..._privilege, arrays.

What they answer is in engine/virtual/functions.py; a call is handed the number of the statement's catalogue, so that
it sees the statement's snapshot:

    pg_get_userbyid(relowner)  ->  Call("catalogue", ("pg_get_userbyid", 17, relowner))

Array values are their texts (planner/registered.py).
"""
from __future__ import annotations

from collections.abc import Callable

from ...storage.types import BIGINT, BOOLEAN, INTEGER, TEXT, Kind, SqlType, varchar
from ..expressions import Call, Case, Expr, IsNull, Literal
from ..registered import REGISTERED
from .signature import Build, Signature, Site, anything, boolean, integers, text

KEY = "catalogue"
KEY_OR_ERROR = "catalogue_or_error"
NAME = varchar(128)


def catalogue_call(site: Site, name: str, args: tuple[Expr, ...], type: SqlType, key: str = KEY) -> Expr:
    """A call of the catalogue function `name`; its plan is good for this statement only."""
    site.context.stable = True
    number = 0 if site.context.catalogue is None else site.context.catalogue()
    return Call(key, (Literal(name, TEXT), Literal(number, BIGINT), *args), type, site.span)


def oid(type: SqlType) -> SqlType | None:
    """An id."""
    if type.kind is Kind.UNKNOWN:
        return INTEGER
    return integers(type)


def named(type: SqlType) -> SqlType | None:
    """A name or an id."""
    if type.kind is Kind.UNKNOWN:
        return text(type)
    return INTEGER if type.is_integer else text(type)


def _build(name: str, type: SqlType, key: str = KEY) -> Build:
    def build(site: Site, args: tuple[Expr, ...]) -> Expr:
        return catalogue_call(site, name, args, type, key)

    return build


def _function(
    name: str, takes: tuple[Callable[[SqlType], SqlType | None], ...], type: SqlType, optional: int = 0,
    *, fallible: bool = False, leader_only: bool = True,
) -> Signature:
    return Signature(
        (name,), KEY_OR_ERROR if fallible else KEY, takes, type, optional=optional, volatility="stable",
        fallible=fallible, leader_only=leader_only, build=_build(name, type, KEY_OR_ERROR if fallible else KEY),
    )


def _format_type(site: Site, args: tuple[Expr, ...]) -> Expr:
    """A NULL modifier is none."""
    modifier = Case(((IsNull(args[1], True), args[1]),), Literal(-1, INTEGER), INTEGER)
    return catalogue_call(site, "format_type", (args[0], modifier), TEXT)


_PRIVILEGES = tuple(
    _function(f"has_{kind}_privilege", takes, BOOLEAN, fallible=True)
    for kind in ("table", "schema", "database", "language", "function", "any_column")
    for takes in ((named, text), (named, named, text))
) + tuple(
    _function("has_column_privilege", takes, BOOLEAN, fallible=True)
    for takes in ((named, named, text), (named, named, named, text))
)

def _registered(name: str, type: SqlType) -> Signature:
    """TO_REGCLASS and its like: NULL where the cast of the text would be an error."""
    build = _build(f"known_{name}", type)
    return Signature((f"to_{name}",), KEY, (text,), type, volatility="stable", leader_only=True, build=build)


FUNCTIONS: tuple[Signature, ...] = (
    *_PRIVILEGES,
    *[_registered(name, type) for name, type in REGISTERED.items()],
    _function("pg_get_userbyid", (oid,), NAME),
    _function("pg_get_viewdef", (text, boolean), TEXT, 1),
    _function("pg_get_viewdef", (oid, boolean), TEXT, 1),
    _function("pg_get_constraintdef", (oid, boolean), TEXT, 1),
    _function("pg_get_indexdef", (oid, oid, boolean), TEXT, 2),
    _function("pg_get_functiondef", (oid,), TEXT),
    _function("pg_get_function_result", (oid,), TEXT),
    _function("pg_get_function_arguments", (oid,), TEXT),
    _function("pg_get_function_identity_arguments", (oid,), TEXT),
    _function("pg_get_ruledef", (oid, boolean), TEXT, 1),
    _function("pg_get_triggerdef", (oid, boolean), TEXT, 1),
    _function("pg_get_expr", (text, oid, boolean), TEXT, 1, leader_only=False),
    Signature(("format_type",), KEY, (oid, oid), TEXT, volatility="stable", leader_only=True, build=_format_type),
    _function("format_encoding", (oid,), TEXT),
    _function("obj_description", (oid, text), TEXT, 1),
    _function("shobj_description", (oid, text), TEXT),
    _function("col_description", (oid, oid), TEXT),
    _function("pg_table_is_visible", (oid,), BOOLEAN),
    _function("pg_type_is_visible", (oid,), BOOLEAN),
    _function("pg_function_is_visible", (oid,), BOOLEAN),
    _function("pg_operator_is_visible", (oid,), BOOLEAN),
    _function("pg_relation_size", (named,), BIGINT),
    _function("pg_total_relation_size", (named,), BIGINT),
    _function("pg_encoding_to_char", (oid,), NAME),
    _function("pg_is_in_recovery", (), BOOLEAN),
    _function("pg_my_temp_schema", (), INTEGER),
    _function("pg_is_other_temp_schema", (oid,), BOOLEAN),
    _function("pg_get_session_roles", (), TEXT),
    _function("user_is_member_of", (text, text), BOOLEAN, 1),
    _function("role_is_member_of", (text, text), BOOLEAN),
    _function("array_to_string", (anything, text), TEXT),
    _function("array_upper", (anything, oid), INTEGER),
    _function("array_lower", (anything, oid), INTEGER),
    _function("array_dims", (anything,), TEXT),
    _function("string_to_array", (text, text), TEXT),
    _function("pg_cancel_backend", (oid,), INTEGER, fallible=True, leader_only=False),
    _function("pg_terminate_backend", (oid,), INTEGER, fallible=True, leader_only=False),
    _function("change_query_priority", (oid, text), TEXT, fallible=True),
    _function("change_session_priority", (oid, text), TEXT, fallible=True),
    _function("change_user_priority", (text, text), TEXT, fallible=True),
    _function("set_config", (text, text, boolean), TEXT, fallible=True, leader_only=False),
)

# Not called by name: casts and operators are bound to these.
INTERNAL = {
    **{f"to_{name}": KEY_OR_ERROR for name in REGISTERED}, **{f"{name}_name": KEY for name in REGISTERED},
    "array_has": KEY, "array_item": KEY,
}
