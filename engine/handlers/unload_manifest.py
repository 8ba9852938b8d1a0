"""The manifest of an UNLOAD: which files it wrote; VERBOSE: with their sizes and rows, and the columns' types.

COPY ... MANIFEST reads it (storage/formats/manifest.py). Where the manual's example leaves out a word, this has it:
text has "max_length", NUMERIC "precision" and "scale".
"""
from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from ...storage.types import Kind, SqlType
from ...storage.writers.base import OutColumn, WrittenFile

AUTHOR = {"name": "Amazon Redshift", "version": "1.0.0"}


def manifest(files: Sequence[WrittenFile], columns: Sequence[OutColumn], *, verbose: bool) -> str:
    """Rows count header lines too."""
    if not verbose:
        return _laid_out({"entries": [{"url": f.url} for f in files]})
    entries = [{"url": f.url, "meta": {"content_length": f.bytes, "record_count": f.rows}} for f in files]
    return _laid_out({
        "entries": entries,
        "schema": {"elements": [{"name": c.name, "type": _type(c.type)} for c in columns]},
        "meta": {"content_length": sum(f.bytes for f in files), "record_count": sum(f.rows for f in files)},
        "author": AUTHOR,
    })  # fmt: skip


def _type(type: SqlType) -> dict[str, Any]:
    if type.is_string:
        return {"base": type.kind.value, "max_length": type.length}
    if type.kind is Kind.DECIMAL:
        return {"base": type.kind.value, "precision": type.precision, "scale": type.scale}
    return {"base": type.kind.value}


def _laid_out(value: dict[str, Any]) -> str:
    """An entry of a list on a line of its own, as Redshift writes it."""

    def text(item: Any, indent: str) -> str:
        inner = indent + "  "
        if isinstance(item, list):
            return "[\n" + ",\n".join([inner + json.dumps(i, ensure_ascii=False) for i in item]) + f"\n{indent}]"
        if isinstance(item, dict) and any(isinstance(i, list | dict) for i in item.values()):
            lines = [f"{inner}{json.dumps(key)}: {text(i, inner)}" for key, i in item.items()]
            return "{\n" + ",\n".join(lines) + f"\n{indent}}}"
        return json.dumps(item, ensure_ascii=False)

    return text(value, "") + "\n"
