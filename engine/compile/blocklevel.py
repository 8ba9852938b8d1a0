"""Expressions that need a block op of their own: text predicates over scanned columns, functions that make
new strings, and functions that run in Arrow.

`block_level(compiler, expr)` answers a function that emits the instructions and returns the value in slots, or
None when `expr` is compiled in a vector section. A text predicate over a scanned column is decided once per
dictionary entry, or by searching the whole block's bytes (kernels/column_ops.py), before strings are fetched; over
a column that is carried as codes it is decided for the whole dictionary before the program runs.
"""
from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ...planner.expressions import Call, Cast, ColumnRef, Compare, Expr, InList, Like, Literal
from ...storage.types import BOOLEAN, Physical
from . import arrow_calls, casts, text
from .batch import Value
from .codes import known_texts

if TYPE_CHECKING:
    from .expressions import Compiler

Maker = Callable[[], Value]


def block_level(c: Compiler, expr: Expr) -> Maker | None:
    """How to compute `expr` into slots, if it is not for a vector section."""
    match expr:
        case Compare(left=ColumnRef() as column, right=Literal() as constant) if _text(column):
            if constant.value is not None and _by_entry(c, column):
                return lambda: _predicate(c, column, text.comparison(expr.op, constant.value))
        case InList(arg=ColumnRef() as column, has_null=False) if _text(column) and _by_entry(c, column):
            return lambda: _predicate(c, column, text.membership(expr.values), expr.negated)
        case Like(arg=ColumnRef() as column) if _by_entry(c, column):
            return lambda: _predicate(c, column, text.pattern(expr), expr.negated)
        case Call(key=key) if key in text.MAKERS:
            return lambda: text.make(c, expr)
        case Call(key="trim" | "ltrim" | "rtrim", args=(_, characters)) if not _plain(characters):
            return lambda: arrow_calls.trim(c, expr)
        case Call(key="slice_num"):
            return lambda: arrow_calls.slice_number(c, expr)
        case Call(key=key) if key in arrow_calls.FUNCTIONS:
            return lambda: arrow_calls.call(c, expr)
        case Cast() if casts.is_text_cast(expr) or casts.shortens_text(expr):
            return lambda: arrow_calls.cast(c, expr)
    return None


def _plain(characters: Expr) -> bool:
    """Characters to trim that the kernel knows: a constant of ASCII."""
    return isinstance(characters, Literal) and str(characters.value).isascii()


def _text(expr: Expr) -> bool:
    return expr.type.physical is Physical.STR


def _by_entry(c: Compiler, column: ColumnRef) -> bool:
    """Whether the column comes straight from blocks and has not been fetched yet, or is carried as codes."""
    known = c.batch.scan.get(column.id)
    return (known is not None and not known.stored) or known_texts(c.batch, column.id) is not None


def _predicate(c: Compiler, column: ColumnRef, test: text.Test, negated: bool = False) -> Value:
    """A text test over a scanned or coded column for the rows that are left."""
    out = c.builder.slot(Physical.BOOL)
    texts = known_texts(c.batch, column.id)
    if texts is not None:
        codes = c.batch.codes(column.id)
        answers = texts.matches(test.op, c.builder.parameters(test.block))
        c.builder.block("gather_bool", out, c.builder.constant(answers), codes.place)
        valid = codes.valid
    else:
        scan = c.batch.scan[column.id]
        text.emit_column_test(c, test, scan.index, out, c.batch.index_from(0))
        valid = c.batch.validity(column.id) if scan.nullable else None
    if not negated:
        return Value(BOOLEAN, Physical.BOOL, out, valid)
    flipped = c.builder.slot(Physical.BOOL)
    c.builder.vector("not_b", flipped, out)
    if valid is None:
        return Value(BOOLEAN, Physical.BOOL, flipped)
    masked = c.builder.slot(Physical.BOOL)
    c.builder.vector("and_b", masked, flipped, valid)
    return Value(BOOLEAN, Physical.BOOL, masked, valid)
