"""Arrays of the leader are texts, `{1,2}` or (of int2vector) `1 2`: what their functions make of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def elements(text: str) -> list[str]:
    """The elements of an array's text."""
    text = text.strip()
    if not text.startswith("{"):
        return text.split()
    inner = text[1:-1]
    return [e.strip().strip('"') for e in inner.split(",")] if inner else []


def _to_string(text: Any, separator: str) -> str:
    return separator.join(elements(str(text)))


def _upper(text: Any, dimension: int) -> int | None:
    return len(elements(str(text))) or None if dimension == 1 else None


def _lower(text: Any, dimension: int) -> int | None:
    return 1 if dimension == 1 and elements(str(text)) else None


def _dims(text: Any) -> str | None:
    count = len(elements(str(text)))
    return f"[1:{count}]" if count else None


def _item(text: str, place: int) -> str | None:
    """PostgreSQL counts array elements from 1, those of an int2vector from 0."""
    found = elements(text)
    at = place - 1 if text.strip().startswith("{") else place
    return found[at] if 0 <= at < len(found) else None


def _split(text: str, separator: str) -> str:
    return "{" + ",".join(text.split(separator) if separator else [text]) + "}"


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "array_to_string": _to_string,
    "array_upper": _upper,
    "array_lower": _lower,
    "array_dims": _dims,
    "array_item": _item,
    "array_has": lambda array, value: value in elements(array),
    "string_to_array": _split,
}
