"""Ids of what has no id of its own in the catalogue: types, schemas, constraints, indexes.

    relation    its own id, 100000 and above       schema      built in, or from its name
    type        PostgreSQL's                       constraint  from its relation's id and its place, and so an index
"""

from __future__ import annotations

from ...storage.types import Kind, SqlType
from .relations import PG_TYPES

_FIRST_CONSTRAINT = 1_000_000_000
_PER_RELATION = 64
FIRST_RELATION = 100_000
# Ids of the catalogue's own tables, for pg_depend, pg_description and their like.
CATALOGUES = {"pg_class": 1259, "pg_constraint": 2606, "pg_database": 1262, "pg_namespace": 2615, "pg_rewrite": 2618,
              "pg_type": 1247, "pg_proc": 1255}  # fmt: skip
# PostgreSQL's types that columns of the catalogue have: (oid, name, bytes, kind, category element).
EXTRA_TYPES = (
    (17, "bytea", -1, 0), (18, "char", 1, 0), (19, "name", 128, 0), (22, "int2vector", -1, 21), (24, "regproc", 4, 0),
    (25, "text", -1, 0), (26, "oid", 4, 0), (28, "xid", 4, 0), (30, "oidvector", -1, 26), (705, "unknown", -1, 0),
    (1002, "_char", -1, 18), (1003, "_name", -1, 19), (1005, "_int2", -1, 21), (1007, "_int4", -1, 23),
    (1009, "_text", -1, 25), (1016, "_int8", -1, 20), (1028, "_oid", -1, 26), (1033, "aclitem", 12, 0),
    (1034, "_aclitem", -1, 1033), (2205, "regclass", 4, 0), (2206, "regtype", 4, 0), (1266, "timetz", 12, 0),
    (3000, "geometry", -1, 0),
    (1188, "intervaly2m", 4, 0), (1190, "intervald2s", 8, 0),
)  # fmt: skip
TYPE_NAMES: dict[int, str] = {oid: kind.value for kind, (oid, _, _) in PG_TYPES.items()} | {
    oid: {"char": '"char"'}.get(name, f"{name[1:]}[]" if name.startswith("_") else name)
    for oid, name, _, _ in EXTRA_TYPES
}
TYPE_NAMES |= {1002: '"char"[]', 1005: "smallint[]", 1007: "integer[]", 1016: "bigint[]",
               1266: "time with time zone"}  # fmt: skip


def constraint_id(relation: int, number: int) -> int:
    return _FIRST_CONSTRAINT + (relation - FIRST_RELATION) * _PER_RELATION + number * 2


def index_id(relation: int, number: int) -> int:
    """Of the index that a primary key or UNIQUE constraint would have."""
    return constraint_id(relation, number) + 1


def type_id(type: SqlType) -> int:
    return PG_TYPES[type.kind][0]


def format_type(oid: int, modifier: int | None) -> str:
    """PostgreSQL's format_type: the SQL name, with the modifier's length or precision."""
    name = TYPE_NAMES.get(oid)
    if oid == 0:
        return "-"
    if name is None:
        return "???"
    if modifier is None or modifier < 0:
        return name
    if oid in (PG_TYPES[Kind.CHAR][0], PG_TYPES[Kind.VARCHAR][0]):
        return f"{name}({modifier - 4})"
    if oid == PG_TYPES[Kind.DECIMAL][0]:
        return f"{name}({(modifier - 4) >> 16},{(modifier - 4) & 0xFFFF})"
    return name
