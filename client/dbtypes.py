"""PEP 249's type objects and constructors, and the type codes that `description` shows.

A type code is the type's OID, as redshift_connector gives it; a type object equals every code of its
family, so both of these work:

    cursor.description[0][1] == 23                  # INTEGER
    cursor.description[0][1] == warehouse.NUMBER
"""

from __future__ import annotations

import datetime

from ..storage.types import Kind, SqlType

OID = {
    Kind.BOOLEAN: 16, Kind.BIGINT: 20, Kind.SMALLINT: 21, Kind.INTEGER: 23, Kind.REAL: 700,
    Kind.DOUBLE: 701, Kind.UNKNOWN: 705, Kind.CHAR: 1042, Kind.VARCHAR: 1043, Kind.DATE: 1082,
    Kind.TIME: 1083, Kind.TIMETZ: 1266, Kind.TIMESTAMP: 1114, Kind.TIMESTAMPTZ: 1184, Kind.INTERVAL: 1186,
    Kind.INTERVAL_YM: 1188, Kind.INTERVAL_DS: 1190,
    Kind.DECIMAL: 1700, Kind.SUPER: 4000, Kind.HLLSKETCH: 3999, Kind.VARBYTE: 6551,
}  # fmt: skip


class TypeObject:
    """Equals each of its type codes (PEP 249: type objects compare equal to `type_code`)."""

    __slots__ = ("codes", "name")

    def __init__(self, name: str, *codes: int) -> None:
        self.name = name
        self.codes = frozenset(codes)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, TypeObject):
            return self.codes == other.codes
        return other in self.codes

    def __hash__(self) -> int:
        return hash(self.codes)

    def __repr__(self) -> str:
        return self.name


STRING = TypeObject("STRING", OID[Kind.CHAR], OID[Kind.VARCHAR], OID[Kind.UNKNOWN], OID[Kind.SUPER],
                    OID[Kind.HLLSKETCH], 25)
BINARY = TypeObject("BINARY", 17, 6551)
NUMBER = TypeObject(
    "NUMBER",
    *(OID[k] for k in (Kind.SMALLINT, Kind.INTEGER, Kind.BIGINT, Kind.REAL, Kind.DOUBLE, Kind.DECIMAL)),
)
DATETIME = TypeObject(
    "DATETIME",
    *(OID[k] for k in (Kind.DATE, Kind.TIME, Kind.TIMETZ, Kind.TIMESTAMP, Kind.TIMESTAMPTZ, Kind.INTERVAL,
                        Kind.INTERVAL_YM, Kind.INTERVAL_DS)),
)
ROWID = TypeObject("ROWID", 26)

Date = datetime.date
Time = datetime.time
Timestamp = datetime.datetime
Binary = bytes


def DateFromTicks(ticks: float) -> datetime.date:
    """The local date of seconds since the epoch."""
    return datetime.date.fromtimestamp(ticks)


def TimeFromTicks(ticks: float) -> datetime.time:
    """The local time of day of seconds since the epoch."""
    return datetime.datetime.fromtimestamp(ticks).time()


def TimestampFromTicks(ticks: float) -> datetime.datetime:
    """The local timestamp of seconds since the epoch."""
    return datetime.datetime.fromtimestamp(ticks)


Description = tuple[str, int, int | None, int | None, int | None, int | None, bool | None]


def describe(name: str, type: SqlType, nullable: bool | None = None) -> Description:
    """PEP 249's seven items for one result column."""
    precision: int | None = None
    scale: int | None = None
    display: int | None = None
    internal: int | None = type.storage_bytes or None
    if type.kind is Kind.DECIMAL:
        precision, scale = type.precision, type.scale
    elif type.is_string or type.kind is Kind.VARBYTE:
        display = internal = type.length or None
    return (name, OID[type.kind], display, internal, precision, scale, nullable)
