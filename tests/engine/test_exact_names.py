"""Names that keep their case, after the database was closed: the catalogue's names are plain text then."""
from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import warehouse


def test_names_after_reopening(tmp_path: Path) -> None:
    with warehouse.connect(tmp_path / "db", autocommit=True) as connection:
        cursor = connection.cursor()
        cursor.execute("set enable_case_sensitive_identifier to true")
        assert connection.write_arrow('"Tab"', pa.table({"Key": [1, 2], "Value": ["a", "b"]})) == 2
        cursor.execute('create table "Other" ("Key" bigint, "Value" varchar(65535))')
        cursor.execute('create view "V" as select "Key" as "K" from "Tab"')
    with warehouse.connect(tmp_path / "db", autocommit=True) as connection:
        cursor = connection.cursor()
        cursor.execute('select * from pg_table_def where tablename = \'Tab\'')
        assert [row[2] for row in cursor.fetchall()] == ["Key", "Value"]
        cursor.execute("set enable_case_sensitive_identifier to true")
        cursor.execute('update "Tab" set "Value" = \'c\' where "Key" = 2')
        cursor.execute('insert into "Other" select * from "Tab"')
        cursor.execute('merge into "Tab" using "Other" on "Tab"."Key" = "Other"."Key" '
                       'when matched then update set "Value" = \'d\' when not matched then insert values (0, \'\')')
        cursor.execute('alter table "Other" append from "Tab"')
        cursor.execute('delete from "Other" where "Value" = \'c\'')
        cursor.execute('select "Key" as "Out", "Value" from "Other" order by 1, 2')
        assert [d[0] for d in cursor.description or []] == ["Out", "Value"]
        assert cursor.fetchall() == [(1, "a"), (1, "d"), (2, "d")]
        cursor.execute('drop table "Other"')
        connection.write_arrow('"Tab"', pa.table({"Key": [5], "Value": ["x"]}))
        cursor.execute('select "K" from "V"')
        assert cursor.fetchall() == [(5,)]
