"""What tests of external tables work with (fixture `lake`)."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq


class Lake:
    """`sql` runs a statement, with {root} for the folder; `parquet` writes a file."""

    def __init__(self, connection: Any, root: Path) -> None:
        self.connection = connection
        self.root = root
        self.cursor = connection.cursor()

    def sql(self, text: str) -> list[tuple[Any, ...]]:
        self.cursor.execute(text.replace("{root}", str(self.root)))
        return self.cursor.fetchall() if self.cursor.description else []

    def plan(self, query: str) -> list[str]:
        return [line for (line,) in self.sql(query)]

    def scan(self) -> dict[str, Any]:
        """What the last query read of external tables, by column of svl_s3query_summary."""
        self.cursor.execute("select * from svl_s3query_summary order by query, segment")
        names = [d[0] for d in self.cursor.description]
        return dict(zip(names, self.cursor.fetchall()[-1]))

    def parquet(self, name: str, columns: Mapping[str, Sequence[Any]] | pa.Table, **options: Any) -> Path:
        table = columns if isinstance(columns, pa.Table) else pa.table(columns)
        path = self.path(name)
        pq.write_table(table, path, **options)
        return path

    def text(self, name: str, text: str | bytes) -> Path:
        path = self.path(name)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    def path(self, name: str) -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        return path
