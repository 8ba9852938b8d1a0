"""PostgreSQL's catalogue of relations, columns, schemas, types and views, as Redshift has it and clients ask for it.

Ids are stable: a relation's is its catalogue id, others come from ids.py. `oid` is a plain column here. System tables
are in pg_class and pg_attribute too, with ids of their own. Clients written for newer servers ask columns that Redshift
lacks (relpersistence, attidentity ...): they are here, with what PostgreSQL has for a plain table.
Constraints, comments and what depends on what are in pg_constraints.py, users in pg_users.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from ...storage.access.privileges import schema_object
from ...storage.schema import Table, View
from ...storage.types import BOOLEAN, INTEGER, char
from ..context import Context
from . import ids
from .base import DATABASE, NAME, VirtualTable
from .columns import table
from .constraints import constraints_of
from .definitions import relation_acl, schema_acl, view_definition
from .relations import PG_TYPES, columns_of, dist_style_code, namespace_id, shown_encoding, type_modifier, view_columns

PG = "pg_catalog"
Rows = Iterator[tuple[Any, ...]]
_FIRST_VIRTUAL = 10_000
# pg_attribute.attencodingtype
ENCODING_CODES = {
    "none": 0, "bytedict": 1, "delta": 2, "lzo": 6, "delta32k": 8, "mostly8": 9, "mostly16": 10, "mostly32": 11,
    "text255": 12, "text32k": 13, "runlength": 14, "zstd": 16, "az64": 17,
}  # fmt: skip


@lru_cache(maxsize=1)
def virtual_ids() -> dict[str, int]:
    """Ids of the system tables: PostgreSQL's own for the few that others refer to."""
    from . import VIRTUAL_TABLES

    known = {f"{PG}.{name}": id for name, id in ids.CATALOGUES.items()}
    rest = (name for name in sorted(VIRTUAL_TABLES) if name not in known)
    return known | {name: _FIRST_VIRTUAL + i for i, name in enumerate(rest)}


def owner_id(context: Context, name: str) -> int:
    return context.view.facts.directory.user_id(name)


# -- relations -------------------------------------------------------------------------------------


def _pg_class(context: Context) -> Rows:
    directory = context.view.facts.directory
    for r in context.view.relations():
        rows = float(context.view.data(r).statistics.rows) if isinstance(r, Table) else 0.0
        kinds = [c.kind for c in constraints_of(r)]
        keys = "primary key" in kinds
        yield _class_row(
            r.id, r.name, r.schema, owner_id(context, r.owner), rows, "r" if isinstance(r, Table) else "v",
            len(r.columns), dist_style_code(r), kinds.count("unique"), kinds.count("foreign key"), keys,
            relation_acl(directory, r), keys or "unique" in kinds, isinstance(r, View),
            "t" if isinstance(r, Table) and r.temporary else "p",
        )  # fmt: skip
        for c in constraints_of(r):
            if c.references is None:
                yield _class_row(ids.index_id(r.id, c.number), c.name, r.schema, owner_id(context, r.owner), rows, "i",
                                 len(c.columns), 0, 0, 0, False, None)  # fmt: skip
    from . import VIRTUAL_TABLES

    for name, id in virtual_ids().items():
        found = VIRTUAL_TABLES.get(name)
        if found is not None:
            yield _class_row(id, found.name, found.schema, 1, 0.0, "r" if found.schema == PG else "v",
                             len(found.columns), 0, 0, 0, False, None)  # fmt: skip


def _class_row(
    id: int, name: str, schema: str, owner: int, rows: float, kind: str, columns: int, style: int, unique: int,
    foreign: int, primary: bool, acl: str | None, index: bool = False, rules: bool = False, persistence: str = "p",
) -> tuple[Any, ...]:  # fmt: skip
    return (
        id, name, namespace_id(schema), 0, owner, 403 if kind == "i" else 0, id, 0, 0, rows, 0, 0, index, False, kind,
        columns, 0, style, 0, unique, foreign, 0, False, primary, rules, False, acl,
        False, 0, persistence, False, False, "d", False, None,
    )  # fmt: skip


_CLASS = (
    "oid:o relname:n relnamespace:o reltype:o relowner:o relam:o relfilenode:o reltablespace:o relpages:i reltuples:r "
    "reltoastrelid:o reltoastidxid:o relhasindex:b relisshared:b relkind:c relnatts:s relexternid:o reldiststyle:s "
    "relchecks:s relukeys:s relfkeys:s relrefs:s relhasoids:b relhaspkey:b relhasrules:b relhassubclass:b relacl:a "
    "relhastriggers:b reloftype:o relpersistence:c relrowsecurity:b relforcerowsecurity:b relreplident:c "
    "relispartition:b reloptions:a"
)


def _pg_attribute(context: Context) -> Rows:
    directory = context.view.facts.directory
    for r in context.view.relations():
        for c in columns_of(r, context):
            oid, _, length = PG_TYPES[c.type.kind]
            acl = relation_acl(directory, r, c.number)
            yield _attribute_row(
                r.id, c.name, oid, length, c.number, type_modifier(c.type), not c.nullable, c.default is not None,
                ENCODING_CODES.get(c.encoding, 0), c.is_dist_key, c.sort_position, c.encoding, acl,
            )  # fmt: skip
    from . import VIRTUAL_TABLES

    for name, id in virtual_ids().items():
        found = VIRTUAL_TABLES.get(name)
        for number, (column, type) in enumerate(() if found is None else found.columns, start=1):
            oid, _, length = PG_TYPES[type.kind]
            modifier = type_modifier(type)
            yield _attribute_row(id, column, oid, length, number, modifier, False, False, 0, False, 0, "none", None)


def _attribute_row(
    relation: int, name: str, type: int, length: int, number: int, modifier: int, not_null: bool, default: bool,
    code: int, dist: bool, sort: int, encoding: str, acl: str | None,
) -> tuple[Any, ...]:  # fmt: skip
    return (
        relation, name, type, -1, length, number, 0, -1, modifier, length > 0, "p" if length > 0 else "x", "i",
        not_null, default, False, True, 0, code, dist, sort, 0, "", "", acl, encoding,
    )  # fmt: skip


_ATTRIBUTE = (
    "attrelid:o attname:n atttypid:o attstattarget:i attlen:s attnum:s attndims:i attcacheoff:i atttypmod:i "
    "attbyval:b attstorage:c attalign:c attnotnull:b atthasdef:b attisdropped:b attislocal:b attinhcount:i "
    "attencodingtype:s attisdistkey:b attsortkeyord:i attcollation:o attidentity:c attgenerated:c attacl:a "
    "attencoding:n"
)


def _pg_attrdef(context: Context) -> Rows:
    for relation in context.view.relations():
        for c in columns_of(relation, context):
            if c.default is not None:
                yield relation.id * 2000 % 2_000_000_000 + c.number, relation.id, c.number, c.default, c.default


def _pg_namespace(context: Context) -> Rows:
    directory = context.view.facts.directory
    for schema in context.view.schemas():
        name = schema_owner(context, schema)
        object = schema_object(schema)
        hidden = schema in ("pg_catalog", "information_schema")
        yield (
            namespace_id(schema), schema, directory.user_id(name),
            None if hidden else schema_acl(directory, schema, object, name),
        )


def schema_owner(context: Context, schema: str) -> str:
    """The owner's name: written down, or the database's first user; the system's schemas are rdsdb's."""
    if schema in ("pg_catalog", "information_schema"):
        return "rdsdb"
    directory = context.view.facts.directory
    if schema.startswith("pg_temp"):
        return context.user
    known = directory.owner_of_schema(schema)
    if known is not None:
        return known
    first = min(directory.users.values(), key=lambda u: u.id, default=None)
    return context.user if first is None else first.name


def _pg_type(context: Context) -> Rows:
    arrays = {element: oid for oid, name, _, element in ids.EXTRA_TYPES if name.startswith("_")}
    for kind, (oid, name, length) in PG_TYPES.items():
        yield _type_row(oid, name, length, 0, arrays.get(oid, 0), kind.value)
    for oid, name, length, element in ids.EXTRA_TYPES:
        yield _type_row(oid, name, length, element, arrays.get(oid, 0), name)


def _type_row(oid: int, name: str, length: int, element: int, array: int, shown: str) -> tuple[Any, ...]:
    return (
        oid, name, namespace_id(PG), 1, length, length > 0, "b", True, ",", 0, element, array, f"{name}in",
        f"{name}out", "i", "p" if length > 0 else "x", False, 0, -1, 0, None, 0, shown, "A" if element else "U",
    )  # fmt: skip


_TYPE = (
    "oid:o typname:n typnamespace:o typowner:o typlen:s typbyval:b typtype:c typisdefined:b typdelim:c typrelid:o "
    "typelem:o typarray:o typinput:n typoutput:n typalign:c typstorage:c typnotnull:b typbasetype:o typtypmod:i "
    "typndims:i typdefault:t typcollation:o typformat:n typcategory:c"
)


# -- Redshift's and PostgreSQL's views ---------------------------------------------------------------


def _pg_table_def(context: Context) -> Rows:
    for relation in context.view.relations():
        if not isinstance(relation, Table) or not (relation.temporary or relation.schema in context.search_path):
            continue
        for i, c in enumerate(relation.columns):
            sort = relation.sort_key.index(i) + 1 if i in relation.sort_key else 0
            if relation.interleaved and sort % 2 == 0:
                sort = -sort  # of an interleaved key the signs alternate
            yield (
                relation.schema, relation.name, c.name, str(c.type), shown_encoding(relation, i),
                relation.dist_key == i, sort, not c.nullable,
            )  # fmt: skip


def _pg_views(context: Context) -> Rows:
    for r in context.view.relations():
        if isinstance(r, View):
            yield r.schema, r.name, r.owner, view_definition(r)


def _pg_tables(context: Context) -> Rows:
    for r in context.view.relations():
        if isinstance(r, Table):
            yield r.schema, r.name, r.owner, None, bool(constraints_of(r)), False, False


def _pg_database(context: Context) -> Rows:
    directory = context.view.facts.directory
    from ...storage.access.privileges import DATABASE_OBJECT

    first = min(directory.users.values(), key=lambda u: u.id, default=None)
    owner = context.user if first is None else first.name
    acl = schema_acl(directory, DATABASE, DATABASE_OBJECT, owner)
    yield 100, DATABASE, directory.user_id(owner), 6, False, True, -1, 0, 0, 0, None, acl, "C", "C", "c", None


def _pg_settings(context: Context) -> Rows:
    from ..settings import SETTINGS

    for name, value in sorted(context.settings.items()):
        known = SETTINGS.get(name)
        yield (name, value, None, "Session", "" if known is None else known.effect, "user", "string", "session",
               None if known is None else known.default, None, None)  # fmt: skip


def _pg_language(context: Context) -> Rows:
    for oid, name in ((12, "internal"), (14, "sql"), (100, "plpgsql")):
        yield oid, name, 1, name == "plpgsql", name != "internal", None


def _pg_am(context: Context) -> Rows:
    yield 403, "btree", "i"


def _late_binding_columns(context: Context) -> Rows:
    """Columns of late-binding views that can be bound now."""
    for r in context.view.relations():
        if isinstance(r, View) and r.late_binding:
            for c in view_columns(r, context):
                yield r.schema, r.name, c.name, str(c.type), c.number


def _columns_of(context: Context) -> Rows:
    """The columns of every relation; the last one is the relation's id, by which pg_get_cols finds its own."""
    for r in context.view.relations():
        found = view_columns(r, context) if isinstance(r, View) else columns_of(r, context)
        for c in found:
            yield r.schema, r.name, c.name, str(c.type), c.number, r.id


def _pg_stat_activity(context: Context) -> Rows:
    session = context.session
    directory = context.view.facts.directory
    yield (100, DATABASE, session.id, directory.user_id(context.user), context.user, context.text, False, context.now,
           session.started.replace(tzinfo=None), None, None)  # fmt: skip


def _pg_external_schema(context: Context) -> Rows:
    from .external import pg_external_schema

    return pg_external_schema(context)


CLASS = table(PG, "pg_class", _CLASS, _pg_class)
DATABASES = table(
    PG, "pg_database",
    "oid:o datname:n datdba:o encoding:i datistemplate:b datallowconn:b datconnlimit:i datlastsysid:o "
    "datfrozenxid:i dattablespace:o datconfig:a datacl:a datcollate:n datctype:n datlocprovider:c daticulocale:t",
    _pg_database,
)
TABLES = (
    CLASS,
    table(PG, "pg_attribute", _ATTRIBUTE, _pg_attribute),
    table(PG, "pg_attrdef", "oid:o adrelid:o adnum:s adbin:t adsrc:t", _pg_attrdef),
    table(PG, "pg_namespace", "oid:o nspname:n nspowner:o nspacl:a", _pg_namespace),
    table(PG, "pg_type", _TYPE, _pg_type),
    VirtualTable(
        PG, "pg_table_def",
        (
            ("schemaname", NAME), ("tablename", NAME), ("column", NAME), ("type", char(128)),
            ("encoding", char(128)), ("distkey", BOOLEAN), ("sortkey", INTEGER), ("notnull", BOOLEAN),
        ),
        _pg_table_def,
    ),
    table(PG, "pg_views", "schemaname:n viewname:n viewowner:n definition:t", _pg_views),
    table(PG, "pg_tables", "schemaname:n tablename:n tableowner:n tablespace:n hasindexes:b hasrules:b hastriggers:b",
          _pg_tables),
    DATABASES,
    table(PG, "pg_settings",
          "name:t setting:t unit:t category:t short_desc:t context:t vartype:t source:t boot_val:t min_val:t max_val:t",
          _pg_settings),
    table(PG, "pg_language", "oid:o lanname:n lanowner:o lanispl:b lanpltrusted:b lanacl:a", _pg_language),
    table(PG, "pg_am", "oid:o amname:n amtype:c", _pg_am),
    table(PG, "pg_get_late_binding_view_cols", "view_schema:n view_name:n col_name:n col_type:t col_num:i",
          _late_binding_columns),
    table(PG, "pg_get_cols", "view_schema:n view_name:n col_name:n col_type:t col_num:i relation:o", _columns_of),
    table(PG, "pg_collation", "oid:o collname:n collnamespace:o collowner:o collprovider:c collisdeterministic:b "
          "collcollate:n collctype:n"),
    table(PG, "pg_operator", "oid:o oprname:n oprnamespace:o oprowner:o oprkind:c oprleft:o oprright:o oprresult:o"),
    table(PG, "pg_cast", "oid:o castsource:o casttarget:o castfunc:o castcontext:c"),
    table(PG, "pg_enum", "oid:o enumtypid:o enumsortorder:r enumlabel:n"),
    table(PG, "pg_extension", "oid:o extname:n extowner:o extnamespace:o extrelocatable:b extversion:t"),
    table(PG, "pg_tablespace", "oid:o spcname:n spcowner:o spclocation:t spcacl:a"),
    table(PG, "pg_external_schema", "esoid:o eskind:i esdbname:t esoptions:t", _pg_external_schema),
    table(PG, "pg_library", "name:n language_oid:o file_store_id:i owner:o"),
    table(PG, "pg_stat_activity",
          "datid:o datname:n procpid:i usesysid:o usename:n current_query:t waiting:b query_start:d backend_start:d "
          "client_addr:t client_port:i", _pg_stat_activity),
)  # fmt: skip
