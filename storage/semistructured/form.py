"""The canonical text of SUPER values: compact JSON in UTF-8, in which the spelling of a number is its type.

    integer   12          no point, no exponent             DECIMAL   3.140     a point, the scale as written
    float     2.22e+0     always an exponent                string    "a\\n"    one spelling for each string
    boolean   true        array [1,"b"]                     object    {"k":1}   attributes in their order

Why text: a value that navigation cuts out of a document is a part of its bytes, so it needs no copy; what is shown,
unloaded and serialised is the value itself; dictionaries, zone maps and codecs of text work on it as they are. The
dynamic type of a scalar is read off its first bytes, and the numeric type off its characters.

Invariants: no blanks between tokens; strings escape `"`, `\\` and control characters only, in json's spelling; no
name twice in an object; no -0; exact numbers of at most 38 digits (others are floats). JSON null at the root is SQL's
NULL: it has no text of its own.

Limits (limitations-super): a string has at most 65,535 bytes, a value 16 MB, a nesting 1,000 levels.
Reading and writing are Python per value; keys.py has the forms in which values are compared.
"""
from __future__ import annotations

import json
import math
from decimal import Decimal
from json.encoder import encode_basestring as quoted
from typing import Any, NoReturn

from ...errors import DataError, InvalidText, NumericOutOfRange, StringTooLong
from ...patterns import pattern
from ...records import dataclass
from ..types import MAX_PRECISION, MAX_SUPER, MAX_VARCHAR

MAX_DEPTH = 1000
NULL = "null"
_TOO_DEEP = f"the value is nested deeper than {MAX_DEPTH} levels"


class Number(str):
    """A number as it is spelled in canonical text."""

    __slots__ = ()

    @property
    def is_float(self) -> bool:
        return "e" in self

    @property
    def is_integer(self) -> bool:
        return "." not in self and "e" not in self


@dataclass(frozen=True, slots=True)
class Reading:
    """json_parse_dedup_attributes and json_parse_truncate_strings."""

    dedup: bool = False  # of equal names the last one counts, instead of an error
    truncate: bool = False  # strings beyond VARCHAR's bytes are cut, instead of an error


STRICT = Reading()


# -- canonical text <-> Python ---------------------------------------------------------------------

_load = json.JSONDecoder(parse_int=Number, parse_float=Number).decode


def load(text: str) -> Any:
    """A canonical text as lists, dicts, `Number`, str, bool, None."""
    return _load(text)


def dump(value: Any) -> str:
    """The canonical text of what `load` gives."""
    if isinstance(value, Number):
        return str(value)
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, list):
        return "[" + ",".join([dump(v) for v in value]) + "]"
    if isinstance(value, dict):
        return "{" + ",".join([f"{quoted(k)}:{dump(v)}" for k, v in value.items()]) + "}"
    return NULL if value is None else "true" if value else "false"


def given(text: str) -> str | None:
    """A value's text as SQL has it: NULL for JSON's null."""
    return None if text == NULL else text


# -- JSON that users wrote -------------------------------------------------------------------------


def parse(text: str, reading: Reading = STRICT) -> str | None:
    """JSON_PARSE: any JSON text in canonical form, None for null. DataError where it is none."""
    try:
        quick = _RARE.search(text) is None
        value = _decoder(reading, quick).decode(text)
        if text.count("[") + text.count("{") > MAX_DEPTH and _depth(value) > MAX_DEPTH:
            raise DataError(_TOO_DEEP, sqlstate="22P02")
        if len(text) * 4 > MAX_VARCHAR:
            value = _fitting(value, reading)
        made = _quickly(value) if quick else dump(value)
        size = len(made) if made.isascii() else len(made.encode())
    except RecursionError:
        raise DataError(_TOO_DEEP, sqlstate="22P02") from None
    except ValueError as error:
        raise _invalid(text, str(error)) from None
    if size > MAX_SUPER:
        raise StringTooLong(f"a SUPER value has at most {MAX_SUPER} bytes, this one {size}")
    return given(made)


# Most texts are read and written by json's C code alone: whole numbers as int, others as strings with a NUL character
# at both ends, whose quotes are taken away afterwards. The texts in which that would not do:
_RARE = pattern(r"[0-9]{39}|\\u0000")
_ENCODER = json.JSONEncoder(ensure_ascii=False, check_circular=False, separators=(",", ":"))


def _quickly(value: Any) -> str:
    return _ENCODER.encode(value).replace('"\\u0000', "").replace('\\u0000"', "")


def _marked(text: str) -> str:
    return f"\0{number(text)}\0"


def _decoder(reading: Reading, quick: bool) -> json.JSONDecoder:
    found = _DECODERS.get((reading, quick))
    if found is None:
        found = _DECODERS[reading, quick] = json.JSONDecoder(
            parse_int=None if quick else number, parse_float=_marked if quick else number, parse_constant=_constant,
            object_pairs_hook=lambda pairs: _object(pairs, reading),
        )
    return found


_DECODERS: dict[tuple[Reading, bool], json.JSONDecoder] = {}


def _constant(word: str) -> NoReturn:
    raise ValueError(f"{word} is no JSON value")


def _object(pairs: list[tuple[str, Any]], reading: Reading) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) == len(pairs):
        return made
    made = {}
    for name, value in pairs:
        if name in made:
            if not reading.dedup:
                raise DataError(
                    f'the attribute "{name}" stands twice in an object', sqlstate="22P02",
                    hint="SET json_parse_dedup_attributes TO on keeps the last one of each name.",
                )
            del made[name]
        made[name] = value
    return made


def _depth(value: Any) -> int:
    """How deep arrays and objects are nested. RecursionError beyond Python's own limit."""
    parts = value if isinstance(value, list) else value.values() if isinstance(value, dict) else None
    return 0 if parts is None else 1 + max(map(_depth, parts), default=0)


def _invalid(text: str, problem: str) -> InvalidText:
    shown = text if len(text) <= 100 else text[:97] + "..."
    return InvalidText(f"JSON parsing error: {problem}", detail=f'in "{shown}"')


# -- scalars -----------------------------------------------------------------------------------------


def number(text: str) -> Number:
    """A JSON number in canonical spelling."""
    if "e" in text or "E" in text:
        return from_float(float(text))
    digits = text.lstrip("-").replace(".", "")
    if len(digits.lstrip("0")) > MAX_PRECISION:
        return from_float(float(text))
    return Number(text.removeprefix("-") if not digits.strip("0") else text)


def from_float(value: float, single: bool = False) -> Number:
    """A float with its exponent; `single`: the fewest digits that tell a REAL apart."""
    import numpy as np

    if not math.isfinite(value):
        raise NumericOutOfRange("NaN and Infinity have no form in SUPER")
    shown = np.format_float_scientific(np.float32(value) if single else value or 0.0, trim="-", exp_digits=1)
    return Number(shown)


def _fitting(value: Any, reading: Reading) -> Any:
    """The value with strings of at most VARCHAR's bytes; names of attributes may be longer."""
    if isinstance(value, list):
        return [_fitting(v, reading) for v in value]
    if isinstance(value, dict):
        return {k: _fitting(v, reading) for k, v in value.items()}
    if type(value) is not str or len(value) * 4 <= MAX_VARCHAR or len(data := value.encode()) <= MAX_VARCHAR:
        return value
    if not reading.truncate:
        raise StringTooLong(
            f"a string within SUPER has at most {MAX_VARCHAR} bytes, this one {len(data)}",
            hint="SET json_parse_truncate_strings TO on cuts longer ones.",
        )
    return data[:MAX_VARCHAR].decode(errors="ignore")


def kind(text: str) -> str:
    """JSON_TYPEOF of a canonical text: object, array, string, boolean, number or null."""
    return _KINDS.get(text[:1], "number")


_KINDS = {"{": "object", "[": "array", '"': "string", "t": "boolean", "f": "boolean", "n": "null"}
EXACT = pattern(r"-?[0-9]+(?:\.([0-9]+))?")


def unquoted(text: str) -> str:
    """The string that a canonical text in quotes stands for."""
    return str(json.loads(text)) if "\\" in text else text[1:-1]


def scale(text: str) -> int:
    """Digits behind the point of an exact number."""
    return len(text.partition(".")[2])


def exact(text: str) -> Decimal:
    """The value of a number; of a float, that of its shortest spelling."""
    return Decimal(text)
