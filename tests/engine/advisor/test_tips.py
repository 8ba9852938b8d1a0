"""Tips: on files of loads, on encodings chosen again and again, on statistics, on slots and time without work."""
from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import pytest
import warehouse
from warehouse.engine.advisor import tips as module
from warehouse.engine.advisor.tips import Tip, tips
from warehouse.engine.result import Result

MANUAL = """[
    {"query_group": ["never"], "query_concurrency": 2, "memory_percent_to_use": 30},
    {"query_concurrency": 8, "memory_percent_to_use": 70}
]"""


def found(connection: Any) -> list[Tip]:
    made: list[Any] = []

    def run(context: Any) -> Result:
        made.extend(tips(context))
        return Result("SELECT")

    connection.session.perform("-- test", "Design", run)
    return made


@pytest.fixture(autouse=True)
def little_is_much(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LARGE_BYTES", 1000)


def test_files_of_loads(tmp_path: Path) -> None:
    plain, packed = tmp_path / "plain.csv", tmp_path / "packed.csv.gz"
    plain.write_text("1,2\n" * 1000)
    packed.write_bytes(gzip.compress(bytes(range(256)) * 20))
    parts = tmp_path / "parts"
    parts.mkdir()
    for i in range(4):
        (parts / f"{i}.csv").write_text("1,2\n" * 500)
    with warehouse.connect(nodes=2, slices_per_node=2, autocommit=True) as db:
        db.execute("create table one (a integer, b integer); create table four (a integer, b integer)")
        db.execute(f"copy one from '{plain}' csv")
        db.execute(f"copy four from '{parts}/' csv")
        texts = [t.what for t in found(db) if t.subject == "copy files"]
    assert texts == [
        "one is loaded from 0.0 MB of text that is not compressed", "one is loaded from 1 file by 4 slices",
        "four is loaded from 0.0 MB of text that is not compressed",
    ]
    load = {"table": "t", "files": 1, "bytes": 5000, "format": "CSV"}
    assert [t.what for t in module._of_files(load, {str(packed)}, 1.0, 4)] == ["t is loaded from 1 file by 4 slices"]
    large = load | {"bytes": 200 << 20}
    assert [t.do[:8] for t in module._of_files(large, {str(plain)}, 1.0, 4)] == ["compress"], "it is read in ranges"


def test_encodings_chosen_again_and_again(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("1\n")
    with warehouse.connect(nodes=1, slices_per_node=1, autocommit=True) as db:
        db.execute("create table often (a integer); create table settled (a integer)")
        for _ in range(3):
            db.execute(f"copy often from '{path}' csv")
            db.execute(f"copy settled from '{path}' csv compupdate off")
        texts = [t.what for t in found(db) if t.subject == "copy analysis"]
    assert texts == ["often was loaded 3 times, each COPY choosing encodings anew"]


def test_statistics_that_are_old() -> None:
    with warehouse.connect(nodes=1, slices_per_node=1, autocommit=True) as db:
        db.execute("create table t (a integer); insert into t values (1), (2); insert into t values (3)")
        assert [t.do for t in found(db) if t.subject == "statistics"] == ["ANALYZE public.t"]
        db.execute("analyze t")
        assert not [t for t in found(db) if t.subject == "statistics"]


def test_slots_that_nobody_used() -> None:
    with warehouse.connect(nodes=1, slices_per_node=1, autocommit=True, wlm_json_configuration=MANUAL) as db:
        db.execute("create table t (a integer)")
        db.execute("select count(*) from t").fetchall()
        told = {t.what: (t.do, t.gain) for t in found(db) if t.subject == "memory"}
    assert [*told.values()] == [
        ("leave the queue out, or give its memory to others", "30 % of the memory for other queues"),
        ("set its concurrency to 1", "each of its queries has 1/1 of the queue's memory instead of 1/8"),
    ], told
    with warehouse.connect(nodes=1, slices_per_node=1, autocommit=True) as db:
        assert not [t for t in found(db) if t.subject == "memory"], "automatic WLM needs no such advice"


def test_slots_and_time_without_work() -> None:
    def row(start: int, end: int, queue: int = 6) -> dict[str, Any]:
        return {"starttime": start * 1_000_000, "endtime": end * 1_000_000, "class": queue}

    assert module._side_by_side([row(0, 10), row(5, 7), row(6, 9), row(9, 12)]) == 3
    (idle,) = module._idle([row(0, 10), row(5, 20), row(3600, 3600)])
    assert idle.what == "nothing ran in 99% of the 60 minutes that the history covers"
    assert not [*module._idle([row(0, 1), row(50, 51)])] and not [*module._idle([])]
