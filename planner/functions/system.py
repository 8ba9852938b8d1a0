"""Functions about the session: they are constants of the statement."""
from __future__ import annotations

from ...errors import NotSupportedError, UndefinedObject
from ...storage.types import BIGINT, BOOLEAN, INTEGER, MAX_VARCHAR, TEXT, SqlType, varchar
from ..expressions import Call, Expr, Literal
from .signature import Build, Signature, Site, boolean, string

NAME = varchar(128)
LEADER_SLICE = 10_000
# What drivers and tools read to recognise Redshift.
VERSION = (
    "PostgreSQL 8.0.2 on i686-pc-linux-gnu, compiled by GCC gcc (GCC) 3.4.2 20041017 (Red Hat 3.4.2-6.fc3), "
    "Redshift 1.0.48805"
)


def _user(site: Site, args: tuple[Expr, ...]) -> Expr:
    return Literal(site.context.user, NAME, -1, site.span)


def _database(site: Site, args: tuple[Expr, ...]) -> Expr:
    return Literal(site.context.database, NAME, -1, site.span)


def _schema(site: Site, args: tuple[Expr, ...]) -> Expr:
    """The first schema of the search path that is there."""
    return Literal(site.context.current_schema, NAME, -1, site.span)


def _collation(site: Site, args: tuple[Expr, ...]) -> Expr:
    """Columns may differ from it (COLLATE)."""
    return Literal("case_sensitive", varchar(128), -1, site.span)


def _version(site: Site, args: tuple[Expr, ...]) -> Expr:
    return Literal(VERSION, varchar(256), -1, site.span)


def _user_id(site: Site, args: tuple[Expr, ...]) -> Expr:
    return Literal(site.context.user_id, INTEGER, -1, site.span)


def _schemas(site: Site, args: tuple[Expr, ...]) -> Expr:
    """CURRENT_SCHEMAS(include_implicit) as text: `{pg_catalog,public}`."""
    implicit = args[0]
    if not isinstance(implicit, Literal) or implicit.value is None:
        raise NotSupportedError("CURRENT_SCHEMAS takes TRUE or FALSE", position=site.position)
    names = [*(["pg_catalog"] if implicit.value else []), *site.context.search_path]
    return Literal("{" + ",".join(names) + "}", varchar(MAX_VARCHAR), -1, site.span)


def _backend(site: Site, args: tuple[Expr, ...]) -> Expr:
    site.context.stable = True
    return Literal(site.context.session_id, INTEGER, -1, site.span)


def _transaction(site: Site, args: tuple[Expr, ...]) -> Expr:
    """The number that STL tables have as xid."""
    site.context.stable = True
    return Literal(site.context.transaction_id, BIGINT, -1, site.span)


def _last(name: str, otherwise: int, type: SqlType) -> Build:
    """Of the session's last COPY, or the like."""

    def build(site: Site, args: tuple[Expr, ...]) -> Expr:
        site.context.stable = True
        return Literal(site.context.last.get(name, otherwise), type, -1, site.span)

    return build
def _setting(site: Site, args: tuple[Expr, ...]) -> Expr:
    """CURRENT_SETTING(name [, error_if_undefined])."""
    name, strict = args[0], args[1] if len(args) > 1 else Literal(True, BOOLEAN)
    if not isinstance(name, Literal) or not isinstance(strict, Literal):
        raise NotSupportedError("CURRENT_SETTING takes a constant name", position=site.position)
    if name.value is None:
        return Literal(None, varchar(MAX_VARCHAR), -1, site.span)
    wanted = " ".join(str(name.value).lower().split())
    value = site.context.settings.get(wanted)
    if value is None and (strict.value or "." not in wanted):
        raise UndefinedObject(f'unrecognized configuration parameter "{wanted}"', position=site.position)
    site.context.stable = True
    return Literal(value, varchar(MAX_VARCHAR), -1, site.span)


def _slice(site: Site, args: tuple[Expr, ...]) -> Expr:
    """SLICE_NUM: of the slice that works on the row; the leader has a number of its own (r_SLICE_NUM)."""
    if site.over_tables:
        return Call("slice_num", (), INTEGER, site.span)
    return Literal(LEADER_SLICE, INTEGER, -1, site.span)


def _nowhere(site: Site, args: tuple[Expr, ...]) -> Expr:
    """INET_SERVER_ADDR and its like: NULL, as PostgreSQL has it for connections that no network is between."""
    return Literal(None, INTEGER if site.name.endswith("port") else TEXT, -1, site.span)


def _constant(names: tuple[str, ...], make: Build, type: SqlType = NAME, leader_only: bool = False) -> Signature:
    return Signature(names, names[0], (), type, volatility="stable", leader_only=leader_only, build=make)


FUNCTIONS: tuple[Signature, ...] = (
    _constant(("current_user", "user", "session_user"), _user),
    _constant(("current_user_id",), _user_id, INTEGER),
    _constant(("current_database",), _database),
    _constant(("current_schema",), _schema, leader_only=True),
    _constant(("db_collation",), _collation),
    _constant(("version",), _version),
    _constant(("pg_backend_pid",), _backend, INTEGER),
    _constant(("txid_current",), _transaction, BIGINT, leader_only=True),
    *[_constant((name,), _nowhere, type, leader_only=True) for name, type in (
        ("inet_server_addr", TEXT), ("inet_server_port", INTEGER), ("inet_client_addr", TEXT),
        ("inet_client_port", INTEGER),
    )],
    _constant(("pg_last_copy_id",), _last("copy id", -1, INTEGER), INTEGER),
    _constant(("pg_last_copy_count",), _last("copy count", 0, BIGINT), BIGINT),
    _constant(("pg_last_unload_id",), _last("unload id", -1, INTEGER), INTEGER),
    _constant(("pg_last_unload_count",), _last("unload count", 0, BIGINT), BIGINT),
    _constant(("pg_last_query_id",), _last("query", -1, INTEGER), INTEGER),
    Signature(("slice_num",), "slice_num", (), INTEGER, volatility="volatile", build=_slice),
    Signature(("current_schemas",), "current_schemas", (boolean,), varchar(MAX_VARCHAR), volatility="stable",
              leader_only=True, build=_schemas),
    Signature(("current_setting",), "current_setting", (string, boolean), varchar(MAX_VARCHAR), optional=1,
              volatility="stable", build=_setting),
)
