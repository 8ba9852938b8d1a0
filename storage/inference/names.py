"""Formats and compressions by the ends of files' names: `orders.csv.gz` is CSV, packed by gzip.

A file whose name says nothing is delimited text. Column names become SQL's: `Order ID` is order_id.
"""
from __future__ import annotations

import re
from collections.abc import Iterable

FORMATS = {
    ".parquet": "parquet", ".pq": "parquet", ".orc": "orc", ".avro": "avro", ".csv": "csv", ".tsv": "csv",
    ".psv": "csv", ".json": "json", ".jsonl": "json", ".ndjson": "json", ".tbl": "delimited", ".txt": "delimited",
}  # fmt: skip
COMPRESSIONS = {".gz": "GZIP", ".gzip": "GZIP", ".bz2": "BZIP2", ".zst": "ZSTD", ".zstd": "ZSTD"}
MAX_NAME = 127


def format_of(name: str) -> tuple[str, str | None]:
    """(format, compression) of a file's name."""
    lower = name.lower()
    packed = next((word for end, word in COMPRESSIONS.items() if lower.endswith(end)), None)
    bare = lower.rpartition(".")[0] if packed else lower
    return next((word for end, word in FORMATS.items() if bare.endswith(end)), "delimited"), packed


def table_name(name: str) -> str:
    """A table's name for a file: `dir/Orders-2024.csv.gz` is orders_2024."""
    last = name.rstrip("/").rpartition("/")[2]
    for _ in range(2):
        stem, dot, end = last.rpartition(".")
        if not dot or not stem or f".{end.lower()}" not in {*FORMATS, *COMPRESSIONS}:
            break
        last = stem
    return identifier(last, "t")


def identifier(text: str, otherwise: str) -> str:
    """Text as a name that needs no quotation marks, as far as its characters go."""
    name = re.sub(r"[^a-z0-9_]+", "_", text.strip().lower()).strip("_")[:MAX_NAME]
    if not name:
        return otherwise
    return name if not name[0].isdigit() else f"_{name}"


def identifiers(texts: Iterable[str]) -> list[str]:
    """Names of columns, each once: the second `a` is a_2."""
    found: list[str] = []
    for i, text in enumerate(texts, start=1):
        name = base = identifier(text, f"column{i}")
        turn = 2
        while name in found:
            name, turn = f"{base}_{turn}", turn + 1
        found.append(name)
    return found
