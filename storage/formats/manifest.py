"""COPY ... MANIFEST: the files that a JSON document lists (loading-data-files-using-manifest in the manual).

    {"entries": [
        {"url": "s3://bucket/day1", "mandatory": true},
        {"url": "s3://other/day2", "meta": {"content_length": 5956875}}]}

A mandatory file that is absent is an error, another one is left out; that nothing is left is an error too. Columnar
formats want `meta.content_length`, which must be the file's size. A file that is listed twice is loaded twice.
"""
from __future__ import annotations

import json
from typing import Any

from ... import errors
from ..objects.registry import Objects
from .listing import SourceFile, one_file

# A list of a hundred thousand files has about this size.
MAX_BYTES = 64 << 20


def manifest_files(source: str, objects: Objects, columnar: bool) -> tuple[SourceFile, ...]:
    """The files that the manifest `source` lists, in its order. `columnar`: it is for ORC or Parquet."""
    entries = _entries(source, _text(source, objects))
    found = [file for entry in entries if (file := _file(source, entry, objects, columnar)) is not None]
    if not found:
        raise errors.FileMissing(f'none of the files listed in manifest "{source}" exists')
    return tuple(found)


def _text(source: str, objects: Objects) -> bytes:
    try:
        if objects.info(source).bytes > MAX_BYTES:
            raise errors.LoadError(f'manifest "{source}" is larger than {MAX_BYTES} bytes')
        return objects.read(source)
    except errors.FileMissing as error:
        hint = "COPY with MANIFEST requires the full name of one file." if objects.list(source) else None
        raise errors.FileMissing(f"Problem reading manifest file - {error.message}", hint=hint) from error


def _entries(source: str, text: bytes) -> list[dict[str, Any]]:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _malformed(source, str(error)) from error
    entries = document.get("entries") if isinstance(document, dict) else None
    if not isinstance(entries, list):
        raise _malformed(source, 'it must be an object with an array "entries"')
    for entry in entries:
        if not isinstance(entry, dict) or not isinstance(entry.get("url"), str) or not entry["url"]:
            raise _malformed(source, 'each entry must be an object with a text "url"')
        if not isinstance(entry.get("mandatory", False), bool):
            raise _malformed(source, f'"mandatory" of "{entry["url"]}" must be true or false')
    return entries


def _file(source: str, entry: dict[str, Any], objects: Objects, columnar: bool) -> SourceFile | None:
    url = entry["url"]
    try:
        file = one_file(url, objects)
    except errors.FileMissing:
        if entry.get("mandatory", False):
            raise
        return None
    length = _length(source, entry)
    if length is None and columnar:
        raise _malformed(source, f'"meta" with "content_length" is missing for "{url}", which this format needs')
    if length is not None and length != file.bytes:
        raise errors.LoadError(
            f'file "{url}" has {file.bytes} bytes, the manifest "{source}" says content_length {length}'
        )
    return file


def _length(source: str, entry: dict[str, Any]) -> int | None:
    meta = entry.get("meta")
    if meta is None:
        return None
    length = meta.get("content_length") if isinstance(meta, dict) else None
    if length is not None and (not isinstance(length, int) or isinstance(length, bool)):
        raise _malformed(source, f'"content_length" of "{entry["url"]}" must be a whole number')
    return length


def _malformed(source: str, why: str) -> errors.Error:
    return errors.LoadError(f'manifest "{source}" is not properly formed: {why}')
