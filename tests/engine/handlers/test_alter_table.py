"""ALTER TABLE over stored rows: small AUTO tables that are dealt out later, reopened databases."""
from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import warehouse


def test_changed_columns_survive_rewrites_and_reopening(tmp_path: Path) -> None:
    path = tmp_path / "dw"
    with warehouse.connect(path, nodes=1, slices_per_node=2, autocommit=True) as connection:
        connection.execute("create table t (a int, gone varchar(4), s varchar(4))")
        connection.execute("insert into t values (1, 'x', 'abcd'), (2, null, null)")
        connection.execute("alter table t drop column gone")
        connection.execute("alter table t alter column s type varchar(30)")
        connection.execute("alter table t rename column s to text")
    with warehouse.connect(path, autocommit=True) as connection:
        assert connection.execute("select * from t order by a").fetchall() == [(1, "abcd"), (2, None)]
        # so many rows that the AUTO table leaves DISTSTYLE ALL and its extents are written anew
        many = pa.table({"a": pa.array(range(10, 300_010), pa.int32()), "text": ["longer than four"] * 300_000})
        connection.write_arrow("t", many)
        found = connection.execute("select count(*), count(text), min(text), max(text) from t").fetchall()
        assert found == [(300_002, 300_001, "abcd", "longer than four")]
