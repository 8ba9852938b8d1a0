"""REGEXP functions over columns, by Arrow's RE2: for constant POSIX patterns to which RE2 gives the same matches
as posix.py (Pattern.portable), from the start of the text."""
from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from ....storage.types import SqlType
from ..posix import Pattern, compile_pattern
from .argument import Argument, Form, constants

TEXT = pa.large_string()
_BRACKETS = re.compile(r"\[\^?\]?(?:\\.|[^\]\\])*\]")
_ESCAPED = re.compile(r"\\[^bBA]")  # what is left of escapes looks at borders


def _given(args: Sequence[Argument]) -> tuple[pa.Array, Pattern, list[Any]] | None:
    """(texts, pattern, the other arguments), where RE2 can do it."""
    given = constants(args[1:])
    if given is None or args[0].array is None:
        return None
    pattern = compile_pattern(given[0], given[-1])
    return (args[0].array, pattern, given[1:]) if pattern.portable else None


def _count(args: Sequence[Argument], types: Sequence[SqlType], to: SqlType) -> pa.Array | None:
    found = _given(args)
    if found is None or found[2][0] > 1:
        return None
    array, pattern, _ = found
    source = pattern.re2("(?:")
    if _looks_back(source):
        return None
    # a text shorter than the position has no match: only the empty one is, and no match is empty
    return pc.count_substring_regex(array, source).cast(pa.int64())


def _looks_back(source: str) -> bool:
    """Does it ask what stands before a match (^, a word's border)? Arrow counts on in the text behind the last match,
    whose first character it takes for the first of all."""
    bare = _ESCAPED.sub("", _BRACKETS.sub("", source))
    return "^" in bare or "\\" in bare


def _replace(args: Sequence[Argument], types: Sequence[SqlType], to: SqlType) -> pa.Array | None:
    found = _given(args)
    if found is None or found[2][1] > 1 or "$" in found[2][0]:
        return None
    array, pattern, (new, *_) = found
    return pc.replace_substring_regex(array, pattern.re2("(?:"), new.replace("\\", "\\\\"))


def _substr(args: Sequence[Argument], types: Sequence[SqlType], to: SqlType) -> pa.Array | None:
    found = _given(args)
    if found is None or found[2][0] > 1 or found[2][1] != 1:
        return None
    array, pattern, (*_, flags) = found
    grouped = "e" in flags and pattern.regex.groups
    source = pattern.re2("(?P<m>") if grouped else _whole(pattern)
    matched = pc.extract_regex(array, source).field("m")
    return pc.if_else(array.is_null(), pa.scalar(None, TEXT), pc.coalesce(matched.cast(TEXT), pa.scalar("", TEXT)))


def _whole(pattern: Pattern) -> str:
    """The pattern as one named group, options in front."""
    options, rest = pattern.re2("(?:").split(")", 1)
    return f"{options})(?P<m>{rest})"


def _instr(args: Sequence[Argument], types: Sequence[SqlType], to: SqlType) -> pa.Array | None:
    """Of texts that are all ASCII: RE2 counts bytes."""
    found = _given(args)
    if found is None or found[2][0] > 1 or found[2][1] != 1 or found[2][2] or "e" in found[2][3]:
        return None
    array, pattern, _ = found
    if not pc.all(pc.string_is_ascii(array)).as_py():
        return None
    return pc.add(pc.find_substring_regex(array, pattern.re2("(?:")).cast(pa.int64()), 1)


def _found(args: Sequence[Argument], types: Sequence[SqlType], to: SqlType) -> pa.Array | None:
    found = _given(args)
    return None if found is None else pc.match_substring_regex(found[0], found[1].re2("(?:"))


FORMS: dict[str, Form] = {
    "regexp_found": _found,
    "regexp_count": _count,
    "regexp_instr": _instr,
    "regexp_replace": _replace,
    "regexp_substr": _substr,
}
