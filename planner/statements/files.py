"""Statements that move rows between tables and files: COPY and its jobs, UNLOAD."""
from __future__ import annotations

from dataclasses import field
from typing import Any

from ...records import dataclass
from .names import RelationName


@dataclass(frozen=True, slots=True)
class Copy:
    """COPY: `options` holds the normalised clauses (upper-case names), see statements/copy.py; `authorization` those
    that say who may read, and where."""

    table: RelationName
    columns: tuple[str, ...]
    source: str
    format: str  # 'delimited', 'csv', 'fixedwidth', 'json', 'avro', 'parquet', 'orc'
    options: dict[str, Any] = field(default_factory=dict)
    authorization: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Unload:
    """UNLOAD: `places[i]` is where the query's character i stands in the statement; `options` and `authorization` hold
    the clauses (upper-case names), see statements/unload.py. format: 'delimited', 'csv', 'parquet', 'json'."""

    query: str
    places: tuple[int, ...] = field(repr=False, compare=False)
    target: str
    format: str
    options: dict[str, Any] = field(default_factory=dict)
    authorization: dict[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class CreateCopyJob:
    """COPY ... JOB CREATE: `text` is the COPY's."""

    copy: Copy
    text: str
    name: str
    auto: bool = True


@dataclass(frozen=True, slots=True)
class CopyJob:
    """COPY JOB: action 'alter', 'run', 'list', 'show' or 'drop'; `auto`: what ALTER sets."""

    action: str
    name: str = ""
    auto: bool | None = None
