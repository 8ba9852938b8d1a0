"""Expressions and logical plans as text: for EXPLAIN, golden files and error messages.

Expressions look as Redshift's EXPLAIN prints them: `(l_shipdate <= '1998-09-02'::date)`. `name` says how
a column is written; in a join's condition that is `"outer".l_orderkey`.
"""
from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Context, Decimal
from typing import Any, assert_never

from ..storage.intervals import micros_text, months_text
from ..storage.types import Kind, SqlType
from .expressions import (
    AggregateCall,
    And,
    Call,
    Case,
    Cast,
    ColumnRef,
    Compare,
    Exists,
    Expr,
    Frame,
    InList,
    IsNull,
    Like,
    Literal,
    Not,
    Or,
    Quantified,
    ScalarSubquery,
    WindowCall,
)
from .logical import (
    Aggregate,
    CteRef,
    DependentJoin,
    Filter,
    GroupingSets,
    Join,
    Limit,
    Logical,
    Project,
    Recursion,
    Scan,
    SetOperation,
    Sort,
    SortKey,
    Unnest,
    Values,
    VirtualScan,
    Window,
    WorkingRows,
)
from .traverse import inputs

Name = Callable[[ColumnRef], str]
_OPERATORS = {"add": "+", "subtract": "-", "multiply": "*", "divide": "/", "modulo": "%", "concat": "||"}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EXACT = Context(prec=76)  # the host program's may round


def plain_name(ref: ColumnRef) -> str:
    return ref.name


def show(expr: Expr, name: Name = plain_name) -> str:
    return _SHOWN[expr.__class__](expr, name)


def _all(args: Sequence[Expr], name: Name, between: str) -> str:
    return between.join([_SHOWN[arg.__class__](arg, name) for arg in args])


def _show_like(expr: Like, name: Name) -> str:
    operator = ("!~~" if expr.negated else "~~") + ("*" if expr.case_insensitive else "")
    return f"({show(expr.arg, name)} {operator} {_quoted(expr.pattern)}::text)"


def _show_case(expr: Case, name: Name) -> str:
    whens = " ".join([f"WHEN {show(c, name)} THEN {show(v, name)}" for c, v in expr.whens])
    return f"CASE {whens} ELSE {show(expr.default, name)} END"


def _show_aggregate(expr: AggregateCall, name: Name) -> str:
    return f"{expr.function}({'DISTINCT ' if expr.distinct else ''}{_all(expr.args, name, ', ') or '*'})"


def _show_quantified(expr: Quantified, name: Name) -> str:
    return f"({show(expr.arg, name)} {expr.op} {'ALL' if expr.all else 'ANY'} (subquery))"


def _show_window(expr: WindowCall, name: Name) -> str:
    args = _all(expr.args, name, ", ") or ("*" if expr.function == "count" else "")
    nulls = " IGNORE NULLS" if expr.ignore_nulls else ""
    return f"{expr.function}({'DISTINCT ' if expr.distinct else ''}{args}){nulls} over"


def show_frame(frame: Frame) -> str:
    """A frame as SQL; nothing for the whole partition."""
    if frame.start is None and frame.end is None:
        return ""
    return f"{frame.mode.upper()} BETWEEN {_bound(frame.start, 'PRECEDING')} AND {_bound(frame.end, 'FOLLOWING')}"


def _bound(offset: float | None, unbounded: str) -> str:
    if offset is None:
        return f"UNBOUNDED {unbounded}"
    if offset == 0:
        return "CURRENT ROW"
    return f"{-offset} PRECEDING" if offset < 0 else f"{offset} FOLLOWING"


def _show_in(expr: InList, name: Name) -> str:
    values = [show_value(v, expr.arg.type) for v in expr.values] + (["NULL"] if expr.has_null else [])
    operator = "NOT IN" if expr.negated else "IN"
    return f"({show(expr.arg, name)} {operator} ({', '.join(values)}))"


def _show_call(expr: Call, name: Name) -> str:
    args = [show(a, name) for a in expr.args]
    if expr.key in _OPERATORS and len(args) == 2:
        return f"({args[0]} {_OPERATORS[expr.key]} {args[1]})"
    if expr.key == "super_path" and isinstance(expr.args[1], Literal):
        steps = [f"[{s}]" if isinstance(s, int) else f".{s}" for s in json.loads(expr.args[1].value)]
        return args[0] + "".join(steps)
    if expr.key == "negate":
        return f"(- {args[0]})"
    return f"{expr.key}({', '.join(args)})"


# By class, in place of a `match`, as in traverse.py.
_SHOWN: dict[type, Callable[[Any, Name], str]] = {
    ColumnRef: lambda expr, name: name(expr),
    Literal: lambda expr, name: show_value(expr.value, expr.type),
    Compare: lambda expr, name: f"({show(expr.left, name)} {expr.op} {show(expr.right, name)})",
    And: lambda expr, name: f"({_all(expr.args, name, ' AND ')})",
    Or: lambda expr, name: f"({_all(expr.args, name, ' OR ')})",
    Not: lambda expr, name: f"(NOT {show(expr.arg, name)})",
    IsNull: lambda expr, name: f"({show(expr.arg, name)} IS {'NOT ' if expr.negated else ''}NULL)",
    InList: _show_in,
    Like: _show_like,
    Cast: lambda expr, name: f"{show(expr.operand, name)}::{_type_name(expr.type)}",
    Case: _show_case,
    Call: _show_call,
    AggregateCall: _show_aggregate,
    WindowCall: _show_window,
    ScalarSubquery: lambda expr, name: "(subquery)",
    Exists: lambda expr, name: f"{'NOT ' if expr.negated else ''}EXISTS (subquery)",
    Quantified: _show_quantified,
}


def _type_name(type: SqlType) -> str:
    if type.is_string:
        return "text" if type.kind is Kind.VARCHAR else "bpchar"
    return str(type)


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def show_value(value: Any, type: SqlType) -> str:
    """A value in physical form, written as SQL."""
    if value is None:
        return "NULL"
    written = _WRITTEN.get(type.kind)
    return str(value) if written is None else written(value, type)


def _date(value: Any, type: SqlType) -> str:
    day = _EPOCH + timedelta(days=value) if -719_000 < value < 2_900_000 else None
    return f"'{date.isoformat(day.date())}'::date" if day else f"{value}::date"


def _clock(value: Any, type: SqlType) -> str:
    return f"'{_EPOCH + timedelta(microseconds=value):%H:%M:%S}'::{type.kind.name.lower()}"


def _moment(micros: int) -> str:
    try:
        return f"{_EPOCH + timedelta(microseconds=micros):%Y-%m-%d %H:%M:%S}"
    except OverflowError:
        return str(micros)


_WRITTEN: dict[Kind, Callable[[Any, SqlType], str]] = {
    Kind.DATE: _date,
    **dict.fromkeys((Kind.TIMESTAMP, Kind.TIMESTAMPTZ), lambda value, type: f"'{_moment(value)}'::{type}"),
    **dict.fromkeys((Kind.TIME, Kind.TIMETZ), _clock),
    Kind.DECIMAL: lambda value, type: f"{Decimal(value).scaleb(-type.scale, _EXACT):f}",
    Kind.BOOLEAN: lambda value, type: "true" if value else "false",
    **dict.fromkeys(
        (Kind.CHAR, Kind.VARCHAR, Kind.SUPER), lambda value, type: f"{_quoted(str(value))}::{_type_name(type)}"
    ),
    Kind.INTERVAL_YM: lambda value, type: f"'{months_text(value)}'::interval",
    Kind.INTERVAL_DS: lambda value, type: f"'{micros_text(value)}'::interval",
    **dict.fromkeys((Kind.VARBYTE, Kind.HLLSKETCH), lambda value, type: f"'{value}'::{type.kind.name.lower()}"),
    Kind.UNKNOWN: lambda value, type: _quoted(str(value)),
}


def show_key(key: SortKey, name: Name = plain_name) -> str:
    return show(key.expr, name) + (" DESC" if key.descending else "")


# -- logical plans, for golden files of the rewrite rules ------------------------------------------


def show_plan(plan: Logical) -> list[str]:
    """One line a node, children indented. Columns carry their numbers, so that a rule that mixes up two
    columns of one name is seen."""
    lines: list[str] = []

    def visit(node: Logical, depth: int) -> None:
        lines.append("  " * depth + _headline(node))
        for child in inputs(node):
            visit(child, depth + 1)

    visit(plan, 0)
    return lines


def numbered(ref: ColumnRef) -> str:
    return f"{ref.name}#{ref.id}"


def _pairs(pairs: tuple[tuple[ColumnRef, Any], ...]) -> str:
    shown = [
        numbered(ref) if isinstance(e, ColumnRef) and e.id == ref.id else f"{numbered(ref)} := {show(e, numbered)}"
        for ref, e in pairs
    ]
    return ", ".join(shown)


def _headline(node: Logical) -> str:
    match node:
        case Scan():
            alias = "" if node.alias == node.table.name else f" {node.alias}"
            return f"Scan {node.table.name}{alias}: " + ", ".join(numbered(r) for r, _ in node.columns)
        case VirtualScan():
            return f"Virtual scan {node.name}: " + ", ".join(numbered(r) for r, _ in node.columns)
        case Values():
            return f"Values {len(node.rows)} rows: " + ", ".join(numbered(r) for r in node.columns)
        case Filter():
            return f"Filter {show(node.predicate, numbered)}"
        case Project():
            return f"Project {_pairs(node.columns)}"
        case Join() | DependentJoin():
            word = "Join" if isinstance(node, Join) else "Dependent join"
            on = "" if node.condition is None else f" ON {show(node.condition, numbered)}"
            return f"{word} {node.kind.value}{on}{' (null aware)' if node.null_aware else ''}"
        case Aggregate():
            by = f" BY {_pairs(node.groups)}" if node.groups else ""
            return f"Aggregate {_pairs(node.aggregates)}{by}"
        case GroupingSets():
            sets = ", ".join("(" + ", ".join(numbered(node.groups[i][0]) for i in s) + ")" for s in node.sets)
            return f"Grouping sets {sets}: {_pairs(node.aggregates)} BY {_pairs(node.groups)}"
        case Window():
            return _window_headline(node)
        case Unnest():
            word = "Unpivot" if node.of_object else "Unnest"
            names = " at ".join(numbered(ref) for ref in node.made)
            return f"{word}{' outer' if node.outer else ''} {show(node.value, numbered)} as {names}"
        case Sort():
            return "Sort " + ", ".join(show_key(k, numbered) for k in node.keys)
        case Limit():
            return f"Limit {node.count} offset {node.offset}"
        case SetOperation():
            feeds = _feeds(node.columns, node.left_columns, node.right_columns)
            return f"{node.kind.value}{' all' if node.all else ''} {feeds}"
        case Recursion():
            return f"Recursion {node.name} {_feeds(node.columns, node.seed_columns, node.step_columns)}"
        case WorkingRows():
            return f"Working rows of {node.name}: " + ", ".join(numbered(ref) for ref, _ in node.columns)
        case CteRef():
            return f"Shared {node.cte}: " + ", ".join(f"{numbered(a)} := {numbered(b)}" for a, b in node.columns)
        case _:
            assert_never(node)


def _feeds(columns: Sequence[ColumnRef], first: Sequence[ColumnRef], second: Sequence[ColumnRef]) -> str:
    """Which column of either input each column is made of."""
    return ", ".join(f"{numbered(c)} := {numbered(a)} | {numbered(b)}" for c, a, b in zip(columns, first, second))


def _window_headline(node: Window) -> str:
    by = ", ".join(show(e, numbered) for e in node.partition)
    order = ", ".join(show_key(k, numbered) for k in node.order)
    calls = ", ".join(
        f"{numbered(ref)} := {show(call, numbered)}" + (f" {f}" if (f := show_frame(call.frame)) else "")
        for ref, call in node.calls
    )
    return f"Window {calls}" + (f" BY {by}" if by else "") + (f" ORDER {order}" if order else "")
