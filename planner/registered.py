"""Types of the catalogue that only the leader knows: regclass, regproc and their like; oid, name, "char".

A `reg...` value is an id that reads and prints as a name:

    't'::regclass            100001       shown as t
    't'::regclass::oid       100001
    attrelid::regclass       the name of the relation with that id

They are INTEGERs (so that ids compare with ids) marked by `length`, which no integer has otherwise. The other types
are those of the catalogue's columns: oid is INTEGER, name VARCHAR(128), "char" CHAR(1), and an array is its text,
`{1,2}`.
"""
from __future__ import annotations

from ..storage.types import INTEGER, TEXT, Kind, SqlType, char, varchar

NAME = varchar(128)
REGCLASS = SqlType(Kind.INTEGER, length=1)
REGTYPE = SqlType(Kind.INTEGER, length=2)
REGPROC = SqlType(Kind.INTEGER, length=3)
REGNAMESPACE = SqlType(Kind.INTEGER, length=4)
REGPROCEDURE = SqlType(Kind.INTEGER, length=5)
REGISTERED = {
    "regclass": REGCLASS, "regtype": REGTYPE, "regproc": REGPROC, "regprocedure": REGPROCEDURE,
    "regnamespace": REGNAMESPACE,
}
_NAMES = {type: name for name, type in REGISTERED.items()}
LEADER_TYPES: dict[str, SqlType] = {
    **REGISTERED, "oid": INTEGER, "xid": INTEGER, "name": NAME, '"char"': char(1), "aclitem": TEXT,
    "int2vector": TEXT, "oidvector": TEXT, "anyarray": TEXT, "pg_node_tree": TEXT,
}


def is_registered(type: SqlType) -> bool:
    return type.kind is Kind.INTEGER and type.length > 0


def registered_name(type: SqlType) -> str:
    """`regclass` and its like."""
    return _NAMES[type]
