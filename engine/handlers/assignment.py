"""A single value as a column keeps it: cast to its type, text within its declared bytes.

Which types may be stored without a cast is the binder's rule (check_assignable), which `Fitting` asks once for values
of one type that come after each other.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ...errors import NumericOutOfRange, StringTooLong
from ...planner.binder import check_assignable
from ...planner.binder.zones import assigned
from ...planner.constants import number
from ...planner.expressions import Literal
from ...storage.characters import fixed_text
from ...storage.schema import Column
from ...storage.types import INTEGER, UNKNOWN, Kind, SqlType
from ..evaluate import cast, evaluate


def assign(value: Any, source: SqlType, column: Column, zone: str) -> Any:
    """A physical value as the column keeps it; `zone` is the session's."""
    target = column.type
    if value is None:
        return None
    if source is not target and source != target:
        zoned = assigned(value, source, target, zone)
        value = _cast(value, source, target) if zoned is None else evaluate(zoned)
        if value is None:  # an object or array of a SUPER value is no text (lax)
            return None
    if target.is_string:
        return fit_text(value, target)
    if target.kind is Kind.VARBYTE and len(value) > target.text_limit:
        raise StringTooLong(f"value too long for type {target}", detail=f"The value has {len(value) // 2} bytes.")
    return value


def _cast(value: Any, source: SqlType, target: SqlType) -> Any:
    try:
        return cast(value, source, target)
    except NumericOutOfRange:
        if target.kind is not Kind.DECIMAL:
            raise
        whole, scale = target.precision - target.scale, target.scale
        raise NumericOutOfRange(
            "numeric field overflow",
            detail=f"The absolute value is greater than or equal to 10^{whole} for field with precision "
                   f"{target.precision}, scale {scale}.",
        ) from None


class Fitting:
    """The values of one column, one after the other; `zone` is the session's."""

    __slots__ = ("_as_it_is", "_checked", "_fitting", "_has_length", "_is_text", "_whole", "column", "zone")

    def __init__(self, column: Column, zone: str) -> None:
        self.column = column
        self.zone = zone
        self._checked: SqlType | None = None  # the type that was fine last
        self._as_it_is = False  # whether its values need no conversion
        self._is_text = False  # whether they are strings as written, for a column of text
        self._whole = column.type == INTEGER  # what plain numbers are
        # ASCII of so many characters is fine as it is; -1: none is.
        self._fitting = column.type.length if column.type.kind is Kind.VARCHAR else -1
        self._has_length = column.type.is_string or column.type.kind is Kind.VARBYTE

    def written(self, text: str) -> Any:
        """A plain literal (planner/text_shapes.py) as the column keeps it; errors as those of `value`."""
        if text[0] != "'":
            return int(text) if self._whole else self.value(number(text))
        value = text[1:-1].replace("''", "'") if "''" in text else text[1:-1]
        if len(value) <= self._fitting and value.isascii():
            return value
        return fit_text(value, self.column.type) if self.column.type.is_string else self.value(Literal(value, UNKNOWN))

    def reader(self, text: str) -> Callable[[str], Any]:
        """What does as `written`, for plain literals of the kind of this one."""
        return int if self._whole and text[0] != "'" else self.written

    def value(self, given: Literal, position: int | None = None) -> Any:
        """A constant as the column keeps it. DataError and the like, at `position`, where it does not fit."""
        if given.type is not self._checked:
            check_assignable(given.type, self.column, position)
            self._checked = given.type
            self._as_it_is = given.type == self.column.type and not self._has_length
            self._is_text = given.type.kind is Kind.UNKNOWN and self.column.type.is_string
        if self._as_it_is:
            return given.value
        if self._is_text and given.value is not None:
            return fit_text(given.value, self.column.type)
        return assign(given.value, given.type, self.column, self.zone)


def fit_text(value: str, type: SqlType) -> str:
    """Text within the declared bytes; blanks beyond them are cut, CHAR drops trailing blanks."""
    if type.kind is Kind.CHAR:
        value = fixed_text(value)
    if len(value) * 4 <= type.length:
        return value
    raw = value.encode()
    if len(raw) > type.length:
        if raw[type.length :].strip(b" "):
            raise StringTooLong(f"value too long for type {type}", detail=f"The value has {len(raw)} bytes.")
        return raw[: type.length].decode()
    return value
