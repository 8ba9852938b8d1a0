"""warehouse: a Redshift that runs in your process. `import warehouse; warehouse.connect("dw")`.

The face of the package: `connect` and PEP 249's names. Everything heavy (numpy, pyarrow, sqlglot,
llvmlite, numba) is imported when first used, so that `import warehouse` costs milliseconds.
"""
from __future__ import annotations

import logging
import sys
from typing import TYPE_CHECKING, Any

from ._version import __version__
from .errors import (
    DatabaseError,
    DataError,
    Error,
    IntegrityError,
    InterfaceError,
    InternalError,
    NotSupportedError,
    OperationalError,
    ProgrammingError,
    Warning,
)

if TYPE_CHECKING:
    from .client.dbapi import Connection

if sys.platform == "win32":
    raise ImportError("warehouse-sql does not support Windows; use Linux, macOS or WSL")

logging.getLogger("warehouse").addHandler(logging.NullHandler())

apilevel = "2.0"
threadsafety = 1
paramstyle = "format"


def connect(database: str = ":memory:", **options: Any) -> Connection:
    """Open (or create) a database folder; see `warehouse.client.dbapi.connect` for the options."""
    from .startup import connector

    return connector()(database, **options)


def __getattr__(name: str) -> Any:
    """PEP 249's type objects and constructors, its two classes, redshift_connector's codes: imported when asked for."""
    if name in ("Connection", "Cursor"):
        from .client import dbapi

        return getattr(dbapi, name)
    if name in _LAZY:
        from .client import dbtypes

        return getattr(dbtypes, name)
    if name in _ARRAY_ERRORS:
        return _ARRAY_ERRORS[name]
    if name in _CONNECTOR:
        from .client import connector_names

        return connector_names.find(name)
    if name.isupper():
        from .client.oids import OIDS

        if name in OIDS:
            return OIDS[name]
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


_LAZY = frozenset(
    ("BINARY", "DATETIME", "NUMBER", "ROWID", "STRING", "Binary", "Date", "DateFromTicks", "Time",
     "TimeFromTicks", "Timestamp", "TimestampFromTicks")
)

# What else its module has: types of parameters, enumerations, its own modules' names (client/connector_names.py).
_CONNECTOR = frozenset(
    ("ClientProtocolVersion", "DEFAULT_PROTOCOL_VERSION", "DbApiParamstyle", "DriverInfo",
     "IDC_OR_NATIVE_IDP_PLUGINS_LIST", "IDC_PLUGINS_LIST", "IamHelper", "PGEnum", "PGJson", "PGJsonb", "PGText",
     "PGTsvector", "PGType", "PGVarchar", "RedshiftOID", "RedshiftProperty", "config", "core", "cursor", "error",
     "make_divider_block", "mask_secure_info_in_props", "objects", "pg_types", "plugin", "redshift_oids")
)

# redshift_connector's errors of array parameters. There are none here; an `except` may name them.
_ARRAY_ERRORS: dict[str, type[Error]] = {
    "ArrayContentNotSupportedError": type("ArrayContentNotSupportedError", (NotSupportedError,), {}),
    "ArrayContentNotHomogenousError": type("ArrayContentNotHomogenousError", (ProgrammingError,), {}),
    "ArrayDimensionsNotConsistentError": type("ArrayDimensionsNotConsistentError", (ProgrammingError,), {}),
}

__all__ = [
    "DataError", "DatabaseError", "Error", "IntegrityError", "InterfaceError", "InternalError",
    "NotSupportedError", "OperationalError", "ProgrammingError", "Warning", "__version__",
    "apilevel", "connect", "paramstyle", "threadsafety",
]
