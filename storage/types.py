"""SQL types and the physical class that carries each of them in memory.

A `SqlType` is what the user declared: kind, precision, scale, length. Its `Physical` class is how
values travel through programs (kernels/abi.py) and what width they have on disk:

    SQL type                                physical   unit
    SMALLINT INTEGER BIGINT                 I64        the number
    DECIMAL(p <= 19, s)                     I64        the number times 10**s (to +-(2**63 - 1))
    DECIMAL(p > 19, s)                      I128       the number times 10**s
    DATE                                    I64        days since 1970-01-01
    TIMESTAMP TIMESTAMPTZ                   I64        microseconds since 1970-01-01 (UTC)
    TIME TIMETZ                             I64        microseconds since midnight (UTC)
    INTERVAL YEAR TO MONTH                  I64        months
    INTERVAL DAY TO SECOND                  I64        microseconds
    REAL DOUBLE PRECISION                   F64
    BOOLEAN                                 BOOL
    CHAR(n) VARCHAR(n)                      STR        UTF-8 bytes; n counts bytes
    SUPER                                   STR        canonical JSON (semistructured/form.py); it is no character type
    HLLSKETCH                               STR        JSON or Base64 (sketches.py)
    VARBYTE(n)                              STR        two hexadecimal digits a byte, lower case (hexadecimal.py)

Literals in plans hold values in that physical form too: an int for a DATE, a scaled int for a
DECIMAL, bytes-free `str` for text. `UNKNOWN` is the type of a bare NULL or quoted literal until the
binder gives it one; `INTERVAL` is a literal without a qualifier: (months, microseconds). The two interval types keep
in `precision` how many fields before the finest one they end (0: MONTH or SECOND), in `scale` how many of a second's
six digits they drop (planner/intervals.py).

The declared type, its scale and its limits are always Redshift's; a physical class never shows.
"""
from __future__ import annotations

import enum
from functools import cache, lru_cache

from ..records import dataclass


class Kind(enum.Enum):
    SMALLINT = "smallint"
    INTEGER = "integer"
    BIGINT = "bigint"
    REAL = "real"
    DOUBLE = "double precision"
    DECIMAL = "numeric"
    BOOLEAN = "boolean"
    CHAR = "character"
    VARCHAR = "character varying"
    VARBYTE = "binary varying"
    DATE = "date"
    TIMESTAMP = "timestamp without time zone"
    TIMESTAMPTZ = "timestamp with time zone"
    TIME = "time without time zone"
    TIMETZ = "time with time zone"
    INTERVAL = "interval"
    INTERVAL_YM = "interval year to month"
    INTERVAL_DS = "interval day to second"
    SUPER = "super"
    HLLSKETCH = "hllsketch"
    UNKNOWN = "unknown"

    # What is asked for very often. A member by its name costs four times as much as an attribute of one.
    physical: Physical  # of DECIMAL: up to 19 digits
    storage_bytes: int  # of DECIMAL: up to 19 digits
    is_integer: bool
    is_numeric: bool
    is_exact: bool
    is_float: bool
    is_string: bool
    is_super: bool
    is_sketch: bool
    is_temporal: bool
    is_interval: bool
    is_clock: bool
    is_decimal: bool
    is_unknown: bool

    __hash__ = object.__hash__  # each member is one object; Enum's own hash is a Python function


class Physical(enum.Enum):
    """How values travel through programs."""

    I64 = "i64"
    F64 = "f64"
    BOOL = "bool"
    I128 = "i128"
    STR = "str"

    __hash__ = object.__hash__  # each member is one object; Enum's own hash is a Python function

    width: int  # in bytes


Physical.I64.width = Physical.F64.width = 8
Physical.BOOL.width = 1
Physical.I128.width = Physical.STR.width = 16

_INTEGER_BYTES = {Kind.SMALLINT: 2, Kind.INTEGER: 4, Kind.BIGINT: 8}
_STORAGE_BYTES = {
    Kind.BOOLEAN: 1, Kind.SMALLINT: 2,
    **dict.fromkeys((Kind.INTEGER, Kind.DATE, Kind.REAL, Kind.INTERVAL_YM), 4),
    **dict.fromkeys((Kind.CHAR, Kind.VARCHAR, Kind.VARBYTE, Kind.SUPER, Kind.HLLSKETCH, Kind.UNKNOWN), 0),
}
_PHYSICAL = {
    Kind.REAL: Physical.F64, Kind.DOUBLE: Physical.F64, Kind.BOOLEAN: Physical.BOOL,
    **{kind: Physical.STR for kind, size in _STORAGE_BYTES.items() if not size},
}
for _kind in Kind:
    _kind.physical = _PHYSICAL.get(_kind, Physical.I64)
    _kind.storage_bytes = _STORAGE_BYTES.get(_kind, 8)
    _kind.is_integer = _kind in _INTEGER_BYTES
    _kind.is_decimal = _kind is Kind.DECIMAL
    _kind.is_exact = _kind.is_integer or _kind.is_decimal
    _kind.is_float = _kind in (Kind.REAL, Kind.DOUBLE)
    _kind.is_numeric = _kind.is_exact or _kind.is_float
    _kind.is_string = _kind in (Kind.CHAR, Kind.VARCHAR)
    _kind.is_super = _kind is Kind.SUPER
    _kind.is_sketch = _kind is Kind.HLLSKETCH
    _kind.is_unknown = _kind is Kind.UNKNOWN
    _kind.is_clock = _kind in (Kind.TIME, Kind.TIMETZ)
    _kind.is_temporal = _kind.is_clock or _kind in (Kind.DATE, Kind.TIMESTAMP, Kind.TIMESTAMPTZ)
    _kind.is_interval = _kind in (Kind.INTERVAL, Kind.INTERVAL_YM, Kind.INTERVAL_DS)
MAX_PRECISION = 38
I64_PRECISION = 19
MAX_VARCHAR = 65535
MAX_CHAR = 4096
DEFAULT_VARCHAR = 256
MAX_VARBYTE = 1_024_000
MAX_SUPER = 16 << 20
SUPER_SUM_SCALE = 12  # digits behind the point of a part of a sum over SUPER (planner/binder/super_totals.py)
DEFAULT_VARBYTE = 64_000


@dataclass(frozen=True, slots=True)
class SqlType:
    """A SQL type with its modifiers; compare with `==`, print with `str`."""

    kind: Kind
    precision: int = 0  # DECIMAL, intervals
    scale: int = 0  # DECIMAL, intervals
    length: int = 0  # CHAR, VARCHAR, VARBYTE: bytes
    case_insensitive: bool = False

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        return isinstance(other, SqlType) and self.kind is other.kind and self.length == other.length and (
            (self.precision, self.scale, self.case_insensitive)
            == (other.precision, other.scale, other.case_insensitive)
        )

    def __hash__(self) -> int:
        return hash((self.kind, self.precision, self.length))

    @property
    def physical(self) -> Physical:
        kind = self.kind
        if self.precision > I64_PRECISION and kind.is_decimal:
            return Physical.I128
        return kind.physical

    @property
    def is_integer(self) -> bool:
        return self.kind.is_integer

    @property
    def is_numeric(self) -> bool:
        return self.kind.is_numeric

    @property
    def is_exact(self) -> bool:
        """Integers and DECIMAL."""
        return self.kind.is_exact

    @property
    def is_float(self) -> bool:
        return self.kind.is_float

    @property
    def is_string(self) -> bool:
        return self.kind.is_string

    @property
    def is_super(self) -> bool:
        return self.kind.is_super

    @property
    def is_sketch(self) -> bool:
        return self.kind.is_sketch

    @property
    def text_limit(self) -> int:
        """Bytes that a value of a STR type may take in memory."""
        if self.kind is Kind.VARBYTE:
            return 2 * (self.length or MAX_VARBYTE)
        return MAX_SUPER if self.is_super else self.length or MAX_VARCHAR

    @property
    def is_temporal(self) -> bool:
        return self.kind.is_temporal

    @property
    def is_interval(self) -> bool:
        """A typed interval, or a literal of both kinds."""
        return self.kind.is_interval

    @property
    def is_clock(self) -> bool:
        """A time of day."""
        return self.kind.is_clock

    @property
    def storage_bytes(self) -> int:
        """Bytes of one value on disk before encoding; strings: 0 (they vary)."""
        kind = self.kind
        return 16 if self.precision > I64_PRECISION and kind.is_decimal else kind.storage_bytes

    @property
    def integer_limits(self) -> tuple[int, int]:
        """Smallest and largest physical value of an I64 or I128 type (DECIMAL: by precision)."""
        return _limits(self.kind, self.precision)

    def __str__(self) -> str:
        match self.kind:
            case Kind.DECIMAL:
                return f"numeric({self.precision},{self.scale})"
            case Kind.CHAR | Kind.VARCHAR | Kind.VARBYTE if self.length:
                return f"{self.kind.value}({self.length})"
            case _:
                return self.kind.value


@cache
def _limits(kind: Kind, precision: int) -> tuple[int, int]:
    if kind.is_integer:
        bits = 8 * _INTEGER_BYTES[kind]
        return -(1 << (bits - 1)), (1 << (bits - 1)) - 1
    if kind is Kind.DECIMAL:
        top = 10**precision - 1
        if precision <= I64_PRECISION:
            top = min(top, (1 << 63) - 1)
        return -top, top
    if kind in (Kind.DATE, Kind.INTERVAL_YM):
        return -(1 << 31), (1 << 31) - 1
    return -(1 << 63), (1 << 63) - 1


def shared(
    kind: Kind, precision: int = 0, scale: int = 0, length: int = 0, case_insensitive: bool = False
) -> SqlType:
    """A type, mostly the same object each time. Types are compared more often than they are made, and an object with
    itself at once."""
    return _shared(kind, precision, scale, length, case_insensitive)


_shared = lru_cache(maxsize=4096)(SqlType)

SMALLINT = shared(Kind.SMALLINT)
INTEGER = shared(Kind.INTEGER)
BIGINT = shared(Kind.BIGINT)
REAL = shared(Kind.REAL)
DOUBLE = shared(Kind.DOUBLE)
BOOLEAN = shared(Kind.BOOLEAN)
DATE = shared(Kind.DATE)
TIMESTAMP = shared(Kind.TIMESTAMP)
TIMESTAMPTZ = shared(Kind.TIMESTAMPTZ)
TIME = shared(Kind.TIME)
TIMETZ = shared(Kind.TIMETZ)
INTERVAL = shared(Kind.INTERVAL)
UNKNOWN = shared(Kind.UNKNOWN)
SUPER = shared(Kind.SUPER)
HLLSKETCH = shared(Kind.HLLSKETCH)
# The type of NULL-free text whose length nobody declared (results of functions, quoted literals).
TEXT = shared(Kind.VARCHAR, length=MAX_VARCHAR)


@lru_cache(maxsize=1024)
def decimal(precision: int, scale: int) -> SqlType:
    return shared(Kind.DECIMAL, precision, scale)


@lru_cache(maxsize=1024)
def varchar(length: int = DEFAULT_VARCHAR) -> SqlType:
    return shared(Kind.VARCHAR, length=length)


@lru_cache(maxsize=1024)
def char(length: int = 1) -> SqlType:
    return shared(Kind.CHAR, length=length)


def varbyte(length: int = DEFAULT_VARBYTE) -> SqlType:
    return SqlType(Kind.VARBYTE, length=length)
