"""svv_alter_table_recommendations: made of the history, gone once followed."""
from __future__ import annotations

import design_tables
import warehouse

ASK = "select trim(type), database, table_id, group_id, trim(ddl), auto_eligible from svv_alter_table_recommendations"


def test_recommendations_come_and_go() -> None:
    with warehouse.connect(nodes=2, slices_per_node=2, threads=2, autocommit=True) as db:
        design_tables.fill(db)
        assert db.execute(ASK).fetchall() == [], "nothing was asked yet"
        db.execute("set enable_result_cache_for_session to off")
        for _ in range(2):
            db.execute(design_tables.QUERIES["towns"]).fetchall()
        rows = db.execute(ASK).fetchall()
        ids = dict(db.execute("select relname, oid from pg_class where relname in ('visits', 'people')").fetchall())
        assert {row[0] for row in rows} <= {"diststyle", "sortkey", "encode"} and rows
        assert {row[2] for row in rows} <= set(ids.values())
        assert all(row[1].strip() == "dev" and row[4].startswith("ALTER TABLE public.") for row in rows)
        for row in rows:
            db.execute(row[4])
        assert db.execute(ASK).fetchall() == []
