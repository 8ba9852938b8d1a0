"""What else programs find in redshift_connector's module, for `import warehouse as redshift_connector`.

    PGVarchar, PGText          text
    PGEnum, PGJson, PGJsonb    text made of an enumeration's value, of a JSON document
    PGTsvector                 refused as a parameter: Redshift has no such type
    RedshiftOID                type codes as an enumeration; `redshift_oids` their names
    ClientProtocolVersion, DEFAULT_PROTOCOL_VERSION, DbApiParamstyle
                               enumerations that programs compare settings with

and its modules, as far as their names are here: `error`, `core`, `cursor`, `objects`, `pg_types`, `config`. What is
about signing in to AWS (IamHelper, plugin, RedshiftProperty...) is refused by name. `warehouse.__getattr__` asks here.
"""
from __future__ import annotations

import json
from enum import Enum, IntEnum
from importlib import import_module
from typing import Any

from ..errors import NotSupportedError
from .oids import OIDS

_MODULES = {
    "error": "errors", "core": "client.dbapi", "cursor": "client.cursor", "objects": "client.dbtypes",
    "pg_types": "client.connector_names", "config": "client.connector_names",
}
_REFUSED = frozenset(
    ("DriverInfo", "IDC_OR_NATIVE_IDP_PLUGINS_LIST", "IDC_PLUGINS_LIST", "IamHelper", "RedshiftProperty",
     "make_divider_block", "mask_secure_info_in_props", "plugin")
)


class PGType:
    """A parameter that says what type it is."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def item(self) -> Any:
        """The value that is bound, in plain Python (planner/constants.py)."""
        return str(self.value)

    def encode(self, encoding: str) -> bytes:
        """As redshift_connector sends it."""
        return str(self.item()).encode(encoding)


class PGEnum(PGType):
    """A member of an enumeration, or its value."""

    def __init__(self, value: Any) -> None:
        super().__init__(value.value if isinstance(value, Enum) else value)


class PGJson(PGType):
    """A document as JSON text; JSON_PARSE makes SUPER of it."""

    def item(self) -> str:
        return json.dumps(self.value)


class PGJsonb(PGJson):
    pass


class PGTsvector(PGType):
    def item(self) -> Any:
        raise NotSupportedError("Redshift has no type tsvector")


class PGVarchar(str):
    pass


class PGText(str):
    pass


class ClientProtocolVersion(IntEnum):
    """How results travel over the wire; nothing does here."""

    BASE_SERVER = 0
    EXTENDED_RESULT_METADATA = 1
    BINARY = 2

    @classmethod
    def list(cls) -> list[int]:
        return [member.value for member in cls]

    @classmethod
    def get_name(cls, i: int) -> str:
        return cls(i).name if i in cls.list() else str(i)


DEFAULT_PROTOCOL_VERSION = int(ClientProtocolVersion.BINARY)


class DbApiParamstyle(Enum):
    """PEP 249's styles of placeholders; their values are what `paramstyle` takes."""

    QMARK = "qmark"
    NUMERIC = "numeric"
    NAMED = "named"
    FORMAT = "format"
    PYFORMAT = "pyformat"

    @classmethod
    def list(cls) -> list[str]:
        return [member.value for member in cls]


RedshiftOID = IntEnum(  # type: ignore[misc]
    "RedshiftOID", {**OIDS, "DATETIME": 1114, "NUMBER": 1700, "ROWID": 26, "STRING": 1043}
)
redshift_oids = list(RedshiftOID.__members__)


def find(name: str) -> Any:
    """A name of redshift_connector's module; AttributeError says why where it is not here."""
    if name in _MODULES:
        return import_module(f"{__package__.rpartition('.')[0]}.{_MODULES[name]}")
    if name in _REFUSED:
        raise AttributeError(f"redshift_connector's {name} is about signing in to AWS and has no meaning here")
    return globals()[name]
