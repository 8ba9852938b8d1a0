"""SUPER arrays as sets and in order, and OBJECT_TRANSFORM, over single values (newer than the manual's edition).

Elements are equal as PartiQL has it (keys.normal), and a null is an element like others: these functions know no NULL.
What is no array gives NULL, as with all functions of SUPER (lax semantics).

    array_distinct([1, 1, null])                 [1,null]        the first of each
    array_union([b, a], [b, c])                  [b,a,c]
    array_intersection([a, b, b], [b, b, b])     [b,b]           as often as in both; `distinct`: once
    array_except([b, b, b], [b])                 [b,b]           what is left; `distinct`: nothing
    array_sort([b, 0, null, false])              [false,0,"b",null]
"""
from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from ...storage.semistructured import form, keys
from ...storage.types import SqlType
from .base import Function
from .semistructured import sized

Elements = list[tuple[str, str]]  # (what it is compared by, the element as it is)


def _elements(text: str | None) -> Elements | None:
    if text is None or text[0] != "[":
        return None
    texts = [form.dump(value) for value in form.load(text)]
    return [(form.NULL if t == form.NULL else keys.normal(t), t) for t in texts]


def _array(elements: Elements) -> str:
    return sized("[" + ",".join([text for _, text in elements]) + "]")


def _once(elements: Elements) -> Elements:
    first: dict[str, str] = {}
    for key, text in elements:
        first.setdefault(key, text)
    return list(first.items())


def _of_two(combine: Callable[[Elements, Elements, bool], Any]) -> Function:
    def work(args: list[Any], types: Sequence[SqlType], to: SqlType) -> Any:
        left, right = _elements(args[0]), _elements(args[1])
        distinct = args[2] if len(args) > 2 else False
        return None if left is None or right is None or distinct is None else combine(left, right, distinct)

    return work


def _distinct(args: list[Any], types: Sequence[SqlType], to: SqlType) -> str | None:
    found = _elements(args[0])
    return None if found is None else _array(_once(found))


def _union(left: Elements, right: Elements, distinct: bool) -> str:
    return _array(_once(left + right))


def _intersection(left: Elements, right: Elements, distinct: bool) -> str:
    there = Counter(key for key, _ in right)
    kept: Elements = []
    for key, text in _once(left) if distinct else left:
        if there[key]:
            there[key] -= 1
            kept.append((key, text))
    return _array(kept)


def _except(left: Elements, right: Elements, distinct: bool) -> str:
    gone = Counter(key for key, _ in right)
    if distinct:
        return _array([(key, text) for key, text in _once(left) if not gone[key]])
    kept: Elements = []
    for key, text in left:
        if gone[key]:
            gone[key] -= 1
        else:
            kept.append((key, text))
    return _array(kept)


def _overlap(left: Elements, right: Elements, distinct: bool) -> bool:
    return not {key for key, _ in left}.isdisjoint(key for key, _ in right)


def _sort(args: list[Any], types: Sequence[SqlType], to: SqlType) -> str | None:
    """Booleans, numbers, strings, arrays, objects, each by value; nulls behind them, or where it is said."""
    found, ascending = _elements(args[0]), args[1]
    if found is None or ascending is None:
        return None
    nulls_first = not ascending if len(args) < 3 else args[2]
    if nulls_first is None:
        return None
    nulls = [e for e in found if e[1] == form.NULL]
    rest = sorted([e for e in found if e[1] != form.NULL], key=lambda e: keys.rank(e[1]), reverse=not ascending)
    return _array(nulls + rest if nulls_first else rest + nulls)


# -- objects -------------------------------------------------------------------------------------


def _transform(args: list[Any], types: Sequence[SqlType], to: SqlType) -> str | None:
    """OBJECT_TRANSFORM(input KEEP paths SET path, value ...): a new object of these paths; paths come as JSON."""
    text, kept, changed, *values = args
    if text is None or text[0] != "{":
        return None if text is None else str(text)
    made: dict[str, Any] = {}
    source = form.load(text)
    keep, change = json.loads(kept), json.loads(changed)
    if not keep and not change:
        return str(text)
    for path in keep:
        found, there = source, True
        for step in path:
            there = isinstance(found, dict) and step in found
            if not there:
                break
            found = found[step]
        if there:
            _put(made, path, found)
    for path, value in zip(change, values, strict=True):
        _put(made, path, None if value is None else form.load(value))
    return sized(form.dump(made))


def _put(into: dict[str, Any], path: list[str], value: Any) -> None:
    for step in path[:-1]:
        inner = into.get(step)
        if not isinstance(inner, dict):
            inner = into[step] = {}
        into = inner
    into[path[-1]] = value


def _attributes(args: list[Any], types: Sequence[SqlType], to: SqlType) -> int | None:
    return len(form.load(args[0])) if args[0][0] == "{" else None


FUNCTIONS: dict[str, Function] = {
    "array_distinct": _distinct,
    "array_union": _of_two(_union),
    "array_intersection": _of_two(_intersection),
    "array_except": _of_two(_except),
    "arrays_overlap": _of_two(_overlap),
    "array_sort": _sort,
    "object_transform": _transform,
    "get_number_attributes": _attributes,
}
