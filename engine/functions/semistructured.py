"""SUPER over single values: casts, JSON_PARSE, type information, arrays, objects, arithmetic and comparison.

A value is its canonical text (storage/semistructured/form.py); None is NULL, and JSON's null. In a program each of
these runs in Python once per distinct value of a batch (compile/arrow_calls.py), unless the batch is one of those that
columns/semistructured.py computes whole.

Lax rules (query-super): a function of a number, array or object is NULL for a value of another dynamic type.
"""
from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from decimal import ROUND_CEILING, ROUND_DOWN, ROUND_FLOOR, ROUND_HALF_UP, Context, Decimal
from typing import Any

from ...errors import DataError, InvalidText, NumericOutOfRange, StringTooLong
from ...planner.expressions import Literal
from ...storage.semistructured import form, keys
from ...storage.semistructured.form import Number, Reading
from ...storage.types import (
    BIGINT,
    BOOLEAN,
    DOUBLE,
    INTEGER,
    MAX_SUPER,
    MAX_VARBYTE,
    MAX_VARCHAR,
    REAL,
    SMALLINT,
    Kind,
    Physical,
    SqlType,
    decimal,
)
from . import binary
from .base import Function
from .text import print_text

_INTEGER_BITS = {"smallint": 16, "integer": 32, "bigint": 64}


# -- casts ---------------------------------------------------------------------------------------


def to_super(value: Any, source: SqlType) -> str:
    """A scalar as SUPER."""
    if source.kind is Kind.BOOLEAN:
        return "true" if value else "false"
    if source.is_float:
        return form.from_float(value, source == REAL)
    if source.physical is Physical.STR:
        return form.quoted(value)
    return print_text(value, source)


def from_super(text: str, to: SqlType, implicit: bool = True) -> Any:
    """A SUPER value as a value of `to`; DataError where its dynamic type does not fit."""
    from ..evaluate import cast

    found = form.kind(text)
    if found == "boolean" and to.kind is Kind.BOOLEAN:
        return text == "true"
    if found == "boolean" and (to.is_integer or to.is_string):
        return cast(text == "true", BOOLEAN, to, implicit)
    if found == "string":
        return cast(form.unquoted(text), _TEXT, to, implicit)
    if found == "number" and (to.is_numeric or to.is_string or to.kind is Kind.BOOLEAN):
        value, source = scalar(text)
        if to.kind is not Kind.BOOLEAN:
            return cast(value, source, to, implicit)
        if source.scale == 0 and not source.is_float:
            return value != 0
    raise InvalidText(f"cannot cast a SUPER value of type {found} to {to.kind.value}")


def lax(text: str, to: SqlType, implicit: bool = True) -> Any:
    """A Cast from SUPER: NULL where the value does not fit (query-super, "lax semantics")."""
    try:
        return from_super(text, to, implicit)
    except DataError:
        return None


_TEXT = SqlType(Kind.VARCHAR, length=MAX_VARCHAR)


def scalar(text: str) -> tuple[Any, SqlType]:
    """A number in physical form, with the SQL type it has by itself."""
    if "e" in text:
        return float(text), DOUBLE
    scale = form.scale(text)
    value = int(text.replace(".", ""))
    if scale == 0 and -(1 << 63) <= value < 1 << 63:
        return value, BIGINT
    return value, decimal(max(len(str(abs(value))), scale, 1), scale)


# -- JSON ----------------------------------------------------------------------------------------


def _parse(args: list[Any], types: Sequence[SqlType], to: SqlType) -> str | None:
    text, dedup, truncate, lax = args
    try:
        return form.parse(_characters(text, types[0]), Reading(dedup, truncate))
    except DataError:
        if lax:
            return None
        raise


def _characters(text: str, type: SqlType) -> str:
    """JSON as text; VARBYTE has it as bytes."""
    return binary.as_text(text) if type.kind is Kind.VARBYTE else text


def _can_parse(args: list[Any], types: Sequence[SqlType], to: SqlType) -> bool:
    text, dedup, truncate = args
    try:
        form.parse(_characters(text, types[0]), Reading(dedup, truncate))
    except DataError:
        return False
    return True


def _serialize(args: list[Any], types: Sequence[SqlType], to: SqlType) -> str:
    size = len(args[0].encode())
    if size > MAX_VARCHAR:
        raise StringTooLong(f"the JSON text has {size} bytes; a VARCHAR has at most {MAX_VARCHAR}")
    return str(args[0])


def _serialize_to_varbyte(args: list[Any], types: Sequence[SqlType], to: SqlType) -> str:
    data = args[0].encode()
    if len(data) > MAX_VARBYTE:
        raise StringTooLong(f"the JSON text has {len(data)} bytes; a VARBYTE has at most {MAX_VARBYTE}")
    return str(data.hex())


# -- type information ----------------------------------------------------------------------------


def _is(kind: str) -> Function:
    return lambda a, t, to: a[0] is not None and form.kind(a[0]) == kind


def _is_whole(bits: int) -> Function:
    def test(args: list[Any], types: Sequence[SqlType], to: SqlType) -> bool:
        text = args[0]
        if text is None or not text.lstrip("-").isdigit():
            return False
        return -(1 << (bits - 1)) <= int(text) < 1 << (bits - 1)

    return test


def _is_char(args: list[Any], types: Sequence[SqlType], to: SqlType) -> bool:
    text = args[0]
    return text is not None and text[0] == '"' and form.unquoted(text).isascii()


def _is_number(floating: bool) -> Function:
    return lambda a, t, to: a[0] is not None and form.kind(a[0]) == "number" and ("e" in a[0]) is floating


def _precision(args: list[Any], types: Sequence[SqlType], to: SqlType) -> int | None:
    if form.EXACT.fullmatch(args[0]) is None:
        return None
    return max(len(args[0].lstrip("-").replace(".", "").lstrip("0")), form.scale(args[0]), 1)


def _scale(args: list[Any], types: Sequence[SqlType], to: SqlType) -> int | None:
    return None if form.EXACT.fullmatch(args[0]) is None else form.scale(args[0])


def _size(args: list[Any], types: Sequence[SqlType], to: SqlType) -> int:
    return _bytes(None if args[0] is None else form.load(args[0]))


def _bytes(value: Any) -> int:
    """Bytes of a binary form such that r_SIZE's example comes out; Redshift's own is not documented."""
    if isinstance(value, list):
        return 7 + sum(map(_bytes, value))
    if isinstance(value, dict):
        return 8 + sum(6 + len(k.encode()) + _bytes(v) for k, v in value.items())
    if isinstance(value, Number):
        return 4 if _is_whole(16)([value], (), SMALLINT) else 8 if _is_whole(32)([value], (), SMALLINT) else 12
    return 4 + len(value.encode()) if isinstance(value, str) else 4


# -- navigation ----------------------------------------------------------------------------------


def _path(args: list[Any], types: Sequence[SqlType], to: SqlType) -> str | None:
    """Where a path of attributes and indexes leads; NULL where it leads nowhere."""
    value = form.load(args[0])
    for step in json.loads(args[1]):
        value = _stepped(value, step)
    return form.given(form.dump(value))


def _stepped(value: Any, step: str | int) -> Any:
    if isinstance(step, str):
        return value.get(step) if isinstance(value, dict) else None
    return value[step] if isinstance(value, list) and 0 <= step < len(value) else None


def _path_strict(args: list[Any], types: Sequence[SqlType], to: SqlType) -> str | None:
    """The same where navigate_super_null_on_error is off."""
    value = form.load(args[0])
    for step in json.loads(args[1]):
        value = _found(value, step)
    return form.given(form.dump(value))


def _found(value: Any, step: str | int) -> Any:
    if isinstance(step, str):
        if not isinstance(value, dict) or step not in value:
            raise DataError(f'the SUPER value has no attribute "{step}"', sqlstate="22023")
    elif not isinstance(value, list) or not 0 <= step < len(value):
        raise DataError(f"the SUPER value has no array element {step}", sqlstate="22023")
    return value[step]


def _element(args: list[Any], types: Sequence[SqlType], to: SqlType) -> str | None:
    text, index, strict = args
    step = _found if strict else _stepped
    return form.given(form.dump(step(form.load(text), index)))


# -- arrays and objects --------------------------------------------------------------------------


def sized(text: str) -> str:
    """What was put together, within the largest SUPER's bytes."""
    if len(text) * 4 > MAX_SUPER and len(text.encode()) > MAX_SUPER:
        raise StringTooLong(f"a SUPER value has at most {MAX_SUPER} bytes")
    return text


def _array(args: list[Any], types: Sequence[SqlType], to: SqlType) -> str:
    return sized("[" + ",".join([form.NULL if a is None else a for a in args]) + "]")


def _object(args: list[Any], types: Sequence[SqlType], to: SqlType) -> str:
    members: dict[str, str] = {}
    for name, value in zip(args[::2], args[1::2], strict=True):
        if name is None or name[0] != '"':
            raise DataError("the key of an object must be a string that is not NULL", sqlstate="22023")
        if name in members:
            raise DataError(f"the key {name} stands twice in an object", sqlstate="22023")
        members[name] = form.NULL if value is None else value
    return sized("{" + ",".join([f"{k}:{v}" for k, v in members.items()]) + "}")


def _concat(args: list[Any], types: Sequence[SqlType], to: SqlType) -> str | None:
    if any(a[0] != "[" for a in args):
        return None
    inner = [a[1:-1] for a in args if a != "[]"]
    return sized("[" + ",".join(inner) + "]")


def _flatten(args: list[Any], types: Sequence[SqlType], to: SqlType) -> str | None:
    """One array of the elements of arrays on all levels (operators-functions, "Array functions")."""
    if any(a[0] != "[" for a in args):
        return None
    return sized(form.dump(list(_leaves([form.load(a) for a in args]))))


def _leaves(value: Any) -> Iterator[Any]:
    stack = [value]
    while stack:
        item = stack.pop()
        if isinstance(item, list):
            stack.extend(reversed(item))
        else:
            yield item


def _length(args: list[Any], types: Sequence[SqlType], to: SqlType) -> int | None:
    return len(form.load(args[0])) if args[0][0] == "[" else None


def _places(args: list[Any]) -> list[int] | None:
    """Where an array has a value. NULL counts as one only where `null_match` says so."""
    array, value, null_match = args
    if array is None or array[0] != "[" or null_match is None or (value is None and not null_match):
        return None
    elements = [form.given(form.dump(e)) for e in form.load(array)]
    wanted = None if value is None else keys.normal(value)
    found = [i for i, e in enumerate(elements) if (None if e is None else keys.normal(e)) == wanted]
    return found if found or null_match or None not in elements else None


def _searched(answer: Callable[[list[int]], Any]) -> Function:
    def work(args: list[Any], types: Sequence[SqlType], to: SqlType) -> Any:
        found = _places(args)
        return None if found is None else answer(found)

    return work


def _split(args: list[Any], types: Sequence[SqlType], to: SqlType) -> str:
    text, delimiter = args
    parts = text.split(delimiter) if delimiter else [text]
    return sized("[" + ",".join(map(form.quoted, parts)) + "]")


def _subarray(args: list[Any], types: Sequence[SqlType], to: SqlType) -> str | None:
    text, start, length = args
    if text[0] != "[" or length < 0:
        return None
    elements = form.load(text)
    first = max(start + len(elements), 0) if start < 0 else start
    return form.dump(elements[first : first + length])


def _renamed(change: Callable[[str], str]) -> Function:
    """LOWER_ATTRIBUTE_NAMES, UPPER_ATTRIBUTE_NAMES."""

    def walk(value: Any) -> Any:
        if isinstance(value, list):
            return [walk(v) for v in value]
        if not isinstance(value, dict):
            return value
        made = {change(k): walk(v) for k, v in value.items()}
        if len(made) < len(value):
            raise DataError("two attributes of an object get the same name", sqlstate="22023")
        return made

    return lambda a, t, to: form.dump(walk(form.load(a[0])))


# -- numbers -------------------------------------------------------------------------------------


def _arithmetic(key: str) -> Function:
    """An operator over two numbers, by the rules of the SQL types that they have."""

    def work(args: list[Any], types: Sequence[SqlType], to: SqlType) -> str | None:
        from ...planner import build
        from ..evaluate import evaluate

        if any(form.kind(a) != "number" for a in args):
            return None
        left, right = (Literal(*scalar(a)) for a in args)
        if not left.type.is_integer or not right.type.is_integer:
            left, right = _narrow(left), _narrow(right)
        if key == "modulo" and (left.type.is_float or right.type.is_float):
            return None
        made = build.arithmetic(key, left, right)
        return to_super(evaluate(made), made.type)

    return work


def _narrow(number: Literal) -> Literal:
    """A whole number beside another type has the digits of an INTEGER if it can, as literals in SQL."""
    fits = number.type.is_integer and -(1 << 31) <= number.value < 1 << 31
    return Literal(number.value, INTEGER) if fits else number


def _rounded(rounding: str) -> Function:
    def work(args: list[Any], types: Sequence[SqlType], to: SqlType) -> str | None:
        text = args[0]
        if form.kind(text) != "number" or ("." not in text and "e" not in text):
            return text if form.kind(text) == "number" else None
        whole = Decimal(text).quantize(Decimal(1), rounding, Context(prec=400))
        return form.from_float(float(whole)) if "e" in text else form.number(str(whole))

    return work


def _negate(args: list[Any], types: Sequence[SqlType], to: SqlType) -> str | None:
    if form.kind(args[0]) != "number":
        return None
    return form.number(args[0].removeprefix("-")) if args[0][0] == "-" else form.number("-" + args[0])


def _abs(args: list[Any], types: Sequence[SqlType], to: SqlType) -> str | None:
    return str(args[0].removeprefix("-")) if form.kind(args[0]) == "number" else None


def _sign(args: list[Any], types: Sequence[SqlType], to: SqlType) -> str | None:
    if form.kind(args[0]) != "number":
        return None
    value = Decimal(args[0])
    sign = (value > 0) - (value < 0)
    return form.from_float(float(sign)) if "e" in args[0] else str(sign)


def _exact_part(args: list[Any], types: Sequence[SqlType], to: SqlType) -> int | None:
    """An exact number as one of the DECIMAL that is added up."""
    text = args[0]
    if form.EXACT.fullmatch(text) is None:
        return None
    if form.scale(text) > to.scale:
        raise NumericOutOfRange(f"SUM and AVG over SUPER take at most {to.scale} digits behind the point")
    value = int(text.replace(".", "")) * 10 ** (to.scale - form.scale(text))
    if abs(value) >= 10**to.precision:
        raise NumericOutOfRange(f"the number {text} is too large for SUM and AVG over SUPER")
    return value


def _float_part(args: list[Any], types: Sequence[SqlType], to: SqlType) -> float | None:
    return float(args[0]) if "e" in args[0] and form.kind(args[0]) == "number" else None


def _total(args: list[Any], types: Sequence[SqlType], to: SqlType) -> str | None:
    exact, floating, scale = args
    if floating is not None:
        return form.from_float(floating + (exact or 0) / 10 ** types[0].scale)
    return None if exact is None else print_text(exact // 10 ** (types[0].scale - scale), decimal(38, scale))


def _average(args: list[Any], types: Sequence[SqlType], to: SqlType) -> str | None:
    """The total by the count, cut off as AVG does it: of whole numbers a whole number."""
    from ..evaluate import truncated

    exact, floating, scale, *counts = args
    if floating is not None:
        return form.from_float((floating + (exact or 0) / 10 ** types[0].scale) / sum(counts))
    if exact is None:
        return None
    return print_text(truncated(exact, counts[0] * 10 ** (types[0].scale - scale)), decimal(38, scale))


def _compare(args: list[Any], types: Sequence[SqlType], to: SqlType) -> int | None:
    a, b = (keys.rank(x) for x in args)
    return (a > b) - (a < b) if a[0] == b[0] else None


_TOLERANT = ("json_typeof", "super_size", "array", "object", "super_total", "super_average", "array_contains",
             "array_position", "array_positions",
             *(f"is_{t}" for t in ("array", "bigint", "boolean", "char", "decimal", "float", "integer", "object",
                                   "scalar", "smallint", "varchar")))
NULL_TOLERANT = frozenset(_TOLERANT)

FUNCTIONS: dict[str, Function] = {
    "json_parse": _parse,
    "can_json_parse": _can_parse,
    "json_serialize": _serialize,
    "json_serialize_to_varbyte": _serialize_to_varbyte,
    "json_typeof": lambda a, t, to: form.NULL if a[0] is None else form.kind(a[0]),
    "json_size": lambda a, t, to: len(a[0].encode()),
    "super_size": _size,
    "decimal_precision": _precision,
    "decimal_scale": _scale,
    "is_array": _is("array"),
    "is_object": _is("object"),
    "is_boolean": _is("boolean"),
    "is_varchar": _is("string"),
    "is_char": _is_char,
    "is_scalar": lambda a, t, to: a[0] is not None and a[0][0] not in "[{",
    "is_decimal": _is_number(False),
    "is_float": _is_number(True),
    **{f"is_{name}": _is_whole(bits) for name, bits in _INTEGER_BITS.items()},
    "super_cast_strict": lambda a, t, to: from_super(a[0], to, a[1]),
    "super_path": _path,
    "super_path_strict": _path_strict,
    "super_element": _element,
    "array": _array,
    "object": _object,
    "array_concat": _concat,
    "array_flatten": _flatten,
    "get_array_length": _length,
    "array_contains": _searched(bool),
    "array_position": _searched(lambda found: found[0] if found else -1),
    "array_positions": _searched(lambda found: "[" + ",".join(map(str, found)) + "]"),
    "split_to_array": _split,
    "subarray": _subarray,
    "lower_attribute_names": _renamed(str.lower),
    "upper_attribute_names": _renamed(str.upper),
    **{f"super_{op}": _arithmetic(op) for op in ("add", "subtract", "multiply", "divide", "modulo")},
    "super_negate": _negate,
    "super_abs": _abs,
    "super_sign": _sign,
    "super_ceil": _rounded(ROUND_CEILING),
    "super_floor": _rounded(ROUND_FLOOR),
    "super_trunc": _rounded(ROUND_DOWN),
    "super_round": _rounded(ROUND_HALF_UP),
    "super_normal": lambda a, t, to: keys.normal(a[0]),
    "super_rank": lambda a, t, to: keys.rank(a[0]),
    "super_ranked": lambda a, t, to: keys.ranked(a[0]),
    "super_of_ranked": lambda a, t, to: keys.of_ranked(a[0]),
    "super_compare": _compare,
    "super_exact_part": _exact_part,
    "super_float_part": _float_part,
    "super_total": _total,
    "super_average": _average,
}
