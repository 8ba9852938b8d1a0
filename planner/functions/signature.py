"""What the catalogue says of a function: names, arguments, result, and how it behaves.

    Signature(("len", "length"), "length", (text,), INTEGER)
               names              key       takes    gives

A *rule* looks at an argument's type and gives the type the argument is cast to, or None where it does not
fit. `gives` is a type, or a function of the arguments' types after those casts. `key` is what the engine
implements; a signature with `build` makes its expression itself (COALESCE becomes a Case).

    strict        NULL when any argument is NULL, and never called with one
    volatility    immutable (may be folded), stable (one value a statement), volatile
    fallible      can raise for some argument: never moved before a filter
    leader_only   refused over user tables, as on Redshift
    takes_part    the first argument is a date part (a bare word or a string), given as `Site.part`
"""
from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from ...records import dataclass
from ...storage.types import (
    BIGINT,
    BOOLEAN,
    DATE,
    DOUBLE,
    INTEGER,
    MAX_VARCHAR,
    SUPER,
    TIMESTAMP,
    TIMESTAMPTZ,
    Kind,
    SqlType,
    varchar,
)
from ..build import PRINTED
from ..coercion import converts, goes_into_super
from ..expressions import Expr, Span

if TYPE_CHECKING:
    from ..binder.context import BindContext

Rule = Callable[[SqlType], "SqlType | None"]
Result = SqlType | Callable[[Sequence[SqlType]], SqlType]


@dataclass(frozen=True, slots=True)
class Site:
    """Where a function is called."""

    name: str
    span: Span | None
    context: BindContext
    part: str = ""  # the date part, when the signature takes one
    over_tables: bool = False  # the statement reads user tables

    @property
    def position(self) -> int | None:
        return None if self.span is None else self.span[0]


Build = Callable[[Site, tuple[Expr, ...]], Expr]


@dataclass(frozen=True, slots=True)
class Signature:
    """See the module's text. The last `optional` of `takes` may be left out; `rest` may repeat."""

    names: tuple[str, ...]
    key: str
    takes: tuple[Rule, ...] = ()
    gives: Result = INTEGER
    optional: int = 0
    rest: Rule | None = None
    strict: bool = True
    volatility: str = "immutable"
    fallible: bool = False
    leader_only: bool = False
    takes_part: bool = False
    build: Build | None = None

    def targets(self, types: Sequence[SqlType]) -> tuple[SqlType, ...] | None:
        """The types the arguments are cast to, or None when they do not fit."""
        least = len(self.takes) - self.optional
        if len(types) < least or (len(types) > len(self.takes) and self.rest is None):
            return None
        found: list[SqlType] = []
        for i, type in enumerate(types):
            rule = self.takes[i] if i < len(self.takes) else self.rest
            target = rule(type) if rule is not None else None
            if target is None:
                return None
            found.append(target)
        return tuple(found)

    def result(self, types: Sequence[SqlType]) -> SqlType:
        return self.gives if isinstance(self.gives, SqlType) else self.gives(types)


# -- rules -------------------------------------------------------------------------------------

# What becomes the type that is asked for: quoted text at once, SUPER when it has the fitting dynamic type.
_UNTYPED = (Kind.UNKNOWN, Kind.SUPER)


def anything(type: SqlType) -> SqlType | None:
    return type


def number(type: SqlType) -> SqlType | None:
    """Any number, as it is; a quoted literal is a double."""
    if type.kind is Kind.UNKNOWN:
        return DOUBLE
    return type if type.is_numeric else None


def exact(type: SqlType) -> SqlType | None:
    return type if type.is_exact else None


def decimals(type: SqlType) -> SqlType | None:
    return type if type.kind is Kind.DECIMAL else None


def integers(type: SqlType) -> SqlType | None:
    return type if type.is_integer else None


def double(type: SqlType) -> SqlType | None:
    return DOUBLE if type.is_numeric or type.kind in _UNTYPED else None


def whole(type: SqlType) -> SqlType | None:
    """A count or position: INTEGER; wider ones are cast and may overflow."""
    if type.is_integer:
        return INTEGER
    return INTEGER if type.kind in _UNTYPED else None


def long(type: SqlType) -> SqlType | None:
    return BIGINT if type.is_integer or type.kind in _UNTYPED else None


def counted(type: SqlType) -> SqlType | None:
    """An integer of any width, as it is."""
    return BIGINT if type.kind is Kind.UNKNOWN else integers(type)


def boolean(type: SqlType) -> SqlType | None:
    return BOOLEAN if type.kind is Kind.BOOLEAN or type.kind in _UNTYPED else None


def text(type: SqlType) -> SqlType | None:
    """Text; anything else that can be printed is printed."""
    if type.kind is Kind.VARCHAR:
        return type
    if type.kind is Kind.CHAR:
        return replace(varchar(type.length or MAX_VARCHAR), case_insensitive=type.case_insensitive)
    if type.kind in _UNTYPED:
        return varchar(MAX_VARCHAR)
    return varchar(PRINTED[type.kind]) if type.kind in PRINTED else None


def string(type: SqlType) -> SqlType | None:
    """Text only."""
    return text(type) if type.is_string or type.kind in _UNTYPED else None


def moment(type: SqlType) -> SqlType | None:
    """DATE, TIMESTAMP or TIMESTAMPTZ as it is; a quoted literal is a TIMESTAMP."""
    if type.kind in (Kind.DATE, Kind.TIMESTAMP, Kind.TIMESTAMPTZ):
        return type
    return TIMESTAMP if type.kind is Kind.UNKNOWN else None


def stamps(type: SqlType) -> SqlType | None:
    """TIMESTAMP or TIMESTAMPTZ; a DATE or quoted literal is a TIMESTAMP."""
    if type.kind in (Kind.TIMESTAMP, Kind.TIMESTAMPTZ):
        return type
    return TIMESTAMP if type.kind in (Kind.DATE, Kind.UNKNOWN) else None


def zoned(type: SqlType) -> SqlType | None:
    return TIMESTAMPTZ if converts(type, Kind.TIMESTAMPTZ) else None


def timestamps(type: SqlType) -> SqlType | None:
    return TIMESTAMP if converts(type, Kind.TIMESTAMP) else None


def clock(type: SqlType) -> SqlType | None:
    """TIME or TIMETZ."""
    return type if type.is_clock else None


def lapses(type: SqlType) -> SqlType | None:
    """A typed interval, or an interval literal."""
    return type if type.is_interval else None


def dates(type: SqlType) -> SqlType | None:
    return DATE if type.kind in (Kind.DATE, Kind.UNKNOWN) else None


def semistructured(type: SqlType) -> SqlType | None:
    """SUPER, and what can be cast to it."""
    return SUPER if goes_into_super(type) else None


def only_super(type: SqlType) -> SqlType | None:
    return type if type.is_super else None


# -- results -----------------------------------------------------------------------------------


def by_arguments(types: Sequence[SqlType]) -> SqlType:
    """Of signatures that build their expression: its type depends on the arguments."""
    return types[0]


def first(types: Sequence[SqlType]) -> SqlType:
    """The type of the first argument."""
    return types[0]
