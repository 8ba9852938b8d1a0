"""Masks: which rows of a vector count, as registers of one byte a row, or one answer for all rows.

    and_(m, True) = m      and_(m, False) = False      not_(True) = False       no instruction for what is known

The truth and falsity of predicates are masks, and so are validity and the active rows (expressions.py).
"""
from __future__ import annotations

from ...storage.types import Physical
from .batch import Value
from .program import Place, ProgramBuilder

Mask = Place | bool  # a mask, or the same for all rows


class Masks:
    """Instructions over masks; the base of the expression compiler."""

    def __init__(self, builder: ProgramBuilder) -> None:
        self.builder = builder

    def mask_of(self, value: Value, wanted: bool) -> Mask:
        """Rows where a BOOLEAN value is `wanted` and not NULL."""
        if value.is_constant:
            return value.constant is not None and bool(value.constant) is wanted
        assert value.place is not None
        if wanted:
            return value.place
        negated = self.builder.register(Physical.BOOL)
        self.builder.vector("not_b", negated, value.place)
        return negated if value.valid is None else self.and_(negated, value.valid)

    def and_(self, a: Mask, b: Mask) -> Mask:
        if isinstance(a, bool):
            return b if a else False
        if isinstance(b, bool):
            return a if b else False
        return self._mask_op("and_b", a, b)

    def or_(self, a: Mask, b: Mask) -> Mask:
        if isinstance(a, bool):
            return True if a else b
        if isinstance(b, bool):
            return True if b else a
        return self._mask_op("or_b", a, b)

    def not_(self, a: Mask) -> Mask:
        if isinstance(a, bool):
            return not a
        out = self.builder.register(Physical.BOOL)
        self.builder.vector("not_b", out, a)
        return out

    def _mask_op(self, op: str, a: Place, b: Place) -> Place:
        if a == b:
            return a
        out = self.builder.register(Physical.BOOL)
        self.builder.vector(op, out, a, b)
        return out

    def place(self, mask: Mask) -> Place:
        if isinstance(mask, Place):
            return mask
        out = self.builder.register(Physical.BOOL)
        self.builder.vector("fill_b_k", out, k=int(mask))
        return out

    def zero_mask(self) -> Place:
        return self.place(False)

    def both_valid(self, a: Place | None, b: Place | None) -> Place | None:
        """Validity of a strict function of two arguments."""
        if a is None or b is None:
            return a if b is None else b
        return self._mask_op("and_b", a, b)

    def not_null(self, value: Value) -> Mask:
        if value.is_constant:
            return not value.is_null
        return True if value.valid is None else value.valid

    def is_null(self, value: Value) -> Mask:
        return self.not_(self.not_null(value))

    def active_where_valid(self, active: Place | None, valid: Place | None) -> Place | None:
        return self.both_valid(active, valid)
