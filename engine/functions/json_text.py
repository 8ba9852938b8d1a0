"""JSON functions over text. Parts that are cut out keep their spelling: `[1.0, 2]` gives `1.0`.

JSON is what json-functions in the manual says: an object or an array at the root, names in double quotes. A
text that is none is an error, or NULL where `null_if_invalid` asks for it.
"""
from __future__ import annotations

import json
import re
from collections.abc import Iterator
from json.decoder import scanstring  # type: ignore[attr-defined]
from typing import Any

from ...errors import DataError
from .base import Function

MAX_DEPTH = 5  # of a path
_BLANK = re.compile(r"[ \t\n\r]*")


def _constant(word: str) -> Any:
    raise ValueError(f"{word} is no JSON value")


_DECODER = json.JSONDecoder(parse_constant=_constant, parse_int=str, parse_float=str)


def _skip(text: str, at: int) -> int:
    found = _BLANK.match(text, at)
    return at if found is None else found.end()


def _whole(text: str, opening: str) -> int:
    """Where the JSON text begins; ValueError unless it is one value that starts with one of `opening`."""
    start = _skip(text, 0)
    if text[start : start + 1] not in tuple(opening):
        raise ValueError("expected " + " or ".join(opening))
    _, end = _DECODER.raw_decode(text, start)
    if _skip(text, end) != len(text):
        raise ValueError("something follows the value")
    return start


def _members(text: str, at: int) -> Iterator[tuple[str, int, int]]:
    """(name, start, end) of the values of the object at `at`, which is valid."""
    at = _skip(text, at + 1)
    while text[at] != "}":
        name, at = scanstring(text, at + 1)
        start = _skip(text, _skip(text, at) + 1)
        _, end = _DECODER.raw_decode(text, start)
        yield name, start, end
        at = _skip(text, end)
        if text[at] == ",":
            at = _skip(text, at + 1)


def _elements(text: str, at: int) -> Iterator[tuple[int, int]]:
    """(start, end) of the elements of the array at `at`, which is valid."""
    at = _skip(text, at + 1)
    while text[at] != "]":
        _, end = _DECODER.raw_decode(text, at)
        yield at, end
        at = _skip(text, end)
        if text[at] == ",":
            at = _skip(text, at + 1)


def _told(text: str, start: int, end: int) -> str | None:
    """A value as text: strings without their quotes, null as NULL."""
    if text[start] == '"':
        value, _ = scanstring(text, start + 1)
        return value
    return None if text.startswith("null", start) else text[start:end]


def _invalid(text: str, error: ValueError | RecursionError) -> DataError:
    shown = text if len(text) <= 100 else text[:97] + "..."
    return DataError(f"JSON parsing error: {error}", detail=f'in "{shown}"', sqlstate="22P02")


def _is(text: str, opening: str) -> bool:
    try:
        _whole(text, opening)
    except (ValueError, RecursionError):
        return False
    return True


def array_length(text: str, null_if_invalid: bool) -> int | None:
    try:
        return sum(1 for _ in _elements(text, _whole(text, "[")))
    except (ValueError, RecursionError) as error:
        if null_if_invalid:
            return None
        raise _invalid(text, error) from None


def array_element(text: str, place: int, null_if_invalid: bool) -> str | None:
    """The element at `place` from 0; the empty text beyond the ends."""
    try:
        start = _whole(text, "[")
    except (ValueError, RecursionError) as error:
        if null_if_invalid:
            return None
        raise _invalid(text, error) from None
    for number, (first, end) in enumerate(_elements(text, start)):
        if number == place:
            return _told(text, first, end)
    return ""


def path(text: str, null_if_invalid: bool, *names: str) -> str | None:
    """The value that a path of names leads to; NULL where it leads nowhere."""
    try:
        start = _whole(text, "{[")
    except (ValueError, RecursionError) as error:
        if null_if_invalid:
            return None
        raise _invalid(text, error) from None
    end = len(text)
    for name in names:
        if text[start] != "{":
            return None
        found = [(a, b) for key, a, b in _members(text, start) if key == name]
        if not found:
            return None
        start, end = found[-1]
    return _told(text, start, end)


FUNCTIONS: dict[str, Function] = {
    "is_valid_json": lambda a, t, to: _is(a[0], "{"),
    "is_valid_json_array": lambda a, t, to: _is(a[0], "["),
    "json_array_length": lambda a, t, to: array_length(a[0], a[1]),
    "json_extract_array_element_text": lambda a, t, to: array_element(a[0], a[1], a[2]),
    "json_extract_path_text": lambda a, t, to: path(a[0], a[1], *a[2:]),
}
