"""Completion: commands after a backslash, columns of the tables in sight, tables, words.

    select o_|           columns of the statement's tables first (all columns before FROM is typed)
    from |  join |       tables and views
    alias.|              columns of that table
    \\|  \\d |             commands; tables

Names come from the catalogue and are read again when a statement may have changed them (`refresh`).
"""
from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document

from ...errors import Error
from . import describe
from .highlight import COMMON_WORDS
from .meta import COMMANDS

if TYPE_CHECKING:
    from ..dbapi import Connection

_WORD = re.compile(r'[\w$]*\Z')
_QUALIFIER = re.compile(r'([\w$]+)\.[\w$]*\Z')
_RELATION_PLACE = re.compile(
    r"\b(from|join|into|table|view|copy|update|truncate|analyze|vacuum|describe)\s+([\w$.\"]+\s*,\s*)*[\w$.]*\Z",
    re.IGNORECASE,
)
_USED = re.compile(
    r"\b(?:from|join|into|update|copy|,)\s*(?:\w+\.)?(\w+)(?:\s+(?:as\s+)?(\w+))?", re.IGNORECASE
)


class SqlCompleter(Completer):
    """Offers what fits at the cursor."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.columns: dict[str, list[str]] = {}  # relation -> columns
        self.refresh()

    def refresh(self) -> None:
        """Read the names of relations and columns; on an error keep the former ones."""
        try:
            self.columns = read_names(self.connection)
        except Error:
            return

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterator[Completion]:
        before = document.text_before_cursor
        match = _WORD.search(before)
        word = match.group() if match else ""
        seen = set()
        for text, meta in self.candidates(before, document.text):
            key = text.lower()
            if key not in seen and key.startswith(word.lower()) and key != word.lower():
                seen.add(key)
                yield Completion(_in_case(text, word, meta), -len(word), display_meta=meta)

    def candidates(self, before: str, whole: str) -> Iterator[tuple[str, str]]:
        """(text, what it is), the most fitting first."""
        stripped = before.lstrip()
        if stripped.startswith("\\"):
            if " " in stripped:
                yield from self.relations()
            else:
                yield from ((name, "command") for name in (*COMMANDS, "dt", "dv"))
            return
        if (qualifier := _QUALIFIER.search(before)) is not None:
            table = self.aliases(whole).get(qualifier.group(1).lower(), qualifier.group(1).lower())
            yield from ((column, table) for column in self.columns.get(table, ()))
            return
        if _RELATION_PLACE.search(before):
            yield from self.relations()
            return
        used = [table for table in self.aliases(whole).values() if table in self.columns]
        for table in dict.fromkeys(used or self.columns):
            yield from ((column, table) for column in self.columns[table])
        yield from self.relations()
        yield from ((word, "") for word in COMMON_WORDS)

    def relations(self) -> Iterable[tuple[str, str]]:
        return ((name, "relation") for name in self.columns)

    @staticmethod
    def aliases(text: str) -> dict[str, str]:
        """The statement's tables by name and by alias."""
        found: dict[str, str] = {}
        for table, alias in _USED.findall(text):
            found[table.lower()] = table.lower()
            if alias and alias.lower() not in COMMON_WORDS:
                found[alias.lower()] = table.lower()
        return found


def _in_case(text: str, word: str, meta: str) -> str:
    """Keywords follow the case of what was typed."""
    return text.upper() if not meta and word.isupper() and word else text


def read_names(connection: Connection) -> dict[str, list[str]]:
    """Relations of the user's schemas and their columns, in order."""
    relations = {r.oid: r.name for r in describe.relations(connection, None, "rv", system=False)}
    names: dict[str, list[str]] = {name: [] for name in relations.values()}
    found: list[tuple[Any, ...]] = describe.rows(
        connection, "select attrelid, attnum, attname from pg_attribute"
    )
    for oid, number, column in sorted(found):
        if oid in relations and number > 0:
            names[relations[oid]].append(column)
    return names
