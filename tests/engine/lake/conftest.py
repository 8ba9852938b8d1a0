"""A database with an external schema `lake`, and a folder that holds its tables' files."""
from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from lake_tables import Lake


@pytest.fixture
def lake(tmp_path: Path) -> Iterator[Lake]:
    import warehouse

    connection = warehouse.connect(":memory:", nodes=1, slices_per_node=2, autocommit=True)
    made = Lake(connection, tmp_path)
    made.sql("create external schema lake from data catalog database 'lakedb' iam_role default "
             "create external database if not exists")
    yield made
    connection.close()
