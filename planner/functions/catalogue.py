"""The function catalogue as people read it: for \\df, for docs/functions.md, for the test of completeness.

One `Entry` per name: what it is of (family), whether it can be called, and how. Three kinds of names have no
Signature: forms with a syntax of their own (CASE, CAST ...: SYNTAX), aggregates, and what is refused (missing.py).
"""
from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ...records import dataclass
from ...storage.types import Kind, SqlType
from . import (
    aggregate,
    binary,
    conditional,
    conversion,
    datetime,
    hash,
    hyperloglog,
    json,
    leader,
    math,
    moments,
    ordered,
    regexp,
    semistructured,
    string,
    system,
    window,
)
from .missing import MISSING, refusal
from .signature import Rule, Signature

SUPPORTED, LEADER_ONLY, REFUSED = "supported", "leader-only", "refused"  # REFUSED is also a signature's key

FAMILIES = (
    ("String", (string, regexp)), ("Date and time", (datetime, moments)), ("Mathematical", (math,)),
    ("Formatting and conversion", (conversion,)), ("Conditional", (conditional,)), ("Hash", (hash,)), ("JSON", (json,)),
    ("SUPER", (semistructured,)), ("HyperLogLog", (hyperloglog,)), ("VARBYTE", (binary,)), ("System", (system, leader)),
)
# Functions that are written in a way of their own: name -> (family, how).
SYNTAX = {
    "case": ("Conditional", "CASE [value] WHEN ... THEN ... [ELSE ...] END"),
    "cast": ("Formatting and conversion", "CAST(value AS type), value::type, type 'text'"),
    "convert": ("Formatting and conversion", "CONVERT(type, value)"),
    "try_cast": ("Formatting and conversion", "TRY_CAST(value AS type)"),
    "at time zone": ("Date and time", "timestamp AT TIME ZONE zone"),
    "+": ("Date and time", "date + time"),
    "||": ("String", "text || text"),
    "pg_get_cols": ("System", "FROM pg_get_cols('relation') AS name(view_schema name, view_name name, col_name name, "
                              "col_type varchar, col_num int)"),
    "pg_get_late_binding_view_cols": ("System", "FROM pg_get_late_binding_view_cols() AS name(view_schema name, "
                                      "view_name name, col_name name, col_type varchar, col_num int)"),
}
_LABELS = {
    "oid": "id", "named": "name or id",
    "anything": "any", "number": "number", "exact": "exact number", "_dividend": "exact number", "decimals": "numeric",
    "integers": "integer", "counted": "integer", "whole": "integer", "_hexadecimal": "integer", "long": "bigint",
    "double": "double precision", "boolean": "boolean", "text": "text", "string": "text", "_hashed": "any",
    "_text_or_bytes": "text",
    "moment": "date or timestamp", "stamps": "timestamp", "timestamps": "timestamp", "zoned": "timestamptz",
    "semistructured": "super", "only_super": "super", "clock": "time or timetz", "dates": "date", "binary": "varbyte",
    "octets": "varbyte", "lapses": "interval", "sketch": "hllsketch",
}
_SHORT = {
    Kind.VARCHAR: "varchar", Kind.CHAR: "char", Kind.TIMESTAMP: "timestamp", Kind.TIMESTAMPTZ: "timestamptz",
    Kind.TIME: "time", Kind.TIMETZ: "timetz", Kind.VARBYTE: "varbyte", Kind.DECIMAL: "numeric",
}


@dataclass(frozen=True, slots=True)
class Entry:
    """A function by one name. `calls`: how it is called, with its result; `why`: the reason of a refusal."""

    name: str
    family: str
    status: str
    calls: tuple[str, ...] = ()
    why: str = ""


def entries() -> dict[str, Entry]:
    """All names that the engine knows or refuses."""
    found: dict[str, Entry] = {}
    for name in sorted(MISSING):
        why = str(refusal(name)).removeprefix(f"function {name} is not supported").removeprefix(": ").strip()
        found[name] = Entry(name, "", REFUSED, (), f"not {why}" if why == "yet" else why)
    for entry in (*_scalars(), *_aggregates(), *_windows()):
        found[entry.name] = entry
    for name, (family, how) in SYNTAX.items():
        found[name] = Entry(name, family, SUPPORTED, (how,))
    return found


def _scalars() -> Iterator[Entry]:
    """A name of several families (LEN of text, of VARBYTE) is of the first."""
    signatures: dict[str, tuple[str, list[Signature]]] = {}
    for family, modules in FAMILIES:
        for signature in (s for module in modules for s in module.FUNCTIONS if s.key != REFUSED):
            for name in signature.names:
                signatures.setdefault(name, (family, []))[1].append(signature)
    for name, (family, mine) in signatures.items():
        status = LEADER_ONLY if mine[0].leader_only else SUPPORTED
        yield Entry(name, family, status, tuple(dict.fromkeys(call_text(name, s) for s in mine)))


def _aggregates() -> Iterator[Entry]:
    for each in aggregate.AGGREGATES:
        for name in each.names:
            yield Entry(name, "Aggregate", SUPPORTED, (f"{name}([DISTINCT] value)",))
    for function in ordered.ORDERED:
        if function.alone:
            how = "" if function.within == "refused" else " WITHIN GROUP (ORDER BY ...)"
            yield Entry(function.name, "Aggregate", SUPPORTED, (f"{function.name}(...){how}",))
    for name in hyperloglog.AGGREGATES:
        yield Entry(name, "HyperLogLog", SUPPORTED, (f"{name}(value) -> hllsketch",))
    yield Entry("hll", "HyperLogLog", SUPPORTED, ("hll(value) -> bigint, the exact count",))
    for name in ("grouping", "grouping_id"):
        yield Entry(name, "Aggregate", SUPPORTED, (f"{name}(column [, column ...])",))
    for name in ("pg_timezone_abbrevs", "pg_timezone_names"):
        yield Entry(name, "System", LEADER_ONLY, (f"{name}()",))
    yield Entry("generate_series", "System", LEADER_ONLY, ("generate_series(start, stop [, step])",))


def _windows() -> Iterator[Entry]:
    for function in window.WINDOWS:
        if window.is_only_window(function.name):
            least, most = function.arguments
            words = ", ".join(["value", "number"][:least]) + ("" if most == least else " [, number]")
            yield Entry(function.name, "Window", SUPPORTED, (f"{function.name}({words}) OVER (...)",))
    yield Entry("percentile_disc", "Window", SUPPORTED, ("percentile_disc(p) WITHIN GROUP (ORDER BY ...) OVER (...)",))


def call_text(name: str, signature: Signature) -> str:
    """`lpad(text, integer [, text]) -> varchar`"""
    words = (["part"] if signature.takes_part else []) + [label(rule) for rule in signature.takes]
    least = len(words) - signature.optional
    text = ", ".join(words[:least])
    for word in words[least:]:
        text += f" [, {word}" if text else f"[{word}"
    text += "]" * signature.optional
    if signature.rest is not None:
        text += f" [, {label(signature.rest)} ...]"
    return f"{name}({text}) -> {result_text(signature.gives)}"


def label(rule: Rule) -> str:
    """What an argument is called."""
    return _LABELS[rule.__name__]


def result_text(gives: Any) -> str:
    if isinstance(gives, SqlType):
        return _SHORT.get(gives.kind, gives.kind.value)
    return "as the first argument" if gives.__name__ == "first" else "by its arguments"
