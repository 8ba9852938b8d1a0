r"""Lines taken apart by a regular expression: RegexSerDe by its groups in order, GrokSerDe by the names in its pattern.

    'input.regex' = '(\S+) (\d+)'                          1st group 1st column, 2nd group 2nd column
    'input.format' = '%{IP:client} %{NUMBER:bytes}'        patterns by name, with those of input.grokCustomPatterns

A line that does not match as a whole gives a row of NULLs; groups that lack give NULL. The expressions are Java's on
AWS and Python's here: possessive quantifiers and most classes are the same, \p{...} and && inside [...] are refused.
"""
from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from .... import errors
from ...objects.base import ObjectInfo
from ...objects.registry import Objects
from ..definition import Field, Source
from .grok_patterns import expanded
from .lines import LineReader
from .records import columns_of


class RegexReader(LineReader):
    """See the module's text."""

    def __init__(self, source: Source, objects: Objects) -> None:
        super().__init__(source, objects)
        parameters = source.parameters
        names: dict[str, str] = {}
        if source.format == "grok":
            custom = parameters.get("input.grokCustomPatterns", "")
            pattern, names = expanded(_given(parameters, "input.format"), custom)
        else:
            pattern = _given(parameters, "input.regex")
        flags = re.IGNORECASE if parameters.get("input.regex.case.insensitive", "").lower() == "true" else 0
        self._pattern = _compiled(pattern, flags)
        self._groups: dict[str, str | int] = dict(names) or {
            field.name: i + 1 for i, field in enumerate(source.columns) if i < self._pattern.groups}

    def rows(self, chunk: bytes, columns: Sequence[Field], file: ObjectInfo) -> tuple[int, list[pa.Array]]:
        groups = [self._groups.get(column.name) for column in columns]
        empty: list[Any] = [None] * len(columns)
        found = []
        for line in self.lines(chunk):
            match = self._pattern.fullmatch(line.decode(errors="surrogateescape"))
            found.append(empty if match is None else [None if g is None else match[g] for g in groups])
        return len(found), columns_of(found, columns)


def _given(parameters: dict[str, str], name: str) -> str:
    found = parameters.get(name)
    if found is None:
        raise errors.InvalidDefinition(f"the serde property '{name}' is missing")
    return found


def _compiled(pattern: str, flags: int) -> re.Pattern[str]:
    if re.search(r"\\[pP]\{|&&", pattern):
        raise errors.NotSupportedError(f"the regular expression {pattern!r} has classes that only Java knows")
    try:
        return re.compile(pattern, flags)
    except re.error as error:
        raise errors.InvalidDefinition(f"the regular expression {pattern!r} cannot be used: {error}") from error
