"""`arg [NOT] IN (items)` over bound expressions: one InList where all items are constants of a type that suits the
operand, comparisons joined by OR (AND) where they are not.

    p_size in (1, 2.5, null)     InList p_size::numeric (1, 2.5), with a NULL among them
    a in (b, 3)                  a = b or a = 3
"""
from __future__ import annotations

from typing import Any

from ..storage.types import Kind, SqlType
from . import collation
from .build import MOMENTS, comparable, compare, conjunction, disjunction
from .expressions import Expr, InList, Literal, Span


def in_list(arg: Expr, items: tuple[Expr, ...], negated: bool, span: Span | None = None) -> Expr:
    """arg [NOT] IN (items): an InList of constants, else comparisons."""
    if [e for e in (arg, *items) if e.type.case_insensitive] and all(map(collation.is_text, (arg, *items))):
        arg, *keys = [collation.key(e) for e in collation.matched((arg, *items))]
        return in_list(arg, tuple(keys), negated, span)
    literals = [item for item in items if isinstance(item, Literal)]
    if len(literals) == len(items) and not isinstance(arg, Literal):
        found = _constants(arg, literals, span)
        if found is not None:
            common, values, local = found
            has_null = len([item for item in literals if item.value is None]) > 0
            return InList(common, values, negated, has_null, span, local)
    if negated:
        return conjunction([compare("<>", arg, item, span) for item in items])
    return disjunction([compare("=", arg, item, span) for item in items])


def _constants(
    arg: Expr, items: list[Literal], span: Span | None
) -> tuple[Expr, tuple[Any, ...], bool] | None:
    """The operand in a type that suits all items, their values in it without NULL, and whether these are `local`."""
    seen: set[SqlType] = set()  # whose literals made nothing else of the operand as it is
    last: SqlType | None = None  # one of them: most lists have no other
    for item in items:
        if item.type is last:
            continue
        if item.type not in seen or item.type.kind in MOMENTS:
            before, (arg, _) = arg, comparable("=", arg, item, span)
            seen = {*seen, item.type} if arg is before else set()
        last = item.type if item.type in seen and item.type.kind not in MOMENTS else None
    is_text = arg.type.kind is Kind.VARCHAR
    if is_text and not [item for item in items if not item.type.kind.is_unknown]:  # quoted text alone, as it stands
        return arg, tuple(dict.fromkeys([item.value for item in items if item.value is not None])), False
    values: dict[Any, None] = {}
    local: set[bool] = set()
    left: Expr
    right: Expr
    for item in items:
        if is_text and item.type.kind.is_unknown:
            left, right = arg, item
        else:
            left, right = comparable("=", arg, item, span)
        if (left is not arg and left != arg) or not isinstance(right, Literal):
            return None
        if right.value is not None:
            values[right.value] = None
            local.add(right.local)
    return None if len(local) > 1 else (arg, tuple(values), local == {True})
