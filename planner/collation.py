"""Case-insensitive text: what COLLATE CASE_INSENSITIVE means (r_CREATE_DATABASE, "Database collation"; r_COLLATE).

A character type says its collation (SqlType.case_insensitive). Values keep their case; wherever they are compared,
their **key** is, which is ordinary text in lower case:

    c = 'John'                lower(c) = 'john'             binder (build.comparable)
    c LIKE 'Jo%'              lower(c) LIKE 'jo%'           binder (predicates.py)
    max(c)                    of lower(c), NUL, c           binder (aggregates.py, windows.py)
    GROUP BY c, ORDER BY c    by lower(c)                   a rewrite (normalise_super.py), as for SUPER

So nothing below the planner compares such text, and hashes, dictionaries, zone maps and sorts need not know of it. Rows
of a table with such a DISTKEY lie by their keys (storage/distribution.py), but a join moves them.

As on Redshift, text of both collations does not meet; constants take that of the other side.
"""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ..errors import NotSupportedError
from ..storage.types import TEXT, Kind, SqlType
from .expressions import Call, Case, Cast, ColumnRef, Expr, Literal, ScalarSubquery, Span
from .traverse import walk

if TYPE_CHECKING:
    from collections.abc import Callable

MIXED = "Query with different collations is not supported yet."
SEARCHES = ("strpos", "charindex", "position")
_PATTERNS = ("regexp_count", "regexp_instr", "regexp_replace", "regexp_substr")


def insensitive(expr: Expr) -> bool:
    return expr.type.case_insensitive


def is_text(expr: Expr) -> bool:
    """Text, or a quoted constant that can be."""
    return expr.type.is_string or expr.type.kind is Kind.UNKNOWN


def folded(text: str) -> str:
    """Lower case, as LOWER has it for columns."""
    if text.isascii():
        return text.lower()
    import pyarrow as pa
    import pyarrow.compute as pc

    return str(pc.utf8_lower(pa.scalar(text)).as_py())


def key(expr: Expr) -> Expr:
    """What the text is compared by."""
    if isinstance(expr, Literal):
        value = None if expr.value is None else folded(expr.value)
        length = max(len((value or "").encode()), 1)
        return Literal(value, SqlType(Kind.VARCHAR, length=length), -1, expr.span)
    plain = SqlType(Kind.VARCHAR, length=expr.type.length)
    arg = expr if expr.type.kind is Kind.VARCHAR else Cast(expr, plain, True, _span(expr))
    return Call("lower", (arg,), plain, _span(expr))


def _span(expr: Expr) -> Span | None:
    span: Span | None = getattr(expr, "span", None)
    return span


def matched(exprs: Sequence[Expr]) -> tuple[Expr, ...]:
    """The expressions, text that comes of no column in the collation of the others; both collations are an error."""
    if not [e for e in exprs if e.type.case_insensitive]:
        return tuple(exprs)
    texts = [e for e in exprs if e.type.is_string]
    if not any(map(insensitive, texts)):
        return tuple(exprs)
    for e in texts:
        if not insensitive(e) and not _is_neutral(e):
            raise mixed(e)
    return tuple([with_collation(e, True) if e.type.is_string else e for e in exprs])


def _is_neutral(expr: Expr) -> bool:
    """Constants, numbers as text: no text of a table or a subquery is in it."""
    return isinstance(expr, Literal) or not any(
        isinstance(e, (ColumnRef, ScalarSubquery)) and e.type.is_string for e in walk(expr)
    )


def mixed(expr: Expr | None = None) -> NotSupportedError:
    span = None if expr is None else _span(expr)
    return NotSupportedError(MIXED, position=None if span is None else span[0],
                             hint="COLLATE(text, 'case_sensitive' | 'case_insensitive') makes one of them the other.")


def keys(left: Expr, right: Expr) -> tuple[Expr, Expr] | None:
    """Both sides of a comparison as what they are compared by; None where one of them is no text."""
    if not (is_text(left) and is_text(right)):
        return None
    left, right = matched((left, right))
    return key(left), key(right)


def plain(expr: Expr) -> Expr:
    """Text that meets a number, a date: its collation does not matter."""
    if not insensitive(expr):
        return expr
    return with_collation(expr, False)


def with_collation(expr: Expr, case_insensitive: bool) -> Expr:
    """COLLATE(expr, ...)."""
    type = replace(expr.type, case_insensitive=case_insensitive)
    if type == expr.type:
        return expr
    if isinstance(expr, (Literal, Call, Case)):
        return replace(expr, type=type)
    return Cast(expr, type, True, _span(expr))


def called(name: str, args: tuple[Expr, ...], build: Callable[[tuple[Expr, ...]], Expr]) -> Expr:
    """A function's call over text: searches go without case, and text that comes out is of the same collation."""
    if name == "collate" or not any(map(insensitive, args)):
        return build(args)
    args = matched(args)
    if name in SEARCHES:
        return build(tuple([key(a) if a.type.is_string else a for a in args]))
    made = build(args)
    if name in _PATTERNS and isinstance(made, Call):
        made = replace(made, args=(*made.args[:-1], _without_case(made.args[-1])))
    return with_collation(made, True) if made.type.is_string else made


def _without_case(parameters: Expr) -> Expr:
    """The parameters of a regular expression, with i unless they say c."""
    if not isinstance(parameters, Literal) or parameters.value is None or "c" in parameters.value:
        return parameters
    value = parameters.value + "i"
    return Literal(value, SqlType(Kind.VARCHAR, length=len(value)), -1, parameters.span)


def ranked(expr: Expr) -> Expr:
    """Text that sorts by key and holds the value behind a NUL, for MIN and MAX."""
    nul: Any = Literal("\0", SqlType(Kind.VARCHAR, length=1))
    inner = Call("concat", (key(expr), nul), TEXT, _span(expr))
    value = with_collation(expr, False)
    if value.type.kind is not Kind.VARCHAR:
        value = Cast(value, SqlType(Kind.VARCHAR, length=value.type.length), True, _span(expr))
    return Call("concat", (inner, value), TEXT, _span(expr))


def of_ranked(expr: Expr, type: SqlType) -> Expr:
    return Call("super_of_ranked", (expr,), type, _span(expr))
